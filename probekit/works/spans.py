"""The grid of span tasks: corpora x encoders x layers x span methods x tasks x probes x seeds."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from probekit import encoders, recipes
from probekit import probes as probes_room
from probekit import rows as schema
from probekit import tasks as tasks_room
from probekit.corpora import CorpusSource
from probekit.encoders import EncoderSource
from probekit.encoders.activations import USUAL_WIDTH
from probekit.encoders.encoder import check_request
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.work import Cell, Question, works
from probekit.probes import ProbeSource
from probekit.probes.span_names import METHODS, method_entry, pooling_of
from probekit.probes.span_names import describe as describe_method
from probekit.sources import describe
from probekit.store import digest
from probekit.tasks import Task
from probekit.works.asking import ProbeGrid, arguments, listed_layers, text_of
from probekit.works.span_answers import COUNTS, MIXES, SPLITS, answer_spans, states_of

# Bytes of states that lie in the cache at a time where a grid releases them.
GIB = 2**30
MOST_KEPT = 12 * GIB
CONTROLS = {
    "majority": "the commonest set of labels in training, no vectors",
    "all-yes": "`yes` to everything, for tasks of yes and no",
    "random-encoder": "the same probe on the same architecture with random weights",
}


class SpanGrid(ProbeGrid):
    """Span methods on the token vectors of frozen or fine-tuned encoders.

    layers: "all" (each by itself), numbers, "mix" (a mean of all with learned weights), "uniform" (their plain mean);
    fine-tuning takes the last layer and the mix. poolings: span methods, as `span(max)` or `max`. most: at most so many
    units of a split, drawn once for all methods and seeds (whole sentences, up to the one that fills it, when the
    encoder is trained too); of `dev` only what training is stopped on is drawn, and all is scored. keep: "predictions",
    or "counts" (decisions by label and document). tune: train the encoder too. groups: what intervals keep together.
    Tasks are trained on the corpus's `train` split, stopped on `dev`, scored on `dev` and `test`. One cell
    answers all methods of a task, layer choice and seed, in one pass over the data. release: the states of an encoder
    on a corpus are taken from the cache when the last cell has read them. half: states are kept in half precision,
    which halves their room (arithmetic stays float32; rows say `states=half`). See `probekit.probing`.
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
        release: bool = False,
        half: bool = False,
    ) -> None:
        axes: dict[str, Any] = {
            "dataset": corpora,
            "encoder": encoders,
            "layer": listed_layers(layers, MIXES),
            "pooling": poolings,
            "task": tasks,
            "probe": probes,
            "seed": seeds,
        }
        work = "tuned-spans" if tune else "spans"
        super().__init__(name, work, axes, controls, CONTROLS, keep, groups)
        if tune and half:
            raise ProbekitError("half= is for states that are kept; fine-tuning keeps none")
        self.tune, self.release, self.half, self.most = tune, release, half, _limits(most or {})
        self.methods = {pooling_of(text_of(method)): text_of(method) for method in poolings}
        for probe in self.probes:
            if probe.takes != "spans":
                raise ProbekitError(f"probe '{probe.spec}' reads {probe.takes}; span tasks take span-mlp")
        self.encoders = self._choose_encoders(encoders, layers)
        self.tasks = [tasks_room.get(spec) for spec in tasks_room.expand([text_of(task) for task in tasks])]
        for task in self.tasks:
            if task.level != "span":
                raise ProbekitError(f"task '{task.name}' asks of {task.level}s; ask it in a grid of its own")
        asked = {"task": [task.spec for task in self.tasks], "pooling": list(self.methods), "groups": [groups]}
        self.axes = {**axes, **asked}

    def with_axes(self, values: Mapping[str, Sequence[Any]], keep: Collection[str] | None = None) -> SpanGrid:
        given = arguments({**self.axes, **values})
        kept = self.keep if keep is None else keep
        own: dict[str, Any] = {"most": self.most, "tune": self.tune, "release": self.release, "half": self.half}
        return SpanGrid(self.name, **given, controls=self.controls, keep=kept, **own)

    def _choose_encoders(
        self, specs: Sequence[Any], layers: str | Sequence[int | str]
    ) -> list[tuple[EncoderSource, str, tuple[int | str | None, ...]]]:
        """Encoders with their control and the ways in which their layers are asked for."""
        chosen = []
        for source, control in self.with_random(specs):
            ways: list[int | str | None] = []
            listed: Sequence[int | str] = [layers] if isinstance(layers, str) else layers
            named = [way for way in listed if way in MIXES]
            numbers: Any = layers if layers in ("all", "blocks") else [way for way in listed if way not in MIXES]
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
        # All that reads the states of one encoder on one corpus comes together, so that they need not be kept longer.
        for source, (encoder, control, ways) in itertools.product(self.corpora, self.encoders):
            for task, seed, probe in itertools.product(self.tasks, self.seeds, self.probes):
                for way in ways:
                    # A fine-tuned encoder is trained for one method: nothing is shared between them.
                    for methods in [[m] for m in self.methods] if self.tune else [list(self.methods)]:
                        found.append(self._cell(source, task, seed, encoder, way, methods, probe, control))
        for source, task, control in itertools.product(self.corpora, self.tasks, self.controls):
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
        probe: ProbeSource | None,
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
                **({"states": "half"} if self.half and encoder else {}),
                **self.most,
                "groups": self.groups,
            }
        )
        shared = {
            "corpus": source.spec,
            "task": task.spec,
            "encoder": encoder.spec if encoder else "",
            "way": way,
            "half": self.half,
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
            "task": tasks_room.describe(task).digest,
            "encoder": encoder.digest if encoder else None,
            "way": way,
            "probe": probe.digest if probe else None,
            "control": control,
            "seed": seed,
            "setting": setting,
        }
        questions = []
        for method in methods:
            key = digest([digest(content), method, method_entry(method).revision if method else 0])
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
        others = [("work", describe("work", work)), ("task", tasks_room.describe(task))]
        others += [("probe", probe)] if probe else []
        others += [("span method", describe_method(self.methods[m])) for m in methods if m in self.methods]
        return Cell(work, label, shared, tuple(questions), **self.rests_on(source, encoder, others))

    def with_needs(self, cells: list[Cell]) -> list[Cell]:
        """One pass of each frozen encoder over each corpus, for all layers that open cells ask for."""
        frozen = [cell for cell in cells if _reads_states(cell)]
        found = self.with_passes(
            cells,
            {cell.name: states_of(cell.shared["encoder"], cell.shared["way"], cell.shared["half"]) for cell in frozen},
        )
        if self.release:
            return self._releasing(found)
        if self.half and frozen:
            self._remarks = ["states of frozen encoders are kept in half precision"]
        return found

    def _releasing(self, cells: list[Cell]) -> list[Cell]:
        """Cells of which the last that reads an encoder's states takes them away; says what is there at a time.

        Raises ProbekitError where the states of one encoder on one corpus are more than may be kept.
        """
        last = {cell.needs[-1]: cell.name for cell in cells if _reads_states(cell)}
        sizes = {need: recipes.of(need).cost()[1] for need in last}
        if sizes and max(sizes.values()) > MOST_KEPT:
            largest = max(sizes, key=lambda need: sizes[need])
            raise ProbekitError(
                f"the {recipes.of(largest).name} take {sizes[largest] / GIB:.1f} GiB, and at most "
                f"{MOST_KEPT / GIB:.0f} are kept; take half=True, a part of the corpus (|sample(n=...)) or fewer layers"
            )
        precision = "half precision" if self.half else "full precision"
        if sizes:
            self._remarks = [
                f"states of frozen encoders, in {precision}: at most {max(sizes.values()) / GIB:.2f} GiB at a time "
                f"(limit {MOST_KEPT / GIB:.0f}), {sum(sizes.values()) / GIB:.2f} made one after another and released"
            ]
        ending = set(last.values())
        return [
            replace(cell, shared={**cell.shared, "release": True}) if cell.name in ending else cell for cell in cells
        ]

    def describe(self) -> dict[str, Any]:
        found = super().describe()
        return {**found, "axes": {**found["axes"], "most": self.most, "tune": self.tune, "half": self.half}}


# Seconds of one core for a step of a method: 64 spans of seven tokens, 384 units in seven layers; half of it grows
# with layers and units, and units of two spans take twice that. And where sentences are read forth and back at a step.
SECONDS_PER_STEP, USUAL_STATES = 0.0045, 7 * 384
TWO_SPANS = ("span/semantic-role", "span/coreference-arc")
SECONDS_PER_TUNED_STEP = 0.25
USUAL_UNITS = 20_000


def seconds(cell: Cell) -> float:
    """What a cell will take of one core at most (training may stop early)."""
    if not cell.shared["encoder"]:
        return 0.0
    probe = probes_room.describe(cell.shared["probe"])
    settings = probe.component(**probe.params)
    units = cell.shared["most"].get("train", USUAL_UNITS)
    a_step = SECONDS_PER_TUNED_STEP if cell.work == "tuned-spans" else seconds_a_step(cell)
    return a_step * len(cell.questions) * settings.passes * units / settings.batch


def seconds_a_step(cell: Cell) -> float:
    """What a step of one method takes of one core on frozen states."""
    encoder = encoders.describe(cell.shared["encoder"])
    layers = len(encoder.layers) if isinstance(cell.shared["way"], str) else 1
    share = 0.5 + 0.5 * layers * (encoder.width or USUAL_WIDTH) / USUAL_STATES
    return SECONDS_PER_STEP * share * (2 if tasks_room.get(cell.shared["task"]).name in TWO_SPANS else 1)


# 2: all development units are scored, whatever part of them training is stopped on.
works.add(
    "spans",
    answer_spans,
    revision=2,
    summary="Span probes on token vectors",
    tables={"counts": COUNTS},
    threads=1,
    cost=seconds,
)
works.add(
    "tuned-spans",
    "probekit.works.tuned_spans:answer_tuned",
    revision=2,
    summary="Span probes trained with their encoder",
    tables={"counts": COUNTS},
    threads=1,
    cost=seconds,
)


def _reads_states(cell: Cell) -> bool:
    return bool(cell.shared["encoder"]) and cell.work == "spans"


def _limits(most: Mapping[str, int]) -> dict[str, int]:
    for split, number in most.items():
        if split not in SPLITS:
            raise UnknownName("split in most=:", str(split), SPLITS)
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ProbekitError(f"most: {split} takes a whole number of units from 1 on, got {number!r}")
    return {split: most[split] for split in SPLITS if split in most}
