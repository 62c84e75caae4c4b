"""Retrofitting against loops over words, linear systems and energies; the lexicon; the table that is kept."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import t as student

from probekit import recipes
from probekit.corpora.catalogue import word_items
from probekit.corpora.word_items import WordItems, items_of
from probekit.embeddings import synonyms, tables
from probekit.embeddings.steps.retrofitting import WEIGHTS, retrofit
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError
from probekit.values import Seed

N, D = 30, 5
WORDS = [f"w{i}" for i in range(N)]


def pairs_of(seed: int, n: int = 40) -> list[tuple[str, str]]:
    """Pairs of the first 25 words; one in another case, some twice or turned round, one of a word with itself."""
    draw = np.random.default_rng(seed)
    pairs = [tuple(draw.choice(WORDS[:25], 2, replace=False).tolist()) for _ in range(n)]
    return [*pairs, pairs[0], pairs[1][::-1], ("w3", "w3"), ("W4", "w5"), ("w1", "absent")]


@pytest.fixture
def table() -> WordTable:
    return WordTable(WORDS, np.random.default_rng(1).normal(size=(N, D)).astype(np.float32))


@pytest.fixture
def lexicon() -> WordItems:
    return items_of("lexicon", pairs_of(2))


@word_items.register("test-synonyms", summary="synonyms of a test", kind="lexicon")
def drawn(seed: Seed = 2) -> WordItems:
    return items_of("lexicon", pairs_of(seed))


def neighbours(lexicon: WordItems) -> list[list[int]]:
    found: list[set[int]] = [set() for _ in WORDS]
    for left, right in zip(lexicon.items["left"], lexicon.items["right"], strict=True):
        i, j = (WORDS.index(word.lower()) if word.lower() in WORDS else -1 for word in (left, right))
        if i >= 0 and j >= 0 and i != j:
            found[i].add(j)
            found[j].add(i)
    return [sorted(one) for one in found]


def gamma(a, b, nu, scale2) -> float:
    """Equations 11 to 13 as printed."""
    d2 = sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    C = 2 * math.pi * (math.gamma((nu + 1) / 2) / (math.sqrt(nu * math.pi) * math.gamma(nu / 2))) ** 2
    return C * (1 + d2 / (scale2 * nu)) ** (-(nu + 1))


def by_loops(given, near, weights, nu, scale2, alpha, beta, sweeps, kernel_on):
    q = given.copy()
    for _ in range(sweeps):
        new = q.copy()
        for i, js in enumerate(near):
            if not js:
                continue
            seen = given if kernel_on == "original" else q
            g = [1.0 if weights == "uniform" else gamma(given[i], seen[j], nu, scale2) for j in js]
            total = sum(w * q[j] for w, j in zip(g, js, strict=True))
            if weights == "as-printed":
                new[i] = alpha * given[i] + beta * total / len(js)
            elif weights == "exact":
                new[i] = (alpha * given[i] + 2 * beta * total) / (alpha + 2 * beta * sum(g))
            else:
                new[i] = (alpha * given[i] + beta * total / sum(g)) / (alpha + beta)
        q = new
    return q


def unit(table: WordTable) -> np.ndarray:
    X = table.vectors.astype(np.float64)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"nu": 3.0, "scale2": 0.5, "alpha": 0.7, "beta": 0.2, "sweeps": 3},
        {"kernel_on": "mixed", "nu": 2.0, "sweeps": 4},
        {"unit_rows": False, "sweeps": 2},
    ],
)
def test_sweeps_are_those_of_loops_over_words(table, lexicon, weights, options):
    full = {"nu": 100.0, "scale2": 1.0, "alpha": 0.5, "beta": 0.5, "sweeps": 10, "kernel_on": "original", **options}
    given = unit(table) if full.pop("unit_rows", True) else table.vectors.astype(np.float64)
    wanted = by_loops(given, neighbours(lexicon), weights, **full)
    found = retrofit(table, lexicon, weights, **options)
    np.testing.assert_allclose(found.vectors, wanted, rtol=1e-5, atol=1e-6)


def laplacian(table, lexicon) -> np.ndarray:
    near, Q = neighbours(lexicon), unit(table)
    W = np.array([[gamma(Q[i], Q[j], 100, 1) if j in near[i] else 0.0 for j in range(N)] for i in range(N)])
    return np.diag(W.sum(axis=1)) - W


def test_exact_weights_end_at_the_solution_of_the_linear_system(table, lexicon):
    solved = np.linalg.solve(0.5 * np.eye(N) + 2 * 0.5 * laplacian(table, lexicon), 0.5 * unit(table))
    found = retrofit(table, lexicon, "exact", sweeps=300)
    np.testing.assert_allclose(found.vectors, solved, rtol=1e-5, atol=1e-6)


def test_the_residual_bounds_how_far_the_minimiser_is(table, lexicon):
    takes = [i for i, js in enumerate(neighbours(lexicon)) if js]
    solved = np.linalg.solve(0.5 * np.eye(N) + 2 * 0.5 * laplacian(table, lexicon), 0.5 * unit(table))
    for sweeps in (1, 5, 20):
        found = retrofit(table, lexicon, "exact", sweeps=sweeps)
        away = np.linalg.norm((found.vectors - solved)[takes]) / np.linalg.norm(unit(table)[takes])
        assert away <= found.about["residual"] <= 20 * away
    assert "residual" not in retrofit(table, lexicon).about


def test_kernel_weights_end_at_their_fixed_point(table, lexicon):
    near, L = neighbours(lexicon), laplacian(table, lexicon)
    W = np.diag(np.diag(L)) - L
    P = np.array([row / row.sum() if len(near[i]) else row for i, row in enumerate(W)])
    alone = np.array([not js for js in near])
    fixed = np.linalg.solve(np.eye(N) - 0.5 * P, 0.5 * unit(table))
    found = retrofit(table, lexicon, sweeps=200).vectors
    np.testing.assert_allclose(found[~alone], fixed[~alone], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[alone], unit(table)[alone], rtol=1e-6)
    assert alone.sum() >= 5


def psi(q, given, near, g, alpha, beta) -> float:
    """Equation 9 as printed."""
    return sum(
        alpha * np.sum((q[i] - given[i]) ** 2) + beta * sum(g(i, j) * np.sum((q[i] - q[j]) ** 2) for j in near[i])
        for i in range(N)
    )


@pytest.mark.parametrize("weights", WEIGHTS)
def test_energies_are_as_defined_and_fall_where_they_should(table, lexicon, weights):
    given, near = unit(table), neighbours(lexicon)

    def g(i, j):
        return 1.0 if weights == "uniform" else gamma(given[i], given[j], 100, 1)

    found = retrofit(table, lexicon, weights, sweeps=6)
    about, last = found.about, found.vectors.astype(np.float64)
    assert len(about["psi"]) == len(about["energy"]) == 7
    assert about["psi"][0] == pytest.approx(psi(given, given, near, g, 0.5, 0.5), rel=1e-6)
    assert about["psi"][-1] == pytest.approx(psi(last, given, near, g, 0.5, 0.5), rel=1e-5)
    degree = [sum(g(i, j) for j in near[i]) for i in range(N)]
    energy = sum(0.5 * degree[i] * np.sum((last[i] - given[i]) ** 2) for i in range(N)) + 0.25 * sum(
        g(i, j) * np.sum((last[i] - last[j]) ** 2) for i in range(N) for j in near[i]
    )
    assert about["energy"][-1] == pytest.approx(energy, rel=1e-5)
    if weights != "as-printed":
        falls = about["psi" if weights == "exact" else "energy"]
        assert all(after <= before * (1 + 1e-12) for before, after in pairwise(falls))
        assert falls[-1] < falls[0]


def test_as_printed_shrinks_and_the_others_do_not(table, lexicon):
    taking = [i for i, js in enumerate(neighbours(lexicon)) if js]
    size = {weights: np.linalg.norm(retrofit(table, lexicon, weights).vectors[taking]) for weights in WEIGHTS}
    assert size["as-printed"] < min(size[weights] for weights in WEIGHTS if weights != "as-printed")


def test_a_kernel_of_many_degrees_of_freedom_does_not_overflow(table, lexicon):
    wide = retrofit(table, lexicon, "exact", nu=1e6, sweeps=3)
    assert np.isfinite(wide.vectors).all()
    Q = unit(table)
    d2 = np.sum((Q[0] - Q[1]) ** 2)
    assert gamma(Q[0], Q[1], 5, 1) == pytest.approx(2 * math.pi * student.pdf(math.sqrt(d2), 5) ** 2)


def test_what_is_counted_and_what_is_refused(table, lexicon):
    edges = sum(map(len, neighbours(lexicon))) // 2
    about = retrofit(table, lexicon).about
    assert about["edges"] == edges and about["pairs_covered"] == pytest.approx(edges / len(lexicon))
    assert about["words_with_edges"] == sum(1 for js in neighbours(lexicon) if js)
    for pairs in ([("x", "y")], [("w1", "absent")], [("w1", "w1")]):
        with pytest.raises(ProbekitError, match=r"no pair of .* has both words in .*one language, and of one case"):
            retrofit(table, items_of("lexicon", pairs))
    with pytest.raises(ProbekitError, match="are no lexicon"):
        retrofit(table, items_of("words", [("w1",)]))


@pytest.fixture
def sets() -> tuple[WordTable, WordItems, WordItems]:
    """Noisy copies of one vector a set; a chain in each set, and its ends, which are no pair of the chain."""
    draw = np.random.default_rng(6)
    latent = np.repeat(draw.normal(size=(40, 8)), 5, axis=0)
    names = [f"s{i // 5}-{i % 5}" for i in range(200)]
    noisy = WordTable(names, (latent + draw.normal(size=latent.shape)).astype(np.float32))
    chain = [(f"s{i}-{j}", f"s{i}-{j + 1}") for i in range(40) for j in range(4)]
    return noisy, items_of("lexicon", chain), items_of("lexicon", [(f"s{i}-0", f"s{i}-4") for i in range(40)])


def mean_cosine(table: WordTable, lexicon: WordItems) -> float:
    rows = unit(table)
    left, right = synonyms.edges(table, lexicon)
    return float(np.einsum("ij,ij->i", rows[left], rows[right]).mean())


def test_synonyms_that_are_noisy_copies_of_one_vector_come_together_and_unseen_pairs_too(sets):
    noisy, chain, ends = sets
    made = retrofit(noisy, chain)
    assert mean_cosine(made, chain) > mean_cosine(noisy, chain) + 0.2
    assert mean_cosine(made, ends) > mean_cosine(noisy, ends) + 0.05


def test_a_rewired_lexicon_draws_no_synonyms_together(sets):
    noisy, chain, _ = sets
    made, random = retrofit(noisy, chain), retrofit(noisy, chain, rewired=0)
    assert made.about["edges"] == random.about["edges"] == 160
    assert made.about["edges_of_lexicon"] == 1 and random.about["edges_of_lexicon"] < 0.1
    assert mean_cosine(random, chain) < mean_cosine(made, chain) - 0.2


def counted(pairs: np.ndarray) -> Counter[int]:
    return Counter(pairs.ravel().tolist())


def test_random_edges_keep_the_degree_of_every_word():
    draw = np.random.default_rng(3)
    pairs = np.unique(np.sort(draw.integers(0, 60, (400, 2)), axis=1), axis=0).T
    pairs = pairs[:, pairs[0] != pairs[1]]
    found = synonyms.rewired(pairs, 0)
    assert counted(found) == counted(pairs) and found.shape == pairs.shape
    assert (found[0] < found[1]).all() and len(set(map(tuple, found.T.tolist()))) == found.shape[1]
    # As often an edge as any two words are, of the same degrees.
    degree = np.bincount(pairs.ravel(), minlength=60)
    chance = np.mean(degree[pairs[0]] * degree[pairs[1]]) / (2 * pairs.shape[1])
    shares = [synonyms.among(synonyms.rewired(pairs, seed), pairs).mean() for seed in range(20)]
    assert np.mean(shares) == pytest.approx(chance, abs=0.05)
    assert not np.array_equal(found, synonyms.rewired(pairs, 1))
    whole = np.array([[i, j] for i in range(5) for j in range(i)]).T[::-1]
    assert synonyms.among(synonyms.rewired(whole, 0), whole).all()  # no other graph has these degrees


# --- kept in the store -------------------------------------------------------------------------------


@pytest.fixture
def kept(table, tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tables, "_recent", {})
    table.save(tmp_path / "t")
    return f"static:{tmp_path}/t"


def test_a_costly_table_is_a_recipe_made_once(kept, monkeypatch, tmp_path, table, lexicon):
    spec = f"{kept}|retrofit(lexicon=test-synonyms, sweeps=4)"
    source = describe_table(spec)
    (need,) = source.needs
    assert recipes.of(need).key == source.digest and not recipes.of(need).made
    assert str(tmp_path) not in recipes.of(need).name and __name__ in recipes.of(need).modules
    made = load_table(spec)
    np.testing.assert_allclose(made.vectors, retrofit(table, lexicon, sweeps=4).vectors)
    assert recipes.of(need).made and recipes.found(need)["words"] == N
    assert made.digest == source.digest and len(made.about["energy"]) == 5
    monkeypatch.setattr(tables, "_recent", {})
    monkeypatch.setattr(tables, "_taken", lambda *_, **__: pytest.fail("made twice"))
    again = load_table(spec)
    np.testing.assert_array_equal(again.vectors, made.vectors)
    assert again.about["energy"] == made.about["energy"] and again.name == made.name


def test_steps_go_on_from_a_costly_one_and_keys_hold_the_lexicon(kept):
    spec = f"{kept}|retrofit(lexicon=test-synonyms)|ppa(1)"
    source = describe_table(spec)
    assert len(source.needs) == 1 and recipes.of(source.needs[0]).key != source.digest
    assert load_table(spec).width == D
    specs = [
        f"{kept}|retrofit(lexicon=test-synonyms{more})"
        for more in ("", ", weights=exact", ", nu=5", ", sweeps=9", ", kernel_on=mixed")
    ]
    specs.append(f'{kept}|retrofit(lexicon="test-synonyms(seed=3)")')
    assert len({describe_table(one).digest for one in specs}) == len(specs)
    for wrong, message in (
        ("retrofit(lexicon=simlex)", "unknown word items 'simlex'"),
        (f'retrofit(lexicon="words:{kept[7:]}/words.txt")', "are words; this step takes lexicon"),
        ("retrofit(lexicon=test-synonyms, weights=t)", "among uniform, t-kernel, as-printed, exact"),
        ("retrofit(lexicon=test-synonyms, nu=0)", "nu of this table step is a number above 0"),
        ("retrofit", "needs the argument 'lexicon'"),
    ):
        with pytest.raises(ProbekitError, match=message):
            describe_table(f"{kept}|{wrong}")
    with pytest.raises(ProbekitError, match="no table whose last step is kept"):
        recipes.of(f'table:"{kept}|ppa(1)"')
