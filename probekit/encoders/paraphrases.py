"""Sentence encoders trained on paraphrases, read from the folders that training writes.

A folder holds `config.json`, `model.safetensors`, `vocabulary.json` and fingerprints of what was trained on. Poolings:
`sentence`, the vector or the mean of the Gaussian, and of Gaussians `gaussian`, mean and variance side by side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import EncoderKind, EncoderSource, Layer, Part
from probekit.encoders.pieces import ESCAPES
from probekit.encoders.pooling import GAUSSIAN, SENTENCE
from probekit.encoders.recurrent import CONFIG, WEIGHTS, fill, find_folder, load_weights
from probekit.errors import ProbekitError
from probekit.specs import Spec, parse
from probekit.store import digest, folder_digest
from probekit.training.buckets import Buckets, padded

if TYPE_CHECKING:
    import torch

    from probekit.models.paraphrases import ParaphraseModel, Sentence

KIND_OF_MODEL, VOCABULARY, TRAINED_ON = "paraphrases", "vocabulary.json", "trained_on.npy"
PAD, UNKNOWN = 0, 1
FIRST_WORD = 2
BUDGET = 8192  # positions read at once
MODELS = ("wordavg", "wordsum", "lstmavg", "lstm-gaussian", "wlo")
GAUSSIANS = ("lstm-gaussian", "wlo")
ORDERED = ("lstmavg", "lstm-gaussian", "wlo")  # those to which the order of words matters
_SIZES = ("words", "width", "hidden")


class Vocabulary:
    """Words by id: 0 is padding, 1 every word that training lacked. lower: words are read in lower case.

    unknown: `own` gives an unknown word the vector or operator that training learned for rare words; `neutral` leaves
    it out.
    """

    def __init__(self, words: Iterable[str], lower: bool, unknown: str) -> None:
        self.words, self.lower, self.unknown = list(words), lower, unknown
        self.index = {word: number for number, word in enumerate(self.words, FIRST_WORD)}

    def __len__(self) -> int:
        return FIRST_WORD + len(self.words)

    @classmethod
    def of(cls, corpus: Corpus, sentences: np.ndarray, rare: int, lower: bool, unknown: str) -> Vocabulary:
        """The words that occur `rare` times or more in some sentences of a corpus, most frequent first."""
        inside = np.isin(corpus.sentence_of_word, sentences)
        counts: dict[str, int] = {}
        of_types = np.bincount(corpus.form.codes[inside], minlength=len(corpus.form.categories)).tolist()
        for form, count in zip(corpus.form.categories, of_types, strict=True):
            word = spelled(str(form), lower)
            counts[word] = counts.get(word, 0) + count
        kept = sorted((word for word in counts if counts[word] >= rare), key=lambda word: (-counts[word], word))
        return cls(kept, lower, unknown)

    def ids(self, corpus: Corpus) -> np.ndarray:
        """Id of every word of a corpus, (n_words,) int64; unknown words that are neutral have that of padding."""
        other = PAD if self.unknown == "neutral" else UNKNOWN
        of_types = [self.index.get(spelled(str(form), self.lower), other) for form in corpus.form.categories]
        return np.array(of_types, dtype=np.int64)[corpus.form.codes]

    def texts(self, corpus: Corpus) -> list[np.ndarray]:
        """Ids of the words of every sentence. Words that are left out are not there: a text may be empty."""
        ids = self.ids(corpus)
        return [own[own != PAD] for own in np.split(ids, corpus.offsets[1:-1])]

    def save(self, folder: Path) -> None:
        content = {"lower": self.lower, "unknown": self.unknown, "words": self.words}
        (folder / VOCABULARY).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        """Raises ProbekitError for a damaged file."""
        try:
            found = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
            return cls(list(map(str, found["words"])), bool(found["lower"]), str(found["unknown"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ProbekitError(f"cannot read {VOCABULARY} of the model folder '{folder.name}': {error}") from error


def fingerprints(texts: Iterable[str]) -> np.ndarray:
    """Of each text a number that two texts share only where they differ in nothing but the case of letters."""
    digests = (hashlib.blake2b(text.lower().encode(), digest_size=8).digest() for text in texts)
    return np.array([int.from_bytes(one, "little", signed=True) for one in digests], dtype=np.int64)


def spelled(word: str, lower: bool) -> str:
    """A word as running text has it, whatever brackets a treebank writes."""
    word = ESCAPES.get(word, word)
    return word.lower() if lower else word


def read_config(folder: Path) -> dict[str, Any]:
    """Configuration of a model. Raises ProbekitError for a folder that holds no such model."""
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProbekitError(f"cannot read {CONFIG} of the model folder '{folder.name}': {error}") from error
    sizes = [found.get(name) for name in _SIZES] if isinstance(found, dict) else []
    if not sizes or found.get("model") not in MODELS or not all(isinstance(n, int) and 0 < n < 10**7 for n in sizes):
        raise ProbekitError(f"{CONFIG} of the model folder '{folder.name}' does not say its model and sizes")
    return found


def size(model: str, width: int, hidden: int) -> int:
    """Dimensions of a sentence."""
    return hidden if model in ("lstmavg", "lstm-gaussian") else width


def source_of(spec: str, name: str, contents: str, model: Mapping[str, Any], **more: Any) -> EncoderSource:
    """Source of an encoder from its model and sizes (`model`, `width`, `hidden`) and the digest of what it is."""
    return EncoderSource(
        spec=spec,
        name=name,
        digest=digest([KIND_OF_MODEL, registry.entry("paraphrases").revision, contents]),
        layers=(None,),
        poolings=(SENTENCE, GAUSSIAN) if model["model"] in GAUSSIANS else (SENTENCE,),
        width=size(model["model"], int(model["width"]), int(model["hidden"])),
        **more,
    )


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `saved:<folder>` without loading it."""
    parsed = parse(spec)
    if parsed.args or parsed.kwargs:
        raise ProbekitError(f"'{parsed.bare}': an encoder trained on paraphrases takes no arguments")
    folder = find_folder(str(parsed.target))
    contents = folder_digest(folder, [CONFIG, WEIGHTS, VOCABULARY])
    shown = str(Spec("saved", f"{folder.name}-{contents[:8]}"))
    return source_of(str(Spec("saved", str(folder))), shown, contents, read_config(folder))


def load(spec: str | Spec, device: str | None = None) -> ParaphraseEncoder:
    """The encoder of a folder, frozen, on a device (default: the CPU)."""
    return ParaphraseEncoder(describe(spec), find_folder(str(parse(spec).target)), device)


class ParaphraseEncoder:
    """The encoder of a folder. `sentences` gives means and variances, `vocabulary` what it reads."""

    def __init__(self, source: EncoderSource, folder: Path, device: str | None = None) -> None:
        self.source, self.folder, self.device = source, folder, device or "cpu"
        self.width = int(source.width or 0)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary.load(self.folder)

    @cached_property
    def model(self) -> ParaphraseModel:
        """In evaluation mode, without gradients. Raises ProbekitError for weights that are not finite."""
        from probekit.models.paraphrases import make

        config, weights = read_config(self.folder), load_weights(self.folder)
        if not all(bool(weight.isfinite().all()) for weight in weights.values()):
            raise ProbekitError(f"{WEIGHTS} of the model folder '{self.folder.name}' holds numbers that are not finite")
        words, width, hidden = (int(config[name]) for name in _SIZES)
        more = (str(config.get("variance", "exp")), str(config.get("order", "forward")))
        model = make(config["model"], words, width, hidden, *more)
        fill(model, weights, self.folder)
        return model.to(self.device).eval().requires_grad_(False)

    def trained_on(self, corpus: Corpus) -> np.ndarray:
        """Which sentences of a corpus stand in what it was trained on, in any case of their letters, (n,) bool."""
        known = np.load(self.folder / TRAINED_ON, allow_pickle=False)
        return np.isin(fingerprints(corpus.texts), known)

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> ParaphrasePass:
        """Look words up and lay out the batches; `found` counts unknown words and texts without a known one."""
        return ParaphrasePass(self, self.vocabulary.texts(corpus), corpus, tuple(poolings))


class ParaphrasePass:
    """One pass over a corpus, a batch a step."""

    def __init__(
        self, encoder: ParaphraseEncoder, texts: list[np.ndarray], corpus: Corpus, poolings: tuple[str, ...]
    ) -> None:
        self.encoder, self.texts, self.poolings = encoder, texts, poolings
        self.batches = Buckets(np.array([len(own) for own in texts]), BUDGET).in_order()
        known = encoder.vocabulary.ids(corpus) > UNKNOWN
        self.found: Mapping[str, Any] = {
            "unknown_words": float(1 - known.mean()),
            "nothing_known": int((np.add.reduceat(known, corpus.offsets[:-1]) == 0).sum()),
        }
        self.widths = {GAUSSIAN: 2 * encoder.width}

    @property
    def n_steps(self) -> int:
        return len(self.batches)

    def step(self, number: int) -> Iterator[Part]:
        """Vectors of one batch, float32, with the rows of the result that they belong to."""
        import torch

        rows = self.batches[number]
        with torch.inference_mode():
            found = self.encoder.model(
                torch.from_numpy(padded([self.texts[row] for row in rows])).to(self.encoder.device)
            )
            for pooling in self.poolings:
                yield None, pooling, rows, pooled(found, pooling).cpu().numpy()


def pooled(found: Sentence, pooling: str) -> torch.Tensor:
    """The vector that a pooling names."""
    import torch

    if pooling == SENTENCE or found.log_variance is None:
        return found.mean
    return torch.cat([found.mean, found.log_variance.exp()], dim=-1)


KIND = EncoderKind(describe, load)
