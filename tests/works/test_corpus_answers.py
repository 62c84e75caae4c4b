"""Spans of one corpus as answers to another: scores by hand, tables that add up, other words refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden import Golden, written

import probekit as pk
from probekit.grid import Grid
from probekit.works.tagging import scored_spans

golden = Golden(__file__)
LINES = "On\tO\nMay\t{}\n5\t{}\nshe\tO\nleft\tO\ndaily\t{}\n\nNow\t{}\n\n"
GOLD = f"bio:{written('gold-test.conll', LINES.format('B-DATE', 'I-DATE', 'B-SET', 'B-DATE'))}"
RULES = f"bio:{written('rules-test.conll', LINES.format('B-DATE', 'O', 'B-DATE', 'O'))}"


def test_scores_are_those_of_the_spans_and_tables_add_up(tmp_path: Path) -> None:
    grid = Grid("try", "corpus-answers", {"dataset": [GOLD], "probe": [RULES]}, keep=["tallies", "overlaps"])
    value = grid.run(tmp_path).set_index("metric")["value"]
    assert value["untyped_span_f1"] == pytest.approx(2 / 5) and value["span_f1"] == 0
    assert value["timex_relaxed"] == pytest.approx(4 / 5) and value["timex_type"] == pytest.approx(4 / 5 / 2)
    tallies, overlaps = pk.read_table(tmp_path, "tallies"), pk.read_table(tmp_path, "overlaps")
    assert tallies[["gold", "predicted", "right", "found"]].to_numpy().tolist() == [[2, 2, 0, 1], [1, 0, 0, 0]]
    assert overlaps[["overlapping", "typed"]].to_numpy().tolist() == [[2, 1], [0, 0]]


def test_other_words_are_refused(tmp_path: Path) -> None:
    other = f"bio:{written('other-test.conll', LINES.replace('Now', 'Then').format('O', 'O', 'O', 'O'))}"
    with pytest.raises(pk.ProbekitError, match="same sentences"):
        Grid("try", "corpus-answers", {"dataset": [GOLD], "probe": [other]}).run(tmp_path)


def test_time_has_scores_of_its_own() -> None:
    span = [[(0, 1, "DATE")]]
    assert "timex_type" in scored_spans(span, span) and "timex_type" not in scored_spans([[(0, 1, "PER")]], span)


def work_numbers(spec: str) -> list[float]:
    import tempfile

    with tempfile.TemporaryDirectory() as out:
        found = Grid("try", "corpus-answers", {"dataset": [GOLD], "probe": [RULES]}).run(out)
    return found.sort_values("metric")["value"].fillna(-1).tolist()


golden.case("work:corpus-answers", work_numbers)
test_numbers_stay, _ = golden.tests()
