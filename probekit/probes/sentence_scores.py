"""Probes without training: one number a sentence, or a pair, read off its vector or its words as it is.

A score is larger where more is said (Chen and Gimpel 2020): a large norm, a low entropy, many or rare words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.tables import describe_table, load_table, table_spec
from probekit.encoders.pooling import GAUSSIAN
from probekit.errors import ProbekitError
from probekit.registry import Registry
from probekit.sources import Source, modules_of, resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import OneOf

VECTORS, PAIRS, WORDS = "vectors", "pairs", "words"
# A function(vectors), (left, right) or (corpus) -> (n,) numbers, as its metadata `reads` says.
registry: Registry[Callable[..., Any]] = Registry("sentence score")


def norm(vectors: np.ndarray) -> np.ndarray:
    """Length of the vector of each sentence: (n, d) -> (n,)."""
    return np.linalg.norm(np.asarray(vectors, dtype=np.float64), axis=1)


def entropy(vectors: np.ndarray) -> np.ndarray:
    """Minus the differential entropy of each sentence's Gaussian, nats: means and variances (n, 2 k) -> (n,).

    -(k/2 (1 + ln 2 pi) + 1/2 sum ln v). NaN where a variance is 0.
    """
    variances = np.asarray(vectors[:, vectors.shape[1] // 2 :], dtype=np.float64)
    with np.errstate(divide="ignore"):
        logarithms = np.log(variances)
    found = -0.5 * (variances.shape[1] * (1 + np.log(2 * np.pi)) + logarithms.sum(1))
    return np.where(np.isfinite(found), found, np.nan)


def cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Cosine of the vectors of two sentences, (n, d) each -> (n,). NaN where one is all zeros."""
    a, b = (np.asarray(side, dtype=np.float64) for side in (left, right))
    scale = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.where(scale > 0, (a * b).sum(1) / np.where(scale > 0, scale, 1), np.nan)


def length(corpus: Corpus) -> np.ndarray:
    """Words of each sentence."""
    return corpus.lengths.astype(float)


def word_frequency(
    corpus: Corpus, reduce: Annotated[str, OneOf(("sum", "mean"))] = "sum", table: str = ""
) -> np.ndarray:
    """Sum or mean of the ranks of a sentence's words by frequency, 1 the most frequent.

    table: a word-vector table whose words stand most frequent first, such as glove; without one the words of the corpus
    itself are counted. A word that is not there comes after all others.
    """
    if reduce not in ("sum", "mean"):
        raise ProbekitError(f"reduce={reduce}: sum or mean")
    forms = [str(form).lower() for form in corpus.form.categories]
    if table:
        known = load_table(table_spec(table))
        rows = rows_of(known, forms)
        ranks = np.where(rows >= 0, rows, len(known)) + 1.0
    else:
        counts: dict[str, int] = {}
        for form, count in zip(forms, np.bincount(corpus.form.codes, minlength=len(forms)).tolist(), strict=True):
            counts[form] = counts.get(form, 0) + count
        order = {word: at for at, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word)), 1)}
        ranks = np.array([float(order[form]) for form in forms])
    total = np.add.reduceat(ranks[corpus.form.codes], corpus.offsets[:-1])
    return total if reduce == "sum" else total / corpus.lengths


for _name, _function, _reads, _summary in (
    ("norm", norm, VECTORS, "length of the vector"),
    ("entropy", entropy, GAUSSIAN, "minus the entropy of the Gaussian, where an encoder gives one"),
    ("cosine", cosine, PAIRS, "cosine of the vectors of two sentences"),
    ("length", length, WORDS, "how many words"),
    ("word-frequency", word_frequency, WORDS, "ranks of the words by frequency, sum or mean"),
):
    registry.add(_name, _function, summary=_summary, reads=_reads)


def reads(spec: str | Spec) -> str:
    """What a score reads: vectors, gaussian, pairs or words."""
    return str(registry.entry(parse(spec).head).meta["reads"])


def function_of(spec: str | Spec) -> Callable[..., np.ndarray]:
    """A score with its options. Raises UnknownName for a name or an option that there is not."""
    entry, options = _resolved(parse(spec))
    found: Callable[..., np.ndarray] = entry.load()
    return lambda *given: found(*given, **options)


def describe(spec: str | Spec) -> Source:
    """The source of a score; one that reads a table depends on what that holds."""
    parsed = parse(spec)
    entry, options = _resolved(parsed)
    tables = [describe_table(table_spec(options["table"]))] if options.get("table") else []
    shown = {name: value for name, value in options.items() if name in parsed.kwargs}
    named = {"table": tables[0].name} if tables else {}
    where = {"table": tables[0].spec} if tables else {}
    content = [entry.name, entry.revision, {**options, **({"table": tables[0].digest} if tables else {})}]
    shared = together(*tables)
    modules = tuple(dict.fromkeys((*shared.pop("modules"), *modules_of(entry))))
    written, name = (str(Spec(parsed.name, None, (), dict(sorted({**shown, **of}.items())))) for of in (where, named))
    return Source(written, name, digest(content), modules=modules, **shared)


def _resolved(spec: Spec) -> tuple[Any, dict[str, Any]]:
    entry = registry.entry(spec.head)
    component = entry.load()
    given = {"pairs": ("left", "right"), "words": ("corpus",)}.get(str(entry.meta["reads"]), ("vectors",))
    return entry, dict(resolve(spec, component, "sentence score", given).options)
