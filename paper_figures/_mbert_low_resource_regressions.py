"""Regressions of F1 on sizes, on the grid of crossed and of tied sizes."""

from __future__ import annotations

from probekit.scores.regression import Nested, Slope, least_squares, likelihood_ratio

from ._mbert_low_resource_view import LowResourceView

TRAIN, VOCAB, WIKI = PREDICTORS = ("log2 training size", "log2 training vocab", "WikiSize")


def slope(v: LowResourceView, tied: bool, name: str) -> Slope:
    """Slope of F1 on one predictor alone."""
    table = v.grid(tied)
    return least_squares(table["value"], {name: table[name]}).slope(name)


def joint(v: LowResourceView, tied: bool) -> dict[str, Slope]:
    """Slopes of F1 on labelled sentences and text together."""
    table = v.grid(tied)
    found = least_squares(table["value"], {name: table[name] for name in (TRAIN, WIKI)})
    return {name: found.slope(name) for name in (TRAIN, WIKI)}


def ratio_test(v: LowResourceView, tied: bool) -> Nested:
    """Whether kinds of words say more than the number of labelled sentences."""
    table = v.grid(tied)
    return likelihood_ratio(table["value"], {TRAIN: table[TRAIN]}, {VOCAB: table[VOCAB]})
