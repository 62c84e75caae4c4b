"""Span methods by spec. Naming one loads no torch; `span_vectors` holds the modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probekit.errors import ProbekitError
from probekit.probes.catalogue import span_methods
from probekit.registry import Entry
from probekit.sources import Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest

if TYPE_CHECKING:
    from probekit.probes.span_vectors import SpanMethod

# The six of the study, and the two groups that its analysis sets against each other.
METHODS = ("avg", "attn", "max", "endpoint", "diffsum", "coherent")
BOUNDARY, ENTIRE = ("endpoint", "diffsum", "coherent"), ("avg", "attn", "max")


def pooling_of(method: str) -> str:
    """The pooling of a row, `span(max)`, from a method by name (`max`, `coherent(split=quarter)`) or as a pooling.

    Raises UnknownName for a method or option that is not there.
    """
    name, options = _read(method)
    if options:
        options = dict(
            resolve(Spec(name, None, (), options), span_methods.get(name), "span method", ("d",)).written.kwargs
        )
    return str(Spec("span", None, (name,), options))


def make_method(method: str, d: int) -> SpanMethod:
    """The module of a method for token vectors of d units. Raises as `pooling_of`."""
    name, options = _read(method)
    return span_methods.get(name)(d, **options)


def method_entry(method: str) -> Entry[type[SpanMethod]]:
    """What is registered under the name of a method."""
    return span_methods.entry(_read(method)[0])


def describe(method: str | Spec) -> Source:
    """The source of a method, by name or as a pooling. Raises as `pooling_of`."""
    entry, text = method_entry(str(method)), pooling_of(str(method))
    return Source(text, text, digest([text, entry.revision]), modules=modules_of(entry))


def _read(method: str) -> tuple[str, dict[str, Any]]:
    """Name and options of a method; a name that is not registered is refused without loading anything."""
    spec = parse(method)
    if spec.name == "span" and spec.target is None:
        if len(spec.args) != 1 or not isinstance(spec.args[0], str):
            raise ProbekitError(f"'{method}' names no span method; write span(max), one of {', '.join(METHODS)}")
        spec = Spec(spec.args[0], None, (), spec.kwargs)
    span_methods.entry(spec.head)
    if not spec.args and not spec.kwargs:
        return spec.head, {}
    return spec.head, dict(resolve(spec, span_methods.get(spec.head), "span method", ("d",)).given)
