"""The deep averaging network of Iyyer et al. 2015: the mean of the word vectors, layers above it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from probekit.values import Count, LessThanAll


class DeepAverage(nn.Module):
    """Mean of the word vectors, ReLU layers with dropout behind each, linear layer.

    width: of the word vectors. labels: classes. hidden: widths of the layers; none makes it linear in the mean.
    The paper's dropout of whole words is left out.
    """

    def __init__(self, width: int, labels: int, hidden: Sequence[Count] = (), dropout: LessThanAll = 0.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers)
        self.out = nn.Linear(width, labels)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Class scores (B, K) of word vectors (B, T, width) under a mask (B, T) bool with no gaps."""
        shown = mask[..., None].to(vectors.dtype)
        mean = (vectors * shown).sum(dim=1) / shown.sum(dim=1).clamp(min=1)
        return self.out(self.layers(mean))
