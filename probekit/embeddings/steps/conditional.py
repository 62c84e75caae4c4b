"""Words of a table that kept both matrices as logarithms of what they say of their contexts: alpha, and its limit."""

from __future__ import annotations

import math
from typing import Annotated

from probekit.embeddings.conditional import CENTRES, METRICS, PRIORS, REFERENCES, ConditionalModel, Point, distinct
from probekit.embeddings.table import WordTable
from probekit.values import Count, OneOf, Range

Alpha = Annotated[float, Range(-1e6, 1e6)]
Reference = Annotated[str, OneOf(REFERENCES)]
CentreOf = Annotated[str, OneOf(CENTRES)]
Metric = Annotated[str, OneOf(METRICS)]
Prior = Annotated[str, OneOf(PRIORS)]


def natural_alpha(
    table: WordTable,
    geom_alpha: Alpha,
    reference: Reference = "uniform",
    centre: CentreOf = "U+V",
    metric: Metric = "F",
    prior: Prior = "none",
) -> WordTable:
    """The alpha-embedding of every word, up to a positive length of its own (see `embeddings/conditional.py`).

    metric: `F` folds the Fisher matrix into the vectors, so that cosines are those of its inner product, `I` does not.
    `about` counts the distinct vectors. Raises ProbekitError for a table without context vectors or, where they are
    asked for, counts.
    """
    return _made(table, Point(geom_alpha, reference), centre, metric, prior)


def limit(
    table: WordTable,
    k: Count = 1,
    weighted: bool = False,
    reference: Reference = "corpus",
    centre: CentreOf = "U+V",
    metric: Metric = "F",
    prior: Prior = "none",
) -> WordTable:
    """The limit of alpha-embeddings as alpha falls: the mean of the k contexts of largest p_w / p0, weighted by these
    ratios or not. Many words may have one vector: `about` counts the distinct ones. Raises as `natural_alpha`."""
    return _made(table, Point(-math.inf, reference, k, weighted), centre, metric, prior)


def _made(table: WordTable, point: Point, centre: str, metric: str, prior: str) -> WordTable:
    model = ConditionalModel(table, centre, prior)
    vectors = model.in_metric(model.at(point), point.reference, metric)
    return table.with_vectors(vectors, distinct_vectors=distinct(vectors))
