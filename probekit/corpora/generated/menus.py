"""The probabilities of the generative grammar: which rules there are, for phrases of which size, how often.

A menu lists rows (rule, least size, largest size, weight); a rule is a method of that name.
"""

from __future__ import annotations

from typing import NamedTuple

from probekit.corpora.generated import lexicon as lex
from probekit.corpora.generated.lexicon import KINDS, Urn, Word, zipf

MAX_LENGTH = 40

Row = tuple[str, int, int, float]


class Menu:
    """Rules by size: `menu(size, u)` draws the name of a rule that can make a phrase of that size."""

    def __init__(self, *rows: Row) -> None:
        self._urns: list[Urn[str] | None] = [None]
        for size in range(1, MAX_LENGTH + 1):
            fitting = [(rule, weight) for rule, least, most, weight in rows if least <= size <= most]
            self._urns.append(Urn([rule for rule, _ in fitting], [w for _, w in fitting]) if fitting else None)

    def __call__(self, size: int, u: float) -> str:
        urn = self._urns[size]
        assert urn is not None, f"no rule makes {size} words"
        return urn(u)


# --- sentences and clauses

SENTENCE = Menu(
    ("interjection", 1, 2, 12),
    ("imperative", 1, 2, 6),
    ("fragment", 1, 2, 6),
    ("fragment", 3, 8, 4),
    ("imperative", 3, 18, 7),
    ("statement", 3, 40, 80),
    ("yes_no", 4, 26, 7),
    ("wh_object", 5, 22, 3.5),
    ("wh_subject", 3, 22, 2.5),
    ("wh_adverb", 5, 26, 3),
    ("wh_predicate", 4, 9, 2),
)
CLAUSE = Menu(
    ("plain_clause", 2, 40, 42), ("existential", 3, 16, 2), ("coordinated_clauses", 9, 40, 4), ("fronted", 10, 40, 3)
)
MAIN_CLAUSE = Menu(
    ("plain_clause", 2, 40, 36),
    ("existential", 3, 20, 2.5),
    ("adverb_first", 3, 30, 3),
    ("conjunction_first", 3, 30, 2),
    ("discourse", 4, 24, 1.5),
    ("vocative", 4, 18, 1),
    ("gerund_subject", 4, 20, 1),
    ("never_first", 4, 24, 0.8),
    ("fronted", 7, 40, 9),
    ("reported", 7, 40, 3),
    ("coordinated_clauses", 6, 12, 3),
    ("coordinated_clauses", 13, 40, 12),
)
SUBJECT_KINDS = Urn("pgntael", [52, 12, 5, 11, 9, 7, 4])

# --- noun phrases

NOUN_PHRASE = Menu(
    ("pronoun", 1, 1, 11),
    ("name", 1, 1, 6),
    ("simple", 1, 1, 3),
    ("indefinite", 1, 1, 1),
    ("simple", 2, 2, 30),
    ("name", 2, 2, 9),
    ("simple", 3, 3, 30),
    ("simple", 4, 4, 16),
    ("simple", 5, 6, 6),
    ("possessed", 3, 5, 5),
    ("possessed", 6, 10, 2),
    ("coordinated", 3, 6, 3),
    ("coordinated", 7, 40, 5),
    ("modified", 4, 6, 9),
    ("modified", 7, 40, 8),
    ("relative", 4, 6, 3),
    ("relative", 7, 40, 9),
    ("participial", 4, 12, 1.5),
    ("infinitival", 4, 12, 1.2),
    ("content", 5, 40, 1),
    ("appositive", 5, 9, 2),
)

# Patterns of plain noun phrases: P predeterminer, D determiner, Q numeral, R degree adverb, J adjective,
# C compound noun, N noun.
PATTERNS = {
    1: Urn(["N"], [1]),
    2: Urn(["DN", "JN", "CN", "QN"], [24, 3, 1, 2]),
    3: Urn(["DJN", "DQN", "DCN", "QJN", "JJN", "PDN", "AQN"], [24, 2, 5, 2, 1, 0.8, 1]),
    4: Urn(["DJJN", "DRJN", "DJCN", "DQJN", "PDJN"], [6, 4, 6, 2, 1.5]),
    5: Urn(["DQJCN", "DJJCN", "DRJCN", "PDQJN"], [2, 3, 3, 1]),
    6: Urn(["DQRJCN", "DRJJCN", "PDQJCN"], [1, 1, 1]),
}


SINGULAR = {
    2: Urn(["DN"], [1]),
    3: Urn(["DJN", "DCN"], [4, 1]),
    4: Urn(["DJJN", "DRJN", "DJCN"], [1, 1, 1]),
    5: Urn(["DJJCN", "DRJCN"], [1, 1]),
    6: Urn(["DRJJCN"], [1]),
}

# Prepositions that follow a noun of a kind, with the kinds of noun after them.
NOUN_PREPOSITIONS: dict[str, Urn[tuple[Word, str]]] = {
    kind: zipf([(lex.preposition(line.split(":")[0]), line.split(":")[1]) for line in lines.split()])
    for kind, lines in {
        "p": "from:l in:l with:t near:lt of:g",
        "n": "in:l near:lt with:p",
        "g": "of:p from:l in:l with:p",
        "t": "of:pg in:l from:pl on:t for:pg under:t",
        "l": "in:l of:pg near:l with:t behind:l",
        "a": "of:pgae about:pgtae for:pga with:g",
        "e": "in:l with:pg for:p about:ae at:l",
    }.items()
}
_PLACES = {"in": "l", "at": "l", "near": "lt", "behind": "lt", "outside": "l", "under": "t"}
PLACE = zipf([(lex.preposition(form), kinds) for form, kinds in _PLACES.items()])

# --- verb phrases

# Adjuncts: rule, least and largest size, weight; then its place in the verb phrase and the role that one verb
# has once.
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


class Chain(NamedTuple):
    """Auxiliaries before a main verb or predicate: their lemmas, the form of what follows, its kind."""

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
        fitting = [
            (c, w * (1.0 if c.core == "active" else passive)) for c, w in rows if c.least <= size and c.core in cores
        ]
        urns.append(Urn([c for c, _ in fitting], [w for _, w in fitting]) if fitting else None)
    return urns


ANY_CHAIN = {
    "agent": _by_size(CHAINS, "active passive copular"),
    "other": _by_size(CHAINS, "active passive copular", 2.0),
}
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
