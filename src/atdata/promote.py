"""From a team's index to the AT Protocol's network.

>>> from atdata.promote import promote_to_atmosphere
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, overload

from atdata._lazy import lazy_classes

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from atdata._atmosphere.client import AtmosphereClient
    from atdata._atmosphere.promotion.errors import PromotionError as PromotionError
    from atdata._atmosphere.promotion.plan import PromotionPlan as PromotionPlan
    from atdata._protocols import AbstractDataStore, AbstractIndex, IndexEntry

__all__ = ["PromotionError", "PromotionPlan", "promote_to_atmosphere"]


class _Options(TypedDict, total=False):
    """What every call can be told."""

    data_store: AbstractDataStore | None
    name: str | None
    description: str | None
    tags: Sequence[str] | None
    license: str | None
    metadata: Mapping[str, Any] | None


@overload
def promote_to_atmosphere(
    local_entry: IndexEntry,
    local_index: AbstractIndex,
    atmosphere_client: AtmosphereClient,
    *,
    dry_run: Literal[False] = False,
    **options: Unpack[_Options],
) -> str: ...
@overload
def promote_to_atmosphere(
    local_entry: IndexEntry,
    local_index: AbstractIndex,
    atmosphere_client: AtmosphereClient,
    *,
    dry_run: Literal[True],
    **options: Unpack[_Options],
) -> PromotionPlan: ...
def promote_to_atmosphere(
    local_entry: IndexEntry,
    local_index: AbstractIndex,
    atmosphere_client: AtmosphereClient,
    *,
    data_store: AbstractDataStore | None = None,
    name: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
    license: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> str | PromotionPlan:
    """Publish an entry of an index on the AT Protocol's network; returns the ``at://`` address of its record.

    Its schema is published first, unless one of the same name, version and fields is among the account's records, and
    so are the schemas that it holds. Its shards stay where they are, or are copied to ``data_store`` (a
    :class:`~atdata.atmosphere.PDSBlobStore`, or any other). The dataset's record comes last. Name, description, tags,
    licence and metadata are the entry's own unless others are given.

    It may be run again at any time: after an interruption it goes on, and what is there already is not made twice; a
    record whose description or tags differ is brought up to date. ``dry_run=True`` changes nothing and returns the
    plan, which can be printed.

    ``KeyError`` when the schema is not in the index, ``ValueError`` when the entry has no shards, when nobody is logged
    in, or when the schema is published with other fields under the same version.
    """
    from atdata._atmosphere.promotion.apply import apply_plan
    from atdata._atmosphere.promotion.planning import make_plan
    from atdata._errors import shown

    if not hasattr(local_entry, "data_urls"):
        raise TypeError(f"an entry of an index is promoted, not {shown(local_entry)}: index.get_dataset(name) gives it")
    plan = make_plan(
        local_entry,
        local_index,
        atmosphere_client,
        store=data_store,
        name=name,
        description=description,
        tags=tags,
        license=license,
        metadata=metadata,
    )
    return plan if dry_run else apply_plan(plan, local_entry, local_index, atmosphere_client, data_store)


def _find_existing_schema(client: AtmosphereClient, name: str, version: str) -> str | None:
    """The address of the account's own schema of that name and version, or None."""
    from atdata._atmosphere.index.reading import RepoReader
    from atdata._atmosphere.index.schemas import same_name

    reader = RepoReader(client, home=client.did)
    return next((str(found.uri) for found, its in same_name(reader, name) if its == version), None)


_WHERE = {"PromotionError": "errors", "PromotionPlan": "plan"}

if not TYPE_CHECKING:  # checkers would take any name for one of ours
    __getattr__, __dir__ = lazy_classes(__name__, _WHERE, (), within="atdata._atmosphere.promotion")
