"""Parsers of sentences with one category a word, by name: our chart, or depccg where it is installed.

A parser gives the labelled dependencies of each sentence's derivation, None where no derivation spans it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from probekit.corpora.categories import is_category
from probekit.corpora.chart import Dependency, dependencies, derive
from probekit.errors import UnknownName
from probekit.learners import depccg_parser

Parse = frozenset[Dependency]
Parser = Callable[[Sequence[Sequence[str]]], list[Parse | None]]


def chart(sentences: Sequence[Sequence[str]]) -> list[Parse | None]:
    """Parses by `probekit.corpora.chart`. A sentence with a string that is no category has none."""
    known: dict[tuple[str, ...], Parse | None] = {}
    found = []
    for sentence in map(tuple, sentences):
        if sentence not in known:
            derived = derive(sentence) if all(map(is_category, sentence)) else None
            known[sentence] = None if derived is None else frozenset(dependencies(derived))
        found.append(known[sentence])
    return found


PARSERS: dict[str, Parser] = {"chart": chart, "depccg": depccg_parser.parses}


def parser_named(name: str) -> Parser:
    """A parser by its name. Raises UnknownName."""
    if name not in PARSERS:
        raise UnknownName("parser", name, PARSERS)
    return PARSERS[name]
