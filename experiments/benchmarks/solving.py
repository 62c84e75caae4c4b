"""`linear-svr` against scikit-learn's LinearSVR one by one: 68 targets x 5 folds of one representation. One thread.

Real sentences where `PROBEKIT_DATA` has the study's treebanks, otherwise generated ones, through `minilm`.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from probekit import scores, streams, tasks
from probekit.corpora import load_corpus
from probekit.encoders.activations import encode
from probekit.probes.linear_svr import LinearSVR
from probekit.probes.svr_solver import POLISH_AFTER
from probekit.store import Store

from .measure import REPEATS, Line, matrix_rate, peak_memory, threads, treebanks_at_hand

N = 9500
LAYER, POOLINGS = 2, ("mean", "sum")
FOLDS = 5
# So many fits of the reference stand for all 340.
SAMPLE = 20


def lines() -> Iterator[Line]:
    """Speed, objectives, gaps, agreement with a tighter gap, memory."""
    real = treebanks_at_hand()
    corpus = load_corpus(f"ud-english|sample(n={N})" if real else f"grammar(n={N})")
    Y = np.stack([np.asarray(tasks.get(t).targets(corpus), float) for t in tasks.expand(["sentence/profiling-68"])], 1)
    with TemporaryDirectory() as place, threads(1):
        vectors = encode(corpus, "minilm", layers=[LAYER], poolings=POOLINGS, store=Store(place))
        fold = streams.generator(0, "split", "folds", "sentence").permutation(len(Y)) % FOLDS
        rows = [np.flatnonzero(fold != k) for k in range(FOLDS)]
        for pooling in POOLINGS:
            name = f"{'real' if real else 'generated'} sentences, minilm layer {LAYER} {pooling}"
            yield from _representation(np.asarray(vectors[LAYER, pooling]), Y, fold, rows, name)


def _representation(
    X: np.ndarray, Y: np.ndarray, fold: np.ndarray, rows: list[np.ndarray], name: str
) -> Iterator[Line]:
    fits = [(k, t) for k in range(FOLDS) for t in range(Y.shape[1])]
    n, d = len(rows[0]), X.shape[1] + 1
    times, rates = [], []
    fitted: list[list[LinearSVR]] = []
    for _ in range(REPEATS):
        rates.append(matrix_rate())
        started = time.perf_counter()
        fitted = LinearSVR.fit_many(X, Y, rows, [{}])
        times.append(time.perf_counter() - started)
    ours = statistics.median(times)
    infos = {(k, t): fitted[k][0].info_[t] for k, t in fits}
    products = sum(min(info["iterations"], POLISH_AFTER) for info in infos.values())
    floor = 4 * n * d * products / statistics.median(rates)

    chosen = streams.generator(0, "sample", "fits").choice(len(fits), SAMPLE, replace=False)
    spent, ratios, limited = [], [], []
    for k, t in (fits[i] for i in chosen):
        seconds, objective, hit = _reference(X[rows[k]], Y[rows[k], t])
        spent.append(seconds)
        limited.append(hit)
        ratios.append(infos[k, t]["objective"] / objective)
    reference = statistics.mean(spent) * len(fits)
    yield Line(
        f"{len(fits)} fits of {n:,} x {d - 1}, {name}",
        f"{ours:.1f} s",
        f"{reference:.0f} s ({SAMPLE} timed)",
        f"{reference / ours:.0f} x",
        f"{floor:.1f} s",
        ">= 50 x, at best 200 x",
        reference / ours >= 50,
    )
    gaps = [info["gap"] for info in infos.values()]
    yield Line(
        "  largest relative gap", f"{max(gaps):.1e}", "-", "-", "-", "<= 1e-3 for every problem", max(gaps) <= 1e-3
    )
    worse = max(ratio - 1 - infos[fits[i]]["gap"] for i, ratio in zip(chosen, ratios, strict=True))
    yield Line(
        "  objective over LinearSVR's, largest", f"{max(ratios):.4f}", "1", "-", "-", "<= 1 + certified gap", worse <= 0
    )
    below = [ratio < 1 for ratio, hit in zip(ratios, limited, strict=True) if hit]
    yield Line(
        "  strictly below where LinearSVR hit its limit",
        f"{sum(below)}",
        f"{len(below)} fits",
        "-",
        "-",
        "all",
        all(below),
    )
    counts = np.array([info["iterations"] for info in infos.values()])
    yield Line("  iterations, mean and largest", f"{counts.mean():.0f}, {counts.max()}", "-", "-", "-", "-", None)
    yield _tighter(X, Y, fold, rows, fitted)
    yield Line("  peak memory so far", f"{peak_memory():.2f} GiB", "-", "-", "-", "<= 1.86 GiB", peak_memory() <= 1.86)


def _reference(x: np.ndarray, y: np.ndarray) -> tuple[float, float, bool]:
    """Seconds of scikit-learn's LinearSVR at its defaults, the objective it reached, whether it hit its limit."""
    from sklearn.svm import LinearSVR as Liblinear

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.perf_counter()
        model: Any = Liblinear(random_state=0).fit(x, y)
        spent = time.perf_counter() - started
    w, b = model.coef_.astype(float), float(np.ravel(model.intercept_)[0])
    objective = 0.5 * (w @ w + b * b) + np.abs(y - x.astype(float) @ w - b).sum()
    return spent, float(objective), int(model.n_iter_) >= model.max_iter


def _tighter(
    X: np.ndarray, Y: np.ndarray, fold: np.ndarray, rows: list[np.ndarray], fitted: list[list[LinearSVR]]
) -> Line:
    """Spearman of the first fold's 68 probes at gaps 1e-3 and 1e-5."""
    test = np.flatnonzero(fold == 0)
    started = time.perf_counter()
    ((tight,),) = LinearSVR.fit_many(X, Y, rows[:1], [{"gap": 1e-5}])
    spent = time.perf_counter() - started
    rhos = []
    for probe in (fitted[0][0], tight):
        shown = scores.round_to_spread(probe.predict(X[test]), Y[rows[0]].std(axis=0))
        rhos.append([score.value for score in scores.score_columns("spearman", Y[test], shown)])
    apart = float(np.nanmax(np.abs(np.array(rhos[0]) - np.array(rhos[1]))))
    within = max(info["gap"] for info in tight.info_)
    return Line(
        f"  Spearman at gap 1e-3 and 1e-5, largest difference, fold 0 ({spent:.0f} s)",
        f"{apart:.4f}",
        "-",
        "-",
        "-",
        f"<= .002 (gaps there {within:.0e})",
        apart <= 0.002 and within <= 1e-5,
    )
