"""What only S3 has: credentials, endpoints, signed URLs, parts, policies."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import time
import tracemalloc
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_samples import Large, Word, content, large, read, words

import atdata
from atdata._stores import upload
from atdata._stores.credentials import read_credentials
from atdata._stores.errors import StoreAccessError, StoreError, StoreMissingError, StoreUnavailableError
from atdata._stores.s3 import S3DataStore
from atdata_lexicon.errors import MissingExtraError


@pytest.fixture
def make(shared_bucket: str) -> Iterator[Any]:
    """Makes stores, and closes their connections."""
    made: list[S3DataStore] = []

    def one(*arguments: Any, **options: Any) -> S3DataStore:
        made.append(S3DataStore(*arguments, **{"bucket": shared_bucket, "timeout": 20.0, **options}))
        return made[-1]

    yield one
    for store in made:
        if store._made is not None:
            store._client.close()


def status(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            return error.code, b""


# Credentials ------------------------------------------------------------------------------------------------------


def test_credentials_may_be_a_dictionary_a_file_or_the_environment(
    make: Any, s3_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "team.env"
    file.write_text("# the team's\n\n" + "".join(f"export {k}='{v}'  # x\n" for k, v in s3_server.credentials.items()))
    keys_only = {k: v for k, v in s3_server.credentials.items() if k != "AWS_ENDPOINT"}
    with monkeypatch.context() as patch:
        for name, value in keys_only.items():
            patch.setenv(name, value)
        from_environment = make(endpoint_url=s3_server.endpoint)
        (url,) = from_environment.write_shards(words(1), prefix="credentials")
    for store in (
        make(s3_server.credentials),
        make(credentials=keys_only, endpoint_url=s3_server.endpoint + "/"),
        make(str(file)),
        make(file),
    ):
        assert store.verify([url]).ok


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("AWS_X=a b", "a b"),
        ("AWS_X = 'a # b' # c", "a # b"),
        ('export AWS_X="a\'b"', "a'b"),
        ("AWS_X=a#b #c", "a#b"),
        ("\ufeffAWS_X=a=b==", "a=b=="),
    ],
)
def test_env_files_are_read_as_shells_read_them(tmp_path: Path, text: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"{text}\nOTHER=1\nAWS_EMPTY=\n", encoding="utf-8")

    assert read_credentials(tmp_path / ".env") == {"AWS_X": value}


def test_wrong_credentials_are_told_when_a_store_is_made_without_showing_them(tmp_path: Path) -> None:
    (tmp_path / "bad.env").write_text("AWS_SECRET_ACCESS_KEY='hunter2\n")
    (tmp_path / "none.env").write_text("PATH=x\n")
    for given, kind, what in (
        ({"AWS_SECRET_ACCESS_KEY": "hunter2"}, ValueError, "alone is not enough"),
        (tmp_path / "bad.env", ValueError, "line 1: not NAME=value"),
        (tmp_path / "none.env", ValueError, "no AWS_"),
        (tmp_path / "missing.env", FileNotFoundError, "missing.env"),
        (5, TypeError, "dictionary"),
    ):
        with pytest.raises(kind, match=what) as caught:
            S3DataStore(given, bucket="b")  # type: ignore[arg-type]
        assert "hunter2" not in str(caught.value)
    good = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "hunter2"}
    assert "hunter2" not in repr(S3DataStore(good, bucket="b"))


def test_a_bucket_is_a_name(tmp_path: Path) -> None:
    for wrong in ("", "a/b", "a\n", None):
        with pytest.raises(ValueError, match="no name of a bucket"):
            S3DataStore(bucket=wrong)  # type: ignore[arg-type]


# URLs -------------------------------------------------------------------------------------------------------------


def test_read_url_joins_endpoint_and_path() -> None:
    store = S3DataStore({"AWS_ENDPOINT": "https://endpoint.com/"}, bucket="bucket")

    assert store.read_url("s3://bucket/path/file.tar") == "https://endpoint.com/bucket/path/file.tar"
    assert store.read_url("s3://other/d-{000..009}.tar") == "https://endpoint.com/other/d-{000..009}.tar"
    assert store.read_url("s3://bucket/a b%?#.tar") == "https://endpoint.com/bucket/a%20b%25%3F%23.tar"
    for same in ("https://example.com/a.tar", "a.tar", "/data/a.tar"):
        assert store.read_url(same) == same
    assert S3DataStore(bucket="bucket").read_url("s3://bucket/a.tar") == "s3://bucket/a.tar"


def test_the_endpoint_argument_counts_before_the_credentials() -> None:
    store = S3DataStore({"AWS_ENDPOINT": "http://a"}, bucket="b", endpoint_url="http://c")

    assert store.endpoint_url == "http://c"
    assert S3DataStore({"AWS_ENDPOINT_URL": "http://a"}, bucket="b").endpoint_url == "http://a"


def test_the_endpoint_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://from-environment")

    assert S3DataStore(bucket="b").read_url("s3://b/a.tar") == "http://from-environment/b/a.tar"
    assert S3DataStore({"AWS_DEFAULT_REGION": "x"}, bucket="b").endpoint_url is None


def test_a_signed_url_of_elsewhere_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValueError, match="is not in the bucket") as caught:
        S3DataStore(bucket="b").delete(["https://example.com/a.tar?X-Amz-Signature=secret"])
    assert "secret" not in str(caught.value)


def test_a_signed_url_is_good_for_one_object_and_for_its_time(make: Any, s3_server: Any) -> None:
    store = make(s3_server.credentials)
    (url,) = store.write_shards(words(3), prefix="presign")

    signed = store.presign(url, expires=timedelta(minutes=5))

    assert store.verify([signed, store.read_url(url)]).shards == 1
    assert status(store.read_url(url))[0] == 403
    assert status(signed) == (200, content(store, url))
    assert status(signed, {"Range": "bytes=10-19"}) == (206, content(store, url)[10:20])
    assert status(signed.replace("Signature=", "Signature=0"))[0] == 403
    short = store.presign(url, expires=1)
    time.sleep(2.1)
    assert status(short)[0] == 403


def test_a_signed_url_is_for_this_bucket_and_a_week_at_most(make: Any, s3_server: Any) -> None:
    store = make(s3_server.credentials)

    with pytest.raises(ValueError, match="is not in the bucket"):
        store.presign("s3://other/a.tar")
    for wrong in (0, -1, 7 * 24 * 3600 + 1):
        with pytest.raises(ValueError, match="expires is between"):
            store.presign(f"s3://{store.bucket}/a.tar", expires=wrong)


# Servers ----------------------------------------------------------------------------------------------------------


def test_an_account_that_may_only_read_is_refused_at_once(make: Any, s3_server: Any, tmp_path: Path) -> None:
    owner = make(s3_server.credentials, prefix="readonly")
    urls = owner.write_shards(words(2), prefix="p")
    reader = make(s3_server.reader, prefix="readonly")

    assert reader.verify(urls).ok
    assert read(reader, urls, tmp_path) == words(2)
    with pytest.raises(StoreAccessError, match="access denied") as caught:
        reader.write_shards(words(2), prefix="p")
    assert isinstance(caught.value, PermissionError)
    assert caught.value.leftovers == []
    with pytest.raises(StoreError, match=r"AccessDenied|access denied"):
        reader.delete(urls)
    assert owner.verify(urls).ok


def test_a_wrong_key_is_an_access_error(make: Any, s3_server: Any) -> None:
    for wrong in ({"AWS_SECRET_ACCESS_KEY": "wrong"}, {"AWS_ACCESS_KEY_ID": "NOBODY"}):
        with pytest.raises(StoreAccessError) as caught:
            make({**s3_server.credentials, **wrong}).write_shards(words(1), prefix="p")
        assert "wrong" not in str(caught.value)


def test_no_credentials_at_all_is_an_access_error(make: Any, s3_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")

    with pytest.raises(StoreAccessError, match="AWS_ACCESS_KEY_ID"):
        make(endpoint_url=s3_server.endpoint).write_shards(words(1), prefix="p")


def test_a_server_that_is_not_there_is_unavailable(make: Any, s3_server: Any) -> None:
    store = make({**s3_server.credentials, "AWS_ENDPOINT": "http://127.0.0.1:1"})

    with pytest.raises(StoreUnavailableError, match="after 3 attempts") as caught:
        store.write_shards(words(1), prefix="p")
    assert isinstance(caught.value, ConnectionError)


def test_listing_a_bucket_that_is_not_there_says_what_to_do(make: Any, s3_server: Any) -> None:
    with pytest.raises(StoreMissingError, match="create the bucket first") as caught:
        list(make(s3_server.credentials, bucket="none-of-this-name").list_shards())
    assert isinstance(caught.value, FileNotFoundError)


def test_without_boto3_the_error_is_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'atdata\[s3\]'"):
        S3DataStore(bucket="b").write_shards(words(1), prefix="p")


def test_boto3_is_loaded_on_use_only() -> None:
    code = (
        "import sys; from atdata.local import S3DataStore;"
        "s = S3DataStore({'AWS_ENDPOINT': 'http://x'}, bucket='b');"
        "s.read_url('s3://b/a.tar'); repr(s); print('boto3' in sys.modules, 'botocore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["False", "False"]


# Parts ------------------------------------------------------------------------------------------------------------


def test_large_shards_go_in_parallel_parts_with_bounded_memory(
    make: Any, s3_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make(s3_server.credentials, prefix="large", part_size=5 << 20, parallel=2)
    most = 0

    def samples() -> Iterator[Large]:
        nonlocal most
        for i in range(20):
            yield large(1, 4_000_000, seed=i)[0]
            most = max(most, tracemalloc.get_traced_memory()[0])

    store._client  # noqa: B018  # made before memory is counted
    tracemalloc.start()
    try:
        (url,) = store.write_shards(samples(), prefix="p")
    finally:
        tracemalloc.stop()

    assert most < 45 << 20, "80 MB were stored; two parts, a buffer, and samples were held"
    head = store._client.head_object(Bucket=store.bucket, Key=store._key(url))
    assert head["ETag"].strip('"').endswith("-16"), "sixteen parts"
    assert store.verify([url]).ok
    with store._open(store._key(url)) as stream:
        stream.seekable()
        first = stream.read(5_000_000)
    assert large(1, 4_000_000, seed=0)[0].values.tobytes() in first


def test_a_body_changed_on_the_way_is_refused_by_its_checksum(
    make: Any, s3_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checksum is of what was meant: the server compares, and the request is made again."""
    store = make(s3_server.credentials, prefix="checksum")
    put = store._client.put_object
    seen = []

    def once(**given: Any) -> Any:
        seen.append(given["Key"])
        if len(seen) == 1:
            given["Body"] = bytes(given["Body"]).replace(b"word 0", b"w0rd 0")
        return put(**given)

    monkeypatch.setattr(store._client, "put_object", once)
    (url,) = store.write_shards(words(1), prefix="p")

    assert len(seen) == 3, "the shard twice, the manifest once"
    assert b"word 0" in content(store, url)
    assert store.verify([url]).ok


def test_an_object_of_somebody_else_is_never_overwritten(make: Any, s3_server: Any) -> None:
    store = make(s3_server.credentials, prefix="clash")
    store._put("clash/taken.tar", b"theirs")

    with pytest.raises(StoreError, match="somebody else"):
        store._put("clash/taken.tar", b"ours")

    with store._open("clash/taken.tar") as stream:
        assert stream.read() == b"theirs"


def test_a_server_without_conditions_and_checksums_gets_plain_requests(
    make: Any, s3_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    store = make(s3_server.credentials, prefix="plain", part_size=5 << 20)
    for name in ("put_object", "create_multipart_upload", "upload_part", "complete_multipart_upload"):
        real = getattr(store._client, name)

        def plain(real: Any = real, name: str = name, **given: Any) -> Any:
            if given.keys() & {"IfNoneMatch", "ChecksumSHA256", "ChecksumCRC32", "ChecksumAlgorithm"}:
                error = {"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}}
                raise ClientError(error, name)  # type: ignore[arg-type]
            return real(**given)

        monkeypatch.setattr(store._client, name, plain)

    urls = store.write_shards([*large(2, 4_000_000), *large(1, 100)], prefix="p", maxcount=2)

    assert store.verify(urls).ok


def test_more_parts_than_s3_takes_is_an_error_that_says_what_to_do(
    make: Any, s3_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_MOST_PARTS", 1)
    store = make(s3_server.credentials, prefix="many", part_size=5 << 20)

    with pytest.raises(StoreError, match="give maxsize="):
        store.write_shards(large(2, 4_000_000), prefix="p")

    store.gc()
    assert not list(store._scan("many/"))
    assert not list(store._unfinished("many/"))


def test_listings_go_on_past_a_thousand(make: Any, s3_server: Any) -> None:
    store = make(s3_server.credentials, prefix="paged")
    pages = store._client.list_objects_v2
    asked = []

    def small(**given: Any) -> Any:
        asked.append(given.get("ContinuationToken"))
        return pages(**{**given, "MaxKeys": 4})

    urls = store.write_shards(words(10), prefix="p", maxcount=1)
    store._client.list_objects_v2 = small
    try:
        assert list(store.list_shards()) == urls
    finally:
        store._client.list_objects_v2 = pages
    assert len(asked) == 3
    assert asked[0] is None


def test_a_stored_dataset_is_read_with_the_credentials_of_its_store(make: Any, s3_server: Any) -> None:
    store = pickle.loads(pickle.dumps(make(s3_server.credentials, prefix="dataset")))
    urls = store.write_shards(words(9), prefix="p", maxcount=4)
    store._client.close()

    source = atdata.S3Source.from_urls(
        urls,
        endpoint=store.endpoint_url,
        access_key=store.credentials["AWS_ACCESS_KEY_ID"],
        secret_key=store.credentials["AWS_SECRET_ACCESS_KEY"],
    )

    numbers = [sample.number for sample in atdata.Dataset[Word](source).ordered()]
    assert np.array_equal(numbers, range(9))
    source.client.close()
