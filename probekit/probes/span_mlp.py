"""The span probe: what it is set to. `span_training` trains it; naming it loads no torch."""

from __future__ import annotations

from typing import ClassVar

from probekit.errors import ProbekitError, UnknownName
from probekit.probes.probe import AnyProbe, check_positive
from probekit.values import Count, LessThanAll, Positive, Rate

UNSEEN = ("refuse", "miss")


class SpanMLP(AnyProbe):
    """Projection, span method and perceptron on frozen token vectors (Toshniwal et al. 2020, sections 2-5).

    One sigmoid a label; the loss is binary cross-entropy averaged over labels and examples. Trained with Adam, looked
    at on the development units every `every` steps, the best weights by their micro-F kept.

    projection, hidden: widths. dropout: before the last layer. per_label: a perceptron for every label. rate, batch,
    clip (largest norm of a gradient): of the optimiser. every: steps between two looks, at most one pass over the data.
    wait: looks without improvement that halve the rate. patience: looks without improvement that end it. passes: most
    passes over the training units. unseen: labels that no training unit has are an error ("refuse"), or count as missed
    ("miss"). The defaults are the paper's and, where it says nothing (clip, passes), its code's.
    """

    takes: ClassVar[str] = "spans"
    answers: ClassVar[frozenset[str]] = frozenset({"label", "labels"})

    def __init__(
        self,
        *,
        projection: Count = 256,
        hidden: Count = 256,
        dropout: LessThanAll = 0.3,
        per_label: bool = False,
        rate: Rate = 5e-4,
        batch: Count = 64,
        clip: Positive = 5.0,
        every: Count = 1000,
        wait: Count = 5,
        patience: Count = 20,
        passes: Count = 20,
        unseen: str = "refuse",
        seed: int = 0,
    ) -> None:
        self.projection = projection
        self.hidden = hidden
        self.dropout = dropout
        self.per_label = per_label
        self.rate = rate
        self.batch = batch
        self.clip = clip
        self.every = every
        self.wait = wait
        self.patience = patience
        self.passes = passes
        self.unseen = unseen
        self.seed = seed

    def _check_params(self) -> None:
        for name in ("projection", "hidden", "batch", "every", "wait", "patience", "passes"):
            if check_positive(name, getattr(self, name)) % 1:
                raise ProbekitError(f"{name} must be an integer, got {getattr(self, name)!r}")
        for name in ("rate", "clip"):
            check_positive(name, getattr(self, name))
        if not 0 <= self.dropout < 1:
            raise ProbekitError(f"dropout must be at least 0 and less than 1, got {self.dropout!r}")
        if self.unseen not in UNSEEN:
            raise UnknownName("value of unseen:", str(self.unseen), UNSEEN)
