"""Lenses between sample classes, written by hand and generated from documents."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from atdata_codegen.audit import compile_checked
from atdata_codegen.lenses import parse_lens, render_lens
from atdata_codegen.problems import ProblemError, json_path
from atdata_codegen.samples import SampleSchema, parse_schema
from atdata_codegen.templating import default_renderer
from numpy.typing import NDArray

import atdata
from atdata import DictSample, Lens, LensError, LensNetwork
from atdata.lens import check_laws, to_array

ROOT = Path(__file__).parents[2] / "lexicons"


@atdata.packable
class Full:
    image: NDArray
    label: str
    confidence: float


@atdata.packable
class Simple:
    label: str
    confidence: float


@atdata.packable
class Label:
    label: str


@atdata.lens
def simplify(src: Full) -> Simple:
    return Simple(label=src.label, confidence=src.confidence)


@simplify.putter
def simplify_put(view: Simple, source: Full) -> Full:
    return Full(image=source.image, label=view.label, confidence=view.confidence)


@atdata.lens
def only_label(src: Simple) -> Label:
    return Label(label=src.label)


@only_label.putter
def only_label_put(view: Label, source: Simple) -> Simple:
    return Simple(label=view.label, confidence=source.confidence)


FULL = Full(image=np.zeros((2, 2)), label="cat", confidence=0.5)


def test_a_lens_gets_puts_and_can_be_called() -> None:
    assert simplify(FULL) == simplify.get(FULL) == Simple(label="cat", confidence=0.5)
    assert simplify.put(Simple(label="dog", confidence=0.9), FULL).label == "dog"
    assert LensNetwork().transform(Full, Simple) is simplify
    check_laws(simplify, [FULL], [Simple(label="x", confidence=0.0)])


def test_without_a_putter_the_source_stays() -> None:
    bare = Lens(simplify.get, source_type=Full, view_type=Simple)

    assert bare.put(Simple(label="dog", confidence=0.9), FULL) is FULL
    with pytest.raises(LensError, match="PutGet"):
        check_laws(bare, [FULL], [Simple(label="dog", confidence=0.9)])


def test_the_network_composes_the_shortest_way() -> None:
    found = LensNetwork().transform(Full, Label)

    assert found(FULL) == Label(label="cat") == (simplify | only_label)(FULL)
    assert found.put(Label(label="dog"), FULL) == Full(image=FULL.image, label="dog", confidence=0.5)


def test_two_shortest_ways_are_an_error_that_lists_them() -> None:
    class A: ...

    class B1: ...

    class B2: ...

    class C: ...

    for one, two in ((A, B1), (A, B2), (B1, C), (B2, C)):
        LensNetwork().register(Lens(two, source_type=one, view_type=two))
    with pytest.raises(ValueError, match="A -> B1 -> C; A -> B2 -> C"):
        LensNetwork().transform(A, C)
    with pytest.raises(ValueError, match="no lens from C to A"):
        LensNetwork().transform(C, A)


def test_every_class_is_a_view_of_untyped_samples() -> None:
    found = LensNetwork().transform(DictSample, Simple)
    sample = DictSample(label="cat", confidence=0.5, more=1)

    assert found(sample) == Simple(label="cat", confidence=0.5)
    assert found.put(Simple(label="dog", confidence=0.5), sample).to_dict() == {
        "label": "dog", "confidence": 0.5, "more": 1,
    }  # fmt: skip


def test_both_spellings_of_the_decorator_are_one() -> None:
    from atdata.lens import lens

    @lens
    def again(src: Simple) -> Label:
        return Label(label=src.label)

    LensNetwork().register(only_label)
    assert isinstance(again, Lens)
    assert isinstance(simplify, Lens)


def test_a_getter_must_say_its_types() -> None:
    with pytest.raises(TypeError, match="annotate"):
        atdata.lens(lambda source: source)
    with pytest.raises(TypeError, match="exactly one"):
        atdata.lens(lambda a, b: a)  # type: ignore[arg-type, misc]


def siblings() -> list[SampleSchema]:
    found = [parse_schema(json.loads(p.read_text()))[0] for p in sorted((ROOT / "samples").glob("*.json"))]
    return [schema for schema in found if schema is not None]


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "lenses" / "time_series_1_to_2.json").read_text())
    return found


def load(text: str, name: str) -> Any:
    """The lens module, in a package whose sample modules are those of run time."""
    package = f"lens_test_{name}"
    for part in (package, f"{package}.samples", f"{package}.lenses"):
        module = sys.modules[part] = ModuleType(part)
        module.__path__ = []
    for path in (ROOT / "samples").glob("time_series*.json"):
        cls = atdata.decode_schema(path.read_bytes())
        module_name = cls.__module__.rpartition(".")[2]
        sys.modules[f"{package}.samples.{module_name}"] = sys.modules[cls.__module__]
    module = ModuleType(f"{package}.lenses.{name}")
    module.__package__ = f"{package}.lenses"
    exec(compile_checked(text, name), module.__dict__)
    return module


def test_a_mapping_becomes_a_whole_lens() -> None:
    lens, problems = parse_lens(document())
    assert lens is not None, problems
    [(name, text)] = render_lens(lens, siblings(), default_renderer()).items()
    assert name == "time_series_1_to_2.py"
    module = load(text, "whole")
    source = module.TimeSeriesSample_1_0_0(values=np.zeros((3, 2), "f4"), rate=50, sensor="s", firmware="f")

    view = module.get(source)

    assert (view.rate, type(view.rate), view.site, view.signal.shape) == (50.0, float, "unknown", (3, 2))
    assert module.put(view, source) == source
    check_laws(module.lens, [source])
    view.rate = 0.5
    with pytest.raises(LensError, match="without loss"):
        module.put(view, source)


def test_without_a_mapping_local_code_is_bound() -> None:
    given = {k: v for k, v in document().items() if k != "mapping"}
    given["getterCode"] = {"repository": 'https://x.example/"""\nimport os', "commit": "abc", "path": "a.py:get"}
    lens, problems = parse_lens(given)
    assert lens is not None, problems
    module = load(render_lens(lens, siblings(), default_renderer())["time_series_1_to_2.py"], "bound")
    source = module.TimeSeriesSample_1_0_0(values=np.zeros((3, 2), "f4"), rate=50, sensor="s")
    with pytest.raises(LensError, match=r"bind\(getter, putter\).*a\.py:get"):
        module.get(source)

    module.bind(lambda s: module.TimeSeriesSample_2_0_0(signal=s.values, rate=1.0, sensor=s.sensor), lambda t, s: s)

    assert module.get(source).rate == 1.0
    assert module.put(module.get(source), source) is source


def change(**rules: Any) -> dict[str, Any]:
    found = document()
    found["mapping"]["rules"] = [{"target": target, **rule} for target, rule in rules.items()]
    return found


GOOD: dict[str, Any] = {
    "signal": {"source": "values"}, "rate": {"source": "rate", "cast": "float"}, "sensor": {"source": "sensor"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({k: v for k, v in GOOD.items() if k != "signal"}, "signal has no rule"),
        ({**GOOD, "nothing": {"source": "rate"}}, "no field nothing"),
        ({**GOOD, "site": {"source": "nothing"}}, "no field nothing"),
        ({**GOOD, "rate": {"source": "rate"}}, "different types"),
        ({**GOOD, "rate": {"source": "rate", "cast": "str"}}, "cannot become str"),
        ({**GOOD, "site": {"source": "firmware"}}, "give the rule a default"),
        ({**GOOD, "site": {"source": "sensor"}}, "feeds two"),
        ({**GOOD, "timestamps": {"default": "0"}}, "no value of timestamps"),
    ],
)
def test_rules_that_do_not_fit_are_refused(rules: dict[str, Any], message: str) -> None:
    lens, problems = parse_lens(change(**rules))
    assert lens is not None, problems

    with pytest.raises(ProblemError, match=message):
        render_lens(lens, siblings(), default_renderer())


NUMBERS = ["bool", *(f"{u}int{b}" for u in ("", "u") for b in (8, 16, 32, 64)), "float16", "float32", "float64",
           "complex64", "complex128"]  # fmt: skip


def some_numbers(dtype: str) -> list[Any]:
    """Numbers of a dtype around all the limits that there are, each an array of its own."""
    found: list[Any] = [0, 1, 3]
    if dtype != "bool":
        powers = (7, 8, 11, 15, 16, 24, 31, 32, 53, 63, 64)
        found += [sign * 2**power + more for power in powers for more in (-1, 0, 1) for sign in (1, -1)]
    if dtype[:3] in ("flo", "com"):
        found += [0.5, 1e30, 1e-30, 65504.0, 3.4e38, 1e300, float("inf"), float("-inf")]
    if dtype[:3] == "com":
        found += [1j, 2 + 0.1j]
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        found = [one for one in found if np.iinfo(kind).min <= one <= np.iinfo(kind).max]
    with np.errstate(all="ignore"):
        return [np.array(one).astype(kind) if kind.kind == "b" else np.array(one, kind) for one in found]


def as_number(value: Any) -> Any:
    """A number of numpy's as Python's, which compare exactly: a whole part, or what has none."""
    found = value.item()
    return found.real if isinstance(found, complex) and found.imag == 0 else found


@pytest.mark.parametrize("given", NUMBERS)
@pytest.mark.parametrize("wanted", NUMBERS)
def test_an_array_is_cast_exactly_or_not_at_all(given: str, wanted: str) -> None:
    for value in some_numbers(given):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain = value.astype(wanted)
        number = as_number(value)
        exact = as_number(plain) == number
        if np.dtype(wanted).kind in "iu":
            ends = np.iinfo(wanted)
            exact = isinstance(number, int | float) and ends.min <= number <= ends.max and number == int(number)
        for array in (value, np.stack([np.zeros((), given), value])):
            if exact:
                made = to_array(array, wanted)
                assert (made.dtype, made.shape) == (np.dtype(wanted), array.shape)
                assert as_number(made.reshape(-1)[-1]) == number
            else:
                with pytest.raises(LensError, match=f"array of {given} cannot become {wanted} without loss"):
                    to_array(array, wanted)


def test_an_array_that_needs_no_cast_is_not_copied() -> None:
    array = np.arange(3, dtype=np.uint16)

    assert to_array(array, "uint16") is array
    assert to_array(None, "uint16") is None
    assert to_array(array.astype(">u2"), "uint16").dtype == np.dtype("uint16")
    assert to_array(array, "uint16", like=array.astype(">u2")).dtype == np.dtype(">u2")
    assert to_array(np.array([np.nan, 1], np.float64), "float32")[1] == 1
    for wrong in ("x", np.array(["a"]), np.array([object()]), np.zeros(1, [("a\n", "u1")]), np.zeros(1, "M8[s]")):
        with pytest.raises(LensError):
            to_array(wrong, "uint16")  # type: ignore[arg-type]
    with pytest.raises(LensError, match="nan in an array of float32"):
        to_array(np.array([np.nan], np.float32), "int8")


def array_lens(before: str, after: str, cast: str, *, optional: tuple[bool, bool] = (False, False)) -> str:
    """The module of a lens between two classes with one array."""
    schemas = []
    for version, dtype, may in zip(("1.0.0", "2.0.0"), (before, after), optional, strict=True):
        kind = {"$type": "ac.foundation.dataset.schemaType#ndarray", "dtype": dtype}
        field = {"name": "x", "fieldType": kind, "optional": may}
        found, problems = parse_schema(
            {"$type": "ac.foundation.dataset.sampleSchema", "name": "One", "version": version, "fields": [field]}
        )
        assert found is not None, problems
        schemas.append(found)
    source, target = (f"atdata://local/sampleSchema/One@{one.version}" for one in schemas)
    rules = [{"target": "x", "source": "x", "cast": cast}]
    lens, problems = parse_lens({
        "$type": "ac.foundation.dataset.lens", "name": "one", "sourceSchema": source, "targetSchema": target,
        "mapping": {"$type": "ac.foundation.dataset.lens#fieldMapping", "rules": rules},
    })  # fmt: skip
    if lens is None:
        raise ProblemError(problems, "one")
    return render_lens(lens, schemas, default_renderer())["one.py"]


@pytest.mark.parametrize(
    ("before", "after", "cast", "message"),
    [
        ("uint8", "uint16", "uint32", "x holds uint16, not uint32"),
        ("uint16", "uint8", "uint8", "not every uint16 of x is a uint8"),
        ("int32", "float32", "float32", "not every int32"),
        ("uint8", "int8", "int8", "not every uint8"),
        ("bool", "bool", "bool", "not every bool"),
        ("str", "str", "str", "not every str"),
        ("uint8", "uint16", "float", "x holds uint16, not float"),
        ("uint8", "uint16", ">u2", "no known cast"),
        ("datetime64[s]", "datetime64[ns]", "datetime64[ns]", "no known cast"),
    ],
)
def test_casts_of_arrays_that_may_lose_something_are_refused(before: str, after: str, cast: str, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        array_lens(before, after, cast)


def test_the_dtypes_of_two_schemas_decide_whatever_their_byte_order() -> None:
    text = array_lens("<u2", ">i4", "int32")

    assert 'x=to_array(source.x, "int32"),' in text
    assert 'x=to_array(target.x, "uint16", source.x),' in text
    assert 'present(target.x, "x"), "uint16", source.x)' in array_lens("<u2", "i4", "int32", optional=(False, True))
    with pytest.raises(ProblemError, match="give the rule a default"):
        array_lens("u2", "i4", "int32", optional=(True, False))


def test_an_absent_value_seen_as_the_default_stays_absent() -> None:
    lens, _ = parse_lens(change(**GOOD, site={"source": "firmware", "default": "none"}))
    assert lens is not None
    module = load(render_lens(lens, siblings(), default_renderer())["time_series_1_to_2.py"], "absent")
    values = {"values": np.zeros((3, 2), "f4"), "rate": 50, "sensor": "s"}
    sources = [module.TimeSeriesSample_1_0_0(**values, firmware=f) for f in (None, "x")]

    assert [module.get(s).site for s in sources] == ["none", "x"]
    for source in sources:
        check_laws(module.lens, [source])


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [("name", "../x", None), ("name", "", "$.name"), ("name", 5, "$.name"),
     ("sourceSchema", "file:///x", "$.sourceSchema"),
     ("mapping", [], "$.mapping"), ("getterCode", {"path": "x"}, "$.getterCode"), ("$type", "x", '$["$type"]'),
     ("mapping", {"$type": "ac.foundation.dataset.lens#fieldMapping", "rules": [{"target": "a;b", "source": "x"}]},
      "$.mapping.rules[0].target"),
     ("mapping", {"$type": "ac.foundation.dataset.lens#fieldMapping",
                  "rules": [{"target": "a", "source": "x", "cast": "eval"}]},
      "$.mapping.rules[0].cast")],
)  # fmt: skip
def test_bad_lens_documents_are_refused_with_the_path(key: str, value: Any, path: str | None) -> None:
    found, problems = parse_lens({**document(), key: value})

    if path is None:
        assert found is not None
        assert found.module == "x"
    else:
        assert found is None
        assert path in [json_path(p.path) for p in problems]
