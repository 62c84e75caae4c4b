"""What fuzzy sets of words say, and what else explains it: neighbours of composed sets, divergences, controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from probekit import rows as schema
from probekit.embeddings import fuzzy, fuzzy_controls
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Cosine, Measure, unit_rows
from probekit.embeddings.measures import get as get_measure
from probekit.embeddings.orders import Frequency
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.work import Answer, Cell, Question, works
from probekit.specs import parse

SHOWN = 10  # neighbours
BETWEEN = " from "  # what stands between the two sets of a divergence
BINS, QUERIES, LEAST = 60, 50, 100


def _columns(task: str) -> Any:
    return lambda point: {"task": task, "task_group": "word sets"}


def _asked(question: Question, axis: str) -> str:
    return schema.parse_setting(question.axes["setting"])[axis]


# --- neighbours of composed sets ---------------------------------------------------------------------


@works.register(
    "set-neighbours",
    revision=1,
    summary="Neighbours of words joined by set operations; by cosine, of sums of vectors",
    axes={"encoder": "table", "probe": "measure"},
    data=("encoder",),
    columns=_columns("neighbours"),
    cost=lambda cell: 2.0,
)
def answer_neighbours(cell: Cell) -> Answer:
    """What a composed set was multiplied with before, and its likest words as predictions.

    The axis `words` holds texts such as `noble & metal` (`embeddings/fuzzy.py`). By cosine unit vectors are added for
    & | and +, and subtracted for -.
    """
    answer, table = Answer(), load_table(cell.shared["encoder"])
    for question in cell.questions:
        try:
            found = _near(table, _asked(question, "words"), get_measure(question.axes["probe"], Measure))
        except ProbekitError as reason:
            answer.row(question, "rescaled", float("nan"), note=str(reason))
            continue
        answer.row(question, "rescaled", found.rescaled, n_test=len(table))
        if "predictions" in question.tables:
            each = zip(range(SHOWN), found.words, found.likeness, strict=False)
            lines = [(question.key, "test", place, place, "", word, likeness) for place, word, likeness in each]
            answer.lines("predictions", schema.TABLES["predictions"], lines)
    return answer


def _near(table: WordTable, text: str, measure: Measure) -> fuzzy.Neighbours:
    if not isinstance(measure, Cosine):
        return fuzzy.neighbours(table, text, SHOWN, measure)
    words, operations = fuzzy.parts(text)
    rows = rows_of(table, words)
    if (rows < 0).any():
        raise UnknownName(f"word of {table!r}:", words[int((rows < 0).argmax())], table.words)
    signs = np.array([1.0, *(-1.0 if one == "-" else 1.0 for one in operations)], dtype=np.float32)
    return fuzzy.neighbours(table, signs @ unit_rows(table.vectors[rows]), SHOWN, measure, words, rescale=False)


# --- divergences -------------------------------------------------------------------------------------


@works.register(
    "set-divergences",
    revision=1,
    summary="Divergence of one composed set from another",
    axes={"encoder": "table", "probe": "measure"},
    data=("encoder",),
    columns=_columns("divergences"),
    cost=lambda cell: 2.0,
)
def answer_divergences(cell: Cell) -> Answer:
    """Minus the likeness of two sets, as they are and both of the mean mass of a word.

    The axis `sets` holds texts such as `north & korea from china`.
    """
    answer, table = Answer(), load_table(cell.shared["encoder"])
    for question in cell.questions:
        measure = get_measure(question.axes["probe"], Measure)
        try:
            sets = [fuzzy.composed(table, text) for text in _asked(question, "sets").split(BETWEEN)]
        except ProbekitError as reason:
            answer.row(question, "divergence", float("nan"), note=str(reason))
            continue
        for subset, sides in (("", sets), ("rescaled", [fuzzy.rescaled(table, one)[0] for one in sets])):
            left, right = (measure.prepare(one[None]) for one in sides)
            answer.row(question, "divergence", -float(measure.pairs(left, right)[0]), subset=subset, n_test=len(table))
    return answer


# --- controls ----------------------------------------------------------------------------------------


@works.register(
    "set-controls",
    revision=2,  # 2: no order by mass where all words have one
    summary="What else explains fuzzy sets: distance, mass, length, frequency; whether both ways differ",
    axes={"encoder": "table"},
    data=("encoder",),
    columns=_columns("controls"),
    cost=lambda cell: 10.0,
)
def answer_controls(cell: Cell) -> Answer:
    """Scores of `embeddings/fuzzy_controls.py` on triples of frequent words that the seed draws.

    The axis `marked` holds words whose entropy is told. `points` holds two histograms (x, y = share): entropies of
    words with 100 occurrences, and features by their mean.
    """
    answer, spec = Answer(), parse(cell.shared["encoder"])
    table, plain = load_table(spec), load_table(spec.before)
    for question in cell.questions:
        for metric, subset, n, value in _controls(table, plain, question.axes["seed"]):
            answer.row(question, metric, value, subset=subset, n_test=n)
        for metric, subset, n, number in _entropies(table, _asked(question, "marked").split()):
            answer.row(question, metric, number, subset=subset, n_test=n)
        if "points" in question.tables:
            answer.lines("points", schema.TABLES["points"], list(_histograms(question, table)))
    return answer


Line = tuple[str, str, int, Any]


def _controls(table: WordTable, plain: WordTable, seed: int) -> Iterator[Line]:
    """Metric, subset, units and score."""
    triples, rows = fuzzy_controls.drawn(table, seed=seed), _frequent(table)
    pairs, n = triples[:, :2], len(triples)
    yield "distance_spearman", "", n, fuzzy_controls.distance_order(table, plain, pairs)
    lengths = np.linalg.norm(plain.vectors[rows].astype(np.float64), axis=1)
    yield "length_spearman", "", len(rows), fuzzy_controls.entropy_order(table, rows, lengths)
    counts = Frequency().of(table, rows)
    yield "frequency_spearman", "", len(rows), fuzzy_controls.entropy_order(table, rows, counts)
    for subset, rescale in (("", False), ("rescaled", True)):
        yield "mass_spearman", subset, QUERIES, fuzzy_controls.mass_order(table, pairs[:QUERIES], rescale)
        yield "asymmetry", subset, n, fuzzy_controls.asymmetry(table, pairs, rescale)
        yield "composed_first", subset, n, fuzzy_controls.composed_first(table, triples, rescale)


def _frequent(table: WordTable) -> np.ndarray:
    return np.arange(len(table)) if table.counts is None else np.flatnonzero(table.counts >= LEAST)


def _entropies(table: WordTable, marked: Sequence[str]) -> Iterator[Line]:
    """The largest entropy that words of this mass could have, and that of marked words."""
    yield "entropy", "most", len(table), float(fuzzy.entropy(np.full(table.width, _mean_feature(table))))
    for word, row in zip(marked, rows_of(table, marked), strict=True):
        if row >= 0:
            yield "entropy", f"word={word}", len(table), float(fuzzy.entropy(table.vectors[row]))


def _mean_feature(table: WordTable) -> float:
    return float(table.vectors.mean(dtype=np.float64))


def _histograms(question: Question, table: WordTable) -> Iterator[tuple[Any, ...]]:
    features = table.vectors / np.float32(_mean_feature(table))
    kinds = {
        "entropy": fuzzy.entropy(table.vectors[_frequent(table)]),
        "feature by its mean": np.log10(features).ravel(),
    }
    for label, values in kinds.items():
        shares, edges = np.histogram(values, BINS)
        for unit, (share, low, high) in enumerate(zip(shares / len(values), edges, edges[1:], strict=False)):
            yield question.key, unit, float((low + high) / 2), float(share), label
