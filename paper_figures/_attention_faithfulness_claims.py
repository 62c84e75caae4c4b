"""The thirteen claims of Tutek and Snajder 2020, judged by intervals over training seeds, paired where runs are.

A row is a data set and attention. "Every row" holds where the 95 % interval of each clears, on at least three of the
paper's five data sets, and fails where that of one lies on the other side at 95 % over all rows (Bonferroni). Seeds say
how sure a mean over trainings is, for these texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.attention_faithfulness import STUDY

from probekit.report import Finding, NotTestable, clears, negated, shown, together, within
from probekit.scores import Comparison, one_sample_t, score

from ._attention_faithfulness_view import (
    MAIN,
    MODIFIED,
    SAMPLES,
    TESTED,
    USUAL,
    VariantView,
    adversaries_of,
    mean_words,
)

Rows = Mapping[Any, np.ndarray]  # by row (its data set first), a value a seed
DATA_SETS = 3  # of the paper's five: what is said of every one of them is open on fewer
FIXED_ROWS = "mean over rows by seed: the rows are these, the seeds are drawn"


def rows_of(differences: pd.Series) -> dict[Any, np.ndarray]:
    """Values by row of differences whose last level is the seed."""
    levels = list(differences.index.names[:-1])
    return {row: part.to_numpy() for row, part in differences.groupby(level=levels, sort=False)}


def tested(rows: Rows, threshold: float = 0.0, rate: float = 0.05) -> dict[Any, Comparison]:
    return {row: one_sample_t(values, threshold, confidence=1 - rate) for row, values in rows.items()}


def counted(rows: Rows, threshold: float = 0.0) -> tuple[int, int]:
    """How many rows lie clearly above a threshold, and how many clearly below."""
    sides = [clears(found) for found in tested(rows, threshold).values()]
    return sides.count(True), sides.count(False)


def every(rows: Rows, threshold: float = 0.0) -> bool | None:
    """Whether all rows lie above a threshold; open on fewer than `DATA_SETS` data sets."""
    if counted(rows, threshold)[0] == len(rows):
        return True if len({row[0] for row in rows}) >= DATA_SETS else None
    below = [clears(found) is False for found in tested(rows, threshold, 0.05 / len(rows)).values()]
    return False if any(below) else None


def in_words(rows: Rows, threshold: float = 0.0) -> str:
    above, below = counted(rows, threshold)
    seeds = sorted({len(values) for values in rows.values()})
    over = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    return f"{above}/{len(rows)} rows clearly, {below} clearly not ({over} seeds)"


def by_seeds(differences: pd.Series, threshold: float = 0.0) -> Comparison:
    """Mean over rows of each seed that all of them have, against a threshold."""
    table = differences.unstack("seed").dropna(axis=1)
    if table.empty:
        raise NotTestable("no seed was run on every row")
    return one_sample_t(table.mean().to_numpy(), threshold)


def middle(differences: pd.Series) -> str:
    """Mean with its interval, and the median over rows, in points."""
    median = 100 * differences.groupby(level=["data", "attention"]).mean().median()
    return f"mean {shown(by_seeds(differences))}, median {median:+.1f}"


def _gaps(v: VariantView, variant: str) -> dict[str, pd.Series]:
    """By how much a variant's drops are deeper than base's (above 0), by modification: a value a row and seed."""
    tables = {name: v.by_seed(metric, "base", variant) for name, metric in MODIFIED.items()}
    return {name: table["base"] - table[variant] for name, table in tables.items()}


def _why(v: VariantView, *more: str) -> str:
    return "; ".join(filter(None, (*more, v.left_out)))


@STUDY.claim(1, "tying drops deeper than base on every data set and attention, uniform and permuted", "10/10, 10/10")
def tying_drops(v: VariantView) -> Finding:
    gaps = _gaps(v, "tying")
    ours = "; ".join(f"{name} deeper in {in_words(rows_of(gap))}, {middle(gap)}" for name, gap in gaps.items())
    return Finding(ours, together(*(every(rows_of(gap)) for gap in gaps.values())), _why(v))


def most(rows: Rows) -> bool | None:
    """Whether more than half of the rows lie above 0."""
    above, below = counted(rows)
    return True if above > len(rows) / 2 else False if below >= len(rows) / 2 else None


@STUDY.claim(2, "mlm drops deeper than base in most rows, by more than 10 points on average", "7/10, 8/10; -16, -14")
def mlm_drops(v: VariantView) -> Finding:
    gaps = _gaps(v, "mlm")
    ours = "; ".join(f"{name} deeper in {in_words(rows_of(gap))}, {middle(gap)}" for name, gap in gaps.items())
    parts = [part for gap in gaps.values() for part in (most(rows_of(gap)), clears(by_seeds(gap, 0.1)))]
    return Finding(ours, together(*parts), _why(v, FIXED_ROWS))


def even(rows: Rows) -> bool | None:
    """Whether three to seven of ten rows lie above 0, whatever the unclear ones do."""
    above, below = counted(rows)
    low, high = above / len(rows), 1 - below / len(rows)
    return True if low >= 0.3 and high <= 0.7 else False if low > 0.7 or high < 0.3 else None


@STUDY.claim(3, "concat has no consistent effect", "lower than base in 5/10 and 5/10 rows; mean gap -2")
def concat_is_even(v: VariantView) -> Finding:
    gaps = _gaps(v, "concat")
    ours = "; ".join(f"{name} deeper in {in_words(rows_of(gap))}, {middle(gap)}" for name, gap in gaps.items())
    parts = [part for gap in gaps.values() for part in (even(rows_of(gap)), within(by_seeds(gap), 0.05))]
    return Finding(ours, together(*parts), _why(v, "no effect: deeper in 3 to 7 of 10 rows, mean gap below 5 points"))


@STUDY.claim(4, "trained F1 of tying and mlm within 3 points of base on every row", "largest loss 1.7 and 2.7")
def cost_is_small(v: VariantView) -> Finding:
    said, parts = [], []
    for name in ("tying", "mlm"):
        table = v.by_seed("f1", "base", name, every=True)
        kept = rows_of(table[name] - table["base"])
        most_lost = min(tested(kept).items(), key=lambda item: item[1].difference)
        said.append(f"{name} within 3 in {in_words(kept, -0.03)}, most lost {shown(most_lost[1])} on {most_lost[0][0]}")
        parts.append(every(kept, -0.03))
    return Finding("; ".join(said), together(*parts), "rows whose base learned, whatever the variant did")


def _information(v: VariantView, *variants: str) -> dict[str, pd.DataFrame]:
    """Mutual information with clusters, as measured and above its own shuffled pairs; a line a row, sample and seed."""
    found = {}
    for name, control in (("as measured", 0), ("above shuffled pairs", 1)):
        parts = [
            v.by_seed(f"mi_{sample}", *variants) - control * v.by_seed(f"mi_{sample}_shuffled", *variants)
            for sample in SAMPLES
        ]
        table = pd.concat(parts, keys=list(SAMPLES), names=["sample"])
        found[name] = table.reorder_levels(["data", "attention", "sample", "seed"])
    return found


def _rising(v: VariantView, *variants: str) -> tuple[str, bool | None]:
    """Whether information rises from each variant to the next, as measured and above shuffled pairs."""
    said, parts = [], []
    for name, table in _information(v, *variants).items():
        for less, more in pairwise(variants):
            rows = rows_of(table[more] - table[less])
            said.append(f"{name}, {less} < {more}: {in_words(rows)}")
            parts.append(every(rows))
    return "; ".join(said), together(*parts)


@STUDY.claim(5, "MI(base) < MI(mlm) < MI(tying) on every data set and both samples of types", "10/10")
def information_rises(v: VariantView) -> Finding:
    ours, holds = _rising(v, "base", "mlm", "tying")
    return Finding(ours, holds, _why(v, "clusters of words, additive attention; holds as measured and above chance"))


@STUDY.claim(6, "MI(residual) > MI(base) everywhere, highest of four on all data sets but one", "10/10, 9/10")
def residual_informs(v: VariantView) -> Finding:
    ours, more = _rising(v, "base", "residual")
    table = _information(v, "base", "residual", "tying", "mlm")["as measured"]
    sides = pd.DataFrame({one: _clear_by_row(table["residual"] - table[one]) for one in ("base", "tying", "mlm")})
    highest = (sides == "above").all(axis=1).groupby(level="data").all()
    lower = (sides == "below").any(axis=1).groupby(level="data").any()
    all_but_one = len(highest) >= DATA_SETS and highest.sum() >= len(highest) - 1
    most_sets = True if all_but_one else False if lower.sum() > 1 else None
    ours += f"; highest on {highest.sum()}/{len(highest)} data sets clearly, not on {lower.sum()}"
    return Finding(ours, together(more, most_sets), _why(v, "highest: as measured, both samples"))


def _clear_by_row(differences: pd.Series) -> pd.Series:
    names = {True: "above", False: "below", None: "open"}
    found = {row: names[clears(one)] for row, one in tested(rows_of(differences)).items()}
    return pd.Series(found).rename_axis(differences.index.names[:-1])


@STUDY.claim(7, "random types hold more than frequent ones for base, fewer for residual, on every data set", "5/5, 5/5")
def samples_differ(v: VariantView) -> Finding:
    said, parts = [], []
    for name, table in _information(v, "base", "residual").items():
        by_sample = table.unstack("sample")
        gaps = {one: by_sample[one]["random"] - by_sample[one]["frequent"] for one in ("base", "residual")}
        for rows, side in ((rows_of(gaps["base"]), "base more"), (rows_of(-gaps["residual"]), "residual fewer")):
            said.append(f"{name}, {side}: {in_words(rows)}")
            parts.append(every(rows))
    return Finding("; ".join(said), together(*parts), _why(v))


@STUDY.claim(8, "PTP of tying and mlm below base on every row; residual's not reliably", "10/10, 10/10, residual 6/10")
def tokens_are_neutral(v: VariantView) -> Finding:
    rows = {}
    for name in ("tying", "mlm", "residual"):
        table = v.by_seed("ptp", "base", name)
        rows[name] = rows_of(table["base"] - table[name])
    above, below = counted(rows["residual"])
    unreliable = True if below else False if above == len(rows["residual"]) else None
    ours = "; ".join(f"{name} below in {in_words(found)}" for name, found in rows.items())
    return Finding(ours, together(every(rows["tying"]), every(rows["mlm"]), unreliable), _why(v))


@STUDY.claim(9, "base drops less with every further layer, additive, each data set and modification", "8/8")
def depth_hides(v: VariantView) -> Finding:
    where = USUAL | {"variant": "base", "attention": "additive", "metric": list(MODIFIED.values())}
    rows = v.learned("no classifier of base", **where)
    drops = -rows.pivot_table(index=["data", "metric", "seed"], columns="layers", values="value", aggfunc="first")
    if not {"1", "2", "3"} <= set(drops):
        raise NotTestable("depth was not run, or did not learn (part=depth)")
    drops = drops[["1", "2", "3"]].dropna()
    steps = {f"{a} > {b}": rows_of(drops[a] - drops[b]) for a, b in (("1", "2"), ("2", "3"))}
    ours = "; ".join(f"drop at {name} layers: {in_words(found)}" for name, found in steps.items())
    return Finding(ours, together(*map(every, steps.values())), "rows: data set and modification; the drop is -ΔF1")


@STUDY.claim(
    10,
    "dot attention whose query begins as usual ends with normalised entropy > .97 and |ΔF1| < 1; N(0,1) does not",
    "checked by the card at the start of training",
)
def query_matters(v: VariantView) -> Finding:
    found = {query: _evenness(v, query) for query in ("default", "normal")}
    flat = {query: together(entropy, *drops) for query, (_, entropy, *drops) in found.items()}
    peaked = negated(flat["normal"])
    ours = "; ".join(f"{query}: {said}" for query, (said, *_) in found.items())
    return Finding(ours, together(flat["default"], peaked), "width 100 here, 300 in the paper; mean over data sets")


def _evenness(v: VariantView, query: str) -> tuple[Any, ...]:
    """In words, and whether base's dot attention has entropy above .97 and either drop is below one point; on the data
    where the query begins as usual."""
    data = set(v.only(**TESTED, query="default")["data"])
    where = MAIN | {"query": query, "variant": "base", "attention": "dot", "data": data}
    rows = v.learned(f"no rows of base with dot attention and query={query} (part=queries)", **where)
    table = rows.pivot_table(index=["data", "seed"], columns="metric", values="value", aggfunc="first")
    entropy = by_seeds(table["entropy"], 0.97)
    drops = {name: by_seeds(table[metric]) for name, metric in MODIFIED.items()}
    said = ", ".join(f"ΔF1 {name} {shown(drop)}" for name, drop in drops.items())
    return (
        f"entropy {0.97 + entropy.difference:.3f} [{0.97 + entropy.low:.3f}, {0.97 + entropy.high:.3f}], {said}",
        clears(entropy),
        *(within(drop, 0.01) for drop in drops.values()),
    )


@STUDY.claim(11, "base, additive: longer texts, deeper uniform drop (rank correlation over data sets)", "positive")
def length_matters(v: VariantView) -> Finding:
    where = MAIN | {"variant": "base", "attention": "additive", "metric": MODIFIED["uniform"]}
    drops = v.learned("no drop of base", **where).groupby("data")["value"].mean()
    table = pd.DataFrame({"drop": -drops, "length": mean_words(v)}).dropna()
    if len(table) < 4:
        raise NotTestable(f"{len(table)} data sets that learned and have a known length; an interval needs four")
    found = score("spearman", table["length"], table["drop"])
    ours = f"Spearman {found.value:.2f} [{found.low:.2f}, {found.high:.2f}] over {len(table)} data sets"
    return Finding(ours, clears(found), _why(v, "the unit is the data set"))


@STUDY.claim(12, "base: the permuted drop is at least as large as the uniform one on every row", "10/10")
def permuting_is_worse(v: VariantView) -> Finding:
    uniform, permuted = (v.by_seed(metric, "base")["base"] for metric in MODIFIED.values())
    gap = uniform - permuted
    return Finding(f"larger in {in_words(rows_of(gap))}, {middle(gap)}", every(rows_of(gap)), _why(v))


@STUDY.claim(13, "at matched JSD, TVD against an mlm or tying target is at least that against base", "Figure 1, by eye")
def imitation_is_harder(v: VariantView) -> Finding:
    lines: dict[Any, pd.DataFrame] = dict(iter(adversaries_of(v).groupby(["data", "variant", "seed"])))
    found: dict[tuple[str, str], list[float]] = {}
    for (data, variant, seed), line in lines.items():
        base = lines.get((data, "base", seed))
        if variant in ("mlm", "tying") and base is not None and np.isfinite(gap := gap_at_same_jsd(line, base)):
            found.setdefault((data, variant), []).append(gap)
    if not found:
        raise NotTestable("no adversaries of base and of a regularized classifier with like JSD (part=imitation)")
    rows = {row: np.array(values) for row, values in found.items()}
    said = [f"{variant} on {data} {shown(one, 1, 3)}" for (data, variant), one in tested(rows).items()]
    missing = {"mlm", "tying"} - {variant for _, variant in rows}
    why = "mean gap over the JSD that both curves reach, paired by seed; a gap at each JSD by itself is not tested"
    why += f"; no adversary of {', '.join(sorted(missing))}" * bool(missing)
    return Finding(f"gap in TVD: {'; '.join(said)}", together(every(rows), *(None for _ in missing)), why)


def gap_at_same_jsd(line: pd.DataFrame, base: pd.DataFrame) -> float:
    """How far the TVD of one curve of adversaries lies above base's, mean where both have a JSD; NaN if nowhere."""
    curves = [one.sort_values("jsd") for one in (line, base)]
    low, high = max(one["jsd"].min() for one in curves), min(one["jsd"].max() for one in curves)
    if not low < high:
        return np.nan
    at = np.linspace(low, high, 11)
    ours, theirs = (np.interp(at, one["jsd"], one["tvd"]) for one in curves)
    return float((ours - theirs).mean())
