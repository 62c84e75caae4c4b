"""Texts explained through a classifier: batches of like length, words from pieces, the account by document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from probekit import progress
from probekit.errors import ProbekitError, UnknownName
from probekit.relevance.catalogue import methods, reductions
from probekit.relevance.explanation import Explanation, explain
from probekit.relevance.reduction import to_words
from probekit.specs import parse

if TYPE_CHECKING:
    import pandas as pd

    from probekit.learners.classifier import Classifier, TextBatch

Texts = Sequence[Sequence[str]]
UNITS_AT_ONCE = 2**24  # documents x classes x positions x units of relevance held at a time


def body(classifier: Classifier) -> nn.Module:
    """The part of a classifier that reads vectors: without our own folders' table of embeddings."""
    found = getattr(classifier.module, "body", None)
    return found if isinstance(found, nn.Module) else classifier.module


@dataclass
class TextExplanation:
    """Why a classifier gives a text's classes their scores.

    words; classes: names of the classes explained; scores: their logits (C,); relevance: of every word (C, n_words);
    special: relevance of pieces that belong to no word (C,); kept: what stayed in named places, each (C,); gap: what is
    left (C,), rounding for LRP; logits: of all classes (K,); predicted: the class of the highest.
    """

    words: tuple[str, ...]
    classes: tuple[str, ...]
    scores: np.ndarray
    relevance: np.ndarray
    special: np.ndarray
    kept: dict[str, np.ndarray]
    gap: np.ndarray
    logits: np.ndarray
    predicted: str
    method: str


def explain_texts(
    classifier: Classifier,
    texts: Texts,
    targets: str | Sequence[str] | Sequence[Sequence[str]] = "predicted",
    method: str = "lrp",
    *,
    units: str | None = None,
    pieces: str = "sum",
    rules: Any = None,
    size: int = 64,
    title: str | None = None,
    **options: Any,
) -> list[TextExplanation]:
    """Explain what a classifier says of texts, word by word.

    texts: each a list of words. targets: "predicted", "all", one class name for all texts, a name for each text, or a
    list of names for each. units, pieces: reductions by name (units: the method's own unless given). rules, options: as
    in `relevance.explain`. size: texts a batch; fewer where memory says so.

    Raises ProbekitError for a text of only unknown words, a class the classifier does not have, and what
    `relevance.explain` refuses.
    """
    numbers = class_numbers(targets, classifier.labels, len(texts))
    reduction = units or methods.entry(parse(method).head).meta.get("reduction", "sum")
    reduce = reductions.get(reduction)
    reductions.get(pieces)
    found: list[TextExplanation | None] = [None] * len(texts)
    for rows, batch, one in explained(classifier, texts, numbers, method, rules, size, title, options):
        word = batch.word.numpy()
        flat = reduce(one.relevance.double().numpy())  # (B, C, T)
        inside = batch.content.numpy()
        for place, row in enumerate(rows):
            words = tuple(texts[row])
            classes = [classifier.labels[int(c)] for c in one.targets[place]]
            special = np.where(inside[place] | ~batch.mask[place].numpy(), 0, flat[place]).sum(-1)
            found[row] = TextExplanation(
                words,
                tuple(classes),
                one.score[place].double().numpy(),
                to_words(flat[place], word[place], len(words), pieces),
                special,
                {name: amount[place].numpy() for name, amount in one.kept.items()},
                one.gap[place].numpy(),
                one.logits[place].double().numpy(),
                classifier.labels[int(one.logits[place].argmax())],
                method,
            )
    return [one for one in found if one is not None]


def explained(
    classifier: Classifier,
    texts: Texts,
    numbers: np.ndarray | str,
    method: str,
    rules: Any = None,
    size: int = 64,
    title: str | None = None,
    options: dict[str, Any] | None = None,
) -> Iterator[tuple[np.ndarray, TextBatch, Explanation]]:
    """Raw relevance batch by batch: rows of the texts, their batch, an explanation of vectors (B, C, T, d)."""
    order = np.argsort([-len(words) for words in texts], kind="stable")
    options = dict(options or {})
    if rules is not None:
        options["rules"] = rules
    start = 0
    with progress.bar(len(texts), title or f"explaining by {method}", "text") as shown:
        while start < len(texts):
            rows = order[start : start + size]
            batch = classifier.batch([texts[i] for i in rows])
            with torch.no_grad():
                vectors = classifier.embed(batch)
            classes = len(classifier.labels) if isinstance(numbers, str) and numbers == "all" else 1
            classes = classes if isinstance(numbers, str) else numbers.shape[1]
            fit = max(1, UNITS_AT_ONCE // (classes * int(vectors[0].numel())))
            if fit < len(rows):
                rows = rows[:fit]
                batch = classifier.batch([texts[i] for i in rows])
                vectors = vectors[:fit, : batch.ids.shape[1]]
            refuse_unknown(classifier, batch, vectors, rows, texts)
            wanted = numbers if isinstance(numbers, str) else numbers[rows]
            more = {**options, "documents": tuple(map(int, rows))} if parse(method).head == "random" else options
            ask = partial(classifier.logits, batch=batch)
            one = explain(body(classifier), vectors, wanted, method, forward=ask, **more)
            if one.targets.ndim == 1:
                one = _with_classes(one)
            yield rows, batch, one
            start += len(rows)
            shown.update(len(rows))


def _with_classes(one: Explanation) -> Explanation:
    return replace(
        one,
        relevance=one.relevance[:, None],
        targets=one.targets[:, None],
        score=one.score[:, None],
        total=one.total[:, None],
        kept={name: amount[:, None] for name, amount in one.kept.items()},
    )


def refuse_unknown(
    classifier: Classifier, batch: TextBatch, vectors: torch.Tensor, rows: np.ndarray, texts: Texts
) -> None:
    """Refuse a text none of whose words the classifier knows: there is nothing in it to explain."""
    unknown = unknown_pieces(classifier, batch, vectors)
    for place in np.flatnonzero((unknown | ~batch.content.numpy()).all(1)):
        words = texts[int(rows[place])]
        raise ProbekitError(
            f"text {int(rows[place])} ('{' '.join(words[:5])}{' ...' if len(words) > 5 else ''}') has only words that "
            f"'{classifier.name}' does not know; leave it out"
        )


def has_known_word(classifier: Classifier, words: Sequence[str]) -> bool:
    """Whether a text has a word that the classifier knows: without one there is nothing to explain."""
    batch = classifier.batch([words])
    with torch.no_grad():
        unknown = unknown_pieces(classifier, batch, classifier.embed(batch))
    return not bool((unknown | ~batch.content.numpy()).all())


def unknown_pieces(classifier: Classifier, batch: TextBatch, vectors: torch.Tensor) -> np.ndarray:
    """Which pieces (B, T) are the unknown word or a vector of zeros."""
    from probekit.learners.classifier import UNKNOWN, OwnClassifier

    zero = ~vectors.detach().any(-1).numpy()
    if isinstance(classifier, OwnClassifier):
        return zero | (batch.ids == UNKNOWN).numpy()
    number = getattr(getattr(classifier, "tokenizer", None), "unk_token_id", None)
    return zero if number is None else zero | (batch.ids == number).numpy()


def class_numbers(targets: Any, labels: Sequence[str], texts: int) -> np.ndarray | str:
    """Targets by name as "predicted", "all" or numbers (B, C). Raises UnknownName for a class that is not there."""
    if isinstance(targets, str):
        if targets in ("predicted", "all") and targets not in labels:
            return targets
        targets = [targets] * texts
    if len(targets) != texts:
        raise ProbekitError(f"{texts} texts but targets for {len(targets)}")
    number = {label: k for k, label in enumerate(labels)}
    lists = [[one] if isinstance(one, str) else list(one) for one in targets]
    for one in lists:
        for label in one:
            if label not in number:
                raise UnknownName("class of the classifier:", str(label), labels)
    widths = {len(one) for one in lists}
    if len(widths) != 1 or not widths.pop():
        raise ProbekitError("every text needs the same number of target classes, at least one")
    return np.array([[number[label] for label in one] for one in lists], dtype=np.int64)


def tokens_table(found: Mapping[str, Sequence[TextExplanation]], numbers: Sequence[int] | None = None) -> pd.DataFrame:
    """Explanations by method as one table, a line a word: text, target, method, position, word, value.

    numbers: of the texts, from 0; in order unless given.
    """
    import pandas as pd

    lines = []
    for method, explanations in found.items():
        for place, one in enumerate(explanations):
            text = text_name(place if numbers is None else numbers[place])
            for label, score, values in zip(one.classes, one.scores, one.relevance, strict=True):
                for position, (word, value) in enumerate(zip(one.words, values, strict=True)):
                    lines.append((text, target_name(label, score), method, position, word, float(value)))
    return pd.DataFrame(lines, columns=["text", "target", "method", "position", "word", "value"])


def text_name(number: int) -> str:
    """Name of a text on the page, numbered from 1 as a reader counts."""
    return f"text {number + 1}"


def target_name(label: str, score: float) -> str:
    """A class with its score."""
    return f"{label} ({score:.2f})"
