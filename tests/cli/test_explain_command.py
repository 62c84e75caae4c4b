"""`probekit explain`, and with it `attention`: every architecture answered or refused by name, one text at a time."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from tiny_classifiers import EVERY, GOLD, OWN, TEXTS, classifier_folder

from probekit.attention.reporting import MEASURES
from probekit.learners.loading import load_classifier
from probekit.relevance.catalogue import methods

EXPLAINERS = ("attention", *methods.names())
# What an architecture has no answer to; everything else is answered.
NO_LRP = ("modernbert", "gpt2", "bart", "t5", "deberta", "xlnet")
NO_ATTENTION = {
    "bart": "three kinds", "t5": "three kinds", "deberta": "cannot be reached", "xlnet": "cannot be reached",
    "text-cnn": "shows no attention",
}  # fmt: skip


def write_texts(texts=TEXTS, name: str = "texts.txt") -> str:
    Path(name).write_text("".join(f"{' '.join(words)}\n" for words in texts), encoding="utf-8")
    return name


def write_labelled(texts=TEXTS, gold=GOLD, name: str = "texts.tsv") -> str:
    lines = (f"{label}\t{' '.join(words)}\n" for words, label in zip(texts, gold, strict=True))
    Path(name).write_text("".join(lines), encoding="utf-8")
    return name


@pytest.mark.parametrize("kind", EVERY)
def test_every_method_answers_or_refuses_every_architecture_by_name(probekit, kind):
    every = [word for name in EXPLAINERS for word in ("--method", name)]
    found = probekit("explain", "--model", classifier_folder(kind), "--text", write_texts(), *every).ok()
    absent = {name for name in EXPLAINERS if f"note: {name} is left out" in found.err}
    assert absent == {*(["lrp"] if kind in NO_LRP else []), *(["attention"] if kind in NO_ATTENTION else [])}
    for name in set(EXPLAINERS) - absent:
        assert "text 4: " in found.out and f"; {name} of " in found.out
    if "lrp" in absent:
        assert "knows the transformers bert, roberta" in found.err
        probekit("explain", "--model", classifier_folder(kind), "--text", "texts.txt").refused("gradient-x-input")
    if kind in NO_ATTENTION:
        assert NO_ATTENTION[kind] in found.err


@pytest.mark.parametrize("kind", EVERY)
def test_every_measure_answers_or_refuses_every_architecture_by_name(probekit, kind):
    asked = ["attention", "--model", classifier_folder(kind), "--text", write_labelled(), "--clusters", "2"]
    if kind in NO_ATTENTION:
        probekit(*asked).refused(NO_ATTENTION[kind])
        return
    found = probekit(*asked, "--explain", "lrp", "--explain", "sa", "--format", "csv").ok()
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert {"f1", "entropy", "ptp", "tau_gradient", "mi_random", "sufficiency (sa)"} <= {row["metric"] for row in rows}
    assert ("note: lrp is left out" in found.err) == (kind in NO_LRP)
    for measure in MEASURES:
        assert f"note: {measure}" not in found.err


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind not in OWN])
def test_answers_are_those_of_the_library_for_texts_alone(kind):
    import torch

    made = load_classifier(classifier_folder(kind))
    batch = made.batch(TEXTS)
    with torch.no_grad():
        ours = made.logits(made.embed(batch), batch).numpy()
        for row, n in enumerate(batch.lengths):
            alone = made.module(input_ids=batch.ids[row : row + 1, :n]).logits[0].numpy()
            np.testing.assert_allclose(ours[row], alone, atol=2e-5)


def test_one_bad_text_stops_one_text(probekit):
    long = TEXTS[0] * 12
    model = classifier_folder("bert")
    asked = ["explain", "--model", model, "--text", write_texts([TEXTS[0], long, TEXTS[2]]), "--out", "page.html"]
    found = probekit(*asked).ok()
    assert "text 2 is left out: 'sequence-bert' reads 38 of its 84 words at once; --long cut" in found.err
    assert "note: 2 of 3 texts explained" in found.err and "text 3: " in found.out and "text 2" not in found.out
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<h2>text 3</h2>" in page and "<h2>text 2</h2>" not in page and "text 2 is left out" in page
    cut = probekit(*asked, "--long", "cut").ok()
    assert "text 2 is read without its last 46 words" in cut.err and "text 2: " in cut.out
    assert "left out" not in cut.err
    whole = probekit(*asked, "--long", "windows", "--method", "lrp", "--method", "sa", "--method", "attention").ok()
    assert (
        "text 2 is read in 3 windows: its scores are their means by words" in whole.err and "left out" not in whole.err
    )
    page = Path("page.html").read_text(encoding="utf-8").partition("<h2>text 2</h2>")[2].partition("<h2>text 3</h2>")[0]
    assert page.count("<span ") == 3 * len(long)
    probekit(*asked, "--long", "pieces").refused("unknown way with long texts: 'pieces'; known: cut, refuse, windows")
    write_texts([long])
    probekit(*asked).refused("no text is left of 1; text 1: 'sequence-bert' reads 38 of its 84 words")


def test_a_text_of_unknown_words_stops_one_text(probekit):
    texts = write_texts([["zzz", "qqq"], TEXTS[0]])
    found = probekit("explain", "--model", classifier_folder("text-cnn"), "--text", texts).ok()
    assert "text 1 is left out: 'text-cnn' knows none of its words" in found.err and "text 2: " in found.out


def test_attention_measures_the_texts_that_it_can(probekit):
    texts = write_labelled([TEXTS[0], TEXTS[0] * 12, *TEXTS[1:]], ["bad", "bad", "good", "worse", "bad"])
    asked = ["attention", "--model", classifier_folder("bert"), "--text", texts, "--measure", "entropy"]
    found = probekit(*asked).ok()
    assert "text 2 is left out: 'sequence-bert' reads 38 of its 84" in found.err
    assert "text 4 is left out: its label 'worse' is none of the classifier's (bad, good)" in found.err
    assert "3 of 5 texts measured" in found.err and "3 texts, classes bad, good" in found.out
    cut = probekit(*asked, "--long", "cut").ok()
    assert "4 of 5 texts measured" in cut.err and "text 2 is read without its last 46 words" in cut.err
    probekit(*asked, "--long", "windows").refused("which a text in windows has not: --long cut")


def test_what_is_asked_is_checked_before_texts_are_explained(probekit):
    asked = ["explain", "--model", classifier_folder("bert"), "--text", write_texts()]
    Path("file").write_text("x")
    Path("folder").mkdir()
    probekit(*asked, "--out", "file/page.html").refused("file' is a file, not a folder")
    probekit(*asked, "--out", "folder").refused("'folder' is a folder; --out names a file")
    missing = ["explain", "--model", "gone", "--text", "gone.txt"]
    probekit(*missing, "--method", "integrated-gradients(steps=0)").refused(
        "steps of this explainer is a whole number from 1"
    )
    probekit(*missing, "--method", "gradients").refused("unknown explanation 'gradients'; did you mean gradient")
    probekit(*missing, "--rules", "lrpp").refused("unknown rule or preset 'lrpp'; did you mean lrp")
    probekit(*missing, "--units", "mean").refused("unknown reduction of relevance 'mean'")
    assert not list(Path().glob("*.html"))


def test_texts_are_prepared_as_the_classifier_was_trained(probekit):
    corpus = "cues(n=160)|digits(mark=NUMBER)|truncate(n=3)"
    probekit("train", "classifier", corpus, "--vectors", "random(width=8)", "--epochs", "1", "--out", "model").ok()
    assert json.loads(Path("model/texts.json").read_text()) == {
        "steps": ["digits(mark=NUMBER)", "truncate(n=3)"],
        "words": "treebank",
    }
    first = load_classifier("model").words[-1]
    texts = write_texts([[first, "1999", first, first, first]])
    probekit("explain", "--model", "model", "--text", texts, "--out", "page.html").ok()
    page = Path("page.html").read_text(encoding="utf-8")
    assert ">NUMBER</span>" in page and ">1999</span>" not in page and page.count(f">{first}</span>") == 2
