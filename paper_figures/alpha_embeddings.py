"""Volpi and Malago 2020: Figures 1 and 2 over alpha, Tables 1, 2, 3, 10 and 11, differences with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.alpha_embeddings import LIMITS, STUDY, WORDS

from probekit.report import NotTestable, Selected, bars, curves, ends
from probekit.scores import Comparison

from ._alpha_embeddings_texts import beside_texts
from ._alpha_embeddings_view import (
    ANALOGY_NAMES,
    CATEGORY_NAMES,
    CORPORA,
    LARGE,
    LE,
    LEAST,
    MORE,
    NOVELS,
    REFERENCES,
    SET_NAMES,
    SMALL,
    UV,
    AlphaView,
    E,
    U,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRODUCTS = ("F", "I")
FORMS = [f"{reference}-{product}" for reference in REFERENCES.values() for product in PRODUCTS]


def over_alpha(v: AlphaView, **where: Any) -> pd.DataFrame:
    """Scores by alpha as curves draw them: a line a reference and metric, baselines as lines without alpha."""
    swept = v.scores(method=E, **where)
    swept = swept.assign(line=swept["reference"] + "-" + swept["product"], x=swept["alpha"])
    plain = v.scores(method=[U, UV], **where)
    plain = plain.assign(line=plain["method"], x=np.nan)
    both = pd.concat([swept, plain])
    return both.assign(value=100 * both["value"])[["x", "value", "line", "set", "corpus", "size", "n_test"]]


def lines_of(table: pd.DataFrame) -> list[str]:
    there = set(table["line"])
    return [name for name in (*FORMS, U, UV) if name in there]


# --- figures -----------------------------------------------------------------------------------------


_SHOWN = "higher is better; dashed: U and U + V"


def _curves(table: pd.DataFrame, panels: Sequence[str], label: str, title: str) -> Figure:
    """Lines over alpha, a panel for each of some values of `panel` that the table has."""
    there = set(table["panel"])
    return curves(
        table,
        "x",
        lines="line",
        panels="panel",
        line_order=lines_of(table),
        panel_order=[one for one in panels if one in there],
        x_label="α",
        label=label,
        title=title,
    )


def _widths(names: Iterable[str]) -> list[str]:
    return [f"{name}, {size} d" for name in names for size in (SMALL, LARGE)]


def _similarity(v: AlphaView, size: int, name: str) -> Figure:
    names = [one for one in SET_NAMES.values() if one != "mc"]
    table = over_alpha(v, kind="similarity", size=size, corpus=MORE, set=names)
    enough = table[table["n_test"].ge(LEAST)]
    title = f"{name} over α, {size} dimensions, novels and reviews\n({_SHOWN}; lines: reference and metric)"
    return _curves(enough.assign(panel=enough["set"]), names, "Spearman × 100", title)


@STUDY.figure("figure-1-similarity")
def similarity(v: AlphaView) -> Figure:
    """The top row of Figure 1: similarity over alpha."""
    return _similarity(v, LARGE, "Figure 1, top. Similarity")


@STUDY.figure("figure-1-similarity-50")
def similarity_small(v: AlphaView) -> Figure:
    return _similarity(v, SMALL, "Similarity")


@STUDY.figure("figure-1-analogies")
def analogies(v: AlphaView) -> Figure:
    """The bottom row of Figure 1: analogies over alpha, both widths."""
    found = []
    for subset, name in ANALOGY_NAMES.items():
        own = over_alpha(v, kind="analogy", corpus=MORE, subset=subset or None)
        found.append(own.assign(panel=name + ", " + own["size"].astype(str) + " d"))
    title = f"Figure 1, bottom. Google's analogies over α, novels and reviews\n({_SHOWN})"
    order = [f"{name}, {size} d" for size in (SMALL, LARGE) for name in ANALOGY_NAMES.values()]  # a row a width
    return _curves(pd.concat(found), order, "accuracy × 100", title)


@STUDY.figure("figure-2")
def purity(v: AlphaView) -> Figure:
    """Figure 2: purity over alpha, both widths."""
    table = over_alpha(v, kind="categories", corpus=MORE)
    table = table.assign(panel=table["set"] + ", " + table["size"].astype(str) + " d")
    title = f"Figure 2. Purity of clusters over α, novels and reviews ({_SHOWN})"
    return _curves(table, _widths(CATEGORY_NAMES.values()), "purity × 100", title)


@STUDY.figure("figure-limits")
def limits(v: AlphaView) -> Figure:
    """What the limit has over U + V by set, reference corpus and Fisher metric, with intervals."""
    table = gains_of_limits(v)
    table = table[table["form"].eq("ud-F")]
    table = table.assign(panel=table["corpus"] + ", " + table["size"].astype(str) + " d")
    return bars(
        table.rename(columns={"gain": "value"}),
        "set",
        panels="panel",
        low="low",
        high="high",
        x_order=[name for name in SET_NAMES.values() if name in set(table["set"])],
        across=1,
        x_label="",
        label="gain (points)",
        title=f"What LE-U+V-ud-F has over U + V, sets of {LEAST} pairs or more\n"
        "(above 0: the limit is better; 95 % intervals over pairs)",
    )


@STUDY.figure("figure-analogy-gains")
def analogy_gains(v: AlphaView) -> Figure:
    """What a chosen alpha has over U + V, and over alpha = 1, on the folds that did not choose it."""
    table = chosen_alphas(v)
    table = table[table["form"].eq("0-I")]
    both = pd.concat(
        table.assign(value=table[gain], low=table[low], high=table[high], over=over)
        for over, (gain, low, high) in {
            "over U + V, columns scaled": ("gain", "low", "high"),
            "over α = 1": ("over 1", "over 1, low", "over 1, high"),
        }.items()
    )
    return bars(
        both.assign(panel=both["questions"], place=both["corpus"] + ", " + both["size"].astype(str) + " d"),
        "place",
        colours="over",
        panels="panel",
        low="low",
        high="high",
        across=1,
        x_label="",
        label="gain (points)",
        title="E-U+V-0-I with α chosen on two folds of three, scored on the third\n"
        "(higher is better; 95 % intervals over groups of questions)",
    )


# --- tables ------------------------------------------------------------------------------------------


def counted(found: Comparison) -> dict[str, float]:
    """A gain with its interval and what it is over."""
    return {**ends(found, "gain"), "n": found.n}


@STUDY.table("tables-1-and-10", caption="Spearman × 100 of limits and baselines; pairs covered", digits=1)
def similarity_table(v: AlphaView) -> pd.DataFrame:
    """A line for each corpus, width and table; the pairs that are covered first."""
    rows = v.scores(kind="similarity", method=[U, UV, LE])
    rows = rows[rows["limit"].isin(["t1", ""]) | rows["limit"].isna()]
    name = rows["method"].where(rows["method"].ne(LE), LE + "-U+V-" + rows["reference"] + "-" + rows["product"])
    wide = rows.assign(table=name, value=100 * rows["value"]).pivot_table(
        index=["corpus", "size", "table"], columns="set", values="value"
    )
    pairs = rows.drop_duplicates(["corpus", "size", "set"]).pivot_table(
        index=["corpus", "size"], columns="set", values="n_test"
    )
    pairs.index = pd.MultiIndex.from_tuples([(*one, "pairs covered") for one in pairs.index], names=wide.index.names)
    there = [one for one in SET_NAMES.values() if one in wide]
    return pd.concat([pairs, wide])[there].sort_index(level=[0, 1], sort_remaining=False).reset_index()


@STUDY.table("limits", caption="Spearman × 100 of limits of several contexts; distinct vectors", digits=1)
def limits_of_several(v: AlphaView) -> pd.DataFrame:
    rows = v.scores(kind="similarity", method=LE, product="F")
    distinct = rows["info"].str.extract(r'"distinct_vectors": (\d+)')[0].astype(float)
    rows = rows.assign(value=100 * rows["value"], distinct=distinct)
    keys = ["corpus", "size", "reference", "limit"]
    wide = rows.pivot_table(index=keys, columns="set", values="value")
    wide["distinct vectors"] = rows.groupby(keys)["distinct"].first()
    order = [name for name in SET_NAMES.values() if name in wide]
    wide = wide.reset_index()
    wide["limit"] = pd.Categorical(wide["limit"], LIMITS, ordered=True)
    return wide.sort_values(keys).assign(limit=lambda own: own["limit"].astype(str))[
        [*keys, *order, "distinct vectors"]
    ]


@STUDY.table("gains-of-limits", caption="Gains of limits over U + V in Spearman × 100, intervals over pairs", digits=1)
def gains_of_limits(v: AlphaView) -> pd.DataFrame:
    """Of sets with enough pairs."""
    found = []
    for corpus, size, form, name in product(CORPORA, (SMALL, LARGE), FORMS, SET_NAMES.values()):
        where = {"kind": "similarity", "corpus": corpus, "size": size, "set": name}
        try:
            gain = v.less({"method": LE, "limit": "t1", **_read(form)}, {"method": UV}, **where)
        except NotTestable:
            continue
        if gain.n >= LEAST:
            found.append({"corpus": corpus, "size": size, "form": form, "set": name, **counted(gain)})
    if not found:
        raise NotTestable("no limit was asked on a set with enough pairs")
    return pd.DataFrame(found)


@STUDY.table(
    "tables-2-3-and-11", caption="Analogies: α chosen on two folds of three, accuracy × 100, gain over U+V", digits=2
)
def chosen_alphas(v: AlphaView) -> pd.DataFrame:
    """A line for each corpus, width, questions and form: the chosen alphas with their spread, accuracy on the folds
    that did not choose, of U and U + V, and the gain with its interval."""
    found = []
    for corpus, size, form, part in product(CORPORA, (SMALL, LARGE), FORMS, ANALOGY_NAMES):
        where: dict[str, Any] = {"corpus": corpus, "size": size, **_read(form)}
        try:
            gain, choice = v.gain(part, **where)
        except NotTestable:
            continue
        line = _line(v, corpus, size, form, part, gain, choice)
        one = counted(v.gain(part, E, **where)[0])
        found.append({**line, "over 1": one["gain"], "over 1, low": one["low"], "over 1, high": one["high"]})
    if not found:
        raise NotTestable("analogies were not asked over alpha")
    return pd.DataFrame(found)


def _read(form: str) -> dict[str, str]:
    reference, metric = form.split("-")
    return {"reference": reference, "product": metric}


def _line(
    v: AlphaView, corpus: str, size: int, form: str, part: str, gain: Comparison, choice: Selected
) -> dict[str, Any]:
    plain = {
        method: 100 * float(
            v.scores(kind="analogy", corpus=corpus, size=size, method=method, subset=part or None)["value"].iloc[0]
        )
        for method in (U, UV)
    }  # fmt: skip
    return {
        "corpus": corpus, "size": size, "form": form, "questions": ANALOGY_NAMES[part], "alpha": choice.value,
        "spread": choice.value_spread, "accuracy": 100 * choice.score, "err": 100 * choice.score_spread, **plain,
        **counted(gain),
    }  # fmt: skip


@STUDY.table("purity", caption="Purity × 100: U + V, the largest over α (not chosen), the limit; words", digits=1)
def purity_table(v: AlphaView) -> pd.DataFrame:
    found = []
    for corpus, size, name, form in product(CORPORA, (SMALL, LARGE), CATEGORY_NAMES.values(), FORMS):
        where = {"kind": "categories", "corpus": corpus, "size": size, "set": name}
        try:
            swept = v.scores(**where, method=E, **_read(form))
            limit = v.scores(**where, method=LE, **_read(form))["value"].iloc[0]
            plain = v.scores(**where, method=UV)["value"].iloc[0]
        except NotTestable:
            continue
        best = swept.iloc[int(swept["value"].argmax())]
        found.append(
            {
                "corpus": corpus, "size": size, "set": name, "form": form, "U+V": 100 * plain,
                "largest": 100 * best["value"], "at alpha": best["alpha"], "limit": 100 * limit,
                "words": int(best["n_test"]),
            }
        )  # fmt: skip
    if not found:
        raise NotTestable("categories were not asked over alpha")
    return pd.DataFrame(found)


# --- beside the paper --------------------------------------------------------------------------------

_CORPUS = {"enwiki": NOVELS, "geb": MORE}
_NOTE = f"{WORDS:,} words; {NOVELS} stand for enwiki, {MORE} for geb"


@STUDY.beside(digits=1)
def ours(v: AlphaView, line: dict[str, Any]) -> dict[str, Any]:
    """The same method on our corpora at 300 dimensions; analogies with alpha chosen by cross-validation."""
    if "classification" in line["task"]:
        return beside_texts(v, line)
    parts = dict(part.partition("=")[::2] for part in line["setting"].split(";"))
    if parts.get("corpus") not in _CORPUS:
        raise NotTestable("a number of another paper")
    where = {"corpus": _CORPUS[parts["corpus"]], "size": LARGE}
    method = line["method"].split("-")
    if method[0] == "WG5":
        raise NotTestable("published GloVe files hold one matrix; GloVe 6B is compared in other studies")
    if line["task"] == "word similarity":
        if line["dataset"] == "scws":
            raise NotTestable("SCWS is not at hand")
        return _similarity_beside(v, method, line["dataset"], where)
    return _analogy_beside(v, method, line, where)


def _similarity_beside(v: AlphaView, method: list[str], name: str, where: dict[str, Any]) -> dict[str, Any]:
    where = {**where, "kind": "similarity", "set": name}
    found = (
        v.scores(**where, method=LE, limit="t1", reference=method[2], product=method[3])
        if method[0] == LE
        else v.scores(**where, method=method[0])
    ).iloc[0]
    few = "" if found["n_test"] >= LEAST else f"; {int(found['n_test'])} pairs, too few for a verdict"
    both = "; all: the pairs of 13 sets pooled" if name == "all" else ""
    return {"ours": 100 * found["value"], "n": int(found["n_test"]), "note": _NOTE + few + both}


def _analogy_beside(v: AlphaView, method: list[str], line: dict[str, Any], where: dict[str, Any]) -> dict[str, Any]:
    part = next(part for part, name in ANALOGY_NAMES.items() if name == line["dataset"])
    if method[0] in (U, UV):
        found = v.scores(**where, kind="analogy", method=method[0], subset=part or None).iloc[0]
        return {"ours": 100 * found["value"], "n": int(found["n_test"]), "note": _NOTE}
    if "nF" in method:
        raise NotTestable("normalised by the Fisher norm with the Euclidean product: both are one metric here")
    own = {**where, "reference": method[2], "product": "I"}
    if method[0] == LE:
        found = v.scores(**own, kind="analogy", method=LE, subset=part or None).iloc[0]
        return {"ours": 100 * found["value"], "n": int(found["n_test"]), "note": _NOTE}
    gain, choice = v.gain(part, **own)
    value = {
        "accuracy": 100 * choice.score, "accuracy_err": 100 * choice.score_spread, "best_alpha": choice.value,
        "best_alpha_err": choice.value_spread,
    }[line["metric"]]  # fmt: skip
    return {"ours": value, "n": gain.n, "note": _NOTE + "; three folds over groups of questions"}
