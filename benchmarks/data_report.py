"""The data benchmark's report: a table of all figures, and a picture of the two that people ask for first."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

__all__ = ["UPSTREAM", "Setup", "picture", "table"]

UPSTREAM = "atdata 0.7.0b1"
#: Upstream's cost over ours, by workload.
TARGETS = {"ordered 32": (5, 15, 45), "shuffled 32": (5, 15, 45), "write": (2, 5, 10),
           "write without SHA-256": (2, 5, 10)}  # fmt: skip
WORKLOADS = ("images", "embeddings", "tiny")
SIZES = {
    "images": "224 x 224 x 3 bytes and a label",
    "embeddings": "768 floats and a text",
    "tiny": "five numbers and a name",
}
MEMORY = ("memory ordered 32", "memory shuffled 32")


class Setup(NamedTuple):
    """What was run: facts of the machine, peers with their facts, ``whats`` measured in ``rounds`` over 1/``scale``."""

    machine: dict[str, Any]
    peers: dict[str, dict[str, Any]]
    whats: Sequence[str]
    rounds: int
    scale: int

    @classmethod
    def of(cls, document: dict[str, Any]) -> Setup:
        """What was run to get the results of ``data.json``."""
        rows = next(iter(document["results"].values()))
        whats = [what for what in rows if what not in MEMORY]
        rounds = max(len(entries) for row in rows.values() for entries in row.values())
        return cls(document["machine"], document["versions"], whats, rounds, document["scale"])

    @property
    def size(self) -> str:
        """How much of the data was read."""
        return "the full size" if self.scale == 1 else f"1/{self.scale} of the full size"

    @property
    def ours(self) -> list[str]:
        """Our own rows among the peers."""
        return [peer for peer in self.peers if peer.startswith("ours")]


def median(entries: list[dict[str, Any]], name: str) -> float | None:
    """The median of a figure; None when a run failed."""
    if not entries or any(name not in entry for entry in entries):
        return None
    return statistics.median(entry[name] for entry in entries)


def microseconds(row: dict[str, Any], peer: str) -> float | None:
    """CPU time a sample."""
    entries = row.get(peer, [])
    found = median(entries, "cpu")
    return None if found is None else found / entries[0]["count"] * 1e6


def table(results: dict[str, Any], setup: Setup) -> str:
    """The page."""
    facts, mine = setup.machine, setup.peers.get("ours", {})
    lines = [
        "# The data benchmark",
        "",
        f"{facts['date']}, commit {facts['commit']}: {facts['cpu']}, {facts['cores']} cores, load average "
        f"{facts['load']}, Python "
        f"{mine.get('ready', '')}, NumPy {mine.get('numpy', '')}. CPU microseconds a sample (user and system, children "
        f"included), whole passes, medians of {setup.rounds} interleaved runs over {setup.size}; first batch in "
        "milliseconds of wall time. The data is in memory (page cache). `cold`: mappings and indexes are made anew. "
        "What every consumer read was checked. `machine` reads the same files through one 4 MiB buffer, or writes "
        "their bytes. Of all peers only ours hashes what it writes (SHA-256 of each shard, for the manifest)"
        + ("; one row is without" if "write without SHA-256" in setup.whats else "")
        + ". `make bench-data` makes this file.",
        "",
        "![CPU time a sample, peer by peer](data.svg)",
        "",
    ]
    for workload in (name for name in WORKLOADS if name in results):
        lines += [f"## {workload}", "", "| | " + " | ".join(setup.peers) + " | upstream / ours | target |"]
        lines.append("|---|" + "---|" * (len(setup.peers) + 2))
        lines += [_line(results[workload].get(what, {}), what, workload, setup) for what in setup.whats]
        for what in MEMORY:
            row = results[workload].get(what, {})
            values = [median(row.get(peer, []), "memory") for peer in setup.peers]
            cells = ["-" if value is None else f"{value / 2**20:.1f} MB" for value in values]
            lines.append(f"| {what} (private memory grown) | {' | '.join(cells)} | | |")
        lines.append("")
    others = {peer: "" if found["ready"] == mine.get("ready") else f" (Python {found['ready']})"
              for peer, found in setup.peers.items()}  # fmt: skip
    versions = [f"{peer} {found['version']}{others[peer]}" for peer, found in setup.peers.items()]
    lines.append("Versions: " + ", ".join(versions) + ".")
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any], what: str, workload: str, setup: Setup) -> str:
    first = what == "first batch"
    if first:
        found = {peer: median(row.get(peer, []), "wall") for peer in setup.peers}
        values = {peer: None if value is None else value * 1e3 for peer, value in found.items()}
    else:
        values = {peer: microseconds(row, peer) for peer in setup.peers}
    cells = ["-" if value is None else f"{value:.2f}" for value in values.values()]
    upstream = values.get(UPSTREAM)
    ratios = [f"{upstream / mine:.1f}x" for peer in setup.ours if upstream and (mine := values.get(peer))]
    goal = TARGETS.get(what)
    target = f"{goal[WORKLOADS.index(workload)]}x" if goal else "50 ms" if first else ""
    return f"| {what} | {' | '.join(cells)} | {' / '.join(ratios) or '-'} | {target} |"


# ---------------------------------------------------------------------- the picture

_WIDTH, _LEFT, _BAR, _ROW, _TOP = 860, 240, 520, 20, 80
_OURS, _OTHERS, _TEXT, _FAINT = "#1f6feb", "#9aa4b2", "#24292f", "#6e7781"


def picture(results: dict[str, Any], setup: Setup) -> str:
    """Bars of CPU time a sample, each workload on a scale of its own: ordered batches of 32, then writing."""
    facts = setup.machine
    parts: list[str] = []
    y = _TOP
    for what, title in (("ordered 32", "Reading in batches of 32"), ("write", "Writing")):
        if what not in setup.whats:
            continue
        parts.append(_text(16, y, title, size=15, weight="bold"))
        y += 12
        for workload in (name for name in WORKLOADS if name in results):
            row = results[workload].get(what, {})
            values = {p: v for p in setup.peers if (v := microseconds(row, p)) is not None}
            if not values:
                continue
            y += 18
            parts.append(_text(16, y, f"{workload}: {SIZES[workload]}", fill=_FAINT, size=12))
            y += 8
            most = max(values.values())
            for peer, value in sorted(values.items(), key=lambda item: item[1]):
                parts += _bar(y, peer, value, value / most)
                y += _ROW
            y += 4
        y += 26
    head = [
        _text(16, 26, "CPU time a sample, less is better", size=18, weight="bold"),
        _text(16, 44, f"{facts['cpu']}, {facts['cores']} cores, commit {facts['commit']}, {facts['date']}, "
                      f"{setup.size}", fill=_FAINT, size=12),
    ]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" viewBox="0 0 {_WIDTH} {y}" '
        'font-family="system-ui, sans-serif" role="img">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join([*head, *parts]) + "\n</svg>\n"
    )


def _bar(y: int, peer: str, value: float, share: float) -> list[str]:
    width = max(2.0, share * _BAR)
    ours = peer.startswith("ours")
    name = "the machine alone" if peer == "machine" else peer.replace("ours", "this atdata")
    return [
        _text(_LEFT - 8, y + 14, name, anchor="end", weight="bold" if ours else "normal"),
        f'<rect x="{_LEFT}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}" rx="2" '
        f'fill="{_OURS if ours else _OTHERS}"/>',
        _text(int(_LEFT + width + 6), y + 14, f"{value:.2f} \N{MICRO SIGN}s", size=11, fill=_FAINT),
    ]


def _text(
    x: int, y: int, text: str, *, size: int = 12, fill: str = _TEXT, weight: str = "normal", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
