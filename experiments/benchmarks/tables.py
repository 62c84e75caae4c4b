"""Operations on tables of word vectors: a chain of spectral steps, a curve by rank, retrofitting, geometric maps.

One thread, seconds of the processor. Real vectors, rated pairs and synonyms where `PROBEKIT_DATA` has them, generated
ones otherwise, as the lines say.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from probekit import resources
from probekit.corpora.word_items import WordItems, items_of, load_items
from probekit.embeddings.benchmarks.benchmark import Benchmark, get
from probekit.embeddings.benchmarks.catalogue import SIMILARITY
from probekit.embeddings.benchmarks.spectral_curve import similarity_curve
from probekit.embeddings.steps import geometric
from probekit.embeddings.steps.retrofitting import retrofit
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError

from .measure import Line, peak_memory, processor, threads

LARGE = (200_000, 300)
CHAIN = "ppa(5)|pca(280)|similarity-order(-0.25)|standardize"
RANKS = 20
LEXICON = "synonym_lexicons/ppdb-xl.txt.gz"


def lines() -> Iterator[Line]:
    """Memory first: what this process holds later would count."""
    with threads(1):
        yield chain()
        yield from curve()
        yield retrofitting()
        yield closed_form()


# --- memory ------------------------------------------------------------------------------------------


def chain() -> Line:
    """Peak memory of a chain on a table from a file, the table among it, as multiples of the table."""
    with TemporaryDirectory() as place:
        size = _saved(Path(place)) / 2**30
        before = peak_memory()
        started = time.process_time()
        load_table(f"static:{place}|{CHAIN}")
        spent, peak = time.process_time() - started, peak_memory() - before
    return Line(
        f"a chain of {len(CHAIN.split('|'))} spectral steps, {LARGE[0]:,} x {LARGE[1]}",
        f"{peak * 1024:.0f} MB {spent:.1f} s",
        f"{size * 1024:.0f} MB of vectors",
        f"{peak / size:.2f}",
        "",
        "<= 2.5",
        peak <= 2.5 * size,
    )


def _saved(place: Path) -> int:
    """Save a drawn table in another process, so that this one never held it; bytes of its vectors."""
    import subprocess
    import sys

    n, d = LARGE
    code = (
        "import numpy as np\nfrom probekit.embeddings.table import WordTable\n"
        f"drawn = np.random.default_rng(0).standard_normal(({n}, {d}), dtype=np.float32)\n"
        f"WordTable([f'w{{i}}' for i in range({n})], drawn).save({str(place)!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    return 4 * n * d


# --- curve by rank -----------------------------------------------------------------------------------


def curve() -> Iterator[Line]:
    """All similarity sets at 20 ranks against PCA at each rank and gensim's evaluation of each set."""
    table, sets, files = _rated()
    ranks = [int(rank) for rank in np.linspace(0, table.width, RANKS + 1).round()[1:]]
    for one in sets:
        len(one.items)  # read before, as they are for whoever asks twice
    found = similarity_curve(table, sets, ranks)
    runs = count()
    # Under a new digest, whose moments nobody has taken yet.
    ours = processor(lambda: similarity_curve(table.called("", "", f"run {next(runs)}"), sets, ranks), 3)
    theirs, rho = _by_gensim(table, files, ranks[-1])
    last = found[found["rank"] == ranks[-1]]["value"].to_numpy()
    yield Line(
        f"similarity, {len(sets)} sets at {RANKS} ranks, {len(table):,} x {table.width}",
        f"{ours:.2f} s",
        f"{theirs * RANKS:.1f} s PCA, gensim",
        f"{theirs * RANKS / ours:.0f}",
        "",
        ">= 40",
        theirs * RANKS >= 40 * ours,
    )
    yield Line(
        "  largest difference of rho at the last rank",
        f"{np.nanmax(np.abs(last - rho)):.1e}",
        "gensim",
        "-",
        "",
        "<= 1e-3",
        bool(np.nanmax(np.abs(last - rho)) <= 1e-3),
    )


def _by_gensim(table: WordTable, files: Sequence[Path], rank: int) -> tuple[float, list[float]]:
    """Seconds at one rank, the full one, and what was found."""
    from gensim.models import KeyedVectors
    from sklearn.decomposition import PCA

    rho: list[float] = []

    def call() -> None:
        vectors = KeyedVectors(rank)
        vectors.add_vectors(list(table.words), PCA(rank, svd_solver="covariance_eigh").fit_transform(table.vectors))
        given = {"delimiter": "\t", "restrict_vocab": len(table), "case_insensitive": False}
        rho[:] = [vectors.evaluate_word_pairs(str(file), **given)[1][0] for file in files]

    return processor(call, 3), rho


def _rated() -> tuple[WordTable, list[Benchmark], list[Path]]:
    """GloVe and the 13 sets, pairs in files as gensim reads them; drawn ones where they are not at hand."""
    place = TemporaryDirectory()
    _held.append(place)
    try:
        table, items = load_table("glove"), [load_items(name) for name in SIMILARITY]
    except ProbekitError:
        draw = np.random.default_rng(0)
        words = [f"w{i}" for i in range(40_000)]
        table = WordTable(words, draw.standard_normal((len(words), 100), dtype=np.float32))
        rows = [draw.integers(0, len(words), (700, 2)) for _ in SIMILARITY]
        items = [items_of("pairs", [(words[i], words[j], draw.random()) for i, j in one]) for one in rows]
    files = [Path(place.name) / f"{number}.tsv" for number in range(len(items))]
    for file, one in zip(files, items, strict=True):
        low = one.items.assign(left=one.items["left"].str.lower(), right=one.items["right"].str.lower())
        low.to_csv(file, sep="\t", header=False, index=False)
    return table, [get(f"similarity:{file}") for file in files], files


_held: list[TemporaryDirectory[str]] = []


# --- retrofitting ------------------------------------------------------------------------------------


def retrofitting() -> Line:
    """Ten sweeps over synonyms against the loop over a dictionary of words that is usual."""
    table, synonyms, what = _synonyms()
    lexicon = items_of("lexicon", [(word, other) for word, others in synonyms.items() for other in others])
    vectors = {
        word: row / max(float(np.linalg.norm(row)), 1e-6) for word, row in zip(table.words, table.vectors, strict=True)
    }
    len(table.index)  # a dictionary as the loop's
    ours = processor(lambda: _swept(table, lexicon), 3)
    theirs = processor(lambda: by_dictionary(vectors, synonyms))
    return Line(
        f"retrofit, 10 sweeps, {what}, {len(table):,} x {table.width}",
        f"{ours:.2f} s",
        f"{theirs:.1f} s by a loop",
        f"{theirs / ours:.0f}",
        "",
        ">= 15",
        theirs >= 15 * ours,
    )


def _swept(table: WordTable, lexicon: WordItems) -> WordTable:
    return retrofit(table, lexicon, weights="uniform")


def by_dictionary(vectors: Mapping[str, np.ndarray], synonyms: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """Ten passes over the words of a lexicon, each word moved to the mean of itself and its synonyms (Faruqui et al.
    2015)."""
    moved = deepcopy(dict(vectors))
    known = set(moved)
    for _ in range(10):
        for word in known.intersection(synonyms):
            near = set(synonyms[word]).intersection(known)
            if not near:
                continue
            total = len(near) * vectors[word]
            for other in near:
                total = total + moved[other]
            moved[word] = total / (2 * len(near))
    return moved


def _synonyms() -> tuple[WordTable, dict[str, list[str]], str]:
    """GloVe and PPDB, or drawn ones of about their size."""
    import gzip

    try:
        table, file = load_table("glove"), resources.find(LEXICON)
    except ProbekitError:
        draw = np.random.default_rng(0)
        words = [f"w{i}" for i in range(40_000)]
        drawn = WordTable(words, draw.standard_normal((len(words), 100), dtype=np.float32))
        near = {word: [words[i] for i in draw.integers(0, len(words), 6)] for word in words[:30_000]}
        return drawn, near, "drawn synonyms"
    with gzip.open(file, "rt", encoding="utf-8") as text:
        listed = [line.lower().split() for line in text]
    return table, {head: others for head, *others in listed if others}, "PPDB"


# --- geometric ---------------------------------------------------------------------------------------


def closed_form() -> Line:
    """The closed form against pymanopt's conjugate gradient, where that is installed, at equal objective."""
    draw = np.random.default_rng(0)
    X = draw.standard_normal((10_000, 50)) * np.linspace(0.5, 2, 50)
    Z = X @ np.linalg.qr(draw.standard_normal((50, 50)))[0] + 0.5 * draw.standard_normal(X.shape)
    problem = geometric.Problem.of(X, Z, 0.01)
    ours = processor(lambda: geometric.closed_form(problem), 3)
    what = "geo-average: the maps, from products of 10,000 x 50"
    if importlib.util.find_spec("pymanopt") is None:
        return Line(what, f"{ours * 1000:.1f} ms", "no pymanopt here", "-", "", ">= 10", None)
    theirs = processor(lambda: geometric.riemannian(problem))
    gap = geometric.riemannian(problem).objective / geometric.closed_form(problem).objective - 1
    return Line(
        what,
        f"{ours * 1000:.1f} ms",
        f"{theirs:.1f} s, {gap:+.0e}",
        f"{theirs / ours:.0f}",
        "",
        ">= 10",
        theirs >= 10 * ours and abs(gap) <= 1e-6,
    )
