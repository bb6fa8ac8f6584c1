"""The string formats, held against the official vectors, and the identifiers as values."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from atdata_lexicon.at_uris import AtUri
from atdata_lexicon.errors import IdentifierError
from atdata_lexicon.nsids import Nsid
from atdata_lexicon.syntax import FORMATS, check_format
from atdata_lexicon.tids import Tid, TidClock, next_tid

Load = Callable[[str], Any]

FILES = {
    "at-identifier": "atidentifier",
    "at-uri": "aturi",
    "record-key": "recordkey",
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_valid_vector_is_accepted(name: str, interop: Load) -> None:
    lines = interop(f"syntax/{FILES.get(name, name)}_syntax_valid.txt")

    assert lines
    assert [line for line in lines if check_format(name, line) is not None] == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_invalid_vector_is_refused(name: str, interop: Load) -> None:
    lines = interop(f"syntax/{FILES.get(name, name)}_syntax_invalid.txt")

    assert lines
    assert [line for line in lines if check_format(name, line) is None] == []


@pytest.mark.parametrize("name", ["datetime", "language"])
def test_what_has_the_form_but_no_meaning_is_refused(name: str, interop: Load) -> None:
    lines = interop(f"syntax/{name}_parse_invalid.txt")

    assert lines
    assert [line for line in lines if check_format(name, line) is None] == []


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "text", ["", "\n", "a\x00b", "\u202e", "did:plc:abc\n", "ja\n", "\uff13jzfcijpj2z2a", 5, None, b"ja"]
)
def test_odd_values_are_refused_with_a_printable_reason(name: str, text: object) -> None:
    reason = check_format(name, text)

    assert reason is not None
    assert reason.isascii()
    assert reason.isprintable()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("unit", ["a", "a.", "a-", "-", "did:", "at://", "1", "%", "a.b-"])
def test_a_megabyte_is_refused_at_once(name: str, unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    start = time.perf_counter()

    assert check_format(name, text) is not None
    assert time.perf_counter() - start < 0.1


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2024-02-29T00:00:00Z", True),
        ("2023-02-29T00:00:00Z", False),
        ("1900-02-29T00:00:00Z", False),
        ("2000-02-29T00:00:00Z", True),
        ("2016-12-31T23:59:60Z", False),
        ("2024-01-01T24:00:00Z", False),
        ("2024-01-01T00:00:00+24:00", False),
        ("2024-01-01T00:00:00-00:00", False),
        ("0000-01-01T01:00:00+01:00", True),
        ("2024-01-01T00:00:00." + "1" * 60 + "Z", False),
    ],
)
def test_a_datetime_is_a_moment_that_exists(text: str, good: bool) -> None:
    assert (check_format("datetime", text) is None) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("zh-cmn-Hans-CN", True),
        ("sr-Latn-RS", True),
        ("de-1996", True),
        ("x-whatever", True),
        ("en-GB-oed", True),
        ("en-x", False),
        ("x", False),
        ("en-a", False),
        ("en-abcdefghi", False),
        ("en--GB", False),
        ("en-GB-US", False),
        ("en_GB", False),
    ],
)
def test_a_language_tag_follows_the_grammar_of_rfc_5646(text: str, good: bool) -> None:
    assert (check_format("language", text) is None) is good


def test_an_unknown_format_accepts_everything() -> None:
    assert check_format("postcode", "!!") is None


def test_an_nsid_has_an_authority_and_a_name() -> None:
    nsid = Nsid.parse("COM.Example.fooBar")

    assert (nsid.authority, nsid.name, nsid.domain, str(nsid)) == (
        "com.example",
        "fooBar",
        "example.com",
        "com.example.fooBar",
    )
    with pytest.raises(IdentifierError):
        Nsid.parse("com.example")


@pytest.mark.parametrize("text", ["at://example.com", "at://did:plc:abc/com.example.post", "at://a.b/a.b.c/d"])
def test_an_at_uri_parses_and_prints_the_same(text: str) -> None:
    assert str(AtUri.parse(text)) == text


@pytest.mark.parametrize(
    "parts", [("x",), ("a.b", "nope"), ("a.b", None, "key"), ("a.b", "a.b.c", "a/b"), ("a.b", "a.b.c", "")]
)
def test_an_at_uri_cannot_be_made_of_bad_parts(parts: tuple[Any, ...]) -> None:
    with pytest.raises(IdentifierError):
        AtUri(*parts)


def test_a_tid_parses_and_prints_the_same(interop: Load) -> None:
    for text in interop("syntax/tid_syntax_valid.txt"):
        assert str(Tid.parse(text)) == text
    with pytest.raises(IdentifierError):
        Tid.parse("zzzzzzzzzzzzz")
    with pytest.raises(IdentifierError):
        Tid(1 << 53, 0)


def test_tids_grow_when_the_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    clock = TidClock(clock_id=1)

    made = [str(clock.next()) for _ in range(100)]

    assert made == sorted(set(made))


def test_threads_never_get_the_same_tid() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(next_tid() for _ in range(300))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1200
