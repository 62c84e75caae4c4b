"""Grids of classifiers on a user's own files: names without paths, keys of content, digests in the manifest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.study import find


@pytest.fixture
def texts(tmp_path, monkeypatch) -> dict[str, str]:
    """The same labelled texts, and the same table, in two folders."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(12)]
    lines = [f"{'ab'[i % 2]}\t{'ab'[i % 2]} {' '.join(rng.choice(words, 8))}\n" for i in range(120)]
    table = "".join(f"{word} {' '.join(f'{x:.2f}' for x in rng.normal(size=6))}\n" for word in ["a", "b", *words])
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.tsv").write_text("".join(lines))
        (tmp_path / name / "table.txt").write_text(table)
    monkeypatch.chdir(tmp_path)
    return {name: f"text:{name}/mine.tsv|resplit" for name in ("one", "two")}


def study(corpus: str, part: str = "classify", **given) -> list[Grid]:
    return find("lrp-cnn-text").grids({"dataset": [corpus], **given}, [part], quiet=True)


def keys(grids: list[Grid]) -> set[str]:
    return {question.key for grid in grids for cell in grid.cells() for question in cell.questions}


def test_the_same_file_in_two_folders_is_one_key_and_no_path(texts):
    parts = ("classify", "deletion", "documents")
    grids = {name: [grid for part in parts for grid in study(texts[name], part)] for name in texts}
    assert keys(grids["one"]) == keys(grids["two"]) and len(keys(grids["one"])) == 5 * (1 + 6 + 2 * 7)
    for cell in (cell for name in texts for grid in grids[name] for cell in grid.cells()):
        shown = [*(question.axes["dataset"] for question in cell.questions), cell.label]
        assert all("text:mine.tsv-" in text and "/" not in text for text in shown), shown
        assert Path(cell.shared["dataset"].removeprefix("text:").partition("|")[0]).is_absolute()  # for any worker
    tables = [study(texts["one"], vectors=[f"static:{name}/table.txt"]) for name in texts]
    assert keys(tables[0]) == keys(tables[1]) != keys(grids["one"][:1])
    with Path("two/mine.tsv").open("a") as file:
        file.write("a\tone more\n")
    assert keys(study(texts["two"])).isdisjoint(keys(study(texts["one"])))


def test_a_default_written_out_is_no_other_key(texts):
    usual = keys(study(texts["one"], encoder=["text-cnn"]))
    assert usual == keys(study(texts["one"])) == keys(study(texts["one"], encoder=["text-cnn(filters=800)"]))
    assert usual != keys(study(texts["one"], encoder=["text-cnn(filters=801)"]))
    explained = keys(study(texts["one"], "erasure", probe=["integrated-gradients"]))
    spelled = keys(study(texts["one"], "erasure", probe=["integrated-gradients(steps=50)"]))
    assert explained == spelled != keys(study(texts["one"], "erasure", probe=["integrated-gradients(steps=51)"]))


def test_the_manifest_holds_digests_of_data_and_of_what_reads_them(texts):
    given = {
        "encoder": ["text-cnn(filters=6)"],
        "vectors": ["static:one/table.txt"],
        "training": ["training(epochs=1)"],
    }
    (grid,) = study(texts["one"], **given)
    found = grid.run("out")
    assert set(found["metric"]) == {"accuracy", "majority_accuracy"}
    assert not any("generated" in json.loads(i) for i in found["info"])
    kept = json.loads(Path("out/_manifest.json").read_text())["runs"][0]["grid"]
    dataset, vectors = (grid.source(axis, grid.axes[axis][0]) for axis in ("dataset", "vectors"))
    assert kept["data"] == {dataset.name: dataset.digest, vectors.name: vectors.digest}
    assert kept["weights"] == {"text-cnn(filters=6)": grid.source("encoder", "text-cnn(filters=6)").digest}
    assert kept["axes"]["dataset"] == [dataset.name] and "/" not in json.dumps(kept["axes"])


def test_texts_that_a_classifier_cannot_learn_from_are_refused_with_the_way_out(texts):
    (grid,) = study("text:one/mine.tsv", encoder=["text-cnn(filters=6)"])
    with pytest.raises(ProbekitError, match=r"has no split 'train'.*\|resplit makes train, dev and test anew"):
        grid.run("out")
    assert not Path("out/_errors.log").exists()
