"""Packing: one file in the place of many, nothing lost whenever it is broken off, and a run goes on beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
import toy_grid as toys

from probekit.errors import ProbekitError
from probekit.grid.folder import Folder, read_part, write_part
from probekit.grid.packing import PACKED, pack
from probekit.report import read_results, read_table


@pytest.fixture(scope="module", autouse=True)
def toy() -> Iterator[None]:
    with toys.known_to_workers():
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results folder of six parts with predictions."""
    monkeypatch.setenv("TOY_FOLDER", str(tmp_path))
    toys.grid(keep=["predictions"]).run(tmp_path / "out")
    (tmp_path / "calls").unlink()
    return tmp_path / "out"


def parts(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*.parquet"))


def both(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    order = ["key", "split", "unit"]
    lines = read_table(folder, "predictions").astype({"key": str, "split": str}).sort_values(order, ignore_index=True)
    return pd.read_parquet(folder), lines


def test_rows_and_tables_are_the_same_in_one_file_each(folder: Path) -> None:
    rows, lines = both(folder)
    done = pack(folder)
    assert parts(folder) == [f"_tables/predictions/{PACKED}", PACKED]
    assert (done.parts, done.files, done.rows) == (12, 2, len(rows))
    toys.same(pd.read_parquet(folder), rows)
    pd.testing.assert_frame_equal(both(folder)[1], lines)


def test_a_run_adds_what_is_open_and_packs_again(folder: Path, tmp_path: Path) -> None:
    pack(folder)
    grid = toys.grid(n=4, keep=["predictions"])
    assert grid.plan(folder).open == 2
    grid.run(folder)
    assert toys.calls(tmp_path) == ["a/3", "bb/3"]
    assert len(parts(folder)) == 6
    pack(folder)
    grid.run(tmp_path / "at-once")
    toys.same(pd.read_parquet(folder), pd.read_parquet(tmp_path / "at-once"))
    assert len(parts(folder)) == 2
    assert grid.plan(folder).open == 0


def test_a_question_without_lines_is_not_asked_again(folder: Path) -> None:
    _, (first, *others) = Folder(folder, "toys").parts_by_content()
    write_part(first, read_part(first).slice(0, 0))
    pack(folder)
    assert read_table(folder, "predictions")["key"].nunique() == len(others)
    assert toys.grid(keep=["predictions"]).plan(folder).open == 0


class Killed(BaseException):
    """In the place of a signal that ends a process."""


@pytest.mark.parametrize("step", range(40))
def test_broken_off_at_any_step_nothing_is_lost(folder: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    rows, lines = both(folder)
    left = step

    def counted(real):  # type: ignore[no-untyped-def]
        def call(*args, **named):  # type: ignore[no-untyped-def]
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed  # and whatever would tidy up is killed with it
            return real(*args, **named)

        return call

    with monkeypatch.context() as patch:
        for owner, name in ((os, "replace"), (os, "fsync"), (Path, "unlink")):
            patch.setattr(owner, name, counted(getattr(owner, name)))
        with suppress(Killed):
            pack(folder)
    # What others read meanwhile has every row, if some of them twice.
    toys.same(read_results(folder).astype(rows.dtypes), rows)
    assert toys.grid(keep=["predictions"]).plan(folder).open == 0
    pack(folder)
    toys.same(pd.read_parquet(folder), rows)
    pd.testing.assert_frame_equal(both(folder)[1], lines)
    assert len(parts(folder)) == 2


def test_what_is_no_results_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProbekitError, match="has no _manifest"):
        pack(tmp_path)
