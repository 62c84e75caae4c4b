"""The nth-order study, small: its grids of a cipher run, its figures and claims are drawn from rows and predictions."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from probekit import report
from probekit import study as studies
from probekit.report.claims import published, views

experiment = import_module("probekit.experiments.nth_order_clwe")
STUDY = studies.complete("nth-order-clwe")
MADE = "(epochs=10, size=30)"
TABLES = (f'word2vec:"meanings(n=1500)"{MADE}', f'word2vec:"meanings(n=1500, seed=1)|cipher"{MADE}')


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Both methods and all orders on a small text and its cipher."""
    out = tmp_path_factory.mktemp("results") / STUDY.name
    every = [
        experiment.aligned(*TABLES, "cipher-dictionary", method, orders, {"first": first})
        for method in (experiment.SUPERVISED, experiment.LEARNING)
        for orders in (experiment.RAW, experiment.NONE, experiment.POST)
        for first in (0, 200)
    ]
    experiment.ask(every, ["dictionary/cipher"]).run(out)
    return out


def test_a_cipher_of_generated_text_is_read_by_what_is_aligned(results):
    view = views(STUDY, report.read_results(results))[0]
    assert view.generated and view.mark == "-ciphers"
    chance = 0.01  # of 1,000 words in any order
    assert view.value(method="supervised", orders="raw", size="all") > 20 * chance
    assert view.value(method="supervised", orders="raw", size="all") > view.value(
        method="supervised", orders="raw", size="200"
    )


def test_order_zero_is_the_baseline_word_by_word(results):
    view = views(STUDY, report.read_results(results))[0]
    for method in ("supervised", "self-learning"):
        gain = view.gain({"orders": "order (0, 0)"}, {"orders": "raw"}, method=method, size="all")
        assert abs(gain.difference) <= 1e-6 and gain.n > 100


def test_figures_claims_and_numbers_beside_the_paper(results):
    with pytest.warns(UserWarning, match="figure-grid-ciphers is left out"):
        made = report.publish(STUDY.name, results)
    names = {path.name for path in made}
    assert {"figure-gains.png", "figure-methods-ciphers.png", "table-2-ciphers.md", "claims-ciphers.md"} <= names
    claims = report.claims(STUDY.name, report.read_results(results))
    assert set(claims["verdict"]) == {"not testable here"} and len(claims) == 10
    assert claims.set_index("number").loc[8, "why"].startswith("generated data never counts")


def test_published_numbers_are_all_there_and_no_cipher_stands_beside_them(results):
    assert len(published(STUDY)) == 1419
    assert report.against_paper(STUDY.name, report.read_results(results))["ours"].isna().all()


def test_parts_ask_what_the_card_lists():
    data = dict.fromkeys(experiment.STUDY.data, "")
    assert len(experiment.ORDERS) ** 2 == 49 and {"en", "fi", "fr"} < set(data)
    assert [part.name for part in STUDY.parts.values() if part.usual] == [
        "pairs",
        "rcsls",
        "grid",
        "spectra",
        "ciphers",
    ]
