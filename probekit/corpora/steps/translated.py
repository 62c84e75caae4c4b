"""Derived target languages: an invented translation of every sentence of a corpus with constituency trees.

    copy          the sentence itself (what an autoencoder is trained on)
    verb-final    verbs stand after the rest of their phrase; every word is another word
    inflecting    English order; words of noun phrases carry case and number, finite verbs the number of their subject
    mirrored      every constituent is written backwards

Another word stands for a word together with its class, so that `run` the noun and `run` the verb differ: whoever
translates must tell them apart. What a word becomes is drawn from its own stream and depends on nothing else, so
a longer corpus begins with the shorter one. The rules read Penn Treebank labels, of the generative grammar and of
real trees alike; the choice of languages is that of the constituent study's small version, the rules are ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.corpora.readers import brackets
from probekit.errors import ProbekitError, UnknownName
from probekit.streams import generator
from probekit.values import Seed

CLAUSES = ("S", "SQ", "SINV", "SBARQ")
VERBAL = re.compile(r"VB[DGNPZ]?$|MD$|TO$")
FINITE = ("VBD", "VBP", "VBZ", "MD")
NOUNS = ("NN", "NNS", "NNP", "NNPS", "PRP", "WP", "DT", "CD", "EX")
PLURAL_PRONOUNS = ("we", "us", "they", "them", "these", "those", "ourselves", "themselves")
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
CASES = ("subject", "object", "oblique", "genitive")
SUFFIXES = dict(
    zip(
        [(case, number) for case in CASES for number in ("sing", "plur")],
        ("ax", "ix", "aj", "ij", "aq", "iq", "aw", "iw"),
        strict=True,
    )
)
ESCAPED = {form: name for name, form in brackets.ESCAPES.items() if form in "()"}
VERB_SUFFIXES = {"sing": "yx", "plur": "yj"}


@dataclass
class Node:
    """A constituent (kids) or a word under its tag. Labels carry no function tags."""

    label: str
    kids: list[Node] = field(default_factory=list)
    word: str = ""

    def leaves(self) -> list[Node]:
        """The words under it, from left to right."""
        return [self] if self.word else [leaf for kid in self.kids for leaf in kid.leaves()]

    def __str__(self) -> str:
        """The tree on one line, brackets among its words under their Penn Treebank names."""
        return f"({self.label} {ESCAPED.get(self.word, self.word) or ' '.join(map(str, self.kids))})"


def nested(tree: brackets.Tree) -> Node:
    """A tree as nodes in nodes; words as text has them."""
    nodes = [Node(label) for label in tree.labels]
    outermost = Node("")
    opened = 0
    for word, (tag, parent) in enumerate(zip(tree.tags, tree.parents, strict=True)):
        while opened < len(nodes) and tree.starts[opened] == word:
            above = tree.above[opened]
            (nodes[above] if above >= 0 else outermost).kids.append(nodes[opened])
            opened += 1
        (nodes[parent] if parent >= 0 else outermost).kids.append(Node(tag, word=brackets.form_of(tree.words[word])))
    return outermost.kids[0]


def translated(corpus: Corpus, language: str, seed: Seed = 0) -> Corpus:
    """A parallel corpus: every sentence of a corpus with trees, each followed by its translation.

    `links["translation"]` pairs them (sentence, sentence2). Kept of the source are its words, trees and sentence
    attributes; `side` is source or target, and the target's `language` that of the translation. seed: which words the
    language has. Raises UnknownName for a language there is not, ProbekitError for a corpus without trees.
    """
    if language not in LANGUAGES:
        raise UnknownName("derived language", str(language), LANGUAGES)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ProbekitError(f"translated(seed={seed!r}): the seed is a whole number")
    corpus.require("trees")
    assert corpus.trees is not None
    rows: list[list[str]] = []
    trees: list[str] = []
    for number, text in enumerate(corpus.trees):
        words, tree = corpus.words(number), brackets.parse_tree(text)
        brackets.check_leaves(tree, words)
        made = LANGUAGES[language](nested(tree), f"{language}-{seed}")
        rows += [words, [leaf.word for leaf in made.leaves()]]
        trees += [text, str(made)]
    return paired(rows, corpus.sentences, f"x-{language}", tuple(trees))


# --- languages


def _copy(tree: Node, name: str) -> Node:
    return tree


def _verb_final(tree: Node, name: str) -> Node:
    if tree.word:
        return Node(tree.label, word=other_word(tree, name))
    kids = tree.kids
    if tree.label in ("VP", "SQ", "SBARQ", "SINV"):
        verbs = [kid for kid in kids if kid.word and VERBAL.match(kid.label)]
        rest = [kid for kid in kids if not any(kid is verb for verb in verbs)]
        end = len(rest)
        while end and rest[end - 1].word and not any(map(str.isalnum, rest[end - 1].word)):
            end -= 1  # a full stop stays where it is
        kids = [*rest[:end], *reversed(verbs), *rest[end:]]
    return Node(tree.label, [_verb_final(kid, name) for kid in kids])


def _mirrored(tree: Node, name: str) -> Node:
    if tree.word:
        return Node(tree.label, word=other_word(tree, name))
    return Node(tree.label, [_mirrored(kid, name) for kid in reversed(tree.kids)])


def _inflecting(tree: Node, name: str, case: str = "subject", number: str = "", subject: str = "sing") -> Node:
    """`number` is that of the nearest noun phrase above ("" outside of one), `subject` that of the clause's subject."""
    if tree.word:
        word = other_word(tree, name)
        if not word[-1:].isalpha():
            return Node(tree.label, word=word)
        if tree.label in FINITE:
            return Node(tree.label, word=word + VERB_SUFFIXES[subject])
        return Node(tree.label, word=word + (SUFFIXES[case, number] if number else ""))
    if tree.label in CLAUSES:
        # A clause is no part of the noun phrase that it stands in.
        number = ""
        nouns = [kid for kid in tree.kids if kid.label in ("NP", "WHNP")]
        subject = number_of(nouns[0]) if nouns else subject
    own = number_of(tree) if tree.label in ("NP", "WHNP") else number
    made = []
    for kid in tree.kids:
        inside = case
        if kid.label in ("NP", "WHNP"):
            inside = _case(tree, kid, case)
        made.append(_inflecting(kid, name, inside, own, subject))
    return Node(tree.label, made)


def _case(parent: Node, phrase: Node, case: str) -> str:
    if any(kid.label == "POS" for kid in phrase.kids):
        return "genitive"
    return {"VP": "object", "PP": "oblique"}.get(parent.label, "subject" if parent.label in CLAUSES else case)


def number_of(phrase: Node) -> str:
    """Number of a noun phrase: of its conjuncts together, of its last noun, or of the phrase inside it."""
    phrases = [kid for kid in phrase.kids if kid.label in ("NP", "WHNP", "NML")]
    if any(kid.label == "CC" for kid in phrase.kids) and len(phrases) > 1:
        return "plur"
    nouns = [kid for kid in phrase.kids if kid.word and kid.label in NOUNS]
    if nouns:
        last = nouns[-1]
        return "plur" if last.label in ("NNS", "NNPS") or last.word.lower() in PLURAL_PRONOUNS else "sing"
    return number_of(phrases[0]) if phrases else "sing"


def other_word(leaf: Node, name: str) -> str:
    """The word of a language that stands for a word with its class; what has no letters stays."""
    if not any(map(str.isalpha, leaf.word)):
        return leaf.word
    return _drawn(name, leaf.word.lower(), leaf.label[:2])


@cache
def _drawn(name: str, word: str, word_class: str) -> str:
    random = generator(0, "draw", "language", name, word, word_class)
    size = 2 + int(random.random() * 2.5)  # two or three syllables, four now and then
    return "".join(SYLLABLES[int(k)] for k in random.integers(len(SYLLABLES), size=size))


LANGUAGES: dict[str, Callable[[Node, str], Node]] = {
    "copy": _copy,
    "verb-final": _verb_final,
    "inflecting": _inflecting,
    "mirrored": _mirrored,
}
