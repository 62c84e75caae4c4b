"""What the study could not show: how much folds leak, and what the probe reads where there is nothing to read."""

from __future__ import annotations

from typing import Any

import pandas as pd

from probekit.errors import ProbekitError
from probekit.report import only, summarise
from probekit.report.claims import NotTestable

PROBE = "ridge"
BY = ["encoder", "layer"]
GROUPINGS = {"sentence": "folds of sentences", "text": "identical sentences together", "document": "documents together"}
CONTROLS = {"": "the task", "random-labels": "random targets", "random-encoder": "random weights"}


def leak(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Mean rho over all features by what the folds keep together, and what the leak between folds is worth.

    Mean pooling, ridge. `leak` columns are folds of sentences less the other folds: what a score owes to sentences
    (or documents) that stand on both sides. Raises NotTestable where no other grouping was run.
    """
    rows = _rows(df, "leak", **options)
    rows = rows[rows["control"].eq("")]
    grouping = rows["setting"].astype(str).str.extract(r"groups=(\w+)", expand=False)
    if grouping.nunique() < 2:
        raise NotTestable("folds of one kind only; run the part 'twins'")
    means = _pivot(rows.assign(grouping=grouping), "grouping", GROUPINGS)
    first = GROUPINGS["sentence"]
    for name in list(GROUPINGS.values())[1:]:
        if name in means:
            means[f"leak: {name}"] = means[first] - means[name]
    return means.reset_index()


def controls(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Mean rho over all features beside that on random targets and on random weights, by layer.

    Mean pooling, ridge; targets are drawn anew for every distinct sentence. Raises NotTestable without controls.
    """
    rows = _rows(df, "controls", **options)
    rows = rows[rows["setting"].astype(str).str.contains("groups=sentence")]
    if not {"random-labels", "random-encoder"} & set(rows["control"].astype(str)):
        raise NotTestable("no controls; run the part 'controls'")
    rows = rows[rows["layer"].notna()]
    # The random encoder is the same encoder with other weights: it stands in its row.
    plain = rows["encoder"].astype(str).str.removeprefix("random:")
    return _pivot(rows.assign(encoder=plain), "control", CONTROLS).reset_index()


def _rows(df: pd.DataFrame, what: str, dataset: str = "", **_: Any) -> pd.DataFrame:
    folds = df[df["fold"].notna() & df["probe"].astype(str).eq(PROBE) & df["pooling"].eq("mean")]
    names = folds["dataset"].astype(str)
    if len(names) == 0:
        raise NotTestable(f"no rows of {PROBE} on mean-pooled sentences for the table of {what}")
    try:
        return only(folds[names.eq(dataset or str(names.value_counts().idxmax()))], metric="spearman")
    except ProbekitError as reason:
        raise NotTestable(str(reason)) from reason


def _pivot(rows: pd.DataFrame, column: str, names: dict[str, str]) -> pd.DataFrame:
    """Mean over features and folds, encoder and layer down, the values of a column across."""
    means = summarise(rows, [*BY, column])
    means[column] = means[column].astype(str).map(names)
    wide = means.pivot(index=BY, columns=column, values="value")
    return wide[[name for name in names.values() if name in wide]].rename_axis(columns=None)
