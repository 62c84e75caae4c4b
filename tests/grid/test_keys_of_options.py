"""Keys are made of every option of every component: the options are those under which the golden numbers change."""

from __future__ import annotations

import pytest
from golden import (
    CORPUS_OPTIONS,
    ENCODER_OPTIONS,
    NEEDS_DATA,
    PROBE_OPTIONS,
    SMALL,
    TASK_OPTIONS,
    corpus_spec,
    fill,
    step_spec,
)
from golden import ENCODERS as GOLDEN_ENCODERS
from test_faults_same import data, keys, keys_of, specs

from probekit import tasks
from probekit.corpora import describe as describe_corpus
from probekit.sources import parameters
from probekit.specs import Spec, parse
from probekit.works.probing import probing


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, options in ENCODER_OPTIONS.items() for o in options])
def test_every_option_of_an_encoder_changes_its_keys(tmp_path, name, option):
    place = data(tmp_path / "data")
    plain = parse(specs(place).get(name) or GOLDEN_ENCODERS[name]())
    changed = Spec(plain.name, plain.target, (), {**plain.kwargs, option: ENCODER_OPTIONS[name][option]})
    base, found = keys(place, (str(plain),)), keys(place, (str(changed),))
    assert base[str(plain)].isdisjoint(found[str(changed)])


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, options in PROBE_OPTIONS.items() for o in options])
def test_every_option_of_a_probe_changes_its_keys(tmp_path, name, option):
    place = data(tmp_path / "data")
    plain = parse(name + SMALL.get(name, ""))
    changed = Spec(name, None, (), {**plain.kwargs, option: PROBE_OPTIONS[name][option]})
    few = {"tasks": ["word/upos"] if name in ("logistic", "online-code") else ["sentence/sent_length"]}
    if name == "span-mlp":
        few = {"tasks": ["span/entity-label"], "poolings": None, "folds": None}
    base, found = (keys(place, ("static",), probes=[str(spec)], **few)["static"] for spec in (plain, changed))
    assert base.isdisjoint(found)


def corpus_options() -> list[object]:
    pairs = [(case, option) for case, options in CORPUS_OPTIONS.items() for option in options]
    marks = dict.fromkeys(NEEDS_DATA, pytest.mark.data)
    return [pytest.param(case, option, marks=marks.get(case, ())) for case, option in pairs]


@pytest.mark.parametrize(("case", "option"), corpus_options())
def test_every_option_of_a_corpus_changes_every_key(case, option):
    """Keys are made of the digest of a corpus."""
    room, _, name = case.partition(":")
    plain = step_spec(name) if room == "corpus step" else corpus_spec(name)
    found = [describe_corpus(spec).digest for spec in (plain, fill(CORPUS_OPTIONS[case][option]))]
    assert found[0] != found[1]
    base, changed = (
        keys_of(probing("keys", [spec], [GOLDEN_ENCODERS["hf"]()], tasks=["sentence/sent_length"], probes=["ridge"]))
        for spec in (plain, fill(CORPUS_OPTIONS[case][option]))
    )
    assert base.isdisjoint(changed)


def test_every_option_of_a_task_changes_its_keys(tmp_path):
    place = data(tmp_path / "data")
    tried = set()
    for name in tasks.registry.names():
        known = [o for o, p in parameters(tasks.registry.get(name)).items() if p.default is not p.empty]
        for option in known if "<" not in name else ():
            given = {"probes": ["ridge"] if tasks.get(name).kind == "number" else ["logistic"]}
            if tasks.get(name).level == "span":
                given = {"probes": ["span-mlp"], "poolings": None, "folds": None}
            changed = str(Spec(name, None, (), {option: TASK_OPTIONS[option]}))
            base, found = (keys(place, ("static",), tasks=[spec], **given)["static"] for spec in (name, changed))
            assert base.isdisjoint(found), changed
            tried.add(option)
    assert tried == set(TASK_OPTIONS)
