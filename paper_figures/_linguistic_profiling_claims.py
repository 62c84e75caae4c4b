"""The 15 claims of the linguistic-profiling study, and which verdicts change under other choices.

The paper's layer -8 (its best with Mean pooling) is read as our best Mean layer, its -1 as our last; a word such as
"far" or "small" is given a number here, and `why` repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pandas as pd
from probekit.experiments.linguistic_profiling import PROBES, STUDY, WORDS

from probekit.errors import ProbekitError
from probekit.report import Finding, NotTestable, summarise
from probekit.report.claims import check
from probekit.report.latex import number
from probekit.report.view import matching

from .linguistic_profiling import GROUP_TITLES, GROUPS, POOLING_TITLES, POOLINGS, STATIC, ProfileView

EXACT, LIBLINEAR = PROBES[0], "linear-svr-liblinear"
SOLVERS = "Claims by a solver stopped at its defaults and run to the optimum, same sample"
WIDTHS = {"text": "4.5cm", "stopped": "3.5cm", "optimum": "3.5cm"}


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


def both(v: ProfileView) -> dict[str, int]:
    """The two layers of the single-word study."""
    return {f"layer {v.negative(layer)}": layer for layer in dict.fromkeys((v.best_word, v.last))}


@STUDY.claim(1, "word2vec >= BERT averaged over all features, poolings and layers", ".56 vs .53")
def static_at_least_contextual(v: ProfileView) -> Finding:
    static, contextual = v.overall(STATIC), v.overall(v.layers)
    return Finding(f"{two(static)} vs {two(contextual)}", static >= contextual)


@STUDY.claim(2, "both exceed the length baseline in every group", "smallest margin +.11 (BERT, Syntax)")
def above_length(v: ProfileView) -> Finding:
    margins = {
        (name, title): v.overall(layers, group) - v.baseline(group)
        for name, layers in ((v.encoder, v.layers), (v.static, STATIC))
        for group, title in GROUP_TITLES.items()
    }
    name, title = min(margins, key=lambda place: margins[place])
    parts = {f"{who} in {where}": margin > 0 for (who, where), margin in margins.items()}
    return judged(f"smallest margin {signed(margins[name, title], 2)} ({name}, {title})", parts)


@STUDY.claim(
    3,
    "BERT > word2vec on Raw text, word2vec > BERT on Morphosyntax, little difference on Syntax",
    "BERT minus word2vec: Raw text +.14, Morphosyntax -.08, Syntax -.01",
)
def groups_differ(v: ProfileView) -> Finding:
    raw, morphosyntax, syntax = gaps = [v.overall(v.layers, group) - v.overall(STATIC, group) for group in GROUPS]
    shown = ", ".join(f"{GROUP_TITLES[group]} {signed(gap, 2)}" for group, gap in zip(GROUPS, gaps, strict=True))
    small = 2 * abs(syntax) <= min(abs(raw), abs(morphosyntax))
    parts = {"Raw text above": raw > 0, "Morphosyntax below": morphosyntax < 0, "Syntax small": small}
    return judged(shown, parts, "small: at most half of each of the other two differences")


@STUDY.claim(
    4, "word2vec: Sum is the best pooling for Raw text and Syntax, Mean for Morphosyntax", "Sum .56, Sum .61, Mean .61"
)
def best_static_poolings(v: ProfileView) -> Finding:
    shown, parts = [], {}
    for group, wanted in {"raw text": "sum", "syntax": "sum", "morphosyntax": "mean"}.items():
        scores = {pooling: v.rho(pooling, group=group) for pooling in POOLINGS}
        best = max(scores, key=lambda pooling: scores[pooling])
        shown.append(f"{GROUP_TITLES[group]} {POOLING_TITLES[best]} {two(scores[best])}")
        parts[GROUP_TITLES[group]] = best == wanted
    return judged(", ".join(shown), parts)


@STUDY.claim(
    5,
    "BERT minus word2vec: Mean is the best of the four poolings at every layer, the only one ever positive; "
    "positive at every layer but the last, negative there",
    "Mean +.006 to +.066 at -12..-2, -.007 at -1; others at most -.025",
)
def mean_gains_most(v: ProfileView) -> Finding:
    gaps = {pooling: [v.difference(pooling, layer) for layer in v.layers] for pooling in POOLINGS}
    *before, last = mean = gaps.pop("mean")
    others = [max(at_layer) for at_layer in zip(*gaps.values(), strict=True)]
    span = f"{signed(min(before))} to {signed(max(before))} before the last layer, " if before else ""
    return judged(
        f"Mean {span}{signed(last)} at the last; others at most {signed(max(others))}",
        {
            "Mean best at every layer": all(ours > rest for ours, rest in zip(mean, others, strict=True)),
            "other poolings never positive": max(others) <= 0,
            "Mean positive before the last layer": all(gap > 0 for gap in before),
            "Mean negative at the last layer": last < 0,
        },
    )


@STUDY.claim(6, "BERT Mean minus word2vec Mean: greatest at layer -8, least at layer -1", "+.066 at -8, -.007 at -1")
def least_at_the_end(v: ProfileView) -> Finding:
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
def sum_falls(v: ProfileView) -> Finding:
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
def mean_and_sum_lose(v: ProfileView) -> Finding:
    change = {pooling: v.rho(pooling, v.last) - v.rho(pooling, v.best) for pooling in POOLINGS}
    less = min(change["max"], change["min"]) > max(change["mean"], change["sum"])
    parts = {"Mean loses": change["mean"] < 0, "Sum loses": change["sum"] < 0, "Max and Min lose less than both": less}
    return judged(", ".join(f"{POOLING_TITLES[pooling]} {signed(x)}" for pooling, x in change.items()), parts)


@STUDY.claim(
    9,
    "BERT single token: tok_4 beats tok_1, tok_2 and tok_3 in all groups at both layers; [CLS] beats it on "
    "Raw text only",
    "-8: tok_4 .65/.66/.62, [CLS] .66/.47/.52; -1: tok_4 .59/.57/.53, [CLS] .61/.45/.49",
)
def last_token_best(v: ProfileView) -> Finding:
    *others, final = WORDS
    shown, parts = [], {}
    for name, layer in both(v).items():
        last, cls = ({g: v.rho(pooling, layer, g) for g in GROUPS} for pooling in (final, "cls"))
        shown.append(f"{name.removeprefix('layer ')}: tok_4 {slashed(last.values())}, [CLS] {slashed(cls.values())}")
        for group in GROUPS:
            rest = max(v.rho(word, layer, group) for word in others)
            parts[f"tok_4 best in {GROUP_TITLES[group]} at {name}"] = last[group] > rest
            word = "above" if group == "raw text" else "below"
            as_told = (cls[group] > last[group]) == (group == "raw text")
            parts[f"[CLS] {word} tok_4 in {GROUP_TITLES[group]} at {name}"] = as_told
    return judged("; ".join(shown), parts)


def slashed(means: Iterable[float]) -> str:
    return "/".join(map(two, means))


@STUDY.claim(10, "|tok_2 - tok_3| <= .01 in every BERT cell", "at most .01")
def inner_tokens_alike(v: ProfileView) -> Finding:
    gaps = {}
    for name, layer in both(v).items():
        for group, title in GROUP_TITLES.items():
            second, third = (round(v.rho(word, layer, group), 2) for word in WORDS[1:3])
            gaps[f"{title} at {name}"] = abs(second - third)
    where = max(gaps, key=lambda name: gaps[name])
    parts = {name: gap < 0.0101 for name, gap in gaps.items()}
    return judged(f"at most {two(gaps[where])} ({where})", parts, "rounded to two decimals, as published")


@STUDY.claim(11, "layer -8 beats layer -1 for every token position, [CLS] and group", "smallest gain +.01")
def best_layer_above_last(v: ProfileView) -> Finding:
    gains = {
        f"{POOLING_TITLES[p]} in {title}": v.rho(p, v.best_word, group) - v.rho(p, v.last, group)
        for p in (*WORDS, "cls")
        for group, title in GROUP_TITLES.items()
    }
    where = min(gains, key=lambda name: gains[name])
    return judged(f"smallest gain {signed(gains[where])} ({where})", {name: gain > 0 for name, gain in gains.items()})


@STUDY.claim(
    12,
    "word2vec single tokens lie far below every BERT token and never rise from tok_1 to tok_4",
    "word2vec at most .26, BERT at least .45 ([CLS], Morphosyntax) and .49 (tokens)",
)
def static_tokens_far_below(v: ProfileView) -> Finding:
    highest, lowest, parts = [], [], {}
    for group, title in GROUP_TITLES.items():
        static = [v.rho(word, group=group) for word in WORDS]
        contextual = [v.rho(p, layer, group) for p in (*WORDS, "cls") for layer in both(v).values()]
        highest.append(max(static))
        lowest.append(min(contextual))
        parts[f"far below in {title}"] = min(contextual) - max(static) >= 0.10
        parts[f"never rises in {title}"] = all(round(b, 2) <= round(a, 2) for a, b in pairwise(static))
    return judged(
        f"{v.static} at most {two(max(highest))}, {v.encoder} at least {two(min(lowest))}",
        parts,
        "far: by .10 or more within each group, [CLS] counted as a token; never rises: to two decimals",
    )


@STUDY.claim(
    13,
    "features in the half most correlated with sentence length gain more from BERT (Mean pooling) than the other half",
    "(figure without numbers)",
)
def length_gains(v: ProfileView) -> Finding:
    gain = sum(v.features("mean", layer) for layer in v.layers) / len(v.layers) - v.features("mean")
    ranked = v.by_length()
    more, less = (float(gain[half].mean()) for half in (ranked[:34], ranked[34:]))
    rule = "mean over all layers; halves by absolute correlation"
    return Finding(f"{signed(more)} vs {signed(less)}", more > less, rule)


@STUDY.claim(
    14,
    "avg_token_per_clause and subordinate_dist_1: sentence Mean beats single tokens by more than .10",
    "more than .10",
)
def sentence_beats_tokens(v: ProfileView) -> Finding:
    gaps = {}
    for name, layer in both(v).items():
        tokens = pd.concat([v.features(word, layer) for word in WORDS], axis=1).max(axis=1)
        gap = v.features("mean", layer) - tokens
        for feature in ("avg_token_per_clause", "subordinate_dist_1"):
            gaps[f"{feature} at {name}"] = float(gap[f"sentence/{feature}"])
    shown = ", ".join(f"{signed(gap)} ({name})" for name, gap in gaps.items())
    return judged(shown, {name: gap > 0.10 for name, gap in gaps.items()}, "against the best of the four tokens")


@STUDY.claim(
    15,
    "xpos_dist_.: single token (tok_4) beats sentence Mean, and it is the feature with the largest such gap",
    "(figure without numbers)",
)
def full_stop_in_last_token(v: ProfileView) -> Finding:
    shown, parts = [], {}
    for name, layer in both(v).items():
        gap = v.features(WORDS[-1], layer) - v.features("mean", layer)
        top, ours = str(gap.idxmax()), float(gap["sentence/xpos_dist_."])
        shown.append(f"{signed(ours)} at {name} (largest {signed(float(gap.max()))}, {top.removeprefix('sentence/')})")
        parts[f"tok_4 above Mean at {name}"] = ours > 0
        parts[f"largest gap at {name}"] = top == "sentence/xpos_dist_."
    return judged("; ".join(shown), parts)


# --- which verdicts change with the corpus, the probe, the static encoder? ----------------------------


@STUDY.table("verdicts", caption="Verdicts under every choice", wrap={"text": "6cm"}, once=True)
def verdicts(v: ProfileView) -> pd.DataFrame:
    """Verdict of each claim for every corpus, probe and static encoder among the rows."""
    layered = matching(v.study, {"control": ""}).dropna(subset="layer")
    pairs = set(layered[["dataset", "probe"]].itertuples(index=False, name=None))
    table = pd.DataFrame()
    for dataset, probe in sorted(pairs, key=lambda p: (p[0] != v.dataset, p[0], p[1] != v.probe, p[1])):
        with suppress(ProbekitError):
            first = v.but(dataset=dataset, probe=probe, encoder=v.encoder)
            for static in first.statics:
                found = check(STUDY, first.but(static=static, encoder=v.encoder))
                table = found[["number", "text"]].copy() if table.empty else table
                table[f"{dataset}, {probe}, {static}"] = found["verdict"]
    if table.empty:
        raise NotTestable("no combination of dataset, probe and static encoder answers the claims")
    return table


# --- which claims change when the solver is run to the optimum? --------------------------------------


def solvers(v: ProfileView) -> dict[str, ProfileView]:
    """The solver stopped at its defaults and run to the optimum, on one sample, where both answered."""
    if LIBLINEAR not in set(v.study["probe"]):
        return {}  # a part that is left to be asked for
    solved = v.study[v.study["probe"].isin([EXACT, LIBLINEAR])]
    place = solved.groupby(["dataset", "encoder", "pooling", "setting", "layer"], dropna=False)["probe"]
    both = place.transform("nunique").eq(2)
    if not both.any():
        raise NotTestable(f"no dataset was answered by both {LIBLINEAR} and {EXACT}; run both on one sample")
    shared = sorted(solved.loc[both, "dataset"].unique())
    dataset = v.dataset if v.dataset in shared else shared[0]
    answered = replace(v, study=v.study.drop(solved.index[~both]))
    same = {"dataset": dataset, "setting": "", "encoder": v.encoder, "static": v.static}
    return {name: answered.but(probe=probe, **same) for name, probe in (("stopped", LIBLINEAR), ("optimum", EXACT))}


@STUDY.table("solver-claims", caption=SOLVERS, wrap=WIDTHS)
def solver_question(v: ProfileView) -> pd.DataFrame | None:
    """Each claim by both solvers, and whether the verdict changes."""
    found = {name: check(STUDY, view) for name, view in solvers(v).items()}
    if not found:
        return None
    table = found["optimum"][["number", "text", "paper"]].copy()
    for name, claims in found.items():
        table[name], table[f"{name} verdict"] = claims["ours"], claims["verdict"]
    table["n"] = found["optimum"]["n"]
    table["changes"] = table["stopped verdict"] != table["optimum verdict"]
    return table


@STUDY.table("solver-scores", caption="Mean rho by solver, same sample", leading_zero=False, once=True)
def solver_scores(v: ProfileView) -> pd.DataFrame | None:
    """Mean rho of each group by encoder, pooling and solver, with the share of converged fits."""
    by = ["encoder", "pooling"]
    parts = []
    for name, view in solvers(v).items():
        converged = view.rows["info"].str.extract(r'"converged": (true|false)')[0].map({"true": 1.0, "false": 0.0})
        rows = view.rows.assign(converged=converged)
        means = summarise(rows, [*by, "task_group"]).pivot(index=by, columns="task_group", values="value")[list(GROUPS)]
        overall = summarise(rows, by).set_index(by)
        means["all"], means["undefined"] = overall["value"], overall["n_undefined"]
        means["converged"] = rows.groupby(by)["converged"].mean()
        means.insert(0, "solver", name)
        parts.append(means.reset_index())
    return pd.concat(parts).sort_values([*by, "solver"], kind="stable", ignore_index=True) if parts else None
