"""What ``@packable`` makes of a class."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass, field, fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Optional

import numpy as np
import ormsgpack
import pytest
from numpy.typing import NDArray

import atdata
from atdata import DictSample, EncodeError, MissingFieldError, Packable, PackableSample, SampleBatch


@atdata.packable
class Everything:
    name: str
    count: int
    score: float
    active: bool
    data: bytes
    features: NDArray
    exact: NDArray[np.float64]
    maybe: NDArray | None
    old: Optional[NDArray] = None  # noqa: UP045  # the old spelling is what is tested
    tags: list[str] = field(default_factory=list)
    metadata: dict | None = None
    pieces: list[NDArray] = field(default_factory=list)


def everything(**changes: Any) -> Any:
    values = {
        "name": "n", "count": 3, "score": 0.5, "active": True, "data": b"\x00", "features": np.arange(6).reshape(2, 3),
        "exact": np.eye(2), "maybe": None, "tags": ["a"], "metadata": {"k": [1, {"x": None}]},
        "pieces": [np.zeros(2), np.ones((1, 1))],
    }  # fmt: skip
    return Everything(**{**values, **changes})


def test_every_kind_of_field_comes_back_as_it_went() -> None:
    sample = everything()

    back = Everything.from_bytes(sample.packed)

    assert back == sample
    assert isinstance(back.pieces[1], np.ndarray)
    back.validate()


def test_arrays_that_come_back_own_their_memory() -> None:
    back = Everything.from_bytes(everything().packed)

    back.features[0, 0] = 99
    assert back.features.flags.owndata


def test_numpy_scalars_are_packed_as_numbers() -> None:
    sample = everything(count=np.int16(7), score=np.float32(0.25), active=np.bool_(False), name=np.str_("x"))

    back = Everything.from_bytes(sample.packed)

    assert (back.count, back.score, back.active, back.name) == (7, 0.25, False, "x")


def test_bytes_given_for_an_array_become_the_array() -> None:
    from atdata._helpers import array_to_bytes

    assert everything(features=array_to_bytes(np.ones(3))).features.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("field_name", "value"),
    [("name", 3), ("count", "3"), ("score", "x"), ("active", 1), ("data", "text"), ("features", [1, 2]),
     ("exact", np.array([object()])), ("tags", "ab"), ("metadata", {"x": object()}), ("count", None),
     ("count", 2**70), ("metadata", {"a": np.zeros(3)})],
)  # fmt: skip
def test_what_cannot_be_read_back_is_not_packed(field_name: str, value: object) -> None:
    with pytest.raises(EncodeError, match=f"Everything.{field_name}"):
        _ = everything(**{field_name: value}).packed


@pytest.mark.parametrize(
    ("field_name", "value"),
    [("name", 3), ("count", "3"), ("count", 1.5), ("count", True), ("score", "x"), ("active", 1), ("data", "text"),
     ("features", b"nonsense"), ("features", "text"), ("tags", "ab"), ("tags", [1]), ("name", None), ("metadata", [])],
)  # fmt: skip
def test_values_of_the_wrong_type_are_refused_with_the_field_named(field_name: str, value: object) -> None:
    data = {**everything()._encode(), field_name: value}

    with pytest.raises(ValueError, match=f"Everything.{field_name}"):
        Everything.from_data(data)


def test_a_missing_required_field_is_a_type_error() -> None:
    data = everything()._encode()
    del data["name"]

    with pytest.raises(TypeError, match=r"Everything\.name") as caught:
        Everything.from_data(data)
    assert isinstance(caught.value, MissingFieldError)
    assert caught.value.field == "name"


def test_unknown_fields_are_ignored_unless_asked_not_to() -> None:
    data = {**everything()._encode(), "new": 1}

    assert Everything.from_data(data) == everything()
    with pytest.raises(ValueError, match="new"):
        Everything.from_data(data, strict=True)


def test_old_data_without_a_new_field_gets_the_default() -> None:
    data = everything()._encode()
    del data["tags"], data["old"]

    first, second = Everything.from_data(data), Everything.from_data(data)

    assert first.tags == []
    assert first.tags is not second.tags


def test_optional_fields_may_come_before_required_ones() -> None:
    @atdata.packable
    class Mixed:
        first: int | None = None
        second: str

    assert Mixed(second="x").first is None
    assert Mixed(3, second="x") == Mixed.from_bytes(Mixed(3, second="x").packed)


def test_arguments_by_position_work_where_order_allows() -> None:
    @atdata.packable
    class Plain:
        a: int
        b: str = "b"

    assert Plain(1, "c").b == "c"


def test_subclasses_add_fields() -> None:
    @atdata.packable
    class Base:
        a: int
        b: str = "b"

    @atdata.packable
    class Derived(Base):
        c: NDArray

    sample = Derived(a=1, c=np.zeros(2))
    assert Derived.from_bytes(sample.packed) == sample
    assert Base.from_bytes(sample.packed) == Base(a=1)
    assert [f.name for f in fields(Derived)] == ["a", "b", "c"]


def test_a_plain_dataclass_that_inherits_is_a_sample_too() -> None:
    @dataclass
    class Direct(PackableSample):
        name: str
        values: NDArray

    sample = Direct("x", np.arange(3))
    back = Direct.from_bytes(sample.packed)
    assert back.name == "x"
    assert back.values.tolist() == [0, 1, 2]


def test_post_init_runs_and_sees_super() -> None:
    @atdata.packable
    class Scaled:
        x: float
        values: NDArray

        def __post_init__(self) -> None:
            super().__post_init__()
            self.twice = self.x * 2

    from atdata._helpers import array_to_bytes

    sample = Scaled(x=2.0, values=array_to_bytes(np.ones(2)))
    assert (sample.twice, sample.values.shape) == (4.0, (2,))
    assert Scaled.from_bytes(sample.packed).twice == 4.0


def test_nested_samples_are_packed_inside() -> None:
    @atdata.packable
    class Inner:
        x: NDArray

    @atdata.packable
    class Outer:
        one: Inner
        many: list[Inner]

    sample = Outer(one=Inner(x=np.ones(1)), many=[Inner(x=np.zeros(2))])
    assert Outer.from_bytes(sample.packed) == sample


@pytest.mark.parametrize("name", ["packed", "as_wds", "from_bytes", "from_data", "validate", "_encode"])
def test_names_of_the_interface_are_refused_as_fields(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        atdata.packable(type("Bad", (), {"__annotations__": {name: str}}))


def test_any_annotation_is_accepted() -> None:
    @atdata.packable
    class Odd:
        a: Any
        b: "NoSuchName"  # type: ignore[name-defined]  # noqa: F821, UP037
        c: tuple[int, ...]
        d: int | str
        e: "NDArray"  # noqa: UP037

    sample = Odd(a=[1], b="x", c=(1, 2), d="y", e=np.ones(2))
    back = Odd.from_bytes(sample.packed)
    assert (back.a, back.b, back.c, back.d, back.e.shape) == ([1], "x", (1, 2), "y", (2,))


@atdata.packable
class Tupled:
    size: tuple[int, int]
    pair: tuple[str, NDArray[np.float32] | None] = ("", None)
    image: tuple[NDArray[np.float32], str] | None = None
    many: tuple[float, ...] = ()
    boxes: list[tuple[int, str]] | None = None
    bare: tuple = ()  # type: ignore[type-arg]


def test_tuples_come_back_as_tuples() -> None:
    sample = Tupled(size=(1, 2), image=(np.ones(3, np.float32), "x"), many=(1, 0.5), boxes=[(1, "a")], bare=(1, "b"))

    back = Tupled.from_bytes(sample.packed)

    assert back == sample
    assert (back.size, back.many, back.boxes, back.bare) == ((1, 2), (1.0, 0.5), [(1, "a")], (1, "b"))
    assert back.image is not None
    assert back.image[0].dtype == np.float32
    back.validate()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"size": (1, 2, 3)}, "a tuple of 2 values expected, not 3"),
        ({"size": (1, "a")}, "an int expected, not 'a'"),
        ({"size": 5}, "a tuple expected, not 5"),
        ({"size": None}, "a tuple expected, not None"),
        ({"many": (1.0, "b")}, "a float expected, not 'b'"),
    ],
)
def test_tuples_of_another_form_are_refused_both_ways(changes: dict[str, Any], what: str) -> None:
    data = {"size": (1, 2), **changes}

    with pytest.raises(atdata.EncodeError, match=what):
        _ = Tupled(**data).packed
    with pytest.raises(atdata.DecodeError, match=what):
        Tupled.from_bytes(ormsgpack.packb(data))
    with pytest.raises(atdata.InvalidSampleError, match=next(iter(changes))):
        Tupled(**data).validate()


def test_a_class_with_tuples_cannot_be_published_and_is_told_what_to_do() -> None:
    from atdata.local import Index

    with pytest.raises(
        TypeError, match=r"Unsupported type tuple\[int, int\]; a schema knows no tuples; make it a list"
    ):
        Index(path=":memory:").publish_schema(Tupled)


def test_frozen_and_slotted_dataclasses_work() -> None:
    @dataclass(frozen=True)
    class Frozen(PackableSample):
        x: int
        y: NDArray

    from atdata._helpers import array_to_bytes

    assert Frozen.from_bytes(Frozen(3, np.ones(1)).packed).x == 3
    assert Frozen(3, array_to_bytes(np.ones(1))).y.shape == (1,)

    @dataclass(slots=True)
    class Slotted(PackableSample):
        x: int

    assert Slotted.from_bytes(Slotted(3).packed).x == 3


def test_properties_and_methods_stay() -> None:
    @atdata.packable
    class Rich:
        x: int

        @property
        def double(self) -> int:
            return self.x * 2

        @classmethod
        def zero(cls) -> Rich:
            return cls(x=0)

        @staticmethod
        def three() -> int:
            return 3

    assert (Rich(x=2).double, Rich.zero().x, Rich.three(), Rich.__name__) == (4, 0, 3, "Rich")
    assert is_dataclass(Rich)
    assert issubclass(Rich, PackableSample)
    assert isinstance(Rich(x=1), Packable)


def test_as_wds_has_unique_keys_that_sort_by_time() -> None:
    sample = everything()
    keys = [sample.as_wds["__key__"] for _ in range(1000)]

    assert keys == sorted(set(keys))
    assert set(sample.as_wds) == {"__key__", "msgpack"}
    assert sample.as_wds["msgpack"] == sample.packed


def _key(_: int) -> str:
    return str(everything().as_wds["__key__"])


def test_forked_processes_do_not_share_keys() -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        keys = pool.map(_key, range(40))

    assert len(set(keys)) == 40


def test_samples_and_errors_pickle() -> None:
    sample = everything()
    assert pickle.loads(pickle.dumps(sample)) == sample
    with pytest.raises(MissingFieldError) as caught:
        Everything.from_data({})
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.field) == (MissingFieldError, str(caught.value), "name")


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xc0", b"\x93\x01\x02\x03", b"\x81\x01\x02", b"\x82\xa1x\x01\xa1x\x02", b"\x81\xa1x\x01\x00",
     b"\x81\xa1x\xd4\x05\x01", b"\xdf\xff\xff\xff\xff", b"\x81\xa1x\xdd\xff\xff\xff\xff",
     b"\x81\xa1z" + b"\x91" * 20_000 + b"\xc0", b"\x81\xa1x\xce\x00\x00\x00\x01\x07",
     b"\x82\xa1x\x01\xa9__class__\x01"],
)  # fmt: skip
def test_damaged_msgpack_is_a_value_error_with_a_short_clean_message(raw: bytes) -> None:
    @atdata.packable
    class X:
        x: int

    with pytest.raises(atdata.DecodeError) as caught:
        X.from_bytes(raw)
    assert isinstance(caught.value, atdata.AtdataError)
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 2000


def test_writers_that_do_not_choose_the_shortest_form_are_read() -> None:
    @atdata.packable
    class X:
        x: int
        y: bytes

    long = b"\xde\x00\x02\xd9\x01x\xce\x00\x00\x00\x07\xa1y\xc6\x00\x00\x05\x00" + b"q" * 0x500
    assert X.from_bytes(long) == X(x=7, y=b"q" * 0x500)
    with pytest.raises(ValueError, match="more bytes"):
        X.from_bytes(long + b"q")


def test_dict_samples_give_fields_by_attribute_and_by_key() -> None:
    sample = DictSample.from_bytes(everything().packed)

    assert sample.name == sample["name"] == sample.get("name") == "n"
    assert isinstance(sample.features, bytes)
    assert "name" in sample
    assert sample.get("nothing", 3) == 3
    assert sample.to_dict() == dict(sample.items())
    assert "features" in repr(sample)
    assert Everything.from_bytes(sample.packed) == everything()
    assert DictSample(a=1, b=2).values() == [1, 2]
    with pytest.raises(AttributeError, match="nothing"):
        _ = sample.nothing
    assert pickle.loads(pickle.dumps(sample)) == sample


def test_batches_stack_arrays_and_list_the_rest() -> None:
    batch = SampleBatch[Everything]([everything(), everything(count=4)])

    assert batch.features.shape == (2, 2, 3)
    assert batch.features is batch.features
    assert batch.count == [3, 4] == batch["count"]
    assert batch.sample_type is Everything
    assert len(batch) == 2
    assert next(iter(batch)) == everything()
    assert isinstance(batch, SampleBatch)
    assert batch.maybe == [None, None]
    with pytest.raises(AttributeError, match="nothing"):
        _ = batch.nothing
    copy = pickle.loads(pickle.dumps(batch))
    assert copy.count == [3, 4]
    assert copy.sample_type is Everything


def test_a_batch_without_its_type_says_how() -> None:
    with pytest.raises(TypeError, match=r"SampleBatch\[MySample\]\(samples\)"):
        SampleBatch([everything()])


def test_a_batch_takes_samples_of_its_class_and_of_classes_derived_from_it() -> None:
    @atdata.packable
    class Word:
        text: str

    @atdata.packable
    class Other:
        number: int

    def other_word() -> Any:
        @atdata.packable
        class Word:
            text: str

        return Word

    @atdata.packable
    class Longer(Word):
        more: str = ""

    assert SampleBatch[Word]([Word(text="a"), Longer(text="b")]).text == ["a", "b"]
    assert len(SampleBatch[Word]([])) == 0
    with pytest.raises(TypeError, match=r"takes samples of Word, not of Other as at 1$"):
        SampleBatch[Word]([Word(text="a"), Other(number=1)])  # type: ignore[list-item]  # the slip
    with pytest.raises(TypeError, match=r"not of Word as at 0: that is another class of the same name"):
        SampleBatch[Word]([other_word()(text="a")])
    with pytest.raises(TypeError, match="not of dict as at 0"):
        SampleBatch[Word]([{"text": "a"}])  # type: ignore[list-item]  # the slip


def test_a_class_without_fields_is_a_warning_that_says_what_to_write() -> None:
    with pytest.warns(UserWarning, match=r"Empty has no fields: .* annotate them, as in text: str"):

        @atdata.packable
        class Empty:
            def method(self) -> int:
                return 1

    with pytest.warns(UserWarning, match=r"Bare has no fields: .* size has no annotation: write size: int") as told:

        @atdata.packable
        class Bare:
            size = 1

    assert told[0].filename == __file__


def test_unequal_arrays_name_field_and_shapes() -> None:
    batch = SampleBatch[Everything]([everything(), everything(features=np.zeros(4))])

    with pytest.raises(ValueError, match=r"features.*\(2, 3\), \(4,\)"):
        _ = batch.features
    assert [a.shape for a in batch.column_list("features")] == [(2, 3), (4,)]


def test_batches_of_ready_columns_make_samples_on_demand() -> None:
    @atdata.packable
    class Two:
        a: int
        b: NDArray

    batch = SampleBatch._from_columns(Two, {"a": [1, 2], "b": np.zeros((2, 3))}, 2)
    assert batch.b.shape == (2, 3)
    assert batch[1].a == 2


def test_importing_atdata_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, atdata\n"
        "@atdata.packable\nclass A:\n    x: int\n"
        "heavy = {'numpy', 'jinja2', 'ormsgpack', 'webdataset', 'redis', 'atdata_codegen'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_field_called_like_a_part_of_the_batch_is_reached_by_its_name_in_brackets() -> None:
    @atdata.packable
    class Audio:
        samples: NDArray

    batch = SampleBatch[Audio]([Audio(samples=np.zeros(3)), Audio(samples=np.ones(3))])

    assert batch["samples"].shape == (2, 3)
    assert [type(sample) for sample in batch.samples] == [Audio, Audio]


def test_code_kept_on_disk_is_audited_before_it_runs(tmp_path: Path) -> None:
    program = (
        "import atdata\n@atdata.packable\nclass A:\n    x: int\n    size: int = 1\n"
        "print(A.from_bytes(A(x=1).packed), 'jinja2' in __import__('sys').modules)"
    )

    def run() -> str:
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    assert run() == "A(x=1, size=1) True"
    assert run() == "A(x=1, size=1) False"
    [kept] = (tmp_path / "atdata").glob("codec-*")
    evil = b"import os\nos._exit(3)\n"
    kept.write_bytes(sha256(evil).hexdigest().encode() + b"\n" + evil)
    assert run() == "A(x=1, size=1) True"


def test_fields_beyond_ascii_work_in_classes_of_ones_own() -> None:
    @atdata.packable
    class Maß:
        größe: int
        名前: str = "x"

    assert Maß.from_bytes(Maß(größe=3).packed) == Maß(größe=3)


@pytest.mark.parametrize("count", [300, 1 << 27, 0xFFFFFFFF])
def test_a_sample_that_claims_more_values_than_there_are_bytes_is_refused_and_harms_nothing(count: int) -> None:
    # in a process of its own, which releases of ormsgpack before 1.13.1 brought down
    raw = b"\x81\xa4tags\xdd" + count.to_bytes(4, "big") + b"\x05\x06"
    code = f"import atdata\ntry: atdata.DictSample.from_bytes({raw!r})\nexcept atdata.DecodeError as e: print(e)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    assert "not the msgpack bytes" in done.stdout, (done.returncode, done.stderr)


def test_strict_finds_an_unknown_field_also_where_one_with_a_default_is_missing() -> None:
    @atdata.packable
    class Pair:
        a: int
        b: int = 1

    with pytest.raises(atdata.DecodeError, match="'c', which is no field"):
        Pair.from_data({"a": 1, "c": 2}, strict=True)
    with pytest.raises(atdata.DecodeError, match="'c', which is no field"):
        Pair.from_bytes(ormsgpack.packb({"a": 1, "c": 2}), strict=True)
    assert Pair.from_data({"a": 1, "c": 2}) == Pair.from_data({"a": 1}, strict=True) == Pair(a=1)
