"""Regressions of F1 on sizes, on the grid of crossed and of tied sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from probekit.experiments.mbert_low_resource import GRID_STEPS, LABELLED_SIZES, NER, TEXT_SIZES, WIKIANN

from probekit.scores.regression import Nested, Slope, least_squares, likelihood_ratio

from ._mbert_low_resource_view import LINEAR, LowResourceView

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
