"""Rows of the study of fuzzy sets as its figures, tables and claims read them: tables, readings, paired differences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.fuzzy_embeddings import COMPOUNDS, PRINTED, PROGRAM, READINGS, STUDY

from probekit.report import NotTestable, View, accuracy_samples, estimate, metric_samples, read_table
from probekit.report.view import is_generated, prepared, remembered
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.specs import Spec, parse

VECTORS = "vectors"  # as they are, no sets
NAMES = {one: f"{one[0]} values, {one[1]} sums" for one in READINGS}
AS_PRINTED, AS_PROGRAM, FOR_COMPOUNDS = (NAMES[one] for one in (PRINTED, PROGRAM, COMPOUNDS))
COSINE, KL, CROSS = "cosine", "KL", "cross-entropy"
MEASURES = {
    "cosine": COSINE,
    "fuzzy-kl(symmetric=true)": KL,
    "fuzzy-kl": "KL, one way",
    "fuzzy-cross-entropy": CROSS,
    "fuzzy-kl(form=one-sided)": "KL as printed",
    "fuzzy-cross-entropy(direction=backward)": "cross-entropy backward",
    "fuzzy-overlap": "overlap",
    "3cosadd": "vector offset",
    "fuzzy-set": "set operations",
    "entropy": "entropy",
    "frequency": "frequency",
}
OFFSET, SETS, ENTROPY, FREQUENCY = "vector offset", "set operations", "entropy", "frequency"
SIMLEX = "similarity/simlex-999"
WORD2VEC, GLOVE = "word2vec", "GloVe"
CATEGORIES = {
    "capital-common-countries": "Capital Common Countries", "capital-world": "Capital World", "currency": "Currency",
    "city-in-state": "City-State", "family": "Family", "gram1-adjective-to-adverb": "Adjective-Adverb",
    "gram2-opposite": "Opposite", "gram3-comparative": "Comparative", "gram4-superlative": "Superlative",
    "gram5-present-participle": "Present-Participle", "gram6-nationality-adjective": "Nationality",
    "gram7-past-tense": "Past Tense", "gram8-plural": "Plural", "gram9-plural-verbs": "Plural Verbs",
}  # fmt: skip
Where = Mapping[str, Any]


@dataclass(eq=False, kw_only=True)
class SetView(View):
    """Rows with the columns table (word2vec, GloVe), size, reading, measure, kind and data of a benchmark, first (how
    many answers an analogy may take), turned (seed of a rotation, 0 none), longer (whether trained on 5 passes)."""

    @property
    def n(self) -> Any:
        """Pairs of SimLex-999 that have vectors, where it was asked."""
        pairs = self.rows.loc[self.rows["task"].eq(SIMLEX) & self.rows["table"].eq(WORD2VEC), "n_test"]
        return int(pairs.mode().iloc[0]) if len(pairs) else super().n

    def scores(self, **where: Any) -> pd.DataFrame:
        """Rows of vectors that were not rotated, trained as usual, or as is asked for. Raises NotTestable."""
        return self.needs(**{"control": "", "turned": 0, "longer": False, **where})

    def score(self, **where: Any) -> pd.Series:
        """The one row of a question."""
        return self.scores(**{"subset": "", **where}).iloc[0]

    def widths(self, **where: Any) -> list[int]:
        """Widths of word2vec that have these scores. Raises NotTestable."""
        return sorted(set(self.scores(table=WORD2VEC, **where)["size"].astype(int)))

    @cached_property
    def answers(self) -> dict[str, pd.DataFrame]:
        """Gold and likeness of each pair of a question, by its key."""
        lines = self._lines("predictions")
        lines = lines[lines["gold"].astype(str).ne("")].assign(gold=lambda one: one["gold"].astype(str).astype(float))
        return {
            str(key): own.set_index("unit")[["gold", "score"]].sort_index()
            for key, own in lines.groupby("key", observed=True)
        }

    @cached_property
    def counts(self) -> dict[str, pd.DataFrame]:
        """Questions and right answers of each group of analogies, by the key of the question."""
        lines = self._lines("groups")
        return {
            str(key): own.set_index("group")[["n", "right"]].sort_index()
            for key, own in lines.groupby("key", observed=True)
        }

    def _lines(self, table: str) -> pd.DataFrame:
        if self.folder is None:
            raise NotTestable("answers to single items are in a results folder, and these rows came without one")
        return read_table(self.folder, table)

    def contrast(self, metric: str, terms: Iterable[tuple[float, Where]]) -> Comparison:
        """A weighted sum of correlations with the same ratings, or of accuracies on the same questions; bootstrap over
        pairs of words, or over groups of questions with one pair in common. Raises NotTestable."""
        asked = [(weight, str(self.score(metric=metric, **where)["key"])) for weight, where in terms]
        kept = self.counts if metric == "accuracy" else self.answers
        if missing := {key for _, key in asked} - set(kept):
            raise NotTestable(f"answers to single items were not kept of {len(missing)} of {len(asked)} scores")
        first = kept[asked[0][1]]
        gold = "n" if metric == "accuracy" else "gold"
        if any(not kept[key][gold].equals(first[gold]) for _, key in asked):
            raise NotTestable("the scores are not of the same items")
        samples = [weight * self._sampled(metric, key) for weight, key in asked]
        return estimate(np.sum(samples, axis=0), len(first), "word pair" if gold == "n" else "pair")

    def _sampled(self, metric: str, key: str) -> Floats:
        """A score on its items and on resamples of them, which are the same for all scores of as many items."""
        if (metric, key) not in self._samples:
            self._samples[metric, key] = _samples(metric, (self.counts if metric == "accuracy" else self.answers)[key])
        return self._samples[metric, key]

    @cached_property
    def _samples(self) -> dict[tuple[str, str], Floats]:
        return {}

    @remembered
    def gain(self, metric: str, better: Where, worse: Where) -> Comparison:
        """The one less the other."""
        return self.contrast(metric, [(1, better), (-1, worse)])


def _samples(metric: str, lines: pd.DataFrame) -> Floats:
    if metric == "accuracy":
        whole = lines.astype(float).assign(model="", accuracy=lambda one: one["right"] / one["n"]).reset_index()
        return accuracy_samples(whole)[""]
    return metric_samples(metric, lines["gold"].to_numpy(), {"": lines["score"].to_numpy()})[""]


# --- what a row is of --------------------------------------------------------------------------------


def about(encoder: str) -> dict[str, Any]:
    """Table, size, reading and rotation of a table by its spec."""
    spec = parse(encoder.removeprefix("static:"))
    made = next((step for step in spec.steps if step.name == "fuzzy"), None)
    turned = next((step for step in spec.steps if step.name == "rotate"), None)
    glove = {"glove": 100, "glove-50": 50}
    return {
        "table": GLOVE if spec.name in glove else spec.name,
        "size": glove.get(spec.name, int(spec.kwargs.get("size", 0))),
        "longer": spec.target == "english-novels" and spec.kwargs.get("epochs", 5) == 5,
        "turned": 0 if turned is None else int((*turned.args, *turned.kwargs.values(), 0)[0]),
        "reading": VECTORS if made is None else _reading(made),
    }


def _reading(step: Spec) -> str:
    raw, base = step.kwargs.get("unit_rows", True) is False, step.kwargs.get("base", "e")
    values = {(True, "e"): "raw", (False, 2): "unit"}.get((raw, base), f"base {base}")
    return NAMES.get((values, step.kwargs.get("normalise", "column")), str(step))


@STUDY.view
def set_views(rows: pd.DataFrame) -> Iterator[SetView]:
    """Real and generated rows."""
    rows = prepared(rows).reset_index(drop=True)
    found = pd.DataFrame([about(name) for name in rows["encoder"]], index=rows.index)
    rows = rows.join(found)
    rows["measure"] = rows["probe"].map(MEASURES).fillna(rows["probe"])
    rows["kind"] = rows["task"].str.partition("/")[0]
    rows["of"] = rows["task"].str.extract(r"/([\w-]+)")[0].fillna("")
    rows["first"] = rows["task"].map(lambda task: int(match[1]) if (match := re.search(r"n=(\d+)", task)) else 1)
    rows["name"] = [f"{table} {size}" for table, size in zip(rows["table"], rows["size"], strict=True)]
    rows = rows.sort_values(["table", "size"], ascending=[False, True], kind="stable")
    made = is_generated(rows)
    if (~made).any():
        yield SetView(rows[~made], title="vectors trained on 55 novels, GloVe beside")
    if made.any():
        yield SetView(rows[made], "-generated", "generated text")
