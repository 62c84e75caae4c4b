"""How the study of losses of the space reads its rows: a line a run, by corpus, encoder and loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from probekit.experiments.metric_learning_misogyny import STUDY

from probekit.report import NotTestable, View
from probekit.report.view import prepared
from probekit.scores import Score
from probekit.specs import parse

from ._tuned_view import SEARCH_SEED, means, over_seeds, readable, real_and_generated

LOSSES = {
    "cross-entropy": "cross-entropy",
    "aam": "AAM",
    "center": "center",
    "coco": "CoCo",
    "contrastive": "contrastive",
    "triplet": "triplet",
}
CONTRAST = ("contrastive", "triplet")
CLASSIFYING = ("AAM", "center", "CoCo", "cross-entropy")
EDOS, TREC, ONLINE = "EDOS", "TREC", "online misogyny"
CORPORA = {"edos": EDOS, "trec": TREC, "online-misogyny": ONLINE}
F1 = "nearest_macro_f1"
MEASURES = {F1: "scores of neighbours", "distance_ratio": "distances"}


@dataclass(eq=False)
class LossView(View):
    """Rows with the columns corpus, model, loss, and `judged`, what the space was judged on where that is another."""

    @property
    def n(self) -> int:
        """Test texts of EDOS, or of what there is."""
        return int(self.rows[self.rows["split"].eq("test")]["n_test"].iloc[0])

    def needs(self, **where: object) -> pd.DataFrame:
        """See `View`; what is missing is named as readers know it."""
        try:
            return super().needs(**where)
        except NotTestable:
            what = MEASURES.get(str(where.get("metric")), "scores")
            asked = {"of": where.get("model"), "with": where.get("loss"), "on": where.get("corpus")}
            told = "".join(f" {word} {name}" for word, name in asked.items() if name)
            raise NotTestable(f"no {what}{told} were measured") from None

    def runs(self, **where: object) -> pd.DataFrame:
        """Rows of the part `losses`, one a seed, metric and split. Raises NotTestable."""
        found = self.needs(judged="", **where)
        found = found[found["seed"].ne(SEARCH_SEED)]
        if found.empty:
            raise NotTestable("no run of the part losses")
        return found

    def by_seed(self, loss: str, metric: str = F1, split: str = "test", **where: object) -> pd.Series:
        """Values of a loss by seed."""
        rows = self.needs(loss=loss, metric=metric, split=split, **where)
        return rows[rows["seed"].ne(SEARCH_SEED)].set_index("seed")["value"].sort_index()

    def gap(self, one: str, other: str, metric: str = F1, split: str = "test", **where: object) -> Score:
        """One loss less another, paired by seed, with Student's interval. Raises NotTestable for one seed."""
        return over_seeds(self.by_seed(one, metric, split, **where) - self.by_seed(other, metric, split, **where))

    def ends(self, one: Mapping[str, object], other: Mapping[str, object]) -> Score:
        """The difference of two single runs, as wide as the ends of both intervals over test texts allow."""
        left, right = (self.row(metric=F1, split="test", judged="", seed=0, **where) for where in (one, other))
        low, high = left["ci_low"] - right["ci_high"], left["ci_high"] - right["ci_low"]
        return Score(left["value"] - right["value"], low, high, "ends of both intervals", "")

    def poor(self, **where: object) -> list[str]:
        """Losses that are not surely above the most frequent class: over seeds, of one seed over test texts."""
        table = means(self.runs(metric=F1, split="test", **where), ["loss"])
        return table.loc[~(table["low"] > table["trivial"]), "loss"].tolist()


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[LossView]:
    """Real rows, else the generated ones."""
    rows = readable(prepared(df))
    name = [parse(text).name if text else "" for text in rows["objective"]]
    rows = rows.assign(loss=[LOSSES.get(one, one) for one in name], judged=rows.get("on", ""))
    rows["corpus"] = [CORPORA.get(parse(text).name, parse(text).name) for text in rows["dataset"]]
    for own, mark, title in real_and_generated(rows, "EDOS at .2 of AMI's sizes, online misogyny, TREC"):
        yield LossView(own, mark, title)
