"""Schema documents become classes while the program runs, by the very text that the command would write.

A class belongs to where its document came from and to the document's CID. Two documents never share a
class, whatever name and version they give themselves. Classes and samples pickle as the document.
"""

from __future__ import annotations

import json
import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from atdata_codegen.audit import compile_checked
from atdata_codegen.load import load_json
from atdata_codegen.problems import ProblemError, clean
from atdata_codegen.samples.known import Known
from atdata_codegen.samples.model import SampleSchema, SchemaRef
from atdata_codegen.samples.parse import parse_schema
from atdata_codegen.samples.plan import module_names

from atdata._errors import AtdataError, SchemaError
from atdata._locks import fork_safe_lock
from atdata._samples import text_cache

if TYPE_CHECKING:
    from atdata._samples.base import PackableSample

__all__ = ["decode_schema", "rebuild_class"]

Document = Mapping[str, Any] | bytes | str
Resolve = Callable[[str], Document | None]

_ROOT = "atdata._decoded"
_MAX_REFS = 32
_MAX_NESTED = 1000
_MAX_MESSAGE = 1800

_lock = fork_safe_lock()
_known: dict[str, _Decoded] = {}


class _Decoded:
    """A class with what is needed to make it again. ``refs`` has its nested classes by address."""

    __slots__ = ("cls", "key", "module", "refs", "schema", "text")

    def __init__(self, schema: SampleSchema, text: str, refs: dict[str, _Decoded], key: str) -> None:
        self.schema = schema
        self.text = text
        self.refs = refs
        self.key = key
        self.module: ModuleType
        self.cls: type[PackableSample[Any]]

    def documents(self) -> tuple[tuple[str, str, str], ...]:
        """Address, text and origin of every nested schema, at any depth, each once."""
        found: dict[str, tuple[str, str, str]] = {}
        todo: list[_Decoded] = [self]
        while todo:
            outer = todo.pop()
            for ref in outer.schema.refs:
                address, nested = _address(ref, outer.schema), outer.refs[ref.uri]
                if address not in found:
                    found[address] = (address, nested.text, nested.schema.origin)
                    todo.append(nested)
        return tuple(found.values())

    def schemas(self) -> dict[str, SampleSchema]:
        """The schema of each address."""
        return {uri: nested.schema for uri, nested in self.refs.items()}


class _Search:
    """One call: every nested document is asked for once, and there is an end to how many."""

    def __init__(self, resolve: Resolve | None) -> None:
        self._resolve = resolve
        self._found: dict[str, _Decoded] = {}
        self._asked = 0

    def nested(self, ref: SchemaRef, home: SampleSchema, above: tuple[str, ...]) -> _Decoded:
        what = f"{clean(home.name)} {home.version}: the nested schema {clean(ref.uri, 300)}"
        address = _address(ref, home)
        if address in above or len(above) >= _MAX_REFS:
            raise SchemaError(f"{what} refers back to itself, or nests too deep")
        found = self._found.get(address)
        if found is None:
            self._asked += 1
            if self._asked > _MAX_NESTED:
                raise SchemaError(f"{what} is one of more than {_MAX_NESTED:,} nested schemas")
            document = self._resolve(address) if self._resolve is not None else None
            if document is None:
                raise SchemaError(f"{what} is not known here; give resolve= a function that finds its document")
            origin = home.origin if ref.origin == "local" else ref.origin
            found = self._found[address] = _decode(document, origin, self, (*above, address))
        if Known([replace(found.schema, uri=ref.uri)]).find(ref, home.origin) is None:
            raise SchemaError(
                f"{what} was resolved to {found.schema.name} {found.schema.version}, which is another one"
            )
        return found


def _address(ref: SchemaRef, home: SampleSchema) -> str:
    """Where to ask for ``ref``: in a document from elsewhere, ``local`` is there and not here."""
    if ref.origin != "local" or home.origin == "local":
        return ref.uri
    return ref.uri.replace("atdata://local/", f"atdata://{home.origin}/", 1)


def decode_schema(
    document: Document, *, origin: str = "local", resolve: Resolve | None = None
) -> type[PackableSample[Any]]:
    """The sample class of a schema document; the same document from the same origin gives the same class.

    ``origin`` is where the document was found, ``local`` or a DID; what the document itself says about that
    is not believed. ``resolve`` gives the document of a nested schema by its URI, in which ``local`` stands
    for this machine alone: what a DID's document calls local is asked for with the DID. Raises
    :class:`SchemaError` for a document that is no valid schema; nothing of it is run.

    >>> field = {"name": "x", "fieldType": {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "int"}}
    >>> Point = decode_schema(
    ...     {"$type": "ac.foundation.dataset.sampleSchema", "name": "Point", "version": "1.0.0", "fields": [field]}
    ... )
    >>> Point(x=3)
    Point(x=3)
    """
    with _lock:
        try:
            return _decode(document, origin, _Search(resolve), ()).cls
        except ProblemError as error:
            raise SchemaError(str(error)[:_MAX_MESSAGE], error.problems) from error
        except SchemaError:
            raise
        except AtdataError as error:
            raise SchemaError(clean(str(error), 500)) from error


def rebuild_class(text: str, origin: str, refs: tuple[tuple[str, str, str], ...]) -> Any:
    """The class that was pickled as its documents."""
    documents = {address: nested for address, nested, _ in refs}
    return decode_schema(text, origin=origin, resolve=documents.get)


def _decode(document: Document, origin: str, search: _Search, above: tuple[str, ...]) -> _Decoded:
    schema, plain = _parse(document, origin)
    refs = {ref.uri: search.nested(ref, schema, above) for ref in schema.refs}
    parts = (origin, schema.cid, *(nested.key for nested in refs.values()))
    key = sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    found = _known.get(key)
    if found is None:
        text = json.dumps(plain, ensure_ascii=True, separators=(",", ":"))
        found = _Decoded(schema, text, refs, key)
        _load(found)
        _known[key] = found
    return found


def _parse(document: Document, origin: str) -> tuple[SampleSchema, dict[str, Any]]:
    if isinstance(document, str):
        try:
            document = document.encode("utf-8")
        except UnicodeEncodeError as error:
            raise SchemaError("the document's text is not valid Unicode") from error
    loaded: Any = load_json(bytes(document), what="sample schema") if isinstance(document, bytes) else document
    schema, problems = parse_schema(loaded, origin=origin)
    if schema is None:
        raise ProblemError(problems, "sample schema")
    return schema, {name: value for name, value in loaded.items() if name != "$ref"}


def _load(decoded: _Decoded) -> None:
    """Make the module of ``decoded``, in a package of its own where its nested modules are at hand."""
    schema = decoded.schema
    digest = decoded.key
    package = f"{_ROOT}.s{digest[:32]}"
    name = f"{package}.{schema.module}"
    file = f"<atdata schema {clean(schema.origin, 80)}/{schema.module} {schema.cid}>"
    code, text = _code(decoded, digest, file)
    module = ModuleType(name)
    module.__file__ = file
    module.__package__ = package
    made = [name, *(_package(part) for part in (_ROOT, package))]
    sys.modules[name] = module
    for uri, part in module_names(schema, decoded.schemas()).items():
        sys.modules[f"{package}.{part}"] = decoded.refs[uri].module
        made.append(f"{package}.{part}")
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    try:
        exec(code, module.__dict__)
        decoded.cls = module.__dict__[schema.name]
        decoded.module = module
        decoded.cls._document = (decoded.text, schema.origin, decoded.documents())
    except BaseException:
        for entry in made:
            if entry != _ROOT:
                sys.modules.pop(entry, None)
        linecache.cache.pop(file, None)
        raise


def _package(name: str) -> str:
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = []  # what makes a module a package
        package.__package__ = name
        sys.modules[name] = package
    return name


def _code(decoded: _Decoded, digest: str, file: str) -> tuple[CodeType, str]:
    key = f"schema-{text_cache.fingerprint()}-{digest[:40]}"
    text = text_cache.read(key)
    if text is not None:
        try:
            return compile_checked(text, file), text
        except AtdataError:
            pass  # whatever that was, it is made again
    from atdata_codegen.samples.render import render_module
    from atdata_codegen.templating import default_renderer

    text = render_module(decoded.schema, decoded.schemas(), default_renderer())
    code = compile_checked(text, file)
    text_cache.write(key, text)
    return code, text
