"""Categories, relations, outliers, compounds, function words and choices against plain twins; fuzzy measures."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score
from sklearn.metrics.cluster import contingency_matrix

import probekit as pk
from probekit.embeddings import measures
from probekit.embeddings.benchmarks.categories import main_classes
from probekit.embeddings.orders import Order
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName
from probekit.works.benchmarking import seeded

KINDS = [f"kind{i}" for i in range(4)]
WORDS = [f"{kind}-{i}" for kind in KINDS for i in range(8)]


@pytest.fixture(scope="module")
def table() -> WordTable:
    """Four clouds of eight words, not quite apart."""
    draw = np.random.default_rng(0)
    centres = np.repeat(draw.normal(size=(4, 6)), 8, axis=0)
    return WordTable(WORDS, (centres + 0.7 * draw.normal(size=(32, 6))).astype(np.float32))


@pytest.fixture(scope="module")
def probabilities(table) -> WordTable:
    rows = np.exp(np.asarray(table.vectors, dtype=float))
    return WordTable(table.words, (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32))


def written(folder, name: str, lines) -> str:
    path = folder / name
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(path)


def cosine(table: WordTable, left: str, right: str) -> float:
    a, b = (np.asarray(table.vector(word), dtype=float) for word in (left, right))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


# --- categories --------------------------------------------------------------------------------------


@pytest.fixture
def categories(tmp_path) -> str:
    lines = [f"{word.partition('-')[0]},{word}" for word in WORDS]
    return written(tmp_path, "categories.csv", ["category,word", *lines, "kind0,unheard"])


def test_purity_is_the_share_in_the_main_class_of_each_cluster():
    draw = np.random.default_rng(3)
    gold, clusters = np.array(list("abcd"))[draw.integers(0, 4, 60)], draw.integers(0, 5, 60)
    expected = contingency_matrix(gold, clusters).max(axis=0).sum() / 60
    assert (main_classes(gold, clusters) == gold).mean() == pytest.approx(expected)


@pytest.mark.parametrize("method", ["kmeans", "agglomerative", "best-of"])
def test_clusters_find_the_clouds(table, categories, method):
    benchmark = pk.benchmarks.get(f"categories:{categories}(method={method})")
    found = benchmark.answer(table, measures.get("cosine"))[0]
    assert 0.6 < found.score.value <= 1 and found.n == 32 and found.score.low < found.score.value
    assert (np.array(found.gold) == np.array(found.predicted)).mean() == found.score.value
    assert found.info["setting"].startswith("best of 8") == (method == "best-of")
    assert found.info["largest"] == 0.25 and found.info["coverage"] == pytest.approx(32 / 33)


def test_the_best_of_all_settings_is_no_worse_than_any(table, categories):
    values = {
        method: pk.benchmarks.get(f"categories:{categories}({method})").score(table)["value"].item()
        for method in (
            "method=best-of",
            "method=kmeans",
            "method=agglomerative",
            "method=agglomerative, linkage=complete",
        )
    }
    assert values["method=best-of"] == max(values.values())


def test_clusters_take_the_measure_they_are_asked_for(table, categories, probabilities):
    benchmark = pk.benchmarks.get(f"categories:{categories}(method=agglomerative)")
    assert benchmark.score(probabilities, measure="fuzzy-kl")["value"].item() > 0.4
    with pytest.raises(ProbekitError, match="k-means knows no kullbackleibler"):
        pk.benchmarks.get(f"categories:{categories}").score(probabilities, measure="fuzzy-kl")
    with pytest.raises(UnknownName, match="kmeans"):
        pk.benchmarks.get(f"categories:{categories}(method=kmean)")


def test_a_grid_gives_its_seeds_to_benchmarks_that_draw(table, categories, tmp_path):
    table.save(tmp_path / "table")
    benchmarks = [f"categories:{categories}", f"categories:{categories}(seed=7)"]
    grid = pk.benchmarking("try", [f"static:{tmp_path / 'table'}"], benchmarks, seeds=[0, 1], keep=["predictions"])
    rows = grid.run(tmp_path / "out")
    asked = pk.read_table(tmp_path / "out", "predictions").merge(rows[["key", "task", "seed"]], on="key")
    groups = {key: tuple(own["predicted"]) for key, own in asked.groupby(["task", "seed"])}
    own = [task for task in set(rows["task"]) if "seed=7" in task]
    assert len(groups) == 4 and groups[own[0], 0] == groups[own[0], 1]
    assert [str(seeded(benchmarks[0], 3)).endswith("(seed=3)"), str(seeded(benchmarks[1], 3))] == [True, benchmarks[1]]


# --- relations ---------------------------------------------------------------------------------------


@pytest.fixture
def relations(tmp_path) -> str:
    lines = []
    for i, word in enumerate(WORDS[:12]):
        lines += [f"{word},{WORDS[(i + 1) % 8 + 8 * (i // 8)]},coord", f"{word},{WORDS[(i + 9) % 32]},mero"]
        lines += [f"{word},{WORDS[(i + k) % 32]},random" for k in (14, 17, 20, 23)]
    return written(tmp_path, "relations.csv", ["word1,word2,relation", *lines])


def test_average_precision_is_the_mean_over_first_words(table, relations):
    found = pk.benchmarks.get(f"relation:{relations}").score(table).set_index("subset")["value"]
    pairs = pd.read_csv(relations)
    pairs["likeness"] = [cosine(table, *one) for one in pairs[["word1", "word2"]].to_numpy()]
    for subset, positive in (
        ("", pairs["relation"] != "random"),
        ("relation=coord", pairs["relation"] == "coord"),
        ("relation=mero", pairs["relation"] == "mero"),
    ):
        each = [
            average_precision_score(positive[own.index], own["likeness"])
            for _, own in pairs.groupby("word1", sort=False)
        ]
        assert found[subset] == pytest.approx(np.mean(each), abs=1e-6)
    assert found["relation=coord"] > found["relation=mero"]


def unit_offset(table: WordTable, left: str, right: str) -> np.ndarray:
    a, b = (np.asarray(table.vector(word), dtype=float) for word in (left, right))
    return b / np.linalg.norm(b) - a / np.linalg.norm(a)


def test_choices_are_made_by_offsets(table, tmp_path):
    draw = np.random.default_rng(5)
    blocks, expected = [], []
    for _ in range(20):
        words = draw.permutation(WORDS)[:8].reshape(4, 2)
        likeness = [
            np.dot(unit_offset(table, *words[0]), o := unit_offset(table, *pair)) / np.linalg.norm(o)
            for pair in words[1:]
        ]
        letter = draw.integers(0, 3)
        blocks += [*(" ".join(pair) for pair in words), "abc"[letter], ""]
        expected.append(int(np.argmax(likeness)) == letter)
    path = written(tmp_path, "choices.txt", [*blocks, *(["unheard of", *blocks[1:5], ""])])
    found = pk.benchmarks.get(f"choices:{path}").answer(table, measures.get("cosine"))[0]
    assert found.scores.astype(bool).tolist() == expected and found.score.value == pytest.approx(np.mean(expected))
    failed = pk.benchmarks.get(f"choices:{path}(unknown=wrong)").score(table)
    assert failed["n"].item() == 21 and failed["value"].item() == pytest.approx(sum(expected) / 21)


# --- outliers, compounds -----------------------------------------------------------------------------


@pytest.fixture
def outliers(tmp_path) -> str:
    folder = tmp_path / "groups"
    folder.mkdir()
    for i in range(4):
        own, others = WORDS[8 * i : 8 * i + 5], [WORDS[(8 * i + k) % 32] for k in (9, 13, 20, 29)]
        written(folder, f"group{i}.txt", [*own, "unheard", "", *others, "unheard-of"])
    return str(folder)


def compactness(table: WordTable, words: list[str], without: str) -> float:
    """Mean likeness of the words without one of them, as the paper defines it."""
    return float(
        np.mean([cosine(table, a, b) for a, b in itertools.permutations([w for w in words if w != without], 2)])
    )


def test_outliers_stand_where_compactness_puts_them(table, outliers):
    found = pk.benchmarks.get(f"outlier:{outliers}").score(table).set_index("metric")
    first, position = [], []
    for i in range(4):
        for outlier in [WORDS[(8 * i + k) % 32] for k in (9, 13, 20, 29)]:
            words = [*WORDS[8 * i : 8 * i + 5], outlier]
            score = {word: compactness(table, words, word) for word in words}
            position.append(sorted(words, key=score.__getitem__).index(outlier) / 5)
            first.append(position[-1] == 1)
    assert found.loc["accuracy", "value"] == pytest.approx(np.mean(first))
    assert found.loc["position", "value"] == pytest.approx(np.mean(position)) and found.loc["accuracy", "n"] == 16
    failed = pk.benchmarks.get(f"outlier:{outliers}(unknown=wrong)").score(table).set_index("metric")
    assert failed.loc["accuracy", "value"] == pytest.approx(np.sum(first) / 20)


def test_a_form_of_several_parts_is_the_mean_of_its_parts(table, tmp_path):
    whole = WordTable([*WORDS, "both"], np.concatenate([table.vectors, table.vectors[:2].mean(0, keepdims=True)]))
    values = []
    for name in ("both", f"{WORDS[0]}_{WORDS[1]}"):
        path = written(tmp_path, f"{name}.txt", [*WORDS[8:12], "", name, *WORDS[:9], *WORDS[20:]])
        values.append(pk.benchmarks.get(f"outlier:{path}").score(whole)["value"].tolist())
    assert values[0] == values[1]


@pytest.fixture
def compounds(tmp_path) -> str:
    draw = np.random.default_rng(8)
    pairs = [(WORDS[i], WORDS[(7 * i + 3) % 32]) for i in range(20)]
    return written(tmp_path, "compounds.tsv", [f"{a}\t{b}\t{draw.random():.3f}" for a, b in pairs])


def test_compounds_are_scored_by_likeness_of_their_parts_or_to_their_sum(table, compounds):
    items = pd.read_csv(compounds, sep="\t", names=["modifier", "head", "rating"])
    found = pk.benchmarks.get(f"compounds:{compounds}").score(table).set_index("metric")["value"]
    likeness = [cosine(table, one.head, one.modifier) for one in items.itertuples()]
    assert found["spearman"] == pytest.approx(spearmanr(items["rating"], likeness)[0])
    assert found["pearson"] == pytest.approx(pearsonr(items["rating"], likeness)[0], abs=1e-6)
    joined = [f"{one.modifier}{'_-'[i % 2]}{one.head}" for i, one in enumerate(items.itertuples())]
    draw = np.random.default_rng(9).normal(size=(20, 6)).astype(np.float32)
    whole = WordTable([*WORDS, *joined], np.concatenate([table.vectors, draw]))
    unit = {word: v / np.linalg.norm(v) for word, v in zip(WORDS, np.asarray(table.vectors, dtype=float), strict=True)}
    sums = [unit[one.modifier] + unit[one.head] for one in items.itertuples()]
    expected = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(draw.astype(float), sums, strict=True)]
    found = pk.benchmarks.get(f"compounds:{compounds}(compose=additive)").score(whole).set_index("metric")["value"]
    assert found["spearman"] == pytest.approx(spearmanr(items["rating"], expected)[0])
    assert np.isnan(pk.benchmarks.get(f"compounds:{compounds}(compose=additive)").score(table)["value"]).all()


# --- function words ----------------------------------------------------------------------------------


def test_function_words_are_counted_among_the_first_of_an_order(probabilities, tmp_path):
    path = written(tmp_path, "words.txt", WORDS[::3])
    benchmark = pk.benchmarks.get(f"function-words:{path}(top=[10, 20, 40])")
    p = np.asarray(probabilities.vectors, dtype=float)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(axis=1)
    first = [WORDS[row] in WORDS[::3] for row in np.argsort(-entropy)]
    found = benchmark.score(probabilities).set_index("subset")
    assert found.loc["top=10", "value"] == pytest.approx(np.mean(first[:10]))
    assert found.loc["top=20", "value"] == pytest.approx(np.mean(first[:20]))
    assert np.isnan(found.loc["top=40", "value"])
    by_row = benchmark.score(probabilities, measure="frequency").set_index("subset")
    assert by_row.loc["top=10", "value"] == 0.4
    with pytest.raises(ProbekitError, match="entropy"):
        benchmark.score(probabilities, measure="cosine")


def test_frequency_is_by_counts_where_a_table_has_them(probabilities, tmp_path):
    counts = np.arange(32)
    table = WordTable(WORDS, probabilities.vectors, counts=counts)
    assert measures.get("frequency", Order).of(table, np.arange(3)).tolist() == [0, 1, 2]
    path = written(tmp_path, "words.txt", WORDS[-10:])
    rows = {least: pk.benchmarks.get(f"function-words:{path}(top=[10], least={least})") for least in (0, 15, 30)}
    values = {least: one.score(table, measure="frequency")["value"].iloc[0] for least, one in rows.items()}
    assert values[0] == values[15] == 1 and np.isnan(values[30])


# --- fuzzy measures ----------------------------------------------------------------------------------


def by_definition(spec: str, p: np.ndarray, q: np.ndarray) -> float:
    def one_sided(p, q):
        return (p * np.log(p / q)).sum()

    def bernoulli(p, q):
        return one_sided(p, q) + one_sided(1 - p, 1 - q)

    def cross(p, q):
        return -(p * np.log(q) + (1 - p) * np.log(1 - q)).sum()

    return {
        "fuzzy-kl": lambda: -bernoulli(p, q),
        "fuzzy-kl(form=one-sided)": lambda: -one_sided(p, q),
        "fuzzy-kl(symmetric=true)": lambda: -bernoulli(p, q) - bernoulli(q, p),
        "fuzzy-cross-entropy": lambda: -cross(p, q),
        "fuzzy-cross-entropy(direction=backward)": lambda: -cross(q, p),
        "fuzzy-overlap": lambda: (p * q).sum() / (p + q - p * q).sum(),
    }[spec]()


@pytest.mark.parametrize(
    "spec",
    [
        "fuzzy-kl",
        "fuzzy-kl(form=one-sided)",
        "fuzzy-kl(symmetric=true)",
        "fuzzy-cross-entropy",
        "fuzzy-cross-entropy(direction=backward)",
        "fuzzy-overlap",
    ],
)
def test_fuzzy_measures_are_as_defined_for_pairs_and_for_all_words(probabilities, spec):
    measure = measures.get(spec)
    rows = measure.prepare(probabilities.vectors)
    p = np.asarray(probabilities.vectors, dtype=float)
    expected = np.array([[by_definition(spec, left, right) for right in p] for left in p[:5]])
    assert measure.against(rows[:5], rows) == pytest.approx(expected, abs=1e-5)
    assert measure.pairs(rows[:5], rows[5:10]) == pytest.approx(np.diag(expected[:, 5:10]), abs=1e-12)
    slack = measure.slack(rows[:5], rows)
    assert (np.abs(measure.against(rows[:5], rows) - expected) <= slack[:, None]).all()


def test_features_of_zero_and_one_have_finite_divergences():
    measure = measures.get("fuzzy-kl")
    rows = measure.prepare(np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert np.isfinite(measure.against(rows, rows)).all() and measure.pairs(rows[:1], rows[:1]) == pytest.approx(0)


def test_what_is_no_probability_or_no_form_is_refused(table):
    with pytest.raises(ProbekitError, match=r"are no probabilities.*\|fuzzy"):
        measures.get("fuzzy-overlap").prepare(table.vectors)
    with pytest.raises(UnknownName, match="bernoulli"):
        measures.get("fuzzy-kl(form=bernouli)")
    with pytest.raises(UnknownName, match="forward"):
        measures.get("fuzzy-cross-entropy(direction=forwards)")


def test_a_plan_tells_sets_of_milliseconds_from_analogies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("table").write_text("king 1 0\nqueen 0 1\nman 1 1\nwoman 2 1\n")
    Path("pairs.tsv").write_text("king\tqueen\t3\nman\twoman\t2\nking\tman\t1\n")
    Path("analogies.txt").write_text(": one\nking queen man woman\n")
    tables = ["static:table", *(f"static:table|ppa({k})" for k in (0, 1))]
    minutes = [
        pk.benchmarking("try", tables, [task]).plan("out").estimate()[0]
        for task in ("similarity:pairs.tsv", "analogy:analogies.txt")
    ]
    assert 0 < minutes[0] < 0.02 and minutes[1] > 3 / 60, "less than a second, and more than one each"


# --- real scores -------------------------------------------------------------------------------------

PUBLISHED = {  # of GloVe trained on Wikipedia and Gigaword; bounds around what is printed of its tables
    "analogy/google": (0.60, 0.70),
    "similarity/simlex-999": (0.27, 0.33),
    "categories/ap": (0.58, 0.72),
    "categories/essli-nouns": (0.60, 0.85),
    "relation/semeval-2012": (0.15, 0.35),
    "outlier/8-8-8": (0.55, 0.90),
    "compounds/reddy": (0.45, 0.75),
}


@pytest.mark.data
@pytest.mark.parametrize("name", PUBLISHED)
def test_scores_of_glove_are_where_published_ones_are(name):
    low, high = PUBLISHED[name]
    found = pk.benchmarks.get(name).score("glove")
    assert low < found["value"].iloc[0] < high and found["coverage"].iloc[0] > 0.7


@pytest.mark.data
def test_what_is_kept_of_relations_is_the_correlation_of_each():
    benchmark = pk.benchmarks.get("relation/semeval-2012")
    whole = benchmark.answer(pk.load_table("glove"), measures.get("cosine", benchmark.takes))[0]
    assert len(whole.scores) == len(whole.gold) == len(set(whole.unit)) == whole.n
    assert whole.scores.mean() == pytest.approx(whole.score.value)
