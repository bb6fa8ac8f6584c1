"""The client on a real server: sessions, records, swaps, pages, commits, other people's repositories."""

from __future__ import annotations

import gc
import pickle
import stat
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata import BlobSource
from atdata.atmosphere import (
    AtmosphereClient,
    AtmosphereIndex,
    AtUri,
    AuthError,
    ConflictError,
    Create,
    DatasetLoader,
    Delete,
    Network,
    NotAuthenticatedError,
    NotFoundError,
    PDSBlobStore,
    RefusedError,
    TooLargeError,
    Update,
    using_network,
)
from atdata_lexicon import ValidationError

NOTE = "com.example.note"


# Sessions ----------------------------------------------------------------------------------------------------


def test_a_password_logs_in_and_the_session_logs_in_again(pds: Any) -> None:
    alice = pds.accounts[0]
    with AtmosphereClient(pds.url) as client:
        assert not client.is_authenticated
        client.login(alice.handle, alice.password)

        assert client.is_authenticated
        assert (client.did, client.handle) == (alice.did, "alice.test")
        session = client.export_session()
    with AtmosphereClient() as again:  # the session knows its server
        again.login_with_session(session)

        assert (again.did, again.handle) == (alice.did, "alice.test")
        assert again.list_records("com.example.nothing") == ([], None)


def test_a_wrong_password_is_refused_and_the_error_is_what_the_documentation_names(pds: Any) -> None:
    from atproto.exceptions import AtProtocolError

    with AtmosphereClient(pds.url) as client:
        with pytest.raises(AuthError, match=r"login as alice.test.*401.*Invalid identifier or password") as caught:
            client.login("alice.test", "wrong")

        assert isinstance(caught.value, PermissionError)
        assert isinstance(caught.value, AtProtocolError)
        assert (caught.value.status, caught.value.code) == (401, "AuthenticationRequired")
        assert "wrong" not in str(caught.value).replace("the request wrong", "")
        assert not client.is_authenticated


def test_an_error_of_the_sdk_pickles_as_ours(client: Any) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.get_record(f"at://{client.did}/{NOTE}/missing")

    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is NotFoundError
    assert (str(copy), copy.code) == (str(caught.value), "RecordNotFound")


def test_a_pasted_handle_may_carry_what_nobody_sees(pds: Any) -> None:
    with AtmosphereClient(pds.url) as client:
        client.login("\u202a@alice.test\u202c ", "hunter2pass")

        assert client.handle == "alice.test"


def test_logging_in_without_the_sdk_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "atproto", None)

    with pytest.raises(ImportError, match=r"pip install 'atdata\[atmosphere\]'"):
        AtmosphereClient().login("alice.test", "hunter2pass")


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"'pds.example.com' is no http\(s\) address"):
        AtmosphereClient("pds.example.com")


def test_a_failed_login_leaves_the_session_that_was_there(pds: Any, client: Any) -> None:
    who = client.did
    with pytest.raises(AuthError, match="no session string") as caught:
        client.login_with_session("secret:::nonsense")
    with pytest.raises(AuthError):
        client.login("alice.test", "wrong")

    assert "secret" not in str(caught.value)
    assert client.did == who
    client.create_record(NOTE, {})


@pytest.mark.parametrize("name", ["did", "handle", "export_session", "create_record", "list_datasets", "upload_blob"])
def test_what_needs_an_account_says_so_without_asking_anybody(name: str) -> None:
    nobody = AtmosphereClient("http://localhost:1")
    arguments: dict[str, tuple[Any, ...]] = {"create_record": (NOTE, {}), "upload_blob": (b"",)}

    with pytest.raises(NotAuthenticatedError, match="login") as caught:
        getattr(nobody, name)(*arguments.get(name, ()))

    assert isinstance(caught.value, ValueError)


def test_a_session_that_is_over_is_renewed(pds: Any, someone: Any) -> None:
    handle, did, _, refresh, url = someone.session.split(":::")
    stale = ":::".join((handle, did, pds.token(did, seconds=-60), refresh, url))
    with AtmosphereClient(pds.url) as client:
        client.login_with_session(stale)
        client.create_record(NOTE, {"n": 1})

        assert client.export_session().split(":::")[3] != refresh  # the keys were exchanged for new ones


def test_a_session_is_renewed_when_only_the_servers_clock_says_that_it_is_over(
    pds: Any, someone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atproto import Client

    handle, did, _, refresh, url = someone.session.split(":::")
    stale = ":::".join((handle, did, pds.token(did, seconds=-60), refresh, url))
    monkeypatch.setattr(Client, "_should_refresh_session", lambda _: False)
    with AtmosphereClient(pds.url) as client:
        client.login_with_session(stale)
        uri = client.create_record(NOTE, {"n": 1})

        assert client.get_record(uri)["n"] == 1


def test_a_session_file_saves_logins_and_follows_the_keys(pds: Any, someone: Any, tmp_path: Path) -> None:
    path = tmp_path / "sessions" / "me"

    def login(password: str) -> str:
        with AtmosphereClient(pds.url) as client:
            client.login(someone.handle, password, session_file=path)
            client.create_record(NOTE, {"n": 1})
            assert path.read_text() == client.export_session()
            return client.did

    assert login(someone.password) == someone.did
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_text()
    assert login("not needed now") == someone.did  # no login at all

    handle, did, _, refresh, url = first.split(":::")
    path.write_text(":::".join((handle, did, pds.token(did, seconds=-60), refresh, url)))
    assert login("not needed now") == someone.did  # the keys were renewed, and kept
    assert path.read_text().split(":::")[3] != refresh

    over = (pds.token(did, seconds=-60), pds.token(did, seconds=-30, refresh=True))
    path.write_text(":::".join((handle, did, *over, url)))
    with pytest.raises(AuthError, match="Invalid identifier or password"):
        login("wrong")
    assert login(someone.password) == someone.did
    path.write_text("alice.test:::did:plc:other:::x:::y:::z")  # somebody else's is not used
    assert login(someone.password) == someone.did
    assert [entry.name for entry in path.parent.iterdir()] == ["me"]


def test_a_client_that_nobody_needs_any_more_is_gone(pds: Any, someone: Any) -> None:
    client = AtmosphereClient(pds.url)
    client.login_with_session(someone.session)
    client.create_record(NOTE, {})
    gone = weakref.ref(client)
    del client
    gc.collect()

    assert gone() is None


def test_whoever_keeps_sessions_hears_when_the_keys_change(pds: Any, someone: Any) -> None:
    heard: list[str] = []
    handle, did, _, refresh, url = someone.session.split(":::")
    with AtmosphereClient(pds.url) as client:
        client.on_session_change(heard.append)
        client.login_with_session(":::".join((handle, did, pds.token(did, seconds=-60), refresh, url)))
        assert heard == []
        client.create_record(NOTE, {})

        assert heard == [client.export_session()]


def test_a_session_that_cannot_be_renewed_says_log_in_again(pds: Any, someone: Any) -> None:
    handle, did, _, _, url = someone.session.split(":::")
    over = (pds.token(did, seconds=-60), pds.token(did, seconds=-30, refresh=True))
    with AtmosphereClient(pds.url) as client:
        client.login_with_session(":::".join((handle, did, *over, url)))
        with pytest.raises(AuthError, match="log in again"):
            client.create_record(NOTE, {"n": 1})


# Records -----------------------------------------------------------------------------------------------------


def test_a_record_is_created_read_and_deleted(client: Any) -> None:
    uri = client.create_record(NOTE, {"text": "hello"})

    assert (uri.authority, uri.collection) == (client.did, NOTE)
    assert client.get_record(uri) == client.get_record(str(uri)) == {"$type": NOTE, "text": "hello"}
    client.delete_record(uri)
    client.delete_record(uri)  # it may be gone
    with pytest.raises(KeyError, match="Could not locate record"):
        client.get_record(uri)


def test_the_servers_cid_is_the_one_that_we_compute(client: Any) -> None:
    from atdata_lexicon import record_cid

    record = {"$type": NOTE, "n": -7, "bytes": {"$bytes": "aGk"}, "list": [None, {"b": True, "aa": "ä"}]}

    assert client.find_record(client.create_record(NOTE, record)).cid == record_cid(record)


def test_nulls_bytes_and_order_come_back_as_they_were(client: Any) -> None:
    record = {"none": None, "raw": b"\xff\x00", "nested": {"empty": {}, "list": []}}

    found = client.get_record(client.create_record(NOTE, record, rkey="same"))

    assert found == {"$type": NOTE, "none": None, "raw": {"$bytes": "/wA"}, "nested": {"empty": {}, "list": []}}


def test_a_key_is_taken_once(client: Any) -> None:
    first = client.create_record(NOTE, {"n": 1}, rkey="a:b~c.d_e-f")

    assert client.create_record(NOTE, {"n": 1}, rkey="a:b~c.d_e-f") == first  # the same again
    with pytest.raises(ConflictError, match="there already, with another value"):
        client.create_record(NOTE, {"n": 2}, rkey="a:b~c.d_e-f")
    assert client.get_record(first)["n"] == 1
    with pytest.raises(RefusedError, match="Invalid record key"):
        client.create_record(NOTE, {"n": 1}, rkey="name@1.0.0")


def test_put_replaces_unless_a_swap_says_otherwise(client: Any) -> None:
    uri = client.put_record(NOTE, "k", {"n": 1}, swap_record=None)
    with pytest.raises(ConflictError, match="InvalidSwap") as caught:
        client.put_record(NOTE, "k", {"n": 2}, swap_record=None)
    assert isinstance(caught.value, ValueError)

    seen = client.find_record(uri).cid
    client.put_record(NOTE, "k", {"n": 3}, swap_record=seen)
    with pytest.raises(ConflictError):
        client.put_record(NOTE, "k", {"n": 4}, swap_record=seen)
    with pytest.raises(ConflictError):
        client.put_record(NOTE, "k", {"n": 4}, swap_commit=seen)
    with pytest.raises(ConflictError):
        client.delete_record(uri, swap_record=seen)
    assert client.get_record(uri)["n"] == 3

    assert client.put_record(NOTE, "k", {"n": 5}) == uri
    assert client.get_record(uri)["n"] == 5
    client.delete_record(uri, swap_record=client.find_record(uri).cid)
    with pytest.raises(NotFoundError):
        client.get_record(uri)


@pytest.mark.parametrize(
    ("record", "where"),
    [
        ({"a": [1, {"b": 1.5}]}, r"\$\.a\[1\]\.b"),
        ({"a": 1.0}, r"\$\.a"),
        ({"a": float("nan")}, r"\$\.a"),
        ({"a": 2**53}, r"\$\.a"),
        ({"a": (1, 2)}, r"\$\.a"),
        ({"a": {"$link": "nope"}}, r"\$\.a"),
        ({"a": {"cid": "x", "mimeType": "y"}}, r"\$\.a"),
        ({"a": AtUri("a", "b", "c")}, r"\$\.a"),
        ({1: "a"}, r"\$"),
    ],
)
def test_what_a_server_would_change_or_cannot_hold_is_refused_by_its_path(
    client: Any, record: dict[Any, Any], where: str
) -> None:
    for send in (
        lambda: client.create_record(NOTE, record),
        lambda: client.put_record(NOTE, "k", record),
        lambda: client.apply_writes([Create(NOTE, {"good": 1}), Create(NOTE, record)]),
    ):
        with pytest.raises(ValidationError, match=where):
            send()

    assert client.list_records(NOTE) == ([], None)


def test_records_of_our_lexicons_are_checked_in_full_before_they_are_sent(client: Any) -> None:
    with pytest.raises(ValidationError, match=r"\$\.schemaRef: is required"):
        client.create_record("ac.foundation.dataset.record", {"name": "cats", "createdAt": "2026-01-01T00:00:00Z"})
    with pytest.raises(ValueError, match=r"has the \$type 'com.example.other'"):
        client.create_record(NOTE, {"$type": "com.example.other"})

    assert client.list_datasets() == []


def test_a_record_that_is_too_large_says_so(client: Any) -> None:
    with pytest.raises(TooLargeError, match="413"):
        client.create_record(NOTE, {"text": "x" * 200_000})
    with pytest.raises(TooLargeError, match="no server takes more than"):
        client.create_record(NOTE, {"text": "x" * 2_000_000})


# Many records ------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded(client: Any) -> Any:
    """A client with 250 notes, made in as few commits as may be."""
    made = client.apply_writes([Create(NOTE, {"n": n}) for n in range(250)])
    assert len({uri.rkey for uri in made}) == 250
    return client


def test_listing_goes_through_all_pages_newest_first(crowded: Any) -> None:
    found = list(crowded.iter_records(NOTE))

    assert [record.value["n"] for record in found] == list(range(249, -1, -1))
    assert crowded.get_record(found[0].uri) == found[0].value
    assert [record.value["n"] for record in crowded.iter_records(NOTE, limit=120)] == list(range(249, 129, -1))
    assert list(crowded.iter_records(NOTE, limit=0)) == []


def test_a_page_has_a_cursor_until_nothing_is_left(crowded: Any) -> None:
    sizes, cursor = [], None
    while True:
        values, cursor = crowded.list_records(NOTE, cursor=cursor)
        sizes.append(len(values))
        if cursor is None:
            break

    assert sizes == [100, 100, 50, 0]
    assert len(crowded.list_records(NOTE, limit=3)[0]) == 3
    assert len(crowded.list_records(NOTE, limit=1000)[0]) == 100


def test_changes_are_made_together_or_not_at_all(client: Any) -> None:
    keep, change, go = client.apply_writes([Create(NOTE, {"n": n}) for n in range(3)])
    client.apply_writes([Update(NOTE, change.rkey, {"n": 9}), Delete(NOTE, go.rkey), Create(NOTE, {"n": 3}, "new")])

    assert {record["n"] for record in client.list_records(NOTE)[0]} == {0, 9, 3}

    client._patience = replace(client._patience, retries=0)
    with pytest.raises(ConnectionError):
        client.apply_writes([Create(NOTE, {"n": 4}), Delete(NOTE, "missing")])
    assert len(client.list_records(NOTE)[0]) == 3
    assert client.apply_writes([]) == []
    assert client.get_record(keep)["n"] == 0


def test_a_swap_holds_for_all_commits_of_many_changes(client: Any, pds: Any) -> None:
    def head() -> str:
        answer = client._server_at(pds.url).query("com.atproto.sync.getLatestCommit", {"did": client.did}, "asking")
        return str(answer["cid"])

    before = head()
    client.apply_writes([Create(NOTE, {"n": n}) for n in range(201)], swap_commit=before)

    assert len(list(client.iter_records(NOTE))) == 201
    with pytest.raises(ConflictError):
        client.apply_writes([Create(NOTE, {})], swap_commit=before)


def test_large_records_go_in_several_requests(client: Any) -> None:
    client.apply_writes([Create(NOTE, {"text": "x" * 50_000, "n": n}) for n in range(7)])

    assert sorted(record["n"] for record in client.list_records(NOTE)[0]) == list(range(7))


# Others ------------------------------------------------------------------------------------------------------


def test_other_peoples_records_are_read_without_login(pds: Any, client: Any) -> None:
    uri = client.create_record(NOTE, {"text": "for all"})
    reader = AtmosphereClient(network=pds.network)

    assert reader.get_record(uri) == {"$type": NOTE, "text": "for all"}
    assert reader.get_record(f"at://{client.handle}/{NOTE}/{uri.rkey}") == {"$type": NOTE, "text": "for all"}
    assert [found.uri for found in reader.iter_records(NOTE, repo=client.handle)] == [uri]
    assert (reader.did_of(client.handle), reader.pds_endpoint(client.did)) == (client.did, pds.url)
    with pytest.raises(KeyError):
        reader.get_record(f"at://nobody.test/{NOTE}/x")
    with pytest.raises(KeyError):
        reader.get_record(f"at://did:plc:{'a' * 24}/{NOTE}/x")


def test_the_accounts_own_server_is_asked_about_others_first(pds: Any, client: Any) -> None:
    alice = pds.accounts[0]
    with AtmosphereClient(pds.url, network=Network(plc_url="http://localhost:1")) as reader:  # there is no directory
        reader.login_with_session(client.export_session())

        assert reader.list_records("com.example.nothing", repo=alice.handle) == ([], None)
        assert reader.did_of("alice.test") == alice.did


def test_what_was_logged_in_to_is_known_without_any_directory(
    pds: Any, someone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a network of one's own, the settings need not say where the directory is."""
    monkeypatch.setattr("atdata._atmosphere.identity.resolver.document_of", None)
    monkeypatch.setattr("atdata._atmosphere.identity.resolver.did_of_handle", None)

    @atdata.packable
    class Word:
        text: str

    atdata.write([Word(text="a")], tmp_path / "words.tar")
    with AtmosphereClient(pds.url) as client, AtmosphereClient(pds.url) as bob:
        client.login(someone.handle, someone.password)
        bob.login("bob.test", "hunter3pass")
        index = AtmosphereIndex(client, data_store=PDSBlobStore(client))
        entry = index.insert_dataset(atdata.Dataset[Word](str(tmp_path / "words.tar")), name="words")
        cid = entry.data_urls[0].rpartition("/")[2]

        theirs = AtmosphereIndex(bob)
        sources = [
            BlobSource.from_refs([{"did": client.did, "cid": cid}]),
            PDSBlobStore(bob).create_source(entry.data_urls),
            DatasetLoader(bob).to_dataset(entry.uri, Word).source,
            atdata.load_dataset(f"@{client.handle}/words", index=theirs, split="train").source,
            atdata.load_dataset(f"@{client.handle}/words", split="train").source,
        ]
        for source in sources:
            assert [word.text for word in atdata.Dataset[Word](source).ordered()] == ["a"]
        assert [found.uri for found in theirs.list_datasets(repo=client.handle)] == [entry.uri]
        with using_network(Network(plc_url="http://localhost:1", retries=0)), pytest.raises(TypeError):
            AtmosphereClient().did_of(client.handle)  # settings that name a directory decide


def test_a_public_server_is_not_believed_about_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("atdata._atmosphere.public.fetch", lambda url, *_, **__: asked.append(url))
    client = AtmosphereClient("https://pds.example.com", network=Network(plc_url="http://localhost:1", retries=0))

    with pytest.raises(ConnectionError):
        client.get_record(f"at://did:plc:{'a' * 24}/{NOTE}/x")
    assert asked == []


def test_nobody_writes_to_a_repository_of_others(pds: Any, client: Any) -> None:
    with pytest.raises(AuthError) as error:
        client.delete_record(f"at://{pds.accounts[1].did}/{NOTE}/x")
    assert f"{pds.accounts[1].did}', and you are logged in as {client.did}" in error.value.__notes__[0]


# Blobs -------------------------------------------------------------------------------------------------------


def test_a_blob_goes_up_from_bytes_a_path_and_a_file(client: Any, tmp_path: Any) -> None:
    from atdata_lexicon import cid_for_bytes

    data = bytes(range(256)) * 300
    (tmp_path / "data").write_bytes(data)
    with (tmp_path / "data").open("rb") as file:
        file.read(10)  # where it stands does not matter
        blobs = [client.upload_blob(what, "application/x-test") for what in (data, tmp_path / "data", file)]

    assert blobs[0] == blobs[1] == blobs[2]
    assert blobs[0] == {
        "$type": "blob",
        "ref": {"$link": cid_for_bytes(data)},
        "mimeType": "application/x-test",
        "size": len(data),
    }
    with pytest.raises(KeyError, match="Blob not found"):
        client.get_blob(client.did, cid_for_bytes(data))  # no record refers to it
    client.create_record(NOTE, {"blob": blobs[0]})
    assert client.get_blob(client.did, cid_for_bytes(data)) == data
    assert client.get_blob(client.handle, cid_for_bytes(data)) == data


def test_a_blob_of_json_or_of_nothing_is_a_blob_like_others(client: Any) -> None:
    blobs = [client.upload_blob(b'{"a": 1}', "application/json"), client.upload_blob(b"")]
    client.create_record(NOTE, {"blobs": blobs})

    assert [client.get_blob(client.did, blob["ref"]["$link"]) for blob in blobs] == [b'{"a": 1}', b""]


def test_the_address_of_a_blob_can_be_fetched_by_anybody(client: Any) -> None:
    import urllib.request

    blob = client.upload_blob(b"for all", "text/plain")
    client.create_record(NOTE, {"blob": blob})
    url = client.get_blob_url(client.did, blob["ref"]["$link"])

    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.read() == b"for all"


def test_a_blob_beyond_the_servers_limit_is_refused_at_once(client: Any) -> None:
    with pytest.raises(TooLargeError, match=r"uploading a blob of 52,428,801 bytes.*413"):
        client.upload_blob(bytes((50 << 20) + 1))


# Imports -----------------------------------------------------------------------------------------------------


def test_the_front_door_does_not_load_the_sdk() -> None:
    code = (
        "import sys, atdata.atmosphere as a; from atdata.atmosphere import *; [getattr(a, name) for name in a.__all__];"
        "a.AtmosphereClient(); print(*{'atproto', 'atproto_client', 'httpx', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == []
