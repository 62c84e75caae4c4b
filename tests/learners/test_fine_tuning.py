"""An encoder fine-tuned on labelled texts: learns, is read by the library and by relevance, goes on after a break."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tiny_models import folder
from transformers import AutoModelForSequenceClassification

from probekit import recipes, relevance
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.learners import fine_tuning
from probekit.learners.classifier_training import predict_logits
from probekit.learners.fine_tuning import fine_tune
from probekit.learners.loading import load_classifier
from probekit.specs import Spec
from probekit.training.loop import Settings


def corpus(n=60):
    rng = np.random.default_rng(0)
    words = {"old": ["house", "street", "garden"], "new": ["children", "river", "reading"]}
    texts, labels = [], []
    for k in range(n):
        label = ("old", "new")[k % 2]
        texts.append(["the", *rng.permutation(["the", "and", words[label][int(rng.integers(3))], "was"])])
        labels.append(label)
    split = ["train" if k < n * 2 // 3 else "dev" for k in range(n)]
    return Corpus.from_words(texts, label=labels, split=split)


@pytest.mark.slow
def test_a_fine_tuned_encoder_is_a_classifier_that_relevance_explains(tmp_path):
    longer = Settings(rate=2e-3, epochs=24, patience=24)
    progress = fine_tune(corpus(), f"hf:{folder('bert')}", tmp_path / "made", tmp_path / "progress", longer)
    # Losses of single epochs are noise, and the little tokenizer is not the same in every process.
    assert progress.best_loss < np.log(2)
    assert {file.suffix for file in (tmp_path / "made").iterdir()} == {".json", ".safetensors"}
    read = load_classifier(tmp_path / "made")
    assert read.labels == ("new", "old")
    texts = [["the", "house", "was"], ["the", "river", "was"]]
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "made").eval()
    batch = read.batch(texts)
    with torch.no_grad():
        logits = model(input_ids=batch.ids, attention_mask=batch.mask.long()).logits.numpy()
    np.testing.assert_allclose(predict_logits(read, texts), logits, atol=1e-5)
    assert json.loads((tmp_path / "made" / "config.json").read_text())["id2label"] == {"0": "new", "1": "old"}
    for one in relevance.explain_texts(read, texts, "all"):
        assert np.abs(one.gap).max() < 1e-3 and np.abs(one.relevance).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize("epochs", [0, 2])
def test_an_interrupted_fine_tuning_goes_on_to_the_same_weights(tmp_path, monkeypatch, epochs):
    source, data = f"hf:{folder('distilbert')}", corpus(40)
    settings = Settings(rate=1e-3, epochs=3, patience=3)
    fine_tune(data, source, tmp_path / "whole", tmp_path / "progress-of-whole", settings)

    class Stop(Exception):
        pass

    seen = []

    def stopping(classifier, texts):
        seen.append(1)
        if len(seen) == epochs + 1:
            raise Stop
        return predict_logits(classifier, texts)

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(fine_tuning, "predict_logits", stopping)
        fine_tune(data, source, tmp_path / "part", tmp_path / "progress", settings)
    state = tmp_path / "progress" / "state" / "progress.json"
    assert state.exists() == bool(epochs) and not (tmp_path / "part").exists()
    assert not epochs or json.loads(state.read_text())["epoch"] == epochs
    # Before an epoch has ended there is nothing to go on from, and nothing that keeps another recipe out.
    assert [file.name for file in (tmp_path / "progress").iterdir()] == ["state"]
    fine_tune(data, source, tmp_path / "part", tmp_path / "progress", settings)
    again, whole = (load_classifier(tmp_path / name) for name in ("part", "whole"))
    texts = [["the", "house", "was"]]
    np.testing.assert_array_equal(predict_logits(again, texts), predict_logits(whole, texts))


def test_bad_requests_are_refused_before_training(tmp_path):
    table = 'word2vec:"grammar(n=50)"(size=4, epochs=1)'
    with pytest.raises(ProbekitError, match="no Hugging Face encoder"):
        fine_tune(corpus(), table, tmp_path / "x", tmp_path / "progress")
    with pytest.raises(ProbekitError, match="no Hugging Face encoder"):
        recipes.of(Spec("fine-tuned", "cues(n=28)", (), {"model": table}))
    spec = Spec("fine-tuned", "cues(n=28)", (), {"model": f"hf:{folder('bert')}"})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with pytest.raises(ProbekitError, match="holds other files"):
        recipes.into(tmp_path / "full", spec)
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["note.txt"]
    one = Corpus.from_words([["a"], ["b"]], label=["x", "x"], split=["train", "dev"])
    with pytest.raises(ProbekitError, match="needs two classes"):
        fine_tune(one, f"hf:{folder('bert')}", tmp_path / "y", tmp_path / "progress-of-y")
