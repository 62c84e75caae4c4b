"""A linear classifier of the mean of the word vectors, normalised over the batch (Volpi and Malago 2020, section 5)."""

from __future__ import annotations

from torch import Tensor, nn


class PooledLinear(nn.Module):
    """Mean of the word vectors, batch normalisation, linear layer.

    width: of the word vectors. labels: classes. Normalisation takes the scale of single dimensions away, so that tables
    of unlike spread are learned from alike. How the paper pools is not stated: the mean is ours.
    """

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.out = nn.Linear(width, labels)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Class scores (B, K) of word vectors (B, T, width) under a mask (B, T) bool with no gaps."""
        shown = mask[..., None].to(vectors.dtype)
        mean = (vectors * shown).sum(dim=1) / shown.sum(dim=1).clamp(min=1)
        found: Tensor = self.out(self._normalised(mean))
        return found

    def _normalised(self, mean: Tensor) -> Tensor:
        """A text alone in its batch has no spread: it is normalised by what was seen before."""
        if self.training and len(mean) == 1:
            norm = self.norm
            return nn.functional.batch_norm(mean, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        found: Tensor = self.norm(mean)
        return found
