"""Slips of people who are new to the network: each is answered by what to do instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata.atmosphere import DatasetPublisher, LensLoader, LensPublisher, SchemaLoader, SchemaPublisher
from atdata.local import Index
from atdata.promote import promote_to_atmosphere


@atdata.packable
class Note:
    text: str


def other_note() -> type[Any]:
    @atdata.packable
    class Note:
        number: int

    return Note


def test_a_schema_is_published_once_however_often_one_asks(client: Any) -> None:
    first = SchemaPublisher(client).publish(Note, version="1.0.0")
    again = SchemaPublisher(client).publish(Note, version="1.0.0")

    assert first == again
    assert len(SchemaLoader(client).list_all()) == 1


@pytest.mark.parametrize("rkey", [None, "note"])
def test_a_published_version_of_a_schema_never_changes(client: Any, rkey: str | None) -> None:
    SchemaPublisher(client).publish(Note, version="1.0.0")

    with pytest.raises(ValueError, match=r"Note 1\.0\.0 is published with other fields"):
        SchemaPublisher(client).publish(other_note(), version="1.0.0", rkey=rkey)

    SchemaPublisher(client).publish(other_note(), version="2.0.0", rkey=rkey)
    assert sorted(schema["version"] for schema in SchemaLoader(client).list_all()) == ["1.0.0", "2.0.0"]


def test_a_lens_is_published_once_however_often_one_asks(client: Any) -> None:
    def publish(**more: Any) -> Any:
        given = {"description": "Leaves only the label.", "mapping": {"rules": [{"target": "label"}]}, **more}
        return LensPublisher(client).publish("labels", "at://a/b/full", "at://a/b/simple", **given)

    first = publish()

    assert publish() == first
    assert publish(rkey=first.rkey) == first
    assert len({publish(description="Another.").rkey, publish(rkey="mine").rkey, first.rkey}) == 3
    assert len(LensLoader(client).list_all()) == 3


@pytest.mark.parametrize("commit", ["x", "main", "abc123", "0" * 65, "abc123g", "abc1234\n", "١٢٣٤٥٦٧"])
def test_the_code_of_a_lens_is_named_by_the_hash_of_a_commit(client: Any, commit: str) -> None:
    code = {"repository": "https://example.com/x", "commit": commit, "path": "m:f"}

    with pytest.raises(ValueError, match="no hash of a Git commit; give 7 to 64 hexadecimal digits"):
        LensPublisher(client).publish("labels", "at://a/b/c", "at://a/b/d", getter_code=code)
    assert LensLoader(client).list_all() == []


@pytest.mark.parametrize("single", ["notes.tar", Path("notes.tar"), b"tar"])
def test_a_single_shard_is_not_taken_for_its_letters(client: Any, single: Any) -> None:
    with pytest.raises(TypeError, match=r"write \[path\]"):
        DatasetPublisher(client).publish_with_blobs(single, "at://a/b/c", name="notes")


def test_a_name_is_promoted_by_its_entry(client: Any) -> None:
    with pytest.raises(TypeError, match=r"not 'notes': index\.get_dataset\(name\) gives it"):
        promote_to_atmosphere("notes", Index(path=":memory:"), client)  # type: ignore[call-overload]  # the slip
