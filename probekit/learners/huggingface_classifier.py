"""Hugging Face sequence classifiers as text classifiers, from folders of safetensors and text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.encoders.batch import tokenise
from probekit.encoders.huggingface import HuggingFaceEncoder, load
from probekit.encoders.live import TransformerReader
from probekit.encoders.model_folder import has_cls, quiet_transformers, read_config
from probekit.errors import ProbekitError
from probekit.learners.classifier import TextBatch, checked
from probekit.learners.preparation import read_preparation

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class _Model(HuggingFaceEncoder):
    """An encoder whose model is the whole classifier: tokenizer, special tokens and capacity are found as there."""

    @cached_property
    def model(self) -> torch.nn.Module:
        from transformers import AutoModelForSequenceClassification

        try:
            with quiet_transformers():
                model, report = AutoModelForSequenceClassification.from_pretrained(
                    self.folder,
                    use_safetensors=True,
                    trust_remote_code=False,
                    local_files_only=True,
                    output_loading_info=True,
                    attn_implementation="eager",
                )
        except MemoryError:
            raise
        except Exception as error:  # the libraries that read configurations and weights raise errors of their own
            raise ProbekitError(f"cannot load the classifier of '{self.source.name}': {error}") from error
        if absent := sorted(report["missing_keys"]):
            raise ProbekitError(
                f"'{self.source.name}' is no trained classifier: its weights lack '{absent[0]}', which would be "
                "random. Give the folder of a model saved after fine-tuning on sequence classification"
            )
        return model.float().eval().requires_grad_(False)


class HuggingFaceClassifier:
    """A Hugging Face sequence classifier; see `probekit.learners.classifier.Classifier`.

    Attention is computed in the eager way, which gives its weights.
    """

    def __init__(self, folder: Path, name: str) -> None:
        source = load(f'hf:"{folder}"', device="cpu")
        self._encoder = _Model(source.source, folder, device="cpu")
        self.module = self._encoder.model
        self.name = name
        config: Any = self.module.config
        names: dict[Any, str] = config.id2label
        self.labels = tuple(str(names[key]) for key in sorted(names, key=int))
        self.preparation = read_preparation(folder)
        self.encoder_decoder = bool(getattr(config, "is_encoder_decoder", False))
        self.left_to_right = not self.encoder_decoder and not has_cls(folder, read_config(folder))

    def __repr__(self) -> str:
        return f"HuggingFaceClassifier({self.name}: {', '.join(self.labels)})"

    @property
    def tokenizer(self) -> Any:
        """The folder's fast tokenizer."""
        return self._encoder.tokenizer

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """See `Classifier`. Raises ProbekitError for an empty text and for one longer than the model reads."""
        corpus, capacity = Corpus.from_words(checked(texts)), self._encoder.capacity
        specials = sum(map(len, self._encoder.frame))
        reader = TransformerReader(self._encoder, corpus, capacity + specials, segments=False, strict=True)
        lengths = reader.pieces.lengths
        if (longest := int(lengths.max())) > capacity:
            raise ProbekitError(
                f"text {int(lengths.argmax())} has {longest} pieces and '{self.name}' reads {capacity} at once; "
                f"cut the texts, such as |truncate(n={capacity // 2})"
            )
        found = reader.batch(np.arange(len(texts)))
        return TextBatch(found.ids, found.mask, found.word)

    def embed(self, batch: TextBatch) -> Tensor:
        """See `Classifier`."""
        return self.module.get_input_embeddings()(batch.ids)  # type: ignore[operator]

    def room(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        """How many words of each text, from the first on, the model reads at once, (n,) int64."""
        pieces = tokenise(self.tokenizer, Corpus.from_words(checked(texts)))
        found = np.array([len(words) for words in texts], dtype=np.int64)
        for row in np.flatnonzero(pieces.lengths > self._encoder.capacity):
            found[row] = pieces.word[pieces.offsets[row] + self._encoder.capacity]
        return found

    def logits(self, vectors: Tensor, batch: TextBatch) -> Tensor:
        """See `Classifier`."""
        import torch

        if self._answers_at_padding(batch):
            lengths = [int(n) for n in batch.lengths]
            alone = [(vectors[i : i + 1, :n], batch.part(i, n)) for i, n in enumerate(lengths)]
            return torch.cat([self.forward(*one).logits for one in alone])
        return self.forward(vectors, batch).logits

    def _answers_at_padding(self, batch: TextBatch) -> bool:
        """Whether the library's own head would answer at the last position of the batch, which is padding in some."""
        return self.left_to_right and not self._has_score and not bool(batch.mask.all())

    @property
    def _has_score(self) -> bool:
        from torch import nn

        return isinstance(getattr(self.module, "score", None), nn.Linear)

    def forward(self, vectors: Tensor, batch: TextBatch, **options: Any) -> Any:
        """Logits, and what `options` of the library's models ask for, such as output_hidden_states=True.

        A left-to-right model answers at the last word of each text, an encoder-decoder at its last end of text. Raises
        ProbekitError for a model that takes no vectors in place of its words, and for texts of several lengths where
        the library's head would read the padding.
        """
        mask = batch.mask.long()
        try:
            if self.encoder_decoder:
                return self._at_end_of_text(vectors, batch, mask, options)
            if self.left_to_right and self._has_score:
                return self._at_last_word(vectors, batch, mask, options)
            if self._answers_at_padding(batch):
                raise ProbekitError(f"'{self.name}' answers at the end of the batch: give it texts of one length")
            return self.module(inputs_embeds=vectors, attention_mask=mask, **options)
        except (NotImplementedError, TypeError) as error:
            kind = type(self.module).__name__
            raise ProbekitError(
                f"'{self.name}' ({kind}) takes no vectors in place of its words ({error}), which explanations and "
                "measures of attention need; give another kind of classifier"
            ) from error

    def _at_last_word(self, vectors: Tensor, batch: TextBatch, mask: Tensor, options: dict[str, Any]) -> Any:
        """What the library computes of a text alone: padding on the right is not seen from the left."""
        import torch

        found = self.module.base_model(inputs_embeds=vectors, attention_mask=mask, use_cache=False, **options)  # type: ignore[operator]
        last = found.last_hidden_state[torch.arange(len(mask)), batch.lengths - 1]
        return SimpleNamespace(
            logits=self.module.score(last),  # type: ignore[operator]
            hidden_states=getattr(found, "hidden_states", None),
        )

    def _at_end_of_text(self, vectors: Tensor, batch: TextBatch, mask: Tensor, options: dict[str, Any]) -> Any:
        """The decoder reads the same text moved on by one position: its vectors are the encoder's, moved on."""
        import torch

        if not hasattr(self.module, "classification_head"):
            raise TypeError("an encoder-decoder with a head of its own kind")
        config: Any = self.module.config
        ends = batch.ids.eq(config.eos_token_id) & batch.mask
        if not bool(ends.any(dim=1).all()):
            raise ProbekitError(
                f"'{self.name}' answers at the end of a text, and its tokenizer puts none there; save the tokenizer "
                "that it was trained with beside it"
            )
        begin = torch.full((len(mask), 1), config.decoder_start_token_id, dtype=torch.int64)
        begun = self.module.get_input_embeddings()(begin)  # type: ignore[operator]
        found = self.module.base_model(  # type: ignore[operator]
            inputs_embeds=vectors,
            attention_mask=mask,
            decoder_inputs_embeds=torch.cat([begun.to(vectors.dtype), vectors[:, :-1]], dim=1),
            use_cache=False,
            **options,
        )
        place = (ends * torch.arange(1, mask.shape[1] + 1)).argmax(dim=1)
        state = found.last_hidden_state[torch.arange(len(mask)), place]
        return SimpleNamespace(logits=self.module.classification_head(state))  # type: ignore[operator]
