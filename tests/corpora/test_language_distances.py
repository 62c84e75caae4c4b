"""Distances of languages by text: character models against counts by hand, shared words, real declarations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from probekit.corpora.language_distances import CharacterModel, mean, perplexities, shared_words
from probekit.errors import ProbekitError
from probekit.resources import data_roots


def test_probabilities_are_interpolated_counts_and_sum_to_one() -> None:
    model = CharacterModel("abab", order=2)
    uniform = 1 / 3
    first = (2 + 2 * uniform) / (4 + 2)  # a, whatever came before
    assert np.exp(model.log_probability("a")) == pytest.approx((1 + first) / (1 + 1))  # after the beginning
    letters = ["a", "b", "?"]
    assert sum(model._of("b" + letter, 1) for letter in letters) == pytest.approx(1)
    assert sum(model._of("?" + letter, 1) for letter in letters) == pytest.approx(1)


def test_what_was_read_is_nearer_than_what_was_not() -> None:
    model = CharacterModel("the cat sat on the mat and the dog sat on the cat", order=4)
    assert model.perplexity("the dog sat on the mat") < model.perplexity("ein hund und eine katze")
    for wrong in ("", "  \n"):
        with pytest.raises(ProbekitError, match="no text"):
            CharacterModel(wrong)
    with pytest.raises(ProbekitError, match="order=0"):
        CharacterModel("a", order=0)


def test_shared_words_by_hand() -> None:
    words = {"x": Counter("aab"), "y": Counter("abbc"), "z": Counter("cd")}
    kinds = shared_words(words)
    # x shares a, b with y; y shares a, b with x and c with z; z shares c.
    assert kinds["x", "y"] == pytest.approx((2 + 2) / (2 * 2)) and kinds["x", "z"] == 0
    assert kinds["y", "z"] == pytest.approx((1 + 1) / (2 * 1)) and kinds["z", "y"] == kinds["y", "z"]
    assert shared_words(words, tokens=True)["x", "y"] == pytest.approx((3 + 3) / (2 * 3))
    assert np.isnan(shared_words({"x": Counter("a"), "y": Counter("b")})["x", "y"])


@pytest.mark.data
def test_spanish_is_nearer_to_catalan_than_to_finnish() -> None:
    folder = next(root / "udhr" for root in data_roots() if (root / "udhr").is_dir())
    texts = {name: Path(folder / f"{name}.txt").read_text(encoding="utf-8")[:4000] for name in ("spa", "cat", "fin")}
    both = mean(perplexities(texts, order=3))
    assert both["spa", "cat"] == both["cat", "spa"] < both["spa", "fin"]
    assert both["spa", "spa"] < both["spa", "cat"]
