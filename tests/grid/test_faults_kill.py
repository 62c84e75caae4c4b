"""Kill -9 in every phase of a run, and at several places of each: the next runs finish the same table.

Each kill strikes from inside the phase, at a place that is counted (see `faults_inject`); the marker that it leaves
names the functions it struck in. Between the kills nothing is repaired.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import faults_grid
import pandas as pd
import pytest
import tiny_models as tiny
from faults_grid import TASKS, apart, grid, intact, predictions, rows, run, same
from faults_inject import Fault, environment

from probekit import rows as schema

PART = r"/out/[0-9a-f]{32}\.parquet$"
TABLE = r"/out/_tables/predictions/[0-9a-f]{32}\.parquet$"
MANIFEST = r"/out/_manifest\.json$"
ACTIVATIONS = r"/cache/artefacts/activations/[0-9a-f]{32}$"

# Phase: the function that it is, and places in it. Where the phase comes after the encoding, the cache is full.
PHASES = {
    "encoding": (
        r"activations\.py:run_pass$|word2vec\.py:train_word2vec$",
        [
            ("call", r"modeling_bert\.py:BertModel\.forward$", 3, "before"),
            ("rename", r"/unfinished/activations-[0-9a-f]+/progress\.json$", 2, "half"),
            ("rename", r"/unfinished/activations-[0-9a-f]+/progress\.json$", 1, "after"),
            ("call", r"gensim.*:Word2Vec\._train_epoch$", 3, "before"),
        ],
    ),
    "artefact publish": (
        r"store\.py:Store\.publish$",
        [
            ("rename", r"/unfinished/.*/manifest\.json$", 1, "half"),
            ("rename", ACTIVATIONS, 2, "before"),
            ("rename", r"/cache/artefacts/table/[0-9a-f]{32}$", 1, "after"),
            ("rename", ACTIVATIONS, 1, "after"),
        ],
    ),
    "solving": (
        r"probing_answers\.py:answer_probing$",
        [
            ("line", r"probekit/training/loop\.py$", 150, "before"),
            ("line", r"probekit/training/loop\.py$", 800, "before"),
            ("line", r"probekit/probes/(linear_svr|svr_\w+)\.py$", 500, "before"),
        ],
    ),
    "part write": (
        r"folder\.py:Folder\.write$",
        [
            ("rename", PART, 1, "half"),
            ("rename", TABLE, 2, "half"),
            ("rename", TABLE, 2, "after"),
            ("rename", PART, 2, "before"),
            ("rename", PART, 1, "after"),
        ],
    ),
    "manifest write": (
        r"folder\.py:Folder\.note_run$",
        [("rename", MANIFEST, 1, "half"), ("rename", MANIFEST, 1, "after"), ("rename", MANIFEST, 2, "before")],
    ),
}


@pytest.fixture(scope="module")
def whole() -> Path:
    """A run that met no trouble."""
    return faults_grid.whole(str(tiny.folder("bert")))


def struck_in(fault: Fault, inside: str) -> bool:
    """Whether the process that was killed was in a function."""
    return any(re.search(inside, name) for name in fault.struck())


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_a_run_killed_in_a_phase_is_finished_by_the_next(phase, whole, tmp_path):
    inside, places = PHASES[phase]
    model = str(tiny.folder("bert"))
    if phase not in ("encoding", "artefact publish"):
        shutil.copytree(whole / "cache", tmp_path / "cache")
    assert len(places) >= 3
    for number, (at, match, nth, how) in enumerate(places):
        fault = Fault(str(tmp_path / f"struck-{number}"), at, match, nth, how, of="any")
        code, said = apart(tmp_path, run, model, "out", faults=(fault,))
        assert code == -9, f"{phase} was not reached at place {number}: {said}"
        assert struck_in(fault, inside)
        if how == "half":
            assert list(tmp_path.rglob(".*.tmp")), "a broken file is what the next run finds"
        intact(tmp_path / "out", tmp_path / "cache", whole / "out")
    assert apart(tmp_path, run, model, "out") == (0, "")
    same(tmp_path / "out", whole / "out")
    assert not list((tmp_path / "out").rglob(".*.tmp")) and not list((tmp_path / "cache" / "artefacts").rglob(".*"))
    assert not rows(tmp_path / "out").duplicated(list(schema.UNIQUE)).any()


def run_part(model: str, out: str) -> None:
    """One of the tasks, and no table."""
    grid(model, TASKS[:1], keep=()).run(out)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("match", "nth", "how"),
    [(TABLE, 1, "after"), (TABLE, 2, "after"), (PART, 1, "after"), (PART, 2, "before"), (PART, 2, "after")],
    ids=["lines and no rows", "old lines and no rows", "old and new rows", "old rows and their lines", "old rows cut"],
)
def test_a_run_killed_while_it_adds_to_answers_leaves_none_twice(match, nth, how, whole, tmp_path):
    """Some answers are there and lack their table, others are new: one cell brings both, and takes old rows away."""
    model = str(tiny.folder("bert"))
    shutil.copytree(whole / "cache", tmp_path / "cache")
    assert apart(tmp_path, run_part, model, "out") == (0, "")
    fault = Fault(str(tmp_path / "struck"), "rename", match, nth, how, of="any")
    assert apart(tmp_path, run, model, "out", faults=(fault,))[0] == -9
    assert fault.struck()
    assert apart(tmp_path, run, model, "out") == (0, "")
    # Other cells ask the same questions, and a solver that stops at a gap is exact to 1e-3.
    for read, numbers in ((rows, ["value", "ci_low", "ci_high"]), (predictions, ["score"])):
        found, expected = read(tmp_path / "out"), read(whole / "out")
        loose = [*numbers, "info", "predicted"]
        exact, other = (table.drop(columns=loose, errors="ignore") for table in (found, expected))
        pd.testing.assert_frame_equal(exact, other)
        pd.testing.assert_frame_equal(found[numbers], expected[numbers], rtol=0.01, atol=0.01)


# --- several processes

ENCODING = ("rename", r"/unfinished/activations-[0-9a-f]+/progress\.json$", 3, "half")
SOLVING = ("line", r"probekit/training/loop\.py$", 150, "before")


def with_workers(place: Path, executor: str, workers: int, *faults: Fault) -> tuple[int, str]:
    """Run the grid in worker processes, all of which load the faults: exit code and what was said."""
    variables = {**os.environ, "PROBEKIT_CACHE": str(place / "cache"), **environment(place, *faults)}
    script = Path(__file__).with_name("faults_grid.py")
    command = [sys.executable, str(script), str(tiny.folder("bert")), "out", executor, str(workers)]
    said = place / "said"
    with open(said, "wb") as file:  # no pipe: it would stay open for as long as a worker lives
        run = subprocess.run(command, env=variables, cwd=place, stdout=file, stderr=file)
    return run.returncode, said.read_text()


@pytest.fixture
def nobody_left(tmp_path):
    """Ends what a failed test left running."""
    yield
    for process in left_behind(tmp_path):
        os.kill(int(process), signal.SIGKILL)


def left_behind(place: Path) -> list[str]:
    """Processes of a run that are still there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            alive = (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            if alive and str(place).encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:  # it ended meanwhile
            continue
    return found


@pytest.mark.slow
def test_workers_killed_while_encoding_and_solving_change_nothing(whole, tmp_path):
    encoding = Fault(str(tmp_path / "encoding"), *ENCODING, of="worker")
    solving = Fault(str(tmp_path / "solving"), *SOLVING, of="worker", after="probekit.training.loop")
    code, said = with_workers(tmp_path, "processes", 1, encoding, solving)
    assert code == 0, said
    assert struck_in(encoding, PHASES["encoding"][0]) and struck_in(solving, PHASES["solving"][0])
    same(tmp_path / "out", whole / "out")


@pytest.mark.slow
def test_a_killed_dask_worker_changes_nothing(whole, tmp_path):
    pytest.importorskip("distributed")
    shutil.copytree(whole / "cache", tmp_path / "cache")
    solving = Fault(str(tmp_path / "solving"), *SOLVING, of="worker", after="probekit.training.loop")
    code, said = with_workers(tmp_path, "dask", 1, solving)
    assert code == 0, said
    assert struck_in(solving, PHASES["solving"][0])
    same(tmp_path / "out", whole / "out")


@pytest.mark.slow
@pytest.mark.usefixtures("nobody_left")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_a_killed_parent_takes_its_workers_along_and_the_next_run_finishes(whole, tmp_path):
    """By a worker while it encodes and holds the artefact's lock; then as the parent writes what a worker answered."""
    faults = {
        "encoding": Fault(str(tmp_path / "encoding"), *ENCODING, who="parent", of="worker"),
        "part write": Fault(str(tmp_path / "part write"), "rename", PART, 2, "half"),
    }
    for phase, fault in faults.items():
        code, said = with_workers(tmp_path, "processes", 2, fault)
        assert code == -9, said
        assert struck_in(fault, PHASES[phase][0])
        deadline = time.monotonic() + 30
        while left_behind(tmp_path):
            assert time.monotonic() < deadline, "workers outlive their parent"
            time.sleep(0.05)
        intact(tmp_path / "out", tmp_path / "cache", whole / "out")
    code, said = with_workers(tmp_path, "processes", 2)
    assert code == 0, said
    same(tmp_path / "out", whole / "out")
