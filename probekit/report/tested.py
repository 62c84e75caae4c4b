"""Are scores above a baseline, and do they differ between groups? Tests over seeds, p adjusted over all questions.

Seeds are re-trainings of one probe on one encoder: what is found holds for this encoder and these data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report.summary import only
from probekit.scores import adjust, one_sample_t
from probekit.scores import anova as analyse


def against_baseline(
    rows: pd.DataFrame,
    baseline: Mapping[Any, float] | pd.DataFrame,
    by: Sequence[str] | str = ("encoder", "task"),
    metric: str | None = "accuracy",
    correction: str = "holm",
) -> pd.DataFrame:
    """One-sample t-tests of the scores of seeds against a constant, for every value of `by`.

    rows: one row a seed. baseline: the rows of a baseline, which has one value for each task (of those columns of `by`
    in which its rows differ), or a mapping from the last column of `by` to a number. `correction` is over all rows of
    the answer. Returns the `by` columns, baseline, mean, sd, n, difference, ci_low, ci_high, p, p_adjusted, correction,
    note; `sd` is that of seeds. Raises ProbekitError for a baseline that is missing or has several values.
    """
    by = _columns(rows, by)
    rows = _metric(rows, metric)
    constant = _constants(baseline, by, metric)
    found = []
    for key, part in rows.groupby(by, dropna=False, observed=True, sort=False):
        where = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
        values = part["value"].to_numpy(float)
        tested = one_sample_t(values, constant(where))
        spread = float(values.std(ddof=1)) if len(values) > 1 else np.nan
        found.append(
            {
                **where,
                "baseline": constant(where),
                "mean": float(values.mean()),
                "sd": spread,
                "n": len(values),
                "difference": tested.difference,
                "ci_low": tested.low,
                "ci_high": tested.high,
                "p": tested.p,
                "note": tested.note,
            }
        )
    result = pd.DataFrame(found)
    result.insert(len(result.columns) - 1, "p_adjusted", adjust(result["p"].to_numpy(float), correction))
    result.insert(len(result.columns) - 1, "correction", f"{correction} over {int(result['p'].notna().sum())}")
    return result


def anova(
    rows: pd.DataFrame, groups: str = "encoder", by: Sequence[str] | str = ("task",), metric: str | None = "accuracy"
) -> pd.DataFrame:
    """One-way analysis of variance of the scores of seeds over the values of `groups`, for every value of `by`.

    Returns the `by` columns, f, df_between, df_within, p, eta2, spread (largest mean minus smallest), n, note.
    """
    by = _columns(rows, by)
    _columns(rows, groups)
    rows = _metric(rows, metric)
    found = []
    for key, part in rows.groupby(by, dropna=False, observed=True, sort=False):
        where = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
        samples = [own["value"].to_numpy(float) for _, own in part.groupby(groups, observed=True, sort=True)]
        if len(samples) < 2:
            raise ProbekitError(f"at {where} there is one value of '{groups}'; an analysis of variance needs two")
        result = analyse(samples)
        means = [sample.mean() for sample in samples]
        found.append(
            {
                **where,
                "f": result.f,
                "df_between": result.df_between,
                "df_within": result.df_within,
                "p": result.p,
                "eta2": result.eta2,
                "spread": float(max(means) - min(means)),
                "n": len(part),
                "note": result.note,
            }
        )
    return pd.DataFrame(found)


def _columns(rows: pd.DataFrame, by: Sequence[str] | str) -> list[str]:
    by = [by] if isinstance(by, str) else list(by)
    for name in by:
        if name not in rows.columns:
            raise UnknownName("column", name, rows.columns)
    if rows.empty:
        raise ProbekitError("there are no rows to test; check the selection that made them")
    return by


def _metric(rows: pd.DataFrame, metric: str | None) -> pd.DataFrame:
    rows = rows if metric is None or "metric" not in rows else only(rows, metric=metric)
    if rows["value"].isna().any():
        raise ProbekitError("some scores are undefined (NaN); drop them, or say what they count as, before testing")
    return rows


def _constants(baseline: Mapping[Any, float] | pd.DataFrame, by: Sequence[str], metric: str | None) -> Any:
    """Function from the values of `by` to the baseline's value there."""
    if not isinstance(baseline, pd.DataFrame):
        table = dict(baseline)

        def of_mapping(where: Mapping[str, Any]) -> float:
            name = where[by[-1]]
            if name not in table:
                raise UnknownName(f"baseline of the {by[-1]}", str(name), map(str, table))
            return float(table[name])

        return of_mapping
    rows = _metric(baseline, metric)
    shared = [name for name in by if name in rows and rows[name].nunique(dropna=False) > 1]

    def of_rows(where: Mapping[str, Any]) -> float:
        mask = np.logical_and.reduce([rows[name] == where[name] for name in shared], initial=True)
        values = rows.loc[np.broadcast_to(mask, len(rows)), "value"].unique()
        if len(values) != 1:
            shown = ", ".join(f"{name}={where[name]}" for name in shared) or "all rows"
            raise ProbekitError(f"the baseline has {len(values)} values at {shown}; select rows with one value each")
        return float(values[0])

    return of_rows
