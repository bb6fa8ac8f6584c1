"""The half of an index's contract that is about datasets."""

from __future__ import annotations

from typing import Any

from atdata._dataset.dataset import Dataset
from atdata._index.entry import LocalDatasetEntry
from atdata._index.index import Index
from atdata.testing.checks import raises
from atdata.testing.classes import Box, Photo, dataset_of, made

__all__ = ["DatasetContract"]


class DatasetContract:
    """Tests of adding, finding and changing entries."""

    def test_an_entry_is_found_by_name_and_by_cid(self, index: Index) -> None:
        data = Dataset[Box]("data-{000000..000009}.tar")
        entry = index.add_entry(data, name="boxes", metadata={"n": 3, "rate": 0.25, "raw": b"\1", "list": [1, None]})

        assert entry.schema_ref == "atdata://local/sampleSchema/Box@1.0.0"
        assert entry.data_urls == ["data-{000000..000009}.tar"]
        assert entry.metadata == {"n": 3, "rate": 0.25, "raw": b"\1", "list": [1, None]}
        for found in (
            index.get_entry_by_name("boxes"),
            index.get_dataset("boxes"),
            index.get_dataset("@local/boxes"),
            index.get_dataset("atdata://local/dataset/boxes"),
            index.get_entry(entry.cid),
            index.list_entries()[0],
            next(index.entries),
        ):
            assert found == entry
            assert (found.cid, found.created_at) == (entry.cid, entry.created_at)
        assert index.decode_schema(entry.schema_ref).__name__ == "Box"

    def test_what_is_not_there_is_a_key_error(self, index: Index) -> None:
        for call in (index.get_dataset, index.get_entry_by_name, index.get_entry, index.delete_entry, index.get_label):
            with raises(KeyError):
                call("nothing")

    def test_a_name_points_to_what_was_written_last_and_the_old_entry_stays_under_its_cid(self, index: Index) -> None:
        old = index.add_entry(Dataset[Box]("old.tar"), name="boxes")
        new = index.add_entry(Dataset[Box]("new.tar"), name="boxes")

        assert index.get_dataset("boxes") == new
        assert index.get_entry(old.cid) == old
        assert index.all_entries == [new]

    def test_two_names_of_the_same_data_both_stay(self, index: Index) -> None:
        first = index.add_entry(Dataset[Box]("a.tar"), name="one", metadata={"by": "me"})
        second = index.add_entry(Dataset[Box]("a.tar"), name="two")

        assert first.cid == second.cid
        assert [entry.name for entry in index.list_datasets()] == ["one", "two"]
        assert index.get_entry(first.cid) == second
        index.delete_entry("two")
        assert index.get_entry(first.cid) == first
        index.delete_entry("one")
        with raises(KeyError):
            index.get_entry(first.cid)

    def test_listings_come_in_pages_and_lazily(self, index: Index) -> None:
        for i in range(7):
            index.add_entry(Dataset[Box](f"{i}.tar"), name=f"set-{i}")

        first = index.list_datasets(limit=3)
        rest = index.list_datasets(after=first[-1].name)
        assert [entry.name for entry in (*first, *rest)] == [f"set-{i}" for i in range(7)]
        assert next(index.datasets).name == "set-0"
        assert next(index.schemas)["name"] == "Box"
        assert len(index.list_schemas(limit=1)) == 1
        assert index.list_schemas(after=index.list_schemas()[0]["$ref"]) == []

    def test_inserting_without_a_store_keeps_the_urls(self, index: Index) -> None:
        entry = index.insert_dataset(Dataset[Photo]("photos.tar"), name="photos", tags=["Street"], license="CC0-1.0")

        assert entry.data_urls == ["photos.tar"]
        assert (index.get_dataset("photos").tags, entry.license) == (["Street"], "CC0-1.0")
        assert [schema["name"] for schema in index.list_schemas()] == ["Box", "Photo"]

    def test_inserting_takes_the_highest_version_with_the_same_fields(self, index: Index) -> None:
        for version in ("1.0.0", "1.5.0"):
            index.publish_schema(Box, version=version)
        index.publish_schema(made("Box", z=float), version="2.0.0")

        assert index.insert_dataset(Dataset[Box]("a.tar"), name="a").schema_ref.endswith("Box@1.5.0")
        with raises(ValueError, match=r"publish_schema\(Box, version"):
            index.insert_dataset(dataset_of(made("Box", w=int)), name="b")
        assert [entry.name for entry in index.entries] == ["a"]

    def test_a_schema_that_is_named_is_published_if_it_is_the_class(self, index: Index) -> None:
        ref = "atdata://local/sampleSchema/Box@3.0.0"

        assert index.insert_dataset(Dataset[Box]("a.tar"), name="a", schema_ref=ref).schema_ref == ref
        assert index.get_schema(ref)["version"] == "3.0.0"
        with raises(KeyError):
            index.insert_dataset(Dataset[Box]("b.tar"), name="b", schema_ref="atdata://local/sampleSchema/Cup@1.0.0")

    def test_types_without_a_schema_can_be_added_and_not_inserted(self, index: Index) -> None:
        loose = made("Loose", extra=dict)
        data = dataset_of(loose)

        with raises(TypeError, match="add_entry"):
            index.insert_dataset(data, name="loose")
        assert index.list_entries() == []
        entry = index.add_entry(data, name="loose")
        with raises(KeyError):
            index.decode_schema(entry.schema_ref)

    def test_bad_names_are_refused(self, index: Index) -> None:
        for name in ("", "a\0b", "line\nbreak", "x" * 3000):
            with raises(ValueError):
                index.add_entry(Dataset[Box]("a.tar"), name=name)
        with raises(TypeError, match=r"metadata\.model"):
            index.add_entry(Dataset[Box]("a.tar"), name="a", metadata={"model": object()})
        assert index.list_entries() == index.list_schemas() == []

    # Afterwards ----------------------------------------------------------------------------------------------

    def test_renaming_keeps_the_cid_and_takes_no_other_name(self, index: Index) -> None:
        entry = index.add_entry(Dataset[Box]("a.tar"), name="old name", metadata={"x": 1})
        other = index.add_entry(Dataset[Box]("b.tar"), name="taken")

        with raises(ValueError, match="already"):
            index.rename_entry("old name", "taken")
        renamed = index.rename_entry("old name", "new name")
        assert (renamed.cid, renamed.metadata, renamed.created_at) == (entry.cid, {"x": 1}, entry.created_at)
        assert index.get_entry(entry.cid).name == "new name"
        assert index.list_entries() == [renamed, other]
        assert [found.name for found in index.search("old")] == []
        with raises(KeyError):
            index.rename_entry("old name", "again")

    def test_search_looks_at_names_tags_and_descriptions(self, index: Index) -> None:
        index.add_entry(Dataset[Box]("1.tar"), name="street-scenes", tags=["Night", "city"])
        index.add_entry(Dataset[Box]("2.tar"), name="cats", description="Cats in the street at NIGHT", tags=["pets"])
        index.add_entry(Dataset[Box]("3.tar"), name="dogs", metadata={"description": "Dogs by day"}, tags=["pets"])

        def names(*args: Any, **kwargs: Any) -> list[str]:
            return [entry.name for entry in index.search(*args, **kwargs)]

        assert names("street") == ["cats", "street-scenes"]
        assert names("STREET nig") == ["cats", "street-scenes"]
        assert names("street scenes") == ["street-scenes"]
        assert names("dog") == ["dogs"]
        assert names(tags=["pets"]) == ["cats", "dogs"]
        assert names("night", tags=["Pets"]) == ["cats"]
        assert names("") == ["cats", "dogs", "street-scenes"]
        assert names("street", limit=1) in (["cats"], ["street-scenes"])
        index.add_entry(Dataset[Box]("2.tar"), name="cats")
        assert names("street") == ["street-scenes"]
        index.delete_entry("street-scenes")
        assert names("street") == names(tags=["city"]) == []

    def test_labels_point_to_entries_and_keep_their_history(self, index: Index) -> None:
        first = index.add_entry(Dataset[Box]("1.tar"), name="boxes", label="stable")
        second = index.add_entry(Dataset[Box]("2.tar"), name="boxes")

        assert index.get_label("stable") == first
        assert index.set_label("stable", "boxes") == 2
        assert index.set_label("stable", second) == 2
        assert index.get_label("stable") == second
        assert index.get_label("stable", 1) == first
        assert index.label_history("stable") == [first.cid, second.cid]
        assert index.list_labels() == {"stable": second.cid}
        with raises(KeyError):
            index.set_label("stable", "nothing")
        index.delete_entry("boxes")
        assert index.get_label("stable") == second
        with raises(ValueError, match="labels point"):
            index.forget_entry(second.cid)
        index.delete_label("stable")
        assert index.list_labels() == {}
        for cid in (first.cid, second.cid):
            index.forget_entry(cid)
            with raises(KeyError):
                index.get_entry(cid)

    def test_a_change_that_fails_leaves_nothing_behind(self, index: Index) -> None:
        with raises(ValueError):
            index.insert_dataset(Dataset[Box]("a.tar"), name="a", label="\n")

        assert index.list_entries() == []
        assert index.list_schemas() == []

    def test_entries_are_values(self, index: Index) -> None:
        data = {"schema_ref": "atdata://local/sampleSchema/Box@1.0.0", "data_urls": ["a.tar"]}
        entry = LocalDatasetEntry(name="a", **data)  # type: ignore[arg-type]  # by name

        assert entry == LocalDatasetEntry(_name="a", _schema_ref=entry.schema_ref, _data_urls=["a.tar"])
        assert entry.cid == LocalDatasetEntry(name="b", **data).cid  # type: ignore[arg-type]  # by name
        assert (entry.wds_url, entry.sample_kind) == ("a.tar", entry.schema_ref)
