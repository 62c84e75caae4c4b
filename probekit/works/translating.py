"""How well the models behind `translation:` encoders translate: their BLEU as rows, beside that of trivial answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probekit import corpora, recipes
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works
from probekit.learners.training import split_own
from probekit.specs import parse

TASK = "translation"
SHOWN = ("signature", "coverage", "epochs", "best_epoch", "dev_loss", "pairs_train", "pairs_dev", "pairs_test")
TRIVIAL = ("bleu_of_copy", "bleu_of_commonest")


def model_of(point: Mapping[str, Any]) -> list[str]:
    """The recipe of the model behind an encoder. Raises ProbekitError for one that translates nothing."""
    spec = parse(point["encoder"])
    if spec.name != "translation":
        raise ProbekitError(f"'{spec}' translates nothing; give translation:<parallel corpus>(...)")
    return [recipes.of(split_own(spec)[0]).spec]


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """The corpus that the model learned from, whose test part it translates."""
    return {"dataset": corpora.describe(str(parse(point["encoder"]).target)).name, "task": TASK, "task_group": TASK}


@works.register(
    "translating",
    revision=2,
    summary="BLEU of a model",
    threads=1,
    axes={"encoder": "encoder"},
    data=("encoder",),  # what is translated is the corpus that it learned from
    needs=model_of,
    columns=columns,
)
def answer_translating(cell: Cell) -> Answer:
    """BLEU of a model (0 to 1) with its interval over sentences, of copies and of the commonest target."""
    answer = Answer()
    found = recipes.found(model_of(cell.shared)[0])
    shared = {"n_train": found["pairs_train"], "n_test": found[f"pairs_{found['bleu_on']}"], "split": found["bleu_on"]}
    for question in cell.questions:
        answer.row(
            question,
            "bleu",
            found["bleu"] / 100,
            ci_low=found["bleu_low"] / 100,
            ci_high=found["bleu_high"] / 100,
            info={name: found[name] for name in SHOWN if name in found},
            **shared,
        )
        for metric in TRIVIAL:
            answer.row(question, metric, found[metric] / 100, **shared)
    return answer
