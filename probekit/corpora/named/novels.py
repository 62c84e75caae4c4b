"""Novels in English as running text, to train word vectors on: their files with checksums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.resources import File, Resource, plain_name, read_bytes

_BLANK_LINES = re.compile(r"\n\s*\n")
# Letters, with apostrophes and hyphens between them: marks and numbers are no words of this text.
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOVELS = (
    ("Barclay_Ladies_1917.txt", "5140f22e97507b0f1d57e96617bc48f14b623e59b73156442d362ef9bbd19071"),
    ("Barclay_Rosary_1909.txt", "f8cff10981545e90a9d3eb9617fe917688d4adf05829ea17a2a0ba1663b54823"),
    ("Bennet_Helen_1910.txt", "f1e932c25b2ba05a668950add48e177fc6ae85ddb313d2e163a97499999f6f7d"),
    ("Blackmore_Erema_1877.txt", "7979b71fe357c71730400c258733b050dba0e9e245ac04a0ce8572d424523650"),
    ("Blackmore_Springhaven_1887.txt", "e455aa728e54f57b4710544457cd561b70a1aabc93b4a11398899042b9c320f5"),
    ("Braddon_Phantom_1883.txt", "158fe331636ef6ff91655bf874bf387b8d1da872f6f671423aa29efb289b0f77"),
    ("Burnett_Princess_1905.txt", "913e08ca45ae2943ee99589e2c0699bd35f05792ee41da58359baec01df207b0"),
    ("Cbronte_Shirley_1849.txt", "7b4b52788a5f7330c3252b098e1262c6090b2d6b17e88c8fc91186efcd47df47"),
    ("Chesterton_Innocence_1911.txt", "30c64a3e06d61346fa8791a1626f92617e42c4485c975370459ae76508607cfe"),
    ("Conrad_Nostromo_1904.txt", "27fd2592a0c96f964e9a174711d48e3de6a53ee0844a4d8bfff31929fc6932d7"),
    ("Corelli_Innocent_1914.txt", "dac099dd75c3a6e03373182b095d7e4038fb51655ab6003c713e606eeaec47ff"),
    ("Corelli_Satan_1895.txt", "c08f65ab6cd6da2e0bba1ec298bdf41e061ace38bbc53b2952b757a9c0e0318d"),
    ("Dickens_Expectations_1861.txt", "ab621543c4746eaa3261cc4effddf6d13bb27504ae9da0aa226c961c62464396"),
    ("Doyle_Micah_1889.txt", "260e788a5eca8be5a0a6bbf4d057578910f5b6dc8d7979475f904f097edf747c"),
    ("Eliot_Daniel_1876.txt", "96986a5585fd429d041757ff1f83270f5047d431ca53920b607a1b2740460fb8"),
    ("Ford_Girl_1907.txt", "5d52ea5b0f0b62cf2f9f2bca1cbdb56cc2c9bbddc029ddd63286d60440323eb8"),
    ("Ford_Soldier_1915.txt", "604745cb52dec86cd16ffa203d2fb0675d921dbfd69772dd8d1132355b835b84"),
    ("Galsworthy_Man_1906.txt", "3b2ac7bf90f9e6f2c4141dbe4a34ae0761e797576b787cac01d900e185e9b120"),
    ("Galsworthy_Saints_1919.txt", "48c581c077f4b4c5c9109794f63bf21fff6e19ffe238a8c39dff7dbbf5c072ce"),
    ("Gissing_Unclassed_1884.txt", "b1d5da225a07685b8b46cf0f6be0a5cfaae4e0077874d6d44c3b54a9c1c40f9d"),
    ("Gissing_Women_1893.txt", "f86baa546dda3356f823f1d1baeced658d4e46615186013a621b9c8e87ef9bf0"),
    ("Haggard_She_1887.txt", "293011ffc26255b3c579c0201fcc1b7b9de08d9a8301d049039d6ddfffae85b3"),
    ("Hardy_Jude_1895.txt", "e42c25b24ec8a11fd3f939b3fe0bcc900b9e98abf8d20a3e2d008c93348486f4"),
    ("Hardy_Tess_1891.txt", "875016489be7a27249370c209b4716037febb83b6cb4432f982d13047624fc4f"),
    ("James_Roderick_1875.txt", "e1af1496ab543d24bb15894cc14800ab817bea556f120cbf700a0390e95a1837"),
    ("Kipling_Captains_1896.txt", "4cbd826a3d084f020286923cf70773d0627ccf494521be54d84dbe967c3b509f"),
    ("Kipling_Light_1891.txt", "cee00987df59d976055c5379012213f6d738d784a151deb0f573656aa9c26841"),
    ("Lawrence_Serpent_1926.txt", "36751f83e15baffaedf4abf76e79fc17079dc37b3a08e2d74d4e2340e3ca896d"),
    ("Lee_Albany_1884.txt", "6dc56c01b3fa8391d11dc5307175ae50c29e08b0444486da8dcb66ac501aaa96"),
    ("Lee_Penelope_1903.txt", "9ccbf4c8f50ba91cda816c7e178829f6d3961ba997cd56e7c4de94a365ab89ec"),
    ("Lytton_Novel_1853.txt", "53326c28c37a2de2e6efadef4f4bc900e9504b756ea10399adc9f1032969f599"),
    ("Meredith_Feverel_1859.txt", "3a2259aa5986ffbab7d31e827396ab4caf61bd5153d90bdc7d16c4ad51880a13"),
    ("Meredith_Richmond_1871.txt", "a9e6682e0b5eb9c0bc9e7ff43114a1ee123978086fa675a854240592ab8e0c00"),
    ("Morris_Water_1897.txt", "db195c7f3679de65502f79d8b6addabc73fe5ca938b1485260b69bf1b6c2dfec"),
    ("Schreiner_Farm_1883.txt", "72ceb45280959797286c98af0e7bf385e0cb23fee7582808c0b4ebbb4f8b58b0"),
    ("Schreiner_Undine_1929.txt", "2842667f2bb39c2b672178355e61c1cd72b357e58c0b744507d84c307afc62d5"),
    ("Stevenson_Catriona_1893.txt", "105111220dfc0fa52f340f4f03e1e5394c7d810fc0eab7491517649c6c34d6d7"),
    ("Thackeray_Esmond_1852.txt", "1ee2aefb01bba143ab26222bbba76288fca205d98f539ecaa795c4b672f77450"),
    ("Thackeray_Virginians_1859.txt", "4f044847a4656bb016ad6d152f560a45f30c4291e811c62659386eb6ec404eee"),
    ("Trollope_Phineas_1869.txt", "1fc52101705cd8229025ea3d159e29333e6714fbb683fab897cabe9ddb5cc9d0"),
    ("Ward_Ashe_1905.txt", "d1406558c5a8ea54000c3518593bff3d322c1643b92725dc6d011e6df4530920"),
    ("Ward_Milly_1881.txt", "20668dc64f012829cfcc587905c5bbeb72d32a278aef96a7a2c1b313bbacbddf"),
    ("Wcollins_Legacy_1889.txt", "0df5d850380ee631c49b68d14e8a9579f76f6697ca111d6f6a8ca93589ca355d"),
    ("Woolf_Lighthouse_1927.txt", "2a98d64e56c3b1e82221a7f3b960a167d8d25acd8609f6257f666e6a21953441"),
    ("Woolf_Years_1937.txt", "2e06c0e867f2e8d76314d71aba00676b8b4e754b6093b3ec4fde5fa1c8b86c80"),
)
_FURTHER = (
    ("Burnett_Garden_1911.txt", "873fb069535018036a4695afedf7403e7ae64a2830794067eca6044d4b054bc9"),
    ("Cbronte_Jane_1847.txt", "b90cf982eab5d5f07da1ab9fdd6890e46817d4186511dac74564917a19cb8b1b"),
    ("Chesterton_Thursday_1908.txt", "52e3da061f0e8d8bfcf38ed7ac6f6567704c8a7f14be6dc4113b674cbafb7570"),
    ("Dickens_Oliver_1839.txt", "7e468c526c2616648f1940b47d769c657487eb48b25223c0f3feb018de484a1c"),
    ("Doyle_Hound_1902.txt", "af0c16569cb5aee4e984b1a3fc8cd0754cdfe301f1b830d28601a50f1e777104"),
    ("Forster_Howards_1910.txt", "242505d8bc727f53ee0cec7475aff500d3166453369f176f86156072554fea7c"),
    ("Gaskell_Ruth_1855.txt", "97869154377078f8713c788dd546e794ed7adcc9c139b7b2b71194526b8d2a82"),
    ("Hardy_Madding_1874.txt", "1118f019071e003741e41d17808846b35052fccb6ec9ae68eb54e013cbc7466c"),
    ("Kipling_Kim_1901.txt", "a54d7aa479b7961abc407a03b5d7f56107f0ee72692930f107ab3e3ac5d94a0b"),
    ("Woolf_Night_1919.txt", "14d60ed6b5429ce71d4b6ee217af0ee77094517fc678c87cb5863389fee508b5"),
)
_SOURCE = "https://github.com/computationalstylistics/100_english_novels at 143e601875d7, corpus/"


def _resource(name: str, folder: str, files: tuple[tuple[str, str], ...]) -> Resource:
    return Resource(
        name,
        folder,
        tuple(File(*file) for file in files),
        "texts in the public domain; none stated for the collection",
        "Computational Stylistics Group, 100 English Novels",
        _SOURCE,
        f"{len(files)} novels of the 19th and early 20th century, a file each",
    )


RESOURCES = (_resource("english-novels", "english_novels", _NOVELS), _resource("plain-novels", "plain_text", _FURTHER))


def english_novels() -> Corpus:
    """55 novels, a paragraph a sentence, a novel a document; words are runs of letters, 7.6 million of them."""
    sentences: list[list[str]] = []
    novels: list[str] = []
    for path in (path for one in RESOURCES for path in resources.get(one.name)):
        found = list(paragraphs(path))
        sentences += found
        novels += [Path(plain_name(path)).stem] * len(found)
    offsets = np.concatenate([[0], np.cumsum([len(words) for words in sentences])]).astype(np.int64)
    codes, categories = pd.factorize(np.array([word for words in sentences for word in words], dtype=object))
    form = pd.Categorical.from_codes(codes, categories=pd.Index(list(categories), dtype=object))
    ids = [f"{novel}-{i}" for i, novel in enumerate(novels)]
    about = {"id": ids, "document": novels, "language": "en", "split": ""}
    return Corpus(form, offsets, sentences=pd.DataFrame(about))


def paragraphs(path: Path) -> Iterator[list[str]]:
    """Words of every paragraph of a file, plain or .gz; paragraphs without a word are left out."""
    for text in _BLANK_LINES.split(read_bytes(path).decode("utf-8-sig")):
        if words := _WORD.findall(text):
            yield words


def register() -> None:
    """Add the files to the resources and the corpus to the registry."""
    for one in RESOURCES:
        resources.add(one)
    registry.add(
        "english-novels",
        english_novels,
        summary="55 English novels of 1839 to 1937, a paragraph a sentence, words without punctuation (no split)",
        licence=RESOURCES[0].licence,
        citation=RESOURCES[0].citation,
        source=_SOURCE,
        resources=tuple(one.name for one in RESOURCES),
    )
