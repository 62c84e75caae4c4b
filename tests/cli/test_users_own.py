"""A user's own: components in a module, a study in a file, figures and claims of it, files of any folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from commands import Result, start, stored

MODULE = '''
"""A corpus and a probe of my own."""
import os
from pathlib import Path

import numpy as np

from probekit import corpora, probes


@corpora.registry.register("my-corpus")
def my_corpus(n: int = 40):
    """Sentences of two words."""
    rng = np.random.default_rng(0)
    words = [["a"] * (1 + i % 5) + ["b"] * int(rng.integers(1, 6)) for i in range(n)]
    return corpora.Corpus.from_words(words)


@probes.register("my-probe")
class MyProbe(probes.get("ridge")):
    """Ridge that notes in which process it answered."""

    def predict(self, X):
        Path(f"answered-in-{os.getpid()}").touch()
        return super().predict(X)
'''
STUDY = '''
"""My study: is the length of a sentence in the sum of its vectors?"""
from probekit.report import Finding, heatmap
from probekit.study import Study
from probekit.works.probing import probing

STUDY = Study("my-study", "Me 2026", data={"texts": "my-corpus(n=50)"})


@STUDY.part("lengths")
def lengths(data):
    yield probing(STUDY.name, corpora=[data["texts"]], encoders=["static:table.txt"], poolings=["sum", "mean"],
        tasks=["sentence/sent_length"], probes=["my-probe"], folds=2)


@STUDY.figure("poolings")
def poolings(v):
    return heatmap(v.needs(metric="spearman"), "pooling", "task", title=v.title)


@STUDY.claim(1, "The sum knows the length", paper="1.00")
def read(v):
    found = v.mean(metric="spearman", pooling="sum")
    return Finding(f"{found:.2f}", found > 0.99)
'''


@pytest.fixture
def mine(tmp_path):
    """A folder with a module, a study and a table."""
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "my_study.py").write_text(STUDY)
    (tmp_path / "table.txt").write_text("a 1 0.5\nb 0.25 1\n")
    return tmp_path


def call(folder: Path, *arguments: str) -> Result:
    """The installed command in a process of its own, which knows nothing of a user's modules."""
    run = start(folder, *arguments)
    out, err = run.communicate(timeout=300)
    return Result(run.returncode, out, err)


def test_a_user_s_module_and_study_go_through_every_command(mine):
    use = ["--use", "mine.py"]
    plan = call(mine, *use, "run", "my_study.py", "--dry-run").ok()
    assert plan.out.startswith("probing: 2 cells, 6 of 6 questions open")
    run = start(mine, *use, "run", "my_study.py", "--executor", "processes", "--workers", "1")
    out, err = run.communicate(timeout=300)
    assert run.returncode == 0 and out.startswith("6 rows\nTable: results/my-study\nFigure: "), err
    rows = stored(mine / "results/my-study")
    assert set(rows["probe"]) == {"my-probe"} and set(rows["dataset"]) == {"my-corpus(n=50)"}
    assert rows["encoder"].str.fullmatch(r"static:table\.txt-[0-9a-f]{8}").all()
    # A corpus that is made by a function, and reads nothing, is generated.
    assert all("dataset" in json.loads(info)["generated"] for info in rows["info"])
    # The probe reached the worker: one process answered, and it is not the one that was started.
    (answered,) = mine.glob("answered-in-*")
    assert answered.name != f"answered-in-{run.pid}"
    drawn = call(mine, *use, "figures", "my_study.py", "--out", "drawn").ok().out.splitlines()
    assert "drawn/my-study/poolings-generated.png" in drawn and all((mine / file).stat().st_size for file in drawn)
    judged = call(mine, *use, "claims", "my_study.py").ok().out
    assert judged.startswith("my-study (generated data)") and "The sum knows the length" in judged
    assert "ours: 1.00; paper: 1.00" in judged and "generated data never counts" in judged
    other = call(mine, *use, "run", "my_study.py", "--corpus", "my-corpus(n=30)", "--probe", "ridge", "--dry-run").ok()
    assert "6 of 6 questions open" in other.out


def test_what_is_wrong_with_a_user_s_files_is_one_line(mine, probekit):
    (mine / "empty.py").write_text("x = 1\n")
    (mine / "broken.py").write_text("import nowhere_at_all\n")
    probekit("run", "my_study.py", "--dry-run").refused("unknown corpus 'my-corpus'")  # without --use
    probekit("run", "empty.py").refused("'empty.py' declares no study; write STUDY = Study(name, source) in it")
    probekit("--use", "broken.py", "list", "probes").refused("cannot import", "broken.py", "nowhere_at_all")
    probekit("--use", "gone.py", "list", "probes").refused("gone.py")
    probekit("--use", "no.such.module", "list", "probes").refused("no.such.module")


STANDS_IN = '''
"""A study whose data is absent, in two parts."""
from probekit.study import Study
from probekit.works.probing import probing

STUDY = Study("absent", "Me 2026", data={"reviews": "sst", "more": "movie-reviews", "table": ("table", "glove")},
    instead={"reviews": "cues(n=60)"})


def ask(data, pooling):
    for name in data.names("reviews", "more"):
        yield probing(STUDY.name, corpora=[data[name]], encoders=["static:table.txt"], poolings=[pooling],
            tasks=["sentence/label"], probes=["logistic(C=1)"], folds=2)


@STUDY.part("means")
def means(data):
    yield from ask(data, "mean")


@STUDY.part("maxima")
def maxima(data):
    yield from ask(data, "max")
'''


def test_a_run_on_absent_data_says_once_what_stands_for_it(mine, probekit):
    (mine / "absent.py").write_text(STANDS_IN)
    result = probekit("run", "absent.py").ok()
    for said in (
        "sst is not on this machine; cues(n=60) stands for it.",
        "A demonstration on generated data, not a reproduction.",
        "Left out, not on this machine: more (probekit data list)",
    ):
        assert result.err.count(said) == 1, result.err
    rows = stored("results/absent")
    assert set(rows["dataset"]) == {"cues(n=60)"} and set(rows["pooling"]) == {"mean", "max"}
    assert all(json.loads(info)["generated"] == ["dataset"] for info in rows["info"])
    # A user's own texts take the place of the main data: nothing stands for anything.
    Path("own.tsv").write_text("".join(f"{'ab'[i % 2]}\t{'ab'[i % 2]} word {i}\n" for i in range(30)))
    own = probekit("run", "absent.py", "--corpus", "text:own.tsv", "--out", "own").ok()
    assert "stands for" not in own.err and "demonstration" not in own.err
    assert not any("generated" in json.loads(info) for info in stored("own")["info"])


def test_a_file_is_named_without_its_folder(mine, probekit):
    """In rows, manifest and messages; the same file elsewhere is answered already."""
    (mine / "absent_again.py").write_text(STANDS_IN)
    text = "".join(f"{'ab'[i % 2]}\t{'ab'[i % 2]} word {i}\n" for i in range(30))
    for folder in ("one", "two"):
        (mine / folder).mkdir()
        (mine / folder / "own.tsv").write_text(text)
    probekit("run", "absent_again.py", "--corpus", "text:one/own.tsv", "--out", "out").ok()
    rows = stored("out")
    assert rows["dataset"].str.fullmatch(r"text:own\.tsv-[0-9a-f]{8}").all()
    again = probekit(
        "run", "absent_again.py", "--corpus", f"text:{mine / 'two' / 'own.tsv'}", "--out", "out", "--dry-run"
    )
    assert "In all 0 cells, 0 questions" in again.ok().out
    manifest = Path("out/_manifest.json").read_text()
    assert not [place for place in (str(mine), "one/own", os.sep + "own.tsv") if place in manifest]
