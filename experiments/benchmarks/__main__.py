"""Print the benchmark table, all of it or the parts named: `python -m experiments.benchmarks [PART ...]`."""

from __future__ import annotations

import importlib
import sys

from .measure import show

PARTS = ("reading", "encoding", "solving", "parsing", "grid", "classifying", "relevance")
# Too long to be part of every table.
ON_REQUEST = ("study",)


def main(arguments: list[str]) -> None:
    unknown = [name for name in arguments if name not in PARTS + ON_REQUEST]
    if unknown:
        raise SystemExit(f"no part '{unknown[0]}'; parts are {', '.join(PARTS + ON_REQUEST)}")
    for name in arguments or PARTS:
        print(f"\n{name}", flush=True)
        show(importlib.import_module(f".{name}", __package__).lines())


if __name__ == "__main__":
    main(sys.argv[1:])
