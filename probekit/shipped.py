"""Experiments and paper figures that travel inside the package, by name."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from probekit.errors import UnknownName

EXPERIMENTS = "probekit.experiments"
FIGURES = "probekit.paper_figures"


def names(package: str) -> list[str]:
    """Names in a package: hyphen in the name, underscore in the file; files that begin with one are not meant."""
    found = [m.name for m in pkgutil.iter_modules(importlib.import_module(package).__path__) if not m.ispkg]
    return sorted(name.replace("_", "-") for name in found if not name.startswith("_"))


def experiment(name: str) -> ModuleType:
    """Module of an experiment: `grids(**axes)`, and `finish(folder)` where it draws something itself."""
    return _module(EXPERIMENTS, "experiment", name)


def figure(name: str) -> ModuleType:
    """Module of a paper's figures: `draw(results, out)`."""
    return _module(FIGURES, "figures of the study", name)


def _module(package: str, kind: str, name: str) -> ModuleType:
    known = names(package)
    if name not in known:
        raise UnknownName(kind, name, known)
    return importlib.import_module(f"{package}.{name.replace('-', '_')}")
