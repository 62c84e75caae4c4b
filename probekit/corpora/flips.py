"""Texts with flips: a flip is the same text rewritten so that its label turns over. Which flips count, and their kinds.

Bhathena, Willis and Dass 2020, Evaluating Compositionality of Sentence Representation Models (RepL4NLP at ACL).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import DataError, ProbekitError

LINK, SPLIT = "flip", "flip"  # flips are in no part that is trained or tested on by itself
SAME, LESS = "says the same words", "only leaves words out"
KINDS = ("negation", "one word", "several words")
_NEGATIONS = frozenset(
    ("not", "n't", "never", "no", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without", "cannot")
)


@dataclass(frozen=True)
class FlippedText:
    """A labelled text as words, its flip ((): it has none), and where it stood."""

    words: Sequence[str]
    flip: Sequence[str]
    label: str
    split: str
    file: str
    line: int


def fell(text: Sequence[str], flip: Sequence[str]) -> str:
    """Why a flip does not count, or "": it brings no word that its text lacks, as multisets of lower-cased words."""
    before, after = (Counter(word.lower() for word in words) for words in (text, flip))
    if after - before:
        return ""
    return LESS if before - after else SAME


def kind_of_flip(text: Sequence[str], flip: Sequence[str]) -> str:
    """What a flip changes: a negation put in or taken out, one word exchanged for one other, or several words (ours).

    A flip that changes a negation and further words is a negation.
    """
    before, after = (Counter(word.lower() for word in words) for words in (text, flip))
    gone, come = before - after, after - before
    if _NEGATIONS & {*gone, *come}:
        return KINDS[0]
    return KINDS[1] if gone.total() == come.total() == 1 else KINDS[2]


def corpus_of(texts: Sequence[FlippedText], language: str) -> Corpus:
    """A corpus of the texts in order and then their flips, which have the other label and the split "flip".

    `links["flip"]` joins a text and its flip. Raises DataError for a text or label that is empty, ProbekitError where
    there are not two labels, or no flip.
    """
    for one in texts:
        if not one.words or not one.label:
            raise DataError(f"a text without a {'label' if one.words else 'word'}", one.file, one.line)
    labels = sorted({one.label for one in texts})
    if len(labels) != 2:
        there = ", ".join(labels[:5])
        raise ProbekitError(f"a flip turns one of two labels into the other; these texts have {len(labels)}: {there}")
    turned = [number for number, one in enumerate(texts) if one.flip]
    if not turned:
        raise ProbekitError(f"no text of {texts[0].file} has a flip; give the rewritten texts in a column of their own")
    other = dict(zip(labels, labels[::-1], strict=True))
    rows = [(f"{t.file}:{t.line}", t.label, t.split, t.file, t.line) for t in texts]
    rows += [(f"{a}-flip", other[b], SPLIT, d, e) for a, b, _, d, e in (rows[number] for number in turned)]
    table = pd.DataFrame(rows, columns=["id", "label", "split", "file", "line"])
    columns: dict[str, Any] = {str(name): table[name].to_numpy() for name in table}
    words = [list(one.words) for one in texts] + [list(texts[number].flip) for number in turned]
    made = Corpus.from_words(words, **columns, language=[language] * len(words))
    link = pd.DataFrame({"sentence": turned, "sentence2": np.arange(len(texts), len(words))})
    return Corpus(made.form, made.offsets, sentences=made.sentences, links={LINK: link})


def flips_of(corpus: Corpus) -> pd.DataFrame:
    """Texts and their flips: sentence, sentence2 (places in the corpus), fell (see `fell`), kind (see `kind_of_flip`).

    Raises ProbekitError where the corpus has none.
    """
    link = corpus.links.get(LINK)
    if link is None or not len(link):
        raise ProbekitError(f"{corpus!r} has no flips; give texts with flips, such as yelp-flips or flips:FILE")
    pairs = [(corpus.words(int(a)), corpus.words(int(b))) for a, b in link[["sentence", "sentence2"]].to_numpy()]
    return link[["sentence", "sentence2"]].assign(
        fell=[fell(*pair) for pair in pairs], kind=[kind_of_flip(*pair) for pair in pairs]
    )
