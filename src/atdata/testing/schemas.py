"""The half of an index's contract that is about schemas."""

from __future__ import annotations

from atdata._index.index import Index
from atdata.testing.checks import raises
from atdata.testing.classes import Box, Photo, made

__all__ = ["SchemaContract"]


class SchemaContract:
    """Tests of publishing, finding and decoding schemas."""

    def test_a_schema_is_published_once_under_each_version(self, index: Index) -> None:
        ref = index.publish_schema(Box, version="1.2.0")

        assert ref == "atdata://local/sampleSchema/Box@1.2.0"
        before = index.get_schema(ref)
        assert index.publish_schema(Box, version="1.2.0", description="in other words") == ref
        assert index.get_schema(ref) == before
        with raises(ValueError, match="never changes"):
            index.publish_schema(made("Box", x=str), version="1.2.0")
        assert len(index.list_schemas()) == 1

    def test_without_a_version_the_next_one_is_taken(self, index: Index) -> None:
        refs = [index.publish_schema(Box) for _ in range(2)]
        refs += [index.publish_schema(Box, version=v) for v in ("1.10.0", "2.0.0", "1.9.0")]
        refs.append(index.publish_schema(Box))

        versions = [ref.rpartition("@")[2] for ref in refs]
        assert versions == ["1.0.0", "1.0.1", "1.10.0", "2.0.0", "1.9.0", "2.0.1"]
        assert index.get_schema("atdata://local/sampleSchema/Box")["version"] == "2.0.1"
        listed = [schema["version"] for schema in index.list_schemas()]
        assert listed == ["1.0.0", "1.0.1", "1.9.0", "1.10.0", "2.0.0", "2.0.1"]

    def test_what_is_no_version_is_refused(self, index: Index) -> None:
        for version in ("1", "1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0\n", "\u0661.0.0"):
            with raises(ValueError, match="no version"):
                index.publish_schema(Box, version=version)
        assert index.list_schemas() == []

    def test_what_is_no_sample_class_is_refused(self, index: Index) -> None:
        for wrong in (type("Plain", (), {}), Box(x=1.0, y=2.0), "Box"):
            with raises(TypeError):
                index.publish_schema(wrong)  # type: ignore[arg-type]  # that is the point
        with raises(TypeError, match="Unsupported type"):
            index.publish_schema(made("Loose", extra=dict))

    def test_a_record_has_the_fields_of_the_class_and_its_address(self, index: Index) -> None:
        ref = index.publish_schema(Photo, metadata={"quality": 0.5})
        record = index.get_schema(ref)

        assert record["$ref"] == ref
        assert record["$type"] == "ac.foundation.dataset.sampleSchema"
        assert record["description"] == "A picture with a label."
        assert [field["name"] for field in record["fields"]] == ["image", "label", "boxes", "embedding", "source"]
        assert record["fields"][0]["fieldType"]["shape"] == ["h", "w", "3"]
        assert record["fields"][1]["labels"] == ["cat", "dog"]
        assert record["fields"][2]["fieldType"]["items"]["ref"] == "atdata://local/sampleSchema/Box@1.0.0"
        assert [field["optional"] for field in record["fields"]] == [False, False, False, True, False]
        typed = index.get_schema_record(ref)
        assert (typed.name, typed.version, typed.ref) == ("Photo", "1.0.0", ref)
        assert typed.metadata == {"quality": 0.5}
        assert typed.to_dict() == record

    def test_a_reference_that_leads_nowhere_is_a_key_error_and_a_malformed_one_a_value_error(
        self, index: Index
    ) -> None:
        index.publish_schema(Box)
        for ref in (
            "atdata://local/sampleSchema/Box@9.0.0",
            "atdata://local/sampleSchema/Bax",
            "local://schemas/B@1.0.0",
        ):
            with raises(KeyError):
                index.get_schema(ref)
            with raises(KeyError):
                index.decode_schema(ref)
        for ref in ("", "Box", "atdata://local/Box", "atdata://local/sampleSchema/Box@1", "local://Box@1.0.0"):
            with raises(ValueError):
                index.get_schema(ref)

    def test_the_legacy_address_means_the_same_schema(self, index: Index) -> None:
        ref = index.publish_schema(Box)

        for legacy in ("local://schemas/Box@1.0.0", "local://schemas/some.module.Box@1.0.0"):
            assert index.get_schema(legacy) == index.get_schema(ref)
            assert index.decode_schema(legacy) is index.decode_schema(ref)

    def test_a_decoded_class_packs_what_the_original_packs(self, index: Index) -> None:
        import numpy as np

        ref = index.publish_schema(Photo)
        decoded = index.decode_schema(ref)
        photo = Photo(image=np.zeros((2, 2, 3), np.uint8), label=1, boxes=[Box(x=1.0, y=2.0)])

        assert decoded is index.decode_schema(ref)
        assert decoded is index.decode_schema("atdata://local/sampleSchema/Photo")
        assert index.decode_schema_as(ref, Photo) is index.decode_schema(ref)
        packed: bytes = getattr(photo, "packed")  # noqa: B009  # the decorator gives it
        found = decoded.from_bytes(packed)
        assert (found.label, found.boxes[0].y, found.source, found.embedding) == (1, 2.0, "web", None)
        found.validate()

    def test_a_decoded_class_can_be_published_and_is_the_same_schema(self, index: Index) -> None:
        ref = index.publish_schema(Photo)

        assert index.publish_schema(index.decode_schema(ref), version="1.0.0") == ref

    def test_loaded_types_are_attributes(self, index: Index) -> None:
        ref = index.publish_schema(Box)
        assert len(index.types) == 0

        assert index.load_schema(ref) is index.types.Box is index.decode_schema(ref)
        assert list(index.types) == ["Box"]
        assert "Box" in index.types
        assert "Photo" not in index.types
        with raises(AttributeError, match="load_schema"):
            _ = index.types.Photo
