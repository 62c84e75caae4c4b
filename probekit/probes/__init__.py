"""What answers: probes by name. They read frozen vectors and never change an encoder."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from probekit.probes.catalogue import ProbeSource, describe, registry, span_methods

if TYPE_CHECKING:
    from probekit.probes.probe import AnyProbe

__all__ = ["ProbeSource", "describe", "get", "list", "register", "registry", "span_methods"]


def get(name: str) -> type[Any]:
    """The probe class registered under a name. Raises UnknownName with the nearest known names."""
    return registry.get(name)


def list(pattern: str = "*") -> builtins.list[str]:
    """Names of the registered probes that match a shell pattern."""
    return registry.names(pattern)


def register(name: str, revision: int = 1, summary: str = "") -> Callable[[type[AnyProbe]], type[AnyProbe]]:
    """Class decorator that registers a probe. Raises ProbekitError for a taken name and for a class that is none."""
    return registry.register(name, revision, summary)
