"""Transformers of the Hugging Face library: attention weights held constant, through the library's own registry.

No code of a model is copied and none of its modules is replaced: the model is told for the time of an explanation to
use the attention function registered here, in which weights are constants (their softmax takes no relevance), so that
relevance passes through values alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from probekit.errors import ProbekitError

Tensor = torch.Tensor
NAME = "probekit_constant_weights"
ARCHITECTURES = ("bert", "roberta", "distilbert", "electra")


def transformer_of(network: nn.Module) -> Any:
    """The configuration of the transformer inside a network, or None. Raises ProbekitError for one not supported."""
    for module in network.modules():
        config: Any = getattr(module, "config", None)
        if hasattr(config, "model_type") and hasattr(module, "save_pretrained"):
            if config.model_type not in ARCHITECTURES:
                raise ProbekitError(
                    f"layer-wise relevance propagation knows the transformers {', '.join(ARCHITECTURES)}, not "
                    f"'{config.model_type}'; other explainers (gradient-x-input, occlusion) take any"
                )
            return config
    return None


def constant_weights(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[Tensor, Tensor]:
    """Attention over values (B, heads, T, d) with weights that take no relevance: ((B, T, heads, d), weights)."""
    with torch.no_grad():
        scores = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
        if attention_mask is not None:
            scores = scores + attention_mask
        weights = scores.softmax(-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


@contextlib.contextmanager
def constant_attention(config: Any) -> Iterator[None]:
    """Within it the model of a configuration uses `constant_weights`. Nothing happens for None."""
    if config is None:
        yield
        return
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, eager_mask

    AttentionInterface.register(NAME, constant_weights)
    AttentionMaskInterface.register(NAME, eager_mask)
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before
