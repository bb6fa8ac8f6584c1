"""The graph of versions and lenses as SVG: a lane for each schema, its versions from left to right, lenses as arcs."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Final

from atdata_codegen.graph import Graph, Lens, Version
from atdata_codegen.reports.common import bounded

__all__ = ["graph_svg"]

_BOX_W: Final = 104
_BOX_H: Final = 46
_STEP: Final = 190
_LANE: Final = 124
_TOP: Final = 42
_CHAR: Final = 8.4
#: A picture of more is no help; the page says how many were left out.
_MOST: Final = 120

Place = tuple[float, float]


def graph_svg(graph: Graph) -> str:
    """An ``<svg>`` element without scripts or links, coloured by the classes of the page; empty without versions.

    >>> graph_svg(Graph())
    ''
    """
    if not graph:
        return ""
    lanes: dict[str, list[Version]] = {}
    for version in graph.versions[:_MOST]:
        lanes.setdefault(version.name, []).append(version)
    label = 24 + max(len(_short(name, 28)) for name in lanes) * _CHAR
    width = label + max(len(versions) for versions in lanes.values()) * _STEP - (_STEP - _BOX_W) + 24
    height = len(lanes) * _LANE
    places: dict[tuple[str, str], Place] = {
        (version.name, version.version): (label + column * _STEP, _TOP + row * _LANE)
        for row, versions in enumerate(lanes.values())
        for column, version in enumerate(versions)
    }
    title = "Versions of the schemas, and the lenses between them"
    parts = [
        f'<svg class="graph" role="img" aria-label="{title}" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" xmlns="http://www.w3.org/2000/svg">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0.6 7.4 4 0 7.4z"/></marker></defs>',
    ]
    for row, (name, versions) in enumerate(lanes.items()):
        parts.extend(_lane(name, versions, places, row, width))
    arcs: dict[tuple[Place, Place], int] = {}
    for lens in graph.lenses:
        start, end = places.get(lens.source), places.get(lens.target)
        if start is not None and end is not None:
            turn = arcs[start, end] = arcs.get((start, end), -1) + 1
            parts.append(_arc(lens, start, end, turn))
    parts.extend(_box(version, places[version.name, version.version]) for v in lanes.values() for version in v)
    parts.append("</svg>")
    left = len(graph.versions) - _MOST
    note = f'<p class="quiet">{left} more versions are not drawn.</p>' if left > 0 else ""
    return "".join(parts) + note


def _lane(
    name: str, versions: list[Version], places: dict[tuple[str, str], Place], row: int, width: float
) -> Iterator[str]:
    middle = _TOP + row * _LANE + _BOX_H / 2
    if row:
        yield f'<path class="rule" d="M0 {row * _LANE + 2} H{width:.0f}"/>'
    text = escape(_short(name, 28))
    yield f'<text class="lane" x="4" y="{middle + 5:.0f}"><title>{escape(bounded(name, 200))}</title>{text}</text>'
    for left, right in pairwise(versions):
        x = places[left.name, left.version][0] + _BOX_W
        yield f'<path class="next" d="M{x:.0f} {middle:.0f} H{places[right.name, right.version][0]:.0f}"/>'


def _box(version: Version, place: Place) -> str:
    x, y = place
    middle = x + _BOX_W / 2
    fields = "1 field" if version.fields == 1 else f"{version.fields} fields"
    note = fields if version.state == "same" else f"{fields}, {version.state}"
    title = escape(f"{bounded(version.name, 200)} {bounded(version.version, 60)}: {note}")
    return (
        f'<g class="version {version.state}"><title>{title}</title>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{_BOX_W}" height="{_BOX_H}" rx="9"/>'
        f'<text class="number" x="{middle:.0f}" y="{y + 20:.0f}">{escape(_short(version.version, 12))}</text>'
        f'<text class="note" x="{middle:.0f}" y="{y + 36:.0f}">{escape(_short(note, 18))}</text></g>'
    )


def _arc(lens: Lens, start: Place, end: Place, turn: int) -> str:
    (x1, y1), (x2, y2) = start, end
    if y1 == y2:
        down = x2 < x1  # the way back runs below
        edge = y1 + (_BOX_H if down else 0)
        span = abs(x2 - x1) / _STEP  # those that go further begin and bend further out
        bend = min(8 + 18 * span + 11 * turn, 52) * (1 if down else -1)
        inset = _BOX_W * ((0.26 if down else 0.74) + (0.09 if down else -0.09) * min(span, 4))
        from_x, to_x = x1 + inset, x2 + _BOX_W - inset
        points = [(from_x, edge), (from_x, edge + bend), (to_x, edge + bend), (to_x, edge)]
        text_x, text_y = (from_x + to_x) / 2, edge + bend * 0.75 + (16 if down else -8)
    else:
        below = y2 > y1
        from_x, to_x = x1 + _BOX_W * (0.5 + 0.1 * turn), x2 + _BOX_W * (0.5 + 0.1 * turn)
        from_y, to_y = y1 + (_BOX_H if below else 0), y2 + (0 if below else _BOX_H)
        half = (to_y - from_y) / 2
        points = [(from_x, from_y), (from_x, from_y + half), (to_x, to_y - half), (to_x, to_y)]
        text_x, text_y = from_x, from_y + (24 if below else -16)  # beside its source, where no other box lies
    first, *curve = (f"{x:.0f} {y:.0f}" for x, y in points)
    d = f"M{first} C{' '.join(curve)}"
    kind = "data" if lens.mapping else "code"
    what = f"{bounded(lens.name, 200)}: a lens from {' '.join(lens.source)} to {' '.join(lens.target)}, as {kind}"
    return (
        f'<g class="lens {kind} {lens.state}"><title>{escape(bounded(what, 500))}</title>'
        f'<path d="{d}" marker-end="url(#tip)"/>'
        f'<text x="{text_x:.0f}" y="{text_y:.0f}">{escape(_short(lens.name, 26))}</text></g>'
    )


def _short(text: str, limit: int) -> str:
    shown = bounded(text, 400)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
