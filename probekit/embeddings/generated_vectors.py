"""The vectors that carry generated ratings, as a table: `generated-vectors(seed=0)`."""

from __future__ import annotations

from probekit.corpora.catalogue import ratings
from probekit.corpora.generated.ratings import generated_ratings
from probekit.embeddings.catalogue import TableKind
from probekit.embeddings.table import WordTable
from probekit.sources import Arguments, Source, resolve
from probekit.specs import Spec
from probekit.store import digest
from probekit.values import Seed


def vectors(seed: Seed = 0) -> WordTable:
    """Words of the generated ratings with the vectors (words, 100) that their properties were drawn into."""
    rated, found, _ = generated_ratings(seed=seed)
    return WordTable(rated.words, found)


def _arguments(spec: Spec) -> Arguments:
    return resolve(spec, vectors, "word-vector table")


def _describe(spec: Spec) -> Source:
    arguments = _arguments(spec)
    key = digest([spec.name, ratings.entry("generated-ratings").revision, dict(arguments.options)])
    return Source(str(arguments.written), str(arguments.written), key, generated=True)


GENERATED = TableKind(_describe, lambda spec: vectors(**_arguments(spec).options))
