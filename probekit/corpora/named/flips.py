"""Named texts with human flips of their polarity: business reviews and film reviews."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.flips import FlippedText, corpus_of
from probekit.corpora.readers.lines import read_lines, split_of
from probekit.corpora.readers.tables import tsv_rows
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError
from probekit.resources import File, Resource, plain_name
from probekit.values import OneOf

_YELP = Resource(
    "yelp-flips",
    "yelp_polarity",
    (
        File("sentiment.dev.0", "085ac5d10594f7a433c00c13a8cb10940a43b4a0d777d2d99b265a639fdfcfec"),
        File("sentiment.dev.1", "b9c49b3b9b761cdd3daa3ca554aaaf97d3f3a46b264894f483704a8d6c143f07"),
        File("reference.0", "a0a162722a4dcbc2d38fd9770f37d39f383777e0c545a6df5cd7ac58247d7a77"),
        File("reference.1", "5cc4011b1e7fdd72a3c56786a02ab2e50caf08ffd3bbd70bde854322e809f734"),
    ),
    "CC BY-SA 4.0",
    "Li, Jia, He and Liang 2018, Delete, Retrieve, Generate (NAACL)",
    "https://github.com/lijuncen/Sentiment-and-Style-Transfer at 14a48fa3f49a, data/yelp/",
    "Yelp sentences: 4,000 to train on (the published dev), 1,000 test sentences with human flips",
)
_REVIEWS = Resource(
    "film-flips",
    "counterfactual_pairs",
    (
        File("imdb-train_paired.tsv", "7ac50ca3d70890f80e11ee59955cdbfc43f26b5078d0603717817ab224d2af18"),
        File("imdb-dev_paired.tsv", "4c2d8a70cbce23eba27fb1f0bb5043cf044811912435cf8d10c3ea6fc7a51363"),
        File("imdb-test_paired.tsv", "9534b20850205c59015b313983cae7afb31c54c04ffcbd19cea7f1bce5011275"),
    ),
    "none stated; reviews from IMDb",
    "Kaushik, Hovy and Lipton 2020, Learning the Difference that Makes a Difference (ICLR)",
    "https://github.com/acmi-lab/counterfactually-augmented-data at 6f232a1d2a11, sentiment/combined/paired/",
    "2,440 film reviews with human flips, 1,707 train, 245 dev, 488 test",
)
LABELS = ("negative", "positive")


def yelp_flips() -> Corpus:
    """Yelp sentences in lower case, as published; their flips, which are not, are lowered too.

    The published development part is the split train here, as its training part is not at hand.
    """
    cut = tokeniser("treebank")

    def read() -> Iterator[FlippedText]:
        for path in resources.get("yelp-flips"):
            name, _, side = plain_name(path).rpartition(".")
            for line, text in enumerate(read_lines(path), 1):
                text, _, flip = text.lower().partition("\t")
                split = "test" if name == "reference" else "train"
                yield FlippedText(cut(text), cut(flip), LABELS[int(side)], split, plain_name(path), line)

    return corpus_of(list(read()), "en")


def film_flips(flips: Annotated[str, OneOf(("all", "test"))] = "all") -> Corpus:
    """Film reviews. Of two lines in turn, which have one number, the first is the review and the second its flip.

    flips: "test" leaves out those of training and development reviews.
    """
    cut = tokeniser("treebank")

    def read() -> Iterator[FlippedText]:
        for path in resources.get("film-flips"):
            name, (_, *rows) = plain_name(path), tsv_rows(path)
            for (line, one), (_, two) in zip(rows[::2], rows[1::2], strict=True):
                if one[2] != two[2] or one[0] == two[0]:
                    raise DataError("a review and its flip have one number and two labels", path, line)
                words, flip = (cut(text.replace("<br />", " ")) for text in (one[1], two[1]))
                split = split_of(name.replace("_", "-"))
                kept = flip if split == "test" or flips == "all" else []
                yield FlippedText(words, kept, one[0].lower(), split, name, line)

    return corpus_of(list(read()), "en")


def register() -> None:
    """Add both to the resources and to the registry of corpora."""
    for resource, read in ((_YELP, yelp_flips), (_REVIEWS, film_flips)):
        resources.add(resource)
        registry.add(resource.name, read, summary=resource.summary, layers=("label", "flip"), **resource.about)
