"""What can go wrong with samples, schemas and lenses.

AtdataError
├── SampleError                 a sample: names its class and field
│   ├── DecodeError             also ValueError: bytes or data that are no such sample
│   │   └── MissingFieldError   also TypeError: a required field is not there
│   ├── EncodeError             also TypeError and ValueError: a value that cannot be packed
│   ├── InvalidSampleError      also ValueError: validate() found something
│   └── UnequalShapesError      also ValueError: arrays of a batch that do not stack
├── SchemaError                 also ValueError: a schema document was refused
├── UnsupportedTypeError        also TypeError: an annotation that no schema can express
├── NotASampleTypeError         also TypeError and ValueError: no dataclass, or no sample class
└── LensError                   also ValueError: no lens, or more than one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atdata_lexicon.errors import AtdataError

__all__ = [
    "STORE_OPTIONS",
    "AtdataError",
    "DecodeError",
    "EncodeError",
    "InvalidSampleError",
    "LensError",
    "MissingFieldError",
    "NotASampleTypeError",
    "SampleError",
    "SchemaError",
    "UnequalShapesError",
    "UnsupportedTypeError",
    "refuse_options",
    "refuse_store_options",
    "shown",
]


def shown(value: object, limit: int = 80) -> str:
    """A value of a stranger made fit for a message: printable ASCII, bounded in length.

    >>> shown("a\\x1b")
    "'a\\\\x1b'"
    """
    if isinstance(value, str | bytes):
        text = ascii(value[: limit + 1])
        return text if len(value) <= limit else text[: limit + 1] + "..."
    if isinstance(value, int) and value.bit_length() > 256:
        return f"an int of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float):
        return ascii(value)[:limit]
    return f"a value of type {type_name(type(value))}"


def refuse_options(what: str, unknown: Mapping[str, object], known: str) -> None:
    """Raise ``TypeError`` for an option that only another class of the same protocol may have."""
    if unknown:
        raise TypeError(f"{what}: there is no option {shown(min(unknown))}; there are {known}")


#: What every data store can be told beside the prefix.
STORE_OPTIONS = ("cache_local", "maxcount", "maxsize", "metadata")


def refuse_store_options(what: str, options: Mapping[str, object], store: object, own: str) -> None:
    """Refuse options that are none of ``what``, whose ``own`` are named, nor of ``store``, before anything is done.

    Stores of ours say by ``options`` which they have; only others know theirs themselves.
    """
    known = STORE_OPTIONS if store is None else getattr(store, "options", None)
    if isinstance(known, tuple):
        unknown = {name: value for name, value in options.items() if name not in known and name != "prefix"}
        refuse_options(what, unknown, f"{own}, and for the data store prefix, cache_local, maxcount and maxsize")


def type_name(kind: type) -> str:
    """The class's own name, escaped."""
    return ascii(kind.__name__)[1:-1][:128]


class SampleError(AtdataError):
    """Something about one sample. ``sample_type`` and ``field`` say where, when they are known."""

    def __init__(self, message: str, *, sample_type: str = "", field: str = "") -> None:
        self.sample_type = sample_type
        self.field = field
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        # Workers send errors home by pickle, which would call the class with the message alone.
        return _rebuild, (type(self), str(self), dict(self.__dict__))


def _rebuild(kind: type[Exception], message: str, state: dict[str, object]) -> Exception:
    error = kind.__new__(kind, message)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class DecodeError(SampleError, ValueError):
    """Bytes or data that are not a sample of the class."""


class MissingFieldError(DecodeError, TypeError):
    """A required field is missing in the data."""


class EncodeError(SampleError, TypeError, ValueError):
    """A value that cannot be packed in its field."""


class InvalidSampleError(SampleError, ValueError):
    """``validate()`` found values that the class does not allow; ``problems`` lists them."""

    def __init__(self, problems: Sequence[str], *, sample_type: str = "", field: str = "") -> None:
        self.problems = tuple(problems)
        lines = [p[:400] for p in self.problems[:4]]
        if len(self.problems) > 4:
            lines.append(f"... and {len(self.problems) - 4} more")
        super().__init__(f"{sample_type}: " + "; ".join(lines), sample_type=sample_type, field=field)


class UnequalShapesError(SampleError, ValueError):
    """Arrays of one field that do not stack because their shapes differ."""


class SchemaError(AtdataError, ValueError):
    """A schema document was refused; nothing of it was generated. ``problems`` holds every reason."""

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message)


class UnsupportedTypeError(AtdataError, TypeError):
    """An annotation that a schema cannot express."""


class NotASampleTypeError(AtdataError, TypeError, ValueError):
    """What was given is no sample class, or has no fields that could be published."""


class LensError(AtdataError, ValueError):
    """There is no lens between two sample classes, or no single shortest way."""
