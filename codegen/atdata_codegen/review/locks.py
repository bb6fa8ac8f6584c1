"""What is published under a name and version, and was changed in place since."""

from __future__ import annotations

from collections.abc import Iterator

from atdata_codegen.documents import Documents, document_cid
from atdata_codegen.findings import Finding
from atdata_codegen.problems import clean
from atdata_codegen.review.judge import Judge
from atdata_codegen.review.places import located
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.review.table import RULES

__all__ = ["lock_findings"]


def lock_findings(old: Documents, new: Documents, settings: ReviewSettings) -> Iterator[Finding]:
    """Documents that differ from what was published under their name and version."""
    for key, cid in {**new.locked, **old.locked}.items():
        document = new.items.get(key)
        if document is None or document.kind == "lens":
            continue
        found = document_cid(document)
        if found != cid:
            judge = Judge(settings, document.kind, document.subject)
            message = f"{clean(key, 200)} is published as {clean(cid, 80)}, and what stands here is {found}"
            finding = judge.finding("SMP52", message, (), RULES["SMP52"].breaks, old=cid, new=found)
            yield from located([finding], document)
