"""Which versions there are of what."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version

from atdata._doctor.checks import Part

__all__ = ["check_installed"]

#: Extras, and a package of each that tells whether it is there.
_EXTRAS = {
    "redis": ("redis", 5),
    "s3": ("boto3", 1),
    "atmosphere": ("atproto", 0),
    "parquet": ("pyarrow", 15),
    "torch": ("torch", 2),
    "zstd": ("zstandard", 0),
}


def check_installed(needed: set[str]) -> Part:
    """Versions of Python, of atdata and of what its extras need; ``needed`` are the extras that must be there."""
    part = Part("installed", f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    names = ("atdata", "numpy", "ormsgpack", "webdataset")
    part.ok("versions", ", ".join(f"{name} {_version(name) or 'unknown'}" for name in names))
    found = []
    for extra, (package, least) in _EXTRAS.items():
        there = _version(package)
        if there is None:
            if extra in needed:
                part.fail(extra, f"{package} is not installed", f"pip install 'atdata[{extra}]'")
            continue
        found.append(f"{package} {there}")
        major = there.partition(".")[0]
        if major.isdigit() and int(major) < least:
            part.warn(extra, f"{package} {there} is older than {least}", f"pip install --upgrade 'atdata[{extra}]'")
    part.ok("extras", ", ".join(found) or "none")
    part.ok("sqlite", sqlite3.sqlite_version)
    return part


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
