"""Liu, Winata and Fung 2020: Table 1, gains over the plain model, the gate by word and by category, other targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.moee_ner import STUDY

from probekit.report import NotTestable, bars, counterpart, ends, heatmap
from probekit.report.view import matching

from ._moee_ner_view import (
    BOTH,
    CONCEPT,
    FREEZE,
    INSIDE,
    LINEAR,
    MODELS,
    MOEE,
    MTL,
    NAMED,
    OUTSIDE,
    PLAIN,
    ROBUST,
    SETTINGS,
    TUNED,
    UNFREEZE,
    ExpertsView,
)
from ._tagging_view import OVER_DATA_SETS, mean_of_runs, said_runs, winner

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AROUND = 14  # words shown before and after the name in the heat map
NAME = ("Drudge", "Report")
KINDS = ("O", "PER", "ORG", "LOC", "MISC")
BELOW = {"recall": "spans found, any type (recall)", "type": "type right, of spans found"}


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-table-1")
def scores(v: ExpertsView) -> Figure:
    """F1 of every model (concept and robust tagger reconstructed) and setting, the linear model beside each."""
    table = _beside_linear(v, v.target)
    return bars(
        table,
        "how",
        colours="model",
        low="low",
        high="high",
        x_label="word vectors",
        label="F1 × 100, higher is better",
        title=f"Table 1. Trained on Wikipedia, asked about {v.target}, {v.runs()},\n95 % intervals",
    )


@STUDY.figure("figure-gains")
def gains(v: ExpertsView) -> Figure:
    """What each addition gains over the plain model."""
    return bars(
        _gains(v),
        "how",
        colours="model",
        low="low",
        high="high",
        x_label="word vectors",
        label="F1 × 100 less that of BiLSTM-CRF",
        title=f"Gain over the plain model on {v.target}, {v.runs()}, 95 % intervals over sentences (paired)",
    )


@STUDY.figure("figure-2")
def gate_of_a_sentence(v: ExpertsView) -> Figure:
    """Weights of the experts around the name, of the run of median development score."""
    table = _gates(v)
    return heatmap(
        table,
        "expert",
        "place",
        panels="how",
        row_order=[kind for kind in KINDS if kind in set(table["expert"])] or None,
        across=1,
        limits=(0.0, 1.0),
        row_label="expert",
        column_label="word",
        label="weight",
        title="Figure 2. Weights of the gate, MoEE, by word; the run of median development score",
    )


@STUDY.figure("figure-entropy")
def gate_by_category(v: ExpertsView) -> Figure:
    """Entropy of the gate by gold category."""
    return _bars_by_category(
        v,
        "gate_entropy",
        label="entropy of the gate, nats",
        title=f"How undecided the gate is, by gold category ({v.target}; log 5 = 1.61 at most),\n"
        f"{v.runs()}, 95 % intervals",
    )


@STUDY.figure("figure-weight")
def weight_by_category(v: ExpertsView) -> Figure:
    """Weight of the gold category by gold category."""
    return _bars_by_category(
        v,
        "gate_weight",
        chance=1 / len(KINDS),
        label="weight of the gold expert, higher is better",
        title=f"What the gate gives the gold category ({v.target}; dashed: an even gate, 0.2),\n"
        f"{v.runs()}, 95 % intervals",
    )


def _bars_by_category(v: ExpertsView, metric: str, **said: Any) -> Figure:
    table = _by_category(v, metric)
    return bars(
        table,
        "category",
        colours="model",
        panels="how",
        low="low",
        high="high",
        x_order=[kind for kind in KINDS if kind in set(table["category"])] or None,
        colour_order=[MOEE, BOTH],
        panel_order=v.settings,
        x_label="gold category",
        **said,
    )


@STUDY.figure("figure-found-and-typed")
def found_and_typed(v: ExpertsView) -> Figure:
    """Gains in spans found whatever their type, and in types of spans found."""
    return bars(
        _found_and_typed(v),
        "model",
        colours="what",
        panels="how",
        low="low",
        high="high",
        across=2,
        label="points less those of BiLSTM-CRF",
        title=f"Finding and typing on {v.target}: gain over the plain model, {v.runs()}, 95 % intervals over sentences",
    )


@STUDY.figure("figure-others")
def other_targets(v: ExpertsView) -> Figure:
    """The frozen settings on the other targets."""
    rest = _others(v)
    table = pd.concat([_beside_linear(v, corpus).assign(corpus=corpus) for corpus in rest])
    runs = said_runs(dict.fromkeys(rest, min(v.seeds(model=PLAIN, corpus=corpus) for corpus in rest)))
    return bars(
        table,
        "how",
        colours="model",
        panels="corpus",
        low="low",
        high="high",
        across=1,
        x_label="word vectors",
        label="F1 × 100, higher is better",
        title=f"Other targets, shared types alone, {runs}, 95 % intervals",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="Entities found and typed, × 100, mean of runs with 95 % intervals", digits=1)
def all_scores(v: ExpertsView) -> pd.DataFrame:
    """A line a target, setting and model, with what is found and what is typed right, and development F1."""
    found = []
    for corpus in [v.target, *_others(v, needed=False)]:
        for line in _scores(v, corpus).to_dict("records"):
            where = v.of(line["model"], line["how"], corpus)
            more = {what: 100 * v.score(what, **where).difference for what in ("untyped", "recall", "type")}
            development = list(v.development(**where).values())
            told = {"runs": len(development), "development": 100 * sum(development) / len(development)}
            found.append({"target": corpus} | {str(name): value for name, value in line.items()} | more | told)
    names = {"how": "vectors", "value": "F1", "untyped": "untyped F1", "recall": "untyped recall", "type": "type"}
    return pd.DataFrame(found).rename(columns=names)


@STUDY.table("gains", caption="Gains over BiLSTM-CRF in points, 95 % intervals over sentences", digits=1)
def all_gains(v: ExpertsView) -> pd.DataFrame:
    f1 = _gains(v).assign(what="F1")
    return pd.concat([f1, _found_and_typed(v)]).rename(columns={"value": "points", "how": "vectors"})


@STUDY.table("winners", caption=f"Model of best development F1 less {PLAIN}: points, {OVER_DATA_SETS}", digits=1)
def winners(v: ExpertsView) -> pd.DataFrame:
    """Of each setting asked on several targets."""
    found = []
    for how in v.settings:
        there = [one for one in (v.target, *_others(v)) if not v.only(metric="span_f1", **v.of(BOTH, how, one)).empty]
        if len(there) > 1:
            every = {one: [v.of(one, how, target) for target in there] for one in (MTL, MOEE, BOTH)}
            line = winner(v, every, [v.of(PLAIN, how, target) for target in there])
            found.append({"vectors": how, **line})
    return pd.DataFrame(found)


@STUDY.table("gate", caption="Weight of the gold expert and entropy of the gate, mean of runs", digits=3)
def gate(v: ExpertsView) -> pd.DataFrame:
    """By gold category; O is outside, inside all four."""
    parts = [_by_category(v, metric, inside=True).assign(metric=metric) for metric in ("gate_weight", "gate_entropy")]
    return pd.concat(parts).rename(columns={"how": "vectors"})


@STUDY.table("runs", caption="Every run: development F1 of the source and F1 of the target, × 100", digits=1)
def runs(v: ExpertsView) -> pd.DataFrame:
    rows = v.needs(metric="span_f1", corpus=v.target)
    found = []
    for model, how in rows[["model", "how"]].drop_duplicates().itertuples(index=False):
        own = v.needs(metric="span_f1", **v.of(model, how))
        development, middle = v.development(**v.of(model, how)), v.median(model, how)
        for row in own.to_dict("records"):
            line = {"vectors": how, "model": model, "seed": row["seed"], "development": 100 * development[row["seed"]]}
            found.append({**line, "target": 100 * row["value"], "median": "median" if row["seed"] == middle else ""})
    return pd.DataFrame(found)


# --- what they are made of ---------------------------------------------------------------------------


def _scores(v: ExpertsView, corpus: str) -> pd.DataFrame:
    rows = v.needs(metric="span_f1", corpus=corpus)
    pairs = rows[["model", "how"]].drop_duplicates()
    order = {name: place for place, name in enumerate((*v.settings, LINEAR))}
    pairs = pairs[pairs["how"].isin(list(order))].sort_values(
        ["how", "model"],
        key=lambda column: column.map({**order, **{m: k for k, m in enumerate((*NAMED, *MODELS))}}).fillna(9),
    )
    return pd.DataFrame(
        {"how": how, "model": model, **ends(v.score(**v.of(model, how, corpus)))}
        for model, how in pairs.itertuples(index=False)
    )


def _beside_linear(v: ExpertsView, corpus: str) -> pd.DataFrame:
    """Scores with those of the linear model, which reads no vectors, in every setting."""
    table = _scores(v, corpus)
    alone = table["model"].eq(LINEAR)
    every = [table[alone].assign(how=how) for how in table.loc[~alone, "how"].unique()]
    return pd.concat([table[~alone], *every]).sort_values("how", key=lambda one: one.map(SETTINGS.index), kind="stable")


def _gains(v: ExpertsView) -> pd.DataFrame:
    if not v.settings:
        raise NotTestable("the four models were not run in any setting")
    return pd.DataFrame(
        {"how": how, "model": model, **ends(v.gap(v.of(model, how), v.of(PLAIN, how)))}
        for how in v.settings
        for model in (MTL, MOEE, BOTH)
    )


def _found_and_typed(v: ExpertsView) -> pd.DataFrame:
    return pd.DataFrame(
        {"how": how, "model": model, "what": name, **ends(v.gap(v.of(model, how), v.of(PLAIN, how), what))}
        for how in v.settings
        for model in (MTL, MOEE, BOTH)
        for what, name in BELOW.items()
    )


def _by_category(v: ExpertsView, metric: str, inside: bool = False) -> pd.DataFrame:
    rows = v.needs(metric=metric, corpus=v.target)
    names = {OUTSIDE: "O", **({INSIDE: "inside"} if inside else {})}
    category = rows["subset"].map(lambda one: names.get(one, one.removeprefix("label=")))
    rows = rows.assign(category=category)[category.ne(INSIDE)]
    return mean_of_runs(rows, ["how", "model", "category"]).drop(columns=["runs"])


def _others(v: ExpertsView, needed: bool = True) -> list[str]:
    found = [name for name in dict.fromkeys(v.rows["corpus"]) if name != v.target]
    if needed and not found:
        raise NotTestable("no other target was asked")
    return found


def _gates(v: ExpertsView) -> pd.DataFrame:
    """Weights by word around the name, of the run of median development score in each setting."""
    if v.sentence.empty:
        raise NotTestable("the sentence was not asked about")
    one = ExpertsView(v.sentence, v.mark, v.title, folder=v.folder, sentence=v.sentence)
    parts = []
    for how in [one for one in SETTINGS if one in set(v.sentence["how"])]:
        seed = v.median(MOEE, how)
        lines = one.below("tokens", model=MOEE, how=how, metric="span_f1", seed=seed)
        own = lines[lines["unit"].eq(lines["unit"].min())]
        at = own.loc[own["word"].eq(NAME[0]), "position"]
        middle = int(at.iloc[0]) if len(at) else AROUND
        parts.append(own[(own["position"] - middle).between(-AROUND, AROUND)])
    table = pd.concat(parts)
    places = [f"{position}: {word}" for position, word in zip(table["position"], table["word"], strict=True)]
    return table.assign(place=places, expert=table["series"])[["how", "expert", "place", "value"]]


# --- beside the paper --------------------------------------------------------------------------------

_MODELS = {"BiLSTM-CRF": PLAIN, "BiLSTM-CRF w/ MTL": MTL, "BiLSTM-CRF w/ MoEE": MOEE}
_MODELS |= {"BiLSTM-CRF w/ MTL and MoEE": BOTH, "Concept Tagger": CONCEPT, "Robust Sequence Tagger": ROBUST}
_SETTINGS = {"freeze": FREEZE, "unfreeze": UNFREEZE, "fine-tune": TUNED}


@STUDY.beside(digits=1)
def ours(v: ExpertsView, line: dict[str, Any]) -> dict[str, Any]:
    """The same model in the same setting, mean of runs."""
    where = counterpart(line, method=_MODELS, setting=_SETTINGS)
    note = "MiniLM for BERT; " if where["setting"] == TUNED else "vectors of 100 dimensions trained on WikiNEuRal; "
    found = v.score(**v.of(where["method"], where["setting"]))
    kept = matching(v.rows, {"corpus": v.target, "metric": "span_f1"})
    note += "reconstructed, one layer and no CRF; " if where["method"] in NAMED else ""
    note += f"trained on 850 silver sentences, asked about {int(kept['n_test'].max())}; 95 % interval "
    return {"ours": 100 * found.difference, "note": note + f"[{100 * found.low:.1f}, {100 * found.high:.1f}]"}
