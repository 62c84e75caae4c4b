"""The 10 claims of Lange, Adel and Strötgen (2020), on the view of `auxiliary_language_embeddings`.

Verdicts rest on 95 % intervals that resample test sentences, the same for both sides. FLAIR models are not at hand, so
that no claim about them can hold here. A language whose tagger is not above the linear model of word shapes carries no
claim.
"""

from __future__ import annotations

from collections.abc import Iterator

from probekit.experiments.auxiliary_language_embeddings import LANGUAGES, STUDY

from probekit.report import Finding, NotTestable, below, clears, together
from probekit.scores import t_interval

from ._auxiliary_language_embeddings_nearness import correlations_of
from ._auxiliary_language_embeddings_view import (
    ALL,
    BESIDE,
    BOTH,
    ENTITY,
    MAJORITY,
    META,
    METRICS,
    MONO,
    MULTI,
    SPEECH,
    TWICE,
    AuxiliaryView,
)
from ._tagging_view import each, points
from .auxiliary_language_embeddings import _weights

_FLAIR = "there are no FLAIR models, so that the claim is open at best"
DIFFERS = 0.01  # of a weight
POINT = 0.01  # "not below" is: not by more than a point
SHORT = {ENTITY: "NER", SPEECH: "POS"}


def _why(v: AuxiliaryView) -> str:
    return f"paired over test sentences, {v.runs()}; small training sets, sub-word vectors of our own for BPEmb"


def _cells(v: AuxiliaryView, *parts: str) -> Iterator[tuple[str, str]]:
    """Targets and parts, all five languages of each. Raises NotTestable."""
    for part in parts or (ENTITY, SPEECH):
        if lacking := [code for code in LANGUAGES if code not in v.targets(part)]:
            raise NotTestable(f"all five languages are needed; {', '.join(lacking)} were not asked about {part}")
        yield from ((target, part) for target in v.targets(part))


def _part(v: AuxiliaryView, target: str, part: str, verdict: bool | None) -> bool | None:
    """A verdict where the tagger of the language learned, else open."""
    return verdict if v.learned(target, part) else None


def _weak(v: AuxiliaryView) -> str:
    weak = [f"{target} {SHORT[part]}" for target, part in _cells(v) if not v.learned(target, part)]
    return f"; not surely above the linear model, so that they carry no claim: {', '.join(weak)}" if weak else ""


def _of_characters(v: AuxiliaryView, *settings: str) -> str:
    """Gains of character models of our own, where they were read; they decide nothing about FLAIR's."""
    if v.spelled.empty:
        return ""
    one = v.characters
    there = [(t, how) for t in one.targets(ENTITY) for how in settings if not one.only(target=t, how=how).empty]
    gains = {f"{t} {how}": one.gain(how, t, ENTITY) for t, how in there if how != BESIDE[t]}
    return f"; character models of our own: {each(gains)}"


def _counted(parts: list[bool | None]) -> str:
    return f"{parts.count(True)} surely above, {parts.count(False)} surely not of {len(parts)}"


@STUDY.claim(1, "BPEmb: every Mono + X is above Mono; FLAIR: 19 of 20 for NER, 12 of 20 for POS", "40 of 40 cells")
def beside_above_alone(v: AuxiliaryView) -> Finding:
    parts, said = [], []
    for part in (ENTITY, SPEECH):
        cells = [(target, c) for target, _ in _cells(v, part) for c in v.others(target, part)]
        gains = {f"{target}+{c}": v.gain(BESIDE[c], target, part) for target, c in cells}
        sure = [clears(gain) for gain in gains.values()]
        parts += [_part(v, target, part, one) for (target, _), one in zip(cells, sure, strict=True)]
        said.append(f"{SHORT[part]}: {_counted(sure)}: {each(gains)}")
    told = "; ".join(said) + _of_characters(v, *BESIDE.values())
    return Finding(told, together(*parts, None), f"{_FLAIR}; {_why(v)}{_weak(v)}")


@STUDY.claim(2, "BPEmb: Mono + Multi is above both Mono and Multi in all 10 cells", "10 of 10")
def both_above_each(v: AuxiliaryView) -> Finding:
    gains, parts = {}, []
    for target, part in _cells(v):
        for one in (MONO, MULTI):
            gains[f"{target} {SHORT[part]} less {one}"] = gap = v.gain(BOTH, target, part, one)
            parts.append(_part(v, target, part, clears(gap)))
    return Finding(f"{_counted(parts)}: {each(gains)}", together(*parts), f"{_why(v)}{_weak(v)}")


@STUDY.claim(3, "Multi alone is below Mono in all 20 cells", "20 of 20")
def multilingual_below(v: AuxiliaryView) -> Finding:
    gains = {f"{t} {SHORT[part]}": v.gain(MULTI, t, part) for t, part in _cells(v)}
    parts = [_part(v, t, part, below(v.gain(MULTI, t, part))) for t, part in _cells(v)]
    return Finding(each(gains), together(*parts, None), f"{_FLAIR}; {_why(v)}{_weak(v)}")


@STUDY.claim(
    4, "Meta-Embeddings are not below Mono + All: BPEmb NER, FLAIR NER and POS; BPEmb POS 3 of 5", "5, 5, 5; 3"
)
def attention_not_below(v: AuxiliaryView) -> Finding:
    gains = {f"{t} {SHORT[part]}": v.gain(META, t, part, ALL) for t, part in _cells(v)}
    parts = [_part(v, t, part, clears(v.gain(META, t, part, ALL), -POINT)) for t, part in _cells(v, ENTITY)]
    why = f"not below: by no more than {100 * POINT:g} point, in NER; {_FLAIR}; {_why(v)}{_weak(v)}"
    return Finding(each(gains), together(*parts, None), why)


@STUDY.claim(
    5, "The language nearest by d_MV is the best one to add in 3 of 5 targets (NER), 2 of 5 (POS)", "3 and 2 of 5"
)
def nearest_is_not_best(v: AuxiliaryView) -> Finding:
    said, verdicts = [], []
    for part, others in ((ENTITY, 2), (SPEECH, 3)):  # targets of the paper whose nearest is not the best
        worse = []
        for target, _ in _cells(v, part):
            nearest, chosen, score = v.nearest(target, part), v.chosen(target, part), v.beside(target, part)
            best, gap = max(score, key=lambda c: score[c]), v.gain(BESIDE[chosen], target, part, BESIDE[nearest])
            worse.append(_part(v, target, part, clears(gap) if chosen != nearest else None))
            said.append(
                f"{target} {SHORT[part]}: nearest {nearest}, best {best}, by development {chosen} {points(gap)}"
            )
        verdicts.append(True if worse.count(True) >= others else None)
    why = "points: chosen on development data less nearest; holds where surely above 0 in 2 targets (NER), 3 (POS)"
    return Finding("; ".join(said), together(*verdicts), f"{why}; {_why(v)}{_weak(v)}")


@STUDY.claim(6, "Mean Spearman of d_MV and scores is higher for NER than for POS", "about 0.5 and low")
def nearness_of_tasks(v: AuxiliaryView) -> Finding:
    list(_cells(v))
    table = correlations_of(v)
    said = []
    for line in table[table["distance"].eq(MAJORITY)].to_dict("records"):
        by_target = " ".join(f"{code} {line[code]:.1f}" for code in LANGUAGES)
        said.append(f"{SHORT[line['part']]}, {line['of']}: {line['mean']:.2f} ({by_target})")
    why = "five targets of four languages each are too few for an interval, so that the claim stays open"
    return Finding("; ".join(said), None, f"{why}; {_why(v)}")


@STUDY.claim(7, "Mono + Mono (FLAIR) is within 0.25 points of Mono in all 10 cells", "10 of 10")
def twice_is_once(v: AuxiliaryView) -> Finding:
    gains = {f"{t} {SHORT[part]}": v.gain(TWICE, t, part) for t, part in _cells(v)}
    raise NotTestable(
        f"there are no FLAIR models; sub-word vectors twice less once: {each(gains)}{_of_characters(v, TWICE)}"
    )


@STUDY.claim(8, "Gains from other languages are larger for BPEmb than for FLAIR", "POS up to +2.8 and +0.3")
def larger_for_subwords(v: AuxiliaryView) -> Finding:
    raise NotTestable("there are no FLAIR models")


@STUDY.claim(9, "Finnish gains most from Meta-Embeddings", "BPEmb NER +5.1, POS +2.8")
def finnish_gains_most(v: AuxiliaryView) -> Finding:
    said, parts = [], []
    for part in (ENTITY, SPEECH):
        gains = {t: v.gain(META, t, part) for t, _ in _cells(v, part)}
        moved = {t: v.sample(**v.of(META, t, part))[0] - v.sample(**v.of(MONO, t, part))[0] for t in gains}
        n = v.sample(**v.of(MONO, "fi", part))[1]
        more = {t: v.estimated(moved["fi"] - moved[t], n) for t in gains if t != "fi"}
        parts += [_part(v, "fi", part, clears(gap)) for gap in more.values()]
        said.append(f"{SHORT[part]}: {each(gains)}; Finnish less each: {each(more)}")
    return Finding("; ".join(said), together(*parts), f"languages resampled by themselves; {_why(v)}{_weak(v)}")


@STUDY.claim(
    10,
    "Attention gives the vectors of the target language most, on the mean, and weights differ by word",
    "18.0 of 16.7 %",
)
def attention_to_own(v: AuxiliaryView) -> Finding:
    table, parts, said = _weights(v), [], []
    lines = v.below("tokens", metric=list(METRICS.values()), how=META)
    within = lines.groupby(["part", "target", "series", "unit"])["value"].std().dropna()
    for target, part in _cells(v):
        own = table[table["target"].eq(target) & table["part"].eq(part)].set_index("source")
        rest = own.drop(index=target)
        top, best = own.loc[target], rest.iloc[int(rest["value"].argmax())]
        verdict = True if top["ci_low"] > best["ci_high"] else False if top["ci_high"] < best["ci_low"] else None
        spread = {one: t_interval(values.to_numpy()) for one, values in within.xs((part, target)).groupby("series")}
        differs = [clears(found, DIFFERS) for found in spread.values()]
        parts += [_part(v, target, part, one) for one in (verdict, together(*differs))]
        most = f"{rest['value'].idxmax()} {best['value']:.3f}"
        least, largest = (end(found.value for found in spread.values()) for end in (min, max))
        own_and_most = f"{target} {SHORT[part]}: own {top['value']:.3f}, {most}"
        said.append(f"{own_and_most}, over words ± {least:.3f} to {largest:.3f}")
    why = "intervals of means over sentences; weights differ where the deviation of each over the words of a sentence "
    why += f"is above {DIFFERS:g}, a point of a hundred"
    return Finding("; ".join(said), together(*parts), f"{why}; {_why(v)}{_weak(v)}")
