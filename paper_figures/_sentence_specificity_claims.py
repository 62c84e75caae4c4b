"""The 9 claims of Chen and Gimpel (2020), on the view of `sentence_specificity`.

Verdicts rest on 95 % intervals over sentences or pairs; each encoder is trained once, on MSR's paraphrases where the
paper has five million pairs, so that they say nothing of other trainings. News is licensed and not at hand.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from probekit.experiments.sentence_specificity import STUDY

from probekit.report import Finding, NotTestable, below, clears, shown, together
from probekit.scores import Comparison
from probekit.scores.intervals import normal_quantile

from ._sentence_specificity_view import LABELS, LENGTH, TRAINED, SpecificityView

NO_NEWS = "News is licensed text and not at hand"
ONE = "one training of each model, on MSR's paraphrases"
TOLERANCE = 0.01


def end(row: pd.Series, digits: int = 1) -> str:
    """A score with its interval, times 100."""
    low, high = (f"{100 * row[name]:.{digits}f}" for name in ("ci_low", "ci_high"))
    return f"{100 * row['value']:.{digits}f} [{low}, {high}]"


def interval(row: pd.Series) -> Comparison:
    """A row as what verdicts are made of."""
    ends = (float(row["ci_low"]), float(row["ci_high"]))
    return Comparison(float(row["value"]), *ends, float("nan"), "", "", int(row["n_test"]))


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
        for domain in v.domains:
            rows = [v.spearman(model, domain) for model in (mean, total)]
            parts += [below(interval(rows[0]), TOLERANCE), clears(interval(rows[1]))]
            said.append(f"{mean}, {total} on {domain}: {end(rows[0])}, {end(rows[1])}")
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


def difference(a: pd.Series, b: pd.Series) -> Comparison:
    """Of two shares of unlike pairs: normal interval of the difference."""
    variance = sum(row["value"] * (1 - row["value"]) / row["n_test"] for row in (a, b))
    gap, half = float(a["value"] - b["value"]), float(normal_quantile(0.95) * np.sqrt(variance))
    return Comparison(gap, gap - half, gap + half, float("nan"), "", "pair", int(a["n_test"] + b["n_test"]))


@STUDY.claim(
    5,
    "Of every trained model the share of entailed hypotheses scored more general is above the others', and above 60",
    "65.0 to 77.5; neutral 49.5 to 54.7",
)
def entailed_is_more_general(v: SpecificityView) -> Finding:
    said, parts = [], []
    for pairs in v.pairs():
        for model in v.trained("pair/more-general"):
            entailed, *others = (v.share(model, label, pairs) for label in LABELS)
            parts += [clears(interval(entailed), 0.6), *(clears(difference(entailed, other)) for other in others)]
            rest = " and ".join(f"{100 * other['value']:.1f}" for other in others)
            said.append(f"{pairs}, {model}: {end(entailed)} against {rest}")
    why = f"revised SNLI and SICK (where many entailments hold both ways) in the place of SNLI; {ONE}"
    lacking = [model for model in TRAINED if model not in v.trained("pair/more-general")]
    parts += [None for _ in lacking]
    why += f"; not run: {', '.join(lacking)}" if lacking else ""
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(6, "WLO: entailment 70 or more, neutral and contradiction within 10 points of 50", "75.8; 54.7 and 57.2")
def shares_of_operators(v: SpecificityView) -> Finding:
    said, parts = [], []
    for pairs in v.pairs():
        rows = {label: v.share("WLO", label, pairs) for label in LABELS}
        parts.append(clears(interval(rows[LABELS[0]]), 0.7))
        for label in LABELS[1:]:
            parts.append(together(clears(interval(rows[label]), 0.4), below(interval(rows[label]), 0.6)))
        said.append(f"{pairs}: " + ", ".join(f"{label} {end(row)}" for label, row in rows.items()))
    return Finding("; ".join(said), together(*parts), f"revised SNLI and SICK in the place of SNLI; {ONE}")


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
    rows = {domain: v.spearman("LSTMGAUSSIAN", domain) for domain in v.domains}
    parts = [together(clears(interval(r), -0.05), below(interval(r), 0.05)) for r in rows.values()]
    said = [f"{domain} {end(row)}" for domain, row in rows.items()]
    similar = {m: v.row(task="pair/relatedness", model=m, metric="pearson") for m in _SIMILAR}
    own = interval(similar["LSTMGAUSSIAN"])
    for model in _SIMILAR[:-1]:
        other = interval(similar[model])
        parts.append(True if own.low > other.high else False if own.high < other.low else None)
    said.append("STS " + ", ".join(f"{model} {end(row)}" for model, row in similar.items()))
    return Finding("; ".join(said), together(*parts), f"STS scores are told apart where intervals do not meet; {ONE}")


_SIMILAR = ("WORDAVG", "LSTMAVG", "WLO", "LSTMGAUSSIAN")


@STUDY.claim(9, "Of the 50 most frequent words |h(w)| is smaller than of rare ones", "function words near 0")
def entropies_of_words(v: SpecificityView) -> Finding:
    words = v.words("WLO")
    size = words["entropy"].abs().to_numpy()
    common, rare = size[:50], size[50:]
    variance = common.var(ddof=1) / len(common) + rare.var(ddof=1) / len(rare)
    gap, half = float(rare.mean() - common.mean()), float(normal_quantile(0.95) * np.sqrt(variance))
    found = Comparison(gap, gap - half, gap + half, float("nan"), "", "word", len(words))
    said = (
        f"mean |h| {common.mean():.2f} of the 50 most frequent, {rare.mean():.2f} of the others: {shown(found, 1, 2)}"
    )
    return Finding(said, clears(found), f"words of the training pairs, most frequent first; {ONE}")
