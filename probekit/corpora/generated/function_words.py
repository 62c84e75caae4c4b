"""Closed-class words of the generative grammar: determiners, conjunctions, subordinators, question words."""

from __future__ import annotations

from probekit.corpora.generated import lexicon as lex
from probekit.corpora.generated.lexicon import Urn, Word, word, zipf


def _det(form: str, feats: str, lemma: str = "") -> Word:
    return word(form, lemma or form, "DET", "DT", feats)


THE = _det("the", "Definite=Def|PronType=Art")
A = _det("a", "Definite=Ind|PronType=Art")
SOME, NO = _det("some", "PronType=Ind"), _det("no", "PronType=Neg")
POSSESSIVE = "possessive"
THIS, THAT_ONE = _det("this", "Number=Sing|PronType=Dem"), _det("that", "Number=Sing|PronType=Dem")
THESE, THOSE = (_det("these", "Number=Plur|PronType=Dem", "this"), _det("those", "Number=Plur|PronType=Dem", "that"))
EVERY_ONE, EACH, ANOTHER = (
    _det("every", "PronType=Tot"),
    _det("each", "PronType=Tot"),
    _det("another", "PronType=Ind"),
)
MANY, FEW, MUCH = (word(form, form, "ADJ", "JJ", "Degree=Pos") for form in ("many", "few", "much"))


def _weighted(*rows: tuple[Word | str, float]) -> Urn[Word | str]:
    return Urn([item for item, _ in rows], [weight for _, weight in rows])


DETERMINERS = {
    "Sing": _weighted(
        (THE, 30),
        (A, 20),
        (POSSESSIVE, 10),
        (THIS, 3),
        (THAT_ONE, 2),
        (EVERY_ONE, 2),
        (ANOTHER, 1),
        (NO, 0.5),
        (EACH, 0.7),
    ),
    "Plur": _weighted((THE, 28), (POSSESSIVE, 9), (SOME, 7), (THESE, 3), (THOSE, 2), (MANY, 3), (FEW, 1), (NO, 0.5)),
    "mass": _weighted((THE, 24), (POSSESSIVE, 8), (SOME, 8), (MUCH, 2), (NO, 2)),
}
COUNTED_DETERMINERS = _weighted((THE, 9), (POSSESSIVE, 4), (THESE, 2), (THOSE, 1))  # before a numeral
ALL = word("all", "all", "DET", "PDT", "PronType=Tot")
AND, OR = word("and", "and", "CCONJ", "CC"), word("or", "or", "CCONJ", "CC")
BUT = word("but", "but", "CCONJ", "CC")
COMMA = lex.punctuation(",")
POSSESSED = word("'s", "'s", "PART", "POS", glued=True)
POSSESSED_PLURAL = word("'", "'s", "PART", "POS", glued=True)
TO = word("to", "to", "PART", "TO")
THAN = lex.preposition("than")
THAT = lex.subordinator("that")


def _pronoun(form: str, tag: str, feats: str, lemma: str = "") -> Word:
    return word(form, lemma or form, "PRON", tag, feats)


INDEFINITE = {
    kind: zipf([_pronoun(form, "NN", f"Number=Sing|PronType={feature}") for form, feature in forms])
    for kind, forms in {
        "p": (("someone", "Ind"), ("everyone", "Tot"), ("nobody", "Neg")),
        "t": (("something", "Ind"), ("everything", "Tot"), ("nothing", "Neg")),
    }.items()
}
WHEN = word("when", "when", "ADV", "WRB", "PronType=Int")
# Words that open an adverbial clause, with its role and weight.
_CLAUSE_OPENERS: list[tuple[Word, str, float]] = [
    (WHEN, "TMP", 12),
    *(
        (lex.subordinator(form), role, weight)
        for role, forms in {
            "CAU": {"because": 12, "since": 3},
            "ADV": {"if": 12, "although": 5, "unless": 2},
            "TMP": {"while": 6, "before": 6, "after": 6, "until": 3},
        }.items()
        for form, weight in forms.items()
    ),
]
SUBORDINATORS = Urn([(form, role) for form, role, _ in _CLAUSE_OPENERS], [weight for *_, weight in _CLAUSE_OPENERS])
AFTER = [lex.subordinator(form) for form in ("after", "before", "without", "by")]
WHETHER = [lex.subordinator("whether"), lex.subordinator("if")]


TIME_PREPOSITIONS = zipf([lex.preposition(form) for form in ("after", "before", "during")])
DATES = [(lex.preposition("on"), lex.WEEKDAYS), (lex.preposition("in"), lex.MONTHS), (lex.preposition("in"), lex.YEARS)]
PERIODS, TIME_NOUNS = (
    zipf([word(form, form, "NOUN", "NN", "Number=Sing") for form in forms.split()])
    for forms in ("week year month summer", "day week morning year evening")
)
DAYS = {
    tense: zipf([word(form, form, "NOUN", "NN", "Number=Sing") for form in forms.split()])
    for tense, forms in (("VBD", "yesterday today"), ("pres", "today tomorrow tonight"))
}
LAST = {tense: word(form, form, "ADJ", "JJ", "Degree=Pos") for tense, form in (("VBD", "last"), ("pres", "next"))}
EVERY = Urn([EVERY_ONE, THIS, EACH], [3, 2, 1])

RELATIVE = {
    True: Urn([_pronoun("who", "WP", "PronType=Rel"), _pronoun("that", "WDT", "PronType=Rel")], [4, 1]),
    False: Urn([_pronoun("that", "WDT", "PronType=Rel"), _pronoun("which", "WDT", "PronType=Rel")], [3, 1]),
}
WHO, WHAT = _pronoun("who", "WP", "PronType=Int"), _pronoun("what", "WP", "PronType=Int")
WHICH = Urn([word(form, form, "DET", "WDT", "PronType=Int") for form in ("which", "what")], [3, 2])
WHERE = word("where", "where", "ADV", "WRB", "PronType=Int")
RELATIVE_WHERE = word("where", "where", "ADV", "WRB", "PronType=Rel")
HOW = word("how", "how", "ADV", "WRB", "PronType=Int")
WHY = word("why", "why", "ADV", "WRB", "PronType=Int")
WH_ADVERBS = Urn([(WHY, "ARGM-CAU"), (WHERE, "ARGM-LOC"), (WHEN, "ARGM-TMP"), (HOW, "ARGM-MNR")], [4, 3, 3, 2])
NEVER = word("never", "never", "ADV", "RB")
THERE = _pronoun("there", "EX", "")
