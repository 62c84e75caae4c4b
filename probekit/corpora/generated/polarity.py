"""Generated sentences of known polarity: a label at every node of the tree by rule, and flips that turn it over."""

from __future__ import annotations

from dataclasses import replace

from probekit.corpora.corpus import Corpus
from probekit.corpora.flips import FlippedText, corpus_of
from probekit.corpora.generated.sizes import within
from probekit.corpora.readers.brackets import parse_tree
from probekit.streams import generator
from probekit.values import Seed, Several

MOST_SENTENCES = 200_000
ADJECTIVES = {
    "great": 4, "wonderful": 4, "good": 3, "fine": 3, "fresh": 3,
    "awful": 0, "terrible": 0, "bad": 1, "dull": 1, "stale": 1,
}  # fmt: skip
OPPOSITE = dict(zip(list(ADJECTIVES)[:5], list(ADJECTIVES)[5:], strict=True))
OPPOSITE |= {bad: good for good, bad in OPPOSITE.items()}
NOUNS = ("food", "service", "room", "staff", "music", "coffee", "garden", "price")
PLACES = ("here", "today", "again", "there")
INTENSE = ("very", "really", "so")


def polarity_phrases(n: Several = 600, seed: Seed = 0) -> Corpus:
    """Sentences such as `the food was not very good here`, labels negative and positive, each with a flip.

    Trees are binary, labels 0 to 4 at every node: an intensifier moves 1 and 3 to the end of the scale, `not` mirrors
    the scale, what says nothing keeps its neighbour's. A flip exchanges the adjective for its opposite, or puts `not`
    in or takes it out. Splits: three fifths train, a fifth each dev and test. A larger n keeps the first sentences.
    """
    within(f"the number of sentences of polarity-phrases(n={n})", n, MOST_SENTENCES)
    texts, trees, flipped = [], [], []
    for number in range(n):
        rng = generator(seed, "draw", "phrase", number)
        adjective = str(rng.choice(list(ADJECTIVES)))
        negated, rest = bool(rng.random() < 0.3), [str(rng.choice(one)) for one in (NOUNS, INTENSE, PLACES)]
        shown = [rest[0], rest[1] if rng.random() < 0.4 else "", rest[2] if rng.random() < 0.5 else ""]
        tree = _tree(adjective, negated, *shown)
        turned = (OPPOSITE[adjective], negated) if rng.random() < 0.5 else (adjective, not negated)
        flip = _tree(*turned, *shown)
        label = "positive" if int(tree[1]) > 2 else "negative"
        split = {3: "dev", 4: "test"}.get(number % 5, "train")
        texts.append(FlippedText(parse_tree(tree).words, parse_tree(flip).words, label, split, "phrase", number + 1))
        trees.append(tree)
        flipped.append(flip)
    made = corpus_of(texts, "en")
    return replace(made, trees=(*trees, *flipped), digest="")


def _tree(adjective: str, negated: bool, noun: str, intense: str, place: str) -> str:
    label = ADJECTIVES[adjective]
    phrase = f"({label} {adjective})"
    if intense:
        label = 4 if label > 2 else 0
        phrase = f"({label} (2 {intense}) {phrase})"
    if negated:
        label = 4 - label
        phrase = f"({label} (2 not) {phrase})"
    phrase = f"({label} (2 was) {phrase})"
    if place:
        phrase = f"({label} {phrase} (2 {place}))"
    return f"({label} (2 (2 the) (2 {noun})) {phrase})"
