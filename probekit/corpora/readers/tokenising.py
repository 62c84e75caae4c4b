"""Running text to words: sentences by their punctuation, words by the Penn Treebank rules; needs no trained model."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from probekit.corpora.readers.lines import between_blanks
from probekit.errors import UnknownName

# Where a sentence may end: closing punctuation with what closes beside it, before a blank and an opening character.
_END = re.compile(r"([.!?]+[\"'”’)\]]*)\s+(?=[\"'“‘(\[]*[A-Z0-9])")
_BLANK_LINE = re.compile(r"\n\s*\n")
# A point after these, or after a single capital, ends an abbreviation and not a sentence.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|Rev|Gen|Col|Capt|Lt|Sgt|Sen|Rep|Gov|St|Jr|Sr|Inc|Ltd|Co|Corp|Bros|vs"
    r"|etc|e\.g|i\.e|cf|No|Vol|pp|p|Fig|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|a\.m|p\.m|U\.S|U\.N)\.$"
)


def split_sentences(text: str) -> list[str]:
    """Sentences of a text by punctuation, capitals and a list of abbreviations; an empty line ends one as well.

    Its only use is to tell the points that end a sentence, which the Treebank rules cut off, from other points.
    """
    found = []
    for paragraph in _BLANK_LINE.split(text):
        start = 0
        for end in _END.finditer(paragraph):
            before = paragraph[start : end.end(1)]
            if end[1] == "." and _ABBREVIATION.search(before[-12:]):
                continue
            found.append(before)
            start = end.end()
        found.append(paragraph[start:])
    return [sentence for sentence in found if sentence.strip()]


@cache
def _treebank() -> Callable[[str], list[str]]:
    from nltk.tokenize.destructive import NLTKWordTokenizer  # takes a second to import, needs no data

    return NLTKWordTokenizer().tokenize


def treebank(text: str) -> list[str]:
    """Words by the rules of the Penn Treebank as NLTK has them, sentence by sentence."""
    tokenize = _treebank()
    return [word for sentence in split_sentences(text) for word in tokenize(sentence)]


def blanks(text: str) -> list[str]:
    """Words as blanks, tabs and line ends part them: for text that is tokenised already.

    A no-break space and its like belong to the word they stand in; alone they are none.
    """
    return [word for word in between_blanks(text) if word.strip()]


WORDS: dict[str, Callable[[str], list[str]]] = {"treebank": treebank, "blanks": blanks}


def tokeniser(name: str) -> Callable[[str], list[str]]:
    """A way to cut text into words, by name. Raises UnknownName."""
    if name not in WORDS:
        raise UnknownName("way to cut text into words:", str(name), WORDS)
    return WORDS[name]
