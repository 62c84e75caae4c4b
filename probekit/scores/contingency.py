"""Cochran-Mantel-Haenszel: are two systems right equally often, over units that several runs of each were asked?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import fraction
from probekit.scores.intervals import NAN, normal_quantile
from probekit.scores.paired import Comparison


def cochran_mantel_haenszel(
    a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95, unit: str = "unit"
) -> Comparison:
    """Test of equal chances of being right, a 2 x 2 table a unit: systems by right or wrong.

    a, b: (K, n) bool, what each of K runs of a system got right of n units. With a_j and b_j runs right on unit j and
    m_j = a_j + b_j: [sum (a_j - m_j / 2)]^2 / sum m_j (2K - m_j) / (4 (2K - 1)) against chi-squared with one degree of
    freedom, no continuity correction; with K = 1 it is McNemar's. The difference is that of the shares right, its
    interval a normal one over units. Source: Mantel and Haenszel 1959; Agresti 2002, section 6.3.2.
    """
    sides = [_runs(a, "a"), _runs(b, "b")]
    if sides[0].shape != sides[1].shape:
        raise ProbekitError(f"a has shape {sides[0].shape} and b {sides[1].shape}; both are runs x units of the same")
    confidence = fraction(confidence, "confidence")
    runs, n = sides[0].shape
    right = [side.sum(axis=0).astype(np.float64) for side in sides]
    both = right[0] + right[1]
    variance = float((both * (2 * runs - both)).sum()) / (4 * (2 * runs - 1))
    shift = float((right[0] - both / 2).sum())
    each = (right[0] - right[1]) / runs
    difference = float(each.mean())
    error = float(each.std(ddof=1) / np.sqrt(n)) if n > 1 else NAN
    half = normal_quantile(confidence) * error
    note, p = "", 1.0
    if variance:
        from scipy.stats import chi2

        p = float(chi2.sf(shift * shift / variance, 1))
    else:
        note = "no unit differs between or within the systems"
    test = f"Cochran-Mantel-Haenszel, {runs} run{'s' if runs > 1 else ''} a system"
    return Comparison(difference, difference - half, difference + half, p, test, unit, n, note)


def _runs(values: npt.ArrayLike, name: str) -> np.ndarray:
    found = np.atleast_2d(np.asarray(values))
    if found.ndim != 2 or not found.size or not np.isin(found, (0, 1)).all():
        raise ProbekitError(f"{name} is runs x units of right (1) or wrong (0), got shape {np.shape(values)}")
    return found.astype(bool)
