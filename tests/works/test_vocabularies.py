"""Coverage of vocabularies and perplexities of pretraining: by hand, against the tokenizer, refused, golden."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from golden import Golden, fingerprint, place

import probekit as pk
from probekit import recipes
from probekit.corpora import load_corpus
from probekit.encoders.loading import load_encoder
from probekit.grid import Grid
from probekit.store import digest
from probekit.works.vocabularies import coverage, thresholds

golden = Golden(__file__)
CORPUS = "grammar(n=60)"
SMALL = "pieces=wordpiece, steps=6, looks=3, batch=4, length=16, width=16, heads=2, layers=1, vocabulary=140, warmup=2"
SPEC = f'pretrained:"{CORPUS}"({SMALL})'


def test_coverage_is_the_share_of_items_above_a_count() -> None:
    assert thresholds(5) == [0, 1, 2, 4] and thresholds(0) == [0, 1]
    assert coverage(np.array([0, 1, 2, 5]), [0, 1, 2, 4]).tolist() == [0.75, 0.5, 0.25, 0.25]


def test_counts_are_those_of_the_tokenizer(tmp_path: Path) -> None:
    grid = Grid("try", "vocabulary-coverage", {"dataset": [CORPUS], "encoder": [SPEC]}, keep=["curve"])
    value = grid.run(tmp_path).set_index("metric")["value"]
    corpus, encoder = load_corpus(CORPUS), load_encoder(SPEC)
    words = [corpus.words(row) for row in range(corpus.n_sentences)]
    counts = Counter(
        piece
        for own in words
        for piece in encoder.tokenizer(own, is_split_into_words=True, add_special_tokens=False)["input_ids"]
    )
    pieces, size = counts.total(), len(encoder.tokenizer) - 5
    counts = Counter({piece: n for piece, n in counts.items() if piece not in encoder.tokenizer.all_special_ids})
    assert value["vocabulary_size"] == size and value["occurring_pieces"] == len(counts)
    assert value["pieces_a_word"] == pytest.approx(pieces / corpus.n_words)
    kinds = Counter(word for own in words for word in own)
    curve = pk.read_table(tmp_path, "curve")
    for series, own, n in (("all", counts, size), ("occurring", counts, len(counts)), ("words", kinds, len(kinds))):
        lines = curve[curve["series"] == series]
        for step, share in zip(lines["step"], lines["value"], strict=True):
            assert share == pytest.approx(sum(count > step for count in own.values()) / n)


def test_an_encoder_without_pieces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pk.ProbekitError, match="cuts no words into pieces"):
        Grid("try", "vocabulary-coverage", {"dataset": [CORPUS], "encoder": ["word2vec:cues(size=4)"]}).run(tmp_path)


def test_perplexities_are_those_that_pretraining_found(tmp_path: Path) -> None:
    two = f'pretrained:"{CORPUS}"({SMALL}, beside=["cues(n=60)"])'
    rows = Grid("try", "pretraining", {"encoder": [SPEC, two]}, keep=["curve"]).run(tmp_path)
    assert sorted(rows["subset"]) == ["text=cues(n=60)", f"text={CORPUS}", f"text={CORPUS}"]
    found = recipes.found(SPEC)
    one = rows[~rows["encoder"].astype(str).str.contains("beside")]
    assert one["value"].tolist() == [found["perplexities"][found["best_look"] - 1][0]]
    assert json.loads(one["info"].iloc[0])["pieces"] == found["pieces"]
    curve = pk.read_table(tmp_path, "curve").merge(one[["key"]], on="key")
    assert curve["step"].tolist() == [2, 4, 6] and curve["value"].tolist() == [p[0] for p in found["perplexities"]]
    grid = Grid("try", "pretraining", {"encoder": ["minilm"]})
    assert grid.cells() == [] and "was not pretrained here" in str(grid._left_out)


def numbers(work: str, axes: dict[str, list[str]]) -> list[float]:
    grid = Grid("golden", work, axes)
    return fingerprint(grid.run(place() / f"rows-{digest(grid.describe())}").sort_values(["metric", "subset"])["value"])


golden.case(
    "work:vocabulary-coverage",
    lambda _: numbers("vocabulary-coverage", {"dataset": [CORPUS], "encoder": [SPEC]}),
    tolerance=1e-6,
)
golden.case("work:pretraining", lambda _: numbers("pretraining", {"encoder": [SPEC]}), tolerance=1e-2)
test_numbers_stay, _ = golden.tests()
