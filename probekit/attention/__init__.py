"""Does attention matter to a classifier, and what makes it matter: regularizers and measures (Tutek and Snajder 2020).

view = attention.view_of(load_classifier(folder))       # any classifier that shows its attention weights
attention.report(view, texts, labels)                   # every measure, as a list of rows
attention.regularizers.get("tying")(delta=1)            # what training adds to an attention classifier
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from probekit.registry import Registry

if TYPE_CHECKING:
    from probekit.learners.objectives import Regularizer
    from probekit.attention.reporting import report
    from probekit.attention.views import view_of

# A class with options; see `Regularizer`.
regularizers: Registry[type[Regularizer]] = Registry("attention regularizer")
_HOME = "probekit.learners.objectives"
regularizers.add("base", f"{_HOME}:Regularizer", summary="Nothing is added: the plain classifier")
regularizers.add("concat", f"{_HOME}:Concat", summary="States are followed by the embedding of their word")
regularizers.add("residual", f"{_HOME}:Residual", summary="The embedding of its word is added to each state")
regularizers.add("tying", f"{_HOME}:Tying", summary="Squared distance of states and embeddings, weighed by delta")
regularizers.add("mlm", f"{_HOME}:MaskedLanguageModel", summary="Masked words are told from states, weighed by eta")

_WHERE = {"report": "probekit.attention.reporting", "view_of": "probekit.attention.views"}
__all__ = ["regularizers", "report", "view_of"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'probekit.attention' has no attribute '{name}'")
