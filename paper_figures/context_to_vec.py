"""Zheng et al. 2022: Table 4 and its differences, pairs that no lexicon joins, nu, energies; Tables 1 and 2 trained."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.context_to_vec import EXACT, KERNEL, NUS, ORDERS, PRINTED, STUDY, UNIFORM

from probekit.report import bars, curves, heatmap

from ._context_to_vec_tagged import beside_tagged
from ._context_to_vec_trained import KINDS, beside_trained, mean_of, set_of
from ._context_to_vec_view import (
    CATEGORY_NAMES,
    GOOGLE,
    NONE,
    RANDOM,
    SEMEVAL,
    SET_NAMES,
    UNITS,
    USUAL_NU,
    RetrofitView,
    counted,
)
from ._context_to_vec_view import called as set_called

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEAN = "mean"
ORDERED = [f"order {alpha:+g}" for alpha in ORDERS]
LINES = {"similarity": [*SET_NAMES.values()], "categories": [*CATEGORY_NAMES.values()]}
_SHORT = {"SimLex-999": "SimLex", "WS353S": "WS-S", "WS353R": "WS-R"}  # longer names run into each other


def schemes(v: RetrofitView, **where: Any) -> list[tuple[str, str]]:
    """Forms with their lexicon, "" where they take none, as figures order them; of the whole similarity sets."""
    rows = v.scores(**where)
    there = set(zip(rows["form"], rows["lexicon"], strict=True))
    by_lexicon = [(form, lexicon) for lexicon in v.lexicons for form in (UNIFORM, KERNEL, RANDOM)]
    return [one for one in [*by_lexicon, *((form, "") for form in ORDERED)] if one in there]


def called(form: str, lexicon: str) -> str:
    return f"{lexicon}, {form}" if lexicon else form


@cache
def every_gain(v: RetrofitView) -> pd.DataFrame:
    """Gain of each scheme over the table as it is, by set and in the mean."""
    found = []
    for table in v.tables:
        for form, lexicon in schemes(v, table=table):
            where = {"table": table, "lexicon": lexicon}
            gains = {**v.gains(form, **where), MEAN: v.mean_gain(form, **where)}
            found += [{**where, "form": form, "set": name, **counted(one)} for name, one in gains.items()]
    return pd.DataFrame(found)


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-1")
def differences(v: RetrofitView) -> Figure:
    """Table 4 as differences: each scheme less the table as it is, a cell a set; a frame of its own for each table."""
    table = every_gain(v)
    names = [called(*one) for one in schemes(v)]
    return heatmap(
        table.assign(scheme=[called(*one) for one in zip(table["form"], table["lexicon"], strict=True)]),
        "scheme",
        "set",
        panels="table",
        row_order=names,
        column_order=[*LINES["similarity"], MEAN],
        panel_order=v.tables,
        signed=True,
        annotate="+.1f",
        across=1,
        row_label="lexicon and weights",
        column_label="",
        label="change of ρ × 100",
        title="Figure 1. What post-processing changes in rank correlation with ratings, against the table as it is",
    )


@STUDY.figure("figure-2")
def means(v: RetrofitView) -> Figure:
    """Mean gain over the sets with intervals over pairs, random edges and similarity orders beside."""
    table = every_gain(v)
    table = table[table["set"].eq(MEAN)]
    ordered = table["form"].isin(ORDERED)
    return bars(
        table.assign(
            place=table["lexicon"].where(~ordered, table["form"]),
            form=table["form"].where(~ordered, "similarity order"),
        ),
        "place",
        colours="form",
        panels="table",
        low="low",
        high="high",
        x_order=[*v.lexicons, *ORDERED],
        colour_order=[UNIFORM, KERNEL, RANDOM, "similarity order"],
        panel_order=v.tables,
        across=1,
        x_label="",
        label="mean change of ρ × 100",
        title="Figure 2. Mean change over the similarity sets, higher is better (95 % intervals over pairs)",
    )


@STUDY.figure("figure-3")
def unseen_pairs(v: RetrofitView) -> Figure:
    """Gain of the t-kernel on all pairs and on those that the lexicon does not join, random edges on the latter."""
    table = unseen(v).replace({"set": _SHORT})
    names = {name: name if name.startswith(RANDOM) else f"t-kernel, {name}" for name in _UNSEEN}
    long = pd.concat(
        [
            pd.DataFrame(
                {"value": table[f"{name}"], "low": table[f"{name}, low"], "high": table[f"{name}, high"]}
            ).assign(pairs=names[name], set=table["set"], panel=table["table"] + ", " + table["lexicon"])
            for name in _UNSEEN
        ]
    )
    return bars(
        long,
        "set",
        colours="pairs",
        panels="panel",
        low="low",
        high="high",
        x_order=[_SHORT.get(name, name) for name in LINES["similarity"]],
        colour_order=list(names.values()),
        panel_order=[f"{table}, {lexicon}" for lexicon in v.lexicons for table in v.tables],
        across=2,
        x_label="",
        label="change of ρ × 100",
        title="Figure 3. The t-kernel with and without pairs that the lexicon joins (95 % intervals over pairs)",
    )


@STUDY.figure("figure-4")
def sweep_of_nu(v: RetrofitView) -> Figure:
    """Mean gain by the kernel's degrees of freedom, PPDB; uniform weights as dashed lines."""
    table = by_nu(v)
    return curves(
        table,
        "nu",
        lines="table",
        low="low",
        high="high",
        line_order=[*v.tables, *(f"{one}, uniform" for one in v.tables)],
        x_label="degrees of freedom ν of the kernel",
        label="mean change of ρ × 100",
        title="Figure 4. Mean gain by ν on PPDB, uniform weights dashed (95 % intervals over pairs)",
    )


@STUDY.figure("figure-5")
def energies(v: RetrofitView) -> Figure:
    """Ψ of equation 9 by sweep for each weighting, and the energy that sweeps of normalised weights lower."""
    lines = v.below("curve", task="energies")
    about = v.lines.drop_duplicates("key").set_index("key")
    lines = lines[lines["step"].le(10)].assign(
        form=lines["key"].map(about["form"]),
        sweeps=lines["key"].map(about["sweeps"]),
        panel=lines["key"].map(about["table"]) + ", " + lines["key"].map(about["lexicon"]),
    )
    lines = lines[lines["sweeps"].eq(10)]
    psi = lines[lines["series"].eq("psi")].assign(line=lambda own: "Ψ, " + own["form"])
    energy = lines[lines["series"].eq("energy") & lines["form"].isin([KERNEL])].assign(line=f"E, {KERNEL}")
    return curves(
        pd.concat([psi, energy])[["step", "value", "line", "panel"]],
        "step",
        lines="line",
        panels="panel",
        line_order=[*(f"Ψ, {form}" for form in (EXACT, KERNEL, UNIFORM, PRINTED)), f"E, {KERNEL}"],
        panel_order=[f"{table}, {lexicon}" for table in v.tables for lexicon in v.lexicons],
        x_label="sweep",
        label="share of its value before the first sweep",
        title="Figure 5. The objective by sweep: Ψ of each weighting, and the energy E of the t-kernel",
    )


@STUDY.figure("figure-6")
def other_benchmarks(v: RetrofitView) -> Figure:
    """Gains on categories, analogies and relational similarity with their intervals."""
    table = gains_elsewhere(v)
    table = table[table["form"].eq(KERNEL)]
    return bars(
        table,
        "set",
        colours="lexicon",
        panels="table",
        low="low",
        high="high",
        x_order=_ELSEWHERE,
        colour_order=v.lexicons,
        panel_order=v.tables,
        across=1,
        x_label="",
        label="change in points, higher is better",
        title="Figure 6. The t-kernel elsewhere: categories, analogies, relations (95 % intervals over items)",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-4", caption="Spearman x 100 of the paper's sets, the mean, pairs covered and their share", digits=1)
def table_4(v: RetrofitView) -> pd.DataFrame:
    """The paper's Table 4 in our form: a line for each table and scheme."""
    rows = v.scores()
    rows = rows.assign(
        value=100 * rows["value"], scheme=[called(*one) for one in zip(rows["form"], rows["lexicon"], strict=True)]
    )
    wide = rows.pivot_table(index=["table", "scheme"], columns="set", values="value")[v.sets]
    wide[MEAN] = wide.mean(axis=1)
    about = rows.groupby(["table", "scheme"])
    wide["pairs"] = about["n_test"].sum()
    wide["covered"] = (
        100 * rows.assign(covered=rows["info"].map(_info("coverage"))).groupby(["table", "scheme"])["covered"].mean()
    )
    order = [NONE, *(called(*one) for one in schemes(v))]
    return wide.reindex(
        [(table, one) for table in v.tables for one in order if (table, one) in wide.index]
    ).reset_index()


@STUDY.table("differences", caption="Gains in Spearman x 100 over the table as it is, intervals over pairs", digits=1)
def table_of_differences(v: RetrofitView) -> pd.DataFrame:
    return every_gain(v).rename(columns={"value": "gain"})


_UNSEEN = {
    "all pairs": (KERNEL, False),
    "no edge of the lexicon": (KERNEL, True),
    "random edges, no edge": (RANDOM, True),
}


@STUDY.table(
    "unseen", caption="Gain of the t-kernel with and without the lexicon's own pairs, x 100; share of edges", digits=1
)
@cache
def unseen(v: RetrofitView) -> pd.DataFrame:
    """The share of test pairs that the lexicon joins beside scores with and without them."""
    found = []
    for lexicon in v.lexicons:
        for table in v.tables_of(form=RANDOM, lexicon=lexicon, without=lexicon):
            found += [_unseen(v, table, lexicon, name) for name in v.sets]
    return pd.DataFrame(found)


def _unseen(v: RetrofitView, table: str, lexicon: str, name: str) -> dict[str, Any]:
    where = {"table": table, "set": name}
    left = v.scores(**where, without=lexicon, form=NONE).iloc[0]
    line: dict[str, Any] = {
        "table": table,
        "lexicon": lexicon,
        "set": name,
        "edges (%)": 100 * _info("edges")(left["info"]),
    }
    line |= {"as it is": 100 * v.scores(**where, form=NONE)["value"].iloc[0], "as it is, no edge": 100 * left["value"]}
    for what, (form, without) in _UNSEEN.items():
        gain = v.gain(v.form(form, lexicon), {"form": NONE}, **where, without=lexicon if without else None)
        line |= {what: 100 * gain.difference, f"{what}, low": 100 * gain.low, f"{what}, high": 100 * gain.high}
    return {**line, "pairs, no edge": int(left["n_test"])}


@STUDY.table("nu", caption="Mean gain over the sets by nu on PPDB, x 100, intervals over pairs", digits=2)
def by_nu(v: RetrofitView) -> pd.DataFrame:
    found, lexicon = [], v.lexicons[0]
    for table in v.tables_of(form=KERNEL, nu=float(NUS[0]), lexicon=lexicon):
        for nu in sorted({*map(float, NUS), USUAL_NU}):
            gain = v.gain({**v.form(KERNEL, lexicon), "nu": nu}, {"form": NONE}, table=table)
            found.append({"table": table, "nu": nu, **counted(gain)})
        found.append(
            {
                "table": f"{table}, uniform",
                "nu": float("nan"),
                **counted(v.mean_gain(UNIFORM, table=table, lexicon=lexicon)),
            }
        )
    return pd.DataFrame(found)


_FACTS = {"edges": 1, "words_with_edges": 1, "pairs_covered": 100, "psi": 1, "energy": 1, "length": 1, "residual": 1}


@STUDY.table(
    "energies", caption="After the last sweep: psi, energy and length as shares of those before the first", digits=4
)
def table_of_energies(v: RetrofitView) -> pd.DataFrame:
    """With edges, words that have some, and the percentage of the lexicon's pairs that are edges."""
    rows = v.needs(task="energies").merge(
        v.lines[["key", "metric", "form", "table", "lexicon", "sweeps"]], on=["key", "metric"]
    )
    wide = rows.pivot_table(index=["table", "lexicon", "form", "sweeps"], columns="metric", values="value")
    there = [name for name in _FACTS if name in wide]
    return (wide[there] * [_FACTS[name] for name in there]).reset_index()


_ELSEWHERE = [*CATEGORY_NAMES.values(), GOOGLE, SEMEVAL]


@STUDY.table("elsewhere", caption="Gains on other benchmarks, in points, intervals over items", digits=1)
@cache
def gains_elsewhere(v: RetrofitView) -> pd.DataFrame:
    """Of both weightings: purity of categories over words (three seeds of clusters), analogies, relations."""
    found = []
    for kind in ("categories", "analogy", "relation"):
        for lexicon in v.lexicons:
            for table in v.tables_of(kind=kind, form=KERNEL, lexicon=lexicon):
                for form in (UNIFORM, KERNEL):
                    where = {"table": table, "lexicon": lexicon}
                    for name, gain in v.gains(form, kind=kind, **where).items():
                        before = v.scores(kind=kind, table=table, form=NONE, set=name)["value"].mean()
                        line = {**where, "form": form, "set": set_called(name), "before": 100 * before, **counted(gain)}
                        found.append({**line, "of": f"{UNITS[kind]}s"})
    return pd.DataFrame(found)


def _info(name: str) -> Any:
    return lambda info: float(json.loads(info)[name])


# --- beside the paper --------------------------------------------------------------------------------

_SCHEMES = {
    "w/o retrofitting": (NONE, ""),
    "+Faruqui et al. (2014)": (UNIFORM, "PPDB"),
    "+Artetxe et al. (2018)": ("order +0.15", ""),
    "+Ours": (KERNEL, "PPDB"),
    "Ours(preliminary)": (NONE, ""),
    "Ours(+post-process)": (KERNEL, "PPDB"),
    "GloVe": (NONE, ""),
    "Skip-gram": (NONE, ""),
}
_NOTE = "a table of GloVe (40,000 words x 100) and PPDB XL stand for the paper's own table and unnamed lexicon"


@STUDY.beside(digits=1)
def ours(v: RetrofitView, line: dict[str, Any]) -> dict[str, Any]:
    """GloVe stands for the paper's table in Table 4; in Tables 1 and 2 what is trained here stands for each row."""
    if line["table"] == "Table 3":
        return beside_tagged(v, line)
    if line["table"] in ("Table 1", "Table 2"):
        return beside_trained(v, line)
    form, lexicon = _SCHEMES[line["method"]]
    where = {"kind": KINDS.get(line["task"], "similarity"), **v.form(form, lexicon)}
    where |= {} if line["dataset"] == "Avg" else {"set": set_of(line)}
    rows = v.scores(table="GloVe", **where)
    beside = {
        table: 100 * mean_of(v.scores(table=table, **where)) for table in v.tables_of(**where) if table != "GloVe"
    }
    return {"ours": 100 * mean_of(rows), **beside, "n": int(rows["n_test"].sum()), "note": _NOTE}
