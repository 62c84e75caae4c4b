"""CoNLL-U files as corpora, read by columns.

Format: https://universaldependencies.org/format.html. Words become the columns of a Corpus; multiword ranges
(`3-4`) and empty nodes (`8.1`) are tables beside them and never count as words. DEPS (column 9) is read past.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.conllu_columns import FIELDS, said_columns, withheld_words
from probekit.corpora.readers.lines import decoded, plain_ends
from probekit.errors import DataError, ProbekitError
from probekit.resources import find, plain_name, read_bytes, recipe_digest

_STRINGS = ("form", "lemma", "upos", "xpos", "feats", "deprel", "misc")
# At most nine digits, so that no number overflows; none is longer in a real file.
_WORD_ID = re.compile(r"[1-9][0-9]{0,8}")
_RANGE_ID = re.compile(r"([1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
_EMPTY_ID = re.compile(r"(0|[1-9][0-9]{0,8})\.([1-9][0-9]{0,8})")
_HEAD = re.compile(r"0|[1-9][0-9]{0,8}")
_WORD, _RANGE, _EMPTY, _BAD = 0, 1, 2, 3

_LANGUAGE = re.compile(r"([a-z]{2,3})(?:_[a-z0-9]+)?-u[a-z](?:-|$)")
_SPLIT = re.compile(r"(?:^|[-_.])(train|dev|test)$")
_SENTENCE_NUMBER = re.compile(r"(?:(?::[0-9]+){1,2}|\.[0-9]+|-s?[0-9]+|__[0-9]+)$")


def read_conllu(
    paths: str | Path | Sequence[str | Path], *, language: str | None = None, split: str | None = None
) -> Corpus:
    """Read CoNLL-U files, plain or .gz, into one corpus in the order given.

    `paths` is one file or a sequence. Layers: `lemma upos xpos feats deprel misc` (categoricals; `_` is "",
    except that a form `_` stays and so does its lemma) and `head` (int32, 0 = root, else 1-based within the
    sentence). An empty cell counts as `_`. Columns are the usual ten, or those that `# global.columns` names: further
    ones are read past, and what is not named, ID, FORM and HEAD apart, is empty.

    Sentence attributes: `id` is `sent_id`, else `file:ordinal`; `document` see below; `language` and `split`
    come from a file name such as `en_ewt-ud-dev.conllu` ("" where it says nothing) unless given; `file`
    is the base name without .gz; `line` the first line of the sentence, comments included; `text` is `# text`
    or ""; `comments` the other comment lines, without `#`, one a line; `withheld`, only where there are such sentences,
    whether all its forms are `_` because a licence keeps the text back (with a warning; see `Corpus.require`).

    Document: the last `newdoc` (its id, or `file:doc1`, `file:doc2`, ... without one). In a file without any
    `newdoc`, the sentence id without its closing number (`-12`, `-0001`, `-s3`, `__7`, `.7`, `:8`, `:8:120`),
    if every id of the file ends so and the prefixes are more than one and fewer than the sentences; else the
    file name.

    `links["ranges"]`: sentence, start, end (word indices in the sentence, end exclusive), form, misc.
    `links["empty"]`: sentence, after (words before it), number, form, lemma, upos, xpos, feats, deps, misc.

    Raises DataError with file and line for: a wrong number of columns, ids that are not 1..n, an empty form,
    a head that is no whole number or outside the sentence, no root or several, a cycle, ranges that overlap, empty
    nodes out of order, a sentence without words, a sent_id given twice, text that is not UTF-8, an empty file, a
    damaged .gz.
    """
    parts = conllu_files(paths)
    return corpus_of(parts, "conllu", {"language": language, "split": split})


def conllu_files(paths: str | Path | Sequence[str | Path], more_columns: bool = False) -> list[ConlluFile]:
    """The files parsed and checked one by one, for `read_conllu` and for readers that take more from them."""
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not paths:
        raise ProbekitError("no CoNLL-U file given; name at least one")
    return [ConlluFile(find(path), more_columns) for path in paths]


def corpus_of(
    parts: Sequence[ConlluFile],
    reader: str,
    options: Mapping[str, Any],
    spans: Mapping[str, pd.DataFrame] | None = None,
    splits: Sequence[str | None] | None = None,
) -> Corpus:
    """The files below each other as a corpus. `options` are those of the reader, language and split among them.

    `splits` are those of the files, where other names than usual tell them.
    """
    language, splits = options["language"], splits or [options["split"]] * len(parts)
    lengths = np.concatenate([part.lengths for part in parts])
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in _STRINGS}
    form = _categorical(columns["form"], keep=True)
    heads = np.concatenate([part.heads for part in parts])
    heads.flags.writeable = False
    layers: dict[str, pd.Categorical | np.ndarray] = {
        name: _categorical(columns[name], keep=columns["form"] == "_" if name == "lemma" else False)
        for name in _STRINGS[1:]
    }
    layers["head"] = heads
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    offsets.flags.writeable = False
    contents = [(part.name, part.sha256) for part in parts]
    return Corpus(
        form=form,
        offsets=offsets,
        layers=layers,
        sentences=_table([part.attributes(language, split) for part, split in zip(parts, splits, strict=True)]).assign(
            **withheld_words([(part.name, part.columns["form"], part.lengths) for part in parts])
        ),
        links={name: _table(list(_numbered_through(parts, name))) for name in ("ranges", "empty")},
        spans=spans or {},
        digest=recipe_digest(reader, registry.entry(reader).revision, contents, options),
    )


def _categorical(values: np.ndarray, keep: np.ndarray | bool) -> pd.Categorical:
    """Strings as a categorical in order of appearance; `_` becomes "" where it is not to be kept."""
    codes, found = pd.factorize(values)
    categories = list(found)
    if "_" in categories and not np.all(keep):
        mark = categories.index("_")
        absent = (codes == mark) & ~np.asarray(keep)
        codes[absent] = categories.index("") if "" in categories else len(categories)
        categories += [""] if "" not in categories else []
        if not (codes == mark).any():
            del categories[mark]
            codes[codes > mark] -= 1
    # Plain objects: looking single words up in an Arrow index is five times slower.
    return pd.Categorical.from_codes(codes, categories=pd.Index(categories, dtype=object))


def _numbered_through(parts: Sequence[ConlluFile], links: str) -> Iterator[dict[str, np.ndarray]]:
    """Links of every file, their sentences numbered through all files."""
    before = 0
    for part in parts:
        columns = part.links[links]
        yield {**columns, "sentence": columns["sentence"] + before}
        before += part.n_sentences


def _table(parts: Sequence[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """The columns of all files below each other; texts, which come as objects, become strings."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=str).array if values.dtype == object else values
            for name, values in columns.items()
        },
        copy=False,
    )


@dataclass
class ConlluFile:
    """One file, parsed and checked; row arrays cover all non-comment lines, word arrays the words alone.

    `lengths` and `starts` are those of the sentences, `word_lines` the 0-based line of every word, `columns` its cells.
    With `more_columns`, lines have more than ten columns and `further` holds the rest of every word's line.
    """

    path: Path
    more_columns: bool = False
    name: str = field(init=False)
    sha256: str = field(init=False)
    heads: np.ndarray = field(init=False)
    lengths: np.ndarray = field(init=False)
    columns: dict[str, np.ndarray] = field(init=False)
    links: dict[str, dict[str, np.ndarray]] = field(init=False)
    further: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.name = plain_name(self.path)
        self._read_lines()
        self._cut_sentences()
        self._split_columns()
        self._check_tree()
        self._read_comments()
        del self.lines  # the text of a large file is not needed twice

    def fail(self, message: str, line: int, sentence: str | None = None) -> NoReturn:
        """Raise DataError for a line given by its 0-based index."""
        raise DataError(message, self.path, int(line) + 1, sentence)

    # --- lines and sentences ---

    def _read_lines(self) -> None:
        content = read_bytes(self.path)
        self.sha256 = hashlib.sha256(content).hexdigest()
        text = plain_ends(self.path, decoded(self.path, content))
        self.lines = text.split("\n")
        self.rows = np.array([i for i, line in enumerate(self.lines) if line and line[0] != "#"], dtype=np.int64)
        self.comments = np.array([i for i, line in enumerate(self.lines) if line[:1] == "#"], dtype=np.int64)
        if not len(self.rows) and not len(self.comments):
            self.fail("the file holds no sentence", 0)

    def _cut_sentences(self) -> None:
        blank = np.array([not line for line in self.lines])
        block = np.cumsum(blank)
        row_blocks, comment_blocks = block[self.rows], block[self.comments]
        blocks, first_row, self.sentence_of_row = np.unique(row_blocks, return_index=True, return_inverse=True)
        # A block of comments alone is what a lost or misplaced empty line leaves behind.
        lonely = ~np.isin(comment_blocks, blocks)
        if lonely.any():
            self.fail("a sentence without words", self.comments[lonely][0])
        self.sentence_of_comment = np.searchsorted(blocks, comment_blocks)
        self.n_sentences = len(blocks)
        self.first_line = self.rows[first_row]
        np.minimum.at(self.first_line, self.sentence_of_comment, self.comments)

    # --- columns ---

    def _split_columns(self) -> None:
        lines = [self.lines[i] for i in self.rows]
        tabs = np.array([line.count("\t") for line in lines])
        names = said_columns(self.path, [(i, self.lines[i]) for i in self.comments if "columns" in self.lines[i]])
        if self.more_columns and names[: len(FIELDS)] != FIELDS:
            self.fail(f"the first ten columns must be {' '.join(FIELDS).upper()}", 0)
        names = FIELDS if self.more_columns else names
        wrong = tabs < len(names) if self.more_columns else tabs != len(names) - 1
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            hint = "" if tabs[at] else "; columns are separated by tabs"
            plural = "" if tabs[at] == 0 else "s"
            wanted = f"more than {len(names)}" if self.more_columns else f"{len(names)}"
            self.fail(f"{tabs[at] + 1} column{plural} instead of {wanted}{hint}", self.rows[at])
        further = [line.split("\t")[len(names) :] for line in lines] if self.more_columns else []
        if self.more_columns:
            lines = ["\t".join(line.split("\t", len(names))[: len(names)]) for line in lines]
        cells = "\t".join(lines).split("\t")
        columns = {name: np.full(len(lines), "_", dtype=object) for name in FIELDS if name not in names}
        columns |= {name: np.array(cells[k :: len(names)], dtype=object) for k, name in enumerate(names)}
        kind, first, second = self._read_ids(columns["id"])
        words = np.flatnonzero(kind == _WORD)
        self.word_lines = self.rows[words]
        self.further = [further[row] for row in words] if further else []
        self.sentence_of_word = self.sentence_of_row[words]
        self.lengths = np.bincount(self.sentence_of_word, minlength=self.n_sentences)
        if (self.lengths == 0).any():
            self.fail("a sentence without words", self.first_line[np.flatnonzero(self.lengths == 0)[0]])
        self.starts = np.cumsum(self.lengths) - self.lengths
        expected = np.arange(len(words)) - self.starts[self.sentence_of_word] + 1
        wrong = np.flatnonzero(first[words] != expected)
        if len(wrong):
            at = wrong[0]
            self.fail(
                f"word id {first[words][at]} where {expected[at]} was expected: ids count 1, 2, 3, ... "
                "and an empty line ends a sentence",
                self.word_lines[at],
            )
        self._read_links(columns, kind, first, second)
        self.columns = {name: columns[name] if len(words) == len(kind) else columns[name][words] for name in _STRINGS}
        self._check_forms(columns["form"])
        self._read_heads(columns["head"][words])

    def _read_ids(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Kind and the one or two numbers of every id; each distinct text is matched once."""
        codes, texts = pd.factorize(ids)
        table = np.zeros((3, len(texts)), dtype=np.int64)
        for k, text in enumerate(texts):
            if _WORD_ID.fullmatch(text):
                table[:, k] = _WORD, int(text), 0
            elif match := _RANGE_ID.fullmatch(text):
                table[:, k] = _RANGE, int(match[1]), int(match[2])
            elif match := _EMPTY_ID.fullmatch(text):
                table[:, k] = _EMPTY, int(match[1]), int(match[2])
            else:
                table[:, k] = _BAD, 0, 0
        kind, first, second = table[:, codes]
        if (kind == _BAD).any():
            at = np.flatnonzero(kind == _BAD)[0]
            self.fail(f"the id '{ids[at]}' is no word (3), range (3-4) or empty node (3.1)", self.rows[at])
        return kind, first, second

    def _check_forms(self, forms: np.ndarray) -> None:
        codes, texts = pd.factorize(forms)
        blank = np.array([not text.strip() for text in texts], dtype=bool)
        if blank.any():
            self.fail("an empty form (column 2)", self.rows[np.flatnonzero(blank[codes])[0]])

    def _read_heads(self, heads: np.ndarray) -> None:
        codes, texts = pd.factorize(heads)
        values = np.array([int(text) if _HEAD.fullmatch(text) else -1 for text in texts], dtype=np.int32)
        self.heads = values[codes]
        wrong = np.flatnonzero(self.heads < 0)
        if len(wrong):
            self.fail(f"the head '{heads[wrong[0]]}' (column 7) is no whole number", self.word_lines[wrong[0]])
        length = self.lengths[self.sentence_of_word]
        wrong = np.flatnonzero(self.heads > length)
        if len(wrong):
            at = wrong[0]
            self.fail(f"the head {self.heads[at]} lies outside a sentence of {length[at]} words", self.word_lines[at])

    def _read_links(
        self, columns: dict[str, np.ndarray], kind: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> None:
        """Ranges and empty nodes, each checked to stand where its id says."""
        words_before = np.cumsum(kind == _WORD) - self.starts[self.sentence_of_row]
        length = self.lengths[self.sentence_of_row]
        is_range, is_empty = kind == _RANGE, kind == _EMPTY
        inside = (first <= second) & (second <= length) & (first == words_before + 1)
        self._fail_where(
            is_range & ~inside,
            columns["id"],
            "the range '{}' does not begin at the next word or ends outside its sentence",
        )
        offset = self.starts[self.sentence_of_row]
        covered = np.maximum.accumulate(np.where(is_range, offset + second, 0))
        again = np.concatenate([[False], (offset + first)[1:] <= covered[:-1]])
        self._fail_where(is_range & again, columns["id"], "the range '{}' overlaps the range before it")
        self._fail_where(
            is_empty & (first != words_before),
            columns["id"],
            "the empty node '{}' does not follow the word it is numbered after",
        )
        place = (offset + first + self.sentence_of_row)[is_empty]
        expected = np.arange(len(place)) - np.searchsorted(place, place) + 1
        misnumbered = np.zeros(len(kind), dtype=bool)
        misnumbered[is_empty] = second[is_empty] != expected
        self._fail_where(
            misnumbered,
            columns["id"],
            "the empty node '{}' is out of order: nodes after one word count .1, .2, .3, ...",
        )
        self.links = {
            "ranges": {
                "sentence": self.sentence_of_row[is_range],
                "start": first[is_range] - 1,
                "end": second[is_range],
                "form": columns["form"][is_range],
                "misc": _plain(columns["misc"][is_range]),
            },
            "empty": {
                "sentence": self.sentence_of_row[is_empty],
                "after": first[is_empty],
                "number": second[is_empty],
                "form": columns["form"][is_empty],
                **{
                    name: _plain(columns[name][is_empty]) for name in ("lemma", "upos", "xpos", "feats", "deps", "misc")
                },
            },
        }

    def _fail_where(self, wrong: np.ndarray, ids: np.ndarray, message: str) -> None:
        if wrong.any():
            at = np.flatnonzero(wrong)[0]
            self.fail(message.format(ids[at]), self.rows[at])

    # --- trees ---

    def _check_tree(self) -> None:
        is_root = self.heads == 0
        roots = np.bincount(self.sentence_of_word[is_root], minlength=self.n_sentences)
        if (roots != 1).any():
            sentence = np.flatnonzero(roots != 1)[0]
            if roots[sentence] == 0:
                self.fail("no word of the sentence is the root (head 0)", self.word_lines[self.starts[sentence]])
            second = np.flatnonzero(is_root & (self.sentence_of_word == sentence))[1]
            self.fail(f"{roots[sentence]} words of the sentence are the root (head 0)", self.word_lines[second])
        own = np.arange(len(self.heads))
        parent = np.where(is_root, own, self.starts[self.sentence_of_word] + self.heads - 1)
        # Doubling the step until it exceeds the longest sentence leaves every word at its root or on a cycle.
        reached = parent
        for _ in range(int(self.lengths.max()).bit_length()):
            reached = reached[reached]
        lost = np.flatnonzero(~is_root[reached])
        if not len(lost):
            return
        cycle = [int(reached[lost[0]])]
        while (after := int(parent[cycle[-1]])) != cycle[0]:
            cycle.append(after)
        smallest = cycle.index(min(cycle))
        cycle = cycle[smallest:] + cycle[:smallest] + [cycle[smallest]]
        start = int(self.starts[self.sentence_of_word[cycle[0]]])
        shown = " -> ".join(str(word - start + 1) for word in (cycle if len(cycle) < 10 else [*cycle[:8], cycle[-1]]))
        self.fail(f"the heads form a cycle: {shown}", self.word_lines[cycle[0]])

    # --- comments ---

    def _read_comments(self) -> None:
        n = self.n_sentences
        self.ids: list[str] = [""] * n
        self.texts: list[str] = [""] * n
        other: dict[int, list[str]] = {}
        opened: dict[int, str] = {}
        id_line: dict[int, int] = {}
        n_documents = 0
        for line, sentence in zip(self.comments.tolist(), self.sentence_of_comment.tolist(), strict=True):
            body = self.lines[line][1:].strip()
            key, sign, value = body.partition("=")
            key, value = key.rstrip(), value.lstrip()
            if key == "sent_id" and sign:
                if sentence in id_line:
                    self.fail("a second sent_id in one sentence", line, self.ids[sentence])
                self.ids[sentence], id_line[sentence] = value, line
            elif key == "text" and sign and not self.texts[sentence]:
                self.texts[sentence] = value
            elif key == "newdoc id" or key == "newdoc":
                n_documents += 1
                opened[sentence] = value or f"{self.name}:doc{n_documents}"
            else:
                other.setdefault(sentence, []).append(body)
        self.other = ["\n".join(other.get(i, ())) for i in range(n)]
        self.ids = [given or f"{self.name}:{i + 1}" for i, given in enumerate(self.ids)]
        seen: dict[str, int] = {}
        for i, name in enumerate(self.ids):
            line = id_line.get(i, int(self.first_line[i]))
            if seen.setdefault(name, line) != line:
                self.fail(f"the sent_id '{name}' was given before, at line {seen[name] + 1}", line, name)
        self.documents = self._carry(opened) if opened else self._documents_of_ids()

    def _carry(self, opened: dict[int, str]) -> list[str]:
        documents, current = [], plain_name(self.path)
        for i in range(self.n_sentences):
            current = opened.get(i, current)
            documents.append(current)
        return documents

    def _documents_of_ids(self) -> list[str]:
        prefixes = [_SENTENCE_NUMBER.sub("", name) for name in self.ids]
        clear = all(prefix and prefix != name for prefix, name in zip(prefixes, self.ids, strict=True))
        if clear and 1 < len(set(prefixes)) < self.n_sentences:
            return prefixes
        return [self.name] * self.n_sentences

    def attributes(self, language: str | None, split: str | None) -> dict[str, np.ndarray]:
        """Columns of the sentence table; the file name says language and split where they are not given."""
        stem = self.name.removesuffix(".conllu")
        if language is None:
            language = match[1] if (match := _LANGUAGE.match(stem)) else ""
        if split is None:
            split = match[1] if (match := _SPLIT.search(stem)) else ""
        return {
            "id": np.array(self.ids, dtype=object),
            "document": np.array(self.documents, dtype=object),
            "language": np.full(self.n_sentences, language, dtype=object),
            "split": np.full(self.n_sentences, split, dtype=object),
            "file": np.full(self.n_sentences, self.name, dtype=object),
            "line": self.first_line + 1,
            "text": np.array(self.texts, dtype=object),
            "comments": np.array(self.other, dtype=object),
        }


def _plain(values: np.ndarray) -> np.ndarray:
    """A column with `_` as ""."""
    return np.where(values == "_", "", values)
