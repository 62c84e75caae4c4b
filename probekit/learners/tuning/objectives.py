"""Objectives of tuning: what is made small. Terms are joined by `|`: `cross-entropy|virtual(radius=0.01)`.

A term is a class with options and `loss(step)`, registered under a name; `step` has the clean answer and makes
perturbed ones (see `perturbing.Pass`). Terms that compare vectors need the head `embedding`.

Label-adversarial and virtual terms: Pereira et al. 2020 (ALICE), after Miyato et al. 2019 and Jiang et al. 2020
(SMART). Losses of the space: Coria et al. 2020; contrastive (Hadsell et al. 2006), triplet (Weinberger and Saul 2009,
with a sigmoid), CoCo (Liu et al. 2017), AAM (Deng et al. 2019), center (Wen et al. 2016).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from probekit.errors import ProbekitError, UnknownName
from probekit.learners.tuning.ball import Ball, Norm, Radius
from probekit.registry import Registry
from probekit.sources import Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Count, NotNegative, OneOf, Positive, Range

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from probekit.learners.tuning.perturbing import Pass

Variant = Annotated[str, OneOf(("printed", "released"))]
Margin = Annotated[float, Range(0, 2)]
ANY, SCORES, SPACE = "any head", "a classifier", "the head embedding"
NEAREST_TO_ONE = 1 - 1e-4  # of a cosine: its arc has no slope at 1


class Term(ABC):
    """One term of an objective; `needs` says of which head, `frozen` which parameters of the head do not learn."""

    needs = ANY
    frozen: tuple[str, ...] = ()
    passes = 1  # of the encoder whose graphs are held at once

    @abstractmethod
    def loss(self, step: Pass) -> Tensor | None:
        """The mean of a batch; None adds nothing."""


class CrossEntropy(Term):
    """Loss of the task on clean texts: cross-entropy, squared error of numbers."""

    def __init__(self, weight: NotNegative = 1.0) -> None:
        self.weight = weight

    def loss(self, step: Pass) -> Tensor | None:
        """See `Term`."""
        from probekit.learners.tuning.perturbing import loss_of

        return weighted(self.weight, lambda: loss_of(step.clean.scores, step.given))


class _Perturbed(Term):
    needs = SCORES
    passes = 2

    def __init__(
        self,
        radius: Radius = 0.01,
        weight: NotNegative = 1.0,
        steps: Count = 1,
        step: Radius | None = None,
        noise: NotNegative = 0.1,
        norm: Norm = "inf",
    ) -> None:
        self.weight = weight
        self.ball = Ball(radius, steps, step, noise, norm)


class LabelAdversarial(_Perturbed):
    """Loss of the task where input vectors are moved, within a ball, in the direction that hurts the label most."""

    def loss(self, step: Pass) -> Tensor | None:
        """See `Term`."""
        from probekit.learners.tuning.perturbing import loss_of

        def found() -> Tensor:
            moved = step.raised(self.ball, lambda scores: loss_of(scores, step.given))
            return loss_of(step.answer(step.vectors + moved).scores, step.given)

        return weighted(self.weight, found)


class Virtual(_Perturbed):
    """Symmetric KL of the answers to clean and moved vectors, moved where the clean answer changes most.

    Each side is detached in turn. With dropout the two passes have masks of their own.
    """

    def loss(self, step: Pass) -> Tensor | None:
        """See `Term`."""
        from probekit.learners.tuning.perturbing import divergence

        def found() -> Tensor:
            clean = step.clean.scores
            moved = step.raised(self.ball, lambda scores: divergence(clean.detach(), scores, step.given))
            other = step.answer(step.vectors + moved).scores
            given = step.given
            return divergence(clean.detach(), other, given) + divergence(other.detach(), clean, given)

        return weighted(self.weight, found)


class _Space(Term):
    needs = SPACE

    def of_labels(self, step: Pass) -> tuple[Tensor, Tensor]:
        if step.given.kind not in ("label", "tags"):
            raise ProbekitError(f"losses of the space of vectors are for tasks of one label, not of {step.given.kind}")
        return step.clean.vectors, step.given.gold

    def head(self, step: Pass) -> Any:
        return step.network.heads[step.given.task]


class Contrastive(_Space):
    """Distances D = 1 - cos of all pairs of a batch: D^2 of one class, max(margin - D, 0)^2 of two, the mean of pairs.

    variant: `released` is half of D and of max(margin - D, 0), as the authors' code has it.
    """

    def __init__(self, margin: Margin = 0.25, variant: Variant = "printed") -> None:
        self.margin, self.variant = margin, variant

    def loss(self, step: Pass) -> Tensor:
        """See `Term`."""
        import torch

        vectors, gold = self.of_labels(step)
        rows, columns = torch.triu_indices(len(gold), len(gold), 1)
        distance = 1 - cosines(vectors, vectors)[rows, columns]
        same = gold[rows] == gold[columns]
        found = torch.where(same, distance, (self.margin - distance).clamp(min=0))
        found = found / 2 if self.variant == "released" else found.square()
        return found.sum() / max(len(rows), 1)


class Triplet(_Space):
    """Sigmoid of scale (cos of anchor and another class - cos of anchor and its own), the mean of valid triplets."""

    def __init__(self, scale: Positive = 10.0) -> None:
        self.scale = scale

    def loss(self, step: Pass) -> Tensor:
        """See `Term`. Zero, with a gradient of zero, where no two texts are of one class."""
        import torch

        vectors, gold = self.of_labels(step)
        likeness = cosines(vectors, vectors)
        same = gold[:, None] == gold[None, :]
        own = same & ~torch.eye(len(gold), dtype=torch.bool)
        valid = own[:, :, None] & ~same[:, None, :]
        found = (self.scale * (likeness[:, None, :] - likeness[:, :, None])).sigmoid()
        return (found * valid).sum() / valid.sum().clamp(min=1)


class CoCo(_Space):
    """Congenerous cosine: cross-entropy of scale times the cosines of vectors and the rows of classes."""

    def __init__(self, scale: Positive = 10.0) -> None:
        self.scale = scale

    def loss(self, step: Pass) -> Tensor:
        """See `Term`."""
        from torch.nn.functional import cross_entropy

        vectors, gold = self.of_labels(step)
        return cross_entropy(self.scale * cosines(vectors, self.head(step).rows), gold)


class AdditiveAngularMargin(_Space):
    """As CoCo, the angle to the row of the right class made larger by a margin, in radians."""

    def __init__(self, scale: Positive = 100.0, margin: Margin = 0.05) -> None:
        self.scale, self.margin = scale, margin

    def loss(self, step: Pass) -> Tensor:
        """See `Term`. Angles of cosines beyond 1 - 1e-4 count as that, since their slope is without bounds."""
        import torch
        from torch.nn.functional import cross_entropy

        vectors, gold = self.of_labels(step)
        likeness = cosines(vectors, self.head(step).rows)
        if self.margin:
            right = likeness.gather(1, gold[:, None]).clamp(-NEAREST_TO_ONE, NEAREST_TO_ONE)
            likeness = likeness.scatter(1, gold[:, None], torch.cos(torch.acos(right) + self.margin))
        return cross_entropy(self.scale * likeness, gold)


class Center(_Space):
    """Cross-entropy and weight / 2 times the mean of (1 - cos of vector and the centre of its class)^2.

    variant: `released` leaves the centres where they were drawn, as the authors' code does.
    """

    def __init__(self, weight: NotNegative = 1.0, variant: Variant = "printed") -> None:
        self.weight, self.variant = weight, variant
        self.frozen = ("centres",) if variant == "released" else ()

    def loss(self, step: Pass) -> Tensor:
        """See `Term`."""
        from torch.nn.functional import cross_entropy, normalize

        vectors, gold = self.of_labels(step)
        found = cross_entropy(step.clean.scores, gold)
        if self.weight:
            likeness = (normalize(vectors, dim=1) * normalize(self.head(step).centres[gold], dim=1)).sum(1)
            found = found + self.weight / 2 * (1 - likeness).square().mean()
        return found


def cosines(left: Tensor, right: Tensor) -> Tensor:
    """Cosines (n, m) of rows."""
    from torch.nn.functional import normalize

    return normalize(left, dim=1) @ normalize(right, dim=1).T


def weighted(weight: float, value: Callable[[], Tensor]) -> Tensor | None:
    """Weight times a value, which is not computed, nor its noise drawn, where the weight is 0."""
    if not weight:
        return None
    found = value()
    return found if weight == 1 else weight * found


# --- by name

registry: Registry[type[Term]] = Registry("tuning objective", "probekit.learners.tuning.objectives:Term")
_HOME = "probekit.learners.tuning.objectives"
for _name, _target, _summary in (
    ("cross-entropy", "CrossEntropy", "The task's own loss on clean texts"),
    ("label-adversarial", "LabelAdversarial", "The task's loss on vectors moved against the label"),
    ("virtual", "Virtual", "Divergence of the answers to clean and moved vectors"),
    ("contrastive", "Contrastive", "Distances of all pairs of a batch, with a margin"),
    ("triplet", "Triplet", "Anchor, its class, another class: a sigmoid of cosines"),
    ("coco", "CoCo", "Cross-entropy of cosines with a row a class"),
    ("aam", "AdditiveAngularMargin", "CoCo with a margin added to the angle of the right class"),
    ("center", "Center", "Cross-entropy, and vectors drawn to the centre of their class"),
):
    registry.add(_name, f"{_HOME}:{_target}", summary=_summary)


def standard() -> str:
    """The task's own loss."""
    return "cross-entropy"


def adv(radius: Radius = 0.01) -> str:
    """Label-based adversarial training."""
    return f"label-adversarial(radius={radius})"


def smart(radius: Radius = 0.01, alpha: NotNegative = 1.0) -> str:
    """Clean loss and the virtual term (Jiang et al. 2020)."""
    return f"cross-entropy|virtual(radius={radius}, weight={alpha})"


def alice(radius: Radius = 0.01, alpha: NotNegative = 1.0, clean_weight: NotNegative = 0.0) -> str:
    """The label-based and the virtual term (Pereira et al. 2020, equation 2), which has no clean loss."""
    clean = f"cross-entropy(weight={clean_weight})|" if clean_weight else ""
    return f"{clean}label-adversarial(radius={radius})|virtual(radius={radius}, weight={alpha})"


# Names of several terms together.
PRESETS: Mapping[str, Callable[..., str]] = {"standard": standard, "adv": adv, "smart": smart, "alice": alice}


def terms(spec: str | Spec) -> list[Spec]:
    """The terms of an objective, presets written out, options checked and defaults left out."""
    first = parse(spec)
    found: list[Spec] = []
    for step in (first.bare, *first.steps):
        if step.target is not None:
            raise ProbekitError(f"'{step}': an objective is a name with options, such as virtual(radius=0.01)")
        if step.name in PRESETS:
            preset = PRESETS[step.name]
            found += terms(preset(**resolve(step, preset, "tuning objective").options))
        elif step.name not in registry:
            raise UnknownName("tuning objective", step.name, sorted([*registry.names(), *PRESETS]))
        else:
            found.append(resolve(step, registry.get(step.name), "tuning objective").written)
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ProbekitError(f"the objective '{spec}' has the term {twice} twice; give it one weight")
    return found


def read(spec: str | Spec) -> list[tuple[str, Term]]:
    """Terms by name. Raises ProbekitError for terms that need different heads, UnknownName for a name that is none."""
    made = [(one.name, registry.get(one.name)(**resolve(one, registry.get(one.name), "").given)) for one in terms(spec)]
    needs = {term.needs for _, term in made} - {ANY}
    if len(needs) > 1:
        raise ProbekitError(
            f"'{spec}' joins terms that need a classifier with terms of the head embedding; take one kind"
        )
    return made


def head_of(spec: str | Spec, head: str = "") -> str:
    """The head that an objective is for: the one that is asked for, else `embedding` where it compares vectors.

    Raises ProbekitError where the two do not go together.
    """
    needs = {term.needs for _, term in read(spec)} - {ANY}
    found = head or ("embedding" if SPACE in needs else "linear")
    if SPACE in needs and found != "embedding":
        raise ProbekitError(f"'{spec}' compares vectors and needs head=embedding, not head={found}")
    if SCORES in needs and found == "embedding":
        raise ProbekitError(f"'{spec}' needs a classifier, and head=embedding is none; take head=linear or mlp")
    return found


def loss_of_terms(made: Sequence[tuple[str, Term]], step: Pass) -> dict[str, torch.Tensor]:
    """What each term adds on a batch, by name."""
    found = {name: term.loss(step) for name, term in made}
    return {name: value for name, value in found.items() if value is not None}


def describe(spec: str | Spec) -> Source:
    """The source of an objective, presets written out. Raises as `read`."""
    read(spec)
    written = terms(spec)
    entries = [registry.entry(one.name) for one in written]
    text, shown = "|".join(map(str, written)), str(parse(spec))
    key = digest([text, [entry.revision for entry in entries]])
    return Source(text, shown, key, modules=modules_of(*entries))
