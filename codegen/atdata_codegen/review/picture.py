"""From sets of documents to the graph of versions and lenses that reports and reference pages draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from atdata_codegen.documents import Documents
from atdata_codegen.graph import Graph, Lens, State, Version
from atdata_codegen.lenses.model import LensDocument
from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.samples import Known, SampleSchema, parse_schema
from atdata_codegen.samples.model import SchemaRef

__all__ = ["graph_of"]


def graph_of(new: Documents, old: Documents | None = None) -> Graph:
    """Sample schemas of several versions or with lenses; with ``old``, also all that was added, changed or removed."""
    states = _states(new, old)
    merged = {**(old.items if old is not None else {}), **new.items}
    schemas: list[tuple[str, SampleSchema]] = []
    lenses: list[tuple[str, LensDocument]] = []
    for key, document in merged.items():
        if document.kind == "sample":
            schema, _ = parse_schema(document.value)
            if schema is not None:
                schemas.append((key, schema))
        elif document.kind == "lens":
            lens, _ = parse_lens(document.value)
            if lens is not None:
                lenses.append((key, lens))
    schemas.sort(key=lambda one: (one[1].name, one[1].number))
    known = Known(schema for _, schema in schemas)
    arcs = tuple(
        Lens(lens.name, source, target, lens.rules is not None, states[key])
        for key, lens in lenses
        if (source := _end(lens.source, known)) and (target := _end(lens.target, known))
    )
    versions = [Version(one.name, one.version, len(one.fields), states[key]) for key, one in schemas]
    return Graph(tuple(_interesting(versions, arcs)), arcs)


def _states(new: Documents, old: Documents | None) -> Mapping[str, State]:
    if old is None:
        return dict.fromkeys(new.items, "same")
    states: dict[str, State] = dict.fromkeys(old.items, "removed")
    for key, document in new.items.items():
        before = old.items.get(key)
        states[key] = "added" if before is None else "same" if before.value == document.value else "changed"
    return states


def _end(ref: SchemaRef, known: Known) -> tuple[str, str] | None:
    found = known.find(ref)
    return None if found is None else (found.name, found.version)


def _interesting(versions: list[Version], arcs: tuple[Lens, ...]) -> list[Version]:
    """Without those that are alone and as they were."""
    counts = Counter(version.name for version in versions)
    kept = {end[0] for arc in arcs for end in (arc.source, arc.target)}
    kept |= {version.name for version in versions if version.state != "same" or counts[version.name] > 1}
    return [version for version in versions if version.name in kept]
