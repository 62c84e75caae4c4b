"""Two tables of one language turned to one another before they are averaged (Jawanpuria et al. 2020): what is gained?

Parts:

    pairs    both tables of a pair and what is made of them, on the benchmarks of the paper's tables
             (part further: CBOW and fastText with MiniLM)
    sweep    the geometric ones over c, on development benchmarks and the similarity sets of the tables
    copies   a table and its own copy, rotated or with signs turned over, and noise; z = -x
    sides    cosine of both vectors of a word before and after, and the metric that was learned
    solvers  closed form and Riemannian conjugate gradient, 20 and 50 dimensions; a common rotation

What is ours. GloVe of 100 dimensions (40,000 words), CBOW and fastText of 100 trained on 55 novels (7.6 million words),
and beside the paper's three the input vectors of the words that MiniLM has whole, 100 principal components: the paper's
tables have 300 dimensions and a million words. All rows of a pair are on the words that both tables hold. The paper
names no C and no normalisation: one c is chosen on MEN, SimVerb and MTurk-287 (216 of SimLex-999's 998 pairs are in
these); rows are brought to length 1 after the maps of both methods and before the plain ones, and none beside.
Metric: a table turned to itself with the same c, so that nothing but the metric is learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.benchmarking import benchmarking

NOVELS = "english-novels"
TRAINED = "min_count=5, sample=0.0001, size=100"
STUDY = Study(
    "geometric-meta-embeddings",
    "Jawanpuria, Satya Dev, Kunchukuttan and Mishra 2020, RepL4NLP at ACL",
    title="Learning Geometric Word Meta-Embeddings",
    data={
        "glove": ("table", "glove"),
        "cbow": ("table", f"word2vec:{NOVELS}(algorithm=cbow, alpha=0.05, epochs=10, {TRAINED})"),
        "fasttext": ("table", f"fasttext:{NOVELS}(epochs=3, {TRAINED})"),
        "minilm": ("table", "input-vectors:minilm|pca(k=100)"),
    },
    instead={"glove": "generated-vectors"},
)
FURTHER = (("cbow", "minilm"), ("fasttext", "minilm"))
SIMILARITY = ("rg-65", "mc-30", "ws-353", "mturk-771", "rw-2034", "simlex-999")
ANALOGY = ("analogy/msr", "analogy/google")
SEMEVAL = "relation/semeval-2012"
DEVELOPMENT = ("men-3k", "simverb-3500", "mturk-287")
PLAIN, GEOMETRIC = ("average", "concatenate"), ("geo-average", "geo-concatenate")
SWEEP = (1e-5, 1e-4, 0.001, 0.01, 0.1, 1, 10)
CHOSEN = 0.001  # of most mean correlation on the development benchmarks, over all pairs and both methods (table chosen)
SOLVED = 0.1  # with which an iterative solver ends within minutes
TURNS, SHARES = (0, 0.25, 0.5, 0.75, 1), (0.25, 0.5, 0.75, 1)
NOISE, TURNED = "noise(size=0.1)", "rotate(seed=1)"
WIDTHS = (20, 50)
ROWS = {"post_norm": "rows"}


def pairs_of(data: Data) -> Iterator[tuple[str, str]]:
    """Names of all pairs of tables that are here."""
    yield from combinations([name for name in STUDY.data if name in data], 2)


def combined(step: str, one: str, other: str, **options: Any) -> str:
    """A table of two."""
    return f"{one}|{Spec(step).given({'with': other, **options})}"


def on_shared(one: str, other: str) -> str:
    """A table on the words of another alone."""
    return f"{one}|{Spec('words').given({'of': other})}"


def made_of(one: str, other: str) -> Iterator[str]:
    """Both tables of a pair on their shared words, every combination, the metric of each alone, random vectors."""
    yield from (on_shared(one, other), on_shared(other, one))
    for norm in ({}, ROWS):
        yield from (combined(step, one, other, **norm) for step in PLAIN)
        yield from (combined(step, one, other, c=CHOSEN, **norm) for step in GEOMETRIC)
    yield from (combined(step, one, other, c=CHOSEN, pre_norm="columns", **ROWS) for step in GEOMETRIC)
    for side in (on_shared(one, other), on_shared(other, one)):
        yield combined("geo-average", side, side, c=CHOSEN, **ROWS)
    yield str(Spec("gaussian", None, (), {"like": on_shared(one, other)}))


def named(names: Sequence[str]) -> list[str]:
    return [f"similarity/{name}" for name in names]


def ask(tables: Sequence[str], tasks: Sequence[str], keep: str = "") -> Grid:
    return benchmarking(STUDY.name, tables, tasks, keep=[keep] if keep else [])


@STUDY.part("pairs", own=["encoder", "task"])
def pairs(data: Data) -> Iterator[Grid]:
    yield from of_pairs(data, [pair for pair in pairs_of(data) if pair not in FURTHER])


@STUDY.part("further", usual=False, own=["encoder", "task"])
def further(data: Data) -> Iterator[Grid]:
    yield from of_pairs(data, [pair for pair in pairs_of(data) if pair in FURTHER])


def of_pairs(data: Data, names: Sequence[tuple[str, str]]) -> Iterator[Grid]:
    """What is made of some pairs, on the benchmarks of the paper's tables."""
    for one, other in names:
        tables = list(made_of(data[one], data[other]))
        yield ask(tables, [*named(SIMILARITY), SEMEVAL], "predictions")
        yield ask(tables, ANALOGY, "groups")


@STUDY.part("sweep", own=["encoder", "task"])
def sweep(data: Data) -> Iterator[Grid]:
    for one, other in pairs_of(data):
        tables = [combined(step, data[one], data[other], c=c, **ROWS) for step in GEOMETRIC for c in SWEEP]
        yield ask(tables, named([*DEVELOPMENT, *SIMILARITY]))


def copies_of(table: str) -> Iterator[str]:
    """Noisy copies of a table, rotated by more and more, or with more and more signs turned over; its negative."""
    yield from (f"{table}|rotate(turn={turn})|{NOISE}" for turn in TURNS)
    yield f"{table}|rotate|{NOISE}"
    yield from (f"{table}|flip(share={share})|{NOISE}" for share in SHARES)
    yield f"{table}|flip"


@STUDY.part("copies", own=["encoder", "task"])
def copies(data: Data) -> Iterator[Grid]:
    if "glove" not in data:
        return
    table, changed = data["glove"], list(copies_of(data["glove"]))
    every = [combined(step, table, copy, **ROWS) for copy in changed for step in PLAIN]
    every += [combined(step, table, copy, c=CHOSEN, **ROWS) for copy in (*changed, table) for step in GEOMETRIC]
    yield ask([table, *every], named(SIMILARITY), "predictions")


@STUDY.part("sides", own=["encoder"])
def sides(data: Data) -> Iterator[Grid]:
    tables = []
    for one, other in pairs_of(data):
        tables.append(combined("concatenate", data[one], data[other]))
        tables.append(combined("geo-concatenate", data[one], data[other], c=CHOSEN))
    if tables:
        yield Grid(STUDY.name, "combining", {"encoder": tables}, keep=["curve"])


@STUDY.part("solvers", own=["encoder", "task"])
def solvers(data: Data) -> Iterator[Grid]:
    """Of the first table and the next, or its own copy; and with one axis turned over, which moves the determinant."""
    one = data["glove"]
    here = [data[name] for name in ("cbow",) if name in data]
    other = (*here, f"{one}|{TURNED}|{NOISE}")[0]
    tables = []
    for k in WIDTHS:
        sides_of = [f"{table}|pca(k={k})" for table in (one, other)]
        for right in (sides_of[1], f"{sides_of[1]}|flip(share={1 / k})"):
            options = {"c": SOLVED, "pre_norm": "columns", "solver": "riemannian"}
            tables.append(combined("geo-concatenate", sides_of[0], right, **options))
    yield Grid(STUDY.name, "combining", {"encoder": tables})
    if "glove" in data:
        closed = [table.replace(", solver=riemannian", "") for table in tables]
        turned = [f"{table}|{TURNED}" for table in closed]
        yield ask([*tables, *closed, *turned], named(SIMILARITY))
