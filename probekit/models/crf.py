"""A linear-chain conditional random field (Lafferty, McCallum and Pereira 2001): likelihood, marginals, best paths.

Texts are padded on the right. Sums over paths are products of matrices in float64, rescaled at every word; their
gradients are the marginals of a forward and a backward pass, not a graph of as many steps as there are words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class CRF(nn.Module):
    """Scores of the first label, of each pair of neighbours and of the last, beside those of the words.

    allowed: (K, K) bool, which label may follow which, and first: (K,) bool, which may begin; all unless given.
    """

    allowed: Tensor
    first: Tensor

    def __init__(self, labels: int, allowed: Tensor | None = None, first: Tensor | None = None) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(labels))
        self.follow = nn.Parameter(torch.zeros(labels, labels))
        self.end = nn.Parameter(torch.zeros(labels))
        everything = torch.ones(labels, labels, dtype=torch.bool)
        self.register_buffer("allowed", everything if allowed is None else allowed, persistent=False)
        self.register_buffer("first", everything[0] if first is None else first, persistent=False)

    def _scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Start, follow and end in float64, -inf where forbidden."""
        start = self.start.double().masked_fill(~self.first, -torch.inf)
        return start, self.follow.double().masked_fill(~self.allowed, -torch.inf), self.end.double()

    def log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Log of the sum over all paths: emissions (B, T, K), mask (B, T) bool -> (B,) float64."""
        found: Tensor = _LogPartition.apply(emissions.double(), mask, *self._scores())  # type: ignore[no-untyped-call]
        return found

    def path_score(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """Score of given paths: labels (B, T), anything at padding -> (B,) float64."""
        start, follow, end = self._scores()
        labels = labels.masked_fill(~mask, 0)
        own = emissions.double().gather(2, labels[..., None]).squeeze(2)
        pairs = follow[labels[:, :-1], labels[:, 1:]]
        last = labels.gather(1, mask.sum(1, keepdim=True) - 1).squeeze(1)
        steps = own.masked_fill(~mask, 0.0).sum(1) + pairs.masked_fill(~mask[:, 1:], 0.0).sum(1)
        return start[labels[:, 0]] + steps + end[last]

    def loss(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """Negative log-likelihood of each text in nats, (B,) float64."""
        return self.log_partition(emissions, mask) - self.path_score(emissions, labels, mask)

    @torch.no_grad()
    def best(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The best path of each text (Viterbi 1967), (B, T) int64, 0 at padding."""
        start, follow, end = (part.to(emissions.dtype) for part in self._scores())
        score = start + emissions[:, 0]
        behind = []
        into = follow.T.contiguous()  # of a label: from each
        for t in range(1, emissions.shape[1]):
            best, where = (score[:, None, :] + into).max(dim=2)
            score = torch.where(mask[:, t, None], best + emissions[:, t], score)
            behind.append(where)
        return _traced(behind, (score + end).argmax(dim=1), mask)


def _traced(behind: list[Tensor], last: Tensor, mask: Tensor) -> Tensor:
    """Paths (B, T) from the last labels (B,) and, of each later word, which label (B, K) led to each; 0 at padding.

    A step is a few hundred numbers: arrays of NumPy take them up with less ado than tensors.
    """
    there = mask.cpu().numpy()
    path = np.zeros(there.shape, dtype=np.int64)
    label, rows = last.cpu().numpy(), np.arange(len(there))
    path[:, -1] = label
    for t in range(len(behind) - 1, -1, -1):
        # What lies behind a text's last word is its padding, through which its last label is carried.
        label = np.where(there[:, t + 1], behind[t].cpu().numpy()[rows, label], label)
        path[:, t] = label
    path[~there] = 0
    return torch.from_numpy(path).to(mask.device)


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, emissions: Tensor, mask: Tensor, start: Tensor, follow: Tensor, end: Tensor) -> Tensor:
        matrix = follow.exp()
        alphas = torch.empty_like(emissions)
        alphas[:, 0] = start + emissions[:, 0]
        for t in range(1, emissions.shape[1]):
            stepped = _times(alphas[:, t - 1], matrix) + emissions[:, t]
            alphas[:, t] = torch.where(mask[:, t, None], stepped, alphas[:, t - 1])
        total = torch.logsumexp(alphas[:, -1] + end, dim=1)
        ctx.save_for_backward(emissions, mask, start, matrix, end, alphas, total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        emissions, mask, _, matrix, end, alphas, total = ctx.saved_tensors
        given = grads[0][:, None]
        betas = torch.empty_like(emissions)
        betas[:, -1] = end
        back = matrix.T.contiguous()
        for t in range(emissions.shape[1] - 1, 0, -1):
            stepped = _times(betas[:, t] + emissions[:, t], back)
            betas[:, t - 1] = torch.where(mask[:, t, None], stepped, betas[:, t])
        alone = (alphas + betas - total[:, None, None]).exp() * given[..., None] * mask[..., None]
        # A pair of neighbours: what leads to the first, what follows from the second, both rescaled alike.
        top = alphas[:, :-1].max(dim=2, keepdim=True).values
        left = (alphas[:, :-1] - top).exp() * given[..., None] * mask[:, 1:, None]
        right = (
            (emissions[:, 1:] + betas[:, 1:] + top - total[:, None, None]).exp().masked_fill(~mask[:, 1:, None], 0.0)
        )
        pairs = matrix * (left.flatten(0, 1).T @ right.flatten(0, 1))
        ends = (alphas[:, -1] + end - total[:, None]).exp() * given
        return alone, None, alone[:, 0].sum(0), pairs, ends.sum(0)


def _times(scores: Tensor, matrix: Tensor) -> Tensor:
    """log(exp(scores) @ matrix) of rows (B, K)."""
    top = scores.max(dim=1, keepdim=True).values
    return ((scores - top).exp() @ matrix).log() + top
