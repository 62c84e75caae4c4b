"""Regressions of F1 on sizes, on the grid of crossed and of tied sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from probekit.experiments.mbert_low_resource import GRID_STEPS, LABELLED_SIZES, NER, STUDY, TEXT_SIZES, WIKIANN

from probekit.report import heatmap, if_run
from probekit.scores.regression import Nested, Slope, least_squares, likelihood_ratio

from ._mbert_low_resource_view import LINEAR, LowResourceView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAIN, VOCAB, WIKI = PREDICTORS = ("log2 training size", "log2 training vocab", "WikiSize")


def grid(v: LowResourceView, tied: bool, ratio: bool = False) -> pd.DataFrame:
    """F1 by language, sentences of text, labelled sentences and kinds of words in these. Raises NotTestable.

    tied: the cells where text and labelled sentences grow together, and a neighbour of these by language. ratio: F1
    over that of the look of words on the same labelled sentences.
    """
    rows = v.needs(task=NER, metric="span_f1", steps=GRID_STEPS)
    words = v.needs(task="vocabulary", metric="word_kinds", steps=GRID_STEPS)
    kinds = words[["code", "n", "value"]].drop_duplicates(["code", "n"]).rename(columns={"value": VOCAB})
    table = rows[["code", "text", "n", "value"]].merge(kinds, "left", ["code", "n"])
    if ratio:
        base = v.needs(task=NER, metric="span_f1", model=LINEAR, n=list(LABELLED_SIZES))[["code", "n", "value"]]
        table = table.merge(base.rename(columns={"value": "base"}), "left", ["code", "n"])
        table = table.assign(value=table["value"] / table["base"])
    sizes = {TRAIN: table["n"], VOCAB: table[VOCAB], WIKI: table["text"]}
    table = table.assign(**{name: np.log2(size) for name, size in sizes.items()})
    kept = [_tied(row["code"], row["text"], row["n"]) or not tied for row in table.to_dict("records")]
    return table[np.array(kept)]


def _tied(code: str, text: int, n: int) -> bool:
    """Whether a cell is one where both sizes grow together, or the neighbour that stands for this language."""
    place = TEXT_SIZES.index(text), LABELLED_SIZES.index(n)
    neighbours = ((0, 1), (1, 0), (1, 2), (2, 1))
    return place[0] == place[1] or place == neighbours[WIKIANN.index(code) % len(neighbours)]


def slope(v: LowResourceView, tied: bool, name: str) -> Slope:
    """Slope of F1 on one predictor alone."""
    table = grid(v, tied)
    return least_squares(table["value"], {name: table[name]}).slope(name)


def joint(v: LowResourceView, tied: bool, ratio: bool = False) -> dict[str, Slope]:
    """Slopes of F1, or of its ratio to the baseline's, on labelled sentences and text together."""
    table = grid(v, tied, ratio)
    found = least_squares(table["value"], {name: table[name] for name in (TRAIN, WIKI)})
    return {name: found.slope(name) for name in (TRAIN, WIKI)}


def ratio_test(v: LowResourceView, tied: bool) -> Nested:
    """Whether kinds of words say more than the number of labelled sentences."""
    table = grid(v, tied)
    return likelihood_ratio(table["value"], {TRAIN: table[TRAIN]}, {VOCAB: table[VOCAB]})


@STUDY.figure("figure-grid")
def grid_of_sizes(v: LowResourceView) -> Figure:
    """Entities by text and labelled sentences, the mean over languages."""
    table = grid(v, tied=False).groupby(["text", "n"], as_index=False)["value"].mean()
    table = table.assign(text=table["text"].astype(str), n=table["n"].astype(str))
    return heatmap(
        table,
        "text",
        "n",
        row_order=[str(n) for n in sorted(map(int, set(table["text"])))],
        column_order=[str(n) for n in LABELLED_SIZES],
        scale=100,
        annotate=".1f",
        label="F1 (%)",
        row_label="sentences of text",
        column_label="labelled sentences",
        title=f"Entities by text and labelled sentences, mean of six languages, one run ({v.title})",
    )


@STUDY.table("table-2", caption="Table 2: slopes of F1 (0 to 1), 95 % intervals, on both grids of sizes", digits=4)
def table_two(v: LowResourceView) -> pd.DataFrame:
    found = []
    for tied in (False, True):
        fits = [("univariate", name, slope(v, tied, name)) for name in PREDICTORS]
        fits += [("joint", name, one) for name, one in joint(v, tied).items()]
        ratios = if_run(joint, v, tied, True)
        fits += [("joint, ratio to the baseline", name, one) for name, one in (ratios or {}).items()]
        for model, name, one in fits:
            line = {"grid": "tied" if tied else "crossed", "model": model, "predictor": name, "slope": one.value}
            found.append({**line, "low": one.low, "high": one.high, "p": one.p, "inflation": one.inflation})
        test = ratio_test(v, tied)
        line = {"grid": "tied" if tied else "crossed", "model": "likelihood ratio", "predictor": "adding vocab"}
        found.append({**line, "slope": test.statistic, "p": test.p})
    return pd.DataFrame(found)
