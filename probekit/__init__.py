"""probekit: what does a representation know, and which inputs does a model rely on?

    import probekit as pk
    grid = pk.probing("try", corpora=["grammar(n=500)"], encoders=["minilm"], tasks=["sentence/parse_depth"])
    rows = grid.run("results/try")

Everything here is imported when it is first used: `import probekit` loads neither torch nor transformers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from probekit import corpora, embeddings, encoders, probes, relevance, report, scores, tasks
    from probekit.corpora import load_corpus
    from probekit.corpora.corpus import Corpus
    from probekit.embeddings import benchmarks
    from probekit.embeddings.tables import load_table
    from probekit.encoders import load_encoder
    from probekit.encoders.activations import encode
    from probekit.errors import ProbekitError
    from probekit.grid import Grid, works
    from probekit.learners.parser import parse, train_parser
    from probekit.learners.supertagger import supertag, train_supertagger
    from probekit.learners.tagger import tag, train_tagger
    from probekit.report.read import read_results, read_table
    from probekit.works.benchmarking import benchmarking
    from probekit.works.probing import probing
    from probekit.works.supertagging import supertagging
    from probekit.works.tagging import tagging

_WHERE = {
    "Corpus": "probekit.corpora.corpus",
    "Grid": "probekit.grid",
    "ProbekitError": "probekit.errors",
    "benchmarking": "probekit.works.benchmarking",
    "encode": "probekit.encoders.activations",
    "load_corpus": "probekit.corpora",
    "load_encoder": "probekit.encoders",
    "load_table": "probekit.embeddings.tables",
    "parse": "probekit.learners.parser",
    "probing": "probekit.works.probing",
    "read_results": "probekit.report.read",
    "read_table": "probekit.report.read",
    "supertag": "probekit.learners.supertagger",
    "supertagging": "probekit.works.supertagging",
    "tag": "probekit.learners.tagger",
    "tagging": "probekit.works.tagging",
    "train_parser": "probekit.learners.parser",
    "train_supertagger": "probekit.learners.supertagger",
    "train_tagger": "probekit.learners.tagger",
    "works": "probekit.grid",
}
_ROOMS = (
    "attention",
    "corpora",
    "embeddings",
    "encoders",
    "grid",
    "learners",
    "probes",
    "relevance",
    "report",
    "scores",
    "tasks",
    "training",
    "works",
)

__all__ = [
    "Corpus",
    "Grid",
    "ProbekitError",
    "benchmarking",
    "benchmarks",
    "corpora",
    "embeddings",
    "encode",
    "encoders",
    "load_corpus",
    "load_encoder",
    "load_table",
    "probes",
    "probing",
    "read_results",
    "read_table",
    "relevance",
    "report",
    "scores",
    "parse",
    "supertag",
    "supertagging",
    "tag",
    "tagging",
    "tasks",
    "train_parser",
    "train_supertagger",
    "train_tagger",
    "works",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"probekit.{name}")
    if name == "benchmarks":
        return importlib.import_module("probekit.embeddings.benchmarks")
    if name in _WHERE:
        found = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'probekit' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
