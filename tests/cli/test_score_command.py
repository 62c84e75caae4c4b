"""`probekit train classifier` and `probekit score`: what a classifier reaches, now and later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_classifiers import GOLD, TEXTS, classifier_folder

from probekit.learners.classifier_training import predict_logits
from probekit.learners.loading import load_classifier

CORPUS = "cues(n=240)|lower"
TRAINED = ("train", "classifier", CORPUS, "--vectors", "random(width=8)", "--model", "text-cnn(filters=8)",
           "--rate", "0.01", "--epochs", "3", "--out", "model")  # fmt: skip


def table(said: str) -> list[str]:
    """Lines of the scores."""
    lines = said.splitlines()
    return lines[next(k for k, line in enumerate(lines) if "ci_low" in line) :]


def test_training_says_what_it_reached_and_scoring_says_it_again(probekit):
    first = probekit(*TRAINED).ok().out
    assert [line.split()[:2] for line in table(first)[1:]] == [
        [split, metric] for split in ("dev", "test") for metric in ("accuracy", "macro_f1")
    ]
    again = probekit(*TRAINED).ok().out
    assert again == first and "dev_loss: " in again and "Classifier: model" in again
    later = probekit("score", "--model", "model", "--corpus", CORPUS, "--out", "deep/scores.csv").ok().out
    assert table(later) == table(first)
    rows = pd.read_csv("deep/scores.csv")
    assert list(rows["majority"].round(3)) == [0.5, 0.333] * 2 and (rows["ci_low"] < rows["value"]).all()
    one = probekit("score", "--model", "model", "--corpus", CORPUS, "--split", "test").ok().out
    assert table(one)[1:] == table(first)[3:]


def test_scores_are_those_of_the_texts_that_can_be_read(probekit):
    model = classifier_folder("bert")
    lines = [f"{label}\t{' '.join(words)}\n" for words, label in zip(TEXTS, GOLD, strict=True)]
    long = f"bad\t{' '.join(TEXTS[0] * 12)}\n"
    Path("texts.tsv").write_text("".join([*lines, long]))
    found = probekit("score", "--model", model, "--corpus", "texts.tsv", "--out", "scores.csv").ok()
    assert "text 5 is left out: 'sequence-bert' reads 38 of its 84 words" in found.err
    assert "4 of 5 texts scored" in found.err and "split" not in found.out
    made = load_classifier(model)
    right = np.mean(
        [made.labels[k] == gold for k, gold in zip(predict_logits(made, TEXTS).argmax(1), GOLD, strict=True)]
    )
    rows = pd.read_csv("scores.csv").set_index("metric")
    assert rows.loc["accuracy", "value"] == pytest.approx(right) and (rows["n"] == 4).all()
    assert (rows["n"] == 4).all() and rows.loc["accuracy", "majority"] == 0.5
    cut = probekit("score", "--model", model, "--corpus", "texts.tsv", "--long", "cut", "--out", "scores.csv").ok()
    assert "left out" not in cut.err and (pd.read_csv("scores.csv")["n"] == 5).all()
    asked = ("score", "--model", model, "--corpus", "texts.tsv", "--long", "windows", "--out", "scores.csv")
    assert "text 5 is read in 3 windows" in probekit(*asked).ok().err
    assert (pd.read_csv("scores.csv")["n"] == 5).all()


def test_what_cannot_be_scored_is_refused(probekit):
    model = classifier_folder("bert")
    probekit("score", "--model", model, "--corpus", "grammar(n=20)").refused("has no labels; give labelled texts")
    probekit("score", "--model", model, "--corpus", "cues(n=60)").refused("its label 'a' is none of the classifier's")
    probekit("score", "--model", model, "--corpus", "cues(n=60)", "--split", "tset").refused("did you mean test")
    Path("folder").mkdir()
    probekit("score", "--model", model, "--corpus", "cues", "--out", "folder").refused("--out names a file")


def test_a_classifier_is_no_encoder(probekit):
    made = classifier_folder("text-cnn")
    asked = ("run", "quickstart", "--corpus", "grammar(n=20)", "--task", "word/upos", "--encoder", f"saved:{made}")
    probekit(*asked).refused("'own-text-cnn' is a text classifier (text-cnn), no encoder", "score --model")


def test_a_training_that_failed_lets_a_mended_one_begin_in_its_folder(probekit):
    rows = ["label\ttext\tsplit", "a\tx y\ttrain", "a\tz\ttrain", "a\tx\tdev", "b\tz\tdev"]
    Path("texts.tsv").write_text("\n".join(rows) + "\n")
    asked = ("train", "classifier", "text:texts.tsv", "--vectors", "random(width=8)", "--epochs", "2", "--out", "model")
    probekit(*asked).refused("the class 'b' of dev has no text in train")
    probekit("score", "--model", "model", "--corpus", "texts.tsv").refused("'model' holds an unfinished training")
    Path("texts.tsv").write_text("\n".join([*rows, "b\tz\ttrain"]) + "\n")
    assert "Classifier: model" in probekit(*asked).ok().out
    probekit(*asked, "--seed", "3").refused("'model' holds another model (classifier:text:texts.tsv-")
