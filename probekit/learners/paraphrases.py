"""Sentence encoders trained on paraphrases: `paraphrases:<corpus>(model=wlo, prior=1e-4, ...)`.

A pair of sentences that mean the same is to be more alike, by a margin, than either is to its hardest negative: the
most similar sentence of a mega-batch (Chen and Gimpel 2020, equation 3, after Wieting et al. 2016). Sizes, margins,
mini- and mega-batch, scrambling and rate are the paper's; passes, weights of prior and L2, rare and unknown words,
initial weights, which it does not give, are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import called, load_corpus, size
from probekit.corpora.loading import describe as describe_corpus
from probekit.encoders import paraphrases as encoders
from probekit.encoders.encoder import EncoderKind, EncoderSource
from probekit.encoders.paraphrases import GAUSSIANS, ORDERED, ParaphraseEncoder, Vocabulary
from probekit.errors import ProbekitError
from probekit.learners.paraphrase_pairs import Meanings, split_meanings
from probekit.learners.training import model_recipe, write_model
from probekit.recipes import Recipe
from probekit.sources import together
from probekit.specs import Spec, parse
from probekit.streams import generator
from probekit.training.buckets import Buckets, padded, torch_threads
from probekit.values import Count, OneOf, Range, Rate, Seed, Share

if TYPE_CHECKING:
    import torch

    from probekit.models.paraphrases import ParaphraseModel, Sentence

MARGIN = {False: 0.4, True: 1.0}  # of cosines, and of log densities, which have no bounds
Weight = Annotated[float, Range(0, 1_000_000)]  # of a term of the loss, or a distance in it
DEV_MOST = 500  # meanings that choose the pass
Model = Annotated[str, OneOf(encoders.MODELS)]
# One core, a pair and pass: encoding it and its negatives twice, and its share of the search.
_SECONDS_A_PAIR = {"wordavg": 3e-4, "wordsum": 3e-4, "lstmavg": 1.5e-3, "lstm-gaussian": 4e-3, "wlo": 2e-3}


@dataclass(frozen=True)
class Objective:
    """How pairs are held against their negatives; see `train_paraphrases`."""

    margin: float
    prior: float = 0.0
    reading: str = "word"
    l2: float = 0.0

    def __call__(self, model: ParaphraseModel, ids: torch.Tensor) -> torch.Tensor:
        """Mean loss of pairs; `ids` (4 B, T) are the sentences, their partners, and the negatives of each."""
        found = model(ids)
        loss = self.hinges(*(found.rows(slice(at, at + len(ids) // 4)) for at in range(0, len(ids), len(ids) // 4)))
        if self.prior:
            loss = loss + self.prior * model.divergence(ids, self.reading).reshape(4, -1).sum(0).mean()
        if self.l2:
            loss = loss + self.l2 * sum(weight.square().sum() for weight in model.parameters())
        return loss

    def hinges(self, one: Sentence, other: Sentence, negative: Sentence, other_negative: Sentence) -> torch.Tensor:
        """max(0, margin - d(s1, s2) + d(s1, n1)) + max(0, margin - d(s1, s2) + d(s2, n2)), the mean over pairs."""
        from probekit.models.paraphrases import similarity

        positive = similarity(one, other)
        first = (self.margin - positive + similarity(one, negative)).clamp(min=0)
        return (first + (self.margin - positive + similarity(other, other_negative)).clamp(min=0)).mean()


def train_paraphrases(
    corpus: Corpus,
    folder: Path,
    *,
    model: Model = "wlo",
    width: Count = 50,
    hidden: Count = 100,
    variance: Annotated[str, OneOf(("exp", "softplus"))] = "exp",
    order: Annotated[str, OneOf(("forward", "backward"))] = "forward",
    margin: Weight | None = None,
    prior: Weight = 0.0,
    prior_reading: Annotated[str, OneOf(("word", "prefix"))] = "word",
    l2: Weight = 0.0,
    scramble: Share = 0.4,
    batch: Count = 100,
    mega: Count = 20,
    rare: Count = 2,
    unknown: Annotated[str, OneOf(("own", "neutral"))] = "own",
    lower: bool = True,
    rate: Rate = 1e-3,
    epochs: Count = 5,
    patience: Count = 5,
    schedule: str = "constant",
    threads: Count = 1,
    seed: Seed = 0,
    keep: Path | None = None,
) -> dict[str, Any]:
    """Train a sentence encoder on sentences that mean the same and write it into a folder.

    corpus: sentences with `meaning`, or pairs. In each pass every meaning gives one pair, drawn anew. width: of words
    and operators; hidden: of an LSTM, and of its Gaussian. variance: how lstm-gaussian makes its variance positive.
    order: which word's operator comes first. margin: None is .4 for cosines and 1 for Gaussians. prior: weight of the
    KL from the standard normal, summed over the words of pair and negatives, by `prior_reading` that of each operator
    alone or of what has come out after each word; of lstm-gaussian that of the sentence. l2: weight of the squared
    parameters. scramble: chance that the words of a sentence are put in random order, in training alone, where order
    matters. mega: mini-batches of `batch` pairs whose sentences are searched for negatives together, with weights as
    they stand. rare: words that occur less often are unknown. unknown: whether those have a vector or operator of their
    `own`, or are left out.

    Returns counts, losses by pass and the pass that was kept. Raises ProbekitError for a prior without a Gaussian, a
    corpus without two sentences of one meaning, and pairs of one and the same sentence alone.
    """
    from probekit.models.paraphrases import initialise, make
    from probekit.training.loop import Settings, train

    check_options({"model": model, "prior": prior})
    train_part, dev_part = split_meanings(corpus, seed, DEV_MOST)
    vocabulary = Vocabulary.of(corpus, train_part.sentences, rare, lower, unknown)
    texts = vocabulary.texts(corpus)
    gaussian = model in GAUSSIANS
    objective = Objective(MARGIN[gaussian] if margin is None else margin, prior, prior_reading, l2)
    with torch_threads(threads):
        module = make(model, len(vocabulary), width, hidden, variance, order)
        initialise(module, seed)
        shaken = scramble if model in ORDERED else 0.0
        pairs = Pairs(texts, train_part, module, batch, mega, shaken, seed)
        dev = Pairs(texts, dev_part, module, batch, len(dev_part), 0.0, seed)
        plain = Objective(objective.margin)
        settings = Settings(rate=rate, epochs=epochs, patience=patience, schedule=schedule)
        reached = train(
            module,
            objective,
            pairs.epoch,
            settings,
            (lambda: float(np.mean([float(plain(module, ids)) for ids in dev.epoch(0)])))
            if len(dev_part) > 1
            else None,
            seed=seed,
            keep=keep,
            label=f"training {model}",
        )
    found = {
        "meanings": len(train_part),
        "meanings_dev": len(dev_part),
        "same_sentences": train_part.dropped,
        "words": len(vocabulary.words),
        "mega": min(mega, -(-len(train_part) // batch)),
        "margin": objective.margin,
        "epochs": reached.epoch,
        "best_epoch": reached.best_epoch,
        "train_losses": reached.train_losses,
        "dev_losses": reached.dev_losses,
    }
    config = {
        "kind": encoders.KIND_OF_MODEL,
        "model": model,
        "words": len(vocabulary),
        "width": width,
        "hidden": hidden,
        "variance": variance,
        "order": order,
        "corpus": called(corpus),
        "found": found,
    }
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.save(folder)
    kept = [corpus.texts[sentence] for sentence in np.concatenate([train_part.sentences, *dev_part.groups])]
    np.save(folder / encoders.TRAINED_ON, np.unique(encoders.fingerprints(kept)))
    write_model(folder, config, module, {})
    return found


def check_options(options: Mapping[str, Any]) -> None:
    """Raise ProbekitError for options that do not go together."""
    if options["prior"] and options["model"] not in GAUSSIANS:
        raise ProbekitError(
            f"prior={options['prior']} is the weight of a Gaussian's divergence, and {options['model']} has none; "
            f"leave it out, give l2=, or take model={' or '.join(GAUSSIANS)}"
        )


class Pairs:
    """The batches of a training: pairs drawn anew in every pass, with the negatives of the model as it stands."""

    def __init__(
        self,
        texts: Sequence[np.ndarray],
        meanings: Meanings,
        module: ParaphraseModel,
        batch: int,
        mega: int,
        scramble: float,
        seed: int,
    ) -> None:
        self.texts, self.meanings, self.module = texts, meanings, module
        self.batch, self.mega, self.scramble, self.seed = batch, mega, scramble, seed

    def epoch(self, number: int) -> Iterator[torch.Tensor]:
        """Ids (4 B, T) of sentences, partners, and the negatives of both, mega-batch by mega-batch."""
        pairs = self.meanings.pairs(self.seed, number)
        shaken = generator(self.seed, "noise", "scramble", number)
        for start in range(0, len(pairs), self.batch * self.mega):
            rows = pairs[start : start + self.batch * self.mega]
            negatives = self._negatives(rows)
            for first in range(0, len(rows), self.batch):
                chosen = np.concatenate([rows, negatives], axis=1)[first : first + self.batch]
                chosen = chosen[(chosen >= 0).all(1)]
                if len(chosen):
                    yield self._ids(chosen, shaken)

    def _ids(self, rows: np.ndarray, shaken: np.random.Generator) -> torch.Tensor:
        import torch

        found = [self.texts[row] for row in rows.T.ravel()]
        if self.scramble:
            moved = shaken.random(len(found)) < self.scramble
            found = [shaken.permutation(own) if move else own for own, move in zip(found, moved, strict=True)]
        return torch.from_numpy(padded(found))

    def _negatives(self, rows: np.ndarray) -> np.ndarray:
        """Sentences (n, 2): hardest negatives of both sides of pairs (n, 2) among all of theirs, -1 where none is."""
        import torch

        from probekit.learners.negatives import hardest

        sentences = rows.ravel()
        same, text = (torch.from_numpy(of[sentences]) for of in (self.meanings.of, self.meanings.text))
        partner = torch.arange(len(sentences)) ^ 1
        with torch.no_grad():
            place = hardest(self._encoded(sentences), same, text, partner).numpy()
        return np.where(place >= 0, sentences[place], -1).reshape(-1, 2)

    def _encoded(self, sentences: np.ndarray) -> Sentence:
        """Vectors of sentences in their order, by batches of like length."""
        import torch

        from probekit.models.paraphrases import Sentence

        texts = [self.texts[row] for row in sentences]
        order = Buckets(np.array([len(own) for own in texts]), encoders.BUDGET).in_order()
        parts = [self.module(torch.from_numpy(padded([texts[row] for row in rows]))) for rows in order]
        back = torch.from_numpy(np.argsort(np.concatenate(order)))
        variance = [part.log_variance for part in parts if part.log_variance is not None]
        return Sentence(torch.cat([part.mean for part in parts])[back], torch.cat(variance)[back] if variance else None)


# --- as a recipe, and as a kind of encoder


def recipe(spec: Spec) -> Recipe:
    """The recipe of `paraphrases:<corpus>(model=wlo, ...)`."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write paraphrases:<corpus>(model=wlo)")
    corpus = describe_corpus(spec.target)

    def make(folder: Path, progress: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return train_paraphrases(load_corpus(corpus.spec), folder, **options, keep=progress / "state")

    def seconds(options: Mapping[str, Any]) -> float:
        return _SECONDS_A_PAIR[options["model"]] * size(corpus) / 3 * options["epochs"]

    made = model_recipe(spec, corpus, train_paraphrases, ("corpus", "folder", "keep"), make, seconds)
    check_options(made.content["options"])
    return made


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `paraphrases:<corpus>(...)` with nothing trained."""
    parsed = parse(spec)
    made = recipe(parsed)
    shared = together(describe_corpus(str(parsed.target)))
    more = {**shared, "needs": (*made.needs, made.spec)}
    return encoders.source_of(made.spec, made.name, made.key, made.content["options"], **more)


def load(spec: str | Spec, device: str | None = None) -> ParaphraseEncoder:
    """The encoder of a spec, trained first where it has not been."""
    return ParaphraseEncoder(describe(spec), recipe(parse(spec)).ensure(), device)


KIND = EncoderKind(describe, load, saved=encoders.KIND)
