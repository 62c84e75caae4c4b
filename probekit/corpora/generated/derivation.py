"""Derivations: constituency trees with head marks, from which everything else about a generated sentence
follows.

A `Node` is a word or a constituent. Of a constituent's children one is the head; every other child carries
the UD relation of its head word, which attaches to the head word of the head child, or of the sibling `to`
places away (a conjunction or comma belongs to the conjunct after it). So a constituent has one word whose
governor lies outside it, the dependencies form one projective tree, and both stay true when children are put
in another order (`Node.reorder`) or words are replaced: another language can be written from the same
derivation. Entities, mentions and predicate frames point at nodes, never at word positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from probekit.corpora.generated.lexicon import BEFORE_CONTRACTION, CONTRACTED_NOT, Word, respelled


class Node:
    """A word (`word` set, no children) or a constituent (children, `head` the index of the head child).

    `rel` is the UD relation of the node's head word; `to` the offset of the sibling it attaches to, 0 for the
    head. `start` and `end` (exclusive) are set by `lay_out`.
    """

    __slots__ = ("end", "head", "kids", "label", "rel", "start", "to", "word")

    def __init__(
        self, label: str, kids: list[Node], head: int = 0, rel: str = "", to: int = 0, word: Word | None = None
    ) -> None:
        self.label, self.kids, self.head, self.rel, self.to, self.word = label, kids, head, rel, to, word
        self.start = self.end = -1

    def reorder(self, order: Sequence[int]) -> None:
        """Put the children in another order (old indices); every dependency stays as it is."""
        moved = {old: new for new, old in enumerate(order)}
        for old, kid in enumerate(self.kids):
            if kid.to:
                kid.to = moved[old + kid.to] - moved[old]
        self.head = moved[self.head] if self.kids else 0
        self.kids = [self.kids[old] for old in order]

    def __repr__(self) -> str:
        return f"({self.label} {self.word.form if self.word else ' '.join(map(repr, self.kids))})"


def leaf(word: Word, rel: str = "", to: int = 0) -> Node:
    """A word under its PTB tag."""
    return Node(word.xpos, [], 0, rel, to, word)


class Entity:
    """What a noun phrase speaks of: its agreement features, kind, and the nodes that mention it.

    `parts` are the entities of the conjuncts of a coordination.
    """

    __slots__ = ("gender", "kind", "mentions", "number", "parts", "person")

    def __init__(
        self, kind: str, number: str, gender: str = "", person: int = 3, parts: tuple[Entity, ...] = ()
    ) -> None:
        self.kind, self.number, self.gender, self.person, self.parts = kind, number, gender, person, parts
        self.mentions: list[Node] = []

    @property
    def key(self) -> tuple[int, str, str]:
        """Person, number and gender: what a pronoun shows of it."""
        return self.person, self.number, self.gender


@dataclass
class Derivation:
    """One sentence: its tree, and what is said about nodes of the tree."""

    tree: Node
    kind: str  # statement, question, imperative, fragment or interjection
    names: list[tuple[Node, str]] = field(default_factory=list)  # entity spans with PER, LOC, ORG or DATE
    frames: list[tuple[Node, list[tuple[Node, str]]]] = field(default_factory=list)  # predicate, (argument, role)
    entities: list[Entity] = field(default_factory=list)


@dataclass
class Layout:
    """A derivation written out: words, UD heads (1-based, 0 the root), relations, the bracketed tree."""

    words: list[Word]
    heads: list[int]
    relations: list[str]
    tree: str


def lay_out(tree: Node) -> Layout:
    """Write a tree out from left to right and set `start` and `end` of all its nodes."""
    words: list[Word] = []
    relations: list[str] = []
    heads: list[int] = []
    pieces: list[str] = []
    slots: list[int] = []  # where the forms go, once spelling is settled

    def walk(node: Node) -> int:
        """Write the node; return the position of its head word."""
        node.start = position = len(words)
        if node.word is not None:
            words.append(node.word)
            relations.append("")
            heads.append(0)
            slots.append(len(pieces) + 1)
            pieces.extend((f" ({node.label} ", "", ")"))
            node.end = position + 1
            return position
        pieces.append(f" ({node.label}")
        kids = node.kids
        tops = [walk(kid) for kid in kids]
        top = tops[node.head]
        for place, kid in enumerate(kids):
            if place != node.head:
                relations[tops[place]] = kid.rel
                heads[tops[place]] = 1 + (tops[place + kid.to] if kid.to else top)
        node.end = len(words)
        pieces.append(")")
        return top

    relations[walk(tree)] = "root"
    _spell(words)
    for slot, word in zip(slots, words, strict=True):
        pieces[slot] = word.form
    return Layout(words, heads, relations, "".join(pieces)[1:])


def _spell(words: list[Word]) -> None:
    """Spelling that depends on neighbours: `an` before a vowel, `ca n't`, a capital at the start."""
    for place, (word, after) in enumerate(pairwise(words)):
        if word.form == "a" and word.xpos == "DT" and _sounds_like_vowel(after.form):
            words[place] = respelled(word, "an")
        elif after is CONTRACTED_NOT and word.form in BEFORE_CONTRACTION:
            words[place] = respelled(word, BEFORE_CONTRACTION[word.form])
    first = words[0]
    if first.form[0].islower():
        words[0] = respelled(first, first.form[0].upper() + first.form[1:])


def _sounds_like_vowel(form: str) -> bool:
    if form.startswith("honest"):
        return True
    return form[0] in "aeiouAEIOU" and not form.startswith(("use", "uni", "Uni", "one"))


def text_of(words: list[Word]) -> str:
    """The words with the blanks that English spelling puts between them."""
    return "".join(word.form if place == 0 or word.glued else " " + word.form for place, word in enumerate(words))
