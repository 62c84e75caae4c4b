"""Concepts of sentences, read off their dependencies: what a code of whole sentences is asked to carry in parts."""

from __future__ import annotations

import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError

CONCEPTS = ("number", "tense", "subject", "polarity")
_SUBJECTS = ("nsubj", "nsubj:pass", "csubj")
_KINDS = {"NOUN": "noun", "PROPN": "name", "PRON": "pronoun"}
_NEGATIONS = frozenset({"not", "n't", "never", "no", "none", "nobody", "nothing", "nowhere", "neither", "nor"})


def sentence_concepts(corpus: Corpus) -> pd.DataFrame:
    """One row for each sentence that has all concepts, its number as index; columns of text.

        number     Sing or Plur, of the subject of the root
        tense      Past or Pres, of the root or of an auxiliary or copula of it
        subject    noun, name or pronoun
        polarity   neg with a word such as not, never, nobody; else pos

    Raises ProbekitError for a corpus without upos, feats, head and deprel, and where no sentence has all.
    """
    corpus.require("upos", "feats", "head", "deprel")
    rows = {i: found for i in range(corpus.n_sentences) if (found := _concepts(corpus, i))}
    if not rows:
        raise ProbekitError(f"{corpus!r} has no sentence with a subject whose number, kind and tense are annotated")
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(CONCEPTS)).rename_axis("sentence")


def _concepts(corpus: Corpus, sentence: int) -> tuple[str, ...]:
    """Values of one sentence, none where one is missing."""
    start, end = corpus.offsets[sentence], corpus.offsets[sentence + 1]
    part = {name: corpus.layers[name][start:end] for name in ("upos", "feats", "head", "deprel")}
    relations, heads = list(map(str, part["deprel"])), list(map(int, part["head"]))
    if "root" not in relations:
        return ()
    root = relations.index("root") + 1
    below = [i for i, head in enumerate(heads) if head == root]
    subject = next((i for i in below if relations[i] in _SUBJECTS), None)
    if subject is None:
        return ()
    verbs = [root - 1, *(i for i in below if relations[i].partition(":")[0] in ("aux", "cop"))]
    tense = next((value for i in verbs if (value := _feature(part["feats"][i], "Tense"))), "")
    number, kind = _feature(part["feats"][subject], "Number"), _KINDS.get(str(part["upos"][subject]), "")
    if not (number and kind and tense in ("Past", "Pres")):
        return ()
    negated = any(word.lower() in _NEGATIONS for word in corpus.words(sentence))
    return number, tense, kind, "neg" if negated else "pos"


def _feature(feats: object, name: str) -> str:
    """A feature's value; empty where a word has none."""
    pairs = (pair.partition("=") for pair in str(feats).split("|"))
    return next((value for key, _, value in pairs if key == name), "")
