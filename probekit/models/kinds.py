"""Text classifiers by name, as their folders and specs say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probekit.errors import UnknownName

if TYPE_CHECKING:
    from torch import nn

NAMES = ("bilstm", "text-cnn")


def classifier_class(name: str) -> type[nn.Module]:
    """The module of a kind: it takes width, labels and options. Raises UnknownName."""
    from probekit.models.attention_classifier import AttentionClassifier
    from probekit.models.text_cnn import TextCNN

    kinds: dict[str, type[nn.Module]] = {"bilstm": AttentionClassifier, "text-cnn": TextCNN}
    if name not in kinds:
        raise UnknownName("kind of classifier:", str(name), NAMES)
    return kinds[name]
