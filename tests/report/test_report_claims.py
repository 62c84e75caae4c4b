"""Claims: verdicts, what generated data may not say, and numbers beside the paper's."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from probekit.errors import ProbekitError, UnknownName
from probekit.report import Finding, NotTestable, Study, against_paper, claims, studies
from probekit.report.claims import find, is_generated, known


def toy_study(tmp_path, dataset="ud-english"):
    published = tmp_path / "toy.csv"
    published.write_text("paper,table,layer,value\ntoy,Table 1,-1,0.5\ntoy,Table 1,,0.7\n")

    def view(df, shift=0.0):
        return SimpleNamespace(value=df["value"].mean() + shift, n=len(df), datasets=(dataset,))

    def ours(v, table):
        return pd.DataFrame({"ours": [v.value, float("nan")], "n": v.n, "note": ["", "no such layer"]})

    study = Study("toy", "A toy", "nobody 2020", published, view, ours)

    @study.claim(2, "above one half", "0.5")
    def above(v):
        return Finding(f"{v.value:.2f}", v.value > 0.5, "a rule")

    @study.claim(1, "needs rows that are not there")
    def missing(v):
        raise NotTestable("no rows of layer 3")

    return study


ROWS = pd.DataFrame({"value": [0.6, 0.8]})


def test_claims_are_a_table_in_their_order(tmp_path):
    found = claims(toy_study(tmp_path), ROWS)
    assert list(found.columns) == ["number", "text", "paper", "ours", "n", "data", "verdict", "why"]
    assert found.to_numpy().tolist() == [
        [1, "needs rows that are not there", "", "", 2, "real", "not testable here", "no rows of layer 3"],
        [2, "above one half", "0.5", "0.70", 2, "real", "holds", "a rule"],
    ]


def test_options_reach_the_study(tmp_path):
    assert claims(toy_study(tmp_path), ROWS, shift=-0.5)["verdict"].tolist() == ["not testable here", "fails"]


@pytest.mark.parametrize(("shift", "word"), [(0.0, "hold"), (-0.5, "fail")])
def test_generated_data_never_counts_as_a_reproduction(tmp_path, shift, word):
    found = claims(toy_study(tmp_path, "grammar(n=2000, seed=1)"), ROWS, shift=shift).iloc[1]
    assert (found["data"], found["verdict"], found["ours"] != "") == ("generated", "not testable here", True)
    assert f"the claim would {word}" in found["why"]


@pytest.mark.parametrize(
    ("dataset", "answer"),
    [("grammar", True), ("grammar(n=5)|sample(n=2)", True), ("ud-english", False), ("conllu:grammar.conllu", False)],
)
def test_what_is_generated(dataset, answer):
    assert is_generated(dataset) is answer


def test_numbers_beside_the_papers(tmp_path):
    table = against_paper(toy_study(tmp_path), ROWS)
    assert table["paper"].tolist() == [0.5, 0.7] and table["ours"][0] == pytest.approx(0.7)
    assert table["difference"][0] == pytest.approx(0.2) and table["difference"].isna()[1]
    assert table["note"][1] == "no such layer" and str(table["layer"].dtype) == "Int64"


def test_studies_are_found_by_name(tmp_path):
    assert find("linguistic-profiling").name == "linguistic-profiling" and "linguistic-profiling" in known()
    with pytest.raises(UnknownName, match="did you mean linguistic-profiling"):
        find("linguistic-profilin")
    study = toy_study(tmp_path)
    studies.add("toy-test-study", study)
    assert claims("toy-test-study", ROWS).equals(claims(study, ROWS))


def test_a_taken_number_and_missing_numbers_are_refused(tmp_path):
    study = toy_study(tmp_path)
    with pytest.raises(ProbekitError, match="has a claim 2"):
        study.claim(2, "again")(lambda v: Finding("", True))
    study.published.unlink()
    with pytest.raises(ProbekitError, match="published numbers of 'toy' are missing"):
        study.numbers()
