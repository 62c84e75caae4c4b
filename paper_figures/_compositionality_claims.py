"""The 8 claims of Bhathena et al. (2020), on the view of `compositionality`.

Verdicts rest on 95 % intervals over pairs, texts or sentences, of means over seeds. GloVe's mean stands for USE-DAN,
MiniLM for USE-Transformer, the multilingual encoder for BERT; a BiLSTM trained on the sentences for ELMo.
"""

from __future__ import annotations

import numpy as np
from probekit.experiments.compositionality import STUDY

from probekit import report
from probekit.report import Finding, NotTestable, below, clears, negated, shown, together
from probekit.scores import Comparison, Score, t_interval

from ._compositionality_view import (
    BILSTM,
    E5,
    FITTED,
    GLOVE,
    HELD_OUT,
    LAYERS,
    MINILM,
    MPNET,
    RANDOM,
    CompositionView,
    Config,
    in_words,
    score_of,
)

REBUILT = 0.01  # the mean error below which an encoder counts as rebuilt
SETTINGS = 7  # that the paper tunes: BERT with one head, ELMo and both of USE with two
HEADS = 6  # pairs of heads that it has, of the latter three, frozen and tuned
REBUILT_FOR = (GLOVE, E5, MINILM)  # what stands for USE-DAN, BERT, USE-Transformer; nothing stands for ELMo


def points(found: Comparison) -> str:
    """A difference in points with its interval."""
    return shown(found, counted=False)


def interval(found: Score, digits: int = 3) -> str:
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"


def tuned_pairs(v: CompositionView) -> list[tuple[Config, Config]]:
    """Classifiers trained with their encoder beside the same with it frozen, those that are there."""
    asked = [
        (v.tuned(GLOVE), v.frozen(GLOVE)),
        (v.tuned(GLOVE, LAYERS), v.frozen(GLOVE, LAYERS)),
        (v.tuned(MINILM), v.frozen(MINILM, pooling="cls")),
    ]
    found = [pair for pair in asked if set(pair) <= set(v.configs)]
    if not found:
        raise NotTestable("no encoder was both frozen and tuned")
    return found


@STUDY.claim(
    1, "Tuning the encoder raises PSS and relative PSS, for every encoder and head", "all 7, 3.7 to 19.2 points"
)
def tuning_helps(v: CompositionView) -> Finding:
    pairs = tuned_pairs(v)
    v.able(*(config for pair in pairs for config in pair))
    gaps = {f"{tuned[0]} {tuned[3]}": v.gap(tuned, frozen) for tuned, frozen in pairs}
    relative = {f"{tuned[0]} {tuned[3]}": v.relative_gap(tuned, frozen) for tuned, frozen in pairs}
    text = f"points of PSS: {'; '.join(f'{name} {points(one)}' for name, one in gaps.items())}; of relative PSS: "
    text += "; ".join(f"{name} {points(one)}" for name, one in relative.items())
    holds = together(*map(clears, gaps.values()), *map(clears, relative.values()), *_untested(len(pairs), SETTINGS))
    return Finding(text, holds, f"{len(pairs)} of the paper's {SETTINGS} settings; over pairs and over texts")


def _untested(n: int, of: int) -> list[None]:
    """Settings of the paper that nothing of ours stands for leave a claim open."""
    return [None] * max(0, of - n)


@STUDY.claim(2, "PSS is never above the test accuracy: relative PSS is below 100", "all 14")
def pss_below_accuracy(v: CompositionView) -> Finding:
    rows = v.told("relative_pss")
    rows = rows[rows["name"].ne(RANDOM)]
    learned = v.told("accuracy", "test").set_index("key")["ci_low"] > 0.5
    rows = rows[rows["key"].map(learned).fillna(False).astype(bool)]
    if rows.empty:
        raise NotTestable("no classifier is above the commonest label")
    top = rows.sort_values("value").iloc[-1]
    holds = together(*(below(score_of(row), 1.0) for _, row in rows.iterrows()))
    left = int(v.told("relative_pss")["name"].ne(RANDOM).sum()) - len(rows)
    why = f"{len(rows)} classifiers with their seeds, over texts"
    return Finding(
        f"largest relative PSS {interval(score_of(top))} ({top['name']}, {top['head']}, {top['mode']})",
        holds,
        f"{why}; {left} are not above the commonest label and do not count" if left else why,
    )


@STUDY.claim(
    3, "Tuned, Transformers have a higher PSS than ELMo and USE-DAN with a linear head", "73.7, 73.7 against 67.9, 69.1"
)
def transformers_lead(v: CompositionView) -> Finding:
    first, others = v.tuned(MINILM), [v.tuned(BILSTM), v.tuned(GLOVE)]
    v.able(first, *others)
    gaps = {one[0]: v.gap(first, one) for one in others}
    text = f"tuned MiniLM less the other, points: {'; '.join(f'{n} {points(one)}' for n, one in gaps.items())}"
    return Finding(
        text, together(*map(clears, gaps.values())), "one Transformer, over pairs; ELMo: a BiLSTM of our own"
    )


@STUDY.claim(
    4,
    "Frozen, USE-Transformer has a higher PSS than BERT although BERT is more accurate",
    "PSS 65.7 against 59.5, accuracy 76.5 against 79.2",
)
def orders_differ(v: CompositionView) -> Finding:
    use, bert = v.frozen(MINILM), v.frozen(E5)
    v.able(use, bert)
    pss, accuracy = v.gap(use, bert), v.gap(bert, use, "test")
    text = f"MiniLM less E5: PSS {points(pss)}; E5 less MiniLM: accuracy {points(accuracy)}"
    return Finding(text, together(clears(pss), clears(accuracy)), _layers_differ(v))


def _layers_differ(v: CompositionView) -> str:
    """Whether two layers of MiniLM stand in such a relation."""
    layers = [v.frozen(MINILM, layer=layer) for layer in range(7)]
    layers = [one for one in layers if one in v.configs]
    found = [
        f"{in_words(one)} over {in_words(other)}"
        for one in layers
        for other in layers
        if clears(v.gap(one, other)) and clears(v.gap(other, one, "test"))
    ]
    within = f"between layers of MiniLM: {'; '.join(found)}" if found else "no two layers of MiniLM do so surely"
    return f"over pairs and texts; {within}"


@STUDY.claim(
    5,
    "The head matters less than tuning: mean |PSS of two heads| is below the mean gain of tuning",
    "3.2 against 10.8 points",
)
def heads_matter_less(v: CompositionView) -> Finding:
    tunings = tuned_pairs(v)
    heads = [(v.frozen(name), v.frozen(name, LAYERS)) for name in (GLOVE, MINILM, E5, MPNET)]
    heads = [pair for pair in [*heads, (v.tuned(GLOVE), v.tuned(GLOVE, LAYERS))] if set(pair) <= set(v.configs)]
    if not heads:
        raise NotTestable("no encoder was read by both heads")
    v.able(*(config for pair in (*tunings, *heads) for config in pair))
    every = list(dict.fromkeys(config for pair in (*tunings, *heads) for config in pair))
    samples = dict(zip(every, v.pss_samples(every), strict=True))
    by_head = np.mean([np.abs(samples[a] - samples[b]) for a, b in heads], axis=0)
    gain = np.mean([samples[tuned] - samples[frozen] for tuned, frozen in tunings], axis=0)
    n = len(v.right(every[0]))
    parts = [report.estimate(one, n, "pair") for one in (by_head, gain, gain - by_head)]
    text = f"heads {points(parts[0])}, tuning {points(parts[1])}, tuning less heads {points(parts[2])} points"
    holds = together(clears(parts[2]), *_untested(len(heads), HEADS), *_untested(len(tunings), SETTINGS))
    why = f"{len(heads)} of {HEADS} pairs of heads, {len(tunings)} of {SETTINGS} of tuning; over {n} pairs"
    return Finding(text, holds, why)


@STUDY.claim(6, "Reconstruction error and node switching correlate negatively for every encoder", "-.17 to -.49")
def negative_everywhere(v: CompositionView) -> Finding:
    fitted = {name: v.rho(name, FITTED) for name in v.rebuilt}
    held = {name: v.rho(name, HELD_OUT) for name in v.rebuilt}
    beside = {name: v.rho(name, HELD_OUT, "partial_spearman") for name in v.rebuilt}
    text = f"fitted: {said(fitted)}; held out: {said(held)}"
    why = f"verdict on the sentences that were fitted, as the paper's, without ELMo; on those held out {_of(held)}, "
    why += f"beside length {_of(beside)}: {said(beside)}"
    parts = [below(fitted[name]) for name in REBUILT_FOR if name in fitted]
    return Finding(text, together(*parts, *_untested(len(parts), len(REBUILT_FOR) + 1)), why)


def _of(found: dict[str, Score]) -> str:
    """How many of some correlations are surely negative."""
    return f"{[below(one) for one in found.values()].count(True)} of {len(found)} are surely negative"


def said(found: dict[str, Score]) -> str:
    return ", ".join(f"{name} {interval(one, 2)}" for name, one in found.items())


@STUDY.claim(
    7,
    "By this correlation USE-DAN composes most, then ELMo, BERT, USE-Transformer: the reverse of PSS",
    "-.485, -.344, -.200, -.168",
)
def reverse_of_pss(v: CompositionView) -> Finding:
    steps = [(GLOVE, E5), (E5, MINILM)]
    found = {split: [v.rho_gap(one, other, split) for one, other in steps] for split in (FITTED, HELD_OUT)}
    texts = {
        split: "; ".join(
            f"{one} less {other} {gap.difference:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]"
            for (one, other), gap in zip(steps, gaps, strict=True)
        )
        for split, gaps in found.items()
    }
    v.able(v.frozen(GLOVE), v.frozen(E5), v.frozen(MINILM))
    pss = [v.gap(v.frozen(other), v.frozen(one)) for one, other in steps]
    ordered = together(*map(below, found[FITTED]), *map(clears, pss))
    why = f"rho, fitted; held out: {texts[HELD_OUT]}; PSS rises by {', '.join(map(points, pss))} points; ELMo untested"
    return Finding(texts[FITTED], None if ordered else ordered, why)


@STUDY.claim(8, "An encoder that is the sum of its words is rebuilt: every error goes to 0", "ours, a sanity test")
def sums_are_rebuilt(v: CompositionView) -> Finding:
    errors = v.points(GLOVE, FITTED)["x"].to_numpy()
    mean = t_interval(errors)
    largest = float(errors.max())
    text = f"GloVe's mean: {interval(mean, 4)}, largest {largest:.4f} of {len(errors)} sentences"
    holds = together(below(mean, REBUILT), negated(largest >= 5 * REBUILT))
    return Finding(text, holds, f"below {REBUILT} in the mean and {5 * REBUILT} everywhere, after 400 steps")
