"""A trained tagger as an encoder: layer 0 is its combined inputs, layer 1 the states of its body.

tagger:wikineural-en|resplit(task="word/bio:entity", inputs=[glove])      trained first where it has not been
saved:FOLDER                                                          of probekit train tagger
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.encoders.encoder import EncoderKind, EncoderSource, Layer, Part, parts_of
from probekit.encoders.pooling import POOLINGS
from probekit.encoders.recurrent import CONFIG, WEIGHTS, find_folder
from probekit.learners.input_source import HELD
from probekit.learners.tagger import KIND as TAGGER
from probekit.learners.tagger import SavedTagger, recipe
from probekit.learners.word_models import check_inputs, read
from probekit.sources import resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest, folder_digest

OFFERED = tuple(pooling for pooling in POOLINGS if pooling != "cls")


def _described(spec: str, name: str, contents: str, design: Mapping[str, Any], **more: Any) -> EncoderSource:
    layers = (0, 1) if design["layers"] else (0,)
    width = 2 * int(design["hidden"]) if design["layers"] else None
    return EncoderSource(spec, name, digest(["tagger", contents]), layers=layers, poolings=OFFERED, width=width, **more)


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of a tagger as an encoder, with nothing trained."""
    made = recipe(parse(spec))
    options = made.content["options"]
    more = {"modules": made.modules, "needs": (*made.needs, made.spec), "generated": made.generated}
    return _described(made.spec, made.name, made.key, options, **more)


def load(spec: str | Spec, device: str | None = None) -> TaggerEncoder:
    """The encoder of a spec, trained first where it has not been."""
    return TaggerEncoder(describe(spec), recipe(parse(spec)).ensure())


def _no_options() -> None: ...


def describe_saved(spec: Spec) -> EncoderSource:
    """What is known of a folder that holds a tagger."""
    resolve(spec.bare, _no_options, "tagger")
    folder = find_folder(str(spec.target))
    config = read(folder, TAGGER)
    encoders = check_inputs(folder, config)
    # The configuration holds labels and the digests of the inputs.
    files = [CONFIG, WEIGHTS, *(file.name for file in folder.glob(HELD.format("*")))]
    contents = folder_digest(folder, files)
    shown = f"{folder.name}-{contents[:8]}"
    told = together(*encoders)
    more = {name: told[name] for name in ("modules", "needs", "generated")}
    return _described(str(Spec("saved", str(folder))), str(Spec("saved", shown)), contents, config["design"], **more)


def load_saved(spec: Spec, device: str | None = None) -> TaggerEncoder:
    """The encoder of a folder."""
    return TaggerEncoder(describe_saved(spec), find_folder(str(spec.target)))


class TaggerEncoder:
    """The inputs and states of a saved tagger, frozen, on the CPU."""

    def __init__(self, source: EncoderSource, folder: Path) -> None:
        self.source, self.folder = source, folder

    @cached_property
    def tagger(self) -> SavedTagger:
        return SavedTagger(self.folder)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each layer."""
        combined = self.tagger.model.combination.width
        return (combined, int(self.source.width)) if self.source.width else (combined,)

    @property
    def width(self) -> int:
        return self.widths[-1]

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> TaggerPass:
        """Prepare the inputs and lay out the batches."""
        return TaggerPass(self, corpus, tuple(layers), tuple(poolings))


class TaggerPass:
    """One pass over a corpus, a batch of sentences of like length a step."""

    def __init__(
        self, encoder: TaggerEncoder, corpus: Corpus, layers: tuple[Layer, ...], poolings: tuple[str, ...]
    ) -> None:
        self.encoder, self.corpus, self.layers, self.poolings = encoder, corpus, layers, poolings
        self.sentences = encoder.tagger.sentences(corpus)
        self.batches = self.sentences.buckets(4096).in_order()
        self.widths = dict(enumerate(encoder.widths))
        self.found: Mapping[str, Any] = {}

    @property
    def n_steps(self) -> int:
        return len(self.batches)

    def step(self, number: int) -> Iterator[Part]:
        """Vectors of the words, or of the sentences, of one batch, float32."""
        import torch

        rows = self.batches[number]
        with torch.no_grad():
            both = self.encoder.tagger.model.states(*self.sentences.given(rows))
        for layer in self.layers:
            vectors = both[layer or 0].numpy()
            for place, row in enumerate(rows):
                found = np.ascontiguousarray(vectors[place, : self.corpus.lengths[row]])
                yield from parts_of(self.corpus, int(row), layer, found, self.poolings)


KIND = EncoderKind(describe, load, saved=EncoderKind(describe_saved, load_saved))
