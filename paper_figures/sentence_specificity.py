"""Chen and Gimpel 2020: Tables 2 to 8 in our form, the word map, length held still, layers, the paper's numbers.

Higher is better: a score is a large norm, or a small entropy, of a sentence that says much.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.sentence_specificity import STUDY

from probekit.report import NotTestable, bars, curves, heatmap, scatter
from probekit.report.view import matching
from probekit.scores import partial_spearman

from ._sentence_specificity_view import (
    AFTER,
    AVERAGE,
    DOMAINS,
    LABELS,
    LENGTH,
    NO_PRIOR,
    PAIRS,
    SUM,
    TRAINED,
    SpecificityView,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATIC = ("GloVe SUM", "GloVe AVG", "word2vec SUM", "word2vec AVG")
POOLED = ("SUM", "AVG", "CLS")
MINILM = (*(f"minilm {one}" for one in POOLED), *(f"minilm {AFTER} {one}" for one in POOLED))
ORDER = (LENGTH, SUM, AVERAGE, *STATIC, *MINILM, *TRAINED, NO_PRIOR)
CONTROLS = {
    "spearman": "as it is",
    "spearman_within_length": "within equal lengths",
    "spearman_beside_length": "beside length",
}
SHOWN = 8  # words named at each end of the map
LISTED = 20  # words of each list of Table 5
TUNED = "minilm, MPNet and the multilingual encoder are tuned for similarity"


def rated(v: SpecificityView, metric: str = "spearman") -> pd.DataFrame:
    """Correlations of all models that have a place in Table 2."""
    found = v.needs(task="sentence/specificity", metric=metric)
    return found[found["model"].isin(ORDER)]


def group(model: str) -> str:
    """Kinds of models, as the paper's table has them."""
    if model in (LENGTH, SUM, AVERAGE):
        return "words alone"
    return "trained for something else" if model.endswith((" SUM", " AVG", " CLS")) else "trained on paraphrases"


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-table-2")
def correlations(v: SpecificityView) -> Figure:
    """Every model on every domain."""
    table = rated(v)
    table = table.assign(group=table["model"].map(group))[["model", "domain", "value", "group"]]
    return heatmap(
        table,
        "model",
        "domain",
        row_groups="group",
        row_order=[model for model in ORDER if model in set(table["model"])],
        column_order=v.domains,
        signed=True,
        scale=100,
        annotate="+.1f",
        label="Spearman × 100, higher is better",
        title=f"Table 2. Norm or entropy of a sentence against how specific people find it ({v.title})",
    )


@STUDY.figure("figure-length")
def length_held_still(v: SpecificityView) -> Figure:
    """In the place of Table 3, whose News is not at hand: the same correlations with length held still two ways."""
    parts = [rated(v, metric).assign(control=shown) for metric, shown in CONTROLS.items()]
    table = pd.concat(parts)
    table = table[table["model"].isin([LENGTH, *TRAINED, "GloVe SUM", "minilm SUM"])]
    table = table.assign(**{name: 100 * table[name] for name in ("value", "ci_low", "ci_high")})
    return bars(
        table[["model", "domain", "control", "value", "ci_low", "ci_high"]],
        "model",
        colours="control",
        panels="domain",
        low="ci_low",
        high="ci_high",
        across=1,
        colour_order=list(CONTROLS.values()),
        panel_order=v.domains,
        x_order=[model for model in ORDER if model in set(table["model"])],
        label="Spearman × 100, higher is better",
        title=f"With length held still: what is left of each score, 95 % intervals ({v.title})",
    )


@STUDY.figure("figure-table-4")
def more_general(v: SpecificityView) -> Figure:
    """Share of pairs of equal length whose second sentence is scored as more general; 50 is chance."""
    table = v.needs(task="pair/more-general", metric="more_general").copy()
    table = table[table["model"].isin([one for one in ORDER if one not in (SUM, AVERAGE)])]
    table["relation"] = table["subset"].str.removeprefix("label=")
    there = [model for model in ORDER if model in set(table["model"])]
    table = table.assign(**{name: 100 * table[name] for name in ("value", "ci_low", "ci_high")})
    return bars(
        table[["model", "domain", "relation", "value", "ci_low", "ci_high"]],
        "model",
        colours="relation",
        panels="domain",
        low="ci_low",
        high="ci_high",
        across=1,
        colour_order=list(LABELS),
        panel_order=v.pairs(),
        x_order=there,
        chance=50,
        label="% scored more general (dashed: chance)",
        title=f"Table 4. Hypotheses scored as more general than premises of equal length, 95 % intervals ({v.title})",
    )


@STUDY.figure("figure-words")
def word_map(v: SpecificityView) -> Figure:
    """Norm of a word's shift and what it adds to the entropy; words at the ends are named."""
    words = v.words("WLO").head(3000)
    ends = pd.concat([words.nsmallest(SHOWN, "entropy"), words.nlargest(SHOWN, "entropy"), words.head(SHOWN)])
    words["label"] = words["word"].where(words["word"].isin(set(ends["word"])), "")
    words["kind"] = np.where(words["rank"] <= 50, "50 most frequent", "others")
    return scatter(
        words.round({"norm": 3, "entropy": 3}),
        "norm",
        "entropy",
        colours="kind",
        labels="label",
        colour_order=["others", "50 most frequent"],  # what is last lies on top
        x_label="norm of the shift, ||B||",
        y_label="what the word adds to the entropy, nats",
        title=f"Word map of WLO: what its 3,000 most frequent words do to a sentence ({v.title})",
    )


@STUDY.figure("figure-scatter-length")
def scores_by_length(v: SpecificityView) -> Figure:
    """Scores of sentences against their length, with the correlation of score and rating beside length."""
    domain, parts = v.domains[0], []
    for model in ("WLO", "WORDSUM", "WORDAVG"):
        own = v.scores(model, domain)
        left = partial_spearman(own["gold"], own["score"], own["length"])
        name = f"{model}, beside length {100 * left.value:.1f} [{100 * left.low:.1f}, {100 * left.high:.1f}]"
        spread = own["score"].std() or 1.0
        parts.append(own.assign(panel=name, score=((own["score"] - own["score"].mean()) / spread).round(3)))
    return scatter(
        pd.concat(parts).reset_index(),
        "length",
        "score",
        panels="panel",
        across=1,
        x_label="words",
        y_label="score, standardised",
        title=f"Scores against length, {domain}; above: Spearman × 100 with ratings beside length, 95 % intervals",
    )


@STUDY.figure("figure-layers", once=True)
def by_layer(v: SpecificityView) -> Figure:
    """Every layer of the encoders that have several, mean over domains, by pooling."""
    if v.layered.empty:
        raise NotTestable("no encoder was asked at all layers")
    rows = matching(v.layered, {"metric": ["spearman", "spearman_beside_length"]})
    rows = rows.assign(control=rows["metric"].map(CONTROLS), line=rows["encoder"])
    rows["panel"] = rows["pooling"] + ", " + rows["control"]
    table = rows.groupby(["panel", "line", "layer"], as_index=False)["value"].mean()
    panels = [f"{pooling}, {control}" for pooling in ("SUM", "AVG", "CLS") for control in list(CONTROLS.values())[::2]]
    return curves(
        table.assign(value=100 * table["value"]),
        "layer",
        lines="line",
        panels="panel",
        panel_order=panels,
        line_order=sorted(set(table["line"])),
        x_label="layer, 0 = embeddings",
        label="Spearman × 100",
        title="Norm against specificity by layer and pooling, mean of three domains of 150 sentences, no intervals",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table(
    "table-2", caption="Spearman x 100 with ratings; intervals over sentences; words unknown to it, %", digits=1
)
def all_correlations(v: SpecificityView) -> pd.DataFrame:
    lines = []
    for metric, control in CONTROLS.items():
        for row in rated(v, metric).to_dict("records"):
            unknown = json.loads(row["info"]).get("unknown_words", float("nan"))
            ends = {"value": 100 * row["value"], "low": 100 * row["ci_low"], "high": 100 * row["ci_high"]}
            lines.append(
                {"model": row["model"], "domain": row["domain"], "length": control, **ends, "n": int(row["n_test"])}
                | {"unknown": 100 * unknown}
            )
    table = pd.DataFrame(lines)
    return table.sort_values(["domain", "length", "model"], kind="stable").reset_index(drop=True)


@STUDY.table("table-4", caption="% of equal-length pairs whose second sentence is scored as more general", digits=1)
def all_shares(v: SpecificityView) -> pd.DataFrame:
    """With ties counted for it (>=) and not (>); length counted on what the encoder reads."""
    rows = v.needs(task="pair/more-general")
    keys = ["domain", "model", "subset"]
    rows = rows[rows["model"].isin(ORDER)]
    wide = 100 * rows.pivot_table(index=keys, columns="metric", values="value")
    own = rows[rows["metric"].eq("more_general")].set_index(keys)
    wide = wide.assign(low=100 * own["ci_low"], high=100 * own["ci_high"], pairs=own["n_test"].astype(int))
    wide["ties"] = [json.loads(info)["ties"] for info in own["info"].reindex(wide.index)]
    names = {"more_general": ">", "more_general_or_equal": ">="}
    table = wide.rename(columns=names).reset_index()
    return table.assign(relation=table.pop("subset").str.removeprefix("label="))


@STUDY.table(
    "table-5", caption="Words of WLO by what they add to the entropy, and by the norm of their shift", digits=2
)
def lists_of_words(v: SpecificityView) -> pd.DataFrame:
    """Of words among the 3,000 most frequent: four lists as in the paper."""
    words = v.words("WLO").head(3000)
    size = words.assign(size=words["entropy"].abs())
    lists = {
        "lowest entropy": words.nsmallest(LISTED, "entropy"),
        "entropy nearest 0": size.nsmallest(LISTED, "size"),
        "largest norm": words.nlargest(LISTED, "norm"),
        "smallest norm": words.nsmallest(LISTED, "norm"),
    }
    return pd.DataFrame({name: own["word"].to_numpy() for name, own in lists.items()})


@STUDY.table("table-6", caption="Sentences of middling length that WLO scores as most and least specific", digits=1)
def lists_of_sentences(v: SpecificityView) -> pd.DataFrame:
    domain = v.domains[-1]
    rows = v.below("extremes", task="sentence/specificity", model="WLO", domain=domain, metric="spearman")
    rows = rows.sort_values("score", kind="stable")
    side = np.where(np.arange(len(rows)) < len(rows) // 2, "general", "specific")
    return pd.DataFrame({"side": side, "score": rows["score"], "words": rows["length"], "sentence": rows["text"]})


@STUDY.table(
    "table-7", caption="WLO with the prior less WLO without, Spearman x 100, intervals over sentences", digits=1
)
def prior_on_and_off(v: SpecificityView) -> pd.DataFrame:
    lines = []
    for domain in v.domains:
        gap = v.gap("WLO", NO_PRIOR, domain)
        both = {
            name: 100 * v.spearman(model, domain)["value"] for name, model in (("with", "WLO"), ("without", NO_PRIOR))
        }
        lines.append({"domain": domain, **both, "difference": 100 * gap.difference, "low": 100 * gap.low})
        lines[-1]["high"] = 100 * gap.high
    return pd.DataFrame(lines)


@STUDY.table("table-8", caption="Pearson x 100 of cosines on the STS Benchmark test part", digits=1)
def similarity(v: SpecificityView) -> pd.DataFrame:
    rows = v.needs(task="pair/relatedness", metric="pearson")
    columns = {"model": rows["model"], **{name: 100 * rows[name] for name in ("value", "ci_low", "ci_high")}}
    return pd.DataFrame({**columns, "pairs": rows["n_test"].astype(int)}).reset_index(drop=True)


# --- beside the paper --------------------------------------------------------------------------------

_NOTE = "trained on MSR's paraphrases, the paper's on 5 million pairs"
_STANDS = {"BERT": "minilm CLS", "ELMo SUM": "minilm SUM", "ELMo AVG": "minilm AVG", "BERT Table 4": "minilm CLS"}
_STANDS |= {"ELMo": "minilm AVG", "GloVe": "GloVe SUM"}


@STUDY.beside(digits=1)
def ours(v: SpecificityView, line: dict[str, Any]) -> dict[str, Any]:
    """BERT and ELMo have minilm beside them; SNLI's pairs those of its revision."""
    model = _STANDS.get(line["method"], line["method"])
    where: dict[str, Any] = {"model": model}
    note = TUNED if line["method"] in ("BERT", "ELMo", "ELMo SUM", "ELMo AVG") else _NOTE if model in TRAINED else ""
    if line["dataset"] == "News":
        raise NotTestable("News is licensed text and not at hand")
    if line["table"] == "Table 4":
        where |= {"task": "pair/more-general", "domain": PAIRS["revised-snli"], "metric": "more_general"}
        where["subset"] = f"label={line['setting']}"
        note = "; ".join(filter(None, ["pairs of the revised SNLI", note]))
    elif line["table"] == "Table 8":
        where |= {"task": "pair/relatedness", "metric": "pearson"}
    else:
        if line["dataset"] not in DOMAINS.values() or model not in ORDER:
            raise NotTestable(f"{line['method']} is not at hand")
        where |= {"task": "sentence/specificity", "domain": line["dataset"], "metric": "spearman"}
    row = v.row(**where)
    return {"ours": 100 * float(row["value"]), "n": int(row["n_test"]), "as": model, "note": note}
