"""Word vectors as fuzzy sets (Bhat et al. 2020): do set operations, entropy and divergences say more than cosine?

Parts:

    similarity  SimLex-999 by cosine and by divergences of six readings of the vectors as sets
    analogies   Google's questions by vector offsets and by set operations, both among the first 1 and the first 5
    functions   function words of two treebanks among the words of largest entropy, against frequency; at one frequency
    compounds   how literal noun compounds are, by the likeness of their parts
    direction   which of a noun and its hypernym is the hypernym, by divergences (ours)
    sets        neighbours of composed sets, divergences of Table 5, what else explains them
    rotations   the same after a random rotation, which cosine does not see, so that dimensions are no features (ours)
    longer      similarity, function words and compounds for vectors of 50 trained on 5 passes (on request)

A reading is the values that are exponentiated (raw vectors with base e, as printed; unit vectors with base 2, as the
authors' programs) and the sums that become 1: of each dimension over the vocabulary (column, as printed and in the
program for compounds), of each word (row, the programs for similarity and entropy), or one after the other. Their
program for analogies takes no sums at all, which gives no probabilities; the printed reading stands for it.

What is ours. Vectors are trained on 55 novels (7.6 million words for the 17 of text8; window 5, 5 negatives, 3 passes
for 8, 25, 15). GloVe of 50 and 100 dimensions (40,000 words) stands beside, and for Google News in the examples.
Function words are those of two treebanks for a list of 176; compounds are two other sets for Ramisch et al. 2016.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probekit.grid import Grid
from probekit.study import Data, Study
from probekit.works.benchmarking import RANDOM_TABLE, benchmarking

SIZES = (20, 50, 100, 200)
TRAINED = "word2vec:english-novels(alpha=0.05, epochs={}, min_count=5, sample=0.0001, size={})"
STUDY = Study(
    "fuzzy-embeddings",
    "Bhat, Debnath, Banerjee and Shrivastava 2020, RepL4NLP at ACL",
    title="Word Embeddings as Tuples of Feature Probabilities",
    data={
        **{f"word2vec-{size}": ("table", TRAINED.format(3, size)) for size in SIZES},
        "word2vec-50-longer": ("table", TRAINED.format(5, 50)),
        "glove-50": ("table", "glove-50"),
        "glove-100": ("table", "glove"),
        "simlex-999": ("word items", "simlex-999"),
        "google": ("word items", "google-analogies"),
        "ewt": ("word items", "function-words(of=ud-english-ewt)"),
        "gum": ("word items", "function-words(of=ud-english-gum)"),
        "reddy": ("word items", "compounds-reddy"),
        "farahmand": ("word items", "compounds-farahmand"),
        "bless": ("word items", "relations-bless"),
    },
    instead={"word2vec-50": "word2vec:cues(size=50)"},
)
TABLES = (*(f"word2vec-{size}" for size in SIZES), "glove-50", "glove-100")
VALUES = {"raw": "unit_rows=false", "unit": "base=2"}  # what is exponentiated
WAYS = ("column", "row", "column+row")
READINGS = {(values, way): f"fuzzy({text}, normalise={way})" for values, text in VALUES.items() for way in WAYS}
PRINTED, PROGRAM, COMPOUNDS = ("raw", "column"), ("unit", "row"), ("unit", "column")
DIVERGENCES = ("fuzzy-kl(symmetric=true)", "fuzzy-cross-entropy")
FURTHER = ("fuzzy-kl(form=one-sided)", "fuzzy-cross-entropy(direction=backward)", "fuzzy-overlap")
FIRST = (1, 5)  # answers among which an analogy is sought
TURNS = (1, 2, 3)  # seeds of rotations
COMPOSED = (
    "rose | violet", "computer & power", "french - british", "noble", "noble & metal", "noble & good",
    "tuberculosis + virus - bacteria", "freezing + hot - cold", "daughter + king - queen", "london + france - england",
)  # fmt: skip
DIVERGING = ("ganges from delta", "delta from ganges", "north & korea from china", "china from north & korea")
MARKED = "the of and he which upon noble metal rose violet london"


def ask(
    tables: Sequence[str],
    readings: Sequence[tuple[str, str]],
    tasks: Sequence[str],
    measures: Sequence[str],
    **also: list,
) -> Grid:
    """Readings of some tables as sets on benchmarks."""
    forms = [f"{table}|{READINGS[one]}" for table in tables for one in readings]
    return benchmarking(STUDY.name, forms, tasks, measures, **also)


def here(data: Data, *names: str) -> list[str]:
    """Tables that are on this machine."""
    return [data[name] for name in names if name in data]


def benchmarks(data: Data, kind: str, *names: str) -> list[str]:
    return [f"{kind}/{name}" for name in names if name in data]


@STUDY.part("similarity", own=["encoder", "task", "probe"])
def similarity(data: Data) -> Iterator[Grid]:
    if tasks := benchmarks(data, "similarity", "simlex-999"):
        tables, keep = here(data, *TABLES), ["predictions"]
        yield benchmarking(STUDY.name, tables, tasks, controls=[RANDOM_TABLE], keep=keep)
        yield ask(tables, list(READINGS), tasks, DIVERGENCES, keep=keep)
        yield ask(tables, list(READINGS), tasks, FURTHER)
        yield ask(tables, [PRINTED, PROGRAM], tasks, DIVERGENCES, controls=[RANDOM_TABLE])


@STUDY.part("analogies", own=["encoder", "task", "probe"])
def analogies(data: Data) -> Iterator[Grid]:
    if "google" in data:
        tasks, keep = [f"analogy/google(n={n})" for n in FIRST], ["groups"]
        trained, glove = here(data, "word2vec-50", "word2vec-100"), here(data, "glove-50", "glove-100")
        yield benchmarking(STUDY.name, [*trained, *glove], tasks, keep=keep)
        yield ask(trained, [PRINTED, ("raw", "row"), COMPOUNDS, PROGRAM], tasks, ["fuzzy-set"], keep=keep)
        yield ask(glove, [PRINTED, PROGRAM], tasks, ["fuzzy-set"], keep=keep)
        yield benchmarking(STUDY.name, trained[:1], tasks[-1:], controls=[RANDOM_TABLE])


@STUDY.part("functions", own=["encoder", "task", "probe"])
def functions(data: Data) -> Iterator[Grid]:
    if tasks := benchmarks(data, "function-words", "ewt", "gum"):
        tables = here(data, *TABLES)
        yield benchmarking(STUDY.name, tables, tasks, ["frequency"])
        yield ask(tables, list(READINGS), tasks, ["entropy"])
        yield ask(tables, [PRINTED, PROGRAM], tasks, ["entropy"], controls=[RANDOM_TABLE])


@STUDY.part("compounds", own=["encoder", "task", "probe"])
def compounds(data: Data) -> Iterator[Grid]:
    if tasks := benchmarks(data, "compounds", "reddy", "farahmand"):
        tables, keep = here(data, *TABLES), ["predictions"]
        yield benchmarking(STUDY.name, tables, tasks, controls=[RANDOM_TABLE], keep=keep)
        yield ask(tables, list(READINGS), tasks, DIVERGENCES[:1], keep=keep)


@STUDY.part("direction", own=["encoder", "task", "probe"])
def direction(data: Data) -> Iterator[Grid]:
    if tasks := benchmarks(data, "direction", "bless"):
        tables = here(data, *TABLES)
        yield ask(tables, list(READINGS), tasks, ["fuzzy-kl", "fuzzy-cross-entropy"])
        yield ask(tables, [PRINTED, PROGRAM], tasks, ["fuzzy-kl"], controls=[RANDOM_TABLE])


@STUDY.part("sets", own=["encoder", "probe", "words", "sets", "marked"])
def sets(data: Data) -> Iterator[Grid]:
    tables = here(data, *TABLES) or [data["word2vec-50"]]
    forms = [f"{table}|{one}" for table in tables for one in READINGS.values()]
    yield Grid(STUDY.name, "set-controls", {"encoder": forms, "marked": [MARKED], "seed": [0]}, ["points"])
    if shown := here(data, "glove-100", "word2vec-200"):
        each = [f"{table}|{READINGS[one]}" for table in shown for one in (PRINTED, PROGRAM, ("unit", "column+row"))]
        axes = {"encoder": each, "probe": ["fuzzy-cross-entropy"], "words": list(COMPOSED)}
        yield Grid(STUDY.name, "set-neighbours", axes, ["predictions"])
        yield Grid(STUDY.name, "set-neighbours", {**axes, "encoder": shown, "probe": ["cosine"]}, ["predictions"])
        pairs = {"encoder": each, "probe": ["fuzzy-kl", "fuzzy-cross-entropy"], "sets": list(DIVERGING)}
        yield Grid(STUDY.name, "set-divergences", pairs)


def small(data: Data, tables: Sequence[str], keep: Sequence[str] = ()) -> Iterator[Grid]:
    """Similarity, function words and compounds of some tables, in the readings of the authors' programs and printed."""
    of_pairs = [*benchmarks(data, "similarity", "simlex-999"), *benchmarks(data, "compounds", "reddy", "farahmand")]
    if tables and of_pairs:
        yield benchmarking(STUDY.name, tables, of_pairs, keep=list(keep))
        yield ask(tables, [PRINTED, PROGRAM, COMPOUNDS], of_pairs, DIVERGENCES, keep=list(keep))
    if tables and (words := benchmarks(data, "function-words", "ewt", "gum")):
        yield ask(tables, [PRINTED, PROGRAM], words, ["entropy"])


@STUDY.part("rotations", own=["encoder", "task", "probe"])
def rotations(data: Data) -> Iterator[Grid]:
    tables = here(data, "word2vec-50", "word2vec-200", "glove-100")
    yield from small(data, [f"{table}|rotate(seed={seed})" for table in tables for seed in TURNS])


@STUDY.part("longer", usual=False, own=["encoder", "task", "probe"])
def longer(data: Data) -> Iterator[Grid]:
    yield from small(data, here(data, "word2vec-50-longer"), ["predictions"])
