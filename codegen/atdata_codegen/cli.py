"""The command ``atdata-gen``: arguments become settings, one function is called, and its account is printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
        from atdata_codegen.commands.generate import run

        return run(arguments)
    except ProblemError as error:
        for problem in error.problems:
            print(f"atdata-gen: error: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:
        where = shown_path(str(error.filename or ""))
        print(f"atdata-gen: error: {where}: {error.strerror or type(error).__name__}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
