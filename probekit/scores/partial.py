"""Correlation of two quantities with a third held still."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats
from probekit.scores.intervals import NAN, bonett_wright
from probekit.scores.ranks import average_ranks
from probekit.scores.scoring import Score


def partial_spearman(x: npt.ArrayLike, y: npt.ArrayLike, held: npt.ArrayLike, confidence: float = 0.95) -> Score:
    """Partial rank correlation of x and y given a third: Pearson's of what a line over its ranks leaves of theirs.

    x, y, held: (n,) finite numbers. The interval is that of rank correlations (Bonett and Wright 2000) with one unit
    less. NaN with a note where x, y or what is left of them is constant. Source: Kendall 1942, Partial rank
    correlation, Biometrika 32:277-283, in the form of residuals. Raises ProbekitError for sides of different lengths
    and numbers that are not finite.
    """
    sides = [np.asarray(side, dtype=np.float64) for side in (x, y, held)]
    if len({side.shape for side in sides}) > 1 or sides[0].ndim != 1:
        raise ProbekitError(f"x, y and held are (n,) of one length; got {', '.join(str(s.shape) for s in sides)}")
    if not all(np.isfinite(side).all() for side in sides):
        raise ProbekitError("a correlation needs finite numbers; leave the units without one out")
    n = len(sides[0])
    if n < 3:
        return Score(NAN, NAN, NAN, "none", f"{n} units are too few for a partial correlation")
    ranks = [average_ranks(side) - (n + 1) / 2 for side in sides]
    left, right = (_residual(rank, ranks[2]) for rank in ranks[:2])
    scale = float(np.sqrt((left @ left) * (right @ right)))
    if scale <= 1e-9 * n**3:
        return Score(NAN, NAN, NAN, "none", "one side is constant, or nothing of it is left beside the third")
    value = float(np.clip(left @ right / scale, -1, 1))
    low, high, note = bonett_wright(value, n - 1, confidence)
    return Score(value, low, high, "Fisher z, Bonett-Wright, one unit less" if np.isfinite(low) else "none", note)


def _residual(ranks: Floats, on: Floats) -> Floats:
    size = float(on @ on)
    left: Floats = ranks - on * (float(ranks @ on) / size if size else 0.0)
    return left
