"""The probing grid: corpora x encoders x layers x poolings x tasks x probes x controls x seeds."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from probekit import corpora as corpora_room
from probekit import encoders as encoders_room
from probekit import probes as probes_room
from probekit import rows as schema
from probekit import tasks as tasks_room
from probekit.corpora import CorpusSource
from probekit.encoders import EncoderSource
from probekit.encoders.activations import USUAL_WIDTH
from probekit.encoders.encoder import Layer, check_request
from probekit.encoders.pooling import WORDS, check_name
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.grid import Grid
from probekit.grid.work import Cell, Question, works
from probekit.probes import ProbeSource
from probekit.sources import describe
from probekit.store import digest
from probekit.tasks import Task
from probekit.works.asking import RANDOM_ENCODER, ProbeGrid, arguments, listed_layers, one, text_of
from probekit.works.probing_answers import answer_probing
from probekit.works.spans import METHODS, SpanGrid

# name: what it is, and the kinds of task it answers
CONTROLS = {
    "length": "correlation of sentence length with the target, no probe",
    "majority": "the commonest training label, no vectors",
    "word-majority": "the commonest training label of the word, no vectors",
    "random-labels": "the same probe on targets drawn anew by word type or sentence (selectivity)",
    "random-encoder": "the same probe on the same architecture with random weights",
}
WITHOUT_ENCODER = {"length": "number", "majority": "label", "word-majority": "label"}


def probing(
    name: str,
    corpora: Sequence[str],
    encoders: Sequence[str],
    layers: str | Sequence[int | str] = "all",
    poolings: Sequence[str] | None = None,
    tasks: Sequence[str] = ("sentence/profiling-68",),
    probes: Sequence[str] | None = None,
    controls: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    folds: int | None = None,
    keep: Collection[str] = (),
    groups: str = "sentence",
    most: Mapping[str, int] | None = None,
    tune: bool = False,
    release: bool = False,
    half: bool = False,
) -> Grid:
    """A grid of probes on representations.

    corpora, encoders, tasks, probes: specs; tasks also take patterns and groups (`sentence/profiling-68`). layers:
    "all", "blocks" (all but the embeddings), or a list of numbers from 0 (embeddings), -1 the last, "last", and shares
    of the depth such as "5/12"; they do not concern static tables. poolings (default mean) concern sentence tasks; word
    tasks take the encoder's piece rule. probes: default linear-svr. controls: names in `CONTROLS`, asked beside the
    probes. folds: parts of the cross-validation, default 5; 0 trains on the corpus's `train` split, chooses on `dev`
    and scores `dev` and `test`. groups: what folds and intervals keep together: "sentence" (as in the study),
    "document", or "text" (identical sentences). keep: tables below the score ("predictions"). What cannot be asked is
    refused here, before any work.

    Tasks of spans (`span/...`) make a grid of their own, see `probekit.works.spans.SpanGrid`: poolings are span methods
    (default the six of the study), the probe is span-mlp, layers may be "mix" or "uniform", the corpus's own splits are
    used; `most` cuts them to numbers of units, `tune` trains the encoder too, `release` keeps states only until they
    have been read, `half` keeps them in 16 bits a number.
    """
    of_spans = [text_of(task).lstrip().startswith("span/") for task in tasks] if not isinstance(tasks, str) else [False]
    if any(of_spans):
        if not all(of_spans):
            raise ProbekitError("tasks of spans and of sentences or words are asked in separate grids")
        if folds:
            raise ProbekitError("tasks of spans take the corpus's own train, dev and test parts; leave folds out")
        return SpanGrid(
            name,
            corpora,
            encoders,
            layers,
            METHODS if poolings is None else poolings,
            tasks,
            ("span-mlp",) if probes is None else probes,
            controls,
            seeds,
            keep,
            groups,
            most,
            tune,
            release,
            half,
        )
    if most or tune or release or half:
        raise ProbekitError("most=, tune=, release= and half= are for tasks of spans")
    return ProbingGrid(
        name,
        corpora,
        encoders,
        layers,
        ("mean",) if poolings is None else poolings,
        tasks,
        ("linear-svr",) if probes is None else probes,
        controls,
        seeds,
        5 if folds is None else folds,
        keep,
        groups,
    )


class ProbingGrid(ProbeGrid):
    """See `probing`."""

    def __init__(
        self,
        name: str,
        corpora: Sequence[str],
        encoders: Sequence[str],
        layers: str | Sequence[int | str],
        poolings: Sequence[str],
        tasks: Sequence[str],
        probes: Sequence[str],
        controls: Sequence[str],
        seeds: Sequence[int],
        folds: int,
        keep: Collection[str],
        groups: str,
    ) -> None:
        axes: dict[str, Any] = {
            "dataset": corpora,
            "encoder": encoders,
            "layer": listed_layers(layers),
            "pooling": poolings,
            "task": tasks,
            "probe": probes,
            "seed": seeds,
        }
        super().__init__(name, "probing", axes, controls, CONTROLS, keep, groups)
        if isinstance(folds, bool) or not isinstance(folds, int) or folds < 0 or folds == 1:
            raise ProbekitError(f"folds is 2 or more, or 0 for the corpus's own splits; got {folds!r}")
        self.folds = folds
        self.encoders = self._choose_encoders(encoders, layers, poolings)
        patterns = [text_of(task) for task in tasks]
        self.tasks = {source.spec: self._expand(patterns, source) for source in self.corpora}
        self._check_answers()
        numbers = [task.spec for own in self.tasks.values() for task in own if task.kind == "number"]
        if "groups" in self.keep and numbers:
            raise ProbekitError(
                f"keep='groups' counts right labels, and '{numbers[0]}' asks numbers: keep 'predictions'"
            )
        self.axes = {**axes, "task": patterns, "folds": [folds], "groups": [groups]}

    def with_axes(self, values: Mapping[str, Sequence[Any]], keep: Collection[str] | None = None) -> ProbingGrid:
        """Of the grid's own values those that fit, the rest is said; what is given is kept, or refused."""
        axes, controls, left = {**self.axes, **values}, self.controls, []
        if "encoder" in values:
            described = [encoders_room.describe(text_of(spec)) for spec in values["encoder"]]
            offered = {pooling for source in described for pooling in source.poolings}
            if "pooling" not in values and any(pooling in offered for pooling in axes["pooling"]):
                left += [f"pooling {pooling}" for pooling in axes["pooling"] if pooling not in offered]
                axes["pooling"] = [pooling for pooling in axes["pooling"] if pooling in offered]
            if all(source.layers == (None,) for source in described):
                left += [RANDOM_ENCODER] if RANDOM_ENCODER in controls else []
                controls = tuple(control for control in controls if control != RANDOM_ENCODER)
                axes["layer"] = values.get("layer", "all")
        if "task" in values and "probe" not in values:
            patterns = [text_of(task) for task in axes["task"]]
            sources = [corpora_room.describe(text_of(corpus)) for corpus in axes["dataset"]]
            kinds = {task.kind for source in sources for task in self._expand(patterns, source)}
            if fit := [probe.spec for probe in self.probes if probe.answers & kinds]:
                left += [probe.spec for probe in self.probes if probe.spec not in fit]
                axes["probe"] = fit
        kept, folds = self.keep if keep is None else keep, one("folds", axes["folds"])
        found = ProbingGrid(self.name, **arguments(axes), controls=controls, folds=folds, keep=kept)
        if left:
            found._remarks.append(f"left out, since it does not fit what was given: {', '.join(left)}")
        return found

    # --- what is asked

    def _choose_encoders(
        self, specs: Sequence[Any], layers: Any, poolings: Sequence[str]
    ) -> list[tuple[EncoderSource, str, tuple[Layer, ...], tuple[str, ...]]]:
        """Encoders with their control, layers and poolings. What no encoder has is refused, what one lacks is said."""
        described = self.with_random(specs)
        for pooling in poolings:
            check_name(pooling)
            if pooling == WORDS:
                raise ProbekitError("'words' is no pooling of a grid: word tasks take word vectors by themselves")
        chosen = []
        lacking: dict[str, list[str]] = {}
        for source, control in described:
            own = []
            for pooling in poolings:
                try:
                    check_request(source, "all", [pooling])
                    own.append(pooling)
                except ProbekitError:
                    lacking.setdefault(pooling, []).append(source.name)
            wanted: str | Sequence[Layer | str] = "all" if source.layers == (None,) else layers
            chosen.append((source, control, check_request(source, wanted, own)[0], tuple(own)))
        for pooling, names in lacking.items():
            if len(names) == len(described):
                check_request(described[0][0], "all", [pooling])  # raises, naming encoder and pooling
            self._remarks.append(f"pooling {pooling} is left out for {', '.join(names)}: there is none")
        return chosen

    def _expand(self, patterns: Sequence[str], source: CorpusSource) -> list[Task]:
        """Tasks of the patterns. Only patterns that take in families need the corpus, which is then read."""
        try:
            specs = tasks_room.expand(patterns)
        except ProbekitError as error:
            if isinstance(error, UnknownName) and not any(mark in error.name for mark in "*?["):
                raise  # no corpus makes that name known
            specs = tasks_room.expand(patterns, corpora_room.load_corpus(source.spec))
        tasks = [tasks_room.get(spec) for spec in specs]
        for task in tasks:
            if task.level == "span":
                raise ProbekitError(f"task '{task.name}' asks of spans; this grid asks of sentences, words and pairs")
        return tasks

    def _check_answers(self) -> None:
        kinds = {task.kind for tasks in self.tasks.values() for task in tasks}
        for probe in self.probes:
            if probe.takes == "spans":
                raise ProbekitError(f"probe '{probe.spec}' reads spans; ask it tasks span/..., in a grid of their own")
            if not probe.answers & kinds:
                raise ProbekitError(
                    f"probe '{probe.spec}' answers {' and '.join(sorted(probe.answers))} tasks; the grid has none"
                )
        answered = frozenset().union(*(probe.answers for probe in self.probes))
        for tasks in self.tasks.values():
            for task in tasks:
                if self.probes and task.kind not in answered:
                    known = {name: probes_room.get(name) for name in probes_room.list()}
                    fitting = [n for n, one in known.items() if task.kind in one.answers and one.takes != "spans"]
                    raise ProbekitError(
                        f"no probe of the grid answers '{task.name}' (a {task.kind} task); "
                        f"add one of {', '.join(fitting)}"
                    )

        for control, kind in WITHOUT_ENCODER.items():
            if control in self.controls and not any(
                _concerns(control, t) for tasks in self.tasks.values() for t in tasks
            ):
                level = "word" if control == "word-majority" else ""
                self._remarks.append(
                    f"the control {control} is left out: no {level} task of the kind {kind} is asked".replace("  ", " ")
                )

    def cells(self) -> list[Cell]:
        found = []
        for source in self.corpora:
            tasks = self.tasks[source.spec]
            for seed in self.seeds:
                found += self._encoder_cells(source, tasks, seed)
            found += self._baseline_cells(source, tasks)
        return found

    def _encoder_cells(self, source: CorpusSource, tasks: list[Task], seed: int) -> list[Cell]:
        cells = []
        for (encoder, control, layers, poolings), probe in itertools.product(self.encoders, self.probes):
            for level, kind in dict.fromkeys((task.level, task.kind) for task in tasks):
                chosen = [task for task in tasks if (task.level, task.kind) == (level, kind)]
                if kind not in probe.answers:
                    continue
                for layer, pooling in itertools.product(layers, (WORDS,) if level == "word" else poolings):
                    for labels in ("", "random-labels") if not control and "random-labels" in self.controls else ("",):
                        cells.append(
                            self._cell(source, chosen, seed, encoder, layer, pooling, probe, control or labels)
                        )
        return cells

    def _baseline_cells(self, source: CorpusSource, tasks: list[Task]) -> list[Cell]:
        cells = []
        for control in WITHOUT_ENCODER:
            chosen = [task for task in tasks if _concerns(control, task)]
            if control in self.controls and chosen:
                for seed in self.seeds if control != "length" else (None,):
                    cells.append(self._cell(source, chosen, seed, None, None, "", None, control))
        return cells

    def _cell(
        self,
        source: CorpusSource,
        tasks: list[Task],
        seed: int | None,
        encoder: EncoderSource | None,
        layer: Layer,
        pooling: str,
        probe: ProbeSource | None,
        control: str,
    ) -> Cell:
        setting = "" if control == "length" else schema.setting({"folds": self.folds, "groups": self.groups})
        shared = {
            "corpus": source.spec,
            "encoder": encoder.spec if encoder else "",
            "layer": layer,
            "pooling": pooling,
            "probe": probe.spec if probe else "",
            "control": control,
            "seed": seed,
            "folds": self.folds,
            "groups": self.groups,
        }
        axes = {
            "experiment": self.name,
            "dataset": source.name,
            "encoder": encoder.name if encoder else "",
            "layer": layer,
            "pooling": encoder.piece if encoder and pooling == WORDS else pooling,
            "probe": probe.spec if probe else "",
            "control": control,
            "setting": setting,
            "seed": seed,
        }
        content = {
            "work": ["probing", works.entry("probing").revision],
            "corpus": source.digest,
            "encoder": encoder.digest if encoder else None,
            "layer": layer,
            "pooling": pooling,
            "probe": probe.digest if probe else None,
            "control": control,
            "seed": seed,
            "setting": setting,
        }
        questions = []
        fold_numbers: list[int | None] = [None]
        if self.folds and control != "length":
            fold_numbers = [*range(self.folds), None]
        common = digest(content)
        for task in tasks:
            for fold in fold_numbers:
                key = digest([common, task.spec, task.revision, fold])
                row = {**axes, "task": task.spec, "task_group": task.group, "fold": fold}
                questions.append(Question(key, row, self.keep if fold is None and control != "length" else ()))
        label = " ".join(
            str(part)
            for part in (
                source.name,
                encoder.name if encoder else "",
                "" if layer is None else f"layer {layer}",
                axes["pooling"],
                axes["probe"],
                control,
            )
            if part
        )
        others = [("work", describe("work", "probing")), *(("task", tasks_room.describe(task)) for task in tasks)]
        others += [("probe", probe)] if probe else []
        return Cell("probing", label, shared, tuple(questions), **self.rests_on(source, encoder, others))

    def with_needs(self, cells: list[Cell]) -> list[Cell]:
        """Each encoder goes over each corpus once, for all the layers and poolings that are still open."""
        wanted = {
            cell.name: [(cell.shared["layer"], cell.shared["pooling"])] for cell in cells if cell.shared["encoder"]
        }
        return self.with_passes(cells, wanted)


def seconds(cell: Cell) -> float:
    """What a cell will take of one core, from the size of its corpus (which is read)."""
    shared = cell.shared
    if not shared["encoder"]:
        return 0.0
    corpus = corpora_room.load_corpus(shared["corpus"])
    width = encoders_room.describe(shared["encoder"]).width or USUAL_WIDTH
    units = corpus.n_words if shared["pooling"] == WORDS else corpus.n_sentences
    n_tasks = len({question.axes["task"] for question in cell.questions})
    probe = probes_room.describe(shared["probe"]).component
    return probe.seconds(units, width, n_tasks, max(shared["folds"], 1))


def _concerns(control: str, task: Task) -> bool:
    """Whether a control without vectors answers a task."""
    return task.kind == WITHOUT_ENCODER[control] and (control != "word-majority" or task.level == "word")


works.add("probing", answer_probing, revision=1, summary="Probes on frozen vectors", threads=1, cost=seconds)
