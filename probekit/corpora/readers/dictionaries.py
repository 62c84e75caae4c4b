"""Bilingual dictionaries from files: a word and its translation a line, the most frequent first.

A pair belongs to one part: `train` is learned from, `test` is asked, "" where the dictionary is not split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from probekit.corpora.readers.lines import ENDS, between_blanks, is_blank, read_lines
from probekit.corpora.word_items import KINDS, WordItems
from probekit.errors import DataError, ProbekitError
from probekit.values import LessThanAll, Whole

_NOTE = re.compile(r"\([^)]*\)")
Pair = tuple[str, str]


def read_dictionary(
    path: str | Path,
    source: str = "",
    target: str = "",
    first: Whole = 0,
    reverse: bool = False,
    held_out: LessThanAll = 0.0,
) -> WordItems:
    """The pairs of a two-column file, in order, a repeated one once; tabs separate, or blanks in a line without a tab.

    source, target: codes of the languages. first, reverse, held_out: as `dictionary_of`. Raises DataError with the line
    that does not hold two words.
    """
    return dictionary_of({"": read_pairs(Path(path))}, (source, target), first, reverse, held_out)


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a file in order, repeated ones too."""
    pairs = [_pair(path, number, line) for number, line in enumerate(read_lines(path), 1) if not is_blank(line)]
    if not pairs:
        raise DataError("holds no pair of words", path)
    return pairs


def read_aligned_lists(left: Path, right: Path) -> list[Pair]:
    """Pairs of two lists of the same concepts, a line each: every word of one with every word of the other.

    Commas separate words that stand for the same concept, notes in brackets are left out, as is a concept that one list
    leaves empty. Raises DataError where the lists differ in length.
    """
    lists = [[_words(line) for line in _without_blank_end(read_lines(path))] for path in (left, right)]
    if len(lists[0]) != len(lists[1]):
        raise DataError(
            f"{len(lists[1])} concepts, {left.name} has {len(lists[0])}; the lists are of two versions", right
        )
    return [(one, other) for ones, others in zip(*lists, strict=True) for one in ones for other in others]


def dictionary_of(
    parts: dict[str, list[Pair]], languages: Sequence[str], first: int = 0, reverse: bool = False, held_out: float = 0.0
) -> WordItems:
    """A dictionary of pairs by part: `train` and `test`, or "" where it is not split.

    first: that many pairs of what is learned from are kept, the most frequent ones; 0 for all. reverse: the other
    direction. held_out: a share of the source words that are learned from, evenly spaced, is tested in the place of the
    own test part: what options are chosen on. Repeated pairs, and training pairs that are tested too, are left out and
    counted in `notes`.
    """
    parts = {name: [pair[::-1] for pair in pairs] if reverse else pairs for name, pairs in parts.items()}
    learned = "train" if "train" in parts else ""
    parts[learned] = parts[learned][: first or None]
    once = {name: list(dict.fromkeys(pairs)) for name, pairs in parts.items()}
    tested, before = set(once.get("test", ())), len(once[learned])
    notes = {"repeated": sum(map(len, parts.values())) - sum(map(len, once.values()))}
    once[learned] = [pair for pair in once[learned] if pair not in tested]
    notes["tested_too"] = before - len(once[learned])
    if held_out:
        once = _split(once[learned], held_out)
    rows = [(*pair, rank, name) for name, pairs in once.items() for rank, pair in enumerate(pairs)]
    codes = tuple(languages)[::-1] if reverse else tuple(languages)
    found = pd.DataFrame(rows, columns=list(KINDS["dictionary"]))
    return WordItems("dictionary", found, codes, notes={name: count for name, count in notes.items() if count})


def _split(pairs: list[Pair], share: float) -> dict[str, list[Pair]]:
    """Parts of pairs by their source words: of n, n * share evenly spaced ones are tested."""
    place = {word: i for i, word in enumerate(dict.fromkeys(left for left, _ in pairs))}
    tested = [int((place[left] + 1) * share) > int(place[left] * share) for left, _ in pairs]
    parts = {
        name: [pair for pair, test in zip(pairs, tested, strict=True) if test == wanted]
        for name, wanted in (("train", False), ("test", True))
    }
    if not parts["test"] or not parts["train"]:
        raise ProbekitError(
            f"held_out={share:g} of {len(place)} source words leaves one part empty; choose another share"
        )
    return parts


def _pair(path: Path, line: int, text: str) -> Pair:
    cells = [cell.strip(ENDS) for cell in text.split("\t")] if "\t" in text else between_blanks(text)
    if len(cells) != 2 or not all(map(str.strip, cells)):
        raise DataError(
            f"expected a word, a tab, and its translation; got {len([c for c in cells if c])} words", path, line
        )
    return cells[0], cells[1]


def _words(line: str) -> list[str]:
    return [word.strip(ENDS) for word in _NOTE.sub("", line).split(",") if word.strip(ENDS)]


def _without_blank_end(lines: list[str]) -> list[str]:
    while lines and is_blank(lines[-1]):
        lines = lines[:-1]
    return lines
