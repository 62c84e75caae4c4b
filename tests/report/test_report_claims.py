"""Claims: verdicts, what generated data may not say, numbers beside the paper's, and the page that shows them."""

from __future__ import annotations

import dataclasses
import warnings

import pandas as pd
import pytest

from probekit import report
from probekit.errors import ProbekitError, UnknownName
from probekit.report import (
    Finding,
    NotTestable,
    View,
    against_paper,
    as_found,
    claims,
    clears,
    counterpart,
    ends,
    if_run,
    missing,
    shown,
    together,
    within,
)
from probekit.report.view import by_kind, prepared, remembered
from probekit.rows import parse_setting
from probekit.scores import Comparison
from probekit.study import Study, studies


def rows(values, generated=False, **columns):
    """Rows with only what views ask of them."""
    info = '{"generated": ["dataset"]}' if generated else "{}"
    common = {"dataset": "ud-english", "encoder": "minilm", "setting": "folds=5", "info": info, "n_test": 2, "key": "k"}
    return pd.DataFrame([{**common, **columns, "value": value} for value in values])


def toy_study(tmp_path):
    published = tmp_path / "toy.csv"
    published.write_text("paper,table,layer,value\ntoy,Table 1,-1,0.5\ntoy,Table 1,,0.7\n")
    study = Study("toy", "nobody 2020", title="A toy", numbers=published)

    @dataclasses.dataclass(eq=False, kw_only=True)
    class Shifted(View):
        shift: float = 0.0

    @study.view
    def view(df, shift=0.0):
        return [Shifted(one.rows, one.mark, one.title, shift=shift) for one in by_kind(df)]

    @study.beside(digits=2)
    def ours(v, line):
        if not line["layer"]:
            raise NotTestable("no such layer")
        return v.mean()

    @study.claim(2, "above one half", "0.5")
    def above(v):
        return Finding(f"{v.mean() + v.shift:.2f}", v.mean() + v.shift > 0.5, "a rule")

    @study.claim(1, "needs rows that are not there")
    def missing(v):
        return Finding("", v.mean(encoder="glove") > 0)

    @study.claim(3, "too close to call")
    def close(v):
        return Finding("0.70", None)

    @study.table("scores", caption="Scores")
    def scores(v):
        return v.needs()[["encoder", "value"]]

    return study


ROWS = rows([0.6, 0.8])


def test_claims_are_a_table_in_their_order(tmp_path):
    found = claims(toy_study(tmp_path), ROWS)
    assert list(found.columns) == ["number", "text", "paper", "ours", "n", "data", "verdict", "why"]
    assert found.to_numpy().tolist() == [
        [1, "needs rows that are not there", "", "", 2, "real", "not testable here", "no rows of encoder glove"],
        [2, "above one half", "0.5", "0.70", 2, "real", "holds", "a rule"],
        [3, "too close to call", "", "0.70", 2, "real", "open", ""],
    ]


def test_options_reach_the_study(tmp_path):
    assert claims(toy_study(tmp_path), ROWS, shift=-0.5)["verdict"].tolist() == ["not testable here", "fails", "open"]


@pytest.mark.parametrize(("shift", "word"), [(0.0, "hold"), (-0.5, "fail")])
def test_generated_data_never_counts_as_a_reproduction(tmp_path, shift, word):
    found = claims(toy_study(tmp_path), rows([0.6, 0.8], generated=True, dataset="mine"), shift=shift)
    assert set(found["data"]) == {"generated"} and set(found["verdict"]) == {"not testable here"}
    assert f"the claim would {word}" in found["why"][1] and found["ours"][1]


def test_real_and_generated_rows_never_share_a_verdict(tmp_path):
    """Whatever the data are called: a name says nothing, the run does."""
    mixed = pd.concat([rows([0.9], dataset="grammar"), rows([0.1], generated=True, dataset="ud-english")])
    real, generated = by_kind(mixed)
    assert (real.datasets, real.generated, generated.datasets, generated.generated) == (
        ["grammar"], False, ["ud-english"], True,
    )  # fmt: skip
    assert View(prepared(mixed)).generated  # together they are no reproduction
    assert claims(toy_study(tmp_path), mixed)["ours"][1] == "0.90"


def test_numbers_beside_the_papers(tmp_path):
    table = against_paper(toy_study(tmp_path), ROWS)
    assert table["paper"].tolist() == [0.5, 0.7] and table["ours"][0] == pytest.approx(0.7)
    assert table["difference"][0] == pytest.approx(0.2) and table["difference"].isna()[1]
    assert table["note"][1] == "no such layer" and str(table["layer"].dtype) == "Int64"
    line = {"encoder": "GloVe"}
    assert counterpart(line, encoder={"GloVe": "glove"}) == {"encoder": "glove"}
    with pytest.raises(NotTestable, match="no encoder of ours stands for GloVe"):
        counterpart(line, encoder={})


def test_a_view_selects_by_columns_and_by_settings(tmp_path):
    (v,) = by_kind(pd.concat([rows([0.2, 0.4]), rows([0.6], encoder="", setting="folds=0"), rows([float("nan")])]))
    assert parse_setting("folds=0")["folds"] == "0" and v.mean(folds="0") == 0.6
    assert v.mean(encoder="minilm") == pytest.approx(0.3) and v.row(encoder=None)["value"] == 0.6
    assert len(v.only(encoder=["minilm", ""])) == 4 and v.only(encoder="glove").empty
    assert len(v.only(tuned="")) == 4 and v.only(tuned="true").empty  # a setting that no row has is empty in all
    for ask in (lambda: v.needs(encoder="glove"), lambda: v.below("curve"), lambda: View(v.rows[3:]).mean()):
        with pytest.raises(NotTestable):
            ask()


def test_a_verdict_is_that_of_the_interval():
    def found(low, high):
        return Comparison((low + high) / 2, low, high, 0.5, "t", "fold", 5)

    clear, below, over = found(0.1, 0.3), found(-0.3, -0.1), found(-0.1, 0.3)
    assert [clears(one) for one in (clear, below, over)] == [True, False, None]
    assert clears(clear, 0.2) is None and clears(below, -0.4) is True
    assert clears(found(float("nan"), float("nan"))) is None and clears(found(0.0, 0.2)) is None
    assert clears(None) is None and report.below(None, 0.1) is None and within(None, 0.1) is None
    assert together(True, True) is True and together(True, None) is None
    assert together(None, False) is False and together(True, False) is False
    assert shown(clear) == "+20.0 [+10.0, +30.0], 5 folds"
    assert shown(Comparison(0.0, 0.0, 0.0, 1.0, "", "property", 18)).endswith(", 18 properties")
    assert shown(Comparison(0.5, -float("inf"), float("nan"), 1.0, "", "seed", 1), 1, 2) == "+0.50 [?, ?], 1 seed"


def test_a_study_is_published_with_its_page(tmp_path):
    from report_rows import row, write_parts

    folder = tmp_path / "results" / "toy"
    write_parts(folder, [row(value=0.7, n_test=2)])
    (folder / "_findings.md").write_text("Small, and said so.\n")
    study = toy_study(tmp_path)
    files = report.publish(study, folder)
    names = {file.name for file in files}
    assert {"scores.csv", "scores.md", "claims.csv", "against-paper.tex", "README.md"} <= names
    page = (folder / "_figures" / "README.md").read_text()
    for said in (
        "# toy",
        "nobody 2020",
        "Small, and said so.",
        "1 holds, 1 open, 1 not testable here",
        "Of 2 published",
    ):
        assert said in page
    assert "[scores](scores.md)" in page and "| toy" not in page.partition("## Claims")[2]
    assert "| `toy` | real | sentence/parse_depth | enc | 1 | mean | ridge |  | 0 | 2 | 1 | 1 |" in page
    assert "Without one: 1 (no such layer)." in page
    assert pd.read_parquet(folder)["value"].tolist() == [0.7]  # any reader of Parquet takes the folder whole


def test_what_is_no_longer_drawn_is_said(tmp_path):
    from report_rows import row, write_parts

    folder = tmp_path / "results" / "toy"
    write_parts(folder, [row(value=0.7, n_test=2)])
    study = toy_study(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report.publish(study, folder)
    (folder / "_figures" / "figure-9.png").touch()
    with pytest.warns(UserWarning, match=r"also holds figure-9, not drawn now"):
        report.publish(study, folder)


def test_studies_are_found_by_name(tmp_path):
    study = toy_study(tmp_path)
    studies.add("toy-test-study", study)
    assert claims("toy-test-study", ROWS).equals(claims(study, ROWS))
    with pytest.raises(UnknownName, match="did you mean linguistic-profiling"):
        claims("linguistic-profilin", ROWS)


def test_what_is_taken_and_what_is_missing_is_refused(tmp_path):
    study = toy_study(tmp_path)
    for again in (study.claim(2, "again"), study.table("scores")):
        with pytest.raises(ProbekitError, match="already"):
            again(lambda v: None)
    study.numbers.unlink()
    with pytest.raises(ProbekitError, match="published numbers of 'toy' are missing"):
        against_paper(study, ROWS)
    with pytest.raises(ProbekitError, match="first: probekit run toy"):
        claims(study, ROWS[:0])


def test_settings_that_were_not_run_leave_a_claim_open():
    assert missing({"a": 1}, ["a", "b", "c"]) == [None, None] and together(True, *missing(["a"], ["a"])) is True

    def ask(name, more=0):
        if name != "there":
            raise NotTestable("no rows")
        return more

    assert if_run(ask, "there", more=2) == 2 and if_run(ask, "elsewhere") is None


def test_what_a_difference_is_over_is_said_once_for_several():
    found = Comparison(0.021, 0.004, 0.038, float("nan"), "", "property", 18)
    assert shown(found) == "+2.1 [+0.4, +3.8], 18 properties" and shown(found, counted=False) == "+2.1 [+0.4, +3.8]"
    assert (
        ends(found, "gain") == pytest.approx({"gain": 2.1, "low": 0.4, "high": 3.8})
        and next(iter(ends(found))) == "value"
    )
    line = {"value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "n_test": 9}
    own = as_found(line, "word")
    assert (own.difference, own.low, own.high, own.unit, own.n) == (0.5, 0.4, 0.6, "word", 9)


def test_a_view_answers_a_question_once_and_hands_out_what_may_be_written_to():
    asked = []

    @dataclasses.dataclass(eq=False)
    class Counting(View):
        @remembered
        def ask(self, names, *, where=None):
            asked.append((names, where))
            return self.rows.assign(own=len(asked))

    view, other = Counting(prepared(rows([0.1, 0.2]))), Counting(prepared(rows([0.3])))
    first = view.ask(["a"], where={"x": 1})
    first["own"] = -1
    first["value"] = 0.0
    assert list(view.ask(["a"], where={"x": 1})["own"]) == [1, 1] and list(view.rows["value"]) == [0.1, 0.2]
    view.ask(["a"], where={"x": "1"})  # another question
    other.ask(["a"], where={"x": 1})  # another view
    assert asked == [(["a"], {"x": 1}), (["a"], {"x": "1"}), (["a"], {"x": 1})]
    with pytest.raises(NotTestable, match="no rows of layer 9"):
        view.needs(layer=9)
