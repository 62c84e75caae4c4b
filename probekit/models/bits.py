"""The bit game: a speaker turns a string of concepts into bits, a listener reads them (Gupta, Resnick et al. 2020).

Games of one shape are stacked: every tensor begins with an axis of games, whose numbers are those of each game alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from probekit import streams
from probekit.errors import ProbekitError
from probekit.models.stacked_lstm import stacked_lstm

NEAR = 0.1  # how far the number of parameters may be from its target, as a share of it


@dataclass(frozen=True)
class Shape:
    """Sizes of a game. concepts, values: of its strings. bits: of a message. embedding: of a symbol. speaker, listener:
    units of the two LSTMs. hidden: of the layer between the speaker's LSTM and its logits. message: width of the layer
    that reads the bits. gate: whether a learned vector for each step multiplies the speaker's input (ours)."""

    concepts: int
    values: int
    bits: int
    embedding: int = 40
    speaker: int = 300
    hidden: int = 60
    message: int = 125
    listener: int = 325
    gate: bool = False

    @property
    def symbols(self) -> int:
        return self.concepts * self.values

    @property
    def parameters(self) -> int:
        """Numbers in speaker and listener; the prior and the temperature are not counted."""
        counted = [value for name, value in sizes(self).items() if not name.startswith("prior")]
        return sum(torch.Size(one).numel() for one in counted)


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Names and sizes of the tensors of one game."""
    wide, h, g = shape.concepts * shape.embedding, shape.speaker, shape.listener
    found: dict[str, tuple[int, ...]] = {"embedding": (shape.symbols, shape.embedding)}
    found |= {"gate": (shape.bits, wide)} if shape.gate else {}
    found |= _lstm("speaker", wide, h) | _linear("hidden", h, shape.hidden) | _linear("logits", shape.hidden, 2)
    found |= _linear("message", 2 * shape.bits, shape.message) | _lstm("listener", shape.message, g)
    return {**found, **_linear("symbols", g, shape.symbols), "prior": (shape.bits, 2)}


def _linear(name: str, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}_weight": (inputs, units), f"{name}_bias": (units,)}


def _lstm(name: str, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    weights = {f"{name}_input": (inputs, 4 * units), f"{name}_state": (units, 4 * units)}
    return {**weights, f"{name}_bias": (4 * units,), f"{name}_bias_state": (4 * units,)}


def with_parameters(shape: Shape, target: int) -> Shape:
    """The shape with both LSTMs scaled by one factor so that its parameters come nearest to a target.

    Raises ProbekitError where they are further from it than a tenth.
    """
    low, high = 1, max(2, shape.speaker)
    while _scaled(shape, high).parameters < target:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _scaled(shape, middle).parameters < target else (low, middle)
    found = min((_scaled(shape, units) for units in (low, high)), key=lambda one: abs(one.parameters - target))
    if abs(found.parameters - target) > NEAR * target:
        least = _scaled(shape, 1).parameters
        raise ProbekitError(
            f"no width gives {target:,} parameters; the nearest has {found.parameters:,} (speaker {found.speaker}, "
            f"listener {found.listener}), the smallest {least:,}: ask for another number, or make the other "
            "layers smaller"
        )
    return found


def _scaled(shape: Shape, units: int) -> Shape:
    return replace(shape, speaker=units, listener=max(1, round(units * shape.listener / shape.speaker)))


class BitGames(nn.Module):
    """Games of one shape, one for each seed. temperature: of the relaxed bits; None for a learned one that begins at 1.

    Strings are symbols (games, B, concepts), messages one-hot bits (games, B, bits, 2). `playing`: which games take
    part, None for all.
    """

    def __init__(self, shape: Shape, seeds: Sequence[int], temperature: float | None = None) -> None:
        super().__init__()
        self.shape, self.seeds = shape, tuple(seeds)
        self.playing: Tensor | None = None
        for name, size in sizes(shape).items():
            drawn = torch.stack([_initial(name, size, shape, seed) for seed in seeds])
            self.register_parameter(name, nn.Parameter(drawn))
        fixed = temperature is not None
        log = torch.full((len(seeds),), float(temperature or 1.0)).log()
        self.log_temperature = nn.Parameter(log, requires_grad=not fixed)

    def of(self, name: str) -> Tensor:
        """A tensor of the games that take part."""
        whole: Tensor = getattr(self, name)
        return whole if self.playing is None else whole[self.playing]

    def speak(self, strings: Tensor) -> Tensor:
        """Strings -> log-probabilities of 0 and 1 for every bit (games, B, bits, 2). No bit knows of another."""
        embedding = self.of("embedding")
        games, batch = strings.shape[:2]
        shift = self.shape.symbols * torch.arange(games, device=strings.device)[:, None, None]
        read = functional.embedding(strings + shift, embedding.flatten(0, 1)).flatten(2)
        steps = self.shape.bits
        read = read[:, None] * self.of("gate")[:, :, None] if self.shape.gate else read[:, None]
        states = self._lstm("speaker", read, steps)
        logits = self._linear("logits", self._linear("hidden", states))
        return functional.log_softmax(logits.view(games, steps, batch, 2), -1).transpose(1, 2)

    def listen(self, bits: Tensor) -> Tensor:
        """Messages -> log-probabilities of the symbols at every place (games, B, concepts, symbols)."""
        games, batch = bits.shape[:2]
        states = self._lstm("listener", self._linear("message", bits.flatten(2))[:, None], self.shape.concepts)
        scores = self._linear("symbols", states).view(games, self.shape.concepts, batch, -1)
        return functional.log_softmax(scores, -1).transpose(1, 2)

    def prior_bits(self) -> Tensor:
        """Log-probabilities of the prior (games, bits, 2)."""
        return functional.log_softmax(self.of("prior"), -1)

    def relaxed(self, spoken: Tensor, noise: Tensor) -> Tensor:
        """One-hot bits drawn with Gumbel noise (games, B, bits, 2), with the gradients of the relaxed ones."""
        temperature = self.of("log_temperature").exp()[:, None, None, None]
        soft = torch.softmax((spoken + noise) / temperature, -1)
        return one_hot(soft) + soft - soft.detach()

    def losses(self, strings: Tensor, noise: Tensor | None, summed: bool = False) -> tuple[Tensor, Tensor]:
        """Of each game: cross-entropy of a string, mean over concepts or summed, and its KL, both in nats.

        noise: Gumbel, of the bits; without it they are the likelier ones.
        """
        spoken = self.speak(strings)
        bits = one_hot(spoken) if noise is None else self.relaxed(spoken, noise)
        told = self.listen(bits).gather(-1, strings[..., None])[..., 0]
        missed = -(told.sum(-1) if summed else told.mean(-1)).mean(1)
        kl = (spoken.exp() * (spoken - self.prior_bits()[:, None])).sum((-1, -2)).mean(1)
        return missed, kl

    def norms(self) -> Tensor:
        """Sum of the norms of all tensors, of each game."""
        return torch.stack([self.of(name).flatten(1).norm(dim=1) for name in sizes(self.shape)]).sum(0)

    def squares(self) -> Tensor:
        """Sum of all squared weights, of each game."""
        return torch.stack([self.of(name).flatten(1).square().sum(1) for name in sizes(self.shape)]).sum(0)

    def _linear(self, name: str, given: Tensor) -> Tensor:
        return torch.baddbmm(self.of(f"{name}_bias")[:, None], given, self.of(f"{name}_weight"))

    def _lstm(self, name: str, read: Tensor, steps: int) -> Tensor:
        """States after every step (games, steps B, units) of inputs (games, steps or 1 for all of them, B, width)."""
        bias = self.of(f"{name}_bias") + self.of(f"{name}_bias_state")
        return stacked_lstm(read, self.of(f"{name}_input"), self.of(f"{name}_state"), bias, steps).flatten(1, 2)


def one_hot(scores: Tensor) -> Tensor:
    """The likelier of 0 and 1 as a one-hot vector, 0 of equals: (..., 2) -> (..., 2)."""
    one = (scores[..., 1] > scores[..., 0]).to(scores.dtype)
    return torch.stack([1 - one, one], -1)


def _initial(name: str, size: tuple[int, ...], shape: Shape, seed: int) -> Tensor:
    """Initial weights from a stream of their own: as torch's layers draw them, the prior uniform, gates open."""
    made = torch.zeros(size)
    if name == "prior":
        return made
    rng = streams.torch_generator(seed, "init", name)
    if name in ("embedding", "gate"):
        return made.normal_(generator=rng)
    layer = name.partition("_")[0]
    inputs = {"speaker": shape.speaker, "listener": shape.listener, "hidden": shape.speaker, "logits": shape.hidden}
    inputs |= {"message": 2 * shape.bits, "symbols": shape.listener}
    reach = inputs[layer] ** -0.5
    return made.uniform_(-reach, reach, generator=rng)
