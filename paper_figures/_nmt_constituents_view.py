"""How the constituent study reads rows: a probed corpus with the encoders of one training, and what stands beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from probekit.experiments.nmt_constituents import STUDY, TASKS

from probekit import report
from probekit.report import NotTestable, View
from probekit.report.view import matching, prepared, remembered, said
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.specs import parse, without_steps
from probekit.works.sentence_features import TABLE, TASK

ANCESTORS, HIGHEST = TASKS[1:], TASKS[-1]
TITLES = {task: task.removeprefix("word/") for task in TASKS}
CORPORA = {"wsj-sample": "WSJ sample", "craft": "CRAFT", "grammar": "generated sentences"}
# What encoders were trained on.
TRAININGS = {"generated": "generated sentences", "multi30k": "captions"}
LANGUAGES = {"de": "German", "fr": "French", "cs": "Czech", "en": "English"}
AUTOENCODERS, UNTRAINED, FAMILY = ["copy", "en"], "untrained", "NMT probes"
RNN, PCFG = "direct RNN", "PCFG"
ORACLE, OTHERS, TRAIN = "majority (oracle)", "majority (other tested words)", "majority (training)"
PREDICTORS = {"labeller": RNN, "pcfg-prefix": PCFG, "word-majority": TRAIN}
TRIVIAL = ("bleu_of_copy", "bleu_of_commonest")
WORST = 50  # of the paper's sentences; a quarter of ours where they are fewer than 200


@dataclass(eq=False, kw_only=True)
class EncoderView(View):
    """Accuracy on the test part of one corpus: encoders of one training, and what stands beside them, by `model`.

    rows: of encoders their highest layer that was probed. translations: rows of BLEU and of trivial answers, by model.
    everything: scores of all corpora and trainings. described: rows of the features of the corpus's sentences.
    """

    dataset: str
    training: str
    translations: pd.DataFrame
    everything: pd.DataFrame
    described: pd.DataFrame

    @property
    def corpus(self) -> str:
        """Name of the probed corpus for readers."""
        name = short(self.dataset).partition("(")[0]
        return CORPORA.get(name, name) or "nothing probed yet"

    @property
    def targets(self) -> list[str]:
        """Target languages of the trained encoders, the autoencoder's last."""
        probed = self.only(training=self.training)
        trained = set((self.translations if probed.empty else probed)["model"]) - {UNTRAINED}
        return sorted(trained, key=lambda target: (target in AUTOENCODERS, target))

    def foreign(self, least: int = 1) -> list[str]:
        """Targets that a model learned to translate into, the autoencoder's apart. Raises NotTestable for too few."""
        found = [target for target in self.targets if target not in AUTOENCODERS and self.learned(target)]
        if len(found) < least:
            raise NotTestable(f"{len(found) or 'no'} translation encoder was probed, {least} or more are needed")
        return found

    def learned(self, target: str) -> bool:
        """Whether the interval of a model's BLEU lies above what needs no model; copies are an autoencoder's task."""
        own = self.bleu(target)
        rest = [self.bleu(target, metric)["value"] for metric in (TRIVIAL[1:] if target in AUTOENCODERS else TRIVIAL)]
        return bool(own["ci_low"] > max(rest))

    def bleu(self, target: str, metric: str = "bleu") -> pd.Series:
        """A row of BLEU. Raises NotTestable."""
        found = matching(self.translations, {"model": target, "metric": metric})
        if found.empty:
            raise NotTestable(f"there is no BLEU of the model into {target}")
        return found.iloc[0]

    @property
    def others(self) -> list[str]:
        """Models beside the translation encoders that this corpus has rows of."""
        return [model for model in (RNN, PCFG, ORACLE, OTHERS, TRAIN) if len(self.only(model=model))]

    def accuracy(self, model: str, task: str) -> float:
        """Mean over seeds; of the family of probes over the targets other than the autoencoder's too."""
        means = [self.mean(model=one, task=task) for one in (self.foreign() if model == FAMILY else [model])]
        return sum(means) / len(means)

    def against_majority(self) -> pd.DataFrame:
        """t-tests of the seeds of every target and task against the word majority (oracle), Holm over all."""
        majority = {task: self.accuracy(ORACLE, task) for task in TASKS}
        return report.against_baseline(self.only(model=self.targets), majority, by=("model", "task"))

    # --- by sentence

    @cached_property
    def counts(self) -> pd.DataFrame:
        return self.below("groups", split="test")[["key", "split", "group", "n", "right"]]

    def counted(self, task: str) -> pd.DataFrame:
        """Right words of every model, seed and sentence on a task. Raises NotTestable."""
        asked = [*self.targets, *self.only(model=UNTRAINED)["model"].unique(), *self.others]
        return report.group_counts(self.needs(model=asked, task=task), self.counts)

    @property
    def families(self) -> dict[str, str | None]:
        """Model -> family of the sentence profiles: the translation encoders together, some others alone."""
        kept: dict[str, str | None] = {model: model for model in (RNN, PCFG, ORACLE) if model in self.others}
        return {**dict.fromkeys(self.foreign(), FAMILY), **kept}

    def profiles_of(self, counts: pd.DataFrame, least: int = 3) -> pd.DataFrame:
        """Accuracy of each family on each sentence of `least` words or more."""
        own = counts[counts["model"].isin(list(self.families))]
        return report.sentence_profiles(own, least, self.families)

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """Great-grandparent accuracy of each family on each sentence of 3 words or more."""
        return self.profiles_of(self.counted(HIGHEST))

    @cached_property
    def complete(self) -> set[int]:
        """Sentences that are complete (a proxy: a clause of NP and VP, and a final mark). Raises NotTestable."""
        return set(self.features.index[self.features["complete"].astype(bool)])

    @cached_property
    def features(self) -> pd.DataFrame:
        """Features of the sentences, one column each, by the sentence's number. Raises NotTestable."""
        lines = replace(self, rows=self.described).below(TABLE)
        return lines.pivot(index="unit", columns="feature", values="value")

    @cached_property
    def samples(self) -> dict[tuple[str, str], Floats]:
        """Accuracy of every model on every task over all sentences, as samples that share their resamples."""
        found: dict[tuple[str, str], Floats] = {}
        for task in TASKS:
            each = report.accuracy_samples(report.sentence_profiles(self.counted(task), least=1))
            found |= {(model, task): sample for model, sample in each.items()}
        return found

    def sample(self, model: str, task: str) -> Floats:
        """That of a model, or of the family of probes. Raises NotTestable."""
        names = self.foreign() if model == FAMILY else [model]
        for name in names:
            self.needs(model=name, task=task)
        return np.mean([self.samples[name, task] for name in names], axis=0)

    def over_sentences(self, sample: Floats) -> Comparison:
        """Value and interval of a sample over the tested sentences."""
        return report.estimate(sample, self.counts["group"].nunique())

    def gap(self, a: str, b: str, task: str) -> Comparison:
        """Accuracy of one model less another's."""
        return self.over_sentences(self.sample(a, task) - self.sample(b, task))

    def spread(self, task: str) -> Comparison:
        """Largest less smallest accuracy over the targets other than the autoencoder's."""
        each = [self.sample(target, task) for target in self.foreign(2)]
        return self.over_sentences(np.max(each, axis=0) - np.min(each, axis=0))

    @cached_property
    def correlations(self) -> dict[frozenset[str], Floats]:
        """r of the great-grandparent profiles of every two families, as samples. Raises NotTestable where one lacks."""
        for model in (RNN, PCFG, ORACLE):
            self.needs(model=model)
        return report.correlation_samples(self.profiles)

    def r(self, a: str, b: str) -> Floats:
        return self.correlations[frozenset((a, b))]

    def of_targets(self, least: int = 3) -> pd.DataFrame:
        """Correlations of the great-grandparent profiles of every two targets, with intervals over sentences."""
        counts = self.counted(HIGHEST)
        own = counts[counts["model"].isin(self.foreign(2))]
        return report.sentence_correlations(report.sentence_profiles(own, least))

    # --- by label

    @cached_property
    def predictions(self) -> pd.DataFrame:
        return self.below("predictions", split="test")[["key", "split", "unit", "group", "gold", "predicted"]]

    @remembered
    def answers(self, task: str, models: Sequence[str]) -> pd.DataFrame:
        """Kept predictions of some models on a task: model, seed, unit, group, gold, predicted. Raises NotTestable."""
        rows = pd.concat([self.needs(model=model, task=task) for model in models])
        rows = rows[rows["key"].isin(self.predictions["key"].unique())]
        return report.answers(rows, self.predictions, by=("model",), split="test")

    # --- extremes

    @property
    def worst(self) -> int:
        """How many sentences count as extreme: the paper's 50, or a quarter of the complete ones."""
        return max(min(WORST, self.profiles.loc[self.profiles["group"].isin(self.complete), "group"].nunique() // 4), 1)

    @cached_property
    def extreme(self) -> pd.DataFrame:
        """The hardest and the easiest complete sentences of the probes."""
        return report.extreme_sentences(self.profiles, FAMILY, n=self.worst, only=self.complete)

    def hardest(self, chooser: str, choosing: pd.DataFrame, scored: pd.DataFrame) -> dict[str, Floats]:
        """Mean accuracy of each family over the complete sentences that one of them gets most wrong, as samples.

        A model looks bad on sentences chosen because it failed there: see the choices of others, and other seeds.
        """
        found = report.extreme_sentences(choosing, chooser, n=self.worst, only=self.complete)
        chosen = found.loc[found["side"].eq("hardest"), "group"]
        return report.accuracy_samples(scored[scored["group"].isin(chosen)].assign(n=1))  # sentences count alike

    @cached_property
    def selections(self) -> dict[str, dict[str, Floats]]:
        """The families on hard sentences, by how these were chosen."""
        counts = self.counted(HIGHEST)
        first, second = (self.profiles_of(half) for half in report.halves(counts))
        return {
            "hardest for the probes": self.hardest(FAMILY, self.profiles, self.profiles),
            "hardest for the probes by other seeds": self.hardest(FAMILY, first, second),
            "hardest for the direct RNN": self.hardest(RNN, self.profiles, self.profiles),
            "hardest for the PCFG": self.hardest(PCFG, self.profiles, self.profiles),
        }


@STUDY.view
def views(df: pd.DataFrame, dataset: str = "", training: str = "") -> Iterator[EncoderView]:
    """Each probed corpus with each training of encoders (or those named), real trainings and the WSJ sample first.

    Where nothing is probed yet there are translations alone.
    """
    rows = prepared(df)
    rows[["model", "training"]] = [model_of(*pair) for pair in zip(rows["encoder"], rows["probe"], strict=True)]
    scores = matching(rows[rows["value"].notna()], {"task": TASKS, "metric": "accuracy", "split": "test"})
    asked = {name: value for name, value in (("dataset", dataset), ("training", training)) if value}
    encoders = matching(scores[scores["training"].ne("")], asked)
    if encoders.empty and not asked:
        encoders = rows[rows["task"].eq("translation")].assign(dataset="")
    if encoders.empty:
        raise NotTestable("no translation encoder was probed" + (f" with {said(asked)}" if asked else ""))
    pairs = {*encoders[["dataset", "training"]].itertuples(index=False, name=None)}
    for corpus, trained in sorted(
        pairs, key=lambda pair: (pair[1] == "generated", not pair[0].startswith("wsj"), pair)
    ):
        own = matching(scores, {"dataset": corpus, "training": [trained, ""]})
        top = own.loc[own["training"].eq(trained), "layer"].max()  # the paper probes the top layer
        view = EncoderView(
            own[own["training"].eq("") | own["layer"].eq(top).fillna(False)],
            _mark(corpus, trained),
            "",
            dataset=corpus,
            training=trained,
            translations=matching(rows, {"task": "translation", "training": trained}),
            everything=scores,
            described=matching(rows, {"task": TASK, "dataset": corpus}),
        )
        view.title = f"{view.corpus}; encoders trained on {TRAININGS[trained]}"
        view.unfit = unfit(view)
        yield view


def _mark(corpus: str, trained: str) -> str:
    """What ends the names of a view's files; real sentences asked of encoders of generated ones are told apart."""
    name = short(corpus).partition("(")[0]
    mixed = trained == "generated" and name not in ("", "grammar")
    return "-".join(["", *([name] if name else []), *(["generated"] if mixed else [])])


def model_of(encoder: str, probe: str) -> tuple[str, str]:
    """Short name of a model, and what its encoder was trained on ("" where it translates nothing)."""
    head = probe.partition("(")[0]
    if head in PREDICTORS:
        fits = {"fit=oracle": ORACLE, "fit=others": OTHERS}
        return next((name for fit, name in fits.items() if fit in probe), PREDICTORS[head]), ""
    if not encoder.startswith("translation:"):
        return encoder.partition("(")[0].removeprefix("static:"), ""
    spec = parse(encoder)
    corpus = parse(str(spec.target))
    language, training = corpus.kwargs.get("target", "de"), corpus.name
    for step in corpus.steps:
        if step.name == "translated":
            language, training = step.kwargs["language"], "generated"
    return (UNTRAINED if spec.kwargs.get("epochs") == 0 else str(language)), training


def unfit(view: EncoderView) -> str:
    """Why no verdict can rest on a view: generated translations, or no model that learned to translate."""
    if view.training == "generated":
        return "encoders trained on generated translations carry no verdict"
    try:
        lost = [target for target in view.targets if target not in AUTOENCODERS and not view.learned(target)]
        kept = [target for target in view.targets if target not in (*AUTOENCODERS, *lost)]
    except NotTestable as reason:
        return str(reason)
    return "" if kept or not lost else f"BLEU into {', '.join(lost)} is not above that of trivial answers"


def short(dataset: str) -> str:
    """A corpus without its steps."""
    return without_steps(dataset) if dataset else ""
