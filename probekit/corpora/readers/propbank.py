"""PropBank roles in further columns of CoNLL-U, as Universal Propositions writes them.

Column 11 holds the sense of a predicate; after it comes one column a predicate of the sentence, in order, with the
role of each argument at its head word and V at the predicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.conllu import ConlluFile, conllu_files, corpus_of
from probekit.corpora.readers.lines import span_table

_NOTHING = ("", "_")
_VERB = "V"

Row = tuple[int, int, int, int, int, int, str, bool]


def read_propbank(
    paths: str | Path | Sequence[str | Path], *, language: str | None = None, split: str | None = None
) -> Corpus:
    """Read CoNLL-U files with PropBank columns; the first ten columns are read as `read_conllu` does.

    `spans["predicate-argument"]`: sentence, start, end (the predicate's word), sentence2, start2, end2 (the argument),
    label (its role, `R-` and `C-` variants kept), cut. The predicate is the word with the sense, or where only other
    words of the frame are marked `V`, the first of them; further `V` are parts of it and no arguments. An argument is
    the run of words around its head that the head governs; `cut` is true where it governs words outside this run too.

    Raises DataError with file and line for a predicate without its column, a filled cell in a column that belongs to
    no predicate; and as `read_conllu`.
    """
    parts = conllu_files(paths, more_columns=True)
    rows: list[Row] = []
    before = 0
    for part in parts:
        start = 0
        for sentence, length in enumerate(part.lengths.tolist()):
            rows += _frames(part, sentence, start, length, before + sentence)
            start += length
        before += part.n_sentences
    options = {"language": language, "split": split}
    spans = {"predicate-argument": span_table("predicate-argument", rows, ["cut"])}
    return corpus_of(parts, "up", options, spans)


def _frames(file: ConlluFile, sentence: int, first: int, length: int, number: int) -> list[Row]:
    cells = file.further[first : first + length]
    predicates = [word for word in range(length) if cells[word][0] not in _NOTHING]
    rows: list[Row] = []
    verbs = [_verb(cells, 1 + column, word) for column, word in enumerate(predicates)]
    heads = file.heads[first : first + length].tolist()
    for word, (_, *roles) in enumerate(cells):
        line, name = int(file.word_lines[first + word]), file.ids[sentence]
        if len(roles) < len(predicates):
            file.fail(f"{len(roles)} columns of roles for {len(predicates)} predicates in the sentence", line, name)
        for column, role in enumerate(roles):
            if role in _NOTHING:
                continue
            if column >= len(predicates):
                file.fail(f"the role '{role}' stands in a column that belongs to no predicate", line, name)
            if role != _VERB:
                predicate = verbs[column]
                start, end, cut = run_around(heads, word)
                rows.append((number, predicate, predicate + 1, number, start, end, role, cut))
    return rows


def _verb(cells: Sequence[Sequence[str]], column: int, word: int) -> int:
    """The word of a predicate: that of its sense if it is marked V or none is, else the first that is."""
    marked = [at for at, row in enumerate(cells) if column < len(row) and row[column] == _VERB]
    return word if word in marked or not marked else marked[0]


def run_around(heads: Sequence[int], word: int) -> tuple[int, int, bool]:
    """Start and end of the words around a word that it governs without a gap, and whether it governs more.

    `heads` are 1-based, 0 for the root; the word itself counts as governed.
    """
    below: list[list[int]] = [[] for _ in heads]
    for child, head in enumerate(heads):
        if head:
            below[head - 1].append(child)
    governed, agenda = {word}, [word]
    while agenda:
        children = below[agenda.pop()]
        governed.update(children)
        agenda += children
    start = end = word
    while start - 1 in governed:
        start -= 1
    while end + 1 in governed:
        end += 1
    return start, end + 1, len(governed) > end + 1 - start
