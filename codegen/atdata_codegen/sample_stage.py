"""Sample schemas and lenses of one run: parsed together, because they refer to each other, rendered together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from types import MappingProxyType

from atdata_codegen.lenses import parse_lens, render_lens
from atdata_codegen.lexicon.render import HEADER
from atdata_codegen.literals import docstring
from atdata_codegen.positions import locate
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.samples import (
    Known,
    SampleSchema,
    parse_schema,
    render_samples_init,
    render_schema,
    resolve_refs,
    unknown,
)
from atdata_codegen.sources import Source, digest
from atdata_codegen.templating import Renderer

__all__ = ["SampleStage"]

Documents = Sequence[tuple[object, Source]]


class SampleStage:
    """Parses and resolves at once; ``names`` maps each sample class to its module below the root.

    ``addresses`` are those of schemas that were published, by CID: what is published refers to others by them.
    """

    def __init__(
        self,
        samples: Documents,
        lenses: Documents,
        renderer: Renderer,
        addresses: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.problems: list[Problem] = []
        said = [source.sha for _, source in (*samples, *lenses)]
        self.key = digest("".join([*said, *(f"{cid}={uri}" for cid, uri in sorted(addresses.items()))]).encode())
        self._addresses = addresses
        self._renderer = renderer
        self._schemas = self._resolve(self._parse(samples))
        self._known = Known(self._schemas)
        newest: dict[str, SampleSchema] = {}
        for schema in self._schemas:
            if schema.name not in newest or newest[schema.name].number < schema.number:
                newest[schema.name] = schema
        self.names = {name: f"samples.{schema.module}" for name, schema in newest.items()}
        self._lenses = self._render_lenses(lenses)

    @property
    def has_lenses(self) -> bool:
        """Whether there is a package of lenses."""
        return bool(self._lenses)

    def _parse(self, samples: Documents) -> list[tuple[SampleSchema, Source]]:
        """Schemas of every document that is one; two documents for one name and version are refused, both named."""
        found: list[tuple[SampleSchema, Source]] = []
        owners: dict[tuple[str, str], tuple[SampleSchema, Source]] = {}
        for value, source in samples:
            schema, problems = parse_schema(value)
            self.problems.extend(locate(problems, source.file, source.raw))
            if schema is None:
                continue
            schema = replace(schema, uri=self._addresses.get(schema.cid, ""))
            first = owners.setdefault((schema.name, schema.version), (schema, source))
            if first[0] is schema:
                found.append((schema, source))
            elif first[0].cid != schema.cid:
                message = f"is {schema.name} {schema.version}, which {first[1].file} is too, with other contents"
                problem = Problem(("version",), message, "raise the version of one of them", code="duplicate")
                self.problems.extend(locate([problem], source.file, source.raw))
        return found

    def _resolve(self, parsed: list[tuple[SampleSchema, Source]]) -> list[SampleSchema]:
        """The schemas whose references all lead somewhere, those that others refer to first.

        A schema that is refused takes with it those that refer to it; only who asked for the newest version may
        yet find an older one, so this goes on until nothing changes.
        """
        while True:
            known = Known(schema for schema, _ in parsed)
            numbers = {id(schema): i for i, schema in enumerate(known)}
            targets: list[dict[str, int]] = []
            refused: set[int] = set()
            for i, (schema, source) in enumerate(parsed):
                try:
                    found = resolve_refs(schema, known)
                except ProblemError as error:
                    self.problems.extend(locate(error.problems, source.file, source.raw))
                    refused.add(i)
                    found = {}
                targets.append({uri: numbers[id(target)] for uri, target in found.items()})
            if not refused:
                order = TopologicalSorter({i: set(uris.values()) for i, uris in enumerate(targets)})
                return [parsed[i][0] for i in order.static_order()]
            self._follow(refused, parsed, targets)
            parsed = [one for i, one in enumerate(parsed) if i not in refused]

    def _follow(
        self, refused: set[int], parsed: list[tuple[SampleSchema, Source]], targets: list[dict[str, int]]
    ) -> None:
        """Refuse what names the very version of a schema that is refused."""
        users: dict[int, list[int]] = {}
        for i, uris in enumerate(targets):
            for target in uris.values():
                users.setdefault(target, []).append(i)
        todo = sorted(refused)
        while todo:
            for i in users.get(todo.pop(), ()):
                schema, source = parsed[i]
                lost = [ref for ref in schema.refs if ref.version and targets[i].get(ref.uri) in refused]
                if lost and i not in refused:
                    problems = [unknown(schema, ref) for ref in lost]
                    self.problems.extend(locate(problems, source.file, source.raw))
                    refused.add(i)
                    todo.append(i)

    def _render_lenses(self, lenses: Documents) -> dict[str, str]:
        """Modules of every lens between two schemas of this run, by file name; two of one name are refused."""
        files: dict[str, str] = {}
        owners: dict[str, Source] = {}
        for value, source in lenses:
            lens, problems = parse_lens(value)
            self.problems.extend(locate(problems, source.file, source.raw))
            if lens is None:
                continue
            first = owners.setdefault(lens.module, source)
            if first is not source:
                if first.sha != source.sha:
                    message = f"becomes the module {lens.module}, as the lens of {first.file} does"
                    problem = Problem(("name",), message, "rename one of them", code="duplicate")
                    self.problems.extend(locate([problem], source.file, source.raw))
                continue
            try:
                files.update(render_lens(lens, self._known, self._renderer))
            except ProblemError as error:
                self.problems.extend(locate(error.problems, source.file, source.raw))
        return files

    def render(self) -> dict[str, str]:
        """The files of all schemas and lenses, those that others import first."""
        files: dict[str, str] = {}
        for schema in self._schemas:
            made = render_schema(schema, self._known, self._renderer)
            files.update({f"samples/{name}": text for name, text in made.items()})
        if self._schemas:
            init, stub = render_samples_init(self._schemas, self._renderer)
            files.update({"samples/__init__.py": init, "samples/__init__.pyi": stub})
        files.update({f"lenses/{name}": text for name, text in self._lenses.items()})
        if self._lenses:
            names = sorted(name.removesuffix(".py") for name in self._lenses)
            context = {"header": HEADER, "doc": docstring("Lenses between sample classes."), "names": names}
            files["lenses/__init__.py"] = self._renderer.render("package_init.py.jinja", context)
            files["lenses/__init__.pyi"] = self._renderer.render("package_init.pyi.jinja", context)
        return files
