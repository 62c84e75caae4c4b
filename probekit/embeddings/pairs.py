"""Pairs of a centre and a word near it, told from drawn pairs: the one trainer behind skip-gram and context-to-vec.

    - log s(u'_j . u_i) - sum_m log s(- u'_m . u_i)      for each word j around place i, m drawn words each

u_i comes from a `Centre`: rows of a table, or frozen vectors under one linear map. u' is the table of outputs. The
gradient is written out, and only the rows that a step touches are read and changed. Source: Mikolov et al. 2013;
context-to-vec's losses as Zheng et al. 2022 (equations 5 to 7) must be read to work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from probekit.embeddings.epochs import Kept
from probekit.embeddings.text import ALONE, Draws, Text, Windows, thinned
from probekit.errors import ProbekitError
from probekit.streams import generator

Floats = np.ndarray
L1, L2, L3 = ("pair", "bag"), ("off", "centre-static", "as-printed"), ("drawn", "as-printed")
_TINY = np.float32(1e-30)


@dataclass(frozen=True)
class PairSettings:
    """How pairs are made and learned from.

    before, after: words on each side of a place. negative: drawn words a pair, in proportion to count^0.75. l1: a term
    a pair, or one of all words around a place (`bag`, which draws once a place). l2: `centre-static` adds
    - log s(u'_i . u_i) of the centre's own row, `as-printed` - log s(u_i . u_i), in which no output stands and which
    makes centres long. l3: of drawn words, `drawn` as above; `as-printed` has + log s(u'_m . u_i) instead, which has no
    bound below. Both as printed are there to show that. centres: places a step, whose terms are summed. rate: of the
    first step; it falls in a straight line to 0 over all epochs. clip: the longest gradient of a step, 0 for no limit.
    """

    before: int = 5
    after: int = 5
    negative: int = 5
    epochs: int = 1
    rate: float = 0.025
    clip: float = 0.0
    sample: float = 0.0
    l1: str = "pair"
    l2: str = "off"
    centres: int = 100
    seed: int = 0
    l3: str = "drawn"


@dataclass(frozen=True, eq=False)
class Update:
    """A gradient of some rows of a parameter, or of all (rows None)."""

    parameter: Floats
    rows: np.ndarray | None
    gradient: Floats

    def apply(self, rate: float) -> None:
        if self.rows is None:
            np.subtract(self.parameter, np.float32(rate) * self.gradient, out=self.parameter)
        else:
            self.parameter[self.rows] -= np.float32(rate) * self.gradient


class Centre(Protocol):
    """What stands for the word at a place."""

    def vectors(self, text: Text, places: np.ndarray) -> Floats:
        """Vectors (m, d) float32 of places of a text."""

    def updates(self, text: Text, places: np.ndarray, gradient: Floats) -> list[Update]:
        """What a gradient of those vectors is to its parameters."""

    def state(self) -> dict[str, Floats]:
        """Its parameters by name."""


class TableCentre:
    """A row a word: skip-gram's word vectors (n, d)."""

    def __init__(self, table: Floats) -> None:
        self.table = table

    def vectors(self, text: Text, places: np.ndarray) -> Floats:
        return self.table[text.ids[places]]

    def updates(self, text: Text, places: np.ndarray, gradient: Floats) -> list[Update]:
        rows, at = np.unique(text.ids[places], return_inverse=True)
        return [Update(self.table, rows, summed(at.ravel(), gradient, len(rows)))]

    def state(self) -> dict[str, Floats]:
        return {"centre": self.table}


class LinearCentre:
    """Frozen vectors (words of the corpus, k), read where they lie, under one map: W (k, d) and b (d,)."""

    def __init__(self, frozen: Floats, weights: Floats, bias: Floats) -> None:
        self.frozen, self.weights, self.bias = frozen, weights, bias

    def _read(self, text: Text, places: np.ndarray) -> Floats:
        return np.asarray(self.frozen[text.place[places]], dtype=np.float32)

    def vectors(self, text: Text, places: np.ndarray) -> Floats:
        return self._read(text, places) @ self.weights + self.bias

    def updates(self, text: Text, places: np.ndarray, gradient: Floats) -> list[Update]:
        return [
            Update(self.weights, None, self._read(text, places).T @ gradient),
            Update(self.bias, None, gradient.sum(axis=0)),
        ]

    def state(self) -> dict[str, Floats]:
        return {"weights": self.weights, "bias": self.bias}


def summed(at: np.ndarray, rows: Floats, n: int) -> Floats:
    """Rows (m, d) added up by the number `at` (m,) that each belongs to, (n, d)."""
    ones = np.ones(len(at), dtype=rows.dtype)
    return np.asarray(csr_matrix((ones, (at, np.arange(len(at)))), shape=(n, len(at))) @ rows)


@dataclass(frozen=True, eq=False)
class Batch:
    """Places and the outputs that each is held against: `numbers` (m, k), `sign` +1 or -1, 0 where there is none.

    bags: how many of the first columns are one term together, 0 where each is its own.
    """

    places: np.ndarray
    numbers: np.ndarray
    sign: Floats
    bags: int = 0


class PairTrainer:
    """Trains a centre and a table of outputs (n, d) in place on the pairs of a text."""

    def __init__(self, text: Text, centre: Centre, outputs: Floats, settings: PairSettings) -> None:
        self.text, self.centre, self.outputs, self.settings = text, centre, outputs, settings
        self.draws = Draws(text.counts)
        self._seen = np.zeros(len(outputs), dtype=bool)
        self._at = np.zeros(len(outputs), dtype=np.int32)

    def train(self, keep: Path | None = None, label: str = "pairs") -> list[float]:
        """Loss a pair of each epoch. keep: a folder in which its state lies after each, to go on from.

        Raises ProbekitError for a text without pairs, and where the loss is no number any more.
        """
        settings = self.settings
        if not Windows(self.text, settings.before, settings.after).sizes().any():
            raise ProbekitError(ALONE)
        kept = Kept(keep, {**self.centre.state(), "outputs": self.outputs})
        return kept.train(settings.epochs, self.epoch, settings.rate, label)

    def epoch(self, epoch: int) -> float:
        """One pass over all places in an order of its own: mean loss a pair."""
        total, pairs, settings = 0.0, 0, self.settings
        text = thinned(self.text, settings.sample, generator(settings.seed, "sample", "places", epoch))
        for batch, done in self.batches(text, epoch):
            loss, found = self.gradients(text, batch)
            rate = settings.rate * (1 - (epoch + done) / settings.epochs)
            self._step(found, rate)
            total, pairs = total + loss, pairs + int((batch.sign > 0).sum())
        return total / max(pairs, 1)  # words that are left out at random may leave no pair

    def batches(self, text: Text, epoch: int) -> Iterator[tuple[Batch, float]]:
        """Batches of an epoch, each with the share of the epoch that is done before it."""
        settings = self.settings
        windows = Windows(text, settings.before, settings.after)
        order = generator(settings.seed, "order", "places", epoch).permutation(len(text))
        random = generator(settings.seed, "draw", "negatives", epoch)
        for start in range(0, len(order), settings.centres):
            places = order[start : start + settings.centres]
            yield self.batch(text, windows, places, random), start / len(order)

    def batch(self, text: Text, windows: Windows, places: np.ndarray, random: np.random.Generator) -> Batch:
        """The words around some places, and drawn ones."""
        settings = self.settings
        near, inside = windows.around(places)
        width = near.shape[1]
        drawn = self.draws((len(places), width, settings.negative), random)
        told = np.repeat(inside, settings.negative, axis=1)
        if settings.l1 == "bag":  # one set of drawn words a place that has words around it
            drawn, told = drawn[:, :1], np.repeat(inside.any(axis=1, keepdims=True), settings.negative, axis=1)
        columns = [near, drawn.reshape(len(places), -1)]
        signs = [inside.astype(np.float32), -told.astype(np.float32)]
        if settings.l2 == "centre-static":
            columns.append(text.ids[places][:, None])
            signs.append(np.ones((len(places), 1), dtype=np.float32))
        bags = width if settings.l1 == "bag" else 0
        return Batch(places, np.concatenate(columns, axis=1), np.concatenate(signs, axis=1), bags)

    def gradients(self, text: Text, batch: Batch) -> tuple[float, list[Update]]:
        """Loss of a batch, summed, and the gradient of each parameter that it touches."""
        rows, at = self._rows(batch.numbers)
        read, centre = self.outputs[rows], self.centre.vectors(text, batch.places)
        near = read[at]
        scores = np.matmul(near, centre[:, :, None])[:, :, 0]
        loss, slope = _losses(scores, batch.sign, batch.bags)
        if self.settings.l3 == "as-printed":
            loss, slope = _as_printed(scores, batch.sign, loss, slope)
        towards = np.matmul(slope[:, None, :], near)[:, 0]
        if self.settings.l2 == "as-printed":
            squares = np.einsum("ij,ij->i", centre, centre)
            loss += float(np.logaddexp(0, -squares).sum())
            towards = towards + 2 * (expit(squares) - 1)[:, None] * centre
        shape = (len(slope), len(rows))
        sparse = csr_matrix((slope.ravel(), at.ravel(), np.arange(0, at.size + 1, at.shape[1])), shape=shape)
        outputs = Update(self.outputs, rows, np.asarray(sparse.T @ centre))
        return loss, [outputs, *self.centre.updates(text, batch.places, towards)]

    def _rows(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The different ones of some numbers, and the place of each among them; without sorting."""
        self._seen[numbers.ravel()] = True
        rows = np.flatnonzero(self._seen)
        self._seen[rows] = False
        self._at[rows] = np.arange(len(rows), dtype=np.int32)
        return rows, self._at[numbers]

    def _step(self, updates: Sequence[Update], rate: float) -> None:
        if self.settings.clip:
            squares = sum(float(np.vdot(one.gradient, one.gradient)) for one in updates)
            rate *= min(1.0, self.settings.clip / max(np.sqrt(squares), 1e-12))
        for one in updates:
            one.apply(rate)


def _losses(scores: Floats, sign: Floats, bags: int) -> tuple[float, Floats]:
    """Sum of - log s(sign x score) over what has a sign, and its slope in each score.

    bags: the scores of so many first columns are summed into one term.
    """
    if not bags:
        share = expit(sign * scores)  # 1/2 where there is no sign: taken out of the loss below
        told = sign != 0
        return float(-np.log(np.maximum(share[told], _TINY)).sum()), sign * (share - 1)
    first = sign[:, :bags]
    joint = (first * scores[:, :bags]).sum(axis=1)
    there = first.any(axis=1)
    share = expit(joint)
    rest, slope = _losses(scores[:, bags:], sign[:, bags:], 0)
    loss = float(-np.log(np.maximum(share[there], _TINY)).sum())
    return loss + rest, np.concatenate([first * (share - 1)[:, None], slope], axis=1)


def _as_printed(scores: Floats, sign: Floats, loss: float, slope: Floats) -> tuple[float, Floats]:
    """The same with + log s(score) in the place of - log s(- score) where the sign is negative (equation 7)."""
    drawn = sign < 0
    told = scores[drawn].astype(np.float64)
    right, log_share = float(np.logaddexp(0, told).sum()), float(-np.logaddexp(0, -told).sum())
    return loss - right + log_share, np.where(drawn, 1 - expit(scores), slope)


def started(n: int, size: int, seed: int, what: str) -> Floats:
    """Rows (n, size) float32 that are uniform within half of 1 / size either way, as word2vec begins."""
    drawn = generator(seed, "init", what, "centre").random((n, size), dtype=np.float32)
    return (drawn - np.float32(0.5)) / np.float32(size)


def trained_pairs(
    text: Text, centre: Centre, size: int, settings: PairSettings, keep: Path | None, label: str
) -> tuple[Floats, list[float]]:
    """The outputs (n, size), from zeros, of a centre that is trained in place; and the loss of each epoch."""
    outputs = np.zeros((len(text.words), size), dtype=np.float32)
    return outputs, PairTrainer(text, centre, outputs, settings).train(keep, label)
