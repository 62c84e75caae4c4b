"""The hardest and the easiest sentences of a model: which they are, what tells them apart."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.streams import generator


def extreme_sentences(
    profiles: pd.DataFrame, model: str, n: int = 50, only: Collection[int] | None = None, seed: int = 0
) -> pd.DataFrame:
    """The n sentences a model gets most wrong and the n it gets most right: side, group, n, accuracy, tied.

    `side` is `hardest` or `easiest`. `only` restricts the choice to these groups (complete sentences, say). Of
    sentences with the accuracy of the border, some are drawn from a stream; `tied` counts those that were not.
    """
    own = profiles[profiles["model"] == model]
    if own.empty:
        raise UnknownName("model", model, dict.fromkeys(profiles["model"]))
    if only is not None:
        own = own[own["group"].isin(list(only))]
    if not 1 <= n <= len(own) // 2:
        raise ProbekitError(f"n={n}: from {len(own)} sentences at most {len(own) // 2} can be each of the extremes")
    own = own.sort_values("group").iloc[generator(seed, "draw", "ties", len(own)).permutation(len(own))]
    ordered = own.sort_values("accuracy", kind="stable")
    sides = {"hardest": ordered.iloc[:n], "easiest": ordered.iloc[::-1].iloc[:n]}
    found = []
    for side, chosen in sides.items():
        border = chosen["accuracy"].iloc[-1]
        tied = int((own["accuracy"] == border).sum() - (chosen["accuracy"] == border).sum())
        found.append(chosen[["group", "n", "accuracy"]].assign(tied=tied, side=side))
    return pd.concat(found, ignore_index=True)[["side", "group", "n", "accuracy", "tied"]]


def extreme_features(extremes: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Mean of every feature on each side: feature, hardest, easiest, difference, then both as totals.

    features: one row a group, its index the group; numbers or truth values in every column.
    """
    missing = sorted(set(extremes["group"]) - set(features.index))
    if missing:
        raise ProbekitError(f"the features lack the sentence {missing[0]}; index them by group")
    values = features.astype(float)
    sides = {side: values.loc[part["group"]] for side, part in extremes.groupby("side", sort=False)}
    easy, hard = sides["easiest"], sides["hardest"]
    return pd.DataFrame(
        {
            "feature": list(values.columns),
            "hardest": hard.mean().to_numpy(),
            "easiest": easy.mean().to_numpy(),
            "difference": (easy.mean() - hard.mean()).to_numpy(),
            "total_hardest": hard.sum().to_numpy(),
            "total_easiest": easy.sum().to_numpy(),
        }
    )
