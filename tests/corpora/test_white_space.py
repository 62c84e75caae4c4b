"""White space of every kind in words, over every reader: a word comes back as it was, or its line is refused.

A word holds the character at its beginning, in its middle, at its end, or is nothing else. A reader that is registered
and has no file here fails the first test.
"""

from __future__ import annotations

import json
import struct
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from golden import is_own

from probekit.cli.explain import read_texts
from probekit.corpora import load_corpus
from probekit.corpora.catalogue import ratings, registry, word_items
from probekit.corpora.ratings import load_ratings
from probekit.corpora.word_items import load_items
from probekit.embeddings.catalogue import kinds
from probekit.embeddings.table_files import FORMATS, read_table
from probekit.errors import DataError

_SPACES = {chr(i) for i in range(sys.maxunicode) if chr(i).isspace() or unicodedata.category(chr(i))[0] == "Z"}
# With what is often taken for white space; blank, tab and line feed are what formats separate by.
CHARACTERS = sorted((_SPACES | set("\u200b\u2060\ufeff\u180e\u00ad\x7f")) - set(" \t\n"))
PLACED = [
    (character, word)
    for character in CHARACTERS
    for word in (f"{character}Owls", f"Ow{character}ls", f"Owls{character}", character)
    if not word.endswith("\r")  # which ends a line with the line feed behind it
]

Sentences = Sequence[Sequence[str]]
FIRST, LAST = ["Bo", "saw", "Owls"], ["Eve", "sang", "well"]


def rows(sentences: Sentences, row: Callable[[int, str], str]) -> str:
    return "".join("".join(f"{row(i, word)}\n" for i, word in enumerate(words)) + "\n" for words in sentences)


def conllu(sentences: Sentences, more: str = "") -> str:
    return rows(sentences, lambda i, word: f"{i + 1}\t{word}\tx\tX\tx\t_\t{i}\tdep\t_\t_{more}")


def lines(sentences: Sentences, form: str) -> str:
    return "".join(form.format(i, " ".join(words)) + "\n" for i, words in enumerate(sentences))


def objects(sentences: Sentences) -> str:
    values = [{"text": " ".join(words), "label": f"c{i}"} for i, words in enumerate(sentences)]
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def trees(sentences: Sentences) -> str:
    return "".join(f"(S {' '.join(f'(X {word})' for word in words)})\n" for words in sentences)


def mentions(sentences: Sentences) -> str:
    begin, end = "#begin document (d); part 0\n", "#end document\n"
    return begin + rows(sentences, lambda i, word: f"{i}\t{word}\t") + end


def rated(form: str, heading: str) -> Callable[[Sentences], dict[str, str]]:
    """Ratings of the words of the first sentence."""
    return lambda s: {"x.csv": heading + "".join(form.format(w, i, i % 2) + "\n" for i, w in enumerate(s[0]))}


# Files of each reader, by name and content.
Files = dict[str, Callable[[Sentences], dict[str, str]]]
FILES: Files = {
    "conllu": lambda s: {"x.conllu": conllu(s)},
    "gum": lambda s: {"x.conllu": conllu(s)},
    "up": lambda s: {"x.conllu": conllu(s, "\t_")},
    "ptb": lambda s: {"x.mrg": trees(s)},
    "bio": lambda s: {"x.conll": rows(s, lambda i, word: f"{word}\tO")},
    "bio, blanks": lambda s: {"x.conll": rows(s, lambda i, word: f"{word} O")},
    "supertags": lambda s: {"x.tsv": rows(s, lambda i, word: f"{word}\t{word}\tx\tX\tN")},
    "word-classes": lambda s: {"x.txt": rows(s, lambda i, word: f"{word} NOUN")},
    "litbank-files": lambda s: {"x.tsv": rows(s, lambda i, word: f"{word}\tO")},
    "litbank-files, coreference": lambda s: {"x.conll": mentions(s)},
    "spans": lambda s: {"x.jsonl": objects(s)},
    "parallel": lambda s: {"a.txt": lines(s, "{1}"), "b.txt": lines(s, "{0}")},
    "parallel, table": lambda s: {"x.tsv": lines(s, "{1}\t{0}")},
    "pairs": lambda s: {"x.tsv": "sentence1\tsentence2\n" + lines(s, "{1}\t{0}")},
    "pairs, csv": lambda s: {"x.csv": "sentence1,sentence2\n" + lines(s, "{1},{0}")},
    "rated": lambda s: {"x.tsv": "specificity\ttext\n" + lines(s, "{0}\t{1}")},
    "rated, csv": lambda s: {"x.csv": "specificity,text\n" + lines(s, "{0},{1}")},
    "subjectivity": lambda s: {"quote.tok": lines(s[:2], "{1}"), "plot.tok": lines(s[2:], "{1}")},
    "text": lambda s: {"x.tsv": lines(s, "c{0}\t{1}")},
    "text, csv": lambda s: {"x.csv": lines(s, "c{0},{1}")},
    "text, quoted": lambda s: {"x.csv": lines(s, 'c{0},"{1}"')},
    "text, jsonl": lambda s: {"x.jsonl": objects(s)},
    "text, folder": lambda s: {f"f/c{i}/x.txt": " ".join(words) for i, words in enumerate(s)},
}
# Here a carriage return is a blank of running text: in a whole text, a cell in quotation marks, an escape of JSON.
WHOLE = ("spans", "text, quoted", "text, jsonl", "text, folder")
RATINGS: Files = {
    "ratings": rated("{0},{1}", "word,dark\n"),
    "ratings, tabs": rated("{0}\t{1}", "word\tdark\n"),
    "categories": rated("c{2},{0}", "category,word\n"),
    "relations": rated("{0},c{2},is", "word1,word2,relation\n"),
}


def listed(form: str, heading: str = "", name: str = "x.tsv") -> Callable[[Sentences], dict[str, str]]:
    """A file of the words of the first sentence, a line of this form each."""
    return lambda s: {name: heading + "".join(form.format(word, i) for i, word in enumerate(s[0]))}


# Items of words, the word in the first column of each line.
ITEMS: Files = {
    "word-pairs": listed("{0}\tthing\t{1}\n"),
    "word-pairs, commas": listed("{0},thing,{1}\n", name="x.csv"),
    "scws": listed("1\t{0}\tn\tthing\tn\tx\ty\t{1}\n"),
    "analogies": listed("{0},thing,x,y,t\n", "word1,word2,word3,target,type\n", "x.csv"),
    "bilingual": listed("{0}\tthing\n"),
    "words": listed("{0}\n"),
    "categories": listed("{0},c\n", "word,category\n", "x.csv"),
    "relations": listed("{0},thing,coord\n", "word1,word2,relation\n", "x.csv"),
    "compounds": listed("{0}\tthing\t{1}\n"),
    "lexicon": listed("{0} thing\n"),
}
# Of forms of their own: blocks, a file a group, synsets; running text, plain and in XML, whose words any white space
# parts; texts with flips, tables whose cells are parted and cut as those of `text`, as are questions; derivations of
# CCGbank and of the C&C tools, whose words stand between blanks and quotation marks of their own.
FORMS_OF_THEIR_OWN = {"choices", "outliers", "wordnet", "synsets"}
RUNNING_TEXT = {"timeml", "plain", "flips", "questions", "ccgbank", "ccg-terms"}
OPTIONS = {"relations": "(relation=is)"}


def written(folder: Path, name: str, files: dict[str, str]) -> str:
    """The spec of files, which are written."""
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content.encode())
    targets = [folder / "f"] if "folder" in name else [folder / file for file in files]
    return f"{name.partition(',')[0]}:{','.join(map(str, targets))}"


def line_of(character: str, contents: Sequence[str]) -> int:
    """Line of a character, as it is or escaped, where line feeds alone end lines."""
    shown = character, json.dumps(character)[1:-1]
    content, mark = next((one, mark) for one in contents for mark in shown if mark in one)
    return content[: content.index(mark)].count("\n") + 1


def may_be_refused(character: str, word: str) -> bool:
    """A lone carriage return may, and a word of white space alone."""
    return character == "\r" or (word == character and character.isspace())


def test_every_reader_has_a_file_here() -> None:
    others = dict.fromkeys(FORMS_OF_THEIR_OWN)
    for entries, here in (
        (registry, {**FILES, **dict.fromkeys(RUNNING_TEXT)}),
        (ratings, RATINGS),
        (word_items, {**ITEMS, **others}),
    ):
        known = [entries.entry(name) for name in entries.names()]
        readers = {entry.name for entry in known if entry.meta.get("reader") and is_own(entry)}
        assert readers == {name.partition(",")[0] for name in here}
    assert set(TABLES) == set(FORMATS) and "static" in kinds.names()
    assert set("\x0b\x0c\r\x1c\x85\xa0\u2028\u3000\ufeff") < set(CHARACTERS)


@pytest.mark.parametrize("name", FILES)
def test_words_of_corpora_come_back_or_their_line_is_refused(name: str, tmp_path: Path) -> None:
    running = name.startswith(("text", "parallel", "pairs", "rated", "subjectivity"))
    for number, (character, word) in enumerate(PLACED):
        files = FILES[name]([FIRST, ["Ada", "saw", word], LAST])
        spec = written(tmp_path / str(number), name, files) + ("(words=blanks)" if running else "")
        if name in WHOLE and character == "\r":
            expected = [part for part in word.split("\r") if part]
        else:  # running text has no word of white space alone
            expected = [] if running and word == character and character.isspace() else [word]
        try:
            corpus = load_corpus(spec)
        except DataError as error:
            assert may_be_refused(character, word) and not (name in WHOLE and character == "\r"), (name, error)
            assert error.line == line_of(character, [*files.values()]), (name, error)
            continue
        assert character != "\r" or name in WHOLE, f"{name}: a carriage return ends no line"
        sentences = range(0, corpus.n_sentences, 2 if name.startswith(("parallel", "pairs")) else 1)
        assert [corpus.words(i) for i in sentences] == [FIRST, ["Ada", "saw", *expected], LAST], (name, word)


@pytest.mark.parametrize("name", RATINGS)
def test_rated_words_come_back_or_their_line_is_refused(name: str, tmp_path: Path) -> None:
    for character, word in PLACED:
        files = RATINGS[name]([["Ada", word, "Eve"]])
        try:
            found = load_ratings(written(tmp_path, name, files) + OPTIONS.get(name, ""))
        except DataError as error:
            assert may_be_refused(character, word), (name, error)
            assert error.line == line_of(character, [*files.values()]), (name, error)
            continue
        assert sorted(found.words) == sorted(["Ada", word, "Eve"]), (name, word)


@pytest.mark.parametrize("name", ITEMS)
def test_words_of_items_come_back_or_their_line_is_refused(name: str, tmp_path: Path) -> None:
    for character, word in PLACED:
        files = ITEMS[name]([["Ada", word, "Eve"]])
        try:
            found = load_items(written(tmp_path, name, files))
        except DataError as error:
            assert may_be_refused(character, word), (name, error)
            assert error.line == line_of(character, [*files.values()]), (name, error)
            continue
        left_out = word == character and any(found.notes.values())  # and counted
        assert found.items.iloc[:, 0].tolist() == ["Ada", *([] if left_out else [word]), "Eve"], (name, word)


@pytest.mark.parametrize("whole", [False, True])
def test_texts_to_explain_come_back_or_their_line_is_refused(tmp_path: Path, whole: bool) -> None:
    path = tmp_path / "x.txt"
    for character, word in PLACED:
        path.write_bytes(f"\ufeffAda saw\n \n{word} well\r\nEve\n".encode())
        if character == "\r":
            with pytest.raises(DataError, match=r"x\.txt:3: a carriage return"):
                read_texts(path, whole)
            continue
        texts = ["Ada saw", f"{word} well", "Eve"]
        assert read_texts(path, whole) == ([" ".join(texts)] if whole else texts)


# --- word vectors

VALUES = (1.5, -2.0)


def table_of(folder: Path, kind: str, words: Sequence[str]) -> Path:
    """A table of a format, written byte by byte."""
    content = "".join(f"{word} 1.5 -2.0\n" for word in words).encode()
    if kind == "glove":
        (folder / "v").write_bytes(content)
    elif kind == "word2vec-text":
        (folder / "v").write_bytes(f"{len(words)} 2\n".encode() + content)
    elif kind == "word2vec-binary":
        vectors = [word.encode() + b" " + struct.pack("<2f", *VALUES) + b"\n" for word in words]
        (folder / "v").write_bytes(f"{len(words)} 2\n".encode() + b"".join(vectors))
    else:
        return folder_of(folder / "t", kind, words)
    return folder / "v"


def folder_of(folder: Path, kind: str, words: Sequence[str]) -> Path:
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir(exist_ok=True)
    vectors = np.array([VALUES] * len(words), np.float32)
    if kind == "npy":
        np.save(folder / "v.npy", vectors)
    else:
        save_file({"vectors": vectors}, folder / "table.safetensors")
    (folder / "words.txt").write_bytes("".join(f"{word}\n" for word in words).encode())
    return folder


TABLES = ("word2vec-text", "word2vec-binary", "glove", "npy", "safetensors")


@pytest.mark.parametrize("kind", TABLES)
def test_words_of_tables_come_back_or_their_line_is_refused(kind: str, tmp_path: Path) -> None:
    for character, word in PLACED:
        words = ["Ada", word, "Eve"]
        path = table_of(tmp_path, kind, words)
        try:
            found = read_table(path, format=kind)
        except DataError as error:
            assert may_be_refused(character, word), (kind, error)
            assert error.line == (3 if kind == "word2vec-text" else 2), (kind, error)
            continue
        assert found.words == tuple(words) and found.vectors.tolist() == [list(VALUES)] * 3, (kind, word)
