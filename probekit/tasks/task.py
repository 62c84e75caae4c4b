"""Task: what is asked of a representation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError

Level = Literal["sentence", "word", "span", "pair", "choice"]
Kind = Literal["number", "label", "labels", "text"]
Baseline = Literal["length", "majority", "none"]

LEVELS: tuple[str, ...] = get_args(Level)
KINDS: tuple[str, ...] = get_args(Kind)
BASELINES: tuple[str, ...] = get_args(Baseline)

PAIRED = ("pair", "choice")  # levels whose units are two sentences; those of a question are its options

Rows = np.ndarray | pd.DataFrame
UNIT_COLUMNS = ("unit", "sentence", "start", "end", "group")

# Answers of a task's function by corpus: asking for units and then for targets runs it once. Keys are weak,
# so that nothing is kept for a corpus that is gone.
Answer = tuple[pd.DataFrame | None, np.ndarray, dict[str, int]]
_answers: WeakKeyDictionary[Corpus, dict[tuple[Any, str], Answer]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Task:
    """One question: which units of a corpus are asked about, and the right answer for each.

    `name` is the registered name with a family's value filled in (`sentence/dep_dist_aux:pass`), `spec` the
    canonical text with the options that differ from their defaults. `level` is what a unit is, `kind` what a
    target is, `group` the family of linguistic properties, `metric` a name in `probekit.scores`, `baseline`
    the trivial answer to compare with (`length`: the number of words of the unit's sentence; `majority`: the
    commonest training label; `none`), `source` the citation, `requires` the corpus layers, `revision` an
    integer raised when numbers change. Made by `probekit.tasks.get`; two tasks are equal when spec and
    revision are.
    """

    name: str
    level: Level
    kind: Kind
    group: str
    metric: str
    baseline: Baseline
    source: str
    requires: tuple[str, ...]
    function: Callable[..., Any] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 1
    summary: str = ""
    spec: str = ""

    def __post_init__(self) -> None:
        if not self.spec:
            object.__setattr__(self, "spec", self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and (self.spec, self.revision) == (other.spec, other.revision)

    def __hash__(self) -> int:
        return hash((self.spec, self.revision))

    def units(self, corpus: Corpus) -> pd.DataFrame:
        """The units asked about: a table (unit, sentence, start, end, group), all int64, in corpus order.

        `start` and `end` (exclusive) are word indices within the sentence; a word unit is word
        `corpus.offsets[sentence] + start` of the corpus. Tasks over two spans add sentence2, start2, end2.
        `group` is the sentence, unless the task says otherwise. Raises ProbekitError when the corpus lacks a
        required layer.
        """
        table = self._answer(corpus)[0]
        return default_units(corpus, self.level) if table is None else table.copy()

    def targets(self, corpus: Corpus) -> np.ndarray:
        """Answers aligned with `units`: float64 (n,) for numbers, else an object array of
        str (kinds label and text) or of tuples of str (kind labels).

        Raises ProbekitError when the corpus lacks a required layer, or when the task's function returns
        something else than one finite number or text a unit.
        """
        return self._answer(corpus)[1].copy()

    def counts(self, corpus: Corpus) -> dict[str, int]:
        """What the task met in the corpus and a reader of its scores should know: how many spans were cut,
        how many examples could not be made. Empty for most tasks.
        """
        return dict(self._answer(corpus)[2])

    def _answer(self, corpus: Corpus) -> Answer:
        known = _answers.setdefault(corpus, {})
        key = (self.function, self.spec)
        if key not in known:
            corpus.require(*self.requires)
            answer = self.function(corpus)
            rows, targets, *more = answer if isinstance(answer, tuple) else (None, answer)
            units = None if rows is None else self._table(corpus, rows)
            n_units = len(units) if units is not None else n_default_units(corpus, self.level)
            known[key] = units, self._checked(targets, n_units), more[0] if more else {}
        return known[key]

    def _table(self, corpus: Corpus, rows: Rows) -> pd.DataFrame:
        """Units as a full table: from indices into all sentences or words, or from a table of spans."""
        if not isinstance(rows, pd.DataFrame):
            rows = np.asarray(rows)
            if rows.dtype == bool:
                rows = np.flatnonzero(rows)
            table = default_units(corpus, self.level).iloc[rows].reset_index(drop=True)
            return table.assign(unit=np.arange(len(table)))
        table = rows.reset_index(drop=True)
        if missing := [column for column in ("sentence", "start", "end") if column not in table]:
            raise ProbekitError(f"the units of task '{self.spec}' lack the column '{missing[0]}'")
        for second in ("", "2"):
            if f"sentence{second}" in table:
                self._check_spans(corpus, table, second)
        table = table.assign(unit=np.arange(len(table)))
        if "group" not in table:
            table["group"] = table["sentence"]
        rest = [column for column in table if column not in UNIT_COLUMNS]
        return table[[*UNIT_COLUMNS[:-1], *rest, "group"]].astype(
            {column: np.int64 for column in (*UNIT_COLUMNS, *rest) if pd.api.types.is_numeric_dtype(table[column])}
        )

    def _check_spans(self, corpus: Corpus, table: pd.DataFrame, second: str) -> None:
        sentence, start, end = (table[f"{c}{second}"].to_numpy() for c in ("sentence", "start", "end"))
        inside = (sentence >= 0) & (sentence < corpus.n_sentences)
        lengths = corpus.lengths[np.where(inside, sentence, 0)]
        bad = ~(inside & (start >= 0) & (start < end) & (end <= lengths))
        if bad.any():
            unit = int(np.flatnonzero(bad)[0])
            raise ProbekitError(
                f"unit {unit} of task '{self.spec}' is words {start[unit]}:{end[unit]} of sentence "
                f"{sentence[unit]}, which is not a span inside a sentence of {corpus!r}"
            )

    def _checked(self, targets: Any, n_units: int) -> np.ndarray:
        if len(targets) != n_units:
            raise ProbekitError(f"task '{self.spec}' has {len(targets)} targets for {n_units} units")
        if self.kind == "number":
            numbers = np.asarray(targets, dtype=np.float64)
            if not np.isfinite(numbers).all():
                unit = int(np.flatnonzero(~np.isfinite(numbers))[0])
                raise ProbekitError(f"target of unit {unit} of task '{self.spec}' is {numbers[unit]}; give a number")
            return numbers
        texts = np.empty(n_units, dtype=object)
        texts[:] = list(map(tuple, targets)) if self.kind == "labels" else list(targets)
        for unit, text in enumerate(texts):
            labels = text if self.kind == "labels" else (text,)
            if not all(isinstance(label, str) for label in labels):
                raise ProbekitError(f"target of unit {unit} of task '{self.spec}' is {text!r}; give text")
        return texts


def n_default_units(corpus: Corpus, level: Level) -> int:
    """How many sentences, words or pairs of sentences a corpus has; spans have no default."""
    if level == "span":
        raise ProbekitError("a task over spans returns its units: (table of sentence, start, end; targets)")
    if level in PAIRED:
        return len(pairs_of(corpus))
    return corpus.n_sentences if level == "sentence" else corpus.n_words


def default_units(corpus: Corpus, level: Level) -> pd.DataFrame:
    """All sentences, words or pairs of sentences of a corpus as units."""
    if level in PAIRED:
        return _pair_units(corpus)
    n_units = n_default_units(corpus, level)
    if level == "sentence":
        sentence = np.arange(n_units)
        start, end = np.zeros(n_units, dtype=np.int64), corpus.lengths.astype(np.int64)
    else:
        sentence = corpus.sentence_of_word.astype(np.int64)
        start = corpus.position_of_word
        end = start + 1
    unit = np.arange(n_units)
    return pd.DataFrame({"unit": unit, "sentence": sentence, "start": start, "end": end, "group": sentence})


def pairs_of(corpus: Corpus) -> pd.DataFrame:
    """Sentences that are judged together: columns sentence, sentence2. Raises ProbekitError where there are none."""
    link = corpus.links.get("pair")
    if link is None or not len(link):
        raise ProbekitError(f"{corpus!r} has no pairs of sentences; give a corpus of pairs, such as sick")
    return link


def _pair_units(corpus: Corpus) -> pd.DataFrame:
    """Pairs as units, both sentences whole; one group a pair, or what the link says to belong together."""
    link = pairs_of(corpus)
    columns = {"unit": np.arange(len(link))}
    for second in ("", "2"):
        sentence = link[f"sentence{second}"].to_numpy(np.int64)
        columns[f"sentence{second}"] = sentence
        columns[f"start{second}"] = np.zeros(len(link), dtype=np.int64)
        columns[f"end{second}"] = corpus.lengths[sentence].astype(np.int64)
    group = link["group" if "group" in link else "sentence"].to_numpy(np.int64)
    return pd.DataFrame({**columns, "group": group})
