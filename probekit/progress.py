"""Progress bars: shown on a terminal, quiet elsewhere."""

from __future__ import annotations

import sys
from typing import Any


def bar(total: int | None, title: str, unit: str, initial: int = 0) -> Any:
    """A tqdm bar on standard error that appears after two seconds and only on a terminal."""
    from tqdm import tqdm

    quiet = not sys.stderr.isatty()
    return tqdm(total=total, desc=title, unit=unit, initial=initial, delay=2, disable=quiet, dynamic_ncols=True)
