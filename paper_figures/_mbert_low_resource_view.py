"""What the low-resource study is read by: models and languages of rows, gains over sentences, the grid of sizes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.mbert_low_resource import (
    CLASSES,
    GRID_STEPS,
    LABELLED_SIZES,
    MASAKHANER,
    NER,
    PAIRS,
    POS,
    SETTINGS,
    STUDY,
    TEXT_SIZES,
    TEXTS,
    WHOLE,
    WIKIANN,
)

from probekit.report import NotTestable, apart, as_found, estimate, if_run, mean_sample
from probekit.report.view import is_generated, prepared
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.scores.wiki_sizes import SIZES
from probekit.specs import parse

from ._tagging_view import UNIT, TaggedView, told

PARSING, METRICS = "word/dependency", {NER: "span_f1", POS: "accuracy"}
UNTRAINED, OWN, PAIR, STRANGER, MANY = "untrained", "own text", "with a relative", "with a stranger", "eight languages"
MIXED = (OWN, PAIR, STRANGER, MANY)
REAL, BASELINE = "multilingual encoder", "baseline"
LINEAR, SUBWORDS = "look of words", "sub-word vectors"  # the baselines
ORDER = (LINEAR, SUBWORDS, UNTRAINED, *MIXED, *SETTINGS, REAL)
UNSEEN = ("yo", "wo", "bm", "pcm")  # by the pretraining of the real encoder
NAMES = {"af": "Afrikaans", "lv": "Latvian", "yo": "Yoruba"}


def _bases() -> dict[str, str]:
    """Language of each corpus by its name without steps."""
    every = {text: code for code, text in TEXTS.items()}
    for banks in (WHOLE, CLASSES):
        every |= {bank: code for code, bank in banks.items()}
    found = {text.partition("|")[0]: code for text, code in every.items()}
    return found | {f"wikiann-{one}": one for one in WIKIANN} | {f"masakhaner-{one}": one for one in MASAKHANER}


BASES = _bases()


@cache
def language(name: str) -> str:
    """Code of the language of a corpus by the name of a row."""
    return BASES.get(name.partition("|")[0].partition("(")[0], name)


@cache
def sampled(name: str) -> int:
    """Sentences that a corpus was sampled to; 0 for all."""
    return int(name.rpartition("sample(n=")[2].partition(")")[0]) if "sample(n=" in name else 0


@cache
def described(encoder: str) -> dict[str, Any]:
    """Of the encoder or tagger of a row: model, text (sentences of a sample), look, steps, layer, whether it learns."""
    spec = parse(encoder)
    found: dict[str, Any] = {"learn": False, "at": "", "text": 0, "look": 0, "steps": 0}
    if spec.name in ("tagger", "parser"):
        inner = described(str(spec.kwargs["inputs"][0]))
        layer = str(spec.kwargs.get("layer", "last"))
        learn = bool(spec.kwargs.get("learn", False)) and inner["model"] != SUBWORDS
        return {**inner, "at": layer, "learn": learn}
    if spec.name in ("subwords", "shapes"):
        return {**found, "model": SUBWORDS if spec.name == "subwords" else LINEAR, "at": "last"}
    if spec.name != "pretrained":
        return {**found, "model": REAL}
    own, beside = language(str(spec.target)), [language(one) for one in spec.kwargs.get("beside", [])]
    kinds = {0: OWN, 1: PAIR if beside[:1] == [PAIRS.get(own)] else STRANGER}
    model = kinds.get(len(beside), MANY)
    steps = int(spec.kwargs.get("steps", 1000))
    for name, options in SETTINGS.items():
        if all(spec.kwargs.get(option) == value for option, value in options.items()):
            model = name
    if steps == 1 and model == OWN:
        model = UNTRAINED
    return {
        **found,
        "model": model,
        "steps": steps,
        "look": int(spec.kwargs.get("look", 0)),
        "text": sampled(str(spec.target)),
    }


@dataclass(eq=False, kw_only=True)
class LowResourceView(TaggedView):
    """Rows with the columns model, code (language), at (layer), learn, text, n (labelled sentences), steps, look."""

    def score_sample(self, task: str, **where: Any) -> tuple[Floats, int]:
        """Accuracy or span F1 as a sample over sentences. Raises NotTestable."""
        if task == NER:
            return self.sample("f1", task=NER, **where)
        lines = self.below("predictions", task=task, metric="accuracy", **where)
        if lines["key"].nunique() > 1:
            raise NotTestable(f"{lines['key'].nunique()} taggers are {where}; say which")
        right = lines["gold"].eq(lines["predicted"])[lines["gold"].ne("")]
        each = right.groupby(lines["group"]).agg(["mean", "size"])
        return mean_sample(each["mean"], each["size"]), len(each)

    def less(self, task: str, a: dict[str, Any], b: dict[str, Any]) -> Comparison:
        """Score of one selection less another's: paired over sentences; attachment as if apart. Raises NotTestable."""
        if task in ("las", "uas"):
            left, right = (self.row(task=PARSING, metric=task, **where) for where in (a, b))
            return apart(left, right, "word")
        (one, n), (other, m) = self.score_sample(task, **a), self.score_sample(task, **b)
        if n != m:
            raise NotTestable(f"{n} and {m} sentences were asked: the two are not paired")
        return estimate(one - other, n, UNIT)

    def scored(self, task: str, code: str, model: str) -> Comparison:
        """Score of a model of a language with its interval. Raises NotTestable."""
        if task in ("las", "uas"):
            return as_found(self.row(task=PARSING, metric=task, **self.where(task, code, model)), "word")
        return estimate(*self.score_sample(task, **self.where(task, code, model)), UNIT)

    def gain(self, task: str, code: str, model: str, over: str) -> Comparison:
        """One model of a language less another on a task. Raises NotTestable."""
        return self.less(task, self.where(task, code, model), self.where(task, code, over))

    def where(self, task: str, code: str, model: str) -> dict[str, Any]:
        """Selects the tagger, or parser, of a model; of the real encoder the layer of the best development score."""
        where = {"code": code, "model": model, "learn": False, "look": 0}
        if model == BASELINE:
            where["model"] = SUBWORDS if task in ("las", "uas") else self.better_baseline(task, code)
        if task in ("las", "uas"):
            return where
        return {**where, "at": self.best_layer(task, code) if model == REAL else "last"}

    def best_layer(self, task: str, code: str) -> str:
        """The layer of the real encoder that is best on development data. Raises NotTestable."""
        return str(self._best(task, code, model=REAL)["at"])

    def better_baseline(self, task: str, code: str) -> str:
        """The baseline that is better on development data. Raises NotTestable."""
        return str(self._best(task, code, model=[LINEAR, SUBWORDS])["model"])

    def _best(self, task: str, code: str, **where: Any) -> pd.Series:
        rows = self.needs(task=task, code=code, metric=METRICS[task], learn=False, **where)
        return rows.iloc[int(np.argmax([told(row)["dev_score"] for row in rows.to_dict("records")]))]

    def learned(self, task: str, code: str) -> Comparison:
        """The own model less the untrained one: whether pretraining taught it anything."""
        return self.gain(task, code, OWN, UNTRAINED)

    def languages(self, task: str) -> list[str]:
        """Languages of the real encoder with a baseline, by WikiSize, those without one first."""
        rows = self.needs(task=task, model=REAL, metric=METRICS[task])
        found = [
            code
            for code in dict.fromkeys(rows["code"])
            if len(self.only(task=task, code=code, model=[LINEAR, SUBWORDS]))
        ]
        return sorted(found, key=lambda code: (SIZES.get(code, 0), code))

    def real_less_baseline(self, task: str, code: str) -> Comparison:
        return self.gain(task, code, REAL, BASELINE)

    def placed(self, task: str) -> pd.DataFrame:
        """Of each language its WikiSize (NaN: none known), both scores, their difference with its interval."""
        found = []
        for code in self.languages(task):
            real, base = (self.score_sample(task, **self.where(task, code, m))[0][0] for m in (REAL, BASELINE))
            gap = self.real_less_baseline(task, code)
            line = {"language": code, "WikiSize": SIZES.get(code, np.nan), "seen": code not in UNSEEN}
            line |= {"layer": self.best_layer(task, code), "real": real}
            line |= {"baseline": base, "which": self.better_baseline(task, code)}
            found.append({**line, "difference": gap.difference, "low": gap.low, "high": gap.high, "n": gap.n})
        return pd.DataFrame(found)

    def every_placed(self) -> dict[str, pd.DataFrame]:
        """The same of each task that was run. Raises NotTestable where none was."""
        found = {task: table for task in METRICS if (table := if_run(self.placed, task)) is not None and len(table)}
        if not found:
            raise NotTestable("the real encoder was not set beside a baseline")
        return found

    def grid(self, tied: bool) -> pd.DataFrame:
        """F1 by language, sentences of text, labelled sentences and kinds of words in these. Raises NotTestable.

        tied: the cells where text and labelled sentences grow together, and a neighbour of these by language.
        """
        rows = self.needs(task=NER, metric="span_f1", steps=GRID_STEPS)
        words = self.needs(task="vocabulary", metric="word_kinds", steps=GRID_STEPS)
        kinds = {(row["code"], row["n"]): row["value"] for row in words.to_dict("records")}
        table = rows[["code", "text", "n", "value"]].assign(
            words=[kinds.get((row["code"], row["n"]), np.nan) for row in rows.to_dict("records")]
        )
        table = table.assign(
            **{
                "log2 training size": np.log2(table["n"]),
                "log2 training vocab": np.log2(table["words"]),
                "WikiSize": np.log2(table["text"]),
            }
        )
        kept = [_tied(row["code"], row["text"], row["n"]) or not tied for row in table.to_dict("records")]
        return table[np.array(kept)]


def _tied(code: str, text: int, n: int) -> bool:
    """Whether a cell is one where both sizes grow together, or the neighbour that stands for this language."""
    place = TEXT_SIZES.index(text), LABELLED_SIZES.index(n)
    neighbours = ((0, 1), (1, 0), (1, 2), (2, 1))
    return place[0] == place[1] or place == neighbours[WIKIANN.index(code) % len(neighbours)]


@STUDY.view
def low_resource_views(rows: pd.DataFrame) -> list[LowResourceView]:
    """Real data, and generated data, whose files are marked."""
    rows = prepared(rows)
    about = pd.DataFrame([described(name) for name in rows["encoder"]], index=rows.index)
    rows = rows.assign(**{str(name): about[name] for name in about})
    rows["code"] = [
        language(name or parse(encoder).target or "")
        for name, encoder in zip(rows["dataset"], rows["encoder"], strict=True)
    ]
    labelled = rows["trained_on"].where(rows["trained_on"].ne(""), rows["dataset"])
    rows["n"] = [sampled(name) for name in labelled]
    found = []
    for made, mark, title in ((False, "", "real data"), (True, "-generated", "generated data")):
        own = rows[is_generated(rows) == made]
        if len(own):
            found.append(LowResourceView(own, mark, title))
    return found
