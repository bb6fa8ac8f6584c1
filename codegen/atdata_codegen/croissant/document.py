"""A whole Croissant 1.1 document: shards as files, their members as file sets, fields as a record set."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from posixpath import basename
from typing import Any, Final

from atdata_codegen.formats.croissant import to_croissant
from atdata_codegen.formats.mapped import Mapped, Nested
from atdata_codegen.samples.model import SampleSchema

__all__ = ["Shard", "croissant_document"]

Json = dict[str, Any]

#: The context of the specification, version 1.1.
_CONTEXT: Final[Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FORMATS: Final = {".tar": "application/x-tar", ".gz": "application/gzip", ".zst": "application/zstd"}


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard: where it is, and its bytes and SHA-256 as far as they are known."""

    url: str
    size: int | None = None
    sha256: str = ""


def croissant_document(
    name: str,
    schema: SampleSchema,
    shards: Sequence[Shard],
    *,
    description: str = "",
    license: str = "",
    tags: Sequence[str] = (),
    created: str = "",
    version: str = "",
    url: str = "",
    cite: str = "",
    creators: Sequence[str] = (),
    members: Mapping[str, str] | None = None,
    nested: Nested | None = None,
) -> Mapped[Json]:
    """The JSON-LD of a dataset, and what of its fields Croissant cannot say.

    ``members`` says which member of a sample each field is read from; without it all are in its ``.msgpack``. A shard
    without a checksum makes the whole a live dataset, as the specification asks for one of the two. ``nested`` holds
    the fields of the schemas that this one refers to, by address.
    """
    files = _files(shards)
    places = {field.name: (members or {}).get(field.name, "msgpack") for field in schema.fields}
    sources = {name: _source(place) for name, place in places.items()}
    mapped = to_croissant(schema.fields, sources=sources, nested=nested)
    record_sets = mapped.value
    record_sets[0]["description"] = schema.description or f"Samples of the schema {schema.name} {schema.version}."
    document: Json = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "conformsTo": "http://mlcommons.org/croissant/1.1",
    }
    text = description or schema.description
    more: dict[str, Any] = {
        "description": text,
        "license": _license(license),
        "url": url,
        "keywords": list(tags),
        "datePublished": created,
        "version": version or schema.version,
        "citeAs": cite,
        "creator": [{"@type": "sc:Person", "name": creator} for creator in creators],
    }
    document |= {key: value for key, value in more.items() if value}
    if not all(shard.sha256 for shard in shards):
        document["isLiveDataset"] = True
    extensions = list(dict.fromkeys(place.partition("#")[0].lstrip(".") for place in places.values()))
    record_sets[0]["field"] += [_join(*pair) for pair in combinations(extensions, 2)]
    document["distribution"] = [*files, *(_file_set(extension, files) for extension in extensions)]
    document["recordSet"] = record_sets
    return Mapped(document, mapped.losses)


def _files(shards: Sequence[Shard]) -> list[Json]:
    """One file object a shard, called by its file name, or a number more where two are called alike."""
    found: list[Json] = []
    taken: set[str] = set()
    for number, shard in enumerate(shards):
        name = basename(shard.url.partition("?")[0].rstrip("/")) or f"shard-{number}"
        name = f"{number}-{name}" if name in taken else name
        taken.add(name)
        suffix = next((kind for ending, kind in _FORMATS.items() if name.endswith(ending)), "application/x-tar")
        one: Json = {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": shard.url,
            "encodingFormat": suffix,
        }
        if shard.size is not None:
            one["contentSize"] = f"{shard.size} B"
        if shard.sha256:
            one["sha256"] = shard.sha256
        found.append(one)
    return found


def _file_set(extension: str, files: Sequence[Json]) -> Json:
    kind = mimetypes.types_map.get(f".{extension.rpartition('.')[2]}", "application/octet-stream")
    return {
        "@type": "cr:FileSet",
        "@id": f"members-{extension}",
        "name": f"members-{extension}",
        "description": f"The .{extension} member of each sample.",
        "containedIn": [{"@id": file["@id"]} for file in files],
        "encodingFormat": "application/msgpack" if extension == "msgpack" else kind,
        "includes": f"*.{extension}",
    }


def _source(place: str) -> Json:
    extension, _, pointer = place.partition("#")
    source: Json = {"fileSet": {"@id": f"members-{extension.lstrip('.')}"}}
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    if steps and all(step.isidentifier() for step in steps):
        source["extract"] = {"jsonPath": "$." + ".".join(steps)}
    else:
        source["extract"] = {"fileProperty": "content"}
    return source


def _join(one: str, other: str) -> Json:
    """A field that says which members are of one sample: those whose names are the same up to the first dot.

    Croissant wants one for each pair of sources.
    """

    def key(of: str) -> Json:
        return {
            "fileSet": {"@id": f"members-{of}"},
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": "^([^.]*)\\."},
        }

    name = f"key_of_{one}_and_{other}".replace(".", "_")
    found: Json = {"@type": "cr:Field", "@id": f"samples/{name}", "name": name, "dataType": "sc:Text"}
    return {**found, "source": key(one), "references": key(other)}


def _license(text: str) -> str:
    """An SPDX identifier as the URL that says what it is; any other text as it stands.

    >>> _license("CC-BY-4.0")
    'https://spdx.org/licenses/CC-BY-4.0.html'
    """
    plain = text and "/" not in text and " " not in text
    return f"https://spdx.org/licenses/{text}.html" if plain else text
