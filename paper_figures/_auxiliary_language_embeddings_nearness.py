"""Nearness of languages beside what they gain, in our rows and in the printed tables of Lange et al. (2020)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from probekit.experiments.auxiliary_language_embeddings import LANGUAGES, STUDY
from scipy.stats import spearmanr

from probekit.report.claims import published

from ._auxiliary_language_embeddings_view import BESIDE, DISTANCES, ENTITY, SPEECH, AuxiliaryView

NAMES = {ENTITY: "f1", SPEECH: "accuracy"}  # of the printed tables
OURS, PRINTED = "ours", "the printed tables"


def correlations_of(v: AuxiliaryView) -> pd.DataFrame:
    """Spearman by part, distance, ours or printed: of each target, and their mean."""
    found = []
    for part in (ENTITY, SPEECH):
        of_paper = printed(part)
        for distance in DISTANCES:
            for of in (OURS, PRINTED):
                if of == OURS and part not in v.parts:
                    continue
                each = {}
                for target in LANGUAGES:
                    rank, score = of_paper[distance, target]
                    if of == OURS:
                        own = v.ranks(part)
                        own = own[own["distance"].eq(distance) & own["target"].eq(target)]
                        rank, score = dict(zip(own["source"], own["rank"], strict=True)), v.beside(target, part)
                    each[target] = agreement(rank, score)
                line = {"part": part, "distance": distance, "of": of, "mean": float(np.nanmean(list(each.values())))}
                found.append({**line, **each})
    return pd.DataFrame(found)


def agreement(rank: dict[str, float], score: dict[str, float]) -> float:
    """Spearman of nearness and score of the languages that have both, ties averaged; NaN of fewer than three."""
    both = sorted(set(rank) & set(score))
    if len(both) < 3:
        return float("nan")
    return float(spearmanr([-rank[c] for c in both], [score[c] for c in both]).statistic)


def printed(part: str = ENTITY) -> dict[tuple[str, str], tuple[dict[str, float], dict[str, float]]]:
    """Printed ranks and printed scores (BPEmb) of the sources of each target, by distance and target."""
    table = published(STUDY)
    told = table["setting"].astype(str).str.extract(r"target=(?P<target>..);aux=(?P<aux>..)")
    ranked = table[table["metric"].eq("rank")].join(told)
    scored = table[table["metric"].eq(NAMES[part]) & table["encoder"].eq("BPEmb 300d") & table["table"].eq("Table 1")]
    found = {}
    for distance in DISTANCES:
        for target in LANGUAGES:
            own = ranked[ranked["method"].eq(distance) & ranked["target"].eq(target)]
            rank = dict(zip(own["aux"], own["value"], strict=True))
            # Table 3 prints Spanish as the fourth of its own neighbours: it can only be the language that is left.
            rank |= {code: 4.0 for code in LANGUAGES if len(rank) == 3 and code not in (*rank, target)}
            mine = scored[scored["setting"].astype(str).str.startswith(f"lang={target}")]
            score = {c: mine.loc[mine["method"].eq(how), "value"] for c, how in BESIDE.items()}
            found[distance, target] = rank, {c: float(x.iloc[0]) for c, x in score.items() if len(x)}
    return found
