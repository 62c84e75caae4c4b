"""Rows of the study of principal components as its figures, tables and claims read them: tables, forms, differences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.pca_embeddings import STUDY

from probekit.report import NotTestable, View, read_table
from probekit.report.view import by_kind, matching
from probekit.scores import Comparison, one_sample_t
from probekit.specs import parse

FULL, TOP, MIDDLE, BOTTOM = "full", "top", "middle", "bottom"
CENTRED, PPA, PPA_PCA = "centred", "PPA", "PPA-PCA, half the width"
THIRDS = (TOP, MIDDLE, BOTTOM)
AS_IS, STANDARD = "logistic", "logistic(x_scale=standard)"
SCALES = {AS_IS: "as they are", STANDARD: "standardised"}
NAMES = {"glove": "GloVe", "glove-50": "GloVe-50", "word2vec": "word2vec", "fasttext": "fastText", "gaussian": "random"}
TASKS = {
    "sentence-polarity": "MR", "customer-reviews": "CR", "mpqa": "MPQA", "sst": "SST2", "sst(classes=5)": "SST5",
    "trec": "TREC", "ag-news-test": "AG News", "sick": "SICK-E", "cues": "cues",
}  # fmt: skip
SHAPES = {"sentence/tree-depth": "TreeDepth", "sentence/top-constituents": "TopConst"}
LEAST_COMPONENTS = 20  # of a scan
ORDER = [*TASKS.values(), *(f"{shape} ({of})" for of in ("WSJ", "CRAFT", "generated") for shape in SHAPES.values())]


def form_of(encoder: str) -> str:
    """What was done to a table: full, a third, a number of components, centred, PPA; or a component by its number."""
    step = encoder.partition("|")[2]
    if match := re.fullmatch(r"pca\(k=(\d+)\)", step):
        return f"first {match[1]}"
    if match := re.fullmatch(r"component\(i=(\d+)\)", step):
        return f"component {match[1]}"
    if match := re.fullmatch(r"slice\(part=(\w+)\)", step):
        return match[1]
    known = {"": FULL, "center": CENTRED, "ppa(D=5)": PPA}
    return known.get(step) or (PPA_PCA if step.startswith("ppa-pca") else step)


def table_of(encoder: str) -> str:
    """The table behind an encoder, as figures name it."""
    head = encoder.removeprefix("static:").partition("|")[0]
    return NAMES.get(re.split(r"[:(]", head)[0], head)


def task_of(task: str, dataset: str) -> str:
    """The task as the paper calls it; tasks of trees with their corpus."""
    if task in SHAPES:
        corpus = "WSJ" if dataset.startswith("wsj") else "CRAFT" if dataset.startswith("craft") else "generated"
        return f"{SHAPES[task]} ({corpus})"
    return TASKS.get(dataset.partition("|")[0], TASKS.get(re.split(r"[|(]", dataset)[0], dataset))


@dataclass(eq=False, kw_only=True)
class SpectrumView(View):
    """accuracies: a line for each table, form, task and scaling of features, on test texts. similar: Spearman of the
    similarity sets; shares: variance in the thirds; bleu: of translations, by how many components are `removed` from
    the source's vectors (none: random vectors)."""

    accuracies: pd.DataFrame
    similar: pd.DataFrame
    shares: pd.DataFrame
    bleu: pd.DataFrame

    @cached_property
    def right(self) -> dict[str, pd.Series]:
        """Which test texts are answered right, by text, for the key of each question that kept them."""
        if self.folder is None:
            raise NotTestable("answers to single texts are in a results folder, and these rows came without one")
        lines = read_table(self.folder, "groups")
        lines = lines[lines["split"].eq("test")]
        lines = lines.assign(key=lines["key"].astype(str), share=lines["right"] / lines["n"])
        return {str(key): own.set_index("group")["share"] for key, own in lines.groupby("key")}

    def contrast(self, terms: Iterable[tuple[float, Any]]) -> Comparison:
        """A weighted sum of accuracies on the same texts, with Student's interval over texts; terms: weight, line."""
        kept = [(weight, self.right.get(line["key"])) for weight, line in terms]
        if any(one is None for _, one in kept):
            raise NotTestable("answers to single texts were not kept of all scores")
        texts = pd.concat([weight * one for weight, one in kept if one is not None], axis=1, join="inner")
        return one_sample_t(texts.sum(axis=1), 0, unit="text")

    def scores(self, **where: Any) -> pd.DataFrame:
        """Lines of the accuracies. Raises NotTestable where there are none."""
        found = matching(self.accuracies, where)
        if found.empty:
            raise NotTestable(f"no accuracy of {', '.join(map(str, where.values()))}")
        return found

    def pairs(self, first: str, second: str, probe: str = AS_IS, **where: Any) -> pd.DataFrame:
        """Difference of two forms on the texts of each sentence task, of each trained table: table, task, found."""
        lines = self.sentence_tasks(probe, **where)
        lines = lines[~lines["table"].isin(["random", "GloVe-50"])]
        found = []
        for (table, task), own in lines[lines["form"].isin([first, second])].groupby(["table", "task"], sort=False):
            sides = own.drop_duplicates("form").set_index("form")
            if {first, second} <= set(sides.index):
                one = self.contrast([(1, sides.loc[first]), (-1, sides.loc[second])])
                found.append({"table": table, "task": task, "found": one})
        if not found:
            raise NotTestable(f"no task has both {first} and {second}")
        return pd.DataFrame(found)

    def sentence_tasks(self, probe: str = AS_IS, **where: Any) -> pd.DataFrame:
        """Accuracies of sentence classification and entailment, trees left out."""
        lines = self.scores(probe=probe, **where)
        return lines[~lines["task"].str.contains("TreeDepth|TopConst")]

    def components(self) -> dict[str, pd.DataFrame]:
        """Accuracies from single standardised components by their rank k, of each task of trees that was scanned."""
        lines = self.scores(probe=STANDARD)
        lines = numbered(lines[lines["task"].str.contains("|".join(SHAPES.values()))], "component")
        return {str(task): own for task, own in lines.groupby("task", sort=False) if len(own) >= LEAST_COMPONENTS}

    def majority(self, task: str) -> float:
        """What the commonest class of training has."""
        return float(self.scores(task=task, form="majority")["value"].iloc[0])


def numbered(lines: pd.DataFrame, form: str) -> pd.DataFrame:
    """Lines of a form with a number, each once and by that number, k. Raises NotTestable where there are none."""
    k = pd.to_numeric(lines["form"].str.extract(rf"^{form} (\d+)$")[0])
    found = lines.assign(k=k)[k.notna()].sort_values("k", kind="stable")
    if found.empty:
        raise NotTestable(f"no {form} components were run")
    return found.drop_duplicates(["table", "task", "k"])


def removed(encoder: str) -> float:
    """How many components were taken off the vectors that a translation model began from; none of random ones."""
    vectors = parse(parse(encoder).kwargs["vectors"])
    if vectors.name == "gaussian":
        return np.nan
    return float(vectors.steps[-1].kwargs["D"]) if vectors.steps else 0.0


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[SpectrumView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        rows = one.rows.assign(form=one.rows["encoder"].map(form_of), table=one.rows["encoder"].map(table_of))
        asked = rows[rows["metric"].eq("accuracy") & rows["split"].eq("test")]
        asked = asked.assign(task=[task_of(*line) for line in zip(asked["task"], asked["dataset"], strict=True)])
        asked.loc[asked["control"].eq("majority"), ["form", "table"]] = ["majority", "majority"]
        similar = rows[rows["task"].str.startswith("similarity/") & rows["metric"].eq("spearman")]
        similar = similar.assign(task=similar["task"].str.removeprefix("similarity/"))
        shares = rows[rows["metric"].eq("variance_share")]
        shares = shares.assign(part=shares["subset"].str.removeprefix("part="))
        bleu = rows[rows["metric"].eq("bleu")]
        bleu = bleu.assign(removed=[removed(name) for name in bleu["encoder"]]).sort_values("removed")
        yield SpectrumView(one.rows, one.mark, one.title, accuracies=asked, similar=similar, shares=shares, bleu=bleu)
