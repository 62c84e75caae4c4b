"""The 14 claims of the span study.

Words such as "within reach" or "small" are given a number here, and `why` repeats it. All numbers are hundredths.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
from probekit.experiments.span_representations import STUDY

from probekit.probes.span_names import BOUNDARY, ENTIRE
from probekit.report import Finding, NotTestable

from .span_representations import FROZEN, TASKS, TUNED, UNIFORM, SpanView

LABEL, DETECTION, ENTITY, ROLE, MENTION, COREFERENCE = TASKS
HEATMAP, HEATMAPS = "(heatmap without numbers)", "(heatmaps without numbers)"
ONE_ENCODER = "the paper compares eight pretrained encoders; there is one here, so nothing can be said of others"
REACH = 2.0


def listed(means: pd.Series, digits: int = 1) -> str:
    return ", ".join(f"{name} {value:.{digits}f}" for name, value in means.items())


def spreads(v: SpanView, tasks: Sequence[str], way: str = FROZEN) -> pd.Series:
    """Range over methods of their means, by task."""
    means = pd.DataFrame({task: v.by_method(task, way) for task in tasks})
    return means.max() - means.min()


def noise(v: SpanView, task: str) -> str:
    """Standard deviation over seeds, pooled over methods."""
    sd = 100 * float(np.sqrt(v.of(title=task).groupby("method")["value"].var().mean()))
    return "one seed" if np.isnan(sd) else f"standard deviation over seeds {sd:.2f}"


def less_tuning(v: SpanView, task: str) -> str:
    """What fine-tuning had less of than frozen training, which makes them no test of each other; or ""."""
    ways = [v.of(title=task, way=way) for way in (TUNED, FROZEN)]
    units, more = (rows["n_train"].max() for rows in ways)
    steps, longer = (max(json.loads(text).get("steps", 0) for text in rows["info"]) for rows in ways)
    said = f"fine-tuned on {units:,} units for {steps} steps, frozen on {more:,} for {longer:,}: too little to compare"
    return said if units < more else ""


@STUDY.claim(
    1,
    "frozen, constituent tasks: boundary methods beat avg and attn, max is within reach of them",
    "boundary rows bright, avg and attn dark (heatmap)",
)
def boundary_and_max_for_constituents(v: SpanView) -> Finding:
    parts, holds = [], True
    for task in (LABEL, DETECTION):
        means = v.by_method(task)
        edge = means[[*BOUNDARY]].mean()
        holds &= edge > max(means["avg"], means["attn"]) and edge - means["max"] <= REACH
        parts.append(f"{task}: boundary {edge:.1f}, {listed(means[['max', 'avg', 'attn']])}")
    return Finding("; ".join(parts), holds, f"within reach: at most {REACH:.0f} below")


@STUDY.claim(
    2,
    "frozen, coreference: attn and max are the two best, with learned and with uniform layer weights",
    "attn 90.9-93.0, max 90.8-92.9 for every large encoder",
)
def attn_and_max_for_coreference(v: SpanView) -> Finding:
    means = {way: v.by_method(COREFERENCE, way) for way in (FROZEN, UNIFORM)}
    holds = all(set(found.index[:2]) == {"attn", "max"} for found in means.values())
    shown = "; ".join(f"{way}: {listed(found)}" for way, found in means.items())
    return Finding(shown, holds, noise(v, COREFERENCE))


@STUDY.claim(3, "max is never far from the best: its mean gap to the best over tasks is the least of the six", HEATMAPS)
def max_is_near_the_best(v: SpanView) -> Finding:
    means = pd.DataFrame({task: v.by_method(task) for task in TASKS})
    gaps = (means.max() - means).mean(axis=1).sort_values(kind="stable")
    return Finding(f"mean gap {listed(gaps, 2)}", gaps.index[0] == "max", f"over {len(TASKS)} tasks")


@STUDY.claim(
    4,
    "constituent label: avg is the worst by more than 10 frozen, by less than 1 fine-tuned",
    "more than 10; less than .5",
)
def avg_catches_up(v: SpanView) -> Finding:
    frozen, tuned = v.by_method(LABEL), v.by_method(LABEL, TUNED)
    before, after = (means.max() - means["avg"] for means in (frozen, tuned))
    shown = f"behind the best by {before:.1f} frozen, {after:.1f} fine-tuned"
    if less := less_tuning(v, LABEL):
        raise NotTestable(f"{less}; {shown}")
    why = "direction holds: the margin shrinks" if after < before else "the margin does not shrink"
    holds = frozen.idxmin() == "avg" and before > 10 and after < 1
    return Finding(f"{shown}; frozen worst: {listed(frozen)}", holds, why)


@STUDY.claim(
    5, "the range over methods exceeds that over encoders when frozen; it is smaller fine-tuned than frozen", HEATMAPS
)
def tuning_levels_methods(v: SpanView) -> Finding:
    tuned = [task for task in TASKS if len(v.of(title=task, way=TUNED))]
    if not tuned:
        raise NotTestable("no fine-tuned score")
    before, after = (spreads(v, tuned, way) for way in (FROZEN, TUNED))
    ranges = (f"{task} {before[task]:.1f} frozen, {after[task]:.1f} fine-tuned" for task in tuned)
    shown = f"range over methods: {', '.join(ranges)}"
    if less := [text for task in tuned if (text := less_tuning(v, task))]:
        raise NotTestable(f"{less[0]}; {shown}; encoders: {ONE_ENCODER}")
    return Finding(shown, bool((after < before).all()), f"second half alone; encoders: {ONE_ENCODER}")


@STUDY.claim(6, "entities: the range over methods is small, spans being short", HEATMAP)
def little_at_stake_for_entities(v: SpanView) -> Finding:
    ranges = spreads(v, TASKS).sort_values(kind="stable")
    holds = ranges[ENTITY] < ranges.median()
    return Finding(f"range: {listed(ranges)}", holds, "small: below the median range of the six tasks")


@STUDY.claim(7, "mention detection: boundary methods and max beat attn; attn is below avg for most encoders", HEATMAP)
def attn_last_for_mentions(v: SpanView) -> Finding:
    means = v.by_method(MENTION)
    holds = min(means[[*BOUNDARY]].mean(), means["max"]) > means["attn"] and means["attn"] < means["avg"]
    return Finding(listed(means), holds, noise(v, MENTION))


@STUDY.claim(8, "semantic roles: coherent >= max, attn >= the others, by small differences", HEATMAP)
def coherent_first_for_roles(v: SpanView) -> Finding:
    means = v.by_method(ROLE)
    second, rest = means[["max", "attn"]], means[["avg", "endpoint", "diffsum"]]
    holds = means["coherent"] >= second.max() and second.min() >= rest.max()
    return Finding(listed(means), holds, noise(v, ROLE))


@STUDY.claim(9, "RoBERTa is strong on every task; SpanBERT gains most where boundary methods win", "(heatmaps)")
@STUDY.claim(
    10, "constituent tasks: large encoders are not better than their base versions; elsewhere they are", "(heatmaps)"
)
def encoders_compared(v: SpanView) -> Finding:
    raise NotTestable(ONE_ENCODER)


@STUDY.claim(
    11,
    "coreference: learned layer weights beat uniform ones for attn; with max they gain less",
    "attn +.60, max +.28 on average",
)
def learned_weights_help_attn(v: SpanView) -> Finding:
    learned, uniform = (v.by_method(COREFERENCE, way, ["attn", "max"]) for way in (FROZEN, UNIFORM))
    gain = (learned - uniform)[["attn", "max"]]
    shown = ", ".join(f"{method} {value:+.2f}" for method, value in gain.items())
    return Finding(shown, gain["attn"] > 0 and gain["max"] < gain["attn"], noise(v, COREFERENCE))


@STUDY.claim(
    12,
    "centre of gravity of layer weights: constituent label < semantic role < coreference",
    "mass moves from lower to higher layers (bars)",
)
def coreference_sits_highest(v: SpanView) -> Finding:
    weights = {task: v.layer_weights(task) for task in (LABEL, ROLE, COREFERENCE)}
    # Weights of each method sum to one, so that the centre of all is the mean of theirs; 0 is the embedding layer.
    centres = pd.Series({task: np.average(found["layer"], weights=found["value"]) for task, found in weights.items()})
    holds = centres[LABEL] < centres[ROLE] < centres[COREFERENCE]
    return Finding(listed(centres, 2), holds, "layers from 0; uniform weights: the middle")


@STUDY.claim(
    13,
    "recall of endpoint above max for SBAR, PRN, ADJP, PP; below for SINV, FRAG, SQ, SBARQ",
    "+6.1, +4.6, +3.3, +2.7; -15.7, -6.5, -6.5, -6.1",
)
def endpoint_and_max_by_constituent(v: SpanView) -> Finding:
    table = v.recall_difference(LABEL, ["endpoint"], ["max"], "dev")
    return _signs(table, ["SBAR", "PRN", "ADJP", "PP"], ["SINV", "FRAG", "SQ", "SBARQ"])


@STUDY.claim(
    14,
    "recall of boundary above entire for C-ARG1, ARGM-DIS, ARGM-MNR, below for ARG3, ARGM-DIR, ARGM-EXT; entities: "
    "below for WORK OF ART, LOC, LAW, TIME",
    "+10.9, +3.2, +2.0; -4.3, -5.2, -8.1; -6.0 to -2.3",
)
def boundary_and_entire_by_role(v: SpanView) -> Finding:
    table = v.recall_difference(ROLE, BOUNDARY, ENTIRE)
    table.index = table.index.str.upper().str.replace("^A(?=[0-9M])", "ARG", regex=True)
    above, below = ["C-ARG1", "ARGM-DIS", "ARGM-MNR"], ["ARG3", "ARGM-DIR", "ARGM-EXT"]
    return _signs(table, above, below, "; roles alone, the entity types here are others")


def _signs(table: pd.DataFrame, above: list[str], below: list[str], beyond: str = "") -> Finding:
    """Whether the differences of all labels named that are there have the paper's sign. beyond: said in `why`."""
    named = [*above, *below]
    there = table.loc[[label for label in named if label in table.index]]
    if there.empty:
        raise NotTestable("none of the labels named has enough gold units here")
    shown = ", ".join(f"{label} {difference:+.1f} (n={n})" for label, difference, n in there.itertuples())
    right = int(((there["difference"] > 0) == there.index.isin(above)).sum())
    absent = ", ".join(label for label in named if label not in table.index)
    why = f"{right} of {len(there)} in the paper's direction" + (f"; not here: {absent}" if absent else "")
    return Finding(shown, right == len(there), why + beyond)
