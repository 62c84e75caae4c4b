"""The 14 claims of the span study.

A claim is cut into parts, each a quantity that lies above 0 where the part holds; its 95 % interval over resampled test
documents, paired, decides (over seeds for layer weights). What cannot be asked here is named as untested, and a claim
with such a part does not hold. Words such as "within reach" or "small" are given a number, and `why` repeats it. All
numbers are hundredths.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from probekit.experiments.span_representations import STUDY

from probekit.probes.span_names import BOUNDARY, ENTIRE, METHODS
from probekit.report import Finding, NotTestable, clears, shown
from probekit.scores import Comparison, one_sample_t

from ._span_representations_parts import Parts
from ._span_representations_view import (
    COMMONEST,
    CUT,
    FROZEN,
    LEAST,
    TASKS,
    TUNED,
    UNIFORM,
    SpanView,
    by_constituent,
    commonest,
)

LABEL, DETECTION, ENTITY, ROLE, MENTION, COREFERENCE = TASKS
HEATMAP, HEATMAPS = "(heatmap without numbers)", "(heatmaps without numbers)"
# Within reach and small: at most so many F; not below: at most so much less.
REACH, EQUAL = 2.0, 0.5
Drawn = Mapping[str, np.ndarray]


def listed(drawn: Drawn) -> str:
    """Scores of the methods, the best first."""
    order = sorted(drawn, key=lambda method: -drawn[method][0])
    return ", ".join(f"{method} {drawn[method][0]:.1f}" for method in order)


def least(drawn: Drawn, methods: Iterable[str]) -> np.ndarray:
    return np.min([drawn[method] for method in methods], axis=0)


def most(drawn: Drawn, methods: Iterable[str] = METHODS) -> np.ndarray:
    return np.max([drawn[method] for method in methods], axis=0)


def mean(drawn: Drawn, methods: Iterable[str] = METHODS) -> np.ndarray:
    return np.mean([drawn[method] for method in methods], axis=0)


def others(*methods: str) -> list[str]:
    return [method for method in METHODS if method not in methods]


def spread(drawn: Drawn) -> np.ndarray:
    """Range over methods."""
    return most(drawn) - least(drawn, METHODS)


def over_encoders(v: SpanView, task: str, encoders: Sequence[str]) -> dict[str, np.ndarray]:
    """Frozen scores of methods, means over encoders."""
    found = [v.drawn(task, encoder=encoder) for encoder in encoders]
    return {method: np.mean([one[method] for one in found], axis=0) for method in METHODS}


@STUDY.claim(
    1,
    "frozen, mean over encoders, constituent tasks: boundary methods beat avg and attn, max is within reach of them",
    "boundary rows bright, avg and attn dark (heatmap)",
)
def boundary_and_max_for_constituents(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(LABEL, DETECTION)
    means = []
    for task in (LABEL, DETECTION):
        drawn = over_encoders(v, task, encoders)
        edge = mean(drawn, BOUNDARY)
        for method in ("avg", "attn"):
            parts.above(f"{task}: boundary - {method}", edge - drawn[method], task)
        parts.above(f"{task}: {REACH:.0f} - (boundary - max)", REACH - (edge - drawn["max"]), task)
        means.append(f"{task}: {listed(drawn)}")
    parts.read_of(LABEL, DETECTION, encoder=encoders)
    units = int(v.of(title=[LABEL, DETECTION], encoder=encoders)["n_train"].max())
    rule = f"within reach: at most {REACH:.0f} below, with {units:,} training units; {_of_encoders(encoders)}"
    return parts.finding("; ".join(means), rule)


def _of_encoders(encoders: Sequence[str]) -> str:
    return f"mean of {len(encoders)} encoders" if len(encoders) > 1 else "one encoder"


@STUDY.claim(
    2,
    "frozen, coreference: attn and max are the two best for every encoder, with learned and with uniform layer weights",
    "attn 90.9-93.0, max 90.8-92.9 for every large encoder (one tie)",
)
def attn_and_max_for_coreference(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(COREFERENCE)
    for encoder in encoders:
        for way in (FROZEN, UNIFORM):
            name = f"{encoder} {way}: lesser of attn and max - best other"

            def test(name: str = name, encoder: str = encoder, way: str = way) -> None:
                drawn = v.drawn(COREFERENCE, way, encoder)
                both = ("attn", "max")
                parts.each(name, [drawn[a] - drawn[b] for a in both for b in others(*both)], COREFERENCE)

            parts.attempt(name, test)
    parts.read_of(COREFERENCE, encoder=encoders, way=[FROZEN, UNIFORM])
    return parts.finding(rule="the paper's encoders are large ones, ours are not")


@STUDY.claim(3, "max is never far from the best: its mean gap to the best over tasks is the least of the six", HEATMAPS)
def max_is_near_the_best(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(*TASKS)
    drawn = [over_encoders(v, task, encoders) for task in TASKS]
    gaps = {method: np.mean([most(one) - one[method] for one in drawn], axis=0) for method in METHODS}
    parts.each("least gap of the others - that of max", [gaps[m] - gaps["max"] for m in others("max")], *TASKS)
    parts.read_of(*TASKS, encoder=encoders)
    order = sorted(METHODS, key=lambda method: gaps[method][0])
    ours = ", ".join(f"{method} {gaps[method][0]:.2f}" for method in order)
    return parts.finding(f"mean gap {ours}", f"over {len(TASKS)} tasks; {_of_encoders(encoders)}")


@STUDY.claim(
    4,
    "constituent label: avg is the worst by more than 10 frozen, by less than 1 fine-tuned",
    "more than 10; less than .5",
)
def avg_catches_up(v: SpanView) -> Finding:
    parts, frozen = Parts(v), v.drawn(LABEL)
    best = max(frozen, key=lambda method: frozen[method][0])
    parts.each("frozen: worst of the others - avg", [frozen[m] - frozen["avg"] for m in others("avg")], LABEL)
    parts.above(f"frozen: best ({best}) - avg - 10", frozen[best] - frozen["avg"] - 10, LABEL)
    parts.read_of(LABEL)

    def tuned() -> None:
        _comparable(v, LABEL)
        drawn = v.drawn(LABEL, TUNED)
        gaps = [1 - (drawn[method] - drawn["avg"]) for method in others("avg")]
        parts.each("fine-tuned: 1 - (best - avg)", gaps, LABEL)
        parts.read_of(LABEL, way=TUNED)

    parts.attempt("fine-tuned", tuned)
    return parts.finding(f"frozen: {listed(frozen)}")


def _comparable(v: SpanView, task: str) -> None:
    """Raises NotTestable unless as many units were trained on frozen as fine-tuned."""
    units = {way: v.of(title=task, way=way)["n_train"].max() for way in (TUNED, CUT)}
    for way, number in units.items():
        if pd.isna(number):
            raise NotTestable(f"no {way} score of {task}")
    if not 0.9 <= units[TUNED] / units[CUT] <= 1.1:
        raise NotTestable(f"fine-tuned on {units[TUNED]:,} units, frozen on {units[CUT]:,}")


@STUDY.claim(
    5, "the range over methods exceeds that over encoders when frozen; it is smaller fine-tuned than frozen", HEATMAPS
)
def tuning_levels_methods(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(*TASKS)

    def differ() -> None:
        if len(encoders) < 2:
            raise NotTestable("one encoder")
        gaps = []
        for task in TASKS:
            every = [v.drawn(task, encoder=encoder) for encoder in encoders]
            means = np.stack([mean(drawn) for drawn in every])
            gaps.append(spread(over_encoders(v, task, encoders)) - (means.max(axis=0) - means.min(axis=0)))
        parts.above("mean over tasks of range over methods - range over encoders", np.mean(gaps, axis=0), *TASKS)
        parts.read_of(*TASKS, encoder=encoders)

    def levelled(task: str) -> None:
        _comparable(v, task)
        gap = spread(v.drawn(task, CUT)) - spread(v.drawn(task, TUNED))
        parts.above(f"{task}: range frozen - fine-tuned", gap, task)
        parts.read_of(task, way=[CUT, TUNED])

    parts.attempt("range over encoders", differ)
    for task in sorted(set(v.scores.loc[v.scores["way"].eq(TUNED), "title"]), key=TASKS.index):
        parts.attempt(f"{task} fine-tuned", partial(levelled, task))
    if not v.scores["way"].eq(TUNED).any():
        parts.without("the second half", "no fine-tuned score")
    return parts.finding(rule=f"{_of_encoders(encoders)}; frozen and fine-tuned on as many training units")


@STUDY.claim(6, "entities: the range over methods is small, spans being short", HEATMAP)
def little_at_stake_for_entities(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(*TASKS)
    ranges = {task: spread(over_encoders(v, task, encoders)) for task in TASKS}
    middle = np.median([ranges[task] for task in TASKS if task != ENTITY], axis=0)
    parts.above("median range of the other tasks - that of entities", middle - ranges[ENTITY], *TASKS)
    parts.read_of(*TASKS, encoder=encoders)
    ours = ", ".join(f"{task} {ranges[task][0]:.1f}" for task in sorted(TASKS, key=lambda task: ranges[task][0]))
    return parts.finding(
        f"range: {ours}", f"small: below the median range of the other tasks; {_of_encoders(encoders)}"
    )


@STUDY.claim(
    7,
    "mention detection: boundary methods and max beat attn; attn is below avg for most encoders and varies more across "
    "encoders",
    HEATMAP,
)
def attn_last_for_mentions(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(MENTION)
    drawn = over_encoders(v, MENTION, encoders)
    every = {encoder: v.drawn(MENTION, encoder=encoder) for encoder in encoders}
    for method in (*BOUNDARY, "max"):
        parts.above(f"{method} - attn", drawn[method] - drawn["attn"], MENTION)
    below = [v.tested(one["avg"] - one["attn"], MENTION) for one in every.values()]
    if len(every) < 3:
        parts.without("attn below avg for most encoders", f"{len(every)} of at least 3 encoders")
        parts.without("attn varies more across encoders than avg", f"{len(every)} of at least 3 encoders")
    else:
        parts.held["attn below avg for most encoders"] = _most([clears(one) for one in below])
        widths = {m: np.std([one[m] for one in every.values()], axis=0, ddof=1) for m in ("attn", "avg")}
        parts.above("deviation over encoders of attn - of avg", widths["attn"] - widths["avg"], MENTION)
    parts.numbers += [f"{e}: avg - attn {shown(one, 1)}" for e, one in zip(every, below, strict=True)]
    parts.read_of(MENTION, encoder=encoders)
    return parts.finding(listed(drawn), _of_encoders(encoders))


def _most(held: Sequence[bool | None]) -> bool | None:
    """Whether more than half of some parts hold, as far as can be told."""
    if 2 * sum(one is True for one in held) > len(held):
        return True
    return False if 2 * sum(one is False for one in held) >= len(held) else None


@STUDY.claim(8, "semantic roles: coherent >= max ~ attn >= the others, by small differences", HEATMAP)
def coherent_first_for_roles(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(ROLE)
    drawn = over_encoders(v, ROLE, encoders)
    parts.above(f"coherent - max + {EQUAL}", drawn["coherent"] - drawn["max"] + EQUAL, ROLE)
    parts.each(f"{REACH:.0f} - |max - attn|", _apart(drawn, ["max", "attn"]), ROLE)
    for method in ("avg", "endpoint", "diffsum"):
        gaps = [drawn[one] - drawn[method] + EQUAL for one in ("max", "attn")]
        parts.each(f"lesser of max and attn - {method} + {EQUAL}", gaps, ROLE)
    parts.each(f"{REACH:.0f} - range", _apart(drawn, METHODS), ROLE)
    parts.read_of(ROLE, encoder=encoders)
    rule = f"not below: at most {EQUAL} less; alike and small: at most {REACH:.0f} apart; {_of_encoders(encoders)}"
    return parts.finding(listed(drawn), rule)


def _apart(drawn: Drawn, methods: Sequence[str]) -> list[np.ndarray]:
    """How far each two of some methods are from being `REACH` apart, either way."""
    return [REACH - (drawn[a] - drawn[b]) for a in methods for b in methods if a != b]


@STUDY.claim(9, "RoBERTa is strong on every task; SpanBERT gains most where boundary methods win", "(heatmaps)")
def named_encoders(v: SpanView) -> Finding:
    raise NotTestable(f"neither RoBERTa nor SpanBERT is here, but {', '.join(v.pretrained)}")


@STUDY.claim(
    10, "constituent tasks: large encoders are not better than their base versions; elsewhere they are", "(heatmaps)"
)
def sizes_compared(v: SpanView) -> Finding:
    raise NotTestable(f"no encoder is here in two sizes: {', '.join(v.pretrained)}")


@STUDY.claim(
    11,
    "coreference: learned layer weights beat uniform ones for attn in every encoder; SpanBERT gains most, XLNet least; "
    "with max they gain less than with attn",
    "attn +.60, max +.28 on average; SpanBERT +.97, XLNet +.08",
)
def learned_weights_help_attn(v: SpanView) -> Finding:
    parts, encoders = Parts(v), v.asked(COREFERENCE)
    gains: dict[str, list[np.ndarray]] = {"attn": [], "max": []}

    def gain(encoder: str) -> None:
        learned, uniform = (v.drawn(COREFERENCE, way, encoder) for way in (FROZEN, UNIFORM))
        for method, found in gains.items():
            found.append(learned[method] - uniform[method])
        parts.above(f"{encoder}: attn learned - uniform", gains["attn"][-1], COREFERENCE)

    for encoder in encoders:
        parts.attempt(encoder, partial(gain, encoder))
    if gains["attn"]:
        attn, greatest = (np.mean(found, axis=0) for found in gains.values())
        parts.above("gain of attn - gain of max", attn - greatest, COREFERENCE)
    parts.without("SpanBERT most, XLNet least", "neither is here")
    parts.read_of(COREFERENCE, encoder=encoders, way=[FROZEN, UNIFORM])
    return parts.finding(rule=_of_encoders(encoders))


@STUDY.claim(
    12,
    "centre of gravity of layer weights: constituent label < semantic role < coreference",
    "mass moves from lower to higher layers (bars)",
)
def coreference_sits_highest(v: SpanView) -> Finding:
    parts = Parts(v)
    centres = {task: _centres(v, task) for task in (LABEL, ROLE, COREFERENCE)}
    for low, high in ((LABEL, ROLE), (ROLE, COREFERENCE)):
        both = pd.concat([centres[low], centres[high]], axis=1, join="inner").to_numpy()
        v.drawn(low), v.drawn(high)  # what did not learn has no layers to tell of
        parts.decide(f"{high} - {low}", one_sample_t(both[:, 1] - both[:, 0], 0.0, unit="seed"), digits=2)
    parts.read_of(LABEL, ROLE, COREFERENCE)
    ours = ", ".join(f"{task} {found.mean():.2f}" for task, found in centres.items())
    return parts.finding(ours, f"layers of {v.encoder} from 0; each seed is the mean over methods")


def _centres(v: SpanView, task: str) -> pd.Series:
    """Centre of the layer weights of each seed, methods together."""
    weights = v.layer_weights(task)
    # Weights of each method sum to one, so that the centre of all is the mean of theirs; 0 is the embedding layer.
    weighted = weights.assign(at=weights["layer"] * weights["value"]).groupby("seed")[["at", "value"]].sum()
    return weighted["at"] / weighted["value"]


@STUDY.claim(
    13,
    "recall of endpoint above max for SBAR, PRN, ADJP, PP; below for SINV, FRAG, SQ, SBARQ",
    "+6.1, +4.6, +3.3, +2.7; -15.7, -6.5, -6.5, -6.1",
)
def endpoint_and_max_by_constituent(v: SpanView) -> Finding:
    parts, tables = Parts(v), by_constituent(v)
    v.drawn(LABEL)
    for label in ("SBAR", "PRN", "ADJP", "PP", "SINV", "FRAG", "SQ", "SBARQ"):
        counts = {name: int(table["n"].get(label, 0)) for name, table in tables.items()}
        enough = [name for name, n in counts.items() if n >= LEAST]
        for name in enough:
            above = label in ("SBAR", "PRN", "ADJP", "PP")
            parts.decide(f"{label} ({name}, n={counts[name]})", _compared(tables[name], label), above)
        if not enough:
            parts.without(label, f"at most {max(counts.values())} of {LEAST} gold units")
    parts.read_of(LABEL)
    return parts.finding(rule=f"all development units; labels with {LEAST} gold units or more")


def _compared(table: pd.DataFrame, label: str) -> Comparison:
    """The line of a label in a table of recalls as the comparison that it is."""
    line = table.loc[[label]].iloc[0]
    return Comparison(line["difference"], line["low"], line["high"], np.nan, "", line["unit"], int(line["documents"]))


@STUDY.claim(
    14,
    "recall of boundary above entire for C-ARG1, ARGM-DIS, ARGM-MNR, below for ARG3, ARGM-DIR, ARGM-EXT; entities: "
    "below for WORK OF ART, LOC, LAW, TIME",
    "+10.9, +3.2, +2.0; -4.3, -5.2, -8.1; -6.0 to -2.3",
)
def boundary_and_entire_by_role(v: SpanView) -> Finding:
    parts, table = Parts(v), commonest(v.recall_difference(ROLE, BOUNDARY, ENTIRE))
    v.drawn(ROLE)
    for label in ("C-ARG1", "ARGM-DIS", "ARGM-MNR", "ARG3", "ARGM-DIR", "ARGM-EXT"):
        if label in table.index:
            above = label in ("C-ARG1", "ARGM-DIS", "ARGM-MNR")
            parts.decide(f"{label} (n={table['n'][label]})", _compared(table, label), above)
        else:
            parts.without(label, f"not among the {COMMONEST} commonest roles")
    parts.without("WORK OF ART, LOC, LAW, TIME", "the entity types here are others")
    parts.read_of(ROLE)
    return parts.finding(rule=f"roles among the {COMMONEST} commonest")
