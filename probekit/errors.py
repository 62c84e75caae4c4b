"""What a user can mend: every message names the offending thing and the way out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_LONG = re.compile(r"\S{400,}")


class ProbekitError(ValueError):
    """A mistake the user can mend. The command line prints its message without a traceback.

    `about` is the spec of what was refused where many things may rest on it: a corpus that cannot be read, say.
    """

    about: str = ""

    def __init__(self, message: str) -> None:
        # Text of thousands of letters, given for a name, would hide what is said of it.
        super().__init__(_LONG.sub(lambda found: f"{found[0][:150]}...{found[0][-50:]}", message))

    def of(self, spec: str) -> ProbekitError:
        """The error, said to be about what a spec names; what it was about before stays."""
        self.about = self.about or spec
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # Workers send errors home by pickling; the message and what it is about are what matters there.
        return _sent, (str(self), self.about)


def _sent(message: str, about: str) -> ProbekitError:
    return ProbekitError(message).of(about)


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


class Missing(ProbekitError):
    """Registered data, or a model by name, that is not on this machine and cannot be fetched."""


class MissingProgram(Missing):
    """A program that data is made with and that is not on this machine; says how to get it."""


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


class MissingExtra(ProbekitError):
    """An optional dependency that is not installed; names the command that installs it."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs the extra '{extra}': pip install \"probekit[{extra}]\"")
        self.extra = extra
