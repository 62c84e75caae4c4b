"""The profiling grid at the paper's size beside its counted floor: 23,943 sentences, an encoder of 12 layers of 768.

MPNet where it is found (else the next of the study), its 13 layers in four poolings and [CLS], word2vec trained on the
corpus and GloVe where it is found in four, 68 features, 5 folds, `linear-svr` with a certificate each. The floor is
what must at least be multiplied: the encoder's products over what it reads, and of every fold Gram matrix, rotation and
the two products of each iteration, all at the matrix rate of the same run; training word2vec, eigendecompositions,
Newton steps, intervals and the start of processes count nothing. Ours is processor time of all processes.

It takes more than an hour of one core, so it is measured only when it is named: `python -m experiments.benchmarks
profiling`; its answers are those of the study, kept with `--out FOLDER`. With `--sentences 800` it is a sample, in
minutes, that says what the whole would take. The eigendecompositions do not grow with the sentences and weigh more in a
sample; they are timed apart. What else does not grow is not, so that a small sample says too much.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from probekit.experiments.linguistic_profiling import FEATURES, POOLINGS, STUDY, contextual

from probekit import encoders
from probekit.corpora import load_corpus
from probekit.probes.svr_solver import POLISH_AFTER
from probekit.specs import Spec
from probekit.study import Data

from .encoding import count, loaded
from .measure import Line, matrix_rate, processor, threads
from .study import Memory

RATIO, MEMORY, GAP = 2.2, 6.0, 1e-3
RUN = """
import json, sys
import probekit as pk

if __name__ == "__main__":
    name, asked, out = sys.argv[1:]
    pk.probing(name, **json.loads(asked)).run(out, executor="processes", workers=2)
"""


def lines(sentences: int | None = None, out: Path | None = None) -> Iterator[Line]:
    """Processor time beside the floor, certificates, memory; of a sample also what the whole would take."""
    data = Data(STUDY)
    whole, encoder = data["treebanks"], contextual(data)[0]
    corpus = f"{whole}|sample(n={sentences})" if sentences else whole
    tables = [str(Spec("word2vec", corpus)), *([data["glove"]] if "glove" in data else [])]
    asked = {"corpora": [corpus], "encoders": [encoder, *tables], "poolings": POOLINGS, "tasks": [FEATURES]}
    rates = [_rate()]
    with TemporaryDirectory(prefix="probekit-benchmark-") as place, Memory() as memory:
        results = out or Path(place) / "results"
        spent = _run({**asked, "probes": ["linear-svr"]}, Path(place), results)
        sources = [encoders.describe(spec) for spec in (encoder, *tables)]
        fits = _fits(results, {source.name: source.width or 0 for source in sources})
    rates.append(_rate())
    encoding, solving, fixed = _encoding(encoder, corpus), _products(fits), _decomposing(fits)
    floor = (encoding + solving) / max(rates)
    n = load_corpus(corpus).n_sentences
    ratio = spent / floor
    what = f"{len(fits):,} fits on {n:,} sentences, {encoders.describe(encoder).name}"
    aim = f"<= {RATIO} of the whole" if sentences else f"<= {RATIO}"
    shown = f"{floor / 60:.1f} min ({encoding / (encoding + solving):.0%} encoding)"
    yield Line(what, f"{spent / 60:.1f} min", "-", f"{ratio:.2f}", shown, aim, None if sentences else ratio <= RATIO)
    if sentences:
        yield _extrapolated(load_corpus(whole).n_sentences / n, spent, floor, fixed)
    gap = fits["gap"].max()
    yield Line("  largest relative gap", f"{gap:.1e}", "-", "-", "-", f"<= {GAP:g} for every fit", bool(gap <= GAP))
    most = memory.most / 1e9
    yield Line("  memory of all processes", f"{most:.2f} GB", "-", "-", "-", f"<= {MEMORY:g} GB", most <= MEMORY)


def _rate() -> float:
    """Operations a second of one thread, by the processor's clock: the machine may be busy with something else."""
    with threads(1):
        return matrix_rate(time.process_time)


def _run(asked: dict[str, object], place: Path, results: Path) -> float:
    """Seconds of the processor that the grid takes from an empty cache, all of its processes together."""
    script = place / "run.py"
    script.write_text(RUN)
    environment = {**os.environ, "PROBEKIT_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, str(script), STUDY.name, json.dumps(asked), str(results)]
    subprocess.run(command, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _fits(folder: Path, widths: dict[str, int]) -> pd.DataFrame:
    """A line for every fit: what it was fitted on, its iterations, its certified gap, its width with the intercept."""
    rows = pd.read_parquet(folder).dropna(subset="fold")
    rows = rows[rows["probe"].eq("linear-svr")]
    info = rows["info"].map(json.loads)
    fits = rows[["encoder", "layer", "pooling", "fold", "n_train"]].assign(
        iterations=info.map(lambda found: found["iterations"]), gap=info.map(lambda found: found["gap"])
    )
    return fits.assign(width=fits["encoder"].map(widths) + 1)


def _encoding(encoder: str, corpus: str) -> float:
    """Operations of one pass of the encoder."""
    return count(loaded(encoder), load_corpus(corpus))


def _products(fits: pd.DataFrame) -> float:
    """Operations of the solver: two products an iteration of each fit, Gram matrix and rotation of each design."""
    iterations = fits["iterations"].clip(upper=POLISH_AFTER)
    designs = _designs(fits)
    shared = 4.0 * designs["n_train"] * designs["width"] ** 2
    return float((4.0 * fits["n_train"] * fits["width"] * iterations).sum() + shared.sum())


def _designs(fits: pd.DataFrame) -> pd.DataFrame:
    return fits.drop_duplicates(["encoder", "layer", "pooling", "fold"])


def _decomposing(fits: pd.DataFrame) -> float:
    """Seconds of all eigendecompositions, from one of each width."""
    found = 0.0
    for width, n in zip(*np.unique(_designs(fits)["width"], return_counts=True), strict=True):
        x = np.random.default_rng(0).standard_normal((2 * int(width), int(width)))
        gram = x.T @ x
        with threads(1):
            found += n * processor(partial(np.linalg.eigh, gram))
    return found


def _extrapolated(times: float, spent: float, floor: float, fixed: float) -> Line:
    """What the whole takes where all but the eigendecompositions grows with the sentences."""
    whole = (spent - fixed) * times + fixed
    ratio = whole / (floor * times)
    what = f"  the whole from it ({fixed:.0f} s of eigendecompositions apart)"
    at_least = f"{floor * times / 60:.0f} min"
    return Line(what, f"{whole / 60:.0f} min", "-", f"{ratio:.2f}", at_least, f"<= {RATIO}", bool(ratio <= RATIO))
