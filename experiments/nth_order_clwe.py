"""Similarity order before alignment (Vulic et al. 2020): does re-weighting each table's spectrum help translation?

Parts:

    pairs     six directed pairs of three languages, 5K and 1K: VecMap and self-learning, raw tables, order (0, 0) and
              the paper's POSTPROC (-0.25 for the source, +0.15 for the target); cosine, and CSLS at 5K
    rcsls     the second aligner, 5K, raw and POSTPROC
    grid      7 x 7 orders of source and target, VecMap on four fifths of the training dictionary: chosen on the last
              fifth, shown on the test dictionary beside it; Finnish and French (part grids: the other four pairs)
    spectra   eigenvalues of each table, raw and of orders -0.5 to 1.5, and how far these are from their definition
    ciphers   a generated text and another one in cipher, word2vec of 50: the same methods on 200 and all 750 pairs

What is ours. Vectors: GloVe (English, 40,000 words x 100), floret (Finnish, 30,000 x 300) and fastText (French, 20,000
x 300) for fastText of 200,000 words x 300; the narrower table of a pair is padded. Dictionaries: xling-eval for
PanLex-BLI, whose targets have no vectors here. Neighbours are sought among the 5,000 first words (part neighbours:
10,000; part dropping: as VecMap's toolkit learns, FI-FR). A source word is tested once, by its best-ranked translation;
one without a vector, or none of whose translations has one, is left out, and rows say how many are covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.benchmarking import benchmarking

STUDY = Study(
    "nth-order-clwe",
    "Vulic, Korhonen and Glavas 2020, RepL4NLP",
    title="Improving Bilingual Lexicon Induction with Unsupervised Post-Processing of Monolingual Word Vector Spaces",
    data={
        "en": ("table", "glove"),
        "fi": ("table", "fi-floret"),
        "fr": ("table", "fr-fasttext"),
        "en-fi": ("word items", "xling-en-fi"),
        "en-fr": ("word items", "xling-en-fr"),
        "fi-fr": ("word items", "xling-fi-fr"),
    },
)
DICTIONARIES = ("fi-fr", "en-fr", "en-fi")
ORDERS = (-0.5, -0.25, -0.15, 0, 0.15, 0.25, 0.5)
RAW, NONE, POST = (None, None), (0, 0), (-0.25, 0.15)  # orders of source and target
WHITE_TO_FOURTH = (-0.5, 0, 0.5, 1, 1.5)  # (n - 1) / 2 for n = 0 to 4
SUPERVISED, LEARNING, RCSLS = "vecmap", "self-learning(most=5000)", "rcsls(most=5000, rounds=20)"
LEARNING_TWICE = "self-learning(most=10000)"
LEARNING_AS_VECMAP = "self-learning(induction=union, keep=0.1, most=5000, patience=50, retrieval=csls, rounds=1000)"
SIZES = {"5k": 0, "1k": 1000}
CIPHERS = {"all": 0, "200": 200}
HELD_OUT = 0.2
CSLS = "csls(most=5000)"


def ordered(table: str, alpha: float | None) -> str:
    """A table of a similarity order, as it is where alpha is None."""
    return table if alpha is None else f"{table}|similarity-order({alpha})"


def aligned(
    source: str,
    target: str,
    dictionary: str,
    method: str,
    orders: tuple[float | None, float | None],
    options: Mapping[str, Any],
    **further: Any,
) -> str:
    """The source side of an alignment: tables of two orders, by a method, on a dictionary with options."""
    named = Spec(dictionary).given({name: value for name, value in options.items() if value})
    given = {"to": ordered(target, orders[1]), "dictionary": str(named), "method": method}
    return f"{ordered(source, orders[0])}|{Spec('align').given({**given, **further})}"


def directions(data: Data, names: Sequence[str] = DICTIONARIES) -> Iterator[tuple[str, str, str, bool]]:
    """Source and target table, dictionary, and whether it is reversed, of all directed pairs whose data is here."""
    for name in names:
        left, right = name.split("-")
        if all(one in data for one in (left, right, name)):
            yield data[left], data[right], data[name], False
            yield data[right], data[left], data[name], True


def asked(dictionary: str, reverse: bool, held_out: float = 0) -> str:
    """The benchmark of a dictionary, in a direction, on its test part or on what is held out of training."""
    options = {"reverse": reverse, "held_out": held_out}
    return str(Spec(f"dictionary/{dictionary}").given({name: value for name, value in options.items() if value}))


def ask(tables: Sequence[str], tasks: Sequence[str], measures: Sequence[str] = ("cosine",), keep: bool = True) -> Grid:
    return benchmarking(STUDY.name, tables, tasks, measures, keep=["predictions"] if keep else [])


@STUDY.part("pairs", own=["encoder", "task"])
def pairs(data: Data) -> Iterator[Grid]:
    for source, target, dictionary, reverse in directions(data):
        for size, first in SIZES.items():
            options, task = {"first": first, "reverse": reverse}, [asked(dictionary, reverse)]
            pair = partial(aligned, source, target, dictionary, options=options)
            both = [pair(method, orders) for method in (SUPERVISED, LEARNING) for orders in (RAW, POST)]
            yield ask([*both, pair(SUPERVISED, NONE)], task)
            if size == "5k":
                yield ask([pair(LEARNING, NONE)], task)
                yield ask(both, task, [CSLS])
                yield ask([pair(SUPERVISED, orders, normalise=None) for orders in (RAW, POST)], task)


@STUDY.part("rcsls", own=["encoder", "task"])
def rcsls(data: Data) -> Iterator[Grid]:
    for source, target, dictionary, reverse in directions(data):
        tables = [aligned(source, target, dictionary, RCSLS, orders, {"reverse": reverse}) for orders in (RAW, POST)]
        yield ask(tables, [asked(dictionary, reverse)])


@STUDY.part("neighbours", usual=False, own=["encoder", "task"])
def neighbours(data: Data) -> Iterator[Grid]:
    """Self-learning at twice the budget."""
    for source, target, dictionary, reverse in directions(data, ["fi-fr"]):
        pair = partial(aligned, source, target, dictionary, options={"reverse": reverse})
        yield ask([pair(LEARNING_TWICE, orders) for orders in (RAW, POST)], [asked(dictionary, reverse)])


@STUDY.part("dropping", usual=False, own=["encoder", "task"])
def dropping(data: Data) -> Iterator[Grid]:
    """Self-learning of VecMap's toolkit: the union of both ways by CSLS, similarities dropped at random at first.

    Of one direction, since an alignment takes some 360 rounds.
    """
    for source, target, dictionary, reverse in list(directions(data, ["fi-fr"]))[:1]:
        pair = partial(aligned, source, target, dictionary, options={"reverse": reverse})
        yield ask([pair(LEARNING_AS_VECMAP, orders) for orders in (RAW, POST)], [asked(dictionary, reverse)])


@STUDY.part("grid", own=["encoder", "task"])
def grid(data: Data) -> Iterator[Grid]:
    yield from grids(data, ["fi-fr"])


@STUDY.part("grids", usual=False, own=["encoder", "task"])
def other_grids(data: Data) -> Iterator[Grid]:
    yield from grids(data, ["en-fi", "en-fr"])


def grids(data: Data, names: Sequence[str]) -> Iterator[Grid]:
    """The 7 x 7 orders of some dictionaries, both directions."""
    for source, target, dictionary, reverse in directions(data, names):
        options = {"held_out": HELD_OUT, "reverse": reverse}
        every = [(left, right) for left in ORDERS for right in ORDERS]
        tables = [aligned(source, target, dictionary, SUPERVISED, orders, options) for orders in every]
        yield ask(tables, [asked(dictionary, reverse, HELD_OUT), asked(dictionary, reverse)], keep=False)


@STUDY.part("spectra", own=["encoder"])
def spectra(data: Data) -> Iterator[Grid]:
    names = [name for name in ("en", "fi", "fr") if name in data]
    tables = [ordered(data[name], alpha) for name in names for alpha in (None, *WHITE_TO_FOURTH, *POST)]
    if tables:
        yield Grid(STUDY.name, "spectra", {"encoder": tables}, keep=["curve"])


@STUDY.part("ciphers", own=["encoder", "task"])
def ciphers(data: Data) -> Iterator[Grid]:
    made = "(epochs=10, size=50)"
    tables = (f"word2vec:meanings{made}", f'word2vec:"meanings(seed=1)|cipher"{made}')
    for first in CIPHERS.values():
        every = [(method, orders) for method in (SUPERVISED, LEARNING) for orders in (RAW, NONE, POST)]
        named = [aligned(*tables, "cipher-dictionary", *one, {"first": first}) for one in every]
        yield ask(named, ["dictionary/cipher"])
