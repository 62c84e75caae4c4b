"""Supertaggers as a grid: scores that add up to their tables, what is replaced before parsing, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from golden import Golden, written

import probekit as pk
from probekit.corpora.categories import is_category
from probekit.corpora.chart import dependencies, derive
from probekit.learners.ccg_parsers import PARSERS, chart, parser_named
from probekit.works.supertagging import FREQUENCIES, made, micro_f1, supertagging

golden = Golden(__file__)
CORPUS = "ccg-grammar(n=200, n_test=40)"
OPTIONS = "budget=500, epochs=4, hidden=16, rate=0.02"
HEADS = (f"softmax({OPTIONS})", f"primitives({OPTIONS})")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rows")
    grid = supertagging(
        "try", [CORPUS], ["random:minilm"], HEADS, [0], keep=["supertags", "parses", "novel", "categories"]
    )
    grid.run(out)
    return out


def read(folder: Path) -> pd.DataFrame:
    """Rows with texts as texts."""
    rows = pk.read_results(folder)
    texts = rows.select_dtypes("category").columns
    return rows.astype(dict.fromkeys(texts, str))


def of_head(rows: pd.DataFrame, head: str, split: str = "test") -> pd.Series:
    chosen = rows[rows["probe"].str.startswith(f"{head}(") & (rows["split"] == split)]
    return chosen.assign(name=chosen["metric"] + chosen["subset"]).set_index("name")["value"]


def test_rows_add_up_to_their_tables(folder: Path) -> None:
    rows, corpus = read(folder), pk.load_corpus(CORPUS)
    names = ("supertags", "parses", "novel", "categories")
    words, parses, novel, taught = (pk.read_table(folder, name) for name in names)
    keys = rows.drop_duplicates("key").set_index("probe")["key"]
    for head in HEADS:
        values = of_head(rows, head.partition("(")[0])
        mine = words[words["key"] == keys[head]]
        assert len(mine) == (corpus.sentences["split"].to_numpy()[corpus.sentence_of_word] == "test").sum()
        assert values["accuracy"] == pytest.approx(mine["right"].mean())
        assert (corpus.sentence_of_word[mine["unit"].to_numpy()] == mine["sentence"].to_numpy()).all()
        parts = [mine[mine["frequency"].between(low, high)]["right"] for _, low, high in FREQUENCIES]
        assert sum(map(len, parts)) == len(mine)
        for (name, _, _), part in zip(FREQUENCIES, parts, strict=True):
            value = values[f"accuracyfrequency={name}"]
            assert np.isnan(value) if not len(part) else value == pytest.approx(part.mean())
        kept = parses[parses["key"] == keys[head]]
        assert values["coverage"] == pytest.approx(kept["parsed"].mean())
        assert values["coverage_own"] == pytest.approx(kept["parsed_own"].mean())
        gold, told, shared = (kept.loc[kept["gold"] >= 0, name].sum() for name in ("gold", "told", "shared"))
        assert values["dependency_f1"] == pytest.approx(2 * shared / (gold + told))
        trained = taught[taught["key"] == keys[head]].set_index("category")
        assert (
            trained["count"].sum() == (corpus.sentences["split"].to_numpy()[corpus.sentence_of_word] == "train").sum()
        )
        assert trained.loc["np/n", "primitives"] == 3
        said = novel[(novel["key"] == keys[head]) & (novel["split"] == "test")]
        assert values["replaced_rate"] == pytest.approx(len(said) / len(mine))
        assert values["malformed_rate"] == pytest.approx((said["kind"] == "malformed").sum() / len(mine))
        assert values["gold_coverage"] == 1
        for row in said.itertuples():
            assert (row.kind == "malformed") == (not is_category(row.told)) == bool(row.why)
            assert (row.kind == "right") == (row.told == row.gold)


def test_the_plain_tagger_says_nothing_that_training_lacks(folder: Path) -> None:
    rows = read(folder)
    for split in ("dev", "test"):
        plain = of_head(rows, "softmax", split)
        assert plain["replaced_rate"] == plain["malformed_rate"] == plain["accuracyfrequency=0"] == 0
        assert plain["coverage"] == plain["coverage_own"]
    assert (rows["task"] == "word/ccg").all() and (rows["layer"] == 0).all() and rows["info"].str.contains("beam").all()
    assert rows["info"].str.contains("generated").all()


def test_categories_that_training_lacks_go_to_the_parser_as_the_plain_taggers() -> None:
    from probekit import recipes
    from probekit.learners.supertagger import SavedSupertagger
    from probekit.works.supertagging import Asked

    point = {"dataset": CORPUS, "encoder": "random:minilm", "layer": 0, "probe": HEADS[1], "seed": 0}
    tagger, plain = (SavedSupertagger(recipes.folder(made(point, head))) for head in ("", "softmax"))
    corpus = pk.load_corpus(CORPUS)
    part = Asked(corpus, np.arange(200, 240), tagger, plain, "chart")
    part.told = part.told.copy()
    part.told[3], part.told[5] = "(((", "s:new/np"
    part.unknown = np.array([one not in tagger.counts for one in part.told])
    says = plain.answers(corpus, part.rows)[0]
    assert (part.replaced == np.where(part.unknown, says, part.told)).all() and part.unknown[[3, 5]].all()
    assert part.of_told[part.sentence[3]] is None
    assert {line[2] for line in part.novelties()} >= {"malformed", "wrong"}


def test_dependencies_of_sentences_whose_gold_does_not_parse_are_left_out() -> None:
    tallies = np.array([[4, 4, 2], [-1, -1, -1], [2, 0, 0], [1, 1, 1]])
    score = micro_f1(tallies)
    assert score.value == pytest.approx(2 * 3 / (7 + 5)) and "1 sentences" in score.note
    assert np.isnan(micro_f1(np.array([[-1, -1, -1]])).value)


def test_a_chart_parses_what_it_can() -> None:
    sentences = [["np", r"s:dcl\np"], ["np", "np"], ["np", "(("], ["np", r"s:dcl\np"]]
    found = chart(sentences)
    derived = derive(sentences[0])
    assert derived is not None and found[0] == found[3] == frozenset(dependencies(derived))
    assert found[1] is found[2] is None
    with pytest.raises(pk.ProbekitError, match="chart"):
        parser_named("sketch")
    assert "chart" in PARSERS


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("crf", "crf"),
        ("softmax(seed=1)", "seed is no option"),
        ("softmax(width=3)", "width is no option"),
        ("softmax(beam=0)", "beam"),
    ],
)
def test_heads_that_are_not_there_are_refused_before_work(head: str, said: str) -> None:
    with pytest.raises(pk.ProbekitError, match=said):
        supertagging("try", [CORPUS], ["random:minilm"], [head], [0]).plan("out")


def test_a_layer_that_is_not_there_and_a_corpus_without_parts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(pk.ProbekitError, match="99"):
        supertagging("try", [CORPUS], ["random:minilm"], [HEADS[0]], [99]).plan("out")
    grid = supertagging("try", [f"{CORPUS}|split(train)"], ["random:minilm"], [HEADS[0]], [0])
    with pytest.raises(pk.ProbekitError, match="no split dev or test"):
        grid.run(tmp_path)


def drawn_vectors() -> str:
    """A table of the words of the corpus, as an encoder: no library draws its numbers."""
    words, rng = sorted(set(map(str, pk.load_corpus(CORPUS).form))), np.random.default_rng(7)
    lines = [f"{word} " + " ".join(f"{x:.4f}" for x in rng.normal(size=24)) for word in words]
    return f"static:{written('supertagged.txt', chr(10).join(lines) + chr(10))}"


def work_numbers(spec: str) -> list[float]:
    import tempfile

    with tempfile.TemporaryDirectory() as out:
        found = supertagging("try", [CORPUS], [drawn_vectors()], HEADS).run(out)
    return found.dropna(subset=["value"]).sort_values(["probe", "split", "metric", "subset"])["value"].tolist()


golden.case("work:supertagging", work_numbers, tolerance=1e-2)
test_numbers_stay, _ = golden.tests()
