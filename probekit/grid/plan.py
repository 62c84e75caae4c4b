"""What a run would do: open cells, what they need, what it takes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from probekit import recipes
from probekit import rows as schema
from probekit.grid.work import Cell, Question, works


@dataclass(frozen=True)
class Plan:
    """What a run would do: `cells` with only their open questions, and what is known already.

    `asked` counts all questions of the grid, `outdated` the stored keys that its answers replace (old to
    new), `remarks` what the planner left out and why, `again` the keys that have rows and are asked for a
    table they lack.
    """

    cells: tuple[Cell, ...]
    asked: int
    outdated: Mapping[str, str]
    remarks: tuple[str, ...] = ()
    again: frozenset[str] = frozenset()

    @property
    def open(self) -> int:
        """Questions without an answer."""
        return sum(len(cell.questions) for cell in self.cells)

    def needs(self) -> list[str]:
        """Specs of all that its cells need, and of what that needs, each before what needs it."""
        return in_order(need for cell in self.cells for need in cell.needs)

    def to_make(self) -> list[recipes.Recipe]:
        """Recipes of what is not made yet."""
        return [recipe for recipe in map(recipes.of, self.needs()) if not recipe.made]

    def estimate(self, known: Collection[str] = ()) -> tuple[float, int]:
        """Minutes of one core and bytes of the store that the run will take, as good as can be told.

        known: keys of recipes that are counted elsewhere.
        """
        seconds, size = 0.0, 0
        for recipe in self.to_make():
            if recipe.key in known:
                continue
            more = recipe.cost()
            seconds, size = seconds + more[0], size + more[1]
        for cell in self.cells:
            cost = works.entry(cell.work).meta.get("cost")
            seconds += cost(cell) if cost else 0.0
        return seconds / 60, size


def in_order(needs: Iterable[str]) -> list[str]:
    """Specs of some needs and of theirs, each once and after what it needs itself."""
    found: dict[str, None] = {}

    def add(need: str) -> None:
        if need not in found:
            for before in recipes.of(need).needs:
                add(before)
            found[need] = None

    for need in needs:
        add(need)
    return list(found)


def listed(made: Iterable[recipes.Recipe]) -> str:
    """How many artefacts of each kind: `2 activations, 10 classifier`."""
    counts = Counter(recipe.kind for recipe in made)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def outdated(stored: pa.Table, planned: Mapping[str, Question]) -> dict[str, str]:
    """Stored keys whose axes a planned question of another key has: old key to new key."""
    known = pa.array(list(planned), pa.string())
    foreign = stored.filter(pc.invert(pc.is_in(stored["key"], value_set=known)))
    if not len(foreign):
        return {}
    asked = {_point(q.axes.get(axis) for axis in schema.AXES): key for key, q in planned.items()}
    texts = [pc.fill_null(foreign[axis].cast(pa.string()), "") for axis in schema.AXES]
    points = pc.binary_join_element_wise(*texts, _BETWEEN)
    same = pc.is_in(points, value_set=pa.array(list(asked), pa.string()))
    pairs = zip(foreign["key"].filter(same).to_pylist(), points.filter(same).to_pylist(), strict=True)
    return {old: asked[point] for old, point in pairs}


_BETWEEN = "\0"


def _point(values: Iterable[Any]) -> str:
    """Axes as comparable text: missing numbers and empty strings are one."""
    return _BETWEEN.join("" if v is None or v != v else str(int(v)) if isinstance(v, float) else str(v) for v in values)


def say(plan: Plan) -> None:
    """Tell what a run leaves out and what it replaces, on standard error."""
    for remark in plan.remarks:
        print(remark, file=sys.stderr)
    if plan.outdated:
        print(
            f"{len(plan.outdated)} stored answers are out of date (data, options or revisions changed); they are "
            "removed when the new ones are written",
            file=sys.stderr,
        )
