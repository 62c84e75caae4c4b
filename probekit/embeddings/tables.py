"""Tables by spec, steps and all: `describe_table` says what can be known of one unread, `load_table` gives it.

static:<file, folder or registered name>   glove   word2vec:<corpus>(size=100)
glove|refine(weights=FOLDER, property=dark)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from probekit.embeddings.catalogue import kinds, steps
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Entry
from probekit.sources import Arguments, Source, check_same, modules_of, resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest

# A grid asks for the same one or two tables in every cell; parsing text again would dominate it.
_recent: dict[str, WordTable] = {}
_KEPT = 2


def load_table(spec: str | Spec | WordTable) -> WordTable:
    """A table by spec; the last few are kept in memory.

    A registered name is found as its resource says; anything else is a path, or a name below the folders in
    PROBEKIT_DATA or the user's cache. Raises UnknownName for another kind of spec, ProbekitError for a file that is not
    found, DataError for a broken one; `about` of the error is the spec that could not be loaded.
    """
    if isinstance(spec, WordTable):
        return spec
    spec = parse(spec)
    source = describe_table(spec)
    if source.digest not in _recent:
        try:
            made = _with_last_step(spec) if spec.steps else _kind(spec).load().load(spec)
            check_same(source, describe_table(spec))
        except ProbekitError as error:
            raise error.of(source.spec) from None
        while len(_recent) >= _KEPT:
            del _recent[next(iter(_recent))]
        _recent[source.digest] = replace(made, spec=source.spec, name=source.name, digest=source.digest)
    found = _recent[source.digest]
    return found if found.spec == source.spec else replace(found, spec=source.spec, name=source.name)


def describe_table(spec: str | Spec) -> Source:
    """Spec, display name and digest of a table, with nothing parsed or trained. Raises as load_table."""
    spec = parse(spec)
    if spec.steps:
        return _describe_step(spec)
    entry = _kind(spec)
    source = entry.load().describe(spec)
    return replace(source, modules=tuple(dict.fromkeys((*source.modules, *modules_of(entry)))))


def is_table(text: str) -> bool:
    """Whether text is the spec of a table, and not the path of a file or folder."""
    try:
        return parse(text).name in kinds
    except ProbekitError:
        return False


def _kind(spec: Spec) -> Entry[Any]:
    if spec.name not in kinds:
        raise UnknownName("word-vector table", spec.head, ["static:<file>", "word2vec:<corpus>", *kinds.names()])
    return kinds.entry(spec.name)


# --- steps -------------------------------------------------------------------------------------------


def _with_last_step(spec: Spec) -> WordTable:
    entry, arguments = _step(spec)
    loaded = {name: load_table(_table_spec(arguments.options[name])) for name in entry.meta.get("tables", ())}
    return entry.load()(load_table(spec.before), **{**arguments.options, **loaded})


def _describe_step(spec: Spec) -> Source:
    entry, arguments = _step(spec)  # an unknown step is refused before any file is looked for
    before = describe_table(spec.before)
    tables = {name: describe_table(_table_spec(arguments.options[name])) for name in entry.meta.get("tables", ())}
    whole = {**arguments.options, **{name: source.digest for name, source in tables.items()}}
    shared = together(before, *tables.values())
    shared["modules"] = tuple(dict.fromkeys((*shared["modules"], *modules_of(entry))))
    return Source(
        f"{before.spec}|{_with(arguments.written, {name: one.spec for name, one in tables.items()})}",
        f"{before.name}|{_with(arguments.written, {name: one.name for name, one in tables.items()})}",
        digest([before.digest, entry.name, entry.revision, whole]),
        **shared,
    )


def _step(spec: Spec) -> tuple[Entry[Any], Arguments]:
    """What the last step of a spec names, and its arguments."""
    step = spec.steps[-1]
    if step.target is not None:
        raise ProbekitError(f"the table step '{step.name}' takes arguments in brackets, not ':{step.target}'")
    entry = steps.entry(step.name)
    return entry, resolve(step, entry.load(), "table step", ("table",))


def _table_spec(value: Any) -> str | Spec:
    """The table that an option names: a spec, or the path of a file or folder."""
    text = str(value)
    return text if is_table(text) else Spec("static", text)


def _with(step: Spec, values: Mapping[str, str]) -> Spec:
    return replace(step, kwargs=dict(sorted({**step.kwargs, **values}.items())))
