"""Lange, Adel and Strötgen 2020: Table 1, gains over one language, distances against gains, weights of attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.auxiliary_language_embeddings import LANGUAGES, STUDY

from probekit.report import NotTestable, bars, counterpart, ends, heatmap, median_run
from probekit.scores import partial_conjunction, permuted_sums
from probekit.scores.arrays import f1_of

from ._auxiliary_language_embeddings_nearness import NAMES, correlations_of
from ._auxiliary_language_embeddings_view import (
    ALL,
    BESIDE,
    BOTH,
    ENTITY,
    LINEAR,
    META,
    METRICS,
    MONO,
    ORDER,
    PERPLEXITY,
    TWICE,
    AuxiliaryView,
    language_of,
)
from ._tagging_view import OVER_DATA_SETS, winner

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.05
MOST = 25  # words of the sentence in the heat map of words


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-table-1")
def scores(v: AuxiliaryView) -> Figure:
    """F1 of entities and accuracy of parts of speech by setting and language."""
    table = _scores(v)
    return heatmap(
        table,
        "how",
        "target",
        panels="part",
        row_order=[one for one in ORDER if one in set(table["how"])],
        annotate=".1f",
        label="F1 or accuracy × 100, higher is better",
        row_label="vectors",
        column_label="language",
        title=f"Table 1. F1 of entities and accuracy of parts of speech by the vectors that are read; {v.runs()}",
    )


@STUDY.figure("figure-gains")
def gains(v: AuxiliaryView) -> Figure:
    """Gain of every setting over the vectors of the language alone."""
    table = _gains(v)
    return bars(
        table.assign(panel=table["target"] + ", " + table["part"]),
        "how",
        panels="panel",
        low="low",
        high="high",
        across=2,
        x_order=[one for one in ORDER if one in set(table["how"])],
        x_label="vectors",
        label="points less Monolingual",
        title=f"Gain over the vectors of the language alone, {v.runs()}\n(paired over sentences, 95 % intervals)",
    )


@STUDY.figure("figure-2")
def distances(v: AuxiliaryView) -> Figure:
    """Spearman of nearness and score, by distance, ours and of the printed tables."""
    table = correlations_of(v)
    return bars(
        table,
        "distance",
        "mean",
        colours="of",
        panels="part",
        x_label="distance",
        label="Spearman, mean of five targets",
        title="Figure 2. Does nearness tell which other language helps?\n"
        "Four languages a target, 1 where the nearest helps most",
    )


@STUDY.figure("figure-characters")
def of_characters(v: AuxiliaryView) -> Figure:
    """Gains over the language alone of character models, in the place of FLAIR's, beside those of sub-word vectors."""
    table = _spelled(v)
    return bars(
        table[table["how"].ne(MONO)].assign(panel=table["target"] + f", {ENTITY}"),
        "how",
        colours="read",
        panels="panel",
        low="low",
        high="high",
        x_label="vectors",
        label="points less Monolingual",
        title=f"Gain over the language alone of character models and of sub-word vectors, {v.characters.runs()},\n"
        "95 % intervals (paired sentences)",
    )


@STUDY.figure("figure-4")
def attention(v: AuxiliaryView) -> Figure:
    """Mean weight of each source by attention."""
    table = _weights(v)
    return bars(
        table,
        "target",
        colours="source",
        panels="part",
        panel_order=v.parts,
        low="ci_low",
        high="ci_high",
        x_order=[code for code in LANGUAGES if code in set(table["target"])],
        colour_order=[one for one in (*LANGUAGES, "multi") if one in set(table["source"])],
        x_label="language that is tagged",
        label="mean weight (dashed: all alike)",
        chance=1 / table["source"].nunique(),
        title=f"What attention gives the vectors of each language, {v.runs()}, 95 % intervals over sentences",
    )


@STUDY.figure("figure-4-words")
def attention_by_word(v: AuxiliaryView) -> Figure:
    """Weights of the sources over the words of an English sentence: of those of 25 words at most that of most entities.

    Kept are the 40 sentences of the test with the most entities.
    """
    table = _of_a_sentence(v)
    return heatmap(
        table,
        "source",
        "place",
        row_order=[one for one in (*LANGUAGES, "multi") if one in set(table["source"])],
        column_order=list(dict.fromkeys(table["place"])),
        row_label="vectors of",
        column_label="word",
        label="weight",
        title=f"Figure 4. Weights by word, {ENTITY}, one run (even: {1 / table['source'].nunique():.3f}): the sentence "
        f"of most {ENTITY} of up to {MOST} words",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="F1 or accuracy × 100 with 95 % intervals over sentences; development score", digits=1)
def all_scores(v: AuxiliaryView) -> pd.DataFrame:
    table = _scores(v)
    development = [
        100 * float(np.mean(list(v.development(**v.of(how, target, part)).values())))
        for part, target, how in table[["part", "target", "how"]].itertuples(index=False)
    ]
    return table.assign(development=development).rename(columns={"how": "vectors", "value": "score"})


@STUDY.table(
    "gains", caption="Score less Monolingual in points, 95 % intervals over sentences; less Mono + Mono", digits=1
)
def all_gains(v: AuxiliaryView) -> pd.DataFrame:
    """Less the language's own vectors twice: what is not of a longer input."""
    table = _gains(v)
    twice = pd.DataFrame(
        ends(v.gain(h, t, p, TWICE)) for p, t, h in table[["part", "target", "how"]].itertuples(index=False)
    )
    twice.columns = ["less twice", "twice low", "twice high"]
    return table.rename(columns={"how": "vectors", "value": "points"}).join(twice)


@STUDY.table("characters", caption="Character models and sub-word vectors: F1 × 100; points less Monolingual", digits=1)
def characters(v: AuxiliaryView) -> pd.DataFrame:
    """95 % intervals over sentences, of the gain; score: with no interval."""
    return _spelled(v).rename(columns={"how": "vectors", "value": "points"})


@STUDY.table("distances", caption="Nearness of each source to each target and its rank, nearest first", digits=3)
def ranks(v: AuxiliaryView) -> pd.DataFrame:
    """Perplexity of characters (lower is nearer) and shared words (higher is nearer)."""
    return pd.concat([v.ranks(part).assign(part=part) for part in v.parts])


@STUDY.table("directions", caption="d_P of a source by either direction and their mean, on the Declaration", digits=2)
def directions(v: AuxiliaryView) -> pd.DataFrame:
    """Model of the source on text of the target (the study's default), the other way round, their mean."""
    found = []
    for target in LANGUAGES:
        for source in (code for code in LANGUAGES if code != target):
            one, other = v.distance(PERPLEXITY, target, source), v.distance(PERPLEXITY, source, target)
            line = {"target": target, "source": source, "of the source": one, "of the target": other}
            found.append({**line, "mean": (one + other) / 2})
    return pd.DataFrame(found)


@STUDY.table("correlations", caption="Spearman of nearness and score beside Mono, by target and mean", digits=2)
def correlations(v: AuxiliaryView) -> pd.DataFrame:
    """Ours, and recomputed from the paper's printed Tables 1, 3 and 4 (BPEmb)."""
    return correlations_of(v)


@STUDY.table("chosen", caption="The other language: nearest by d_MV, best by development data, best on test", digits=1)
def chosen(v: AuxiliaryView) -> pd.DataFrame:
    """The two outlines of Table 1 are `nearest` and `by test`; the paper takes the best by test."""
    found = []
    for part in v.parts:
        for target in v.targets(part):
            score = v.beside(target, part)
            line = {"part": part, "target": target, "by development": v.chosen(target, part)}
            line["by test"] = max(score, key=lambda code: score[code])
            line["nearest"] = v.nearest(target, part) if not v.near.empty else ""
            more = {f"score {name}": 100 * score.get(str(line[name]), np.nan) for name in list(line)[2:]}
            found.append({**line, **more})
    return pd.DataFrame(found)


@STUDY.table("tested", caption="All vectors less the best Mono + X by development data: points, p of permutations")
def tested(v: AuxiliaryView) -> pd.DataFrame:
    """Paired permutation over sentences (2^16 draws). Counted: data sets in which the difference holds (Fisher)."""
    found = pd.DataFrame(_tested(v))
    held = {key: partial_conjunction(own["p"], level=LEVEL).count for key, own in found.groupby(["part", "vectors"])}
    return found.assign(counted=[held[key] for key in zip(found["part"], found["vectors"], strict=True)])


@STUDY.table("winners", caption=f"Setting of best development score less Mono: points, {OVER_DATA_SETS}", digits=1)
def winners(v: AuxiliaryView) -> pd.DataFrame:
    """Of what reads several vectors, over languages."""
    found = []
    for part in v.parts:
        several = [one for one in (BOTH, ALL, META) if one in set(v.only(part=part)["how"])]
        every = {how: [v.of(how, target, part) for target in v.targets(part)] for how in several}
        line = winner(v, every, [v.of(MONO, target, part) for target in v.targets(part)])
        found.append({"part": part, **line})
    return pd.DataFrame(found)


@STUDY.table(
    "decision", caption="Figure 3, the decision chart: mean gain over Mono of what each branch takes", digits=1
)
def decision(v: AuxiliaryView) -> pd.DataFrame:
    """Mean of the languages' gains in points with a 95 % interval over sentences, each language by itself."""
    found = []
    for part in v.parts:
        targets = v.targets(part)
        taken = {
            "text for many vectors": dict.fromkeys(targets, META),
            "multilingual vectors": dict.fromkeys(targets, BOTH),
            "neither, nearest by d_MV": {t: BESIDE[v.nearest(t, part)] for t in targets},
            "neither, best by development": {t: BESIDE[v.chosen(t, part)] for t in targets},
        }
        for branch, each in taken.items():
            gain = np.mean([_moved(v, t, part, one) for t, one in each.items()], axis=0)
            line = {"part": part, "at hand": branch, "takes": ", ".join(dict.fromkeys(each.values()))}
            found.append(line | ends(v.estimated(gain, v.sample(**v.of(MONO, targets[0], part))[1])))
    return pd.DataFrame(found).rename(columns={"value": "points"})


# --- what they are made of ---------------------------------------------------------------------------


def _moved(v: AuxiliaryView, target: str, part: str, how: str) -> Any:
    """Gain over the vectors of the language alone, as a sample over sentences."""
    return v.sample(**v.of(how, target, part))[0] - v.sample(**v.of(MONO, target, part))[0]


def _scores(v: AuxiliaryView) -> pd.DataFrame:
    rows = v.needs(metric=list(METRICS.values()))
    there = set(zip(rows["part"], rows["target"], rows["how"], strict=True))
    return pd.DataFrame(
        {"part": part, "target": target, "how": how, **ends(v.score(**v.of(how, target, part)))}
        for part in v.parts
        for target in v.targets(part)
        for how in ORDER
        if (part, target, how) in there
    )


def _gains(v: AuxiliaryView) -> pd.DataFrame:
    table = _scores(v)
    each = table[~table["how"].isin([MONO, LINEAR])][["part", "target", "how"]]
    return pd.DataFrame(
        {"part": part, "target": target, "how": how} | ends(v.gain(how, target, part))
        for part, target, how in each.itertuples(index=False)
    )


def _spelled(v: AuxiliaryView) -> pd.DataFrame:
    """Settings in which character models were read, with the scores and gains of sub-words there."""
    found = []
    for target in v.characters.targets(ENTITY):
        there = set(v.characters.only(target=target)["how"])
        for how in [one for one in ORDER if one in there]:
            for name, one in (("sub-words", v), ("characters", v.characters)):
                score = 100 * one.score(**one.of(how, target, ENTITY)).difference
                line = {"target": target, "how": how, "read": name, "score": score}
                found.append({**line, **ends(one.gain(how, target, ENTITY))})
    return pd.DataFrame(found)


def _tested(v: AuxiliaryView) -> Iterator[dict[str, Any]]:
    for part in v.parts:
        for target in v.targets(part):
            best = BESIDE[v.chosen(target, part)]
            for how in (ALL, META):
                one, other = (_sums(v, v.of(name, target, part)) for name in (how, best))
                found = permuted_sums(one, other, lambda sums: f1_of(sums[2], sums[0], sums[1]))
                line = {"part": part, "target": target, "vectors": how, "less": best}
                yield {**line, "points": 100 * found.difference, "p": found.p}


def _sums(v: AuxiliaryView, where: dict[str, Any]) -> Any:
    """Counts of the sentences (n, 3) of the run of median development score: gold, predicted, right."""
    runs = v.development(**where)
    seed = median_run(runs)
    lines = v.below("tallies", seed=seed, **where).sort_values("sentence")
    return lines[["gold", "predicted", "right"]].to_numpy(dtype=float)


def _weights(v: AuxiliaryView) -> pd.DataFrame:
    rows = v.needs(metric="input_weight", how=META)
    source = [language_of(one.removeprefix("input=")) for one in rows["subset"]]
    return rows.assign(source=source)[["part", "target", "source", "value", "ci_low", "ci_high"]]


def _of_a_sentence(v: AuxiliaryView) -> pd.DataFrame:
    """Weights by word and source in the first English sentence that was kept and is short. Raises NotTestable."""
    lines = v.below("tokens", **v.of(META, "en", ENTITY))
    lines = lines[lines["key"].eq(lines["key"].iloc[0])]
    lines = lines[lines.groupby("unit")["position"].transform("max").lt(MOST)]
    if lines.empty:
        raise NotTestable(f"no sentence of up to {MOST} words was kept")
    lines = lines[lines["unit"].eq(lines["unit"].iloc[0])]
    return lines.assign(
        source=[language_of(one) for one in lines["series"]],
        place=[f"{at + 1} {word}" for at, word in zip(lines["position"], lines["word"], strict=True)],
    )


# --- beside the paper --------------------------------------------------------------------------------


@STUDY.beside(digits=1)
def ours(v: AuxiliaryView, line: dict[str, Any]) -> dict[str, Any]:
    """The same setting, language and part; ranks by the same distance; the mean weight of attention."""
    told = dict(
        part.split("=", 1) for part in str(line["setting"]).replace("target=", "lang=").split(";") if "=" in part
    )
    part = {metric: part for part, metric in NAMES.items()}.get(str(line["metric"]))
    if line["metric"] == "rank":
        own = v.ranks(v.parts[0])
        mine = own["distance"].eq(line["method"]) & own["target"].eq(told["lang"]) & own["source"].eq(told["aux"])
        return {"ours": float(own.loc[mine, "rank"].iloc[0]), "note": f"by text of {v.parts[0]} where starred"}
    if line["encoder"] != "BPEmb 300d":
        raise NotTestable("sub-word vectors of our own stand for BPEmb; there are no FLAIR models")
    if line["metric"] == "attention_weight_pct":
        own = _weights(v)
        mine = own["part"].eq(ENTITY) & own["target"].eq("en") & own["source"].eq(told["embedding"])
        if not mine.any():
            raise NotTestable("English entities were not tagged by attention")
        return {
            "ours": 100 * float(own.loc[mine, "value"].iloc[0]),
            "note": "mean of all test words, not of one sentence",
        }
    if part is None:
        raise NotTestable("one seed has no deviation")
    where = counterpart(line, method={how: how for how in ORDER if how != LINEAR})
    found = v.score(**v.of(where["method"], told["lang"], part))
    note = "small training sets, vectors of 100 dimensions; "
    return {"ours": 100 * found.difference, "note": note + f"[{100 * found.low:.1f}, {100 * found.high:.1f}]"}
