"""The convolutional text classifier of Collobert et al. 2011 as Arras et al. 2016 use it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from probekit.errors import ProbekitError
from probekit.values import Count, LessThanAll


class TextCNN(nn.Module):
    """Convolution over words, ReLU, maximum over positions, dropout, linear layer.

    width: of the word vectors. labels: classes. filters, window: of the convolution, stride 1, ends not padded.
    dropout: before the linear layer (its place is ours; the paper gives none). A window counts when it lies inside the
    text; a text shorter than the window is read as one window that zero vectors fill.
    """

    def __init__(
        self, width: int, labels: int, filters: Count = 800, window: Count = 2, dropout: LessThanAll = 0.5
    ) -> None:
        super().__init__()
        for name, value in {"width": width, "labels": labels, "filters": filters, "window": window}.items():
            if not isinstance(value, int) or value < 1:
                raise ProbekitError(f"{name} of a text-cnn must be a whole number of at least 1, got {value!r}")
        self.window = window
        self.conv = nn.Conv1d(width, filters, window)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(filters, labels)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Class scores (B, K) of word vectors (B, T, width) under a mask (B, T) bool with no gaps."""
        vectors = vectors * mask[..., None]
        missing = self.window - vectors.shape[1]
        if missing > 0:
            vectors = nn.functional.pad(vectors, (0, 0, 0, missing))
        # ReLU and maximum change places: a window that does not count is out of the running, of equals the first wins.
        with torch.set_grad_enabled(vectors.requires_grad and torch.is_grad_enabled()):
            found = self.conv(vectors.transpose(1, 2))
            counts = self.windows(mask, found.shape[2])
            if not bool(counts.all()):
                found = found.masked_fill(~counts[:, None, :], -torch.inf)
            best, place = found.max(dim=2)
        if torch.is_grad_enabled() and not vectors.requires_grad:
            # Training over fixed vectors: only a filter's winning window has a gradient; it alone is computed with one.
            rows = torch.arange(len(vectors), device=vectors.device)[:, None, None]
            words = place[:, :, None] + torch.arange(self.window, device=vectors.device)
            best = torch.einsum("bfwd,fdw->bf", vectors[rows, words], self.conv.weight)
            best = (best if self.conv.bias is None else best + self.conv.bias).contiguous()  # dropout draws by layout
        return self.out(self.dropout(torch.relu(best)))

    def windows(self, mask: Tensor, positions: int) -> Tensor:
        """Which window positions count, (B, positions) bool."""
        counts = (mask.sum(dim=1, keepdim=True) - self.window + 1).clamp(min=1)
        return torch.arange(positions, device=mask.device)[None, :] < counts
