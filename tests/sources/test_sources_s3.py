"""Shards in buckets, on a real S3 server."""

from __future__ import annotations

import io
import pickle
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atdata import DataSource, S3Source, ShardError, ShardNotFoundError, SourceError, UrlError, URLSource, write
from atdata._shards.access import mapped_shard, shard_blocks


@pytest.fixture
def bucket(s3_server: Any, tmp_path: Path) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:12]}"
    client = s3_server.client()
    client.create_bucket(Bucket=name)
    for path in write([{"a": i} for i in range(60)], tmp_path / "d-%d.tar", maxcount=20).paths:
        client.put_object(Bucket=name, Key=f"train/{Path(path).name}", Body=Path(path).read_bytes())
    yield name
    client.close()


KEYS = ["train/d-0.tar", "train/d-1.tar", "train/d-2.tar"]


def source_of(server: Any, bucket: str, keys: list[str] | None = None, **changes: Any) -> S3Source:
    return S3Source.from_credentials({**server.credentials, **changes}, bucket, keys or KEYS)


def test_shards_are_streamed_from_a_bucket(s3_server: Any, bucket: str) -> None:
    source = source_of(s3_server, bucket)

    assert isinstance(source, DataSource)
    assert source.shard_list == [f"s3://{bucket}/{key}" for key in KEYS]
    assert mapped_shard(source, source.shard_list[0]) is None
    assert [sum(map(len, shard_blocks(source, shard))) for shard in source.shard_list] == [20, 20, 20]


def test_the_forms_of_the_documentation_agree(s3_server: Any, bucket: str) -> None:
    options: dict[str, Any] = {"access_key": s3_server.access_key, "secret_key": s3_server.secret_key}
    urls = [f"s3://{bucket}/{key}" for key in KEYS]
    sources = [
        S3Source(bucket=bucket, keys=KEYS, endpoint=s3_server.endpoint, **options),
        S3Source(bucket, KEYS, endpoint_url=s3_server.endpoint, **options),
        S3Source.from_urls(urls, endpoint=s3_server.endpoint, **options),
        S3Source.from_urls(f"s3://{bucket}/train/d-{{0..2}}.tar", endpoint_url=s3_server.endpoint, **options),
        S3Source(bucket, KEYS, credentials=s3_server.credentials),
        pickle.loads(pickle.dumps(source_of(s3_server, bucket))),
    ]

    for source in sources:
        assert source.shard_list == urls
        for shard, stream in source.shards:
            with stream:
                assert shard in urls
                assert stream.read(9) == b"000000000" or stream.read(1)


def test_what_is_not_there_is_file_not_found(s3_server: Any, bucket: str) -> None:
    source = source_of(s3_server, bucket, ["train/d-9.tar"])
    nowhere = source_of(s3_server, "no-such-bucket-at-all", ["x.tar"])

    for each in (source, nowhere):
        with pytest.raises(ShardNotFoundError, match="no such object"):
            next(shard_blocks(each, each.shard_list[0]))


def test_wrong_credentials_are_told_from_missing_ones(s3_server: Any, bucket: str) -> None:
    wrong = source_of(s3_server, bucket, AWS_SECRET_ACCESS_KEY="wrong")

    with pytest.raises(SourceError, match="access denied") as caught:
        next(shard_blocks(wrong, wrong.shard_list[0]))
    assert caught.value.status == 403
    assert "wrong" not in str(caught.value)


def test_without_any_credentials_the_remedy_is_named(
    s3_server: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    source = S3Source(bucket, KEYS, endpoint=s3_server.endpoint)

    with pytest.raises(SourceError, match="anonymous=True"):
        next(shard_blocks(source, source.shard_list[0]))


def test_public_objects_are_read_without_credentials(s3_server: Any, bucket: str) -> None:
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
        f'"Resource":"arn:aws:s3:::{bucket}/*"}}]}}'
    )
    s3_server.client().put_bucket_policy(Bucket=bucket, Policy=policy)
    anonymous = S3Source(bucket, KEYS, endpoint=s3_server.endpoint, anonymous=True)
    plain = URLSource(f"s3://{bucket}/train/d-{{0..2}}.tar", endpoint_url=s3_server.endpoint)

    for source in (anonymous, plain):
        assert sum(map(len, shard_blocks(source, source.shard_list[2]))) == 20


class Breaking(io.RawIOBase):
    """A body that ends early now and then."""

    def __init__(self, body: Any, cut: int) -> None:
        self.body = body
        self.left = cut

    def read(self, size: int = -1) -> bytes:
        if self.left <= 0:
            raise ConnectionResetError("reset by peer")
        part: bytes = self.body.read(min(size, self.left))
        self.left -= len(part)
        return part

    def close(self) -> None:
        self.body.close()
        super().close()


class Client:
    """The real client, whose bodies break."""

    def __init__(self, real: Any, cut: int) -> None:
        self.real = real
        self.cut = cut
        self.asked: list[dict[str, Any]] = []

    def get_object(self, **asked: Any) -> Any:
        self.asked.append(asked)
        answer = self.real.get_object(**asked)
        return {**answer, "Body": Breaking(answer["Body"], self.cut)}


def test_a_body_that_breaks_is_resumed(s3_server: Any, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    client = Client(s3_server.client(), 7000)
    source = S3Source(bucket, KEYS, _client=client)

    assert sum(map(len, shard_blocks(source, source.shard_list[0]))) == 20
    assert [asked.get("Range") for asked in client.asked][:3] == [None, "bytes=7000-", "bytes=14000-"]
    assert all("IfMatch" in asked for asked in client.asked[1:])


def test_a_body_that_never_comes_is_given_up(s3_server: Any, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    client = Client(s3_server.client(), 0)
    source = S3Source(bucket, KEYS, _client=client)

    with pytest.raises((SourceError, ShardError), match="reset by peer"):
        next(shard_blocks(source, source.shard_list[0]))
    assert len(client.asked) == 5


def test_an_object_that_changes_meanwhile_is_an_error(
    s3_server: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    real = s3_server.client()
    client = Client(real, 7000)
    stream = S3Source(bucket, KEYS, _client=client).open_shard(f"s3://{bucket}/{KEYS[0]}")
    stream.read(100)
    real.put_object(Bucket=bucket, Key=KEYS[0], Body=b"x" * 30_000)

    with stream, pytest.raises(SourceError, match=r"412|PreconditionFailed"):
        stream.read()


# ---------------------------------------------------------------------- without a server


def test_constructing_connects_to_nothing() -> None:
    source = S3Source("bucket", ["a.tar"], endpoint="http://127.0.0.1:9")

    assert source.list_shards() == ["s3://bucket/a.tar"]
    assert source.url == "s3://bucket/a.tar"


@pytest.mark.parametrize(
    "urls", [[], ["s3://a/x", "s3://b/x"], ["https://a/x"], ["s3://a"], ["s3:///x"], [5], "s3://{a,b}/x"]
)
def test_addresses_that_are_none_are_refused(urls: Any) -> None:
    with pytest.raises(ValueError, match=r"bucket|addresses"):
        S3Source.from_urls(urls)


@pytest.mark.parametrize(("bucket", "keys"), [("", ["a"]), ("a/b", ["a"]), ("b", "a.tar"), ("b", [""]), ("b", [5])])
def test_buckets_and_keys_that_are_none_are_refused(bucket: Any, keys: Any) -> None:
    with pytest.raises(UrlError):
        S3Source(bucket, keys)


def test_a_shard_that_is_not_listed_is_a_key_error() -> None:
    source = S3Source("bucket", ["a.tar"])

    for shard in ("s3://bucket/b.tar", "s3://other/a.tar", "a.tar"):
        with pytest.raises(KeyError):
            source.open_shard(shard)


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(S3Source("b", ["a"], access_key="hush", secret_key="hush"))


def test_the_region_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")

    assert S3Source("bucket", ["a.tar"]).client.meta.region_name == "eu-north-1"
    assert S3Source("bucket", ["a.tar"], region="us-west-2").client.meta.region_name == "us-west-2"


def test_without_boto3_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ImportError, match=r"pip install 'atdata\[s3\]'"):
        S3Source("bucket", ["a.tar"]).open_shard("s3://bucket/a.tar")


def test_copies_of_shards_are_kept_on_request(s3_server: Any, bucket: str, tmp_path: Path) -> None:
    import atdata

    source = S3Source.from_credentials(s3_server.credentials, bucket, KEYS, cache_dir=tmp_path / "copies")
    found = atdata.Dataset[atdata.DictSample](source)
    assert [source.is_local(shard) for shard in source.shard_list] == [False] * 3

    assert sorted(sample.a for sample in found.ordered()) == list(range(60))
    assert [source.is_local(shard) for shard in source.shard_list] == [True] * 3

    s3_server.client().delete_object(Bucket=bucket, Key=KEYS[0])
    again = atdata.Dataset[atdata.DictSample](
        S3Source.from_credentials(s3_server.credentials, bucket, KEYS, cache_dir=tmp_path / "copies")
    )
    assert len(again) == 60
    assert again[0].a == 0
