"""Named lists of words by category and relation, outliers, compounds, lexicons: checksums, licences, citations."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from probekit import resources
from probekit.corpora.catalogue import word_items
from probekit.corpora.named.one_file import OneFile
from probekit.corpora.named.words import LISTS, NO_LICENCE, REF, SOURCE
from probekit.corpora.readers.lexicons import read_lexicon, read_synset_table
from probekit.corpora.readers.lines import read_lines
from probekit.corpora.readers.ratings import named_columns
from probekit.corpora.readers.word_lists import read_category_items, read_compounds, read_relation_items
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import DataError
from probekit.resources import File, Resource

_VECTO = f"{SOURCE} at {REF}"
_ESSLLI = "Baroni, Evert and Lenci 2008, ESSLLI Workshop on Distributional Lexical Semantics"
_FARUQUI = "https://github.com/mfaruqui/retrofitting"
_GPL = "GPL-2 (the repository)"
_RESOURCES = (
    Resource(
        "categories-essli-verbs",
        "word_benchmarks",
        (
            File(
                "word-categorization__monolingual__en__essli-2008.csv",
                "b41a8437ea6165bb3f96751f1fb51b4be5a200c02cf28ae7ca7b42ddc631c320",
                f"{SOURCE}/raw/{REF}/word-categorization/monolingual/en/essli-2008.csv",
            ),
        ),
        NO_LICENCE,
        _ESSLLI,
        _VECTO,
        "45 verbs in 9 categories",
    ),
    Resource(
        "categories-essli-nouns",
        "noun_categories",
        (File("essli-2008-nouns.csv", "9b2fc06ff6c50324fd5371cd488e27372593952a78b58806dbef3ed2c5024a5f"),),
        "GPL-3 (the R package wordspace)",
        _ESSLLI,
        "https://github.com/cran/wordspace at 416cb5110d8e: data/ESSLLI08_Nouns.rda, as a CSV",
        "44 nouns in 6, 3 and 2 categories",
    ),
    Resource(
        "outliers-8-8-8",
        "outliers",
        (File("8-8-8.csv", "c3b02e9323cbf0a31a30e9ef35be87c687f75f671939f46a84fc74745c96cb35"),),
        NO_LICENCE,
        "Camacho-Collados and Navigli 2016, Find the word that does not belong (RepEval)",
        f"{_VECTO}: outlier-detection/8-8-8",
        "eight groups of eight words and eight outliers each",
    ),
    Resource(
        "compounds-reddy",
        "compounds",
        (File("reddy2011.tsv", "bc0714c228151dcaf78024e82c07feef8e88c49cf2cd25e20c3a2e8e5e73ada3"),),
        NO_LICENCE,
        "Reddy, McCarthy and Manandhar 2011, An Empirical Study on Compositionality in Compound Nouns (IJCNLP)",
        "https://github.com/vered1986/panic at 9f7556eab0da: compositionality/data/reddy2011.csv, by tabs",
        "90 noun compounds rated by how literal they are",
    ),
    Resource(
        "compounds-farahmand",
        "compounds",
        (
            File(
                "instances_judgments/nonComp-judgments.csv",
                "c1d044854a8e54a41525cf2208c5c07065443098e9aed75fb22c6b6eaa7ce178",
            ),
        ),
        NO_LICENCE,
        "Farahmand, Smith and Nivre 2015, A Multiword Expression Data Set (MWE workshop)",
        "https://github.com/meghdadFar/en_ncs_noncompositional_conventionalized",
        "1,042 noun compounds judged by four people",
    ),
    Resource(
        "ppdb-xl",
        "synonym_lexicons",
        (
            File(
                "ppdb-xl.txt",
                "5f753c4569ea8adf4b5571f0baa9102d459a9c29438a84e01be78fbd6bd80656",
                f"{_FARUQUI}/raw/6f46537/lexicons/ppdb-xl.txt",
            ),
        ),
        f"CC BY 3.0 (PPDB); {_GPL}",
        "Ganitkevitch, Van Durme and Callison-Burch 2013, PPDB: The Paraphrase Database (NAACL)",
        f"{_FARUQUI} at 6f46537",
        "paraphrases of English words, PPDB XL",
    ),
    Resource(
        "framenet",
        "synonym_lexicons",
        (
            File(
                "framenet.txt",
                "dd91d857855238c1ee152f19da0fc5dda4af129ef4a77f02eb4e1120e91ad286",
                f"{_FARUQUI}/raw/6f46537/lexicons/framenet.txt",
            ),
        ),
        f"none stated (FrameNet); {_GPL}",
        "Baker, Fillmore and Lowe 1998, The Berkeley FrameNet Project (COLING-ACL)",
        f"{_FARUQUI} at 6f46537",
        "English words of one frame",
    ),
    Resource(
        "open-english-wordnet",
        "open_english_wordnet",
        (File("synsets.tsv", "5ae7d65abb6d735822d26fedc3ed4ddffa4eeba6a7e5edbc1f15ccf730c4b478"),),
        "CC BY 4.0; Princeton WordNet licence for what comes from it",
        "McCrae et al. 2019, English WordNet 2019 (GWC)",
        "https://github.com/globalwordnet/english-wordnet at d94538ad0df3: src/yaml, as a table of synsets",
        "English words of one synset",
    ),
)


# --- readers of single resources ---------------------------------------------------------------------


def essli_nouns(column: str = "category") -> WordItems:
    """44 nouns in 6 categories, or in 3 (column=class2) or 2 (column=class3)."""
    return read_category_items(resources.get("categories-essli-nouns")[0], column)


def open_english_wordnet(relations: str = "synonyms") -> WordItems:
    """The lexicon of `read_synset_table`."""
    return read_synset_table(resources.get("open-english-wordnet")[0], relations)


def outliers() -> WordItems:
    """The groups of 8-8-8, whose table holds lists of words. Raises DataError for a cell that is none."""
    return items_of("outliers", _groups())


def _groups() -> Iterator[tuple[str, str, bool]]:
    path = resources.get("outliers-8-8-8")[0]
    for line, (name, out, inside) in named_columns(path, ("category", "outliers", "words")):
        try:
            lists = ast.literal_eval(inside), ast.literal_eval(out)
        except (ValueError, SyntaxError):
            raise DataError("expected lists of words", path, line) from None
        yield from ((name, word, which == 1) for which, words in enumerate(lists) for word in words if word)


def farahmand() -> WordItems:
    """Compounds and the share of four people who find each compositional."""
    path = resources.get("compounds-farahmand")[0]
    rows = []
    for line, text in enumerate(read_lines(path), 1):
        words, *judged = text.split(",")
        parts = words.split()
        if len(parts) != 2 or not set(judged) <= {"0", "1"} or not judged:
            raise DataError("expected two words and judgements of 0 and 1", path, line)
        rows.append((*parts, 1 - judged.count("1") / len(judged)))
    return items_of("compounds", rows)


_READERS: dict[str, tuple[str, Callable[..., WordItems]]] = {
    "categories-essli-verbs": ("categories", read_category_items),
    "categories-essli-nouns": ("categories", essli_nouns),
    "outliers-8-8-8": ("outliers", outliers),
    "compounds-reddy": ("compounds", read_compounds),
    "compounds-farahmand": ("compounds", farahmand),
    "ppdb-xl": ("lexicon", read_lexicon),
    "framenet": ("lexicon", read_lexicon),
    "open-english-wordnet": ("lexicon", open_english_wordnet),
}
_WHOLE = (essli_nouns, outliers, farahmand, open_english_wordnet)  # they find their files themselves


def register() -> None:
    """Add the files to the resources, and all lists to the registry of word items."""
    for resource in _RESOURCES:
        resources.add(resource)
        _add(resource.name, *_READERS[resource.name])
    for name, *_ in LISTS:
        _add(f"categories-{name}", "categories", read_category_items)
    _add("relations-bless", "relations", read_relation_items)


def _add(name: str, kind: str, reader: Callable[..., WordItems]) -> None:
    resource = resources.resources.get(name)
    word_items.add(
        name,
        reader if reader in _WHOLE else OneFile(name, reader),
        summary=f"{kind}: {resource.summary}",
        kind=kind,
        **resource.about,
    )
