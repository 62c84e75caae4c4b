"""From word vectors to ratings, and back: which dimensions of a vector make a network predict a property.

The prediction network of Utsumi (2018): n inputs, n/2 sigmoid units, one linear unit a property. The paper gives
neither loss nor training settings; ours are the mean squared error, Adam, some decay of weights and early stopping.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from probekit import streams
from probekit.errors import ProbekitError
from probekit.relevance.explanation import explain
from probekit.training.loop import Settings, shuffled, train

RULE = "alpha_beta(0.5)"
RELEVANCES_AT_ONCE = 2048


@dataclass(frozen=True)
class NetworkSettings:
    """How the prediction network is trained; the fields are those of `training.Settings`, and words a batch.

    balance: weigh the squared errors of each property so that its words above and below the middle of its scale count
    alike. For categories, where one word in fifty is a member: without it hardly any rating is predicted above 3.
    """

    rate: float = 1e-2
    epochs: int = 150
    patience: int = 5
    decay: float = 1e-3
    batch: int = 128
    balance: bool = False


@dataclass(frozen=True, eq=False)
class PropertyNetwork:
    """A trained network with the scale of its inputs: all dimensions divided by one number, which neither cosines nor
    relevances see. `epochs` is how long it was trained, to the weights that were kept."""

    module: nn.Module
    scale: float
    epochs: int

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Ratings (words, properties) float64 of vectors (words, n)."""
        with torch.no_grad():
            return self.module(self._inputs(vectors)).numpy()

    def relevances(
        self, vectors: np.ndarray, rows: np.ndarray, properties: np.ndarray, rule: Any = RULE
    ) -> tuple[np.ndarray, float]:
        """Relevance of every dimension for the predicted rating of one property, for pairs of a row and a property.

        rows, properties: (m,). Returns (m, n) float64, and how far the worst of them is from adding up to its rating,
        relative to it. Nothing but the rating itself is propagated: the other properties' outputs start at 0.
        """
        if not len(rows):
            return np.zeros((0, vectors.shape[1])), 0.0
        found = explain(
            self.module,
            self._inputs(vectors[rows]),
            torch.from_numpy(np.asarray(properties, dtype=np.int64)),
            method="lrp",
            rules=rule,
            batch=RELEVANCES_AT_ONCE,
        )
        gap = ((found.score.double() - found.total).abs() / found.score.double().abs().clamp_min(1e-12)).max()
        return found.relevance.double().numpy(), float(gap)

    def _inputs(self, vectors: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.asarray(vectors, dtype=np.float64) / self.scale)


def fit_network(
    vectors: np.ndarray,
    values: np.ndarray,
    dev: tuple[np.ndarray, np.ndarray] | None = None,
    settings: NetworkSettings | None = None,
    seed: int = 0,
) -> PropertyNetwork:
    """Train a network on vectors (words, n) and ratings (words, p).

    dev: vectors and ratings of other words, whose loss says when to stop; without them all epochs are run. The vectors
    are taken as they are but for one scale. Raises ProbekitError for shapes that do not fit.
    """
    settings = settings or NetworkSettings()
    if np.ndim(vectors) != 2 or np.ndim(values) != 2 or len(vectors) != len(values):
        raise ProbekitError(
            f"vectors {np.shape(vectors)} and ratings {np.shape(values)} must be (words, n) and (words, p) of one list"
        )
    scale = float(np.sqrt(np.mean(np.square(vectors, dtype=np.float64)))) or 1.0
    module = network(vectors.shape[1], values.shape[1], seed)

    def tensors(x: np.ndarray, y: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(np.asarray(x, np.float64) / scale).float(), torch.from_numpy(np.array(y)).float()

    x, y = tensors(vectors, values)
    held = None if dev is None else tensors(*dev)
    sides = _Sides.of(values)

    def loss(module: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        errors = (module(batch[0]) - batch[1]) ** 2
        return (errors * sides.weights(batch[1]) if settings.balance else errors).mean()

    def batches(epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for rows in shuffled(len(x), settings.batch, epoch, seed):
            index = torch.from_numpy(rows)
            yield x[index], y[index]

    how = Settings(
        rate=settings.rate, epochs=settings.epochs, patience=settings.patience, decay=settings.decay, clip=None
    )
    watch = None if held is None else lambda: float(loss(module, held))
    progress = train(module, loss, batches, how, watch, seed=seed, label="prediction network")
    # Relevances are exact in float64: what a word's rating is made of adds up to it.
    return PropertyNetwork(copy.deepcopy(module).double().eval(), scale, progress.best_epoch)


def squared_errors(
    net: PropertyNetwork, fitted: np.ndarray, vectors: np.ndarray, values: np.ndarray, balance: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Squared errors of each property on words (vectors, values) that a network has not seen, summed: (p,) twice.

    Those of its predictions, and those of the mean of the ratings it was fitted on; both weighed as its loss is.
    """
    sides = _Sides.of(fitted)
    own, other = (sides.weights(torch.from_numpy(np.array(y))).numpy() if balance else 1.0 for y in (fitted, values))
    mean = (own * fitted).sum(axis=0) / (own * np.ones_like(fitted)).sum(axis=0)
    found = [(other * (guess - values) ** 2).sum(axis=0) for guess in (net.predict(vectors), mean)]
    return found[0], found[1]


@dataclass(frozen=True, eq=False)
class _Sides:
    """The middle of each property's scale, and the share of words above it."""

    middle: torch.Tensor
    share: torch.Tensor

    @classmethod
    def of(cls, values: np.ndarray) -> _Sides:
        middle = torch.from_numpy((values.min(axis=0) + values.max(axis=0)) / 2).float()
        above = (torch.from_numpy(np.array(values)).float() > middle).float().mean(0)
        return cls(middle, above.clamp(1 / len(values), 1 - 1 / len(values)))  # a property may be missing from a fold

    def weights(self, values: torch.Tensor) -> torch.Tensor:
        """A weight for each rating, so that words above and below the middle count alike."""
        return torch.where(values > self.middle, 0.5 / self.share, 0.5 / (1 - self.share))


def network(width: int, properties: int, seed: int = 0) -> nn.Sequential:
    """The untrained network, weights and biases uniform in +-1/sqrt(inputs), a stream a layer."""
    module = nn.Sequential(
        nn.utils.skip_init(nn.Linear, width, max(1, width // 2)),
        nn.Sigmoid(),
        nn.utils.skip_init(nn.Linear, max(1, width // 2), properties),
    )
    for place, layer in enumerate(part for part in module if isinstance(part, nn.Linear)):
        stream = streams.torch_generator(seed, "init", "property network", place)
        with torch.no_grad():
            for weights in (layer.weight, layer.bias):
                weights.uniform_(-(layer.in_features**-0.5), layer.in_features**-0.5, generator=stream)
    return module
