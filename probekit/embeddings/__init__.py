"""Operations on word-vector tables: each takes a table and gives one, and is a step of a table's spec."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probekit.embeddings.projection import project, refine

_WHERE = {"project": "probekit.embeddings.projection", "refine": "probekit.embeddings.projection"}

__all__ = ["project", "refine"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'probekit.embeddings' has no attribute '{name}'")
