"""Tree reconstruction: free word vectors, learned so that a composition over trees rebuilds an encoder's vectors.

Andreas 2019, Measuring Compositionality in Representation Learning (ICLR), for sentences as in Bhathena, Willis and
Dass 2020 (RepL4NLP at ACL). The error of a sentence is 1 - cos of its vector and the rebuilt one. Learning from the
fitted sentences and asking about others is ours: a word of one sentence alone can always rebuild it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from probekit import progress, streams
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.learners.compositions import load_composition
from probekit.learners.derivations import Bags, Trees
from probekit.values import Count, NotNegative, Rate, Seed

if TYPE_CHECKING:
    from torch import Tensor

_DECAY, _SMALL = 0.99, 1e-8  # of the squared gradients of RMSProp, and what keeps from dividing by zero


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Learned vectors (V, d) float32 of `words`, lower-cased, under a composition.

    errors: (n,) of the sentences they were learned on, NaN for one without a known word or with a zero vector. losses:
    mean error before every step. `zero` counts sentences whose vector is all zero, which have no direction.
    """

    composition: str
    words: tuple[str, ...]
    vectors: np.ndarray
    errors: np.ndarray
    losses: np.ndarray
    zero: int

    def errors_of(self, corpus: Corpus, sentences: npt.ArrayLike, targets: np.ndarray) -> np.ndarray:
        """Errors (n,) of other sentences, places in a corpus, whose vectors are targets (n, d).

        An unknown word is the composition's neutral element. NaN for a sentence without a known word, and for one whose
        vector is zero.
        """
        import torch

        rows = np.asarray(sentences, dtype=np.int64)
        known = word_numbers(corpus, rows, {word: number for number, word in enumerate(self.words)})
        aims, _ = _directions(targets)
        values = _derivations(corpus, rows, known, self.composition, len(self.words)).values(torch.tensor(self.vectors))
        return _errors(values, aims, known)

    def coverage(self, corpus: Corpus, sentences: npt.ArrayLike) -> float:
        """The share of the words of some sentences that have a learned vector."""
        rows = np.asarray(sentences, dtype=np.int64)
        index = {word: number for number, word in enumerate(self.words)}
        return float(np.mean(np.concatenate(word_numbers(corpus, rows, index)) >= 0))


def reconstruct(
    corpus: Corpus,
    sentences: npt.ArrayLike,
    targets: np.ndarray,
    composition: str = "add",
    steps: Count = 400,
    rate: Rate = 0.01,
    scale: NotNegative = 0.01,
    least: Count = 1,
    seed: Seed = 0,
) -> Reconstruction:
    """Learn word vectors that rebuild targets (n, d), the vectors of n sentences of a corpus with trees.

    composition: spec, `add`, `mul` or `linear(seed=0)`. RMSProp on the sum of all errors, `steps` times. scale: spread
    of the random start around the composition's neutral element; 0 starts right there. least: words that these
    sentences have less often are unknown. Raises ProbekitError for targets that do not fit, sentences of which none has
    a word left, and vectors that are all zero.
    """
    import torch

    rows = np.asarray(sentences, dtype=np.int64)
    if targets.ndim != 2 or len(targets) != len(rows) or not len(rows):
        raise ProbekitError(f"targets are the vectors (n, d) of {len(rows)} sentences; got shape {targets.shape}")
    counts = Counter(word.lower() for row in rows for word in corpus.words(int(row)))
    words = tuple(sorted(word for word, count in counts.items() if count >= least))
    if not words:
        raise ProbekitError(f"no word stands {least} times in these {len(rows)} sentences; lower least={least}")
    known = word_numbers(corpus, rows, {word: number for number, word in enumerate(words)})
    aims, zero = _directions(targets)
    if zero == len(rows):
        raise ProbekitError("the vectors of all sentences are zero; they have no direction to rebuild")
    shape = (len(words), targets.shape[1])
    noise = streams.generator(seed, "init", "primitives").normal(0, 1, shape).astype(np.float32)
    vectors = torch.from_numpy(load_composition(composition).neutral + np.float32(scale) * noise)
    derived = _derivations(corpus, rows, known, composition, len(words))
    losses = _learn(derived, vectors, aims, steps, rate)
    errors = _errors(derived.values(vectors), aims, known)
    return Reconstruction(composition, words, vectors.numpy(), errors, losses, zero)


def word_numbers(corpus: Corpus, sentences: np.ndarray, index: dict[str, int]) -> list[np.ndarray]:
    """Numbers of the lower-cased words of some sentences, int64, -1 for those that are not in the index."""
    of_type = np.array([index.get(str(form).lower(), -1) for form in corpus.form.categories], dtype=np.int64)
    codes = of_type[corpus.form.codes]
    return [codes[corpus.offsets[row] : corpus.offsets[row + 1]] for row in sentences]


def _derivations(
    corpus: Corpus, rows: np.ndarray, known: list[np.ndarray], composition: str, n_words: int
) -> Bags | Trees:
    found = load_composition(composition)
    return Bags(known, n_words) if found.sum else Trees(corpus, rows, known, n_words, found)


def _learn(derived: Bags | Trees, vectors: Tensor, aims: Tensor, steps: int, rate: float) -> np.ndarray:
    """Change vectors in place; the mean error before each step."""
    import torch

    squares, losses = torch.zeros_like(vectors), np.empty(steps)
    counted = max(int((aims != 0).any(dim=1).sum()), 1)
    said = 0.0

    def pull(values: Tensor, part: slice) -> Tensor:
        nonlocal said
        cosines, gradient = _cosines(values, aims[part])
        said += float((1 - cosines)[(aims[part] != 0).any(dim=1)].sum())
        return gradient

    with torch.no_grad(), progress.bar(steps, "rebuilding sentences", "step") as shown:
        for step in range(steps):
            said = 0.0
            gradient = derived.gradient(vectors, pull)
            squares.mul_(_DECAY).addcmul_(gradient, gradient, value=1 - _DECAY)
            vectors.addcdiv_(gradient, squares.sqrt().add_(_SMALL), value=-rate)
            losses[step] = said / counted
            shown.update()
    return losses


def _cosines(values: Tensor, aims: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines (n,) of vectors with directions, 0 where a side is 0, and the gradient of their negative sum (n, d).

    Of a vector of zeros the cosine has no gradient: the direction stands for it, unscaled. (A length clamped at 1e-8
    would give one so large that RMSProp, which remembers it, hardly moves for thousands of steps.)
    """
    largest = values.abs().amax(dim=1, keepdim=True)
    largest = largest + (largest == 0)
    unit = values / largest  # in two steps: products of many words may be huge
    lengths = unit.norm(dim=1, keepdim=True)
    lengths = lengths + (lengths == 0)
    unit = unit / lengths
    cosines = (unit * aims).sum(dim=1)
    return cosines, (cosines[:, None] * unit - aims) / (largest * lengths)


def _directions(targets: np.ndarray) -> tuple[Tensor, int]:
    """Targets as unit vectors, zero ones as they are, and how many of those there are. Raises ProbekitError."""
    import torch

    if not np.isfinite(targets).all():
        raise ProbekitError("a vector of a sentence is not finite; it cannot be rebuilt")
    lengths = np.linalg.norm(targets.astype(np.float64), axis=1, keepdims=True)
    zero = lengths[:, 0] == 0
    return torch.from_numpy((targets / np.where(lengths == 0, 1, lengths)).astype(np.float32)), int(zero.sum())


def _errors(values: Tensor, aims: Tensor, known: list[np.ndarray]) -> np.ndarray:
    """1 - cos (n,) float64, NaN for sentences without a known word or a direction."""
    cosines, _ = _cosines(values, aims)
    without = np.array([not (one >= 0).any() for one in known]) | (aims == 0).all(dim=1).numpy()
    found: np.ndarray = np.where(without, np.nan, 1 - cosines.numpy().astype(np.float64))
    return found
