"""Utsumi 2018: Figures 1 and 2, Tables 3 and 4 in our form, 8 claims, the paper's numbers beside ours.

draw("results/lrp-refinement", "figures")     every file, from rows and the table `points` alone
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from probekit.errors import ProbekitError
from probekit.report import against_paper as beside_paper
from probekit.report import claims as test_claims
from probekit.report import make_files, points, read_results, read_table, save, scatter, write_table
from probekit.report.claims import NotTestable, beside, check
from probekit.rows import parse_setting

from ._refinement_claims import STUDY
from ._refinement_view import ORIGINAL, REFINED, View, preferred, view

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "against_paper", "claims", "draw"]

SPLITS = {"train": "words fitted on", "test": "words held out"}
CLAIM_WIDTHS = {"text": "4.5cm", "paper": "3cm", "ours": "3.5cm", "why": "3.5cm"}


def draw(results: str | Path, out: str | Path | None = None) -> list[Path]:
    """Every figure and table of the study from a results folder; returns the files written.

    `out` defaults to the folder's `_figures`. Generated data have files of their own, marked so. What the rows cannot
    show is left out with a warning.
    """
    df = read_results(results)
    folder = Path(out) if out is not None else Path(results) / "_figures"
    products: dict[str, Callable[[], list[Path]]] = {}

    def figure(name: str, make: Callable[..., Figure], *given: Any) -> None:
        products[name] = lambda: save(make(*given), folder / name)

    def table(name: str, make: Callable[..., pd.DataFrame], *given: Any, **style: Any) -> None:
        products[name] = lambda: write_table(make(*given), folder / name, **style)

    for data, mark in (("real", ""), ("generated", "-generated")):
        try:
            v = view(df, data)
        except ProbekitError as reason:
            warnings.warn(f"the {data} data are left out: {reason}", stacklevel=2)
            continue
        table(f"table-3{mark}", means, v, "train", caption=f"Mean AP (x 100), words fitted on ({data})", digits=1)
        table(f"table-4{mark}", means, v, "test", caption=f"Mean AP (x 100), words held out ({data})", digits=1)
        figure(f"figure-1{mark}", figure_1, v)
        figure(f"figure-2{mark}", figure_2, v, results, df)
        table(f"claims{mark}", check, STUDY, v, wrap=CLAIM_WIDTHS, caption=f"The claims ({data} data)")
        if data == "real":
            table("against-paper", beside, STUDY, v, digits=1)
    table("thresholds", thresholds, df, caption="Thresholds chosen, median over draws", digits=3)
    return make_files(products)


def claims(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The 8 claims tested on rows (see `probekit.report.claims`). Options as in `view`."""
    return test_claims(STUDY, df, **options)


def against_paper(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The 108 published numbers with ours beside each."""
    return beside_paper(STUDY, df, **options)


# --- figures -----------------------------------------------------------------------------------------


def figure_1(v: View) -> Figure:
    """AP of each property before and after, fitted and held out, a panel an embedding; losers by name."""
    dataset, encoders = v.main()
    parts = []
    for encoder in sorted(encoders, key=short):
        for split, title in SPLITS.items():
            try:
                wide = v.properties(dataset, encoder, split)
            except NotTestable:
                continue
            wide["panel"] = f"{short(encoder)}, {title}"
            parts.append(wide)
    table = pd.concat(parts, ignore_index=True)
    lost = table[REFINED] < table[ORIGINAL]
    table["side"] = lost.map({True: "loses by refinement", False: "gains or stays"})
    table["name"] = table["property"].where(lost, "")
    made = f"{dataset}, {'generated, ' if v.data == 'generated' else ''}means over draws of words"
    return scatter(
        table,
        ORIGINAL,
        REFINED,
        colours="side",
        labels="name",
        panels="panel",
        diagonal=True,
        scale=100,
        across=2,
        colour_order=["gains or stays", "loses by refinement"],
        x_label="AP of original vectors (× 100)",
        y_label="AP of refined vectors (× 100)",
        title=f"Figure 1. Properties before and after refinement ({made})",
    )


def figure_2(v: View, results: str | Path, df: pd.DataFrame) -> Figure:
    """Words of three properties in both spaces: the ten that have most of it, the twenty that have least."""
    lines = read_table(results, "points")
    if lines.empty:
        raise NotTestable("no points were kept")
    dataset, encoders = v.main()
    rows = df.drop_duplicates("key")[["key", "dataset", "encoder", "seed", "probe", "setting"]]
    about = lines.astype({"key": str}).merge(rows.astype({"key": str}), on="key")
    settings = pd.DataFrame([parse_setting(text) for text in about["setting"].astype(str)])
    own = about["dataset"].astype(str).eq(dataset) & about["encoder"].astype(str).eq(encoders[0])
    own &= about["seed"].eq(0) & about["probe"].astype(str).isin([ORIGINAL, REFINED])
    if not own.any():
        raise NotTestable(f"no points of {encoders[0]} on {dataset} in the first draw")
    # The draws of a search do not show in its points: all of one are of the first draw.
    own &= own.index.isin(preferred(settings[own].assign(draws=1)).index)
    chosen = about[own]
    parts = chosen["label"].astype(str).str.split("\t", expand=True)
    titles = {ORIGINAL: "original space", REFINED: "its subspace"}
    table = pd.DataFrame(
        {
            "x": chosen["x"],
            "y": chosen["y"],
            "word": parts[2].where(parts[0].eq("high"), ""),
            "kind": parts[0].map(
                {"high": "ten words that have most of it", "low": "twenty words that have least of it"}
            ),
            "panel": parts[1] + ", " + chosen["probe"].astype(str).map(titles),
            "property": parts[1],
        }
    )
    order = [f"{name}, {title}" for name in dict.fromkeys(table["property"]) for title in titles.values()]
    made = ", generated data" if v.data == "generated" else ""
    return points(
        table,
        colours="kind",
        labels="word",
        panels="panel",
        panel_order=order,
        across=2,
        colour_order=["ten words that have most of it", "twenty words that have least of it"],
        title=(
            f"Figure 2. Words in the original space and in the subspace of a property ({short(encoders[0])}, "
            f"{dataset}, first draw{made}): largest, median and smallest gain; scaling of cosine distances"
        ),
    )


# --- tables ------------------------------------------------------------------------------------------


def means(v: View, split: str) -> pd.DataFrame:
    """The paper's Table 3 or 4 in our form: a line for each set of ratings and embedding, times 100."""
    found = [table for grid in ("coarse", "full") if (table := searched(v, split, grid)) is not None]
    if not found:
        raise NotTestable(f"no scores of split {split}")
    table = pd.concat(found, ignore_index=True)
    for name in ("original", "refined", "gain", "no thresholds", "shuffled"):
        table[name] *= 100
    table["p"] = [f"{p:.1e}" if p < 0.001 else f"{p:.3f}" for p in table["p"]]
    table.insert(list(table.columns).index("p") + 1, "p < .05", [float(p) < 0.05 for p in table["p"]])
    return table.drop(columns="split")


def searched(v: View, split: str, grid: str) -> pd.DataFrame | None:
    """Means of the cells of one search of thresholds; None where there are none."""
    try:
        return v.table(split, grid=grid)
    except NotTestable:
        return None


def thresholds(df: pd.DataFrame) -> pd.DataFrame:
    """Median thresholds of the draws, with the size of the subspaces, for each cell."""
    rows = df[df["probe"].astype(str).eq(REFINED) & df["split"].eq("train") & df["value"].notna()]
    if rows.empty:
        raise NotTestable("no refined space was scored")
    info = pd.DataFrame([json.loads(text) for text in rows["info"].astype(str)], index=rows.index)
    values = pd.DataFrame(info["thresholds"].tolist(), index=rows.index, columns=["theta_T", "theta_R1", "theta_R2"])
    sizes = info[["dimensions", "members", "epochs"]]
    table = rows[["dataset", "encoder", "setting"]].astype(str).join(values).join(sizes)
    table["unrefined properties"] = info["unrefined"].astype(float)
    return table.groupby(["dataset", "encoder", "setting"], sort=False).median().reset_index()


def short(spec: str) -> str:
    """A spec for labels: the corpus and the width of word2vec, the name of a table."""
    size = re.search(r"size=(\d+)", spec)
    head = spec.partition("(")[0].removeprefix("static:")
    return head if not head.startswith("word2vec:") else f"{head} ({size[1] if size else 300})"
