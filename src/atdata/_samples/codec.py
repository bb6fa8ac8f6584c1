"""Specialised pack and unpack code for hand-written classes, built when it is first needed.

The text depends on nothing but the plan, so it is kept in the user's cache directory by the plan's
hash, and jinja2 is not even imported when it is found there.
"""

from __future__ import annotations

import dataclasses
import linecache
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from types import CodeType
from typing import TYPE_CHECKING, Any

from atdata._locks import fork_safe_lock
from atdata._samples import values
from atdata._samples.meta import install
from atdata._samples.plan import plan_from_class

if TYPE_CHECKING:
    from atdata_codegen.samples.codec import CodecPlan

    from atdata._samples.base import PackableSample

__all__ = ["build"]

_HELPERS: dict[str, Callable[..., Any]] = {name: getattr(values, name) for name in values.__all__}
#: Here nothing hides a builtin.
_NAMES = {n: n for n in ("dict", "str", "type", "Mapping", "KeyError", "missing", "object")}
#: What ``plan_from_class`` names.
_OWN = re.compile(r"\b_(?:class|default|factory)_[0-9]+\b")
_lock = fork_safe_lock()


def build(cls: type[PackableSample[Any]]) -> None:
    """Give ``cls`` its codec."""
    with _lock:
        if cls.__dict__.get("_codec"):
            return
        if not dataclasses.is_dataclass(cls) or "__dataclass_fields__" not in cls.__dict__:
            raise TypeError(
                f"{cls.__name__} is no dataclass of its own: decorate it with @atdata.packable or @dataclass"
            )
        plan, names = plan_from_class(cls)
        namespace: dict[str, Any] = {"Any": Any, "Mapping": Mapping, **_HELPERS, **names}
        exec(_code(plan), namespace)
        fields = tuple(f.name for f in plan.fields)
        arrays = tuple(f.name for f in plan.fields if "out_array(v_" in f.out and not f.out.startswith("["))
        install(cls, namespace["_encode"], namespace["_decode"], fields, arrays)


@lru_cache(maxsize=256)
def _code(plan: CodecPlan) -> CodeType:
    from atdata._samples import text_cache

    digest = sha256(repr(plan).encode()).hexdigest()[:32]
    key = f"codec-{text_cache.fingerprint()}-{digest}"
    name = f"<atdata codec {digest[:12]}>"
    text = text_cache.read(key)
    code = _audited(text, name, plan) if text is not None else None
    if text is None or code is None:
        from atdata_codegen.templating import default_renderer

        text = default_renderer().render("sample_class_codec.py.jinja", {"plan": plan, "names": _NAMES})
        code = compile(text, name, "exec", dont_inherit=True)
        text_cache.write(key, text)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return code


def _audited(text: str, name: str, plan: CodecPlan) -> CodeType | None:
    """Code of text from the disk, which is no more believed than any other file."""
    from atdata_codegen.audit import AuditError, compile_checked

    try:
        return compile_checked(text, name, names=[*_HELPERS, *_NAMES.values(), "Any", "Sample", *_own(plan)])
    except AuditError:
        return None


def _own(plan: CodecPlan) -> list[str]:
    """Classes and defaults that the plan of a class names, which are put beside its code."""
    return _OWN.findall(" ".join(part for f in plan.fields for part in (f.out, f.back, f.default)))
