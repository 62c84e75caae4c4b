"""The grid at size and on a cluster: a Dask scheduler and workers started by hand, one of them killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from toy_grid import calls, grid, known_to_workers, same

from probekit.errors import ProbekitError
from probekit.grid import works
from probekit.report import read_results
from probekit.rows import UNIQUE

BESIDE = Path(sys.executable).parent  # where the commands of this environment are
PATIENCE = 120.0  # seconds; what is waited for takes a few


@pytest.fixture(scope="module", autouse=True)
def toy_module():
    with known_to_workers():
        yield


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The folder through which the toy work is told things; results go to `tmp_path`."""
    folder = tmp_path / "told"
    folder.mkdir()
    monkeypatch.setenv("TOY_FOLDER", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


class Cluster:
    """A Dask scheduler at `address` and two workers of one thread each, as a user starts them. `further` options go to
    all of them."""

    def __init__(self, folder: Path, *further: str) -> None:
        self.folder, self.processes, self.further = folder, [], further
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", "scheduler.json")
        told = folder / "scheduler.json"
        until(lambda: told.exists() and told.read_text().endswith("}"))
        self.address = json.loads(told.read_text())["address"]
        self.workers = [self.join() for _ in range(2)]

    def join(self, **environment: str) -> subprocess.Popen:
        """A worker more, with something else in its environment."""
        alone = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder))
        return self._start("worker", self.address, *alone, **environment)

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        command = [BESIDE / "dask", *arguments, *self.further, "--no-dashboard"]
        env = {**os.environ, **environment}
        with open(self.folder / "cluster.log", "ab") as log:
            self.processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env=env))
        return self.processes[-1]

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    found = Cluster(tmp_path)
    yield found
    found.close()


def until(true) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


# --- many cells


def test_each_part_is_opened_a_fixed_number_of_times(toy, monkeypatch):
    n, opened, plain = 30, [], pq.ParquetFile

    def spy(where, **options):
        opened.append(Path(where))
        return plain(where, **options)

    monkeypatch.setattr(pq, "ParquetFile", spy)
    first = grid(n, tasks=["a"]).run("out")
    assert len(opened) == n
    opened.clear()
    same(grid(n, tasks=["a"]).run("out"), first)
    assert len(opened) == len(set(opened)) == n
    opened.clear()
    monkeypatch.setattr(works.entry("toy"), "revision", 2)
    grid(n, tasks=["a"]).run("out")
    # To plan, to find what goes, to see that it goes whole, and to give back what came.
    assert len(opened) == 4 * n and len(pd.read_parquet("out")) == 2 * n


@pytest.mark.slow
def test_a_thousand_cells_in_any_executor_are_one_table(toy):
    n = 500
    serial = grid(n).run("serial")
    assert len(calls(toy)) == 2 * n
    same(grid(n).run("processes", "processes", workers=2), serial)
    assert len(set((toy / "workers").read_text().split())) == 3  # this process and two
    same(read_results("processes").astype(serial.dtypes), serial)
    same(pd.read_parquet("processes"), serial)
    calls(toy)
    same(grid(n).run("processes"), serial)
    assert calls(toy) == []


# --- a cluster started by hand


@pytest.mark.slow
def test_a_dask_worker_killed_in_the_middle_of_a_cell_changes_nothing(toy, cluster):
    n = 20
    (toy / "sleep").write_text("0.2")
    seen = toy / "workers"

    def kill() -> None:
        until(lambda: seen.exists() and len(set(seen.read_text().split())) == 2 and list(Path("dask").glob("*.par*")))
        victim = cluster.workers[0]
        begun = seen.read_text().split().count(str(victim.pid))
        until(lambda: seen.read_text().split().count(str(victim.pid)) > begun)  # it sleeps in a cell now
        victim.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    found = grid(n, keep=["predictions"]).run("dask", "dask", scheduler=cluster.address)
    killer.join(PATIENCE)
    assert cluster.workers[0].wait(PATIENCE) == -signal.SIGKILL and cluster.workers[1].poll() is None
    twice = calls(toy)
    assert len(set(twice)) == 2 * n < len(twice)  # what it was at was asked again
    (toy / "sleep").unlink()
    same(found, grid(n, keep=["predictions"]).run("serial"))
    kept = [pd.read_parquet(f"{name}/_tables/predictions").sort_values("key") for name in ("dask", "serial")]
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in kept))
    assert Path("dask", "_manifest.json").exists() and not Path("dask", "_errors.log").exists()


@pytest.mark.slow
def test_a_scheduler_without_workers_is_said_and_one_that_dies_ends_the_run(toy, cluster, capfd):
    (toy / "sleep").write_text("0.2")
    for worker in cluster.workers:
        worker.kill()
        worker.wait()

    def help_and_kill() -> None:
        said = ""
        while "has no workers, and the run waits for one; start it with: dask worker tcp://" not in said:
            time.sleep(0.1)
            said += capfd.readouterr().err
        cluster.join()
        until(lambda: list(Path("dask").glob("*.parquet")))
        cluster.processes[0].kill()

    killer = threading.Thread(target=help_and_kill, daemon=True)
    killer.start()
    with pytest.raises(ProbekitError, match=r"the Dask scheduler at 'tcp://.*' is gone; what was answered is kept"):
        grid(30).run("dask", "dask", scheduler=cluster.address)
    killer.join(PATIENCE)
    assert "Traceback" not in capfd.readouterr().err
    kept = len(list(Path("dask").glob("*.parquet")))
    assert 0 < kept < 60 and grid(30).plan("dask").open == 60 - kept


@pytest.mark.slow
def test_a_dask_worker_with_another_revision_is_refused_and_the_others_answer(toy, cluster):
    n = 10
    (toy / "sleep").write_text("0.1")
    cluster.workers[1].kill()
    other = cluster.join(TOY_REVISION="2")
    with pytest.raises(ProbekitError, match=r"of 20 cells failed") as caught:
        grid(n).run("dask", "dask", scheduler=cluster.address)
    assert "the work 'toy' is not what the run was planned with" in str(caught.value)
    assert "the same code on every worker" in str(caught.value)
    kept = len(list(Path("dask").glob("*.parquet")))
    assert 0 < kept < 2 * n and len(calls(toy)) == kept
    assert str(other.pid) not in (toy / "workers").read_text().split()
    (toy / "sleep").unlink()
    same(grid(n).run("dask"), grid(n).run("serial"))


def certificate(folder: Path, name: str) -> list[str]:
    """A certificate of its own for this machine, signed by itself, and its key."""
    files = [str(folder / f"{name}-{what}.pem") for what in ("cert", "key")]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    subprocess.run([*made, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_a_cluster_over_tls_answers_those_who_hold_its_certificate_alone(toy, tmp_path):
    import dask

    pytest.importorskip("distributed")
    cert, key = certificate(tmp_path, "ours")
    options = ("--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key)
    cluster = Cluster(tmp_path, *options)
    try:
        assert cluster.address.startswith("tls://")

        def run(files: list[str] | None) -> pd.DataFrame:
            names = ("ca-file", "client.cert", "client.key")
            held = zip(names, (files[0], *files) if files else (None, None, None), strict=True)
            with dask.config.set({f"distributed.comm.tls.{name}": file for name, file in held}):
                return grid(2).run("dask", "dask", scheduler=cluster.address)

        for files in (None, certificate(tmp_path, "other")):
            with pytest.raises(ProbekitError, match=r"no Dask scheduler answers at 'tls://.*distributed\.comm\.tls in"):
                run(files)
        assert calls(toy) == []
        same(run([cert, key]), grid(2).run("serial"))
    finally:
        cluster.close()


@pytest.mark.slow
def test_the_command_line_gives_the_same_table_in_any_executor_and_with_a_worker_killed(cluster, tmp_path):
    words = ["the", "a", "of", "to", "and", "she", "he", "it", "in", "was", ".", ","]
    drawn = np.random.default_rng(0).normal(size=(len(words), 4))
    lines = [f"{word} {' '.join(f'{x:.3f}' for x in row)}\n" for word, row in zip(words, drawn, strict=True)]
    (tmp_path / "vectors.txt").write_text("".join(lines))
    given = ["--corpus", "grammar(n=60)", "--encoder", "static:vectors.txt", "--keep", "predictions"]
    for option, values in {
        "--task": ("word/upos", "sentence/sent_length"),
        "--probe": ("logistic(C=1)", "ridge"),
        "--seed": range(10),
    }.items():
        given += [text for value in values for text in (option, str(value))]

    def run(out: str, *further: str) -> subprocess.Popen:
        return subprocess.Popen(
            [BESIDE / "probekit", "run", "quickstart", *given, "--out", out, *further],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PROBEKIT_CACHE": str(tmp_path / f"cache-{out}")},
        )

    def finished(started: subprocess.Popen) -> None:
        _, said = started.communicate(timeout=5 * PATIENCE)
        assert started.returncode == 0, said

    def table(out: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        rows = pd.read_parquet(tmp_path / out).sort_values(list(UNIQUE), ignore_index=True)
        info = [json.loads(text) for text in rows["info"]]
        rows["info"] = [{name: value for name, value in one.items() if name != "seconds"} for one in info]
        kept = pd.read_parquet(tmp_path / out / "_tables" / "predictions")
        return rows, kept.sort_values(["key", "split", "unit"], ignore_index=True)

    finished(run("serial"))
    finished(run("processes", "--executor", "processes", "--workers", "2"))
    cluster_run = run("dask", "--scheduler", cluster.address)
    until(lambda: len(list((tmp_path / "dask").glob("*.parquet"))) >= 3 or cluster_run.poll() is not None)
    cluster.workers[1].send_signal(signal.SIGKILL)
    there = len(list((tmp_path / "dask").glob("*.parquet")))
    finished(cluster_run)
    assert 3 <= there < len(list((tmp_path / "dask").glob("*.parquet")))
    assert cluster.workers[1].wait(PATIENCE) == -signal.SIGKILL and cluster.workers[0].poll() is None
    for name in ("processes", "dask"):
        for one, other in zip(table(name), table("serial"), strict=True):
            pd.testing.assert_frame_equal(one, other, check_exact=True)
