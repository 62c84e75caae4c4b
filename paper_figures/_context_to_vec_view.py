"""Rows of the retrofitting study as figures, tables and claims read them: what was done to a table, paired gains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.context_to_vec import FEWER, KERNEL, SETS, STUDY, UNIFORM

from probekit.report import NotTestable, View, ends, estimate, mean_sample, metric_samples
from probekit.report.view import by_kind, matching, remembered
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.specs import Spec, parse

from ._tagging_view import TaggedView

NONE, RANDOM = "none", "random edges"
NAMES = {"glove": "GloVe", "word2vec": "word2vec"}
SKIP_GRAM, CONTEXT, CBOW, GLOVE, FASTTEXT = (f"{name}, trained here" for name in (
    "Skip-gram", "Skip-gram(context)", "CBOW", "GloVe", "fastText"
))  # fmt: skip
CENTRE, OURS, FITTED = "MiniLM+Skip-gram", "Context-to-Vec", "Context-to-Vec + retrofitting"
AVERAGED = {"token": "MiniLM_token", "word": "MiniLM_word", "avg": "MiniLM_avg"}
STATIC = (SKIP_GRAM, CONTEXT, CBOW, GLOVE, FASTTEXT)
TRAINED = (*STATIC, *AVERAGED.values(), CENTRE, OURS, FITTED)  # the first system's tables, as Table 1 orders them
CHANCE = "random vectors"
SHORT = {
    CHANCE: "random", SKIP_GRAM: "SG", CONTEXT: "SG-ctx", CBOW: "CBOW", GLOVE: "GloVe", FASTTEXT: "fastText",
    AVERAGED["token"]: "token", AVERAGED["word"]: "word", AVERAGED["avg"]: "avg", CENTRE: "centre", OURS: "C2V",
    FITTED: "C2V+r",
}  # fmt: skip
OF_FEWER = {"minilm": "MiniLM, 1,000 sentences", "hf": "MPNet, 1,000 sentences"}
TASKS = {"conll2000": "chunking", "uner-english-ewt": "ner", "ud-english-ewt": "pos tagging"}  # by corpus
GOOGLE, SEMEVAL = "Google", "SemEval-2012"
LEAST = 30  # covered pairs or words below which a set carries no verdict of these tables
LEXICONS = {"ppdb-xl": "PPDB", "framenet": "FrameNet", "open-english-wordnet": "WordNet"}
SET_NAMES = dict(zip(SETS, ("WS353", "WS353S", "WS353R", "SimLex-999", "RW", "MEN", "RG65"), strict=True))
CATEGORY_NAMES = {"ap": "AP", "battig": "Battig", "essli-nouns": "ESSLLI(N)", "essli-verbs": "ESSLLI(V)"}
USUAL_NU, USUAL_SWEEPS = 100.0, 10
# Of the answers to a benchmark of each kind; of what unit.
SAMPLES: dict[str, Callable[[pd.DataFrame], Floats]] = {
    "similarity": lambda own: metric_samples("spearman", own["gold"].astype(float), {"": own["score"]})[""],
    "categories": lambda own: mean_sample(own["gold"].astype(str).eq(own["predicted"].astype(str))),
    "relation": lambda own: mean_sample(own["score"]),
    "analogy": lambda own: mean_sample(own["right"] / own["n"], own["n"]),
    "offsets": lambda own: mean_sample(own["score"]),
}
UNITS = {"similarity": "pair", "categories": "word", "relation": "relation", "analogy": "question", "offsets": "pair"}


def done_to(encoder: str) -> dict[str, Any]:
    """Table, form, lexicon, degrees of freedom and sweeps of an encoder."""
    spec = parse(encoder)
    found: dict[str, Any] = {"form": NONE, "lexicon": "", "nu": USUAL_NU, "sweeps": USUAL_SWEEPS}
    if name := trained_here(spec):
        return {"table": name, **found}
    name = str(spec.target) if spec.name == "static" else spec.name
    found["table"] = NAMES.get(name, name)
    for step in spec.steps:
        found |= _step(step)
    return found


def trained_here(spec: Spec) -> str:
    """The name of a table of the first system or what stands beside it, "" for any other."""
    last = spec.steps[-1].name if spec.steps else ""
    if spec.name == "skip-gram":
        return CONTEXT if last == "context" else SKIP_GRAM
    if spec.name == "contextual":
        return AVERAGED[spec.kwargs.get("how", "avg")]
    if spec.name == "context-to-vec":
        if FEWER in str(spec.kwargs["corpus"]):
            return OF_FEWER[parse(str(spec.target)).name]
        if "layer" in spec.kwargs:
            return f"{OURS}, layer {spec.kwargs['layer']}"
        return FITTED if last == "retrofit" else CENTRE if spec.kwargs.get("neighbours") is False else OURS
    if spec.name == "word2vec" and spec.kwargs.get("algorithm") == "cbow":
        return CBOW
    return {"glove-model": GLOVE, "fasttext": FASTTEXT}.get(spec.name, "")


def read_by(tagger: str) -> str:
    """The table that a tagger reads."""
    (given,) = parse(tagger).kwargs["inputs"]
    plain = parse(str(given).removesuffix("|standardize"))
    return CHANCE if plain.name == "gaussian" else trained_here(plain)


def _step(step: Spec) -> dict[str, Any]:
    given = step.kwargs
    if step.name != "retrofit":
        return {"form": f"order {float((*step.args, *given.values())[0]):+g}" if "order" in step.name else str(step)}
    lexicon = str(given["lexicon"])
    return {
        "form": RANDOM if "rewired" in given else given.get("weights", KERNEL),
        "lexicon": LEXICONS.get(lexicon, lexicon),
        "nu": float(given.get("nu", USUAL_NU)),
        "sweeps": int(given.get("sweeps", USUAL_SWEEPS)),
    }


def asked(task: str) -> dict[str, str]:
    """Kind and items of a benchmark, and the lexicon whose pairs are left out."""
    spec = parse(task)
    kind, _, name = spec.name.partition("/")
    lexicon = str(spec.kwargs.get("without", ""))
    return {
        "kind": kind,
        "set": {**SET_NAMES, **CATEGORY_NAMES}.get(name, spec.target or name),
        "without": LEXICONS.get(lexicon, lexicon),
    }


@dataclass(eq=False, kw_only=True)
class RetrofitView(View):
    """lines: rows with what was done to which table (`done_to`) and what was asked (`asked`); those of taggers are in
    `taggers`, with the table that each reads (`reads`) and its task (`set`)."""

    lines: pd.DataFrame
    _samples: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def taggers(self) -> TaggedView:
        rows = self.rows[self.rows["task_group"].eq("tagging")]
        if rows.empty:
            raise NotTestable("the part of taggers (--axis part=tagged) was not run")
        about = {"reads": rows["encoder"].map(read_by), "set": rows["dataset"].str.partition("|")[0].map(TASKS)}
        return TaggedView(rows.assign(**about), self.mark, self.title, folder=self.folder)

    @cached_property
    def table_of(self) -> pd.Series:
        """The table that each key is of."""
        return self.lines.drop_duplicates("key").set_index("key")["table"]

    @property
    def n(self) -> int:
        """Pairs of the similarity sets, each as the table that covers most has it."""
        rows = self.lines[self.lines["kind"].eq("similarity")]
        return int(rows.groupby("set")["n_test"].max().sum())

    @property
    def sets(self) -> list[str]:
        """The similarity sets that were asked, in the paper's order."""
        there = set(self.lines[self.lines["kind"].eq("similarity")]["set"])
        return [name for name in SET_NAMES.values() if name in there]

    def named(self, column: str, names: Iterable[str]) -> list[str]:
        """Those of some values that there are, and then others."""
        there = list(dict.fromkeys(one for one in self.lines[column] if one))
        return [one for one in names if one in there] + [one for one in there if one not in set(names)]

    @property
    def tables(self) -> list[str]:
        """The tables that are retrofitted, those of the first system left out."""
        others = {*TRAINED, *OF_FEWER.values()}
        return [name for name in self.named("table", NAMES.values()) if name not in others and OURS not in name]

    @property
    def trained(self) -> list[str]:
        """The tables of the first system that are here. Raises NotTestable where there are none."""
        there = set(self.lines["table"][self.lines["kind"].eq("similarity")])
        found = [name for name in TRAINED if name in there]
        if OURS not in found:
            raise NotTestable("the part of the first system (--axis part=trained) was not run")
        return found

    def enough(self, kind: str = "similarity") -> list[str]:
        """Sets of which the tables of the first system cover enough items."""
        _ = self.trained  # says what is missing
        rows = self.scores(kind=kind, table=OURS).drop_duplicates("set")
        return [str(name) for name in rows[rows["n_test"].ge(LEAST)]["set"]]

    def over(self, a: str, b: str, kind: str = "similarity") -> dict[str, Comparison]:
        """What one table of the first system has over another, by set with enough items."""
        return {name: self.gain({"table": a}, {"table": b}, kind=kind, set=name) for name in self.enough(kind)}

    def mean_over(self, a: str, b: str, kind: str = "similarity") -> Comparison:
        """Mean of these gains over the sets."""
        names = self.enough(kind)
        return self.gain({"table": a, "set": names}, {"table": b, "set": names}, kind=kind)

    def mean_score(self, table: str, kind: str = "similarity") -> Comparison:
        """Mean score of a table of the first system over the sets with enough items."""
        each = [self.scores(kind=kind, table=table, set=name) for name in self.enough(kind)]
        n = sum(int(lines["n_test"].iloc[0]) for lines in each)
        return estimate(np.mean([self.over_seeds(lines) for lines in each], axis=0), n, UNITS[kind])

    def tables_of(self, **where: Any) -> list[str]:
        """Those tables that have such scores."""
        there = set(self.scores(**where)["table"])
        return [name for name in self.tables if name in there]

    @property
    def lexicons(self) -> list[str]:
        return self.named("lexicon", LEXICONS.values())

    @remembered
    def scores(self, **where: Any) -> pd.DataFrame:
        """Lines of these values; of the usual degrees of freedom and sweeps, of whole sets, where nothing else is said.

        Raises NotTestable where there are none.
        """
        usual = {"kind": "similarity", "subset": None, "nu": USUAL_NU, "sweeps": USUAL_SWEEPS, "without": None}
        found = matching(self.lines, {**usual, **where})
        if found.empty:
            raise NotTestable(f"nothing was run of {', '.join(str(one) for one in where.values() if one)}")
        return found

    def sample(self, line: Any) -> Floats:
        """A score over its items, then over 1,000 resamples of them: rated pairs, words, relations, groups of
        analogies."""
        key, kind = str(line["key"]), line["kind"]
        if key not in self._samples:
            own = self.by_key("groups" if kind == "analogy" else "predictions").get(key)
            if own is None:
                raise NotTestable("answers to single items were not kept of all scores")
            self._samples[key] = SAMPLES[kind](own)
        return self._samples[key]

    @remembered
    def gain(self, after: dict[str, Any], before: dict[str, Any], **shared: Any) -> Comparison:
        """Difference of two scores on the same items; the mean over sets where several are asked, and over seeds.

        after, before: as for `scores`, and what both share. Items of each set are resampled for both sides at once,
        sets by themselves. Raises NotTestable where a set has one side alone, or the sides have other items.
        """
        sides = [dict(iter(self.scores(**{**shared, **side}).groupby("set", sort=False))) for side in (after, before)]
        if set(sides[0]) != set(sides[1]):
            raise NotTestable("the two sides were not asked the same sets")
        pairs = [[side[name] for side in sides] for name in sides[0]]
        sizes = [{int(n) for side in pair for n in side["n_test"]} for pair in pairs]
        if any(len(found) > 1 for found in sizes):
            raise NotTestable("the two sides were not asked the same items")
        drawn = [self.over_seeds(first) - self.over_seeds(second) for first, second in pairs]
        n, kind = sum(min(found) for found in sizes), shared.get("kind", "similarity")
        return estimate(np.mean(drawn, axis=0), n, UNITS[kind])

    def over_seeds(self, lines: pd.DataFrame) -> Floats:
        """The mean of the samples of some lines, each key once."""
        each = lines[["key", "kind"]].drop_duplicates("key").to_dict("records")
        return np.asarray(np.mean([self.sample(line) for line in each], axis=0))

    def gains(self, form: str, before: str = NONE, kind: str = "similarity", **where: Any) -> dict[str, Comparison]:
        """Gain of a form over another by set, of one table and lexicon."""
        shared = {"kind": kind, **{name: where[name] for name in where if name != "lexicon"}}
        after, first = self.form(form, where.get("lexicon")), self.form(before, where.get("lexicon"))
        names = self.scores(**shared, **after)["set"].drop_duplicates()
        return {name: self.gain(after, first, **{**shared, "set": name}) for name in names}

    def form(self, form: str, lexicon: str | None) -> dict[str, Any]:
        """What selects a form: of a lexicon, or of none where it takes none."""
        takes = form in (UNIFORM, KERNEL, RANDOM)
        return {"form": form, "lexicon": lexicon if takes else None}

    def mean_gain(self, form: str, before: str = NONE, kind: str = "similarity", **where: Any) -> Comparison:
        """Mean of these gains over the sets."""
        shared = {"kind": kind, **{name: where[name] for name in where if name != "lexicon"}}
        return self.gain(self.form(form, where.get("lexicon")), self.form(before, where.get("lexicon")), **shared)


def counted(found: Comparison) -> dict[str, float]:
    """A gain with its interval and what it is over."""
    return {**ends(found), "n": found.n}


def called(name: str) -> str:
    """A set as the paper calls it."""
    return {"google": GOOGLE, "semeval-2012": SEMEVAL}.get(name, name)


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[RetrofitView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        rows = one.rows[one.rows["task_group"].ne("tagging")]
        about = [
            {**asked(task), **done_to(encoder)} for task, encoder in zip(rows["task"], rows["encoder"], strict=True)
        ]
        lines = pd.concat([rows, pd.DataFrame(about, index=rows.index)], axis=1)
        yield RetrofitView(one.rows, one.mark, one.title, lines=lines)
