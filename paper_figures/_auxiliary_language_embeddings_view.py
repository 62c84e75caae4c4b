"""How the study of auxiliary languages reads its rows: target language, the paper's setting, nearness of languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.auxiliary_language_embeddings import ENTITIES, LANGUAGES, STUDY, TEXT, TREEBANKS

from probekit.report import NotTestable, clears
from probekit.report.view import by_kind
from probekit.scores import Comparison, majority_order
from probekit.specs import parse

from ._tagging_view import TaggedView, said_runs

MONO, MULTI, BOTH, ALL, META, TWICE = (
    "Monolingual", "Multilingual", "Mono + Multi", "Mono + All", "Meta-Embeddings", "Mono + Mono",
)  # fmt: skip
LINEAR = "linear"
BESIDE = {code: f"Mono + {code.upper()}" for code in LANGUAGES}
ORDER = (MONO, MULTI, BOTH, *BESIDE.values(), ALL, META, TWICE, LINEAR)
ENTITY, SPEECH = "entities", "parts of speech"
# Of each part, the language of a corpus by its name.
PARTS = {ENTITY: {name: code for code, name in ENTITIES.items()}}
PARTS[SPEECH] = {name: code for code, name in TREEBANKS.items()} | {"ud-english-ewt": "en"}
METRICS = {ENTITY: "span_f1", SPEECH: "accuracy"}
P, P_TRAINING, V, V_TRAINING, MAJORITY = "d_P", "d*_P", "d_V", "d*_V", "d_MV"
DISTANCES = (P, P_TRAINING, V, V_TRAINING, MAJORITY)
PERPLEXITY, SHARED = "character_perplexity", "shared_words"
_MEASURES = {P: (PERPLEXITY, False), P_TRAINING: (PERPLEXITY, True), V: (SHARED, False), V_TRAINING: (SHARED, True)}
DECLARED, CHARACTERS = "plain:", "character-lm:"


@dataclass(eq=False, kw_only=True)
class AuxiliaryView(TaggedView):
    """Rows with the columns part (what is tagged), target and how (the setting); `near` are those of distances,
    `spelled` of character models."""

    near: pd.DataFrame
    spelled: pd.DataFrame
    _ranks: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def characters(self) -> AuxiliaryView:
        """The same of character models, in the place of sub-word vectors. Raises NotTestable where none were read."""
        if self.spelled.empty:
            raise NotTestable("no character models were read")
        return AuxiliaryView(
            self.spelled, self.mark, self.title, folder=self.folder, near=self.near, spelled=self.spelled
        )

    def gain(self, how: str, target: str, part: str, less: str = MONO) -> Comparison:
        """Score less that with the vectors of the language alone, or of another setting."""
        return self.gap(self.of(how, target, part), self.of(less, target, part))

    @property
    def parts(self) -> list[str]:
        """What was tagged, in order."""
        there = set(self.rows["part"])
        return [part for part in PARTS if part in there]

    def targets(self, part: str) -> list[str]:
        """Languages at hand, in order."""
        there = set(self.only(part=part)["target"])
        return [code for code in LANGUAGES if code in there]

    def of(self, how: str, target: str, part: str) -> dict[str, Any]:
        """A selection of rows."""
        return {"part": part, "how": how, "target": target, "metric": METRICS[part]}

    def others(self, target: str, part: str) -> list[str]:
        """The other languages whose vectors were tried beside those of a target."""
        there = set(self.only(target=target, part=part)["how"])
        return [code for code, how in BESIDE.items() if how in there and code != target]

    def beside(self, target: str, part: str) -> dict[str, float]:
        """Score with the vectors of each other language beside, a mean of runs."""
        return {c: self.score(**self.of(BESIDE[c], target, part)).difference for c in self.others(target, part)}

    def runs(self) -> str:
        """How many runs of a tagger there are, the fewest of any target, in words."""
        targets = [self.of(MONO, target, part) for part in self.parts for target in self.targets(part)]
        return said_runs({"": min(self.seeds(**where) for where in targets)})

    def chosen(self, target: str, part: str) -> str:
        """The other language of most development score. Raises NotTestable where none was tried."""
        found = {
            code: float(np.mean(list(self.development(**self.of(BESIDE[code], target, part)).values())))
            for code in self.others(target, part)
        }
        if not found:
            raise NotTestable("no other language was tried beside one")
        return max(found, key=lambda code: found[code])

    def learned(self, target: str, part: str) -> bool | None:
        """Whether the tagger of a language alone is above the linear model."""
        return clears(self.gap(self.of(MONO, target, part), self.of(LINEAR, target, part)))

    def ranks(self, part: str) -> pd.DataFrame:
        """Rank of each source for each target by each distance, nearest first. Raises NotTestable.

        The starred distances are those on the sentences that the part trains on.
        """
        if part not in self._ranks:
            self._ranks[part] = pd.DataFrame(self._ranked(part))
        return self._ranks[part]

    def nearest(self, target: str, part: str) -> str:
        """The other language that the majority of distances calls nearest."""
        own = self.ranks(part)
        own = own[own["distance"].eq(MAJORITY) & own["target"].eq(target)]
        return str(own.sort_values("rank", kind="stable")["source"].iloc[0])

    def _ranked(self, part: str) -> Iterator[dict[str, Any]]:
        for target in LANGUAGES:
            sources = [code for code in LANGUAGES if code != target]
            orders = []
            for name, (metric, on_training) in _MEASURES.items():
                value = [self.distance(metric, target, source, part if on_training else "") for source in sources]
                order = np.argsort(np.argsort(value if metric == PERPLEXITY else -np.array(value))) + 1
                orders.append(order)
                for source, one, rank in zip(sources, value, order, strict=True):
                    yield {"target": target, "source": source, "distance": name, "value": one, "rank": int(rank)}
            for source, rank in zip(sources, majority_order(np.array(orders)), strict=True):
                yield {"target": target, "source": source, "distance": MAJORITY, "value": np.nan, "rank": int(rank)}

    def distance(self, metric: str, target: str, source: str, part: str = "") -> float:
        """A distance on the Declaration, or on the training sentences of a part. Raises NotTestable."""
        rows = self.near
        mine = rows["metric"].eq(metric) & rows["subset"].eq(f"target={target};source={source}")
        mine &= rows["dataset"].map(part_of) == part
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
            told = {"part": [SPEECH if task == "word/upos" else ENTITY for task in rows["task"]], "target": targets}
            rows, of_characters = rows.assign(**told, how=how), rows["encoder"].str.contains(CHARACTERS, regex=False)
            yield AuxiliaryView(rows[~of_characters], one.mark, one.title, near=near, spelled=rows[of_characters])


def part_of(dataset: str) -> str:
    """Of which part's training a text of several languages is; "" of the Declaration."""
    if dataset.startswith(DECLARED):
        return ""
    return next((part for part, names in PARTS.items() if _first(dataset) in names), "")


def _first(dataset: str) -> str:
    """The first corpus of a name: `wikineural-de`, or the first file's, `de_gsd`."""
    return dataset.removeprefix("conllu:").partition("|")[0].partition("-ud-dev")[0]


def target_of(dataset: str) -> str:
    """Language of a data set."""
    every = {**PARTS[ENTITY], **PARTS[SPEECH]}
    return every.get(_first(dataset), "en" if "domain=target" in dataset else "de")


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
