"""Negatives of Gaussians by few products and exact re-ranking against all pairs in blocks; word operators against sums.

Processor time, which on one thread is the time of a machine that nobody else works on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from probekit.corpora import load_corpus
from probekit.encoders.paraphrases import GAUSSIANS, Vocabulary
from probekit.learners.negatives import hardest
from probekit.learners.paraphrase_pairs import split_meanings
from probekit.learners.paraphrases import MARGIN, Objective, Pairs
from probekit.models.paraphrases import ParaphraseModel, Sentence, initialise, make, similarity
from probekit.training.loop import Settings, train

from .measure import Line, peak_memory, processor, threads

PAIRS, WIDTH, BLOCK, TRIED = 2000, 50, 50, 400  # sentences of a block, and those that all others are compared with
SEARCH_AIM, SAME_AIM, MEMORY_AIM, TRAINING_AIM = 8.0, 0.999, 400.0, 3.0
MEANINGS, PASSES = 3000, 5


def lines() -> Iterator[Line]:
    """A mega-batch of 2,000 pairs; passes over 3,000 generated meanings."""
    with threads(1):
        yield from _search()
        yield _training()


def _search() -> Iterator[Line]:
    found = drawn()
    n = 2 * PAIRS
    same, text, partner = torch.arange(n) // 2, torch.arange(n), torch.arange(n) ^ 1
    before = 1024 * peak_memory()
    places: list[torch.Tensor] = []
    ours = processor(lambda: places.append(hardest(found, same, text, partner)))
    used = 1024 * peak_memory() - before
    wanted: list[torch.Tensor] = []
    loop = processor(lambda: wanted.append(by_blocks(found, same, TRIED))) * n / TRIED
    agreed = float((places[0][:TRIED] == wanted[0]).float().mean())
    what = f"negatives of {PAIRS:,} pairs, {WIDTH} dimensions"
    aim = f">= {SEARCH_AIM:.0f} times as fast"
    ratio = loop / ours
    yield Line(what, f"{ours:.1f} s", f"{loop:.0f} s (blocks)", f"{ratio:.1f}", "-", aim, ratio >= SEARCH_AIM)
    aim = f">= {100 * SAME_AIM} % the same"
    said = f"{100 * agreed:.2f} %"
    yield Line(f"the same negatives, {TRIED} sentences", said, "-", "-", "-", aim, agreed >= SAME_AIM)
    aim = f"<= {MEMORY_AIM:.0f} MB"
    yield Line(f"memory of it, {what}", f"{used:.0f} MB", "-", "-", "-", aim, used <= MEMORY_AIM)


def drawn() -> Sentence:
    """Partners near each other, variances as of sentences of unlike length."""
    random = torch.Generator().manual_seed(0)
    mean = torch.randn(PAIRS, WIDTH, generator=random).repeat_interleave(2, 0)
    mean = mean + 0.3 * torch.randn(2 * PAIRS, WIDTH, generator=random)
    return Sentence(mean, torch.randn(2 * PAIRS, WIDTH, generator=random) - 2)


def by_blocks(found: Sentence, same: torch.Tensor, most: int) -> torch.Tensor:
    """The negatives of the first sentences, every pair compared exactly."""
    assert found.log_variance is not None
    out = []
    for start in range(0, most, BLOCK):
        rows = torch.arange(start, start + BLOCK)
        scores = similarity(found.rows(rows[:, None]), Sentence(found.mean[None], found.log_variance[None]))
        scores[same[rows][:, None] == same] = -torch.inf
        out.append(scores.argmax(1))
    return torch.cat(out)


def _training() -> Line:
    """Seconds of passes over the same batches: sentences, partners and negatives are found once, for both."""
    corpus = load_corpus(f"retold(n={MEANINGS})")
    meanings, _ = split_meanings(corpus, seed=0, most=1)
    vocabulary = Vocabulary.of(corpus, meanings.sentences, rare=1, lower=True, unknown="own")
    texts = vocabulary.texts(corpus)

    def passes(model: str) -> Callable[[], object]:
        module = made(model, len(vocabulary))
        objective, settings = Objective(MARGIN[model in GAUSSIANS]), Settings(epochs=PASSES, patience=PASSES)
        return lambda: train(module, objective, lambda number: iter(batches), settings, None)

    batches = list(Pairs(texts, meanings, made("wordsum", len(vocabulary)), 100, 1, 0.0, seed=0).epoch(0))
    seconds = {}
    for model in ("wordsum", "wlo"):
        passes(model)()  # loads what is used
        seconds[model] = processor(passes(model))
    ratio = seconds["wlo"] / seconds["wordsum"]
    return Line(
        f"{PASSES} passes over {len(meanings):,} meanings, word operators",
        f"{seconds['wlo']:.2f} s",
        f"{seconds['wordsum']:.2f} s (sums)",
        f"{ratio:.1f}",
        "-",
        f"<= {TRAINING_AIM:.0f} times as long",
        ratio <= TRAINING_AIM,
    )


def made(model: str, words: int) -> ParaphraseModel:
    """An untrained model of the usual size."""
    module = make(model, words, WIDTH, WIDTH)
    initialise(module, seed=0)
    return module
