"""The command in this process, in an empty folder with an empty cache."""

from __future__ import annotations

import io
import sys
import warnings

import numpy as np
import pytest
from commands import Result

from probekit import cli


@pytest.fixture
def probekit(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)

    def call(*arguments: str) -> Result:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["probekit", *map(str, arguments)])
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as left:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            cli.main()
        return Result(int(left.value.code or 0), out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def table(tmp_path) -> str:
    """Spec of a small static encoder."""
    words = ["the", "a", "of", "to", "and", "she", "he", "it", "in", "was", ".", ","]
    rng = np.random.default_rng(0)
    lines = [f"{word} " + " ".join(f"{x:.3f}" for x in rng.normal(size=4)) for word in words]
    (tmp_path / "vectors.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "static:vectors.txt"
