"""Tasks over pairs of sentences: what people say of the two together. Probes read |u - v| and u * v of their vectors
(Conneau and Kiela 2018, SentEval: An Evaluation Toolkit for Universal Sentence Representations).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.tasks.catalogue import register
from probekit.tasks.task import pairs_of

YES = "yes"
SOURCE = "Marelli et al. 2014, A SICK cure for the evaluation of compositional distributional semantic models"


@register(
    "pair/entailment",
    level="pair",
    kind="label",
    group="semantics",
    source=SOURCE,
    requires=("pair", "entailment"),
    summary="Whether the second sentence follows from the first, contradicts it, or neither.",
)
def entailment(corpus: Corpus) -> np.ndarray:
    return _said(corpus, "entailment").astype(str).astype(object)


@register(
    "pair/relatedness",
    level="pair",
    kind="number",
    group="semantics",
    source=SOURCE,
    requires=("pair", "relatedness"),
    summary="How related two sentences are in meaning, as people rate them.",
)
def relatedness(corpus: Corpus) -> np.ndarray:
    return _said(corpus, "relatedness").astype(float)


@register(
    "pair/more-general",
    level="pair",
    kind="label",
    group="semantics",
    source="Chen and Gimpel 2020, Learning Probabilistic Sentence Representations from Paraphrases",
    requires=("pair", "entailment"),
    summary="Whether the second sentence says less than the first, asked by what holds between the two.",
)
def more_general(corpus: Corpus) -> np.ndarray:
    return _said(corpus, "entailment").astype(str).astype(object)


@register(
    "pair/label",
    level="pair",
    kind="label",
    group="text",
    source="The classes that a corpus of labelled pairs comes with, as those of SNLI (Bowman et al. 2015)",
    requires=("pair", "label"),
    summary="Class of a labelled pair; pairs without a class are not asked about.",
)
def pair_label(corpus: Corpus) -> tuple[np.ndarray, list[str]]:
    labels = _said(corpus, "label").astype(str)
    known = labels != ""
    return known, labels[known].tolist()


@register(
    "pair/number",
    level="pair",
    kind="number",
    group="text",
    source="The ratings that a corpus of rated pairs comes with, as those of STS (Cer et al. 2017)",
    requires=("pair",),
    baseline="none",
    summary="What a column of a table of pairs says of both: number(attribute=relatedness).",
)
def number(corpus: Corpus, attribute: str = "relatedness") -> np.ndarray:
    if attribute not in corpus.sentences:
        raise UnknownName(f"attribute of {corpus!r}:", str(attribute), sorted(map(str, corpus.sentences)))
    found = pd.to_numeric(pd.Series(_said(corpus, attribute)), errors="coerce").to_numpy(float)
    if np.isnan(found).any():
        raise ProbekitError(
            f"pair/number(attribute={attribute}): pair {int(np.isnan(found).argmax()) + 1} has no number"
        )
    return found


@register(
    "choice/answer",
    level="choice",
    kind="label",
    group="semantics",
    metric="f1_yes",
    source="Roemmele, Bejan and Gordon 2011, Choice of Plausible Alternatives",
    requires=("pair", "answer"),
    summary="Whether an option is the right one of its question.",
)
def choice_answer(corpus: Corpus) -> list[str]:
    answers = _said(corpus, "answer").astype(str)
    link = pairs_of(corpus)
    question = link["group" if "group" in link else "sentence"].to_numpy()
    right = pd.Series(answers == YES).groupby(question).sum()
    if (right != 1).any():
        first = int(right.index[right != 1][0])
        raise ProbekitError(
            f"question {first + 1} of {corpus!r} has {int(right[first])} right options; it needs exactly one"
        )
    return answers.tolist()


def _said(corpus: Corpus, attribute: str) -> np.ndarray:
    """An attribute of the first sentence of each pair."""
    found: np.ndarray = corpus.sentences[attribute].to_numpy()[pairs_of(corpus)["sentence"].to_numpy()]
    return found
