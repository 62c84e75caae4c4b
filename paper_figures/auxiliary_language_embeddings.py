"""Lange, Adel and Strötgen 2020: Table 1, gains over one language, distances against gains, weights of attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.auxiliary_language_embeddings import LANGUAGES, STUDY
from scipy.stats import spearmanr

from probekit.report import NotTestable, bars, counterpart, heatmap
from probekit.report.claims import published

from ._auxiliary_language_embeddings_view import (
    BESIDE,
    DISTANCES,
    LINEAR,
    META,
    MONO,
    ORDER,
    AuxiliaryView,
    language_of,
)
from ._tagging_view import ends

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-table-1")
def scores(v: AuxiliaryView) -> Figure:
    """F1 by setting and language."""
    table = _scores(v)
    return heatmap(
        table,
        "how",
        "target",
        row_order=[one for one in ORDER if one in set(table["how"])],
        column_order=v.targets,
        annotate=".1f",
        label="F1 × 100, higher is better",
        row_label="vectors",
        column_label="language of the entities",
        title="Table 1. Entities of five languages by the vectors that are read",
    )


@STUDY.figure("figure-gains")
def gains(v: AuxiliaryView) -> Figure:
    """Gain of every setting over the vectors of the language alone."""
    table = _gains(v)
    return bars(
        table,
        "how",
        panels="target",
        low="low",
        high="high",
        across=2,
        x_order=[one for one in ORDER if one in set(table["how"])],
        panel_order=v.targets,
        x_label="vectors",
        label="F1 × 100 less Monolingual",
        title="Gain over the vectors of the language alone, 95 % intervals over sentences (paired)",
    )


@STUDY.figure("figure-2")
def distances(v: AuxiliaryView) -> Figure:
    """Spearman of nearness and gain, by distance and target."""
    table = _correlations(v)
    return bars(
        table,
        "distance",
        "spearman",
        colours="of",
        x_order=list(DISTANCES),
        colour_order=["ours", "the printed tables"],
        x_label="distance",
        label="Spearman, mean of five targets",
        title="Figure 2. Does nearness tell which other language helps?\n"
        "Four languages a target, 1 where the nearest helps most",
    )


@STUDY.figure("figure-4")
def attention(v: AuxiliaryView) -> Figure:
    """Mean weight of each source by attention."""
    table = _weights(v)
    return bars(
        table,
        "target",
        colours="source",
        low="ci_low",
        high="ci_high",
        x_order=v.targets,
        x_label="language of the entities",
        label="mean weight (1/6 where all are alike)",
        title="Figure 4. What attention gives the vectors of each language, 95 % intervals over sentences",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="F1 × 100 with 95 % intervals over sentences, and development F1", digits=1)
def all_scores(v: AuxiliaryView) -> pd.DataFrame:
    table = _scores(v)
    development = [
        100 * float(np.mean(list(v.development(**v.of(how, target)).values())))
        for how, target in table[["how", "target"]].itertuples(index=False)
    ]
    return table.assign(development=development).rename(columns={"how": "vectors", "value": "F1"})


@STUDY.table("gains", caption="F1 less Monolingual in points, 95 % intervals over sentences", digits=1)
def all_gains(v: AuxiliaryView) -> pd.DataFrame:
    return _gains(v).rename(columns={"how": "vectors", "value": "points"})


@STUDY.table("distances", caption="Nearness of each source to each target and its rank, nearest first", digits=3)
def ranks(v: AuxiliaryView) -> pd.DataFrame:
    """Perplexity of characters (lower is nearer) and shared words (higher is nearer)."""
    return v.ranks


@STUDY.table("correlations", caption="Spearman of nearness and score beside Mono, by target and mean", digits=2)
def correlations(v: AuxiliaryView) -> pd.DataFrame:
    """Ours, and recomputed from the paper's printed Tables 1, 3 and 4 (BPEmb, entities)."""
    return _correlations(v, by_target=True)


@STUDY.table(
    "chosen", caption="The best Mono + X: chosen on development data, and on test data as the paper does", digits=1
)
def chosen(v: AuxiliaryView) -> pd.DataFrame:
    found = []
    for target in v.targets:
        others = v.others(target)
        if not others:
            continue
        score = {code: v.score(**v.of(BESIDE[code], target)).difference for code in others}
        development = {code: np.mean(list(v.development(**v.of(BESIDE[code], target)).values())) for code in others}
        one, other = max(development, key=lambda c: development[c]), max(score, key=lambda c: score[c])
        line = {"target": target, "by development": one, "F1": 100 * score[one], "by test": other}
        found.append({**line, "F1 of that": 100 * score[other]})
    if not found:
        raise NotTestable("no other language was tried beside one")
    return pd.DataFrame(found)


# --- what they are made of ---------------------------------------------------------------------------


def _scores(v: AuxiliaryView) -> pd.DataFrame:
    rows = v.needs(metric="span_f1")
    pairs = set(zip(rows["how"], rows["target"], strict=True))
    return pd.DataFrame(
        {"target": target, "how": how, **ends(v.score(**v.of(how, target)))}
        for target in v.targets
        for how in ORDER
        if (how, target) in pairs
    )


def _gains(v: AuxiliaryView) -> pd.DataFrame:
    table = _scores(v)
    pairs = table[~table["how"].isin([MONO, LINEAR])]
    return pd.DataFrame(
        {"target": target, "how": how, **ends(v.gap(v.of(how, target), v.of(MONO, target)))}
        for target, how in pairs[["target", "how"]].itertuples(index=False)
    )


def _correlations(v: AuxiliaryView, by_target: bool = False) -> pd.DataFrame:
    printed = _printed()
    found = []
    for distance in DISTANCES:
        for of in ("ours", "the printed tables"):
            each = {}
            for target in LANGUAGES:
                if of == "ours":
                    own = v.ranks[v.ranks["distance"].eq(distance) & v.ranks["target"].eq(target)]
                    rank = dict(zip(own["source"], own["rank"], strict=True))
                    score = {c: v.score(**v.of(BESIDE[c], target)).difference for c in v.others(target)}
                else:
                    rank, score = printed[distance, target]
                both = sorted(set(rank) & set(score))
                if len(both) > 2:
                    each[target] = float(spearmanr([-rank[c] for c in both], [score[c] for c in both]).statistic)
            if not each:
                continue
            line = {"distance": distance, "of": of, "spearman": float(np.nanmean(list(each.values())))}
            found.append({**line, **each} if by_target else line)
    if not found:
        raise NotTestable("no other language was tried beside one")
    return pd.DataFrame(found)


def _printed() -> dict[tuple[str, str], tuple[dict[str, float], dict[str, float]]]:
    """Printed ranks and printed scores (BPEmb, entities) of the sources of each target, by distance and target."""
    table = published(STUDY)
    told = table["setting"].astype(str).str.extract(r"target=(?P<target>..);aux=(?P<aux>..)")
    ranked = table[table["metric"].eq("rank")].join(told)
    scored = table[table["metric"].eq("f1") & table["encoder"].eq("BPEmb 300d") & table["table"].eq("Table 1")]
    found = {}
    for distance in DISTANCES:
        for target in LANGUAGES:
            own = ranked[ranked["method"].eq(distance) & ranked["target"].eq(target)]
            rank = dict(zip(own["aux"], own["value"], strict=True))
            mine = scored[scored["setting"].astype(str).str.startswith(f"lang={target}")]
            score = {c: mine.loc[mine["method"].eq(how), "value"] for c, how in BESIDE.items()}
            found[distance, target] = rank, {c: float(x.iloc[0]) for c, x in score.items() if len(x)}
    return found


def _weights(v: AuxiliaryView) -> pd.DataFrame:
    rows = v.needs(metric="input_weight", how=META)
    source = [language_of(one.removeprefix("input=")) for one in rows["subset"]]
    return rows.assign(source=source)[["target", "source", "value", "ci_low", "ci_high"]]


# --- beside the paper --------------------------------------------------------------------------------


@STUDY.beside(digits=1)
def ours(v: AuxiliaryView, line: dict[str, Any]) -> dict[str, Any]:
    """The same setting and language, entities alone."""
    if line["encoder"] != "BPEmb 300d" or line["metric"] != "f1":
        raise NotTestable("sub-word vectors stand for BPEmb on entities alone; one seed has no deviation")
    where = counterpart(line, method={how: how for how in ORDER if how != LINEAR})
    target = str(line["setting"]).partition("lang=")[2][:2]
    found = v.score(**v.of(where["method"], target))
    note = "500 training sentences, vectors of 100 dimensions; "
    return {"ours": 100 * found.difference, "note": note + f"[{100 * found.low:.1f}, {100 * found.high:.1f}]"}
