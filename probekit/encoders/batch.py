"""From words to pieces and back: tokenising, windows for long sentences, batches under a token budget.

Nothing else in the package tokenises. A corpus becomes flat arrays of pieces with the word each belongs to; every
word is checked to have at least one. A sentence longer than the encoder takes is read in windows that overlap by half,
and each word is taken from the window where it has most context.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError

_SENTENCES_AT_ONCE = 1000


@dataclass(frozen=True)
class Pieces:
    """The pieces of a corpus, flat: sentence i is `offsets[i]:offsets[i + 1]`, special tokens left out.

    `ids` int64; `word` the 0-based word within the sentence of each piece, never decreasing within a sentence;
    `unknown_words` words that had no piece and were given the unknown piece; `unknown_id` the id of that piece.
    """

    ids: np.ndarray
    word: np.ndarray
    offsets: np.ndarray
    unknown_words: int
    unknown_id: int | None = None

    @cached_property
    def lengths(self) -> np.ndarray:
        """Pieces per sentence, int64."""
        return np.diff(self.offsets)

    @cached_property
    def unread(self) -> dict[str, int | float]:
        """`unknown_pieces`: pieces that say only that the tokenizer cannot read something there; `unread_words`: the
        share of words that hold one."""
        unknown = self.ids == self.unknown_id
        sentence = np.repeat(np.arange(len(self.lengths)), self.lengths)
        begins = (np.diff(self.word, prepend=-1) != 0) | (np.diff(sentence, prepend=-1) != 0)
        holds = np.bincount(np.cumsum(begins) - 1, weights=unknown) > 0
        return {"unknown_pieces": int(unknown.sum()), "unread_words": round(float(holds.mean()), 4)}

    def first_piece(self, corpus: Corpus) -> np.ndarray:
        """Where the pieces of every word of the corpus begin, (n_words + 1,) int64, the last the end of all."""
        of_piece = np.repeat(corpus.offsets[:-1], self.lengths) + self.word
        return np.searchsorted(of_piece, np.arange(corpus.n_words + 1)).astype(np.int64)


def tokenise(tokenizer: Any, corpus: Corpus, strict: bool = False) -> Pieces:
    """Cut every word of a corpus into pieces by the tokenizer's word ids.

    A word that normalises to nothing (a lone control character, say) gets the unknown piece and is counted. With
    `strict`, or when the tokenizer has no unknown piece, it raises ProbekitError naming sentence and word. A word that
    spells a special token of the tokenizer ("[SEP]") is read as that token, as the tokenizer itself reads it in a text.
    """
    blank = needs_blank(tokenizer)
    ids: list[np.ndarray] = []
    word: list[np.ndarray] = []
    unknown_words = 0
    for first in range(0, corpus.n_sentences, _SENTENCES_AT_ONCE):
        numbers = range(first, min(first + _SENTENCES_AT_ONCE, corpus.n_sentences))
        sentences = [corpus.words(i) for i in numbers]
        encoded = _encode(tokenizer, sentences, blank)
        for place, number in enumerate(numbers):
            found, owner = encoded[place]
            missing = np.flatnonzero(np.bincount(owner, minlength=len(sentences[place])) == 0)
            if len(missing):
                unknown = _unknown(tokenizer, sentences[place], missing, corpus, number, strict)
                found = np.concatenate([found, np.full(len(missing), unknown)])
                owner = np.concatenate([owner, missing])
                order = np.argsort(owner, kind="stable")
                found, owner = found[order], owner[order]
                unknown_words += len(missing)
            if np.any(np.diff(owner) < 0):
                raise ProbekitError(
                    f"the tokenizer gives the pieces of sentence {_name(corpus, number)} out of the order of its words"
                )
            ids.append(found)
            word.append(owner)
    lengths = [len(found) for found in ids]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Pieces(np.concatenate(ids), np.concatenate(word), offsets, unknown_words, tokenizer.unk_token_id)


def needs_blank(tokenizer: Any) -> bool:
    """Whether words must be handed over with a blank before them to be cut as in running text.

    Some tokenizers turn the blank before a word into a mark that its first piece begins with; given bare words, they
    cut all of them as if they were the continuation of one long word. What is compared is the text before it is cut
    into pieces, which hangs on no vocabulary and so on no script.
    """

    def cut_alike(text: str, word: str) -> bool:
        return _marked(tokenizer, text) == 2 * _marked(tokenizer, word)

    marked = " " not in _marked(tokenizer, " a")  # else the blank is no mark, and pieces hold none
    return marked and not cut_alike("a a", "a") and cut_alike(" a a", " a")


def _marked(tokenizer: Any, text: str) -> str:
    """A text as its pieces will spell it: normalised, with visible marks for blanks."""
    backend = tokenizer.backend_tokenizer
    if backend.normalizer is not None:
        text = backend.normalizer.normalize_str(text)
    if backend.pre_tokenizer is not None:
        text = "".join(part for part, _ in backend.pre_tokenizer.pre_tokenize_str(text))
    return text


def _encode(tokenizer: Any, sentences: list[list[str]], blank: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Piece ids and word numbers of each sentence, uncut whatever the tokenizer's file says of truncation."""
    if blank:
        sentences = [[word if word[:1].isspace() else f" {word}" for word in words] for words in sentences]
    quiet = logging.getLogger("transformers.tokenization_utils_base")
    level = quiet.level
    quiet.setLevel(logging.ERROR)  # it warns of long sentences; windows deal with them
    try:
        encoding = tokenizer(
            sentences,
            is_split_into_words=True,
            add_special_tokens=False,
            truncation=False,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
    finally:
        quiet.setLevel(level)
    answer = []
    for place, found in enumerate(encoding["input_ids"]):
        owner = np.array([-1 if w is None else w for w in encoding.word_ids(place)], dtype=np.int64)
        found = np.asarray(found, dtype=np.int64)
        answer.append((found[owner >= 0], owner[owner >= 0]))
    return answer


def _unknown(tokenizer: Any, words: list[str], missing: np.ndarray, corpus: Corpus, number: int, strict: bool) -> int:
    """The piece for words that have none, or ProbekitError naming the first of them."""
    unknown = tokenizer.unk_token_id
    shown = f"word {int(missing[0]) + 1} ({words[missing[0]]!r}) of sentence {_name(corpus, number)}"
    if strict or unknown is None:
        why = "strict=true asks for an error" if strict else "the tokenizer has no unknown piece"
        raise ProbekitError(f"{shown} has no piece after the tokenizer's normalisation, and {why}; clean the word")
    return int(unknown)


def _name(corpus: Corpus, number: int) -> str:
    shown = str(corpus.sentences["id"].iloc[number]) if "id" in corpus.sentences else ""
    return f"{number + 1}" + (f" ({shown})" if shown else "")


@dataclass(frozen=True)
class Windows:
    """How one sentence is read: `starts` and `ends` of its windows in pieces, and the window of each piece."""

    starts: np.ndarray
    ends: np.ndarray
    of_piece: np.ndarray
    split_words: int = 0


def windows(word: np.ndarray, capacity: int) -> Windows:
    """Windows of at most `capacity` pieces over a sentence whose pieces belong to the given words.

    They overlap by half and the last one ends with the sentence. All pieces of a word are taken from the window that
    holds the whole word with most context on its poorer side (the earlier one of equals); only a word that no window
    holds whole is taken piece by piece, and counted in `split_words`.
    """
    n = len(word)
    if n <= capacity:
        return Windows(np.array([0]), np.array([n]), np.zeros(n, dtype=np.int64))
    stride = max(capacity // 2, 1)
    starts = np.append(np.arange(0, n - capacity, stride), n - capacity)
    ends = starts + capacity
    first = np.searchsorted(word, word, side="left")
    last = np.searchsorted(word, word, side="right") - 1
    window, context = _most_context(first, last, starts, capacity)
    alone, _ = _most_context(np.arange(n), np.arange(n), starts, capacity)
    whole = context >= 0
    return Windows(starts, ends, np.where(whole, window, alone), len(np.unique(word[~whole])))


def _most_context(
    first: np.ndarray, last: np.ndarray, starts: np.ndarray, capacity: int
) -> tuple[np.ndarray, np.ndarray]:
    """The window of most context on the poorer side of each span (n,), and that context: negative where it sticks out.

    Windows overlap by half, so that those which hold a span are among three beginning before it, and the last one.
    """
    before = np.searchsorted(starts, first, side="right")[:, None] - np.array([3, 2, 1])
    last_one = np.full((len(first), 1), len(starts) - 1)
    near = np.concatenate([np.clip(before, 0, len(starts) - 1), last_one], axis=1)
    context = np.minimum(first[:, None] - starts[near], starts[near] + capacity - 1 - last[:, None])
    best = context.argmax(axis=1)[:, None]
    return np.take_along_axis(near, best, 1)[:, 0], np.take_along_axis(context, best, 1)[:, 0]


@dataclass(frozen=True)
class Batch:
    """Sentences read together. Rows are windows; a sentence in one window is one row.

    `input_ids` (R, P) and `mask` (R, P) with special tokens and right padding. `sentences` (S,) their numbers in the
    corpus; `first_row` (S,) the row of each one's first window. `place` (S, M) is where each content piece is found
    among the R x P positions, `word` (S, M) the word it belongs to, -1 for padding. `plain` says that every sentence
    is one row, so that its pieces lie side by side.
    """

    input_ids: np.ndarray
    mask: np.ndarray
    sentences: np.ndarray
    first_row: np.ndarray
    place: np.ndarray
    word: np.ndarray
    plain: bool


@dataclass(frozen=True)
class Batches:
    """A corpus cut into batches of sentences of like length, longest first, each at most `budget` positions.

    With `alike` a batch holds sentences of one length: no position is padding.

    Where sentences fit into one window, the borders are those of least cost: positions, padding included, and for
    each batch as much again as 1/64 of the budget. `prefix` and `suffix` are the special tokens around a text,
    `capacity` the pieces that fit between them.
    """

    pieces: Pieces
    prefix: Sequence[int]
    suffix: Sequence[int]
    capacity: int
    pad_id: int
    budget: int
    alike: bool = False
    windowed: dict[int, Windows] = field(init=False, default_factory=dict)
    members: list[np.ndarray] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        lengths = self.pieces.lengths
        specials = len(self.prefix) + len(self.suffix)
        # A stable sort keeps corpus order among equals, so the batches depend on nothing but the corpus.
        order = np.argsort(-lengths, kind="stable")
        n_long = int((lengths > self.capacity).sum())
        # Sentences in windows keep to themselves: the plain case stays free of gathers.
        batch: list[int] = []
        rows = 0
        for number in map(int, order[:n_long]):
            self.windowed[number] = windows(self._word(number), self.capacity)
            more = len(self.windowed[number].starts)
            if batch and (rows + more) * (self.capacity + specials) > self.budget:
                self.members.append(np.array(batch))
                batch, rows = [], 0
            batch.append(number)
            rows += more
        if batch:
            self.members.append(np.array(batch))
        plain = order[n_long:]
        runs = np.split(plain, np.flatnonzero(np.diff(lengths[plain])) + 1) if self.alike else [plain]
        for run in runs if len(plain) else []:
            borders = cheapest_borders(lengths[run] + specials, self.budget, self.budget // 64)
            self.members.extend(np.split(run, borders[1:-1]))

    def __len__(self) -> int:
        return len(self.members)

    def _word(self, number: int) -> np.ndarray:
        return self.pieces.word[self.pieces.offsets[number] : self.pieces.offsets[number + 1]]

    @cached_property
    def found(self) -> dict[str, int | float]:
        """Counts to report: pieces, words without a piece or with an unknown one, sentences in windows, positions read
        and padded."""
        read = padded = 0
        for sizes in map(self.sizes, range(len(self))):
            read += int(sizes.sum())
            padded += int((sizes.max() - sizes).sum())
        return {
            "pieces": len(self.pieces.ids),
            "unknown_words": self.pieces.unknown_words,
            **self.pieces.unread,
            "windowed_sentences": len(self.windowed),
            "words_over_windows": sum(w.split_words for w in self.windowed.values()),
            "positions": read,
            "padding": padded,
        }

    def sizes(self, index: int) -> np.ndarray:
        """Positions of each row of a batch, special tokens included and padding not."""
        pieces = np.concatenate([self._row_sizes(int(i)) for i in self.members[index]])
        return pieces + len(self.prefix) + len(self.suffix)

    def _row_sizes(self, number: int) -> np.ndarray:
        if number in self.windowed:
            return self.windowed[number].ends - self.windowed[number].starts
        return self.pieces.lengths[number : number + 1]

    def __getitem__(self, index: int) -> Batch:
        return self.together(self.members[index])

    def together(self, members: np.ndarray) -> Batch:
        """Any sentences of the corpus, by number, as one batch."""
        prefix, suffix = list(self.prefix), list(self.suffix)
        sizes = [self._row_sizes(int(i)) for i in members]
        n_rows = sum(map(len, sizes))
        width = max(int(s.max()) for s in sizes) + len(prefix) + len(suffix)
        most = int(self.pieces.lengths[members].max())
        input_ids = np.full((n_rows, width), self.pad_id, dtype=np.int64)
        mask = np.zeros((n_rows, width), dtype=np.int64)
        place = np.zeros((len(members), most), dtype=np.int64)
        word = np.full((len(members), most), -1, dtype=np.int64)
        first_row = np.empty(len(members), dtype=np.int64)
        row = 0
        for s, number in enumerate(map(int, members)):
            begin, end = self.pieces.offsets[number], self.pieces.offsets[number + 1]
            ids = self.pieces.ids[begin:end]
            word[s, : len(ids)] = self._word(number)
            read = self.windowed.get(number)
            starts, ends = (read.starts, read.ends) if read else (np.array([0]), np.array([len(ids)]))
            of_piece = read.of_piece if read else np.zeros(len(ids), dtype=np.int64)
            first_row[s] = row
            place[s, : len(ids)] = (row + of_piece) * width + len(prefix) + np.arange(len(ids)) - starts[of_piece]
            for a, b in zip(starts, ends, strict=True):
                content = [*prefix, *ids[a:b], *suffix]
                input_ids[row, : len(content)] = content
                mask[row, : len(content)] = 1
                row += 1
        plain = not any(int(i) in self.windowed for i in members)
        return Batch(input_ids, mask, members, first_row, place, word, plain)


def cheapest_borders(sizes: np.ndarray, budget: int, cost: int) -> np.ndarray:
    """Where to cut rows into batches: 0, the end of each batch, the last one len(sizes).

    `sizes` (n,) positions of each row, longest first. A batch of k rows reads k times its longest, which is at most
    `budget` unless k is 1. What is least is the sum of positions read and `cost` for each batch; of equals, the
    shorter first batch.
    """
    n = len(sizes)
    least = np.zeros(n + 1, dtype=np.int64)  # of the rows from here on
    end = np.zeros(n, dtype=np.int64)
    for start in range(n - 1, -1, -1):
        longest = int(sizes[start])
        rows = np.arange(1, min(max(budget // longest, 1), n - start) + 1)
        total = least[start + rows] + rows * longest
        best = int(total.argmin())
        least[start], end[start] = total[best] + cost, start + rows[best]
    borders = [0]
    while borders[-1] < n:
        borders.append(int(end[borders[-1]]))
    return np.array(borders)
