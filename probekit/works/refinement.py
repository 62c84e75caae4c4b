"""The work behind the refinement study: property pairs in original and refined vectors, a cell for each draw of words.

A cell is one table of vectors, one set of ratings and one seed. It shares out the words, fits on one part, and scores
every property on both parts in the original space and in each subspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from probekit.corpora.generated.ratings import REVISION as GENERATOR
from probekit.corpora.generated.ratings import generated_ratings
from probekit.corpora.ratings import Ratings, load_ratings
from probekit.embeddings.property_pairs import PropertyPairs, by_rating, halves, property_pairs
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.grid import Grid
from probekit.grid.work import Answer, Cell, Row, works
from probekit.rows import TABLES
from probekit.streams import generator

GENERATED_RATINGS, GENERATED_VECTORS = "generated-ratings", "generated-vectors"
ORIGINAL, REFINED = "original", "lrp-projection"
# Without thresholds: every word predicted at 3 or more, every relevance. Shuffled: the weights found, on other
# dimensions, which shows what a subspace of that size gains by itself.
UNCUT, SHUFFLED = "lrp-projection(thresholds=none)", "lrp-projection(weights=shuffled)"
SPACES = (ORIGINAL, REFINED, UNCUT, SHUFFLED)
WAYS = ("halves", "all")
HIGH, LOW = 10, 20  # words that the figure of a property shows


@dataclass(frozen=True, eq=False)
class Draw:
    """Rated words with vectors, shared out: rows to fit on, rows held out (none where all are fitted on)."""

    ratings: Ratings
    vectors: np.ndarray
    fitted: np.ndarray
    held_out: np.ndarray
    absent: int


class RefinementGrid(Grid):
    """A grid of the study, whose rows show tables and ratings by their names: a file by base name and digest."""

    def _row_axes(self, point: Mapping[str, Any]) -> dict[str, Any]:
        row = super()._row_axes(point)
        if point["dataset"] == GENERATED_RATINGS:
            return row
        return {**row, "encoder": describe_table(point["encoder"]).name, "dataset": _ratings(point["dataset"]).name}


def depends(point: Mapping[str, Any]) -> list[Any]:
    """What the answer to a point depends on besides its axes: content of data, revision of the rule."""
    from probekit import relevance

    rule = relevance.rules.entry("alpha_beta").revision
    if point["dataset"] == GENERATED_RATINGS:
        return [rule, GENERATOR]
    return [rule, describe_table(point["encoder"]).digest, _ratings(point["dataset"]).digest]


@works.register("refinement", revision=2, summary="Property pairs before and after refinement by relevance", threads=1)
def refine_cell(cell: Cell) -> Answer:
    """Average precision of every property, on words fitted on (split train) and held out (split test).

    shared: dataset, encoder, words, grid, seed. A property without ten words a side gets a row that says so.
    """
    from probekit.relevance.property_network import NetworkSettings
    from probekit.relevance.refinement import fit_refinement

    draw = shared_out(cell.shared)
    seed = int(cell.shared["seed"])
    ratings = draw.ratings.select([draw.ratings.words[row] for row in draw.fitted])
    vectors = draw.vectors[draw.fitted]
    if not property_pairs(ratings, seed=seed)[0]:
        return _nothing(cell, draw)
    two_valued = all(len(np.unique(column)) == 2 for column in ratings.values.T)
    found = fit_refinement(
        vectors, ratings, grid=str(cell.shared["grid"]), settings=NetworkSettings(balance=two_valued), seed=seed
    )
    place = {name: j for j, name in enumerate(found.properties)}
    parts = {"train": draw.fitted, "test": draw.held_out} if len(draw.held_out) else {"train": draw.fitted}
    asked = {split: property_pairs(draw.ratings, rows, seed=seed, part=split) for split, rows in parts.items()}
    answer, points = Answer(), _Points()
    about = {
        "thresholds": list(found.thresholds),
        "words_absent": draw.absent,
        "balanced": two_valued,
        "epochs": found.info["epochs"],
        "gap": found.gap,
        "unrefined": len(found.unrefined),
    }
    spaces = {question.key: _weights(question.axes["probe"], found, seed) for question in cell.questions}
    for question in cell.questions:
        weights = spaces[question.key]
        for split, (pairs, without) in asked.items():
            common = {"key": question.key, "metric": "average_precision", "split": split, "n_train": len(draw.fitted)}
            by_name = {one.name: one for one in pairs}
            for prop in draw.ratings.properties:
                row: Row = {**common, "subset": f"property={prop}"}
                if prop in by_name and prop in place:
                    own = weights[place[prop]]
                    info = {**about, "dimensions": int((own > 0).sum()), "members": int(found.members[place[prop]])}
                    row |= {"value": _precision(draw.vectors, by_name[prop], own), "n_test": 145, "info": info}
                    if prop in found.unrefined and question.axes["probe"] in (REFINED, SHUFFLED):
                        row["note"] = "no word is predicted to have the property: vectors as they are"
                else:
                    why = without.get(prop, "no word to fit on has it")
                    row |= {"value": float("nan"), "n_test": 0, "note": why, "info": about}
                answer.rows.append(row)
        if "points" in question.tables:
            _add_points(points, question, draw, found, weights, seed)
    answer.tables["points"] = points.table()
    return answer


def _nothing(cell: Cell, draw: Draw) -> Answer:
    """Rows without a value, where the words fitted on have no property with pairs to choose thresholds by."""
    answer = Answer()
    for question in cell.questions:
        for split, rows in (("train", draw.fitted), ("test", draw.held_out)):
            for prop in draw.ratings.properties if len(rows) else ():
                answer.rows.append(
                    {
                        "key": question.key,
                        "metric": "average_precision",
                        "split": split,
                        "subset": f"property={prop}",
                        "value": float("nan"),
                        "n_train": len(draw.fitted),
                        "n_test": 0,
                        "note": "no property has ten words a side among the words to fit on",
                        "info": {"words_absent": draw.absent},
                    }
                )
    return answer


refine_cell.depends = depends  # type: ignore[attr-defined]


def shared_out(shared: Mapping[str, Any]) -> Draw:
    """The words of a cell, shared out as its axis `words` says: in halves, or all fitted on."""
    seed, way = int(shared["seed"]), shared["words"]
    if way not in WAYS:
        raise UnknownName("way to share out words:", str(way), WAYS)
    if (shared["dataset"] == GENERATED_RATINGS) != (shared["encoder"] == GENERATED_VECTORS):
        raise ProbekitError(f"{GENERATED_RATINGS} belong to {GENERATED_VECTORS}, which carry them; ask for both")
    if shared["dataset"] == GENERATED_RATINGS:
        ratings, vectors, _ = generated_ratings(seed=seed)
        rows = np.arange(len(ratings.words))
        seen = len(rows) - int(ratings.notes["unseen"])
        return Draw(ratings, vectors.astype(np.float64), rows[:seen], rows[seen:], 0)
    table = load_table(shared["encoder"])
    ratings, absent = _ratings(shared["dataset"]).known(table)
    vectors = np.asarray(table.vectors[table.rows(ratings.words)], dtype=np.float64)
    rows = np.arange(len(ratings.words))
    fitted, held_out = halves(ratings, seed) if way == "halves" else (rows, rows[:0])
    return Draw(ratings, vectors, fitted, held_out, len(absent))


@lru_cache(maxsize=4)
def _ratings(spec: str) -> Ratings:
    return load_ratings(spec)


def _weights(space: str, found: Any, seed: int) -> np.ndarray:
    """Weights (p, n) of a space by its name."""
    if space == ORIGINAL:
        return np.ones_like(found.weights)
    if space == REFINED:
        return found.weights
    if space == UNCUT:
        return found.uncut
    if space == SHUFFLED:
        width = found.weights.shape[1]
        orders = [generator(seed, "draw", "shuffled dimensions", name).permutation(width) for name in found.properties]
        return np.stack([row[order] for row, order in zip(found.weights, orders, strict=True)])
    raise UnknownName("space", str(space), SPACES)


def _precision(vectors: np.ndarray, pairs: PropertyPairs, weights: np.ndarray) -> float:
    from probekit.scores import average_precisions, weighted_cosines

    cosines = weighted_cosines(vectors[pairs.words], pairs.left, pairs.right, weights[None, :])
    return float(average_precisions(pairs.gold, cosines)[0])


# --- the figure of words -----------------------------------------------------------------------------


class _Points:
    """Lines of the table `points`; a label is kind, property and word, with tabs between."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int, float, float, str]] = []

    def table(self) -> pa.Table:
        columns = list(zip(*self.lines, strict=True)) or [()] * len(TABLES["points"])
        return pa.table([list(column) for column in columns], schema=TABLES["points"])


def _add_points(points: _Points, question: Any, draw: Draw, found: Any, weights: np.ndarray, seed: int) -> None:
    """Words of three properties, placed by multidimensional scaling of all fitted words in this space.

    The properties with the largest, the median and the smallest gain on the words fitted on, so that the figure shows
    what refinement does and where it fails; the ten words highest in it and the twenty lowest are kept.
    """
    pairs, _ = property_pairs(draw.ratings, draw.fitted, seed=seed, part="train")
    place = {name: j for j, name in enumerate(found.properties)}
    refined, plain = found.weights, np.ones(found.weights.shape[1])
    gains = []
    for one in pairs:
        if one.name in place:
            after = _precision(draw.vectors, one, refined[place[one.name]])
            gains.append((after - _precision(draw.vectors, one, plain), one.name))
    gains.sort()
    for rank in dict.fromkeys((len(gains) - 1, len(gains) // 2, 0)):
        prop = gains[rank][1]
        order = by_rating(draw.ratings, prop, draw.fitted, seed, "train")
        high, low = order[:HIGH], order[::-1][:LOW]
        spot = dict(zip(draw.fitted.tolist(), scaled(draw.vectors[draw.fitted] * weights[place[prop]]), strict=True))
        # Axes of scaling have no direction of their own: the high words are drawn on the right.
        side = np.sign(np.mean([spot[row][0] for row in high]) - np.mean([spot[row][0] for row in low])) or 1.0
        for kind, rows in (("high", high), ("low", low)):
            for row in rows.tolist():
                x, y = spot[row]
                label = "\t".join((kind, prop, draw.ratings.words[row]))
                points.lines.append((question.key, row, float(side * x), float(y), label))


def scaled(vectors: np.ndarray) -> np.ndarray:
    """Classical multidimensional scaling (Torgerson 1952) of cosine distances: (words, 2).

    The sign of each axis is that of its largest entry. A vector that is zero has cosine 0 with all.
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    distances = 1 - np.clip(unit @ unit.T, -1, 1)
    np.fill_diagonal(distances, 0)
    squared = distances**2
    centred = -0.5 * (squared - squared.mean(axis=0) - squared.mean(axis=1, keepdims=True) + squared.mean())
    from scipy.linalg import eigh

    n = len(vectors)
    values, axes = eigh(centred, subset_by_index=[max(0, n - 2), n - 1])
    found = axes[:, ::-1] * np.sqrt(np.clip(values[::-1], 0, None))
    if found.shape[1] < 2:
        found = np.pad(found, ((0, 0), (0, 2 - found.shape[1])))
    signs = np.sign(found[np.abs(found).argmax(axis=0), [0, 1]])
    return found * np.where(signs == 0, 1, signs)
