"""The nine claims of Coria et al. (2020). The unit is a seed for the BiLSTM; MiniLM has one run, with intervals over
test texts."""

from __future__ import annotations

from probekit.experiments.metric_learning_misogyny import STUDY

from probekit.report import Finding, NotTestable, clears, together
from probekit.report.claims import below
from probekit.specs import parse

from ._metric_learning_misogyny_view import (
    BILSTM,
    CLASSIFYING,
    CONTRAST,
    EDOS,
    F1,
    LOSSES,
    MINILM,
    SEARCH_SEED,
    TREC,
    LossView,
    said,
)

OTHERS = tuple(name for name in LOSSES.values() if name != "cross-entropy")
ON = {"corpus": EDOS, "model": BILSTM, "judged": ""}
SEEDS = "t intervals over three seeds of the BiLSTM; texts of the test part are the same in all"


def need_learned(v: LossView, **where: object) -> None:
    if not v.learned(**where):
        raise NotTestable("a run is not above the most frequent class")


@STUDY.claim(1, "No loss beats cross-entropy by more than one standard deviation, for either encoder")
def none_beats(v: LossView) -> Finding:
    need_learned(v, **ON)
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
    need_learned(v, **ON)
    gaps = {f"{one} less {other}": v.gap(one, other, **ON) for one in CLASSIFYING for other in CONTRAST}
    text = ", ".join(f"{name} {said(gap)}" for name, gap in gaps.items())
    return Finding(text, together(*(clears(gap, 0.04) for gap in gaps.values())), SEEDS)


@STUDY.claim(3, "With BERT, the spread between the best and worst loss is below 4 points", "3.0")
def small_spread(v: LossView) -> Finding:
    rows = v.runs(metric=F1, split="test", corpus=EDOS, model=MINILM, seed=0).sort_values("value", kind="stable")
    need_learned(v, corpus=EDOS, model=MINILM, judged="")
    names = rows["loss"].tolist()
    least, most = ({"corpus": EDOS, "model": MINILM, "loss": name} for name in (names[0], names[-1]))
    gap = v.ends(most, least)
    why = "one run of MiniLM a loss; the difference as wide as both intervals over test texts"
    return Finding(f"{names[-1]} less {names[0]} {said(gap)}", below(gap, 0.04), why)


@STUDY.claim(4, "BERT is above the LSTM for every loss", "+4.2 to +11.0")
def bert_above(v: LossView) -> Finding:
    gaps = {
        loss: v.ends(*({"corpus": EDOS, "model": model, "loss": loss} for model in (MINILM, BILSTM)))
        for loss in LOSSES.values()
    }
    text = ", ".join(f"{loss} {said(gap)}" for loss, gap in gaps.items())
    why = "MiniLM in two passes with losses as the paper chose them, seed 0 of both; both intervals over test texts"
    return Finding(text, together(*(clears(gap) for gap in gaps.values())), why)


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
    need_learned(v, **ON)
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
    where = {"corpus": TREC, "model": BILSTM}
    text, parts = [], []
    for loss in OTHERS:
        by_set = {
            judged: v.by_seed(loss, judged=judged, **where) - v.by_seed("cross-entropy", judged=judged, **where)
            for judged in ("", held[0])
        }
        change = (by_set[held[0]] - by_set[""]).dropna().to_numpy()
        from probekit.scores.summaries import t_interval

        found = t_interval(change) if len(change) > 1 else None
        if found is None:
            raise NotTestable("one seed has no interval over seeds")
        text.append(f"{loss} {said(found)}")
        parts.append(clears(found))
    return Finding("change of the lead over cross-entropy: " + ", ".join(text), together(*parts), f"TREC; {SEEDS}")
