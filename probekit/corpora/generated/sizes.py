"""How much a program may make up: what a slip of a key asks for is refused before any work."""

from __future__ import annotations

from probekit.errors import ProbekitError

MOST_TEXTS, MOST_WORDS, MOST_NUMBERS = 1_000_000, 100_000_000, 1_000_000_000


def within(what: str, size: int, most: int) -> None:
    """Raise ProbekitError for a size beyond `most`; `what` is how the user wrote it, as `grammar(n=9)`."""
    if size > most:
        raise ProbekitError(f"{what} is {size:,} and may be {most:,} at most; that would fill this machine's memory")
