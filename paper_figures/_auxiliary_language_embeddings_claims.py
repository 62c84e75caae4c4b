"""The 10 claims of Lange, Adel and Strötgen (2020), on the view of `auxiliary_language_embeddings`.

Verdicts rest on 95 % intervals that resample test sentences, the same for both sides. Parts of speech and FLAIR are not
asked, so that no claim about them can hold here. A language whose tagger is not above the linear model of word shapes
carries no claim.
"""

from __future__ import annotations

from collections.abc import Mapping

from probekit.experiments.auxiliary_language_embeddings import LANGUAGES, STUDY

from probekit.report import Finding, NotTestable, below, clears, together
from probekit.scores import Comparison

from ._auxiliary_language_embeddings_view import ALL, BESIDE, BOTH, MAJORITY, META, MONO, MULTI, TWICE, AuxiliaryView
from ._tagging_view import points
from .auxiliary_language_embeddings import _correlations, _weights

_WHY = "paired over test sentences, one run; 500 training sentences a language, sub-word vectors of our own"
_ENTITIES = "entities alone: parts of speech and FLAIR are not asked, so that the claim is open at best"
POINT = 0.01  # "not below" is: not by more than a point


def _five(v: AuxiliaryView) -> list[str]:
    if lacking := [code for code in LANGUAGES if code not in v.targets]:
        raise NotTestable(f"all five languages are needed; {', '.join(lacking)} were not asked")
    return v.targets


def _gap(v: AuxiliaryView, target: str, one: str, other: str = MONO) -> Comparison:
    return v.gap(v.of(one, target), v.of(other, target))


def _said(gains: Mapping[str, Comparison]) -> str:
    return ", ".join(f"{name} {points(gain)}" for name, gain in gains.items())


def _part(v: AuxiliaryView, target: str, verdict: bool | None) -> bool | None:
    """A verdict where the tagger of the language learned, else open."""
    return verdict if v.learned(target) else None


def _weak(v: AuxiliaryView) -> str:
    weak = [target for target in v.targets if not v.learned(target)]
    return f"; not surely above the linear model, so that they carry no claim: {', '.join(weak)}" if weak else ""


@STUDY.claim(1, "BPEmb: every Mono + X is above Mono; FLAIR: 19 of 20 for NER, 12 of 20 for POS", "40 of 40 cells")
def beside_above_alone(v: AuxiliaryView) -> Finding:
    gains = {f"{t}+{c}": _gap(v, t, BESIDE[c]) for t in _five(v) for c in v.others(t)}
    parts = [_part(v, name[:2], clears(gain)) for name, gain in gains.items()]
    sure = [clears(gain) for gain in gains.values()]
    said = f"{sure.count(True)} surely above, {sure.count(False)} surely below of {len(sure)}: {_said(gains)}"
    return Finding(said, together(*parts, None), f"{_ENTITIES}; {_WHY}{_weak(v)}")


@STUDY.claim(2, "BPEmb: Mono + Multi is above both Mono and Multi in all 10 cells", "10 of 10")
def both_above_each(v: AuxiliaryView) -> Finding:
    gains = {f"{t} less {one}": _gap(v, t, BOTH, one) for t in _five(v) for one in (MONO, MULTI)}
    parts = [_part(v, name[:2], clears(gain)) for name, gain in gains.items()]
    return Finding(_said(gains), together(*parts, None), f"{_ENTITIES}; {_WHY}{_weak(v)}")


@STUDY.claim(3, "Multi alone is below Mono in all 20 cells", "20 of 20")
def multilingual_below(v: AuxiliaryView) -> Finding:
    gains = {t: _gap(v, t, MULTI) for t in _five(v)}
    parts = [_part(v, t, below(gain)) for t, gain in gains.items()]
    return Finding(_said(gains), together(*parts, None), f"{_ENTITIES}; {_WHY}{_weak(v)}")


@STUDY.claim(4, "Meta-Embeddings are not below Mono + All: 5 of 5 for BPEmb NER", "5, 5, 5 of 5; POS 3 of 5")
def attention_not_below(v: AuxiliaryView) -> Finding:
    gains = {t: _gap(v, t, META, ALL) for t in _five(v)}
    parts = [_part(v, t, clears(gain, -POINT)) for t, gain in gains.items()]
    why = f"not below: by no more than {100 * POINT:g} point; {_ENTITIES}; {_WHY}{_weak(v)}"
    return Finding(_said(gains), together(*parts, None), why)


@STUDY.claim(
    5, "The language nearest by d_MV is the best one to add in 3 of 5 targets only (NER)", "3 of 5; POS 2 of 5"
)
def nearest_is_not_best(v: AuxiliaryView) -> Finding:
    said, worse = [], []
    for target in _five(v):
        own = v.ranks[v.ranks["distance"].eq(MAJORITY) & v.ranks["target"].eq(target)]
        nearest = str(own.sort_values("rank")["source"].iloc[0])
        score = {c: v.score(**v.of(BESIDE[c], target)).difference for c in v.others(target)}
        best = max(score, key=lambda c: score[c])
        gap = _gap(v, target, BESIDE[best], BESIDE[nearest])
        worse.append(clears(gap) if best != nearest else False)
        said.append(f"{target}: nearest {nearest}, best {best} by {points(gap)}")
    holds = True if worse.count(True) >= 2 else False if worse.count(False) >= 4 else None
    why = "holds where the nearest is surely not the best in two targets or more; the best is picked on test data"
    return Finding("; ".join(said), holds, f"{why}; {_WHY}")


@STUDY.claim(6, "Mean Spearman of d_MV and scores is higher for NER than for POS", "about 0.5 and low")
def nearness_of_tasks(v: AuxiliaryView) -> Finding:
    table = _correlations(v)
    lines = [f"{r['distance']} {r['spearman']:.2f} ({r['of']})" for r in table.to_dict("records")]
    raise NotTestable(f"parts of speech are not asked; entities: {', '.join(lines)}")


@STUDY.claim(7, "Mono + Mono (FLAIR) is within 0.25 points of Mono in all 10 cells", "10 of 10")
def twice_is_once(v: AuxiliaryView) -> Finding:
    gains = {t: _gap(v, t, TWICE) for t in v.targets}
    raise NotTestable(f"there are no FLAIR models; sub-word vectors twice less once: {_said(gains)}")


@STUDY.claim(8, "Gains from other languages are larger for BPEmb than for FLAIR", "POS up to +2.8 and +0.3")
def larger_for_subwords(v: AuxiliaryView) -> Finding:
    raise NotTestable("there are no FLAIR models")


@STUDY.claim(9, "Finnish gains most from Meta-Embeddings", "NER +5.1, POS +2.8")
def finnish_gains_most(v: AuxiliaryView) -> Finding:
    gains = {t: _gap(v, t, META) for t in _five(v)}
    samples = {t: v.sample(**v.of(META, t))[0] - v.sample(**v.of(MONO, t))[0] for t in v.targets}
    n = v.sample(**v.of(MONO, "fi"))[1]
    more = {t: v.estimated(samples["fi"] - samples[t], n) for t in v.targets if t != "fi"}
    parts = [_part(v, "fi", clears(gap)) for gap in more.values()]
    said = f"{_said(gains)}; Finnish less each: {_said(more)}"
    return Finding(said, together(*parts, None), f"{_ENTITIES}; resampled by themselves; {_WHY}{_weak(v)}")


@STUDY.claim(
    10,
    "Attention gives the vectors of the target language most, on the mean, and weights differ by word",
    "18.0 of 16.7 %",
)
def attention_to_own(v: AuxiliaryView) -> Finding:
    table, parts, said = _weights(v), [], []
    spread = v.below("tokens", metric="span_f1", how=META).groupby(["target", "series"])["value"].std()
    for target in _five(v):
        own = table[table["target"].eq(target)].set_index("source")
        rest = own.drop(index=target)
        top, best = own.loc[target], rest.iloc[int(rest["value"].argmax())]
        verdict = True if top["ci_low"] > best["ci_high"] else False if top["ci_high"] < best["ci_low"] else None
        parts += [_part(v, target, verdict), bool((spread.xs(target) > 0).all())]
        said.append(f"{target}: own {top['value']:.3f}, {rest['value'].idxmax()} {best['value']:.3f}")
    return Finding("; ".join(said), together(*parts), f"intervals of means over sentences; {_WHY}{_weak(v)}")
