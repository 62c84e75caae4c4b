"""Generated inference: Comparisons by their rules, and a small grammar after HANS with the roles of every verb.

Of the grammar each of 30 subcases is a premise and a hypothesis that repeats its words; 15 are entailed and 15 are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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


PLAIN = ("1 ARG0=0 ARG1=2",)


@dataclass(frozen=True)
class Draw:
    """Words of one pair."""

    nouns: Sequence[str]
    verbs: Sequence[str]
    idle: Sequence[str]
    place: str
    adjective: str

    def plain(self, first: int, verb: int, second: int) -> Told:
        """The N V the N ."""
        return told(f"the {self.nouns[first]}|{self.verbs[verb]}|the {self.nouns[second]}|.", *PLAIN)

    def idles(self, noun: int, verb: int = 0) -> Told:
        """The N slept ."""
        return told(f"the {self.nouns[noun]}|{self.idle[verb]}|.", "1 ARG0=0")


Template = Callable[[Draw], tuple[Told, Told]]


def _premise(text: str, *frames: str, then: Callable[[Draw], Told]) -> Template:
    """A premise written with the words of a draw by letter: {a}-{d} nouns, {v} {w} verbs, {i} {j} idle verbs."""

    def made(draw: Draw) -> tuple[Told, Told]:
        a, b, c, d = (f"the {noun}" for noun in draw.nouns[:4])
        words = {"a": a, "b": b, "c": c, "d": d, "v": draw.verbs[0], "w": draw.verbs[1], "i": draw.idle[0]}
        words |= {"j": draw.idle[1], "p": draw.place, "q": draw.adjective, "A": draw.nouns[0]}
        return told(text.format(**words), *frames), then(draw)

    return made


_TWO = ("1 ARG0=0 ARG1=2-4", "4 ARG0=3 ARG1=2")  # a V b who c W
SUBCASES: Mapping[str, tuple[str, bool, Template]] = {
    "ln_subject/object_swap": (LEXICAL, False, _premise("{a}|{v}|{b}|.", *PLAIN, then=lambda d: d.plain(1, 0, 0))),
    "ln_preposition": (
        LEXICAL,
        False,
        _premise("{a}|{p} {b}|{v}|{c}|.", "2 ARG0=0-1 ARG1=3", then=lambda d: d.plain(2, 0, 1)),
    ),
    "ln_relative_clause": (
        LEXICAL,
        False,
        _premise("{a}|{v}|{b}|who {c}|{w}|.", *_TWO, then=lambda d: d.plain(1, 1, 2)),
    ),
    "ln_passive": (
        LEXICAL,
        False,
        _premise("{a}|was|{v}|by {b}|.", "2 ARG1=0 ARG0=3", then=lambda d: d.plain(0, 0, 1)),
    ),
    "ln_conjunction": (
        LEXICAL,
        False,
        _premise("{a}|{v}|{b}|and {c}|.", "1 ARG0=0 ARG1=2-3", then=lambda d: d.plain(1, 0, 2)),
    ),
    "sn_NP/S": (
        SUBSEQUENCE,
        False,
        _premise(
            "{a}|believed|{b}|{i}|.",
            "1 ARG0=0 ARG1=2-3",
            "3 ARG0=2",
            then=lambda d: told(f"the {d.nouns[0]}|believed|the {d.nouns[1]}|.", *PLAIN),
        ),
    ),
    "sn_PP_on_subject": (
        SUBSEQUENCE,
        False,
        _premise("{a}|{p} {b}|{v}|{c}|.", "2 ARG0=0-1 ARG1=3", then=lambda d: d.plain(1, 0, 2)),
    ),
    "sn_relative_clause_on_subject": (
        SUBSEQUENCE,
        False,
        _premise("{a}|that|{w}|{b}|{v}|{c}|.", "2 ARG0=0 ARG1=3", "4 ARG0=0-3 ARG1=5", then=lambda d: d.plain(1, 0, 2)),
    ),
    "sn_past_participle": (
        SUBSEQUENCE,
        False,
        _premise(
            "{a}|{v}|{p} {b}|{w}|{c}|.",
            "1 ARG1=0 ARGM-LOC=2",
            "3 ARG0=0-2 ARG1=4",
            then=lambda d: told(f"the {d.nouns[0]}|{d.verbs[0]}|{d.place} the {d.nouns[1]}|.", "1 ARG0=0 ARGM-LOC=2"),
        ),
    ),
    "sn_NP/Z": (
        SUBSEQUENCE,
        False,
        _premise("before|{a}|{v}|{b}|{i}|.", "2 ARG0=1", "4 ARG0=3 ARGM-TMP=0-2", then=lambda d: d.plain(0, 0, 1)),
    ),
    "cn_embedded_under_if": (
        CONSTITUENT,
        False,
        _premise("if|{a}|{i}|,|{b}|{j}|.", "2 ARG0=1", "5 ARG0=4 ARGM-ADV=0-2", then=lambda d: d.idles(0)),
    ),
    "cn_after_if_clause": (
        CONSTITUENT,
        False,
        _premise("unless|{a}|{i}|,|{b}|{j}|.", "2 ARG0=1", "5 ARG0=4 ARGM-ADV=0-2", then=lambda d: d.idles(1, 1)),
    ),
    "cn_embedded_under_verb": (
        CONSTITUENT,
        False,
        _premise(
            "{a}|said that|{b}|{v}|{c}|.", "1 ARG0=0 ARG1=2-4", "3 ARG0=2 ARG1=4", then=lambda d: d.plain(1, 0, 2)
        ),
    ),
    "cn_disjunction": (
        CONSTITUENT,
        False,
        _premise("{a}|{i}|, or|{b}|{v}|{c}|.", "1 ARG0=0", "4 ARG0=3 ARG1=5", then=lambda d: d.plain(1, 0, 2)),
    ),
    "cn_adverb": (
        CONSTITUENT,
        False,
        _premise("maybe|{a}|{v}|{b}|.", "2 ARGM-ADV=0 ARG0=1 ARG1=3", then=lambda d: d.plain(0, 0, 1)),
    ),
    "le_around_prepositional_phrase": (
        LEXICAL,
        True,
        _premise("{a}|{p} {b}|{v}|{c}|.", "2 ARG0=0-1 ARG1=3", then=lambda d: d.plain(0, 0, 2)),
    ),
    "le_around_relative_clause": (
        LEXICAL,
        True,
        _premise("{a}|that|{w}|{b}|{v}|{c}|.", "2 ARG0=0 ARG1=3", "4 ARG0=0-3 ARG1=5", then=lambda d: d.plain(0, 0, 2)),
    ),
    "le_relative_clause": (
        LEXICAL,
        True,
        _premise("{a}|{v}|{b}|who {c}|{w}|.", *_TWO, then=lambda d: d.plain(2, 1, 1)),
    ),
    "le_conjunction": (
        LEXICAL,
        True,
        _premise("{a}|{v}|{b}|and {c}|.", "1 ARG0=0 ARG1=2-3", then=lambda d: d.plain(0, 0, 2)),
    ),
    "le_passive": (LEXICAL, True, _premise("{a}|was|{v}|by {b}|.", "2 ARG1=0 ARG0=3", then=lambda d: d.plain(1, 0, 0))),
    "se_conjunction": (
        SUBSEQUENCE,
        True,
        _premise("{a}|and {b}|{v}|{c}|.", "2 ARG0=0-1 ARG1=3", then=lambda d: d.plain(1, 0, 2)),
    ),
    "se_adjective": (
        SUBSEQUENCE,
        True,
        _premise(
            "{q} {A}s|{v}|{b}|.", *PLAIN, then=lambda d: told(f"{d.nouns[0]}s|{d.verbs[0]}|the {d.nouns[1]}|.", *PLAIN)
        ),
    ),
    "se_understood_object": (
        SUBSEQUENCE,
        True,
        _premise("{a}|ate|dinner|.", *PLAIN, then=lambda d: told(f"the {d.nouns[0]}|ate|.", "1 ARG0=0")),
    ),
    "se_relative_clause_on_obj": (
        SUBSEQUENCE,
        True,
        _premise("{a}|{v}|{b}|who {c}|{w}|.", *_TWO, then=lambda d: d.plain(0, 0, 1)),
    ),
    "se_PP_on_obj": (
        SUBSEQUENCE,
        True,
        _premise("{a}|{v}|{b}|{p} {c}|.", "1 ARG0=0 ARG1=2-3", then=lambda d: d.plain(0, 0, 1)),
    ),
    "ce_embedded_under_since": (
        CONSTITUENT,
        True,
        _premise("since|{a}|{i}|,|{b}|{j}|.", "2 ARG0=1", "5 ARG0=4 ARGM-CAU=0-2", then=lambda d: d.idles(0)),
    ),
    "ce_after_since_clause": (
        CONSTITUENT,
        True,
        _premise("since|{a}|{i}|,|{b}|{j}|.", "2 ARG0=1", "5 ARG0=4 ARGM-CAU=0-2", then=lambda d: d.idles(1, 1)),
    ),
    "ce_embedded_under_verb": (
        CONSTITUENT,
        True,
        _premise(
            "{a}|knew that|{b}|{v}|{c}|.", "1 ARG0=0 ARG1=2-4", "3 ARG0=2 ARG1=4", then=lambda d: d.plain(1, 0, 2)
        ),
    ),
    "ce_conjunction": (
        CONSTITUENT,
        True,
        _premise("{a}|{i}|, and|{b}|{v}|{c}|.", "1 ARG0=0", "4 ARG0=3 ARG1=5", then=lambda d: d.plain(1, 0, 2)),
    ),
    "ce_adverb": (
        CONSTITUENT,
        True,
        _premise("certainly|{a}|{v}|{b}|.", "2 ARGM-ADV=0 ARG0=1 ARG1=3", then=lambda d: d.plain(0, 0, 1)),
    ),
}


def _drawn(random: np.random.Generator) -> Draw:
    nouns, verbs, idle = (random.permutation(len(words)) for words in (NOUNS, VERBS, IDLE))
    return Draw(
        [NOUNS[k] for k in nouns[:6]],
        [VERBS[k] for k in verbs[:3]],
        [IDLE[k] for k in idle[:2]],
        PLACES[int(random.integers(len(PLACES)))],
        ADJECTIVES[int(random.integers(len(ADJECTIVES)))],
    )


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
            premise, claim = template(draw)
            if not repeats:
                claim, entailed, name, heuristic = draw.plain(4, 2, 5), False, "other", ""
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
