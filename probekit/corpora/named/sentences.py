"""Named data sets of sentences and of pairs of sentences that are judged: questions, phrases, entailment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.named.texts import of_polarity
from probekit.corpora.readers.lines import lines_of, plain_ends, split_of
from probekit.corpora.readers.pairs import read_pairs
from probekit.corpora.readers.texts import LabelledText, corpus_of
from probekit.resources import File, Resource, read_bytes

_TREC = Resource(
    "trec",
    "trec_questions",
    (
        File("train.txt", "9e4c8bdcaffb96ed61041bd64b564183d52793a8e91d84fc3a8646885f466ec3"),
        File("test.txt", "033f22c028c2bbba9ca682f68ffe204dc1aa6e1cf35dd6207f2d4ca67f0d0e8e"),
    ),
    "none stated in the package",
    "Li and Roth 2002, Learning Question Classifiers (COLING)",
    "https://github.com/nltk/nltk_data at 5db857e6f7df, packages/corpora/qc.zip",
    "5,452 and 500 questions in 6 classes; fine=true for all 50",
)
_MPQA = Resource(
    "mpqa",
    "mpqa",
    (File("mpqa.all", "661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7"),),
    "MPQA is for research",
    "Wiebe, Wilson and Cardie 2005, Annotating Expressions of Opinions and Emotions in Language (LRE 39)",
    "https://github.com/harvardnlp/sent-conv-torch, data/mpqa.all",
    "10,606 phrases, neg and pos; no split of its own",
)
_SICK = Resource(
    "sick",
    "sick",
    (
        File("SICK_train.txt", "266cf8047149bd1d68138dd30439f3122bff30069740ac6705bb6197d9f1b48e"),
        File("SICK_trial.txt", "5a88cfb62f8c6bd2a3cce0f2421ba2cb8c2be5ab4a800f6f01e2c64aafb7db56"),
        File("SICK_test_annotated.txt", "2b8aa806658d6fc23c6824c83776c2d4fee7556000817b5ec0f982861413b7d0"),
    ),
    "CC BY-NC-SA 3.0",
    "Marelli et al. 2014, A SICK cure for the evaluation of compositional distributional semantic models (LREC)",
    "https://github.com/brmson/dataset-sts at e1d3375f5b3b, data/sts/sick2014/",
    "pairs of sentences with entailment and relatedness: 4,500 train, 500 dev, 4,927 test",
)
_SIDES = {"SICK_train.txt": "train", "SICK_trial.txt": "dev", "SICK_test_annotated.txt": "test"}


def trec(fine: bool = False) -> Corpus:
    """TREC questions: train and test. fine: all 50 classes instead of the 6 coarse ones."""

    def read() -> Iterator[LabelledText]:
        for path in resources.get("trec"):
            # Of 1993 to 2001, in Latin-1.
            for line, text in enumerate(lines_of(plain_ends(path, read_bytes(path).decode("latin-1"))), 1):
                label, _, question = text.partition(" ")
                given = {"split": split_of(f"-{path.name}")}
                yield LabelledText(question, label if fine else label.partition(":")[0], path, line, given)

    return corpus_of(read(), words="blanks", language="en")


def mpqa() -> Corpus:
    """MPQA phrases."""

    return of_polarity("mpqa")


def sick() -> Corpus:
    """SICK pairs: attributes entailment and relatedness, the two sentences of a pair one after the other."""
    made = read_pairs(resources.get("sick"), first="sentence_A", second="sentence_B", language="en")
    table = made.sentences.drop(columns=["pair_ID", "relatedness_score", "entailment_judgment"])
    table["relatedness"] = made.sentences["relatedness_score"]
    table["entailment"] = made.sentences["entailment_judgment"].str.lower()
    table["split"] = [_SIDES[name] for name in table["file"]]
    return replace(made, sentences=table, digest="")


DATA_SETS: tuple[tuple[Resource, Callable[..., Corpus], tuple[str, ...]], ...] = (
    (_TREC, trec, ("label",)),
    (_MPQA, mpqa, ("label",)),
    (_SICK, sick, ("pair", "entailment", "relatedness")),
)


def register() -> None:
    """Add every data set to the resources and to the registry of corpora."""
    for resource, read, layers in DATA_SETS:
        resources.add(resource)
        registry.add(resource.name, read, summary=resource.summary, layers=layers, **resource.about)
