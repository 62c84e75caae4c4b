"""Named parallel corpora: captions with their translations, treebanks of the same sentences."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.corpora.readers.conllu import read_conllu
from probekit.corpora.readers.lines import read_lines
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError, UnknownName
from probekit.resources import File, Resource

_MULTI30K = "https://github.com/multi30k/dataset at a3d2e0d26b56, data/task1/raw/"
MULTI30K = {
    language: Resource(
        f"multi30k-{language}",
        "multi30k",
        tuple(
            File(f"{part}.{language}", sha256)
            for part, sha256 in zip(("train", "val", "test_2016_flickr"), checksums, strict=True)
        ),
        "none stated for the captions; the pictures for research and education, not for gain",
        "Elliott et al. 2016, Multi30K: Multilingual English-German Image Descriptions (Vision and Language)",
        _MULTI30K,
        f"captions of pictures ({language})",
    )
    for language, checksums in {
        "en": (
            "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
            "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
            "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
        ),
        "de": (
            "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72",
            "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
            "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
        ),
        "fr": (
            "5925a3c18f1587b6b54b87743106e6e8ab93618edb6f65d19eac0621f853a10d",
            "5304e444d842e962b2dda4d816b70b22a1765b15401642b7ca37a67477e708dc",
            "cb3160d69b002bb638e66cc7612fcd56cb0af82eadc9c142dedc438afb885ef6",
        ),
        "cs": (
            "2be68b38c8d586ff4f54eb13cc6e1baaaa053695b3f070d3038303a47f2268da",
            "d53827e469b0a1ca8d57e9e26b2b64c4bc4b33f5479c7b03ae87ae5c882c3e33",
            "45adb85f688de8407fddcbe1b36dca15d12aab868149b337e2576f2d6d2ff8d8",
        ),
    }.items()
}
PUD_LANGUAGES = ("en", "it", "es", "de", "fr")


def multi30k(source: str = "en", target: str = "de") -> Corpus:
    """Captions of 31,014 pictures in two languages, paired line by line: train, dev and test (2016, Flickr).

    source, target: en, de, fr or cs (the same twice: an autoencoder's corpus). Words are cut as in the Penn Treebank.
    Raises UnknownName for another language.
    """
    for language in (source, target):
        if language not in MULTI30K:
            raise UnknownName("language of Multi30k", str(language), tuple(MULTI30K))
    rows, attributes = [], []
    for part in zip(*map(_captions, (source, target)), ("train", "dev", "test"), MULTI30K[source].files, strict=True):
        own, other, split, file = part
        rows += [words for pair in zip(own, other, strict=True) for words in pair]
        lines = np.arange(1, len(own) + 1)
        ids = [f"{file.name}:{line}" for line in lines]
        attributes.append(pd.DataFrame({"id": ids, "document": "", "split": split, "file": file.name, "line": lines}))
    return paired(rows, pd.concat(attributes, ignore_index=True).assign(language=source), target)


@cache
def _captions(language: str) -> list[list[list[str]]]:
    """Captions of a language as words, by file. Kept: an encoder for each target reads the same source."""
    cut = tokeniser("treebank")
    return [[cut(line) for line in read_lines(path)] for path in resources.get(f"multi30k-{language}")]


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
    """Add the files of Multi30k to the resources and the corpora to the registry; PUD's files are known already."""
    for one in MULTI30K.values():
        resources.add(one)
    registry.add(
        "multi30k",
        multi30k,
        summary="31,014 captions in two of en, de, fr, cs, paired: multi30k(source=en, target=de) (train, dev, test)",
        resources=tuple(one.name for one in MULTI30K.values()),
        layers=("translation",),
        licence=MULTI30K["en"].licence,
        citation=MULTI30K["en"].citation,
        source=_MULTI30K,
    )
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
