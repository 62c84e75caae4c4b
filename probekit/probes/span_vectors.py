"""Span methods: how the token vectors of a span become one vector (Toshniwal et al. 2020, section 3).

A method of your own is a module that turns tokens and spans into vectors:

    from probekit.probes.span_vectors import SpanMethod

    @probekit.probes.span_methods.register("min", revision=1)
    class Minimum(SpanMethod):
        "Component-wise minimum."
        def forward(self, tokens, spans):
            return -spans.max(-tokens)

It is then `span(min)` wherever a span method is named.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import torch
from torch import nn

from probekit.errors import ProbekitError, UnknownName


class Spans:
    """The spans of a batch over its tokens (T, ...): span s is tokens `offsets[s]:offsets[s + 1]`, never empty.

    Reductions keep to the span: no padding takes part in any.
    """

    def __init__(self, lengths: torch.Tensor) -> None:
        """lengths (S,) int64: tokens of each span."""
        self.lengths = lengths
        self.offsets = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def of_token(self) -> torch.Tensor:
        """Span of each token, (T,) int64."""
        return torch.repeat_interleave(torch.arange(len(self), device=self.lengths.device), self.lengths)

    def first(self, tokens: torch.Tensor) -> torch.Tensor:
        """First token of each span, (S, ...)."""
        return tokens[self.offsets[:-1]]

    def last(self, tokens: torch.Tensor) -> torch.Tensor:
        """Last token of each span, (S, ...)."""
        return tokens[self.offsets[1:] - 1]

    def sum(self, tokens: torch.Tensor) -> torch.Tensor:
        """Sum over each span, (S, ...)."""
        return tokens.new_zeros(len(self), *tokens.shape[1:]).index_add(0, self.of_token, tokens)

    def mean(self, tokens: torch.Tensor) -> torch.Tensor:
        """Mean over each span, (S, d)."""
        return self.sum(tokens) / self.lengths[:, None]

    def max(self, tokens: torch.Tensor) -> torch.Tensor:
        """Component-wise maximum over each span, (S, d); equals share the gradient."""
        return _Maximum.apply(tokens, self)

    @cached_property
    def rows(self) -> torch.Tensor:
        """Tokens of each span, (S, longest): rows beyond its end repeat its last token, which changes no maximum."""
        longest = int(self.lengths.max())
        rows = torch.arange(longest, device=self.lengths.device)[None, :] + self.offsets[:-1, None]
        return torch.minimum(rows, self.offsets[1:, None] - 1)

    def softmax(self, scores: torch.Tensor) -> torch.Tensor:
        """Softmax of scores (T,) over the tokens of each span."""
        top = scores.new_full((len(self),), -math.inf)
        top = top.scatter_reduce(0, self.of_token, scores.detach(), "amax")
        weights = (scores - top[self.of_token]).exp()
        return weights / self.sum(weights)[self.of_token]


class _Maximum(torch.autograd.Function):
    """Maximum over spans whose gradient is found by comparing, several times faster than by the places of maxima."""

    @staticmethod
    def forward(ctx: Any, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        found = tokens[spans.rows].amax(1)
        ctx.save_for_backward(tokens, found)
        ctx.spans = spans
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        tokens, found = ctx.saved_tensors
        spans = ctx.spans
        greatest = (tokens == found[spans.of_token]).to(tokens.dtype)
        shared = gradients[0] / spans.sum(greatest)
        return greatest * shared[spans.of_token], None


class SpanMethod(nn.Module):
    """Base of a span method: `forward(tokens (T, d), spans) -> (S, width)`.

    d: width of a token vector. `width` is that of the answer, d unless the method says otherwise. `reads` is "ends" for
    a method to which only the first and the last token of a span matter: it is handed spans of two tokens then.
    Learned parameters start at values that do not depend on chance, or draw them in `reset(generator)`.
    """

    reads = "all"

    def __init__(self, d: int) -> None:
        super().__init__()
        self.d = d
        self.width = d

    def reset(self, generator: torch.Generator) -> None:
        """Draw initial values of what is learned, where there is something to draw."""

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        raise NotImplementedError

    def projected(self, states: torch.Tensor, projection: nn.Linear, spans: Spans) -> torch.Tensor:
        """`forward` of the projected states (T, D). A weighted mean of tokens commutes with the projection: methods
        that are one project a vector a span and not a vector a token."""
        return self(projection(states), spans)


class Average(SpanMethod):
    """Mean of the tokens."""

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        return spans.mean(tokens)

    def projected(self, states: torch.Tensor, projection: nn.Linear, spans: Spans) -> torch.Tensor:
        return projection(spans.mean(states))


class Attention(SpanMethod):
    """Mean weighted by a learned attention vector, which starts at zero, that is at the plain mean."""

    def __init__(self, d: int) -> None:
        super().__init__(d)
        self.query = nn.Parameter(torch.zeros(d))

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        return spans.sum(spans.softmax(tokens @ self.query)[:, None] * tokens)

    def projected(self, states: torch.Tensor, projection: nn.Linear, spans: Spans) -> torch.Tensor:
        # v . (P h + p) is (P' v) . h and a constant, which the softmax does not see; the weights sum to one.
        weights = spans.softmax(states @ (self.query @ projection.weight))
        return projection(spans.sum(weights[:, None] * states))


class Maximum(SpanMethod):
    """Component-wise maximum of the tokens."""

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        return spans.max(tokens)


class Endpoint(SpanMethod):
    """First and last token side by side."""

    reads = "ends"

    def __init__(self, d: int) -> None:
        super().__init__(d)
        self.width = 2 * d

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        return torch.cat([spans.first(tokens), spans.last(tokens)], dim=1)


class DiffSum(SpanMethod):
    """Sum and difference of last and first token, side by side."""

    reads = "ends"

    def __init__(self, d: int) -> None:
        super().__init__(d)
        self.width = 2 * d

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        first, last = spans.first(tokens), spans.last(tokens)
        return torch.cat([last + first, last - first], dim=1)


class Coherent(SpanMethod):
    """Parts of the first and of the last token and the product of two further parts (after Seo et al. 2019).

    A token is cut into blocks of widths a, a, b, b; the answer is the first block of the first token, the second of the
    last, and the inner product of the third of the first with the fourth of the last. split: "paper" keeps the
    proportions of the study (a = 15/32 d, which is 120 of 256), "quarter" those of its code (a = b = d/4).
    """

    reads = "ends"

    def __init__(self, d: int, split: str = "paper") -> None:
        super().__init__(d)
        if split not in ("paper", "quarter"):
            raise UnknownName("split of coherent:", str(split), ("paper", "quarter"))
        if d % 4:
            raise ProbekitError(f"coherent cuts a token vector in four; {d} units cannot be (projection=)")
        self.a = d // 4 if split == "quarter" else round(15 * d / 32)
        self.b = d // 2 - self.a
        self.width = 2 * self.a + 1

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        a, b = self.a, self.b
        first, last = spans.first(tokens), spans.last(tokens)
        product = (first[:, 2 * a : 2 * a + b] * last[:, 2 * a + b :]).sum(1, keepdim=True)
        return torch.cat([first[:, :a], last[:, a : 2 * a], product], dim=1)


class EndpointAttention(SpanMethod):
    """First and last token beside the mean weighted by learned attention."""

    def __init__(self, d: int) -> None:
        super().__init__(d)
        self.attention = Attention(d)
        self.width = 3 * d

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        return torch.cat([spans.first(tokens), spans.last(tokens), self.attention(tokens, spans)], dim=1)

    def projected(self, states: torch.Tensor, projection: nn.Linear, spans: Spans) -> torch.Tensor:
        ends = [projection(spans.first(states)), projection(spans.last(states))]
        return torch.cat([*ends, self.attention.projected(states, projection, spans)], dim=1)
