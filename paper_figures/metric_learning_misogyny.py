"""Coria et al. 2020: Figure 2 in our form, distances, classes held out, the plane, the search, the paper's numbers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.metric_learning_misogyny import STUDY

from probekit.report import NotTestable, bars, scatter
from probekit.specs import parse

from ._metric_learning_misogyny_view import EDOS, F1, LOSSES, MEASURES, ONLINE, TREC, LossView, views
from ._tuned_view import BILSTM, MINILM, SEARCH_SEED, in_points, intervals, layer_changes, means

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "views"]
ORDER = list(LOSSES.values())
OWN = {"aam": "margin", "center": "weight", "coco": "scale", "contrastive": "margin", "triplet": "scale"}


def places(column: pd.Series) -> pd.Series:
    """Losses in the paper's order, other names by the alphabet."""
    return column.map(ORDER.index) if column.name == "loss" else column


def ordered(table: pd.DataFrame, column: str, names: list[str]) -> list[str]:
    return [name for name in names if name in set(table[column])]


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-2")
def losses_by_encoder(v: LossView) -> Figure:
    """The paper's bars, on other data."""
    table = in_points(means(v.runs(metric=F1, split="test"), ["corpus", "model", "loss"]))
    usual = table["trivial"].map(" (most frequent class {:.1f})".format)
    return bars(
        table.assign(panel=table["corpus"] + usual),
        "loss",
        colours="model",
        panels="panel",
        low="low",
        high="high",
        across=1,
        x_order=ordered(table, "loss", ORDER),
        colour_order=ordered(table, "model", [BILSTM, MINILM]),
        label="macro F1 × 100, higher is better",
        title=f"Figure 2. Ten nearest neighbours, by loss and encoder; {intervals(table, 'test texts')}",
    )


@STUDY.figure("figure-distances")
def within_and_between(v: LossView) -> Figure:
    """Distances within classes by those between, on the texts trained on and on others."""
    table = means(v.runs(metric="distance_ratio", model=BILSTM, split=["train", "test"]), ["corpus", "split", "loss"])
    return bars(
        table,
        "loss",
        colours="split",
        panels="corpus",
        low="low",
        high="high",
        across=1,
        x_order=ordered(table, "loss", ORDER),
        colour_order=["train", "test"],
        label="ratio, lower is tighter",
        title="Mean cosine distance within classes by that between them; BiLSTM, 95 % intervals over 3 seeds",
    )


@STUDY.figure("figure-open")
def classes_held_out(v: LossView) -> Figure:
    """The conjecture of the paper: spaces judged on classes that were never trained on."""
    rows = v.needs(metric=F1, split="test", corpus=TREC, model=BILSTM)
    rows = rows.assign(
        judged=rows["judged"].ne("").map({True: "two classes held out", False: "six classes trained on"})
    )
    table = in_points(means(rows, ["judged", "loss"]))
    return bars(
        table,
        "loss",
        colours="judged",
        low="low",
        high="high",
        x_order=ordered(table, "loss", ORDER),
        label="macro F1 × 100, higher is better",
        title="TREC: neighbours among classes trained on, and among two held out, which is another task; "
        "BiLSTM, 95 % intervals over 3 seeds",
    )


@STUDY.figure("figure-plane")
def plane(v: LossView) -> Figure:
    """Test texts as points; no text is shown."""
    corpus = next(name for name in (EDOS, *v.rows["corpus"]) if name in set(v.rows["corpus"]))
    points = v.below("points", corpus=corpus, model=BILSTM, seed=0, judged="")
    points = points.drop_duplicates(["loss", "unit"])
    return scatter(
        points,
        "x",
        "y",
        colours="label",
        panels="loss",
        panel_order=ordered(points, "loss", ORDER),
        across=3,
        x_label="first axis",
        y_label="second axis",
        title=f"Test texts of {corpus} on the two main axes of the training vectors, BiLSTM, seed 0",
    )


@STUDY.figure("figure-layers", once=True)
def knowledge(v: LossView) -> Figure:
    """Change of what probes tell of sentences and words, by layer, after each loss against before."""
    rows = v.needs(probe=["ridge", "logistic"])
    return layer_changes(rows, loss_of, ORDER, "What tuning MiniLM on EDOS changes in what 300 other sentences tell")


def loss_of(encoder: str) -> str:
    """The loss of the tuning in an encoder's name, "" where there is none."""
    steps = parse(encoder).steps
    return LOSSES[parse(str(steps[-1].kwargs.get("objective", "cross-entropy"))).name] if steps else ""


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table(
    "losses",
    caption="Macro F1 x 100 of ten neighbours, votes by class size and plain; means over seeds; trivial: the most "
    "frequent class",
    digits=1,
)
def all_losses(v: LossView) -> pd.DataFrame:
    names = {F1: "class votes", f"{F1}_plain": "plain votes"}
    parts = []
    for metric, votes in names.items():
        table = in_points(means(v.runs(metric=metric, split="test"), ["corpus", "model", "loss"]))
        parts.append(table.assign(votes=votes))
    found = pd.concat(parts).sort_values(["corpus", "model", "votes", "loss"], key=places)
    return found[["corpus", "model", "loss", "votes", "value", "low", "high", "seeds", "trivial"]].reset_index(
        drop=True
    )


@STUDY.table(
    "gaps",
    caption="Losses less cross-entropy, BiLSTM, paired by seed: macro F1 of neighbours with votes by class size, and "
    "ratio of distances within classes and between, on test texts",
    digits=3,
)
def beside_cross_entropy(v: LossView) -> pd.DataFrame:
    lines = []
    there = [name for name in (EDOS, ONLINE, TREC) if not v.only(corpus=name, model=BILSTM, judged="").empty]
    for corpus, metric in product(there, [F1, "distance_ratio"]):
        for loss in ORDER[1:]:
            gap = v.gap(loss, ORDER[0], metric, corpus=corpus, model=BILSTM, judged="")
            line = {"corpus": corpus, "of": MEASURES[metric], "loss": loss}
            lines.append({**line, "difference": gap.value, "low": gap.low, "high": gap.high})
    return pd.DataFrame(lines)


@STUDY.table(
    "table-4", caption="The number of each loss, searched on the development part: one run of the BiLSTM each", digits=3
)
def searched(v: LossView) -> pd.DataFrame:
    rows = v.needs(seed=SEARCH_SEED, metric=F1, split="dev")
    rows = rows.assign(number=[numbers(text) for text in rows["objective"]])
    rows = rows.sort_values(["loss", "number"], key=places, ignore_index=True)
    return rows[["loss", "number", "value", "ci_low", "ci_high"]].rename(columns={"value": "dev"})


def numbers(objective: str) -> str:
    """The number of a loss that was searched."""
    spec = parse(objective)
    own = OWN.get(spec.name, "")
    return f"{own} {spec.kwargs[own]:g}" if own in spec.kwargs else ""


# --- beside the paper --------------------------------------------------------------------------------

METHODS = {"cross entropy": "cross-entropy", "additive angular margin": "AAM", "center": "center"}
METHODS |= {"congenerous cosine": "CoCo", "contrastive": "contrastive", "triplet": "triplet"}
NOTE = "EDOS, five classes, at .2 of AMI's sizes"


@STUDY.beside(digits=1)
def ours(v: LossView, line: dict[str, Any]) -> dict[str, Any]:
    """Scores of EDOS beside AMI's, the best of our search beside the paper's."""
    loss = METHODS.get(line["method"])
    model = {"BiLSTM": BILSTM, "BERT-base": MINILM}.get(line["encoder"])
    if line["method"] == "best fine-tuned BERT":
        loss, model = "cross-entropy", MINILM
    if loss is None or model is None:
        raise NotTestable(f"nothing of ours stands for {line['method']}")
    if line["metric"] == "macro_F1":
        rows = v.runs(metric=F1, split="test", corpus=EDOS, model=model, loss=loss)
        note = NOTE + ("; MiniLM for BERT" if model == MINILM else "; 128 units a direction")
        return {"ours": 100 * float(rows["value"].mean()), "n": int(rows["n_test"].iloc[0]), "note": note}
    if line["metric"] == "best_lr" or model == MINILM:
        raise NotTestable("was not searched")
    rows = v.needs(seed=SEARCH_SEED, metric=F1, split="dev", loss=loss)
    spec = parse(str(rows.sort_values("value", kind="stable")["objective"].iloc[-1]))
    own = {"best_m": "margin", "best_alpha": "scale", "best_lambda": "weight"}[line["metric"]]
    if own != OWN.get(spec.name):
        raise NotTestable("was not searched")
    return {"ours": float(spec.kwargs[own]), "n": int(rows["n_test"].iloc[0]), "note": "best of three on dev of EDOS"}
