"""The metrics: a plain definition of each, and the same for many resamples at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from probekit.scores.arrays import Array, Codes, Floats, f1_of, label_codes
from probekit.scores.metric import Metric, Replicates, Resampler
from probekit.scores.ranks import spearman_columns, spearman_resampler

YES = "yes"

# --- correlations ---------------------------------------------------------------------------------


def spearman(gold: Array, predicted: Array) -> float:
    """Spearman's rho: Pearson's r of the ranks, ties averaged; NaN when a side is constant."""
    return float(spearman_columns(gold[:, None], predicted[:, None])[0])


def abs_spearman(gold: Array, predicted: Array) -> float:
    """Absolute Spearman's rho, for baselines whose sign is not fitted (PITFALLS 19)."""
    return abs(spearman(gold, predicted))


def pearson(gold: Array, predicted: Array) -> float:
    """Pearson's r; NaN when a side is constant up to rounding."""
    if not (_spread(gold) and _spread(predicted)):
        return float("nan")
    x, y = gold - gold.mean(), predicted - predicted.mean()
    x, y = x / np.abs(x).max(), y / np.abs(y).max()  # tiny or huge units must neither vanish nor overflow
    return float(np.clip((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()), -1.0, 1.0))


def r2(gold: Array, predicted: Array) -> float:
    """1 - squared error / squared deviation of gold from its mean; NaN when gold is constant."""
    if not _spread(gold):
        return float("nan")
    return float(1 - ((gold - predicted) ** 2).sum() / ((gold - gold.mean()) ** 2).sum())


def _spread(values: Array) -> bool:
    """Whether values differ by more than the rounding of their own size."""
    return bool(np.ptp(values) > 1e-13 * np.abs(values).max())


def _why_no_correlation(gold: Array, predicted: Array) -> str:
    if len(gold) < 2:
        return "a correlation needs at least 2 units"
    constant = [name for name, side in (("gold", gold), ("prediction", predicted)) if not np.ptp(side)]
    if constant:
        return f"{' and '.join(constant)} constant"
    return "gold or prediction is constant up to rounding"


def _why_no_variance(gold: Array, predicted: Array) -> str:
    return "r2 needs at least 2 units" if len(gold) < 2 else "gold constant"


# --- errors ---------------------------------------------------------------------------------------


def mae(gold: Array, predicted: Array) -> float:
    """Mean absolute error."""
    return float(np.abs(gold - predicted).mean())


def rmse(gold: Array, predicted: Array) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(((gold - predicted) ** 2).mean()))


# --- labels ---------------------------------------------------------------------------------------


def accuracy(gold: Array, predicted: Array) -> float:
    """Share of units whose label is right."""
    return float(_hits(gold, predicted).mean())


def macro_f1(gold: Array, predicted: Array) -> float:
    """Mean F1 over the labels that occur in gold or prediction; a label never right counts 0."""
    g, p, k = label_codes(gold, predicted)
    right, in_gold, in_predicted = (np.bincount(codes, minlength=k) for codes in (g[g == p], g, p))
    return float(f1_of(right, in_gold, in_predicted).mean())


def micro_f1(gold: Array, predicted: Array) -> float:
    """2 |gold and predicted| / (|gold| + |predicted|) over all (unit, label); NaN without any label."""
    right, size = _overlaps(gold, predicted).sum(axis=0)
    return float(f1_of(right, size, 0))


def f1_yes(gold: Array, predicted: Array) -> float:
    """2 TP / (2 TP + FP + FN) of the label `yes`; NaN when neither side says it."""
    right, size = _yes_terms(gold, predicted).sum(axis=0)
    return float(f1_of(right, size, 0))


def macro_recall(gold: Array, predicted: Array) -> float:
    """Mean over the labels of gold of their recall: the share of a label's units whose prediction has it too."""
    right: dict[object, list[bool]] = {}
    for wanted, found in zip(gold.tolist(), predicted.tolist(), strict=True):
        for label in wanted:
            right.setdefault(label, []).append(label in found)
    return float(np.mean([np.mean(hits) for hits in right.values()])) if right else float("nan")


def exact_match(gold: Array, predicted: Array) -> float:
    """Share of units whose set of labels is the gold one."""
    return float(_hits(gold, predicted).mean())


def question_f1(gold: Array, predicted: Array) -> float:
    """Mean over questions of the F1 of the options that are said to be right; see `QUESTION_F1`."""
    return float(_question_f1s(gold, predicted).mean())


def _question_f1s(gold: Array, predicted: Array) -> Floats:
    found = []
    for wanted, told in zip(gold.tolist(), predicted.tolist(), strict=True):
        right = len(wanted & told)
        precision = right / len(told) if told else 1.0
        recall = right / len(wanted) if wanted else 1.0
        found.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return np.array(found, dtype=np.float64)


def _yes_terms(gold: Array, predicted: Array) -> Floats:
    g, p = (np.array([label == YES for label in side.tolist()], dtype=np.float64) for side in (gold, predicted))
    return np.stack([g * p, g + p], axis=1)


def _hits(gold: Array, predicted: Array) -> Floats:
    pairs = zip(gold.tolist(), predicted.tolist(), strict=True)
    return np.array([a == b for a, b in pairs], dtype=np.float64)


def _overlaps(gold: Array, predicted: Array) -> Floats:
    pairs = zip(gold.tolist(), predicted.tolist(), strict=True)
    return np.array([(len(a & b), len(a) + len(b)) for a, b in pairs], dtype=np.float64)


# --- many resamples at once -----------------------------------------------------------------------


def additive(terms: Callable[[Array, Array], Floats], finish: Callable[[Floats], Floats]) -> Resampler:
    """Resampler of a metric that depends on sums over units alone.

    terms: (gold, predicted) -> (n, M), what each unit adds; finish: sums (M, b) -> values (b,). Units are
    summed within groups once, so a resample costs the number of groups times M.
    """

    def resampler(gold: Array, predicted: Array, codes: Codes, n_groups: int) -> Replicates:
        units = terms(gold, predicted)
        sums = np.stack([np.bincount(codes, weights=column, minlength=n_groups) for column in units.T])
        # Not a matrix product: those may round differently with another number of threads.
        return lambda counts: finish(np.einsum("mg,gb->mb", sums, counts))

    return resampler


def _mean_terms(per_unit: Callable[[Array, Array], Floats]) -> Callable[[Array, Array], Floats]:
    def terms(gold: Array, predicted: Array) -> Floats:
        values = per_unit(gold, predicted)
        return np.stack([values, np.ones_like(values)], axis=1)

    return terms


def _mean(sums: Floats) -> Floats:
    mean: Floats = sums[0] / sums[1]
    return mean


def _standard(values: Array) -> Floats:
    # Centred and scaled first, so that differences of the sums below lose no digits.
    centred = values - values.mean()
    scaled: Floats = centred / (centred.std() or 1.0)
    return scaled


def _pearson_terms(gold: Array, predicted: Array) -> Floats:
    x, y = _standard(gold), _standard(predicted)
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)


def _pearson_finish(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = sums
    xx, yy, xy = xx - x * x / n, yy - y * y / n, xy - x * y / n
    defined = (xx > 1e-12 * n) & (yy > 1e-12 * n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(defined, np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0), np.nan)


def _r2_terms(gold: Array, predicted: Array) -> Floats:
    y = _standard(gold)
    error = (gold - predicted) / (gold.std() or 1.0)
    return np.stack([np.ones_like(y), y, y * y, error * error], axis=1)


def _r2_finish(sums: Floats) -> Floats:
    n, y, yy, squared_error = sums
    deviation = yy - y * y / n
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(deviation > 1e-12 * n, 1 - squared_error / deviation, np.nan)


def _micro_finish(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[1] > 0, 2 * sums[0] / sums[1], np.nan)


def _recall_resampler(gold: Array, predicted: Array, codes: Codes, n_groups: int) -> Replicates:
    from scipy.sparse import csr_array

    seen = sorted(frozenset().union(*gold.tolist()), key=lambda label: (isinstance(label, str), str(label)))
    number = {label: k for k, label in enumerate(seen)}
    pairs = zip(gold.tolist(), predicted.tolist(), codes.tolist(), strict=True)
    decisions = sorted((number[x], group, x in found) for wanted, found, group in pairs for x in wanted)
    label, group, hit = (np.array(column) for column in zip(*decisions, strict=True))

    def tally(weights: Array) -> csr_array:
        return csr_array((weights.astype(np.float64), (label, group)), shape=(len(seen), n_groups))

    right, size = tally(hit), tally(np.ones(len(label)))

    def values(counts: Floats) -> Floats:
        all_: Floats = size @ counts
        recall = np.divide(right @ counts, all_, out=np.zeros_like(all_), where=all_ > 0)
        with np.errstate(invalid="ignore"):
            mean: Floats = recall.sum(axis=0) / (all_ > 0).sum(axis=0)
        return mean

    return values


def _macro_resampler(gold: Array, predicted: Array, codes: Codes, n_groups: int) -> Replicates:
    from scipy.sparse import csr_array

    g, p, k = label_codes(gold, predicted)
    hit = g == p

    def tally(label: Codes, group: Codes) -> csr_array:
        return csr_array((np.ones(len(label)), (label, group)), shape=(k, n_groups))

    right, size = tally(g[hit], codes[hit]), tally(g, codes) + tally(p, codes)

    def values(counts: Floats) -> Floats:
        both: Floats = size @ counts
        # A label that no resampled unit carries is left out, as it would be from the resample itself.
        f1 = np.divide(2 * (right @ counts), both, out=np.zeros_like(both), where=both > 0)
        mean: Floats = f1.sum(axis=0) / (both > 0).sum(axis=0)
        return mean

    return values


# --- the registered metrics -----------------------------------------------------------------------

_RANK_SOURCE = "Spearman 1904; interval: Bonett & Wright 2000, Psychometrika 65:23-28"

SPEARMAN = Metric(
    "spearman",
    spearman,
    +1,
    "number",
    (-1.0, 1.0),
    _RANK_SOURCE,
    "bonett-wright",
    columns=spearman_columns,
    resampler=spearman_resampler,
    why=_why_no_correlation,
)
ABS_SPEARMAN = Metric(
    "abs_spearman",
    abs_spearman,
    +1,
    "number",
    (0.0, 1.0),
    _RANK_SOURCE,
    "bonett-wright",
    absolute=True,
    columns=lambda gold, predicted: np.abs(spearman_columns(gold, predicted)),
    resampler=spearman_resampler,
    why=_why_no_correlation,
)
PEARSON = Metric(
    "pearson",
    pearson,
    +1,
    "number",
    (-1.0, 1.0),
    "Pearson 1896; interval: Fisher 1921, z with standard error 1 / sqrt(n - 3)",
    "fisher",
    resampler=additive(_pearson_terms, _pearson_finish),
    why=_why_no_correlation,
)
R2 = Metric(
    "r2",
    r2,
    +1,
    "number",
    (-np.inf, 1.0),
    "scikit-learn r2_score",
    resampler=additive(_r2_terms, _r2_finish),
    why=_why_no_variance,
)
MAE = Metric(
    "mae",
    mae,
    -1,
    "number",
    (0.0, np.inf),
    "scikit-learn mean_absolute_error",
    resampler=additive(_mean_terms(lambda gold, predicted: np.abs(gold - predicted)), _mean),
)
RMSE = Metric(
    "rmse",
    rmse,
    -1,
    "number",
    (0.0, np.inf),
    "scikit-learn root_mean_squared_error",
    resampler=additive(_mean_terms(lambda gold, predicted: (gold - predicted) ** 2), lambda sums: np.sqrt(_mean(sums))),
)
ACCURACY = Metric(
    "accuracy",
    accuracy,
    +1,
    "label",
    (0.0, 1.0),
    "interval: Wilson 1927, JASA 22:209-212",
    "wilson",
    resampler=additive(_mean_terms(_hits), _mean),
)
MACRO_F1 = Metric(
    "macro_f1", macro_f1, +1, "label", (0.0, 1.0), "scikit-learn f1_score(average='macro')", resampler=_macro_resampler
)
MICRO_F1 = Metric(
    "micro_f1",
    micro_f1,
    +1,
    "labels",
    (0.0, 1.0),
    "scikit-learn f1_score(average='micro')",
    resampler=additive(_overlaps, _micro_finish),
    why=lambda gold, predicted: "no unit has a label, in gold or in prediction",
)
F1_YES = Metric(
    "f1_yes",
    f1_yes,
    +1,
    "label",
    (0.0, 1.0),
    "scikit-learn f1_score(average='binary')",
    resampler=additive(_yes_terms, _micro_finish),
    why=lambda gold, predicted: f"no unit is '{YES}', in gold or in prediction",
)
MACRO_RECALL = Metric(
    "macro_recall",
    macro_recall,
    +1,
    "labels",
    (0.0, 1.0),
    "scikit-learn recall_score(average='macro') over the labels in gold",
    resampler=_recall_resampler,
    why=lambda gold, predicted: "no unit has a label in gold",
)
EXACT_MATCH = Metric(
    "exact_match",
    exact_match,
    +1,
    "labels",
    (0.0, 1.0),
    "scikit-learn accuracy_score of several labels; interval: Wilson 1927, JASA 22:209-212",
    "wilson",
    resampler=additive(_mean_terms(_hits), _mean),
)
QUESTION_F1 = Metric(
    "question_f1",
    question_f1,
    +1,
    "labels",
    (0.0, 1.0),
    "Zhou et al. 2019, MC-TACO: precision 1 where nothing is told, recall 1 where nothing is right",
    resampler=additive(_mean_terms(_question_f1s), _mean),
)
