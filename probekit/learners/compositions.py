"""How the vector of a phrase is made from those of its parts: fixed functions of two vectors, by name.

    @compositions.register("mean")
    def mean(left, right):
        "The mean of both parts."
        return (left + right) / 2

A composition gets two torch tensors (n, d), the left and the right part of n phrases, and returns theirs, (n, d), by
what autograd can go back through. A phrase of more parts is made from the left, one of a single part is that part.
`neutral` in the metadata is the number that changes nothing where it stands in all places of a part (default 0):
unknown words are that, and learning starts around it. `sum=True` says that it is the plain sum, whatever the tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import streams
from probekit.errors import ProbekitError
from probekit.registry import Registry
from probekit.sources import Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Seed

if TYPE_CHECKING:
    import torch
    from torch import Tensor

compositions: Registry[Callable[..., Any]] = Registry("composition")
PARTS = ("left", "right")


def add(left: Tensor, right: Tensor) -> Tensor:
    """The sum of both parts: what the tree is does not matter (Andreas 2019, Measuring Compositionality, ICLR)."""
    return left + right


def mul(left: Tensor, right: Tensor) -> Tensor:
    """The product of both parts, place by place: what the tree is does not matter either."""
    return left * right


def linear(left: Tensor, right: Tensor, seed: Seed = 0) -> Tensor:
    """L left + R right with two fixed random rotations: order and tree matter, lengths stay those of a sum."""
    maps = _rotations(left.shape[1], seed).to(left.dtype)
    return left @ maps[0] + right @ maps[1]


@lru_cache(maxsize=8)
def _rotations(width: int, seed: int) -> torch.Tensor:
    """Two random orthogonal maps (2, d, d), the same for a width and a seed."""
    import torch

    drawn = streams.generator(seed, "init", "composition", width).normal(size=(2, width, width))
    return torch.from_numpy(np.stack([np.linalg.qr(one)[0] for one in drawn]).astype(np.float32))


_HERE = "probekit.learners.compositions"
compositions.add("add", f"{_HERE}:add", summary="sum of the parts, whatever the tree", sum=True)
compositions.add("mul", f"{_HERE}:mul", summary="product of the parts, place by place", neutral=1.0)
compositions.add("linear", f"{_HERE}:linear", summary="a random rotation for each side, then the sum: linear(seed=0)")


@dataclass(frozen=True)
class Composition:
    """A composition with its options: `function(left, right)`, its neutral number, whether it is the plain sum."""

    function: Callable[[Tensor, Tensor], Tensor]
    neutral: float
    sum: bool


def describe(spec: str | Spec) -> Source:
    """The source of a composition: `add`, `linear(seed=1)`. Raises UnknownName or ProbekitError."""
    parsed = parse(spec)
    if parsed.target is not None or parsed.steps:
        raise ProbekitError(f"'{spec}': a composition is a name with options, such as linear(seed=1)")
    entry = compositions.entry(parsed.name)
    found = resolve(parsed, entry.load(), "composition", PARTS)
    name = str(found.written)
    return Source(name, name, digest([entry.name, entry.revision, dict(found.options)]), modules=modules_of(entry))


def load_composition(spec: str | Spec) -> Composition:
    """A composition by spec. Raises as `describe`."""
    parsed = parse(describe(spec).spec)
    entry: Any = compositions.entry(parsed.name)
    function, options = entry.load(), resolve(parsed, entry.load(), "composition", PARTS).options
    return Composition(
        lambda left, right: function(left, right, **options),
        float(entry.meta.get("neutral", 0.0)),
        bool(entry.meta.get("sum", False)),
    )
