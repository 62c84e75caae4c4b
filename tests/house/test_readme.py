"""The README does what it says: its code runs as written, its commands are those of the package, its links exist."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import probekit as pk
from probekit import cli, corpora
from probekit.works.probing import ProbingGrid, probing

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAP = (REPOSITORY / "probekit" / "README.md").read_text(encoding="utf-8")
COMPONENTS = MAP.partition("\n## Components by example\n")[2].partition("\n## ")[0]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def blocks(language: str, text: str = TEXT) -> list[str]:
    """Fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


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
    """All blocks in order, with the components of the map of the house behind them, as one script in an empty folder.

    The first prints the table that is shown."""
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "readme.py"
    script.write_text("\nprint('-----')\n".join([*blocks("python"), *blocks("python", COMPONENTS)]), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=600, env=environment)
    assert run.returncode == 0, run.stderr
    first, own, words, composed, tagged, stepped, tuned = run.stdout.split("-----\n")
    assert "sure(weight=0.2)" in tuned and pd.read_parquet("results/tuned")["encoder"].nunique() == 2
    assert "variance_share" in words and "left-first  test" in composed and "word2vec:" in stepped
    assert pd.read_parquet("results/own-words")["encoder"].nunique() == 2
    score, tags = tagged.strip().splitlines()
    assert float(score) > 0.5 and len(ast.literal_eval(tags)[0]) == 3
    number = re.compile(r"\d\.\d+")
    shown = next(block for block in blocks("text") if block.startswith("task "))
    assert number.sub("", shown).split() == number.sub("", first).split()[: len(number.sub("", shown).split())]
    said, found = ([float(x) for x in number.findall(text) if len(x) > 4] for text in (shown, first))
    assert said == pytest.approx(found, abs=0.02)  # between machines
    rows = pd.read_parquet("results/first")
    assert set(rows["layer"].dropna()) == {0, 3, 6} and set(rows["control"]) == {"", "length"}
    assert set(pd.read_parquet("results/own")["encoder"]) == {"spelling", "minilm"} and "spelling" in own


def test_the_example_of_a_code_prints_what_it_says(capsys):
    (block,) = [text for text in blocks("python") if "residual_entropy" in text]
    code = block[block.index("concepts = ") :]
    exec(code, {"np": np, "pk": pk})
    said = re.search(r"# (.*), \.\.\.$", code, re.MULTILINE)
    assert said and capsys.readouterr().out.startswith(said.group(1))


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
    rest = given[1:]
    while rest[0] == "--use":
        rest = rest[2:]
    name, found, rest = command.resolve_command(context, rest)
    if hasattr(found, "resolve_command"):  # a command of a group: probekit train classifier
        _, found, rest = found.resolve_command(found.make_context(name, rest, resilient_parsing=True), rest)
    options = {o for parameter in found.params for o in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options
    if name == "run":
        from probekit import study

        assert rest[0] in study.names()


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


# --- names, links, length


def test_every_study_has_a_line_and_a_page():
    from probekit import study

    said = re.findall(r"^\| `([a-z-]+)` \|.*\[page\]\((.*)\) \|$", section("Studies"), re.MULTILINE)
    assert sorted(name for name, _ in said) == sorted(set(study.names()) - {"quickstart"})
    assert all(page == f"results/{name}/_figures/README.md" for name, page in said)


def test_it_is_short():
    lines = [line for line in TEXT.splitlines() if not line.startswith("| `")]
    assert len(lines) <= 155  # without those of the tables, which grow with the studies


def test_linked_files_exist():
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "results").glob("*/_figures/README.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).is_file(), f"{page} links '{target}', which is not in the repository"


def test_variables_that_are_named_are_read():
    sources = "".join(file.read_text(encoding="utf-8") for file in (REPOSITORY / "probekit").rglob("*.py"))
    for variable in re.findall(r"`(PROBEKIT_[A-Z_]+)`", TEXT):
        assert variable in sources


@pytest.mark.slow
def test_the_study_of_the_map_runs_as_written(tmp_path):
    (written,) = blocks("python", MAP.partition("\n## A study in one file\n")[2])
    (tmp_path / "my.py").write_text(written, encoding="utf-8")
    command = Path(sys.executable).with_name("probekit")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for given, said in ((["run"], "figure-1-generated.png"), (["figures"], "README.md"), (["claims"], "would ")):
        run = subprocess.run(
            [command, *given, "my.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600, env=environment
        )
        assert run.returncode == 0 and said in run.stdout, (given, run.stdout, run.stderr)
    assert "probekit run my.py" in (tmp_path / "results" / "tags-by-layer" / "_figures" / "README.md").read_text()


def test_the_map_of_the_house_names_what_is_there():
    page = REPOSITORY / "probekit" / "README.md"
    text = page.read_text(encoding="utf-8")
    for cell in re.findall(r"`((?:[a-z_]+/)+[a-z_]*(?:\.py)?)`", text):
        known = (page.parent / cell, REPOSITORY / cell, *(page.parent / room / cell for room in ("corpora",)))
        assert any(place.exists() for place in known), f"the map names {cell}, which is not there"
    assert set(re.findall(r"`([a-z_]+)/`", text)) >= {
        path.parent.name for path in page.parent.glob("*/__init__.py") if path.parent.name != "models"
    }
