"""Golden cases of ratings, ranking and refinement: small tables of fixed numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from probekit import scores
from probekit.corpora.readers import ratings
from probekit.embeddings import steps as table_steps
from probekit.embeddings.tables import WordTable, load_table
from probekit.works import refinement as refinement_study

_kept: list[Any] = []
REFINED = "static:{vectors}|refine(weights={weights}, property=dark)"


@cache
def place() -> Path:
    """A folder for files that cases read; it goes when the tests end."""
    holder = tempfile.TemporaryDirectory(prefix="probekit-golden-")
    _kept.append(holder)
    return Path(holder.name)


@cache
def files() -> dict[str, Path]:
    rng = np.random.default_rng(2)
    lines = [f"word{i}," + ",".join(f"{x:.3f}" for x in rng.uniform(0, 6, 3)) for i in range(30)]
    found = {"ratings": place() / "norms.csv", "categories": place() / "list.csv"}
    found["ratings"].write_text("word,dark,time,taste\n" + "\n".join([*lines, "gap,1,,2"]) + "\n")
    rows = [f"{i},{'abc'[i % 3] if i % 7 else 'd'},word{i}" for i in range(30)]
    found["categories"].write_text(",category,word\n" + "\n".join([*rows, "30,a,"]) + "\n")
    for name, words, width in (("vectors", [f"word{i}" for i in range(30)], 5), ("weights", ["dark", "time"], 5)):
        values = np.abs(rng.normal(size=(len(words), width))).astype(np.float32)
        if name == "weights":
            values[:, 1] = 0
        found[name] = WordTable(words, values).save(place() / name)
    return found


def of_ratings(spec: str) -> list[float]:
    found = ratings.load_ratings(spec)
    wave = np.cos(np.arange(found.values.size))
    return [*map(float, found.values.shape), float(found.values.sum()), float((found.values.ravel() * wave).sum())]


def of_table(spec: str) -> list[float]:
    vectors = np.asarray(load_table(spec).vectors, dtype=np.float64)
    wave = np.cos(np.arange(vectors.size))
    return [*map(float, vectors.shape), float(vectors.sum()), float((vectors.ravel() * wave).sum())]


def of_ranking() -> list[float]:
    rng = np.random.default_rng(7)
    gold = (rng.random(60) < 0.3).astype(float)
    predicted = (gold + rng.normal(size=60)).round(1)
    alone = scores.score("average_precision", gold, predicted, n_boot=100)
    return [alone.value, alone.low, alone.high]


def of_study() -> list[float]:
    axes = {
        "dataset": ["generated-ratings"],
        "encoder": ["generated-vectors"],
        "words": ["halves"],
        "grid": ["coarse"],
        "seed": [0],
        "probe": list(refinement_study.SPACES),
    }
    share = ["dataset", "encoder", "words", "grid", "seed"]
    grid = refinement_study.RefinementGrid("golden", "refinement", axes, share=share)
    rows = grid.run(place() / "rows").sort_values(["probe", "split", "subset"])
    return [float(part["value"].mean()) for _, part in rows.groupby(["probe", "split"])]


CASES: dict[str, Callable[[], Sequence[float]]] = {
    "ratings:ratings": lambda: of_ratings(f"ratings:{files()['ratings']}(missing=drop)"),
    "ratings:categories": lambda: of_ratings(f"categories:{files()['categories']}(missing=drop)"),
    "table step:refine": lambda: of_table(REFINED.format(**files())),
    "metric:average_precision": of_ranking,
    "work:refinement": of_study,
}

# Each option is given a value under which the numbers of its component's case must change.
OPTIONS: dict[str, dict[str, str]] = {
    "ratings:categories": {"least": "categories:{categories}(least=8, missing=drop)"},
    "table step:refine": {
        "property": "static:{vectors}|refine(weights={weights}, property=time)",
        "weights": "static:{vectors}|refine(weights={vectors}, property=word3)",
    },
}


def registries() -> dict[str, Any]:
    return {"ratings": ratings.registry, "table step": table_steps.steps}
