"""What a promotion is going to do, decided before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from atdata_generated.ac.foundation.dataset.record import RecordDef

from atdata._errors import shown

__all__ = ["PromotionPlan", "SchemaStep"]


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One schema: published, or found among one's own (``reuse``). ``document`` is the whole record."""

    action: Literal["publish", "reuse"]
    name: str
    version: str
    uri: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PromotionPlan:
    """Steps in the order in which they are taken: schemas, data, and last the record of the dataset.

    ``print`` shows them. ``record`` is what will be published; where data are copied, its storage is yet to come.
    """

    name: str
    #: The schemas that the dataset needs, the innermost first; empty when its schema is on the network already.
    schemas: tuple[SchemaStep, ...]
    #: Whether shards stay where they are, are copied, or were copied by a promotion before.
    data: Literal["keep", "copy", "reuse"]
    data_urls: tuple[str, ...]
    #: What becomes of the record, and where it is.
    action: Literal["create", "update", "reuse"]
    uri: str
    record: RecordDef
    #: The CID of the record that is there already.
    found_cid: str = ""
    #: What the user should know before others look.
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.action != "reuse" or any(step.action == "publish" for step in self.schemas)

    def __str__(self) -> str:
        lines = [f"Promotion of {shown(self.name)}:"]
        for step in self.schemas:
            lines.append(f"  schema  {step.action:7} {step.name} {step.version} ({step.uri})")
        if not self.schemas:
            lines.append(f"  schema  keep    {shown(self.record.schema_ref, 300)}")
        count = f"{len(self.data_urls)} {'address' if len(self.data_urls) == 1 else 'addresses'} of shards"
        lines.append(f"  data    {self.data:7} {count}, from {shown(self.data_urls[0], 200)}")
        lines.append(f"  record  {self.action:7} {self.uri}")
        return "\n".join(lines + [f"  note    {note}" for note in self.notes])
