"""Named corpora of categories: the gold layers of the Parallel Meaning Bank in four languages."""

from __future__ import annotations

from probekit import resources
from probekit.corpora.named.named_corpus import NamedCorpus, add
from probekit.resources import File, Resource

_SOURCE = "https://github.com/RikVN/DRS_parsing at 190838f9adea, parsing/layer_data/4.0.0"
_LANGUAGES = {"en": "English", "de": "German", "it": "Italian", "nl": "Dutch"}
_SUMS = {
    "en": (
        "cdbb6035a71112ad1c0e1707b9a16f7180cc78fe6e5d308f9240ec2da22a3f7a",
        "ac2abf3c55607a13efea523d258854633b1225d6173031e69bf56023adafc761",
        "1c6c137292ad2cb6750fa2fd22655bb17eb71aa282b9e15b88ba0a11217c83c9",
    ),
    "de": (
        "ff09288b3ed4e20e85d576d15ff24f3741d7c1c9c873088355910f676d9aab69",
        "adb7f60e5f264ca61c27b3ba6953feacc2bd19f34ce261a33a1118e26422f0dd",
        "3d9324f7ca3db8be4cc76bf7aacc70a500de9e78a4be7461e51273897a27a3cf",
    ),
    "it": (
        "6ea6e5a0afef0c0eb63c1b024c98c2bed351c975cef387b446488d8600ec7fa3",
        "d524de98f2f082ae3ec9b5ed3d768563989de7c4ac3e595e468f2b097d8131c0",
        "43a7d1d9b3d329f08c2cd9a9b0efb8fdde34dca9e4a63a142e8739e1e0b9414c",
    ),
    "nl": (
        "32db8c787c6fa088258bcef4763614c8e52f1181a894cdc22cd4cb504a09de3d",
        "c29367476926031f0a4377291e75fd6eb7c6fa52b13166aaef1155eef4341ed3",
        "df33bc82875f3d87ea26a117371405a190a474a3a588ef6a5421f4145ca4d2af",
    ),
}


def _bank(language: str) -> Resource:
    parts = zip(("train", "dev", "test"), _SUMS[language], strict=True)
    return Resource(
        f"pmb-{language}",
        "pmb_ccg",
        tuple(File(f"{language}-{part}.conll", sha256) for part, sha256 in parts),
        "MIT in the repository; the Parallel Meaning Bank's own terms hold for its data",
        "Abzianidze et al. 2017, The Parallel Meaning Bank (EACL); release 4.0.0",
        _SOURCE,
        f"categories of combinatory categorial grammar, {_LANGUAGES[language]} sentences",
    )


def register() -> None:
    """Add every corpus to the resources and to the registry of corpora."""
    for language in _LANGUAGES:
        resources.add(_bank(language))
        options = {"category": 5, "language": language}
        add(NamedCorpus(f"pmb-{language}", (f"pmb-{language}",), "supertags", options), ("ccg",))
