"""Analogies against gensim question by question and against loops; several answers, unknown words, files, refusals."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import probekit as pk
from probekit.corpora.word_items import load_items
from probekit.embeddings.analogies import Solver
from probekit.embeddings.measures import get
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName

PAIRS = {
    "capital": [(f"city{i}", f"land{i}") for i in range(9)],
    "gram1-plural": [(f"one{i}", f"many{i}") for i in range(7)],
}


@pytest.fixture(scope="module")
def table() -> WordTable:
    """Pairs of words with a common offset and noise, so that some analogies hold and some do not."""
    draw, words, vectors = np.random.default_rng(0), [], []
    for pairs in PAIRS.values():
        offset = draw.normal(size=6)
        for left, right in pairs:
            start = draw.normal(size=6)
            words += [left, right]
            vectors += [start, start + offset + 0.5 * draw.normal(size=6)]
    words += [f"other{i}" for i in range(60)]
    return WordTable(words, np.array([*vectors, *draw.normal(size=(60, 6))], dtype=np.float32))


@pytest.fixture(scope="module")
def questions(tmp_path_factory) -> str:
    lines = []
    for category, pairs in PAIRS.items():
        lines.append(f": {category}")
        lines += [f"{a} {b} {c} {d}" for a, b in pairs for c, d in pairs if a != c]
    path = tmp_path_factory.mktemp("analogies") / "questions.txt"
    path.write_text("\n".join([*lines, "one0 many0 one1 unheard-of", ""]), encoding="utf-8")
    return str(path)


def answers(path: str, table: WordTable, solver: str, **options) -> tuple[pd.DataFrame, np.ndarray]:
    """Questions that were answered, and whether each answer was right."""
    given = ", ".join(f"{key}={value}" for key, value in options.items())
    whole = pk.benchmarks.get(f"analogy:{path}({given})").answer(table, get(solver, Solver))[0]
    return load_items(f"analogies:{path}").items.iloc[whole.unit], np.asarray(whole.scores, dtype=bool)


def by_gensim(path: str, table: WordTable) -> list[tuple[str, ...]]:
    """The questions that gensim answers rightly."""
    gensim = pytest.importorskip("gensim.models")
    vectors = gensim.KeyedVectors(table.width)
    vectors.add_vectors(list(table.words), np.array(table.vectors))
    _, sections = vectors.evaluate_word_analogies(path)
    return [tuple(word.lower() for word in one) for section in sections[:-1] for one in section["correct"]]


def test_3cosadd_answers_as_gensim_does_question_by_question(table, questions):
    asked, right = answers(questions, table, "3cosadd")
    ours = [(*one[:3], one[3][0]) for one in asked[right][["a", "b", "c", "answers"]].to_numpy()]
    assert ours == by_gensim(questions, table) and 10 < len(ours) < len(asked) == 9 * 8 + 7 * 6


@pytest.mark.data
def test_the_questions_of_google_as_gensim_answers_them(tmp_path):
    table = pk.load_table("glove")
    items = load_items("google-analogies").items.iloc[::20]
    path = tmp_path / "questions.txt"
    with open(path, "w", encoding="utf-8") as file:
        for category, own in items.groupby("category", sort=False):
            file.write(f": {category}\n")
            file.writelines(f"{a} {b} {c} {d[0]}\n" for a, b, c, d in own[["a", "b", "c", "answers"]].to_numpy())
    asked, right = answers(str(path), table, "3cosadd")
    ours = [
        tuple(word.lower() for word in (*one[:3], one[3][0]))
        for one in asked[right][["a", "b", "c", "answers"]].to_numpy()
    ]
    assert ours == by_gensim(str(path), table) and len(ours) > 400


def plain(table: WordTable, a: str, b: str, c: str, solver: str) -> list[str]:
    """Words by how well they answer, from the definition in float64."""
    unit = {
        word: vector / np.linalg.norm(vector)
        for word, vector in zip(table.words, table.vectors.astype(float), strict=True)
    }
    found = {}
    for word in set(table.words) - {a, b, c}:
        to_a, to_b, to_c = (unit[word] @ unit[other] for other in (a, b, c))
        shifted = (to_b + 1) / 2 * (to_c + 1) / 2 / ((to_a + 1) / 2 + 0.001)
        found[word] = shifted if solver == "3cosmul" else to_b - to_a + to_c
    return sorted(found, key=lambda word: -found[word])


@pytest.mark.parametrize("solver", ["3cosadd", "3cosmul"])
@pytest.mark.parametrize("n", [1, 5])
def test_answers_are_those_of_a_loop(table, questions, solver, n):
    asked, right = answers(questions, table, solver, n=n)
    expected = [one.answers[0] in plain(table, one.a, one.b, one.c, solver)[:n] for one in asked.itertuples()]
    assert right.tolist() == expected and 0 < sum(expected) < len(expected)


def test_the_set_theoretic_answer_is_that_of_a_loop(questions, table):
    features = 1 / (1 + np.exp(-np.asarray(table.vectors, dtype=float)))
    fuzzy = WordTable(table.words, features.astype(np.float32))
    asked, right = answers(questions, fuzzy, "fuzzy-set(rescale=false)")
    rows = dict(zip(fuzzy.words, np.asarray(fuzzy.vectors, dtype=float), strict=True))
    expected = []
    for one in asked.itertuples():
        both = np.minimum(1, rows[one.b] + rows[one.c])
        y = both - np.minimum(both, rows[one.a])
        entropy = {
            word: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
            for word, p in rows.items()
            if word not in (one.a, one.b, one.c)
        }
        expected.append(min(entropy, key=entropy.__getitem__) == one.answers[0])
    assert right.tolist() == expected and any(expected)
    with pytest.raises(ProbekitError, match="no probabilities"):
        answers(questions, table, "fuzzy-set")


def test_rescaled_sets_have_the_mean_mass_of_the_words(questions, table):
    features = 1 / (1 + np.exp(-np.asarray(table.vectors, dtype=float))) / 50
    solver = get("fuzzy-set", Solver)
    words = solver.prepare(features)
    composed = solver.over(words)._sets(np.array([[0, 1, 2], [5, 9, 3]]))
    assert solver.measure.features(composed).sum(axis=1) == pytest.approx(features.sum(axis=1).mean(), rel=1e-4)


def test_rows_are_of_all_of_meaning_of_forms_and_of_each_category(table, questions):
    found = pk.benchmarks.get(f"analogy:{questions}").score(table).set_index("subset")
    assert list(found.index) == ["", "sem", "syn", "category=capital", "category=gram1-plural"]
    assert found["n"].tolist() == [114, 72, 42, 72, 42]
    assert found.loc["syn", "coverage"] == pytest.approx(42 / 43)
    assert found.loc["sem", "value"] == found.loc["category=capital", "value"]
    assert (found["ci_low"] < found["value"]).all()


def test_any_of_several_answers_is_right(table, tmp_path):
    path = tmp_path / "several.csv"
    rows = [f"t,city{i},land{i},city{(i + 1) % 9},other1|land{(i + 1) % 9}" for i in range(9)]
    rows += [f"t,city{i},land{i},city{(i + 2) % 9},nowhere|land{(i + 2) % 9}" for i in range(9)]
    path.write_text("\n".join(["type,word1,word2,word3,target", *rows]), encoding="utf-8")
    asked, right = answers(str(path), table, "3cosadd")
    expected = [plain(table, one.a, one.b, one.c, "3cosadd")[0] in one.answers for one in asked.itertuples()]
    assert right.tolist() == expected and any(expected) and len(asked) == 18


@pytest.mark.parametrize("mark", ["_", "-"])
def test_forms_of_several_parts_are_found_as_the_table_joins_them(table, tmp_path, mark):
    parted = {"city0": "Solar System", "land1": "water tower"}
    words = [parted.get(word, word).lower().replace(" ", mark) for word in table.words]
    rows = [(f"city{i}", f"land{i}", f"city{(i + 1) % 9}", f"land{(i + 1) % 9}") for i in range(9)]
    rows += [(f"city{i}", f"land{i}", f"city{(i + 2) % 9}", f"land{(i + 2) % 9}") for i in range(9)]
    found = []
    for names, asked in ((table.words, {}), (words, parted)):
        path = tmp_path / f"{len(asked)}.csv"
        lines = [",".join(["t", *(asked.get(word, word) for word in row)]) for row in rows]
        path.write_text("\n".join(["type,word1,word2,word3,target", *lines]), encoding="utf-8")
        found.append(pk.benchmarks.get(f"analogy:{path}").score(WordTable(names, table.vectors)))
    assert found[0]["n"].tolist() == found[1]["n"].tolist() and found[0]["n"].iloc[0] == 18
    assert found[0]["value"].tolist() == found[1]["value"].tolist() and found[0]["value"].iloc[0] > 0


def test_unknown_words_are_what_was_asked_for(table, questions):
    rows = {way: answers(questions, table, "3cosadd", unknown=way) for way in ("skip", "wrong", "mean", "zero")}
    right = {way: int(found.sum()) for way, (_, found) in rows.items()}
    assert {way: len(asked) for way, (asked, _) in rows.items()} == {
        "skip": 114,
        "wrong": 115,
        "mean": 115,
        "zero": 115,
    }
    assert len(set(right.values())) == 1  # its answer is unknown, so nothing finds it


def test_answers_are_sought_among_the_candidates(table, questions):
    found = pk.benchmarks.get(f"analogy:{questions}(candidates=18)").score(table)
    assert found["n"].iloc[0] == 72 and np.isnan(found.set_index("subset").loc["syn", "value"])
    asked, right = answers(questions, table, "3cosadd", candidates=18)
    few = WordTable(table.words[:18], table.vectors[:18])
    assert right.tolist() == answers(questions, few, "3cosadd")[1].tolist() and len(asked) == 72


def test_exact_ties_are_counted(questions, table):
    asked, right = answers(questions, table, "3cosadd")
    twin = table.vector(asked[right].answers.iloc[0][0])[None]
    double = WordTable([*table.words, "twin"], np.concatenate([table.vectors, twin]))
    benchmark, solver = pk.benchmarks.get(f"analogy:{questions}"), get("3cosadd", Solver)
    before, after = (benchmark.answer(one, solver)[0] for one in (table, double))
    assert before.info["ties"] == 0 < after.info["ties"] and before.score.value == after.score.value


def test_what_does_not_fit_is_refused(table, questions, tmp_path):
    with pytest.raises(ProbekitError, match="3cosadd"):
        pk.benchmarks.get(f"analogy:{questions}").score(table, measure="cosine")
    with pytest.raises(UnknownName, match="way with unknown words"):
        pk.benchmarks.get(f"analogy:{questions}(unknown=drop)")
    broken = tmp_path / "broken.txt"
    broken.write_text(": capital\na b c d\na b c\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match=":3: expected four words, got 3"):
        load_items(f"analogies:{broken}")


def test_memory_stays_small_above_the_table(questions, table):
    draw = np.random.default_rng(1)
    vectors = np.concatenate([table.vectors, draw.normal(size=(40_000, 6)).astype(np.float32)])
    large = WordTable([*table.words, *(f"more{i}" for i in range(40_000))], vectors)
    tracemalloc.start()
    answers(questions, large, "3cosmul")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


def test_choices_are_read_in_blocks(tmp_path):
    path = tmp_path / "sat.txt"
    path.write_text(
        "# source\n\n7 FROM REAL EXAMS\nlull trust v:n\nbalk fortitude v:n\ncajole compliance v:n\nb\n\n",
        encoding="utf-8",
    )
    items = load_items(f"choices:{path}").items
    assert items.to_dict("records") == [
        {
            "a": "lull",
            "b": "trust",
            "left_choices": ("balk", "cajole"),
            "right_choices": ("fortitude", "compliance"),
            "gold": 1,
        }
    ]
    path.write_text("lull trust\nbalk fortitude\ncajole compliance\nd\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match=":1: 'd' names none of 2 choices"):
        load_items(f"choices:{path}")


def test_a_grid_keeps_how_many_of_each_group_were_right(table, questions, tmp_path):
    table.save(tmp_path / "table")
    grid = pk.benchmarking(
        "try", [f"static:{tmp_path / 'table'}"], [f"analogy:{questions}"], keep=["groups", "predictions"]
    )
    rows = grid.run(tmp_path / "out")
    kept, each = (pk.read_table(tmp_path / "out", name) for name in ("groups", "predictions"))
    by_hand = each.groupby("group")["score"].agg(["size", "sum"])
    kept = kept.set_index("group").loc[by_hand.index]
    assert kept["n"].tolist() == by_hand["size"].tolist() and kept["right"].tolist() == by_hand["sum"].tolist()
    assert kept["right"].sum() / kept["n"].sum() == pytest.approx(rows.set_index("subset").loc["", "value"])
