"""What changes while a grid runs, files on disk and revisions in a worker: nothing is kept under another's key."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pandas as pd
import pytest
import tiny_models
from toy_grid import calls, known_to_workers

from probekit import encoders, probes, recipes, tasks
from probekit.encoders import activations
from probekit.errors import ProbekitError
from probekit.grid import Grid, works
from probekit.grid.work import answer, make
from probekit.probes.catalogue import span_methods
from probekit.store import default_store
from probekit.works.predicting import predictors
from probekit.works.probing import probing

SENTENCE = "1\tdogs\tdog\tNOUN\t_\t_\t2\tnsubj\t_\t_\n2\tbark\tbark\tVERB\t_\t_\t0\troot\t_\t_\n\n"
SPANS = '{{"id": "{}", "split": "{}", "words": ["dogs", "bark"], "spans": [[0, 1, "A"], [1, 2, "B"]]}}\n'


@pytest.fixture(scope="module", autouse=True)
def toy_module():
    with known_to_workers():
        yield


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """An empty folder, and in it the one through which the toy work is told things."""
    folder = tmp_path / "told"
    folder.mkdir()
    monkeypatch.setenv("TOY_FOLDER", str(folder))
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("x.conllu").write_text(SENTENCE * 4)
    Path("x.txt").write_text("dogs 1 2\nbark 2 1\n")
    shutil.copytree(tiny_models.folder("bert"), "model")
    return folder


# --- files


@pytest.mark.parametrize(
    ("kind", "spec", "file", "more"),
    [
        ("corpus", "conllu:x.conllu", "x.conllu", "#_"),
        ("table", "static:x.txt", "x.txt", "cats_1_1"),
        ("encoder", "hf:model", "model/config.json", "_"),
        ("encoder", "hf:model", "model/tokenizer.json", "_"),
    ],
)
def test_answers_to_a_file_that_changes_are_not_kept(toy, monkeypatch, kind, spec, file, more):
    monkeypatch.setitem(works.entry("toy").meta, "axes", {"encoder": kind})
    grid = Grid("toys", "toy", {"task": ["a"], "x": [0, 1, 2, 3], "encoder": [spec]})
    before = Path(file).read_text()
    (toy / "change").write_text("1")
    (toy / "what").write_text(f"{file} {more}")
    with pytest.raises(ProbekitError, match="3 of 4 cells failed") as caught:
        grid.run("out")
    assert f"3 cells: the {kind} '" in str(caught.value) and "is not what the run was planned with" in str(caught.value)
    assert calls(toy) == ["a/0", "a/1"], "what comes after is refused unasked"
    assert pd.read_parquet("out")["setting"].unique().tolist() == ["x=0"]
    (toy / "change").unlink()
    Path(file).write_text(before)
    assert len(grid.run("out")) == 8 and calls(toy) == ["a/1", "a/2", "a/3"], "the questions were left open"


def test_vectors_of_an_encoder_that_changes_while_it_encodes_are_not_kept(toy, monkeypatch):
    corpus, whole = activations.load_corpus("conllu:x.conllu"), activations.run_pass

    def run_pass(*arguments):
        found = whole(*arguments)
        with open("x.txt", "a") as file:
            file.write("cats 1 1\n")
        return found

    before, source = Path("x.txt").read_text(), encoders.describe("static:x.txt")
    with monkeypatch.context() as patch:
        patch.setattr(activations, "run_pass", run_pass)
        with pytest.raises(ProbekitError, match=r"a file of 'static:x\.txt-\w+' changed while it encoded"):
            activations.encode(corpus, "static:x.txt")
    Path("x.txt").write_text(before)
    assert activations.missing(source, corpus.digest, [(None, "mean")], default_store())
    assert not list(default_store().root.glob(f"unfinished/*/{activations.PROGRESS}")), "nor gone on with"
    assert activations.encode(corpus, "static:x.txt")[None, "mean"].shape == (4, 2)


def test_what_cells_need_is_made_as_it_was_planned_or_not_at_all(toy):
    spec = 'activations:"static:x.txt"(corpus="conllu:x.conllu", wanted=[[none, mean]])'
    planned = recipes.of(spec)
    with open("x.txt", "a") as file:
        file.write("cats 1 1\n")
    with pytest.raises(ProbekitError, match=r"the recipe 'activations of .* is not what the run was planned with"):
        make(spec, planned.key)
    assert not recipes.of(spec).made
    make(spec, recipes.of(spec).key)
    assert recipes.of(spec).made


# --- revisions


def test_workers_with_another_revision_are_refused(toy, monkeypatch):
    grid = Grid("toys", "toy", {"task": ["a", "bb"], "x": [0]})
    monkeypatch.setenv("TOY_REVISION", "2")
    with pytest.raises(ProbekitError, match="2 cells: the work 'toy' is not what the run was planned with"):
        grid.run("out", "processes", workers=1)
    assert not list(Path("out").glob("*.parquet")) and calls(toy) == []
    monkeypatch.delenv("TOY_REVISION")
    assert len(grid.run("out", "processes", workers=1)) == 4


def words(toy: Path) -> Grid:
    return probing("p", ["conllu:x.conllu"], ["static:x.txt"], tasks=["word/upos"], probes=["logistic"], folds=2)


def spans(toy: Path) -> Grid:
    lines = [SPANS.format(i, split) for i, split in enumerate(["train"] * 4 + ["dev"] * 2 + ["test"] * 2)]
    Path("x.jsonl").write_text("".join(lines))
    return probing("p", ["spans:x.jsonl"], ["hf:model"], [0], ["max"], tasks=["span/label"])


def predicted(toy: Path) -> Grid:
    axes = {"dataset": ["conllu:x.conllu"], "task": ["word/upos"], "probe": ["word-majority"]}
    return Grid("p", "predicting", axes)


@pytest.mark.parametrize(
    ("asked", "registry", "name"),
    [
        (words, works, "probing"),
        (words, probes.registry, "logistic"),
        (words, tasks.registry, "word/upos"),
        (spans, works, "spans"),
        (spans, span_methods, "max"),
        (spans, probes.registry, "span-mlp"),
        (predicted, works, "predicting"),
        (predicted, predictors, "word-majority"),
    ],
)
def test_each_work_refuses_revisions_that_are_not_those_of_its_keys(toy, monkeypatch, asked, registry, name):
    cells = [pickle.loads(pickle.dumps(cell)) for cell in asked(toy).cells()]
    entry = registry.entry(name)
    monkeypatch.setattr(entry, "revision", entry.revision + 1)
    for cell in cells:
        with pytest.raises(ProbekitError, match=r"is not what the run was planned with.*same code on every worker"):
            answer(cell)


@pytest.mark.parametrize("asked", [words, spans, predicted])
def test_each_work_refuses_other_data_than_that_of_its_keys(toy, asked):
    cells = asked(toy).cells()
    for file in map(Path, ("x.conllu", "x.jsonl")):
        if file.exists():
            file.write_text(file.read_text() * 2)
    for cell in cells:
        with pytest.raises(ProbekitError, match=r"the corpus '.* is not what the run was planned with"):
            answer(cell)
