"""The schemas that we ship: of Lexicon documents, of our own documents and the settings, and of a review as JSON."""

from __future__ import annotations

from importlib import resources

__all__ = ["EDITOR_SCHEMAS", "editor_schema"]

EDITOR_SCHEMAS = ("lexicon", "sample-schema", "settings", "review")


def editor_schema(name: str) -> str:
    """The text of one of :data:`EDITOR_SCHEMAS`.

    >>> '"$schema"' in editor_schema("lexicon")
    True
    """
    if name not in EDITOR_SCHEMAS:
        raise ValueError(f"no editor schema {name!r}: there are {', '.join(EDITOR_SCHEMAS)}")
    return (resources.files("atdata_templates") / "schemas" / f"{name}.json").read_text(encoding="utf-8")
