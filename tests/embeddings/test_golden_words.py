"""Golden cases of items of words, measures and benchmarks."""

from __future__ import annotations

from functools import cache

import numpy as np
from golden import At, Golden, fingerprint, place, written

from probekit.corpora.word_items import load_items
from probekit.embeddings.analogies import Solver
from probekit.embeddings.benchmarks import get as get_benchmark
from probekit.embeddings.measures import get as get_measure
from probekit.embeddings.orders import Order
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


@cache
def probabilities() -> WordTable:
    """The same words with features that are probabilities, and counts."""
    rows = np.exp(table().vectors)
    return WordTable(WORDS, rows / rows.sum(axis=1, keepdims=True), counts=np.arange(400, 0, -10))


def fuzzy_numbers(spec: str) -> list[float]:
    measure = get_measure(spec)
    rows = measure.prepare(probabilities().vectors)
    return fingerprint(measure.pairs(rows[:20], rows[20:])) + fingerprint(measure.against(rows[:5], rows))


def solver_numbers(spec: str) -> list[float]:
    solver = get_measure(spec, Solver)
    rows = solver.prepare(probabilities().vectors)
    return fingerprint(solver.over(rows).against(np.arange(30).reshape(10, 3), rows))


def order_numbers(spec: str) -> list[float]:
    return fingerprint(get_measure(spec, Order).of(probabilities(), np.arange(40)))


def benchmark_numbers(spec: str) -> list[float]:
    """Scores and numbers of items."""
    found = get_benchmark(spec).score(table())
    return fingerprint(found["value"].fillna(-1)) + fingerprint(found["n"])


def functions_numbers(spec: str) -> list[float]:
    found = get_benchmark(spec).score(probabilities())
    return fingerprint(found["value"].fillna(-1)) + fingerprint(found["n"])


def unknown_numbers(spec: str) -> list[float]:
    """Scores of a table that lacks four words."""
    few = WordTable(WORDS[:36], table().vectors[:36])
    found = get_benchmark(spec).score(few)
    return fingerprint(found["value"].fillna(-1)) + fingerprint(found["n"])


def rated_pairs() -> str:
    draw = np.random.default_rng(6)
    pairs = zip(draw.permutation([*WORDS, "absent"]), draw.permutation([*WORDS, "alone"]), draw.random(41), strict=True)
    return "".join(f"{left}\t{right}\t{rating:.3f}\n" for left, right, rating in pairs)


PAIRS = written("rated-pairs.tsv", rated_pairs())
golden.case("word items:word-pairs", items_numbers, f"word-pairs:{PAIRS}", options={"language": "de"})
for _name in ("cosine", "dot", "euclidean"):
    golden.case(f"measure:{_name}", measure_numbers)
JOINED = written("joined.txt", "".join(f"{' '.join(line.split()[:2])}\n" for line in rated_pairs().splitlines()[:9]))
golden.case(
    "benchmark:similarity",
    benchmark_numbers,
    f"similarity:{PAIRS}",
    options={"unknown": "zero", "without": f"lexicon:{JOINED}"},
)

for _name in ("fuzzy-kl", "fuzzy-cross-entropy", "fuzzy-overlap"):
    _options = {
        "fuzzy-kl": {"form": "one-sided", "symmetric": True},
        "fuzzy-cross-entropy": {"direction": "backward"},
    }.get(_name, {})
    golden.case(f"measure:{_name}", fuzzy_numbers, options=_options)
for _name in ("3cosadd", "3cosmul", "fuzzy-set"):
    golden.case(f"measure:{_name}", solver_numbers, options={"rescale": False} if _name == "fuzzy-set" else {})
for _name in ("entropy", "frequency"):
    golden.case(f"measure:{_name}", order_numbers)


# --- lists -------------------------------------------------------------------------------------------


def drawn(n: int, seed: int) -> np.ndarray:
    """Rows of n different words."""
    draw = np.random.default_rng(seed)
    return np.array([draw.choice(WORDS, n, replace=False) for _ in range(60)])


def joined(rows: np.ndarray, mark: str, *more: str) -> str:
    return "".join(f"{mark.join(row)}{mark}{more[i % len(more)]}\n" for i, row in enumerate(rows))


_CHOICES = "".join(
    "".join(f"{row[k]} {row[k + 1]}\n" for k in range(0, 8, 2)) + f"{'abc'[i % 3]}\n\n"
    for i, row in enumerate(drawn(8, 3))
)
_GROUPS = place() / "groups"
_GROUPS.mkdir(exist_ok=True)
for _i, _row in enumerate(drawn(9, 4)[:6]):
    (_GROUPS / f"group{_i}.txt").write_text("\n".join([*_row[:5], "", *_row[5:], ""]), encoding="utf-8")
FILES = {
    "scws": written("scws.txt", "".join(f"1\t{a}\tn\t{b}\tn\tx\ty\t{i % 7}\n" for i, (a, b) in enumerate(drawn(2, 5)))),
    "analogies": written("analogies.csv", "word1,word2,word3,target,type\n" + joined(drawn(4, 1), ",", "gram1", "t")),
    "choices": written("choices.txt", _CHOICES),
    "categories": written("categories.csv", "word,category,kind\n" + joined(drawn(1, 6), ",", "a,x", "b,x", "c,y")),
    "relations": written(
        "word-relations.csv", "word1,word2,relation\n" + joined(drawn(2, 7), ",", "coord", "random", "mero")
    ),
    "outliers": _GROUPS,
    "compounds": written("compounds.tsv", joined(drawn(2, 8), "\t", "1", "2", "3.5", "0")),
    "lexicon": written("lexicon.txt", joined(drawn(3, 9), " ", "word0", "word1")),
    "wordnet": written("data.noun", "1 03 n 02 cat 0 feline 0 001 @ 2 n 0000 | x\n2 03 n 01 animal 0 000 | y\n"),
    "synsets": written("synsets.tsv", "id\tmembers\thypernyms\n1\tcat|feline\t2\n2\tanimal\t\n"),
}
FILES["words"] = written("closed.txt", "\n".join(WORDS[::3]))
LANGUAGE = {"language": "de"}
for _name, _options in {
    "scws": {},
    "analogies": LANGUAGE,
    "choices": LANGUAGE,
    "categories": {**LANGUAGE, "column": "kind"},
    "relations": LANGUAGE,
    "outliers": LANGUAGE,
    "compounds": LANGUAGE,
    "lexicon": LANGUAGE,
    "wordnet": {"relations": "hypernyms"},
    "synsets": {"relations": "hypernyms"},
}.items():
    golden.case(f"word items:{_name}", items_numbers, f"{_name}:{FILES[_name]}", options=_options)
golden.case(
    "word items:function-words",
    items_numbers,
    'function-words(of="grammar(n=120)")',
    options={"of": "grammar(n=60)", "share": 0.2, "least": 50},
)

UNKNOWN = {"unknown": At("zero", numbers=unknown_numbers)}
golden.case(
    "benchmark:analogy",
    benchmark_numbers,
    f"analogy:{FILES['analogies']}",
    options={**UNKNOWN, "n": 5, "candidates": 20},
)
golden.case(
    "benchmark:offsets", benchmark_numbers, f"offsets:{FILES['analogies']}(category=gram1)", options={"category": "t"}
)
golden.case("benchmark:choices", benchmark_numbers, f"choices:{FILES['choices']}", options=UNKNOWN)
golden.case(
    "benchmark:categories",
    benchmark_numbers,
    f"categories:{FILES['categories']}",
    options={**UNKNOWN, "method": "agglomerative", "linkage": At("complete", {"method": "agglomerative"}), "seed": 3},
)
golden.case("benchmark:relation", benchmark_numbers, f"relation:{FILES['relations']}", options=UNKNOWN)


def direction_numbers(spec: str) -> list[float]:
    found = get_benchmark(spec).score(probabilities())
    return fingerprint(found["value"].fillna(-1)) + fingerprint(found["n"])


golden.case(
    "benchmark:direction",
    direction_numbers,
    f"direction:{FILES['relations']}(relation=coord)",
    options={"relation": "random"},
)
golden.case("benchmark:outlier", benchmark_numbers, f"outlier:{_GROUPS}", options=UNKNOWN)
golden.case(
    "benchmark:compounds",
    benchmark_numbers,
    f"compounds:{FILES['compounds']}",
    options={**UNKNOWN, "compose": "additive"},
)
RATED = written("rated.txt", joined(drawn(2, 5)[:9], " ", ""))
golden.case(
    "benchmark:scws", benchmark_numbers, f"scws:{FILES['scws']}", options={**UNKNOWN, "without": f"lexicon:{RATED}"}
)
golden.case(
    "benchmark:function-words",
    functions_numbers,
    f"function-words:{FILES['words']}",
    options={"top": [12, 20], "least": 250, "candidates": 20},
)


def prototype_numbers(spec: str) -> list[float]:
    found = get_benchmark(spec).score("glove")
    return fingerprint(found["value"].fillna(-1)) + fingerprint(found["n"])


golden.case(
    "benchmark:relation/semeval-2012", prototype_numbers, data=True, options={"unknown": "zero", "part": "train"}
)

golden.case("benchmark:spectrum/thirds", benchmark_numbers)
_TEACHER = WordTable(WORDS, np.random.default_rng(9).normal(size=(40, 6)).astype(np.float32)).save(place() / "teacher")
_ANOTHER = WordTable(WORDS[:30], table().vectors[:30]).save(place() / "another-teacher")
for _name, _options in {"cosines": {"pairs": 50}, "neighbours": {"k": 5, "words": 20}}.items():
    golden.case(
        f"benchmark:reconstruction/{_name}",
        benchmark_numbers,
        f"reconstruction/{_name}(teacher=static:{_TEACHER})",
        options={
            **_options,
            "teacher": f"static:{_ANOTHER}",
            "seed": At(1, {"words": 20} if "words" in _options else {}),
        },
    )

test_numbers_stay, test_options_move_numbers = golden.tests()
