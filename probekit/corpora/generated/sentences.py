"""Clauses and whole sentences of the generative grammar: statements, questions, imperatives, fragments."""

from __future__ import annotations

from probekit.corpora.generated import lexicon as lex
from probekit.corpora.generated.adjuncts import Arguments
from probekit.corpora.generated.derivation import Derivation, Entity, Node, leaf
from probekit.corpora.generated.function_words import (
    AND,
    BUT,
    COMMA,
    HOW,
    MANY,
    NEVER,
    OR,
    RELATIVE,
    RELATIVE_WHERE,
    THAT,
    THERE,
    WH_ADVERBS,
    WHAT,
    WHERE,
    WHICH,
    WHO,
)
from probekit.corpora.generated.menus import (
    ACTIVE_QUESTION,
    ANY_QUESTION,
    CLAUSE,
    MAIN_CLAUSE,
    SENTENCE,
    SUBJECT_KINDS,
    Chain,
)
from probekit.corpora.generated.phrases import WITH_CONTENT, WITH_INFINITIVE, Phrase, Subject, width
from probekit.corpora.generated.verbphrases import Gap, VerbPhrases

WH_KINDS = "ptge"
PERIOD, QUESTION_MARK, EXCLAMATION = (lex.punctuation(mark) for mark in ".?!")
PLEASE = lex.word("please", "please", "INTJ", "UH")


class SentenceRules(VerbPhrases):
    """One sentence: all rules together."""

    def sentence(self, size: int) -> Derivation:
        """A sentence of `size` words, punctuation counted."""
        tree, kind = getattr(self, "_" + SENTENCE(size, self.u()))(size)
        return self.derivation(Node("TOP", [tree]), kind)

    def _ended(self, node: Node, size: int, mark: lex.Word = PERIOD) -> Node:
        """The node with its final punctuation, when there is room (sentences of one word have none)."""
        if size > 1:
            node.kids.append(leaf(mark, "punct"))
        return node

    # -- kinds of sentence

    def _interjection(self, size: int) -> tuple[Node, str]:
        mark = EXCLAMATION if self.chance(0.4) else PERIOD
        return self._ended(Node("INTJ", [leaf(lex.INTERJECTIONS(self.u()))]), size, mark), "interjection"

    def _fragment(self, size: int) -> tuple[Node, str]:
        node, _ = self.noun_phrase(max(1, size - 1), "ptlea", "Gen", "nominal")
        return self._ended(Node("FRAG", [node]), size, QUESTION_MARK if self.chance(0.2) else PERIOD), "fragment"

    def _imperative(self, size: int) -> tuple[Node, str]:
        self.tense = "pres"
        kids: list[Node] = []
        rest = max(1, size - 1)
        if rest >= 3 and self.chance(0.25):
            kids.append(Node("INTJ", [leaf(PLEASE)], 0, "discourse"))
            rest -= 1
        if rest >= 4 and self.chance(0.2):
            auxiliary, negation = (leaf(lex.AUXILIARIES["do"]["IMP"], "aux"), leaf(lex.CONTRACTED_NOT, "advmod"))
            inner = self.active(rest - 2, "VB", None)
            self._note(inner, [(negation, "ARGM-NEG")])
            phrase = Node("VP", [auxiliary, negation, inner], 2)
        else:
            phrase = self.active(rest, "IMP", None)
        node = Node("S", [*kids, phrase], len(kids))
        return self._ended(node, size, EXCLAMATION if self.chance(0.4) else PERIOD), "imperative"

    def _statement(self, size: int) -> tuple[Node, str]:
        node: Node = getattr(self, MAIN_CLAUSE(size - 1, self.u()))(size - 1)
        return self._ended(node, size, EXCLAMATION if self.chance(0.03) else PERIOD), "statement"

    def _yes_no(self, size: int) -> tuple[Node, str]:
        node, _ = self._inverted(size - 1, negated=True)
        return self._ended(node, size, QUESTION_MARK), "question"

    def _wh_object(self, size: int) -> tuple[Node, str]:
        filler, gap = self._wh_phrase(size - 4)
        filler.rel = "obj"
        node, _ = self._inverted(size - 1 - width(filler), gap)
        return self._ended(Node("SBARQ", [filler, node], 1), size, QUESTION_MARK), "question"

    def _wh_subject(self, size: int) -> tuple[Node, str]:
        filler, gap = self._wh_phrase(size - 2)
        plural = filler.kids[-1].word is not None and filler.kids[-1].word.xpos == "NNS"
        entity = Entity(gap.kind, "Plur" if plural else "Sing", "Any")
        phrase = self.finite(size - 1 - width(filler), Subject(entity, filler))
        filler.rel = subject_relation(phrase)
        node = Node("SBARQ", [filler, Node("SQ", [phrase])], 1)
        return self._ended(node, size, QUESTION_MARK), "question"

    def _wh_adverb(self, size: int) -> tuple[Node, str]:
        adverb, role = WH_ADVERBS(self.u())
        filler = Node("WHADVP", [leaf(adverb)], 0, "advmod")
        node, phrase = self._inverted(size - 2)
        self._note(phrase, [(filler, role)])
        return self._ended(Node("SBARQ", [filler, node], 1), size, QUESTION_MARK), "question"

    def _wh_predicate(self, size: int) -> tuple[Node, str]:
        """`Where is Anna ?`: the question word is the predicate, so copula and subject stand beside it."""
        kind = SUBJECT_KINDS(self.u())
        filler = leaf(WHO if kind == "p" else WHERE if kind in "ntl" else WHAT)
        node, entity = self.noun_phrase(size - 3, kind, "Gen", "nominal")
        node.rel = "nsubj"
        copula = leaf(lex.agreeing(lex.AUXILIARIES["be"], self.tense, entity.number, entity.person), "cop")
        phrase = Node("WHADVP" if filler.word is WHERE else "WHNP", [filler])
        return self._ended(Node("SBARQ", [phrase, copula, node]), size, QUESTION_MARK), "question"

    def _wh_phrase(self, room: int) -> tuple[Node, Gap]:
        """`who`, `what`, `which book`, `how many books`, of at most `room` words, and the gap it fills."""
        kind = WH_KINDS[int(self.u() * len(WH_KINDS))]
        if room < 2 or self.chance(0.6):
            kind = "p" if kind == "p" else "t"
            node = Node("WHNP", [leaf(WHO if kind == "p" else WHAT)])
            return node, Gap(node, kind)
        noun = lex.nouns(kind, self.topic, True)(self.u())
        assert noun.plur is not None
        if room >= 3 and self.chance(0.3):
            how = Node("WHADJP", [leaf(HOW, "advmod"), leaf(MANY)], 1, "amod")
            node = Node("WHNP", [how, leaf(noun.plur)], 1)
        else:
            node = Node("WHNP", [leaf(WHICH(self.u()), "det"), leaf(noun.plur if self.chance(0.3) else noun.sing)], 1)
        return node, Gap(node, kind)

    def _subject(self, size: int, kinds: str = "") -> Subject:
        node, entity = self.noun_phrase(size, kinds or SUBJECT_KINDS(self.u()), "Nom")
        self.barred = [entity]
        return Subject(entity, node)

    def _subject_size(self, room: int) -> int:
        """Words of a subject in a clause that has `room` for it: mostly one to three."""
        return self.share(1, min(room, 3 + room // 3), 2.2)

    def _inverted(self, size: int, gap: Gap | None = None, negated: bool = False) -> tuple[Node, Node]:
        """Auxiliary, subject, rest of the verb phrase (at least three words); the clause, and its verb
        phrase."""
        own = self._subject_size(size - 2)
        subject = self._subject(own, self.kind_of("pppg") if gap else "")
        room = size - own
        urn = (ACTIVE_QUESTION if gap else ANY_QUESTION)[room]
        assert urn is not None and subject.node is not None
        chain: Chain = urn(self.u())
        if not negated:
            chain = chain._replace(auxiliaries=tuple(part for part in chain.auxiliaries if part != "not"))
        if chain.auxiliaries[0] == "modal":
            self.tense = "pres"
        auxiliaries, roles = self.group(chain, subject.entity)
        inner = self.verbal(chain, room - len(auxiliaries), subject, gap)
        self._note(inner, roles)
        front = auxiliaries[:1]
        rest = auxiliaries[1:]
        if rest and rest[0].word is lex.CONTRACTED_NOT:
            front, rest = auxiliaries[:2], auxiliaries[2:]
        subject.node.rel = "nsubj:pass" if chain.core == "passive" else "nsubj"
        if chain.core == "copular" and (not rest or rest[-1].rel == "advmod") and len(rest) < 2:
            # The copula itself was inverted: its predicate stands in the clause without a verb phrase around
            # it.
            kids = [*front, subject.node, *rest, *inner.kids]
            return Node("SQ", kids, len(front) + 1 + len(rest) + inner.head), inner
        phrase = self._nested(rest, inner, [], chain.core)
        return Node("SQ", [*front, subject.node, phrase], len(front) + 1), phrase

    # -- clauses

    def clause(self, size: int) -> Node:
        """A finite clause inside another one (at least two words)."""
        barred, self.barred, tense = self.barred, [], self.tense
        if self.chance(0.12):
            self.tense = "pres" if tense == "VBD" else "VBD"
        node: Node = getattr(self, CLAUSE(size, self.u()))(size)
        self.barred, self.tense = barred, tense
        return node

    def _plain(self, size: int) -> list[Node]:
        """Subject and verb phrase."""
        own = self._subject_size(size - 1)
        kind = SUBJECT_KINDS(self.u())
        if own == 1 and size > 2 and kind in "taen" and self.chance(0.7):
            own = 2  # rather `the price` than `prices`
        subject = self._subject(own, kind)
        phrase = self.finite(size - own, subject)
        assert subject.node is not None
        subject.node.rel = subject_relation(phrase)
        return [subject.node, phrase]

    def plain_clause(self, size: int) -> Node:
        return Node("S", self._plain(size), 1)

    def adverb_first(self, size: int) -> Node:
        """`Then she left`, with or without a comma."""
        opening = [self.adverb_phrase("front")]
        if size > 4 and self.chance(0.4):
            opening.append(leaf(COMMA, "punct", -1))
        return self._opened(opening, size - len(opening), "ARGM-ADV")

    def conjunction_first(self, size: int) -> Node:
        return self._opened([leaf(BUT if self.chance(0.6) else AND, "cc")], size - 1)

    def discourse(self, size: int) -> Node:
        opening = Node("INTJ", [leaf(lex.INTERJECTIONS(self.u()))], 0, "discourse")
        return self._opened([opening, leaf(COMMA, "punct", -1)], size - 2)

    def vocative(self, size: int) -> Node:
        """`Anna , the door is open`."""
        opening, _ = self.name(1, "p", "Nom", "")
        opening.rel = "vocative"
        return self._opened([opening, leaf(COMMA, "punct", -1)], size - 2)

    def fronted(self, size: int) -> Node:
        """A subordinate clause or a prepositional phrase before the clause that it belongs to."""
        own = self.share(2, size - 4)
        if own >= 3 and self.chance(0.6):
            node, role = self.adjunct_subordinate(own, None)
        elif own <= 9 and self.chance(0.5):
            node, role = self.adjunct_time(own, None)
        else:
            node, role = self.adjunct_place(own, None)
        return self._opened([node, leaf(COMMA, "punct", -1)], size - own - 1, f"ARGM-{role}")

    def _opened(self, opening: list[Node], size: int, role: str = "") -> Node:
        kids = self._plain(size)
        if role:
            self._note(kids[1], [(opening[0], role)])
        return Node("S", [*opening, *kids], len(opening) + 1)

    def coordinated_clauses(self, size: int) -> Node:
        comma = 1 if size >= 10 and self.chance(0.7) else 0
        free = size - 1 - comma
        first = self.share(max(2, free // 4), min(free - 2, 3 * free // 4 + 1))
        left, right = self.clause(first), self.clause(free - first)
        right.rel = "conj"
        draw = self.u()
        kids = [left, leaf(AND if draw < 0.65 else BUT if draw < 0.9 else OR, "cc", 1), right]
        if comma:
            kids.insert(1, leaf(COMMA, "punct", 2))
        return Node("S", kids)

    def existential(self, size: int) -> Node:
        """`There is hope in the city`: `be` is the head, the noun phrase its subject."""
        modal = size >= 4 and self.chance(0.15)
        room = size - 3 if modal else size - 2
        extras = self.extras(room) if room > 1 else 0
        kind = SUBJECT_KINDS(self.u())
        node, entity = self.phrase(room - extras, kind, "Gen", "common")
        self.met(entity)
        entity.mentions.append(node)
        node.rel = "nsubj"
        forms = lex.EXISTENTIAL_BE
        head = leaf(forms["VB"] if modal else lex.agreeing(forms, self.tense, entity.number, 3))
        arguments: Arguments = [(node, "ARG1")]
        self.frames.append((head, arguments))
        phrase = Node("VP", [head, node])
        self.adjuncts(extras, phrase, arguments, None, "MNR")
        if modal:
            auxiliary = leaf(lex.MODALS(self.u()), "aux")
            arguments.append((auxiliary, "ARGM-MOD"))
            phrase = Node("VP", [auxiliary, phrase], 1)
        return Node("S", [Node("NP", [leaf(THERE)], 0, "expl"), phrase], 1)

    def gerund_subject(self, size: int) -> Node:
        """`Winning the race was hard`: a clause as the subject."""
        own = self.share(1, min(6, size - 2))
        subject = Node("S", [self.active(own, "GER", None)])
        phrase = self.finite(size - own, Subject(Entity("a", "Sing", "Any"), subject))
        subject.rel = "csubj:pass" if subject_relation(phrase) == "nsubj:pass" else "csubj"
        return Node("S", [subject, phrase], 1)

    def never_first(self, size: int) -> Node:
        """`Never has she seen it`."""
        opening = Node("ADVP", [leaf(NEVER)], 0, "advmod")
        node, phrase = self._inverted(size - 1)
        self._note(phrase, [(opening, "ARGM-NEG")])
        return Node("SINV", [opening, *node.kids], node.head + 1)

    def reported(self, size: int) -> Node:
        """`The team lost , Anna said`: the reporting clause is a parenthesis of the reported one."""
        speaker_size = self.share(1, min(4, size - 4), 2.0)
        node = self.clause(size - 2 - speaker_size)
        barred, self.barred = self.barred, []
        speaker = self._subject(speaker_size, "p")
        assert speaker.node is not None
        speaker.node.rel = "nsubj"
        verb = lex.verbs("that", self.topic, "p")
        assert verb is not None
        head = leaf(self.inflected(verb(self.u()), "fin", speaker))
        self.frame(head, speaker, "ARG0").append((node, "ARG1"))
        said = Node("S", [speaker.node, Node("VP", [head])], 1)
        self.barred = barred
        return Node("S", [node, Node("PRN", [leaf(COMMA, "punct"), said], 1, "parataxis")])

    def indirect(self, size: int) -> Node:
        """An indirect question: `what Anna saw`, `where she went`, `who won`."""
        barred, self.barred = self.barred, []
        draw = self.u()
        if size >= 3 and draw < 0.4:
            filler, gap = self._wh_phrase(min(2, size - 2))
            filler.rel = "obj"
            inner = self._gap_clause(size - width(filler), gap)
        elif size >= 3 and draw < 0.8:
            adverb, role = WH_ADVERBS(self.u())
            filler = Node("WHADVP", [leaf(adverb)], 0, "advmod")
            inner = self.plain_clause(size - 1)
            self._note(inner, [(filler, f"{role}")])
        else:
            filler = Node("WHNP", [leaf(WHO)])
            phrase = self.finite(size - 1, Subject(Entity("p", "Sing", "Any"), filler))
            filler.rel = subject_relation(phrase)
            inner = Node("S", [phrase])
        self.barred = barred
        return Node("SBAR", [filler, inner], 1)

    def _gap_clause(self, size: int, gap: Gap) -> Node:
        """A clause of at least two words without its object."""
        own = self._subject_size(size - 1)
        subject = self._subject(own, self.kind_of("pppg"))
        assert subject.node is not None
        subject.node.rel = "nsubj"
        return Node("S", [subject.node, self.finite(size - own, subject, gap)], 1)

    # -- clauses inside noun phrases

    def relative(self, size: int, kind: str, case: str, number: str) -> Phrase:
        """A noun phrase with a relative clause: its subject, object or place missing."""
        core, entity = self.core(size - 2, kind, number)
        rest = size - width(core)
        barred, self.barred, tense = self.barred, [entity], self.tense
        draw = self.u()
        if kind == "l" and rest >= 3 and draw < 0.4:
            filler = Node("WHADVP", [leaf(RELATIVE_WHERE)], 0, "advmod")
            inner = self.plain_clause(rest - 1)
            self._note(inner, [(core, "ARGM-LOC"), (filler, "R-ARGM-LOC")])
            clause = Node("SBAR", [filler, inner], 1)
        elif draw < (0.4 if rest == 2 else 0.15):
            clause = Node("SBAR", [self._gap_clause(rest, Gap(None, kind, core))])
        elif rest >= 3 and draw < 0.4:
            filler = Node("WHNP", [leaf(RELATIVE[kind == "p"](self.u()))], 0, "obj")
            clause = Node("SBAR", [filler, self._gap_clause(rest - 1, Gap(filler, kind, core))], 1)
        else:
            self.met(entity)
            filler = Node("WHNP", [leaf(RELATIVE[kind == "p"](self.u()))])
            phrase = self.finite(rest - 1, Subject(entity, core, filler))
            filler.rel = subject_relation(phrase)
            clause = Node("SBAR", [filler, Node("S", [phrase])], 1)
        clause.rel = "acl:relcl"
        self.barred, self.tense = barred, tense
        return Node("NP", [core, clause]), entity

    def participial(self, size: int, kind: str, case: str, number: str) -> Phrase:
        """`the man sitting in the park`, `a book written by Anna`."""
        core, entity = self.core(size - 2, kind, number)
        barred, self.barred = self.barred, [entity]
        self.met(entity)
        rest = size - width(core)
        if kind in "pn" and self.chance(0.6):
            phrase = self.active(rest, "VBG", Subject(entity, core))
        else:
            phrase = self.passive(rest, Subject(entity, core))
        phrase.rel = "acl"
        self.barred = barred
        return Node("NP", [core, phrase]), entity

    def infinitival(self, size: int, kind: str, case: str, number: str) -> Phrase:
        """`a plan to leave`."""
        if kind != "a":
            return self.modified(size, kind, case, number)
        core, entity = self.simple(min(size - 2, self.share(2, 3, 2.0)), "a", number, WITH_INFINITIVE)
        return Node("NP", [core, self.to_infinitive(size - width(core), None, "acl")]), entity

    def content(self, size: int, kind: str, case: str, number: str) -> Phrase:
        """`the idea that the team had won`."""
        if kind != "a":
            return self.relative(size, kind, case, number)
        core, entity = self.simple(2, "a", number, WITH_CONTENT)
        return Node("NP", [core, Node("SBAR", [leaf(THAT, "mark"), self.clause(size - 3)], 1, "acl")]), entity


def subject_relation(phrase: Node) -> str:
    """`nsubj:pass` for the subject of a verb phrase whose head verb is passive, else `nsubj`."""
    while phrase.kids:
        if any(kid.rel == "aux:pass" for kid in phrase.kids):
            return "nsubj:pass"
        phrase = phrase.kids[phrase.head]
    return "nsubj"
