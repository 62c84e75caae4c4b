"""How attention agrees with other accounts of the same answer: gradients and leaving words out (ours).

Not a measure of Tutek and Snajder, who cite Jain and Wallace 2019 for it; defined as there: attention is held constant
under the gradient, Kendall's tau is taken in each text over its real words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from probekit.attention.reading import AttentionView
from probekit.learners.classifier_training import text_batches

PAIRS = ("attention-gradient", "attention-leave-one-out", "gradient-leave-one-out")


@dataclass(frozen=True)
class Accounts:
    """Weights of the words of each text by three accounts, lists of (words,), and tau (texts, 3) in order of PAIRS.

    tau is NaN where a text has one word or an account gives all words the same weight.
    """

    attention: list[np.ndarray]
    gradient: list[np.ndarray]
    left_out: list[np.ndarray]
    tau: np.ndarray


def accounts(view: AttentionView, texts: Sequence[Sequence[str]], left_out: list[np.ndarray] | None = None) -> Accounts:
    """Attention, gradient and leave-one-out weights of the words of some texts, for the predicted class.

    left_out: what `leave_one_out` found, where it is known: it is the same for every layer of a classifier.
    """
    n = len(texts)
    looked: list[np.ndarray] = [np.empty(0)] * n
    slopes: list[np.ndarray] = [np.empty(0)] * n
    for rows, batch in text_batches(view, texts):
        weights, slope = view.over_tokens(view.read(batch)), gradients(view, batch)
        for place, row in enumerate(rows):
            word = batch.word[place].numpy()
            looked[row] = by_word(weights[place].numpy(), word)
            slopes[row] = np.abs(by_word(slope[place].numpy(), word))
    without = leave_one_out(view, texts) if left_out is None else left_out
    tau = np.array(
        [[kendall(a, g), kendall(a, w), kendall(g, w)] for a, g, w in zip(looked, slopes, without, strict=True)]
    )
    return Accounts([_share(a) for a in looked], [_share(g) for g in slopes], without, tau)


def gradients(view: AttentionView, batch: object) -> torch.Tensor:
    """Gradient times embedding of the predicted class's probability, attention held constant, (B, T)."""
    vectors = view.embed(batch).detach().requires_grad_(True)  # type: ignore[arg-type]
    chances = torch.softmax(view.constant(vectors, batch), dim=1)  # type: ignore[arg-type]
    (slope,) = torch.autograd.grad(chances.amax(dim=1).sum(), vectors)
    return (slope * vectors).sum(dim=2).detach()


def leave_one_out(view: AttentionView, texts: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """How far the predicted class's probability moves without each word, the rest read anew, (words,) each.

    The only word of a text cannot be left out: NaN.
    """
    variants: list[Sequence[str]] = []
    for words in texts:
        variants += [[*words[:j], *words[j + 1 :]] for j in range(len(words))] if len(words) > 1 else []
    whole, parts = _chances(view, texts), _chances(view, variants) if variants else np.empty((0, 0))
    found, at = [], 0
    for i, words in enumerate(texts):
        if len(words) == 1:
            found.append(np.array([np.nan]))
            continue
        k = int(whole[i].argmax())
        found.append(np.abs(whole[i, k] - parts[at : at + len(words), k]))
        at += len(words)
    return found


def _chances(view: AttentionView, texts: Sequence[Sequence[str]]) -> np.ndarray:
    found = np.empty((len(texts), len(view.labels)))
    for rows, batch in text_batches(view, texts, 256, title="leaving words out"):
        found[rows] = torch.softmax(view.read(batch).logits, dim=1).numpy()
    return found


def by_word(values: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Sums of the pieces of each word (n_words,); `word` (T,) is -1 at special tokens and padding."""
    kept = word >= 0
    return np.bincount(word[kept], weights=values[kept])


def _share(values: np.ndarray) -> np.ndarray:
    total = values.sum()
    return values / total if total > 0 else values


def kendall(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's tau-b of two accounts, NaN where one of them does not tell words apart."""
    from scipy.stats import kendalltau

    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0 or np.isnan(a).any() or np.isnan(b).any():
        return float("nan")
    return float(kendalltau(a, b).statistic)
