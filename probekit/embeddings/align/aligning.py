"""Two tables into one space, by a dictionary and a method that the registry of alignments names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from probekit.corpora.word_items import WordItems, load_items
from probekit.embeddings.affine import Affine
from probekit.embeddings.align.maps import NORMALISE, Maps, normalised
from probekit.embeddings.catalogue import aligners
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError
from probekit.registry import Entry
from probekit.sources import Arguments, Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest

LEAST = 10  # pairs below which nothing is learned


def align(
    source: str | WordTable,
    target: str | WordTable,
    dictionary: str | WordItems,
    method: str = "vecmap",
    normalise: str | None = NORMALISE,
) -> tuple[WordTable, WordTable]:
    """Both tables in the space that they share, source first; `about["learned_from"]` holds the pairs.

    dictionary: word items of kind `dictionary`; what is not its test part is learned from. method: a spec of the
    alignments. normalise: what is done to both tables before, joined by +. The narrower table is padded with zeros,
    which `notes["padded"]` counts. Raises ProbekitError where fewer than 10 pairs have both words in the tables.
    """
    tables = load_table(source), load_table(target)
    items = load_items(dictionary, "dictionary")
    maps = learned(*tables, items, method, normalise)
    pairs = training_pairs(items)
    return (
        moved(tables[0], maps.source, normalise, pairs),
        moved(tables[1], maps.target, normalise, [pair[::-1] for pair in pairs]),
    )


def learned(
    source: WordTable, target: WordTable, items: WordItems, method: str, normalise: str | None = NORMALISE
) -> Maps:
    """The maps that a method learns of a dictionary."""
    entry, arguments = _method(method)
    pairs, info = _rows_of_pairs(source, target, items)
    width = max(source.width, target.width)
    rows = [normalised(table.vectors, normalise, width) for table in (source, target)]
    maps = entry.load()(*rows, pairs, **arguments.options)
    return Maps(maps.source, maps.target, {**info, **maps.info})


def moved(
    table: WordTable, by: np.ndarray, normalise: str | None, learned_from: Sequence[tuple[str, str]] = ()
) -> WordTable:
    """A table in the shared space: normalised, padded to the width of the map, mapped."""
    vectors = Affine.linear(by).of(normalised(table.vectors, normalise, len(by)))
    padded = {"padded": len(by) - table.width} if table.width < len(by) else {}
    return replace(
        table.with_vectors(vectors, learned_from=[list(pair) for pair in learned_from]), notes={**table.notes, **padded}
    )


def training_pairs(items: WordItems) -> list[tuple[str, str]]:
    """Pairs of a dictionary that are learned from, in order: all but those of its test part."""
    train = items.items[items.items["part"] != "test"]
    return list(zip(train["source"], train["target"], strict=True))


def describe_method(method: str | Spec) -> Source:
    """An alignment as a source. Raises UnknownName or ProbekitError for what is not there."""
    entry, arguments = _method(method)
    text = str(arguments.written)
    return Source(text, text, digest([entry.name, entry.revision, dict(arguments.options)]), modules=modules_of(entry))


def _rows_of_pairs(source: WordTable, target: WordTable, items: WordItems) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows (p, 2) of the pairs that are learned from and whose words both tables hold, and how many they are of all."""
    pairs = training_pairs(items)
    left, right = (list(side) for side in zip(*pairs, strict=True)) if pairs else ([], [])
    rows = np.stack([rows_of(source, left), rows_of(target, right)], axis=1).astype(np.int64)
    kept = rows[(rows >= 0).all(axis=1)]
    if len(kept) < LEAST:
        raise ProbekitError(
            f"{len(kept)} of {len(pairs)} training pairs of {items!r} have both words in {source!r} and {target!r}, "
            f"fewer than {LEAST}; is the dictionary of these languages, in this direction (reverse=true)?"
        )
    return kept, {"pairs": len(kept), "training_pairs": len(pairs)}


def _method(method: str | Spec) -> tuple[Entry[Any], Arguments]:
    spec = parse(method)
    if spec.steps or spec.target is not None:
        raise ProbekitError(f"the alignment '{spec}' takes options in brackets alone")
    entry = aligners.entry(spec.name)
    return entry, resolve(spec, entry.load(), "alignment", ("source", "target", "pairs"))
