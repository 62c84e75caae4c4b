"""Verb phrases of the generative grammar: auxiliaries, verbs with their frames, adjuncts.

As in `phrases`, every rule returns exactly the number of words it is asked for. A verb's frame (its arguments
with PropBank-style roles) is filled while its arguments are made.
"""

from __future__ import annotations

from typing import NamedTuple

from probekit.corpora.generated import lexicon as lex
from probekit.corpora.generated.adjuncts import Adjuncts, Arguments
from probekit.corpora.generated.derivation import Entity, Node, leaf
from probekit.corpora.generated.function_words import AND, BUT, THAT, TO, WHETHER
from probekit.corpora.generated.lexicon import Verb, Word, word
from probekit.corpora.generated.menus import ACTIVE_CHAIN, AGENTS, ANY_CHAIN, NUCLEUS, PLACE, Chain
from probekit.corpora.generated.phrases import Subject


class Gap(NamedTuple):
    """The missing object of a relative clause or question: what stands for it, its kind, what it refers back
    to."""

    filler: Node | None
    kind: str
    antecedent: Node | None = None


class VerbPhrases(Adjuncts):
    """The rules for verb phrases; those that hold a clause ask `clause`, which comes with the sentences."""

    # -- the verb group

    def finite(self, size: int, subject: Subject, gap: Gap | None = None) -> Node:
        """A finite verb phrase that agrees with its subject. With a gap the verb is
        transitive and its object stands before the clause."""
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
        tense = self.tense
        if chain.auxiliaries[:1] == ("modal",):
            self.tense = "pres"
        inner = self.verbal(chain, size - len(auxiliaries), subject, gap)
        self.tense = tense
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
        """Wrap the core in one verb phrase per auxiliary; the copula stands beside its predicate, `not` with
        the word before."""
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
        """Open the frame of a verb; its first argument is the subject, which a relative pronoun may stand
        for."""
        arguments: Arguments = []
        if subject is not None and subject.node is not None:
            arguments.append((subject.node, role))
            if subject.relative is not None:
                arguments.append((subject.relative, f"R-{role}"))
        self.frames.append((predicate, arguments))
        return arguments

    def verbal(self, chain: Chain, size: int, subject: Subject | None, gap: Gap | None = None) -> Node:
        """What follows the auxiliaries."""
        if chain.core == "passive":
            assert subject is not None
            return self.passive(size, subject)
        if chain.core == "copular":
            return self.predicate(size, subject)
        return self.active(size, chain.form, subject, gap)

    def extras(self, size: int) -> int:
        """How many of the words of a verb phrase are left to adjuncts."""
        if not self.chance(0.2 if size == 2 else 0.5 if size < 6 else 0.75 if size < 10 else 0.9):
            return 0
        return self.share(1, size - 1, 1.6) if size > 1 else 0

    def active(self, size: int, form: str, subject: Subject | None, gap: Gap | None = None) -> Node:
        """A verb in one of its frames, with adjuncts."""
        extras = self.extras(size) if gap is None else size - 1
        middle = 1 if extras and form not in ("IMP", "GER") and self.chance(0.15) else 0
        if gap is not None:
            phrase, arguments = self.gapped(form, subject, gap)
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
        agents = [kind for kind in verb.subject if kind in "pg"] or list(verb.subject)
        if rest >= 2 and agents and self.chance(0.4):
            agent = self.share(2, min(rest, 8), 1.4)
            node = self.prepositional(agent, lex.preposition("by"), "".join(agents), "any")
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
        self.adjuncts(extras - middle, phrase, [], subject, "MNR")
        return phrase

    # -- verbs and their complements; every rule gives the phrase and the frame under way

    def _verb(self, frame: str, form: str, subject: Subject | None, kind: str) -> tuple[Verb, Node, Arguments]:
        urn = lex.verbs(frame, self.topic, kind)
        assert urn is not None
        verb = urn(self.u())
        for _ in range(4):
            if not (verb.stative and form in ("IMP", "VBG", "GER")):
                break
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
        if (
            size == 2
            and subject
            and subject.entity.kind in "pg"
            and "p" in verb.object
            and subject.entity.key in lex.PRONOUNS
            and self.chance(0.2)
        ):
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
        node = self.prepositional(size - 1, lex.preposition(verb.extra), verb.object, "any")
        self._add(phrase, arguments, node, "obl", "ARG2" if verb.patient else "ARG1")
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
        self._add(
            phrase, arguments, self.prepositional(size - 1 - first, lex.preposition("to"), "ppg", "any"), "obl", "ARG2"
        )
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
        verb, phrase, arguments = self._verb("infinitive", form, subject, kind)
        node = self.to_infinitive(size - 1, subject, "xcomp")
        self._add(phrase, arguments, node, "xcomp", "ARG2" if verb.patient else "ARG1")
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

    def gapped(self, form: str, subject: Subject | None, gap: Gap) -> tuple[Node, Arguments]:
        """A transitive verb whose object stands before the clause."""
        assert subject is not None
        urn = lex.verbs("transitive", self.topic, subject.entity.kind, gap.kind)
        urn = urn or lex.verbs("transitive", self.topic, "", gap.kind)
        assert urn is not None
        head = leaf(self.inflected(urn(self.u()), form, subject))
        arguments = self.frame(head, subject, "ARG0")
        if gap.antecedent is not None:
            arguments.append((gap.antecedent, "ARG1"))
        if gap.filler is not None:
            arguments.append((gap.filler, "R-ARG1" if gap.antecedent else "ARG1"))
        return Node("VP", [head]), arguments

    def to_infinitive(self, size: int, subject: Subject | None, relation: str) -> Node:
        """`to` and a verb phrase; at least two words."""
        rest = size - 1
        if rest >= 2 and self.chance(0.12):
            inner = self._nested(
                [leaf(lex.AUXILIARIES["be"]["VB"], "cop")], self.predicate(rest - 1, subject), [], "copular"
            )
        else:
            inner = self.active(rest, "VB", subject)
        return Node("S", [Node("VP", [leaf(TO, "mark"), inner], 1)], 0, relation)

    def indirect(self, size: int) -> Node:
        """An indirect question; sentences bring it."""
        raise NotImplementedError


def particle(form: str) -> Node:
    return Node("PRT", [leaf(word(form, form, "ADP", "RP"))], 0, "compound:prt")
