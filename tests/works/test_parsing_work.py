"""Parsers as a grid: attachment scores by hand, what generated trees are, and its golden case."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from golden import Golden

import probekit as pk
from probekit import recipes
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError
from probekit.learners.parser import SavedParser
from probekit.works.parsing import made

golden = Golden(__file__)
TREES = "grammar(n=60)|resplit"
PARSER = (
    f'parser:"{TREES}"(inputs=["random:minilm"], layer=0, layers=0, arc=8, label=6, epochs=2, rate=0.02, budget=150)'
)


def grid(seeds: list[int]) -> pk.Grid:
    return pk.Grid("try", "parsing", {"dataset": [TREES], "encoder": [PARSER], "seed": seeds})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rows")
    grid([0, 1]).run(out)
    return out


def test_attachment_is_the_share_of_words_whose_head_and_relation_are_right(folder: Path) -> None:
    found = pk.read_results(folder)
    assert set(found["metric"]) == {"uas", "las", "label_accuracy"} and set(found["split"]) == {"test"}
    corpus = load_corpus(TREES)
    rows = np.flatnonzero(corpus.sentences["split"].astype(str) == "test")
    words = np.isin(corpus.sentence_of_word, rows)
    saved = SavedParser(recipes.folder(made({"encoder": PARSER, "seed": 1})))
    heads, names = saved.answers(corpus, rows)
    gold = [str(one).partition(":")[0] for one in np.asarray(corpus.layers["deprel"], dtype=object)[words]]
    right = heads == np.asarray(corpus.layers["head"])[words]
    value = found[found["seed"] == 1].set_index("metric")
    assert value.loc["uas", "value"] == pytest.approx(right.mean())
    assert value.loc["las", "value"] == pytest.approx((right & (names == np.array(gold, dtype=object))).mean())
    assert (found["ci_low"] <= found["value"]).all() and (found["value"] <= found["ci_high"]).all()
    assert found["n_test"].unique().tolist() == [int(words.sum())]


def test_attachment_is_that_of_the_shared_task(folder: Path) -> None:
    """udtools scores files of CoNLL-U as the CoNLL 2018 shared task did."""
    udeval = pytest.importorskip("udtools.udeval")
    corpus = load_corpus(TREES)
    rows = np.flatnonzero(corpus.sentences["split"].astype(str) == "test")
    words = np.isin(corpus.sentence_of_word, rows)
    heads, names = SavedParser(recipes.folder(made({"encoder": PARSER, "seed": 1}))).answers(corpus, rows)
    gold = np.asarray(corpus.layers["head"])[words], np.asarray(corpus.layers["deprel"], dtype=object)[words]

    def file(heads: np.ndarray, names: np.ndarray) -> io.StringIO:
        lines, at = [], 0
        for i in rows:
            for number, word in enumerate(corpus.words(i), start=1):
                lines.append(f"{number}\t{word}\t_\t_\t_\t_\t{heads[at]}\t{names[at]}\t_\t_")
                at += 1
            lines.append("")
        return io.StringIO("\n".join([*lines, ""]))

    read = [udeval.load_conllu(file(*one), "gold or ours", {}) for one in (gold, (heads, names))]
    theirs = udeval.evaluate(*read)
    found = pk.read_results(folder)
    value = found[found["seed"] == 1].set_index("metric")["value"]
    assert value["uas"] == pytest.approx(theirs["UAS"].f1) and value["las"] == pytest.approx(theirs["LAS"].f1)
    assert theirs["UAS"].f1 < 1


def test_a_seed_in_the_spec_is_refused() -> None:
    with pytest.raises(ProbekitError, match="axis of its own"):
        made({"encoder": PARSER.replace("layers=0", "layers=0, seed=3")})


def parsing_numbers(spec: str) -> list[float]:
    with tempfile.TemporaryDirectory() as out:
        return grid([0]).run(out).sort_values("metric")["value"].tolist()


golden.case("work:parsing", parsing_numbers, tolerance=0.02)
test_numbers_stay, _ = golden.tests()
