"""Versions of sample schemas: what a change asks for, and whether a new version says so.

Source: Semantic Versioning 2.0.0 (https://semver.org). Below 1.0.0 a minor version may break.
"""

from __future__ import annotations

from atdata_codegen.findings import BUMPS, Bump

__all__ = ["Version", "bump_between", "bumped", "enough", "parse_version"]

Version = tuple[int, int, int]


def parse_version(text: str) -> Version | None:
    """The three numbers of ``text``, or None.

    >>> parse_version("1.10.0"), parse_version("1.0")
    ((1, 10, 0), None)
    """
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in parts):
        return None
    major, minor, patch = (int(part) for part in parts)
    return major, minor, patch


def bump_between(old: Version, new: Version) -> Bump:
    """The bump that leads from ``old`` to ``new``; none where ``new`` is not above ``old``.

    >>> bump_between((1, 0, 0), (1, 1, 0)), bump_between((1, 1, 0), (1, 0, 0))
    ('minor', 'none')
    """
    if new <= old:
        return "none"
    if new[0] != old[0]:
        return "major"
    return "minor" if new[1] != old[1] else "patch"


def enough(old: Version, new: Version, asked: Bump) -> bool:
    """Whether going from ``old`` to ``new`` says at least as much as ``asked``.

    >>> enough((1, 0, 0), (1, 1, 0), "major"), enough((0, 1, 0), (0, 2, 0), "major")
    (False, True)
    """
    if old[0] == 0 and asked == "major":
        asked = "minor"
    return BUMPS.index(bump_between(old, new)) >= BUMPS.index(asked)


def bumped(old: Version, asked: Bump) -> str:
    """The next version after ``old`` that says ``asked``.

    >>> bumped((1, 4, 2), "minor"), bumped((0, 4, 2), "major")
    ('1.5.0', '0.5.0')
    """
    major, minor, patch = old
    if asked == "major" and major:
        return f"{major + 1}.0.0"
    if asked in ("major", "minor"):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}" if asked == "patch" else f"{major}.{minor}.{patch}"
