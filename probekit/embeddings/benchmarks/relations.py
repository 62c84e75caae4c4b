"""Relations: average precision of relata, direction of hypernymy, prototypicality of pairs, choices of analogies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import Looked, vectors_of
from probekit.embeddings.benchmarks.means import mean_of
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Cosine, Measure
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName
from probekit.scores import Score, average_precision, chance_average_precision, score

RANDOM = "random"  # the relation of words that have none; `random-n`, `random-v` and `random-j` too
PARTS = ("test", "train", "all")


class Relation(Benchmark):
    """Mean over first words of the average precision of their relata, all their pairs ranked by likeness.

    Rows: any relation against random words, and each relation against all other pairs. Source: Baroni and Lenci 2011,
    the ranking as Kotlerman et al. 2010.
    """

    metrics: ClassVar[Mapping[str, bool]] = {"average_precision": True}
    baseline: ClassVar[str] = "what a random order of the pairs is expected to reach, in info"
    ways: ClassVar[Sequence[str]] = ("skip", "mean", "zero")

    def __init__(self, items: Sequence[str], *, unknown: str = "skip") -> None:
        super().__init__(items, unknown=unknown)

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        pairs = pd.concat([one.items for one in self.items], ignore_index=True)
        left, right = (vectors_of(table, pairs[side], self.unknown) for side in ("left", "right"))
        kept = np.flatnonzero(left.kept & right.kept)
        likeness = measure.pairs(measure.prepare(left.vectors[kept]), measure.prepare(right.vectors[kept]))
        covered = pairs.iloc[kept].assign(likeness=likeness)
        related = ~pairs["relation"].str.startswith(RANDOM)
        info = {"items": len(pairs), "unknown": self.unknown, "coverage": float((left.known & right.known).mean())}
        names = ["", *sorted(set(pairs["relation"][related]))]
        return [_precision(name, covered, info) for name in names]


def _precision(relation: str, pairs: pd.DataFrame, info: Mapping[str, Any]) -> Scored:
    positive = pairs["relation"] == relation if relation else ~pairs["relation"].str.startswith(RANDOM)
    values, chance = [], []
    for _, own in pairs.assign(positive=positive).groupby("left", sort=False):
        n = int(own["positive"].sum())
        if 0 < n < len(own):
            values.append(average_precision(own["positive"].to_numpy(float), own["likeness"].to_numpy(float)))
            chance.append(chance_average_precision(len(own), n))
    subset = f"relation={relation}" if relation else ""
    if len(values) < LEAST:
        return too_few("average_precision", len(values), subset, info)
    about = {**info, "chance": float(np.mean(chance)), "pairs": int(positive.sum())}
    return Scored("average_precision", mean_of(np.array(values)), len(values), subset, about)


class Direction(Benchmark):
    """Share of pairs of a word and its hypernym in which the word is liker its hypernym than the other way round.

    Of a relation of the items, `hyper` by default. info: how often the hypernym is the more frequent word (the first of
    both in the table), and ties. A measure that is the same both ways says nothing: NaN. The question is ours, after
    what Bhat et al. 2020 announce of entailment and do not test.
    """

    measure: ClassVar[str] = "fuzzy-kl"
    metrics: ClassVar[Mapping[str, bool]] = {"accuracy": True}
    baseline: ClassVar[str] = "0.5, a coin; in info, the more frequent word"
    ways: ClassVar[Sequence[str]] = ("skip",)

    def __init__(self, items: Sequence[str], *, relation: str = "hyper") -> None:
        super().__init__(items)
        self.relation = relation

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        pairs = pd.concat([one.items for one in self.items], ignore_index=True)
        pairs = pairs[pairs["relation"].eq(self.relation)].reset_index(drop=True)
        if pairs.empty:
            raise ProbekitError(f"{self!r} holds no pair of the relation '{self.relation}'")
        rows = np.stack([rows_of(table, pairs[side]) for side in ("left", "right")])
        kept = np.flatnonzero((rows >= 0).all(axis=0))
        info = {"items": len(pairs), "coverage": len(kept) / len(pairs)}
        if len(kept) < LEAST:
            return [too_few("accuracy", len(kept), info=info)]
        low, high = (measure.prepare(table.vectors[side[kept]]) for side in rows)
        gap = measure.pairs(low, high) - measure.pairs(high, low)
        ties = int((gap == 0).sum())
        info |= {"ties": ties, "hypernym_more_frequent": float((rows[1] < rows[0])[kept].mean())}
        if ties == len(kept):
            note = "this measure is the same both ways and says nothing of direction"
            return [Scored("accuracy", Score(np.nan, np.nan, np.nan, "none", note), len(kept), info=info)]
        groups = pd.factorize(pairs["left"].to_numpy()[kept])[0]
        right = (gap > 0).astype(int)
        found = score("accuracy", np.ones(len(kept), dtype=int), right, groups=groups)
        return [Scored("accuracy", found, len(kept), "", info, kept, groups, scores=right.astype(float))]


# --- offsets -----------------------------------------------------------------------------------------


class Prototypicality(Benchmark):
    """Mean over relations of the rank correlation of pairs' prototypicality with the likeness of their offsets to the
    mean offset of the pairs that show the relation. part: relations for `test` or `train`, or `all`.

    Source: Jurgens et al. 2012; the offsets as Mikolov, Yih and Zweig 2013.
    """

    takes: ClassVar[type] = Cosine
    metrics: ClassVar[Mapping[str, bool]] = {"spearman": True}
    baseline: ClassVar[str] = "0, any order of the pairs"
    ways: ClassVar[Sequence[str]] = ("skip", "mean", "zero")

    def __init__(self, items: Sequence[str], *, part: str = "test", unknown: str = "skip") -> None:
        super().__init__(items, unknown=unknown)
        if part not in PARTS:
            raise UnknownName("part of the relations:", str(part), PARTS)
        self.part = part

    def answer(self, table: WordTable, measure: Cosine) -> list[Scored]:
        pairs = pd.concat([one.items for one in self.items], ignore_index=True)
        offsets, kept, known = offsets_of(table, pairs["left"], pairs["right"], self.unknown)
        asked = pairs["part"].ne("prototype") & (pairs["part"].eq(self.part) | (self.part == "all"))
        info = {"unknown": self.unknown, "coverage": float(known[asked].mean()), "items": int(asked.sum())}
        values = {}
        for name, own in pairs.assign(row=np.arange(len(pairs)))[kept].groupby("relation", sort=False):
            shown, rated = own[own["part"] == "prototype"]["row"], own[asked[own.index]]
            if len(shown) and len(rated) >= LEAST:
                mean = offsets[shown].mean(axis=0, keepdims=True)
                likeness = measure.against(measure.prepare(mean), measure.prepare(offsets[rated["row"]]))[0]
                values[str(name)] = score("spearman", rated["rating"].to_numpy(float), likeness, interval="none").value
        return _of_classes(values, info)


def _of_classes(values: Mapping[str, float], info: Mapping[str, Any]) -> list[Scored]:
    """The mean over all relations, and over those of each class: `1a CLASS-INCLUSION: Taxonomic`."""
    classes = [name.partition(" ")[2].partition(":")[0] for name in values]
    found, each = [], np.nan_to_num(list(values.values()))  # likeness that is the same for all pairs orders nothing
    numbers = np.arange(len(each))
    for one in ("", *dict.fromkeys(classes)):
        inside = np.array([not one or one == other for other in classes], dtype=bool)
        if one == "" and len(values) < LEAST:
            return [too_few("spearman", len(values), info=info)]
        if one:
            found.append(Scored("spearman", mean_of(each[inside]), int(inside.sum()), f"class={one}", info))
        else:
            found.append(
                Scored("spearman", mean_of(each), len(each), "", info, numbers, numbers, list(values), (), each)
            )
    return found


class Choices(Benchmark):
    """Share of questions whose right pair has the offset that is likest that of the pair asked about, ties counted as
    wrong. unknown=wrong counts a question with an unknown word as failed, skip leaves it out."""

    takes: ClassVar[type] = Cosine
    metrics: ClassVar[Mapping[str, bool]] = {"accuracy": True}
    baseline: ClassVar[str] = "one of the choices: 0.2 of five"
    ways: ClassVar[Sequence[str]] = ("skip", "wrong", "mean", "zero")

    def __init__(self, items: Sequence[str], *, unknown: str = "skip") -> None:
        super().__init__(items, unknown=unknown)

    def answer(self, table: WordTable, measure: Cosine) -> list[Scored]:
        questions = pd.concat([one.items for one in self.items], ignore_index=True)
        columns = (questions[name] for name in ("a", "b", "left_choices", "right_choices"))
        pairs = [
            (number, *pair)
            for number, (a, b, left, right) in enumerate(zip(*columns, strict=True))
            for pair in [(a, b), *zip(left, right, strict=True)]
        ]
        number, left, right = (np.array(column) for column in zip(*pairs, strict=True))
        offsets, kept, known = offsets_of(table, left, right, self.unknown)
        rows = measure.prepare(offsets)
        picked = np.array([_pick(measure, rows[number == one], kept[number == one]) for one in range(len(questions))])
        hit = picked == questions["gold"].to_numpy()
        covered = np.array([known[number == one].all() for one in range(len(questions))])
        taken = np.flatnonzero(covered if self.unknown == "skip" else np.ones(len(questions), dtype=bool))
        info = {
            "unknown": self.unknown,
            "coverage": float(covered.mean()),
            "items": len(questions),
            "ties": int((picked == -2).sum()),
        }
        if covered.sum() < LEAST:
            return [too_few("accuracy", int(covered.sum()), info=info)]
        value = score("accuracy", np.ones(len(taken), dtype=int), hit[taken].astype(int))
        gold = [str(one) for one in questions["gold"].to_numpy()[taken]]
        found = [str(one) for one in picked[taken]]
        return [Scored("accuracy", value, len(taken), "", info, taken, taken, gold, found, hit[taken].astype(float))]


def _pick(measure: Measure, rows: np.ndarray, kept: np.ndarray) -> int:
    """Number of the likest choice; -1 where a word is unknown, -2 where several are exactly as like."""
    if not kept.all():
        return -1
    likeness = measure.pairs(np.repeat(rows[:1], len(rows) - 1, axis=0), rows[1:])
    best = np.flatnonzero(likeness == likeness.max())
    return int(best[0]) if len(best) == 1 else -2


def offsets_of(
    table: WordTable, left: Iterable[str], right: Iterable[str], unknown: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right minus left vectors of unit words (n, d), which pairs take part, and which are known."""
    sides: list[Looked] = [vectors_of(table, words, unknown) for words in (left, right)]
    unit = [Cosine().prepare(side.vectors) for side in sides]
    return unit[1] - unit[0], sides[0].kept & sides[1].kept, sides[0].known & sides[1].known
