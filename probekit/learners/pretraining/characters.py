"""Language models of characters as an encoder: `character-lm:<corpus>(hidden=256, epochs=5, ...)`.

A word in its sentence is the state of the model from the left after its last character, and that of the model from the
right after its first (Akbik, Blythe and Vollgraf 2018). Sentences are read one by one, a blank between words; what
comes before them is not known, while that paper reads running text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus, n_words
from probekit.encoders.encoder import EncoderKind, EncoderSource, Layer, Part, parts_of
from probekit.encoders.pooling import POOLINGS
from probekit.encoders.recurrent import CONFIG, fill, load_weights
from probekit.errors import ProbekitError
from probekit.learners.training import fit, hold_out, model_recipe, write_model
from probekit.recipes import Recipe
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Count, LessThanAll, Rate, Seed

if TYPE_CHECKING:
    import torch

    from probekit.models.character_lm import CharacterLM

NAME = "character-lm"
DEV_SHARE = 0.05
# One core, a word read once and learned from in both directions, as measured with 128 units.
_SECONDS_A_WORD = 4e-4
BUDGET = 16384  # characters read at once


class Texts:
    """Sentences as rows of characters, for a model with the alphabet given (numbers from `SPECIAL` on)."""

    def __init__(self, corpus: Corpus, rows: np.ndarray, alphabet: Sequence[str]) -> None:
        from probekit.models.character_lm import EDGE, SPECIAL, UNKNOWN

        number = {one: at for at, one in enumerate(alphabet, SPECIAL)}
        self.ids, self.first, self.last = [], [], []
        for row in rows:
            words = corpus.words(int(row))
            text = " ".join(words)
            self.ids.append(np.array([EDGE, *(number.get(one, UNKNOWN) for one in text), EDGE], dtype=np.int64))
            ends = np.cumsum([len(word) + 1 for word in words]) - 1  # places in the row, of which the first is an edge
            self.last.append(ends)
            self.first.append(ends - [len(word) - 1 for word in words])

    @property
    def unread(self) -> np.ndarray:
        """Of each word, sentence after sentence, whether none of its characters was learned."""
        from probekit.models.character_lm import UNKNOWN

        each = zip(self.ids, self.first, self.last, strict=True)
        return np.array([(ids[a : b + 1] == UNKNOWN).all() for ids, f, e in each for a, b in zip(f, e, strict=True)])

    def buckets(self, budget: int, seed: int = 0) -> Any:
        from probekit.training.buckets import Buckets

        return Buckets([len(ids) for ids in self.ids], budget, seed)

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Characters (B, T) and which are there (B, T) bool."""
        import torch

        from probekit.training.buckets import padded

        given = padded([self.ids[row] for row in rows])
        lengths = np.array([len(self.ids[row]) for row in rows])
        return torch.from_numpy(given), torch.from_numpy(np.arange(given.shape[1])[None, :] < lengths[:, None])

    def nats(self, model: CharacterLM, budget: int) -> np.ndarray:
        """Mean nats of a character from the left and from the right, (2,)."""
        import torch

        total, n = np.zeros(2), 0
        with torch.no_grad():
            for rows in self.buckets(budget).in_order():
                count = sum(len(self.ids[row]) - 1 for row in rows)
                total += count * np.array([float(one) for one in model.nats(*self.batch(rows))])
                n += count
        return total / n

    def mean_loss(self, model: CharacterLM, budget: int) -> float:
        """Both, added."""
        return float(self.nats(model, budget).sum())


def train_character_lm(
    corpus: Corpus,
    folder: Path,
    about: Mapping[str, Any],
    keep: Path | None = None,
    *,
    hidden: Count = 256,
    size: Count = 32,
    rare: Count = 2,
    dropout: LessThanAll = 0.1,
    rate: Rate = 2e-3,
    epochs: Count = 5,
    patience: Count = 3,
    schedule: str = "constant",
    budget: Count = 8192,
    threads: Count = 1,
    seed: Seed = 0,
) -> dict[str, Any]:
    """Train a model in each direction and write them into a folder; returns what was found.

    hidden: units of each direction; size: of the vectors of characters. rare: how often a character has to occur. The
    pass is chosen on the split dev, else on a twentieth of the sentences; the split test is left out. budget:
    characters of a batch. Raises ProbekitError for a corpus without two sentences to train on.
    """
    from probekit.models.character_lm import SPECIAL, CharacterLM
    from probekit.models.lstm import initialise
    from probekit.training.buckets import torch_threads
    from probekit.training.loop import Settings

    train, dev = split_text(corpus, seed)
    seen = Counter(one for row in train for word in corpus.words(int(row)) for one in word)
    alphabet = sorted({" "} | {one for one, n in seen.items() if n >= rare})
    data, held = (Texts(corpus, part, alphabet) for part in (train, dev))
    with torch_threads(threads):
        model = CharacterLM(SPECIAL + len(alphabet), size, hidden, dropout)
        initialise(model, seed)
        settings = Settings(rate=rate, epochs=epochs, patience=patience, schedule=schedule)
        found = fit(model, data, held, settings, budget, seed, keep, "training models of characters")
        model.eval()
        onward, back = np.exp(held.nats(model, budget)).tolist()
    found |= {"sentences_train": len(train), "sentences_dev": len(dev), "perplexity": onward, "perplexity_back": back}
    config = {"kind": NAME, **about, "hidden": hidden, "size": size, "alphabet": alphabet, "found": found}
    write_model(folder, config, model, {})
    return found


def split_text(corpus: Corpus, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sentences to train on and to choose the pass on. Raises ProbekitError for fewer than two."""
    split = corpus.sentences["split"].astype(str).to_numpy()
    train, dev = np.flatnonzero(~np.isin(split, ["dev", "test"])), np.flatnonzero(split == "dev")
    if len(train) + len(dev) < 2 or not len(train):
        raise ProbekitError(f"{corpus!r} has {len(train)} sentences to learn characters of; give two or more")
    if not len(dev):
        train, dev = hold_out(train, DEV_SHARE, seed, NAME)
    return train, dev


# --- as a recipe, and as a kind of encoder


def recipe(spec: Spec) -> Recipe:
    """The recipe of `character-lm:<corpus>(hidden=256, ...)`. Raises for what cannot be trained."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write {NAME}:<corpus>(hidden=256)")
    corpus = describe_corpus(spec.target)

    def make(folder: Path, progress: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
        about = {"corpus": corpus.name}
        return train_character_lm(load_corpus(corpus.spec), folder, about, progress / "state", **options)

    def seconds(options: Mapping[str, Any]) -> float:
        a_word = _SECONDS_A_WORD * max(options["hidden"] / 128, 0.5) ** 1.5
        return float(a_word * n_words(corpus) * options["epochs"])

    leave = ("corpus", "folder", "about", "keep")
    return model_recipe(spec, corpus, train_character_lm, leave, make, seconds)


class CharacterEncoder:
    """States at the ends of words, one vector (2 hidden,) a word, frozen, on the CPU."""

    def __init__(self, source: EncoderSource, folder: Path) -> None:
        self.source, self.folder = source, folder
        self.config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        self.width = 2 * int(self.config["hidden"])

    @cached_property
    def model(self) -> CharacterLM:
        """Both models in evaluation mode, without gradients."""
        from probekit.models.character_lm import SPECIAL, CharacterLM

        config = self.config
        made = CharacterLM(SPECIAL + len(config["alphabet"]), config["size"], config["hidden"])
        fill(made, load_weights(self.folder), self.folder)
        return made.eval().requires_grad_(False)

    def texts(self, corpus: Corpus, rows: np.ndarray | None = None) -> Texts:
        """Sentences as the models read them."""
        return Texts(corpus, np.arange(corpus.n_sentences) if rows is None else rows, self.config["alphabet"])

    def perplexity(self, corpus: Corpus, rows: np.ndarray | None = None) -> tuple[float, float]:
        """Of a character of some sentences, by the model from the left and by that from the right."""
        onward, back = np.exp(self.texts(corpus, rows).nats(self.model, BUDGET))
        return float(onward), float(back)

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> CharacterPass:
        """Cut the sentences into characters and lay out the batches."""
        return CharacterPass(self, corpus, tuple(poolings))


class CharacterPass:
    """One pass over a corpus, a batch of sentences of like length a step."""

    def __init__(self, encoder: CharacterEncoder, corpus: Corpus, poolings: tuple[str, ...]) -> None:
        self.encoder, self.corpus, self.poolings = encoder, corpus, poolings
        self.texts = encoder.texts(corpus)
        self.batches = self.texts.buckets(BUDGET).in_order()
        share = float(self.texts.unread.mean())
        self.found: Mapping[str, Any] = {"unread_words": round(share, 4)} if share else {}

    @property
    def n_steps(self) -> int:
        return len(self.batches)

    def step(self, number: int) -> Iterator[Part]:
        """Vectors of the words, or of the sentences, of one batch, float32."""
        rows = self.batches[number]
        onward, back = (one.numpy() for one in self.encoder.model.states(*self.texts.batch(rows)).chunk(2, dim=2))
        for place, row in enumerate(rows):
            ends = onward[place, self.texts.last[row]], back[place, self.texts.first[row]]
            yield from parts_of(self.corpus, int(row), None, np.concatenate(ends, axis=1), self.poolings)


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of models of characters as an encoder, with nothing trained."""
    made = recipe(parse(spec))
    return EncoderSource(
        made.spec,
        made.name,
        digest([NAME, made.key]),
        modules=made.modules,
        needs=(*made.needs, made.spec),
        generated=made.generated,
        poolings=tuple(one for one in POOLINGS if one != "cls"),
        width=2 * int(made.content["options"]["hidden"]),
    )


def load(spec: str | Spec, device: str | None = None) -> CharacterEncoder:
    """The encoder of a spec, trained first where it has not been."""
    return CharacterEncoder(describe(spec), recipe(parse(spec)).ensure())


KIND = EncoderKind(describe, load)
