"""Carrying a plan out: schemas, data, and last the record, each step a step that may be taken again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset.record import NSID

from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.errors import ConflictError
from atdata._atmosphere.index.index import storage_of
from atdata._atmosphere.index.schemas import publish_document
from atdata._atmosphere.promotion.planning import with_refs
from atdata._loading.indexed import source_of_entry

if TYPE_CHECKING:
    from atdata._atmosphere.client import AtmosphereClient
    from atdata._atmosphere.promotion.plan import PromotionPlan

__all__ = ["apply_plan"]


def apply_plan(plan: PromotionPlan, entry: Any, index: Any, client: AtmosphereClient, store: Any | None) -> str:
    """Do what the plan says, and return the address of the dataset record.

    Whatever is interrupted leaves no dataset record, or a whole one; a plan that is made anew goes on from there.
    """
    published: dict[str, str] = {}  # where a schema was planned to be, and where it is
    for step in plan.schemas:
        if step.action == "publish":
            document = {
                **step.document,
                "fields": with_refs(step.document["fields"], lambda ref: published.get(ref, ref)),
            }
            published[step.uri] = publish_document(client, document, step.version)
    record = plan.record.replace(schema_ref=published.get(plan.record.schema_ref, plan.record.schema_ref))
    if plan.data == "copy" and store is not None:
        from atdata._dataset.make import dataset_of

        source = source_of_entry(entry, index)
        data = dataset_of(source, index.decode_schema(entry.schema_ref))
        record = record.replace(**storage_of(store, list(store.write_shards(data, prefix=plan.name))))
    uri = AtUri.parse(plan.uri)
    if plan.action == "create":
        try:
            return str(client.create_record(NSID, record, rkey=uri.rkey))
        except ConflictError:
            return plan.uri  # the same promotion, run twice at one time: the key is that of this very entry
    if plan.action == "update":
        client.put_record(NSID, uri.rkey, record, swap_record=plan.found_cid)
    return plan.uri
