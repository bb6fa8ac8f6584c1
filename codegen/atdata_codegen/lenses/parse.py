"""The closed door for lens documents: frozen values, or everything that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atdata_codegen.lenses.model import (
    ARRAY_CASTS,
    CASTS,
    LENS_TYPE,
    MAPPING_TYPE,
    CodeReference,
    FieldRule,
    LensDocument,
)
from atdata_codegen.names import is_identifier, snake
from atdata_codegen.problems import Problem, clean
from atdata_codegen.samples.model import SchemaRef
from atdata_codegen.samples.refs import parse_ref

__all__ = ["parse_lens"]

_MAX_RULES = 4096
_MAX_PROBLEMS = 100


def parse_lens(document: object, *, origin: str = "local") -> tuple[LensDocument | None, list[Problem]]:
    """The lens of ``document``, or None with every problem that keeps it from being one."""
    if not isinstance(document, Mapping):
        return None, [Problem((), "a lens is a JSON object")]
    parser = _LensParser(document)
    found = parser.parse(origin)
    return (None if parser.problems else found), parser.problems[:_MAX_PROBLEMS]


class _LensParser:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def bad(self, path: tuple[str | int, ...], message: str, hint: str = "") -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(Problem(path, message, hint))

    def parse(self, origin: str) -> LensDocument | None:
        document = self.document
        if document.get("$type") != LENS_TYPE:
            self.bad(("$type",), f"is {clean(document.get('$type'))}", f"a lens has the $type {LENS_TYPE}")
            return None
        name = document.get("name")
        fits = isinstance(name, str) and 0 < len(name) <= 128 and is_identifier(snake(name)) and snake(name)[0] != "_"
        fits = fits and snake(str(name)) != "lazy_submodules"  # what the package itself uses
        if not fits:
            self.bad(("name",), f"{clean(name)} makes no module name", "use letters, digits and underscores")
        source = self._schema("sourceSchema")
        target = self._schema("targetSchema")
        description = document.get("description", "")
        if not isinstance(description, str):
            self.bad(("description",), "must be a string")
        getter, putter = self._code("getterCode"), self._code("putterCode")
        rules = self._mapping(document.get("mapping"))
        if self.problems or source is None or target is None or not isinstance(name, str):
            return None
        return LensDocument(name, source, target, str(description), rules, getter, putter, origin)

    def _schema(self, key: str) -> SchemaRef | None:
        ref = parse_ref(self.document.get(key))
        if ref is None:
            hint = "write atdata://local/sampleSchema/Name@1.0.0 or an at:// URI"
            self.bad((key,), f"{clean(self.document.get(key))} is no address of a schema", hint)
        return ref

    def _code(self, key: str) -> CodeReference | None:
        value = self.document.get(key)
        if value is None:
            return None
        parts = [value.get(part) for part in ("repository", "commit", "path")] if isinstance(value, Mapping) else [None]
        texts = [part for part in parts if isinstance(part, str) and len(part) <= 10_240]
        if len(texts) != 3:
            self.bad((key,), "must name repository, commit and path", "remove it or complete it")
            return None
        return CodeReference(*(clean(text, 300) for text in texts))

    def _mapping(self, value: object) -> tuple[FieldRule, ...] | None:
        if value is None:
            return None
        if not isinstance(value, Mapping) or not isinstance(value.get("$type"), str):
            self.bad(("mapping",), "must be an object with a $type", f"known is {MAPPING_TYPE}")
            return None
        if value["$type"] != MAPPING_TYPE:
            return None  # an open union: a kind from the future needs code, as if there were no mapping
        rules = value.get("rules")
        if not isinstance(rules, list) or len(rules) > _MAX_RULES:
            self.bad(("mapping", "rules"), f"must be a list of at most {_MAX_RULES} rules")
            return None
        found = [self._rule(rule, ("mapping", "rules", i)) for i, rule in enumerate(rules)]
        return tuple(rule for rule in found if rule is not None)

    def _rule(self, value: object, path: tuple[str | int, ...]) -> FieldRule | None:
        if not isinstance(value, Mapping):
            self.bad(path, "a rule is an object", "write {target, source}")
            return None
        texts: dict[str, str | None] = {}
        for key in ("target", "source", "default", "cast"):
            entry = value.get(key)
            if entry is not None and not isinstance(entry, str):
                self.bad((*path, key), "must be a string")
                entry = None
            texts[key] = entry
        for key in ("target", "source"):
            name = texts[key]
            if (name is None and key == "target") or (name is not None and not is_identifier(name)):
                self.bad((*path, key), f"{clean(name)} is no field name")
        cast = texts["cast"]
        if cast is not None and cast not in (*CASTS, *ARRAY_CASTS):
            known = f"known are {', '.join(CASTS)}, and for arrays {', '.join(ARRAY_CASTS)}"
            self.bad((*path, "cast"), f"{clean(cast)} is no known cast", known)
        if texts["source"] is None and texts["default"] is None:
            self.bad(path, "says neither source nor default", "give the value one of them")
        return FieldRule(texts["target"] or "", texts["source"] or "", texts["default"], cast or "")
