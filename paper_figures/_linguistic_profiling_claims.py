"""The 15 claims of the linguistic-profiling study, and which verdicts change under other choices.

Each part of a claim is a difference of mean correlations, taken in every fold; it holds or fails where its interval
over folds clears the threshold. The paper's layers are those of an encoder of twelve; of others its -8 (its best with
Mean pooling) is read as the best Mean layer, its -1 as the last. A word such as "far" or "small" is given a number
here, and `why` repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise

import pandas as pd
from probekit.experiments.linguistic_profiling import STUDY, WORDS

from probekit.errors import ProbekitError
from probekit.report import Finding, NotTestable, below, clears, together
from probekit.report.claims import check
from probekit.report.latex import number
from probekit.report.view import matching
from probekit.scores import Comparison

from ._linguistic_profiling_view import (
    ALL,
    GROUP_TITLES,
    GROUPS,
    POOLING_TITLES,
    POOLINGS,
    STATIC,
    TWELVE,
    Profile,
    ProfileView,
    in_words,
)

FAR, ALIKE, ROUNDED = 0.10, 0.015, 0.005
UNTESTED = "not tested: "
UNIT = "95 % intervals over folds (corrected for their shared training sentences)"


def interval(found: Comparison) -> str:
    """A difference of correlations with its interval."""
    return f"{signed(found.difference)} [{signed(found.low)}, {signed(found.high)}]"


def two(value: float) -> str:
    """A correlation as the paper writes it."""
    return number(value, 2, leading_zero=False)


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign."""
    text = number(value, digits, leading_zero=False)
    return text if text.startswith("-") else f"+{text}"


class Parts(dict[str, bool | None]):
    """The parts of a claim with the verdicts of their intervals; those that cannot be asked are open, and say why."""

    def ask(self, name: str, verdict: Callable[[], bool | None]) -> None:
        """A part, or that it is untested and why."""
        try:
            self[name] = verdict()
        except NotTestable as reason:
            self[f"{name} ({UNTESTED}{reason})"] = None


def judged(ours: str, parts: Mapping[str, bool | None], rule: str = "") -> Finding:
    """A claim of several parts, each with the verdict of its interval: `why` names those that fail or stay open.

    Raises NotTestable where none could be asked.
    """
    if all(UNTESTED in name for name in parts):
        raise NotTestable("; ".join(parts))
    failing = [part for part, holds in parts.items() if holds is not None and not holds]
    undecided = [part for part, holds in parts.items() if holds is None]
    why = [f"{title}: {', '.join(named)}" for title, named in (("not so", failing), ("open", undecided)) if named]
    return Finding(ours, together(*parts.values()), "; ".join([*why, *([rule] if rule else []), UNIT]))


def both(v: ProfileView) -> dict[str, int]:
    """The two layers of the single-word study."""
    return {f"layer {v.negative(layer)}": layer for layer in dict.fromkeys((v.best_word, v.last))}


@STUDY.claim(1, "word2vec >= BERT averaged over all features, poolings and layers", ".56 vs .53")
def static_at_least_contextual(v: ProfileView) -> Finding:
    gap = v.tested(lambda rho: rho.overall(STATIC) - rho.overall(v.layers))
    ours = f"{two(v.means.overall(STATIC))} vs {two(v.means.overall(v.layers))} ({interval(gap)})"
    return judged(ours, {"word2vec above": clears(gap)})


@STUDY.claim(2, "both exceed the length baseline in every group", "smallest margin +.11 (BERT, Syntax)")
def above_length(v: ProfileView) -> Finding:
    def margin(rho: Profile, layers: Sequence[int | None], group: str) -> float:
        return rho.overall(layers, group) - v.baseline(group)

    margins = {
        f"{in_words(name)} in {title}": v.tested(margin, layers, group)
        for name, layers in ((v.encoder, v.layers), (v.static, STATIC))
        for group, title in GROUP_TITLES.items()
    }
    least = min(margins, key=lambda place: margins[place].difference)
    parts = {place: clears(found) for place, found in margins.items()}
    return judged(f"smallest margin {interval(margins[least])} ({least})", parts)


@STUDY.claim(
    3,
    "BERT > word2vec on Raw text, word2vec > BERT on Morphosyntax, little difference on Syntax",
    "BERT minus word2vec: Raw text +.14, Morphosyntax -.08, Syntax -.01",
)
def groups_differ(v: ProfileView) -> Finding:
    def gap(rho: Profile, group: str) -> float:
        return rho.overall(v.layers, group) - rho.overall(STATIC, group)

    def slack(rho: Profile) -> float:
        raw, morphosyntax, syntax = (abs(gap(rho, group)) for group in GROUPS)
        return min(raw, morphosyntax) - 2 * syntax

    raw, morphosyntax, syntax = (v.tested(gap, group) for group in GROUPS)
    parts = {"Raw text above": clears(raw), "Morphosyntax below": below(morphosyntax)}
    parts["Syntax small"] = clears(v.tested(slack))
    shown = f"Raw text {interval(raw)}, Morphosyntax {interval(morphosyntax)}, Syntax {interval(syntax)}"
    return judged(shown, parts, "small: at most half of each of the other two differences")


@STUDY.claim(
    4, "word2vec: Sum is the best pooling for Raw text and Syntax, Mean for Morphosyntax", "Sum .56, Sum .61, Mean .61"
)
def best_static_poolings(v: ProfileView) -> Finding:
    shown, parts = [], {}
    for group, wanted in {"raw text": "sum", "syntax": "sum", "morphosyntax": "mean"}.items():
        scores = {pooling: v.means.rho(pooling, group=group) for pooling in POOLINGS}
        best = max(scores, key=lambda pooling: scores[pooling])
        shown.append(f"{GROUP_TITLES[group]} {POOLING_TITLES[best]} {two(scores[best])}")
        parts[GROUP_TITLES[group]] = clears(v.tested(_lead, wanted, None, group))
    return judged(", ".join(shown), parts)


def _lead(rho: Profile, pooling: str, layer: int | None, group: str = ALL) -> float:
    """How far a pooling is above the best of the others."""
    return rho.rho(pooling, layer, group) - max(rho.rho(p, layer, group) for p in POOLINGS if p != pooling)


@STUDY.claim(
    5,
    "BERT minus word2vec: Mean is the best of the four poolings at every layer, the only one ever positive; "
    "positive at every layer but the last, negative there",
    "Mean +.006 to +.066 at -12..-2, -.007 at -1; others at most -.025",
)
def mean_gains_most(v: ProfileView) -> Finding:
    others = [pooling for pooling in POOLINGS if pooling != "mean"]

    def best_of_others(rho: Profile, layer: int) -> float:
        return max(rho.difference(pooling, layer) for pooling in others)

    def lead(rho: Profile, layer: int) -> float:
        return rho.difference("mean", layer) - best_of_others(rho, layer)

    run = v.layers_of("mean")
    gaps = {layer: v.tested(Profile.difference, "mean", layer) for layer in run}
    earlier = [gaps[layer] for layer in run if layer != v.last]
    at = sorted(gap.difference for gap in earlier)
    shown = [f"Mean {signed(at[0])} to {signed(at[-1])} before the last layer" if at else ""]
    shown += [f"{interval(gaps[v.last])} at the last" if v.last in gaps else ""]

    def rivals() -> bool | None:
        highest = max((v.tested(best_of_others, layer) for layer in v.layers), key=lambda g: g.difference)
        shown.append(f"others at most {interval(highest)}")
        return below(highest)

    parts = Parts()
    parts.ask("Mean best at every layer", lambda: together(*(clears(v.tested(lead, layer)) for layer in v.layers)))
    parts.ask("other poolings never positive", rivals)
    parts["Mean positive before the last layer"] = together(*map(clears, earlier))
    if len(earlier) < v.last - 1:
        parts[f"Mean positive at the rest ({UNTESTED}layers {v.lacks('mean')})"] = None
    parts.ask("Mean negative at the last layer", lambda: below(v.tested(Profile.difference, "mean", v.last)))
    return judged("; ".join(filter(None, shown)), parts)


@STUDY.claim(6, "BERT Mean minus word2vec Mean: greatest at layer -8, least at layer -1", "+.066 at -8, -.007 at -1")
def least_at_the_end(v: ProfileView) -> Finding:
    run, missing = v.layers_of("mean"), v.lacks("mean")

    def above_others(rho: Profile, layer: int, sign: int) -> float:
        rest = [sign * rho.difference("mean", other) for other in run if other != layer]
        return sign * rho.difference("mean", layer) - max(rest)

    def of_all(held: bool | None) -> bool | None:
        """A layer that others beat stays beaten; one that is ahead of those that were run may yet lose."""
        return None if held and missing else held

    gaps = {layer: v.means.difference("mean", layer) for layer in run}
    most, least = (pick(gaps, key=lambda layer: gaps[layer]) for pick in (max, min))
    shown = [f"{signed(gaps[layer])} at {v.negative(layer)}" for layer in (v.best, v.last) if layer in gaps]
    extremes = ", ".join(
        f"{name} {signed(gaps[layer])} at {v.negative(layer)}" for name, layer in (("greatest", most), ("least", least))
    )

    def greatest() -> bool | None:
        if v.last != TWELVE:
            raise NotTestable(f"{v.last} layers")
        return of_all(clears(v.tested(lambda rho: above_others(rho, v.best, 1))))

    parts = Parts()
    parts.ask("greatest at -8", greatest)
    parts.ask("least at the last layer", lambda: of_all(clears(v.tested(lambda r: above_others(r, v.last, -1)))))
    rule = f"layers {missing} were not run" if missing else ""
    return judged(f"{', '.join(shown)} ({extremes})", parts, rule)


@STUDY.claim(
    7,
    "BERT Sum minus word2vec Sum: the lowest of the four poolings at every layer; falls from -7 to -1",
    "-.088 at -7 to -.128 at -1",
)
def sum_falls(v: ProfileView) -> Finding:
    later = [layer for layer in v.layers if layer > v.best]
    start = later[0] if len(later) > 1 else v.best
    path = [layer for layer in v.layers if layer >= start]
    if len(path) < 2:
        raise NotTestable("our best Mean layer is the last; nothing comes after it")

    def under_others(rho: Profile, layer: int) -> float:
        return min(rho.difference(p, layer) for p in POOLINGS if p != "sum") - rho.difference("sum", layer)

    def fall(rho: Profile, before: int, after: int) -> float:
        return rho.difference("sum", before) - rho.difference("sum", after)

    lowest = [clears(v.tested(under_others, layer)) for layer in v.layers]
    falls = [clears(v.tested(fall, *step)) for step in pairwise(path)]
    first, last = (v.means.difference("sum", layer) for layer in (path[0], path[-1]))
    rule = "" if v.negative(start) == -7 else f"-7, the layer after the best, read as our {v.negative(start)}"
    return judged(
        f"{signed(first)} at {v.negative(start)} to {signed(last)} at -1",
        {"lowest at every layer": together(*lowest), "falls at each step": together(*falls)},
        rule,
    )


@STUDY.claim(
    8,
    "BERT Mean and Sum lose average rho from layer -8 to -1; Max and Min lose less",
    "Mean -.073, Sum -.040, Max -.030, Min -.029",
)
def mean_and_sum_lose(v: ProfileView) -> Finding:
    def change(rho: Profile, pooling: str) -> float:
        return rho.rho(pooling, v.last) - rho.rho(pooling, v.best)

    changes = {pooling: v.tested(change, pooling) for pooling in POOLINGS}
    less = v.tested(lambda r: min(change(r, "max"), change(r, "min")) - max(change(r, "mean"), change(r, "sum")))
    parts = {"Mean loses": below(changes["mean"]), "Sum loses": below(changes["sum"])}
    parts["Max and Min lose less than both"] = clears(less)
    return judged(", ".join(f"{POOLING_TITLES[p]} {interval(x)}" for p, x in changes.items()), parts)


@STUDY.claim(
    9,
    "BERT single token: tok_4 beats tok_1, tok_2 and tok_3 in all groups at both layers; [CLS] beats it on "
    "Raw text only",
    "-8: tok_4 .65/.66/.62, [CLS] .66/.47/.52; -1: tok_4 .59/.57/.53, [CLS] .61/.45/.49",
)
def last_token_best(v: ProfileView) -> Finding:
    *others, final = WORDS

    def lead(rho: Profile, layer: int, group: str) -> float:
        return rho.rho(final, layer, group) - max(rho.rho(word, layer, group) for word in others)

    def above(rho: Profile, layer: int, group: str) -> float:
        return rho.rho("cls", layer, group) - rho.rho(final, layer, group)

    def cls(layer: int, group: str) -> bool | None:
        gap = v.tested(above, layer, group)
        return clears(gap) if group == "raw text" else below(gap)

    shown, parts = [], Parts()
    for name, layer in both(v).items():
        titles = {final: "tok_4", "cls": "[CLS]"}
        ran = [pooling for pooling in titles if (pooling, layer) in v.means.scores]
        means = {titles[pooling]: [v.means.rho(pooling, layer, g) for g in GROUPS] for pooling in ran}
        listed = ", ".join(f"{title} {slashed(found)}" for title, found in means.items())
        shown.append(f"{name.removeprefix('layer ')}: {listed}")
        for group in GROUPS:
            where = f"{GROUP_TITLES[group]} at {name}"
            parts.ask(f"tok_4 best in {where}", partial(v.surely, lead, layer, group))
            side = "above" if group == "raw text" else "below"
            parts.ask(f"[CLS] {side} tok_4 in {where}", partial(cls, layer, group))
    return judged("; ".join(shown), parts)


def slashed(means: Iterable[float]) -> str:
    return "/".join(map(two, means))


@STUDY.claim(10, "|tok_2 - tok_3| <= .01 in every BERT cell", "at most .01")
def inner_tokens_alike(v: ProfileView) -> Finding:
    def slack(rho: Profile, layer: int, group: str) -> float:
        second, third = (rho.rho(word, layer, group) for word in WORDS[1:3])
        return ALIKE - abs(second - third)

    cells = {f"{title} at {name}": (layer, g) for name, layer in both(v).items() for g, title in GROUP_TITLES.items()}
    gaps = {cell: v.tested(slack, *place) for cell, place in cells.items()}
    where = min(gaps, key=lambda cell: gaps[cell].difference)
    parts = {cell: clears(left) for cell, left in gaps.items()}
    most = ALIKE - gaps[where].difference
    return judged(
        f"at most {signed(most)} ({where})", parts, "below .015, which is .01 to two decimals; means of folds"
    )


@STUDY.claim(11, "layer -8 beats layer -1 for every token position, [CLS] and group", "smallest gain +.01")
def best_layer_above_last(v: ProfileView) -> Finding:
    def gain(rho: Profile, pooling: str, group: str) -> float:
        return rho.rho(pooling, v.best_word, group) - rho.rho(pooling, v.last, group)

    gains: dict[str, Comparison] = {}

    def above(name: str, pooling: str, group: str) -> bool | None:
        gains[name] = v.tested(gain, pooling, group)
        return clears(gains[name])

    parts = Parts()
    for pooling in (*WORDS, "cls"):
        for group, title in GROUP_TITLES.items():
            asked = (f"{POOLING_TITLES[pooling]} in {title}", pooling, group)
            parts.ask(asked[0], partial(above, *asked))
    where = min(gains, key=lambda name: gains[name].difference, default="")
    return judged(f"smallest gain {interval(gains[where])} ({where})" if gains else "", parts)


@STUDY.claim(
    12,
    "word2vec single tokens lie far below every BERT token and never rise from tok_1 to tok_4",
    "word2vec at most .26, BERT at least .45 ([CLS], Morphosyntax) and .49 (tokens)",
)
def static_tokens_far_below(v: ProfileView) -> Finding:
    def static(rho: Profile, group: str) -> list[float]:
        return [rho.rho(word, group=group) for word in WORDS]

    layers = both(v).values()
    cells = [(p, layer) for p in (*WORDS, "cls") for layer in layers if (p, layer) in v.means.scores]
    if not cells:
        raise NotTestable(f"no scores of {in_words(v.encoder)} with single words")

    def contextual(rho: Profile, group: str) -> list[float]:
        return [rho.rho(*cell, group) for cell in cells]

    def apart(rho: Profile, group: str) -> float:
        return min(contextual(rho, group)) - max(static(rho, group))

    def flat(rho: Profile, group: str) -> float:
        return ROUNDED - max(b - a for a, b in pairwise(static(rho, group)))

    parts: dict[str, bool | None] = {}
    if len(cells) < 5 * len(layers):
        parts[f"far below all ({len(cells)} of {5 * len(layers)} single vectors were run)"] = None
    for group, title in GROUP_TITLES.items():
        parts[f"far below in {title}"] = clears(v.tested(apart, group), FAR)
        parts[f"never rises in {title}"] = clears(v.tested(flat, group))
    highest = max(max(static(v.means, group)) for group in GROUP_TITLES)
    lowest = min(min(contextual(v.means, group)) for group in GROUP_TITLES)
    return judged(
        f"{in_words(v.static)} at most {two(highest)}, {in_words(v.encoder)} at least {two(lowest)}",
        parts,
        "far: by .10 or more within each group, [CLS] counted as a token; never rises: by .005 or more",
    )


@STUDY.claim(
    13,
    "features in the half most correlated with sentence length gain more from BERT (Mean pooling) than the other half",
    "(figure without numbers)",
)
def length_gains(v: ProfileView) -> Finding:
    ranked, run, missing = v.by_length(), v.layers_of("mean"), v.lacks("mean")

    def gain(rho: Profile, half: list[str]) -> float:
        mean = sum(rho.features("mean", layer) for layer in run) / len(run)
        return float((mean - rho.features("mean"))[half].mean())

    more, less = (gain(v.means, half) for half in (ranked[:34], ranked[34:]))
    gap = v.tested(lambda rho: gain(rho, ranked[:34]) - gain(rho, ranked[34:]))
    ours = f"{signed(more)} vs {signed(less)} ({interval(gap)})"
    parts = {"more": clears(gap)} | ({f"over all layers ({missing} not run)": None} if missing else {})
    return judged(ours, parts, f"mean over {len(run)} layers; halves by absolute correlation")


@STUDY.claim(
    14,
    "avg_token_per_clause and subordinate_dist_1: sentence Mean beats single tokens by more than .10",
    "more than .10",
)
def sentence_beats_tokens(v: ProfileView) -> Finding:
    def gap(rho: Profile, layer: int, feature: str) -> float:
        best = max(float(rho.features(word, layer)[feature]) for word in WORDS)
        return float(rho.features("mean", layer)[feature]) - best

    shown: list[str] = []

    def above(name: str, layer: int, feature: str) -> bool | None:
        found = v.tested(gap, layer, f"sentence/{feature}")
        shown.append(f"{interval(found)} ({name})")
        return clears(found, FAR)

    parts = Parts()
    for at, layer in both(v).items():
        for feature in ("avg_token_per_clause", "subordinate_dist_1"):
            asked = (f"{feature} at {at}", layer, feature)
            parts.ask(asked[0], partial(above, *asked))
    return judged(", ".join(shown), parts, "against the best of the four tokens")


@STUDY.claim(
    15,
    "xpos_dist_.: single token (tok_4) beats sentence Mean, and it is the feature with the largest such gap",
    "(figure without numbers)",
)
def full_stop_in_last_token(v: ProfileView) -> Finding:
    stop = "sentence/xpos_dist_."

    def gap(rho: Profile, layer: int) -> pd.Series:
        return rho.features(WORDS[-1], layer) - rho.features("mean", layer)

    def of_stop(rho: Profile, layer: int) -> float:
        return float(gap(rho, layer)[stop])

    def ahead(rho: Profile, layer: int) -> float:
        found = gap(rho, layer)
        return float(found[stop] - found.drop(stop).max())

    shown: list[str] = []

    def positive(name: str, layer: int) -> bool | None:
        found, ours = gap(v.means, layer), v.tested(of_stop, layer)
        largest = f"largest {signed(float(found.max()))}, {str(found.idxmax()).removeprefix('sentence/')}"
        shown.append(f"{interval(ours)} at {name} ({largest})")
        return clears(ours)

    parts = Parts()
    for name, layer in both(v).items():
        parts.ask(f"tok_4 above Mean at {name}", partial(positive, name, layer))
        parts.ask(f"largest gap at {name}", partial(v.surely, ahead, layer))
    return judged("; ".join(shown), parts)


# --- which verdicts change with the corpus, the probe, the static encoder? ----------------------------


@STUDY.table("verdicts", caption="Verdicts under every choice", wrap={"text": "6cm"}, once=True)
def verdicts(v: ProfileView) -> pd.DataFrame:
    """Verdict of each claim for every corpus, probe, encoder and static table among the rows."""
    layered = matching(v.study, {"control": "", "setting": v.setting}).dropna(subset="layer")
    chosen = set(layered[["dataset", "probe", "encoder"]].itertuples(index=False, name=None))
    first = (v.dataset, v.probe, v.encoder)
    table = pd.DataFrame()
    for dataset, probe, encoder in sorted(chosen, key=lambda c: [(a != b, a) for a, b in zip(c, first, strict=True)]):
        with suppress(ProbekitError):
            own = v.but(dataset=dataset, probe=probe, encoder=encoder)
            for static in own.statics:
                found = check(STUDY, own.but(static=static))
                table = found[["number", "text"]].copy() if table.empty else table
                table[f"{dataset}, {probe}, {in_words(encoder)}, {in_words(static)}"] = found["verdict"]
    if table.empty:
        raise NotTestable("no combination of dataset, probe, encoder and static table answers the claims")
    return table
