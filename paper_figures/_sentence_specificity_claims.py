"""The 9 claims of Chen and Gimpel (2020), on the view of `sentence_specificity`.

Verdicts rest on 95 % intervals over sentences or pairs; each encoder is trained once, on MSR's paraphrases where the
paper has five million pairs, so that they say nothing of other trainings. News is licensed and not at hand.
"""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
from probekit.experiments.sentence_specificity import STUDY

from probekit.report import Finding, NotTestable, apart, as_found, below, clears, if_run, shown, together, within
from probekit.scores import Comparison, t_interval

from ._sentence_specificity_view import DOMAINS, LABELS, LENGTH, PAIRS, TRAINED, SpecificityView

NO_SNLI = "revised SNLI and SICK in the place of SNLI"
NO_NEWS = "News is licensed text and not at hand"
ONE = "one training of each model, on MSR's paraphrases"
TOLERANCE = 0.01  # ELMo's mean at -.9 on Yelp counts as "at 0 or below" in the paper: a hundredth either way is 0


def end(row: pd.Series | None, digits: int = 1) -> str:
    """A score with its interval, times 100."""
    if row is None:
        return "not run"
    low, high = (f"{100 * row[name]:.{digits}f}" for name in ("ci_low", "ci_high"))
    return f"{100 * row['value']:.{digits}f} [{low}, {high}]"


def found(row: pd.Series | None) -> Comparison | None:
    """A score as verdicts take it; what was not run leaves a claim open."""
    return None if row is None else as_found(row)


@STUDY.claim(1, "On all four domains WLO > WORDSUM > Length > WORDAVG", "77.4 > 75.8 > 73.4 > 54.6 on News, and so on")
def order_of_models(v: SpecificityView) -> Finding:
    said, parts = [], []
    for domain in v.domains:
        for a, b in pairwise(("WLO", "WORDSUM", LENGTH, "WORDAVG")):
            gap = v.gap(a, b, domain)
            parts.append(clears(gap))
            said.append(f"{domain}, {a} less {b}: {shown(gap)}")
    return Finding("; ".join(said), together(*parts, None), f"{NO_NEWS}, so that the claim is open at best; {ONE}")


@STUDY.claim(
    2,
    "On Twitter, Yelp and Movie means of vectors correlate with specificity at 0 or below, their sums above 0",
    "GloVe -49.6, -59.0, -38.2 and 32.2, 62.8, 49.0",
)
def sums_and_means(v: SpecificityView) -> Finding:
    said, parts = [], []
    for mean, total in (("GloVe AVG", "GloVe SUM"), ("word2vec AVG", "word2vec SUM"), ("WORDAVG", "WORDSUM")):
        for domain in DOMAINS.values():
            average, summed = (if_run(v.spearman, model, domain) for model in (mean, total))
            parts += [below(found(average), TOLERANCE), clears(found(summed))]
            said.append(f"{mean}, {total} on {domain}: {end(average)}, {end(summed)}")
    return Finding("; ".join(said), together(*parts), f"ELMo is not at hand; {ONE}")


@STUDY.claim(3, "WLO's accuracy on News is within 5 points of the best supervised system", "77.4 and 81.6")
def near_supervised(v: SpecificityView) -> Finding:
    raise NotTestable(NO_NEWS)


@STUDY.claim(
    4,
    "Under length control WORDAVG and LSTMAVG gain more than 10 points and overtake WORDSUM, WLO stays best",
    "54.6 to 69.0 and 69.6; WORDSUM 68.6, WLO 70.1",
)
def under_length_control(v: SpecificityView) -> Finding:
    within = "spearman_within_length"
    models = v.trained("sentence/specificity")
    lines = [f"{d}: " + ", ".join(f"{m} {end(v.spearman(m, d, within))}" for m in models) for d in v.domains]
    raise NotTestable(f"{NO_NEWS}; our control, rank correlation within equal lengths: {'; '.join(lines)}")


@STUDY.claim(
    5,
    "Of every trained model the share of entailed hypotheses scored more general is above the others', and above 60",
    "65.0 to 77.5; neutral 49.5 to 54.7",
)
def entailed_is_more_general(v: SpecificityView) -> Finding:
    v.trained("pair/more-general")  # or nothing is testable
    said, lacking = [], []
    parts: list[bool | None] = []
    for pairs in PAIRS.values():
        for model in TRAINED:
            entailed, *rest = (if_run(v.share, model, label, pairs) for label in LABELS)
            others = [other for other in rest if other is not None]
            if entailed is None or len(others) < len(rest):
                parts.append(None)
                lacking.append(f"{model} on {pairs}")
                continue
            parts += [clears(found(entailed), 0.6), *(clears(apart(entailed, other, "pair")) for other in others)]
            beside = " and ".join(f"{100 * other['value']:.1f}" for other in others)
            said.append(f"{pairs}, {model}: {end(entailed)} against {beside}")
    why = f"{NO_SNLI} (in SICK many entailments hold both ways); {ONE}"
    why += f"; not run: {', '.join(lacking)}" if lacking else ""
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(6, "WLO: entailment 70 or more, neutral and contradiction within 10 points of 50", "75.8; 54.7 and 57.2")
def shares_of_operators(v: SpecificityView) -> Finding:
    v.trained("pair/more-general")
    said, parts = [], []
    for pairs in PAIRS.values():
        entailed, *others = (if_run(v.share, "WLO", label, pairs) for label in LABELS)
        parts += [clears(found(entailed), 0.7), *(_near_half(found(other)) for other in others)]
        rows = zip(LABELS, (entailed, *others), strict=True)
        said.append(f"{pairs}: " + ", ".join(f"{label} {end(row)}" for label, row in rows))
    return Finding("; ".join(said), together(*parts), f"{NO_SNLI}; {ONE}")


def _near_half(share: Comparison | None) -> bool | None:
    return together(clears(share, 0.4), below(share, 0.6))


@STUDY.claim(7, "Without the prior, accuracy on News falls by more than 5 points", "77.4 to 67.9")
def without_prior(v: SpecificityView) -> Finding:
    gaps = {domain: v.gap("WLO", "WLO, no prior", domain) for domain in v.domains}
    lines = "; ".join(f"{domain} {shown(gap)}" for domain, gap in gaps.items())
    raise NotTestable(f"{NO_NEWS}; with less without, rank correlation: {lines}")


@STUDY.claim(
    8,
    "LSTMGAUSSIAN correlates with specificity by less than .05, and has the highest STS score of four models",
    "3.2, 2.2, 4.1; STS 74.3",
)
def gaussian_of_states(v: SpecificityView) -> Finding:
    v.needs(model=GAUSSIAN)
    rows = {domain: if_run(v.spearman, GAUSSIAN, domain) for domain in DOMAINS.values()}
    parts = [within(found(row), 0.05) for row in rows.values()]
    said = [f"{domain} {end(row)}" for domain, row in rows.items()]
    similar = {m: if_run(v.row, task="pair/relatedness", model=m, metric="pearson") for m in (*_OTHERS, GAUSSIAN)}
    parts += [_ahead(found(similar[GAUSSIAN]), found(similar[other])) for other in _OTHERS]
    said.append("STS " + ", ".join(f"{model} {end(row)}" for model, row in similar.items()))
    return Finding("; ".join(said), together(*parts), f"STS scores are told apart where intervals do not meet; {ONE}")


GAUSSIAN, _OTHERS = "LSTMGAUSSIAN", ("WORDAVG", "LSTMAVG", "WLO")


def _ahead(own: Comparison | None, other: Comparison | None) -> bool | None:
    """Whether one interval lies above another."""
    if own is None or other is None:
        return None
    return True if own.low > other.high else False if own.high < other.low else None


@STUDY.claim(9, "Of the 50 most frequent words |h(w)| is smaller than of the others", "function words near 0")
def entropies_of_words(v: SpecificityView) -> Finding:
    size = v.words("WLO")["entropy"].abs()
    means = [t_interval(own.to_numpy()) for own in (size[:50], size[50:])]
    lines = [
        {"value": one.value, "ci_low": one.low, "ci_high": one.high, "n_test": n}
        for one, n in zip(means, (50, len(size) - 50), strict=True)
    ]
    common, others = lines
    gap = apart(others, common, "word")
    said = f"mean |h| {common['value']:.2f} of the 50 most frequent, {others['value']:.2f} of the others: "
    why = f"words of the training pairs, most frequent first; the others are all of them, not the rare alone; {ONE}"
    return Finding(said + shown(gap, 1, 2), clears(gap), why)
