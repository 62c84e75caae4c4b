"""Recipes: made once, resumed after an interruption, found again, kept in a folder of the user's; keys miss nothing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from probekit import recipes, registry
from probekit.encoders import load_encoder
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.loading import load_classifier
from probekit.specs import parse
from probekit.store import default_store

# A kind of recipe that writes down its calls, and stops or waits when a file tells it to.
MODULE = """
import os, time
from pathlib import Path
from probekit import recipes
from probekit.recipes import Recipe
from probekit.sources import resolve
from probekit.specs import Spec

PLACE = Path(os.environ["TOY_RECIPES"])

def options(size: int = 3, rate: float = 0.5, needs: str = "", file: str = ""):
    "What a toy takes."

@recipes.registry.register("toy", revision=2)
def toy(spec):
    "Lines in a file, one at a time."
    found = resolve(spec.bare, options, "toy")
    size, needs = found.options["size"], found.options["needs"]
    content = {"recipe": "toy", "revision": recipes.registry.entry("toy").revision, "options": dict(found.options)}
    content["read"] = Path(found.options["file"]).read_text() if found.options["file"] else ""

    def make(folder, progress):
        if needs:
            assert recipes.of(needs).made
        with open(PLACE / "calls", "a") as calls:
            calls.write(f"{spec}\\n")
        state = progress / "done"
        done = int(state.read_text()) if state.exists() else 0
        for line in range(done, size):
            (folder / f"half-{line}").write_text("half")
            if (PLACE / "stop").exists() and line == size - 1:
                raise KeyboardInterrupt
            state.write_text(str(line + 1))
            if (PLACE / "change").exists():
                Path(found.options["file"]).write_text("other")
            while (PLACE / "wait").exists() and line == 0:
                time.sleep(0.01)
            (folder / f"half-{line}").unlink()
        (folder / "lines.txt").write_text("line\\n" * size)
        return {"size": size, "resumed": done}

    need = (needs,) if needs else ()
    return Recipe(str(found.written), str(found.written), "toys", content, make, needs=need, modules=("toy_recipes",))
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The toy kind in a module of the user's, a cache of its own, and the folder through which it is told things."""
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TOY_RECIPES", str(tmp_path))
    (tmp_path / "toy_recipes.py").write_text(MODULE)
    registry.use([str(tmp_path / "toy_recipes.py")])
    yield tmp_path
    del recipes.registry._entries["toy"], sys.modules["toy_recipes"]


def calls(place: Path) -> list[str]:
    """What was made since the last time."""
    file = place / "calls"
    found = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return found


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_recipe_is_made_once(place):
    assert not recipes.of("toy").made
    with pytest.raises(ProbekitError, match="'toy' has not been made"):
        recipes.found("toy")
    folder = recipes.of("toy").ensure()
    assert names(folder) == ["lines.txt", "manifest.json"] and recipes.of("toy").made and calls(place) == ["toy"]
    for again in (recipes.folder("toy"), recipes.of("toy(size=3)").ensure(), recipes.folder("toy(3, rate=0.5)")):
        assert again == folder
    assert calls(place) == []
    assert recipes.found("toy") == {"size": 3, "resumed": 0}
    assert default_store().recipe("toys", folder.name)["name"] == "toy"


def test_keys_change_with_options_and_revision_and_with_nothing_else(place, monkeypatch):
    keys = [recipes.of(spec).key for spec in ("toy", "toy(size=4)", "toy(rate=0.25)", 'toy(needs="toy(size=9)")')]
    assert len(set(keys)) == 4 and calls(place) == []
    assert recipes.of("toy(rate=1)").key == recipes.of("toy(rate=1.0)").key not in keys
    folders = [recipes.folder(spec).name for spec in ("toy", "toy(size=4)")]
    assert folders == keys[:2]
    monkeypatch.setattr(recipes.registry.entry("toy"), "revision", 3)
    assert recipes.of("toy").key not in keys and not recipes.of("toy").made


def test_what_is_needed_is_made_first_and_once(place):
    spec = 'toy(size=2, needs="toy(size=5)")'
    assert recipes.of(spec).needs == ("toy(size=5)",) and recipes.of(spec).modules == ("toy_recipes",)
    recipes.folder(spec)
    assert calls(place) == ["toy(size=5)", 'toy(needs="toy(size=5)", size=2)']
    recipes.folder(spec)
    recipes.folder("toy(size=5)")
    assert calls(place) == []


def test_an_interrupted_making_leaves_nothing_that_is_taken_for_whole_and_goes_on(place):
    (place / "stop").touch()
    with pytest.raises(KeyboardInterrupt):
        recipes.folder("toy")
    assert not recipes.of("toy").made and not (place / "cache" / "artefacts").exists()
    with pytest.raises(ProbekitError, match="'toy' has not been made"):
        recipes.found("toy")
    (place / "stop").unlink()
    folder = recipes.folder("toy")
    assert names(folder) == ["lines.txt", "manifest.json"], "half files of the first attempt are no part of it"
    assert recipes.found("toy") == {"size": 3, "resumed": 2}
    assert not any((place / "cache" / "unfinished").iterdir())


def killed_in_the_middle(place: Path, code: str, state: Path) -> None:
    """Run code in a process that waits after the first line, and kill it there."""
    (place / "wait").touch()
    code = f"from probekit import recipes, registry; registry.load_module('toy_recipes'); {code}"
    process = subprocess.Popen([sys.executable, "-c", code])
    until = time.monotonic() + 60
    while not (state.exists() and state.read_text() == "1"):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    (place / "wait").unlink()


def test_a_killed_making_goes_on_as_well(place):
    key = recipes.of("toy").key
    state = place / "cache" / "unfinished" / f"toys-{key}" / "progress" / "done"
    killed_in_the_middle(place, "recipes.folder('toy')", state)
    assert not recipes.of("toy").made
    assert names(recipes.folder("toy")) == ["lines.txt", "manifest.json"]
    assert recipes.found("toy")["resumed"] == 1


def test_what_changes_while_it_is_read_makes_nothing(place):
    file = place / "read.txt"
    file.write_text("one")
    (place / "change").touch()
    spec = f'toy(file="{file}")'
    first = recipes.of(spec)
    with pytest.raises(ProbekitError, match="is made of changed while it was made; run again"):
        recipes.folder(spec)
    file.write_text("one")
    assert not first.made
    with pytest.raises(ProbekitError, match="changed while it was made"):
        recipes.into(place / "out", spec)
    assert not (place / "out" / "lines.txt").exists() and not (place / "out" / recipes.RECIPE).exists()
    (place / "change").unlink()
    file.write_text("one")
    assert recipes.into(place / "out", spec) == {"size": 3, "resumed": 0}, "nothing of the other file is gone on with"
    assert recipes.folder(spec) and recipes.found(spec) == {"size": 3, "resumed": 0}


def test_a_damaged_artefact_is_made_again(place):
    folder = recipes.folder("toy")
    (folder / "lines.txt").write_text("cut")
    with pytest.warns(UserWarning, match="damaged cache entry"):
        assert not recipes.of("toy").made
    assert (recipes.folder("toy") / "lines.txt").read_text() == "line\n" * 3 and calls(place) == ["toy", "toy"]


# --- in a folder of the user's


def test_what_is_made_into_a_folder_is_found_there_again(place):
    out = place / "mine" / "model"
    assert recipes.into(out, "toy(size=2)") == {"size": 2, "resumed": 0}
    assert names(out) == ["lines.txt", "recipe.json"] and calls(place) == ["toy(size=2)"]
    assert recipes.into(out, "toy(2)") == {"size": 2, "resumed": 0} and calls(place) == []
    assert not recipes.of("toy(size=2)").made, "the store is left as it was"


def test_a_folder_of_something_else_is_refused_and_left_alone(place):
    out = place / "model"
    recipes.into(out, "toy(size=2)")
    with pytest.raises(ProbekitError, match=r"holds another model \(toy\(size=2\)\); name another folder"):
        recipes.into(out, "toy")
    full, file = place / "thesis", place / "file"
    full.mkdir()
    (full / "chapter.tex").write_text("precious")
    file.write_text("precious")
    for where in (full, file):
        with pytest.raises(ProbekitError, match="holds other files; name a new folder"):
            recipes.into(where, "toy")
    assert names(full) == ["chapter.tex"] and file.read_text() == "precious"
    (out / "recipe.json").write_text("{")
    with pytest.raises(ProbekitError, match=r"cannot read recipe\.json of"):
        recipes.into(out, "toy(size=2)")
    assert calls(place) == ["toy(size=2)"]


def test_an_interrupted_folder_goes_on_with_its_own_recipe_alone(place):
    out = place / "model"
    (place / "stop").touch()
    with pytest.raises(KeyboardInterrupt):
        recipes.into(out, "toy")
    assert names(out) == ["_unfinished"]
    (place / "stop").unlink()
    with pytest.raises(ProbekitError, match=r"holds the unfinished training of another model \(toy\)"):
        recipes.into(out, "toy(size=4)")
    assert recipes.into(out, "toy") == {"size": 3, "resumed": 2}
    assert names(out) == ["lines.txt", "recipe.json"]


def test_an_attempt_that_finished_nothing_makes_room_for_another_recipe(place):
    out = place / "model"
    (place / "stop").touch()
    with pytest.raises(KeyboardInterrupt):
        recipes.into(out, "toy(size=1)")
    assert not any((out / "_unfinished" / "progress").iterdir())
    (out / "_unfinished" / "progress" / ".lock").touch()
    (place / "stop").unlink()
    assert recipes.into(out, "toy(size=2)") == {"size": 2, "resumed": 0}
    assert names(out) == ["lines.txt", "recipe.json"]


def test_an_unfinished_folder_is_no_model(place):
    out = place / "model"
    (place / "stop").touch()
    with pytest.raises(KeyboardInterrupt):
        recipes.into(out, "toy")
    for where in (out, out / "_unfinished", out / "_unfinished" / "folder"):
        with pytest.raises(ProbekitError, match=r"model' holds an unfinished training \(toy\), no model"):
            recipes.check_finished(where)
    (out / "config.json").write_text("{}")  # as where a run was stopped while it moved its files
    for load in (load_classifier, lambda folder: load_encoder(f"hf:{folder}"), lambda f: load_encoder(f"saved:{f}")):
        with pytest.raises(ProbekitError, match=r"holds an unfinished training \(toy\), no model"):
            load(out)
    (place / "stop").unlink()
    (out / "config.json").unlink()
    recipes.into(out, "toy")
    recipes.check_finished(out)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("as_words", [False, True])
def test_a_disk_that_fails_is_told_and_the_same_command_goes_on(place, monkeypatch, number, as_words):
    out = place / "model"
    text = f"SafetensorError: {os.strerror(number)} (os error {number})"
    failure = RuntimeError(text) if as_words else OSError(number, os.strerror(number), str(out / "x"))
    toy = recipes.registry.get("toy")
    recipe = toy(parse("toy"))

    def failing(folder, progress):
        recipe.make(folder, progress)
        raise failure

    monkeypatch.setattr(recipes, "of", lambda spec: replace(recipe, make=failing))
    with pytest.raises(ProbekitError, match="no room left under" if number == errno.ENOSPC else "cannot write under"):
        recipes.into(out, "toy")
    monkeypatch.undo()
    monkeypatch.setenv("TOY_RECIPES", str(place))
    assert recipes.into(out, "toy") == {"size": 3, "resumed": 3}


def test_a_killed_making_into_a_folder_goes_on_as_well(place):
    out = place / "model"
    code = f"import pathlib; recipes.into(pathlib.Path({str(out)!r}), 'toy')"
    killed_in_the_middle(place, code, out / "_unfinished" / "progress" / "done")
    assert names(out) == ["_unfinished"] and recipes.into(out, "toy") == {"size": 3, "resumed": 1}


def test_a_folder_that_another_process_writes_to_is_refused(place):
    out = place / "model"
    (place / "wait").touch()
    code = (
        "import pathlib; from probekit import recipes, registry; registry.load_module('toy_recipes'); "
        f"recipes.into(pathlib.Path({str(out)!r}), 'toy')"
    )
    other = subprocess.Popen([sys.executable, "-c", code])
    try:
        until = time.monotonic() + 60
        while not (out / "_unfinished" / "progress" / "done").exists():
            assert other.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        with pytest.raises(ProbekitError, match="another training is writing to"):
            recipes.into(out, "toy")
        (place / "wait").unlink()
        assert other.wait(60) == 0 and names(out) == ["lines.txt", "recipe.json"]
    finally:
        other.kill()
        other.wait()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(place):
    place.chmod(0o500)
    try:
        with pytest.raises(ProbekitError, match="Permission denied"):
            recipes.into(place / "model", "toy")
    finally:
        place.chmod(0o700)


def test_a_recipe_that_nobody_knows_is_refused():
    with pytest.raises(UnknownName, match="unknown recipe 'toys'; did you mean toy"):
        recipes.of("toys(size=3)")
    with pytest.raises(UnknownName, match="unknown argument of toy 'toy': 'sise'; did you mean size"):
        recipes.folder("toy(sise=3)")
    assert {"word2vec", "translation", "labeller", "classifier", "fine-tuned", "activations"} <= {
        *recipes.registry.names()
    }
    for name in recipes.registry.names():
        assert callable(recipes.registry.get(name)), name
