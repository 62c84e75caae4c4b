"""Tables as conditional distributions: the identities of the study on random matrices, and what has no such reading."""

from __future__ import annotations

import numpy as np
import pytest

from probekit.embeddings.conditional import REFERENCES, ConditionalModel, Point, sweep
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table, transform
from probekit.errors import ProbekitError

N, D = 40, 4


def table(seed: int = 0, scale: float = 0.8) -> WordTable:
    draw = np.random.default_rng(seed)
    u, v = (draw.normal(size=(N, D)).astype(np.float32) * np.float32(scale) for _ in range(2))
    return WordTable([f"w{i}" for i in range(N)], u, v, draw.integers(0, 500, N))


def by_definition(model: ConditionalModel, alpha: float, reference: str, minus_one: bool = True) -> np.ndarray:
    """Equations 2 to 4 as printed, in float64, the Fisher matrix with our ridge."""
    scores = model.words.astype(np.float64) @ model.context.astype(np.float64).T
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    p0 = np.exp(model.geometry(reference).log)
    delta = model.context.astype(np.float64) - p0 @ model.context
    ratio = p / p0
    if alpha == 1:
        logarithm = p0 * np.log(ratio)
    else:
        logarithm = p0 * 2 / (1 - alpha) * (ratio ** ((1 - alpha) / 2) - (1 if minus_one else 0))
    return np.linalg.solve(model.geometry(reference).fisher, (logarithm @ delta).T).T


def normaliser(model: ConditionalModel, alpha: float, reference: str) -> np.ndarray:
    scores = model.words.astype(np.float64) @ model.context.astype(np.float64).T
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    p0 = np.exp(model.geometry(reference).log)
    return (p0 ** ((1 + alpha) / 2) * p ** ((1 - alpha) / 2)).sum(axis=1)[:, None]


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (unit(a.astype(np.float64)) * unit(b.astype(np.float64))).sum(axis=1)


# --- identities, as the card numbers them -------------------------------------------------------------


@pytest.mark.parametrize("reference", REFERENCES)
def test_1_the_minus_one_drops_out(reference):
    model = ConditionalModel(table())
    assert by_definition(model, 0.3, reference) == pytest.approx(by_definition(model, 0.3, reference, False), abs=1e-9)


@pytest.mark.parametrize("alpha", [-3.0, -1.0, 0.0, 0.5, 0.99, 1.0, 1.01, 1.7, 4.0])
@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("centre", ["U", "U+V"])
def test_2_and_4_vectors_are_those_of_the_definition(alpha, reference, centre):
    """The sign above 1 is that of the definition, and so is the length, but for the normaliser."""
    model = ConditionalModel(table(), centre)
    found = model.at(Point(alpha, reference)) * (normaliser(model, alpha, reference) if alpha != 1 else 1)
    wanted = by_definition(model, alpha, reference)
    assert found == pytest.approx(wanted, abs=2e-4 * np.abs(wanted).max())


def test_3_minus_one_is_the_mean_context():
    model = ConditionalModel(table(), "U")
    scores = model.words @ model.context.T
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    geometry = model.geometry("model")
    wanted = geometry.solved(p @ model.context - geometry.mean)
    assert model.at(Point(-1.0, "model")) == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("centre", ["U", "U+V"])
def test_4_one_and_uniform_gives_the_vectors_back(centre):
    model = ConditionalModel(table(), centre)
    assert model.at(Point(1.0)) == pytest.approx(model.words, abs=1e-6)


def test_4_a_reference_of_the_model_takes_a_constant_off():
    """p0 = softmax(V u0): every word becomes u_w - u_0."""
    own = table()
    shares = np.exp(own.context[:, :] @ own.vectors[7])
    counted = WordTable(own.words, own.vectors, own.context, (shares / shares.sum() * 1e9).astype(np.int64))
    found = ConditionalModel(counted, "U").at(Point(1.0, "corpus"))
    assert found == pytest.approx(own.vectors - own.vectors[7], abs=1e-4)


@pytest.mark.parametrize("reference", REFERENCES)
def test_5_the_limit_is_reached(reference):
    model = ConditionalModel(table())
    limit = model.at(Point(-np.inf, reference))
    far = sweep(model, [Point(alpha, reference) for alpha in (-10.0, -50.0, -4000.0)])
    likeness = [float(np.median(cosines(one, limit))) for one in far.values()]
    assert likeness[0] > 0.98 and likeness[1] > 0.9999 and likeness[2] == pytest.approx(1, abs=1e-6)
    assert all(np.isfinite(one).all() for one in far.values())
    opposite = model.at(Point(60.0, reference))
    worst = (model.words @ model.context.T - model.geometry(reference).log).argmin(axis=1)
    wanted = -model.geometry(reference).solved(model.geometry(reference).delta[worst])
    assert np.median(cosines(opposite, wanted)) > 0.99, "above 1 the sign turns, and the least likely context is left"


def test_6_one_is_no_jump():
    model = ConditionalModel(table())
    at, *near = sweep(model, [Point(1.0), *(Point(1 + step) for step in (1e-5, -1e-3, 1e-3))]).values()
    assert near[0] == pytest.approx(at, abs=1e-7)
    assert near[1] == pytest.approx(at, abs=5e-3) and near[2] == pytest.approx(at, abs=5e-3)
    middle = (near[1].astype(np.float64) + near[2]) / 2
    assert middle == pytest.approx(at, abs=5e-5), "the curve is smooth: both sides are as far"


@pytest.mark.parametrize("reference", REFERENCES)
def test_7_the_metric_is_folded_in(reference):
    model = ConditionalModel(table())
    vectors = model.at(Point(0.2, reference))
    folded = model.in_metric(vectors, reference, "F")
    wanted = vectors @ model.geometry(reference).fisher @ vectors.T
    assert folded @ folded.T == pytest.approx(wanted, abs=1e-5 * np.abs(wanted).max())
    assert model.in_metric(vectors, reference, "I") is vectors


# --- and the rest ------------------------------------------------------------------------------------


def test_a_sweep_is_its_points_and_words_do_not_depend_on_their_block(monkeypatch):
    model = ConditionalModel(table())
    points = [Point(alpha, one) for alpha in (-2.0, 1.0, 3.0) for one in REFERENCES] + [
        Point(-np.inf, "corpus", 3, True)
    ]
    found = sweep(model, points)
    for point in points:
        assert found[point] == pytest.approx(ConditionalModel(table()).at(point), abs=1e-7)
    monkeypatch.setattr("probekit.embeddings.conditional._ROWS", 7)
    for point, again in sweep(ConditionalModel(table()), points).items():
        assert again == pytest.approx(found[point], rel=1e-3, abs=1e-5)


def test_the_reference_of_the_model_is_its_marginal():
    own = table()
    joint = np.exp(own.vectors.astype(np.float64) @ own.context.T)
    wanted = joint.sum(axis=0) / joint.sum()
    assert np.exp(ConditionalModel(own).geometry("model").log) == pytest.approx(wanted, rel=1e-5)


def test_limits_of_several_contexts_by_hand():
    """Three contexts of ratios 4, 2, 1: their mean, and their mean weighted by these."""
    context = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]], dtype=np.float32)
    vectors = np.linalg.lstsq(context, np.log([4.0, 2.0, 1.0]), rcond=None)[0].astype(np.float32)
    own = WordTable(["a", "b", "c"], np.tile(vectors, (3, 1)), context, np.array([3, 2, 1]))
    model = ConditionalModel(own, "U")
    scores = context @ vectors
    for k, weighted in ((1, False), (2, False), (2, True), (3, False)):
        weights = np.exp(scores[:k]) if weighted else np.ones(k)
        mean = weights @ context[:k] / weights.sum() - context.mean(axis=0)
        found = model.at(Point(-np.inf, "uniform", k, weighted))
        assert found[0] == pytest.approx(model.geometry("uniform").solved(mean[None])[0], abs=1e-5)


def test_a_prior_multiplies_what_words_say():
    own = table()
    shares = ConditionalModel(own).shares
    scores = own.vectors @ own.context.T + np.log(shares)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    model = ConditionalModel(own, "U", "unigram")
    wanted = model.geometry("uniform").solved(p @ own.context - model.geometry("uniform").mean)
    assert model.at(Point(-1.0)) == pytest.approx(wanted, abs=1e-4)
    at, near = (model.at(Point(alpha)) for alpha in (1.0, 1.001))
    assert near == pytest.approx(at, abs=0.02 * float(np.abs(at).max()))


def test_zero_counts_are_smoothed():
    counts = np.array([0, 5, *range(38)])
    own = WordTable(table().words, table().vectors, table().context, counts)
    assert np.isfinite(ConditionalModel(own).at(Point(0.5, "corpus"))).all()
    assert ConditionalModel(own).shares[0] == pytest.approx(0.5 / np.maximum(counts, 0.5).sum())


def test_steps_make_tables():
    own = table()
    model = ConditionalModel(own)
    made = transform(own, "natural-alpha(0.5, reference=model)")
    assert made.vectors == pytest.approx(model.in_metric(model.at(Point(0.5, "model")), "model", "F"))
    limits = transform(own, "limit(metric=I)")
    assert limits.vectors == pytest.approx(model.at(Point(-np.inf, "corpus")))
    assert limits.about["distinct_vectors"] == len(np.unique(limits.vectors, axis=0)) < N


def test_what_cannot_be_read_so_is_refused():
    bare = WordTable(["a", "b"], np.eye(2, dtype=np.float32))
    with pytest.raises(ProbekitError, match=r"no context vectors.*Train a table that keeps both"):
        transform(bare, "natural-alpha(1)")
    both = WordTable(["a", "b"], np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32))
    with pytest.raises(ProbekitError, match="has no counts"):
        transform(both, "limit")
    equal = WordTable(["a", "b"], both.vectors, both.context, np.array([3, 3]))
    with pytest.raises(ProbekitError, match="are all 3; take reference=uniform"):
        transform(equal, "limit")
    with pytest.raises(ProbekitError, match=r"limit\(k=3\): the table has 2 contexts"):
        transform(both, "limit(k=3, reference=uniform)")
    for alpha in (np.nan, np.inf):
        with pytest.raises(ProbekitError, match="alpha is a finite number"):
            ConditionalModel(both).at(Point(alpha))
    with pytest.raises(ProbekitError, match="geom_alpha of this table step is a number"):
        load_table("generated-vectors|natural-alpha(inf)")
