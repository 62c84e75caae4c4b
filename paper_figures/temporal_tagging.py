"""Lange et al. 2020: Tables 2 and 3, gains of every alignment, what a probe still tells of language, weights."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.temporal_tagging import CHOSEN, STUDY

from probekit.report import NotTestable, bars, counterpart, ends, heatmap, points

from ._tagging_view import OVER_DATA_SETS, said_runs, told, winner
from ._temporal_tagging_view import (
    ADVERSARIAL,
    ALIGNMENTS,
    DICTIONARY,
    ENGLISH,
    GERMAN,
    IDENTICAL,
    LINEAR,
    MULTILINGUAL,
    NONE,
    RULES,
    SCORES,
    SPANISH,
    STRICT,
    SUBWORDS,
    TUNED,
    TimesView,
    taught,
)
from ._tuned_view import layer_changes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LAYERS = {0: "what the BiLSTM reads", 1: "its states"}
CHANCE = 1 / 3  # of three languages, as many sentences of each


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-tables")
def scores(v: TimesView) -> Figure:
    """Strict F1 by vectors, alignment and test; what reads no vectors stands first."""
    table = _scores(v, baselines=True)
    table = table.assign(vectors=table["vectors"].replace([RULES, LINEAR], "no vectors"))
    return heatmap(
        table[table["score"].eq(SCORES[STRICT])],
        "alignment",
        "test",
        panels="vectors",
        across=1,
        annotate=".1f",
        label="strict F1 × 100, higher is better",
        row_label="alignment",
        column_label="test (no German or Ukrainian label was seen)",
        title=f"Tables 2 and 3. Time expressions found exactly: {_runs(v)} (grey: not asked)",
    )


@STUDY.figure("figure-gains")
def gains(v: TimesView) -> Figure:
    """Strict F1 of every alignment less that of the unaligned vectors."""
    table = _gains(v)
    return bars(
        table[table["score"].eq(SCORES[STRICT])],
        "test",
        colours="alignment",
        panels="vectors",
        low="low",
        high="high",
        across=1,
        x_label="test (no German or Ukrainian label was seen)",
        label="points less unaligned",
        title=f"Strict F1 less that of unaligned vectors, {_runs(v)},\n95 % intervals (paired sentences)",
    )


@STUDY.figure("figure-rules")
def beside_rules(v: TimesView) -> Figure:
    """HeidelTime's hand-written rules, a linear model of word shapes and unaligned taggers, by test."""
    table = _scores(v, baselines=True)
    table = table[table["score"].eq(SCORES[STRICT]) & table["alignment"].isin([NONE, RULES, LINEAR])]
    if RULES not in set(table["vectors"]):
        raise NotTestable("HeidelTime's rules were not asked")
    return bars(
        table[table["test"].isin(set(table.loc[table["vectors"].eq(RULES), "test"]))],
        "test",
        colours="vectors",
        low="low",
        high="high",
        x_label="test (no German label was seen)",
        label="strict F1 × 100, higher is better",
        title="Rules written by hand for each language, a linear model of word shapes\n"
        "and unaligned taggers, 95 % intervals",
    )


@STUDY.figure("figure-2")
def by_language(v: TimesView) -> Figure:
    """t-SNE of what the BiLSTM reads at the middle word of each sentence, by language."""
    table, shares = v.places(), v.neighbours()
    known = shares[shares["layer"].eq(0)].set_index(["vectors", "alignment"])["value"]
    pairs = [one for one in v.pairs() if one in known.index]
    named = {one: f"{', '.join(one)}\n{known[one]:.2f} own, probe {_probe(v, *one)}" for one in pairs}
    return points(
        table.assign(panel=[named[one] for one in zip(table["vectors"], table["alignment"], strict=True)]),
        "x",
        "y",
        colours="language",
        panels="panel",
        panel_order=list(named.values()),
        across=2,
        title="Figure 2. t-SNE of what the BiLSTM reads of middle words, one run. Above: "
        "share of neighbours of the same language, accuracy of a probe; chance 0.33",
    )


def _probe(v: TimesView, vectors: str, alignment: str) -> str:
    try:
        return f"{v.told(vectors, alignment, 0)['value']:.2f}"
    except NotTestable:
        return "not run"


@STUDY.figure("figure-language")
def language_told(v: TimesView) -> Figure:
    """Accuracy of a fresh probe of language, by layer and alignment."""
    table = _told(v)
    return bars(
        table,
        "layer",
        colours="alignment",
        panels="vectors",
        low="low",
        high="high",
        across=2,
        x_label="layer",
        label="accuracy (dashed: chance)",
        chance=CHANCE,
        title="Is the language of a word told? A logistic probe on the middle word of 600 sentences,\n"
        "one run a tagger, 95 % intervals",
    )


@STUDY.figure("figure-layers", once=True)
def forgotten(v: TimesView) -> Figure:
    """Beyond the paper: what a tagger forgets, with and without the adversary."""
    title = "What tagging time expressions changes in what layers tell of 300 sentences"
    return layer_changes(v.known, taught, ALIGNMENTS, title)


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("tables", caption="Strict, relaxed and type F1 × 100, mean of runs, 95 % intervals", digits=1)
def all_scores(v: TimesView) -> pd.DataFrame:
    """TempEval-3's scores: strict has no type; type is relaxed F1 times the share of right types."""
    table = _scores(v, baselines=True)
    runs = [
        1 if one == RULES else v.seeds(**v.of(one, how, test))
        for one, how, test in table[["vectors", "alignment", "test"]].itertuples(index=False)
    ]
    return table.assign(runs=runs).rename(columns={"value": "F1"})


@STUDY.table("gains", caption="F1 less that of unaligned vectors in points, 95 % intervals over sentences", digits=1)
def all_gains(v: TimesView) -> pd.DataFrame:
    return _gains(v).rename(columns={"value": "points"})


@STUDY.table("winners", caption=f"Alignment of best development F1 less unaligned: points, {OVER_DATA_SETS}", digits=1)
def winners(v: TimesView) -> pd.DataFrame:
    """Of each kind of vectors, over its tests, in strict F1."""
    found = []
    for vectors in dict.fromkeys(name for name, _ in v.pairs()):
        tests = [one for one in v.tests if not v.only(**v.of(vectors, NONE, one)).empty]
        rivals = [how for name, how in v.pairs() if name == vectors and how != NONE]
        every = {how: [v.of(vectors, how, test) for test in tests] for how in rivals}
        line = winner(v, every, [v.of(vectors, NONE, test) for test in tests], STRICT)
        found.append({"vectors": vectors, **line})
    return pd.DataFrame(found)


@STUDY.table("rules", caption="HeidelTime's rules less each tagger in strict F1: points, 95 % intervals", digits=1)
def rules_less(v: TimesView) -> pd.DataFrame:
    """Over the sentences of each test that the rules were asked about."""
    asked = [test for test in v.tests if (RULES, RULES) in v.baselines(test)]
    if not asked:
        raise NotTestable("HeidelTime's rules were not asked")
    found = [
        {"test": test, "vectors": vectors, "alignment": alignment}
        | ends(v.gap(v.of(RULES, RULES, test), v.of(vectors, alignment, test), STRICT))
        for test in asked
        for vectors, alignment in v.pairs(test)
    ]
    return pd.DataFrame(found).rename(columns={"value": "points"})


@STUDY.table("weights", caption="Development F1 × 100 of each weight of the reversed gradient, seed 0", digits=2)
def weights(v: TimesView) -> pd.DataFrame:
    """Chosen: of most development F1; beside it the weight that the study uses."""
    rows = v.swept[v.swept["seed"].astype(int).eq(0) & v.swept["test"].eq(ENGLISH)]
    if rows.empty:
        raise NotTestable("no weights were tried")
    found = [
        {"vectors": r["vectors"], "weight": r["weight"], "development": 100 * told(r)["dev_score"]}
        for r in rows.to_dict("records")
    ]
    table = pd.DataFrame(found).drop_duplicates(["vectors", "weight"]).sort_values(["vectors", "weight"])
    best = table.groupby("vectors")["development"].transform("max").eq(table["development"])
    used = table["weight"].eq(table["vectors"].map(CHOSEN))
    return table.assign(best=best.map({True: "best", False: ""}), used=used.map({True: "used", False: ""}))


@STUDY.table("language", caption="Accuracy of a probe of language, chance 0.333, one run", digits=3)
def language(v: TimesView) -> pd.DataFrame:
    return _told(v).rename(columns={"value": "accuracy"})


@STUDY.table("neighbours", caption="Share of the ten nearest neighbours that are of a word's own language", digits=3)
def neighbours(v: TimesView) -> pd.DataFrame:
    """By cosine, at the middle word of each sentence; 95 % intervals of the mean over sentences; chance beside."""
    rows = v.neighbours()
    table = rows.assign(layer=rows["layer"].map(LAYERS)).rename(columns={"ci_low": "low", "ci_high": "high"})
    return table[["vectors", "alignment", "layer", "value", "low", "high", "chance"]].rename(columns={"value": "share"})


# --- what they are made of ---------------------------------------------------------------------------


def _runs(v: TimesView) -> str:
    """How many runs stand behind each score, the fewest of any vectors, in words."""
    systems = [(test, pair) for test in v.tests for pair in [*v.baselines(test), *v.pairs(test)] if pair[0] != RULES]
    every = [(pair[0], v.seeds(**v.of(*pair, test))) for test, pair in systems]
    kinds = {vectors.split(" ")[0]: n for vectors, n in sorted(every, key=itemgetter(1), reverse=True)}  # the fewest
    return said_runs(kinds)


def _scores(v: TimesView, baselines: bool = False) -> pd.DataFrame:
    found = []
    for test in v.tests:
        for vectors, alignment in [*(v.baselines(test) if baselines else []), *v.pairs(test)]:
            for what, name in SCORES.items():
                line = {"test": test, "vectors": vectors, "alignment": alignment, "score": name}
                found.append({**line, **ends(v.score(what, **v.of(vectors, alignment, test)))})
    if not found:
        raise NotTestable("no tagger was asked")
    return pd.DataFrame(found)


def _gains(v: TimesView) -> pd.DataFrame:
    found = [
        {"test": test, "vectors": vectors, "alignment": alignment, "score": name}
        | ends(v.gap(v.of(vectors, alignment, test), v.of(vectors, NONE, test), what))
        for test in v.tests
        for vectors, alignment in v.pairs(test)
        if alignment != NONE
        for what, name in SCORES.items()
    ]
    if not found:
        raise NotTestable("no aligned vectors were asked")
    return pd.DataFrame(found)


def _told(v: TimesView) -> pd.DataFrame:
    found = []
    for vectors, alignment in v.pairs():
        for layer, name in LAYERS.items():
            try:
                row = v.told(vectors, alignment, layer)
            except NotTestable:
                continue
            line = {"vectors": vectors, "alignment": alignment, "layer": name, "value": row["value"]}
            found.append({**line, "low": row["ci_low"], "high": row["ci_high"], "n": int(row["n_test"])})
    if not found:
        raise NotTestable("no probe of language was run")
    return pd.DataFrame(found)


# --- beside the paper --------------------------------------------------------------------------------

_TASKS = {"timex-tagging/EN": ENGLISH, "timex-tagging/ES": SPANISH, "timex-tagging/DE": GERMAN}
_ENCODERS = {"fasttext": SUBWORDS, "mbert": TUNED}
_ALIGNED = {"none": NONE, "procrustes-identical-strings": IDENTICAL, "procrustes-dictionary": DICTIONARY}
_ALIGNED |= {"adversarial": ADVERSARIAL}
_NOTES = {SUBWORDS: "vectors of 100 dimensions of our own", MULTILINGUAL: "multilingual-e5-small, frozen"}
_NOTES[TUNED] = "multilingual-e5-small, tuned, one run"
_METRICS = {f"{name}_f1": what for what, name in SCORES.items()}


@STUDY.beside(digits=1)
def ours(v: TimesView, line: dict[str, Any]) -> dict[str, Any]:
    """The same vectors, alignment and test; HeidelTime where its answers are at hand."""
    where = counterpart(line, task=_TASKS, metric=_METRICS)
    if "HeidelTime" in str(line["method"]):
        found, note = v.score(where["metric"], **v.of(RULES, RULES, where["task"])), "rules written by hand"
    else:
        vectors = counterpart(line, encoder=_ENCODERS)["encoder"]
        told_of = dict(part.split("=", 1) for part in str(line["setting"]).split(";") if "=" in part)
        alignment = _ALIGNED.get(told_of.get("alignment", ""))
        if alignment is None:
            raise NotTestable(f"no alignment of ours stands for {line['setting']}")
        if vectors == TUNED and v.only(**v.of(TUNED, alignment, where["task"])).empty:
            vectors = MULTILINGUAL
        found = v.score(where["metric"], **v.of(vectors, alignment, where["task"]))
        note = _NOTES[vectors]
    return {"ours": 100 * found.difference, "note": f"{note}; [{100 * found.low:.1f}, {100 * found.high:.1f}]"}
