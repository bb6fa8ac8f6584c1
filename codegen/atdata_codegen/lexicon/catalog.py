"""All documents of one run: where each becomes a module, and what each definition is called there.

What a document exports depends on that document alone, so a module needs to be rendered again only
when its own document changed, or one that it refers to, or the set of documents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from atdata_codegen.lexicon import model as m
from atdata_codegen.names import Namer, constant, module_segment, pascal

__all__ = ["RESERVED", "Catalog", "Export", "Module", "exports", "place"]

#: Names that every generated module uses for itself.
RESERVED = frozenset(
    {
        "NSID", "Absent", "Any", "Blob", "CidLink", "ClassVar", "Final", "Literal", "None", "Record", "TYPE_CHECKING",
        "TypeAlias", "True", "False", "UNSET", "Unset", "annotations", "dataclass",
    }
)  # fmt: skip

#: What generated packages hold already: a module of that name would not be found.
_MODULE_TAKEN = frozenset({"annotations", "dataclass", "lazy_names", "lazy_submodules"})

#: Packages at the top of the generated tree that no NSID may take.
_TOP_TAKEN = frozenset({"samples", "lenses"})


@dataclass(frozen=True, slots=True)
class Export:
    """What a reference to a definition finds: a ``class``, an ``alias``, a ``token``, or ``nothing`` usable."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Module:
    """Where a document lives: ``parts`` below the root package; ``package`` when other documents lie below it."""

    nsid: str
    parts: tuple[str, ...]
    is_package: bool
    root: str = ""

    @property
    def anchor(self) -> tuple[str, ...]:
        """The package that relative imports of this module start from."""
        return self.parts if self.is_package else self.parts[:-1]

    @property
    def path(self) -> str:
        """File below the root package, with forward slashes."""
        return "/".join(self.parts) + ("/__init__.py" if self.is_package else ".py")

    def seen_from(self, other: Module) -> str:
        """The module's name in an import statement of ``other``."""
        if self.root:
            return ".".join((self.root, *self.parts))
        start = other.anchor
        common = 0
        for mine, theirs in zip(self.parts, start, strict=False):
            if mine != theirs:
                break
            common += 1
        return "." * (len(start) - common + 1) + ".".join(self.parts[common:])


def exports(document: m.Document) -> dict[str, Export]:
    """The Python name of every definition of ``document``; depends on nothing else."""
    namer = Namer(RESERVED)
    found: dict[str, Export] = {}
    last = document.id.rpartition(".")[2]
    if isinstance(document.defs.get("main"), m.Endpoint):
        for name in ("Params", "Input", "Output", "Message", "Errors", "INPUT_ENCODING", "OUTPUT_ENCODING"):
            namer.take(name)
    for name in sorted(document.defs, key=lambda n: (n != "main", n)):
        definition = document.defs[name]
        wish = pascal(last if name == "main" else name)
        if isinstance(definition, (m.Record, m.Object)):
            found[name] = Export("class", namer.take(wish, wish + "Def"))
        elif isinstance(definition, m.Token):
            full = f"{document.id}#{name}" if name != "main" else last
            found[name] = Export("token", namer.take(constant(full), constant(full) + "_TOKEN"))
        elif isinstance(definition, (m.Endpoint, m.PermissionSet, m.UnknownPrimary)):
            found[name] = Export("nothing", "")
        else:
            found[name] = Export("alias", namer.take(wish, wish + "Def"))
    return found


def place(nsids: Iterable[str], root: str = "") -> dict[str, Module]:
    """The module of every NSID, all of one tree; no two share one, whatever their spelling."""
    taken: dict[tuple[str, ...], Namer] = {}
    folders: dict[tuple[str, ...], dict[str, str]] = {}
    parts_of: dict[str, tuple[str, ...]] = {}
    placed: set[tuple[str, ...]] = set()
    for nsid in sorted(nsids):
        parts: tuple[str, ...] = ()
        segments = nsid.split(".")
        for depth, segment in enumerate(segments):
            known = folders.setdefault(parts, {})
            last = depth == len(segments) - 1
            key = segment if last else segment.lower()
            name = known.get(key)
            if name is None and not last:
                name = known.get(segment)  # below a document whose name has capitals
            elif last and name is not None and (*parts, name) in placed:
                name = None
            if name is None:
                wish = module_segment(segment)
                if wish in _MODULE_TAKEN or (not parts and wish in _TOP_TAKEN):
                    wish += "_"
                name = taken.setdefault(parts, Namer()).take(wish)
            known[key] = name
            parts = (*parts, name)
        parts_of[nsid] = parts
        placed.add(parts)
    prefixes = {parts[:i] for parts in parts_of.values() for i in range(1, len(parts))}
    return {nsid: Module(nsid, parts, parts in prefixes, root) for nsid, parts in parts_of.items()}


class Catalog:
    """Documents, their modules and exports; included documents can be referred to but are not generated."""

    def __init__(
        self,
        documents: Mapping[str, m.Document],
        included: Mapping[str, tuple[m.Document, str]],
        refused: Collection[str] = (),
    ) -> None:
        self.documents = documents
        self.refused = refused
        self.included = included
        self.modules = place(documents)
        by_root: dict[str, list[str]] = {}
        for nsid, (_, root) in included.items():
            if nsid not in documents:
                by_root.setdefault(root, []).append(nsid)
        for root, nsids in by_root.items():
            if root:
                self.modules.update(place(nsids, root))
        self._exports: dict[str, dict[str, Export]] = {}

    def exports(self, nsid: str) -> dict[str, Export] | None:
        """The exports of a document, or None when it is neither in the folder nor included."""
        found = self._exports.get(nsid)
        if found is None:
            document = self.documents.get(nsid)
            if document is None and nsid in self.included:
                document = self.included[nsid][0]
            if document is None:
                return None
            found = self._exports[nsid] = exports(document)
        return found

    def definition(self, ref: m.Ref) -> m.Definition | None:
        """The definition that ``ref`` leads to, where its document is known."""
        document = self.documents.get(ref.nsid)
        if document is None and ref.nsid in self.included:
            document = self.included[ref.nsid][0]
        return document.defs.get(ref.name) if document else None
