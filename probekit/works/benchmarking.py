"""The work behind studies of word vectors: tables on benchmarks of words, by every measure that answers them."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from probekit import rows as schema
from probekit.corpora.word_items import at_hand
from probekit.embeddings.benchmarks import benchmark as benchmarks
from probekit.embeddings.benchmarks.catalogue import registry
from probekit.embeddings.catalogue import measures as known_measures
from probekit.embeddings.gaussian import random_like
from probekit.embeddings.measures import get as get_measure
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.grid.work import Answer, Cell, Question, works
from probekit.sources import parameters
from probekit.specs import Spec, parse

RANDOM_TABLE = "random-table"
CONTROLS = {RANDOM_TABLE: "the same benchmark on normal vectors of the table's words and width"}
TABLE_SECONDS, MOMENT = 0.04, 0.03  # measured over 822 cells of the study of components
OWN = ""  # the measure that a benchmark takes where none is named


def benchmarking(
    name: str,
    tables: Sequence[str],
    benchmarks: Sequence[str],
    measures: Sequence[str] = (OWN,),
    controls: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    keep: Collection[str] = (),
) -> Grid:
    """A grid of benchmarks of words on tables of vectors.

    tables: specs with their steps (`glove|ppa(5)`). benchmarks: specs and patterns (`similarity/*`); a pattern leaves
    out those whose files are not at hand. measures: measures and analogy solvers; each benchmark is asked by those that
    answer it, and by its own where none is named. controls: "random-table". seeds: of the control, and of benchmarks
    that draw. keep: tables below the score: "predictions", or "groups", how many items of each were answered rightly.
    Raises UnknownName or ProbekitError before any work.
    """
    for control in controls:
        if control not in CONTROLS:
            raise UnknownName("control", control, CONTROLS)
    axes = {
        "encoder": tables,
        "task": list(expanded(benchmarks)),
        "probe": measures,
        "control": ["", *controls],
        "seed": seeds,
    }
    return Grid(name, "benchmarking", axes, keep, share=("encoder", "task", "control", "seed"))


def expanded(patterns: Sequence[str]) -> Iterator[str]:
    """Specs of benchmarks, a pattern as all that match it and are at hand. Raises ProbekitError where none is."""
    for pattern in patterns:
        if not any(mark in pattern.partition("(")[0] for mark in "*?"):
            yield pattern
            continue
        spec = parse(pattern)
        names = [name for name in registry.names() if fnmatch.fnmatchcase(name, spec.name) and "/" in name]
        found = [name for name in names if at_hand(registry.entry(name).meta.get("items", ()))]
        if not found:
            rest = f"; not at hand: {', '.join(names)}" if names else ""
            raise ProbekitError(f"no benchmark at hand matches '{pattern}'{rest}")
        yield from (str(Spec(name, None, spec.args, spec.kwargs)) for name in found)


def measures_for(benchmark: str, asked: Sequence[str]) -> list[str]:
    """Those of some measures that answer a benchmark. Raises ProbekitError where none does."""
    found = [one for one in asked if not refuses({"task": benchmark, "probe": one})]
    if not found:
        raise ProbekitError(f"none of {', '.join(asked)} answers {benchmark}; it takes {_entry(benchmark).measure}")
    return found


def refuses(point: Mapping[str, Any]) -> str:
    """Why a measure or control is not asked of a benchmark, "" where it is."""
    entry = registry.entry(parse(point["task"]).name)
    if point.get("control") == RANDOM_TABLE and "to" in entry.meta.get("tables", ()):
        return f"{RANDOM_TABLE} is left out for {point['task']}: a random table is no side of an alignment"
    component = entry.load()
    if point["probe"] == OWN or issubclass(known_measures.get(parse(point["probe"]).name), component.takes):
        return ""
    return f"{point['probe']} is left out for {point['task']}: it answers no such question"


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """Group and data of a benchmark, and the measure that it takes where none is named."""
    spec = parse(point["task"])
    own = _entry(point["task"]).measure
    return {
        "task_group": spec.name.partition("/")[0],
        "language": "",
        **({"probe": own} if point["probe"] == OWN else {}),
    }


def seconds(cell: Cell) -> float:
    """What a cell will take of one core: a table with its steps, and each measure."""
    entry = registry.entry(parse(cell.shared["task"]).name)
    return TABLE_SECONDS + entry.meta.get("seconds", MOMENT) * len(cell.questions)


def _entry(benchmark: str) -> type[benchmarks.Benchmark]:
    found: type[benchmarks.Benchmark] = registry.get(parse(benchmark).name)
    return found


@works.register(
    "benchmarking",
    revision=1,
    summary="Tables of word vectors on benchmarks of words",
    axes={"encoder": "table", "task": "benchmark", "probe": "measure"},
    data=("encoder", "task"),
    refuses=refuses,
    columns=columns,
    cost=seconds,
)
def answer_benchmarks(cell: Cell) -> Answer:
    """A row for each metric and subset of a benchmark, by each measure that is asked."""
    spec = cell.shared["encoder"]
    if cell.shared["control"] == RANDOM_TABLE:
        spec = str(random_like(spec, cell.shared["seed"]))
    table, benchmark = load_table(spec), benchmarks.get(seeded(cell.shared["task"], cell.shared["seed"]))
    answer, zeros = Answer(), table.zero_rows
    for question in cell.questions:
        say(answer, question, benchmark, table, {"zero_rows": zeros} if zeros else {})
    return answer


def say(
    answer: Answer, question: Question, benchmark: benchmarks.Benchmark, table: WordTable, about: Mapping[str, Any]
) -> None:
    """Rows of a benchmark on a table by the measure that is asked, and their tables; about: told with each row."""
    for one in benchmark.answer(table, get_measure(question.axes["probe"], benchmark.takes)):
        info = {**one.info, "higher_is_better": benchmark.metrics[one.metric], "baseline": benchmark.baseline, **about}
        answer.row(question, one.metric, one.score, subset=one.subset, n_test=one.n, info=info)
        if "predictions" in question.tables and one.unit is not None:
            answer.lines("predictions", schema.TABLES["predictions"], _predictions(question, one))
        if "groups" in question.tables and one.metric == "accuracy" and one.unit is not None:
            answer.lines("groups", schema.TABLES["groups"], _groups(question, one))


def seeded(benchmark: str, seed: int) -> Spec:
    """A benchmark that draws, with the seed of the grid where its spec has none."""
    spec = parse(benchmark)
    draws = "seed" in parameters(_entry(benchmark)) and "seed" not in spec.kwargs
    return spec.given({"seed": seed}) if draws else spec


def _predictions(question: Question, one: benchmarks.Scored) -> pa.Table:
    """What was answered to each item, as the table of predictions holds it; `split` is the subset."""
    assert one.unit is not None
    n = len(one.unit)
    columns = {
        "key": [question.key] * n,
        "split": [one.subset or "test"] * n,
        "unit": one.unit,
        "group": one.unit if one.group is None else one.group,
        "gold": list(one.gold) or [""] * n,
        "predicted": list(one.predicted) or [""] * n,
        "score": np.full(n, np.nan) if one.scores is None else one.scores,
    }
    return pa.table(columns).cast(schema.TABLES["predictions"])


def _groups(question: Question, one: benchmarks.Scored) -> list[tuple[str, str, int, int, int]]:
    """How many items each group has and how many were answered rightly: enough for intervals of any comparison."""
    assert one.unit is not None and one.scores is not None
    numbers, place, counts = np.unique(
        one.unit if one.group is None else one.group, return_inverse=True, return_counts=True
    )
    right = np.bincount(place, weights=one.scores).astype(int)
    lines = zip(numbers.tolist(), counts.tolist(), right.tolist(), strict=True)
    return [(question.key, one.subset or "test", *line) for line in lines]
