"""What fuzz tests of readers share: how one is described, how a refusal is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from probekit.errors import ProbekitError


@dataclass(frozen=True)
class Reader:
    """`inputs(folder)` are made once, `check(folder)` gives a function that reads one input: True when it was read."""

    inputs: Callable[[Path], Iterator[bytes]]
    check: Callable[[Path], Callable[[bytes], bool]]
    quick: int
    long: int


def write(path: Path, content: bytes) -> None:
    """Replace the content of a file, which must exist: much faster than to make it anew."""
    with open(path, "r+b") as file:
        file.write(content)
        file.truncate()


def refused(error: ProbekitError, path: Path) -> bool:
    """Whether a refusal names the file."""
    assert str(path) in str(error), f"the refusal does not name {path}: {error}"
    return False
