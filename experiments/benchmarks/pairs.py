"""Pairs of words: our trainer against embeddings, autograd and SGD on the same batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from probekit.embeddings.pairs import Batch, PairSettings, PairTrainer, TableCentre, started
from probekit.embeddings.text import Text

from .measure import Line, processor, threads

WORDS, SIZE, LENGTH, PLACES = 20_000, 100, 20, 40_000
AIM, SAME = 4.0, 1e-3


def lines() -> Iterator[Line]:
    """20,000 words of Zipf's frequencies x 100 dimensions, sentences of 20 words, five drawn words a pair."""
    with threads(1):
        text = drawn()
        settings = PairSettings(epochs=1, rate=0.025, clip=5.0)
        centre, outputs = started(WORDS, SIZE, 0, "skip-gram"), np.zeros((WORDS, SIZE), dtype=np.float32)
        trainer = PairTrainer(text, TableCentre(centre), outputs, settings)
        batches = list(trainer.batches(text, 0))
        losses: list[float] = []
        ours = processor(lambda: losses.append(trainer.epoch(0)))
        usual: list[float] = []
        loop = processor(lambda: usual.append(by_autograd(text, batches, settings)))
    pairs = sum(int((batch.sign > 0).sum()) for batch, _ in batches)
    what = f"{pairs:,} pairs, {WORDS:,} words x {SIZE}"
    ratio, gap = loop / ours, abs(losses[0] - usual[0]) / usual[0]
    aim = f">= {AIM:.0f} times as fast"
    shown = f"{pairs / ours:,.0f} a second"
    yield Line(what, shown, f"{pairs / loop:,.0f} a second (autograd)", f"{ratio:.1f}", "-", aim, ratio >= AIM)
    yield Line("loss a pair", f"{losses[0]:.4f}", f"{usual[0]:.4f}", f"{gap:.1e}", "-", f"apart <= {SAME}", gap <= SAME)


def drawn() -> Text:
    """Words by Zipf's law, in sentences of one length."""
    random = np.random.default_rng(0)
    share = 1 / np.arange(1, WORDS + 1)
    ids = random.choice(WORDS, PLACES, p=share / share.sum()).astype(np.int32)
    sentence = (np.arange(PLACES) // LENGTH).astype(np.int32)
    counts = np.maximum(np.bincount(ids, minlength=WORDS), 1)
    return Text(tuple(f"w{i}" for i in range(WORDS)), counts, ids, sentence, np.arange(PLACES))


def by_autograd(text: Text, batches: list[tuple[Batch, float]], settings: PairSettings) -> float:
    """The usual loop over batches that were drawn before: loss a pair."""
    centre = torch.nn.Embedding.from_pretrained(torch.tensor(started(WORDS, SIZE, 0, "skip-gram")), freeze=False)
    outputs = torch.nn.Embedding.from_pretrained(torch.zeros(WORDS, SIZE), freeze=False)
    parameters = [*centre.parameters(), *outputs.parameters()]
    optimizer = torch.optim.SGD(parameters, settings.rate)
    total, pairs = 0.0, 0
    for batch, done in batches:
        numbers, sign = torch.from_numpy(batch.numbers.astype(np.int64)), torch.from_numpy(batch.sign)
        scores = (outputs(numbers) @ centre(torch.from_numpy(text.ids[batch.places]).long())[:, :, None])[:, :, 0]
        loss = -(torch.nn.functional.logsigmoid(sign * scores) * sign.abs()).sum()
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * (1 - done)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
        optimizer.step()
        total, pairs = total + loss.item(), pairs + int((batch.sign > 0).sum())
    return total / pairs
