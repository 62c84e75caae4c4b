"""Named data of sentence specificity and of paraphrases: rated sentences, descriptions of one picture, judged pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.named.parallel import MULTI30K
from probekit.corpora.named.sentences import sick
from probekit.corpora.parallel import paired
from probekit.corpora.readers.lines import read_lines, split_of
from probekit.corpora.readers.pairs import read_pairs
from probekit.corpora.readers.tables import csv_rows
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError
from probekit.resources import File, Resource, plain_name
from probekit.values import Whole

_KO = "Ko, Durrett and Li 2019, Domain Agnostic Real-Valued Specificity Prediction (AAAI)"
_KO_SOURCE = "https://github.com/wjko2/Domain-Agnostic-Sentence-Specificity-Prediction at 36f8e835e9dc, dataset/data/"
RATED = {
    domain: Resource(
        f"{domain}-specificity",
        "specificity",
        (File(f"{file}s.txt", texts), File(f"{file}v.txt", values)),
        "none stated",
        _KO,
        _KO_SOURCE,
        f"{summary} and how specific people find each, 1 (general) to 5",
    )
    for domain, file, texts, values, summary in (
        (
            "twitter",
            "twitter",
            "6fff155d8313eadaf03de30d9c9986c74430fd7785f9555ceb61fe4345984dea",
            "393daae137d1a04312ef8c71a0b9b6a3ed920b64c7c1d8a9d4920cadb545be33",
            "984 sentences of Twitter",
        ),
        (
            "yelp",
            "yelp",
            "fdb519e84b85065416098e499a709b780f33a4a0b9ddaa293a6531fc269666b3",
            "8e2a958a8f86c881046a5ec02c78a15e946d578bfea721555d978347cc00379f",
            "845 sentences of Yelp",
        ),
        (
            "movie",
            "movie",
            "32502bfac5169c2c71bc77ae9451ae04ad62c1725cdd2f6939406ab9152f8811",
            "1265def85fafe1429a4d36b6f51ce36c99107c2def3db490062ea3e8d91e55ba",
            "920 sentences of film reviews",
        ),
    )
}
CAPTIONS = Resource(
    "multi30k-captions",
    "multi30k_captions",
    tuple(
        File(f"{part}.{number}.en", sha256)
        for part, checksums in {
            "train": (
                "636e949e8a5ae49bf4643e5566cd5400359328003937db2840d0910d85a820d8",
                "18088d31a798cae6c90ae89bedd0c0e60601f9411438f38103036f830b3f9f72",
                "03b7594e8a2145e2178d07342b776d006a8722aca298b415c4cb465afe217ed4",
                "6fc0e7b4b6b59e8e19af79b44fe28dd21f0258a58db290e34e96020df44e0f59",
                "4ad11df3e1a83e3785d8bab96b68668875ff7f6146744c28bf6766240e7fe9f5",
            ),
            "val": (
                "d77b8bd72296be5dd0546341184ae1c1670e894f46be301f370bf9d9cc17fc1d",
                "6a1c121edda715d72b58ed87f2800e1dd9bc3395a4da4b7706b9466e56d98e71",
                "6145bdefed64cc5d2233f4dffd437513e8ab3d417d7a4f04daf514a0b71e124c",
                "b2553029c2620d6e197eee698bbc05c8b44f2218d528afaace04dd827ad2a134",
                "0aef48f36f533e256f311c6517cfc21a72f8c087303a76f290cfb0c503058d2a",
            ),
        }.items()
        for number, sha256 in enumerate(checksums, 1)
    ),
    MULTI30K["en"].licence,
    MULTI30K["en"].citation,
    "https://github.com/multi30k/dataset at a3d2e0d26b56, data/task2/raw/",
    "five descriptions of each of 29,000 and 1,014 pictures: sentences of one meaning",
)
MSR = Resource(
    "msr-paraphrase",
    "msr_paraphrase",
    (
        File("msr-para-train.tsv", "446b9a5fa4e8d526b99f1d635f036f89063749783f5d3464ee8c1879724d406d"),
        File("msr-para-val.tsv", "7e5d0ee4ec392b062af73c7cffe82f0725e5b08f6bfdf0915f31bbc470b8bacf"),
        File("msr-para-test.tsv", "51a1f197d8786712d2f0d97700f5be653b7488a96cde00e158159350d23e3d90"),
    ),
    "Microsoft Research Shared Source License: not for gain",
    "Dolan and Brockett 2005, Automatically Constructing a Corpus of Sentential Paraphrases (IWP)",
    "https://github.com/brmson/dataset-sts at e1d3375f5b3b, data/para/msr/",
    "5,801 pairs of sentences of the news, paraphrase (1) or not (0)",
)
STSB = Resource(
    "stsb",
    "stsb_en",
    (
        File("stsb-en-train.csv", "e1e84fec60bbb598735552f54a35f4949904a484750fd2cb11e2720e49f63da6"),
        File("stsb-en-dev.csv", "d29586e96558c4eb52cf5ea5d14e9c24d3bf0e44f111b017caba43a5adc33226"),
        File("stsb-en-test.csv", "11523b625219e94e9ca05d2816b5f02cac1614c5894fe657376fa0806378d053"),
    ),
    "mixed: scores CC BY-SA 4.0, texts under licences of their own, some for research alone",
    "Cer et al. 2017, SemEval-2017 Task 1: Semantic Textual Similarity (SemEval)",
    "https://github.com/PhilipMay/stsb-multi-mt at 30de0dec4ee1, data/",
    "STS Benchmark: 5,749, 1,500 and 1,379 pairs of sentences, how alike they are from 0 to 5",
)
REVISED_SNLI = Resource(
    "revised-snli",
    "counterfactual_pairs",
    (
        File("nli-train.tsv", "b04c0e249b71949345afc20f8c31c355533a705a68805492f21cddc49d27234f"),
        File("nli-dev.tsv", "35c585cef5fc68e3713ee4bac83242aa7c4bfc6b51f16e9745b674c358ebd500"),
        File("nli-test.tsv", "585ea3630ed64f6976d5ce1fd8c519c46c102659a012b7e9cbe48ec03503d977"),
    ),
    "none stated; SNLI is CC BY-SA 4.0",
    "Kaushik, Hovy and Lipton 2020, Learning the Difference that Makes a Difference (ICLR)",
    "https://github.com/acmi-lab/counterfactually-augmented-data at 6f232a1d2a11, NLI/all_combined/",
    "pairs of SNLI whose premise or hypothesis was revised by people: 8,330, 1,000 and 2,000",
)
ALIKE = 4.0  # of 5, from which two sentences of STS count as paraphrases
_PARTS = {"val": "dev", "dev": "dev", "train": "train", "test": "test"}


def rated(domain: str) -> Corpus:
    """Sentences of a domain with the mean of what people said, attribute `specificity`."""
    texts, values = resources.get(RATED[domain].name)
    lines, said = list(read_lines(texts)), [float(value) for value in read_lines(values)]
    if len(lines) != len(said):
        raise DataError(f"{len(lines)} sentences for {len(said)} ratings", texts)
    numbers = np.arange(1, len(lines) + 1)
    cut, name = tokeniser("treebank"), plain_name(texts)
    ids = [f"{name}:{number}" for number in numbers]
    about: dict[str, Any] = {"id": ids, "document": ids, "language": "en", "file": name, "line": numbers, "text": lines}
    return Corpus.from_words([cut(line) for line in lines], **about, specificity=said)


def twitter() -> Corpus:
    """Sentences of Twitter, see `rated`."""
    return rated("twitter")


def yelp() -> Corpus:
    """Sentences of Yelp, see `rated`."""
    return rated("yelp")


def movie() -> Corpus:
    """Sentences of film reviews, see `rated`."""
    return rated("movie")


def captions(pictures: Whole = 0) -> Corpus:
    """Descriptions of pictures; those of one picture have the same `meaning`. Splits train and dev.

    pictures: the first so many of the train part; 0 takes all.
    """
    cut = tokeniser("treebank")
    rows: list[list[str]] = []
    about = []
    for path in resources.get(CAPTIONS.name):
        name = plain_name(path)
        part = name.partition(".")[0]
        lines = list(read_lines(path))
        for line, text in enumerate(lines[: pictures or None] if part == "train" else lines, 1):
            rows.append(cut(text))
            about.append((f"{name}:{line}", f"{part}:{line}", _PARTS[part], name, line))
    table = pd.DataFrame(about, columns=["id", "meaning", "split", "file", "line"]).assign(language="en", document="")
    return _of_table(rows, table)


def msr_paraphrase() -> Corpus:
    """Pairs of news sentences; attribute `paraphrase`, 1 or 0."""
    made = read_pairs(resources.get(MSR.name), first="#1 String", second="#2 String", language="en")
    table = made.sentences.rename(columns={"Quality": "paraphrase"}).drop(columns=["#1 ID", "#2 ID"])
    table["split"] = [_PARTS[name.split("-")[2].partition(".")[0]] for name in table["file"]]
    return replace(made, sentences=table, digest="")


def stsb() -> Corpus:
    """Pairs of the STS Benchmark; attribute `relatedness`, 0 to 5."""
    cut = tokeniser("treebank")
    rows, about = [], []
    for path in resources.get(STSB.name):
        name = plain_name(path)
        for line, (first, second, score) in csv_rows(path):
            rows += [cut(first), cut(second)]
            about.append((f"{name}:{line}", split_of(name), name, line, float(score)))
    table = pd.DataFrame(about, columns=["id", "split", "file", "line", "relatedness"])
    return paired(rows, table.assign(language="en", document=""), "en", link="pair")


def revised_snli() -> Corpus:
    """Premises and hypotheses, one of the two revised by people; attribute `entailment`."""
    made = read_pairs(resources.get(REVISED_SNLI.name), language="en")
    return replace(made, sentences=made.sentences.rename(columns={"gold_label": "entailment"}), digest="")


def everyday_paraphrases(pictures: Whole = 0) -> Corpus:
    """Descriptions of pictures, paraphrases of the news and near-duplicates of STS: train, and dev of the pictures.

    pictures: the first so many, 0 for all. Sentences of one `meaning` are paraphrases; `document` names the collection.
    What SICK, the revised SNLI and the dev and test parts of STS hold is left out, in any case of its letters, so that
    they can be asked.
    """
    asked = {key for words in _asked() for key in (_key(words),)}
    rows: list[list[str]] = []
    about = []
    for source, meaning, split, words in _meant(pictures):
        if _key(words) not in asked:
            about.append((f"{source}:{len(rows)}", source, f"{source}:{meaning}", split))
            rows.append(words)
    table = pd.DataFrame(about, columns=["id", "document", "meaning", "split"]).assign(language="en")
    return _of_table(rows, table)


def _meant(pictures: int) -> Iterator[tuple[str, str, str, list[str]]]:
    """Source, meaning, split and words of all that can be trained on."""
    made = captions(pictures)
    for number, (meaning, split) in enumerate(zip(made.sentences["meaning"], made.sentences["split"], strict=True)):
        yield "captions", meaning, split, made.words(number)
    for source, pairs, column, least in (
        ("msr", msr_paraphrase(), "paraphrase", 1),
        ("sts", stsb(), "relatedness", ALIKE),
    ):
        chosen = pairs.sentences["split"].eq("train") & pairs.sentences[column].ge(least)
        for at in np.flatnonzero(chosen).tolist():
            yield source, str(at // 2), "train", pairs.words(at)


def _asked() -> Iterator[list[str]]:
    """Words of the sentences that are asked about, and so not trained on."""
    for made in (sick(), revised_snli()):
        yield from map(made.words, range(made.n_sentences))
    pairs = stsb()
    yield from (pairs.words(int(number)) for number in np.flatnonzero(pairs.sentences["split"].ne("train")))


def _of_table(rows: list[list[str]], table: pd.DataFrame) -> Corpus:
    attributes: dict[str, Any] = {str(name): table[name].to_numpy() for name in table}
    return Corpus.from_words(rows, **attributes)


def _key(words: list[str]) -> str:
    return " ".join(words).lower()


DATA_SETS: tuple[tuple[Resource, Callable[..., Corpus], tuple[str, ...]], ...] = (
    (RATED["twitter"], twitter, ("specificity",)),
    (RATED["yelp"], yelp, ("specificity",)),
    (RATED["movie"], movie, ("specificity",)),
    (CAPTIONS, captions, ("meaning",)),
    (MSR, msr_paraphrase, ("pair",)),
    (STSB, stsb, ("pair", "relatedness")),
    (REVISED_SNLI, revised_snli, ("pair", "entailment")),
)


def register() -> None:
    """Add every data set to the resources and to the registry of corpora; those of `sentences` are there before."""
    for resource, read, layers in DATA_SETS:
        resources.add(resource)
        registry.add(resource.name, read, summary=resource.summary, layers=layers, **resource.about)
    members = [CAPTIONS, MSR, STSB, REVISED_SNLI, resources.resources.get("sick")]
    registry.add(
        "everyday-paraphrases",
        everyday_paraphrases,
        summary="descriptions of pictures, paraphrases of news and of STS: sentences of one meaning, to train on",
        layers=("meaning",),
        licence="; ".join(f"{one.name}: {one.licence}" for one in members),
        citation="; ".join(dict.fromkeys(one.citation for one in members)),
        source="; ".join(dict.fromkeys(one.source for one in members)),
        resources=tuple(one.name for one in members),
    )
