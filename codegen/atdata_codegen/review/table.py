"""The rules: what each change is called, what it breaks, which version it asks for, why, and what to do instead.

Breaks are written as letters: `R` readers of old data, `W` old readers of new data, `S` Python source, `!` silent.
A small letter means that it depends: on the direction, the policy, or the shapes on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from atdata_codegen.findings import Break, Bump

__all__ = ["DOCS", "RULES", "UNREADABLE", "Rule"]

_LETTERS: Final[Mapping[str, Break]] = {"R": "readers", "W": "writers", "S": "source", "!": "silent"}

#: What is said of a document that cannot be compared because its parser refuses it.
UNREADABLE: Final = "DOC001"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``breaks`` is what it breaks at most, ``bump`` what it asks for at most."""

    id: str
    scope: str
    title: str
    letters: str
    bump: Bump
    reason: str
    fix: str

    @property
    def breaks(self) -> frozenset[Break]:
        """What the rule breaks wherever it is found; what depends is not among it."""
        return frozenset(_LETTERS[letter] for letter in self.letters if letter in _LETTERS)

    @property
    def may_break(self) -> frozenset[Break]:
        """What the rule can break, depending on the place."""
        return frozenset(_LETTERS[letter.upper()] for letter in self.letters)


_ADD_NEW: Final = "leave it as it was and add a new optional field, or define a new name"
_OPTIONAL: Final = "make it optional"
_KEEP: Final = "keep it, and say in its description that it is deprecated"
_LENS: Final = "raise the major version and draft a lens with atdata-gen migrate"

_ROWS: Final[tuple[tuple[str, str, str, str, Bump, str, str], ...]] = (
    ("DOC001", "doc", "document cannot be read", "!", "none",
     "what cannot be read cannot be compared", "mend the document"),
    ("LEX001", "doc", "document removed", "RWS", "major",
     "records of it can no longer be understood",
     "keep the document, and say in its description that it is deprecated"),
    ("LEX002", "def", "definition removed", "RWS", "major",
     "whoever refers to it, here or elsewhere, loses it", _KEEP),
    ("LEX003", "def", "definition renamed", "RWS", "major",
     "its name stands in references and in the $type of data", "keep the old name as well, with the same body"),
    ("LEX004", "def", "definition or document added", "", "minor", "nobody could use it before", ""),
    ("LEX005", "any", "type changed", "RWS", "major",
     "a value of one type is refused where the other is asked for", _ADD_NEW),
    ("LEX010", "object", "required field added", "RS", "major",
     "data that was written before lacks it, and constructors must give it", _OPTIONAL),
    ("LEX011", "object", "optional field added", "", "minor", "data without it stays valid", ""),
    ("LEX012", "object", "required field removed", "WS", "major",
     "those who still read with the old definition require it", _KEEP),
    ("LEX013", "object", "optional field removed", "wS", "major",
     "code that names it fails, and its name may come back with another meaning", _KEEP),
    ("LEX014", "object", "field renamed", "RWS", "major",
     "the old name stands in the data that is stored", "add the new name as an optional field and keep the old one"),
    ("LEX015", "object", "removed name used again with another type", "RW!", "major",
     "old data holds the old values under this name", "choose a name that was never used"),
    ("LEX016", "object", "optional field became required", "RS", "major",
     "data that was written before may lack it", "leave it optional"),
    ("LEX017", "object", "required field became optional", "WS", "major",
     "those who still read with the old definition require it", "leave it required"),
    ("LEX018", "object", "field may be null now", "WS", "major",
     "those who still read with the old definition refuse null", "leave the field out instead of writing null"),
    ("LEX019", "object", "field may not be null any more", "R", "major",
     "data that was written before may hold null", "leave it nullable"),
    ("LEX020", "constraint", "bound added or tightened", "R", "major",
     "values that were allowed before are refused now", "leave the bound, and say in the description what is wished"),
    ("LEX021", "constraint", "bound loosened or removed", "W", "minor",
     "those who still check the old bound refuse new values", ""),
    ("LEX022", "string", "format added or changed", "Rws", "major",
     "text that was allowed before may not have the format", "leave the format, or take one that includes the old one"),
    ("LEX023", "string", "format removed or widened", "W", "minor",
     "those who still check the old format refuse new values", ""),
    ("LEX024", "enum", "enum added, or a value removed from it", "RS", "major",
     "data that was written before may hold other values", "leave the values; use knownValues for new lists"),
    ("LEX025", "enum", "value added to an enum, or the enum removed", "Ws", "major",
     "an enum is closed: those who know the old one refuse the new value", "use knownValues, which is open"),
    ("LEX026", "enum", "known values changed", "s", "minor", "the list is open, so every value stays valid", ""),
    ("LEX027", "const", "const added, removed or changed", "RWS", "major",
     "one side allows a single value that the other may not have", _ADD_NEW),
    ("LEX028", "default", "default changed, added or removed", "s!", "minor",
     "data that lacks the field means something else from now on", "leave the default"),
    ("LEX030", "union", "member removed from a union", "RS", "major",
     "data that was written before may hold the member", "leave it among the members"),
    ("LEX031", "union", "member added to an open union", "", "minor",
     "an open union allows members that one does not know", ""),
    ("LEX032", "union", "member added to a closed union", "Ws", "major",
     "a closed union is closed: those who know the old one refuse the new member", "define a new union"),
    ("LEX033", "union", "open union closed", "RS", "major",
     "data that was written before may hold members that are not listed", "leave it open"),
    ("LEX034", "union", "closed union opened", "WS", "major",
     "those who know the closed union refuse other members, and matches are no longer exhaustive",
     "define a new union"),
    ("LEX035", "ref", "reference leads elsewhere", "rws", "major",
     "the definitions on both ends are compared field by field", "let the new definition allow what the old one did"),
    ("LEX036", "blob", "accepted media types narrowed", "R", "major",
     "blobs that were stored before may be of another type", "leave the types"),
    ("LEX037", "blob", "accepted media types widened", "W", "minor",
     "those who still check the old list refuse new blobs", ""),
    ("LEX038", "array", "type of the items changed", "rws", "major",
     "the items of stored lists are of the old type", "add a new optional field for the new list"),
    ("LEX039", "unknown", "unknown became typed, or typed became unknown", "rwS", "major",
     "one side allows every object, the other does not", _ADD_NEW),
    ("LEX040", "record", "kind of record key changed", "RW", "major",
     "the key is part of a record's address, and existing records keep theirs", "define a new record type"),
    ("LEX041", "def", "kind of definition changed", "RWS", "major",
     "whoever refers to it expects the old kind", "define a new name"),
    ("LEX042", "token", "token removed or renamed", "RS", "major",
     "tokens are values inside of data", "keep the token, and say in its description that it is deprecated"),
    ("LEX050", "params", "parameter became required", "WS", "major",
     "clients that do not send it are refused", _OPTIONAL),
    ("LEX051", "params", "parameter removed", "wS", "major",
     "clients that still send it are not understood", _KEEP),
    ("LEX052", "params", "bound of a parameter changed", "ws", "major",
     "clients may send values that are refused now", "leave the bound"),
    ("LEX053", "input", "input asks for more", "WS", "major",
     "clients that send what they sent before are refused", "ask for no more than before"),
    ("LEX054", "output", "output promises less", "RS", "major",
     "clients rely on what they got before", "answer with no less than before"),
    ("LEX055", "body", "body appeared, vanished, or is encoded otherwise", "RWS", "major",
     "both sides of the call must change at once", "define a new method"),
    ("LEX056", "errors", "errors of a method changed", "", "minor",
     "clients must expect errors that they do not know", ""),
    ("LEX057", "method", "kind of method changed", "RWS", "major",
     "calls go out with another HTTP method", "define a new method"),
    ("LEX058", "message", "messages of a subscription changed", "rws", "major",
     "consumers read old and new messages of one stream", "add members to an open union, and remove none"),
    ("LEX060", "permission", "permissions changed", "", "major",
     "people consented to the old permissions, and must be asked again", "define a new permission set"),
    ("LEX070", "doc", "description or order of keys changed", "", "patch", "data and code do not see it", ""),
    ("LEX071", "doc", "key that Lexicon does not know changed", "", "patch", "no tool of the protocol reads it", ""),
    ("SMP01", "field", "optional field added", "", "minor", "samples without it stay readable", ""),
    ("SMP02", "field", "optional field added in the middle", "s", "major",
     "positional arguments behind it move", "add it at the end"),
    ("SMP03", "field", "required field added", "RS", "major",
     "stored samples lack it, and constructors must give it", "make it optional, or give it a default"),
    ("SMP04", "field", "required field removed", "WS", "major",
     "those who still read with the old schema require it", _LENS),
    ("SMP05", "field", "optional field removed", "S", "major",
     "code that names it fails", "keep it, and say in its description that it is deprecated"),
    ("SMP06", "field", "field renamed", "RWS", "major",
     "stored samples hold the value under the old name", _LENS),
    ("SMP07", "field", "field renamed, with the old name as an alias", "Ws", "minor",
     "a lens reads stored samples under the old name; those who still read with the old schema do not find it", ""),
    ("SMP08", "field", "order of fields changed", "s", "minor",
     "only positional use would notice", "leave the order"),
    ("SMP10", "prim", "int became float", "rWS", "major",
     "whole numbers read as floats, up to 2^53 exactly; those who expect whole numbers refuse 0.5", _LENS),
    ("SMP11", "prim", "primitive type changed", "RWS", "major",
     "stored values are of the old type and are refused", _LENS),
    ("SMP12", "prim", "bool became int", "rWs", "major",
     "true is no number in msgpack, and is refused as one", _LENS),
    ("SMP13", "prim", "range of a number changed", "rw", "major",
     "values outside of the range are refused", "leave the range"),
    ("SMP14", "field", "optional field became required", "RS", "major",
     "stored samples may lack it", "leave it optional, or give it a default"),
    ("SMP15", "field", "required field became optional", "WS", "major",
     "those who still read with the old schema require it, and code must ask for None", "leave it required"),
    ("SMP16", "field", "default changed", "s!", "minor",
     "stored samples that lack the field get another value", "leave the default"),
    ("SMP17", "field", "default removed", "rS", "major",
     "stored samples that lack the field are refused", "leave the default"),
    ("SMP18", "field", "mutable default", "!", "none",
     "all samples would share one list or object", "make the field optional"),
    ("SMP20", "ndarray", "dtype widened", "rWs", "minor",
     "every stored value fits, but arrays of old shards keep their dtype until they are cast", ""),
    ("SMP21", "ndarray", "dtype changed", "RWS", "major",
     "stored arrays do not fit the new dtype", _LENS),
    ("SMP22", "ndarray", "dtype became exact, or more general", "rws", "major",
     "arrays of another unit are refused, or come unexpected", "leave the dtype"),
    ("SMP23", "ndarray", "byte order changed", "rw!", "patch",
     "each .npy array carries its own byte order", ""),
    ("SMP24", "ndarray", "rank changed", "RWS", "major",
     "stored arrays have another number of dimensions", _LENS),
    ("SMP25", "ndarray", "fixed dimension became variable", "Ws", "minor",
     "those who rely on the old size refuse others", ""),
    ("SMP26", "ndarray", "size of a dimension fixed or changed", "RWs", "major",
     "stored arrays may have other sizes", "leave the dimension variable"),
    ("SMP27", "ndarray", "dimensions permuted or renamed", "rw!", "major",
     "stored arrays keep their axes, which are called otherwise now: values end up in the wrong place", _LENS),
    ("SMP28", "ndarray", "names of dimensions added or removed", "", "patch", "sizes are as free as before", ""),
    ("SMP29", "ndarray", "equal sizes of two fields asked for, or no longer", "rw", "major",
     "stored samples may have different sizes", "give the dimension a name of its own"),
    ("SMP30", "ndarray", "encoding of the bytes changed", "rW!", "major",
     "stored bytes are of the old encoding", _LENS),
    ("SMP31", "list", "type of the items changed", "RWS", "major",
     "stored lists hold items of the old type", _LENS),
    ("SMP32", "list", "allowed number of items changed", "rw", "major",
     "stored lists may be longer or shorter", "leave the limits"),
    ("SMP33", "nested", "nested schema is of another version", "rws", "major",
     "the nested schemas are compared field by field", "refer to a version that reads the old samples"),
    ("SMP34", "nested", "nested schema is found elsewhere", "s", "patch",
     "the shape is the same; the class may move", ""),
    ("SMP35", "enum", "allowed values changed", "rwS", "major",
     "values that are not listed are refused", "leave the values"),
    ("SMP36", "label", "class labels reordered or renamed", "rw!", "major",
     "stored numbers mean other classes now", "add new labels at the end only"),
    ("SMP37", "meta", "meaning of the values changed", "rw!", "major",
     "stored values are read as something else", "add a new field for values of the new meaning"),
    ("SMP38", "union", "members of a union changed", "rws", "major",
     "samples may hold a member that one side does not know", "leave the members"),
    ("SMP40", "class", "schema renamed or removed", "rWS", "major",
     "it is a new type to everybody", "keep the old schema beside the new one"),
    ("SMP41", "class", "Python class changed", "S", "major",
     "code that imports or constructs it fails", "leave the class as it was"),
    ("SMP42", "doc", "description, examples, title or tags changed", "", "patch", "data and code do not see it", ""),
    ("SMP50", "policy", "version does not say what changed", "", "none",
     "the version is all that users see before they upgrade", "raise the version"),
    ("SMP51", "policy", "breaking change without a lens, or a lens that is gone", "r", "none",
     "shards cannot be rewritten: without a lens they are lost to the new type", "run atdata-gen migrate"),
    ("SMP52", "policy", "published version changed in place", "RW!", "none",
     "others hold the old contents under this version", "give the new contents a new version"),
)  # fmt: skip

RULES: Final[Mapping[str, Rule]] = {row[0]: Rule(*row) for row in _ROWS}

#: What no data and no ordinary code notices; only the policy `strict` objects to it.
DOCS: Final = frozenset(
    {"LEX026", "LEX028", "LEX070", "LEX071", "SMP08", "SMP16", "SMP18", "SMP23", "SMP28", "SMP34", "SMP42"}
)
