"""The work behind the refinement study: property pairs in original and refined vectors, a cell for each draw of words.

A cell is one table of vectors, one set of ratings and one seed. It shares out the words, fits on one part, and scores
every property on both parts in the original space and in each subspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.linalg import eigh

from probekit.corpora.ratings import Ratings, load_ratings
from probekit.embeddings.property_pairs import PropertyPairs, by_rating, halves, property_pairs
from probekit.embeddings.tables import load_table
from probekit.errors import UnknownName
from probekit.grid.work import Answer, Cell, Question, Row, works
from probekit.relevance.property_network import NetworkSettings
from probekit.relevance.refinement import fit_refinement
from probekit.scores import average_precisions, weighted_cosines
from probekit.streams import generator

ORIGINAL, REFINED = "original", "lrp-projection"
# Without thresholds: every word predicted at 3 or more, every relevance. Shuffled: the weights found, on other
# dimensions, which shows what a subspace of that size gains by itself.
UNCUT, SHUFFLED = "lrp-projection(thresholds=none)", "lrp-projection(weights=shuffled)"
SPACES = (ORIGINAL, REFINED, UNCUT, SHUFFLED)
WAYS = ("halves", "all")
HIGH, LOW = 10, 20  # words that the figure of a property shows
METRIC = "average_precision"
# Where words lie in a space: kind `high` or `low` in the property; x, y without unit (multidimensional scaling).
PLACES = pa.schema(
    [
        ("key", pa.string()),
        ("unit", pa.int64()),
        ("kind", pa.string()),
        ("property", pa.string()),
        ("word", pa.string()),
        ("x", pa.float64()),
        ("y", pa.float64()),
    ]
)


@dataclass(frozen=True, eq=False)
class Draw:
    """Rated words with vectors, shared out: rows to fit on, rows held out (none where all are fitted on)."""

    ratings: Ratings
    vectors: np.ndarray
    fitted: np.ndarray
    held_out: np.ndarray
    absent: int


@works.register(
    "refinement",
    revision=3,  # 3: lines of `places` for the packed labels of `points`
    summary="Property pairs before and after refinement by relevance",
    axes={"dataset": "ratings", "encoder": "table", "words": WAYS, "grid": ("coarse", "full"), "probe": SPACES},
    tables={"places": PLACES},
    cost=lambda cell: 15.0 if cell.shared["grid"] == "full" else 4.0,
)
def refine_cell(cell: Cell) -> Answer:
    """Average precision of every property, on words fitted on (split train) and held out (split test).

    shared: dataset, encoder, words, grid, seed. A property without ten words a side gets a row that says so, as does
    one that the network predicts no better than the mean does (`explained` in `info`, see `thresholds.Search`).
    """
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
    assert found.search is not None, "without thresholds given they are searched for"
    place = {name: j for j, name in enumerate(found.properties)}
    parts = {"train": draw.fitted, "test": draw.held_out} if len(draw.held_out) else {"train": draw.fitted}
    asked = {split: property_pairs(draw.ratings, rows, seed=seed, part=split) for split, rows in parts.items()}
    answer = Answer()
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
            by_name = {one.name: one for one in pairs}
            for prop in draw.ratings.properties:
                note = ""
                where: Row = {"split": split, "subset": f"property={prop}", "n_train": len(draw.fitted)}
                if prop not in by_name or prop not in place:
                    note = without.get(prop, "no word to fit on has it")
                    answer.row(question, METRIC, float("nan"), n_test=0, note=note, info=about, **where)
                    continue
                own = weights[place[prop]]
                explained = round(float(found.search.explained[place[prop]]), 4)
                info = {**about, "dimensions": int((own > 0).sum()), "members": int(found.members[place[prop]])}
                info["explained"] = explained
                if explained <= 0:
                    note = "the network predicts it no better than the mean does on words of other folds"
                if prop in found.unrefined and question.axes["probe"] in (REFINED, SHUFFLED):
                    note = "no word is predicted to have the property: vectors as they are"
                value = _precision(draw.vectors, by_name[prop], own)
                answer.row(question, METRIC, value, n_test=145, note=note, info=info, **where)
        if "places" in question.tables:
            answer.lines("places", PLACES, _places(question, draw, found, weights, seed))
    return answer


def _nothing(cell: Cell, draw: Draw) -> Answer:
    """Rows without a value, where the words fitted on have no property with pairs to choose thresholds by."""
    answer = Answer()
    note, info = "no property has ten words a side among the words to fit on", {"words_absent": draw.absent}
    for question in cell.questions:
        for split, rows in (("train", draw.fitted), ("test", draw.held_out)):
            for prop in draw.ratings.properties if len(rows) else ():
                where: Row = {"split": split, "subset": f"property={prop}", "n_train": len(draw.fitted)}
                answer.row(question, METRIC, float("nan"), n_test=0, note=note, info=info, **where)
    return answer


def shared_out(shared: Mapping[str, Any]) -> Draw:
    """The words of a cell, shared out as its axis `words` says: in halves, or all fitted on."""
    seed = int(shared["seed"])
    table = load_table(shared["encoder"])
    ratings, absent = load_ratings(shared["dataset"]).known(table)
    vectors = np.asarray(table.vectors[table.rows(ratings.words)], dtype=np.float64)
    rows = np.arange(len(ratings.words))
    if shared["words"] == "all":
        fitted, held_out = rows, rows[:0]
    elif unseen := int(ratings.notes.get("unseen", 0)):
        fitted, held_out = rows[:-unseen], rows[-unseen:]  # generated ratings say which words are new
    else:
        fitted, held_out = halves(ratings, seed)
    return Draw(ratings, vectors, fitted, held_out, len(absent))


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
    cosines = weighted_cosines(vectors[pairs.words], pairs.left, pairs.right, weights[None, :])
    return float(average_precisions(pairs.gold, cosines)[0])


# --- the figure of words -----------------------------------------------------------------------------


def _places(question: Question, draw: Draw, found: Any, weights: np.ndarray, seed: int) -> list[tuple[Any, ...]]:
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
    lines: list[tuple[Any, ...]] = []
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
                lines.append((question.key, row, kind, prop, draw.ratings.words[row], float(side * x), float(y)))
    return lines


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
    n = len(vectors)
    values, axes = eigh(centred, subset_by_index=[max(0, n - 2), n - 1])
    found = axes[:, ::-1] * np.sqrt(np.clip(values[::-1], 0, None))
    if found.shape[1] < 2:
        found = np.pad(found, ((0, 0), (0, 2 - found.shape[1])))
    signs = np.sign(found[np.abs(found).argmax(axis=0), [0, 1]])
    return found * np.where(signs == 0, 1, signs)
