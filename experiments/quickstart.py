"""Quickstart: generated sentences, a real BERT and a static table; a table and a heatmap in a minute, no data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from probekit.grid import Grid
from probekit.specs import Spec, short
from probekit.study import Data, Study
from probekit.works.probing import probing

if TYPE_CHECKING:
    import pandas as pd
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


@STUDY.view
def everything(df: pd.DataFrame) -> View:
    """All rows together: what they are of stands in the title."""
    from probekit.report.view import View, prepared

    view = View(prepared(df))
    view.title = ", ".join(short(name) for name in view.datasets) + (", generated" if view.generated else "")
    return view


@STUDY.figure("quickstart-spearman")
def numbers(v: View) -> Figure:
    """What is read where, from mean-pooled sentences and from words."""
    return _heatmap(v, "spearman", "Numbers read from sentences and words")


@STUDY.figure("quickstart-accuracy")
def labels(v: View) -> Figure:
    return _heatmap(v, "accuracy", "Labels read from words")


def _heatmap(v: View, metric: str, title: str) -> Figure:
    """A column an encoder and layer, by names as short as tell them apart."""
    from probekit.report import heatmap

    rows = v.needs(metric=metric, control="", pooling=["mean", ""])
    rows = rows[rows["fold"].notna()].sort_values("layer")
    specs = list(dict.fromkeys(rows["encoder"]))
    names = {spec: (short(spec).partition(":")[0], short(spec), spec) for spec in specs}
    level = next(k for k in range(3) if len({name[k] for name in names.values()}) == len(specs))
    called = {spec: name[level] for spec, name in names.items()}
    layers = [
        "" if layer is None or str(layer) in ("nan", "<NA>") else f" {layer}" for layer in rows["layer"].astype(object)
    ]
    rows = rows.assign(encoder=rows["encoder"].map(called) + layers, task=rows["task"].str.partition("/")[2])
    return heatmap(
        rows,
        "task",
        "encoder",
        column_order=list(dict.fromkeys(rows["encoder"])),
        label=metric,
        row_label="task",
        column_label="encoder and layer",
        annotate=".2f",
        title=f"{title} ({v.title})",
    )
