"""Does attention matter to a classifier, and what makes it matter: regularizers and measures (Tutek and Snajder 2020).

view = attention.view_of(load_classifier(folder))       # any classifier that shows its attention weights
attention.report(view, texts, labels)                   # every measure, as a list of rows
attention.regularizers.get("tying")(delta=1)            # what training adds to an attention classifier
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from probekit.learners.catalogue import regularizers

if TYPE_CHECKING:
    from probekit.attention.reporting import report
    from probekit.attention.views import view_of

_WHERE = {"report": "probekit.attention.reporting", "view_of": "probekit.attention.views"}
__all__ = ["regularizers", "report", "view_of"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'probekit.attention' has no attribute '{name}'")
