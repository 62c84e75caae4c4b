"""The 10 claims of the card, and four of the text that it does not number (11 to 14).

Intervals are over tested sentences, 95 %; attachment scores are taken as if of other words. A claim that sets models
pretrained here against each other is open for a language whose own model did not learn: the interval of own less
untrained does not lie above 0, or that of own less baseline lies below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from probekit.experiments.mbert_low_resource import LONG, NER, POS, SEEDS, SETTINGS, STUDY

from probekit.report import Finding, NotTestable, below, clears, estimate, if_run, negated, together
from probekit.report.claims import Interval
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.scores.regression import Slope
from probekit.scores.wiki_sizes import SIZES

from ._mbert_low_resource_regressions import PREDICTORS, TRAIN, WIKI, joint, ratio_test, slope
from ._mbert_low_resource_view import BASELINE, MANY, NAMES, OWN, PAIR, REAL, UNSEEN, UNTRAINED, LowResourceView
from ._tagging_view import UNIT, points

Cell = tuple[str, str]  # language, and task or setting
Gains = Mapping[Cell, Comparison | None]
TEN = 0.10
STRICT = 0.001
LEAST = 0.01  # of the own vocabulary: below, curves are of ten pieces or fewer
OURS = ("las", "uas", POS)  # tasks of Afrikaans and Latvian
LABELLED = tuple((code, task) for code in ("af", "lv") for task in OURS)
CELLS = (("af", POS), ("af", "las"), ("lv", POS), ("lv", "las"), ("yo", NER))  # attachment is one, as in the paper
SHORT = {POS: "POS", "las": "LAS", "uas": "UAS", NER: "NER"}
_REAL = (
    "180 labelled sentences; multilingual-e5-small for mBERT, tuned or a frozen layer, the better by development data; "
    "baseline: a linear tagger of the look of words or a BiLSTM over sub-word vectors, the better by development data"
)
_TINY = (
    "2 layers of 64 units, 600 steps, frozen, 180 labelled sentences, one seed; word classes of own text, of a "
    f"relative's and untrained, against one another, {1 + len(SEEDS)}"
)


def _gap(v: LowResourceView, codes: list[str]) -> tuple[Floats, int]:
    """Mean over languages of real less baseline in entities, as a sample over the sentences of each."""
    samples, n = [], 0
    for code in codes:
        (real, m), (base, _) = (v.sample(**v.where(NER, code, one)) for one in (REAL, BASELINE))
        samples.append(real - base)
        n += m
    found: Floats = sum(samples[1:], start=samples[0]) / len(samples)
    return found, n


def _between(v: LowResourceView, least: int, most: int) -> list[str]:
    found = [code for code in v.languages(NER) if least <= SIZES.get(code, -1) <= most]
    if not found:
        raise NotTestable(f"no language of entities has a WikiSize from {least} to {most}")
    return found


def _listed(codes: list[str]) -> str:
    return ", ".join(f"{code}{' (not seen)' if code in UNSEEN else ''}" for code in codes)


@STUDY.claim(
    1,
    "Mean NER F1 (mBERT - baseline) is negative for WikiSize < 6 and more negative than for WikiSize 6-10",
    "negative",
)
def worse_where_small(v: LowResourceView) -> Finding:
    small, middle = _between(v, 0, 5), _between(v, 6, 10)
    (one, n), (other, m) = _gap(v, small), _gap(v, middle)
    gap, difference = estimate(one, n, UNIT), estimate(one - other, n + m, UNIT)
    ours = f"{_listed(small)}: {points(gap)}; less {_listed(middle)}: {points(difference)}"
    why = f"{len(small)} and {len(middle)} languages; sentences are resampled, languages not; {_REAL}"
    return Finding(ours, together(below(gap), below(difference)), why)


@STUDY.claim(
    2,
    "For the smallest bucket the NER deficit exceeds 10 points; for WikiSize > 11 the difference is negative too",
    "more than 10 points; slightly negative",
)
def both_ends(v: LowResourceView) -> Finding:
    smallest, largest = _between(v, 3, 3), _between(v, 12, 14)
    gaps = [estimate(*_gap(v, codes), UNIT) for codes in (smallest, largest)]
    ours = f"{_listed(smallest)}: {points(gaps[0])}; {_listed(largest)}: {points(gaps[1])}"
    return Finding(ours, together(below(gaps[0], -TEN), below(gaps[1])), f"sentences are resampled; {_REAL}")


def _said(one: Slope) -> str:
    return f"{one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"


_GRID = (
    "24 cells of six languages of WikiANN, text and labelled sentences tied, taken as independent; log2 of text "
    "stands for WikiSize"
)


@STUDY.claim(
    3,
    "Each univariate slope is positive with p < .001, ordered train size > train vocabulary > WikiSize",
    ".035 > .021 > .015",
)
def slopes(v: LowResourceView) -> Finding:
    found = {name: slope(v, True, name) for name in PREDICTORS}
    positive = [True if one.p < STRICT and one.value > 0 else False if one.high < 0 else None for one in found.values()]
    ordered = [_above(a, b) for a, b in pairwise(found.values())]
    ours = "; ".join(f"{name} {_said(one)}, p = {one.p:.1e}" for name, one in found.items())
    return Finding(ours, together(*positive, *ordered), f"an order is told where intervals do not overlap; {_GRID}")


def _above(one: Interval | None, other: Interval | None) -> bool | None:
    """Whether one interval lies above another: open where they overlap or one is not there."""
    if one is None or other is None:
        return None
    return True if one.low > other.high else False if one.high < other.low else None


@STUDY.claim(4, "In the joint model the WikiSize slope is negative while train size stays positive", "-.014; .029")
def sign_turns(v: LowResourceView) -> Finding:
    tied, crossed = joint(v, True), joint(v, False)
    ours = f"tied: {TRAIN} {_said(tied[TRAIN])}, {WIKI} {_said(tied[WIKI])}"
    ours += f" (inflation {tied[WIKI].inflation:.1f}); crossed: {_said(crossed[TRAIN])}, {_said(crossed[WIKI])}"
    return Finding(ours, together(below(tied[WIKI]), clears(tied[TRAIN])), _GRID)


@STUDY.claim(5, "Adding log2 vocabulary to log2 train size is not significant (LR test p > .05)", "p > .05")
def vocabulary_says_no_more(v: LowResourceView) -> Finding:
    tied, crossed = ratio_test(v, True), ratio_test(v, False)
    ours = f"tied: {tied.statistic:.2f}, p = {tied.p:.3f}; crossed: {crossed.statistic:.2f}, p = {crossed.p:.3f}"
    holds = None if tied.p > 0.05 else False
    return Finding(ours, holds, f"a test that does not reject leaves it open; {_GRID}")


@STUDY.claim(6, "WikiSize regressed on log2 train size has slope > .5", "slope > .5, p < .001")
def sizes_go_together(v: LowResourceView) -> Finding:
    raise NotTestable("how text and labelled sentences go together is set by our grid, not found")


@STUDY.claim(7, "mBERT > every monolingual BERT on every (language, task) except Latvian POS", "all but one")
def real_above_own(v: LowResourceView) -> Finding:
    cells = [*LABELLED, ("yo", NER)]
    parts, ours = [], []
    for one in (OWN, *SETTINGS):
        found = _gains(v, cells, REAL, one)
        ours.append(f"less {one}: {_listing(found)}")
        for key, gain in found.items():
            above = negated(clears(gain)) if key == ("lv", POS) else clears(gain)
            parts.append(above if gain is not None and _taught(v, *key, one) else None)
    why = (
        f"no Mongolian, no Latvian or Afrikaans entities; a model that did not learn is no rival; {_REAL}; own: {_TINY}"
    )
    return Finding("; ".join(ours), together(*parts), why)


def _gains(v: LowResourceView, cells: Iterable[Cell], a: str, b: str) -> Gains:
    return {(code, task): if_run(v.gain, task, code, a, b) for code, task in cells}


def _listing(gains: Gains) -> str:
    return "; ".join(f"{code} {SHORT.get(what, what)} {_or_not(gain)}" for (code, what), gain in gains.items())


def _or_not(gain: Comparison | None) -> str:
    return "not run" if gain is None else points(gain)


def _taught(v: LowResourceView, code: str, task: str, model: str = OWN) -> bool:
    """Whether a model is above the untrained one, and not below the baseline."""
    above, base = (if_run(v.gain, task, code, model, one) for one in (UNTRAINED, BASELINE))
    return bool(clears(above)) and base is not None and not below(base)


@STUDY.claim(
    8,
    "Bilingual base > monolingual base on every number (8 of 8); the gain of af+nl exceeds lv+lt's but in POS",
    "8 of 8; LAS +1.65 and +.24",
)
def pairs_help(v: LowResourceView) -> Finding:
    found = _gains(v, LABELLED, PAIR, OWN)
    taught = {key: _taught(v, *key) for key in found}
    parts = [clears(gain) if taught[key] else None for key, gain in found.items()]
    orders = {
        task: _above(found["af", task], found["lv", task]) if taught["af", task] and taught["lv", task] else None
        for task in OURS
    }
    orders[POS] = negated(orders[POS])
    ours = _listing(found)
    untaught = [f"{code} {SHORT[task]}" for (code, task), learned in taught.items() if not learned]
    ours += f"; own below the baseline, or not above untrained: {', '.join(untaught)}" if untaught else ""
    more = if_run(v.gain, POS, "yo", PAIR, OWN)
    ours += f"; beside: Yoruba with Wolof, POS {_or_not(more)}"
    return Finding(
        ours, together(*parts, *orders.values()), f"no entities of Afrikaans and Latvian are at hand; {_TINY}"
    )


@STUDY.claim(
    9,
    "Shorter sequences with a larger batch beat base in at least half of the cells; halving depth hurts in at least "
    "half",
    "5 of 8; 5 of 8",
)
def settings_matter(v: LowResourceView) -> Finding:
    (better, b), (worse, w) = _counted(v, "shorter sequence", 1), _counted(v, "small", -1)
    return Finding(f"shorter: {b}; half the depth: {w}", together(better, worse), f"attachment by LAS; {_TINY}")


def _counted(v: LowResourceView, setting: str, sign: int) -> tuple[bool | None, str]:
    """Whether a setting is surely above base (sign 1), or below it (-1), in at least half of the cells.

    Open in a cell that was not run, or whose own model did not learn.
    """
    gains = _gains(v, CELLS, setting, OWN)
    sure = [(clears if sign > 0 else below)(gain) if _taught(v, *key) else None for key, gain in gains.items()]
    yes, no = (sum(one is answer for one in sure) for answer in (True, False))
    return (True if 2 * yes >= len(CELLS) else False if 2 * no > len(CELLS) else None), _listing(gains)


@STUDY.claim(10, "mBERT minus baseline: UAS >= 0 while LAS < 0 (lv and af)", "+.41, +1.02; -6.69, -2.51")
def trees_not_labels(v: LowResourceView) -> Finding:
    found: Gains = {
        (code, task): v.gain(task, code, REAL, BASELINE) for code in ("lv", "af") for task in ("uas", "las")
    }
    parts = [clears(gain) if task == "uas" else below(gain) for (_, task), gain in found.items()]
    why = f"no parser here reads word classes, the paper's did; {_REAL}"
    return Finding(_listing(found), together(*parts), why)


# --- of the text, not numbered by the card


@STUDY.claim(11, "(text) A smaller vocabulary hurts all cells but Yoruba's", "7 of 8 below base; Yoruba +7.61")
def small_vocabulary(v: LowResourceView) -> Finding:
    found = _gains(v, CELLS, "smaller vocabulary", OWN)
    parts = [
        (clears if code == "yo" else below)(gain) if _taught(v, code, task) else None
        for (code, task), gain in found.items()
    ]
    return Finding(_listing(found), together(*parts), f"attachment by LAS; {_TINY}")


@STUDY.claim(12, "(text) Scores rise with pretraining for lv and af, not for mn (Figure 4)", "a figure")
def rises(v: LowResourceView) -> Finding:
    ours, parts = [], []
    for code in ("af", "lv"):
        gain = v.gain(POS, code, OWN, UNTRAINED)
        ours.append(f"{code} POS own less untrained {points(gain)}")
        parts.append(clears(gain))
    ours.append(f"Yoruba after {LONG} steps less none {points(v.after_steps(LONG, '2'))}")
    return Finding("; ".join(ours), together(*parts, None), f"there is no Mongolian at hand; {_TINY}")


@STUDY.claim(
    13, "(text) Pieces of the own vocabularies are more frequent than those of the common one (Figure 3)", "a figure"
)
def own_pieces_are_frequent(v: LowResourceView) -> Finding:
    ours, parts = [], []
    table = v.coverage()
    for code in NAMES:
        models = table[table["code"].eq(code)].groupby("model")
        at = {str(name): dict(zip(one["step"], one["value"], strict=True)) for name, one in models}
        mine = {t: share for t, share in at.get(UNTRAINED, {}).items() if LEAST <= share < 1}
        for other, called in ((MANY, MANY), (REAL, "XLM-R")):
            shared = mine.keys() & at.get(other, {}).keys()
            above = sum(mine[t] > at[other][t] for t in shared)
            parts.append(above == len(shared) if shared else None)
            ours.append(f"{code}: own above {called} at {above} of {len(shared)}")
    return Finding(
        "; ".join(ours),
        together(*parts),
        "counts of a text, no sample; thresholds at powers of two at which 1 % of the own vocabulary are left",
    )


@STUDY.claim(14, "(text) The ratio of mBERT to the baseline as response gives the same regression", "the same signs")
def ratio_to_baseline(v: LowResourceView) -> Finding:
    found, parts = [], []
    for tied in (True, False):
        plain, ratio = joint(v, tied), joint(v, tied, ratio=True)
        found.append(f"{'tied' if tied else 'crossed'}: " + ", ".join(f"{n} {_said(one)}" for n, one in ratio.items()))
        parts += [_same_sign(plain[name], ratio[name]) for name in plain]
    why = f"baseline: look of words on the same labelled sentences; a slope whose interval holds 0 has no sign; {_GRID}"
    return Finding("; ".join(found), together(*parts), why)


def _same_sign(a: Slope, b: Slope) -> bool | None:
    one, other = clears(a), clears(b)
    return None if one is None or other is None else one == other
