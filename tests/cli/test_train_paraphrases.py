"""`probekit train paraphrases` as a user meets it."""

from __future__ import annotations

import json

import pytest

from probekit.corpora import load_corpus
from probekit.encoders.activations import encode

CORPUS = "retold(n=60)"


def test_one_command_trains_from_a_two_column_file(probekit, tmp_path):
    lines = [f"A {a} dog runs.\tThe {a} dog is running.\n" for a in ("big", "red", "old", "sad", "shy")]
    (tmp_path / "pairs.tsv").write_text("".join(lines))
    asked = ["train", "paraphrases", "--pairs", "pairs.tsv", "--out", "model", "--epochs", "2", "--rare", "1"]
    told = probekit(*asked).ok().out
    assert "Encoder: saved:model" in told and "meanings: 5" in told and "mega: 1" in told
    assert json.loads((tmp_path / "model" / "config.json").read_text())["model"] == "wlo"
    probekit(*asked).ok()
    assert encode(load_corpus(CORPUS), "saved:model", poolings=["gaussian"])[None, "gaussian"].shape == (120, 100)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--model", "wordavg", "--prior", "1"], "wordavg has none"),
        (["--margin", "-1"], "margin"),
        (["--model", "wordaverage"], "among wordavg"),
        (["--unknown", "zero"], "among own, neutral"),
        (["--prior-reading", "sentence"], "among word, prefix"),
        (["--scramble", "2"], "scramble"),
    ],
)
def test_options_that_cannot_be_are_refused_before_training(probekit, options, says, tmp_path):
    probekit("train", "paraphrases", "--corpus", CORPUS, "--out", "out", *options).refused(says)
    assert not (tmp_path / "out").exists()


def test_an_empty_side_and_a_lacking_pair_are_refused(probekit, tmp_path):
    (tmp_path / "pairs.tsv").write_text("A man sleeps.\t\nA dog runs.\tA quick dog runs.\n")
    probekit("train", "paraphrases", "--pairs", "pairs.tsv", "--out", "out").refused("an empty sentence")
    probekit("train", "paraphrases", "--out", "out").refused("one of the two")
