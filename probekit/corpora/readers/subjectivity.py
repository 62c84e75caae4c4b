"""Subjective and objective sentences: the files of Pang and Lee 2004, from where the user has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import decoded, is_blank, lines_of, plain_ends
from probekit.corpora.readers.texts import LabelledText, corpus_of
from probekit.errors import DataError
from probekit.resources import plain_name, read_bytes

_LABELS = {"quote": "subjective", "plot": "objective"}  # reviews are quoted, plots are told


def read_subjectivity(paths: str | Path | Sequence[str | Path], words: str = "blanks") -> Corpus:
    """Sentences of quote.tok.gt9.5000 (subjective) and plot.tok.gt9.5000 (objective), a line each; no split of its own.

    words: as the reader of texts cuts them; the files are tokenised. A file that is not UTF-8 is read as Latin-1, as
    they were published. Raises DataError for a file whose name says neither quote nor plot.
    """
    files = [Path(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]

    def read() -> Iterator[LabelledText]:
        for path in files:
            label = next((label for name, label in _LABELS.items() if plain_name(path).startswith(name)), None)
            if label is None:
                raise DataError("is of no class; name it quote... (subjective) or plot... (objective)", path)
            for line, text in enumerate(lines_of(plain_ends(path, _text(path))), 1):
                if not is_blank(text):
                    yield LabelledText(text, label, path, line)

    return corpus_of(read(), words=words, language="en")


def _text(path: Path) -> str:
    content = read_bytes(path)
    try:
        return decoded(path, content)
    except DataError:
        return content.decode("latin-1")
