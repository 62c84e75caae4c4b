"""The grid with a toy work: keys, resuming, failures, executors, folders."""

from __future__ import annotations

import gc
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from toy_grid import calls, grid, known_to_workers, repeated, same

from probekit import recipes
from probekit import rows as schema
from probekit.errors import MissingExtra, ProbekitError, UnknownName
from probekit.grid import Grid, run_all, works
from probekit.grid.executors import Serial, Workers
from probekit.grid.folder import Folder
from probekit.grid.grid import RESULTS
from probekit.grid.running import Failures, Job, run_jobs

SCRIPT = """
import sys
import toy_work
from probekit.grid import Grid
if __name__ == "__main__":
    out, executor, n = sys.argv[1:4]
    grid = Grid("toys", "toy", {"task": ["a", "bb"], "x": list(range(int(n)))}, keep=["predictions"])
    grid.run(out, executor, workers=2)
"""


@pytest.fixture(scope="module", autouse=True)
def toy_module(tmp_path_factory):
    """The toy work where worker processes can import it, and a folder with a script that asks it."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "script.py").write_text(SCRIPT)
    with known_to_workers():
        yield folder


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The folder through which the toy work is told things; results go to `tmp_path / "out"`."""
    folder = tmp_path / "told"
    folder.mkdir()
    monkeypatch.setenv("TOY_FOLDER", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


# --- questions and keys


def test_axes_go_to_columns_or_into_the_setting(toy):
    found = Grid("toys", "toy", {"task": ["a"], "seed": [1, 2], "x": [5], "layer": [0], "gamma": ["z"]}).run("out")
    assert found["setting"].unique().tolist() == ["gamma=z;x=5"] and found["experiment"].unique().tolist() == ["toys"]
    assert (found["task"] == "a").all() and set(found["seed"]) == {1, 2} and (found["layer"] == 0).all()
    assert found["value"].tolist() == pytest.approx([5 + 1 / 7 + seed for seed in found["seed"]])
    assert list(found.columns) == schema.SCHEMA.names and (found["dataset"] == "").all() and found["fold"].isna().all()


def test_keys_are_unique_and_depend_on_what_was_asked_alone(toy):
    cells = grid(4).cells()
    keys = [question.key for cell in cells for question in cell.questions]
    assert len(cells) == len(set(keys)) == 8
    # Golden: a change here leaves every stored answer of every grid out of date.
    assert keys[0] == Grid("other", "toy", {"x": [0], "task": ["a"]}, keep=["predictions"]).cells()[0].questions[0].key
    assert keys[0] == "32342dc82ab5d9c2c5f1a0733c73a5f8"
    different = [
        Grid("toys", "toy", {"task": ["a"], "x": [0.5]}),
        Grid("toys", "toy", {"task": ["a"], "x": ["0"]}),
        Grid("toys", "toy", {"task": ["a"], "y": [0]}),
        Grid("toys", "toy", {"task": ["a"], "x": [0], "seed": [0]}),
    ]
    assert len({keys[0], *(g.cells()[0].questions[0].key for g in different)}) == 5


def test_share_puts_questions_into_one_cell(toy):
    together = grid(3, share=["x"])
    assert [len(cell.questions) for cell in together.cells()] == [2, 2, 2]
    assert [cell.shared for cell in together.cells()] == [{"x": 0}, {"x": 1}, {"x": 2}]
    apart = {q.key for cell in grid(3).cells() for q in cell.questions}
    assert {q.key for cell in together.cells() for q in cell.questions} == apart
    assert len(grid(3, share=[]).cells()) == 1
    same(together.run("one"), grid(3).run("two"))


def test_what_the_answer_depends_on_can_be_added_to_the_key(toy, monkeypatch):
    meta = works.entry("toy").meta
    before = grid(1).run("out")
    for number, seed in enumerate((0, 1)):
        spec = f'word2vec:"grammar(n=9)"(size=2, epochs=1, seed={seed})'
        monkeypatch.setitem(meta, "depends", lambda point, spec=spec: [spec])
        after = grid(1).run("out")
        assert set(before["key"]).isdisjoint(after["key"]) and len(pd.read_parquet("out")) == len(after), number
        assert not recipes.of(spec).made, "it only enters the key"
        before = after


def test_what_cells_need_is_made_once_before_them_and_enters_the_key(toy, monkeypatch):
    pytest.importorskip("gensim")
    spec = 'word2vec:"grammar(n=9)"(size=3, epochs=1)'
    before = grid(2).run("out")
    monkeypatch.setitem(works.entry("toy").meta, "needs", lambda point: [spec] if point["x"] else [])
    assert [cell.needs for cell in grid(2).cells()] == [(), (spec,), (), (spec,)]
    assert grid(2).plan("out").open == 2 and not recipes.of(spec).made
    after = grid(2).run("out")
    assert recipes.of(spec).made and len(set(before["key"]) & set(after["key"])) == 2


def test_typed_axes_show_names_and_are_keyed_by_content(toy, monkeypatch):
    axes = {"dataset": "corpus", "probe": "probe", "mode": ("fast", "slow")}
    monkeypatch.setitem(works.entry("toy").meta, "axes", axes)
    line = "1\tdogs\tdog\tNOUN\t_\t_\t0\troot\t_\t_\n\n"
    for folder in ("one", "two"):
        Path(folder).mkdir()
        Path(folder, "x.conllu").write_text(line)

    def asked(corpus, probe="ridge", mode="fast"):
        point = {"task": ["a"], "x": [0], "dataset": [corpus], "probe": [probe], "mode": [mode]}
        return Grid("toys", "toy", point)

    def keys(*arguments):
        return [question.key for cell in asked(*arguments).cells() for question in cell.questions]

    one = asked("conllu:one/x.conllu").run("out")
    shown = one["dataset"].unique().tolist()
    assert len(shown) == 1 and re.fullmatch(r"conllu:x\.conllu-[0-9a-f]{8}", shown[0])
    assert asked("conllu:two/x.conllu").plan("out").open == 0 and calls(toy) == ["a/0"]
    first = keys("conllu:one/x.conllu")
    assert first == keys("conllu:two/x.conllu(language=none)", "ridge(x_scale=raw)") == one["key"].unique().tolist()
    others = [("cues(n=20)",), ("conllu:one/x.conllu", "ridge(alpha=2)"), ("conllu:one/x.conllu", "ridge", "slow")]
    assert len({*first, *(key for arguments in others for key in keys(*arguments))}) == 4
    [cell] = asked("cues(n=20)").cells()
    assert cell.generated == ("dataset",) and "cues(n=20)" in cell.sources
    assert [cell.generated for cell in asked("conllu:one/x.conllu").cells()] == [()]
    with pytest.raises(ProbekitError, match=r"no file 'gone\.conllu'"):
        asked("conllu:gone.conllu").plan("out")
    with pytest.raises(UnknownName, match="unknown value of the axis 'mode': 'slwo'; did you mean slow"):
        asked("cues(n=20)", "ridge", "slwo")
    assert calls(toy) == []


def test_a_point_given_twice_is_asked_once(toy):
    twice = Grid("toys", "toy", {"task": ["a", "a"], "x": [1, 1]}, share=["task"])
    assert len(twice.run("out")) == 2 and calls(toy) == ["a/1"] and twice.plan("out").open == 0


# --- running again


def test_a_second_run_computes_nothing(toy):
    first = grid().run("out")
    assert calls(toy) == ["a/0", "a/1", "a/2", "bb/0", "bb/1", "bb/2"]
    parts = {path: path.stat().st_mtime_ns for path in Path("out").glob("*.parquet")}
    same(grid().run("out"), first)
    assert calls(toy) == [] and {path: path.stat().st_mtime_ns for path in Path("out").glob("*.parquet")} == parts
    assert len(json.loads(Path("out/_manifest.json").read_text())["runs"]) == 1


def test_a_changed_axis_costs_only_what_is_new(toy):
    grid(2).run("out")
    calls(toy)
    wider = grid(3, tasks=["a", "bb", "ccc"])
    plan = wider.plan("out")
    assert (plan.asked, plan.open, len(plan.cells), dict(plan.outdated)) == (9, 5, 5, {})
    assert len(wider.run("out")) == 18 and calls(toy) == ["a/2", "bb/2", "ccc/0", "ccc/1", "ccc/2"]
    # What a smaller grid asks is its own rows; the folder keeps the rest.
    assert len(grid(1).run("out")) == 4 and len(pd.read_parquet("out")) == 18 and calls(toy) == []


def test_a_raised_revision_replaces_old_rows_and_says_so(toy, monkeypatch, capsys):
    before = grid(2, share=["x"]).run("out")
    grid(3, tasks=["zzz"]).run("out")  # another grid of the same folder, not asked below
    calls(toy)
    capsys.readouterr()
    monkeypatch.setattr(works.entry("toy"), "revision", 2)
    plan = grid(1).plan("out")
    assert len(plan.outdated) == 2 and plan.open == 2
    after = grid(1).run("out")
    assert "2 stored answers are out of date" in capsys.readouterr().err
    assert calls(toy) == ["a/0", "bb/0"]
    stored = pd.read_parquet("out")
    assert set(before["key"]).isdisjoint(after["key"]) and set(after["key"]) < set(stored["key"])
    # The other point of the old grid and the other tasks are still there, once each.
    assert stored["setting"].value_counts().to_dict() == {"x=0": 4 + 2, "x=1": 4 + 2, "x=2": 2}
    assert not repeated(stored) and not grid(1).plan("out").outdated


def test_a_table_asked_for_later(toy):
    grid(2).run("out")
    calls(toy)
    assert not Path("out/_tables").exists()
    grid(3, tasks=["a"], keep=["predictions"]).run("out")
    assert calls(toy) == ["a/0", "a/1", "a/2"]
    stored = pd.read_parquet("out")
    assert len(stored) == 10 and not repeated(stored)
    kept = pd.read_parquet("out/_tables/predictions")
    assert len(kept) == 3 and set(kept["key"]) == set(stored.loc[stored["task"] == "a", "key"])
    # In other cells than before: no row and no line stands twice.
    grid(3, share=["x"], keep=["predictions"]).run("out")
    stored, kept = pd.read_parquet("out"), pd.read_parquet("out/_tables/predictions")
    assert calls(toy) == ["bb/0", "bb/1", "bb/2"] and len(stored) == 12 and not repeated(stored)
    assert set(kept["key"]) == set(stored["key"]) and kept["key"].is_unique
    assert kept.columns.tolist() == schema.TABLES["predictions"].names
    assert len(grid(3).run("out")) == 12 and calls(toy) == []


def test_a_question_without_lines_in_a_table_is_asked_once(toy):
    (toy / "lie").write_text("empty")
    grid(1, keep=["predictions"]).run("out")
    calls(toy)
    assert grid(1, keep=["predictions"]).plan("out").open == 0 and grid(1, keep=["curve"]).plan("out").open == 2
    assert len(pd.read_parquet("out/_tables/predictions")) == 0


def test_rows_that_a_killed_run_left_twice_are_answered_again(toy):
    found = grid(2).run("out")
    part = next(Path("out").glob("*.parquet"))
    shutil.copy(part, part.with_name(f"{'0' * 32}.parquet"))
    calls(toy)
    same(grid(2).run("out"), found)
    assert len(calls(toy)) == 1 and len(pd.read_parquet("out")) == 8


def test_what_an_answer_replaces_goes_even_when_a_run_was_killed_before_it_went(toy, monkeypatch, capsys):
    grid(3, keep=["predictions"]).run("out")
    parts = [*Path("out").glob("*.parquet"), *Path("out").glob("_tables/predictions/*.parquet")]
    before = {part: part.read_bytes() for part in parts}
    monkeypatch.setattr(works.entry("toy"), "revision", 2)
    found = grid(3, keep=["predictions"]).run("out")
    assert not any(part.exists() for part in parts)
    for part, content in before.items():
        part.write_bytes(content)  # as if the last run had been killed here
    calls(toy)
    assert len(pd.read_parquet("out")) == 24
    same(grid(3, keep=["predictions"]).run("out"), found)
    same(pd.read_parquet("out"), found)
    assert set(pd.read_parquet("out/_tables/predictions")["key"]) == set(found["key"]) and calls(toy) == []
    capsys.readouterr()
    assert not grid(3).plan("out").outdated


@pytest.mark.parametrize("spread", [["x"], []])
def test_what_is_replaced_is_found_in_whatever_parts_it_lies(toy, monkeypatch, spread):
    grid(4, keep=["predictions"], share=spread).run("out")
    monkeypatch.setattr(works.entry("toy"), "revision", 2)
    found = grid(3, keep=["predictions"]).run("out")
    stored, kept = pd.read_parquet("out"), pd.read_parquet("out/_tables/predictions")
    assert stored["setting"].value_counts().to_dict() == {f"x={x}": 4 for x in range(4)} and not repeated(stored)
    assert set(kept["key"]) == set(stored["key"]) > set(found["key"]) and kept["key"].is_unique


def test_lines_whose_rows_were_never_written_are_not_kept_twice(toy):
    grid(2, keep=["predictions"]).run("out")
    for part in Path("out").glob("*.parquet"):
        part.unlink()  # as if every cell had been killed between its table and its rows
    calls(toy)
    found = grid(2, share=["x"], keep=["predictions"]).run("out")
    kept = pd.read_parquet("out/_tables/predictions")
    assert len(calls(toy)) == 4 and kept["key"].is_unique and set(kept["key"]) == set(found["key"])


def test_a_table_no_longer_lists_questions_that_left_it(toy):
    found = grid(2, keep=["predictions"], share=[]).run("out")
    folder, gone = Folder("out", "toys"), set(found["key"][:1])
    assert folder.table_keys("predictions") == set(found["key"])
    folder.remove(gone, folder.holders(gone))
    assert folder.table_keys("predictions") == set(found["key"]) - gone == set(pd.read_parquet("out")["key"])
    calls(toy)
    grid(2).run("out")
    assert len(calls(toy)) == 1 and grid(2, keep=["predictions"]).plan("out").open == 1


def test_grids_of_one_folder_share_its_reading_and_its_workers(toy):
    several = [grid(2, tasks=["a"]), grid(3, tasks=["a"], keep=["predictions"]), grid(2, tasks=["bb"])]
    found = list(run_all(several, "out", "processes", 1))
    assert calls(toy) == ["a/0", "a/0", "a/1", "a/1", "a/2", "bb/0", "bb/1"]  # a table asked for later
    assert len(set((toy / "workers").read_text().split())) == 1
    for one, rows in zip(several, found, strict=True):
        same(one.run("apart"), rows)
    same(pd.read_parquet("out"), pd.concat(found[1:]))  # the second grid asks all that the first does


def test_grids_of_several_experiments_are_refused_and_none_is_nothing(toy):
    with pytest.raises(ProbekitError, match="grids of one experiment; got toys and others"):
        list(run_all([grid(1), Grid("others", "toy", {"x": [1]})], "out"))
    assert list(run_all([], "out")) == [] and not Path("out").exists()


def test_fresh_starts_over(toy):
    grid(2, keep=["predictions"]).run("out")
    Path("out/_figures").mkdir()
    grid(1).run("out", fresh=True)
    assert len(pd.read_parquet("out")) == 4
    assert sorted(p.name for p in Path("out").iterdir() if p.suffix != ".parquet") == ["_lock", "_manifest.json"]


def test_a_plan_changes_nothing_and_the_folder_is_named_after_the_experiment(toy, tmp_path):
    assert grid(2).plan().open == 4 and not Path(RESULTS).exists() and calls(toy) == []
    grid(1).run()
    assert grid(2).plan().open == 2 and len(list(Path(RESULTS, "toys").glob("*.parquet"))) == 2


# --- the folder


def test_pandas_reads_a_folder_with_everything_in_it(toy):
    grid(2, keep=["predictions"]).run("out")
    (Path("out") / ".half.parquet.tmp").write_bytes(b"PAR1 half")
    Path("out/_figures").mkdir()
    Path("out/_figures/x.csv").write_text("a,b\n")
    found = pd.read_parquet("out")
    assert len(found) == 8 and list(found.columns) == schema.SCHEMA.names
    assert pq.read_table(next(Path("out").glob("*.parquet"))).schema.equals(schema.SCHEMA)


def test_unfinished_parts_are_removed(toy):
    (Path("out") / "_tables" / "predictions").mkdir(parents=True)
    left = [Path("out/.x.parquet.tmp"), Path("out/_tables/predictions/.x.parquet.tmp")]
    for path in left:
        path.write_bytes(b"half")
    grid(1, keep=["predictions"]).run("out")
    assert not any(path.exists() for path in left) and len(pd.read_parquet("out")) == 4


def test_the_manifest_says_what_ran(toy):
    grid(1).run("out")
    (toy / "fail").write_text("1")
    with pytest.raises(ProbekitError):
        grid(2).run("out")
    found = json.loads(Path("out/_manifest.json").read_text())
    assert found["experiment"] == "toys" and [run["cells"] for run in found["runs"]] == [2, 2]
    assert [run["failed"] for run in found["runs"]] == [0, 2] and all(run["finished"] for run in found["runs"])
    assert found["runs"][0]["grid"] == {
        "work": "toy",
        "axes": {"task": ["a", "bb"], "x": [0]},
        "data": {},
        "weights": {},
        "keep": [],
    }
    assert {"numpy", "pyarrow"} <= set(found["runs"][0]["versions"]) and found["runs"][0]["machine"]


def test_folders_that_are_not_ours_are_refused(toy):
    grid(1).run("out")
    before = sorted(Path("out").iterdir())
    with pytest.raises(ProbekitError, match="holds results of the experiment 'toys', not of 'others'; choose another"):
        Grid("others", "toy", {"task": ["a"], "x": [1]}).run("out")
    with pytest.raises(ProbekitError, match="holds results of the experiment 'toys'"):
        Grid("others", "toy", {"task": ["a"], "x": [1]}).run("out", fresh=True)
    assert sorted(Path("out").iterdir()) == before
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("precious")
    for fresh in (False, True):
        with pytest.raises(ProbekitError, match=r"'mine' is not a results folder \(it holds thesis.tex\)"):
            grid(1).run("mine", fresh=fresh)
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.tex"]
    Path("file").write_text("x")
    with pytest.raises(ProbekitError, match="'file' is a file; results need a folder"):
        grid(1).run("file")
    with pytest.raises(ProbekitError, match="is a file; results need a folder"):
        grid(1).run("file/below")
    assert len(calls(toy)) == 2


def test_a_folder_that_cannot_be_written(toy):
    with pytest.raises(ProbekitError, match=r"cannot (write|make)"):
        grid(1).run("/proc/probekit-results")
    if os.geteuid():
        Path("locked").mkdir(mode=0o555)
        with pytest.raises(ProbekitError, match="cannot write under 'locked'"):
            grid(1).run("locked")
    assert calls(toy) == []


def test_a_damaged_manifest_and_the_way_out(toy):
    grid(1).run("out")
    path = Path("out/_manifest.json")
    for text in ("{", "[1]", '{"runs": 3}', ""):
        path.write_text(text)
        with pytest.raises(
            ProbekitError, match=r"cannot read out/_manifest.json.*move the manifest away and run again"
        ):
            grid(2).run("out")
    path.rename("_elsewhere.json")
    with pytest.raises(ProbekitError, match="holds results of the experiment 'toys'"):
        Grid("others", "toy", {"task": ["a"], "x": [1]}).run("out")
    calls(toy)
    assert len(grid(2).run("out")) == 8 and calls(toy) == ["a/1", "bb/1"]


def test_a_damaged_part_is_named(toy):
    grid(1).run("out")
    part = next(Path("out").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ProbekitError, match=f"cannot read out/{part.name}: .*remove that file and run again"):
        grid(1).run("out")
    part.unlink()
    calls(toy)
    assert len(grid(1).run("out")) == 4 and len(calls(toy)) == 1


def test_two_runs_at_once(toy):
    first = Folder("out", "toys")
    first.open()
    with pytest.raises(ProbekitError, match="another run is writing to 'out'; wait for it, or choose another folder"):
        grid(1).run("out")
    assert grid(1).plan("out").open == 2  # planning needs no lock
    first.close()
    assert len(grid(1).run("out")) == 4
    grid(1).run("out")  # the lock was given back


# --- what cannot be asked


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"work": "tyo"}, "unknown work 'tyo'; did you mean toy"),
        ({"axes": {"x": "abc"}}, r"x is a list, got 'abc'; write \['abc'\]"),
        ({"axes": {"x": 3}}, "x is a list, got 3"),
        ({"keep": "predictions"}, "keep is a list, got 'predictions'"),
        (
            {"keep": ["predicitons"]},
            "unknown table 'predicitons' in keep; known: predictions, groups, tokens, curve, points",
        ),
        ({"axes": {"metric": ["m"]}}, "'metric' cannot be an axis of a grid"),
        ({"share": ["y"]}, "share names no axis of the grid: y"),
        ({"axes": {"x": [object()]}}, "the axis 'x' holds <object object .*; give a number or text, such as the spec"),
        ({"axes": {"x": ["a;b"]}}, "x=a;b cannot stand in the setting of a row"),
    ],
)
def test_grids_that_make_no_sense(toy, arguments, message):
    whole = {"name": "toys", "work": "toy", "axes": {"task": ["a"], "x": [1]}, **arguments}
    with pytest.raises(ProbekitError, match=message):
        Grid(**whole)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"executor": "procesess"}, "unknown executor 'procesess'; did you mean processes"),
        ({"executor": 3}, "an executor is serial, processes, dask or an object with submit, got 3"),
        ({"executor": "processes", "workers": 0}, "workers is a whole number from 1 to 10,000, got 0"),
        ({"executor": "processes", "scheduler": "tcp://x"}, "a scheduler belongs to the executor 'dask'"),
    ],
)
def test_unknown_executors_are_refused_before_any_work(toy, arguments, message):
    with pytest.raises(ProbekitError, match=message) as caught:
        grid(1).run("out", **arguments)
    assert isinstance(caught.value, UnknownName) == ("unknown" in message)
    assert calls(toy) == [] and not Path("out").exists()


def test_a_missing_extra_is_named_with_the_command(toy, toy_module):
    code = (
        "import sys; sys.modules['distributed'] = None; sys.modules['dask'] = None\n"
        "import toy_work\nfrom probekit.grid import Grid\nfrom probekit.errors import MissingExtra\n"
        "try:\n    Grid('toys', 'toy', {'task': ['a'], 'x': [1]}).run('out', executor='dask')\n"
        "except MissingExtra as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        run.stdout == str(MissingExtra("dask", "the executor 'dask'")) + "\n"
        and 'pip install "probekit[dask]"' in run.stdout
    )
    assert not Path("out").exists()


# --- failures


def test_a_failing_cell_does_not_lose_the_others(toy):
    (toy / "fail").write_text("1")
    with pytest.raises(ProbekitError) as caught:
        grid(3).run("out")
    message = str(caught.value)
    assert message.startswith("2 of 6 cells failed; what the others answered is kept:")
    assert "task=bb, x=1: RuntimeError: no luck with 1" in message and "out/_errors.log" in message
    log = Path("out/_errors.log").read_text()
    assert "Traceback (most recent call last)" in log and "in toy" in log and "task=a, x=1" in log
    assert len(pd.read_parquet("out")) == 8
    (toy / "fail").unlink()
    calls(toy)
    assert len(grid(3).run("out")) == 12 and calls(toy) == ["a/1", "bb/1"]


def test_what_failed_is_kept_as_text_alone():
    class Large:
        """What a frame held when something went wrong in it."""

    def fail(kind):
        held = Large()
        seen.append(weakref.ref(held))
        raise kind("no luck")

    seen, failures = [], Failures()
    for kind in (RuntimeError, ProbekitError, ProbekitError):
        try:
            fail(kind)
        except Exception as error:
            failures.add(error.of("cues") if isinstance(error, ProbekitError) else error, ["a cell"])
    assert [reference() for reference in seen] == [None] * 3
    assert failures.groups == [("RuntimeError: no luck", ["a cell"]), ("no luck", ["a cell"] * 2)]
    assert str(failures.stops(["cues|lower"])) == "no luck" and failures.stops(["topics"]) is None


def test_what_failed_cells_held_is_gone_at_once():
    class Large:
        """What a cell held when something went wrong in it."""

    def fail(cause):
        held = Large()
        seen.append(weakref.ref(held))
        if cause:
            fail(False)
        raise RuntimeError("no luck")

    def counted(name, error, stopped):
        alive.append(sum(reference() is not None for reference in seen))

    seen, alive = [], []
    jobs = {str(n): Job(str(n), (fail, True)) for n in range(5)}
    gc.disable()
    try:
        run_jobs(Workers("serial"), jobs, lambda *_: None, counted, Failures())
    finally:
        gc.enable()
    assert len(seen) == 10 and alive == [2] * 5  # those of the cell that fails, not those of cells before it


def test_many_failures_are_counted_not_listed(toy):
    (toy / "fail").write_text("0 1 2 3 4 5 6 7")
    with pytest.raises(ProbekitError, match="and 11 more"):
        grid(8).run("out")


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        ("column", "a row has columns outside the schema: \\['score'\\]"),
        ("gap", "a row without a value needs a note that says why"),
        ("silent", "1 of 1 questions of the cell 'task=a, x=0' got no row"),
        ("key", "a row of the cell 'task=a, x=0' has the key 'another', which was not asked"),
        ("twice", "two rows of the cell 'task=a, x=0' have the same key, metric, split, subset"),
        ("table", "the table 'predictions' has the columns key, split, unit, group, gold"),
        ("stranger", "the table 'predictions' has lines of a question that was not asked for it"),
    ],
)
def test_answers_that_do_not_fit_are_refused(toy, lie, message):
    (toy / "lie").write_text(lie)
    with pytest.raises(ProbekitError, match=message):
        grid(1, tasks=["a"], keep=["predictions"]).run("out")
    assert not list(Path("out").glob("*.parquet")) and not list(Path("out").glob("_tables/*/*"))


def test_an_interruption_keeps_what_is_done(toy):
    (toy / "interrupt").write_text("2")
    with pytest.raises(KeyboardInterrupt):
        grid(5, tasks=["a"]).run("out")
    # Serial: everything before the interrupted cell is on disk, whatever the number of cores.
    assert sorted(pd.read_parquet("out")["setting"].unique()) == ["x=0", "x=1"]
    assert json.loads(Path("out/_manifest.json").read_text())["runs"][0]["finished"] is None
    (toy / "interrupt").unlink()
    calls(toy)
    assert len(grid(5, tasks=["a"]).run("out")) == 10 and calls(toy) == ["a/2", "a/3", "a/4"]


# --- executors


def test_any_executor_gives_the_same_table(toy):
    serial = grid(3).run("serial")
    with ThreadPoolExecutor(2) as threads:
        same(grid(3).run("threads", executor=threads), serial)
        assert threads.submit(int, "3").result() == 3  # it stays its owner's
    same(grid(3).run("object", executor=Serial()), serial)
    same(grid(3).run("processes", executor="processes", workers=2), serial)
    pids = set((toy / "workers").read_text().split())
    assert str(os.getpid()) in pids and len(pids) > 1  # it did run elsewhere


def test_an_executor_without_workers_has_one_job_out():
    assert Workers("serial", 8).at_once == 1
    with ThreadPoolExecutor(1) as threads:
        assert Workers(threads, 8).at_once == 16


@pytest.mark.slow
def test_dask_gives_the_same_table(toy):
    pytest.importorskip("distributed")
    (toy / "fail").write_text("1")
    with pytest.raises(ProbekitError, match="2 of 6 cells failed"):
        grid(3).run("dask", executor="dask", workers=1)
    assert calls(toy).count("a/1") == 1  # a cell that fails is not tried again
    (toy / "fail").unlink()
    same(grid(3).run("dask", executor="dask", workers=1), grid(3).run("serial"))
    with pytest.raises(ProbekitError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        grid(4).run("dask", executor="dask", scheduler="tcp://127.0.0.1:9")


def test_a_killed_worker_is_replaced_and_its_cells_go_again(toy):
    (toy / "die_once").write_text("1 2")
    same(grid(3).run("out", executor="processes", workers=1), grid(3).run("serial"))
    assert set((toy / "dead").read_text().split()) == {"1", "2"}


def test_workers_leave_an_interruption_to_their_parent(toy):
    (toy / "signal").write_text("1")
    assert len(grid(3).run("out", executor="processes", workers=1)) == 12


def test_a_cell_that_always_kills_its_worker_takes_no_other_along(toy):
    (toy / "die").write_text("1")
    with pytest.raises(ProbekitError, match="1 of 4 cells failed") as caught:
        grid(4, tasks=["a"]).run("out", executor="processes", workers=2)
    assert "task=a, x=1: the worker died each time this cell ran" in str(caught.value)
    assert sorted(pd.read_parquet("out")["setting"].unique()) == ["x=0", "x=2", "x=3"]


def test_a_script_without_a_guard_is_told(toy, toy_module):
    (toy / "naked.py").write_text(SCRIPT.replace('if __name__ == "__main__":', "if True:"))
    run = subprocess.run(
        [sys.executable, toy / "naked.py", "out", "processes", "2"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode and "ProbekitError: worker processes do not start" in run.stderr and "__main__" in run.stderr


def started(toy_module: Path, out: Path, n: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, toy_module / "script.py", str(out), "processes", str(n)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A test run started in the background is deaf to SIGINT, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_parts(out: Path, more_than: int, run: subprocess.Popen) -> None:
    """Until a run has written something, reading the folder with pandas all the while."""
    for _ in range(3000):
        parts = list(out.glob("*.parquet"))
        if parts:
            assert not repeated(pd.read_parquet(out))
        if len(parts) > more_than:
            return
        assert run.poll() is None, run.stderr.read().decode()
        time.sleep(0.02)
    raise AssertionError("the run wrote nothing")


def alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_a_run_killed_three_times_and_resumed_gives_the_same_table(toy, toy_module):
    draw = random.Random(5)
    n, out = 20, Path("out")
    (toy / "sleep").write_text("0.1")
    for _ in range(3):
        done = len(list(out.glob("*.parquet")))
        run = started(toy_module, out, n)
        wait_for_parts(out, done, run)
        time.sleep(draw.uniform(0, 0.3))
        run.kill()
        run.wait()
        run.stderr.close()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in (toy / "workers").read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in (toy / "workers").read_text().split() if alive(pid)]  # workers go with their parent
    left = len(list(out.glob("*.parquet")))
    assert 3 <= left < 2 * n
    (toy / "sleep").unlink()
    calls(toy)
    whole = grid(n, keep=["predictions"])
    found = whole.run(out)
    assert len(calls(toy)) <= 2 * n - left + 1  # at most one answer had its table and not yet its rows
    same(found, whole.run("uninterrupted"))
    same(pd.read_parquet(out), found)
    kept = [pd.read_parquet(p / "_tables" / "predictions").sort_values("key") for p in (out, Path("uninterrupted"))]
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in kept))


def test_an_interrupted_run_of_processes_stops_soon_and_keeps_what_is_done(toy, toy_module):
    (toy / "sleep").write_text("0.1")
    run = started(toy_module, Path("out"), 300)
    deadline = time.monotonic() + 60
    while len(set((toy / "workers").read_text().split()) if (toy / "workers").exists() else ()) < 2:
        assert time.monotonic() < deadline and run.poll() is None  # until both workers are at work
        time.sleep(0.05)
    wait_for_parts(Path("out"), 2, run)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to the parent and its workers
    _, said = run.communicate(timeout=10)
    assert run.returncode and b"KeyboardInterrupt" in said
    assert said.count(b"Traceback") == 1  # workers say nothing of it
    kept = len(pd.read_parquet("out"))
    assert kept >= 6
    (toy / "sleep").unlink()
    grid(30, keep=["predictions"]).run("out")
    assert not repeated(pd.read_parquet("out"))
