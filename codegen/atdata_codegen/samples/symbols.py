"""What the names that a module borrows are called in it.

A schema may call a field ``list`` or ``np``, or itself ``dataclass``. Then the borrowed name goes by
another one (``from builtins import list as _list``), so that annotations and code mean what they should.
"""

from __future__ import annotations

from collections.abc import Iterable

from atdata_codegen.names import Namer
from atdata_codegen.samples.model import SampleSchema

__all__ = ["HELPERS", "Symbols"]

HELPERS = tuple(f"{way}_{kind}" for way in ("in", "out")
                for kind in ("array", "bool", "bytes", "dict", "float", "int", "list", "ref", "str"))  # fmt: skip

_FROM: dict[str, str] = {
    "dataclass": "dataclasses", "Mapping": "collections.abc", "Annotated": "typing", "Any": "typing",
    "Final": "typing", "Literal": "typing", "TYPE_CHECKING": "typing",
    **dict.fromkeys(("Labels", "Length", "MediaType", "OneOf", "PackableSample", "Range", "SampleBatch", "Shape",
                     "Unit", "install", "missing", *HELPERS), "atdata.sample"),
    "NDArray": "numpy.typing",
}  # fmt: skip

_BUILTINS = ("KeyError", "bool", "bytes", "dict", "float", "int", "list", "object", "str", "tuple", "type")

#: names of the functions' own variables, which would hide a class of the same name
_LOCALS = frozenset({"self", "cls", "data", "sample", "made", "error", *(f"x{i}" for i in range(40))})


class Symbols:
    """Names of one module. ``use`` gives the name by which something is to be called, and notes the import."""

    def __init__(self, cls: str, fields: Iterable[str]) -> None:
        fields = list(fields)
        self.cls = cls
        # Nothing that a module makes may hide what it borrows.
        known = {*_FROM, *_BUILTINS, "np", "annotations"}
        self._hidden = {*fields, cls}
        self._namer = Namer({*fields, cls, *known, *_LOCALS, *(f"v_{name}" for name in fields)})
        self.batch = self._namer.take(f"{cls}Batch")
        self._hidden.add(self.batch)
        self._used: dict[str, str] = {}
        self._classes: dict[str, tuple[str, str, str]] = {}

    def use(self, symbol: str) -> str:
        """What ``symbol`` is called in this module."""
        found = self._used.get(symbol)
        if found is None:
            found = symbol
            if symbol in self._hidden and symbol not in HELPERS:  # functions see no field, and no class is called so
                found = self._namer.take(f"_{symbol}")
            self._used[symbol] = found
        return found

    def all(self, *symbols: str) -> dict[str, str]:
        """The names of several at once."""
        return {symbol: self.use(symbol) for symbol in symbols}

    builtins = all

    def constant(self, wish: str) -> str:
        """A free name for a constant."""
        return self._namer.take(wish)

    def class_of(self, target: SampleSchema, module: str) -> str:
        """What the nested class of ``target``, imported from ``module``, is called."""
        if module not in self._classes:
            name = self._namer.take(target.name, module, f"_{target.name}")
            self._classes[module] = (module, target.name, name)
            self._hidden.add(name)
        return self._classes[module][2]

    def import_lines(self, constants: bool) -> tuple[str, ...]:
        """The import block of the module, without numpy's; ``Literal`` and ``tuple`` stand in the stub only."""
        leave = {"np", "NDArray", "Literal", "tuple", "TYPE_CHECKING"} | (set() if constants else {"Final"})
        wanted = {symbol: name for symbol, name in self._used.items() if symbol not in leave}
        if "NDArray" in self._used:
            wanted["TYPE_CHECKING"] = self.use("TYPE_CHECKING")
        return self._lines(wanted)

    def stub_import_lines(self, constants: bool) -> tuple[str, ...]:
        """The import block of the stub."""
        keep = {"dataclass", "PackableSample", "SampleBatch", "NDArray", "np", "Literal", *_BUILTINS}
        keep |= {"Final"} if constants else set()
        keep -= {"KeyError", "object", "type", "dict"}
        return self._lines({symbol: name for symbol, name in self._used.items() if symbol in keep})

    def numpy_lines(self) -> tuple[str, str, str] | None:
        """numpy for checkers (two lines), and for everyone else."""
        if "NDArray" not in self._used:
            return None
        np, array = self.use("np"), self.use("NDArray")
        return (
            f"import numpy as {np}",
            _from("numpy.typing", [("NDArray", array)]),
            _from("atdata.sample", [("NDArray", array), ("np", np)]),
        )

    def _lines(self, wanted: dict[str, str]) -> tuple[str, ...]:
        modules: dict[str, list[tuple[str, str]]] = {}
        for symbol, name in wanted.items():
            if symbol in _FROM:
                modules.setdefault(_FROM[symbol], []).append((symbol, name))
            elif symbol != name and symbol != "np":
                modules.setdefault("builtins", []).append((symbol, name))
        groups = [("builtins", "collections.abc", "dataclasses", "typing"), ("numpy.typing",), ("atdata.sample",)]
        lines: list[str] = []
        for group in groups:
            block = [_from(module, modules[module]) for module in group if module in modules]
            if group == ("numpy.typing",) and "np" in wanted:
                block.insert(0, f"import numpy as {wanted['np']}")
            if block:
                lines += ["", *block] if lines else block
        own = [_from(f".{module}", [(name, alias)]) for module, name, alias in sorted(self._classes.values())]
        return tuple([*lines, "", *own] if own else lines)


def _from(module: str, names: Iterable[tuple[str, str]]) -> str:
    # constants, classes, then functions: the order that import sorters agree on
    ordered = sorted(names, key=lambda pair: (0 if pair[0].isupper() else 1 if pair[0][0].isupper() else 2, pair[0]))
    parts = [name if name == alias else f"{name} as {alias}" for name, alias in ordered]
    line = f"from {module} import {', '.join(parts)}"
    if len(line) <= 110:
        return line
    return f"from {module} import (\n" + "".join(f"    {part},\n" for part in parts) + ")"
