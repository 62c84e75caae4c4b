"""Chang and Rafferty 2020: Figures 1 to 5 and Tables 1 to 3 in our form, the paper's numbers beside ours.

A view is one probed corpus with the encoders of one training; the names of its files say both. The dashed line of the
paper's figures is a bar here: the word majority counted on the tested words (oracle).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.nmt_constituents import STUDY, TASKS

from probekit import report
from probekit.corpora import load_corpus
from probekit.errors import Missing
from probekit.report import NotTestable, View
from probekit.report.view import matching, prepared, said
from probekit.specs import parse, without_steps
from probekit.tasks.sentence_features import sentence_features

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ANCESTORS, HIGHEST = TASKS[1:], TASKS[-1]
TITLES = {task: task.removeprefix("word/") for task in TASKS}
# Encoders by what they were trained on.
TRAININGS = {"generated": "generated sentences, derived languages", "pud": "PUD, real languages"}
AUTOENCODERS, UNTRAINED, FAMILY = ["copy", "en"], "untrained", "NMT probes"
RNN, PCFG, ORACLE, TRAIN = "direct RNN", "PCFG", "word majority (oracle)", "word majority (train)"
OTHERS = {"labeller": RNN, "pcfg-prefix": PCFG, "word-majority": TRAIN}
LEAST_BLEU = 0.05  # of 1; below it a model has not learned to translate (ours)
WORST = 50  # of the paper's sentences; a quarter of ours where they are fewer than 200
LABELS_SHOWN = 3
IN_CELLS: dict[str, Any] = {"annotate": ".2f", "limits": (0.0, 1.0)}
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


@dataclass(eq=False, kw_only=True)
class EncoderView(View):
    """Accuracy on the test part of one corpus: encoders of one training, and what stands beside them, by `model`.

    rows: of encoders their highest layer that was probed. translations: rows of BLEU by model. everything: scores of
    all corpora and trainings.
    """

    dataset: str
    training: str
    translations: pd.DataFrame
    everything: pd.DataFrame

    @property
    def targets(self) -> list[str]:
        """Target languages of the trained encoders, the autoencoder's last."""
        trained = set(self.only(training=self.training)["model"]) - {UNTRAINED}
        return sorted(trained, key=lambda target: (target in AUTOENCODERS, target))

    def foreign(self, least: int = 1) -> list[str]:
        """Targets other than the autoencoder's own language. Raises NotTestable where they are fewer than `least`."""
        found = [target for target in self.targets if target not in AUTOENCODERS]
        if len(found) < least:
            raise NotTestable(f"{len(found) or 'no'} translation encoder was probed, {least} or more are needed")
        return found

    @property
    def others(self) -> list[str]:
        """Models beside the translation encoders that this corpus has rows of."""
        return [model for model in (RNN, PCFG, ORACLE, TRAIN) if len(self.only(model=model))]

    def accuracy(self, model: str, task: str) -> float:
        """Mean over seeds; of the family of probes over the targets other than the autoencoder's too."""
        means = [self.mean(model=one, task=task) for one in (self.foreign() if model == FAMILY else [model])]
        return sum(means) / len(means)

    def spread(self, task: str) -> float:
        """Largest less smallest mean accuracy over the targets other than the autoencoder's."""
        means = [self.accuracy(target, task) for target in self.foreign(2)]
        return max(means) - min(means)

    def against_majority(self) -> pd.DataFrame:
        """t-tests of the seeds of every target and task against the word majority (oracle), Holm over all."""
        majority = {task: self.accuracy(ORACLE, task) for task in TASKS}
        return report.against_baseline(self.only(model=self.targets), majority, by=("model", "task"))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        return self.below("predictions")[["key", "split", "unit", "group", "gold", "predicted"]]

    def answers(self, task: str, models: Sequence[str]) -> pd.DataFrame:
        """Predictions of some models on a task: model, seed, unit, group, gold, predicted. Raises NotTestable."""
        rows = pd.concat([self.needs(model=model, task=task) for model in models])
        return report.answers(rows, self.predictions, by=("model",), split="test")

    @property
    def families(self) -> dict[str, str]:
        """Model -> family of the sentence profiles: the translation encoders together, the others alone."""
        return dict.fromkeys(self.foreign(), FAMILY) | {model: model for model in self.others if model != TRAIN}

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """Great-grandparent accuracy of each family on each sentence of 3 words or more."""
        families = self.families
        return report.sentence_profiles(self.answers(HIGHEST, list(families)), families=families)

    def agreement(self, least: int = 0, n_boot: int = 0) -> pd.DataFrame:
        """Correlations of the sentence profiles of the four families. Raises NotTestable where one is missing."""
        for model in (RNN, PCFG, ORACLE):
            self.needs(model=model)
        return report.sentence_correlations(self.profiles, n_boot=n_boot, least=least)

    def least_label_r(self, task: str) -> float:
        """Smallest correlation of label F1 profiles over pairs of targets."""
        return float(report.label_correlations(self.answers(task, self.foreign(2)))["r"].min())

    def least_sentence_r(self, least: int = 0) -> float:
        """Smallest correlation of great-grandparent sentence profiles over pairs of targets."""
        profiles = report.sentence_profiles(self.answers(HIGHEST, self.foreign(2)))
        return float(report.sentence_correlations(profiles, n_boot=0, least=least)["r"].min())

    @cached_property
    def extremes(self) -> pd.DataFrame:
        """Features of the hardest and the easiest complete sentences of the probes, the paper's 50 or `worst_of`."""
        try:
            features = sentence_features(load_corpus(self.dataset))
        except Missing:
            raise NotTestable(f"the sentences of {short(self.dataset)} are not on this machine") from None
        complete = features.index[features["complete"].astype(bool)]
        profiles = self.profiles[self.profiles["group"].isin(complete)]
        found = report.extreme_sentences(profiles, FAMILY, n=worst_of(profiles))
        accuracy = found.groupby("side")["accuracy"].mean()
        line = {"feature": "mean accuracy", **accuracy, "difference": accuracy["easiest"] - accuracy["hardest"]}
        table = report.extreme_features(found, features)
        return pd.concat([pd.DataFrame([line]), table], ignore_index=True)[table.columns]


@STUDY.view
def views(df: pd.DataFrame, dataset: str = "", training: str = "") -> Iterator[EncoderView]:
    """Each probed corpus with each training of encoders (or those named), PUD and the WSJ sample first.

    Where an autoencoder alone was probed, for contrast, it stands in the summary and the figure of all models.
    """
    rows = prepared(df)
    rows[["model", "training"]] = [model_of(*pair) for pair in zip(rows["encoder"], rows["probe"], strict=True)]
    scores = matching(rows[rows["value"].notna()], {"task": TASKS, "metric": "accuracy", "split": "test"})
    asked = {name: value for name, value in (("dataset", dataset), ("training", training)) if value}
    encoders = matching(scores[scores["training"].ne("")], asked)
    if encoders.empty:
        raise NotTestable("no translation encoder was probed" + (f" with {said(asked)}" if asked else ""))
    foreign = encoders[~encoders["model"].isin([*AUTOENCODERS, UNTRAINED])]
    pairs = {*(encoders if foreign.empty else foreign)[["dataset", "training"]].itertuples(index=False, name=None)}
    for corpus, trained in sorted(pairs, key=lambda pair: (pair[1] != "pud", not pair[0].startswith("wsj"), pair)):
        own = matching(scores, {"dataset": corpus, "training": [trained, ""]})
        top = own.loc[own["training"].eq(trained), "layer"].max()  # the paper probes the top layer
        translations = matching(rows, {"task": "translation", "training": trained}).set_index("model")
        yield EncoderView(
            own[own["training"].eq("") | own["layer"].eq(top).fillna(False)],
            f"-{short(corpus).partition('(')[0]}-{trained}",
            f"{short(corpus)}; encoders trained on {TRAININGS[trained]}",
            unlearned(translations),
            dataset=corpus,
            training=trained,
            translations=translations,
            everything=scores,
        )


def model_of(encoder: str, probe: str) -> tuple[str, str]:
    """Short name of a model, and what its encoder was trained on ("" where it translates nothing)."""
    head = probe.partition("(")[0]
    if head in OTHERS:
        return (ORACLE if "oracle" in probe else OTHERS[head]), ""
    if not encoder.startswith("translation:"):
        return encoder.partition("(")[0].removeprefix("static:"), ""
    spec = parse(encoder)
    corpus = parse(str(spec.target))
    # A corpus of PUD that names no target is the Spanish one.
    language, training = corpus.kwargs.get("target", "es"), corpus.name
    for step in corpus.steps:
        if step.name == "translated":
            language, training = step.kwargs["language"], "generated"
    return (UNTRAINED if spec.kwargs.get("epochs") == 0 else str(language)), training


def unlearned(translations: pd.DataFrame) -> str:
    """Why no verdict can rest on encoders: their models have not learned to translate; empty where one has."""
    rows = translations[~translations.index.isin([*AUTOENCODERS, UNTRAINED])]
    if rows.empty or rows["value"].max() >= LEAST_BLEU:
        return ""
    low, high = 100 * rows["value"].min(), 100 * rows["value"].max()
    pairs, tested = int(rows["n_train"].min()), int(rows["n_test"].min())
    return f"the models do not translate, BLEU {low:.1f} to {high:.1f} on {tested} pairs after {pairs} pairs"


def short(dataset: str) -> str:
    """A corpus without its steps."""
    return without_steps(dataset)


def worst_of(profiles: pd.DataFrame) -> int:
    """How many sentences count as extreme: the paper's 50, or a quarter of those there are."""
    return max(min(WORST, profiles["group"].nunique() // 4), 1)


# --- figures -----------------------------------------------------------------------------------------


def _titled(v: EncoderView, text: str) -> str:
    sentences = "generated sentences" if v.generated else short(v.dataset)
    return f"{text}\n({sentences}, n = {v.n:,} words; encoders of {TRAININGS[v.training]})"


def _bars_of_targets(table: pd.DataFrame, value: str, **options: Any) -> Figure:
    """Bars by target language, two standard deviations either side; lines without one have none."""
    reach = 2 * table["sd"].fillna(0)
    table = table.assign(low=table[value] - reach, high=table[value] + reach)
    return report.bars(table, "target", value, low="low", high="high", x_label="target language", **options)


@STUDY.figure("figure-1")
def accuracy_by_target(v: EncoderView) -> Figure:
    """A panel a task; `sd` is over seeds."""
    auto = v.row(model=AUTOENCODERS)["model"]
    names = [*v.foreign(), auto, *v.only(model=UNTRAINED)["model"].unique()]
    lines = []
    for task, title in TITLES.items():
        scores = [v.needs(model=model, task=task)["value"] for model in names]
        lines += [(title, name, own.mean(), own.std()) for name, own in zip(names, scores, strict=True)]
        lines.append((title, "oracle", v.accuracy(ORACLE, task), 0.0))
    table = pd.DataFrame(lines, columns=["task", "target", "accuracy", "sd"])
    shown = f"mean and 2 sd of probes ({auto}: autoencoder; oracle: word majority)"
    title = _titled(v, f"Figure 1. Accuracy by target language, {shown}")
    return _bars_of_targets(table, "accuracy", panels="task", annotate=".3f", title=title)


@STUDY.figure("figure-2")
def labels_by_target(v: EncoderView) -> Figure:
    """A row of panels a task: F1 of its most frequent labels."""
    parts = []
    for task, title in TITLES.items():
        table = report.label_profiles(v.answers(task, v.targets))
        table = table.rename(columns={"model": "target", "f1": "F1"})
        common = table.groupby("label", observed=True)["frequency"].mean().sort_values(ascending=False, kind="stable")
        for label in common.index[:LABELS_SHOWN]:
            panel = f"{title}\n{label} ({100 * common[label]:.0f} %)"
            parts.append(table[table["label"].eq(label)].assign(panel=panel))
    title = _titled(v, "Figure 2. F1 of the three most frequent labels of each task, 2 sd")
    order = {"x_order": v.targets, "across": LABELS_SHOWN}
    return _bars_of_targets(pd.concat(parts), "F1", panels="panel", title=title, **order)


@STUDY.figure("figure-3")
def families_by_task(v: EncoderView) -> Figure:
    names = [FAMILY, *v.others]
    lines = [(title, name, v.accuracy(name, task)) for task, title in TITLES.items() for name in names]
    table = pd.DataFrame(lines, columns=["task", "family", "accuracy"])
    title = _titled(v, "Figure 3. Families of models")
    return report.bars(table, "task", "accuracy", colours="family", annotate=".2f", title=title)


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
    pairs = report.sentence_correlations(v.profiles)
    pair = pairs[pairs["a"].isin([FAMILY, other]) & pairs["b"].isin([FAMILY, other])].iloc[0]
    shown = f"r = {pair['r']:.2f} [{pair['ci_low']:.2f}, {pair['ci_high']:.2f}], {pair['n']} sentences"
    title = _titled(v, f"{name}. Great-grandparent accuracy of a sentence, {shown}")
    return report.scatter(table.reset_index(), FAMILY, other, diagonal=True, limits=(-0.03, 1.03), title=title)


@STUDY.figure("figure-table-3")
def agreement_of_families(v: EncoderView) -> Figure:
    table, order = v.agreement(), [FAMILY, RNN, PCFG, ORACLE]
    both = pd.concat([table, table.rename(columns={"a": "b", "b": "a"})])[["a", "b", "r"]]
    shown = {"row_order": order, "column_order": order, "label": "Pearson r over sentences", **IN_CELLS}
    title = _titled(v, f"Table 3. Sentence profiles of two families, {TITLES[HIGHEST]}")
    return report.heatmap(both, "a", "b", "r", title=title, **shown)


@STUDY.figure("figure-contrast", once=True)
def all_models(v: EncoderView) -> Figure:
    """Everything that was run, by corpus and task; what reads the whole sentence, or no context, is called so."""
    table = summary(v)
    table["row"] = [_called(*line) for line in table[["model", "trained_on", "layer"]].itertuples(index=False)]
    wide = table.groupby(["row", "corpus"], sort=False)[list(TITLES.values())].mean().reset_index()
    cells = wide.melt(["row", "corpus"], var_name="task", value_name="accuracy")
    order = sorted(set(wide["row"]), key=lambda row: (row.startswith(("minilm", "glove")), "encoder" in row, row))
    shown = {"blocks": "corpus", "row_order": order, "label": "accuracy", **IN_CELLS}
    title = "All models: prefixes alone are known to all but minilm (whole sentences) and glove (the word alone)"
    return report.heatmap(cells, "row", "task", "accuracy", title=title, **shown)


def _called(model: str, trained_on: str, layer: str) -> str:
    if trained_on:
        kind = "autoencoder" if model in AUTOENCODERS else "translation encoder"
        return f"{'untrained encoder' if model == UNTRAINED else kind} ({trained_on})"
    return {"minilm": f"minilm, layer {layer} (whole sentence)", "glove": "glove (word alone)"}.get(model, model)


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="BLEU", digits=2)
def translation_quality(v: EncoderView) -> pd.DataFrame:
    """BLEU of greedy translations by target; the paper's are of other languages and 11 million sentences."""
    if v.translations.empty:
        raise NotTestable("there are no rows of BLEU")
    targets = [name for name in (*v.targets, UNTRAINED) if name in v.translations.index]
    rows = v.translations.assign(bleu=100 * v.translations["value"]).loc[targets].rename_axis("target").reset_index()
    names = {"split": "on", "n_train": "pairs_train", "n_test": "pairs_tested"}
    return rows[["target", "bleu", *names]].rename(columns=names)


@STUDY.table("table-2", caption="Hardest and easiest sentences", digits=2)
def extreme_sentences(v: EncoderView) -> pd.DataFrame:
    return v.extremes


@STUDY.table("table-3", caption="Agreement over sentences", digits=2)
def agreement(v: EncoderView) -> pd.DataFrame:
    """Correlations of sentence profiles, sentences of 3 words or more with a bootstrap, and of 8 or more."""
    longer = v.agreement(least=8)[["a", "b", "r"]].rename(columns={"r": "r_of_8_words_or_more"})
    return v.agreement(n_boot=1000).merge(longer, how="left", on=["a", "b"])


@STUDY.table("tests", caption="Targets against the word majority", digits=4)
def tests(v: EncoderView) -> pd.DataFrame:
    """t-tests of every target and task against the word majority, and the ANOVA over all targets."""
    over = report.anova(v.only(model=v.targets), groups="model")
    return pd.concat([v.against_majority(), over.assign(model="all targets (ANOVA)")], ignore_index=True)


@STUDY.table("summary", caption="Accuracy on the test part", digits=3, once=True)
def summary(v: EncoderView) -> pd.DataFrame:
    """Mean accuracy over seeds of everything that was run, on the test part."""
    rows = v.everything.assign(trained_on=v.everything["training"], corpus=v.everything["dataset"].map(short))
    rows["task"] = rows["task"].map(TITLES)
    rows["layer"] = rows["layer"].astype(object).where(rows["layer"].notna(), "").astype(str)
    by = ["corpus", "trained_on", "model", "layer"]
    seeds = rows.groupby(by)["seed"].nunique().clip(lower=1).rename("seeds")
    wide = rows.pivot_table(index=by, columns="task", values="value")
    return wide[list(TITLES.values())].join(seeds).reset_index()


@STUDY.beside(digits=3)
def ours(v: EncoderView, line: dict[str, Any]) -> dict[str, Any]:
    metric, setting, task = line["metric"], line["setting"], f"word/{line['task']}"
    if metric == "bleu_tokenized" and (target := setting.removeprefix("target=")) in v.translations.index:
        return {"ours": 100 * v.translations.loc[target, "value"], "note": "other training text"}
    if metric == "pearson_r":
        families = {"nmt": FAMILY, "rnn": RNN, "baseline": ORACLE, "pcfg": PCFG}
        a, b = (families[name] for name in line["method"].split(" vs "))
        return {"ours": report.matrix(v.agreement()).loc[a, b]}
    if metric == "pearson_r_label_f1_lower_bound":
        return {"ours": v.least_label_r(task), "note": "least r over pairs"}
    if metric == "pearson_r_sentence_accuracy_lower_bound":
        return {"ours": v.least_sentence_r(), "note": "least r over pairs"}
    if metric == "accuracy_range_points_upper_bound":
        return {"ours": 100 * v.spread(task), "note": "largest difference of two targets"}
    sides = {"top 50 sentences": "easiest", "bottom 50 sentences": "hardest"}
    if metric in FEATURES and setting in sides:
        counted = metric.startswith("n_")
        value = v.extremes.set_index("feature").loc[FEATURES[metric], sides[setting]].sum()
        return {"ours": value * (WORST if counted else 1), "note": "automatic proxy" if counted else ""}
    raise NotTestable("no counterpart: another target language, label or feature")
