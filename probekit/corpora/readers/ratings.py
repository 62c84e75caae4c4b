"""Ratings: words x properties, from a table of any origin, from lists of categories, or generated.

load_ratings("ratings:norms.csv")        one word a line, a column a property
load_ratings("ap(least=10)")             categories of a word list as properties: 6 for members, 0 for the rest
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from probekit import resources
from probekit.errors import DataError, ProbekitError, UnknownName
from probekit.registry import Registry, bind, canonical, parameters
from probekit.resources import File, Resource
from probekit.specs import Spec, parse

REVISION = 1
MISSING = ("refuse", "drop")
MEMBER, OTHER = 6.0, 0.0  # ends of the scale of salience ratings

registry: Registry[Callable[..., Ratings]] = Registry("ratings")


@dataclass(frozen=True, eq=False)
class Ratings:
    """How much each word has of each property.

    values: (words, properties) float64, read-only. `generated` says that a program made them. `spec` loads them again
    on this machine, `name` shows them, `digest` goes into keys. ProbekitError for shapes that do not fit, a word or
    property given twice or empty, a value that is not finite, and a property that is the same for all words.
    """

    words: Sequence[str]
    properties: Sequence[str]
    values: np.ndarray
    generated: bool = False
    spec: str = ""
    name: str = ""
    digest: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in ("words", "properties"):
            names = tuple(getattr(self, what))
            object.__setattr__(self, what, names)
            seen: set[str] = set()
            for name in names:
                if not name or name in seen:
                    broken = f"'{name}' twice" if name else "an empty name"
                    raise ProbekitError(f"ratings cannot hold {broken} among their {what}; keep one of each")
                seen.add(name)
        values = np.array(self.values, dtype=np.float64)
        if not self.words or not self.properties or values.shape != (len(self.words), len(self.properties)):
            raise ProbekitError(
                f"ratings of {len(self.words)} words and {len(self.properties)} properties have values of shape "
                f"{values.shape}; give one value for each word and property, at least one of both"
            )
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            i, j = bad[0]
            raise ProbekitError(f"the rating of '{self.words[i]}' for '{self.properties[j]}' is {values[i, j]}")
        constant = [name for name, spread in zip(self.properties, np.ptp(values, axis=0), strict=True) if not spread]
        if constant:
            raise ProbekitError(
                f"the property '{constant[0]}' has one rating for all {len(self.words)} words and says nothing about "
                "them; leave it out"
            )
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        if not self.digest:
            found = hashlib.blake2b(digest_size=16)
            found.update(json.dumps([self.words, self.properties], ensure_ascii=True).encode())
            found.update(values.astype("<f8").tobytes())
            object.__setattr__(self, "digest", found.hexdigest())

    def __repr__(self) -> str:
        return f"Ratings({self.name or 'by hand'}: {len(self.words)} words x {len(self.properties)} properties)"

    def select(self, words: Sequence[str]) -> Ratings:
        """Ratings of some of the words, in the order given; properties that are the same for all of them are left out
        and named in `notes["constant"]`. Raises UnknownName for a word that is not rated, ProbekitError when no
        property is left."""
        place = {word: row for row, word in enumerate(self.words)}
        for word in words:
            if word not in place:
                raise UnknownName(f"word of {self!r}:", word, self.words)
        values = self.values[[place[word] for word in words]]
        if not len(values):
            raise ProbekitError(f"no word of {self!r} was selected")
        varying = np.ptp(values, axis=0) > 0
        if not varying.any():
            raise ProbekitError(f"every property of {self!r} has one rating for all of the {len(words)} words selected")
        kept = [name for name, keep in zip(self.properties, varying, strict=True) if keep]
        left = [name for name, keep in zip(self.properties, varying, strict=True) if not keep]
        notes = {**self.notes, **({"constant": left} if left else {})}
        return replace(self, words=words, properties=kept, values=values[:, varying], digest="", spec="", notes=notes)

    def known(self, vocabulary: Any) -> tuple[Ratings, list[str]]:
        """Ratings of the words that a vocabulary (anything with `in`) holds, and the words that it does not."""
        held = [word for word in self.words if word in vocabulary]
        absent = [word for word in self.words if word not in vocabulary]
        if not held:
            raise ProbekitError(f"none of the {len(self.words)} words of {self!r} is in the table of vectors")
        return (self.select(held) if absent else self), absent


# --- reading -----------------------------------------------------------------------------------------


def read_ratings(path: str | Path, missing: str = "refuse") -> Ratings:
    """Ratings of a CSV or TSV file: a heading with the names of the properties, then one word a line and its numbers.

    The first column holds the words; commas or tabs separate, whichever the heading has (tabs where it has both).
    missing: "refuse" an empty cell, or "drop" its word, counted in `notes["dropped"]`. Raises DataError with the line
    for an empty or repeated word, a cell that is no number, a line of another length; ProbekitError for a property that
    is the same for all words.
    """
    _check_missing(missing)
    path = Path(path)
    lines = _lines(path)
    heading = lines[0][1]
    if len(heading) < 2:
        raise DataError("the heading names no property; expected: word, then a column for each property", path, 1)
    words: list[str] = []
    first: dict[str, int] = {}
    rows: list[list[float]] = []
    dropped: list[str] = []
    for line, cells in lines[1:]:
        if len(cells) != len(heading):
            raise DataError(f"{len(cells)} cells where the heading has {len(heading)}", path, line)
        word = cells[0].strip()
        if not word:
            raise DataError("a line without a word in its first column", path, line)
        if word in first:
            raise DataError(f"the word '{word}' stands in line {first[word]} already; keep one of them", path, line)
        first[word] = line
        empty = next((name for name, cell in zip(heading[1:], cells[1:], strict=True) if not cell.strip()), None)
        if empty is not None:
            if missing == "refuse":
                raise DataError(
                    f"'{word}' has no rating for '{empty}'; fill it in, or leave such words out with missing=drop",
                    path,
                    line,
                )
            dropped.append(word)
            continue
        words.append(word)
        rows.append([_number(cell, word, name, path, line) for name, cell in zip(heading[1:], cells[1:], strict=True)])
    if not words:
        raise DataError("no word is rated in this file" + (", all lack a rating" if dropped else ""), path)
    try:
        notes = {"dropped": len(dropped)} if dropped else {}
        return Ratings(words, [name.strip() for name in heading[1:]], np.array(rows), notes=notes)
    except DataError:
        raise
    except ProbekitError as error:
        raise DataError(str(error), path) from None


def _check_missing(missing: str) -> None:
    if missing not in MISSING:
        raise UnknownName("way with missing ratings:", str(missing), MISSING)


def _number(cell: str, word: str, name: str, path: Path, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise DataError(f"the rating of '{word}' for '{name}' is '{cell.strip()}', not a number", path, line)
    return value


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Number and cells of every line that is not empty; the first is the heading."""
    try:
        text = resources.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = resources.read_bytes(path)[: error.start].count(b"\n") + 1
        raise DataError("is not UTF-8", path, line) from None
    tabs = "\t" in text.partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter="\t" if tabs else ",", strict=True)
    found = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((reader.line_num, cells))
    except csv.Error as error:
        raise DataError(f"is not a table: {error}", path, reader.line_num) from None
    if len(found) < 2:
        raise DataError("holds no line below its heading" if found else "is empty", path)
    return found


# --- categories --------------------------------------------------------------------------------------


def read_categories(path: str | Path, least: int = 1, missing: str = "refuse") -> Ratings:
    """Categories of a word list as properties: 6 for a member, 0 for any other word of the list.

    The file has the columns `category` and `word`, among others. A word may have several categories; a pair that
    repeats counts once. least: categories with fewer members are no properties, though their words stay, named in
    `notes["small"]`. missing: "refuse" a line without word or category, or "drop" it, counted in `notes["dropped"]`.
    Raises DataError with the line for an empty cell, and when no category is large enough.
    """
    _check_missing(missing)
    if isinstance(least, bool) or not isinstance(least, int) or least < 1:
        raise ProbekitError(f"least={least!r} is a number of members from 1 up")
    path = Path(path)
    lines = _lines(path)
    heading = [cell.strip() for cell in lines[0][1]]
    for name in ("category", "word"):
        if name not in heading:
            raise DataError(f"the heading has no column '{name}' (it has {', '.join(heading)})", path, 1)
    at = heading.index("category"), heading.index("word")
    members: dict[str, dict[str, None]] = {}
    dropped = 0
    for line, cells in lines[1:]:
        if len(cells) != len(heading):
            raise DataError(f"{len(cells)} cells where the heading has {len(heading)}", path, line)
        category, word = (cells[i].strip() for i in at)
        if not category or not word:
            if missing == "refuse":
                what = "word" if category else "category"
                way_out = "mend it, or leave such lines out with missing=drop"
                raise DataError(f"a line without a {what}; {way_out}", path, line)
            dropped += 1
            continue
        members.setdefault(category, {})[word] = None
    words = list(dict.fromkeys(word for own in members.values() for word in own))
    large = [name for name, own in members.items() if least <= len(own) < len(words)]
    small = [name for name in members if name not in large]
    if not large:
        raise DataError(f"no category has {least} members or more; lower least", path)
    values = np.array([[MEMBER if word in members[name] else OTHER for name in large] for word in words])
    notes = {name: found for name, found in (("small", small), ("dropped", dropped)) if found}
    return Ratings(words, large, values, notes=notes)


# --- names -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WordList:
    """Calling it reads the categories of a registered word list. Raises as `resources.get` and `read_categories`."""

    resource: str

    def __call__(self, least: int = 1) -> Ratings:
        # The published copies end most categories with a line that has no word.
        return read_categories(resources.get(self.resource)[0], least, missing="drop")


registry.add("ratings", read_ratings, revision=REVISION, summary="a CSV or TSV of words and properties", reader=True)
registry.add(
    "categories",
    read_categories,
    revision=REVISION,
    reader=True,
    summary="a CSV or TSV of categories and words as ratings 6 and 0",
)
_SOURCE = "https://github.com/vecto-ai/word-benchmarks"
_REF = "9b61d0e067e2"
_NO_LICENCE = "none stated (the repository has no licence file)"
for _name, _sha256, _citation, _summary in (
    (
        "ap",
        "0efdcdf298946620f4d3db17743483b45ac09169c3ef943761d52ff9a0de8974",
        "Almuhareb and Poesio 2006, PhD thesis, University of Essex",
        "402 nouns in 21 categories",
    ),
    (
        "bless",
        "cf14ae0c0feeb78a7d85e0a3ca725ab5f573677ceaa950b7417db749a7012cc3",
        "Baroni and Lenci 2011, How we BLESSed distributional semantic evaluation (GEMS)",
        "200 nouns in 17 categories",
    ),
    (
        "battig",
        "b7146cac221664de3781d47b8463c4e50841a138be26ff96f2d4aa4110126898",
        "Battig and Montague 1969, Category norms for verbal items in 56 categories (JEP Monographs 80)",
        "5,231 entries in 56 categories, as people named them",
    ),
):
    resources.add(
        Resource(
            f"categories-{_name}",
            "word_benchmarks",
            (
                File(
                    f"word-categorization__monolingual__en__{_name}.csv",
                    _sha256,
                    f"{_SOURCE}/raw/{_REF}/word-categorization/monolingual/en/{_name}.csv",
                ),
            ),
            _NO_LICENCE,
            _citation,
            f"{_SOURCE} at {_REF}",
            _summary,
        )
    )
    registry.add(
        _name,
        WordList(f"categories-{_name}"),
        revision=REVISION,
        summary=f"categories of words: {_summary}",
        licence=_NO_LICENCE,
        citation=_citation,
        source=f"{_SOURCE} at {_REF}",
        resources=(f"categories-{_name}",),
    )


def load_ratings(spec: str | Spec | Ratings) -> Ratings:
    """Ratings by spec: `ratings:FILE`, `categories:FILE(least=10)`, `ap`, `bless`, `battig(least=20)`.

    Raises UnknownName, DataError or ProbekitError that names what is missing and the way out.
    """
    if isinstance(spec, Ratings):
        return spec
    spec = parse(spec) if isinstance(spec, str) else spec
    if spec.steps:
        raise ProbekitError(f"'{spec}': ratings take no steps; leave '|{spec.steps[0]}' away")
    entry = registry.entry(spec.name)
    component = entry.load()
    if bool(entry.meta.get("reader")) != bool(spec.target):
        needs = f"a file: {spec.name}:FILE" if entry.meta.get("reader") else "no file"
        raise ProbekitError(f"the ratings '{spec.name}' take {needs}")
    given = (next(iter(parameters(component))),) if spec.target else ()
    options = bind(spec, component, "ratings", given)
    written = canonical(replace(spec, target=None), component, "ratings", given)
    if not spec.target:
        made = component(**options)
        shown = str(written)
        return replace(made, spec=shown, name=shown)
    path = resources.find(spec.target).resolve()
    made = component(path, **options)
    digest = resources.content_digest(path)
    shown = str(Spec(spec.name, f"{resources.plain_name(path)}-{digest[:8]}", (), written.kwargs))
    return replace(made, spec=str(Spec(spec.name, str(path), (), written.kwargs)), name=shown)
