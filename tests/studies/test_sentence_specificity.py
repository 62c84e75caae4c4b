"""The specificity study, small: encoders of generated paraphrases, its figures and claims from rows and tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from probekit import report
from probekit import study as studies
from probekit.report.claims import published, views
from probekit.scores import score
from probekit.specs import Spec
from probekit.works.specificity import specificity

experiment = import_module("probekit.experiments.sentence_specificity")
STUDY = studies.complete("sentence-specificity")
view_of = import_module("probekit.paper_figures._sentence_specificity_view")
SMALL = {"batch": 20, "epochs": 4, "hidden": 6, "mega": 1, "rare": 1, "rate": 0.05, "width": 6}
RATED, PAIRS = "retold(n=160, seed=1)", "narrowed(n=150)"


def encoder(model: str, **more: object) -> str:
    return str(Spec("paraphrases", "retold(n=160)", (), dict(sorted({**SMALL, "model": model, **more}.items()))))


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """All models on generated sentences and pairs."""
    out = tmp_path_factory.mktemp("results") / STUDY.name
    models = [encoder(model) for model in ("wordavg", "wordsum", "lstmavg")]
    models += [encoder(model, prior=0.001) for model in ("lstm-gaussian", "wlo")] + [encoder("wlo")]
    scores = ["norm", "entropy", "length", "word-frequency", "word-frequency(reduce=mean)"]
    specificity(STUDY.name, [RATED], models, scores=scores, keep=experiment.KEEP).run(out)
    specificity(STUDY.name, [PAIRS], models, tasks=["pair/more-general"], scores=["norm", "entropy"]).run(out)
    return out


def test_models_are_called_as_the_paper_calls_them(results):
    view = views(STUDY, report.read_results(results))[0]
    called = {*view_of.TRAINED, view_of.NO_PRIOR, "Length", "Word Freq. SUM", "Word Freq. AVG", "WLO (norm)"}
    assert called <= set(view.rows["model"]) and view.generated and view.mark == "-generated"
    assert view_of._model("glove", "norm", "sum", "") == "GloVe SUM"
    assert view_of._model("hf:all-mpnet-base-v2-1a2b3c4d", "norm", "cls", 3) == "MPNet CLS"
    assert view_of._model('paraphrases:"x(n=1)"(mega=1)', "cosine", "sentence", "") == "WLO, mean alone"


def test_differences_are_paired_over_sentences(results):
    view = views(STUDY, report.read_results(results))[0]
    domain = view.domains[0]
    gap = view.gap("WORDSUM", "WORDAVG", domain)
    rows = [view.spearman(model, domain)["value"] for model in ("WORDSUM", "WORDAVG")]
    assert gap.difference == pytest.approx(rows[0] - rows[1]) and gap.n == 320 and gap.low < gap.difference < gap.high
    own = view.scores("WORDSUM", domain)
    assert score("spearman", own["gold"], own["score"]).value == pytest.approx(rows[0])


def test_words_of_the_operators_travel_with_the_rows(results):
    view = views(STUDY, report.read_results(results))[0]
    words = view.words("WLO")
    assert words["rank"].tolist() == list(range(1, len(words) + 1)) and np.isfinite(words["entropy"]).all()


def test_figures_claims_and_numbers_beside_the_paper(results):
    with pytest.warns(UserWarning, match="is left out"):
        made = report.publish(STUDY.name, results)
    names = {path.name for path in made}
    figures = {f"figure-{name}-generated.png" for name in ("table-2", "length", "table-4", "words", "scatter-length")}
    assert figures | {"table-5-generated.md", "table-6-generated.md", "claims-generated.md"} <= names
    claims = report.claims(STUDY.name, report.read_results(results))
    assert len(claims) == 9 and set(claims["verdict"]) == {"not testable here"}


def test_published_numbers_are_all_there():
    assert len(published(STUDY)) == 118
    assert [part.name for part in STUDY.parts.values() if part.usual] == [
        "rated",
        "pairs",
        "layers",
        "similar",
        "polarity",
    ]


def test_where_the_data_is_not_at_hand_generated_data_stands_for_it():
    grids = STUDY.grids(parts=["rated", "pairs"], quiet=True)
    assert all(cell.generated for grid in grids for cell in grid.cells())
