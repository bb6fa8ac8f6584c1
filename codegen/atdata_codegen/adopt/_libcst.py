"""The door to libcst: what stands in a file, with its comments, and the file without the classes that moved."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from inspect import cleandoc
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from atdata_codegen.adopt.source import ClassSource, FieldSource, FileSource
from atdata_codegen.adopt.words import words_of
from atdata_codegen.problems import Problem, ProblemError, clean
from atdata_lexicon.errors import MissingExtraError

if TYPE_CHECKING:
    import libcst as cst

__all__ = ["read_python", "without_classes"]

_DEEPEST = 400
#: Comments that speak to tools.
_TOOLS = re.compile(r"#\s*(type:|noqa|pragma|fmt:|pyright:|mypy:|ruff:|isort:|pylint:|TODO|FIXME|!|-\*-).*")


def _libcst() -> Any:
    try:
        import libcst
    except ImportError:
        raise MissingExtraError("adopting classes needs libcst: pip install 'atdata[gen]'") from None
    return libcst


def _parsed(raw: bytes, file: str) -> Any:
    cst = _libcst()
    try:
        _check_depth(raw)
        return cst.parse_module(raw)
    except cst.ParserSyntaxError as error:
        problem = Problem((), f"is not Python: {clean(error.message, 200)}", file=file, line=error.raw_line)
    except (UnicodeDecodeError, SyntaxError, RecursionError, MemoryError, ValueError, LookupError) as error:
        problem = Problem((), f"is not Python: {clean(str(error), 200)}", file=file, line=1)
    raise ProblemError([problem], file)


def _check_depth(raw: bytes) -> None:
    """Raise ValueError for code that nests too deep: libcst, whose parser is native, would end the process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        level: list[ast.AST] = [ast.parse(raw)]
    for _ in range(_DEEPEST):
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ValueError(f"it nests deeper than {_DEEPEST} levels")


def read_python(raw: bytes, file: str) -> FileSource:
    """The classes of a file, none of which is run; raises :class:`ProblemError` for what is not Python."""
    try:
        return _read(raw, file)
    except RecursionError as error:
        raise ProblemError([Problem((), "nests too deep to be looked through", file=file, line=1)], file) from error


def _read(raw: bytes, file: str) -> FileSource:
    cst = _libcst()
    wrapper = cst.metadata.MetadataWrapper(_parsed(raw, file), unsafe_skip_copy=True)
    places = wrapper.resolve(cst.metadata.PositionProvider)
    module = wrapper.module
    reader = _Reader(cst, module, places)
    classes: list[ClassSource] = []
    imports: dict[str, str] = {}
    assigned: dict[str, str] = {}
    top = {id(statement) for statement in module.body}
    for statement in _top(cst, module.body):
        if isinstance(statement, cst.ClassDef):
            found = reader.of_class(statement)
            if id(statement) not in top:
                found = replace(found, others=(*found.others, (found.line, "the condition it stands under")))
            classes.append(found)
            continue
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.Import | cst.ImportFrom):
                imports.update(reader.imported(small))
            elif isinstance(small, cst.Assign) and len(small.targets) == 1:
                assigned[reader.code(small.targets[0].target)] = reader.code(small.value)
            elif isinstance(small, cst.AnnAssign) and small.value is not None:
                assigned[reader.code(small.target)] = reader.code(small.value)
    return FileSource(file, tuple(classes), imports, assigned)


def _top(cst: Any, body: Sequence[Any]) -> Iterator[Any]:
    """Statements that run when the module is imported, also inside ``if`` and ``try``."""
    for statement in body:
        if isinstance(statement, cst.If | cst.Try):
            yield from _top(cst, statement.body.body if hasattr(statement.body, "body") else ())
            branch = getattr(statement, "orelse", None)
            if branch is not None and isinstance(branch.body, cst.IndentedBlock):
                yield from _top(cst, branch.body.body)
        else:
            yield statement


class _Reader:
    def __init__(self, cst: Any, module: Any, places: Any) -> None:
        self._cst, self._module, self._places = cst, module, places

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        text: str = self._module.code_for_node(node)
        return text.strip()

    def line(self, node: cst.CSTNode) -> int:
        """The line that it begins on."""
        found: int = self._places[node].start.line
        return found

    def imported(self, node: Any) -> Iterator[tuple[str, str]]:
        """Each name that an import makes, and what it stands for."""
        if isinstance(node.names, self._cst.ImportStar):
            return
        home = ""
        if isinstance(node, self._cst.ImportFrom):
            home = (self.code(node.module) if node.module is not None else "") + "."
        for alias in node.names:
            name = self.code(alias.name)
            if alias.asname is not None:
                yield self.code(alias.asname.name), home + name
            elif home:
                yield name, home + name
            else:
                yield name.partition(".")[0], name.partition(".")[0]

    def of_class(self, node: Any) -> ClassSource:
        """One class with everything in its body."""
        block = isinstance(node.body, self._cst.IndentedBlock)
        fields: list[FieldSource] = []
        others: list[tuple[int, str]] = []
        doc = ""
        last: Any = None
        lines: Sequence[Any] = node.body.body if block else ()
        if not block:
            others += self._small(node.body.body, fields, "", "")
        for number, statement in enumerate(lines):
            before, last = last, statement
            if not isinstance(statement, self._cst.SimpleStatementLine):
                what = type(statement).__name__.removesuffix("Def").lower()
                name = getattr(getattr(statement, "name", None), "value", "")
                others.append((self.line(statement), f"{what} {name}".strip()))
                continue
            text = self._string(statement)
            if text is not None:
                if number == 0:
                    doc = cleandoc(text)
                elif fields and self._is_field(before):
                    fields[-1] = replace(fields[-1], comment=" ".join(cleandoc(text).split("\n")).strip())
                continue
            above = [c for line in statement.leading_lines if (c := _comment(line.comment))]
            behind = _comment(statement.trailing_whitespace.comment)
            others += self._small(statement.body, fields, behind, " ".join(above))
        doc = doc or " ".join(c for line in node.leading_lines if (c := _comment(line.comment)))
        return ClassSource(
            node.name.value,
            self.line(node.name),
            tuple(self.code(decorator.decorator) for decorator in node.decorators),
            tuple(self.code(base.value) for base in node.bases) + tuple(self.code(k) for k in node.keywords),
            tuple(fields),
            doc,
            tuple(others),
        )

    def _small(self, body: Sequence[Any], fields: list[FieldSource], behind: str, above: str) -> list[tuple[int, str]]:
        others: list[tuple[int, str]] = []
        for small in body:
            if isinstance(small, self._cst.AnnAssign) and isinstance(small.target, self._cst.Name):
                default = None if small.value is None else self.code(small.value)
                annotation = self.code(small.annotation.annotation)
                fields.append(
                    FieldSource(small.target.value, annotation, default, self.line(small), behind or above)
                )  # fmt: skip
            elif not isinstance(small, self._cst.Pass) and self.code(small) != "...":
                others.append((self.line(small), clean(self.code(small), 60)))
        return others

    def _is_field(self, statement: Any) -> bool:
        return isinstance(statement, self._cst.SimpleStatementLine) and any(
            isinstance(small, self._cst.AnnAssign) for small in statement.body
        )

    def _string(self, statement: Any) -> str | None:
        if len(statement.body) == 1 and isinstance(statement.body[0], self._cst.Expr):
            value = statement.body[0].value
            if isinstance(value, self._cst.SimpleString | self._cst.ConcatenatedString):
                text = value.evaluated_value
                return text if isinstance(text, str) else None
        return None


def _comment(node: Any) -> str:
    """What a comment says to people."""
    text = "" if node is None else node.value
    return "" if _TOOLS.match(text) else text.lstrip("#: ").strip()


def without_classes(raw: bytes, file: str, names: Collection[str], package: str) -> bytes:
    """The file with ``names`` imported from ``package`` in the place of their classes; the rest stays to the byte.

    Imports that nothing but these classes used go with them.
    """
    cst = _libcst()
    module = _parsed(raw, file)
    body: list[Any] = []
    moved: list[Any] = []
    for statement in module.body:
        goes = isinstance(statement, cst.ClassDef) and statement.name.value in names
        (moved if goes else body).append(statement)
    if not os.path.basename(file).startswith("__init__."):  # whose imports are there for others, too
        body = _without_imports(cst, module, body, moved)
    line = cst.parse_statement(f"from {package} import {', '.join(sorted(names))}\n", config=module.config_for_parsing)
    at = _import_place(cst, body)
    body.insert(at, line)
    if at + 1 < len(body) and not _is_import(cst, body[at + 1]):
        following = body[at + 1]
        gap = [cst.EmptyLine(indent=False)] if not following.leading_lines else []
        body[at + 1] = following.with_changes(leading_lines=[*gap, *following.leading_lines])
    text: bytes = module.with_changes(body=body).bytes
    return text


def _without_imports(cst: Any, module: Any, body: Sequence[Any], moved: Sequence[Any]) -> list[Any]:
    """``body`` without what it imports for the classes that moved and uses nowhere; what is in doubt stays."""
    rest = [statement for statement in body if not _is_import(cst, statement)]
    unused = words_of(module.with_changes(header=[], body=moved).code)
    unused -= words_of(module.with_changes(header=[], body=rest).code)
    found: list[Any] = []
    above: list[Any] = []
    for statement in body:
        left = _import_without(cst, module, statement, unused)
        if left is None:
            above += statement.leading_lines
            continue
        told = any(line.comment is not None for line in above)
        if above and (told or (_is_import(cst, left) and not left.leading_lines)):
            left = left.with_changes(leading_lines=[*above, *left.leading_lines])
        above = []
        found.append(left)
    return found


def _import_without(cst: Any, module: Any, statement: Any, unused: Collection[str]) -> Any:
    """An import of the module without the names in ``unused``; None when none is left, and itself when it must stay."""
    if not _is_import(cst, statement) or len(statement.body) != 1:
        return statement
    small, comment = statement.body[0], statement.trailing_whitespace.comment
    if isinstance(small.names, cst.ImportStar) or (comment is not None and _TOOLS.match(comment.value)):
        return statement
    if isinstance(small, cst.ImportFrom) and getattr(small.module, "value", "") == "__future__":
        return statement
    kept = [alias for alias in small.names if not _is_unused(module, alias, unused)]
    if len(kept) == len(small.names) or not kept:
        return statement if kept else None
    kept[-1] = kept[-1].with_changes(comma=small.names[-1].comma)
    return statement.with_changes(body=[small.with_changes(names=kept)])


def _is_unused(module: Any, alias: Any, unused: Collection[str]) -> bool:
    name = module.code_for_node(alias.name)
    bound = name.partition(".")[0] if alias.asname is None else module.code_for_node(alias.asname.name)
    exported = alias.asname is not None and bound == name  # `import x as x` says that others may have it from here
    return normalize("NFKC", bound) in unused and not exported


def _is_import(cst: Any, statement: Any) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and any(
        isinstance(small, cst.Import | cst.ImportFrom) for small in statement.body
    )


def _import_place(cst: Any, body: Sequence[Any]) -> int:
    """Behind the imports that the file begins with; behind the docstring where there are none."""
    place = 0
    for number, statement in enumerate(body):
        simple = isinstance(statement, cst.SimpleStatementLine)
        if _is_import(cst, statement) or (simple and number == 0 and isinstance(statement.body[0], cst.Expr)):
            place = number + 1
        elif not isinstance(statement, cst.If | cst.Try):  # imports may stand in these, too
            break
    return place
