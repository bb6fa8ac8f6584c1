"""The data model: its JSON form, its Python form, and the rules that hold for every record."""

from __future__ import annotations

from typing import Any, Final

from . import cbor
from ._rules import MAX_SAFE, is_leaf, object_problem, scalar_problem, special_problem
from ._text import Path, escape, render_path, show
from .cid import cid_for_cbor
from .errors import DataModelError, Issue
from .values import Blob, CidLink, bytes_from_text, bytes_to_text

__all__ = [
    "MAX_DEPTH",
    "MAX_ISSUES",
    "Blob",
    "CidLink",
    "check_data",
    "check_sendable",
    "check_value",
    "encode_record",
    "from_json",
    "is_object",
    "record_cid",
    "to_json",
]

MAX_DEPTH: Final = cbor.MAX_DEPTH
"""How deep arrays and objects may nest."""

MAX_ISSUES: Final = 100
"""How many issues a check collects before it stops."""


_AS_THEY_ARE = (str, int, type(None), bytes, CidLink, Blob)


def from_json(value: object) -> Any:  # Any: whatever the JSON holds
    """The Python form of a JSON value: `$link` as CidLink, `$bytes` as bytes, blobs as Blob, 3.0 as 3.

    Raises DataModelError, with the JSON path, for what the data model does not hold: floats with a fraction, malformed
    `$link` or `$bytes`, nesting beyond 256.

    >>> from_json({"n": 3.0, "data": {"$bytes": "aGk"}})
    {'n': 3, 'data': b'hi'}
    """
    try:
        return _from_json(value, 0)
    except RecursionError:
        raise DataModelError("nested too deep") from None
    except DataModelError as error:
        issues = check_value(value, limit=1)  # the slow walk knows the path
        raise DataModelError(str(issues[0]) if issues else str(error)) from None


def _from_json(value: object, depth: int) -> Any:
    if isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, float):
        if value.is_integer() and abs(value) <= MAX_SAFE:
            return int(value)
        raise DataModelError(f"{show(value)} has no form in the data model; write it as a string or a scaled integer")
    if depth >= MAX_DEPTH and not is_leaf(value):
        raise DataModelError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, list):
        return [item if type(item) is str else _from_json(item, depth + 1) for item in value]
    if isinstance(value, dict):
        problem = special_problem(value)
        if problem is not None:
            raise DataModelError(problem)
        if "$link" in value:
            return CidLink(value["$link"])
        if "$bytes" in value:
            return bytes_from_text(value["$bytes"])
        if value.get("$type") == "blob":
            blob = Blob.from_json(value)
            if blob is not None:
                return blob
        return {key: item if type(item) is str else _from_json(item, depth + 1) for key, item in value.items()}
    raise DataModelError(f"{show(value)} has no form in the data model")


def to_json(value: object) -> Any:  # Any: JSON
    """The JSON form of a Python value; what is JSON already stays as it is.

    Raises DataModelError for nesting beyond 256; other values without a JSON form stay, for a check to report.

    >>> to_json({"data": b"hi", "list": (1, 2)})
    {'data': {'$bytes': 'aGk'}, 'list': [1, 2]}
    """
    try:
        return _to_json(value, 0)
    except RecursionError:
        raise DataModelError("nested too deep") from None


def _to_json(value: object, depth: int) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (dict, list, tuple)):
        if depth >= MAX_DEPTH and not is_leaf(value):
            raise DataModelError(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, dict):
            return {key: _to_json(item, depth + 1) for key, item in value.items()}
        return [_to_json(item, depth + 1) for item in value]
    if isinstance(value, bytes):
        return {"$bytes": bytes_to_text(value)}
    if isinstance(value, CidLink):
        return {"$link": value.cid}
    if isinstance(value, Blob):
        return value.to_json()
    return value


def encode_record(value: object) -> bytes:
    """The DAG-CBOR of a record in JSON form.

    Raises DataModelError for what the data model does not hold.

    >>> encode_record({"a": 1}).hex()
    'a1616101'
    """
    return cbor.encode(from_json(value))


def record_cid(value: object) -> str:
    """The CID of a record in JSON form, as a server would compute it.

    Raises DataModelError for what the data model does not hold.

    >>> record_cid({"a": 1})
    'bafyreihltcnuuyqp2jm24aqydpnlj7b6w3ogwrplomrjtg5rifv44mmjey'
    """
    return cid_for_cbor(encode_record(value))


def is_object(value: object) -> bool:
    """Whether a value is an object of the data model, and not a link, bytes or a blob in their JSON forms.

    >>> is_object({"a": 1}), is_object({"$bytes": "aGk"}), is_object([])
    (True, False, False)
    """
    return isinstance(value, dict) and "$link" not in value and "$bytes" not in value and value.get("$type") != "blob"


def check_data(value: object) -> list[Issue]:
    """Every way in which a record breaks the data model, empty for a good one.

    Takes the JSON form or the Python form. Floats without a fraction pass, since JSON has only one kind of number.

    >>> check_data({"a": {"b": [1, 0.5]}})
    [Issue(path='$.a.b[1]', message='the float 0.5 is not allowed in a record: use a string or a scaled integer')]
    """
    if not is_object(value):
        return [Issue("$", f"a record must be an object, not {_kind(value)}")]
    return check_value(value)


def check_sendable(value: object) -> list[Issue]:
    """Every reason not to send a record: those of `check_data`, and what servers change silently or refuse.

    These are all floats, integers beyond 2^53-1, and blob references of the old `{cid, mimeType}` form.

    >>> [issue.path for issue in check_sendable({"a": 1.0, "b": 2**53, "c": 1})]
    ['$.a', '$.b']
    """
    if not is_object(value):
        return [Issue("$", f"a record must be an object, not {_kind(value)}")]
    return check_value(value, sending=True)


def check_value(value: object, *, sending: bool = False, limit: int = MAX_ISSUES) -> list[Issue]:
    """The issues of a value that need not be an object; at most `limit` of them.

    `sending` adds the rules of `check_sendable`.

    >>> check_value("text"), check_value({"$link": "."})[0].path
    ([], '$')
    """
    issues: list[Issue] = []
    stack: list[tuple[object, Path, int]] = [(value, None, 0)]
    while stack and len(issues) < limit:
        item, path, depth = stack.pop()
        if isinstance(item, (dict, list)):
            if depth >= MAX_DEPTH and not is_leaf(item):
                issues.append(Issue(render_path(path), f"nested deeper than {MAX_DEPTH} levels"))
                continue
            if isinstance(item, list):
                children: list[tuple[object, Path, int]] = [
                    (child, (path, index), depth + 1)
                    for index, child in enumerate(item)
                    if not (child is None or child is True or child is False)
                ]
            else:
                children = []
                problem = object_problem(item, sending)
                if problem is not None:
                    issues.append(Issue(render_path(path), problem))
                    continue
                for key, child in item.items():
                    if not isinstance(child, str) or not child.isascii():
                        children.append((child, (path, key), depth + 1))
            children.reverse()
            stack += children
            continue
        problem = scalar_problem(item, sending)
        if problem is not None:
            issues.append(Issue(render_path(path), problem))
    return issues


def _kind(value: object) -> str:
    return escape("a link, bytes or a blob" if isinstance(value, dict) else show(value), 80)
