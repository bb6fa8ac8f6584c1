"""Classes made at run time: whose they are, how they travel, and what is never believed."""

from __future__ import annotations

import inspect
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atdata
from atdata import SampleBatch, SchemaError

PREFIX = "ac.foundation.dataset.schemaType#"


def document(name: str = "Point", kind: str = "int", **extra: Any) -> dict[str, Any]:
    fields = [
        {"name": "x", "fieldType": {"$type": PREFIX + "primitive", "primitive": kind}},
        {"name": "a", "fieldType": {"$type": PREFIX + "ndarray", "dtype": "float32"}, "optional": True},
    ]
    return {"$type": "ac.foundation.dataset.sampleSchema", "name": name, "version": "1.0.0", "fields": fields, **extra}


def test_the_same_document_from_the_same_place_is_the_same_class() -> None:
    one = atdata.decode_schema(document())

    assert atdata.decode_schema(json.dumps(document())) is one
    assert atdata.decode_schema(json.dumps(document(), indent=3).encode()) is one
    assert atdata.decode_schema({**document(), "$ref": "local://schemas/x"}) is one


def test_two_documents_never_share_a_class_whatever_they_call_themselves() -> None:
    mine, theirs = atdata.decode_schema(document()), atdata.decode_schema(document(kind="str"))
    foreign = atdata.decode_schema(document(), origin="did:plc:stranger")

    assert len({mine, theirs, foreign}) == 3
    assert len({c.__module__ for c in (mine, theirs, foreign)}) == 3
    assert pickle.loads(pickle.dumps(foreign)) is foreign


def test_source_and_tracebacks_show_the_generated_text() -> None:
    cls = atdata.decode_schema(document())

    assert "class Point(PackableSample[PointBatch])" in inspect.getsource(cls)
    with pytest.raises(atdata.DecodeError) as caught:
        cls.from_data({"x": "three"})
    import traceback

    assert "sample.x = " in "".join(traceback.format_exception(caught.value))


def _double(sample: Any) -> Any:
    sample.x *= 2
    return sample


def _name(batch: Any) -> tuple[str, Any]:
    return type(batch).__name__, batch


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_samples_classes_and_batches_travel_to_worker_processes(method: str) -> None:
    cls = atdata.decode_schema(document(name=f"Traveller_{method}"))
    sample = cls(x=3, a=np.ones(2, "f4"))
    batch = cls._batch_type([sample])  # type: ignore[misc]

    with multiprocessing.get_context(method).Pool(1) as pool:
        back = pool.map(_double, [sample])[0]
        name, batch_back = pool.map(_name, [batch])[0]

    assert type(back) is cls
    assert back.x == 6
    assert (name, type(batch_back)) == (f"Traveller_{method}Batch", type(batch))
    assert isinstance(batch_back, SampleBatch)
    assert batch_back.a.shape == (1, 2)
    assert pickle.loads(pickle.dumps(SampleBatch[cls]([sample]))).x == [3]  # type: ignore[valid-type]


def test_nested_documents_are_found_by_address_and_travel_along() -> None:
    uri = "at://did:plc:abc/ac.foundation.dataset.sampleSchema/3k"
    outer = document(name="Outer")
    outer["fields"].append({"name": "p", "fieldType": {"$type": PREFIX + "ref", "ref": uri}})

    cls = atdata.decode_schema(outer, resolve={uri: document()}.get)
    inner = atdata.decode_schema(document(), origin="did:plc:abc")
    sample = cls(x=1, p=inner(x=2))

    assert cls.from_bytes(sample.packed) == sample
    assert pickle.loads(pickle.dumps(sample)) == sample
    with pytest.raises(SchemaError, match="resolve="):
        atdata.decode_schema(outer)
    with pytest.raises(ValueError, match=r"Outer\.p.*Point\.x"):
        cls.from_data({"x": 1, "p": {"x": "no"}})


def test_circles_of_documents_are_refused() -> None:
    uri = "atdata://local/sampleSchema/Point@1.0.0"
    circle = document()
    circle["fields"].append({"name": "p", "fieldType": {"$type": PREFIX + "ref", "ref": uri}})

    with pytest.raises(SchemaError, match="back to itself"):
        atdata.decode_schema(circle, resolve={uri: circle}.get)


def test_an_address_must_lead_to_the_schema_that_it_names() -> None:
    uri = "atdata://local/sampleSchema/Other@1.0.0"
    outer = document(name="Outer")
    outer["fields"].append({"name": "p", "fieldType": {"$type": PREFIX + "ref", "ref": uri}})

    with pytest.raises(SchemaError, match="another one"):
        atdata.decode_schema(outer, resolve={uri: document()}.get)


def test_a_user_may_inherit_from_a_decoded_class() -> None:
    base = atdata.decode_schema(document())

    class More(base):  # type: ignore[misc, valid-type]
        def double(self) -> int:
            return int(self.x) * 2

    assert base(x=2).x == 2
    assert atdata.packable(More)(x=2).double() == 4


CODE = """
import json, sys, time
import atdata
start = time.perf_counter()
cls = atdata.decode_schema(sys.stdin.read())
print(json.dumps({"ms": (time.perf_counter() - start) * 1e3, "jinja2": "jinja2" in sys.modules,
                  "numpy": "numpy" in sys.modules,
                  "text": __import__("inspect").getsource(sys.modules[cls.__module__])}))
"""


def run(cache: Path, text: str) -> Any:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], input=text, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_rendered_text_is_kept_on_disk_and_never_believed(tmp_path: Path) -> None:
    text = json.dumps(document(name="Kept"))
    first, second = run(tmp_path, text), run(tmp_path, text)
    assert (first["jinja2"], second["jinja2"], first["numpy"]) == (True, False, False)
    assert first["text"] == second["text"]
    [kept] = (tmp_path / "atdata").glob("schema-*")

    kept.write_bytes(kept.read_bytes() + b"\nprint('hello')\n")
    assert run(tmp_path, text)["text"] == first["text"]

    from hashlib import sha256

    evil = b"import os\nKept = os.system('true')\n"
    kept.write_bytes(sha256(evil).hexdigest().encode() + b"\n" + evil)
    assert run(tmp_path, text)["text"] == first["text"]

    kept.unlink()
    kept.mkdir()
    assert run(tmp_path, text)["text"] == first["text"]


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "atdata").write_text("a file where the folder should be")

    assert run(tmp_path, json.dumps(document(name="Uncached")))["jinja2"]
