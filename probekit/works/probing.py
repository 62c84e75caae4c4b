"""The probing grid: corpora x encoders x layers x poolings x tasks x probes x controls x seeds."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, cast

from probekit import corpora as corpora_room
from probekit import encoders as encoders_room
from probekit import probes as probes_room
from probekit import rows as schema
from probekit import tasks as tasks_room
from probekit.corpora import CorpusSource
from probekit.encoders import EncoderSource
from probekit.encoders.encoder import Layer, check_request
from probekit.encoders.pooling import WORDS, check_name
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.grid import Grid
from probekit.grid.work import Cell, Need, Question, recipes, works
from probekit.registry import bind, canonical, parameters
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.tasks import Task

works.add(
    "probing",
    "probekit.works.probing_answers:answer_probing",
    revision=1,
    summary="Probes on frozen vectors",
    threads=1,
)
recipes.add("activations", "probekit.encoders.activations:make_from_specs", summary="One pass of an encoder")

# name: what it is, and the kinds of task it answers
CONTROLS = {
    "length": "correlation of sentence length with the target, no probe",
    "majority": "the commonest training label, no vectors",
    "word-majority": "the commonest training label of the word, no vectors",
    "random-labels": "the same probe on targets drawn anew by word type or sentence (selectivity)",
    "random-encoder": "the same probe on the same architecture with random weights",
}
WITHOUT_ENCODER = {"length": "number", "majority": "label", "word-majority": "label"}
GROUPS = ("sentence", "document", "text")


@dataclass(frozen=True)
class ProbeChoice:
    """A probe of the grid: canonical spec, hyperparameters, and what goes into keys."""

    spec: str
    name: str
    params: Mapping[str, Any]
    revision: int | list[int]
    answers: frozenset[str]
    module: str
    takes: str = "vectors"


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
) -> Grid:
    """A grid of probes on representations.

    corpora, encoders, tasks, probes: specs; tasks also take patterns and groups (`sentence/profiling-68`). layers:
    "all", or numbers from 0 (embeddings), -1 the last; they do not concern static tables. poolings (default mean)
    concern sentence tasks; word tasks take the encoder's piece rule. probes: default linear-svr. controls: names in
    `CONTROLS`, asked beside the probes. folds: parts of the cross-validation, default 5; 0 trains on the corpus's
    `train` split, chooses on `dev` and scores `dev` and `test`. groups: what folds and intervals keep together:
    "sentence" (as in the study), "document", or "text" (identical sentences). keep: tables below the score
    ("predictions"). What cannot be asked is refused here, before any work.

    Tasks of spans (`span/...`) make a grid of their own, see `probekit.works.spans.SpanGrid`: poolings are span methods
    (default the six of the study), the probe is span-mlp, layers may be "mix" or "uniform", the corpus's own splits are
    used; `most` cuts them to numbers of units, `tune` trains the encoder too.
    """
    of_spans = [text_of(task).lstrip().startswith("span/") for task in tasks] if not isinstance(tasks, str) else [False]
    if any(of_spans):
        from probekit.works.spans import METHODS, SpanGrid

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
        )
    if most or tune:
        raise ProbekitError("most= and tune= are for tasks of spans")
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


class ProbingGrid(Grid):
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
        given = {
            "corpora": corpora,
            "encoders": encoders,
            "poolings": poolings,
            "tasks": tasks,
            "probes": probes,
            "controls": controls,
            "seeds": seeds,
        }
        for axis, values in given.items():
            if isinstance(values, str) or not isinstance(values, Sequence):
                raise ProbekitError(f"{axis} is a list, got {values!r}; write [{values!r}]")
        if groups not in GROUPS:
            raise UnknownName("grouping", str(groups), GROUPS)
        if not isinstance(layers, str) and (
            not isinstance(layers, Sequence)
            or not all(isinstance(n, Integral) and not isinstance(n, bool) for n in layers)
        ):
            raise ProbekitError(f"layers is 'all' or a list of numbers, got {layers!r}")
        if isinstance(layers, str) and layers != "all":
            raise ProbekitError(f"layers is 'all' or a list of numbers, got '{layers}'; write layers=[...]")
        for seed in seeds:
            if not isinstance(seed, Integral) or isinstance(seed, bool):
                raise ProbekitError(f"seeds are whole numbers, got {seed!r}")
        if isinstance(folds, bool) or not isinstance(folds, int) or folds < 0 or folds == 1:
            raise ProbekitError(f"folds is 2 or more, or 0 for the corpus's own splits; got {folds!r}")
        for control in controls:
            if control not in CONTROLS:
                raise UnknownName("control", control, CONTROLS)
        super().__init__(name, "probing", {}, keep)
        self.axes: dict[str, Any]
        self.folds, self.groups, self.controls, self.seeds = folds, groups, tuple(controls), tuple(map(int, seeds))
        self.sources = [corpora_room.describe(text_of(corpus)) for corpus in corpora]
        self.probes = [choose_probe(text_of(probe)) for probe in probes]
        self._remarks: list[str] = []
        self.encoders = self._choose_encoders([text_of(e) for e in encoders], layers, poolings)
        patterns = [text_of(task) for task in tasks]
        self.tasks = {source.spec: self._expand(patterns, source) for source in self.sources}
        self._check_answers()
        shown: dict[str, Any] = {**given, "tasks": patterns, "probes": [probe.spec for probe in self.probes]}
        self.axes = {
            **shown,
            "layers": layers if isinstance(layers, str) else list(layers),
            "folds": folds,
            "groups": groups,
        }

    # --- what is asked

    def _choose_encoders(
        self, specs: list[str], layers: Any, poolings: Sequence[str]
    ) -> list[tuple[EncoderSource, str, tuple[Layer, ...], tuple[str, ...]]]:
        """Encoders with their control, layers and poolings. What no encoder has is refused, what one lacks is said."""
        described = [(encoders_room.describe(spec), "") for spec in specs]
        if "random-encoder" in self.controls:
            with_weights = [
                spec for spec, (source, _) in zip(specs, described, strict=True) if source.layers != (None,)
            ]
            if not with_weights:
                raise ProbekitError(
                    "the control random-encoder needs an encoder with layers; there is none in the grid"
                )
            described += [
                (encoders_room.describe(random_form(spec)), "random-encoder")
                for spec in with_weights
                if not spec.startswith("random:")
            ]
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
            wanted: str | Sequence[Layer] = "all" if source.layers == (None,) else layers
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
            if task.level not in ("sentence", "word"):
                raise ProbekitError(f"task '{task.name}' asks of {task.level}s; this grid asks of sentences and words")
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
                    fitting = [
                        n
                        for n in probes_room.list()
                        if task.kind in probes_room.registry.entry(n).meta.get("answers", ())
                    ]
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

    def remarks(self) -> tuple[str, ...]:
        return tuple(self._remarks)

    def cells(self) -> list[Cell]:
        found = []
        for source in self.sources:
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
                for layer, pooling in itertools.product(layers, poolings if level == "sentence" else (WORDS,)):
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
        probe: ProbeChoice | None,
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
            "probe": [probe.spec, probe.revision] if probe else None,
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
        modules = foreign_modules(__name__, tasks, source, encoder, probe)
        return Cell("probing", label, shared, tuple(questions), None, modules)

    # --- what a run needs

    def with_needs(self, cells: list[Cell]) -> list[Cell]:
        """Each encoder goes over each corpus once, for all the layers and poolings that are still open."""
        wanted: dict[tuple[str, str], dict[tuple[Layer, str], None]] = {}
        for cell in cells:
            if cell.shared["encoder"]:
                place = (cell.shared["corpus"], cell.shared["encoder"])
                wanted.setdefault(place, {})[cell.shared["layer"], cell.shared["pooling"]] = None
        needs = {
            place: Need("activations", {"corpus": place[0], "encoder": place[1], "wanted": [list(w) for w in reps]})
            for place, reps in wanted.items()
        }
        return [
            replace(cell, need=needs.get((cell.shared["corpus"], cell.shared["encoder"])))
            if cell.shared["encoder"]
            else cell
            for cell in cells
        ]

    def estimate(self, cells: Sequence[Cell]) -> tuple[float, int]:
        from probekit.works.probing_answers import estimate

        return estimate(cells)

    def describe(self) -> dict[str, Any]:
        shown = {**self.axes, "encoders": [source.name for source, *_ in self.encoders]}
        return {
            "work": self.work,
            "axes": {**shown, "corpora": [source.name for source in self.sources]},
            "data": {source.name: source.digest for source in self.sources},
            "weights": {source.name: source.digest for source, *_ in self.encoders},
            "keep": list(self.keep),
        }


def choose_probe(spec: str) -> ProbeChoice:
    """A probe by spec, its arguments checked. Raises UnknownName for a name or argument that does not exist."""
    parsed = parse(spec) if isinstance(spec, str) else spec
    entry = probes_room.registry.entry(parsed.head)
    component = entry.load()
    params = bind(parsed, component, "probe", leave_out=("seed",))
    # Values that the probe refuses are refused before any work.
    getattr(component(**params), "_check_params", lambda: None)()
    text = str(canonical(parsed, component, "probe", leave_out=("seed",)))
    revision: int | list[int] = entry.revision
    known = parameters(cast(Any, component))
    if "probe" in known:  # the numbers of a probe with a probe inside are those of both
        inner = parse(str(params.get("probe", known["probe"].default)))
        revision = [entry.revision, probes_room.registry.entry(inner.head).revision]
    return ProbeChoice(
        text, parsed.head, params, revision, frozenset(component.answers), component.__module__, component.takes
    )


def random_form(spec: str) -> str:
    """The spec of the same architecture with random weights."""
    parsed = parse(spec)
    return str(Spec("random", parsed.head, parsed.args, parsed.kwargs))


def text_of(given: Any) -> str:
    """A spec, or the spec that an object passed from Python carries; one without is refused."""
    if isinstance(given, (str, Spec)):
        return str(given)
    found = getattr(given, "spec", "") or getattr(getattr(given, "source", None), "spec", "")
    if not found:
        raise ProbekitError(
            f"{given!r} carries no spec, so no worker could rebuild it and no key could name it; "
            "pass a spec, or register it"
        )
    return found


def foreign_modules(
    own: str,
    tasks: Sequence[Task],
    source: CorpusSource,
    encoder: EncoderSource | None,
    probe: ProbeChoice | None,
    more: Sequence[str] = (),
) -> tuple[str, ...]:
    """Modules that a worker must import to know what is registered there: `own` first, which registers the work."""
    corpus = parse(source.spec)
    components = [corpora_room.registry.entry(corpus.name)]
    components += [corpora_room.steps.entry(step.name) for step in corpus.steps]
    components += [encoders_room.registry.entry(parse(encoder.spec).name)] if encoder else []
    modules = [_module(task) for task in tasks] + [entry.module for entry in components]
    modules += [probe.module if probe else "", *more]
    return (own, *filter(_is_foreign, dict.fromkeys(modules)))


def _module(task: Task) -> str:
    """Module that registered a task, for workers; built-in ones are known to all."""
    return getattr(getattr(task.function, "parts", (task.function,))[0], "__module__", "")


def _is_foreign(module: str) -> bool:
    """Whether a worker must import a module to know what is registered there; the built-in ones it knows."""
    return bool(module) and module != "__main__" and not module.startswith("probekit.")


def _concerns(control: str, task: Task) -> bool:
    """Whether a control without vectors answers a task."""
    return task.kind == WITHOUT_ENCODER[control] and (control != "word-majority" or task.level == "word")
