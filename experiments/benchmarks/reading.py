"""Reading treebanks, extracting the 68 profiling features, drawing the study's figures. One thread.

Real treebanks where `PROBEKIT_DATA` has them, otherwise generated sentences; figures from the study's own rows where
this checkout holds them, otherwise from as many rows spread around the means that it keeps of them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from probekit import resources, rows, tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.conllu import read_conllu

from .measure import Line, seconds, threads

TREEBANKS = ("ud-english-ewt", "ud-english-gum", "ud-english-partut")
SENTENCES = 23_943
STUDY = "linguistic-profiling"
RESULTS = Path(__file__).resolve().parents[2] / "results" / STUDY
AXES = ("dataset", "setting", "control", "probe", "encoder", "layer", "pooling")
FOLDS = 5
READING, FEATURES, FIGURES = 6, 10, 20  # seconds aimed at


def lines() -> Iterator[Line]:
    """One line a step: seconds, median of three, beside what bounds them from below."""
    with TemporaryDirectory() as place, threads(1):
        paths, name = treebanks(Path(place))
        corpus = read_conllu(paths)
        size = f"{corpus.n_sentences:,} sentences, {corpus.n_words:,} words"
        split = seconds(lambda: cells(paths))
        yield line(f"reading {name}", seconds(lambda: read_conllu(paths)), READING, f"{split:.2f} s")
        yield line(f"68 features, {size}", seconds(lambda: features(corpus)), FEATURES)
        study, name = study_rows(Path(place))
        yield line(f"figures of {name}", seconds(lambda: draw(study, Path(place) / "drawn")), FIGURES)


def line(what: str, ours: float, aim: float, floor: str = "-") -> Line:
    """A line of seconds that nothing is compared with."""
    return Line(what, f"{ours:.2f} s", "-", "-", floor, f"<= {aim} s", ours <= aim)


# --- treebanks


def treebanks(place: Path) -> tuple[list[Path], str]:
    """Files of the study's three treebanks and what they are; generated sentences where one is missing."""
    if not any(None in resources.locate(name) for name in TREEBANKS):
        return [path for name in TREEBANKS for path in resources.path(name)], "EWT + GUM + ParTUT 2.4"
    path = place / "generated.conllu"
    path.write_text(conllu(load_corpus(f"grammar(n={SENTENCES})")), encoding="utf-8")
    return [path], f"{SENTENCES:,} generated sentences"


def conllu(corpus: Corpus) -> str:
    """A corpus in the format that is read."""
    strings = [[str(value) or "_" for value in corpus.layers[name]] for name in ("lemma", "upos", "xpos", "feats")]
    heads, relations = corpus.layers["head"].tolist(), [str(value) for value in corpus.layers["deprel"]]
    positions = (corpus.position_of_word + 1).tolist()
    columns = zip(positions, map(str, corpus.form), *strings, heads, relations, strict=True)
    return "".join(("\n" if word[0] == 1 else "") + "\t".join(map(str, word)) + "\t_\t_\n" for word in columns)


def cells(paths: list[Path]) -> int:
    """What no reader goes below: decompress, digest, decode and split every file."""
    n = 0
    for path in paths:
        content = resources.read_bytes(path)
        hashlib.sha256(content)
        n += len(content.decode().replace("\n", "\t").split("\t"))
    return n


def features(corpus: Corpus) -> None:
    """Targets of all features; what they share is computed anew for a new corpus object."""
    corpus = replace(corpus)
    for feature in tasks.PROFILING_68:
        tasks.get(feature.name).targets(corpus)


# --- figures


def study_rows(place: Path) -> tuple[Path, str]:
    """A folder of the study's rows, and what they are. Needs the checkout: results are in no wheel."""
    if any(RESULTS.glob("*.parquet")):
        return RESULTS, "the study, its own rows"
    import pyarrow.parquet as pq

    folder = place / STUDY
    folder.mkdir()
    parts: dict[str, list[dict[str, Any]]] = {}
    with open(RESULTS / "_figures" / "summary.csv", encoding="utf-8", newline="") as file:
        for mean in csv.DictReader(file):
            cell = "/".join(mean[name] for name in AXES)
            parts.setdefault(cell, []).extend(scores(mean, cell))
    for dataset in sorted({found[0]["dataset"] for found in parts.values()}):
        parts[f"{dataset}/length"] = list(lengths(dataset))
    for number, found in enumerate(parts.values()):
        pq.write_table(rows.table(found), folder / f"{number:04d}.parquet", compression="zstd")
    (folder / "_manifest.json").write_text(json.dumps({"experiment": STUDY, "runs": []}), encoding="utf-8")
    return folder, f"{sum(map(len, parts.values())):,} rows around the study's means"


def scores(mean: dict[str, str], cell: str) -> Iterator[dict[str, Any]]:
    """Rows of the features of a group, a row a fold and one pooled, spread around the mean that a run had."""
    members = [feature.name for feature in tasks.PROFILING_68 if feature.group == mean["task_group"]]
    axes: dict[str, Any] = {name: mean[name] for name in (*AXES, "task_group")}
    axes |= {"experiment": STUDY, "split": "cv", "seed": 0, "layer": int(mean["layer"]) if mean["layer"] else None}
    for place, task in enumerate(members[: int(mean["n_tasks"])]):
        for fold in (*range(FOLDS), None):
            spread = 0.2 * (place / len(members) - 0.5) + 0.002 * (fold or 0)
            metric = "spearman_pooled" if fold is None else "spearman"
            yield {
                **axes,
                "task": task,
                "fold": fold,
                "metric": metric,
                "value": float(mean["rho"]) + spread,
                "n_train": SENTENCES,
                "n_test": SENTENCES,
                "info": {"converged": True, "gap": 1e-4},
                "key": f"{cell}/{task}/{fold}",
            }


def lengths(dataset: str) -> Iterator[dict[str, Any]]:
    """Rows of the length baseline: how features go with the number of words."""
    for feature in tasks.PROFILING_68:
        for metric, value in (("spearman", feature.rho), ("abs_spearman", abs(feature.rho))):
            yield {
                "experiment": STUDY,
                "task": feature.name,
                "task_group": feature.group,
                "dataset": dataset,
                "split": "all",
                "control": "length",
                "metric": metric,
                "value": value,
                "seed": 0,
                "n_train": 0,
                "n_test": SENTENCES,
                "key": f"{dataset}/length/{feature.name}",
            }


def draw(results: Path, out: Path) -> None:
    """The command that draws every figure and table, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", "from probekit.cli import main; main()", "figures", STUDY]
    subprocess.run(
        [*command, "--results", str(results), "--out", str(out)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
