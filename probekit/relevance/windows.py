"""Texts longer than a classifier reads at once, explained window by window.

A text's score is the mean of its windows' scores, weighted by their words (`learners.windows`). So a word's relevance
is that in its window times the window's share of the text, and what closes in every window closes for the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from probekit.learners.classifier import Classifier
from probekit.learners.classifier_training import predict_logits
from probekit.learners.windows import Windows
from probekit.relevance.texts import TextExplanation

Explain = Callable[[list[list[str]], Any], list[TextExplanation]]


def explain_in_windows(
    classifier: Classifier, windows: Windows, targets: str | Sequence[str], explain: Explain
) -> list[TextExplanation]:
    """Explanations of texts from those of their windows, which `explain` gives for windows and targets.

    targets: "predicted" (by a text's mean scores), "all", a class or several, the same for all texts.
    """
    found = explain(windows.parts, _targets(classifier, windows, targets))
    members: list[list[int]] = [[] for _ in range(int(windows.text[-1]) + 1)]
    for part, text in enumerate(windows.text):
        members[text].append(part)
    labels = classifier.labels
    return [joined([found[part] for part in own], windows.share[own], labels) for own in members]


def _targets(classifier: Classifier, windows: Windows, targets: str | Sequence[str]) -> Any:
    """Targets as those of the windows: each window is asked about the class that its text is given."""
    if not isinstance(targets, str):
        return [targets] * len(windows.parts)
    if targets != "predicted" or targets in classifier.labels or not windows.some:
        return targets
    best = windows.mean(predict_logits(classifier, windows.parts)).argmax(axis=1)
    return [classifier.labels[k] for k in best[windows.text]]


def joined(parts: Sequence[TextExplanation], share: np.ndarray, labels: Sequence[str]) -> TextExplanation:
    """The explanation of one text from those of its windows, each with its share of the text's words."""
    if len(parts) == 1:
        return parts[0]

    def mean(values: Sequence[Any]) -> Any:
        return sum(weight * value for weight, value in zip(share, values, strict=True))

    logits = mean([one.logits for one in parts])
    places = dict.fromkeys(name for one in parts for name in one.kept)
    return TextExplanation(
        tuple(word for one in parts for word in one.words),
        parts[0].classes,
        mean([one.scores for one in parts]),
        np.concatenate([weight * one.relevance for weight, one in zip(share, parts, strict=True)], axis=1),
        mean([one.special for one in parts]),
        {name: mean([one.kept.get(name, 0.0) for one in parts]) for name in places},
        mean([one.gap for one in parts]),
        logits,
        labels[int(logits.argmax())],
        parts[0].method,
    )
