"""A view: rows of one study that are read together, as its figures, tables and claims ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError
from probekit.report.read import read_table
from probekit.rows import parse_setting

# Axes whose generated values make a score one of generated data; an encoder trained on such data is a control.
_GENERATED = r'"generated": \[[^\]]*"dataset"'


_Method = TypeVar("_Method", bound=Callable[..., Any])


class NotTestable(Exception):
    """Raised where the rows that are asked for are not there; the message says what is missing."""


def remembered(method: _Method) -> _Method:
    """A method of a view that answers each question once: the rows of a view do not change, so neither do its answers.

    Arguments are plain values, and lists, sets and dicts of these. A frame is handed out as a copy on writing.
    """

    @wraps(method)
    def answer(self: View, *args: Any, **kwargs: Any) -> Any:
        key = (method.__qualname__, repr(args), repr(sorted(kwargs.items())))
        if key not in self._answers:
            self._answers[key] = method(self, *args, **kwargs)
        found = self._answers[key]
        return found.copy(deep=False) if isinstance(found, pd.DataFrame) else found

    return cast(_Method, answer)


@dataclass(eq=False)
class View:
    """Rows of one kind of data, plain text in their columns of words; every key of `setting` is a column too.

    mark: ends the names of its files. title: what its captions say of it. folder: where the tables below the rows are.
    unfit: why no verdict can rest on it, if none can. A study whose claims read more than rows extends this class.
    """

    rows: pd.DataFrame
    mark: str = ""
    title: str = ""
    unfit: str = ""
    folder: Path | None = field(default=None, kw_only=True)
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _by_key: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict, init=False, repr=False)
    _answers: dict[tuple[str, str, str], Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def generated(self) -> bool:
        """Whether any score is one of data that a program made: then none is a reproduction."""
        return bool(is_generated(self.rows).any())

    @property
    def datasets(self) -> list[str]:
        """Names of the corpora, in order of appearance."""
        return list(dict.fromkeys(name for name in self.rows["dataset"] if name))

    @property
    def n(self) -> Any:
        """Units behind each score: the number that most rows have."""
        counts = self.rows["n_test"].dropna()
        return int(counts.mode().iloc[0]) if len(counts) else 0

    @remembered
    def only(self, **where: Any) -> pd.DataFrame:
        """Rows with these values; a list, tuple or set of values keeps rows with any of them, None what is empty."""
        return matching(self.rows, where)

    def needs(self, **where: Any) -> pd.DataFrame:
        """The rows of `only`, of which there is one at least. Raises NotTestable that says what is missing."""
        found = self.only(**where)
        if found.empty:
            raise NotTestable(f"no rows of {said(where)}")
        return found

    def row(self, **where: Any) -> pd.Series:
        """The first of those rows: value, ci_low, ci_high, n_test. Raises NotTestable."""
        return self.needs(**where).iloc[0]

    def mean(self, **where: Any) -> float:
        """Mean of their values, those that are undefined left out. Raises NotTestable where none is defined."""
        values = self.needs(**where)["value"].dropna()
        if values.empty:
            raise NotTestable(f"no score of {said(where)} is defined")
        return float(values.mean())

    @remembered
    def below(self, table: str, **where: Any) -> pd.DataFrame:
        """A table below the scores with the axes of the rows it belongs to. Raises NotTestable.

        where: of rows, and of lines where they say it themselves (a question may keep lines of two splits).
        """
        rows = self.needs(**where).drop_duplicates("key")
        places = self._places(table)
        asked = [places[key] for key in rows["key"] if key in places]
        lines = self._whole(table).iloc[np.sort(np.concatenate(asked)) if asked else []]
        lines = matching(lines, {name: wanted for name, wanted in where.items() if name in lines})
        found = lines.merge(rows[[c for c in rows if c == "key" or c not in lines]], "inner", "key")
        if found.empty:
            raise NotTestable(f"the table '{table}' holds nothing of {said(where)}")
        return found

    def by_key(self, table: str) -> dict[str, pd.DataFrame]:
        """A table below the scores by the key of the score, in the order of its items. Raises NotTestable."""
        if table not in self._by_key:
            lines = self._whole(table)
            lines = lines.sort_values("unit" if "unit" in lines else "group")
            self._by_key[table] = {str(key): own for key, own in lines.groupby("key")}
        return self._by_key[table]

    @remembered
    def _places(self, table: str) -> dict[str, np.ndarray]:
        """Where the lines of each score are: to compare all keys with those that are asked for takes far longer."""
        return {str(key): np.asarray(places) for key, places in self._whole(table).groupby("key").indices.items()}

    def _whole(self, table: str) -> pd.DataFrame:
        """A table below the scores, read once, words as plain text."""
        if self.folder is None:
            raise NotTestable(f"the table '{table}' is in a results folder, and these rows came without one")
        if table not in self._tables:
            try:
                lines = read_table(self.folder, table)
            except ProbekitError as reason:
                raise NotTestable(str(reason)) from None
            words = {str(name): lines[name].astype(str) for name in lines.select_dtypes("category")}
            self._tables[table] = lines.assign(**words)
        return self._tables[table]


def matching(rows: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    """Rows with these values, as in `View.only`; a setting that no row has is empty in all of them."""
    keep = np.ones(len(rows), dtype=bool)  # all columns are taken once, at the end: taking is what costs
    for name, wanted in where.items():
        if name not in rows:
            rows = rows.assign(**{name: ""})
        column = rows[name]
        if wanted is None:
            found = column.isna() | column.eq("")
        elif isinstance(wanted, (list, tuple, set, frozenset)):
            found = column.isin(list(wanted))
        else:
            found = column.eq(wanted).fillna(False)
        keep &= found.to_numpy(dtype=bool)
    return rows[keep]


def counterpart(published: Mapping[str, Any], **names: Mapping[str, Any]) -> dict[str, Any]:
    """What our rows call what a published line names: `counterpart(line, encoder={"GloVe": "glove"})`.

    Raises NotTestable for what has no name among ours.
    """
    found = {}
    for column, ours in names.items():
        if published[column] not in ours:
            raise NotTestable(f"no {column} of ours stands for {published[column]}")
        found[column] = ours[published[column]]
    return found


def said(where: Mapping[str, Any]) -> str:
    """A selection in words."""
    return ", ".join(f"{name} {value or '(none)'}" for name, value in where.items()) or "any kind"


def is_generated(rows: pd.DataFrame) -> pd.Series:
    """Of each row, whether its score is one of data that a program made, as the run wrote it."""
    return rows["info"].astype(str).str.contains(_GENERATED, regex=True)


def prepared(df: pd.DataFrame) -> pd.DataFrame:
    """Rows as views hold them: words as plain text, empty where there is none, and columns of the settings."""
    rows = df.copy()
    for name in rows.columns:
        if isinstance(rows[name].dtype, pd.CategoricalDtype) or rows[name].dtype == object:
            rows[name] = rows[name].astype(object).where(rows[name].notna(), "").astype(str)
    texts = rows["setting"].unique()
    settings = pd.DataFrame([parse_setting(text) for text in texts], index=texts)
    for name in settings.columns:
        if name not in rows:
            rows[name] = rows["setting"].map(settings[name]).astype(object).where(lambda x: x.notna(), "")
    return rows


def by_kind(df: pd.DataFrame) -> Iterator[View]:
    """Views of the real and of the generated rows, where there are some; the files of generated data are marked."""
    rows = prepared(df)
    made = is_generated(rows)
    if len(rows[~made]):
        yield View(rows[~made], title="real data")
    if made.any():
        yield View(rows[made], "-generated", "generated data")
