"""`probekit train tuned` as a user meets it: files nobody has seen, any task, refused by name."""

from __future__ import annotations

import json

import pytest
from tiny_models import folder

from probekit import encoders
from probekit.corpora import load_corpus
from probekit.encoders.activations import encode
from probekit.errors import ProbekitError
from probekit.learners.tuning.saved import SavedTuned


def test_a_table_of_pairs_tunes_an_encoder_that_is_read_back(probekit, tmp_path):
    for part in ("train", "dev", "test"):
        lines = ["sentence1\tsentence2\tlabel"]
        lines += [f"the house {k}\tthe {('street', 'river')[k % 2]} {part}\t{('near', 'far')[k % 2]}" for k in range(9)]
        (tmp_path / f"mine-{part}.tsv").write_text("\n".join(lines) + "\n")
    corpus = "pairs:mine-train.tsv,mine-dev.tsv,mine-test.tsv"
    asked = ["train", "tuned", corpus, "--task", "pair/label", "--model", f"hf:{folder('bert')}", "--out", "made"]
    asked += ["--objective", "alice(radius=0.1)", "--epochs", "2", "--batch", "4", "--rate", "0.001", "--learn", "2,3"]
    told = probekit(*asked).ok().out
    assert "Encoder: hf:made" in told and "units_train: 9" in told
    record = json.loads((tmp_path / "made" / "tuned.json").read_text())
    assert set(record["found"]["terms"][0]) == {"label-adversarial", "virtual"} and record["tasks"][0]["labels"] == [
        "far",
        "near",
    ]
    assert len(SavedTuned(tmp_path / "made").predict(load_corpus(corpus))) == 9
    assert encode(load_corpus("cues(n=28)"), "hf:made", layers=[3], poolings=["mean"])[3, "mean"].shape == (28, 32)
    assert encoders.describe("saved:made").digest == encoders.describe("hf:made").digest  # one encoder, however named
    (tmp_path / "made" / "recipe.json").rename(tmp_path / "aside.json")
    with pytest.raises(ProbekitError, match=r"loaded as hf:.*made"):
        encoders.describe("saved:made")  # nothing says that it was written here
    (tmp_path / "aside.json").rename(tmp_path / "made" / "recipe.json")
    probekit(*asked).ok()  # done already


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--task", "sentence/lable"], "sentence/label"),
        (["--objective", "alise"], "alice"),
        (["--objective", "coco", "--head", "mlp"], "needs head=embedding"),
        (["--model", "static:none.txt"], "none.txt"),
        (["--rate", "-1"], "rate"),
        (["--learn", "some"], "all, head"),
        (["--dtype", "int8"], "bfloat16"),
        (["--pooling", "median"], "mean"),
        (["--also", "cues(n=28)"], "together"),
    ],
)
def test_options_that_cannot_be_are_refused_before_training(probekit, options, says, tmp_path):
    asked = ["train", "tuned", "cues(n=60)|resplit", "--out", "out"]
    if "--model" not in options:
        asked += ["--model", f"hf:{folder('bert')}"]
    probekit(*asked, *options).refused(says)
    assert not (tmp_path / "out" / "tuned.json").exists()
