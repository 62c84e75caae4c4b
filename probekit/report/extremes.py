"""The hardest and the easiest sentences of a model: which they are, what tells them apart, how others do on them."""

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


def on_hardest(profiles: pd.DataFrame, n: int = 50, scored: pd.DataFrame | None = None, seed: int = 0) -> pd.DataFrame:
    """Mean accuracy of every model on the n hardest sentences of each: selected_by, model, accuracy, n.

    A model looks bad on sentences chosen because it failed there. The rows selected by the other models show the same
    for them, and `scored`, profiles from other seeds of the same models (`halves`), takes this effect away.
    """
    scored = profiles if scored is None else scored
    found = []
    for chooser in dict.fromkeys(profiles["model"]):
        extremes = extreme_sentences(profiles, chooser, n, seed=seed)
        hardest = extremes.loc[extremes["side"] == "hardest", "group"]
        for model in dict.fromkeys(scored["model"]):
            part = scored[(scored["model"] == model) & scored["group"].isin(hardest)]
            found.append((chooser, model, float(part["accuracy"].mean()), len(part)))
    return pd.DataFrame(found, columns=["selected_by", "model", "accuracy", "n"])
