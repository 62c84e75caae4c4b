"""Area under the ROC curve: scikit-learn's, ties, resamples one by one, several classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from probekit import scores
from probekit.errors import ProbekitError
from probekit.scores.intervals import count_blocks


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Labels of 70 texts and scores of three classes, with ties."""
    draw = np.random.default_rng(0)
    gold = draw.choice(["a", "b", "c"], 70, p=[0.5, 0.3, 0.2])
    return gold, ((gold[:, None] == np.array(["a", "b", "c"])) + draw.normal(size=(70, 3))).round(1)


def test_one_class_against_the_rest_is_that_of_scikit_learn(drawn):
    gold, columns = drawn
    one = (gold == "a").astype(float)
    found = scores.score("auc", one, columns[:, 0])
    assert found.value == pytest.approx(roc_auc_score(one, columns[:, 0]), abs=1e-12)
    assert found.low < found.value < found.high
    assert scores.get("auc")(one, -columns[:, 0]) == pytest.approx(1 - found.value)
    assert scores.get("auc")(one, np.zeros(70)) == 0.5
    assert np.isnan(scores.get("auc")(np.ones(4), np.arange(4.0)))
    with pytest.raises(ProbekitError, match="gold of 0 and 1"):
        scores.get("auc")(np.array([0.0, 2.0]), np.zeros(2))


def test_the_mean_over_classes_and_its_resamples(drawn):
    gold, columns = drawn
    labels = ["a", "b", "c", "never"]
    wide = np.concatenate([columns, np.zeros((70, 1))], axis=1)

    def plain(rows: np.ndarray) -> float:
        return float(np.mean([roc_auc_score(gold[rows] == one, columns[rows, at]) for at, one in enumerate("abc")]))

    found = scores.macro_auc(gold, wide, labels, n_boot=200)
    assert found.value == pytest.approx(plain(np.arange(70)), abs=1e-12)
    counts = np.concatenate(list(count_blocks(70, 200, 0, 70)), axis=1).astype(int)
    each = [plain(np.repeat(np.arange(70), one)) for one in counts.T]
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(each, [2.5, 97.5])), abs=1e-9)


def test_scores_that_do_not_fit_are_refused(drawn):
    gold, columns = drawn
    with pytest.raises(ProbekitError, match=r"70 units and 2 labels"):
        scores.macro_auc(gold, columns, ["a", "b"])
    with pytest.raises(ProbekitError, match="'c' has no column"):
        scores.macro_auc(gold, columns[:, :2], ["a", "b"])
    assert np.isnan(scores.macro_auc(["a", "a"], np.zeros((2, 2)), ["a", "b"]).value)
