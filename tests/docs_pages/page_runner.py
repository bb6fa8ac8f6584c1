"""Runs the code of a page of documentation, block after block, as somebody would who follows it.

    python page_runner.py PAGE

Blocks marked ``python`` are executed in one module; blocks marked ``pycon`` are sessions whose output is compared.
"""

from __future__ import annotations

import doctest
import re
import sys
from pathlib import Path
from types import ModuleType

BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def main(path: str) -> int:
    text = Path(path).read_text(encoding="utf-8")
    page = sys.modules["page"] = ModuleType("page")
    failures = 0
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        if block[1] == "python":
            # as many empty lines in front, so that errors name the line of the page
            exec(compile("\n" * line + block[2], path, "exec"), vars(page))
            continue
        test = doctest.DocTestParser().get_doctest(block[2], vars(page), path, path, line)
        runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
        failures += runner.run(test, out=sys.stderr.write, clear_globs=False).failed
        vars(page).update(test.globs)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
