"""Values that options may have: types with bounds, named once and declared in the signatures of components.

    def sample(corpus: Corpus, n: Count, seed: Seed = 0): ...

Arguments of specs are held against them where they are bound (`sources.resolve`), before any work.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

# No number of things is meant to be larger: sentences of a corpus, words of a table, units of a layer.
MOST = 10_000_000
MOST_SEED = 2**63 - 1  # what a row can hold


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`; `above` and `below` leave the ends out."""

    low: float
    high: float = math.inf
    above: bool = False
    below: bool = False

    def __contains__(self, value: float) -> bool:
        return (value > self.low if self.above else value >= self.low) and (
            value < self.high if self.below else value <= self.high
        )

    def __str__(self) -> str:
        if self.high > MOST:
            return f"above {self.low:,}" if self.above else f"of {self.low:,} or more"
        return f"{'above' if self.above else 'from'} {self.low:,} to {'below ' if self.below else ''}{self.high:,}"


class OneOf(tuple[str, ...]):
    """Words that an option may be: `Annotated[str, OneOf(("rows", "columns"))]`."""

    def __str__(self) -> str:
        return f"among {', '.join(self)}"


Whole = Annotated[int, Range(0, MOST)]
Count = Annotated[int, Range(1, MOST)]
Several = Annotated[int, Range(2, MOST)]
Seed = Annotated[int, Range(0, MOST_SEED)]
Positive = Annotated[float, Range(0, above=True)]
NotNegative = Annotated[float, Range(0)]
Rate = Annotated[float, Range(0, 100, above=True)]  # of learning
Share = Annotated[float, Range(0, 1)]
LessThanAll = Annotated[float, Range(0, 1, below=True)]

_NAMES = {int: "a whole number", float: "a number", str: "text", bool: "true or false", type(None): "none"}


def lacking(value: Any, kind: Any) -> str:
    """What a value should have been, "" where it is of the kind: a type of those here, of several (`int | None`), a
    list of them. A kind that says nothing of plain values takes all."""
    if get_origin(kind) in (Union, types.UnionType):
        each = [lacking(value, one) for one in get_args(kind)]
        return "" if "" in each else " or ".join(each)
    if get_origin(kind) is Annotated:
        base, *bounds = get_args(kind)
        fine = not lacking(value, base) and all(value in bound for bound in bounds)
        return "" if fine else " ".join([_NAMES.get(base, str(base)), *map(str, bounds)])
    if get_origin(kind) in (list, Sequence):
        if not isinstance(value, (list, tuple)):
            return "a list in square brackets"
        wanted = next((text for one in value if (text := lacking(one, get_args(kind)[0]))), "")
        return f"a list of which each is {wanted}" if wanted else ""
    return "" if kind not in _NAMES or _is(value, kind) else _NAMES[kind]


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def declared(annotation: Any, component: Callable[..., Any]) -> Any:
    """What a parameter's annotation means, `Any` where it names what is imported for type checks alone."""
    if not isinstance(annotation, str):
        return annotation
    inside: Any = getattr(component, "__init__", None) if isinstance(component, type) else component
    names = {**globals(), **getattr(inside, "__globals__", {})}
    try:
        return eval(annotation, names)
    except (NameError, AttributeError, TypeError):
        return Any
