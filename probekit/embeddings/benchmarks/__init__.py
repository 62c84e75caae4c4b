"""Benchmarks of words: named, with items, metrics and direction, a trivial baseline, a source."""

from probekit.embeddings.benchmarks.benchmark import Benchmark, Scored, describe, get
from probekit.embeddings.benchmarks.catalogue import registry

__all__ = ["Benchmark", "Scored", "describe", "get", "registry"]
