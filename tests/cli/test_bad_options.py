"""Every option of every command, given values that cannot be meant: one message, nothing done."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest
import typer
from commands import COMMAND, quickstart
from typer.models import OptionInfo

from probekit.cli.app import app
from probekit.corpora import load_corpus

LONG, DEEP = "x" * 5000, 'mlp(hidden="' * 40
TEXTS = ("", "three", LONG, DEEP + "[" * 100, "\ud800", "mlp(hidden=0)", "word:99")
NUMBERS = ("", "three", "nan", "inf", "0x1", "1000000000000000000000", "-1")
# What a command wants beside the option that is tried; all of it is refused once that is right.
GIVEN = {
    "run": [*quickstart("static:vectors.txt")[1:], "--dry-run"],
    "show": ["nowhere"],
    "explain": ["--model", "nowhere", "--text", "nowhere.txt"],
    "attention": ["--model", "nowhere", "--text", "nowhere.tsv"],
    "train classifier": ["nowhere", "--out", "made"],
    "train fine-tuned": ["nowhere", "--out", "made"],
    "train translation": ["--corpus", "nowhere", "--out", "made"],
    "train paraphrases": ["--corpus", "nowhere", "--out", "made"],
    "train tagger": ["nowhere", "--out", "made"],
    "train supertagger": ["nowhere", "--out", "made"],
    "train parser": ["nowhere", "--out", "made"],
    "train pretrained": ["nowhere", "--out", "made"],
    "train tuned": ["nowhere", "--out", "made"],
    "parse": ["--model", "nowhere", "--text", "nowhere.tsv"],
    "tag": ["--model", "nowhere", "--text", "nowhere.tsv"],
    "train labeller": ["--corpus", "nowhere", "--task", "word/upos", "--out", "made"],
    "list": ["probes"],
    "table show": ["nowhere"],
    "table make": ["nowhere", "--out", "made"],
    "table score": ["nowhere", "--benchmark", "nowhere"],
}


def commands(group: typer.Typer, name: str = "") -> Iterator[tuple[str, Callable[..., None]]]:
    for one in group.registered_commands:
        assert one.callback is not None
        yield f"{name} {one.name or one.callback.__name__.replace('_', '-')}".strip(), one.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, str(inner.name))


def options(*types: type) -> list[tuple[str, str]]:
    """Commands with their options whose values are of some types."""
    found = []
    for command, function in commands(app):
        for name, kind in get_type_hints(function, include_extras=True).items():
            if get_origin(kind) is not Annotated or not isinstance(kind.__metadata__[0], OptionInfo):
                continue
            plain, info = get_args(kind)
            if {plain, *get_args(plain), *(one for part in get_args(plain) for one in get_args(part))} & set(types):
                long = [text for text in info.param_decls or () if text.startswith("--")]
                found.append((command, long[0] if long else f"--{name.replace('_', '-')}"))
    return found


def given(command: str, option: str, value: str) -> list[str]:
    """A command with one option tried; where it was given already, the tried value stands for it."""
    rest = GIVEN.get(command, [])
    while option in rest:
        at = rest.index(option)
        rest = [*rest[:at], *rest[at + 2 :]]
    return [*command.split(), *rest, f"{option}={value}"]


def test_every_number_of_every_command_has_bounds(probekit, table):
    tried = options(int, float)
    assert len(tried) > 40
    for command, option in tried:
        for value in NUMBERS:
            # Where all else is right, it is the number that is refused.
            asked = [word.replace("nowhere", "grammar(n=9)") for word in given(command, option, value)]
            said = probekit(*asked).refused().err
            assert option.strip("-") in said.replace("_", "-"), (command, option, value, said)
            assert not Path("made").exists(), (command, option, value)


def test_no_text_given_to_an_option_ends_in_a_traceback(probekit, table):
    tried = options(str, Path)
    assert len(tried) > 40
    for command, option in tried:
        for value in TEXTS:
            found = probekit(*given(command, option, value))
            assert found.code in (0, 2), (command, option, value[:20], found.err)
            if found.code:
                found.refused()
            assert not Path("made").exists(), (command, option, value)


def test_scores_are_grouped_by_axes_alone(probekit, table):
    probekit(*quickstart(table)).ok()
    for by in ("value", "ci_low", "info", "encoder,value"):
        probekit("show", "out", "--by", by).refused("unknown column to group by")


def without_room() -> None:
    """No file of this process may grow, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.mark.parametrize(
    ("arguments", "stdout"),
    [
        (["list", "probes"], "/dev/full"),
        (["data", "list"], "/dev/full"),
        (["train", "classifier", "cues(n=30)", "--vectors", "random(width=4)", "--epochs", "1", "--out", "made"], None),
        (["run", "quickstart", "--corpus", "grammar(n=9)", "--encoder", "static:vectors.txt", "--out", "out"], None),
        (["explain", "--model", "made", "--text", "texts.txt", "--out", "page.html"], None),
        (["show", "out", "--format", "csv"], "/dev/full"),
        (["figures", "quickstart", "--results", "out", "--out", "drawn"], None),
    ],
)
def test_a_full_disk_is_said_by_every_command(tmp_path, made, arguments, stdout):
    for name in made.iterdir():
        if name.name != arguments[-1]:  # what is to be made is not there
            (tmp_path / name.name).symlink_to(name)
    with open(stdout or os.devnull, "w") as out:
        run = subprocess.run(
            [COMMAND, *arguments],
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PROBEKIT_CACHE": str(tmp_path / "cache")},
            preexec_fn=None if stdout else without_room,
        )
    said = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert run.returncode == 2 and len(said) == 1 and "no room left" in said[0], run.stderr
    assert "Traceback" not in run.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a classifier, a results folder, vectors and texts."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "vectors.txt").write_text("".join(f"{word} {i} 1 2\n" for i, word in enumerate(("the", "a", "of", "."))))
    (folder / "texts.txt").write_text(load_corpus("cues(n=30)").texts[0] + "\n")
    training = ["train", "classifier", "cues(n=30)", "--vectors", "random(width=4)", "--epochs", "1", "--out", "made"]
    run = quickstart("static:vectors.txt")
    for arguments in (training, run):
        environment = {**os.environ, "PROBEKIT_CACHE": str(folder / "cache")}
        subprocess.run([COMMAND, *arguments], cwd=folder, check=True, capture_output=True, env=environment)
    shutil.rmtree(folder / "cache")
    return folder
