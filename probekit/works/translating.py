"""How well the models behind `translation:` encoders translate: their BLEU as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from probekit import encoders as encoders_room
from probekit.encoders.recurrent import read_config
from probekit.errors import ProbekitError
from probekit.grid.grid import Grid
from probekit.grid.work import Answer, Cell, Question, works
from probekit.learners import translation
from probekit.specs import parse
from probekit.store import digest

TASK = "translation"
SHOWN = ("signature", "epochs", "best_epoch", "dev_loss", "pairs_train", "pairs_dev", "pairs_test")


def answer_translating(cell: Cell) -> Answer:
    """BLEU of a model (0 to 1), trained first where it has not been."""
    (question,) = cell.questions
    found = read_config(translation.folder_of(cell.shared["encoder"]))["found"]
    row = {
        "key": question.key,
        "metric": "bleu",
        "split": found["bleu_on"],
        "value": found["bleu"] / 100,
        "n_train": found["pairs_train"],
        "n_test": found[f"pairs_{found['bleu_on']}"],
        "info": {name: found[name] for name in SHOWN if name in found},
    }
    return Answer(rows=[row])


works.add(
    "translating", "probekit.works.translating:answer_translating", revision=1, summary="BLEU of a model", threads=1
)


class TranslatingGrid(Grid):
    """Translation models by the specs of their encoders. An encoder that translates nothing is refused."""

    def __init__(self, name: str, encoders: Sequence[str]) -> None:
        super().__init__(name, "translating", {}, ())
        for spec in encoders:
            if parse(spec).name != "translation":
                raise ProbekitError(f"'{spec}' translates nothing; give translation:<parallel corpus>(...)")
        self.sources = [encoders_room.describe(spec) for spec in encoders]
        self.axes = {"encoders": [source.name for source in self.sources]}

    def cells(self) -> list[Cell]:
        found = []
        for source in self.sources:
            corpus = _corpus_name(source.spec)
            key = digest({"work": ["translating", works.entry("translating").revision], "encoder": source.digest})
            row = {
                "experiment": self.name,
                "task": TASK,
                "task_group": TASK,
                "dataset": corpus,
                "encoder": source.name,
                "probe": "",
                "pooling": "",
                "control": "",
                "setting": "",
                "layer": None,
                "seed": None,
                "fold": None,
            }
            shared = {"encoder": source.spec}
            found.append(Cell("translating", source.name, shared, (Question(key, row),), None, (__name__,)))
        return found

    def describe(self) -> dict[str, Any]:
        return {"work": self.work, "axes": self.axes, "weights": {s.name: s.digest for s in self.sources}, "keep": []}


def _corpus_name(spec: str) -> str:
    from probekit.corpora import describe

    return describe(str(parse(spec).target)).name
