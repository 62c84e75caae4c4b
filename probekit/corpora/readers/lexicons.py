"""Lexicons of related words: one head a line, WordNet's database files, the tables of the Open English WordNet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from probekit.corpora.readers.lines import between_blanks, is_blank, read_lines
from probekit.corpora.readers.ratings import named_columns
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import DataError, UnknownName

RELATIONS = ("synonyms", "hypernyms")
_FILES = ("data.noun", "data.verb", "data.adj", "data.adv")
Synsets = Mapping[str, tuple[Sequence[str], Sequence[str]]]  # words and hypernyms of a synset


def read_lexicon(path: str | Path, language: str = "en") -> WordItems:
    """A head word and the words it goes with, a line each, as PPDB's and FrameNet's files for retrofitting.

    Blanks separate. A pair that repeats counts once, a word that goes with itself or a head without another word not at
    all; both are counted.
    """
    lines = [between_blanks(line) for line in read_lines(Path(path)) if not is_blank(line)]
    alone = sum(len(words) == 1 for words in lines)
    return _lexicon(((words[0], word) for words in lines for word in words[1:]), language, {"alone": alone})


def _lexicon(pairs: Iterable[tuple[str, str]], language: str, notes: Mapping[str, int]) -> WordItems:
    listed = list(pairs)
    blank = sum(not (left.strip() and right.strip()) for left, right in listed)
    kept = dict.fromkeys(pair for pair in listed if pair[0] != pair[1] and pair[0].strip() and pair[1].strip())
    return items_of("lexicon", kept, languages=(language,), notes={**notes, **({"blank": blank} if blank else {})})


# --- WordNet -----------------------------------------------------------------------------------------


def read_wordnet(path: str | Path, relations: str = "synonyms") -> WordItems:
    """Words that share a synset, from WordNet's database files (data.noun, data.verb, ...) in a folder.

    relations: `hypernyms` adds the words of the synsets above. Words of several parts are joined by `_`. Raises
    DataError for a folder without such files, or a line that is no synset.
    """
    path = Path(path)
    files = [path / name for name in _FILES if (path / name).is_file()] if path.is_dir() else [path]
    if not files:
        raise DataError(f"holds none of WordNet's files {', '.join(_FILES)}", path)
    return of_synsets(dict(found for file in files for found in _database(file)), relations)


def _database(path: Path) -> Iterator[tuple[str, tuple[list[str], list[str]]]]:
    for number, line in enumerate(read_lines(path), 1):
        if line.startswith("  ") or is_blank(line):
            continue  # the licence above
        cells = line.partition("|")[0].split()
        try:
            count = int(cells[3], 16)
            words = [word.partition("(")[0] for word in cells[4 : 4 + 2 * count : 2]]
            pointers = cells[5 + 2 * count : 5 + 2 * count + 4 * int(cells[4 + 2 * count])]
        except (IndexError, ValueError):
            raise DataError("is no line of WordNet's database", path, number) from None
        above = zip(pointers[::4], pointers[1::4], pointers[2::4], strict=False)
        kind = _part(cells[2])
        yield f"{cells[0]}-{kind}", (words, [f"{at}-{_part(of)}" for mark, at, of in above if mark in ("@", "@i")])


def _part(of_speech: str) -> str:
    return "a" if of_speech == "s" else of_speech


def read_synset_table(path: str | Path, relations: str = "synonyms") -> WordItems:
    """The same from a table of synsets with the columns id, hypernyms and members, several apart by bars."""
    rows = named_columns(Path(path), ("id", "members", "hypernyms"))
    synsets = {
        name: ([word.replace(" ", "_") for word in _cut(members)], _cut(above)) for _, (name, members, above) in rows
    }
    return of_synsets(synsets, relations)


def _cut(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def of_synsets(synsets: Synsets, relations: str) -> WordItems:
    """The lexicon of synsets. Raises UnknownName for relations that are not there."""
    if relations not in RELATIONS:
        raise UnknownName("relations of a lexicon:", str(relations), RELATIONS)
    own = ((left, right) for words, _ in synsets.values() for left in words for right in words)
    over = (
        pair
        for words, names in synsets.values()
        for name in names
        for left in words
        for right in synsets.get(name, ((), ()))[0]
        for pair in ((left, right), (right, left))
    )
    return _lexicon((*own, *(over if relations == "hypernyms" else ())), "en", {"synsets": len(synsets)})
