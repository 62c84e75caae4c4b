"""What counts alone say of words: which are typical of a class, and which are rare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

# Texts of a class that must have a word before it counts as typical of it.
LEAST_TEXTS = 5


def class_words(texts: Sequence[Sequence[str]], labels: Sequence[str], n: int) -> dict[str, set[str]]:
    """The n words (lower case) of each class of highest log-odds of a text having them, in the class against the rest,
    each count raised by 1/2; words in fewer than five texts of the class are left out."""
    inside: dict[str, Counter[str]] = {label: Counter() for label in sorted(set(labels))}
    sizes = Counter(labels)
    for words, label in zip(texts, labels, strict=True):
        inside[label].update({word.lower() for word in words})
    everywhere = sum(inside.values(), Counter())
    found = {}
    for label, counts in inside.items():
        here, rest = sizes[label], len(labels) - sizes[label]
        candidates = sorted(word for word, count in counts.items() if count >= LEAST_TEXTS)

        def odds(word: str, counts: Counter[str] = counts, here: int = here, rest: int = rest) -> float:
            a, b = counts[word], everywhere[word] - counts[word]
            return float(np.log((a + 0.5) / (here - a + 0.5)) - np.log((b + 0.5) / (rest - b + 0.5)))

        found[label] = set(sorted(candidates, key=lambda word: (-odds(word), word))[:n])
    return found


def rarities(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """Inverse document frequency of every word (lower case) of some texts, and under "" of a word that none has:
    log (1 + texts) / (1 + texts that have it); 0 for a word of all texts (Spärck Jones 1972, counts raised by 1)."""
    counts = Counter(word for words in texts for word in {word.lower() for word in words})
    return {"": float(np.log(1 + len(texts)))} | {
        word: float(np.log((1 + len(texts)) / (1 + count))) for word, count in counts.items()
    }
