"""What ties the states of an attention classifier to their words: connections and additional losses.

A regularizer is named by a spec, several are joined by `|`: `tying(delta=0.3)`, `residual|mlm(eta=1)`. Connections say
how states are made (`join`); losses are added to the classifier's own. Both work with any `bilstm`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from probekit.errors import ProbekitError, UnknownName
from probekit.learners.catalogue import regularizers
from probekit.learners.classifier import MASK, SPECIAL, Labelled
from probekit.sources import Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Positive, Share

if TYPE_CHECKING:
    from torch import Tensor, nn

# Of a module (`embedding`, `body`) on a batch.
LossOf = Callable[["nn.Module", Labelled], "Tensor"]


class Regularizer:
    """The plain classifier; the base of all others."""

    join = "none"

    def loss(self, module: nn.Module, batch: Labelled, vectors: Tensor, raw: Tensor) -> Tensor | None:
        """What is added to the loss of a batch; vectors (B, T, d) of its words, raw (B, T, 2h) LSTM outputs."""
        return None


class Concat(Regularizer):
    """h_t <- [h_t ; e_t]."""

    join = "concat"


class Residual(Regularizer):
    """h_t <- h_t + e_t."""

    join = "residual"


class Tying(Regularizer):
    """delta times the squared distance of the raw LSTM output and the embedding, averaged over all words of the batch.

    With embeddings that learn, the loss can be met by moving them towards the states as well.
    """

    def __init__(self, delta: Positive = 1.0) -> None:
        self.delta = _positive("tying(delta)", delta)

    def loss(self, module: nn.Module, batch: Labelled, vectors: Tensor, raw: Tensor) -> Tensor:
        """See `Regularizer`. Raises ProbekitError where states and embeddings have different widths."""
        _same_width("tying", vectors, raw)
        return self.delta * (raw - vectors)[batch.text.mask].square().sum(dim=1).mean()


class MaskedLanguageModel(Regularizer):
    """eta times the cross-entropy of masked words, told from the states of a second, corrupted pass.

    Each word is chosen with probability p; of the chosen, 80 % become the mask, 10 % another word at random and 10 %
    stay (the usual shares; the paper points to BERT). Scores are products of a state and the input embeddings, which
    learn nothing from it. reduce: "sum" over the masked words of a text, then the mean over texts, as the paper's
    tuning by the length of texts implies; "mean" over masked words.
    """

    def __init__(self, eta: Positive = 1.0, p: Share = 0.15, reduce: str = "sum") -> None:
        self.eta = _positive("mlm(eta)", eta)
        if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 < p < 1:
            raise ProbekitError(f"mlm(p={p!r}) must lie between 0 and 1")
        if reduce not in ("sum", "mean"):
            raise UnknownName("way to reduce the masked losses:", str(reduce), ("sum", "mean"))
        self.p, self.reduce = p, reduce

    def loss(self, module: nn.Module, batch: Labelled, vectors: Tensor, raw: Tensor) -> Tensor:
        """See `Regularizer`. Raises ProbekitError where states and embeddings have different widths."""
        import torch
        from torch.nn.functional import cross_entropy

        _same_width("mlm", vectors, raw)
        weight = module.embedding.weight.detach()  # type: ignore[union-attr, operator]
        ids, mask = batch.text.ids, batch.text.mask
        chosen, corrupted = self.corrupt(ids, mask, module.seen)  # type: ignore[arg-type]
        if not bool(chosen.any()):
            return raw.new_zeros(())
        states = module.body.raw(weight[corrupted], mask)[chosen]  # type: ignore[union-attr, operator]
        scores = states @ weight[len(SPECIAL) : module.seen].T  # type: ignore[misc]
        losses = cross_entropy(scores, ids[chosen] - len(SPECIAL), reduction="none")
        return self.eta * (losses.mean() if self.reduce == "mean" else losses.sum() / len(ids)).to(torch.float32)

    def corrupt(self, ids: Tensor, mask: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        """Which words are to be told (B, T) bool, and ids with most of them replaced, both among the words before
        `rows`, those that training is about. Draws torch's noise."""
        import torch

        chosen = mask & (ids >= len(SPECIAL)) & (ids < rows) & (torch.rand(ids.shape) < self.p)
        kind = torch.rand(ids.shape)
        another = torch.randint(len(SPECIAL), rows, ids.shape)
        corrupted = torch.where(chosen & (kind < 0.8), torch.full_like(ids, MASK), ids)
        return chosen, torch.where(chosen & (kind >= 0.9), another, corrupted)


def _positive(what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ProbekitError(f"{what} must be a number above 0, got {value!r}; base is the classifier without it")
    return float(value)


def _same_width(name: str, vectors: Tensor, raw: Tensor) -> None:
    if vectors.shape[2] != raw.shape[2]:
        raise ProbekitError(
            f"{name} compares states of width {raw.shape[2]} with embeddings of width {vectors.shape[2]}; they must "
            f"be equal: set hidden={vectors.shape[2] // 2} of the bilstm, or take vectors of width {raw.shape[2]}"
        )


# --- specs ----------------------------------------------------------------------------------------------------------


def read(spec: str) -> list[Regularizer]:
    """The regularizers of a spec. Raises UnknownName, and ProbekitError for two connections at once."""
    made = []
    for step in _steps(spec):
        kind = regularizers.get(step.name)
        made.append(kind(**resolve(step, kind, "attention regularizer").given))
    joins = [one.join for one in made if one.join != "none"]
    if len(joins) > 1:
        raise ProbekitError(f"'{spec}' joins states and embeddings in two ways ({' and '.join(joins)}); take one")
    return made


def describe(spec: str | Spec) -> Source:
    """The source of some regularizers, its spec with defaults left out. Raises as `read`."""
    read(str(spec))
    entries = [regularizers.entry(step.name) for step in _steps(spec)]
    steps = [resolve(step, regularizers.get(step.name), "attention regularizer").written for step in _steps(spec)]
    text = "|".join(map(str, steps))
    return Source(text, text, digest([text, [entry.revision for entry in entries]]), modules=modules_of(*entries))


def _steps(spec: str | Spec) -> list[Spec]:
    first = parse(spec)
    return [first.bare, *first.steps]


def joined(model: Spec, spec: str) -> Spec:
    """The spec of a bilstm that is connected as its regularizers ask. Raises ProbekitError for another kind."""
    parts = read(spec)
    if model.name != "bilstm":
        raise ProbekitError(f"regularizers are for attention classifiers (bilstm), not for '{model}'")
    join = next((one.join for one in parts if one.join != "none"), "none")
    if join == "none":
        return model
    return Spec(model.name, None, (), dict(sorted({**model.kwargs, "join": join}.items())))


def loss_of(parts: Sequence[Regularizer]) -> LossOf:
    """Cross-entropy of the classifier and what the regularizers add, from one pass."""
    from torch.nn.functional import cross_entropy

    def loss(module: nn.Module, batch: Labelled) -> Tensor:
        vectors = module.embedding(batch.text.ids)  # type: ignore[operator]
        body, mask = module.body, batch.text.mask
        raw = body.raw(vectors, mask)  # type: ignore[union-attr, operator]
        states = body.joined(raw, vectors)  # type: ignore[union-attr, operator]
        scores = body.decode(states, body.attention(states, mask))  # type: ignore[union-attr, operator]
        total = cross_entropy(scores, batch.gold)
        for part in parts:
            more = part.loss(module, batch, vectors, raw)
            total = total if more is None else total + more
        return total

    return loss
