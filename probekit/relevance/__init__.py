"""Which inputs a model relied on: layer-wise relevance propagation by named rules, other explainers, their measures.

relevance.explain(module, inputs, targets, method="lrp", rules="lrp")      # any torch network of known layers
relevance.explain(module, inputs, targets, method="gradient")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from probekit.relevance.catalogue import handlers, methods, presets, reductions, rules

if TYPE_CHECKING:
    from probekit.relevance.explanation import Explanation, explain
    from probekit.relevance.texts import explain_texts, tokens_table

_WHERE = {
    "Explanation": "probekit.relevance.explanation", "explain": "probekit.relevance.explanation",
    "explain_texts": "probekit.relevance.texts", "tokens_table": "probekit.relevance.texts",
}  # fmt: skip

__all__ = [
    "Explanation",
    "explain",
    "explain_texts",
    "handlers",
    "methods",
    "presets",
    "reductions",
    "rules",
    "tokens_table",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'probekit.relevance' has no attribute '{name}'")
