"""Documents as lint sees them: their JSON, whatever its state, and the others that they may refer to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from atdata_codegen.lexicon.fields import Path
from atdata_codegen.problems import Problem, ProblemError, clean
from atdata_codegen.samples import Known, SampleSchema, parse_schema
from atdata_codegen.samples.known import circles
from atdata_codegen.sources import Source, kind_of

__all__ = ["Doc", "Folder", "Site", "needed", "read_folder"]

_BODIES = ("input", "output", "message")


@dataclass(slots=True)
class Site:
    """One typed object of a Lexicon: its JSON, its way from the root, and what it is a part of.

    ``role`` is def, record, property, param, items, body or params; ``name`` the name of the definition or property.
    """

    node: dict[str, Any]
    path: Path
    kind: str
    role: str
    name: str
    doc: Doc
    owner: Site | None = None

    def at(self, *parts: str | int) -> Path:
        """The path of something in this object."""
        return (*self.path, *parts)

    def items(self, key: str) -> list[Any]:
        """The list at ``key``; empty for whatever is none."""
        value = self.node.get(key)
        return value if isinstance(value, list) else []

    def integer(self, key: str) -> int | None:
        """The integer at ``key``; None for whatever is none."""
        value = self.node.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def properties(self) -> dict[str, Any]:
        """The properties of an object, or nothing."""
        value = self.node.get("properties")
        return value if isinstance(value, dict) else {}


@dataclass(eq=False)
class Doc:
    """One file. ``value`` is its JSON; None, with ``refusal``, where it is not acceptable JSON."""

    source: Source
    value: Any
    kind: str
    folder: Folder
    refusal: tuple[Problem, ...] = ()

    @cached_property
    def subject(self) -> str:
        """The NSID, or the name of the schema or lens, fit for a report."""
        key = "id" if self.kind == "lexicon" else "name"
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return clean(found, 320) if isinstance(found, str) else ""

    @property
    def nsid(self) -> str:
        """The id as it stands, whatever it is."""
        found = self.value.get("id")
        return found if isinstance(found, str) else ""

    @property
    def version(self) -> str:
        """The version of a sample schema as it stands."""
        found = self.value.get("version")
        return found if isinstance(found, str) else ""

    @property
    def defs(self) -> dict[str, Any]:
        """The definitions, or nothing."""
        found = self.value.get("defs")
        return found if isinstance(found, dict) else {}

    def definition(self, name: str) -> dict[str, Any]:
        """The definition ``name``; empty for whatever is none."""
        found = self.defs.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def is_record(self) -> bool:
        """Whether the document describes a record."""
        return self.definition("main").get("type") == "record"

    def split(self, ref: object) -> tuple[str, str] | None:
        """Document and definition that ``ref`` means here; None for what is no text."""
        if not isinstance(ref, str):
            return None
        nsid, _, name = ref.partition("#")
        return nsid or self.nsid, name or "main"

    @cached_property
    def sites(self) -> list[Site]:
        """Every typed object, from the outside in."""
        found: list[Site] = []
        todo: list[Site] = []
        for name, node in reversed(self.defs.items()):
            if isinstance(node, dict):
                todo.append(Site(node, ("defs", name), _kind(node), "def", name, self))
        while todo:
            site = todo.pop()
            found.append(site)
            todo.extend(reversed(list(_inside(site))))
        return found


def _kind(node: dict[str, Any]) -> str:
    kind = node.get("type")
    return kind if isinstance(kind, str) else ""


def _inside(site: Site) -> Iterator[Site]:
    node = site.node

    def made(inner: Any, role: str, name: str, *parts: str) -> Iterator[Site]:
        if isinstance(inner, dict):
            yield Site(inner, site.at(*parts), _kind(inner), role, name, site.doc, site)

    yield from made(node.get("record"), "record", site.name, "record")
    yield from made(node.get("parameters"), "params", "parameters", "parameters")
    for key in _BODIES:
        body = node.get(key)
        if isinstance(body, dict):
            yield from made(body.get("schema"), "body", key, key, "schema")
    role = "param" if site.kind == "params" else "property"
    for name, inner in site.properties.items():
        yield from made(inner, role, name, "properties", name)
    yield from made(node.get("items"), "items", site.name, "items")


@dataclass(eq=False)
class Folder:
    """All documents of one run: ``docs`` are reported on, ``others`` are there to be referred to."""

    docs: list[Doc] = field(default_factory=list)
    others: list[Doc] = field(default_factory=list)

    def every(self) -> Iterator[Doc]:
        """All documents, those to report on first."""
        yield from self.docs
        yield from self.others

    @cached_property
    def lexicons(self) -> dict[str, Doc]:
        """Lexicons by NSID."""
        found: dict[str, Doc] = {}
        for doc in self.every():
            if doc.kind == "lexicon":
                found.setdefault(doc.nsid, doc)
        return found

    @cached_property
    def uses(self) -> dict[str, set[str]]:
        """The names that references of all documents mean, by document."""
        found: dict[str, set[str]] = {}
        for doc in self.every():
            for site in doc.sites if doc.kind == "lexicon" else ():
                for ref in (site.node.get("ref"), *site.items("refs"), *site.items("knownValues")):
                    split = doc.split(ref)
                    if split:
                        found.setdefault(split[0], set()).add(split[1])
        return found

    @cached_property
    def endless(self) -> set[tuple[str, str]]:
        """The definitions that require themselves, directly or through others."""
        steps = {
            (nsid, name): list(needed(doc, doc.definition(name)))
            for nsid, doc in self.lexicons.items()
            for name in doc.defs
        }
        steps = {key: [target for target in targets if target in steps] for key, targets in steps.items()}
        groups = circles(steps)
        sizes = Counter(groups.values())
        return {key for key, targets in steps.items() if key in targets or sizes[groups[key]] > 1}

    @cached_property
    def samples(self) -> dict[tuple[str, str], Doc]:
        """Sample schemas by name and version, the first of each."""
        found: dict[tuple[str, str], Doc] = {}
        for doc in self.every():
            if doc.kind == "sample":
                found.setdefault((doc.subject, doc.version), doc)
        return found

    @cached_property
    def known(self) -> Known:
        """The sample schemas that are none of the broken ones."""
        found: list[SampleSchema] = []
        for doc in self.every():
            if doc.kind == "sample":
                schema, _ = parse_schema(doc.value)
                if schema is not None:
                    found.append(schema)
        return Known(found)


def read_folder(sources: Sequence[Source], others: Sequence[Source] = ()) -> Folder:
    """The documents of ``sources``, and those of ``others`` to look references up in."""
    folder = Folder()
    folder.docs = [_doc(source, folder) for source in sources]
    seen = {source.file for source in sources}
    folder.others = [_doc(source, folder) for source in others if source.file not in seen]
    return folder


def _doc(source: Source, folder: Folder) -> Doc:
    try:
        value = source.load()
    except ProblemError as error:
        return Doc(source, None, "broken", folder, error.problems)
    return Doc(source, value, kind_of(value), folder)


def needed(home: Doc, node: Any) -> Iterator[tuple[str, str]]:
    """The definitions without which no value of ``node`` exists."""
    kind = node.get("type") if isinstance(node, dict) else None
    if kind == "record":
        yield from needed(home, node.get("record"))
    elif kind == "ref":
        split = home.split(node.get("ref"))
        if split:
            yield split
    elif kind == "object":
        required, properties, nullable = node.get("required"), node.get("properties"), node.get("nullable")
        if isinstance(required, list) and isinstance(properties, dict):
            free = {name for name in nullable if isinstance(name, str)} if isinstance(nullable, list) else set()
            for name in dict.fromkeys(name for name in required if isinstance(name, str)):
                if name not in free:
                    yield from needed(home, properties.get(name))
    elif kind == "array" and isinstance(node.get("minLength"), int) and node["minLength"] > 0:
        yield from needed(home, node.get("items"))
