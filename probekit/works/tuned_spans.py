"""How a cell of span tasks is answered when the encoder is trained too (Toshniwal et al. 2020, section 5)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from probekit import encoders, streams
from probekit.encoders.batch import Batches
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell
from probekit.probes.span_mlp import SpanMLP
from probekit.probes.span_network import SpanBatch, SpanNetwork
from probekit.probes.span_training import THRESHOLD, found, make_network, micro_f1, settings, span_loss
from probekit.probes.span_vectors import Spans
from probekit.store import default_store
from probekit.training.loop import Member, train_together
from probekit.works.span_answers import (
    OF_THE_PASS,
    SCORED,
    STOP,
    UNORDERED,
    AskedSpans,
    SpanRows,
    ask,
    make_probe,
    token_spans,
)


class TunedSpans(nn.Module):
    """An encoder with a span network on its last layer, or on the learned mix of all; both are trained."""

    def __init__(self, encoder: nn.Module, network: SpanNetwork, last_only: bool) -> None:
        super().__init__()
        self.encoder, self.network = encoder, network
        self.last_only = last_only

    def forward(self, sentences: TunedBatch) -> torch.Tensor:
        """Scores of the units of some sentences, before the sigmoid."""
        hidden = self.encoder(
            input_ids=sentences.input_ids, attention_mask=sentences.mask, output_hidden_states=not self.last_only
        )
        layers = [hidden.last_hidden_state] if self.last_only else hidden.hidden_states
        states = torch.stack([layer.flatten(0, 1) for layer in layers])
        return self.network([SpanBatch(states[:, place], Spans(lengths)) for place, lengths in sentences.roles])


@dataclass(frozen=True)
class TunedBatch:
    """Sentences read together, and where the tokens of their units' spans lie among the positions read.

    `roles` holds for each span of a unit the flat positions (T,) and the tokens of each span (S,).
    """

    input_ids: torch.Tensor
    mask: torch.Tensor
    roles: list[tuple[torch.Tensor, torch.Tensor]]


class SentenceSteps:
    """The steps of training: whole sentences with all of their units, at least `batch` units a step.

    A sentence is read once a step whatever is asked of it, so that a step costs a few sentences and not one a unit
    (our choice: the paper draws single examples). Rounds between two looks at the development units are `every` steps.
    """

    def __init__(self, sentence: np.ndarray, rows: np.ndarray, probe: SpanMLP) -> None:
        self.sentence, self.rows, self.seed = sentence, rows, probe.seed
        self.batch, self.passes = int(probe.batch), int(probe.passes)
        steps = [list(self._pass(number)) for number in range(self.passes)]
        self.steps = [rows for one in steps for rows in one]
        self.every = min(int(probe.every), len(steps[0]))
        self.total = len(self.steps)

    def _pass(self, number: int) -> Iterator[np.ndarray]:
        own = self.sentence[self.rows]
        order = streams.generator(self.seed, "order", "sentences", number).permutation(np.unique(own))
        place = np.argsort(own, kind="stable")
        starts = np.searchsorted(own[place], order)
        ends = np.searchsorted(own[place], order, side="right")
        held: list[np.ndarray] = []
        for start, end in zip(starts, ends, strict=True):
            held.append(self.rows[place[start:end]])
            if sum(map(len, held)) >= self.batch:
                yield np.concatenate(held)
                held = []
        if held:
            yield np.concatenate(held)

    def __len__(self) -> int:
        return -(-self.total // self.every)

    def steps_until(self, number: int) -> int:
        """Steps before the end of the first `number` rounds."""
        return min(number * self.every, self.total)

    def __getitem__(self, number: int) -> Sequence[np.ndarray]:
        return self.steps[self.steps_until(number) : self.steps_until(number + 1)]


class Reader:
    """Makes batches of sentences with their units for an encoder."""

    def __init__(self, encoder: HuggingFaceEncoder, asked: AskedSpans) -> None:
        if encoder.habits.alike:
            raise ProbekitError(
                f"'{encoder.source.name}' sees the padding of a batch, so that its answers would hang on what is read "
                "together; leave tune out, or take another model"
            )
        self.batches: Batches = encoder.batches(asked.corpus)
        self.device = encoder.device
        self.sentence = asked.units["sentence"].to_numpy()
        first_piece = self.batches.pieces.first_piece(asked.corpus)
        self.starts, self.ends = token_spans(asked.units, asked.corpus, first_piece)

    def batch(self, rows: np.ndarray) -> TunedBatch:
        """The sentences of some units, read together."""
        members, of_unit = np.unique(self.sentence[rows], return_inverse=True)
        batch = self.batches.together(members)
        roles = []
        for role in range(self.starts.shape[1]):
            # Positions within the sentence; both spans of a unit lie in one sentence.
            start = self.starts[rows, role] - self.batches.pieces.offsets[members][of_unit]
            lengths = self.ends[rows, role] - self.starts[rows, role]
            inside = np.repeat(start - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
            place = batch.place[np.repeat(of_unit, lengths), inside]
            roles.append((self._move(place), self._move(lengths)))
        return TunedBatch(self._move(batch.input_ids), self._move(batch.mask), roles)

    def _move(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.device)


def answer_tuned(cell: Cell) -> Answer:
    """Rows of one span method with an encoder trained for it; an interrupted training goes on where it stood."""
    asked = ask(cell)
    writer = SpanRows(cell, asked)
    store = default_store()
    for question in cell.questions:
        pooling = question.axes["pooling"]
        started = time.monotonic()
        with store.making("training", question.key) as unfinished:
            fired, info = _tune(cell, asked, cell.shared["methods"][pooling], unfinished / "state")
            writer.score(pooling, fired, {**info, "seconds": round(time.monotonic() - started, 2)})
    return writer.answer


def _tune(cell: Cell, asked: AskedSpans, method: str, keep: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Decisions on the scored splits after training, and what it found."""
    probe = make_probe(cell)
    encoder = encoders.load_encoder(cell.shared["encoder"])
    assert isinstance(encoder, HuggingFaceEncoder)
    reader = Reader(encoder, asked)
    last_only = cell.shared["way"] != "mix"
    n_layers = 1 if last_only else len(encoder.source.layers)
    network = make_network(
        probe,
        method,
        n_layers,
        encoder.width,
        reader.starts.shape[1],
        len(asked.labels),
        asked.task.name in UNORDERED,
        learned_mix=True,
    )
    module = TunedSpans(encoder.fresh_model(), network, last_only).to(encoder.device)
    gold = torch.from_numpy(asked.targets.astype(np.float32)).to(encoder.device)
    steps = SentenceSteps(reader.sentence, asked.splits["train"], probe)

    def batches(number: int) -> Iterator[tuple[TunedBatch, torch.Tensor]]:
        for rows in steps[number]:
            yield reader.batch(rows), gold[torch.from_numpy(rows).to(encoder.device)]

    def predict(split: str) -> np.ndarray:
        rows = asked.splits[split]
        answers = np.zeros((len(rows), len(asked.labels)), dtype=np.float32)
        module.eval()
        # Whole sentences, a few at a time.
        order = np.argsort(reader.sentence[rows], kind="stable")
        with torch.no_grad():
            for part in np.array_split(order, -(-len(order) // 256)):
                answers[part] = torch.sigmoid(module(reader.batch(rows[part]))).cpu().numpy()
        return answers

    looked_at = asked.targets[asked.splits[STOP]]

    def watch() -> float:
        return -micro_f1(predict(STOP), looked_at)

    member = Member(module, span_loss, settings(probe, len(steps)), watch, keep=keep)
    train_together([member], batches, seed=probe.seed, label=cell.label)
    fired = {split: predict(split) > THRESHOLD for split in SCORED}
    info = found(member, steps, network) | {"batches": "whole sentences"}
    return fired, info | {name: value for name, value in reader.batches.found.items() if name in OF_THE_PASS}
