"""Training tables: students of spelling against packed batches, a million encoded words, running text that is read.

The usual way with spelling: batches in the order of the table, padded and packed. A million words are encoded by drawn
vectors as wide as MiniLM's, since what is measured is what is kept of them. Seconds are of the processor, one thread.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.plain import read_plain
from probekit.embeddings.characters import of_one_length
from probekit.encoders.activations import encode
from probekit.encoders.context_to_vec import POOLING, averaged
from probekit.models.speller import Speller, neg_cos
from probekit.store import Store

from .measure import Line, processor, threads, traced

WORDS, WIDTH, SIZE, BATCH, AIM = 4000, 50, 100, 64, 1.5
ENCODED, UNITS, MOST_DISK, MOST_MEMORY = 1_000_000, 384, 1.0, 500.0
READ, MOST_A_WORD = (200_000, 1_600_000), 16.0  # words of text; bytes that one more word may cost


def lines() -> Iterator[Line]:
    """An epoch of a student, what a million words take, what a longer text takes to read."""
    with threads(1), TemporaryDirectory() as place:
        yield _spelling()
        yield from _encoded(Path(place))
        yield _reading(Path(place))


def drawn_words(n: int, seed: int = 0) -> list[str]:
    """Different strings whose lengths are about those of English words."""
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < n:
        length = max(1, round(draw.gauss(7.2, 2.4)))
        found["".join(draw.choice("etaoinshrdlcumwfgypbvk") for _ in range(length))] = None
    return list(found)


def _spelling() -> Line:
    codes = [[ord(one) - 96 for one in word] for word in drawn_words(WORDS)]
    lengths = np.array([len(one) for one in codes])
    targets = torch.randn(WORDS, SIZE, generator=torch.Generator().manual_seed(0))
    module = Speller(27, WIDTH, SIZE)
    optimizer = torch.optim.AdamW(module.parameters(), fused=True)

    def step(given: torch.Tensor, rows: np.ndarray) -> None:
        optimizer.zero_grad()
        neg_cos(targets[rows], given).mean().backward()
        optimizer.step()

    def ours() -> None:
        for rows in of_one_length(lengths, BATCH):
            step(module(torch.tensor([codes[row] for row in rows])), rows)

    def packed() -> None:
        pad = torch.nn.utils.rnn.pad_sequence
        for start in range(0, WORDS, BATCH):
            rows = np.arange(start, min(start + BATCH, WORDS))
            given = module.embed(pad([torch.tensor(codes[row]) for row in rows], True))
            sequences = torch.nn.utils.rnn.pack_padded_sequence(given, torch.tensor(lengths[rows]), True, False)
            _, (ends, _) = module.read(sequences)
            step(module.join(torch.cat([ends[0], ends[1]], dim=1)).relu(), rows)

    own, usual = processor(ours, 2), processor(packed, 2)
    what = f"an epoch of spelling, {WORDS:,} words, {WIDTH} units"
    ratio = usual / own
    return Line(what, f"{own:.1f} s", f"{usual:.1f} s (packed)", f"{ratio:.2f}", "-", f">= {AIM} x", ratio >= AIM)


def _encoded(place: Path) -> Iterator[Line]:
    """Words encoded in half precision, and the neighbours' means of them that are trained on."""
    vocabulary = drawn_words(5000)
    numbers = np.random.default_rng(0).integers(0, len(vocabulary), (ENCODED // 20, 20))
    corpus = Corpus.from_words([[vocabulary[at] for at in row] for row in numbers])
    store = Store(place / "store")

    def encoded() -> None:
        found = encode(corpus, f"drawn(width={UNITS})", poolings=[POOLING], store=store)
        averaged(next(iter(found.values())), corpus, 5, 5, place)

    what = f"memory, {ENCODED:,} encoded words x {UNITS} and their means"
    yield traced(what, encoded, MOST_MEMORY)
    kept = sum(file.stat().st_size for file in (place / "store").rglob("*") if file.is_file()) / 2**30
    what = f"disk, {ENCODED:,} encoded words x {UNITS}"
    yield Line(what, f"{kept:.2f} GB", "-", "-", "-", f"at most {MOST_DISK:g} GB", kept <= MOST_DISK)


def _reading(place: Path) -> Line:
    """Bytes that one more word of running text costs while it is read, tokenised text, sentences a line."""
    vocabulary, peaks = drawn_words(5000), []
    for n in READ:
        draw = random.Random(0)
        file = place / f"{n}.txt"
        with file.open("w", encoding="utf-8") as out:
            for _ in range(n // 20):
                out.write(" ".join(draw.choices(vocabulary, k=20)) + "\n")
        peaks.append(_peak(file))
    a_word = (peaks[1] - peaks[0]) / (READ[1] - READ[0])
    what = f"bytes a further word of plain:, {READ[0]:,} to {READ[1]:,} words"
    aim = f"at most {MOST_A_WORD:g}: 4 of its number"
    return Line(what, f"{a_word:.1f}", f"{peaks[1] / 2**20:.0f} MB in all", "-", "-", aim, a_word <= MOST_A_WORD)


def _peak(file: Path) -> float:
    import tracemalloc

    tracemalloc.start()
    read_plain(file, words="blanks")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)
