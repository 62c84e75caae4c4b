"""Quickstart: generated sentences, a real BERT and a static table; a table and a heatmap in two minutes, no data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.probing import probing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from probekit.report.view import View

STUDY = Study("quickstart", "probekit", data={"sentences": "grammar(n=400)"})
SENTENCES = (
    "sentence/sent_length",
    "sentence/parse_depth",
    "sentence/upos_dist_NOUN",
    "sentence/verbal_root_perc",
    "sentence/subordinate_proposition_dist",
    "sentence/max_links_len",
)
WORDS = ("word/upos", "word/head-distance")


@STUDY.part("tasks")
def tasks(data: Data) -> Iterator[Grid]:
    yield probing(
        STUDY.name,
        corpora=[data["sentences"]],
        encoders=["minilm", str(Spec("word2vec", data["sentences"], (), {"size": 50}))],
        poolings=["mean", "max"],
        tasks=[*SENTENCES, *WORDS],
        probes=["linear-svr", "logistic"],
        controls=["length", "majority", "word-majority"],
    )


@STUDY.figure("quickstart-spearman")
def numbers(v: View) -> Figure:
    """What is read where, from mean-pooled sentences and from words."""
    return _heatmap(v, "spearman", "Numbers read from sentences and words")


@STUDY.figure("quickstart-accuracy")
def labels(v: View) -> Figure:
    return _heatmap(v, "accuracy", "Labels read from words")


def _heatmap(v: View, metric: str, title: str) -> Figure:
    import pandas as pd

    from probekit.report import heatmap

    rows = v.needs(metric=metric, control="", pooling=["mean", ""])
    rows = rows[rows["fold"].notna()].sort_values("layer")
    layers = rows["layer"].astype(object).map(lambda layer: "" if layer is pd.NA else f" {layer}")
    rows = rows.assign(encoder=rows["encoder"].str.partition(":")[0] + layers, task=rows["task"].str.partition("/")[2])
    return heatmap(
        rows,
        "task",
        "encoder",
        column_order=list(dict.fromkeys(rows["encoder"])),
        label=metric,
        row_label="task",
        column_label="encoder and layer",
        title=f"{title} ({v.title})",
    )
