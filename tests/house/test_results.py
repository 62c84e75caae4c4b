"""Results that travel with the code: small, whole, and every saved table of a figure comes out of the rows again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import pytest

from probekit import study
from probekit.grid.packing import PACKED
from probekit.report import publish, publish_all, read_manifest, read_results

RESULTS = Path(__file__).parents[2] / "results"
STUDIES = sorted(folder.name for folder in RESULTS.iterdir() if (folder / PACKED).is_file())
MIB = 2**20


def committed(folder: Path) -> list[Path]:
    """Files that a clone has, or would have."""
    listed = subprocess.run(
        ["git", "-C", str(folder), "ls-files", "--cached", "--others", "--exclude-standard", "."],
        capture_output=True,
        text=True,
        check=True,
    )
    return [folder / name for name in listed.stdout.splitlines() if (folder / name).is_file()]


def test_results_are_small_and_of_studies_that_there_are():
    folders = [folder for folder in RESULTS.iterdir() if folder.is_dir()]
    assert {folder.name for folder in folders} <= set(study.names())
    rows = {f: sum(p.stat().st_size for p in committed(f) if p.suffix == ".parquet") for f in folders}
    assert max(rows.values()) <= 5 * MIB
    assert sum(p.stat().st_size for p in committed(RESULTS)) <= 60 * MIB
    suffixes = {p.suffix for p in committed(RESULTS)}
    assert suffixes <= {".parquet", ".png", ".csv", ".md", ".json", ".html"}


def test_some_rows_travel():
    assert "quickstart" in STUDIES


@pytest.mark.parametrize("name", STUDIES)
def test_pandas_opens_the_rows(name):
    rows = pd.read_parquet(RESULTS / name)
    assert len(rows) == len(read_results(RESULTS / name)) and set(rows["experiment"]) == {name}
    assert read_manifest(RESULTS / name)["experiment"] == name


@pytest.mark.parametrize("name", STUDIES)
def test_every_saved_table_is_drawn_again_from_the_rows(name, tmp_path):
    saved = {p.name: p for p in (RESULTS / name / "_figures").glob("*.csv")}
    drawn = {p.name: p for p in publish(name, RESULTS / name, tmp_path, ()) if p.suffix == ".csv"}
    assert sorted(drawn) == sorted(saved)
    for file, place in drawn.items():
        again, before = (pd.read_csv(p, dtype=str, keep_default_na=False) for p in (place, saved[file]))
        assert list(again) == list(before) and len(again) == len(before), file
        for column in again:
            _alike(again[column], before[column], f"{file}: {column}")


def _alike(again: pd.Series, before: pd.Series, what: str) -> None:
    """Numbers agree to the rounding of another machine's sums, words exactly."""
    numbers = [pd.to_numeric(one, errors="coerce") for one in (again, before)]
    same = again.eq(before) | ((numbers[0] - numbers[1]).abs() <= 1e-9 * numbers[1].abs().clip(lower=1))
    assert same.all(), f"{what}: {again[~same].iloc[0]} where {before[~same].iloc[0]} is saved"


def test_studies_are_drawn_side_by_side_as_one_by_one(tmp_path):
    asked = {name: RESULTS / name for name in ("quickstart", "metric-learning-misogyny")}
    side_by_side = list(publish_all(asked, tmp_path / "both", ("png",), workers=2))
    assert [files[0].parent.name for files in side_by_side] == list(asked)
    for name, files in zip(asked, side_by_side, strict=True):
        alone = publish(name, asked[name], tmp_path / "alone" / name, ("png",))
        assert [file.name for file in files] == [file.name for file in alone]
        assert all(a.read_bytes() == b.read_bytes() for a, b in zip(files, alone, strict=True) if a.suffix != ".md")
        assert not list((tmp_path / "both" / name).glob("*.pdf"))
