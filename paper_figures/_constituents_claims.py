"""The 14 claims of Chang and Rafferty (2020) as functions of rows and kept predictions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from probekit import report
from probekit.report.claims import Finding, NotTestable, Study

from ._constituents_view import (
    ANCESTORS,
    FAMILY,
    HIGHEST,
    ORACLE,
    PCFG,
    RNN,
    TASKS,
    TITLES,
    WORST,
    View,
    correlation,
    pairwise,
    view,
    worst_of,
)

PUBLISHED = Path(__file__).with_name("nmt_constituents.csv")
LOWER = {"pos": 0.93, "parent": 0.98, "grandparent": 0.99, "great-grandparent": 0.99}


def ours(v: View, published: pd.DataFrame) -> pd.DataFrame:
    """Our number beside each published one, where ours has a counterpart: aligned with the table."""
    answers = [_counterpart(v, line) for line in published.to_dict("records")]
    return pd.DataFrame(answers, columns=["ours", "n", "note"])


STUDY = Study(
    "nmt-constituents",
    "Encodings of Source Syntax: Similarities in NMT Representations Across Target Languages",
    "Chang and Rafferty 2020, RepL4NLP",
    PUBLISHED,
    view,
    ours,
)


@STUDY.claim(
    1,
    "Every target but the autoencoder's beats the word majority (oracle) on all three ancestor tasks",
    "all, adjusted p < .001",
)
def _beats(v: View) -> Finding:
    foreign, tested = v.several(), against(v)
    rows = tested[tested["model"].isin(foreign) & tested["task"].isin(ANCESTORS)]
    better = rows["difference"].gt(0)
    seeds = int(rows["n"].min())
    sure = better & rows["p_adjusted"].lt(0.001)
    shown = f"{int(better.sum())} of {len(rows)} above, {int(sure.sum())} with adjusted p < .001"
    return Finding(shown, bool(sure.all()), f"{seeds} seeds a cell, Holm over all targets and tasks; probe noise only")


@STUDY.claim(2, "The autoencoder is not above the baseline on all ancestor tasks, and below every translation target")
def _auto(v: View) -> Finding:
    v.several()
    base = {task: v.mean(ORACLE, task) for task in ANCESTORS}
    above = [task for task in ANCESTORS if v.mean(v.auto, task) > base[task]]
    means = {target: float(np.mean([v.mean(target, task) for task in ANCESTORS])) for target in v.targets}
    lower = [target for target in v.foreign if means[v.auto] < means[target]]
    shown = f"above the baseline on {len(above)} of 3; mean {means[v.auto]:.3f}, others " + ", ".join(
        f"{target} {means[target]:.3f}" for target in v.foreign
    )
    return Finding(shown, len(above) < 3 and len(lower) == len(v.foreign))


@STUDY.claim(3, "Probes of the tag are below the word majority (oracle) for every target", "all, p < .001")
def _tags(v: View) -> Finding:
    v.several()
    base = v.mean(ORACLE, "word/pos")
    found = {target: v.mean(target, "word/pos") for target in v.targets}
    shown = f"baseline {base:.3f}; " + ", ".join(f"{t} {x:.3f}" for t, x in found.items())
    return Finding(shown, all(x < base for x in found.values()))


@STUDY.claim(4, "Targets other than the autoencoder's differ by less than 2 points on each ancestor task", "< 2 points")
def _range(v: View) -> Finding:
    spread = {task: spread_of(v, task) for task in ANCESTORS}
    shown = ", ".join(f"{TITLES[task]} {100 * x:.1f}" for task, x in spread.items())
    return Finding(f"points: {shown}", all(x < 0.02 for x in spread.values()), _how_many(v))


@STUDY.claim(
    5,
    "Label F1 profiles of two targets correlate above .93 (tags), .98 (parent), .99 (the others)",
    "> .93, > .98, > .99, > .99",
)
def _profiles(v: View) -> Finding:
    least = {task: least_label_r(v, task) for task in TASKS}
    shown = ", ".join(f"{TITLES[task]} {r:.3f}" for task, r in least.items())
    rises = all(a <= b for a, b in zip(list(least.values()), list(least.values())[1:], strict=False))
    weaker = "the weaker form (all .9 or more, rising with height) " + (
        "holds" if min(least.values()) >= 0.9 and rises else "fails"
    )
    return Finding(f"least r: {shown}", all(r > LOWER[TITLES[task]] for task, r in least.items()), weaker)


@STUDY.claim(6, "Sentence profiles (great-grandparent) of two targets correlate above .85", "> .85")
def _sentences(v: View) -> Finding:
    least = least_sentence_r(v, 3)
    return Finding(f"least r {least:.3f}", least > 0.85, f"sentences of 8 words or more: {least_sentence_r(v, 8):.3f}")


@STUDY.claim(7, "Accuracy less baseline is largest for the great-grandparent", "seen in Figure 3")
def _gain(v: View) -> Finding:
    gain = {task: v.family(task) - v.mean(ORACLE, task) for task in TASKS}
    shown = ", ".join(f"{TITLES[task]} {100 * x:+.1f}" for task, x in gain.items())
    return Finding(f"points: {shown}", max(gain, key=lambda task: gain[task]) == HIGHEST)


@STUDY.claim(8, "Probes beat the directly trained network on ancestors, by more the higher", "seen in Figure 3")
def _direct(v: View) -> Finding:
    gap = [v.family(task) - v.mean(RNN, task) for task in ANCESTORS]
    shown = ", ".join(f"{TITLES[task]} {100 * x:+.1f}" for task, x in zip(ANCESTORS, gap, strict=True))
    return Finding(f"points: {shown}", gap[0] > 0 and gap[0] < gap[1] < gap[2])


@STUDY.claim(
    9,
    "Sentence profiles: probes and direct network agree most, baseline and parser least",
    "NMT-RNN .84, baseline-PCFG .42",
)
def _agree(v: View) -> Finding:
    table = family_correlations(v)
    most, least = (table.iloc[int(place(table["r"].to_numpy()))] for place in (np.argmax, np.argmin))
    shown = "; ".join(f"{line.a} - {line.b} {line.r:.2f}" for line in table.itertuples())
    holds = {most["a"], most["b"]} == {FAMILY, RNN} and {least["a"], least["b"]} == {ORACLE, PCFG}
    return Finding(shown, holds)


@STUDY.claim(
    10,
    "Probes and direct network each agree as much with the baseline as with the parser (within .05)",
    ".60 / .61 and .62 / .59",
)
def _alike(v: View) -> Finding:
    table = family_correlations(v)
    found = {
        model: (float(correlation(table, model, ORACLE)["r"]), float(correlation(table, model, PCFG)["r"]))
        for model in (FAMILY, RNN)
    }
    shown = "; ".join(f"{model}: {a:.2f} / {b:.2f}" for model, (a, b) in found.items())
    return Finding(shown, all(abs(a - b) <= 0.05 for a, b in found.values()))


@STUDY.claim(
    11,
    "The parser is below probes and direct network, yet above both on the probes' worst 50 sentences",
    "7 to 9 points below; 9 and 6 above",
)
def _parser(v: View) -> Finding:
    overall = {FAMILY: v.family(HIGHEST), RNN: v.mean(RNN, HIGHEST), PCFG: v.mean(PCFG, HIGHEST)}
    n = worst_of(v.profiles)
    worst = report.on_hardest(v.profiles, n=n)
    own = worst[worst["selected_by"].eq(FAMILY)].set_index("model")["accuracy"]
    mirrored = worst[worst["selected_by"].eq(PCFG)].set_index("model")["accuracy"]
    below = overall[PCFG] < overall[FAMILY] and overall[PCFG] < overall[RNN]
    shown = (
        ", ".join(f"{m} {x:.3f}" for m, x in overall.items())
        + f"; on the worst {n}: "
        + ", ".join(f"{m} {own[m]:.3f}" for m in (FAMILY, RNN, PCFG))
    )
    why = "selected by the parser instead: " + ", ".join(f"{m} {mirrored[m]:.3f}" for m in (FAMILY, RNN, PCFG))
    return Finding(shown, bool(below and own[PCFG] > own[FAMILY] and own[PCFG] > own[RNN]), why + _halved(v))


@STUDY.claim(12, "BLEU differs over targets by at least ten times what probe accuracy does", "31 points of BLEU")
def _bleu(v: View) -> Finding:
    scores = v.translations.set_index("model")["value"]
    chosen = [scores[target] for target in v.foreign if target in scores]
    if len(chosen) < 2:
        raise NotTestable("fewer than two models have a BLEU")
    bleu = max(chosen) - min(chosen)
    spread = float(np.mean([spread_of(v, task) for task in ANCESTORS]))
    return Finding(f"BLEU {100 * bleu:.1f} points, accuracy {100 * spread:.2f} points", bleu >= 10 * spread)


@STUDY.claim(
    13,
    "The worst 50 sentences are longer than the best 50 and hold fewer infinitives",
    "21.7 and 9.3 words, 5 and 26 infinitives",
)
def _extremes(v: View) -> Finding:
    table = v.extremes.set_index("feature")
    length, infinitive = table.loc["length"], table.loc["infinitive"]
    shown = (
        f"length {length['hardest']:.1f} against {length['easiest']:.1f}, infinitives {infinitive['hardest']:.2g} "
        f"against {infinitive['easiest']:.2g}"
    )
    holds = length["hardest"] > length["easiest"] and infinitive["hardest"] < infinitive["easiest"]
    return Finding(shown, bool(holds), "features are automatic proxies; complete sentences only")


@STUDY.claim(
    14,
    "A label of less than 1 % of the words has an F1 within .1 of the most frequent label's",
    "grandparent: SQ .6 %, .55-.61; NP 25 %, .59-.60",
)
def _rare(v: View) -> Finding:
    found = []
    for task in TASKS:
        table = report.label_profiles(v.answers(task, v.several()))
        table = table.groupby("label", as_index=False, observed=True)[["frequency", "f1"]].mean()
        top = table.iloc[int(np.argmax(table["frequency"].to_numpy()))]
        rare = table[table["frequency"].lt(0.01) & (table["f1"] - top["f1"]).abs().le(0.1)]
        if len(rare):
            label, f1 = rare.iloc[0]["label"], rare.iloc[0]["f1"]
            found.append(f"{TITLES[task]}: {top['label']} {top['f1']:.2f}, {label} {f1:.2f}")
    return Finding("; ".join(found) or "none", bool(found))


# --- what claims and figures share


def against(v: View) -> pd.DataFrame:
    """t-tests of the seeds of every target and task against the word majority (oracle), Holm over all."""
    rows = v.rows[v.rows["model"].isin(v.targets)]
    baseline = {task: v.mean(ORACLE, task) for task in TASKS}
    return report.against_baseline(rows, baseline, by=("model", "task"), metric="accuracy")


def spread_of(v: View, task: str) -> float:
    """Largest less smallest mean accuracy over the targets other than the autoencoder's."""
    v.several(2)
    found = [v.mean(target, task) for target in v.foreign]
    return max(found) - min(found)


def least_label_r(v: View, task: str) -> float:
    """Smallest correlation of label F1 profiles over pairs of targets."""
    v.several(2)
    table = report.label_correlations(v.answers(task, v.foreign))
    return float(pairwise(table, v.foreign)["r"].min())


def least_sentence_r(v: View, least: int) -> float:
    """Smallest correlation of great-grandparent sentence profiles over pairs of targets."""
    v.several(2)
    profiles = report.sentence_profiles(v.answers(HIGHEST, v.foreign), least=least)
    table = report.sentence_correlations(profiles, n_boot=0)
    return float(table["r"].min())


def family_correlations(v: View, least: int = 3, n_boot: int = 0) -> pd.DataFrame:
    """Correlations of the sentence profiles of the four families. Raises NotTestable where one is missing."""
    absent = {RNN, PCFG, ORACLE} - set(v.families)
    if absent:
        raise NotTestable(f"there are no rows of {', '.join(sorted(absent))}")
    profiles = v.profiles if least == 3 else v.sentence_profiles(least)
    return report.sentence_correlations(profiles, n_boot=n_boot)


def _halved(v: View) -> str:
    """The same with sentences selected by half of the seeds and scored by the rest; nothing where there is one seed."""
    answers = v.answers(HIGHEST, list(v.families))
    if answers.groupby("model", observed=True)["seed"].nunique().max() < 2:
        return ""
    first, rest = report.halves(answers)
    chosen, scored = (report.sentence_profiles(half, least=3, families=dict(v.families)) for half in (first, rest))
    worst = report.on_hardest(chosen, n=worst_of(chosen), scored=scored)
    own = worst[worst["selected_by"].eq(FAMILY)].set_index("model")["accuracy"]
    return "; selected on half of the seeds, scored on the rest: " + ", ".join(
        f"{m} {own[m]:.3f}" for m in (FAMILY, RNN, PCFG)
    )


def _how_many(v: View) -> str:
    return f"{len(v.foreign)} targets: {', '.join(v.foreign)}"


def _counterpart(v: View, line: Mapping[Hashable, Any]) -> tuple[float, int | None, str]:
    """Our counterpart of one published number, or NaN and why there is none."""
    try:
        value = _value(v, line)
    except NotTestable as reason:
        return float("nan"), None, str(reason)
    if value is None:
        return float("nan"), None, "no counterpart: another target language, label or feature"
    return value[0], v.n, value[1]


def _value(v: View, line: Mapping[Hashable, Any]) -> tuple[float, str] | None:
    metric, setting = str(line["metric"]), str(line["setting"])
    task = f"word/{line['task']}"
    if metric == "bleu_tokenized":
        target = setting.partition("=")[2]
        scores = v.translations.set_index("model")["value"]
        return (100 * float(scores[target]), "other training text") if target in scores else None
    if metric == "pearson_r" and str(line["task"]) == "great-grandparent":
        families = {"nmt": FAMILY, "rnn": RNN, "baseline": ORACLE, "pcfg": PCFG}
        a, b = (families[name] for name in str(line["method"]).split(" vs "))
        return float(correlation(family_correlations(v), a, b)["r"]), ""
    if metric == "pearson_r_label_f1_lower_bound":
        return least_label_r(v, task), "least r over pairs"
    if metric == "pearson_r_sentence_accuracy_lower_bound":
        return least_sentence_r(v, 3), "least r over pairs"
    if metric == "accuracy_range_points_upper_bound":
        return 100 * spread_of(v, task), "largest difference of two targets"
    sides = {"top 50 sentences": "easiest", "bottom 50 sentences": "hardest"}
    if setting in sides:
        features = {
            "mean_sentence_length_words": (["length"], 1),
            "mean_accuracy_fraction": (["mean accuracy"], 1),
            "n_question_sentences": (["question"], WORST),
            "n_infinitive_phrases": (["infinitive"], WORST),
            "n_sentences_with_negation": (["negation"], WORST),
            "n_sentences_null_copula_or_appositive": (["null_copula", "appositive"], WORST),
            "n_embedded_sentences_head_before": (["embedded_after"], WORST),
            "n_embedded_sentences_head_after": (["embedded_before"], WORST),
        }
        if metric not in features:
            return None
        names, times = features[metric]
        table = v.extremes.set_index("feature")
        return times * float(table[sides[setting]].astype(float)[names].sum()), "automatic proxy" if times > 1 else ""
    return None
