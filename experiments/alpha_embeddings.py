"""Natural alpha embeddings of GloVe models that kept both matrices (Volpi and Malago 2020): what does one number do?

Parts:

    similarity  eleven sets over alpha, three references and two metrics; limits of 1, 3 and 5 contexts
    limits      the limit of one context and U, U + V with the likeness of every pair, so that differences are paired
    analogy     Google's questions over alpha, references uniform and model: alpha is chosen by 3-fold cross-validation
    categories  purity on AP and BLESS over alpha, and of the limits

What is ours. The paper's two corpora, one inside the other (1.5 and 1.8 billion words, some 67,000 of them in the
tables), are here 55 novels and these with 2,000 film reviews: 7.6 and 9.1 million words, without stop words and
punctuation, the 5,000 most frequent in the tables. GloVe is trained by `glove-model` for 30 epochs, 50 and 300
dimensions, window 10 with 1 / distance. Contextual word similarity (SCWS) is not at hand, and the text classifiers of
the paper's Figure 3 are not part of this study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.alpha_sweep import alpha_sweep
from probekit.works.benchmarking import benchmarking

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
        f"{name}-{size}": ("table", glove(corpus, size))
        for name, corpus in (("novels", INNER), ("more", OUTER))
        for size in SIZES
    },
)
SETS = (
    "ws-353", "mc-30", "rg-65", "ws-353-sim", "ws-353-rel", "men-3k", "mturk-287", "rw-2034", "simlex-999", "all",
)  # fmt: skip
CATEGORIES = ("ap", "bless")
GOOGLE = "analogy/google"
SWEEP = (-8, -5, -3, -2, -1, -0.5, 0, 0.5, 0.8, 1, 1.2, 1.5, 2, 3, 5)
LIMITS = ("t1", "t3", "t3-w", "t5", "t5-w")
ANALOGY_SWEEP = (-3, -1, 0, 0.5, 0.8, 1, 1.1, 1.2, 1.3, 1.5, 1.7, 2, 2.5, 3, 5)
FOLDS = 3


def tables(data: Data) -> list[str]:
    return [data[name] for name in data.names(*STUDY.data)]


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
    for name in data.names(*STUDY.data):
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
