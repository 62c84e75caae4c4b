"""The low-resource study, small: names of models and languages, slopes from rows, figures and claims of a stand-in."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from probekit import report
from probekit import study as studies
from probekit.grid import Grid
from probekit.report import NotTestable
from probekit.report.claims import published, views
from probekit.works.tagging import tagging

experiment = import_module("probekit.experiments.mbert_low_resource")
STUDY = studies.complete("mbert-low-resource")
view_of = import_module("probekit.paper_figures._mbert_low_resource_view")
regressions = import_module("probekit.paper_figures._mbert_low_resource_regressions")
AF, NL, LV = (experiment.TEXTS[code] for code in ("af", "nl", "lv"))
TAGGED = 'tagger:"masakhapos-yo|split(name=train)|sample(n=180)"(inputs=["{}"], layer=4, task=word/upos)'


@pytest.mark.parametrize(
    ("spec", "model"),
    [
        (experiment.pretrained(AF), view_of.OWN),
        (experiment.untrained(AF), view_of.UNTRAINED),
        (experiment.pretrained(AF, [NL]), view_of.PAIR),
        (experiment.pretrained(AF, [LV]), view_of.STRANGER),
        (experiment.pretrained(AF, [NL, LV]), view_of.TOGETHER),
        (experiment.pretrained(AF, [NL, LV, experiment.TEXTS["yo"]]), view_of.MANY),
        (experiment.pretrained(AF, layers=1), "small"),
        (experiment.pretrained(AF, vocabulary=400), "smaller vocabulary"),
        (experiment.pretrained(AF, length=16, batch=64), "shorter sequence"),
        (experiment.subwords(AF), view_of.SUBWORDS),
        ("hf:multilingual-e5-small-1a2b3c4d", view_of.REAL),
    ],
)
def test_models_are_called_as_the_paper_calls_them(spec: str, model: str) -> None:
    assert view_of.described(spec)["model"] == model
    if '"' not in spec:
        assert view_of.described(TAGGED.format(spec)) == {**view_of.described(spec), "at": "4"}


def test_corpora_are_those_of_languages() -> None:
    assert [view_of.language(text) for text in experiment.TEXTS.values()] == list(experiment.TEXTS)
    assert [view_of.language(text) for text in experiment.CLASSES.values()] == list(experiment.CLASSES)
    names = ("wikiann-de|split(name=test)|sample(n=400)", "masakhaner-pcm", "cues(n=30)")
    assert [view_of.language(name) for name in names] == ["de", "pcm", "cues(n=30)"]
    assert view_of.sampled(names[0]) == 400 and view_of.sampled(names[1]) == 0


def rows_of(slope_of_text: float) -> pd.DataFrame:
    """Rows of the grid of sizes whose F1 is a plane of both with a little noise."""
    rng = np.random.default_rng(0)
    columns = dict.fromkeys(("setting", "info", "note", "subset", "control", "probe"), "")
    found = []
    for code in experiment.WIKIANN:
        for text in experiment.TEXT_SIZES:
            bank = f"wikiann-{code}|split(name=train)|sample(n={text})"
            model = experiment.pretrained(bank, steps=experiment.GRID_STEPS, vocabulary=500)
            for n in experiment.LABELLED_SIZES:
                labelled = f"wikiann-{code}|split(name=train)|sample(n={n})"
                line = {**columns, "key": f"{code}{text}{n}", "n_test": 400, "split": "test"}
                value = 0.03 * np.log2(n) + slope_of_text * np.log2(text) + rng.normal(0, 0.01)
                tagger = experiment.trained(experiment.linear(model, experiment.NER), labelled)
                line |= {"encoder": tagger, "trained_on": labelled, "dataset": f"wikiann-{code}"}
                found.append({**line, "task": experiment.NER, "metric": "span_f1", "value": value})
                kinds = {"task": "vocabulary", "metric": "word_kinds", "value": 5.0 * n**0.8}
                found.append({**line, **kinds, "encoder": model, "dataset": labelled, "trained_on": ""})
    return pd.DataFrame(found)


def test_slopes_are_those_of_the_rows_and_tied_sizes_go_together() -> None:
    view = views(STUDY, rows_of(-0.01))[0]
    crossed, tied = regressions.grid(view, False), regressions.grid(view, True)
    assert (len(crossed), len(tied)) == (54, 24)
    names = [regressions.TRAIN, regressions.WIKI]
    apart, together = (np.corrcoef(table[names[0]], table[names[1]])[0, 1] for table in (crossed, tied))
    assert abs(apart) < 1e-9 and together > 0.75
    for is_tied in (False, True):
        found = regressions.joint(view, is_tied)
        assert found[regressions.WIKI].low < -0.01 < found[regressions.WIKI].high < 0 < found[regressions.TRAIN].low
    assert regressions.slope(view, True, regressions.WIKI).low > 0  # the sign turns by collinearity alone
    assert regressions.slope(view, False, regressions.WIKI).high < 0
    verdicts = report.claims(STUDY, rows_of(-0.01)).set_index("number")["verdict"]
    assert verdicts[4] == "holds" and verdicts[6] == "not testable here"
    assert report.against_paper(STUDY, rows_of(-0.01))["ours"].notna().sum() == 20  # all of Table 2
    assert report.claims(STUDY, rows_of(0.02)).set_index("number")["verdict"][4] == "fails"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taggers on looks of an encoder pretrained on generated text, and coverage of its vocabulary."""
    out = tmp_path_factory.mktemp("results") / STUDY.name
    sizes = {"steps": 6, "looks": 3, "states": True, "batch": 4, "length": 16, "width": 16, "vocabulary": 200}
    looks = [experiment.pretrained("grammar(n=60)", **sizes, look=look) for look in (1, 3)]
    taggers = [experiment.linear(one, experiment.POS, epochs=2) for one in looks]
    trained_on = ["grammar(n=40)|resplit"]
    tagging(STUDY.name, taggers, ["grammar(n=20, seed=5)"], trained_on=trained_on, keep=["predictions"]).run(out)
    Grid(STUDY.name, "pretraining", {"encoder": looks[:1]}, keep=["curve"]).run(out)
    axes = {"dataset": ["grammar(n=60)"], "encoder": looks[:1]}
    Grid(STUDY.name, "vocabulary-coverage", axes, keep=["curve"]).run(out)
    return out


def test_scores_are_those_of_the_rows_and_generated_data_claims_nothing(results: Path) -> None:
    rows = report.read_results(results)
    view: Any = views(STUDY, rows)[0]
    assert view.generated
    sample, n = view.sample(task=experiment.POS, look=3)
    assert (sample[0], n) == (pytest.approx(view.mean(metric="accuracy", look=3)), 20)
    gain = view.gap({"task": experiment.POS, "look": 3}, {"task": experiment.POS, "look": 1})
    assert gain.low <= gain.difference <= gain.high
    with pytest.raises(NotTestable, match="2 taggers are"):
        view.sample(task=experiment.POS)
    found = report.claims(STUDY, rows)
    assert list(found["number"]) == list(range(1, 15)) and set(found["verdict"]) == {"not testable here"}
    beside = report.against_paper(STUDY, rows)
    assert len(beside) == len(published(STUDY)) == 108
    assert not beside["ours"].notna().any()


def test_parts_are_planned_on_what_stands_in_for_absent_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path))
    grids = studies.find(STUDY.name).grids({})
    cells = [cell for grid in grids for cell in grid.cells()]
    assert cells and all(cell.generated for cell in cells)
