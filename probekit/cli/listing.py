"""`probekit list`: what is registered, with a line on each."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Annotated

import typer

from probekit.cli.common import check
from probekit.errors import ProbekitError
from probekit.registry import Entry, Registry, imported

# What can be listed, and where its registry is.
PLACES = {
    "encoders": "probekit.encoders.catalogue:registry",
    "probes": "probekit.probes.catalogue:registry",
    "corpora": "probekit.corpora.catalogue:registry",
    "tables": "probekit.embeddings.catalogue:kinds",
    "measures": "probekit.embeddings.catalogue:measures",
    "benchmarks": "probekit.embeddings.benchmarks.catalogue:registry",
    "word-items": "probekit.corpora.catalogue:word_items",
    "classifiers": "probekit.learners.catalogue:classifiers",
    "compositions": "probekit.learners.compositions:compositions",
    "regularizers": "probekit.learners.catalogue:regularizers",
    "explainers": "probekit.relevance.catalogue:methods",
    "rules": "probekit.relevance.catalogue:rules",
    "handlers": "probekit.relevance.catalogue:handlers",
    "presets": "probekit.relevance.catalogue:presets",
    "corpus-steps": "probekit.corpora.catalogue:steps",
    "table-steps": "probekit.embeddings.catalogue:steps",
    "encoder-steps": "probekit.encoders.catalogue:steps",
    "objectives": "probekit.learners.tuning.objectives:registry",
}
KINDS = ("experiments", "tasks", *PLACES)


def list_(
    kind: Annotated[str, typer.Argument(metavar="|".join(KINDS), help="What to list.")],
    pattern: Annotated[str, typer.Argument(help="Shell pattern, such as 'sentence/*'.")] = "*",
    corpus: Annotated[str | None, typer.Option(help="Expand families of tasks with the values of this corpus.")] = None,
) -> None:
    """List what is registered, with a line on each."""
    check("kind of component", kind, KINDS)
    if corpus and kind != "tasks":
        raise ProbekitError("--corpus goes with 'probekit list tasks': it says which values families of tasks take")
    lines = list(_tasks(pattern, corpus) if kind == "tasks" else _others(kind, pattern))
    if not lines:
        raise ProbekitError(f"no {kind} match '{pattern}'; probekit list {kind} shows all")
    width = min(max(len(name) for name, _ in lines), 44)
    for name, summary in lines:
        typer.echo(f"{name:<{width}}  {summary}".rstrip())


def _others(kind: str, pattern: str) -> Iterable[tuple[str, str]]:
    from probekit import study

    if kind == "experiments":
        return [line for line in study.summaries() if fnmatch.fnmatchcase(line[0], pattern)]
    registry: Registry[object] = imported(PLACES[kind], kind)
    entries = [registry.entry(name) for name in registry.names(pattern)]
    return [(entry.name, f"{entry.summary}{_at_hand(kind, entry)}") for entry in entries]


_WHERE = {
    "here": "",
    "fetched": "; fetched when it is asked for",
    "": "; not at hand: `probekit data list` says where its files come from",
}


def _at_hand(kind: str, entry: Entry[object]) -> str:
    """What to say of a benchmark or of items of words whose files are not on this machine."""
    named = entry.meta.get("items", ()) if kind == "benchmarks" else [entry.name] if "resources" in entry.meta else ()
    if kind not in ("benchmarks", "word-items"):
        return ""
    from probekit.corpora.word_items import at_hand

    return _WHERE[at_hand(named)]


def _tasks(pattern: str, corpus: str | None) -> Iterable[tuple[str, str]]:
    from probekit import tasks
    from probekit.corpora import load_corpus

    for name in tasks.list(pattern, corpus=load_corpus(corpus) if corpus else None):
        if name in tasks.registry:
            entry = tasks.registry.entry(name)
            yield name, f"{entry.meta.get('kind', '')}; {entry.summary}"
        else:
            task = tasks.get(name)
            yield name, f"{task.kind}; {task.summary}"
    for name, members in tasks.groups.items():
        if fnmatch.fnmatchcase(name, pattern):
            yield name, f"group of {len(members)} tasks"
