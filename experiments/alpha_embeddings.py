"""Natural alpha embeddings of GloVe models that kept both matrices (Volpi and Malago 2020): what does one number do?

Parts:

    similarity  eleven sets over alpha, three references and two metrics; limits of 1, 3 and 5 contexts
    limits      the limit of one context and U, U + V with the likeness of every pair, so that differences are paired
    analogy     Google's questions over alpha, references uniform and model: alpha is chosen by 3-fold cross-validation
    categories  purity on AP and BLESS over alpha, and of the limits
    texts       20 Newsgroups and film reviews by a linear classifier of the mean of the words, and reviews by a BiLSTM
                with a maximum over positions, over alpha, two references, and limits

What is ours. The paper's two corpora, one inside the other (1.5 and 1.8 billion words, some 67,000 of them in the
tables), are here 55 novels and these with 2,000 film reviews: 7.6 and 9.1 million words, without stop words and
punctuation, the 5,000 most frequent in the tables. GloVe is trained by `glove-model` for 30 epochs, 50 and 300
dimensions, window 10 with 1 / distance. Contextual word similarity (SCWS) is not at hand; with its file it is asked as
`--task scws:FILE` of the part limits.

Texts are classified over the tables of novels and reviews, vectors frozen and of length 1 (of U + V the columns are
scaled instead), stop words and punctuation left out as in their training: 3,000 posts of 20 Newsgroups, bodies cut at
850 characters, and 2,000 film reviews in the place of IMDB's 50,000, whose words the tables were trained on too; the
first 150 words of each for the BiLSTM. The mean of the words as what the linear classifier reads is ours, the paper
names none. One seed; alpha is chosen on development texts. Where no data is at hand tables of generated sentences stand
for those of the corpora, as a demonstration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.alpha_sweep import alpha_sweep
from probekit.works.benchmarking import benchmarking
from probekit.works.classifying import classifying

WITHOUT = "without(stopwords, punctuation)"
INNER = f"english-novels|{WITHOUT}"
OUTER = f"english-novels|joined(with=movie-reviews)|{WITHOUT}"
SIZES = (50, 300)
WORDS, EPOCHS, RATE, X_MAX = 5000, 30, 0.1, 30


def glove(corpus: str, size: int) -> str:
    """GloVe trained on a corpus."""
    return str(
        Spec("glove-model", corpus).given(
            {"epochs": EPOCHS, "rate": RATE, "size": size, "vocabulary": WORDS, "x_max": X_MAX}
        )
    )


STUDY = Study(
    "alpha-embeddings",
    "Volpi and Malago 2020, RepL4NLP at ACL",
    title="Evaluating Natural Alpha Embeddings on Intrinsic and Extrinsic Tasks",
    data={
        **{
            f"{name}-{size}": ("table", glove(corpus, size))
            for name, corpus in (("novels", INNER), ("more", OUTER))
            for size in SIZES
        },
        "newsgroups": f"twenty-newsgroups|{WITHOUT}|sample(n=3000)|holdout(share=0.2)",
        "reviews": f"movie-reviews|{WITHOUT}|resplit(dev=0.15, test=0.35)",
    },
    instead={
        **{
            f"{name}-{size}": str(Spec("glove-model", made).given({"epochs": 5, "size": size}))
            for name, made in (("novels", "cues(n=300)"), ("more", "cues(n=500)"))
            for size in SIZES
        },
        "newsgroups": "cues(n=200)",
        "reviews": "cues(n=300, seed=1)",
    },
)
TABLES = tuple(name for name in STUDY.data if name.rpartition("-")[2].isdigit())
SETS = (
    "ws-353", "mc-30", "rg-65", "ws-353-sim", "ws-353-rel", "men-3k", "mturk-287", "rw-2034", "simlex-999", "all",
)  # fmt: skip
CATEGORIES = ("ap", "bless")
GOOGLE = "analogy/google"
SWEEP = (-8, -5, -3, -2, -1, -0.5, 0, 0.5, 0.8, 1, 1.2, 1.5, 2, 3, 5)
LIMITS = ("t1", "t3", "t3-w", "t5", "t5-w")
ANALOGY_SWEEP = (-3, -1, 0, 0.5, 0.8, 1, 1.1, 1.2, 1.3, 1.5, 1.7, 2, 2.5, 3, 5)
FOLDS = 3
TEXT_SWEEP = (-3, -1, 0, 0.5, 1, 2)
TEXT_REFERENCES = ("uniform", "corpus")
LINEAR = {"batch": 32, "epochs": 30, "model": "pooled-linear", "patience": 5, "rate": 0.01}
RECURRENT = {"batch": 32, "epochs": 12, "model": "bilstm-max", "patience": 3, "rate": 0.003}
FIRST_WORDS = "|truncate(n=150)"


def tables(data: Data) -> list[str]:
    return [data[name] for name in data.names(*TABLES)]


def named(names: Sequence[str], kind: str = "similarity") -> list[str]:
    return [f"{kind}/{name}" for name in names]


def plain(table: str) -> list[str]:
    """U and U + V, every column centred and scaled as GloVe's authors do, and U + V as it is."""
    return [f"{table}|{step}" for step in ("standardize", "with-context|standardize", "with-context")]


def baselines(data: Data) -> list[str]:
    return [one for table in tables(data) for one in plain(table)]


@STUDY.part("similarity", own=["encoder", "task"])
def similarity(data: Data) -> Iterator[Grid]:
    yield alpha_sweep(STUDY.name, tables(data), named(SETS), [*SWEEP, *LIMITS[1:]])


@STUDY.part("limits", own=["encoder", "task"])
def limits(data: Data) -> Iterator[Grid]:
    """Pairs of the pooled sets are kept at the larger width alone: they are many."""
    for name in data.names(*TABLES):
        kept = named(SETS if name.endswith(str(SIZES[-1])) else SETS[:-1])
        yield alpha_sweep(STUDY.name, [data[name]], kept, LIMITS[:1], keep=["predictions"])
        yield benchmarking(STUDY.name, plain(data[name]), kept, keep=["predictions"])
    yield alpha_sweep(STUDY.name, tables(data), named(SETS), LIMITS[:1])
    yield benchmarking(STUDY.name, baselines(data), named(SETS))


@STUDY.part("analogy", own=["encoder", "task"])
def analogy(data: Data) -> Iterator[Grid]:
    yield alpha_sweep(
        STUDY.name, tables(data), [GOOGLE], [*ANALOGY_SWEEP, LIMITS[0]], ["uniform", "model"], keep=["groups"]
    )
    yield benchmarking(STUDY.name, baselines(data), [GOOGLE], keep=["groups"])


@STUDY.part("categories", own=["encoder", "task"])
def categories(data: Data) -> Iterator[Grid]:
    """Words are kept where claims need them: one sweep, one limit."""
    every, sets = tables(data), named(CATEGORIES, "categories")
    yield alpha_sweep(STUDY.name, every, sets, SWEEP, ["uniform"], ["F"], keep=["predictions"])
    yield alpha_sweep(STUDY.name, every, sets, LIMITS[:1], ["corpus"], ["F"], keep=["predictions"])
    yield alpha_sweep(STUDY.name, every, sets, [*SWEEP, *LIMITS[:1]])
    yield benchmarking(STUDY.name, baselines(data), sets)


def geometries(table: str, alphas: Sequence[float] = TEXT_SWEEP, limits: Sequence[str] = LIMITS[:3:2]) -> list[str]:
    """U + V, scaled; alpha-embeddings and limits by reference, in the Fisher metric, of length 1."""
    found = [f"{table}|with-context|standardize"]
    for reference in TEXT_REFERENCES:
        for alpha in alphas:
            step = Spec("natural-alpha").given({"geom_alpha": alpha, "reference": reference})
            found.append(f"{table}|{step}|unit")
        for name in limits:
            given = {"k": int(name[1]), "reference": reference, "weighted": name.endswith("-w")}
            found.append(f"{table}|{Spec('limit').given(given)}|unit")
    return found


def classifiers(corpus: str, tables: Sequence[str], how: Mapping[str, Any]) -> list[str]:
    return [str(Spec("classifier", corpus).given({**how, "vectors": table})) for table in tables]


@STUDY.part("texts", own=["encoder", "seed"])
def texts(data: Data) -> Iterator[Grid]:
    every = [data[name] for name in data.names(*(f"more-{size}" for size in SIZES))]
    for name in data.names("newsgroups", "reviews"):
        found = [one for table in every for one in classifiers(data[name], geometries(table), LINEAR)]
        yield classifying(STUDY.name, found, keep=["predictions"])
    for name in data.names("reviews"):
        few = geometries(every[-1], (-3, -1, 0, 1), LIMITS[:1])
        yield classifying(STUDY.name, classifiers(data[name] + FIRST_WORDS, few, RECURRENT), keep=["predictions"])
