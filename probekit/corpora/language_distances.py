"""How near are two languages, by text alone: perplexity of character models, words that are shared.

After Gamallo, Pichel and Alegria 2017 (From language identification to language distance) and the study of auxiliary
language embeddings, which calls the second a distance though it grows with likeness: `shared_words` says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np

from probekit.errors import ProbekitError

BEGIN = "\0"


class CharacterModel:
    """Probabilities of characters after up to `order - 1` others, interpolated after Witten and Bell 1991.

    Lower orders take over by the number of kinds that followed; the lowest is uniform over the characters seen and one
    that was not. Text is read in lower case, runs of white space as one blank.
    """

    def __init__(self, text: str, order: int = 7) -> None:
        if order < 1:
            raise ProbekitError(f"order={order}: a character model looks at 1 character or more")
        self.order = order
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        text = _plain(text)
        if not text:
            raise ProbekitError("there is no text to learn a character model of")
        padded = BEGIN * (order - 1) + text
        for at in range(order - 1, len(padded)):
            for back in range(order):
                self.counts[padded[at - back : at]][padded[at]] += 1
        self.alphabet = len(set(text)) + 1

    def log_probability(self, text: str) -> float:
        """Mean natural logarithm of the probability of a character of a text."""
        text = _plain(text)
        if not text:
            raise ProbekitError("there is no text to ask a character model about")
        padded = BEGIN * (self.order - 1) + text
        return float(np.mean([np.log(self._of(padded, at)) for at in range(self.order - 1, len(padded))]))

    def _of(self, text: str, at: int) -> float:
        found = 1.0 / self.alphabet
        for back in range(self.order):
            followed = self.counts.get(text[at - back : at])
            if followed is None:
                break
            total, kinds = followed.total(), len(followed)
            found = (followed[text[at]] + kinds * found) / (total + kinds)
        return found

    def perplexity(self, text: str) -> float:
        """Of a character: lower is nearer."""
        return float(np.exp(-self.log_probability(text)))


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def perplexities(texts: Mapping[str, str], order: int = 7) -> dict[tuple[str, str], float]:
    """Perplexity of the model of one language on the text of another, by (model, text). Not symmetric: see `mean`."""
    models = {name: CharacterModel(text, order) for name, text in texts.items()}
    return {(one, other): model.perplexity(texts[other]) for one, model in models.items() for other in texts}


def mean(both: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Of a distance in both directions."""
    return {(a, b): (value + both[b, a]) / 2 for (a, b), value in both.items()}


def shared_words(words: Mapping[str, Counter[str]], tokens: bool = False) -> dict[tuple[str, str], float]:
    """(W(a|b) + W(b|a)) / (2 min(N(a), N(b))) of each pair of languages; higher is nearer.

    W(a|b): words of a that b has too; N(a): words of a that any other language has; as kinds of words, or as tokens.
    NaN where a language shares no word with any.
    """
    kinds = {name: set(counts) for name, counts in words.items()}

    def size(name: str, chosen: set[str]) -> int:
        return sum(words[name][word] for word in chosen) if tokens else len(chosen)

    others = {name: set().union(*(kinds[one] for one in kinds if one != name)) for name in kinds}
    total = {name: size(name, kinds[name] & others[name]) for name in kinds}
    found = {}
    for a in kinds:
        for b in kinds:
            if a != b:
                common, least = kinds[a] & kinds[b], min(total[a], total[b])
                found[a, b] = (size(a, common) + size(b, common)) / (2 * least) if least else float("nan")
    return found
