"""The study of meta-embeddings on two small tables: what each table is of, paired means, claims on copies."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probekit.experiments import geometric_meta_embeddings as experiment
from probekit.paper_figures import _geometric_meta_embeddings_view as view

from probekit import report
from probekit import study as studies
from probekit.embeddings.steps.combining import geo_average
from probekit.embeddings.table import WordTable
from probekit.report.claims import check, published, views

STUDY = studies.complete("geometric-meta-embeddings")
WORDS = [f"w{i}" for i in range(60)]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, pd.DataFrame]:
    """A folder of results of two tables, one the other rotated and noisy, on six sets of rated pairs; and its rows,
    named as those of the study."""
    place = tmp_path_factory.mktemp("tables")
    draw = np.random.default_rng(0)
    X = draw.normal(size=(len(WORDS), 6)) * [3, 2, 2, 1, 1, 1]
    Z = X @ np.linalg.qr(draw.normal(size=(6, 6)))[0] + 0.5 * draw.normal(size=X.shape)
    tables = [
        f"static:{WordTable(WORDS, one.astype(np.float32)).save(place / name)}" for one, name in ((X, "x"), (Z, "z"))
    ]
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    sets = []
    for name in experiment.SIMILARITY:
        pairs = draw.integers(len(WORDS), size=(40, 2))
        ratings = np.einsum("ij,ij->i", unit[pairs[:, 0]], unit[pairs[:, 1]]) + 0.2 * draw.normal(size=40)
        lines = [f"w{a}\tw{b}\t{rating:.3f}\n" for (a, b), rating in zip(pairs, ratings, strict=True)]
        (place / f"{name}.tsv").write_text("".join(lines))
        sets.append(f"similarity:{place / name}.tsv")
    changed = list(experiment.copies_of(tables[0]))
    asked = [
        *experiment.made_of(*tables),
        tables[0],
        *(experiment.combined("average", tables[0], copy, **experiment.ROWS) for copy in changed),
        *(
            experiment.combined("geo-average", tables[0], copy, c=experiment.CHOSEN, **experiment.ROWS)
            for copy in (*changed, tables[0])
        ),
    ]
    out = tmp_path_factory.mktemp("results") / STUDY.name
    rows = experiment.ask(asked, sets, "predictions").run(out)
    return out, rows.assign(encoder=_as_ours(rows["encoder"]), task=_as_sets(rows["task"]))


def _as_ours(encoders: pd.Series) -> pd.Series:
    """The made tables under the names of GloVe and CBOW."""
    return encoders.astype(str).replace({r"static:x-\w+": "static:glove", r"static:z-\w+": "word2vec:n"}, regex=True)


def _as_sets(tasks: pd.Series) -> pd.Series:
    return tasks.astype(str).replace(r"similarity:([\w-]+)\.tsv.*", r"similarity/\1", regex=True)


def test_a_mean_of_benchmarks_is_that_of_the_rows_and_differences_are_paired(made):
    out, rows = made
    (v,) = views(STUDY, rows, out)
    own = v.own("GloVe+CBOW", view.GEO_AVG)
    assert v.value(own, view.WS).difference == pytest.approx(own["value"].mean(), abs=1e-9) and len(own) == 6
    same = v.less(own, own, view.WS)
    assert same.difference == same.low == same.high == 0 and same.n == 240
    gain, apart = v.gain("GloVe+CBOW", view.GEO_AVG, view.AVG, view.WS), v.value(own, view.WS)
    assert gain.low < gain.difference < gain.high and gain.high - gain.low < 2 * (apart.high - apart.low)
    assert v.better_source("GloVe+CBOW", view.WS) == "GloVe"
    assert abs(v.value(v.own("GloVe+CBOW", view.RANDOM), view.WS).difference) < 0.3 < apart.difference
    with pytest.raises(report.NotTestable, match="needs MSR"):
        v.value(own, view.WA)


def test_signs_turned_over_cost_the_plain_mean_all_and_the_geometric_one_nothing(made):
    out, rows = made
    (v,) = views(STUDY, rows, out)
    assert v.copies(view.NEGATIVE, view.AVG)[1.0]["value"].isna().all()
    gone = v.less(v.copies(view.SIGNS, view.AVG)[1.0], v.copies(view.SIGNS, view.AVG)[0.0], view.WS)
    assert gone.high < 0
    itself = v.scores(kind="copy", change=view.ITSELF, method=view.GEO_AVG)
    assert v.less(v.copies(view.NEGATIVE, view.GEO_AVG)[1.0], itself, view.WS).difference == pytest.approx(0, abs=1e-6)
    claim = check(STUDY, v).set_index("number")
    assert "-x: AVG undefined on all sets" in claim.loc[7, "ours"]
    assert claim.loc[1, "why"].startswith("the three pairs of the paper are needed; there are GloVe+CBOW")
    assert set(claim.loc[[1, 2, 3, 4, 5, 6, 8], "verdict"]) == {"not testable here"}


def test_tables_and_figures_of_what_is_there(made):
    out, rows = made
    (v,) = views(STUDY, rows, out)
    products = {product.name: product.make for product in STUDY.products}
    table = products["tables"](v).set_index(["table", "norm"])
    assert table.loc[(view.CONC, view.ROWS), "RG"] == pytest.approx(
        100 * v.own("GloVe+CBOW", view.CONC).set_index("task").loc["RG", "value"]
    )
    assert (f"GloVe{view.METRIC}", view.ROWS) in table.index and table.loc[("items", ""), "RG"] == 40
    with pytest.raises(report.NotTestable, match="sweep over c was not run"):
        products["chosen"](v)


@pytest.mark.parametrize(
    ("encoder", "want"),
    [
        ("static:glove|words(of=fasttext:n)", {"pair": "GloVe+fastText", "method": "GloVe", "kind": "pair"}),
        ('fasttext:n|words(of="word2vec:n(size=2)")', {"pair": "CBOW+fastText", "method": "fastText"}),
        (
            'word2vec:n|geo-average(c=0.1, post_norm=rows, with="input-vectors:minilm|pca(k=100)")',
            {"pair": "CBOW+MiniLM", "method": "Geo-AVG", "c": 0.1, "norm": "rows"},
        ),
        (
            "static:glove|geo-average(c=1, pre_norm=columns, post_norm=rows, with=word2vec:n)",
            {"norm": "columns, then rows", "solver": "closed-form"},
        ),
        (
            'static:glove|average(with="static:glove|rotate|noise(size=0.1)")',
            {"kind": "copy", "change": "rotation", "amount": np.inf},
        ),
        (
            'static:glove|average(with="static:glove|flip(share=0.5)|noise(size=0.1)")',
            {"kind": "copy", "change": "signs", "amount": 0.5},
        ),
        (
            'static:glove|pca(k=20)|geo-concatenate(solver=riemannian, with="word2vec:n|pca(k=20)|flip(share=0.05)")',
            {"kind": "solver", "width": 20, "change": "signs", "solver": "riemannian", "c": 0.01},
        ),
        ('gaussian(like="static:glove|words(of=word2vec:n)")', {"pair": "GloVe+CBOW", "method": "random"}),
    ],
)
def test_what_a_table_is_of(encoder, want):
    found = view.described(encoder)
    assert {name: found[name] for name in want} == want


def test_published_numbers_are_all_there_and_have_none_of_ours_where_the_pairs_are_not(made):
    rows = made[1]
    assert len(published(STUDY)) == 198
    beside = report.against_paper(STUDY, rows)
    assert len(beside) == 198 and (beside["note"].ne("") | beside["ours"].notna()).all()
    assert beside.loc[beside["encoder"].ne("GloVe+CBOW"), "ours"].isna().all()


def test_without_data_solvers_alone_are_asked_of_generated_vectors(monkeypatch):
    monkeypatch.setenv("PROBEKIT_DATA", "")
    found = STUDY.grids(quiet=True)
    named = {encoder.partition("|")[0] for grid in found for encoder in grid.axes["encoder"]}
    assert "generated-vectors" in named or "input-vectors:minilm" in named
    assert [part.name for part in STUDY.parts.values()] == ["pairs", "further", "sweep", "copies", "sides", "solvers"]


def test_the_c_that_specs_leave_out_is_that_of_the_step():
    assert inspect.signature(geo_average).parameters["c"].default == view.LEFT_OUT
