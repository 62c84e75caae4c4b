"""Categories of words: do clusters of their vectors find them?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import vectors_of
from probekit.embeddings.measures import Cosine, Euclidean, Measure, unit_rows
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName
from probekit.scores import score
from probekit.values import Seed

METHODS = ("kmeans", "agglomerative", "best-of")
LINKAGES = ("average", "complete", "single")
Setting = tuple[str, Callable[[int], np.ndarray]]  # its name, and clusters (n,) of how many
_STARTS = 10  # of k-means; the tightest clusters are kept


class Categories(Benchmark):
    """Purity of as many clusters as there are categories.

    method: `kmeans` (of unit rows under the cosine, of rows as they are under the Euclidean distance; ten starts from
    `seed`), `agglomerative` under any measure with a `linkage`, or `best-of`, the highest of eight settings, which
    flatters every table and says so in `info`. The interval is that of a
    share of words, clusters and their main classes as they are.
    """

    metrics: ClassVar[Mapping[str, bool]] = {"purity": True}
    baseline: ClassVar[str] = "the share of the largest category, by one cluster"
    ways: ClassVar[Sequence[str]] = ("skip", "mean", "zero")

    def __init__(
        self,
        items: Sequence[str],
        *,
        method: str = "kmeans",
        linkage: str = "average",
        seed: Seed = 0,
        unknown: str = "skip",
    ) -> None:
        super().__init__(items, unknown=unknown)
        if method not in METHODS:
            raise UnknownName("method of clustering:", str(method), METHODS)
        if linkage not in LINKAGES:
            raise UnknownName("linkage:", str(linkage), LINKAGES)
        if linkage != LINKAGES[0] and method != "agglomerative":
            raise ProbekitError(f"linkage={linkage} says how method=agglomerative joins; {method} joins nothing")
        self.method, self.linkage, self.seed = method, linkage, seed

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        items = pd.concat([one.items for one in self.items], ignore_index=True)
        found = vectors_of(table, items["word"], self.unknown)
        kept = np.flatnonzero(found.kept)
        info: dict[str, Any] = {
            "coverage": float(found.known.mean()), "items": len(items), "unknown": self.unknown, "method": self.method,
        }  # fmt: skip
        gold = items["category"].to_numpy()[kept]
        if found.known.sum() < LEAST:
            return [too_few("purity", int(found.known.sum()), info=info)]
        clusters, setting = self._best(found.vectors[kept], gold, measure)
        main = main_classes(gold, clusters)
        largest = float(pd.Series(gold).value_counts().iloc[0] / len(gold))
        info |= {"setting": setting, "clusters": len(set(gold)), "largest": largest}
        value = score("accuracy", gold, main)
        return [Scored("purity", value, len(kept), "", info, kept, kept, list(gold), list(main))]

    def _best(self, vectors: np.ndarray, gold: np.ndarray, measure: Measure) -> tuple[np.ndarray, str]:
        """Clusters of the asked setting, or of the best of all; the setting in words."""
        tried = [(clusters(len(set(gold))), name) for name, clusters in self._settings(vectors, measure)]
        reached = [(main_classes(gold, found) == gold).mean() for found, _ in tried]
        best, name = tried[int(np.argmax(reached))]
        return best, name if len(tried) == 1 else f"best of {len(tried)}: {name}"

    def _settings(self, vectors: np.ndarray, measure: Measure) -> Iterator[Setting]:
        if self.method == "kmeans":
            yield "k-means", partial(k_means, _rows(vectors, measure), seed=self.seed)
        elif self.method == "agglomerative":
            yield f"agglomerative, {self.linkage}", partial(agglomerative, vectors, measure, self.linkage)
        else:
            yield from _all_settings(vectors, self.seed)


def _all_settings(vectors: np.ndarray, seed: int) -> Iterator[Setting]:
    for name, rows in (("unit rows", unit_rows(vectors)), ("rows", vectors)):
        yield f"k-means, {name}", partial(k_means, rows, seed=seed)
        yield f"Ward, {name}", partial(_ward, rows)
    for measure in (Cosine(), Euclidean()):
        for linkage in ("average", "complete"):
            setting = f"agglomerative, {linkage}, {type(measure).__name__.lower()}"
            yield setting, partial(agglomerative, vectors, measure, linkage)


def main_classes(gold: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """For each word the class that most words of its cluster belong to (n,): purity is the share that is right."""
    table = pd.crosstab(gold, clusters)
    return np.asarray(table.idxmax()[clusters], dtype=object)


def _rows(vectors: np.ndarray, measure: Measure) -> np.ndarray:
    """Rows whose Euclidean distances order pairs as the measure does. Raises ProbekitError where there are none."""
    if type(measure) not in (Cosine, Euclidean):
        way_out = "take cosine or euclidean, or method=agglomerative"
        raise ProbekitError(f"k-means knows no {type(measure).__name__.lower()}; {way_out}")
    return measure.prepare(vectors)


def k_means(rows: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Clusters (n,) of rows (n, d), the tightest of ten starts."""
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(k, n_init=_STARTS, random_state=seed).fit_predict(rows.astype(np.float64)))


def agglomerative(vectors: np.ndarray, measure: Measure, linkage: str, k: int) -> np.ndarray:
    """Clusters (n,) that come of joining the likest, both directions of a measure averaged."""
    from sklearn.cluster import AgglomerativeClustering

    rows = measure.prepare(vectors)
    likeness = measure.against(rows, rows).astype(np.float64)
    distance = likeness.max() - (likeness + likeness.T) / 2
    np.fill_diagonal(distance, 0)
    made = AgglomerativeClustering(n_clusters=k, metric="precomputed", linkage=linkage)
    return np.asarray(made.fit_predict(distance))


def _ward(rows: np.ndarray, k: int) -> np.ndarray:
    from sklearn.cluster import AgglomerativeClustering

    return np.asarray(AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(rows.astype(np.float64)))
