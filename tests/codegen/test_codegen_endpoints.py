"""Queries, procedures and subscriptions: parameters, bodies, errors."""

from __future__ import annotations

from typing import Any

import pytest


def document(nsid: str, main: dict[str, Any], **defs: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": {"main": main, **defs}}


PARAMETERS = {
    "type": "params",
    "required": ["actor"],
    "properties": {
        "actor": {"type": "string", "format": "at-identifier"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
        "tags": {"type": "array", "items": {"type": "string"}},
        "from": {"type": "boolean"},
    },
}
OBJECT = {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string", "format": "at-uri"}}}


def test_a_query_has_parameters_an_output_and_errors(project: Any) -> None:
    main = {
        "type": "query",
        "parameters": PARAMETERS,
        "output": {"encoding": "application/json", "schema": OBJECT},
        "errors": [{"name": "NotFound", "description": "No such actor."}, {"name": "class"}],
    }
    project.generate(document("com.example.getThing", main))
    module = project.module("com.example.get_thing")

    params = module.Params(actor="alice.test", tags=["a"], from_=False)
    assert params.limit == 50
    assert params.to_record() == {"actor": "alice.test", "limit": 50, "tags": ["a"], "from": False}
    params.validate()
    with pytest.raises(ValueError, match="at most 100"):
        module.Params(actor="alice.test", limit=101).validate()
    with pytest.raises(ValueError, match="handle"):
        module.Params(actor="not an actor").validate()
    assert module.OUTPUT_ENCODING == "application/json"
    assert module.Output.from_record({"uri": "at://a.test"}).uri == "at://a.test"
    assert module.Errors.NOT_FOUND == "NotFound"
    assert module.Errors.CLASS == "class"


def test_a_procedure_has_an_input_and_bodies_may_refer(project: Any) -> None:
    main = {
        "type": "procedure",
        "input": {"encoding": "application/json", "schema": {"type": "ref", "ref": "#request"}},
        "output": {"encoding": "application/json", "schema": {"type": "union", "refs": ["#request"]}},
    }
    project.generate(document("com.example.putThing", main, request=OBJECT))
    module = project.module("com.example.put_thing")

    assert module.Input == "Request"
    assert module.Output == "Request | dict[str, Any]"
    assert module.Request(uri="at://a.test").to_record() == {"uri": "at://a.test"}


def test_a_body_that_is_not_json_has_an_encoding_only(project: Any) -> None:
    main = {"type": "procedure", "input": {"encoding": "*/*"}, "output": {"encoding": "application/vnd.ipld.car"}}
    project.generate(document("com.example.upload", main))
    module = project.module("com.example.upload")

    assert (module.INPUT_ENCODING, module.OUTPUT_ENCODING) == ("*/*", "application/vnd.ipld.car")
    assert not hasattr(module, "Input")


def test_a_subscription_has_a_union_of_messages(project: Any) -> None:
    main = {
        "type": "subscription",
        "parameters": {"type": "params", "properties": {"cursor": {"type": "integer"}}},
        "message": {"schema": {"type": "union", "refs": ["#commit", "#info"]}},
        "errors": [{"name": "FutureCursor"}],
    }
    project.generate(document("com.example.subscribe", main, commit=OBJECT, info=OBJECT))
    module = project.module("com.example.subscribe")

    assert module.Message == "Commit | Info | dict[str, Any]"
    assert module.Params(cursor=0).to_record() == {"cursor": 0}
    assert module.Errors.FUTURE_CURSOR == "FutureCursor"


def test_definitions_named_like_the_parts_of_an_endpoint_keep_a_class_of_their_own(project: Any) -> None:
    main = {
        "type": "procedure",
        "parameters": PARAMETERS,
        "input": {"encoding": "application/json", "schema": OBJECT},
        "output": {"encoding": "application/json", "schema": OBJECT},
        "errors": [{"name": "Bad"}],
    }
    names = dict.fromkeys(("params", "input", "output", "errors", "message", "record"), OBJECT)
    project.generate(document("com.example.call", main, **names))
    module = project.module("com.example.call")

    classes = {c._AT: c for c in vars(module).values() if isinstance(c, type) and "_AT" in vars(c)}
    assert set(classes) == {"/main/parameters", "/main/input/schema", "/main/output/schema", *(f"/{n}" for n in names)}
    assert module.Errors.BAD == "Bad"


def test_names_of_errors_that_meet_stay_apart(project: Any) -> None:
    names = ["NotFound", "notFound", "NOT_FOUND", "1", "__init__", "Final"]
    project.generate(document("com.example.call", {"type": "query", "errors": [{"name": n} for n in names]}))
    found = vars(project.module("com.example.call").Errors)

    assert sorted(v for k, v in found.items() if not k.startswith("__")) == sorted(names)
