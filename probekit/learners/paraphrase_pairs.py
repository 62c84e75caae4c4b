"""Sentences that mean the same, as pairs to train on: of a corpus of pairs, or of several sentences of one meaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.streams import generator

DEV_SHARE = 0.05


@dataclass(frozen=True)
class Meanings:
    """Groups of sentences. `groups`: sentences of each. Of every sentence of the corpus `of` has its meaning and `text`
    a number that copies share, in any case of their letters. `dropped`: groups that are one sentence again and again.
    """

    groups: list[np.ndarray]
    of: np.ndarray
    text: np.ndarray
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def sentences(self) -> np.ndarray:
        return np.concatenate(self.groups)

    def pairs(self, seed: int, epoch: int) -> np.ndarray:
        """One pair of every meaning (n, 2), two of its sentences at random, in the order of a pass."""
        draw, order = generator(seed, "draw", "pairs", epoch), generator(seed, "order", "pairs", epoch)
        sizes = np.array([len(group) for group in self.groups])
        first = (draw.random(len(sizes)) * sizes).astype(np.int64)
        second = (first + 1 + (draw.random(len(sizes)) * (sizes - 1)).astype(np.int64)) % sizes
        found = [(own[a], own[b]) for own, a, b in zip(self.groups, first, second, strict=True)]
        return np.array(found, dtype=np.int64)[order.permutation(len(found))]


def meanings_of(corpus: Corpus) -> np.ndarray:
    """Number of the meaning of every sentence, -1 for none: sentence attribute `meaning`, else of the two of a pair.

    Raises ProbekitError where a corpus has neither.
    """
    if "meaning" in corpus.sentences:
        named = corpus.sentences["meaning"].astype(str)
        return np.where(named.ne(""), pd.factorize(named)[0], -1)
    link = next((corpus.links[name] for name in ("pair", "translation") if len(corpus.links.get(name, ()))), None)
    if link is None:
        raise ProbekitError(
            f"{corpus!r} does not say which sentences mean the same; give a table of pairs, such as parallel:PAIRS.tsv "
            "or pairs:FILE, or a corpus whose sentences have the attribute 'meaning'"
        )
    of = np.full(corpus.n_sentences, -1, dtype=np.int64)
    of[link["sentence"]] = of[link["sentence2"]] = np.arange(len(link))
    return of


def split_meanings(corpus: Corpus, seed: int, most: int) -> tuple[Meanings, Meanings]:
    """Meanings to train on, and at most so many to choose the pass on: those of the split `dev`, else a twentieth.

    Meanings of one sentence alone are none. Raises ProbekitError where fewer than two are left to train on.
    """
    of, text = meanings_of(corpus), pd.factorize(pd.Series(corpus.texts).str.lower())[0]
    table = pd.DataFrame({"of": of, "text": text, "split": corpus.sentences["split"].astype(str)})
    table = table[table["of"].ge(0) & table["split"].ne("test")]
    kept = table.groupby("of")["text"].nunique().gt(1)
    several = table.groupby("of").size().gt(1)
    groups = {name: list(_groups(table, kept, name == "dev")) for name in ("train", "dev")}
    if len(groups["train"]) < 2:
        same = int((several & ~kept).sum())
        why = f"; of {same} both sides are one and the same sentence" if same else ""
        raise ProbekitError(f"{corpus!r} has {len(groups['train'])} meanings told in two sentences to train on{why}")
    if not groups["dev"]:
        n = min(int(len(groups["train"]) * DEV_SHARE), most)
        drawn = set(generator(seed, "split", "paraphrases", len(groups["train"])).permutation(len(groups["train"]))[:n])
        groups["dev"] = [group for at, group in enumerate(groups["train"]) if at in drawn]
        groups["train"] = [group for at, group in enumerate(groups["train"]) if at not in drawn]
    dropped = int((several & ~kept).sum())
    return Meanings(groups["train"], of, text, dropped), Meanings(groups["dev"][:most], of, text)


def _groups(table: pd.DataFrame, kept: pd.Series, dev: bool) -> list[np.ndarray]:
    """Sentences of each meaning of a part that is told in two ways or more."""
    part = table[table["split"].eq("dev") == dev]
    part = part[part["of"].map(kept)]
    order = np.argsort(part["of"].to_numpy(), kind="stable")
    rows, of = part.index.to_numpy()[order], part["of"].to_numpy()[order]
    cut = np.split(rows, np.flatnonzero(np.diff(of)) + 1) if len(rows) else []
    return [group for group in cut if len(group) > 1]
