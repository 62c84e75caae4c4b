"""The 14 claims of the span study and its published numbers beside ours.

Words such as "within reach" or "small" are given a number here, and `why` repeats it. All numbers are hundredths.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from probekit.report.claims import Finding, NotTestable, Study

from ._spans_view import (
    BOUNDARY,
    COREFERENCE,
    DETECTION,
    ENTIRE,
    ENTITY,
    FROZEN,
    LABEL,
    MENTION,
    METHODS,
    ROLE,
    TASKS,
    TITLES,
    TUNED,
    UNIFORM,
    View,
    view,
)

PAPER_TASKS = {
    "constituent labeling": LABEL, "coreference arc prediction": COREFERENCE, "named entity labeling": ENTITY,
    "semantic role labeling": ROLE,
}  # fmt: skip
ONE_ENCODER = "the paper compares eight pretrained encoders; there is one here, so nothing can be said of others"
REACH, SMALL = 2.0, 1.0  # hundredths: "within reach", "small"


def ours_beside(v: View, published: pd.DataFrame) -> pd.DataFrame:
    """Our number for each published one: `ours`, `n`, `our_encoder`, `note`."""
    lines = [_ours(v, row) for row in published.to_dict("records")]
    return pd.DataFrame(lines, columns=["ours", "n", "our_encoder", "note"]).astype({"ours": float})


def _ours(v: View, row: Mapping[Any, Any]) -> tuple[float, int, str, str]:
    task = PAPER_TASKS.get(row["task"], "")
    try:
        if row["metric"] == "micro_f1":
            way = UNIFORM if "uniform" in row["setting"] else FROZEN
            n = int(v.of(task=task)["n_test"].max())
            return v.mean(task, row["method"], way), n, v.encoder, ""
        if row["metric"] == "recall_diff":
            label = row["setting"].partition("label=")[2]
            split = "dev" if "development" in row["setting"] else "test"
            more, less = (("endpoint",), ("max",)) if row["method"].startswith("endpoint") else (BOUNDARY, ENTIRE)
            table = v.recall_difference(task, more, less, split)
            if label not in table.index:
                return np.nan, 0, v.encoder, f"no gold unit has the label {label} here"
            return float(table.loc[label, "difference"]), int(table.loc[label, "n"]), v.encoder, ""
    except (NotTestable, ValueError) as reason:
        return np.nan, 0, "", str(reason)
    return np.nan, 0, "", f"the metric {row['metric']} has no counterpart here"


STUDY = Study(
    name="span-representations",
    title="A Cross-Task Analysis of Text Span Representations",
    source="Toshniwal et al. 2020, RepL4NLP",
    published=Path(__file__).with_name("span_representations.csv"),
    view=view,
    ours=ours_beside,
)


def listed(means: Mapping[str, float]) -> str:
    """Methods with their scores, best first."""
    return ", ".join(f"{m} {value:.1f}" for m, value in sorted(means.items(), key=lambda item: -item[1]))


def mean_of(means: Mapping[str, float], methods: tuple[str, ...]) -> float:
    return float(np.mean([means[method] for method in methods]))


@STUDY.claim(
    1,
    "frozen, constituent tasks: boundary methods beat avg and attn, max is within reach of them",
    "boundary rows bright, avg and attn dark (heatmap)",
)
def claim_1(v: View) -> Finding:
    parts, holds = [], True
    for task in (LABEL, DETECTION):
        means = v.means(task)
        edge = mean_of(means, BOUNDARY)
        holds &= edge > max(means["avg"], means["attn"]) and edge - means["max"] <= REACH
        parts.append(
            f"{TITLES[task]}: boundary {edge:.1f}, max {means['max']:.1f}, avg {means['avg']:.1f}, "
            f"attn {means['attn']:.1f}"
        )
    return Finding("; ".join(parts), holds, f"within reach: at most {REACH:.0f} below")


@STUDY.claim(
    2,
    "frozen, coreference: attn and max are the two best, with learned and with uniform layer weights",
    "attn 90.9-93.0, max 90.8-92.9 for every large encoder",
)
def claim_2(v: View) -> Finding:
    parts, holds = [], True
    for way in (FROZEN, UNIFORM):
        means = v.means(COREFERENCE, way)
        holds &= set(sorted(means, key=lambda method: -means[method])[:2]) == {"attn", "max"}
        parts.append(f"{way}: {listed(means)}")
    return Finding("; ".join(parts), holds, _noise(v, COREFERENCE))


@STUDY.claim(
    3,
    "max is never far from the best: its mean gap to the best over tasks is the least of the six",
    "(heatmaps without numbers)",
)
def claim_3(v: View) -> Finding:
    gaps = {method: [] for method in METHODS}  # type: dict[str, list[float]]
    for task in TASKS:
        means = v.means(task)
        for method in METHODS:
            gaps[method].append(max(means.values()) - means[method])
    mean_gap = {method: float(np.mean(values)) for method, values in gaps.items()}
    ranked = sorted(mean_gap, key=lambda method: mean_gap[method])
    ours = "mean gap " + ", ".join(f"{method} {mean_gap[method]:.2f}" for method in ranked)
    return Finding(ours, ranked[0] == "max", f"over {len(TASKS)} tasks")


@STUDY.claim(
    4,
    "constituent label: avg is the worst by more than 10 frozen, by less than 1 fine-tuned",
    "more than 10; less than .5",
)
def claim_4(v: View) -> Finding:
    frozen, tuned = v.means(LABEL), v.means(LABEL, TUNED)
    behind = [max(means.values()) - means["avg"] for means in (frozen, tuned)]
    if less := v.less_tuning(LABEL):
        raise NotTestable(f"{less}; behind the best by {behind[0]:.1f} frozen, {behind[1]:.1f} fine-tuned")
    worst = min(frozen, key=lambda method: frozen[method]) == "avg"
    shrinks = behind[1] < behind[0]
    ours = f"behind the best by {behind[0]:.1f} frozen, {behind[1]:.1f} fine-tuned; frozen worst: {listed(frozen)}"
    why = "direction holds: the margin shrinks" if shrinks else "the margin does not shrink"
    return Finding(ours, worst and behind[0] > 10 and behind[1] < 1, why)


@STUDY.claim(
    5,
    "the range over methods exceeds that over encoders when frozen; it is smaller fine-tuned than frozen",
    "(heatmaps without numbers)",
)
def claim_5(v: View) -> Finding:
    tuned = [task for task in TASKS if not v.of(task=task, way=TUNED).empty]
    if not tuned:
        raise NotTestable("no fine-tuned score")
    pairs = {task: (v.spread(task), v.spread(task, TUNED)) for task in tuned}
    ours = ", ".join(f"{TITLES[task]} {a:.1f} frozen, {b:.1f} fine-tuned" for task, (a, b) in pairs.items())
    if less := [text for task in tuned if (text := v.less_tuning(task))]:
        raise NotTestable(f"{less[0]}; range over methods: {ours}; encoders: {ONE_ENCODER}")
    holds = all(b < a for a, b in pairs.values())
    return Finding(f"range over methods: {ours}", holds, "second half alone; encoders: " + ONE_ENCODER)


@STUDY.claim(6, "entities: the range over methods is small, spans being short", "(heatmap without numbers)")
def claim_6(v: View) -> Finding:
    ranges = {task: v.spread(task) for task in TASKS}
    ours = ", ".join(f"{TITLES[task]} {value:.1f}" for task, value in sorted(ranges.items(), key=lambda kv: kv[1]))
    holds = ranges[ENTITY] < float(np.median(list(ranges.values())))
    return Finding(f"range: {ours}", holds, "small: below the median range of the six tasks")


@STUDY.claim(
    7,
    "mention detection: boundary methods and max beat attn; attn is below avg for most encoders",
    "(heatmap without numbers)",
)
def claim_7(v: View) -> Finding:
    means = v.means(MENTION)
    holds = min(mean_of(means, BOUNDARY), means["max"]) > means["attn"] and means["attn"] < means["avg"]
    return Finding(listed(means), holds, _noise(v, MENTION))


@STUDY.claim(
    8, "semantic roles: coherent >= max, attn >= the others, by small differences", "(heatmap without numbers)"
)
def claim_8(v: View) -> Finding:
    means = v.means(ROLE)
    rest = max(means[method] for method in ("avg", "endpoint", "diffsum"))
    holds = means["coherent"] >= max(means["max"], means["attn"]) and min(means["max"], means["attn"]) >= rest
    return Finding(listed(means), holds, _noise(v, ROLE))


@STUDY.claim(9, "RoBERTa is strong on every task; SpanBERT gains most where boundary methods win", "(heatmaps)")
def claim_9(v: View) -> Finding:
    raise NotTestable(ONE_ENCODER)


@STUDY.claim(
    10, "constituent tasks: large encoders are not better than their base versions; elsewhere they are", "(heatmaps)"
)
def claim_10(v: View) -> Finding:
    raise NotTestable(ONE_ENCODER)


@STUDY.claim(
    11,
    "coreference: learned layer weights beat uniform ones for attn; with max they gain less",
    "attn +.60, max +.28 on average",
)
def claim_11(v: View) -> Finding:
    gain = {m: v.mean(COREFERENCE, m) - v.mean(COREFERENCE, m, UNIFORM) for m in ("attn", "max")}
    ours = ", ".join(f"{method} {value:+.2f}" for method, value in gain.items())
    return Finding(ours, gain["attn"] > 0 and gain["max"] < gain["attn"], _noise(v, COREFERENCE))


@STUDY.claim(
    12,
    "centre of gravity of layer weights: constituent label < semantic role < coreference",
    "mass moves from lower to higher layers (bars)",
)
def claim_12(v: View) -> Finding:
    centres = {task: v.centre(task) for task in (LABEL, ROLE, COREFERENCE)}
    ours = ", ".join(f"{TITLES[task]} {value:.2f}" for task, value in centres.items())
    return Finding(
        ours, centres[LABEL] < centres[ROLE] < centres[COREFERENCE], "layers from 0; uniform weights: the middle"
    )


def _signs(table: pd.DataFrame, above: tuple[str, ...], below: tuple[str, ...]) -> tuple[str, bool, str]:
    labels = table.index.astype(str).tolist()
    difference = dict(zip(labels, table["difference"].astype(float).tolist(), strict=True))
    n = dict(zip(labels, table["n"].astype(int).tolist(), strict=True))
    there = [label for label in (*above, *below) if label in difference]
    if not there:
        raise NotTestable("none of the labels named has enough gold units here")
    ours = ", ".join(f"{label} {difference[label]:+.1f} (n={n[label]})" for label in there)
    right = [label for label in there if (difference[label] > 0) == (label in above)]
    absent = ", ".join(label for label in (*above, *below) if label not in difference)
    why = f"{len(right)} of {len(there)} in the paper's direction" + (f"; not here: {absent}" if absent else "")
    return ours, len(right) == len(there), why


@STUDY.claim(
    13,
    "recall of endpoint above max for SBAR, PRN, ADJP, PP; below for SINV, FRAG, SQ, SBARQ",
    "+6.1, +4.6, +3.3, +2.7; -15.7, -6.5, -6.5, -6.1",
)
def claim_13(v: View) -> Finding:
    table = v.recall_difference(LABEL, ("endpoint",), ("max",), "dev", LEAST)
    return Finding(*_signs(table, ("SBAR", "PRN", "ADJP", "PP"), ("SINV", "FRAG", "SQ", "SBARQ")))


@STUDY.claim(
    14,
    "recall of boundary above entire for C-ARG1, ARGM-DIS, ARGM-MNR, below for ARG3, ARGM-DIR, ARGM-EXT; entities: "
    "below for WORK OF ART, LOC, LAW, TIME",
    "+10.9, +3.2, +2.0; -4.3, -5.2, -8.1; -6.0 to -2.3",
)
def claim_14(v: View) -> Finding:
    table = v.recall_difference(ROLE, BOUNDARY, ENTIRE, least=LEAST)
    table.index = table.index.str.upper().str.replace("^A(?=[0-9M])", "ARG", regex=True)
    ours, holds, why = _signs(table, ("C-ARG1", "ARGM-DIS", "ARGM-MNR"), ("ARG3", "ARGM-DIR", "ARGM-EXT"))
    return Finding(ours, holds, f"{why}; roles alone, the entity types here are others")


# Gold units that a label needs for its recall to be read; the paper asks 100 of its constituents.
LEAST = 20


def _noise(v: View, task: str) -> str:
    sd = v.seed_sd(task)
    return "one seed" if np.isnan(sd) else f"standard deviation over seeds {sd:.2f}"
