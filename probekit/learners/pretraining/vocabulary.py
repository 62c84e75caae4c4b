"""Vocabularies of pieces, learned by the `tokenizers` library from equally many sentences of each language."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from probekit.encoders.pieces import MARK, learn_pieces
from probekit.errors import ProbekitError
from probekit.streams import generator

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIALS = (PAD, UNK, CLS, SEP, MASK)  # in the order of their numbers
KINDS = ("unigram", "wordpiece")


def learn_vocabulary(texts: Sequence[Sequence[Sequence[str]]], size: int, kind: str = "unigram", seed: int = 0) -> Any:
    """A `transformers` tokenizer whose pieces were learned from sentences of words, texts[language][sentence][word].

    Of each language as many sentences are read as the smallest has, drawn by `seed` (Wu and Dredze 2020). size: pieces,
    special ones among them. kind: `unigram`, a language model of pieces (Kudo 2018), or `wordpiece`, read greedily. A
    unigram model may differ by a piece or a last digit from run to run, as the library computes it: whoever goes on
    keeps it. The library stops early where the text does not give so many, with a warning: what came out is
    `len(tokenizer)`. Raises ProbekitError for a language without a sentence, and a size that does not hold every
    character.
    """
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    if not texts or not all(len(own) for own in texts):
        raise ProbekitError(
            "a vocabulary is learned from sentences, and a language has none; give it some, or leave it"
        )
    read = _Drawn(texts, seed)
    letters = len({letter for words in read for word in words for letter in word})
    least = len(SPECIALS) + (letters + 1 if kind == "unigram" else 2 * letters)
    if size < least:
        raise ProbekitError(
            f"vocabulary={size} does not hold the {letters} characters of the text and {len(SPECIALS)} special "
            f"pieces; give {least} or more"
        )
    tokenizer = (_unigram if kind == "unigram" else _wordpiece)(read, size)
    if (made := tokenizer.get_vocab_size()) < size:
        warnings.warn(
            f"vocabulary={size}, but the text gives {made} pieces, which are taken; give more text, or a smaller one",
            stacklevel=2,
        )
    ends = [(one, tokenizer.token_to_id(one)) for one in (CLS, SEP)]
    tokenizer.post_processor = processors.TemplateProcessing(f"{CLS} $A {SEP}", f"{CLS} $A {SEP} $B {SEP}", ends)
    names = {"pad_token": PAD, "unk_token": UNK, "cls_token": CLS, "sep_token": SEP, "mask_token": MASK}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def _unigram(read: Iterable[Sequence[str]], size: int) -> Any:
    """Pieces with their log probabilities, numbered by their spelling: the library's last digits change by the run."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=list(SPECIALS), unk_token=UNK, show_progress=False
    )
    tokenizer.train_from_iterator((" ".join(words) for words in read), trainer)
    content = json.loads(tokenizer.to_str())
    scores = {piece: round(score, 2) for piece, score in content["model"]["vocab"] if piece not in SPECIALS}
    content["model"]["vocab"] = [*([piece, 0.0] for piece in SPECIALS), *map(list, sorted(scores.items()))]
    content["model"]["unk_id"] = SPECIALS.index(UNK)
    return Tokenizer.from_str(json.dumps(content))


def _wordpiece(read: Iterable[Sequence[str]], size: int) -> Any:
    """Characters at the beginning of words and inside, then what byte-pair merges make of them, in their order.

    The library's own trainer of this kind breaks ties by chance; that of merges does not.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    merged = learn_pieces(read, size)
    pieces = sorted(merged.get_vocab().items(), key=lambda one: one[1])
    letters = sorted({letter for words in read for word in words for letter in word})
    spelled = [piece[1:] if piece.startswith(MARK) else f"##{piece}" for piece, _ in pieces]
    kept = dict.fromkeys([*SPECIALS, *letters, *(f"##{letter}" for letter in letters)])
    for piece in spelled:
        if len(kept) < size and piece not in ("", "##"):
            kept[piece] = None
    tokenizer = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(kept)}, unk_token=UNK))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


class _Drawn:
    """As many sentences of each language as the smallest has, in their own order; read as often as asked."""

    def __init__(self, texts: Sequence[Sequence[Sequence[str]]], seed: int) -> None:
        n = min(map(len, texts))
        self.texts = texts
        self.rows = [
            np.sort(generator(seed, "sample", "vocabulary", language).permutation(len(own))[:n])
            for language, own in enumerate(texts)
        ]

    def __iter__(self) -> Iterator[Sequence[str]]:
        return (own[int(row)] for own, rows in zip(self.texts, self.rows, strict=True) for row in rows)
