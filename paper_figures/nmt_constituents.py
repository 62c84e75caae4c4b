"""Chang and Rafferty 2020: Figures 1 to 5 and Tables 1 to 3 in our form, the paper's numbers beside ours.

A view is one probed corpus; the names of its files say which. The dashed line of the paper's figures is a bar here: the
word majority counted on the tested words (oracle).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.nmt_constituents import STUDY

from probekit import report
from probekit.report import NotTestable

from ._nmt_constituents_view import (
    AUTOENCODERS,
    CORPORA,
    FAMILY,
    HIGHEST,
    LANGUAGES,
    ORACLE,
    OTHERS,
    PCFG,
    RNN,
    TITLES,
    TRAIN,
    TRAININGS,
    TRIVIAL,
    UNTRAINED,
    WORST,
    EncoderView,
    short,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS_SHOWN = 3
IN_CELLS: dict[str, Any] = {"annotate": ".2f", "limits": (0.0, 1.0)}
FAMILIES = {"nmt": FAMILY, "rnn": RNN, "baseline": ORACLE, "pcfg": PCFG}
QUESTIONS = ("SQ", "SBARQ")  # what the paper's "question sentence" may be, as one label
# What the paper counts in the easiest and the hardest sentences, as our features.
FEATURES = {
    "mean_sentence_length_words": ["length"],
    "mean_accuracy_fraction": ["mean accuracy"],
    "n_question_sentences": ["question"],
    "n_infinitive_phrases": ["infinitive"],
    "n_sentences_with_negation": ["negation"],
    "n_sentences_null_copula_or_appositive": ["null_copula", "appositive"],
    "n_embedded_sentences_head_before": ["embedded_after"],
    "n_embedded_sentences_head_after": ["embedded_before"],
}
SIDES = {"top 50 sentences": "easiest", "bottom 50 sentences": "hardest"}


def titled(v: EncoderView, text: str) -> str:
    return f"{text}\n({v.corpus}, n = {v.n:,} words; encoders trained on {TRAININGS[v.training]})"


def called(target: str) -> str:
    """A target language for readers."""
    return "autoencoder" if target in AUTOENCODERS else LANGUAGES.get(target, target)


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-1")
def accuracy_by_target(v: EncoderView) -> Figure:
    """A panel a task; `sd` is over seeds."""
    names = [*v.targets, *v.only(model=UNTRAINED)["model"].unique()]
    lines = []
    for task, title in TITLES.items():
        scores = [v.needs(model=model, task=task)["value"] for model in names]
        lines += [(title, called(name), own.mean(), own.std()) for name, own in zip(names, scores, strict=True)]
        lines.append((title, ORACLE, v.accuracy(ORACLE, task), 0.0))
        lines.append((title, OTHERS, v.accuracy(OTHERS, task), 0.0))
    table = pd.DataFrame(lines, columns=["task", "target", "accuracy", "sd"])
    table = table.assign(low=table["accuracy"] - 2 * table["sd"], high=table["accuracy"] + 2 * table["sd"])
    title = titled(v, "Figure 1. Accuracy by target language, mean and 2 sd of probes, beside majorities of words")
    options: dict[str, Any] = {"panels": "task", "annotate": ".3f", "low": "low", "high": "high"}
    return report.bars(table, "target", "accuracy", x_label="target language", title=title, **options)


@STUDY.figure("figure-2")
def labels_by_target(v: EncoderView) -> Figure:
    """A row of panels a task: F1 of its most frequent labels, with how many words have each."""
    parts = []
    for task, title in TITLES.items():
        table = report.label_profiles(v.answers(task, v.targets))
        table = table.assign(target=table["model"].map(called)).rename(columns={"f1": "F1"})
        common = table.groupby("label", observed=True)["frequency"].mean().sort_values(ascending=False, kind="stable")
        for label in common.index[:LABELS_SHOWN]:
            panel = f"{title}: {label} ({100 * common[label]:.0f} %)"
            parts.append(table[table["label"].eq(label)].assign(panel=panel, all=""))
    table = pd.concat(parts)
    table = table.assign(low=table["F1"] - 2 * table["sd"], high=table["F1"] + 2 * table["sd"])
    title = titled(v, "Figure 2. F1 of the three most frequent labels of each task, mean and 2 sd of probes")
    options: dict[str, Any] = {"panels": "panel", "across": LABELS_SHOWN, "low": "low", "high": "high", "x_label": ""}
    options |= {"colours": "target", "colour_order": [called(target) for target in v.targets], "annotate": ".2f"}
    return report.bars(table, "all", "F1", title=title, **options)


@STUDY.figure("figure-3")
def families_by_task(v: EncoderView) -> Figure:
    """With intervals over sentences."""
    names = [FAMILY, *v.others]
    lines = []
    for task, title in TITLES.items():
        for name in names:
            found = v.over_sentences(v.sample(name, task))
            lines.append((title, name, found.difference, found.low, found.high))
    table = pd.DataFrame(lines, columns=["task", "family", "accuracy", "low", "high"])
    title = titled(v, "Figure 3. Families of models, 95 % intervals over sentences")
    options: dict[str, Any] = {"colours": "family", "annotate": ".2f", "low": "low", "high": "high"}
    return report.bars(table, "task", "accuracy", title=title, **options)


@STUDY.figure("figure-4")
def sentences_of_network(v: EncoderView) -> Figure:
    return _sentences(v, RNN, "Figure 4")


@STUDY.figure("figure-5")
def sentences_of_parser(v: EncoderView) -> Figure:
    return _sentences(v, PCFG, "Figure 5")


def _sentences(v: EncoderView, other: str, name: str) -> Figure:
    """One mark a sentence: great-grandparent accuracy of the probes against another model's, r in the title."""
    v.needs(model=other)
    table = v.profiles.pivot(index="group", columns="model", values="accuracy")[[FAMILY, other]].dropna()
    r = v.over_sentences(v.r(FAMILY, other))
    shown = f"r = {r.difference:.2f} [{r.low:.2f}, {r.high:.2f}], {len(table)} sentences"
    title = titled(v, f"{name}. Great-grandparent accuracy by sentence, {shown}")
    about: dict[str, Any] = {"x_label": f"{FAMILY}, sentences of 3 words or more", "limits": (-0.03, 1.03)}
    return report.scatter(table.reset_index(), FAMILY, other, diagonal=True, title=title, **about)


@STUDY.figure("figure-table-3")
def agreement_of_families(v: EncoderView) -> Figure:
    table, order = agreement(v), [FAMILY, RNN, PCFG, ORACLE]
    both = pd.concat([table, table.rename(columns={"a": "b", "b": "a"})])[["a", "b", "r"]]
    shown = {"row_order": order, "column_order": order, "label": "Pearson r over sentences", **IN_CELLS}
    title = titled(v, f"Table 3. Sentence profiles of two families, {TITLES[HIGHEST]}")
    return report.heatmap(both, "a", "b", "r", title=title, **shown)


@STUDY.figure("figure-hard")
def hard_sentences_by_selection(v: EncoderView) -> Figure:
    """The families on hard sentences, by who found them hard."""
    options: dict[str, Any] = {"colours": "family", "annotate": ".2f", "low": "ci_low", "high": "ci_high"}
    options |= {"colour_order": [FAMILY, RNN, PCFG, ORACLE], "x_label": f"{v.worst} complete sentences"}
    title = titled(v, "Great-grandparent accuracy on hard sentences, by how they were chosen")
    return report.bars(hard_sentences(v), "selected", "accuracy", title=title, **options)


@STUDY.figure("figure-contrast", once=True)
def all_models(v: EncoderView) -> Figure:
    """Everything that was run, by corpus and task; what reads the whole sentence is called so."""
    table = summary(v)
    table["row"] = [_called(*line) for line in table[["model", "trained_on", "layer"]].itertuples(index=False)]
    table["corpus"] = table["corpus"].replace(CORPORA)
    wide = table.groupby(["row", "corpus"], sort=False)[list(TITLES.values())].mean().reset_index()
    cells = wide.melt(["row", "corpus"], var_name="task", value_name="accuracy")
    order = sorted(set(wide["row"]), key=lambda row: (row.startswith("minilm"), "encoder" in row, row))
    shown = {"blocks": "corpus", "row_order": order, "label": "accuracy", **IN_CELLS}
    whole = any(row.startswith("minilm") for row in order)
    title = "All models" + (": all but minilm know prefixes alone" if whole else "")
    return report.heatmap(cells, "row", "task", "accuracy", title=title, **shown)


def _called(model: str, trained_on: str, layer: str) -> str:
    if trained_on:
        kind = "autoencoder" if model in AUTOENCODERS else "translation encoders"
        return "untrained encoder" if model == UNTRAINED else kind
    return f"minilm, layer {layer} (whole sentence)" if model == "minilm" else model


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="BLEU", digits=2)
def translation_quality(v: EncoderView) -> pd.DataFrame:
    """BLEU of greedy translations by target with its interval over sentences, beside trivial answers.

    The paper's are of 11 million sentences.
    """
    lines = []
    untrained = [UNTRAINED] if UNTRAINED in set(v.translations["model"]) else []
    for target in [*v.targets, *untrained]:
        own = v.bleu(target)
        trivial = {f"of_{name.removeprefix('bleu_of_')}": 100 * v.bleu(target, name)["value"] for name in TRIVIAL}
        ends = {name: 100 * own[column] for name, column in (("low", "ci_low"), ("high", "ci_high"))}
        counts = {"on": own["split"], "pairs_train": int(own["n_train"]), "pairs_tested": int(own["n_test"])}
        known = target != UNTRAINED and v.learned(target)
        lines.append({"target": target, "bleu": 100 * own["value"], **ends, **trivial, **counts, "learned": str(known)})
    return pd.DataFrame(lines)


@STUDY.table("table-2", caption="Hardest and easiest sentences", digits=2)
def extreme_sentences(v: EncoderView) -> pd.DataFrame:
    """Features of the complete sentences that the probes get most wrong and most right."""
    accuracy = v.extreme.groupby("side")["accuracy"].mean()
    line = {"feature": "mean accuracy", **accuracy, "difference": accuracy["easiest"] - accuracy["hardest"]}
    table = report.extreme_features(v.extreme, v.features)
    return pd.concat([pd.DataFrame([line]), table], ignore_index=True)[table.columns]


@STUDY.table("table-3", caption="Agreement over sentences", digits=2)
def agreement(v: EncoderView) -> pd.DataFrame:
    """Correlations of sentence profiles, sentences of 3 words or more with a bootstrap, and of 8 or more."""
    _ = v.correlations  # every family is there
    longer = report.sentence_correlations(v.profiles, n_boot=0, least=8)[["a", "b", "r"]]
    longer = longer.rename(columns={"r": "r_of_8_words_or_more"})
    return report.sentence_correlations(v.profiles).merge(longer, how="left", on=["a", "b"])


@STUDY.table("hard", caption="Hard sentences by selection", digits=3)
def hard_sentences(v: EncoderView) -> pd.DataFrame:
    """Accuracy of the families on the sentences that one of them gets most wrong, with intervals over these."""
    lines = []
    for selected, samples in v.selections.items():
        for family, sample in samples.items():
            found = report.estimate(sample, v.worst)
            lines.append((selected, family, found.difference, found.low, found.high, found.n))
    return pd.DataFrame(lines, columns=["selected", "family", "accuracy", "ci_low", "ci_high", "n"])


@STUDY.table("oracle", caption="What the oracle owes to words tested once", digits=3)
def bias_of_oracle(v: EncoderView) -> pd.DataFrame:
    """The oracle, always right about a word tested once, on all words and on those tested twice or more.

    Beside it the majority among the other tested words, that of training, and the probes.
    """
    lines = []
    for task, title in TITLES.items():
        once = 1 - json.loads(v.row(model=ORACLE, task=task)["info"])["words_seen"]
        oracle = v.accuracy(ORACLE, task)
        repeated = (oracle - once) / (1 - once)
        known = {"others": v.accuracy(OTHERS, task), "training": v.accuracy(TRAIN, task)}
        lines.append({"task": title, "tested_once": once, "oracle": oracle, "oracle_of_repeated": repeated, **known})
        lines[-1] |= {"bias": oracle - known["others"], FAMILY: v.accuracy(FAMILY, task)}
    return pd.DataFrame(lines)


@STUDY.table("tests", caption="Targets against the word majority", digits=4)
def tests(v: EncoderView) -> pd.DataFrame:
    """t-tests of every target and task against the word majority, and the ANOVA over all targets."""
    over = report.anova(v.only(model=v.targets), groups="model")
    return pd.concat([v.against_majority(), over.assign(model="all targets (ANOVA)")], ignore_index=True)


@STUDY.table("summary", caption="Accuracy on the test part", digits=3, once=True)
def summary(v: EncoderView) -> pd.DataFrame:
    """Mean accuracy over seeds of everything that was run, on the test part."""
    if v.everything.empty:
        raise NotTestable("nothing was probed yet")
    rows = v.everything.assign(trained_on=v.everything["training"], corpus=v.everything["dataset"].map(short))
    rows["task"] = rows["task"].map(TITLES)
    rows["layer"] = rows["layer"].astype(object).where(rows["layer"].notna(), "").astype(str)
    by = ["corpus", "trained_on", "model", "layer"]
    seeds = rows.groupby(by)["seed"].nunique().clip(lower=1).rename("seeds")
    wide = rows.pivot_table(index=by, columns="task", values="value")
    return wide[list(TITLES.values())].join(seeds).reset_index()


# --- the paper's numbers -----------------------------------------------------------------------------


@STUDY.beside(digits=3)
def ours(v: EncoderView, line: dict[str, Any]) -> dict[str, Any]:
    metric, setting, task = line["metric"], line["setting"], f"word/{line['task']}"
    if metric == "bleu_tokenized":
        own = v.bleu(setting.removeprefix("target="))
        return {"ours": 100 * own["value"], "n": int(own["n_test"]), "note": "captions, 29,000 pairs; n: pairs"}
    if metric == "bleu_detokenized":
        raise NotTestable("words are scored as the corpus cuts them")
    if metric == "pearson_r":
        a, b = (FAMILIES[name] for name in line["method"].split(" vs "))
        return {"ours": float(v.r(a, b)[0])}
    if metric == "pearson_r_label_f1_lower_bound":
        found = report.label_correlations(v.answers(task, v.foreign(2)))
        return {"ours": float(found["r"].min()), "note": "least r over pairs"}
    if metric == "pearson_r_sentence_accuracy_lower_bound":
        return {"ours": float(v.of_targets()["r"].min()), "note": "least r over pairs"}
    if metric == "accuracy_range_points_upper_bound":
        return {"ours": 100 * v.spread(task).difference, "note": "largest difference of two targets"}
    if metric in ("label_frequency_percent", "label_f1"):
        return _of_label(v, task, metric, setting)
    if metric == "accuracy_difference_points":
        return _of_parser(v, line["method"], setting)
    if metric in ("accuracy_percent_lower_bound", "accuracy_percent_upper_bound"):
        own = v.extreme.loc[v.extreme["side"].eq(SIDES[setting.partition(";")[0]]), "accuracy"]
        return {"ours": 100 * float(own.min() if "lower" in metric else own.max()), "note": "of these sentences"}
    if metric in FEATURES and setting in SIDES:
        counted = metric.startswith("n_")
        value = extreme_sentences(v).set_index("feature").loc[FEATURES[metric], SIDES[setting]].sum()
        return {"ours": value * (WORST if counted else 1), "note": "automatic proxy" if counted else ""}
    raise NotTestable("no counterpart: counted by hand in the paper")


def _of_label(v: EncoderView, task: str, metric: str, setting: str) -> dict[str, Any]:
    """Frequency, or the least or largest F1 over targets, of noun phrases or of questions (SQ and SBARQ as one)."""
    answers = v.answers(task, v.foreign())
    question = "question" in setting
    if question:
        for side in ("gold", "predicted"):
            answers[side] = answers[side].where(~answers[side].isin(QUESTIONS), "question")
    table = report.label_profiles(answers)
    own = table[table["label"].eq("question" if question else "NP")]
    if own.empty:
        raise NotTestable("no word of the test part has this label")
    note = f"{int(own['n'].iloc[0])} words" + (" (SQ, SBARQ)" if question else "")
    if metric == "label_frequency_percent":
        return {"ours": 100 * float(own["frequency"].iloc[0]), "note": note}
    return {"ours": float(own["f1"].min() if "min" in setting else own["f1"].max()), "note": note}


def _of_parser(v: EncoderView, method: str, setting: str) -> dict[str, Any]:
    """The parser against the others, on all sentences or on the probes' hardest."""
    if setting.startswith("all"):
        gaps = [100 * v.gap(model, PCFG, HIGHEST).difference for model in (FAMILY, RNN)]
        return {"ours": min(gaps) if "smaller" in setting else max(gaps), "note": ""}
    own = v.selections["hardest for the probes"]
    other = FAMILIES[method.removeprefix("pcfg minus ")]
    return {"ours": 100 * float(own[PCFG][0] - own[other][0]), "note": f"{v.worst} sentences"}
