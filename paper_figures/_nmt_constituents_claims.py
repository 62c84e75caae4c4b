"""The 14 claims of Chang and Rafferty (2020), on the view of `nmt_constituents`.

Verdicts rest on 95 % intervals over the tested sentences, of means over seeds of probes and networks; every encoder is
trained once, so that they say nothing of other trainings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from probekit.experiments.nmt_constituents import STUDY, TASKS

from probekit import report
from probekit.report import Finding, NotTestable, as_found, below, clears, negated, shown, together, within
from probekit.scores import Comparison
from probekit.scores.arrays import Floats

from ._nmt_constituents_view import (
    ANCESTORS,
    AUTOENCODERS,
    FAMILY,
    HIGHEST,
    ORACLE,
    OTHERS,
    PCFG,
    RNN,
    TITLES,
    TRAIN,
    EncoderView,
)
from .nmt_constituents import called

ONE_TRAINING = "each encoder is trained once"


def said(found: Mapping[str, Comparison], scale: float = 100, digits: int = 1, signs: bool = True) -> str:
    """Values with their intervals, by what they are of."""
    lines = "; ".join(f"{name} {shown(one, scale, digits, counted=False)}" for name, one in found.items())
    return lines if signs else lines.replace("+", "")


def able(v: EncoderView, model: str, tasks: Sequence[str] = ANCESTORS) -> None:
    """Raises NotTestable for a model that is not above the word majority of training: alike or ahead it may be idly."""
    for task in tasks:
        if not clears(v.gap(model, TRAIN, task)):
            raise NotTestable(f"the {model} are not above the word majority of training on {TITLES[task]}")


def over(v: EncoderView, more: str = "") -> str:
    """The unit of a verdict's intervals."""
    n = v.counts["group"].nunique()
    return "; ".join(filter(None, (f"intervals over {n} sentences; {ONE_TRAINING}", more)))


@STUDY.claim(
    1,
    "Every target but the autoencoder's beats the word majority (oracle) on all three ancestor tasks",
    "all, adjusted p < .001",
)
def ancestors_above_majority(v: EncoderView) -> Finding:
    gaps = {f"{t} {TITLES[task]}": v.gap(t, ORACLE, task) for t in v.foreign() for task in ANCESTORS}
    rows = v.against_majority()
    rows = rows[rows["model"].isin(v.foreign()) & rows["task"].isin(ANCESTORS)]
    sure = rows["difference"].gt(0) & rows["p_adjusted"].lt(0.001)
    fair = {TITLES[task]: v.gap(FAMILY, OTHERS, task) for task in ANCESTORS}
    why = (
        f"over seeds {int(sure.sum())} of {len(rows)} with adjusted p < .001 (probe noise only); against the majority "
    )
    why += f"of the other tested words, which owes nothing to words tested once: {said(fair)}"
    return Finding(f"points: {said(gaps)}", together(*(clears(one) for one in gaps.values())), over(v, why))


@STUDY.claim(2, "The autoencoder is not above the baseline on all ancestor tasks, and below every translation target")
def autoencoder_below(v: EncoderView) -> Finding:
    able(v, FAMILY)
    auto = str(v.row(model=AUTOENCODERS)["model"])
    gaps = {TITLES[task]: v.gap(auto, ORACLE, task) for task in ANCESTORS}
    own = mean_of(v, auto)
    less = {called(target): v.over_sentences(mean_of(v, target) - own) for target in v.foreign()}
    above = together(*(clears(one) for one in gaps.values()))
    not_above = negated(above)
    shown_ = f"less the baseline: {said(gaps)}; targets less the autoencoder, mean of three tasks: {said(less)}"
    return Finding(f"points {shown_}", together(not_above, *(clears(one) for one in less.values())), over(v))


def mean_of(v: EncoderView, model: str) -> Floats:
    """Mean accuracy over the ancestor tasks, as a sample."""
    mean: Floats = np.mean([v.sample(model, task) for task in ANCESTORS], axis=0)
    return mean


@STUDY.claim(3, "Probes of the tag are below the word majority (oracle) for every target", "all, p < .001")
def tags_below_majority(v: EncoderView) -> Finding:
    able(v, FAMILY, TASKS[:1])
    gaps = {called(target): v.gap(target, ORACLE, "word/pos") for target in v.targets}
    fair = said({"all": v.gap(FAMILY, OTHERS, "word/pos")})
    why = f"against the majority of the other tested words: {fair}"
    return Finding(f"points: {said(gaps)}", together(*(below(one) for one in gaps.values())), over(v, why))


@STUDY.claim(4, "Targets other than the autoencoder's differ by less than 2 points on each ancestor task", "< 2 points")
def targets_alike(v: EncoderView) -> Finding:
    able(v, FAMILY)
    spread = {TITLES[task]: v.spread(task) for task in ANCESTORS}
    why = f"{len(v.foreign())} targets, 5 in the paper"
    return Finding(
        f"points: {said(spread, signs=False)}", together(*(below(s, 0.02) for s in spread.values())), over(v, why)
    )


@STUDY.claim(
    5,
    "Label F1 profiles of two targets correlate above .93 (tags), .98 (parent), .99 (the others)",
    "> .93, > .98, > .99, > .99",
)
def labels_alike(v: EncoderView) -> Finding:
    able(v, FAMILY, TASKS)
    bounds = dict(zip(TASKS, (0.93, 0.98, 0.99, 0.99), strict=True))
    least, verdicts, weaker = [], [], []
    for task, bound in bounds.items():
        table = report.label_correlations(v.answers(task, v.foreign(2)), n_boot=200)
        line = table.loc[int(np.argmin(table["r"]))]
        least.append(f"{TITLES[task]} {line['r']:.3f} [{line['ci_low']:.3f}, {line['ci_high']:.3f}]")
        lines = correlations(table)
        verdicts += [clears(one, bound) for one in lines]
        weaker += [clears(one, 0.9) for one in lines]
    word = {True: "holds", False: "fails", None: "is open"}[together(*weaker)]
    return Finding(f"least r: {'; '.join(least)}", together(*verdicts), over(v, f"the weaker form, .9 or more, {word}"))


def correlations(table: pd.DataFrame) -> list[Comparison]:
    """Those of every two targets, with their intervals."""
    return [as_found(one) for _, one in table.assign(value=table["r"], n_test=table["n"]).iterrows()]


@STUDY.claim(6, "Sentence profiles (great-grandparent) of two targets correlate above .85", "> .85")
def sentences_alike(v: EncoderView) -> Finding:
    able(v, FAMILY, [HIGHEST])
    table, longer = v.of_targets(), v.of_targets(8)
    line = table.loc[int(np.argmin(table["r"]))]
    text = f"least r {line['r']:.3f} [{line['ci_low']:.3f}, {line['ci_high']:.3f}]"
    why = f"sentences of 8 words or more: {longer['r'].min():.3f}"
    return Finding(text, together(*(clears(one, 0.85) for one in correlations(table))), over(v, why))


@STUDY.claim(7, "Accuracy less baseline is largest for the great-grandparent", "seen in Figure 3")
def gain_rises(v: EncoderView) -> Finding:
    able(v, FAMILY)
    gains = {task: v.sample(FAMILY, task) - v.sample(ORACLE, task) for task in TASKS}
    lead = [v.over_sentences(gains[HIGHEST] - gains[task]) for task in TASKS[:-1]]
    text = said({TITLES[task]: v.over_sentences(gain) for task, gain in gains.items()})
    return Finding(f"points: {text}", together(*map(clears, lead)), over(v, "of differences of gains"))


@STUDY.claim(8, "Probes beat the directly trained network on ancestors, by more the higher", "seen in Figure 3")
def network_below(v: EncoderView) -> Finding:
    for model in (FAMILY, RNN):
        able(v, model)
    gaps = {task: v.sample(FAMILY, task) - v.sample(RNN, task) for task in ANCESTORS}
    found = {TITLES[task]: v.over_sentences(gap) for task, gap in gaps.items()}
    low, middle, high = gaps.values()
    rises = [v.over_sentences(middle - low), v.over_sentences(high - middle)]
    seeds = f"{v.only(model=RNN)['seed'].nunique()} networks"
    return Finding(
        f"points: {said(found)}; rises {said({'': rises[0], 'then': rises[1]}).strip()}",
        together(*(clears(one) for one in (*found.values(), *rises))),
        over(v, seeds),
    )


@STUDY.claim(
    9,
    "Sentence profiles: probes and direct network agree most, baseline and parser least",
    "NMT-RNN .84, baseline-PCFG .42",
)
def most_and_least_agreement(v: EncoderView) -> Finding:
    able(v, RNN, [HIGHEST])
    pairs = {tuple(sorted(pair)): sample for pair, sample in v.correlations.items()}
    most, least = tuple(sorted((FAMILY, RNN))), tuple(sorted((ORACLE, PCFG)))
    leads = [v.over_sentences(pairs[most] - r) for pair, r in pairs.items() if pair != most]
    lags = [v.over_sentences(r - pairs[least]) for pair, r in pairs.items() if pair != least]
    text = said({" - ".join(pair): v.over_sentences(r) for pair, r in pairs.items()}, 1, 2, signs=False)
    parts = {"agree most": together(*map(clears, leads)), "agree least": together(*map(clears, lags))}
    word = {True: "holds", False: "fails", None: "is open"}
    why = "; ".join(
        f"that {'probes and network' if 'most' in n else 'baseline and parser'} {n} {word[h]}" for n, h in parts.items()
    )
    return Finding(text, together(*parts.values()), over(v, why))


@STUDY.claim(
    10,
    "Probes and direct network each agree as much with the baseline as with the parser (within .05)",
    ".60 / .61 and .62 / .59",
)
def equal_agreement(v: EncoderView) -> Finding:
    for model in (FAMILY, RNN):
        able(v, model, [HIGHEST])
    found = {model: v.over_sentences(v.r(model, ORACLE) - v.r(model, PCFG)) for model in (FAMILY, RNN)}
    text = f"r with the baseline less r with the parser: {said(found, 1, 2)}"
    return Finding(text, together(*(within(one, 0.05) for one in found.values())), over(v))


@STUDY.claim(
    11,
    "The parser is below probes and direct network, yet above both on the probes' worst 50 sentences",
    "7 to 9 points below; 9 and 6 above",
)
def parser_on_the_worst(v: EncoderView) -> Finding:
    overall = {model: v.gap(PCFG, model, HIGHEST) for model in (FAMILY, RNN)}
    chosen = {how: _parser_leads(v, samples) for how, samples in v.selections.items()}
    hard, scored, own = (said(chosen[f"hardest for the {who}"]) for who in ("probes", "probes by other seeds", "PCFG"))
    text = f"parser less the others, points: {said(overall)}; on the {v.worst} worst: {hard}"
    why = f"verdict on sentences chosen with half of the seeds and scored with the rest: {scored}; "
    why += f"the {v.worst} worst of the parser itself: {own} (intervals over these sentences)"
    leads = chosen["hardest for the probes by other seeds"].values()
    parts = [*(below(one) for one in overall.values()), *(clears(one) for one in leads)]
    return Finding(text, together(*parts), over(v, why))


def _parser_leads(v: EncoderView, samples: Mapping[str, Floats]) -> dict[str, Comparison]:
    return {model: report.estimate(samples[PCFG] - samples[model], v.worst) for model in (FAMILY, RNN)}


@STUDY.claim(12, "BLEU differs over targets by at least ten times what probe accuracy does", "31 points of BLEU")
def bleu_differs_more(v: EncoderView) -> Finding:
    able(v, FAMILY)
    rows = [v.bleu(target) for target in v.foreign(2)]
    low = max(row["ci_low"] for row in rows) - min(row["ci_high"] for row in rows)
    high = max(row["ci_high"] for row in rows) - min(row["ci_low"] for row in rows)
    values = [row["value"] for row in rows]
    spreads = [v.sample(target, task) for target in v.foreign(2) for task in ANCESTORS]
    each = np.array(spreads).reshape(len(rows), len(ANCESTORS), -1)
    spread = v.over_sentences((each.max(axis=0) - each.min(axis=0)).mean(axis=0))
    text = f"BLEU {100 * (max(values) - min(values)):.1f} points [{100 * max(low, 0):.1f}, {100 * high:.1f}], "
    text += f"accuracy {100 * spread.difference:.2f} [{100 * spread.low:.2f}, {100 * spread.high:.2f}]"
    holds = True if low >= 10 * spread.high else False if high < 10 * spread.low else None
    why = f"BLEU's ends from those of each model over {int(rows[0]['n_test'])} sentences; accuracy: mean of three tasks"
    return Finding(text, holds, over(v, why))


@STUDY.claim(
    13,
    "The worst 50 sentences are longer than the best 50 and hold fewer infinitives",
    "21.7 and 9.3 words, 5 and 26 infinitives",
)
def worst_and_best(v: EncoderView) -> Finding:
    able(v, FAMILY, [HIGHEST])
    found = {name: _of_sides(v, name) for name in ("length", "infinitive")}
    text = (
        f"worst less best: {said({'length': found['length']}, 1)}, {said({'infinitives': found['infinitive']}, 1, 2)}"
    )
    why = (
        f"intervals over the {v.worst} sentences of each side; features are automatic proxies, complete sentences only"
    )
    return Finding(text, together(clears(found["length"]), below(found["infinitive"])), why)


def _of_sides(v: EncoderView, feature: str) -> Comparison:
    """Mean of a feature in the worst sentences less that in the best."""
    values = v.extreme["group"].map(v.features[feature].astype(float))
    sides = [values[v.extreme["side"].eq(side)].to_numpy() for side in ("hardest", "easiest")]
    frames = [pd.DataFrame({"group": range(len(one)), "n": 1, "accuracy": one, "model": "x"}) for one in sides]
    worst, best = (report.accuracy_samples(frame, seed=seed)["x"] for seed, frame in enumerate(frames))
    return report.estimate(worst - best, v.worst)


def beats_always(f1: Comparison, frequency: float) -> bool:
    """Whether a label of some frequency has a higher F1 than from saying nothing but it."""
    return clears(f1, 2 * frequency / (1 + frequency)) is True


@STUDY.claim(
    14,
    "A label of less than 1 % of the words has an F1 within .1 of the most frequent label's",
    "grandparent: SQ .6 %, .55-.61; NP 25 %, .59-.60",
)
def rare_labels(v: EncoderView) -> Finding:
    found: list[tuple[bool | None, str]] = []
    learned = False
    for task, title in TITLES.items():
        answers = v.answers(task, v.foreign())
        frequency = report.label_profiles(answers).groupby("label", observed=True)["frequency"].first()
        samples, top = report.f1_samples(answers), str(frequency.idxmax())
        if not beats_always(v.over_sentences(samples[top]), frequency[top]):
            continue
        learned = True
        for label in frequency.index[frequency < 0.01]:
            gap = v.over_sentences(samples[label] - samples[top])
            if clears(v.over_sentences(samples[label])):
                text = f"{title}: {label} ({100 * frequency[label]:.1f} %) less {top} {said({'': gap}, 1, 2).strip()}"
                found.append((within(gap, 0.1), text))
    if not learned:
        raise NotTestable("on no task do the probes' answers beat saying the commonest label")
    if not found:
        return Finding("no label of less than 1 % of the words has an F1 surely above 0", None, over(v))
    found.sort(key=lambda one: (True, None, False).index(one[0]))
    none_is = together(*(negated(one) for one, _ in found))
    why = f"{sum(one is True for one, _ in found)} of {len(found)} such labels with an interval within .1"
    return Finding(found[0][1], negated(none_is), over(v, why))
