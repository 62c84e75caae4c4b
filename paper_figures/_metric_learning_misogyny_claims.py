"""The nine claims of Coria et al. (2020). The unit is a seed for the BiLSTM; MiniLM has one run, with intervals over
test texts."""

from __future__ import annotations

from collections.abc import Sequence

from probekit.experiments.metric_learning_misogyny import STUDY

from probekit.report import Finding, NotTestable, clears, together
from probekit.report.claims import below
from probekit.specs import parse

from ._metric_learning_misogyny_view import CLASSIFYING, CONTRAST, EDOS, F1, LOSSES, TREC, LossView
from ._tuned_view import BILSTM, MINILM, SEARCH_SEED, over_seeds, said

OTHERS = tuple(name for name in LOSSES.values() if name != "cross-entropy")
RUNS = {"corpus": EDOS, "model": BILSTM}
ON = {**RUNS, "judged": ""}
SEEDS = "t intervals over three seeds of the BiLSTM; texts of the test part are the same in all"


def need_learned(v: LossView, corpus: str = EDOS) -> None:
    """Raise NotTestable unless every loss is above the most frequent class with the BiLSTM."""
    if poor := v.poor(corpus=corpus, model=BILSTM):
        raise NotTestable(f"{' and '.join(poor)} with the BiLSTM: not surely above the most frequent class")


def unlearned(poor: Sequence[str]) -> str:
    """What stands behind a claim of MiniLM where runs of it carry none."""
    return f"; left out, as not surely above the most frequent class: {', '.join(poor)}" if poor else ""


@STUDY.claim(1, "No loss beats cross-entropy by more than one standard deviation, for either encoder")
def none_beats(v: LossView) -> Finding:
    need_learned(v)
    spread = float(v.by_seed("cross-entropy", **ON).std(ddof=1))
    gaps = {loss: v.gap(loss, "cross-entropy", **ON) for loss in OTHERS}
    parts = [below(gap, spread) for gap in gaps.values()]
    text = ", ".join(f"{loss} {said(gap)}" for loss, gap in gaps.items())
    found = together(*parts, None)  # MiniLM has one seed and no standard deviation
    return Finding(
        f"BiLSTM, sd {100 * spread:.1f}: {text}", found, f"{SEEDS}; MiniLM has one seed: that half is untested"
    )


@STUDY.claim(
    2, "With the LSTM, contrastive and triplet are lower than every classification-based loss by 4 points", "5-10"
)
def contrast_lower(v: LossView) -> Finding:
    need_learned(v)
    gaps = {f"{one} less {other}": v.gap(one, other, **ON) for one in CLASSIFYING for other in CONTRAST}
    text = ", ".join(f"{name} {said(gap)}" for name, gap in gaps.items())
    return Finding(text, together(*(clears(gap, 0.04) for gap in gaps.values())), SEEDS)


@STUDY.claim(3, "With BERT, the spread between the best and worst loss is below 4 points", "3.0")
def small_spread(v: LossView) -> Finding:
    where = {"corpus": EDOS, "model": MINILM}
    poor = v.poor(**where)
    rows = v.runs(metric=F1, split="test", seed=0, **where).sort_values("value", kind="stable")
    names = [name for name in rows["loss"] if name not in poor]
    if len(names) < 2:
        raise NotTestable(f"MiniLM learned with {len(names)} losses{unlearned(poor)}")
    gap = v.ends({**where, "loss": names[-1]}, {**where, "loss": names[0]})
    why = "one run of MiniLM a loss; the difference as wide as both intervals over test texts"
    text = f"{names[-1]} less {names[0]} {said(gap)}{unlearned(poor)}"
    return Finding(text, together(below(gap, 0.04), *([None] if poor else [])), why)


@STUDY.claim(4, "BERT is above the LSTM for every loss", "+4.2 to +11.0")
def bert_above(v: LossView) -> Finding:
    poor = sorted({*v.poor(**RUNS), *v.poor(corpus=EDOS, model=MINILM)})
    gaps = {
        loss: v.ends(*({"corpus": EDOS, "model": model, "loss": loss} for model in (MINILM, BILSTM)))
        for loss in LOSSES.values()
        if loss not in poor
    }
    text = ", ".join(f"{loss} {said(gap)}" for loss, gap in gaps.items()) + unlearned(poor)
    why = "MiniLM in two passes with losses as the paper chose them, seed 0 of both; both intervals over test texts"
    return Finding(text, together(*(clears(gap) for gap in gaps.values()), *([None] if poor else [])), why)


@STUDY.claim(5, "BERT exceeds the Evalita winner with any loss, the LSTM with cross-entropy alone", "36.1")
def above_winner(v: LossView) -> Finding:
    raise NotTestable("the winner's score is one of AMI's test part, which is not at hand")


@STUDY.claim(6, "AAM prefers small margins (at most .05), contrastive .25", "0.05; 0.25")
def margins(v: LossView) -> Finding:
    parts = []
    for loss in ("AAM", "contrastive"):
        rows = v.needs(seed=SEARCH_SEED, metric=F1, split="dev", loss=loss).sort_values("value", kind="stable")
        best = rows.iloc[-1]
        apart = bool(best["ci_low"] > rows.iloc[-2]["ci_high"])
        parts.append((loss, parse(str(best["objective"])).kwargs.get("margin"), best["value"], apart))
    text = ", ".join(f"{loss}: {margin} ({100 * value:.1f} on dev)" for loss, margin, value, _ in parts)
    wanted = [
        bool(margin is not None and (margin <= 0.05 if loss == "AAM" else margin == 0.25)) for loss, margin, *_ in parts
    ]
    clear = all(apart for *_, apart in parts)
    return Finding(text, all(wanted) if clear else None, "one run a margin; open where intervals over texts overlap")


@STUDY.claim(7, "CoCo and center are the only losses whose number differs between encoders")
def numbers_differ(v: LossView) -> Finding:
    raise NotTestable("the search was made with the BiLSTM alone")


@STUDY.claim(
    8, "Metric losses tighten classes on train (intra by inter distance below cross-entropy's), without gain on test"
)
def tighter(v: LossView) -> Finding:
    need_learned(v)
    ratios = {loss: v.gap(loss, "cross-entropy", "distance_ratio", "train", **ON) for loss in OTHERS}
    gains = {loss: v.gap(loss, "cross-entropy", **ON) for loss in OTHERS}
    text = ", ".join(f"{loss} ratio {said(ratios[loss], 1, 2)}, F1 {said(gains[loss])}" for loss in OTHERS)
    parts = [below(ratio) for ratio in ratios.values()]
    parts += [None if clears(gain) is None else not clears(gain) for gain in gains.values()]
    return Finding(text, together(*parts), f"{SEEDS}; no gain: an interval that lies below 0")


@STUDY.claim(9, "With classes held out, the ranking changes in favour of metric losses (a conjecture of the paper)")
def open_set(v: LossView) -> Finding:
    held = [name for name in v.rows["judged"].unique() if name]
    if not held:
        raise NotTestable("no space was judged on classes that were held out")
    need_learned(v, TREC)
    where = {"corpus": TREC, "model": BILSTM}
    text, parts = [], []
    for loss in OTHERS:
        by_set = {
            judged: v.by_seed(loss, judged=judged, **where) - v.by_seed("cross-entropy", judged=judged, **where)
            for judged in ("", held[0])
        }
        found = over_seeds(by_set[held[0]] - by_set[""])
        text.append(f"{loss} {said(found)}")
        parts.append(clears(found))
    return Finding("change of the lead over cross-entropy: " + ", ".join(text), together(*parts), f"TREC; {SEEDS}")
