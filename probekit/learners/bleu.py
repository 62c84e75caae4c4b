"""BLEU of translations with an interval, and of answers that need no model: the source copied, the commonest target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from probekit.scores.intervals import count_blocks, percentile

DRAWS, CONFIDENCE = 1000, 0.95


@dataclass(frozen=True)
class Bleu:
    """BLEU from 0 to 100, its 95 % interval over resamples of sentences, and sacrebleu's signature."""

    score: float
    low: float
    high: float
    signature: str


def bleu_of(answers: Sequence[str], wanted: Sequence[str], seed: int = 0) -> Bleu:
    """BLEU of answers against one reference each, both cut into words already, so sacrebleu tokenises nothing.

    The interval is that of 1,000 resamples of sentences, NaN for a single one.
    """
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(tokenize="none", force=True)
    score = metric.corpus_score(list(answers), [list(wanted)])
    drawn = []
    if len(wanted) > 1:
        each = [metric.corpus_score([a], [[w]]) for a, w in zip(answers, wanted, strict=True)]
        # What a text adds: matches and n-grams of four lengths, its own words and the reference's.
        sums = np.array([[*one.counts, *one.totals, one.sys_len, one.ref_len] for one in each], dtype=float)
        for counts in count_blocks(len(sums), DRAWS, seed, len(sums)):
            drawn += [_of_sums([round(x) for x in column]) for column in (sums.T @ counts).T]
    low, high, _ = percentile(np.array(drawn), CONFIDENCE) if drawn else (np.nan, np.nan, "")
    return Bleu(round(float(score.score), 4), round(low, 4), round(high, 4), str(metric.get_signature()))


def _of_sums(sums: list[int]) -> float:
    from sacrebleu.metrics.bleu import BLEU

    found = BLEU.compute_bleu(sums[:4], sums[4:8], sums[8], sums[9], smooth_method="exp")
    return float(found.score)


def commonest(texts: Iterable[str]) -> str:
    """The text that occurs most often; of several the first by alphabet."""
    counts = Counter(texts)
    return min(counts, key=lambda text: (-counts[text], text))
