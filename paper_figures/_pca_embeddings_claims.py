"""The eleven claims of Raunak et al. 2020 on our rows. Intervals are over test texts, unless another unit is named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from probekit.experiments.pca_embeddings import STUDY

from probekit.report import Finding, NotTestable, below, clears, negated, shown, together, within
from probekit.scores import one_sample_t, score

from ._pca_embeddings_view import (
    BOTTOM,
    CENTRED,
    FULL,
    MIDDLE,
    PPA,
    SHAPES,
    STANDARD,
    THIRDS,
    TOP,
    Difference,
    SpectrumView,
    difference,
    numbered,
)

PARTS_OF_SETS = ("all", "ws-353-sim", "ws-353-rel")  # the others say what these do
LEAST_COMPONENTS = 20
UNIT = "intervals over test texts, the two scores taken as independent"


def _wins(pairs: pd.DataFrame) -> tuple[int, int, int]:
    """How many differences are surely above 0, how many may be, and of how many."""
    above = [clears(one) for one in pairs["found"]]
    return above.count(True), len(above) - above.count(False), len(above)


def _share(pairs: pd.DataFrame, least: float) -> bool | None:
    """Whether a share of the differences is above 0: surely, not even perhaps, or open."""
    sure, maybe, n = _wins(pairs)
    return True if sure >= least * n else False if maybe < least * n else None


def _counted(pairs: pd.DataFrame) -> str:
    sure, maybe, n = _wins(pairs)
    ahead = sum(one.difference > 0 for one in pairs["found"])
    return f"{ahead} of {n} ahead, {sure} surely, {n - maybe} surely not"


@STUDY.claim(
    1, "From two thirds of the components to all, accuracy changes by less than a quarter of the change before"
)
def saturates(v: SpectrumView) -> Finding:
    sets = v.similar[v.similar["task"].ne("all") & v.similar["control"].eq("")]
    lines = pd.concat([v.sentence_tasks(), sets])
    lines = numbered(lines, "first")
    parts, said = [], []
    for (table, task), own in lines.groupby(["table", "task"], sort=False):
        own = own.set_index("k")
        if len(own) < 5:
            continue
        first, last = own.iloc[0], own.iloc[-1]
        middle = own.iloc[np.argmin(np.abs(own.index.to_numpy(float) - 2 / 3 * own.index[-1]))]
        gain, before = last["value"] - middle["value"], middle["value"] - first["value"]
        widths = np.array([(one["ci_high"] - one["ci_low"]) / 2 for one in (last, middle, first)])
        # A change either way: a rise, then a fall, less a quarter of what came before.
        for sign, of_middle in ((1, 1.25), (-1, 0.75)):
            over = sign * gain - 0.25 * before
            half = float(np.linalg.norm(widths * (1, of_middle, 0.25)))
            parts.append(below(Difference(over, over - half, over + half)))
        said.append(f"{table} {task} {100 * gain:+.1f} after {100 * before:+.1f}")
    if not parts:
        raise NotTestable("no curve over the number of components was run")
    return Finding(
        "; ".join(said),
        together(*parts),
        f"change in the last third, either way, less a quarter of that before; {UNIT}; over pairs for rho",
    )


@STUDY.claim(2, "In at least a tenth of (embedding, task) pairs a third of lower variance beats one of higher variance")
def not_ordered(v: SpectrumView) -> Finding:
    found = pd.concat([v.pairs(low, high) for high, low in ((TOP, MIDDLE), (TOP, BOTTOM), (MIDDLE, BOTTOM))])
    standard = pd.concat(
        [v.pairs(low, high, STANDARD) for high, low in ((TOP, MIDDLE), (TOP, BOTTOM), (MIDDLE, BOTTOM))]
    )
    ours = f"features as they are: {_counted(found)}; standardised: {_counted(standard)}"
    return Finding(ours, _share(found, 0.1), f"middle over top, bottom over top, bottom over middle; {UNIT}")


@STUDY.claim(3, "For GloVe the middle third beats the top third on at least half of the sentence tasks", "6 of 9")
def middle_of_glove(v: SpectrumView) -> Finding:
    found, standard = v.pairs(MIDDLE, TOP, table="GloVe"), v.pairs(MIDDLE, TOP, STANDARD, table="GloVe")
    ours = f"features as they are: {_counted(found)}; standardised: {_counted(standard)}"
    return Finding(ours, _share(found, 0.5), f"GloVe of 100 dimensions in thirds; {UNIT}")


@STUDY.claim(
    4, "Variance explained says little of the accuracy lost to all components (|rho| < .5)", "-.31 over 81 cells"
)
def variance_and_loss(v: SpectrumView) -> Finding:
    shares = v.shares[v.shares["form"].eq(FULL)].set_index(["table", "part"])["value"]
    lines = v.sentence_tasks()
    full = lines[lines["form"].eq(FULL)].set_index(["table", "task"])["value"]
    thirds = lines[lines["form"].isin(THIRDS) & lines["table"].isin(shares.index.get_level_values(0))]
    if len(thirds) < 10:
        raise NotTestable("too few cells of thirds")
    lost = [full[t, s] - value for t, s, value in zip(thirds["table"], thirds["task"], thirds["value"], strict=True)]
    variance = [shares[t, f] for t, f in zip(thirds["table"], thirds["form"], strict=True)]
    found = score("spearman", variance, lost)
    ours = f"rho {found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}], {len(lost)} cells"
    why = "interval over cells of table, third and task; untested: gaps in accuracy beside those in variance"
    return Finding(ours, together(within(found, 0.5), None), why)


def _bounds(v: SpectrumView, found: pd.DataFrame) -> tuple[pd.Series, float]:
    """What all components of a table reach on the task of some, and what the commonest class does."""
    task, table = found["task"].iloc[0], found["table"].iloc[0]
    full = v.scores(probe=STANDARD, task=task, form=FULL, table=table).iloc[0]
    return full, v.majority(task)


def _unlearned(v: SpectrumView, found: pd.DataFrame) -> str:
    """Why components of a task carry no claim, "" where all of them together are surely above the commonest class."""
    full, majority = _bounds(v, found)
    if full["ci_low"] > majority:
        return ""
    said = f"all components {100 * full['value']:.1f}, commonest class {100 * majority:.1f}: not learned"
    return f"{found['task'].iloc[0]}: {said}"


Judged = tuple[str, list[bool | None]]


def _of_shapes(v: SpectrumView, judge: Callable[[str, pd.DataFrame], Judged], why: str) -> Finding:
    """What single components say of both tasks of trees; a task that was not learned leaves the claim open."""
    said: list[str] = []
    parts: list[bool | None] = []
    for shape in SHAPES.values():
        found = v.components(shape)
        if len(found) < LEAST_COMPONENTS:
            raise NotTestable(f"{len(found)} single components of {shape} were run, fewer than {LEAST_COMPONENTS}")
        unlearned = _unlearned(v, found)
        text, own = (unlearned, [None]) if unlearned else judge(shape, found)
        said.append(text)
        parts += own
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(5, "Accuracy of single components does not fall with their rank (|rho| < .15)")
def no_slope(v: SpectrumView) -> Finding:
    def judge(shape: str, found: pd.DataFrame) -> Judged:
        rho = score("spearman", found["k"].astype(float), found["value"].astype(float))
        said = f"{shape} rho {rho.value:+.2f} [{rho.low:+.2f}, {rho.high:+.2f}], {len(found)} components"
        return said, [within(rho, 0.15)]

    return _of_shapes(v, judge, "interval over components; GloVe")


@STUDY.claim(6, "The best single component for both probing tasks is in the bottom third")
def best_component(v: SpectrumView) -> Finding:
    def judge(shape: str, found: pd.DataFrame) -> Judged:
        inside = found["k"] > 2 / 3 * found["k"].max()
        best, rest = found[inside].nlargest(1, "value").iloc[0], found[~inside].nlargest(1, "value").iloc[0]
        gap, first = difference(best, rest), int(found.nlargest(1, "value")["k"].iloc[0])
        return f"{shape}: best {first} of {len(found)}, bottom third less the rest {gap}", [clears(gap)]

    return _of_shapes(v, judge, f"the best of a third against the best of the others; {UNIT}")


@STUDY.claim(7, "Single components are above chance on average, and at most half as good as the full embedding")
def mean_component(v: SpectrumView) -> Finding:
    def judge(shape: str, found: pd.DataFrame) -> Judged:
        full, majority = _bounds(v, found)
        over = one_sample_t(found["value"], majority, unit="component")
        half = one_sample_t(found["value"] - majority, (full["value"] - majority) / 2, unit="component")
        said = (
            f"{shape}: mean {100 * found['value'].mean():.1f}, commonest class {100 * majority:.1f}, "
            f"full {100 * full['value']:.1f}; over the commonest class {shown(over)}; "
            f"over half of what all are above it {shown(half)}"
        )
        return said, [clears(over), negated(clears(half))]

    return _of_shapes(
        v, judge, "chance is the commonest class of training here, good what is above it; intervals over components"
    )


@STUDY.claim(8, "PPA with D=5 does not improve most (embedding, task) cells", "original better in 14 of 27")
def ppa_on_sentences(v: SpectrumView) -> Finding:
    found, standard = v.pairs(PPA, FULL), v.pairs(PPA, FULL, STANDARD)
    better = _share(found, 0.5)
    ours = f"features as they are: {_counted(found)}; standardised: {_counted(standard)}"
    return Finding(ours, negated(better), UNIT)


@STUDY.claim(9, "PPA raises word similarity")
def ppa_on_similarity(v: SpectrumView) -> Finding:
    parts, said = [], []
    for table in dict.fromkeys(v.similar["table"]):
        own = v.similar[v.similar["table"].eq(table) & ~v.similar["task"].isin(PARTS_OF_SETS)]
        own = own[own["control"].eq("")]
        wide = own.drop_duplicates(["task", "form"]).pivot(index="task", columns="form", values="value")
        if {FULL, PPA} <= set(wide):
            found = one_sample_t((wide[PPA] - wide[FULL]).dropna(), 0.0, unit="set")
            parts.append(clears(found))
            said.append(f"{table} {shown(found)}")
    if not parts:
        raise NotTestable("no similarity set was asked of a table with PPA")
    why = "mean difference of rho x 100 over the sets, t-interval over sets"
    if len(parts) < 2:
        why, parts = f"{why}; one embedding says nothing of others", [*parts, None]
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(10, "BLEU falls with every component removed")
def translation(v: SpectrumView) -> Finding:
    raise NotTestable("the translation encoder takes no table of vectors yet, and the TED talks are not at hand")


@STUDY.claim(11, "Taking the mean off changes accuracy by less than half a point on every sentence task")
def centring(v: SpectrumView) -> Finding:
    found = v.pairs(CENTRED, FULL)
    parts = [within(one, 0.005) for one in found["found"]]
    largest = max((abs(one.difference) for one in found["found"]), default=0.0)
    ours = f"largest change {100 * largest:.1f} points over {len(found)} cells; {parts.count(True)} surely within half"
    return Finding(ours, together(*parts), f"{UNIT}, so that few can be sure: texts are the same on both sides")
