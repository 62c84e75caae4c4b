"""Any Hugging Face encoder or decoder, frozen: all hidden states, pooled, in one pass."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probekit import streams
from probekit.corpora.corpus import Corpus
from probekit.encoders import pooling as pools
from probekit.encoders.batch import Batches, tokenise
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import EncoderKind, EncoderSource, Layer
from probekit.encoders.model_folder import (
    N_LAYERS,
    WIDTH,
    content_digest,
    find_folder,
    first_of,
    has_cls,
    minilm_folder,
    quiet_transformers,
    read_config,
    revised,
)
from probekit.encoders.model_sizes import check_sizes
from probekit.errors import ProbekitError, UnknownName
from probekit.sources import resolve
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Seed

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from probekit.encoders.habits import Habits, Reader
    from probekit.encoders.huggingface_pass import HuggingFacePass

PIECES = ("mean", "first", "last")
UNITS = ("piece", "word")
DTYPES = ("float32", "bfloat16")
# Positions read at once. On a CPU a batch whose states stay in cache is fastest; a GPU needs many to be busy.
CPU_BUDGET = 1024
GPU_BUDGET = 16384
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
    piece: str = "mean", unit: str = "piece", dtype: str = "float32", strict: bool = False, init_seed: Seed = 0
) -> dict[str, Any]:
    """Options of `random:hf:`: those of `hf:`, and the seed of the weights."""
    return {**options(piece, unit, dtype, strict), "init_seed": int(init_seed)}


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `hf:<name|folder>`, `minilm` or `random:<either>` without loading it."""
    return _describe(parse(spec))[0]


def _describe(spec: Spec) -> tuple[EncoderSource, Path, dict[str, Any]]:
    random = spec.name == "random"
    allowed = random_options if random else options
    arguments = resolve(spec.bare, allowed, "encoder")
    written, settings = arguments.written.kwargs, allowed(**arguments.options)
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
    check_sizes(config, folder, shown, random)
    n_layers = first_of(config, N_LAYERS, "number of layers", shown)
    poolings = tuple(p for p in pools.POOLINGS if p != "cls" or has_cls(folder, config))
    revision: Any = registry.entry(spec.name).revision
    if of_family := revised(folder, config):
        revision = [revision, of_family]
    source = EncoderSource(
        spec=_text(where, written, random),
        name=_text(shown, written, random),
        digest=digest([revision, "random" if random else "trained", contents, settings]),
        layers=tuple(range(n_layers + 1)),
        poolings=poolings,
        piece=settings["piece"],
        width=first_of(config, WIDTH, "width", shown),
    )
    return source, folder, settings


def _text(inner: str, written: Any, random: bool) -> str:
    name, colon, target = (f"random:{inner}" if random else inner).partition(":")
    return str(Spec(name, target if colon else None, (), written))


def load(spec: str | Spec, device: str | None = None) -> HuggingFaceEncoder:
    """The encoder of a spec, frozen, on a device (default: a GPU when there is one)."""
    source, folder, settings = _describe(parse(spec))
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
        token_budget: int | None = None,
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
        self.token_budget = token_budget or (CPU_BUDGET if self.device.type == "cpu" else GPU_BUDGET)
        self.width = first_of(read_config(folder), WIDTH, "width", source.name)

    @cached_property
    def model(self) -> torch.nn.Module:
        """The module in evaluation mode, without gradients, linear layers packed where that is faster."""
        from probekit.encoders.packing import pack

        model = self.fresh_model()
        pack(model)
        return model.eval().requires_grad_(False)

    def fresh_model(self) -> PreTrainedModel:
        """A module of its own with the folder's weights, on the device, that can be trained."""
        import torch
        from transformers import AutoConfig, AutoModel

        from probekit.encoders.packing import fast_bfloat16

        if self.dtype == "bfloat16" and self.device.type == "cpu" and not fast_bfloat16():
            warnings.warn(
                f"'{self.source.name}': this CPU has no bfloat16 arithmetic of its own, so dtype=bfloat16 is slower "
                "here than float32",
                stacklevel=2,
            )
        kind = getattr(torch, self.dtype)
        absent: set[str] = set()
        try:
            with quiet_transformers():
                if self.init_seed is None:
                    model, report = AutoModel.from_pretrained(
                        self.folder,
                        use_safetensors=True,
                        trust_remote_code=False,
                        local_files_only=True,
                        dtype=kind,
                        output_loading_info=True,
                    )
                    absent = set(report["missing_keys"])
                else:
                    config = AutoConfig.from_pretrained(self.folder, trust_remote_code=False, local_files_only=True)
                    _check_room(config, self.source.name)
                    with torch.random.fork_rng(devices=[]):
                        torch.manual_seed(streams.torch_generator(self.init_seed, "init", "encoder").initial_seed())
                        model = AutoModel.from_config(config, trust_remote_code=False).to(kind)
        except (MemoryError, ProbekitError):
            raise
        except Exception as error:  # the libraries that read configurations and weights raise errors of their own
            raise ProbekitError(f"cannot load the model of '{self.source.name}': {error}") from error
        parameters, whole = {id(value): name for name, value in model.named_parameters()}, model
        if model.config.is_encoder_decoder:
            model = model.get_encoder()
        used = {parameters.get(id(value), "") for value in model.parameters()}
        # The pooler sits on top of the last hidden state, and many checkpoints have none.
        if absent := {name for name in absent & used if "pooler" not in name and _by_chance(whole, name)}:
            raise ProbekitError(
                f"the weights of '{self.source.name}' lack {len(absent)} of the model's parameters, such as "
                f"'{min(absent)}', which would be random; save the model with the library's own save_pretrained"
            )
        return model.to(self.device)

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
        return capacity_of(self.model, self.tokenizer, sum(map(len, self.frame)), self.source.name)

    @cached_property
    def reader(self) -> Reader:
        """The model with what is needed to hand it texts."""
        from probekit.encoders.habits import Reader

        prefix, suffix = self.frame
        special = {*self.tokenizer.all_special_ids, *prefix, *suffix}
        rows = getattr(self.model.config, "vocab_size", None)
        known = sorted(self.tokenizer.get_vocab().values())
        ids = [i for i in known if i not in special and (not isinstance(rows, int) or i < rows)]
        return Reader(
            self.model, self.source.name, self.dtype, self.device, prefix, suffix, self._pad_id, ids or known[:1]
        )

    @cached_property
    def habits(self) -> Habits:
        """What the model's vectors depend on beside the text, found when it first reads."""
        from probekit.encoders.habits import habits

        with quiet_transformers():
            found = habits(self.reader, self.capacity)
        if len(found.widths) != len(self.source.layers):
            raise ProbekitError(
                f"'{self.source.name}' gave {len(found.widths)} hidden states, its configuration promises "
                f"{len(self.source.layers)}"
            )
        return found

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> HuggingFacePass:
        """Tokenise a corpus and lay out the batches of one pass over it. Refuses what the model turns out to lack."""
        from probekit.encoders.huggingface_pass import HuggingFacePass

        for layer in layers:
            if (width := self.habits.widths[layer or 0]) != self.width:
                fitting = [n for n, other in enumerate(self.habits.widths) if other == self.width]
                raise ProbekitError(
                    f"layer {layer} of '{self.source.name}' has {width} units and its configuration promises "
                    f"{self.width}; ask for layers={fitting}"
                )
        if "cls" in poolings and not self.habits.cls:
            raise ProbekitError(
                f"'{self.source.name}' has no pooling 'cls': its first vector is the same for every text; ask for "
                "another, such as mean or word:-1"
            )
        return HuggingFacePass(self, corpus, self.batches(corpus), tuple(layers), tuple(poolings))

    def batches(self, corpus: Corpus) -> Batches:
        """A corpus cut into pieces and batches of sentences of like length."""
        prefix, suffix = self.frame
        pieces = tokenise(self.tokenizer, corpus, self.strict)
        rows = getattr(self.model.config, "vocab_size", None)
        if isinstance(rows, int) and pieces.ids.max() >= rows:
            raise ProbekitError(
                f"the tokenizer of '{self.source.name}' gives the piece {int(pieces.ids.max())}, but the model has "
                f"only {rows} input embeddings; they do not belong together"
            )
        return Batches(pieces, prefix, suffix, self.capacity, self._pad_id, self.token_budget, alike=self.habits.alike)

    @property
    def _pad_id(self) -> int:
        pad = self.tokenizer.pad_token_id
        return pad if pad is not None else 0


def capacity_of(model: Any, tokenizer: Any, specials: int, name: str) -> int:
    """Pieces of a text that a model reads at once beside its special tokens. Raises ProbekitError where there is room
    for none."""
    limits = []
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:  # XLNet, which has no table of them, says -1
        # RoBERTa and its kin number positions from the padding index on, and lose those before it.
        table = next((m for name, m in model.named_modules() if name.endswith("position_embeddings")), None)
        offset = getattr(table, "padding_idx", None)
        limits.append(positions if offset is None else positions - offset - 1)
    if tokenizer.model_max_length < 10**6:  # the library writes a huge number for "not known"
        limits.append(tokenizer.model_max_length)
    capacity = int(min(limits, default=UNBOUNDED_CAPACITY)) - specials
    if capacity < 1:
        raise ProbekitError(
            f"'{name}' reads {min(limits)} positions at once, which its special tokens fill; look at "
            "model_max_length in its tokenizer_config.json and at max_position_embeddings in its config.json"
        )
    return capacity


def _check_room(config: Any, name: str) -> None:
    """Refuse to draw more weights than this machine has memory for, laid out without any."""
    import torch
    from transformers import AutoModel

    with torch.device("meta"):
        model = AutoModel.from_config(config, trust_remote_code=False)
    bytes_needed = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    if there and bytes_needed > there:
        raise ProbekitError(
            f"'{name}' would take {bytes_needed / 1e9:,.0f} GB and this machine has {there / 1e9:,.0f} GB of memory; "
            "look at the sizes in its config.json"
        )


def _by_chance(model: Any, name: str) -> bool:
    """Whether a parameter that the weights lack was drawn or set to a constant; the library computes some, such as
    fixed positions, and they come out again from another seed."""
    import torch

    owner, _, own = name.rpartition(".")
    found = model.get_parameter(name)
    module = copy.deepcopy(model.get_submodule(owner))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        setattr(module, own, torch.nn.Parameter(torch.zeros_like(found), found.requires_grad))
        model._init_weights(module)
    again = getattr(module, own)
    return not torch.equal(again, found) or bool((found == found.flatten()[0]).all())


KIND = EncoderKind(describe, load)
