"""The README does what it says: its code runs as written, its commands are those of the package, its links exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from golden import is_own

import probekit as pk
from probekit import cli, corpora, encoders, probes, tasks
from probekit.encoders.pooling import POOLINGS
from probekit.works.probing import CONTROLS, ProbingGrid, probing

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def blocks(language: str) -> list[str]:
    """Fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Every probekit command of shell and text blocks, as words without comments."""
    lines = [line for block in (*blocks("sh"), *blocks("text")) for line in block.splitlines()]
    parts = [part for line in lines for part in line.split("&&")]
    return [words for part in parts if (words := shlex.split(part, comments=True)) and words[0] == "probekit"]


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


# --- code


@pytest.mark.slow
def test_the_python_of_the_readme_runs_as_written(tmp_path, monkeypatch):
    """All blocks in order, as one script in an empty folder; what each prints is told apart by a line between."""
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "readme.py"
    script.write_text("\nprint('-----')\n".join(blocks("python")), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=600, env=environment)
    assert run.returncode == 0, run.stderr
    printed = run.stdout.split("-----\n")
    assert len(printed) == 5
    # The first example prints a mean a task and layer.
    assert "sentence/parse_depth" in printed[0] and "minilm" in printed[0]
    first = pd.read_parquet("results/first")
    assert set(first["layer"].dropna()) == {0, 3, 6} and set(first["control"]) == {"", "length"}
    assert first["value"].notna().all()
    # The components of one's own answered, each in the rows it can answer.
    own = pd.read_parquet("results/own")
    assert own["value"].notna().all()
    assert set(own["encoder"]) == {"spelling", "minilm"}
    assert set(zip(own["task"], own["probe"], strict=True)) == {
        ("sentence/question-mark", "logistic"),
        ("sentence/sent_length", "least-squares"),
    }
    assert set(printed[-1].split()) >= {"sentence/question-mark", "spelling", "accuracy", "spearman"}
    assert {"span(lowest)", "span(endpoint)"} <= set(re.findall(r"span\([a-z]+\)", printed[1]))


def test_one_more_of_an_axis_computes_only_that(tmp_path):
    """What the README promises of its first example, with an encoder of a second."""
    table = tmp_path / "vectors.txt"
    table.write_text("the 1 0\na 0 1\nof 1 1\n")

    def grid(*poolings: str) -> ProbingGrid:
        encoder, task = f"static:{table}", "sentence/parse_depth"
        return probing("first", ["grammar(n=60)"], [encoder], poolings=poolings, tasks=[task], probes=["ridge"])

    grid("mean").run(tmp_path / "first")
    assert [cell.shared["pooling"] for cell in grid("mean", "max").plan(tmp_path / "first").cells] == ["max"]


# --- commands


def write_conllu(corpus, path: Path) -> None:
    """A corpus as CoNLL-U, plainly."""
    column = {name: corpus.layers[name].astype(str) for name in ("lemma", "upos", "xpos", "feats", "deprel")}
    lines = []
    for i in range(corpus.n_sentences):
        lines.append(f"# sent_id = s{i}")
        start = corpus.offsets[i]
        for k, word in enumerate(corpus.words(i)):
            at = start + k
            cells = [str(k + 1), word, *(column[c][at] or "_" for c in ("lemma", "upos", "xpos", "feats"))]
            lines.append("\t".join([*cells, str(corpus.layers["head"][at]), column["deprel"][at] or "_", "_", "_"]))
        lines.append("")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.slow
def test_a_treebank_and_a_model_that_nobody_here_has_seen(tmp_path, monkeypatch):
    """The command of the README on `my.conllu` and `my-bert`, as written; the files are made here."""
    import shutil

    import tiny_models

    corpus = corpora.load_corpus("grammar(n=40, seed=99)")
    write_conllu(corpus, tmp_path / "my.conllu")
    shutil.copytree(tiny_models.folder("bert"), tmp_path / "my-bert")
    monkeypatch.chdir(tmp_path)
    again = corpora.load_corpus("conllu:my.conllu")
    assert [again.words(i) for i in range(40)] == [corpus.words(i) for i in range(40)]
    (given,) = [words for words in commands() if "hf:my-bert" in words]
    monkeypatch.delenv("PROBEKIT_DATA", raising=False)
    run = subprocess.run(
        [Path(sys.executable).with_name("probekit"), *given[1:]],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PROBEKIT_CACHE": str(tmp_path / "cache")},
    )
    assert run.returncode == 0, run.stderr
    assert "Table: results/mine" in run.stdout
    df = pk.read_results("results/mine")
    assert df["encoder"].astype(str).str.startswith("hf:my-bert-").any() and df["task"].nunique() == 68
    assert set(df["dataset"].astype(str).str.slice(0, 16)) == {"conllu:my.conllu"}
    # Nothing in the table says where the files lie.
    assert str(tmp_path) not in df.astype(str).to_csv()
    assert df.loc[df["value"].isna(), "note"].astype(str).ne("").all()


@pytest.mark.parametrize("given", commands(), ids=" ".join)
def test_commands_are_those_of_the_command_line(given, tmp_path, monkeypatch):
    """Every option that the README shows is one, and names that it gives are known."""
    import typer

    command = typer.main.get_command(cli.app)
    context = command.make_context("probekit", given[1:], resilient_parsing=True)
    name, found, rest = command.resolve_command(context, given[1:])
    if hasattr(found, "resolve_command"):  # a command of a group: probekit train classifier
        _, found, rest = found.resolve_command(found.make_context(name, rest, resilient_parsing=True), rest)
    options = {o for parameter in found.params for o in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options
    if name == "run":
        from probekit import shipped

        assert rest[0] in shipped.names(shipped.EXPERIMENTS)


def test_set_up_commands_agree_with_the_package():
    venv = next(block for block in blocks("sh") if "venv" in block)
    words = shlex.split(venv.replace("&&", " && "))
    torch = next(word for word in words if word.startswith("torch"))
    assert torch in PROJECT["dependencies"]
    install = next(word for word in words if word.startswith(".["))
    assert set(install[2:-1].split(",")) <= set(PROJECT["optional-dependencies"])
    assert venv.rstrip().endswith("probekit run quickstart")
    assert PROJECT["requires-python"] == ">=3.11" and "Python 3.11 or newer" in TEXT
    for extra in re.findall(r"extra `([a-z0-9]+)`", TEXT):
        assert extra in PROJECT["optional-dependencies"]
    ci = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert f'"{torch}"' in ci and '".[dev]"' in ci and os.access(REPOSITORY / ".ci" / "run", os.X_OK)
    assert any(block.strip() == "bash .ci/run" for block in blocks("sh"))


# --- names, links, limits


def test_what_there_is_exists():
    said = section("What there is")
    names = {
        "Corpora": ("conllu", "ud-english", "grammar"),
        "Encoders": ("hf", "minilm", "random", "static", "glove", "word2vec", "saved", "translation", "labeller"),
        "Probes": ("linear-svr", "linear-svr-liblinear", "ridge", "logistic", "mlp", "online-code", "span-mlp"),
    }
    for room, registry in (("Corpora", corpora.registry), ("Encoders", encoders.registry), ("Probes", probes.registry)):
        paragraph = said.partition(f"**{room}**")[2].partition("\n- ")[0]
        for name in names[room]:
            assert name in registry and re.search(rf"`{name}[`:(]", paragraph), (room, name)
    for room, registry in (("Encoders", encoders.registry), ("Probes", probes.registry)):
        own = {name for name in registry.names() if is_own(registry.entry(name))}
        assert own == set(names[room])
    for control in CONTROLS:
        assert f"`{control}`" in said
    pooled = re.search(r"Poolings `([^`]*)`", said)
    assert pooled and tuple(pooled[1].split()) == POOLINGS
    for task in re.findall(r"`((?:sentence|word|span)/[^`]*)`", TEXT):
        assert task in tasks.registry or task in tasks.groups, task
    for spec in re.findall(r"`(hf:[^`<]*\([^`]*\))`", said):
        from probekit.encoders.huggingface import options
        from probekit.registry import bind
        from probekit.specs import parse

        options(**bind(parse(spec), options, "encoder"))
    kinds = re.search(r"probekit list ([a-z|]+) ", said)
    assert kinds and tuple(kinds[1].split("|")) == cli.KINDS


def test_functions_that_are_named_exist():
    from probekit import report

    for name in re.findall(r"`pk\.([a-z_.]+)`", TEXT):
        found = pk
        for part in name.split("."):
            found = getattr(found, part)
    line = section("What there is").partition("**Report**")[2]
    for name in re.findall(r"`([a-z_]+)`", line):
        assert hasattr(report, name), name
    for variable in re.findall(r"`(PROBEKIT_[A-Z_]+)`", TEXT):
        sources = "".join(file.read_text(encoding="utf-8") for file in (REPOSITORY / "probekit").glob("*.py"))
        assert variable in sources


def test_linked_files_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        if "://" not in target:
            assert (REPOSITORY / target).is_file(), f"README links '{target}', which is not in the repository"
