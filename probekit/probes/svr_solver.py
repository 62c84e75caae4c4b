"""The solver of linear support vector regression: operator splitting with anchored restarts, certified.

P(w) = 1/2 |w|^2 + C sum_i max(0, |y_i - w.x_i| - epsilon) is split at z = y - Xw (Boyd et al. 2011, section
3.4.3). One eigendecomposition of X'X serves every target, penalty weight and step size: in its basis the
w-update is a division, and an iteration costs two matrix products with all open problems side by side. The
rest happens in between, on rows that are still in cache.

With f = z - u (u the scaled multiplier) one array carries the state: z is the proximal step of f, and
k = f - z, a clipped f, is a feasible dual point at every iteration. What makes it fast:

- The step size begins where a median residual just reaches the bound of the multipliers and shrinks on a
  schedule; then it follows the certificate. P - D is the sum of 1/2 |w - X'a|^2 (too large a step) and of
  sum_i C |r_i|_eps - a_i r_i + epsilon |a_i| (too small a one), and the step moves towards their balance.
- After some over-relaxed iterations (Eckstein and Bertsekas 1992) the iteration is fully reflected and
  anchored (Halpern 1967; Sun et al. 2024 for splitting methods), and begins anew at growing intervals.
- Every problem is kept in units of its own bound, so that the proximal step is a clip at +-1.
- What is still open after a while is finished by `svr_polish`.

The same code runs on a GPU, where a block holds all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from probekit.probes.svr_polish import polish

if TYPE_CHECKING:
    import torch

Array = np.ndarray

# Rows worked on at a time: vectors, targets and state of that many stay in the second-level cache. When few columns are
# left, more rows are taken, so that calls stay worth their overhead.
ROWS = 256
COLUMNS = 64
RELAXATION = 1.8
RELAXED_ITERATIONS = 40
MEASURE_FROM = 30
MEASURE_EVERY = 10
# The step size shrinks by this much at every measurement up to this iteration.
SHRINK = 0.6
SHRINK_UNTIL = 80
# Problems still open after this iteration are finished one by one by Newton steps.
POLISH_AFTER = 160
# From then on it moves by this power of the ratio of the two terms of the gap, at most by this factor.
BALANCE = 0.35
BALANCE_AT_MOST = 5.0
# A problem stops a little below its gap, so that its certificate in float64 does not miss it by rounding in float32.
STOP_BELOW = 0.9
# The gap is held against what a probe gains over a constant prediction where that is less than this share of P: at a
# thousandth of P, a probe that gains a thousandth would still predict anything. It never shrinks by more than LEAST.
GAIN = 0.5
LEAST = 0.01
# An objective below this share of that of w = 0 without a tube is 0 but for rounding (all targets in the tube, say).
NOTHING = 1e-14


@dataclass(frozen=True)
class Basis:
    """Eigendecomposition of X'X, computed in float64: `values` (d,), `vectors` (d, d).

    `wide` (n, d) is X in float64, where Newton steps run and certificates are computed; `rotated` (n, d) is X @ vectors
    in the dtype of X, where the iterations run.
    """

    values: Array
    vectors: Array
    wide: Array
    rotated: torch.Tensor

    @classmethod
    def of(cls, design: Array) -> Basis:
        import torch

        wide = design.astype(np.float64, copy=False)
        values, vectors = np.linalg.eigh(wide.T @ wide)
        rotated = torch.from_numpy(design @ vectors.astype(design.dtype))
        return cls(np.maximum(values, 0), vectors, wide, rotated.to("cuda" if torch.cuda.is_available() else "cpu"))


def solve(
    design: Array, basis: Basis, Y: Array, C: Array, epsilon: Array, gap: Array, max_iter: Array
) -> tuple[Array, Array, Array, Array]:
    """Minimise P for every column of Y (n, m). C, epsilon, gap, max_iter: (m,), one a column.

    Returns weights (d, m) float64, the primal and dual objectives (m,) recomputed in float64 from the raw
    design, and the iterations spent, Newton steps among them, (m,) int64. A column that its `max_iter` stopped
    is returned as it stands.
    """
    n, m = Y.shape
    # Each target is solved in units of its own deviation, so that one arithmetic and one first step fit them all:
    # y = s y', w = s w' turns P into s^2 times the same problem with C / s and epsilon / s.
    unit = Y.std(axis=0)
    unit[unit <= 1e-12 * np.abs(Y).max(axis=0, initial=0)] = 1.0
    unit[unit == 0] = 1.0
    cost, tube = C / unit, epsilon / unit
    weights = np.zeros((design.shape[1], m))
    multipliers = np.zeros((n, m))
    iterations = np.zeros(m, dtype=np.int64)
    nothing = NOTHING * cost * np.abs(Y / unit).sum(axis=0)
    constant = of_a_constant(Y / unit, cost, tube)

    state = _State(basis, (Y / unit).astype(design.dtype), cost, tube)
    iteration = 0
    while len(state.columns):
        iteration += 1
        last = max_iter[state.columns] <= iteration
        ratio = None
        if last.any() or (iteration >= MEASURE_FROM and iteration % MEASURE_EVERY == 0):
            now = state.measure()
            allowed = STOP_BELOW * gap[state.columns] * resolution(now.primal, constant[state.columns])
            finished = last | (now.primal - now.dual <= allowed * now.primal)
            finished |= now.primal <= nothing[state.columns]
            if finished.any():
                which = state.columns[finished]
                coordinates, multipliers[:, which] = state.solution(finished)
                weights[:, which] = basis.vectors @ coordinates
                iterations[which] = iteration
                state.keep(~finished)
            ratio = now.ratio[~finished]
        if iteration == POLISH_AFTER and len(state.columns):
            coordinates, multipliers[:, state.columns] = state.solution(np.ones(len(state.columns), dtype=bool))
            weights[:, state.columns] = basis.vectors @ coordinates
            for j, limit, tolerance in zip(state.columns, state.limit, allowed[~finished], strict=True):
                found = polish(
                    basis.wide,
                    Y[:, j] / unit[j],
                    cost[j],
                    tube[j],
                    weights=weights[:, j],
                    multipliers=multipliers[:, j],
                    limit=limit,
                    gap=tolerance,
                    max_steps=int(max_iter[j]) - iteration,
                )
                weights[:, j], multipliers[:, j] = found.weights, found.multipliers
                iterations[j] = iteration + found.steps
            break
        if len(state.columns):
            state.advance(iteration, ratio)
    weights *= unit
    primal, dual = objectives(basis.wide, Y, weights, multipliers * unit, C, epsilon)
    return weights, primal, dual, iterations


def objectives(
    design: Array, Y: Array, weights: Array, multipliers: Array, C: Array, epsilon: Array
) -> tuple[Array, Array]:
    """P(weights) and D(multipliers clipped to +-C), in float64 from the raw problem: (m,) each."""
    loss, product, size = (np.zeros(Y.shape[1]) for _ in range(3))
    pulled = np.zeros_like(weights, dtype=np.float64)
    for start in range(0, len(Y), 8 * ROWS):
        rows = slice(start, start + 8 * ROWS)
        wide = design[rows].astype(np.float64, copy=False)
        a = np.clip(multipliers[rows].astype(np.float64), -C, C)
        loss += np.maximum(np.abs(Y[rows] - wide @ weights) - epsilon, 0).sum(axis=0)
        product += np.sum(Y[rows] * a, axis=0)
        size += np.abs(a).sum(axis=0)
        pulled += wide.T @ a
    primal = 0.5 * np.sum(weights**2, axis=0) + C * loss
    return primal, product - 0.5 * np.sum(pulled**2, axis=0) - epsilon * size


def of_a_constant(Y: Array, C: Array, epsilon: Array) -> Array:
    """P where every prediction is the median of the column: (m,)."""
    medians = np.median(Y, axis=0)
    return 0.5 * medians**2 + C * np.maximum(np.abs(Y - medians) - epsilon, 0).sum(axis=0)


def resolution(primal: Array, constant: Array) -> Array:
    """What share of the gap asked for a problem must reach, from its objective and that of a constant: (m,)."""
    gain = (constant - primal) / np.maximum(primal, np.finfo(np.float64).tiny)
    return np.clip(gain / GAIN, LEAST, 1.0)


class Measured(NamedTuple):
    """Objectives (m,) in the columns' units, and the second term of their difference over the first."""

    primal: Array
    dual: Array
    ratio: Array


def step_factor(iteration: int, ratio: Array | None, m: int) -> Array | None:
    """What the step sizes of m columns are multiplied by in an iteration (counted from 1); None to leave them.

    ratio: how much larger the second term of the gap is than the first, where it was measured.
    """
    if iteration <= SHRINK_UNTIL:
        return np.full(m, SHRINK) if iteration % MEASURE_EVERY == 0 else None
    if ratio is None or not begins_anew(iteration):
        return None
    return np.clip(ratio**BALANCE, 1 / BALANCE_AT_MOST, BALANCE_AT_MOST)


def begins_anew(iteration: int) -> bool:
    """Whether the anchored iteration begins anew: with every scheduled change of the step, then at growing intervals.

    The intervals are a fifth of what is done, in steps of the measurements: 100, 120, 140, 160, 190, 220, ...
    """
    if iteration % MEASURE_EVERY:
        return False
    at = min(iteration, SHRINK_UNTIL)
    while at < iteration:
        at += max(2, at // (5 * MEASURE_EVERY)) * MEASURE_EVERY
    return at == iteration


class _State:
    """The open problems, in units of their own bound: m columns over blocks of rows.

    Lists of a tensor (m, rows) a block: `y` targets, `s` = f - y, `k` the multipliers, `anchor` s where the iteration
    last began anew. `limit` (m,) is the unit, C over the step size; a multiplier is C k, k = f - prox(f) within +-1.
    """

    def __init__(self, basis: Basis, Y: Array, cost: Array, tube: Array) -> None:
        """Begin at the residuals of a ridge solution, with a step that lets a median residual just reach the bound."""
        import torch

        self.design = basis.rotated
        self.columns = np.arange(Y.shape[1])
        self.cost, self.tube = cost, tube
        self.values = torch.from_numpy(basis.values).to(self.design)
        self.block = ROWS if self.design.device.type == "cpu" else len(self.design)
        y = torch.from_numpy(Y).to(self.design)
        residual = y - self.design @ ((self.design.T @ y) / (self.values[:, None] + 1))
        typical = np.median(np.abs(residual.cpu().numpy()), axis=0).astype(np.float64)
        self.limit = np.maximum(typical, 1e-6)
        self.y = self._blocks((y / self._column(self.limit).T).T)
        self.s = self._blocks(((residual - y) / self._column(self.limit).T).T)
        self.k = [torch.empty_like(s) for s in self.s]
        self.anchor = [torch.empty(0)] * len(self.s)
        self.age = 0
        tube_ = self._tube()
        self.pull = torch.zeros(len(self.columns), self.design.shape[1]).to(self.design)
        for rows, y, s, k in zip(self._rows(), self.y, self.s, self.k, strict=True):
            self.pull.addmm_(torch.lerp(s, _clip(torch.add(y, s, out=k), tube_), 2.0), rows)

    def _blocks(self, whole: torch.Tensor) -> list[torch.Tensor]:
        """A tensor (m, n) as blocks of rows."""
        return [part.contiguous() for part in whole.split(self.block, dim=1)]

    def _rows(self) -> tuple[torch.Tensor, ...]:
        """The rotated design as blocks of rows."""
        return self.design.split(self.block)

    def _column(self, values: Array) -> torch.Tensor:
        """Numbers of the columns as (m, 1) beside blocks."""
        import torch

        return torch.from_numpy(np.asarray(values, dtype=np.float64)).to(self.design)[:, None]

    def _tube(self) -> torch.Tensor | None:
        return self._column(self.tube / self.limit) if self.tube.any() else None

    def _coordinates(self) -> torch.Tensor:
        """The w-update in the eigenbasis, (m, d)."""
        return self.pull / (self.values + self._column(self.limit / self.cost))

    def advance(self, iteration: int, ratio: Array | None) -> None:
        """One iteration, one pass over the rows. ratio: what was measured just before it, if anything was."""
        import torch

        factor = step_factor(iteration, ratio, len(self.columns))
        relaxed = iteration <= RELAXED_ITERATIONS
        if relaxed or begins_anew(iteration):
            self.age = 0
        relaxation = RELAXATION if relaxed else 2.0
        share = (self.age + 1) / (self.age + 2) if self.age else 1.0
        coordinates = self._coordinates()
        tube = self._tube()
        if factor is not None:
            change = self._column(factor)
            coordinates *= change
            self.limit = self.limit / factor
        tube_after = self._tube()
        pull = torch.zeros_like(self.pull)
        for i, rows in enumerate(self._rows()):
            y, s = self.y[i], self.s[i]
            k = _clip(torch.add(y, s, out=self.k[i]), tube)
            if factor is not None:
                # z and the multiplier stay; the units change with the step.
                s.add_(y).sub_(k).mul_(change).add_(k)
                s.sub_(y.mul_(change))
            # f <- relaxation (y - Xw + k) + (1 - relaxation) f, then towards the anchor
            moved = torch.mm(coordinates, rows.T).sub_(k)
            s.mul_(share * (1 - relaxation)).add_(moved, alpha=-share * relaxation)
            if share < 1:
                s.add_(self.anchor[i], alpha=1 - share)
            k = _clip(torch.add(y, s, out=k), tube_after)
            pull.addmm_(torch.lerp(s, k, 2.0, out=moved), rows)
        self.pull = pull
        if not relaxed:
            if self.age == 0:
                self.anchor = [s.clone() for s in self.s]
            self.age += 1

    def measure(self) -> Measured:
        """Both objectives where the iteration stands, and how their difference is made up."""
        import torch

        coordinates, tube = self._coordinates(), self._tube()
        sums = torch.zeros(3, len(self.columns), dtype=torch.float64, device=self.design.device)
        pulled = torch.zeros_like(coordinates)
        for y, s, k, rows in zip(self.y, self.s, self.k, self._rows(), strict=True):
            _clip(torch.add(y, s, out=k), tube)
            residual = torch.mm(coordinates, rows.T).sub_(y).abs_()
            if tube is not None:
                residual.sub_(tube).clamp_(min=0)
            sums += torch.stack([residual.sum(1), (y * k).sum(1), k.abs().sum(1)])
            pulled.addmm_(k, rows)
        loss, product, size = sums.cpu().numpy()
        w = coordinates.double() * self._column(self.limit).double()
        implied = pulled.double() * self._column(self.cost).double()
        primal = 0.5 * _squares(w) + self.cost * self.limit * loss
        dual = self.cost * (self.limit * product - self.tube * size) - 0.5 * _squares(implied)
        first = 0.5 * _squares(w - implied)
        tiny = float(np.finfo(np.float32).tiny)
        return Measured(primal, dual, np.maximum(primal - dual - first, tiny) / np.maximum(first, tiny))

    def solution(self, chosen: Array) -> tuple[Array, Array]:
        """Coordinates (d, c) float64 and multipliers (n, c) of chosen columns, as just measured."""
        import torch

        which = torch.from_numpy(np.flatnonzero(chosen)).to(self.design.device)
        coordinates = self._coordinates()[which].T.double().cpu().numpy() * self.limit[chosen]
        return coordinates, torch.cat([k[which] for k in self.k], dim=1).T.cpu().numpy() * self.cost[chosen]

    def keep(self, open_: Array) -> None:
        """Drop the columns that are finished."""
        import torch

        which = torch.from_numpy(np.flatnonzero(open_)).to(self.design.device)
        self.columns, self.cost, self.tube = self.columns[open_], self.cost[open_], self.tube[open_]
        self.limit, self.pull = self.limit[open_], self.pull[which]
        self.y, self.s, self.k = ([part[which] for part in parts] for parts in (self.y, self.s, self.k))
        if self.age:
            self.anchor = [part[which] for part in self.anchor]
        wanted = ROWS * max(COLUMNS // max(len(which), 1), 1)
        if wanted >= 2 * self.block:
            self.block = wanted
            self.y, self.s, self.k = (self._blocks(torch.cat(p, dim=1)) for p in (self.y, self.s, self.k))
            if self.age:
                self.anchor = self._blocks(torch.cat(self.anchor, dim=1))


def _clip(f: torch.Tensor, tube: torch.Tensor | None) -> torch.Tensor:
    """k = f - prox(f), in place: f, drawn towards 0 by the tube, within +-1."""
    if tube is not None:
        f.sub_(f.clamp(-tube, tube))
    return f.clamp_(-1, 1)


def _squares(rows: torch.Tensor) -> Array:
    """Sum of squares of each row."""
    return (rows * rows).sum(1).cpu().numpy()
