"""Named questions: COPA, CosmosQA's validation part, MC-TACO."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.pairs_of_texts import TextPair, corpus_of
from probekit.corpora.readers.choices import NO, YES, read_choices
from probekit.corpora.readers.tables import tsv_rows
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError
from probekit.resources import File, Resource, plain_name, read_bytes

_COPA = Resource(
    "copa",
    "copa",
    (
        File("copa-dev.xml", "6251d7d99de4cbc6a2c3323923213e5e73071d286039b97a0908736e2be093bc"),
        File("copa-test.xml", "640824681bde78a7592726504d7d9bab294e5de26072d973307fa80d34919d92"),
    ),
    "none stated in the repository",
    "Roemmele, Bejan and Gordon 2011, Choice of Plausible Alternatives (AAAI spring symposium)",
    "https://github.com/drwiner/COPA at 0d59e0efc834, datasets/",
    "1,000 premises with two alternatives, cause or effect; the published dev is the split train",
)
_COSMOS = Resource(
    "cosmosqa-valid",
    "cosmosqa_valid",
    (File("valid.csv", "a6a94fc1463ca82bb10f98ef68ed535405e6f5c36e044ff8e136b5c19dea63f3"),),
    "none stated in the repository; the texts are personal weblogs",
    "Huang et al. 2019, Cosmos QA: Machine Reading Comprehension with Contextual Commonsense Reasoning (EMNLP)",
    "https://github.com/wilburOne/cosmosqa at b6eb99cca4e2, data/valid.csv",
    "2,985 questions about narratives with four answers, the validation part; split it with |split-documents",
)
_MCTACO = Resource(
    "mctaco",
    "mctaco",
    (
        File("dev_3783.tsv", "8de54f6d3e0a6466e4ba2c5179c7f9ac3442eeba8683c46fd712f5f54751d6dd"),
        File("test_9442.tsv", "47e12f88559eb0735eeca2af2d0a3ed48efb3bb2742ff31de9fcfc9a76094354"),
    ),
    "none stated in the repository",
    "Zhou et al. 2019, Going on a vacation takes longer than Going for a walk (EMNLP)",
    "https://github.com/CogComp/MCTACO at 0ba9b790ad5a, dataset/",
    "temporal commonsense: candidate answers, plausible or not; the published dev, 3,783, is the split train",
)
_ASKS = {"cause": "What was the cause ?", "effect": "What happened as a result ?"}


def copa() -> Corpus:
    """COPA: premise and what is asked for, and each alternative. Raises DataError for a file that is not COPA's."""
    cut = tokeniser("treebank")

    def read() -> Iterator[TextPair]:
        for path in resources.get("copa"):
            split = "test" if "test" in plain_name(path) else "train"
            for number, item in enumerate(ElementTree.fromstring(read_bytes(path)).iter("item"), 1):
                premise = item.findtext("p", "").strip()
                asked, name = cut(f"{premise} {_ASKS[item.attrib['asks-for']]}"), f"copa-{item.attrib['id']}"
                right = item.attrib["most-plausible-alternative"]
                kept: dict[str, Any] = {
                    "split": split,
                    "file": path.name,
                    "line": number,
                    "document": name,
                    "question": name,
                }
                for k in ("1", "2"):
                    about = {"answer": YES if k == right else NO, "asks": item.attrib["asks-for"]}
                    yield TextPair(asked, cut(item.findtext(f"a{k}", "")), f"{name}-{k}", attributes=about, **kept)

    return corpus_of(read(), "en")


def cosmosqa() -> Corpus:
    """CosmosQA: narrative and question, and each answer; documents are the narratives."""
    return read_choices(resources.get("cosmosqa-valid"), language="en")


def mctaco() -> Corpus:
    """MC-TACO: sentence and question, and each candidate with its label yes or no.

    A question, the group of its candidates, is its sentence and question; documents are the sentences.
    """
    cut = tokeniser("treebank")

    def read() -> Iterator[TextPair]:
        for path in resources.get("mctaco"):
            name = plain_name(path)
            split = "test" if name.startswith("test") else "train"
            for line, cells in tsv_rows(path):
                if len(cells) != 5 or cells[3] not in (YES, NO):
                    raise DataError(
                        "is no line of MC-TACO: sentence, question, answer, yes or no, category", path, line
                    )
                sentence, question, answer, label, category = (cell.strip() for cell in cells)
                about = {"label": label, "category": category}
                yield TextPair(
                    cut(f"{sentence} {question}"), cut(answer), f"{name}:{line}", split, name, line, sentence,
                    f"{sentence}\t{question}", about,
                )  # fmt: skip

    return corpus_of(read(), "en")


DATA_SETS: tuple[tuple[Resource, Callable[[], Corpus], tuple[str, ...]], ...] = (
    (_COPA, copa, ("pair", "answer")),
    (_COSMOS, cosmosqa, ("pair", "answer")),
    (_MCTACO, mctaco, ("pair", "label")),
)


def register() -> None:
    """Add every data set to the resources and to the registry of corpora."""
    for resource, read, layers in DATA_SETS:
        resources.add(resource)
        registry.add(resource.name, read, summary=resource.summary, layers=layers, **resource.about)
