"""The 14 claims of Chang and Rafferty (2020), on the view of `nmt_constituents`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from probekit.experiments.nmt_constituents import STUDY, TASKS

from probekit import report
from probekit.report import Finding, NotTestable

from .nmt_constituents import ANCESTORS, AUTOENCODERS, FAMILY, HIGHEST, ORACLE, PCFG, RNN, TITLES, EncoderView, worst_of


def _said(found: Mapping[str, float], form: str = ".3f", times: int = 1) -> str:
    """Numbers by task or model as text."""
    return ", ".join(f"{TITLES.get(name, name)} {times * value:{form}}" for name, value in found.items())


@STUDY.claim(
    1,
    "Every target but the autoencoder's beats the word majority (oracle) on all three ancestor tasks",
    "all, adjusted p < .001",
)
def ancestors_above_majority(v: EncoderView) -> Finding:
    rows = v.against_majority()
    rows = rows[rows["model"].isin(v.foreign()) & rows["task"].isin(ANCESTORS)]
    better = rows["difference"].gt(0)
    sure = better & rows["p_adjusted"].lt(0.001)
    shown = f"{int(better.sum())} of {len(rows)} above, {int(sure.sum())} with adjusted p < .001"
    why = f"{int(rows['n'].min())} seeds a cell, Holm over all targets and tasks; probe noise only"
    return Finding(shown, bool(sure.all()), why)


@STUDY.claim(2, "The autoencoder is not above the baseline on all ancestor tasks, and below every translation target")
def autoencoder_below(v: EncoderView) -> Finding:
    auto = v.row(model=AUTOENCODERS)["model"]
    above = [task for task in ANCESTORS if v.accuracy(auto, task) > v.accuracy(ORACLE, task)]
    means = {one: float(np.mean([v.accuracy(one, task) for task in ANCESTORS])) for one in (*v.foreign(), auto)}
    own = means.pop(auto)
    shown = f"above the baseline on {len(above)} of 3; mean {own:.3f}, others {_said(means)}"
    return Finding(shown, len(above) < 3 and own < min(means.values()))


@STUDY.claim(3, "Probes of the tag are below the word majority (oracle) for every target", "all, p < .001")
def tags_below_majority(v: EncoderView) -> Finding:
    v.foreign()
    base = v.accuracy(ORACLE, "word/pos")
    found = {target: v.accuracy(target, "word/pos") for target in v.targets}
    return Finding(f"baseline {base:.3f}; {_said(found)}", max(found.values()) < base)


@STUDY.claim(4, "Targets other than the autoencoder's differ by less than 2 points on each ancestor task", "< 2 points")
def targets_alike(v: EncoderView) -> Finding:
    spread = {task: v.spread(task) for task in ANCESTORS}
    why = f"{len(v.foreign())} targets: {', '.join(v.foreign())}"
    return Finding(f"points: {_said(spread, '.1f', 100)}", max(spread.values()) < 0.02, why)


@STUDY.claim(
    5,
    "Label F1 profiles of two targets correlate above .93 (tags), .98 (parent), .99 (the others)",
    "> .93, > .98, > .99, > .99",
)
def labels_alike(v: EncoderView) -> Finding:
    least = {task: v.least_label_r(task) for task in TASKS}
    found = list(least.values())
    weaker = "holds" if min(found) >= 0.9 and found == sorted(found) else "fails"
    holds = all(r > bound for r, bound in zip(found, (0.93, 0.98, 0.99, 0.99), strict=True))
    return Finding(f"least r: {_said(least)}", holds, f"the weaker form (all .9 or more, rising with height) {weaker}")


@STUDY.claim(6, "Sentence profiles (great-grandparent) of two targets correlate above .85", "> .85")
def sentences_alike(v: EncoderView) -> Finding:
    least = v.least_sentence_r()
    return Finding(f"least r {least:.3f}", least > 0.85, f"sentences of 8 words or more: {v.least_sentence_r(8):.3f}")


@STUDY.claim(7, "Accuracy less baseline is largest for the great-grandparent", "seen in Figure 3")
def gain_rises(v: EncoderView) -> Finding:
    gain = {task: v.accuracy(FAMILY, task) - v.accuracy(ORACLE, task) for task in TASKS}
    return Finding(f"points: {_said(gain, '+.1f', 100)}", max(gain, key=lambda task: gain[task]) == HIGHEST)


@STUDY.claim(8, "Probes beat the directly trained network on ancestors, by more the higher", "seen in Figure 3")
def network_below(v: EncoderView) -> Finding:
    gap = {task: v.accuracy(FAMILY, task) - v.accuracy(RNN, task) for task in ANCESTORS}
    low, middle, high = gap.values()
    return Finding(f"points: {_said(gap, '+.1f', 100)}", 0 < low < middle < high)


@STUDY.claim(
    9,
    "Sentence profiles: probes and direct network agree most, baseline and parser least",
    "NMT-RNN .84, baseline-PCFG .42",
)
def most_and_least_agreement(v: EncoderView) -> Finding:
    table = v.agreement()
    most, least = (set(table.loc[int(place(table["r"])), ["a", "b"]]) for place in (np.argmax, np.argmin))
    shown = "; ".join(f"{line.a} - {line.b} {line.r:.2f}" for line in table.itertuples())
    return Finding(shown, most == {FAMILY, RNN} and least == {ORACLE, PCFG})


@STUDY.claim(
    10,
    "Probes and direct network each agree as much with the baseline as with the parser (within .05)",
    ".60 / .61 and .62 / .59",
)
def equal_agreement(v: EncoderView) -> Finding:
    r = report.matrix(v.agreement()).loc[[FAMILY, RNN], [ORACLE, PCFG]]
    shown = "; ".join(f"{model}: {line[ORACLE]:.2f} / {line[PCFG]:.2f}" for model, line in r.iterrows())
    return Finding(shown, bool((r[ORACLE] - r[PCFG]).abs().le(0.05).all()))


@STUDY.claim(
    11,
    "The parser is below probes and direct network, yet above both on the probes' worst 50 sentences",
    "7 to 9 points below; 9 and 6 above",
)
def parser_on_the_worst(v: EncoderView) -> Finding:
    overall = {model: v.accuracy(model, HIGHEST) for model in (FAMILY, RNN, PCFG)}
    worst = _on_worst(FAMILY, v.profiles)
    shown = f"{_said(overall)}; on the worst {worst_of(v.profiles)}: {_said(worst)}"
    holds = overall[PCFG] < min(overall[FAMILY], overall[RNN]) and worst[PCFG] > max(worst[FAMILY], worst[RNN])
    return Finding(shown, holds, f"selected by the parser instead: {_said(_on_worst(PCFG, v.profiles))}{_halved(v)}")


def _on_worst(of: str, chosen: pd.DataFrame, scored: pd.DataFrame | None = None) -> dict[str, float]:
    """Accuracy of three families on the sentences that one of them gets most wrong."""
    table = report.on_hardest(chosen, n=worst_of(chosen), scored=scored)
    own = table[table["selected_by"].eq(of)].set_index("model")["accuracy"]
    return {model: float(own[model]) for model in (FAMILY, RNN, PCFG)}


def _halved(v: EncoderView) -> str:
    """The same with sentences selected by half of the seeds and scored by the rest; nothing where there is one seed."""
    answers = v.answers(HIGHEST, list(v.families))
    if answers.groupby("model", observed=True)["seed"].nunique().max() < 2:
        return ""
    halves = (report.sentence_profiles(half, families=v.families) for half in report.halves(answers))
    return f"; selected on half of the seeds, scored on the rest: {_said(_on_worst(FAMILY, *halves))}"


@STUDY.claim(12, "BLEU differs over targets by at least ten times what probe accuracy does", "31 points of BLEU")
def bleu_differs_more(v: EncoderView) -> Finding:
    scores = v.translations["value"]
    scores = scores[scores.index.isin(v.foreign())]
    if len(scores) < 2:
        raise NotTestable("fewer than two models have a BLEU")
    bleu, spread = scores.max() - scores.min(), np.mean([v.spread(task) for task in ANCESTORS])
    return Finding(f"BLEU {100 * bleu:.1f} points, accuracy {100 * spread:.2f} points", bool(bleu >= 10 * spread))


@STUDY.claim(
    13,
    "The worst 50 sentences are longer than the best 50 and hold fewer infinitives",
    "21.7 and 9.3 words, 5 and 26 infinitives",
)
def worst_and_best(v: EncoderView) -> Finding:
    (_, length), (_, infinitive) = v.extremes.set_index("feature").loc[["length", "infinitive"]].iterrows()
    shown = f"length {length['hardest']:.1f} against {length['easiest']:.1f}, "
    shown += f"infinitives {infinitive['hardest']:.2g} against {infinitive['easiest']:.2g}"
    holds = length["hardest"] > length["easiest"] and infinitive["hardest"] < infinitive["easiest"]
    return Finding(shown, bool(holds), "features are automatic proxies; complete sentences only")


@STUDY.claim(
    14,
    "A label of less than 1 % of the words has an F1 within .1 of the most frequent label's",
    "grandparent: SQ .6 %, .55-.61; NP 25 %, .59-.60",
)
def rare_labels(v: EncoderView) -> Finding:
    found = []
    for task, title in TITLES.items():
        table = report.label_profiles(v.answers(task, v.foreign()))
        table = table.groupby("label", observed=True)[["frequency", "f1"]].mean()
        top = table.sort_values("frequency", ascending=False, kind="stable").iloc[0]
        rare = table[table["frequency"].lt(0.01) & (table["f1"] - top["f1"]).abs().le(0.1)]
        if len(rare):
            found.append(f"{title}: {top.name} {top['f1']:.2f}, {rare.index[0]} {rare['f1'].iloc[0]:.2f}")
    return Finding("; ".join(found) or "none", bool(found))
