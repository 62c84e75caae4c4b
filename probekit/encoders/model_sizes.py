"""Whether the sizes that a configuration states can be true, told from the headers of the weight files alone.

A slip in a configuration must not take the machine: what it says is compared with what lies beside it before anything
is built from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from probekit.encoders.model_folder import CONFIG, N_LAYERS, WIDTH
from probekit.errors import ProbekitError

Shapes = Mapping[str, tuple[int, ...]]

DEPTHS = (*N_LAYERS, "decoder_layers", "num_decoder_layers", "n_decoder_layers")
SIZES = (
    *WIDTH, "vocab_size", "embedding_size", "intermediate_size", "ffn_dim", "d_ff", "d_inner", "n_inner", "hidden_dim",
    "encoder_ffn_dim", "decoder_ffn_dim", "word_embed_proj_dim",
)  # fmt: skip
POSITIONS = ("max_position_embeddings", "n_positions")
# Blocks of a model that uses the same weights several times, as ALBERT does, and of one that is drawn at random.
MOST_SHARED, MOST_LAYERS = 100, 300
# A size of a model that is drawn at random; how many of them fit is told when it is laid out.
MOST = 10**7
MOST_LABELS = 10**5  # the weights of an encoder have no row for each


def shapes_of(folder: Path) -> Shapes:
    """Names and shapes of the tensors in a folder's safetensors. Those of a damaged file are left to its loader."""
    found: dict[str, tuple[int, ...]] = {}
    for path in sorted(folder.glob("model*.safetensors")):  # heads may lie beside them
        status = path.stat()
        found |= _header(path, status.st_size, status.st_mtime_ns)
    return found


@lru_cache(maxsize=64)
def _header(path: Path, size: int, changed: int) -> dict[str, tuple[int, ...]]:
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > size - 8:
            return {}
        try:
            content = json.loads(file.read(length))
            return {name: tuple(map(int, one["shape"])) for name, one in content.items() if name != "__metadata__"}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}


def check_sizes(config: Mapping[str, Any], folder: Path, model: str, random: bool) -> None:
    """Refuse a configuration that states what its weights cannot be, or what no model is, naming model and entry.

    random: the weights are drawn, so that those in the folder need not fit.
    """
    shapes = {} if random else shapes_of(folder)
    sides = [max(shape, default=1) for shape in shapes.values()]
    tables = [max(shape) for name, shape in shapes.items() if _of_positions(name) and len(shape) == 2]
    deep, large, far = _blocks(shapes), max(sides, default=0), max(tables, default=0)
    _within(config, DEPTHS, max(deep, MOST_SHARED if sides else MOST_LAYERS), f"its weights have {deep}", model)
    _within(config, SIZES, large or MOST, f"no tensor of its weights has a side over {large}", model)
    _within(config, ("num_labels",), max(large, MOST_LABELS), "no encoder has as many", model)
    _within(config, POSITIONS, far or MOST, f"its weights have {far} positions", model)


def check_own_sizes(config: Mapping[str, Any], folder: Path) -> None:
    """The same for a recurrent model of our own: a layer has a tensor at least, and sizes are sides of tensors."""
    if shapes := shapes_of(folder):
        large = max(max(shape, default=1) for shape in shapes.values())
        _within(config, ("layers",), len(shapes), f"its weights have {len(shapes)} tensors", folder.name)
        _within(config, ("width", "pieces"), large, f"no tensor of its weights has a side over {large}", folder.name)


def _within(config: Mapping[str, Any], names: tuple[str, ...], most: int, but: str, model: str) -> None:
    for name in names:
        value = config.get(name)
        if isinstance(value, (int, float)) and not (value <= most and (value >= 0 or name in POSITIONS)):
            why = but if most not in (MOST, MOST_LAYERS) else f"the most that is believed is {most}"
            raise ProbekitError(f"{CONFIG} of the model '{model}' states {name} = {value}, but {why}; mend it there")


def _of_positions(tensor: str) -> bool:
    return "position" in tensor or "wpe" in tensor


def _blocks(shapes: Iterable[str]) -> int:
    """Blocks that the names of tensors count, such as encoder.layer.11.output.dense.weight."""
    return 1 + max((int(number) for name in shapes for number in re.findall(r"\.(\d{1,6})\.", f".{name}")), default=-1)
