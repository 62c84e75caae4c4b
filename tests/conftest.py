"""Shared by all tests: where helpers are found, what a test may see of the user's machine, what ran without data.

A test marked `data` finds the folders that PROBEKIT_DATA names and is skipped where there are none; every other test
runs as on a machine without data. None reads or fills the user's cache.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Plain twins, tiny models and other helpers are imported by name from every room.
_FOLDERS = [str(TESTS), *sorted(str(path) for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__")]
sys.path += [folder for folder in _FOLDERS if folder not in sys.path]
# The processes that tests start find them too.
os.environ["PYTHONPATH"] = os.pathsep.join([*_FOLDERS, *filter(None, [os.environ.get("PYTHONPATH")])])

# As the user had it: from here on the variable is gone, and processes of pytest-xdist inherit that.
DATA = os.environ.setdefault("PROBEKIT_DATA_OF_TESTS", os.environ.pop("PROBEKIT_DATA", ""))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
_CACHE = tempfile.TemporaryDirectory(prefix="probekit-tests-", ignore_cleanup_errors=True)


def data_at_hand() -> bool:
    """Whether PROBEKIT_DATA names a folder that exists."""
    return any(Path(part).expanduser().is_dir() for part in DATA.split(os.pathsep) if part)


def pytest_configure() -> None:
    """What is read while tests are collected meets no user's cache either."""
    _as_the_test_may_see(data=False)


def pytest_unconfigure() -> None:
    _CACHE.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Before fixtures of any scope are set up."""
    _as_the_test_may_see(data="data" in item.keywords)
    return (yield)


def _as_the_test_may_see(data: bool) -> None:
    os.environ["PROBEKIT_CACHE"] = _CACHE.name
    for name in ("PROBEKIT_CACHE_LIMIT", "PROBEKIT_DATA", "PROBEKIT_USE"):
        os.environ.pop(name, None)
    if data and DATA:
        os.environ["PROBEKIT_DATA"] = DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of real data are skipped, with the reason, where there are none."""
    if data_at_hand():
        return
    said = (
        f"PROBEKIT_DATA is '{DATA}', which names no folder" if DATA else "set PROBEKIT_DATA to the folders that hold it"
    )
    skip = pytest.mark.skip(reason=f"needs real data: {said}")
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
