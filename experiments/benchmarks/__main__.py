"""Print the benchmark table, all of it or the parts named: `python -m experiments.benchmarks [PART ...]`.

The part `profiling` takes `--sentences N`, a sample in the place of the whole corpus, and `--out FOLDER`, a new one
that keeps the answers: they are those of the study.

Each part runs in a process of its own, so that the memory it reports is its own.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

from .measure import show

PARTS = (
    "reading",
    "encoding",
    "solving",
    "words",
    "parsing",
    "grid",
    "spans",
    "classifying",
    "relevance",
    "codes",
    "tables",
    "analogies",
    "translation",
    "composition",
    "tagging",
    "paraphrases",
    "pairs",
    "alphas",
    "spelling",
    "pretraining",
    "trees",
    "supertagging",
    "tuning",
)
# Too long to be part of every table.
ON_REQUEST = ("study", "profiling")


def main(arguments: list[str]) -> None:
    reader = argparse.ArgumentParser(prog="python -m experiments.benchmarks", description=__doc__.splitlines()[0])
    reader.add_argument("parts", nargs="*", metavar="PART")
    reader.add_argument("--sentences", type=int, help="of profiling: a sample of so many")
    reader.add_argument("--out", type=Path, help="of profiling: a new folder that keeps the answers")
    asked = reader.parse_args(arguments)
    options = {name: value for name in ("sentences", "out") if (value := getattr(asked, name)) is not None}
    if options and asked.parts != ["profiling"]:
        reader.error("--sentences and --out are for one part: profiling --sentences 800")
    if asked.sentences is not None and asked.sentences < 1:
        reader.error(f"--sentences must be 1 or more, got {asked.sentences}")
    if asked.out is not None and asked.out.exists():  # what it holds would not be computed
        reader.error(f"'{asked.out}' is there already; name a new folder")
    if unknown := [name for name in asked.parts if name not in PARTS + ON_REQUEST]:
        reader.error(f"no part '{unknown[0]}'; parts are {', '.join(PARTS + ON_REQUEST)}")
    chosen = asked.parts or PARTS
    if len(chosen) > 1:
        for name in chosen:
            subprocess.run([sys.executable, "-m", __package__, name], check=True)
        return
    print(f"\n{chosen[0]}", flush=True)
    show(importlib.import_module(f".{chosen[0]}", __package__).lines(**options))


if __name__ == "__main__":
    main(sys.argv[1:])
