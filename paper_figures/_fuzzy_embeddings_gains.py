"""Gains of sets over vectors by reading, and the paper's numbers beside ours."""

from __future__ import annotations

from typing import Any

import pandas as pd
from probekit.experiments.fuzzy_embeddings import FIRST, STUDY

from probekit.report import NotTestable, clears, ends, if_run
from probekit.rows import parse_setting
from probekit.scores import Comparison

from ._fuzzy_embeddings_view import (
    AS_PRINTED,
    AS_PROGRAM,
    CATEGORIES,
    COSINE,
    CROSS,
    ENTROPY,
    FOR_COMPOUNDS,
    FREQUENCY,
    GLOVE,
    KL,
    NAMES,
    OFFSET,
    SETS,
    SIMLEX,
    VECTORS,
    WORD2VEC,
    SetView,
)

SEMANTIC = 5  # the first categories


def gain_of(found: Comparison) -> dict[str, Any]:
    """A gain in hundredths with its interval and verdict, as tables show it."""
    verdict = {True: "above", False: "below", None: "open"}[clears(found)]
    return {**ends(found, "gain"), "verdict": verdict}


@STUDY.table(
    "gains", caption="Sets less vectors (x 100) by reading, intervals over pairs or groups of questions", digits=1
)
def gains(v: SetView) -> pd.DataFrame:
    """Every paired difference of the tables above that was run and whose answers were kept."""
    found = []
    lines = [*_similarity_gains(v), *_compound_gains(v), *_analogy_gains(v)]
    for what, metric, name, where, plain in lines:
        gain = if_run(v.gain, metric, where, plain)
        if gain is not None:
            found.append({**what, "table": name, **gain_of(gain)})
    if not found:
        raise NotTestable("no answers to single items were kept")
    return pd.DataFrame(found)


Gain = tuple[dict[str, str], str, str, dict[str, Any], dict[str, Any]]


def _tables(v: SetView, **where: Any) -> list[tuple[str, dict[str, Any]]]:
    """Tables that were asked as they are, none where the part was not run."""
    rows = v.only(control="", turned=0, longer=False, reading=VECTORS, **where).drop_duplicates("name")
    return [(row["name"], {"table": row["table"], "size": row["size"]}) for _, row in rows.iterrows()]


def _similarity_gains(v: SetView) -> list[Gain]:
    found: list[Gain] = []
    for name, at in _tables(v, task=SIMLEX):
        plain = {**at, "task": SIMLEX, "reading": VECTORS}
        for reading in NAMES.values():
            for one in (KL, CROSS):
                what = {"task": "SimLex-999 (rho)", "reading": reading, "compared": f"{one} less cosine"}
                found.append((what, "spearman", name, {**plain, "reading": reading, "measure": one}, plain))
            cross, kl = ({**plain, "reading": reading, "measure": one} for one in (CROSS, KL))
            what = {"task": "SimLex-999 (rho)", "reading": reading, "compared": "cross-entropy less KL"}
            found.append((what, "spearman", name, cross, kl))
    return found


def _compound_gains(v: SetView) -> list[Gain]:
    found: list[Gain] = []
    for of in ("reddy", "farahmand"):
        for name, at in _tables(v, kind="compounds", of=of):
            for reading in NAMES.values():
                for metric in ("spearman", "pearson"):
                    plain = {**at, "kind": "compounds", "of": of, "reading": VECTORS}
                    what = {"task": f"compounds, {of} ({metric})", "reading": reading, "compared": "KL less cosine"}
                    found.append((what, metric, name, {**plain, "reading": reading, "measure": KL}, plain))
    return found


def _analogy_gains(v: SetView) -> list[Gain]:
    found: list[Gain] = []
    for first in FIRST:
        for name, at in _tables(v, kind="analogy", first=first):
            for reading in NAMES.values():
                plain = {**at, "kind": "analogy", "first": first, "reading": VECTORS}
                what = {"task": f"analogies, first {first} (%)", "reading": reading, "compared": "sets less offset"}
                found.append((what, "accuracy", name, {**plain, "reading": reading}, plain))
    return found


# --- beside the paper --------------------------------------------------------------------------------


@STUDY.beside(digits=3)
def ours(v: SetView, line: dict[str, Any]) -> dict[str, Any]:
    """Vectors of the same width in the reading of the authors' program for the task; GloVe for Google News."""
    return _BESIDE[line["table"]](v, line, parse_setting(line["setting"]))


Line = dict[str, Any]
Setting = dict[str, str]
_OTHER = "55 novels for text8"


def _entropy(v: SetView, line: Line, want: Setting) -> dict[str, Any]:
    where = {"task": "controls", "metric": "entropy", "reading": AS_PROGRAM, "size": 200}
    row = v.scores(**where, subset=f"word={want['word']}").iloc[0]
    return {"ours": row["value"], "n": row["n_test"], "note": "200 dimensions, which the printed values fit"}


def _table_5(v: SetView, line: Line, want: Setting) -> dict[str, Any]:
    """Cross-entropies, which the printed values are: of a product of rows they say the mass alone."""
    text = f"{want['from']} from {want['to']}".replace("AND", "&")
    where = {"task": "divergences", "measure": CROSS, "reading": AS_PROGRAM, "table": GLOVE, "sets": text, "subset": ""}
    row = v.scores(**where).iloc[0]
    n = int(row["size"])
    return {"ours": row["value"], "n": row["n_test"], "note": f"cross-entropy, GloVe of {n} dimensions"}


def _table_8(v: SetView, line: Line, want: Setting) -> dict[str, Any]:
    measure = {"word2vec cosine": COSINE, "fuzzy KL": KL, "fuzzy cross-entropy": CROSS}[line["method"]]
    reading = VECTORS if measure == COSINE else AS_PROGRAM
    row = v.score(task=SIMLEX, table=WORD2VEC, size=int(want["dim"]), measure=measure, reading=reading)
    return {"ours": row["value"], "n": row["n_test"], "note": _OTHER}


def _table_9(v: SetView, line: Line, want: Setting) -> dict[str, Any]:
    """Running accuracies as the paper prints them: of all categories so far, the semantic or the syntactic of them."""
    last = list(CATEGORIES.values()).index(line["dataset"])
    spans = {"overall": (0, last), "semantic": (0, min(last, SEMANTIC - 1)), "syntactic": (SEMANTIC, last)}
    cosine = "cosine" in line["method"]
    where = {
        "kind": "analogy", "table": WORD2VEC, "size": int(want["dim"]),
        "measure": OFFSET if cosine else SETS, "reading": VECTORS if cosine else AS_PRINTED,
    }  # fmt: skip
    found = {first: _running(v, {**where, "first": first}, *spans[want["column"]]) for first in FIRST}
    (value, n), (alone, _) = found[FIRST[-1]], found[FIRST[0]]
    note = f"right among the first {FIRST[-1]} for both; alone the first: {alone:.2f}; {_OTHER}"
    return {"ours": value, "n": n, "note": note}


def _running(v: SetView, where: dict[str, Any], start: int, end: int) -> tuple[float, int]:
    names = [f"category={name}" for name in list(CATEGORIES)[start : end + 1]]
    rows = v.scores(**where, subset=names)
    rows = rows[rows["value"].notna()]  # categories of which fewer than 10 questions have vectors are left out
    n = int(rows["n_test"].sum())
    if not n:
        raise NotTestable("fewer than 10 questions of each of these categories have vectors")
    return float(100 * (rows["value"] * rows["n_test"]).sum() / n), n


def _table_10(v: SetView, line: Line, want: Setting) -> dict[str, Any]:
    n = int(want["top_n"])
    frequency = line["method"].startswith("frequency")
    measure, reading = (FREQUENCY, VECTORS) if frequency else (ENTROPY, AS_PROGRAM)
    where = {"kind": "function-words", "of": "ewt", "metric": "precision", "table": WORD2VEC, "size": 200}
    row = v.score(**where, subset=f"top={n}", measure=measure, reading=reading)
    return {"ours": n * row["value"], "n": n, "note": f"function words of EWT for the list; {_OTHER}"}


def _table_11(v: SetView, line: Line, want: Setting) -> dict[str, Any]:
    plain = line["method"] == "word2vec"
    where = {"measure": COSINE if plain else KL, "reading": VECTORS if plain else FOR_COMPOUNDS}
    at = {"table": WORD2VEC, "size": int(want["dim"]), "metric": line["metric"]}
    row = v.score(kind="compounds", of="reddy", **at, **where)
    return {"ours": row["value"], "n": row["n_test"], "note": "90 compounds of Reddy et al. for Ramisch et al."}


_BESIDE = {
    "Table 5": _table_5, "text S4.4": _entropy, "footnote 2": _entropy, "Table 8": _table_8, "Table 9": _table_9,
    "Table 10": _table_10, "Table 11": _table_11,
}  # fmt: skip
