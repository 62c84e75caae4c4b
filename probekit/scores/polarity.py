"""Polarity sensitivity: how often a classifier is right about a text and about its flip, of the same pair.

Bhathena, Willis and Dass 2020, Evaluating Compositionality of Sentence Representation Models (RepL4NLP at ACL).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats
from probekit.scores.intervals import NAN, count_blocks, percentile, wilson
from probekit.scores.scoring import Score


def proportion(right: npt.ArrayLike, confidence: float = 0.95) -> Score:
    """The share of True in (n,) bool, with Wilson's interval; of nothing NaN with a note."""
    given = _bools(right)
    if not len(given):
        return Score(NAN, NAN, NAN, "none", "there is no such unit")
    value = float(given.mean())
    low, high, note = wilson(value, len(given), confidence)
    return Score(value, low, high, "Wilson", note)


def pss(text_right: npt.ArrayLike, flip_right: npt.ArrayLike, confidence: float = 0.95) -> Score:
    """Polarity sensitivity score: the share of pairs of which text and flip both got their own label.

    text_right, flip_right: (n,) bool, of the same pairs in one order; never above the share of either. Wilson's
    interval over pairs. Raises ProbekitError for sides of different lengths; of no pair it is NaN with a note.
    """
    texts, flips = (_bools(side) for side in (text_right, flip_right))
    if len(texts) != len(flips):
        raise ProbekitError(f"{len(texts)} texts and {len(flips)} flips; a pair has one of each")
    if not len(texts):
        return Score(NAN, NAN, NAN, "none", "no pair is left")
    return proportion(texts & flips, confidence)


def relative_pss(
    pair_right: npt.ArrayLike,
    text_right: npt.ArrayLike,
    place: npt.ArrayLike,
    confidence: float = 0.95,
    n_boot: int = 1000,
    seed: int = 0,
) -> Score:
    """PSS as a share of the accuracy on all test texts, from 0; above 1 only where pairs are easier than the texts.

    pair_right: (n,) bool, text and flip both right; text_right: (m,) bool, every test text; place: (n,) the text of
    each pair among the m. Percentile interval of `n_boot` resamples of texts, each with its pair. NaN with a note where
    no pair is left or no text is right. Raises ProbekitError where `place` does not name a text for each pair.
    """
    pairs, texts, at = _bools(pair_right), _bools(text_right), np.asarray(place, dtype=np.int64)
    if at.shape != pairs.shape or (len(at) and not (at.min() >= 0 and at.max() < len(texts))):
        raise ProbekitError(f"place names one of {len(texts)} texts for each of {len(pairs)} pairs; got {at.shape}")
    if not len(pairs) or not texts.any():
        return Score(NAN, NAN, NAN, "none", "no pair is left" if not len(pairs) else "no text is right")
    columns = np.stack(
        [np.bincount(at, w, len(texts)) for w in (pairs, np.ones(len(at)))] + [texts, np.ones(len(texts))]
    )
    drawn = [_ratio(columns @ counts) for counts in count_blocks(len(texts), n_boot, seed, len(texts))]
    low, high, note = percentile(np.concatenate(drawn), confidence)
    return Score(float(_ratio(columns.sum(axis=1))), low, high, f"bootstrap, {n_boot} resamples", note)


def _ratio(sums: Floats) -> Floats:
    """PSS by accuracy from sums of: right pairs, pairs, right texts, texts."""
    right, pairs, texts_right, texts = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (right / pairs) / (texts_right / texts)
    return found


def _bools(side: npt.ArrayLike) -> np.ndarray:
    found = np.asarray(side)
    if found.ndim != 1 or (found.dtype != bool and len(found)):
        raise ProbekitError(f"right answers are true or false, (n,); got {found.dtype} of shape {found.shape}")
    return found.astype(bool)
