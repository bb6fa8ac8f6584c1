"""Addresses: every documented form is read, written and resolved; everything else is refused."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from atdata import AtdataError
from atdata._uris import AtdataUri, parse_schema_ref, parse_uri, schema_uri, version_key
from atdata.local import Index
from atdata.testing.classes import Box


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("atdata://local/sampleSchema/MySample@1.0.0", ("local", "sampleSchema", "MySample", "1.0.0")),
        ("atdata://local/sampleSchema/MySample", ("local", "sampleSchema", "MySample", "")),
        ("atdata://did:plc:abc123/sampleSchema/A_b@2.1.3", ("did:plc:abc123", "sampleSchema", "A_b", "2.1.3")),
        ("atdata://did:web:example.com/sampleSchema/A", ("did:web:example.com", "sampleSchema", "A", "")),
        ("atdata://alice.bsky.social/sampleSchema/A@0.0.0", ("alice.bsky.social", "sampleSchema", "A", "0.0.0")),
        ("atdata://local/dataset/my data/v@1", ("local", "dataset", "my data/v@1", "")),
        ("atdata://local/lens/simplify", ("local", "lens", "simplify", "")),
    ],
)
def test_an_address_is_taken_apart_and_put_together_again(text: str, parts: tuple[str, ...]) -> None:
    uri = parse_uri(text)

    assert uri == AtdataUri(*parts)
    assert str(uri) == text


@pytest.mark.parametrize(
    "text",
    [
        "local://schemas/MySample@1.0.0",
        "local://schemas/examples.MySample@1.0.0",
        "local://schemas/a.b.<locals>.MySample@1.0.0",
    ],
)
def test_the_legacy_form_is_read_as_the_new_one(text: str) -> None:
    assert str(parse_uri(text)) == "atdata://local/sampleSchema/MySample@1.0.0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MySample",
        "atdata:/local/sampleSchema/A",
        "atdata://local/sampleSchema/",
        "atdata://local/sampleSchema/A@",
        "atdata://local/sampleSchema/A@1",
        "atdata://local/sampleSchema/A@1.0",
        "atdata://local/sampleSchema/A@01.0.0",
        "atdata://local/sampleSchema/A@1.0.0\n",
        "atdata://local/sampleSchema/A@1.0.0@1.0.0",
        "atdata://local/sampleSchema/A/B@1.0.0",
        "atdata://local/sampleSchema/A\u0301@1.0.0",
        "atdata://local/sampleSchema/../A@1.0.0",
        "atdata://local/other/A@1.0.0",
        "atdata://nobody/sampleSchema/A@1.0.0",
        "atdata:///sampleSchema/A@1.0.0",
        "ATDATA://local/sampleSchema/A",
        "local://schemas/@1.0.0",
        "local://schemas/a b@1.0.0",
        "local://other/A@1.0.0",
        "at://did:plc:abc",
        "at://did:plc:abc/ac.foundation.dataset.sampleSchema/a/b",
        "at://nobody/ac.foundation.dataset.sampleSchema/a",
        "at://did:plc:abc/nonsense/a",
        "atdata://local/sampleSchema/" + "A" * 9000,
        None,
        5,
        b"atdata://local/sampleSchema/A",
    ],
)
def test_what_is_no_address_is_a_value_error_that_shows_it_escaped(text: object) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_schema_ref(text)

    assert isinstance(caught.value, AtdataError)
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_the_address_of_a_record_is_a_schema_reference_too() -> None:
    text = "at://did:plc:abc123/ac.foundation.dataset.sampleSchema/3kxyz"
    uri = parse_schema_ref(text)

    assert str(uri) == text
    assert not uri.is_local


def test_the_address_of_a_dataset_is_no_schema_reference() -> None:
    with pytest.raises(ValueError, match="of a dataset"):
        parse_schema_ref("atdata://local/dataset/cats")


def test_versions_are_ordered_as_numbers() -> None:
    assert sorted(["1.10.0", "1.9.9", "0.0.1", "10.0.0"], key=version_key) == ["0.0.1", "1.9.9", "1.10.0", "10.0.0"]
    assert schema_uri("A", "1.0.0") == "atdata://local/sampleSchema/A@1.0.0"


def _repository(monkeypatch: pytest.MonkeyPatch, **other: Any) -> list[str]:
    """Somebody's repository with a schema in two versions, offered by what speaks the AT Protocol."""
    theirs = Index(path=":memory:")
    for _ in range(2):
        theirs.publish_schema(Box)
    asked: list[str] = []

    def resolve_schema(ref: str) -> tuple[Any, str]:
        asked.append(ref)
        found = theirs.get_schema("atdata://local/sampleSchema/Box" + ("@1.0.0" if "@1" in ref else ""))
        return {**found, **other}, "did:plc:stranger"

    monkeypatch.setitem(sys.modules, "atdata.atmosphere", SimpleNamespace(resolve_schema=resolve_schema))
    return asked


def test_an_address_in_a_repository_is_resolved_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _repository(monkeypatch)
    index = Index(path=":memory:")
    refs = [
        "atdata://did:plc:stranger/sampleSchema/Box@1.0.0",
        "atdata://alice.example.com/sampleSchema/Box@1.0.0",
        "at://did:plc:stranger/ac.foundation.dataset.sampleSchema/3kxyz",
    ]

    classes = [index.decode_schema(ref) for ref in (*refs, *refs)]
    assert {cls.__name__ for cls in classes} == {"Box"}
    assert classes[0] is classes[1]  # the same document of the same repository
    assert asked == refs  # and each is asked for once
    assert index.list_schemas() == []


def test_without_a_version_a_repository_is_asked_for_the_highest_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _repository(monkeypatch)
    index = Index(path=":memory:")
    ref = "atdata://alice.example.com/sampleSchema/Box"

    assert index.get_schema(ref)["$ref"] == f"{ref}@1.0.1"
    assert index.decode_schema(ref) is index.decode_schema(ref)
    assert len(asked) == 3


def test_a_repository_that_gives_another_schema_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    _repository(monkeypatch, version="9.0.0")

    with pytest.raises(KeyError, match="another schema"):
        Index(path=":memory:").decode_schema("atdata://alice.example.com/sampleSchema/Box@1.0.0")


def test_where_nothing_can_ask_a_repository_its_address_is_a_key_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "atdata.atmosphere", SimpleNamespace())

    with pytest.raises(KeyError, match="resolver"):
        Index(path=":memory:").get_schema("atdata://did:plc:abc/sampleSchema/Box@1.0.0")
