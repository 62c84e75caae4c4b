"""Documents and splits: a split by document, and each document in one part alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.steps.texts import with_split
from probekit.errors import ProbekitError
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, LessThanAll, Seed


def split_documents(corpus: Corpus, dev: LessThanAll = 0.15, test: LessThanAll = 0.15, seed: Seed = 0) -> Corpus:
    """Whole documents become dev and test at random, the rest train, whatever the split was before.

    Documents are shuffled, counted by their sentences, and cut at the shares; each split has at least one. Raises
    ProbekitError for shares that leave nothing for a split, and for fewer than three documents.
    """
    numbers = all(isinstance(share, (int, float)) and not isinstance(share, bool) for share in (dev, test))
    if not numbers or min(dev, test, 1 - dev - test) < 1e-9:
        raise ProbekitError(f"split-documents(dev={dev}, test={test}): give shares above 0 that leave some for train")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ProbekitError(f"split-documents(seed={seed}): the seed must be a whole number")
    documents, of_sentence = np.unique(corpus.sentences["document"].to_numpy(dtype=str), return_inverse=True)
    n = len(documents)
    if n < 3:
        raise ProbekitError(
            f"split-documents of {corpus!r}: it has {n} documents, and each split needs one; "
            "give its sentences the attribute 'document'"
        )
    order = generator(seed, "split", "documents", n).permutation(n)
    sizes = np.bincount(of_sentence)[order]
    middle = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    first, second = np.searchsorted(middle, [1 - dev - test, 1 - test])
    # However large single documents are, none of the splits stays empty.
    first = min(max(first, 1), n - 2)
    second = min(max(second, first + 1), n - 1)
    place = np.argsort(order)[of_sentence]
    parts = np.array(["train", "dev", "test"], dtype=object)[(place >= first).astype(int) + (place >= second)]
    return with_split(corpus, parts, ["split-documents", dev, test, seed])


def holdout_documents(corpus: Corpus, share: LessThanAll = 0.2, seed: Seed = 0) -> Corpus:
    """A share of the documents of train becomes dev, at random: pairs, and questions of one text, stay together.

    Raises ProbekitError where there is a dev already, and for a share that leaves one of both empty.
    """
    parts = corpus.sentences["split"].astype(object).to_numpy().copy()
    names = corpus.sentences["document"].astype(str).to_numpy()
    documents = np.unique(names[parts == "train"])
    n = round(share * len(documents))
    if (parts == "dev").any() or not 0 < n < len(documents):
        there = ", ".join(sorted(set(map(str, parts)) - {""}))
        raise ProbekitError(
            f"holdout-documents(share={share}) of {corpus!r}: train has {len(documents)} documents, of which dev takes "
            f"{n}, and the splits are {there}; there must be a train, no dev, and documents for both"
        )
    chosen = generator(seed, "split", "held out", len(documents)).permutation(documents)[:n]
    parts[(parts == "train") & np.isin(names, chosen)] = "dev"
    return with_split(corpus, parts, ["holdout-documents", share, seed])


def fewer_documents(
    corpus: Corpus, train: Count = 10_000_000, dev: Count = 10_000_000, test: Count = 10_000_000, seed: Seed = 0
) -> Corpus:
    """At most so many documents of each split, drawn at random; a larger number keeps those of a smaller."""
    parts, names = (corpus.sentences[column].astype(str).to_numpy() for column in ("split", "document"))
    kept = np.ones(len(parts), dtype=bool)
    for split, most in (("train", train), ("dev", dev), ("test", test)):
        own = np.unique(names[parts == split])
        chosen = generator(seed, "sample", "documents", split, len(own)).permutation(own)[:most]
        kept &= (parts != split) | np.isin(names, chosen)
    return replace(corpus.select(kept), digest=digest([corpus.digest, "fewer-documents", train, dev, test, seed]))


def documents_once(corpus: Corpus) -> Corpus:
    """A document that stands in several parts is kept in one of them: test before dev, dev before train.

    Sentences without a document, and those without a split, all stay. Raises ProbekitError where none has a document.
    """
    named = corpus.sentences["document"].astype(str)
    if not named.ne("").any():
        raise ProbekitError(f"{corpus!r} names no documents, so that none can stand in two of its parts")
    place = corpus.sentences["split"].astype(str).map({"test": 0, "dev": 1, "train": 2})
    first = place.groupby(named).transform("min")
    keep = named.eq("") | place.isna() | place.eq(first)
    return replace(corpus.select(keep.to_numpy()), digest=digest([corpus.digest, "documents-once"]))
