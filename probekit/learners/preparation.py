"""What the texts of a classifier went through before it saw them: kept in its folder, done again when it is asked."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from probekit.corpora.catalogue import registry, steps
from probekit.corpora.corpus import Corpus
from probekit.corpora.named.named_corpus import NamedCorpus
from probekit.corpora.readers.tokenising import WORDS
from probekit.errors import ProbekitError
from probekit.sources import parameters, resolve
from probekit.specs import parse
from probekit.store import write_atomically

FILE = "texts.json"


@dataclass(frozen=True)
class Preparation:
    """`steps`: specs of the corpus steps that change words, in order. `words`: how running text is cut into words."""

    steps: tuple[str, ...] = ()
    words: str = "treebank"

    def __post_init__(self) -> None:
        if self.words not in WORDS or not all(isinstance(step, str) for step in self.steps):
            raise ProbekitError(f"texts are prepared by corpus steps and words={'|'.join(WORDS)}, got {asdict(self)}")

    def apply(self, texts: Sequence[Sequence[str]]) -> dict[int, list[str]]:
        """Texts by number as the classifier was trained on them; those left without a word are not there."""
        there = {number: list(words) for number, words in enumerate(texts) if len(words)}
        for text in self.steps:
            step = parse(text)
            run = steps.get(step.name)
            options = resolve(step, run, "corpus step", (next(iter(parameters(run))),)).options
            there = _through(there, run, options)
        return there


def _through(there: Mapping[int, list[str]], run: Any, options: Mapping[str, Any]) -> dict[int, list[str]]:
    if not there:
        return {}
    numbers = list(there)
    corpus = Corpus.from_words([there[number] for number in numbers])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a text without a word is told by whoever asked
        try:
            found = run(corpus, **options)
        except ProbekitError:
            return {}  # no text has a word left
    rows = [numbers[int(row)] for row in found.sentences["id"]]
    return {number: found.words(i) for i, number in enumerate(rows)}


def preparation_of(corpus: Corpus) -> Preparation:
    """What the words of a corpus went through, by its spec: of one made by hand nothing is known."""
    if not corpus.spec:
        return Preparation()
    spec = parse(corpus.spec)
    component: Any = registry.get(spec.name)
    given = component.options if isinstance(component, NamedCorpus) else spec.kwargs
    changing = tuple(str(step) for step in spec.steps if steps.entry(step.name).meta.get("words"))
    return Preparation(changing, str(given.get("words", "treebank")))


def save_preparation(preparation: Preparation, folder: Path) -> None:
    """Write it beside a classifier."""
    write_atomically(folder / FILE, (json.dumps(asdict(preparation)) + "\n").encode())


def read_preparation(folder: Path) -> Preparation:
    """What `save_preparation` wrote; nothing where a folder does not say. Raises ProbekitError for a damaged file."""
    if not (folder / FILE).is_file():
        return Preparation()
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Preparation(tuple(content["steps"]), content["words"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProbekitError(f"cannot read {FILE} of the classifier '{folder.name}': {error}; train it again") from error
