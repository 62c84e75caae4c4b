"""Polarity sensitivity as rows: against a plain count, what is left out of the pairs, tuned classifiers, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from test_golden_encoders import hf

from probekit import encode, probes, read_table, recipes
from probekit.corpora import load_corpus
from probekit.corpora.flips import flips_of
from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.learners.classifier_training import predict_logits
from probekit.learners.loading import load_classifier
from probekit.specs import Spec

PHRASES = "polarity-phrases(n=200)"
LINEAR = "mlp(epochs=5, layers=0, rate=0.01)"


def grid(dataset: str = PHRASES, keep: tuple[str, ...] = (), **axes: list) -> Grid:
    usual = {"dataset": [dataset], "encoder": [hf()], "layer": [1], "pooling": ["mean"], "probe": [LINEAR], "seed": [0]}
    return Grid("try", "polarity", {**usual, **axes}, keep, ["dataset", "encoder", "layer", "pooling", "probe"])


def found(rows, metric: str, **where: object) -> float:
    kept = rows[rows["metric"].astype(str).eq(metric)]
    for name, value in {"subset": "", **where}.items():
        kept = kept[kept[name].astype(str).eq(str(value))]
    (value,) = kept["value"]
    return float(value)


def test_rows_are_what_a_plain_count_says(tmp_path):
    rows = grid(keep=("groups",), seed=[0, 3]).run(tmp_path)
    corpus = load_corpus(PHRASES)
    parts, labels = (corpus.sentences[name].to_numpy().astype(object) for name in ("split", "label"))
    vectors = np.asarray(encode(corpus, hf(), [1])[1, "mean"])
    train, dev = parts == "train", parts == "dev"
    probe = probes.get("mlp")(epochs=5, layers=0, rate=0.01, seed=3)
    probe.fit(vectors[train], labels[train], dev=(vectors[dev], labels[dev]))
    right = probe.predict(vectors) == labels
    known = {text for text, part in zip(corpus.texts, parts, strict=True) if part in ("train", "dev")}
    pairs = [
        (line.sentence, line.sentence2, line.kind)
        for line in flips_of(corpus).itertuples()
        if not line.fell and parts[line.sentence] == "test"
        if not {corpus.texts[line.sentence], corpus.texts[line.sentence2]} & known
    ]
    both = np.array([right[one] and right[other] for one, other, _ in pairs])
    own = rows[rows["seed"].eq(3)]
    assert found(own, "pss") == pytest.approx(both.mean())
    assert found(own, "accuracy", split="test") == pytest.approx(right[parts == "test"].mean())
    assert found(own, "accuracy", subset="side=flip") == pytest.approx(np.mean([right[b] for _, b, _ in pairs]))
    assert found(own, "relative_pss") == pytest.approx(both.mean() / right[parts == "test"].mean())
    words = np.array([kind == "one word" for *_, kind in pairs])
    assert found(own, "pss", subset="kind=one word") == pytest.approx(both[words].mean())
    assert found(own, "pss") <= min(found(own, "accuracy", subset=f"side={side}") for side in ("text", "flip"))
    info = json.loads(own["info"].iloc[0])
    assert info["pairs"] == len(pairs) and info["fell"]["only leaves words out"] > 0
    groups = read_table(tmp_path, "groups")
    groups = groups[groups["key"].astype(str).eq(str(own["key"].iloc[0])) & groups["split"].astype(str).eq("pairs")]
    assert (groups["right"] == groups["n"]).mean() == pytest.approx(both.mean())


def written(folder: Path, flip: str) -> str:
    """Texts with flips of which test has one pair, with this flip."""
    lines = ["label\ttext\tflip\tsplit"]
    lines += [f"{('neg', 'pos')[i % 2]}\tseen {i}\t\t{'train' if i < 12 else 'dev'}" for i in range(16)]
    lines += [f"neg\ta bad house\t{flip}\ttest", "pos\tgood\t\ttest"]
    (folder / "texts.tsv").write_text("\n".join(lines) + "\n")
    return f"flips:{folder / 'texts.tsv'}"


@pytest.mark.parametrize(
    ("flip", "why"),
    [("SEEN 3", "is learned from"), ("bad a house", "says the same words"), ("a house", "only leaves words out")],
)
def test_pairs_that_do_not_count_are_told_and_none_left_is_no_score(tmp_path, flip, why):
    rows = grid(written(tmp_path, flip)).run(tmp_path / "out")
    assert np.isnan(found(rows, "pss")) and np.isfinite(found(rows, "accuracy", split="test"))
    assert json.loads(rows["info"].iloc[0])["fell"] == {why: 1}
    assert "no pair is left" in str(rows[rows["metric"].eq("pss")]["note"].iloc[0])


def test_layers_that_are_not_there_are_left_out_and_said(tmp_path):
    asked = grid(layer=["last", 0, 9])
    rows = asked.run(tmp_path)
    assert sorted(set(rows["layer"])) == [0, 2]
    assert len(asked.remarks()) == 1 and "9 is not one of them" in asked.remarks()[0]


def test_a_corpus_without_flips_or_without_training_texts_is_refused(tmp_path):
    for dataset, message in (
        ("topics(n=60)", "has no flips"),
        (f"{PHRASES}|split(test)", "no flips|no training texts"),
    ):
        with pytest.raises(ProbekitError, match=message):
            grid(dataset).run(tmp_path / dataset[:4])


def test_a_classifier_trained_with_its_vectors(tmp_path):
    options = {"batch": 16, "epochs": 20, "model": "deep-average", "rate": 0.03, "trainable": True}
    phrases = "polarity-phrases(n=500)"
    made = Spec("classifier", phrases, (), {**options, "vectors": "random(width=20)"})
    rows = Grid("try", "tuned-polarity", {"dataset": [phrases], "encoder": [str(made)]}).run(tmp_path)
    corpus, classifier = load_corpus(phrases), load_classifier(recipes.folder(made))
    test = corpus.sentences["split"].eq("test").to_numpy()
    told = predict_logits(classifier, [corpus.words(int(place)) for place in np.flatnonzero(test)]).argmax(axis=1)
    right = np.array(classifier.labels)[told] == corpus.sentences["label"].to_numpy()[test]
    assert found(rows, "accuracy", split="test") == pytest.approx(right.mean())
    # A mean of words knows an exchanged adjective, and of `not` only that it is there.
    assert found(rows, "pss", subset="kind=one word") > found(rows, "pss", subset="kind=negation")
