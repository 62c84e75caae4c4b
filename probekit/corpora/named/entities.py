"""Named corpora of entities and time expressions in columns: files with checksums, licences, citations.

Tags are published with slips, so that these are read with `repair=begin`, and every repair is counted. WikiNEuRal's
validation part is all that is registered of it: `wikineural-en|resplit` cuts it.
"""

from __future__ import annotations

from typing import Any

from probekit import resources
from probekit.corpora.named.named_corpus import NamedCorpus, add
from probekit.resources import File, Resource

_WIKINEURAL = "https://github.com/Babelscape/wikineural at d2e28c770cba, data"
_TIMEX = "https://github.com/NGEscribano/XTN-timexes at 9d093d9a04b5, datasets"
_REPAIRED: dict[str, Any] = {"repair": "begin"}
_NUMBERED: dict[str, Any] = {"word": 2, "tag": 3, "repair": "begin"}
# Marks of headlines and bodies stand in lines of their own.
_NESTED: dict[str, Any] = {"tag": 2, "tags": [3], "skip": ["<HEADLINE>", "<INGRESS>", "<BODY>"], "repair": "begin"}
_MARKED: dict[str, Any] = {"tag": 2, "skip": "*!-DCTVALUE="}
# Code, name of the language in the files.
_CONLL = (
    (
        "es",
        "esp",
        (
            "a20d95cab7d88a19a86f8c1ad6329325c99fbd9529ed978cbd7e31d4b01b4008",
            "85c17793b77881c53d19017d9d0f1e6fb98b7ddcab54a5f24b05ed1793103c87",
            "1f8f7a392c6d4979a5592a5794eed43d7869b46da6851bbcde99714149f1d016",
        ),
    ),
    (
        "nl",
        "ned",
        (
            "0a419dcb356b62c8cff38515675550b3d5dbea9f45a1c4956328dbd5cc7fcdbc",
            "51259d4bfe52462f211d3d0b67173a7ecbfa296e199f6c6bd0895f4c78155057",
            "2aa748edb82e6f9c4d82e57a4bed69ded18cfa4803122c75070335d513517488",
        ),
    ),
)
_WIKINEURAL_SUMS = {
    "de": "061e57750c6a93d95f43bb85d9010cfdcb64c1e1c7dcac76ee7a9bddf0dfc3ab",
    "en": "d5c2bbcbfd7092ab46057befabe071ee8c68b5b3a0623ca319874c019b6d560d",
    "es": "d4c67b9687df3069b1e9e889e685b8e87387602bced81e6ac3b160d2b9ba8513",
    "nl": "9999ef4bd5bb0f9bb6a6a63527c9a0e67ee61b4bad69446215fd86db3e47c7d8",
}
# sha256 of the training and of the test file.
_WIKIANN_SUMS = {
    "de": (
        "cbe15aac86d4b496d6d90fd89d00b7feffb253629daf0baff4b367197b9fff77",
        "ab56b628a798fb7502e0c5e99ae962d835d352153e45518fe1d10ae5074e22aa",
    ),
    "en": (
        "920d45827860c3a5f2aacfe15520057fc9cf1e0f8012bbf052e9392f4263fbdf",
        "2c01f35e85c7312d768f88a47374c297e82c84225b0c4b3a5505e6278f7b5b8c",
    ),
    "es": (
        "b371b42edd2925e1590dac19672231df09f1184d8ca04ab14554fb973ce8923e",
        "5ec1e56899e6254c1fbd4aa2c52e3e36f585ae0121cf3c00b338c45ee0caa062",
    ),
    "nl": (
        "80e73bb45ff64f29df6276f078a49e31075f0d1919b58ee4ced30fb6fc50e43b",
        "091de603c4e380ff85ef06d8c6afdfba784c1da07ac915093d7b72edea2e747c",
    ),
    "pl": (
        "2756d273198336d0a7fca91ae4722db4e2f3b68a00afd79fb60eae26dc152ace",
        "7ab10cd51b1ab22f7887d87c1e5a19d401121b459ea20fe66e6826314c88b55b",
    ),
    "ru": (
        "62a03d5564b6967afd2d5f05fd5b9c267bc37818f211930da51cf347c0dc2a65",
        "52e0736a7212aab2820c2ba40999c561a07762351cea2d22fe98c48b61797cd4",
    ),
}
_TIMEX_SUMS = {
    "timebank-en-train": "8c273cc053be61842f3d5dc7b32c94bd466c791b82e05c02d8a51c5e4e91cebc",
    "timebank-en-test": "012acabd7deb95825e837aecb512d181692a5e685024b765b77552e8e5ba3e8d",
    "timebank-es-train": "4264115beeb5c1bf32416311d993f12e30721b463b2bcd16b1ca92b716388ef2",
    "timebank-es-test": "67cde306b97dd30495a6d3f899e326fd3c267e96be574c30bb65dad60318b00d",
    "meantime-en-test": "fb7b790b00549ee8921fc751771d79c1ea47fdbb6366331a352e3af0f1ffc915",
    "meantime-es-test": "adfb2b0a5bfab460389a7f0b1c1c010cb7ddcfaf686838c697672f81b3357b75",
}


def _conll(language: str, name: str, sums: tuple[str, str, str]) -> Resource:
    parts = zip(("train", "testa", "testb"), sums, strict=True)
    return Resource(
        f"conll2002-{language}",
        "conll2002",
        tuple(File(f"{name}.{part}", sha256) for part, sha256 in parts),
        "research only, in the context of the CoNLL-2002 shared task",
        "Tjong Kim Sang 2002, Introduction to the CoNLL-2002 Shared Task (CoNLL)",
        "https://github.com/nltk/nltk_data at 5db857e6f7df, packages/corpora/conll2002.zip",
        f"persons, places, organisations and others in {'Spanish' if language == 'es' else 'Dutch'} news",
    )


def _finer(name: str, files: tuple[File, ...], what: str) -> Resource:
    return Resource(
        name,
        "finer",
        files,
        "Digitoday CC BY-ND-NC 1.0, Wikipedia CC BY-SA 3.0",
        "Ruokolainen et al. 2020, A Finnish news corpus for named entity recognition (LRE 54)",
        "https://github.com/mpsilfve/finer-data at 45bcbd277462, data",
        what,
    )


def _wiki(name: str, folder: str, files: tuple[File, ...], licence: str, citation: str, what: str) -> Resource:
    return Resource(name, folder, files, licence, citation, _WIKINEURAL, what)


def _timex(name: str, files: tuple[str, ...], licence: str, citation: str, what: str) -> Resource:
    found = tuple(File(f"{file}.tsv", _TIMEX_SUMS[file]) for file in files)
    return Resource(name, "timex_en_es", found, licence, citation, _TIMEX, what)


_TIMEBANK = "UzZaman et al. 2013, SemEval-2013 Task 1: TempEval-3 (SemEval)"
_MEANTIME = "Minard et al. 2016, MEANTIME, the NewsReader Multilingual Event and Time Corpus (LREC)"
_NO_LICENCE = "none stated; text distributed by LDC and by TempEval-3"
CORPORA: tuple[tuple[Resource, str, dict[str, Any]], ...] = (
    *((_conll(*one), one[0], {**_REPAIRED, "split": ["train", "dev", "test"]}) for one in _CONLL),
    (
        _finer(
            "finer",
            (
                File("digitoday.2014.train.csv", "9a0c219f13bb222081f2c91bef8ed40e0b5e229c5be9c467d19ab99bda806eb6"),
                File("digitoday.2014.dev.csv", "8400f95bcfac52a2baab9529c5859525a2a2b6bbd5734418b83ed0ad593ea219"),
                File("digitoday.2015.test.csv", "c5947ac6f760ffa56248849c77129b8a2efefd1230af62e0487fd96caf4a2fee"),
            ),
            "entities of six types in Finnish technology news, nested ones as a second layer",
        ),
        "fi",
        _NESTED,
    ),
    (
        _finer(
            "finer-wikipedia",
            (File("wikipedia.test.csv", "8a46e90e5ac3c1beff9e46f02d8275b7ce7573efaeb7b780ba7e827b404a0820"),),
            "entities of six types in Finnish Wikipedia, nested ones as a second layer",
        ),
        "fi",
        _NESTED,
    ),
    *(
        (
            _wiki(
                f"wikineural-{language}",
                "wikineural",
                (File(f"{language}-val.conllu", sha256),),
                "CC BY-NC-SA 4.0",
                "Tedeschi et al. 2021, WikiNEuRal: Combined Neural and Knowledge-based Silver Data Creation for "
                "Multilingual NER (Findings of EMNLP)",
                f"silver entities of the four CoNLL types in Wikipedia ({language}), the validation part",
            ),
            language,
            _NUMBERED,
        )
        for language, sha256 in _WIKINEURAL_SUMS.items()
    ),
    (
        _wiki(
            "wikigold",
            "wikineural",
            (File("wikigold-en-test.conllu", "27ba977ee7a788fa11efcbc0590c17292aa3ca5e6126974651d4a68dfa7e9d78"),),
            "CC BY 4.0",
            "Balasuriya et al. 2009, Named Entity Recognition in Wikipedia (People's Web workshop)",
            "hand-annotated entities of the four CoNLL types in English Wikipedia",
        ),
        "en",
        _NUMBERED,
    ),
    *(
        (
            _wiki(
                f"wikiann-{language}",
                "wikiann",
                (File(f"{language}-train.conllu", train), File(f"{language}-test.conllu", test)),
                "none stated; text from Wikipedia, CC BY-SA",
                "Pan et al. 2017, Cross-lingual Name Tagging and Linking for 282 Languages (ACL); the split of Rahimi, "
                "Li and Cohn 2019, Massively Multilingual Transfer for NER (ACL)",
                f"silver entities of three types in Wikipedia ({language}), the first sentences of the balanced split",
            ),
            language,
            _NUMBERED,
        )
        for language, (train, test) in _WIKIANN_SUMS.items()
    ),
    (
        Resource(
            "scitech-news",
            "scitech_news",
            (File("tech_test", "b2cabcee80272b0d9f5c37766d8818f983b1d7c7f2a959ca681abde49b366096"),),
            "none stated",
            "Jia, Liang and Zhang 2019, Cross-Domain NER using Cross-Domain Language Modeling (ACL)",
            "https://github.com/jiachenwestlake/Cross-Domain_NER at bba1f9871ba6, "
            "unsupervised_domain_adaptation/data/news_tech/tech_test",
            "entities of the four CoNLL types in English technology news",
        ),
        "en",
        {"scheme": "bioes", "repair": "begin", "split": "test"},
    ),
    (
        _timex(
            "timex-en",
            ("timebank-en-train", "timebank-en-test"),
            _NO_LICENCE,
            _TIMEBANK,
            "time expressions in English news (TimeBank, TempEval-3); training sentences are paragraphs",
        ),
        "en",
        _MARKED,
    ),
    (
        _timex(
            "timex-es",
            ("timebank-es-train", "timebank-es-test"),
            _NO_LICENCE,
            _TIMEBANK,
            "time expressions in Spanish news (TempEval-3)",
        ),
        "es",
        _MARKED,
    ),
    *(
        (
            _timex(
                f"meantime-{language}",
                (f"meantime-{language}-test",),
                "CC BY 4.0",
                _MEANTIME,
                f"time expressions in Wikinews ({language})",
            ),
            language,
            {**_MARKED, **_REPAIRED},
        )
        for language in ("en", "es")
    ),
)


_KRAUTS = (
    ("krauts-zeit", "zeit.zip", "a7f1506bfbdbe8d643d3eb6765b9389fe9596a81c7135ec8cbdb230e0fd07dec"),
    ("krauts-dolomiten", "dolomiten42.zip", "c52ebffd26ff5c22b32fb61a73d519674c2276407b1343f3f7dc938167e1ad5c"),
    ("krauts-dolomiten-100", "dolomiten100.zip", "ac6365781f76dac31a9ca5b671ec4d8f0e9d32cb0fed6348cd80417ed7789027"),
    ("heideltime-zeit", "zeit-heideltime.zip", "72aac3bb8ecf7e96c894068a85e4316a186e1d37ad5cfea1e24f70850fc2ee39"),
    (
        "heideltime-dolomiten",
        "dolomiten42-heideltime.zip",
        "2489529c82ee18fc6b5b08437013e94836f9d4185f4a0fbf58a277841a87056a",
    ),
    (
        "heideltime-dolomiten-100",
        "dolomiten100-heideltime.zip",
        "a9c245ec24eb82ca89c9147a7f9ea1c4f61e114de8a8559aaf65f35dbec823b8",
    ),
)
TIMEML = (
    *(
        (
            Resource(
                name,
                "krauts",
                (File(file, sha256),),
                "CC BY-NC 4.0",
                "Strotgen, Minard, Lange, Speranza and Magnini 2018, KRAUTS: A German Temporally Annotated News Corpus "
                "(LREC)",
                "https://github.com/JannikStroetgen/KRAUTS at a7c12e342d94, KRAUTS",
                "time expressions in German news" + (", as HeidelTime's rules find them" if "heidel" in name else ""),
            ),
            "de",
        )
        for name, file, sha256 in _KRAUTS
    ),
    (
        Resource(
            "wikiwars-ua",
            "wikiwars_ua",
            (File("keyinline.zip", "b82d325ed114e1da67ec735d3273eed341da97bd41a3c81ce8bd5d92cad21dd9"),),
            "CC BY-NC-SA 3.0",
            "Grabar and Hamon 2019, WikiWars-UA: Ukrainian corpus annotated with temporal expressions (COLINS)",
            "https://github.com/thhamon/WikiWarsUA at f3ad40a58afa, keyinline",
            "time expressions in Ukrainian Wikipedia articles on wars",
        ),
        "uk",
    ),
)


def register() -> None:
    """Add every corpus to the resources and to the registry of corpora."""
    for resource, language, options in CORPORA:
        resources.add(resource)
        layers = ("entity", "entity2") if "tags" in options else ("entity",)
        add(NamedCorpus(resource.name, (resource.name,), "bio", {"language": language, **options}), layers)
    for resource, language in TIMEML:
        resources.add(resource)
        add(
            NamedCorpus(resource.name, (resource.name,), "timeml", {"language": language, "split": "test"}), ("entity",)
        )
