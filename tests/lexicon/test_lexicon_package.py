"""The package as users and generated modules meet it: names, errors, examples, and the cost of importing."""

from __future__ import annotations

import doctest
import pickle
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import atdata_lexicon
from atdata_lexicon import errors
from atdata_lexicon.errors import Issue, ValidationError

MODULES = sorted(module.name for module in pkgutil.iter_modules(atdata_lexicon.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(import_module(f"atdata_lexicon.{name}")).failed == 0


def test_every_public_name_loads_on_use_from_its_home() -> None:
    for name in atdata_lexicon.__all__:
        value = getattr(atdata_lexicon, name)
        home = getattr(value, "__module__", "")
        if home.startswith("atdata_lexicon"):
            assert name in import_module(home).__all__

    assert set(atdata_lexicon.__all__) <= set(dir(atdata_lexicon))
    with pytest.raises(AttributeError, match="nope"):
        atdata_lexicon.nope  # noqa: B018  # reading is the test


def test_importing_records_loads_neither_the_validator_nor_heavy_modules() -> None:
    code = """if True:
        import sys
        import __future__, dataclasses, typing  # what every generated module imports itself
        before = set(sys.modules)
        import atdata_lexicon.record
        print(*sorted(set(sys.modules) - before))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [
        "atdata_lexicon",
        "atdata_lexicon._base",
        "atdata_lexicon.errors",
        "atdata_lexicon.record",
        "atdata_lexicon.values",
    ]


def test_every_error_is_an_atdata_error_and_a_builtin() -> None:
    classes = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]

    for cls in classes:
        assert issubclass(cls, errors.AtdataError)
        if cls is not errors.AtdataError:
            assert len(cls.__bases__) == 2
        assert cls.__name__ in (errors.__doc__ or "")


def test_a_validation_error_is_bounded_and_printable_whatever_it_reports() -> None:
    issues = [Issue("$." + "\u202e\n" * 500, "\x1b[31m" * 500) for _ in range(1000)]
    error = ValidationError(issues, "\u202e" * 5000)

    assert len(str(error)) < 2000
    assert str(error).isascii()
    assert str(error).replace("\n", "").isprintable()
    assert "more, all in .issues" in str(error)
    assert len(error.issues) == 1000


def test_a_validation_error_can_be_pickled() -> None:
    error = ValidationError([Issue("$.a", "is required")], "com.example.x")

    again = pickle.loads(pickle.dumps(error))

    assert (again.issues, str(again)) == (error.issues, str(error))
