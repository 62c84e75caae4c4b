"""Attention beside relevance: word weights, agreement and erasure, on the command line as in the study."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from attention_models import BERT_TEXTS, bert_folder, own, texts
from scipy.stats import kendalltau
from typer.testing import CliRunner

from probekit.attention.views import view_of
from probekit.cli import app
from probekit.errors import UnknownName
from probekit.learners.classifier import save_classifier
from probekit.learners.loading import load_classifier
from probekit.relevance import explain_texts, measures
from probekit.works.explanations import attention_of_words, beside_attention, explain_by_attention


@pytest.fixture(scope="module")
def classifier():
    return own()


def test_words_get_the_weights_of_their_pieces(classifier):
    words, _ = texts()
    view = view_of(classifier)
    found = attention_of_words(view, words)
    for i in (0, 3):
        alone = view.read(view.batch([words[i]])).weights[0, 0, 0]
        assert np.allclose(found[i], alone.numpy(), atol=1e-6) and found[i].sum() == pytest.approx(1, abs=1e-5)
    bert = load_classifier(bert_folder())
    view = view_of(bert)
    found = attention_of_words(view, BERT_TEXTS)
    reading = view.read(view.batch([BERT_TEXTS[0]]))
    weights, word = view.over_tokens(reading)[0].numpy(), reading.batch.word[0].numpy()
    slow = [weights[word == j].sum() for j in range(len(BERT_TEXTS[0]))]
    assert np.allclose(found[0], slow, atol=1e-6)
    assert found[0].sum() < 1  # special tokens hold the rest


def test_explanations_are_measured_as_in_the_relevance_room(classifier):
    words, _ = texts()
    words = words[:20]
    view = view_of(classifier)
    found = beside_attention(classifier, {"own": view}, words, ["attention", "lrp", "random"])
    looked = attention_of_words(view, words)
    lost = measures.comprehensiveness(classifier, words, looked)
    rows = {(row["method"], row["metric"]): row for row in found}
    assert {row["view"] for row in found if row["metric"] == "tau_attention"} == {"own"}
    assert rows["attention", "comprehensiveness"]["mean"].value == pytest.approx(lost.mean())
    relevance = [one.relevance[0] for one in explain_texts(classifier, words, "predicted", "lrp")]
    taus = [kendalltau(a, np.abs(r)).statistic for a, r in zip(looked, relevance, strict=True)]
    assert rows["lrp", "tau_attention"]["mean"].value == pytest.approx(np.nanmean(taus))
    assert ("attention", "tau_attention") not in rows and ("random", "tau_attention") not in rows
    assert rows["lrp", "comprehensiveness"]["mean"].value > rows["random", "comprehensiveness"]["mean"].value
    with pytest.raises(UnknownName, match=r"explanation 'lpr'.*lrp"):
        beside_attention(classifier, {"own": view}, words, ["lpr"])


def test_attention_takes_the_form_of_an_explanation(classifier):
    words, _ = texts()
    (one,) = explain_by_attention(classifier, words[:1], "all")
    (other,) = explain_texts(classifier, words[:1], "all", "lrp")
    assert one.classes == other.classes and np.allclose(one.scores, other.scores, atol=1e-5)
    assert np.array_equal(one.relevance[0], one.relevance[1])


def test_the_commands_put_both_side_by_side(classifier, tmp_path):
    words, labels = texts()
    file = tmp_path / "test.tsv"
    file.write_text("".join(f"{y}\t{' '.join(t)}\n" for y, t in zip(labels[:30], words[:30], strict=True)))
    model = save_classifier(classifier, tmp_path / "model")
    found = CliRunner().invoke(
        app,
        [
            "attention",
            "--model",
            str(model),
            "--text",
            str(file),
            "--measure",
            "entropy",
            "--sample",
            "10",
            "--explain",
            "lrp",
            "--explain",
            "random",
            "--format",
            "csv",
        ],
        catch_exceptions=False,
    )
    metrics = {row["metric"] for row in csv.DictReader(io.StringIO(found.output))}
    assert {"tau_attention (lrp)", "sufficiency (random)", "comprehensiveness (attention)", "entropy"} <= metrics
    page, plain = tmp_path / "page.html", tmp_path / "texts.txt"
    plain.write_text("\n".join(" ".join(t) for t in words[:2]))
    found = CliRunner().invoke(
        app,
        [
            "explain",
            "--model",
            str(model),
            "--text",
            str(plain),
            "--out",
            str(page),
            "--words",
            "blanks",
            "--method",
            "attention",
            "--method",
            "lrp",
        ],
        catch_exceptions=False,
    )
    assert found.exit_code == 0, found.output
    assert "attention" in page.read_text() and "lrp" in page.read_text()
