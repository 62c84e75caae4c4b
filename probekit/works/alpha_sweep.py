"""Benchmarks of words over many alphas of one table: the logits of its words are made once for all of them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from probekit import rows as schema
from probekit.embeddings.benchmarks import benchmark as benchmarks
from probekit.embeddings.conditional import CENTRES, METRICS, REFERENCES, ConditionalModel, Point, distinct, sweep
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.grid.work import Answer, Cell, Question, works
from probekit.works import benchmarking
from probekit.works.benchmarking import expanded, say, seeded

_LIMIT = re.compile(r"t([1-9]\d*)(-w)?")
_A_POINT = 0.4  # seconds of one core for 8,000 words x 50


def alpha_sweep(
    name: str,
    tables: Sequence[str],
    benchmarks: Sequence[str],
    alphas: Sequence[float | str],
    references: Sequence[str] = REFERENCES,
    products: Sequence[str] = METRICS,
    centres: Sequence[str] = CENTRES[1:],
    seeds: Sequence[int] = (0,),
    keep: Collection[str] = (),
) -> Grid:
    """A grid of benchmarks on alpha-embeddings of tables that kept both matrices.

    alphas: numbers, and limits by the paper's names: t1, t3, t3-w (three contexts, weighted). references, products
    (metrics of cosines and sums: I, F), centres: as of the step `natural-alpha`. The others as in `benchmarking`.
    """
    axes = {
        "encoder": tables,
        "centre": centres,
        "reference": references,
        "geom_alpha": alphas,
        "product": products,
        "task": list(expanded(benchmarks)),
        "probe": [benchmarking.OWN],
        "seed": seeds,
    }
    return Grid(name, "alpha-sweep", axes, keep, share=("encoder", "centre", "reference", "task", "seed"))


def point_of(alpha: float | str, reference: str) -> Point:
    """An alpha, or a limit by its name. Raises ProbekitError for what is neither."""
    if found := _LIMIT.fullmatch(str(alpha)):
        return Point(-math.inf, reference, int(found[1]), bool(found[2]))
    try:
        number = float(alpha)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ProbekitError(f"geom_alpha={alpha}: alphas are numbers, and limits t1, t3, t3-w and so on")
    return Point(number, reference)


def refuses(point: Mapping[str, Any]) -> str:
    """Refuse an alpha that is none, before any work."""
    point_of(point["geom_alpha"], point["reference"])
    return benchmarking.refuses(point)


@works.register(
    "alpha-sweep",
    revision=1,
    summary="Benchmarks of words on alpha-embeddings of a table, many alphas at once",
    threads=1,
    axes={
        "encoder": "table", "task": "benchmark", "probe": "measure", "reference": REFERENCES, "centre": CENTRES,
        "product": METRICS,
    },
    data=("encoder", "task"),
    refuses=refuses,
    columns=benchmarking.columns,
    cost=lambda cell: _A_POINT * len(cell.questions) / 10,
)  # fmt: skip
def answer_sweep(cell: Cell) -> Answer:
    """A row for each metric and subset of a benchmark at each alpha and metric."""
    answer, benchmark = Answer(), benchmarks.get(seeded(cell.shared["task"], cell.shared["seed"]))
    reference = cell.shared["reference"]
    wanted: dict[tuple[Point, str], list[Question]] = {}
    for question in cell.questions:
        said = schema.parse_setting(question.axes["setting"])
        wanted.setdefault((point_of(said["geom_alpha"], reference), said["product"]), []).append(question)
    points = tuple(dict.fromkeys(point for point, _ in wanted))
    model, found = swept(load_table(cell.shared["encoder"]), cell.shared["centre"], points)
    for (point, product), questions in wanted.items():
        vectors = model.in_metric(found[point], reference, product)
        table = model.table.with_vectors(vectors, digest=f"{model.table.digest} {point} {product}")
        about = {"distinct_vectors": distinct(vectors)} if point.alpha == -math.inf else {}
        for question in questions:
            say(answer, question, benchmark, table, about)
    return answer


@lru_cache(maxsize=1)
def swept(table: WordTable, centre: str, points: tuple[Point, ...]) -> tuple[ConditionalModel, dict[Point, np.ndarray]]:
    """A model and its words at some points; the last are kept for the next benchmark, which asks for the same."""
    model = ConditionalModel(table, centre)
    return model, sweep(model, points)
