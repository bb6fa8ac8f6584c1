"""The command ``atdata-gen``: arguments become settings, one function is called, and its account is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from io import TextIOWrapper

from atdata_codegen.commands import COMMANDS

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 when something was refused or differs, or 2 for a wrong call."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # no name of a file may end the report
    from atdata_codegen.problems import ProblemError, shown_path

    try:
        if arguments and arguments[0] in COMMANDS:
            from importlib import import_module

            status: int = import_module(COMMANDS[arguments[0]][0]).run(arguments[1:])
            return status
        if arguments == ["--version"]:
            from importlib.metadata import version

            print(f"atdata-gen {version('atdata')}")
            return 0
        misspelt = _misspelt(arguments[0]) if arguments else ""
        if misspelt:
            print(f"atdata-gen: error: {misspelt}", file=sys.stderr)
            return 2
        from atdata_codegen.commands.generate import run

        return run(arguments)
    except ProblemError as error:
        for problem in error.problems:
            where = "" if not problem.file and not problem.path else f"{problem.place}: "
            print(f"atdata-gen: error: {where}{problem.text}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:
        where = shown_path(str(error.filename or ""))
        print(f"atdata-gen: error: {where}: {error.strerror or type(error).__name__}", file=sys.stderr)
        return 2


def _misspelt(word: str) -> str:
    """What to say of a first word that is no path, and nearly a command; nothing of others."""
    if word.startswith("-") or os.sep in word or os.path.lexists(word):
        return ""
    close = get_close_matches(word, COMMANDS, 1)
    return f"there is no command and no folder {ascii(word)[:80]}; did you mean {close[0]!r}?" if close else ""


if __name__ == "__main__":
    sys.exit(main())
