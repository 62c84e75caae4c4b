"""Spans with labels as JSON lines, the format of the edge-probing data: read and written.

    {"text": "w1 w2 w3", "targets": [{"span1": [0, 2], "label": "NP"}], "info": {"document": "d1"}}

Spans count words between blanks from 0, their end exclusive; a target of two spans has `span2` too. Format: Tenney et
al. 2019, What do you learn from context? (ICLR), as its public data scripts write it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, get_args

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import (
    PAIR,
    SPAN,
    Sentences,
    TextFile,
    between_blanks,
    is_blank,
    json_object,
    text_files,
)
from probekit.errors import ProbekitError, UnknownName

Layer = Literal["target", "entity", "predicate-argument"]
LAYERS: tuple[str, ...] = get_args(Layer)
# What the public data call the members of `info` that a corpus has a place for.
_DOCUMENT, _ID = ("document", "document_id", "doc_id"), ("id", "sent_id")
# How the public data write the answers of two-class tasks.
ANSWERS = {"yes": "1", "no": "0"}


class Asked(Protocol):
    """What a task offers: `probekit.tasks.get(name)`."""

    def units(self, corpus: Corpus) -> pd.DataFrame:
        """The spans asked about."""

    def targets(self, corpus: Corpus) -> np.ndarray:
        """The answers."""


# --- reading -----------------------------------------------------------------------------------------


def read_edge_probing(
    paths: str | Path | Sequence[str | Path], *, layer: Layer = "target", language: str = "", split: str | None = None
) -> Corpus:
    """Read edge-probing JSON lines, plain or .gz, into one corpus in the order given.

    A line is a sentence. `label` is a text or a list of texts, one row of the span layer each; an empty list is one
    row with the label "". `layer` names it: `target`, which `span/label` asks about, or, for the tasks that need those,
    `entity` (one span a target) or `predicate-argument` (two). Columns: sentence, start, end[, sentence2,
    start2, end2], label. Sentence attributes: id and document (from `info`, else `file:ordinal` and the file),
    language, split (given, else from `info`, else from the file name), file, line, text ("").

    Raises DataError with file and line for a line that is no such object, a text without words, a span that is empty,
    reversed or outside its sentence, a label that is no text, and files that mix targets of one and of two spans.
    """
    if layer not in LAYERS:
        raise UnknownName("span layer", str(layer), LAYERS)
    files = text_files(paths, "file of JSON lines")
    found = Sentences()
    rows: list[tuple[Any, ...]] = []
    width = {"entity": 3, "predicate-argument": 6}.get(layer, 0)
    for file in files:
        before = len(found)
        for line, text in enumerate(file.lines):
            if is_blank(text):
                continue
            one = _Line(file, line, json_object(file.path, line + 1, text))
            part = split if split is not None else one.info(["split"]) or None
            number = found.add(file, line, one.words, document=one.info(_DOCUMENT), id=one.info(_ID), split=part)
            for place in range(len(one.targets)):
                spans, labels = one.target(place, number)
                width = width or len(spans)
                if len(spans) != width:
                    wanted = {3: "one span", 6: "two spans"}
                    one.fail(f"targets[{place}] has {wanted[len(spans)]} where {wanted[width]} a target are expected")
                rows += [(*spans, label) for label in labels]
        if len(found) == before:
            file.fail("the file holds no sentence", 0)
    columns = [*(PAIR if width == 6 else SPAN), "label"]
    table = pd.DataFrame(sorted(rows), columns=columns)
    table = table.astype({column: str if column == "label" else np.int64 for column in columns})
    options = {"layer": layer, "language": language, "split": split}
    corpus = found.corpus("spans", files, options, language)
    assert isinstance(corpus.spans, dict)
    corpus.spans[layer] = table
    return corpus


class _Line:
    """One sentence with its targets, checked as it is read."""

    def __init__(self, file: TextFile, line: int, value: dict[str, Any]) -> None:
        self.file, self.line = file, line
        text, self.targets = value.get("text"), value.get("targets", [])
        info = value.get("info")
        self._info: dict[str, Any] = info if isinstance(info, dict) else {}
        self.words = between_blanks(text) if isinstance(text, str) else []
        if not self.words:
            self.fail("'text' is no text with words in it")
        if not all(map(str.strip, self.words)):
            self.fail("a word of 'text' is nothing but white space that separates no words")
        if not isinstance(self.targets, list) or not all(isinstance(one, dict) for one in self.targets):
            self.fail("'targets' is no list of objects with span1 and label")

    def fail(self, message: str) -> NoReturn:
        self.file.fail(message, self.line)

    def info(self, names: Sequence[str]) -> str:
        given = [self._info[name] for name in names if isinstance(self._info.get(name), (str, int))]
        return str(given[0]) if given else ""

    def target(self, place: int, number: int) -> tuple[list[int], list[str]]:
        target = self.targets[place]
        spans: list[int] = []
        for name in ("span1", "span2") if "span2" in target else ("span1",):
            spans += [number, *self._span(target.get(name), f"targets[{place}].{name}")]
        label = target.get("label")
        labels = label if isinstance(label, list) else [label]
        if not all(isinstance(one, str) for one in labels):
            self.fail(f"targets[{place}].label is {label!r}; give a text or a list of texts")
        return spans, labels or [""]

    def _span(self, span: Any, name: str) -> list[int]:
        whole = isinstance(span, list) and len(span) == 2 and all(type(end) is int for end in span)
        if not whole or not 0 <= span[0] < span[1] <= len(self.words):
            shown = json.dumps(span, ensure_ascii=False)[:80]
            self.fail(f"{name} is {shown}, which is no span [start, end) within {len(self.words)} words")
        return list(span)


# --- writing -----------------------------------------------------------------------------------------


def write_edge_probing(corpus: Corpus, task: Asked, path: str | Path) -> Path:
    """Write the units of a task as edge-probing JSON lines, one sentence a line, and return the path.

    A unit's label is its text, or a list where it has several labels or none; `yes` and `no` are written as 1 and 0, as
    the public data do. Sentences without a unit are written too. The file appears whole or not at all. Raises
    ProbekitError for a word that holds a blank, since the format counts words between blanks, and for targets that are
    numbers.
    """
    path = Path(path)
    units, answers = task.units(corpus), task.targets(corpus)
    if answers.dtype != object:
        raise ProbekitError(f"{task!r} answers with numbers; edge-probing files hold labels")
    targets: list[list[dict[str, Any]]] = [[] for _ in range(corpus.n_sentences)]
    columns = [column for column in (*SPAN, *PAIR[3:]) if column in units]
    for row, answer in zip(units[columns].to_numpy().tolist(), answers.tolist(), strict=True):
        sentence, start, end, *second = row
        target: dict[str, Any] = {"span1": [start, end]}
        if second:
            if second[0] != sentence:
                raise ProbekitError(f"a unit of {task!r} lies in two sentences; an edge-probing target lies in one")
            target["span2"] = second[1:]
        labels = [ANSWERS.get(label, label) for label in (answer if isinstance(answer, tuple) else (answer,))]
        targets[sentence].append({**target, "label": labels[0] if len(labels) == 1 else labels})
    lines = []
    for sentence in range(corpus.n_sentences):
        words = corpus.words(sentence)
        for word in words:
            if between_blanks(word) != [word]:
                raise ProbekitError(f"the word '{word}' of sentence {sentence} holds a blank; blanks end words there")
        of = corpus.sentences.iloc[sentence]
        info = {name: str(of[name]) for name in ("id", "document", "split") if name in of and str(of[name])}
        value = {"text": " ".join(words), "targets": targets[sentence], "info": info}
        lines.append(json.dumps(value, ensure_ascii=False))
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
    return path
