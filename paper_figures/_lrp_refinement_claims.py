"""The 8 claims of the refinement study.

The paper's properties are human ratings; ours are categories, a word in or out. Its rating set is read as the words
fitted on, its untrained words as the half held out. What needs its ratings or its 18 embeddings of one corpus is not
testable here, and `why` gives the numbers there are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from probekit.experiments.lrp_refinement import STUDY

from probekit.report import Finding, NotTestable
from probekit.report.latex import number

from .lrp_refinement import CATEGORIES, CHANCE, FEW, ORIGINAL, REFINED, SIGNIFICANT, PropertyView, kind_of, width_of


def _stand_in(v: PropertyView) -> str:
    return "ratings and vectors are generated" if v.generated else CATEGORIES


def _percent(value: float) -> str:
    return number(100 * value, 1)


def _gains(table: pd.DataFrame) -> str:
    up, clear = int((table["gain"] > 0).sum()), int(((table["gain"] > 0) & (table["p"] < SIGNIFICANT)).sum())
    return (
        f"{up} of {len(table)} higher, {clear} with p < .05; mean gain {_percent(table['gain'].mean())} "
        f"({_percent(table['original'].mean())} -> {_percent(table['refined'].mean())})"
    )


@STUDY.claim(1, "On words it was fitted on, refinement raises mean AP for every embedding", "18 of 18, 16 with p < .05")
def fitted_words(v: PropertyView) -> Finding:
    table = v.cells("train", least=FEW)
    rule = f"each set of {FEW} properties or more with each embedding; {_stand_in(v)}"
    return Finding(_gains(table), bool((table["gain"] > 0).all()), rule)


@STUDY.claim(
    2,
    "On words it has not seen, most embeddings gain, and less than on words it was fitted on",
    "14 of 18, 4 with p < .05; mean gain 1.0 against 3.1",
)
def unseen_words(v: PropertyView) -> Finding:
    unseen = v.cells("test", least=FEW)
    keys = ["dataset", "encoder", "words", "grid"]
    both = unseen.merge(v.cells("train", least=FEW), on=keys, suffixes=("", "_fitted"))
    if both.empty:
        raise NotTestable("no set of ratings has words fitted on and held out")
    less = both["gain"].mean() < both["gain_fitted"].mean()
    most = (unseen["gain"] > 0).mean() > 0.5
    return Finding(
        f"{_gains(unseen)}; on the words fitted on {_percent(both['gain_fitted'].mean())}",
        bool(most and less),
        f"both parts: most gain ({'yes' if most else 'no'}), by less ({'yes' if less else 'no'}); {_stand_in(v)}",
    )


@STUDY.claim(3, "Original SGNS is better than original GloVe at every window and width", "75.3-77.4 against 67.4-68.9")
def sgns_first(v: PropertyView) -> Finding:
    raise NotTestable(f"our embeddings are of different corpora, GloVe of far more text; {_by_model(v, 'original')}")


@STUDY.claim(4, "On words it was fitted on, GloVe gains more than SGNS", "3.6 against 2.5 on average")
def glove_gains_more(v: PropertyView) -> Finding:
    raise NotTestable(f"our embeddings are of different corpora; {_by_model(v, 'gain')}")


def _by_model(v: PropertyView, column: str) -> str:
    table = v.cells("train", least=FEW)
    found = []
    for model in ("SGNS", "GloVe"):
        own = table[table["encoder"].map(kind_of).eq(model)]
        if len(own):
            found.append(f"{model} {_percent(own[column].mean())}")
    return f"{column} on words fitted on: {', '.join(found) or 'none of either'}"


@STUDY.claim(5, "100 dimensions gain less than 200 and 300 (words fitted on)", "1.8 against 3.8 and 3.6")
def width_matters(v: PropertyView) -> Finding:
    widths = {width_of(name): name for name in set(v.scores["encoder"]) if kind_of(name) == "SGNS"}
    if not {100, 200, 300} <= set(widths):
        raise NotTestable(f"word2vec of 100, 200 and 300 dimensions is needed; there is {sorted(widths) or 'none'}")
    shared, draws = v.of_shared_draws([widths[width] for width in (100, 200, 300)])
    table = shared.cells("train", grid="coarse", least=FEW)
    means = table[table["words"].eq("halves")].groupby("encoder")["gain"].mean()
    gains = {width: float(means[widths[width]]) for width in (100, 200, 300)}
    shown = ", ".join(f"{width}: {_percent(gains[width])}" for width in (100, 200, 300))
    rule = f"word2vec, {draws} draws that all three share, coarse grid of thresholds; {_stand_in(v)}"
    return Finding(shown, gains[100] < min(gains[200], gains[300]), rule)


@STUDY.claim(6, "Properties that lose by refinement are sensorimotor or spatio-temporal")
def who_loses(v: PropertyView) -> Finding:
    dataset, encoders = v.main()
    wide = v.properties(dataset, encoders[0], "train")
    lost = wide[wide[REFINED] < wide[ORIGINAL]]["property"].tolist()
    raise NotTestable(
        f"the properties have no such domains; of {len(wide)} of {dataset} lose with {encoders[0]}: "
        f"{', '.join(lost) or 'none'}"
    )


@STUDY.claim(7, "Relevances of a word and a property sum to the predicted rating", "by construction")
def relevances_add_up(v: PropertyView) -> Finding:
    if not np.isfinite(v.gap):
        raise NotTestable("the rows do not say how far the sums are from the ratings")
    return Finding(f"worst relative gap {v.gap:.1e}", v.gap < 1e-9, "over all words, properties and draws; within 1e-9")


@STUDY.claim(8, "Original vectors are clearly above chance", "53.5-77.4, chance 33.2")
def above_chance(v: PropertyView) -> Finding:
    table = v.cells(least=FEW)
    low, high = table["original"].min(), table["original"].max()
    models = sorted({kind_of(name) or name for name in table["encoder"]})
    return Finding(
        f"{_percent(low)}-{_percent(high)} ({', '.join(models)})",
        bool(low > CHANCE + 0.1),
        f"clearly: at least 10 points above {_percent(CHANCE)}; {_stand_in(v)}",
    )
