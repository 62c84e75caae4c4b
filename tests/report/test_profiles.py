"""Models compared label by label and sentence by sentence: against plain loops, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from probekit import report
from probekit.errors import ProbekitError
from probekit.works.probing import probing

LABELS = ["NP", "PP", "S", "VP"]


def made(models: dict[str, float], seeds: int = 3, groups: int = 40, seed: int = 0) -> pd.DataFrame:
    """Answers of models that are right so often; sentences differ in how hard they are for all."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 9, groups)
    group = np.repeat(np.arange(groups) * 10, sizes)
    gold = rng.choice(LABELS, len(group), p=[0.5, 0.2, 0.2, 0.1])
    ease = np.repeat(rng.random(groups), sizes)
    parts = []
    for model, share in models.items():
        for k in range(seeds if model != "single" else 1):
            right = rng.random(len(group)) < (share + ease) / 2
            other = rng.choice(["NP", "VP", "ADJP"], len(group))
            parts.append(
                pd.DataFrame(
                    {
                        "model": model,
                        "seed": k,
                        "unit": np.arange(len(group)),
                        "group": group,
                        "gold": gold,
                        "predicted": np.where(right, gold, other),
                    }
                )
            )
    return report.check_answers(pd.concat(parts, ignore_index=True))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return made({"a": 0.9, "b": 0.6, "single": 0.2})


# --- labels ------------------------------------------------------------------------------------------


def test_label_profiles_are_the_mean_of_the_f1_of_every_seed(table: pd.DataFrame) -> None:
    profiles = report.label_profiles(table).set_index(["model", "label"])
    for (model, label), row in profiles.iterrows():
        own = table[table["model"] == model]
        f1 = [
            f1_score(part["gold"] == label, part["predicted"] == label, zero_division=0)
            for _, part in own.groupby("seed")
        ]
        one = own[own["seed"] == 0]
        assert row["f1"] == pytest.approx(np.mean(f1), abs=1e-12) and row["seeds"] == len(f1)
        assert row["n"] == (one["gold"] == label).sum() and row["frequency"] == pytest.approx(row["n"] / len(one))
        assert np.isnan(row["sd"]) if len(f1) == 1 else row["sd"] == pytest.approx(np.std(f1, ddof=1))
    assert set(profiles.index.get_level_values("label")) == set(LABELS), "labels without gold are left out"


def test_a_label_that_is_never_predicted_has_f1_zero() -> None:
    gold = ["X", "Y", "Y", "Z"]
    frame = pd.DataFrame({"model": "m", "seed": 0, "unit": range(4), "group": range(4), "gold": gold, "predicted": "Y"})
    profile = report.label_profiles(frame).set_index("label")["f1"]
    assert profile.to_dict() == {"X": 0.0, "Y": pytest.approx(2 / 3), "Z": 0.0}


def test_label_correlations_agree_with_scipy_and_resamples_with_a_loop(table: pd.DataFrame) -> None:
    found = report.label_correlations(table, n_boot=200)
    wide = report.label_profiles(table).pivot(index="label", columns="model", values="f1")
    for row in found.itertuples():
        assert row.r == pytest.approx(stats.pearsonr(wide[row.a], wide[row.b]).statistic, abs=1e-12)
        assert row.n == len(LABELS) and row.ci_low <= row.ci_high
    assert list(zip(found["a"], found["b"], strict=True)) == [("a", "b"), ("a", "single"), ("b", "single")]
    assert report.label_correlations(table)["ci_low"].isna().all()
    # One resample by hand: every group as often as it was drawn.
    from probekit.scores.intervals import count_blocks

    groups = np.unique(table["group"])
    counts = next(iter(count_blocks(len(groups), 200, 0, len(groups))))[:, 0]
    drawn = pd.concat([table[table["group"] == g] for g, k in zip(groups, counts, strict=True) for _ in range(int(k))])
    drawn = drawn.assign(unit=drawn.groupby(["model", "seed"]).cumcount())
    again = report.label_profiles(drawn).pivot(index="label", columns="model", values="f1")
    one = report.label_correlations(table, n_boot=1)
    expected = stats.pearsonr(again["a"], again["b"]).statistic
    assert one.loc[0, "ci_low"] == pytest.approx(expected, abs=1e-9)


# --- sentences ---------------------------------------------------------------------------------------


def test_sentence_profiles_average_seeds_then_units_then_families(table: pd.DataFrame) -> None:
    profiles = report.sentence_profiles(table, least=3)
    for row in profiles.itertuples():
        own = table[(table["model"] == row.model) & (table["group"] == row.group)]
        right = own["gold"] == own["predicted"]
        assert row.accuracy == pytest.approx(right.groupby(own["unit"]).mean().mean(), abs=1e-12)
        assert row.n == own["unit"].nunique() >= 3
    sizes = table[table["model"] == "a"].groupby("group")["unit"].nunique()
    assert profiles["group"].nunique() == (sizes >= 3).sum()
    merged = report.sentence_profiles(table, families={"a": "both", "b": "both", "single": None})
    wide = profiles.pivot(index="group", columns="model", values="accuracy")
    both = merged.set_index("group")["accuracy"]
    assert set(merged["model"]) == {"both"} and both.to_dict() == pytest.approx(((wide["a"] + wide["b"]) / 2).to_dict())


def test_sentence_correlations_agree_with_scipy_and_resamples_with_a_loop(table: pd.DataFrame) -> None:
    profiles = report.sentence_profiles(table)
    wide = profiles.pivot(index="group", columns="model", values="accuracy")
    found = report.sentence_correlations(profiles, n_boot=400)
    for row in found.itertuples():
        assert row.r == pytest.approx(stats.pearsonr(wide[row.a], wide[row.b]).statistic, abs=1e-12)
        assert row.ci_low < row.r < row.ci_high and row.n == len(wide)
    from probekit.scores.intervals import count_blocks

    counts = next(iter(count_blocks(len(wide), 400, 0, len(wide))))[:, 0].astype(int)
    rows = np.repeat(np.arange(len(wide)), counts)
    expected = stats.pearsonr(wide["a"].iloc[rows], wide["b"].iloc[rows]).statistic
    one = report.sentence_correlations(profiles, n_boot=1)
    assert one.loc[0, "ci_low"] == pytest.approx(expected, abs=1e-9)
    long = report.sentence_correlations(profiles, n_boot=0, least=6)
    assert long["n"].iloc[0] == (profiles[profiles["model"] == "a"]["n"] >= 6).sum() < found["n"].iloc[0]
    square = report.matrix(found)
    assert list(square.columns) == ["a", "b", "single"] and square.loc["b", "a"] == found["r"].iloc[0]
    assert (np.diag(square) == 1).all()


def test_averaging_seeds_before_correlating_is_not_correlating_single_seeds(table: pd.DataFrame) -> None:
    one = table[table["seed"] == 0]
    alone = report.sentence_correlations(report.sentence_profiles(one), n_boot=0)["r"].iloc[0]
    averaged = report.sentence_correlations(report.sentence_profiles(table), n_boot=0)["r"].iloc[0]
    assert averaged > alone


# --- extremes ----------------------------------------------------------------------------------------


def test_extremes_are_the_ends_of_the_profile_and_ties_are_counted(table: pd.DataFrame) -> None:
    profiles = report.sentence_profiles(table)
    own = profiles[profiles["model"] == "a"]
    extremes = report.extreme_sentences(profiles, "a", n=8)
    for side, ordered in (("hardest", np.sort(own["accuracy"])), ("easiest", np.sort(own["accuracy"])[::-1])):
        chosen = extremes[extremes["side"] == side]
        assert chosen["accuracy"].tolist() == ordered[:8].tolist() and chosen["group"].is_unique
        border = ordered[7]
        assert set(chosen["tied"]) == {(own["accuracy"] == border).sum() - (ordered[:8] == border).sum()}
    only = own["group"].iloc[::2].tolist()
    few = report.extreme_sentences(profiles, "a", n=3, only=only)
    assert set(few["group"]) <= set(only)
    features = pd.DataFrame({"length": np.arange(400), "question": np.arange(400) % 2 == 0})
    compared = report.extreme_features(extremes, features).set_index("feature")
    hard, easy = (extremes.loc[extremes["side"] == side, "group"] for side in ("hardest", "easiest"))
    assert compared.loc["length", "hardest"] == hard.mean() and compared.loc["length", "easiest"] == easy.mean()
    assert compared.loc["question", "total_hardest"] == (hard % 2 == 0).sum()


def test_halves_share_out_seeds_and_repeat_a_single_one(table: pd.DataFrame) -> None:
    first, second = report.halves(table)
    assert set(first.loc[first["model"] == "a", "seed"]) == {0, 1}
    assert set(second.loc[second["model"] == "a", "seed"]) == {2}
    assert set(second.loc[second["model"] == "single", "seed"]) == {0}
    # On sentences chosen because it failed there, a model does better with other seeds: regression to the mean.
    choosing, scored = (report.sentence_profiles(half) for half in (first, second))
    for model in ("a", "b"):
        chosen = report.extreme_sentences(choosing, model, n=6)
        hardest = chosen.loc[chosen["side"] == "hardest", "group"]
        found = [one[one["model"].eq(model) & one["group"].isin(hardest)]["accuracy"] for one in (choosing, scored)]
        assert found[1].mean() >= found[0].mean()


# --- what is refused ---------------------------------------------------------------------------------


def test_models_that_were_not_asked_the_same_are_refused(table: pd.DataFrame) -> None:
    for broken, message in (
        (table.drop(table.index[-1]), "were not asked the same"),
        (table.assign(gold=np.where(table.index == 0, "S", table["gold"])), "another gold"),
        (pd.concat([table, table.head(1)]), "answers unit 0 twice"),
        (table.drop(columns="group"), "lacks the column 'group'"),
        (table.head(0), "without answers"),
    ):
        with pytest.raises(ProbekitError, match=message):
            report.check_answers(broken)
    profiles = report.sentence_profiles(table)
    for call, message in (
        (lambda: report.sentence_profiles(table, least=99), "no group has 99 units"),
        (lambda: report.sentence_profiles(table, families={"c": "x"}), "unknown model in families: 'c'"),
        (lambda: report.extreme_sentences(profiles, "c"), "unknown model 'c'"),
        (lambda: report.extreme_sentences(profiles, "a", n=500), "n=500"),
        (lambda: report.sentence_correlations(profiles[profiles["model"] == "a"]), "needs two models"),
        (lambda: report.sentence_correlations(profiles.drop(profiles.index[0])), "not asked about the same sentences"),
        (lambda: report.extreme_features(report.extreme_sentences(profiles, "a", 2), pd.DataFrame({"x": [1]})), "lack"),
    ):
        with pytest.raises(ProbekitError, match=message):
            call()


# --- from results ------------------------------------------------------------------------------------


def test_answers_come_from_rows_and_kept_predictions(tmp_path) -> None:
    grid = probing(
        "profiles",
        corpora=["grammar(n=60)"],
        encoders=['word2vec:"grammar(n=60)"(size=8, epochs=1)'],
        tasks=["word/pos", "word/parent"],
        probes=["logistic(C=1)", "logistic(C=0.01)"],
        seeds=[0],
        folds=3,
        keep=["predictions"],
    )
    rows = grid.run(tmp_path / "profiles")
    predictions = report.read_table(tmp_path / "profiles", "predictions")
    parent = rows[rows["task"] == "word/parent"]
    table = report.answers(parent, predictions, by="probe")
    assert list(dict.fromkeys(table["model"])) == sorted(parent["probe"].unique())
    pooled = parent[parent["metric"] == "accuracy_pooled"].set_index("probe")["value"]
    right = (table["gold"] == table["predicted"]).groupby(table["model"]).mean()
    assert right.to_dict() == pytest.approx(pooled.to_dict(), abs=1e-9)
    both = report.answers(parent, predictions, by=["encoder", "probe"])
    assert all(" | logistic" in model for model in both["model"])
    with pytest.raises(ProbekitError, match="two answers for one unit and seed: its rows differ in probe"):
        report.answers(parent, predictions)
    with pytest.raises(ProbekitError, match="differ in task"):
        report.answers(rows, predictions, by="probe")
    with pytest.raises(ProbekitError, match="no predictions were kept"):
        report.answers(parent.assign(key="x"), predictions, by="probe")


# --- tests over seeds --------------------------------------------------------------------------------


def score_rows(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    lines = [
        {"encoder": encoder, "task": task, "seed": k, "metric": "accuracy", "value": 0.5 + shift + rng.normal(0, 0.01)}
        for encoder, shift in (("es", 0.1), ("fr", 0.12), ("en", 0.0))
        for task in ("word/pos", "word/parent")
        for k in range(6)
    ]
    return pd.DataFrame(lines)


def test_tests_against_a_baseline_agree_with_scipy_and_are_corrected_together() -> None:
    rows = score_rows()
    baseline = {"word/pos": 0.58, "word/parent": 0.5}
    found = report.against_baseline(rows, baseline)
    assert len(found) == 6 and set(found["correction"]) == {"holm over 6"}
    for row in found.itertuples():
        values = rows[(rows["encoder"] == row.encoder) & (rows["task"] == row.task)]["value"]
        assert row.p == pytest.approx(stats.ttest_1samp(values, baseline[row.task]).pvalue, rel=1e-9)
        assert row.difference == pytest.approx(values.mean() - baseline[row.task]) and row.n == 6
    ordered = found.sort_values("p")
    holm = np.maximum.accumulate(np.minimum(1, ordered["p"].to_numpy() * np.arange(6, 0, -1)))
    assert ordered["p_adjusted"].to_numpy() == pytest.approx(holm)
    as_rows = pd.DataFrame({"task": list(baseline), "metric": "accuracy", "value": list(baseline.values())})
    pd.testing.assert_frame_equal(report.against_baseline(rows, as_rows), found)
    with pytest.raises(ProbekitError, match="unknown baseline of the task 'word/pos'"):
        report.against_baseline(rows, {"word/parent": 0.5})
    with pytest.raises(ProbekitError, match="the baseline has 2 values"):
        report.against_baseline(rows, pd.concat([as_rows, as_rows.assign(value=0.1)]))
    with pytest.raises(ProbekitError, match="undefined"):
        report.against_baseline(rows.assign(value=math.nan), baseline)


def test_analysis_of_variance_over_encoders_agrees_with_scipy() -> None:
    rows = score_rows(1)
    found = report.anova(rows, by="task").set_index("task")
    for task, row in found.iterrows():
        samples = [part["value"] for _, part in rows[rows["task"] == task].groupby("encoder")]
        assert row["p"] == pytest.approx(stats.f_oneway(*samples).pvalue, rel=1e-9)
        assert row["spread"] == pytest.approx(max(map(np.mean, samples)) - min(map(np.mean, samples)))
    with pytest.raises(ProbekitError, match="one value of 'encoder'"):
        report.anova(rows[rows["encoder"] == "es"])


# --- samples -----------------------------------------------------------------------------------------


def test_samples_begin_with_the_sentences_as_they_are(table: pd.DataFrame) -> None:
    profiles = report.sentence_profiles(table, least=1)
    samples = report.accuracy_samples(profiles, n_boot=50)
    right = table["gold"] == table["predicted"]
    for model, sample in samples.items():
        assert len(sample) == 51 and sample[0] == pytest.approx(right[table["model"] == model].mean())
    r = report.sentence_correlations(profiles, n_boot=50).iloc[0]
    found = report.correlation_samples(profiles, n_boot=50)[frozenset((r["a"], r["b"]))]
    assert found[0] == pytest.approx(r["r"]) and np.quantile(found[1:], 0.975) == pytest.approx(r["ci_high"])
    profiles = report.label_profiles(table)
    f1 = report.f1_samples(table[table["model"] == "a"], n_boot=50)
    for label, sample in f1.items():
        own = profiles[profiles["model"].eq("a") & profiles["label"].eq(label)]
        assert sample[0] == pytest.approx(own["f1"].iloc[0])


def test_all_models_share_the_resamples_so_that_a_model_never_differs_from_itself(table: pd.DataFrame) -> None:
    both = pd.concat([table, table[table["model"] == "a"].assign(model="z")], ignore_index=True)
    samples = report.accuracy_samples(report.sentence_profiles(both, least=1))
    same = report.estimate(samples["a"] - samples["z"], 40)
    assert same.difference == same.low == same.high == 0
    found = report.estimate(samples["a"] - samples["b"], 40)
    assert 0 < found.low < found.difference < found.high and report.clears(found) is True
    assert report.shown(found).endswith("40 sentences")
    # A mean of models is the mean of their samples.
    family = report.sentence_profiles(table, least=1, families={"a": "f", "b": "f"})
    mean = report.accuracy_samples(family)["f"]
    assert np.allclose(mean, (samples["a"] + samples["b"]) / 2)


def test_samples_of_models_that_were_asked_of_other_sentences_are_refused(table: pd.DataFrame) -> None:
    profiles = report.sentence_profiles(table, least=1)
    with pytest.raises(ProbekitError, match="not asked about the same sentences"):
        report.accuracy_samples(profiles.iloc[1:])
