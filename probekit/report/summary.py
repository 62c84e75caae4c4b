"""Selections, summaries (means over folds, then over tasks, with their counts) and signatures of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.rows import AXES
from probekit.scores import t_interval

Undefined = Literal["zero", "drop"]
UNDEFINED = ("zero", "drop")
# Repetitions of one measurement; a mean over them stands for the measurement.
REPEATS = ("seed", "fold")
# Rows that differ in one of these answer different questions and are never averaged unasked.
APART = ("metric", "split", "subset", "control")


def only(df: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Rows with these values: `only(df, encoder="minilm", layer=3)`. None selects what is empty.

    A list of values keeps the rows with any of them. Raises UnknownName for a column that is not there, or a
    value that no row has, with the nearest that are.
    """
    for column, wanted in values.items():
        if column not in df.columns:
            raise UnknownName("column", column, df.columns)
        keep = np.zeros(len(df), dtype=bool)
        for value in wanted if isinstance(wanted, (list, tuple, set, frozenset)) else (wanted,):
            if value is None:
                hits = (df[column].isna() | (df[column].astype(object) == "")).to_numpy(bool)
            else:
                hits = (df[column] == value).fillna(False).to_numpy(bool)
            if not hits.any():
                raise UnknownName(f"value of {column}:", str(value), map(str, df[column].dropna().unique()))
            keep |= hits
        df = df[keep]
    return df


def one_metric(df: pd.DataFrame) -> pd.DataFrame:
    """Rows of their only metric; of the scores of folds where these stand beside their pooled score.

    Raises ProbekitError when there are several metrics and no telling which is meant.
    """
    found = sorted(str(name) for name in df["metric"].unique())
    folds = [name for name in found if f"{name}_pooled" in found]
    if len(found) == 2 and len(folds) == 1:
        return df[df["metric"] == folds[0]]
    if len(found) > 1:
        raise ProbekitError(f"the rows hold several metrics ({', '.join(found)}); give one: metric='{found[0]}'")
    return df


def summarise(
    df: pd.DataFrame,
    by: Sequence[str] | str,
    undefined: Undefined = "zero",
    metric: str | None = None,
    interval: bool = False,
) -> pd.DataFrame:
    """Mean score of every group of rows: over folds and seeds first, then over whatever `by` leaves out.

    So a task counts once however many folds it has. `metric`, `split`, `subset` and `control` are added to
    `by` where the rows differ in them. `undefined` says what a score that does not exist (NaN, a constant
    prediction) counts as: `"zero"`, or `"drop"` to leave it out of every mean.

    Returns one row a group, in order of first appearance: the `by` columns, `value`, `n_tasks`, `n_cells`
    (means over folds that were averaged), `n_scores` (rows behind them) and `n_undefined`. With
    `interval=True` also `low` and `high`, the 95 % interval of the mean over folds, widened because folds
    share training data (Nadeau and Bengio 2003; see `probekit.scores.t_interval`); NaN where there are not
    two complete folds. Raises ProbekitError for an unknown column, metric or word for `undefined`, and when
    no rows are given.
    """
    by = [by] if isinstance(by, str) else list(by)
    if undefined not in UNDEFINED:
        raise UnknownName("word for undefined scores:", undefined, UNDEFINED)
    for name in by:
        if name not in df.columns:
            raise UnknownName("column", name, df.columns)
    if metric is not None:
        df = only(df, metric=metric)
    if df.empty:
        raise ProbekitError("there are no rows to summarise; check the selection that made them")
    by += [name for name in APART if name not in by and name in df.columns and df[name].nunique(dropna=False) > 1]
    if not by:
        raise ProbekitError("nothing to summarise by; name a column, such as by=['metric']")

    cells = [n for n in dict.fromkeys([*by, *AXES, *APART]) if n in df.columns and (n in by or n not in REPEATS)]
    work = df[cells].copy()
    score = df["value"].astype(float)
    work["_value"] = score.fillna(0.0) if undefined == "zero" else score
    work["_undefined"] = score.isna()
    per_cell = (
        _grouped(work, cells)
        .agg(_value=("_value", "mean"), _scores=("_value", "size"), _undefined=("_undefined", "sum"))
        .reset_index()
    )
    per_cell["_task"] = per_cell["task"].astype(object) if "task" in per_cell else ""
    result = (
        _grouped(per_cell, by)
        .agg(
            value=("_value", "mean"),
            n_tasks=("_task", "nunique"),
            n_cells=("_value", "count"),
            n_scores=("_scores", "sum"),
            n_undefined=("_undefined", "sum"),
        )
        .reset_index()
    )
    if interval:
        repeats = [name for name in REPEATS if name in df.columns and name not in by]
        work = work.assign(**{name: df[name] for name in (*repeats, "n_train", "n_test") if name in df.columns})
        limits = [_fold_interval(part, repeats) for _, part in _grouped(work, by)]
        result["low"], result["high"] = (np.array(side) for side in zip(*limits, strict=True))
    return result


def signature(row: Mapping[str, Any] | pd.Series, manifest: Mapping[str, Any] | None = None) -> str:
    """One line that says how to get a score again: `metric:spearman|task:...|data:...|encoder:...|key:...`.

    Axes that are empty are left out. The key digests full specs, component revisions and data, so two scores
    with one signature answer the same question. With the `manifest` of the folder (see `read_manifest`) data
    and encoder carry the first digits of their digest and the line ends in the version of probekit; where its
    runs differ in one of these, all are given.
    """
    names = {"dataset": "data", "trained_on": "trained-on", "pooling": "pool"}
    shown = (
        "metric",
        "task",
        "dataset",
        "split",
        "subset",
        "trained_on",
        "encoder",
        "layer",
        "pooling",
        "probe",
        "control",
        "setting",
        "seed",
        "fold",
    )
    runs = (manifest or {}).get("runs", [])
    digests = {"dataset": "data", "trained_on": "data", "encoder": "weights"}
    parts = []
    for name in shown:
        if name not in row or pd.isna(row[name]) or str(row[name]) == "":
            continue
        grids = [run.get("grid", {}).get(digests.get(name, ""), {}) for run in runs]
        found = sorted({grid[row[name]][:8] for grid in grids if row[name] in grid})
        parts.append(f"{names.get(name, name)}:{row[name]}" + "".join(f"@{digest}" for digest in found))
    parts.append(f"key:{str(row['key'])[:12]}")
    if versions := sorted({run.get("versions", {}).get("probekit", "") for run in runs} - {""}):
        parts.append(f"probekit:{'+'.join(versions)}")
    return "|".join(parts)


def _grouped(df: pd.DataFrame, by: Sequence[str]) -> Any:
    # dropna=False keeps static tables, whose layer is empty; observed=True skips categories without rows.
    return df.groupby(list(by), dropna=False, observed=True, sort=False)


def _fold_interval(part: pd.DataFrame, repeats: Sequence[str]) -> tuple[float, float]:
    """Interval from the mean of each fold, where every fold has all cells; NaN otherwise."""
    if not repeats:
        return np.nan, np.nan
    folds = _grouped(part, repeats)["_value"].agg(["mean", "size"])
    if len(folds) < 2 or folds["size"].nunique() > 1 or folds["mean"].isna().any():
        return np.nan, np.nan
    score = t_interval(folds["mean"].to_numpy(), test_train_ratio=overlap(part))
    return score.low, score.high


def overlap(rows: pd.DataFrame) -> float:
    """n_test / n_train where training sets overlap, as those of folds do; 0 for seeds on one fixed split."""
    if "fold" not in rows or not rows["fold"].notna().any():
        return 0.0
    folded = rows[rows["fold"].notna()]
    ratio = (folded["n_test"].astype("Float64") / folded["n_train"].astype("Float64")).astype(float)
    ratio = ratio[np.isfinite(ratio)]
    # Without counts, as if the folds were equal parts of one set.
    return float(ratio.mean()) if len(ratio) else 1.0 / max(1, folded["fold"].nunique() - 1)
