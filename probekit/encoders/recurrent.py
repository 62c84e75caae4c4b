"""Recurrent encoders of our own, read from the folders that training writes: every layer of a left-to-right LSTM.

A folder holds `config.json` (what it is, its sizes, how it was trained), `model.safetensors` and `tokenizer.json`. The
vector of a word is the state after its last piece: what has been read up to and with that word, and nothing after it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probekit.corpora.corpus import Corpus
from probekit.encoders.batch import Batches
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import EncoderKind, EncoderSource, Layer, Part
from probekit.encoders.model_sizes import check_own_sizes
from probekit.errors import ProbekitError, UnknownName
from probekit.recipes import check_finished
from probekit.resources import data_roots
from probekit.sources import resolve
from probekit.specs import Spec, parse
from probekit.store import digest, folder_digest

if TYPE_CHECKING:
    import numpy as np
    import torch

    from probekit.models.lstm import LSTMStack

KINDS = ("translation", "labeller")
PIECES = ("last", "first", "mean")
POOLINGS = ("mean", "sum", "max", "min", "word:1", "word:1/3", "word:2/3", "word:-1")
CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"
# Positions read at once.
BUDGET = 4096


def options(piece: str = "last") -> dict[str, Any]:
    """Options of `saved:`.

    piece: how a word's pieces become its vector. `last` is the state after the whole word; after `first` the word is
    not read to its end.
    """
    if piece not in PIECES:
        raise UnknownName("value of piece:", str(piece), PIECES)
    return {"piece": piece}


def read_config(folder: Path) -> dict[str, Any]:
    """Configuration of a saved model. Raises ProbekitError for a folder that holds none of ours."""
    path = folder / CONFIG
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProbekitError(f"no model in '{folder}': there is no {CONFIG}") from None
    except (OSError, ValueError) as error:
        raise ProbekitError(f"cannot read {CONFIG} of the model folder '{folder.name}': {error}") from error
    if isinstance(found, dict) and found.get("format") == "probekit classifier":
        raise ProbekitError(
            f"'{folder.name}' is a text classifier ({found.get('kind')}), no encoder: ask it with probekit explain, "
            "attention or score --model"
        )
    if not isinstance(found, dict) or found.get("kind") not in KINDS:
        raise ProbekitError(
            f"'{folder.name}' holds no recurrent model that probekit saved (of the kinds {', '.join(KINDS)}); "
            f"a Hugging Face model is loaded as hf:{folder}"
        )
    for name in ("width", "layers", "pieces"):
        if not isinstance(found.get(name), int) or found[name] < 1:
            raise ProbekitError(f"{CONFIG} of the model folder '{folder.name}' does not say its {name}")
    check_own_sizes(found, folder)
    return found


def find_folder(name: str) -> Path:
    """Folder of a saved model: a path, or a folder in PROBEKIT_DATA. Raises ProbekitError that says the places."""
    path = Path(name).expanduser()
    places = [path, *(root / name for root in data_roots() if not path.is_absolute())]
    for place in places:
        check_finished(place)
        if os.path.isfile(place / CONFIG):
            return place.resolve()
    tried = ", ".join(str(place) for place in places)
    raise ProbekitError(f"no saved model '{name}' (looked for {CONFIG} in {tried}); name a folder that training wrote")


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `saved:<folder>(piece=)` without loading it."""
    return _describe(parse(spec))[0]


def _describe(spec: Spec) -> tuple[EncoderSource, Path, dict[str, Any]]:
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no folder; write saved:<folder>")
    arguments = resolve(spec.bare, options, "encoder")
    written, settings = arguments.written.kwargs, options(**arguments.options)
    folder = find_folder(spec.target)
    config = read_config(folder)
    contents = folder_digest(folder, [CONFIG, WEIGHTS, TOKENIZER])
    shown = f"{folder.name}-{contents[:8]}"
    return (
        source_of(
            str(Spec("saved", str(folder), (), written)),
            str(Spec("saved", shown, (), written)),
            contents,
            config,
            settings["piece"],
        ),
        folder,
        settings,
    )


def source_of(spec: str, name: str, contents: str, sizes: Mapping[str, Any], piece: str, **more: Any) -> EncoderSource:
    """Source of a recurrent encoder from its sizes (`width`, `layers`) and the digest of what it is; `more` goes on."""
    return EncoderSource(
        spec=spec,
        name=name,
        digest=digest(["recurrent", registry.entry("saved").revision, contents, piece]),
        layers=tuple(range(int(sizes["layers"]) + 1)),
        poolings=POOLINGS,
        piece=piece,
        width=int(sizes["width"]),
        **more,
    )


def load(spec: str | Spec, device: str | None = None) -> RecurrentEncoder:
    """The encoder of a spec, frozen, on a device (default: the CPU)."""
    source, folder, _ = _describe(parse(spec))
    return RecurrentEncoder(source, folder, device)


class RecurrentEncoder:
    """The encoder of a saved model. Layer 0 is the embeddings, layer l the states of LSTM layer l."""

    def __init__(self, source: EncoderSource, folder: Path, device: str | None = None) -> None:
        import torch

        self.source, self.folder = source, folder
        self.config = read_config(folder)
        self.width = int(self.config["width"])
        self.device = torch.device(device or "cpu")

    @cached_property
    def model(self) -> LSTMStack:
        """The layers in evaluation mode, without gradients."""
        from probekit.models.lstm import LSTMStack

        stack = LSTMStack(self.config["pieces"], self.width, self.config["layers"])
        own = {
            name.removeprefix("encoder."): weight
            for name, weight in load_weights(self.folder).items()
            if name.startswith("encoder.")
        }
        fill(stack, own, self.folder)
        return stack.to(self.device).eval().requires_grad_(False)

    @cached_property
    def tokenizer(self) -> Any:
        """What cuts words into pieces."""
        from probekit.encoders.pieces import load_pieces

        found = load_pieces(self.folder / TOKENIZER)
        if len(found) > self.config["pieces"]:
            raise ProbekitError(
                f"the tokenizer of '{self.source.name}' knows {len(found)} pieces, the model {self.config['pieces']}; "
                "they do not belong together"
            )
        return found

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> RecurrentPass:
        """Cut a corpus into pieces, check that those of every word spell it, lay out the batches of a pass."""
        from probekit.encoders.pieces import cut

        pieces = cut(self.tokenizer, corpus, f"'{self.source.name}'")
        # A recurrent network reads texts of any length, so there are no windows.
        batches = Batches(pieces, (), (), max(int(pieces.lengths.max()), 1), self.tokenizer.pad_token_id, BUDGET)
        return RecurrentPass(self, corpus, batches, tuple(layers), tuple(poolings))


@dataclass
class RecurrentPass:
    """One pass over a corpus: a batch a step, each giving every layer and pooling asked for."""

    encoder: RecurrentEncoder
    corpus: Corpus
    batches: Batches
    layers: tuple[Layer, ...]
    poolings: tuple[str, ...]

    @property
    def n_steps(self) -> int:
        return len(self.batches)

    @property
    def found(self) -> Mapping[str, Any]:
        found = self.batches.found
        kept = ("pieces", "unknown_words", "unknown_pieces", "unread_words", "positions", "padding")
        return {name: found[name] for name in kept}

    @cached_property
    def first_piece(self) -> np.ndarray:
        return self.batches.pieces.first_piece(self.corpus)

    def step(self, number: int) -> Iterator[Part]:
        """Vectors of one batch, float32, with the rows of the result that they belong to."""
        import torch

        from probekit.encoders.batch_pooling import BatchPooler

        encoder, batch = self.encoder, self.batches[number]
        with torch.inference_mode():
            states, _ = encoder.model(torch.from_numpy(batch.input_ids).to(encoder.device))
            pooler = BatchPooler(
                batch, self.corpus, self.poolings, encoder.source.piece, "piece", 0, encoder.device, self.first_piece
            )
            for layer in self.layers:
                # The pooler writes to positions that hold no piece, and layers may be asked for twice.
                for pooling, rows, vectors in pooler.pool(states[layer or 0].clone()):
                    yield layer, pooling, rows, vectors.cpu().numpy()


def load_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of a saved model. Raises ProbekitError when they cannot be read."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ProbekitError(
            f"cannot read {WEIGHTS} of the model folder '{folder.name}': {error}; train it again"
        ) from error


def fill(module: torch.nn.Module, weights: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Put weights into a module. Raises ProbekitError when they are not those of such a module."""
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).replace("\n", " ")
        raise ProbekitError(
            f"{WEIGHTS} of the model folder '{folder.name}' does not fit its {CONFIG}: {reason}"
        ) from error


KIND = EncoderKind(describe, load)
