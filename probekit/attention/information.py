"""Mutual information between words and states by k-means (Voita et al. 2019), with shuffled pairs beside it.

Inputs are told apart by clusters, as published, and by the words themselves, which needs no clusters of inputs.

The plug-in estimate is inflated where there are many clusters and few occurrences: read it against the control.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probekit import streams
from probekit.attention.reading import AttentionView
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier_training import text_batches
from probekit.scores import mutual_information

SAMPLES = ("frequent", "random")
_KMEANS_BATCH = 100


@dataclass(frozen=True)
class Information:
    """`nats` of mutual information, that of `shuffled` pairs, `occurrences`, `types` and `clusters` behind them.

    `words` and `words_shuffled`: the same with the words themselves in place of clusters of inputs.
    """

    nats: float
    shuffled: float
    words: float
    words_shuffled: float
    occurrences: int
    types: int
    clusters: int


def chosen_types(texts: Sequence[Sequence[str]], sample: str, n: int, seed: int) -> list[str]:
    """Word types: the n most frequent, or n drawn from the unigram distribution to the power 3/4 ("random")."""
    if sample not in SAMPLES:
        raise UnknownName("sample of word types:", str(sample), SAMPLES)
    counts = Counter(word for words in texts for word in words)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    if sample == "frequent" or n >= len(ordered):
        return ordered[:n]
    chances = np.array([counts[word] for word in ordered], dtype=float) ** 0.75
    rng = streams.generator(seed, "sample", "types")
    return [ordered[i] for i in np.sort(rng.choice(len(ordered), n, replace=False, p=chances / chances.sum()))]


def occurrences(
    view: AttentionView, texts: Sequence[Sequence[str]], types: Sequence[str], most: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs and states (n, d) of at most `most` occurrences of some word types, and numbers (n,) of their types; of a
    word in pieces, its first."""
    wanted = {word: number for number, word in enumerate(types)}
    places = [(i, j) for i, words in enumerate(texts) for j, word in enumerate(words) if word in wanted]
    if len(places) > most:
        rng = streams.generator(seed, "sample", "occurrences")
        places = [places[i] for i in np.sort(rng.choice(len(places), most, replace=False))]
    of_text: dict[int, list[int]] = {}
    for i, j in places:
        of_text.setdefault(i, []).append(j)
    numbers = sorted(of_text)
    inputs, states, told = [], [], []
    for rows, batch in text_batches(view, [texts[i] for i in numbers]):
        reading = view.read(batch)
        word = batch.word.numpy()
        for place, row in enumerate(rows):
            first = [int(np.flatnonzero(word[place] == j)[0]) for j in of_text[numbers[row]]]
            told += [wanted[texts[numbers[row]][j]] for j in of_text[numbers[row]]]
            inputs.append(reading.inputs[place, first].numpy())
            states.append(reading.states[place, first].numpy())
    return np.concatenate(inputs), np.concatenate(states), np.array(told)


def information(
    view: AttentionView,
    texts: Sequence[Sequence[str]],
    sample: str = "frequent",
    types: int = 1000,
    clusters: int = 1000,
    most: int = 1_000_000,
    seed: int = 0,
) -> Information:
    """Mutual information of clusters of states with clusters of inputs, and with words, over occurrences of some types.

    Raises ProbekitError when there are fewer occurrences than clusters.
    """
    words = chosen_types(texts, sample, types, seed)
    inputs, states, told = occurrences(view, texts, words, most, seed)
    if len(inputs) < clusters:
        raise ProbekitError(
            f"{len(inputs)} occurrences of {len(words)} words make no {clusters} clusters; ask for fewer clusters, or "
            "give more texts"
        )
    a, b = (cluster(vectors, clusters, seed) for vectors in (inputs, states))
    shuffled = streams.generator(seed, "draw", "shuffled pairs").permutation(b)
    by_cluster, by_word = ((plug_in(left, b), plug_in(left, shuffled)) for left in (a, told))
    return Information(*by_cluster, *by_word, len(a), len(words), clusters)


def cluster(vectors: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Number of each vector's cluster by mini-batch k-means, (n,)."""
    from sklearn.cluster import MiniBatchKMeans

    state = streams.whole_number(seed, "init", "k-means") % 2**32
    # sklearn draws its start from 3 k rows, and mini-batches of 100 leave many of 1,000 clusters empty: reassigned.
    found = MiniBatchKMeans(k, batch_size=_KMEANS_BATCH, n_init=1, random_state=state, max_iter=20)
    return found.fit_predict(np.ascontiguousarray(vectors, dtype=np.float32))


def plug_in(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information in nats of two labellings by their counts."""
    return mutual_information(a, b).value
