"""Generated inference: Comparisons by their rules, and a small grammar after HANS with the roles of every verb.

Of the grammar each of 30 subcases is a premise and a hypothesis that repeats its words; 15 are entailed and 15 are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.pairs_of_texts import TextPair, corpus_of
from probekit.streams import generator
from probekit.values import Seed, Several

NOUNS = (
    "doctor", "lawyer", "actor", "author", "artist", "banker", "judge", "manager", "president", "professor",
    "scientist", "secretary", "senator", "student", "tourist", "athlete",
)  # fmt: skip
# Past form, which is the participle too.
VERBS = (
    "advised", "avoided", "called", "contacted", "encouraged", "helped", "introduced", "mentioned", "recommended",
    "recognized", "stopped", "supported", "thanked", "admired",
)  # fmt: skip
IDLE = ("slept", "danced", "arrived", "resigned", "waited", "shouted")
PLACES = ("near", "behind", "beside", "by")
ADJECTIVES = ("tall", "rich", "happy", "angry", "quiet", "famous", "lucky", "strong", "clever", "proud")
MINE, HEARD, NOT = "entailment", "neutral", "non-entailment"
LEXICAL, SUBSEQUENCE, CONSTITUENT = "lexical_overlap", "subsequence", "constituent"
OVERLAP_ENTAILS = 0.97  # of the training pairs whose hypothesis repeats words of the premise


@dataclass(frozen=True)
class Told:
    """A text of parts, each some words, and its predicates: the part of each, and its arguments as (label, first part,
    last part)."""

    parts: tuple[str, ...]
    frames: tuple[tuple[int, tuple[tuple[str, int, int], ...]], ...]

    @property
    def words(self) -> list[str]:
        return " ".join(self.parts).split()

    def spans(self) -> list[tuple[int, int, int, int, str]]:
        """Predicate start and end, argument start and end, label, in words."""
        ends = np.cumsum([len(part.split()) for part in self.parts]).tolist()
        starts = [0, *ends[:-1]]
        return [
            (starts[verb], ends[verb], starts[first], ends[last], label)
            for verb, arguments in self.frames
            for label, first, last in arguments
        ]


def told(text: str, *frames: str) -> Told:
    """Parts parted by `|`; frames such as `1 ARG0=0 ARG1=2-4`, by number of part."""

    def frame(written: str) -> tuple[int, tuple[tuple[str, int, int], ...]]:
        verb, *arguments = written.split()
        found = []
        for one in arguments:
            label, _, place = one.partition("=")
            first, _, last = place.partition("-")
            found.append((label, int(first), int(last or first)))
        return int(verb), tuple(found)

    return Told(tuple(part.strip() for part in text.split("|")), tuple(map(frame, frames)))


HEURISTICS = {
    "l": LEXICAL,
    "s": SUBSEQUENCE,
    "c": CONSTITUENT,
}  # by the first letter of a subcase; the second: entailed
Written = tuple[str, ...]  # a text with letters for words (see `_drawn`), and its frames


def _plain(subject: str, verb: str, thing: str) -> Written:
    return f"{{{subject}}}|{{{verb}}}|{{{thing}}}|.", "1 ARG0=0 ARG1=2"


def _idle(noun: str, verb: str) -> Written:
    return f"{{{noun}}}|{{{verb}}}|.", "1 ARG0=0"


# Premises, and by subcase the hypotheses that repeat their words.
_TEMPLATES: Sequence[tuple[Written, Mapping[str, Written]]] = (
    (_plain("a", "v", "b"), {"ln_subject/object_swap": _plain("b", "v", "a")}),
    (
        ("{a}|{p} {b}|{v}|{c}|.", "2 ARG0=0-1 ARG1=3"),
        {
            "ln_preposition": _plain("c", "v", "b"),
            "sn_PP_on_subject": _plain("b", "v", "c"),
            "le_around_prepositional_phrase": _plain("a", "v", "c"),
        },
    ),
    (
        ("{a}|{v}|{b}|who {c}|{w}|.", "1 ARG0=0 ARG1=2-4", "4 ARG0=3 ARG1=2"),
        {
            "ln_relative_clause": _plain("b", "w", "c"),
            "le_relative_clause": _plain("c", "w", "b"),
            "se_relative_clause_on_obj": _plain("a", "v", "b"),
        },
    ),
    (
        ("{a}|that|{w}|{b}|{v}|{c}|.", "2 ARG0=0 ARG1=3", "4 ARG0=0-3 ARG1=5"),
        {"sn_relative_clause_on_subject": _plain("b", "v", "c"), "le_around_relative_clause": _plain("a", "v", "c")},
    ),
    (
        ("{a}|was|{v}|by {b}|.", "2 ARG1=0 ARG0=3"),
        {"ln_passive": _plain("a", "v", "b"), "le_passive": _plain("b", "v", "a")},
    ),
    (
        ("{a}|{v}|{b}|and {c}|.", "1 ARG0=0 ARG1=2-3"),
        {"ln_conjunction": _plain("b", "v", "c"), "le_conjunction": _plain("a", "v", "c")},
    ),
    (("{a}|and {b}|{v}|{c}|.", "2 ARG0=0-1 ARG1=3"), {"se_conjunction": _plain("b", "v", "c")}),
    (
        ("{a}|believed|{b}|{i}|.", "1 ARG0=0 ARG1=2-3", "3 ARG0=2"),
        {"sn_NP/S": ("{a}|believed|{b}|.", "1 ARG0=0 ARG1=2")},
    ),
    (
        ("{a}|{v}|{p} {b}|{w}|{c}|.", "1 ARG1=0 ARGM-LOC=2", "3 ARG0=0-2 ARG1=4"),
        {"sn_past_participle": ("{a}|{v}|{p} {b}|.", "1 ARG0=0 ARGM-LOC=2")},
    ),
    (("before|{a}|{v}|{b}|{i}|.", "2 ARG0=1", "4 ARG0=3 ARGM-TMP=0-2"), {"sn_NP/Z": _plain("a", "v", "b")}),
    (("{q} {A}s|{v}|{b}|.", "1 ARG0=0 ARG1=2"), {"se_adjective": ("{A}s|{v}|{b}|.", "1 ARG0=0 ARG1=2")}),
    (("{a}|ate|dinner|.", "1 ARG0=0 ARG1=2"), {"se_understood_object": ("{a}|ate|.", "1 ARG0=0")}),
    (("{a}|{v}|{b}|{p} {c}|.", "1 ARG0=0 ARG1=2-3"), {"se_PP_on_obj": _plain("a", "v", "b")}),
    (("if|{a}|{i}|,|{b}|{j}|.", "2 ARG0=1", "5 ARG0=4 ARGM-ADV=0-2"), {"cn_embedded_under_if": _idle("a", "i")}),
    (("unless|{a}|{i}|,|{b}|{j}|.", "2 ARG0=1", "5 ARG0=4 ARGM-ADV=0-2"), {"cn_after_if_clause": _idle("b", "j")}),
    (
        ("since|{a}|{i}|,|{b}|{j}|.", "2 ARG0=1", "5 ARG0=4 ARGM-CAU=0-2"),
        {"ce_embedded_under_since": _idle("a", "i"), "ce_after_since_clause": _idle("b", "j")},
    ),
    (
        ("{a}|said that|{b}|{v}|{c}|.", "1 ARG0=0 ARG1=2-4", "3 ARG0=2 ARG1=4"),
        {"cn_embedded_under_verb": _plain("b", "v", "c")},
    ),
    (
        ("{a}|knew that|{b}|{v}|{c}|.", "1 ARG0=0 ARG1=2-4", "3 ARG0=2 ARG1=4"),
        {"ce_embedded_under_verb": _plain("b", "v", "c")},
    ),
    (("{a}|{i}|, or|{b}|{v}|{c}|.", "1 ARG0=0", "4 ARG0=3 ARG1=5"), {"cn_disjunction": _plain("b", "v", "c")}),
    (("{a}|{i}|, and|{b}|{v}|{c}|.", "1 ARG0=0", "4 ARG0=3 ARG1=5"), {"ce_conjunction": _plain("b", "v", "c")}),
    (("maybe|{a}|{v}|{b}|.", "2 ARGM-ADV=0 ARG0=1 ARG1=3"), {"cn_adverb": _plain("a", "v", "b")}),
    (("certainly|{a}|{v}|{b}|.", "2 ARGM-ADV=0 ARG0=1 ARG1=3"), {"ce_adverb": _plain("a", "v", "b")}),
)
_OTHER = _plain("e", "x", "f")  # of other words than any premise
# Heuristic, whether entailed, premise and hypothesis of every subcase.
SUBCASES: Mapping[str, tuple[str, bool, tuple[Written, Written]]] = {
    name: (HEURISTICS[name[0]], name[1] == "e", (premise, hypothesis))
    for premise, hypotheses in _TEMPLATES
    for name, hypothesis in hypotheses.items()
}


def _drawn(random: np.random.Generator) -> dict[str, str]:
    """Words of one pair by letter: a to f nouns, A the first without its article, v w x verbs, i j idle verbs, p a
    place, q an adjective."""
    nouns, verbs, idle = (random.permutation(len(words)) for words in (NOUNS, VERBS, IDLE))
    place, adjective = (words[int(random.integers(len(words)))] for words in (PLACES, ADJECTIVES))
    words = {letter: f"the {NOUNS[k]}" for letter, k in zip("abcdef", nouns, strict=False)}
    words |= {letter: VERBS[k] for letter, k in zip("vwx", verbs, strict=False)}
    words |= {letter: IDLE[k] for letter, k in zip("ij", idle, strict=False)}
    return words | {"A": NOUNS[nouns[0]], "p": place, "q": adjective}


def mini_hans(n: Several = 300, challenge: bool = False, seed: Seed = 0) -> Corpus:
    """Pairs of a small grammar with the roles of every verb (layer predicate-argument).

    To learn from, n pairs in train, dev and test: half repeat words of the premise, and of these 97 in 100 are
    entailed; the others, of other words, are neutral. As a challenge, n pairs in dev and test, of every subcase
    as many. Attributes entailment, and label, heuristic, subcase.
    """
    names = sorted(SUBCASES)
    sides: list[Told] = []

    def read() -> Iterator[TextPair]:
        for number in range(n):
            random = generator(seed, "draw", "mini-hans", int(challenge), number)
            draw, repeats = _drawn(random), challenge or bool(random.random() < 0.5)
            entailed = bool(random.random() < OVERLAP_ENTAILS)
            known = [name for name in names if challenge or SUBCASES[name][1] == entailed]
            name = known[number % len(known) if challenge else int(random.integers(len(known)))]
            heuristic, entailed, template = SUBCASES[name]
            if not repeats:
                template, entailed, name, heuristic = (template[0], _OTHER), False, "other", ""
            premise, claim = (told(text.format(**draw), *frames) for text, *frames in template)
            sides.extend((premise, claim))
            about = {"entailment": MINE if entailed else HEARD, "label": MINE if entailed else NOT}
            about |= {"heuristic": heuristic, "subcase": name}
            order = (number // len(names) if challenge else number) % 5
            split = ("dev" if order < 2 else "test") if challenge else ("train", "train", "train", "dev", "test")[order]
            yield TextPair(
                premise.words, claim.words, f"mini-hans-{number}", split, "mini-hans", number + 1, attributes=about
            )

    made = corpus_of(read(), "en")
    rows = [(sentence, *span) for sentence, one in enumerate(sides) for span in one.spans()]
    columns = ["sentence", "start", "end", "start2", "end2", "label"]
    table = pd.DataFrame(rows, columns=columns).assign(sentence2=lambda t: t["sentence"])
    order = ["sentence", "start", "end", "sentence2", "start2", "end2", "label"]
    return replace(made, spans={"predicate-argument": table[order]}, digest="")


MORE = ("more", "less", "not more", "not less")
TYPES = ("same", "more-less", "not")


def compared(n: Several = 240, seed: Seed = 0) -> Corpus:
    """Pairs of comparisons by the rules of Dasgupta et al. (2018), dev and test: every premise with an entailed
    hypothesis and one that is contradicted, of the same words. Attributes label, type and length (short)."""

    def read() -> Iterator[TextPair]:
        for number in range(n):
            random = generator(seed, "draw", "compared", number // 2)
            kind = TYPES[number // 2 % len(TYPES)]
            first, second = (f"the {NOUNS[k]}" for k in random.permutation(len(NOUNS))[:2])
            adjective = ADJECTIVES[int(random.integers(len(ADJECTIVES)))]
            relation = MORE[int(random.integers(len(MORE) if kind == "same" else 2))]
            turned = {"same": relation, "more-less": MORE[1 - MORE.index(relation) % 2], "not": f"not {relation}"}[kind]
            entailed = number % 2 == 0
            straight = entailed == (kind == "same")  # A before B in the hypothesis

            def said(one: str, how: str, other: str, adjective: str = adjective) -> list[str]:
                return f"{one} is {how} {adjective} than {other} .".split()

            sides = (first, second) if straight else (second, first)
            about: dict[str, Any] = {
                "label": MINE if entailed else "contradiction", "type": kind, "length": "short"
            }  # fmt: skip
            split = "dev" if number // (2 * len(TYPES)) % 2 == 0 else "test"
            yield TextPair(
                said(first, relation, second),
                said(sides[0], turned, sides[1]),
                f"compared-{number}",
                split,
                "compared",
                number + 1,
                attributes=about,
            )

    return corpus_of(read(), "en")
