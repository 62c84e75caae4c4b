"""How a cell of span tasks is answered: units, targets, splits, networks, scores, rows."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from probekit import corpora, encoders, probes, recipes, rows, scores, streams, tasks
from probekit.corpora.corpus import Corpus
from probekit.encoders.activations import PassRecipe, read, read_first_piece, unread
from probekit.encoders.encoder import Layer
from probekit.encoders.pooling import HALF, PIECES, WORDS, in_full
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell
from probekit.probes.span_mlp import SpanMLP
from probekit.store import default_store
from probekit.tasks import Task
from probekit.works.probing_answers import N_BOOT
from probekit.works.units import clusters, group_of_sentence

if TYPE_CHECKING:
    from probekit.probes.span_network import SpanTokens

# How the layers of an encoder enter: each by itself (a number), or all of them in a mean whose weights are learned or
# equal.
MIXES = ("mix", "uniform")
# Splits that may be cut to a number of units.
SPLITS = ("train", "dev", "test")
YES, NO = "yes", "no"
# Tasks whose two spans are of one kind and go through one projection. In others, a predicate and its argument say,
# each has its own (Toshniwal et al. 2020; the whole span module is separate there).
UNORDERED = ("span/coreference-arc",)
SCORED = ("dev", "test")
# Units whose score training is stopped on: the development units, or a sample of them.
STOP = "stop"
# Decisions of a label in a group of units (a document): right ones, those that the gold answers have, those that were
# made. Scores and recalls of any choice of documents come out of them.
COUNTS = pa.schema(
    [
        ("key", pa.string()),
        ("split", pa.string()),
        ("label", pa.string()),
        ("group", pa.int64()),
        ("right", pa.int64()),
        ("gold", pa.int64()),
        ("predicted", pa.int64()),
    ]
)
# What a pass over the corpus found that a reader of a score should know.
OF_THE_PASS = ("unknown_words", "unknown_pieces", "unread_words", "windowed_sentences", "words_over_windows")


@dataclass(frozen=True)
class AskedSpans:
    """A task of spans asked of a corpus: its units, their labels, and the units of each split.

    `labels` (K,) sorted, those of the training units (for tasks of yes and no, `yes` alone). `targets` (n, K) bool.
    `splits` maps train, dev, test and stop (what training is stopped on) to unit numbers in corpus order. `groups` (n,)
    what intervals keep together.
    """

    task: Task
    corpus: Corpus
    units: pd.DataFrame
    answers: np.ndarray
    splits: Mapping[str, np.ndarray]
    groups: np.ndarray
    unseen: str

    @cached_property
    def two_way(self) -> bool:
        """Whether the task asks for yes or no."""
        return self.task.kind == "label" and set(self.answers) <= {YES, NO}

    @cached_property
    def sets(self) -> list[tuple[str, ...]]:
        """Labels of every unit."""
        if self.two_way:
            return [(YES,) if answer == YES else () for answer in self.answers]
        return [answer if isinstance(answer, tuple) else (answer,) for answer in self.answers]

    @cached_property
    def labels(self) -> list[str]:
        if self.two_way:
            return [YES]
        known = {label for unit in self.splits["train"] for label in self.sets[unit]}
        return sorted(known)

    @cached_property
    def targets(self) -> np.ndarray:
        place = {label: k for k, label in enumerate(self.labels)}
        found = np.zeros((len(self.units), len(place)), dtype=bool)
        for unit, labels in enumerate(self.sets):
            for label in labels:
                if label in place:
                    found[unit, place[label]] = True
        return found

    def check(self) -> None:
        """Refuse labels that no training unit has, unless they are to count as missed."""
        if self.unseen == "miss":
            return
        known = set(self.labels)
        for split in SCORED:
            for unit in self.splits.get(split, ()):
                for label in self.sets[unit]:
                    if label not in known:
                        where = self.units.iloc[unit]
                        name = _sentence_name(self.corpus, int(where["sentence"]))
                        raise ProbekitError(
                            f"label '{label}' of '{self.task.spec}' ({split}, words {where['start'] + 1} to "
                            f"{where['end']} of sentence {name}) occurs in no training unit; add such units, or count "
                            "it as missed with span-mlp(unseen=miss)"
                        )


def ask(cell: Cell) -> AskedSpans:
    """Units, labels and splits of a cell. Raises ProbekitError for a corpus without the layer or without splits."""
    shared = cell.shared
    corpus = corpora.load_corpus(shared["corpus"])
    task = tasks.get(shared["task"])
    units, answers = task.units(corpus), task.targets(corpus)
    of_sentence = corpus.sentences["split"].astype(str).to_numpy()
    if not {"train", "dev", "test"} <= set(of_sentence):
        found = ", ".join(sorted(set(of_sentence) - {""})) or "none"
        raise ProbekitError(
            f"{corpus!r} has not all of the parts train, dev and test (its parts: {found}); name the files "
            f"...-train..., ...-dev..., ...-test..., or split it: '{corpus.spec}|split-documents'"
        )
    split = of_sentence[units["sentence"].to_numpy()]
    splits = {name: np.flatnonzero(split == name) for name in SPLITS}
    # The development units are all scored; a limit on them is one on what is looked at in training.
    splits[STOP] = splits["dev"]
    for name, most in shared["most"].items():
        cut = STOP if name == "dev" else name
        if cell.work == "tuned-spans":
            splits[cut] = draw_sentences(splits[cut], units["sentence"].to_numpy(), most, name)
        else:
            splits[cut] = draw_units(splits[cut], most, name)
    for name in SPLITS:
        if not len(splits[name]):
            raise ProbekitError(f"'{task.spec}' asks of nothing in the {name} part of {corpus!r}")
    groups = group_of_sentence(corpus, shared["groups"])[units["sentence"].to_numpy()]
    unseen = make_probe(cell).unseen if shared["probe"] else "miss"
    asked = AskedSpans(task, corpus, units, answers, splits, groups, unseen)
    asked.check()
    return asked


def draw_units(units: np.ndarray, most: int, split: str) -> np.ndarray:
    """At most so many units of a split, in order; a larger number keeps those of a smaller one."""
    if len(units) <= most:
        return units
    order = streams.generator(0, "sample", "units", split, len(units)).permutation(len(units))
    return units[np.sort(order[:most])]


def draw_sentences(units: np.ndarray, sentence: np.ndarray, most: int, split: str) -> np.ndarray:
    """Units of whole sentences of a split, drawn until there are so many: what is read costs by the sentence there."""
    if len(units) <= most:
        return units
    own = sentence[units]
    order = streams.generator(0, "sample", "sentences", split, len(units)).permutation(np.unique(own))
    counts = np.bincount(own, minlength=int(own.max()) + 1)[order]
    chosen = order[: int(np.searchsorted(counts.cumsum(), most)) + 1]
    return units[np.isin(own, chosen)]


def make_probe(cell: Cell) -> SpanMLP:
    """The probe of a cell, with its seed."""
    probe = probes.describe(cell.shared["probe"])
    return probe.component(**probe.params, seed=cell.shared["seed"])


def answer_spans(cell: Cell) -> Answer:
    """Rows of all span methods of one task, layer choice and seed on frozen vectors."""
    asked = ask(cell)
    writer = SpanRows(cell, asked)
    if not cell.shared["encoder"]:
        writer.score("", _without_vectors(asked, cell.shared["control"]), {})
        return writer.answer
    from probekit.probes.span_training import THRESHOLD, fit_methods

    started = time.monotonic()
    pass_of(cell).ensure()  # a cell beside this one may have released them
    tokens, found = frozen_tokens(cell, asked)
    methods = cell.shared["methods"]
    open_ = [question.axes["pooling"] for question in cell.questions]
    fitted = fit_methods(
        make_probe(cell),
        tokens,
        asked.targets,
        asked.splits["train"],
        asked.splits[STOP],
        [methods[pooling] for pooling in open_],
        shared=asked.task.name in UNORDERED,
        learned_mix=cell.shared["way"] != "uniform",
        label=cell.label,
    )
    seconds = round((time.monotonic() - started) / len(open_), 2)
    for pooling, one in zip(open_, fitted, strict=True):
        fired = {split: one.predict(tokens, asked.splits[split]) > THRESHOLD for split in SCORED}
        writer.score(pooling, fired, {**one.info, **found, "seconds": seconds})
    if cell.shared.get("release"):
        del tokens  # of a file that is mapped the room is not given back
        pass_of(cell).release()
    return writer.answer


def pass_of(cell: Cell) -> PassRecipe:
    """The pass that made the states a cell reads."""
    found = recipes.of(cell.needs[-1])
    assert isinstance(found, PassRecipe)
    return found


def states_of(encoder: str, way: int | str | None, half: bool = False) -> list[tuple[Layer, str]]:
    """Layers and unpooled vectors that a way to take layers needs: pieces where words are cut, else words.

    half: those that are kept in half precision.
    """
    source = encoders.describe(encoder)
    layers = source.layers if isinstance(way, str) else (way,)
    form = (PIECES if source.piece else WORDS) + (HALF if half else "")
    return [(layer, form) for layer in layers]


def frozen_tokens(cell: Cell, asked: AskedSpans) -> tuple[SpanTokens, dict[str, Any]]:
    """Kept token vectors of the cell's layers, with the spans of its units, and what their pass found."""
    import torch

    from probekit.probes.span_network import SpanTokens

    store, digest = default_store(), corpora.describe(cell.shared["corpus"]).digest
    source = encoders.describe(cell.shared["encoder"])
    layers, found = [], {}
    wanted = states_of(cell.shared["encoder"], cell.shared["way"], cell.shared["half"])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for layer, pooling in wanted:
        vectors, of_pass = read(source, digest, layer, pooling, store)
        with warnings.catch_warnings():
            # The kept vectors are read-only, and nothing here writes to them.
            warnings.filterwarnings("ignore", message=".*not writable.*")
            layers.append(torch.from_numpy(vectors).to(device))
        found = {name: of_pass[name] for name in OF_THE_PASS if name in of_pass}
    layer, pooling = wanted[0]
    corpus = asked.corpus
    first = (
        np.arange(corpus.n_words + 1) if in_full(pooling) == WORDS else read_first_piece(source, digest, layer, store)
    )
    return SpanTokens(tuple(layers), *token_spans(asked.units, corpus, first)), found


def token_spans(units: pd.DataFrame, corpus: Corpus, first_piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First token and end of the spans of units, two (n, k) int64 arrays: from the first piece of the first word to
    the last piece of the last."""
    starts, ends = [], []
    for role in ("", "2") if "sentence2" in units else ("",):
        base = corpus.offsets[units[f"sentence{role}"].to_numpy()]
        starts.append(first_piece[base + units[f"start{role}"].to_numpy()])
        ends.append(first_piece[base + units[f"end{role}"].to_numpy()])
    return np.stack(starts, axis=1), np.stack(ends, axis=1)


def _without_vectors(asked: AskedSpans, control: str) -> dict[str, np.ndarray]:
    """The same answer to every unit: the commonest set of labels in training (of equals the first), or `yes`."""
    if control == "all-yes":
        if not asked.two_way:
            raise ProbekitError(f"the control all-yes is for tasks of yes and no; '{asked.task.spec}' is none")
        row = np.ones(len(asked.labels), dtype=bool)
    else:
        counted = Counter(asked.sets[unit] for unit in asked.splits["train"])
        commonest = min(counted, key=lambda labels: (-counted[labels], labels))
        row = np.array([label in commonest for label in asked.labels])
    return {split: np.tile(row, (len(asked.splits[split]), 1)) for split in SCORED}


class SpanRows:
    """Turns decisions, (n, K) bool a split, into the rows and tables of a cell's questions."""

    def __init__(self, cell: Cell, asked: AskedSpans) -> None:
        self.cell, self.asked, self.answer = cell, asked, Answer()
        self.keys = {question.axes["pooling"]: question.key for question in cell.questions}
        self.keep = {name for question in cell.questions for name in question.tables}
        self.language = "+".join(sorted(set(asked.corpus.sentences["language"].astype(str)) - {""}))

    def score(self, pooling: str, fired: Mapping[str, np.ndarray], info: Mapping[str, Any]) -> None:
        """Rows of one span method: the task's metrics on dev and test, and the recall of every label on both."""
        asked = self.asked
        counts = asked.task.counts(asked.corpus)
        for split, decisions in fired.items():
            units = asked.splits[split]
            gold, predicted = self._answers(units, decisions)
            for metric in (asked.task.metric, "accuracy" if asked.task.kind == "label" else "exact_match"):
                found = self._score(metric, gold, predicted, units)
                self._row(pooling, metric, split, "", found, len(units), {**info, **counts})
            for k, label in enumerate(asked.labels):
                if len(mine := np.flatnonzero(asked.targets[units, k])):
                    hits = np.where(decisions[mine, k], "hit", "miss").astype(object)
                    found = self._score("accuracy", np.full(len(mine), "hit", dtype=object), hits, units[mine])
                    self._row(pooling, "recall", split, f"label={label}", found, len(mine), {})
            if "predictions" in self.keep:
                self._keep(pooling, split, gold, predicted)
            if "counts" in self.keep:
                self.answer.lines("counts", COUNTS, counts_of(asked, split, decisions, self.keys[pooling]))

    def _answers(self, units: np.ndarray, decisions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gold and predicted answers as the task's metric takes them."""
        asked = self.asked
        predicted = np.empty(len(units), dtype=object)
        gold = np.empty(len(units), dtype=object)
        if asked.two_way:
            gold[:] = list(asked.answers[units])
            predicted[:] = [YES if row[0] else NO for row in decisions]
            return gold, predicted
        names = np.array(asked.labels, dtype=object)
        gold[:] = [asked.sets[unit] for unit in units]
        predicted[:] = [tuple(names[row]) for row in decisions]
        return gold, predicted

    def _score(self, metric: str, gold: np.ndarray, predicted: np.ndarray, units: np.ndarray) -> scores.Score:
        return scores.score(metric, gold, predicted, groups=clusters(self.asked.groups[units]), n_boot=N_BOOT)

    def _row(
        self, pooling: str, metric: str, split: str, subset: str, score: scores.Score, n: int, info: Mapping[str, Any]
    ) -> None:
        self.answer.row(
            self.keys[pooling],
            metric,
            score,
            split=split,
            subset=subset,
            info=info,
            note=noted(info),
            n_train=len(self.asked.splits["train"]),
            n_test=n,
            language=self.language,
        )

    def _keep(self, pooling: str, split: str, gold: np.ndarray, predicted: np.ndarray) -> None:
        units = self.asked.splits[split]
        content = pa.Table.from_pandas(
            pd.DataFrame(
                {
                    "key": self.keys[pooling],
                    "split": split,
                    "unit": units,
                    "group": self.asked.groups[units],
                    "gold": [_text(answer) for answer in gold],
                    "predicted": [_text(answer) for answer in predicted],
                    "score": np.nan,
                }
            ),
            schema=rows.TABLES["predictions"],
            preserve_index=False,
        )
        self.answer.lines("predictions", rows.TABLES["predictions"], content)


def noted(info: Mapping[str, Any]) -> str:
    """What a reader should know of a score: words that were not read, training that was cut short."""
    rising = "the last look at the development units was the best: more passes may score higher"
    return "; ".join(filter(None, [unread(info), rising if info.get("best_is_last") else ""]))


def counts_of(asked: AskedSpans, split: str, decisions: np.ndarray, key: str) -> pa.Table:
    """Lines of `counts` of one split, decisions (n, K) bool: labels that training lacks are gold and never right."""
    units = asked.splits[split]
    named = [{asked.labels[k] for k in np.flatnonzero(row)} for row in decisions]
    found: Counter[tuple[str, int, str]] = Counter()
    for unit, said in zip(units, named, strict=True):
        gold, group = set(asked.sets[unit]), int(asked.groups[unit])
        for column, labels in (("right", gold & said), ("gold", gold), ("predicted", said)):
            found.update((label, group, column) for label in labels)
    lines = sorted({(label, group) for label, group, _ in found})
    numbers = {c: [found[label, group, c] for label, group in lines] for c in ("right", "gold", "predicted")}
    names, groups = [label for label, _ in lines], [group for _, group in lines]
    return pa.table(
        {"key": [key] * len(lines), "split": [split] * len(lines), "label": names, "group": groups, **numbers},
        schema=COUNTS,
    )


def _text(answer: Any) -> str:
    return answer if isinstance(answer, str) else "|".join(answer)


def _sentence_name(corpus: Corpus, number: int) -> str:
    attributes = corpus.sentences.iloc[number]
    where = f", {attributes['file']}:{attributes['line']}" if attributes.get("file") else ""
    return f"{number + 1} ({attributes.get('id', '')}{where})"
