"""What else explains what fuzzy sets of words say: distance, mass, length, frequency; and whether both ways differ.

made, plain = load_table("glove|fuzzy(normalise=row)"), load_table("glove")
pairs = drawn(made)[:, :2]
distance_order(made, plain, pairs)         # near 1: the divergence orders pairs as the distance of unit vectors does
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.embeddings import fuzzy
from probekit.embeddings.fuzzy_measures import CrossEntropy, KullbackLeibler
from probekit.embeddings.measures import Euclidean, unit_rows
from probekit.embeddings.table import WordTable
from probekit.scores import Score, score, t_interval
from probekit.scores.intervals import count_blocks, percentile
from probekit.streams import generator
from probekit.values import Count, Seed

FREQUENT = 5000  # words that are drawn from, the first of a table
_RESAMPLES = 1000
_ONE_MASS = 1e-4  # relative, what rounding of features leaves of sums that are 1
Floats = npt.NDArray[np.floating]
Rows = npt.NDArray[np.int64]


def drawn(table: WordTable, n: Count = 5000, seed: Seed = 0) -> Rows:
    """Rows of up to n triples (m, 3) of different words among the most frequent."""
    found = generator(seed, "draw", "word triples").integers(0, min(FREQUENT, len(table)), size=(n, 3))
    a, b, c = found.T
    return found[(a != b) & (a != c) & (b != c)]


def distance_order(table: WordTable, plain: WordTable, pairs: Rows) -> Score:
    """Spearman's rho of the symmetric divergence of pairs with the squared distance of their unit vectors.

    plain: the table before its vectors became sets, of the same words.
    """
    divergences = _both_ways(KullbackLeibler(symmetric=True), table.vectors[pairs[:, 0]], table.vectors[pairs[:, 1]])[0]
    left, right = (unit_rows(plain.vectors[one]) for one in pairs.T)
    return score("spearman", -Euclidean().pairs(left, right), divergences)


def mass_order(table: WordTable, pairs: Rows, rescale: bool) -> Score:
    """Mean over pairs of |rho| of the cross-entropy of their intersection and every word, with the mass of the word.

    rescale: the intersection is brought to the mean mass of a word before. NaN where all words have one mass.
    """
    measure, masses = CrossEntropy(), fuzzy.cardinality(table.vectors)
    if np.ptp(masses) <= _ONE_MASS * masses.mean():
        return Score(np.nan, np.nan, np.nan, "none", "all words have one mass")
    words = measure.prepare(table.vectors)
    sets = [fuzzy.intersection(*_sets(table, pair)) for pair in pairs]
    queries = np.array([fuzzy.rescaled(table, one)[0] if rescale else one for one in sets])
    likeness = measure.against(measure.prepare(queries), words).astype(np.float64)
    return t_interval([abs(score("spearman", masses, one, interval="none").value) for one in likeness])


def entropy_order(table: WordTable, rows: Rows, other: Floats) -> Score:
    """Spearman's rho of the entropies of words with another number of each."""
    return score("spearman", other, fuzzy.entropy(table.vectors[rows]))


def asymmetry(table: WordTable, pairs: Rows, rescale: bool) -> Score:
    """Mean of |D(a || b) - D(b || a)| by the mean of D over pairs, both ways; interval by bootstrap over pairs.

    rescale: both are brought to the mean mass of a word before. Source: Bhat et al. 2020, section 4.4; the ratio ours.
    """
    there, back = _both_ways(KullbackLeibler(), *_two_sides(table, table.vectors[pairs].swapaxes(0, 1), rescale))
    gaps, sums = np.abs(there - back), (there + back) / 2
    blocks = count_blocks(len(pairs), _RESAMPLES, 0, len(pairs))
    low, high, note = percentile(np.concatenate([(gaps @ one) / (sums @ one) for one in blocks]), 0.95)
    return Score(float(gaps.sum() / sums.sum()), low, high, f"bootstrap, {_RESAMPLES} resamples", note)


def composed_first(table: WordTable, triples: Rows, rescale: bool) -> Score:
    """Share of triples a, b, c with D(a and b || c) below D(c || a and b): which way a composed set is the nearer.

    rescale: both are brought to the mean mass of a word before.
    """
    a, b, c = (table.vectors[one].astype(np.float64) for one in triples.T)
    there, back = _both_ways(KullbackLeibler(), *_two_sides(table, (fuzzy.intersection(a, b), c), rescale))
    return score("accuracy", np.ones(len(triples), dtype=int), (there < back).astype(int))


def _sets(table: WordTable, rows: Rows) -> Floats:
    return np.asarray(table.vectors[rows], dtype=np.float64)


def _two_sides(table: WordTable, sides: tuple[Floats, Floats] | Floats, rescale: bool) -> list[Floats]:
    """Sets of both sides, of the mean mass of a word each where that is asked for."""
    if not rescale:
        return list(sides)
    mean = float(fuzzy.cardinality(table.vectors).mean())
    return [np.minimum(one * (mean / fuzzy.cardinality(one))[:, None], 1) for one in sides]


def _both_ways(measure: KullbackLeibler, left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Divergences (n,) of the left from the right sets, and back."""
    one, other = measure.prepare(left), measure.prepare(right)
    return -measure.pairs(one, other), -measure.pairs(other, one)
