"""Do two models know the same things? Their answers set side by side, label by label and sentence by sentence.

A model's profile is its F1 of every label, or its accuracy on every sentence; two models are alike where their profiles
correlate. All is made from kept predictions (`keep=["predictions"]`) of any encoders and any classification task.
Source: Chang & Rafferty 2020, Encodings of Source Syntax (RepL4NLP); the bootstrap of correlations is ours.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.scores import get as get_metric
from probekit.scores.arrays import Floats, f1_of
from probekit.scores.intervals import count_blocks, percentile

ANSWERS = ("model", "seed", "unit", "group", "gold", "predicted")
SEPARATOR = " | "
CONFIDENCE = 0.95

# --- answers -----------------------------------------------------------------------------------------


def answers(
    rows: pd.DataFrame, predictions: pd.DataFrame, by: Sequence[str] | str = ("encoder",), split: str | None = None
) -> pd.DataFrame:
    """Kept predictions as answers of models: model, seed, unit, group, gold, predicted.

    rows: the rows of one task on one dataset; predictions: the table kept below them. A model is what shares the values
    of `by`, joined by " | "; within it, rows may differ in their seed alone. `split` picks one split where
    predictions of several were kept. Raises ProbekitError where a model has two answers for one unit and seed (it
    names the axes to fix), and where models were not asked about the same units with the same gold.
    """
    by = [by] if isinstance(by, str) else list(by)
    for name in by:
        if name not in rows.columns:
            raise UnknownName("column", name, rows.columns)
    table = rows.drop_duplicates("key").set_index("key")
    kept = predictions[predictions["key"].isin(table.index)]
    if split is not None:
        kept = kept[kept["split"] == split]
    if kept.empty:
        raise ProbekitError("no predictions were kept for these rows; run with keep=['predictions']")
    names = table[by].astype(object).astype(str).agg(SEPARATOR.join, axis=1)
    seeds = table["seed"].fillna(0).astype(int) if "seed" in table else pd.Series(0, index=table.index)
    keys = kept["key"].astype(object)
    found = pd.DataFrame(
        {
            "model": keys.map(names).to_numpy(dtype=object),
            "seed": keys.map(seeds).to_numpy(dtype=np.int64),
            **{name: kept[name].to_numpy() for name in ("unit", "group")},
            **{name: kept[name].astype(object).to_numpy() for name in ("gold", "predicted")},
        }
    )
    twice = found.duplicated(["model", "seed", "unit"])
    if twice.any():
        model = found.loc[twice, "model"].iloc[0]
        own = table[names == model]
        varying = [c for c in own.columns if c in _AXES and own[c].nunique(dropna=False) > 1 and c not in (*by, "seed")]
        raise ProbekitError(
            f"'{model}' has two answers for one unit and seed: its rows differ in "
            f"{', '.join(varying) or 'nothing but their split'}; select one of each, or name them in by"
        )
    return check_answers(found)


_AXES = ("task", "dataset", "trained_on", "encoder", "layer", "pooling", "probe", "control", "setting", "fold")


def check_answers(table: pd.DataFrame) -> pd.DataFrame:
    """The answers sorted by model, seed and unit, after checking that all models were asked the same.

    For answers made by hand (a parser's, say): a table with the columns model, seed, unit, group, gold, predicted.
    Raises ProbekitError for a column that lacks, a unit answered twice, and units that differ between models.
    """
    if missing := [name for name in ANSWERS if name not in table]:
        raise ProbekitError(f"a table of answers lacks the column '{missing[0]}'; it has {', '.join(ANSWERS)}")
    if table.empty:
        raise ProbekitError("a table of answers without answers")
    ordered = table[list(ANSWERS)].sort_values(["model", "seed", "unit"], kind="stable").reset_index(drop=True)
    if ordered.duplicated(["model", "seed", "unit"]).any():
        first = ordered[ordered.duplicated(["model", "seed", "unit"])].iloc[0]
        raise ProbekitError(f"'{first['model']}' answers unit {first['unit']} twice with seed {first['seed']}")
    asked = None
    for (model, seed), part in ordered.groupby(["model", "seed"], sort=False, observed=True):
        own = part[["unit", "group", "gold"]].reset_index(drop=True)
        if asked is not None and not own.equals(asked[1]):
            both = len(np.intersect1d(own["unit"], asked[1]["unit"]))
            raise ProbekitError(
                f"'{model}' (seed {seed}) and '{asked[0]}' were not asked the same: {len(own)} and {len(asked[1])} "
                f"units, {both} in common, or another gold or group"
            )
        asked = asked or (model, own)
    return ordered


def halves(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers, or counts, of the first half of every model's seeds and of the rest; a model of one seed is in both."""
    first, second = [], []
    for _, part in table.groupby("model", sort=False, observed=True):
        seeds = sorted(part["seed"].unique())
        middle = (len(seeds) + 1) // 2
        chosen = part["seed"].isin(seeds[:middle])
        first.append(part[chosen])
        second.append(part[~chosen] if len(seeds) > 1 else part)
    return pd.concat(first, ignore_index=True), pd.concat(second, ignore_index=True)


# --- labels ------------------------------------------------------------------------------------------


def label_profiles(table: pd.DataFrame) -> pd.DataFrame:
    """F1 of every label that occurs in gold, the label against the rest: model, label, n, frequency, f1, sd, seeds.

    F1 is taken for each seed and then averaged; a label that is never predicted has 0. `n` and `frequency` count the
    units whose gold it is; `sd` is over seeds, NaN for one.
    """
    labels, gold = _coded(table)
    found = []
    for model, part in table.groupby("model", sort=False, observed=True):
        tallies = [tally.sum(axis=2) for tally in _tallies(part, labels, *gold)]
        per_seed, n = np.stack([f1_of(*tally) for tally in tallies]), tallies[0][1]
        spread = per_seed.std(axis=0, ddof=1) if len(per_seed) > 1 else np.full(len(labels), np.nan)
        found.append(
            pd.DataFrame(
                {
                    "model": model,
                    "label": labels,
                    "n": n.astype(np.int64),
                    "frequency": n / len(gold[0]),
                    "f1": per_seed.mean(axis=0),
                    "sd": spread,
                    "seeds": len(per_seed),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def label_correlations(table: pd.DataFrame, n_boot: int = 0, seed: int = 0) -> pd.DataFrame:
    """Pearson's r of the label profiles of every two models: a, b, r, ci_low, ci_high, n, note.

    `n` is the number of labels. With `n_boot` the interval is that of r over so many resamples of groups (sentences);
    a label that a resample lacks in gold is left out of it.
    """
    profiles = label_profiles(table).pivot(index="label", columns="model", values="f1")
    models = list(dict.fromkeys(table["model"]))
    drawn: dict[str, list[Floats]] = {model: [] for model in models}
    labels, gold = _coded(table)
    tallies = {m: _tallies(part, labels, *gold) for m, part in table.groupby("model", sort=False, observed=True)}
    n_groups = gold[2]
    if n_boot and n_groups > 1:
        for counts in count_blocks(n_groups, n_boot, seed, n_groups):
            for model in models:
                resampled = [(t.reshape(-1, n_groups) @ counts).reshape(3, len(labels), -1) for t in tallies[model]]
                mean = np.mean([np.where(one[1] > 0, f1_of(*one), np.nan) for one in resampled], axis=0)
                drawn[model].append(mean)
    every = {model: np.concatenate(parts, axis=1) for model, parts in drawn.items() if parts}
    return _correlations(profiles[models], every)


def label_tallies(table: pd.DataFrame) -> tuple[list[str], list[Floats], int]:
    """Labels of gold (K,); of every model and seed how often each is right, in gold, predicted, by group: (3, K, G)."""
    labels, gold = _coded(table)
    parts = table.groupby("model", sort=False, observed=True)
    return labels, [tally for _, part in parts for tally in _tallies(part, labels, *gold)], gold[2]


def _coded(table: pd.DataFrame) -> tuple[list[str], tuple[np.ndarray, np.ndarray, int]]:
    """Labels of gold, sorted; the gold code and the group code of every unit; the number of groups."""
    first = table[(table["model"] == table["model"].iloc[0]) & (table["seed"] == table["seed"].iloc[0])]
    labels = sorted({str(label) for label in first["gold"]})
    number = {label: k for k, label in enumerate(labels)}
    gold = np.array([number[str(label)] for label in first["gold"]], dtype=np.int64)
    groups, codes = np.unique(first["group"].to_numpy(), return_inverse=True)
    return labels, (gold, codes.reshape(-1), len(groups))


def _tallies(
    part: pd.DataFrame, labels: Sequence[str], gold: np.ndarray, codes: np.ndarray, n_groups: int
) -> list[Floats]:
    """For each seed of a model, how often every label is right, in gold and predicted, by group: (3, K, G)."""
    number = {label: k for k, label in enumerate(labels)}
    k = len(labels)
    found = []
    for _, own in part.groupby("seed", sort=True):
        told, which = np.unique(own["predicted"].to_numpy(dtype=str), return_inverse=True)
        predicted = np.array([number.get(str(label), k) for label in told], dtype=np.int64)[which]
        tally = np.zeros((3, k + 1, n_groups))
        right = gold == predicted
        for row, label, of in ((0, gold[right], codes[right]), (1, gold, codes), (2, predicted, codes)):
            np.add.at(tally[row], (label, of), 1.0)
        found.append(np.ascontiguousarray(tally[:, :k]))
    return found


# --- sentences ---------------------------------------------------------------------------------------


def sentence_profiles(
    table: pd.DataFrame, least: int = 3, families: Mapping[str, str | None] | None = None
) -> pd.DataFrame:
    """Accuracy of every model on every group of units (sentence): model, group, n, accuracy.

    table: answers, or what `group_counts` made of kept ones. Right and wrong are averaged over seeds first, then over
    the units of the group, then over the models of a family. `least` leaves out groups of fewer units. `families` names
    the family of models; a model that it does not name stands for itself, one whose family is None is left out.
    """
    counts = table if "right" in table else _counted(table)
    per_model = counts.groupby(["model", "group"], sort=False, observed=True)
    found = per_model.agg(accuracy=("right", "mean"), n=("n", "first")).reset_index()
    found = found[found["n"] >= least]
    found["accuracy"] /= found["n"]
    if found.empty:
        raise ProbekitError(f"no group has {least} units or more; lower `least`")
    if families:
        unknown = [name for name in families if name not in set(table["model"])]
        if unknown:
            raise UnknownName("model in families:", unknown[0], dict.fromkeys(table["model"]))
        found["model"] = [families.get(model, model) for model in found["model"]]
        found = found[found["model"].notna()]
        grouped = found.groupby(["model", "group"], sort=False, observed=True)
        found = grouped.agg(accuracy=("accuracy", "mean"), n=("n", "first")).reset_index()
    return found[["model", "group", "n", "accuracy"]].reset_index(drop=True)


def _counted(table: pd.DataFrame) -> pd.DataFrame:
    """Of answers how many units of every group are right: model, seed, group, n, right."""
    right = (table["gold"].astype(str) == table["predicted"].astype(str)).astype(float)
    work = table[["model", "seed", "group", "unit"]].assign(right=right)
    grouped = work.groupby(["model", "seed", "group"], sort=False, observed=True)
    return grouped.agg(n=("unit", "size"), right=("right", "sum")).reset_index()


def group_counts(rows: pd.DataFrame, groups: pd.DataFrame, by: str = "model", split: str = "test") -> pd.DataFrame:
    """How many units of every group each model and seed answered right: model, seed, group, n, right.

    rows: of one task on one dataset; groups: the table kept below them (`keep=["groups"]`). `by` is the column that
    tells models apart. Raises ProbekitError where nothing was kept, and where models were asked of other groups.
    """
    table = rows.drop_duplicates("key").set_index("key")
    kept = groups[groups["key"].isin(table.index) & groups["split"].eq(split)]
    if kept.empty:
        raise ProbekitError("no counts by group were kept for these rows; run with keep=['groups']")
    keys = kept["key"].astype(object)
    numbers = {"group": np.int64, "n": np.int64, "right": np.float64}
    found = (
        kept[list(numbers)]
        .astype(numbers)
        .assign(
            model=keys.map(table[by].astype(str)).to_numpy(dtype=object),
            seed=keys.map(table["seed"].fillna(0).astype(int)).to_numpy(dtype=np.int64),
        )
    )
    asked = found.groupby(["model", "seed"])["group"].agg(["size", "nunique"])
    if asked.ne(found["group"].nunique()).any(axis=None):
        raise ProbekitError("the models were not asked about the same groups, or one answered twice with a seed")
    return found.sort_values(["model", "seed", "group"], kind="stable").reset_index(drop=True)


def sentence_correlations(profiles: pd.DataFrame, n_boot: int = 1000, seed: int = 0, least: int = 0) -> pd.DataFrame:
    """Pearson's r of the sentence profiles of every two models: a, b, r, ci_low, ci_high, n, note.

    `n` is the number of sentences; the interval is that of r over `n_boot` resamples of sentences, which all pairs
    share. `least` leaves out sentences of fewer units.
    """
    wide = profiles[profiles["n"] >= least].pivot(index="group", columns="model", values="accuracy")
    wide = wide[list(dict.fromkeys(profiles["model"]))]
    if wide.isna().any(axis=None) or wide.empty:
        raise ProbekitError("the models were not asked about the same sentences, or none is long enough")
    values = wide.to_numpy().T
    drawn: dict[Hashable, list[Floats]] = {}
    if n_boot and len(wide) > 1:
        for counts in count_blocks(len(wide), n_boot, seed, len(wide)):
            for (i, a), (j, b) in combinations(enumerate(wide.columns), 2):
                drawn.setdefault((a, b), []).append(weighted_r(values[i], values[j], counts))
    return _correlations(wide, {}, {pair: np.concatenate(parts) for pair, parts in drawn.items()})


def weighted_r(x: Floats, y: Floats, counts: Floats) -> Floats:
    """Pearson's r for each column of how often every point counts; NaN where a side is constant."""
    n = counts.sum(axis=0)
    x, y = x - x.mean(), y - y.mean()
    mx, my = x @ counts / n, y @ counts / n
    sxx, syy, sxy = x * x @ counts / n - mx**2, y * y @ counts / n - my**2, x * y @ counts / n - mx * my
    defined = (sxx > 1e-12) & (syy > 1e-12)
    r: Floats = np.full(counts.shape[1], np.nan)
    r[defined] = np.clip(sxy[defined] / np.sqrt(sxx[defined] * syy[defined]), -1, 1)
    return r


def _correlations(
    wide: pd.DataFrame, profiles: Mapping[Any, Floats], drawn: Mapping[Any, Floats] | None = None
) -> pd.DataFrame:
    """r of every two columns, with the interval of resampled profiles (items, b), or of resampled r (b,)."""
    if len(wide.columns) < 2:
        raise ProbekitError("a correlation needs two models; the table has one")
    metric = get_metric("pearson")
    found = []
    for a, b in combinations(wide.columns, 2):
        x, y = wide[a].to_numpy(float), wide[b].to_numpy(float)
        r = metric.function(x, y)
        why = "" if np.isfinite(r) else metric.undefined(x, y)
        low, high, note = np.nan, np.nan, ""
        if drawn and (a, b) in drawn:
            low, high, note = percentile(drawn[a, b], CONFIDENCE)
        elif a in profiles:
            low, high, note = percentile(_column_r(profiles[a], profiles[b]), CONFIDENCE)
        found.append((a, b, r, low, high, len(wide), "; ".join(filter(None, (why, note)))))
    return pd.DataFrame(found, columns=["a", "b", "r", "ci_low", "ci_high", "n", "note"])


def _column_r(a: Floats, b: Floats) -> Floats:
    """Pearson's r of each column over the rows that neither side lacks."""
    there = np.isfinite(a) & np.isfinite(b)
    n = np.maximum(there.sum(axis=0), 1)
    x, y = (np.where(there, side, 0.0) for side in (a, b))
    x, y = (np.where(there, side - side.sum(axis=0) / n, 0.0) for side in (x, y))
    size = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    return np.divide((x * y).sum(axis=0), size, out=np.full(a.shape[1], np.nan), where=size > 1e-12)


def matrix(correlations: pd.DataFrame, value: str = "r") -> pd.DataFrame:
    """Correlations as a square: models by models in the order they come, 1 on the diagonal."""
    models = list(dict.fromkeys([*correlations["a"], *correlations["b"]]))
    square = pd.DataFrame(np.eye(len(models)), index=models, columns=models)
    for a, b, number in zip(correlations["a"], correlations["b"], correlations[value], strict=True):
        square.loc[a, b] = square.loc[b, a] = number
    return square
