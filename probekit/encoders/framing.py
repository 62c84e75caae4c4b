"""How a tokenizer frames one text or two: the special pieces before, between and after them, and segment ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from probekit.errors import ProbekitError


@dataclass(frozen=True)
class Framing:
    """Special pieces around texts, and the segments of all that is read.

    `specials` are the runs of special pieces before the first text, between two texts where there are two, and after
    the last, so one more than texts; `segments` the segment ids of each run; `of_text` the segment of each text.
    """

    specials: tuple[tuple[int, ...], ...]
    segments: tuple[tuple[int, ...], ...]
    of_text: tuple[int, ...]

    @property
    def size(self) -> int:
        """Special pieces in all."""
        return sum(map(len, self.specials))


def framing(tokenizer: Any, texts: int, name: str = "the tokenizer") -> Framing:
    """The tokenizer's own form of one text or of a pair. Raises ProbekitError where it does not lay them side by side
    in order."""
    encoding = tokenizer(*["a"] * texts, truncation=False, padding=False, return_token_type_ids=True)
    side = encoding.sequence_ids(0)
    ids, segments = encoding["input_ids"], encoding["token_type_ids"]
    runs: list[tuple[int, ...]] = []
    of_run: list[tuple[int, ...]] = []
    of_text: list[int] = []
    begin = 0
    for text in range(texts):
        places = [place for place, own in enumerate(side) if own == text]
        if not places or places != list(range(places[0], places[-1] + 1)) or places[0] < begin:
            raise ProbekitError(f"cannot tell the special tokens of '{name}': got {ids} for {texts} texts 'a'")
        runs.append(tuple(ids[begin : places[0]]))
        of_run.append(tuple(segments[begin : places[0]]))
        of_text.append(segments[places[0]])
        begin = places[-1] + 1
    return Framing((*runs, tuple(ids[begin:])), (*of_run, tuple(segments[begin:])), tuple(of_text))
