"""Rank correlations beside a third variable, against plain twins and partial correlations of a library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from probekit.errors import ProbekitError
from probekit.scores import partial_spearman
from probekit.scores.beside import spearman_within

NUMBERS = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=6, max_size=40)


def plain_within(x, y, strata):
    """Rank in the stratum, less its mean, by its size; strata of one left out."""
    a, b = [], []
    for stratum in set(strata):
        own = [i for i, s in enumerate(strata) if s == stratum]
        if len(own) > 1:
            for side, values in ((a, x), (b, y)):
                ranks = rankdata([values[i] for i in own])
                side += [(rank - (len(own) + 1) / 2) / len(own) for rank in ranks]
    a, b = np.array(a), np.array(b)
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


@settings(max_examples=60, deadline=None)
@given(NUMBERS)
def test_within_strata_is_its_plain_twin(rows):
    x, y, strata = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = spearman_within(x, y, strata)
    if np.isnan(found.value):
        assert found.note
    else:
        assert found.value == pytest.approx(plain_within(x, y, strata))


@settings(max_examples=60, deadline=None)
@given(NUMBERS)
def test_beside_a_third_is_the_formula_of_partial_correlations(rows):
    x, y, z = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = partial_spearman(x, y, z)
    if min(np.ptp(x), np.ptp(y), np.ptp(z)) == 0 or np.isnan(found.value):
        return
    xy, xz, yz = (spearmanr(a, b)[0] for a, b in ((x, y), (x, z), (y, z)))
    assert found.value == pytest.approx((xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2)))


def test_one_stratum_is_spearman_and_the_interval_covers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=80)
    y = x + rng.normal(size=80)
    one = spearman_within(x, y, np.zeros(80))
    assert one.value == pytest.approx(spearmanr(x, y)[0]) and one.low < one.value < one.high
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        length = rng.integers(0, 5, size=100)
        a, b = length + rng.normal(size=100), length + rng.normal(size=100)
        within, beside = spearman_within(a, b, length), partial_spearman(a, b, length)
        inside += (within.low <= 0 <= within.high) + (beside.low <= 0 <= beside.high)
    assert 360 <= inside <= 396  # of 400 at 95 %


def test_what_says_nothing_is_nan_with_a_note_and_bad_columns_are_refused():
    assert spearman_within([1, 2, 3], [1, 2, 3], [0, 1, 2]).note == "no stratum holds two units that differ"
    assert spearman_within([1, 2, 3], [1, 1, 1], [0, 0, 0]).note
    assert partial_spearman([1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]).note.startswith("one side is constant")
    assert "at least 4 units" in spearman_within([1, 2, 3, 4], [2, 1, 3, 4], [0, 0, 1, 1]).note
    with pytest.raises(ProbekitError, match="one length"):
        spearman_within([1, 2], [1, 2, 3], [0, 0, 0])
    with pytest.raises(ProbekitError, match="finite"):
        partial_spearman([1, np.nan], [1, 2], [0, 0])
