"""What a generated module says about itself: its definitions, its classes, and where other documents live."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .catalog import find_pointer, split_reference
from .errors import UnknownDefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from ._accept import Acceptor
    from .record import Record

__all__ = ["Document", "document_of", "home_of"]


class Document:
    """The Lexicon document behind one generated module; also a catalogue of it and of all it refers to."""

    _acceptor: Acceptor | None = None

    def __init__(self, module: ModuleType) -> None:
        from json import loads

        self.module = module
        self.text: str = module._LEXICON
        self.nsid: str = module.NSID
        self.definitions: dict[str, Any] = loads(self.text)
        names: dict[str, Any] = loads(module._NAMES)
        self.classes: dict[str, str] = names.get("classes", {})
        self.fields: dict[str, dict[str, str]] = names.get("fields", {})
        self.modules: dict[str, str] = names.get("modules", {})
        self._places = {nsid: (name, module.__package__ or "") for nsid, name in self.modules.items()}

    def defs(self, nsid: str) -> Mapping[str, Any] | None:
        """The definitions of this document, or of one that it refers to, however indirectly."""
        document = self.document(nsid)
        return None if document is None else document.definitions

    def document(self, nsid: str) -> Document | None:
        """The document with an NSID, or None if there is no module for it."""
        if nsid == self.nsid:
            return self
        place = self._places.get(nsid)
        if place is None:
            return None
        try:
            module = import_module(*place)
        except ImportError:
            return None  # generated without this document: what refers to it accepts everything
        if not hasattr(module, "_LEXICON"):
            return None
        found = _document(module)
        for other, (name, package) in found._places.items():
            self._places.setdefault(other, (name, package))
        return found

    def resolve(self, reference: object) -> tuple[Document, str, dict[str, Any]] | None:
        """The document, the pointer and the definition that a reference means, or None."""
        if not isinstance(reference, str):
            return None
        nsid, name = split_reference(reference, self.nsid)
        document = self.document(nsid)
        node = None if document is None else document.definitions.get(name)
        return (document, f"/{name}", node) if document is not None and isinstance(node, dict) else None

    def class_at(self, pointer: str) -> type[Record] | None:
        """The class generated for the object schema at a pointer, or None."""
        name = self.classes.get(pointer)
        return None if name is None else getattr(self.module, name, None)

    def at(self, pointer: str) -> dict[str, Any]:
        """The object schema at a pointer."""
        node = find_pointer(self.definitions, pointer)
        if not isinstance(node, dict):
            raise UnknownDefinitionError(f"{self.module.__name__} has no definition at {pointer}: generate it again")
        return node


_documents: dict[str, Document] = {}


def _document(module: ModuleType) -> Document:
    found = _documents.get(module.__name__)
    if found is None or found.text is not module._LEXICON:
        if found is not None:  # generated anew: what others worked out from it is out of date
            for other in _documents.values():
                other._acceptor = None
        found = _documents[module.__name__] = Document(module)
    return found


def home_of(cls: type[Record]) -> type[Record]:
    """The generated class that a class is, or is derived from."""
    for base in cls.__mro__:
        if "_AT" in base.__dict__:
            return base
    raise UnknownDefinitionError(f"{cls.__qualname__} is not a generated record class, nor derived from one")


def document_of(cls: type[Record]) -> Document:
    """The document that a generated class belongs to."""
    home = home_of(cls)
    module = sys.modules.get(home.__module__)
    if module is None or not hasattr(module, "_LEXICON"):
        raise UnknownDefinitionError(f"{home.__module__} is not imported, or is not a generated record module")
    return _document(module)
