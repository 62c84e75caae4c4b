"""How the study of adversarial objectives reads its rows: a line a run, by corpus, encoder and objective."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd
from probekit.experiments.alice_adversarial import STUDY

from probekit.report import NotTestable, View
from probekit.report.view import prepared
from probekit.scores import Score
from probekit.specs import parse

from ._tuned_view import SEARCH_SEED, above_trivial, over_seeds, readable, real_and_generated

OBJECTIVES = {"standard": "standard", "adv": "ADV", "smart": "SMART", "alice": "ALICE"}
ORDER = tuple(OBJECTIVES.values())
MCTACO, WHOLE, COPA, COSMOS = "MC-TACO", "MC-TACO, all", "COPA", "CosmosQA"
CORPORA = {"mctaco": MCTACO, "copa": COPA, "cosmosqa-valid": COSMOS, "plausible": "plausible", "rules": "rules"}
MAIN = {
    MCTACO: ("question_em", "question_f1"),
    WHOLE: ("question_em", "question_f1"),
    COPA: ("accuracy",),
    COSMOS: ("accuracy",),
    "plausible": ("question_em",),
    "rules": ("accuracy",),
}
METRICS = {"question_em": "EM", "question_f1": "F1", "accuracy": "accuracy"}


@dataclass(eq=False)
class ObjectiveView(View):
    """Rows with the columns corpus, model, objective by name, and `trivial`, what a constant answer reaches; `same` are
    rows of the pairs that are one."""

    same: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def n(self) -> int:
        """Units of the test part that comes first."""
        chosen = self.rows[self.rows["split"].eq("test")]
        return int((chosen if len(chosen) else self.rows)["n_test"].iloc[0])

    def runs(self, **where: object) -> pd.DataFrame:
        """Rows of the four objectives, those of the choice of a radius left out. Raises NotTestable."""
        found = self.needs(**{"method": list(ORDER), **where})
        found = found[found["seed"].ne(SEARCH_SEED)]
        if found.empty:
            raise NotTestable("no run of the four objectives")
        return found

    def gap(self, one: str, other: str, **where: object) -> Score:
        """One objective less another, paired by seed, with Student's interval. Raises NotTestable for one seed."""
        sides = [self.runs(**{**where, "method": name}).set_index("seed")["value"] for name in (one, other)]
        return over_seeds(sides[0] - sides[1])

    def learned(self, **where: object) -> None:
        """Raise NotTestable unless the runs together are above what a constant answer reaches."""
        rows = self.runs(**where)
        above_trivial(rows, METRICS[str(rows["metric"].iloc[0])])


def corpus_of(dataset: str) -> str:
    """A corpus for readers; all of MC-TACO stands beside the cut that the other runs have."""
    return WHOLE if dataset == STUDY.data["mctaco-full"] else CORPORA.get(parse(dataset).name, parse(dataset).name)


def method(objective: str) -> str:
    """The paper's name of an objective, or the objective itself."""
    spec = parse(objective)
    return OBJECTIVES.get(spec.name, objective) if not spec.steps else objective


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[ObjectiveView]:
    """Real rows, else the generated ones."""
    rows = readable(prepared(df))
    rows["objective"] = rows.get("objective", "")
    rows["dropout"] = rows.get("dropout", "")
    rows["method"] = [method(text) if text else "" for text in rows["objective"]]
    rows["corpus"] = [corpus_of(text) if text else "" for text in rows["dataset"]]
    alike = rows["dropout"].eq("0.0")
    for own, mark, title in real_and_generated(rows, "MC-TACO, COPA, CosmosQA"):
        calm = alike.reindex(own.index)
        yield ObjectiveView(own[~calm], mark, title, same=own[calm])
