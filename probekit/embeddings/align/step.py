"""The table step `align`: a side of an alignment by spec, its maps learned once for both sides and kept in the store.

glove|align(to=static:FILE, dictionary=xling-en-fi, method=self-learning)                 glove in the shared space
glove|align(to=static:FILE, dictionary=xling-en-fi, method=self-learning, side=target)    the other table in it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from probekit import recipes
from probekit.corpora import word_items
from probekit.corpora.word_items import WordItems, load_items
from probekit.embeddings.align.aligning import describe_method, learned, moved, training_pairs
from probekit.embeddings.align.maps import NORMALISE, Maps
from probekit.embeddings.catalogue import aligners
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError
from probekit.recipes import Recipe
from probekit.sources import Source, resolve
from probekit.specs import Spec, parse
from probekit.values import OneOf

SIDES = ("source", "target")
STEP, RECIPE, _FILE = "align", "alignment", "maps.safetensors"


def aligned(
    table: WordTable,
    to: WordTable,
    dictionary: WordItems,
    method: str = "vecmap",
    normalise: str | None = NORMALISE,
    side: Annotated[str, OneOf(SIDES)] = "source",
) -> WordTable:
    """A table in the space that it shares with the table `to`, or that table there (side=target). See `align`."""
    if all(one.spec for one in (table, to, dictionary)):
        maps = _read(recipes.folder(_alignment(table.spec, to.spec, dictionary.spec, method, normalise)))
    else:
        maps = learned(table, to, dictionary, method, normalise)
    pairs = training_pairs(dictionary)
    if side == "source":
        return moved(table, maps.source, normalise, pairs)
    return moved(to, maps.target, normalise, [pair[::-1] for pair in pairs])


def other_side(table: WordTable, to: str | WordTable | None = None) -> WordTable:
    """The table beside an aligned one, or the one that is named. Raises ProbekitError where neither is known."""
    if to is not None:
        return load_table(to)
    spec = parse(table.spec) if table.spec else None
    if spec is None or not spec.steps or spec.steps[-1].name != STEP:
        raise ProbekitError(f"{table!r} ends in no step '{STEP}'; name the table of the other language (to=)")
    step = spec.steps[-1]
    other = "source" if step.kwargs.get("side") == "target" else "target"
    return load_table(replace(spec, steps=(*spec.steps[:-1], step.given({"side": other}))))


# --- kept --------------------------------------------------------------------------------------------


def needs(before: Source, options: Mapping[str, Any]) -> str:
    """The recipe that a side needs, options as specs."""
    return recipes.of(
        _alignment(before.spec, options["to"], options["dictionary"], options["method"], options["normalise"])
    ).spec


def recipe(spec: Spec) -> Recipe:
    """The recipe of the maps of both sides: `alignment(source=, target=, dictionary=, method=)`."""
    options = resolve(spec, _alignment, RECIPE).options
    tables = [describe_table(options[side]) for side in SIDES]
    items, method = word_items.describe(options["dictionary"]), describe_method(options["method"])
    normalise = options["normalise"]

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        from safetensors.numpy import save_file

        left, right = (load_table(one.spec) for one in tables)
        maps = learned(left, right, load_items(items.spec), method.spec, normalise)
        save_file({"source": maps.source, "target": maps.target}, folder / _FILE)
        return dict(maps.info)

    content = {"source": tables[0].digest, "target": tables[1].digest, "dictionary": items.digest}
    return Recipe(
        str(_alignment(tables[0].spec, tables[1].spec, items.spec, method.spec, normalise)),
        str(_alignment(tables[0].name, tables[1].name, items.name, method.name, normalise)),
        RECIPE,
        {
            "recipe": RECIPE,
            "revision": recipes.registry.entry(RECIPE).revision,
            **content,
            "method": method.digest,
            "normalise": normalise,
        },
        make,
        needs=tuple(dict.fromkeys(need for one in tables for need in one.needs)),
        modules=tuple(dict.fromkeys(module for one in (*tables, items, method) for module in one.modules)),
        generated=any(one.generated for one in (*tables, items)),
        cost=lambda: (float(aligners.entry(parse(method.spec).name).meta.get("seconds", 10)), 0),
    )


def _alignment(source: str, target: str, dictionary: str, method: str, normalise: str | None = NORMALISE) -> Spec:
    """The spec of the recipe, its arguments those of this function."""
    given: dict[str, str | None] = {"source": source, "target": target, "dictionary": dictionary, "method": method}
    if normalise != NORMALISE:
        given["normalise"] = normalise
    return Spec(RECIPE, None, (), dict(sorted(given.items())))


def _read(folder: Path) -> Maps:
    from safetensors.numpy import load_file

    kept = load_file(folder / _FILE)
    return Maps(kept["source"], kept["target"])
