"""The 9 claims of Liu, Winata and Fung (2020), on the view of `moee_ner`.

Verdicts rest on 95 % intervals that resample target sentences, the same for both sides; scores are means of runs.
A setting whose plain model is not above the linear model of word shapes carries no claim: its part stays open.
"""

from __future__ import annotations

from probekit.experiments.moee_ner import STUDY

from probekit.report import Finding, NotTestable, below, clears, together
from probekit.scores import Comparison

from ._moee_ner_view import (
    BOTH,
    CONCEPT,
    FREEZE,
    GLOVE,
    INSIDE,
    MODELS,
    MOEE,
    MTL,
    OUTSIDE,
    PLAIN,
    ROBUST,
    TUNED,
    UNFREEZE,
    ExpertsView,
)
from ._tagging_view import each, points

_PAPERS = (FREEZE, UNFREEZE, TUNED)
CLOSE = 0.9  # what we call close to 1


def _why(v: ExpertsView) -> str:
    """What intervals are over, how many runs there are, on what taggers were trained."""
    n = int(v.needs(**v.of(PLAIN, v.settings[0]), metric="span_f1")["n_train"].max())
    return (
        f"paired over target sentences, {v.runs()}; trained on {n} sentences of WikiNEuRal (silver), vectors of our own"
    )


def _papers(v: ExpertsView) -> list[str]:
    """The paper's settings that were run. Raises NotTestable for none."""
    if found := [how for how in _PAPERS if how in v.settings]:
        return found
    raise NotTestable(f"the models were not run with {', '.join(_PAPERS)}")


def _lacking(v: ExpertsView) -> list[None]:
    """An open part of a claim for each of the paper's settings that was not run."""
    return [None for how in _PAPERS if how not in v.settings]


def _part(v: ExpertsView, how: str, verdict: bool | None) -> bool | None:
    """A verdict where the setting learned, else open."""
    return verdict if v.learned(how) else None


def _glove(v: ExpertsView, *models: str) -> str:
    """The same on GloVe, which is not the paper's."""
    if GLOVE not in v.settings:
        return ""
    return f"; on GloVe: {each({one: v.gap(v.of(one, GLOVE), v.of(PLAIN, GLOVE)) for one in models})}"


def _weak(v: ExpertsView, settings: list[str]) -> str:
    """Which settings carry no claim, and which of the paper's were not run."""
    weak = [how for how in settings if not v.learned(how)]
    lacking = [how for how in _PAPERS if how not in v.settings]
    said = f"; not surely above the linear model, so that they carry no claim: {', '.join(weak)}" if weak else ""
    return said + (f"; not run: {', '.join(lacking)}" if lacking else "")


@STUDY.claim(
    1,
    "MTL + MoEE is above the Concept Tagger and the Robust Sequence Tagger in each setting",
    "68.6 to 67.3, and so on",
)
def above_baselines(v: ExpertsView) -> Finding:
    gains: dict[str, Comparison] = {}
    parts: list[bool | None] = []
    for how in _papers(v):
        for one in (CONCEPT, ROBUST):
            if v.only(**v.of(one, how)).empty:
                parts.append(None)
                continue
            gains[f"{how} less {one}"] = gap = v.gap(v.of(BOTH, how), v.of(one, how))
            parts.append(_part(v, how, clears(gap)))
    if not gains:
        raise NotTestable("neither of the two was run")
    why = f"both are reconstructed, one layer over states and description, no CRF; {_why(v)}"
    return Finding(each(gains), together(*parts, *_lacking(v)), why + _weak(v, _papers(v)) + _named_on_glove(v))


def _named_on_glove(v: ExpertsView) -> str:
    there = [one for one in (CONCEPT, ROBUST) if not v.only(**v.of(one, GLOVE)).empty and GLOVE in v.settings]
    gains = {f"less {one}": v.gap(v.of(BOTH, GLOVE), v.of(one, GLOVE)) for one in there}
    return f"; on GloVe: {each(gains)}" if gains else ""


@STUDY.claim(2, "MTL + MoEE is above BiLSTM-CRF in each setting", "+1.0 BERT, +1.7 unfreeze, +1.3 freeze")
def both_above_plain(v: ExpertsView) -> Finding:
    gains = {how: v.gap(v.of(BOTH, how), v.of(PLAIN, how)) for how in _papers(v)}
    parts = [_part(v, how, clears(gain)) for how, gain in gains.items()] + _lacking(v)
    return Finding(each(gains), together(*parts), _why(v) + _weak(v, _papers(v)) + _glove(v, BOTH))


@STUDY.claim(3, "MTL alone and MoEE alone are above BiLSTM-CRF in each setting", "+1.2, +0.5; +1.4, +2.1; +1.1, +1.1")
def each_above_plain(v: ExpertsView) -> Finding:
    gains = {f"{how} {one}": v.gap(v.of(one, how), v.of(PLAIN, how)) for how in _papers(v) for one in (MTL, MOEE)}
    parts = [_part(v, name.split(" +")[0], clears(gain)) for name, gain in gains.items()] + _lacking(v)
    return Finding(each(gains), together(*parts), _why(v) + _weak(v, _papers(v)) + _glove(v, MTL, MOEE))


@STUDY.claim(4, "Frozen sub-word vectors are above learning ones for every model", "6 of 6, by 3.9 to 5.0")
def frozen_above_learning(v: ExpertsView) -> Finding:
    v.needed(FREEZE, UNFREEZE)
    gains = {model: v.gap(v.of(model, FREEZE), v.of(model, UNFREEZE)) for model in MODELS}
    parts = [_part(v, FREEZE, clears(gain)) for gain in gains.values()]
    return Finding(each(gains), together(*parts), "4 of the 6 models; " + _why(v) + _weak(v, [FREEZE]))


@STUDY.claim(5, "Frozen sub-word vectors are above BERT for BiLSTM-CRF and its extensions", "4 of 4, by 0.6 to 1.2")
def frozen_above_tuned(v: ExpertsView) -> Finding:
    v.needed(FREEZE, TUNED)
    gains = {model: v.gap(v.of(model, FREEZE), v.of(model, TUNED)) for model in MODELS}
    parts = [_part(v, FREEZE, clears(gain)) for gain in gains.values()]
    return Finding(
        each(gains),
        together(*parts),
        "MiniLM, tuned for sentence similarity before, for BERT; " + _why(v) + _weak(v, [FREEZE]),
    )


@STUDY.claim(
    6,
    "The combination is not uniformly best: one addition alone is above it in some setting",
    "MTL with BERT 68.8 to 68.6, MoEE unfrozen 65.2 to 64.9",
)
def combination_is_not_best(v: ExpertsView) -> Finding:
    gains = {f"{how} {one}": v.gap(v.of(one, how), v.of(BOTH, how)) for how in _papers(v) for one in (MTL, MOEE)}
    above = [_part(v, name.split(" +")[0], clears(gain)) for name, gain in gains.items()]
    above += _lacking(v)
    holds = True if True in above else False if all(one is False for one in above) else None
    return Finding(each(gains), holds, "less MTL + MoEE; holds where one interval is above 0; " + _why(v))


@STUDY.claim(
    7,
    "The gate gives O close to 1 at words outside, more than the gold category within entities, and is less sure there",
    "read off a heat map",
)
def gate_at_entities(v: ExpertsView) -> Finding:
    said, parts = [], []
    for how in v.settings:
        for model in (MOEE, BOTH):
            rows = {}
            for metric in ("gate_weight", "gate_entropy"):
                for subset in (OUTSIDE, INSIDE):
                    own = v.needs(metric=metric, subset=subset, **v.of(model, how))
                    rows[metric, subset] = own[["value", "ci_low", "ci_high"]].agg(
                        {"value": "mean", "ci_low": "min", "ci_high": "max"}
                    )
            (out, into), (sure, unsure) = (
                [rows[metric, subset] for subset in (OUTSIDE, INSIDE)] for metric in ("gate_weight", "gate_entropy")
            )
            tested = [
                True if out["ci_low"] > CLOSE else False if out["ci_high"] < CLOSE else None,
                True if out["ci_low"] > into["ci_high"] else False if out["ci_high"] < into["ci_low"] else None,
                True if unsure["ci_low"] > sure["ci_high"] else False if unsure["ci_high"] < sure["ci_low"] else None,
            ]
            parts += tested if v.learned(how) else []
            said.append(
                f"{how} {model}: weight {out['value']:.2f} outside, {into['value']:.2f} inside, "
                f"entropy {sure['value']:.2f} and {unsure['value']:.2f}"
            )
    why = f"settings that carry a claim; close to 1: above {CLOSE}; "
    why += "lowest and highest end of the intervals of the runs, over sentences"
    return Finding("; ".join(said), together(*parts), why + _weak(v, v.settings))


@STUDY.claim(
    8,
    "MTL raises untyped recall more than type accuracy of spans found, MoEE the opposite",
    "an explanation, not measured",
)
def finding_and_typing(v: ExpertsView) -> Finding:
    said, parts = [], []
    for how in v.settings:
        for model, first, second in ((MTL, "recall", "type"), (MOEE, "type", "recall")):
            sides = [[v.sample(what, **v.of(one, how))[0] for one in (model, PLAIN)] for what in (first, second)]
            n = v.sample("recall", **v.of(PLAIN, how))[1]
            gain = v.estimated((sides[0][0] - sides[0][1]) - (sides[1][0] - sides[1][1]), n)
            parts += [clears(gain)] if v.learned(how) else []
            said.append(f"{how} {model}, gain in {first} less that in {second}: {points(gain)}")
    return Finding("; ".join(said), together(*parts), "settings that carry a claim; " + _why(v) + _weak(v, v.settings))


@STUDY.claim(9, "The best score without target text is below the system that reads raw target text", "69.5 to 73.6")
def below_raw_text(v: ExpertsView) -> Finding:
    best = max((v.score(**v.of(m, how)) for how in v.settings for m in MODELS), key=lambda one: one.difference)
    under = below(best, 0.7359)
    raise NotTestable(
        f"the system with raw text was not made; our best, {points(best, '')}, is {'' if under else 'not surely '}"
        "below the published 73.6, which says nothing where training data differ"
    )
