"""Rate and dropouts of a supertagger, searched for by the tree-structured Parzen estimator of Optuna, an extra.

As Bhargava and Penn 2020 search: the rate log-uniform from 1e-4 to 1e-2, three rates of dropout uniform from 0 to .8,
settings chosen by the greedy accuracy on development sentences. They run five seeds a setting, here it is one.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from probekit.errors import MissingExtra
from probekit.store import write_atomically
from probekit.streams import whole_number

NAME = "optuna"
RATE, DROPOUTS = (1e-4, 1e-2), ("dropout_input", "dropout", "dropout_output")
MOST = 0.8  # of dropout
Setting = Mapping[str, float]


def check_installed() -> None:
    """Raise MissingExtra where the package is not there."""
    if importlib.util.find_spec(NAME) is None:
        raise MissingExtra(NAME, "search= (search=0 trains with the rate and the dropouts that are given)")


def search(
    score: Callable[[int, Setting], float], many: int, seed: int, keep: Path | None = None
) -> tuple[Setting, list[dict[str, float]]]:
    """The best of so many settings, and all of them with their score. Raises MissingExtra where optuna is not there.

    score: of the number of a setting and the setting, higher is better. keep: file of the settings that are done: what
    was interrupted goes on there, and ends the same.
    """
    check_installed()
    tried: list[dict[str, float]] = json.loads(keep.read_text("utf-8")) if keep and keep.exists() else []
    while len(tried) < many:
        setting = propose(tried, seed)
        tried.append({**setting, "score": score(len(tried), setting)})
        if keep:
            keep.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(keep, json.dumps(tried).encode())
    best = max(tried, key=lambda one: one["score"])
    return {name: value for name, value in best.items() if name != "score"}, tried


def propose(tried: list[dict[str, float]], seed: int) -> dict[str, float]:
    """The next setting: what it is depends on those that were tried and the seed alone."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space: dict[str, Any] = {name: optuna.distributions.FloatDistribution(0.0, MOST) for name in DROPOUTS}
    space["rate"] = optuna.distributions.FloatDistribution(*RATE, log=True)
    sampler = optuna.samplers.TPESampler(seed=whole_number(seed, "draw", "search", len(tried)) % 2**32)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for one in tried:
        params = {name: one[name] for name in space}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=one["score"]))
    return {name: float(value) for name, value in study.ask(space).params.items()}
