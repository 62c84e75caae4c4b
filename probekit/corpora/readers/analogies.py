"""Analogies of words from files: questions with a word to find, and questions with pairs to choose among."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from probekit.corpora.readers.lines import ENDS, between_blanks, is_blank, read_lines
from probekit.corpora.readers.ratings import named_columns
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import DataError

_COLUMNS = ("type", "word1", "word2", "word3", "target")
_LETTERS = "abcdefgh"


def read_analogies(path: str | Path, language: str = "en") -> WordItems:
    """Questions a : b :: c : ? of a file, in order.

    Either lines of four words below lines `: CATEGORY`, as word2vec's, or a CSV or TSV with the columns type, word1,
    word2, word3 and target. A bar between answers means that each of them is right. Questions of one category with the
    same first pair are one group. Raises DataError with the line for a question that has no four words.
    """
    path = Path(path)
    first = next((line for line in read_lines(path) if not is_blank(line)), "")
    rows = list(_sections(path) if first.startswith(":") else _table(path))
    if not rows:
        raise DataError("holds no analogy", path)
    return items_of("analogies", rows, languages=(language,))


def _question(category: str, a: str, b: str, c: str, target: str) -> tuple[object, ...]:
    answers = tuple(filter(str.strip, (answer.strip(ENDS) for answer in target.split("|"))))
    return a, b, c, answers, category, f"{category} {a} {b}"


def _table(path: Path) -> Iterator[tuple[object, ...]]:
    for line, cells in named_columns(path, _COLUMNS):
        category, *words = (cell.strip(ENDS) for cell in cells)
        yield _whole(path, line, category, words)


def _sections(path: Path) -> Iterator[tuple[object, ...]]:
    category = ""
    for line, text in enumerate(read_lines(path), 1):
        if text.startswith(":"):
            category = text[1:].strip()
        elif not is_blank(text):
            yield _whole(path, line, category, between_blanks(text))


def _whole(path: Path, line: int, category: str, words: Sequence[str]) -> tuple[object, ...]:
    if len(words) != 4 or not all(map(str.strip, words)) or not words[3].strip("| "):
        raise DataError(f"expected four words, got {len(list(filter(str.strip, words)))}", path, line)
    return _question(category, *words)


def read_choices(path: str | Path, language: str = "en") -> WordItems:
    """Multiple-choice analogies in the format of the SAT questions: blocks of lines, apart by an empty line.

    A block is a line with the pair that is asked about, a line for each pair to choose, and the letter of the right
    one; what follows two words in a line (`v:n`) is left out, and so is a line of more words, which names the source.
    Raises DataError with the line for a block without pairs, or a letter that names none.
    """
    path = Path(path)
    rows = [_choice(path, line, block) for line, block in _blocks(path)]
    if not rows:
        raise DataError("holds no question", path)
    return items_of("choices", rows, languages=(language,))


def _blocks(path: Path) -> Iterator[tuple[int, list[list[str]]]]:
    block: list[list[str]] = []
    line = 0
    for line, text in enumerate((*read_lines(path), ""), 1):
        if text.startswith("#"):
            continue
        if not is_blank(text):
            block.append(between_blanks(text))
        elif block:
            yield line - len(block), block
            block = []


def _choice(path: Path, line: int, block: list[list[str]]) -> tuple[object, ...]:
    pairs, letter = [words[:2] for words in block[:-1] if len(words) in (2, 3)], "".join(block[-1]).lower()
    if len(pairs) < 3:
        raise DataError(
            f"expected a pair, two pairs or more to choose among, and a letter; got {len(pairs)} pairs", path, line
        )
    stem, choices = pairs[0], pairs[1:]
    if len(letter) != 1 or letter not in _LETTERS[: len(choices)]:
        raise DataError(f"'{letter}' names none of {len(choices)} choices", path, line)
    left, right = zip(*choices, strict=True)
    return stem[0], stem[1], left, right, _LETTERS.index(letter)
