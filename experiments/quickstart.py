"""Quickstart: generated sentences, a real BERT and a static table, a few tasks of each kind. No data needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.works.probing import probing

NAME = "quickstart"
SUMMARY = "a few tasks on generated sentences: minilm and word2vec, a table and a heatmap in two minutes"

CORPUS = "grammar(n=400)"
SENTENCES = (
    "sentence/sent_length",
    "sentence/parse_depth",
    "sentence/upos_dist_NOUN",
    "sentence/verbal_root_perc",
    "sentence/subordinate_proposition_dist",
    "sentence/max_links_len",
)
WORDS = ("word/upos", "word/head-distance")


def grids(
    corpora: Sequence[str] = (),
    encoders: Sequence[str] = (),
    tasks: Sequence[str] = (),
    layers: str | Sequence[int] = "all",
    poolings: Sequence[str] = (),
    probes: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    keep: Sequence[str] = (),
) -> list[Grid]:
    """One grid; axes that are given replace its own."""
    corpora = list(corpora) or [CORPUS]
    table = [str(Spec("word2vec", corpora[0], (), {"size": 50}))]
    return [
        probing(
            NAME,
            corpora=corpora,
            encoders=list(encoders) or ["minilm", *table],
            layers=layers,
            poolings=list(poolings) or ["mean", "max"],
            tasks=list(tasks) or [*SENTENCES, *WORDS],
            probes=list(probes) or ["linear-svr", "logistic"],
            controls=["length", "majority", "word-majority"],
            seeds=list(seeds),
            keep=list(keep),
        )
    ]


def finish(out: Path) -> list[Path]:
    """Draw the table as heatmaps: what is read where, from mean-pooled sentences and from words."""
    import pandas as pd

    from probekit import report

    df = report.read_results(out)
    df = df[df["control"].eq("") & df["fold"].notna()]
    short = df["encoder"].astype(str).str.partition(":")[0]
    place = df["layer"].map(lambda layer: "" if pd.isna(layer) else f" {layer}", na_action=None).astype(str)
    df = df.assign(encoder=short + place, task=df["task"].astype(str).str.partition("/")[2])
    columns = list(dict.fromkeys(df.sort_values("layer")["encoder"]))
    files: list[Path] = []
    titles = {"spearman": "Numbers read from sentences and words", "accuracy": "Labels read from words"}
    for metric, title in titles.items():
        rows = df[df["metric"].eq(metric) & df["pooling"].isin(["mean", ""])]
        if len(rows):
            figure = report.heatmap(
                rows,
                "task",
                "encoder",
                column_order=columns,
                label=metric,
                row_label="task",
                column_label="encoder and layer",
                title=f"{title} (generated data)",
            )
            files += report.save(figure, out / "_figures" / f"quickstart-{metric}")
    return files
