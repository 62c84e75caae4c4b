"""The grid of span tasks: corpora x encoders x layers x span methods x tasks x probes x seeds."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

from probekit import corpora as corpora_room
from probekit import encoders as encoders_room
from probekit import rows as schema
from probekit import tasks as tasks_room
from probekit.corpora import CorpusSource
from probekit.encoders import EncoderSource
from probekit.encoders.encoder import Layer, check_request
from probekit.encoders.pooling import PIECES, WORDS
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.grid import Grid
from probekit.grid.work import Cell, Need, Question, works
from probekit.probes.span_names import METHODS, method_module, method_revision, pooling_of
from probekit.store import digest
from probekit.tasks import Task
from probekit.works.probing import GROUPS, ProbeChoice, choose_probe, foreign_modules, random_form, text_of

works.add(
    "spans", "probekit.works.span_answers:answer_spans", revision=1, summary="Span probes on token vectors", threads=1
)
works.add(
    "tuned-spans",
    "probekit.works.tuned_spans:answer_tuned",
    revision=1,
    summary="Span probes trained with their encoder",
    threads=1,
)

# How the layers of an encoder enter: each by itself (a number), or all of them in a mean whose weights are learned or
# equal.
MIXES = ("mix", "uniform")
CONTROLS = {
    "majority": "the commonest set of labels in training, no vectors",
    "all-yes": "`yes` to everything, for tasks of yes and no",
    "random-encoder": "the same probe on the same architecture with random weights",
}
# Splits that may be cut to a number of units.
SPLITS = ("train", "dev", "test")


class SpanGrid(Grid):
    """Span methods on the token vectors of frozen or fine-tuned encoders.

    layers: "all" (each by itself), numbers, "mix" (a mean of all with learned weights), "uniform" (their plain mean);
    fine-tuning takes the last layer and the mix. poolings: span methods, as `span(max)` or `max`. most: at most so many
    units of a split, drawn once for all methods and seeds (whole sentences, up to the one that fills it, when the
    encoder is trained too). tune: train the encoder too. groups: what intervals keep
    together. Tasks are trained on the corpus's `train` split, stopped on `dev`, scored on `dev` and `test`. One cell
    answers all methods of a task, layer choice and seed, in one pass over the data. See `probekit.probing`.
    """

    def __init__(
        self,
        name: str,
        corpora: Sequence[str],
        encoders: Sequence[str],
        layers: str | Sequence[int | str] = ("mix",),
        poolings: Sequence[str] = METHODS,
        tasks: Sequence[str] = ("span/*",),
        probes: Sequence[str] = ("span-mlp",),
        controls: Sequence[str] = (),
        seeds: Sequence[int] = (0,),
        keep: Collection[str] = (),
        groups: str = "sentence",
        most: Mapping[str, int] | None = None,
        tune: bool = False,
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
        for control in controls:
            if control not in CONTROLS:
                raise UnknownName("control of span tasks:", control, CONTROLS)
        for seed in seeds:
            if not isinstance(seed, Integral) or isinstance(seed, bool):
                raise ProbekitError(f"seeds are whole numbers, got {seed!r}")
        super().__init__(name, "tuned-spans" if tune else "spans", {}, keep)
        self.axes: dict[str, Any]
        self.groups, self.controls, self.seeds, self.tune = groups, tuple(controls), tuple(map(int, seeds)), tune
        self.most = _limits(most or {})
        self.sources = [corpora_room.describe(text_of(corpus)) for corpus in corpora]
        self.methods = {pooling_of(text_of(method)): text_of(method) for method in poolings}
        self.probes = [choose_probe(text_of(probe)) for probe in probes]
        for probe in self.probes:
            if probe.takes != "spans":
                raise ProbekitError(f"probe '{probe.spec}' reads {probe.takes}; span tasks take span-mlp")
        self.encoders = self._choose_encoders([text_of(e) for e in encoders], layers)
        self.tasks = [tasks_room.get(spec) for spec in tasks_room.expand([text_of(task) for task in tasks])]
        for task in self.tasks:
            if task.level != "span":
                raise ProbekitError(f"task '{task.name}' asks of {task.level}s; ask it in a grid of its own")
        self.axes = {
            **given,
            "tasks": [task.spec for task in self.tasks],
            "probes": [probe.spec for probe in self.probes],
            "poolings": list(self.methods),
            "layers": layers if isinstance(layers, str) else list(layers),
            "groups": groups,
            "most": self.most,
            "tune": tune,
        }

    def _choose_encoders(
        self, specs: list[str], layers: str | Sequence[int | str]
    ) -> list[tuple[EncoderSource, str, tuple[int | str | None, ...]]]:
        """Encoders with their control and the ways in which their layers are asked for."""
        described = [(encoders_room.describe(spec), "") for spec in specs]
        if "random-encoder" in self.controls:
            layered = [spec for spec, (source, _) in zip(specs, described, strict=True) if source.layers != (None,)]
            if not layered:
                raise ProbekitError(
                    "the control random-encoder needs an encoder with layers; there is none in the grid"
                )
            described += [(encoders_room.describe(random_form(spec)), "random-encoder") for spec in layered]
        chosen = []
        for source, control in described:
            ways: list[int | str | None] = []
            numbers = "all" if isinstance(layers, str) else [n for n in layers if not isinstance(n, str)]
            named = [] if isinstance(layers, str) else [n for n in layers if isinstance(n, str)]
            if isinstance(layers, str) and layers != "all":
                named, numbers = [layers], []
            for way in named:
                if way not in MIXES:
                    raise UnknownName("way to take layers:", way, (*MIXES, "all", "a number"))
            if source.layers == (None,):
                ways = [None]
            else:
                ways = [*named, *(check_request(source, numbers, [])[0] if numbers else ())]
            if self.tune:
                self._check_tuned(source, ways)
            chosen.append((source, control, tuple(dict.fromkeys(ways))))
        return chosen

    def _check_tuned(self, source: EncoderSource, ways: Sequence[int | str | None]) -> None:
        last = len(source.layers) - 1
        if not source.piece:
            raise ProbekitError(f"'{source.name}' cannot be fine-tuned here; take a Hugging Face encoder")
        for way in ways:
            if way not in ("mix", last):
                raise ProbekitError(f"fine-tuning takes the last layer ({last}) or the mix, not {way}")

    # --- cells

    def cells(self) -> list[Cell]:
        found = []
        for source, task, seed in itertools.product(self.sources, self.tasks, self.seeds):
            for (encoder, control, ways), probe in itertools.product(self.encoders, self.probes):
                for way in ways:
                    # A fine-tuned encoder is trained for one method: nothing is shared between them.
                    for methods in [[m] for m in self.methods] if self.tune else [list(self.methods)]:
                        found.append(self._cell(source, task, seed, encoder, way, methods, probe, control))
        for source, task, control in itertools.product(self.sources, self.tasks, self.controls):
            if control != "random-encoder" and (control != "all-yes" or task.kind == "label"):
                found.append(self._cell(source, task, None, None, None, [""], None, control))
        return found

    def _cell(
        self,
        source: CorpusSource,
        task: Task,
        seed: int | None,
        encoder: EncoderSource | None,
        way: int | str | None,
        methods: list[str],
        probe: ProbeChoice | None,
        control: str,
    ) -> Cell:
        layer = way if isinstance(way, int) else None
        # What is answered without vectors is the same whether or not an encoder is trained beside it.
        tuned = self.tune and encoder is not None
        work = "tuned-spans" if tuned else "spans"
        setting = schema.setting(
            {
                **({"layers": way} if isinstance(way, str) else {}),
                **({"tuned": "true"} if tuned else {}),
                **self.most,
                "groups": self.groups,
            }
        )
        shared = {
            "corpus": source.spec,
            "task": task.spec,
            "encoder": encoder.spec if encoder else "",
            "way": way,
            "probe": probe.spec if probe else "",
            "control": control,
            "seed": seed,
            "groups": self.groups,
            "most": self.most,
            "methods": {m: self.methods.get(m, "") for m in methods},
        }
        content = {
            "work": [work, works.entry(work).revision],
            "corpus": source.digest,
            "task": [task.spec, task.revision],
            "encoder": encoder.digest if encoder else None,
            "way": way,
            "probe": [probe.spec, probe.revision] if probe else None,
            "control": control,
            "seed": seed,
            "setting": setting,
        }
        questions = []
        for method in methods:
            key = digest([digest(content), method, method_revision(method) if method else 0])
            axes = {
                "experiment": self.name,
                "task": task.spec,
                "task_group": task.group,
                "dataset": source.name,
                "encoder": encoder.name if encoder else "",
                "layer": layer,
                "pooling": method,
                "probe": probe.spec if probe else "",
                "control": control,
                "setting": setting,
                "seed": seed,
                "fold": None,
            }
            questions.append(Question(key, axes, self.keep))
        layers = "" if way is None else f"layers {way}"
        parts = (task.name, source.name, encoder.name if encoder else "", layers, control)
        label = " ".join([*filter(None, parts), *([] if seed is None else [f"seed {seed}"])])
        named = [method_module(self.methods[m]) for m in methods if m in self.methods]
        modules = foreign_modules(__name__, [task], source, encoder, probe, named)
        return Cell(work, label, shared, tuple(questions), None, modules)

    # --- what a run needs

    def with_needs(self, cells: list[Cell]) -> list[Cell]:
        """One pass of each frozen encoder over each corpus, for all layers that open cells ask for."""
        if self.tune:
            return cells
        wanted: dict[tuple[str, str], dict[tuple[Layer, str], None]] = {}
        for cell in cells:
            if cell.shared["encoder"]:
                place = (cell.shared["corpus"], cell.shared["encoder"])
                wanted.setdefault(place, {}).update(dict.fromkeys(states_of(place[1], cell.shared["way"])))
        needs = {
            place: Need("activations", {"corpus": place[0], "encoder": place[1], "wanted": [list(w) for w in states]})
            for place, states in wanted.items()
        }
        return [
            replace(cell, need=needs[cell.shared["corpus"], cell.shared["encoder"]]) if cell.shared["encoder"] else cell
            for cell in cells
        ]

    def estimate(self, cells: Sequence[Cell]) -> tuple[float, int]:
        from probekit.works.span_answers import estimate

        return estimate(cells)

    def describe(self) -> dict[str, Any]:
        return {
            "work": self.work,
            "axes": {
                **self.axes,
                "corpora": [source.name for source in self.sources],
                "encoders": [source.name for source, *_ in self.encoders],
            },
            "data": {source.name: source.digest for source in self.sources},
            "weights": {source.name: source.digest for source, *_ in self.encoders},
            "keep": list(self.keep),
        }


def states_of(encoder: str, way: int | str | None) -> list[tuple[Layer, str]]:
    """Layers and unpooled vectors that a way to take layers needs: pieces where words are cut, else words."""
    source = encoders_room.describe(encoder)
    layers = source.layers if isinstance(way, str) else (way,)
    return [(layer, PIECES if source.piece else WORDS) for layer in layers]


def _limits(most: Mapping[str, int]) -> dict[str, int]:
    for split, number in most.items():
        if split not in SPLITS:
            raise UnknownName("split in most=:", str(split), SPLITS)
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ProbekitError(f"most: {split} takes a whole number of units from 1 on, got {number!r}")
    return {split: most[split] for split in SPLITS if split in most}
