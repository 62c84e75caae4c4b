"""One pass of a Hugging Face encoder over a corpus: batches are read, several at once, and pooled."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from probekit.corpora.corpus import Corpus
from probekit.encoders.batch import Batch, Batches
from probekit.encoders.batch_pooling import BatchPooler
from probekit.encoders.encoder import Layer, Part
from probekit.encoders.habits import hidden_states, same_weights
from probekit.encoders.model_folder import quiet_transformers


class HuggingFacePass:
    """One pass over a corpus: a batch a step, each giving every layer and pooling asked for."""

    def __init__(
        self,
        encoder: Any,  # a HuggingFaceEncoder, which makes its passes
        corpus: Corpus,
        batches: Batches,
        layers: tuple[Layer, ...],
        poolings: tuple[str, ...],
    ) -> None:
        self.encoder, self.corpus, self.batches = encoder, corpus, batches
        self.layers, self.poolings = layers, poolings
        self.n_steps = len(batches)
        self.found: Mapping[str, Any] = {**batches.found, "device": encoder.device.type}
        self.first_piece = batches.pieces.first_piece(corpus)

    def step(self, number: int) -> Iterator[Part]:
        """Vectors of one batch, float32, with the rows of the result that they belong to."""
        yield from self._answer(number, self.encoder.model)

    def steps(self, first: int) -> Iterator[list[Part]]:
        """The steps from `first` on, in order; on a CPU as many at once as torch may use threads.

        A batch to itself keeps a thread busier than a share of every product, above all beside other programs, and
        makes the vectors the same for any number of threads. A few steps are computed ahead, no more.
        """
        with quiet_transformers():
            yield from self._steps(range(first, self.n_steps))

    def _steps(self, numbers: range) -> Iterator[list[Part]]:
        threads = torch.get_num_threads()
        if threads == 1 or self.encoder.device.type != "cpu" or not numbers:
            yield from (list(self.step(number)) for number in numbers)
            return
        n = min(threads, len(numbers))
        # The library's models keep state of a call in their modules: each thread has modules of its own.
        idle = [self.encoder.model, *(same_weights(self.encoder.model) for _ in range(n - 1))]

        def answer(number: int) -> list[Part]:
            model = idle.pop()
            try:
                return list(self._answer(number, model))
            finally:
                idle.append(model)

        pool = ThreadPoolExecutor(n, initializer=_one_thread)
        waiting: deque[Future[list[Part]]] = deque()
        try:
            for number in numbers:
                waiting.append(pool.submit(answer, number))
                if len(waiting) > 2 * n:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)

    def _answer(self, number: int, model: torch.nn.Module) -> Iterator[Part]:
        batch = self.batches[number]
        encoder = self.encoder
        with torch.inference_mode():
            hidden = self._hidden(batch, model)
            n_prefix = len(self.batches.prefix)
            pooler = BatchPooler(
                batch,
                self.corpus,
                self.poolings,
                encoder.piece,
                encoder.unit,
                n_prefix,
                encoder.device,
                self.first_piece,
            )
            found = [(layer, *part) for layer in self.layers for part in pooler.pool(hidden[layer or 0])]
            # All in one piece: a GPU hands it over in a single copy.
            moved = torch.cat([vectors.flatten() for *_, vectors in found]).cpu().numpy()
        start = 0
        for layer, pooling, rows, vectors in found:
            yield layer, pooling, rows, moved[start : start + vectors.numel()].reshape(vectors.shape)
            start += vectors.numel()

    def _hidden(self, batch: Batch, model: torch.nn.Module) -> dict[int, torch.Tensor]:
        """Hidden states (R, P, d) of the layers asked for. A long sentence's windows are read a budget at a time."""
        encoder = self.encoder
        n_rows, width = batch.input_ids.shape
        at_once = max(encoder.token_budget // width, 1) if not batch.plain else n_rows
        parts: dict[int, list[torch.Tensor]] = {layer or 0: [] for layer in self.layers}
        for start in range(0, n_rows, at_once):
            rows = slice(start, start + at_once)
            reads = same_weights(model) if encoder.habits.fresh else model
            hidden = hidden_states(reads, batch.input_ids[rows], batch.mask[rows], encoder.reader)
            for layer, kept in parts.items():
                kept.append(hidden[layer])
        return {layer: kept[0] if len(kept) == 1 else torch.cat(kept) for layer, kept in parts.items()}


def _one_thread() -> None:
    """Make this thread compute alone; the number of every other thread stays as it is."""
    torch.set_num_threads(1)
    torch.get_num_threads()  # the first question settles the thread's own number
