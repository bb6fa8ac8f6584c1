"""What was published with addresses of other records comes back as documents that can be generated."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from atdata_codegen.cli import main

SAMPLE = "ac.foundation.dataset.sampleSchema"
LENS = "ac.foundation.dataset.lens"
MADE = "2026-01-02T03:04:05Z"
Make = Callable[..., dict[str, Any]]


def publish(workshop: Any, make_sample: Make) -> None:
    """Two schemas under keys of the time, of which one holds the other, and a lens between them, published twice."""
    here = f"at://{workshop.someone.did}/{SAMPLE}"
    workshop.put(SAMPLE, "3kaaaaaaaaaa2", {**make_sample("Part", "1.0.0", "x"), "createdAt": MADE})
    whole = {**make_sample("Whole", "1.0.0", "x"), "createdAt": MADE}
    part = {"$type": "ac.foundation.dataset.schemaType#ref", "ref": f"{here}/3kaaaaaaaaaa2"}
    whole["fields"] = [*whole["fields"], {"name": "part", "fieldType": part, "optional": False}]
    workshop.put(SAMPLE, "3kaaaaaaaaab2", whole)
    rule = {"target": "x", "source": "x"}
    lens = {
        "$type": LENS,
        "name": "part_of",
        "sourceSchema": f"{here}/3kaaaaaaaaab2",
        "targetSchema": f"{here}/3kaaaaaaaaaa2",
        "mapping": {"$type": f"{LENS}#fieldMapping", "rules": [rule]},
        "createdAt": MADE,
    }
    workshop.put(LENS, "3kaaaaaaaaac2", lens)
    workshop.put(LENS, "3kaaaaaaaaad2", {**lens, "createdAt": MADE.replace("2026", "2027")})


def test_schemas_and_lenses_that_name_each_other_by_address_are_generated(workshop: Any, make_sample: Make) -> None:
    publish(workshop, make_sample)

    done = workshop.run("pull", "--repo", workshop.someone.did)
    assert done.status == 0, done.err
    assert main(["lexicons", "-o", "generated", "--strict", "-q"]) == 0
    assert (workshop.folder / "generated" / "lenses" / "part_of.py").is_file()
    assert main(["lexicons", "-o", "generated", "--check", "-q"]) == 0

    (workshop.folder / "samples.json").unlink()  # nothing says any more which record is which document
    assert main(["lexicons", "-o", "generated", "-q"]) == 1


def test_one_of_two_records_of_one_name_is_taken_and_locked(workshop: Any, make_sample: Make) -> None:
    publish(workshop, make_sample)

    done = workshop.run("pull", "--repo", workshop.someone.did)

    assert "warning: calls itself lens:part_of, as at://" in done.err
    assert len(list((workshop.folder / "lexicons" / "lenses").iterdir())) == 1
    assert len(json.loads((workshop.folder / "samples.json").read_text())["resolutions"]) == 3
    locked = workshop.run("pull", "--locked")
    assert (locked.status, locked.err) == (0, "")
