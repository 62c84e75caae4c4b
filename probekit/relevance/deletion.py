"""What a classifier says when words are taken away: a word's vectors become zero, its place is kept.

Nothing is tokenised again and no gap is closed: closing it would make new neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from probekit import progress
from probekit.errors import ProbekitError
from probekit.models.text_cnn import TextCNN
from probekit.relevance.texts import body

if TYPE_CHECKING:
    from probekit.learners.classifier import Classifier, TextBatch

Tensor = torch.Tensor
Texts = Sequence[Sequence[str]]
Arrays = Sequence[np.ndarray]


def ranking(values: np.ndarray, decreasing: bool = True) -> np.ndarray:
    """Words by their signed relevance; of equals the earlier one first."""
    return np.argsort(-values if decreasing else values, kind="stable")


def deletion_logits(
    classifier: Classifier, texts: Texts, orders: Arrays, steps: int, size: int = 16, title: str = "deleting words"
) -> np.ndarray:
    """Logits (n, steps + 1, K) with the first 0, 1, ..., steps words of each order deleted.

    orders: for each text, numbers of its words in the order of deletion; a shorter one leaves the last state as it is.
    A text CNN is read once and only the windows of deleted words are computed anew; others are asked at every step.
    """
    check_orders(texts, orders)
    if steps < 1:
        raise ProbekitError(f"steps must be 1 or more, got {steps}")
    found = np.empty((len(texts), steps + 1, len(classifier.labels)), dtype=np.float64)
    cnn = body(classifier)
    with torch.no_grad():
        for rows, batch in batches(classifier, texts, size, title):
            vectors = classifier.embed(batch)
            order = np.full((len(rows), steps), -1)
            for place, row in enumerate(rows):
                first = np.asarray(orders[row])[:steps]
                order[place, : len(first)] = first
            if isinstance(cnn, TextCNN):
                found[rows] = _cnn(cnn, vectors, batch, order)
            else:
                found[rows] = _any(classifier, vectors, batch, order)
    return found


def masked_logits(
    classifier: Classifier, texts: Texts, gone: Arrays, size: int = 64, title: str = "without some words"
) -> np.ndarray:
    """Logits (n, K) of texts without some of their words: `gone` (n_words,) bool for each text."""
    found = np.empty((len(texts), len(classifier.labels)), dtype=np.float64)
    with torch.no_grad():
        for rows, batch in batches(classifier, texts, size, title):
            vectors = classifier.embed(batch)
            word = batch.word.numpy()
            out = np.zeros(word.shape, dtype=bool)
            for place, row in enumerate(rows):
                known = word[place] >= 0
                out[place, known] = gone[row][word[place, known]]
            left = vectors.masked_fill(torch.from_numpy(out)[..., None], 0)
            found[rows] = classifier.logits(left, batch).double().numpy()
    return found


def batches(classifier: Classifier, texts: Texts, size: int, title: str) -> Iterator[tuple[np.ndarray, TextBatch]]:
    """Rows and batch of texts of like length, longest first, with a bar."""
    order = np.argsort([-len(words) for words in texts], kind="stable")
    with progress.bar(len(texts), title, "text") as shown:
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield rows, classifier.batch([texts[i] for i in rows])
            shown.update(len(rows))


def check_orders(texts: Texts, orders: Arrays) -> None:
    """Refuse orders that are none of the texts' words."""
    if len(texts) != len(orders):
        raise ProbekitError(f"{len(texts)} texts but orders of deletion for {len(orders)}")
    for number, (words, order) in enumerate(zip(texts, orders, strict=True)):
        order = np.asarray(order)
        if len(order) and (len(np.unique(order)) < len(order) or order.min() < 0 or order.max() >= len(words)):
            raise ProbekitError(f"the order of deletion of text {number} names a word twice or one that is not there")


def _any(classifier: Classifier, vectors: Tensor, batch: TextBatch, order: np.ndarray) -> np.ndarray:
    vectors = vectors.clone()
    word = batch.word.numpy()
    found = [classifier.logits(vectors, batch)]
    for k in range(order.shape[1]):
        gone = torch.from_numpy((word == order[:, k : k + 1]) & (order[:, k : k + 1] >= 0))
        vectors.masked_fill_(gone[..., None], 0)
        found.append(classifier.logits(vectors, batch))
    return torch.stack(found, 1).double().numpy()


def _cnn(module: TextCNN, vectors: Tensor, batch: TextBatch, order: np.ndarray) -> np.ndarray:
    """The same for a text CNN: before the ReLU a window is a sum over its words, and a deleted one is subtracted."""
    width, mask = module.window, batch.mask
    vectors = torch.nn.functional.pad(vectors * mask[..., None], (0, 0, 0, max(0, width - vectors.shape[1])))
    kernel = [module.conv.weight[:, :, k].T.contiguous() for k in range(width)]  # (d, F) each
    positions = vectors.shape[1] - width + 1
    z = torch.zeros(len(vectors), positions, kernel[0].shape[1], dtype=vectors.dtype)
    z = z if module.conv.bias is None else z + module.conv.bias
    for k in range(width):
        z += vectors[:, k : k + positions] @ kernel[k]
    z.masked_fill_(~module.windows(mask, positions)[..., None], -torch.inf)
    rows = torch.arange(len(z))
    decide: Callable[[Tensor], Tensor] = module.out
    found = [decide(z.amax(1).clamp(min=0))]
    for k in range(order.shape[1]):
        word = torch.from_numpy(order[:, k])
        for offset in range(width):
            place = word - offset
            inside = (word >= 0) & (place >= 0) & (place < positions)
            own = rows[inside]
            z[own, place[inside]] -= vectors[own, word[inside]] @ kernel[offset]
        found.append(decide(z.amax(1).clamp(min=0)))
    return torch.stack(found, 1).double().numpy()
