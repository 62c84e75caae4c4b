"""Comparisons: the right pairs, the right test, refusals of sides that were not tested on the same units."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from report_rows import frame, row

from probekit.errors import ProbekitError, UnknownName
from probekit.report import compare
from probekit.scores import corrected_t, holm, paired_bootstrap, score


def two_encoders(folds=5, tasks=3):
    rng = np.random.default_rng(1)
    return [
        row(task=f"t{t}", encoder=e, layer=layer, fold=f, value=base + 0.1 * t + rng.normal(0, 0.02))
        for t in range(tasks)
        for e, layer, base in (("minilm", 1, 0.5), ("minilm", 2, 0.45), ("static:glove", None, 0.4))
        for f in range(folds)
    ]


A, B = {"encoder": "minilm", "layer": 1}, {"encoder": "static:glove"}


def test_folds_are_paired_and_tested_as_in_nadeau_and_bengio():
    rows = two_encoders()
    found = compare(frame(rows), A, B, by=["task"])
    plain = []
    for t in range(3):
        values = {
            e: [r["value"] for r in rows if r["task"] == f"t{t}" and r["encoder"] == e and r["layer"] == layer]
            for e, layer in (("minilm", 1), ("static:glove", None))
        }
        plain.append(corrected_t(values["minilm"], values["static:glove"], test_train_ratio=0.25))
    for line, wanted in zip(found.itertuples(), plain, strict=True):
        assert (line.difference, line.ci_low, line.ci_high, line.p) == pytest.approx(
            (wanted.difference, wanted.low, wanted.high, wanted.p)
        )
        assert (line.test, line.unit, line.n) == ("corrected resampled t", "fold", 5)
        assert line.a - line.b == pytest.approx(line.difference)
    assert found["p_adjusted"].tolist() == pytest.approx(holm([x.p for x in plain]).tolist())
    assert set(found["correction"]) == {"holm over 3"}


def test_the_order_of_rows_does_not_unpair_folds():
    df = frame(two_encoders())
    shuffled = df.sample(frac=1, random_state=3)
    one, two = (compare(x, A, B, by="task").sort_values("task").reset_index(drop=True) for x in (df, shuffled))
    pd.testing.assert_frame_equal(one, two)


def test_the_correction_is_applied():
    df = frame(two_encoders())
    by_name = {c: compare(df, A, B, correction=c)["p_adjusted"].to_numpy() for c in ("none", "holm", "bonferroni")}
    assert (by_name["none"] < by_name["bonferroni"]).all() and not np.allclose(by_name["none"], by_name["holm"])
    with pytest.raises(UnknownName, match="correction"):
        compare(df, A, B, correction="holmes")


def test_a_side_without_layers_meets_every_layer_of_the_other():
    found = compare(frame(two_encoders()), {"encoder": "minilm"}, B, by=["layer", "task"])
    assert len(found) == 6 and found["layer"].tolist() == [1, 2, 1, 2, 1, 2]
    backward = compare(frame(two_encoders()), B, {"encoder": "minilm"}, by=["layer", "task"])
    assert sorted(backward["difference"]) == pytest.approx(sorted(-found["difference"]))


def test_undefined_folds_count_as_zero_or_are_left_out_with_their_partner():
    rows = two_encoders(tasks=1)
    rows[0]["value"], rows[0]["note"] = math.nan, "constant prediction"
    zero, drop = (compare(frame(rows), A, B, undefined=u).iloc[0] for u in ("zero", "drop"))
    assert (zero["n"], drop["n"], zero["n_undefined"], drop["n_undefined"]) == (5, 4, 1, 1)
    assert drop["a"] > zero["a"] and "left out" in drop["note"] and "counted as 0" in zero["note"]


def test_controls_take_part_only_when_named():
    rows = two_encoders(tasks=1)
    rows += [row(**(r | {"control": "random-labels", "value": 0.0, "key": "c" + r["key"]})) for r in rows]
    found = compare(frame(rows), A, B).iloc[0]
    assert found["a"] > 0.4
    selectivity = compare(frame(rows), A, A | {"control": "random-labels"}).iloc[0]
    assert selectivity["difference"] == pytest.approx(found["a"])


def test_one_pair_gives_a_difference_and_no_p():
    found = compare(frame(two_encoders(folds=1, tasks=1)), A, B).iloc[0]
    assert found["difference"] > 0 and math.isnan(found["p"]) and "keep=['predictions']" in found["note"]
    assert math.isnan(found["p_adjusted"]) and found["test"] == "none"


def test_less_is_better_is_said():
    rows = [row(**(r | {"metric": "mae"})) for r in two_encoders(tasks=1)]
    assert compare(frame(rows), A, B)["direction"].tolist() == [-1]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ({"encoder": "minilm"}, B, r"a has several rows for one pair at task=t0: they differ in layer"),
        ({}, B, "a is empty"),
        ({"encoder": "minilmm"}, B, r"a: unknown value of encoder: 'minilmm'; did you mean minilm"),
        ({"task": "t0"}, B, "'task' is in by and tells the sides apart"),
    ],
)
def test_refusals(a, b, message):
    with pytest.raises(ProbekitError, match=message):
        compare(frame(two_encoders()), a, b, by=["task"])


def test_other_data_is_no_pair():
    rows = two_encoders(tasks=1)
    other = [row(**(r | {"dataset": "elsewhere", "key": "o" + r["key"]})) for r in rows if r["encoder"] == "minilm"]
    with pytest.raises(ProbekitError, match="not tested on the same units at task=t0: dataset"):
        compare(frame(other + [r for r in rows if r["encoder"] != "minilm"]), A, B)


def with_predictions(n=60, folds=3):
    """Rows of two encoders on one task with their predictions; B is noisier, groups are pairs of units."""
    rng = np.random.default_rng(5)
    gold = rng.normal(size=n)
    rows, kept, predicted = [], [], {}
    for e, layer, noise in (("minilm", 1, 0.3), ("static:glove", None, 1.5)):
        predicted[e] = gold + rng.normal(0, noise, n)
        for f in range(folds):
            mine = np.arange(n) % folds == f
            value = score("spearman", gold[mine], predicted[e][mine]).value
            rows.append(row(encoder=e, layer=layer, fold=f, value=value))
        # A grid keeps the predictions of all folds under the question that pools them.
        rows.append(row(encoder=e, layer=layer, fold=None, metric="spearman_pooled", value=0.5))
        for i in rng.permutation(n):
            texts = (repr(float(gold[i])), repr(float(predicted[e][i])))
            kept.append((rows[-1]["key"], "cv", int(i), int(i) // 2, *texts, None))
    table = pd.DataFrame(kept, columns=["key", "split", "unit", "group", "gold", "predicted", "score"])
    return frame(rows), table, gold, predicted


def test_units_are_paired_whatever_their_order_and_groups_resampled():
    df, table, gold, predicted = with_predictions()
    found = compare(df, A, B, predictions=table, n_boot=200).iloc[0]
    wanted = paired_bootstrap(
        "spearman", gold, predicted["minilm"], predicted["static:glove"], groups=np.arange(60) // 2, n_boot=200
    )
    assert (found["difference"], found["ci_low"], found["ci_high"], found["p"]) == pytest.approx(
        (wanted.difference, wanted.low, wanted.high, wanted.p)
    )
    for named in ("spearman", "spearman_pooled"):
        again = compare(df, A, B, predictions=table, n_boot=200, metric=named).iloc[0]
        assert again["ci_low"] == found["ci_low"]
    assert compare(df, A, B, predictions=table, metric="pearson").iloc[0]["a"] != found["a"]
    assert found["metric"] == "spearman_pooled" and found["n"] == 30 and found["unit"] == "group"
    assert found["test"].startswith("paired bootstrap of spearman")


def test_predictions_that_do_not_fit_are_refused():
    df, table, *_ = with_predictions()
    with pytest.raises(ProbekitError, match="no predictions were kept for b"):
        compare(df, A, B, predictions=table[table["key"].isin(df[df["encoder"] == "minilm"]["key"])])
    with pytest.raises(ProbekitError, match="not tested on the same units"):
        compare(df, A, B, predictions=table.drop(index=0))
    wrong = table.copy()
    wrong.loc[0, "gold"] = "99"
    with pytest.raises(ProbekitError, match="with other gold"):
        compare(df, A, B, predictions=wrong)
    twice = pd.concat([table, table.iloc[:1].assign(predicted="7.5")])
    with pytest.raises(ProbekitError, match="a has two predictions for unit"):
        compare(df, A, B, predictions=twice)


def test_labels_are_compared_as_text():
    rows, kept = [], []
    for e, layer, wrong in (("minilm", 1, 3), ("static:glove", None, 9)):
        r = row(
            task="word/upos", encoder=e, layer=layer, fold=None, split="test", metric="accuracy", value=1 - wrong / 20
        )
        rows.append(r)
        kept += [(r["key"], "test", i, i, "NOUN", "VERB" if i < wrong else "NOUN", None) for i in range(20)]
    table = pd.DataFrame(kept, columns=["key", "split", "unit", "group", "gold", "predicted", "score"])
    found = compare(frame(rows), A, B, predictions=table).iloc[0]
    assert (found["a"], found["b"], found["metric"]) == (pytest.approx(0.85), pytest.approx(0.55), "accuracy")
