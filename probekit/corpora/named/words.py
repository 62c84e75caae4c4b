"""Named word lists as ratings, by category or by attribute: their files with checksums, licences and citations."""

from __future__ import annotations

from dataclasses import dataclass

from probekit import resources
from probekit.corpora.catalogue import ratings as registry
from probekit.corpora.ratings import Ratings
from probekit.corpora.readers.ratings import read_categories, read_relations
from probekit.resources import File, Resource
from probekit.values import Count

SOURCE = "https://github.com/vecto-ai/word-benchmarks"
REF = "9b61d0e067e2"
NO_LICENCE = "none stated (the repository has no licence file)"
LISTS = (
    (
        "ap",
        "0efdcdf298946620f4d3db17743483b45ac09169c3ef943761d52ff9a0de8974",
        "Almuhareb and Poesio 2006, PhD thesis, University of Essex",
        "402 nouns in 21 categories",
    ),
    (
        "bless",
        "cf14ae0c0feeb78a7d85e0a3ca725ab5f573677ceaa950b7417db749a7012cc3",
        "Baroni and Lenci 2011, How we BLESSed distributional semantic evaluation (GEMS)",
        "200 nouns in 17 categories",
    ),
    (
        "battig",
        "b7146cac221664de3781d47b8463c4e50841a138be26ff96f2d4aa4110126898",
        "Battig and Montague 1969, Category norms for verbal items in 56 categories (JEP Monographs 80)",
        "5,231 entries in 56 categories, as people named them",
    ),
)
_ATTRIBUTES = Resource(
    "relations-bless",
    "word_benchmarks",
    (
        File(
            "semantic-relation__monolingual__en__bless.csv",
            "0be4ce76eace71ade3517eea0f277403c2acbf6e6611f53e0f5dcc2d9841e347",
            f"{SOURCE}/raw/{REF}/semantic-relation/monolingual/en/bless.csv",
        ),
    ),
    NO_LICENCE,
    LISTS[1][2],
    f"{SOURCE} at {REF}",
    "26,553 pairs of a noun and another word, by relation",
)


@dataclass(frozen=True)
class WordList:
    """Calling it reads the categories of a registered word list. Raises as `resources.get` and `read_categories`."""

    resource: str

    def __call__(self, least: Count = 1) -> Ratings:
        # The published copies end most categories with a line that has no word.
        return read_categories(resources.get(self.resource)[0], least, missing="drop")


def bless_attributes(least: Count = 10) -> Ratings:
    """Adjectives for attributes of 200 nouns, as properties: 80 with ten nouns or more. Raises as `WordList`."""
    return read_relations(resources.get(_ATTRIBUTES.name)[0], "attri", least)


def register() -> None:
    """Add every list to the resources and to the registry of ratings."""
    resources.add(_ATTRIBUTES)
    registry.add(
        "bless-attributes",
        bless_attributes,
        summary="attributes of 200 nouns, those with ten nouns or more",
        **_ATTRIBUTES.about,
    )
    for _name, _sha256, _citation, _summary in LISTS:
        resource = Resource(
            f"categories-{_name}",
            "word_benchmarks",
            (
                File(
                    f"word-categorization__monolingual__en__{_name}.csv",
                    _sha256,
                    f"{SOURCE}/raw/{REF}/word-categorization/monolingual/en/{_name}.csv",
                ),
            ),
            NO_LICENCE,
            _citation,
            f"{SOURCE} at {REF}",
            _summary,
        )
        resources.add(resource)
        registry.add(_name, WordList(resource.name), summary=f"categories of words: {_summary}", **resource.about)
