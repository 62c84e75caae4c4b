"""What the vectors of a model depend on beside the text itself, found by letting it read a few made-up texts.

Some families see the padding of a batch (MobileBERT, FNet), some keep what they met in earlier texts (BigBird), some
draw lots. No list of names tells them: a text is read alone, beside a longer one, beside one of its own length, and
once more after a short one.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from probekit.errors import ProbekitError

SHORT, LONG = 3, 24
# A family that cuts texts into chunks shows what it does between them only in a text of more than one.
LONGEST = 130
# Largest difference of two readings of one text, as a share of the largest value, that is rounding.
ROUNDING = {"float32": 1e-5, "bfloat16": 0.05}
# Two texts of one batch are rounded alike.
CONSTANT = {"float32": 1e-6, "bfloat16": 1e-3}


@dataclass(frozen=True)
class Habits:
    """How batches are made for a model.

    `alike`: a batch holds texts of one length, since padding would be seen. `fresh`: every batch is read by modules as
    they were loaded. `cls`: the first token's vector differs between texts. `widths` of every layer's vectors.
    """

    alike: bool
    fresh: bool
    cls: bool
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Reader:
    """A model with what is needed to hand it texts: special tokens around them, and ids that stand for pieces."""

    model: torch.nn.Module
    name: str
    dtype: str
    device: torch.device
    prefix: Sequence[int]
    suffix: Sequence[int]
    pad_id: int
    ids: Sequence[int]

    def text(self, number: int, length: int) -> list[int]:
        """A made-up text; those of other numbers begin elsewhere among the ids."""
        chosen = [self.ids[(7 * number + 5 * k) % len(self.ids)] for k in range(length)]
        return [*self.prefix, *chosen, *self.suffix]

    def read(self, model: torch.nn.Module, texts: Sequence[list[int]]) -> list[list[np.ndarray]]:
        """Layers of each text, (positions, d) float32, read as one batch."""
        width = max(map(len, texts))
        rows = np.array([text + [self.pad_id] * (width - len(text)) for text in texts])
        mask = np.array([[1] * len(text) + [0] * (width - len(text)) for text in texts])
        with torch.inference_mode():
            hidden = hidden_states(model, rows, mask, self)
            layers = [layer.float().cpu().numpy() for layer in hidden]
        return [[layer[row, : len(text)] for layer in layers] for row, text in enumerate(texts)]


def hidden_states(model: torch.nn.Module, ids: np.ndarray, mask: np.ndarray, reader: Reader) -> tuple[Any, ...]:
    """Hidden states of all layers. Raises ProbekitError that names a model which cannot be read this way."""
    try:
        found = model(
            input_ids=torch.from_numpy(ids).to(reader.device),
            attention_mask=torch.from_numpy(mask).to(reader.device),
            output_hidden_states=True,
        ).hidden_states
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # each family raises errors of its own
        way = "" if reader.dtype == "float32" else "; try dtype=float32"
        raise ProbekitError(
            f"the model of '{reader.name}' failed on a text as {reader.dtype}: "
            f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}{way}"
        ) from error
    if not found:
        raise ProbekitError(f"the model of '{reader.name}' gives no hidden states; it cannot be used as an encoder")
    return tuple(found)


def habits(reader: Reader, capacity: int) -> Habits:
    """Let a model read a few made-up texts and see what moves its vectors. It stays as it was loaded.

    Raises ProbekitError for one that gives a text other vectors at every reading, or that mixes the texts of a batch.
    """
    long = reader.text(0, min(capacity, _long(getattr(reader.model, "config", None))))
    short, other = (reader.text(number, min(capacity, SHORT)) for number in (1, 2))
    middle = reader.text(3, max(len(long) // 2, 1))
    model = same_weights(reader.model)
    [alone], [middle_alone], [short_alone] = (reader.read(model, [text]) for text in (long, middle, short))
    fresh = _moved(reader.model, model) or _differ(alone, reader.read(model, [long])[0], reader.dtype)
    if fresh and _differ(alone, reader.read(same_weights(reader.model), [long])[0], reader.dtype):
        raise ProbekitError(f"'{reader.name}' gives a text other vectors whenever it is read; it cannot be an encoder")
    company = reader.read(same_weights(reader.model), [short, middle, long])
    each = zip([short_alone, middle_alone, alone], company, strict=True)
    alike = fresh or any(_differ(one, beside, reader.dtype) for one, beside in each)
    pair = reader.read(same_weights(reader.model), [other, short])
    if _differ(short_alone, pair[1], reader.dtype, 10):
        raise ProbekitError(
            f"the vectors that '{reader.name}' gives a text depend on the other texts of a batch, even on those of "
            "its own length; it cannot be an encoder"
        )
    first = [[layer[:1] for layer in text] for text in pair]
    moved = other == short or any(
        _apart(a, b) > CONSTANT[reader.dtype] for a, b in zip(first[0][1:], first[1][1:], strict=True)
    )
    return Habits(alike, fresh, bool(reader.prefix) and moved, tuple(layer.shape[1] for layer in alone))


def same_weights(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the modules around the same parameters and buffers."""
    return copy.deepcopy(model, {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())})


def _long(config: Any) -> int:
    """Pieces of the long text: a little more than two chunks where the configuration speaks of chunks or blocks."""
    sizes = [
        value
        for name, value in vars(config or object).items()
        if ("chunk" in name or "block_size" in name) and type(value) is int
    ]
    return min(max([LONG, *(2 * size + 2 for size in sizes)]), LONGEST)


def _moved(loaded: torch.nn.Module, read: torch.nn.Module) -> bool:
    """Whether reading changed what the modules say of themselves in plain words and numbers; new names are notes."""
    before, after = _state(loaded), _state(read)
    return any(after.get(name) != value for name, value in before.items())


def _state(model: torch.nn.Module) -> dict[tuple[str, str], Any]:
    plain = (str, int, float, bool, type(None))
    return {
        (name, key): value
        for name, module in model.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, plain)
    }


def _differ(one: list[np.ndarray], other: list[np.ndarray], dtype: str, times: int = 1) -> bool:
    return any(_apart(a, b) > times * ROUNDING[dtype] for a, b in zip(one, other, strict=True))


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference as a share of the largest value; values that are no numbers are looked for elsewhere."""
    size = np.abs(one).max()
    return float(np.abs(one - other).max() / size) if np.isfinite(size) and size > 0 else 0.0
