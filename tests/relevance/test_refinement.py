"""Refinement by relevance: what is propagated, how it becomes weights, which thresholds win, what a table becomes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_refinement as plain
import pytest
import torch
from test_golden_embeddings import files as table_files

import probekit as pk
from probekit import embeddings, scores
from probekit.corpora.generated.ratings import generated_ratings
from probekit.corpora.ratings import Ratings
from probekit.embeddings.property_pairs import property_pairs
from probekit.embeddings.tables import WordTable, describe_table, load_table
from probekit.errors import ProbekitError, UnknownName
from probekit.relevance.property_network import NetworkSettings, PropertyNetwork, fit_network, network, squared_errors
from probekit.relevance.refinement import fit_refinement
from probekit.relevance.thresholds import ThresholdGrid, Thresholds, search_thresholds, threshold_grid, weight_vectors

SHORT = NetworkSettings(epochs=30)


def untrained(width=12, properties=4, seed=0):
    module = network(width, properties, seed).double().eval()
    return PropertyNetwork(module, 1.7, 0)


@pytest.fixture(scope="module")
def carried():
    return generated_ratings(words=240, unseen=100, width=30, properties=4, carriers=5, seed=3)


@pytest.fixture(scope="module")
def fitted(carried):
    ratings, vectors, _ = carried
    return fit_refinement(vectors[:240], ratings.select(ratings.words[:240]), grid="coarse", folds=4)


# --- relevance


def test_relevances_are_those_of_the_plain_rule_and_add_up_to_the_rating():
    net, rng = untrained(), np.random.default_rng(0)
    vectors = rng.normal(size=(6, 12))
    rows, properties = np.array([0, 0, 3, 5]), np.array([1, 2, 0, 3])
    found, gap = net.relevances(vectors, rows, properties)
    layers = [net.module[0], net.module[2]]
    w, b = [x.weight.detach().numpy() for x in layers], [x.bias.detach().numpy() for x in layers]
    for line, row, j in zip(found, rows, properties, strict=True):
        wanted, predicted = plain.relevance(vectors[row] / 1.7, w, b, j)
        assert line == pytest.approx(wanted, rel=1e-9, abs=1e-14)
        assert line.sum() == pytest.approx(predicted, rel=1e-12) == net.predict(vectors)[row, j]
    assert gap < 1e-12
    assert net.relevances(vectors, rows[:0], properties[:0])[0].shape == (0, 12)


def test_relevance_of_one_property_does_not_know_the_others():
    net, vectors = untrained(), np.random.default_rng(1).normal(size=(3, 12))
    before = net.relevances(vectors, np.arange(3), np.zeros(3, int))[0]
    with torch.no_grad():
        net.module[2].weight[1:] *= -5
    assert np.array_equal(net.relevances(vectors, np.arange(3), np.zeros(3, int))[0], before)


def test_relevances_of_a_positive_rating_are_never_negative_and_those_of_a_negative_one_never_positive():
    net, vectors = untrained(), np.random.default_rng(2).normal(size=(20, 12))
    rows, properties = np.indices((20, 4)).reshape(2, -1)
    found, _ = net.relevances(vectors, rows, properties)
    signs = np.sign(net.predict(vectors)[rows, properties])
    assert {1.0, -1.0} <= set(signs) and (found * signs[:, None] >= 0).all()


def test_one_scale_for_all_dimensions_changes_neither_prediction_nor_relevance():
    rng = np.random.default_rng(3)
    vectors, values = rng.normal(size=(60, 8)), rng.uniform(0, 6, size=(60, 2))
    small, large = (fit_network(vectors * c, values, None, SHORT) for c in (1e-3, 50.0))
    assert small.predict(vectors * 1e-3) == pytest.approx(large.predict(vectors * 50), abs=1e-5)
    rows = np.arange(60)
    pairs = [net.relevances(vectors * c, rows, rows % 2)[0] for net, c in ((small, 1e-3), (large, 50.0))]
    assert pairs[0] == pytest.approx(pairs[1], abs=1e-5)


def test_the_network_has_half_as_many_hidden_units_and_learns():
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(300, 10))
    values = 3 + vectors[:, :2] @ np.array([[1.0, -1], [0.5, 1]])
    net = fit_network(vectors[:250], values[:250], (vectors[250:], values[250:]))
    assert [tuple(x.weight.shape) for x in net.module if hasattr(x, "weight")] == [(5, 10), (2, 5)]
    assert ((net.predict(vectors[250:]) - values[250:]) ** 2).mean() < 0.2 * values.var()
    assert 1 <= net.epochs <= 300
    again = fit_network(vectors[:250], values[:250], (vectors[250:], values[250:]))
    assert np.array_equal(net.predict(vectors), again.predict(vectors))
    other = fit_network(vectors[:250], values[:250], (vectors[250:], values[250:]), seed=1)
    assert not np.array_equal(net.predict(vectors), other.predict(vectors))
    with pytest.raises(ProbekitError, match="of one list"):
        fit_network(vectors[:9], values)


def test_every_setting_of_the_network_changes_its_numbers():
    rng = np.random.default_rng(5)
    vectors, values = rng.normal(size=(80, 6)), rng.uniform(0, 6, size=(80, 2)).round()
    dev = (rng.normal(size=(20, 6)), rng.uniform(0, 6, size=(20, 2)))  # no use to it: the best epoch comes and goes
    base = NetworkSettings(epochs=60, patience=10, rate=0.05)
    rough = replace(base, rate=1.0)  # where the loss bounces, waiting pays

    def numbers(settings):
        return fit_network(vectors, values, dev, settings).predict(vectors)

    assert not np.allclose(numbers(rough), numbers(replace(rough, patience=1)))
    before = numbers(base)
    for name, value in {"rate": 0.01, "epochs": 2, "decay": 1.0, "batch": 16, "balance": True}.items():
        assert not np.allclose(before, numbers(replace(base, **{name: value}))), name


def test_balance_lifts_the_ratings_of_a_small_category():
    rng = np.random.default_rng(6)
    vectors = rng.normal(size=(400, 8))
    values = np.zeros((400, 1))
    values[:20] = 6
    vectors[:20, 0] += 1.5
    members = {}
    for balance in (False, True):
        net = fit_network(vectors, values, None, NetworkSettings(epochs=100, balance=balance))
        members[balance] = (net.predict(vectors)[:20] >= 3).mean()
    assert members[True] > 0.6 and members[False] < 0.2, members


def test_errors_on_new_words_are_those_of_the_plain_sums_beside_those_of_the_mean():
    rng = np.random.default_rng(8)
    fitted, values = (np.where(rng.random((n, 2)) < 0.2, 6.0, 0.0) for n in (50, 30))
    vectors, net = rng.normal(size=(30, 12)), untrained(properties=2)
    for balance in (False, True):
        own, mean = squared_errors(net, fitted, vectors, values, balance)
        for j in range(2):
            high = fitted[:, j] > 3
            weight = {6.0: 0.5 / high.mean(), 0.0: 0.5 / (1 - high.mean())} if balance else {6.0: 1.0, 0.0: 1.0}
            middle = 3.0 if balance else fitted[:, j].mean()
            guesses = net.predict(vectors)[:, j]
            for found, guess in ((own, guesses), (mean, np.full(30, middle))):
                wanted = sum(weight[y] * (g - y) ** 2 for y, g in zip(values[:, j], guess, strict=True))
                assert found[j] == pytest.approx(wanted, rel=1e-5)


def test_what_a_network_explains_of_unseen_words_is_much_of_a_rule_and_nothing_of_chance(fitted):
    assert fitted.search.explained.shape == (4,) and (fitted.search.explained > 0.3).all()
    rng = np.random.default_rng(9)
    ratings = Ratings([f"w{i}" for i in range(80)], ["x", "y"], rng.uniform(0, 6, (80, 2)))
    found = fit_refinement(rng.normal(size=(80, 10)), ratings, grid="coarse", folds=4, settings=SHORT)
    assert (found.search.explained < 0.1).all()


# --- weights


def test_weights_at_every_point_of_a_grid_are_those_of_the_plain_definition():
    rng = np.random.default_rng(7)
    for m in (0, 1, 40):
        relevances = np.abs(rng.normal(size=(m, 9))) * 0.05
        predicted = rng.uniform(2.5, 5, m).round(1)
        grid = ThresholdGrid(np.array([3, 3.5, 4.0, 9.0]), np.array([0, 0.02, 0.05, 9]), np.array([0, 0.1, 0.35, 0.7]))
        weights, there = weight_vectors(relevances, predicted, grid)
        for index in range(64):
            wanted = plain.weights_of(relevances, predicted, *grid.point(index))
            assert there[index] == (wanted is not None)
            assert weights[index] == pytest.approx(np.ones(9) if wanted is None else wanted, abs=1e-12)


def test_words_that_lost_everything_count_in_the_mean_and_cutting_comes_before_it():
    relevances = np.array([[0.4, 0.1], [0.0, 0.1], [0.0, 0.1], [0.0, 0.1]])
    cut, _ = weight_vectors(relevances, np.full(4, 5.0), ThresholdGrid([3.0], [0.2], [0.0]))
    assert cut[0].tolist() == [1.0, 0.0]  # a mean cut afterwards, of .1 and .1, would lose both
    whole, _ = weight_vectors(relevances, np.full(4, 5.0), ThresholdGrid([3.0], [0.0], [0.0]))
    assert whole[0].tolist() == [1.0, 1.0]


def test_the_papers_grid_has_5040_points_and_reaches_its_published_setting():
    grid = threshold_grid(200)
    assert grid.shape == (16, 21, 15) and np.prod(grid.shape) == 5040
    assert 3.0 in grid.rating and 0.026 in grid.relevance and 0.10 in grid.share
    assert grid.rating[-1] == 4.5 and grid.relevance[-1] == 0.04 and grid.share[-1] == 0.7 and 0.15 in grid.share
    assert threshold_grid(300).relevance[-1] == 0.06 and threshold_grid(100, "coarse").shape == (3, 5, 5)
    for name in ("rating", "relevance", "share"):
        assert set(getattr(threshold_grid(100, "coarse"), name)) <= set(getattr(threshold_grid(100), name))
    with pytest.raises(UnknownName, match="did you mean coarse"):
        threshold_grid(100, "corse")
    with pytest.raises(ProbekitError, match="ascending"):
        ThresholdGrid([3.0, 3.0], [0.0], [0.0])


def test_the_search_takes_the_best_point_and_knows_nothing_of_a_folds_words(carried, monkeypatch):
    ratings, vectors, _ = carried
    known = ratings.select(ratings.words[:240])
    pairs, _ = property_pairs(known)
    seen = []
    from probekit.relevance import thresholds as module

    def watched(x, y, dev=None, *rest):
        seen.append({tuple(row) for row in np.concatenate([x, dev[0]])})
        return fit_network(x, y, dev, *rest)

    monkeypatch.setattr(module, "fit_network", watched)
    args = (vectors[:240].astype(float), known.values, pairs, range(4), threshold_grid(30, "coarse"), 4, SHORT)
    found = search_thresholds(*args)
    assert found.criterion.shape == (75,) and found.criterion.max() == pytest.approx(
        found.criterion[[threshold_grid(30, "coarse").point(i) == found.thresholds for i in range(75)].index(True)]
    )
    assert found.criterion.max() > found.criterion.min()
    assert len(seen) == 4 and len(set.intersection(*seen)) == 0 and [len(s) for s in seen] == [180] * 4
    assert search_thresholds(*args).criterion.tolist() == found.criterion.tolist()
    with pytest.raises(ProbekitError, match="2 folds of 240 words"):
        search_thresholds(*args[:5], 2, SHORT)
    with pytest.raises(ProbekitError, match="no property has pairs"):
        search_thresholds(*args[:2], [], [], *args[4:])


# --- refinement


def precision(vectors, ratings, rows, weights):
    pairs, _ = property_pairs(ratings, rows)
    return np.mean(
        [
            scores.average_precision(
                one.gold, scores.weighted_cosines(vectors[one.words], one.left, one.right, weights[[j]])[0]
            )
            for j, one in enumerate(pairs)
        ]
    )


def test_refinement_finds_the_dimensions_that_carry_a_property(carried, fitted):
    ratings, vectors, carriers = carried
    assert not fitted.unrefined and fitted.gap < 1e-12
    assert (fitted.weights.max(axis=1) == 1).all() and fitted.weights.min() >= 0
    found = sum(carriers[j][np.argsort(-fitted.weights[j])[:5]].sum() for j in range(4))
    assert found >= 14, found  # of 20; 3.3 by chance
    for rows in (np.arange(240), np.arange(240, 340)):
        before, after = (precision(vectors, ratings, rows, w) for w in (np.ones((4, 30)), fitted.weights))
        assert after > before + 0.02


def test_words_of_v_are_those_predicted_and_not_those_rated(carried):
    ratings, vectors, _ = carried
    known = ratings.select(ratings.words[:240])
    found = fit_refinement(vectors[:240], known, thresholds=(3.5, 0.0, 0.0))
    assert found.members.tolist() == (found.predicted >= 3.5).sum(axis=0).tolist()
    assert found.members.tolist() != (known.values >= 3.5).sum(axis=0).tolist()
    assert found.thresholds == Thresholds(3.5, 0.0, 0.0) and found.search is None


def test_a_property_that_no_word_is_predicted_to_have_keeps_its_vectors_and_is_named(carried):
    ratings, vectors, _ = carried
    low = Ratings(ratings.words[:240], ratings.properties, ratings.values[:240] * np.array([1, 1, 0.3, 1]))
    found = fit_refinement(vectors[:240], low, thresholds=(3.0, 0.0, 0.3), settings=SHORT)
    assert found.unrefined == ("property-03",) and (found.weights[2] == 1).all() and found.members[2] == 0
    assert (found.weights[[0, 1, 3]] < 1).any(axis=1).all()


def test_bad_input_is_named(carried):
    ratings, vectors, _ = carried
    with pytest.raises(ProbekitError, match=r"340 rated words need vectors of shape \(340, n\), got \(240, 30\)"):
        fit_refinement(vectors[:240], ratings)
    broken = vectors.copy()
    broken[7, 3] = np.nan
    with pytest.raises(ProbekitError, match="the vector of 'word-0008' holds NaN"):
        fit_refinement(broken, ratings)
    with pytest.raises(UnknownName, match="threshold grid"):
        fit_refinement(vectors, ratings, grid="fine")


# --- the table that it makes


def test_projection_has_the_cosines_of_weighted_vectors_and_drops_what_weighs_nothing():
    rng = np.random.default_rng(8)
    table = WordTable(["a", "b", "c"], rng.normal(size=(3, 6)).astype(np.float32), counts=np.array([3, 2, 1]))
    weights = np.array([0, 0.5, 1, 0, 0.2, 0])
    found = embeddings.project(table, weights, "dark")
    assert found.width == 3 and found.words == table.words and found.counts.tolist() == [3, 2, 1]
    assert found.about["dimensions"] == [1, 2, 4] and found.context is None
    assert found.vectors == pytest.approx(np.stack([plain.projected(x, weights) for x in table.vectors]), rel=1e-6)
    left, right = np.array([0, 0, 1]), np.array([1, 2, 2])
    inside = scores.weighted_cosines(found.vectors, left, right, np.ones((1, 3)))
    assert inside == pytest.approx(scores.weighted_cosines(table.vectors, left, right, weights[None, :]), abs=1e-6)
    for bad, message in ((np.ones(5), "have 6 dimensions"), (-weights, "0 or more"), (weights * 0, "all 0")):
        with pytest.raises(ProbekitError, match=message):
            embeddings.project(table, bad)


def test_a_saved_refinement_is_a_step_of_any_table_and_encoder(tmp_path, carried, fitted):
    ratings, vectors, _ = carried
    WordTable(ratings.words, vectors).save(tmp_path / "vectors")
    fitted.save(tmp_path / "weights")
    spec = f"static:{tmp_path}/vectors|refine(weights={tmp_path}/weights, property=property-02)"
    table = load_table(spec)
    assert table.width == (fitted.weights[1] > 0).sum() and str(tmp_path) not in table.name
    wanted = np.stack([plain.projected(x, fitted.weights[1]) for x in vectors[:5]])
    assert np.asarray(table.vectors[:5]) == pytest.approx(wanted, rel=1e-5, abs=1e-6)
    source = describe_table(spec)
    assert (source.spec, source.name, source.digest) == (table.spec, table.name, table.digest)
    assert load_table(table.spec).digest == table.digest
    other = describe_table(spec.replace("property-02", "property-01"))
    assert other.digest != table.digest and load_table(other.spec).width == (fitted.weights[0] > 0).sum()
    corpus = pk.load_corpus("grammar(n=5)")
    assert pk.encode(corpus, f"{spec}", poolings=["mean"])[None, "mean"].shape == (5, table.width)


def test_a_changed_weight_is_another_table(tmp_path):
    files = table_files()
    spec = "static:{vectors}|refine(weights={weights}, property=dark)"
    before = describe_table(spec.format(**files)).digest
    weights = load_table(f"static:{files['weights']}")
    WordTable(weights.words, weights.vectors * np.float32(0.5)).save(tmp_path / "weights")
    assert describe_table(spec.format(vectors=files["vectors"], weights=tmp_path / "weights")).digest != before


def test_steps_that_cannot_be_are_refused():
    files = table_files()
    for spec, message in (
        ("static:{vectors}|refin(weights={weights}, property=dark)", "did you mean refine"),
        ("static:{vectors}|refine(weights={weights})", "needs the argument 'property'"),
        ("static:{vectors}|refine(weights={weights}, property=darc)", "did you mean dark"),
        ("static:{vectors}|refine(weights=nowhere, property=dark)", "no word-vector table 'nowhere'"),
        ("static:{vectors}|refine:x(weights={weights}, property=dark)", "takes arguments in brackets"),
    ):
        with pytest.raises(ProbekitError, match=message):
            load_table(spec.format(**files))
