"""Tasks over spans: what the units are, how negatives are drawn, the numbers of the study's card."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import parse_tree
from probekit.corpora.steps.documents import documents_once, split_documents
from probekit.errors import ProbekitError
from probekit.tasks.spans import sample_negatives

NAMES = (
    "span/constituent-label", "span/constituent-detection", "span/entity-label", "span/semantic-role",
    "span/mention-detection", "span/coreference-arc",
)  # fmt: skip


@pytest.fixture(scope="module")
def grammar() -> Corpus:
    return load_corpus("grammar(n=300)")


def answers(corpus: Corpus, spec: str) -> dict[tuple[int, ...], object]:
    """Target by (sentence, start, end[, sentence2, start2, end2])."""
    task = tasks.get(spec)
    units = task.units(corpus)
    columns = [c for c in ("sentence", "start", "end", "sentence2", "start2", "end2") if c in units]
    keys = [tuple(row) for row in units[columns].to_numpy().tolist()]
    assert len(set(keys)) == len(keys), "a unit is asked about twice"
    assert units["unit"].tolist() == list(range(len(units))) and units["group"].tolist() == units["sentence"].tolist()
    assert keys == sorted(keys)
    return dict(zip(keys, task.targets(corpus).tolist(), strict=True))


def by_hand(words: int, **spans: list[tuple]) -> Corpus:
    """One sentence of so many words with span layers."""
    columns = {
        "entity": ["sentence", "start", "end", "label"],
        "coreference": ["sentence", "start", "end", "entity"],
        "predicate_argument": ["sentence", "start", "end", "sentence2", "start2", "end2", "label"],
    }
    made = Corpus.from_words([[f"w{i}" for i in range(words)]])
    tables = {name.replace("_", "-"): pd.DataFrame(rows, columns=columns[name]) for name, rows in spans.items()}
    return Corpus(made.form, made.offsets, sentences=made.sentences, spans=tables)


# --- labels ------------------------------------------------------------------------------------------


def test_constituents_are_the_nodes_above_the_tags_and_unary_chains_give_several_labels(grammar: Corpus) -> None:
    expected: dict[tuple[int, int, int], set[str]] = defaultdict(set)
    for sentence, text in enumerate(grammar.trees):
        tree = parse_tree(text)
        for label, start, end in zip(tree.labels, tree.starts, tree.ends, strict=True):
            if label != "TOP":
                expected[sentence, start, end].add(label)
    found = answers(grammar, "span/constituent-label")
    assert found == {key: tuple(sorted(labels)) for key, labels in expected.items()}
    assert any(len(labels) > 1 for labels in found.values()) and any(end - start == 1 for _, start, end in found)
    assert tasks.get("span/constituent-label").counts(grammar)["spans"] == len(found)


def test_entities_and_roles_are_the_rows_of_their_layers(grammar: Corpus) -> None:
    table = grammar.spans["entity"]
    assert answers(grammar, "span/entity-label") == {
        (s, a, b): (label,) for s, a, b, label in table.itertuples(index=False)
    }
    table = grammar.spans["predicate-argument"]
    assert answers(grammar, "span/semantic-role") == {tuple(row[:6]): (row[6],) for row in table.values.tolist()}
    twice = by_hand(4, entity=[(0, 1, 3, "ORG"), (0, 1, 3, "GPE"), (0, 0, 1, "PER"), (0, 1, 3, "ORG")])
    assert answers(twice, "span/entity-label") == {(0, 0, 1): ("PER",), (0, 1, 3): ("GPE", "ORG")}


def test_coreference_asks_of_every_pair_of_a_sentence() -> None:
    corpus = by_hand(6, coreference=[(0, 0, 1, 7), (0, 2, 3, 7), (0, 4, 6, 8), (0, 0, 1, 9), (0, 5, 6, 9)])
    mentions = {(0, 1): {7, 9}, (2, 3): {7}, (4, 6): {8}, (5, 6): {9}}
    expected = {
        (0, *a, 0, *b): "yes" if mentions[a] & mentions[b] else "no" for a, b in combinations(sorted(mentions), 2)
    }
    assert answers(corpus, "span/coreference-arc") == expected
    assert tasks.get("span/coreference-arc").counts(corpus) == {"pairs": 6, "coreferent": 2}
    assert Counter(expected.values()) == {"no": 4, "yes": 2}


# --- negatives ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "layer", "each"),
    [
        ("span/constituent-detection", "trees", 1),
        ("span/mention-detection", "coreference", 5),
        ("span/mention-detection(negatives=2)", "coreference", 2),
    ],
)
def test_negatives_are_distinct_of_the_same_length_and_never_a_positive(
    grammar: Corpus, name: str, layer: str, each: int
) -> None:
    found = answers(grammar, name)
    positives = {key for key, answer in found.items() if answer == "yes"}
    negatives = {key for key, answer in found.items() if answer == "no"}
    if layer == "trees":
        label = answers(grammar, "span/constituent-label")
        assert positives == {key for key in label if (key[1], key[2]) != (0, grammar.lengths[key[0]])}
        assert not negatives & set(label), "a constituent of the whole sentence is no negative"
    else:
        table = grammar.spans["coreference"]
        assert positives == set(table[["sentence", "start", "end"]].itertuples(index=False, name=None))
    wanted = Counter((s, b - a) for s, a, b in positives)
    drawn = Counter((s, b - a) for s, a, b in negatives)
    assert set(drawn) <= set(wanted)
    short = 0
    for (sentence, length), n in wanted.items():
        free = grammar.lengths[sentence] - length + 1 - n
        assert drawn[sentence, length] == min(each * n, free)
        short += max(0, each * n - free)
    counts = tasks.get(name).counts(grammar)
    assert counts == {"positives": len(positives), "negatives": len(negatives), "negatives_short": short} and short


def test_draws_depend_on_the_sentence_and_the_seed_alone(grammar: Corpus) -> None:
    every = answers(grammar, "span/constituent-detection")
    part = grammar.select([250, 7])
    moved = {(1 - s // 250 if s == 250 else 1, a, b): x for (s, a, b), x in every.items() if s in (250, 7)}
    assert answers(part, "span/constituent-detection") == moved
    assert answers(grammar, "span/constituent-detection(seed=1)") != every
    few = answers(grammar, "span/mention-detection(negatives=2)")
    assert few.items() <= answers(grammar, "span/mention-detection").items()


def test_negatives_are_drawn_evenly() -> None:
    corpus = by_hand(12, coreference=[(0, 3, 5, 0), (0, 6, 8, 0)])
    drawn = Counter()
    for seed in range(600):
        spans, short = sample_negatives({0: [(3, 5), (6, 8)]}, corpus, 1, seed, "mentions")
        assert short == 0 and len(set(spans)) == 2
        drawn.update(start for _, start, _ in spans)
    free = [0, 1, 2, 4, 5, 7, 8, 9, 10]
    assert sorted(drawn) == free
    expected = 1200 / len(free)
    assert sum((drawn[start] - expected) ** 2 / expected for start in free) < 26  # chi square of 8: p > .001


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("span/mention-detection(negatives=0)", "(negatives=0): negatives of this task is a whole number from 1"),
        ("span/mention-detection(negatives=1.5)", "negatives=1.5"),
        ("span/constituent-detection(seed=a)", "(seed=a): seed of this task is a whole number"),
    ],
)
def test_wrong_options_are_refused(grammar: Corpus, spec: str, message: str) -> None:
    with pytest.raises(ProbekitError, match=re.escape(message)):
        tasks.get(spec).units(grammar)


def test_a_corpus_without_the_layer_is_refused_with_those_that_have_it() -> None:
    corpus = Corpus.from_words([["a", "b"]])
    for name in NAMES:
        layer = tasks.get(name).requires[0]
        with pytest.raises(ProbekitError, match=f"no layer '{layer}'.*corpora that have '{layer}': .*grammar"):
            tasks.get(name).units(corpus)
    empty = by_hand(3, entity=[], coreference=[], predicate_argument=[])
    for name, message in zip(NAMES[2:], ("no entities", "no predicates", "no mentions", "two mentions"), strict=True):
        with pytest.raises(ProbekitError, match=message):
            tasks.get(name).units(empty)
    outside = by_hand(3, entity=[(0, 2, 4, "X")])
    with pytest.raises(ProbekitError, match=r"words 2:4 of sentence 0, which is not a span inside"):
        tasks.get("span/entity-label").units(outside)


# --- splits by document ------------------------------------------------------------------------------


def test_a_split_by_document_keeps_documents_whole_and_fills_every_split(grammar: Corpus) -> None:
    split = load_corpus("grammar(n=300)|split-documents").sentences
    assert split.groupby("document")["split"].nunique().max() == 1
    shares = split["split"].value_counts(normalize=True)
    assert abs(shares["train"] - 0.7) < 0.04 and abs(shares["dev"] - 0.15) < 0.04
    for sizes in ([1, 1, 50], [50, 1, 1], [1, 50, 1, 1]):
        made = Corpus.from_words([["a"]] * sum(sizes), document=np.repeat(np.arange(len(sizes)), sizes).astype(str))
        for seed in range(5):
            assert set(split_documents(made, seed=seed).sentences["split"]) == {"train", "dev", "test"}
    for wrong in ("dev=0.9, test=0.1", "dev=0", "dev=a", "seed=0.5"):
        with pytest.raises(ProbekitError, match=r"split-documents\("):
            load_corpus(f"grammar(n=300)|split-documents({wrong})")
    with pytest.raises(ProbekitError, match="has 1 documents, and each split needs one"):
        split_documents(Corpus.from_words([["a"], ["b"], ["c"]]))


def test_a_document_in_several_parts_is_kept_in_the_one_that_is_scored():
    words = [[word] for word in "abcdefg"]
    documents = ["one", "one", "two", "two", "", "", "three"]
    splits = ["train", "test", "dev", "train", "train", "dev", "train"]
    made = Corpus.from_words(words, document=documents, split=splits)
    once = documents_once(made)
    assert once.texts == ["b", "c", "e", "f", "g"] and once.digest != made.digest
    assert list(once.sentences["split"]) == ["test", "dev", "train", "dev", "train"]
    with pytest.raises(ProbekitError, match="names no documents"):
        documents_once(Corpus.from_words(words, split=splits))


# --- the numbers of the card -------------------------------------------------------------------------


@pytest.mark.data
def test_the_wsj_sample_gives_the_numbers_of_the_study() -> None:
    corpus = load_corpus("wsj-sample")
    label, detection = tasks.get("span/constituent-label"), tasks.get("span/constituent-detection")
    nodes = label.counts(corpus)["nodes"]
    assert nodes == 73461 and len({x for labels in label.targets(corpus) for x in labels}) == 26
    counts = detection.counts(corpus)
    assert counts == {"positives": 65586, "negatives": 65579, "negatives_short": 7}
    assert round((counts["positives"] + counts["negatives"]) / nodes, 2) == 1.79
