"""Drafted lenses: whole where data can say everything, asking for code where it cannot, and never wrong in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from atdata_codegen.cli import main
from atdata_codegen.lenses import parse_lens
from atdata_codegen.lenses.plan import plan_lens
from atdata_codegen.problems import ProblemError
from atdata_codegen.review.migrations import Draft, draft_lens, skeleton
from atdata_codegen.review.samples.view import SampleSide
from atdata_codegen.samples import parse_schema
from rule_cases import RULES, load

import atdata
from atdata import Lens
from atdata.lens import check_laws

CASES = sorted(folder.name for folder in RULES.glob("SMP*"))
#: What a lens may carry over as data, in these cases; all others ask for code, or need no lens.
WHOLE = {
    "SMP01", "SMP02", "SMP04", "SMP05", "SMP06", "SMP07", "SMP08", "SMP10", "SMP12", "SMP13", "SMP15", "SMP16", "SMP17",
    "SMP20", "SMP23", "SMP25", "SMP28", "SMP29", "SMP32", "SMP35", "SMP41", "SMP42", "SMP50", "SMP51", "SMP11", "SMP40",
}  # fmt: skip


def draft_of(name: str) -> Draft | None:
    old, new = (SampleSide(load(RULES / name, side)) for side in ("old", "new"))
    for subject, versions in new.by_name.items():
        if subject in old.by_name:
            ends = old.by_name[subject][max(old.by_name[subject])], versions[max(versions)]
            if ends[0].number != ends[1].number:
                return draft_lens(*ends, (old, new))
    return None


@pytest.mark.parametrize("name", CASES)
def test_every_draft_is_a_lens_that_the_generator_takes(name: str) -> None:
    try:
        draft = draft_of(name)
    except ProblemError:
        assert name in ("SMP18", "SMP38")  # schemas that the generator refuses itself
        return
    if draft is None:
        return
    lens, problems = parse_lens(draft.document)
    assert lens is not None
    assert not problems
    schemas = [
        schema
        for side in ("old", "new")
        for one in load(RULES / name, side).of("sample").values()
        if (schema := parse_schema(one.value)[0]) is not None
    ]
    plan_lens(lens, {(s.name, s.version): s for s in schemas}.values(), "samples.")
    whole = (name.partition("-")[0] in WHOLE and name != "SMP23-raw") or name == "SMP33-newest"
    assert draft.whole == whole, draft.steps
    compile(skeleton(draft, "generated"), name, "exec")


def schema(version: str, **fields: dict[str, Any]) -> dict[str, Any]:
    listed = [{"name": name, **field} for name, field in fields.items()]
    return {"$type": "ac.foundation.dataset.sampleSchema", "name": "Frame", "version": version, "fields": listed}


def primitive(name: str, **more: Any) -> dict[str, Any]:
    return {"fieldType": {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": name}, **more}


IMAGE = {"fieldType": {"$type": "ac.foundation.dataset.schemaType#ndarray", "dtype": "uint8", "shape": ["h", "w"]}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two versions of a schema between which some things cannot be decided."""
    monkeypatch.chdir(tmp_path)
    lexicons = tmp_path / "lexicons"
    lexicons.mkdir()
    old = schema(
        "1.0.0", image=IMAGE, rate=primitive("int"), score=primitive("float"), note=primitive("str", optional=True)
    )
    new = schema(
        "2.0.0", image=IMAGE, rate=primitive("float"), score=primitive("int"), note=primitive("str", default="none"),
        site=primitive("str"),
    )  # fmt: skip
    (lexicons / "old.json").write_text(json.dumps(old))
    (lexicons / "new.json").write_text(json.dumps(new))
    return tmp_path


def test_what_cannot_be_decided_asks_for_code_and_names_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "Frame", "--code", "frames.py"]) == 0
    said = capsys.readouterr().err
    document = json.loads((project / "lexicons/lenses/frame_1_0_0_to_2_0_0.json").read_bytes())
    assert "mapping" not in document
    assert "not every float is a valid int" in said
    assert "--default site=VALUE" in said
    code = (project / "frames.py").read_text()
    assert "rate=to_float(source.rate)," in code
    assert code.count("# TODO") == 3
    assert main(["lexicons", "-o", "generated", "-q"]) == 0


def test_the_code_that_is_asked_for_makes_old_samples_new_ones(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["migrate", "Frame@1.0.0", "Frame@2.0.0", "--default", "site=lab", "--code", "frames_lens.py"]) == 0
    assert main(["lexicons", "-o", "generated_frames", "-q"]) == 0
    text = (project / "frames_lens.py").read_text().replace("from generated.", "from generated_frames.")
    text = text.replace("todo('score')", "round(source.score)")
    (project / "frames_lens.py").write_text(text)
    monkeypatch.syspath_prepend(str(project))
    import importlib

    module: Any = importlib.import_module("frames_lens")
    lens: Lens[Any, Any] = module.lens
    old, new = lens.source_type, lens.view_type
    atdata.write([old(image=np.zeros((2, 2), np.uint8), rate=5, score=2.6)], str(project / "f-%06d.tar"))
    (seen,) = atdata.Dataset[old](str(project / "f-000000.tar")).as_type(new).head(2)  # type: ignore[valid-type]
    assert (seen.rate, seen.score, seen.note, seen.site) == (5.0, 3, "none", "lab")


def test_a_whole_draft_keeps_the_laws_of_lenses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lexicons").mkdir()
    monkeypatch.chdir(tmp_path)
    old = schema("1.0.0", image=IMAGE, rate=primitive("int"), seen=primitive("bool"))
    new = schema(
        "2.0.0", pixels=IMAGE, rate=primitive("float"), seen=primitive("int"), site=primitive("str", default="lab"),
    )  # fmt: skip
    (tmp_path / "lexicons/old.json").write_text(json.dumps(old))
    (tmp_path / "lexicons/new.json").write_text(json.dumps(new))
    assert main(["migrate", "Frame"]) == 0
    assert main(["lexicons", "-o", "generated_laws", "-q"]) == 0
    monkeypatch.syspath_prepend(str(tmp_path))
    import importlib

    module: Any = importlib.import_module("generated_laws.lenses.frame_1_0_0_to_2_0_0")
    source = module.lens.source_type
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    check_laws(
        module.lens,
        [source(image=image, rate=3, seen=True), source(image=image, rate=-1, seen=False)],
        [module.lens.view_type(pixels=image + 1, rate=7.0, seen=1)],
    )


def ndarray(dtype: str, **more: Any) -> dict[str, Any]:
    kind = "ac.foundation.dataset.schemaType#ndarray"
    return {"fieldType": {"$type": kind, "dtype": dtype, "shape": ["_", "_"]}, **more}


@pytest.fixture
def widened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lens[Any, Any]:
    """The generated lens between two versions that differ by safe casts of arrays, and one array's name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lexicons").mkdir()
    old = schema(
        "1.0.0", image=ndarray("uint8"), depth=ndarray("<f4", optional=True), index=ndarray("int64"),
        rate=primitive("int"),
    )  # fmt: skip
    new = schema(
        "1.1.0", pixels=ndarray("uint16"), depth=ndarray(">f8", optional=True), index=ndarray("float64"),
        rate=primitive("int"),
    )  # fmt: skip
    (tmp_path / "lexicons/old.json").write_text(json.dumps(old))
    (tmp_path / "lexicons/new.json").write_text(json.dumps(new))
    assert main(["migrate", "Frame", "--rename", "image=pixels"]) == 0
    package = f"generated_{tmp_path.name}"
    assert main(["lexicons", "-o", package, "-q"]) == 0
    monkeypatch.syspath_prepend(str(tmp_path))
    import importlib

    module: Any = importlib.import_module(f"{package}.lenses.frame_1_0_0_to_1_1_0")
    made: Lens[Any, Any] = module.lens
    return made


def old_frames(cls: Any) -> list[Any]:
    return [
        cls(
            image=np.full((2, 3), 250 + i, np.uint8), index=np.full((1, 2), i - 2, np.int64), rate=i,
            depth=None if i % 2 else np.array([[0.1, np.nan, -np.inf]], np.float32),
        )
        for i in range(6)
    ]  # fmt: skip


def test_arrays_of_old_shards_read_in_the_wider_dtype(widened: Lens[Any, Any], tmp_path: Path) -> None:
    document = json.loads((tmp_path / "lexicons/lenses/frame_1_0_0_to_1_1_0.json").read_bytes())
    rules = {rule["target"]: rule for rule in document["mapping"]["rules"]}
    assert rules["pixels"] == {"target": "pixels", "source": "image", "cast": "uint16"}
    assert (rules["depth"]["cast"], rules["index"]["cast"]) == ("float64", "float64")
    old, new = widened.source_type, widened.view_type
    atdata.write(old_frames(old), str(tmp_path / "f-%06d.tar"))
    view = atdata.Dataset[old](str(tmp_path / "f-000000.tar")).as_type(new)  # type: ignore[valid-type]

    seen = view.head(6)
    (batch,) = view.ordered(batch_size=6)

    assert [one.pixels.dtype for one in seen] == [np.uint16] * 6
    assert [one.pixels[0, 0] for one in seen] == [250, 251, 252, 253, 254, 255]
    assert seen[1].depth is None
    np.testing.assert_array_equal(seen[0].depth, np.array([[0.1, np.nan, -np.inf]], np.float32).astype(np.float64))
    assert widened.columns is not None  # no sample is made for a batch
    assert (batch.pixels.dtype, batch.pixels.shape, batch.index.dtype) == (np.uint16, (6, 2, 3), np.float64)
    assert [None if one is None else one.dtype for one in batch.depth] == [np.float64, None] * 3
    for i, one in enumerate(seen):
        np.testing.assert_array_equal(batch.pixels[i], one.pixels)


def test_widened_arrays_are_written_back_where_they_came_from(widened: Lens[Any, Any]) -> None:
    old, new = widened.source_type, widened.view_type
    sources = old_frames(old)
    swapped = old(image=sources[0].image, index=np.array([[7]], ">i8"), rate=1, depth=np.array([[1.5]], ">f4"))
    image = np.array([[0, 255]], np.uint16)
    views = [new(pixels=image, depth=np.array([[0.5]]), index=np.array([[2.0**60]]), rate=3)]

    check_laws(widened, sources, views)
    check_laws(widened, [swapped], views)
    assert widened.put(widened.get(swapped), swapped).index.dtype == ">i8"
    for changed, said in (
        (dict(pixels=image + 1), "256 in an array of uint16 cannot become uint8 without loss"),
        (dict(depth=np.array([[0.1]])), "0.1 in an array of float64 cannot become float32"),
        (dict(index=np.array([[0.5]])), "0.5 in an array of float64 cannot become int64"),
    ):
        given = {"pixels": image, "index": np.array([[2.0]]), "rate": 3, **changed}
        with pytest.raises(atdata.LensError, match=said):
            widened.put(new(**given), sources[0])
    lost = old(image=sources[0].image, index=np.array([[2**53 + 1]]), rate=1)
    with pytest.raises(atdata.LensError, match="9007199254740993 in an array of int64 cannot become float64"):
        widened.get(lost)


def test_a_lens_made_while_the_program_runs_casts_arrays_alike(widened: Lens[Any, Any], tmp_path: Path) -> None:
    from atdata._lenses.mapped import mapped_lens

    document = json.loads((tmp_path / "lexicons/lenses/frame_1_0_0_to_1_1_0.json").read_bytes())
    made = mapped_lens(document, widened.source_type, widened.view_type)

    assert made.columns == widened.columns
    for source in old_frames(widened.source_type):
        assert made.get(source) == widened.get(source)
        assert made.put(made.get(source), source) == source


def test_a_review_takes_a_cast_of_arrays_for_a_whole_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    (tmp_path / "before/frame.json").write_text(json.dumps(schema("1.0.0", image=ndarray("uint8"), n=primitive("int"))))
    (tmp_path / "after/frame.json").write_text(json.dumps(schema("2.0.0", image=ndarray("int16"), k=primitive("int"))))
    call = ["breaking", "after", "--against", "before", "--policy", "exchange"]
    assert main(call) == 1
    assert "no lens leads from one to the other" in capsys.readouterr().out
    assert main(["migrate", "Frame", "--schemas", "after", "--against", "before", "--rename", "n=k"]) == 0
    assert "the lens is whole" in capsys.readouterr().err

    assert main(call) == 0
    said = capsys.readouterr().out
    assert "SMP51" not in said
    (line,) = [one for one in said.splitlines() if one.endswith("[SMP20]")]
    assert "warning: dtype was uint8 and is int16" in line
    assert "the lens frame_1_0_0_to_2_0_0 reads the old samples" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Nobody"], "there are Frame"),
        (["Frame@3.0.0"], "there are 1.0.0, 2.0.0"),
        (["Frame@2.0.0"], "is both versions"),
        (["Frame", "--rename", "image"], "write NAME=VALUE"),
        (["Frame", "--rename", "picture=image"], "has no field picture"),
        (["Frame", "--default", "image=3"], "is no value of image"),
    ],
)
def test_a_wrong_call_says_what_there_is(
    project: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (project / "lexicons" / "lenses").exists()


def test_a_draft_never_overwrites_what_is_there_unless_it_is_told_to(project: Path) -> None:
    assert main(["migrate", "Frame"]) == 0
    file = project / "lexicons/lenses/frame_1_0_0_to_2_0_0.json"
    file.write_text("{}")
    assert main(["migrate", "Frame"]) == 2
    assert file.read_text() == "{}"
    assert main(["migrate", "Frame", "--force"]) == 0
    assert file.read_text() != "{}"
