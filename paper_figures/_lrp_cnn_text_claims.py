"""The 9 claims of the study of text classifiers.

Verdicts rest on intervals over networks (seeds), paired by seed where two numbers are compared; each part of a claim is
tested, and a claim holds where all of them do. Differences are in hundredths.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from probekit.experiments.lrp_cnn_text import SHOWN, STUDY

from probekit.report import Finding, NotTestable, as_found, clears, shown, together, within
from probekit.scores import Comparison, one_sample_t

from .lrp_cnn_text import SUBSETS, WEIGHTINGS, ClassifierView, called, info

BOUND = 0.0141  # the paper's for the spread between random orders
OF_PAPER = {"correct": 3980, "wrong": 983}  # its 4,963 documents, if 80.19 % of them are right as of all
ALIKE = 0.03  # what is called the same picture: neighbours that differ by less
SIGNS = {(probe, side): 1 for probe in ("lrp", "sa") for side in ("own", "others", "rival")}
SIGNS |= {("lrp", "others"): -1, ("lrp", "rival"): -1}


def means(v: ClassifierView, probes: list[str], **where: str) -> str:
    """The mean over networks of some explainers or weightings, in words."""
    return ", ".join(f"{called(probe)} {v.mean_of(probe=probe, **where).value:.3f}" for probe in probes)


def gaps(v: ClassifierView, pairs: list[tuple[str, str]], **where: str) -> dict[str, Comparison]:
    """How far the first of each pair is above the second, paired by seed, by what the difference is called."""
    return {f"{called(a)} - {called(b)}": v.gap({"probe": a}, {"probe": b}, **where) for a, b in pairs}


def ordered(v: ClassifierView, pairs: list[tuple[str, str]], **where: str) -> tuple[bool | None, str]:
    """Whether the first of each pair is above the second, and by how much."""
    found = gaps(v, pairs, **where)
    return together(*(clears(gap) for gap in found.values())), listed(found)


def listed(found: dict[str, Comparison]) -> str:
    return ", ".join(f"{name} {shown(gap)}" for name, gap in found.items())


def deleted(subset: str) -> dict[str, str]:
    return {"task": "deletion", "metric": "mean_accuracy", "subset": f"initially={subset}"}


@STUDY.claim(1, "LRP sums to the class's logit for every document and class", "relative error below 1e-6 in float64")
def conserves(v: ClassifierView) -> Finding:
    rows = v.needs(task="conservation", probe="lrp", metric="largest_relative_loss")
    worst, documents = float(rows["value"].max()), int(rows["n_test"].min())
    ours = f"{worst:.1e} at most, {documents} documents of each of {v.seeds} networks, all classes"
    return Finding(ours, worst < 1e-6, "the largest of all sums that were tried, which needs no interval")


@STUDY.claim(2, "Initially correct documents: mean accuracy over deletions LRP < SA < random", "LRP < SA < random")
def correct_fall(v: ClassifierView) -> Finding:
    return deletion_order(v, "correct", [("sa", "lrp"), ("random", "sa")])


@STUDY.claim(3, "Initially false documents: mean accuracy over deletions LRP > random > SA", "LRP > random > SA")
def wrong_rise(v: ClassifierView) -> Finding:
    return deletion_order(v, "wrong", [("lrp", "random"), ("random", "sa")])


def deletion_order(v: ClassifierView, subset: str, pairs: list[tuple[str, str]]) -> Finding:
    """A claim about the areas of deletion curves, and whether LRP's are also those of simpler signed explainers."""
    where = deleted(subset)
    holds, said = ordered(v, pairs, **where)
    simple = [probe for probe in dict.fromkeys(v.needs(**where)["probe"]) if called(probe) not in ("random", "SA (l2)")]
    simple = [probe for probe in simple if probe not in ("lrp", "sa")]
    _, others = ordered(v, [(probe, "lrp") for probe in simple], **where)
    documents = int(v.needs(**where)["n_test"].min())
    why = f"paired by seed, {documents} documents or more of each network" + (
        f"; not LRP's alone: {others}" * bool(others)
    )
    return Finding(f"{means(v, ['lrp', 'sa', 'random'], **where)}; {said}", holds, why)


@STUDY.claim(4, "Random deletion varies little between runs", "standard deviation below .0141 on 4,963 documents")
def random_varies_little(v: ClassifierView) -> Finding:
    parts, said = [], []
    for subset, name in SUBSETS.items():
        where = {"task": "deletion", "probe": "random", "metric": "accuracy_std", "subset": f"initially={subset}"}
        values = v.by_seed(**where)
        # Orders are drawn for each document apart, so that the spread falls with the root of their number.
        documents = v.needs(**where).set_index("seed")["n_test"].sort_index().astype(float)
        at_paper = values * np.sqrt(documents / OF_PAPER[subset])
        room = one_sample_t((BOUND - at_paper).to_numpy(), 0.0)
        parts.append(clears(room))
        said.append(
            f"{name} {values.mean():.4f} ({documents.mean():.0f} documents), on {OF_PAPER[subset]} it would be "
            f"{at_paper.mean():.4f} [{BOUND - room.high:.4f}, {BOUND - room.low:.4f}]"
        )
    why = (
        "the largest over k of the standard deviation between 10 runs, mean over networks with its interval; judged at "
        "the paper's number of documents, since the spread falls with their root"
    )
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(
    5,
    "Typical words of a class: LRP is positive for it and negative for other classes, SA is positive for both",
    "'ride' under rec.motorcycles and under others",
)
def typical_words(v: ClassifierView) -> Finding:
    parts: dict[str, bool | None] = {}
    said = []
    for (probe, side), sign in SIGNS.items():
        where = {"task": "class-words", "probe": probe, "subset": f"target={side}", "metric": "mean_relative_relevance"}
        mean, name = v.mean_of(**where), f"{called(probe)} {side}"
        parts[name] = clears(one_sample_t(sign * v.by_seed(**where).to_numpy(), 0.0))
        said.append(f"{name} {mean.value:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]")
    short = [name for name, holds in parts.items() if not holds]
    why = (
        "20 typical words a class by log-odds, relative to a text's largest relevance, over networks; others: the mean "
        "over all other classes, rival: the one of the highest score; SA, a square, cannot be negative"
    )
    notes = [why, f"of the wrong sign or none: {', '.join(short)}" if short else "", word_ride(v)]
    return Finding(", ".join(said), together(*parts.values()), "; ".join(filter(None, notes)))


def word_ride(v: ClassifierView) -> str:
    """The paper's own word in its own document: relative relevance for motorcycles and for the other classes shown."""
    rows = v.only(task="highlight", metric="score")
    if rows.empty or not info(rows, "document").eq(SHOWN).all():
        return ""
    try:
        words = v.below("tokens", task="highlight", metric="score")
    except NotTestable:
        return ""
    top = words.groupby(["key", "series"])["value"].transform(lambda values: values.abs().max())
    ride = words.assign(value=words["value"] / top)[words["word"].eq("ride")]
    said = []
    for probe in ("lrp", "sa"):
        for name, own in (("rec.motorcycles", True), ("the other classes", False)):
            part = ride[ride["probe"].eq(probe) & ride["series"].eq("rec.motorcycles").eq(own)]
            found = one_sample_t(part.groupby("seed")["value"].mean().to_numpy(), 0.0)
            said.append(f"{called(probe)} {name} {shown(found, 1, 2)}")
    return f"'ride' in {SHOWN}: {', '.join(said)}"


@STUDY.claim(6, "SA and SA (l2) give the same deletion curves and different PCA pictures", "same ranking of words")
def same_order_other_picture(v: ClassifierView) -> Finding:
    sides = [pd.concat([v.by_seed(probe=p, **deleted(s)) for s in SUBSETS]).to_numpy() for p in ("sa", "sa-l2")]
    apart = float(np.abs(sides[0] - sides[1]).max())
    near = v.gap({"probe": "sa"}, {"probe": "sa-l2"}, **in_plane("zero"))
    differ = clears(near) is not None if near.n > 1 else None
    ours = f"areas differ by {apart:.1e} at most; neighbours in the plane, SA - SA (l2) {shown(near)}"
    why = "same: within .001 in every network, since rounding may turn ties around; different: an interval without 0"
    return Finding(ours, together(apart < 1e-3, differ or None), why)


def in_plane(centre: str) -> dict[str, str]:
    return {"task": "document-vectors", "metric": "neighbours_accuracy", "centre": centre}


def judged(v: ClassifierView, pairs: list[tuple[str, str]], centre: str) -> tuple[bool | None, str]:
    """The verdict of some differences in the plane, and in words those that are not above 0; else the least."""
    found = gaps(v, pairs, **in_plane(centre))
    holds = together(*(clears(gap) for gap in found.values()))
    short = {name: gap for name, gap in found.items() if not clears(gap)}
    least = dict([min(found.items(), key=lambda one: one[1].low)])
    return holds, f"not above 0: {listed(short)}" if short else f"the least: {listed(least)}"


def on_centred(v: ClassifierView, pairs: list[tuple[str, str]]) -> str:
    """What the same pairs say of centred vectors."""
    try:
        holds, said = judged(v, pairs, "mean")
    except NotTestable:
        return ""
    verdict = {True: "would hold", False: "would fail", None: "would be open"}[holds]
    return f"; on centred word vectors it {verdict} ({said})"


RELEVANCES = [name for name in WEIGHTINGS if name not in ("sum", "tf-idf")]
BEST = [(name, "sum") for name in RELEVANCES] + [("sa", "sa-l2")]
BEST += [("lrp-ew", name) for name in RELEVANCES if name != "lrp-ew"]


@STUDY.claim(7, "PCA: SUM is the worst, SA (l2) < SA, LRP e.w. the best and above SA e.w.", "by eye")
def best_pictures(v: ClassifierView) -> Finding:
    holds, said = judged(v, BEST, "zero")
    why = f"accuracy of 5 nearest neighbours in the plane; {len(BEST)} differences paired by seed, {said}"
    ours = means(v, ["sum", *RELEVANCES], **in_plane("zero"))
    return Finding(ours, holds, why + on_centred(v, BEST))


@STUDY.claim(8, "PCA: e.w. beats the word-level version for LRP and, slightly, for SA", "by eye")
def elementwise_beats_words(v: ClassifierView) -> Finding:
    pairs = [("lrp-ew", "lrp"), ("sa-ew", "sa")]
    holds, said = ordered(v, pairs, **in_plane("zero"))
    more = slighter(v)
    why = f"slightly: LRP's gain less SA's, {shown(more)}{on_centred(v, pairs)}"
    return Finding(said, together(holds, clears(more)), why)


def slighter(v: ClassifierView) -> Comparison:
    """How much more LRP gains by element-wise weights than SA, paired by seed."""
    value = {p: v.by_seed(probe=p, **in_plane("zero")) for p in ("lrp", "lrp-ew", "sa", "sa-ew")}
    more = (value["lrp-ew"] - value["lrp"]) - (value["sa-ew"] - value["sa"])
    return one_sample_t(more.dropna().to_numpy(), 0.0)


@STUDY.claim(9, "PCA: TF-IDF weights look the same as SUM", "by eye")
def rarity_adds_nothing(v: ClassifierView) -> Finding:
    rows = v.needs(**{**in_plane("zero"), "metric": "neighbours_accuracy_over_sum"}, probe="tf-idf")
    row = rows.sort_values("seed").iloc[0]
    found = as_found(row, "document")
    why = f"the same: neighbours in the plane within {100 * ALIKE:.0f} hundredths; documents of one network resampled"
    return Finding(f"TF-IDF - SUM {shown(found)}", within(found, ALIKE), why)
