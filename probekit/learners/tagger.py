"""A tagger trained on a task of words: inputs, body, head; as a recipe, and what it answers.

    tagger:wikineural-en|resplit(task="word/bio:entity", inputs=[glove], head=crf, experts=200, detection=binary)

Sizes and rates are those of Liu, Winata and Fung 2020 (BiLSTM of 2 x 200 units, experts of 200, Adam at 1e-3, dropout
.3); epochs, patience and the size of batches, which it leaves open, are ours. The weights kept are those of the best
score on the split dev.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from probekit import recipes, tasks
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.encoders.encoder import EncoderSource
from probekit.errors import ProbekitError
from probekit.learners import tagger_inputs, word_models
from probekit.learners.catalogue import tag_heads
from probekit.learners.input_source import Source
from probekit.learners.labeller import labelled_words, split_sentences
from probekit.learners.tagger_adversary import Opposed, adversaries_of, check_adversary
from probekit.learners.tagger_data import Labels, Sentences, check_repair, is_spans, mended
from probekit.learners.training import fit
from probekit.recipes import Recipe
from probekit.sources import resolve
from probekit.specs import Spec, parse
from probekit.training.loop import Settings
from probekit.values import Count, LessThanAll, OneOf, Range, Rate, Seed, Share, Whole

if TYPE_CHECKING:
    import torch

    from probekit.models.tagger import Tagger

KIND = "tagger"
DETECTIONS = ("none", "binary", "bio")


def options(
    inputs: str | list[str] = "glove",
    layer: str | int = "last",
    learn: bool = False,
    before: Whole = tagger_inputs.BEFORE,
    combine: Annotated[str, OneOf(("concat", "average", "attention"))] = "concat",
    hidden: Count = 200,
    layers: Whole = 2,
    head: str = "crf",
    experts: Whole = 0,
    predicts: Annotated[str, OneOf(("experts", "both"))] = "experts",
    detection: Annotated[str, OneOf(DETECTIONS)] = "none",
    dropout: LessThanAll = 0.3,
    mapped: bool = False,
    adversary: str | list[str] | None = None,
    against: str | None = None,
    weight: Annotated[float, Range(0, 1000)] = 0.001,
    every: Count = 10,
    rate: Rate = 1e-3,
    head_rate: Annotated[float, Range(0, 1000, above=True)] = 1.0,
    decay: Share = 0.0,
    dtype: Annotated[str, OneOf(("float32", "bfloat16"))] = "float32",
    optimizer: str = "adam",
    schedule: str = "constant",
    epochs: Count = 30,
    patience: Count = 5,
    look: Whole = 0,
    budget: Count = 1024,
    threads: Count = 1,
    seed: Seed = 0,
) -> dict[str, Any]:
    """Options of `tagger:<corpus>(task=..., ...)`.

    inputs: specs of encoders, frozen unless `learn`; layer: that is read of those that have several,
    `mean:4` for the mean of the last four, `mix` for all, weighed by what is learned. before: pieces that a window
    repeats where a sentence is longer than an encoder that learns reads at once. combine: several
    inputs into one vector. hidden: units of each direction; layers: of the body, 0 for none. head: `crf`, `softmax`, or
    one that is registered. experts: units of each expert, 0 for none; predicts: whether the head reads the `experts`
    alone (equation 3) or states and experts (`both`, the text). detection: a second head that tells entities from what
    is none (`binary`), or their beginnings too (`bio`). mapped: whether the inputs go through F(x) = tanh(W x).
    adversary: attributes of sentences that discriminators tell by F(x), behind a gradient that is reversed and taken
    times `weight`; one step after `every` batches, on the sentences of the corpus `against` (default: those of
    training), as many of each value. head_rate: by what the rate is multiplied for everything but inputs that learn.
    decay: of weights. dtype: of the products of transformers that learn, in training alone. look: batches
    between two looks at the development sentences, which `epochs` and `patience` count then; 0 for a pass of the data.
    budget: positions of a batch.
    """
    return dict(locals())


# Options that belong to an adversary: they are in the key of a tagger that is mapped, and of no other.
ADVERSARIAL = ("mapped", "adversary", "against", "weight", "every")
LATER = ("head_rate", "decay", "dtype", "look")  # they came later: in the key where they are not the default


@dataclass(frozen=True)
class Heads:
    """How the heads of a tagger are made once the width of their states is known."""

    labels: Labels
    head: Spec
    detection: str

    def main(self, width: int) -> torch.nn.Module:
        return self._made(width, self.labels.names)

    def detector(self, width: int) -> torch.nn.Module | None:
        if self.detection == "none":
            return None
        return self._made(width, ["O", "B-ENTITY", "I-ENTITY"] if self.detection == "bio" else ["O", "ENTITY"])

    def _made(self, width: int, names: list[str]) -> torch.nn.Module:
        made: torch.nn.Module = tag_heads.get(self.head.name)(width, names, **self.head.kwargs)
        return made


def fit_tagger(
    corpus: Corpus, task: str, folder: Path, about: Mapping[str, Any], keep: Path | None = None, **given: Any
) -> dict[str, Any]:
    """Train a tagger on the split `train` and write it into a folder; options are those of `options`.

    Sentences of the split `dev` choose the epoch, else a tenth of the training sentences. Returns what was found.
    Raises ProbekitError for words without a label, for a training or a dev part without spans, and for experts or a
    second head without spans.
    """
    from probekit.models.lstm import initialise
    from probekit.training.buckets import torch_threads

    chosen = options(**given)
    words, gold = labelled_words(tasks.get(task), corpus)
    train_part, dev_part = split_sentences(corpus, words, chosen["seed"])
    inside = np.isin(corpus.sentence_of_word[words], train_part)
    labels = Labels(sorted(set(gold[inside].tolist()), key=lambda name: (name != "O", name)))
    check_spans(task, chosen)
    sources = word_models.sources_of(chosen)
    word_models.take_up(sources, corpus, train_part)
    detection = chosen["detection"]
    data, dev = (Sentences(corpus, part, sources, labels, task, detection) for part in (train_part, dev_part))
    for one, name in ((data, "training"), (dev, "development")):
        one.check_labelled()
        one.check_spans(name)
    word_models.check_read(sources, corpus)
    opponents = adversaries_of(chosen, corpus.select(train_part), sources)
    values = {one.name: one.values for one in opponents}
    with torch_threads(chosen["threads"]):
        model = build(sources, labels, chosen, values)
        initialise_all_but_sources(model, chosen["seed"], initialise)
        settings = settings_of(chosen)
        given_to = Opposed(data, opponents, chosen["every"]) if opponents else data
        how = (settings, chosen["budget"], chosen["seed"], keep, "training a tagger")
        found = fit(model, given_to, dev, *how, rates=word_models.rates_of(chosen["head_rate"]), look=chosen["look"])
        told = dev.answers(model, chosen["budget"])
    found |= {"sentences_train": len(train_part), "sentences_dev": len(dev_part), "dev_score": dev.score(told)}
    if unread := max(source.unread[corpus.digest] for source in sources):
        found["unread_words"] = unread
    told_of = {**about, "task": task, "labels": labels.names, "adversaries": values, "found": found}
    word_models.write(folder, KIND, chosen, told_of, model, sources)
    return found


def settings_of(chosen: Mapping[str, Any]) -> Settings:
    """How a tagger is trained. Raises UnknownName or ProbekitError for an optimizer or schedule that is not there."""
    names = ("rate", "epochs", "patience", "optimizer", "schedule", "decay")
    return Settings(**{name: chosen[name] for name in names})


def check_spans(task: str, chosen: Mapping[str, Any]) -> None:
    """Raise ProbekitError where what is asked for needs a task of spans."""
    asked = [name for name, off in (("experts", 0), ("detection", "none")) if chosen[name] != off]
    if asked and not is_spans(task):
        raise ProbekitError(
            f"{' and '.join(asked)} need{'s' if len(asked) == 1 else ''} the categories of spans, which '{task}' has "
            "not; train on word/bio:<layer>"
        )


def build(
    sources: Sequence[Source],
    labels: Labels,
    chosen: Mapping[str, Any],
    adversaries: Mapping[str, Sequence[str]] | None = None,
) -> Tagger:
    """The module of a tagger, its own weights not drawn yet. adversaries: values of each attribute."""
    from probekit.models.tagger import Combination, Tagger

    return Tagger(
        [source.module for source in sources],
        Combination([source.width for source in sources], chosen["combine"]),
        Heads(labels, head_spec(chosen["head"]), chosen["detection"]),
        hidden=chosen["hidden"],
        layers=chosen["layers"],
        categories=len(labels.kinds) + 1,
        experts=chosen["experts"],
        predicts=chosen["predicts"],
        dropout=chosen["dropout"],
        mapped=chosen["mapped"],
        adversaries={name: len(values) for name, values in (adversaries or {}).items()},
        weight=chosen["weight"],
    )


def head_spec(text: str | Spec) -> Spec:
    """The spec of a head. Raises UnknownName for one, or an option, that is not there."""
    spec = parse(text)
    return resolve(spec, tag_heads.get(spec.name), "head of a tagger", ("width", "labels")).written


def initialise_all_but_sources(model: Tagger, seed: int, initialise: Any) -> None:
    """Draw the weights of everything but the sources, which begin as they are.

    A weight's stream is its name within the tagger, so that it does not depend on what else there is.
    """
    from torch import nn

    initialise(nn.ModuleDict({name: part for name, part in model.named_children() if name != "sources"}), seed)


# --- asked again


class SavedTagger:
    """A tagger in a folder. Raises ProbekitError for a folder that holds none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = word_models.read(folder, KIND)
        self.labels = Labels(self.config["labels"])
        chosen = {**options(), **self.config["design"]}
        word_models.check_inputs(folder, self.config)
        self.sources = word_models.sources_of(chosen)
        word_models.hold(folder, self.sources)
        made = build(self.sources, self.labels, chosen, self.config.get("adversaries"))
        self.model: Tagger = word_models.frozen(folder, made)

    @cached_property
    def task(self) -> str:
        """What it was taught."""
        return str(self.config["task"])

    def sentences(self, corpus: Corpus, rows: np.ndarray | None = None) -> Sentences:
        """All sentences of a corpus, or some, as this tagger reads them."""
        rows = np.arange(corpus.n_sentences) if rows is None else rows
        return Sentences(corpus, rows, self.sources, self.labels, self.task, self.config["design"]["detection"])

    def answers(self, corpus: Corpus, rows: np.ndarray | None = None) -> np.ndarray:
        """Labels of the words of some sentences, in their order, text."""
        return self.answers_to(self.sentences(corpus, rows))

    def answers_to(self, data: Sentences) -> np.ndarray:
        """The same of sentences that it reads."""
        return data.answers(self.model, self.config["design"]["budget"])

    def gate(self, data: Sentences, budget: int = 4096) -> list[np.ndarray] | None:
        """Weights of the experts at every word of each sentence, (n_words, E), outside first; None without experts."""
        return None if self.model.experts is None else self._each(data, self.model.gate, budget)

    def shares(self, data: Sentences, budget: int = 4096) -> list[np.ndarray] | None:
        """Weights of the inputs at every word of each sentence, (n_words, inputs); None where they have none."""
        attention = self.model.combination.kind == "attention"
        return self._each(data, self.model.sources_at, budget) if attention else None

    @staticmethod
    def _each(data: Sentences, asked: Callable[..., Any], budget: int) -> list[np.ndarray]:
        """What the model says of the words of each sentence."""
        found: list[np.ndarray] = [np.empty(0)] * len(data.rows)
        for batch in data.buckets(budget).in_order():
            said = asked(*data.given(batch))
            for place, row in enumerate(batch):
                found[row] = said[place, : data.corpus.lengths[data.rows[row]]].numpy()
        return found


def tag(model: str | Path, sentences: Sequence[Sequence[str]], repair: str = "begin") -> list[list[str]]:
    """Labels of the words of some sentences, by a tagger in a folder. Raises ProbekitError for one without words.

    repair: how tags of spans that break their scheme are mended, `begin` or `final-type`, see `tag_schemes`.
    """
    check_repair(repair)
    if not sentences:
        raise ProbekitError("there is no sentence to tag; give one at least")
    corpus, tagger = Corpus.from_words(sentences), SavedTagger(Path(model))
    told = tagger.answers(corpus)
    if is_spans(tagger.task):
        told = mended(told, corpus.lengths, repair)
    return [told[slice(*corpus.offsets[row : row + 2])].tolist() for row in range(corpus.n_sentences)]


def train_tagger(corpus: str, out: str | Path, **given: Any) -> Mapping[str, Any]:
    """Train a tagger on a corpus into a folder and return what was found; options are those of `tagger:`.

    The same call again resumes what was interrupted, or finds it done.
    """
    return recipes.into(Path(out), Spec("tagger", corpus, (), given))


# --- as a recipe

# One core, a word of a training sentence once, with two layers of 2 x 200 units over 100 dimensions.
_SECONDS_A_WORD, _SECONDS_A_WORD_TUNED = 1.5e-4, 2e-3


def recipe(spec: Spec) -> Recipe:
    """The recipe of `tagger:<corpus>(task="word/bio:entity", inputs=[...], ...)`. Raises for what cannot be trained."""
    name = spec.kwargs.get("task", "word/bio:entity")
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write tagger:<corpus>(task=word/upos, inputs=[minilm])")
    task, asked = tasks.get(name), tasks.describe(name)
    if task.level != "word" or task.kind != "label":
        raise ProbekitError(f"a tagger is trained on labels of words; '{name}' asks {task.kind}s of {task.level}s")
    rest = Spec(spec.name, spec.target, spec.args, {k: v for k, v in spec.kwargs.items() if k != "task"})
    arguments = resolve(rest, options, "tagger")
    chosen = options(**arguments.options)
    head = head_spec(chosen["head"])
    settings_of(chosen)
    check_spans(task.spec, chosen)
    check_adversary(chosen)
    against = {"against": describe_corpus(chosen["against"])} if chosen["against"] else {}

    def seconds(words: int, encoders: Sequence[EncoderSource]) -> float:
        each = _SECONDS_A_WORD_TUNED if chosen["learn"] and encoders[0].piece else _SECONDS_A_WORD
        return each * words * min(chosen["epochs"], 10)

    content = {
        "task": asked.digest,
        "options": {k: v for k, v in chosen.items() if k not in ("inputs", "before", *ADVERSARIAL, *LATER)},
        # It came later: keys of older taggers stay.
        **({"before": chosen["before"]} if chosen["learn"] and chosen["before"] != tagger_inputs.BEFORE else {}),
        **({name: chosen[name] for name in ADVERSARIAL} if chosen["mapped"] else {}),
        **{name: chosen[name] for name in LATER if chosen[name] != options()[name]},
        **(
            {"read by the head": reads(**head.kwargs)}
            if (reads := getattr(tag_heads.get(head.name), "reads", None))
            else {}
        ),
    }
    fit = partial(fit_tagger, task=task.spec)
    told = {"task": task.spec}
    return word_models.recipe_of(spec, arguments.written, chosen, fit, seconds, content, against, told)
