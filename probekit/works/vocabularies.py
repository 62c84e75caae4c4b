"""How much of a vocabulary a text uses: the share of an encoder's pieces that stand in it more than t times.

As in Wu and Dredze 2020, Figure 3, with the words between blanks beside the pieces. `all` counts every piece of the
vocabulary that is no special one, `occurring` those that the text has at all, `words` the kinds of words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from probekit import corpora, rows
from probekit.corpora.corpus import Corpus
from probekit.encoders.batch import tokenise
from probekit.encoders.loading import load_encoder
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works
from probekit.works.tagging import tested_part

WORK, TASK = "vocabulary-coverage", "vocabulary"
ALL, OCCURRING, WORDS = "all", "occurring", "words"


def thresholds(most: int) -> list[int]:
    """0 and the powers of two up to a count."""
    return [0, *(2**k for k in range(max(most, 1).bit_length()))]


def coverage(counts: np.ndarray, at: list[int]) -> np.ndarray:
    """Share of items whose count is above each threshold, (len(at),); counts (items,)."""
    return np.array([float((counts > t).mean()) for t in at])


def piece_counts(tokenizer: Any, corpus: Corpus) -> tuple[np.ndarray, int]:
    """How often the text of a corpus has each piece that is no special one, (pieces,), and how many it has in all."""
    ids = tokenise(tokenizer, corpus).ids
    counts = np.bincount(ids, minlength=len(tokenizer))
    plain = np.setdiff1d(np.arange(len(counts)), np.array(tokenizer.all_special_ids))
    return np.asarray(counts[plain]), len(ids)


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    return {"task": TASK, "task_group": "vocabulary"}


@works.register(
    WORK,
    revision=1,
    summary="How much of its vocabulary an encoder uses on a text",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder"},
    columns=columns,
)
def answer_vocabularies(cell: Cell) -> Answer:
    """Sizes of vocabulary and text, pieces a word; the table `curve` holds coverage by threshold.

    Raises ProbekitError for an encoder without a tokenizer of pieces.
    """
    answer, corpus = Answer(), corpora.load_corpus(cell.shared["dataset"])
    encoder: Any = load_encoder(cell.shared["encoder"])
    if not hasattr(encoder, "tokenizer"):
        raise ProbekitError(f"'{cell.shared['encoder']}' cuts no words into pieces; ask hf:FOLDER or pretrained:CORPUS")
    kinds = np.bincount(corpus.form.codes, minlength=len(corpus.form.categories))
    counts, pieces = piece_counts(encoder.tokenizer, corpus)
    seen, words = counts[counts > 0], kinds[kinds > 0]
    values = {
        "vocabulary_size": len(counts),
        "occurring_pieces": len(seen),
        "occurring_share": len(seen) / len(counts),
        "pieces_a_word": pieces / corpus.n_words,
        "word_kinds": len(words),
    }
    for question in cell.questions:
        for metric, value in values.items():
            answer.row(question, metric, float(value), split=tested_part(corpus), n_test=corpus.n_words)
        if "curve" in question.tables:
            for series, own in ((ALL, counts), (OCCURRING, seen), (WORDS, words)):
                at = thresholds(int(own.max(initial=1)))
                lines = [(question.key, t, series, share) for t, share in zip(at, coverage(own, at), strict=True)]
                answer.lines("curve", rows.TABLES["curve"], lines)
    return answer
