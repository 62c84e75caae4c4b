"""Parts of a corpus: a random sample of its sentences, one of its splits, what a fold leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, Seed, Several, Whole


def sample(corpus: Corpus, n: Count, seed: Seed = 0) -> Corpus:
    """A random subset of n sentences, in corpus order.

    A larger n with the same seed keeps the sentences of a smaller one, and corpora of one length (such as
    translations of each other) give the same rows. Raises ProbekitError for an n that cannot be drawn.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= corpus.n_sentences:
        raise ProbekitError(f"sample(n={n}) of {corpus!r}: n must be a whole number from 1 to {corpus.n_sentences}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ProbekitError(f"sample(seed={seed}): the seed must be a whole number")
    order = generator(seed, "sample", "sentences", corpus.n_sentences).permutation(corpus.n_sentences)
    return corpus.select(np.sort(order[:n]))


def split(corpus: Corpus, name: str) -> Corpus:
    """The sentences of one split: train, dev or test. Raises UnknownName when there is none."""
    splits = corpus.sentences["split"]
    if not (splits == name).any():
        raise UnknownName(f"split of {corpus.spec or 'the corpus'}:", str(name), sorted(set(splits) - {""}))
    return corpus.select((splits == name).to_numpy())


def at_least(corpus: Corpus, attribute: str, value: float) -> Corpus:
    """The sentences whose attribute is a number of `value` or more, such as `stsb|at-least(relatedness, 4)`.

    Raises UnknownName for an attribute that there is not, ProbekitError for one that holds no numbers.
    """
    if attribute not in corpus.sentences:
        raise UnknownName(
            f"attribute of {corpus.spec or 'the corpus'}:", str(attribute), sorted(map(str, corpus.sentences))
        )
    found = pd.to_numeric(corpus.sentences[attribute], errors="coerce")
    if found.isna().all():
        raise ProbekitError(f"at-least({attribute}): the attribute of {corpus!r} holds no numbers")
    return corpus.select(found.ge(value).to_numpy())


def equal_lengths(corpus: Corpus) -> Corpus:
    """The pairs whose two sentences have as many words. Raises ProbekitError where there are no pairs, or none such."""
    link = corpus.links.get("pair")
    if link is None or not len(link):
        raise ProbekitError(
            f"equal-lengths: {corpus!r} has no pairs of sentences; give a corpus of pairs, such as sick"
        )
    first, second = (link[side].to_numpy(np.int64) for side in ("sentence", "sentence2"))
    kept = corpus.lengths[first] == corpus.lengths[second]
    if not kept.any():
        raise ProbekitError(f"equal-lengths: no pair of {corpus!r} has two sentences of as many words")
    return corpus.select(np.unique(np.concatenate([first[kept], second[kept]])))


def fewer_pairs(
    corpus: Corpus, train: Count = 10_000_000, dev: Count = 10_000_000, test: Count = 10_000_000, seed: Seed = 0
) -> Corpus:
    """At most so many pairs of each split, drawn at random; a larger number keeps those of a smaller.

    Raises ProbekitError where there are no pairs.
    """
    link = corpus.links.get("pair")
    if link is None or not len(link):
        raise ProbekitError(f"fewer-pairs: {corpus!r} has no pairs of sentences; give a corpus of pairs, such as sick")
    first, second = (link[side].to_numpy(np.int64) for side in ("sentence", "sentence2"))
    parts = corpus.sentences["split"].astype(str).to_numpy()[first]
    kept: list[np.ndarray] = [np.flatnonzero(~np.isin(parts, ("train", "dev", "test")))]
    for name, most in (("train", train), ("dev", dev), ("test", test)):
        own = np.flatnonzero(parts == name)
        kept.append(own[generator(seed, "sample", "pairs", name, len(own)).permutation(len(own))[:most]])
    pairs = np.concatenate(kept)
    return corpus.select(np.unique(np.concatenate([first[pairs], second[pairs]])))


def fold_of_sentences(n: int, of: int, seed: int) -> np.ndarray:
    """The fold of each of n sentences, (n,) int64: dealt evenly after shuffling, as cross-validation deals them."""
    fold = np.empty(n, dtype=np.int64)
    fold[generator(seed, "split", "folds", "sentence").permutation(n)] = np.arange(n) % of
    return fold


def without_fold(corpus: Corpus, k: Whole, of: Several = 5, seed: Seed = 0) -> Corpus:
    """The sentences outside one fold of a cross-validation by sentences: what its test part must not have shown.

    Raises ProbekitError for a fold that there is not.
    """
    if not (isinstance(k, int) and isinstance(of, int) and 2 <= of <= corpus.n_sentences and 0 <= k < of):
        raise ProbekitError(f"without-fold(k={k}, of={of}) of {corpus!r}: k must be a fold, from 0 to of - 1")
    return corpus.select(np.flatnonzero(fold_of_sentences(corpus.n_sentences, of, seed) != k))


def fits(options: Mapping[str, Any], name: str, sentences: Callable[[], int | None]) -> None:
    """Refuse a sample that cannot be drawn, before any work; `sentences` gives None for data that is still to be
    fetched. Raises ProbekitError."""
    n, most = options["n"], sentences()
    if isinstance(n, bool) or not isinstance(n, int) or n < 1 or (most is not None and n > most):
        bound = "up" if most is None else f"to {most}"
        raise ProbekitError(f"sample(n={n}) of {name}: n must be a whole number from 1 {bound}")


def holding(corpus: Corpus, text: str) -> Corpus:
    """The sentences in which some words stand one after another, such as `scitech-news|holding("Drudge Report")`.

    Raises ProbekitError where there is none.
    """
    found = np.array([f" {text} " in f" {one} " for one in corpus.texts])
    if not text.strip() or not found.any():
        raise ProbekitError(f"holding({text!r}): no sentence of {corpus!r} holds these words, parted by single blanks")
    return corpus.select(found)


def relabelled(corpus: Corpus, names: list[str], layer: str = "entity") -> Corpus:
    """The spans of some labels under other names, the other spans left out: `relabelled(["person=PER", "band=ORG"])`.

    Raises ProbekitError for a corpus without the layer, a name that is not `old=new`, and where no span is left.
    """
    corpus.require(layer)
    pairs = dict(str(name).split("=", 1) for name in names if str(name).count("=") == 1)
    if len(pairs) < len(names) or not all(pairs.values()):
        raise ProbekitError(f"relabelled(names={names!r}): give old=new for each label that is kept")
    table = corpus.spans[layer]
    kept = table[table["label"].isin(list(pairs))]
    if kept.empty:
        raise ProbekitError(f"relabelled: no span of {corpus!r} is one of {', '.join(pairs)}")
    kept = kept.assign(label=kept["label"].astype(str).map(pairs)).reset_index(drop=True)
    how = ["relabelled", layer, sorted(pairs.items())]
    return replace(corpus, spans={**corpus.spans, layer: kept}, spec="", digest=digest([corpus.digest, *how]))
