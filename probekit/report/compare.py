"""Is A better than B? Paired differences with interval, test, p, and p adjusted over all questions asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report.summary import REPEATS, UNDEFINED, Undefined, one_metric, only, overlap
from probekit.rows import AXES
from probekit.scores import Comparison, adjust, corrected_t, paired_bootstrap
from probekit.scores import get as get_metric

POOLED = "_pooled"
COLUMNS = (
    "metric",
    "direction",
    "a",
    "b",
    "difference",
    "ci_low",
    "ci_high",
    "test",
    "unit",
    "n",
    "p",
    "p_adjusted",
    "correction",
    "n_undefined",
    "note",
)


def compare(
    df: pd.DataFrame,
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    by: Sequence[str] | str = ("task",),
    predictions: pd.DataFrame | None = None,
    correction: str = "holm",
    metric: str | None = None,
    undefined: Undefined = "zero",
    n_boot: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """A minus B for every value of `by`, paired over what both have in common.

    a, b: what tells the sides apart, as `{"encoder": "minilm", "layer": 3}`; None means empty. Rows of
    controls take part only where `control` is named. Where one side is empty in a column of `by` (static
    tables have no layer), that side is compared with each value of the other.

    Without `predictions` the pairs are folds (and seeds), tested with the corrected resampled t-test (Nadeau
    and Bengio 2003), or seeds of one split with a t-test. With the kept table `predictions` the pairs are
    units: the metric is taken over all units at once, pooled over folds, and the groups of units (sentences,
    documents) are resampled for both sides together. `correction` is over all rows of the answer: holm,
    bonferroni, benjamini-hochberg, none.

    Returns one row a question: the `by` columns, `metric`, `a`, `b`, `difference`, `ci_low`, `ci_high`,
    `test`, `unit`, `n` (pairs), `p`, `p_adjusted`, `correction`, `n_undefined` and `note`. `direction` is -1
    where less is better. Raises ProbekitError when a side is empty or holds several rows for one pair (it
    names the axes to fix), or when the two sides were not tested on the same units.
    """
    by = [by] if isinstance(by, str) else list(by)
    if undefined not in UNDEFINED:
        raise UnknownName("word for undefined scores:", undefined, UNDEFINED)
    for name in by:
        if name not in df.columns:
            raise UnknownName("column", name, df.columns)
        if name in a or name in b:
            raise ProbekitError(f"'{name}' is in by and tells the sides apart; it can be one of the two")
    if predictions is None:
        df = only(df, metric=metric) if metric is not None else one_metric(_uncontrolled(df, a, b))
    sides = [_side(df, chosen, name) for chosen, name in ((a, "a"), (b, "b"))]
    answers = []
    for where, left, right in _questions(sides[0], sides[1], by):
        _same_data(left, right, where)
        if predictions is None:
            found, shown = _over_folds(left, right, where, undefined)
        else:
            found, shown = _over_units(left, right, predictions, where, metric, n_boot, seed)
        shown["note"] = "; ".join(filter(None, (shown["note"], found.note)))
        tested = {"difference": found.difference, "ci_low": found.low, "ci_high": found.high, "p": found.p}
        answers.append(where | shown | tested | {"test": found.test, "unit": found.unit, "n": found.n})
    result = pd.DataFrame(answers)
    result["p_adjusted"] = adjust(result["p"].to_numpy(float), correction)
    result["correction"] = f"{correction} over {int(result['p'].notna().sum())}"
    return result[[*by, *COLUMNS]]


def _uncontrolled(df: pd.DataFrame, a: Mapping[str, Any], b: Mapping[str, Any]) -> pd.DataFrame:
    named = "control" in a or "control" in b
    return df if named or "control" not in df.columns else df[(df["control"] == "").to_numpy(bool)]


def _side(df: pd.DataFrame, chosen: Mapping[str, Any], name: str) -> pd.DataFrame:
    if not chosen:
        raise ProbekitError(f"{name} is empty; say what it is, such as {name}={{'encoder': 'minilm'}}")
    try:
        rows = only(df, **dict(chosen))
    except UnknownName as error:
        raise ProbekitError(f"{name}: {error}") from None
    rows = _uncontrolled(rows, chosen, chosen)
    if rows.empty:
        raise ProbekitError(f"{name}={dict(chosen)} selects no rows")
    return rows


def _questions(left: pd.DataFrame, right: pd.DataFrame, by: list[str]) -> list[Any]:
    """(values of by, rows of a, rows of b) for every question both sides answer, in order of a."""
    indexed = []
    for side in (left, right):
        # A column that is empty throughout a side does not divide it.
        own = [n for n in by if side[n].notna().any() and (side[n].astype(object) != "").any()]
        groups = side.groupby(own, dropna=False, observed=True, sort=False) if own else [((), side)]
        indexed.append((own, {tuple(key) if isinstance(key, tuple) else (key,): rows for key, rows in groups}))
    (own_a, rows_a), (own_b, rows_b) = indexed
    shared = [n for n in own_a if n in own_b]
    questions = []
    for key_a, part_a in rows_a.items():
        at_a = dict(zip(own_a, key_a, strict=True))
        for key_b, part_b in rows_b.items():
            at_b = dict(zip(own_b, key_b, strict=True))
            if all(at_a[n] == at_b[n] for n in shared):
                where = {n: at_a.get(n, at_b.get(n, "")) for n in by}
                questions.append((where, part_a, part_b))
    if not questions:
        raise ProbekitError(f"a and b have no {', '.join(by) or 'rows'} in common; nothing can be compared")
    return questions


def _same_data(left: pd.DataFrame, right: pd.DataFrame, where: Mapping[str, Any]) -> None:
    for name in ("dataset", "split", "subset", "task"):
        if name in left.columns:
            one, two = (sorted(map(str, side[name].unique())) for side in (left, right))
            if one != two:
                raise ProbekitError(
                    f"a and b were not tested on the same units at {_at(where)}: {name} {one} and {two}"
                )


def _at(where: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in where.items()) or "all rows"


def _refuse_several(rows: pd.DataFrame, paired_by: Sequence[str], where: Mapping[str, Any], side: str) -> None:
    """Refuse a side with more than one row for a pair, and say which axes tell the rows apart."""
    axes = [n for n in (*AXES, "metric", "split", "subset") if n not in paired_by]
    if not rows.duplicated(list(paired_by)).any():
        return
    varying = [n for n in axes if rows[n].nunique(dropna=False) > 1]
    raise ProbekitError(
        f"{side} has several rows for one pair at {_at(where)}: they differ in "
        f"{', '.join(varying) or 'their key alone'}; fix these in {side} or name them in by"
    )


def _over_folds(
    left: pd.DataFrame, right: pd.DataFrame, where: Mapping[str, Any], undefined: Undefined
) -> tuple[Comparison, dict[str, Any]]:
    # Pooled rows stand beside the folds in some experiments; the folds are the pairs.
    folded = left["fold"].notna().any() and right["fold"].notna().any()
    columns = []
    for rows, side in ((left, "a"), (right, "b")):
        rows = rows[rows["fold"].notna()] if folded else rows
        _refuse_several(rows, REPEATS, where, side)
        columns.append(rows.set_index(list(REPEATS))["value"].astype(float).rename(side))
    pairs = pd.concat(columns, axis=1, join="inner").sort_index()
    if pairs.empty:
        raise ProbekitError(f"a and b have no fold and seed in common at {_at(where)}; run both with the same folds")
    unpaired = max(map(len, columns)) - len(pairs)
    missing = int(pairs.isna().any(axis=1).sum())
    kept = pairs.fillna(0.0) if undefined == "zero" else pairs.dropna()
    notes = [f"{unpaired} folds of one side have no partner" if unpaired else ""]
    notes.append(f"{missing} undefined, {'counted as 0' if undefined == 'zero' else 'left out'}" if missing else "")
    unit = "fold" if folded else "seed"
    if kept.empty:
        found = Comparison(np.nan, np.nan, np.nan, np.nan, "none", unit, 0, "no pair is defined")
    else:
        found = corrected_t(kept["a"], kept["b"], test_train_ratio=overlap(left), unit=unit)
    if found.n == 1:
        found = Comparison(
            found.difference,
            np.nan,
            np.nan,
            np.nan,
            "none",
            unit,
            1,
            "one pair; with keep=['predictions'] units can be compared",
        )
    name = str(left["metric"].iloc[0])
    return found, {
        "metric": name,
        "direction": _direction(name),
        "a": kept["a"].mean(),
        "b": kept["b"].mean(),
        "n_undefined": missing,
        "note": "; ".join(filter(None, notes)),
    }


def _over_units(
    left: pd.DataFrame,
    right: pd.DataFrame,
    predictions: pd.DataFrame,
    where: Mapping[str, Any],
    name: str | None,
    n_boot: int,
    seed: int,
) -> tuple[Comparison, dict[str, Any]]:
    names = {str(n).removesuffix(POOLED) for rows in (left, right) for n in rows["metric"].unique()}
    if name is None and len(names) > 1:
        raise ProbekitError(f"the rows hold several metrics ({', '.join(sorted(names))}); give metric=...")
    metric = get_metric(names.pop() if name is None else name.removesuffix(POOLED))
    if metric.kind not in ("number", "label"):
        raise ProbekitError(f"{metric.name} is not a score of one number or label a unit; compare over folds instead")
    units = []
    for rows, side in ((left, "a"), (right, "b")):
        # A unit is tested in one fold; the pooled row of the same question has none.
        whole = rows[rows["fold"].notna()] if rows["fold"].notna().any() else rows
        _refuse_several(whole.drop_duplicates(list(AXES)), ("fold",), where, side)
        mine = predictions[predictions["key"].isin(rows["key"].unique())]
        mine = mine[mine["split"].isin(rows["split"].unique())].drop_duplicates(["unit", "gold", "predicted"])
        if mine.empty:
            raise ProbekitError(f"no predictions were kept for {side} at {_at(where)}; run with keep=['predictions']")
        if mine["unit"].duplicated().any():
            twice = mine.loc[mine["unit"].duplicated(), "unit"].iloc[0]
            raise ProbekitError(f"{side} has two predictions for unit {twice} at {_at(where)}; fix more of {side}")
        units.append(mine.set_index("unit").sort_index())
    one, two = units
    if not one.index.equals(two.index) or not one["gold"].astype(object).equals(two["gold"].astype(object)):
        raise ProbekitError(
            f"a and b were not tested on the same units at {_at(where)}: {len(one)} and {len(two)} units, "
            f"{len(one.index.intersection(two.index))} in common, or with other gold"
        )
    kind = float if metric.kind == "number" else object
    gold, first, second = (
        s.astype(object).to_numpy().astype(kind) for s in (one["gold"], one["predicted"], two["predicted"])
    )
    found = paired_bootstrap(metric, gold, first, second, groups=one["group"].to_numpy(), n_boot=n_boot, seed=seed)
    values = [metric(gold, side) for side in (first, second)]
    pooled = metric.name + (POOLED if left["fold"].notna().any() else "")
    return found, {
        "metric": pooled,
        "direction": metric.direction,
        "a": values[0],
        "b": values[1],
        "n_undefined": int(np.isnan(values).sum()),
        "note": "",
    }


def _direction(name: str) -> int:
    try:
        return get_metric(name.removesuffix(POOLED)).direction
    except UnknownName:
        return 1
