"""Tables 1 and 2 of Zheng et al. 2022: tables that are trained here, from MiniLM and beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.context_to_vec import STUDY

from probekit.report import NotTestable, bars

from ._context_to_vec_view import (
    AVERAGED,
    CATEGORY_NAMES,
    CBOW,
    CENTRE,
    CONTEXT,
    FASTTEXT,
    FITTED,
    GLOVE,
    GOOGLE,
    LEAST,
    OURS,
    SEMEVAL,
    SET_NAMES,
    SHORT,
    SKIP_GRAM,
    UNITS,
    RetrofitView,
    called,
    counted,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = {"word analogy": "analogy", "relational similarity": "relation", "concept categorization": "categories"}


@STUDY.figure("figure-7")
def first_system(v: RetrofitView) -> Figure:
    """Mean similarity of the tables that are trained here less skip-gram on the same pairs, with intervals."""
    found = [{"table": SHORT[name], **counted(v.mean_over(name, SKIP_GRAM))} for name in v.trained if name != SKIP_GRAM]
    return bars(
        pd.DataFrame(found),
        "table",
        low="low",
        high="high",
        x_order=[one["table"] for one in found],
        x_label="SG-ctx: skip-gram's contexts; token, word, centre: of MiniLM; C2V+r: retrofitted",
        label="mean change of ρ × 100",
        title="Figure 7. Tables of 156,717 words less skip-gram of the same pairs\n"
        "(mean of sets with 30 pairs; higher is better; 95 % intervals over pairs)",
    )


@STUDY.table(
    "tables-1-and-2", caption="Tables trained on WikiText-2's validation part: scores × 100; items first", digits=1
)
def tables_1_and_2(v: RetrofitView) -> pd.DataFrame:
    """A line for each table: similarity, analogies, relations, categories (one seed of clusters); the mean of the
    similarity sets that are covered enough."""
    rows = v.lines[v.lines["table"].isin(v.trained) & v.lines["subset"].eq("") & v.lines["kind"].isin(UNITS)]
    rows = rows.assign(set=rows["set"].map(called), value=100 * rows["value"])
    wide = rows.pivot_table(index="table", columns="set", values="value").reindex(v.trained)
    items = rows.drop_duplicates("set").set_index("set")["n_test"].to_frame("items").T
    both = pd.concat([items, wide])
    order = [*SET_NAMES.values(), GOOGLE, SEMEVAL, *CATEGORY_NAMES.values()]
    both = both.reindex(columns=[name for name in order if name in both])
    both.insert(0, "mean", both[v.enough()].mean(axis=1).where(both.index != "items"))
    return both.rename_axis("table").reset_index()


_MADE = {
    "Skip-gram": SKIP_GRAM, "Skip-gram(context)": CONTEXT, "CBOW": CBOW, "GloVe": GLOVE, "FASTTEXT": FASTTEXT,
    "BERT_token": AVERAGED["token"], "BERT_word": AVERAGED["word"], "BERT_avg": AVERAGED["avg"],
    "BERT+Skip-gram": CENTRE, "Ours(preliminary)": OURS, "Ours(+post-process)": FITTED,
}  # fmt: skip


def beside_trained(v: RetrofitView, line: dict[str, Any]) -> dict[str, Any]:
    if line["method"] not in _MADE:
        raise NotTestable("this encoder or table is not at hand")
    kind = KINDS.get(line["task"], "similarity")
    where = {"kind": kind, "table": _MADE[line["method"]]}
    if "mean" in line["dataset"].lower() or line["dataset"] == "Avg":
        raise NotTestable("sets that are covered by too few items would weigh as much as the others")
    rows = v.scores(**where, set=set_of(line))
    few = "; too few items for a verdict" if int(rows["n_test"].iloc[0]) < LEAST else ""
    note = "trained on 156,717 words of WikiText-2, MiniLM for BERT, the items that this covers"
    if rows["value"].isna().all():
        raise NotTestable("fewer than 10 items are covered")
    return {"ours": 100 * mean_of(rows), "n": int(rows["n_test"].iloc[0]), "note": note + few}


def set_of(line: dict[str, Any]) -> str:
    return {"Google": "google", SEMEVAL: "semeval-2012"}.get(line["dataset"], line["dataset"])


def mean_of(rows: pd.DataFrame) -> float:
    """The mean over sets of the mean over seeds."""
    return float(rows.groupby("set")["value"].mean().mean())
