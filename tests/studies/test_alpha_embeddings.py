"""The study of alpha embeddings, small: tables by their specs, differences and choices by hand, numbers carried."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probekit.paper_figures import _alpha_embeddings_view as view

import probekit as pk
from probekit import report
from probekit import study as studies
from probekit.embeddings.tables import load_table
from probekit.report.claims import views
from probekit.scores import paired_bootstrap
from probekit.works.alpha_sweep import alpha_sweep
from probekit.works.benchmarking import benchmarking

experiment = import_module("probekit.experiments.alpha_embeddings")
STUDY = studies.complete("alpha-embeddings")
TABLE = 'glove-model:"grammar(n=120)"(epochs=4, min_count=1, size=6, x_max=5)'


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A small GloVe model on drawn pairs and drawn analogies of two categories."""
    patch, place = pytest.MonkeyPatch(), tmp_path_factory.mktemp("words")
    patch.setenv("PROBEKIT_CACHE", str(place / "cache"))
    words, draw = load_table(TABLE).words[:60], np.random.default_rng(0)
    pairs = [(words[a], words[b], draw.random()) for a, b in draw.integers(0, 60, (90, 2)) if a != b]
    (place / "pairs.tsv").write_text("".join(f"{a}\t{b}\t{rating:.3f}\n" for a, b, rating in pairs))
    lines = [" ".join(draw.choice(words, 4, replace=False)) for _ in range(60)]
    (place / "analogies.txt").write_text("\n".join([": capital", *lines[:30], ": gram1-forms", *lines[30:]]) + "\n")
    out = tmp_path_factory.mktemp("results") / STUDY.name
    similarity, analogy = f"similarity:{place}/pairs.tsv", f"analogy:{place}/analogies.txt"
    plain = [f"{TABLE}|{step}" for step in ("standardize", "with-context|standardize", "with-context")]
    try:
        alpha_sweep(STUDY.name, [TABLE], [similarity], [-1, 1, "t1"], keep=["predictions"]).run(out)
        benchmarking(STUDY.name, plain, [similarity], keep=["predictions"]).run(out)
        alpha_sweep(STUDY.name, [TABLE], [analogy], [0, 1, 2], ["uniform"], ["I"], keep=["groups"]).run(out)
        benchmarking(STUDY.name, plain, [analogy], keep=["groups"]).run(out)
    finally:
        patch.undo()
    return out


def test_what_a_table_is_is_read_from_specs():
    inner, outer = (STUDY.data[name][1] for name in ("novels-50", "more-300"))
    swept = {"geom_alpha": "1.5", "reference": "model", "product": "F"}
    assert view.told(inner, swept) == {
        "corpus": view.NOVELS, "size": 50, "reference": "u", "product": "F", "method": "E", "limit": "", "alpha": 1.5,
    }  # fmt: skip
    limit = view.told(outer, {**swept, "geom_alpha": "t3-w"})
    assert (limit["corpus"], limit["size"], limit["method"], limit["limit"]) == (view.MORE, 300, "LE", "t3-w")
    steps = ("standardize", "with-context|standardize", "with-context")
    assert [view.told(f"{inner}|{step}", {})["method"] for step in steps] == ["U", "U+V", view.PLAIN]


def test_differences_are_paired_and_one_is_the_sum(results):
    (v,) = views(STUDY, pk.read_results(results))
    where = {"kind": "similarity", "reference": "0", "product": "I"}
    one = v.scores(**where, method="E", alpha=1.0).iloc[0]
    plain = v.scores(kind="similarity", method=view.PLAIN).iloc[0]
    assert one["value"] == pytest.approx(plain["value"], abs=1e-6)
    found = v.less({"method": "LE", "reference": "ud", "product": "F"}, {"method": "U+V"}, kind="similarity")
    lines = report.read_table(results, "predictions")
    limit = v.scores(kind="similarity", method="LE", reference="ud", product="F").iloc[0]
    summed = v.scores(kind="similarity", method="U+V").iloc[0]
    sides = [lines[lines["key"].eq(row["key"])].sort_values("unit") for row in (limit, summed)]
    wanted = paired_bootstrap("spearman", sides[0]["gold"].astype(float), *(side["score"] for side in sides))
    assert (found.difference, found.low, found.high) == pytest.approx((wanted.difference, wanted.low, wanted.high))


def test_alpha_is_chosen_on_other_folds_and_categories_are_told(results):
    (v,) = views(STUDY, pk.read_results(results))
    corpus, size = v.lines["corpus"].iloc[0], int(v.lines["size"].iloc[0])
    where = {"corpus": corpus, "size": size, "reference": "0", "product": "I"}
    rows = v.scores(kind="analogy", method="E", **where)
    every = {part: v.part(str(rows["key"].iloc[0]), part) for part in ("", "sem", "syn")}
    assert every[""]["n"].sum() == 60 and every["sem"]["n"].sum() == every["syn"]["n"].sum() == 30
    gain, choice = v.gain("", **where)
    assert len(choice.values) == 3 and set(choice.values) <= {0.0, 1.0, 2.0} and gain.n == 60
    one = v.gain_sample("", "E", **where)[0][0]
    at_one = float(rows[rows["alpha"].eq(1.0)]["value"].iloc[0])
    by_folds = sum(score * n for score, n in zip(choice.scores, _sizes(v, str(rows["key"].iloc[0])), strict=True)) / 60
    assert one == pytest.approx(by_folds - at_one, abs=1e-9)


def _sizes(v, key) -> list[int]:
    own = v.part(key, "")
    fold = report.dealt(own["group"], 3)
    return [int(own["n"].to_numpy()[fold == k].sum()) for k in range(3)]


def test_claims_and_published_numbers_are_all_carried(results):
    df = pk.read_results(results)
    found = report.claims(STUDY, df).set_index("number")
    assert len(found) == 12 and set(found.loc[[6, 7, 8], "verdict"]) == {"not testable here"}
    beside = report.against_paper(STUDY, df)
    assert len(beside) == 579 and (beside["note"].ne("") | beside["ours"].notna()).all()
    assert isinstance(beside, pd.DataFrame)
