"""Recurrent networks trained on labels of words, and what they answer themselves.

Labels come as arrays, from any task; `probekit.learners.labelling` makes encoders of them by spec. Sizes are by
default those of
the constituent study's directly trained network (Chang and Rafferty 2020: four layers of 500 units, embeddings from
scratch, ten epochs of patience); batch, rate and the treatment of rare words, which it leaves open, are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import tasks
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus, n_words
from probekit.encoders.encoder import EncoderKind, EncoderSource
from probekit.encoders.recurrent import TOKENIZER, RecurrentEncoder, load_weights, read_config
from probekit.errors import ProbekitError
from probekit.learners.training import encoder_of, fit, hold_out, model_recipe, split_own, write_model
from probekit.recipes import Recipe
from probekit.specs import Spec, parse
from probekit.tasks import Task
from probekit.values import Count, LessThanAll, Rate, Seed, Whole

if TYPE_CHECKING:
    import torch

    from probekit.models.labeller import Labeller

DEV_SHARE = 0.1


def train_labeller(
    corpus: Corpus,
    words: np.ndarray,
    labels: np.ndarray,
    folder: Path,
    about: dict[str, Any],
    *,
    width: Count = 500,
    layers: Count = 4,
    dropout: LessThanAll = 0.0,
    merges: Whole = 0,
    rare: Count = 2,
    rate: Rate = 1e-3,
    epochs: Whole = 100,
    patience: Count = 10,
    schedule: str = "constant",
    budget: Count = 2048,
    threads: Count = 1,
    seed: Seed = 0,
    keep: Path | None = None,
) -> dict[str, Any]:
    """Train a labeller on words of the split `train` and write it into a folder.

    words: (n,) indices into the words of the corpus; labels: (n,) text. about: what else the configuration tells.
    merges: 0 reads whole words, those that occur `rare` times or more in training; else pieces. Sentences of the
    split `dev` choose the epoch, else a tenth of the training sentences. The other options are those of a
    translation model. A label of `dev` that training lacks cannot choose and is left out there (`dev_left_out`).
    """
    from probekit.encoders.pieces import learn_pieces
    from probekit.models.labeller import Labeller
    from probekit.models.lstm import initialise
    from probekit.training.buckets import torch_threads
    from probekit.training.loop import Settings

    train_part, dev_part = split_sentences(corpus, words, seed)
    inside = np.isin(corpus.sentence_of_word[words], train_part)
    classes = sorted(set(labels[inside]))
    tokenizer = learn_pieces((corpus.words(int(i)) for i in train_part), merges, rare)
    asked = np.full(corpus.n_words, -1, dtype=np.int64)
    asked[words] = [classes.index(label) if label in classes else -1 for label in labels]
    data = {name: _Texts(corpus, part, tokenizer, asked) for name, part in (("train", train_part), ("dev", dev_part))}
    with torch_threads(threads):
        model = Labeller(tokenizer.get_vocab_size(), len(classes), width, layers, dropout)
        initialise(model, seed)
        found: dict[str, Any] = {"sentences_train": len(train_part), "sentences_dev": len(dev_part)}
        unknown = np.isin(corpus.sentence_of_word[words], dev_part) & (asked[words] < 0)
        found["dev_left_out"] = int(unknown.sum())
        if epochs:
            settings = Settings(rate=rate, epochs=epochs, patience=patience, schedule=schedule)
            found |= fit(model, data["train"], data["dev"], settings, budget, seed, keep, "training a labeller")
        model.eval()
    config = {
        "kind": "labeller",
        "width": width,
        "layers": layers,
        "pieces": tokenizer.get_vocab_size(),
        "dropout": dropout,
        "classes": classes,
        **about,
        "found": found,
    }
    write_model(folder, config, model, {TOKENIZER: tokenizer})
    return found


def split_sentences(corpus: Corpus, words: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sentences with labelled words to train on and to choose the epoch on. Raises ProbekitError for none."""
    asked = np.unique(corpus.sentence_of_word[words])
    split = corpus.sentences["split"].astype(str).to_numpy()[asked]
    train, dev = asked[split == "train"], asked[split == "dev"]
    if not len(train):
        raise ProbekitError(
            f"{corpus!r} has no labelled sentence of the split train; name its files ...-train..., or give splits"
        )
    if not len(dev):
        if len(train) < 2:
            raise ProbekitError(f"{corpus!r} has one labelled sentence to train on; a labeller needs 2 or more")
        train, dev = hold_out(train, DEV_SHARE, seed, "labeller")
    return train, dev


class _Texts:
    """Sentences as pieces, with the label of each word at its last piece and -1 elsewhere."""

    def __init__(self, corpus: Corpus, sentences: np.ndarray, tokenizer: Any, asked: np.ndarray) -> None:
        texts = [corpus.words(int(i)) for i in sentences]
        found = tokenizer.encode_batch(texts, is_pretokenized=True, add_special_tokens=False)
        self.ids = [np.array(one.ids, dtype=np.int64) for one in found]
        self.last = []  # place of each word's last piece
        self.labels = []
        for sentence, one in zip(sentences, found, strict=True):
            owner = np.array(one.word_ids)
            n = int(corpus.lengths[sentence])
            last = np.searchsorted(owner, np.arange(n), side="right") - 1
            if not np.array_equal(owner[last], np.arange(n)):
                raise ProbekitError(
                    f"a word of sentence {int(sentence) + 1} of {corpus!r} has no piece; clean it (a lone control "
                    "character, say)"
                )
            labels = np.full(len(owner), -1, dtype=np.int64)
            start = corpus.offsets[sentence]
            labels[last] = asked[start : start + n]
            self.last.append(last)
            self.labels.append(labels)

    def buckets(self, budget: int, seed: int = 0) -> Any:
        from probekit.training.buckets import Buckets

        return Buckets([len(ids) for ids in self.ids], budget, seed)

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Pieces (B, T) and labels (B, T)."""
        import torch

        from probekit.training.buckets import padded

        return (
            torch.from_numpy(padded([self.ids[row] for row in rows])),
            torch.from_numpy(padded([self.labels[row] for row in rows], pad=-1)),
        )

    def mean_loss(self, model: Labeller, budget: int) -> float:
        """Nats a labelled word."""
        total, words = 0.0, 0
        for rows in self.buckets(budget).in_order():
            n = sum(int((self.labels[row] >= 0).sum()) for row in rows)
            if n:
                total, words = total + float(model.loss(*self.batch(rows))) * n, words + n
        return total / words if words else 0.0


def answers(folder: Path, corpus: Corpus, sentences: np.ndarray, budget: int = 4096) -> np.ndarray:
    """What a saved labeller says of every word of some sentences, in their order: (words of them,) text.

    Raises ProbekitError when the folder holds another kind of model.
    """
    import torch

    from probekit.encoders.pieces import load_pieces
    from probekit.encoders.recurrent import fill
    from probekit.models.labeller import Labeller

    config = read_config(folder)
    if config["kind"] != "labeller":
        raise ProbekitError(f"'{folder.name}' holds a {config['kind']} model, which labels nothing")
    classes = np.array(config["classes"], dtype=object)
    model = Labeller(config["pieces"], len(classes), config["width"], config["layers"])
    fill(model, load_weights(folder), folder)
    model.eval()
    tokenizer = load_pieces(folder / TOKENIZER).backend_tokenizer
    texts = _Texts(corpus, np.asarray(sentences), tokenizer, np.full(corpus.n_words, -1))
    found: list[np.ndarray] = [np.empty(0)] * len(texts.ids)
    with torch.inference_mode():
        for rows in texts.buckets(budget).in_order():
            best = model(texts.batch(rows)[0]).argmax(-1).numpy()
            for place, row in enumerate(rows):
                found[row] = classes[best[place, texts.last[row]]]
    return np.concatenate(found)


# --- as a recipe, and as a kind of encoder

# One core, a word of a training sentence read once, as measured with as many weights as two layers of 64 units.
_SECONDS_A_WORD = 1.2e-5
# Epochs until the best one, as a guess; then patience ends the training.
_EPOCHS = 6


def labelled_words(task: Task, corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Indices into the words of a corpus of those that a task asks of, and their labels."""
    units = task.units(corpus)
    return corpus.offsets[units["sentence"].to_numpy()] + units["start"].to_numpy(), task.targets(corpus)


def recipe(spec: Spec) -> Recipe:
    """The recipe of `labeller:<corpus>(task=word/upos, ...)`. Raises for what no labeller can be trained on."""
    name = spec.kwargs.get("task")
    if not spec.target or not isinstance(name, str):
        raise ProbekitError(f"'{spec}' names no corpus or no task; write labeller:<corpus>(task=word/upos)")
    task, asked = tasks.get(name), tasks.describe(name)
    if task.level != "word" or task.kind != "label":
        raise ProbekitError(f"a labeller is trained on labels of words; '{name}' asks {task.kind}s of {task.level}s")
    corpus = describe_corpus(spec.target)
    rest = Spec(spec.name, spec.target, spec.args, {k: v for k, v in spec.kwargs.items() if k != "task"})

    def make(folder: Path, progress: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
        loaded = load_corpus(corpus.spec)
        words, labels = labelled_words(task, loaded)
        about = {"task": task.spec, "corpus": corpus.name}
        return train_labeller(loaded, words, labels, folder, about, **options, keep=progress / "state")

    def seconds(options: Mapping[str, Any]) -> float:
        size = options["layers"] * options["width"] ** 2 / (2 * 64**2)
        epochs = min(options["epochs"], _EPOCHS + options["patience"])
        return _SECONDS_A_WORD * n_words(corpus) * epochs * max(size, 0.3)

    leave = ("corpus", "words", "labels", "folder", "about", "keep")
    return model_recipe(rest, corpus, train_labeller, leave, make, seconds, {"task": asked})


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of a labeller as an encoder, with nothing trained."""
    rest, own = split_own(parse(spec))
    return encoder_of(recipe(rest), own, describe_corpus(str(rest.target)).generated)


def load(spec: str | Spec, device: str | None = None) -> RecurrentEncoder:
    """The encoder of a spec, trained first where it has not been."""
    return RecurrentEncoder(describe(spec), recipe(split_own(parse(spec))[0]).ensure(), device)


KIND = EncoderKind(describe, load)
