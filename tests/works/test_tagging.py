"""Taggers as a grid: scores, tallies that add up to them, what a gate says, and its golden case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from golden import Golden, written

import probekit as pk
from probekit.corpora import describe
from probekit.learners.tagger_data import spans
from probekit.specs import parse
from probekit.works.tagging import lacks, mean_over, tagging

golden = Golden(__file__)


def carriers() -> str:
    """Sentences in which six people go to six places, half of both with two words, in three files."""
    rng = np.random.default_rng(0)
    people, places = (
        ["Ada", "Bo", "Cy", "Di Du", "Ed Em", "Flo Fi"],
        ["Rome", "Oslo", "Bonn", "New York", "Le Mans", "El Paso"],
    )
    files = []
    for part, n in (("train", 80), ("dev", 15), ("test", 20)):
        lines = []
        for _ in range(n):
            for label, names in (("PER", people), ("", ["went to"]), ("LOC", places), ("", ["today", "and slept"])):
                words = str(rng.choice(names)).split()
                lines += [f"{w}\t{('I' if i else 'B') + '-' + label if label else 'O'}" for i, w in enumerate(words)]
            lines.append("")
        files.append(str(written(f"carriers-{part}.conll", "\n".join(lines) + "\n")))
    return ",".join(files)


OPTIONS = 'inputs=["random:minilm"], layer=0, hidden=8, layers=1, epochs=4, rate=0.03, dropout=0, budget=100'
CORPUS = f"bio:{carriers()}"
TAGGER = f'tagger:"{CORPUS}"({OPTIONS}, experts=4)'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rows")
    grid = tagging("try", [TAGGER], [CORPUS], [0, 1], keep=["tallies", "tokens", "predictions"])
    grid.run(out)
    return out


def test_tallies_add_up_to_the_scores(folder: Path) -> None:
    found, tallies = pk.read_results(folder), pk.read_table(folder, "tallies")
    assert sorted(found["seed"].unique()) == [0, 1] and set(found["split"]) == {"test"}
    assert found["encoder"].nunique() == 1 and not found["encoder"].iloc[0].startswith("tagger:/")
    for key, own in found.groupby("key"):
        value = own.set_index("metric")["value"]
        total = tallies[tallies["key"] == key][["gold", "predicted", "right", "found"]].sum()
        assert len(tallies[tallies["key"] == key]) == own["n_test"].iloc[0] == 20
        assert value["span_f1"] == pytest.approx(2 * total["right"] / (total["gold"] + total["predicted"]))
        assert value["untyped_span_recall"] == pytest.approx(total["found"] / total["gold"])
        assert 0.3 < value["span_f1"] <= value["untyped_span_f1"]


def test_tallies_of_words_add_up_to_accuracy(tmp_path: Path) -> None:
    shapes = 'shapes:"grammar(n=60)|resplit"(task=word/upos)'
    found = tagging("try", [shapes], ["grammar(n=60)|resplit"], keep=["tallies"]).run(tmp_path)
    total = pk.read_table(tmp_path, "tallies")[["gold", "predicted", "right"]].sum()
    value = found[found["metric"] == "accuracy"]["value"].iloc[0]
    assert 0 < total["right"] <= total["gold"] == total["predicted"]
    assert value == pytest.approx(total["right"] / total["gold"])


def test_predictions_are_those_that_were_scored(folder: Path) -> None:
    found, lines = pk.read_results(folder), pk.read_table(folder, "predictions")
    for key, own in lines.groupby("key"):
        sizes = own.groupby("group").size().to_numpy()
        both = [
            [tuple(map(tuple, one)) for one in spans(own[side].to_numpy(), sizes)] for side in ("gold", "predicted")
        ]
        value = found[(found["key"] == key) & (found["metric"] == "span_f1")]["value"].iloc[0]
        assert pk.scores.score("span_f1", *both).value == pytest.approx(value)
    assert set(found["trained_on"]) == {describe(CORPUS).name}


def test_training_corpora_are_an_axis_and_seeds_are_no_option() -> None:
    grid = pk.tagging("try", [f"tagger({OPTIONS})"], [CORPUS], trained_on=[CORPUS, "grammar(n=40)"])
    assert [parse(one).target for one in grid.axes["encoder"]] == [CORPUS, "grammar(n=40)"]
    with pytest.raises(pk.ProbekitError, match="names the corpus"):
        tagging("try", [TAGGER], [CORPUS], trained_on=[CORPUS])
    with pytest.raises(pk.ProbekitError, match="seed, which is an axis"):
        tagging("try", [TAGGER[:-1] + ", seed=1)"], [CORPUS]).plan("out")


def test_weights_of_the_gate_are_kept_and_sum_to_one(folder: Path) -> None:
    tokens, found = pk.read_table(folder, "tokens"), pk.read_results(folder)
    sums = tokens.groupby(["key", "unit", "position"])["value"].sum()
    np.testing.assert_allclose(sums, 1.0, rtol=1e-5)
    gate = found[found["metric"].eq("gate_weight")]
    assert set(gate["subset"]) == {"words=outside", "words=inside", "label=PER", "label=LOC"}
    assert len(gate) == 8 and gate["value"].between(0, 1).all() and (gate["ci_low"] <= gate["value"]).all()


def test_weights_of_inputs_are_kept_and_sum_to_one(tmp_path: Path) -> None:
    two = (
        OPTIONS.replace('"random:minilm"]', '"random:minilm", "subwords:cues(size=8, epochs=1, buckets=100)"]')
        + ", combine=attention"
    )
    found = tagging("try", [f'tagger:"{CORPUS}"({two})'], [CORPUS], keep=["tokens"]).run(tmp_path)
    weight = found[found["metric"].eq("input_weight")]
    assert len(weight) == 2 and weight["subset"].str.startswith("input=").all()
    assert weight["value"].sum() == pytest.approx(1, abs=1e-5)
    sums = pk.read_table(tmp_path, "tokens").groupby(["unit", "position"])["value"].sum()
    np.testing.assert_allclose(sums, 1.0, rtol=1e-5)


def test_labels_that_are_no_spans_are_scored_by_words(tmp_path: Path) -> None:
    spec = f'tagger:"grammar(n=40)"({OPTIONS}, task=word/upos)'
    found = tagging("try", [spec], ["grammar(n=20, seed=2)"]).run(tmp_path)
    assert found["metric"].tolist() == ["accuracy"] and found["task"].tolist() == ["word/upos"]


def test_means_are_those_of_their_values() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 30, 200)
    score = mean_over(values := rng.random(200), group, 30, 0)
    assert score.value == pytest.approx(values.mean()) and score.low < score.value < score.high
    assert np.isnan(mean_over(np.empty(0), np.empty(0, dtype=int), 3, 0).value)


def work_numbers(spec: str) -> list[float]:
    import tempfile

    with tempfile.TemporaryDirectory() as out:
        found = tagging("try", [TAGGER], [CORPUS]).run(out)
    return found.sort_values("metric")["value"].tolist()


golden.case("work:tagging", work_numbers, tolerance=1e-4)
test_numbers_stay, _ = golden.tests()


def test_a_corpus_without_what_the_tagger_is_taught_is_left_out_before_any_training() -> None:
    of_spans, of_words = "tagger:gazetteers(inputs=[minilm])", "tagger:grammar(inputs=[minilm], task=word/upos)"
    why = "'cues(n=20)' has no layer 'entity', which word/bio:entity asks of it"
    assert lacks({"dataset": "cues(n=20)", "encoder": of_spans}) == why
    assert "no layer 'upos'" in lacks({"dataset": "gazetteers(n=20)", "encoder": of_words})
    assert not lacks({"dataset": "gazetteers(n=20)", "encoder": of_spans})
    asked = tagging("try", [of_spans], ["cues(n=20)", "gazetteers(n=20)"])
    assert [cell.shared["dataset"] for cell in asked.cells()] == ["gazetteers(n=20)"] and asked.remarks() == (why,)
