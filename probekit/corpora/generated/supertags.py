"""A small categorial grammar: sentences made from derivations, and categories held out of training.

Verbs stand in five frames (alone, with an object, with two, with a prepositional phrase, with an infinitive) and three
forms (finite, bare, with -ing). Two pairs of frame and form occur in dev and test alone: categories that training
lacks, of symbols that it has. A word is a stem and the ending of its form, so that its form can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.catalogue import registry
from probekit.corpora.chart import Derivation
from probekit.corpora.corpus import Corpus
from probekit.corpora.generated.sizes import MOST_TEXTS, within
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, Seed

# Frame: the category of its verb phrase's form f, and its stems.
FRAMES = {
    "alone": (r"s:{f}\np", ("sleep", "laugh", "wait", "sing", "walk", "work")),
    "object": (r"(s:{f}\np)/np", ("help", "clean", "paint", "lift", "push", "follow")),
    "two": (r"((s:{f}\np)/np)/np", ("lend", "show", "send", "hand", "offer", "teach")),
    "phrase": (r"(s:{f}\np)/pp", ("point", "listen", "belong", "turn", "return", "talk")),
    "infinitive": (r"(s:{f}\np)/(s:to\np)", ("want", "need", "plan", "expect", "attempt", "wish")),
}
FORMS = {"dcl": "s", "b": "", "ng": "ing"}
HELD_OUT = (("two", "ng"), ("phrase", "b"))
_NOUNS = ("farmer", "teacher", "river", "garden", "doctor", "letter", "window", "painter", "market", "horse", "table")
_ADJECTIVES = ("old", "green", "quiet", "happy", "small", "heavy", "clever")
_ADVERBS = ("often", "quickly", "again", "slowly", "today")
_OF_NOUNS, _OF_VERBS, _OF_PHRASES = ("near", "from", "beside"), ("after", "during", "without"), ("to", "at")
_PRONOUNS, _DETERMINERS, _MODALS = ("she", "he", "they"), ("the", "a", "every"), ("can", "will", "must")


@dataclass
class _Writer:
    """Draws derivations top down. held: whether frames with forms that training lacks may be drawn."""

    random: np.random.Generator
    held: bool

    def __post_init__(self) -> None:
        self.words: list[str] = []

    def leaf(self, category: str, words: Sequence[str], ending: str = "") -> Derivation:
        stem = words[int(self.random.integers(len(words)))]
        silent = stem.endswith("e") and ending == "ing"
        self.words.append((stem[:-1] if silent else stem) + ending)
        return Derivation(category, "lex", (), len(self.words) - 1)

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def sentence(self) -> Derivation:
        subject = self.noun_phrase(2)
        whole = Derivation("s:dcl", "ba", (subject, self.clause()))
        return Derivation("s:dcl", "rp", (whole, self.leaf(".", ["."])))

    def clause(self) -> Derivation:
        """A finite verb phrase: a verb, a modal and a bare one, or `is` and one with -ing; adverbs; two joined."""
        kind = int(self.random.integers(4))
        if kind == 3:
            left = self.verb_phrase("dcl", 1)
            joins = self.leaf("conj", ["and", "or"])
            right = self.verb_phrase("dcl", 1)
            joined = Derivation(rf"({right.category})\({right.category})", "conj", (joins, right))
            return Derivation(left.category, "ba", (left, joined))
        if kind == 0:
            return self.verb_phrase("dcl", 2)
        form, words = (("b", _MODALS), ("ng", ["is"]))[kind - 1]
        first = self.leaf(rf"(s:dcl\np)/(s:{form}\np)", words)
        return Derivation(r"s:dcl\np", "fa", (first, self.verb_phrase(form, 2)))

    def verb_phrase(self, form: str, depth: int) -> Derivation:
        allowed = [f for f in FRAMES if (self.held or (f, form) not in HELD_OUT) and (depth > 1 or f != "infinitive")]
        frame = allowed[int(self.random.integers(len(allowed)))]
        category, stems = FRAMES[frame]
        found = self.leaf(category.format(f=form), stems, FORMS[form])
        target = rf"s:{form}\np"
        if frame in ("object", "two"):
            for made in [rf"({target})/np", target] if frame == "two" else [target]:
                found = Derivation(made, "fa", (found, self.noun_phrase(1)))
        elif frame == "phrase":
            preposition = self.leaf("pp/np", _OF_PHRASES)
            phrase = Derivation("pp", "fa", (preposition, self.noun_phrase(1)))
            found = Derivation(target, "fa", (found, phrase))
        elif frame == "infinitive":
            to = self.leaf(r"(s:to\np)/(s:b\np)", ["to"])
            infinitive = Derivation(r"s:to\np", "fa", (to, self.verb_phrase("b", 1)))
            found = Derivation(target, "fa", (found, infinitive))
        if self.chance(0.2):
            found = Derivation(target, "ba", (found, self.leaf(r"(s\np)\(s\np)", _ADVERBS)))
        if depth > 1 and self.chance(0.25):
            preposition = self.leaf(r"((s\np)\(s\np))/np", _OF_VERBS)
            adverb = Derivation(r"(s\np)\(s\np)", "fa", (preposition, self.noun_phrase(1)))
            found = Derivation(target, "ba", (found, adverb))
        return found

    def noun_phrase(self, depth: int) -> Derivation:
        if self.chance(0.25):
            return self.leaf("np", _PRONOUNS)
        determiner = self.leaf("np/n", _DETERMINERS)
        return Derivation("np", "fa", (determiner, self.noun(depth)))

    def noun(self, depth: int) -> Derivation:
        adjectives = [self.leaf("n/n", _ADJECTIVES) for _ in range(int(self.chance(0.4)) + int(self.chance(0.1)))]
        found = self.leaf("n", _NOUNS)
        for adjective in reversed(adjectives):
            found = Derivation("n", "fa", (adjective, found))
        if depth > 1 and self.chance(0.3):
            preposition = self.leaf(r"(n\n)/np", _OF_NOUNS)
            phrase = Derivation(r"n\n", "fa", (preposition, self.noun_phrase(1)))
            found = Derivation("n", "ba", (found, phrase))
        return found


def derivations(n: int, seed: int, split: str) -> list[tuple[list[str], Derivation]]:
    """Words and derivation of n sentences of a split; the same first ones where more are drawn."""
    found = []
    for number in range(n):
        writer = _Writer(generator(seed, "draw", "ccg", split, number), held=split != "train")
        whole = writer.sentence()
        found.append((writer.words, whole))
    return found


def ccg_grammar(n: Count = 1500, n_test: Count = 400, seed: Seed = 0) -> Corpus:
    """Generated sentences with the layer `ccg` and the attribute `derivation`.

    n: sentences of train; n_test: of dev and of test each, the only ones with the categories of `HELD_OUT`.
    """
    within(f"the number of sentences of ccg-grammar(n={n}, n_test={n_test})", n + 2 * n_test, MOST_TEXTS)
    drawn = [
        (split, *one)
        for split in ("train", "dev", "test")
        for one in derivations(n if split == "train" else n_test, seed, split)
    ]
    splits, words, wholes = (list(part) for part in zip(*drawn, strict=True))
    made = Corpus.from_words(
        words, split=splits, language=["generated"] * len(words), derivation=[str(one) for one in wholes]
    )
    layer: Any = pd.Categorical([leaf.category for one in wholes for leaf in one.leaves()])
    key = digest(["ccg-grammar", registry.entry("ccg-grammar").revision, n, n_test, seed])
    return replace(made, layers={"ccg": layer}, digest=key)
