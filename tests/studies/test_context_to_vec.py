"""The retrofitting study, small: its forms by their specs, paired gains by hand, figures from a drawn table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from probekit.paper_figures import _context_to_vec_claims as claims
from probekit.paper_figures import _context_to_vec_view as view

import probekit as pk
from probekit import report
from probekit import study as studies
from probekit.embeddings.table import WordTable
from probekit.grid import Grid
from probekit.report.claims import views
from probekit.scores import paired_bootstrap
from probekit.works.benchmarking import benchmarking

experiment = import_module("probekit.experiments.context_to_vec")
STUDY = studies.complete("context-to-vec")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A drawn table and lexicon on drawn pairs of two sets and on categories."""
    patch, place = pytest.MonkeyPatch(), tmp_path_factory.mktemp("words")
    patch.setenv("PROBEKIT_CACHE", str(place / "cache"))
    draw = np.random.default_rng(0)
    words = [f"w{i}" for i in range(60)]
    latent = np.repeat(draw.normal(size=(20, 8)), 3, axis=0)
    WordTable(words, (latent + draw.normal(size=latent.shape)).astype(np.float32)).save(place / "table")
    (place / "lexicon.txt").write_text("".join(f"w{i} w{i + 1} w{i + 2}\n" for i in range(0, 60, 3)))
    pairs = draw.integers(0, 60, (150, 2))
    cosine = np.einsum("ij,ij->i", latent[pairs[:, 0]], latent[pairs[:, 1]])
    lines = [f"w{i}\tw{j}\t{rating:.3f}\n" for (i, j), rating in zip(pairs, cosine, strict=True) if i != j]
    for name, part in (("one", lines[:80]), ("two", lines[80:])):
        (place / f"{name}.tsv").write_text("".join(part))
    table, lexicon = f"static:{place}/table", f"lexicon:{place}/lexicon.txt"
    forms = [experiment.retrofitted(table, lexicon, weights) for weights in ("uniform", "t-kernel")]
    random = experiment.retrofitted(table, lexicon, rewired=0)
    sets = [f"similarity:{place}/{name}.tsv" for name in ("one", "two")]
    out = tmp_path_factory.mktemp("results") / STUDY.name
    try:
        benchmarking(STUDY.name, [table, *forms, random], sets, keep=["predictions"]).run(out)
        joined = [f'{one}(without="{lexicon}")' for one in sets]
        benchmarking(STUDY.name, [table, *forms, random], joined, keep=["predictions"]).run(out)
        every = [experiment.retrofitted(table, lexicon, one) for one in ("uniform", "t-kernel", "as-printed", "exact")]
        solved = experiment.retrofitted(table, lexicon, "exact", sweeps=experiment.UNTIL_SOLVED)
        Grid(STUDY.name, "energies", {"encoder": [*every, solved]}, keep=["curve"]).run(out)
    finally:
        patch.undo()
    return out


def test_what_was_done_and_asked_is_read_from_specs():
    done = {
        "static:glove": ("GloVe", "none", "", 100),
        "static:glove|retrofit(lexicon=ppdb-xl)": ("GloVe", "t-kernel", "PPDB", 100),
        "static:glove|retrofit(lexicon=ppdb-xl, nu=1)": ("GloVe", "t-kernel", "PPDB", 1),
        "word2vec:english-novels(size=300)|retrofit(lexicon=framenet, rewired=0)": (
            "word2vec", "random edges", "FrameNet", 100,
        ),
        "static:glove|similarity-order(order_alpha=-0.25)": ("GloVe", "order -0.25", "", 100),
    }  # fmt: skip
    for spec, wanted in done.items():
        assert tuple(view.done_to(spec)[name] for name in ("table", "form", "lexicon", "nu")) == wanted
    assert view.asked("similarity/ws-353-sim(without=ppdb-xl)") == {
        "kind": "similarity", "set": "WS353S", "without": "PPDB",
    }  # fmt: skip
    assert view.asked("categories/essli-nouns")["set"] == "ESSLLI(N)"


def test_tables_that_are_trained_have_the_names_of_the_paper():
    text = experiment.TEXT
    assert [view.done_to(one)["table"] for one in experiment.trained_tables(text)] == [
        view.SKIP_GRAM, view.CONTEXT, view.CBOW, view.GLOVE, view.FASTTEXT, view.AVERAGED["token"],
        view.AVERAGED["word"], view.CENTRE, view.OURS, view.FITTED,
    ]  # fmt: skip
    assert view.done_to(f'contextual:minilm(corpus="{text}")')["table"] == view.AVERAGED["avg"]
    assert view.done_to(experiment.STUDY.data["word2vec"][1])["table"] == "word2vec"


def test_gains_are_paired_over_the_same_pairs_and_averaged_over_sets(results):
    (v,) = views(STUDY, pk.read_results(results))
    table, lexicon = v.tables[0], v.lexicons[0]
    gains = v.gains("t-kernel", table=table, lexicon=lexicon)
    assert len(gains) == 2 and all(one.difference > 0 for one in gains.values())
    lines = report.read_table(results, "predictions")
    for name, gain in gains.items():
        sides = []
        for form in ("t-kernel", "none"):
            key = v.scores(**v.form(form, lexicon), table=table, set=name)["key"].iloc[0]
            sides.append(lines[lines["key"].eq(key)].sort_values("unit"))
        gold = sides[0]["gold"].astype(float)
        wanted = paired_bootstrap("spearman", gold, *(side["score"] for side in sides))
        assert (gain.difference, gain.low, gain.high) == pytest.approx((wanted.difference, wanted.low, wanted.high))
    mean = v.mean_gain("t-kernel", table=table, lexicon=lexicon)
    assert mean.difference == pytest.approx(np.mean([one.difference for one in gains.values()]))
    assert mean.low > min(one.low for one in gains.values()) and mean.n == sum(one.n for one in gains.values())
    random = v.mean_gain("random edges", table=table, lexicon=lexicon)
    assert random.difference < mean.difference


def test_pairs_that_are_edges_stand_apart_and_other_items_are_no_pair(results):
    (v,) = views(STUDY, pk.read_results(results))
    name, lexicon = v.scores()["set"].iloc[0], v.lexicons[0]
    whole, left = (v.scores(set=name, form="none", without=one).iloc[0] for one in (None, lexicon))
    assert left["n_test"] < whole["n_test"]
    with pytest.raises(report.NotTestable, match="not asked the same items"):
        v.gain({"form": "t-kernel", "without": lexicon}, {"form": "none", "without": None}, set=name)
    with pytest.raises(report.NotTestable, match="nothing was run of"):
        v.scores(kind="analogy")


def test_the_claim_on_energies_reads_what_the_sweeps_left(results):
    found = report.claims(STUDY, pk.read_results(results)).set_index("number")
    assert len(found) == 11 and found.loc[9, "verdict"] == "holds"
    assert "falls in 2 of 2 runs" in found.loc[9, "ours"]
    untested = found.loc[[1, 2, 5, 7, 8, 10, 11]]
    assert set(untested["verdict"]) == {"not testable here"}
    assert untested.loc[[1, 2, 5, 7], "why"].str.contains("part=trained").all()


def test_published_numbers_are_all_carried(results):
    beside = report.against_paper(STUDY, pk.read_results(results))
    assert len(beside) == 318 and (beside["note"].ne("") | beside["ours"].notna()).all()


def test_a_table_that_was_not_retrofitted_leaves_a_claim_open():
    rows = pk.read_results(Path(__file__).parents[2] / "results" / STUDY.name)
    (whole,) = views(STUDY, rows)
    (one,) = views(STUDY, rows[~rows["encoder"].astype(str).str.startswith("word2vec")])
    assert claims._tables(whole) == [] and claims._tables(one) == [None]
    assert one.tables == ["GloVe"]
