"""Word-vector tables: kinds, files, steps, and what is asked of words alone."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from probekit.embeddings.catalogue import kinds

if TYPE_CHECKING:
    from probekit.embeddings.projection import project, refine
    from probekit.embeddings.tables import describe_table, load_table, transform

_WHERE = {
    "describe_table": "probekit.embeddings.tables",
    "load_table": "probekit.embeddings.tables",
    "project": "probekit.embeddings.projection",
    "refine": "probekit.embeddings.projection",
    "transform": "probekit.embeddings.tables",
}

__all__ = ["describe_table", "kinds", "load_table", "project", "refine", "transform"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'probekit.embeddings' has no attribute '{name}'")
