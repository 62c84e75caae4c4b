"""Where the score of a class went: the shares a page names close the account."""

from __future__ import annotations

import pytest
from relevance_texts import TEXTS, bert_classifier, cnn_classifier

from probekit.relevance.account import LEFT, account_of, parts_of_score, said
from probekit.relevance.texts import explain_texts


@pytest.mark.parametrize("classifier", [bert_classifier, cnn_classifier])
@pytest.mark.parametrize("rules", ["epsilon(0.01, bias=drop)", None])
def test_shares_of_relevance_add_up_to_the_score(classifier, rules):
    if classifier is bert_classifier and rules:
        rules = f"transformer|{rules.replace('(', ':linear(')}"
    for one in explain_texts(classifier(), TEXTS, "all", rules=rules):
        for k in range(len(one.classes)):
            shares, parts = account_of(one, k)
            assert parts and sum(shares.values()) == pytest.approx(one.scores[k])
            assert shares[LEFT] == pytest.approx(0, abs=1e-4 * max(1, abs(one.scores[k])))
            assert shares["words"] == pytest.approx(one.relevance[k].sum()), (
                "the numbers of the words as they are shown"
            )
            if rules:
                kept = sum(amount[k] for name, amount in one.kept.items() if name.endswith(" bias"))
                assert shares["biases"] == pytest.approx(kept) and abs(kept) > 1e-3
            if classifier is bert_classifier:
                assert shares["special tokens"] == pytest.approx(one.special[k]) and abs(one.special[k]) > 1e-3


def test_what_is_no_part_of_the_score_is_not_said_to_be_one():
    (one,) = explain_texts(cnn_classifier(), TEXTS[:1], method="sa")
    assert set(account_of(one, 0).shares) == {"words", "special tokens"} and "=" not in said(one, 0)
    (one,) = explain_texts(cnn_classifier(), TEXTS[:1], method="gradient-x-input")
    assert said(one, 0).startswith(f"{one.scores[0]:.3f} = words ") and "not shared out" in said(one, 0)
    assert parts_of_score("lrp") and not parts_of_score("lrp", "norm")
    assert not parts_of_score("attention") and not parts_of_score("random(seed=3)")
