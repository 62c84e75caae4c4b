"""Chains of tags against pytorch-crf, and an epoch of a tagger against the usual loop. One thread, processor time.

The usual loop: packed sequences, pytorch-crf, batches in the order of the corpus, the development part decoded by
lists after the epoch. Both sides read the same frozen vectors and have the same sizes. Where pytorch-crf is not
installed ours is timed alone and the comparison is skipped.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .codes import processor_seconds
from .measure import Line, threads

LABELS, SENTENCES, LENGTH, WIDTH, HIDDEN, BATCH = 9, 32, 30, 100, 100, 32
MANY = 600  # sentences of an epoch
FORWARD_AIM, DECODING_AIM, EPOCH_AIM = 1.5, 2.0, 2.0


def lines() -> Iterator[Line]:
    """Likelihood with its gradient, decoding, an epoch with a look at the development part."""
    with threads(1):
        yield from _chains()
        yield _epoch()


def _lengths(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(3, LENGTH + 1, n)


def _chains() -> Iterator[Line]:
    import torch

    from probekit.models.crf import CRF

    ours, oracle = CRF(LABELS), _oracle()
    lengths = torch.from_numpy(_lengths(SENTENCES))
    mask = torch.arange(int(lengths.max()))[None] < lengths[:, None]
    emissions = torch.randn(*mask.shape, LABELS, requires_grad=True)
    gold = torch.randint(0, LABELS, mask.shape)
    what = f"{SENTENCES} sentences, {LABELS} labels"
    yield _line(
        f"CRF, likelihood and gradient, {what}",
        lambda: ours.loss(emissions, gold, mask).sum().backward(),
        oracle and (lambda: (-oracle(emissions, gold, mask=mask)).backward()),
        FORWARD_AIM,
        "pytorch-crf",
    )
    yield _line(
        f"CRF, best paths, {what}",
        lambda: ours.best(emissions, mask),
        oracle and (lambda: oracle.decode(emissions, mask)),
        DECODING_AIM,
        "pytorch-crf",
    )


def _oracle() -> Any:
    """pytorch-crf's chain, or None where it is not installed."""
    if importlib.util.find_spec("torchcrf") is None:
        return None
    from torchcrf import CRF as Oracle

    return Oracle(LABELS, batch_first=True)


def _epoch() -> Line:
    import torch

    from probekit.models.bilstm import BiLSTM
    from probekit.models.tag_heads import CRFHead
    from probekit.training.buckets import Buckets

    lengths = _lengths(MANY)
    rng = np.random.default_rng(1)
    vectors = [torch.from_numpy(rng.normal(size=(n, WIDTH))).float() for n in lengths]
    gold = [torch.from_numpy(rng.integers(0, LABELS, n)) for n in lengths]
    buckets = Buckets(lengths, BATCH * int(lengths.mean()))
    body, head = BiLSTM(WIDTH, HIDDEN), CRFHead(2 * HIDDEN, [str(i) for i in range(LABELS)])
    optimizer = torch.optim.AdamW([*body.parameters(), *head.parameters()], fused=True)

    def batch(rows: Any) -> tuple[Any, Any, Any]:
        pad = torch.nn.utils.rnn.pad_sequence
        mask = torch.arange(int(lengths[rows].max()))[None] < torch.from_numpy(lengths[rows])[:, None]
        return pad([vectors[i] for i in rows], True), pad([gold[i] for i in rows], True), mask

    def ours() -> None:
        for rows in buckets.epoch(0):
            given, labels, mask = batch(rows)
            loss = head.loss(body(given, mask), labels, mask).sum() / mask.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            for rows in buckets.in_order():
                given, _, mask = batch(rows)
                head.answer(body(given, mask), mask)

    return _line(
        f"BiLSTM-CRF, an epoch of {MANY} sentences and their decoding",
        ours,
        _usual(vectors, gold),
        EPOCH_AIM,
        "the usual loop",
    )


def _usual(vectors: list[Any], gold: list[Any]) -> Callable[[], None] | None:
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

    crf = _oracle()
    if crf is None:
        return None
    lstm = torch.nn.LSTM(WIDTH, HIDDEN, batch_first=True, bidirectional=True)
    linear = torch.nn.Linear(2 * HIDDEN, LABELS)
    parameters = [*lstm.parameters(), *linear.parameters(), *crf.parameters()]
    optimizer = torch.optim.Adam(parameters)

    def states(rows: range) -> tuple[Any, Any]:
        sizes = torch.tensor([len(vectors[i]) for i in rows])
        packed = pack_padded_sequence(pad_sequence([vectors[i] for i in rows], True), sizes, True, False)
        found, _ = pad_packed_sequence(lstm(packed)[0], batch_first=True)
        return linear(found), torch.arange(int(sizes.max()))[None] < sizes[:, None]

    def epoch() -> None:
        parts = [range(start, min(start + BATCH, len(vectors))) for start in range(0, len(vectors), BATCH)]
        for rows in parts:
            scores, mask = states(rows)
            loss = -crf(scores, pad_sequence([gold[i] for i in rows], True), mask=mask, reduction="mean")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            for rows in parts:
                crf.decode(*states(rows))

    return epoch


def _line(what: str, ours: Callable[[], Any], theirs: Callable[[], Any] | None, aim: float, other: str) -> Line:
    if theirs is None:
        alone = f"{1000 * processor_seconds(ours)[0]:.1f} ms"
        return Line(what, alone, "skipped: pytorch-crf is not installed", "-", "-", f">= {aim} x", None)
    own, usual = processor_seconds(ours, theirs)
    ratio = usual / own
    each = [f"{1000 * seconds:.1f} ms" for seconds in (own, usual)]
    return Line(what, each[0], f"{each[1]}, {other}", f"{ratio:.2f}", "-", f">= {aim} x", ratio >= aim)
