"""A registered resource of one file, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from probekit import resources
from probekit.corpora.word_items import WordItems


@dataclass(frozen=True)
class OneFile:
    """Calling it reads the file of a resource. Raises as `resources.get` and the reader."""

    resource: str
    reader: Callable[[Path], WordItems]

    def __call__(self) -> WordItems:
        return self.reader(resources.get(self.resource)[0])
