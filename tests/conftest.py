"""Shared by all tests: an own cache, the tests that need data, and what was run without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Tests neither read nor fill the user's cache.
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of this test run."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["PROBEKIT_CACHE"] = str(folder)
    return folder


def data_at_hand() -> bool:
    """Whether PROBEKIT_DATA names a folder that exists."""
    return any(Path(part).is_dir() for part in os.environ.get("PROBEKIT_DATA", "").split(os.pathsep) if part)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if data_at_hand():
        return
    skip = pytest.mark.skip(reason="needs real data: set PROBEKIT_DATA to the folders that hold it")
    for item in items:
        if "data" in item.keywords:
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests of real data ran and which did not: they never pass by being left out in silence."""
    ran, left = [], []
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            if "data" in report.keywords and (report.when == "call" or outcome == "skipped"):
                (left if outcome == "skipped" else ran).append(report.nodeid)
    terminalreporter.section("tests of real data")
    terminalreporter.write_line(f"{len(ran)} ran, {len(left)} did not")
    for name in ran:
        terminalreporter.write_line(f"  ran      {name}")
    for name in left:
        terminalreporter.write_line(f"  NOT RUN  {name}")
