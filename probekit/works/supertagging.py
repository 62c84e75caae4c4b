"""How well supertaggers tag: accuracy, unseen categories, whether the tags parse, dependencies of the parses.

    supertagging("try", ["pmb-en"], ["minilm"], ["softmax", "primitives(epochs=10)"], seeds=[0, 1, 2])

A head is trained on the split `train` of a corpus, its epoch chosen on `dev`, and asked about `dev` and `test`.
Sentences are parsed with one category a word. As in the study, a category that training lacks, or that is none, is
replaced before parsing by that of the plain tagger (`softmax`) of the same encoder, layer, options and seed, and
counted; the metrics that end in `_own` replace nothing. Dependencies are held against those of the parse of the gold
categories by the same parser; a sentence whose gold categories do not parse is left out of them, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from probekit import corpora, recipes, scores
from probekit.corpora.categories import BrokenCategory, is_category, parse, symbols
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.encoders.loading import describe as describe_encoder
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.grid.work import Answer, Cell, Question, works
from probekit.learners import depccg_parser, tagger_inputs
from probekit.learners.ccg_parsers import PARSERS, Parse, parser_named
from probekit.learners.supertagger import HEADS, KIND, SavedSupertagger, options
from probekit.learners.supertagger_data import TASK, categories_of
from probekit.scores.intervals import count_blocks, percentile
from probekit.scores.scoring import Score
from probekit.sources import parameters
from probekit.specs import Spec
from probekit.specs import parse as parse_spec

WORK, PLAIN, DRAWS = "supertagging", "softmax", 1000
# Bins of how often training has the right category.
FREQUENCIES = (("0", 0, 0), ("1-9", 1, 9), ("10-99", 10, 99), ("100+", 100, np.inf))
WORDS = pa.schema(
    [
        ("key", pa.string()),
        ("unit", pa.int32()),
        ("sentence", pa.int32()),
        ("right", pa.bool_()),
        ("frequency", pa.int32()),
    ]
)
PARSES = pa.schema(
    [("key", pa.string()), ("sentence", pa.int32()), ("parsed", pa.bool_()), ("parsed_own", pa.bool_())]
    + [(name, pa.int16()) for name in ("gold", "told", "shared")]
)
NOVEL = pa.schema(
    [(name, pa.string()) for name in ("key", "split", "gold", "told", "kind", "why")] + [("parsed", pa.bool_())]
)

TRAINED = pa.schema(
    [("key", pa.string()), ("category", pa.string()), ("count", pa.int32()), ("primitives", pa.int16())]
)


def supertagging(
    name: str,
    corpora: Sequence[str],
    encoders: Sequence[str],
    heads: Sequence[str] = tuple(HEADS),
    layers: Sequence[int | None] = (None,),
    seeds: Sequence[int] = (0,),
    parsers: Sequence[str] = ("chart",),
    keep: Sequence[str] = (),
) -> Grid:
    """A grid of heads (with options: `primitives(epochs=10)`) on layers of frozen encoders x corpora x seeds.

    layers: None is the last, or the only one. keep: `supertags` (which words are right), `parses` (of every sentence),
    `novel` (what was said that training lacks), `categories` (those of training, with their counts).
    """
    axes = {"dataset": corpora, "encoder": encoders, "layer": layers, "probe": heads, "seed": seeds, "parser": parsers}
    return Grid(name, WORK, axes, keep=list(keep))


def made(point: Mapping[str, Any], head: str = "") -> str:
    """Spec of the supertagger of a point, or of another head with the same options.

    Raises UnknownName or ProbekitError for a head or an option that is not there, and for options that are axes.
    """
    spec = parse_spec(point["probe"])
    if spec.name not in HEADS:
        raise UnknownName("head of a supertagger", spec.name, HEADS)
    axes = ("inputs", "layer", "head", "seed")
    for option in spec.kwargs:
        if option in axes or option not in parameters(options):
            known = ", ".join(name for name in parameters(options) if name not in axes)
            raise ProbekitError(f"'{spec}': {option} is no option of a head here; {known} are")
    layer = {} if point.get("layer") is None else {"layer": point["layer"]}
    kwargs = {**spec.kwargs, **layer, "inputs": [point["encoder"]], "head": head or spec.name}
    kwargs["seed"] = point.get("seed") or 0
    return recipes.of(Spec(KIND, str(point["dataset"]), spec.args, dict(sorted(kwargs.items())))).spec


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """The task, and the number of the layer that is read. Raises ProbekitError for a parser that is not installed."""
    if point.get("parser") == depccg_parser.NAME:
        depccg_parser.check_installed()
    asked = "last" if point.get("layer") is None else point["layer"]
    layer = tagger_inputs.layer_of(describe_encoder(point["encoder"]), asked)
    return {"task": TASK, "task_group": "syntax", "layer": layer, "language": ""}


@works.register(
    WORK,
    revision=1,
    summary="Supertaggers asked about a corpus",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder", "parser": tuple(PARSERS)},
    needs=lambda point: list(dict.fromkeys([made(point), made(point, PLAIN)])),
    columns=columns,
    tables={"supertags": WORDS, "parses": PARSES, "novel": NOVEL, "categories": TRAINED},
)
def answer_supertagging(cell: Cell) -> Answer:
    """Scores of one supertagger on the parts dev and test of a corpus, with intervals over sentences."""
    answer, corpus = Answer(), corpora.load_corpus(cell.shared["dataset"])
    parts = corpus.sentences["split"].astype(str)
    if not {"dev", "test"} & set(parts):
        name = describe_corpus(cell.shared["dataset"]).name
        raise ProbekitError(f"'{name}' has no split dev or test to ask about; cut one: {name}|resplit")
    for question in cell.questions:
        spec, plain = made(cell.shared), made(cell.shared, PLAIN)
        tagger = SavedSupertagger(recipes.folder(spec))
        beside = tagger if plain == spec else SavedSupertagger(recipes.folder(plain))
        for split in ("dev", "test"):
            if rows := np.flatnonzero((parts == split).to_numpy()).tolist():
                part = Asked(corpus, np.array(rows), tagger, beside, str(cell.shared["parser"]))
                _say(answer, question, part, split, recipes.found(spec))
        if "categories" in question.tables:
            counts = tagger.counts.items()
            answer.lines("categories", TRAINED, [(question.key, one, n, len(symbols(one))) for one, n in counts])
    return answer


def _say(answer: Answer, question: Question, part: Asked, split: str, of_training: Mapping[str, Any]) -> None:
    """Rows of one split; tables of the split test, and what was novel of both."""
    names = ("dev_score", "epochs", "best_epoch", "categories", "symbols", "train_losses")
    info = {name: of_training[name] for name in names if name in of_training}
    info["train_losses"] = [round(value, 5) for value in info.pop("train_losses")][-3:]
    info["design"] = dict(part.tagger.design)
    info["design"].pop("inputs")
    shared = {"split": split, "n_train": of_training["sentences_train"], "info": info}
    for metric, value in part.scored().items():
        of_words = metric == "accuracy" or metric.endswith("_rate")
        answer.row(question, metric, value, n_test=len(part.gold if of_words else part.rows), **shared)
    for name, low, high in FREQUENCIES:
        inside = (part.frequency >= low) & (part.frequency <= high)
        value = part.accuracy(inside)
        answer.row(question, "accuracy", value, subset=f"frequency={name}", n_test=int(inside.sum()), **shared)
    if "novel" in question.tables:
        answer.lines("novel", NOVEL, [(question.key, split, *line) for line in part.novelties()])
    if split == "test" and "supertags" in question.tables:
        four = (part.places, part.rows[part.sentence], part.right, part.frequency)
        lines = zip(*(values.tolist() for values in four), strict=True)
        answer.lines("supertags", WORDS, [(question.key, *line) for line in lines])
    if split == "test" and "parses" in question.tables:
        answer.lines("parses", PARSES, [(question.key, *line) for line in part.parsed_lines()])


@dataclass
class Asked:
    """What a supertagger says of some sentences, and what a parser makes of it."""

    corpus: Corpus
    rows: np.ndarray
    tagger: SavedSupertagger
    plain: SavedSupertagger
    parser: str

    def __post_init__(self) -> None:
        self.places = np.concatenate([np.arange(*self.corpus.offsets[row : row + 2]) for row in self.rows])
        self.lengths = self.corpus.lengths[self.rows]
        self.sentence = np.repeat(np.arange(len(self.rows)), self.lengths)
        self.gold = categories_of(self.corpus)[self.places]
        self.told, self.repaired = self.tagger.answers(self.corpus, self.rows)
        counts = self.tagger.counts
        self.frequency = np.array([counts.get(category, 0) for category in self.gold])
        self.right = self.told == self.gold
        self.malformed = np.array([not is_category(category) for category in self.told])
        self.unknown = np.array([category not in counts for category in self.told])

    @cached_property
    def replaced(self) -> np.ndarray:
        """Categories that go to the parser: those of the plain tagger where training lacks what was said."""
        if not self.unknown.any():
            return self.told
        plain, _ = self.plain.answers(self.corpus, self.rows)
        return np.where(self.unknown, plain, self.told)

    def _parses(self, categories: np.ndarray) -> list[Parse | None]:
        ends = np.cumsum(self.lengths)
        sentences = [categories[end - n : end].tolist() for end, n in zip(ends, self.lengths, strict=True)]
        return parser_named(self.parser)(sentences)

    @cached_property
    def of_gold(self) -> list[Parse | None]:
        """Parses of the right categories."""
        return self._parses(self.gold)

    @cached_property
    def of_replaced(self) -> list[Parse | None]:
        """Parses of what goes to the parser."""
        return self._parses(self.replaced)

    @cached_property
    def of_told(self) -> list[Parse | None]:
        """Parses of what was said, as it was said; None where that holds no category."""
        return self._parses(self.told) if self.unknown.any() else self.of_replaced

    def accuracy(self, inside: np.ndarray | None = None) -> Score:
        """Share of words that are right, of all or of some."""
        chosen = np.ones(len(self.gold), dtype=bool) if inside is None else inside
        if not chosen.any():
            return Score(np.nan, np.nan, np.nan, "none", "there is no such word")
        return scores.score("accuracy", self.gold[chosen], self.told[chosen], groups=self.sentence[chosen])

    def scored(self) -> dict[str, Score | float]:
        """Scores by name."""
        found: dict[str, Score | float] = {"accuracy": self.accuracy()}
        found["malformed_rate"] = share(self.malformed)
        found["novel_rate"] = share(self.unknown & ~self.malformed)
        found["replaced_rate"] = share(self.unknown)
        found["repaired_rate"] = self.repaired / len(self.gold)
        found["gold_coverage"] = self.coverage(self.of_gold)
        for name, parses in (("", self.of_replaced), ("_own", self.of_told)):
            found[f"coverage{name}"] = self.coverage(parses)
            found[f"dependency_f1{name}"] = micro_f1(self.tallies(parses))
        return found

    def coverage(self, parses: Sequence[Parse | None]) -> Score:
        """Share of sentences with a parse."""
        return share(np.array([one is not None for one in parses]))

    def tallies(self, parses: Sequence[Parse | None]) -> np.ndarray:
        """Dependencies of gold, of the parses and of both, (sentences, 3); -1 where gold has no parse."""
        found = np.full((len(parses), 3), -1, dtype=np.int64)
        for place, (gold, told) in enumerate(zip(self.of_gold, parses, strict=True)):
            if gold is not None:
                said = told or frozenset()
                found[place] = len(gold), len(said), len(gold & said)
        return found

    def parsed_lines(self) -> list[tuple[Any, ...]]:
        """Lines of the table `parses` without their key."""
        three = (self.of_replaced, self.of_told, self.tallies(self.of_replaced).tolist())
        return [
            (int(row), parsed is not None, own is not None, *tally)
            for row, parsed, own, tally in zip(self.rows, *three, strict=True)
        ]

    def novelties(self) -> list[tuple[Any, ...]]:
        """Lines of the table `novel` without key and split: what was said that training lacks."""
        found = []
        for place in np.flatnonzero(self.unknown):
            told, gold, why = str(self.told[place]), str(self.gold[place]), ""
            kind = "right" if told == gold else "wrong"
            try:
                parse(told)
            except BrokenCategory as broken:
                kind, why = "malformed", broken.why
            found.append((gold, told, kind, why, self.of_told[self.sentence[place]] is not None))
        return found


def share(happened: np.ndarray) -> Score:
    """How many of some things happened, with an interval for independent ones."""
    return scores.score("accuracy", np.full(len(happened), "yes"), np.where(happened, "yes", "no"))


def micro_f1(tallies: np.ndarray) -> Score:
    """F1 of dependencies over all sentences whose gold has a parse, with an interval over sentences."""
    kept = tallies[tallies[:, 0] >= 0].astype(np.float64)
    left = len(tallies) - len(kept)
    note = f"{left} sentences whose gold categories do not parse are left out" if left else ""
    if not kept[:, :2].sum():
        return Score(np.nan, np.nan, np.nan, "none", "there is no dependency")

    def f1(sums: np.ndarray) -> np.ndarray:
        found: np.ndarray = 2 * sums[2] / np.maximum(sums[0] + sums[1], 1)
        return found

    drawn = [f1(kept.T @ counts) for counts in count_blocks(len(kept), DRAWS, 0, len(kept))]
    low, high, more = percentile(np.concatenate(drawn), 0.95)
    method = f"bootstrap, {len(kept)} sentences, {DRAWS} resamples"
    return Score(float(f1(kept.sum(axis=0))), low, high, method, "; ".join(filter(None, (note, more))))
