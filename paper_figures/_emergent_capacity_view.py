"""How the study of emergent codes reads its rows: a line a game, best and worst of a cell by each score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log, log2

import pandas as pd
from probekit.experiments.emergent_capacity import STUDY

from probekit.report import NotTestable, View
from probekit.report.view import prepared
from probekit.specs import parse

PAPER = (6, 10)
SOLVED = 0.99  # training accuracy from which a game solves its language
RUN = ["dataset", "bits", "parameters", "seed"]
# Scores of a run: metric and split of its rows.
SCORES = {
    "train": ("accuracy", "train"),
    "held out": ("accuracy", "test"),
    "precision": ("precision", "test"),
    "recall": ("recall", "test"),
    "recall train": ("recall", "train"),
    "residual": ("residual_entropy", "test"),
    "residual mi": ("residual_entropy_mi", "test"),
    "residual released": ("residual_entropy_released", "test"),
}
CODE_NAMES = {"sign(bits=12)": "12 signs", "kmeans": "6 x 4 clusters", "probe:logistic": "answers of probes"}
SEARCHES = ("", "_mi", "_released", "_local")


@dataclass(frozen=True)
class Language:
    """What a language of concepts can do: strings, bits that number them, bits in blocks of their own."""

    concepts: int
    values: int

    @classmethod
    def of(cls, dataset: str) -> Language:
        """The language of a row's name for it."""
        options = parse(dataset).kwargs
        return cls(int(options["n_concepts"]), int(options["n_values"]))

    @property
    def name(self) -> str:
        return f"{self.concepts} x {self.values}"

    @property
    def strings(self) -> int:
        return self.values**self.concepts

    @property
    def least(self) -> int:
        """Bits that number all strings."""
        return ceil(log2(self.strings))

    @property
    def blocks(self) -> int:
        """Bits with which each concept has a block of its own."""
        return self.concepts * ceil(log2(self.values))

    @property
    def best_recall(self) -> float:
        return -log(self.strings)


@dataclass(eq=False, kw_only=True)
class CodeView(View):
    """runs: a line for each trained game with its scores, `language` and what its rows say. random: scores of random
    codes, one a draw."""

    runs: pd.DataFrame
    random: pd.DataFrame

    def languages(self) -> Iterator[tuple[Language, pd.DataFrame]]:
        """Each language of a grid with its runs; a single run shows that one is trained, and nothing more."""
        found = [(Language.of(str(name)), part) for name, part in self.runs.groupby("dataset", sort=False)]
        found = [(language, part) for language, part in found if part["bits"].nunique() > 1]
        if not found:
            raise NotTestable("no language was played with several numbers of bits")
        yield from sorted(found, key=lambda one: one[0].strings)

    def main(self) -> tuple[Language, pd.DataFrame]:
        """The largest of them."""
        return list(self.languages())[-1]

    def cells(self) -> pd.DataFrame:
        """Best and worst of each score by cell: each by itself, whatever the seed is best at."""
        found = []
        for language, runs in self.languages():
            for bits, size, part in by_cell(runs):
                line = {"language": language.name, "bits": bits, "parameters": size, "runs": len(part)}
                line |= {"bound": self.bound(language, bits, part)}
                for score in ("train", "held out", "recall", "residual", "residual released"):
                    low, high = part[score].min(), part[score].max()
                    best, worst = (low, high) if score.startswith("residual") else (high, low)
                    line |= {f"best {score}": best, f"worst {score}": worst}
                line["largest gap"] = (part["train"] - part["held out"]).max()
                found.append({**line, "random codes": self.ceiling(language, bits)})
        return pd.DataFrame(found)

    def encoder_codes(self) -> pd.DataFrame:
        """Residual entropy of codes of encoders by layer, and with permuted sentences: encoder, layer, code, line."""
        rows = self.needs(task="sentence concepts", subset=None)
        rows = rows.assign(code=rows["probe"].map(CODE_NAMES).fillna(rows["probe"]))
        permuted = rows["metric"].eq("residual_entropy_permuted")
        return rows.assign(line=rows["code"].where(~permuted, rows["code"] + ", permuted"))

    @staticmethod
    def bound(language: Language, bits: int, runs: pd.DataFrame) -> float:
        """The share of training strings that so many messages can tell apart."""
        return min(1.0, 2 ** int(bits) / int(runs["strings"].iloc[0]))

    def ceiling(self, language: Language, bits: int, search: str = "") -> float:
        """Mean residual entropy of random codes. NaN where none was drawn."""
        rows = self.random
        own = (
            rows["language"].eq(language.name) & rows["bits"].eq(bits) & rows["metric"].eq(f"residual_entropy{search}")
        )
        return float(rows[own]["value"].mean())


def by_cell(runs: pd.DataFrame) -> Iterator[tuple[int, int, pd.DataFrame]]:
    """Bits, parameters and runs of each cell."""
    for _, part in runs.groupby(["bits", "parameters"]):
        yield int(part["bits"].iloc[0]), int(part["parameters"].iloc[0]), part


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[CodeView]:
    """The paper's language, where its grid was run, before the smaller ones; else all together."""
    rows = prepared(df)
    named = rows["dataset"].str.startswith("concept-strings")
    games, random = rows[named & rows["control"].eq("")], rows[named & rows["control"].eq("random-code")]
    if games.empty:
        raise NotTestable("no game was trained")
    runs = _runs(games)
    drawn = random.assign(
        language=[Language.of(name).name for name in random["dataset"]], bits=random["bits"].astype(int)
    )
    paper = [
        name for name in runs["dataset"].unique() if (one := Language.of(name)) and (one.concepts, one.values) == PAPER
    ]
    full = [name for name in paper if runs[runs["dataset"].eq(name)]["bits"].nunique() > 1]
    for names, mark, title in ((full, "", "the paper's language"), (None, "-small" if full else "", "small languages")):
        chosen = rows if names is None else rows[rows["dataset"].isin(names)]
        own = runs if names is None else runs[runs["dataset"].isin(names)]
        if len(own) and (names is None or names):
            yield CodeView(chosen, mark, title, runs=own, random=drawn)


def _runs(games: pd.DataFrame) -> pd.DataFrame:
    """One line a game."""
    wide = {
        name: games[games["metric"].eq(metric) & games["split"].eq(split)].set_index(RUN)["value"]
        for name, (metric, split) in SCORES.items()
    }
    first = games[games["metric"].eq("accuracy") & games["split"].eq("train")].set_index(RUN)
    said = pd.DataFrame([json.loads(text) for text in first["info"]], index=first.index)
    found = pd.DataFrame(wide).join(said[["kl", "distinct", "looks", "best_look"]])
    found["counted"], found["strings"] = said["parameters"], said["of_strings"]
    residual = games[games["metric"].eq("residual_entropy")].set_index(RUN)
    found["permuted"] = [json.loads(text)["permuted"] for text in residual["info"]]
    found = found.reset_index().astype({"bits": int, "parameters": int})
    found["language"] = [Language.of(name).name for name in found["dataset"]]
    return found.sort_values(RUN, ignore_index=True)
