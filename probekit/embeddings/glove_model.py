"""GloVe trained on a corpus (Pennington et al. 2014), both matrices and biases kept: `glove-model:CORPUS(size=, ...)`.

    J = sum_ij f(X_ij) (u_i . v_j + b_i + c_j - ln X_ij)^2,   f(x) = min(1, (x / x_max)^power)

Co-occurrences X weigh 1 / distance. A step of AdaGrad takes a block of `rows` words by `rows` words of vocabulary that
is shuffled every epoch: inside a block gradients are two products of matrices, and every cell counts once an epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from probekit.corpora.corpus import Corpus
from probekit.embeddings.epochs import Kept
from probekit.embeddings.table import WordTable
from probekit.embeddings.text import cooccurrences, text_of
from probekit.embeddings.trained import Trained, language_of
from probekit.streams import generator
from probekit.values import Count, Positive, Rate, Seed, Whole

_SECONDS_A_SENTENCE = 1.5e-4
_ROWS = 256
Arrays = dict[str, np.ndarray]
Block = tuple[np.ndarray, np.ndarray]  # logarithms of counts and weights f, both 0 where a count is


def train_glove(
    corpus: Corpus,
    *,
    size: Count = 100,
    window: Count = 10,
    min_count: Count = 5,
    vocabulary: Whole = 0,
    epochs: Count = 25,
    rate: Rate = 0.05,
    x_max: Positive = 100.0,
    power: Positive = 0.75,
    seed: Seed = 0,
    lower: bool = True,
    keep: Path | None = None,
) -> WordTable:
    """Train word vectors on the co-occurrences of a corpus.

    Returns a table (n, size) of word vectors u with context vectors v and counts; published GloVe files hold u + v, the
    step `with-context` makes that. vocabulary: how many of the most frequent words stay, 0 for all that occur min_count
    times. Raises ProbekitError for a corpus without words that are left, and where the loss is no number any more.
    """
    text = text_of(corpus, lower, min_count, vocabulary)
    counts = cooccurrences(text, window)
    parameters = started(len(text.words), size, seed)
    losses = fit(counts, parameters, epochs, rate, x_max, power, seed, keep)
    about = {"made by": "glove-model", "corpus": corpus.digest, "size": size, "window": window, "losses": losses}
    about |= {"biases": parameters["b"].tolist(), "context_biases": parameters["c"].tolist()}
    return WordTable(text.words, parameters["u"], parameters["v"], text.counts, language_of(corpus), about=about)


def started(n: int, size: int, seed: int) -> Arrays:
    """Parameters at the start: uniform within half of 1 / size either way, as the authors' program begins."""
    random = generator(seed, "init", "glove-model")

    def drawn(*shape: int) -> np.ndarray:
        return (random.random(shape, dtype=np.float32) - np.float32(0.5)) / np.float32(size)

    return {"u": drawn(n, size), "v": drawn(n, size), "b": drawn(n), "c": drawn(n)}


def fit(
    counts: csr_matrix,
    parameters: Arrays,
    epochs: int,
    rate: float,
    x_max: float,
    power: float,
    seed: int,
    keep: Path | None = None,
) -> list[float]:
    """Train parameters in place; J over the cells of each epoch, taken as they came, a cell."""
    squares = {f"{name} squares": np.ones_like(value) for name, value in parameters.items()}
    state = {**parameters, **squares}
    targets = targets_of(counts, x_max, power)

    def one(epoch: int) -> float:
        blocks = _blocks(*targets, generator(seed, "order", "blocks", epoch))
        return sum(_step(state, rows, columns, block, rate) for rows, columns, block in blocks) / counts.nnz

    return Kept(keep, state).train(epochs, one, rate, "glove-model")


def targets_of(counts: csr_matrix, x_max: float, power: float) -> tuple[csr_matrix, csr_matrix]:
    """ln X and f(X) of every cell."""
    weights = np.minimum(1, (counts.data / np.float32(x_max)) ** np.float32(power))

    def of_cells(data: np.ndarray) -> csr_matrix:
        return csr_matrix((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)

    return of_cells(np.log(counts.data)), of_cells(weights)


def _blocks(
    logarithms: csr_matrix, weights: csr_matrix, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, Block]]:
    """Rows, columns and targets of blocks that cover the table once, the vocabulary shuffled for each side."""
    n = logarithms.shape[0]
    order, columns = random.permutation(n), random.permutation(n)
    place = np.empty(n, dtype=np.int32)
    place[columns] = np.arange(n, dtype=np.int32)
    for start in range(0, n, _ROWS):
        rows = order[start : start + _ROWS]
        wide = [_dense(targets[rows], place) for targets in (logarithms, weights)]
        for first in range(0, n, _ROWS):
            logarithm, weight = (np.ascontiguousarray(one[:, first : first + _ROWS]) for one in wide)
            yield rows, columns[first : first + _ROWS], (logarithm, weight)


def _dense(part: csr_matrix, place: np.ndarray) -> np.ndarray:
    """Rows of a sparse matrix with each column at its place."""
    made = np.zeros(part.shape, dtype=np.float32)
    made[np.repeat(np.arange(part.shape[0]), np.diff(part.indptr)), place[part.indices]] = part.data
    return made


def loss_and_gradients(
    u: np.ndarray, v: np.ndarray, b: np.ndarray, c: np.ndarray, block: Block
) -> tuple[float, list[np.ndarray]]:
    """J of a block, and half its gradient in u, v, b and c, as the authors' program has it."""
    one = np.ones((1, 1), dtype=u.dtype)
    # The biases are two more dimensions of one product of matrices.
    left = np.concatenate([u, b[:, None], np.broadcast_to(one, (len(b), 1))], axis=1)
    right = np.concatenate([v, np.broadcast_to(one, (len(c), 1)), c[:, None]], axis=1)
    logarithms, weights = block
    gap = left @ right.T
    gap -= logarithms
    slope = weights * gap
    size = u.shape[1]
    to_left, to_right = slope @ right, slope.T @ left
    loss = float(np.vdot(slope, gap))
    return loss, [to_left[:, :size], to_right[:, :size], to_left[:, size], to_right[:, size + 1]]


def _step(state: Arrays, rows: np.ndarray, columns: np.ndarray, block: Block, rate: float) -> float:
    """One step of AdaGrad on a block; its loss before the step."""
    sides = {"u": rows, "v": columns, "b": rows, "c": columns}
    u, v, b, c = (state[name][at] for name, at in sides.items())
    loss, gradients = loss_and_gradients(u, v, b, c, block)
    for (name, at), gradient in zip(sides.items(), gradients, strict=True):
        squares = state[f"{name} squares"][at] + gradient * gradient
        state[f"{name} squares"][at] = squares
        state[name][at] -= np.float32(rate) * gradient / np.sqrt(squares)
    return loss


TRAINED = Trained("glove-model", train_glove, _SECONDS_A_SENTENCE, gensim=False, resumes=True)
GLOVE_MODEL, recipe = TRAINED.kind, TRAINED.recipe
