"""Scores without training: golden numbers, thresholds against plain twins, the grid on generated data, bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from golden import CORPUS, Golden, fingerprint, written
from hypothesis import given, settings
from hypothesis import strategies as st

from probekit import read_results, read_table
from probekit.corpora import Corpus, load_corpus
from probekit.encoders import load_encoder
from probekit.encoders.activations import encode
from probekit.errors import ProbekitError, UnknownName
from probekit.probes.sentence_scores import (
    cosine,
    describe,
    entropy,
    function_of,
    norm,
    reads,
    registry,
    word_frequency,
)
from probekit.works.specificity import specificity
from probekit.works.specificity_answers import best_threshold, by_neighbouring_length

golden = Golden(__file__)
TABLE = written("few.txt", "".join(f"{word} {i} {-i}\n" for i, word in enumerate(["the", "a", "dog", "river"], 1)))
WLO = 'paraphrases:"retold(n=200)"(batch=20, epochs=3, mega=2, model=wlo, rare=1, rate=0.02, width=8)'
AVERAGE = WLO.replace("wlo", "wordavg")


def score_numbers(spec: str) -> list[float]:
    rng = np.random.default_rng(0)
    of = function_of(spec)
    if reads(spec) == "words":
        return fingerprint(of(load_corpus(CORPUS)))
    drawn = rng.normal(size=(30, 8)) ** 2
    return fingerprint(of(drawn, drawn[::-1]) if reads(spec) == "pairs" else of(drawn))


for _name in registry.names():
    _options = {"reduce": "mean", "table": str(TABLE)} if _name == "word-frequency" else {}
    golden.case(f"sentence score:{_name}", score_numbers, _name, tolerance=1e-9, options=_options)

_kept: list[Path] = []


def work_numbers(spec: str) -> list[float]:
    import tempfile

    asked = specificity("x", ["retold(n=100)|split(test)"], [f"static:{TABLE}(oov=zero)", "random:minilm"], [0])
    with tempfile.TemporaryDirectory() as out:
        rows = asked.run(out)
    order = ["encoder", "pooling", "probe", "metric", "subset"]
    scores = rows.sort_values(order)[["value", "ci_low", "ci_high"]].stack()
    return [len(rows), *scores.dropna().tolist()]


golden.case("work:specificity", work_numbers)
test_numbers_stay, test_options_move_numbers = golden.tests()


# --- scores


def test_scores_are_what_they_say():
    vectors = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert norm(vectors).tolist() == [5, 0]
    assert np.isnan(cosine(vectors, vectors)).tolist() == [False, True] and cosine(vectors, -vectors)[0] == -1
    wide, narrow = entropy(np.array([[0, 0, 1.0, 1.0], [0, 0, 0.1, 1.0]]))
    assert narrow > wide == pytest.approx(-(1 + np.log(2 * np.pi))) and np.isnan(entropy(np.zeros((1, 4))))[0]
    corpus = Corpus.from_words([["a", "a", "b"], ["c", "a"]])
    assert word_frequency(corpus).tolist() == [1 + 1 + 2, 3 + 1]
    assert word_frequency(corpus, "mean").tolist() == pytest.approx([4 / 3, 2])
    assert word_frequency(Corpus.from_words([["river", "sea"]]), table=str(TABLE)).tolist() == [4 + 5]
    assert str(TABLE.parent) not in describe(f"word-frequency(table={TABLE})").name


# --- thresholds


def plain_threshold(values, gold):
    cuts = [-np.inf, *sorted(set(values))]
    return max(
        (np.mean([(v > cut) == g for v, g in zip(values, gold, strict=True)]), -at) for at, cut in enumerate(cuts)
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=20))
def test_the_threshold_is_the_best_of_all(rows):
    values, gold = np.array([v for v, _ in rows], dtype=float), np.array([g for _, g in rows])
    cut = best_threshold(values, gold)
    accuracy, at = plain_threshold(values.tolist(), gold.tolist())
    assert ((values > cut) == gold).mean() == accuracy and cut == [-np.inf, *sorted(set(values))][-at]


def test_lengths_are_tried_on_their_neighbours_thresholds():
    values = np.array([1.0, 3.0, 5.0, 2.0, 4.0, 9.0])
    gold = np.array([False, True, True, False, True, True])
    lengths = np.array([4, 4, 4, 5, 5, 7])
    assert by_neighbouring_length(values, gold, lengths).tolist() == [True, True, True]
    assert not len(by_neighbouring_length(values, gold, np.array([1, 1, 3, 3, 5, 5])))


# --- the grid


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    out = tmp_path_factory.mktemp("rated") / "x"
    keep = ["predictions", "words", "extremes"]
    scores = ["norm", "entropy", "length", "word-frequency"]
    specificity("x", ["retold(n=400, seed=1)"], [WLO, AVERAGE], scores=scores, keep=keep).run(out)
    return out


def test_what_says_more_has_less_entropy_and_rows_are_those_of_the_definition(rated):
    rows = read_results(rated)
    corpus = load_corpus("retold(n=400, seed=1)")
    gold, vectors = corpus.sentences["specificity"], encode(corpus, WLO, poolings=["gaussian"])[None, "gaussian"]
    from scipy.stats import spearmanr

    own = rows[rows["probe"].eq("entropy")].set_index("metric")
    assert own.loc["spearman", "value"] == pytest.approx(spearmanr(entropy(vectors), gold)[0], abs=1e-6)
    assert own.loc["spearman", "ci_low"] > 0.3
    assert {"spearman_within_length", "spearman_beside_length", "spearman_with_length"} <= set(own.index)
    length = rows[rows["probe"].eq("length") & rows["metric"].eq("spearman")]
    assert length["encoder"].eq("").all() and length["value"].item() == pytest.approx(
        spearmanr(corpus.lengths, gold)[0]
    )
    within = rows[rows["probe"].eq("length") & rows["metric"].eq("spearman_within_length")]
    assert within["value"].isna().all() and within["note"].str.contains("no stratum").all()


def test_tables_below_the_score_hold_sentences_and_words(rated):
    rows = read_results(rated)
    kept = read_table(rated, "predictions")
    corpus = load_corpus("retold(n=400, seed=1)")
    key = rows.loc[rows["probe"].eq("norm") & rows["encoder"].str.contains("wordavg"), "key"].iloc[0]
    own = kept[kept["key"].eq(key)].sort_values("unit")
    assert len(own) == corpus.n_sentences and own["group"].tolist() == corpus.lengths.tolist()
    words = read_table(rated, "words")
    assert words["entropy"].notna().any() and words["norm"].gt(0).all() and words["rank"].min() == 1
    assert read_table(rated, "extremes").groupby("key").size().eq(20).all()


def test_pairs_of_equal_length_by_label_and_what_was_trained_on_is_left_out(tmp_path):
    rows = specificity("x", ["narrowed(n=300)"], [WLO], tasks=["pair/more-general"], scores=["entropy"]).run(
        tmp_path / "x"
    )
    found = rows.set_index(["metric", "subset"])["value"]
    assert found["more_general", "label=entailment"] > found["more_general", "label=contradiction"]
    assert (found["more_general_or_equal"] >= found["more_general"]).all()
    assert rows["n_test"].le(100).all()
    corpus = load_corpus("retold(n=200)")
    encoder = load_encoder(WLO)
    seen = encoder.trained_on(corpus)
    tested = corpus.sentences["split"].eq("test").to_numpy()
    assert not seen[tested].any() and seen[~tested].mean() > 0.8


def test_cosines_of_pairs_and_a_zero_vector_is_counted(tmp_path):
    lines = "".join(f"the dog\t{'a river' if i % 2 else 'nothing known'}\t{i}\n" for i in range(12))
    file = written("related-test.tsv", "sentence1\tsentence2\trelatedness\n" + lines)
    asked = ["pair/relatedness"], ["cosine"]
    rows = specificity("x", [f"pairs:{file}"], [f"static:{TABLE}"], poolings=["mean"], tasks=asked[0], scores=asked[1])
    rows = rows.run(tmp_path / "x")
    assert rows["n_test"].tolist() == [6, 6] and rows["info"].str.contains('"without_score": 6').all()


def test_labelled_sentences_take_their_threshold_from_train(tmp_path):
    def lines(n, seed):
        rng = np.random.default_rng(seed)
        many = rng.integers(2, 9, size=n)
        return "label\ttext\n" + "".join(
            f"{'specific' if m + rng.normal() > 5 else 'general'}\t{' '.join(['dog'] * m)}\n" for m in many
        )

    files = [written(f"news-{part}.tsv", lines(120, seed)) for seed, part in enumerate(("train", "test"))]
    news = f"text:{files[0]},{files[1]}"
    grid = specificity("x", [news], [f"static:{TABLE}"], tasks=["sentence/label"], scores=["norm", "length"])
    rows = grid.run(tmp_path / "x")
    found = rows[rows["probe"].eq("length")].set_index("metric")
    assert (
        found.loc["accuracy", "value"] > 0.75
        and found.loc["accuracy_by_length", "value"] < found.loc["accuracy", "value"]
    )
    assert rows["metric"].isin(["accuracy", "accuracy_by_length"]).all()
    with pytest.raises(ProbekitError, match="has no train and test part"):
        specificity("x", [f"text:{files[1]}"], [f"static:{TABLE}"], tasks=["sentence/label"])


def test_layers_and_poolings_of_an_encoder_come_from_one_pass(tmp_path):
    grid = specificity("x", ["retold(n=20)"], ["random:minilm"], "all", scores=["norm"])
    cells = grid.with_needs(grid.cells())
    assert len(cells) == 1 and len(cells[0].questions) == 7 * 3 and len(cells[0].needs) == 1


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"tasks": ["sentence/tree-depth"]}, "scores without training answer"),
        ({"scores": ["cosine"]}, "cosine answers pair/relatedness"),
        ({"scores": ["entropy"]}, "no encoder of the grid gives a Gaussian"),
        ({"poolings": ["meen"]}, "unknown pooling"),
        ({"scores": ["entropi"]}, "did you mean entropy"),
        ({"scores": ["word-frequency(reduce=max)"]}, "among sum, mean"),
        ({"tasks": ["pair/more-general"], "corpora": ["retold(n=20)"]}, "pairs no|has no pairs|pair"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked, says, tmp_path):
    options = {"corpora": ["retold(n=20)"], "encoders": [f"static:{TABLE}"], **asked}
    with pytest.raises((ProbekitError, UnknownName), match=says):
        specificity("x", options.pop("corpora"), options.pop("encoders"), **options).run(tmp_path / "x")


def test_constant_ratings_have_no_correlation_and_say_so(tmp_path):
    file = written("constant.tsv", "text\tspecificity\n" + "".join(f"{'dog ' * (i % 4 + 1)}\t2\n" for i in range(12)))
    rows = specificity("x", [f"rated:{file}"], [f"static:{TABLE}"], scores=["norm", "length"]).run(tmp_path / "x")
    own = rows[rows["metric"].ne("spearman_with_length")]
    assert own["value"].isna().all() and own["note"].ne("").all()


def test_pairs_of_unlike_length_are_said(tmp_path):
    file = written("unlike.tsv", "sentence1\tsentence2\tentailment\na dog\ta\tneutral\nthe a\tdog\tneutral\n")
    grid = specificity("x", [f"pairs:{file}"], [f"static:{TABLE}"], tasks=["pair/more-general"], scores=["norm"])
    with pytest.raises(ProbekitError, match="no pair"):
        grid.run(tmp_path / "x")
