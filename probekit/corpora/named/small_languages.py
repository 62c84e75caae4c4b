"""Word classes, entities and running text of small languages: files with checksums, licences, citations.

Their tags of entities have slips, which are repaired (`repair=begin`) and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probekit import resources
from probekit.corpora.named.named_corpus import NamedCorpus, add
from probekit.resources import File, Resource

Named = tuple[Resource, str]  # of a language
_PARTS = ("train", "dev", "test")
# Code in the names of files: of the corpora, name.
_LANGUAGES = {
    "yor": ("yo", "Yoruba"),
    "wol": ("wo", "Wolof"),
    "bam": ("bm", "Bambara"),
    "pcm": ("pcm", "Nigerian Pidgin"),
    "amh": ("am", "Amharic"),
    "lav": ("lv", "Latvian"),
}
_POS_SUMS = {
    "bam": (
        "6a21df8ea31f20623f2bf53576c1fd9591c29faf55f9255c864f3744dd062d65",
        "760b90b2bc4c5c18420fdcf2ae119b4034cdd9dff7c23a4ff5dfe961910e9f65",
        "cc9d4c1d0511868d20ba8bfb27e5218b7fb3cbc48ba6c357d1b5c295bd6941fb",
    ),
    "pcm": (
        "fa82c7f425bbde8e3794d9aeb6af6559a87e017bdddd97145b05106739891b81",
        "9560f0bbc44a5890606d3762f3da83ea5023db05924071ae36f137c5f837384c",
        "bbb166252e031ed73ee09583bdc12305834d255a99a6714d5310cf52284bb26a",
    ),
    "wol": (
        "58fef9e3d3d3e7ba022258e82ae01af48430b764ed80daa9f213cbb3281e2200",
        "b34db53712482dfc84dae46486f1b16c0c896991685605bbf3a1fe8f236bb037",
        "b4bf7f801556830da250c8becf9b58902b7bcf02792cdf88a854f7c8b6f53051",
    ),
    "yor": (
        "767f14818248a02338371fcf2a14caa9fe31cf470f87a955adc543d5eaa00322",
        "b3100ed320c69c1d6798b6d0fb2edaa54d07bc3d85d056298b5b8c64801500b4",
        "6aa93429da3f3895d1873a9bf1784cc468bd3b19f7e6c1f8a79a1525b2a7510d",
    ),
}
_NER_SUMS = {
    "amh": (
        "44d6e06d6bedd2b902578ae658fc3ad6548b8876166a821893d081393a92afe4",
        "f7561345b55d41ccf472c1306e0a0a8f8bc3d46ac535f5dee3d1da3f1a0bb816",
        "3968ef19c31c480859364f927ac6370ae5c33c9557437e87c0b6f7801df461b6",
    ),
    "pcm": (
        "7fbb8bc4f0b456e6283624d05a1bfd0e331c580ebf9564815d6f5b7453588272",
        "34e2dc4868718fbb3646f2d65d3e7802866d4c17bde005ff28bfc3960de2f0bc",
        "de0dc15f4f74adff9486d03897354ef30ded9bedb73e058a96e3d1bd0a0c85fc",
    ),
    "wol": (
        "160b946c5944313135cd0893030f9f2e5f305e1195e763124bfffd30eac787e8",
        "48517a2ad733938805be4bdd285518bed75f14d62068abed74c7eece550e9630",
        "4791d2b105f1022c6b9180b7d96d10d4daa864d7f7087f1822b55ddbdd22b931",
    ),
    "yor": (
        "8baf42a3231ab6f10ce7ed5ed434a5a5447634d1cdf979ac932b2496e3566784",
        "6fd8ba4c586606a08669ca56954185092f419ddf9c2c4d950815a1cb03af3832",
        "fbace84a8b7cc0c4078f1600a2408b06b3d182977bb64d55318590cba56c2058",
    ),
}
_TEXT_SUMS = {
    "bam-lafand.txt": "6c05b70142a01c69733cdee0aced08cd50524a321e70cbeabf303ed6d0d1158d",
    "lav-newtestament.txt": "009fcaa63f69771ec9cd90cf7f53ebf884b1d8a2610f07d12b6b388b55b7c602",
    "wol-lafand.txt": "2359dfe8e3c3613e4b49a9575487aa7acedf03efaa41c467810718da461feec5",
    "wol-newtestament.txt": "9462b1eed51d402dd68793afc0c36d70999edcb29df9e80a5dfe133711d4a1b3",
    "yor-lafand.txt": "ac2b9de3aed92e22c0c2b211c308252cd837955e833cd27a65e98cee12428454",
}


def _masakha(kind: str, what: str, citation: str, source: str, sums: Mapping[str, tuple[str, ...]]) -> list[Named]:
    found = []
    for code, own in sums.items():
        language, name = _LANGUAGES[code]
        files = tuple(File(f"{code}-{part}.txt", sha256) for part, sha256 in zip(_PARTS, own, strict=True))
        summary = f"{what}, {name} news"
        one = Resource(f"{kind}-{language}", kind, files, "CC BY-NC 4.0", citation, source, summary)
        found.append((one, language))
    return found


_POS = _masakha(
    "masakhapos",
    "universal word classes",
    "Dione et al. 2023, MasakhaPOS: Part-of-Speech Tagging for Typologically Diverse African Languages (ACL)",
    "https://github.com/masakhane-io/masakhane-pos at a42273eb27d3, data",
    _POS_SUMS,
)
_NER = _masakha(
    "masakhaner",
    "persons, organisations, places and dates",
    "Adelani et al. 2021, MasakhaNER: Named Entity Recognition for African Languages (TACL 9)",
    "https://github.com/masakhane-io/masakhane-ner at ba5843cd08aa, data",
    _NER_SUMS,
)


def _text(file: str) -> Named:
    language, name = _LANGUAGES[file[:3]]
    if "newtestament" in file:
        kind, what, licence = "new-testament", f"running text: the New Testament in {name}, a verse a line", "CC0"
        source = "https://github.com/christos-c/bible-corpus at 44e5fca1bfb3"
        citation = (
            "Christodouloupoulos and Steedman 2015, A massively parallel corpus: the Bible in 100 languages (LRE)"
        )
    else:
        kind, what, licence = "lafand", f"running text: news in {name}, a sentence a line", "CC BY-NC 4.0"
        source = "https://github.com/masakhane-io/lafand-mt at d441f8b063d6"
        citation = "Adelani et al. 2022, A Few Thousand Translations Go a Long Way! (NAACL)"
    files = (File(file, _TEXT_SUMS[file]),)
    return Resource(f"{kind}-{language}", "low_resource_text", files, licence, citation, source, what), language


_TEXTS = [_text(file) for file in _TEXT_SUMS]


def register() -> None:
    """Add every corpus to the resources and to the registry of corpora."""
    for listed, reader, more, layer in (
        (_POS, "word-classes", {}, ("upos",)),
        (_NER, "bio", {"repair": "begin"}, ("entity",)),
        (_TEXTS, "plain", {"sentences": False}, ()),
    ):
        for resource, language in listed:
            resources.add(resource)
            options: dict[str, Any] = {"language": language, **more}
            add(NamedCorpus(resource.name, (resource.name,), reader, options), layer)
