"""Long texts in windows: every word once, scores their means by words, relevance that closes as in each window."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from tiny_classifiers import TEXTS, classifier_folder

from probekit.errors import ProbekitError
from probekit.learners.classifier_training import predict_logits
from probekit.learners.loading import load_classifier
from probekit.learners.readable import readable
from probekit.relevance.account import LEFT, account_of
from probekit.relevance.texts import explain_texts
from probekit.relevance.windows import explain_in_windows

LONG = [*TEXTS[0] * 11, *TEXTS[0][:4]]


@pytest.fixture(scope="module")
def bert():
    return load_classifier(classifier_folder("bert"))


def test_windows_hold_every_word_once_and_no_word_more_would_fit(bert):
    found = readable(bert, [TEXTS[1], LONG, TEXTS[2]], "windows").in_windows()
    assert [len(words) for words in found.parts] == [1, 38, 38, 5, 4]
    assert list(found.text) == [0, 1, 1, 1, 2]
    assert [word for k in (1, 2, 3) for word in found.parts[k]] == LONG
    np.testing.assert_allclose(found.share, [1, 38 / 81, 38 / 81, 5 / 81, 1])
    assert bert.room([LONG]) == 38
    with pytest.raises(ProbekitError, match="has 39 pieces"):
        bert.batch([LONG[:39]])


def test_scores_are_means_of_windows_by_words(bert):
    found = readable(bert, [LONG, TEXTS[0]], "windows").in_windows()
    ours = found.mean(predict_logits(bert, found.parts))
    parts = [predict_logits(bert, [words])[0] for words in (LONG[:38], LONG[38:76], LONG[76:])]
    np.testing.assert_allclose(ours[0], (38 * parts[0] + 38 * parts[1] + 5 * parts[2]) / 81, atol=1e-6)
    np.testing.assert_allclose(ours[1], predict_logits(bert, [TEXTS[0]])[0], atol=1e-6)


@pytest.mark.parametrize("targets", ["predicted", "all", "good", ["good", "bad"]])
def test_relevance_of_windows_is_joined_and_the_account_closes(bert, targets):
    windows = readable(bert, [LONG, TEXTS[0]], "windows").in_windows()
    one, whole = explain_in_windows(bert, windows, targets, partial(explain_texts, bert, method="lrp"))
    logits = windows.mean(predict_logits(bert, windows.parts))
    classes = [bert.labels[int(logits[0].argmax())]] if targets == "predicted" else list(one.classes)
    assert list(one.words) == LONG and one.predicted == bert.labels[int(logits[0].argmax())]
    np.testing.assert_allclose(one.scores, [logits[0, bert.labels.index(name)] for name in classes], atol=1e-6)
    second = explain_texts(bert, [windows.parts[1]], [classes])[0]
    np.testing.assert_allclose(one.relevance[:, 38:76], second.relevance * 38 / 81, atol=1e-6)
    for k in range(len(classes)):
        shares = account_of(one, k).shares
        assert abs(shares[LEFT]) < 1e-5 and sum(shares.values()) == pytest.approx(one.scores[k])
    (alone,) = explain_texts(bert, [TEXTS[0]], targets if isinstance(targets, str) else [targets])
    np.testing.assert_allclose(whole.relevance, alone.relevance, atol=1e-6)


def test_a_word_that_no_window_holds_leaves_its_text_out(bert):
    texts = [TEXTS[0], [*TEXTS[0] * 6, "x-" * 30]]
    found = readable(bert, texts, "windows")
    assert (
        list(found.texts) == [0] and "its word 43 has more pieces than 'sequence-bert' reads at once" in found.left[1]
    )
    assert not found.windows
