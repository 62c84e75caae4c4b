"""The eleven claims of Raunak et al. 2020 on our rows. Intervals are over test texts, unless another unit is named."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
from probekit.experiments.pca_embeddings import STUDY

from probekit.report import Finding, NotTestable, apart, below, clears, negated, shown, together, within
from probekit.scores import Comparison, one_sample_t, score

from ._pca_embeddings_view import (
    BOTTOM,
    CENTRED,
    FULL,
    LEAST_COMPONENTS,
    MIDDLE,
    PPA,
    STANDARD,
    THIRDS,
    TOP,
    SpectrumView,
    numbered,
)

PARTS_OF_SETS = ("all", "ws-353-sim", "ws-353-rel")  # the others say what these do
LEAST_RANKS = 5  # of a curve
UNIT = "paired intervals over test texts"
APART = "intervals over test texts, the two scores taken as independent"


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
    found = saturation(v)
    counted = found.groupby("table", sort=False)["verdict"].value_counts().unstack(fill_value=0)
    said = (
        f"{table}: {sum(own)} curves, {own.get('less', 0)} surely, {own.get('more', 0)} surely not"
        for table, own in counted.iterrows()
    )
    why = f"a change either way; table saturation; {UNIT}; over pairs of words for rho, scores taken as independent"
    return Finding("; ".join(said), together(*found["holds"]), why)


def saturation(v: SpectrumView) -> pd.DataFrame:
    """Each curve over the number of components: what changes in its last third and before, and how surely."""
    sets = v.similar[v.similar["task"].ne("all") & v.similar["control"].eq("")]
    lines = numbered(pd.concat([v.sentence_tasks(), sets]), "first")
    found = []
    for (table, task), own in lines.groupby(["table", "task"], sort=False):
        if len(own) < LEAST_RANKS:
            continue
        own = own.set_index("k", drop=False)
        middle = own.iloc[np.argmin(np.abs(own.index.to_numpy(float) - 2 / 3 * own.index[-1]))]
        ends = (own.iloc[-1], middle, own.iloc[0])
        holds = together(*(below(_over(v, sign, ends)) for sign in (1, -1)))
        found.append(
            {
                "table": table,
                "task": task,
                "components": ", ".join(f"{one['k']:g}" for one in reversed(ends)),
                "before": 100 * (middle["value"] - ends[2]["value"]),
                "last third": 100 * (ends[0]["value"] - middle["value"]),
                "verdict": {True: "less", False: "more", None: "open"}[holds],
                "holds": holds,
            }
        )
    if not found:
        raise NotTestable("no curve over the number of components was run")
    return pd.DataFrame(found)


def _over(v: SpectrumView, sign: int, ends: tuple[pd.Series, pd.Series, pd.Series]) -> Comparison:
    """A rise (sign 1) or fall (-1) in the last third less a quarter of the rise before; ends: last, middle, first."""
    weights = (sign, -sign - 0.25, 0.25)
    if ends[0]["metric"] == "accuracy":
        return v.contrast(zip(weights, ends, strict=True))
    over = sum(weight * one["value"] for weight, one in zip(weights, ends, strict=True))
    widths = [weight * (one["ci_high"] - one["ci_low"]) / 2 for weight, one in zip(weights, ends, strict=True)]
    half = float(np.linalg.norm(widths))
    return Comparison(over, over - half, over + half, np.nan, "", "pair of words", int(ends[0]["n_test"]))


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
    4,
    "Variance explained says little of the accuracy lost to all components (|rho| < .5); top and middle third differ "
    "less in accuracy than in variance",
    "-.31 over 81 cells",
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
    gaps = v.pairs(TOP, MIDDLE)
    relative = [one.difference / full[t, s] for t, s, one in gaps.itertuples(index=False, name=None)]
    apart = [shares[t, TOP] - shares[t, MIDDLE] for t in gaps["table"]]
    less = one_sample_t(np.subtract(apart, relative), 0.0, unit="cell")
    ours = f"rho {found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}], {len(lost)} cells; top less middle: "
    ours += f"share of variance {100 * np.mean(apart):.1f}, share of the full accuracy {100 * np.mean(relative):.1f}, "
    ours += f"the one less the other {shown(less)}"
    return Finding(ours, together(within(found, 0.5), clears(less)), "intervals over cells of table, third and task")


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
    return f"all components {100 * full['value']:.1f}, commonest class {100 * majority:.1f}: not learned"


Judged = tuple[str, list[bool | None]]


def _of_shapes(v: SpectrumView, judge: Callable[[pd.DataFrame], Judged], why: str) -> Finding:
    """What single components say of each task of trees; a task that was not learned leaves the claim open."""
    said: list[str] = []
    parts: list[bool | None] = []
    for task, found in v.components().items():
        unlearned = _unlearned(v, found)
        text, own = (unlearned, [None]) if unlearned else judge(found)
        said.append(f"{task}: {text}")
        parts += own
    if not parts:
        raise NotTestable(f"no scan of {LEAST_COMPONENTS} single components was run")
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(5, "Accuracy of single components does not fall with their rank (|rho| < .15)")
def no_slope(v: SpectrumView) -> Finding:
    def judge(found: pd.DataFrame) -> Judged:
        rho = score("spearman", found["k"].astype(float), found["value"].astype(float))
        said = f"rho {rho.value:+.2f} [{rho.low:+.2f}, {rho.high:+.2f}], {len(found)} components"
        return said, [within(rho, 0.15)]

    return _of_shapes(v, judge, "interval over components; GloVe")


@STUDY.claim(6, "The best single component for both probing tasks is in the bottom third")
def best_component(v: SpectrumView) -> Finding:
    def judge(found: pd.DataFrame) -> Judged:
        inside = found["k"] > 2 / 3 * found["k"].max()
        best, rest = found[inside].nlargest(1, "value").iloc[0], found[~inside].nlargest(1, "value").iloc[0]
        gap, first = apart(best, rest, "text"), int(found.nlargest(1, "value")["k"].iloc[0])
        less = shown(gap, counted=False)
        return f"best {first} of {len(found)}, bottom third less the rest {less}", [clears(gap)]

    return _of_shapes(v, judge, f"the best of a third against the best of the others; {APART}")


@STUDY.claim(7, "Single components are above chance on average, and at most half as good as the full embedding")
def mean_component(v: SpectrumView) -> Finding:
    def judge(found: pd.DataFrame) -> Judged:
        full, majority = _bounds(v, found)
        over = one_sample_t(found["value"], majority, unit="component")
        half = one_sample_t(found["value"] - majority, (full["value"] - majority) / 2, unit="component")
        said = (
            f"mean {100 * found['value'].mean():.1f}, commonest class {100 * majority:.1f}, "
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


@STUDY.claim(10, "BLEU falls with every component removed", "az 3.24 to 2.92, be 6.09 to 4.75, gl 15.91 to 13.24")
def translation(v: SpectrumView) -> Finding:
    rows = v.bleu[v.bleu["removed"].notna()]
    if len(rows) < 2:
        raise NotTestable("no translation was trained from vectors less some components")
    lines = [one for _, one in rows.iterrows()]
    steps = [apart(after, before, "sentence") for before, after in pairwise(lines)]
    scores = ", ".join(f"{100 * one['value']:.1f}" for one in lines)
    said = f"{scores}; each less the one before: {', '.join(shown(one, counted=False) for one in steps)}"
    why = "French to English captions, one training a number; intervals over test sentences, scores taken as "
    why += "independent; not tested: the paper's TED talks, a beam, other seeds, twice as many passes"
    return Finding(said, together(*map(below, steps), None), why)


@STUDY.claim(11, "Taking the mean off changes accuracy by less than half a point on every sentence task")
def centring(v: SpectrumView) -> Finding:
    found = v.pairs(CENTRED, FULL)
    parts = [within(one, 0.005) for one in found["found"]]
    largest = max((abs(one.difference) for one in found["found"]), default=0.0)
    ours = f"largest change {100 * largest:.1f} points over {len(found)} cells; {parts.count(True)} surely within half"
    return Finding(ours, together(*parts), UNIT)
