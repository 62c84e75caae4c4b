"""Golden cases as such: a change is seen and the way out named, numbers are written where a revision rose alone."""

from __future__ import annotations

from pathlib import Path

import golden
import pytest
from golden import UPDATE, At, Golden, stored, verdict

from probekit.registry import Registry
from probekit.specs import parse

KEPT = Path("tests/probes/golden.json")
HOW = f"{UPDATE}=1 python -m pytest tests/probes, and commit tests/probes/golden.json"


def test_a_change_is_seen_and_the_way_out_is_named():
    known = {"revision": 2, "tolerance": 1e-3, "numbers": [1.0, 2000.0]}

    def said(now: int, numbers: list[float], known: dict | None = known) -> str:
        return verdict("probe:x", known, now, numbers, KEPT)

    assert not said(2, [1.0009, 2001.0])
    moved = said(2, [1.002, 2000.0])
    assert "revision is still 2" in moved and "1 -> 1.002" in moved and "raise the revision" in moved and HOW in moved
    assert "moved" in said(2, [1.0])
    assert "is at revision 3" in said(3, [1.0, 2000.0])
    assert "only rise" in said(1, [1.0, 2000.0])
    assert HOW in said(1, [1.0], None)
    assert "moved" in said(2, [float("nan"), 2000.0])


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """A registry of one component, its revision, and cases beside a file of no importance."""
    registry: Registry = Registry("toy")
    registry.add("toy", lambda: None, revision=1)
    monkeypatch.setattr(golden, "registries", lambda: {"toy": registry})
    return registry, Golden(str(tmp_path / "test_toys.py"))


def test_numbers_are_written_anew_where_the_revision_rose_and_nowhere_else(toys):
    registry, found = toys
    numbers = {"toy": [1.0, 2.0]}

    def check(update: bool = False) -> str:
        found.cases.clear()
        found.case("toy:toy", lambda spec: numbers[spec])  # a new function: numbers are remembered by function and spec
        return found.check(found.cases["toy:toy"], update)

    assert "no golden numbers yet" in check() and not found.kept.exists()
    assert not check(update=True) and stored(found.kept)["toy:toy"]["numbers"] == [1.0, 2.0]
    numbers["toy"] = [1.0, 3.0]
    assert "moved" in check() and "moved" in check(update=True)
    assert stored(found.kept)["toy:toy"] == {"revision": 1, "tolerance": 1e-3, "numbers": [1.0, 2.0]}
    registry.entry("toy").revision = 2
    assert "at revision 2" in check() and not check(update=True)
    assert stored(found.kept)["toy:toy"] == {"revision": 2, "tolerance": 1e-3, "numbers": [1.0, 3.0]}


def test_an_option_goes_to_the_step_of_its_name_and_one_that_moves_nothing_is_seen(toys):
    _, found = toys

    def numbers(spec: str) -> list[float]:
        """`a` counts, `b` beside `a` alone, `c` never."""
        given = parse(spec).steps[-1].kwargs
        return [given.get("a", 0) * (1 + given.get("b", 0))]

    found.case("toy:toy", numbers, "text(a=5)|toy", options={"a": 1, "b": At(1, {"a": 1}), "c": 1})
    case = found.cases["toy:toy"]
    assert case.given(c=2, a=1) == "text(a=5)|toy(a=1, c=2)"
    assert case.moved("a") and case.moved("b") and not case.moved("c")
    with pytest.raises(AssertionError, match="two cases"):
        found.case("toy:toy", numbers)
