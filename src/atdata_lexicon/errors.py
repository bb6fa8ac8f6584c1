"""Errors of the protocol layer, and the base class of every error of the project.

AtdataError
├── SyntaxError_ ... see the modules that define them
"""

from __future__ import annotations

__all__ = ["AtdataError"]


class AtdataError(Exception):
    """Base class of every error that atdata raises on purpose."""
