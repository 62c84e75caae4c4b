"""What is registered in this room: probes and span methods. A probe is described with none of its libraries loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from probekit.registry import Registry
from probekit.sources import Source, modules_of, parameters, resolve
from probekit.specs import Spec, parse
from probekit.store import digest

if TYPE_CHECKING:
    from probekit.probes.probe import AnyProbe
    from probekit.probes.span_vectors import SpanMethod

registry: Registry[type[AnyProbe]] = Registry("probe", "probekit.probes.probe:AnyProbe")
for _name, _place, _revision, _summary in (
    (
        "linear-svr",
        "linear_svr:LinearSVR",
        2,
        "Linear support vector regression at its exact optimum, all targets jointly, gap certified",
    ),
    (
        "linear-svr-liblinear",
        "liblinear:LiblinearSVR",
        1,
        "scikit-learn's LinearSVR at its defaults, one regressor a target, convergence noted",
    ),
    ("ridge", "ridge:Ridge", 1, "Ridge regression in closed form, the penalty chosen inside the training rows"),
    (
        "logistic",
        "logistic:Logistic",
        2,
        "Multinomial logistic regression, C chosen on development data along a warm-started path",
    ),
    ("mlp", "mlp:MLP", 1, "Multilayer perceptron for numbers or labels, stopped early on development data"),
    (
        "span-mlp",
        "span_mlp:SpanMLP",
        1,
        "Projection, span method and perceptron over the token vectors of spans, one sigmoid a label",
    ),
    ("nearest", "nearest:Nearest", 1, "Nearest neighbours by cosine, votes weighed by the sizes of classes"),
    (
        "online-code",
        "code_length:OnlineCode",
        1,
        "Online (prequential) code length of the labels in bits, with any label probe inside",
    ),
):
    registry.add(_name, f"probekit.probes.{_place}", _revision, _summary)

span_methods: Registry[type[SpanMethod]] = Registry("span method", "probekit.probes.span_vectors:SpanMethod")
for _name, _target, _summary in (
    ("avg", "Average", "mean of the tokens"),
    ("attn", "Attention", "mean weighted by a learned attention vector"),
    ("max", "Maximum", "component-wise maximum of the tokens"),
    ("endpoint", "Endpoint", "first and last token side by side"),
    ("diffsum", "DiffSum", "sum and difference of last and first token"),
    ("coherent", "Coherent", "parts of both ends and one product of parts: coherent(split=quarter)"),
    ("endpoint+attn", "EndpointAttention", "first and last token beside the mean weighted by attention"),
):
    span_methods.add(_name, f"probekit.probes.span_vectors:{_target}", summary=_summary)


@dataclass(frozen=True)
class ProbeSource(Source):
    """What is known of a probe before it is fitted (see `Source`): its class, hyperparameters, the kinds of task it
    `answers` and what it `takes`."""

    component: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    answers: frozenset[str] = frozenset()
    takes: str = "vectors"


def describe(spec: str | Spec) -> ProbeSource:
    """The source of a probe, its arguments checked. Raises UnknownName or ProbekitError for what it does not take."""
    spec = parse(spec)
    if spec.target is not None or spec.steps:
        spec = Spec(str(spec))  # no probe has such a name, which is what is to be said
    entry = registry.entry(spec.head)
    component = entry.load()
    arguments = resolve(spec, component, "probe", leave_out=("seed",))
    component(**arguments.given)._check_params()  # values that the probe refuses are refused before any work
    revisions = [entry.revision]
    entries = [entry]
    if "probe" in parameters(component):  # the numbers of a probe with a probe inside are those of both
        inner = registry.entry(parse(str(arguments.options["probe"])).head)
        revisions.append(inner.revision)
        entries.append(inner)
    text = str(arguments.written)
    return ProbeSource(
        text,
        text,
        digest([text, *revisions]),
        modules=modules_of(*entries),
        component=component,
        params=dict(arguments.given),
        answers=frozenset(component.answers),
        takes=component.takes,
    )
