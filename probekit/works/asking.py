"""What grids of probes share: checked axes, encoders beside their random forms, cells that say what they need."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

from probekit import corpora, encoders, probes
from probekit.corpora import CorpusSource
from probekit.encoders import EncoderSource
from probekit.encoders.activations import need
from probekit.encoders.encoder import Layer
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.grid import Grid
from probekit.grid.work import Cell, works
from probekit.sources import Planned, Source, together
from probekit.specs import Spec
from probekit.values import Seed, lacking

GROUPS = ("sentence", "document", "text")
RANDOM_ENCODER = "random-encoder"
Reps = list[tuple[Layer, str]]
# Axes as the parameters of `probing` are called, for whom it is told.
PARAMETERS = {"dataset": "corpora"} | {
    axis: f"{axis}s" for axis in ("encoder", "layer", "pooling", "task", "probe", "seed")
}
_RELATIVE = re.compile(r"last|\d+/\d+")


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


def one(axis: str, values: Sequence[Any]) -> Any:
    """The value of an axis that takes one at a time. Raises ProbekitError for several."""
    if len(values) != 1:
        raise ProbekitError(f"the axis '{axis}' takes one value, got {', '.join(map(str, values))}")
    return values[0]


def listed_layers(layers: Any, ways: Collection[str] = ()) -> Any:
    """Layers as they were asked for, whether or not an encoder of the grid has any; `ways` are further words for them.

    Raises ProbekitError for what is neither a word for several nor a list of numbers and of places in the depth.
    """
    words = ("all", "blocks", *ways)
    if isinstance(layers, str) and layers in words:
        return layers
    listed = isinstance(layers, Sequence) and not isinstance(layers, str)
    if not listed or not all(_names_layer(layer, ways) for layer in layers):
        raise ProbekitError(
            f"layers is {', '.join(map(repr, words))} or a list of numbers, got {layers!r}; write layers=[...] with "
            "numbers from 0 (embeddings), -1 or 'last', and shares of the depth such as '5/12'"
        )
    return list(layers)


def _names_layer(layer: Any, ways: Collection[str]) -> bool:
    if isinstance(layer, str):
        return layer in ways or _RELATIVE.fullmatch(layer) is not None
    return isinstance(layer, Integral) and not isinstance(layer, bool)


def arguments(axes: Mapping[str, Any]) -> dict[str, Any]:
    """What grids of probes are made of, by the names that their constructors have for the axes."""
    names = {"dataset": "corpora", "encoder": "encoders", "layer": "layers", "pooling": "poolings", "task": "tasks"}
    names |= {"probe": "probes", "seed": "seeds"}
    return {**{ours: axes[axis] for axis, ours in names.items()}, "groups": one("groups", axes["groups"])}


class ProbeGrid(Grid):
    """A grid of probes, whose cells are laid out by its kind and not by the product of its axes.

    axes: values by the name that rows and the command line have for them; `controls` is no axis of its own.
    """

    def __init__(
        self,
        name: str,
        work: str,
        axes: Mapping[str, Any],
        controls: Sequence[str],
        known_controls: Collection[str],
        keep: Collection[str],
        groups: str,
    ) -> None:
        for axis, values in {**axes, "controls": controls}.items():
            if axis != "layer" and (isinstance(values, str) or not isinstance(values, Sequence)):
                raise ProbekitError(f"{PARAMETERS.get(axis, axis)} is a list, got {values!r}; write [{values!r}]")
        if groups not in GROUPS:
            raise UnknownName("grouping", str(groups), GROUPS)
        for control in controls:
            if control not in known_controls:
                raise UnknownName("control", control, known_controls)
        for seed in axes["seed"]:
            if wanted := lacking(seed, Seed):
                raise ProbekitError(f"each of seeds is {wanted}, got {seed!r}")
        super().__init__(name, work, {}, keep)
        self.groups, self.controls, self.seeds = groups, tuple(controls), tuple(map(int, axes["seed"]))
        self.corpora = [corpora.describe(text_of(corpus)) for corpus in axes["dataset"]]
        self.probes = [probes.describe(text_of(probe)) for probe in axes["probe"]]
        self._remarks: list[str] = []

    @property
    def closed(self) -> frozenset[str]:
        """No axis: what its values may be, the components say."""
        return frozenset()

    def remarks(self) -> tuple[str, ...]:
        return tuple(self._remarks)

    def with_random(self, specs: Sequence[Any]) -> list[tuple[EncoderSource, str]]:
        """Encoders, and beside those with layers their random forms where that control is asked."""
        texts = [text_of(spec) for spec in specs]
        described = [(encoders.describe(spec), "") for spec in texts]
        if RANDOM_ENCODER not in self.controls:
            return described
        layered = [spec for spec, (source, _) in zip(texts, described, strict=True) if source.layers != (None,)]
        if not layered:
            raise ProbekitError("the control random-encoder needs an encoder with layers; there is none in the grid")
        forms = [encoders.random_form(spec) for spec in layered if not spec.startswith("random:")]
        return described + [(encoders.describe(spec), RANDOM_ENCODER) for spec in forms]

    # --- cells

    def rests_on(
        self, corpus: CorpusSource, encoder: EncoderSource | None, others: Sequence[tuple[str, Source]]
    ) -> dict[str, Any]:
        """Modules, sources and generated data of a cell; what an encoder needs comes with its vectors.

        others: further sources with their kinds.
        """
        data: dict[str, Source] = {"dataset": corpus, **({"encoder": encoder} if encoder else {})}
        modules = together(*data.values(), *(source for _, source in others))["modules"]
        kinds = [("corpus", corpus), *others]
        kinds += [("encoder", encoder)] if encoder else []
        return {
            "needs": tuple(need for source in data.values() for need in source.needs),
            "modules": (works.entry(self.work).module, *modules),
            "sources": tuple(source.spec for source in data.values()),
            "generated": tuple(axis for axis, source in data.items() if source.generated),
            "planned": tuple(dict.fromkeys(Planned.of(kind, source) for kind, source in kinds)),
        }

    def with_passes(self, cells: list[Cell], wanted_by: Mapping[str, Reps]) -> list[Cell]:
        """Cells with what they need: each encoder goes over each corpus once, for all that is still open.

        wanted_by: the layers and poolings that a cell reads, by its name.
        """
        wanted: dict[tuple[str, str], dict[tuple[Layer, str], None]] = {}
        for cell in cells:
            if reps := wanted_by.get(cell.name):
                place = (cell.shared["corpus"], cell.shared["encoder"])
                wanted.setdefault(place, {}).update(dict.fromkeys(reps))
        passes = {
            place: need(corpora.describe(place[0]), encoders.describe(place[1]), list(reps))
            for place, reps in wanted.items()
        }
        return [
            replace(cell, needs=(*cell.needs, passes[cell.shared["corpus"], cell.shared["encoder"]]))
            if wanted_by.get(cell.name)
            else cell
            for cell in cells
        ]

    def describe(self) -> dict[str, Any]:
        """The grid as the manifest records it; encoders are those of the grid's own list, `self.encoders`."""
        chosen = list(dict.fromkeys(source for source, *_ in self.encoders))  # type: ignore[attr-defined]
        names = {
            "dataset": [source.name for source in self.corpora],
            "encoder": [source.name for source in chosen],
            "probe": [source.name for source in self.probes],
        }
        return {
            "work": self.work,
            "axes": {**self.axes, **names},
            "data": {source.name: source.digest for source in self.corpora},
            "weights": {source.name: source.digest for source in chosen},
            "keep": list(self.keep),
        }
