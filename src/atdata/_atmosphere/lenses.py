"""Lens records: publishing them, finding them by schema, and matching local code to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset import lens as lens_module
from atdata_generated.ac.foundation.dataset.lens import CodeReference, FieldMapping
from atdata_generated.ac.foundation.dataset.lens import Lens as LensRecord

from atdata._atmosphere.checks import checked_client, model_of
from atdata._atmosphere.loaders import RecordLoader
from atdata._errors import AtdataError, LensError, shown
from atdata._samples.record_form import now

if TYPE_CHECKING:
    from atdata._atmosphere.at_uri import AtUri
    from atdata._atmosphere.client import AtmosphereClient
    from atdata.lens import Lens

__all__ = ["LensCodeError", "LensLoader", "LensPublisher", "code_path"]

_PARTS = ("repository", "commit", "path")

#: A commit's hash, SHA-1 or SHA-256, whole or as short as Git shows it.
_HASH = re.compile(r"[0-9a-fA-F]{7,64}", re.ASCII)


class LensCodeError(AtdataError, ValueError):
    """A lens record that says where its code is, but not all of it."""


class LensPublisher:
    """Publishes lens records in the account of ``client``. They name code, and never hold it."""

    def __init__(self, client: AtmosphereClient) -> None:
        self.client = checked_client(client, "LensPublisher")

    def publish(
        self,
        name: str,
        source_schema_uri: str | AtUri | None = None,
        target_schema_uri: str | AtUri | None = None,
        description: str | None = None,
        code_repository: str | None = None,
        code_commit: str | None = None,
        getter_path: str | None = None,
        putter_path: str | None = None,
        rkey: str | None = None,
        *,
        source_schema: str | AtUri | None = None,
        target_schema: str | AtUri | None = None,
        getter_code: Mapping[str, str] | None = None,
        putter_code: Mapping[str, str] | None = None,
        mapping: Mapping[str, Any] | FieldMapping | None = None,
    ) -> AtUri:
        """Publish a lens between two schemas; returns the address of its record.

        A record of the account that says all the same is taken, and no second one is made. ``rkey`` names the key of
        a new record, which otherwise has a key of the time.

        The schemas are named by ``source_schema_uri`` and ``target_schema_uri``, or without ``_uri``. Code is named
        by repository, commit and paths (``package.module:function``), or by ``getter_code`` and ``putter_code``, each
        with ``repository``, ``commit`` (the hash of a Git commit) and ``path``; ``ValueError`` when a part is missing
        or no such thing. ``mapping`` describes a lens that works field by field, and needs no code.
        """
        getter = _code("getter_code", getter_code)
        putter = _code("putter_code", putter_code)
        if any(part is not None for part in (code_repository, code_commit, getter_path, putter_path)):
            if getter is not None or putter is not None:
                raise LensCodeError("the code is named twice: by code_repository and so on, and by getter_code")
            where = {"repository": code_repository, "commit": code_commit}
            getter = _code("the getter's code", {**where, "path": getter_path})
            if putter_path is not None:
                putter = _code("the putter's code", {**where, "path": putter_path})
        if putter is not None and getter is None:
            raise LensCodeError("a putter's code is named, and no getter's; a lens has a getter at least")
        made = LensRecord(
            name=name,
            source_schema=_schema("source_schema_uri", source_schema_uri, source_schema),
            target_schema=_schema("target_schema_uri", target_schema_uri, target_schema),
            description=description,
            getter_code=getter,
            putter_code=putter,
            mapping=_mapping(mapping),
            created_at=now(),
        )
        same = _published(self.client, made)
        if same is not None and rkey in (None, same.rkey):
            return same
        return self.client.create_record(lens_module.NSID, made, rkey=rkey)

    def publish_from_lens(
        self,
        lens_obj: Lens[Any, Any],
        *,
        name: str | None = None,
        source_schema_uri: str | AtUri | None = None,
        target_schema_uri: str | AtUri | None = None,
        code_repository: str | None = None,
        code_commit: str | None = None,
        description: str | None = None,
        rkey: str | None = None,
        source_schema: str | AtUri | None = None,
        target_schema: str | AtUri | None = None,
    ) -> AtUri:
        """Publish a lens of this program: its name and description are the function's unless they are given.

        With ``code_repository`` and ``code_commit`` (both or none) the record says where its functions are.
        """
        if (code_repository is None) != (code_commit is None):
            raise LensCodeError("code is named by code_repository and code_commit, both or none")
        named = code_repository is not None
        put = lens_obj._put
        return self.publish(
            lens_obj.__name__ if name is None else name,
            source_schema_uri,
            target_schema_uri,
            _summary(lens_obj.__doc__) if description is None else description,
            code_repository,
            code_commit,
            code_path(lens_obj._get) if named else None,
            code_path(put) if named and put is not None else None,
            rkey,
            source_schema=source_schema,
            target_schema=target_schema,
        )


class LensLoader(RecordLoader):
    """Reads lens records. No code that a record names is ever fetched or imported."""

    _NSID = lens_module.NSID

    def find_by_schemas(
        self,
        source_schema_uri: str | AtUri,
        target_schema_uri: str | AtUri | None = None,
        repo: str | None = None,
    ) -> list[dict[str, Any]]:
        """The lens records of a repository from one schema to another, or from one schema to any; all of them."""
        wanted = {"sourceSchema": str(source_schema_uri)}
        if target_schema_uri is not None:
            wanted["targetSchema"] = str(target_schema_uri)
        return [found for found in self.values(repo) if all(found.get(key) == value for key, value in wanted.items())]

    def to_lens(
        self,
        uri: str | AtUri,
        lenses: Iterable[Lens[Any, Any]] | None = None,
        *,
        source_type: type[Any] | None = None,
        view_type: type[Any] | None = None,
    ) -> Lens[Any, Any]:
        """The lens that a record stands for: made of its mapping, or one of this program.

        A mapping works between the classes of the record's schemas, which are decoded unless ``source_type`` and
        ``view_type`` are given. Else the lens is looked for in ``lenses``, or among all that are registered: its
        getter is the function that the record names (``package.module:function`` or ``package/module.py:function``),
        or it has the record's name when that names no function. :class:`LensError` says which code the record names
        when there is no such lens, or more than one. Nothing is imported, and nothing registered.
        """
        found = self.find(uri)
        record = model_of(LensRecord, found.value, str(uri))
        if isinstance(record.mapping, FieldMapping):
            from atdata._lenses.mapped import mapped_lens

            source = self._class_of(record.source_schema) if source_type is None else source_type
            view = self._class_of(record.target_schema) if view_type is None else view_type
            return mapped_lens(found.value, source, view, origin=self.client.did_of(found.uri.authority))
        return _only_one(record, str(uri), _registered() if lenses is None else list(lenses))

    def _class_of(self, schema: str) -> type[Any]:
        from atdata._atmosphere.index.index import AtmosphereIndex

        return AtmosphereIndex(self.client).decode_schema(schema)


def _only_one(record: LensRecord, uri: str, candidates: list[Lens[Any, Any]]) -> Lens[Any, Any]:
    """The lens among ``candidates`` that is the one of a record."""
    code = record.getter_code
    path = code.path if isinstance(code, CodeReference) else None
    found = [lens for lens in candidates if _fits(lens, record, path)]
    if len(found) == 1:
        return found[0]
    where = f"the lens record {shown(uri, 300)}"
    if found:
        raise LensError(f"{where} fits {len(found)} lenses of this program: name the one in lenses=")
    hint = (
        f"it names {shown(code.path, 200)} in {shown(code.repository, 200)} at {shown(code.commit)}: "
        "read that code, install and import it, then ask again"
        if isinstance(code, CodeReference)
        else f"write and register one called {shown(record.name)}"
    )
    raise LensError(f"{where} fits no lens of this program; {hint}")


def code_path(function: Any) -> str:
    """How a record names a function.

    >>> import json
    >>> code_path(json.dumps)
    'json:dumps'
    """
    return f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"


def _registered() -> list[Lens[Any, Any]]:
    from atdata.lens import LensNetwork

    return LensNetwork().lenses()


def _fits(lens: Lens[Any, Any], record: LensRecord, path: str | None) -> bool:
    if path is None:
        return lens.__name__ == record.name
    module, _, function = code_path(lens._get).partition(":")
    named, _, wanted = path.partition(":")
    named = named.removesuffix(".py").replace("/", ".")
    return function == wanted and (named == module or named.endswith(f".{module}"))


def _code(what: str, given: Mapping[str, Any] | None) -> CodeReference | None:
    if given is None:
        return None
    lacking = [part for part in _PARTS if not isinstance(given.get(part), str) or not given[part]]
    unknown = [str(part) for part in given if part not in _PARTS]
    if lacking or unknown:
        wrong = f"lacks {', '.join(lacking)}" if lacking else f"has no {', '.join(unknown)}"
        raise LensCodeError(f"{what} {wrong}; code is named by repository, commit and path")
    if not _HASH.fullmatch(given["commit"]):
        raise LensCodeError(
            f"{what} is at commit {shown(given['commit'])}, which is no hash of a Git commit; give 7 to 64 hexadecimal "
            "digits, as `git rev-parse HEAD` prints them"
        )
    return CodeReference(**given)


def _published(client: AtmosphereClient, made: LensRecord) -> AtUri | None:
    """The address of the account's record that says the same as ``made``, whenever it was made."""
    from atdata._atmosphere.errors import WrongRecordError
    from atdata._atmosphere.index.reading import RepoReader

    wanted = _content(made.to_record())
    try:
        for record in RepoReader(client, home=client.did).all(lens_module.NSID):
            if _content(record.value) == wanted:
                return record.uri
    except WrongRecordError:  # a stand-in for a client that cannot list
        pass
    return None


def _content(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "createdAt"}


def _schema(what: str, first: str | AtUri | None, second: str | AtUri | None) -> str:
    if (first is None) == (second is None):
        raise ValueError(f"{what} is {'missing' if first is None else 'given twice'}: the address of a schema record")
    return str(second if first is None else first)


def _mapping(given: Mapping[str, Any] | FieldMapping | None) -> FieldMapping | dict[str, Any] | None:
    if given is None or isinstance(given, FieldMapping):
        return given
    return {"$type": f"{lens_module.NSID}#fieldMapping", **given}


def _summary(text: str | None) -> str | None:
    return text.strip() or None if text else None
