"""Print the benchmark table, all of it or the parts named: `python -m experiments.benchmarks [PART ...]`.

The part `profiling` takes `--sentences N`, a sample in the place of the whole corpus.

Each part runs in a process of its own, so that the memory it reports is its own.
"""

from __future__ import annotations

import importlib
import subprocess
import sys

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
    options: dict[str, int] = {}
    if "--sentences" in arguments:
        if len(arguments) != 3 or arguments[:2] != ["profiling", "--sentences"] or not arguments[2].isdecimal():
            raise SystemExit("--sentences is for one part: profiling --sentences 800")
        options, arguments = {"sentences": int(arguments[2])}, arguments[:1]
    unknown = [name for name in arguments if name not in PARTS + ON_REQUEST]
    if unknown:
        raise SystemExit(f"no part '{unknown[0]}'; parts are {', '.join(PARTS + ON_REQUEST)}")
    chosen = arguments or PARTS
    if len(chosen) > 1:
        for name in chosen:
            subprocess.run([sys.executable, "-m", __package__, name], check=True)
        return
    print(f"\n{chosen[0]}", flush=True)
    show(importlib.import_module(f".{chosen[0]}", __package__).lines(**options))


if __name__ == "__main__":
    main(sys.argv[1:])
