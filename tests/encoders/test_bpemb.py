"""Vectors of pieces: a SentencePiece model made here, words by hand, files that do not fit."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from golden import Golden, fingerprint

from probekit.corpora import Corpus, load_corpus
from probekit.encoders import load_encoder
from probekit.encoders.activations import encode
from probekit.encoders.loading import describe
from probekit.errors import ProbekitError

golden = Golden(__file__)


def package() -> Any:
    return pytest.importorskip("sentencepiece", reason="sentencepiece is in the extra dev")


@cache
def files() -> tuple[Path, Path]:
    """Vectors of all pieces but one and the unknown, as text, and the model that cuts generated text into them."""
    sentencepiece = package()
    folder, corpus = Path(mkdtemp()), load_corpus("grammar(n=200)")
    text = [" ".join(corpus.words(row)).lower() for row in range(corpus.n_sentences)]
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_writer=made, vocab_size=120, model_type="bpe", minloglevel=2, num_threads=1
    )
    (folder / "small.model").write_bytes(made.getvalue())
    cutter = sentencepiece.SentencePieceProcessor(model_file=str(folder / "small.model"))
    pieces = [cutter.id_to_piece(one) for one in range(cutter.get_piece_size()) if not cutter.is_unknown(one)]
    pieces = [one for one in pieces if one not in ("<s>", "</s>", "s")]
    rows = np.random.default_rng(2).normal(size=(len(pieces), 6)).round(4)
    lines = [f"{len(pieces)} 6", *(f"{one} {' '.join(map(str, row))}" for one, row in zip(pieces, rows, strict=True))]
    (folder / "small.w2v.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "small.w2v.txt", folder / "small.model"


def spec(more: str = "") -> str:
    vectors, model = files()
    return f'bpemb:"{vectors}"(pieces="{model}"{more})'


def by_hand(word: str) -> np.ndarray:
    """Vectors of the pieces of a word that have one."""
    vectors, model = files()
    known = dict(line.split(" ", 1) for line in vectors.read_text(encoding="utf-8").splitlines()[1:])
    pieces = package().SentencePieceProcessor(model_file=str(model)).encode(word, out_type=str)
    return np.array([list(map(float, known[one].split())) for one in pieces if one in known])


def test_a_word_is_the_mean_or_the_ends_of_its_pieces() -> None:
    words = ["the", "owls", "unheardof"]
    mean, ends = (load_encoder(spec(more)).vectors(words)[0] for more in ("", ", word=ends"))
    assert len(by_hand("unheardof")) > 2
    for place, word in enumerate(words):
        pieces = by_hand(word)
        np.testing.assert_allclose(mean[place], pieces.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(ends[place], np.concatenate([pieces[0], pieces[-1]]), rtol=1e-5)


def test_words_are_read_in_lower_case_with_0_for_digits_unless_as_they_are_written() -> None:
    usual, written = load_encoder(spec()), load_encoder(spec(", as_written=true"))
    assert (
        np.array_equal(usual.vector("The"), usual.vector("the"))
        and usual.rows("1987").tolist() == usual.rows("0000").tolist()
    )
    assert not np.array_equal(written.vector("The"), written.vector("the"))


@pytest.mark.filterwarnings("ignore:.*the encoder cannot read")
def test_words_of_which_no_piece_is_known_are_counted_and_one_without_a_vector_is_zero() -> None:
    corpus = Corpus.from_words([["owls", "日本"], ["the", "owls"]])
    made = load_encoder(spec())
    assert made.pieces("日本") == ["▁", "<unk>"] and made.told_of(corpus) == {"unread_words": 0.25}
    found = np.asarray(encode(corpus, spec(), poolings=("words",))[None, "words"])
    np.testing.assert_allclose(found[1], by_hand("日本").mean(axis=0), rtol=1e-5)  # of the mark of its beginning
    made.table.index.pop("▁")
    assert not load_and(made, "日本").any() and load_and(made, "owls").any()


def load_and(made: Any, word: str) -> np.ndarray:
    made._seen.clear()
    found: np.ndarray = made.vector(word)
    return found


def test_names_show_no_path_and_content_is_in_the_digest(tmp_path: Path) -> None:
    vectors, model = files()
    told = describe(spec())
    assert str(vectors.parent) not in told.name and describe(told.spec).digest == told.digest
    moved = tmp_path / "other.model"
    moved.write_bytes(model.read_bytes())
    assert describe(f'bpemb:"{vectors}"(pieces="{moved}")').digest == told.digest
    moved.write_bytes(model.read_bytes() + b"\x00")
    assert describe(f'bpemb:"{vectors}"(pieces="{moved}")').digest != told.digest


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    vectors, _ = files()
    with pytest.raises(ProbekitError, match="needs the argument 'pieces'"):
        describe(f'bpemb:"{vectors}"')
    with pytest.raises(ProbekitError, match="names no vectors"):
        describe("bpemb(pieces=a.model)")
    with pytest.raises(ProbekitError, match=r"nowhere\.model"):
        describe(f'bpemb:"{vectors}"(pieces=nowhere.model)')
    other = tmp_path / "text.model"
    other.write_text("no model", encoding="utf-8")
    with pytest.raises(ProbekitError, match="is no SentencePiece model"):
        load_encoder(f'bpemb:"{vectors}"(pieces="{other}")').vector("a")


def test_a_tagger_reads_them() -> None:
    from probekit import recipes
    from probekit.learners.tagger import SavedTagger
    from probekit.specs import Spec

    how = {"inputs": [spec()], "hidden": 4, "layers": 1, "epochs": 1, "task": "word/upos", "budget": 300}
    folder = recipes.folder(Spec("tagger", "grammar(n=30)|resplit", (), how))
    assert len(SavedTagger(folder).answers(load_corpus("grammar(n=3)"))) > 3


def numbers(text: str) -> list[float]:
    found = load_encoder(text).vectors(["The", "owls", "1987", "unheardof"])
    return fingerprint(found[0].astype(np.float64))


golden.case(
    "encoder:bpemb",
    numbers,
    spec,
    options={"word": "ends", "as_written": True},
    elsewhere={"pieces": "encoders/test_bpemb.py"},
)
test_numbers_stay, test_options_move_numbers = golden.tests()
