"""Any Hugging Face encoder or decoder, frozen: all hidden states, pooled, in one pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import streams
from probekit.corpora.corpus import Corpus
from probekit.encoders import pooling as pools
from probekit.encoders.batch import Batch, Batches, tokenise
from probekit.encoders.encoder import EncoderSource, Layer, Part
from probekit.encoders.model_folder import (
    N_LAYERS,
    WIDTH,
    content_digest,
    find_folder,
    first_of,
    has_cls,
    minilm_folder,
    read_config,
)
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import bind, canonical
from probekit.specs import Spec, parse
from probekit.store import digest

if TYPE_CHECKING:
    import torch

REVISION = 1
PIECES = ("mean", "first", "last")
UNITS = ("piece", "word")
DTYPES = ("float32", "bfloat16")
# Positions read at once. On a CPU a batch that stays in cache is fastest; measured flat from 2,000 to 8,000.
TOKEN_BUDGET = 4096
# A model with neither a position table nor a length in its tokenizer is read in windows of this many pieces.
UNBOUNDED_CAPACITY = 2048


def options(piece: str = "mean", unit: str = "piece", dtype: str = "float32", strict: bool = False) -> dict[str, Any]:
    """Options of `hf:`.

    piece: how a word's pieces become its vector (`mean`, `first`, `last`). unit: whether a sentence pools its `piece`s
    (default; special tokens and padding never take part) or its `word`s. dtype: of weights and arithmetic; pooling is
    float32. strict: a word without a piece is an error. The study of linguistic profiling states none of these.
    """
    for name, value, known in (("piece", piece, PIECES), ("unit", unit, UNITS), ("dtype", dtype, DTYPES)):
        if value not in known:
            raise UnknownName(f"value of {name}:", str(value), known)
    if not isinstance(strict, bool):
        raise ProbekitError(f"strict is true or false, got {strict!r}")
    return {"piece": piece, "unit": unit, "dtype": dtype, "strict": strict}


def random_options(
    piece: str = "mean", unit: str = "piece", dtype: str = "float32", strict: bool = False, init_seed: int = 0
) -> dict[str, Any]:
    """Options of `random:hf:`: those of `hf:`, and the seed of the weights."""
    return {**options(piece, unit, dtype, strict), "init_seed": int(init_seed)}


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `hf:<name|folder>`, `minilm` or `random:<either>` without loading it."""
    return _describe(parse(spec) if isinstance(spec, str) else spec)[0]


def _describe(spec: Spec) -> tuple[EncoderSource, Path, dict[str, Any]]:
    random = spec.name == "random"
    allowed = random_options if random else options
    own = Spec(spec.name, spec.target, spec.args, spec.kwargs)
    written = canonical(own, allowed, "encoder").kwargs
    settings = allowed(**bind(own, allowed, "encoder"))
    inner = spec.target or "" if random else spec.head
    if inner.startswith("hf:") and len(inner) > 3:
        folder, local = find_folder(inner[3:])
        where = f"hf:{folder}" if local else inner
    elif inner == "minilm":
        folder, local, where = minilm_folder(), False, inner
    else:
        raise ProbekitError(
            f"'{spec}' names no model; write {'random:' if random else ''}hf:<name or folder>, or minilm"
        )
    contents = content_digest(folder, weights=not random)
    shown = f"hf:{folder.name}-{contents[:8]}" if local else inner
    config = read_config(folder)
    n_layers = first_of(config, N_LAYERS, "number of layers")
    poolings = tuple(p for p in pools.POOLINGS if p != "cls" or has_cls(folder, config))
    source = EncoderSource(
        spec=_text(where, written, random),
        name=_text(shown, written, random),
        digest=digest([REVISION, "random" if random else "trained", contents, settings]),
        layers=tuple(range(n_layers + 1)),
        poolings=poolings,
        piece=settings["piece"],
        width=first_of(config, WIDTH, "width"),
    )
    return source, folder, settings


def _text(inner: str, written: Any, random: bool) -> str:
    name, colon, target = (f"random:{inner}" if random else inner).partition(":")
    return str(Spec(name, target if colon else None, (), written))


def load(spec: str | Spec, device: str | None = None) -> HuggingFaceEncoder:
    """The encoder of a spec, frozen, on a device (default: a GPU when there is one)."""
    source, folder, settings = _describe(parse(spec) if isinstance(spec, str) else spec)
    return HuggingFaceEncoder(source, folder, device=device, **settings)


class HuggingFaceEncoder:
    """A frozen encoder (or the encoder half of a sequence-to-sequence model) read from a folder.

    Layer 0 is the embedding layer, layer l the output of block l. Remote code is never run, pickles are never read.
    """

    def __init__(
        self,
        source: EncoderSource,
        folder: Path,
        *,
        piece: str = "mean",
        unit: str = "piece",
        dtype: str = "float32",
        strict: bool = False,
        init_seed: int | None = None,
        device: str | None = None,
        token_budget: int = TOKEN_BUDGET,
    ) -> None:
        import torch

        self.source, self.folder = source, folder
        self.piece, self.unit, self.dtype, self.strict, self.init_seed = piece, unit, dtype, strict, init_seed
        try:
            self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
            torch.empty(0, device=self.device)  # a device of the right name that is not there is noticed here
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            reason = str(error).partition("\n")[0]
            raise ProbekitError(f"cannot use the device '{device}': {reason}; cpu is always there") from error
        self.token_budget = token_budget
        self.width = first_of(read_config(folder), WIDTH, "width")

    @cached_property
    def model(self) -> torch.nn.Module:
        """The module in evaluation mode, without gradients."""
        import torch
        from transformers import AutoConfig, AutoModel

        kind = getattr(torch, self.dtype)
        absent: set[str] = set()
        try:
            with quiet_transformers():
                if self.init_seed is None:
                    model, report = AutoModel.from_pretrained(
                        self.folder, use_safetensors=True, trust_remote_code=False, local_files_only=True, dtype=kind,
                        output_loading_info=True,
                    )  # fmt: skip
                    absent = set(report["missing_keys"])
                else:
                    config = AutoConfig.from_pretrained(self.folder, trust_remote_code=False, local_files_only=True)
                    with torch.random.fork_rng(devices=[]):
                        torch.manual_seed(streams.torch_generator(self.init_seed, "init", "encoder").initial_seed())
                        model = AutoModel.from_config(config, trust_remote_code=False).to(kind)
        except MemoryError:
            raise
        except Exception as error:  # the libraries that read configurations and weights raise errors of their own
            raise ProbekitError(f"cannot load the model of '{self.source.name}': {error}") from error
        parameters = {id(value): name for name, value in model.named_parameters()}
        if model.config.is_encoder_decoder:
            model = model.get_encoder()
        used = {parameters.get(id(value), "") for value in model.parameters()}
        # The pooler sits on top of the last hidden state, and many checkpoints have none.
        if absent := {name for name in absent & used if "pooler" not in name}:
            raise ProbekitError(
                f"the weights of '{self.source.name}' lack {len(absent)} of the model's parameters, such as "
                f"'{min(absent)}', which would be random; save the model with the library's own save_pretrained"
            )
        return model.to(self.device).eval().requires_grad_(False)

    @cached_property
    def tokenizer(self) -> Any:
        """The fast tokenizer of the folder. Raises ProbekitError when there is none that gives word ids."""
        from transformers import AutoTokenizer

        file = self.folder / "tokenizer.json"
        byte_level = (
            "ByteLevel" in file.read_text(encoding="utf-8")
            if file.is_file()
            else (self.folder / "merges.txt").is_file()
        )
        # Byte-level vocabularies tell the beginning of a word by the blank before it.
        extra = {"add_prefix_space": True} if byte_level else {}
        try:
            with quiet_transformers():
                found = AutoTokenizer.from_pretrained(
                    self.folder, use_fast=True, trust_remote_code=False, local_files_only=True, **extra
                )
        except MemoryError:
            raise
        except Exception as error:  # the tokenizers library raises bare exceptions
            raise ProbekitError(
                f"cannot load the tokenizer of '{self.source.name}': {error}; what is needed is the tokenizer in its "
                "fast form, as tokenizer.json beside the model"
            ) from error
        if not found.is_fast:
            raise ProbekitError(
                f"the tokenizer of '{self.source.name}' gives no word ids (it has no fast form), so its pieces cannot "
                "be aligned with words; save one with tokenizer.json beside the model"
            )
        if set(found.get_vocab()) <= set(found.all_special_tokens):
            raise ProbekitError(
                f"the tokenizer of '{self.source.name}' has no vocabulary but its special tokens; save it anew beside "
                "the model: AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER)"
            )
        return found

    @cached_property
    def frame(self) -> tuple[list[int], list[int]]:
        """Special tokens that the tokenizer puts before and after a text."""
        encoding = self.tokenizer("a", add_special_tokens=True, truncation=False, padding=False)
        full, owner = encoding["input_ids"], encoding.word_ids(0)
        content = [place for place, word in enumerate(owner) if word is not None]
        if not content or content != list(range(content[0], content[-1] + 1)):
            raise ProbekitError(f"cannot tell the special tokens of '{self.source.name}': got {full} for the text 'a'")
        return full[: content[0]], full[content[-1] + 1 :]

    @cached_property
    def capacity(self) -> int:
        """Pieces of a text that fit into one window, special tokens left out."""
        limits = []
        if isinstance(positions := getattr(self.model.config, "max_position_embeddings", None), int):
            # RoBERTa and its kin number positions from the padding index on, and lose those before it.
            table = next((m for name, m in self.model.named_modules() if name.endswith("position_embeddings")), None)
            offset = getattr(table, "padding_idx", None)
            limits.append(positions if offset is None else positions - offset - 1)
        if self.tokenizer.model_max_length < 10**6:  # the library writes a huge number for "not known"
            limits.append(self.tokenizer.model_max_length)
        capacity = min(limits, default=UNBOUNDED_CAPACITY) - sum(map(len, self.frame))
        if capacity < 1:
            raise ProbekitError(
                f"'{self.source.name}' reads {min(limits)} positions at once, which its special tokens fill; look at "
                "model_max_length in its tokenizer_config.json and at max_position_embeddings in its config.json"
            )
        return capacity

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> HuggingFacePass:
        """Tokenise a corpus and lay out the batches of one pass over it."""
        prefix, suffix = self.frame
        pieces = tokenise(self.tokenizer, corpus, self.strict)
        rows = getattr(self.model.config, "vocab_size", None)
        if isinstance(rows, int) and pieces.ids.max() >= rows:
            raise ProbekitError(
                f"the tokenizer of '{self.source.name}' gives the piece {int(pieces.ids.max())}, but the model has "
                f"only {rows} input embeddings; they do not belong together"
            )
        pad = self.tokenizer.pad_token_id
        batches = Batches(pieces, prefix, suffix, self.capacity, pad if pad is not None else 0, self.token_budget)
        return HuggingFacePass(self, corpus, batches, tuple(layers), tuple(poolings))


class HuggingFacePass:
    """One pass over a corpus: a batch a step, each giving every layer and pooling asked for."""

    def __init__(
        self,
        encoder: HuggingFaceEncoder,
        corpus: Corpus,
        batches: Batches,
        layers: tuple[Layer, ...],
        poolings: tuple[str, ...],
    ) -> None:
        self.encoder, self.corpus, self.batches = encoder, corpus, batches
        self.layers, self.poolings = layers, poolings
        self.n_steps = len(batches)
        self.found = {**batches.found, "device": encoder.device.type}

    def step(self, number: int) -> Iterator[Part]:
        """Vectors of one batch, float32, with the rows of the result that they belong to."""
        import torch

        batch = self.batches[number]
        device = self.encoder.device
        with torch.inference_mode():
            hidden = self.encoder.model(
                input_ids=torch.from_numpy(batch.input_ids).to(device),
                attention_mask=torch.from_numpy(batch.mask).to(device),
                output_hidden_states=True,
            ).hidden_states
            if len(hidden) != len(self.encoder.source.layers):
                raise ProbekitError(
                    f"'{self.encoder.source.name}' gave {len(hidden)} hidden states, its configuration promises "
                    f"{len(self.encoder.source.layers)}"
                )
            pooler = BatchPooler(batch, self.corpus, self.encoder, self.poolings, len(self.batches.prefix))
            for layer in self.layers:
                assert layer is not None
                for pooling, rows, vectors in pooler.pool(hidden[layer]):
                    yield layer, pooling, rows, vectors.cpu().numpy()


class BatchPooler:
    """All poolings of one batch; what depends on the batch alone is laid out once and serves every layer.

    What is linear in the pieces (sum, mean, single words) is one product of a weight matrix (S, K, M) with the
    content; maxima go over the masked content.
    """

    def __init__(
        self, batch: Batch, corpus: Corpus, encoder: HuggingFaceEncoder, poolings: tuple[str, ...], n_prefix: int
    ) -> None:
        import torch

        self.batch, self.n_prefix, self.poolings = batch, n_prefix, poolings
        self.device = encoder.device
        self.n_words = corpus.lengths[batch.sentences]
        share = word_shares(batch.word, encoder.piece)
        real = batch.word >= 0
        unit_weight = share if encoder.unit == "word" else real.astype(np.float32)
        weights = {"sum": unit_weight, "mean": unit_weight / unit_weight.sum(axis=1, keepdims=True)}
        for pooling in poolings:
            if pooling.startswith("word:"):
                wanted = pools.position(self.n_words, pooling)
                weights[pooling] = np.where(batch.word == wanted[:, None], share, 0)
        self.linear = [p for p in poolings if p in weights]
        stacked = [weights[p] for p in self.linear]
        self.weights = (
            torch.from_numpy(np.stack(stacked, axis=1).astype(np.float32)).to(self.device) if stacked else None
        )
        self.padding = None if real.all() else torch.from_numpy(~real).to(self.device)
        self.place = None if batch.plain else torch.from_numpy(batch.place).to(self.device)
        self.by_word = None
        if pools.WORDS in poolings or (encoder.unit == "word" and {"max", "min"} & set(poolings)):
            of_word = batch.word[:, None, :] == np.arange(self.n_words.max())[None, :, None]
            self.by_word = torch.from_numpy((of_word * share[:, None, :]).astype(np.float32)).to(self.device)
            absent = np.arange(self.n_words.max())[None, :] >= self.n_words[:, None]
            self.no_word = torch.from_numpy(absent).to(self.device)
            self.word_rows = np.concatenate(
                [np.arange(corpus.offsets[s], corpus.offsets[s + 1]) for s in batch.sentences]
            )
        self.extremes_over_words = encoder.unit == "word"

    def pool(self, hidden: torch.Tensor) -> Iterator[tuple[str, np.ndarray, torch.Tensor]]:
        """Poolings of one layer's hidden states (R, P, d)."""
        import torch

        rows = self.batch.sentences
        most = self.batch.word.shape[1]
        if self.place is None:
            content = hidden[:, self.n_prefix : self.n_prefix + most].float()
        else:
            content = hidden.flatten(0, 1)[self.place].float()
        if self.weights is not None:
            pooled = torch.bmm(self.weights, content)
            for k, pooling in enumerate(self.linear):
                yield pooling, rows, pooled[:, k]
        words = torch.bmm(self.by_word, content) if self.by_word is not None else None
        units, absent = content, self.padding
        if words is not None and self.extremes_over_words:
            units, absent = words, self.no_word
        for pooling, fill in (("max", -torch.inf), ("min", torch.inf)):
            if pooling in self.poolings:
                filled = units if absent is None else units.masked_fill(absent[:, :, None], fill)
                yield pooling, rows, filled.amax(1) if pooling == "max" else filled.amin(1)
        if "cls" in self.poolings:
            yield "cls", rows, hidden[torch.from_numpy(self.batch.first_row).to(self.device), 0].float()
        if pools.WORDS in self.poolings:
            assert words is not None
            yield pools.WORDS, self.word_rows, words[~self.no_word]


def word_shares(word: np.ndarray, piece: str) -> np.ndarray:
    """How much each piece counts in its word's vector: (S, M) float32, 0 for padding (word -1).

    `mean`: one over the word's pieces; `first` or `last`: that piece alone.
    """
    width = word.shape[1]
    before = np.full((len(word), 1), -2)
    starts = word != np.concatenate([before, word[:, :-1]], axis=1)
    ends = word != np.concatenate([word[:, 1:], before], axis=1)
    if piece == "first":
        share = starts.astype(np.float32)
    elif piece == "last":
        share = ends.astype(np.float32)
    else:
        run = np.cumsum(starts.ravel()) - 1  # a row begins a new run, so runs never cross sentences
        share = (1 / np.bincount(run)[run]).reshape(-1, width).astype(np.float32)
    share[word < 0] = 0
    return share


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the library's progress bars and loading reports off the terminal: ours say what matters."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
