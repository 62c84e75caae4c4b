"""Classifiers seen by their attention: weights, per-token states, and the answer under any other weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from probekit.attention.reading import AttentionView, Reading
from probekit.attention.transformer_view import TransformerView
from probekit.errors import ProbekitError
from probekit.learners.classifier import Classifier, OwnClassifier, TextBatch
from probekit.learners.huggingface_classifier import HuggingFaceClassifier

if TYPE_CHECKING:
    from torch import Tensor


class LearnedQueryView:
    """The attention of our own `bilstm`: one head, one learned query."""

    heads = 1

    def __init__(self, classifier: OwnClassifier) -> None:
        self._classifier, self.name, self.labels = classifier, classifier.name, classifier.labels
        body: Any = classifier.module.body
        self._body, self.layer = body, len(body.forwards)

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """See `AttentionView`."""
        return self._classifier.batch(texts)

    def embed(self, batch: TextBatch) -> Tensor:
        """See `AttentionView`."""
        return self._classifier.embed(batch)

    def read(self, batch: TextBatch) -> Reading:
        """See `AttentionView`."""
        import torch

        with torch.no_grad():
            vectors = self._classifier.embed(batch)
            states = self._body.states(vectors, batch.mask)
            weights = self._body.attention(states, batch.mask)
            return Reading(batch, weights[:, None, None, :], states, vectors, self._body.decode(states, weights))

    def answer(self, reading: Reading, weights: Tensor) -> Tensor:
        """See `AttentionView`."""
        import torch

        with torch.no_grad():
            return self._body.decode(reading.states, weights[:, 0, 0, :])

    def decoder(self, states: Tensor) -> Tensor:
        """Scores (..., K) of single states (..., d): those of a text whose attention is all on one."""
        return self._body.out(states)

    def constant(self, vectors: Tensor, batch: TextBatch) -> Tensor:
        """See `AttentionView`."""
        states = self._body.states(vectors, batch.mask)
        return self._body.decode(states, self._body.attention(states, batch.mask).detach())

    def over_tokens(self, reading: Reading) -> Tensor:
        """See `AttentionView`."""
        return reading.weights[:, 0, 0, :]


def view_of(classifier: Classifier, layer: int | None = None) -> AttentionView:
    """The attention of a classifier: of a block of a Hugging Face model (1 to the last, the default), or of a bilstm.

    Raises ProbekitError for a classifier without attention weights, and for a layer that is not there.
    """
    if isinstance(classifier, HuggingFaceClassifier):
        return TransformerView(classifier, layer)
    if not isinstance(classifier, OwnClassifier) or not hasattr(classifier.module.body, "attention"):
        raise ProbekitError(
            f"'{classifier.name}' shows no attention weights; take a bilstm or a Hugging Face sequence classifier"
        )
    if layer is not None:
        raise ProbekitError(f"layer={layer}: a bilstm has one attention, over its top states; leave the layer out")
    return LearnedQueryView(classifier)
