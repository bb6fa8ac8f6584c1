"""The pairs that rules of sample schemas look at, and the table that they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from atdata_codegen.review.changes import Change, Checks, Path
from atdata_codegen.review.lexicons.pair import match_renames
from atdata_codegen.review.samples.view import FieldView, SampleSide, SchemaView, TypeNode

__all__ = ["SAMPLE_CHECKS", "SamplePair"]


@dataclass(frozen=True)
class SamplePair:
    """Two versions of a schema; below them two fields, and two types of a field.

    ``path`` leads to the place in the new document. ``item`` is true inside of a list. Of references, ``inner`` is
    what changed between the schemas that they lead to, and ``lost`` is true when one leads nowhere.
    """

    old: SchemaView
    new: SchemaView
    sides: tuple[SampleSide, SampleSide]
    path: Path = ()
    fields: tuple[FieldView, FieldView] | None = None
    types: tuple[TypeNode, TypeNode] | None = None
    item: bool = False
    inner: tuple[Change, ...] = ()
    lost: bool = False

    @property
    def field(self) -> tuple[FieldView, FieldView]:
        """The two fields; only asked for below schemas."""
        if self.fields is None:
            raise ValueError("this pair is of schemas")
        return self.fields

    @property
    def type(self) -> tuple[TypeNode, TypeNode]:
        """The two types; only asked for below fields."""
        if self.types is None:
            raise ValueError("this pair is of schemas or fields")
        return self.types

    def of_fields(self, old: FieldView, new: FieldView) -> SamplePair:
        """The pair of two fields."""
        return replace(self, fields=(old, new), path=("fields", new.index))

    def of_types(self, old: TypeNode, new: TypeNode, *keys: str, item: bool = False) -> SamplePair:
        """The pair of two types."""
        return replace(self, types=(old, new), path=(*self.path, *keys), item=item)

    @cached_property
    def names(self) -> Names:
        """The fields told apart."""
        old, new = self.old.fields, self.new.fields
        removed = [name for name in old if name not in new]
        added = [name for name in new if name not in old]
        alias = {gone: name for name in added for gone in new[name].listed("aliases") or [] if gone in removed}
        shapes = (
            {name: old[name].shape for name in removed if name not in alias},
            {name: new[name].shape for name in added if name not in alias.values()},
        )
        return Names(tuple(n for n in old if n in new), tuple(removed), tuple(added), alias, match_renames(*shapes))


@dataclass(frozen=True, slots=True)
class Names:
    """Names of fields: ``alias`` and ``renamed`` map old ones to new ones."""

    common: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    alias: Mapping[str, str]
    renamed: Mapping[str, str]

    @property
    def fresh(self) -> list[str]:
        """Fields that are new, and no old one under a new name."""
        came = {*self.alias.values(), *self.renamed.values()}
        return [name for name in self.added if name not in came]

    @property
    def gone(self) -> list[str]:
        """Fields that are gone, under any name."""
        return [name for name in self.removed if name not in self.alias and name not in self.renamed]


SAMPLE_CHECKS: Checks[SamplePair] = Checks()
