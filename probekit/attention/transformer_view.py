"""The attention of one block of a Hugging Face sequence classifier: read, replaced, or held constant.

The library calls its attention through a registry of functions; ours computes what the library's eager one computes and
then does what the pass at hand asks for. Nothing of the model is changed for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from probekit.attention.reading import Reading
from probekit.errors import ProbekitError
from probekit.learners.classifier import TextBatch
from probekit.learners.huggingface_classifier import HuggingFaceClassifier

if TYPE_CHECKING:
    from torch import Tensor

NAME = "probekit"


@dataclass
class _Pass:
    """What happens to attention during one pass: `change` gets the block's number from 0 and its weights."""

    change: Callable[[int, Tensor], Tensor] = lambda block, weights: weights
    seen: list[Tensor] = field(default_factory=list)


_current: ContextVar[_Pass] = ContextVar("probekit attention")


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """Attention of one block: q, k, v (B, H, T, d) -> mixed values (B, T, H, d), weights (B, H, T, T)."""
    import torch

    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = query @ key.transpose(2, 3) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask[..., : key.shape[-2]]
    weights = torch.softmax(scores, dim=-1)
    now = _current.get()
    now.seen.append(weights)
    weights = now.change(len(now.seen) - 1, weights)
    return (weights @ value).transpose(1, 2).contiguous(), weights


def _register() -> None:
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    if NAME not in ALL_ATTENTION_FUNCTIONS:
        ALL_ATTENTION_FUNCTIONS.register(NAME, _attention)
        ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["eager"])


class TransformerView:
    """See `AttentionView`; `layer` counts blocks from 1, `states` are that block's output.

    Raises ProbekitError for a layer that is not there and for a model whose attention cannot be reached.
    """

    def __init__(self, classifier: HuggingFaceClassifier, layer: int | None = None) -> None:
        self._classifier, self.name, self.labels = classifier, classifier.name, classifier.labels
        if classifier.encoder_decoder:
            raise ProbekitError(
                f"the attention of '{self.name}' is of three kinds (its encoder's, its decoder's, and that between "
                "them), and what is measured is one; take an encoder or a left-to-right model, or explain its answers: "
                "probekit explain --method gradient-x-input"
            )
        _register()
        probe = self._run(classifier.batch([["a"]]))
        self.layers = len(probe[1])
        if not self.layers:
            raise ProbekitError(
                f"the attention of '{self.name}' cannot be reached: models of its kind do not call it through the "
                "library's registry of attention functions"
            )
        self.layer = self.layers if layer is None else layer
        if isinstance(self.layer, bool) or not 1 <= self.layer <= self.layers:
            raise ProbekitError(f"layer={layer!r}: '{self.name}' has the layers 1 to {self.layers}")
        self.heads = int(probe[1][self.layer - 1].shape[1])

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """See `AttentionView`."""
        return self._classifier.batch(texts)

    def embed(self, batch: TextBatch) -> Tensor:
        """See `AttentionView`."""
        return self._classifier.embed(batch)

    def _run(
        self, batch: TextBatch, change: Callable[[int, Tensor], Tensor] | None = None, vectors: Tensor | None = None
    ) -> tuple[Any, list[Tensor]]:
        now = _Pass() if change is None else _Pass(change)
        vectors = self._classifier.embed(batch) if vectors is None else vectors
        token = _current.set(now)
        try:
            with _ours(self._classifier.module):
                return self._classifier.forward(vectors, batch, output_hidden_states=True), now.seen
        finally:
            _current.reset(token)

    def read(self, batch: TextBatch) -> Reading:
        """See `AttentionView`."""
        import torch

        with torch.no_grad():
            output, seen = self._run(batch)
            weights = seen[self.layer - 1]
            return Reading(
                batch, weights, output.hidden_states[self.layer], self._classifier.embed(batch), output.logits
            )

    def answer(self, reading: Reading, weights: Tensor) -> Tensor:
        """See `AttentionView`."""
        import torch

        with torch.no_grad():
            change = lambda block, old: weights if block == self.layer - 1 else old  # noqa: E731
            return self._run(reading.batch, change)[0].logits

    def constant(self, vectors: Tensor, batch: TextBatch) -> Tensor:
        """See `AttentionView`: the weights of all blocks are held."""
        return self._run(batch, lambda block, weights: weights.detach(), vectors)[0].logits

    def over_tokens(self, reading: Reading) -> Tensor:
        """See `AttentionView`: the position that answers is the first, or the last of a left-to-right model."""
        import torch

        rows = torch.arange(len(reading.weights))
        asks = reading.batch.lengths - 1 if self._classifier.left_to_right else torch.zeros_like(rows)
        return reading.weights.mean(dim=1)[rows, asks]


@contextmanager
def _ours(model: Any) -> Iterator[None]:
    """Have a model call our attention for the time of a pass."""
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
