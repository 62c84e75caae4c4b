"""Registries as a whole: everything registered is described, pinned and tried; no file names a machine."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from golden import (
    CASES,
    CORPUS_OPTIONS,
    ENCODER_OPTIONS,
    PROBE_OPTIONS,
    TASK_OPTIONS,
    components,
    is_own,
    registries,
    stored,
)

from probekit import corpora, encoders, probes, scores, tasks
from probekit.registry import parameters
from probekit.tasks.task import BASELINES, KINDS, LEVELS
from probekit.works.probing import CONTROLS, WITHOUT_ENCODER

REPOSITORY = Path(__file__).parents[1]
# Options that refuse instead of moving a number: where that is tried.
TRIED_ELSEWHERE = {
    ("probe:span-mlp", "unseen"): "test_span_probe.py",
    ("encoder:hf", "strict"): "test_alignment.py",
    ("encoder:random", "strict"): "test_alignment.py",
    ("corpus:text", "empty"): "test_texts.py",
    ("corpus:bio", "scheme"): "test_columns.py",
    **{
        (f"encoder:{kind}", option): "test_recurrent.py"
        for kind in ("translation", "labeller")
        for option in ("patience", "schedule", "threads")
    },
    ("encoder:labeller", "rare"): "test_recurrent.py",
}
LAYERS = (
    "form", "lemma", "upos", "xpos", "feats", "deprel", "misc", "head", "trees", "entity", "predicate-argument",
    "coreference", "target",
)  # fmt: skip


def entries():
    return [(room, registry.entry(name)) for room, registry in registries().items() for name in registry.names()]


def own_entries():
    return [(room, e) for room, e in entries() if is_own(e)]


def test_every_component_has_a_golden_case_and_every_case_a_component():
    assert sorted(CASES) == sorted(components())
    assert sorted(stored()) == sorted(CASES), "PROBEKIT_UPDATE_GOLDEN=1 pytest tests/test_golden.py adds what lacks"


def test_every_component_is_described_and_has_a_revision():
    assert len(own_entries()) > 80
    for room, entry in own_entries():
        assert entry.summary.strip() and "\n" not in entry.summary, (room, entry.name)
        assert len(entry.summary) < 160, (room, entry.name)
        assert type(entry.revision) is int and entry.revision >= 1, (room, entry.name)
        assert entry.load() is not None
        assert re.fullmatch(r"[a-z][A-Za-z0-9_:/<>+-]*", entry.name), (room, entry.name)


def test_registered_revisions_are_those_that_keys_are_made_of():
    kept = {
        "huggingface": ("hf", "minilm", "random"),
        "static": ("static", "glove"),
        "word2vec": ("word2vec",),
        "recurrent": ("saved",),
        "translation": ("translation",),
    }
    for module, names in kept.items():
        found = importlib.import_module(f"probekit.encoders.{module}").REVISION
        assert {encoders.registry.entry(name).revision for name in names} == {found}, module
    for name, module in {"conllu": "conllu", "grammar": "grammar", "text": "texts"}.items():
        found = importlib.import_module(f"probekit.corpora.{module}").REVISION
        assert corpora.registry.entry(name).revision == found, name


def test_every_task_has_valid_metadata():
    for name in tasks.registry.names():
        meta = tasks.registry.entry(name).meta
        if not is_own(tasks.registry.entry(name)):
            continue
        assert name.startswith(f"{meta['level']}/") and meta["level"] in LEVELS
        assert meta["kind"] in KINDS and meta["baseline"] in BASELINES
        metric = scores.get(meta["metric"])
        assert metric.kind == meta["kind"], name
        assert meta["group"] in ("raw text", "morphosyntax", "syntax", "semantics"), name
        assert re.search(r"(19|20)\d\d", meta["source"]), f"{name}: a source has a year"
        assert set(meta["requires"]) <= set(LAYERS), name
        assert set(meta["choices"]) <= set(parameters(tasks.registry.get(name))), name


def test_the_other_rooms_metadata():
    for name in probes.list():
        entry = probes.registry.entry(name)
        if is_own(entry):
            assert set(entry.meta["answers"]) <= set(KINDS) and entry.meta["takes"] in ("vectors", "words", "spans")
    for name in scores.names():
        metric = scores.get(name)
        assert metric.name == name and metric.source and metric.range[0] < metric.range[1]
    for name in corpora.registry.names():
        entry = corpora.registry.entry(name)
        if "resources" in entry.meta:
            assert entry.meta["licence"] and entry.meta["citation"] and entry.meta["source"].startswith("http")
    assert set(WITHOUT_ENCODER) < set(CONTROLS) and all(CONTROLS.values())


def options_of(room: str, name: str, component) -> list[str]:
    known = parameters(component)
    leave = {"task": ("corpus", "value"), "probe": ("seed",), "corpus": ("paths",), "corpus step": ("corpus",)}
    return [option for option in known if option not in leave.get(room, ())]


def test_every_option_is_in_a_table_of_cases_and_no_table_names_what_is_not_there():
    """test_golden.py changes a number with each of them."""
    from probekit.embeddings import word2vec
    from probekit.encoders import huggingface, recurrent, static
    from probekit.learners.labeller import train_labeller
    from probekit.learners.training import defaults_of
    from probekit.learners.translation import train_translation

    of_encoders = {
        "hf": list(parameters(huggingface.options)),
        "random": list(parameters(huggingface.random_options)),
        "static": list(static.DEFAULTS),
        "word2vec": {*parameters(word2vec.train_word2vec), *static.DEFAULTS} - {"corpus", "progress"},
        "saved": list(parameters(recurrent.options)),
        "translation": {*defaults_of(train_translation), *parameters(recurrent.options)},
        "labeller": {"task", *defaults_of(train_labeller), *parameters(recurrent.options)},
    }
    tables = {
        **{f"probe:{name}": table for name, table in PROBE_OPTIONS.items()},
        **{f"encoder:{name}": table for name, table in ENCODER_OPTIONS.items()},
        **CORPUS_OPTIONS,
    }
    found = {f"encoder:{name}": set(options) for name, options in of_encoders.items()}
    for room, entry in own_entries():
        if room in ("probe", "corpus step") or (room == "corpus" and "resources" not in entry.meta):
            found[f"{room}:{entry.name}"] = set(options_of(room, entry.name, entry.load()))
        elif room == "task":
            assert set(options_of(room, entry.name, entry.load())) <= set(TASK_OPTIONS), entry.name
    elsewhere = {case: {o for c, o in TRIED_ELSEWHERE if c == case} for case in found}
    for case, options in found.items():
        assert options == set(tables[case]) | (elsewhere[case] & options), case
    assert set(tables) <= set(found)
    for (_, option), place in TRIED_ELSEWHERE.items():
        assert option in (REPOSITORY / "tests" / place).read_text(encoding="utf-8")


@pytest.mark.parametrize("code", ["import probekit", "import probekit.cli", "import probekit as pk; pk.ProbekitError"])
def test_importing_is_cheap(code):
    heavy = "('torch', 'transformers', 'sklearn', 'pandas', 'numpy', 'matplotlib')"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print([m for m in {heavy} if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_the_surface_is_the_same_whatever_was_imported_before():
    """A module of the name of a function would hide it once somebody has imported it."""
    show = "import probekit as pk\nprint([(name, type(getattr(pk, name)).__name__) for name in pk.__all__])"
    before = (
        "import importlib, pkgutil, probekit as p\n"
        "[importlib.import_module(m.name) for m in pkgutil.iter_modules(p.__path__, 'probekit.')]\n"
    )
    plain, after = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for code in (show, before + show)
    )
    assert plain == after and "('probing', 'function')" in plain and "('tasks', 'module')" in plain


def test_registries_are_listed_without_torch_or_transformers():
    code = (
        "from probekit import corpora, encoders, probes, scores, tasks\n"
        "corpora.registry.names(), encoders.registry.names(), probes.list(), scores.names(), tasks.list()\n"
        "import sys; print([m for m in ('torch', 'transformers', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def committed() -> list[Path]:
    """Files of the repository as .gitignore leaves them: no hidden folders but .ci, nothing that runs or tools make."""
    skipped = {"__pycache__", "build", "dist", "_tables"}
    found = []
    for folder, folders, files in os.walk(REPOSITORY):
        folders[:] = [
            f
            for f in folders
            if f not in skipped and not f.endswith(".egg-info") and (not f.startswith(".") or f in (".ci", ".github"))
        ]
        run_output = Path(folder).parent == REPOSITORY / "results"
        for file in files:
            if file == ".git":  # of a second working tree
                continue
            made = file in ("_manifest.json", "_lock", "_errors.log") or file.endswith((".parquet", ".tmp"))
            if not (run_output and made) and not file.endswith((".pyc", ".log")):
                found.append(Path(folder) / file)
    return found


def test_no_file_names_a_folder_of_somebodys_machine():
    # Put together here, so that this file does not find itself.
    machine = re.compile("|".join(rf"(?<![\w.~])/{place}/\w" for place in ("root", "work", "home", "Users")))
    files = committed()
    assert REPOSITORY / "README.md" in files and REPOSITORY / "probekit" / "cli.py" in files and len(files) > 80
    for file in files:
        content = file.read_bytes()
        if b"\0" in content[:4096]:
            continue
        found = machine.search(content.decode("utf-8", errors="replace"))
        assert found is None, f"{file.relative_to(REPOSITORY)}: {found and found[0]}"
    assert machine.search("see /" + "home/x") and not machine.search("a/root/b") and not machine.search("/workers/")


def test_no_module_is_longer_than_a_reader_holds():
    for folder in ("probekit", "experiments", "paper_figures"):
        for file in (REPOSITORY / folder).rglob("*.py"):
            assert len(file.read_text(encoding="utf-8").splitlines()) <= 470, file
