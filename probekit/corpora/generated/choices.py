"""Generated questions: of a rule that is not shown, and candidates that a fact makes plausible or not."""

from __future__ import annotations

from collections.abc import Iterator

from probekit.corpora.corpus import Corpus
from probekit.corpora.pairs_of_texts import TextPair, corpus_of
from probekit.streams import generator
from probekit.values import Seed, Several

_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")
# A fact, and what follows from it by a rule of the world.
RULES = {
    "left the window open in the rain": "the floor got wet",
    "forgot the bread in the oven": "the bread burned",
    "watered the plant every day": "the plant grew",
    "dropped the glass": "the glass broke",
    "studied all night": "the exam went well",
    "put the milk in the sun": "the milk turned sour",
    "switched the lamp off": "the room was dark",
    "lit the stove": "the kitchen became warm",
}
# Events, and how long each takes.
LASTING = {
    "brushed the teeth": "minutes",
    "boiled an egg": "minutes",
    "watched a film": "hours",
    "flew to another continent": "hours",
    "built a house": "months",
    "wrote a novel": "months",
}
_SPLITS = ("train", "train", "train", "dev", "test")


def rules(n: Several = 200, seed: Seed = 0) -> Corpus:
    """Questions with four options: two facts are stated, what follows from the one that is asked about is right."""
    facts = list(RULES)

    def read() -> Iterator[TextPair]:
        for number in range(n):
            random = generator(seed, "draw", "rules", number)
            first, other, *rest = (facts[k] for k in random.permutation(len(facts))[:4])
            who = [_NAMES[k] for k in random.permutation(len(_NAMES))[:2]]
            told = f"{who[0]} {first} . {who[1]} {other} . What came of what {who[0]} did ?".split()
            for k, fact in enumerate(one for one in facts if one in (first, other, *rest)):
                about = {"answer": "yes" if fact == first else "no"}
                name, split = f"rule-{number}", _SPLITS[number % len(_SPLITS)]
                yield TextPair(told, RULES[fact].split(), f"{name}-{k}", split, "rules", number + 1, name, name, about)

    return corpus_of(read(), "en")


def plausible(n: Several = 200, seed: Seed = 0) -> Corpus:
    """Questions of how long an event took, and three to five candidates that are plausible or not, label yes or no."""
    events, units = list(LASTING), sorted(set(LASTING.values()))

    def read() -> Iterator[TextPair]:
        for number in range(n):
            random = generator(seed, "draw", "plausible", number)
            who, event = _NAMES[int(random.integers(len(_NAMES)))], events[int(random.integers(len(events)))]
            asked = f"{who} {event} . How long did it take ?".split()
            name, split = f"plausible-{number}", _SPLITS[number % len(_SPLITS)]
            for k in range(int(random.integers(3, 6))):
                unit = units[int(random.integers(len(units)))] if k else LASTING[event]
                said = [str(int(random.integers(2, 9))), unit]
                about = {"label": "yes" if unit == LASTING[event] else "no"}
                yield TextPair(asked, said, f"{name}-{k}", split, "plausible", number + 1, name, name, about)

    return corpus_of(read(), "en")
