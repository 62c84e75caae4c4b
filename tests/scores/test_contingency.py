"""Cochran-Mantel-Haenszel against the hypergeometric distribution, McNemar's and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, hypergeom

from probekit.errors import ProbekitError
from probekit.scores import cochran_mantel_haenszel


def drawn(runs: int, n: int, gain: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Units of unlike difficulty; one system is right more often by `gain`."""
    rng = np.random.default_rng(seed)
    ease = rng.uniform(0.1, 0.9, n)
    return rng.random((runs, n)) < np.clip(ease + gain, 0, 1), rng.random((runs, n)) < ease


@pytest.mark.parametrize("runs", [1, 2, 5, 20])
def test_the_statistic_is_that_of_hypergeometric_tables(runs: int) -> None:
    a, b = drawn(runs, 200, 0.05, runs)
    shift = variance = 0.0
    for j in range(200):
        # Given how many of 2K runs are right, those of the first system are K drawn of them.
        table = hypergeom(2 * runs, int(a[:, j].sum() + b[:, j].sum()), runs)
        shift += a[:, j].sum() - table.mean()
        variance += table.var()
    found = cochran_mantel_haenszel(a, b)
    assert found.p == pytest.approx(chi2.sf(shift**2 / variance, 1), rel=1e-9)
    assert found.difference == pytest.approx(a.mean() - b.mean()) and found.n == 200
    assert found.low < found.difference < found.high and str(runs) in found.test


def test_one_run_is_mcnemar() -> None:
    a, b = drawn(1, 500, 0.08, 0)
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    statistic = (only_a - only_b) ** 2 / (only_a + only_b)
    assert cochran_mantel_haenszel(a[0], b[0]).p == pytest.approx(chi2.sf(statistic, 1), rel=1e-12)


def test_equal_systems_are_told_apart_as_often_as_chance_has_it() -> None:
    p = np.array([cochran_mantel_haenszel(*drawn(3, 120, 0.0, seed)).p for seed in range(400)])
    assert 0.02 < (p < 0.05).mean() < 0.09
    assert np.mean([cochran_mantel_haenszel(*drawn(3, 120, 0.25, seed)).p < 0.05 for seed in range(50)]) > 0.9


def test_systems_without_a_difference_and_what_is_refused() -> None:
    same = np.ones((2, 5), dtype=bool)
    found = cochran_mantel_haenszel(same, same)
    assert found.p == 1 and found.difference == 0 and "no unit differs" in found.note
    for a, b in ((same, same[:1]), (same * 2, same), (np.ones((2, 2, 2)), same), ([], [])):
        with pytest.raises(ProbekitError, match="runs x units"):
            cochran_mantel_haenszel(a, b)
    with pytest.raises(ProbekitError, match="confidence"):
        cochran_mantel_haenszel(same, same, confidence=1.0)
