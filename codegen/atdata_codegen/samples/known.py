"""The schemas that references may lead to, found by address, and the circles among them, found once for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.samples.model import ArrayOf, FieldType, RefType, SampleSchema, SchemaRef

__all__ = ["Known", "circles", "resolve_refs", "unknown"]

Identity = tuple[str, str]


class Known:
    """Schemas by address. Looking one up takes the same time however many there are."""

    def __init__(self, schemas: Iterable[SampleSchema]) -> None:
        self._schemas = list(schemas)
        self._by_uri: dict[str, SampleSchema] = {}
        self._by_name: dict[tuple[str, str], dict[str, SampleSchema]] = {}
        for schema in self._schemas:
            self._by_uri.setdefault(schema.uri, schema)
            published = schema.uri.removeprefix("at://").partition("/")[0] if schema.uri.startswith("at://") else ""
            for origin in {schema.origin, published or schema.origin}:
                self._by_name.setdefault((origin, schema.name), {}).setdefault(schema.version, schema)
        self._newest = {
            name: max(versions.values(), key=lambda schema: schema.number) for name, versions in self._by_name.items()
        }
        self._circles: dict[Identity, int] | None = None

    def __iter__(self) -> Iterator[SampleSchema]:
        return iter(self._schemas)

    def find(self, ref: SchemaRef, home: str = "local") -> SampleSchema | None:
        """The schema that ``ref`` means; without a version the newest.

        Inside a document, ``local`` means the place where the document itself was found.
        """
        if not ref.name:
            return self._by_uri.get(ref.uri)
        name = (home if ref.origin == "local" else ref.origin, ref.name)
        return self._by_name.get(name, {}).get(ref.version) if ref.version else self._newest.get(name)

    def leads_back(self, schema: SampleSchema, target: SampleSchema) -> bool:
        """Whether ``target``, which ``schema`` refers to, refers to ``schema``, however indirectly."""
        if self._circles is None:
            self._circles = circles(
                {
                    _identity(one): [_identity(t) for ref in one.refs if (t := self.find(ref, one.origin)) is not None]
                    for one in self._schemas
                }
            )
        return self._circles[_identity(schema)] == self._circles[_identity(target)]


def _identity(schema: SampleSchema) -> Identity:
    return schema.origin, schema.cid


def circles(steps: dict[Identity, list[Identity]]) -> dict[Identity, int]:
    """A number for each schema; two have the same when each leads to the other (Tarjan, without recursion)."""
    index: dict[Identity, int] = {}
    low: dict[Identity, int] = {}
    found: dict[Identity, int] = {}
    stack: list[Identity] = []
    for root in steps:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        work = [(root, iter(steps[root]))]
        while work:
            node, following = work[-1]
            for target in following:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    work.append((target, iter(steps[target])))
                    break
                if target not in found:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        found[member] = index[node]
                        if member == node:
                            break
    return found


def resolve_refs(schema: SampleSchema, siblings: Iterable[SampleSchema]) -> dict[str, SampleSchema]:
    """The schema that each address in ``schema`` means; ``siblings`` as :class:`Known` hold ``schema`` too.

    Raises :class:`ProblemError` when one is not there, or when references go in a circle.
    """
    known = siblings if isinstance(siblings, Known) else Known([schema, *siblings])
    found: dict[str, SampleSchema] = {}
    problems: list[Problem] = []
    for ref in schema.refs:
        target = known.find(ref, schema.origin)
        if target is None:
            problems.append(unknown(schema, ref))
        elif known.leads_back(schema, target):
            what = f"{ref.uri} refers back to {schema.name}"
            problems.append(Problem(_path_of(schema, ref.uri), what, "a sample cannot hold itself", code="ref"))
        else:
            found[ref.uri] = target
    if problems:
        raise ProblemError(problems, f"sample schema {schema.name} {schema.version}")
    return found


def unknown(schema: SampleSchema, ref: SchemaRef) -> Problem:
    """The problem of a reference that leads nowhere."""
    hint = "add its document, or correct the address"
    return Problem(_path_of(schema, ref.uri), f"the schema {ref.uri} is not known", hint, code="ref")


def _path_of(schema: SampleSchema, uri: str) -> tuple[str | int, ...]:
    for i, field in enumerate(schema.fields):
        path = _find(field.type, uri)
        if path is not None:
            return ("fields", i, "fieldType", *path)
    return ("fields",)


def _find(kind: FieldType, uri: str) -> tuple[str | int, ...] | None:
    if isinstance(kind, RefType) and kind.ref.uri == uri:
        return ("ref",)
    if isinstance(kind, ArrayOf):
        inner = _find(kind.items, uri)
        return ("items", *inner) if inner is not None else None
    return None
