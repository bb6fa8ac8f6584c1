"""What a hole in a template could smuggle past the audit: names out of nowhere, texts as types, imports handed on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.audit import AuditError, compile_checked

LAZY = "from atdata_lexicon.lazy import lazy_names\n"
SAMPLE = "from atdata.sample import lazy_classes\n"
REFUSED = {
    "globals": "x = globals()['__builtins__']",
    "globals in a default": "def f(x=globals()):\n    return x",
    "globals behind a field": "class A:\n    globals: int\nx = globals()",
    "super behind a field": "class A:\n    super: int\nx = super",
    "a builtin nobody needs": "x = hasattr(1, 'x')",
    "a builtin as a base": "class A(BaseException):\n    pass",
    "site's names": "x = copyright",
    "a text as a type": "x: \"__import__('os').system('true')\"",
    "a text in a list": "x: list[\"__import__('os')\"]",
    "a text as a parameter's type": "def f(x: \"eval('1')\") -> None:\n    pass",
    "a text as a result": "def f() -> \"eval('1')\":\n    return 1",
    "a text in an alias": "from typing import TypeAlias\nX: TypeAlias = \"eval('1')\"",
    "a text in a text": "x: \"list['eval(1)']\"",
    "a text in a base": "from atdata.sample import SampleBatch\nclass A(SampleBatch[\"eval('1')\"]):\n    pass",
    "a call in a text": "x: 'str()'",
    "a lambda in a text": "x: 'lambda: 1'",
    "an unknown name in a text": "x: 'os.system'",
    "another package": LAZY + "get, names = lazy_names('os', {'system': 'path'})",
    "another package under our name": LAZY + "__name__ = 'os'\nget, names = lazy_names(__name__, {'system': ''})",
    "another package by keyword": LAZY + "get, names = lazy_names(package='os', homes={})",
    "an import handed on": LAZY + "load = lazy_names\nload('os', {})",
    "an import under another name": "from atdata_lexicon.lazy import lazy_names as load\nload('os', {})",
    "classes of another package": SAMPLE + "get, names = lazy_classes('os', {'system': 'path'}, [])",
    "another path": "__path__ = ['/tmp']",
    "another loader": "__loader__ = 1",
    "text imported by pydantic": "from pydantic import ImportString",
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_the_audit_refuses(source: str) -> None:
    with pytest.raises(AuditError):
        compile_checked(source + "\n", "made.py")


ALLOWED = {
    "a class by name": "from __future__ import annotations\nclass A:\n    x: 'A | None'\n",
    "values": "from typing import Literal\nx: Literal['eval(1)', \"__import__('os')\"]\n",
    "an alias": "from typing import Any, TypeAlias\nX: TypeAlias = 'str | dict[str, Any]'\n",
    "values in an alias": "from typing import Literal, TypeAlias\nX: TypeAlias = \"Literal['a(', 'b']\"\n",
    "own package": LAZY + "__getattr__, __dir__ = lazy_names(__name__, {'a': ''})\n",
}


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED)
def test_the_audit_allows(source: str) -> None:
    compile_checked(source, "made.py")


CODE = """
import atdata
@atdata.packable
class Part:
    x: int = 3
@atdata.packable
class Whole:
    part: Part
    parts: list[Part]
    name: str = "n"
    tags: list[str] | None = None
import sys
whole = Whole(part=Part(x=1), parts=[Part()])
assert Whole.from_bytes(whole.packed) == whole
print("jinja2" in sys.modules)
"""


def test_the_kept_codec_of_a_hand_written_class_still_passes(tmp_path: Path) -> None:
    def run() -> str:
        environment: dict[str, Any] = {"XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
        done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert (run(), run()) == ("True", "False")
