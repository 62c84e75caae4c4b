"""Rows that no run wrote: synthetic, in the schema, for tests of the report and of the study's figures.

`study_rows` is built backwards from the published numbers: its group means are the paper's, so every claim of
the paper holds on them, and a rule that reads the rows wrongly finds another number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from probekit.rows import SCHEMA, table
from probekit.store import digest
from probekit.tasks import PROFILING_68

PAPER = Path(__file__).parents[2] / "paper_figures" / "linguistic_profiling.csv"
GROUP = {feature.name: feature.group for feature in PROFILING_68}
TITLE = {"raw text": "Raw text", "morphosyntax": "Morphosyntax", "syntax": "Syntax"}
TOKENS = {"tok_1": "word:1", "tok_2": "word:1/3", "tok_3": "word:2/3", "tok_4": "word:-1"}
WORD2VEC = "word2vec:ud-english(dim=300)"
FOLD_NOISE = (-0.02, -0.01, 0.0, 0.01, 0.02)


def row(**columns: Any) -> dict[str, Any]:
    """A row of the schema with plain defaults; the key digests its axes as a grid's would."""
    filled = {
        "experiment": "synthetic",
        "task": "sentence/parse_depth",
        "task_group": "syntax",
        "dataset": "toy",
        "split": "cv",
        "encoder": "enc",
        "layer": 1,
        "pooling": "mean",
        "probe": "ridge",
        "seed": 0,
        "fold": 0,
        "metric": "spearman",
        "value": 0.5,
        "n_train": 80,
        "n_test": 20,
    } | columns
    if filled["value"] is None or math.isnan(filled["value"]):
        filled["note"] = filled.get("note") or "constant prediction"
    axes = ("task", "dataset", "encoder", "layer", "pooling", "probe", "control", "setting", "seed", "fold")
    filled.setdefault("key", digest([str(filled.get(name)) for name in axes]))
    return filled


def write_parts(folder: Path, rows: Iterable[dict[str, Any]], parts: int = 1) -> Path:
    """A results folder as a grid leaves it: parts, a manifest, and names that begin with `_` beside them."""
    rows = list(rows)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_figures").mkdir(exist_ok=True)
    (folder / "_manifest.json").write_text(json.dumps({"experiment": folder.name, "version": "0.1.0"}))
    size = -(-len(rows) // parts)
    for i in range(parts):
        pq.write_table(table(rows[i * size : (i + 1) * size]), folder / f"part-{i:03d}.parquet")
    return folder


def frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows as read_results gives them, without a folder."""
    found = table(rows)
    strings = [f.name for f in SCHEMA if pa.types.is_string(f.type) and f.name not in ("info", "key")]
    mapper = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    return found.to_pandas(types_mapper=mapper.get, categories=strings)


def _published() -> pd.DataFrame:
    return pd.read_csv(PAPER)


def _spread(name: str, members: list[str], width: float) -> dict[str, float]:
    """A fixed pattern over the features of a group with mean zero."""
    raw = np.array([int(digest([name, member])[:6], 16) / 16**6 - 0.5 for member in members])
    return dict(zip(members, width * (raw - raw.mean()), strict=True))


def group_means(layers: int = 12) -> Iterator[tuple[str, int | None, str, dict[str, float]]]:
    """(side, layer, pooling, group -> mean rho) as published, with layers squeezed to `layers`."""
    paper = _published()
    weights = {g: sum(1 for x in GROUP.values() if x == g) / len(GROUP) for g in TITLE}
    two, three, four, five = (paper[paper["table"] == f"Table {i}"] for i in (2, 3, 4, 5))
    base = {
        g: float(two[two["encoder"].eq("bert-base-uncased") & two["task"].eq(t)]["value"].iloc[0])
        for g, t in TITLE.items()
    }
    base_all = sum(base[g] * weights[g] for g in TITLE)
    for title in ("Mean", "Sum", "Max", "Min"):
        static = {
            g: float(three[three["method"].eq(title) & three["task"].eq(t)]["value"].iloc[0]) for g, t in TITLE.items()
        }
        yield "static", None, title.lower(), static
        static_all = sum(static[g] * weights[g] for g in TITLE)
        for layer, at in _paper_layers(layers):
            gap = float(four[four["method"].eq(title) & four["layer"].eq(at)]["value"].iloc[0])
            yield ("contextual", layer, title.lower(), {g: base[g] + static_all + gap - base_all for g in TITLE})
    for title, pooling in (TOKENS | {"[CLS]": "cls"}).items():
        cells = five[five["method"].eq(title)]
        for layer, at in _paper_layers(layers):
            share = min(1.0, max(0.0, (at + 8) / 7))
            ends = [
                {g: float(cells[cells["layer"].eq(x) & cells["task"].eq(t)]["value"].iloc[0]) for g, t in TITLE.items()}
                for x in (-8, -1)
            ]
            yield ("contextual", layer, pooling, {g: (1 - share) * ends[0][g] + share * ends[1][g] for g in TITLE})
        if pooling != "cls":
            empty = cells[cells["layer"].isna()]
            yield (
                "static",
                None,
                pooling,
                {g: float(empty[empty["task"].eq(t)]["value"].iloc[0]) for g, t in TITLE.items()},
            )


def _paper_layers(layers: int) -> list[tuple[int, int]]:
    if layers == 12:
        return [(layer, layer - 13) for layer in range(1, 13)]
    at = np.linspace(-12, -1, layers).round().astype(int)
    at[np.argmin(np.abs(at + 8))] = -8
    return [(i + 1, int(x)) for i, x in enumerate(at)]


def study_rows(
    layers: int = 12,
    probe: str = "linear-svr",
    dataset: str = "ud-english",
    contextual: str = "minilm",
    statics: tuple[str, ...] = (WORD2VEC, "static:glove"),
    folds: int = 5,
    n: int = 23943,
    shift: float = 0.0,
    converged: bool = True,
) -> list[dict[str, Any]]:
    """Synthetic rows of the study with the paper's group means; `shift` lowers contextual Mean scores."""
    members = {g: [f for f in GROUP if GROUP[f] == g] for g in TITLE}
    length = {feature.name: feature.rho for feature in PROFILING_68}
    rows = []
    for side, layer, pooling, means in group_means(layers):
        for group, mean in means.items():
            values = {f: mean + x for f, x in _spread(group, members[group], 0.3).items()}
            if side == "contextual" and pooling == "mean":
                # Claim 13: what follows length gains more.
                gain = {f: 0.08 * abs(length[f]) for f in members[group]}
                middle = sum(gain.values()) / len(gain)
                values = {f: x + gain[f] - middle - shift for f, x in values.items()}
                _move(values, ["sentence/avg_token_per_clause", "sentence/subordinate_dist_1"], 0.3)
            if side == "contextual" and pooling == "word:-1":
                _move(values, ["sentence/xpos_dist_."], 0.3)
            encoders = (contextual,) if side == "contextual" else statics
            for i, encoder in enumerate(encoders):
                for feature, value in values.items():
                    for fold in range(folds):
                        noise = FOLD_NOISE[fold % 5] if folds == 5 else 0.0
                        rows.append(
                            row(
                                experiment="linguistic-profiling",
                                task=feature,
                                task_group=group,
                                dataset=dataset,
                                encoder=encoder,
                                layer=layer,
                                pooling=pooling,
                                probe=probe,
                                fold=fold,
                                setting="folds=5;groups=sentence",
                                value=round(value - 0.01 * i + noise, 6),
                                n_train=n - n // folds,
                                n_test=n // folds + (fold < n % folds),
                                info={"converged": converged},
                                key=f"{feature}/{dataset}/{encoder}/{layer}/{pooling}/{probe}/{fold}",
                            )
                        )
    for feature in PROFILING_68:
        for metric, value in (("spearman", feature.rho), ("abs_spearman", abs(feature.rho))):
            rows.append(
                row(
                    experiment="linguistic-profiling",
                    task=feature.name,
                    task_group=feature.group,
                    dataset=dataset,
                    encoder="",
                    layer=None,
                    pooling="",
                    probe="",
                    control="length",
                    fold=None,
                    metric=metric,
                    value=value,
                    n_train=0,
                    n_test=n,
                    key=f"{feature.name}/{dataset}/length",
                )
            )
    return rows


def _move(values: dict[str, float], chosen: list[str], up: float) -> None:
    """Raise some features and lower the others so that the mean stays."""
    mine = [feature for feature in chosen if feature in values]
    if not mine:
        return
    rest = [feature for feature in values if feature not in mine]
    for feature in mine:
        values[feature] += up
    for feature in rest:
        values[feature] -= up * len(mine) / len(rest)
