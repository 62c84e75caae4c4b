"""What is read of a classifier's attention, and what a view of one offers the measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from probekit.learners.classifier import TextBatch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """What a classifier said of a batch and what its attention did.

    `weights` (B, H, Q, T): heads, positions that ask (one where a query is learned), positions that are looked at; each
    row sums to one over `mask` (B, T). `inputs`, `states` (B, T, d): embeddings, and what attention reads or makes of
    each token. `logits` (B, K).
    """

    batch: TextBatch
    weights: Tensor
    states: Tensor
    inputs: Tensor
    logits: Tensor

    @property
    def mask(self) -> Tensor:
        return self.batch.mask


class AttentionView(Protocol):
    """What the measures ask of a classifier. `layer` and `heads` say which attention is looked at."""

    name: str
    labels: tuple[str, ...]
    layer: int
    heads: int

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """Texts as the classifier reads them."""

    def embed(self, batch: TextBatch) -> Tensor:
        """Input embeddings (B, T, d)."""

    def read(self, batch: TextBatch) -> Reading:
        """Answer and attention, without gradients."""

    def answer(self, reading: Reading, weights: Tensor) -> Tensor:
        """Scores (B, K) of the same texts with other weights (B, H, Q, T) in place of the classifier's."""

    def constant(self, vectors: Tensor, batch: TextBatch) -> Tensor:
        """Scores (B, K) from embeddings, through which gradients flow but not through attention weights."""

    def over_tokens(self, reading: Reading) -> Tensor:
        """Weight of each position (B, T) in the answer: the mean over heads, of the position that answers."""
