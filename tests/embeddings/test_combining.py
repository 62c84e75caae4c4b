"""Combining steps against the definition: plain ones by hand, the geometric map against the n x n objective."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from scipy.linalg import expm, polar, sqrtm
from scipy.optimize import minimize

from probekit.embeddings.steps import geometric
from probekit.embeddings.steps.combining import average, concatenate, geo_average, geo_concatenate
from probekit.embeddings.steps.geometric import Problem, closed_form
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table, transform
from probekit.errors import MissingExtra, ProbekitError

D = 4


def table(words, width=D, seed=0, spread=1.0) -> WordTable:
    draw = np.random.default_rng(seed)
    return WordTable(words, (spread * draw.normal(size=(len(words), width))).astype(np.float32))


@pytest.fixture
def two() -> tuple[WordTable, WordTable]:
    return table([f"w{i}" for i in range(40)]), table([f"w{i}" for i in range(50, 5, -1)], seed=1, spread=3)


def plain_norm(X, how):
    if how == "rows":
        return np.array([x / np.linalg.norm(x) for x in X])
    return X / np.linalg.norm(X, axis=0) if how == "columns" else X


def cosines(table: WordTable) -> np.ndarray:
    X = plain_norm(table.vectors.astype(np.float64), "rows")
    return X @ X.T


# --- plain -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pre", [None, "rows", "columns"])
@pytest.mark.parametrize("post", [None, "rows", "columns"])
def test_average_and_concatenate_as_by_definition(two, pre, post):
    one, other = two
    words = [word for word in one.words if word in other.words]
    X, Z = (
        plain_norm(plain_norm(np.array([each.vector(word) for word in words], dtype=np.float64), pre), post)
        for each in two
    )
    mean, beside = (step(one, other, pre_norm=pre, post_norm=post) for step in (average, concatenate))
    assert mean.words == beside.words == tuple(words) and len(words) == 34
    np.testing.assert_allclose(mean.vectors, (X + Z) / 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(beside.vectors, np.hstack([X, Z]), rtol=1e-5, atol=1e-6)


def test_three_tables_and_unlike_widths(two):
    third = table([f"w{i}" for i in range(20)], width=2, seed=3)
    made = concatenate(two[0], [two[1], third])
    assert made.words == tuple(f"w{i}" for i in range(6, 20)) and made.width == 2 * D + 2
    padded = average(two[0], [two[1], transform(third, "pad(4)")])
    want = (two[0].vector("w7") + two[1].vector("w7") + [*third.vector("w7"), 0, 0]) / 3
    np.testing.assert_allclose(padded.vector("w7"), want, rtol=1e-5)
    for step in (average, geo_average, geo_concatenate):
        with pytest.raises(ProbekitError, match=r"tables of 2 and 4 dimensions have no mean.*\|pad\(4\)"):
            step(two[0], third)
    for step in (average, concatenate, geo_average, geo_concatenate):
        with pytest.raises(ProbekitError, match="share no word; are all of one language and case"):
            step(two[0], table(["W1", "W2"]))


def test_zero_vectors_stay_zero():
    one = WordTable(["a", "b"], np.array([[0, 0], [1, 2]], np.float32))
    made = concatenate(one, one, pre_norm="columns", post_norm="rows")
    assert not made.vectors[0].any() and np.isfinite(made.vectors).all()


# --- geometric ---------------------------------------------------------------------------------------


def full_objective(U, B, V, X, Z, C) -> float:
    """As printed, with the n x n matrix; rows are words."""
    return np.linalg.norm(X @ U.T @ B @ V @ Z.T - np.eye(len(X))) ** 2 + C * np.linalg.norm(B) ** 2


@pytest.fixture
def problem() -> tuple[np.ndarray, np.ndarray, Problem]:
    draw = np.random.default_rng(4)
    X = draw.normal(size=(30, D)) * [1, 1.5, 2, 3]
    Z = X @ np.linalg.qr(draw.normal(size=(D, D)))[0] + 0.3 * draw.normal(size=(30, D))
    return X, Z, Problem.of(X, Z, 0.05)


def test_the_objective_is_that_of_the_n_by_n_matrix_and_the_gradients_are_its(problem):
    X, Z, asked = problem
    draw = np.random.default_rng(0)
    U, V = (np.linalg.qr(draw.normal(size=(D, D)))[0] for _ in range(2))
    B = np.diag([1.0, 2, 0.5, 0.1])
    assert asked.objective(U.T @ B @ V) == pytest.approx(full_objective(U, B, V, X, Z, asked.C), rel=1e-10)
    # B moves C ||B||^2 as M does where U and V are orthogonal; their own slopes are tried with C = 0.
    free = Problem(asked.A, asked.D, asked.K, asked.n, 0.0)
    for place, slope in enumerate(geometric.slopes(free, U, B, V)):
        step = draw.normal(size=(D, D))
        step = step + step.T if place == 1 else step

        def along(t, place=place, step=step):
            parts = [U, B, V]
            parts[place] = parts[place] + t * step
            return free.objective(parts[0].T @ parts[1] @ parts[2])

        assert (along(1e-5) - along(-1e-5)) / 2e-5 == pytest.approx(np.vdot(slope, step), rel=1e-6)


def on_rotations(asked: Problem, sign: float) -> float:
    """The smallest f that steps on U, B, V reach from determinants of one sign: rotations as exp of skew matrices."""
    upper, size = np.triu_indices(D, 1), float(np.linalg.norm(asked.K) / np.linalg.norm(asked.A @ asked.D))

    def parts(flat):
        skew = np.zeros((2, D, D))
        skew[0][upper], skew[1][upper] = flat[:6], flat[6:12]
        U, V = expm(skew[0] - skew[0].T), expm(skew[1] - skew[1].T) @ np.diag([sign, 1, 1, 1])
        L = np.zeros((D, D))
        L[np.tril_indices(D)] = flat[12:]
        return U, size * L @ L.T, V

    def f(flat):
        U, B, V = parts(flat)
        return asked.objective(U.T @ B @ V)

    best = np.inf
    for seed in range(4):
        start = 0.3 * seed * np.random.default_rng(seed).normal(size=22)
        start[12:] += np.eye(D)[np.tril_indices(D)]
        best = min(best, minimize(f, start, method="BFGS", options={"gtol": 1e-7, "maxiter": 2000}).fun)
    return best


@pytest.mark.parametrize("flipped", [False, True])
def test_the_closed_form_is_the_best_of_both_signs_of_the_determinant(problem, flipped):
    X, Z, asked = problem
    if flipped:
        Z = Z * [1, 1, 1, -1]
        asked = Problem.of(X, Z, 0.05)
    found = closed_form(asked)
    by_sign = {sign: on_rotations(asked, sign) for sign in (1.0, -1.0)}
    assert found.objective == pytest.approx(min(by_sign.values()), rel=1e-6)
    assert abs(by_sign[1.0] - by_sign[-1.0]) > 1e-3  # no start of the other sign gets there
    np.testing.assert_allclose(found.V @ found.V.T, np.eye(D), atol=1e-10)
    assert np.linalg.eigvalsh(found.B).min() > 0
    assert full_objective(found.U, found.B, found.V, X, Z, asked.C) == pytest.approx(found.objective, rel=1e-9)


@pytest.mark.skipif(importlib.util.find_spec("pymanopt") is None, reason="pymanopt is not installed")
def test_pymanopt_reaches_the_closed_form(problem):
    _, _, asked = problem
    assert geometric.riemannian(asked).objective == pytest.approx(closed_form(asked).objective, rel=1e-6)


@pytest.mark.skipif(importlib.util.find_spec("pymanopt") is not None, reason="pymanopt is installed")
def test_the_riemannian_solver_names_what_it_lacks(two):
    with pytest.raises(MissingExtra, match=r"solver=riemannian needs the extra 'pymanopt'"):
        geo_average(*two, solver="riemannian")


def test_latent_vectors_are_those_of_the_rotations_and_the_metric(two):
    words = [word for word in two[0].words if word in two[1].words]
    X, Z = (each.vectors[each.rows(words)].astype(np.float64) for each in two)
    C = 0.2 * np.trace(X.T @ X) * np.trace(Z.T @ Z) / D**2
    # The ridge problem in M as one linear system, column by column of its vector.
    system = np.kron(Z.T @ Z, X.T @ X) + C * np.eye(D * D)
    M = np.linalg.solve(system, (X.T @ Z).ravel(order="F")).reshape(D, D, order="F")
    V, B = polar(M, side="left")
    root = np.real(sqrtm(B))
    mean, beside = geo_average(*two, c=0.2), geo_concatenate(*two, c=0.2)
    np.testing.assert_allclose(beside.vectors, np.hstack([X @ root, Z @ V.T @ root]), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(mean.vectors, (X @ root + Z @ V.T @ root) / 2, rtol=1e-3, atol=1e-5)
    assert mean.about["C"] == pytest.approx([C]) and len(mean.about["spectrum"]) == D
    normed = geo_concatenate(*two, c=0.2, post_norm="rows").vectors
    np.testing.assert_allclose(np.linalg.norm(normed[:, :D], axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(normed[:, D:], axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("step", [geo_average, geo_concatenate])
def test_turning_a_source_changes_no_cosine(two, step):
    plain = cosines(step(*two))
    for seed in range(2):
        turned = transform(two[1], f"rotate(seed={seed})")
        np.testing.assert_allclose(cosines(step(two[0], turned)), plain, atol=1e-4)
        assert np.abs(cosines(average(two[0], turned)) - cosines(average(*two))).max() > 0.1


def test_a_copy_turned_over_leaves_the_source():
    source = table([f"w{i}" for i in range(200)], seed=7)
    opposite = source.with_vectors(-source.vectors)
    assert np.abs(average(source, opposite).vectors).max() < 1e-6
    made = geo_average(source, opposite, c=1e-4)
    latent = geo_concatenate(source, opposite, c=1e-4).vectors
    np.testing.assert_allclose(latent[:, :D], latent[:, D:], atol=1e-4)  # both are one again
    assert np.corrcoef(cosines(made).ravel(), cosines(source).ravel())[0, 1] > 0.95


def test_more_tables_are_turned_to_the_first():
    source = table([f"w{i}" for i in range(300)], seed=8)
    copies = [transform(source, f"rotate(seed={seed})|noise(size=0.05, seed={seed})") for seed in range(3)]
    made = geo_concatenate(source, copies).vectors.reshape(300, 4, D)
    for copy in range(1, 4):
        near = [
            np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(made[:, 0], made[:, copy], strict=True)
        ]
        assert np.mean(near) > 0.98


def test_what_the_geometric_steps_refuse(two):
    zero = two[1].with_vectors(np.zeros_like(two[1].vectors))
    with pytest.raises(ProbekitError, match="C is 0; c is above 0, and no table is all zeros"):
        geo_average(two[0], zero)
    for options, message in (
        ("c=0", "c of this table step is a number above 0"),
        ("c=-1", "c of this table step is a number above 0"),
        ("pre_norm=both", "pre_norm of this table step is text among rows, columns"),
        ("solver=best", "solver of this table step is text among closed-form, riemannian"),
        ("with=[]", "an empty list"),
    ):
        given = options if options.startswith("with") else f"with=static:b, {options}"
        with pytest.raises(ProbekitError, match=message):
            describe_table(
                f"gaussian(like=generated-vectors)|geo-average({given.replace('static:b', 'generated-vectors')})"
            )


# --- by spec -----------------------------------------------------------------------------------------


def test_tables_are_named_by_specs_and_paths(two, tmp_path):
    for name, one in zip("ab", two, strict=True):
        one.save(tmp_path / name)
    spec = f"static:{tmp_path}/a|average(with={tmp_path}/b)"
    made = load_table(spec)
    np.testing.assert_allclose(made.vectors, average(*two).vectors)
    assert made.spec == f"static:{tmp_path}/a|average(with=static:{tmp_path}/b)"
    assert str(tmp_path) not in made.name and made.name.count("-") == 2
    assert load_table(f"static:{tmp_path}/a|average(static:{tmp_path}/b)").digest == made.digest
    assert load_table(f"static:{tmp_path}/a|average(with=[{tmp_path}/b])").vectors.shape == made.vectors.shape
    stepped = (
        f'static:{tmp_path}/a|ppa(1)|average(with=["static:{tmp_path}/b|ppa(1)", static:{tmp_path}/b], pre_norm=rows)'
    )
    assert load_table(load_table(stepped).spec).digest == load_table(stepped).digest != made.digest
    two[0].save(tmp_path / "b")
    assert describe_table(spec).digest != made.digest


def test_the_table_of_an_iterative_solver_is_kept_and_that_of_the_closed_form_is_not(two, tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    for name, one in zip("ab", two, strict=True):
        one.save(tmp_path / name)
    spec = f"static:{tmp_path}/a|geo-average(with={tmp_path}/b{{}})"
    assert not describe_table(spec.format("")).needs
    source = describe_table(spec.format(", solver=riemannian"))
    assert len(source.needs) == 1 and source.digest != describe_table(spec.format("")).digest
    if importlib.util.find_spec("pymanopt") is not None:
        found, wanted = load_table(source.spec), geo_average(*two)
        assert found.about["objective"] == pytest.approx(wanted.about["objective"], rel=1e-6)
        np.testing.assert_allclose(cosines(found), cosines(wanted), atol=1e-2)
