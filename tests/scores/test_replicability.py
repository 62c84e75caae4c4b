"""Permutation of sums against all swaps, partial conjunction by hand, and the majority votes that a paper printed."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from probekit.errors import ProbekitError
from probekit.scores.arrays import f1_of
from probekit.scores.replicability import majority_order, partial_conjunction, permuted_sums

TABLE = Path(__file__).parents[2] / "tests" / "scores" / "language_rankings.csv"


def f1(sums: np.ndarray) -> np.ndarray:
    return f1_of(sums[0], sums[1], sums[2])


def counts(n: int, seed: int, better: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    gold, predicted = rng.integers(1, 4, n), rng.integers(1, 4, n)
    return np.stack([rng.binomial(np.minimum(gold, predicted), better), gold, predicted], axis=1).astype(float)


def test_p_is_that_of_all_swaps() -> None:
    a, b = counts(9, 0, 0.8), counts(9, 1, 0.4)
    b[:, 1] = a[:, 1]
    observed = f1(a.sum(0)[:, None])[0] - f1(b.sum(0)[:, None])[0]
    every = []
    for swap in product([False, True], repeat=9):
        mask = np.array(swap)[:, None]
        every.append(f1(np.where(mask, b, a).sum(0)[:, None])[0] - f1(np.where(mask, a, b).sum(0)[:, None])[0])
    exact = (np.abs(every) >= abs(observed) - 1e-12).mean()
    found = permuted_sums(a, b, f1, n_permutations=40_000)
    assert found.difference == pytest.approx(observed)
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact / 40_000))


def test_systems_that_do_not_differ_are_not_told_apart_and_blocks_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a, b = counts(300, 0, 0.7), counts(300, 1, 0.7)
    found = permuted_sums(a, b, f1, n_permutations=2000)
    assert found.p > 0.05 and permuted_sums(a, a, f1, n_permutations=50).p == 1
    monkeypatch.setattr("probekit.scores.replicability._AT_ONCE", 301)
    assert permuted_sums(a, b, f1, n_permutations=300).p == pytest.approx(found.p, abs=0.1)


def test_in_how_many_data_sets() -> None:
    from scipy.stats import combine_pvalues

    p = [0.001, 0.2, 0.01, 0.03]
    fisher, plain = partial_conjunction(p), partial_conjunction(p, "bonferroni")
    assert fisher.p[0] == pytest.approx(combine_pvalues(p, "fisher").pvalue)
    assert fisher.p[-1] == pytest.approx(0.2) and plain.p[-1] == pytest.approx(0.2)
    assert plain.p.tolist() == pytest.approx([0.004, 0.03, 0.06, 0.2]) and plain.count == 2
    assert (np.diff(fisher.p) >= 0).all() and fisher.count == 3
    assert partial_conjunction([0.9, 0.8]).count == 0
    for wrong in ([], [1.2], [np.nan]):
        with pytest.raises(ProbekitError, match="p must be values"):
            partial_conjunction(wrong)


def test_majority_votes_are_those_that_were_printed() -> None:
    """Rankings of five targets by four distances, and the vote, of the study's Tables 3 and 4."""
    table, compared = pd.read_csv(TABLE), 0
    for target, own in table.groupby("target"):
        wide = own.pivot(index="method", columns="aux", values="rank")
        single = wide.drop(index="d_MV")
        found = dict(zip(wide.columns, majority_order(single.to_numpy()), strict=True))
        printed = wide.loc["d_MV"].dropna()
        for one in printed.index:
            for other in printed.index:
                if found[one] != found[other]:
                    assert (found[one] < found[other]) == (printed[one] < printed[other]), target
                    compared += 1
    assert compared == 50
