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
    """Black or white, whichever has more contrast with a background: 4.58 or more (WCAG 2.1, contrast ratio)."""
    light = luminance(background)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


def luminance(background: tuple[int, int, int]) -> float:
    """Relative luminance of an sRGB colour, 0 (black) to 1 (white) (WCAG 2.1)."""
    shares = np.array(background) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
