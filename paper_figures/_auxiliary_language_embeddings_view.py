"""How the study of auxiliary languages reads its rows: target language, the paper's setting, nearness of languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.auxiliary_language_embeddings import ENTITIES, LANGUAGES, STUDY, TEXT

from probekit.report import NotTestable, clears
from probekit.report.view import by_kind
from probekit.scores import majority_order
from probekit.specs import parse

from ._tagging_view import TaggedView

MONO, MULTI, BOTH, ALL, META, TWICE = (
    "Monolingual", "Multilingual", "Mono + Multi", "Mono + All", "Meta-Embeddings", "Mono + Mono",
)  # fmt: skip
LINEAR = "linear"
BESIDE = {code: f"Mono + {code.upper()}" for code in LANGUAGES}
ORDER = (MONO, MULTI, BOTH, *BESIDE.values(), ALL, META, TWICE, LINEAR)
P, P_TRAINING, V, V_TRAINING, MAJORITY = "d_P", "d*_P", "d_V", "d*_V", "d_MV"
DISTANCES = (P, P_TRAINING, V, V_TRAINING, MAJORITY)
_MEASURES = {P: ("character_perplexity", False), P_TRAINING: ("character_perplexity", True)}
_MEASURES |= {V: ("shared_words", False), V_TRAINING: ("shared_words", True)}


@dataclass(eq=False, kw_only=True)
class AuxiliaryView(TaggedView):
    """Rows with the columns target and how (the setting); `near` are those of distances."""

    near: pd.DataFrame

    @property
    def targets(self) -> list[str]:
        """Languages at hand, in order."""
        there = set(self.rows["target"])
        return [code for code in LANGUAGES if code in there] or sorted(there)

    def of(self, how: str, target: str) -> dict[str, Any]:
        """A selection of rows."""
        return {"how": how, "target": target}

    def others(self, target: str) -> list[str]:
        """The other languages whose vectors were tried beside those of a target."""
        there = set(self.only(target=target)["how"])
        return [code for code, how in BESIDE.items() if how in there and code != target]

    def learned(self, target: str) -> bool | None:
        """Whether the tagger of a language alone is above the linear model."""
        return clears(self.gap(self.of(MONO, target), self.of(LINEAR, target)))

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Rank of each source for each target by each distance, nearest first. Raises NotTestable."""
        if self.near.empty:
            raise NotTestable("no distances were asked")
        found = []
        for target in LANGUAGES:
            sources = [code for code in LANGUAGES if code != target]
            orders = []
            for name, (metric, on_training) in _MEASURES.items():
                value = [self._near(metric, target, source, on_training) for source in sources]
                order = np.argsort(np.argsort(value if metric == "character_perplexity" else -np.array(value))) + 1
                orders.append(order)
                found += [
                    {"target": target, "source": s, "distance": name, "value": x, "rank": int(r)}
                    for s, x, r in zip(sources, value, order, strict=True)
                ]
            voted = majority_order(np.array(orders))
            found += [
                {"target": target, "source": s, "distance": MAJORITY, "value": np.nan, "rank": int(r)}
                for s, r in zip(sources, voted, strict=True)
            ]
        return pd.DataFrame(found)

    def _near(self, metric: str, target: str, source: str, on_training: bool) -> float:
        rows = self.near
        mine = rows["metric"].eq(metric) & rows["subset"].eq(f"target={target};source={source}")
        mine &= rows["dataset"].str.startswith("plain:").ne(on_training)
        if not mine.any():
            raise NotTestable(f"no {metric} of {source} on {target} was asked")
        return float(rows.loc[mine, "value"].iloc[0])


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[AuxiliaryView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        near = one.rows[one.rows["task"].eq("language-distance")]
        rows = one.rows[one.rows["task"].ne("language-distance")]
        targets = [target_of(name) for name in rows["dataset"]]
        how = [setting_of(name, target) for name, target in zip(rows["encoder"], targets, strict=True)]
        if len(rows):
            yield AuxiliaryView(rows.assign(target=targets, how=how), one.mark, one.title, near=near)


def target_of(dataset: str) -> str:
    """Language of a data set."""
    found = next((code for code, name in ENTITIES.items() if dataset.startswith(name)), "")
    return found or ("en" if "domain=target" in dataset else "de")


def language_of(inputs: str) -> str:
    """Language of vectors by the text that they were trained on; `multi` for several."""
    text = str(parse(inputs).target)
    if "joined(" in text:
        return "multi"
    found = next((code for code, name in TEXT.items() if text.startswith(name.partition("|")[0])), "")
    return found or ("multi" if "seed=1" in inputs else "en" if "domain=target" in text else "de")


def setting_of(encoder: str, target: str) -> str:
    """The paper's name of a combination of vectors."""
    spec = parse(encoder)
    if spec.name == "shapes":
        return LINEAR
    inputs = [language_of(str(one)) for one in spec.kwargs["inputs"]]
    if spec.kwargs.get("combine") == "attention":
        return META
    if len(inputs) == 1:
        return MULTI if inputs[0] == "multi" else MONO
    if len(inputs) > 2:
        return ALL
    return BOTH if inputs[1] == "multi" else TWICE if inputs[1] == target else BESIDE[inputs[1]]
