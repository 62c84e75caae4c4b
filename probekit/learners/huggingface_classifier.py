"""Hugging Face sequence classifiers as text classifiers, from folders of safetensors and text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.encoders.batch import tokenise
from probekit.encoders.huggingface import HuggingFaceEncoder, load
from probekit.encoders.model_folder import has_cls, quiet_transformers, read_config
from probekit.errors import ProbekitError
from probekit.learners.classifier import TextBatch, checked

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
        self.left_to_right = not has_cls(folder, read_config(folder))

    def __repr__(self) -> str:
        return f"HuggingFaceClassifier({self.name}: {', '.join(self.labels)})"

    @property
    def tokenizer(self) -> Any:
        """The folder's fast tokenizer."""
        return self._encoder.tokenizer

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """See `Classifier`. Raises ProbekitError for an empty text and for one longer than the model reads."""
        import torch

        corpus = Corpus.from_words(checked(texts))
        pieces = tokenise(self.tokenizer, corpus)
        if (longest := int(pieces.lengths.max())) > self._encoder.capacity:
            raise ProbekitError(
                f"text {int(pieces.lengths.argmax())} has {longest} pieces and '{self.name}' reads "
                f"{self._encoder.capacity} at once; cut the texts, such as |truncate(n={self._encoder.capacity // 2})"
            )
        prefix, suffix = self._encoder.frame
        width = longest + len(prefix) + len(suffix)
        pad = self.tokenizer.pad_token_id
        ids = np.full((len(texts), width), 0 if pad is None else pad, dtype=np.int64)
        mask = np.zeros((len(texts), width), dtype=bool)
        word = np.full((len(texts), width), -1, dtype=np.int64)
        for row in range(len(texts)):
            part = slice(pieces.offsets[row], pieces.offsets[row + 1])
            found = [*prefix, *pieces.ids[part], *suffix]
            ids[row, : len(found)], mask[row, : len(found)] = found, True
            word[row, len(prefix) : len(found) - len(suffix)] = pieces.word[part]
        return TextBatch(torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(word))

    def embed(self, batch: TextBatch) -> Tensor:
        """See `Classifier`."""
        return self.module.get_input_embeddings()(batch.ids)  # type: ignore[operator]

    def logits(self, vectors: Tensor, batch: TextBatch) -> Tensor:
        """See `Classifier`."""
        return self.forward(vectors, batch).logits

    def forward(self, vectors: Tensor, batch: TextBatch, **options: Any) -> Any:
        """The library's output; `options` are those of its models, such as output_attentions=True.

        Raises ProbekitError for texts of several lengths in a left-to-right model, which answers at the last position:
        the library would read the padding there.
        """
        if self.left_to_right and not bool(batch.mask.all()):
            raise ProbekitError(f"'{self.name}' reads from left to right: give it texts of one length at a time")
        return self.module(inputs_embeds=vectors, attention_mask=batch.mask.long(), **options)
