"""``atdata-gen pull``: Lexicons, sample schemas and lenses of others come into the folder, with a lock file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from atdata_codegen.commands.network import add_network_options, network_of
from atdata_codegen.commands.terminal import print_problems
from atdata_codegen.problems import shown_path
from atdata_codegen.remote.folder_locks import refuse_stale
from atdata_codegen.remote.pull import Pull, PullSettings, pull
from atdata_codegen.remote.write import write_files

__all__ = ["run"]

_DESCRIPTION = """\
Bring schemas that others published into a folder. A Lexicon is found by its NSID: the DNS says whose it is. What was
brought is locked by its CID in lexicons.json (the file that other Lexicon tools read and write) and samples.json
beside the folder. Without TARGET and --repo, bring what the lock files say.
"""
_EPILOG = """\
examples:
  atdata-gen pull app.bsky.feed.post 'com.example.data.*'
  atdata-gen pull at://did:plc:abc/ac.foundation.dataset.sampleSchema/Image:1.0.0
  atdata-gen pull --repo alice.example.com
  atdata-gen pull --locked        in CI: exactly what is locked, or exit status 1
  atdata-gen pull --update        what is published now
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata-gen pull",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help="an NSID, a group such as com.example.*, or an at:// address")
    add("--repo", action="append", default=[], metavar="WHO", help="all schemas of a repository: a DID or a handle")
    add("-d", "--dir", default="lexicons", metavar="DIR", help="folder of schemas (default: lexicons)")
    add("--locked", action="store_true", help="change no lock file, and fail where anything is not as it says")
    add("--update", action="store_true", help="take what is published now")
    add("--force", action="store_true", help="replace files that were changed here")
    add("--no-deps", action="store_true", help="leave out the Lexicons that those asked for refer to")
    add("--dry-run", action="store_true", help="write nothing; say what would be")
    add("--json", action="store_true", help="print the account as JSON")
    add("-q", "--quiet", action="store_true", help="print problems only")
    add_network_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.locked and (options.update or options.force):
        parser.error("--locked changes nothing, and --update and --force do: give one of them")
    settings = PullSettings(
        options.dir, tuple(options.targets), tuple(options.repo), network_of(options, parser), options.service or "",
        options.locked, options.update, options.force, not options.no_deps,
    )  # fmt: skip

    def said(text: str) -> None:
        if sys.stderr.isatty() and not options.quiet and not options.json:
            print(f"asking for {shown_path(text)}", file=sys.stderr)

    result = pull(settings, said)
    failed = any(problem.severity == "error" for problem in result.problems)
    if not options.dry_run and not failed:
        refuse_stale(result.locks_before)
        write_files(result.files, settings.folder)
    print_problems(result.problems, sys.stderr)
    if options.json:
        print(json.dumps(_account(result, written=not (failed or options.dry_run)), indent=1))
    elif not options.quiet:
        for word, keys in (("new", result.new), ("updated", result.updated)):
            for key in keys:
                print(f"{word}: {shown_path(key)}")
        verb = "nothing was written" if failed or not result.files else "to write" if options.dry_run else "written"
        print(f"{len(result.new)} new, {len(result.updated)} updated, {len(result.unchanged)} unchanged; {verb}")
    return 1 if failed else 0


def _account(result: Pull, written: bool) -> dict[str, object]:
    return {
        "new": result.new,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "files": sorted(result.files),
        "written": written,
        "problems": [str(problem) for problem in result.problems],
    }
