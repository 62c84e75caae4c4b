"""How well taggers tag: scores on any corpus, what a gate of experts says, tallies of sentences for paired tests.

    tagging("try", ["tagger:wikineural-en|resplit(inputs=[glove])"], ["scitech-news"], seeds=[0, 1, 2])

A tagger is trained on the split `train` of its own corpus and asked about the split `test` of another, all of it where
there is none. The state is chosen on its own development data alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from probekit import corpora, recipes, rows, scores, tasks
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import has
from probekit.corpora.readers.timeml import TYPES
from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.grid.work import Answer, Cell, works
from probekit.learners.input_source import TakenUp
from probekit.learners.shapes import KIND as SHAPES
from probekit.learners.shapes import SavedShapes
from probekit.learners.tagger import SavedTagger
from probekit.learners.tagger_data import Sentences, check_repair, is_spans, repaired, spans
from probekit.scores.intervals import count_blocks, percentile
from probekit.scores.scoring import Score
from probekit.scores.spans import overlapping, strict, untyped
from probekit.specs import Spec, parse

WORK, TALLIES = "tagging", "tallies"
SCHEMA = pa.schema(
    [("key", pa.string()), ("sentence", pa.int32())]
    + [(name, pa.int16()) for name in ("gold", "predicted", "right", "found")]
)
SPAN_METRICS = ("span_f1", "untyped_span_f1", "untyped_span_recall", "type_given_span")
OVERLAPS = "overlaps"
OVERLAP_SCHEMA = pa.schema(
    [("key", pa.string()), ("sentence", pa.int32()), ("overlapping", pa.int16()), ("typed", pa.int16())]
)
TIMEX_METRICS = ("timex_relaxed", "timex_type")
OF_TRAINING = ("dev_score", "epochs", "best_epoch", "sentences_train")
SHOWN = 40  # sentences whose gate is kept: those with the most spans
DRAWS = 1000


def tagging(
    name: str,
    taggers: Sequence[str],
    on: Sequence[str],
    seeds: Sequence[int] = (0,),
    keep: Sequence[str] = (),
    trained_on: Sequence[str] = (),
    repair: str = "begin",
) -> Grid:
    """A grid of taggers (specs without a seed) x corpora they are trained on x corpora they are asked about x seeds.

    trained_on: corpora of which each tagger is trained; then taggers name none (`tagger(inputs=[minilm])`), else each
    its own. keep: `tallies` (of every sentence: of spans, else of words with a label), `tokens` (weights of the gate),
    `predictions` (of every word). repair: how answers that break the scheme of spans are read, `begin` or `final-type`
    (see `tag_schemes`); gold is read as it stands in its corpus.
    """
    check_repair(repair)
    encoders = [trained(tagger, corpus) for corpus in trained_on for tagger in taggers] if trained_on else list(taggers)
    axes: dict[str, Sequence[Any]] = {"dataset": list(on), "encoder": encoders, "seed": list(seeds)}
    if repair != "begin":
        axes["repair"] = [repair]
    return Grid(name, WORK, axes, keep=list(keep))


def trained(tagger: str, corpus: str) -> str:
    """Spec of a tagger trained on a corpus. Raises ProbekitError for one that names its corpus already."""
    spec = parse(tagger)
    if spec.target:
        raise ProbekitError(f"'{tagger}' names the corpus it is trained on; leave it out, or leave out trained_on")
    return str(Spec(spec.name, corpus, spec.args, spec.kwargs))


def made(point: Mapping[str, Any]) -> str:
    """Spec of the tagger, or parser, of a point with its seed. Raises ProbekitError for one that says its own."""
    spec = parse(point["encoder"])
    if "seed" in spec.kwargs:
        raise ProbekitError(f"'{spec}' says its seed, which is an axis of its own: give seeds=[...]")
    kwargs = {**spec.kwargs, "seed": point.get("seed") or 0}
    return recipes.of(Spec(spec.name, spec.target, spec.args, dict(sorted(kwargs.items())))).spec


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """The task that the tagger was taught, and on what."""
    spec = parse(point["encoder"])
    check_repair(repair_of(point))
    task = str(spec.kwargs.get("task", "word/bio:entity"))
    return {"task": task, "task_group": "tagging", "trained_on": describe_corpus(str(spec.target)).name}


def lacks(point: Mapping[str, Any]) -> str:
    """Why a corpus cannot be asked: it has not what the tagger is taught; "" where it has, or is not here yet."""
    source, spec = describe_corpus(point["dataset"]), parse(point["encoder"])
    task = tasks.get(str(spec.kwargs.get("task", "word/bio:entity")))
    if source.absent or source.needs:
        return ""
    asked = [task.spec.partition(":")[2].partition("(")[0]] if is_spans(task.spec) else task.requires
    missing = [name for name in asked if name not in has(source)]
    return f"'{source.name}' has no layer '{missing[0]}', which {task.spec} asks of it" if missing else ""


def repair_of(point: Mapping[str, Any]) -> str:
    """How answers that break the scheme of spans are read."""
    return str(point.get("repair") or "begin")


@works.register(
    WORK,
    revision=3,
    summary="Taggers asked about a corpus",
    threads=1,
    axes={"dataset": "corpus", "encoder": "recipe"},
    refuses=lacks,
    needs=lambda point: [made(point)],
    columns=columns,
    tables={TALLIES: SCHEMA, OVERLAPS: OVERLAP_SCHEMA},
)
def answer_tagging(cell: Cell) -> Answer:
    """Scores of one tagger on a corpus with intervals over sentences; of experts, what their gate says."""
    answer, corpus = Answer(), corpora.load_corpus(cell.shared["dataset"])
    repair = repair_of(cell.shared)
    for question in cell.questions:
        spec = made(cell.shared)
        tagger = opened(spec)
        asked = tested(corpus)
        data = tagger.sentences(corpus, asked)
        data.check_spans("test" if tested_part(corpus) == "test" else "asked")
        told = tagger.answers_to(data)
        of_training = recipes.found(spec)
        info = {name: of_training[name] for name in OF_TRAINING if name in of_training}
        if "repaired" in corpus.sentences:
            info["repaired"] = int(corpus.sentences["repaired"].to_numpy()[asked].sum())
        if unread := max((source.unread[corpus.digest] for source in data.sources), default=0.0):
            info["unread_words"] = unread
        if entries := sum(source.entries for source in data.sources if isinstance(source, TakenUp)):
            info["entries"] = entries
        if unseen := data.unseen:
            info["unseen_labels"] = unseen
        if is_spans(data.task) and (mended := repaired(told, corpus.lengths[asked], repair)):
            info["repaired_answers"] = mended
        shared = {
            "info": info,
            "n_test": len(asked),
            "n_train": of_training["sentences_train"],
            "split": tested_part(corpus),
        }
        for metric, value in scored(data, told, repair).items():
            answer.row(question, metric, value, **shared)
        gate, shares = tagger.gate(data), tagger.shares(data)
        if shares is not None:
            for subset, value in weighed(data, shares, inputs_shown(spec)).items():
                answer.row(question, "input_weight", value, subset=subset, **shared)
            if "tokens" in question.tables:
                lines = shown_weights(data, shares, inputs_shown(spec), question.key)
                answer.lines("tokens", rows.TABLES["tokens"], lines)
        for (metric, subset), value in ({} if gate is None else gated(data, gate, seed=0)).items():
            answer.row(question, metric, value, subset=subset, **shared)
        if TALLIES in question.tables:
            if is_spans(data.task):
                counts = tallied(data.rows, *sides(data, told, repair), question.key)
            else:
                counts = in_words(data, told, question.key)
            answer.lines(TALLIES, SCHEMA, counts)
        if OVERLAPS in question.tables and is_spans(data.task):
            answer.lines(OVERLAPS, OVERLAP_SCHEMA, overlapped(data.rows, *sides(data, told, repair), question.key))
        if "predictions" in question.tables:
            answer.lines(
                "predictions", rows.TABLES["predictions"], predicted(data, told, question.key, tested_part(corpus))
            )
        if "tokens" in question.tables and gate is not None:
            names = ["O", *data.labels.kinds]
            answer.lines("tokens", rows.TABLES["tokens"], shown_weights(data, gate, names, question.key))
    return answer


def opened(spec: str) -> SavedTagger | SavedShapes:
    """The tagger of a recipe, made where it is not."""
    folder = recipes.folder(spec)
    return SavedShapes(folder) if parse(spec).name == SHAPES else SavedTagger(folder)


def tested(corpus: Corpus) -> np.ndarray:
    """Sentences of the split test, of all splits where there is none."""
    marked = (corpus.sentences["split"].astype(str) == "test").to_numpy()
    return np.flatnonzero(marked) if marked.any() else np.arange(corpus.n_sentences)


def tested_part(corpus: Corpus) -> str:
    """Which part of a corpus that is: `test` or `all`."""
    return "test" if (corpus.sentences["split"].astype(str) == "test").any() else "all"


def sides(data: Sentences, told: np.ndarray, repair: str = "begin") -> tuple[list[Any], list[Any]]:
    """Spans of gold and of answers by sentence."""
    lengths = data.corpus.lengths[data.rows]
    return spans(data.asked(), lengths), spans(told, lengths, repair)


def scored(data: Sentences, told: np.ndarray, repair: str = "begin") -> dict[str, Score]:
    """Scores by name; of labels that are no spans, the share of words that are right."""
    if is_spans(data.task):
        return scored_spans(*sides(data, told, repair))
    asked = pd.notna(data.asked())
    sentence = np.repeat(data.rows, data.corpus.lengths[data.rows])[asked]
    return {"accuracy": scores.score("accuracy", data.asked()[asked], told[asked], groups=sentence)}


def scored_spans(gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, Score]:
    """Scores of spans by sentence; of time expressions those of TempEval-3 too, whose strict one has no label."""
    both = [list(map(tuple, side)) for side in (gold, predicted)]
    kinds = {span[2] for side in both for sentence in side for span in sentence}
    names = (*SPAN_METRICS, *TIMEX_METRICS) if kinds and kinds <= set(TYPES) else SPAN_METRICS
    return {name: scores.score(name, *both) for name in names}


def overlapped(rows: np.ndarray, gold: Sequence[Any], told: Sequence[Any], key: str) -> list[tuple[Any, ...]]:
    """Of each sentence: spans of the answer that overlap with one of gold, and those of them with the right label."""
    found = []
    for row, one, other in zip(rows, gold, told, strict=True):
        pairs = overlapping(one, other)
        found.append((key, int(row), len(pairs), sum(a[2] == b[2] for a, b in pairs)))
    return found


def tallied(rows: np.ndarray, of_gold: Sequence[Any], told: Sequence[Any], key: str) -> list[tuple[Any, ...]]:
    """Of each sentence: spans in gold, in the answer, right, and right but for the label."""
    found = []
    for row, gold, predicted in zip(rows, of_gold, told, strict=True):
        right, n_gold, n_predicted = strict(gold, predicted)
        found.append((key, int(row), n_gold, n_predicted, right, untyped(gold, predicted)[0]))
    return found


def in_words(data: Sentences, told: np.ndarray, key: str) -> list[tuple[Any, ...]]:
    """The same of labels that are no spans: each word with a label counts for one, so that F1 is accuracy."""
    asked = pd.notna(data.asked())
    place = np.repeat(np.arange(len(data.rows)), data.corpus.lengths[data.rows])
    n, right = (np.bincount(place[one], minlength=len(data.rows)) for one in (asked, asked & (data.asked() == told)))
    return [(key, int(row), int(a), int(a), int(b), int(b)) for row, a, b in zip(data.rows, n, right, strict=True)]


def predicted(data: Sentences, told: np.ndarray, key: str, split: str) -> list[tuple[Any, ...]]:
    """Lines of the table `predictions`: number of each word in its corpus, of its sentence, what it is and was called.

    Words without a label in gold have none here.
    """
    lengths = data.corpus.lengths[data.rows]
    word = np.concatenate([np.arange(*data.corpus.offsets[row : row + 2]) for row in data.rows])
    lines = zip(word, np.repeat(data.rows, lengths), data.asked(), told, strict=True)
    return [(key, split, int(unit), int(row), gold, answer, np.nan) for unit, row, gold, answer in lines]


def gated(data: Sentences, gate: Sequence[np.ndarray], seed: int) -> dict[tuple[str, str], Score]:
    """By metric and subset: what the gate gives the gold category of words, and its entropy in nats there.

    Subsets are the words outside and inside entities, and those of each category.
    """
    every = np.concatenate(gate).astype(np.float64)
    codes = np.array([data.labels.numbers.get(label, -1) for label in data.asked()])
    category = np.where(codes < 0, -1, data.labels.categories(np.maximum(codes, 0)))
    own = every[np.arange(len(every)), np.maximum(category, 0)]
    entropy = -(every * np.log(np.maximum(every, 1e-300))).sum(axis=1)
    sentence = np.repeat(np.arange(len(data.rows)), data.corpus.lengths[data.rows])
    subsets = {"words=outside": category == 0, "words=inside": category > 0}
    subsets |= {f"label={kind}": category == number for number, kind in enumerate(data.labels.kinds, start=1)}
    return {
        (metric, subset): mean_over(values[chosen], sentence[chosen], len(data.rows), seed)
        for subset, chosen in subsets.items()
        for metric, values in (("gate_weight", own), ("gate_entropy", entropy))
    }


def mean_over(values: np.ndarray, group: np.ndarray, n_groups: int, seed: int) -> Score:
    """The mean of values with an interval that resamples their groups."""
    sums, sizes = np.bincount(group, values, n_groups), np.bincount(group, minlength=n_groups).astype(float)
    if not sizes.sum():
        return Score(np.nan, np.nan, np.nan, "none", "there is no such word")
    with np.errstate(invalid="ignore"):  # a resample without such a word has no mean
        drawn = [(sums @ counts) / (sizes @ counts) for counts in count_blocks(n_groups, DRAWS, seed, n_groups)]
    low, high, note = percentile(np.concatenate(drawn), 0.95)
    return Score(
        float(sums.sum() / sizes.sum()), low, high, f"bootstrap, {n_groups} sentences, {DRAWS} resamples", note
    )


def inputs_shown(spec: str) -> list[str]:
    """Names of the inputs of a tagger, in order."""
    return [str(one) for one in parse(recipes.of(spec).name).kwargs["inputs"]]


def weighed(data: Sentences, shares: Sequence[np.ndarray], names: Sequence[str]) -> dict[str, Score]:
    """Mean weight of each input over all words, by subset."""
    every = np.concatenate(shares).astype(np.float64)
    sentence = np.repeat(np.arange(len(data.rows)), data.corpus.lengths[data.rows])
    found = (mean_over(every[:, at], sentence, len(data.rows), seed=0) for at in range(len(names)))
    return {f"input={name}": score for name, score in zip(names, found, strict=True)}


def shown_weights(
    data: Sentences, weights: Sequence[np.ndarray], names: Sequence[str], key: str
) -> list[tuple[Any, ...]]:
    """Lines of the table `tokens`: weights by name over the words of the sentences with the most spans."""
    gold = spans(data.asked(), data.corpus.lengths[data.rows]) if is_spans(data.task) else [[]] * len(data.rows)
    chosen = sorted(range(len(gold)), key=lambda row: (-len(gold[row]), row))[:SHOWN]
    return [
        (key, int(data.rows[at]), position, word, name, float(weights[at][position, column]))
        for at in chosen
        for position, word in enumerate(data.corpus.words(int(data.rows[at])))
        for column, name in enumerate(names)
    ]
