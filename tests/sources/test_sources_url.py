"""Naming shards: patterns, lists, places, and what a record of somebody else may not name."""

from __future__ import annotations

import json
import pickle
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_tools import Web

from atdata import AtdataError, DataSource, UrlError, URLSource, write
from atdata._shards.access import mapped_shard, shard_blocks
from atdata._sources import addresses
from atdata._sources.braces import brace_notation, expand
from atdata._sources.places import local_path, public_url, scheme_of


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a", ["a"]),
        ("{a,b}", ["a", "b"]),
        ("x{8..10}y", ["x8y", "x9y", "x10y"]),
        ("{008..010}", ["008", "009", "010"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{0..10..5}", ["0", "5", "10"]),
        ("{-1..1}", ["-1", "0", "1"]),
        ("{a..c}", ["a", "b", "c"]),
        ("{a,b{1..2}}{x,y}", ["ax", "ay", "b1x", "b1y", "b2x", "b2y"]),
        ("{a,}", ["a", ""]),
        ("{}", ["{}"]),
        ("{a}", ["{a}"]),
        ("{0..9", ["{0..9"]),
        ("a}b{", ["a}b{"]),
        ("{{a,b}}", ["{a}", "{b}"]),
    ],
)
def test_braces_expand_as_in_a_shell(pattern: str, names: list[str]) -> None:
    assert expand(pattern) == names


@pytest.mark.parametrize("pattern", ["{0..99999999}", "{a,b}" * 40, "{" * 500, "{0..999999999999999999}", "{a," * 900])
def test_braces_are_counted_before_they_are_expanded(pattern: str) -> None:
    began = time.monotonic()

    if "}" in pattern:
        with pytest.raises(UrlError, match="more than 100000 names"):
            expand(pattern)
    else:
        assert expand(pattern) == [pattern]

    assert time.monotonic() - began < 1


@pytest.mark.parametrize("pattern", ["{0..9", "a}", "{}", "{a}", "{0..9}}", "{a..\U0010ffff}"])
def test_strict_braces_are_all_notation(pattern: str) -> None:
    with pytest.raises(UrlError):
        expand(pattern, strict=True)


def test_braces_are_nested_only_so_deep() -> None:
    with pytest.raises(UrlError, match="nested"):
        expand("{a," * 900 + "}" * 900)


@given(st.lists(st.text("ab/-{},0", min_size=1, max_size=6), min_size=1, max_size=5))
def test_one_text_stands_for_any_list(names: list[str]) -> None:
    text = brace_notation(names)

    if "::" not in text and len(names) > 1:
        assert expand(text) == names


@given(st.integers(0, 1200), st.integers(2, 20), st.integers(1, 4), st.sampled_from(["", "-d", "x0", "/1"]))
def test_numbered_shards_are_written_as_a_range(first: int, count: int, width: int, tail: str) -> None:
    names = [f"d0-{i:0{width}d}{tail}.tar" for i in range(first, first + count)]
    text = brace_notation(names)

    assert expand(text) == names
    assert ".." in text


def test_constructing_touches_nothing() -> None:
    for url in ("/nothing/at/{0..9}.tar", "https://nowhere.invalid/{0..9}.tar", "s3://bucket/x.tar", "pipe:exit 1"):
        URLSource(url)


def test_a_source_is_a_data_source() -> None:
    source = URLSource("data-{0..1}.tar")

    assert isinstance(source, DataSource)
    assert source.url == "data-{0..1}.tar"
    assert source.shard_list == source.list_shards() == ["data-0.tar", "data-1.tar"]


def test_lists_are_taken_as_they_are() -> None:
    source = URLSource(["a{0,1}.tar", Path("b.tar")])

    assert source.list_shards() == ["a{0,1}.tar", "b.tar"]
    assert URLSource(["x-0.tar", "x-1.tar"]).url == "x-{0..1}.tar"


def test_addresses_may_be_joined_as_in_webdataset() -> None:
    assert URLSource("a.tar::b-{0..1}.tar").list_shards() == ["a.tar", "b-0.tar", "b-1.tar"]


def test_files_are_globbed_in_order(tmp_path: Path) -> None:
    for name in ("b-1.tar", "b-0.tar", "c.tar", "odd[1].tar"):
        (tmp_path / name).write_bytes(b"")

    assert [Path(path).name for path in URLSource(f"{tmp_path}/b-*.tar").list_shards()] == ["b-0.tar", "b-1.tar"]
    assert URLSource(f"{tmp_path}/odd[1].tar").list_shards() == [f"{tmp_path}/odd[1].tar"]
    with pytest.raises(FileNotFoundError, match="no shard matches"):
        URLSource(f"{tmp_path}/z*.tar").list_shards()


def test_a_missing_shard_amid_a_pattern_is_file_not_found(tmp_path: Path) -> None:
    for number in (0, 2):
        write([{"a": number}], tmp_path / f"{number}.tar", manifest=False)
    source = URLSource(f"{tmp_path}/{{0..2}}.tar")

    with pytest.raises(FileNotFoundError, match=r"1\.tar"):
        sum(len(block) for shard in source.shard_list for block in shard_blocks(source, shard))


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}", "file:{}", "FILE://{}"])
def test_files_are_mapped(tmp_path: Path, form: str) -> None:
    write([{"a": 1}], tmp_path / "x y.tar")
    url = form.format(tmp_path / "x y.tar")
    source = URLSource(url)

    mapped = mapped_shard(source, url)
    assert mapped is not None
    assert len(mapped) == 1
    assert mapped.block.shard == url
    with source.open_shard(url) as stream:
        assert stream.read(5) == b"00000"


def test_streams_come_with_their_names(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.tar").write_bytes(b"content")
    pairs = []
    for shard, stream in URLSource(f"{tmp_path}/{{0..1}}.tar").shards:
        with stream:
            pairs.append((Path(shard).name, stream.read()))

    assert pairs == [("0.tar", b"content"), ("1.tar", b"content")]


def test_a_shard_that_is_not_listed_is_a_key_error(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"")

    with pytest.raises(KeyError, match="no shard of"):
        URLSource("a.tar").open_shard(str(tmp_path / "secret"))
    with pytest.raises(KeyError):
        URLSource("a.tar").local_path("pipe:id")


@pytest.mark.parametrize("url", ["", [], 5, None, True, b"x.tar", ["a.tar", 5], [""]])
def test_what_is_no_address_is_refused(url: Any) -> None:
    with pytest.raises(UrlError):
        URLSource(url)


def test_sources_travel_to_other_processes_and_compare() -> None:
    source = URLSource("a-{0..3}.tar", headers={"X": "y"}, cache_dir="/tmp/x")
    source.list_shards()

    again = pickle.loads(pickle.dumps(source))
    assert again == source
    assert again.list_shards() == source.list_shards()
    assert URLSource("b.tar") != source


def test_passwords_and_queries_stay_out_of_messages() -> None:
    source = URLSource("https://user:secret@example.com/a.tar?signature=secret")

    assert "secret" not in repr(source)


def test_the_schemes_of_addresses() -> None:
    assert scheme_of("https://x/y") == "https"
    assert scheme_of("git+ssh://x") == "git+ssh"
    assert scheme_of("C:\\x.tar") == ""
    assert scheme_of("odd:name.tar") == ""
    assert local_path("odd:name.tar") == "odd:name.tar"
    with pytest.raises(UrlError, match="another machine"):
        local_path("file://server/share/x.tar")


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("s3://my-bucket/a b/c.tar", "https://my-bucket.s3.amazonaws.com/a%20b/c.tar"),
        ("s3://my.bucket/c.tar", "https://s3.amazonaws.com/my.bucket/c.tar"),
        ("gs://bucket/x.tar", "https://storage.googleapis.com/bucket/x.tar"),
        ("hf://datasets/u/n/x.tar", "https://huggingface.co/datasets/u/n/resolve/main/x.tar"),
        ("hf://u/n@v1/d/x.tar", "https://huggingface.co/u/n/resolve/v1/d/x.tar"),
        ("https://x/y", None),
    ],
)
def test_public_buckets_are_https_addresses(url: str, public: str | None) -> None:
    assert public_url(url) == public


@pytest.mark.parametrize("url", ["s3://bucket", "s3:///key", "s3://B@d/key", "hf://datasets/u", "gs://b/"])
def test_a_bucket_without_a_key_is_refused(url: str) -> None:
    with pytest.raises(UrlError):
        public_url(url)


# ---------------------------------------------------------------------- commands


def test_a_command_is_run_only_where_it_was_allowed(tmp_path: Path) -> None:
    write([{"a": 1}], tmp_path / "x.tar")
    marker = tmp_path / "marker"
    url = f"pipe:touch {marker}; cat {tmp_path}/x.tar"

    with pytest.raises(UrlError, match="allow_pipe=True"):
        URLSource(url).open_shard(url)
    assert not marker.exists()

    source = URLSource(url, allow_pipe=True)
    assert sum(map(len, shard_blocks(source, url))) == 1
    assert marker.exists()


def test_a_command_that_fails_is_an_error_not_a_short_shard(tmp_path: Path) -> None:
    write([{"a": 1}], tmp_path / "x.tar")
    url = f"pipe:cat {tmp_path}/x.tar; exit 3"

    with pytest.raises(AtdataError, match="status 3"):
        list(shard_blocks(URLSource(url, allow_pipe=True), url))


def test_a_command_that_is_not_read_to_its_end_is_stopped() -> None:
    url = "pipe:yes"
    stream = URLSource(url, allow_pipe=True).open_shard(url)
    assert stream.read(2) == b"y\n"

    began = time.monotonic()
    stream.close()
    assert time.monotonic() - began < 5


# ---------------------------------------------------------------------- strangers

CASES = json.loads((Path(__file__).parent / "urls.json").read_text(encoding="utf-8"))["cases"]


class Touched(Exception):
    """Something of this machine, or of the network, was reached for."""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """No connection leaves; names resolve as a case says, and redirects come from a server that is not there."""
    state: dict[str, Any] = {"addresses": ["93.184.216.34"], "connected": []}

    def touch(*arguments: Any, **_: Any) -> Any:
        raise Touched(arguments)

    def connected(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        state["connected"].append(address)
        raise Touched(address)

    monkeypatch.setattr(addresses, "resolve", lambda host, port: state["addresses"])
    monkeypatch.setattr(socket, "create_connection", connected)
    monkeypatch.setattr(subprocess, "Popen", touch)
    monkeypatch.setattr("builtins.open", touch)
    return state


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['cls']}-{ascii(case['value'])[:40]}")
def test_a_record_can_name_public_https_hosts_only(offline: dict[str, Any], case: dict[str, Any]) -> None:
    if "resolves_to" in case:
        offline["addresses"] = case["resolves_to"].split(",")
    began = time.monotonic()

    def read_all() -> None:
        source = URLSource(case["value"], trusted=False)
        for shard in source.list_shards():
            assert source.local_path(shard) is None
            source.open_shard(shard).read(1)

    if "redirects_to" in case:
        with pytest.raises(UrlError):
            URLSource(case["redirects_to"], trusted=False)
    elif case["expect"] == "refuse":
        with pytest.raises(UrlError) as caught:
            read_all()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500
        assert offline["connected"] == []
    elif case["expect"] == "allow":
        with pytest.raises(Touched):
            read_all()
        assert offline["connected"] == [("93.184.216.34", 443)]
    else:
        try:
            urls = URLSource(case["value"], trusted=False).list_shards()
        except UrlError:
            urls = []
        assert all("[" in url for url in urls)

    assert time.monotonic() - began < 1


def test_every_redirect_of_a_strangers_address_is_checked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hop is let through as if it were public; the second must be seen for what it is."""
    from atdata._sources.http import HttpOptions, HttpStream

    web.files["/secret"] = b"secret"
    allowed = web.url("/start")
    real = addresses.check_untrusted
    monkeypatch.setattr(addresses, "check_untrusted", lambda url, **k: url if url == allowed else real(url, **k))
    monkeypatch.setattr(addresses, "check_peer", lambda *_: None)
    for target in ("/secret", "file:///etc/passwd", "pipe:id", "//127.0.0.1/x", "https://127.0.0.1/x", "gopher://x/"):
        web.redirects["/start"] = target
        with pytest.raises(UrlError):
            HttpStream(allowed, HttpOptions(trusted=False, pause=0)).read(1)

    assert [path for path, _ in web.asked] == ["/start"] * 6


def test_a_private_address_is_refused_when_the_connection_is_made(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    from atdata._sources.http import HttpOptions, HttpStream

    web.files["/x"] = b"secret"
    monkeypatch.setattr(addresses, "check_untrusted", lambda url, **_: url)

    with pytest.raises(UrlError, match="resolves to an address that is not public"):
        HttpStream(web.url("/x"), HttpOptions(trusted=False, pause=0)).read(1)

    assert web.asked == []


def test_a_strangers_address_is_never_given_to_fsspec(offline: dict[str, Any]) -> None:
    url = "https://example.com/a.tar"

    with pytest.raises(Touched):
        URLSource(url, trusted=False, storage_options={}).open_shard(url).read(1)
    assert offline["connected"] == [("93.184.216.34", 443)]


def test_a_strangers_files_are_never_globbed() -> None:
    assert URLSource("https://example.com/*.tar", trusted=False).list_shards() == ["https://example.com/*.tar"]


def test_importing_atdata_loads_no_opener() -> None:
    code = (
        "import sys, atdata; atdata.URLSource('a-{0..3}.tar').list_shards(); "
        "print([n for n in ('urllib.request', 'http.client', 'ssl', 'fsspec', 'boto3', 'socket', 'numpy') "
        "if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip() == "[]"
