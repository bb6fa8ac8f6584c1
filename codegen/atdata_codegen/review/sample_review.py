"""The sample schemas of two sets, version by version: what changed, whether the version says so, who has a lens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from atdata_codegen.documents import Documents
from atdata_codegen.findings import ABSENT, Break, Bump, Finding, Witness, largest_bump
from atdata_codegen.problems import Problem, clean
from atdata_codegen.review.changes import Checks
from atdata_codegen.review.judge import Judge
from atdata_codegen.review.lens_ways import LensWays
from atdata_codegen.review.lexicon_review import unreadable
from atdata_codegen.review.places import located
from atdata_codegen.review.samples import SAMPLE_CHECKS, SamplePlace, SampleWalk
from atdata_codegen.review.samples.checks import SamplePair
from atdata_codegen.review.samples.view import SampleSide, SchemaView
from atdata_codegen.review.semver import Version, bump_between, bumped, enough, parse_version
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.review.witnesses.samples import SampleWitnesses
from atdata_codegen.samples.parse import parse_schema

__all__ = ["sample_findings"]

#: Stored bytes stay valid and mean something else; a lens that copies the field would copy the mistake.
_SWAPPED = frozenset({"SMP27", "SMP36"})


@dataclass(frozen=True, slots=True)
class _Run:
    """One comparison of two sets."""

    old: Documents
    new: Documents
    sides: tuple[SampleSide, SampleSide]
    ways: LensWays
    settings: ReviewSettings
    witnesses: SampleWitnesses | None
    checks: Checks[SamplePair]

    def judge(self, view: SchemaView) -> Judge:
        """The judge of one schema."""
        marks = view.value.get("stability"), view.metadata.get("stability")
        return Judge(
            self.settings, "sample", view.name, "experimental" in marks or self.settings.is_experimental(view.name)
        )


def sample_findings(
    old: Documents,
    new: Documents,
    settings: ReviewSettings,
    *,
    witnesses: bool = True,
    checks: Checks[SamplePair] = SAMPLE_CHECKS,
) -> Iterator[Finding]:
    """Everything that the rules find in sample schemas, name by name."""
    before, after = SampleSide(old), SampleSide(new)
    # A new version may refer to, and follow on, one that only the old side has.
    sides = before, SampleSide(new, old)
    run = _Run(old, new, sides, LensWays(new), settings, SampleWitnesses() if witnesses else None, checks)
    ours, theirs = before.by_name, after.by_name
    renamed = _renamed(ours, theirs)
    yield from _lenses_gone(run, LensWays(old))
    for name in sorted({*ours, *theirs}):
        if name not in theirs:
            yield from _gone(run, ours[name], renamed.get(name))
        elif name not in ours:
            if name not in renamed.values():
                yield from _fresh(run, theirs[name])
        else:
            yield from _versions(run, ours[name], theirs[name])


def _lenses_gone(run: _Run, before: LensWays) -> Iterator[Finding]:
    """Lenses between schemas that are still there, with none in their place: shards that were read are lost."""
    for name, (source, target) in before.ends.items():
        view = run.sides[1].by_name.get(target[0], {}).get(parse_version(target[1]) or (0, 0, 0))
        if view is None or view.document.key not in run.new.items or run.ways.between(source, target) is not None:
            continue
        draft = run.ways.drafts.get((source, target))
        what = f"{clean(name, 80)} is gone" if draft is None else _drafted(draft)
        message = (
            f"the lens {what}, and none leads from {clean(source[0], 80)} {clean(source[1], 40)} "
            f"to {clean(target[0], 80)} {clean(target[1], 40)} any more"
        )
        finding = run.judge(view).finding("SMP51", message, ("name",), frozenset({"readers"}), old=name)
        yield from located([finding], view.document)


_FINISH = (
    "give what is missing to atdata-gen migrate --default, or write the code and name it in the lens as getterCode "
    "(repository, commit, path)"
)


def _drafted(name: str) -> str:
    return f"{clean(name, 80)} is a draft, with neither a mapping nor a getterCode that says where its code is"


def _latest(versions: dict[Version, SchemaView]) -> SchemaView:
    return versions[max(versions)]


def _renamed(
    ours: dict[str, dict[Version, SchemaView]], theirs: dict[str, dict[Version, SchemaView]]
) -> dict[str, str]:
    """Schemas whose fields came back under one other name."""
    found: dict[str, str] = {}
    for name in ours:
        if name not in theirs:
            body = _latest(ours[name]).body
            same = [other for other in theirs if other not in ours and _latest(theirs[other]).body == body]
            if len(same) == 1 and same[0] not in found.values():
                found[name] = same[0]
    return found


def _gone(run: _Run, versions: dict[Version, SchemaView], other: str | None) -> Iterator[Finding]:
    view = _latest(versions)
    if other is None:
        message = f"the schema {clean(view.name, 80)} is gone"
        breaks: frozenset[Break] = frozenset({"readers", "writers", "source"})
    else:
        message = f"the schema {clean(view.name, 80)} is called {clean(other, 80)} now"
        breaks = frozenset({"writers", "source"})
    finding = run.judge(view).finding(
        "SMP40", message, ("name",), breaks, old=view.name, new=ABSENT if other is None else other
    )
    yield from located([finding], view.document)


def _one_line(one: Version, other: Version) -> bool:
    """Whether the later of two versions promises to read the earlier one: below 1.0.0 only patches do."""
    return one[0] == other[0] and (one[0] > 0 or one[1] == other[1])


def _earlier(run: _Run, versions: Iterable[SchemaView], new: SchemaView) -> Iterator[Finding]:
    """What keeps a new version from reading versions before the last one, each of which its number promises to read."""
    for old in versions:
        judge = run.judge(old)
        if run.ways.between((old.name, old.document.version), (new.name, new.document.version)) is not None:
            continue
        for finding in _changes(run, judge, old, new):
            if "readers" in finding.breaks:
                yield replace(finding, message=f"{finding.message} (since {old.document.version})")


def _version_gone(run: _Run, view: SchemaView, newest: Version) -> Iterator[Finding]:
    """A version without one that takes its place: its shards are still there."""
    left = ".".join(map(str, newest))
    message = f"{clean(view.name, 80)} {view.document.version} is gone, and {left} is the newest version"
    breaks: frozenset[Break] = frozenset({"readers", "source"} if newest < view.number else {"source"})
    finding = run.judge(view).finding("SMP40", message, ("version",), breaks, old=view.document.version)
    yield from located([finding], view.document)


def _fresh(run: _Run, versions: dict[Version, SchemaView]) -> Iterator[Finding]:
    for view in versions.values():
        judge = run.judge(view)
        refused = list(_refused(judge, view, "new"))
        yield from refused
        if not refused:
            message = f"the schema {clean(view.name, 80)} {view.document.version} is new"
            yield from located(
                [judge.finding("LEX004", message, (), frozenset(), new=view.document.version)], view.document
            )


def _refused(judge: Judge, view: SchemaView, which: Any) -> list[Finding]:
    problems: list[Problem] = parse_schema(view.value)[1]
    return unreadable(judge, view.document, problems, which)


def _versions(run: _Run, ours: dict[Version, SchemaView], theirs: dict[Version, SchemaView]) -> Iterator[Finding]:
    followed: set[Version] = set()
    for number, view in sorted(theirs.items()):
        if number in ours:
            if ours[number].value != view.value:
                yield from _in_place(run, ours[number], view)
            elif view.follows_newest:
                # The document is the same, and what it refers to without a version may not be.
                yield from _changes(run, run.judge(view), ours[number], view)
            continue
        below = [one for one in {*ours, *theirs} if one < number]
        lowered = max(ours) > number and max(ours) not in theirs
        base = _latest(ours) if lowered or not below else {**theirs, **ours}[max(below)]
        followed.add(base.number)
        yield from _followed(run, base, view, lowered)
        if run.settings.transitive:
            earlier = [{**theirs, **ours}[one] for one in below if one != base.number and _one_line(one, number)]
            yield from _earlier(run, earlier, view)
    for number in sorted(ours.keys() - theirs.keys() - followed):
        yield from _version_gone(run, ours[number], max(theirs))


def _changes(run: _Run, judge: Judge, old: SchemaView, new: SchemaView) -> list[Finding]:
    """What changed between two versions, as findings that do not know yet whether the version says so."""
    refused = [*_refused(judge, new, "new"), *_refused(judge, old, "old")]
    found = [_judged(run, judge, one) for one in SampleWalk(run.sides, run.checks).versions(old, new)]
    return [*refused, *located(found, new.document)]


def _judged(run: _Run, judge: Judge, one: SamplePlace) -> Finding:
    change, pair = one.change, one.pair
    breaks: set[Break] = set()
    for flag, name in ((change.tight, "readers"), (change.loose, "writers"), (change.source, "source"),
                       (change.silent, "silent")):  # fmt: skip
        if flag:
            breaks.add(name)  # type: ignore[arg-type]  # the names above
    witness: Witness | None = None
    if run.witnesses is not None and change.tight:
        witness = run.witnesses.find(pair, change, "old")
    if run.witnesses is not None and change.loose and witness is None:
        witness = run.witnesses.find(pair, change, "new")
    return judge.finding(
        change.rule, change.message, (*pair.path, *change.at), frozenset(breaks), bump=change.bump, old=change.old,
        new=change.new, witness=witness,
    )  # fmt: skip


def _in_place(run: _Run, old: SchemaView, new: SchemaView) -> Iterator[Finding]:
    """One version, two contents: an error, and a worse one when the first is published."""
    judge = run.judge(old)
    changes = _changes(run, judge, old, new)
    yield from changes
    key = new.document.key
    if key in run.old.locked or key in run.new.locked:
        return  # the lock says it
    asked = largest_bump([finding.bump for finding in changes]) or "patch"
    message = (
        f"{clean(new.name, 80)} {new.document.version} has other contents than before under the same version; "
        f"the next one would be {bumped(old.number, asked if asked != 'none' else 'patch')}"
    )
    version = new.document.version
    finding = judge.finding("SMP50", message, ("version",), frozenset(), old=version, new=version)
    yield from located([finding], new.document)


def _followed(run: _Run, old: SchemaView, new: SchemaView, lowered: bool) -> Iterator[Finding]:
    """A new version after an old one."""
    judge = run.judge(old)
    changes = _changes(run, judge, old, new)
    bumps: list[Bump] = [finding.bump for finding in changes]
    asked = largest_bump(bumps)
    honest = not lowered and enough(old.number, new.number, asked)
    way = run.ways.between((old.name, old.document.version), (new.name, new.document.version))
    for finding in changes:
        yield _excused(finding, honest, way) if finding.rule != "DOC001" else finding
    policy = list(_policy(run, judge, old, new, lowered, honest, asked))
    if any(needs_lens(finding) for finding in changes) and way is None:
        draft = run.ways.drafts.get(((old.name, old.document.version), (new.name, new.document.version)))
        why = "no lens leads from one to the other" if draft is None else f"the lens {_drafted(draft)}"
        newer = f"{clean(new.name, 80)} {new.document.version}"
        message = f"{newer} cannot read shards of {old.document.version}, and {why}"
        lost = judge.finding("SMP51", message, ("version",), frozenset(), old=old.document.version,
                             new=new.document.version)  # fmt: skip
        policy.append(lost if draft is None else replace(lost, fix=_FINISH))
    yield from located(policy, new.document)


def needs_lens(finding: Finding) -> bool:
    """Whether stored samples are lost, or found under another name only by a lens."""
    return "readers" in finding.breaks or finding.rule == "SMP07"


def _excused(finding: Finding, honest: bool, way: tuple[bool, tuple[str, ...]] | None) -> Finding:
    """A break that the version announces is no error any more; what swaps meanings is, unless code looks after it."""
    if finding.level != "error" or not honest:
        return finding
    if finding.rule in _SWAPPED and (way is None or way[0]):
        return finding
    how = "the version says so"
    if way is not None and (needs_lens(finding) or finding.rule == "SMP20"):  # a widened array is read, and cast
        how += f", and the lens {', '.join(clean(name, 80) for name in way[1])} reads the old samples"
        how += "" if way[0] else ", by the code that it names, which has to be imported where they are read"
    return replace(finding, level="warning", message=f"{finding.message} ({how})")


def _policy(
    run: _Run, judge: Judge, old: SchemaView, new: SchemaView, lowered: bool, honest: bool, asked: Bump
) -> Iterator[Finding]:
    versions = old.document.version, new.document.version
    if lowered:
        message = f"the version was {versions[0]} and is {versions[1]}, which is lower"
        yield judge.finding("SMP50", message, ("version",), frozenset(), old=versions[0], new=versions[1])
    elif not honest:
        made = bump_between(old.number, new.number)
        least = bumped(old.number, asked)
        message = f"{versions[1]} after {versions[0]} is a {made} version, and the changes ask for {asked}: {least}"
        yield judge.finding("SMP50", message, ("version",), frozenset(), old=versions[0], new=versions[1])
    for at, where in ((new.value, ()), (new.metadata, ("metadata",))):
        said = at.get("previousVersion")
        if said is not None and said != versions[0] and not str(said).endswith(f"@{versions[0]}"):
            message = f"previousVersion is {clean(said, 80)}, and the version before this one is {versions[0]}"
            yield judge.finding(
                "SMP50", message, (*where, "previousVersion"), frozenset(), old=versions[0], new=clean(said, 200)
            )
