"""What the columns of a CoNLL-U file are, the usual ten or those of CoNLL-U Plus, and whether its words are in them.

Format: https://universaldependencies.org/ext-format.html.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from probekit.errors import DataError

FIELDS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_NEEDED = ("id", "form", "head")
_SAID = re.compile(r"#\s*global\.columns\s*=\s*(.*)")


def said_columns(path: Path, comments: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """The columns of a file by its comments (0-based line, text) in lower case; the usual ten where they say nothing.

    Raises DataError for columns without ID, FORM or HEAD, one that is named twice, and a second order in one file.
    """
    found: dict[tuple[str, ...], int] = {}
    for line, comment in comments:
        if match := _SAID.match(comment):
            found.setdefault(tuple(match[1].lower().split()), line)
    names, line = next(iter(found.items()), (FIELDS, 0))
    lacking = [name.upper() for name in _NEEDED if name not in names]
    if lacking:
        raise DataError(f"global.columns has no {lacking[0]}, without which words have no trees", path, line + 1)
    if len(set(names)) < len(names):
        raise DataError("global.columns names a column twice", path, line + 1)
    if len(found) > 1:
        raise DataError(
            "global.columns says another order than before; cut the file there", path, [*found.values()][1] + 1
        )
    return names


def withheld_words(files: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Column `withheld` (bool a sentence) of files given by name, forms and lengths; nothing where none is withheld.

    The forms of a withheld sentence are all `_`. Where only sentences of one word are so, they are a sign and no gap.
    """
    found = []
    for name, forms, lengths in files:
        blank = np.add.reduceat(forms == "_", np.cumsum(lengths) - lengths) == lengths
        blank &= bool((blank & (lengths > 1)).any())
        found.append(blank)
        if blank.any():
            warnings.warn(
                f"{name}: the word forms of {blank.sum()} of {len(lengths)} sentences are `_`, withheld by licence; "
                "encoders and tasks of words refuse them",
                stacklevel=4,
            )
    withheld = np.concatenate(found)
    return {"withheld": withheld} if withheld.any() else {}
