"""Pairs of texts made from records: what readers and named data of pairs and choices share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.errors import DataError, ProbekitError


@dataclass(frozen=True)
class TextPair:
    """Two texts as words, and what is said of them.

    question: the name of what they belong to with others, as the options of one question do; unless given, a pair is by
    itself. `attributes` are those of both sentences.
    """

    first: Sequence[str]
    second: Sequence[str]
    id: str
    split: str
    file: str
    line: int
    document: str = ""
    question: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


def corpus_of(records: Iterable[TextPair], language: str) -> Corpus:
    """Records as a corpus: the two texts of a pair side by side, `links["pair"]` with the group of each.

    Raises DataError for a pair without one of its sides, ProbekitError where there is none.
    """
    rows: list[list[str]] = []
    about: list[dict[str, Any]] = []
    for one in records:
        if not (one.first and one.second):
            raise DataError("a pair without one of its sides", one.file, one.line)
        rows += [list(one.first), list(one.second)]
        given = {"id": one.id, "document": one.document or one.id, "split": one.split, "file": one.file}
        about.append({**given, "line": one.line, "question": one.question or one.id, **one.attributes})
    if not rows:
        raise ProbekitError("no pair of texts in the files that were given")
    table = pd.DataFrame(about)
    made = paired(rows, table.drop(columns="question").assign(language=language), language, link="pair")
    groups = pd.factorize(table["question"])[0].astype(np.int64)
    return replace(made, links={"pair": made.links["pair"].assign(group=groups)}, digest="")
