"""Grids that ask the toy work (tests/toy_work.py), for tests of the grid."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from probekit import rows as schema
from probekit.grid import Grid, works


@contextmanager
def known_to_workers() -> Iterator[None]:
    """Register the toy work, here and where worker processes can import it."""
    patch = pytest.MonkeyPatch()
    folder = str(Path(__file__).parent)
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")])))
    import toy_work  # noqa: F401

    yield
    del works._entries["toy"], sys.modules["toy_work"]
    patch.undo()


def grid(n: int = 3, tasks=("a", "bb"), **further) -> Grid:
    return Grid("toys", "toy", {"task": list(tasks), "x": list(range(n))}, **further)


def calls(toy: Path) -> list[str]:
    """Questions that were answered since the last time, sorted."""
    path = toy / "calls"
    found = sorted(path.read_text().split()) if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def repeated(rows: pd.DataFrame) -> list[str]:
    """Keys whose rows stand twice."""
    return rows.loc[rows.duplicated(list(schema.UNIQUE)), "key"].unique().tolist()


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Tables with the same rows, whatever their order."""
    order = list(schema.UNIQUE)
    pd.testing.assert_frame_equal(
        left.sort_values(order).reset_index(drop=True), right.sort_values(order).reset_index(drop=True)
    )
