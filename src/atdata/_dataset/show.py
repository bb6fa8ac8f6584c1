"""How a dataset shows itself: a line for the terminal, a table for the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from atdata._errors import DecodeError, shown
from atdata._samples.dict_sample import DictSample
from atdata._samples.hints import field_hints, is_array, split_optional
from atdata._samples.npy import header
from atdata._samples.type_text import plain_text, short_text

if TYPE_CHECKING:
    from atdata._dataset.core import Core

__all__ = ["line", "page", "told"]

#: So many fields of a class stand in the line of a dataset.
_FIELDS = 12


def told(core: Core) -> str:
    """The line of a dataset with the fields of its samples; nothing is opened."""
    view = core.view
    if view.sample_type is view.stored and any(not step.keep for step in view.steps):
        return line(core)  # nobody said what the function makes of samples
    try:
        fields = [f"{name}: {short_text(hint)}" for name, hint in field_hints(view.sample_type).items()]
    except (AttributeError, NameError, TypeError):  # no class with fields, or annotations that cannot be read yet
        fields = []
    if not fields:
        return line(core)
    more = f", and {len(fields) - _FIELDS} more" if len(fields) > _FIELDS else ""
    return f"<{line(core).strip('<>')} of {', '.join(fields[:_FIELDS])}{more}>"


def line(core: Core) -> str:
    """Sample class, source, and what was made of it; nothing is opened."""
    url = getattr(core.source, "url", None)
    where = shown(url, 120) if isinstance(url, str) else shown(repr(core.source), 120)[1:-1]
    text = f"{core.title}({where})"
    if core.mixture is not None:
        text = f"<mixture of {len(core.mixture.parts)} {core.title}>"
    if core.chosen is not None:
        text += f".select({len(core.chosen)} samples)"
    for step in core.view.steps:
        text += f".{step}"
    return text


def page(dataset: Any) -> str:
    """Fields with type, dtype and shape, of the first sample."""
    core: Core = dataset._core
    parts = [f"<b>{escape(line(core))}</b>"]
    try:
        count = len(core.shards())
        parts.append(f"<div>{count} shard{'s' if count != 1 else ''}</div>")
        found = dataset.head(1)
    except Exception as error:  # a notebook must show what it can
        return "".join([*parts, f"<div>cannot be read: {escape(shown(str(error), 300))}</div>"])
    if not found:
        return "".join([*parts, "<div>no samples</div>"])
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(kind)}</td><td>{escape(text)}</td></tr>"
        for name, kind, text in _fields(found[0])
    )
    head = "<tr><th>field</th><th>type</th><th>first sample</th></tr>"
    return "".join([*parts, f"<table>{head}{rows}</table>"])


def _fields(sample: Any) -> list[tuple[str, str, str]]:
    names = getattr(sample, "__dataclass_fields__", None)
    if names is None:
        if not isinstance(sample, Mapping | DictSample):  # what a function of map() made
            return [("", _found(sample), _text(sample))]
        return [(str(name), _found(value), _text(value)) for name, value in sample.items()]
    hints = field_hints(type(sample))
    return [(name, _declared(hints[name], value), _text(value)) for name in names for value in [getattr(sample, name)]]


def _declared(hint: Any, value: Any) -> str:
    """The type as the class declares it; of an array, what this one has."""
    kind, optional = split_optional(hint)
    if not is_array(kind):
        return plain_text(hint)
    return (_found(value) if hasattr(value, "dtype") else "array") + (" | None" if optional else "")


def _found(value: Any) -> str:
    if hasattr(value, "dtype"):
        return f"{value.dtype} {tuple(value.shape)}"
    if isinstance(value, bytes) and value.startswith(b"\x93NUMPY"):
        try:
            dtype, shape, *_ = header(value)
        except DecodeError:
            return "bytes"
        return f"packed array, {dtype} {shape}"
    return type(value).__name__


def _text(value: Any) -> str:
    if hasattr(value, "dtype"):
        flat = value.reshape(-1)[:4].tolist() if value.size else []
        return "[" + ", ".join(str(v)[:12] for v in flat) + (", ...]" if value.size > 4 else "]")
    if isinstance(value, str | bytes):
        return shown(value, 60)
    return repr(value)[:60]
