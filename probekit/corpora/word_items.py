"""Items of words: rated pairs, analogies, categories, lexicons, dictionaries: one table a resource, one row an item.

load_items("word-pairs:FILE")        a user's file, by the reader of its kind
load_items("simlex-999")             a registered resource
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.by_spec import Kind
from probekit.corpora.catalogue import word_items as registry
from probekit.errors import ProbekitError, UnknownName
from probekit.sources import Source
from probekit.specs import Spec

# Columns by kind of item. `answers`, `left_choices`, `right_choices` are tuples of words; `rating`, `rank` numbers.
KINDS: Mapping[str, tuple[str, ...]] = {
    "pairs": ("left", "right", "rating"),
    "analogies": ("a", "b", "c", "answers", "category", "group"),  # a is to b as c is to any of the answers
    "choices": ("a", "b", "left_choices", "right_choices", "gold"),  # a : b as left[gold] : right[gold]
    "categories": ("word", "category"),
    "relations": ("left", "right", "relation"),
    "prototypes": ("left", "right", "rating", "relation", "part"),  # part: prototype, train or test
    "outliers": ("group", "word", "outlier"),
    "compounds": ("modifier", "head", "rating"),
    "lexicon": ("left", "right"),
    "dictionary": (
        "source",
        "target",
        "rank",
        "part",
    ),  # rank: by frequency, from 0; part: train, test, "" where not split
    "words": ("word",),
}
_WORDS = ["left", "right", "a", "b", "c", "word", "modifier", "head", "source", "target"]


@dataclass(frozen=True, eq=False)
class WordItems:
    """Items of one kind, a row each, with the columns of `KINDS[kind]` and no word empty.

    languages: codes, of the left or source side first. `generated` says that a program made them. `spec` loads them
    again on this machine, `name` shows them, `digest` goes into keys; `notes` count what reading left out. Raises
    ProbekitError for other columns, no row, an empty word, a rating that is not finite.
    """

    kind: str
    items: pd.DataFrame
    languages: Sequence[str] = ("en",)
    generated: bool = False
    spec: str = ""
    name: str = ""
    digest: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownName("kind of word items", self.kind, KINDS)
        if list(self.items.columns) != list(KINDS[self.kind]):
            raise ProbekitError(
                f"items of {self.kind} have the columns {', '.join(KINDS[self.kind])}; got "
                f"{', '.join(map(str, self.items.columns))}"
            )
        if not len(self.items):
            raise ProbekitError(f"there is no item of {self.kind}")
        for column in self.items.columns.intersection(_WORDS):
            if not self.items[column].map(lambda word: isinstance(word, str) and bool(word.strip())).all():
                raise ProbekitError(f"an item of {self.kind} has no word in its column '{column}'; leave it out")
        if "rating" in self.items and not self.items["rating"].astype(float).abs().lt(float("inf")).all():
            raise ProbekitError(f"a rating of {self.kind} is no number; leave it out")
        if self.kind == "dictionary":
            _check_parts(self.items)
        object.__setattr__(self, "items", self.items.reset_index(drop=True))
        if not self.digest:
            found = hashlib.blake2b(self.items.to_json(orient="split", force_ascii=True).encode(), digest_size=16)
            object.__setattr__(self, "digest", found.hexdigest())

    def __repr__(self) -> str:
        return f"WordItems({self.name or 'by hand'}: {len(self)} {self.kind})"

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def coded(self) -> tuple[np.ndarray, list[str]]:
        """Numbers of the left and right word of every item (2, n), and the words by number; of items of two words."""
        codes, words = pd.factorize(pd.concat([self.items["left"], self.items["right"]]))
        return codes.reshape(2, -1), words.tolist()


def _check_parts(pairs: pd.DataFrame) -> None:
    """Refuse a dictionary one pair of which is learned from and tested."""
    sides = {part: set(zip(of["source"], of["target"], strict=True)) for part, of in pairs.groupby("part")}
    if both := sides.get("train", set()) & sides.get("test", set()):
        left, right = min(both)
        raise ProbekitError(
            f"the pair '{left}' and '{right}' is in the training and in the test part of the dictionary, as are "
            f"{len(both) - 1} more; leave it out of one"
        )


def items_of(kind: str, rows: Iterable[Sequence[Any]], **about: Any) -> WordItems:
    """Items from rows in the order of the columns of their kind."""
    return WordItems(kind, pd.DataFrame(list(rows), columns=list(KINDS[kind])), **about)


# --- by spec -----------------------------------------------------------------------------------------

_KIND = Kind("word items", registry)
_recent: dict[str, WordItems] = {}  # by digest, least recently asked for first
_MOST = 4


def describe(spec: str | Spec) -> Source:
    """Canonical spec, display name and digest of word items, with nothing read. Raises as `load_items`."""
    return _KIND.describe(spec)


def at_hand(specs: Iterable[str]) -> str:
    """Where the files of some items are: "here", "fetched" once they are asked for, or "", not at hand."""
    try:
        return "fetched" if any(describe(spec).absent for spec in specs) else "here"
    except ProbekitError:
        return ""


def load_items(spec: str | Spec | WordItems, kind: str = "") -> WordItems:
    """Word items by spec; the few last asked for are kept, since a grid asks for the same ones in every cell.

    Raises UnknownName, DataError or ProbekitError that names what is missing and the way out, and ProbekitError where
    they are not of the kind that is asked for.
    """
    found = spec if isinstance(spec, WordItems) else _kept(spec)
    if kind and found.kind != kind:
        raise ProbekitError(f"{found!r} are no {kind}")
    return found


def _kept(spec: str | Spec) -> WordItems:
    source = describe(spec)
    found = _recent.pop(source.digest, None)
    if found is None or found.spec != source.spec:
        made, source = _KIND.load(spec)
        found = replace(made, spec=source.spec, name=source.name, digest=source.digest, generated=source.generated)
    _recent[source.digest] = found
    while len(_recent) > _MOST:
        del _recent[next(iter(_recent))]
    return found
