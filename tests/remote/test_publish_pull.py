"""Schemas go to a real server and come back, and nothing goes or comes that should not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.remote.lock import Lock, lock_bytes, parse_lock

LEXICON = "com.atproto.lexicon.schema"
SAMPLE = "ac.foundation.dataset.sampleSchema"
Make = Callable[..., dict[str, Any]]


def test_lexicons_and_samples_go_out_and_come_back_as_they_were(workshop: Any, make_sample: Make) -> None:
    entry = workshop.lexicon(x={"type": "ref", "ref": f"{workshop.namespace}.part"})
    workshop.write("lexicons/entry.json", entry)
    workshop.write("lexicons/part.json", workshop.lexicon("part"))
    workshop.write("lexicons/image.json", make_sample("Image", "1.0.0", "x"))
    done = workshop.publish()

    assert done.status == 0, done.err
    assert "3 to publish, 0 unchanged" in done.out
    assert workshop.publish().out == "0 to publish, 3 unchanged\n"

    shutil.rmtree(workshop.folder / "lexicons")
    done = workshop.run("pull", entry["id"], f"at://{workshop.someone.did}/{SAMPLE}/Image:1.0.0")
    assert done.status == 0, done.err
    assert done.out.splitlines()[-1] == "3 new, 0 updated, 0 unchanged; written", "the Lexicon it refers to came too"
    path = workshop.folder / "lexicons" / "com" / "example" / workshop.domain.split(".")[0] / "entry.json"
    assert json.loads(path.read_text()) == {**entry, "$type": LEXICON}
    (image,) = (workshop.folder / "lexicons" / "samples").iterdir()
    assert image.name.startswith("Image_1_0_0.")
    assert json.loads(image.read_text())["fields"] == make_sample("Image", "1.0.0", "x")["fields"]


def test_the_lock_file_is_the_one_that_other_tools_share(workshop: Any) -> None:
    workshop.write("lexicons/entry.json", workshop.lexicon())
    workshop.publish()
    shutil.rmtree(workshop.folder / "lexicons")
    nsid = workshop.lexicon()["id"]
    workshop.run("pull", nsid)
    text = (workshop.folder / "lexicons.json").read_bytes()
    found = json.loads(text)

    assert list(found) == ["version", "lexicons", "resolutions"]
    assert found["version"] == 1
    assert found["lexicons"] == [nsid]
    assert found["resolutions"][nsid]["uri"] == f"at://{workshop.someone.did}/{LEXICON}/{nsid}"
    assert text == json.dumps(found, indent=2).encode()
    assert not (workshop.folder / "samples.json").exists()


def test_tokens_and_permissions_that_are_mentioned_come_too_where_they_can_be_had(workshop: Any) -> None:
    names = [f"{workshop.namespace}.token#a", "com.example.nowhere.token#b", "plain"]
    workshop.write("own/entry.json", workshop.lexicon(x={"type": "string", "knownValues": names}))
    token = {"lexicon": 1, "id": f"{workshop.namespace}.token", "defs": {"a": {"type": "token"}}}
    workshop.write("own/token.json", token)
    assert workshop.publish("own").status == 0
    nowhere = ("--authority", "nowhere.example.com=did:plc:abcdefghijklmnopqrstuvwx")
    done = workshop.run("pull", workshop.lexicon()["id"], *nowhere)

    assert done.status == 0, done.err
    assert "warning" in done.err
    assert "2 new" in done.out
    lock = json.loads((workshop.folder / "lexicons.json").read_text())
    assert list(lock["resolutions"]) == [workshop.lexicon()["id"], token["id"]]
    assert workshop.run("pull", "--locked").status == 0


def test_the_schemas_that_a_sample_schema_holds_come_with_it(workshop: Any, make_sample: Make) -> None:
    from atdata_codegen.cli import main

    kind = {"$type": "ac.foundation.dataset.schemaType#ref", "ref": "atdata://local/sampleSchema/Box@1.0.0"}
    scene = make_sample("Scene", "1.0.0", "x")
    scene["fields"].append({"name": "box", "fieldType": kind})
    workshop.write("own/scene.json", scene)
    for version in ("1.0.0", "1.0.1"):
        workshop.write(f"own/box{version}.json", make_sample("Box", version, "x"))
    assert workshop.publish("own").status == 0
    done = workshop.run("pull", f"at://{workshop.someone.did}/{SAMPLE}/Scene:1.0.0", "--json")

    assert json.loads(done.out)["new"] == ["sample:Box@1.0.0", "sample:Scene@1.0.0"]
    assert main(["lexicons", "-o", "generated", "-q"]) == 0
    assert (workshop.folder / "generated" / "samples" / "Scene_1_0_0.py").exists()
    assert workshop.run("pull", "--locked").status == 0
    box = next((workshop.folder / "lexicons").rglob("Box*"))
    box.unlink()
    assert workshop.run("pull", "--locked").status == 0
    assert box.exists()


def test_locked_brings_exactly_what_is_locked_or_fails(workshop: Any) -> None:
    workshop.write("own/entry.json", workshop.lexicon(x={"type": "string"}))
    workshop.publish("own")
    nsid = workshop.lexicon()["id"]
    workshop.run("pull", nsid)
    lock = (workshop.folder / "lexicons.json").read_bytes()
    shutil.rmtree(workshop.folder / "lexicons")

    assert workshop.run("pull", "--locked").status == 0
    assert workshop.run("pull", "--locked").out == "0 new, 0 updated, 1 unchanged; nothing was written\n"
    assert workshop.run("pull", "--locked", f"{workshop.namespace}.other").status == 2

    workshop.write("own/entry.json", workshop.lexicon(x={"type": "string"}, y={"type": "string"}))
    workshop.publish("own")
    shutil.rmtree(workshop.folder / "lexicons")
    done = workshop.run("pull", "--locked")
    assert done.status == 2
    assert "is locked" in done.err
    assert (workshop.folder / "lexicons.json").read_bytes() == lock
    assert workshop.run("pull", "--update").status == 0
    assert (workshop.folder / "lexicons.json").read_bytes() != lock


def test_a_file_that_was_changed_here_is_not_replaced(workshop: Any) -> None:
    workshop.write("own/entry.json", workshop.lexicon(x={"type": "string"}))
    workshop.publish("own")
    nsid = workshop.lexicon()["id"]
    mine = workshop.write("lexicons/mine.json", workshop.lexicon(z={"type": "boolean"}))
    before = mine.read_bytes()
    done = workshop.run("pull", nsid)

    assert done.status == 1
    assert "was changed, or is your own" in done.err
    assert mine.read_bytes() == before
    assert not (workshop.folder / "lexicons.json").exists()
    assert workshop.run("pull", nsid, "--force").status == 0
    assert json.loads(mine.read_bytes())["$type"] == LEXICON


def test_a_whole_repository_and_a_group_can_be_pulled(workshop: Any, make_sample: Make) -> None:
    for name in ("a", "b"):
        workshop.write(f"own/{name}.json", workshop.lexicon(name))
    workshop.write("own/deep.json", {**workshop.lexicon(), "id": f"{workshop.namespace}.deep.c"})
    workshop.write("own/image.json", make_sample("Image", "1.0.0", "x"))
    assert workshop.publish("own", "--skip-dns-check").status == 0

    done = workshop.run("pull", f"{workshop.namespace}.*", "-d", "group", "--json")
    assert json.loads(done.out)["new"] == [f"{workshop.namespace}.a", f"{workshop.namespace}.b"]
    done = workshop.run(
        "pull", "--repo", workshop.someone.handle, "--service", workshop.pds.url, "--json", "-d", "x/all"
    )
    assert len(json.loads(done.out)["new"]) == 4
    assert json.loads((workshop.folder / "x" / "samples.json").read_text())["samples"] == ["sample:Image@1.0.0"]


def test_a_break_is_refused_until_it_is_allowed_by_name_and_with_a_reason(workshop: Any) -> None:
    workshop.write("lexicons/entry.json", workshop.lexicon(x={"type": "string"}))
    workshop.publish()
    workshop.write("lexicons/entry.json", workshop.lexicon(required=("y",), y={"type": "string"}))
    done = workshop.publish("--json")
    found = json.loads(done.out)

    assert done.status == 1
    assert found["allowed"] is False
    assert not any(record["published"] for record in found["records"])
    errors = [finding for finding in found["review"]["findings"] if finding["level"] == "error"]
    assert errors
    assert workshop.publish("--allow-breaking", errors[0]["rule"]).status == 2, "no reason"
    assert workshop.publish("--allow-breaking", "LEX999", "--reason", "x").status == 1
    allowed = [word for finding in errors for word in ("--allow-breaking", finding["fingerprint"])]
    assert workshop.publish(*allowed, "--reason", "nobody has written one").status == 0


def test_a_published_version_of_a_sample_schema_never_changes(workshop: Any, make_sample: Make) -> None:
    workshop.write("lexicons/image.json", make_sample("Image", "1.0.0", "x"))
    assert workshop.publish().status == 0
    workshop.write("lexicons/image.json", make_sample("Image", "1.0.0", "x", "y"))
    done = workshop.publish("--allow-breaking", "SMP50", "--reason", "x")

    assert done.status == 1
    assert "never changes" in done.err


def test_a_dry_run_changes_nothing(workshop: Any) -> None:
    workshop.write("lexicons/entry.json", workshop.lexicon())
    assert workshop.publish("--dry-run").status == 0
    done = workshop.run("pull", workshop.lexicon()["id"], "-d", "other")

    assert done.status == 2
    assert "is not there" in done.err


def test_a_wrong_password_is_said_so_and_not_shown(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.write("lexicons/entry.json", workshop.lexicon())
    monkeypatch.setenv("ATDATA_APP_PASSWORD", "verysecret")
    done = workshop.publish()

    assert done.status == 2
    assert "refuses the password" in done.err
    assert "verysecret" not in done.out + done.err


def test_without_a_terminal_nothing_is_published_unasked(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    workshop.write("lexicons/entry.json", workshop.lexicon())
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    done = workshop.run("publish", "--repo", workshop.someone.did)

    assert done.status == 2
    assert "--yes" in done.err


def test_somebody_elses_namespace_is_not_published_by_accident(workshop: Any) -> None:
    workshop.write("lexicons/entry.json", {**workshop.lexicon(), "id": "com.example.elsewhere.entry"})
    done = workshop.run(
        "publish",
        "--repo",
        workshop.someone.did,
        "--yes",
        "--authority",
        "elsewhere.example.com=did:plc:abcdefghijklmnop",
    )

    assert done.status == 1
    assert "_lexicon.elsewhere.example.com" in done.err


@pytest.mark.parametrize(
    ("collection", "rkey", "record", "says"),
    [
        (SAMPLE, "evil", {"name": "../../evil", "version": "1.0.0", "fields": []}, r"\$.name"),
        (SAMPLE, "evil", {"name": "A", "version": "1.0.0\nimport os", "fields": []}, r"\$.version"),
        (
            SAMPLE,
            "evil",
            {"name": "Self", "version": "1.0.0", "fields": [{"name": "__class__", "fieldType": 1}]},
            "fields",
        ),
        (
            LEXICON,
            "com.example.x",
            {"lexicon": 1, "id": "com.example.y", "defs": {"main": {"type": "token"}}},
            "of another",
        ),
        (LEXICON, "com.example.x", {"lexicon": 1, "id": "com.example.x", "defs": {}}, "defs"),
    ],
)
def test_a_hostile_record_is_refused_before_a_byte_is_written(
    workshop: Any, collection: str, rkey: str, record: dict[str, Any], says: str
) -> None:
    import re

    workshop.put(collection, rkey, {"$type": collection, **record})
    before = sorted(str(path) for path in workshop.folder.rglob("*"))
    done = workshop.run("pull", f"at://{workshop.someone.did}/{collection}/{rkey}")

    assert done.status == 2
    assert re.search(says, done.err)
    assert "Traceback" not in done.err
    assert sorted(str(path) for path in workshop.folder.rglob("*")) == before


def test_a_link_in_the_way_is_not_followed(workshop: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    workshop.write("own/entry.json", workshop.lexicon())
    workshop.publish("own")
    (workshop.folder / "lexicons").mkdir()
    (workshop.folder / "lexicons" / "com").symlink_to(outside)
    done = workshop.run("pull", workshop.lexicon()["id"])

    assert done.status == 2
    assert "is a link" in done.err
    assert list(outside.rglob("*")) == []


def test_a_server_on_a_private_address_is_asked_only_when_named(workshop: Any) -> None:
    from atdata_codegen.cli import main

    assert main(["pull", "--repo", workshop.someone.did, "--plc", workshop.pds.plc]) == 2


def test_a_lock_file_that_never_ends_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "lexicons.json")
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "atdata_codegen.cli", "pull"]

    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 2


_CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"


@pytest.mark.parametrize(
    "value",
    [
        {"version": 2, "lexicons": [], "resolutions": {}},
        {"version": 1, "lexicons": ["../x"], "resolutions": {}},
        {"version": 1, "lexicons": [], "resolutions": {"com.example.x": {"uri": "http://x", "cid": "x"}}},
        {"version": 1, "lexicons": [], "resolutions": {"com.example.x": {"uri": "at://a.test", "cid": _CID}}},
        {"version": 1, "lexicons": 1, "resolutions": []},
        [],
    ],
)
def test_a_damaged_lock_file_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"lexicons\.json"):
        parse_lock(value, "lexicons", "lexicons.json")


def test_a_lock_file_comes_back_as_it_was_written() -> None:
    cid = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
    value = {
        "version": 1,
        "lexicons": ["com.example.a"],
        "resolutions": {
            "com.example.a": {"uri": "at://did:plc:abc/com.atproto.lexicon.schema/com.example.a", "cid": cid}
        },
    }
    lock = parse_lock(value, "lexicons", "x")

    assert json.loads(lock_bytes(lock, "lexicons")) == value
    assert lock_bytes(Lock(), "samples") == b'{\n  "version": 1,\n  "samples": [],\n  "resolutions": {}\n}'


def test_what_is_published_is_a_side_of_a_comparison(workshop: Any, make_sample: Make) -> None:
    from atdata_codegen.inputs import load_documents
    from atdata_codegen.remote.network import Network

    workshop.write("lexicons/entry.json", workshop.lexicon(x={"type": "string"}))
    for version in ("1.0.0", "1.1.0"):
        workshop.write(f"lexicons/{version}.json", make_sample("Image", version, "x"))
    workshop.publish()
    network = Network(workshop.pds.plc, frozenset({workshop.pds.plc, workshop.pds.url}))
    nsid, did = workshop.lexicon()["id"], workshop.someone.did

    def keys(spec: str) -> list[str]:
        return sorted(load_documents(spec, network=network).items)

    assert keys(f"at://{did}/{LEXICON}/{nsid}") == [nsid]
    assert keys(f"at://{did}") == [nsid, "sample:Image@1.0.0", "sample:Image@1.1.0"]
    assert keys(f"atdata://{did}/sampleSchema/Image") == ["sample:Image@1.0.0", "sample:Image@1.1.0"]
    found = load_documents(f"atdata://{did}/sampleSchema/Image@1.1.0", network=network)
    assert list(found.items) == list(found.locked) == ["sample:Image@1.1.0"]


def test_a_lock_file_is_what_was_published_when_it_was_written(workshop: Any) -> None:
    from atdata_codegen.inputs import load_documents
    from atdata_codegen.problems import ProblemError
    from atdata_codegen.remote.network import Network

    workshop.write("own/entry.json", workshop.lexicon(x={"type": "string"}))
    workshop.publish("own")
    nsid = workshop.lexicon()["id"]
    workshop.run("pull", nsid)
    network = Network(workshop.pds.plc, frozenset({workshop.pds.plc, workshop.pds.url}))
    (file,) = (workshop.folder / "lexicons").rglob("*.json")
    text = file.read_text()
    file.write_text(text.replace("string", "integer"))

    assert '"string"' in load_documents("lexicons.json", network=network).items[nsid].source.raw.decode()
    workshop.write("own/entry.json", workshop.lexicon(x={"type": "string"}, y={"type": "string"}))
    workshop.publish("own")
    with pytest.raises(ProblemError, match="what is published"):
        load_documents("lexicons.json", network=network)
    file.write_text(text)
    assert nsid in load_documents("lexicons.json", network=network).locked


def test_a_new_major_version_asks_for_a_lens_before_it_is_published(workshop: Any, make_sample: Make) -> None:
    workshop.write("lexicons/one.json", make_sample("Image", "1.0.0", "x"))
    assert workshop.publish().status == 0
    workshop.write("lexicons/two.json", make_sample("Image", "2.0.0", "x", "y"))
    done = workshop.publish()
    assert done.status == 1
    assert "lens" in done.err

    schema = "atdata://local/sampleSchema/Image@"
    rules = [{"target": "x", "source": "x"}, {"target": "y", "default": "0"}]
    mapping = {"$type": "ac.foundation.dataset.lens#fieldMapping", "rules": rules}
    lens = {"$type": "ac.foundation.dataset.lens", "name": "image_1_to_2", "mapping": mapping}
    workshop.write("lexicons/lens.json", {**lens, "sourceSchema": f"{schema}1.0.0", "targetSchema": f"{schema}2.0.0"})
    done = workshop.publish()
    assert done.status == 0, done.err
    assert "2 to publish, 1 unchanged" in done.out


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(workshop: Any) -> None:
    from atdata_codegen.inputs import load_documents
    from atdata_codegen.problems import ProblemError
    from atdata_codegen.remote.identity import account_of
    from atdata_codegen.remote.network import Network
    from atdata_codegen.remote.publish import plan_publication, publish
    from atdata_codegen.remote.session import log_in
    from atdata_codegen.review.settings import ReviewSettings

    nsid = workshop.lexicon()["id"]
    named = frozenset({workshop.pds.plc, workshop.pds.url})
    network = Network(workshop.pds.plc, named, authorities={workshop.domain: workshop.someone.did})
    account = account_of(workshop.someone.did, network)
    session = log_in(account, workshop.someone.password, network)

    def plan(**properties: Any) -> Any:
        workshop.write("lexicons/entry.json", workshop.lexicon(**properties))
        now = "2026-01-31T12:00:00.000Z"
        return plan_publication(load_documents("lexicons"), account, network, ReviewSettings(), now=now)

    first = plan(x={"type": "string"})
    workshop.put(LEXICON, nsid, {"$type": LEXICON, **workshop.lexicon(other={"type": "string"})})
    with pytest.raises(ProblemError, match="by somebody else meanwhile"):
        publish(first, session, network)
    second = plan(other={"type": "string"}, x={"type": "string"})
    assert [step.what for step in second.steps] == ["changed"]
    workshop.put(LEXICON, nsid, {"$type": LEXICON, **workshop.lexicon(third={"type": "string"})})
    with pytest.raises(ProblemError, match="by somebody else meanwhile"):
        publish(second, session, network)

    broken = plan(third={"type": "integer"})
    assert not broken.allowed
    with pytest.raises(ProblemError, match="breaks what is published"):
        publish(broken, session, network)
    assert publish(plan(third={"type": "string"}, x={"type": "string"}), session, network)


def test_two_runs_at_once_lose_nothing_of_each_other(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run reads the lock file before the first one writes it, and sees that before it writes itself."""
    from atdata_codegen.commands import pull as command

    for name in ("a", "b"):
        workshop.write(f"own/{name}.json", workshop.lexicon(name))
    workshop.publish("own")
    real, calls = command.pull, []

    def slow(*arguments: Any) -> Any:
        found = real(*arguments)
        if not calls:
            calls.append(1)
            assert workshop.run("pull", f"{workshop.namespace}.b").status == 0
        return found

    monkeypatch.setattr(command, "pull", slow)
    done = workshop.run("pull", f"{workshop.namespace}.a")
    assert done.status == 2
    assert "meanwhile" in done.err
    assert workshop.run("pull", f"{workshop.namespace}.a").status == 0
    names = [f"{workshop.namespace}.{name}" for name in "ab"]
    assert json.loads((workshop.folder / "lexicons.json").read_text())["lexicons"] == names
