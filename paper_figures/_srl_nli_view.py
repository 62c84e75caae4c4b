"""How the study of a second task reads its rows: a line a run, set, epoch and cell; the epoch chosen in two ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from probekit.experiments.srl_nli import JOINT, METHODS, ROLES, SEQUENTIAL, SINGLE, STUDY

from probekit.report import NotTestable, View
from probekit.report.view import matching, prepared
from probekit.rows import parse_setting
from probekit.scores import Score
from probekit.specs import parse

from ._tuned_view import above_trivial, over_seeds, readable, real_and_generated

HANS, COMPARISONS, OWN, OF_ROLES = "HANS", "Comparisons", "in distribution", "roles"
ORDER = (*METHODS, OF_ROLES)
SETS = {"hans": HANS, "mini-hans": HANS, "comparisons": COMPARISONS, "compared": COMPARISONS}
ON_CHALLENGE, ON_OWN = CHOICES = ("challenge", OWN)  # development data that the epoch is chosen on
HEURISTICS = {"lexical_overlap": "lexical overlap", "subsequence": "subsequence", "constituent": "constituent"}
ENTAILED, NOT = LABELS = ("entailment", "non-entailment")
TYPES = {"same": "same", "more-less": "more/less", "not": "not"}
# The paper's names of the subcases that are not entailed, in its order.
SUBCASES = {
    "ln_subject/object_swap": "subject-object swap",
    "ln_preposition": "preposition",
    "ln_relative_clause": "relative clause",
    "ln_conjunction": "conjunction",
    "ln_passive": "passive",
    "sn_NP/S": "NP/S ambiguity",
    "sn_PP_on_subject": "prepositional phrase on subject",
    "sn_relative_clause_on_subject": "relative clause on subject",
    "sn_past_participle": "past participle",
    "sn_NP/Z": "NP/Z ambiguity",
    "cn_embedded_under_if": "embedded under if",
    "cn_after_if_clause": "after if clause",
    "cn_embedded_under_verb": "embedded under verb",
    "cn_disjunction": "disjunction",
    "cn_adverb": "adverb",
}


@dataclass(eq=False)
class TransferView(View):
    """Rows of our runs with the columns method, asked (the set), epoch, and of the cells heuristic, label, subcase,
    type. `published` are runs of others, `layers` what probes know."""

    published: pd.DataFrame = field(default_factory=pd.DataFrame)
    layers: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def n(self) -> int:
        """Pairs of HANS that are asked about, or runs of others."""
        found = self.rows[self.rows["asked"].eq(HANS) & self.rows["metric"].eq("mean_accuracy")]
        found = found[found["split"].eq("test")] if len(found) else self.rows
        return int(found["n_test"].iloc[0]) if len(found) else len(set(self.published.get("run", ())))

    def chosen(self, asked: str, choice: str = ON_CHALLENGE, **where: object) -> pd.DataFrame:
        """Test rows of the epoch that is best on development data: of the set that is asked about, or of what was
        learned; of equals the first. Raises NotTestable."""
        of_challenge = choice == ON_CHALLENGE and asked != OWN
        by = {"asked": asked, "metric": "mean_accuracy"} if of_challenge else {"asked": OWN, "metric": "accuracy"}
        dev = self.needs(split="dev", subset="", **by)
        dev = dev.sort_values(["value", "epoch"], ascending=[False, True]).drop_duplicates(["method", "seed"])
        rows = self.needs(**{"split": "test", "asked": asked, **where})
        found = rows.merge(dev[["method", "seed", "epoch"]], "inner", ["method", "seed", "epoch"])
        if found.empty:
            raise NotTestable(f"no run of {asked} with an epoch chosen on {choice}")
        return found

    def by_cell(self, asked: str, by: Sequence[str]) -> pd.DataFrame:
        """Medians over runs by method, epoch (chosen in both ways) and cell, the mean of the cells last: columns `by`,
        of which the first says "mean" there and others "both"."""
        parts = []
        for choice in CHOICES:
            rows = self.chosen(asked, choice, metric=["accuracy", "mean_accuracy"], subcase="")
            rows = rows[rows[by[0]].ne("") | rows["metric"].eq("mean_accuracy")]
            named = {name: rows[name].replace("", "both" if place else "mean") for place, name in enumerate(by)}
            rows = rows.assign(**named).sort_values("metric", kind="stable")
            parts.append(spread(rows, ["method", *by]).assign(epoch=choice))
        return pd.concat(parts)[["method", "epoch", *by, "value", "low", "high", "runs"]]

    def gap(self, one: str, other: str, rows: pd.DataFrame) -> Score:
        """One method less another, paired by seed, with Student's interval. Raises NotTestable."""
        return over_seeds(by_seed(rows, one) - by_seed(rows, other))

    def learned(self, methods: Sequence[str] = METHODS) -> None:
        """Raise NotTestable unless the runs of each method are together above the most frequent label of what they
        learned."""
        for method in methods:
            above_trivial(self.chosen(OWN, ON_OWN, method=method, metric="accuracy"), method)

    def others(self, **where: str | list[str]) -> pd.DataFrame:
        """Runs of others on HANS: columns run, heuristic, label, subcase, value. Raises NotTestable."""
        found = matching(self.published, {"data": "hans", **where})
        if found.empty:
            raise NotTestable("the runs that others published are not at hand")
        return found


def by_seed(rows: pd.DataFrame, method: str) -> pd.Series:
    """Mean of the rows of each seed of a method. Raises NotTestable where there is none."""
    found: pd.Series = rows[rows["method"].eq(method)].groupby("seed")["value"].mean()
    if found.empty:
        raise NotTestable(f"no run of {method}")
    return found


def spread(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Median over runs with the least and the most, in hundredths."""
    rows = rows.sort_values("method", key=lambda column: column.map(ORDER.index), kind="stable")
    found = rows.groupby(list(by), sort=False)["value"].agg(value="median", low="min", high="max", runs="size")
    return found.mul([100, 100, 100, 1]).reset_index()


def method_of(encoder: str, also: str) -> str:
    """How an encoder was trained, by its steps and its second task."""
    tuned = [step for step in parse(encoder).steps if step.name == "tune"] if encoder else []
    return SEQUENTIAL if tuned else JOINT if also else SINGLE


def with_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with columns of what their subset says, empty where it says nothing."""
    parts = pd.DataFrame([parse_setting(text) for text in rows["subset"]], index=rows.index)
    names = ("heuristic", "label", "subcase", "type", "run", "data")
    rows = rows.drop(columns=[name for name in names if name in rows])
    return rows.assign(**{name: parts[name].fillna("") if name in parts else "" for name in names})


def own_runs(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of our trainings, readable."""
    found = readable(rows)
    for name in ("also", "on", "after", "second"):
        found[name] = found.get(name, "")
    found["method"] = [method_of(e, a) for e, a in zip(found["encoder"], found["also"], strict=True)]
    found.loc[found["task"].eq(ROLES), "method"] = OF_ROLES
    asked = [SETS.get(parse(text).name, "") if text else OWN for text in found["on"]]
    found["asked"] = np.where(found["metric"].eq("span_f1"), OF_ROLES, asked)
    found["epoch"] = pd.to_numeric(found["after"]).fillna(0).astype(int)
    return with_cells(found)


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[TransferView]:
    """Real rows, else the generated ones."""
    rows = prepared(df)
    for own, mark, title in real_and_generated(rows, "SICK, HANS and Comparisons"):
        published, probed = own["probe"].eq("published"), own["probe"].isin(["ridge", "logistic"])
        probed |= own["control"].ne("")
        runs = own_runs(own[~published & ~probed])
        yield TransferView(runs, mark, title, published=with_cells(own[published]), layers=own[probed])
