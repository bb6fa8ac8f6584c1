"""The closed list of array element types, and the other spellings that documents in the wild use."""

from __future__ import annotations

__all__ = ["DTYPES", "canonical_dtype", "scalar_type"]

#: canonical name -> numpy's scalar type
DTYPES: dict[str, str] = {
    "bool": "bool_",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "complex64": "complex64",
    "complex128": "complex128",
    "datetime64": "datetime64",
    "timedelta64": "timedelta64",
    "str": "str_",
    "bytes": "bytes_",
}

#: integers, for which class labels make sense
INTEGERS = frozenset(name for name in DTYPES if "int" in name)
#: what bounds can be compared with
NUMBERS = INTEGERS | {"float16", "float32", "float64"}


def _aliases() -> dict[str, str]:
    found = {"?": "bool", "b1": "bool", "bool_": "bool", "BOOL": "bool", "half": "float16", "single": "float32"}
    found |= {"double": "float64", "float": "float64", "int": "int64", "uint": "uint64", "complex": "complex128"}
    found |= {
        "csingle": "complex64",
        "cdouble": "complex128",
        "str_": "str",
        "bytes_": "bytes",
        "U": "str",
        "S": "bytes",
    }
    found |= {"M8": "datetime64", "m8": "timedelta64"}
    for letter, stem, sizes in (("i", "int", (1, 2, 4, 8)), ("u", "uint", (1, 2, 4, 8)), ("f", "float", (2, 4, 8))):
        for size in sizes:
            found[f"{letter}{size}"] = f"{stem}{size * 8}"
            found[f"{letter.upper()}{size * 8}"] = f"{stem}{size * 8}"  # safetensors
    found["c8"], found["c16"] = "complex64", "complex128"
    return found


_ALIASES = _aliases()


def canonical_dtype(text: str) -> str | None:
    """The canonical name of ``text``, or None when it is no dtype that a schema may name.

    Byte order is left out: it is a matter of each array's own header.

    >>> canonical_dtype("<f4"), canonical_dtype("F32"), canonical_dtype("float32"), canonical_dtype("object")
    ('float32', 'float32', 'float32', None)
    """
    if len(text) > 32:
        return None
    if text in DTYPES:
        return text
    bare = text[1:] if text[:1] in ("<", ">", "=", "|") else text
    stem, bracket, unit = bare.partition("[")
    if bracket and unit[:-1] in _UNITS and unit.endswith("]"):
        stem = _ALIASES.get(stem, stem)
        return stem if stem in ("datetime64", "timedelta64") else None
    return _ALIASES.get(bare)


_UNITS = frozenset({"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"})


def scalar_type(dtype: str, np: str = "np") -> str:
    """``np.uint8`` for ``uint8``."""
    return f"{np}.{DTYPES[dtype]}"
