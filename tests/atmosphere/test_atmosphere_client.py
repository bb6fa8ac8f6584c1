"""The client on a real server: sessions, records, swaps, pages, commits, blobs."""

from __future__ import annotations

from typing import Any


def test_a_record_is_created_read_and_deleted(client: Any) -> None:
    uri = client.create_record("com.example.note", {"text": "hello"})

    assert uri.authority == client.did
    assert uri.collection == "com.example.note"
    assert client.get_record(uri) == {"$type": "com.example.note", "text": "hello"}
    client.delete_record(uri)
    client.delete_record(uri)
    assert client.list_records("com.example.note") == ([], None)
