"""A Hugging Face encoder fine-tuned on labelled texts: a sequence classifier in a folder that any tool reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from probekit import streams
from probekit.corpora.corpus import Corpus
from probekit.encoders import load_encoder
from probekit.encoders.huggingface import HuggingFaceEncoder, quiet_transformers
from probekit.errors import ProbekitError
from probekit.learners.classifier_training import Labelled, by_length, part, predict_logits
from probekit.learners.huggingface_classifier import HuggingFaceClassifier
from probekit.training.loop import Progress, Settings, train

USUAL = Settings(rate=5e-5, epochs=3, patience=1, decay=0.01, clip=1.0)
STATE = ".training.safetensors"


def fine_tune(
    corpus: Corpus, model: str, folder: str | Path, settings: Settings = USUAL, batch: int = 16, seed: int = 0
) -> tuple[HuggingFaceClassifier, Progress]:
    """Train every weight of an encoder, and a new head, on the split train; stop by the split dev's cross-entropy.

    model: spec of a Hugging Face encoder, `minilm` or `hf:FOLDER`. folder: where the classifier is written, as the
    library writes its own; it also holds the state of each epoch until the end, from which an interrupted run goes on.
    Raises ProbekitError for a split or class that is missing, a text longer than the model reads, and an encoder of
    another kind.
    """
    import torch

    folder = Path(folder)
    texts, gold = part(corpus, "train")
    dev_texts, dev_gold = part(corpus, "dev")
    labels = sorted(set(gold))
    if absent := sorted(set(dev_gold) - set(labels)):
        raise ProbekitError(f"the class '{absent[0]}' of dev has no text in train; give it some, or leave it out")
    if len(labels) < 2:
        raise ProbekitError(f"all texts of train have the label '{labels[0]}'; a classifier needs two classes")
    _begin(model, folder, labels, seed)
    made = HuggingFaceClassifier(folder, folder.name)
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

    state = folder / STATE
    progress = train(module, loss, batches, settings, dev_loss, seed=seed, keep=state, label=f"fine-tuning {model}")
    module.eval().requires_grad_(False)
    with quiet_transformers():
        made.module.save_pretrained(folder)  # type: ignore[operator]
    state.unlink(missing_ok=True)
    return made, progress


def _begin(model: str, folder: Path, labels: list[str], seed: int) -> None:
    """Write the encoder with a new head and its tokenizer; leave a folder whose training was interrupted as it is."""
    import torch
    from transformers import AutoModelForSequenceClassification

    if (folder / STATE).exists():
        return
    if folder.exists() and any(folder.iterdir()):
        raise ProbekitError(f"'{folder}' holds other files; give a new folder")
    source = load_encoder(model, device="cpu")
    if not isinstance(source, HuggingFaceEncoder):
        raise ProbekitError(f"'{model}' is no Hugging Face encoder; give minilm or hf:FOLDER")
    names = dict(enumerate(labels))
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
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
        unfinished = folder.with_name(f".{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        made.save_pretrained(unfinished)
        source.tokenizer.save_pretrained(unfinished)
    if folder.exists():
        folder.rmdir()
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished.rename(folder)
