"""Memory that a step frees is kept for the next one, where the C library is glibc."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_MOST_MAPPED, _NEVER = 32 * 2**20, 2**31 - 1
_AFTER = 64 * 2**20  # where glibc's own rule ends


@contextmanager
def kept() -> Iterator[None]:
    """Give nothing back to the system until the end.

    Objectives that hold several graphs at once free hundreds of MB a step, and to take these pages anew costs a tenth
    of ALICE's step. Elsewhere than with glibc nothing is done.
    """
    if not sys.platform.startswith("linux") or not hasattr(c := ctypes.CDLL(None), "mallopt"):
        yield
        return
    c.mallopt(_MMAP_THRESHOLD, _MOST_MAPPED)
    c.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        c.mallopt(_TRIM_THRESHOLD, _AFTER)
        c.malloc_trim(0)
