"""Encoders tuned on tasks: how they answer, how they bear moved inputs, what their space is like, what a step costs.

    tuning("try", ["mctaco|holdout-documents"], ["minilm"], "pair/label", ["standard", "alice"], seeds=[0, 1])

Further axes are options of `tuned:<corpus>`, such as rate or epochs. The state is chosen on the development split.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from probekit import corpora, recipes, rows, scores
from probekit.corpora.corpus import Corpus
from probekit.grid import Grid
from probekit.grid.work import Answer, Cell, Question, works
from probekit.learners.tuning import objectives
from probekit.learners.tuning.answers import metric_of, predicted, sides
from probekit.learners.tuning.examples import SPLITS, Asked
from probekit.learners.tuning.recipe import options
from probekit.learners.tuning.saved import SavedTuned
from probekit.robustness.smoothness import moved
from probekit.sources import parameters
from probekit.specs import Spec
from probekit.training.pages import kept
from probekit.works.probing import probing
from probekit.works.tuned_space import plane, space_rows

OPTIONS = frozenset(parameters(options)) - {"model", "task", "objective", "seed"}
AXES = {"dataset": "corpus", "encoder": "encoder", "task": "task", "objective": "objective", "on": "corpus"}
SMOOTH = 0.1  # radius at which smoothness is told
RADII = (0.0, 0.03, 0.1, 0.3, 1.0)
ATTACKED = 60  # units that are attacked at most
# What every layer of a tuned encoder is asked for: its surface, words, trees; and words one by one.
PROPERTIES = (
    "sentence/sent_length",
    "sentence/char_per_tok",
    "sentence/lexical_density",
    "sentence/parse_depth",
    "sentence/avg_links_len",
    "sentence/subordinate_proposition_dist",
)
OF_WORDS = "word/upos"
KNOWN = (*PROPERTIES, OF_WORDS)


def tuning(
    name: str,
    datasets: Sequence[str],
    encoders: Sequence[str],
    task: str,
    objectives: Sequence[str],
    seeds: Sequence[int] = (0,),
    work: str = "tuning",
    keep: Sequence[str] = (),
    **more: Sequence[Any],
) -> Grid:
    """A grid of encoders tuned on corpora with objectives; more: further axes, options of the tuner among them."""
    axes: dict[str, Sequence[Any]] = {"dataset": list(datasets), "encoder": list(encoders), "task": [task]}
    return Grid(name, work, {**axes, "objective": list(objectives), "seed": list(seeds), **more}, keep=list(keep))


def tuned(encoder: str, how: Mapping[str, Any]) -> str:
    """Spec of an encoder after a tuning; how: options of the step."""
    return f"{encoder}|{Spec('tune', None, (), dict(sorted(how.items())))}"


def known_by_layer(name: str, corpus: str, encoders: Sequence[str]) -> Iterator[Grid]:
    """Grids of what probes tell of sentences and words from every layer of encoders, before and after tuning."""
    yield probing(name, [corpus], encoders, "all", ["mean"], PROPERTIES, ["ridge"])
    yield probing(name, [corpus], encoders, "all", ["mean"], [OF_WORDS], ["logistic"])


def made(point: Mapping[str, Any]) -> str:
    """Spec of the tuned encoder of a point."""
    given = {name: value for name, value in point.items() if name in OPTIONS and value != ""}
    given |= {"model": point["encoder"], "task": point["task"], "objective": point["objective"], "seed": point["seed"]}
    return recipes.of(Spec("tuned", point["dataset"], (), dict(sorted(given.items())))).spec


def needs(point: Mapping[str, Any]) -> list[str]:
    """The tuned encoder is made first."""
    return [made(point)]


def asking(probe: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """What the rows of a work say beside their axes: by what a tuned encoder was asked. Rows of one encoder that was
    asked in several ways stand beside each other."""
    return lambda point: {"task_group": "tuning", "probe": probe}


def of_tuned(name: str, summary: str, probe: str) -> Callable[[Callable[[Cell], Answer]], Callable[[Cell], Answer]]:
    """Register a work that asks tuned encoders, which are made first."""
    return works.register(name, revision=1, summary=summary, threads=1, axes=AXES, needs=needs, columns=asking(probe))


def opened(cell: Cell) -> tuple[SavedTuned, Corpus, dict[str, Any]]:
    """The tuned encoder of a cell, the corpus it is asked about, what its training found."""
    spec = made(cell.shared)
    found = recipes.found(spec)
    kept = ("epochs", "best_epoch", "units_train", "cut", "dev_measures", "terms", "learned")
    saved = SavedTuned(recipes.folder(spec))
    return saved, corpora.load_corpus(cell.shared.get("on") or cell.shared["dataset"]), {k: found[k] for k in kept}


@of_tuned("tuning", "How well tuned encoders answer", "own head")
def answer_tuning(cell: Cell) -> Answer:
    """Scores on dev and test with intervals over groups, beside what the most frequent label reaches; of questions
    exact match and F1, beside the better of no and yes to every option."""
    answer = Answer()
    saved, corpus, info = opened(cell)
    for told in of_splits(saved, *saved.asked(corpus, cell.shared["task"]), corpus, info):
        for question in cell.questions:
            say(answer, question, told)
    return answer


@dataclass(frozen=True)
class Told:
    """What a tuned encoder answers to a split of a corpus; info: what its training found."""

    asked: Asked
    corpus: Corpus
    split: str
    answers: np.ndarray
    info: Mapping[str, Any]


def of_splits(saved: SavedTuned, asked: Asked, place: int, corpus: Corpus, info: Mapping[str, Any]) -> Iterator[Told]:
    """Answers to dev and test, those of them that a corpus has; place: of the task among those learned."""
    reader = saved.encoder.reader(corpus)
    for split in ("dev", "test"):
        if (asked.split == split).any():
            yield Told(asked, corpus, split, predicted(saved.network, asked, reader, split, place), info)


def say(answer: Answer, question: Question, told: Told) -> None:
    """Rows of the answers to a split."""
    asked, answers, info = told.asked, told.answers, dict(told.info)
    if unseen := asked.unseen(told.split):
        info["unseen_labels"] = unseen
    gold, found, groups = sides(asked, answers, told.split)
    n_train = int((asked.split == "train").sum()) or int(info["units_train"])
    shared: dict[str, Any] = {"split": told.split, "n_train": n_train, "n_test": len(gold)}
    for metric in dict.fromkeys([metric_of(asked), *(["macro_f1"] if asked.kind == "label" else [])]):
        value = scores.score(metric, gold, found, groups=groups)
        answer.row(question, metric, value, info={**info, **usual(asked, metric, gold)}, **shared)
    here = asked.split == told.split
    if asked.kind == "label" and set(asked.labels) == {"no", "yes"} and len(np.unique(groups)) < len(groups):
        told_of, right_of = of_questions(asked.targets[here], answers, groups)
        constants = [
            of_questions(asked.targets[here], np.full(len(answers), one, dtype=object), groups)[0]
            for one in ("no", "yes")
        ]
        for name, metric in (("question_em", "exact_match"), ("question_f1", "question_f1")):
            trivial = {"majority": max(float(scores.get(metric)(right_of, one)) for one in constants)}
            value = scores.score(metric, right_of, told_of)
            answer.row(question, name, value, info={**info, **trivial}, **{**shared, "n_test": len(told_of)})
    for name in ("subcase", "type"):
        if name in told.corpus.sentences and asked.kind == "label":
            kinds = told.corpus.sentences[name].astype(str).to_numpy()[asked.units["sentence"].to_numpy()[here]]
            for kind in sorted(set(kinds)):
                own = kinds == kind
                value = scores.score("accuracy", gold[own], found[own])
                answer.row(question, "accuracy", value, subset=f"{name}={kind}", **{**shared, "n_test": int(own.sum())})


def usual(asked: Asked, metric: str, gold: Any) -> dict[str, float]:
    """What the most frequent label of training would reach."""
    if asked.kind == "choice":
        sizes = asked.units.groupby("group").size()
        return {"majority": float((1 / sizes).mean())}
    if asked.kind != "label":
        return {}
    labels, counts = np.unique(asked.targets[asked.split == "train"].astype(str), return_counts=True)
    constant = np.full(len(gold), labels[counts.argmax()] if len(labels) else asked.labels[0], dtype=object)
    return {"majority": float(scores.get(metric)(gold, constant))}


def of_questions(gold: np.ndarray, answers: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each question the options that were told to be right, and those that are."""
    names = np.unique(groups)
    found = np.empty((2, len(names)), dtype=object)
    for row, one in enumerate(names):
        own = np.flatnonzero(groups == one)
        for side, labels in enumerate((answers, gold)):
            found[side, row] = tuple(str(k) for k, place in enumerate(own) if labels[place] == "yes")
    return found[0], found[1]


@of_tuned(
    "moved-inputs",
    "Tuned encoders where input vectors are moved: attacks of growing radius, smoothness",
    "moved inputs",
)
def answer_moved(cell: Cell) -> Answer:
    """Accuracy under attack by radius, KL and confidence with intervals over units."""
    answer = Answer()
    saved, corpus, info = opened(cell)
    asked, _ = saved.asked(corpus)
    split = "test" if (asked.split == "test").any() else "dev"
    found = moved(saved.network, asked, saved.encoder.reader(corpus), split, RADII, SMOOTH, most=ATTACKED)
    right = np.concatenate(found.right)
    shared = {"split": split, "n_train": info["units_train"], "n_test": len(right), "info": {"smooth": SMOOTH}}
    for question in cell.questions:
        for place, radius in enumerate(RADII):
            value = scores.score(
                "accuracy", ["yes"] * len(right), np.where(right[:, place], "yes", "no").astype(object)
            )
            answer.row(question, "attacked_accuracy", value, subset=f"radius={radius}", **shared)
        for metric, values in (("mean_kl", found.divergences), ("mean_confidence", found.confidence)):
            answer.row(question, metric, scores.t_interval(np.concatenate(values)), **shared)
    return answer


@of_tuned(
    "tuned-space",
    "The space of vectors of tuned encoders: nearest neighbours, distances within and between classes",
    "nearest",
)
def answer_space(cell: Cell) -> Answer:
    """Macro F1 of nearest neighbours on dev and test, ratio of distances; `points` of the test texts in a plane."""
    answer = Answer()
    saved, corpus, info = opened(cell)
    asked, _ = saved.asked(corpus)
    vectors = {split: saved.vectors(corpus, split) for split in SPLITS if (asked.split == split).any()}
    for question in cell.questions:
        for split, metric, value, more in space_rows(vectors, asked):
            shared: dict[str, Any] = {"split": split, "n_train": len(vectors["train"]), "n_test": len(vectors[split])}
            answer.row(question, metric, value, info={**info, **more}, **shared)
        if "points" in question.tables:
            gold = asked.targets[asked.split == "test"]
            answer.lines("points", rows.TABLES["points"], plane(question.key, vectors["train"], vectors["test"], gold))
    return answer


@works.register(
    "step-times",
    revision=2,  # pages are kept from step to step, as training has it
    summary="Processor time of a step of an objective, by that of a step of the task's loss",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder", "task": "task", "objective": "objective"},
    columns=asking("step times"),
)
def answer_times(cell: Cell) -> Answer:
    """The ratio of step times, each pair measured side by side, with an interval over repeats."""
    from probekit.encoders.live import live
    from probekit.learners.tuning.perturbing import Pass, unit_of
    from probekit.learners.tuning.training import Design, Draws, Job, make_network

    answer, shared = Answer(), cell.shared
    encoder = live(shared["encoder"])
    job = Job.of(encoder, shared["task"], corpora.load_corpus(shared["dataset"]), False)
    network = make_network(encoder, [job.asked], Design(), 0).train()
    given, unit = next(iter(Draws([job], 32, 0).epoch(0))), unit_of(network)

    def seconds(objective: str) -> float:
        terms = objectives.read(objective)
        begun = time.process_time()
        torch.stack(list(objectives.loss_of_terms(terms, Pass(network, given, unit)).values())).sum().backward()
        network.zero_grad(set_to_none=True)
        return time.process_time() - begun

    for question in cell.questions:
        with kept():
            seconds(shared["objective"])
            ratios = np.array([seconds(shared["objective"]) / seconds("cross-entropy") for _ in range(5)])
        info = {"positions": int(given.texts.mask.sum()), "repeats": len(ratios)}
        answer.row(question, "step_ratio", scores.t_interval(ratios), n_test=len(ratios), split="train", info=info)
    return answer
