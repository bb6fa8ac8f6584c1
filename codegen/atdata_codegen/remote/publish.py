"""Publishing schemas: what would change is compared with what is published, judged, and only then written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from atdata_codegen.documents import Documents, SchemaDocument, documents_from_sources
from atdata_codegen.findings import Review
from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.remote.documents import COLLECTIONS, LEXICON
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.identity import Account, authority_domain, lexicon_authority
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.records import RemoteRecord, get_record, list_records
from atdata_codegen.remote.session import Session, put_record
from atdata_codegen.review.compare import compare
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.samples.parse import parse_schema
from atdata_codegen.sources import LENS, SAMPLE_SCHEMA, Source
from atdata_lexicon.data import check_sendable, record_cid
from atdata_lexicon.syntax import is_record_key

__all__ = ["Plan", "Step", "plan_publication", "publish"]

#: What a record may weigh at any server.
_MAX_RECORD = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """One record: what it becomes, and the CID that it replaces."""

    key: str
    collection: str
    rkey: str
    value: dict[str, Any] = field(repr=False)
    what: Literal["new", "changed", "unchanged"] = "new"
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a publication would do; ``problems`` keep it from being done, and so do errors of ``review``."""

    account: Account
    steps: tuple[Step, ...]
    review: Review
    problems: tuple[Problem, ...]

    @property
    def allowed(self) -> bool:
        return not self.problems and self.review.passed

    @property
    def todo(self) -> list[Step]:
        return [step for step in self.steps if step.what != "unchanged"]


def plan_publication(
    documents: Documents,
    account: Account,
    network: Network,
    settings: ReviewSettings,
    *,
    now: str,
    check_dns: bool = True,
) -> Plan:
    """What it takes to publish ``documents`` in the repository of ``account``; the server is asked, not changed.

    ``now`` is the time of new records that need one, as a datetime of the protocol. Raises :class:`RemoteError` when
    the server does not answer.
    """
    problems = [problem for problem in documents.problems if problem.severity == "error"]
    for document in documents.items.values():
        problems.extend(_refusals(document))
    if problems:
        return Plan(account, (), Review("breaking", (), len(documents.items)), tuple(problems))
    published = _published(documents, account, network)
    steps: list[Step] = []
    for key, document in documents.items.items():
        step = _step(document, published.get(key), now)
        problems.extend(_step_problems(step, document, published.get(key)))
        steps.append(step)
    if check_dns:
        problems.extend(_dns_problems(documents, account, network))
    sent = {step.key: replace(documents.items[step.key], value=step.value) for step in steps}
    review = _judged(replace(documents, items=sent), published, account, settings)
    return Plan(account, tuple(steps), review, tuple(problems))


def publish(
    plan: Plan, session: Session, network: Network, said: Callable[[Step], None] = lambda step: None
) -> list[Step]:
    """Write what the plan says, one record after the other, those that others refer to first.

    Raises :class:`RemoteError` where the server refuses; what was written before stays, and publishing again goes on
    from there.
    """
    if not plan.allowed:
        raise ProblemError(plan.problems or [Problem((), "breaks what is published")], "publish")
    done: list[Step] = []
    for step in sorted(plan.todo, key=lambda step: list(COLLECTIONS).index(step.collection)):
        where = f"at://{plan.account.did}/{step.collection}/{step.rkey}"
        try:
            cid = put_record(session, step.collection, step.rkey, step.value, step.before, network)
        except RemoteError as error:
            if error.name == "InvalidSwap":
                hint = "run the command again: it compares with what is there now"
                raise RemoteError(where, "was changed by somebody else meanwhile", hint, error.name) from error
            raise
        if cid != record_cid(step.value):
            raise RemoteError(where, f"was stored as {cid}, which is not what was sent")
        done.append(step)
        said(step)
    return done


def _refusals(document: SchemaDocument) -> list[Problem]:
    """What keeps a document from being published: all that its parser has against it, and what no server takes."""
    value, file = document.value, document.source.file
    if document.kind == "lexicon":
        problems = parse_document(value)[1]
    elif document.kind == "sample":
        problems = parse_schema(value)[1]
    else:
        problems = parse_lens(value)[1]
    found = [replace(one, file=file, line=one.line or 1) for one in problems if one.severity == "error"]
    for issue in check_sendable(value)[:5]:
        message = f"{issue.path}: {issue.message}"[:400]
        found.append(Problem((), message, "write a number with a fraction as text", code="record", file=file, line=1))
    if len(document.source.raw) > _MAX_RECORD:
        found.append(Problem((), f"is more than {_MAX_RECORD:,} bytes, which servers refuse", "split it", file=file))
    if document.kind == "lexicon" and document.subject.startswith("internal."):
        found.append(Problem(("id",), "internal.* is the namespace that is never published", file=file, line=1))
    if document.kind != "lexicon" and not is_record_key(_rkey(document)):
        found.append(
            Problem(("name",), f"{_rkey(document)} is no record key", "use letters and digits", file=file, line=1)
        )
    return found


def _rkey(document: SchemaDocument) -> str:
    if document.kind == "lexicon":
        return document.subject
    return f"{document.subject}:{document.version}" if document.version else document.subject


def _collection(document: SchemaDocument) -> str:
    return {"lexicon": LEXICON, "sample": SAMPLE_SCHEMA, "lens": LENS}[document.kind]


def _published(documents: Documents, account: Account, network: Network) -> dict[str, RemoteRecord]:
    """What is published now under the keys of ``documents``, and every version of their sample schemas."""
    found: dict[str, RemoteRecord] = {}
    for key, document in documents.items.items():
        if document.kind != "sample":
            record = get_record(account, _collection(document), _rkey(document), network)
            if record is not None:
                found[key] = record
    names = {document.subject for document in documents.of("sample").values()}
    if names:
        for record in list_records(account, SAMPLE_SCHEMA, network):
            name, version = record.value.get("name"), record.value.get("version")
            if name in names and isinstance(version, str):
                found.setdefault(f"sample:{name}@{version}", record)
    return found


def _step(document: SchemaDocument, record: RemoteRecord | None, now: str) -> Step:
    collection, value = _collection(document), dict(document.value)
    value.setdefault("$type", collection)
    if document.kind != "lexicon" and "createdAt" not in value:
        value["createdAt"] = record.value["createdAt"] if record and "createdAt" in record.value else now
    if record is None:
        return Step(document.key, collection, _rkey(document), value)
    same = record_cid(value) == record.cid
    return Step(document.key, collection, record.rkey, value, "unchanged" if same else "changed", record.cid)


def _step_problems(step: Step, document: SchemaDocument, record: RemoteRecord | None) -> list[Problem]:
    if document.kind != "sample" or step.what != "changed" or record is None:
        return []
    message = f"{document.subject} {document.version} is published already, with other contents ({record.cid})"
    hint = "a published version never changes: raise the version"
    return [Problem(("version",), message, hint, code="published", file=document.source.file, line=1)]


def _dns_problems(documents: Documents, account: Account, network: Network) -> list[Problem]:
    """Where the DNS does not say that this repository speaks for a Lexicon: nobody would find it there."""
    problems: list[Problem] = []
    for domain in sorted({authority_domain(document.subject) for document in documents.of("lexicon").values()}):
        nsid = ".".join(reversed(domain.split("."))) + ".x"
        hint = f'set a TXT record at _lexicon.{domain}: "did={account.did}"; or publish with --skip-dns-check'
        try:
            did = lexicon_authority(nsid, network)
        except RemoteError as error:
            problems.append(replace(error.problems[0], hint=hint))
            continue
        if did != account.did:
            problems.append(Problem((), f"names {did}, not {account.did}", hint, code="dns", file=f"_lexicon.{domain}"))
    return problems


def _judged(
    documents: Documents, published: dict[str, RemoteRecord], account: Account, settings: ReviewSettings
) -> Review:
    """The review from what is published to what will be; what is not touched is on both sides."""
    old = _as_documents(f"at://{account.did}", list(published.values()))
    merged = {**old.items, **documents.items}
    return compare(old, Documents(documents.name, merged), settings, tool="breaking")


def _as_documents(name: str, records: Sequence[RemoteRecord]) -> Documents:
    import json

    sources = [Source(record.uri, json.dumps(record.value, ensure_ascii=True).encode("ascii")) for record in records]
    return documents_from_sources(name, sources)
