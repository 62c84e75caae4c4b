"""Corpora of pairs: sentences and their translations, or any two that are judged together, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError


def paired(
    rows: list[list[str]],
    attributes: pd.DataFrame,
    language: str,
    trees: tuple[str, ...] | None = None,
    link: str = "translation",
) -> Corpus:
    """A corpus of sentences that stand source, target, source, target, ..., linked by `links[link]`.

    attributes: one row a pair; `language` is the source's own there. link: "translation", or "pair" for two sentences
    of one language that are judged together.
    """
    table = attributes.loc[attributes.index.repeat(2)].reset_index(drop=True)
    target = np.arange(len(rows)) % 2 == 1
    table["side"] = np.where(target, "target", "source")
    table["language"] = np.where(target, language, table["language"])
    table["id"] = table["id"].astype(str) + np.where(target, "-t", "")
    table.loc[target, [name for name in ("text", "comments") if name in table]] = ""
    columns: dict[str, Any] = {str(name): table[name].to_numpy() for name in table}
    made = Corpus.from_words(rows, **columns)
    table = pd.DataFrame({"sentence": np.flatnonzero(~target), "sentence2": np.flatnonzero(target)})
    return Corpus(made.form, made.offsets, sentences=made.sentences, trees=trees, links={link: table})


def sides(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Sentence numbers (n,) of the sources and of their translations. Raises ProbekitError where there are no pairs."""
    link = corpus.links.get("translation")
    if link is None or not len(link):
        raise ProbekitError(
            f"{corpus!r} pairs no sentences with translations; give a parallel corpus, such as parallel:a.txt,b.txt, "
            "pud(target=fr) or grammar(n=10000)|translated(mirrored)"
        )
    return link["sentence"].to_numpy(np.int64), link["sentence2"].to_numpy(np.int64)
