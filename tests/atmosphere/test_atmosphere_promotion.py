"""Promotion on a real server: planned, carried out, interrupted, run again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pds_server import Account, Pds

import atdata
from atdata.atmosphere import AtmosphereClient, AtmosphereIndex, PDSBlobStore, public_index, using_network
from atdata.local import DiskDataStore, Index, LocalDatasetEntry
from atdata.promote import PromotionPlan, _find_existing_schema, promote_to_atmosphere
from atdata_lexicon.cid import cid_for_bytes

HERE = Path(__file__).parent


@atdata.packable
class Reading:
    values: NDArray[np.float32]
    sensor: str


@atdata.packable
class Place:
    latitude: float


@atdata.packable
class Report:
    text: str
    where: Place
    also: list[Place]


def shards(folder: Path) -> Any:
    with atdata.ShardWriter[Reading](folder / "r-%03d.tar", maxcount=10) as writer:
        for n in range(25):
            writer.write(Reading(values=np.arange(n, dtype=np.float32), sensor=f"s{n}"))
    return atdata.Dataset[Reading](f"{folder}/r-{{000..002}}.tar")


@pytest.fixture
def team(tmp_path: Path) -> Index:
    index = Index(path=tmp_path / "team.db")
    index.insert_dataset(
        shards(tmp_path),
        name="readings",
        metadata={"lab": 302, "rate": 0.5},
        description="d",
        tags=["a"],
        license="MIT",
    )
    return index


def entry_of(team: Index) -> LocalDatasetEntry:
    return team.get_dataset("readings")


def test_everything_that_is_known_of_an_entry_is_carried_over(team: Index, client: Any, tmp_path: Path) -> None:
    entry = entry_of(team)
    before = entry.cid
    uri = promote_to_atmosphere(entry, team, client)

    found = AtmosphereIndex(client).get_dataset(uri)
    assert (found.name, found.description, found.tags, found.license) == ("readings", "d", ["a"], "MIT")
    assert found.metadata == {"lab": 302, "rate": 0.5}
    assert found.data_urls == entry.data_urls
    assert AtmosphereIndex(client).get_schema(found.schema_ref)["fields"] == team.get_schema(entry.schema_ref)["fields"]
    assert (entry.cid, team.get_dataset("readings").cid) == (before, before)


def test_what_is_given_goes_before_what_the_entry_says(team: Index, client: Any) -> None:
    uri = promote_to_atmosphere(
        entry_of(team),
        team,
        client,
        name="v2",
        description="new",
        tags=["x", "y"],
        license="CC0-1.0",
        metadata={"n": 1},
    )
    found = AtmosphereIndex(client).get_dataset(uri)

    assert (found.name, found.description, found.tags, found.license) == ("v2", "new", ["x", "y"], "CC0-1.0")
    assert found.metadata == {"n": 1}


def test_others_read_what_was_promoted_with_its_data(
    team: Index, client: Any, someone: Account, pds: Pds, tmp_path: Path
) -> None:
    promote_to_atmosphere(entry_of(team), team, client, data_store=PDSBlobStore(client))

    with using_network(pds.network):
        (entry,) = public_index(someone.handle, verify=True).list_datasets()
        files = [path.read_bytes() for path in sorted(tmp_path.glob("r-*.tar"))]
        assert [url.rpartition("/")[2] for url in entry.data_urls] == [cid_for_bytes(data) for data in files]
        loaded = atdata.load_dataset(f"@{someone.handle}/readings", split="train")
        assert [s.sensor for s in loaded.ordered()] == [f"s{n}" for n in range(25)]


def test_data_may_be_copied_to_any_store(team: Index, client: Any, tmp_path: Path) -> None:
    store = DiskDataStore(tmp_path / "public")
    uri = promote_to_atmosphere(entry_of(team), team, client, data_store=store)

    found = AtmosphereIndex(client).get_dataset(uri)
    assert all("public" in url for url in found.data_urls)
    assert sum(1 for url in found.data_urls for _ in atdata.Dataset[Reading](url).ordered()) == 25
    assert promote_to_atmosphere(entry_of(team), team, client, data_store=store) == uri
    assert AtmosphereIndex(client).get_dataset(uri) == found


def test_a_plan_changes_nothing_and_says_everything(team: Index, client: Any) -> None:
    store = PDSBlobStore(client)
    plan = promote_to_atmosphere(entry_of(team), team, client, data_store=store, dry_run=True)

    assert isinstance(plan, PromotionPlan)
    assert (plan.action, plan.data, [step.action for step in plan.schemas], plan.changes) == (
        "create", "copy", ["publish"], True,
    )  # fmt: skip
    assert "Reading 1.0.0" in str(plan)
    assert plan.uri in str(plan)
    index = AtmosphereIndex(client)
    assert (index.list_datasets(), index.list_schemas()) == ([], [])
    assert promote_to_atmosphere(entry_of(team), team, client, data_store=store) == plan.uri
    after = promote_to_atmosphere(entry_of(team), team, client, data_store=store, dry_run=True)
    assert (after.action, after.data, [step.action for step in after.schemas], after.changes) == (
        "reuse", "reuse", ["reuse"], False,
    )  # fmt: skip
    assert [step.uri for step in after.schemas] == [step.uri for step in plan.schemas]


def test_a_plan_warns_of_data_that_nobody_else_can_read(team: Index, client: Any) -> None:
    plan = promote_to_atmosphere(entry_of(team), team, client, dry_run=True)

    assert "others may not be able to read" in str(plan)
    public = LocalDatasetEntry(
        name="p", schema_ref=entry_of(team).schema_ref, data_urls=["https://data.example.org/{a,b}.tar"]
    )
    assert promote_to_atmosphere(public, team, client, dry_run=True).notes == ()


def test_running_it_again_changes_nothing_or_what_was_asked_for(team: Index, client: Any) -> None:
    index = AtmosphereIndex(client)
    uri = promote_to_atmosphere(entry_of(team), team, client)
    cid = index.get_dataset(uri).cid

    assert promote_to_atmosphere(entry_of(team), team, client) == uri
    assert index.get_dataset(uri).cid == cid
    assert promote_to_atmosphere(entry_of(team), team, client, description="better", tags=[]) == uri
    found = index.get_dataset(uri)
    assert (found.description, found.tags, found.license) == ("better", [], "MIT")
    assert found.created_at == index.get_dataset(uri).created_at
    store = PDSBlobStore(client)
    assert promote_to_atmosphere(entry_of(team), team, client, data_store=store) == uri
    assert index.get_dataset(uri).storage_type == "blobs"
    assert (len(index.list_datasets()), len(index.list_schemas())) == (1, 1)


def test_one_schema_serves_many_datasets(team: Index, client: Any, tmp_path: Path) -> None:
    other = team.add_entry(atdata.Dataset[Reading](f"{tmp_path}/r-000.tar"), name="fewer")
    assert _find_existing_schema(client, "Reading", "1.0.0") is None

    for entry in (entry_of(team), other):
        promote_to_atmosphere(entry, team, client)

    index = AtmosphereIndex(client)
    (schema,) = index.list_schemas()
    assert {entry.schema_ref for entry in index.list_datasets()} == {schema["$ref"]}
    assert _find_existing_schema(client, "Reading", "1.0.0") == schema["$ref"]
    assert _find_existing_schema(client, "Reading", "2.0.0") is None


def test_a_schema_of_the_same_name_and_version_with_other_fields_is_refused(team: Index, client: Any) -> None:
    @atdata.packable
    class Other:
        values: int

    Other.__name__ = "Reading"
    AtmosphereIndex(client).publish_schema(Other, version="1.0.0")

    with pytest.raises(ValueError, match="published with other fields"):
        promote_to_atmosphere(entry_of(team), team, client, data_store=PDSBlobStore(client))
    assert AtmosphereIndex(client).list_datasets() == []


def test_nested_schemas_go_along(client: Any, someone: Account, pds: Pds, tmp_path: Path) -> None:
    team = Index(path=":memory:")
    atdata.write([Report(text="a", where=Place(latitude=1.5), also=[])], tmp_path / "reports.tar")
    entry = team.insert_dataset(atdata.Dataset[Report](f"{tmp_path}/reports.tar"), name="reports")
    promote_to_atmosphere(entry, team, client, data_store=PDSBlobStore(client))
    assert promote_to_atmosphere(entry, team, client, data_store=PDSBlobStore(client), dry_run=True).changes is False

    with using_network(pds.network):
        index = public_index(someone.handle)
        assert sorted(schema["name"] for schema in index.list_schemas()) == ["Place", "Report"]
        (report,) = atdata.load_dataset(f"@{someone.handle}/reports", split="train").ordered()
    assert (report.text, report.where.latitude) == ("a", 1.5)
    # What a class of the same fields publishes is the very schema that was promoted.
    AtmosphereIndex(client).publish_schema(Report, version="1.0.0")
    assert len(AtmosphereIndex(client).list_schemas()) == 2


def test_what_cannot_be_promoted_is_said_before_anything_is_done(team: Index, client: Any, pds: Pds) -> None:
    nothing = LocalDatasetEntry(name="n", schema_ref=entry_of(team).schema_ref, data_urls=[])
    unknown = LocalDatasetEntry(name="n", schema_ref="atdata://local/sampleSchema/No@1.0.0", data_urls=["a.tar"])
    with pytest.raises(ValueError, match="has no data URLs"):
        promote_to_atmosphere(nothing, team, client)
    with pytest.raises(KeyError, match="No"):
        promote_to_atmosphere(unknown, team, client)
    with pytest.raises(ValueError, match="Not authenticated"):
        promote_to_atmosphere(entry_of(team), team, AtmosphereClient(pds.url, network=pds.network))
    with pytest.raises(ValueError, match="tags"):
        promote_to_atmosphere(entry_of(team), team, client, tags=["t" * 1000])
    missing = team.add_entry(atdata.Dataset[Reading]("gone.tar"), name="gone")
    with pytest.raises(FileNotFoundError):
        promote_to_atmosphere(missing, team, client, data_store=PDSBlobStore(client))
    assert AtmosphereIndex(client).list_datasets() == []


def test_two_promotions_at_one_time_leave_one_of_each(team: Index, pds: Pds, someone: Account, client: Any) -> None:
    entry = entry_of(team)
    done: list[Any] = []

    def promote() -> None:
        with AtmosphereClient(pds.url, network=pds.network) as own:
            own.login_with_session(someone.session)
            try:
                done.append(promote_to_atmosphere(entry, team, own, data_store=PDSBlobStore(own)))
            except Exception as error:
                done.append(error)

    threads = [threading.Thread(target=promote) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [value for value in done if isinstance(value, Exception)] == []
    assert len(set(done)) == 1
    index = AtmosphereIndex(client)
    assert (len(index.list_datasets()), len(index.list_schemas())) == (1, 1)


@pytest.mark.parametrize("copy", ["copy", "keep"])
def test_a_promotion_killed_at_any_step_and_run_again_leaves_one_of_each(
    pds: Pds, someone: Account, tmp_path: Path, copy: str
) -> None:
    shards(tmp_path)
    command = [sys.executable, HERE / "promotion_steps.py", pds.url, pds.plc, someone.session, tmp_path, copy]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines()]

    last = 5 if copy == "copy" else 2
    assert [(step["step"], step["killed"]) for step in steps] == [
        (n, n <= last) for n in range(1, last + 2) for _ in (0, 1)
    ]
    for step in steps:
        assert (step["datasets"], step["schemas"], step["same"]) == (1, 1, True), step
        assert step["samples"] == (25 if copy == "copy" else 0), step
        whole = step["step"] > last or (step["step"] == last and not step["before"])
        assert step["between"] == int(whole), step
