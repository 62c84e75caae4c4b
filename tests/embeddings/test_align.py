"""Alignment: closed forms against scipy and plain twins, self-learning and RCSLS against loops, copies recovered."""

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power, orthogonal_procrustes

from probekit.corpora.word_items import items_of
from probekit.embeddings.align import align, neighbours
from probekit.embeddings.align.linear import orthogonal, procrustes, vecmap
from probekit.embeddings.align.maps import normalised
from probekit.embeddings.align.neighbours import Csls, Dropping, both_ways, means_of_nearest, nearest
from probekit.embeddings.align.rcsls import contracted, loss, rcsls
from probekit.embeddings.align.self_learning import induced, self_learning
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName

METHODS = ("procrustes", "vecmap", "self-learning", "rcsls")


def rows(n, d, seed, spread=1.0):
    drawn = np.random.default_rng(seed).normal(size=(n, d)) * spread ** -np.arange(d)
    return normalised(drawn.astype(np.float32))


def turned(d, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


def tables(n=600, d=12, noise=0.0, seed=0, width=0):
    """A table and a rotated noisy copy of it under other names."""
    draw = np.random.default_rng(seed)
    vectors = (draw.normal(size=(n, d)) * 1.2 ** -np.arange(d)).astype(np.float32)
    other = vectors @ turned(max(d, width), 5)[:d] + noise * draw.normal(size=(n, max(d, width)))
    return (
        WordTable([f"a{i}" for i in range(n)], vectors),
        WordTable([f"b{i}" for i in range(n)], other.astype(np.float32)),
    )


def dictionary(n, step=1, test=()):
    pairs = [(f"a{i}", f"b{i}", rank, "train") for rank, i in enumerate(range(0, n * step, step))]
    return items_of("dictionary", pairs + [(f"a{i}", f"b{i}", n + i, "test") for i in test])


def found(source, target, start=0):
    nearest_one = normalised(source.vectors, "unit") @ normalised(target.vectors, "unit").T
    return (nearest_one.argmax(axis=1) == np.arange(len(source)))[start:].mean()


def test_normalisation_is_unit_then_center_then_unit():
    vectors = np.random.default_rng(0).normal(size=(7, 3))
    twin = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    twin = twin - twin.mean(axis=0)
    twin = twin / np.linalg.norm(twin, axis=1, keepdims=True)
    made = normalised(vectors.astype(np.float32), width=5)
    np.testing.assert_allclose(made[:, :3], twin, atol=1e-6)
    assert not made[:, 3:].any()
    with pytest.raises(UnknownName, match="center"):
        normalised(vectors, "unit+centre")


def test_procrustes_is_scipys():
    left, right = (np.random.default_rng(seed).normal(size=(40, 6)) for seed in (1, 2))
    np.testing.assert_allclose(orthogonal(left, right), orthogonal_procrustes(left, right)[0], atol=1e-12)


def test_procrustes_finds_a_rotation_that_was_drawn():
    drawn = turned(12, 3)
    given = rows(300, 12, 4)
    np.testing.assert_allclose(orthogonal(given, given @ drawn), drawn, atol=1e-6)


def test_vecmap_is_its_five_steps_written_out():
    source, target = rows(80, 5, 1), rows(90, 5, 2)
    pairs = np.stack([np.arange(60), np.arange(60)[::-1]], axis=1)
    x, z = source.astype(float), target.astype(float)
    white = [fractional_matrix_power(side.T @ side, -0.5) for side in (x[pairs[:, 0]], z[pairs[:, 1]])]
    x, z = x @ white[0], z @ white[1]
    u, s, vt = np.linalg.svd(x[pairs[:, 0]].T @ z[pairs[:, 1]])
    x, z = (x @ u) * s**0.5, (z @ vt.T) * s**0.5
    x, z = x @ u.T @ np.linalg.inv(white[0]) @ u, z @ vt @ np.linalg.inv(white[1]) @ vt.T
    maps = vecmap(source, target, pairs)
    np.testing.assert_allclose((source @ maps.source) @ (target @ maps.target).T, x @ z.T, atol=1e-8)


def test_neighbours_both_ways_are_those_of_the_whole_matrix(monkeypatch):
    monkeypatch.setattr("probekit.embeddings.align.neighbours._CELLS", 200)  # blocks of a few rows
    source, target = rows(50, 4, 1), rows(40, 4, 2)
    likeness = source @ target.T
    both = both_ways(source, target)
    assert both.forward.tolist() == likeness.argmax(axis=1).tolist()
    assert both.backward.tolist() == likeness.argmax(axis=0).tolist()
    assert both.mean == pytest.approx((likeness.max(axis=1).mean() + likeness.max(axis=0).mean()) / 2, abs=1e-6)
    for row, chosen in enumerate(nearest(source, target, 3)):
        assert set(chosen) == set(np.argsort(-likeness[row])[:3])


def test_csls_is_its_definition_in_loops():
    source, target = rows(30, 4, 1), rows(25, 4, 2)
    likeness = source @ target.T
    r = [np.mean(sorted(likeness[i], reverse=True)[:4]) for i in range(30)]
    r_ = [np.mean(sorted(likeness[:, j], reverse=True)[:4]) for j in range(25)]
    twin = np.array([[2 * likeness[i, j] - r[i] - r_[j] for j in range(25)] for i in range(30)])
    np.testing.assert_allclose(means_of_nearest(source, target, 4), r, atol=1e-6)
    both = both_ways(source, target, Csls(4))
    assert both.forward.tolist() == twin.argmax(axis=1).tolist()
    assert both.backward.tolist() == twin.argmax(axis=0).tolist()


@pytest.mark.parametrize("cells", [40, 1 << 23])
@pytest.mark.parametrize("k", [1, 4, 40])
def test_densities_of_both_sides_come_of_one_product(monkeypatch, cells, k):
    monkeypatch.setattr(neighbours, "_CELLS", cells)  # one row a block, or one block
    source, target = rows(30, 4, 1), rows(35, 4, 2)
    source[3:9] = source[3]  # ties
    likeness = source @ target.T
    wanted = [np.sort(one, axis=1)[:, -k:].mean(axis=1) for one in (likeness, likeness.T)]
    for found, r in zip(Csls(k).densities(source, target), wanted, strict=True):
        np.testing.assert_allclose(found, r, atol=1e-6)
    first = Csls(k, most=10).densities(source, target)
    np.testing.assert_allclose(first[0], np.sort(likeness[:, :10], axis=1)[:, -k:].mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(first[1], np.sort(likeness.T[:, :10], axis=1)[:, -k:].mean(axis=1), atol=1e-6)


def test_induced_pairs_are_mutual_or_of_either_way():
    source, target = rows(30, 4, 1), rows(25, 4, 2)
    both = both_ways(source, target)
    mutual = [(i, j) for i, j in enumerate(both.forward) if both.backward[j] == i]
    either = {(i, j) for i, j in enumerate(both.forward)} | {(i, j) for j, i in enumerate(both.backward)}
    assert [tuple(pair) for pair in induced(both)] == mutual
    assert {tuple(pair) for pair in induced(both, "union")} == either


def test_self_learning_ends_where_it_stops_improving_and_finds_more_than_its_seed():
    source, target = tables(noise=0.15)
    seed = dictionary(12)
    alone, taught = (align(source, target, seed, method) for method in ("vecmap", "self-learning"))
    assert found(*taught, 12) > found(*alone, 12) + 0.05
    sides = [normalised(table.vectors) for table in (source, target)]
    maps = self_learning(*sides, np.stack([np.arange(12)] * 2, axis=1))
    assert maps.info["converged"] and maps.info["induced"] > 400
    short = self_learning(*sides, np.stack([np.arange(12)] * 2, axis=1), rounds=1)
    assert not short.info["converged"]


@pytest.mark.parametrize("retrieval", ["csls", "csls(k=5)"])
def test_self_learning_by_csls_and_by_union(retrieval):
    sides = align(
        *tables(noise=0.05),
        dictionary(30),
        f"self-learning(retrieval={retrieval!r}, induction=union)".replace("'", '"'),
    )
    assert found(*sides, 30) > 0.9
    with pytest.raises(UnknownName, match="union"):
        align(*tables(), dictionary(30), "self-learning(induction=both)")
    with pytest.raises(ProbekitError, match="cosine or csls"):
        align(*tables(), dictionary(30), "self-learning(retrieval=dot)")


def test_dropped_similarities_count_as_nothing_whatever_the_blocks(monkeypatch):
    """The plain twin: two masks of the whole matrix, one for each way; the mean is that of all."""
    source, target = rows(50, 4, 1), rows(40, 4, 2)
    likeness = source @ target.T
    masks = [np.random.default_rng(way).random((50, 40), np.float32) < 0.3 for way in (0, 1)]
    for cells in (200, 1 << 20):
        monkeypatch.setattr("probekit.embeddings.align.neighbours._CELLS", cells)
        both = both_ways(source, target, None, Dropping(0.3, *(np.random.default_rng(way) for way in (0, 1))))
        assert both.forward.tolist() == (likeness * masks[0]).argmax(axis=1).tolist()
        assert both.backward.tolist() == (likeness * masks[1]).argmax(axis=0).tolist()
        assert both.mean == pytest.approx(both_ways(source, target).mean, abs=1e-6)


def test_the_share_kept_doubles_after_rounds_without_gain_until_all_is_kept():
    """At least `patience` rounds at each of .25, .5 and 1, and none is cut off; the same seed gives the same maps."""
    sides, pairs = [normalised(table.vectors) for table in tables(noise=0.15)], np.stack([np.arange(12)] * 2, axis=1)
    options = {"induction": "union", "retrieval": "csls", "keep": 0.25, "patience": 4}
    maps, again, other = (self_learning(*sides, pairs, **options, seed=seed) for seed in (0, 0, 1))
    assert maps.info["converged"] and 12 <= maps.info["rounds"] < 100
    assert np.array_equal(maps.source, again.source) and not np.array_equal(maps.source, other.source)
    taught = align(*tables(noise=0.15), dictionary(12), "self-learning(keep=0.25, patience=4, induction=union)")
    assert found(*taught, 12) > found(*align(*tables(noise=0.15), dictionary(12), "vecmap"), 12) + 0.05
    with pytest.raises(ProbekitError, match="keep of this alignment is a number above 0 to 1"):
        align(*tables(), dictionary(30), "self-learning(keep=0)")


def test_a_round_that_pairs_nothing_leaves_the_dictionary_as_it_was():
    """Of 60 unlike words of which one in a hundred similarities is kept, the second round has no mutual neighbours."""
    sides, pairs = (rows(60, 6, 1), rows(60, 6, 2)), np.stack([np.arange(12)] * 2, axis=1)
    two, whole = (self_learning(*sides, pairs, keep=0.01, rounds=n) for n in (2, 100))
    assert two.info["induced"] == 1 and whole.info["converged"] and whole.info["induced"] > 1


def test_the_loss_of_rcsls_is_its_definition_and_its_gradient_the_slope():
    source, target = rows(60, 4, 1), rows(50, 4, 2)
    left, right = source[:20].astype(float), target[:20].astype(float)
    by = np.random.default_rng(3).normal(size=(4, 4))

    def twin(by):
        total = 0.0
        for x, z in zip(left, right, strict=True):
            near = sorted(target.astype(float), key=lambda z_: -(x @ by @ z_))[:3]
            around = sorted(source.astype(float), key=lambda x_: -(x_ @ by @ z))[:3]
            total += -2 * x @ by @ z + np.mean([x @ by @ z_ for z_ in near]) + np.mean([x_ @ by @ z for x_ in around])
        return total / 20

    value, slope = loss(by, left, right, (source, target), 3)
    assert value == pytest.approx(twin(by), abs=1e-6)
    for cell in [(0, 0), (1, 3), (2, 2)]:
        step = np.zeros((4, 4))
        step[cell] = 1e-5
        assert slope[cell] == pytest.approx((twin(by + step) - twin(by - step)) / 2e-5, abs=1e-4)


def test_rcsls_lowers_its_loss_from_procrustes_within_its_ball():
    sides = [normalised(table.vectors) for table in tables(noise=0.3)]
    pairs = np.stack([np.arange(100)] * 2, axis=1)
    left, right = (side[:100].astype(float) for side in sides)
    maps = rcsls(*sides, pairs)
    assert maps.info["loss"] < loss(procrustes(*sides, pairs).source, left, right, tuple(sides), 10)[0]
    assert np.linalg.norm(maps.source, 2) <= 1 + 1e-9
    wide = rcsls(*sides, pairs, spectral=False, rounds=20)
    assert np.linalg.norm(wide.source, 2) > 1 and not wide.info["converged"]
    np.testing.assert_allclose(np.linalg.svd(contracted(np.diag([3.0, 0.5])))[1], [1, 0.5])


@pytest.mark.parametrize("method", METHODS)
def test_a_rotated_noisy_copy_is_recovered(method):
    source, target = tables(noise=0.02)
    sides = align(source, target, dictionary(100), method)
    assert found(source, target) < 0.05
    assert found(*sides) > 0.95
    assert [side.words for side in sides] == [source.words, target.words]


@pytest.mark.parametrize("method", METHODS)
def test_a_rotation_before_changes_no_similarity(method):
    """What `similarity-order(0)` is: the columns turned by the table's own spectrum."""
    source, target = tables(noise=0.1)
    vectors = source.vectors.astype(float)
    turn = np.linalg.eigh(vectors.T @ vectors)[1]
    first = WordTable(source.words, (vectors @ turn).astype(np.float32))
    plain, rotated = (align(one, target, dictionary(100), method) for one in (source, first))
    plain, rotated = ([normalised(side.vectors, "unit") for side in sides] for sides in (plain, rotated))
    np.testing.assert_allclose(rotated[0] @ rotated[1].T, plain[0] @ plain[1].T, atol=2e-5)


@pytest.mark.parametrize("method", METHODS)
def test_unlike_widths_are_padded_and_said(method):
    source, target = tables(noise=0.01, width=20)
    sides = align(source, target, dictionary(300), method)
    assert sides[0].notes == {"padded": 8} and not sides[1].notes
    assert sides[0].width == sides[1].width == 20
    assert found(*sides) > 0.9


def test_fewer_pairs_than_dimensions_are_whitened_where_they_spread():
    source, target = tables(d=40)
    sides = align(source, target, dictionary(30), "vecmap")
    assert all(np.isfinite(side.vectors).all() for side in sides)
    assert found(*sides) > 0.3


def test_a_dictionary_of_other_words_is_refused():
    source, target = tables()
    other = items_of("dictionary", [("x", "y", 0, "train")] * 20)
    with pytest.raises(ProbekitError, match=r"0 of 20 training pairs.*reverse=true"):
        align(source, target, other)
    with pytest.raises(ProbekitError, match="are no dictionary"):
        align(source, target, items_of("lexicon", [("a0", "b0")]))
    with pytest.raises(UnknownName, match="procrustes"):
        align(source, target, dictionary(20), "procrustus")
