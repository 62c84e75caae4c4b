"""Networks trained directly on the labels of a task: `labeller:<corpus>(task=word/upos, layers=2, ...)`.

As an encoder a labeller is frozen and probed like any other. What it answers itself is asked by the grid of
`labelling_grid`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from probekit import corpora as corpora_room
from probekit import tasks as tasks_room
from probekit.corpora import CorpusSource
from probekit.corpora.corpus import Corpus
from probekit.encoders import recurrent
from probekit.encoders.encoder import EncoderSource
from probekit.errors import ProbekitError
from probekit.learners.labeller import train_labeller
from probekit.learners.training import (
    check_options,
    defaults_of,
    into_folder,
    shown_name,
    shown_options,
    split_own,
    trained_folder,
    trained_source,
)
from probekit.registry import bind
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.tasks import Task

REVISION = 1


@dataclass(frozen=True)
class Recipe:
    """What a labeller is made of: a corpus, a task, options of the trainer; and options of the encoder."""

    corpus: CorpusSource
    task: Task
    options: Mapping[str, Any]
    own: Mapping[str, Any]

    @property
    def plain(self) -> dict[str, Any]:
        """The recipe as plain data; its digest is the artefact's key."""
        return {
            "recipe": "labeller",
            "revision": REVISION,
            "corpus": self.corpus.digest,
            "task": [self.task.spec, self.task.revision],
            "options": dict(self.options),
        }

    @property
    def source(self) -> EncoderSource:
        """The encoder's source, with nothing trained."""
        given = {"task": self.task.spec, **shown_options(self.options, self.own, defaults_of(train_labeller))}
        return trained_source("labeller", self.corpus.spec, self.corpus.name, self.plain, self.own, given)

    def train(self, folder: Path, keep: Path) -> Mapping[str, Any]:
        """Train into a folder, going on from `keep`."""
        corpus = corpora_room.load_corpus(self.corpus.spec)
        words, labels = labelled_words(self.task, corpus)
        about = {"task": self.task.spec, "corpus": shown_name(corpus), "recipe": digest(self.plain)}
        return train_labeller(corpus, words, labels, folder, about, **self.options, keep=keep)

    def folder(self) -> Path:
        """Folder of the model, trained first where it has not been."""
        return trained_folder(self.plain, self.source.name, self.train)


def labelled_words(task: Task, corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Indices into the words of a corpus of those that a task asks of, and their labels."""
    units = task.units(corpus)
    return corpus.offsets[units["sentence"].to_numpy()] + units["start"].to_numpy(), task.targets(corpus)


def recipe_of(corpus: str, task: str, options: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe of names, checked. Raises UnknownName or ProbekitError for what no labeller can be trained on."""
    asked = tasks_room.get(task)
    if asked.level != "word" or asked.kind != "label":
        raise ProbekitError(f"a labeller is trained on labels of words; '{task}' asks {asked.kind}s of {asked.level}s")
    checked = check_options("labeller", options, defaults_of(train_labeller))
    return Recipe(corpora_room.describe(corpus), asked, checked, own or {})


def from_spec(spec: str | Spec) -> Recipe:
    """The recipe of `labeller:<corpus>(task=..., ...)`."""
    rest, own = split_own(parse(spec) if isinstance(spec, str) else spec)
    task = rest.kwargs.get("task")
    if not rest.target or not isinstance(task, str):
        raise ProbekitError(f"'{spec}' names no corpus or no task; write labeller:<corpus>(task=word/upos)")
    rest = Spec(rest.name, rest.target, rest.args, {k: v for k, v in rest.kwargs.items() if k != "task"})
    leave = ("corpus", "words", "labels", "folder", "about", "keep")
    return recipe_of(str(rest.target), task, bind(rest, train_labeller, "labeller", leave), own)


def train_into(out: Path, corpus: str, task: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Train into a user's folder; the same command again goes on where it was interrupted."""
    recipe = recipe_of(corpus, task, options)
    return into_folder(out, recipe.plain, recipe.train)


# --- as a kind of encoder


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of a labeller as an encoder, with nothing trained."""
    return from_spec(spec).source


def load(spec: str | Spec, device: str | None = None) -> recurrent.RecurrentEncoder:
    """The encoder of a spec, trained first where it has not been."""
    recipe = from_spec(spec)
    return recurrent.RecurrentEncoder(recipe.source, recipe.folder(), device)


ENCODER = sys.modules[__name__]
