"""A tuned encoder with its heads, read back from its folder, and what it answers for any corpus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from probekit.corpora.corpus import Corpus
from probekit.encoders.bilstm import WORDS
from probekit.encoders.live import LiveEncoder, live
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.tuning.answers import raw, told, vectors
from probekit.learners.tuning.examples import Asked, ask
from probekit.learners.tuning.training import HEADS_FILE, RECORD, STATE_FILE
from probekit.models.tuned import TunedNetwork
from probekit.recipes import check_finished
from probekit.specs import Spec


def read_record(folder: Path) -> dict[str, Any]:
    """Our record of a tuned folder. Raises ProbekitError for a folder of another kind or half written."""
    check_finished(folder)
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProbekitError(f"'{folder.name}' was not written by probekit train tuned: it has no {RECORD}") from None
    except (OSError, ValueError) as error:
        raise ProbekitError(f"cannot read {RECORD} of '{folder.name}': {error}; train it again") from error
    if not isinstance(found, dict) or found.get("format") != "probekit tuned":
        raise ProbekitError(f"{RECORD} of '{folder.name}' is no record of a tuned encoder")
    return found


class SavedTuned:
    """The network of a folder, frozen; `record` is what was written of it."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser()
        self.record = read_record(self.folder)

    @cached_property
    def encoder(self) -> LiveEncoder:
        """The encoder of the folder."""
        own = (self.folder / WORDS).is_file()
        return live(str(Spec("saved" if own else "hf", str(self.folder))))

    @cached_property
    def network(self) -> TunedNetwork:
        """Encoder and heads in evaluation mode, without gradients."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        record, encoder = self.record, self.encoder
        outputs = [1 if one["kind"] in ("number", "choice") else len(one["labels"]) for one in record["tasks"]]
        found = TunedNetwork(
            encoder.module, encoder.width, outputs, record["heads"], record["pooling"], record["layer"], 0.0
        )
        try:
            found.heads.load_state_dict(load_file(self.folder / HEADS_FILE))
        except (OSError, SafetensorError, RuntimeError) as error:
            raise ProbekitError(f"cannot read {HEADS_FILE} of '{self.folder.name}': {error}; train it again") from error
        return found.eval().requires_grad_(False)

    def after(self, epoch: int) -> SavedTuned:
        """The same as it was after an epoch, of a training with state=each. Raises ProbekitError for another."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        found = SavedTuned(self.folder)
        file = self.folder / STATE_FILE.format(epoch)
        if not file.is_file():
            raise ProbekitError(
                f"'{self.folder.name}' does not hold its state after epoch {epoch}; train with state=each, and "
                f"epochs={epoch} or more"
            )
        try:
            found.network.load_state_dict(load_file(file))
        except (OSError, SafetensorError, RuntimeError) as error:
            raise ProbekitError(f"cannot read {file.name} of '{self.folder.name}': {error}; train it again") from error
        return found

    def asked(self, corpus: Corpus, task: str = "") -> tuple[Asked, int]:
        """A task that was learned, the first unless named, asked of a corpus; and its place among the tasks."""
        names = [one["task"] for one in self.record["tasks"]]
        if task and task not in names:
            raise ProbekitError(f"'{self.folder.name}' was tuned on {' and '.join(names)}, not on '{task}'")
        place = names.index(task) if task else 0
        return ask(names[place], corpus, self.record["tasks"][place]), place

    def predict(
        self,
        corpus: Corpus,
        split: str = "test",
        task: str = "",
        collapse: Mapping[str, str] | None = None,
        sum_first: bool = False,
    ) -> pd.DataFrame:
        """Answers to the units of a split: columns unit, group, gold, answer, and `score LABEL` of each class.

        Scores are probabilities, of choices within their question, of numbers none. collapse: labels that count as
        another, such as {"neutral": "non-entailment"}, put together after the best label is taken; with `sum_first`
        their probabilities are added before. Raises ProbekitError for a split without units, UnknownName for a label
        that was not learned.
        """
        asked, place = self.asked(corpus, task)
        units = np.flatnonzero(asked.split == split)
        if not len(units):
            raise ProbekitError(f"{corpus!r} has no units in the split '{split}' to answer")
        found = raw(self.network, asked, self.encoder.reader(corpus), split, place)
        table = pd.DataFrame({"unit": units, "group": asked.groups[units], "gold": asked.targets[units]})
        table["answer"] = told(asked, found, split)
        table = table.assign(**chances(asked, found, split))
        return collapsed(table, asked, collapse, sum_first) if collapse else table

    def vectors(self, corpus: Corpus, split: str = "test") -> np.ndarray:
        """Pooled vectors (n, d) float32 of the units of a split."""
        asked, _ = self.asked(corpus)
        return vectors(self.network, asked, self.encoder.reader(corpus), split)


def collapsed(table: pd.DataFrame, asked: Asked, collapse: Mapping[str, str], sum_first: bool) -> pd.DataFrame:
    """Answers with some labels put together; see `SavedTuned.predict`."""
    for label in collapse:
        if asked.kind != "label" or label not in asked.labels:
            raise UnknownName(f"label of '{asked.task.spec}':", label, asked.labels)
    names = {f"score {label}": f"score {collapse.get(label, label)}" for label in asked.labels}
    by_answer = table[list(names)].T
    shares = by_answer.groupby([names[str(one)] for one in by_answer.index]).sum().T
    told_of = shares.idxmax(axis=1).map(lambda name: str(name).removeprefix("score "))
    one_by_one = table["answer"].map(lambda label: collapse.get(label, label))
    kept = table.drop(columns=list(names)).assign(answer=told_of if sum_first else one_by_one)
    return pd.concat([kept, shares], axis=1)


def chances(asked: Asked, found: np.ndarray, split: str) -> dict[str, np.ndarray]:
    """Probabilities of each class by name."""
    if asked.kind == "number":
        return {}
    if asked.kind == "choice":
        group = asked.groups[asked.split == split]
        raised = np.exp(found[:, 0] - pd.Series(found[:, 0]).groupby(group).transform("max").to_numpy())
        return {"score yes": raised / pd.Series(raised).groupby(group).transform("sum").to_numpy()}
    scores = torch.from_numpy(np.where(np.isfinite(found), found, 0.0))
    shares = (scores.sigmoid() if asked.kind == "labels" else scores.softmax(dim=1)).numpy()
    return {f"score {label}": shares[:, place] for place, label in enumerate(asked.labels)}
