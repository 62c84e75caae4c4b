"""Golden cases of word-vector tables and their steps."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from golden import CORPUS, At, Golden, fingerprint, place, sums, written

from probekit.corpora.catalogue import word_items
from probekit.corpora.word_items import WordItems, items_of, load_items
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.embeddings.word2vec import train_word2vec
from probekit.sources import parameters
from probekit.values import Seed

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
    copies = found["vectors"].vectors @ rng.normal(size=(5, 5)).astype(np.float32)
    found |= {"copies": WordTable(words, copies), "few": WordTable(words[:7], copies[:7])}
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


def without_k(spec: str) -> list[float]:
    return vector_numbers(spec.replace("k=2, ", "").replace(", k=2", ""))


def stepped(step: str) -> str:
    """The vectors of some words and a step, which may name other tables."""
    return f"static:{files()['vectors']}|{step}".format(**files())


@word_items.register("golden-synonyms", summary="synonyms of golden cases", kind="lexicon")
def synonyms(seed: Seed = 0) -> WordItems:
    pairs = np.random.default_rng(seed).integers(0, 30, (40, 2))
    return items_of("lexicon", [(f"word{i}", f"word{j}") for i, j in pairs])


# The first line is a heading, or a word.
TABLE = written("tables.txt", "2 1\nthe 0.5\nowl 1.5\n")
golden.case(
    "word-vector table:static",
    table_numbers,
    f"static:{TABLE}",
    options={"format": "glove", "language": "en"},
    elsewhere={"errors": "embeddings/test_tables.py"},
)
for _name in ("glove", "glove-50", "fi-floret", "fr-fasttext"):
    golden.case(f"word-vector table:{_name}", table_numbers, data=True)
golden.case("word-vector table:generated-vectors", table_numbers, options={"seed": 1})
golden.case(
    "word-vector table:word2vec",
    table_numbers,
    f'word2vec:"{CORPUS}"(size=12, epochs=2)',
    elsewhere=dict.fromkeys({*parameters(train_word2vec)} - {"corpus", "progress"}, "encoders/test_golden_encoders.py"),
)
_SHORT = f'fasttext:"{CORPUS}"(size=8, epochs=1, buckets=500)'
golden.case(
    "word-vector table:fasttext",
    table_numbers,
    _SHORT,
    options={
        "size": 9, "window": 2, "algorithm": "cbow", "negative": 2, "min_count": 2, "epochs": 2, "sample": 0.0,
        "alpha": 0.05, "min_n": 2, "max_n": 5, "buckets": 400, "seed": 1, "lower": False,
    },
)  # fmt: skip
_TRAINED = {"size": 7, "min_count": 3, "vocabulary": 20, "seed": 1, "lower": False}
golden.case(
    "word-vector table:skip-gram",
    table_numbers,
    f'skip-gram:"{CORPUS}"(size=6, epochs=2)',
    tolerance=1e-4,
    options={
        **_TRAINED, "before": 2, "after": 2, "negative": 2, "epochs": 3, "rate": 0.5, "clip": 0.05, "sample": 0.01,
        "l1": "bag", "l2": "centre-static",
    },
)  # fmt: skip
golden.case(
    "word-vector table:glove-model",
    table_numbers,
    f'glove-model:"{CORPUS}"(size=6, epochs=2)',
    tolerance=1e-4,
    options={**_TRAINED, "window": 2, "epochs": 3, "rate": 0.5, "x_max": 5.0, "power": 0.5},
)
golden.case(
    "word-vector table:ppmi-svd",
    table_numbers,
    f'ppmi-svd:"{CORPUS}"(size=6)',
    tolerance=1e-4,
    options={
        **{name: value for name, value in _TRAINED.items() if name != "seed"}, "window": 2, "harmonic": True,
        "smoothing": 1.0, "shift": 2.0, "weight": 1.0,
    },
    elsewhere={"seed": "embeddings/test_counted_tables.py"},
)  # fmt: skip
for _name in ("context", "with-context"):
    golden.case(
        f"table step:{_name}", vector_numbers, f'skip-gram:"{CORPUS}"(size=6, epochs=2)|{_name}', tolerance=1e-4
    )
_BOTH = {"reference": "model", "centre": "U", "metric": "I", "prior": "unigram"}
golden.case(
    "table step:natural-alpha",
    vector_numbers,
    f'skip-gram:"{CORPUS}"(size=6, epochs=2, rate=0.1)|natural-alpha(geom_alpha=0.5)',
    options={**_BOTH, "geom_alpha": 1.5},
)
golden.case(
    "table step:limit",
    vector_numbers,
    f'skip-gram:"{CORPUS}"(size=6, epochs=2, rate=0.1)|limit(k=2)',
    options={**_BOTH, "k": 3, "weighted": True},
)
golden.case(
    "word-vector table:characters",
    table_numbers,
    lambda: f"characters:static:{files()['vectors']}(epochs=2, width=6)",
    options={
        "distance": "l1", "output": "linear", "epochs": 3, "at": 0,
        "width": 7, "rate": 0.1, "batch": 5, "dropout": 0.5, "held_out": 0.5, "seed": 1,
    },
    elsewhere={"every": "embeddings/test_spelling.py"},
)  # fmt: skip
golden.case("table step:refine", vector_numbers, refined, options={"property": "time", "weights": files()["others"]})
golden.case(
    "word-vector table:gaussian",
    table_numbers,
    lambda: f"gaussian(like={files()['vectors']})",
    options={"seed": 1, "like": files()["few"]},
)
GEOMETRIC = {"with": files()["few"], "c": 1.0, "pre_norm": "rows", "post_norm": "columns"}

for name, given, options in (
    ("center", "", {}),
    ("standardize", "", {}),
    ("rotate", "", {"seed": 1, "turn": 0.5}),
    ("flip", "share=0.6", {"share": 0.2, "seed": 1}),
    ("pad", "d=6", {"d": 7}),
    ("ppa", "D=1", {"D": 2}),
    ("pca", "k=2", {"k": 3, "first": At(2, {"last": 3}, without_k), "last": At(4, {"first": 1}, without_k)}),
    ("slice", "part=top", {"part": "bottom"}),
    ("component", "i=1", {"i": 2}),
    ("ppa-pca", "D=1, k=3", {"D": 2, "k": 2}),
    ("similarity-order", "order_alpha=0.5", {"order_alpha": -0.25}),
    ("whiten", "", {}),
    ("unit", "", {}),
    ("words", "of={vectors}/words.txt", {"of": f"static:{files()['few']}"}),
    ("most-frequent", "n=5", {"n": 6}),
    ("noise", "size=0.1", {"size": 0.2, "seed": 1}),
    ("average", "with={copies}", {"with": files()["few"], "pre_norm": "rows", "post_norm": "columns"}),
    ("concatenate", "with={copies}", {"with": files()["few"], "pre_norm": "rows", "post_norm": "columns"}),
    ("geo-average", "with={copies}", GEOMETRIC),
    ("geo-concatenate", "with={copies}", GEOMETRIC),
    ("fuzzy", "", {"base": 2, "unit_rows": False, "normalise": "row"}),
    (
        "retrofit",
        "lexicon=golden-synonyms",
        {
            "lexicon": "golden-synonyms(seed=1)",
            "weights": "exact",
            "nu": 2,
            "scale2": 0.5,
            "alpha": 0.9,
            "beta": 0.1,
            "sweeps": 2,
            "kernel_on": "mixed",
            "unit_rows": False,
            "rewired": 0,
        },
    ),
):
    step = f"{name}({given})" if given else name
    elsewhere = {"solver": "embeddings/test_combining.py"} if name.startswith("geo") else {}
    golden.case(f"table step:{name}", vector_numbers, partial(stepped, step), options=options, elsewhere=elsewhere)
LIST = written("words.txt", "owl\n\nroute 66\nowl\n")
golden.case(
    "word items:words",
    lambda spec: fingerprint(np.array([*load_items(spec).items["word"], *load_items(spec).languages], dtype=object)),
    f"words:{LIST}",
    options={"language": "fr"},
)

test_numbers_stay, test_options_move_numbers = golden.tests()
