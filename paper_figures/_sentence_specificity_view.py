"""How the specificity study reads its rows: which model a score is of, on which domain; intervals of differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from probekit.experiments.sentence_specificity import DRAWN, STUDY

from probekit.report import NotTestable, View
from probekit.report.view import is_generated, prepared
from probekit.scores import Comparison, paired_bootstrap
from probekit.specs import parse, without_steps

DOMAINS = {"twitter-specificity": "Twitter", "yelp-specificity": "Yelp", "movie-specificity": "Movie"}
PAIRS = {"revised-snli": "revised SNLI", "sick": "SICK"}
LABELS = ("entailment", "neutral", "contradiction")
NAMES = {
    "wordavg": "WORDAVG", "wordsum": "WORDSUM", "lstmavg": "LSTMAVG", "lstm-gaussian": "LSTMGAUSSIAN", "wlo": "WLO",
}  # fmt: skip
TRAINED = tuple(NAMES.values())
NO_PRIOR = "WLO, no prior"
LENGTH, SUM, AVERAGE = "Length", "Word Freq. SUM", "Word Freq. AVG"
POOLED = {"sum": "SUM", "mean": "AVG", "cls": "CLS"}
SHORT = {"glove": "GloVe", "word2vec": "word2vec", "minilm": "minilm", "random": "random minilm"}
SHORT |= {"all-mpnet-base-v2": "MPNet", "multilingual-e5-small": "multilingual"}
AFTER = "after polarity"
N_BOOT = 1000


@dataclass(eq=False, kw_only=True)
class SpecificityView(View):
    """Rows with the columns model (as the paper calls it; Gaussians by entropy, all others by norm) and domain.

    layered: rows of every layer of an encoder.
    """

    layered: pd.DataFrame

    @property
    def domains(self) -> list[str]:
        """Rated data at hand, in the paper's order."""
        there = set(self.only(task="sentence/specificity")["domain"])
        return [name for name in DOMAINS.values() if name in there] or sorted(there)

    def trained(self, task: str) -> list[str]:
        """Models trained on paraphrases that were asked a task. Raises NotTestable for none."""
        there = set(self.needs(task=task)["model"])
        if not there & set(TRAINED):
            raise NotTestable(f"no trained model was asked {task}")
        return [model for model in TRAINED if model in there]

    def spearman(self, model: str, domain: str, metric: str = "spearman") -> pd.Series:
        """A row of a model on a domain. Raises NotTestable."""
        return self.row(task="sentence/specificity", model=model, domain=domain, metric=metric)

    def scores(self, model: str, domain: str) -> pd.DataFrame:
        """Score, rating and length of every sentence, by sentence. Raises NotTestable."""
        where = {"task": "sentence/specificity", "model": model, "domain": domain, "metric": "spearman"}
        lines = self.below("predictions", **where)
        columns = {"gold": lines["gold"].astype(float), "score": lines["score"], "length": lines["group"]}
        return pd.DataFrame({**columns, "unit": lines["unit"]}).set_index("unit").sort_index()

    def gap(self, a: str, b: str, domain: str) -> Comparison:
        """Rank correlation of one model less another's, over the sentences that both have scores of."""
        one, other = self.scores(a, domain), self.scores(b, domain)
        both = one.join(other["score"], how="inner", rsuffix="_b")
        sides = [both[name].to_numpy() for name in ("gold", "score", "score_b")]
        return paired_bootstrap("spearman", *sides, n_boot=N_BOOT, unit="sentence")

    def share(self, model: str, label: str, pairs: str, metric: str = "more_general") -> pd.Series:
        """Share of pairs whose second sentence is scored as more general. Raises NotTestable."""
        return self.row(task="pair/more-general", model=model, domain=pairs, subset=f"label={label}", metric=metric)

    def pairs(self) -> list[str]:
        """Sets of pairs at hand."""
        there = set(self.only(task="pair/more-general")["domain"])
        return [name for name in PAIRS.values() if name in there] or sorted(there)

    def words(self, model: str) -> pd.DataFrame:
        """What a model holds of each word: word, rank, norm, entropy. Raises NotTestable."""
        rows = self.needs(task="sentence/specificity", model=model, metric="spearman")
        lines = self.below("words", key=rows["key"].iloc[0])
        return lines[["word", "rank", "norm", "entropy"]].sort_values("rank").reset_index(drop=True)


@STUDY.view
def specificity_views(rows: pd.DataFrame) -> list[SpecificityView]:
    """Real data, and generated data, whose files are marked."""
    rows = prepared(rows)
    rows["model"] = [_model(*line) for line in rows[["encoder", "probe", "pooling", "layer"]].itertuples(index=False)]
    rows["domain"] = rows["dataset"].map(_domain)
    drawn = rows["dataset"].str.endswith(_drawn(DRAWN)) | rows["encoder"].str.startswith("random")
    found = []
    for made, mark, title in ((False, "", "real data"), (True, "-generated", "generated data")):
        own = is_generated(rows) == made
        if own.any():
            layered = _by_layer(rows[own & drawn])
            main = rows[own & ~drawn & rows["model"].ne("")]
            found.append(SpecificityView(main if len(main) else rows[own], mark, title, layered=layered))
    return found


def _drawn(step: str) -> str:
    return f"|{parse(f'x{step}').steps[0]}"


def _by_layer(rows: pd.DataFrame) -> pd.DataFrame:
    found = rows[rows["task"].eq("sentence/specificity") & rows["encoder"].ne("")].copy()
    found["encoder"] = found["encoder"].map(called)
    return found.assign(layer=pd.to_numeric(found["layer"]), pooling=found["pooling"].map(POOLED))


def called(encoder: str) -> str:
    """An encoder for readers."""
    spec = parse(encoder)
    name = spec.target if spec.name in ("hf", "static") and spec.target else spec.name
    shown = next((shown for known, shown in SHORT.items() if str(name).startswith(known)), str(name))
    return f"{shown} {AFTER}" if spec.steps else shown


def _model(encoder: str, probe: str, pooling: str, layer: Any) -> str:
    """What the paper calls a score; "" for what it has no name for."""
    score = parse(probe)
    if not encoder:
        mean = score.kwargs.get("reduce") == "mean"
        return LENGTH if score.name == "length" else AVERAGE if mean else SUM
    spec = parse(encoder)
    if spec.name != "paraphrases":
        return f"{called(encoder)} {POOLED.get(pooling, pooling)}"
    name = NAMES[str(spec.kwargs.get("model", "wlo"))]
    gaussian = name in ("WLO", "LSTMGAUSSIAN")
    if score.name == "cosine" and gaussian and pooling == "sentence":
        return f"{name}, mean alone"
    if score.name == "norm" and gaussian:
        name = f"{name} (norm)"
    return NO_PRIOR if name == "WLO" and not spec.kwargs.get("prior") else name


def _domain(dataset: str) -> str:
    name = without_steps(dataset).partition("(")[0]
    return {**DOMAINS, **PAIRS, "stsb": "STS"}.get(name, name)
