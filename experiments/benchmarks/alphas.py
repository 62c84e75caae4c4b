"""Alpha-embeddings: many alphas, references and metrics at once against one table at a time; memory at 40,000 words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from probekit.embeddings.conditional import METRICS, REFERENCES, ConditionalModel, Point, sweep
from probekit.embeddings.steps.conditional import natural_alpha
from probekit.embeddings.table import WordTable

from .measure import Line, peak_memory, processor, threads

WORDS, LARGE, SIZE, ALPHAS, TRIED = 10_000, 40_000, 50, 30, 2
AIM, MEMORY_AIM = 3.0, 2.0


def lines() -> Iterator[Line]:
    """10,000 words x 50: 30 alphas, three references, two metrics; one alpha of 40,000 words."""
    with threads(1):
        yield _sweeping()
        large = drawn(LARGE)
        natural_alpha(large, 0.5, "corpus")
    used = peak_memory()
    what = f"memory, an alpha of {LARGE:,} words x {SIZE}"
    yield Line(what, f"{used:.1f} GB", "-", "-", "-", f"<= {MEMORY_AIM:.0f} GB", used <= MEMORY_AIM)


def drawn(words: int) -> WordTable:
    """Normal vectors and counts by Zipf's law."""
    random = np.random.default_rng(0)
    u, v = (0.4 * random.standard_normal((words, SIZE), dtype=np.float32) for _ in range(2))
    return WordTable([f"w{i}" for i in range(words)], u, v, (1e6 / np.arange(1, words + 1)).astype(np.int64))


def _sweeping() -> Line:
    """Seconds of all points at once, and of as many steps by the mean of some."""
    table = drawn(WORDS)
    alphas = [float(alpha) for alpha in np.linspace(-5, 4.9, ALPHAS)]
    points = [Point(alpha, one) for one in REFERENCES for alpha in alphas]

    def at_once() -> None:
        model = ConditionalModel(table)
        for point, vectors in sweep(model, points).items():
            for metric in METRICS:
                table.with_vectors(model.in_metric(vectors, point.reference, metric))

    ours = processor(at_once)
    tried = list(product(alphas[:: ALPHAS // TRIED], REFERENCES, METRICS))
    one = processor(lambda: [natural_alpha(table, a, reference, metric=m) for a, reference, m in tried]) / len(tried)
    alone = one * len(points) * len(METRICS)
    what = f"{len(points) * len(METRICS)} tables of {WORDS:,} words x {SIZE}"
    ratio = alone / ours
    aim = f">= {AIM:.0f} times as fast"
    return Line(what, f"{ours:.0f} s", f"{alone:.0f} s (one at a time)", f"{ratio:.1f}", "-", aim, ratio >= AIM)
