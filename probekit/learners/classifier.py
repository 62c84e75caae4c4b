"""Text classifiers behind one face, and those of our own kinds with their folders.

An own folder holds config.json (kind, options, labels), model.safetensors, words.txt (a word a line; the first three
are the padding, the unknown word and the mask) and texts.json (see `preparation`). Nothing in it is a pickle.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from probekit.encoders.model_folder import CONFIG, read_config
from probekit.errors import ProbekitError
from probekit.learners.catalogue import classifiers
from probekit.learners.preparation import Preparation, read_preparation, save_preparation

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS = "model.safetensors"
WORDS = "words.txt"
FORMAT = "probekit classifier"
SPECIAL = ("<pad>", "<unk>", "<mask>")
PAD, UNKNOWN, MASK = range(3)


@dataclass(frozen=True)
class TextBatch:
    """Texts as a classifier reads them: `ids` (B, T) int64, `mask` (B, T) bool, right padded.

    `word` (B, T) int64 is the word of each piece, -1 for special tokens and padding.
    """

    ids: Tensor
    mask: Tensor
    word: Tensor

    @property
    def content(self) -> Tensor:
        """Positions that belong to words, (B, T) bool: special tokens left out."""
        return self.word >= 0

    @property
    def lengths(self) -> Tensor:
        """Positions of each text, special tokens included, (B,)."""
        return self.mask.sum(dim=1)

    def part(self, text: int, n: int) -> TextBatch:
        """The first n positions of one text, as a batch of its own."""
        return TextBatch(self.ids[text : text + 1, :n], self.mask[text : text + 1, :n], self.word[text : text + 1, :n])


@dataclass(frozen=True)
class Labelled:
    """A batch of texts with the number of each one's label, (B,) int64."""

    text: TextBatch
    gold: Tensor


class Classifier(Protocol):
    """What a text classifier offers; `module` is in evaluation mode, `preparation` what its texts went through."""

    labels: tuple[str, ...]
    module: nn.Module
    name: str
    preparation: Preparation

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """Texts, each a list of words, cut into pieces and padded."""

    def room(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        """How many words of each text, from the first on, are read at once, (n,) int64."""

    def embed(self, batch: TextBatch) -> Tensor:
        """Input embeddings (B, T, d) float32."""

    def logits(self, vectors: Tensor, batch: TextBatch) -> Tensor:
        """Class scores (B, K) from vectors in place of the input embeddings."""


def own_module(
    kind: str, options: Mapping[str, Any], labels: int, embedding: Tensor, seen: int | None = None
) -> nn.Module:
    """A module with `embedding` (V, d) and `body`, the classifier proper, in evaluation mode.

    seen: of how many words, from the first on, training is about; all of them unless given.
    """
    from torch import nn

    module = nn.Module()
    module.embedding = nn.Embedding.from_pretrained(embedding, freeze=False, padding_idx=PAD)
    module.body = classifiers.get(kind)(int(embedding.shape[1]), labels, **options)
    module.seen = len(embedding) if seen is None else seen  # type: ignore[assignment]
    return module.eval()


class OwnClassifier:
    """A classifier of our own kinds over whole words.

    `module` has `embedding` and `body`. `words` are those of the embedding's rows; `lower` says that words are looked
    up in lower case. `about` is kept in the folder: how it was trained; and so is `preparation`.
    """

    def __init__(
        self,
        module: nn.Module,
        kind: str,
        options: Mapping[str, Any],
        labels: Sequence[str],
        words: Sequence[str],
        lower: bool = True,
        name: str = "",
        about: Mapping[str, Any] | None = None,
        preparation: Preparation | None = None,
    ) -> None:
        self.module, self.kind, self.options, self.labels = module, kind, dict(options), tuple(labels)
        self.words, self.lower, self.name, self.about = tuple(words), lower, name or kind, dict(about or {})
        self.preparation = preparation or Preparation()
        rows = int(module.state_dict()["embedding.weight"].shape[0])
        if self.words[:3] != SPECIAL or len(self.words) != rows:
            raise ProbekitError(
                f"a classifier's words begin with {', '.join(SPECIAL)} and are as many as its embeddings ({rows}); got "
                f"{len(self.words)}"
            )
        self._index = {word: row for row, word in enumerate(self.words)}

    def __repr__(self) -> str:
        return f"OwnClassifier({self.name}: {self.kind}, {len(self.words)} words, {', '.join(self.labels)})"

    def ids(self, words: Sequence[str]) -> np.ndarray:
        """Rows of words, int64; unknown ones have the unknown word's."""
        return np.array([self._index.get(w.lower() if self.lower else w, UNKNOWN) for w in words], dtype=np.int64)

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """See `Classifier`; a piece is a word. Raises ProbekitError for an empty text."""
        return pad([self.ids(words) for words in checked(texts)])

    def room(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        """See `Classifier`; every text is read whole."""
        return np.array([len(words) for words in texts], dtype=np.int64)

    def embed(self, batch: TextBatch) -> Tensor:
        """See `Classifier`."""
        return self.module.embedding(batch.ids)  # type: ignore[operator]

    def logits(self, vectors: Tensor, batch: TextBatch) -> Tensor:
        """See `Classifier`."""
        return self.module.body(vectors, batch.mask)  # type: ignore[operator]


def checked(texts: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Texts as they are. Raises ProbekitError that names one that is empty or no list of words."""
    if not texts:
        raise ProbekitError("no text given; a batch needs at least one")
    for number, words in enumerate(texts):
        if isinstance(words, str):
            raise ProbekitError(f"text {number} is a string; give a list of words")
        if not len(words):
            raise ProbekitError(f"text {number} is empty; a classifier needs at least one word")
    return texts


def pad(ids: Sequence[np.ndarray]) -> TextBatch:
    """Rows of word ids as a batch in which every piece is a word."""
    import torch

    lengths = np.array([len(row) for row in ids])
    mask = np.arange(lengths.max())[None, :] < lengths[:, None]
    found = np.full(mask.shape, PAD, dtype=np.int64)
    found[mask] = np.concatenate(ids)
    word = np.where(mask, np.arange(mask.shape[1])[None, :], -1)
    return TextBatch(torch.from_numpy(found), torch.from_numpy(mask), torch.from_numpy(word))


# --- folders --------------------------------------------------------------------------------------------------------


def save_classifier(classifier: OwnClassifier, folder: str | Path) -> Path:
    """Write config.json, model.safetensors and words.txt; each file appears whole."""
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    broken = next((word for word in classifier.words if "\n" in word or "\r" in word), None)
    if broken is not None:
        raise ProbekitError(f"the word {broken!r} holds a line break and cannot stand in {WORDS}")
    config = {
        "format": FORMAT,
        "kind": classifier.kind,
        "options": classifier.options,
        "labels": list(classifier.labels),
        "lower": classifier.lower,
        "name": classifier.name,
        "about": classifier.about,
    }
    weights = {name: value.detach().contiguous() for name, value in classifier.module.state_dict().items()}
    save_file(weights, folder / f".{WEIGHTS}.tmp")
    (folder / f".{WORDS}.tmp").write_bytes("".join(f"{word}\n" for word in classifier.words).encode())
    (folder / f".{CONFIG}.tmp").write_text(json.dumps(config, indent=1, sort_keys=True), encoding="utf-8")
    for name in (WEIGHTS, WORDS, CONFIG):
        os.replace(folder / f".{name}.tmp", folder / name)
    save_preparation(classifier.preparation, folder)
    return folder


def is_own(folder: str | Path) -> bool:
    """Whether a folder was written by `save_classifier`."""
    path = Path(folder).expanduser()
    return (path / CONFIG).is_file() and read_config(path).get("format") == FORMAT


def load_own(folder: Path) -> OwnClassifier:
    """The classifier of a folder that `save_classifier` wrote. Raises ProbekitError that names what is wrong."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    config = read_config(folder)
    try:
        words = (folder / WORDS).read_text(encoding="utf-8").split("\n")[:-1]
        weights = load_file(folder / WEIGHTS)
        embedding = torch.zeros_like(weights["embedding.weight"])
        module = own_module(config["kind"], config["options"], len(config["labels"]), embedding)
        module.load_state_dict(weights)
        return OwnClassifier(
            module,
            config["kind"],
            config["options"],
            config["labels"],
            words,
            bool(config["lower"]),
            str(config["name"]),
            config["about"],
            read_preparation(folder),
        )
    except ProbekitError as error:
        raise ProbekitError(f"the classifier in '{folder.name}' cannot be read: {error}; train it again") from error
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise ProbekitError(
            f"the classifier in '{folder.name}' cannot be read ({type(error).__name__}: {error}); train it again"
        ) from error
