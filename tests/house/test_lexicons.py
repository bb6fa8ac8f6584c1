"""Our own Lexicons are accepted by every parser, and the example documents hold to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atdata_lexicon.catalog import DictCatalog
from atdata_lexicon.errors import ValidationError
from atdata_lexicon.validation import validate

LEXICONS = Path(__file__).resolve().parents[2] / "lexicons"
NAMESPACE = "ac.foundation.dataset"
SCHEMA_TYPE = f"{NAMESPACE}.schemaType"

Json = dict[str, Any]

#: The keys that mean something for each type; any other key is tolerated by parsers and does nothing.
KEYS: dict[str, frozenset[str]] = {
    "record": frozenset({"key", "record"}),
    "object": frozenset({"properties", "required", "nullable"}),
    "array": frozenset({"items", "minLength", "maxLength"}),
    "string": frozenset(
        {"format", "minLength", "maxLength", "minGraphemes", "maxGraphemes", "knownValues", "enum", "default", "const"}
    ),
    "integer": frozenset({"minimum", "maximum", "enum", "default", "const"}),
    "boolean": frozenset({"default", "const"}),
    "blob": frozenset({"accept", "maxSize"}),
    "ref": frozenset({"ref"}),
    "union": frozenset({"refs", "closed"}),
    "unknown": frozenset(),
    "token": frozenset(),
}


def load(path: Path) -> Json:
    def refuse_float(text: str) -> float:
        raise ValueError(f"{path.name} holds the float {text}; records have none")

    document = json.loads(path.read_text(encoding="utf-8"), parse_float=refuse_float)
    assert isinstance(document, dict)
    return document


DOCUMENTS = {document["id"]: document for document in map(load, sorted(LEXICONS.glob("ac/**/*.json")))}
SAMPLES = {path.name: load(path) for path in sorted((LEXICONS / "samples").glob("*.json"))}
LENSES = {path.name: load(path) for path in sorted((LEXICONS / "lenses").glob("*.json"))}
BY_URI = {f"atdata://local/sampleSchema/{doc['name']}@{doc['version']}": doc for doc in SAMPLES.values()}


def schemas(nsid: str) -> Iterator[tuple[str, str, Json]]:
    """Every schema of a document with its path and what it is a part of: def, property, items or record."""

    def walk(path: str, part: str, schema: Json) -> Iterator[tuple[str, str, Json]]:
        yield path, part, schema
        for name, inner in schema.get("properties", {}).items():
            yield from walk(f"{path}.{name}", "property", inner)
        for key in ("items", "record"):
            if isinstance(schema.get(key), dict):
                yield from walk(f"{path}.{key}", key, schema[key])

    for name, definition in DOCUMENTS[nsid]["defs"].items():
        yield from walk(f"{nsid}#{name}", "def", definition)


ALL = [found for nsid in DOCUMENTS for found in schemas(nsid)]


def test_the_six_lexicons_of_the_record_layout_are_there() -> None:
    names = {"sampleSchema", "schemaType", "record", "storageExternal", "storageBlobs", "lens"}

    assert set(DOCUMENTS) == {f"{NAMESPACE}.{name}" for name in names}


@pytest.mark.parametrize("nsid", DOCUMENTS)
def test_a_lexicon_lies_in_the_folder_of_its_id(nsid: str) -> None:
    assert (LEXICONS / nsid.replace(".", "/")).with_suffix(".json").is_file()
    assert set(DOCUMENTS[nsid]) == {"lexicon", "id", "description", "defs"}
    assert DOCUMENTS[nsid]["lexicon"] == 1


def test_every_key_has_an_effect() -> None:
    wrong = [
        f"{path}: {sorted(set(schema) - KEYS[schema['type']] - {'type', 'description'})}"
        for path, _, schema in ALL
        if set(schema) - KEYS[schema["type"]] - {"type", "description"}
    ]

    assert not wrong


def test_objects_are_named_definitions() -> None:
    """TypeScript tooling refuses an object that is written inside another one."""
    inline = [path for path, part, schema in ALL if schema["type"] == "object" and part not in ("def", "record")]

    assert not inline


def test_every_definition_property_and_item_is_described() -> None:
    bare = [path for path, part, schema in ALL if part != "record" and len(schema.get("description", "")) < 10]

    assert not bare


def test_string_lengths_are_given_in_both_units() -> None:
    wrong = [
        path
        for path, _, schema in ALL
        if schema["type"] == "string" and ("maxLength" in schema) != ("maxGraphemes" in schema)
    ]
    unbounded = [
        path
        for path, _, schema in ALL
        if schema["type"] == "string" and "maxLength" not in schema and "format" not in schema
    ]

    assert not wrong
    assert not unbounded


def test_nothing_is_closed_that_may_have_to_grow() -> None:
    closed = [path for path, _, schema in ALL if schema.get("closed") or "enum" in schema or "const" in schema]

    assert not closed


def test_references_lead_to_definitions_of_ours() -> None:
    for nsid in DOCUMENTS:
        for path, _, schema in schemas(nsid):
            for ref in [schema["ref"]] if "ref" in schema else schema.get("refs", []):
                assert not ref.endswith("#main"), f"{path}: write the NSID alone"
                target, _, name = ref.partition("#")
                assert DOCUMENTS[target or nsid]["defs"][name or "main"]["type"] == "object", path


def test_required_names_are_properties() -> None:
    for path, _, schema in ALL:
        assert set(schema.get("required", [])) <= set(schema.get("properties", {})), path


@pytest.mark.parametrize(
    ("record", "required"),
    [
        ("sampleSchema", {"name", "version", "fields", "createdAt"}),
        ("record", {"name", "schemaRef", "storage", "createdAt"}),
        ("lens", {"name", "sourceSchema", "targetSchema", "createdAt"}),
    ],
)
def test_a_record_requires_no_more_than_it_needs(record: str, required: set[str]) -> None:
    """A name can never leave the list again."""
    main = DOCUMENTS[f"{NAMESPACE}.{record}"]["defs"]["main"]

    assert set(main["record"]["required"]) == required
    assert main["key"] == "any"


def test_uris_are_plain_strings_and_lists_may_be_empty() -> None:
    by_path = {path: schema for path, _, schema in ALL}
    for path in (
        "record#main.record.schemaRef",
        "lens#main.record.sourceSchema",
        "lens#main.record.targetSchema",
        "storageExternal#main.urls.items",
    ):
        assert "format" not in by_path[f"{NAMESPACE}.{path}"], f"{path} must allow atdata:// and braces"
    for path in ("sampleSchema#main.record.fields", "storageExternal#main.urls"):
        assert "minLength" not in by_path[f"{NAMESPACE}.{path}"]


def test_the_examples_cover_real_work() -> None:
    versions: dict[str, set[str]] = {}
    for document in SAMPLES.values():
        versions.setdefault(document["name"], set()).add(document["version"])

    assert len(versions) >= 8
    assert any(len(found) > 1 for found in versions.values()), "one example comes in two versions"
    assert len(BY_URI) == len(SAMPLES), "two documents claim one name and version"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_schema_document_has_what_the_layout_asks_for(name: str) -> None:
    document = SAMPLES[name]
    known = DOCUMENTS[f"{NAMESPACE}.sampleSchema"]["defs"]
    allowed = set(known["main"]["record"]["properties"]) | {"$type"}
    names = [field["name"] for field in document["fields"]]

    assert document["$type"] == f"{NAMESPACE}.sampleSchema"
    assert set(document) <= allowed
    assert {"name", "version", "fields", "description"} <= set(document)
    assert document["name"].isidentifier()
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["version"], re.ASCII)
    assert len(set(names)) == len(names)
    for field in document["fields"]:
        assert {"name", "fieldType", "optional", "description"} <= set(field) <= set(known["field"]["properties"])
        assert field["name"].isidentifier()
        assert len(field["description"]) >= 10


def kinds(field_type: Json) -> Iterator[Json]:
    yield field_type
    if "items" in field_type:
        yield from kinds(field_type["items"])


@pytest.mark.parametrize("name", SAMPLES)
def test_the_field_types_of_an_example_are_known(name: str) -> None:
    known = DOCUMENTS[SCHEMA_TYPE]["defs"]
    for field in SAMPLES[name]["fields"]:
        for found in kinds(field["fieldType"]):
            target, _, kind = found["$type"].partition("#")
            assert target == SCHEMA_TYPE
            assert set(known[kind]["required"]) <= set(found) - {"$type"} <= set(known[kind]["properties"])
            for key, value in found.items():
                values = known[kind]["properties"].get(key, {}).get("knownValues")
                assert values is None or value in values
            if kind == "ref":
                assert found["ref"] in BY_URI


@pytest.mark.parametrize("name", LENSES)
def test_a_lens_example_maps_every_required_field(name: str) -> None:
    document = LENSES[name]
    source = {field["name"] for field in BY_URI[document["sourceSchema"]]["fields"]}
    target = {field["name"]: field["optional"] for field in BY_URI[document["targetSchema"]]["fields"]}
    rules = document["mapping"]["rules"]
    mapped = {rule["target"] for rule in rules}

    assert document["$type"] == f"{NAMESPACE}.lens"
    assert document["mapping"]["$type"] == f"{NAMESPACE}.lens#fieldMapping"
    assert len(mapped) == len(rules)
    assert {field for field, optional in target.items() if not optional} <= mapped <= set(target)
    assert {rule["source"] for rule in rules if "source" in rule} <= source
    assert all("source" in rule or "default" in rule for rule in rules)


@pytest.mark.parametrize("name", [*SAMPLES, *LENSES])
def test_an_example_is_a_valid_record_once_it_has_a_date(name: str) -> None:
    document = {**SAMPLES, **LENSES}[name]
    catalog = DictCatalog(DOCUMENTS.values())

    validate(catalog, {**document, "createdAt": "2026-01-01T00:00:00Z"})
    with pytest.raises(ValidationError, match="createdAt"):
        validate(catalog, document)


def test_a_dataset_record_of_the_layout_is_valid() -> None:
    record: Json = {
        "$type": f"{NAMESPACE}.record",
        "name": "Demo images",
        "schemaRef": "atdata://local/sampleSchema/ImageSample@1.0.0",
        "storage": {"$type": f"{NAMESPACE}.storageExternal", "urls": ["s3://bucket/data-{000000..000009}.tar"]},
        "metadata": {"split": {"$type": f"{SCHEMA_TYPE}#float", "value": "0.5"}},
        "createdAt": "2026-01-01T00:00:00Z",
    }
    catalog = DictCatalog(DOCUMENTS.values())

    validate(catalog, record)
    validate(catalog, {**record, "storage": {"$type": f"{NAMESPACE}.storageExternal", "urls": []}})
    validate(catalog, {**record, "storage": {"$type": "com.example.elsewhere"}})
    with pytest.raises(ValidationError, match=r"storage"):
        validate(catalog, {**record, "storage": {"$type": f"{NAMESPACE}.storageExternal", "urls": "s3://one.tar"}})
