"""The study of fuzzy sets: its parts on generated text, its rules by hand on small tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probekit.paper_figures import _fuzzy_embeddings_gains as gains
from probekit.paper_figures import _fuzzy_embeddings_view as view

import probekit as pk
from probekit import report
from probekit import study as studies
from probekit.embeddings.table import WordTable
from probekit.grid import run_all
from probekit.report.claims import published, views
from probekit.scores import paired_bootstrap

STUDY = studies.complete("fuzzy-embeddings")
RESULTS = Path(__file__).parents[2] / "results" / STUDY.name
WORDS = [f"word{i}" for i in range(60)]
PROGRAM = "fuzzy(base=2, normalise=row)"


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """A small table scored on rated pairs and analogies of its words, as the study asks for them."""
    folder = tmp_path_factory.mktemp("fuzzy")
    draw = np.random.default_rng(0)
    WordTable(WORDS, draw.normal(size=(60, 8)).astype(np.float32)).save(folder / "table")
    pairs = [(WORDS[i], WORDS[(7 * i + 3) % 60], draw.integers(0, 10)) for i in range(50)]
    (folder / "pairs.tsv").write_text("".join(f"{a}\t{b}\t{rating}\n" for a, b, rating in pairs))
    questions = [draw.choice(WORDS, 4, replace=False) for _ in range(40)]
    lines = ["word1,word2,word3,target,type", *(",".join([*one, "kind"]) for one in questions)]
    (folder / "analogies.csv").write_text("\n".join(lines))
    table, out = f"static:{folder / 'table'}", folder / "results" / STUDY.name
    for tables, measures in (([table], ["cosine"]), ([f"{table}|{PROGRAM}"], ["fuzzy-cross-entropy"])):
        pk.benchmarking(STUDY.name, tables, [f"similarity:{folder}/pairs.tsv"], measures, keep=["predictions"]).run(out)
    for tables, measures in (([table], ["3cosadd"]), ([f"{table}|{PROGRAM}"], ["fuzzy-set"])):
        pk.benchmarking(STUDY.name, tables, [f"analogy:{folder}/analogies.csv"], measures, keep=["groups"]).run(out)
    (found,) = views(STUDY, pk.read_results(out))
    return found


def test_a_gain_of_likeness_is_the_paired_bootstrap_over_pairs(rated):
    sides = [{"measure": view.CROSS}, {"measure": view.COSINE}]
    found = rated.gain("spearman", *sides)
    one, other = (rated.answers[rated.score(metric="spearman", **side)["key"]] for side in sides)
    expected = paired_bootstrap("spearman", one["gold"], one["score"], other["score"])
    assert (found.difference, found.low, found.high) == pytest.approx(
        (expected.difference, expected.low, expected.high)
    )
    assert found.unit == "pair" and found.n == 50
    scores = [rated.score(metric="spearman", **side)["value"] for side in sides]
    assert found.difference == pytest.approx(scores[0] - scores[1])


def test_a_gain_of_analogies_is_over_groups_of_questions(rated):
    sides = [{"measure": view.SETS}, {"measure": view.OFFSET}]
    found = rated.gain("accuracy", *sides)
    values = [rated.score(metric="accuracy", **side)["value"] for side in sides]
    assert found.difference == pytest.approx(values[0] - values[1]) and found.unit == "word pair"
    assert found.low <= found.difference <= found.high
    with pytest.raises(report.NotTestable, match="no rows of"):
        rated.gain("accuracy", {"measure": view.SETS, "first": 5}, sides[1])


def test_readings_tables_and_turns_by_their_specs():
    novels = "word2vec:english-novels(alpha=0.05, epochs=3, size=50)"
    named = {
        novels: ("word2vec", 50, view.VECTORS, 0, False),
        "word2vec:english-novels(size=50)|fuzzy(base=2)": ("word2vec", 50, view.FOR_COMPOUNDS, 0, True),
        f"{novels}|rotate(seed=2)|fuzzy(unit_rows=false)": ("word2vec", 50, view.AS_PRINTED, 2, False),
        f"static:glove|{PROGRAM}": ("GloVe", 100, view.AS_PROGRAM, 0, False),
        "static:glove-50|fuzzy(base=2, normalise=column+row)": ("GloVe", 50, "unit values, column+row sums", 0, False),
        "static:glove|fuzzy": ("GloVe", 100, "fuzzy", 0, False),
    }
    for spec, wanted in named.items():
        found = view.about(spec)
        assert tuple(found[name] for name in ("table", "size", "reading", "turned", "longer")) == wanted


def test_running_accuracies_are_those_of_all_categories_so_far():
    names = list(view.CATEGORIES)
    rows = pd.DataFrame(
        {
            "subset": [f"category={name}" for name in names[:6]],
            "value": [0.5, 0.1, np.nan, 0.4, 0.2, 1.0],
            "n_test": [10, 30, 4, 20, 40, 50],
        }
    ).assign(control="", turned=0, longer=False)
    v = view.SetView(rows)
    assert gains._running(v, {}, 0, 1) == (pytest.approx(100 * 8 / 40), 40)
    assert gains._running(v, {}, 0, 4) == (pytest.approx(100 * 24 / 100), 100)
    assert gains._running(v, {}, 5, 5) == (pytest.approx(100), 50)
    with pytest.raises(report.NotTestable, match="fewer than 10"):
        gains._running(v, {}, 2, 2)


def test_gains_of_what_was_run_stand_where_a_part_is_absent():
    rows = pk.read_results(RESULTS)
    left = rows[~rows["task"].astype(str).str.startswith("compounds")]
    left.attrs = rows.attrs
    (v,) = views(STUDY, left, RESULTS)
    table = gains.gains(v)
    assert {name.partition(" ")[0] for name in table["task"]} == {"SimLex-999", "analogies,"}
    (other,) = views(STUDY, rows[rows["task"].astype(str).str.startswith("compounds")], RESULTS)
    assert set(gains.gains(other)["task"].str.partition(",")[0]) == {"compounds"}


def test_published_numbers_are_all_there():
    assert len(published(STUDY)) == 164


@pytest.mark.slow
def test_generated_text_shows_what_needs_no_items_and_carries_no_verdict(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_DATA", "")
    out = tmp_path / STUDY.name
    assert all(len(rows) for rows in run_all(STUDY.grids({}, parts=["sets"], quiet=True), out))
    rows = pk.read_results(out)
    (found,) = views(STUDY, rows)
    assert found.generated and set(found.rows["reading"]) == set(view.NAMES.values())
    near = found.scores(metric="distance_spearman", reading=view.AS_PROGRAM)["value"].item()
    assert near > 0.9  # unit vectors with small values
    verdicts = report.claims(STUDY, rows)
    assert len(verdicts) == 9 and set(verdicts["verdict"]) == {"not testable here"}
    beside = report.against_paper(STUDY, rows)
    assert len(beside) == 164 and (beside["note"].ne("") | beside["ours"].notna()).all()
