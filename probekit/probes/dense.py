"""Linear layers of probes: initial weights from named streams."""

from __future__ import annotations

from torch import nn, no_grad

from probekit import streams


def dense(before: int, after: int, seed: int, *ids: str | int) -> nn.Linear:
    """A linear layer with weights and intercepts uniform in +-1/sqrt(before), drawn from the stream of `ids`."""
    layer = nn.utils.skip_init(nn.Linear, before, after)
    stream = streams.torch_generator(seed, "init", *ids)
    with no_grad():
        for weights in (layer.weight, layer.bias):
            weights.uniform_(-(before**-0.5), before**-0.5, generator=stream)
    return layer
