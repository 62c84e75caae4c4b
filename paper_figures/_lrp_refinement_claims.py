"""The 8 claims of the refinement study.

The paper's properties are human ratings; ours are attributes and categories of nouns, a word has one or not. A verdict
rests on Wilcoxon's interval over properties, the paper's unit, of cells (a set of ratings with an embedding) whose
network predicts the properties of words it has not seen better than their means. What needs GloVe and skip-gram of one
text is not tested here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from probekit.experiments.lrp_refinement import STUDY

from probekit.report import Finding, NotTestable, apart, clears, shown, together
from probekit.report.latex import number
from probekit.report.view import matching
from probekit.scores import Comparison, one_sample_t
from probekit.scores.intervals import wilson

from ._lrp_refinement_domains import REST, kind_of_property
from ._lrp_refinement_view import CELL, CHANCE, FEW, STAND_IN, PropertyView, kind_of, paired, short, width_of


def _stand_in(v: PropertyView) -> str:
    return "ratings and vectors are generated" if v.generated else STAND_IN


def _percent(value: float) -> str:
    return number(100 * value, 1)


def _sides(found: Sequence[Comparison]) -> tuple[int, int, int]:
    """How many intervals lie above zero, below it, and on it."""
    sides = [clears(one) for one in found]
    return sides.count(True), sides.count(False), sides.count(None)


def _gains(table: pd.DataFrame) -> str:
    up, down, between = _sides(list(table["found"]))
    return (
        f"of {len(table)}, {up} gain, {down} lose, {between} have 0 in the interval over properties; "
        f"mean gain {_percent(table['gain'].mean())} "
        f"({_percent(table['original'].mean())} -> {_percent(table['refined'].mean())})"
    )


@STUDY.claim(1, "On words it was fitted on, refinement raises mean AP for every embedding", "18 of 18, 16 with p < .05")
def fitted_words(v: PropertyView) -> Finding:
    table = v.learned("train")
    sides = [clears(one) for one in table["found"]]
    left = len(v.cells("train")) - len(table)
    why = f"every set of properties with every embedding; {left} left out: too few properties, or not learned; not so: "
    return Finding(_gains(table), together(*sides), f"{why}{_without(table, sides)}; {_stand_in(v)}")


def _without(table: pd.DataFrame, sides: Sequence[bool | None]) -> str:
    """The cells of which a part of a claim is not true, by their ratings."""
    rest = table[[not side for side in sides]]
    names = (
        rest["encoder"].map(short).groupby(rest["dataset"], sort=False).agg(lambda own: ", ".join(dict.fromkeys(own)))
    )
    return "; ".join(f"{dataset} with {own}" for dataset, own in names.items()) or "none"


@STUDY.claim(
    2,
    "On words it has not seen, most embeddings gain, and less than on words it was fitted on",
    "14 of 18, 4 with p < .05; mean gain 1.0 against 3.1",
)
def unseen_words(v: PropertyView) -> Finding:
    said, parts = [], []
    table = v.learned("test")
    for dataset, cells in table.groupby("dataset", sort=False):
        on = {"dataset": dataset, "words": "halves", "grid": cells["grid"].iloc[0], "encoder": list(cells["encoder"])}
        less = paired(v.gains(**on, split="train"), v.gains(**on, split="test"), ["encoder"])
        parts += [_most(list(cells["found"])), clears(less)]
        said.append(f"{dataset}: {_gains(cells)}; on words fitted on more by {shown(less)}")
    why = "most: more than half of the intervals above 0; less: gains of the same draws, means over embeddings; "
    why += "only networks that learned"
    return Finding("; ".join(said), together(*parts), f"{why}; {_stand_in(v)}")


def _most(found: list[Comparison]) -> bool | None:
    """Whether most of some gains are above zero; not so where half or more are below it."""
    up, down, _ = _sides(found)
    if up > len(found) / 2:
        return True
    return False if down >= len(found) / 2 else None


@STUDY.claim(3, "Original SGNS is better than original GloVe at every window and width", "75.3-77.4 against 67.4-68.9")
def sgns_first(v: PropertyView) -> Finding:
    raise NotTestable(f"there is no GloVe of the text that our skip-gram is trained on; {_by_model(v, 'original')}")


@STUDY.claim(4, "On words it was fitted on, GloVe gains more than SGNS", "3.6 against 2.5 on average")
def glove_gains_more(v: PropertyView) -> Finding:
    raise NotTestable(f"there is no GloVe of the text that our skip-gram is trained on; {_by_model(v, 'gain')}")


def _by_model(v: PropertyView, column: str) -> str:
    table = v.cells("train", least=1)
    table = table[table["dataset"].eq(v.main("train"))]
    models = table.groupby(table["encoder"].map(kind_of))[column].mean()
    found = [f"{model} {_percent(value)}" for model, value in models.items() if model]
    return f"{column} on {v.main('train')}: {', '.join(found) or 'none of either'}"


@STUDY.claim(5, "100 dimensions gain less than 200 and 300 (words fitted on)", "1.8 against 3.8 and 3.6")
def width_matters(v: PropertyView) -> Finding:
    table = v.learned("train", grid="coarse")
    table = table[table["encoder"].map(kind_of).eq("SGNS")]
    said, parts = [], []
    for dataset, cells in table.groupby("dataset", sort=False):
        gains = v.gains(dataset=dataset, split="train", grid="coarse", encoder=list(cells["encoder"]))
        by_width = {width: gains[gains["width"].eq(width)] for width in set(gains["width"])}
        if not {100, 200, 300} <= set(by_width):
            continue
        more = [paired(by_width[width], by_width[100], ["window"]) for width in (200, 300)]
        parts += [clears(one) for one in more]
        said.append(f"{dataset}: 200 over 100 {shown(more[0])}, 300 over 100 {shown(more[1])}")
    if not said:
        widths = sorted(set(table["encoder"].map(width_of)))
        raise NotTestable(f"skip-gram of 100, 200 and 300 dimensions is needed; there is {widths or 'none'}")
    why = "skip-gram, means over windows and draws that both widths have, of networks that learned; "
    why += "GloVe, half of the paper's mean, is not tested, nor more than 3 passes over the text"
    return Finding("; ".join(said), together(*parts, None), f"{why}; {_stand_in(v)}")


@STUDY.claim(6, "Properties that lose by refinement are sensorimotor or spatio-temporal")
def who_loses(v: PropertyView) -> Finding:
    dataset = v.main("train")
    learned = matching(v.learned("train"), {"dataset": dataset})
    pictured = [name for name in v.pictured(dataset, "train") if name in set(learned["encoder"])]
    said, parts = [], []
    for encoder in pictured or list(learned["encoder"])[:1]:
        cell = learned[learned["encoder"].eq(encoder)].iloc[0]
        where = {name: cell[name] for name in CELL}
        ours, found = _losers(v.gains(**where), v.explained(**where))
        said.append(f"{short(encoder)}: {ours}")
        parts += found
    if not said:
        raise NotTestable(f"no network learned {dataset}")
    why = "no other loses (surely: interval over draws below 0, for all losers at once), and these lose more often "
    why += "(Newcombe); of attributes that the network explains, whose domains were given by hand"
    return Finding("; ".join(said), together(*parts), f"{why}; {_stand_in(v)}")


def _losers(gains: pd.DataFrame, explained: pd.Series) -> tuple[str, list[bool | None]]:
    """Who loses of one embedding's properties, and both parts of the claim: no other does, these do so more often."""
    means = gains.groupby("property")["gain"].mean()
    means = means[explained.reindex(means.index) > 0]
    kinds = pd.Series(means.index.map(kind_of_property), means.index)
    if kinds.eq("").any():
        raise NotTestable("the properties have no such domains")
    lost, inside = means < 0, kinds.ne(REST)
    outside = list(means.index[lost & ~inside])
    sure = [name for name in outside if _surely_lost(gains, name, int(lost.sum()))]
    difference = _of_shares(lost[inside].to_numpy(), lost[~inside].to_numpy())
    names = f"{', '.join(outside) or 'none'}; surely {', '.join(sure) or 'none'}"
    said = (
        f"{int(lost.sum())} of {len(means)} lose, {int(lost[inside].sum())} of {inside.sum()} of these domains and "
        f"{len(outside)} of {(~inside).sum()} others ({names}); difference of the shares {shown(difference, digits=0)}"
    )
    return said, [(False if sure else None) if outside else True, clears(difference)]


def _surely_lost(gains: pd.DataFrame, name: str, losers: int) -> bool:
    """Whether a property's gain over draws is below zero, with Bonferroni's correction for all that lose."""
    own = one_sample_t(gains.loc[gains["property"].eq(name), "gain"], 0.0, confidence=1 - 0.05 / losers, unit="draw")
    return clears(own) is False


def _of_shares(a: np.ndarray, b: np.ndarray) -> Comparison:
    """Share of true in a minus that in b, from Wilson's intervals of both."""
    if not len(a) or not len(b):
        raise NotTestable("there are no properties of other domains to compare with")
    lines = []
    for side in (a, b):
        value = float(np.mean(side))
        low, high, _ = wilson(value, len(side), 0.95)
        lines.append({"value": value, "ci_low": low, "ci_high": high, "n_test": len(side)})
    return apart(lines[0], lines[1], "property")


@STUDY.claim(7, "Relevances of a word and a property sum to the predicted rating", "by construction")
def relevances_add_up(v: PropertyView) -> Finding:
    if not np.isfinite(v.gap):
        raise NotTestable("the rows do not say how far the sums are from the ratings")
    why = "the worst of all words, properties and draws, within 1e-9: an identity, so without an interval"
    return Finding(f"worst relative gap {v.gap:.1e}", v.gap < 1e-9, why)


@STUDY.claim(8, "Original vectors are clearly above chance", "53.5-77.4, chance 33.2")
def above_chance(v: PropertyView) -> Finding:
    table = v.cells(least=FEW)
    low, high = table["original"].min(), table["original"].max()
    sides = [clears(one) for one in table["above chance"]]
    ours = (
        f"{_percent(low)}-{_percent(high)}; {sides.count(True)} of {len(sides)} intervals over properties above chance"
    )
    why = f"clearly: the interval lies above {_percent(CHANCE)}; not so: {_without(table, sides)}"
    return Finding(ours, together(*sides), f"{why}; {_stand_in(v)}")
