"""What studies of tuned encoders share: means over seeds, differences paired by seed, what a constant answer has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probekit.report import NotTestable, heatmap
from probekit.report.view import is_generated
from probekit.scores import Score
from probekit.scores.summaries import t_interval
from probekit.works.tuning import KNOWN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BILSTM, MINILM, MPNET = "BiLSTM", "MiniLM", "MPNet"
SEARCH_SEED = 100  # of runs among which a number is chosen on the development part


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the columns model and `trivial`, what a constant answer reaches where the row says it."""
    trivial = [json.loads(info).get("majority", np.nan) if info else np.nan for info in rows["info"]]
    of_type = [rows["encoder"].str.startswith("bilstm"), rows["encoder"].str.startswith("hf:all-mpnet")]
    model = np.select(of_type, [BILSTM, MPNET], MINILM)
    return rows.assign(trivial=np.array(trivial, dtype=float), model=model)


def real_and_generated(rows: pd.DataFrame, title: str) -> Iterator[tuple[pd.DataFrame, str, str]]:
    """Real rows, then those of generated data, as far as there are any, each with the mark and title of its view."""
    made = is_generated(rows)
    for own, mark, named in ((rows[~made], "", title), (rows[made], "-generated", "generated data")):
        if len(own):
            yield own, mark, named


def above_trivial(rows: pd.DataFrame, what: str) -> None:
    """Raise NotTestable unless runs are together above what a constant answer reaches, Student's interval over runs."""
    if not t_interval((rows["value"] - rows["trivial"]).to_numpy()).low > 0:
        text = f"{what} {100 * rows['value'].mean():.1f}, {100 * rows['trivial'].mean():.1f} by a constant answer"
        raise NotTestable(f"the runs are not above their trivial baseline ({text}), and carry no claim")


def means(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Means over seeds with Student's interval; of one seed its own."""
    lines = []
    for key, part in rows.groupby(list(by), sort=False):
        found = t_interval(part["value"].to_numpy()) if len(part) > 1 else None
        low, high = (found.low, found.high) if found else part[["ci_low", "ci_high"]].iloc[0]
        mean = {"value": float(part["value"].mean()), "low": low, "high": high, "seeds": len(part)}
        lines.append({**dict(zip(by, key, strict=True)), **mean, "trivial": float(part["trivial"].mean())})
    return pd.DataFrame(lines)


def in_points(table: pd.DataFrame) -> pd.DataFrame:
    """Shares as points of a hundred; an interval has no end below 0 or above 100."""
    return table.assign(**{name: (100 * table[name]).clip(0, 100) for name in ("value", "low", "high", "trivial")})


def over_seeds(difference: pd.Series) -> Score:
    """Differences by seed with Student's interval. Raises NotTestable for one seed."""
    found = difference.dropna().to_numpy()
    if len(found) < 2:
        raise NotTestable("one seed has no interval over seeds")
    return t_interval(found)


def said(found: Score, scale: float = 100, digits: int = 1) -> str:
    """A difference with its interval."""
    ends = ", ".join(f"{scale * end:+.{digits}f}" if np.isfinite(end) else "?" for end in (found.low, found.high))
    return f"{scale * found.value:+.{digits}f} [{ends}]"


def intervals(rows: pd.DataFrame, units: str) -> str:
    """Over what the intervals of a figure are; MiniLM and MPNet have one seed."""
    models = set(rows["model"])
    large = " and ".join(name for name in (MINILM, MPNET) if name in models)
    parts = ["BiLSTM over 3 seeds"] * (BILSTM in models) + [f"{large} (one seed) over {units}"] * bool(large)
    return "95 % intervals: " + ", ".join(parts)


def changes(rows: pd.DataFrame, line: str, asked: str) -> pd.DataFrame:
    """What tuning changes in what probes tell, by layer: means of `asked` in each `line`, less those of the line ""."""
    table = rows.groupby([line, asked, "layer"], as_index=False)["value"].mean()
    before = table[table[line].eq("")].set_index([asked, "layer"])["value"]
    after = table[table[line].ne("")]
    same = before.loc[list(zip(after[asked], after["layer"], strict=True))]
    return after.assign(value=after["value"].to_numpy() - same.to_numpy())


def layer_changes(rows: pd.DataFrame, line: Callable[[str], str], order: Sequence[str], title: str) -> Figure:
    """Heatmap of what each tuning changes by layer; `line` names a tuning from its encoder, "" for none.

    Raises NotTestable where no tuned encoder was probed.
    """
    rows = rows[rows["metric"].isin(["spearman", "accuracy"]) & rows["control"].eq("")]
    asked = [task.partition("/")[2] for task in rows["task"]]
    rows = rows.assign(line=[line(text) for text in rows["encoder"]], asked=asked)
    if not {""} < set(rows["line"]):
        raise NotTestable("no tuned encoder was probed")
    table = changes(rows, "line", "asked")
    panels = [name for name in order if name in set(table["line"])]
    return heatmap(
        table,
        "asked",
        "layer",
        panels="line",
        row_order=[name.partition("/")[2] for name in KNOWN],
        panel_order=panels,
        across=3 if len(panels) > 5 else None,  # numbers stay apart
        signed=True,
        scale=100,
        annotate="+.1f",
        label="change × 100",
        column_label="layer, 0 = embeddings",
        title=f"{title} (ridge, Spearman; upos: logistic, accuracy; means of five folds; one run each)",
    )
