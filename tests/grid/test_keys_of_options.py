"""Keys are made of every option of every component: the options are those under which the golden numbers change."""

from __future__ import annotations

import pytest
from golden import Case, cases, skipped_without_its_program
from test_faults_same import data, keys, keys_of
from test_golden_encoders import hf

from probekit import tasks
from probekit.corpora import describe as describe_corpus
from probekit.works.probing import probing


def tried(*kinds: str) -> list[object]:
    """Cases of some kinds with each of their options."""
    return [
        pytest.param(case, option, id=f"{case.name}({option})", marks=[pytest.mark.data] if case.data else [])
        for kind in kinds
        for case in cases(kind).values()
        for option in case.options
    ]


def changed(case: Case, option: str) -> str:
    return case.given(**{option: case.value(option)})


@pytest.mark.parametrize(("case", "option"), tried("encoder"))
def test_every_option_of_an_encoder_changes_its_keys(tmp_path, case, option):
    place = data(tmp_path / "data")
    own = {"poolings": ["sentence"]} if case.name == "encoder:paraphrases" else {}  # it has no other
    base, found = (keys(place, (spec,), **own)[spec] for spec in case.without_and_with(option))
    assert base.isdisjoint(found)


@pytest.mark.parametrize(("case", "option"), tried("probe"))
def test_every_option_of_a_probe_changes_its_keys(tmp_path, case, option):
    place = data(tmp_path / "data")
    name = case.name.partition(":")[2]
    few = {"tasks": ["word/upos"] if name in ("logistic", "online-code", "nearest") else ["sentence/sent_length"]}
    if name == "span-mlp":
        few = {"tasks": ["span/entity-label"], "poolings": None, "folds": None}
    specs = (case.spec, changed(case, option))
    base, found = (keys(place, ("static",), probes=[spec], **few)["static"] for spec in specs)
    assert base.isdisjoint(found)


@pytest.mark.parametrize(("case", "option"), tried("corpus", "corpus step"))
def test_every_option_of_a_corpus_changes_every_key(case, option):
    """Keys are made of the digest of a corpus."""
    specs = (case.spec, changed(case, option))
    with skipped_without_its_program():
        assert len({describe_corpus(spec).digest for spec in specs}) == 2
    base, found = (
        keys_of(probing("keys", [spec], [hf()], tasks=["sentence/sent_length"], probes=["ridge"])) for spec in specs
    )
    assert base.isdisjoint(found)


def test_every_option_of_a_task_changes_its_keys(tmp_path):
    place = data(tmp_path / "data")
    for name, case in cases("task").items():
        for option in case.options if "<" not in name else ():
            given = {"probes": ["ridge"] if tasks.get(name).kind == "number" else ["logistic"]}
            if tasks.get(name).level == "span":
                given = {"probes": ["span-mlp"], "poolings": None, "folds": None}
            specs = (name, changed(case, option))
            base, found = (keys(place, ("static",), tasks=[spec], **given)["static"] for spec in specs)
            assert base.isdisjoint(found), specs
