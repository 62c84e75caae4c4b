"""The parts of a claim of the span study, each decided by an interval over resampled documents or seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from probekit.report import Finding, NotTestable, clears, shown, together
from probekit.scores import Comparison

from ._span_representations_view import SpanView


@dataclass
class Parts:
    """The parts of a claim as they are tested, and what is untested."""

    view: SpanView
    held: dict[str, bool | None] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    units: dict[str, None] = field(default_factory=dict)
    read: dict[str, None] = field(default_factory=dict)

    def above(self, name: str, values: np.ndarray, *tasks: str) -> None:
        """A part that holds where a quantity of some tasks lies above 0."""
        self.decide(name, self.view.tested(values, *tasks))

    def each(self, name: str, values: Iterable[np.ndarray], *tasks: str) -> None:
        """A part that holds where all of some quantities lie above 0, and fails where one lies below; shows the least.

        No least or greatest is taken within a draw, which would lean to one side.
        """
        found = [self.view.tested(one, *tasks) for one in values]
        self.decide(name, min(found, key=lambda one: one.difference))
        self.held[name] = together(*map(clears, found))

    def decide(self, name: str, found: Comparison, wanted: bool = True, digits: int = 1) -> None:
        """A part that holds where an interval lies above 0, or below where that is wanted."""
        held = clears(found)
        self.held[name] = held if held is None else held == wanted
        self.numbers.append(f"{name} {shown(found, 1, digits, counted=False)}")
        self.units[f"{found.n} {found.unit}s"] = None

    def read_of(self, *tasks: str, **where: str | list[str]) -> None:
        """Note the trainings that the claim reads: those that were cut short leave it open."""
        if text := self.view.cut_short(*tasks, **where):
            self.read[text] = None

    def without(self, name: str, reason: str) -> None:
        """A part that cannot be asked."""
        self.untested.append(f"{name} ({reason})")

    def attempt(self, name: str, test: Callable[[], None]) -> None:
        """A part, or that it is untested and why."""
        try:
            test()
        except NotTestable as reason:
            self.without(name, str(reason))

    def finding(self, ours: str = "", rule: str = "") -> Finding:
        """The verdict of all parts. Raises NotTestable where none was tested."""
        if not self.held:
            raise NotTestable("; ".join(self.untested))
        failing = [name for name, held in self.held.items() if held is not None and not held]
        undecided = [name for name, held in self.held.items() if held is None]
        listed = [("not so", failing), ("open", undecided), ("untested", self.untested)]
        why = [f"{title}: {', '.join(names)}" for title, names in listed if names]
        why += [*self.read, *filter(None, [rule]), f"95 % intervals over {', '.join(self.units)}"]
        further = [None] if self.untested or self.read else []
        return Finding(
            "; ".join(filter(None, [ours, *self.numbers])), together(*self.held.values(), *further), "; ".join(why)
        )
