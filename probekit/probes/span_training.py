"""Training the span probe: all span methods of a task in one pass over the data, each as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional

from probekit.errors import ProbekitError
from probekit.probes.span_mlp import SpanMLP
from probekit.probes.span_network import SpanBatch, SpanNetwork, SpanTokens, scores_together
from probekit.training.loop import Member, Settings, shuffled, train_together

THRESHOLD = 0.5
_ANSWERED_AT_ONCE = 512


class Steps(Protocol):
    """Rounds of training steps between two looks at the development units."""

    every: int
    total: int

    def steps_until(self, number: int) -> int: ...


def fit_methods(
    probe: SpanMLP,
    tokens: SpanTokens,
    targets: np.ndarray,
    train: np.ndarray,
    dev: np.ndarray,
    methods: Sequence[str],
    *,
    shared: bool = False,
    learned_mix: bool = True,
    label: str = "",
) -> list[FittedSpans]:
    """Train one network a span method on units `train`, stopped on units `dev`; all share each batch.

    targets: (n_units, K) bool, whether a unit has a label. shared: one projection for both spans of a unit.
    learned_mix: whether the weights of layers are learned. label: of the progress bar. The numbers of a method are
    those it has when trained alone. Raises ProbekitError where there is nothing to train or to stop on.
    """
    if not len(train) or not len(dev):
        raise ProbekitError("a span probe needs training units, and development units to stop on; there are none")
    n_layers, width = len(tokens.layers), tokens.layers[0].shape[1]
    device = tokens.layers[0].device
    networks = [
        make_network(probe, method, n_layers, width, tokens.n_spans, targets.shape[1], shared, learned_mix).to(device)
        for method in methods
    ]
    ends_only = all(network.reads == "ends" for network in networks)
    gold = torch.from_numpy(targets.astype(np.float32)).to(device)
    rounds = Rounds(train, int(probe.batch), int(probe.every), int(probe.passes), probe.seed)
    fitted = [FittedSpans(method, network) for method, network in zip(methods, networks, strict=True)]

    def batches(number: int) -> Iterator[tuple[list[SpanBatch], torch.Tensor]]:
        for rows in rounds[number]:
            yield tokens.batch(rows, ends_only), gold[torch.from_numpy(rows).to(device)]

    def watched(one: FittedSpans) -> Member:
        return Member(
            one.network,
            span_loss,
            settings(probe, len(rounds)),
            lambda: -micro_f1(one.predict(tokens, dev), targets[dev]),
        )

    members = [watched(one) for one in fitted]
    train_together(members, batches, seed=probe.seed, label=label, joint=losses_together)
    for one, member in zip(fitted, members, strict=True):
        one.info = found(member, rounds, one.network)
    return fitted


def make_network(
    probe: SpanMLP, method: str, n_layers: int, width: int, n_spans: int, n_labels: int, shared: bool, learned_mix: bool
) -> SpanNetwork:
    """The network of a probe for one span method, untrained."""
    return SpanNetwork(
        method,
        n_layers,
        width,
        n_spans,
        n_labels,
        projection=int(probe.projection),
        hidden=int(probe.hidden),
        dropout=probe.dropout,
        per_label=probe.per_label,
        shared=shared,
        learned_mix=learned_mix,
        seed=probe.seed,
    )


def settings(probe: SpanMLP, rounds: int) -> Settings:
    """How the loop trains a probe for at most some rounds."""
    return Settings(
        rate=probe.rate,
        epochs=rounds,
        patience=int(probe.patience),
        clip=probe.clip,
        schedule=f"plateau(wait={int(probe.wait)})",
    )


def found(member: Member, rounds: Steps, network: SpanNetwork) -> dict[str, Any]:
    """What training found, as rows tell it."""
    progress = member.progress
    info: dict[str, Any] = {
        "steps": rounds.steps_until(progress.epoch),
        "best_step": rounds.steps_until(progress.best_epoch),
        # The steps that it might have taken, and whether the best of those taken were all: it may have gone on rising.
        "budget": rounds.total,
        "best_is_last": progress.best_epoch == progress.epoch,
        "validated_every": rounds.every,
        "stopped": progress.stopped,
        "dev_micro_f1": -progress.best_loss,
        "parameters": sum(p.numel() for p in member.module.parameters() if p.requires_grad),
        "input_width": network.trunk.in_features,
    }
    if len(network.mix.scalars) > 1:
        info["layer_weights"] = [round(weight, 6) for weight in network.mix.weights.tolist()]
    return info


def span_loss(network: SpanNetwork, batch: tuple[list[SpanBatch], torch.Tensor]) -> torch.Tensor:
    """Binary cross-entropy of every label, averaged over labels and examples; it holds the sigmoid itself."""
    return functional.binary_cross_entropy_with_logits(network(batch[0]), batch[1])


def losses_together(networks: Sequence[SpanNetwork], batch: tuple[list[SpanBatch], torch.Tensor]) -> torch.Tensor:
    """`span_loss` of each network, (m,)."""
    scores = scores_together(networks, batch[0])
    gold = batch[1].expand_as(scores)
    return functional.binary_cross_entropy_with_logits(scores, gold, reduction="none").mean((1, 2))


@dataclass
class FittedSpans:
    """A trained network of one span method, and what its training found."""

    method: str
    network: SpanNetwork
    info: dict[str, Any] = field(default_factory=dict)

    def predict(self, tokens: SpanTokens, rows: np.ndarray) -> np.ndarray:
        """Probability of every label for some units, (len(rows), K) float32."""
        self.network.eval()
        found = []
        with torch.no_grad():
            for start in range(0, len(rows), _ANSWERED_AT_ONCE):
                part = tokens.batch(rows[start : start + _ANSWERED_AT_ONCE], self.network.reads == "ends")
                found.append(torch.sigmoid(self.network(part)).cpu().numpy())
        return np.concatenate(found)


class Rounds:
    """The steps of training, cut into rounds between two looks at the development units.

    A step takes `batch` units; passes over the units follow each other without a seam. `rounds[r]` gives the rows of
    each step of round r; the last round may be shorter.
    """

    def __init__(self, rows: np.ndarray, batch: int, every: int, passes: int, seed: int) -> None:
        self.rows, self.batch, self.seed = rows, batch, seed
        self.per_pass = -(-len(rows) // batch)
        self.every = min(every, self.per_pass)
        self.total = passes * self.per_pass

    def __len__(self) -> int:
        return -(-self.total // self.every)

    def steps_until(self, number: int) -> int:
        """Steps before the end of the first `number` rounds."""
        return min(number * self.every, self.total)

    def __getitem__(self, number: int) -> Iterator[np.ndarray]:
        first, end = self.steps_until(number), self.steps_until(number + 1)
        for one in range(first // self.per_pass, -(-end // self.per_pass)):
            for place, chosen in enumerate(shuffled(len(self.rows), self.batch, one, self.seed)):
                if first <= one * self.per_pass + place < end:
                    yield self.rows[chosen]


def micro_f1(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Micro-averaged F over all (unit, label) decisions, 0 where nothing is right: what training is stopped on."""
    fired = probabilities > THRESHOLD
    right = int((fired & targets).sum())
    return 2 * right / max(int(fired.sum()) + int(targets.sum()), 1)
