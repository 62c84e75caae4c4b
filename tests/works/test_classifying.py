"""Text classifiers as a grid: scores on development and test texts, what is kept, what is refused."""

from __future__ import annotations

import json

import pytest

import probekit as pk
from probekit import recipes, scores
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError
from probekit.learners.classifier import load_own
from probekit.learners.classifier_training import part, predict_logits
from probekit.works.classifying import classifying, commonest, made

CORPUS = "cues(n=120)|resplit(dev=0.2, test=0.3)"
SPEC = f'classifier:"{CORPUS}"(model=pooled-linear, vectors="random(width=8)", epochs=4, rate=0.05)'


def test_scores_are_those_of_the_classifier_on_its_own_parts(tmp_path):
    found = classifying("try", [SPEC], seeds=[0, 1], keep=["predictions"]).run(tmp_path)
    assert set(found["metric"]) == {"accuracy", "macro_auc"} and set(found["split"]) == {"dev", "test"}
    assert found["dataset"].nunique() == 1 and set(found["task_group"]) == {"classification"}
    one = load_own(recipes.folder(made({"encoder": SPEC, "seed": 1})))
    texts, gold = part(load_corpus(CORPUS), "test")
    logits = predict_logits(one, texts)
    own = found[found["seed"].eq(1) & found["split"].eq("test")].set_index("metric")
    assert own.loc["macro_auc", "value"] == pytest.approx(scores.macro_auc(gold, logits, one.labels).value)
    told = [one.labels[at] for at in logits.argmax(axis=1)]
    assert own.loc["accuracy", "value"] == pytest.approx(scores.get("accuracy")(gold, told))
    info = json.loads(own.loc["accuracy", "info"])
    assert info["majority"] == pytest.approx(max(gold.count(label) for label in set(gold)) / len(gold), abs=0.1)
    kept = pk.read_table(tmp_path, "predictions")
    kept = kept[kept["key"].eq(own.loc["accuracy", "key"])].sort_values("unit")
    assert kept["predicted"].astype(str).tolist() == told and kept["gold"].astype(str).tolist() == gold


def test_the_commonest_label_and_what_is_refused(tmp_path):
    assert commonest(["b", "a", "b", "a", "c"]) == "a"
    with pytest.raises(ProbekitError, match="is no classifier of a corpus"):
        classifying("try", ["subwords:cues(size=4)"]).run(tmp_path)
    with pytest.raises(ProbekitError, match="says its seed"):
        classifying("try", [SPEC[:-1] + ", seed=3)"]).run(tmp_path)
