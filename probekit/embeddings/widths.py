"""How wide a step makes a table, known before a vector is read, so that what is too wide is refused before work."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from probekit.embeddings.affine import Moments
from probekit.registry import Entry
from probekit.sources import keywords
from probekit.store import digest


def after(entry: Entry[Any], options: Mapping[str, Any], width: int | None) -> int | None:
    """Width of what a step makes of a table of some width, None where that is not known.

    Raises ProbekitError as the step itself, where it asks for more dimensions than there are.
    """
    way = entry.meta.get("width")
    if width is None or way is None:
        return None
    return width if way == "same" else _tried(_Step(entry, options), width)


class _Step:
    """A step with its options, the same as another by what these are."""

    def __init__(self, entry: Entry[Any], options: Mapping[str, Any]) -> None:
        self.entry, self.options = entry, options
        self.key = digest([entry.name, dict(options)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Step) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=1024)
def _tried(step: _Step, width: int) -> int:
    """The step on moments of vectors that are alike in all directions: it looks at their width alone."""
    moments = Moments(width + 1, np.zeros(width), np.eye(width))
    made: Any = step.entry.load()(moments, **keywords(step.options))
    return int(made.matrix.shape[1])
