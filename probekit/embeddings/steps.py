"""Steps that make one word-vector table of another, named after `|`: `glove|refine(weights=FOLDER, property=dark)`.

A step is a function(table, **options) -> WordTable. Options that name tables themselves are listed in its metadata as
`tables`; the function gets them loaded, and keys are made of their digests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from probekit.embeddings.tables import TableSource, WordTable, describe_table, is_table, load_table
from probekit.errors import ProbekitError
from probekit.registry import Entry, Registry, bind, canonical, parameters
from probekit.specs import Spec
from probekit.store import digest

Step = Callable[..., WordTable]
steps: Registry[Step] = Registry("table step")
steps.add(
    "refine",
    "probekit.embeddings.projection:refine",
    tables=("weights",),
    summary="the subspace of a property: dimensions weighted, those of weight 0 dropped",
)

_GIVEN = ("table",)


def apply(spec: Spec) -> WordTable:
    """The table of a spec with steps. Raises what `load_table` and the step raise."""
    source = describe(spec)
    entry, options = _read(spec.steps[-1])
    loaded = {name: load_table(_table_spec(options[name])) for name in entry.meta.get("tables", ())}
    made = entry.load()(load_table(_without_last(spec)), **{**options, **loaded})
    return replace(made, spec=source.spec, name=source.name, digest=source.digest)


def describe(spec: Spec) -> TableSource:
    """Spec, display name and digest of a table with steps; nothing is loaded."""
    step = spec.steps[-1]
    before = describe_table(_without_last(spec))
    entry, options = _read(step)
    sources = {name: describe_table(_table_spec(options[name])) for name in entry.meta.get("tables", ())}
    written = canonical(step, entry.load(), "table step", _GIVEN)
    whole = {**options, **{name: source.digest for name, source in sources.items()}}
    shown = {name: source.name for name, source in sources.items()}
    found = {name: source.spec for name, source in sources.items()}
    return TableSource(
        f"{before.spec}|{_with(written, found)}" if before.spec else "",
        f"{before.name}|{_with(written, shown)}" if before.name else "",
        digest([before.digest, entry.name, entry.revision, whole]),
    )


def _read(step: Spec) -> tuple[Entry[Step], dict[str, Any]]:
    """What a step names, and all its options by name."""
    if step.target is not None:
        raise ProbekitError(f"the table step '{step.name}' takes arguments in brackets, not ':{step.target}'")
    entry = steps.entry(step.name)
    component = entry.load()
    known = {n: p for n, p in parameters(component).items() if n not in _GIVEN}
    options = {n: p.default for n, p in known.items() if p.default is not p.empty}
    options |= bind(step, component, "table step", _GIVEN)
    missing = next((name for name in known if name not in options), None)
    if missing is not None:
        raise ProbekitError(f"the table step '{step.name}' needs the argument '{missing}'")
    return entry, options


def _table_spec(value: Any) -> str | Spec:
    """The table that an option names: a spec, or the path of a file or folder."""
    text = str(value)
    return text if is_table(text) else Spec("static", text)


def _with(step: Spec, values: Mapping[str, str]) -> Spec:
    return replace(step, kwargs={**step.kwargs, **values})


def _without_last(spec: Spec) -> Spec:
    return replace(spec, steps=spec.steps[:-1])
