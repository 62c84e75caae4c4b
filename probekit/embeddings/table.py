"""Word-vector tables: words x vectors, with what else their training left (context vectors, counts)."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from probekit.errors import DataError, ProbekitError

VECTORS_FILE = "table.safetensors"
WORDS_FILE = "words.txt"
ABOUT_FILE = "table.json"
_ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class WordTable:
    """Words and their vectors, row i of every matrix belonging to `words[i]`.

    `vectors` is (n, d) float32 and may be memory-mapped; `context`, where training kept it, is the other
    matrix of the model, of the same shape; `counts` are int64 frequencies. `language` is a code or "".
    `digest` names the content; `spec` loads it again on this machine and `name` shows it, a file by its base
    name and digest (both "" when made by hand). `notes` count what reading or training found (duplicates left
    out, words repaired); `about` keeps how a trained table was made. All arrays are read-only.

    Raises ProbekitError for shapes that do not fit, a word given twice, an empty word, a value that is not
    finite.
    """

    words: Sequence[str]
    vectors: np.ndarray
    context: np.ndarray | None = None
    counts: np.ndarray | None = None
    language: str = ""
    digest: str = ""
    spec: str = ""
    name: str = ""
    notes: Mapping[str, int] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.words)
        if isinstance(self.words, str) or not n:
            raise ProbekitError("a word-vector table needs a list of at least one word")
        object.__setattr__(self, "words", tuple(self.words))
        object.__setattr__(self, "vectors", self._checked("vectors", self.vectors))
        if self.context is not None:
            object.__setattr__(self, "context", self._checked("context", self.context))
            if self.context.shape != self.vectors.shape:
                raise ProbekitError(f"context {self.context.shape} and vectors {self.vectors.shape} differ in shape")
        if self.counts is not None:
            if np.shape(self.counts) != (n,):
                raise ProbekitError(f"counts of {n} words must be ({n},), got {np.shape(self.counts)}")
            object.__setattr__(self, "counts", _read_only(self.counts, np.dtype(np.int64)))
        if len(set(self.words)) != n or "" in self.words:
            word, times = Counter(self.words).most_common(1)[0]
            what = f"the word '{word}' twice" if times > 1 else "an empty word"
            raise ProbekitError(f"a word-vector table cannot hold {what}; keep one row a word")
        if not self.digest:
            object.__setattr__(self, "digest", content_digest(self))

    def _checked(self, name: str, matrix: np.ndarray) -> np.ndarray:
        """A matrix of this table's words, read-only."""
        n = len(self.words)
        if np.ndim(matrix) != 2 or matrix.shape[0] != n or matrix.shape[1] == 0:
            raise ProbekitError(f"{name} of {n} words must be ({n}, width), got {np.shape(matrix)}")
        matrix = _read_only(matrix, np.dtype(np.float32))
        row = first_bad_row(matrix)
        if row is not None:
            raise ProbekitError(f"{name} of '{self.words[row]}' (row {row}) hold NaN or infinity")
        return matrix

    def with_vectors(self, vectors: np.ndarray, digest: str = "", **about: Any) -> WordTable:
        """The same words with other vectors (n, k). Counts, language and notes stay; context vectors, which were
        trained against those before, do not. digest: of what made them, else that of the content is taken. about: is
        added to `about`. Raises ProbekitError as the table itself."""
        changed = {"vectors": self._checked("vectors", vectors), "context": None, "about": {**self.about, **about}}
        made = _copied(self, {**changed, "spec": "", "name": ""})
        return _copied(made, {"digest": digest or content_digest(made)})

    def called(self, spec: str, name: str, digest: str) -> WordTable:
        """The same table as it is asked for, shown, and known by its digest."""
        return _copied(self, {"spec": spec, "name": name, "digest": digest})

    def __repr__(self) -> str:
        return f"WordTable({self.name or 'by hand'}: {len(self)} words x {self.width})"

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    @property
    def width(self) -> int:
        """Values per vector."""
        return int(self.vectors.shape[1])

    @property
    def zero_rows(self) -> int:
        """Words whose vector is 0 throughout: they are kept, and like nothing (cosine 0)."""
        perhaps = np.flatnonzero(self.vectors[:, 0] == 0)
        return int((self.vectors[perhaps] == 0).all(axis=1).sum())

    @cached_property
    def index(self) -> dict[str, int]:
        """Row of every word."""
        return {word: row for row, word in enumerate(self.words)}

    def rows(self, words: Iterable[str]) -> np.ndarray:
        """Row of every word, int32, -1 where the table does not hold it."""
        return np.fromiter(map(self.index.get, words, repeat(-1)), dtype=np.int32)

    def vector(self, word: str) -> np.ndarray:
        """Vector (d,) float32 of a word. Raises ProbekitError for a word that is not in the table."""
        if word not in self.index:
            raise ProbekitError(f"the word '{word}' is not in {self!r}")
        return self.vectors[self.index[word]]

    def save(self, folder: str | Path) -> Path:
        """Write the table as `table.safetensors`, `words.txt` (one word a line, UTF-8) and `table.json`."""
        from safetensors.numpy import save_file

        broken = next((word for word in self.words if "\n" in word or "\r" in word), None)
        if broken is not None:
            raise ProbekitError(f"the word {broken!r} holds a line break and cannot stand in {WORDS_FILE}")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {"vectors": self.vectors, "context": self.context, "counts": self.counts}
        kept = {name: np.ascontiguousarray(array) for name, array in arrays.items() if array is not None}
        about = {
            "format": "probekit word table",
            "words": len(self),
            "width": self.width,
            "language": self.language,
            "notes": dict(self.notes),
            "about": dict(self.about),
        }
        # Hidden name first, then rename: this table may be mapped from the very file that is written.
        save_file(kept, folder / f".{VECTORS_FILE}.tmp")
        (folder / f".{WORDS_FILE}.tmp").write_bytes("".join(f"{word}\n" for word in self.words).encode())
        (folder / f".{ABOUT_FILE}.tmp").write_text(json.dumps(about, indent=1, sort_keys=True))
        for name in (VECTORS_FILE, WORDS_FILE, ABOUT_FILE):
            os.replace(folder / f".{name}.tmp", folder / name)
        return folder

    def write_text(self, path: str | Path, header: bool = True) -> None:
        """Write word2vec text, or GloVe text with `header=False`. Every float32 comes back as it was."""
        self._refuse_for_export(blanks=False)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            if header:
                file.write(f"{len(self)} {self.width}\n")
            for start in range(0, len(self), 4096):
                texts = np.asarray(self.vectors[start : start + 4096]).astype(str)
                lines = zip(self.words[start : start + 4096], texts.tolist(), strict=True)
                file.writelines(f"{word} {' '.join(values)}\n" for word, values in lines)

    def write_binary(self, path: str | Path) -> None:
        """Write the word2vec binary format: header, then word, blank, d little-endian float32."""
        self._refuse_for_export(blanks=True)
        with open(path, "wb") as file:
            file.write(f"{len(self)} {self.width}\n".encode())
            for word, vector in zip(self.words, np.asarray(self.vectors, dtype="<f4"), strict=True):
                file.write(word.encode() + b" " + vector.tobytes() + b"\n")

    def _refuse_for_export(self, blanks: bool) -> None:
        # Text is split from the right, so a blank inside a word survives there; the binary format ends a word
        # at the first blank.
        marks = "\n\r " if blanks else "\n\r"
        broken = next((w for w in self.words if any(m in w for m in marks) or w != w.strip(" \t")), None)
        if broken is not None:
            raise ProbekitError(f"the word {broken!r} cannot be written in this format; use save(folder)")


def context_of(table: WordTable) -> np.ndarray:
    """The context vectors of a table. Raises ProbekitError where it has none, which says what can be trained."""
    if table.context is None:
        raise ProbekitError(
            f"{table!r} has no context vectors: files such as GloVe's hold one matrix, and a step that changes vectors "
            "drops the other. Train a table that keeps both: glove-model:CORPUS, skip-gram:CORPUS or word2vec:CORPUS"
        )
    return table.context


def first_bad_row(matrix: np.ndarray) -> int | None:
    """First row that holds NaN or infinity, or None. Reads a mapped matrix block by block."""
    for start in range(0, len(matrix), _ROWS_AT_ONCE):
        good = np.isfinite(matrix[start : start + _ROWS_AT_ONCE]).all(axis=1)
        if not good.all():
            return start + int(np.argmin(good))
    return None


def content_digest(table: WordTable) -> str:
    """Digest of words, matrices, counts and language, for a table that no file or recipe stands behind."""
    found = hashlib.blake2b(digest_size=16)
    found.update(json.dumps([table.words, table.language], ensure_ascii=True).encode())
    for name, kind in (("vectors", "<f4"), ("context", "<f4"), ("counts", "<i8")):
        array = getattr(table, name)
        if array is not None:
            found.update(f"{name}{array.shape}".encode())
            for start in range(0, len(array), _ROWS_AT_ONCE):
                found.update(np.ascontiguousarray(array[start : start + _ROWS_AT_ONCE], dtype=kind).tobytes())
    return found.hexdigest()


def _copied(table: WordTable, changed: Mapping[str, Any]) -> WordTable:
    """A table of the same words with other parts, which were looked at: words are not counted and indexed again."""
    made = copy(table)
    for name, value in changed.items():
        object.__setattr__(made, name, value)
    return made


def _read_only(array: Any, kind: np.dtype) -> np.ndarray:
    if not np.can_cast(array.dtype, kind, casting="same_kind"):
        raise ProbekitError(f"a word-vector table holds float vectors and integer counts, got {array.dtype}")
    view = np.asanyarray(array).astype(kind, copy=False).view()
    view.flags.writeable = False
    return view


def keep_first(
    words: list[str], vectors: np.ndarray, file: Path, lines_from: int | None = None
) -> tuple[list[str], np.ndarray, dict[str, int]]:
    """Words and vectors without later rows of a word already seen, and the count of rows left out.

    Published GloVe files hold a handful of such rows (words that differed before a clean-up); refusing the
    file would help nobody, so the first, more frequent one stays. An empty word is refused with its line.
    """
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    if "" in first:
        row = first[""]
        line = None if lines_from is None else lines_from + row
        raise DataError(f"row {row + 1} has no word before its values; give it one or drop it", file, line)
    if len(first) == len(words):
        return words, vectors, {}
    rows = np.fromiter(first.values(), np.int64)
    return list(first), vectors[rows], {"duplicates": len(words) - len(first)}
