"""Golden cases of alignments, the step that takes them, and benchmarks across languages."""

from __future__ import annotations

from functools import cache

import numpy as np
from golden import At, Golden, fingerprint, place, written

from probekit.corpora.word_items import load_items
from probekit.embeddings.align import align
from probekit.embeddings.benchmarks import get as get_benchmark
from probekit.embeddings.measures import get as get_measure
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table

golden = Golden(__file__)
N, WIDTH = 60, 6


def sides() -> list[WordTable]:
    """A table, its noisy rotated copy under other names, and that less its last columns."""
    draw = np.random.default_rng(7)
    vectors = draw.normal(size=(N, WIDTH)) * 1.3 ** -np.arange(WIDTH)
    other = vectors @ np.linalg.qr(draw.normal(size=(WIDTH, WIDTH)))[0] + 0.3 * draw.normal(size=(N, WIDTH))
    names = [[f"{side}{i}" for i in range(N)] for side in "ab"]
    made = [WordTable(names[0], vectors.astype(np.float32)), WordTable(names[1], other.astype(np.float32))]
    return [*made, WordTable(names[1], made[1].vectors[:, :-2])]


@cache
def folder(side: int) -> str:
    """The spec of one of the tables, saved once."""
    return f"static:{sides()[side].save(place() / f'aligned-{side}')}"


PAIRS = "".join(f"a{i}\tb{i}\n" for i in range(N)) + "".join(f"absent{i}\tb{i}\n" for i in range(9))
DICTIONARY = f"bilingual:{written('aligned.tsv', PAIRS)}"
SPLIT = f"{DICTIONARY}(held_out=0.4)"
RATED = written("across.tsv", "".join(f"a{i}\tb{i * 7 % N}\t{i * 11 % 17}\n" for i in range(30)) + "x\tb1\t5\n")


def items_numbers(spec: str) -> list[float]:
    items = load_items(spec)
    return fingerprint(items.items.astype(str).to_numpy(dtype=object)) + fingerprint(np.array(items.languages, object))


def cosines(source: WordTable, target: WordTable) -> list[float]:
    return fingerprint(np.round(source.vectors.astype(float) @ target.vectors.astype(float).T, 6))


def alignment_numbers(spec: str) -> list[float]:
    return cosines(*align(*sides()[:2], SPLIT, spec))


def step_numbers(spec: str) -> list[float]:
    vectors = load_table(spec).vectors.astype(float)
    return fingerprint(np.round(np.abs(vectors @ vectors.T), 6))


def benchmark_numbers(spec: str) -> list[float]:
    found = get_benchmark(spec).score(stepped())
    return fingerprint(found["value"].fillna(-1)) + fingerprint(found["n"])


def csls_numbers(spec: str) -> list[float]:
    return fingerprint(get_measure(spec).density(*(table.vectors for table in sides()[:2])))


def stepped() -> str:
    return f'{folder(0)}|align(to="{folder(1)}", dictionary="{SPLIT}")'


BESIDE = {"keep": 0.2, "induction": "union"}
DROPPING = {"keep": At(0.2, {"induction": "union"}), "patience": At(2, BESIDE), "seed": At(1, BESIDE)}
for _name, _options in (
    ("procrustes", {}),
    ("vecmap", {}),
    ("self-learning", {"induction": "union", "retrieval": "csls", "most": 20, "rounds": 1, **DROPPING}),
    ("rcsls", {"k": 2, "most": 20, "rounds": 1, "spectral": False}),
):
    golden.case(f"alignment:{_name}", alignment_numbers, _name, options=_options)
golden.case("measure:csls", csls_numbers, options={"k": 3, "most": 20})
golden.case(
    "table step:align",
    step_numbers,
    stepped,
    options={"to": folder(2), "dictionary": DICTIONARY, "method": "procrustes", "normalise": None, "side": "target"},
)
_BENCHMARKS = "embeddings/test_dictionary_benchmarks.py"
golden.case(
    "benchmark:dictionary",
    benchmark_numbers,
    f"dictionary:{written('asked.tsv', PAIRS)}(held_out=0.4)",
    options={"to": folder(1), "reverse": True, "unknown": "wrong", "candidates": 20},
    elsewhere={"held_out": _BENCHMARKS},
)
golden.case(
    "benchmark:similarity-across",
    benchmark_numbers,
    f"similarity-across:{RATED}",
    options={"to": folder(1), "unknown": "zero"},
)
golden.case(
    "word items:bilingual",
    items_numbers,
    DICTIONARY,
    options={"source": "en", "target": "fi", "first": 20, "reverse": True, "held_out": 0.3},
)
golden.case(
    "word items:cipher-dictionary", items_numbers, options={"words": 900, "first": 20, "reverse": True, "held_out": 0.3}
)

test_numbers_stay, test_options_move_numbers = golden.tests()
