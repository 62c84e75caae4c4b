"""A Hugging Face encoder fine-tuned on labelled texts: a sequence classifier in a folder that any tool reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from probekit import recipes, streams
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus, n_words
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.loading import describe as describe_encoder
from probekit.encoders.loading import load_encoder
from probekit.encoders.model_folder import quiet_transformers
from probekit.errors import ProbekitError
from probekit.learners.classifier import Labelled
from probekit.learners.classifier_training import by_length, classes_of, part, predict_logits
from probekit.learners.huggingface_classifier import HuggingFaceClassifier
from probekit.learners.preparation import preparation_of, save_preparation
from probekit.recipes import Recipe
from probekit.sources import resolve, together
from probekit.specs import Spec
from probekit.training.loop import Settings, train
from probekit.training.progress import Progress
from probekit.values import Count, Rate, Seed, Share

USUAL = Settings(rate=5e-5, epochs=3, patience=1, decay=0.01, clip=1.0)


def fine_tune(
    corpus: Corpus, model: str, folder: Path, progress: Path, settings: Settings = USUAL, batch: int = 16, seed: int = 0
) -> Progress:
    """Train every weight of an encoder, and a new head, on the split train; stop by the split dev's cross-entropy.

    model: spec of a Hugging Face encoder, `minilm` or `hf:FOLDER`. folder: where the classifier is written when it is
    trained, as the library writes its own. progress: a folder for the state of each epoch, from which an interrupted
    run goes on. Raises ProbekitError for a split or class that is missing, a text longer than the model reads, and an
    encoder of another kind.
    """
    import torch

    texts, gold = part(corpus, "train")
    dev_texts, dev_gold = part(corpus, "dev")
    labels = classes_of(gold, dev_gold)
    made = _begin(model, progress, labels, seed, folder.name)
    module = made.module.requires_grad_(True)
    number = {label: k for k, label in enumerate(labels)}
    numbers = np.array([number[label] for label in gold], dtype=np.int64)
    known = torch.tensor([number[label] for label in dev_gold])
    lengths = np.array([len(words) for words in texts])

    def batches(epoch: int) -> Iterator[Labelled]:
        for rows in by_length(lengths, batch, epoch, seed):
            yield Labelled(made.batch([texts[i] for i in rows]), torch.from_numpy(numbers[rows]))

    def loss(network: torch.nn.Module, given: Labelled) -> torch.Tensor:
        scores = network(input_ids=given.text.ids, attention_mask=given.text.mask.long()).logits
        return torch.nn.functional.cross_entropy(scores, given.gold)

    def dev_loss() -> float:
        scores = torch.from_numpy(predict_logits(made, dev_texts))
        return float(torch.nn.functional.cross_entropy(scores, known))

    label = f"fine-tuning {model}"
    reached = train(module, loss, batches, settings, dev_loss, seed=seed, keep=progress / "state", label=label)
    module.eval().requires_grad_(False)
    with quiet_transformers():
        made.module.save_pretrained(folder)  # type: ignore[operator]
        made.tokenizer.save_pretrained(folder)
    save_preparation(preparation_of(corpus), folder)
    return reached


def _begin(model: str, place: Path, labels: list[str], seed: int, name: str) -> HuggingFaceClassifier:
    """The encoder with a new head, the same for a seed however often it is made. place: for a folder in between."""
    import torch
    from transformers import AutoModelForSequenceClassification

    source = load_encoder(model, device="cpu")
    if not isinstance(source, HuggingFaceEncoder):
        raise ProbekitError(f"'{model}' is no Hugging Face encoder; give minilm or hf:FOLDER")
    names = dict(enumerate(labels))
    place.mkdir(parents=True, exist_ok=True)
    with quiet_transformers(), torch.random.fork_rng(devices=[]), TemporaryDirectory(prefix=".start-", dir=place) as to:
        torch.manual_seed(streams.whole_number(seed, "init", "head"))
        made = AutoModelForSequenceClassification.from_pretrained(
            source.folder,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            num_labels=len(labels),
            id2label=names,
            label2id={name: k for k, name in names.items()},
        )
        made.save_pretrained(to)
        source.tokenizer.save_pretrained(to)
        found = HuggingFaceClassifier(Path(to), name)
        found.batch([["a"]])  # all that is read when it is first needed
    return found


# --- as a recipe

# One core, a word of a training text read forth and back once, as measured with six layers of 384 units.
_SECONDS_A_WORD = 2e-3


def options(
    model: str = "minilm",
    batch: Count = 16,
    rate: Rate = USUAL.rate,
    epochs: Count = USUAL.epochs,
    patience: Count = USUAL.patience,
    decay: Share = USUAL.decay,
    seed: Seed = 0,
) -> tuple[str, Settings, int, int]:
    """Encoder, settings, batch and seed of `fine-tuned:<corpus>(...)`."""
    return model, Settings(rate, epochs, patience, USUAL.clip, decay), batch, seed


def recipe(spec: Spec) -> Recipe:
    """The recipe of `fine-tuned:<corpus>(model=minilm, epochs=3, seed=0, ...)`."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write fine-tuned:<labelled texts>(model=minilm)")
    arguments = resolve(spec.bare, options, "fine-tuned")
    model, settings, batch, seed = options(**arguments.options)
    corpus, encoder = describe_corpus(spec.target), describe_encoder(model)
    if not encoder.piece:
        raise ProbekitError(f"'{encoder.name}' is no Hugging Face encoder; give minilm or hf:FOLDER")
    shared = together(corpus, encoder)

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        reached = fine_tune(load_corpus(corpus.spec), encoder.spec, folder, progress, settings, batch, seed)
        return {"epochs": reached.epoch, "best": reached.best_epoch, "dev_loss": reached.best_loss}

    def shown(source: str) -> dict[str, Any]:
        return dict(sorted({**arguments.written.kwargs, "model": source}.items()))

    return Recipe(
        str(Spec("fine-tuned", corpus.spec, (), shown(encoder.spec))),
        str(Spec("fine-tuned", corpus.name, (), shown(encoder.name))),
        "classifier",
        {
            "recipe": "fine-tuned",
            "revision": recipes.registry.entry("fine-tuned").revision,
            "corpus": corpus.digest,
            "encoder": encoder.digest,
            "settings": asdict(settings),
            "batch": batch,
            "seed": seed,
        },
        make,
        needs=shared["needs"],
        modules=shared["modules"],
        threads=recipes.cores(),
        cost=lambda: (_SECONDS_A_WORD * n_words(corpus) * settings.epochs, 0),
        generated=shared["generated"],
    )
