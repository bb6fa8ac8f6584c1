"""DAG-CBOR has one encoding for each value, and CIDs one text for each hash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atdata_lexicon import cbor
from atdata_lexicon.cid import Cid, cid_for_bytes, cid_for_cbor, is_link, parse_cid
from atdata_lexicon.errors import DataModelError, IdentifierError
from atdata_lexicon.values import CidLink

CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65536, "1a00010000"),
        (2**32, "1b0000000100000000"),
        (2**63 - 1, "1b7fffffffffffffff"),
        (-1, "20"),
        (-(2**63), "3b7fffffffffffffff"),
        (True, "f5"),
        (None, "f6"),
        ("é", "62c3a9"),
        (b"\x00", "4100"),
        ([], "80"),
        ({"b": 1, "aa": 2, "a": 3}, "a361610361620162616102"),
    ],
)
def test_known_encodings(value: object, code: str) -> None:
    assert cbor.encode(value).hex() == code
    assert cbor.decode(bytes.fromhex(code)) == value


def test_a_link_is_tag_42() -> None:
    data = cbor.encode(CidLink(CID))

    assert data.hex().startswith("d82a58250001711220")
    assert cbor.decode(data) == CidLink(CID)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "empty"),
        ("1801", "24 as one byte too many"),
        ("190001", "two bytes for a small number"),
        ("1a0000ffff", "four bytes for a small number"),
        ("1b00000000ffffffff", "eight bytes for a small number"),
        ("1b8000000000000000", "beyond 64 bits"),
        ("3b8000000000000000", "below 64 bits"),
        ("5f4100ff", "indefinite bytes"),
        ("7f6161ff", "indefinite text"),
        ("9fff", "indefinite array"),
        ("bfff", "indefinite map"),
        ("f7", "undefined"),
        ("f90000", "half float"),
        ("fa00000000", "float"),
        ("fb0000000000000000", "double"),
        ("f8ff", "simple value"),
        ("e0", "simple value 0"),
        ("ff", "break"),
        ("1c", "reserved length"),
        ("0000", "trailing bytes"),
        ("a2616201616102", "unsorted keys"),
        ("a262616101616202", "longer key first"),
        ("a2616101616102", "repeated key"),
        ("a10102", "integer key"),
        ("a161", "cut key"),
        ("61ff", "not UTF-8"),
        ("63eda080", "surrogate in UTF-8"),
        ("a161ff00", "key not UTF-8"),
        ("c100", "tag 1"),
        ("d82a00", "link that is no bytes"),
        ("d82a40", "empty link"),
        ("d82a4101", "link without the leading 0"),
        ("d82a450001711220", "cut link"),
        ("d9002a4100", "long form of the tag"),
        ("5affffffff", "bytes longer than the input"),
        ("9bffffffffffffffff", "array longer than the input"),
        ("bbffffffffffffffff", "map longer than the input"),
        ("7b7fffffffffffffff", "text longer than the input"),
    ],
)
def test_everything_but_the_one_encoding_is_refused(code: str, why: str) -> None:
    with pytest.raises(DataModelError, match="not DAG-CBOR at byte"):
        cbor.decode(bytes.fromhex(code))


@given(st.binary(max_size=64))
@settings(max_examples=300, deadline=None)
def test_what_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except DataModelError:
        return
    assert cbor.encode(value) == data


def test_depth_is_limited_to_256_both_ways() -> None:
    assert cbor.encode(cbor.decode(b"\x81" * 256 + b"\x00")) == b"\x81" * 256 + b"\x00"
    for code in (b"\x81" * 257 + b"\x00", b"\xa1\x61a" * 257 + b"\x00", b"\x81" * 1_000_000):
        with pytest.raises(DataModelError):
            cbor.decode(code)


@pytest.mark.parametrize("value", [1.0, 2**63, {1: 2}, "\ud800", {"\udfff": 1}, CidLink("nope"), object(), {1}])
def test_what_the_data_model_does_not_hold_is_not_encoded(value: object) -> None:
    with pytest.raises(DataModelError):
        cbor.encode(value)


def test_cids_of_blocks_and_blobs() -> None:
    assert cid_for_bytes(b"") == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    assert cid_for_cbor(b"\xa0") == "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_cid_prints_parses_and_links_the_same(data: bytes) -> None:
    text = cid_for_bytes(data)

    assert str(parse_cid(text)) == text
    assert Cid.from_bytes(bytes(parse_cid(text))) == parse_cid(text)
    assert is_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        CID.upper(),
        CID[:-1],
        CID + "a",
        CID[:-1] + "r",  # bits beyond the hash
        CID[:7] + "z" + CID[8:],  # not 32 bytes of sha2-256
        CID[:20] + "1" + CID[21:],
        CID[:20] + "é" + CID[21:],
        "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR",
        "zdj7WWeQ43G6JJvLWQWZpyHuAMq6uYWRjkBXFad11vE2LHhQ7",
        "b" * 100_000,
    ],
)
def test_other_texts_are_not_links(text: str) -> None:
    assert not is_link(text)
    with pytest.raises(IdentifierError):
        parse_cid(text)


def test_the_quick_check_of_a_link_agrees_with_parsing() -> None:
    for at in range(59):
        for letter in "abcdefghijklmnopqrstuvwxyz234567":
            text = CID[:at] + letter + CID[at + 1 :]
            try:
                parse_cid(text)
                good = True
            except IdentifierError:
                good = False
            assert is_link(text) is good, text
