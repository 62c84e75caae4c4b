"""What a tagger is taught and asked: inputs without a vector, labels that training lacks, answers that are mended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_models import folder

import probekit as pk
from probekit import recipes, scores
from probekit.corpora import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.tagger import SavedTagger
from probekit.learners.tagger_data import mended, repaired, spans
from probekit.specs import Spec
from probekit.works.tagging import tagging

SMALL = {"hidden": 4, "layers": 1, "epochs": 1, "budget": 300}
SUBWORDS = 'subwords:"gazetteers(n=60)"(size=8, epochs=1, buckets=200)'


def test_an_input_without_a_vector_of_any_word_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("zzz 0.1 0.2\nqqq 0.3 0.4\n", encoding="utf-8")
    other = f"static:{tmp_path / 'other.txt'}"
    for inputs, which in (([other], "the input"), ([SUBWORDS, other], "input 2 of 2")):
        with pytest.raises(ProbekitError, match=f"{which} has a vector of no word"):
            pk.train_tagger("gazetteers(n=40)", tmp_path / "made", inputs=inputs, **SMALL)


def test_words_without_a_piece_of_an_encoder_that_learns_are_counted(tmp_path: Path) -> None:
    (tmp_path / "x-train.bio").write_text("the\tB-LOC\n\u200b\tO\nhouse\tO\nend\tO\n\n" * 6, encoding="utf-8")
    how = {"inputs": [f"hf:{folder('bert')}"], "layer": 1, "learn": True, "layers": 0, "epochs": 1, "budget": 300}
    found = pk.train_tagger(f"bio:{tmp_path / 'x-train.bio'}", tmp_path / "made", **how)
    assert found["unread_words"] == 0.25
    told = pk.tag(tmp_path / "made", [["the", "\u200b", "house"]])
    assert len(told[0]) == 3


@pytest.mark.parametrize("spec", ['parser:"grammar(n=40)|resplit"', 'supertagger:"ccg-grammar(n=20, n_test=5)"'])
def test_parsers_and_supertaggers_refuse_it_too(spec: str, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("zzz 0.1 0.2\nqqq 0.3 0.4\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match="the input has a vector of no word"):
        recipes.folder(f'{spec}(inputs=["static:{tmp_path / "other.txt"}"], hidden=4, epochs=1)')


def test_labels_that_training_lacks_are_missed_and_said(tmp_path: Path) -> None:
    tagger = str(Spec("tagger", "gazetteers(n=60)", (), {**SMALL, "inputs": [SUBWORDS]}))
    (tmp_path / "test.bio").write_text("Ann\tB-GOD\nran\tO\n\nRome\tB-LOC\nfell\tB-GOD\n\n", encoding="utf-8")
    rows = tagging("try", [tagger], [f"bio:{tmp_path / 'test.bio'}"], [0], ["tallies"]).run(tmp_path / "out")
    (info,) = rows[rows["metric"].eq("span_f1")]["info"]
    assert '"unseen_labels": {"GOD": 2}' in info
    assert pk.read_table(tmp_path / "out", "tallies")["gold"].sum() == 3  # they are among what is to be found


def test_a_test_part_without_spans_is_refused_and_what_was_trained_is_kept(tmp_path: Path) -> None:
    tagger = str(Spec("tagger", "gazetteers(n=60)", (), {**SMALL, "inputs": [SUBWORDS]}))
    for name, part in (("test", "test"), ("all", "asked")):
        (tmp_path / f"{name}.bio").write_text("She\tO\nran\tO\n\n" * 3, encoding="utf-8")
        grid = tagging("try", [tagger], [f"bio:{tmp_path / name}.bio"], [0], ["tallies"])
        with pytest.raises(ProbekitError, match=f"the {part} sentences of .*{name}.bio.* have no span of 'word/bio"):
            grid.run(tmp_path / "out")
    assert recipes.of(tagging("try", [tagger], ["gazetteers"], [0]).cells()[0].shared["encoder"]).made


MENDED = {"begin": ["B-A", "O", "B-A", "I-A", "B-B", "B-A"], "final-type": ["B-A", "O", "B-A", "I-A", "B-A", "I-A"]}


def test_answers_that_do_not_continue_a_span_are_counted() -> None:
    tags = np.array(["I-A", "O", "B-A", "I-A", "I-B", "I-A"], dtype=object)
    assert repaired(tags, np.array([4, 2])) == 3  # the first of each sentence, and the A after B
    assert repaired(np.array(["B-A", "I-A", "O"], dtype=object), np.array([3])) == 0
    assert mended(tags, np.array([4, 2])).tolist() == MENDED["begin"]
    assert mended(tags, np.array([4, 2]), "final-type").tolist() == MENDED["final-type"]
    with pytest.raises(UnknownName, match="repair of answers"):
        tagging("try", ["tagger:gazetteers"], ["gazetteers"], repair="first-type")


@pytest.mark.parametrize("repair", MENDED)
def test_scores_of_answers_that_break_the_scheme_are_those_of_mended_ones(repair: str, tmp_path: Path) -> None:
    how = {**SMALL, "inputs": [SUBWORDS], "head": "softmax", "layers": 0, "epochs": 1}
    tagger = str(Spec("tagger", "gazetteers(n=60)", (), dict(sorted(how.items()))))
    grid = tagging("try", [tagger], ["gazetteers(n=60, seed=1)"], [0], ["predictions"], repair=repair)
    (row,) = grid.run(tmp_path / "out").query("metric == 'span_f1'").to_dict("records")
    assert ("repair=final-type" in row["setting"]) == (repair == "final-type")
    told = pk.read_table(tmp_path / "out", "predictions")
    lengths = told.groupby("group", sort=False).size().to_numpy()
    gold, answers = (spans(told[name].to_numpy(dtype=object), lengths, repair) for name in ("gold", "predicted"))
    assert row["value"] == pytest.approx(scores.score("span_f1", gold, answers).value)
    assert repaired(told["predicted"].to_numpy(dtype=object), lengths, repair) > 0


def test_frozen_inputs_have_no_weights_and_stay_as_they_are() -> None:
    spec = Spec("tagger", "gazetteers(n=60)", (), {**SMALL, "inputs": [SUBWORDS]})
    from probekit.encoders import load_encoder

    before = load_encoder(SUBWORDS).vectors(["Ann", "ran"]).tobytes()
    tagger = SavedTagger(recipes.folder(spec))
    assert not [name for name, _ in tagger.model.named_parameters() if name.startswith("sources.")]
    corpus = Corpus.from_words([["Ann", "ran"]])
    (given,), _ = tagger.sentences(corpus).given(np.array([0]))
    assert given[0].numpy().tobytes() == before == load_encoder(SUBWORDS).vectors(["Ann", "ran"]).tobytes()
