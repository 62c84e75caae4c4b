"""Decoding of the four supertaggers in batches against sentence by sentence, the coverage of many sentences, and the
memory of a grid over all layers of MiniLM.

Processor time, one thread. Weights are drawn anew, with a boundary that is likely enough for words to end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from tempfile import TemporaryDirectory

import numpy as np
import torch

from probekit import resources
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.learners.ccg_parsers import parser_named
from probekit.learners.supertagger import HEADS, build, options
from probekit.learners.supertagger_data import Alphabet, categories_of
from probekit.models.beam import decode
from probekit.models.supertagger import Supertagger, initialise
from probekit.training.buckets import Buckets
from probekit.works.supertagging import supertagging

from .measure import Line, peak_memory, processor, threads

SENTENCES, PARSED, WIDTH, HIDDEN, BUDGET = 300, 2000, 384, 96, 2048
DECODING_AIM, COVERAGE_AIM, MEMORY_AIM = 10.0, 10.0, 1.5
Batch = tuple[torch.Tensor, torch.Tensor]


def lines() -> Iterator[Line]:
    """Sentences of the Parallel Meaning Bank, without it of the generated grammar."""
    real = None not in resources.locate("pmb-en")
    corpus = load_corpus(f"pmb-en|split(train)|sample(n={PARSED})" if real else f"ccg-grammar(n={PARSED})")
    with threads(1):
        yield _grid("pmb-en" if real else "ccg-grammar(n=2000)")
        yield _decoding(corpus)
        yield _coverage(corpus)


def _grid(corpus: str) -> Line:
    """An epoch on each of seven cached layers; first, since a process never takes less again."""
    head = f"softmax(budget=1024, epochs=1, hidden={HIDDEN}, rate=0.003)"
    before = peak_memory()
    with TemporaryDirectory() as place:
        supertagging("memory", [corpus], ["minilm"], [head], range(7), [0]).run(place)
    peak, what = peak_memory(), "memory of a grid over seven layers of MiniLM"
    aim = f"<= {MEMORY_AIM} GiB"
    return Line(what, f"{peak:.2f} GiB", f"{before:.2f} GiB before", "-", "-", aim, peak <= MEMORY_AIM)


def _decoding(corpus: Corpus) -> Line:
    few = corpus.select(np.arange(SENTENCES))
    models = [_drawn(head, few) for head in HEADS]
    vectors = [torch.randn(n, WIDTH, generator=torch.Generator().manual_seed(int(n))) for n in few.lengths]
    together = [_batch(vectors, rows) for rows in Buckets(few.lengths, BUDGET).in_order()]
    alone = [_batch(vectors, np.array([row])) for row in range(SENTENCES)]
    times = [processor(partial(_decode, models, batches)) for batches in (together, alone)]
    ratio, what = times[1] / times[0], f"four supertaggers, beam of 5, {SENTENCES} sentences"
    aim = f">= {DECODING_AIM:.0f} times as fast"
    usual = f"{times[1]:.2f} s one by one"
    return Line(what, f"{times[0]:.2f} s", usual, f"{ratio:.1f}", "-", aim, ratio >= DECODING_AIM)


def _drawn(head: str, corpus: Corpus) -> Supertagger:
    alphabet = Alphabet(categories_of(corpus).tolist(), HEADS[head][0])
    model = build(WIDTH, alphabet, options(head=head, hidden=HIDDEN)).eval()
    initialise(model, 0)
    with torch.no_grad():
        model.decoder.scores.bias[0] += 1.0
    return model


def _batch(vectors: list[torch.Tensor], rows: np.ndarray) -> Batch:
    lengths = torch.tensor([len(vectors[row]) for row in rows])
    mask = torch.arange(int(lengths.max()))[None] < lengths[:, None]
    return torch.nn.utils.rnn.pad_sequence([vectors[row] for row in rows], True), mask


def _decode(models: list[Supertagger], batches: list[Batch]) -> None:
    for model in models:
        for batch in batches:
            decode(model, *batch)


def _coverage(corpus: Corpus) -> Line:
    gold = categories_of(corpus)
    sentences = [gold[slice(*corpus.offsets[row : row + 2])].tolist() for row in range(corpus.n_sentences)]
    parse = parser_named("chart")
    started = time.process_time()  # once: what has been combined is remembered
    found = parse(sentences)
    took, share = time.process_time() - started, np.mean([one is not None for one in found])
    what = f"coverage of {len(sentences):,} sentences by the chart ({100 * share:.1f} % parse)"
    return Line(what, f"{took:.1f} s", "-", "-", "-", f"<= {COVERAGE_AIM:.0f} s", took <= COVERAGE_AIM)
