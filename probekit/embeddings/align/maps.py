"""What an alignment is: normalised vectors of two tables, and one linear map a side into a space that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from probekit.embeddings.measures import unit_rows
from probekit.errors import ProbekitError, UnknownName

NORMALISE = "unit+center+unit"  # as VecMap does
_STEPS = ("unit", "center")


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps (d, d) float64 of the source and the target side: normalised rows times the map. info: what was found."""

    source: np.ndarray
    target: np.ndarray
    info: Mapping[str, Any] = field(default_factory=dict)


def normalised(vectors: np.ndarray, steps: str | None = NORMALISE, width: int = 0) -> np.ndarray:
    """Rows (n, width) float32 of vectors (n, d) after `unit` (length 1) and `center` (column means away), in order.

    steps: joined by +, None for none. Columns of zeros are added up to `width`. A zero row stays zero under `unit`.
    Raises UnknownName for another step.
    """
    made = np.zeros((len(vectors), max(width, vectors.shape[1])), dtype=np.float32)
    made[:, : vectors.shape[1]] = vectors
    for step in steps.split("+") if steps else ():
        if step not in _STEPS:
            raise UnknownName("normalisation", str(step), _STEPS)
        if step == "unit":
            made = unit_rows(made)
        else:
            made -= made.mean(axis=0, dtype=np.float64).astype(np.float32)
    return made


def sides(source: np.ndarray, target: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both sides that a dictionary pairs (p, 2) names, float64. Raises ProbekitError where there is none."""
    if not len(pairs):
        raise ProbekitError("no pair of the dictionary has both its words in the tables; nothing can be learned")
    return source[pairs[:, 0]].astype(np.float64), target[pairs[:, 1]].astype(np.float64)
