"""A trained tagger, parser or supertagger as an encoder: layer 0 is its inputs, layer 1 the states of its body.

tagger:wikineural-en|resplit(task="word/bio:entity", inputs=[glove])      trained first where it has not been
parser:ud-afrikaans-afribooms(inputs=[minilm])                        likewise
saved:FOLDER                                                          of probekit train tagger, parser, supertagger
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.encoders.encoder import EncoderKind, EncoderSource, Layer, Part, parts_of
from probekit.encoders.pooling import POOLINGS
from probekit.encoders.recurrent import CONFIG, WEIGHTS, find_folder
from probekit.learners import parser, supertagger, tagger
from probekit.learners.input_source import HELD
from probekit.learners.word_models import check_inputs, read
from probekit.recipes import Recipe
from probekit.sources import resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest, folder_digest

OFFERED = tuple(pooling for pooling in POOLINGS if pooling != "cls")
BATCH = 4096  # words


def _no_options() -> None: ...


@dataclass(frozen=True)
class Kind:
    """A kind of trained model: its recipe; how a folder is opened; batches of a corpus, whose `given` the model's
    `states` read; units of a state, None where states are the inputs."""

    name: str
    recipe: Callable[[Spec], Recipe]
    open: Callable[[Path], Any]
    batches: Callable[[Any, Corpus], Any]
    width: Callable[[Mapping[str, Any]], int | None]

    def described(self, spec: str, name: str, contents: str, design: Mapping[str, Any], **more: Any) -> EncoderSource:
        width = self.width(design)
        layers = (0, 1) if width else (0,)
        return EncoderSource(
            spec, name, digest([self.name, contents]), layers=layers, poolings=OFFERED, width=width, **more
        )

    def describe(self, spec: str | Spec) -> EncoderSource:
        """What is known of a model as an encoder, with nothing trained."""
        made = self.recipe(parse(spec))
        more = {"modules": made.modules, "needs": (*made.needs, made.spec), "generated": made.generated}
        return self.described(made.spec, made.name, made.key, made.content["options"], **more)

    def load(self, spec: str | Spec, device: str | None = None) -> StatesEncoder:
        """The encoder of a spec, trained first where it has not been."""
        return StatesEncoder(self, self.describe(spec), self.recipe(parse(spec)).ensure())

    def describe_saved(self, spec: Spec) -> EncoderSource:
        """What is known of a folder that holds such a model."""
        resolve(spec.bare, _no_options, self.name)
        folder = find_folder(str(spec.target))
        config = read(folder, self.name)
        encoders = check_inputs(folder, config)
        # The configuration holds labels and the digests of the inputs.
        files = [CONFIG, WEIGHTS, *(file.name for file in folder.glob(HELD.format("*")))]
        contents = folder_digest(folder, files)
        shown = f"{folder.name}-{contents[:8]}"
        told = together(*encoders)
        more = {name: told[name] for name in ("modules", "needs", "generated")}
        names = (str(Spec("saved", str(folder))), str(Spec("saved", shown)))
        return self.described(*names, contents, config["design"], **more)

    def load_saved(self, spec: Spec, device: str | None = None) -> StatesEncoder:
        """The encoder of a folder."""
        return StatesEncoder(self, self.describe_saved(spec), find_folder(str(spec.target)))


class StatesEncoder:
    """The inputs and states of a saved model, frozen, on the CPU."""

    def __init__(self, kind: Kind, source: EncoderSource, folder: Path) -> None:
        self.kind, self.source, self.folder = kind, source, folder

    @cached_property
    def saved(self) -> Any:
        """The model of the folder."""
        return self.kind.open(self.folder)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each layer."""
        inputs = self.saved.model.inputs_width
        return (inputs, int(self.source.width)) if self.source.width else (inputs,)

    @property
    def width(self) -> int:
        return self.widths[-1]

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> StatesPass:
        """Prepare the inputs and lay out the batches."""
        return StatesPass(self, corpus, tuple(layers), tuple(poolings))


class StatesPass:
    """One pass over a corpus, a batch of sentences of like length a step."""

    def __init__(
        self, encoder: StatesEncoder, corpus: Corpus, layers: tuple[Layer, ...], poolings: tuple[str, ...]
    ) -> None:
        from probekit.training.buckets import Buckets

        self.encoder, self.corpus, self.layers, self.poolings = encoder, corpus, layers, poolings
        self.sentences = encoder.kind.batches(encoder.saved, corpus)
        self.batches = Buckets(corpus.lengths, BATCH).in_order()
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
            both = self.encoder.saved.model.states(*self.sentences.given(rows))
        for layer in self.layers:
            vectors = both[layer or 0].numpy()
            for place, row in enumerate(rows):
                found = np.ascontiguousarray(vectors[place, : self.corpus.lengths[row]])
                yield from parts_of(self.corpus, int(row), layer, found, self.poolings)


def _of_body(design: Mapping[str, Any]) -> int | None:
    return 2 * int(design["hidden"]) if design["layers"] else None


def _kind(kind: Kind) -> EncoderKind:
    return EncoderKind(kind.describe, kind.load, saved=EncoderKind(kind.describe_saved, kind.load_saved))


TAGGER = _kind(Kind("tagger", tagger.recipe, tagger.SavedTagger, tagger.SavedTagger.sentences, _of_body))
PARSER = _kind(Kind("parser", parser.recipe, parser.SavedParser, parser.SavedParser.treebank, _of_body))
SUPERTAGGER = _kind(
    Kind(
        "supertagger",
        supertagger.recipe,
        supertagger.SavedSupertagger,
        supertagger.SavedSupertagger.sentences,
        lambda design: int(design["hidden"]),
    )
)
