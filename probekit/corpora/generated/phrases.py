"""Noun, adjective and adverb phrases of the generative grammar, of an exact number of words.

Every rule is asked for a phrase of `size` words and returns exactly that many, so a sentence has the length
that was drawn for it and nothing is ever rejected. Rules are chosen from menus: rows (rule, least size,
largest size, weight).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, count
from typing import NamedTuple

import numpy as np

from probekit.corpora.generated import lexicon as lex
from probekit.corpora.generated import vocabulary
from probekit.corpora.generated.derivation import Derivation, Entity, Node, leaf
from probekit.corpora.generated.function_words import (
    ALL,
    AND,
    COMMA,
    COUNTED_DETERMINERS,
    DETERMINERS,
    INDEFINITE,
    OR,
    POSSESSED,
    POSSESSED_PLURAL,
    THAN,
    THE,
)
from probekit.corpora.generated.lexicon import Urn, Word, zipf
from probekit.corpora.generated.menus import NOUN_PHRASE, NOUN_PREPOSITIONS, PATTERNS, SINGULAR

Phrase = tuple[Node, Entity]


class Subject(NamedTuple):
    """What a verb agrees with and takes as its first argument; `relative` is the relative pronoun that stands
    for it."""

    entity: Entity
    node: Node | None
    relative: Node | None = None


WITH_INFINITIVE = zipf([lex.noun(lemma, "a") for lemma in ("plan", "chance", "decision", "promise", "reason")])
WITH_CONTENT = zipf([lex.noun(lemma, "a") for lemma in ("idea", "hope", "report", "answer", "rule")])
PREDICATES = {
    kind: zipf([lex.adjective(form) for form in forms.split()]) for kind, forms in vocabulary.PREDICATES.items()
}
GOVERNING = zipf([tuple(line.split(":")) for line in vocabulary.ADJECTIVES_WITH.split()])
WILLING = zipf([lex.adjective(form) for form in vocabulary.ADJECTIVES_TO.split()])


class Phrases:
    """The state of one sentence under way, and the rules for phrases without a finite verb.

    `topic` colours the choice of words; `u` draws uniform numbers. `barred` holds the entities that a pronoun
    of the clause under way may not take up (its subject, what it has named already).
    """

    def __init__(self, topic: str, u: Callable[[], float]) -> None:
        self.topic, self.u = topic, u
        self.names: list[tuple[Node, str]] = []
        self.frames: list[tuple[Node, list[tuple[Node, str]]]] = []
        self.entities: list[Entity] = []
        self.barred: list[Entity] = []
        self.said: set[Word] = set()
        self.tense = "VBD" if u() < 0.58 else "pres"

    def derivation(self, tree: Node, kind: str) -> Derivation:
        return Derivation(tree, kind, self.names, self.frames, self.entities)

    # -- drawing

    def chance(self, probability: float) -> bool:
        return self.u() < probability

    def share(self, least: int, most: int, bend: float = 1.0) -> int:
        """An integer of [least, most]; a bend above 1 leans to the small ones."""
        return least if most <= least else least + int((most - least + 1) * self.u() ** bend)

    def kind_of(self, kinds: str) -> str:
        return kinds if len(kinds) == 1 else kinds[int(self.u() * len(kinds))]

    # -- entities

    def met(self, entity: Entity) -> None:
        """From here on pronouns may take the entity up."""
        if entity not in self.entities:
            self.entities.append(entity)

    def noun_phrase(self, size: int, kinds: str, case: str = "Acc", style: str = "any") -> Phrase:
        """A noun phrase of one of these kinds, entered as a mention. `style`: any, nominal (no pronoun) or
        common (no name either). Subjects have case Nom."""
        node, entity = self.phrase(size, self.kind_of(kinds), case, style)
        self.met(entity)
        entity.mentions.append(node)
        if case == "Acc":
            self.barred.append(entity)
        return node, entity

    def phrase(self, size: int, kind: str, case: str = "Acc", style: str = "any", number: str = "") -> Phrase:
        """The same without the mention; `number` may be set for common nouns."""
        rule = NOUN_PHRASE(size, self.u())
        if style != "any" and rule in ("pronoun", "indefinite"):
            rule = "name"
        if (rule == "name" and (style == "common" or kind not in "plg")) or (rule == "indefinite" and kind not in "pt"):
            rule = "simple"
        elif rule == "pronoun":
            return self.pronoun(kind, case) or self.simple(1, kind)
        elif style == "common" and rule == "coordinated":
            rule = "modified" if size > 3 else "simple"
        elif rule == "appositive" and (case != "Nom" or kind != "p"):
            rule = "modified"
        if rule == "simple":
            return self.simple(size, kind, number)
        made: Phrase = getattr(self, rule)(size, kind, case, number)
        return made

    def pronoun(self, kind: str, case: str) -> Phrase | None:
        """A personal pronoun: of an entity that it agrees with, or one that agrees with none; None if there
        is none."""
        taken = {entity.key for entity in self.entities}
        barred = {id(part) for entity in self.barred for part in (entity, *entity.parts)}
        known = [e for e in self.entities if e.kind == kind and e.key in lex.PRONOUNS and id(e) not in barred]
        known = [e for e in known if sum(other.key == e.key for other in self.entities) == 1]
        if known and self.chance(0.7):
            entity = known[int(self.u() * len(known))]
        else:
            fresh = [key for key in lex.PRONOUNS if key not in taken and FITS[key](kind)]
            if not fresh:
                return None
            key = fresh[int(self.u() ** 1.3 * len(fresh))]
            entity = Entity(kind, key[1], key[2], key[0])
        return Node("NP", [leaf(lex.PRONOUNS[entity.key][case])]), entity

    def possessive(self) -> Node:
        """A possessive pronoun, preferably of somebody who has been mentioned."""
        known = [e for e in self.entities if e.key in lex.PRONOUNS]
        known = [e for e in known if sum(other.key == e.key for other in known) == 1]
        taken = {e.key for e in self.entities}
        fresh = [key for key in lex.PRONOUNS if key not in taken]
        if known and (not fresh or self.chance(0.75)):
            entity = known[int(self.u() * len(known))]
        elif fresh:
            key = fresh[int(self.u() ** 1.5 * len(fresh))]
            entity = Entity("t" if key[2] == "Neut" else "p", key[1], key[2], key[0])
            self.entities.append(entity)
        else:
            return leaf(THE, "det")
        node = leaf(lex.PRONOUNS[entity.key]["Gen"], "nmod:poss")
        entity.mentions.append(node)
        return node

    # -- noun phrases

    def name(self, size: int, kind: str, case: str, number: str) -> Phrase:
        """A person, place or organisation by name; names do not repeat within a sentence."""
        gender, label, relation = "Neut", "LOC", "flat"
        parts: tuple[Word, ...]
        for _ in range(4):
            if kind == "p":
                given, gender = lex.GIVEN_NAMES(self.u())
                parts, label = (given, lex.FAMILY_NAMES(self.u()))[:size], "PER"
            elif kind == "g":
                parts, label, relation = lex.ORGANISATIONS[self.topic](self.u()), "ORG", "compound"
            else:
                parts = (lex.CITIES(self.u()),)
            if len(parts) == size and self.said.isdisjoint(parts):
                break
        else:
            return self.simple(size, kind)
        self.said.update(parts)
        head = 0 if relation == "flat" else size - 1
        node = Node("NP", [leaf(part, relation) for part in parts], head)
        self.names.append((node, label))
        return node, Entity(kind, "Sing", gender)

    def indefinite(self, size: int, kind: str, case: str, number: str) -> Phrase:
        """`someone`, `everything`: nothing that a pronoun could take up."""
        return Node("NP", [leaf(INDEFINITE[kind](self.u()))]), Entity(kind, "Sing", "Any")

    def simple(self, size: int, kind: str, number: str = "", nouns: Urn[lex.Noun] | None = None) -> Phrase:
        """A common noun with what stands before it: one of the patterns of this size (at most 6 words)."""
        pattern = (SINGULAR if number == "Sing" else PATTERNS)[size](self.u())
        bare = "D" not in pattern or "Q" in pattern or "P" in pattern
        counted = bool(number) or "Q" in pattern or "P" in pattern
        nouns = nouns or lex.nouns(kind, self.topic, counted)
        chosen = nouns(self.u())
        for _ in range(3):
            if chosen.sing not in self.said:
                break
            chosen = nouns(self.u())
        if chosen.plur is None:
            shown, shape = chosen.sing, "mass"
        elif number != "Sing" and (bare or number == "Plur" or self.chance(0.3)):
            shown, shape = chosen.plur, "Plur"
        else:
            shown, shape = chosen.sing, "Sing"
        self.said.add(chosen.sing)
        kids: list[Node] = []
        degree: Node | None = None
        determiner: Word | str = ""
        place = -1
        for symbol in pattern:
            if symbol == "D":
                urn = COUNTED_DETERMINERS if "Q" in pattern else DETERMINERS[shape]
                determiner = THE if pattern[0] == "P" else urn(self.u())
                if isinstance(determiner, Word):
                    kids.append(leaf(determiner, "det" if determiner.upos == "DET" else "amod"))
                else:
                    kids.append(self.possessive())
            elif symbol == "P":
                kids.append(leaf(ALL, "det:predet"))
            elif symbol == "Q":
                kids.append(leaf(lex.NUMERALS(self.u()), "nummod"))
            elif symbol == "A":
                degree = leaf(lex.ADVERBS["about"](self.u()), "advmod")
            elif symbol == "R":
                degree = leaf(lex.ADVERBS["intensifier"](self.u()), "advmod")
            elif symbol == "J":
                kids.append(self._attribute(kind, degree, len(kids) == 1 and determiner is THE, place))
                last = kids[-1].kids[1].word if degree else kids[-1].word
                place = lex.PLACES.get(last.lemma if last else "", lex.LAST_PLACE)
                degree = None
            elif symbol == "C":
                first = lex.compounds(self.topic)(self.u())
                if first is not chosen.sing:
                    kids.append(leaf(first, "compound"))
                else:
                    kids.append(self._attribute(kind, None, False))
            if degree is not None and symbol == "Q":
                kids[-1] = Node("QP", [degree, kids[-1]], 1, "nummod")
                degree = None
        kids.append(leaf(shown))
        gender = "" if shape == "Plur" else self._gender(chosen)
        return Node("NP", kids, len(kids) - 1), Entity(kind, "Plur" if shape == "Plur" else "Sing", gender)

    def _gender(self, chosen: lex.Noun) -> str:
        return (chosen.gender or ("Fem" if self.chance(0.5) else "Masc")) if chosen.kind == "p" else "Neut"

    def _attribute(self, kind: str, degree: Node | None, definite: bool, after: int = -1) -> Node:
        """An adjective before a noun, of a later class (value, size, age, colour, other) than the one before
        it."""
        urn = lex.adjectives(kind, self.topic)
        adjective = urn(self.u())
        for _ in range(6):
            if adjective.positive not in self.said and adjective.place > after:
                break
            adjective = urn(self.u())
        self.said.add(adjective.positive)
        if degree is not None:
            return Node("ADJP", [degree, leaf(adjective.positive)], 1, "amod")
        if definite and adjective.superlative and self.chance(0.12):
            return leaf(adjective.superlative, "amod")
        if adjective.comparative and self.chance(0.02):
            return leaf(adjective.comparative, "amod")
        return leaf(adjective.positive, "amod")

    def core(self, size: int, kind: str, number: str = "") -> Phrase:
        """The plain noun phrase that a modifier of the rest of `size` follows: 1 to 4 words, mostly 2."""
        return self.simple(min(size, self.share(2, 4, 2.2)), kind, number)

    def possessed(self, size: int, kind: str, case: str, number: str) -> Phrase:
        own = self.share(1, min(2, size - 2), 1.5)
        owner, entity = self.phrase(size - 1 - own, self.kind_of("ppg"), "Gen", "nominal")
        self.met(entity)
        entity.mentions.append(owner)
        last = owner
        while last.kids:
            last = last.kids[-1]
        assert last.word is not None
        mark = POSSESSED_PLURAL if last.word.xpos == "NNS" and last.word.form.endswith("s") else POSSESSED
        kids = [self._attribute(kind, None, False)] if own == 2 else []
        chosen = lex.nouns(kind, self.topic)(self.u())
        plural = chosen.plur is not None and number != "Sing" and (number == "Plur" or self.chance(0.3))
        kids.append(leaf(chosen.plur if chosen.plur and plural else chosen.sing))
        gender = "" if plural else self._gender(chosen)
        owner_phrase = Node("NP", [owner, leaf(mark, "case")], 0, "nmod:poss")
        return Node("NP", [owner_phrase, *kids], own), Entity(kind, "Plur" if plural else "Sing", gender)

    def coordinated(self, size: int, kind: str, case: str, number: str) -> Phrase:
        """Two to four conjuncts; commas and the conjunction belong to the conjunct after them."""
        conjuncts = 2
        while conjuncts < 4 and size >= 2 * conjuncts + 4 and self.chance(0.4):
            conjuncts += 1
        oxford = 1 if conjuncts > 2 and self.chance(0.6) else 0
        free = size - (conjuncts - 1) - oxford
        kids: list[Node] = []
        parts: list[Entity] = []
        for place in range(conjuncts):
            rest = conjuncts - 1 - place
            part = free if rest == 0 else self.share(1, max(1, min(free - rest, 2 * free // (rest + 1) - 1)))
            free -= part
            if 0 < place < conjuncts - 1:
                kids.append(leaf(COMMA, "punct", 1))
            elif place:
                if oxford:
                    kids.append(leaf(COMMA, "punct", 2))
                kids.append(leaf(OR if case == "Acc" and self.chance(0.15) else AND, "cc", 1))
            node, entity = self.phrase(part, kind, "Gen", "nominal")
            self.met(entity)
            entity.mentions.append(node)
            node.rel = "conj" if place else ""
            kids.append(node)
            parts.append(entity)
        return Node("NP", kids), Entity(kind, "Plur", "", 3, tuple(parts))

    def modified(self, size: int, kind: str, case: str, number: str) -> Phrase:
        core, entity = self.core(size - 2, kind, number)
        form, kinds = NOUN_PREPOSITIONS[kind](self.u())
        inner = self.prepositional(size - width(core), form, kinds)
        inner.rel = "nmod"
        return Node("NP", [core, inner]), entity

    def prepositional(self, size: int, form: Word, kinds: str, style: str = "nominal") -> Node:
        """A preposition and its noun phrase; style as in `noun_phrase`."""
        inner, _ = self.noun_phrase(size - 1, kinds, style=style)
        return Node("PP", [leaf(form, "case"), inner], 1)

    def appositive(self, size: int, kind: str, case: str, number: str) -> Phrase:
        named = self.share(1, min(2, size - 4))
        first, entity = self.name(named, "p", case, "")
        described, _ = self.phrase(size - 2 - named, "p", "Gen", "common", entity.number)
        described.rel = "appos"
        return Node("NP", [first, leaf(COMMA, "punct", 1), described, leaf(COMMA, "punct", -1)]), entity

    # -- adjectives and adverbs

    def adjective_phrase(self, size: int, subject: Subject | None) -> Node:
        """A predicative adjective phrase."""
        kind = subject.entity.kind if subject and subject.entity.kind in PREDICATES else "t"
        animate = kind in "pg"
        adjective = PREDICATES[kind](self.u())
        kids = [leaf(adjective.positive)]
        if size == 1:
            return Node("ADJP", kids)
        if size == 2 or (size == 3 and self.chance(0.3)):
            degree = leaf(lex.ADVERBS["degree"](self.u()), "advmod")
            if size == 2:
                return Node("ADJP", [degree, *kids], 1)
            other = self._distinct(kind, adjective)
            return Node("ADJP", [*kids, leaf(AND, "cc", 1), leaf(other.positive, "conj")])
        if animate and size >= 3 and self.chance(0.3):
            kids = [leaf(WILLING(self.u()).positive)]
            return Node("ADJP", [*kids, self.to_infinitive(size - 1, subject, "xcomp")])
        if animate and self.chance(0.5):
            form, governed = GOVERNING(self.u())
            kids = [leaf(lex.adjective(form).positive)]
            kinds = "p" if form == "kind" else "ptae"
            inner = self.prepositional(size - 1, lex.preposition(governed), kinds)
        else:
            while adjective.comparative is None:
                adjective = PREDICATES[kind](self.u())
            kids = [leaf(adjective.comparative)]
            inner = self.prepositional(size - 1, THAN, kind)
        inner.rel = "obl"
        return Node("ADJP", [*kids, inner])

    def _distinct(self, kind: str, adjective: lex.Adjective) -> lex.Adjective:
        other = adjective
        while other is adjective:
            other = PREDICATES[kind](self.u())
        return other

    def adverb_phrase(self, kind: str, size: int = 1) -> Node:
        adverb = leaf(lex.ADVERBS[kind](self.u()))
        if size == 1:
            return Node("ADVP", [adverb], 0, "advmod")
        return Node("ADVP", [leaf(lex.ADVERBS["degree"](self.u()), "advmod"), adverb], 1, "advmod")

    def to_infinitive(self, size: int, subject: Subject | None, relation: str) -> Node:
        raise NotImplementedError  # clauses bring it


def width(node: Node) -> int:
    """Number of words."""
    return sum(map(width, node.kids)) if node.kids else 1


FITS: dict[tuple[int, str, str], Callable[[str], bool]] = {
    key: (lambda kind: kind in "ntgale")
    if key[2] == "Neut"
    else (lambda kind: True)
    if key == (3, "Plur", "")
    else (lambda kind: kind == "p")
    for key in lex.PRONOUNS
}


def uniform(rng: np.random.Generator) -> Callable[[], float]:
    """Uniform numbers one at a time, drawn from the generator in blocks."""
    return chain.from_iterable(rng.random(256).tolist() for _ in count()).__next__
