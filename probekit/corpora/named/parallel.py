"""Named parallel corpora: treebanks of the same sentences, paired."""

from __future__ import annotations

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.corpora.readers.conllu import read_conllu
from probekit.errors import DataError, UnknownName

PUD_LANGUAGES = ("en", "it", "es", "de", "fr")


def pud(source: str = "en", target: str = "es") -> Corpus:
    """The 1,000 sentences of the Parallel Universal Dependencies treebanks in two languages, paired by `sent_id`.

    source, target: en, it, es, de or fr (the same twice: an autoencoder's corpus). The sentences have no split. Raises
    UnknownName for another language, DataError when an id of one treebank is missing in the other.
    """
    sides = []
    for language in (source, target):
        if language not in PUD_LANGUAGES:
            raise UnknownName("language of the PUD treebanks", str(language), PUD_LANGUAGES)
        sides.append(read_conllu(resources.get(f"ud-pud-{language}")))
    ids = [list(side.sentences["id"].astype(str)) for side in sides]
    place = {name: row for row, name in enumerate(ids[1])}
    lacking = sorted(set(ids[0]) ^ set(ids[1]))
    if lacking:
        raise DataError(f"sentence {lacking[0]} is not in both treebanks; fetch them again", f"ud-pud-{target}")
    rows = []
    for row, name in enumerate(ids[0]):
        rows += [sides[0].words(row), sides[1].words(place[name])]
    kept = ["id", "document", "language", "split", "file", "line", "text"]
    attributes = sides[0].sentences[kept].assign(language=source, split="")
    return paired(rows, attributes, target)


def register() -> None:
    """Add the paired treebanks to the registry of corpora; their files are those of the single ones."""
    registry.add(
        "pud",
        pud,
        summary="1,000 sentences in two of five languages, paired: pud(source=en, target=es)",
        resources=tuple(f"ud-pud-{language}" for language in PUD_LANGUAGES),
        layers=("translation",),
        licence="CC BY-SA 3.0",
        citation="Zeman et al. 2017, CoNLL 2017 Shared Task: Multilingual Parsing",
        source="the treebanks ud-pud-en, -it, -es, -de, -fr",
    )
