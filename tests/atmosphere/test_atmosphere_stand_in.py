"""Index, store and promotion over a client that somebody gave us, which may be a mock."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

import atdata
from atdata.atmosphere import AtmosphereClient, AtmosphereIndex, PDSBlobStore
from atdata.local import LocalDatasetEntry
from atdata.promote import _find_existing_schema, promote_to_atmosphere

DID = "did:plc:test123"
SCHEMA = "ac.foundation.dataset.sampleSchema"
RECORD = "ac.foundation.dataset.record"
URIS = {SCHEMA: f"at://{DID}/{SCHEMA}/one", RECORD: f"at://{DID}/{RECORD}/two"}
FIELD = {
    "name": "text",
    "fieldType": {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "str"},
    "optional": False,
}


@atdata.packable
class Word:
    text: str


@pytest.fixture
def sdk() -> Any:
    """What stands in for ``atproto.Client``: every answer is a mock with the attributes that one looks at."""
    made = Mock()
    made.login.return_value = Mock(did=DID, handle="alice.example.com")
    made.com.atproto.repo.create_record.side_effect = lambda data: Mock(uri=URIS[data["collection"]], cid="bafyrei")
    made.com.atproto.repo.list_records.return_value = Mock(records=[], cursor=None)
    blob = Mock(mime_type="application/x-tar", size=10)
    blob.ref.link = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    made.upload_blob.return_value = Mock(blob=blob)
    return made


@pytest.fixture
def client(sdk: Any) -> AtmosphereClient:
    made = AtmosphereClient(_client=sdk)
    made.login("alice.example.com", "app-password")
    return made


def sent(sdk: Any, collection: str) -> list[dict[str, Any]]:
    calls = [call.kwargs["data"] for call in sdk.com.atproto.repo.create_record.call_args_list]
    return [data["record"] for data in calls if data["collection"] == collection]


def words(folder: Path) -> Any:
    atdata.write([Word(text=text) for text in "abc"], folder / "words.tar")
    return atdata.Dataset[Word](folder / "words.tar")


def test_an_index_publishes_and_reads_through_it(sdk: Any, client: AtmosphereClient, tmp_path: Path) -> None:
    index = AtmosphereIndex(client)
    assert index.publish_schema(Word, version="1.0.0") == URIS[SCHEMA]
    entry = index.insert_dataset(words(tmp_path), name="words", schema_ref=URIS[SCHEMA], tags=["a"])
    assert (entry.uri, entry.data_urls) == (URIS[RECORD], [str(tmp_path / "words.tar")])

    value = {"$type": RECORD, "name": "words", "schemaRef": URIS[SCHEMA], "storage": sent(sdk, RECORD)[0]["storage"]}
    sdk.com.atproto.repo.get_record.return_value = Mock(uri=URIS[RECORD], value=value)
    sdk.com.atproto.repo.list_records.return_value = Mock(records=[Mock(uri=URIS[RECORD], value=value)], cursor=Mock())
    assert index.get_dataset(URIS[RECORD]).name == index.list_datasets()[0].name == "words"


def test_a_schema_need_not_say_when_it_was_made_to_be_decoded(sdk: Any, client: AtmosphereClient) -> None:
    value = {"$type": SCHEMA, "name": "Word", "version": "1.0.0", "fields": [FIELD]}
    sdk.com.atproto.repo.get_record.return_value = Mock(uri=URIS[SCHEMA], value=value)

    kind = AtmosphereIndex(client).decode_schema(URIS[SCHEMA])

    assert kind(text="a").text == "a"
    assert kind is atdata.decode_schema(value, origin=DID)


def test_blobs_go_up_through_it(sdk: Any, client: AtmosphereClient, tmp_path: Path) -> None:
    store = PDSBlobStore(client)
    entry = AtmosphereIndex(client, data_store=store).insert_dataset(words(tmp_path), name="words")

    assert entry.data_urls == [f"at://{DID}/blob/{sdk.upload_blob.return_value.blob.ref.link}"]
    (record,) = sent(sdk, RECORD)
    assert record["storage"]["blobs"][0]["ref"] == {"$link": entry.data_urls[0].rpartition("/")[2]}
    assert record["size"] == {"shards": 1, "bytes": 10}


def test_a_promotion_makes_two_records_schema_first(sdk: Any, client: AtmosphereClient) -> None:
    schema = {"name": "Word", "version": "1.0.0", "fields": [FIELD], "createdAt": "2026-01-01T00:00:00Z"}
    team = Mock(**{"get_schema.return_value": schema, "decode_schema.return_value": Word})
    entry = LocalDatasetEntry(name="words", schema_ref="local://schemas/m.Word@1.0.0", data_urls=["s3://b/a.tar"])

    assert promote_to_atmosphere(entry, team, client) == URIS[RECORD]
    assert (len(sent(sdk, SCHEMA)), len(sent(sdk, RECORD))) == (1, 1)
    assert sent(sdk, RECORD)[0]["schemaRef"] == URIS[SCHEMA]
    store = Mock(**{"write_shards.return_value": ["s3://new/a.tar"]})
    assert promote_to_atmosphere(entry, team, client, data_store=store) == URIS[RECORD]
    assert sent(sdk, RECORD)[1]["storage"]["urls"] == ["s3://new/a.tar"]
    listed = Mock(uri=URIS[SCHEMA], value={"$type": SCHEMA, **schema})
    sdk.com.atproto.repo.list_records.return_value = Mock(records=[listed], cursor=None)
    assert _find_existing_schema(client, "Word", "1.0.0") == URIS[SCHEMA]
    assert _find_existing_schema(client, "Word", "1.0.1") is None


def test_an_index_in_tests_may_be_a_mock(tmp_path: Path) -> None:
    words(tmp_path)
    entry = Mock(data_urls=[str(tmp_path / "words.tar")], schema_ref="x")
    index = Mock(**{"get_dataset.return_value": entry, "decode_schema.return_value": Word}, data_store=None)

    loaded = atdata.load_dataset("@local/words", index=index, split="train")

    assert [word.text for word in loaded.ordered()] == ["a", "b", "c"]
    index.get_dataset.assert_called_once_with("words")
