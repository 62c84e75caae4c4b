"""Recipes: everything that is trained or derived, made one way. A recipe is named by a spec and makes a folder, once.

    folder("word2vec:ud-english(size=100)")          found in the store, or made there; made after what it needs
    into(Path("my-model"), "translation:pairs")      the same into a user's folder, resumed where it was interrupted

Rooms say in the registry how a spec of theirs becomes a `Recipe`; making, resuming, keeping, finding and refusing are
written here. What is read is digested by content, what is made by its recipe, so that every key is known before.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probekit.errors import ProbekitError
from probekit.registry import Registry, load_module
from probekit.rows import plain
from probekit.sources import Source
from probekit.specs import Spec, parse
from probekit.store import UNREADABLE, default_store, digest, disk_errors, write_atomically

RECIPE = "recipe.json"
UNFINISHED = "_unfinished"
# A function(folder, progress) -> findings: fills `folder`; `progress` is a folder of its own in which a maker that can
# resume keeps its state.
Maker = Callable[[Path, Path], "Mapping[str, Any] | None"]


@dataclass(frozen=True)
class Recipe:
    """How one artefact is made.

    `spec` asks for it again on this machine, `name` shows it without paths; `kind` is its shelf in the store. `content`
    is plain data that covers all that it depends on: its digest is the key. `needs` are specs of recipes that are made
    first, `modules` those of a user, imported first. `threads` says how many its maker uses: where it is one, several
    recipes are made at once. `cost` gives seconds of one core and bytes of the store, as good as can be told.
    `generated` says that a program made what it is made of.
    """

    spec: str
    name: str
    kind: str
    content: Mapping[str, Any]
    make: Maker
    needs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    threads: int = 1
    cost: Callable[[], tuple[float, int]] = lambda: (0.0, 0)
    generated: bool = False

    @property
    def key(self) -> str:
        """Digest of what it depends on."""
        return digest(dict(self.content))

    @property
    def made(self) -> bool:
        """Whether it is there. A damaged one counts as missing."""
        return default_store().find(self.kind, self.key) is not None

    def ensure(self) -> Path:
        """Its folder in the store, made if it is not there; what it needs is made before."""
        for module in self.modules:
            load_module(module)
        if found := default_store().find(self.kind, self.key):
            return found
        for need in self.needs:
            of(need).ensure()

        def maker(folder: Path) -> Mapping[str, Any] | None:
            return self.fill(folder, folder.parent / "progress")

        return default_store().make(self.kind, self.key, {**self.content, "name": self.name}, maker)

    def fill(self, folder: Path, progress: Path) -> Mapping[str, Any] | None:
        """Make it into an emptied folder, going on with what lies in `progress`, and return what was found.

        Raises ProbekitError where what it is made of changed meanwhile; nothing of that is gone on with.
        """
        # Files of an interrupted attempt are no part of this one.
        found = self.make(_fresh(folder), _fresh(progress, keep=True))
        if of(self.spec).key != self.key:
            _fresh(progress)
            raise ProbekitError(f"what '{self.name}' is made of changed while it was made; run again")
        return found


# A function(spec) -> Recipe. What is made of tasks, or of encoders, is described in the rooms above.
registry: Registry[Callable[[Spec], Recipe]] = Registry("recipe")
for _name, _place, _revision, _summary in (
    ("activations", "probekit.encoders.activations:recipe", 1, "One pass of an encoder over a corpus"),
    ("word2vec", "probekit.embeddings.word2vec:recipe", 1, "A table of word vectors trained on a corpus"),
    ("table", "probekit.embeddings.tables:recipe", 1, "A table of word vectors that a costly step makes of others"),
    ("fasttext", "probekit.embeddings.fasttext:recipe", 1, "A table of fastText vectors trained on a corpus"),
    ("skip-gram", "probekit.embeddings.skip_gram:recipe", 1, "A table of skip-gram trained on the pairs of a corpus"),
    ("glove-model", "probekit.embeddings.glove_model:recipe", 1, "A table of GloVe trained on a corpus"),
    ("ppmi-svd", "probekit.embeddings.ppmi:recipe", 1, "A table of decomposed mutual information of a corpus"),
    ("context-to-vec", "probekit.encoders.context_to_vec:recipe", 1, "A table distilled from an encoder by its pairs"),
    ("characters", "probekit.embeddings.characters:recipe", 1, "A student that spells the vectors of a table"),
    ("contextual", "probekit.encoders.contextual:recipe", 1, "Contextual vectors of words averaged, every layer"),
    ("subwords", "probekit.encoders.subwords:recipe", 2, "Vectors of words and of their pieces trained on a corpus"),
    ("tagger", "probekit.learners.tagger:recipe", 2, "A tagger of words"),
    ("supertagger", "probekit.learners.supertagger:recipe", 1, "A tagger of words with categories of a grammar"),
    ("alignment", "probekit.embeddings.align.step:recipe", 1, "Maps of two tables into one space"),
    ("shapes", "probekit.learners.shapes:recipe", 1, "A linear tagger of the look of words"),
    ("translation", "probekit.learners.translation:recipe", 2, "A translation model of parallel text"),
    ("parser", "probekit.learners.parser:recipe", 1, "A biaffine parser of dependencies"),
    ("labeller", "probekit.learners.labeller:recipe", 1, "A network trained on the labels of words"),
    ("classifier", "probekit.learners.classifier_training:recipe", 2, "A text classifier of our own kinds"),
    ("bit-game", "probekit.learners.bit_game:recipe", 1, "Speakers and listeners trained on a language of concepts"),
    ("paraphrases", "probekit.learners.paraphrases:recipe", 1, "A sentence encoder trained on pairs of paraphrases"),
    ("pretrained", "probekit.learners.pretraining.recipe:recipe", 1, "An encoder pretrained on masked pieces of text"),
    ("character-lm", "probekit.learners.pretraining.characters:recipe", 1, "Language models of characters of text"),
    ("fine-tuned", "probekit.learners.fine_tuning:recipe", 1, "A sequence classifier fine-tuned from an encoder"),
    ("tuned", "probekit.learners.tuning.recipe:recipe", 1, "An encoder tuned on any task with any objective"),
):
    registry.add(_name, _place, _revision, _summary)


def cores() -> int:
    """Cores that this process may use, fewer than the machine's in a container or a job of a batch system."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def of(spec: str | Spec) -> Recipe:
    """The recipe that a spec names, with nothing made. Raises UnknownName or ProbekitError for a spec that is wrong."""
    parsed = parse(spec)
    return registry.get(parsed.name)(parsed)


def describe(spec: str | Spec) -> Source:
    """What is made, as a source: its digest is its key."""
    recipe = of(spec)
    return Source(recipe.spec, recipe.name, recipe.key, recipe.modules, recipe.needs, recipe.generated)


def folder(spec: str | Spec) -> Path:
    """Folder of what a spec names: found, or made where it is not."""
    return of(spec).ensure()


def found(spec: str | Spec) -> Mapping[str, Any]:
    """What making it found. Raises ProbekitError where it was never made."""
    recipe = of(spec)
    if not recipe.made:
        raise ProbekitError(f"'{recipe.name}' has not been made, or is gone from the cache; run again")
    return default_store().recipe(recipe.kind, recipe.key).get("found", {})


def into(out: Path, spec: str | Spec) -> Mapping[str, Any]:
    """Make into a user's folder and return what was found; the same command again resumes, or finds it done.

    Raises ProbekitError when the folder holds something else (another recipe's model, or its unfinished one), and when
    somebody else is making there.
    """
    from filelock import FileLock, Timeout

    recipe = of(spec)
    unfinished = out / UNFINISHED
    _check_out(out, recipe)
    for need in recipe.needs:
        of(need).ensure()
    try:
        with disk_errors(out):
            unfinished.mkdir(parents=True, exist_ok=True)
            with FileLock(unfinished / "lock", timeout=0):
                findings = _make_into(out, recipe)
            shutil.rmtree(unfinished, ignore_errors=True)
    except Timeout:
        raise ProbekitError(f"another training is writing to '{out}'; wait for it, or name another folder") from None
    return findings


def _make_into(out: Path, recipe: Recipe) -> Mapping[str, Any]:
    """With the lock of a folder held: what was found, now or when it was made."""
    _check_out(out, recipe)  # again: somebody may have begun or finished in between
    if (done := _said(out)) is not None:
        return done["found"]  # of a run that was stopped just before its end, or made by another process
    unfinished = out / UNFINISHED
    going_on = (_said(unfinished) or {}).get("key") == recipe.key
    _write(unfinished, {"key": recipe.key, "name": recipe.name})
    made = unfinished / "folder"
    findings = plain(recipe.fill(made, _fresh(unfinished / "progress", keep=going_on)) or {})
    for file in made.iterdir():
        os.replace(file, out / file.name)
    _write(out, {"key": recipe.key, "name": recipe.name, "found": findings})
    return findings


def _check_out(out: Path, recipe: Recipe) -> None:
    """Refuse a folder of something else, before any work. An attempt that finished no step holds nothing."""
    if (done := _said(out)) is not None:
        if done.get("key") != recipe.key:
            raise ProbekitError(f"'{out}' holds another model ({done.get('name')}); name another folder, or remove it")
        return
    began = _said(out / UNFINISHED)
    if began is not None and began.get("key") != recipe.key and _has_progress(out / UNFINISHED):
        raise ProbekitError(
            f"'{out}' holds the unfinished training of another model ({began.get('name')}), which its own command goes "
            "on with; name another folder, or remove it"
        )
    there = {file.name for file in out.iterdir()} if out.is_dir() else set()
    if began is None and (there - {UNFINISHED} or (out.exists() and not out.is_dir())):
        raise ProbekitError(f"'{out}' holds other files; name a new folder for the model")


def _has_progress(unfinished: Path) -> bool:
    """Whether a maker kept a state. Names that begin with a point are locks and what is being written."""
    progress = unfinished / "progress"
    kept = [file.relative_to(progress) for file in progress.rglob("*") if file.is_file()]
    return any(not any(part.startswith(".") for part in file.parts) for file in kept)


def check_finished(folder: Path) -> None:
    """Refuse a folder whose making was not finished: it is no model. Raises ProbekitError that names it."""
    for place in (folder, folder.parent):
        folder = place.parent if place.name == UNFINISHED else folder
    if os.path.isdir(folder / UNFINISHED) and not (folder / RECIPE).is_file():
        began = _said(folder / UNFINISHED) or {}
        raise ProbekitError(
            f"'{folder}' holds an unfinished training ({began.get('name', 'of unknown name')}), no model; the command "
            "that began it goes on with it"
        )


def _said(folder: Path) -> dict[str, Any] | None:
    """What a folder says of its recipe; None where it says nothing."""
    if not (folder / RECIPE).is_file():
        return None
    try:
        content = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    except UNREADABLE as error:
        raise ProbekitError(f"cannot read {RECIPE} of '{folder}': {error}; name another folder") from error
    return content if isinstance(content, dict) else {}


def _write(folder: Path, content: Mapping[str, Any]) -> None:
    write_atomically(folder / RECIPE, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def _fresh(folder: Path, keep: bool = False) -> Path:
    """A folder that is there, and empty unless what it holds is kept."""
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
