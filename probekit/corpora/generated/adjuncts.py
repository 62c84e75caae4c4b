"""Adjuncts of verb phrases: adverbs, prepositional phrases, dates, subordinate clauses."""

from __future__ import annotations

from probekit.corpora.generated import lexicon as lex
from probekit.corpora.generated.derivation import Node, leaf
from probekit.corpora.generated.function_words import (
    AFTER,
    COMMA,
    DATES,
    DAYS,
    EVERY,
    LAST,
    PERIODS,
    SUBORDINATORS,
    TIME_NOUNS,
    TIME_PREPOSITIONS,
)
from probekit.corpora.generated.menus import ADJUNCT, ADJUNCTS, PLACE
from probekit.corpora.generated.phrases import Phrases, Subject

Arguments = list[tuple[Node, str]]


class Adjuncts(Phrases):
    """The rules for adjuncts; each gives its node and its role, without the prefix ARGM."""

    def adjuncts(
        self, size: int, phrase: Node, arguments: Arguments, subject: Subject | None, without: str = ""
    ) -> None:
        """Fill `size` words with adjuncts at the end of a verb phrase, the heavy ones last; `without` is a
        role not wanted."""
        plan: list[tuple[int, int, str, int]] = []
        used = {without}
        while size > 0:
            for _ in range(8):
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
            node = Node("NP", [leaf(DAYS[self.tense](self.u()))])
        else:
            first = leaf(LAST[self.tense], "amod") if self.chance(0.6) else leaf(EVERY(self.u()), "det")
            noun = PERIODS(self.u()) if first.rel == "amod" else TIME_NOUNS(self.u())
            node = Node("NP", [first, leaf(noun)], 1)
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
        node = self.prepositional(size, lex.preposition("for"), "ppg", "any")
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

    # -- what verb phrases and sentences bring

    def active(self, size: int, form: str, subject: Subject | None) -> Node:
        raise NotImplementedError

    def clause(self, size: int) -> Node:
        raise NotImplementedError
