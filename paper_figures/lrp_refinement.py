"""Utsumi 2018: Figures 1 and 2, Tables 3 and 4 in our form, the paper's numbers beside ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.lrp_refinement import STUDY

from probekit.report import NotTestable, bars, points, scatter
from probekit.report.view import matching
from probekit.rows import parse_setting
from probekit.works.refinement import ORIGINAL, REFINED

from ._lrp_refinement_domains import BODY, REST, SPACE_AND_TIME, kind_of_property
from ._lrp_refinement_view import (
    CHANCE,
    FEW,
    SIGNIFICANT,
    SPLITS,
    STAND_IN,
    PropertyView,
    by_size,
    kind_of,
    named,
    short,
    title,
    width_of,
    window_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# --- figures -----------------------------------------------------------------------------------------


def _before_and_after(v: PropertyView, sets: Mapping[str, str], number: str) -> Figure:
    """AP of each property before and after, a panel an embedding and split; sets: the ratings of each split."""
    parts = []
    for encoder in v.pictured(sets["train"], "train"):
        for split, words in SPLITS.items():
            try:
                parts.append(v.properties(sets[split], encoder, split).assign(panel=f"{title(encoder)}: {words}"))
            except (KeyError, NotTestable):
                continue
    table = pd.concat(parts, ignore_index=True)
    lost = table[REFINED] < table[ORIGINAL]
    kinds = table["property"].map(kind_of_property)
    sides = lost.map({True: "loses by refinement", False: "gains or stays"})
    table["kind"], order = (kinds, [BODY, SPACE_AND_TIME, REST]) if kinds.ne("").all() else (sides, sorted(set(sides)))
    table["name"] = table["property"].where(lost, "")
    made = f"{', '.join(dict.fromkeys(map(named, sets.values())))}, means over draws of words"
    return scatter(
        table,
        ORIGINAL,
        REFINED,
        colours="kind",
        labels="name",
        panels="panel",
        diagonal=True,
        scale=100,
        across=2,
        colour_order=[kind for kind in order if kind in set(table["kind"])],
        x_label=f"AP of original vectors (× 100; chance {100 * CHANCE:.1f})",
        y_label="AP of refined vectors (× 100)",
        title=f"{number}. Properties before and after refinement, losers by name ({made})",
    )


@STUDY.figure("figure-1")
def properties_before_and_after(v: PropertyView) -> Figure:
    """The properties that stand for the paper's: attributes by domain."""
    sets = {"train": v.main("train")}
    with suppress(NotTestable):
        sets["test"] = v.main("test")
    return _before_and_after(v, sets, "Figure 1")


@STUDY.figure("figure-1-categories", once=True)
def categories_before_and_after(v: PropertyView) -> Figure:
    """The same of Battig's categories."""
    sets = v.cells("test")["dataset"]
    own = sets[sets.str.startswith("battig")]
    if own.empty:
        raise NotTestable("no scores of Battig's categories")
    return _before_and_after(v, dict.fromkeys(SPLITS, own.iloc[0]), "Figure 1, categories")


@STUDY.figure("figure-2")
def words_of_properties(v: PropertyView) -> Figure:
    """Words of three properties in both spaces, the ten that have most of it and the twenty that have least.

    Of the embedding whose network explains most of the properties.
    """
    dataset = v.main("train")
    cells = matching(v.cells("train"), {"dataset": dataset})
    encoder = str(cells.sort_values("explained", na_position="first")["encoder"].iloc[-1])
    lines = v.below("places", dataset=dataset, encoder=encoder, seed=0, probe=[ORIGINAL, REFINED])
    kinds = {"high": "ten words that have most of it", "low": "twenty words that have least of it"}
    spaces = {ORIGINAL: "original space", REFINED: "its subspace"}
    lines = lines.rename(columns={"property_x": "property"})
    lines = matching(lines, {name: lines[name].iloc[0] for name in ("words", "grid")})
    table = lines[["x", "y", "property"]].assign(
        word=lines["word"].where(lines["kind"].eq("high"), ""),
        kind=lines["kind"].map(kinds),
        panel=lines["property"] + ", " + lines["probe"].map(spaces),
    )
    return points(
        table,
        colours="kind",
        labels="word",
        panels="panel",
        panel_order=[f"{name}, {space}" for name in dict.fromkeys(table["property"]) for space in spaces.values()],
        across=2,
        colour_order=list(kinds.values()),
        title=(
            f"Figure 2. Words before and in the subspace of a property ({named(dataset)}, {title(encoder)}): "
            "largest, median and smallest gain"
        ),
    )


@STUDY.figure("figure-gains", once=True)
def gains_by_width_and_window(v: PropertyView) -> Figure:
    """Gain of skip-gram vectors by width and window, with Wilcoxon's interval over properties."""
    table = v.cells(grid="coarse", least=FEW)
    table = table[table["encoder"].map(kind_of).eq("SGNS")]
    sets = [v.main("train"), v.main("test"), "battig(least=20)"]
    table = table[table["dataset"].isin(sets) & ~(table["dataset"].eq(sets[1]) & table["split"].eq("train"))]
    if table.empty:
        raise NotTestable("no skip-gram vectors were refined")
    table = table.assign(
        width=table["encoder"].map(width_of),
        window="window " + table["encoder"].map(window_of).astype(str),
        main=table["dataset"].isin(sets[:2]),
        panel=table["dataset"].map(named) + ": " + table["split"].map(SPLITS),
    )
    # Hodges and Lehmann's difference is what the interval is of, not the mean.
    table[["gain", "low", "high"]] = [
        [100 * end for end in (one.difference, one.low, one.high)] for one in table["found"]
    ]
    return bars(
        table.sort_values(["width"]),
        "width",
        "gain",
        colours="window",
        panels="panel",
        low="low",
        high="high",
        across=2,
        panel_order=list(dict.fromkeys(table.sort_values(["main", "split"], ascending=False)["panel"])),
        colour_order=[f"window {size}" for size in sorted(set(table["encoder"].map(window_of)))],
        x_label="dimensions of skip-gram vectors",
        label="gain in AP (× 100)",
        title="Gain of skip-gram vectors by refinement; 95 % intervals over properties (Hodges-Lehmann)",
    )


# --- tables ------------------------------------------------------------------------------------------


def _means(v: PropertyView, split: str) -> pd.DataFrame:
    """The paper's Table 3 or 4 in our form: a line for each set of ratings and embedding, times 100."""
    found = []
    for grid in ("coarse", "full"):
        try:
            found.append(v.cells(split, grid=grid))
        except NotTestable:
            continue
    if not found:
        raise NotTestable(f"no scores of split {split}")
    table = pd.concat(found, ignore_index=True)
    for name in ("original", "refined", "gain", "low", "high", "no thresholds", "shuffled", "explained"):
        table[name] *= 100
    order = table.assign(rank=table["encoder"].map(by_size))
    table = table.loc[order.sort_values(["dataset", "words", "grid", "rank"], kind="stable").index]
    table["p"] = [f"{p:.1e}" if p < 0.001 else f"{p:.3f}" for p in table["p"]]
    table.insert(list(table.columns).index("p") + 1, "p < .05", [float(p) < SIGNIFICANT for p in table["p"]])
    table["encoder"] = table["encoder"].map(short)
    return table.drop(columns=["split", "found", "above chance", "learned"])


@STUDY.table("table-3", caption="Mean AP (x 100), words fitted on; embeddings by window/width", digits=1)
def fitted(v: PropertyView) -> pd.DataFrame:
    return _means(v, "train")


@STUDY.table("table-4", caption="Mean AP (x 100), words held out; embeddings by window/width", digits=1)
def held_out(v: PropertyView) -> pd.DataFrame:
    return _means(v, "test")


@STUDY.table(
    "domains",
    caption="Gain by domain of the attributes (AP x 100), words fitted on, where the network learned",
    digits=1,
)
def domains(v: PropertyView) -> pd.DataFrame:
    """A line for each embedding and kind of domain: attributes, how many lose, their mean gain."""
    found = []
    dataset = v.main("train")
    for encoder in sorted(matching(v.learned("train"), {"dataset": dataset})["encoder"], key=by_size):
        wide = v.properties(dataset, encoder, "train")
        gains = pd.DataFrame({"kind": wide["property"].map(kind_of_property), "gain": wide[REFINED] - wide[ORIGINAL]})
        for kind, own in gains[gains["kind"].ne("")].groupby("kind")["gain"]:
            line = {"encoder": short(encoder), "domain": kind, "attributes": len(own), "lose": int((own < 0).sum())}
            found.append({**line, "gain": 100 * own.mean()})
    if not found:
        raise NotTestable("the properties have no domains")
    return pd.DataFrame(found)


@STUDY.table("thresholds", caption="Thresholds chosen, median over draws", digits=3)
def thresholds(v: PropertyView) -> pd.DataFrame:
    """Median thresholds of the draws, with the size of the subspaces, for each cell."""
    rows = v.needs(probe=REFINED, split="train")
    rows = rows[rows["value"].notna()]
    if rows.empty:
        raise NotTestable("no refined space was scored")
    info = pd.DataFrame([json.loads(text) for text in rows["info"]], index=rows.index)
    values = pd.DataFrame(info["thresholds"].tolist(), index=rows.index, columns=["theta_T", "theta_R1", "theta_R2"])
    sizes = info[["dimensions", "members", "epochs"]]
    table = rows[["dataset", "encoder", "setting"]].join(values).join(sizes)
    table["unrefined properties"] = info["unrefined"].astype(float)
    table["encoder"] = table["encoder"].map(short)
    return table.groupby(["dataset", "encoder", "setting"], sort=False).median().reset_index()


@STUDY.beside(digits=1)
def ours(v: PropertyView, line: dict[str, Any]) -> dict[str, Any]:
    """The paper's rating set is read as attributes of nouns fitted on, its untrained words as nouns held out."""
    want = parse_setting(line["setting"])
    split = "train" if line["table"] == "Table 3" else "test"
    wanted = line["encoder"], int(want["window"]), int(want["dim"])
    table = v.cells(split, grid="coarse", least=FEW)
    table = table[[(kind_of(name), window_of(name), width_of(name)) == wanted for name in table["encoder"]]]
    dataset = v.main(split)
    own = table[table["dataset"].eq(dataset)]
    if own.empty:
        raise NotTestable(f"no {line['encoder']} of window {wanted[1]} and {wanted[2]} dimensions was run on {dataset}")
    cell = own.iloc[0]
    categories = table[table["dataset"].str.startswith("battig")]
    return {
        "ours": _value(cell, line["method"]),
        "our_encoder": short(cell["encoder"]),
        "our_data": dataset,
        "categories": _value(categories.iloc[0], line["method"]) if len(categories) else np.nan,
        "note": f"{STAND_IN}; categories: Battig's; the embedding is of another corpus"
        + ("" if cell["learned"] else "; not surely learned: the network predicts about as well as the mean"),
    }


def _value(cell: pd.Series, method: str) -> float:
    """A cell's number by the paper's name of it: AP x 100, or whether the gain is significant."""
    if method == "LRP-refined vs original":
        return float(cell["p"] < SIGNIFICANT and cell["gain"] > 0)
    return float(100 * cell["original" if method == "original" else "refined"])
