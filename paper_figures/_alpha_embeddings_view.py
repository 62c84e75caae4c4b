"""Rows of the study of alpha embeddings as its figures and claims read them: what each table is, paired differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.alpha_embeddings import CATEGORIES, FOLDS, GOOGLE, OUTER, SETS, STUDY

from probekit.report import NotTestable, View, accuracy_samples, dealt, estimate, metric_samples, select
from probekit.report.select import Selected
from probekit.report.view import by_kind, matching, remembered
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.specs import parse

NOVELS, MORE = "novels", "novels and reviews"
CORPORA = (NOVELS, MORE)
U, UV, E, LE, PLAIN = "U", "U+V", "E", "LE", "U+V as it is"
REFERENCES = {"uniform": "0", "model": "u", "corpus": "ud"}
SET_NAMES = dict(
    zip(
        (f"similarity/{name}" for name in SETS),
        ("ws353", "mc", "rg", "ws353sim", "ws353rel", "men", "mturk287", "rw", "simlex999", "all"),
        strict=True,
    )
)
CATEGORY_NAMES = dict(zip((f"categories/{name}" for name in CATEGORIES), ("AP", "BLESS"), strict=True))
ANALOGY_NAMES = {"": "Google total", "sem": "Google semantic", "syn": "Google syntactic"}
LEAST = 30  # covered pairs below which a set carries no verdict
SMALL, LARGE = 50, 300
LIMIT = -np.inf


def told(encoder: str, setting: Mapping[Any, Any]) -> dict[str, Any]:
    """Corpus, dimensions, method, reference, product, alpha and limit of a table."""
    spec = parse(encoder)
    corpus = MORE if str(spec.target) == OUTER or "joined" in str(spec.target) else NOVELS
    found = {"corpus": corpus, "size": int(spec.kwargs.get("size", 100)), "reference": "", "product": ""}
    if spec.steps:
        steps = [step.name for step in spec.steps]
        return {**found, "method": {1: U, 2: UV}[len(steps)] if "standardize" in steps else PLAIN, "alpha": np.nan}
    alpha = setting["geom_alpha"]
    limit = alpha if alpha.startswith("t") else ""
    return {
        **found,
        "method": LE if limit else E,
        "limit": limit,
        "alpha": LIMIT if limit else float(alpha),
        "reference": REFERENCES[setting["reference"]],
        "product": setting["product"],
    }


@dataclass(eq=False, kw_only=True)
class AlphaView(View):
    """lines: rows with what their table is (`told`), `set` (the paper's name of what was asked) and `kind`."""

    lines: pd.DataFrame

    @property
    def n(self) -> int:
        """Pairs of the pooled similarity sets, in the corpus that covers most."""
        return int(self.lines["n_test"][self.lines["kind"].eq("similarity")].max())

    @remembered
    def scores(self, **where: Any) -> pd.DataFrame:
        """Lines of these values, of whole sets where no subset is named. Raises NotTestable where there are none."""
        found = matching(self.lines, {"subset": None, **where})
        found = found[found["value"].notna()]
        if found.empty:
            raise NotTestable(f"no score of {', '.join(str(one) for one in where.values())}")
        return found

    def sizes(self, **where: Any) -> list[int]:
        return sorted(set(self.scores(**where)["size"]))

    def kept(self, line: pd.Series) -> pd.DataFrame:
        return self._answered("groups" if line["kind"] == "analogy" else "predictions", str(line["key"]))

    def _answered(self, table: str, key: str) -> pd.DataFrame:
        found = self.by_key(table).get(key)
        if found is None:
            raise NotTestable("answers to single items were not kept of all scores")
        return found

    # --- differences ---------------------------------------------------------------------------------

    @remembered
    def less(self, a: dict[str, Any], b: dict[str, Any], **shared: Any) -> Comparison:
        """a - b on the items that both have, which are resampled for both at once."""
        one, other = (self.scores(**{**shared, **side}).iloc[0] for side in (a, b))
        first, second = (self.kept(line) for line in (one, other))
        unit = "group" if one["kind"] == "analogy" else "unit"
        both = first.merge(second, on=unit, suffixes=("", "_b"))
        if one["kind"] == "similarity":
            sides = {"a": both["score"], "b": both["score_b"]}
            found = metric_samples("spearman", both["gold"].astype(float), sides)
            return estimate(found["a"] - found["b"], len(both), "pair")
        if one["kind"] == "categories":
            return _apart(_right(both, ""), _right(both, "_b"), np.ones(len(both)), "word")
        return _apart(
            both["right"] / both["n"], both["right_b"] / both["n"], both["n"], "question", int(both["n"].sum())
        )

    # --- alpha of analogies --------------------------------------------------------------------------

    @remembered
    def questions(self, key: str) -> pd.DataFrame:
        """Groups of questions of a score with their category: group, n, right, category.

        Groups are numbered in the order of questions, and categories are stretches of these.
        """
        own = self._answered("groups", key).sort_values("group")
        parts = self.lines[self.lines["key"].eq(key) & self.lines["subset"].str.startswith("category=")]
        sizes = self._sizes(parts, own)
        ends = np.cumsum([n for _, n in sizes])
        place = np.searchsorted(ends, np.cumsum(own["n"].to_numpy()), side="left")
        names = np.array([name for name, _ in sizes], dtype=object)
        return own.assign(category=names[np.minimum(place, len(names) - 1)])

    def _sizes(self, parts: pd.DataFrame, own: pd.DataFrame) -> list[tuple[str, int]]:
        sizes = [(one["subset"].removeprefix("category="), int(one["n_test"])) for _, one in parts.iterrows()]
        lacking = int(own["n"].sum()) - sum(n for _, n in sizes)
        if lacking < 0:
            raise NotTestable("the categories of the analogies hold more questions than were asked")
        return sizes if not lacking else [*sizes, ("few", lacking)]

    @remembered
    def chosen(self, part: str, seed: int = 0, **where: Any) -> Selected:
        """Alpha chosen by cross-validation over groups of questions: of all, or those on meaning or forms. seed: of how
        groups are dealt into folds."""
        rows = self.scores(kind="analogy", method=E, **where)
        lines = []
        for _, line in rows.iterrows():
            own = self.part(line["key"], part)
            fold = dealt(own["group"].tolist(), FOLDS, seed)
            for k in range(FOLDS):
                inside = own[fold == k]
                score = float(inside["right"].sum() / inside["n"].sum())
                lines.append({"fold": k, "value": line["alpha"], "score": score, "n": int(inside["n"].sum())})
        return select(pd.DataFrame(lines))

    @remembered
    def part(self, key: str, part: str) -> pd.DataFrame:
        """Groups of questions of a score: all, or those on meaning (sem) or forms (syn)."""
        own = self.questions(key)
        forms = own["category"].str.match(r"gram\d")
        own = own if not part else own[forms] if part == "syn" else own[~forms]
        if own.empty:
            raise NotTestable(f"no question of {ANALOGY_NAMES[part]} is covered")
        return own

    def gain(self, part: str, over: str = UV, **where: Any) -> tuple[Comparison, Selected]:
        """What the chosen alphas have, each on the fold that did not choose it, over another table; and the choice."""
        sample, n, choice = self.gain_sample(part, over, **where)
        return estimate(sample, n, "question"), choice

    @remembered
    def gain_sample(self, part: str, over: str, **where: Any) -> tuple[Floats, int, Selected]:
        """The same as a sample over groups of questions."""
        choice = self.chosen(part, **where)
        shared = {name: where[name] for name in ("corpus", "size")}
        if over == E:  # alpha = 1
            base = self.scores(kind="analogy", method=E, alpha=1.0, **where).iloc[0]
        else:
            base = self.scores(kind="analogy", method=over, **shared).iloc[0]
        plain = self.part(base["key"], part).reset_index(drop=True)
        fold = dealt(plain["group"].tolist(), FOLDS)
        right = np.zeros(len(plain))
        for k, alpha in enumerate(choice.values):
            line = self.scores(kind="analogy", method=E, alpha=alpha, **where).iloc[0]
            right[fold == k] = self.part(line["key"], part)["right"].to_numpy()[fold == k]
        rates = (right - plain["right"].to_numpy()) / plain["n"].to_numpy()
        return _weighted(rates, plain["n"].to_numpy()), int(plain["n"].sum()), choice

    # --- purity --------------------------------------------------------------------------------------

    def purity_gain(self, **where: Any) -> tuple[Floats, int]:
        """What the best alpha has over 1, chosen on each half of the words and scored on the other: over words."""
        rows = self.scores(kind="categories", method=E, **where)
        right = pd.DataFrame({line["alpha"]: _right(self.kept(line), "").to_numpy() for _, line in rows.iterrows()})
        fold = dealt(range(len(right)), 2)
        gain = np.zeros(len(right))
        for k in (0, 1):
            best = right[fold != k].mean().idxmax()
            gain[fold == k] = (right[best] - right[1.0])[fold == k]
        return _weighted(gain, np.ones(len(right))), len(right)


def _right(lines: pd.DataFrame, mark: str) -> pd.Series:
    return lines[f"gold{mark}"].astype(str).eq(lines[f"predicted{mark}"].astype(str)).astype(float)


def _weighted(values: Any, n: Any) -> Floats:
    """The mean of values of groups, as a sample over these."""
    profile = pd.DataFrame(
        {"group": np.arange(len(values)), "model": "m", "accuracy": np.asarray(values, float), "n": n}
    )
    return accuracy_samples(profile)["m"]


def _apart(a: Any, b: Any, n: Any, unit: str, total: int | None = None) -> Comparison:
    return estimate(_weighted(np.asarray(a) - np.asarray(b), np.asarray(n, dtype=float)), total or len(a), unit)


def sets_with_enough(v: AlphaView, names: Sequence[str], **where: Any) -> list[str]:
    """Those of some sets of which enough pairs are covered."""
    return [name for name in names if int(v.scores(set=name, **where)["n_test"].iloc[0]) >= LEAST]


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[AlphaView]:
    """One of the real and one of the generated rows."""
    names = {**SET_NAMES, **CATEGORY_NAMES, GOOGLE: "google"}
    for one in by_kind(df):
        words = one.rows[one.rows["task_group"].ne("classification")]  # those of texts are read by `classified`
        settings = words[[c for c in ("geom_alpha", "reference", "product") if c in words]].to_dict("records")
        about = pd.DataFrame(
            [told(encoder, setting) for encoder, setting in zip(words["encoder"], settings, strict=True)],
            index=words.index,
        )
        rows = words.drop(columns=[c for c in about if c in words])
        lines = pd.concat([rows, about], axis=1).assign(
            set=words["task"].map(lambda task: names.get(task, task)), kind=words["task"].str.extract(r"^([a-z-]+)")[0]
        )
        yield AlphaView(one.rows, one.mark, one.title, lines=lines)
