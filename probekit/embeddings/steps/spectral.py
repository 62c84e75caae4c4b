"""Steps that are affine maps of the vectors: means, rotation, principal components and powers of the spectrum.

Each is a function(moments, **options) -> Affine; `embeddings/affine.py` makes one map of a chain of them. Components
are counted from 1, that of the largest variance. Means are those of columns, never one number.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from scipy.linalg import expm

from probekit.embeddings.affine import Affine, Doubles, Moments
from probekit.errors import ProbekitError
from probekit.streams import generator
from probekit.values import Count, OneOf, Range, Seed, Share, Whole

PARTS = ("top", "middle", "bottom")
Power = Annotated[float, Range(-10, 10)]


def center(moments: Moments) -> Affine:
    """Column means become 0."""
    return Affine.centred(moments.mean, np.eye(moments.width))


def standardize(moments: Moments) -> Affine:
    """Column means become 0 and standard deviations 1; a column without spread becomes 0."""
    spread = np.sqrt(np.diag(moments.scatter) / moments.n)
    floor = np.finfo(np.float32).eps * (np.abs(moments.mean) + spread.max(initial=0))
    return Affine.centred(moments.mean, np.diag(np.where(spread > floor, 1 / np.maximum(spread, 1e-300), 0)))


def rotate(moments: Moments, seed: Seed = 0, turn: Share | None = None) -> Affine:
    """A random orthogonal map, uniform among all: lengths, distances and angles stay.

    turn: instead a rotation in random planes by angles up to that share of 180 degrees, 0 none; the planes and the
    ratios of their angles hang on the seed alone.
    """
    drawn = generator(seed, "draw", "rotation").standard_normal((moments.width, moments.width))
    if turn is not None:
        skew = drawn - drawn.T
        largest = np.linalg.norm(skew, 2) or 1.0  # one dimension has no plane
        return Affine(expm(turn * np.pi / largest * skew), np.zeros(moments.width))
    basis, upper = np.linalg.qr(drawn)
    return Affine(basis * np.sign(np.diag(upper)), np.zeros(moments.width))


def flip(moments: Moments, share: Share = 1.0, seed: Seed = 0) -> Affine:
    """The sign of a share of the dimensions turned over, drawn by the seed: 1 gives -x. More keeps those of less."""
    turned = generator(seed, "draw", "flip").permutation(moments.width)[: round(share * moments.width)]
    signs = np.ones(moments.width)
    signs[turned] = -1
    return Affine(np.diag(signs), np.zeros(moments.width))


def pad(moments: Moments, d: Count) -> Affine:
    """Zeros up to width d. Raises ProbekitError where the table is wider."""
    if d < moments.width:
        raise ProbekitError(
            f"pad(d={d}): the table has {moments.width} dimensions already; pca(k={d}) makes it so narrow"
        )
    return Affine(np.eye(moments.width, d), np.zeros(d))


def ppa(moments: Moments, D: Whole) -> Affine:
    """The mean and the D principal directions of largest variance taken off (Mu and Viswanath 2018)."""
    if moments.width <= D:
        raise ProbekitError(f"ppa(D={D}) leaves nothing of {moments.width} dimensions; give fewer")
    top = moments.components[1][:, :D]
    return Affine.centred(moments.mean, np.eye(moments.width) - top @ top.T)


def pca(moments: Moments, k: Count | None = None, first: Count | None = None, last: Count | None = None) -> Affine:
    """The first k principal components of the centred vectors, or those from `first` to `last`, both included."""
    if (k is None) == (first is None and last is None):
        raise ProbekitError("pca takes k, or first and last: pca(k=100), pca(first=101, last=200)")
    start, end = first or 1, k or last or moments.width
    if start > end or end > moments.width:
        raise ProbekitError(
            f"pca: there are components 1 to {moments.width}, asked for are those from {start} to {end}"
        )
    return _components(moments, start, end)


def slice_(moments: Moments, part: Annotated[str, OneOf(PARTS)]) -> Affine:
    """A third of the principal components: top, middle or bottom."""
    place, width = PARTS.index(part), moments.width
    if width < len(PARTS):
        raise ProbekitError(f"slice: {width} dimensions have no thirds")
    ends = thirds(width)
    return _components(moments, ends[place] + 1, ends[place + 1])


def thirds(width: int) -> list[int]:
    """Where the thirds of so many components begin, and where the last ends."""
    return [round(width * i / len(PARTS)) for i in range(len(PARTS) + 1)]


def component(moments: Moments, i: Count) -> Affine:
    """Principal component i alone, one number a word."""
    if i > moments.width:
        raise ProbekitError(f"component(i={i}): there are components 1 to {moments.width}")
    return _components(moments, i, i)


def ppa_pca(moments: Moments, D: Whole, k: Count) -> Affine:
    """ppa(D), the first k components, and ppa(D) once more (Raunak et al. 2019)."""
    map = ppa(moments, D)
    map = map.then(pca(moments.after(map), k))
    return map.then(ppa(moments.after(map), D))


def similarity_order(moments: Moments, order_alpha: Power) -> Affine:
    """x Q L^alpha with X'X = Q L Q' (Artetxe et al. 2018): inner products become those of (XX')^(2 alpha + 1).

    Nothing is centred: 0 rotates, 0.5 is second order, -0.5 makes X'X the identity. Raises ProbekitError for a negative
    power on a table without full rank.
    """
    values, directions = moments.spectrum
    if order_alpha < 0:
        _needs_full_rank(values, f"similarity-order(order_alpha={order_alpha:g})")
    return Affine(directions * values**order_alpha, np.zeros(moments.width))


def whiten(moments: Moments) -> Affine:
    """Principal components of the centred vectors, each of variance 1. Raises ProbekitError without full rank."""
    values, directions = moments.components
    _needs_full_rank(values, "whiten")
    return Affine.centred(moments.mean, directions / np.sqrt(values))


def _components(moments: Moments, first: int, last: int) -> Affine:
    return Affine.centred(moments.mean, moments.components[1][:, first - 1 : last])


def _needs_full_rank(values: Doubles, what: str) -> None:
    """Raise ProbekitError where singular values are what rounding to float32 leaves of zero."""
    floor = values[0] * len(values) * float(np.finfo(np.float32).eps) ** 2
    rank = int((values > floor).sum())
    if rank < len(values):
        most = f"pca(k={rank})" if rank else "another table"
        raise ProbekitError(
            f"{what} needs vectors of full rank; {rank} of {len(values)} directions have any length. Take {most} before"
        )
