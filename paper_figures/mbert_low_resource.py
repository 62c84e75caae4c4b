"""Wu and Dredze 2020: scores by WikiSize, coverage of vocabularies, scores by steps, regressions, models compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.mbert_low_resource import AMOUNTS, LAYERS, NER, PAIRS, POS, SETTINGS, STUDY

from probekit.errors import ProbekitError
from probekit.report import NotTestable, bars, counterpart, curves, ends, heatmap, if_run, scatter
from probekit.scores.wiki_sizes import SIZES, resource_buckets

from ._mbert_low_resource_regressions import grid, joint, slope
from ._mbert_low_resource_steps import gains_of_steps, perplexities, scores_by_steps
from ._mbert_low_resource_view import (
    ALONE,
    BASELINE,
    MANY,
    METRICS,
    NAMES,
    ORDER,
    OWN,
    PAIR,
    REAL,
    STRANGER,
    TASKS,
    TAUGHT,
    TOGETHER,
    UNSEEN,
    UNTRAINED,
    WORDS,
    LowResourceView,
)
from ._tagging_view import points, told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VOCABULARIES = {
    WORDS: WORDS,
    UNTRAINED: "own, 1,000 pieces",
    "smaller vocabulary": "own, 400 pieces",
    PAIR: "paired",
    MANY: "eight languages",
    REAL: "multilingual encoder's",
}


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-1")
def by_wiki_size(v: LowResourceView) -> Figure:
    """Scores by WikiSize; languages without one stand at the left."""
    found = []
    for task, table in v.every_placed().items():
        for line in table.to_dict("records"):
            for model, name in ((REAL, "real"), (BASELINE, "baseline")):
                size = line["WikiSize"] if np.isfinite(line["WikiSize"]) else 1
                mark = {"x": float(size), "y": line[name], "model": model, "task": TASKS[task]}
                found.append({**mark, "language": line["language"]})
    return scatter(
        pd.DataFrame(found),
        "x",
        "y",
        colours="model",
        labels="language",
        panels="task",
        colour_order=[REAL, BASELINE],
        x_label="WikiSize (log2 of MB; 1: none known)",
        y_label="%",
        title=f"Figure 1. Scores by WikiSize, 180 labelled sentences each, one run ({v.title})",
    )


@STUDY.figure("figure-2")
def entities_by_language(v: LowResourceView) -> Figure:
    """Entities by language in the order of WikiSize."""
    return _placed(v, NER, "Figure 2. Entities by language, smallest Wikipedia first")


@STUDY.figure("figure-classes")
def classes_by_language(v: LowResourceView) -> Figure:
    """Word classes by language in the order of WikiSize."""
    return _placed(v, POS, "Word classes by language, smallest Wikipedia first")


def _placed(v: LowResourceView, task: str, title: str) -> Figure:
    found = []
    for line in v.placed(task).to_dict("records"):
        size = f"{line['WikiSize']:.0f}" if np.isfinite(line["WikiSize"]) else "-"
        for model in (REAL, BASELINE):
            score = v.scored(task, line["language"], model)
            found.append({"language": f"{line['language']}\n{size}", "model": model, **ends(score)})
    return bars(
        pd.DataFrame(found),
        "language",
        colours="model",
        low="low",
        high="high",
        colour_order=[REAL, BASELINE],
        x_label="language and its WikiSize (-: none known)",
        label=f"{TASKS[task]}, %",
        title=f"{title} (one run, 95 % over sentences; {v.title})",
    )


@STUDY.figure("figure-3")
def coverage_curves(v: LowResourceView) -> Figure:
    """Share of each vocabulary that occurs more than t times in the text of a language."""
    return curves(
        _coverage(v),
        "log2(t + 1)",
        lines="vocabulary",
        panels="language",
        line_order=list(VOCABULARIES.values()),
        panel_order=list(NAMES.values()),
        x_label="log2(t + 1)",
        label="% of the vocabulary",
        title=f"Figure 3. Share of a vocabulary with a count above t in the text ({v.title})",
    )


def _coverage(v: LowResourceView) -> pd.DataFrame:
    table = v.coverage()
    names = {"language": table["code"].map(NAMES), "vocabulary": table["model"].map(VOCABULARIES), "t": table["step"]}
    return table.assign(**names, **{"log2(t + 1)": np.log2(table["step"] + 1.0), "value": 100 * table["value"]})


@STUDY.figure("figure-4")
def by_steps(v: LowResourceView) -> Figure:
    """Accuracy by step of one pretraining on development and tested sentences."""
    return curves(
        scores_by_steps(v),
        "steps",
        lines="layer",
        panels="sentences",
        low="low",
        high="high",
        x_label="steps of pretraining",
        label="accuracy (%)",
        title=f"Figure 4. Word classes of Yoruba by steps of pretraining, one run "
        f"(bands: 95 % over tested sentences; {v.title})",
    )


@STUDY.figure("figure-gain")
def gain_by_text_and_steps(v: LowResourceView) -> Figure:
    """What pretraining gains over no step, by steps, a line an amount of text."""
    return curves(
        gains_of_steps(v),
        "steps",
        lines="text",
        panels="layer",
        low="low",
        high="high",
        line_order=["all of it", *(f"{n:,} sentences" for n in AMOUNTS[::-1])],
        x_label="steps of pretraining",
        label="points of accuracy over no step",
        title=f"Word classes of Yoruba: what pretraining gains (95 % over tested sentences, one run; {v.title})",
    )


@STUDY.figure("figure-4-perplexity")
def perplexity_by_steps(v: LowResourceView) -> Figure:
    """Held-out perplexity by step of the same pretraining."""
    return curves(
        perplexities(v),
        "steps",
        x_label="steps of pretraining",
        label="perplexity",
        title=f"Figure 4. Perplexity of hidden pieces in held-out Yoruba, one run ({v.title})",
    )


@STUDY.figure("figure-table-4")
def comparison(v: LowResourceView) -> Figure:
    """Models by language and task."""
    table = _compared(v)
    return heatmap(
        table,
        "model",
        "cell",
        row_order=[name for name in ORDER if name in set(table["model"])],
        column_order=list(dict.fromkeys(table["cell"])),
        annotate=".1f",
        label="% (higher is better)",
        title=f"Table 4. Models by language and task, one run ({v.title})",
    )


def _cells(v: LowResourceView) -> Iterator[tuple[str, str]]:
    """Language and task of each cell of Table 4 that was run."""
    for code in ALONE:
        for task in TASKS:
            if if_run(v.scored, task, code, OWN) is not None:
                yield code, task


def _compared(v: LowResourceView) -> pd.DataFrame:
    found = []
    for code, task in _cells(v):
        for model in ORDER:
            if (score := if_run(v.scored, task, code, model)) is not None:
                cell = f"{code} {TASKS[task].partition(' (')[0]}"
                found.append({"cell": cell, "code": code, "task": task, "model": model, **ends(score)})
    if not found:
        raise NotTestable("no language was pretrained on alone")
    return pd.DataFrame(found)


@STUDY.figure("figure-layers")
def by_layer(v: LowResourceView) -> Figure:
    """The real encoder by layer, a line a language."""
    rows = v.needs(model=REAL, metric=list(METRICS.values()), at=[str(layer) for layer in LAYERS])
    names = {METRICS[task]: name for task, name in TASKS.items()}
    rows = rows.assign(x=rows["at"].astype(int), task=rows["metric"].map(names), value=100 * rows["value"])
    return heatmap(
        rows[["task", "code", "at", "value"]],
        "code",
        "at",
        panels="task",
        row_order=sorted(set(rows["code"]), key=lambda code: (SIZES.get(code, 0), code)),
        column_order=[str(one) for one in sorted(set(rows["x"]))],
        annotate=".1f",
        label="% (higher is better)",
        column_label="layer",
        title=f"The multilingual encoder by layer, smallest Wikipedia first, one run ({v.title})",
    )


@STUDY.figure("figure-transfer")
def transferred(v: LowResourceView) -> Figure:
    """The real encoder taught one language and asked about another."""
    return bars(
        v.transferred_by_task(),
        "language",
        colours="taught",
        panels="task",
        low="low",
        high="high",
        across=1,
        colour_order=TAUGHT,
        label="%",
        title=f"Treebanks without a training part: {REAL} and look of words (one run, 95 %; {v.title})",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("placed", caption="Languages by WikiSize: the best layer by development, less the baseline, %", digits=1)
def placed(v: LowResourceView) -> pd.DataFrame:
    return pd.concat([table.assign(task=TASKS[task]) for task, table in v.every_placed().items()])


@STUDY.table("transfer", caption="Treebanks without a training part, 95 % intervals over sentences, %", digits=1)
def transfer(v: LowResourceView) -> pd.DataFrame:
    table = v.transferred_by_task()
    table["in its pretraining"] = np.where(table["language"].isin(UNSEEN), "no", "yes")
    table["WikiSize"] = table["language"].map(SIZES)
    return table


@STUDY.table("seeds", caption="Word classes, %, by seed of pretraining and head", digits=1)
def seeds(v: LowResourceView) -> pd.DataFrame:
    rows = v.needs(task=POS, metric="accuracy", model=[UNTRAINED, OWN, PAIR], at="last", learn=False, look=0)
    rows = rows[rows["model"].ne(PAIR) | rows["code"].isin(PAIRS)].assign(value=100 * rows["value"])
    wide = rows.pivot_table(index=["code", "model"], columns="seed", values="value").reset_index()
    if wide.shape[1] < 4:
        raise NotTestable("the part seeds was not run")
    return wide.rename(columns=lambda name: f"seed {name}" if isinstance(name, int) else name)


@STUDY.table("buckets", caption="Means over the languages of a WikiSize, %, and how many they are", digits=1)
def buckets(v: LowResourceView) -> pd.DataFrame:
    found = []
    for task, table in v.every_placed().items():
        for name in ("real", "baseline", "difference"):
            scores = {str(code): [value] for code, value in zip(table["language"], table[name], strict=True)}
            for size, (mean, n) in resource_buckets(scores).items():
                found.append({"task": TASKS[task], "WikiSize": size, "languages": n, "score": name, "value": mean})
    wide = pd.DataFrame(found).pivot(index=["task", "WikiSize", "languages"], columns="score", values="value")
    return wide[["real", "baseline", "difference"]].reset_index()


@STUDY.table(
    "table-3", caption="Table 3: the text of each language, and the multilingual encoder's pieces in it", digits=1
)
def table_three(v: LowResourceView) -> pd.DataFrame:
    found = []
    for code in NAMES:
        where = {"task": "vocabulary", "code": code}
        words = v.needs(**where, metric="vocabulary_size", steps=1)["n_test"].iloc[0]
        line: dict[str, Any] = {"language": NAMES[code], "WikiSize": SIZES[code], "words (thousands)": words / 1000}
        line["pieces a word, own"] = v.mean(**where, model=UNTRAINED, metric="pieces_a_word")
        if (rows := if_run(v.needs, **where, model=REAL)) is not None:
            value = rows.set_index("metric")["value"]
            line["pieces a word, multilingual"] = value["pieces_a_word"]
            line["pieces seen (thousands)"] = value["occurring_pieces"] / 1000
            line["% of its pieces"] = 100 * value["occurring_share"]
        found.append(line)
    return pd.DataFrame(found)


@STUDY.table("table-4", caption="Table 4: models by language and task, %, 95 % intervals over sentences", digits=1)
def table_four(v: LowResourceView) -> pd.DataFrame:
    table = _compared(v)
    table = table.assign(
        score=[f"{a:.1f} [{b:.1f}, {c:.1f}]" for a, b, c in table[["value", "low", "high"]].to_numpy()]
    )
    wide = table.pivot(index="model", columns="cell", values="score")[list(dict.fromkeys(table["cell"]))]
    return wide.loc[[name for name in ORDER if name in wide.index]].fillna("").reset_index()


@STUDY.table(
    "gains",
    caption="Gains in points, means over the seeds of both, 95 %: by sentences, LAS and UAS as if apart",
    digits=1,
)
def gains(v: LowResourceView) -> pd.DataFrame:
    pairs = [(OWN, UNTRAINED), (OWN, BASELINE), *((one, OWN) for one in (PAIR, STRANGER, TOGETHER, MANY, REAL))]
    pairs += [(REAL, BASELINE), *((one, OWN) for one in SETTINGS)]
    found = []
    for code, task in _cells(v):
        for a, b in pairs:
            if (gain := if_run(v.gain, task, code, a, b)) is not None:
                found.append({"language": code, "task": TASKS[task], "model": a, "less": b, "points": points(gain)})
    return pd.DataFrame(found)


@STUDY.table("tuned", caption="All weights learn: word classes, %, and the gain of pretraining in points", digits=1)
def tuned(v: LowResourceView) -> pd.DataFrame:
    found = []
    for code in dict.fromkeys(v.needs(learn=True, model=[UNTRAINED, OWN])["code"]):
        where = {"code": code, "learn": True}
        scores = {model: v.mean(**where, model=model, metric="accuracy") for model in (UNTRAINED, OWN)}
        gain = v.gap({"task": POS, **where, "model": OWN}, {"task": POS, **where, "model": UNTRAINED})
        frozen = if_run(v.gain, POS, code, OWN, UNTRAINED)
        line = {"language": code, **{name: 100 * value for name, value in scores.items()}, "gain": points(gain)}
        found.append({**line, "gain, frozen": "" if frozen is None else points(frozen)})
    return pd.DataFrame(found)


@STUDY.table(
    "real-tuned", caption="The multilingual encoder tuned and at its best frozen layer, %; gain in points", digits=1
)
def real_tuned(v: LowResourceView) -> pd.DataFrame:
    """Chosen by development data; 95 % intervals over sentences, LAS and UAS as if apart."""
    return v.every_tuned()


@STUDY.table(
    "perplexity", caption="Perplexity of pieces hidden in held-out text, rare ones more often (count^-.5)", digits=0
)
def perplexity(v: LowResourceView) -> pd.DataFrame:
    rows = v.needs(task="masked-pieces", metric="perplexity")
    shown = rows.assign(pieces=[told(row)["pieces"] for row in rows.to_dict("records")], text=rows["subset"].str[5:])
    return shown[["code", "model", "steps", "text", "value", "pieces", "note"]].rename(columns={"value": "perplexity"})


@STUDY.table("steps", caption="Figure 4: Yoruba by steps of pretraining", digits=1)
def steps(v: LowResourceView) -> pd.DataFrame:
    """Accuracy on tested sentences, its gain over no step in points, held-out perplexity."""
    table = scores_by_steps(v)
    table = table[table["sentences"].eq("test")]
    known: dict[Any, Any] = dict(perplexities(v)[["steps", "value"]].itertuples(index=False))
    found = []
    for row in table.to_dict("records"):
        step, layer = row["steps"], row["layer"].removeprefix("layer ")
        line = {"layer": row["layer"], "steps": step, "accuracy": row["value"]}
        gain = points(v.after_steps(step, layer)) if step else ""
        found.append({**line, "gain": gain, "perplexity": known.get(step, np.nan)})
    return pd.DataFrame(found).sort_values(["layer", "steps"])


@STUDY.table("coverage", caption="Figure 3: share of each vocabulary above a count in the text, %", digits=1)
def coverage(v: LowResourceView) -> pd.DataFrame:
    table = _coverage(v)
    table = table[table["t"].isin([0, 1, 4, 16, 64, 256])]
    wide = table.pivot(index=["language", "vocabulary"], columns="t", values="value").reset_index()
    return wide.rename(columns={name: f"> {name}" for name in wide if isinstance(name, (int, np.integer))})


# --- beside the paper --------------------------------------------------------------------------------

_METHODS = {
    "mbert fine-tuned": REAL,
    "monolingual bert base": OWN,
    "monolingual bert small": "small",
    "monolingual bert smaller vocab": "smaller vocabulary",
    "monolingual bert shorter sequence": "shorter sequence",
    "bilingual bert base": PAIR,
    "Pan et al. 2017": BASELINE,
    "Che et al. 2018": BASELINE,
}
_TASKS = {("ner", "f1"): NER, ("pos", "accuracy"): POS, ("parsing", "las"): "las", ("parsing", "uas"): "uas"}
_STATISTICS = {
    "tokens_millions": ("vocabulary_size", UNTRAINED, 0),
    "mbert_vocab_thousands": ("occurring_pieces", REAL, 1e-3),
    "mbert_vocab_percent": ("occurring_share", REAL, 100),
}
_KINDS = {
    REAL: "multilingual-e5-small, tuned or a frozen layer, the better by development data",
    BASELINE: "look of words or sub-word vectors, the better by development data",
}


@STUDY.beside(digits=3)
def ours(v: LowResourceView, line: dict[str, Any]) -> dict[str, Any]:
    """Slopes on the tied grid; statistics of our text; scores of the same language, task and kind of model."""
    setting = dict(part.strip().partition("=")[::2] for part in line["setting"].split(";"))
    if line["table"] == "Table 2":
        return _slopes(v, line, setting["predictor"])
    code, metric = setting["language"], line["metric"]
    if line["table"] == "Table 3":
        if metric == "wikisize":
            raise NotTestable("we take WikiSize from the paper")
        if metric not in _STATISTICS:
            raise NotTestable("sentences of our text are verses, news and trees: no counterpart")
        name, model, scale = _STATISTICS[metric]
        row = v.row(task="vocabulary", code=code, model=model, metric=name)
        value = row["n_test"] / 1e6 if not scale else scale * row["value"]
        return {"ours": value, "n": int(row["n_test"]), "note": "our text; XLM-R's pieces"}
    model, task = counterpart(line, method=_METHODS)["method"], _TASKS[line["task"], metric]
    try:
        score = v.scored(task, code, model)
    except (NotTestable, ProbekitError) as reason:
        raise NotTestable(f"not run for {code}: {reason}") from None
    kind = _KINDS.get(model, "tiny model, frozen")
    return {"ours": 100 * score.difference, "n": score.n, "note": f"{kind}; 180 labelled sentences"}


def _slopes(v: LowResourceView, line: dict[str, Any], predictor: str) -> dict[str, Any]:
    own = joint(v, True)[predictor] if "multivariate" in line["method"] else slope(v, True, predictor)
    value = {"coefficient": own.value, "ci_low": own.low, "ci_high": own.high, "p_value_upper_bound": own.p}
    return {"ours": value[line["metric"]], "n": len(grid(v, True)), "note": "tied grid; log2 of text for WikiSize"}
