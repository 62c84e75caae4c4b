"""Code in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys


def said_in_processes(code: str) -> set[str]:
    """What code prints in two processes that order sets of text differently: one element where it does not matter."""
    return {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
