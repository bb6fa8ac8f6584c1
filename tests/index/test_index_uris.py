"""Addresses: every documented form is read, written and resolved; everything else is refused."""

from __future__ import annotations

import pytest

from atdata import AtdataError
from atdata._uris import AtdataUri, parse_schema_ref, parse_uri, schema_uri, version_key


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
