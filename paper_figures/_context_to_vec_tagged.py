"""Tables 3 and 5 and Figure 4 of Zheng et al. 2022: taggers, neighbours, gender pairs; losses as printed; layers."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.context_to_vec import LAYERS, STUDY

from probekit.report import Finding, NotTestable, bars, below, clears, ends, scatter, shown, together
from probekit.scores import Comparison

from ._context_to_vec_view import AVERAGED, CENTRE, CHANCE, GLOVE, OF_FEWER, OURS, SHORT, SKIP_GRAM, TASKS, RetrofitView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TAGGED = (CHANCE, SKIP_GRAM, GLOVE, AVERAGED["avg"], AVERAGED["word"], CENTRE, OURS)
_ENOUGH = 10  # pairs for a verdict
_METRIC = {"chunking": "span_f1", "ner": "span_f1", "pos tagging": "accuracy"}
_CALLED = {"chunking": "chunks (F1)", "ner": "entities (F1)", "pos tagging": "word classes (accuracy)"}
WHOLE = "GloVe"  # of 40,000 words, from elsewhere
_LOOKED = (WHOLE, SKIP_GRAM, GLOVE, AVERAGED["avg"], AVERAGED["word"], CENTRE, OURS)


def tables_tagged(v: RetrofitView) -> list[str]:
    there = set(v.taggers.rows["reads"])
    return [name for name in TAGGED if name in there]


def tagged(v: RetrofitView, table: str, task: str) -> Comparison:
    """F1 or accuracy of the taggers over a table, the mean over seeds, with its interval over sentences."""
    return v.taggers.score(reads=table, set=task)


@STUDY.figure("figure-8")
def extrinsic(v: RetrofitView) -> Figure:
    """Table 3: taggers over frozen vectors of each table, random vectors first."""
    found = [
        {"table": SHORT[name], "task": _CALLED[task], **ends(tagged(v, name, task))}
        for task in TASKS.values()
        for name in tables_tagged(v)
    ]
    return bars(
        pd.DataFrame(found),
        "table",
        panels="task",
        low="low",
        high="high",
        x_order=[SHORT[name] for name in tables_tagged(v)],
        panel_order=list(_CALLED.values()),
        across=1,
        x_label="SG: skip-gram; avg, word, centre: of MiniLM; C2V: Context-to-Vec",
        label="score × 100",
        title="Figure 8. Table 3: taggers over frozen tables of 156,717 words, mean of three seeds\n"
        "(higher is better; 95 % intervals over sentences)",
    )


@STUDY.table("table-3", caption="Taggers over frozen tables: F1 of spans and accuracy × 100, 95 % intervals", digits=1)
def table_3(v: RetrofitView) -> pd.DataFrame:
    """The mean over three seeds; `least` and `largest` of them; words of the test that the table lacks."""
    found = []
    for task, metric in _METRIC.items():
        for name in tables_tagged(v):
            rows = v.taggers.needs(reads=name, set=task, metric=metric)
            line = {"task": _CALLED[task], "table": name, **ends(tagged(v, name, task))}
            line |= {"least": 100 * rows["value"].min(), "largest": 100 * rows["value"].max()}
            unread = rows["info"].map(lambda info: json.loads(info).get("unread_words", 0.0)).mean()
            found.append({**line, "seeds": len(rows), "sentences": int(rows["n_test"].iloc[0]), "unread": 100 * unread})
    return pd.DataFrame(found)


def beside_tagged(v: RetrofitView, line: dict[str, Any]) -> dict[str, Any]:
    """Our taggers for those of NCRF++; the mean over the three tasks where all were asked."""
    names = {
        "Skip-gram": SKIP_GRAM,
        "GloVe": GLOVE,
        "BERT_avg": AVERAGED["avg"],
        "BERT+Skip-gram": CENTRE,
        "Ours": OURS,
    }
    if line["method"] not in names:
        raise NotTestable("this table is not at hand")
    asked = list(_METRIC) if line["task"].startswith("mean") else [line["task"]]
    scores = [tagged(v, names[line["method"]], task) for task in asked]
    note = "BiLSTM over a frozen table of 156,717 words; a part of CoNLL-2000, UNER-EWT for OntoNotes, EWT for WSJ"
    return {
        "ours": 100 * sum(one.difference for one in scores) / len(scores),
        "n": sum(one.n for one in scores),
        "note": note,
    }


@STUDY.claim(8, "Extrinsic gains are below a point on chunking, NER and POS", "0.92, 0.54, 0.05")
def extrinsic_gains(v: RetrofitView) -> Finding:
    def pair(task: str, one: str, other: str) -> Comparison:
        a, b = ({"reads": name, "set": task} for name in (one, other))
        return v.taggers.gap(a, b)

    gains = {task: pair(task, OURS, CENTRE) for task in _METRIC}
    over = {task: pair(task, OURS, CHANCE) for task in _METRIC}
    # Open where the gain may be either; where a tagger learned no more than over random vectors it says nothing.
    parts = [(False if clears(gain, 0.01) else True if below(gain, 0.01) else None) if clears(over[task]) else None
             for task, gain in gains.items()]  # fmt: skip
    said = "; ".join(f"{task} {shown(gain)}, over random vectors {shown(over[task])}" for task, gain in gains.items())
    why = f"{OURS} less {CENTRE}; sentences resampled, mean of three seeds of taggers, one training of each table"
    return Finding(said, together(*parts), why)


# --- neighbours and pairs ----------------------------------------------------------------------------


@STUDY.table("table-5", caption="Ten nearest words by cosine, nearest first")
def table_5(v: RetrofitView) -> pd.DataFrame:
    lines = v.below("neighbours", task="neighbours").sort_values("rank")
    lines = lines.assign(table=lines["key"].map(v.table_of))
    found = lines.groupby(["word", "table"])["neighbour"].agg(", ".join).rename("neighbours").reset_index()
    order = {name: at for at, name in enumerate(_LOOKED)}
    return found.sort_values(["word", "table"], key=lambda own: own.map(order) if own.name == "table" else own)


def parallel(v: RetrofitView, table: str) -> pd.Series:
    """The line of a table's mean cosine of the offsets of gender pairs."""
    return v.scores(kind="offsets", metric="offset_cosine", table=table).iloc[0]


def _looked(v: RetrofitView) -> list[str]:
    there = set(v.scores(kind="offsets", metric="offset_cosine")["table"])
    return [name for name in _LOOKED if name in there]


@STUDY.table(
    "gender-pairs", caption="Mean cosine × 100 of the offsets of gender pairs in the full space; KL of t-SNE", digits=2
)
def table_of_pairs(v: RetrofitView) -> pd.DataFrame:
    """Chance: right words given to the next pair."""
    found = []
    for name in _looked(v):
        row, told = parallel(v, name), v.scores(kind="offsets", metric="kl_divergence", table=name).iloc[0]
        line = {"table": name, "value": 100 * row["value"], "low": 100 * row["ci_low"], "high": 100 * row["ci_high"]}
        line |= {"chance": 100 * json.loads(row["info"]).get("chance", float("nan")), "pairs": int(row["n_test"])}
        found.append({**line, "KL divergence": told["value"]})
    return pd.DataFrame(found)


@STUDY.figure("figure-9")
def gender_pairs(v: RetrofitView) -> Figure:
    """Figure 4: gender pairs in three dimensions of t-SNE, seen from one side."""
    lines = v.below("places", metric="kl_divergence")
    lines = lines.assign(table=lines["key"].map(v.table_of))
    seen = {
        f"{side}_{axis}": lines[f"{side}_{axis}"] + slope * lines[f"{side}_z"]
        for side in ("left", "right")
        for axis, slope in (("x", 0.4), ("y", 0.3))
    }
    lines = lines.assign(**seen)
    size = lines.groupby("table")["left_x"].transform(lambda own: own.abs().max())
    for name in seen:  # t-SNE's scale means nothing: each panel is drawn as large as the others
        lines[name] = lines[name] / size
    left = lines[["table", "left", "left_x", "left_y", "right_x", "right_y"]].set_axis(
        ["table", "word", "x", "y", "to_x", "to_y"], axis=1
    )
    right = lines[["table", "right", "right_x", "right_y"]].set_axis(["table", "word", "x", "y"], axis=1)
    both = pd.concat([left.assign(side="first of the pair"), right.assign(side="second")], ignore_index=True)
    return scatter(
        both,
        "x",
        "y",
        colours="side",
        labels="word",
        panels="table",
        joined=("to_x", "to_y"),
        panel_order=_looked(v),
        across=2,
        x_label="x + 0.4 z of t-SNE, scaled",
        y_label="y + 0.3 z",
        title="Figure 9. The paper's Figure 4: gender pairs by t-SNE in three dimensions\n"
        "(it keeps no directions: table gender-pairs has cosines of the full space)",
    )


@STUDY.claim(
    11, "Gender pairs are more parallel in Context-to-Vec than in skip-gram and GloVe (mean cosine of their offsets)",
    "Figure 4, no number",
)  # fmt: skip
def more_parallel(v: RetrofitView) -> Finding:
    rest = {name: v.gain({"table": OURS}, {"table": name}, kind="offsets", metric="offset_cosine", set="google")
            for name in (SKIP_GRAM, GLOVE)}  # fmt: skip
    row = parallel(v, OURS)
    if (n := int(row["n_test"])) < _ENOUGH:
        each = ", ".join(f"{name} {100 * parallel(v, name)['value']:.1f}" for name in (OURS, SKIP_GRAM, GLOVE))
        raise NotTestable(f"{n} gender pairs have vectors in tables of this text, fewer than {_ENOUGH}: {each}")
    chance = 100 * json.loads(row["info"]).get("chance", float("nan"))
    said = f"{OURS} {100 * row['value']:.1f} (chance {chance:.1f}); less "
    said += ", ".join(f"{name} {shown(gain)}" for name, gain in rest.items())
    why = (
        "pairs of Google's family questions that the tables have; each pair's mean cosine with the others is resampled"
    )
    return Finding(said, together(*map(clears, rest.values())), why)


# --- losses and layers -------------------------------------------------------------------------------

_READ = {
    "": "as it must be read",
    "l2=centre-static": "second loss, centre's own row",
    "l2=as-printed": "second loss as printed",
    "l3=as-printed": "third loss as printed",
}


def _losses(v: RetrofitView) -> pd.DataFrame:
    rows = v.needs(task="training-losses")
    named = rows["encoder"].map(lambda one: next((name for name in _READ if name and name in one), ""))
    return rows.assign(read=named)


@STUDY.table(
    "losses", caption="Losses as printed and as they must be read: loss a pair by epoch, lengths after", digits=2
)
def table_of_losses(v: RetrofitView) -> pd.DataFrame:
    """Root mean square of the lengths of table rows and of centres after five passes over 1,000 sentences."""
    rows = _losses(v)
    curve = v.below("curve", task="training-losses")
    curve = curve.assign(read=curve["key"].map(rows.drop_duplicates("key").set_index("key")["read"]))
    wide = curve.pivot_table(index="read", columns="step", values="value").add_prefix("epoch ")
    lengths = rows[rows["metric"].ne("loss")].pivot_table(index="read", columns="metric", values="value")
    both = wide.join(lengths).reindex([name for name in _READ if name in wide.index])
    return both.rename(index=_READ).rename_axis("loss").reset_index()


@STUDY.claim(
    10, "The third loss as printed is unbounded below, the corrected one is not", "-1, -10, -100 for scores so low"
)
def unbounded(v: RetrofitView) -> Finding:
    rows = _losses(v)
    curve = v.below("curve", task="training-losses").sort_values("step")
    keys = rows.drop_duplicates("read").set_index("read")["key"]
    if not {"", "l3=as-printed"} <= set(keys.index):
        raise NotTestable("both readings of the third loss were not run")
    right, printed = (curve[curve["key"].eq(keys[name])]["value"].tolist() for name in ("", "l3=as-printed"))
    said = f"as printed {', '.join(f'{one:.1f}' for one in printed)} nats a pair by epoch; corrected "
    said += ", ".join(f"{one:.2f}" for one in right)
    falls = all(after < before for before, after in pairwise(printed)) and printed[-1] < 0
    why = "five passes over 1,000 sentences at a falling rate, gradients clipped to 5: no sampling is involved"
    return Finding(said, falls and min(right) > 0, why)


@STUDY.table(
    "layers", caption="Context-to-Vec by encoder and layer: mean similarity × 100 of sets with 30 pairs", digits=1
)
def table_of_layers(v: RetrofitView) -> pd.DataFrame:
    """Of 1,000 sentences fewer pairs are covered: their lines stand beside each other alone."""
    found = []
    for group in ((*(f"{OURS}, layer {layer}" for layer in LAYERS), OURS), tuple(OF_FEWER.values())):
        there = [name for name in group if name in set(v.lines["table"])]
        if not there:
            continue
        rows = v.scores(table=there)
        enough = rows.groupby("set")["n_test"].min().loc[lambda own: own.ge(30)].index
        for name in there:
            own = rows[rows["table"].eq(name) & rows["set"].isin(enough)]
            found.append({"table": name, "mean": 100 * own["value"].mean(), "sets": ", ".join(own["set"]),
                          "pairs": int(own["n_test"].sum())})  # fmt: skip
    if not found:
        raise NotTestable("the part of layers (--axis part=layers) was not run")
    return pd.DataFrame(found)
