"""Labelled texts as corpora: one text a row, its class the sentence attribute `label`.

Tables (.tsv, .csv), JSON lines (.jsonl) and folders with a subfolder a class, plain or .gz.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import ENDS, decoded, is_blank, json_object, read_lines, split_of
from probekit.corpora.readers.tables import (
    LABEL_NAMES,
    TEXT_NAMES,
    Row,
    check_order,
    check_quotation,
    csv_rows,
    is_header,
    tsv_rows,
)
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError, ProbekitError, UnknownName
from probekit.resources import find, plain_name, read_bytes

_KEPT_FIELDS = ("id", "fold", "language", "split", "labels")


@dataclass(frozen=True)
class LabelledText:
    """One labelled text and where it stood; `words` where it is not to be cut by the reader's rule."""

    text: str
    label: str
    file: Path
    line: int | None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    words: Sequence[str] | None = None


def read_texts(
    paths: str | Path | Sequence[str | Path],
    *,
    text: str | int | None = None,
    label: str | int | None = None,
    classes: Sequence[str] = (),
    words: str = "treebank",
    empty: str = "error",
    split: str | None = None,
    language: str | None = None,
) -> Corpus:
    """Read labelled texts, files plain or .gz and folders, into one corpus in the order given.

    A table's first row is its header when it names a column that was asked for, or as LABEL_NAMES or TEXT_NAMES have
    it (see `is_header`); without a header, the label stands in the first column and the text in the last. `text` and
    `label` name other columns (or fields of JSON lines), or count them from 1. A .tsv is cut at tabs and knows no
    quotation marks, a .csv is read with them. In a folder every subfolder is a class and every file in it a text.

    classes: the labels to keep, others are left out. words: "treebank", or "blanks" for text that is tokenised.
    empty: "error", or "drop" to leave out texts without a word. split, language: of all texts, where the data do not
    say; the split is read from a file name such as `x-train.tsv` as well.

    Sentence attributes: label, id, document (the id), language, split, file, line (absent in folders: 0), text; labels
    where there is a column or field of that name, several parted by |.

    Raises DataError with file and line for a row of another width, broken CSV or JSON, a missing label or text (null
    and NaN are none), a text without a word, text that is not UTF-8, a table without a header whose first column is no
    label (see `check_order`); ProbekitError when only one class is left; UnknownName for a class or column that is not
    there.
    """
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not paths:
        raise ProbekitError("no file of labelled texts given; name at least one")
    records = (one for path in paths for one in _records(Path(path), text, label))
    return corpus_of(records, classes=classes, words=words, empty=empty, split=split, language=language)


def corpus_of(
    records: Iterable[LabelledText],
    *,
    classes: Sequence[str] = (),
    words: str = "treebank",
    empty: str = "error",
    split: str | None = None,
    language: str | None = None,
) -> Corpus:
    """Records as a corpus; see `read_texts`."""
    cut = tokeniser(words)
    if empty not in ("error", "drop"):
        raise UnknownName("way with empty texts:", str(empty), ("error", "drop"))
    wanted = _wanted(classes)
    sentences: list[Sequence[str]] = []
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    dropped: list[LabelledText] = []
    for record in records:
        if not record.label:
            raise DataError("the label is missing; every text needs one", record.file, record.line)
        seen.add(record.label)
        if wanted and record.label not in wanted:
            continue
        found = record.words if record.words is not None else cut(record.text)
        if not found:
            if empty == "error":
                raise DataError(
                    "the text is empty; give it words, remove it, or read with empty=drop", record.file, record.line
                )
            dropped.append(record)
            continue
        sentences.append(found)
        rows.append(_row(record, len(rows), split, language))
    for name in wanted:
        if name not in seen:
            raise UnknownName("class of the texts:", name, sorted(seen))
    if not rows:
        raise ProbekitError("there is no labelled text to read; the files hold none")
    left = sorted({row["label"] for row in rows})
    if len(left) < 2:
        raise ProbekitError(
            f"all {len(rows)} texts have the label '{left[0]}' ({rows[0]['file']}); a classifier needs two classes"
        )
    if dropped:
        first = dropped[0]
        where = f"{first.file.name}" + (f":{first.line}" if first.line else "")
        warnings.warn(f"{len(dropped)} empty texts were left out, the first at {where}", stacklevel=3)
    return _corpus(sentences, rows)


def _wanted(classes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        raise ProbekitError(f"classes is a list of labels, got {classes!r}; write classes=[a, b]")
    wanted = tuple(map(str, classes))
    if len(wanted) == 1 or len(set(wanted)) < len(wanted):
        raise ProbekitError(f"classes={list(wanted)} must name two or more different labels")
    return wanted


def _row(record: LabelledText, number: int, split: str | None, language: str | None) -> dict[str, Any]:
    name = plain_name(record.file)
    given = record.attributes
    identity = str(given.get("id") or (f"{name}:{record.line}" if record.line else f"{record.label}/{name}"))
    further = {key: value for key, value in given.items() if key not in ("id", "language", "split")}
    return {
        "id": identity,
        "document": identity,
        "language": given.get("language") or language or "",
        "split": given.get("split") or split or split_of(name),
        "label": record.label,
        "file": name,
        "line": record.line or 0,
        "text": record.text,
        **further,
    }


def _corpus(sentences: Sequence[Sequence[str]], rows: Sequence[Mapping[str, Any]]) -> Corpus:
    offsets = np.concatenate([[0], np.cumsum([len(found) for found in sentences])]).astype(np.int64)
    offsets.flags.writeable = False
    codes, categories = pd.factorize(np.array([w for found in sentences for w in found], dtype=object))
    form = pd.Categorical.from_codes(codes, categories=pd.Index(list(categories), dtype=object))
    return Corpus(form, offsets, sentences=pd.DataFrame(list(rows)))


# --- files ----------------------------------------------------------------------------------------------------------


def class_files(folder: Path) -> list[Path]:
    """Files of a folder with a subfolder a class, sorted; hidden ones are not meant.

    Raises DataError when there are fewer than two subfolders, or one without a file.
    """
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(classes) < 2:
        raise DataError("a folder of labelled texts holds a subfolder for each of two or more classes", folder)
    found = []
    for one in classes:
        files = sorted(p for p in one.iterdir() if p.is_file() and not p.name.startswith("."))
        if not files:
            raise DataError("the folder of this class holds no file", one)
        found += files
    return found


def _records(path: Path, text: str | int | None, label: str | int | None) -> Iterator[LabelledText]:
    if path.is_dir():
        for file in class_files(path):
            yield LabelledText(decoded(file, read_bytes(file)), file.parent.name, file, None)
        return
    path = find(path)
    kind = Path(plain_name(path)).suffix.lower()
    if kind not in READERS:
        raise ProbekitError(
            f"'{path}': labelled texts are read from {', '.join(READERS)} (plain or .gz), or from a folder with a "
            "subfolder a class"
        )
    yield from READERS[kind](path, text, label)


def _tsv(path: Path, text: str | int | None, label: str | int | None) -> Iterator[LabelledText]:
    rows = list(tsv_rows(path))
    check_quotation(path, rows)
    yield from _table(path, rows, text, label)


def _csv(path: Path, text: str | int | None, label: str | int | None) -> Iterator[LabelledText]:
    yield from _table(path, list(csv_rows(path)), text, label)


def _table(path: Path, rows: Sequence[Row], text: str | int | None, label: str | int | None) -> Iterator[LabelledText]:
    if not rows:
        raise DataError("is empty; a table of labelled texts has a row a text", path)
    names = [cell.strip().lower() for cell in rows[0][1]]
    if len(names) < 2:
        raise DataError("a table of labelled texts has two columns or more, label and text", path, rows[0][0])
    headed = is_header(rows, [column for column in (text, label) if isinstance(column, str)])
    text_at = _column(path, names if headed else None, text, TEXT_NAMES, len(names), "text")
    label_at = _column(path, names if headed else None, label, LABEL_NAMES, 1, "label")
    if text_at == label_at:
        raise DataError(f"column {text_at + 1} cannot be text and label at once; name them (text=.., label=..)", path)
    if not headed and text is None and label is None:
        check_order(path, rows)
    kept = {name: at for at, name in enumerate(names) if headed and name in _KEPT_FIELDS}
    for line, row in rows[1:] if headed else rows:
        if len(row) != len(names):
            raise DataError(f"has {len(row)} columns where the first row has {len(names)}", path, line)
        attributes = {
            name: row[at].strip() for name, at in kept.items() if at != text_at and (at != label_at or name == "labels")
        }
        yield LabelledText(row[text_at].strip(ENDS), row[label_at].strip(), path, line, attributes)


def _column(
    path: Path, names: list[str] | None, asked: str | int | None, usual: Sequence[str], default: int, what: str
) -> int:
    """Index of a column that was asked for by name or number, is called as usual, or stands where it does."""
    if isinstance(asked, int):
        default = asked
    elif asked is not None:
        if names is None or asked.lower() not in names:
            raise UnknownName(f"column of {path}:", asked, names or [])
        return names.index(asked.lower())
    elif names is not None:
        found = [names.index(name) for name in usual if name in names]
        if not found:
            called = f"no column is called {' or '.join(usual)} (they are {', '.join(names)})"
            raise DataError(f"{called}; name it with {what}=COLUMN", path, 1)
        return found[0]
    if isinstance(default, bool) or default < 1:
        raise ProbekitError(f"{what}={default!r}: columns are counted from 1")
    if names is not None and default > len(names):
        raise ProbekitError(f"{what}={default}: {path} has {len(names)} columns")
    return default - 1


def _jsonl(path: Path, text: str | int | None, label: str | int | None) -> Iterator[LabelledText]:
    for line, found in json_lines(path):
        said = _field(path, line, found, "text", TEXT_NAMES if text is None else (str(text),))
        named = _field(path, line, found, "label", LABEL_NAMES if label is None else (str(label),))
        attributes = {name: found[name] for name in _KEPT_FIELDS if isinstance(found.get(name), (str, int))}
        yield LabelledText(said, named.strip(), path, line, attributes)


def _field(path: Path, line: int, found: Mapping[str, Any], what: str, names: Sequence[str]) -> str:
    """The first field of these names as text. Raises DataError where there is none, or it is null, NaN or a list."""
    name = next((name for name in names if name in found), None)
    if name is None:
        raise DataError(f"has no {what}; looked for the field {', '.join(names)}", path, line)
    value = found[name]
    if value is None or isinstance(value, (dict, list)) or (isinstance(value, float) and not math.isfinite(value)):
        shown = json.dumps(value)[:40]
        raise DataError(f"has no {what}: its field '{name}' is {shown}; give it one, or take the line out", path, line)
    return str(value)


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects of a .jsonl with their lines. Raises DataError for a line that is no JSON object."""
    for number, line in enumerate(read_lines(path), 1):
        if not is_blank(line):
            yield number, json_object(path, number, line)


READERS: dict[str, Callable[[Path, Any, Any], Iterator[LabelledText]]] = {".tsv": _tsv, ".csv": _csv, ".jsonl": _jsonl}
