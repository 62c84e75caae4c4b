"""How the study of Tutek and Snajder 2020 reads its rows: short names, what learned, differences paired by seed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.attention_faithfulness import ATTENTIONS, STUDY

from probekit.report import NotTestable, View, clears
from probekit.report.view import by_kind, is_generated
from probekit.scores import one_sample_t

# Classifiers on test texts: no tuning or training (development texts), no explanations, no adversaries.
TESTED = {"split": "test", "probe": "", "lambda": ""}
USUAL: dict[str, Any] = TESTED | {"embeddings": "frozen", "query": "normal"}
MAIN = USUAL | {"layers": "1"}
MODIFIED = {"uniform": "delta_f1_uniform", "permuted": "delta_f1_permuted"}
SCORES = ["f1", *MODIFIED.values()]
SAMPLES = {"frequent": "frequent types", "random": "random types"}
TITLES = {"sst": "SST", "twenty-newsgroups": "20 Newsgroups", "ag-news-test": "AG News"}
TITLES |= {"movie-reviews": "Movie reviews", "sentence-polarity": "Sentence polarity"}
# What is trained, apart from its seed.
CONFIGURATION = ["data", "attention", "regularizer", "layers", "query", "embeddings"]
TRIVIAL = {"f1": "all_positive", "accuracy": "majority"}


@dataclass(eq=False)
class VariantView(View):
    """Rows with `data` and `variant`, short names of corpus and regularizer, and `learned`: whether the classifier is
    above its trivial baselines. What is said of data and runs is of MAIN's rows; claims read what learned, figures show
    the rest too and say so."""

    @property
    def n(self) -> int:
        """Fewest test texts behind an F1."""
        tested = self.only(**MAIN, metric="f1")["n_test"]
        return int(tested.min()) if len(tested) else 0

    @property
    def data(self) -> list[str]:
        there = set(self.only(**MAIN)["data"])
        return [name for name in TITLES.values() if name in there] + sorted(there - set(TITLES.values()))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Data set and attention of every row of the paper's Table 1 that was run."""
        there = set(self.only(**MAIN).set_index(["data", "attention"]).index)
        return [(data, kind) for data in self.data for kind in ATTENTIONS if (data, kind) in there]

    def part(self, missing: str, **where: Any) -> pd.DataFrame:
        """The rows of `only`. Raises NotTestable with what is missing."""
        rows = self.only(**where)
        if rows.empty:
            raise NotTestable(missing)
        return rows

    def learned(self, missing: str, **where: Any) -> pd.DataFrame:
        """Those of classifiers that learned. Raises NotTestable with what is missing, or that none of them did."""
        rows = self.part(missing, **where)
        if not rows["learned"].any():
            raise NotTestable("no classifier is shown to be above its trivial baselines (table learned)")
        return rows[rows["learned"]]

    def means(self, metric: str, *variants: str) -> pd.DataFrame:
        """Mean over seeds: a line a pair of data set and attention, a column a variant.

        Where variants are named, of the pairs that have them all; raises NotTestable without one.
        """
        rows = self.only(**MAIN, metric=metric)
        table = rows.pivot_table(index=["data", "attention"], columns="variant", values="value", aggfunc="mean")
        table = table.loc[[pair for pair in self.pairs if pair in table.index]]
        if not variants:
            return table
        if (table := table.reindex(columns=variants).dropna()).empty:
            raise NotTestable(f"no data set has {metric} of {', '.join(variants)}")
        return table

    def by_seed(self, metric: str, *variants: str, every: bool = False) -> pd.DataFrame:
        """Scores of what learned: a line for data set, attention and seed, a column a variant; lines that have all.

        Where some were run more than once, those of one run are left out: they have no interval. every: of variants
        that did not learn too, where the first one did. Raises NotTestable without a line.
        """
        rows = self.part(f"no rows of {metric}", **MAIN, metric=metric)
        kept = rows["learned"] | (every & rows["variant"].ne(variants[0]))
        keys = ["data", "attention", "seed"]
        table = rows[kept].pivot_table(index=keys, columns="variant", values="value", aggfunc="first")
        if (table := table.reindex(columns=variants).dropna()).empty:
            raise NotTestable(f"no data set has {metric} of {', '.join(variants)} that learned")
        again = table.groupby(level=keys[:2])[variants[0]].transform("size").gt(1)
        return table[again] if again.any() else table

    @property
    def left_out(self) -> str:
        """What no claim reads of the classifiers of one layer, in words: what did not learn, data of a single run."""
        rows = self.only(**MAIN, metric="f1")
        runs = rows.groupby("data", sort=False)["seed"].nunique()
        single = ", ".join(runs[runs.eq(1)].index) if runs.gt(1).any() else ""
        once = f"One run, in no claim: {single}" if single else ""
        return ". ".join(filter(None, (said_of_dull(rows, ["data", "attention"]), once)))

    def titled(self, title: str) -> str:
        """The title of a figure, and what did not learn."""
        return ". ".join(filter(None, (title, self.left_out)))


@STUDY.view
def views(df: pd.DataFrame, cut: str | None = None) -> Iterator[VariantView]:
    """Real and generated texts apart, of one cut of the documents (the one with most rows unless given)."""
    for kind in by_kind(df):
        if "regularizer" not in kind.rows:
            raise NotTestable("no rows of the study; run attention-faithfulness first")
        yield _cut(kind, cut)


def _cut(kind: View, cut: str | None) -> VariantView:
    rows = kind.rows.copy()
    if "lambda" not in rows:
        rows["lambda"] = ""
    rows["variant"] = rows["regularizer"].str.partition("(")[0]
    heads = rows["dataset"].str.extract(r"^([^|(]*)")[0]
    rows["data"] = heads.map(TITLES).fillna(rows["dataset"]).mask(is_generated(rows), "generated " + heads)
    cut = str(cut or rows["cut"].value_counts().index[0])
    rows = rows[rows["cut"].eq(cut)].reset_index(drop=True)
    found = VariantView(rows.assign(learned=_learned(rows)), kind.mark)
    main = found.only(**MAIN, metric="f1")
    runs = [f"{data} {count}" for data, count in main.groupby("data")["seed"].nunique().items()]
    vectors = ", ".join(main["vectors"].unique())
    said = [f"cut at {cut} words", f"vectors {vectors}", f"runs of one layer, frozen: {', '.join(runs)}"]
    found.title = "; ".join([*said, *filter(None, [found.left_out])])
    return found


# --- what learned -----------------------------------------------------------------------------------


def beside_trivial(rows: pd.DataFrame) -> pd.DataFrame:
    """Of every classifier on test texts, F1 and accuracy over runs beside what a trivial answer has, and `learned`.

    learned: the 95 % intervals of both lie above; the unit is the seed. With one run the values themselves must.
    """
    tested = rows[rows["split"].eq("test") & rows["metric"].eq("f1") & rows["probe"].eq("")]
    info = pd.DataFrame([json.loads(text or "{}") for text in tested["info"]], tested.index)
    info = info.reindex(columns=["accuracy", *TRIVIAL.values()]).astype(float).assign(f1=tested["value"])
    runs = info.join(tested[CONFIGURATION]).groupby(CONFIGURATION, sort=False)
    return pd.DataFrame([dict(zip(CONFIGURATION, which, strict=True)) | _of_runs(one) for which, one in runs])


def _of_runs(runs: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {"runs": len(runs)}
    for score, trivial in TRIVIAL.items():
        constant = runs[trivial].mean()
        over = one_sample_t(runs[score], constant) if np.isfinite(runs[[score, trivial]].to_numpy()).all() else None
        found |= {score: runs[score].mean(), f"{score}_low": np.nan, trivial: constant, f"over_{score}": False}
        if over is not None:
            found |= {f"{score}_low": constant + over.low}
            found[f"over_{score}"] = over.difference > 0 if len(runs) == 1 else bool(clears(over))
    return {**found, "learned": found["over_f1"] and found["over_accuracy"]}


def said_of_dull(rows: pd.DataFrame, where: Sequence[str]) -> str:
    """The variants that did not learn, by some columns, in words; nothing where all did."""
    dull = rows.loc[~rows["learned"], [*where, "variant"]].drop_duplicates()
    each = [
        f"{', '.join(map(str, key))}: {', '.join(one['variant'])}" for key, one in dull.groupby(list(where), sort=False)
    ]
    return f"Not above a trivial baseline, in no claim: {'; '.join(each)}" if each else ""


def _learned(rows: pd.DataFrame) -> pd.Series:
    """Of each row, whether its classifier learned; one of tuning or training has no test score and is not judged."""
    table = beside_trivial(rows)
    known = set(table.loc[table["learned"], CONFIGURATION].itertuples(index=False, name=None)) if len(table) else set()
    asked = rows[CONFIGURATION].itertuples(index=False, name=None)
    return pd.Series([one in known for one in asked], rows.index, dtype=bool)


# --- what several of figures and claims read ----------------------------------------------------------


def adversaries_of(v: VariantView, every: bool = False) -> pd.DataFrame:
    """JSD and TVD of every adversary, a line each: those of targets that learned, or of `every` target."""
    where = {"metric": ["jsd", "tvd"]}
    missing = "no adversaries were trained (part=imitation)"
    rows = v.part(missing, **where) if every else v.learned(missing, **where)
    rows = rows.astype({"lambda": float})
    keys = ["data", "variant", "lambda", "seed"]
    return rows.pivot_table(index=keys, columns="metric", values="value", aggfunc="first").reset_index()


def over_seeds(rows: pd.DataFrame, *keys: str, scale: float = 1.0) -> pd.DataFrame:
    """Means over runs by some columns, as `value`, with the 95 % interval over seeds, `low` and `high`."""
    found = []
    for which, one in rows.groupby(list(keys), sort=False):
        t = one_sample_t(scale * one["value"].to_numpy(), 0.0)
        found.append((*which, t.difference, t.low, t.high))
    return pd.DataFrame(found, columns=[*keys, "value", "low", "high"])


def mean_words(v: VariantView) -> pd.Series:
    """Mean length of the texts of every data set, as its rows say."""
    rows = v.only(**MAIN, metric="f1")
    words = pd.Series([json.loads(info or "{}").get("mean_words") for info in rows["info"]], rows.index, dtype=float)
    return words.groupby(rows["data"]).mean()
