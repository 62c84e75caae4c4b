"""Pieces of our own recurrent models: byte-pair encoding or whole words, by the `tokenizers` library.

A word begins with the mark ▁ and is cut by itself. Brackets, quotation marks and slashes as the Penn Treebank writes
them are read as running text has them, so that an encoder trained on either knows both. A character that training
lacks becomes the unknown piece; with whole words, a rare word does.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers import brackets
from probekit.encoders.batch import Pieces, tokenise
from probekit.errors import ProbekitError

PAD, UNK, BOS, EOS = "<pad>", "<unk>", "<s>", "</s>"
SPECIALS = (PAD, UNK, BOS, EOS)
MARK = "\N{LOWER ONE EIGHTH BLOCK}"
ESCAPES = {**brackets.ESCAPES, "\\/": "/", "\\*": "*"}


def learn_pieces(sentences: Iterable[Sequence[str]], merges: int, rare: int = 1) -> Any:
    """A `tokenizers.Tokenizer` learned from sentences of words.

    merges: of byte-pair encoding (Sennrich, Haddow and Birch 2016); 0 keeps whole words, those that occur `rare` times
    or more. Ids 0 to 3 are padding, unknown, beginning and end. The same sentences give the same ids everywhere.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    counts = Counter(word for words in sentences for word in words)
    normalizer = normalizers.Sequence([normalizers.Replace(old, new) for old, new in ESCAPES.items()])
    marked = pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always", split=True)
    if not merges:
        normal: Counter[str] = Counter()
        for word, count in counts.items():
            normal.update({spelled(normalizer, word): count})
        kept = sorted(word for word, count in normal.items() if count >= rare)
        vocabulary = {piece: number for number, piece in enumerate([*SPECIALS, *kept])}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNK))
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always", split=False)
        tokenizer.add_special_tokens(list(SPECIALS))
        return tokenizer
    tokenizer = Tokenizer(models.BPE(unk_token=UNK, fuse_unk=False))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, marked
    alphabet = {letter for word in counts for letter in spelled(normalizer, word)}
    trainer = trainers.BpeTrainer(
        vocab_size=len(SPECIALS) + len(alphabet) + merges, special_tokens=list(SPECIALS), show_progress=False
    )
    # Words as often as they occur, in the order of the alphabet; the trainer counts them.
    tokenizer.train_from_iterator(([word] * count for word, count in sorted(counts.items())), trainer)
    return tokenizer


def spelled(normalizer: Any, word: str) -> str:
    """A word as its pieces spell it together."""
    return MARK + normalizer.normalize_str(word).replace(" ", MARK)


def save_pieces(tokenizer: Any, file: Path) -> None:
    """Write a tokenizer as JSON."""
    content = json.loads(tokenizer.to_str())
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_pieces(file: Path) -> Any:
    """The tokenizer of a file, with the manners of the transformers library (word ids, special tokens)."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    try:
        backend = Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except MemoryError:
        raise
    except Exception as error:  # the library raises bare exceptions
        raise ProbekitError(f"cannot read the pieces in {file.name} of '{file.parent.name}': {error}") from error
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token=PAD, unk_token=UNK, bos_token=BOS, eos_token=EOS)


def cut(tokenizer: Any, corpus: Corpus, what: str) -> Pieces:
    """The pieces of a corpus, after making sure that those of every word spell it: no word is read as its neighbour.

    Raises ProbekitError that names sentence and word.
    """
    pieces = tokenise(tokenizer, corpus)
    vocabulary = tokenizer.get_vocab()
    text = np.empty(max(vocabulary.values()) + 1, dtype=object)
    for piece, number in vocabulary.items():
        text[number] = piece
    normalizer, unknown = tokenizer.backend_tokenizer.normalizer, tokenizer.unk_token_id
    seen: dict[tuple[int, bytes], bool] = {}
    for sentence in range(corpus.n_sentences):
        start, end = pieces.offsets[sentence], pieces.offsets[sentence + 1]
        ids, word = pieces.ids[start:end], pieces.word[start:end]
        first = np.flatnonzero(np.diff(word, prepend=-1))
        codes = corpus.form.codes[corpus.offsets[sentence] : corpus.offsets[sentence + 1]]
        fine = len(first) == len(codes)
        for place, own in enumerate(np.split(ids, first[1:]) if fine else []):
            key = (int(codes[place]), own.tobytes())
            if key not in seen:
                wanted = spelled(normalizer, str(corpus.form.categories[codes[place]]))
                seen[key] = spells([None if i == unknown else str(text[i]) for i in own], wanted)
            if not seen[key]:
                raise ProbekitError(
                    f"word {place + 1} ({corpus.form.categories[codes[place]]!r}) of sentence {sentence + 1} of "
                    f"{corpus!r} is cut into {[str(text[i]) for i in own]} by {what}, which do not spell it"
                )
        if not fine:
            raise ProbekitError(
                f"sentence {sentence + 1} of {corpus!r} has {len(codes)} words, but {what} reads {len(first)}"
            )
    return pieces


def spells(pieces: Sequence[str | None], word: str) -> bool:
    """Whether pieces spell a marked word; None is the unknown piece, for one character or for the whole word."""
    if pieces == [None]:
        return True
    joined = "".join("\0" if piece is None else piece for piece in pieces)
    return len(joined) == len(word) and all(a in ("\0", b) for a, b in zip(joined, word, strict=True))
