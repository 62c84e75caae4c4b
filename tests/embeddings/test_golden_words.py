"""Golden cases of items of words, measures and benchmarks."""

from __future__ import annotations

from functools import cache

import numpy as np
from golden import Golden, fingerprint, written

from probekit.corpora.word_items import load_items
from probekit.embeddings.benchmarks import get as get_benchmark
from probekit.embeddings.measures import get as get_measure
from probekit.embeddings.table import WordTable

golden = Golden(__file__)
WORDS = [f"word{i}" for i in range(40)]


@cache
def table() -> WordTable:
    """Words with vectors that are not centred, so that measures differ."""
    return WordTable(WORDS, np.random.default_rng(5).normal(loc=0.5, size=(40, 6)).astype(np.float32))


def items_numbers(spec: str) -> list[float]:
    items = load_items(spec)
    return fingerprint(items.items.astype(str).to_numpy(dtype=object)) + fingerprint(np.array(items.languages, object))


def measure_numbers(spec: str) -> list[float]:
    measure = get_measure(spec)
    rows = measure.prepare(table().vectors)
    return fingerprint(measure.pairs(rows[:20], rows[20:])) + fingerprint(measure.against(rows[:5], rows))


def benchmark_numbers(spec: str) -> list[float]:
    """Scores and numbers of items."""
    found = get_benchmark(spec).score(table())
    return fingerprint(found["value"].fillna(-1)) + fingerprint(found["n"])


def rated_pairs() -> str:
    draw = np.random.default_rng(6)
    pairs = zip(draw.permutation([*WORDS, "absent"]), draw.permutation([*WORDS, "alone"]), draw.random(41), strict=True)
    return "".join(f"{left}\t{right}\t{rating:.3f}\n" for left, right, rating in pairs)


PAIRS = written("rated-pairs.tsv", rated_pairs())
golden.case("word items:word-pairs", items_numbers, f"word-pairs:{PAIRS}", options={"language": "de"})
for _name in ("cosine", "dot", "euclidean"):
    golden.case(f"measure:{_name}", measure_numbers)
golden.case("benchmark:similarity", benchmark_numbers, f"similarity:{PAIRS}", options={"unknown": "zero"})

test_numbers_stay, test_options_move_numbers = golden.tests()
