"""A head that tags each category by what describes it, in words: the same weights read every category.

`concept` after the Concept Tagger (Bapna, Tür, Hakkani-Tür and Heck 2017), with examples after the Robust Sequence
Tagger (Shah, Gupta, Fayazi and Hakkani-Tür 2019). Reconstructed from what the mixture-of-experts study says of them:
both papers put a second LSTM over states and description, here stands one layer; and the answer of a word is that of
the category that is surest of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError
from probekit.values import Count

# Of the four types of the CoNLL-2003 task.
DESCRIBED = (
    "PER=name of a person",
    "ORG=organization company team party",
    "LOC=location city country place",
    "MISC=nationality event title product language",
)
PARTS = ("O", "B", "I")


class Concept(nn.Module):
    """Every category by itself, read with its description and, where there are some, with examples by attention."""

    meant: Tensor
    examples: Tensor
    there: Tensor
    label: Tensor

    def __init__(
        self,
        width: int,
        labels: list[str],
        descriptions: Sequence[str] = DESCRIBED,
        examples: Sequence[str] = (),
        vectors: str = "glove",
        units: Count = 64,
    ) -> None:
        """descriptions: `PER=name of a person`, one a category. examples: `PER=Ada Lovelace`, any number; categories
        without one read zeros. vectors: the table that both are read with, as the mean over words in lower case.

        Raises ProbekitError for a category without a description, and for one without a word of the table.
        """
        super().__init__()
        self.kinds = sorted({label[2:] for label in labels if label[:2] in ("B-", "I-")})
        if not self.kinds:
            raise ProbekitError("there is no category to describe; the head concept is for tags of spans")
        told, shown = by_category(descriptions), by_category(examples)
        if lacking := [kind for kind in self.kinds if kind not in told]:
            raise ProbekitError(
                f"nothing describes {', '.join(lacking)}; give descriptions=[{lacking[0]}=name of something, ...]"
            )
        table = load_table(vectors)
        meant = torch.stack([mean_vector(table, " ".join(told[kind])) for kind in self.kinds])
        most = max(len(shown.get(kind, ())) for kind in self.kinds)
        examples_of = torch.zeros(len(self.kinds), most, table.width)
        there = torch.zeros(len(self.kinds), most, dtype=torch.bool)
        for row, kind in enumerate(self.kinds):
            for place, text in enumerate(shown.get(kind, ())):
                examples_of[row, place], there[row, place] = mean_vector(table, text), True
        for name, value in (("meant", meant), ("examples", examples_of), ("there", there)):
            self.register_buffer(name, value)
        self.look = nn.Linear(width, table.width, bias=False) if most else None
        self.inner = nn.Linear(width + table.width * (2 if most else 1), units)
        self.outer = nn.Linear(units, len(PARTS))
        numbers = {label: number for number, label in enumerate(labels)}
        every = [[numbers.get(f"{part}-{kind}", -1) for part in PARTS[1:]] for kind in self.kinds]
        self.register_buffer("label", torch.tensor(every).view(len(self.kinds), 2))
        self.outside = numbers.get("O", 0)

    @staticmethod
    def reads(vectors: str = "glove", **others: object) -> str:
        """Digest of the table that a head of these options reads."""
        return describe_table(vectors).digest

    def scores(self, states: Tensor) -> Tensor:
        """States (B, T, d) -> log-probabilities of outside, beginning and inside of each category, (B, T, K, 3)."""
        shape = (*states.shape[:2], len(self.kinds), -1)
        read = [states[:, :, None].expand(shape), self.meant.expand(*shape[:3], -1)]
        if self.look is not None:
            likeness = torch.einsum("btd,knd->btkn", self.look(states), self.examples)
            shares = torch.softmax(likeness.masked_fill(~self.there, -torch.inf), dim=3).nan_to_num()
            read.append(torch.einsum("btkn,knd->btkd", shares, self.examples))
        return self.outer(torch.tanh(self.inner(torch.cat(read, dim=3)))).log_softmax(3)

    def loss(self, states: Tensor, gold: Tensor, mask: Tensor) -> Tensor:
        """States (B, T, d), gold and mask (B, T) -> cross-entropy in nats of each text over all categories, (B,)."""
        begins, inside = (gold[..., None] == self.label[:, part] for part in (0, 1))  # (B, T, K)
        asked = begins.long() + 2 * inside.long()
        every = functional.nll_loss(self.scores(states).flatten(0, 2), asked.flatten(), reduction="none")
        return every.view(asked.shape).sum(2).masked_fill(~mask, 0.0).sum(1)

    def answer(self, states: Tensor, mask: Tensor) -> Tensor:
        """The label of the surest category of each word (B, T), outside where none is above its own outside."""
        scores = self.scores(states)
        above = (scores[..., 1:] - scores[..., :1]).masked_fill(self.label < 0, -torch.inf).flatten(2)
        best, place = above.max(dim=2)
        told = torch.where(best > 0, self.label.flatten()[place], torch.full_like(place, self.outside))
        return told.masked_fill(~mask, 0)


def by_category(lines: Sequence[str]) -> dict[str, list[str]]:
    """Texts by category of lines `CATEGORY=text`. Raises ProbekitError for one without either."""
    found: dict[str, list[str]] = {}
    for line in lines:
        kind, _, text = str(line).partition("=")
        if not kind.strip() or not text.strip():
            raise ProbekitError(f"'{line}' describes nothing; write CATEGORY=words")
        found.setdefault(kind.strip(), []).append(text.strip())
    return found


def mean_vector(table: WordTable, text: str) -> Tensor:
    """Mean vector of the words of a text that a table has. Raises ProbekitError for none."""
    rows = table.rows(text.lower().split())
    if not (rows >= 0).any():
        raise ProbekitError(f"no word of '{text}' is in the table '{table.name}'; describe it by others")
    return torch.from_numpy(np.asarray(table.vectors[rows[rows >= 0]], dtype=np.float32).mean(axis=0))
