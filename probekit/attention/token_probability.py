"""Per-token prediction probability: what would be answered if all attention were on one token.

The decoder is affine and weights sum to one, so its scores are a mean of token scores, each token's weighed by its
attention (Tutek and Snajder 2020, section 4.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from probekit.attention.reading import AttentionView, Reading
from probekit.attention.views import LearnedQueryView
from probekit.learners.classifier_training import text_batches


@dataclass(frozen=True)
class TokenProbabilities:
    """For each text: `tokens` (n, K) class probabilities of its content positions; `answer` (K,) those of the text.

    `weights` (n,) the attention of each, `word` (n,) the word it belongs to.
    """

    tokens: list[np.ndarray]
    answers: np.ndarray
    weights: list[np.ndarray]
    words: list[np.ndarray]

    def of_class(self, numbers: np.ndarray) -> np.ndarray:
        """Mean over a text's tokens of the probability of one class a text, (texts,)."""
        return np.array([found[:, k].mean() for found, k in zip(self.tokens, numbers, strict=True)])


def token_probabilities(view: AttentionView, texts: Sequence[Sequence[str]]) -> TokenProbabilities:
    """Probabilities of every token of some texts.

    Exact for a learned query, whose scores are read off the states. Of a transformer every head and position of the
    layer looks at the one token, which takes a pass for each position: hand it a sample.
    """
    n = len(texts)
    tokens: list[np.ndarray] = [np.empty(0)] * n
    weights: list[np.ndarray] = [np.empty(0)] * n
    words: list[np.ndarray] = [np.empty(0)] * n
    answers = np.empty((n, len(view.labels)))
    for rows, batch in text_batches(view, texts, title="attention on one token"):
        reading = view.read(batch)
        found = torch.softmax(token_scores(view, reading), dim=2).numpy()
        looked, content, word = view.over_tokens(reading).numpy(), batch.content.numpy(), batch.word.numpy()
        answers[rows] = torch.softmax(reading.logits, dim=1).numpy()
        for place, row in enumerate(rows):
            kept = content[place]
            tokens[row], weights[row], words[row] = found[place][kept], looked[place][kept], word[place][kept]
    return TokenProbabilities(tokens, answers, weights, words)


def token_scores(view: AttentionView, reading: Reading) -> torch.Tensor:
    """Scores (B, T, K) with all attention on each position in turn."""
    if isinstance(view, LearnedQueryView):
        with torch.no_grad():
            return view.decoder(reading.states)
    return one_by_one(view, reading)


def one_by_one(view: AttentionView, reading: Reading) -> torch.Tensor:
    """The same by one answer a position, for any attention: what `token_scores` is checked against."""
    found = []
    for position in range(reading.mask.shape[1]):
        inside = reading.mask[:, position]
        only = torch.zeros_like(reading.weights)
        only[..., position] = 1
        # Texts that end before this position keep their own weights; their scores there are not read.
        only = torch.where(inside[:, None, None, None], only, reading.weights)
        found.append(view.answer(reading, only))
    return torch.stack(found, dim=1)


def mean_over_right_ones(probabilities: TokenProbabilities, gold: np.ndarray) -> tuple[float, int]:
    """PTP: mean over rightly classified texts of the tokens' mean probability of the predicted class; and how many.

    Class 0 is reflected: each text counts the probability of its own class (the paper's is inferred). NaN without any.
    """
    right = probabilities.answers.argmax(axis=1) == gold
    if not right.any():
        return float("nan"), 0
    return float(probabilities.of_class(gold)[right].mean()), int(right.sum())
