"""Translation between two tables: ranks in loops, several answers, unknown words, CSLS, sides by spec, refusals."""

from pathlib import Path

import numpy as np
import pytest

import probekit as pk
from probekit import recipes
from probekit.embeddings.align import align
from probekit.embeddings.benchmarks.dictionary import Dictionary
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError, UnknownName

N, WIDTH = 120, 8


@pytest.fixture
def sides(tmp_path):
    """Folders of a table and of its rotated noisy copy, and a dictionary of them with some words of neither."""
    draw = np.random.default_rng(0)
    vectors = (draw.normal(size=(N, WIDTH)) * 1.3 ** -np.arange(WIDTH)).astype(np.float32)
    turned = vectors @ np.linalg.qr(draw.normal(size=(WIDTH, WIDTH)))[0] + 0.2 * draw.normal(size=(N, WIDTH))
    WordTable([f"a{i}" for i in range(N)], vectors).save(tmp_path / "a")
    WordTable([f"b{i}" for i in range(N)], turned.astype(np.float32)).save(tmp_path / "b")
    pairs = [f"a{i}\tb{i}\n" for i in range(N)] + [f"a{i}\tb{i + 1}\n" for i in range(0, N - 1, 3)]
    (tmp_path / "pairs.tsv").write_text("".join(pairs) + "a1\tnothing\nnobody\tb1\n")
    return f"static:{tmp_path / 'a'}", f"static:{tmp_path / 'b'}", str(tmp_path / "pairs.tsv")


def aligned(sides, **options):
    source, target, file = sides
    given = {"to": target, "dictionary": f"bilingual:{file}(held_out=0.5)", **options}
    written = ", ".join(f'{name}="{value}"' for name, value in given.items())
    return f"{source}|align({written})"


def twin(source, target, file, csls=0):
    """Reciprocal ranks of the tested half, one loop after the other."""
    pairs = [line.split("\t") for line in Path(file).read_text().splitlines()]
    words = list(dict.fromkeys(left for left, _ in pairs))
    gold = {word: set() for i, word in enumerate(words) if (i + 1) % 2 == 0}
    for left, right in pairs:
        if left in gold:
            gold[left].add(right)

    def cosine(word, other):
        a, b = source.vector(word).astype(float), target.vector(other).astype(float)
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    def near(other):
        return np.mean(sorted((cosine(word, other) for word in source.words), reverse=True)[:csls]) if csls else 0

    density = {other: near(other) for other in target.words}
    found = {}
    for word, answers in gold.items():
        if word in source and answers & set(target.words):
            scores = {other: cosine(word, other) * (2 if csls else 1) - density[other] for other in target.words}
            best = max(scores[answer] for answer in answers if answer in target)
            found[word] = 1 / (1 + sum(score > best for score in scores.values()))
    return found


@pytest.mark.parametrize(("measure", "csls"), [("cosine", 0), ("csls(k=5)", 5)])
def test_ranks_are_those_of_the_loops(sides, measure, csls):
    source = load_table(aligned(sides))
    target = load_table(aligned(sides, side="target"))
    expected = np.array(list(twin(source, target, sides[2], csls).values()))
    found = pk.benchmarks.get(f"dictionary:{sides[2]}(held_out=0.5)").score(source, measure).set_index("metric")
    assert found.loc["mrr", "value"] == pytest.approx(expected.mean(), abs=1e-9)
    assert found.loc["p@1", "value"] == pytest.approx((expected == 1).mean())
    assert found.loc["p@5", "value"] == pytest.approx((expected >= 0.2).mean())
    assert found.loc["mrr", "n"] == len(expected) == N // 2
    assert found.loc["mrr", "ci_low"] < expected.mean() < found.loc["mrr", "ci_high"]
    assert 0.3 < expected.mean() < 1


def test_both_sides_come_from_maps_that_are_made_once(sides):
    source, target = (
        describe_table(aligned(sides, method="self-learning(most=20000)", side=side)) for side in ("source", "target")
    )
    assert source.needs == target.needs and len(source.needs) == 1 and source.digest != target.digest
    assert source.spec == describe_table(aligned(sides, method="self-learning")).spec  # a default written out
    recipe = recipes.of(source.needs[0])
    assert not recipe.made
    by_spec = [load_table(one.spec) for one in (source, target)]
    assert recipe.made and recipes.found(source.needs[0])["converged"]
    by_hand = align(sides[0], sides[1], f"bilingual:{sides[2]}(held_out=0.5)", "self-learning")
    for one, other in zip(by_spec, by_hand, strict=True):
        np.testing.assert_array_equal(one.vectors, other.vectors)


@pytest.mark.parametrize("change", ["method", "dictionary", "normalise", "to", "side"])
def test_all_that_it_depends_on_is_in_the_key(sides, change):
    other = {
        "method": "procrustes",
        "dictionary": f"bilingual:{sides[2]}",
        "normalise": "unit",
        "to": sides[0],
        "side": "target",
    }
    assert describe_table(aligned(sides)).digest != describe_table(aligned(sides, **{change: other[change]})).digest


def test_unknown_words_are_left_out_or_fail(tmp_path):
    draw = np.random.default_rng(0)
    source = WordTable([f"a{i}" for i in range(12)], draw.normal(size=(12, 4)).astype(np.float32))
    (tmp_path / "pairs").write_text("".join(f"a{i} a{i}\n" for i in range(12)) + "nobody a1\na2 nothing\na3 nothing\n")
    by_way = {
        way: Dictionary([f"bilingual:{tmp_path / 'pairs'}"], to=source, unknown=way).score(source).set_index("metric")
        for way in ("skip", "wrong", "zero", "mean")
    }
    assert by_way["skip"].loc["mrr", ["value", "n", "coverage"]].tolist() == [1, 12, pytest.approx(12 / 13)]
    assert by_way["wrong"].loc["mrr", ["value", "n"]].tolist() == [pytest.approx(12 / 13), 13]
    # The zero vector is as like to every word: the middle of 12 ranks.
    assert by_way["zero"].loc["mrr", "value"] == pytest.approx((12 + 1 / 6.5) / 13)
    assert 12 / 13 < by_way["mean"].loc["mrr", "value"] <= 1


def test_candidates_are_the_first_words_of_the_other_table(sides):
    source = load_table(aligned(sides))
    few = pk.benchmarks.get(f"dictionary:{sides[2]}(held_out=0.5, candidates=40)").score(source).set_index("metric")
    every = pk.benchmarks.get(f"dictionary:{sides[2]}(held_out=0.5)").score(source).set_index("metric")
    assert few.loc["mrr", "n"] < every.loc["mrr", "n"] and few.loc["mrr", "coverage"] < every.loc["mrr", "coverage"]


def test_the_other_direction_asks_the_other_side(sides):
    table = load_table(aligned(sides, side="target"))
    found = pk.benchmarks.get(f"dictionary:{sides[2]}(reverse=true, held_out=0.5)")
    with pytest.raises(ProbekitError, match="was aligned by the pair 'b"):
        found.score(table)  # half of the source words of this direction are others
    asked = pk.benchmarks.get(f"dictionary:{sides[2]}(held_out=0.5)")
    with pytest.raises(ProbekitError, match=r"ends in no step 'align'; name .* \(to=\)"):
        asked.score(sides[0])


def test_a_dictionary_that_was_learned_from_is_no_test(sides):
    with pytest.raises(ProbekitError, match="is no test of it"):
        pk.benchmarks.get(f"dictionary:{sides[2]}").score(aligned(sides))


def test_few_covered_words_say_nothing(sides, tmp_path):
    (tmp_path / "few.tsv").write_text("a0\tb0\nx\ty\n" * 1 + "".join(f"u{i}\tv{i}\n" for i in range(20)))
    found = Dictionary([f"bilingual:{tmp_path / 'few.tsv'}"], to=load_table(sides[1])).score(sides[0])
    assert found["value"].isna().all() and found["note"].str.contains("fewer than 10").all()


def test_what_does_not_fit_is_refused(sides):
    with pytest.raises(UnknownName, match="self-learning"):
        describe_table(aligned(sides, method="self-teaching"))
    with pytest.raises(ProbekitError, match="among source, target"):
        describe_table(aligned(sides, side="left"))
    with pytest.raises(ProbekitError, match="this step takes dictionary"):
        describe_table(aligned(sides, dictionary="word-pairs:x"))
    with pytest.raises(ProbekitError, match="answers nothing of this kind"):
        pk.benchmarks.get(f"similarity:{sides[2]}").score(sides[0], "csls")


def test_rated_pairs_across_languages(sides, tmp_path):
    source, target = (load_table(aligned(sides, side=side)) for side in ("source", "target"))
    cosines = [
        float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        for a, b in zip(source.vectors[:30].astype(float), target.vectors[5:35].astype(float), strict=True)
    ]
    (tmp_path / "rated.tsv").write_text("".join(f"a{i}\tb{i + 5}\t{value:.6f}\n" for i, value in enumerate(cosines)))
    found = pk.benchmarks.get(f"similarity-across:{tmp_path / 'rated.tsv'}").score(source)
    assert found["value"].item() == pytest.approx(1) and found["n"].item() == 30


def test_a_grid_makes_the_alignment_first(sides, tmp_path):
    grid = pk.benchmarking("try", [aligned(sides)], [f"dictionary:{sides[2]}(held_out=0.5)"], ["cosine", "csls"])
    rows = grid.run(tmp_path / "out")
    assert set(rows["metric"]) == {"mrr", "p@1", "p@5"} and set(rows["probe"]) == {"cosine", "csls"}
    assert rows["value"].notna().all()
    controlled = pk.benchmarking(
        "try", [aligned(sides)], [f"dictionary:{sides[2]}(held_out=0.5)"], controls=["random-table"]
    )
    assert set(controlled.run(tmp_path / "other")["control"]) == {""}
