"""Bhat et al. 2020: similarity, analogies, function words and compounds by sets, examples, the paper's numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from probekit.experiments.fuzzy_embeddings import SIZES, STUDY

from probekit.report import bars, curves, heatmap, scatter

from . import _fuzzy_embeddings_gains  # noqa: F401  its table and the paper's numbers are declared there
from ._fuzzy_embeddings_view import (
    AS_PRINTED,
    AS_PROGRAM,
    CATEGORIES,
    COSINE,
    CROSS,
    ENTROPY,
    FOR_COMPOUNDS,
    FREQUENCY,
    GLOVE,
    KL,
    NAMES,
    OFFSET,
    SETS,
    SIMLEX,
    VECTORS,
    WORD2VEC,
    SetView,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDS = ["value", "ci_low", "ci_high"]
SHORT = dict(
    zip(
        CATEGORIES,
        ["capital common", "capital world", "money", "city", "family", "adverb", "un-", "-er",
         "-est", "-ing", "nation", "past", "plural", "verb plural"],
        strict=True,
    )
)  # fmt: skip


def _hundredfold(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.assign(**{name: 100 * lines[name] for name in ENDS})


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-table-8")
def simlex_by_size(v: SetView) -> Figure:
    """Spearman on SimLex-999 by width of the vectors, in the programs' reading and as printed."""
    rows = v.scores(task=SIMLEX, table=WORD2VEC, measure=[COSINE, KL, CROSS])
    panels = [(AS_PROGRAM, "the programs'"), (AS_PRINTED, "as printed")]
    parts = [rows[rows["reading"].isin([VECTORS, one])].assign(panel=f"{said}: {one}") for one, said in panels]
    return curves(
        pd.concat(parts)[["size", "measure", "panel", *ENDS]],
        "size",
        lines="measure",
        panels="panel",
        low="ci_low",
        high="ci_high",
        line_order=[COSINE, KL, CROSS],
        panel_order=[f"{said}: {one}" for one, said in panels],
        x_label="dimensions of the vectors",
        label="Spearman's rho, higher is better",
        title="SimLex-999 by two readings of word2vec as fuzzy sets (95 % intervals)",
    )


@STUDY.figure("figure-readings")
def gain_by_reading(v: SetView) -> Figure:
    """What divergences add to cosine on SimLex-999, by table and reading."""
    table = v.scores(task=SIMLEX, measure=[COSINE, KL, CROSS])
    plain = table[table["measure"].eq(COSINE)].set_index("name")["value"]
    sets = table[table["reading"].ne(VECTORS)].copy()
    sets["value"] -= sets["name"].map(plain)
    return heatmap(
        sets,
        "reading",
        "name",
        panels="measure",
        signed=True,
        scale=100,
        annotate="+.1f",
        across=1,
        row_order=list(NAMES.values()),
        column_order=list(dict.fromkeys(sets["name"])),
        panel_order=[KL, CROSS],
        label="rho less that of cosine (× 100)",
        row_label="reading as sets",
        column_label="table",
        title="Divergences less cosine on SimLex-999, by reading of the vectors as fuzzy sets",
    )


@STUDY.figure("figure-table-9")
def analogies_by_category(v: SetView) -> Figure:
    """Accuracy of each category of analogies among the first 5 answers, by vector offsets and by set operations."""
    rows = v.scores(kind="analogy", first=5, reading=[VECTORS, AS_PRINTED])
    rows = rows[rows["subset"].str.startswith("category=") & rows["value"].notna()].copy()
    rows["category"] = rows["subset"].str.removeprefix("category=").map(SHORT)
    return bars(
        _hundredfold(rows),
        "category",
        colours="measure",
        panels="name",
        low="ci_low",
        high="ci_high",
        x_order=[one for one in SHORT.values() if one in set(rows["category"])],
        colour_order=[OFFSET, SETS],
        panel_order=list(dict.fromkeys(rows["name"])),
        across=1,
        x_label="category (absent: fewer than 10 questions have vectors): 5 of meaning, 9 of forms",
        label="accuracy (%)",
        title="Analogies of Google's set by category, answer among the first 5 (95 % intervals)",
    )


@STUDY.figure("figure-table-10")
def function_words(v: SetView) -> Figure:
    """Function words among the first of an order, by list."""
    rows = v.scores(kind="function-words", metric="precision", table=WORD2VEC, size=200)
    rows = rows[rows["reading"].isin([VECTORS, AS_PROGRAM, AS_PRINTED])].copy()
    said = {AS_PROGRAM: "entropy, the programs'", AS_PRINTED: "entropy as printed", VECTORS: FREQUENCY}
    rows["order"], rows["n"] = rows["reading"].map(said), rows["subset"].str.removeprefix("top=").astype(int)
    rows["panel"] = "list of " + rows["of"].str.upper()
    for name in ENDS:
        rows[name] *= rows["n"]
    return bars(
        rows,
        "n",
        colours="order",
        panels="panel",
        low="ci_low",
        high="ci_high",
        colour_order=[FREQUENCY, said[AS_PROGRAM], said[AS_PRINTED]],
        annotate=".0f",
        x_label="first words of the order, of those with 100 occurrences",
        label="function words among them",
        title="Function words by entropy and by frequency, word2vec 200 (95 % intervals)",
    )


@STUDY.figure("figure-table-11")
def compounds(v: SetView) -> Figure:
    """Correlation of ratings with the likeness of head and modifier."""
    rows = v.scores(kind="compounds", table=WORD2VEC, reading=[VECTORS, FOR_COMPOUNDS], measure=[COSINE, KL])
    names = {"spearman": "Spearman", "pearson": "Pearson"}
    rows = rows.assign(panel=rows["metric"].map(names) + ", " + rows["of"].str.capitalize() + " et al.")
    return bars(
        _hundredfold(rows),
        "size",
        colours="measure",
        panels="panel",
        low="ci_low",
        high="ci_high",
        colour_order=[COSINE, KL],
        x_label="dimensions of the vectors",
        label="correlation (× 100)",
        title="How literal compounds are, by likeness of their parts (95 % intervals)",
    )


@STUDY.figure("figure-entropies")
def entropies(v: SetView) -> Figure:
    """Where entropies of words lie between the smallest and the largest of a table, with some words marked."""
    points = v.below("points", task="controls", reading=AS_PROGRAM, turned=0)
    points = points[points["label"].eq(ENTROPY)]
    marked = v.scores(task="controls", metric="entropy", reading=AS_PROGRAM)
    words = marked[marked["subset"].str.startswith("word=")].copy()
    words["x"], words["label"], words["y"] = words["value"], words["subset"].str.removeprefix("word="), 0.0
    both = pd.concat([points.assign(kind="share of words", label=""), words.assign(kind="a word")], ignore_index=True)
    both = both[both["name"].isin(_shown(both["name"]))]
    low, high = (points.groupby("name")["x"].agg(end) for end in ("min", "max"))
    both["place"] = 100 * (both["x"] - both["name"].map(low)) / (high - low).reindex(both["name"]).to_numpy()
    return scatter(
        both.assign(y=100 * both["y"]),
        "place",
        "y",
        colours="kind",
        labels="label",
        panels="name",
        colour_order=["share of words", "a word"],
        x_label="from the lowest (0) to the highest entropy (100)",
        y_label="words in a bin (%)",
        title="Entropies of words of 100 occurrences (GloVe: all), the programs' reading",
    )


@STUDY.figure("figure-probabilities")
def probabilities(v: SetView) -> Figure:
    """Features by their mean, which is 1/n of n dimensions for row sums."""
    points = v.below("points", task="controls", reading=[AS_PROGRAM, AS_PRINTED], turned=0)
    points = points[points["label"].ne(ENTROPY) & points["name"].isin(_shown(points["name"]))]
    return curves(
        points.assign(value=100 * points["y"]),
        "x",
        "value",
        lines="reading",
        panels="name",
        line_order=[AS_PROGRAM, AS_PRINTED],
        x_label="log10 of feature / mean; mean of rows: 1/n",
        label="features in a bin (%)",
        title="Probabilities of features: the programs' reading is all but uniform",
    )


def _shown(names: pd.Series) -> list[str]:
    """Of the tables that there are, word2vec of 200 and GloVe of 100, or the first."""
    there = list(dict.fromkeys(names))
    return [name for name in (f"{WORD2VEC} {SIZES[-1]}", f"{GLOVE} 100") if name in there] or there[:1]


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("examples", caption="Neighbours of composed sets (cross-entropy) and of sums of vectors (cosine)")
def neighbours(v: SetView) -> pd.DataFrame:
    """Tables 1 to 3, 6 and 7: union, intersection, difference, senses of noble, analogies."""
    lines = v.below("predictions", task="neighbours").sort_values(["name", "words", "reading", "unit"])
    keys = ["words", "name", "reading"]
    near = lines.groupby(keys, sort=False)["predicted"].agg(lambda words: ", ".join(words.astype(str).head(8)))
    table = near.rename("neighbours").reset_index()
    rows = v.scores(task="neighbours").set_index(keys)["value"]
    times = [rows[key] for key in table[keys].itertuples(index=False, name=None)]
    return table.assign(rescaled=[format(one, ".3g") for one in times]).rename(columns={"name": "table"})


@STUDY.table("table-4", caption="The 15 words first by entropy and by frequency; how many are function words of EWT")
def first_words(v: SetView) -> pd.DataFrame:
    rows = v.scores(kind="function-words", metric="precision", subset="top=15", of="ewt")
    rows = rows[rows["reading"].isin([VECTORS, AS_PROGRAM, AS_PRINTED])]
    about = [json.loads(info) for info in rows["info"]]
    return pd.DataFrame(
        {
            "table": rows["name"],
            "order": rows["measure"],
            "reading": rows["reading"],
            "words": [one["words"] for one in about],
            "function words": [one["count"] for one in about],
        }
    )


@STUDY.table("table-5", caption="Divergence of one set from another, as they are and brought to one mass", digits=4)
def divergences(v: SetView) -> pd.DataFrame:
    rows = v.scores(task="divergences").assign(subset=lambda one: one["subset"].replace("", "as they are"))
    keys = ["name", "reading", "measure", "sets"]
    wide = rows.pivot_table(index=keys, columns="subset", values="value", sort=False, dropna=True)
    return wide.reset_index().rename(columns={"name": "table"})


@STUDY.table("table-8", caption="Spearman x 100 on SimLex-999, random vectors of the same words beside", digits=1)
def table_8(v: SetView) -> pd.DataFrame:
    rows = v.needs(task=SIMLEX, turned=0, longer=False)
    rows = rows.assign(vectors=rows["control"].replace({"": "trained", "random-table": "random"}))
    return _wide(rows, ["vectors", "reading", "measure"])


@STUDY.table("table-9", caption="Analogies: accuracy (%) by category, with the questions that have vectors", digits=1)
def table_9(v: SetView) -> pd.DataFrame:
    rows = v.scores(kind="analogy").copy()
    rows = rows[rows["subset"].str.startswith("category=") | rows["subset"].isin(["", "sem", "syn"])]
    rows["category"] = rows["subset"].str.removeprefix("category=").replace("", "all")
    rows["answers"] = "first " + rows["first"].astype(str)
    keys = ["name", "reading", "measure", "answers"]
    wide = (100 * rows.set_index(["category", *keys])["value"]).unstack(keys)
    flat = wide.set_axis([", ".join(names) for names in wide.columns.to_list()], axis=1)
    questions = rows[rows["measure"].eq(OFFSET)].groupby(["category", "table"])["n_test"].first().unstack("table")
    order = [*CATEGORIES, "sem", "syn", "all"]
    whole = questions.add_prefix("questions, ").join(flat)
    return whole.loc[[one for one in order if one in whole.index]].reset_index()


@STUDY.table("table-10", caption="Function words among the first words of an order, and area under the curve", digits=3)
def table_10(v: SetView) -> pd.DataFrame:
    rows = v.needs(kind="function-words", turned=0, longer=False)
    rows = rows[~rows["subset"].str.startswith("ranks=")].copy()
    rows["vectors"] = rows["control"].replace({"": "trained", "random-table": "random"})
    top = rows["subset"].str.extract(r"top=(\d+)")[0].astype(float)
    rows["value"] *= top.fillna(1)
    rows["what"] = np.where(top.notna(), rows["subset"], ("auc " + rows["subset"]).str.strip())
    keys = ["of", "name", "vectors", "measure", "reading"]
    wide = rows.pivot_table(index=keys, columns="what", values="value", sort=False)
    return wide.reset_index().rename(columns={"of": "list", "name": "table"})


@STUDY.table(
    "table-11", caption="Compounds: correlation x 100 of ratings with the likeness of head and modifier", digits=1
)
def table_11(v: SetView) -> pd.DataFrame:
    return _wide(v.scores(kind="compounds"), ["of", "metric", "reading", "measure"])


@STUDY.table("controls", caption="What else explains fuzzy sets (see the page): correlations and asymmetries", digits=4)
def controls(v: SetView) -> pd.DataFrame:
    rows = v.scores(task="controls")
    rows = rows[rows["metric"].ne("entropy")].assign(what=lambda one: (one["metric"] + " " + one["subset"]).str.strip())
    wide = rows.pivot_table(index=["name", "reading"], columns="what", values="value", sort=False)
    return wide.reset_index().rename(columns={"name": "table"})


@STUDY.table("direction", caption="Hypernyms told by the direction of a divergence (accuracy, BLESS)", digits=3)
def direction(v: SetView) -> pd.DataFrame:
    rows = v.needs(kind="direction").assign(
        vectors=lambda one: one["control"].replace({"": "trained", "random-table": "random"})
    )
    more = [json.loads(info)["hypernym_more_frequent"] for info in rows["info"]]
    names = {"name": "table", "n_test": "pairs", "value": "accuracy", "ci_low": "low", "ci_high": "high"}
    kept = ["name", "vectors", "reading", "measure", "n_test", *ENDS]
    return rows[kept].rename(columns=names).assign(**{"hypernym more frequent": more})


@STUDY.table(
    "rotations", caption="Scores after random rotations, which cosine does not see: as trained and turned", digits=3
)
def rotations(v: SetView) -> pd.DataFrame:
    """Where dimensions are features, a rotation should cost what sets gain."""
    turned = v.needs(control="", longer=False)
    turned = turned[turned["turned"].gt(0) & ~turned["subset"].str.contains("ranks=")]
    keys = ["task", "metric", "subset", "name", "reading", "measure"]
    plain = v.scores().drop_duplicates(keys).set_index(keys)["value"].rename("as trained")
    spread = turned.groupby(keys, sort=False)["value"].agg(["mean", "min", "max", "size"])
    whole = spread.join(plain, how="inner").rename(columns={"size": "rotations", "name": "table"})
    return whole[["as trained", "mean", "min", "max", "rotations"]].reset_index().rename(columns={"name": "table"})


def _wide(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Values in hundredths, a column a table."""
    wide = 100 * rows.pivot_table(index=keys, columns="name", values="value", sort=False)
    return wide[list(dict.fromkeys(rows["name"]))].reset_index()
