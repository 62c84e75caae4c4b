"""The study of spelling, small: its students by their specs, means over sets by hand, all numbers carried."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from probekit.paper_figures import _subword_reconstruction_view as view

import probekit as pk
from probekit import report
from probekit import study as studies
from probekit.embeddings.table import WordTable
from probekit.report.claims import views
from probekit.scores import paired_bootstrap
from probekit.works.benchmarking import benchmarking

experiment = import_module("probekit.experiments.subword_reconstruction")
STUDY = studies.complete("subword-reconstruction")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A drawn teacher of 60 words, two students, and drawn pairs of three sets."""
    patch, place = pytest.MonkeyPatch(), tmp_path_factory.mktemp("words")
    patch.setenv("PROBEKIT_CACHE", str(place / "cache"))
    draw = np.random.default_rng(0)
    words = sorted({"".join(draw.choice(list("abcd"), 4)) for _ in range(80)})[:60]
    WordTable(words, draw.normal(size=(60, 5)).astype(np.float32)).save(place / "table")
    for name in ("one", "two", "three"):
        pairs = [(words[a], words[b], draw.random()) for a, b in draw.integers(0, 60, (60, 2)) if a != b]
        (place / f"{name}.tsv").write_text("".join(f"{a}\t{b}\t{rating:.3f}\n" for a, b, rating in pairs))
    teacher = f"static:{place}/table"
    students = [
        f'characters:"{teacher}"(epochs=2, every=1, width=4, {more})' for more in ("at=0", "at=2", "at=2, distance=l1")
    ]
    out = tmp_path_factory.mktemp("results") / STUDY.name
    sets = [f"similarity:{place}/{name}.tsv" for name in ("one", "two", "three")]
    try:
        benchmarking(STUDY.name, [teacher, *students], sets, keep=["predictions"]).run(out)
        tasks = [f'reconstruction/{name}(teacher="{teacher}")' for name in ("cosines", "neighbours")]
        benchmarking(STUDY.name, students, tasks).run(out)
    finally:
        patch.undo()
    return out


def test_students_are_read_from_specs():
    teacher = STUDY.data["glove"][1]
    assert view.told(teacher)["form"] == view.TEACHER
    told = view.told(experiment.student(teacher, "linf", 20))
    assert (told["form"], told["epochs"], told["output"]) == ("D∞", 20.0, "relu")
    told = view.told(experiment.untrained(teacher, "highway", 2))
    assert (told["form"], told["epochs"], told["output"], told["seed_of"]) == (view.RANDOM, 0.0, "highway", 2)
    assert view.told(experiment.student(teacher, "neg-cos", 10, "linear"))["form"] == "Dcos"


def test_means_are_over_sets_and_differences_over_the_same_pairs(results, monkeypatch):
    df = pk.read_results(results)
    sets = tuple(sorted(name for name in df["task"].astype(str).unique() if name.startswith("similarity")))
    monkeypatch.setattr(view, "SETS", sets)
    (v,) = views(STUDY, df)
    sample, n = v.over_sets(form=view.TEACHER)
    rows = v.scores(form=view.TEACHER)
    assert sample[0] == pytest.approx(rows["value"].mean()) and n == int(rows["n_test"].sum())
    monkeypatch.setattr(view, "SETS", sets[:1])
    lines = report.read_table(results, "predictions")
    sides = []
    for form in ("Dcos", view.RANDOM):
        key = v.scores(form=form, task=sets[0])["key"].iloc[0]
        sides.append(lines[lines["key"].eq(key)].sort_values("unit"))
    wanted = paired_bootstrap("spearman", sides[0]["gold"].astype(float), *(side["score"] for side in sides))
    found = v.less({"form": "Dcos", "task": sets[0]}, {"form": view.RANDOM, "task": sets[0]})
    assert (found.difference, found.low, found.high) == pytest.approx((wanted.difference, wanted.low, wanted.high))


def test_claims_and_published_numbers_are_all_carried(results):
    df = pk.read_results(results)
    found = report.claims(STUDY, df).set_index("number")
    assert len(found) == 8 and set(found["verdict"]) == {"not testable here"}
    beside = report.against_paper(STUDY, df)
    assert len(beside) == 47 and (beside["note"].ne("") | beside["ours"].notna()).all()
