"""Registries as a whole: everything registered is described, pinned and tried; no file names a machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import golden
import pytest
from golden import Case, is_own, own, stored
from test_floors import registries

from probekit import corpora, probes, resources, scores, tasks
from probekit.embeddings.benchmarks import registry as benchmarks
from probekit.encoders import pooling as pools
from probekit.registry import Entry
from probekit.sources import parameters
from probekit.tasks.task import BASELINES, KINDS, LEVELS
from probekit.works.probing import CONTROLS, WITHOUT_ENCODER
from probekit.works.spans import CONTROLS as SPAN_CONTROLS

REPOSITORY = Path(__file__).parents[2]
LAYERS = (
    "form", "lemma", "upos", "xpos", "feats", "deprel", "misc", "head", "trees", "entity", "predicate-argument",
    "coreference", "target", "label", "labels", "pair", "answer", "entailment", "relatedness",
    "flip", "meaning", "specificity", "ccg",
)  # fmt: skip
# Registries whose components need no golden case, and why.
EXCEPTED = {
    "resource": "files, pinned by their checksums",
    "kind of source": "says what a spec names: test_keys_of_options.py looks at what it says",
    "recipe": "makes what cases of tables, encoders and works are computed from",
    "study": "grids of works, with claims about their rows",
}
# Parameters of components that are nobody's to set in a spec.
GIVEN = {
    "task": {"corpus", "value"}, "probe": {"seed"}, "corpus": {"paths"}, "corpus step": {"corpus"}, "ratings": {"path"},
    "table step": {"table", "moments"}, "span method": {"d"}, "kind of classifier": {"width", "labels"},
    "head of a tagger": {"width", "labels"}, "encoder step": {"on", "model"},
    "predictor": {"case"}, "explainer": {"network", "given", "choose", "documents"}, "work": {"cell"},
    "metric": {"gold", "predicted"}, "reduction of relevance": {"values"}, "word items": {"path"},
    "sentence score": {"vectors", "left", "right", "corpus"},
    "benchmark": {"items"}, "alignment": {"source", "target", "pairs"}, "composition": {"left", "right"},
}  # fmt: skip
# Components whose options are those of another, which tries them.
SAME = {
    "encoder:minilm": "encoder:hf", "encoder:glove": "encoder:static",
    "word-vector table:glove": "word-vector table:static", "word-vector table:glove-50": "word-vector table:static",
    "word-vector table:fi-floret": "word-vector table:static",
    "word-vector table:fr-fasttext": "word-vector table:static",
}  # fmt: skip


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: case for one in golden.declared() for name, case in one.cases.items()}


def own_entries() -> Iterator[tuple[str, Entry[Any]]]:
    for _, registry in registries():
        entries = [registry.entry(name) for name in registry.names()]
        yield from ((registry.kind, entry) for entry in entries if is_own(entry))


def test_every_component_has_a_golden_case_and_every_case_a_component(cases):
    known = {registry.kind: registry for _, registry in registries()}
    assert len(known) == len(registries()) and set(EXCEPTED) < set(known), "kinds are told apart by their names"
    wanted = {f"{kind}:{name}" for kind in known if kind not in EXCEPTED for name in own(known[kind])}
    wanted |= {f"control:{name}" for name in (*CONTROLS, *SPAN_CONTROLS)}
    wanted |= {f"pooling:{name}" for name in (*pools.POOLINGS, *pools.WHOLE, *pools.UNPOOLED)}
    assert wanted <= set(cases)
    for name in set(cases) - wanted:
        kind, _, component = name.partition(":")
        assert kind in known and component in known[kind], f"{name} is a case of nothing"
    assert all(case.revision >= 1 for case in cases.values())


def test_every_class_of_benchmarks_has_a_case(cases):
    known = {name.partition(":")[2] for name in cases if name.startswith("benchmark:")}
    assert {benchmarks.get(name) for name in benchmarks.names()} == {benchmarks.get(name) for name in known}


def test_golden_numbers_are_those_of_the_cases():
    declared: dict[Path, dict[str, float]] = {}
    for one in golden.declared():
        declared.setdefault(one.kept, {}).update({name: case.tolerance for name, case in one.cases.items()})
    assert set(declared) == set((REPOSITORY / "tests").glob("*/golden.json"))
    for kept, own_cases in declared.items():
        found = {name: entry["tolerance"] for name, entry in stored(kept).items()}
        assert found == own_cases, f"{golden.UPDATE}=1 python -m pytest tests/{kept.parent.name} adds what lacks"


def test_every_component_is_described_and_has_a_revision():
    entries = [(kind, entry) for kind, entry in own_entries() if kind != "kind of source"]
    assert len(entries) > 80
    for room, entry in entries:
        assert entry.summary.strip() and "\n" not in entry.summary, (room, entry.name)
        assert len(entry.summary) < 160, (room, entry.name)
        assert type(entry.revision) is int and entry.revision >= 1, (room, entry.name)
        assert entry.load() is not None
        assert re.fullmatch(r"[a-z0-9][A-Za-z0-9_:/<>+-]*", entry.name), (room, entry.name)


def test_every_task_has_valid_metadata():
    for name in tasks.registry.names():
        meta = tasks.registry.entry(name).meta
        if not is_own(tasks.registry.entry(name)):
            continue
        assert name.startswith(f"{meta['level']}/") and meta["level"] in LEVELS
        assert meta["kind"] in KINDS and meta["baseline"] in BASELINES
        metric = scores.get(meta["metric"])
        assert metric.kind == meta["kind"], name
        assert meta["group"] in ("text", "raw text", "morphosyntax", "syntax", "semantics"), name
        years = re.search(r"(19|20)\d\d", meta["source"])
        assert years or name == "sentence/label", f"{name}: a source has a year, but for what a corpus comes with"
        assert set(meta["requires"]) <= set(LAYERS), name
        assert set(meta["choices"]) <= set(parameters(tasks.registry.get(name))), name


def test_the_other_rooms_metadata():
    for name in probes.list():
        entry = probes.registry.entry(name)
        if is_own(entry):
            probe = entry.load()
            assert set(probe.answers) <= set(KINDS) and probe.takes in ("vectors", "words", "spans"), name
    for name in scores.names():
        metric = scores.get(name)
        assert metric.name == name and metric.source and metric.range[0] < metric.range[1]
    for name in corpora.registry.names():
        entry = corpora.registry.entry(name)
        if "resources" in entry.meta:
            assert entry.meta["licence"] and entry.meta["citation"] and entry.meta["source"]
            assert all(resources.resources.get(one).source.startswith("http") for one in entry.meta["resources"]), name
    assert set(WITHOUT_ENCODER) < set(CONTROLS) and all(CONTROLS.values())


def options_of(kind: str, entry: Entry[Any]) -> set[str]:
    """Options of a component as a spec may give them. Where its parameters do not say, what reads its specs does."""
    from probekit.embeddings import characters, fasttext, gaussian, generated_vectors, table_files, word2vec
    from probekit.embeddings.trained import Trained
    from probekit.encoders import (
        bilstm,
        bpemb,
        by_language,
        context_to_vec,
        contextual,
        first_layers,
        huggingface,
        paraphrase_words,
        recurrent,
        static,
    )
    from probekit.learners import parser, supertagger, tagger
    from probekit.learners.labeller import train_labeller
    from probekit.learners.paraphrases import train_paraphrases
    from probekit.learners.pretraining.characters import train_character_lm
    from probekit.learners.pretraining.recipe import encoder_options
    from probekit.learners.pretraining.training import pretrain
    from probekit.learners.translation import train_translation
    from probekit.learners.tuning.recipe import options as tuned
    from probekit.works.predicting import options_of as options_of_predictor

    trained = {*parameters(word2vec.train_word2vec)} - {"corpus", "progress"}
    made = {"corpus", "folder", "words", "labels", "about", "keep"}
    said = {
        "encoder:hf": parameters(huggingface.options),
        "encoder:random": parameters(huggingface.random_options),
        "encoder:static": static.DEFAULTS,
        "encoder:word2vec": trained | {*static.DEFAULTS},
        "encoder:by-language": parameters(by_language.options),
        "encoder:bpemb": parameters(bpemb.options),
        "encoder:tagger": {"task", *parameters(tagger.options)},
        "encoder:parser": parameters(parser.options),
        "encoder:supertagger": parameters(supertagger.options),
        "encoder:subwords": {*parameters(fasttext.train_fasttext)} - {"corpus", "progress"},
        "encoder:bilstm": parameters(bilstm.options),
        "encoder step:tune": {*parameters(tuned)},
        "encoder step:tag": {"task", *parameters(tagger.options)} - {"inputs", "learn"},
        "encoder step:first-layers": parameters(first_layers.first_layers),
        "encoder:saved": parameters(recurrent.options),
        "encoder:translation": {*parameters(train_translation), *parameters(recurrent.options)} - made,
        "encoder:paraphrases": {*parameters(train_paraphrases)} - made,
        "encoder:pretrained": {"beside", *parameters(pretrain), *parameters(encoder_options)}
        - {"corpora", "folder", "progress"},
        "encoder:character-lm": {*parameters(train_character_lm)} - made,
        "encoder:labeller": {"task", *parameters(train_labeller), *parameters(recurrent.options)} - made,
        "word-vector table:paraphrase-words": parameters(paraphrase_words.options),
        "word-vector table:context-to-vec": {*parameters(context_to_vec.distilled), "layer"} - {"vectors", "keep"},
        "word-vector table:contextual": parameters(contextual.options),
        "word-vector table:characters": parameters(characters.options),
        "encoder:characters": parameters(characters.options),
        "word-vector table:static": table_files.READ_OPTIONS,
        "word-vector table:generated-vectors": parameters(generated_vectors.vectors),
        "word-vector table:gaussian": parameters(gaussian.gaussian),
        "predictor:labeller": parameters(options_of_predictor("labeller")),
    }
    component = entry.load()
    trainer = getattr(getattr(component, "describe", None), "__self__", None)
    if isinstance(trainer, Trained):
        return {*parameters(trainer.train)} - {"corpus", "progress", "keep"}
    found = said.get(f"{kind}:{entry.name}") or (parameters(component) if callable(component) else ())
    return {*found} - GIVEN.get(kind, set())


def test_every_option_is_in_a_table_of_cases_and_no_table_names_what_is_not_there(cases):
    """A number moves with each of them, where no other test is named that tries it."""
    for kind, entry in own_entries():
        name = f"{kind}:{entry.name}"
        if kind in EXCEPTED or name in SAME or name not in cases:
            continue
        case = cases[name]
        assert options_of(kind, entry) == {*case.options, *case.elsewhere}, name
        assert not case.options.keys() & case.elsewhere.keys(), name
        for option, place in case.elsewhere.items():
            assert option in (REPOSITORY / "tests" / place).read_text(encoding="utf-8"), (name, option)
    assert set(SAME) | set(SAME.values()) <= set(cases)


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
    assert {REPOSITORY / "README.md", REPOSITORY / "probekit" / "registry.py"} < {*files} and len(files) > 80
    for file in files:
        content = file.read_bytes()
        if b"\0" in content[:4096]:
            continue
        found = machine.search(content.decode("utf-8", errors="replace"))
        assert found is None, f"{file.relative_to(REPOSITORY)}: {found and found[0]}"
    assert machine.search("see /" + "home/x") and not machine.search("a/root/b") and not machine.search("/workers/")


def test_the_top_level_holds_what_a_reader_expects_there():
    listed = subprocess.run(["git", "-C", REPOSITORY, "ls-files"], capture_output=True, text=True, check=True)
    there = {name.partition("/")[0] for name in listed.stdout.splitlines()}
    rooms = {"probekit", "experiments", "results", "tests", "paper_figures", "pyproject.toml", "README.md", "LICENSE"}
    assert {name for name in there if not name.startswith(".")} == rooms


def test_no_module_is_longer_than_a_reader_holds():
    for folder in ("probekit", "experiments", "paper_figures"):
        for file in (REPOSITORY / folder).rglob("*.py"):
            assert len(file.read_text(encoding="utf-8").splitlines()) <= 470, file
