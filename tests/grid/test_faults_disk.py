"""Disks that are full, that cannot be written, or that two runs share: what is said, what is left, how it goes on."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import faults_grid
import pytest
import tiny_models as tiny
from faults_grid import Apart, apart, grid, intact, run, same
from faults_inject import Fault

from probekit.errors import ProbekitError

pytestmark = pytest.mark.slow
PAGE = 4096
PART = r"/out/[0-9a-f]{32}\.parquet$"


@pytest.fixture(scope="module")
def whole() -> Path:
    """A run that met no trouble."""
    return faults_grid.whole(str(tiny.folder("bert")))


# --- no room


def with_mount(options: str, place: Path, function: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a function of this module in a process that alone sees something mounted at a place."""
    mount = f'mount {options} "$0" "$0" && exec "$@"' if "bind" in options else f'mount {options} "$0" && exec "$@"'
    for alone in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        command = [*alone, "sh", "-c", mount, str(place)]
        if shutil.which("unshare") and not subprocess.run([*command, "true"], capture_output=True).returncode:
            break
    else:
        pytest.skip("nothing may be mounted here; the same is tested with limits and permissions")
    code = f"import test_faults_disk as tests; tests.{function}(*{arguments!r})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    return subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True, env=environment)


@contextmanager
def disk_with(room: int, place: Path) -> Iterator[None]:
    """A disk with so many bytes left: all the others are filled."""
    filler = place / "filler"
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
    with open(filler, "wb") as file:
        if free > room:
            os.posix_fallocate(file.fileno(), 0, free - room)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def files_up_to(room: int, place: Path) -> Iterator[None]:
    """Every file may hold so many bytes."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def until_there_is_room(kind: str, what: str, place: str, model: str, whole: str) -> None:
    """Run the grid with ever more room for parts or for artefacts, and look at what each run leaves.

    "new parts": the answers are there, and answered again for a table they lack; old parts are cut as new ones come.
    """
    faults_grid.one_core()
    limited: Callable[[int, Path], AbstractContextManager[None]] = disk_with if kind == "disk" else files_up_to
    small = Path(place) / "small"
    out = (Path(place) if what == "artefacts" else small) / "out"
    cache = (small if what == "artefacts" else Path(whole)) / "cache"
    os.environ["PROBEKIT_CACHE"] = str(cache)
    if what == "new parts":
        grid(model, keep=()).run(out)
    if what != "artefacts":
        said, way_out, folder = "no room left under", "make room there or choose another folder", out
    else:
        said, way_out, folder = "cells failed", "make room (probekit cache clear) or point PROBEKIT_CACHE", cache
    # Where files are limited, all are: results are small enough for this.
    room = 4 * PAGE if (kind, what) == ("files", "artefacts") else 0
    refused = 0
    while True:
        try:
            with limited(room, small):
                grid(model).run(out)
            break
        except ProbekitError as error:
            message = str(error)
        assert said in message and f"no room left under {folder}; {way_out}" in message, message
        assert "then run again: what is finished is kept" in message
        if what != "new parts":  # until the next run begins, answers may stand twice
            intact(out, cache, Path(whole) / "out")
        room, refused = room + (2 * PAGE if what == "artefacts" else PAGE), refused + 1
    same(out, Path(whole) / "out")
    print(refused)


@pytest.mark.parametrize("what", ["parts", "new parts", "artefacts"])
def test_files_that_may_not_grow_are_said_lose_nothing_and_the_run_goes_on(what, whole, tmp_path):
    (tmp_path / "small").mkdir()
    code, said = apart(
        tmp_path, until_there_is_room, "files", what, str(tmp_path), str(tiny.folder("bert")), str(whole)
    )
    assert code == 0, said
    assert int(said.splitlines()[-1]) > 3, said


@pytest.mark.parametrize("what", ["parts", "new parts", "artefacts"])
def test_a_full_disk_is_said_loses_nothing_and_the_run_goes_on(what, whole, tmp_path):
    arguments = ("disk", what, str(tmp_path), str(tiny.folder("bert")), str(whole))
    small = tmp_path / "small"
    small.mkdir()
    done = with_mount("-t tmpfs -o size=2m tmpfs", small, "until_there_is_room", *arguments)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 3


# --- what cannot be written


def under_permissions() -> None:
    """Give up the right of the superuser to write anywhere."""
    if os.geteuid():
        return
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice 32 bits
    assert library.capget(header, sets) == 0
    for place in (0, 1):
        sets[place] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert library.capset(header, sets) == 0, os.strerror(ctypes.get_errno())


def forbid(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def allow(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run_forbidden(model: str, out: str) -> None:
    """Run the grid where permissions count, and print what is refused."""
    under_permissions()
    try:
        grid(model).run(out)
    except ProbekitError as error:
        print("REFUSED", error)


@pytest.fixture
def forbidden(tmp_path):
    """Makes folders read-only until the test ends."""
    folders: list[Path] = []

    def make(folder: Path) -> Path:
        folders.append(folder)
        forbid(folder)
        return folder

    yield make
    for folder in folders:
        allow(folder)


def test_a_cache_that_cannot_be_written_serves_what_it_holds(whole, tmp_path, forbidden):
    shutil.copytree(whole / "cache", tmp_path / "cache")
    before = contents(forbidden(tmp_path / "cache"))
    assert apart(tmp_path, run_forbidden, str(tiny.folder("bert")), "out") == (0, "")
    same(tmp_path / "out", whole / "out")
    assert contents(tmp_path / "cache") == before


def test_a_cache_that_cannot_be_written_is_named_where_something_is_missing(whole, tmp_path, forbidden):
    cache = tmp_path / "cache"
    shutil.copytree(whole / "cache", cache)
    shutil.rmtree(cache / "artefacts" / "table")
    for manifest in (cache / "artefacts").glob("*/*/manifest.json"):
        if json.loads(manifest.read_text())["recipe"]["encoder"].startswith("word2vec"):
            shutil.rmtree(manifest.parent)
    forbidden(cache)
    code, said = apart(tmp_path, run_forbidden, str(tiny.folder("bert")), "out")
    assert code == 0 and said.startswith("REFUSED 2 of 6 cells failed; what the others answered is kept:")
    assert f"\n  2 cells: cannot write under {cache}: Permission denied; point PROBEKIT_CACHE elsewhere\n" in said
    intact(tmp_path / "out", cache, whole / "out")
    allow(cache)
    assert apart(tmp_path, run, str(tiny.folder("bert")), "out") == (0, "")
    same(tmp_path / "out", whole / "out")


def test_damage_in_a_cache_that_cannot_be_written_is_said(whole, tmp_path, forbidden):
    cache = tmp_path / "cache"
    shutil.copytree(whole / "cache", cache)
    damaged = next((cache / "artefacts" / "activations").glob("*/vectors.npy"))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    forbidden(cache)
    code, said = apart(tmp_path, run_forbidden, str(tiny.folder("bert")), "out")
    key = damaged.parent.name
    assert f"cannot remove the damaged cache entry activations/{key} (the checksum of vectors.npy differs)" in said
    assert f"cannot write under {cache}: Permission denied" in said and damaged.exists()
    allow(cache)
    code, said = apart(tmp_path, run, str(tiny.folder("bert")), "out")
    assert code == 0 and f"removed the damaged cache entry activations/{key}" in said
    same(tmp_path / "out", whole / "out")


def test_results_that_cannot_be_written_are_refused_by_name_and_can_be_read(whole, tmp_path, forbidden):
    for name in ("cache", "out"):
        shutil.copytree(whole / name, tmp_path / name)
    before = contents(forbidden(tmp_path / "out"))
    code, said = apart(tmp_path, run_forbidden, str(tiny.folder("bert")), "out")
    assert (code, said) == (0, "REFUSED cannot write under 'out'; choose another --out\n")
    assert contents(tmp_path / "out") == before
    same(tmp_path / "out", whole / "out")


def test_results_that_become_read_only_stop_the_run_by_name(whole, tmp_path, forbidden):
    shutil.copytree(whole / "cache", tmp_path / "cache")
    half = Fault(str(tmp_path / "struck"), "rename", PART, 2, "before", of="any")
    assert apart(tmp_path, run, str(tiny.folder("bert")), "out", faults=(half,))[0] == -9
    forbidden(tmp_path / "out" / "_tables" / "predictions")
    code, said = apart(tmp_path, run_forbidden, str(tiny.folder("bert")), "out")
    assert code == 0 and said.startswith("REFUSED cannot write under out: ") and "choose another folder" in said
    intact(tmp_path / "out", tmp_path / "cache", whole / "out")
    allow(tmp_path / "out")
    assert apart(tmp_path, run, str(tiny.folder("bert")), "out") == (0, "")
    same(tmp_path / "out", whole / "out")


def test_a_disk_mounted_for_reading_is_refused_by_name(whole, tmp_path):
    """As on a cluster whose data disk compute nodes may only read."""
    shutil.copytree(whole / "cache", tmp_path / "disk" / "cache")
    code = "run_on_a_disk_for_reading"
    done = with_mount("-o bind,ro", tmp_path / "disk", code, str(tmp_path), str(tiny.folder("bert")), str(whole))
    assert done.returncode == 0, done.stderr


def run_on_a_disk_for_reading(place: str, model: str, whole: str) -> None:
    faults_grid.one_core()
    out, cache = Path(place) / "out", Path(place) / "disk" / "cache"
    os.environ["PROBEKIT_CACHE"] = str(cache)
    with pytest.raises(ProbekitError, match="cannot write under"):
        grid(model).run(cache.parent / "out")
    grid(model).run(out)
    same(out, Path(whole) / "out")
    os.environ["PROBEKIT_CACHE"] = str(cache.parent / "other")
    with pytest.raises(
        ProbekitError, match=rf"cannot write under {cache.parent}/other: Read-only file system; point P"
    ):
        grid(model).run(f"{out}2")


# --- two runs at once


def test_a_second_run_on_the_same_folder_is_refused_and_disturbs_nothing(whole, tmp_path):
    """The first is stopped in the middle of writing a part."""
    shutil.copytree(whole / "cache", tmp_path / "cache")
    model = str(tiny.folder("bert"))
    stop = Fault(str(tmp_path / "stopped"), "rename", PART, 2, "before", of="any", with_signal=signal.SIGSTOP)
    first = Apart(tmp_path, run, model, "out", faults=(stop,))
    try:
        while not Path(stop.marker).exists():
            assert first.process.is_alive(), first.end()
            time.sleep(0.02)
        before = contents(tmp_path / "out")
        assert list((tmp_path / "out").glob(".*.tmp")), "it has not finished its part"
        code, said = apart(tmp_path, run, model, "out")
        assert code == 1
        assert said.splitlines()[-1] == (
            "probekit.errors.ProbekitError: another run is writing to 'out'; wait for it, or choose another folder"
        )
        assert contents(tmp_path / "out") == before
        assert apart(tmp_path, run, model, "other") == (0, "")
    finally:
        os.kill(first.process.pid, signal.SIGCONT)
    assert first.end() == (0, "")
    same(tmp_path / "out", whole / "out")
    same(tmp_path / "other", whole / "out")
