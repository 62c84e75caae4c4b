"""The generative grammar: corpora of any size from a seed, with every annotation layer, correct by
construction.

A sentence is derived as a constituency tree with head marks (`derivation`), for a topic and a length drawn
before; words, dependencies, entity spans, predicate-argument structure and coreference are read off the
derivation.

    documents    3 to 9 sentences on one topic; of every ten documents eight are train, one dev, one test
    length       drawn from p(n) ~ n^1.2 exp(-n / 7.2), n = 1..40, and kept exactly by every rule
    randomness   one stream per document, so a longer corpus begins with the shorter one
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.generated import lexicon as lex
from probekit.corpora.generated.derivation import Derivation, Node, lay_out, text_of
from probekit.corpora.generated.lexicon import TOPICS, Urn
from probekit.corpora.generated.menus import MAX_LENGTH
from probekit.corpora.generated.phrases import uniform
from probekit.corpora.generated.sentences import SentenceRules
from probekit.corpora.generated.sizes import MOST_TEXTS, within
from probekit.errors import ProbekitError
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, Seed

LENGTHS = Urn(range(1, MAX_LENGTH + 1), [n**1.2 * math.exp(-n / 7.2) for n in range(1, MAX_LENGTH + 1)])
SPLITS = ("train",) * 8 + ("dev", "test")


class Generated(NamedTuple):
    """A derivation with its place: document number, sentence number within it, topic and split."""

    document: int
    place: int
    topic: str
    split: str
    derivation: Derivation


def derivations(seed: int = 0) -> Iterator[Generated]:
    """Sentences without end, document after document; the same seed gives the same ones everywhere."""
    document = 0
    while True:
        if document % len(SPLITS) == 0:
            splits = generator(seed, "split", "grammar", document).permutation(len(SPLITS))
        u = uniform(generator(seed, "draw", "grammar", document))
        topic = TOPICS[int(u() * len(TOPICS))]
        split = SPLITS[splits[document % len(SPLITS)]]
        for place in range(3 + int(7 * u())):
            yield Generated(document, place, topic, split, SentenceRules(topic, u).sentence(LENGTHS(u())))
        document += 1


def grammar(n: Count = 1000, seed: Seed = 0) -> Corpus:
    """A corpus of n generated English-like sentences.

    Layers: form, lemma, upos, xpos, feats, head, deprel, misc (`SpaceAfter=No`); `trees` in Penn Treebank
    style under TOP; spans `entity` (PER, LOC, ORG, DATE), `predicate-argument` (start and end are the
    predicate, start2 and end2 the argument, label its role) and `coreference` (mentions with the number of
    their entity within the sentence, entities with at least two mentions). Sentence attributes: id, document,
    language, split, file, line, text, topic, kind (statement, question, imperative, fragment, interjection).
    The first sentences of a larger n are those of a smaller n. Raises ProbekitError for n below 1
    or above a million.
    """
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ProbekitError(f"grammar(n={n!r}): n is the number of sentences, an integer of at least 1")
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        raise ProbekitError(f"grammar(seed={seed!r}): the seed is an integer")
    within(f"the number of sentences of grammar(n={n})", int(n), MOST_TEXTS)
    columns = _Columns()
    for generated in derivations(int(seed)):
        columns.add(generated)
        if len(columns.trees) == n:
            break
    options = {name: value for name, value, default in (("n", n, 1000), ("seed", seed, 0)) if value != default}
    spec = "grammar" + (f"({', '.join(f'{name}={value}' for name, value in options.items())})" if options else "")
    recipe = digest(["grammar", registry.entry("grammar").revision, {"n": int(n), "seed": int(seed)}])
    return columns.corpus(spec, recipe)


class _Columns:
    """Sentences laid out, one list per column."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.heads: list[int] = []
        self.relations: list[str] = []
        self.glued: list[bool] = []
        self.offsets = [0]
        self.trees: list[str] = []
        self.sentences: list[tuple[Any, ...]] = []
        self.entity: list[tuple[int, int, int, str]] = []
        self.predicate_argument: list[tuple[int, int, int, int, int, int, str]] = []
        self.coreference: list[tuple[int, int, int, int]] = []

    def add(self, generated: Generated) -> None:
        derivation = generated.derivation
        layout = lay_out(derivation.tree)
        number = len(self.trees)
        words = layout.words
        self.words.extend([word.index for word in words])
        self.heads.extend(layout.heads)
        self.relations.extend(layout.relations)
        self.glued.extend([word.glued for word in words[1:]])
        self.glued.append(False)
        self.offsets.append(len(self.words))
        self.trees.append(layout.tree)
        document = f"g{generated.document:05d}"
        self.sentences.append(
            (
                f"{document}-{generated.place + 1}",
                document,
                generated.split,
                text_of(words),
                generated.topic,
                derivation.kind,
            )
        )
        self.entity.extend(sorted((number, node.start, node.end, label) for node, label in derivation.names))
        for predicate, arguments in sorted(derivation.frames, key=lambda frame: frame[0].start):
            at = (number, predicate.start, predicate.end, number)
            self.predicate_argument.extend(sorted((*at, node.start, node.end, role) for node, role in arguments))
        chains = [sorted(map(_span, entity.mentions)) for entity in derivation.entities if len(entity.mentions) > 1]
        for entity, mentions in enumerate(sorted(chains)):
            self.coreference.extend((number, start, end, entity) for start, end in mentions)

    def corpus(self, spec: str, recipe: str) -> Corpus:
        words = np.asarray(self.words)
        used, place = np.unique(words, return_inverse=True)

        def column(name: str) -> pd.Categorical:
            values = [getattr(lex.WORDS[index], name) for index in used]
            return pd.Categorical(np.asarray(values, dtype=object)[place], categories=sorted(set(values)))

        n = len(self.trees)
        id_, document, split, text, topic, kind = map(list, zip(*self.sentences, strict=True))
        sentences = pd.DataFrame(
            {
                "id": id_,
                "document": document,
                "language": ["en"] * n,
                "split": split,
                "file": [""] * n,
                "line": np.zeros(n, dtype=np.int64),
                "text": text,
                "topic": topic,
                "kind": kind,
            }
        )
        layers: dict[str, Any] = {name: column(name) for name in ("lemma", "upos", "xpos", "feats")}
        layers["head"] = np.asarray(self.heads, dtype=np.int32)
        layers["deprel"] = pd.Categorical(self.relations)
        layers["misc"] = pd.Categorical(np.where(self.glued, "SpaceAfter=No", ""))
        pair = ["sentence", "start", "end", "sentence2", "start2", "end2", "label"]
        return Corpus(
            form=column("form"),
            offsets=np.asarray(self.offsets, dtype=np.int64),
            layers=layers,
            sentences=sentences,
            trees=tuple(self.trees),
            spans={
                "entity": pd.DataFrame(self.entity, columns=["sentence", "start", "end", "label"]),
                "predicate-argument": pd.DataFrame(self.predicate_argument, columns=pair),
                "coreference": pd.DataFrame(self.coreference, columns=["sentence", "start", "end", "entity"]),
            },
            spec=spec,
            digest=recipe,
        )


def _span(node: Node) -> tuple[int, int]:
    return node.start, node.end
