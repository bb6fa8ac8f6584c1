"""The command ``atdata``: which word is whose, and what an error looks like."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper

__all__ = ["main"]

_COMMANDS = {
    "doctor": ("atdata._commands.doctor", "look at an index and a store: what is wrong, and what to do"),
    "local": ("atdata._commands.local", "start, look at and stop Redis and an S3 server for development"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 when something is wrong, or 2 for a wrong call."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # no name of anything may end the report
    word = arguments[0] if arguments else ""
    if word in ("-h", "--help", "help"):
        print(_usage(), end="")
        return 0
    if word == "--version":
        from importlib.metadata import version

        print(f"atdata {version('atdata')}")
        return 0
    if word not in _COMMANDS:
        problem = f"there is no command {word!a}" if word else "a command is missing"
        print(f"{_usage()}atdata: error: {problem}", file=sys.stderr)
        return 2
    from importlib import import_module

    from atdata_lexicon.errors import AtdataError

    try:
        status: int = import_module(_COMMANDS[word][0]).run(arguments[1:])
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except (AtdataError, OSError) as error:
        print(f"atdata: error: {error}", file=sys.stderr)
        return 1


def _usage() -> str:
    words = "".join(f"  {word:8} {about}\n" for word, (_, about) in _COMMANDS.items())
    return (
        f"usage: atdata COMMAND [options]\n\n{words}\n`atdata COMMAND --help` says more; `atdata-gen` generates code.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
