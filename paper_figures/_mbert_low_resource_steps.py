"""Word classes of Yoruba by steps of one pretraining: scores, what pretraining gains, held-out perplexity."""

from __future__ import annotations

import pandas as pd
from probekit.experiments.mbert_low_resource import AMOUNTS, LONG, LOOKS, POS

from probekit.report import NotTestable, ends, if_run

from ._mbert_low_resource_view import LowResourceView
from ._tagging_view import told


def scores_by_steps(v: LowResourceView) -> pd.DataFrame:
    found = []
    rows = v.needs(task=POS, metric="accuracy", code="yo", at=["1", "2"], learn=False, text=0)
    for row in rows.to_dict("records"):
        step = row["look"] * row["steps"] // LOOKS if row["look"] else 0
        low, high = 100 * row["ci_low"], 100 * row["ci_high"]
        dev = 100 * told(row)["dev_score"]
        line = {"steps": step, "layer": f"layer {row['at']}"}
        found.append({**line, "sentences": "test", "value": 100 * row["value"], "low": low, "high": high})
        found.append({**line, "sentences": "development", "value": dev, "low": dev, "high": dev})
    return pd.DataFrame(found).sort_values("steps")


def gains_of_steps(v: LowResourceView) -> pd.DataFrame:
    found = []
    for text in (0, *AMOUNTS):
        for look in range(1, LOOKS + 1):
            for layer in ("1", "2"):
                steps = look * LONG // LOOKS
                if (gain := if_run(v.after_steps, steps, layer, text)) is not None:
                    line = {"text": f"{text:,} sentences" if text else "all of it", "layer": f"layer {layer}"}
                    found.append({**line, "steps": steps, **ends(gain)})
    if not found:
        raise NotTestable("the part steps was not run")
    return pd.DataFrame(found)


def perplexities(v: LowResourceView) -> pd.DataFrame:
    lines = v.below("curve", task="masked-pieces", code="yo", steps=LONG, text=0)
    return lines[["step", "value"]].rename(columns={"step": "steps"})
