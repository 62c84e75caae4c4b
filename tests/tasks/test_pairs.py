"""Tasks of pairs of sentences: units and answers, the vectors that probes read, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import probekit as pk
from probekit import tasks
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError
from probekit.works.probing_answers import vectors_of_units
from probekit.works.units import same_units

HEADING = "sentence1\tsentence2\tentailment\trelatedness\n"


def write(folder, name: str, n: int, seed: int = 0) -> str:
    """Pairs that share a word where one entails the other."""
    draw = np.random.default_rng(seed)
    lines = []
    for i in range(n):
        word = f"w{draw.integers(40)}"
        other = word if i % 2 else f"v{draw.integers(40)}"
        lines.append(f"a {word} runs\tthe {other} runs\t{('no', 'yes')[i % 2]}\t{i % 2 * 4 + 0.5}\n")
    (folder / name).write_text(HEADING + "".join(lines), encoding="utf-8")
    return str(folder / name)


def test_units_are_pairs_and_answers_those_of_their_line(tmp_path):
    corpus = load_corpus(f"pairs:{write(tmp_path, 'x-dev.tsv', 6)}")
    task = tasks.get("pair/entailment")
    units = task.units(corpus)
    assert units["sentence"].tolist() == [0, 2, 4, 6, 8, 10] and units["sentence2"].tolist() == [1, 3, 5, 7, 9, 11]
    assert task.targets(corpus).tolist() == ["no", "yes"] * 3
    assert tasks.get("pair/relatedness").targets(corpus).tolist() == [0.5, 4.5] * 3
    assert set(corpus.sentences["split"]) == {"dev"}


def test_a_probe_reads_the_gap_and_the_product_of_two_vectors(tmp_path):
    corpus = load_corpus(f"pairs:{write(tmp_path, 'x.tsv', 6)}")
    (part,) = same_units([tasks.get("pair/entailment")], corpus, "sentence")
    vectors = np.random.default_rng(0).normal(size=(12, 3))
    found = vectors_of_units(part, corpus, vectors, "mean")
    for row in range(6):
        u, v = vectors[2 * row], vectors[2 * row + 1]
        assert found[row] == pytest.approx([*np.abs(u - v), *(u * v)])


def test_a_grid_asks_pairs_of_a_static_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = ",".join(write(tmp_path, f"x-{part}.tsv", n, n) for part, n in (("train", 300), ("test", 100)))
    words = [f"{kind}{i}" for kind in "wv" for i in range(40)] + ["a", "the", "runs"]
    vectors = np.random.default_rng(1).normal(size=(len(words), 16)).astype(np.float32)
    pk.embeddings.table.WordTable(words, vectors).save("table")
    asked = ["pair/entailment", "pair/relatedness"]
    grid = pk.probing(
        "pairs", [f"pairs:{files}"], ["static:table"], tasks=asked, probes=["logistic", "ridge"], folds=0,
        controls=["majority"],
    )  # fmt: skip
    rows = grid.run("out").query("split == 'test'").set_index(["task", "control", "metric"])["value"]
    assert rows["pair/entailment", "", "accuracy"] > 0.9 > 0.6 > rows["pair/entailment", "majority", "accuracy"]
    assert rows["pair/relatedness", "", "spearman"] > 0.7


def test_what_is_no_table_of_pairs_is_named_with_its_line(tmp_path):
    path = tmp_path / "x.tsv"
    for text, told in (
        ("first\tsecond\na\tb\n", r"x\.tsv:1: the heading has no column 'sentence1'"),
        (HEADING + "a b\tc\tyes\n", r"x\.tsv:2: 3 cells where the heading has 4"),
        (HEADING + "a b\t \tyes\t1\n", r"x\.tsv:2: a pair without one of its sentences"),
        ("sentence1\tsentence2\tid\na\tb\t1\n", r"x\.tsv:1: the column 'id' has a name of its own"),
    ):
        path.write_text(text)
        with pytest.raises(ProbekitError, match=told):
            load_corpus(f"pairs:{path}")
    with pytest.raises(ProbekitError, match="no layer 'pair'"):
        tasks.get("pair/entailment").targets(load_corpus("grammar(n=5)"))


@pytest.mark.data
def test_sick_has_its_published_pairs():
    corpus = load_corpus("sick")
    sizes = corpus.sentences["split"].value_counts() // 2
    assert sizes.to_dict() == {"train": 4500, "dev": 500, "test": 4927}
    labels, counts = np.unique(tasks.get("pair/entailment").targets(corpus), return_counts=True)
    assert dict(zip(labels, counts, strict=True)) == {"contradiction": 1459, "entailment": 2857, "neutral": 5611}


@pytest.mark.data
@pytest.mark.parametrize(
    ("spec", "train", "classes"), [("trec", 5452, 6), ("trec(fine=true)", 5452, 50), ("mpqa", 0, 2)]
)
def test_questions_and_phrases_have_their_classes(spec, train, classes):
    corpus = load_corpus(spec)
    assert (corpus.sentences["split"] == "train").sum() == train
    assert corpus.sentences["label"].nunique() == classes
