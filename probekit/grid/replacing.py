"""What a user gives in the place of a study's own values: on the axes of its grids, by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from probekit.errors import ProbekitError, UnknownName
from probekit.grid.grid import Grid


def replaced(
    study: str, built: Sequence[tuple[Grid, Collection[str]]], given: Mapping[str, Any], keep: Collection[str]
) -> list[Grid]:
    """Grids with a user's values; a grid that has none of them on one of its axes is left out.

    built: grids with the axes whose values a user can choose among, not replace. given: values by axis, as text or
    numbers. keep: further tables below the score. Raises UnknownName or ProbekitError for an axis or a value that no
    grid has; `study` is what the message calls them.
    """
    refused: dict[tuple[str, str], UnknownName] = {}  # why no grid has a value, by axis and value
    taken: set[tuple[str, str]] = set()
    kept: set[str] = set()
    found: list[Grid] = []
    choices = {
        axis: _known(map(str, _listed(g.axes[axis])) for g, own in built if axis in g.axes and _is_closed(g, own, axis))
        for axis in given
    }
    for grid, own in built:
        values = {
            axis: _chosen(grid, own, axis, asked, choices[axis], refused)
            for axis, asked in given.items()
            if axis in grid.axes
        }
        if not all(values.values()):
            continue
        taken |= {(axis, str(value)) for axis, chosen in values.items() for value in _listed(chosen)}
        tables = {table for table in keep if table in grid.tables}
        kept |= tables
        found.append(grid.with_axes(values, sorted({*grid.keep, *tables})) if values or tables else grid)
    for axis, asked in given.items():
        if not any(axis in grid.axes for grid, _ in built):
            raise UnknownName(f"axis of these parts of {study}:", axis, _known(grid.axes for grid, _ in built))
        for value in _listed(asked):
            if (axis, str(value)) not in taken and (axis, str(value)) in refused:
                raise refused[axis, str(value)]
    if not found:
        raise ProbekitError(f"no grid of {study} has all that was chosen ({', '.join(given)}); choose less at once")
    for table in keep:
        if table not in kept:
            raise UnknownName("table below the score:", table, _known(grid.tables for grid, _ in built))
    return found


def _is_closed(grid: Grid, own: Collection[str], axis: str) -> bool:
    return axis in grid.closed or axis in own


def _chosen(
    grid: Grid,
    own: Collection[str],
    axis: str,
    asked: Any,
    choices: Iterable[str],
    refused: dict[tuple[str, str], UnknownName],
) -> Any:
    """Those of a user's values that a grid can have on an axis: of its own ones where it is closed there. `choices` are
    those of all such grids."""
    there = grid.axes[axis]
    if _is_closed(grid, own, axis):
        for value in _listed(asked):
            refused[axis, str(value)] = UnknownName(f"value of the axis '{axis}':", str(value), choices)
        return [value for value in _listed(there) if str(value) in map(str, _listed(asked))]
    if isinstance(asked, str):
        return asked
    found = []
    for given in asked:
        value = _alike(axis, given, there)
        try:
            grid.with_axes({axis: [value]}).source(axis, value)
        except UnknownName as error:
            refused[axis, str(given)] = error
            continue
        except ProbekitError:
            pass  # whether it goes with the other values that were given is judged when all are there
        found.append(value)
    return found


def _listed(values: Any) -> Sequence[Any]:
    return [values] if isinstance(values, str) else values


def _known(several: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for names in several for name in names))


def _alike(axis: str, value: Any, own: Any) -> Any:
    """A value given as text, as the numbers that the axis has. Raises ProbekitError."""
    kinds = {type(one) for one in own} if not isinstance(own, str) else {str}
    if not isinstance(value, str) or not kinds or not kinds <= {int, float}:
        return value
    try:
        return int(value) if kinds == {int} else float(value)
    except ValueError:
        raise ProbekitError(f"the axis '{axis}' takes numbers, got '{value}'") from None
