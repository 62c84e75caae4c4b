"""Plain, spectral and fuzzy steps against the definition, chains of them, what they refuse, how they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from golden import is_own
from scipy.special import softmax
from sklearn.decomposition import PCA

import probekit as pk
from probekit.embeddings import affine, fuzzy, tables
from probekit.embeddings.catalogue import steps
from probekit.embeddings.steps import fuzzy as fuzzy_step
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table, transform, width_of
from probekit.errors import ProbekitError, UnknownName
from probekit.values import Count

N, D = 60, 9
WORDS = [f"word{i}" for i in range(N)]


@pytest.fixture
def table() -> WordTable:
    """Correlated columns with means far from zero."""
    draw = np.random.default_rng(3)
    vectors = draw.normal(size=(N, D)) @ draw.normal(size=(D, D)) + 5 * draw.normal(size=D)
    return WordTable(WORDS, vectors.astype(np.float32), counts=draw.integers(1, 20, N), language="en")


@pytest.fixture
def X(table) -> np.ndarray:
    return table.vectors.astype(np.float64)


def near(found: WordTable, wanted: np.ndarray, tolerance: float = 1e-5) -> None:
    assert found.vectors.shape == wanted.shape
    np.testing.assert_allclose(found.vectors, wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max())


def up_to_sign(found: WordTable, wanted: np.ndarray) -> None:
    signs = np.sign((found.vectors * wanted).sum(axis=0))
    near(found, wanted * signs)


# --- plain -------------------------------------------------------------------------------------------


def test_unit_center_standardize_as_by_definition(table, X):
    near(transform(table, "unit"), np.array([x / np.sqrt(sum(x**2)) for x in X]))
    near(transform(table, "center"), X - np.array([column.mean() for column in X.T]))
    near(transform(table, "standardize"), (X - X.mean(axis=0)) / X.std(axis=0))


def test_words_counts_and_language_stay_and_context_goes(table):
    with_context = WordTable(WORDS, table.vectors, context=table.vectors, counts=table.counts, language="en")
    for chain in ("unit", "ppa(1)", "fuzzy", "noise(0.1)"):
        made = transform(with_context, chain)
        assert made.words == table.words and made.language == "en" and made.context is None
        np.testing.assert_array_equal(made.counts, table.counts)


def test_a_column_without_spread_becomes_zero_and_zero_vectors_stay_and_are_counted():
    vectors = np.array([[1e6, 1], [1e6, 2], [1e6, 4]], dtype=np.float32)
    made = transform(WordTable(["a", "b", "c"], vectors), "standardize")
    assert (made.vectors[:, 0] == 0).all() and made.vectors[:, 1].std() == pytest.approx(1)
    unit = transform(WordTable(["a", "b"], np.array([[0, 0], [3, 4]], np.float32)), "unit")
    assert unit.vectors.tolist() == [[0, 0], [np.float32(0.6), np.float32(0.8)]] and unit.about["zero_rows"] == 1


def test_rotation_keeps_lengths_and_angles_and_is_drawn_by_its_seed(table, X):
    one, same, other = (transform(table, f"rotate(seed={seed})").vectors for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1
    np.testing.assert_allclose(one @ one.T, X @ X.T, rtol=1e-4, atol=1e-3)
    assert np.abs(one - X).max() > 0.1


def test_a_turn_goes_from_nothing_to_half_a_circle(table, X):
    for turn in (0, 0.3, 1):
        made = transform(table, f"rotate(seed=3, turn={turn})").vectors
        np.testing.assert_allclose(made @ made.T, X @ X.T, rtol=1e-4, atol=1e-3)
        map = np.linalg.lstsq(X, made.astype(np.float64), rcond=None)[0]
        angles = np.abs(np.angle(np.linalg.eigvals(map)))
        assert angles.max() == pytest.approx(turn * np.pi, abs=1e-3) and np.linalg.det(map) == pytest.approx(
            1, abs=1e-3
        )
    once, half = (transform(table, f"rotate(seed=3, turn={turn})") for turn in (0.4, 0.2))
    np.testing.assert_allclose(transform(half, "rotate(seed=3, turn=0.2)").vectors, once.vectors, rtol=1e-3, atol=1e-2)


def test_dimensions_are_turned_over(table, X):
    np.testing.assert_array_equal(transform(table, "flip").vectors, -X.astype(np.float32))
    less, more = (
        set(np.flatnonzero((transform(table, f"flip(share={share}, seed=2)").vectors != X).any(axis=0)))
        for share in (0.3, 0.7)
    )
    assert less < more and (len(less), len(more)) == (round(0.3 * X.shape[1]), round(0.7 * X.shape[1]))
    np.testing.assert_array_equal(transform(table, "flip(share=0)").vectors, table.vectors)


def test_padding_and_noise(table, X):
    padded = transform(table, "pad(12)").vectors
    np.testing.assert_array_equal(padded, np.concatenate([table.vectors, np.zeros((N, 3), np.float32)], axis=1))
    drawn = transform(table, "noise(size=0.5, seed=4)").vectors - X
    assert drawn.std() == pytest.approx(0.5 * np.sqrt((X**2).mean()), rel=0.1)
    twice = transform(table, "noise(size=1, seed=4)").vectors - X
    np.testing.assert_allclose(twice, 2 * drawn, atol=1e-4)  # the size does not enter the draw


def test_most_frequent_goes_by_counts_and_else_by_order(table):
    best = sorted(range(N), key=lambda row: (-table.counts[row], row))[:5]
    made = transform(table, "most-frequent(5)")
    assert made.words == tuple(WORDS[row] for row in best)
    np.testing.assert_array_equal(made.vectors, table.vectors[best])
    assert transform(WordTable(WORDS, table.vectors), "most-frequent(2)").words == ("word0", "word1")


def test_words_of_tables_and_of_files(table, tmp_path):
    table.save(tmp_path / "all")
    WordTable(["word3", "x", "word1"], np.ones((3, 2), np.float32)).save(tmp_path / "some")
    (tmp_path / "list.txt").write_text("word9\n\nword3\nword3\n")
    one = load_table(f"static:{tmp_path}/all|words(of=static:{tmp_path}/some)")
    assert one.words == ("word1", "word3")
    np.testing.assert_array_equal(one.vectors, table.vectors[[1, 3]])
    np.testing.assert_array_equal(one.counts, table.counts[[1, 3]])
    listed = load_table(f"static:{tmp_path}/all|words(of={tmp_path}/list.txt)")
    assert listed.words == ("word3", "word9") and listed.about["words_covered"] == 1
    assert one.about["words_covered"] == pytest.approx(2 / 3)
    both = load_table(f"static:{tmp_path}/all|words(of=[static:{tmp_path}/some, words:{tmp_path}/list.txt])")
    assert both.words == ("word3",)
    assert both.name.count(str(tmp_path)) == 0 and len({one.digest, listed.digest, both.digest}) == 3
    (tmp_path / "list.txt").write_text("word9\nword4\n")
    assert load_table(listed.spec).words == ("word4", "word9")
    (tmp_path / "upper.txt").write_text("WORD9\n")
    with pytest.raises(ProbekitError, match="is left; are both of one language, and of one case"):
        load_table(f"static:{tmp_path}/all|words(of={tmp_path}/upper.txt)")


def test_the_control_has_the_words_and_the_size_of_a_table(table, tmp_path):
    table.save(tmp_path / "all")
    made = load_table(f"gaussian(like=static:{tmp_path}/all)")
    assert made.words == table.words and made.width == D
    assert np.sqrt((made.vectors**2).mean()) == pytest.approx(np.sqrt((table.vectors**2).mean()), rel=0.1)
    assert abs(np.corrcoef(made.vectors.ravel(), table.vectors.ravel())[0, 1]) < 0.15
    other = load_table(f"gaussian(like={tmp_path}/all, seed=1)")
    assert other.digest != made.digest and (other.vectors != made.vectors).all()
    assert load_table(f"gaussian(like={tmp_path}/all, seed=0)|pca(2)").width == 2
    with pytest.raises(ProbekitError, match="brackets"):
        describe_table("gaussian:glove")


# --- spectral ----------------------------------------------------------------------------------------


def test_principal_components_as_scikit_learn_finds_them(table, X):
    wanted = PCA(n_components=D).fit_transform(X)
    up_to_sign(transform(table, "pca(4)"), wanted[:, :4])
    up_to_sign(transform(table, "pca(first=3, last=5)"), wanted[:, 2:5])
    up_to_sign(transform(table, "component(7)"), wanted[:, 6:7])
    for part, columns in (("top", slice(0, 3)), ("middle", slice(3, 6)), ("bottom", slice(6, 9))):
        up_to_sign(transform(table, f"slice({part})"), wanted[:, columns])


def test_thirds_of_any_width_share_it_out():
    draw = WordTable(WORDS, np.random.default_rng(0).normal(size=(N, 100)).astype(np.float32))
    assert [transform(draw, f"slice(part={part})").width for part in ("top", "middle", "bottom")] == [33, 34, 33]


def removed(X: np.ndarray, n: int) -> np.ndarray:
    """Algorithm 1 of Mu and Viswanath, word by word."""
    X = X - X.mean(axis=0)
    directions = np.linalg.svd(X, full_matrices=False)[2][:n]
    return np.array([x - sum((u @ x) * u for u in directions) for x in X]) if n else X


@pytest.mark.parametrize("n", [0, 1, 5, D - 1])
def test_ppa_as_printed(table, X, n):
    near(transform(table, f"ppa({n})"), removed(X, n))


def test_ppa_pca_is_ppa_components_ppa(table, X):
    reduced = PCA(n_components=4).fit_transform(removed(X, 2))
    up_to_sign(transform(table, "ppa-pca(D=2, k=4)"), removed(reduced, 2))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_order_n_has_the_inner_products_of_the_nth_power(table, X, n):
    found = transform(table, f"similarity-order({(n - 1) / 2})").vectors.astype(np.float64)
    wanted = np.linalg.matrix_power(X @ X.T, n)
    np.testing.assert_allclose(found @ found.T, wanted, rtol=1e-4, atol=1e-6 * np.abs(wanted).max())


def test_order_of_minus_a_half_whitens_what_is_not_centred(table, X):
    found = transform(table, "similarity-order(-0.5)").vectors.astype(np.float64)
    np.testing.assert_allclose(found.T @ found, np.eye(D), atol=1e-5)
    turned = transform(table, "similarity-order(0)").vectors.astype(np.float64)
    np.testing.assert_allclose(turned @ turned.T, X @ X.T, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(turned.T @ turned, np.diag(np.diag(turned.T @ turned)), atol=1e-2)


def test_whitened_vectors_have_the_identity_as_covariance(table):
    found = transform(table, "whiten").vectors.astype(np.float64)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.T @ found / N, np.eye(D), atol=1e-5)


CHAIN = "center|rotate(seed=2)|ppa(2)|pca(6)|pad(8)|similarity-order(0.25)|standardize"


def test_a_chain_of_linear_steps_is_one_map_with_the_numbers_of_its_steps(table, monkeypatch):
    passes = []
    monkeypatch.setattr(affine.Affine, "of", lambda self, v, of=affine.Affine.of: passes.append(1) or of(self, v))
    at_once = transform(table, CHAIN)
    assert len(passes) == 1
    one_by_one = table
    for step in CHAIN.split("|"):
        one_by_one = transform(one_by_one, step)
    assert len(passes) == 1 + CHAIN.count("|") + 1
    np.testing.assert_allclose(np.abs(at_once.vectors), np.abs(one_by_one.vectors), rtol=1e-3, atol=1e-3)


def test_blocks_say_nothing(table, monkeypatch):
    whole = transform(table, "ppa(2)|unit|fuzzy|pca(3)")
    for module in (affine, fuzzy_step):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(tables, "_moments", {})
    np.testing.assert_allclose(transform(table, "ppa(2)|unit|fuzzy|pca(3)").vectors, whole.vectors, atol=1e-6)


def test_moments_keep_digits_where_means_are_far_from_zero():
    draw = np.random.default_rng(0)
    vectors = (draw.normal(size=(5000, 3)) * [1, 2, 3] + 1000).astype(np.float32)
    found = affine.Moments.of(vectors)
    centred = vectors.astype(np.float64) - vectors.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(found.scatter, centred.T @ centred, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.products, vectors.astype(np.float64).T @ vectors, rtol=1e-12)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("ppa(9)", r"ppa\(D=9\) leaves nothing of 9 dimensions"),
        ("ppa(-1)", "D of this table step is a whole number from 0"),
        ("pca(10)", "there are components 1 to 9, asked for are those from 1 to 10"),
        ("pca(0)", "k of this table step is a whole number from 1"),
        ("pca", "takes k, or first and last"),
        ("pca(k=3, first=2)", "takes k, or first and last"),
        ("pca(first=5, last=4)", "asked for are those from 5 to 4"),
        ("component(10)", "there are components 1 to 9"),
        ("component(0)", "i of this table step is a whole number from 1"),
        ("slice(part=low)", "part of this table step is text among top, middle, bottom"),
        ("ppa-pca(D=4, k=4)", r"ppa\(D=4\) leaves nothing of 4 dimensions"),
        ("pad(8)", r"9 dimensions already; pca\(k=8\)"),
        ("most-frequent(61)", "the table has 60 words"),
        ("ppa(2)|similarity-order(-0.25)", r"needs vectors of full rank; 7 of 9 .* Take pca\(k=7\) before"),
        ("ppa(1)|whiten", r"whiten needs vectors of full rank; 8 of 9"),
        ("similarity-order", "needs the argument 'order_alpha'"),
        ("similarity-order(10)", "hold NaN or infinity"),
        ("noise(0)", "size of this table step is a number above 0"),
        ("fuzzy(base=1)", "base of this table step is"),
        ("fuzzy(normalise=both)", r"among column, row, column\+row"),
        ("pppca(3)", "did you mean ppa-pca, ppa, pca"),
        ("ppa(E=3)", "unknown argument"),
    ],
)
def test_what_steps_refuse(table, chain, message):
    with pytest.raises(ProbekitError, match=message):
        transform(table, chain)


def written(table: WordTable, folder: Path, form: str) -> str:
    """The spec of a table in a file of one form."""
    if form == "safetensors":
        return f"static:{table.save(folder)}"
    if form == "npy":
        np.save(folder / "t.npy", table.vectors)
        (folder / "words.txt").write_text("".join(f"{word}\n" for word in table.words))
        return f"static:{folder}"
    lines = [" ".join([word, *map(str, row)]) for word, row in zip(table.words, table.vectors.tolist(), strict=True)]
    (folder / "t.txt").write_text("\n".join([f"{len(table)} {table.width}", *lines]))
    return f"static:{folder}/t.txt"


@pytest.mark.parametrize("form", ["safetensors", "npy", "text"])
def test_what_is_wider_than_the_table_is_refused_with_nothing_read(table, tmp_path, monkeypatch, form):
    spec = written(table, tmp_path, form)
    widths = {"": 9, "|unit|pca(k=4)|center": 4, "|slice(part=top)|pad(d=20)": 20, "|fuzzy": None, "|component(i=9)": 1}
    for chain, width in widths.items():
        assert width_of(spec + chain) == width
        assert width is None or load_table(spec + chain).width == width
    monkeypatch.setattr(tables, "_recent", {})
    monkeypatch.setattr(tables, "read_table", lambda *_, **__: pytest.fail("read"))
    for chain, message in (
        ("ppa(D=9)", "leaves nothing of 9 dimensions"),
        ("unit|pca(k=10)", "components 1 to 9"),
        ("pca(k=5)|center|component(i=6)", "components 1 to 5"),
        ("noise(size=0.1)|slice(part=middle)|pca(first=2, last=4)", "components 1 to 3"),
        ("pad(d=8)", "has 9 dimensions already"),
    ):
        with pytest.raises(ProbekitError, match=message):
            describe_table(f"{spec}|{chain}")
        with pytest.raises(ProbekitError, match=message):
            pk.benchmarking("try", [f"{spec}|{chain}"], ["spectrum/thirds"]).plan(tmp_path / "out")
    assert width_of("word2vec:cues(size=30)|pca(k=7)") == 7 and width_of(f"gaussian(like={spec})") == 9
    with pytest.raises(ProbekitError, match="components 1 to 30"):
        describe_table("word2vec:cues(size=30)|pca(k=31)")


def test_every_linear_step_of_the_house_says_its_width():
    linear = [steps.entry(name) for name in steps.names() if steps.entry(name).meta.get("linear")]
    assert {entry.name for entry in linear if is_own(entry) and "width" not in entry.meta} == set()


def test_full_rank_is_not_what_rounding_leaves():
    draw = np.random.default_rng(1).normal(size=(200, 6))
    flat = (draw[:, :4] @ np.random.default_rng(2).normal(size=(4, 6))).astype(np.float32)
    with pytest.raises(ProbekitError, match="4 of 6 directions"):
        transform(WordTable([str(i) for i in range(200)], flat), "similarity-order(-0.5)")


# --- fuzzy -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["e", 2])
@pytest.mark.parametrize("unit", [True, False])
def test_feature_probabilities_as_by_definition(table, X, base, unit):
    power = np.e if base == "e" else base
    rows = np.array([x / np.linalg.norm(x) for x in X]) if unit else X
    raised = power**rows
    column = raised / raised.sum(axis=0)
    wanted = {
        "column": column,
        "row": raised / raised.sum(axis=1, keepdims=True),
        "column+row": column / column.sum(axis=1, keepdims=True),
    }
    for way, values in wanted.items():
        found = transform(table, f'fuzzy(base={base}, unit_rows={str(unit).lower()}, normalise="{way}")')
        np.testing.assert_allclose(found.vectors, values, rtol=2e-5)


def test_large_values_do_not_overflow():
    vectors = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32) * 1000
    made = transform(WordTable([str(i) for i in range(20)], vectors), "fuzzy(unit_rows=false, normalise=row)")
    np.testing.assert_allclose(made.vectors, softmax(vectors.astype(np.float64), axis=1), atol=1e-6)


def test_set_algebra_as_by_definition():
    a, b = np.array([0.2, 0.9, 0.5, 0.0]), np.array([0.5, 0.3, 0.5, 1.0])
    for found, one in (
        (fuzzy.intersection, lambda x, y: x * y),
        (fuzzy.union, lambda x, y: 1 - (1 - x) * (1 - y)),
        (fuzzy.disjoint_union, lambda x, y: min(1, x + y)),
        (fuzzy.difference, lambda x, y: max(0, x - y)),
    ):
        np.testing.assert_allclose(found(a, b), [one(x, y) for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(fuzzy.complement(a), [0.8, 0.1, 0.5, 1])
    assert not fuzzy.included(a, b) and fuzzy.included(np.minimum(a, b), b) and fuzzy.inclusion(a, b) == 0.75
    assert fuzzy.cardinality(b) == pytest.approx(2.3)
    wanted = sum(-p * np.log(p) - (1 - p) * np.log(1 - p) for p in (0.2, 0.9, 0.5))
    assert fuzzy.entropy(a) == pytest.approx(wanted)
    np.testing.assert_allclose(fuzzy.entropy(np.stack([a, b])), [fuzzy.entropy(a), fuzzy.entropy(b)])


def test_a_composed_set_is_brought_to_the_mass_of_a_word_and_finds_the_shared_sense():
    """Two senses are two blocks of dimensions; one word has both. With the first sense it is next to words of that."""
    draw = np.random.default_rng(5)
    blocks = np.repeat(np.eye(2), 4, axis=1)
    rows = np.concatenate([np.tile(blocks[0], (5, 1)), np.tile(blocks[1], (5, 1)), np.ones((1, 8))])
    names = [f"metal{i}" for i in range(5)] + [f"rank{i}" for i in range(5)] + ["noble"]
    made = WordTable(names, (rows * 0.6 + 0.05 + 0.1 * draw.random(rows.shape)).astype(np.float32))
    both = fuzzy.intersection(made.vector("noble"), made.vector("metal0"))
    found = fuzzy.neighbours(made, both, n=4, measure="cosine", without=["noble", "metal0"])
    assert all(word.startswith("metal") for word in found.words) and len(found.words) == 4
    assert found.rescaled == pytest.approx(made.vectors.sum(axis=1).mean() / both.sum(), rel=1e-5)
    assert list(found.likeness) == sorted(found.likeness, reverse=True)
    by_entropy = fuzzy.neighbours(made, both, n=4, without=["noble", "metal0"])
    assert sorted(by_entropy.words) == sorted(found.words)
    assert fuzzy.neighbours(made, both, measure="cosine", rescale=False).rescaled == 1
    for wrong in (np.zeros(8), np.ones(3)):
        with pytest.raises(ProbekitError, match="8 values from 0 to 1, not all 0"):
            fuzzy.neighbours(made, wrong, measure="cosine")


# --- by spec -----------------------------------------------------------------------------------------


def test_specs_are_canonical_and_keys_hold_all_that_counts(table, tmp_path):
    table.save(tmp_path / "t")
    spec = f"static:{tmp_path}/t"
    made = load_table(f"{spec}|ppa(3)|pca(k=2)")
    source = describe_table(f"{spec}|ppa(D=3)|pca(2)")
    assert (made.spec, made.name, made.digest) == (source.spec, source.name, source.digest)
    assert made.spec == f"{spec}|ppa(D=3)|pca(k=2)" and str(tmp_path) not in made.name
    keys = {
        describe_table(f"{spec}|{steps}").digest
        for steps in (
            "ppa(3)|pca(2)",
            "ppa(3)|pca(3)",
            "ppa(2)|pca(2)",
            "pca(2)|ppa(1)",
            "pca(2)",
            "rotate",
            "rotate(1)",
        )
    }
    assert len(keys) == 7
    assert describe_table(f"{spec}|rotate(seed=0)").digest == describe_table(f"{spec}|rotate").digest


@steps.register("doubled-for-a-test", summary="twice the vectors")
def doubled(table: WordTable, times: Count = 2) -> WordTable:
    return table.with_vectors(table.vectors * np.float32(times))


@steps.register("shifted-for-a-test", summary="one more everywhere", linear=True)
def shifted(moments: affine.Moments) -> affine.Affine:
    return affine.Affine(np.eye(moments.width), np.ones(moments.width))


def test_a_step_of_ones_own_is_a_function(table, tmp_path, X):
    near(transform(table, "doubled-for-a-test(times=3)|shifted-for-a-test|center"), 3 * (X - X.mean(axis=0)))
    table.save(tmp_path / "t")
    source = describe_table(f"static:{tmp_path}/t|doubled-for-a-test|shifted-for-a-test")
    assert source.modules == (__name__,) and load_table(source.spec).width == D
    with pytest.raises(ProbekitError, match="times of this table step is a whole number from 1"):
        describe_table(f"static:{tmp_path}/t|doubled-for-a-test(0)")


def test_planning_reads_no_vectors(table, tmp_path, monkeypatch):
    table.save(tmp_path / "t")
    file = f"static:{tmp_path}/t"
    spec = f'{file}|average(with=[{file}, "gaussian(like={file})"])'
    monkeypatch.setattr(tables, "load_table", lambda spec: pytest.fail("loaded"))
    monkeypatch.setattr("probekit.embeddings.table_files.read_table", lambda *_, **__: pytest.fail("read"))
    assert describe_table(f"{spec}|ppa(2)|fuzzy").digest


def test_planning_a_long_chain_asks_once_for_each_of_its_steps(table, tmp_path, monkeypatch):
    table.save(tmp_path / "t")
    asked = []
    monkeypatch.setattr(tables, "describe_table", lambda spec, of=describe_table: asked.append(1) or of(spec))
    tables.describe_table(f"static:{tmp_path}/t" + "|rotate" * 40)
    assert len(asked) == 41


def test_moments_are_taken_once_for_all_ranks(table, tmp_path, monkeypatch):
    table.save(tmp_path / "t")
    taken = []
    of = affine.Moments.of.__func__
    monkeypatch.setattr(affine.Moments, "of", classmethod(lambda cls, v: taken.append(1) or of(cls, v)))
    monkeypatch.setattr(tables, "_moments", {})
    for k in range(1, 8):
        assert load_table(f"static:{tmp_path}/t|pca({k})").width == k
    load_table(f"static:{tmp_path}/t|ppa(2)|similarity-order(0.5)")
    assert len(taken) == 1


def test_tables_in_memory_are_limited_by_bytes(table, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_recent", {})
    table.save(tmp_path / "t")
    load_table(f"static:{tmp_path}/t")
    monkeypatch.setattr(tables, "_MOST_BYTES", 3 * tables._bytes(load_table(f"static:{tmp_path}/t|center")))
    for seed in range(5):
        load_table(f"static:{tmp_path}/t|rotate(seed={seed})")
        assert sum(map(tables._bytes, tables._recent.values())) <= tables._MOST_BYTES
    # The file is used again and again, and stays; rotations go in their order.
    kept = [one.spec.rpartition("|")[2] for one in tables._recent.values()]
    assert kept[-1] == "rotate(seed=4)" and f"static:{tmp_path}/t" in kept and "rotate" not in kept
    monkeypatch.setattr(tables, "_MOST_BYTES", 1)
    assert load_table(f"static:{tmp_path}/t|center") is load_table(f"static:{tmp_path}/t|center")


def test_a_table_with_steps_is_an_encoder_with_its_own_options(table, tmp_path):
    table.save(tmp_path / "t")
    corpus = pk.load_corpus(f"text:{_texts(tmp_path)}")
    encoder = pk.load_encoder(f"static:{tmp_path}/t(oov=zero)|ppa(2)")
    assert encoder.spec == f"static:{tmp_path}/t(oov=zero)|ppa(D=2)"
    found = np.asarray(pk.encode(corpus, encoder, poolings=["mean"])[None, "mean"])
    stepped = transform(table, "ppa(2)").vectors
    np.testing.assert_allclose(found[0], (stepped[1] + stepped[2]) / 3, rtol=1e-4, atol=1e-5)
    with pytest.raises(ProbekitError, match="'ppa' is a step of tables"):
        pk.load_encoder("minilm|ppa(2)")
    with pytest.raises(UnknownName, match="unknown table step 'tune'"):
        pk.load_encoder(f"static:{tmp_path}/t|tune(on=x)")


def _texts(folder) -> str:
    (folder / "texts.tsv").write_text("text\tlabel\nword1 word2 other\ta\nword3 word4\tb\n")
    return str(folder / "texts.tsv")
