"""Tables by spec, steps and all: `describe_table` says what can be known of one unread, `load_table` gives it.

static:<file, folder or registered name>   glove   word2vec:<corpus>(size=100)
glove|ppa(5)   glove|average(with=[static:FILE, static:FILE])   glove|retrofit(lexicon=lexicon:FILE)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from probekit import sources
from probekit.corpora import word_items
from probekit.embeddings import widths
from probekit.embeddings.affine import Affine, Moments
from probekit.embeddings.catalogue import kinds, steps
from probekit.embeddings.table import WordTable
from probekit.embeddings.table_files import read_table
from probekit.errors import ProbekitError, UnknownName
from probekit.recipes import Recipe, of
from probekit.registry import Entry, imported
from probekit.sources import Arguments, Source, check_same, keywords, modules_of, resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest

# A grid asks for the same few tables in every cell; parsing text again would dominate it. Least recently used first.
_recent: dict[str, WordTable] = {}
_MOST_BYTES = 1 << 30
_A_WORD = 120  # bytes of a word and its place in the index
# Moments of tables that chains of linear steps began with, by digest: a few MB each.
_moments: dict[str, Moments] = {}
_MOST_MOMENTS = 16
RECIPE = "table"


def load_table(spec: str | Spec | WordTable) -> WordTable:
    """A table by spec; those last asked for are kept in memory, up to a GiB.

    A registered name is found as its resource says; anything else is a path, or a name below the folders in
    PROBEKIT_DATA or the user's cache. Raises UnknownName for another kind of spec, ProbekitError for a file that is not
    found, DataError for a broken one; `about` of the error is the spec that could not be loaded.
    """
    if isinstance(spec, WordTable):
        return spec
    spec = parse(spec)
    source = describe_table(spec)
    found = _recent.pop(source.digest, None)
    if found is None:
        try:
            made = _made(spec, source) if spec.steps else _kind(spec).load().load(spec)
            check_same(source, describe_table(spec))
        except ProbekitError as error:
            raise error.of(source.spec) from None
        found = made.called(source.spec, source.name, source.digest)
        _make_room(_bytes(found))
    _recent[source.digest] = found
    return found if found.spec == source.spec else found.called(source.spec, source.name, source.digest)


def describe_table(spec: str | Spec) -> Source:
    """Spec, display name and digest of a table, with nothing parsed or trained. Raises as load_table."""
    spec = parse(spec)
    if spec.steps:
        return _describe_step(spec)
    entry = _kind(spec)
    source = entry.load().describe(spec)
    return replace(source, modules=tuple(dict.fromkeys((*source.modules, *modules_of(entry)))))


def width_of(spec: str | Spec) -> int | None:
    """How wide a table is, None where its vectors must be read to know. Raises ProbekitError for a step that asks for
    more dimensions than there are."""
    spec = parse(spec)
    width = _kind(spec).load().width(replace(spec, steps=()))
    for step in spec.steps:
        entry, arguments = _step(replace(Spec("table"), steps=(step,)))
        width = widths.after(entry, arguments.options, width)
    return width


def is_table(text: str) -> bool:
    """Whether text is the spec of a table, and not the path of a file or folder."""
    try:
        return parse(text).name in kinds
    except ProbekitError:
        return False


def table_spec(value: Any) -> str | Spec:
    """The table that an option names: a spec, or the path of a file or folder."""
    text = str(value)
    return text if is_table(text) else Spec("static", text)


def _kind(spec: Spec) -> Entry[Any]:
    if spec.name not in kinds:
        raise UnknownName("word-vector table", spec.head, ["static:<file>", "word2vec:<corpus>", *kinds.names()])
    return kinds.entry(spec.name)


def _bytes(table: WordTable) -> int:
    arrays = (table.vectors, table.context, table.counts)
    return len(table) * _A_WORD + sum(array.nbytes for array in arrays if array is not None)


def _make_room(wanted: int) -> None:
    """Forget tables until one more of so many bytes fits; one that is larger than all room is kept alone."""
    while _recent and wanted + sum(map(_bytes, _recent.values())) > _MOST_BYTES:
        del _recent[next(iter(_recent))]


# --- steps -------------------------------------------------------------------------------------------


def transform(table: WordTable, chain: str) -> WordTable:
    """A table in hand after a chain of steps: `transform(table, "unit|ppa(5)")`. Raises as load_table."""
    todo = list(parse(f"table|{chain}").steps)
    while todo:
        run = list(takewhile(_is_linear, todo)) or todo[:1]
        table, todo = _taken(table, run), todo[len(run) :]
    return table


def _made(spec: Spec, source: Source) -> WordTable:
    """The table of a spec with steps: its last step, or the linear ones that it ends with, taken on what is before."""
    entry, arguments = _step(spec)
    if _is_costly(entry, arguments):
        return read_table(of(source.needs[-1]).ensure(), format="safetensors")
    run = list(takewhile(_is_linear, reversed(spec.steps)))[::-1] or [spec.steps[-1]]
    before = replace(spec, steps=spec.steps[: len(spec.steps) - len(run)])
    return _taken(load_table(before), run, source.digest)


def _taken(table: WordTable, run: Sequence[Spec], key: str = "") -> WordTable:
    """A table after a run of linear steps, as one map, or after one other step."""
    if _is_linear(run[0]):
        return table.with_vectors(_map(table, run).of(table.vectors), key, steps="|".join(map(str, run)))
    entry, arguments = _step(replace(Spec("table"), steps=tuple(run)))
    loaded = {name: _named(value, _load, kind) for name, value, kind in _naming(entry, arguments)}
    return entry.load()(table, **keywords({**arguments.options, **loaded}))


def _map(table: WordTable, run: Sequence[Spec]) -> Affine:
    found = moments = moments_of(table)
    whole: Affine | None = None
    for step in run:
        entry, arguments = _step(replace(Spec("table"), steps=(step,)))
        one: Any = entry.load()(moments, **keywords(arguments.options))
        whole = one if whole is None else whole.then(one)
        moments = found.after(whole)
    assert whole is not None
    return whole


def moments_of(table: WordTable) -> Moments:
    """Moments of a table's vectors, kept with their decompositions for the next step that asks."""
    if table.digest not in _moments:
        made = Moments.of(table.vectors)
        while len(_moments) >= _MOST_MOMENTS:
            del _moments[next(iter(_moments))]
        _moments[table.digest] = made
    return _moments[table.digest]


def _describe_step(spec: Spec) -> Source:
    entry, arguments = _step(spec)  # an unknown step is refused before any file is looked for
    width_of(spec)
    before, named = describe_table(spec.before), _described(entry, arguments)
    specs, names = ({name: _each(one, part) for name, one in named.items()} for part in ("spec", "name"))
    shared = together(before, *(one for value in named.values() for one in _listed(value)))
    shared["modules"] = tuple(dict.fromkeys((*shared["modules"], *modules_of(entry))))
    content = _content(entry, arguments, before, named)
    made = Source(
        f"{before.spec}|{arguments.written.given(specs)}",
        f"{before.name}|{arguments.written.given(names)}",
        digest(content),
        **shared,
    )
    if "needs" in entry.meta:
        options = {**arguments.options, **specs}
        return replace(made, needs=(*made.needs, imported(entry.meta["needs"], entry.name)(before, options)))
    if not _is_costly(entry, arguments):
        return made
    return replace(made, digest=digest({RECIPE: content}), needs=(*made.needs, str(Spec(RECIPE, made.spec))))


def _described(entry: Entry[Any], arguments: Arguments) -> dict[str, Any]:
    """Sources of what the options of a step name, one or a list each."""
    return {name: _named(value, _describe, kind) for name, value, kind in _naming(entry, arguments)}


def _content(entry: Entry[Any], arguments: Arguments, before: Source, named: Mapping[str, Any]) -> list[Any]:
    """What the table that a step makes depends on, as plain data."""
    digests = {name: _each(one, "digest") for name, one in named.items()}
    return [before.digest, entry.name, entry.revision, {**arguments.options, **digests}]


def _step(spec: Spec) -> tuple[Entry[Any], Arguments]:
    """What the last step of a spec names, and its arguments."""
    step = spec.steps[-1]
    if step.target is not None:
        raise ProbekitError(f"the table step '{step.name}' takes arguments in brackets, not ':{step.target}'")
    entry = steps.entry(step.name)
    return entry, resolve(step, entry.load(), "table step", ("table", "moments"))


def _is_linear(step: Spec) -> bool:
    return step.name in steps and bool(steps.entry(step.name).meta.get("linear"))


def _is_costly(entry: Entry[Any], arguments: Arguments) -> bool:
    costly: Callable[[Mapping[str, Any]], bool] | bool = entry.meta.get("costly", False)
    return costly if isinstance(costly, bool) else costly(arguments.options)


# --- what options name -------------------------------------------------------------------------------


def _naming(entry: Entry[Any], arguments: Arguments) -> list[tuple[str, Any, str]]:
    """Options of a step that name something: name, value, and kind: a table, words, or a kind of word items."""
    kinds = dict.fromkeys(entry.meta.get("tables", ()), "table") | dict.fromkeys(entry.meta.get("words", ()), "words")
    given = arguments.options.items()
    kinds |= {**entry.meta.get("items", {}), **entry.meta.get("sources", {})}
    return [(name, value, kinds[name]) for name, value in given if name in kinds and value is not None]


def _named(value: Any, take: Callable[[Any, str], Any], kind: str) -> Any:
    """What one name says, or each of a list."""
    if not isinstance(value, list):
        return take(value, kind)
    if not value:
        raise ProbekitError("an option that names tables, words or items has an empty list; name one at least")
    return [take(one, kind) for one in value]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _each(value: Any, part: str) -> Any:
    """A part of a source, or of each of a list."""
    return [getattr(one, part) for one in value] if isinstance(value, list) else getattr(value, part)


def _describe(value: Any, kind: str) -> Source:
    if kind in sources.kinds and kind != "table":
        return sources.describe(kind, value)
    if kind == "table" or (kind == "words" and is_table(str(value))):
        return describe_table(table_spec(value))
    return word_items.describe(_items_spec(value, kind))


def _load(value: Any, kind: str) -> Any:
    if kind in sources.kinds and kind != "table":
        return value
    if kind == "table":
        return load_table(table_spec(value))
    if kind != "words":
        return word_items.load_items(_items_spec(value, kind), kind)
    if is_table(str(value)):
        return load_table(str(value)).words
    return tuple(word_items.load_items(_items_spec(value, kind), kind).items["word"])


def _items_spec(value: Any, kind: str) -> str | Spec:
    """The word items that an option names: a spec, or the path of a file of words. Refuses those of another kind."""
    text = str(value)
    if kind == "words" and parse(text).name not in word_items.registry:
        return Spec("words", text)
    found = word_items.registry.entry(parse(text).name).meta.get("kind", kind)
    if found != kind:
        raise ProbekitError(f"'{text}' are {found}; this step takes {kind}")
    return text


# --- costly steps ------------------------------------------------------------------------------------


def recipe(spec: Spec) -> Recipe:
    """The recipe of `table:<spec of a table>` whose last step is costly: it is kept in the store."""
    source = describe_table(spec.target or "")
    if not source.needs or source.needs[-1] != str(Spec(RECIPE, source.spec)):
        raise ProbekitError(f"'{spec}' is no table whose last step is kept; load it as it is")
    whole = parse(source.spec)
    entry, arguments = _step(whole)
    content = _content(entry, arguments, describe_table(whole.before), _described(entry, arguments))

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        made = _taken(load_table(whole.before), [whole.steps[-1]])
        made.save(folder)
        return {"words": len(made)}

    return Recipe(
        source.needs[-1],
        str(Spec(RECIPE, source.name)),
        "table",
        {RECIPE: content},
        make,
        needs=source.needs[:-1],
        modules=source.modules,
        generated=source.generated,
    )
