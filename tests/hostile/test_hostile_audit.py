"""The audit behind rendering: what our templates never write does not pass, whatever a hole would let through."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from atdata_codegen.audit import AuditError, audit, compile_checked
from atdata_codegen.audit.allowed import NODES

REFUSED = {
    # names that reach out
    "import os": "import os\n",
    "import beside an allowed one": "import numpy, os\n",
    "from os": "from os import system\n",
    "import of a submodule": "import numpy.f2py\n",
    "import of our own command": "from atdata_codegen.cli import main\n",
    "import of the whole runtime": "from atdata import Dataset\n",
    "import star": "from typing import *\n",
    "import star from a package": "from .post import *\n",
    "eval": "eval('1')\n",
    "exec in a default": "def f(x=exec('1')):\n    return x\n",
    "exec in a decorator": "@exec\ndef f():\n    return 1\n",
    "exec in a base class": "class A(eval('object')):\n    pass\n",
    "exec in an annotation": "x: exec('1') = 1\n",
    "a keyword of a class": "class A(metaclass=eval('type')):\n    pass\n",
    "__import__": "__import__('os')\n",
    "open": "open('x', 'w')\n",
    "builtins.eval": "import builtins as _builtins\n_builtins.eval('1')\n",
    "builtins.open": "import builtins as _builtins\n_builtins.open('x', 'w')\n",
    "builtins handed on": "import builtins as _builtins\nx = _builtins\n",
    "builtins in a list": "import builtins\n[builtins][0].eval('1')\n",
    "eval from builtins": "from builtins import eval as e\ne('1')\n",
    "getattr from builtins": "from builtins import getattr as str\n",
    "builtins of another module": "from .post import _builtins\n_builtins.eval('1')\n",
    "builtins at the end of a chain": "int.__class__.__base__\n",
    "subclasses": "().__class__.__bases__[0].__subclasses__()\n",
    "globals of a function": "def f():\n    return 1\nf.__globals__\n",
    "code of a function": "def f():\n    return 1\nf.__code__ = 1\n",
    "dict of a class": "class A:\n    pass\nA.__dict__\n",
    "reduce": "class A:\n    def __reduce__(self):\n        return 1\n",
    "importlib": "import importlib\nimportlib.import_module('os')\n",
    "import_module": "from importlib import import_module\n",
    "import_module of ours": "from atdata_lexicon.lazy import import_module\n",
    "sys of dataclasses": "import dataclasses\ndataclasses.sys.modules['os'].system('true')\n",
    "sys from dataclasses": "from dataclasses import sys\nsys.modules['os'].system('true')\n",
    "sys from typing": "from typing import sys\n",
    "sys from our runtime": "from atdata.sample import sys\n",
    "sys from pydantic": "from pydantic import sys\n",
    "a private name of our runtime": "from atdata.sample import _anything\n",
    "numpy.load": "import numpy as np\nnp.load('x')\n",
    "numpy.fromfile": "import numpy as np\nnp.fromfile('x')\n",
    "numpy of our runtime": "from atdata.sample import np as _np\n_np.memmap('x')\n",
    "numpy of a sample": "from .samples.A_1_0_0 import np\nnp.load('x')\n",
    "numpy under another name": "import numpy as str\nstr.lib.npyio\n",
    "numpy handed on": "import numpy as np\ny = np\ny.load('x')\n",
    "numpy through an argument": "import numpy as np\ndef f(y=np):\n    return y.load('x')\n",
    "a file written by an array": "import numpy as np\nnp.ndarray(3).tofile('x')\n",
    "pickle": "import pickle\n",
    "ctypes": "from ctypes import cdll\n",
    "an import under a dunder name": "from typing import Any as __getattr__\n",
    # statements and expressions that no template holds
    "lambda": "x = lambda: 1\n",
    "while": "while True:\n    pass\n",
    "with": "with x:\n    pass\n",
    "walrus": "(x := 1)\n",
    "f-string": "x = f'{1}'\n",
    "generator": "x = (i for i in y)\n",
    "await": "async def f():\n    await x\n",
    "yield": "def f():\n    yield 1\n",
    "match": "match x:\n    case 1:\n        pass\n",
    "assert": "assert x\n",
    "power, which may be huge": "x = 9 ** 9 ** 9\n",
    "shift, which may be huge": "x = 1 << 10 ** 10\n",
    "nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x\n    return g\n",
    "nested in a loop": "for i in [1]:\n    import os\n",
    "nested in a try": "try:\n    pass\nexcept eval('1'):\n    pass\n",
    "print": "print('x')\n",
    "set attribute": "setattr(x, 'y', 1)\n",
    # text
    "not ASCII": "x = '\u00e9'\n",
    "a right-to-left override": "x = 1 # \u202e\n",
    "an encoding in the first line": "# -*- coding: rot13 -*-\nvzcbeg bf\n",
    "an encoding in the second line": "# one\n# vim: set fileencoding=utf-7 :\n+AGkAbQBwAG8AcgB0-\n",
    "an encoding after a form feed": " \f# coding=utf-7\n",
    "an encoding after a carriage return": "#\r# coding=utf-7\n",
    "a null byte": "x = 1\0\n",
    "no Python": "x = (\n",
    "deep nesting": "x = " + "(" * 500 + ")" * 500 + "\n",
    "long chain": "x = " + "-" * 20_000 + "1\n",
    "a huge integer": "x = " + "9" * 5000 + "\n",
    "return outside": "return 1\n",
}

ALLOWED = {
    "nothing": "",
    "a docstring that looks like code": '"""import os; eval(\'1\')"""\n',
    "a comment that looks like code": "# import os\n",
    "a field called like a builtin": "class A:\n    eval: str\n    open: int | None = None\n",
    "a module called like one of Python's": "from . import sys as sys\n",
    "a module of digits": "from . import _2048 as _2048\n",
    "types of numpy": "import numpy as np\nx: np.ndarray[int, np.dtype[np.uint8]]\n",
    "numpy of our runtime": "from atdata.sample import NDArray, np\nx: NDArray[np.float32]\n",
    "builtins beside a field": "import builtins as _builtins\nclass A:\n    str: _builtins.str\n",
    "a field called dump that is read": "class A:\n    dump: int\n    def get(self):\n        return self.dump\n",
    "the word coding further down": "# a\n\n# coding: rot13\n",
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_the_audit_refuses(source: str) -> None:
    with pytest.raises(AuditError) as caught:
        compile_checked(source, "generated.py")

    assert str(caught.value).startswith("generated.py")
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED)
def test_the_audit_allows(source: str) -> None:
    compile_checked(source, "generated.py")


def test_a_package_of_the_users_may_be_imported_when_the_user_named_it() -> None:
    source = "from lib.org.thing import Thing\n"
    with pytest.raises(AuditError, match="lib"):
        audit(source, "generated.py")

    audit(source, "generated.py", frozenset({"lib"}))
    for name in ("*", "__builtins__", "_builtins", "os", "eval"):
        with pytest.raises(AuditError):
            audit(f"from lib.org.thing import {name}\n", "generated.py", frozenset({"lib"}))


def test_everything_that_is_committed_passes_the_audit() -> None:
    root = Path(__file__).resolve().parents[2] / "generated" / "atdata_generated"
    files = [path for path in sorted(root.rglob("*")) if path.suffix in (".py", ".pyi")]

    assert len(files) > 10
    for path in files:
        audit(path.read_text(encoding="ascii"), path.name)


def test_each_kind_of_node_is_either_on_the_list_or_refused() -> None:
    """Python grows new syntax: what the audit has never heard of is refused, not ignored."""
    known = NODES
    abstract = {ast.mod, ast.stmt, ast.expr, ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop}
    kinds = {kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)}

    assert known <= kinds
    assert not known & abstract
    assert not known & {ast.Lambda, ast.While, ast.With, ast.Await, ast.JoinedStr, ast.NamedExpr, ast.GeneratorExp}
