"""Named corpora with constituents, entities, roles, mentions: files with checksums, licences and citations.

Where a source has no training part, `name|split-documents` makes one.
"""

from __future__ import annotations

from typing import Any

from probekit import resources
from probekit.corpora.catalogue import UD_LAYERS
from probekit.corpora.named.named_corpus import NamedCorpus, add
from probekit.resources import File, Resource

_SPLITS = ("train", "dev", "test")
_CROSSNER = "Liu et al. 2021, CrossNER: Evaluating Cross-Domain Named Entity Recognition (AAAI)"
_CROSSNER_SOURCE = "https://github.com/zliucr/CrossNER at 2e7ba2a7798c, ner_data"

CRAFT = Resource(
    "craft",
    "craft_constituency",
    (
        File("craft-train.mrg", "bf8e772fe5bbc4a21b46aef43eb538d0b9045c82b87af56fbb36b5c1ffb98cab"),
        File("craft-dev.mrg", "7df03f412958e698321243f6bff6137cbc0fd044cdfe3dc43cce7330a6f714d4"),
        File("craft-test.mrg", "f2c9e7406688f298c797d8b571fba9a3c0037888b614251f3ce5423933facce8"),
    ),
    "CC BY 3.0",
    "Verspoor et al. 2012, A corpus of full-text journal articles is a robust evaluation tool (BMC Bioinformatics 13)",
    "https://github.com/UCDenver-ccp/CRAFT at 2abe82b8bb80, structural-annotation/treebank/penn, the first 34 of 97 "
    "articles by name, cut into parts by article",
    "constituency trees of biomedical articles",
)
WSJ_SAMPLE = Resource(
    "wsj-sample",
    "nltk_treebank_sample",
    (File("wsj_sample.combined.mrg", "22848d40cd5fb68ddf1e2ca3abeb2af07365efeb23b046e27ef3d7b270b896ec"),),
    "fair use for the purposes of illustrating NLTK, non-commercial only, (C) LDC 1995",
    "Marcus, Santorini and Marcinkiewicz 1993, Building a Large Annotated Corpus of English (CL 19)",
    "https://github.com/nltk/nltk_data at 5db857e6f7df, packages/corpora/treebank.zip, combined/*.mrg joined",
    "constituency trees of 199 files of the Wall Street Journal, as NLTK distributes them",
)
UNER_EWT = Resource(
    "uner-english-ewt",
    "uner_english_ewt",
    (
        File("en_ewt-ud-dev.iob2", "0cafd881cf31d39897b6d588420fab8fbbe4423d271725c59921ac9dd49c0713"),
        File("en_ewt-ud-test.iob2", "821ad826d5f503ac03b4edc3fbc2174f21fbb005ec25863caf2051c434616d6e"),
    ),
    "CC BY-SA 4.0",
    "Mayhew et al. 2024, Universal NER: A Gold-Standard Multilingual Named Entity Recognition Benchmark (NAACL)",
    "https://github.com/UniversalNER/UNER_English-EWT at 8ed072de2fd2",
    "persons, places and organisations in the sentences of UD English EWT",
)
WNUT = Resource(
    "wnut-17",
    "wnut17",
    (
        File("train.conll", "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5"),
        File("dev.conll", "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8"),
        File("test.conll", "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0"),
    ),
    "CC BY 4.0",
    "Derczynski et al. 2017, Results of the WNUT2017 Shared Task on Novel and Emerging Entity Recognition (W-NUT)",
    "https://github.com/leondz/emerging_entities_17 at e52a2d2a71ac",
    "emerging entities of six types in user-generated text",
)
CONLL2000 = Resource(
    "conll2000",
    "conll2000_chunking",
    (
        File("train.txt", "82033cd7a72b209923a98007793e8f9de3abc1c8b79d646c50648eb949b87cea"),
        File("test.txt", "73b7b1e565fa75a1e22fe52ecdf41b6624d6f59dacb591d44252bf4d692b1628"),
    ),
    "no licence stated; text of the Wall Street Journal, for research",
    "Tjong Kim Sang and Buchholz 2000, Introduction to the CoNLL-2000 Shared Task: Chunking (CoNLL)",
    "https://github.com/nltk/nltk_data at 5db857e6f7df, packages/corpora/conll2000.zip",
    "chunks of news sentences, as the entities of a corpus",
)
GUM = Resource(
    "gum-spans",
    "gum_spans",
    (
        File("en_gum-train.slim.conllu", "a996e086b49a2564738dd3d7b379e1d77af9076086a94057fdc0029a11aa5dc1"),
        File("en_gum-dev.slim.conllu", "562117ec2bf1f8c3d52fee7062587d73b2752efaaa427b5beba766f0f392bd24"),
        File("en_gum-test.slim.conllu", "fd5689f68a590feaf91521e52154fae5ed16a6ea6e0e7b5405e2d7166b101091"),
    ),
    "CC BY-NC-SA 4.0",
    "Zeldes 2017, The GUM corpus: creating multilayer resources in the classroom (LRE 51)",
    "https://github.com/UniversalDependencies/UD_English-GUM at afb41ee9bca5, dev and test; train from every fifth "
    "document of its source list (GUM_podcast_wrestling is in train and dev); features and enhanced graphs left out",
    "entities and coreference of English of several genres",
)
UP_EWT = Resource(
    "up-english-ewt",
    "up_english_ewt",
    (
        File("en_ewt-up-dev.conllu", "70588297850e6ce287d220dc1c24f4511268eb7c9000b9aa93ab9d2a56224c6a"),
        File("en_ewt-up-test.conllu", "f511b4b39cf9525945fbb89660757b401d339d2deee805a36c3b4fc9ea2cd8b7"),
    ),
    "CDLA-Sharing-1.0 (roles), CC BY-SA 4.0 (treebank)",
    "Akbik et al. 2015, Generating High Quality Proposition Banks for Multilingual Semantic Role Labeling (ACL)",
    "https://github.com/UniversalPropositions/UP-1.0 at b955f2aa8295, UP_English-EWT",
    "PropBank roles in the sentences of UD English EWT",
)
LITBANK = Resource(
    "litbank",
    "litbank",
    (
        File("entities.tsv", "c148cfaba7b4a63f1409275df63824cfbc9b81d70865edbc207a9a57642ca128"),
        File("coref.conll3", "2685b9beee38ae3bc7783a1e9a856d1f91a951b013a5143eacc39afb09e300f4"),
    ),
    "CC BY 4.0",
    "Bamman, Popat and Shen 2019, An annotated dataset of literary entities (NAACL); Bamman, Lewke and Mansoor 2020, "
    "An annotated dataset of coreference in English literature (LREC)",
    "https://github.com/dbamman/litbank at 3e50db0ffc03, entities/tsv and coref/conll joined",
    "nested entities and coreference in 100 excerpts of English novels",
)
# sha256 of the train, dev and test file of each domain.
_DOMAINS = {
    "ai": (
        "484217a660f52927bd5157507c22fc103b36306364329f62f80fc8acb897b187",
        "b47ffda6de5901a454a873feac1bebe782e54ce7edf9deb729cab3d769212eee",
        "7595ad386e0a98067100fe47f86811b38867a236011fee97cfaa90f778c37bcf",
    ),
    "literature": (
        "0647e403a85040742c2f4041cf002146a81aa2e13adda19d0e82a8bcd493c18b",
        "99281a51943cf7e3c2a58b3dc45c0e5ab6d329624ebf2ba6b4801c428396162f",
        "77267f8b3e8afe993865c64cfc605f65671f6a0ac9cba65de970f12180fed20e",
    ),
    "music": (
        "3774c38e0ebbeb4b98dbfae137071e4911e8764cdb7f247599009841f68d9fb5",
        "e256f1949df52a61a3bb60095a0f41c1060843f1014b0f3d22d8371611b72e78",
        "c66e345f959ac65593f76c6b1bd8c6d75f2a6f0bc197389b2e6700d101fd094c",
    ),
    "politics": (
        "1d8be31abb58463349496fe21b13d70114cf015294a9ff9cce77af9b83e8aa84",
        "4f1f30eb832f4c5fe474f67ca45e875d863bddf0bbe432262d272ef13639fa8f",
        "05cadc5e129d394f7f92b4a052cf4b6ea4c60878d32a833e500cf046c297455f",
    ),
    "science": (
        "8f6a26096cc7be6790b5790bf5f5b5c8928d8b73d4632e7d45dc8bffad0504ac",
        "87ec141c7b41b3b52ec861737c4030d65c6e53954ed3d8106baca8603bbf8f24",
        "3616d59d4d2b9dbf4c1126f8d8ba47ff97886223c95f93649bfd527343e64ced",
    ),
}
CROSSNER = tuple(
    Resource(
        f"crossner-{domain}",
        "crossner",
        tuple(File(f"{domain}-{part}.txt", sha256) for part, sha256 in zip(_SPLITS, sums, strict=True)),
        "MIT",
        _CROSSNER,
        f"{_CROSSNER_SOURCE}/{domain}",
        f"entities in Wikipedia sentences about {'artificial intelligence' if domain == 'ai' else domain}",
    )
    for domain, sums in _DOMAINS.items()
)

_ENGLISH = {"language": "en"}
_UD_SLIM = tuple(layer for layer in UD_LAYERS if layer != "feats")
# Resource, reader and its options, layers.
CORPORA: tuple[tuple[Resource, str, dict[str, Any], tuple[str, ...]], ...] = (
    (CRAFT, "ptb", _ENGLISH, ("xpos", "trees")),
    (WSJ_SAMPLE, "ptb", _ENGLISH, ("xpos", "trees")),
    (UNER_EWT, "bio", {**_ENGLISH, "word": 2, "tag": 3}, ("entity",)),
    *((one, "bio", _ENGLISH, ("entity",)) for one in CROSSNER),
    (WNUT, "bio", _ENGLISH, ("entity",)),
    (CONLL2000, "bio", {**_ENGLISH, "tag": 3}, ("entity",)),
    (GUM, "gum", _ENGLISH, (*_UD_SLIM, "entity", "coreference")),
    (UP_EWT, "up", _ENGLISH, (*UD_LAYERS, "predicate-argument")),
    (LITBANK, "litbank-files", _ENGLISH, ("entity", "coreference")),
)


def register() -> None:
    """Add every corpus to the resources and to the registry of corpora; `crossner` pools its domains."""
    for resource, reader, options, layers in CORPORA:
        resources.add(resource)
        add(NamedCorpus(resource.name, (resource.name,), reader, options), layers)
    domains = tuple(one.name for one in CROSSNER)
    pooled = NamedCorpus("crossner", domains, "bio", _ENGLISH)
    add(pooled, ("entity",), f"{', '.join(domains)} together (train, dev, test)")
