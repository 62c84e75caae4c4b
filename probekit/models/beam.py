"""Beam search of a supertagger over whole sentences, many at once; a beam of 1 is greedy.

Every hypothesis has its own word, state and count of primitives: hypotheses of one step may stand at different words.
A hypothesis scores the sum of its log-probabilities; nothing is normalised by length.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from probekit.models.supertagger import Supertagger


@torch.no_grad()
def decode(
    model: Supertagger, vectors: Tensor, mask: Tensor, beam: int = 5
) -> tuple[list[list[list[int]]], np.ndarray]:
    """The best symbols found of each word of each sentence, boundaries left out, and their log-probabilities (B,).

    vectors (B, T, width), mask (B, T): frozen vectors of the words.
    """
    decoder, words = model.decoder, model.encode(vectors, mask)
    lengths = mask.sum(1)
    rows, width = len(words), words.shape[2]
    pointer = torch.zeros(rows, beam, dtype=torch.int64)
    count, last, done = (
        torch.zeros_like(pointer),
        torch.zeros_like(pointer),
        torch.zeros_like(pointer, dtype=torch.bool),
    )
    score = words.new_full((rows, beam), -torch.inf)
    score[:, 0] = 0.0
    state = None
    if decoder.history:
        state = (words.new_zeros(1, rows * beam, width), words.new_zeros(1, rows * beam, width))
    behind: list[tuple[np.ndarray, np.ndarray]] = []
    every = torch.arange(rows)[:, None]
    # A better hypothesis can only be found behind an open one that scores more.
    while not bool(done[:, 0].all()):
        at = words.gather(1, torch.minimum(pointer, lengths[:, None] - 1)[..., None].expand(-1, -1, width))
        states, state = decoder.step(at.reshape(rows * beam, 1, width), last.view(-1, 1), state)
        chances = torch.log_softmax(decoder.logits(states.view(rows, beam, -1)), dim=2)
        if decoder.spelled:
            chances[..., 1:] = chances[..., 1:].masked_fill((count >= decoder.cap)[..., None], -torch.inf)
        chances = chances.masked_fill(done[..., None], -torch.inf)
        chances[..., 0] = chances[..., 0].masked_fill(done, 0.0)  # what is finished stays as it is
        total = (score[..., None] + chances).flatten(1)
        score, best = total.topk(beam, dim=1)
        parent, symbol = best // chances.shape[2], best % chances.shape[2]
        behind.append((parent.numpy(), torch.where(done.gather(1, parent), -1, symbol).numpy()))
        open_before = ~done.gather(1, parent)
        ends = open_before & (symbol == 0) if decoder.spelled else open_before
        pointer = pointer.gather(1, parent) + ends
        count = torch.where(ends, 0, count.gather(1, parent) + open_before)
        last, done = symbol, pointer >= lengths[:, None]
        if state is not None:
            chosen = (every * beam + parent).flatten()
            kept = (~ends.flatten() if decoder.reset else torch.ones_like(ends.flatten()))[None, :, None]
            state = (state[0][:, chosen] * kept, state[1][:, chosen] * kept)
    return [_words(behind, row, decoder.spelled) for row in range(rows)], score[:, 0].numpy()


def _words(behind: list[tuple[np.ndarray, np.ndarray]], row: int, spelled: bool) -> list[list[int]]:
    """Symbols of each word of the best hypothesis of a sentence, followed from its end."""
    place, told = 0, []
    for parent, symbol in reversed(behind):
        told.append(int(symbol[row, place]))
        place = int(parent[row, place])
    told = [symbol for symbol in reversed(told) if symbol >= 0]
    if not spelled:
        return [[symbol] for symbol in told]
    found: list[list[int]] = [[]]
    for symbol in told:
        if symbol:
            found[-1].append(symbol)
        else:
            found.append([])
    return found[:-1]
