"""The command line as a user meets it: help, lists, what is shown of results, data and cache."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from commands import COMMAND, quickstart, stored
from report_rows import row, study_rows, write_parts

from probekit import study
from probekit.cli.listing import KINDS
from probekit.corpora.named import treebanks as named
from probekit.tasks import get

REPOSITORY = Path(__file__).parents[2]

# --- help and lists


def test_help_and_import_are_quick():
    heavy = ("torch", "transformers", "sklearn", "pandas", "numpy", "matplotlib")
    code = f"""
import sys, time
from probekit.cli import main
sys.argv = ["probekit", "run", "--help"]
try:
    main()
except SystemExit as left:
    assert left.code == 0
print([name for name in {heavy} if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--dry-run" in run.stdout and run.stdout.splitlines()[-1] == "[]"
    installed = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert all(word in installed.stdout for word in ("run", "show", "figures", "claims", "data", "cache", "list"))


def test_without_a_command_there_is_help(probekit):
    for given in ([], ["data"], ["cache"]):
        result = probekit(*given)
        assert result.code in (0, 2) and "Usage" in result.out + result.err and "Traceback" not in result.err


LISTED = {
    "experiments": "quickstart", "tasks": "sentence/parse_depth", "encoders": "minilm", "probes": "linear-svr",
    "corpora": "ud-english", "tables": "glove", "classifiers": "text-cnn", "regularizers": "tying", "explainers": "lrp",
    "rules": "epsilon", "presets": "lrp", "handlers": "conv1d", "corpus-steps": "resplit", "table-steps": "",
    "encoder-steps": "tune", "objectives": "virtual",
    "measures": "fuzzy-kl", "benchmarks": "categories/ap", "word-items": "framenet",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_listed_with_a_line_on_each(probekit, kind):
    probekit("list", kind, "zz*").refused(f"no {kind} match 'zz*'", f"probekit list {kind}")
    if not (name := LISTED.get(kind, "")):
        return
    lines = probekit("list", kind).ok().out.splitlines()
    chosen = [line for line in lines if line.split()[0] == name]
    assert len(chosen) == 1 and len(chosen[0].split()) > 3
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)
    some = probekit("list", kind, name[:3] + "*").ok().out.splitlines()
    assert chosen[0].split() in [line.split() for line in some] and len(some) <= len(lines)


def test_what_is_not_on_this_machine_is_listed_as_such(probekit, tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path))
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    assert "not at hand: `probekit data list`" in probekit("list", "benchmarks", "outlier/*").ok().out
    assert "fetched when it is asked for" in probekit("list", "word-items", "framenet").ok().out
    assert ";" not in probekit("list", "benchmarks", "outlier").ok().out


def test_families_of_tasks_are_listed_with_the_values_of_a_corpus(probekit):
    plain = probekit("list", "tasks", "word/*").ok().out
    assert "word/feat:<Name>" in plain and "word/feat:Number" not in plain
    found = probekit("list", "tasks", "word/*", "--corpus", "grammar(n=30)").ok().out.splitlines()
    chosen = [line for line in found if line.startswith("word/feat:Number ")]
    assert chosen and "label; Value of the UD feature" in chosen[0] and "<Name>" not in "".join(found)
    assert "group of 68 tasks" in probekit("list", "tasks", "sentence/prof*").ok().out
    probekit("list", "tasks", "--corpus", "gramar(n=30)").refused("unknown corpus 'gramar'; did you mean grammar")
    probekit("list", "probes", "--corpus", "grammar(n=30)").refused("probekit list tasks")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["list", "task"], ["unknown kind of component 'task'; did you mean tasks"]),
        (["list", "controls"], ["unknown kind of component 'controls'"]),
        (["list", "figures"], ["unknown kind of component 'figures'"]),
        (["list"], ["Missing argument", "probekit list --help"]),
        (["lst"], ["No such command 'lst'", "probekit --help"]),
        (["run"], ["Missing argument", "probekit run --help"]),
        (["run", "quickstart", "--corpora", "x"], ["No such option: --corpora", "--corpus"]),
        (["run", "quickstart", "--seed", "one"], ["--seed", "integer"]),
        (["data", "fetch", "x"], ["No such command 'fetch'", "probekit data --help"]),
    ],
)
def test_what_cannot_be_parsed_is_one_line(probekit, given, words):
    result = probekit(*given).refused(*words)
    assert len(result.err.splitlines()) == 1


# --- show, figures, claims


def shown_rows():
    for encoder in ("a", "b"):
        for layer in (0, 1):
            for fold in range(3):
                for metric, task in (("spearman", "sentence/x"), ("spearman", "sentence/y"), ("accuracy", "word/z")):
                    yield row(
                        experiment="mine",
                        encoder=encoder,
                        layer=layer,
                        fold=fold,
                        metric=metric,
                        task=task,
                        value=0.1 * layer + 0.01 * fold + (0.3 if encoder == "a" else 0.2),
                    )
    empty = {"encoder": "", "layer": None, "pooling": "", "probe": "", "fold": None}
    yield row(experiment="mine", **empty, control="length", metric="abs_spearman")


def test_show_in_three_formats(probekit):
    write_parts(Path("mine"), shown_rows(), 2)
    own = probekit("show", "mine", "--by", "encoder,layer").ok().out
    assert own.startswith("accuracy, spearman, means (also here: abs_spearman; --metric NAME)\n")
    assert [line.split()[:4] for line in own.splitlines()[2:4]] == [
        ["a", "0", "accuracy", "0.310"],
        ["a", "0", "spearman", "0.310"],
    ]
    spearman = ("show", "mine", "--by", "encoder,layer", "--metric", "spearman")
    plain = probekit(*spearman).ok().out
    assert plain.startswith("spearman, means (also here: abs_spearman, accuracy; --metric NAME)\n")
    assert [line.split()[:3] for line in plain.splitlines()[2:]] == [
        ["a", "0", "0.310"],
        ["a", "1", "0.410"],
        ["b", "0", "0.210"],
        ["b", "1", "0.310"],
    ]
    found = pd.read_csv(io.StringIO(probekit(*spearman, "--format", "csv").ok().out))
    assert list(found["value"].round(6)) == [0.31, 0.41, 0.21, 0.31] and list(found["n_tasks"]) == [2] * 4
    latex = probekit("show", "mine", "--by", "encoder", "--metric", "spearman", "--format", "latex").ok().out
    assert latex.startswith("\\begin{table}") and "spearman (mine)" in latex and "a & 0.36" in latex
    assert (
        probekit("show", "mine", "--metric", "accuracy")
        .ok()
        .out.startswith("accuracy, means (also here: abs_spearman, spearman;")
    )
    length = probekit("show", "mine", "--metric", "abs_spearman", "--by", "control,encoder,layer").ok().out
    assert "length" in length and "<NA>" not in length and "nan" not in length.lower()


def test_show_takes_the_metric_that_each_task_carries(probekit):
    tasks = {"sentence/label": ("accuracy", "macro_f1"), "sentence/sent_length": ("pearson", "spearman")}
    rows = [
        row(experiment="mine", task=task, metric=metric, value=0.25 * (k + 1), fold=None)
        for task, metrics in tasks.items()
        for k, metric in enumerate(metrics)
    ]
    write_parts(Path("mine"), rows)
    found = pd.read_csv(io.StringIO(probekit("show", "mine", "--by", "task", "--format", "csv").ok().out))
    own = {name: get(name).metric for name in tasks}
    assert dict(zip(found["task"], found["metric"], strict=True)) == own


def test_show_refuses_what_is_not_there(probekit):
    write_parts(Path("mine"), shown_rows())
    Path("empty").mkdir()
    probekit("show", "mine", "--by", "laier").refused("unknown column to group by 'laier'; did you mean layer?")
    probekit("show", "mine", "--by", ",").refused("--by takes column names")
    probekit("show", "mine", "--metric", "spaerman").refused("unknown metric 'spaerman'; did you mean spearman")
    probekit("show", "mine", "--format", "xml").refused("unknown format 'xml'; known: csv, latex, table")
    probekit("show", "gone").refused("no results folder")
    probekit("show", "empty").refused("not a results folder")
    next(Path("mine").glob("*.parquet")).write_bytes(b"PAR1 cut short")
    probekit("show", "mine").refused("part-000.parquet")


@pytest.mark.slow
def test_figures_and_claims_of_a_folder(probekit):
    rows = [one for one in study_rows(layers=2, folds=2, statics=("static:glove",)) if one["pooling"] in ("mean", "")]
    write_parts(Path("results/linguistic-profiling"), rows)
    printed = probekit("claims").ok().out
    assert printed.startswith("linguistic-profiling (real data)") and "13 holds" in printed and "ours:" in printed
    files = probekit("figures", "linguistic-profiling", "--out", "drawn").ok().out.splitlines()
    assert len(files) > 20 and all(Path(file).stat().st_size for file in files)
    assert "drawn/linguistic-profiling/figure-2.png" in files
    assert not list(Path("results/linguistic-profiling/_figures").iterdir())
    # A folder made with --out is one too.
    shutil.move("results/linguistic-profiling", "mine")
    Path("mine/_manifest.json").write_text('{"experiment": "linguistic-profiling", "runs": []}')
    assert probekit("claims", "--results", "mine").ok().out == printed
    Path("file").write_text("x")
    probekit("figures", "--results", "mine", "--out", "file").refused("file")
    probekit("figures", "--results", "mine", "--format", "gif").refused("unknown figure format 'gif'")


def test_studies_without_results_are_refused(probekit):
    probekit("figures").refused("linguistic-profiling", "under 'results'; first: probekit run alice-adversarial")
    probekit("claims", "linguistic-profiling", "--results", "gone").refused("under 'gone'")
    probekit("claims", "linguistic").refused("unknown study 'linguistic'; did you mean linguistic-profiling?")
    Path("results/linguistic-profiling").mkdir(parents=True)
    probekit("figures").refused("not a results folder")


# --- data and cache


def test_data_list_path_and_get(probekit, tmp_path, monkeypatch):
    listed = probekit("data", "list").ok().out
    assert "ud-english-ewt" in listed and "can be fetched" in listed and "CC BY-SA" in listed and "glove" in listed
    probekit("data", "path", "ud-english-gun").refused("unknown resource 'ud-english-gun'; did you mean ud-english-gum")
    probekit("data", "get", "treebank").refused("unknown resource 'treebank'")
    result = probekit("data", "path", "ud-english").refused("en_ewt-ud-train.conllu", "PROBEKIT_DATA is not set")
    assert "probekit data get ud-english-ewt" in result.err
    # A file of another content is not taken for the registered one.
    wrong = tmp_path / "data" / "ud_marathi_ufal"
    resource = next(one for one in named.TREEBANKS if one.name == "ud-marathi-ufal")
    wrong = tmp_path / "data" / resource.folder
    wrong.mkdir(parents=True)
    for file in resource.files:
        (wrong / file.name).write_text("1\tx\t_\t_\t_\t_\t0\troot\t_\t_\n\n")
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path / "data"))
    probekit("data", "path", "ud-marathi-ufal").refused("is not the registered content of 'ud-marathi-ufal'")


@pytest.mark.data
def test_paths_of_a_pooled_corpus_are_those_of_its_parts(data_folders, probekit, monkeypatch):
    monkeypatch.setenv("PROBEKIT_DATA", data_folders)
    paths = probekit("data", "path", "ud-english").ok().out.splitlines()
    assert len(paths) == 9 and all(Path(path).is_file() for path in paths)


@pytest.fixture
def data_folders() -> str:
    return os.environ.get("PROBEKIT_DATA", "")


def test_cache_info_and_clear(probekit, table):
    assert "0 entries, 0.0 MiB" in probekit("cache", "info").ok().out
    probekit(*quickstart(table)).ok()
    lines = probekit("cache", "info").ok().out.splitlines()
    assert lines[0].endswith("2 entries, 0.0 MiB") and lines[1].split()[:3] == ["activations", "2", "entries"]
    probekit("cache", "clear", "--kind", "activation").refused("unknown kind", "did you mean activations?")
    assert "MiB freed" in probekit("cache", "clear", "--kind", "activations").ok().out
    assert "0 entries" in probekit("cache", "info").ok().out
    df = stored("out")
    probekit(*quickstart(table)).ok()  # what is answered needs no vectors
    assert "0 entries" in probekit("cache", "info").ok().out and stored("out").equals(df)


# --- studies


def test_every_study_is_found_by_its_name_with_its_parts_and_figures():
    said = dict(study.summaries())
    assert list(said) == study.names() and all(said.values())
    for name in study.names():
        found = study.complete(name)
        assert found.name == name and found.source and found.parts and found.products
        assert set(found.instead) <= set(found.data)


def test_a_list_of_studies_imports_neither_torch_nor_studies():
    code = """
import sys
from probekit.cli import main
sys.argv = ["probekit", "list", "experiments"]
try:
    main()
except SystemExit as left:
    assert not left.code
print([name for name in sys.modules if name.split(".")[0] in ("torch", "numpy", "pandas", "matplotlib")
    or name.startswith(("probekit.experiments.", "probekit.paper_figures.", "probekit.works", "probekit.grid"))])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "quickstart" in run.stdout and run.stdout.splitlines()[-1] == "[]"


def test_studies_are_found_in_a_checkout_that_is_not_installed(tmp_path):
    """As after `git clone`, beside the libraries and without the finder of an editable install."""
    for room in ("probekit", "experiments", "paper_figures"):
        shutil.copytree(REPOSITORY / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    libraries = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    code = """
import sys, probekit
from probekit import study
assert not [one for one in sys.meta_path if "editable" in repr(one)]
print(probekit.__file__)
print(study.names())
found = study.complete("attention-faithfulness")
print(study.published("attention-faithfulness"), len(found.claims) > 3)
"""
    # -S: `.pth` files of the libraries are not read, so nothing installs a finder.
    run = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path / "elsewhere",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), libraries])},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == str(tmp_path / "probekit" / "__init__.py")
    assert lines[1] == str(study.names())
    assert lines[2] == f"{tmp_path / 'paper_figures' / 'attention_faithfulness.csv'} True"
