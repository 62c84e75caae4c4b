"""The ball within which input vectors are moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from probekit.values import Count, NotNegative, OneOf, Range

Norm = Annotated[str, OneOf(("inf", "l2"))]
Radius = Annotated[float, Range(0, 1000)]


@dataclass(frozen=True)
class Ball:
    """Perturbations of input vectors by at most `radius`, and how they rise.

    radius: in units of the mean size of a component of the input embeddings, of each component (norm `inf`) or of the
    whole text per root of its components (`l2`). steps: of the gradient; step: how long each is, None for the radius.
    noise: spread of the random start, as a share of the radius; without one, a divergence from the clean answer has no
    gradient. The start is large enough for float32.
    """

    radius: Radius = 0.01
    steps: Count = 1
    step: Radius | None = None
    noise: NotNegative = 0.1
    norm: Norm = "inf"
