"""Chang & Rafferty 2020: Figures 1-5, Tables 1-3 and 14 claims, the paper's numbers beside ours.

    draw("results/nmt-constituents", "figures")   every file, from rows and kept predictions alone

Each is drawn for every probed corpus and every training of the encoders that there are rows of; the name of a file says
both. The dashed line of the paper's figures is a bar here: the word majority counted on the tested words (oracle).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from probekit import report
from probekit.report import make_files, read_results, save, write_table
from probekit.report.claims import NotTestable, beside, check

from ._constituents_claims import STUDY, against, family_correlations
from ._constituents_view import (
    AUTOENCODERS,
    FAMILY,
    HIGHEST,
    ORACLE,
    PCFG,
    RNN,
    TASKS,
    TITLES,
    TRAIN,
    TRAININGS,
    UNTRAINED,
    View,
    describe,
    pairs_of,
    view,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "draw"]

CLAIM_WIDTHS = {"text": "4.5cm", "paper": "2.5cm", "ours": "5cm", "why": "4cm"}
LABELS_SHOWN = 3


def draw(results: str | Path, out: str | Path | None = None) -> list[Path]:
    """Every figure and table of the study from a results folder; returns the files written.

    `out` defaults to the folder's `_figures`. What the rows cannot show is left out with a warning.
    """
    df = read_results(results)
    folder = Path(out) if out is not None else Path(results) / "_figures"
    products: dict[str, Callable[[], list[Path]]] = {}

    def figure(name: str, make: Callable[[View], Figure], v: View) -> None:
        products[name] = lambda: save(make(v), folder / name)

    def table(name: str, make: Callable[[], pd.DataFrame], **style: Any) -> None:
        products[name] = lambda: write_table(make(), folder / name, **style)

    for dataset, training in pairs_of(df):
        v = view(df, dataset=dataset, training=training, folder=results)
        if not v.foreign:
            continue  # an autoencoder for contrast: it stands in the summary and the figure of all models
        mark = f"{dataset.partition('(')[0].partition('|')[0]}-{training}"
        where = f"{short(dataset)}; encoders trained on {TRAININGS[training]}"
        figure(f"figure-1-{mark}", figure_1, v)
        figure(f"figure-2-{mark}", figure_2, v)
        figure(f"figure-3-{mark}", figure_3, v)
        figure(f"figure-4-{mark}", lambda one: sentences(one, RNN, "Figure 4"), v)
        figure(f"figure-5-{mark}", lambda one: sentences(one, PCFG, "Figure 5"), v)
        figure(f"figure-table-3-{mark}", table_3_figure, v)
        table(f"table-1-{mark}", lambda v=v: table_1(v), caption=f"BLEU ({where})", digits=2)  # type: ignore[misc]
        table(f"table-2-{mark}", lambda v=v: v.extremes, caption=f"Hardest and easiest sentences ({where})", digits=2)  # type: ignore[misc]
        table(f"table-3-{mark}", lambda v=v: table_3(v), caption=f"Agreement over sentences ({where})", digits=2)  # type: ignore[misc]
        table(f"tests-{mark}", lambda v=v: tests(v), caption=f"Targets against the word majority ({where})", digits=4)  # type: ignore[misc]
        table(f"claims-{mark}", lambda v=v: check(STUDY, v), wrap=CLAIM_WIDTHS, caption=f"The claims ({where})")  # type: ignore[misc]
        table(f"against-paper-{mark}", lambda v=v: beside(STUDY, v), digits=3)  # type: ignore[misc]
    products["figure-contrast"] = lambda: save(figure_contrast(df), folder / "figure-contrast")
    table("summary", lambda: summary(df), caption="Accuracy on the test part", digits=3)
    return make_files(products)


def short(dataset: str) -> str:
    """A corpus without its steps."""
    return dataset.partition("|")[0]


def _note(v: View) -> str:
    real = "generated sentences" if v.dataset.startswith("grammar") else short(v.dataset)
    return f"{real}, n = {v.n:,} words; encoders of {TRAININGS[v.training]}"


def figure_1(v: View) -> Figure:
    """Accuracy by target language, a panel a task; bars are two standard deviations over seeds."""
    lines = []
    names = [*v.foreign, v.auto, *(m for m in (UNTRAINED,) if v.rows["model"].eq(m).any())]
    for task in TASKS:
        for model in names:
            scores = v.scores(model, task)
            reach = 2 * float(scores.std(ddof=1)) if len(scores) > 1 else 0.0
            lines.append((task, model, scores.mean(), scores.mean() - reach, scores.mean() + reach))
        base = v.mean(ORACLE, task)
        lines.append((task, "oracle", base, base, base))
    table = pd.DataFrame(lines, columns=["task", "target", "accuracy", "low", "high"])
    table["task"] = table["task"].map(TITLES)
    return report.bars(
        table,
        "target",
        "accuracy",
        panels="task",
        low="low",
        high="high",
        label="accuracy",
        annotate=".3f",
        x_order=[*names, "oracle"],
        panel_order=list(TITLES.values()),
        x_label="target language",
        title=f"Figure 1. Accuracy by target language, mean and 2 sd of probes ({v.auto}: autoencoder; "
        f"oracle: word majority)\n({_note(v)})",
    )


def figure_2(v: View) -> Figure:
    """F1 of the three most frequent labels of each task, by target language."""
    parts = []
    order = [*v.foreign, v.auto]
    for task in TASKS:
        table = report.label_profiles(v.answers(task, order))
        common = table.groupby("label", observed=True)["frequency"].mean().sort_values(ascending=False, kind="stable")
        for label, frequency in zip(common.index[:LABELS_SHOWN].astype(str), common, strict=False):
            own = table[table["label"].eq(label)].assign(
                panel=f"{TITLES[task]}\n{label} ({100 * frequency:.0f} %)", target=lambda t: t["model"].astype(str)
            )
            reach = 2 * own["sd"].fillna(0)
            parts.append(own.assign(low=own["f1"] - reach, high=own["f1"] + reach))
    table = pd.concat(parts)[["panel", "target", "f1", "low", "high"]]
    return report.bars(
        table,
        "target",
        "f1",
        panels="panel",
        low="low",
        high="high",
        x_order=order,
        label="F1",
        x_label="target language",
        across=LABELS_SHOWN,
        title=f"Figure 2. F1 of the three most frequent labels of each task, 2 sd\n({_note(v)})",
    )


def figure_3(v: View) -> Figure:
    """Four families of models by task, in order of height."""
    lines = []
    for task in TASKS:
        lines.append((TITLES[task], FAMILY, v.family(task)))
        lines += [(TITLES[task], model, v.mean(model, task)) for model in v.others()]
    table = pd.DataFrame(lines, columns=["task", "family", "accuracy"])
    order = [FAMILY, *(m for m in (RNN, PCFG, ORACLE, TRAIN) if m in set(table["family"]))]
    return report.bars(
        table,
        "task",
        "accuracy",
        colours="family",
        annotate=".2f",
        label="accuracy",
        x_order=list(TITLES.values()),
        colour_order=order,
        title=f"Figure 3. Families of models\n({_note(v)})",
    )


def sentences(v: View, other: str, name: str) -> Figure:
    """One mark a sentence: great-grandparent accuracy of the probes against another model's, r in the title."""
    wide = v.profiles.pivot(index="group", columns="model", values="accuracy")
    if other not in wide:
        raise NotTestable(f"there are no rows of {other}")
    table = wide[[FAMILY, other]].dropna().reset_index()
    lines = family_line(v, other)
    return report.scatter(
        table,
        FAMILY,
        other,
        diagonal=True,
        limits=(-0.03, 1.03),
        x_label=FAMILY,
        y_label=other,
        title=f"{name}. Great-grandparent accuracy of a sentence, {lines}\n({_note(v)})",
    )


def family_line(v: View, other: str) -> str:
    """r of the probes and another family with its interval, as text."""
    table = report.sentence_correlations(v.profiles, n_boot=1000)
    found = table[table["a"].isin([FAMILY, other]) & table["b"].isin([FAMILY, other])].iloc[0]
    return f"r = {found['r']:.2f} [{found['ci_low']:.2f}, {found['ci_high']:.2f}], {int(found['n'])} sentences"


def table_1(v: View) -> pd.DataFrame:
    """BLEU of greedy translations by target; the paper's are of other languages and 11 million sentences."""
    if v.translations.empty:
        raise NotTestable("there are no rows of BLEU")
    rows = v.translations.set_index("model")
    rows = rows.loc[[m for m in (*v.targets, UNTRAINED) if m in rows.index]]
    columns = {"bleu": 100 * rows["value"], "on": rows["split"].astype(str)}
    columns |= {"pairs_train": rows["n_train"], "pairs_tested": rows["n_test"]}
    return pd.DataFrame(columns).rename_axis("target").reset_index()


def table_3(v: View) -> pd.DataFrame:
    """Correlations of sentence profiles, sentences of 3 words or more with a bootstrap, and of 8 or more."""
    table = family_correlations(v, n_boot=1000)
    longer = family_correlations(v, least=8).rename(columns={"r": "r_of_8_words_or_more"})
    return table.merge(longer[["a", "b", "r_of_8_words_or_more"]], how="left", on=["a", "b"])


def table_3_figure(v: View) -> Figure:
    """Table 3 as a heatmap."""
    table = family_correlations(v)
    both = pd.concat([table, table.rename(columns={"a": "b", "b": "a"})])[["a", "b", "r"]]
    order = [FAMILY, RNN, PCFG, ORACLE]
    return report.heatmap(
        both,
        "a",
        "b",
        "r",
        row_order=order,
        column_order=order,
        annotate=".2f",
        limits=(0.0, 1.0),
        label="Pearson r over sentences",
        row_label="",
        column_label="",
        title=f"Table 3. Sentence profiles of two families, {TITLES[HIGHEST]}\n({_note(v)})",
    )


def tests(v: View) -> pd.DataFrame:
    """t-tests of every target and task against the word majority, and the ANOVA over all targets."""
    own = against(v)
    rows = v.rows[v.rows["model"].isin(v.targets)]
    over = report.anova(rows, groups="model", by=("task",), metric="accuracy").assign(model="all targets (ANOVA)")
    return pd.concat([own, over], ignore_index=True)


def figure_contrast(df: pd.DataFrame) -> Figure:
    """Everything that was run, by corpus and task; what reads the whole sentence, or no context, is called so."""
    table = summary(df)
    table["row"] = [_called(*line) for line in table[["model", "trained_on", "layer"]].itertuples(index=False)]
    wide = table.groupby(["row", "corpus"], sort=False)[list(TITLES.values())].mean().reset_index()
    cells = wide.melt(["row", "corpus"], var_name="task", value_name="accuracy")
    known = list(dict.fromkeys(cells["row"]))
    return report.heatmap(
        cells,
        "row",
        "task",
        "accuracy",
        blocks="corpus",
        annotate=".2f",
        limits=(0.0, 1.0),
        label="accuracy",
        row_order=sorted(known, key=lambda name: (name.startswith(("minilm", "glove")), "encoder" in name, name)),
        column_order=list(TITLES.values()),
        title="All models: prefixes alone are known to all but minilm (whole sentences) and glove (the word alone)",
    )


def _called(model: str, trained_on: str, layer: str) -> str:
    if trained_on:
        kind = "autoencoder" if model in AUTOENCODERS else "translation encoder"
        return f"{'untrained encoder' if model == UNTRAINED else kind} ({trained_on})"
    return {"minilm": f"minilm, layer {layer} (whole sentence)", "glove": "glove (word alone)"}.get(model, model)


def summary(df: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracy over seeds of everything that was run, on the test part."""
    rows = df[df["metric"].astype(str).eq("accuracy") & df["split"].astype(str).eq("test")]
    rows = rows[rows["task"].astype(str).isin(TASKS)].copy()
    names = [describe(str(e), str(p)) for e, p in zip(rows["encoder"], rows["probe"], strict=True)]
    rows["corpus"] = [short(str(name)) for name in rows["dataset"]]
    rows["model"], rows["trained_on"] = [name for name, _ in names], [training for _, training in names]
    rows["layer"] = rows["layer"].astype(object).where(rows["layer"].notna(), "").astype(str)
    rows["task"] = rows["task"].astype(str).map(TITLES)
    seeds = rows.groupby(["corpus", "trained_on", "model", "layer"])["seed"].nunique().clip(lower=1).rename("seeds")
    wide = rows.pivot_table(
        index=["corpus", "trained_on", "model", "layer"], columns="task", values="value", aggfunc="mean"
    )[list(TITLES.values())]
    return wide.join(seeds).reset_index()
