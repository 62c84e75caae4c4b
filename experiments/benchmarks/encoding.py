"""Encoding: padding, seconds, share of the matrix-product rate, bfloat16. All cores; ours writes to the memory map.

English EWT dev + test where `PROBEKIT_DATA` has them, otherwise generated sentences, through `minilm`, all layers and
five poolings. Operations are those of what is read, special tokens included and padding not: two a weight of a linear
layer and position, and the two products of attention; embeddings are free.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from probekit import resources, tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.encoders import load_encoder
from probekit.encoders.activations import encode
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.model_folder import quiet_transformers
from probekit.encoders.packing import fast_bfloat16
from probekit.probes.logistic import Logistic
from probekit.store import Store

from .measure import REPEATS, Line, cores, matrix_rate, threads

TREEBANK = "ud-english-ewt"
GENERATED = "grammar(n=4000)"
POOLINGS = ("mean", "sum", "max", "min", "cls")
BATCH = 32
SAMPLE = 4  # one in so many batches of the reference is timed
PENALTY = 0.1  # C of the logistic probes
FITTED = 10_000  # words they are fitted on


@dataclass
class Times:
    """Seconds of each repeat, and the matrix-product rates beside them, operations a second."""

    ours: list[float] = field(default_factory=list)
    bfloat16: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    bfloat16_rate: list[float] = field(default_factory=list)


def lines() -> Iterator[Line]:
    """Lines of the table; everything is measured in turns, `REPEATS` times, at one number of threads."""
    corpus, name = sentences()
    n = cores()
    with threads(n), TemporaryDirectory(prefix="probekit-benchmark-") as place:
        encoder, half = loaded("minilm"), loaded("minilm(dtype=bfloat16)")
        batches = Reference(corpus)
        found = encoder.start_pass(corpus, encoder.source.layers, POOLINGS).found
        padded = found["padding"] / (found["padding"] + found["positions"])
        what = f"padded positions, {name}"
        yield Line(what, f"{padded:.1%}", f"{batches.padded:.1%}", "-", "-", "<= 5 %", padded <= 0.05)
        times = Times()
        for repeat in range(REPEATS):
            times.rate.append(matrix_rate())
            times.bfloat16_rate.append(_bfloat16_rate())
            times.ours.append(_encode(corpus, encoder, Path(place) / f"{repeat}"))
            times.reference.append(batches.seconds())
            times.bfloat16.append(_encode(corpus, half, Path(place) / f"{repeat}-half"))
        yield from _compare(times, count(encoder, corpus), n)
    with threads(1), TemporaryDirectory(prefix="probekit-benchmark-") as place:
        yield _same_tags(corpus, encoder, half, Store(place))


def _compare(times: Times, operations: float, n: int) -> Iterator[Line]:
    ours, reference, half = (statistics.median(t) for t in (times.ours, times.reference, times.bfloat16))
    rate = max(times.rate)
    floor = f"{operations / rate:.1f} s products"
    what = f"seconds, {n} threads; {BATCH} a batch (1 batch in {SAMPLE})"
    ratio = reference / ours
    yield Line(what, f"{ours:.1f} s", f"{reference:.1f} s", f"{ratio:.2f}", floor, ">= 2.5 x", ratio >= 2.5)
    reached = operations / ours / rate
    what = "operations a second; matrix products"
    yield Line(what, _rate(operations / ours), _rate(rate), f"{reached:.2f}", "-", ">= 0.7", reached >= 0.7)
    ratio = ours / half
    floor = f"{operations / max(times.bfloat16_rate):.1f} s products"
    if not fast_bfloat16():
        yield Line("bfloat16: this CPU has none", f"{half:.1f} s", f"{ours:.1f} s", f"{ratio:.2f}", floor, "-", None)
        return
    what = "seconds in bfloat16; float32"
    yield Line(what, f"{half:.1f} s", f"{ours:.1f} s", f"{ratio:.2f}", floor, ">= 2 x", ratio >= 2)


def _rate(operations: float) -> str:
    return f"{operations / 1e9:.0f} GF/s"


def sentences() -> tuple[Corpus, str]:
    """The sentences of the benchmark and what they are."""
    if None in resources.locate(TREEBANK):
        corpus, name = load_corpus(GENERATED), "generated sentences"
    else:
        whole = load_corpus(TREEBANK)
        corpus = whole.select(whole.sentences["split"].isin(["dev", "test"]).to_numpy())
        name = "EWT dev + test"
    return corpus, f"{name} ({corpus.n_sentences:,})"


def loaded(spec: str) -> HuggingFaceEncoder:
    """An encoder with its model and tokenizer loaded, after a first pass."""
    encoder = load_encoder(spec, device="cpu")
    assert isinstance(encoder, HuggingFaceEncoder)
    for _ in encoder.start_pass(Corpus.from_words([["warm", "up"]]), encoder.source.layers, POOLINGS).steps(0):
        pass
    return encoder


def _encode(corpus: Corpus, encoder: HuggingFaceEncoder, place: Path) -> float:
    """Seconds from the sentences to finished entries of an empty cache: tokenised, encoded, pooled, written, summed."""
    started = time.perf_counter()
    encode(corpus, encoder, poolings=POOLINGS, store=Store(place))
    return time.perf_counter() - started


def count(encoder: HuggingFaceEncoder, corpus: Corpus) -> float:
    """Operations of one pass over what is read, without padding."""
    layers = [m for name, m in encoder.model.named_modules() if hasattr(m, "in_features") and "pooler" not in name]
    weights = sum(layer.in_features * layer.out_features for layer in layers)
    batches = encoder.start_pass(corpus, [0], ["mean"]).batches
    sizes = np.concatenate([batches.sizes(i) for i in range(len(batches))])
    n_blocks = len(encoder.source.layers) - 1
    return float((2.0 * sizes * weights + n_blocks * 4.0 * sizes**2 * encoder.width).sum())


def _bfloat16_rate() -> float:
    """Operations a second of the same products in bfloat16, the best of five."""
    a, b = torch.ones(4096, 384, dtype=torch.bfloat16), torch.ones(384, 1536, dtype=torch.bfloat16)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - started)
    return 2 * 4096 * 384 * 1536 / min(times)


class Reference:
    """The plain loop: batches of 32 in corpus order, padded to the longest, the same poolings kept in memory."""

    def __init__(self, corpus: Corpus) -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = load_encoder("minilm", device="cpu").folder  # type: ignore[attr-defined]
        with quiet_transformers():
            self.model = AutoModel.from_pretrained(folder, use_safetensors=True).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        words = [corpus.words(i) for i in range(corpus.n_sentences)]
        self.batches = [words[i : i + BATCH] for i in range(0, len(words), BATCH)]
        rng = np.random.default_rng(0)
        self.sample = sorted(rng.choice(len(self.batches), len(self.batches) // SAMPLE, replace=False))
        masks = [self._read(batch)["attention_mask"] for batch in self.batches]
        self.positions = np.array([mask.numel() for mask in masks])
        self.padded = 1 - sum(int(mask.sum()) for mask in masks) / self.positions.sum()

    def _read(self, batch: list[list[str]]) -> Any:
        return self.tokenizer(batch, is_split_into_words=True, padding=True, truncation=True, return_tensors="pt")

    def seconds(self) -> float:
        """Seconds of all batches, from those of the sample by the positions they read."""
        started = time.perf_counter()
        kept = [self._vectors(self.batches[i]) for i in self.sample]
        taken = time.perf_counter() - started
        assert len(kept) == len(self.sample)
        return float(taken * self.positions.sum() / self.positions[self.sample].sum())

    @torch.no_grad()
    def _vectors(self, batch: list[list[str]]) -> list[list[np.ndarray]]:
        read = self._read(batch)
        inner = read["attention_mask"].clone()
        inner[:, 0] = 0
        inner[torch.arange(len(inner)), read["attention_mask"].sum(1) - 1] = 0
        mask = inner.bool()[:, :, None]
        kept = []
        for hidden in self.model(**read, output_hidden_states=True).hidden_states:
            total = (hidden * mask).sum(1)
            pooled = [
                total / mask.sum(1),
                total,
                hidden.masked_fill(~mask, -torch.inf).amax(1),
                hidden.masked_fill(~mask, torch.inf).amin(1),
                hidden[:, 0],
            ]
            kept.append([vectors.numpy() for vectors in pooled])
        return kept


def _same_tags(corpus: Corpus, encoder: HuggingFaceEncoder, half: HuggingFaceEncoder, store: Store) -> Line:
    """Accuracy of UPOS from word vectors, fitted on words of the first half of the sentences, tested on the other."""
    task = tasks.get("word/upos")
    units = task.units(corpus)
    tags = np.asarray(task.targets(corpus))
    sentence = units["sentence"].to_numpy()
    rows = corpus.offsets[:-1][sentence] + units["start"].to_numpy()
    first = sentence < corpus.n_sentences // 2
    train = np.random.default_rng(0).choice(np.flatnonzero(first), min(FITTED, first.sum()), replace=False)
    test = np.flatnonzero(~first)
    accuracies = []
    for one in (encoder, half):
        vectors = encode(corpus, one, poolings=["words"], store=store)
        found = []
        for layer in one.source.layers:
            matrix = np.asarray(vectors[layer, "words"])[rows]
            probe = Logistic(C=PENALTY).fit(matrix[train], tags[train])
            found.append(float((np.asarray(probe.predict(matrix[test])).ravel() == tags[test]).mean()))
        accuracies.append(found)
    exact, rough = np.array(accuracies)
    apart = float(np.abs(exact - rough).max())
    what = f"UPOS, {len(train):,} words fitted, {len(test):,} tested; bfloat16 off"
    return Line(what, f"{apart:.4f}", f"{exact.min():.3f} to {exact.max():.3f}", "-", "-", "<= 0.002", apart <= 0.002)
