"""The study of principal components from its script to its figures and claims, on generated data; its rules by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from probekit.paper_figures import _pca_embeddings_view as view

import probekit as pk
from probekit import report
from probekit.grid import run_all
from probekit.report.claims import views
from probekit.study import find

STUDY = find("pca-embeddings")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """All parts on generated texts and trees, fewer of both."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PROBEKIT_DATA", "")
    out = tmp_path_factory.mktemp("results") / "pca-embeddings"
    try:
        assert all(
            len(rows) for rows in run_all(STUDY.grids({}, parts=["spectrum", "slices", "trees", "translation"]), out)
        )
    finally:
        patch.undo()
    return out


@pytest.mark.slow
def test_every_form_is_asked_and_nothing_generated_counts(results):
    rows = pk.read_results(results)
    (v,) = views(STUDY, rows)
    assert v.generated and set(v.accuracies["form"]) >= {
        "full",
        "top",
        "middle",
        "bottom",
        "centred",
        "PPA",
        "majority",
    }
    shares = v.shares[v.shares["form"].eq("full") & v.shares["table"].eq("word2vec")].set_index("part")["value"]
    assert shares["top"] > shares["middle"] > shares["bottom"] and shares.sum() == pytest.approx(1, abs=1e-6)
    assert v.bleu["removed"].tolist()[:5] == [0, 1, 2, 3, 4] and v.bleu["removed"].isna().sum() == 1
    verdicts = report.claims(STUDY, rows)
    assert len(verdicts) == 11 and set(verdicts["verdict"]) == {"not testable here"}
    assert verdicts.set_index("number").loc[11, "why"].startswith("generated data never counts")
    beside = report.against_paper(STUDY, rows)
    assert len(beside) == 289 and (beside["note"].ne("") | beside["ours"].notna()).all()


@pytest.mark.slow
def test_differences_are_paired_over_the_same_texts(results):
    """Accuracy from answers to single texts is the row's own, and a difference has the narrower interval of pairs."""
    (v,) = views(STUDY, pk.read_results(results))
    full, centred = (v.scores(form=form, table="word2vec", probe=view.AS_IS).iloc[0] for form in ("full", "centred"))
    assert v.right[full["key"]].mean() == pytest.approx(full["value"])
    assert len(v.right[full["key"]]) == full["n_test"]
    found, apart = v.contrast([(1, centred), (-1, full)]), report.apart(centred, full)
    assert found.difference == pytest.approx(apart.difference) and found.high - found.low < apart.high - apart.low
    with pytest.raises(report.NotTestable, match="were not kept"):
        v.contrast([(1, full), (-1, v.scores(form="full", task="TreeDepth (generated)").iloc[0])])


def test_what_was_removed_from_the_vectors_of_a_translation():
    spec = 'translation:"multi30k(source=fr, target=en)"(vectors={}, width=300)'
    named = {'"static:fr-fasttext|ppa(D=3)"': 3, "static:fr-fasttext": 0}
    assert {one: view.removed(spec.format(one)) for one in named} == named
    assert pd.isna(view.removed(spec.format('"gaussian(like=static:fr-fasttext)"')))


def test_forms_and_tables_by_their_specs():
    named = {
        "static:glove": ("GloVe", "full"),
        "static:glove|slice(part=top)": ("GloVe", "top"),
        "static:glove|component(i=7)": ("GloVe", "component 7"),
        "word2vec:english-novels(epochs=3)|ppa-pca(D=5, k=150)": ("word2vec", view.PPA_PCA),
        "fasttext:english-novels|pca(k=200)": ("fastText", "first 200"),
        "gaussian(like=static:glove)": ("random", "full"),
    }
    assert {name: (view.table_of(name), view.form_of(name)) for name in named} == named
    assert view.task_of("sentence/tree-depth", "wsj-sample|split-documents") == "TreeDepth (WSJ)"
    assert (
        view.task_of("sentence/label", "sst(classes=5)") == "SST5" and view.task_of("sentence/label", "sst") == "SST2"
    )
