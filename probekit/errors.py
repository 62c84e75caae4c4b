"""What a user can mend: every message names the offending thing and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class ProbekitError(ValueError):
    """A mistake the user can mend. The command line prints its message without a traceback."""


class UnknownName(ProbekitError):
    """A name that no registry knows, answered with the nearest known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        if near:
            hint = f"did you mean {', '.join(near)}?"
        elif len(known) <= 12:
            hint = f"known: {', '.join(sorted(known)) or 'none'}"
        else:
            hint = f"{len(known)} are known, among them {', '.join(sorted(known)[:5])}"
        super().__init__(f"unknown {kind} '{name}'; {hint}")
        self.kind, self.name, self.nearest = kind, name, near

    def __reduce__(self) -> tuple[type[ProbekitError], tuple[str]]:
        # Workers send errors home by pickling; the message is what matters there.
        return ProbekitError, (str(self),)


class DataError(ProbekitError):
    """A file that breaks its format: says which file, line and sentence."""

    def __init__(
        self, message: str, file: str | Path | None = None, line: int | None = None, sentence: str | None = None
    ) -> None:
        place = "" if file is None else str(file) + ("" if line is None else f":{line}")
        if sentence:
            place += f" (sentence {sentence})"
        super().__init__(f"{place}: {message}" if place else message)
        self.file, self.line, self.sentence = file, line, sentence

    def __reduce__(self) -> tuple[type[ProbekitError], tuple[str]]:
        return ProbekitError, (str(self),)


class MissingExtra(ProbekitError):
    """An optional dependency that is not installed; names the command that installs it."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs the extra '{extra}': pip install \"probekit[{extra}]\"")
        self.extra = extra

    def __reduce__(self) -> tuple[type[ProbekitError], tuple[str]]:
        return ProbekitError, (str(self),)
