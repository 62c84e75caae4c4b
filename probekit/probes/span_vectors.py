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

    @property
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
        """Component-wise maximum over each span, (S, d); of equals the first takes the gradient."""
        most = int(self.lengths.max())
        # Rows beyond the end of a span repeat its last token, which changes no maximum.
        rows = torch.arange(most, device=self.lengths.device)[None, :] + self.offsets[:-1, None]
        rows = torch.minimum(rows, self.offsets[1:, None] - 1)
        place = rows.gather(1, tokens.detach()[rows].argmax(1))
        return tokens.gather(0, place)

    def softmax(self, scores: torch.Tensor) -> torch.Tensor:
        """Softmax of scores (T,) over the tokens of each span."""
        top = scores.new_full((len(self),), -math.inf)
        top = top.scatter_reduce(0, self.of_token, scores.detach(), "amax")
        weights = (scores - top[self.of_token]).exp()
        return weights / self.sum(weights)[self.of_token]


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


class Average(SpanMethod):
    """Mean of the tokens."""

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        return spans.mean(tokens)


class Attention(SpanMethod):
    """Mean weighted by a learned attention vector, which starts at zero, that is at the plain mean."""

    def __init__(self, d: int) -> None:
        super().__init__(d)
        self.query = nn.Parameter(torch.zeros(d))

    def forward(self, tokens: torch.Tensor, spans: Spans) -> torch.Tensor:
        return spans.sum(spans.softmax(tokens @ self.query)[:, None] * tokens)


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
