"""Numbers do not move unless a revision says so.

Every stored answer is remembered under the revisions of the components it came from. Where numbers move and the
revision stays, old and new answers mix in one table. Golden numbers are in `golden.json`; after raising a revision, run
`PROBEKIT_UPDATE_GOLDEN=1 pytest tests/test_golden.py` and commit the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import golden_spans
import numpy as np
import pytest
from golden import (
    CASES,
    CORPUS_OPTIONS,
    ENCODER_OPTIONS,
    FILE,
    NEEDS_DATA,
    PROBE_OPTIONS,
    SMALL,
    TASK_OPTIONS,
    annotated,
    corpus_numbers,
    encoder_numbers,
    encoder_spec,
    fill,
    gaps,
    probe_numbers,
    revision,
    stored,
    task_name,
    task_numbers,
    tolerance,
)

from probekit import probes, tasks
from probekit.registry import parameters
from probekit.specs import Spec, parse

UPDATE = "PROBEKIT_UPDATE_GOLDEN"
HOW = f"{UPDATE}=1 pytest tests/test_golden.py, and commit tests/golden.json"


def verdict(case: str, known: dict[str, Any] | None, now: int, numbers: Sequence[float]) -> str:
    """What is wrong with a case, or nothing."""
    if known is None:
        return f"{case} has no golden numbers yet: {HOW}"
    if now < known["revision"]:
        return f"{case} went back from revision {known['revision']} to {now}: revisions only rise"
    if now > known["revision"]:
        return f"{case} is at revision {now}, its golden numbers at {known['revision']}: {HOW}"
    old, new = np.array(known["numbers"]), np.array(numbers, dtype=float)
    if old.shape == new.shape:
        far = ~(np.abs(new - old) <= known["tolerance"] * np.maximum(1, np.abs(old)))
        if not far.any():
            return ""
        shown = ", ".join(f"{old[i]:.6g} -> {new[i]:.6g}" for i in np.flatnonzero(far)[:4])
    else:
        shown = f"{len(old)} numbers -> {len(new)}"
    return (
        f"the numbers of {case} moved and its revision is still {now} ({shown}).\nIf they were meant to move, raise "
        f"the revision where it is registered, then {HOW}.\nIf not, find what moved them. If the case itself was "
        f"rewritten, remove its entry from tests/golden.json first"
    )


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.data] if case in NEEDS_DATA else []) for case in CASES]
)
def test_numbers_stay_while_the_revision_stays(case):
    numbers, now, known = [float(x) for x in CASES[case]()], revision(case), stored().get(case)
    assert numbers and np.isfinite(numbers).all(), numbers
    if os.environ.get(UPDATE) and (known is None or now > known["revision"]):
        # Written anew only where the revision rose: updating is no way to hide a change.
        entry = {"revision": now, "tolerance": tolerance(case), "numbers": [float(f"{x:.12g}") for x in numbers]}
        lines = [f" {json.dumps(name)}: {json.dumps(one)}" for name, one in sorted({**stored(), case: entry}.items())]
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        known = stored()[case]
    wrong = verdict(case, known, now, numbers)
    assert not wrong, wrong


def test_a_change_is_seen_and_the_way_out_is_named():
    known = {"revision": 2, "tolerance": 1e-3, "numbers": [1.0, 2000.0]}
    assert not verdict("probe:x", known, 2, [1.0009, 2001.0])
    moved = verdict("probe:x", known, 2, [1.002, 2000.0])
    assert "revision is still 2" in moved and "1 -> 1.002" in moved and "raise the revision" in moved and HOW in moved
    assert "moved" in verdict("probe:x", known, 2, [1.0])
    assert "is at revision 3" in verdict("probe:x", known, 3, [1.0, 2000.0])
    assert "only rise" in verdict("probe:x", known, 1, [1.0, 2000.0])
    assert HOW in verdict("probe:x", None, 1, [1.0])
    assert "moved" in verdict("probe:x", known, 2, [float("nan"), 2000.0])


# --- every option changes a number (a setting that is read and never applied is the fault looked for)


def differs(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(a) != len(b) or not np.allclose(a, b, rtol=1e-7, atol=1e-9)


def pairs(table: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    return [(name, option) for name, options in table.items() for option in options]


def task_options() -> list[tuple[str, str]]:
    found = []
    for name in tasks.registry.names():
        known = parameters(tasks.registry.get(name))
        found += [(name, option) for option, p in known.items() if p.default is not p.empty]
    return found


@pytest.mark.parametrize(("name", "option"), task_options())
def test_an_option_of_a_task_changes_its_numbers(name, option):
    head = task_name(name)
    of = (gaps(),) if option == "words" and "feat" not in name else ()
    if option == "drop_missing":
        of = (annotated("ptb", "(UH Oh)\n(NP (NN Lunch))\n(S (NP (NNP Ada)) (VP (VBD ate) (NP (NN lunch))))"),)
    changed = task_numbers(str(Spec(head, None, (), {option: TASK_OPTIONS[option]})), *of)
    assert differs(task_numbers(str(Spec(head)), *of), changed)


@pytest.mark.parametrize(("name", "option"), pairs(PROBE_OPTIONS))
def test_an_option_of_a_probe_changes_its_numbers(name, option):
    if name == "span-mlp":
        small = parse(golden_spans.SMALL).kwargs
        # Waiting matters where there is something to wait for: many looks at a rate that overshoots.
        plain = {**small, **({"passes": 12, "every": 1, "rate": 0.2} if option in ("wait", "patience") else {})}
        changed = {**plain, option: PROBE_OPTIONS[name][option]}
        specs = [str(Spec(name, None, (), settings)) for settings in (plain, changed)]
        assert differs(*map(golden_spans.span_numbers, specs))
        return
    plain = parse(name + SMALL.get(name, ""))
    if option in ("patience", "schedule"):  # they matter once the loss stops falling
        plain = parse("mlp(hidden=8, epochs=60, rate=0.1)")
    changed = Spec(name, None, (), {**plain.kwargs, option: PROBE_OPTIONS[name][option]})
    assert differs(probe_numbers(str(plain)), probe_numbers(str(changed)))


@pytest.mark.parametrize("name", [n for n in probes.list() if n in ("ridge", "logistic", "mlp", "online-code")])
def test_the_seed_of_a_probe_that_draws_changes_its_numbers(name):
    spec = {"mlp": "mlp(hidden=8, epochs=4)", "online-code": "online-code"}.get(name, name)
    assert differs(probe_numbers(spec), probe_numbers(spec, seed=1))


@pytest.mark.parametrize(("name", "option"), pairs(ENCODER_OPTIONS))
def test_an_option_of_an_encoder_changes_its_numbers(name, option):
    rare = {"min_count": 2} if (name, option) == ("word2vec", "oov") else {}  # so that some words are unknown
    changed = encoder_spec(name, **{**rare, option: ENCODER_OPTIONS[name][option]})
    assert differs(encoder_numbers(encoder_spec(name, **rare)), encoder_numbers(changed))


@pytest.mark.parametrize(("case", "option"), pairs(CORPUS_OPTIONS))
def test_an_option_of_a_corpus_changes_its_sentences(case, option):
    changed = fill(CORPUS_OPTIONS[case][option])
    assert differs(list(CASES[case]()), corpus_numbers(changed))
