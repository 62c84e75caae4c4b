"""The search of rate and dropouts of a supertagger: ranges, the best, going on after a stop, what it needs."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from probekit import recipes
from probekit.errors import MissingExtra
from probekit.learners.supertagger_search import DROPOUTS, MOST, RATE, search
from probekit.specs import Spec

SMALL = {"inputs": ["random:minilm"], "layer": 0, "epochs": 2, "hidden": 8, "budget": 200}
THERE = importlib.util.find_spec("optuna") is not None


def spec(**more: int) -> str:
    return str(Spec("supertagger", "ccg-grammar(n=60, n_test=20)", (), {**SMALL, **more}))


def near(number: int, setting: Mapping[str, float]) -> float:
    """Best at a rate of 2e-3 without dropout."""
    return -abs(math.log10(setting["rate"] / 2e-3)) - sum(setting[name] for name in DROPOUTS)


@pytest.mark.skipif(not THERE, reason="optuna is not installed")
def test_settings_lie_in_their_ranges_and_come_nearer_to_the_best() -> None:
    best, tried = search(near, 40, seed=0)
    for one in tried:
        assert RATE[0] <= one["rate"] < RATE[1] and all(0 <= one[name] < MOST for name in DROPOUTS)
    assert near(0, best) == max(one["score"] for one in tried)
    first, last = (sum(one["score"] for one in part) / 10 for part in (tried[:10], tried[-10:]))
    assert last > first + 0.3  # ten are drawn at random, then it learns
    assert search(near, 3, seed=1)[1] != tried[:3] == search(near, 3, seed=0)[1]


@pytest.mark.skipif(not THERE, reason="optuna is not installed")
def test_a_search_that_was_interrupted_ends_the_same(tmp_path: Path) -> None:
    def stop(number: int, setting: Mapping[str, float]) -> float:
        if number == 12:
            raise KeyboardInterrupt
        return near(number, setting)

    whole = search(near, 15, seed=0)
    with pytest.raises(KeyboardInterrupt):
        search(stop, 15, seed=0, keep=tmp_path / "trials.json")
    assert search(near, 15, seed=0, keep=tmp_path / "trials.json") == whole


@pytest.mark.skipif(not THERE, reason="optuna is not installed")
def test_the_setting_that_was_found_is_the_one_that_is_trained() -> None:
    recipes.folder(spec(search=3))
    found = recipes.found(spec(search=3))
    best = max(found["trials"], key=lambda one: one["score"])
    assert len(found["trials"]) == 3 and found["dev_score"] == best["score"]
    plain = str(Spec("supertagger", "ccg-grammar(n=60, n_test=20)", (), {**SMALL, "search": 0}))
    assert recipes.of(plain).key == recipes.of(spec()).key != recipes.of(spec(search=3)).key


def test_without_the_package_a_search_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "optuna" else find(name))
    with pytest.raises(MissingExtra, match=r"search=0 trains with .* pip install .probekit\[optuna\]"):
        recipes.of(spec(search=2))
    recipes.of(spec())
