"""What goes wrong in a command that looks at data, in one line for its caller."""

from __future__ import annotations

import sys
from collections.abc import Callable

from atdata_codegen.problems import shown_path

from atdata._errors import shown

__all__ = ["answered"]


def answered(command: str, work: Callable[[], int]) -> int:
    """The exit status of ``work``, with the reason on standard error where it fails.

    It is 1 for data that were looked at and refused, and 2 where there was nothing to look at: no such file or entry,
    no answer, a package that is missing.
    """
    status = 2
    try:
        return work()
    except BrokenPipeError:
        raise
    except KeyError as error:
        text = str(error.args[0]) if error.args else "there is no such thing"
    except OSError as error:
        text = f"{shown(error.filename, 300)}: {error.strerror}" if error.strerror and error.filename else str(error)
    except ImportError as error:
        text = str(error)
    except (ValueError, TypeError, RuntimeError) as error:  # all of ours are one of these
        text, status = str(error), 1
    text = "\n".join(map(shown_path, text[:2000].splitlines()))
    print(f"{command}: error: {text}", file=sys.stderr)
    return status
