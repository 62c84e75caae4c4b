"""Golden cases of word-vector tables and their steps."""

from __future__ import annotations

from functools import cache

import numpy as np
from golden import CORPUS, Golden, fingerprint, place, sums, written

from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.embeddings.word2vec import train_word2vec
from probekit.sources import parameters

golden = Golden(__file__)


@cache
def files() -> dict[str, str]:
    """Tables: the vectors of some words, two choices of weights."""
    rng = np.random.default_rng(2)
    rng.uniform(size=90)  # the ratings of these words
    words = [f"word{i}" for i in range(30)]
    found = {"vectors": WordTable(words, np.abs(rng.normal(size=(30, 5))).astype(np.float32))}
    values = np.abs(rng.normal(size=(2, 5))).astype(np.float32)
    values[:, 1] = 0
    found |= {"weights": WordTable(["dark", "time"], values), "others": WordTable(["dark"], values[1:])}
    return {name: str(table.save(place() / name)) for name, table in found.items()}


def vector_numbers(spec: str) -> list[float]:
    return sums(np.asarray(load_table(spec).vectors, dtype=np.float64))


def table_numbers(spec: str) -> list[float]:
    """Vectors and words of a table."""
    table = load_table(spec)
    return vector_numbers(spec) + fingerprint(np.array([*table.words, table.language], dtype=object))


def refined() -> str:
    return "static:{vectors}|refine(weights={weights}, property=dark)".format(**files())


# The first line is a heading, or a word.
TABLE = written("tables.txt", "2 1\nthe 0.5\nowl 1.5\n")
golden.case(
    "word-vector table:static",
    table_numbers,
    f"static:{TABLE}",
    options={"format": "glove", "language": "en"},
    elsewhere={"errors": "embeddings/test_tables.py"},
)
golden.case("word-vector table:glove", table_numbers, data=True)
golden.case("word-vector table:generated-vectors", table_numbers, options={"seed": 1})
golden.case(
    "word-vector table:word2vec",
    table_numbers,
    f'word2vec:"{CORPUS}"(size=12, epochs=2)',
    elsewhere=dict.fromkeys({*parameters(train_word2vec)} - {"corpus", "progress"}, "encoders/test_golden_encoders.py"),
)
golden.case("table step:refine", vector_numbers, refined, options={"property": "time", "weights": files()["others"]})

test_numbers_stay, test_options_move_numbers = golden.tests()
