"""Residual entropy: is each concept carried by symbols of its own (Gupta, Resnick et al. 2020)?

    residual_entropy(symbols, concepts)                      the lowest of the searches below
    residual_entropy(symbols, concepts, [[0, 1], [2, 3]])    of these blocks: columns 0 and 1 for the first concept

The share of each concept's entropy that is left when the symbols of its block are known, mean over concepts: 0 where
the block tells the concept, 1 where no block says anything. Blocks are disjoint. Any code that tells all strings apart
scores at most (c - 1) / c of c concepts under the best of blocks, since one block may take all columns: read a score
against that of random codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError, UnknownName
from probekit.scores.arrays import Codes, Floats, at_least_one
from probekit.scores.information import joint, sum_n_log_n, symbol_codes
from probekit.streams import generator

PARTITIONS = ("mi", "released", "local", "exhaustive", "best")
FEW = 12  # columns up to which all blocks are tried
A_CELL = 20  # units a cell below which counts make a code look better than it is
GAIN = 1e-12
Blocks = tuple[int, ...]  # for each concept a number whose binary digits are the columns of its block


@dataclass(frozen=True)
class ResidualEntropy:
    """A score from 0 to 1, lower is better.

    blocks: columns of each concept. by_concept: what is left of each. partition: the search that found the blocks;
    searched: the score of each that was tried. permuted: the score of the same searches where the concepts of strings
    are permuted. a_cell: fewest strings for each occupied cell of a block. note: what makes the score hard to read.
    """

    value: float
    blocks: tuple[tuple[int, ...], ...]
    by_concept: tuple[float, ...]
    partition: str
    searched: Mapping[str, float]
    permuted: float
    a_cell: float
    note: str = ""


def residual_entropy(
    symbols: npt.ArrayLike,
    concepts: npt.ArrayLike,
    partition: str | Sequence[Sequence[int]] = "best",
    seed: int = 0,
    least: int = 1,
) -> ResidualEntropy:
    """How little disjoint blocks of symbols leave open of single concepts.

    symbols: (n, l) of any discrete code: bits, cluster ids. concepts: (n, c), each with two values or more. partition:
    "mi" gives each column to the concept that it tells most about, "released" as the paper's code does (bits alone),
    "local" moves single columns from there while the score drops, "exhaustive" tries all blocks (up to 12 columns),
    "best" is the lowest of them, all blocks where they are few; or blocks, one a concept. Entropies by counts over the
    n strings, divided by the entropy of the concept in them. seed: of the permutation that stands beside the score.
    least: strings for each occupied cell, below which a block counts as empty and searches leave columns out: 20 where
    the strings are a sample, since blocks of few strings a cell tell anything; 1 where they are the whole language.
    Raises ProbekitError for numbers that are no symbols, a concept with one value, blocks that overlap.
    """
    code = _Code(symbols, concepts, at_least_one(least, "least"))
    searched = _searched(code, partition)
    name = min(searched, key=lambda one: code.score(searched[one]))  # the first of equals
    blocks = searched[name]
    order = generator(seed, "draw", "permuted strings", code.n).permutation(code.n)
    other = code.permuted(order)
    permuted = min(other.score(found) for found in _searched(other, partition).values())
    return ResidualEntropy(
        code.score(blocks),
        tuple(tuple(_columns(block)) for block in blocks),
        tuple(code.left(i, block) for i, block in enumerate(blocks)),
        name,
        {one: code.score(found) for one, found in searched.items()},
        permuted,
        min(code.a_cell(block) for block in blocks),
        _note(code, blocks),
    )


def _note(code: _Code, blocks: Blocks) -> str:
    least = min(code.a_cell(block) for block in blocks)
    if least >= A_CELL:
        return ""
    return f"{least:.1f} strings a cell, fewer than {A_CELL}: read it beside permuted concepts"


class _Code:
    """Codes of strings and their concepts, with what a block leaves of a concept remembered."""

    def __init__(self, symbols: npt.ArrayLike, concepts: npt.ArrayLike, least: int) -> None:
        self.least = least
        self.symbols, self.sizes = symbol_codes(symbols, "symbols")
        self.concepts, self.values = symbol_codes(concepts, "concepts")
        if len(self.symbols) != len(self.concepts):
            raise ProbekitError(
                f"symbols has {len(self.symbols)} rows, concepts has {len(self.concepts)}; give one row a string"
            )
        if (self.values < 2).any():
            single = int(np.argmin(self.values))
            raise ProbekitError(f"concept {single} has one value in all strings, so nothing can tell it; leave it out")
        self.n = len(self.symbols)
        self.whole = [self._open(self.concepts[:, i], np.zeros(self.n, np.int64), 1, i) for i in range(self.n_concepts)]
        self._left: dict[tuple[int, int], float] = {}

    @property
    def n_concepts(self) -> int:
        return self.concepts.shape[1]

    @property
    def n_columns(self) -> int:
        return self.symbols.shape[1]

    def permuted(self, order: Codes) -> _Code:
        return _Code(self.symbols, self.concepts[order], self.least)

    def _cells(self, block: int) -> tuple[Codes, int]:
        columns = _columns(block)
        return joint([self.symbols[:, at] for at in columns], [int(self.sizes[at]) for at in columns])

    def _open(self, concept: Codes, cell: Codes, cells: int, i: int) -> float:
        """H(concept | cell) in nats."""
        values = int(self.values[i])
        pairs = np.bincount(cell * values + concept, minlength=cells * values)
        return (sum_n_log_n(pairs.reshape(cells, values).sum(axis=1)) - sum_n_log_n(pairs)) / self.n

    def left(self, i: int, block: int) -> float:
        """What a block leaves open of a concept, from 0 to 1."""
        if not block:
            return 1.0
        if (i, block) not in self._left:
            value = self._open(self.concepts[:, i], *self._cells(block), i) / self.whole[i]
            self._left[i, block] = 1.0 if self.sparse(block) else value if value > GAIN else 0.0
        return self._left[i, block]

    def sparse(self, block: int) -> bool:
        """Whether a block has too few strings for each occupied cell."""
        return self.least > 1 and self.a_cell(block) < self.least

    def score(self, blocks: Blocks) -> float:
        return float(np.mean([self.left(i, block) for i, block in enumerate(blocks)]))

    def a_cell(self, block: int) -> float:
        """Strings for each occupied cell; an empty block has one cell."""
        return self.n if not block else self.n / len(np.unique(self._cells(block)[0]))


def _columns(block: int) -> list[int]:
    return [at for at in range(block.bit_length()) if block >> at & 1]


# --- searches ----------------------------------------------------------------------------------------


def _searched(code: _Code, partition: str | Sequence[Sequence[int]]) -> dict[str, Blocks]:
    """Blocks by the name of what found them."""
    if not isinstance(partition, str):
        return {"given": _given(code, partition)}
    if partition not in PARTITIONS:
        raise UnknownName("partition", partition, PARTITIONS)
    names: tuple[str, ...] = (partition,)
    if partition == "best":
        names = (*(("exhaustive",) if code.n_columns <= FEW else ()), *_heuristics(code))
    return {name: _trimmed(code, _SEARCHES[name](code)) for name in names}


def _heuristics(code: _Code) -> tuple[str, ...]:
    return ("mi", "released", "local") if (code.sizes <= 2).all() else ("mi", "local")


def _given(code: _Code, blocks: Sequence[Sequence[int]]) -> Blocks:
    """Blocks of a user. Raises ProbekitError for as many as there are no concepts, other columns, shared ones."""
    if len(blocks) != code.n_concepts:
        raise ProbekitError(
            f"{len(blocks)} blocks for {code.n_concepts} concepts; give one a concept, empty where none"
        )
    listed = [int(column) for block in blocks for column in block]
    if outside := [column for column in listed if not 0 <= column < code.n_columns]:
        raise ProbekitError(f"a block names column {outside[0]}; columns are 0 to {code.n_columns - 1}")
    if shared := [column for column in listed if listed.count(column) > 1]:
        raise ProbekitError(f"column {shared[0]} stands in blocks twice; blocks are disjoint")
    return tuple(sum(1 << int(column) for column in block) for block in blocks)


def _assigned(code: _Code, owner: npt.NDArray[np.int64]) -> Blocks:
    return tuple(sum(1 << int(at) for at in np.flatnonzero(owner == i)) for i in range(code.n_concepts))


def _by_information(code: _Code) -> Blocks:
    """Each column to the concept that it tells most about, in nats."""
    told = [
        [code.whole[i] * (1 - code.left(i, 1 << at)) for i in range(code.n_concepts)] for at in range(code.n_columns)
    ]
    return _assigned(code, np.argmax(told, axis=1))


def _as_released(code: _Code) -> Blocks:
    """Each bit to the concept whose values change its frequency most: the mean over values of
    |P(bit = 0 | value) - mean over all values of all concepts|."""
    if (code.sizes > 2).any():
        wide = int(np.argmax(code.sizes))
        raise ProbekitError(
            f"column {wide} holds {code.sizes[wide]} symbols; partition='released' is for bits, 0 and 1"
        )
    zero = (code.symbols == 0).astype(np.float64)
    by_concept = [_frequencies(zero, code.concepts[:, i], int(code.values[i])) for i in range(code.n_concepts)]
    mean = np.concatenate(by_concept).mean(axis=0)
    return _assigned(code, np.argmax([np.abs(one - mean).mean(axis=0) for one in by_concept], axis=0))


def _frequencies(zero: Floats, concept: Codes, values: int) -> Floats:
    """Share of strings with bit 0, (values, bits)."""
    one_hot = np.eye(values)[concept]
    found: Floats = one_hot.T @ zero / one_hot.sum(axis=0)[:, None]
    return found


def _local(code: _Code) -> Blocks:
    """From the blocks by information, the single move that lowers the score most, as long as one does."""
    start = _trimmed(code, _by_information(code))
    spare = (1 << code.n_columns) - 1 - sum(start)  # columns of no block
    blocks = [*start, spare]
    while True:
        moves = [
            (_gain(code, blocks, at, i, j), at, i, j)
            for i, block in enumerate(blocks)
            for at in _columns(block)
            for j in range(code.n_concepts)
            if j != i
        ]
        gain, at, i, j = max(moves, key=lambda move: move[0], default=(0.0, 0, 0, 0))
        if gain <= GAIN:
            return tuple(blocks[:-1])
        blocks[i] ^= 1 << at
        blocks[j] |= 1 << at


def _gain(code: _Code, blocks: Sequence[int], at: int, i: int, j: int) -> float:
    """By how much the sum over concepts drops when a column goes from block i, the last of no concept, to block j."""
    lost = 0.0 if i == code.n_concepts else code.left(i, blocks[i] ^ 1 << at) - code.left(i, blocks[i])
    return code.left(j, blocks[j]) - code.left(j, blocks[j] | 1 << at) - lost


def _trimmed(code: _Code, blocks: Blocks) -> Blocks:
    """Blocks without the columns that tell least, down to strings enough a cell."""
    found = []
    for i, block in enumerate(blocks):
        kept = block
        while kept and code.sparse(kept):
            kept ^= max((1 << at for at in _columns(kept)), key=lambda column: code.left(i, column))
        found.append(kept)
    return tuple(found)


def _exhaustive(code: _Code) -> Blocks:
    """The best of all blocks, by what the first concepts can do with each set of columns."""
    if code.n_columns > FEW:
        raise ProbekitError(f"all blocks of {code.n_columns} columns are too many to try; at most {FEW}, or 'best'")
    best, chosen = _within(code, 0)
    ways = [chosen]
    for i in range(1, code.n_concepts):
        own, chosen = _within(code, i)
        found = [_split(own, best, columns) for columns in range(1 << code.n_columns)]
        best, taken = np.array([value for value, _ in found]), np.array([block for _, block in found])
        ways.append(chosen[taken])
    blocks, rest = [], (1 << code.n_columns) - 1
    for way in reversed(ways):
        blocks.append(int(way[rest]))
        rest ^= blocks[-1]
    return tuple(reversed(blocks))


def _within(code: _Code, i: int) -> tuple[Floats, Codes]:
    """What each set of columns leaves open of a concept at best, and the block in it: all of it, where strings are
    enough a cell."""
    sets = np.arange(1 << code.n_columns)
    best, block = np.array([code.left(i, columns) for columns in sets.tolist()]), sets.copy()
    for at in range(code.n_columns):
        more = sets[sets >> at & 1 == 1]
        fewer = more ^ 1 << at
        better = best[fewer] < best[more] - GAIN
        best[more[better]], block[more[better]] = best[fewer[better]], block[fewer[better]]
    return best, block


def _split(own: Floats, others: Floats, columns: int) -> tuple[float, int]:
    """The best block of a concept among the subsets of some columns, the others having the rest."""
    subsets = np.zeros(1, dtype=np.int64)
    for at in _columns(columns):
        subsets = np.concatenate([subsets, subsets | 1 << at])
    values = own[subsets] + others[columns ^ subsets]
    place = int(np.argmin(values))
    return float(values[place]), int(subsets[place])


_SEARCHES = {"mi": _by_information, "released": _as_released, "local": _local, "exhaustive": _exhaustive}
