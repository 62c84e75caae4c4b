"""A corpus of registered files: what named treebanks and named corpora of spans are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.resources import File

_SPLIT = re.compile(r"(?:^|[-_.])(train|dev|test)[-_.]")


@dataclass(frozen=True, eq=False)
class NamedCorpus:
    """All files of some resources in order, read by a registered reader with these options.

    Calling it gives the corpus. Raises as `resources.get` and the reader.
    """

    name: str
    resources: tuple[str, ...]
    reader: str = "conllu"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> Corpus:
        files = [path for name in self.resources for path in resources.get(name)]
        return registry.get(self.reader)(files, **self.options)


def add(corpus: NamedCorpus, layers: Iterable[str], summary: str = "") -> None:
    """Register a named corpus, described by its resources, which are known already.

    Its revision is that of its reader; `layers` are what a task may require of it.
    """
    members = [resources.resources.get(name) for name in corpus.resources]
    alone = members[0] if len(members) == 1 else None
    registry.add(
        corpus.name,
        corpus,
        revision=registry.entry(corpus.reader).revision,
        summary=summary or f"{members[0].summary} ({', '.join(_splits(members[0].files)) or 'no split'})",
        licence=alone.licence if alone else "; ".join(f"{one.name}: {one.licence}" for one in members),
        citation=alone.citation if alone else "; ".join(dict.fromkeys(one.citation for one in members)),
        source=alone.source if alone else "; ".join(dict.fromkeys(one.source for one in members)),
        resources=corpus.resources,
        layers=tuple(layers),
    )


def _splits(files: Iterable[File]) -> list[str]:
    return [match[1] for file in files if (match := _SPLIT.search(file.name))]
