"""Tuning against the library's Trainer with the same batches, and steps of objectives. One thread, processor time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .codes import processor_seconds
from .measure import Line, peak_memory, threads

BATCHES, SIZE, RATE = 6, 32, 5e-5
TRAINER_AIM, BFLOAT_AIM, PADDED_AIM = 1.6, 2.5, 0.05
MEMORY_AIM, SCORE_AIM = 8.0, 0.01
STEP_AIMS = {"alice": 4.5, "smart": 3.2, "adv": 2.2}


def lines() -> Iterator[Line]:
    """A whole tuning, its memory, its score; the same batches of SST, or of generated texts, through both; steps of
    three objectives; padding of pairs."""
    with threads(1):
        yield from _whole()
        yield from _against_trainer()
        yield from _steps()
        yield _padding()


def _job(corpus: str, task: str) -> tuple[Any, Any]:
    from probekit import corpora
    from probekit.encoders.live import live
    from probekit.learners.tuning.training import Job

    encoder = live("minilm")
    return encoder, Job.of(encoder, task, corpora.load_corpus(corpus), False)


def _data(name: str, instead: str) -> str:
    from probekit import corpora

    return instead if corpora.describe(name).absent else name


def _step(network: Any, given: Any, objective: str, optimizer: Any, unit: float, bfloat16: bool = False) -> None:
    import torch

    from probekit.learners.tuning import objectives
    from probekit.learners.tuning.perturbing import Pass

    terms = objectives.loss_of_terms(objectives.read(objective), Pass(network, given, unit, bfloat16))
    torch.stack(list(terms.values())).sum().backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _whole() -> Iterator[Line]:
    """An epoch of both on the same batches: memory of ours above that of the process, accuracy on dev of each.

    First, since a process never takes less again.
    """
    import numpy as np

    from probekit import corpora
    from probekit.learners.tuning.training import Design, Draws, tune
    from probekit.training.loop import Settings

    name = _data("sst|sample(n=3000)", "cues(n=600)|resplit")
    corpus = corpora.load_corpus(name)
    encoder, job = _job(name, "sentence/label")
    before, settings = peak_memory(), Settings(rate=RATE, epochs=1, decay=0.01, schedule="linear(warmup=0.1)")
    with TemporaryDirectory() as place:
        made, progress = Path(place) / "made", Path(place) / "progress"
        found = tune([("sentence/label", corpus)], "minilm", made, progress, Design(settings=settings))
    weights = 4 * sum(value.numel() for value in encoder.module.parameters()) / 2**30
    used = (peak_memory() - before) / weights
    what, aim = "memory of tuning MiniLM above the process", f"<= {MEMORY_AIM:g}"
    yield Line(
        what, f"{used * weights:.2f} GiB", f"{weights:.2f} GiB, weights", f"{used:.1f}", "-", aim, used <= MEMORY_AIM
    )
    mine, model = found["dev_measures"][-1], _library_model()
    batches = list(Draws([job], SIZE, 0).epoch(0))
    _through_library(model, batches, lr_scheduler_type="linear", warmup_steps=round(0.1 * len(batches)))
    theirs = _accuracy(
        model, [job.asked.given(job.reader, rows) for rows in np.array_split(job.asked.items_of("dev"), 10)]
    )
    what, aim = f"accuracy on dev after {len(batches)} batches of {SIZE} texts", f"within {SCORE_AIM}"
    yield Line(
        what,
        f"{mine:.3f}",
        f"{theirs:.3f}, the Trainer",
        f"{mine - theirs:+.3f}",
        "-",
        aim,
        abs(mine - theirs) <= SCORE_AIM,
    )


def _accuracy(model: Any, batches: list[Any]) -> float:
    import torch

    right = n = 0
    with torch.no_grad():
        for given in batches:
            logits = model(input_ids=given.texts.ids, attention_mask=given.texts.mask.long()).logits
            right, n = right + int((logits.argmax(1) == given.gold).sum()), n + len(given.gold)
    return right / n


def _library_model() -> Any:
    from transformers import AutoModelForSequenceClassification

    from probekit.encoders.model_folder import minilm_folder, quiet_transformers

    with quiet_transformers():
        return AutoModelForSequenceClassification.from_pretrained(minilm_folder(), num_labels=2)


def _through_library(model: Any, batches: list[Any], **more: Any) -> None:
    """The library's Trainer on the texts of some batches, in their order."""
    import torch
    from transformers import Trainer, TrainingArguments

    rows = [
        {"input_ids": ids[mask], "attention_mask": mask[mask].long(), "labels": gold}
        for given in batches
        for ids, mask, gold in zip(given.texts.ids, given.texts.mask, given.gold, strict=True)
    ]

    def collate(chosen: list[dict[str, Any]]) -> dict[str, Any]:
        pad = torch.nn.utils.rnn.pad_sequence
        kept = {name: pad([one[name] for one in chosen], True) for name in ("input_ids", "attention_mask")}
        return {**kept, "labels": torch.stack([one["labels"] for one in chosen])}

    class InOrder(Trainer):
        def _get_train_sampler(self, *given: Any) -> Any:
            return torch.utils.data.SequentialSampler(rows)

    with TemporaryDirectory() as place:
        how = TrainingArguments(
            place, per_device_train_batch_size=SIZE, max_steps=len(batches), learning_rate=RATE, report_to=[],
            use_cpu=True, disable_tqdm=True, save_strategy="no", logging_strategy="no", **more,
        )  # fmt: skip
        InOrder(model=model, args=how, train_dataset=rows, data_collator=collate).train()
    model.eval()


def _against_trainer() -> Iterator[Line]:
    import torch

    from probekit.encoders.packing import fast_bfloat16
    from probekit.learners.tuning.perturbing import unit_of
    from probekit.learners.tuning.training import Design, Draws, make_network

    name = _data("sst|sample(n=1000)", "cues(n=600)|resplit")
    encoder, job = _job(name, "sentence/label")
    network = make_network(encoder, [job.asked], Design(), 0).train()
    unit = unit_of(network)  # once a training
    batches = [given for given, _ in zip(Draws([job], SIZE, 0).epoch(0), range(BATCHES), strict=False)]
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, fused=True)
    model = _library_model()

    for kind, aim in (("float32", TRAINER_AIM), ("bfloat16", BFLOAT_AIM)):
        if kind == "bfloat16" and not fast_bfloat16():
            continue

        def ours(bfloat16: bool = kind == "bfloat16") -> None:
            for given in batches:
                _step(network, given, "cross-entropy", optimizer, unit, bfloat16)

        mine, theirs = processor_seconds(ours, lambda: _through_library(model, batches))
        ratio = theirs / mine
        yield Line(
            f"tuning MiniLM, {len(batches)} batches of {SIZE} texts, {kind}",
            f"{mine:.2f} s",
            f"{theirs:.2f} s, the library's Trainer",
            f"{ratio:.2f}",
            "-",
            f">= {aim}",
            ratio >= aim,
        )


def _steps() -> Iterator[Line]:
    import torch

    from probekit.learners.tuning.perturbing import unit_of
    from probekit.learners.tuning.training import Design, Draws, make_network
    from probekit.training.pages import kept

    name = _data("mctaco|fewer-documents(train=20)|holdout-documents", "plausible(n=100)")
    encoder, job = _job(name, "pair/label")
    network = make_network(encoder, [job.asked], Design(), 0).train()
    given = next(iter(Draws([job], SIZE, 0).epoch(0)))
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, fused=True)
    names, unit = ("standard", *STEP_AIMS), unit_of(network)
    with kept():  # as training has it
        found = processor_seconds(*(lambda name=name: _step(network, given, name, optimizer, unit) for name in names))
    for objective, took in zip(names[1:], found[1:], strict=True):
        ratio, aim = took / found[0], STEP_AIMS[objective]
        yield Line(
            f"a step of {objective}, {SIZE} pairs",
            f"{took:.2f} s",
            f"{found[0]:.2f} s, a standard step",
            f"{ratio:.2f}",
            "-",
            f"<= {aim}",
            ratio <= aim,
        )


def _padding() -> Line:
    from probekit.learners.tuning.training import Draws

    name = _data("mctaco|holdout-documents", "plausible(n=400)")
    _, job = _job(name, "pair/label")
    read = there = 0
    for given in Draws([job], SIZE, 0).epoch(0):
        read += given.texts.mask.numel()
        there += int(given.texts.mask.sum())
    share = 1 - there / read
    return Line(
        f"padded positions of pairs, batches of {SIZE}",
        f"{share:.1%}",
        f"{read} read",
        "-",
        "-",
        "<= 5 %",
        share <= PADDED_AIM,
    )
