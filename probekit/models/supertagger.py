"""A supertagger: frozen vectors, a BiLSTM, and a decoder that chooses a category or writes it out symbol by symbol.

After Bhargava and Penn 2020 (Supertagging with CCG primitives). A decoder reads, at every step, the vector of the word
it stands at and what it said last: whole categories (one step a word) or primitives (a boundary symbol ends a word, and
the step that reads it sees the next word already). Symbol 0 is that boundary, and what a sentence begins with.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from probekit import streams
from probekit.models.bilstm import both_ways

State = tuple[Tensor, Tensor]


_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class StateDropoutLSTM(nn.LSTM):
    """One LSTM layer whose state is dropped between steps: one mask for all steps and all texts of a batch."""

    def __init__(self, width: int, hidden: int, rate: float = 0.0) -> None:
        super().__init__(width, hidden, batch_first=True)
        self.rate = rate

    def drawn(self) -> Tensor | None:
        """A mask of the state, to be used for all of a batch; None where nothing is dropped."""
        if not (self.training and self.rate):
            return None
        return functional.dropout(self.get_parameter("bias_hh_l0").new_ones(self.hidden_size), self.rate)

    def forward(  # type: ignore[override]
        self, vectors: Tensor, state: State | None = None, kept: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Vectors (B, T, width) -> outputs (B, T, hidden) and the last state, hidden and cell (1, B, hidden).

        kept: the mask of the state where one is drawn already.
        """
        kept = self.drawn() if kept is None else kept
        if kept is None:
            found: tuple[Tensor, State] = super().forward(vectors, state)
            return found
        # A state times a mask is, in the next step, the recurrent weights with columns masked.
        into, again, *biases = (self.get_parameter(f"{name}_l0") for name in _WEIGHTS)
        weights = [into, again * kept, *biases]
        zero = vectors.new_zeros(1, len(vectors), self.hidden_size)
        out, hidden, cell = torch.lstm(vectors, state or (zero, zero), weights, True, 1, 0.0, True, False, True)
        return out, (hidden, cell)


def same_over_time(vectors: Tensor, rate: float, training: bool) -> Tensor:
    """Dropout of vectors (B, T, d) with one mask a text (Gal and Ghahramani 2016)."""
    if not (training and rate):
        return vectors
    return vectors * functional.dropout(vectors.new_ones(len(vectors), 1, vectors.shape[2]), rate)


class Decoder(nn.Module):
    """What makes symbols of the vectors of words.

    symbols: how many there are, the boundary included. spelled: whether symbols are primitives, of which the boundary
    alone ends a word, else every symbol is a category. history: whether what was said is read; reset: only within a
    word. cap: primitives of a word at most, after which the boundary is forced.
    """

    def __init__(
        self,
        width: int,
        symbols: int,
        spelled: bool,
        history: bool,
        reset: bool = False,
        cap: int = 0,
        rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.spelled, self.history, self.reset, self.cap = spelled, history, reset, cap
        if history:
            self.embeddings = nn.Embedding(symbols, width)
            self.lstm = StateDropoutLSTM(2 * width, width, rate)
        # A category is never the boundary, which has no score then.
        self.scores = nn.Linear(width, symbols if spelled else symbols - 1)

    def step(
        self, words: Tensor, last: Tensor, state: State | None = None, kept: Tensor | None = None
    ) -> tuple[Tensor, State | None]:
        """Vectors of words (B, T, d) and what was said before each step (B, T) -> states (B, T, d), the last state."""
        if not self.history:
            return words, None
        out, state = self.lstm(torch.cat([words, self.embeddings(last)], dim=2), state, kept)
        return out, state

    def logits(self, states: Tensor) -> Tensor:
        """States (..., d) -> scores of every symbol (..., symbols)."""
        found: Tensor = self.scores(states)
        return found if self.spelled else functional.pad(found, (1, 0), value=-torch.inf)


class Supertagger(nn.Module):
    """Vectors of words -> symbols of their categories.

    rates: of dropout on the vectors, on what the softmax reads, and elsewhere (states, between the layers). None is
    taken of the vectors of words where they enter the decoder.
    """

    def __init__(
        self, width: int, hidden: int, decoder: Decoder, rates: tuple[float, float, float] = (0, 0, 0)
    ) -> None:
        super().__init__()
        self.rates, self.inputs_width = rates, width
        self.forwards = nn.ModuleList([StateDropoutLSTM(width, hidden, rates[2])])
        self.backwards = nn.ModuleList([StateDropoutLSTM(width, hidden, rates[2])])
        self.combination = nn.Linear(2 * hidden, hidden)
        self.decoder = decoder

    def encode(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Vectors (B, T, width) under a mask (B, T) -> vectors of words (B, T, hidden), not negative."""
        vectors = same_over_time(vectors, self.rates[0], self.training)
        states = both_ways(self.forwards, self.backwards, vectors, mask, lambda given: given)
        return torch.relu(self.combination(same_over_time(states, self.rates[2], self.training)))

    def states(self, vectors: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors as they are, and those of words that the decoder reads, as `encode`."""
        return vectors, self.encode(vectors, mask)

    def forward(self, vectors: Tensor, mask: Tensor, symbols: Tensor, pointer: Tensor, steps: Tensor) -> Tensor:
        """Scores of every symbol at every step (B, L, symbols), told the right symbols (B, L) before it.

        pointer: word of each step (B, L). steps (B, L): which there are.
        """
        words = self.encode(vectors, mask)
        at = words.gather(1, pointer[..., None].expand(-1, -1, words.shape[2]))
        last = functional.pad(symbols[:, :-1], (1, 0))
        states = self._by_words(at, last, pointer, steps) if self.decoder.reset else self.decoder.step(at, last)[0]
        return self.decoder.logits(same_over_time(states, self.rates[1], self.training))

    def _by_words(self, at: Tensor, last: Tensor, pointer: Tensor, steps: Tensor) -> Tensor:
        """As `Decoder.step`, the state anew at every word: words are texts of their own."""
        begins = functional.pad(pointer[:, 1:] != pointer[:, :-1], (1, 0), value=True)
        begins = (begins | ~steps).flatten()
        # What begins a word follows the boundary of the one before, or the beginning: both are symbol 0.
        starts = torch.nonzero(begins).squeeze(1)
        sizes = torch.diff(starts, append=starts.new_tensor([len(begins)]))
        longest_first = torch.argsort(sizes, descending=True, stable=True)
        starts, sizes = starts[longest_first], sizes[longest_first]
        vectors, told = at.flatten(0, 1), last.flatten()
        found = vectors.new_zeros(len(begins), vectors.shape[1])
        kept, state, end, longest = self.decoder.lstm.drawn(), None, 0, int(sizes[0])
        # Few words are long: stretches of steps, each of the words that reach it.
        while end < longest:
            first, end = end, min(max(2, 2 * end), longest)
            many = int((sizes > first).sum())
            place = starts[:many, None] + torch.arange(first, end, device=at.device)
            inside = torch.arange(first, end, device=at.device) < sizes[:many, None]
            place = torch.where(inside, place, starts[:many, None])
            before = None if state is None else (state[0][:, :many].contiguous(), state[1][:, :many].contiguous())
            out, state = self.decoder.step(vectors[place], told[place], before, kept)
            found[place[inside]] = out[inside]
        return found.view_as(at)

    def loss(self, vectors: Tensor, mask: Tensor, symbols: Tensor, pointer: Tensor, steps: Tensor) -> Tensor:
        """Mean nats a step of the right symbols; see `forward`."""
        scores = self(vectors, mask, symbols, pointer, steps)
        return functional.cross_entropy(scores[steps], symbols[steps])


def initialise(module: Supertagger, seed: int) -> None:
    """Draw initial weights, every tensor from a stream of its own name.

    He's for the layer under the ReLU, orthogonal recurrent weights (of each gate), Glorot's for all others; intercepts
    are 0.
    """
    with torch.no_grad():
        for name, weight in sorted(module.named_parameters()):
            random = streams.torch_generator(seed, "init", name)
            if weight.dim() == 1:
                weight.zero_()
            elif name == "combination.weight":
                nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=random)
            elif "weight_hh" in name:
                for gate in weight.chunk(4):
                    nn.init.orthogonal_(gate, generator=random)
            else:
                nn.init.xavier_uniform_(weight, generator=random)
