"""The data of the data benchmark, and what a consumer must have seen of it. Runs in every peer's environment."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

__all__ = ["ARRAY", "COUNT", "FIELDS", "SHARDS", "expected", "generate", "parts"]

_SCALE = int(os.environ.get("BENCH_SCALE", "1"))
COUNT = {"images": 2_000 // _SCALE, "embeddings": 50_000 // _SCALE, "tiny": 200_000 // _SCALE}
SHARDS = 8
FIELDS = {
    "images": ("image", "label", "idx"),
    "embeddings": ("emb", "text", "idx"),
    "tiny": ("f1", "f2", "i1", "i2", "name"),
}
ARRAY = {"images": "image", "embeddings": "emb", "tiny": None}


def generate(workload: str) -> dict[str, Any]:
    """All columns: the same for every peer."""
    n = COUNT[workload]
    random = np.random.default_rng(7)
    if workload == "images":
        image = random.integers(0, 256, size=(n, 224, 224, 3), dtype=np.uint8)
        return {"image": image, "label": [f"class_{i % 1000}" for i in range(n)], "idx": list(range(n))}
    if workload == "embeddings":
        emb = random.standard_normal((n, 768), dtype=np.float32)
        counts, words = random.integers(20, 33, size=n), random.integers(0, 200, size=(n, 33))
        text = [" ".join(f"word{j:03d}" for j in words[i, : counts[i]]) for i in range(n)]
        return {"emb": emb, "text": text, "idx": list(range(n))}
    floats, ints = random.standard_normal((n, 2)), random.integers(0, 100_000, size=(n, 2))
    return {
        "f1": floats[:, 0].tolist(),
        "f2": floats[:, 1].tolist(),
        "i1": ints[:, 0].tolist(),
        "i2": ints[:, 1].tolist(),
        "name": [f"user_{i}" for i in range(n)],
    }


def parts(workload: str) -> list[tuple[int, int]]:
    """First and last-but-one sample of each shard."""
    step = -(-COUNT[workload] // SHARDS)
    return [(low, min(low + step, COUNT[workload])) for low in range(0, COUNT[workload], step)]


def expected(workload: str) -> list[float]:
    """Count, sum of a number, length of all text, sum over first and last elements (or of a float)."""
    columns = generate(workload)
    if workload == "tiny":
        rest = sum(columns["f1"]) + sum(columns["f2"]) + sum(columns["i2"])
        return [COUNT["tiny"], sum(columns["i1"]), sum(map(len, columns["name"])), rest]
    rows = columns[ARRAY[workload] or ""].reshape(COUNT[workload], -1)
    text = columns["label" if workload == "images" else "text"]
    ends = rows[:, 0].sum(dtype="f8") + rows[:, -1].sum(dtype="f8")
    return [COUNT[workload], sum(columns["idx"]), sum(map(len, text)), float(ends)]
