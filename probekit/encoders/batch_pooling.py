"""All poolings of a batch's hidden states, as products and extremes over whole arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from probekit.corpora.corpus import Corpus
from probekit.encoders import pooling as pools
from probekit.encoders.batch import Batch


class BatchPooler:
    """All poolings of one batch; what depends on the batch alone is laid out once and serves every layer.

    What is linear in the pieces (sum, mean, single words) is one product of a weight matrix (S, K, M) with the
    content. Maxima go over content whose padding repeats the sentence's first piece, which changes none.
    `piece` and `unit` are the encoder's options, `n_prefix` the special tokens before a text, `first_piece` where the
    pieces of each word of the corpus begin.
    """

    def __init__(
        self,
        batch: Batch,
        corpus: Corpus,
        poolings: tuple[str, ...],
        piece: str,
        unit: str,
        n_prefix: int,
        device: torch.device,
        first_piece: np.ndarray,
    ) -> None:
        self.batch, self.poolings, self.n_prefix, self.device = batch, poolings, n_prefix, device
        n_words = corpus.lengths[batch.sentences]
        share = word_shares(batch.word, piece)
        real = batch.word >= 0
        unit_weight = share if unit == "word" else real.astype(np.float32)
        weights = {"sum": unit_weight, "mean": unit_weight / unit_weight.sum(axis=1, keepdims=True)}
        for pooling in poolings:
            if pooling.startswith("word:"):
                wanted = pools.position(n_words, pooling)
                weights[pooling] = np.where(batch.word == wanted[:, None], share, 0)
        self.linear = [p for p in poolings if p in weights]
        stacked = [weights[p] for p in self.linear]
        self.weights = self._move(np.stack(stacked, axis=1).astype(np.float32)) if stacked else None
        self.padding = None if real.all() else tuple(self._move(i) for i in np.nonzero(~real))
        self.place = None if batch.plain else self._move(batch.place)
        self.first_row = self._move(batch.first_row)
        self.by_word = None
        if pools.PIECES in poolings:
            self.content = tuple(self._move(i) for i in np.nonzero(real))
            starts = first_piece[corpus.offsets[batch.sentences]]
            ends = first_piece[corpus.offsets[batch.sentences + 1]]
            self.piece_rows = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])
        self.extremes_over_words = unit == "word"
        if pools.WORDS in poolings or (self.extremes_over_words and {"max", "min"} & set(poolings)):
            most = np.arange(n_words.max())
            self.by_word = _by_word(batch.word, share, len(most)).to(device)
            absent = most[None, :] >= n_words[:, None]
            self.word = tuple(self._move(i) for i in np.nonzero(~absent))
            self.no_word = tuple(self._move(i) for i in np.nonzero(absent))
            self.word_rows = np.concatenate(
                [np.arange(corpus.offsets[s], corpus.offsets[s + 1]) for s in batch.sentences]
            )

    def _move(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.device)

    def pool(self, hidden: torch.Tensor) -> Iterator[tuple[str, np.ndarray, torch.Tensor]]:
        """Poolings of one layer's hidden states (R, P, d), float32. Writes to the positions that hold no piece."""
        rows = self.batch.sentences
        most = self.batch.word.shape[1]
        if self.place is None:
            content = hidden[:, self.n_prefix : self.n_prefix + most].float()
        else:
            content = hidden.flatten(0, 1)[self.place].float()
        if self.padding is not None:
            content[self.padding] = content[self.padding[0], 0]
        if pools.PIECES in self.poolings:
            yield pools.PIECES, self.piece_rows, content[self.content]
        if self.weights is not None:
            pooled = torch.bmm(self.weights, content)
            for k, pooling in enumerate(self.linear):
                yield pooling, rows, pooled[:, k]
        words = None
        if self.by_word is not None:
            words = torch.sparse.mm(self.by_word, content.flatten(0, 1)).unflatten(0, (len(rows), -1))
        units = content
        if words is not None and self.extremes_over_words:
            words[self.no_word] = words[self.no_word[0], 0]
            units = words
        if "max" in self.poolings:
            yield "max", rows, units.amax(1)
        if "min" in self.poolings:
            yield "min", rows, units.amin(1)
        if "cls" in self.poolings:
            yield "cls", rows, hidden[self.first_row, 0].float()
        if pools.WORDS in self.poolings:
            assert words is not None
            yield pools.WORDS, self.word_rows, words[self.word]


def _by_word(word: np.ndarray, share: np.ndarray, most: int) -> torch.Tensor:
    """The sparse matrix (S x most, S x M) that makes words of pieces; a full one grows with the square of M."""
    sentence, place = np.nonzero(share)
    entries = np.stack([sentence * most + word[sentence, place], sentence * word.shape[1] + place])
    size = (len(word) * most, word.size)
    shares = torch.from_numpy(share[sentence, place])
    return torch.sparse_coo_tensor(torch.from_numpy(entries), shares, size, check_invariants=False, is_coalesced=True)


def word_shares(word: np.ndarray, piece: str) -> np.ndarray:
    """How much each piece counts in its word's vector: (S, M) float32, 0 for padding (word -1).

    `mean`: one over the word's pieces; `first` or `last`: that piece alone.
    """
    width = word.shape[1]
    before = np.full((len(word), 1), -2)
    starts = word != np.concatenate([before, word[:, :-1]], axis=1)
    ends = word != np.concatenate([word[:, 1:], before], axis=1)
    if piece == "first":
        share = starts.astype(np.float32)
    elif piece == "last":
        share = ends.astype(np.float32)
    else:
        run = np.cumsum(starts.ravel()) - 1  # a row begins a new run, so runs never cross sentences
        share = (1 / np.bincount(run)[run]).reshape(-1, width).astype(np.float32)
    share[word < 0] = 0
    return share
