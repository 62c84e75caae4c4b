"""Steps for labelled texts: what is done to their words before a classifier sees them, and how they are split."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, LessThanAll, Seed

# Letters, apostrophe, hyphen and point, at least one letter among them (Arras et al. 2016).
_LETTERS = re.compile(r"(?=.*[A-Za-z])[A-Za-z'.\-]+")
_DIGIT = re.compile(r"[0-9]")


def lower(corpus: Corpus) -> Corpus:
    """Every word in lower case."""
    return _renamed(corpus, "lower", {str(form): str(form).lower() for form in corpus.form.categories})


def digits(corpus: Corpus, mark: str = "<digits>") -> Corpus:
    """Every word with a digit in it becomes one and the same word (Jain and Wallace 2019)."""
    if not isinstance(mark, str) or not mark or any(c.isspace() for c in mark):
        raise ProbekitError(f"digits(mark={mark!r}): the mark is one word")
    names = {str(form): mark if _DIGIT.search(str(form)) else str(form) for form in corpus.form.categories}
    return _renamed(corpus, "digits", names)


def letters(corpus: Corpus) -> Corpus:
    """Only words made of letters, apostrophes, hyphens and points with one letter at least (Arras et al. 2016).

    Texts that have no such word are left out and counted.
    """
    good = np.array([_LETTERS.fullmatch(str(form)) is not None for form in corpus.form.categories])
    return with_words(corpus, "letters", good[corpus.form.codes])


def truncate(corpus: Corpus, n: Count) -> Corpus:
    """The first n words of every text."""
    _count("truncate(n)", n, 1)
    return with_words(corpus, "truncate", corpus.position_of_word < n)


def lengths(corpus: Corpus, least: Count = 1, most: Count | None = None) -> Corpus:
    """Texts of at least and at most so many words. Raises ProbekitError when none is left."""
    _count("lengths(least)", least, 1)
    if most is not None:
        _count("lengths(most)", most, least)
    fits = (corpus.lengths >= least) & (corpus.lengths <= (most or corpus.lengths.max()))
    return corpus.select(np.flatnonzero(fits))


def resplit(corpus: Corpus, dev: LessThanAll = 0.1, test: LessThanAll = 0.2, seed: Seed = 0) -> Corpus:
    """Shares of every class, or of all sentences, become dev and test at random, the rest train, whatever it was."""
    _share("resplit(dev)", dev)
    _share("resplit(test)", test)
    if dev + test >= 1:
        raise ProbekitError(f"resplit(dev={dev}, test={test}) leaves nothing to train on")
    parts = np.full(corpus.n_sentences, "train", dtype=object)
    for rows in _shuffled_classes(corpus, np.arange(corpus.n_sentences), seed):
        n_dev, n_test = round(dev * len(rows)), round(test * len(rows))
        parts[rows[:n_dev]] = "dev"
        parts[rows[n_dev : n_dev + n_test]] = "test"
    return with_split(corpus, parts, ["resplit", dev, test, seed])


def classes(corpus: Corpus, keep: list[str]) -> Corpus:
    """The texts of some classes. Raises UnknownName for a class that there is not."""
    corpus.require("label")
    labels = corpus.sentences["label"].astype(str)
    for name in keep:
        if not labels.eq(str(name)).any():
            raise UnknownName(f"class of {corpus!r}:", str(name), sorted(set(labels)))
    kept = labels.isin([str(name) for name in keep]).to_numpy()
    return replace(corpus.select(kept), digest=digest([corpus.digest, "classes", sorted(map(str, keep))]))


def holdout(corpus: Corpus, share: LessThanAll = 0.1, seed: Seed = 0) -> Corpus:
    """A share of every class of train becomes dev, at random. Raises ProbekitError where there is a dev already."""
    _share("holdout(share)", share)
    parts = corpus.sentences["split"].astype(object).to_numpy().copy()
    if (parts == "dev").any() or not (parts == "train").any():
        raise ProbekitError(f"{corpus!r} must have train and no dev to hold out from; it has {sorted(set(parts))}")
    for rows in _shuffled_classes(corpus, np.flatnonzero(parts == "train"), seed):
        parts[rows[: round(share * len(rows))]] = "dev"
    return with_split(corpus, parts, ["holdout", share, seed])


def _shuffled_classes(corpus: Corpus, rows: np.ndarray, seed: int) -> list[np.ndarray]:
    """The given rows of every class, each class in an order of its own; all in one where sentences have no label."""
    _count("seed", seed, 0)
    if "label" not in corpus.sentences:
        return [generator(seed, "split", "texts", "", len(rows)).permutation(rows)]
    labels = corpus.sentences["label"].astype(str).to_numpy()[rows]
    return [
        generator(seed, "split", "texts", name, len(rows)).permutation(rows[labels == name])
        for name in sorted(set(labels))
    ]


def with_split(corpus: Corpus, parts: np.ndarray, how: list[object]) -> Corpus:
    """A corpus whose sentences have other splits (n_sentences,), and how they came by these."""
    sentences = corpus.sentences.assign(split=pd.array([str(part) for part in parts], dtype=str))
    return replace(corpus, sentences=sentences, spec="", digest=digest([corpus.digest, *how]))


def only_words(corpus: Corpus, step: str) -> None:
    there = [*corpus.layers, *corpus.spans, *corpus.links, *(["trees"] if corpus.trees is not None else [])]
    if there:
        raise ProbekitError(
            f"the step '{step}' changes words, and {corpus!r} has layers that would no longer fit them "
            f"({', '.join(there[:6])}); it is for labelled texts"
        )


def _renamed(corpus: Corpus, step: str, names: dict[str, str]) -> Corpus:
    only_words(corpus, step)
    categories = list(dict.fromkeys(names.values()))
    number = {name: i for i, name in enumerate(categories)}
    codes = np.array([number[names[str(form)]] for form in corpus.form.categories])[corpus.form.codes]
    form = pd.Categorical.from_codes(codes, categories=pd.Index(categories, dtype=object))
    return replace(corpus, form=form, spec="", digest=digest([corpus.digest, step, sorted(names.items())]))


def with_words(corpus: Corpus, step: str, kept: np.ndarray) -> Corpus:
    """The words marked in `kept` (n_words,) bool; texts left without a word go, and that is said."""
    only_words(corpus, step)
    counts = np.add.reduceat(kept.astype(np.int64), corpus.offsets[:-1])
    left = np.flatnonzero(counts)
    if not len(left):
        raise ProbekitError(f"the step '{step}' leaves no word of {corpus!r}")
    if gone := corpus.n_sentences - len(left):
        first = corpus.sentences["id"].iloc[int(np.flatnonzero(counts == 0)[0])]
        warnings.warn(
            f"{gone} texts have no word left after '{step}' and were left out, the first: {first}", stacklevel=3
        )
    offsets = np.concatenate([[0], np.cumsum(counts[left])]).astype(np.int64)
    return replace(
        corpus,
        form=corpus.form[kept],
        offsets=offsets,
        sentences=corpus.sentences.iloc[left].reset_index(drop=True),
        spec="",
        digest=digest([corpus.digest, step, offsets.tolist()]),
    )


def _count(what: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ProbekitError(f"{what} must be a whole number of at least {least}, got {value!r}")


def _share(what: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ProbekitError(f"{what} must be a share from 0 to below 1, got {value!r}")
