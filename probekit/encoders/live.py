"""The live face of encoders: a module that learns, and batches of one or two texts for it.

    face = live("minilm")                     or hf:FOLDER, bilstm(vectors=glove)
    reader = face.reader(corpus)
    batch = reader.batch(first, second)       sentences by number; `second` of pairs, `marked` words of single texts
    states = face.module(face.module.embed(batch), batch)     (layers, B, P, d), with gradients

Vectors may stand in place of the input embeddings: they are those of the lookup alone, positions and segments are added
once, by the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from probekit.corpora.corpus import Corpus
from probekit.encoders.batch import tokenise
from probekit.encoders.encoder import EncoderSource
from probekit.encoders.framing import Framing, framing
from probekit.encoders.huggingface import HuggingFaceEncoder, capacity_of
from probekit.encoders.loading import load_encoder
from probekit.encoders.model_folder import READ_ALIKE, quiet_transformers, read_config
from probekit.errors import ProbekitError
from probekit.models.tuned import LiveModule

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, eq=False)
class LiveBatch:
    """Texts, or pairs of texts, read together, right padded; all (B, P).

    `ids` int64, `mask` bool, `segments` int64 or None where the model has none. `word` is the word of its text that a
    piece belongs to, `side` the text, 0 or 1; both are -1 for special pieces and padding.
    """

    ids: Tensor
    mask: Tensor
    segments: Tensor | None
    word: Tensor
    side: Tensor

    @property
    def content(self) -> Tensor:
        """Positions that belong to words, (B, P) bool."""
        return self.side >= 0


class Reader(Protocol):
    """A corpus cut into pieces. `cut` counts the texts and pairs that were too long and lost words at their ends."""

    cut: int

    def sizes(self, first: np.ndarray, second: np.ndarray | None = None) -> np.ndarray: ...

    def batch(
        self, first: np.ndarray, second: np.ndarray | None = None, marked: np.ndarray | None = None
    ) -> LiveBatch: ...


class LiveEncoder(Protocol):
    """An encoder that can be trained; `blocks` are the modules that may learn by layer, 0 the input embeddings."""

    source: EncoderSource
    module: LiveModule
    width: int
    segments: bool

    @property
    def blocks(self) -> Sequence[nn.Module]: ...

    def reader(self, corpus: Corpus, strict: bool = False) -> Reader: ...

    def save(self, folder: Path) -> None: ...


# --- Hugging Face models -----------------------------------------------------------------------------


class TransformerModule(LiveModule):
    """A model of the library behind the live face."""

    def __init__(self, model: PreTrainedModel, segments: bool) -> None:
        super().__init__()
        self.model, self.segments = model, segments

    @property
    def table(self) -> Tensor:
        """See `LiveModule`."""
        return self.model.get_input_embeddings().get_parameter("weight")

    def embed(self, texts: LiveBatch) -> Tensor:
        """The lookup of the pieces alone."""
        found: Tensor = self.model.get_input_embeddings()(texts.ids)
        return found

    def forward(self, vectors: Tensor, texts: LiveBatch, every: bool = False) -> Sequence[Tensor]:
        """States of the last layer, or of `every` layer from the embeddings on."""
        more = {"token_type_ids": texts.segments} if self.segments else {}
        found = self.model(inputs_embeds=vectors, attention_mask=texts.mask.long(), output_hidden_states=every, **more)
        return found.hidden_states if every else (found.last_hidden_state,)


class TransformerReader:
    """Pieces of a corpus framed as the tokenizer frames one text or two."""

    def __init__(self, encoder: HuggingFaceEncoder, corpus: Corpus, limit: int, segments: bool, strict: bool) -> None:
        self.name, self.limit, self.segments, self.strict = encoder.source.name, limit, segments, strict
        self.pieces = tokenise(encoder.tokenizer, corpus, encoder.strict)
        self._tokenizer, self._frames = encoder.tokenizer, dict[int, Framing]()
        pad = encoder.tokenizer.pad_token_id
        self.pad = 0 if pad is None else int(pad)
        self.cut = 0
        self._cut: set[tuple[int, int]] = set()

    def frame(self, texts: int) -> Framing:
        """The tokenizer's form of one text or of two."""
        if texts not in self._frames:
            self._frames[texts] = framing(self._tokenizer, texts, self.name)
        return self._frames[texts]

    def sizes(self, first: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
        """Positions of texts, or of pairs, special pieces included, (n,)."""
        found = self.pieces.lengths[first]
        found = found if second is None else found + self.pieces.lengths[second]
        return np.minimum(found + self.frame(1 if second is None else 2).size, self.limit)

    def batch(self, first: np.ndarray, second: np.ndarray | None = None, marked: np.ndarray | None = None) -> LiveBatch:
        """Texts, or pairs, by sentence number. marked: a word of each text, whose pieces get the segment 1.

        What is too long loses whole words at its end, the longer side first. Raises ProbekitError with `strict`, and
        where a model without segments is asked for a marked word.
        """
        if marked is not None and not self.segments:
            raise ProbekitError(
                f"'{self.name}' has no segments to mark a word by; take a BERT-like model, such as minilm"
            )
        frame = self.frame(1 if second is None else 2)
        sides = [first] if second is None else [first, second]
        rows = [self._row(frame, [int(side[k]) for side in sides]) for k in range(len(first))]
        width = max(len(ids) for ids, *_ in rows)
        ids = np.full((len(rows), width), self.pad, dtype=np.int64)
        segments, (word, side) = np.zeros_like(ids), np.full((2, *ids.shape), -1, dtype=np.int64)
        mask = np.zeros(ids.shape, dtype=bool)
        for k, (own, of_segment, of_word, of_side) in enumerate(rows):
            n = len(own)
            ids[k, :n], segments[k, :n], word[k, :n], side[k, :n], mask[k, :n] = own, of_segment, of_word, of_side, True
        if marked is not None:
            segments = (word == np.asarray(marked)[:, None]).astype(np.int64)
        found = (torch.from_numpy(one) for one in (ids, mask, segments, word, side))
        ids_, mask_, segments_, word_, side_ = found
        return LiveBatch(ids_, mask_, segments_ if self.segments else None, word_, side_)

    def _row(self, frame: Framing, sentences: list[int]) -> tuple[list[int], ...]:
        kept = self._kept(sentences, self.limit - frame.size)
        ids, segments = list(frame.specials[0]), list(frame.segments[0])
        word, side = [-1] * len(ids), [-1] * len(ids)
        for text, (sentence, n) in enumerate(zip(sentences, kept, strict=True)):
            start = int(self.pieces.offsets[sentence])
            after = frame.specials[text + 1]
            ids += [*self.pieces.ids[start : start + n].tolist(), *after]
            segments += [frame.of_text[text]] * n + list(frame.segments[text + 1])
            word += [*self.pieces.word[start : start + n].tolist(), *[-1] * len(after)]
            side += [text] * n + [-1] * len(after)
        return ids, segments, word, side

    def _kept(self, sentences: list[int], room: int) -> list[int]:
        """How many pieces of each text are read."""
        kept = [int(self.pieces.lengths[sentence]) for sentence in sentences]
        if sum(kept) <= room:
            return kept
        if self.strict:
            raise ProbekitError(
                f"sentence {sentences[0] + 1} has {sum(kept)} pieces{' with its partner' if len(kept) > 1 else ''} and "
                f"'{self.name}' reads {room}; cut the texts, such as |truncate(n={max(room // 2, 1)}), or leave strict"
            )
        while sum(kept) > room:
            longer = max(range(len(kept)), key=lambda k: (kept[k], k))
            word = self.pieces.word[int(self.pieces.offsets[sentences[longer]]) :][: kept[longer]]
            fewer = int(np.searchsorted(word, word[-1]))
            kept[longer] = fewer if fewer else kept[longer] - (sum(kept) - room)  # one word alone is cut within
        self._cut.add((sentences[0], sentences[-1]))
        self.cut = len(self._cut)
        return kept


class LiveTransformer:
    """A Hugging Face encoder that learns. Raises ProbekitError for families that see the padding of a batch."""

    def __init__(self, encoder: HuggingFaceEncoder) -> None:
        config = read_config(encoder.folder)
        if config.get("model_type") in READ_ALIKE:
            raise ProbekitError(
                f"'{encoder.source.name}' sees the padding of a batch, so that its answers would hang on what is read "
                "together; take another model"
            )
        self.encoder, self.source, self.width = encoder, encoder.source, encoder.width
        self.segments = int(config.get("type_vocab_size") or 0) > 1
        self.model = encoder.fresh_model()
        self.module: LiveModule = TransformerModule(self.model, self.segments)

    @property
    def blocks(self) -> Sequence[nn.Module]:
        """The input embeddings, then the layers. Raises ProbekitError for a model laid out in another way."""
        n = len(self.source.layers) - 1
        stacks = [m for m in self.model.modules() if isinstance(m, nn.ModuleList) and len(m) == n]
        if not stacks:
            raise ProbekitError(f"cannot tell the layers of '{self.source.name}'; let all of it learn")
        return [self.model.get_input_embeddings(), *stacks[0]]

    def reader(self, corpus: Corpus, strict: bool = False) -> TransformerReader:
        """A corpus cut into pieces for this model."""
        specials = framing(self.encoder.tokenizer, 1, self.source.name).size
        limit = specials + capacity_of(self.model, self.encoder.tokenizer, specials, self.source.name)
        return TransformerReader(self.encoder, corpus, limit, self.segments, strict)

    def save(self, folder: Path) -> None:
        """As the library writes its models, with the tokenizer beside."""
        with quiet_transformers():
            self.model.save_pretrained(folder)
            self.encoder.tokenizer.save_pretrained(folder)


def live(spec: str) -> LiveEncoder:
    """The encoder of a spec as one that learns. Raises ProbekitError for a kind that cannot."""
    encoder: Any = load_encoder(spec, device="cpu")
    if isinstance(encoder, HuggingFaceEncoder):
        return LiveTransformer(encoder)
    if hasattr(encoder, "live"):
        found: LiveEncoder = encoder.live()
        return found
    raise ProbekitError(f"'{encoder.source.name}' does not learn; minilm, hf:FOLDER and bilstm(vectors=glove) do")
