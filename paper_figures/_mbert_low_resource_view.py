"""What the low-resource study is read by: models and languages of rows, gains over sentences, coverage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.mbert_low_resource import (
    ASKED,
    CLASSES,
    LABELLED,
    LONG,
    LOOKS,
    NER,
    PAIRS,
    POS,
    SETTINGS,
    SPANS,
    STUDY,
    TEXTS,
    WHOLE,
)

from probekit.report import NotTestable, apart, as_found, ends, if_run, mean_sample
from probekit.report.view import by_kind, remembered
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.scores.wiki_sizes import SIZES
from probekit.specs import parse

from ._tagging_view import TaggedView, told

PARSING, TREES = "word/dependency", ("las", "uas")
METRICS = {NER: "span_f1", POS: "accuracy", "uas": "uas", "las": "las"}  # by task, as the figures call it
TASKS = {NER: "entities (F1)", POS: "word classes (accuracy)", "uas": "UAS", "las": "LAS"}
UNTRAINED, OWN, PAIR, STRANGER, MANY = "untrained", "own text", "with a relative", "with a stranger", "eight languages"
TOGETHER = "three African languages"
MIXED = (OWN, PAIR, STRANGER, TOGETHER, MANY)
REAL, BASELINE = "multilingual encoder", "baseline"
LINEAR, SUBWORDS = "look of words", "sub-word vectors"  # the baselines
WORDS = "words between blanks"
TAUGHT = [f"{model}, {source}" for source in ("English", "a relative") for model in (REAL, LINEAR)]
ORDER = (LINEAR, SUBWORDS, UNTRAINED, *MIXED, *SETTINGS, REAL)
UNSEEN = ("yo", "wo", "bm", "pcm", "hsb", "bxr")  # by the pretraining of the real encoder
NAMES = {"af": "Afrikaans", "lv": "Latvian", "yo": "Yoruba"}
ALONE = (*NAMES, "wo", "bm")  # languages that were pretrained on alone


def _bases() -> dict[str, str]:
    """Language of each corpus by its name without steps."""
    every = {text: code for code, text in TEXTS.items()}
    for banks in (WHOLE, CLASSES, {code: bank for code, (bank, _) in ASKED.items()}):
        every |= {bank: code for code, bank in banks.items()}
    found = {text.partition("|")[0]: code for text, code in every.items()}
    return found | {f"{kind}-{one}": one for kind, codes in SPANS.items() for one in codes}


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
    steps = int(spec.kwargs.get("steps", 1000))
    alone = UNTRAINED if steps == 1 else OWN
    kinds = {0: alone, 1: PAIR if beside == [PAIRS.get(own)] else STRANGER, 2: TOGETHER}
    model = kinds.get(len(beside), MANY)
    for name, options in SETTINGS.items():
        if options.items() <= spec.kwargs.items():
            model = name
    look, text = int(spec.kwargs.get("look", 0)), sampled(str(spec.target))
    return {**found, "model": model, "steps": steps, "look": look, "text": text}


def asked_of(task: str) -> dict[str, str]:
    """Task and metric of the rows of a task, as the figures call it."""
    return {"task": PARSING if task in TREES else task, "metric": METRICS[task]}


KIND = ("model", "code", "source", "at", "learn", "text", "n", "steps", "look")  # what says which tagger it is


@dataclass(eq=False, kw_only=True)
class LowResourceView(TaggedView):
    """Rows with the columns of KIND: model, language, the language learned from, layer, whether all weights learn,
    sentences of text, labelled sentences, steps, look. moved: rows of treebanks that are only tested."""

    moved: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def transferred(self) -> LowResourceView:
        """What was taught on one language and asked about another, as a view of its own. Raises NotTestable."""
        if self.moved.empty:
            raise NotTestable("the part transfer was not run")
        return LowResourceView(self.moved, self.mark, self.title, folder=self.folder)

    @remembered
    def sample(self, what: str = "f1", **where: Any) -> tuple[Floats, int]:
        """As of all taggers; of word classes, whose predictions are kept, their accuracy, the mean over seeds.

        Raises NotTestable, and where more than one tagger is asked for.
        """
        if where.get("task") != POS:
            return super().sample(what, **where)
        lines = self.below("predictions", **{"task": POS, "metric": METRICS[POS], **where})
        kinds = self.rows[self.rows["key"].isin(lines["key"].unique())][list(KIND)].drop_duplicates()
        if len(kinds) > 1:
            raise NotTestable(f"{len(kinds)} taggers are {where}; say which")
        right = lines["gold"].eq(lines["predicted"])[lines["gold"].ne("")]
        each = right.groupby(lines["group"]).agg(["mean", "size"])
        return mean_sample(each["mean"], each["size"]), len(each)

    def scored(self, task: str, code: str, model: str) -> Comparison:
        """Score of a model of a language, drawn once, with its interval. Raises NotTestable."""
        where = {**self.where(task, code, model), "seed": 0}
        return as_found(self.row(**where), "word") if task in TREES else self.score(**where)

    def gain(self, task: str, code: str, model: str, over: str) -> Comparison:
        """One model of a language less another: paired over sentences; attachment as if apart. Raises NotTestable.

        The mean over the seeds that both have.
        """
        a, b = (self.where(task, code, one) for one in (model, over))
        drawn = [set(self.needs(**one)["seed"]) for one in (a, b)]
        a["seed"] = b["seed"] = sorted(drawn[0] & drawn[1])
        return apart(self.row(**a), self.row(**b), "word") if task in TREES else self.gap(a, b)

    def after_steps(self, steps: int, layer: str, text: int = 0) -> Comparison:
        """Word classes of Yoruba after steps of the long pretraining less those of none. Raises NotTestable.

        text: sentences of it, 0 for all.
        """
        where = {"task": POS, "code": "yo", "learn": False, "at": layer, "text": text}
        own = {**where, "model": OWN, "steps": LONG, "look": steps * LOOKS // LONG}
        return self.gap(own, {**where, "model": UNTRAINED})

    def where(self, task: str, code: str, model: str) -> dict[str, Any]:
        """Selects the tagger, or parser, of a model; of the real encoder the one of the best development score: over a
        frozen layer, or tuned."""
        where = {"code": code, "model": model, "learn": False, "look": 0, "n": LABELLED, "at": "last"}
        if model == BASELINE:
            where["model"] = self.better_baseline(task, code)
        if model == REAL:
            best = self.best(task, code, model=REAL)
            where |= {"at": str(best["at"]), "learn": bool(best["learn"])}
        return {**asked_of(task), **where} if task in TREES else {"task": task, **where}

    def better_baseline(self, task: str, code: str) -> str:
        """The baseline that is better on development data. Raises NotTestable."""
        return str(self.best(task, code, model=[LINEAR, SUBWORDS])["model"])

    def best(self, task: str, code: str, **where: Any) -> pd.Series:
        """The row of the best development score. Raises NotTestable."""
        rows = self.needs(**asked_of(task), code=code, n=LABELLED, **where)
        name = "dev_las" if task in TREES else "dev_score"
        return rows.iloc[int(np.argmax([told(row)[name] for row in rows.to_dict("records")]))]

    def languages(self, task: str) -> list[str]:
        """Languages of the real encoder with a baseline, by WikiSize, those without one first."""
        rows = self.needs(**asked_of(task), model=REAL)
        beside = {LINEAR, SUBWORDS}
        found = {c for c in rows["code"] if beside & set(self.only(**asked_of(task), code=c, n=LABELLED)["model"])}
        return sorted(found, key=lambda code: (SIZES.get(code, 0), code))

    def placed(self, task: str) -> pd.DataFrame:
        """Of each language its WikiSize (NaN: none known), both scores, their difference with its interval, in %."""
        found = []
        for code in self.languages(task):
            real, base = (100 * self.scored(task, code, model).difference for model in (REAL, BASELINE))
            best, gap = self.best(task, code, model=REAL), self.gain(task, code, REAL, BASELINE)
            line = {"language": code, "WikiSize": SIZES.get(code, np.nan), "in its pretraining": code not in UNSEEN}
            line |= {
                "layer": "tuned" if best["learn"] else best["at"],
                "real": real,
                "baseline": base,
                "which": self.better_baseline(task, code),
            }
            line |= {**ends(gap, "difference"), "sentences": np.nan if task in TREES else gap.n}  # trees: by word
            found.append({**line, "layer chosen by (sentences)": LABELLED - told(best)["sentences_train"]})
        return pd.DataFrame(found)

    def tuned(self, task: str, code: str) -> dict[str, float]:
        """The real encoder tuned, and what that gains over its best frozen layer by development data, in points.

        Raises NotTestable.
        """
        best = [self.best(task, code, model=REAL, learn=learn) for learn in (True, False)]
        shared = {**(asked_of(task) if task in TREES else {"task": task}), "code": code, "model": REAL, "n": LABELLED}
        a, b = ({**shared, "learn": bool(row["learn"]), "at": str(row["at"])} for row in best)
        gain = apart(self.row(**a), self.row(**b), "word") if task in TREES else self.gap(a, b)
        values = {name: 100 * float(row["value"]) for name, row in zip(("tuned", "frozen"), best, strict=True)}
        return {**values, **ends(gain, "gain")}

    def every_tuned(self) -> pd.DataFrame:
        """The same of every task and language. Raises NotTestable."""
        found = [
            {"task": name, "language": code, "WikiSize": SIZES.get(code, np.nan), **line}
            for task, name in TASKS.items()
            for code in self.languages(task)
            if (line := if_run(self.tuned, task, code)) is not None
        ]
        if not found:
            raise NotTestable("the part real-tuned was not run")
        return pd.DataFrame(found)

    def every_placed(self) -> dict[str, pd.DataFrame]:
        """The same of each task that was run. Raises NotTestable where none was."""
        found = {task: table for task in METRICS if (table := if_run(self.placed, task)) is not None and len(table)}
        if not found:
            raise NotTestable("the real encoder was not set beside a baseline")
        return found

    def transferred_by_task(self) -> pd.DataFrame:
        """Of each language, source and task the layer that is best on development data of the source, %.

        Raises NotTestable.
        """
        zero, found = self.transferred, []
        for code, (_, relative) in ASKED.items():
            for source in filter(None, ("en", relative)):
                for task, name in TASKS.items():
                    for model in (REAL, LINEAR):
                        if (row := if_run(zero.best, task, code, model=model, source=source)) is not None:
                            taught = f"{model}, {'English' if source == 'en' else 'a relative'}"
                            size = {
                                "language": code,
                                "source": source,
                                "task": name,
                                "taught": taught,
                                "layer": row["at"],
                            }
                            three = zip(("value", "low", "high"), row[["value", "ci_low", "ci_high"]], strict=True)
                            found.append({**size, **{end: 100 * value for end, value in three}})
        return pd.DataFrame(found)

    def coverage(self) -> pd.DataFrame:
        """Share of each vocabulary that occurs more than `step` times in the text of a language, by code and model.

        Of the real encoder's the pieces that occur, as the paper; words between blanks as a model. Raises NotTestable.
        """
        lines = self.below("curve", task="vocabulary", metric="vocabulary_size", steps=[0, 1])
        wanted = pd.Series(np.where(lines["model"].eq(REAL), "occurring", "all"), index=lines.index)
        words = lines[lines["series"].eq("words") & lines["model"].eq(UNTRAINED)].assign(model=WORDS)
        return pd.concat([words, lines[lines["series"].eq(wanted)]])


@STUDY.view
def low_resource_views(df: pd.DataFrame) -> Iterator[LowResourceView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        rows = one.rows
        about = pd.DataFrame([described(name) for name in rows["encoder"]], index=rows.index)
        texts = [parse(name).target or "" for name in rows["encoder"]]
        codes = [language(name or text) for name, text in zip(rows["dataset"], texts, strict=True)]
        labelled = rows["trained_on"].where(rows["trained_on"].ne(""), rows["dataset"])
        rows = rows.join(about).assign(code=codes, n=labelled.map(sampled), source=labelled.map(language))
        only_tested = rows["dataset"].str.partition("|")[0].isin([bank for bank, _ in ASKED.values()])
        yield LowResourceView(rows[~only_tested], one.mark, one.title, moved=rows[only_tested])
