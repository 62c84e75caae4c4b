"""What answers: probes by name. They read frozen vectors and never change an encoder."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from probekit.probes.span_names import span_methods as span_methods
from probekit.registry import Registry

if TYPE_CHECKING:
    from probekit.probes.probe import Probe

registry: Registry[type[Probe]] = Registry("probe")

_NUMBER, _LABEL = ("number",), ("label",)

registry.add(
    "linear-svr",
    "probekit.probes.linear_svr:LinearSVR",
    revision=2,
    summary="Linear support vector regression at its exact optimum, all targets jointly, gap certified",
    answers=_NUMBER,
    takes="vectors",
)
registry.add(
    "linear-svr-liblinear",
    "probekit.probes.liblinear:LiblinearSVR",
    revision=1,
    summary="scikit-learn's LinearSVR at its defaults, one regressor a target, convergence noted",
    answers=_NUMBER,
    takes="vectors",
)
registry.add(
    "ridge",
    "probekit.probes.ridge:Ridge",
    revision=1,
    summary="Ridge regression in closed form, the penalty chosen inside the training rows",
    answers=_NUMBER,
    takes="vectors",
)
registry.add(
    "logistic",
    "probekit.probes.logistic:Logistic",
    revision=1,
    summary="Multinomial logistic regression, C chosen on development data along a warm-started path",
    answers=_LABEL,
    takes="vectors",
)
registry.add(
    "mlp",
    "probekit.probes.mlp:MLP",
    revision=1,
    summary="Multilayer perceptron for numbers or labels, stopped early on development data",
    answers=_NUMBER + _LABEL,
    takes="vectors",
)
registry.add(
    "span-mlp",
    "probekit.probes.span_mlp:SpanMLP",
    revision=1,
    summary="Projection, span method and perceptron over the token vectors of spans, one sigmoid a label",
    answers=("label", "labels"),
    takes="spans",
)
registry.add(
    "online-code",
    "probekit.probes.code_length:OnlineCode",
    revision=1,
    summary="Online (prequential) code length of the labels in bits, with any label probe inside",
    answers=_LABEL,
    takes="vectors",
)


def get(name: str) -> type[Probe]:
    """The probe class registered under a name. Raises UnknownName with the nearest known names."""
    return registry.get(name)


def list(pattern: str = "*") -> builtins.list[str]:
    """Names of the registered probes that match a shell pattern."""
    return registry.names(pattern)


def register(name: str, revision: int = 1, summary: str = "", **meta: Any) -> Callable[[type[Probe]], type[Probe]]:
    """Class decorator that registers a probe. Raises ProbekitError when the name is taken."""
    return registry.register(name, revision, summary, **meta)
