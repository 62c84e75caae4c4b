"""The eleven claims of Cengiz and Yuret (2020). The unit is a seed: a training again, in another order, with new heads;
of the runs of others, a run."""

from __future__ import annotations

import numpy as np
import pandas as pd
from probekit.experiments.srl_nli import JOINT, SEQUENTIAL, SINGLE, STUDY

from probekit.report import Finding, NotTestable, clears, together, within
from probekit.report.claims import below
from probekit.scores import Score
from probekit.streams import generator

from ._srl_nli_view import (
    CHOICES,
    COMPARISONS,
    HANS,
    HEURISTICS,
    LABELS,
    NOT,
    OF_ROLES,
    ON_CHALLENGE,
    ON_OWN,
    OWN,
    SUBCASES,
    TransferView,
    by_seed,
)
from ._tuned_view import over_seeds, said

SEEDS = "t intervals of differences paired by seed; SICK for MultiNLI and SNLI"
LARGEST, ORDINARY = "ln_passive", ("cn_after_if_clause", "cn_disjunction", "cn_adverb")
DRAWS, MUCH = 2000, 2.0  # "much less": half of the spread
LITTLE = 0.05


def both_ways(v: TransferView, asked: str) -> tuple[str, bool | None]:
    """Joint less single in the mean of a set, the epoch chosen in the paper's way, which decides, and on what was
    learned."""
    texts: list[str] = []
    verdict: bool | None = None
    for choice in CHOICES:
        gap = v.gap(JOINT, SINGLE, v.chosen(asked, choice, metric="mean_accuracy"))
        texts.append(f"epoch chosen on {choice}: {said(gap)}")
        verdict = clears(gap) if choice == ON_CHALLENGE else verdict
    return "; ".join(texts), verdict


def decided(v: TransferView, asked: str, verdict: bool | None, other: str = JOINT) -> tuple[str, bool | None]:
    """A verdict, where one of two methods is surely above 50 in the mean of a set; a gain of models that say one and
    the same to most of it decides nothing."""
    rows = v.chosen(asked, metric="mean_accuracy")
    sides = {name: by_seed(rows, name) for name in (SINGLE, other)}
    best = max(sides, key=lambda name: float(sides[name].mean()))
    text = "; in the mean " + ", ".join(f"{name} {100 * side.mean():.1f}" for name, side in sides.items())
    if clears(over_seeds(sides[best]), 0.5):
        return text, verdict
    return f"{text}: neither surely above 50, which decides nothing", None


def cell(v: TransferView, label: str, heuristic: str, choice: str = ON_CHALLENGE) -> pd.DataFrame:
    """Runs of a cell of HANS."""
    return v.chosen(HANS, choice, metric="accuracy", label=label, heuristic=heuristic, subcase="")


def subcase(v: TransferView, name: str) -> Score:
    """Joint less single in a subcase that is not entailed."""
    return v.gap(JOINT, SINGLE, v.chosen(HANS, metric="accuracy", label=NOT, subcase=name))


@STUDY.claim(1, "With roles the mean of HANS is higher than without", "+0.04")
def hans_gain(v: TransferView) -> Finding:
    v.learned((SINGLE, JOINT))
    text, verdict = both_ways(v, HANS)
    more, verdict = decided(v, HANS, verdict)
    return Finding(text + more, verdict, SEEDS)


@STUDY.claim(
    2, "The gain is on pairs that are not entailed, in all three categories; on entailed ones there is none in any"
)
def where_gained(v: TransferView) -> Finding:
    v.learned((SINGLE, JOINT))
    parts, texts = [], []
    for label in LABELS:
        for heuristic, name in HEURISTICS.items():
            gap = v.gap(JOINT, SINGLE, cell(v, label, heuristic))
            parts.append(clears(gap) if label == NOT else below(gap))
            texts.append(f"{name}, {label} {said(gap)}")
    more, verdict = decided(v, HANS, together(*parts))
    return Finding("; ".join(texts) + more, verdict, f"epoch chosen on HANS's development part; {SEEDS}")


@STUDY.claim(
    3, "Of the subcases passive gains most; every subcase of lexical overlap and of subsequence gains", "0.01 to 0.51"
)
def passive(v: TransferView) -> Finding:
    v.learned((SINGLE, JOINT))
    gaps = {name: subcase(v, name) for name in SUBCASES}
    rows = v.chosen(HANS, metric="accuracy", label=NOT)
    apart = {name: by_seed(rows[rows["subcase"].eq(name)], JOINT) - by_seed(rows[rows["subcase"].eq(name)], SINGLE)
             for name in SUBCASES}  # fmt: skip
    most = [clears(over_seeds(apart[LARGEST] - apart[name])) for name in SUBCASES if name != LARGEST]
    gains = [clears(gap) for name, gap in gaps.items() if name[0] in "ls"]
    best = max(gaps, key=lambda name: gaps[name].value)
    text = f"passive {said(gaps[LARGEST])}; most: {SUBCASES[best]} {said(gaps[best])}; "
    text += f"{sum(bool(one) for one in gains)} of {len(gains)} subcases surely gain"
    more, verdict = decided(v, HANS, together(*most, *gains))
    return Finding(text + more, verdict, SEEDS)


@STUDY.claim(4, "After-if clause, disjunction and adverb do not gain", "0.00 to 0.00, 0.07 to 0.02, 0.08 to 0.06")
def no_gain(v: TransferView) -> Finding:
    v.learned((SINGLE, JOINT))
    gaps = {name: subcase(v, name) for name in ORDINARY}
    parts = [below(gap, LITTLE) for gap in gaps.values()]
    text = "; ".join(f"{SUBCASES[name]} {said(gap)}" for name, gap in gaps.items())
    more, verdict = decided(v, HANS, together(*parts))
    return Finding(text + more, verdict, f"no gain: less than 5 points; {SEEDS}")


@STUDY.claim(
    5, "With roles the mean of Comparisons is higher, by little after SNLI and by more after MultiNLI", "+0.7; +5.3"
)
def comparisons_gain(v: TransferView) -> Finding:
    v.learned((SINGLE, JOINT))
    text, verdict = both_ways(v, COMPARISONS)
    more, verdict = decided(v, COMPARISONS, together(verdict, None))
    return Finding(text + more, verdict, f"by more after MultiNLI is not tested; {SEEDS}")


@STUDY.claim(6, "On Comparisons what learned MultiNLI is better than what learned SNLI, in both models")
def training_sets(v: TransferView) -> Finding:
    raise NotTestable("MultiNLI and SNLI are not at hand")


@STUDY.claim(7, "With roles the type same is worse than without, after either training set", "-4.8; -10.8")
def same_type(v: TransferView) -> Finding:
    v.learned((SINGLE, JOINT))
    gap = v.gap(JOINT, SINGLE, v.chosen(COMPARISONS, metric="accuracy", type="same"))
    more, verdict = decided(v, COMPARISONS, together(below(gap), None))
    return Finding(said(gap) + more, verdict, f"of one training set, the other is not at hand; {SEEDS}")


@STUDY.claim(8, "In distribution the accuracies with and without roles differ by half a point at most")
def in_distribution(v: TransferView) -> Finding:
    v.learned((SINGLE, JOINT))
    gap = v.gap(JOINT, SINGLE, v.chosen(OWN, ON_OWN, metric="accuracy"))
    return Finding(said(gap), within(gap, 0.005), f"SICK's test part; {SEEDS}")


@STUDY.claim(9, "F1 of roles after joint training is within a point of that of roles alone", "86.0")
def roles(v: TransferView) -> Finding:
    rows = v.needs(asked=OF_ROLES, split="test", metric="span_f1")
    gap = v.gap(JOINT, OF_ROLES, rows)
    values = {name: 100 * by_seed(rows, name).mean() for name in (JOINT, OF_ROLES)}
    text = f"{said(gap)} (joint {values[JOINT]:.1f}, alone {values[OF_ROLES]:.1f})"
    return Finding(text, within(gap, 0.01), f"roles of EWT, as many passes; {SEEDS}")


@STUDY.claim(10, "Roles first and inference after does not leave the spread of inference alone on HANS")
def sequential(v: TransferView) -> Finding:
    v.learned((SINGLE, SEQUENTIAL))
    rows = v.chosen(HANS, metric="mean_accuracy")
    gap = v.gap(SEQUENTIAL, SINGLE, rows)
    alone = by_seed(rows, SINGLE)
    half = float(alone.max() - alone.min()) / 2
    text = f"{said(gap)}; inference alone from {100 * alone.min():.1f} to {100 * alone.max():.1f}"
    more, verdict = decided(v, HANS, below(gap, half), SEQUENTIAL)
    return Finding(text + more, verdict, f"its gain lies below half of that spread; {SEEDS}")


@STUDY.claim(
    11,
    "Over seeds the accuracy without entailment in lexical overlap varies widely, other cells much less",
    "0.06 to 0.54",
)
def seeds(v: TransferView) -> Finding:
    runs = v.others(data="hans", subcase="")
    runs = runs[runs["heuristic"].ne("")]
    table = runs.pivot_table(index="run", columns=["heuristic", "label"], values="value")
    main = ("lexical_overlap", NOT)
    cells = [tuple(map(str, name)) for name in table.columns]
    others = [name for name in cells if name != main]
    draw = generator(0, "draw", "runs", len(table)).integers(len(table), size=(DRAWS, len(table)))
    drawn = table.to_numpy()[draw].std(axis=1, ddof=1)
    place = {name: k for k, name in enumerate(cells)}
    ratios = drawn[:, place[main]] / drawn[:, [place[name] for name in others]].max(axis=1)
    value = float(table[main].std() / table[others].std().max())
    low, high = np.quantile(ratios, [0.025, 0.975])
    found = Score(value, float(low), float(high), "bootstrap over runs")
    least, most, deviation = (100 * float(x) for x in (table[main].min(), table[main].max(), table[main].std()))
    text = f"from {least:.1f} to {most:.1f}, deviation {deviation:.1f}, "
    text += f"{found.value:.1f} [{found.low:.1f}, {found.high:.1f}] times that of the next cell"
    why = f"{len(table)} runs of others, drawn again {DRAWS} times; much less: half of it"
    return Finding(text, clears(found, MUCH), why)
