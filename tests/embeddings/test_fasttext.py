"""fastText tables: the same in every process, words of one stem near one another, options that do not fit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from probekit.corpora.corpus import Corpus
from probekit.embeddings.fasttext import train_fasttext
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError, UnknownName

QUOTED = 'fasttext:"cues(n=60)"(size=8, epochs=1, buckets=300)'


def test_a_table_is_the_same_in_another_process():
    code = f"from probekit.embeddings.tables import load_table as t; print(t({QUOTED!r}).vectors.sum(dtype='f8'))"
    said = [
        subprocess.run([sys.executable, "-c", code], env=None, capture_output=True, text=True, check=True).stdout
        for _ in range(1)
    ]
    assert float(said[0]) == pytest.approx(float(load_table(QUOTED).vectors.sum(dtype="f8")), rel=1e-12)


def test_words_that_share_pieces_are_near_where_words_alone_say_nothing():
    """Every word stands in contexts of its own, so that only spelling can make two alike."""
    draw = np.random.default_rng(0)
    sentences = [[f"{stem}{end}", f"c{draw.integers(10**6)}"] for stem in ("walked", "sprint") for end in ("ing", "er")]
    corpus = Corpus.from_words(sentences * 20)
    table = train_fasttext(corpus, size=16, epochs=1, buckets=5000, progress=False)

    def cosine(a: str, b: str) -> float:
        u, v = table.vector(a), table.vector(b)
        return float(u @ v / np.linalg.norm(u) / np.linalg.norm(v))

    assert cosine("walkeding", "walkeder") > cosine("walkeding", "sprinter") + 0.2


def test_what_does_not_fit_is_refused_before_training():
    with pytest.raises(ProbekitError, match="min_n=7 is above max_n=6"):
        load_table("fasttext:cues(min_n=7)")
    with pytest.raises(UnknownName, match="skipgram"):
        load_table("fasttext:cues(algorithm=glove)")
