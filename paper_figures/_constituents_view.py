"""Rows and predictions of the constituent study as its figures and claims see them: models by short names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from probekit import report
from probekit.errors import ProbekitError, UnknownName
from probekit.report.claims import NotTestable
from probekit.specs import parse

TASKS = ("word/pos", "word/parent", "word/grandparent", "word/great-grandparent")
ANCESTORS = TASKS[1:]
TITLES = {task: task.removeprefix("word/") for task in TASKS}
HIGHEST = TASKS[-1]
AUTOENCODERS = ("copy", "en")
# Encoders by what they were trained on.
TRAININGS = {"generated": "generated sentences, derived languages", "pud": "PUD, real languages"}
RNN, PCFG, UNTRAINED = "direct RNN", "PCFG", "untrained"
ORACLE, TRAIN = "word majority (oracle)", "word majority (train)"
FAMILY = "NMT probes"
LEAST_BLEU = 0.05  # of 1; below it a model has not learned to translate (ours)
WORST = 50  # of the paper's sentences; a quarter of ours where they are fewer than 200


def describe(encoder: str, probe: str) -> tuple[str, str]:
    """Short name of a model, and what its encoder was trained on ("" where it translates nothing)."""
    head = probe.partition("(")[0]
    if head == "labeller":
        return RNN, ""
    if head == "pcfg-prefix":
        return PCFG, ""
    if head == "word-majority":
        return (ORACLE if "oracle" in probe else TRAIN), ""
    spec = parse(encoder)
    if spec.name != "translation":
        return encoder.partition("(")[0].removeprefix("static:"), ""
    corpus = parse(str(spec.target))
    steps = {step.name: step for step in corpus.steps}
    if "translated" in steps:
        language, training = str(steps["translated"].kwargs["language"]), "generated"
    else:
        language, training = str(corpus.kwargs.get("target", "es")), corpus.name
    return (UNTRAINED if spec.kwargs.get("epochs") == 0 else language), training


@dataclass(frozen=True)
class View:
    """Scores and predictions of the test part of one probed corpus, with the encoders of one training.

    rows: `model` beside the row's own columns; for encoders the layer that was probed most (the paper's: the top).
    translations: rows of BLEU. targets: trained models of translations, the autoencoder last.
    """

    rows: pd.DataFrame
    translations: pd.DataFrame
    folder: Path
    dataset: str
    training: str
    targets: tuple[str, ...]

    @property
    def datasets(self) -> list[str]:
        """Corpora that a claim rests on: probed sentences; generated ones make it no reproduction."""
        return [self.dataset]

    @property
    def n(self) -> int:
        """Words behind each score."""
        return int(self.rows["n_test"].max())

    @property
    def foreign(self) -> tuple[str, ...]:
        """Targets other than the autoencoder's own language."""
        return tuple(target for target in self.targets if target not in AUTOENCODERS)

    @property
    def unfit(self) -> str:
        """Why no verdict can rest on these encoders: they have not learned to translate."""
        rows = self.translations[self.translations["model"].isin(self.foreign)]
        if rows.empty or rows["value"].max() >= LEAST_BLEU:
            return ""
        low, high = 100 * rows["value"].min(), 100 * rows["value"].max()
        pairs, tested = int(rows["n_train"].min()), int(rows["n_test"].min())
        return f"the models do not translate, BLEU {low:.1f} to {high:.1f} on {tested} pairs after {pairs} pairs"

    def several(self, least: int = 1) -> tuple[str, ...]:
        """`foreign`, where there are as many as a claim speaks of. Raises NotTestable."""
        if len(self.foreign) < least:
            what = "no translation encoder was" if not self.foreign else f"{len(self.foreign)} translation encoder was"
            raise NotTestable(f"{what} probed, {least} or more are needed")
        return self.foreign

    @property
    def auto(self) -> str:
        """The autoencoder among the targets. Raises NotTestable where there is none."""
        for target in self.targets:
            if target in AUTOENCODERS:
                return target
        raise NotTestable("no autoencoder was run")

    def scores(self, model: str, task: str) -> pd.Series:
        """Accuracy of every seed. Raises NotTestable where the model was not run."""
        found = self.rows[self.rows["model"].eq(model) & self.rows["task"].eq(task)].sort_values("seed")["value"]
        if found.empty:
            raise NotTestable(f"there are no rows of {model} on {TITLES[task]}")
        return found

    def mean(self, model: str, task: str) -> float:
        """Mean accuracy over seeds."""
        return float(self.scores(model, task).mean())

    def family(self, task: str) -> float:
        """Mean accuracy over the targets other than the autoencoder's."""
        foreign = self.several()
        return sum(self.mean(target, task) for target in foreign) / len(foreign)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Kept predictions of the test part."""
        found = report.read_table(self.folder, "predictions")
        return found[found["key"].isin(set(self.rows["key"])) & found["split"].eq("test")]

    def answers(self, task: str, models: Sequence[str]) -> pd.DataFrame:
        """Predictions of some models on a task: model, seed, unit, group, gold, predicted."""
        rows = self.rows[self.rows["task"].eq(task) & self.rows["model"].isin(list(models))]
        absent = set(models) - set(rows["model"])
        if absent:
            raise NotTestable(f"there are no rows of {', '.join(sorted(absent))} on {TITLES[task]}")
        return report.answers(rows, self.predictions, by=("model",), split="test")

    def others(self) -> list[str]:
        """Models beside the translation encoders that this corpus has rows of."""
        return [model for model in (RNN, PCFG, ORACLE, TRAIN) if self.rows["model"].eq(model).any()]

    @cached_property
    def families(self) -> dict[str, str]:
        """Model -> family of the sentence profiles: the translation encoders together, the others alone."""
        found = dict.fromkeys(self.several(), FAMILY)
        return found | {model: model for model in self.others() if model != TRAIN}

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """Accuracy of each family on each sentence of 3 words or more, great-grandparent labels."""
        return self.sentence_profiles(3)

    @cached_property
    def extremes(self) -> pd.DataFrame:
        """Features of the hardest and the easiest complete sentences of the probes, the paper's 50 or `worst_of`."""
        from probekit.corpora import load_corpus
        from probekit.tasks.sentence_features import sentence_features

        features = sentence_features(load_corpus(self.dataset))
        complete = features.index[features["complete"].astype(bool)]
        profiles = self.profiles[self.profiles["group"].isin(complete)]
        found = report.extreme_sentences(profiles, FAMILY, n=worst_of(profiles))
        table = report.extreme_features(found, features)
        accuracy = found.groupby("side", observed=True)["accuracy"].mean()
        line = {"feature": "mean accuracy", "hardest": accuracy["hardest"], "easiest": accuracy["easiest"]}
        line["difference"] = line["easiest"] - line["hardest"]
        return pd.concat([pd.DataFrame([line]), table], ignore_index=True)

    def sentence_profiles(self, least: int) -> pd.DataFrame:
        """`profiles` of sentences of some least length."""
        answers = self.answers(HIGHEST, list(self.families))
        return report.sentence_profiles(answers, least=least, families=dict(self.families))


def worst_of(profiles: pd.DataFrame) -> int:
    """How many sentences count as extreme: the paper's 50, or a quarter of those there are."""
    return max(min(WORST, profiles["group"].nunique() // 4), 1)


def view(df: pd.DataFrame, dataset: str = "", training: str = "", folder: str | Path = "") -> View:
    """The rows of one probed corpus and the encoders of one training.

    dataset: name of the corpus (default: a real one that the study's encoders of real text were probed on, else the
    first). training: "generated" or "pud" (default: pud where it was run). folder: where the predictions are (default:
    where the rows were read from).
    """
    rows = df[df["split"].astype(str).eq("test")].copy()
    for column in ("encoder", "probe", "task", "dataset", "metric", "control"):
        rows[column] = rows[column].astype(str)
    translations = df[df["task"].astype(str).eq("translation")].copy()
    rows = rows[rows["task"].isin(TASKS) & rows["metric"].eq("accuracy") & rows["value"].notna()]
    if rows.empty:
        raise NotTestable("no rows of the four tasks on a test part; first: probekit run nmt-constituents")
    described = [describe(encoder, probe) for encoder, probe in zip(rows["encoder"], rows["probe"], strict=True)]
    rows["model"], rows["training"] = [name for name, _ in described], [training for _, training in described]
    known = {str(name): set(own["training"]) - {""} for name, own in rows.groupby("dataset")}
    pairs = [(name, one) for name, found in known.items() for one in sorted(found)]
    if dataset:
        pairs = [pair for pair in pairs if pair[0] == dataset]
        if not pairs:
            raise UnknownName("probed corpus", dataset, known)
    if training:
        pairs = [pair for pair in pairs if pair[1] == training]
        if not pairs:
            raise UnknownName("training", training, TRAININGS)
    if not pairs:
        raise NotTestable("no translation encoder was probed")
    dataset, training = max(pairs, key=lambda pair: (pair[1] == "pud", pair[0].startswith("wsj"), pair[0]))
    rows = rows[rows["dataset"].eq(dataset) & rows["training"].isin([training, ""])]
    layers = rows.loc[rows["training"].eq(training), "layer"]
    rows = rows[rows["training"].eq("") | rows["layer"].eq(layers.max())]
    where = folder or df.attrs.get("folder", "")
    if not where:
        raise ProbekitError("the rows do not say where their predictions are; give folder=, or use report.read_results")
    own = [describe(str(e), "")[1] == training for e in translations["encoder"]]
    translations = translations[own].assign(model=[describe(str(e), "")[0] for e in translations.loc[own, "encoder"]])
    found = list(dict.fromkeys(rows.loc[rows["training"].ne(""), "model"]))
    targets = sorted((m for m in found if m != UNTRAINED), key=lambda m: (m in AUTOENCODERS, m))
    return View(rows, translations, Path(where), dataset, training, tuple(targets))


def pairs_of(df: pd.DataFrame) -> list[tuple[str, str]]:
    """Probed corpora and trainings that there are rows of: (dataset, training), real ones first."""
    rows = df[df["task"].astype(str).isin(TASKS) & df["encoder"].astype(str).str.startswith("translation:")]
    found = {
        (str(dataset), describe(str(encoder), "")[1])
        for dataset, encoder in rows[["dataset", "encoder"]].drop_duplicates().itertuples(index=False)
    }
    return sorted(found, key=lambda pair: (pair[1] != "pud", pair[0].startswith("grammar"), pair[0]))


def pairwise(table: pd.DataFrame, among: Sequence[str]) -> pd.DataFrame:
    """Correlations between two of some models."""
    return table[table["a"].isin(list(among)) & table["b"].isin(list(among))]


def correlation(table: pd.DataFrame, a: str, b: str) -> Any:
    """The line of a table of correlations that holds a pair, in either order. Raises NotTestable."""
    found = table[(table["a"].eq(a) & table["b"].eq(b)) | (table["a"].eq(b) & table["b"].eq(a))]
    if found.empty:
        raise NotTestable(f"there is no correlation of {a} with {b}")
    return found.iloc[0]
