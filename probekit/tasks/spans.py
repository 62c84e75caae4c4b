"""What is asked of spans: the six tasks of edge probing, and a user's own spans.

Construction: Toshniwal et al. (2020), after Tenney et al. (2019). Where a task sets spans against what they are not,
its answers are `yes` and `no`, and a negative is drawn from the spans of the same length in the same sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.streams import generator
from probekit.tasks.catalogue import register
from probekit.tasks.trees import forest
from probekit.values import Count, Seed

SOURCE = "Toshniwal et al. 2020, A Cross-Task Analysis of Text Span Representations (RepL4NLP)"
YES, NO = "yes", "no"
SPAN = ("sentence", "start", "end")
PAIR = (*SPAN, "sentence2", "start2", "end2")

Answer = tuple[pd.DataFrame, Sequence[Any], dict[str, int]]
Spans = Mapping[int, Iterable[tuple[int, int]]]


def _sets(keys: pd.DataFrame, labels: Sequence[str], what: str, corpus: Corpus) -> Answer:
    """One unit for each distinct row of keys, in order, with the sorted set of its labels."""
    if len(keys) == 0:
        raise ProbekitError(f"{corpus!r} has no {what}: there is nothing to ask")
    columns = list(keys.columns)
    table = keys.assign(label=np.asarray(labels, dtype=object)).drop_duplicates().sort_values([*columns, "label"])
    values = table[columns].to_numpy()
    new = np.concatenate([[True], (values[1:] != values[:-1]).any(axis=1)])
    first, texts = np.flatnonzero(new), table["label"].tolist()
    targets = [tuple(texts[i:j]) for i, j in zip(first, [*first[1:], len(texts)], strict=True)]
    return table[columns][new].reset_index(drop=True), targets, {}


# --- spans against others of their sentence ----------------------------------------------------------


def sample_negatives(
    positives: Spans, corpus: Corpus, each: int, seed: int, what: str
) -> tuple[list[tuple[int, int, int]], int]:
    """`each` spans (sentence, start, end) for every positive, of its length in its sentence, and how many lack.

    Negatives are distinct and never a positive: for each sentence and length they are drawn without replacement
    from the spans that are free, all of them where those are too few. A sentence has its own stream, named by its
    words, and lengths draw in ascending order, so that neither the rest of the corpus nor `each` moves a draw.
    """
    drawn: list[tuple[int, int, int]] = []
    short = 0
    for sentence, spans in positives.items():
        n = int(corpus.lengths[sentence])
        starts: dict[int, set[int]] = defaultdict(set)
        for start, end in spans:
            starts[end - start].add(start)
        rng = generator(seed, "draw", "negatives", what, corpus.texts[sentence])
        for length in sorted(starts):
            free = [start for start in range(n - length + 1) if start not in starts[length]]
            wanted = each * len(starts[length])
            short += max(0, wanted - len(free))
            drawn += [(sentence, free[k], free[k] + length) for k in rng.permutation(len(free))[:wanted]]
    return drawn, short


def _detection(positives: Spans, corpus: Corpus, each: int, seed: int, what: str) -> Answer:
    _whole(each, "negatives", 1)
    _whole(seed, "seed")
    if not positives:
        raise ProbekitError(f"{corpus!r} has no {what}: there is nothing to detect")
    negatives, short = sample_negatives(positives, corpus, each, seed, what)
    wanted = [(sentence, start, end) for sentence, spans in positives.items() for start, end in spans]
    answers = sorted([(*span, YES) for span in wanted] + [(*span, NO) for span in negatives])
    table = pd.DataFrame(answers, columns=[*SPAN, "answer"])
    counts = {"positives": len(wanted), "negatives": len(negatives), "negatives_short": short}
    return table[list(SPAN)], table["answer"].tolist(), counts


def _whole(value: int, option: str, least: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
        raise ProbekitError(f"{option}={value} must be a whole number{'' if least is None else f' from {least}'}")


def _by_sentence(spans: Iterable[tuple[int, int, int]]) -> dict[int, list[tuple[int, int]]]:
    """Distinct spans of each sentence in order."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for sentence, start, end in sorted(set(spans)):
        found[int(sentence)].append((int(start), int(end)))
    return found


# --- constituents ------------------------------------------------------------------------------------


@register(
    "span/constituent-label",
    level="span",
    kind="labels",
    group="syntax",
    metric="micro_f1",
    source=SOURCE,
    requires=("trees",),
)
def constituent_label(corpus: Corpus) -> Answer:
    """Categories of each constituent's span: several where one node is all of another. Tags and TOP are left out."""
    trees = forest(corpus)
    keep = trees.is_constituent
    keys = pd.DataFrame({"sentence": trees.sentence[keep], "start": trees.start[keep], "end": trees.end[keep]})
    units, targets, _ = _sets(keys, trees.labels[keep], "constituents", corpus)
    return units, targets, {"nodes": len(keys), "spans": len(units)}


@register(
    "span/constituent-detection",
    level="span",
    kind="label",
    group="syntax",
    metric="f1_yes",
    source=SOURCE,
    requires=("trees",),
)
def constituent_detection(corpus: Corpus, seed: Seed = 0) -> Answer:
    """Whether a span is a constituent, against one span of the same length; whole sentences are left out."""
    trees = forest(corpus)
    whole = (trees.start == 0) & (trees.end == corpus.lengths[trees.sentence])
    keep = trees.is_constituent & ~whole
    spans = zip(trees.sentence[keep], trees.start[keep], trees.end[keep], strict=True)
    return _detection(_by_sentence(spans), corpus, 1, seed, "constituents")


# --- entities and roles ------------------------------------------------------------------------------


@register(
    "span/entity-label",
    level="span",
    kind="labels",
    group="semantics",
    metric="micro_f1",
    source=SOURCE,
    requires=("entity",),
)
def entity_label(corpus: Corpus) -> Answer:
    """Type of each entity's span; several where entities of several types are the same words."""
    table = corpus.spans["entity"]
    return _sets(table[list(SPAN)], table["label"].tolist(), "entities", corpus)


@register(
    "span/semantic-role",
    level="span",
    kind="labels",
    group="semantics",
    metric="micro_f1",
    source=SOURCE,
    requires=("predicate-argument",),
)
def semantic_role(corpus: Corpus) -> Answer:
    """Role of an argument, the second span, in the frame of a predicate, the first."""
    table = corpus.spans["predicate-argument"]
    units, targets, _ = _sets(table[list(PAIR)], table["label"].tolist(), "predicates with arguments", corpus)
    inside = (table["start2"] <= table["start"]) & (table["end"] <= table["end2"])
    counts = {"roles": len(table), "cut": int(table["cut"].sum()) if "cut" in table else 0}
    return units, targets, {**counts, "around_their_predicate": int(inside.sum())}


# --- a user's own spans ------------------------------------------------------------------------------


@register(
    "span/label", level="span", kind="labels", group="semantics", metric="micro_f1", source=SOURCE, requires=("target",)
)
def label(corpus: Corpus, negative: str = "") -> Answer:
    """Labels of the spans, or pairs of spans, of an edge-probing file; `negative` is the one that means none."""
    table = corpus.spans["target"]
    keys = table[[column for column in PAIR if column in table]]
    units, targets, _ = _sets(keys, table["label"].tolist(), "labelled spans", corpus)
    none = {"", str(negative)}
    return units, [tuple(one for one in labels if one not in none) for labels in targets], {}


# --- mentions ----------------------------------------------------------------------------------------


@register(
    "span/mention-detection",
    level="span",
    kind="label",
    group="semantics",
    metric="f1_yes",
    source=SOURCE,
    requires=("coreference",),
)
def mention_detection(corpus: Corpus, negatives: Count = 5, seed: Seed = 0) -> Answer:
    """Whether a span is a mention of the coreference annotation, against spans of the same length."""
    table = corpus.spans["coreference"]
    spans = zip(table["sentence"], table["start"], table["end"], strict=True)
    return _detection(_by_sentence(spans), corpus, negatives, seed, "mentions")


@register(
    "span/coreference-arc",
    level="span",
    kind="label",
    group="semantics",
    metric="f1_yes",
    source=SOURCE,
    requires=("coreference",),
)
def coreference_arc(corpus: Corpus) -> Answer:
    """Whether two mentions of a sentence belong to one entity: every unordered pair of different spans."""
    chains: dict[int, dict[tuple[int, int], set[int]]] = defaultdict(lambda: defaultdict(set))
    table = corpus.spans["coreference"]
    for sentence, start, end, entity in table[[*SPAN, "entity"]].itertuples(index=False):
        chains[sentence][start, end].add(entity)
    rows, answers = [], []
    for sentence in sorted(chains):
        for a, b in combinations(sorted(chains[sentence]), 2):
            rows.append((sentence, *a, sentence, *b))
            answers.append(YES if chains[sentence][a] & chains[sentence][b] else NO)
    if not rows:
        raise ProbekitError(f"no sentence of {corpus!r} has two mentions: there is no pair to ask about")
    return pd.DataFrame(rows, columns=list(PAIR)), answers, {"pairs": len(rows), "coreferent": answers.count(YES)}
