"""A client that was given is used for everything, in the shapes of the SDK and of what stands in for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest

import atdata
from atdata.atmosphere import (
    AtmosphereClient,
    AtmosphereIndex,
    Client,
    Create,
    DatasetLoader,
    DatasetPublisher,
    LensLoader,
    LensPublisher,
    NotFoundError,
    PDSBlobStore,
    SchemaLoader,
    SchemaPublisher,
)

SCHEMA = "ac.foundation.dataset.sampleSchema"
DATASET = "ac.foundation.dataset.record"
DID = "did:plc:abc123"


@atdata.packable
class Label:
    label: str


class Model:
    """A value as the SDK makes it: no dictionary, and a missing key is None."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value

    def __getattr__(self, name: str) -> Any:
        return self._value.get(name)

    def to_dict(self) -> dict[str, Any]:
        return dict(self._value)


@pytest.fixture
def fake() -> Any:
    made = MagicMock()
    made.login.return_value = SimpleNamespace(did=DID, handle="alice.test")
    made.export_session_string.return_value = "the session"
    made.com.atproto.repo.create_record.side_effect = lambda data: SimpleNamespace(
        uri=f"at://{data['repo']}/{data['collection']}/{data.get('rkey') or 'made'}", cid="bafyfake"
    )
    made.com.atproto.repo.put_record.side_effect = made.com.atproto.repo.create_record.side_effect
    return made


@pytest.fixture
def client(fake: Any) -> AtmosphereClient:
    made = AtmosphereClient(_client=fake)
    made.login("alice.test", "password")
    return made


def test_login_is_one_call_and_gives_the_account(fake: Any) -> None:
    client = Client(_client=fake)
    assert client is not None
    assert not client.is_authenticated
    client.login("alice.test", "password")

    assert fake.mock_calls == [(("login"), ("alice.test", "password"), {})]
    assert (client.did, client.handle, client.is_authenticated) == (DID, "alice.test", True)
    assert client.export_session() == "the session"


def test_a_session_logs_in_by_one_call(fake: Any) -> None:
    client = Client(_client=fake)
    client.login_with_session("the session")

    fake.login.assert_called_once_with(session_string="the session")
    assert client.did == DID


def test_what_the_given_client_raises_goes_through(fake: Any) -> None:
    fake.login.side_effect = RuntimeError("no such account")
    with pytest.raises(RuntimeError, match="no such account"):
        Client(_client=fake).login("alice.test", "password")


def test_calls_take_the_sdks_form(client: AtmosphereClient, fake: Any) -> None:
    repo = fake.com.atproto.repo
    note = "com.example.note"
    uri = client.create_record(note, {"$type": note, "n": 1}, rkey="k")
    client.put_record(note, "k", {"n": 2}, swap_commit="bafycommit")
    client.delete_record(uri, swap_commit="bafycommit")
    client.apply_writes([Create(note, {"n": 3}, "l")])
    repo.get_record.return_value = SimpleNamespace(uri=str(uri), cid="bafy", value={"n": 1})
    client.get_record(uri)
    repo.list_records.return_value = SimpleNamespace(records=[], cursor=None)
    client.list_records(note, repo="did:plc:other", limit=7, cursor="c")

    assert repo.create_record.call_args.kwargs["data"] == {
        "repo": DID, "collection": note, "record": {"$type": note, "n": 1}, "rkey": "k", "validate": False,
    }  # fmt: skip
    assert repo.put_record.call_args.kwargs["data"] == {
        "repo": DID, "collection": note, "rkey": "k", "record": {"$type": note, "n": 2}, "validate": False,
        "swapCommit": "bafycommit",
    }  # fmt: skip
    assert repo.delete_record.call_args.kwargs["data"] == {
        "repo": DID, "collection": note, "rkey": "k", "swapCommit": "bafycommit",
    }  # fmt: skip
    assert repo.apply_writes.call_args.kwargs["data"]["writes"] == [
        {"$type": "com.atproto.repo.applyWrites#create", "collection": note, "rkey": "l",
         "value": {"$type": note, "n": 3}}
    ]  # fmt: skip
    assert repo.get_record.call_args.kwargs["params"] == {"repo": DID, "collection": note, "rkey": "k"}
    assert repo.list_records.call_args.kwargs["params"] == {
        "repo": "did:plc:other", "collection": note, "limit": 7, "cursor": "c",
    }  # fmt: skip


@pytest.mark.parametrize("form", [dict, Model, lambda value: Mock(spec=["model_dump"], model_dump=lambda **_: value)])
def test_values_may_be_dictionaries_or_models(client: AtmosphereClient, fake: Any, form: Any) -> None:
    value = {"$type": SCHEMA, "name": "Label"}
    fake.com.atproto.repo.get_record.return_value = SimpleNamespace(value=form(value))
    fake.com.atproto.repo.list_records.return_value = SimpleNamespace(
        records=[SimpleNamespace(uri=f"at://{DID}/{SCHEMA}/k", value=form(value))]
    )

    assert SchemaLoader(client).get(f"at://{DID}/{SCHEMA}/k") == value  # the optional keys are not there
    assert client.list_records(SCHEMA) == ([value], None)
    assert SchemaLoader(client).list_all() == client.list_schemas() == [value]


def test_a_listing_stops_at_a_cursor_that_is_none(client: AtmosphereClient, fake: Any) -> None:
    """A stand-in gives an object for whatever it is asked."""
    page = Mock(records=[Mock(value={"n": 1})])
    fake.com.atproto.repo.list_records.return_value = page

    assert client.list_records(SCHEMA) == ([{"n": 1}], None)
    assert SchemaLoader(client).list_all() == client.list_schemas() == client.list_datasets() == [{"n": 1}]
    assert LensLoader(client).find_by_schemas("at://a/b/c") == []
    assert [found.value for found in client.iter_records(SCHEMA)] == [{"n": 1}]


def test_blobs_go_by_the_short_form_and_by_xrpc(client: AtmosphereClient, fake: Any) -> None:
    blob = Mock(ref=Mock(link="bafkrei"), mime_type="application/x-tar", size=4)
    fake.upload_blob.return_value = SimpleNamespace(blob=blob)
    expected = {"$type": "blob", "ref": {"$link": "bafkrei"}, "mimeType": "application/x-tar", "size": 4}

    assert client.upload_blob(b"data", "application/x-tar") == expected
    fake.upload_blob.assert_called_once_with(b"data")

    del fake.upload_blob
    fake.com.atproto.repo.upload_blob.return_value = {"blob": expected}
    assert client.upload_blob(b"data") == expected
    assert fake.com.atproto.repo.upload_blob.call_args.args == (b"data",)

    fake.com.atproto.sync.get_blob.return_value = b"data"
    assert client.get_blob("did:plc:other", "bafkrei") == b"data"
    assert fake.com.atproto.sync.get_blob.call_args.kwargs["params"] == {"did": "did:plc:other", "cid": "bafkrei"}


def test_publishers_and_loaders_work_through_it(client: AtmosphereClient, fake: Any) -> None:
    create = fake.com.atproto.repo.create_record
    uri = SchemaPublisher(client).publish(Label, rkey="label")
    sent = create.call_args.kwargs["data"]["record"]
    assert str(uri) == f"at://{DID}/{SCHEMA}/label"
    assert (sent["$type"], sent["name"], sent["version"]) == (SCHEMA, "Label", "1.0.0")

    DatasetPublisher(client).publish(atdata.Dataset[Label]("data-{000..009}.tar"), name="labels", rkey="labels")
    schema, dataset = (call.kwargs["data"]["record"] for call in create.call_args_list[-2:])
    assert schema["name"] == "Label"
    assert dataset["storage"] == {"$type": "ac.foundation.dataset.storageExternal", "urls": ["data-{000..009}.tar"]}

    fake.com.atproto.repo.get_record.return_value = SimpleNamespace(value=Model(dataset))
    loader = DatasetLoader(client)
    assert loader.get_storage_type(f"at://{DID}/{DATASET}/labels") == "external"
    assert loader.to_dataset("at://did:plc:other/{DATASET}/labels", Label).url == "data-{000..009}.tar"
    with pytest.raises(ValueError, match="not of ac"):
        LensLoader(client).get(f"at://{DID}/{DATASET}/labels")


def test_errors_of_the_sdk_are_ours_here_too(client: AtmosphereClient, fake: Any) -> None:
    from atproto.exceptions import BadRequestError

    answer = SimpleNamespace(
        content=SimpleNamespace(error="RecordNotFound", message="Could not locate record"), status_code=400, headers={}
    )
    fake.com.atproto.repo.get_record.side_effect = BadRequestError(answer)

    with pytest.raises(NotFoundError, match="RecordNotFound"):
        client.get_record(f"at://{DID}/{SCHEMA}/k")


def test_the_sdks_own_client_can_be_given(pds: Any, someone: Any, tmp_path: Any) -> None:
    from atproto import Client as Sdk

    sdk = Sdk(pds.url)
    sdk.login(session_string=someone.session, fetch_bsky_profile=False)
    client = AtmosphereClient(_client=sdk)
    try:
        assert (client.did, client.is_authenticated) == (someone.did, True)  # whoever it is that is logged in
        uri = client.create_record("com.example.note", {"n": None, "text": "hello"})
        assert client.get_record(uri) == {"$type": "com.example.note", "n": None, "text": "hello"}
        client.put_record("com.example.note", "k", {"n": 1}, swap_record=None)
        with pytest.raises(ValueError, match="InvalidSwap"):
            client.put_record("com.example.note", "k", {"n": 2}, swap_record=None)
        made = client.apply_writes([Create("com.example.note", {"n": n}) for n in range(150)])
        assert len(list(client.iter_records("com.example.note"))) == 152
        client.delete_record(made[0])
        blob = client.upload_blob(b"shard", "application/x-tar")
        client.create_record("com.example.note", {"blob": blob})
        assert client.get_blob(client.did, blob["ref"]["$link"]) == b"shard"
        assert client.list_records("com.example.note", repo="alice.test") == ([], None)
        client.login("alice.test", "hunter2pass")
        assert client.handle == "alice.test"
        again = AtmosphereClient(_client=Sdk(pds.url))
        again.login_with_session(client.export_session())
        assert again.did == client.did
        again._account._client.request.close()
    finally:
        sdk.request.close()


@pytest.mark.parametrize(
    "kind",
    [SchemaPublisher, DatasetPublisher, LensPublisher, SchemaLoader, DatasetLoader, LensLoader, PDSBlobStore,
     AtmosphereIndex],
)  # fmt: skip
@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("alice", r"needs an AtmosphereClient, not 'alice': .*client\.login\(handle, password\)"),
        (SimpleNamespace(com=1), r"AtmosphereClient\(_client=\.\.\.\) makes one of it"),
    ],
)
def test_what_is_no_client_is_refused_at_once(kind: Any, given: Any, answer: str) -> None:
    with pytest.raises(TypeError, match=rf"{kind.__name__} {answer}" if given == "alice" else answer) as error:
        kind(given)
    assert isinstance(error.value, atdata.AtdataError)
