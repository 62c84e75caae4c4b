"""Claims of Stratos 2017. Intervals are over pairs of words and groups of questions; one training a student."""

from __future__ import annotations

import pandas as pd
from probekit.experiments.subword_reconstruction import EPOCHS, STUDY, WORDS

from probekit.report import Finding, NotTestable, apart, below, clears, shown, together
from probekit.scores import Comparison

from ._subword_reconstruction_view import GOOGLE, MSR, PRINTED, RANDOM, TEACHER, SpellingView

_WHY = f"mean of three sets, pairs resampled; GloVe of {WORDS:,} words as teacher; one seed of training"
_LATER = [float(at) for at in EPOCHS if at]
FORMS = list(PRINTED.values())


def _at(form: str, epochs: float) -> dict[str, object]:
    return {"form": form, "output": "relu", "epochs": epochs}


_UNTRAINED = {"form": RANDOM, "output": "relu"}


def _least(gains: dict[str, Comparison], counted: bool = True) -> str:
    name = min(gains, key=lambda one: gains[one].low)
    sure = [clears(gain) for gain in gains.values()]
    how_many = f"{sure.count(True)} of {len(gains)} surely above 0, {sure.count(False)} below"
    return f"{how_many}; least {name} {shown(gains[name], counted=counted)}"


@STUDY.claim(
    1, "Every distance raises mean similarity over the untrained student within 10 epochs", ".03 to .09 to .13"
)
def raised(v: SpellingView) -> Finding:
    gains = {form: v.less(_at(form, 10.0), _UNTRAINED) for form in v.forms(output="relu")}
    said = ", ".join(f"{form} {shown(gain)}" for form, gain in gains.items())
    return Finding(said, together(*map(clears, gains.values())), f"untrained: mean of three seeds; {_WHY}")


@STUDY.claim(
    2, "From 10 epochs on, the cosine is at least as good as each other distance", ".13 to .15; the others .09 to .15"
)
def cosine_leads(v: SpellingView) -> Finding:
    gains = {
        f"{form} at {at:g}": v.less(_at("Dcos", at), _at(form, at)) for at in _LATER for form in FORMS if form != "Dcos"
    }
    return Finding(f"Dcos less others: {_least(gains)}", together(*map(clears, gains.values())), _WHY)


@STUDY.claim(
    3, "D-infinity is the worst distance from 20 epochs on, and is not above its value at 10 epochs later",
    ".12 at 10, .10, .09, .10 later; the others .11 to .15",
)  # fmt: skip
def largest_difference(v: SpellingView) -> Finding:
    worse = {
        f"{form} at {at:g}": v.less(_at(form, at), _at("D∞", at)) for at in _LATER if at > 10 for form in FORMS
        if form != "D∞"
    }  # fmt: skip
    later = {f"{at:g}": v.less(_at("D∞", at), _at("D∞", 10.0)) for at in _LATER if at > 10}
    said = f"others less D∞: {_least(worse)}; D∞ less its value at 10: "
    said += ", ".join(f"{at} {shown(gain)}" for at, gain in later.items())
    return Finding(said, together(*map(clears, worse.values()), *map(below, later.values())), _WHY)


@STUDY.claim(4, "All students stay below half of the teacher's similarity", ".15 < .25")
def below_half(v: SpellingView) -> Finding:
    gaps = {
        f"{form} at {at:g}": v.less({"form": TEACHER}, _at(form, at), 2.0)
        for at in _LATER
        for form in v.forms(output="relu")
    }
    said = f"teacher {100 * v.value(form=TEACHER).difference:.1f}; teacher less twice the student: {_least(gaps)}"
    return Finding(said, together(*map(clears, gaps.values())), _WHY)


def _independent(asked: pd.Series) -> str:
    why = "students with the highway output after 10 epochs, the middle of three untrained ones; "
    return f"{why}{asked['n_test']:,} questions, intervals taken as independent; {WORDS:,} candidates"


@STUDY.claim(5, "Syntactic analogies: the untrained student is above the teacher, this above every trained one",
             "65.2 > 57.4 > 45.7, 27.6, 26.3, 23.8")  # fmt: skip
def spelling_alone(v: SpellingView) -> Finding:
    teacher, random = (v.answered(MSR, form) for form in (TEACHER, RANDOM))
    first = apart(random, teacher, "question")
    rest = {form: apart(teacher, v.answered(MSR, form), "question") for form in FORMS}
    said = f"untrained less teacher {shown(first, counted=False)}; teacher less trained: {_least(rest, False)}"
    return Finding(said, together(clears(first), *map(clears, rest.values())), _independent(teacher))


@STUDY.claim(6, "Semantic analogies: trained students are above the untrained, all below 5 %, the teacher above 50 %",
             "1.7 to 2.5 > 1.1; 59.6")  # fmt: skip
def meaning(v: SpellingView) -> Finding:
    teacher, random = (v.answered(GOOGLE, form, "sem") for form in (TEACHER, RANDOM))
    trained = {form: v.answered(GOOGLE, form, "sem") for form in FORMS}
    gains = {form: apart(row, random, "question") for form, row in trained.items()}
    low = [True if row["ci_high"] < 0.05 else False if row["ci_low"] > 0.05 else None for row in trained.values()]
    high = True if teacher["ci_low"] > 0.5 else False if teacher["ci_high"] < 0.5 else None
    said = f"teacher {100 * teacher['value']:.1f}, untrained {100 * random['value']:.2f}, trained "
    said += ", ".join(f"{form} {100 * row['value']:.2f}" for form, row in trained.items())
    said += f"; trained less untrained: {_least(gains, False)}"
    return Finding(said, together(*map(clears, gains.values()), *low, high), _independent(teacher))


@STUDY.claim(
    8, "With constant features D1 finds the medians of the coordinates and D2 the means, which an outlier moves more"
)
def constants(v: SpellingView) -> Finding:
    raise NotTestable("no row holds it: a test of the losses does (tests/embeddings/test_spelling.py)")
