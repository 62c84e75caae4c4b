"""The input vectors of an encoder as a table: which pieces are words, whose vectors they are, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_models as tiny
from golden import Golden
from test_alignment import plain_pieces

from probekit.embeddings.tables import describe_table, load_table
from probekit.encoders.input_vectors import input_vectors, whole_words
from probekit.errors import ProbekitError, UnknownName

golden = Golden(__file__)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_words_are_those_that_are_cut_into_one_piece_and_vectors_are_the_rows_of_the_model(family):
    encoder = tiny.encoder(family)
    table = input_vectors(encoder)
    matrix = encoder.fresh_model().get_input_embeddings().weight.detach().numpy()
    of_words = whole_words(encoder.tokenizer)
    assert table.words == tuple(of_words) and "the" in table
    for word, vector in zip(table.words, table.vectors, strict=True):
        assert plain_pieces(family, [word])[0] == [of_words[word]] and not any(map(str.isspace, word))
        np.testing.assert_array_equal(vector, matrix[of_words[word]])
    assert not set(table.words) & set(encoder.tokenizer.all_special_tokens)


def test_continuations_are_no_words():
    table = input_vectors(tiny.encoder("bert"))
    assert not any(word.startswith("##") for word in table.words)
    pieces = set(tiny.encoder("bert").tokenizer.get_vocab())
    assert set(table.words) < pieces and any(piece.startswith("##") for piece in pieces)


def test_by_spec_it_is_a_table_that_takes_steps():
    folder = tiny.folder("bert")
    table = load_table(f"input-vectors:hf:{folder}|pca(k=3)")
    assert table.width == 3 and table.words == input_vectors(tiny.encoder("bert")).words
    source = describe_table(f"input-vectors:hf:{folder}")
    assert str(folder.parent) not in source.name and source.digest != describe_table("input-vectors:minilm").digest


def test_what_has_no_input_vectors_is_refused_before_work():
    for spec, error, message in (
        ("input-vectors", ProbekitError, "names no encoder; write input-vectors:minilm"),
        ("input-vectors:generated-vectors", UnknownName, "unknown encoder|cuts words into no pieces"),
        ("input-vectors:minilm(k=3)", UnknownName, "unknown argument of word-vector table"),
        ("input-vectors:minilmo", UnknownName, "unknown encoder"),
    ):
        with pytest.raises((error, ProbekitError), match=message):
            describe_table(spec)


golden.case(
    "word-vector table:input-vectors",
    lambda spec: [
        float(len(load_table(spec))),
        float(np.abs(load_table(spec).vectors).mean()),
        *load_table(spec).vector("house")[:3],
    ],
    "input-vectors:minilm",
)
test_numbers_stay, test_options_move_numbers = golden.tests()
