"""Every measure of one attention, as rows: what a cell of the study and the command line answer with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from probekit import streams
from probekit.attention import agreement, information, token_probability, two_classes
from probekit.attention import weights as put
from probekit.attention.reading import AttentionView
from probekit.attention.views import LearnedQueryView
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier_training import text_batches

MEASURES = ("fragility", "entropy", "probability", "agreement", "information")


@dataclass(frozen=True)
class Sizes:
    """How much is measured: `draws` of permutations; `sample` texts for leave-one-out, and for token probabilities of a
    transformer; word `types`, k-means `clusters` (None: a hundredth of the occurrences, at most 1,000) and at most
    `occurrences` for mutual information."""

    draws: int = two_classes.DRAWS
    sample: int = 200
    types: int = 1000
    clusters: int | None = None
    occurrences: int = 20_000


@dataclass
class Measured:
    """`rows` of metric, value, n_test, info and note; and what figures draw below the score."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    probabilities: token_probability.TokenProbabilities | None = None

    def add(self, metric: str, value: float, n: int, note: str = "", **info: Any) -> None:
        """A row; a value that is NaN needs a note."""
        self.rows.append({"metric": metric, "value": value, "n_test": n, "note": note, "info": info})


def report(
    view: AttentionView,
    texts: Sequence[Sequence[str]],
    labels: Sequence[str],
    *,
    source: Sequence[Sequence[str]] | None = None,
    measures: Sequence[str] = MEASURES,
    positive: str | None = None,
    head: int | None = None,
    sizes: Sizes | None = None,
    seed: int = 0,
    left_out: list[np.ndarray] | None = None,
) -> Measured:
    """Measure an attention on texts with their labels.

    source: texts whose word occurrences mutual information is taken over (default: the texts). positive: class whose F1
    is meant, the last unless named; with more than two classes accuracy stands in for F1. head: change one head alone.
    left_out: what `agreement.leave_one_out` found on the sample, the same for every layer.

    Rows: f1 (or accuracy), delta_f1_uniform, delta_f1_permuted, moved_uniform, moved_permuted, entropy, ptp,
    tau_gradient, tau_leave_one_out, tau_gradient_leave_one_out, mi_frequent, mi_random with clusters of inputs and, as
    mi_frequent_words and mi_random_words, with the words themselves, each with a _shuffled control. The info of f1 has
    the trivial baselines: F1 of the answer that is always positive, the majority's share beside the accuracy.

    Raises UnknownName for a label the classifier does not have and a measure that is not there, ProbekitError for an
    empty text.
    """
    sizes = sizes or Sizes()
    check_asked(view, texts, labels, measures, positive)
    gold = np.array([view.labels.index(label) for label in labels])
    found = Measured()
    sample = [texts[i] for i in sampled(len(texts), sizes.sample, seed)]
    if "fragility" in measures:
        _fragility(view, texts, gold, positive, head, sizes, seed, found)
    if "entropy" in measures:
        values = [put.entropy(r.weights, r.mask) for r in (view.read(b) for _, b in text_batches(view, texts))]
        every = torch.cat(values).numpy()
        mean = float(np.nanmean(every)) if not np.isnan(every).all() else float("nan")
        found.add("entropy", mean, int(np.sum(~np.isnan(every))), _why(mean, "every text has one position"))
    if "probability" in measures:
        _probability(view, texts, gold, sizes, seed, found)
    if "agreement" in measures:
        tau = agreement.accounts(view, sample, left_out).tau
        for name, column in zip(agreement.PAIRS, tau.T, strict=True):
            metric = "tau_" + name.removeprefix("attention-").replace("-", "_")
            known = column[~np.isnan(column)]
            mean = float(known.mean()) if len(known) else float("nan")
            spread = float(known.std(ddof=1)) if len(known) > 1 else None
            found.add(metric, mean, len(known), _why(mean, "no text whose words an account tells apart"), sd=spread)
    if "information" in measures:
        _information(view, source if source is not None else texts, sizes, seed, found)
    return found


def check_asked(
    view: AttentionView,
    texts: Sequence[Sequence[str]],
    labels: Sequence[str],
    measures: Sequence[str],
    positive: str | None = None,
) -> None:
    """Refuse what `report` cannot measure before any work: see there."""
    for name in measures:
        if name not in MEASURES:
            raise UnknownName("measure of attention", name, MEASURES)
    for label in labels:
        if label not in view.labels:
            raise UnknownName("label of this classifier:", label, view.labels)
    if len(texts) != len(labels):
        raise ProbekitError(f"{len(texts)} texts and {len(labels)} labels; give one label a text")
    if positive is not None:
        two_classes.positive_class(view.labels, positive)


def sampled(n: int, most: int, seed: int) -> np.ndarray:
    """Numbers of at most `most` of n texts, in order; a larger sample holds a smaller one."""
    if n <= most:
        return np.arange(n)
    return np.sort(streams.generator(seed, "sample", "texts").permutation(n)[:most])


def _fragility(
    view: AttentionView,
    texts: Sequence[Sequence[str]],
    gold: np.ndarray,
    positive: str | None,
    head: int | None,
    sizes: Sizes,
    seed: int,
    found: Measured,
) -> None:
    two = len(view.labels) == 2
    if positive is not None or two:
        number: int | None = two_classes.positive_class(view.labels, positive)
    else:
        number = None
    fragile = two_classes.fragility(view, texts, gold, number, sizes.draws, seed, head)
    name = "f1" if two else "accuracy"
    about: dict[str, Any] = {"classes": len(view.labels)}
    if number is not None:
        about = {"positive": view.labels[number], **two_classes.beside_trivial(gold, fragile.predicted, number)}
    n = len(texts)
    found.add(name, fragile.f1, n, **about)
    found.add(f"delta_{name}_uniform", fragile.uniform, n)
    found.add(f"delta_{name}_permuted", fragile.permuted, n, draws=fragile.draws)
    for kind, share in fragile.moved.items():
        found.add(f"moved_{kind}", share, n)


def _probability(
    view: AttentionView, texts: Sequence[Sequence[str]], gold: np.ndarray, sizes: Sizes, seed: int, found: Measured
) -> None:
    rows = np.arange(len(texts)) if isinstance(view, LearnedQueryView) else sampled(len(texts), sizes.sample, seed)
    each = token_probability.token_probabilities(view, [texts[int(i)] for i in rows])
    value, n = token_probability.mean_over_right_ones(each, gold[rows])
    found.add("ptp", value, n, _why(value, "no text is classified rightly"))
    found.probabilities = each


def _information(
    view: AttentionView, source: Sequence[Sequence[str]], sizes: Sizes, seed: int, found: Measured
) -> None:
    for sample in information.SAMPLES:
        types = set(information.chosen_types(source, sample, sizes.types, seed))
        there = min(sum(word in types for words in source for word in words), sizes.occurrences)
        clusters = sizes.clusters or max(2, min(1000, there // 100))
        if there < clusters:
            found.add(f"mi_{sample}", float("nan"), there, f"{there} occurrences make no {clusters} clusters")
            continue
        one = information.information(view, source, sample, sizes.types, clusters, sizes.occurrences, seed)
        about = {"types": one.types, "clusters": one.clusters, "occurrences": one.occurrences}
        values = {"": one.nats, "_shuffled": one.shuffled}
        values |= {"_words": one.words, "_words_shuffled": one.words_shuffled}
        for kind, value in values.items():
            found.add(f"mi_{sample}{kind}", value, one.occurrences, "", **about)


def _why(value: float, why: str) -> str:
    return why if np.isnan(value) else ""
