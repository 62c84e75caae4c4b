"""Summaries against plain loops; selections; the line that pins a score."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from report_rows import frame, row
from scipy import stats

from probekit.errors import ProbekitError, UnknownName
from probekit.report import one_metric, only, signature, summarise


def some_rows(seed=0, folds=5, holes=0.2):
    rng = np.random.default_rng(seed)
    rows = []
    for t, (e, layer), seed_, fold in itertools.product(
        range(4), (("minilm", 1), ("minilm", 2), ("static:glove", None)), (0, 1), range(folds)
    ):
        value = math.nan if rng.random() < holes else rng.normal()
        rows.append(
            row(task=f"t{t}", task_group="ab"[t % 2], encoder=e, layer=layer, seed=seed_, fold=fold, value=value)
        )
    return rows


def plain_summary(rows, by, undefined):
    """Straight from the sentence: over folds and seeds first, then over what is left."""
    cells = {}
    for r in rows:
        value = 0.0 if math.isnan(r["value"]) and undefined == "zero" else r["value"]
        cell = (tuple(r[name] for name in by), r["task"], r["encoder"], r["layer"])
        cells.setdefault(cell, []).append(value)
    groups = {}
    for (group, task, *_), values in cells.items():
        defined = [v for v in values if not math.isnan(v)]
        groups.setdefault(group, []).append((task, sum(defined) / len(defined) if defined else math.nan, len(values)))
    answer = {}
    for group, found in groups.items():
        means = [m for _, m, _ in found if not math.isnan(m)]
        missing = sum(math.isnan(r["value"]) for r in rows if tuple(r[name] for name in by) == group)
        mean = sum(means) / len(means) if means else math.nan
        answer[group] = (mean, len({t for t, _, _ in found}), len(means), sum(n for *_, n in found), missing)
    return answer


@pytest.mark.parametrize("undefined", ["zero", "drop"])
@pytest.mark.parametrize("by", [["task"], ["task_group", "encoder"], ["encoder", "layer"], ["fold"]])
def test_summaries_agree_with_plain_loops(by, undefined):
    rows = some_rows(seed=len(by))
    wanted = plain_summary(rows, by, undefined)
    found = summarise(frame(rows), by, undefined=undefined)
    assert len(found) == len(wanted)
    for line in found.to_dict("records"):
        key = tuple(None if pd.isna(line[name]) else line[name] for name in by)
        counts = (line["n_tasks"], line["n_cells"], line["n_scores"], line["n_undefined"])
        assert line["value"] == pytest.approx(wanted[key][0]) and counts == wanted[key][1:]


def test_a_task_with_fewer_folds_counts_as_much_as_another():
    rows = [row(task="a", fold=fold, value=1.0) for fold in range(5)] + [row(task="b", fold=0, value=0.0)]
    assert summarise(frame(rows), "encoder")["value"].tolist() == [0.5]


def test_what_answers_another_question_is_never_averaged_unasked():
    rows = [
        row(value=0.2),
        row(metric="spearman_pooled", fold=None, value=0.9),
        row(control="random-labels", value=0.1),
        row(split="train", value=1.0),
    ]
    found = summarise(frame(rows), "task")
    assert sorted(found["value"]) == [0.1, 0.2, 0.9, 1.0]
    assert {"metric", "control", "split"} <= set(found.columns)
    assert summarise(frame(rows), "task", metric="spearman_pooled")["value"].tolist() == [0.9]


def test_the_interval_is_that_of_overlapping_folds():
    rows = [row(task=t, fold=f, value=v + f * f / 50) for t, v in (("a", 0.3), ("b", 0.5)) for f in range(5)]
    found = summarise(frame(rows), "encoder", interval=True).iloc[0]
    means = [0.4 + f * f / 50 for f in range(5)]
    half = stats.t.ppf(0.975, 4) * np.std(means, ddof=1) * math.sqrt(1 / 5 + 20 / 80)
    assert (found["low"], found["high"]) == pytest.approx((np.mean(means) - half, np.mean(means) + half))


def test_no_interval_without_two_complete_folds():
    rows = [row(task="a", fold=0, value=0.1), row(task="a", fold=1, value=0.2), row(task="b", fold=0, value=0.3)]
    assert math.isnan(summarise(frame(rows), "encoder", interval=True)["low"].iloc[0])
    assert math.isnan(summarise(frame(rows[:1]), "encoder", interval=True)["low"].iloc[0])


def test_refusals_of_a_summary():
    df = frame([row()])
    with pytest.raises(UnknownName, match="did you mean encoder"):
        summarise(df, "encodr")
    with pytest.raises(UnknownName, match="zero"):
        summarise(df, "task", undefined="nul")  # type: ignore[arg-type]
    with pytest.raises(ProbekitError, match="no rows"):
        summarise(df.iloc[:0], "task")
    with pytest.raises(UnknownName, match="value of metric"):
        summarise(df, "task", metric="spearmen")


def test_selections():
    df = frame(some_rows())
    assert set(only(df, encoder="minilm", layer=2)["layer"]) == {2}
    assert set(only(df, layer=None)["encoder"]) == {"static:glove"}
    assert set(only(df, task=["t0", "t3"])["task"]) == {"t0", "t3"}
    with pytest.raises(UnknownName, match="did you mean minilm"):
        only(df, encoder="minilmm")
    with pytest.raises(UnknownName, match="value of layer"):
        only(df, layer=9)


def test_one_metric_prefers_folds_to_their_pooled_score():
    df = frame([row(), row(metric="spearman_pooled", fold=None)])
    assert one_metric(df)["metric"].tolist() == ["spearman"]
    with pytest.raises(ProbekitError, match="several metrics"):
        one_metric(frame([row(), row(metric="pearson")]))


def test_a_signature_names_what_is_there_and_tells_questions_apart():
    first, second = frame([row(layer=3), row(layer=None, fold=None)]).to_dict("records")
    run = {"versions": {"probekit": "0.1.0"}, "grid": {"data": {"toy": "5210ba81815cf"}, "weights": {"x": "7"}}}
    line = signature(first, {"runs": [run, run]})
    assert line == (
        "metric:spearman|task:sentence/parse_depth|data:toy@5210ba81|split:cv|encoder:enc|layer:3|pool:mean|probe:ridge|"
        f"seed:0|fold:0|key:{first['key'][:12]}|probekit:0.1.0"
    )
    assert "layer" not in signature(second) and "fold" not in signature(second) and "\n" not in line
    assert signature(first) != signature(second) and "@" not in signature(first)
    later = run | {"versions": {"probekit": "0.2.0"}}
    assert signature(first, {"runs": [run, later]}).endswith("|probekit:0.1.0+0.2.0")
