"""The one call: relevance of inputs for classes, by any method, with what closes the sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from probekit.errors import ProbekitError
from probekit.relevance.catalogue import read_explainer
from probekit.relevance.flow import Choose, Documents
from probekit.specs import Spec

Tensor = torch.Tensor


@dataclass
class Explanation:
    """Relevance of every input for the classes asked for, and the account of the score.

    relevance: (B, ...) as the inputs, or (B, C, ...) where several classes a document were asked for; `targets`,
    `score` (the class's logit), `total` (sum of relevance) and `kept` (what stayed with biases and other named places)
    are (B,) or (B, C); logits: (B, K). For LRP score = total + sum of kept + gap, and gap is rounding; other methods
    have no such account.
    """

    relevance: Tensor
    targets: Tensor
    score: Tensor
    total: Tensor
    logits: Tensor
    kept: dict[str, Tensor] = field(default_factory=dict)
    method: str = "lrp"

    @property
    def gap(self) -> Tensor:
        """What relevance and named shares leave unexplained of the score, float64."""
        return self.score.double() - self.total - sum(self.kept.values(), torch.zeros_like(self.total))

    @property
    def predicted(self) -> Tensor:
        """Class of the highest logit, (B,)."""
        return self.logits.argmax(1)


def explain(
    module: nn.Module,
    inputs: Tensor | np.ndarray,
    targets: str | int | Sequence[Any] | Tensor | np.ndarray = "predicted",
    method: str | Spec = "lrp",
    *,
    rules: Any = None,
    forward: Callable[..., Tensor] | None = None,
    extra: Sequence[Any] = (),
    batch: int | None = None,
    **options: Any,
) -> Explanation:
    """Explain a network's logits by its inputs.

    module: a network in evaluation mode; module(inputs, *extra) gives logits (B, K), before any softmax. inputs:
    (B, ...) float32 or float64. targets: "predicted", "all", a class for all documents, (B,) one class each or (B, C)
    several each; all classes of a document share the forward pass. method: the spec of an explainer, a name of
    `relevance.methods` with options. rules: for LRP, a preset, a rule, rules of single layers after |, or a mapping
    from layers or kinds of layers to rules (`catalogue.find_preset`).
    forward: a function(inputs, *extra) that gives the logits through the module, where calling the module does not.
    extra: its further arguments, tensors by document (masks). batch: documents at a time (memory); None for all.
    options: further options of the method. Raises ProbekitError for a module in training mode, a layer without a rule,
    probabilities in place of logits, inputs that are not finite, and classes that do not exist.
    """
    check_module(module)
    x = check_inputs(inputs)
    wanted = check_targets(targets, len(x))
    if rules is not None:
        options = {**options, "rules": rules}
    entry, arguments = read_explainer(method, options)
    run = entry.load()
    size = max(1, batch or len(x))
    parts = []
    for start in range(0, len(x), size):
        rows = slice(start, min(start + size, len(x)))
        more = tuple(a[rows] if isinstance(a, Tensor) and len(a) == len(x) else a for a in extra)
        given = Documents(x[rows], _asking(forward or module, more), start)
        parts.append(run(module, given, chooser(wanted, rows), **arguments.given))
    found = torch.cat([p.relevance for p in parts])
    logits, chosen = torch.cat([p.logits for p in parts]), torch.cat([p.classes for p in parts])
    names = sorted({name for p in parts for name in p.kept})
    nothing = [torch.zeros_like(p.classes, dtype=torch.float64) for p in parts]
    kept = {n: torch.cat([p.kept.get(n, zero) for p, zero in zip(parts, nothing, strict=True)]) for n in names}
    score, total = logits.gather(1, chosen), found.double().flatten(2).sum(2)
    if (not isinstance(wanted, str) and wanted.ndim == 1) or wanted == "predicted":
        found, chosen, score, total = found[:, 0], chosen[:, 0], score[:, 0], total[:, 0]
        kept = {name: amount[:, 0] for name, amount in kept.items()}
    return Explanation(found, chosen, score, total, logits, kept, str(method))


def _asking(network: Callable[..., Tensor], more: tuple[Any, ...]) -> Callable[[Tensor], Tensor]:
    return lambda x: network(x, *more)


def check_module(module: Any) -> None:
    """Refuse what is no network, and a network in training mode."""
    if not isinstance(module, nn.Module):
        raise ProbekitError(f"a torch module is explained, got {type(module).__name__}")
    training = [name or type(module).__name__ for name, part in module.named_modules() if part.training]
    if training:
        raise ProbekitError(f"'{training[0]}' is in training mode (dropout would be explained); call .eval() first")


def check_inputs(inputs: Any) -> Tensor:
    """Inputs as a tensor of floats, all finite. Raises ProbekitError naming the document."""
    x = torch.as_tensor(inputs)
    if x.dtype not in (torch.float32, torch.float64) or x.ndim < 2:
        raise ProbekitError(
            f"inputs must be (documents, ...) of float32 or float64, got {x.dtype} of shape {tuple(x.shape)}; "
            "give vectors, not ids"
        )
    if not len(x):
        raise ProbekitError("no documents to explain")
    fine = torch.isfinite(x).flatten(1)
    if not bool(fine.all()):
        document = int((~fine.all(1)).nonzero()[0])
        place = np.unravel_index(int((~fine[document]).nonzero()[0]), x.shape[1:])
        raise ProbekitError(
            f"inputs hold {float(x[document][place])} in document {document}, at {tuple(map(int, place))} (from 0)"
        )
    return x


def check_targets(targets: Any, documents: int) -> str | Tensor:
    """Targets as "predicted", "all" or integers (B,) or (B, C)."""
    if isinstance(targets, str):
        if targets not in ("predicted", "all"):
            raise ProbekitError(f"targets are 'predicted', 'all' or class numbers, got '{targets}'")
        return targets
    wanted = torch.as_tensor(np.asarray(targets))
    if wanted.dtype.is_floating_point or wanted.dtype in (torch.bool, torch.complex64) or wanted.ndim > 2:
        raise ProbekitError(f"targets must be whole numbers, (B,) or (B, C), got {wanted.dtype}")
    wanted = wanted.to(torch.int64)
    if wanted.ndim == 0:
        wanted = wanted.expand(documents)
    if len(wanted) != documents:
        raise ProbekitError(f"{documents} documents but {len(wanted)} targets")
    if wanted.ndim == 2 and not wanted.shape[1]:
        raise ProbekitError("targets name no class")
    return wanted


def chooser(wanted: str | Tensor, rows: slice) -> Choose:
    """A function from logits (B, K) to the classes asked for (B, C); it refuses logits that are none."""

    def choose(logits: Tensor) -> Tensor:
        check_logits(logits)
        documents, classes = logits.shape
        if wanted == "all":
            return torch.arange(classes, device=logits.device).expand(documents, classes)
        if isinstance(wanted, str):
            return logits.detach().argmax(1, keepdim=True)
        chosen = wanted[rows].to(logits.device)
        outside = (chosen < 0) | (chosen >= classes)
        if bool(outside.any()):
            raise ProbekitError(
                f"target class {int(chosen[outside][0])} does not exist: the network has {classes} classes, 0 to "
                f"{classes - 1}"
            )
        return chosen if chosen.ndim == 2 else chosen[:, None]

    return choose


def check_logits(logits: Any) -> None:
    """Refuse outputs that are no logits (B, K): other shapes, what is not finite, (log-)probabilities."""
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ProbekitError(f"the network must give logits (documents, classes), got {shape}")
    values = logits.detach().double()
    if not bool(torch.isfinite(values).all()):
        raise ProbekitError("the network gives logits that are not finite; its weights or inputs are broken")
    if values.shape[1] > 1 and bool((values >= 0).all()) and _close(values.sum(1), 1):
        raise ProbekitError("the network gives probabilities; scores are explained: take the logits before the softmax")
    if values.shape[1] > 1 and _close(values.logsumexp(1), 0):
        raise ProbekitError("the network gives log-probabilities; take the logits before the log-softmax")


def _close(values: Tensor, to: float) -> bool:
    return bool(((values - to).abs() < 1e-5).all())
