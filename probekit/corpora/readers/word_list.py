"""Lists of words from files: one word a line."""

from __future__ import annotations

from pathlib import Path

from probekit.corpora.readers.lines import ENDS, read_lines
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import DataError


def read_words(path: str | Path, language: str = "en") -> WordItems:
    """Words of a file in order, each once; a line is a word, whatever blanks it has inside. Raises DataError for a file
    without any."""
    path = Path(path)
    words = dict.fromkeys(word for line in read_lines(path) if (word := line.strip(ENDS)))
    if not words:
        raise DataError("has no word; write one a line", path)
    return items_of("words", [(word,) for word in words], languages=(language,))
