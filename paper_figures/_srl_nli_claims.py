"""The eleven claims of Cengiz and Yuret (2020). The unit is a seed: a training again, in another order, with new heads;
of the runs of others, a run."""

from __future__ import annotations

import pandas as pd
from probekit.experiments.srl_nli import JOINT, SEQUENTIAL, SINGLE, STUDY

from probekit.report import Finding, NotTestable, clears, together, within
from probekit.report.claims import below
from probekit.report.resampling import estimate
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
    gaps = {choice: v.gap(JOINT, SINGLE, v.chosen(asked, choice, metric="mean_accuracy")) for choice in CHOICES}
    return "; ".join(f"epoch chosen on {name}: {said(gap)}" for name, gap in gaps.items()), clears(gaps[ON_CHALLENGE])


def decided(v: TransferView, asked: str, text: str, verdict: bool | None, why: str = "", other: str = JOINT) -> Finding:
    """A verdict, where both methods learned and one of them is surely above 50 in the mean of a set; a gain of models
    that say one and the same to most of it decides nothing."""
    v.learned((SINGLE, other))
    rows = v.chosen(asked, metric="mean_accuracy")
    sides = {name: by_seed(rows, name) for name in (SINGLE, other)}
    text += "; in the mean " + ", ".join(f"{name} {100 * side.mean():.1f}" for name, side in sides.items())
    if not any(clears(over_seeds(side), 0.5) for side in sides.values()):
        return Finding(f"{text}: neither surely above 50, which decides nothing", None, why + SEEDS)
    return Finding(text, verdict, why + SEEDS)


def gains(v: TransferView) -> dict[str, pd.Series]:
    """Joint less single by seed, in every subcase that is not entailed."""
    rows = v.chosen(HANS, metric="accuracy", label=NOT)
    parts = {name: rows[rows["subcase"].eq(name)] for name in SUBCASES}
    return {name: by_seed(part, JOINT) - by_seed(part, SINGLE) for name, part in parts.items()}


@STUDY.claim(1, "With roles the mean of HANS is higher than without", "+0.04")
def hans_gain(v: TransferView) -> Finding:
    return decided(v, HANS, *both_ways(v, HANS))


@STUDY.claim(
    2, "The gain is on pairs that are not entailed, in all three categories; on entailed ones there is none in any"
)
def where_gained(v: TransferView) -> Finding:
    parts, texts = [], []
    rows = v.chosen(HANS, metric="accuracy", subcase="")
    for label in LABELS:
        for heuristic, name in HEURISTICS.items():
            gap = v.gap(JOINT, SINGLE, rows[rows["label"].eq(label) & rows["heuristic"].eq(heuristic)])
            parts.append(clears(gap) if label == NOT else below(gap))
            texts.append(f"{name}, {label} {said(gap)}")
    return decided(v, HANS, "; ".join(texts), together(*parts), "epoch chosen on HANS's development part; ")


@STUDY.claim(
    3, "Of the subcases passive gains most; every subcase of lexical overlap and of subsequence gains", "0.01 to 0.51"
)
def passive(v: TransferView) -> Finding:
    by_case = gains(v)
    gaps = {name: over_seeds(gain) for name, gain in by_case.items()}
    most = [clears(over_seeds(by_case[LARGEST] - gain)) for name, gain in by_case.items() if name != LARGEST]
    sure = [clears(gap) for name, gap in gaps.items() if name[0] in "ls"]
    best = max(gaps, key=lambda name: gaps[name].value)
    text = f"passive {said(gaps[LARGEST])}; most: {SUBCASES[best]} {said(gaps[best])}; "
    text += f"{sum(bool(one) for one in sure)} of {len(sure)} subcases surely gain"
    return decided(v, HANS, text, together(*most, *sure))


@STUDY.claim(4, "After-if clause, disjunction and adverb do not gain", "0.00 to 0.00, 0.07 to 0.02, 0.08 to 0.06")
def no_gain(v: TransferView) -> Finding:
    gaps = {name: over_seeds(gain) for name, gain in gains(v).items() if name in ORDINARY}
    text = "; ".join(f"{SUBCASES[name]} {said(gap)}" for name, gap in gaps.items())
    verdict = together(*(below(gap, LITTLE) for gap in gaps.values()))
    return decided(v, HANS, text, verdict, "no gain: less than 5 points; ")


@STUDY.claim(
    5, "With roles the mean of Comparisons is higher, by little after SNLI and by more after MultiNLI", "+0.7; +5.3"
)
def comparisons_gain(v: TransferView) -> Finding:
    text, verdict = both_ways(v, COMPARISONS)
    return decided(v, COMPARISONS, text, together(verdict, None), "by more after MultiNLI is not tested; ")


@STUDY.claim(6, "On Comparisons what learned MultiNLI is better than what learned SNLI, in both models")
def training_sets(v: TransferView) -> Finding:
    raise NotTestable("MultiNLI and SNLI are not at hand")


@STUDY.claim(7, "With roles the type same is worse than without, after either training set", "-4.8; -10.8")
def same_type(v: TransferView) -> Finding:
    gap = v.gap(JOINT, SINGLE, v.chosen(COMPARISONS, metric="accuracy", type="same"))
    why = "of one training set, the other is not at hand; "
    return decided(v, COMPARISONS, said(gap), together(below(gap), None), why)


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
    why = "roles of EWT, as many passes; joint after the last, alone after the best on the development part; "
    return Finding(text, within(gap, 0.01), why + SEEDS)


@STUDY.claim(10, "Roles first and inference after does not leave the spread of inference alone on HANS")
def sequential(v: TransferView) -> Finding:
    rows = v.chosen(HANS, metric="mean_accuracy")
    gap = v.gap(SEQUENTIAL, SINGLE, rows)
    alone = by_seed(rows, SINGLE)
    half = float(alone.max() - alone.min()) / 2
    text = f"{said(gap)}; inference alone from {100 * alone.min():.1f} to {100 * alone.max():.1f}"
    return decided(v, HANS, text, below(gap, half), "its gain lies below half of that spread; ", SEQUENTIAL)


@STUDY.claim(
    11,
    "Over seeds the accuracy without entailment in lexical overlap varies widely, other cells much less",
    "0.06 to 0.54",
)
def seeds(v: TransferView) -> Finding:
    table = v.others(subcase="", label=list(LABELS)).pivot_table(
        index="run", columns=["heuristic", "label"], values="value"
    )
    main = ("lexical_overlap", NOT)
    draw = generator(0, "draw", "runs", len(table)).integers(len(table), size=(DRAWS, len(table)))
    drawn = pd.DataFrame(table.to_numpy()[draw].std(axis=1, ddof=1), columns=table.columns)
    deviations = pd.concat([table.std().to_frame().T, drawn])
    ratios = deviations[main] / deviations.drop(columns=[main]).max(axis=1)
    found = estimate(ratios.to_numpy(), len(table), "run")
    least, most, deviation = (100 * float(x) for x in (table[main].min(), table[main].max(), table[main].std()))
    text = f"from {least:.1f} to {most:.1f}, deviation {deviation:.1f}, "
    text += f"{found.difference:.1f} [{found.low:.1f}, {found.high:.1f}] times that of the next cell"
    why = f"{len(table)} runs of others, drawn again {DRAWS} times; much less: half of it"
    return Finding(text, clears(found, MUCH), why)
