"""The grid of the fault tests, and how it is run in processes that may be killed.

Two encoders, one of them a real transformer, the other trained on the corpus; two probes, one of them trained. As a
script, for workers that need one: python faults_grid.py MODEL OUT EXECUTOR WORKERS.
"""

from __future__ import annotations

import atexit
import functools
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from faults_inject import Fault, arm

from probekit import rows as schema
from probekit.encoders import activations
from probekit.store import Store
from probekit.works.probing import ProbingGrid, probing

CORPUS = "grammar(n=400)"
CELLS = 6
# What a run imports and takes seconds; none of it is under test here.
LIBRARIES = (
    "gensim.models", "pyarrow.parquet", "scipy.stats", "torch", "torch._dynamo",
    "transformers.models.auto.tokenization_auto", "transformers.models.bert.modeling_bert",
)  # fmt: skip
TASKS = ("sentence/sent_length", "sentence/parse_depth")
activations.SAVE_EVERY = 0.0  # so that there is progress to lose after every batch


def grid(model: str | Path, tasks: tuple[str, ...] = TASKS, keep: tuple[str, ...] = ("predictions",)) -> ProbingGrid:
    return probing(
        "faults",
        corpora=[CORPUS],
        encoders=[f"hf:{model}", f'word2vec:"{CORPUS}"(size=12)'],
        layers=[0, 2],
        poolings=["mean"],
        tasks=tasks,
        probes=["mlp(hidden=8, epochs=4)", "linear-svr"],
        folds=2,
        keep=keep,
    )


def one_core() -> None:
    """Encode with one thread: beside other work, two wait for each other longer than they work."""
    os.cpu_count = lambda: 1
    os.sched_getaffinity = lambda process: {0}


def run(model: str, out: str, executor: str = "serial", workers: str = "1") -> None:
    grid(model).run(out, executor, workers=int(workers))


class Apart:
    """A function that runs in a process of its own, with `place` as its folder and `place / "cache"`.

    The process is forked from one that has imported the libraries and done nothing else. `end` waits for it.
    """

    def __init__(
        self, place: Path, function: Callable[..., Any], *arguments: Any, faults: tuple[Fault, ...] = ()
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(LIBRARIES))
        handle, said = tempfile.mkstemp(prefix="said-", dir=place)
        os.close(handle)
        self.said = Path(said)
        self.process = context.Process(target=_child, args=(said, str(place), faults, function, arguments))
        self.process.start()

    def end(self) -> tuple[int, str]:
        """Its exit code (-9: killed) and what it said."""
        self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode, self.said.read_text()


def apart(place: Path, function: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[int, str]:
    """Exit code and words of a function that ran in a process of its own, as in `Apart`."""
    return Apart(place, function, *arguments, **options).end()


def _child(
    said: str, place: str, faults: tuple[Fault, ...], function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    handle = os.open(said, os.O_WRONLY)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.chdir(place)
    os.environ["PROBEKIT_CACHE"] = f"{place}/cache"
    one_core()
    # With another method, what killed processes held is counted as leaked when the tests end.
    multiprocessing.set_start_method("fork", force=True)
    arm(*faults)
    function(*arguments)


@functools.cache
def whole(model: str) -> Path:
    """The folder of a run that met no trouble, results in `out` and its cache; made once in a test run."""
    place = Path(tempfile.mkdtemp(prefix="probekit-whole-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    code, said = apart(place, run, model, "out")
    assert code == 0, said
    assert len(list((place / "out").glob("*.parquet"))) == CELLS
    return place


def rows(out: Path) -> pd.DataFrame:
    """Stored rows in one order, without seconds, which no two runs share."""
    found = pd.read_parquet(out, dtype_backend="numpy_nullable")  # layers are integers, whichever are there
    info = [{k: v for k, v in json.loads(one).items() if k != "seconds"} for one in found["info"]]
    found["info"] = [json.dumps(one, sort_keys=True) for one in info]
    return found.sort_values(list(schema.UNIQUE)).reset_index(drop=True)


def predictions(out: Path) -> pd.DataFrame:
    """Stored predictions in one order."""
    found = pd.read_parquet(out / "_tables" / "predictions")
    return found.sort_values(["key", "split", "unit"]).reset_index(drop=True)


def same(out: Path, expected: Path) -> None:
    """Two folders hold the same rows and predictions, to the last bit, each once."""
    pd.testing.assert_frame_equal(rows(out), rows(expected), check_exact=True)
    pd.testing.assert_frame_equal(predictions(out), predictions(expected), check_exact=True)


def intact(out: Path, cache: Path, expected_in: Path) -> None:
    """What lies in results and cache can be read by anybody, is what another folder holds, and is there once."""
    if (out / "_manifest.json").exists():
        assert json.loads((out / "_manifest.json").read_text())["experiment"] == "faults"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "removed the damaged cache entry ..."
        store = Store(cache)
        for entry in store.entries():
            assert store.find(entry.kind, entry.key)
    for read, part in ((rows, "*.parquet"), (predictions, "_tables/predictions/*.parquet")):
        if list(out.glob(part)):
            found, expected = read(out), read(expected_in)
            expected = expected[expected["key"].isin(found["key"])].reset_index(drop=True)
            pd.testing.assert_frame_equal(found, expected, check_exact=True)


if __name__ in ("__main__", "__mp_main__"):  # the script, and the workers that it starts
    one_core()
if __name__ == "__main__":
    run(*sys.argv[1:])
