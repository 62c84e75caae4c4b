"""Vectors that mean nothing, for the words of a table, as a control: `gaussian(like=glove, seed=0)`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from probekit.embeddings.catalogue import TableKind, kinds, steps
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table, table_spec, width_of
from probekit.errors import ProbekitError
from probekit.sources import Arguments, Source, resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Seed


def gaussian(like: WordTable, seed: Seed = 0) -> WordTable:
    """Independent normal values for the words of a table, of its width and the root mean square of its values."""
    spread = np.sqrt(np.mean(np.square(like.vectors, dtype=np.float64)))
    drawn = generator(seed, "draw", "gaussian").standard_normal(like.vectors.shape, dtype=np.float32)
    return like.with_vectors(drawn * np.float32(spread))


def random_like(spec: str | Spec, seed: Seed = 0) -> Spec:
    """The control of a table: normal vectors for its words. Steps from the first on that makes features which are no
    vectors any more (`fuzzy`) are taken on the random vectors, so that the measures of such features answer."""
    spec = parse(spec)
    at = next((i for i, step in enumerate(spec.steps) if steps.entry(step.name).meta.get("features")), len(spec.steps))
    like = str(replace(spec, steps=spec.steps[:at]))
    return Spec("gaussian", None, (), {"like": like, "seed": seed}, spec.steps[at:])


def _arguments(spec: Spec) -> Arguments:
    if spec.target is not None:
        raise ProbekitError(f"'{spec}': gaussian takes arguments in brackets: gaussian(like={spec.target})")
    return resolve(spec, gaussian, "word-vector table")


def _describe(spec: Spec) -> Source:
    arguments = _arguments(spec)
    like, seed = describe_table(table_spec(arguments.options["like"])), arguments.options["seed"]
    written, shown = (str(arguments.written.given({"like": text})) for text in (like.spec, like.name))
    key = digest([spec.name, kinds.entry(spec.name).revision, like.digest, seed])
    return Source(written, shown, key, **together(like))


def _load(spec: Spec) -> WordTable:
    options = _arguments(spec).options
    return gaussian(load_table(table_spec(options["like"])), options["seed"])


GAUSSIAN = TableKind(_describe, _load, lambda spec: width_of(table_spec(_arguments(spec).options["like"])))
