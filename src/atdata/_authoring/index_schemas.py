"""Sample schemas of an index as documents, for ``atdata-gen diff`` and ``breaking``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atdata._index.index import default_index

__all__ = ["schema_documents"]


def schema_documents(name: str, version: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Address and document of each version of ``name`` in the index that ``ATDATA_INDEX`` names, or of one version.

    Raises what the index raises when it cannot be opened.
    """
    for record in default_index().list_schemas():
        if record["name"] == name and version in ("", record["version"]):
            document = dict(record)
            yield str(document.pop("$ref")), document
