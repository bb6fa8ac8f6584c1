"""What a new document of each kind holds, and where it lies."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from atdata_codegen.names import snake
from atdata_codegen.samples.model import SCHEMA_TYPE, TYPE_PREFIX

__all__ = ["TEMPLATES", "new_document", "place_of"]

Json = dict[str, Any]

_TEXT: Final = {"type": "string", "description": "What it says.", "maxLength": 3000, "maxGraphemes": 300}
_WHEN: Final = {"type": "string", "description": "When it was made.", "format": "datetime"}
_CURSOR: Final = {"type": "string", "description": "Where the next page begins.", "maxLength": 512}


def _words(name: str) -> str:
    """``a blog post`` for ``blogPost``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _record(nsid: str, text: str) -> Json:
    return {
        "main": {
            "type": "record",
            "description": text,
            "key": "tid",
            "record": {
                "type": "object",
                "required": ["text", "createdAt"],
                "properties": {"text": _TEXT, "createdAt": _WHEN},
            },
        }
    }


def _object(nsid: str, text: str) -> Json:
    name = "item" if nsid.endswith(".defs") else "main"
    return {
        name: {"type": "object", "description": text, "required": ["text"], "properties": {"text": _TEXT}},
    }


def _query(nsid: str, text: str) -> Json:
    limit = {
        "type": "integer", "description": "How many at most.", "minimum": 1, "maximum": 100, "default": 50,
    }  # fmt: skip
    items = {"type": "array", "description": "One page of them.", "items": {"type": "ref", "ref": "#item"}}
    return {
        "main": {
            "type": "query",
            "description": text,
            "parameters": {"type": "params", "properties": {"limit": limit, "cursor": _CURSOR}},
            "output": {
                "encoding": "application/json",
                "schema": {"type": "object", "required": ["items"], "properties": {"items": items, "cursor": _CURSOR}},
            },
        },
        "item": _item(),
    }


def _item() -> Json:
    uri = {"type": "string", "description": "The record.", "format": "at-uri"}
    return {"type": "object", "description": "One of the answers.", "required": ["uri"], "properties": {"uri": uri}}


def _procedure(nsid: str, text: str) -> Json:
    uri = {"type": "string", "description": "The record to act on.", "format": "at-uri"}
    return {
        "main": {
            "type": "procedure",
            "description": text,
            "input": {
                "encoding": "application/json",
                "schema": {"type": "object", "required": ["uri"], "properties": {"uri": uri}},
            },
            "output": {"encoding": "application/json", "schema": {"type": "ref", "ref": "#item"}},
            "errors": [{"name": "NotFound", "description": "There is no such record."}],
        },
        "item": _item(),
    }


def _subscription(nsid: str, text: str) -> Json:
    cursor = {"type": "integer", "description": "The last event seen."}
    seq = {"type": "integer", "description": "The number of the event."}
    return {
        "main": {
            "type": "subscription",
            "description": text,
            "parameters": {"type": "params", "properties": {"cursor": cursor}},
            "message": {"schema": {"type": "union", "refs": ["#event"]}},
            "errors": [{"name": "FutureCursor", "description": "The cursor is beyond the last event."}],
        },
        "event": {
            "type": "object",
            "description": "Something happened.",
            "required": ["seq", "time"],
            "properties": {"seq": seq, "time": {**_WHEN, "description": "When it happened."}},
        },
    }


def _permission_set(nsid: str, text: str) -> Json:
    group = nsid.rpartition(".")[0]
    return {
        "main": {
            "type": "permission-set",
            "title": text.rstrip("."),
            "detail": f"Create, change and delete records of {group}.",
            "permissions": [
                {"type": "permission", "resource": "repo", "collection": [f"{group}.record"]},
            ],
        }
    }


#: Template -> the definitions of a Lexicon; ``sample`` is the one that is no Lexicon.
_LEXICONS: Final[dict[str, Callable[[str, str], Json]]] = {
    "record": _record,
    "object": _object,
    "query": _query,
    "procedure": _procedure,
    "subscription": _subscription,
    "permission-set": _permission_set,
}
TEMPLATES: Final = (*_LEXICONS, "sample")


def new_document(template: str, name: str, description: str = "", fields: Sequence[Json] = ()) -> Json:
    """A document of ``template`` for an NSID, or for the name of a sample schema.

    >>> new_document("record", "com.example.blogPost")["defs"]["main"]["description"]
    'A blog post.'
    """
    if template == "sample":
        start = [{
            "name": "text",
            "fieldType": {"$type": f"{TYPE_PREFIX}primitive", "primitive": "str"},
            "optional": False,
            "description": "What it says.",
        }]  # fmt: skip
        return {
            "$type": SCHEMA_TYPE,
            "name": name,
            "version": "1.0.0",
            "description": description or _sentence(_words(name)),
            "fields": list(fields) or start,
        }
    last = name.rpartition(".")[2]
    text = description or _sentence("parts that others share" if last == "defs" else _words(last))
    return {"lexicon": 1, "id": name, "defs": _LEXICONS[template](name, text)}


def place_of(template: str, name: str) -> str:
    """Where the document lies below the folder of schemas.

    >>> place_of("record", "com.example.post"), place_of("sample", "ImageSample")
    ('com/example/post.json', 'samples/image_sample.json')
    """
    if template == "sample":
        return f"samples/{snake(name)}.json"
    return name.replace(".", "/") + ".json"
