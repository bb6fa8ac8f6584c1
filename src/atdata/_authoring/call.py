"""What goes wrong in a command that looks at data, in one line for its caller."""

from __future__ import annotations

import sys
from collections.abc import Callable

from atdata_codegen.problems import shown_path

from atdata._errors import shown

__all__ = ["answered"]


def answered(command: str, work: Callable[[], int]) -> int:
    """The exit status of ``work``; 1, with the reason on standard error, where the data or their index refuse."""
    try:
        return work()
    except BrokenPipeError:
        raise
    except KeyError as error:
        text = str(error.args[0]) if error.args else "there is no such thing"
    except OSError as error:
        text = f"{shown(error.filename, 300)}: {error.strerror}" if error.strerror and error.filename else str(error)
    except (ValueError, TypeError, RuntimeError, ImportError) as error:  # all of ours are one of these
        text = str(error)
    text = "\n".join(map(shown_path, text[:2000].splitlines()))
    print(f"{command}: error: {text}", file=sys.stderr)
    return 1
