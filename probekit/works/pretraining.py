"""What an encoder that is pretrained here has learned of the text: held-out perplexity, by language and look."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from probekit import recipes, rows
from probekit.encoders.loading import describe as describe_encoder
from probekit.grid.work import Answer, Cell, works
from probekit.learners.pretraining.recipe import NAME, recipe, split_own
from probekit.specs import parse

WORK, TASK = "pretraining", "masked-pieces"


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    return {"task": TASK, "task_group": "pretraining"}


def refuses(point: Mapping[str, Any]) -> str:
    """Why an encoder cannot be asked."""
    name = parse(describe_encoder(point["encoder"]).spec).name
    return "" if name == NAME else f"'{point['encoder']}' was not pretrained here; ask pretrained:CORPUS"


@works.register(
    WORK,
    revision=1,
    summary="Held-out perplexity of encoders pretrained here",
    threads=1,
    axes={"encoder": "encoder"},
    data=("encoder",),
    refuses=refuses,
    columns=columns,
)
def answer_pretraining(cell: Cell) -> Answer:
    """Perplexity of the pieces that are hidden in held-out text, of the state that is kept; of every look as `curve`.

    A language whose held-out text is shorter than a sequence has none.
    """
    answer = Answer()
    made = recipe(split_own(parse(cell.shared["encoder"]))[0])
    found = recipes.found(made.spec)
    steps, looks = made.content["options"]["steps"], made.content["options"]["looks"]
    info = {"pieces": found["pieces"], "best_look": found["best_look"], "rounds": found["rounds"]}
    for question in cell.questions:
        for language, name in enumerate(found["languages"]):
            values = [one[language] for one in found["perplexities"]]
            kept = values[found["best_look"] - 1]
            note = "" if math.isfinite(kept) else "the held-out text is shorter than a sequence"
            subset, n = f"text={name}", found["sequences"][language]
            answer.row(question, "perplexity", kept, split="dev", subset=subset, note=note, info=info, n_train=n)
            if "curve" in question.tables:
                lines = [(question.key, (at + 1) * steps // looks, name, one) for at, one in enumerate(values)]
                answer.lines("curve", rows.TABLES["curve"], lines)
    return answer
