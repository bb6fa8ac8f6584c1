"""Rules about references: where they lead, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator

from atdata_codegen.lexicon.fields import Path
from atdata_codegen.lint.documents import Doc, Site
from atdata_codegen.lint.edit import Op
from atdata_codegen.lint.rule import Hit, document_rule, site_rule
from atdata_codegen.problems import clean
from atdata_lexicon.syntax import is_nsid

_NEVER = frozenset({"ref", "union", "unknown", "params", "permission", "token"})
_CALLS = frozenset({"query", "procedure", "subscription", "permission-set"})


def _refs(site: Site) -> Iterator[tuple[Path, str]]:
    """Each reference of a ref or union, as it is written."""
    if site.kind == "ref" and isinstance(site.node.get("ref"), str):
        yield site.at("ref"), site.node["ref"]
    elif site.kind == "union":
        for i, ref in enumerate(site.items("refs")):
            if isinstance(ref, str):
                yield site.at("refs", i), ref


def _target(doc: Doc, ref: str) -> dict[str, object] | None:
    """The definition that ``ref`` leads to; None when it is not known here."""
    split = doc.split(ref)
    home = doc.folder.lexicons.get(split[0]) if split else None
    if split is None or home is None:
        return None
    found = home.defs.get(split[1])
    return found if isinstance(found, dict) else None


@site_rule(
    "unresolved-ref", "error", "ref union",
    "A reference to a definition that its document does not have.",
    "field", {"type": "ref", "ref": "#thng"}, {"type": "ref", "ref": "#thing"},
)  # fmt: skip
def _unresolved_ref(site: Site) -> Iterator[Hit]:
    for path, ref in _refs(site):
        split = site.doc.split(ref)
        home = site.doc.folder.lexicons.get(split[0]) if split else None
        if split and home is not None and split[1] not in home.defs:
            yield Hit(path, f"{clean(ref, 120)} leads nowhere: {clean(split[0], 120)} does not define it", "mend it")


@site_rule(
    "unknown-document", "warning", "ref union",
    "A reference to a document that is neither in the folder nor included.",
    "field", {"type": "ref", "ref": "com.example.nowhere"}, {"type": "ref", "ref": "#thing"},
)  # fmt: skip
def _unknown_document(site: Site) -> Iterator[Hit]:
    for path, ref in _refs(site):
        split = site.doc.split(ref)
        if split and is_nsid(split[0]) and split[0] not in site.doc.folder.lexicons:
            what = f"{clean(split[0], 120)} is not here"
            yield Hit(path, what, "add the document, --include its folder, or correct the name")


@site_rule(
    "main-suffix-ref", "warning", "ref union",
    "`#main` at the end of a reference: in data that suffix is forbidden, and the reference means the same without.",
    "field", {"type": "ref", "ref": "com.example.thing#main"}, {"type": "ref", "ref": "com.example.thing"}, fixes=True,
)  # fmt: skip
def _main_suffix_ref(site: Site) -> Iterator[Hit]:
    for path, ref in _refs(site):
        if ref.endswith("#main"):
            bare = ref.removesuffix("#main") or site.doc.nsid
            yield Hit(path, f"{clean(ref, 120)} ends in #main", f"write {clean(bare, 120)}", (Op("set", path, bare),))


@site_rule(
    "absolute-self-ref", "info", "ref union",
    "A reference to the document itself by its whole NSID; `#name` survives when the document is copied.",
    "field", {"type": "ref", "ref": "com.example.lint#thing"}, {"type": "ref", "ref": "#thing"}, fixes=True,
)  # fmt: skip
def _absolute_self_ref(site: Site) -> Iterator[Hit]:
    start = f"{site.doc.nsid}#"
    for path, ref in _refs(site):
        if site.doc.nsid and ref.startswith(start) and ref != f"{start}main":
            short = ref[len(start) - 1 :]
            yield Hit(path, "names its own document", f"write {clean(short, 120)}", (Op("set", path, short),))


@site_rule(
    "ref-target", "error", "ref",
    "A `ref` must lead to data: not to another ref, a union, a token, a query.",
    "field", {"type": "ref", "ref": "#red"}, {"type": "ref", "ref": "#thing"},
)  # fmt: skip
def _ref_target(site: Site) -> Iterator[Hit]:
    for path, ref in _refs(site):
        kind = (_target(site.doc, ref) or {}).get("type")
        if isinstance(kind, str) and kind in _NEVER | _CALLS:
            yield Hit(path, f"{clean(ref, 120)} is a {kind}, which is no data", "refer to a type that is")


@site_rule(
    "union-variant", "error", "union",
    "The members of a union must be objects or records, which can carry a `$type`.",
    "field", {"type": "union", "refs": ["#name"]}, {"type": "union", "refs": ["#thing"]},
)  # fmt: skip
def _union_variant(site: Site) -> Iterator[Hit]:
    for path, ref in _refs(site):
        target = _target(site.doc, ref)
        kind = target.get("type") if target else None
        if isinstance(kind, str) and kind not in ("object", "record"):
            yield Hit(path, f"{clean(ref, 120)} is a {clean(kind, 40)}, which carries no $type", "wrap it in an object")


@site_rule(
    "closed-union", "info", "union",
    "A closed union can never gain a member; open ones can, and readers pass over what they do not know.",
    "field", {"type": "union", "refs": ["#thing"], "closed": True}, {"type": "union", "refs": ["#thing"]},
)  # fmt: skip
def _closed_union(site: Site) -> Iterator[Hit]:
    if site.node.get("closed") is True and site.items("refs"):
        yield Hit(site.at("closed"), "is for ever", "leave the union open, unless that is meant")


@site_rule(
    "empty-union", "info", "union",
    "A union without members accepts any object with a `$type`.",
    "field", {"type": "union", "refs": []}, {"type": "union", "refs": ["#thing"]},
)  # fmt: skip
def _empty_union(site: Site) -> Iterator[Hit]:
    if site.node.get("refs") == [] and site.node.get("closed") is not True:
        yield Hit(site.at("refs"), "is empty", "name the members that are known")


@site_rule(
    "known-string-local-ref", "warning", "string",
    "A token in `knownValues` or `enum` is a plain string in data; `#name` means nothing there.",
    "field", {"type": "string", "knownValues": ["#red"]},
    {"type": "string", "knownValues": ["com.example.lint#red"]}, fixes=True,
)  # fmt: skip
def _known_string_local_ref(site: Site) -> Iterator[Hit]:
    for key in ("knownValues", "enum"):
        for i, value in enumerate(site.items(key)):
            if isinstance(value, str) and value.startswith("#") and is_nsid(site.doc.nsid):
                whole = site.doc.nsid + value
                sure = site.doc.definition(value[1:]).get("type") == "token"
                ops = (Op("set", site.at(key, i), whole),) if sure else ()
                yield Hit(site.at(key, i), f"{clean(value, 60)!r} is a local reference", f"write {whole}", ops)


@site_rule(
    "unresolved-token", "warning", "string",
    "A value that names a token which its document does not define.",
    "field", {"type": "string", "knownValues": ["com.example.lint#rde"]},
    {"type": "string", "knownValues": ["com.example.lint#red"]},
)  # fmt: skip
def _unresolved_token(site: Site) -> Iterator[Hit]:
    for key in ("knownValues", "enum"):
        for i, value in enumerate(site.items(key)):
            if isinstance(value, str) and "#" in value[1:]:
                nsid, _, name = value.partition("#")
                home = site.doc.folder.lexicons.get(nsid)
                if home is not None and name not in home.defs:
                    yield Hit(site.at(key, i), f"{clean(value, 120)} is not defined", "define the token, or mend it")


@document_rule(
    "endless-ref", "error", "lexicon",
    "An object that requires itself, through one or more references, can hold no data: it would have no end.",
    "definition", {"type": "object", "required": ["next"],
                   "properties": {"next": {"type": "ref", "ref": "com.example.lint#part"}}},
    {"type": "object", "properties": {"next": {"type": "ref", "ref": "com.example.lint#part"}}},
)  # fmt: skip
def _endless_ref(doc: Doc) -> Iterator[Hit]:
    for name in doc.defs:
        if (doc.nsid, name) in doc.folder.endless:
            yield Hit(("defs", name), f"#{clean(name, 60)} requires itself", "make one of the fields optional")
