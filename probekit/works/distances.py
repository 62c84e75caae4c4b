"""How near the languages of one corpus are to each other, by text alone: a row a pair and measure.

A corpus holds the text of all languages, told by the attribute `language` of its sentences, such as several joined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import numpy as np

from probekit import corpora
from probekit.corpora.corpus import Corpus
from probekit.corpora.language_distances import perplexities, shared_words
from probekit.encoders.loading import describe as describe_encoder
from probekit.encoders.loading import load_encoder
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works
from probekit.learners.pretraining.characters import NAME, CharacterEncoder
from probekit.scores.scoring import Score

WORK, TASK, UNDER_MODELS = "language-distances", "language-distance", "character-perplexity"
NAN = float("nan")


def texts_of(corpus: Corpus) -> dict[str, list[str]]:
    """Words of each language. Raises ProbekitError for fewer than two languages, and for text without one."""
    told = corpus.sentences["language"].astype(str).to_numpy()
    languages = sorted(set(told))
    if len(languages) < 2 or "" in languages:
        raise ProbekitError(
            f"the sentences of {corpus!r} have the languages {', '.join(map(repr, languages))}; distances "
            "need two or more: conllu:FILE(language=en)|joined([...])"
        )
    return {one: [word for row in np.flatnonzero(told == one) for word in corpus.words(int(row))] for one in languages}


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of distances have a task of their own."""
    return {"task": TASK, "task_group": "tagging"}


@works.register(
    WORK,
    revision=1,
    summary="Nearness of the languages of a corpus",
    threads=1,
    axes={"dataset": "corpus"},
    columns=columns,
)
def answer_distances(cell: Cell) -> Answer:
    """Of each target and source: perplexity of the source's characters (order 7), words that both have.

    Perplexity: of a model of the source's text on that of the target, lower is nearer; words as kinds and as tokens,
    higher is nearer, undefined where a language shares no word with any.
    """
    answer, corpus = Answer(), corpora.load_corpus(cell.shared["dataset"])
    words = texts_of(corpus)
    counts = {name: Counter(word.lower() for word in listed) for name, listed in words.items()}
    found = {
        "character_perplexity": perplexities({name: " ".join(listed) for name, listed in words.items()}),
        "shared_words": shared_words(counts),
        "shared_tokens": shared_words(counts, tokens=True),
    }
    for question in cell.questions:
        for target, source in permutations(words, 2):
            for metric, values in found.items():
                pair = (source, target) if metric == "character_perplexity" else (target, source)
                value = values[pair]
                note = "" if np.isfinite(value) else "a language shares no word with another"
                subset = f"target={target};source={source}"
                score = Score(value, NAN, NAN, "none", note)
                answer.row(question, metric, score, subset=subset, split="all", n_test=len(words[target]))
    return answer


@works.register(
    UNDER_MODELS,
    revision=1,
    summary="Text of each language under language models of characters",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder"},
    needs=lambda point: describe_encoder(point["encoder"]).needs,
    columns=columns,
)
def answer_perplexities(cell: Cell) -> Answer:
    """Of each language of the corpus: perplexity of a character from the left, and from the right; lower is nearer."""
    answer, corpus = Answer(), corpora.load_corpus(cell.shared["dataset"])
    model: Any = load_encoder(cell.shared["encoder"])
    if not isinstance(model, CharacterEncoder):
        raise ProbekitError(f"'{model.source.name}' is no language model of characters; give {NAME}:<corpus>")
    told = corpus.sentences["language"].astype(str).to_numpy()
    for question in cell.questions:
        for target in sorted(set(told)):
            rows = np.flatnonzero(told == target)
            names = ("character_perplexity", "character_perplexity_back")
            for metric, value in zip(names, model.perplexity(corpus, rows), strict=True):
                score = Score(value, NAN, NAN, "none", "")
                answer.row(question, metric, score, subset=f"target={target}", split="all", n_test=len(rows))
    return answer
