"""`probekit attention`: every measure for a saved classifier and for a Hugging Face folder."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from attention_models import BERT_TEXTS, bert_folder, own, texts
from typer.testing import CliRunner

from probekit.cli import app
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier import save_classifier


def ask(*arguments: str | Path) -> list[dict[str, str]]:
    """Rows of the command's table."""
    found = CliRunner().invoke(app, ["attention", *map(str, arguments), "--format", "csv"], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return list(csv.DictReader(io.StringIO(found.output)))


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> tuple[Path, Path]:
    """Folder of a classifier, and a file of its test texts."""
    place = tmp_path_factory.mktemp("attention")
    words, labels = texts()
    file = place / "test.tsv"
    file.write_text("".join(f"{label}\t{' '.join(text)}\n" for label, text in zip(labels, words, strict=True)))
    return save_classifier(own(), place / "model"), file


def test_a_saved_classifier_is_measured(saved):
    model, file = saved
    rows = ask("--model", model, "--text", file, "--sample", "10", "--clusters", "5")
    assert {row["metric"] for row in rows} >= {"f1", "delta_f1_uniform", "ptp", "tau_gradient", "mi_random_shuffled"}
    assert {row["head"] for row in rows} == {"all"} and all(row["value"] for row in rows)
    again = ask("--model", model, "--text", file, "--sample", "10", "--clusters", "5")
    assert rows == again


def test_layers_and_heads_of_a_hugging_face_folder_are_axes(tmp_path):
    file = tmp_path / "x.tsv"
    file.write_text("".join(f"{'bad' if i % 2 else 'good'}\t{' '.join(t)}\n" for i, t in enumerate(BERT_TEXTS)))
    rows = ask(
        "--model", bert_folder(), "--text", file, "--layer", "all", "--head", "all", "--draws", "2", "--clusters", "2"
    )
    places = {(row["layer"], row["head"]) for row in rows}
    assert places == {(layer, head) for layer in "12" for head in ("all", "0", "1")}
    alone = {row["metric"] for row in rows if row["head"] == "1"}
    assert alone == {"f1", "delta_f1_uniform", "delta_f1_permuted", "moved_uniform", "moved_permuted"}


def test_texts_can_be_shown_word_by_word(saved):
    model, file = saved
    found = CliRunner().invoke(
        app, ["attention", "--model", str(model), "--text", str(file), "--measure", "entropy", "--words", "1"]
    )
    assert found.output.count("attention 0.") >= 8 and "alone 0." in found.output and "entropy" in found.output


def test_what_cannot_be_measured_is_named(saved, tmp_path):
    model, file = saved
    for arguments, kind, message in (
        (["--text", "grammar(n=20)"], ProbekitError, "has no labels; give labelled texts"),
        (["--text", str(file), "--measure", "mi"], UnknownName, "measure of attention 'mi'"),
        (["--text", str(file), "--layer", "two"], ProbekitError, "--layer takes numbers or all"),
        (["--text", str(file), "--positive", "c"], UnknownName, "class: 'c'"),
    ):
        with pytest.raises(kind, match=message):
            CliRunner().invoke(app, ["attention", "--model", str(model), *arguments], catch_exceptions=False)
    with pytest.raises(ProbekitError, match=r"no model in|no model '"):
        ask("--model", tmp_path, "--text", file)
