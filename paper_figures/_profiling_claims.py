"""The 15 claims of the linguistic-profiling study, and its published numbers beside ours.

The paper's layer -8 (its best with Mean pooling) is read as our best Mean layer, its -1 as our last; a word
such as "far" or "small" is given a number here, and `why` repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from probekit.report.claims import Finding, NotTestable, Study
from probekit.report.latex import number

from ._profiling_view import ALL, GROUP_TITLES, GROUPS, POOLING_TITLES, POOLINGS, TOKENS, Side, View, view

TITLE_GROUPS = {title: group for group, title in GROUP_TITLES.items()}
TITLE_POOLINGS = {title: pooling for pooling, title in POOLING_TITLES.items()}
BEST, LAST = -8, -1


def our_layer(v: View, paper_layer: int, words: bool = False) -> tuple[int, str]:
    """Our layer for one of the paper's, and how it was found. Raises NotTestable where there is none.

    words: for single-word vectors, which may have been run at fewer layers.
    """
    if paper_layer == BEST:
        layer = v.best_word if words else v.best
        among = "" if layer == v.best else " among those with single words"
        return (layer, f"-8 read as our best Mean layer{among}, {v.negative(layer)} (layer {layer} of {v.last})")
    if paper_layer == LAST:
        return v.last, f"-1 read as our last layer, {v.last}"
    if len(v.layers) == 12:
        return v.layers[paper_layer], ""
    raise NotTestable(f"layer {paper_layer} of 12 has no counterpart among {len(v.layers)} layers")


def ours_beside(v: View, published: pd.DataFrame) -> pd.DataFrame:
    """Our number for each published one: `ours`, `n`, `our_encoder`, `our_layer`, `note`."""
    rows = []
    for row in published.to_dict("records"):
        layer, note, encoder = None, "", ""
        try:
            side = _side(row["encoder"])
            encoder = {"contextual": v.encoder, "static": v.static, "": "sentence length"}[side]
            if side == "contextual" and not pd.isna(row["layer"]):
                layer, note = our_layer(v, int(row["layer"]), words=row["table"] == "Table 5")
            value = _ours(v, row, side, layer)
        except NotTestable as reason:
            value, note = float("nan"), str(reason)
        rows.append((value, v.n, encoder, layer, note))
    table = pd.DataFrame(rows, columns=["ours", "n", "our_encoder", "our_layer", "note"])
    return table.astype({"our_layer": "Int64", "ours": float})


def _side(encoder: Any) -> Any:
    return "" if not isinstance(encoder, str) else "contextual" if encoder.startswith("bert") else "static"


def _ours(v: View, row: Mapping[Any, Any], side: Any, layer: int | None) -> float:
    group = TITLE_GROUPS[row["task"]]
    if not side:
        return v.baseline(group)
    if row["table"] == "Table 2":
        return v.overall(side, group)
    pooling = TITLE_POOLINGS[row["method"]]
    if row["table"] == "Table 4" and layer is not None:
        return v.difference(pooling, layer)
    return v.mean(side, pooling, layer, group)


STUDY = Study(
    name="linguistic-profiling",
    title="Contextual and Non-Contextual Word Embeddings: an in-depth Linguistic Investigation",
    source="Miaschi & Dell'Orletta 2020, RepL4NLP",
    published=Path(__file__).with_name("linguistic_profiling.csv"),
    view=view,
    ours=ours_beside,
)


def two(value: float) -> str:
    """A correlation as the paper writes it."""
    return number(value, 2, leading_zero=False)


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign."""
    text = number(value, digits, leading_zero=False)
    return text if text.startswith("-") else f"+{text}"


def judged(ours: str, parts: Mapping[str, bool], rule: str = "") -> Finding:
    """A claim of several parts holds when all do; `why` names those that do not."""
    failing = [part for part, holds in parts.items() if not holds]
    why = [f"not so: {', '.join(failing)}"] if failing else []
    return Finding(ours, not failing, "; ".join([*why, rule] if rule else why))


def both(v: View) -> dict[str, int]:
    """The two layers of the single-word study."""
    return {f"layer {v.negative(layer)}": layer for layer in dict.fromkeys((v.best_word, v.last))}


@STUDY.claim(1, "word2vec >= BERT averaged over all features, poolings and layers", ".56 vs .53")
def claim_1(v: View) -> Finding:
    static, contextual = v.overall("static"), v.overall("contextual")
    return Finding(f"{two(static)} vs {two(contextual)}", static >= contextual)


@STUDY.claim(2, "both exceed the length baseline in every group", "smallest margin +.11 (BERT, Syntax)")
def claim_2(v: View) -> Finding:
    sides: tuple[tuple[Side, str], ...] = (("contextual", v.encoder), ("static", v.static))
    margins = {
        (name, GROUP_TITLES[group]): v.overall(side, group) - v.baseline(group)
        for side, name in sides
        for group in (*GROUPS, ALL)
    }
    (name, group), least = min(margins.items(), key=lambda item: item[1])
    parts = {f"{who} in {where}": margin > 0 for (who, where), margin in margins.items()}
    return judged(f"smallest margin {signed(least, 2)} ({name}, {group})", parts)


@STUDY.claim(
    3,
    "BERT > word2vec on Raw text, word2vec > BERT on Morphosyntax, little difference on Syntax",
    "BERT minus word2vec: Raw text +.14, Morphosyntax -.08, Syntax -.01",
)
def claim_3(v: View) -> Finding:
    gap = {group: v.overall("contextual", group) - v.overall("static", group) for group in GROUPS}
    shown = ", ".join(f"{GROUP_TITLES[group]} {signed(gap[group], 2)}" for group in GROUPS)
    smallest = 2 * abs(gap["syntax"]) <= min(abs(gap["raw text"]), abs(gap["morphosyntax"]))
    return judged(
        shown,
        {
            "Raw text above": gap["raw text"] > 0,
            "Morphosyntax below": gap["morphosyntax"] < 0,
            "Syntax small": smallest,
        },
        "small: at most half of each of the other two differences",
    )


@STUDY.claim(
    4, "word2vec: Sum is the best pooling for Raw text and Syntax, Mean for Morphosyntax", "Sum .56, Sum .61, Mean .61"
)
def claim_4(v: View) -> Finding:
    best = {}
    for group in ("raw text", "syntax", "morphosyntax"):
        scores = {pooling: v.mean("static", pooling, group=group) for pooling in POOLINGS}
        best[group] = max(scores.items(), key=lambda item: item[1])
    wanted = {"raw text": "sum", "syntax": "sum", "morphosyntax": "mean"}
    shown = ", ".join(f"{GROUP_TITLES[g]} {POOLING_TITLES[p]} {two(x)}" for g, (p, x) in best.items())
    return judged(shown, {GROUP_TITLES[g]: best[g][0] == pooling for g, pooling in wanted.items()})


@STUDY.claim(
    5,
    "BERT minus word2vec: Mean is the best of the four poolings at every layer, the only one ever positive; "
    "positive at every layer but the last, negative there",
    "Mean +.006 to +.066 at -12..-2, -.007 at -1; others at most -.025",
)
def claim_5(v: View) -> Finding:
    gaps = {pooling: [v.difference(pooling, layer) for layer in v.layers] for pooling in POOLINGS}
    others = [gaps[pooling] for pooling in POOLINGS if pooling != "mean"]
    before = gaps["mean"][:-1]
    most = max(map(max, others))
    range_text = f"{signed(min(before))} to {signed(max(before))} before the last layer, " if before else ""
    return judged(
        f"Mean {range_text}{signed(gaps['mean'][-1])} at the last; others at most {signed(most)}",
        {
            "Mean best at every layer": all(
                mean > max(rest) for mean, rest in zip(gaps["mean"], zip(*others, strict=True), strict=True)
            ),
            "other poolings never positive": most <= 0,
            "Mean positive before the last layer": all(gap > 0 for gap in before),
            "Mean negative at the last layer": gaps["mean"][-1] < 0,
        },
    )


@STUDY.claim(6, "BERT Mean minus word2vec Mean: greatest at layer -8, least at layer -1", "+.066 at -8, -.007 at -1")
def claim_6(v: View) -> Finding:
    gaps = {layer: v.difference("mean", layer) for layer in v.layers}
    least = min(gaps, key=lambda layer: gaps[layer])
    return judged(
        f"{signed(gaps[v.best])} at {v.negative(v.best)}, {signed(gaps[v.last])} at -1 "
        f"(least {signed(gaps[least])} at {v.negative(least)})",
        {"best layer before the last": v.best < v.last, "least at the last layer": least == v.last},
        "the greatest is at our best Mean layer by the reading of -8",
    )


@STUDY.claim(
    7,
    "BERT Sum minus word2vec Sum: the lowest of the four poolings at every layer; falls from -7 to -1",
    "-.088 at -7 to -.128 at -1",
)
def claim_7(v: View) -> Finding:
    later = [layer for layer in v.layers if layer > v.best]
    start = later[0] if len(later) > 1 else v.best
    path = [v.difference("sum", layer) for layer in v.layers if layer >= start]
    if len(path) < 2:
        raise NotTestable("our best Mean layer is the last; nothing comes after it")
    lowest = all(v.difference("sum", layer) <= min(v.difference(p, layer) for p in POOLINGS) for layer in v.layers)
    return judged(
        f"{signed(path[0])} at {v.negative(start)} to {signed(path[-1])} at -1",
        {"lowest at every layer": lowest, "falls at each step": all(b < a for a, b in pairwise(path))},
        f"-7, the layer after the best, read as our {v.negative(start)}",
    )


@STUDY.claim(
    8,
    "BERT Mean and Sum lose average rho from layer -8 to -1; Max and Min lose less",
    "Mean -.073, Sum -.040, Max -.030, Min -.029",
)
def claim_8(v: View) -> Finding:
    change = {p: v.mean("contextual", p, v.last) - v.mean("contextual", p, v.best) for p in POOLINGS}
    return judged(
        ", ".join(f"{POOLING_TITLES[p]} {signed(change[p])}" for p in POOLINGS),
        {
            "Mean loses": change["mean"] < 0,
            "Sum loses": change["sum"] < 0,
            "Max and Min lose less than both": min(change["max"], change["min"]) > max(change["mean"], change["sum"]),
        },
    )


@STUDY.claim(
    9,
    "BERT single token: tok_4 beats tok_1, tok_2 and tok_3 in all groups at both layers; [CLS] beats it on "
    "Raw text only",
    "-8: tok_4 .65/.66/.62, [CLS] .66/.47/.52; -1: tok_4 .59/.57/.53, [CLS] .61/.45/.49",
)
def claim_9(v: View) -> Finding:
    shown, parts = [], {}
    for name, layer in both(v).items():
        means = {p: {g: v.mean("contextual", p, layer, g) for g in GROUPS} for p in (*TOKENS.values(), "cls")}
        last, cls = means["word:-1"], means["cls"]
        shown.append(f"{name.removeprefix('layer ')}: tok_4 {_slashed(last)}, [CLS] {_slashed(cls)}")
        for group in GROUPS:
            rest = max(means[p][group] for p in list(TOKENS.values())[:3])
            parts[f"tok_4 best in {GROUP_TITLES[group]} at {name}"] = last[group] > rest
            above = cls[group] > last[group]
            word = "above" if group == "raw text" else "below"
            parts[f"[CLS] {word} tok_4 in {GROUP_TITLES[group]} at {name}"] = above == (group == "raw text")
    return judged("; ".join(shown), parts)


def _slashed(means: Mapping[str, float]) -> str:
    return "/".join(two(value) for value in means.values())


@STUDY.claim(10, "|tok_2 - tok_3| <= .01 in every BERT cell", "at most .01")
def claim_10(v: View) -> Finding:
    gaps = {
        f"{GROUP_TITLES[group]} at {name}": abs(
            round(v.mean("contextual", "word:1/3", layer, group), 2)
            - round(v.mean("contextual", "word:2/3", layer, group), 2)
        )
        for name, layer in both(v).items()
        for group in (*GROUPS, ALL)
    }
    where = max(gaps, key=lambda name: gaps[name])
    return judged(
        f"at most {two(gaps[where])} ({where})",
        {name: gap < 0.0101 for name, gap in gaps.items()},
        "rounded to two decimals, as published",
    )


@STUDY.claim(11, "layer -8 beats layer -1 for every token position, [CLS] and group", "smallest gain +.01")
def claim_11(v: View) -> Finding:
    gains = {
        f"{POOLING_TITLES[p]} in {GROUP_TITLES[g]}": v.mean("contextual", p, v.best_word, g)
        - v.mean("contextual", p, v.last, g)
        for p in (*TOKENS.values(), "cls")
        for g in (*GROUPS, ALL)
    }
    where = min(gains, key=lambda name: gains[name])
    return judged(f"smallest gain {signed(gains[where])} ({where})", {name: gain > 0 for name, gain in gains.items()})


@STUDY.claim(
    12,
    "word2vec single tokens lie far below every BERT token and never rise from tok_1 to tok_4",
    "word2vec at most .26, BERT at least .45 ([CLS], Morphosyntax) and .49 (tokens)",
)
def claim_12(v: View) -> Finding:
    static = {g: [v.mean("static", p, group=g) for p in TOKENS.values()] for g in (*GROUPS, ALL)}
    contextual = {
        g: min(v.mean("contextual", p, layer, g) for p in (*TOKENS.values(), "cls") for layer in both(v).values())
        for g in (*GROUPS, ALL)
    }
    parts = {}
    for group in (*GROUPS, ALL):
        title = GROUP_TITLES[group]
        rounded = [round(value, 2) for value in static[group]]
        parts[f"far below in {title}"] = contextual[group] - max(static[group]) >= 0.10
        parts[f"never rises in {title}"] = all(b <= a for a, b in pairwise(rounded))
    return judged(
        f"{v.static} at most {two(max(map(max, static.values())))}, "
        f"{v.encoder} at least {two(min(contextual.values()))}",
        parts,
        "far: by .10 or more within each group, [CLS] counted as a token; never rises: to two decimals",
    )


@STUDY.claim(
    13,
    "features in the half most correlated with sentence length gain more from BERT (Mean pooling) than the other half",
    "(figure without numbers)",
)
def claim_13(v: View) -> Finding:
    gain = sum(v.features("contextual", "mean", layer) for layer in v.layers) / len(v.layers)
    gain = gain - v.features("static", "mean")
    ranked = v.by_length()
    more, less = (float(gain[half].mean()) for half in (ranked[:34], ranked[34:]))
    return Finding(
        f"{signed(more)} vs {signed(less)}", more > less, "mean over all layers; halves by absolute correlation"
    )


@STUDY.claim(
    14,
    "avg_token_per_clause and subordinate_dist_1: sentence Mean beats single tokens by more than .10",
    "more than .10",
)
def claim_14(v: View) -> Finding:
    gaps = {}
    for name, layer in both(v).items():
        tokens = pd.concat([v.features("contextual", p, layer) for p in TOKENS.values()], axis=1).max(axis=1)
        for feature in ("avg_token_per_clause", "subordinate_dist_1"):
            task = f"sentence/{feature}"
            gaps[f"{feature} at {name}"] = float(v.features("contextual", "mean", layer)[task] - tokens[task])
    return judged(
        ", ".join(f"{signed(gap)} ({name})" for name, gap in gaps.items()),
        {name: gap > 0.10 for name, gap in gaps.items()},
        "against the best of the four tokens",
    )


@STUDY.claim(
    15,
    "xpos_dist_.: single token (tok_4) beats sentence Mean, and it is the feature with the largest such gap",
    "(figure without numbers)",
)
def claim_15(v: View) -> Finding:
    shown, parts = [], {}
    for name, layer in both(v).items():
        gap = v.features("contextual", "word:-1", layer) - v.features("contextual", "mean", layer)
        top, ours = str(gap.idxmax()), float(gap["sentence/xpos_dist_."])
        shown.append(f"{signed(ours)} at {name} (largest {signed(float(gap.max()))}, {top.removeprefix('sentence/')})")
        parts[f"tok_4 above Mean at {name}"] = ours > 0
        parts[f"largest gap at {name}"] = top == "sentence/xpos_dist_."
    return judged("; ".join(shown), parts)
