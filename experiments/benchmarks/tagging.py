"""Chains of tags against pytorch-crf, and an epoch of a tagger against the usual loop. One thread, processor time.

Ten settings over one frozen encoder are trained from the cache and against a loop that encodes anew in every epoch.
Memory: ten mapped inputs of 300 dimensions, without the pages of the maps; 2^20 permutations of 5,000 sentences.

The usual loop: packed sequences, pytorch-crf, batches in the order of the corpus, the development part decoded by
lists after the epoch. Both sides read the same frozen vectors and have the same sizes. Where pytorch-crf is not
installed ours is timed alone and the comparison is skipped. Live: MiniLM with a softmax at first pieces, against the
library's Trainer for token classification on the same batches (skipped where accelerate, which it needs, is not there).
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .codes import processor_seconds
from .measure import Line, processor, threads, traced

LABELS, SENTENCES, LENGTH, WIDTH, HIDDEN, BATCH = 9, 32, 30, 100, 100, 32
MANY = 600  # sentences of an epoch
FORWARD_AIM, DECODING_AIM, EPOCH_AIM, GRID_AIM = 1.5, 2.0, 2.0, 5.0
SETTINGS, EPOCHS = 10, 5  # of the grid over frozen inputs
INPUTS, WIDE, ALL, STEPS = 10, 300, 20_000, 30  # inputs, dimensions, sentences, batches that are learned from
PERMUTED, DRAWS = 5000, 1 << 20
LIVE_AIM, LIVE_STEPS, LIVE_BUDGET = 1.4, 6, 512  # batches of so many words


def lines() -> Iterator[Line]:
    """Likelihood with its gradient, decoding, an epoch with a look at the development part."""
    with threads(1):
        yield _many_inputs()  # first: what a process has freed it takes again without growing
        yield from _chains()
        yield _epoch()
        yield from _live()
        yield _grid()
        yield _permutations()


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


def _live() -> Iterator[Line]:
    """Steps of a tagger whose encoder learns, as the training loop takes them, against the library's own loop."""
    from probekit.corpora.loading import describe, load_corpus
    from probekit.encoders.packing import fast_bfloat16
    from probekit.learners import word_models
    from probekit.learners.tagger import build, options, settings_of
    from probekit.learners.tagger_data import Labels, Sentences
    from probekit.learners.training import fit

    name = "grammar(n=200)" if describe("wikineural-en").absent else "wikineural-en|sample(n=200)"
    corpus = load_corpus(name)
    given: dict[str, Any] = {"inputs": ["minilm"], "learn": True, "layers": 0, "head": "softmax", "epochs": 1}
    chosen = options(**given, rate=5e-5, dropout=0.1, budget=LIVE_BUDGET)
    sources = word_models.sources_of(chosen)
    task = "word/bio:entity"
    found = Sentences(corpus, np.arange(corpus.n_sentences), sources, Labels(["O"]), task)
    names = sorted(set(found.gold.tolist()), key=lambda one: (one != "O", one))
    data = Sentences(corpus, found.rows, sources, Labels(names), task)
    batches = data.buckets(LIVE_BUDGET).epoch(0)[:LIVE_STEPS]
    same, trainer = _Same(data, batches), _trainer(data, batches)
    for dtype in ("float32", *(["bfloat16"] if fast_bfloat16() else [])):
        own = {**chosen, "dtype": dtype}
        model = build(word_models.sources_of(own), data.labels, own)

        def ours(model: Any = model) -> None:
            fit(
                model, same, same, settings_of(chosen), LIVE_BUDGET, 0, None, "tagging", rates=word_models.rates_of(1.0)
            )

        what = f"live MiniLM, {len(batches)} batches of {LIVE_BUDGET} words, {dtype}"
        yield _line(what, ours, trainer, LIVE_AIM, "the library's Trainer", "accelerate")


class _Same:
    """The same batches in every epoch, and no look at development data."""

    def __init__(self, data: Any, batches: Any) -> None:
        self.data, self.batches = data, batches

    def buckets(self, budget: int, seed: int = 0) -> Any:
        return self

    def epoch(self, number: int) -> Any:
        return self.batches

    def batch(self, rows: Any) -> Any:
        return self.data.batch(rows)

    def mean_loss(self, model: Any, budget: int) -> float:
        return 0.0


def _trainer(data: Any, batches: list[np.ndarray]) -> Callable[[], None] | None:
    """The library's loop over the same batches; words are taught at their first pieces. None without accelerate."""
    import torch

    if importlib.util.find_spec("accelerate") is None:
        return None
    from transformers import AutoModelForTokenClassification, Trainer, TrainingArguments

    from probekit.encoders.model_folder import minilm_folder, quiet_transformers

    with quiet_transformers():
        model = AutoModelForTokenClassification.from_pretrained(minilm_folder(), num_labels=len(data.labels.names))
    rows = []
    for batch in batches:
        ((ids, attended, first),), mask, gold = data.batch(batch)
        labels = torch.full(ids.shape, -100).flatten()
        labels[first[mask]] = gold.labels[mask]
        rows.append({"input_ids": ids, "attention_mask": attended, "labels": labels.reshape(ids.shape)})

    class InOrder(Trainer):
        def _get_train_sampler(self, *given: Any) -> Any:
            return torch.utils.data.SequentialSampler(rows)

    def library() -> None:
        with tempfile.TemporaryDirectory() as place:
            how = TrainingArguments(
                place, per_device_train_batch_size=1, max_steps=len(rows), report_to=[], use_cpu=True,
                disable_tqdm=True, save_strategy="no", logging_strategy="no",
            )  # fmt: skip
            InOrder(model=model, args=how, train_dataset=rows, data_collator=lambda chosen: chosen[0]).train()

    return library


def _grid() -> Line:
    """Ten rates on frozen MiniLM, from the cache; a loop that encodes in every epoch pays for a pass each time."""
    from probekit.corpora.loading import load_corpus
    from probekit.encoders.activations import encode
    from probekit.encoders.loading import load_encoder
    from probekit.learners.tagger import fit_tagger

    corpus, encoder = load_corpus("grammar(n=150)|resplit(dev=0.1, test=0)"), load_encoder("minilm")
    how: dict[str, Any] = {"inputs": ["minilm"], "hidden": HIDDEN // 2, "layers": 1}
    how |= {"epochs": EPOCHS, "patience": EPOCHS}

    def trained() -> None:
        encode(corpus, "minilm", [6], ["words"])
        for rate in np.geomspace(1e-4, 1e-2, SETTINGS):
            with tempfile.TemporaryDirectory() as folder:
                fit_tagger(corpus, "word/upos", Path(folder), {}, **how, rate=float(rate), budget=512)

    def encoded() -> None:
        made = encoder.start_pass(corpus, [6], ["words"])
        for number in range(made.n_steps):
            list(made.step(number))

    trained()  # fills the cache, and warms both sides
    from_cache, once = processor(trained), processor(encoded, 3)
    own, theirs = from_cache + once, from_cache + SETTINGS * EPOCHS * once
    ratio = theirs / own
    what = f"{SETTINGS} settings on frozen MiniLM, {EPOCHS} epochs of {corpus.n_sentences} sentences"
    usual = f"{theirs:.1f} s, encoding each epoch"
    return Line(what, f"{own:.1f} s", usual, f"{ratio:.2f}", "-", f">= {GRID_AIM} x", ratio >= GRID_AIM)


def _many_inputs() -> Line:
    """Memory that is the process's own, without the pages of files that are mapped, above what was held before."""
    import torch

    from probekit.corpora.corpus import Corpus
    from probekit.learners.tagger import build, options
    from probekit.learners.tagger_data import Labels
    from probekit.learners.tagger_inputs import Frozen
    from probekit.training.buckets import Buckets

    rng = np.random.default_rng(0)
    lengths = rng.integers(3, LENGTH + 1, ALL)
    corpus = Corpus.from_words([["a"] * int(n) for n in lengths])
    with tempfile.TemporaryDirectory() as folder:
        before, most = own_memory(), 0.0
        sources = [_mapped(Frozen, Path(folder) / f"{number}", corpus) for number in range(INPUTS)]
        model = build(sources, Labels(["O", "B-A", "I-A"]), options(hidden=HIDDEN, layers=1))
        optimizer = torch.optim.Adam(model.parameters())
        for rows in Buckets(lengths, 1024).epoch(0)[:STEPS]:
            loss = model.loss(*_taught(sources, corpus, rows))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            most = max(most, own_memory())
    what = f"{INPUTS} inputs of {WIDE} dimensions, {ALL:,} sentences, {STEPS} steps"
    return Line(what, f"{most - before:.0f} MB", "-", "-", "", "at most 1500 MB", most - before <= 1500)


def _mapped(kind: Any, file: Path, corpus: Any) -> Any:
    """A frozen input whose vectors lie in a file, as those of the cache do."""
    made = kind.__new__(kind)
    from probekit.models.tagger import Given

    made.width, made.mixed, made.module, made.unread = WIDE, False, Given(), {}
    kept = np.memmap(file, np.float32, "w+", shape=(corpus.n_words, WIDE))
    made._kept = {corpus.digest: [kept]}
    return made


def _taught(sources: Any, corpus: Any, rows: Any) -> tuple[Any, ...]:
    import torch

    from probekit.learners.word_models import given
    from probekit.models.tagger import Gold

    inputs, mask = given(sources, corpus, rows)
    zeros = torch.zeros(mask.shape, dtype=torch.int64)
    return inputs, mask, Gold(zeros, zeros, zeros)


def own_memory() -> float:
    """Resident memory of this process that no file stands behind, in MB."""
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return float(next(line.split()[1] for line in told.splitlines() if line.startswith("RssAnon"))) / 1024


def _permutations() -> Line:
    from probekit.scores import permuted_sums
    from probekit.scores.arrays import f1_of

    rng = np.random.default_rng(0)
    one, other = (rng.integers(0, 4, (PERMUTED, 3)).astype(float) for _ in range(2))

    def permuted() -> None:
        permuted_sums(one, other, lambda sums: f1_of(sums[2], sums[0], sums[1]), n_permutations=DRAWS)

    return traced(f"2^20 permutations of F1 over {PERMUTED:,} sentences", permuted, 300)


def _line(
    what: str,
    ours: Callable[[], Any],
    theirs: Callable[[], Any] | None,
    aim: float,
    other: str,
    needed: str = "pytorch-crf",
) -> Line:
    if theirs is None:
        alone = f"{1000 * processor_seconds(ours)[0]:.1f} ms"
        return Line(what, alone, f"skipped: {needed} is not installed", "-", "-", f">= {aim} x", None)
    own, usual = processor_seconds(ours, theirs)
    ratio = usual / own
    each = [f"{1000 * seconds:.1f} ms" for seconds in (own, usual)]
    return Line(what, each[0], f"{each[1]}, {other}", f"{ratio:.2f}", "-", f">= {aim} x", ratio >= aim)
