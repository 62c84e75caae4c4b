"""Colours of words by a number: red is for, blue against, grey where a number says how much; full is strong."""

from __future__ import annotations

import numpy as np

FOR, AGAINST = (178, 24, 43), (33, 102, 172)  # red and blue, told apart under every common colour blindness
MUCH = (64, 64, 64)


def intensity(values: np.ndarray) -> np.ndarray:
    """value / max |value|, from -1 to 1; zeros where all values are 0."""
    top = float(np.abs(values).max()) if len(values) else 0.0
    return values / top if top > 0 else np.zeros_like(values)


def colour(strength: float, size: bool = False) -> tuple[int, int, int]:
    """Colour of a strength from -1 (blue) over 0 (white) to 1 (red); of a size from 0 (white) to 1 (dark grey)."""
    end = MUCH if size else FOR if strength >= 0 else AGAINST
    share = min(1.0, abs(float(strength)))
    red, green, blue = (round(255 + (c - 255) * share) for c in end)
    return red, green, blue


def ink(background: tuple[int, int, int]) -> str:
    """Black or white, whichever is easier to read on a background."""
    red, green, blue = background
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "#111111"
