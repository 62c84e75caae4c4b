"""Words of the generative grammar: English-like inflection, selection by meaning, Zipf-like weights.

Every word form that the grammar can utter is a `Word` (one per form, lemma, tags and features, so that equal
words are the same object). Features and tags follow the English treebanks of Universal Dependencies 2.4:
present tense third person singular carries Number and Person, other finite forms do not, except of `be`.

Open-class words live in `vocabulary`. Their lists are ordered by frequency; a word's weight is 1 / (rank +
1.5) within its list, and a topic's own list is mixed with the general one (and, with a small share, with
those of other topics).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Generic, TypeVar

from probekit.corpora.generated import vocabulary as v

T = TypeVar("T")

TOPICS = tuple(v.TOPIC_NOUNS)
KINDS = {"p": "person", "n": "animal", "g": "group", "t": "thing", "l": "place", "a": "abstract", "e": "event"}


class Urn(Generic[T]):
    """A finite distribution: `urn(u)` is the item that a uniform number u of [0, 1) falls on."""

    __slots__ = ("_limits", "_total", "items")

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        self.items = tuple(items)
        self._limits = list(accumulate(weights))
        self._total = self._limits[-1]

    def __call__(self, u: float) -> T:
        return self.items[bisect(self._limits, u * self._total)]


def zipf(items: Sequence[T]) -> Urn[T]:
    """Items in order of frequency, weight 1 / (rank + 1.5)."""
    return Urn(items, [1 / (rank + 1.5) for rank in range(len(items))])


class Word:
    """One word form with its UD columns. `glued` words are written without a blank before them."""

    __slots__ = ("feats", "form", "glued", "index", "lemma", "upos", "xpos")

    def __init__(self, form: str, lemma: str, upos: str, xpos: str, feats: str, glued: bool, index: int) -> None:
        self.form, self.lemma, self.upos, self.xpos, self.feats = form, lemma, upos, xpos, feats
        self.glued, self.index = glued, index

    def __repr__(self) -> str:
        return f"{self.form}/{self.upos}"


WORDS: list[Word] = []
_KNOWN: dict[tuple[str, str, str, str, str, bool], Word] = {}


def word(form: str, lemma: str, upos: str, xpos: str, feats: str = "", glued: bool = False) -> Word:
    """The Word with these columns, the same object every time."""
    key = (form, lemma, upos, xpos, feats, glued)
    if key not in _KNOWN:
        _KNOWN[key] = Word(*key, index=len(WORDS))
        WORDS.append(_KNOWN[key])
    return _KNOWN[key]


@cache
def respelled(old: Word, form: str) -> Word:
    """The same word under another form (capital letter, `an`, `ca` before `n't`)."""
    return word(form, old.lemma, old.upos, old.xpos, old.feats, old.glued)


def plural(lemma: str) -> str:
    if lemma in v.PLURALS:
        return v.PLURALS[lemma]
    if lemma.endswith(("s", "x", "z", "ch", "sh")) or lemma in ("go", "do"):
        return lemma + "es"
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return lemma[:-1] + "ies"
    return lemma + "s"


PASTS = {base: (past, participle) for base, past, participle in (line.split("/") for line in v.IRREGULAR.split())}

DOUBLING, STATIVE = set(v.DOUBLING.split()), set(v.STATIVE.split())


def verb_forms(lemma: str) -> tuple[str, str, str, str]:
    """Third person, past, past participle, -ing form."""
    third = "has" if lemma == "have" else plural(lemma) if lemma not in v.PLURALS else lemma + "s"
    stem = lemma + lemma[-1] if lemma in DOUBLING else lemma
    silent = lemma.endswith("e") and not lemma.endswith(("ee", "oe", "ye"))
    if lemma.endswith("ie"):
        ing = lemma[:-2] + "ying"
    else:
        ing = (lemma[:-1] if silent else stem) + "ing"
    if lemma.endswith("e"):
        past = lemma + "d"
    elif lemma.endswith("y") and lemma[-2] not in "aeiou":
        past = lemma[:-1] + "ied"
    else:
        past = stem + "ed"
    past, participle = PASTS.get(lemma, (past, past))
    return third, past, participle, ing


FINITE_FEATS = {
    "VBZ": "Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin",
    "VBP": "Mood=Ind|Tense=Pres|VerbForm=Fin",
    "VBD": "Mood=Ind|Tense=Past|VerbForm=Fin",
}
# Forms are named by their PTB tag, with IMP, PASS and GER for the uses that UD features tell apart.
VERB_FEATS = {
    **FINITE_FEATS,
    "VB": "VerbForm=Inf",
    "IMP": "Mood=Imp|VerbForm=Fin",
    "VBN": "Tense=Past|VerbForm=Part",
    "PASS": "Tense=Past|VerbForm=Part|Voice=Pass",
    "VBG": "Tense=Pres|VerbForm=Part",
    "GER": "VerbForm=Ger",
}
TAG_OF_FORM = {"IMP": "VB", "PASS": "VBN", "GER": "VBG"}


def conjugation(lemma: str, upos: str = "VERB") -> dict[str, Word]:
    """Form name -> Word, for a main verb or for `have` and `do` as auxiliaries."""
    third, past, participle, ing = verb_forms(lemma)
    forms = {"VBZ": third, "VBP": lemma, "VBD": past, "VB": lemma, "IMP": lemma}
    forms |= {"VBN": participle, "PASS": participle, "VBG": ing, "GER": ing}
    return {
        name: word(form, lemma, upos, TAG_OF_FORM.get(name, name), VERB_FEATS[name]) for name, form in forms.items()
    }


def _be(upos: str) -> dict[str, Word]:
    def form(text: str, tag: str, feats: str) -> Word:
        return word(text, "be", upos, tag, feats)

    past, present = "Tense=Past|VerbForm=Fin", "Tense=Pres|VerbForm=Fin"
    return {
        "am": form("am", "VBP", f"Mood=Ind|Number=Sing|Person=1|{present}"),
        "VBZ": form("is", "VBZ", f"Mood=Ind|Number=Sing|Person=3|{present}"),
        "VBP": form("are", "VBP", f"Mood=Ind|{present}"),
        "was": form("was", "VBD", f"Mood=Ind|Number=Sing|Person=3|{past}"),
        "was1": form("was", "VBD", f"Mood=Ind|Number=Sing|Person=1|{past}"),
        "VBD": form("were", "VBD", f"Mood=Ind|{past}"),
        "VB": form("be", "VB", "VerbForm=Inf"),
        "IMP": form("be", "VB", "Mood=Imp|VerbForm=Fin"),
        "VBN": form("been", "VBN", "Tense=Past|VerbForm=Part"),
        "VBG": form("being", "VBG", "Tense=Pres|VerbForm=Part"),
        "GER": form("being", "VBG", "VerbForm=Ger"),
    }


AUXILIARIES = {"be": _be("AUX"), "have": conjugation("have", "AUX"), "do": conjugation("do", "AUX")}
EXISTENTIAL_BE = _be("VERB")
MODALS = zipf([word(form, form, "AUX", "MD", "VerbForm=Fin") for form in v.MODALS.split()])
NOT = word("not", "not", "PART", "RB", "Polarity=Neg")
CONTRACTED_NOT = word("n't", "not", "PART", "RB", "Polarity=Neg", glued=True)
BEFORE_CONTRACTION = {"will": "wo", "can": "ca"}
UNCONTRACTED = {"am", "may", "might", "shall"}


def agreeing(forms: dict[str, Word], tense: str, number: str, person: int) -> Word:
    """The finite form that agrees with a subject of this number (Sing, Plur, "") and person."""
    if "am" in forms and number == "Sing" and person != 2:
        if tense == "VBD":
            return forms["was" if person == 3 else "was1"]
        return forms["am" if person == 1 else "VBZ"]
    if tense == "VBD":
        return forms["VBD"]
    return forms["VBZ" if number == "Sing" and person == 3 else "VBP"]


def _pronoun(form: str, lemma: str, case: str, number: str, person: int, gender: str) -> Word:
    parts = {"Case": case, "Gender": gender, "Number": number, "Person": str(person)}
    parts |= {"Poss": "Yes" if case == "Gen" else "", "PronType": "Prs", "Reflex": "Yes" if "sel" in form else ""}
    feats = "|".join(f"{name}={value}" for name, value in sorted(parts.items()) if value)
    return word(form, lemma, "PRON", "PRP$" if case == "Gen" else "PRP", feats)


# (person, number, gender) -> {case: pronoun}; `you` has no number in the treebanks.
PRONOUNS = {
    (person, number, gender): {
        case: _pronoun(
            form, forms[0] if case != "Gen" else forms[2], case.replace("Refl", "Acc"), number, person, gender
        )
        for case, form in zip(("Nom", "Acc", "Gen", "Refl"), forms, strict=True)
    }
    for (person, number, gender), forms in v.PRONOUNS.items()
}


@dataclass(frozen=True, eq=False)
class Noun:
    kind: str
    sing: Word
    plur: Word | None  # None for mass nouns
    gender: str = ""


@dataclass(frozen=True, eq=False)
class Verb:
    """A verb in one of its frames; `subject` and `object` are the kinds that it takes, `extra` a particle or
    preposition."""

    forms: dict[str, Word]
    subject: str
    object: str
    extra: str
    patient: bool  # its only argument undergoes: ARG1, not ARG0
    stative: bool


@dataclass(frozen=True, eq=False)
class Adjective:
    place: int  # where it stands among others: value, size, age, colour, anything else
    positive: Word
    comparative: Word | None
    superlative: Word | None


@cache
def noun(lemma: str, kind: str) -> Noun:
    mass, lemma = lemma.endswith("~"), lemma.rstrip("~")
    plur = None if mass else word(plural(lemma), lemma, "NOUN", "NNS", "Number=Plur")
    return Noun(kind, word(lemma, lemma, "NOUN", "NN", "Number=Sing"), plur, v.GENDERS.get(lemma, ""))


PLACES = {lemma: place for place, lemmas in enumerate(v.ADJECTIVE_ORDER) for lemma in lemmas.split()}
LAST_PLACE = len(v.ADJECTIVE_ORDER)


@cache
def adjective(lemma: str) -> Adjective:
    positive = word(lemma, lemma, "ADJ", "JJ", "Degree=Pos")
    place = PLACES.get(lemma, LAST_PLACE)
    if lemma in v.COMPARED:
        more, most = v.COMPARED[lemma]
        return Adjective(
            place,
            positive,
            word(more, lemma, "ADJ", "JJR", "Degree=Cmp"),
            word(most, lemma, "ADJ", "JJS", "Degree=Sup"),
        )
    return Adjective(place, positive, None, None)


@cache
def verb(entry: str) -> Verb:
    """A verb from its line: `lemma:subject kinds[:object kinds[:particle or preposition]]`, `*` marks a
    patient subject."""
    lemma, *rest = entry.split(":")
    subject, obj, extra = (*rest, "", "", "")[:3]
    return Verb(conjugation(lemma), subject.rstrip("*"), obj, extra, subject.endswith("*"), lemma in STATIVE)


def _mixed(
    general: Sequence[str], topical: Mapping[str, Sequence[str]], topic: str, make: Callable[[str], T], own: float
) -> Urn[T] | None:
    """General words, the topic's own (share `own`), and a trace of the other topics'; None when there are
    none."""
    parts = [(general, 1 - own), (topical.get(topic, ()), own)]
    parts += [(topical.get(other, ()), 0.02) for other in TOPICS if other != topic]
    items, weights = [], []
    for words, share in parts:
        raw = [1 / (rank + 1.5) for rank in range(len(words))]
        items += [make(entry) for entry in words]
        weights += [share * weight / sum(raw) for weight in raw]
    return Urn(items, weights) if items else None


@cache
def nouns(kind: str, topic: str, countable: bool = False) -> Urn[Noun]:
    """Nouns of one kind as a text on this topic uses them; all, or only those with a plural."""

    def fitting(lemmas: str) -> list[str]:
        return [lemma for lemma in lemmas.split() if not (countable and lemma.endswith("~"))]

    topical = {name: fitting(lists.get(kind, "")) for name, lists in v.TOPIC_NOUNS.items()}
    urn = _mixed(fitting(v.NOUNS[kind]), topical, topic, lambda lemma: noun(lemma, kind), 0.6)
    assert urn is not None, f"no nouns of kind {kind}"
    return urn


@cache
def verbs(frame: str, topic: str, subject: str = "", obj: str = "") -> Urn[Verb] | None:
    """Verbs of one frame that take a subject and an object of the given kinds; None when there is none."""

    def fitting(lines: str) -> list[str]:
        made = [(entry, verb(entry)) for entry in lines.split()]
        return [entry for entry, made_verb in made if subject in made_verb.subject and obj in made_verb.object]

    topical = {name: fitting(frames.get(frame, "")) for name, frames in v.TOPIC_VERBS.items()}
    return _mixed(fitting(v.VERBS[frame]), topical, topic, verb, 0.45)


@cache
def adjectives(kind: str, topic: str) -> Urn[Adjective]:
    """Adjectives that go with a noun of this kind."""
    topical = {name: words.split() for name, words in v.TOPIC_ADJECTIVES.items()}
    urn = _mixed(v.ADJECTIVES[kind].split(), topical if kind in "ae" else {}, topic, adjective, 0.35)
    assert urn is not None
    return urn


@cache
def compounds(topic: str) -> Urn[Word]:
    """Nouns that stand before another noun."""
    topical = {name: words.split() for name, words in v.TOPIC_COMPOUNDS.items()}
    urn = _mixed(v.COMPOUNDS.split(), topical, topic, lambda lemma: noun(lemma, "t").sing, 0.7)
    assert urn is not None
    return urn


def proper(form: str, number: str = "Sing") -> Word:
    return word(form, form, "PROPN", "NNP" if number == "Sing" else "NNPS", f"Number={number}")


def urn_of(text: str, upos: str, xpos: str, feats: str = "") -> Urn[Word]:
    """A Zipf urn of uninflected words listed in one string."""
    return zipf([word(form, form, upos, xpos, feats) for form in text.split()])


def preposition(form: str) -> Word:
    return word(form, form, "ADP", "IN")


def subordinator(form: str) -> Word:
    return word(form, form, "SCONJ", "IN")


def punctuation(form: str) -> Word:
    return word(form, form, "PUNCT", form if form in ",.:" else ".", glued=True)


ADVERBS = {kind: urn_of(text, "ADV", "RB") for kind, text in v.ADVERBS.items()}
INTERJECTIONS = urn_of(v.INTERJECTIONS, "INTJ", "UH")
NUMERALS = urn_of(v.NUMERALS, "NUM", "CD", "NumType=Card")
YEARS = urn_of(v.YEARS, "NUM", "CD", "NumType=Card")
WEEKDAYS, MONTHS = (zipf([proper(form) for form in text.split()]) for text in (v.WEEKDAYS, v.MONTHS))
GIVEN_NAMES = zipf([(proper(entry[:-2]), "Fem" if entry.endswith("/f") else "Masc") for entry in v.GIVEN_NAMES.split()])
FAMILY_NAMES, CITIES = (zipf([proper(form) for form in text.split()]) for text in (v.FAMILY_NAMES, v.CITIES))
ORGANISATIONS = {
    topic: zipf([tuple(proper(part) for part in name.split("_")) for name in names.split()])
    for topic, names in v.ORGANISATIONS.items()
}
