"""Verb phrases of the generative grammar: auxiliaries, verbs with their frames, adjuncts.

As in `phrases`, every rule returns exactly the number of words it is asked for. A verb's frame (its arguments with
PropBank-style roles) is filled while its arguments are made.
"""

from __future__ import annotations

from typing import NamedTuple

from probekit.corpora import lexicon as lex
from probekit.corpora.derivation import Derivation, Entity, Node, leaf
from probekit.corpora.lexicon import KINDS, Urn, Verb, Word, word, zipf
from probekit.corpora.phrases import (
    AND, BUT, COMMA, MAX_LENGTH, OR, PLACE, THAT, TO, WITH_CONTENT, WITH_INFINITIVE, Menu, Phrase, Phrases, Row, Subject,
    width,
)  # fmt: skip

Arguments = list[tuple[Node, str]]


class Chain(NamedTuple):
    """Auxiliaries before a main verb or predicate: their lemmas, the form of what follows, and what that is."""

    auxiliaries: tuple[str, ...]
    form: str
    core: str  # active, passive or copular

    @property
    def least(self) -> int:
        return len(self.auxiliaries) + 1


def _chains(table: str) -> list[tuple[Chain, float]]:
    rows = [line.split() for line in table.strip().splitlines()]
    return [
        (Chain(tuple(part for part in aux.split("+") if part != "-"), form, core), float(weight))
        for aux, form, core, weight in rows
    ]


CHAINS = _chains(
    """
    -               fin   active   56
    modal           VB    active   13
    have            VBN   active   6
    be              VBG   active   7
    do+not          VB    active   6
    modal+not       VB    active   3
    have+not        VBN   active   1.5
    be+not          VBG   active   1.5
    modal+have      VBN   active   1.2
    have+been       VBG   active   1
    be              PASS  passive  7
    modal+be        PASS  passive  2
    have+been       PASS  passive  2
    be+not          PASS  passive  1
    be+being        PASS  passive  0.7
    be              pred  copular  16
    modal+be        pred  copular  3
    be+not          pred  copular  2.5
    have+been       pred  copular  1
    modal+not+be    pred  copular  0.6
    """
)
QUESTION_CHAINS = [
    *((chain, 4 * weight) for chain, weight in _chains("do VB active 12\n do+not VB active 1")),
    *((chain, weight) for chain, weight in CHAINS if chain.auxiliaries and chain.auxiliaries[0] != "do"),
]


def _by_size(rows: list[tuple[Chain, float]], cores: str, passive: float = 1.0) -> list[Urn[Chain] | None]:
    """Chains that leave the core at least one word, by size of the verb phrase."""
    urns: list[Urn[Chain] | None] = [None]
    for size in range(1, MAX_LENGTH + 1):
        fitting = [(c, w * (1.0 if c.core == "active" else passive)) for c, w in rows if c.least <= size and c.core in cores]
        urns.append(Urn([c for c, _ in fitting], [w for _, w in fitting]) if fitting else None)
    return urns


ANY_CHAIN = {"agent": _by_size(CHAINS, "active passive copular"), "other": _by_size(CHAINS, "active passive copular", 2.0)}
ACTIVE_CHAIN, ACTIVE_QUESTION = _by_size(CHAINS, "active"), _by_size(QUESTION_CHAINS, "active")
ANY_QUESTION = _by_size(QUESTION_CHAINS, "active passive copular")
AGENTS = "png"

NUCLEUS_ROWS: list[Row] = [
    ("intransitive", 1, 1, 10),
    ("phrasal", 2, 2, 2),
    ("transitive", 2, 40, 22),
    ("particle", 3, 12, 2),
    ("prepositional_verb", 3, 40, 6),
    ("ditransitive", 3, 14, 2.5),
    ("dative", 4, 14, 1.5),
    ("that", 3, 5, 3),
    ("that", 6, 40, 9),
    ("whether", 4, 40, 2),
    ("embedded_question", 4, 40, 1.5),
    ("infinitive", 3, 40, 6),
    ("gerund", 2, 30, 2),
    ("control", 4, 40, 3),
    ("linking", 2, 8, 3),
    ("motion", 3, 10, 3),
]
# The frame in the lexicon that a rule draws its verb from, where the names differ.
FRAMES = {"dative": "ditransitive", "embedded_question": "whether", "prepositional_verb": "prepositional"}
NUCLEUS = {
    kind: Menu(*(row for row in NUCLEUS_ROWS if lex.verbs(FRAMES.get(row[0], row[0]), lex.TOPICS[0], kind)))
    for kind in KINDS
}

# Adjuncts: rule, least and largest size, weight; then its place in the verb phrase and the role that one verb has once.
ADJUNCT_ROWS: list[tuple[Row, int, str]] = [
    (("manner", 1, 2, 8), 1, "MNR"),
    (("instrument", 2, 9, 5), 2, "MNR"),
    (("benefit", 2, 9, 4), 3, "PRP"),
    (("place_adverb", 1, 1, 4), 3, "LOC"),
    (("place", 2, 12, 14), 3, "LOC"),
    (("time_adverb", 1, 1, 4), 4, "TMP"),
    (("time_noun", 1, 2, 5), 4, "TMP"),
    (("time", 2, 9, 9), 4, "TMP"),
    (("after_gerund", 3, 10, 2), 5, "TMP"),
    (("purpose", 3, 20, 4), 6, "PRP"),
    (("subordinate", 3, 40, 8), 7, "ADV"),
    (("participle", 4, 16, 2), 8, "ADV"),
]
ADJUNCT = Menu(*(row for row, _, _ in ADJUNCT_ROWS), ("subordinate", 9, 40, 24))
ADJUNCTS = {row[0]: (place, role, row[1], row[2]) for row, place, role in ADJUNCT_ROWS}

SUBORDINATORS = Urn(
    [(lex.subordinator(form), role) for form, role in (
        ("because", "CAU"), ("if", "ADV"), ("while", "TMP"), ("before", "TMP"), ("after", "TMP"), ("although", "ADV"),
        ("since", "CAU"), ("until", "TMP"), ("unless", "ADV"),
    )] + [(word("when", "when", "ADV", "WRB", "PronType=Int"), "TMP")],
    [12, 12, 6, 6, 6, 5, 3, 3, 2, 12],
)  # fmt: skip
AFTER = [lex.subordinator(form) for form in ("after", "before", "without", "by")]
WHETHER = [lex.subordinator("whether"), lex.subordinator("if")]


TIME_PREPOSITIONS = zipf([lex.preposition(form) for form in ("after", "before", "during")])
DATES = [(lex.preposition("on"), lex.WEEKDAYS), (lex.preposition("in"), lex.MONTHS), (lex.preposition("in"), lex.YEARS)]
TIME_NOUNS = zipf([lex.noun(lemma, "m") for lemma in ("week", "day", "year", "month", "morning", "summer")])
DAYS = zipf([word(form, form, "NOUN", "NN", "Number=Sing") for form in ("today", "yesterday", "tomorrow", "tonight")])
LAST = Urn([word(form, form, "ADJ", "JJ", "Degree=Pos") for form in ("last", "next")], [3, 1])
EVERY = Urn([word(form, form, "DET", "DT", feats) for form, feats in (
    ("every", "PronType=Tot"), ("this", "Number=Sing|PronType=Dem"), ("each", "PronType=Tot"))], [3, 2, 1])  # fmt: skip


class VerbPhrases(Phrases):
    """The rules for verb phrases; those that hold a clause ask `clause`, which comes with the sentences."""

    # -- the verb group

    def finite(self, size: int, subject: Subject, gap: Node | None = None, antecedent: Phrase | None = None) -> Node:
        """A finite verb phrase that agrees with its subject. With `gap` (a relative or interrogative phrase) the verb is
        transitive and its object is the gap, which stands for `antecedent`."""
        if size >= 5 and gap is None and self.chance(0.05 if size < 10 else 0.16):
            first = self.share(2, size - 3)
            left, right = self.finite(first, subject), self.finite(size - 1 - first, subject)
            right.rel = "conj"
            return Node("VP", [left, leaf(BUT if self.chance(0.2) else AND, "cc", 1), right])
        if gap is not None:
            urns = ACTIVE_CHAIN
        else:
            urns = ANY_CHAIN["agent" if subject.entity.kind in AGENTS else "other"]
        urn = urns[size]
        assert urn is not None
        chain = urn(self.u())
        auxiliaries, roles = self.group(chain, subject.entity)
        inner = self.verbal(chain, size - len(auxiliaries), subject, gap, antecedent)
        return self._nested(auxiliaries, inner, roles, chain.core)

    def group(self, chain: Chain, entity: Entity) -> tuple[list[Node], Arguments]:
        """The auxiliaries of a chain as leaves, the first one finite, and the modifier roles among them."""
        nodes: list[Node] = []
        roles: Arguments = []
        wanted = "fin"
        for place, lemma in enumerate(chain.auxiliaries):
            if lemma == "not":
                before = nodes[-1].word
                assert before is not None
                short = before.form not in lex.UNCONTRACTED and self.chance(0.6)
                nodes.append(leaf(lex.CONTRACTED_NOT if short else lex.NOT, "advmod"))
                roles.append((nodes[-1], "ARGM-NEG"))
                continue
            last = all(later == "not" for later in chain.auxiliaries[place + 1 :])
            if lemma == "modal":
                made, wanted, relation = lex.MODALS(self.u()), "VB", "aux"
            else:
                forms = lex.AUXILIARIES["be" if lemma in ("been", "being") else lemma]
                if wanted == "fin":
                    made = lex.agreeing(forms, self.tense, entity.number, entity.person)
                else:
                    made = forms["VBN" if lemma == "been" else "VBG" if lemma == "being" else wanted]
                wanted = {"have": "VBN", "do": "VB"}.get(lemma, "PASS" if chain.core == "passive" else "VBG")
                relation = {"passive": "aux:pass", "copular": "cop"}.get(chain.core, "aux") if last else "aux"
            nodes.append(leaf(made, relation))
            if lemma == "modal":
                roles.append((nodes[-1], "ARGM-MOD"))
        return nodes, roles

    def _nested(self, auxiliaries: list[Node], inner: Node, roles: Arguments, core: str) -> Node:
        """Wrap the core in one verb phrase per auxiliary; the copula stands beside its predicate, `not` with the word before."""
        self._note(inner, roles)
        rest = list(auxiliaries)
        if core == "copular" and rest:
            start = len(rest) - (2 if rest[-1].rel == "advmod" and len(rest) > 1 and rest[-2].rel == "cop" else 1)
            inner.kids[:0] = rest[start:]
            inner.head += len(rest) - start
            rest = rest[:start]
        while rest:
            start = len(rest) - (2 if rest[-1].rel == "advmod" and len(rest) > 1 else 1)
            inner = Node("VP", [*rest[start:], inner], len(rest) - start)
            rest = rest[:start]
        return inner

    def _note(self, phrase: Node, roles: Arguments) -> None:
        """Enter modifiers of the verb group into the frame of the verb that heads the phrase."""
        while phrase.kids:
            phrase = phrase.kids[phrase.head]
        for predicate, arguments in reversed(self.frames):
            if predicate is phrase:
                arguments.extend(roles)
                return

    def frame(self, predicate: Node, subject: Subject | None, role: str) -> Arguments:
        """Open the frame of a verb; its first argument is the subject, which a relative pronoun may stand for."""
        arguments: Arguments = []
        if subject is not None and subject.node is not None:
            arguments.append((subject.node, role))
            if subject.relative is not None:
                arguments.append((subject.relative, f"R-{role}"))
        self.frames.append((predicate, arguments))
        return arguments

    def verbal(self, chain: Chain, size: int, subject: Subject | None, gap: Node | None = None,
               antecedent: Phrase | None = None) -> Node:  # fmt: skip
        """What follows the auxiliaries."""
        if chain.core == "passive":
            assert subject is not None
            return self.passive(size, subject)
        if chain.core == "copular":
            return self.predicate(size, subject)
        return self.active(size, chain.form, subject, gap, antecedent)

    def extras(self, size: int) -> int:
        """How many of the words of a verb phrase are left to adjuncts."""
        if not self.chance(0.2 if size == 2 else 0.5 if size < 6 else 0.75 if size < 10 else 0.9):
            return 0
        return self.share(1, size - 1, 1.6) if size > 1 else 0

    def active(self, size: int, form: str, subject: Subject | None, gap: Node | None = None,
               antecedent: Phrase | None = None) -> Node:  # fmt: skip
        """A verb in one of its frames, with adjuncts."""
        extras = self.extras(size) if gap is None else size - 1
        middle = 1 if extras and form != "IMP" and self.chance(0.15) else 0
        if gap is not None:
            phrase, arguments = self.gapped(form, subject, gap, antecedent)
        else:
            kind = subject.entity.kind if subject else "p"
            rule = NUCLEUS[kind](size - extras, self.u())
            phrase, arguments = getattr(self, rule)(size - extras, form, subject, kind)
        if middle:
            self.middle(phrase, arguments)
        self.adjuncts(extras - middle, phrase, arguments, subject)
        return phrase

    def middle(self, phrase: Node, arguments: Arguments) -> None:
        adverb = self.adverb_phrase("middle")
        phrase.kids.insert(0, adverb)
        phrase.head += 1
        arguments.append((adverb, "ARGM-ADV"))

    def passive(self, size: int, subject: Subject) -> Node:
        urn = lex.verbs("transitive", self.topic, "", subject.entity.kind)
        assert urn is not None
        verb = urn(self.u())
        head = leaf(verb.forms["PASS"])
        phrase = Node("VP", [head])
        arguments = self.frame(head, subject, "ARG1")
        rest = size - 1
        agents = [kind for kind in verb.subject if kind in "pgae"]
        if rest >= 2 and agents and self.chance(0.4):
            agent = self.share(2, min(rest, 8), 1.4)
            node = self.prepositional(agent, lex.preposition("by"), "".join(agents))
            rest -= agent
            self._add(phrase, arguments, node, "obl", "ARG0")
        self.adjuncts(rest, phrase, arguments, subject)
        return phrase

    def predicate(self, size: int, subject: Subject | None) -> Node:
        """A predicate of `be`, with adjuncts; the copula itself is put before it by the verb group."""
        entity = subject.entity if subject else Entity("p", "Sing")
        extras = self.extras(size) if size > 2 else 0
        extras = max(extras, size - 12)
        middle = 1 if extras and self.chance(0.2) else 0
        rest = size - extras
        draw = self.u()
        if rest == 1 or (draw < 0.5 and rest < 8):
            node = self.adjective_phrase(rest, subject)
        elif draw < 0.8 or rest > 10:
            kind = self.kind_of({"t": "ta", "e": "ea"}.get(entity.kind, entity.kind))
            node, _ = self.phrase(rest, kind, "Gen", "common", "Plur" if entity.number == "Plur" else "Sing")
        else:
            node = self.prepositional(rest, *PLACE(self.u()))
        phrase = Node("VP", [node])
        if middle:
            self.middle(phrase, [])
        self.adjuncts(extras - middle, phrase, [], subject)
        return phrase

    # -- verbs and their complements; every rule gives the phrase and the frame under way

    def _verb(self, frame: str, form: str, subject: Subject | None, kind: str) -> tuple[Verb, Node, Arguments]:
        urn = lex.verbs(frame, self.topic, kind)
        assert urn is not None
        verb = urn(self.u())
        head = leaf(self.inflected(verb, form, subject))
        return verb, Node("VP", [head]), self.frame(head, subject, "ARG1" if verb.patient else "ARG0")

    def inflected(self, verb: Verb, form: str, subject: Subject | None) -> Word:
        if form != "fin":
            return verb.forms[form]
        assert subject is not None
        return lex.agreeing(verb.forms, self.tense, subject.entity.number, subject.entity.person)

    def _add(self, phrase: Node, arguments: Arguments, node: Node, relation: str, role: str) -> None:
        node.rel = relation
        phrase.kids.append(node)
        arguments.append((node, role))

    def intransitive(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("intransitive", form, subject, kind)
        return phrase, arguments

    def phrasal(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        verb, phrase, arguments = self._verb("phrasal", form, subject, kind)
        phrase.kids.append(particle(verb.extra))
        return phrase, arguments

    def transitive(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        verb, phrase, arguments = self._verb("transitive", form, subject, kind)
        if size == 2 and subject and "p" in verb.object and subject.entity.key in lex.PRONOUNS and self.chance(0.2):
            node = Node("NP", [leaf(lex.PRONOUNS[subject.entity.key]["Refl"])])
            subject.entity.mentions.append(node)
        else:
            node, _ = self.noun_phrase(size - 1, verb.object)
        self._add(phrase, arguments, node, "obj", "ARG1")
        return phrase, arguments

    def particle(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        verb, phrase, arguments = self._verb("particle", form, subject, kind)
        node, _ = self.noun_phrase(size - 2, verb.object)
        self._add(phrase, arguments, node, "obj", "ARG1")
        short = size < 5 and self.chance(0.5)
        word_of = node.kids[0].word
        if not (short or (word_of is not None and word_of.upos == "PRON" and size == 3)):
            phrase.kids.insert(1, particle(verb.extra))
        else:
            phrase.kids.append(particle(verb.extra))
        return phrase, arguments

    def prepositional_verb(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        verb, phrase, arguments = self._verb("prepositional", form, subject, kind)
        self._add(phrase, arguments, self.prepositional(size - 1, lex.preposition(verb.extra), verb.object), "obl", "ARG1")
        return phrase, arguments

    def ditransitive(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        verb, phrase, arguments = self._verb("ditransitive", form, subject, kind)
        first = self.share(1, min(3, size - 2), 1.5)
        receiver, _ = self.noun_phrase(first, "ppg")
        self._add(phrase, arguments, receiver, "iobj", "ARG2")
        thing, _ = self.noun_phrase(size - 1 - first, verb.object, style="nominal")
        self._add(phrase, arguments, thing, "obj", "ARG1")
        return phrase, arguments

    def dative(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        verb, phrase, arguments = self._verb("ditransitive", form, subject, kind)
        first = self.share(1, size - 3)
        thing, _ = self.noun_phrase(first, verb.object)
        self._add(phrase, arguments, thing, "obj", "ARG1")
        self._add(phrase, arguments, self.prepositional(size - 1 - first, lex.preposition("to"), "ppg"), "obl", "ARG2")
        return phrase, arguments

    def that(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("that", form, subject, kind)
        if size == 3 or self.chance(0.35):
            node = Node("SBAR", [self.clause(size - 1)])
        else:
            node = Node("SBAR", [leaf(THAT, "mark"), self.clause(size - 2)], 1)
        self._add(phrase, arguments, node, "ccomp", "ARG1")
        return phrase, arguments

    def whether(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("whether", form, subject, kind)
        mark = leaf(WHETHER[self.chance(0.4)], "mark")
        self._add(phrase, arguments, Node("SBAR", [mark, self.clause(size - 2)], 1), "ccomp", "ARG1")
        return phrase, arguments

    def embedded_question(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("whether", form, subject, kind)
        self._add(phrase, arguments, self.indirect(size - 1), "ccomp", "ARG1")
        return phrase, arguments

    def infinitive(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("infinitive", form, subject, kind)
        self._add(phrase, arguments, self.to_infinitive(size - 1, subject, "xcomp"), "xcomp", "ARG1")
        return phrase, arguments

    def gerund(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("gerund", form, subject, kind)
        self._add(phrase, arguments, Node("S", [self.active(size - 1, "GER", subject)]), "xcomp", "ARG1")
        return phrase, arguments

    def control(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        verb, phrase, arguments = self._verb("control", form, subject, kind)
        first = self.share(1, size - 3, 2.0)
        node, entity = self.noun_phrase(first, verb.object)
        self._add(phrase, arguments, node, "obj", "ARG1")
        purpose = self.to_infinitive(size - 1 - first, Subject(entity, node), "xcomp")
        self._add(phrase, arguments, purpose, "xcomp", "ARG2")
        return phrase, arguments

    def linking(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("linking", form, subject, kind)
        self._add(phrase, arguments, self.adjective_phrase(size - 1, subject), "xcomp", "ARG2")
        return phrase, arguments

    def motion(self, size: int, form: str, subject: Subject | None, kind: str) -> tuple[Node, Arguments]:
        _, phrase, arguments = self._verb("motion", form, subject, kind)
        where = self.prepositional(size - 1, lex.preposition("to"), "l")
        self._add(phrase, arguments, where, "obl", "ARGM-DIR")
        return phrase, arguments

    def gapped(
        self, form: str, subject: Subject | None, gap: Node, antecedent: Phrase | None
    ) -> tuple[Node, Arguments]:
        """A transitive verb whose object stands before the clause, as `gap` (a word or nothing)."""
        assert subject is not None
        wanted = antecedent[1].kind if antecedent else "pt"[gap.label == "WHNP"]
        urn = lex.verbs("transitive", self.topic, subject.entity.kind, wanted)
        urn = urn or lex.verbs("transitive", self.topic, "p", wanted)
        assert urn is not None
        head = leaf(self.inflected(urn(self.u()), form, subject))
        arguments = self.frame(head, subject, "ARG0")
        if antecedent is not None:
            arguments.append((antecedent[0], "ARG1"))
        if gap.kids:
            arguments.append((gap, "R-ARG1" if antecedent else "ARG1"))
        return Node("VP", [head]), arguments

    def to_infinitive(self, size: int, subject: Subject | None, relation: str) -> Node:
        """`to` and a verb phrase; at least two words."""
        rest = size - 1
        if rest >= 2 and self.chance(0.12):
            inner = self._nested([leaf(lex.AUXILIARIES["be"]["VB"], "cop")], self.predicate(rest - 1, subject), [], "copular")
        else:
            inner = self.active(rest, "VB", subject)
        return Node("S", [Node("VP", [leaf(TO, "mark"), inner], 1)], 0, relation)

    # -- adjuncts

    def adjuncts(self, size: int, phrase: Node, arguments: Arguments, subject: Subject | None) -> None:
        """Fill `size` words with adjuncts at the end of a verb phrase, the heavy ones last."""
        plan: list[tuple[int, int, str, int]] = []
        used: set[str] = set()
        while size > 0:
            for _ in range(4):
                rule = ADJUNCT(size, self.u())
                place, role, least, most = ADJUNCTS[rule]
                if role not in used:
                    break
            used.add(role)
            most = min(most, size)
            part = most if most <= 3 or rule == "subordinate" or self.chance(0.4) else self.share(least, most)
            plan.append((place, len(plan), rule, part))
            size -= part
        for _, _, rule, part in sorted(plan):
            node, role = getattr(self, "adjunct_" + rule)(part, subject)
            if rule == "participle":
                phrase.kids.append(leaf(COMMA, "punct", 1))
            phrase.kids.append(node)
            arguments.append((node, f"ARGM-{role}"))

    def adjunct_manner(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        return self.adverb_phrase("manner", size), "MNR"

    def adjunct_place_adverb(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        return self.adverb_phrase("place"), "LOC"

    def adjunct_time_adverb(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        return self.adverb_phrase("time"), "TMP"

    def adjunct_time_noun(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        if size == 1:
            node = Node("NP", [leaf(DAYS(self.u()))])
        else:
            first = leaf(LAST(self.u()), "amod") if self.chance(0.6) else leaf(EVERY(self.u()), "det")
            node = Node("NP", [first, leaf(TIME_NOUNS(self.u()).sing)], 1)
        node.rel = "obl:tmod"
        self.names.append((node, "DATE"))
        return node, "TMP"

    def adjunct_place(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        node = self.prepositional(size, *PLACE(self.u()))
        node.rel = "obl"
        return node, "LOC"

    def adjunct_time(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        if size == 2:
            form, urn = DATES[int(self.u() * len(DATES))]
            date = Node("NP", [leaf(urn(self.u()))])
            self.names.append((date, "DATE"))
            return Node("PP", [leaf(form, "case"), date], 1, "obl"), "TMP"
        node = self.prepositional(size, TIME_PREPOSITIONS(self.u()), "e")
        node.rel = "obl"
        return node, "TMP"

    def adjunct_instrument(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        node = self.prepositional(size, lex.preposition("without" if self.chance(0.2) else "with"), "t")
        node.rel = "obl"
        return node, "MNR"

    def adjunct_benefit(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        node = self.prepositional(size, lex.preposition("for"), "ppg")
        node.rel = "obl"
        return node, "PRP"

    def adjunct_after_gerund(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        mark = AFTER[int(self.u() * len(AFTER))]
        inner = Node("S", [self.active(size - 1, "GER", subject)])
        role = "TMP" if mark.form in ("after", "before") else "MNR"
        return Node("PP", [leaf(mark, "mark"), inner], 1, "advcl"), role

    def adjunct_purpose(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        return self.to_infinitive(size, subject, "advcl"), "PRP"

    def adjunct_participle(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        return Node("S", [self.active(size - 1, "VBG", subject)], 0, "advcl"), "ADV"

    def adjunct_subordinate(self, size: int, subject: Subject | None) -> tuple[Node, str]:
        mark, role = SUBORDINATORS(self.u())
        opening = Node("WHADVP", [leaf(mark)], 0, "advmod") if mark.xpos == "WRB" else leaf(mark, "mark")
        return Node("SBAR", [opening, self.clause(size - 1)], 1, "advcl"), role

    # -- what sentences bring

    def clause(self, size: int) -> Node:
        raise NotImplementedError

    def indirect(self, size: int) -> Node:
        raise NotImplementedError


def particle(form: str) -> Node:
    return Node("PRT", [leaf(word(form, form, "ADP", "RP"))], 0, "compound:prt")
