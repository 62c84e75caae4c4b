"""Spelling: a student learns a table's vectors from the characters of its words: `characters:TABLE(distance=, ...)`.

As a table it holds the student's vectors of the teacher's words; as an encoder (`encoders/spelled.py`) those of any
string. One training keeps the student after every `every` epochs, so that what it is at an earlier one needs no other.
Source: Stratos 2017.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from probekit import recipes
from probekit.embeddings.catalogue import TableKind
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table, table_spec, width_of
from probekit.errors import ProbekitError
from probekit.recipes import Recipe
from probekit.sources import Source, resolve, together
from probekit.specs import Spec
from probekit.store import digest, write_atomically
from probekit.streams import generator, whole_number
from probekit.values import Count, LessThanAll, OneOf, Rate, Seed, Whole

NAME, ABOUT = "characters", "characters.json"
DISTANCES, OUTPUTS = ("l1", "l2", "sq-l2", "linf", "neg-cos"), ("relu", "highway", "linear")
_SECONDS_A_WORD = 2.5e-4  # and epoch, of one core, 100 dimensions
_AT_ONCE = 2048


def options(
    distance: Annotated[str, OneOf(DISTANCES)] = "neg-cos",
    output: Annotated[str, OneOf(OUTPUTS)] = "relu",
    epochs: Whole = 10,
    at: Whole | None = None,
    every: Count = 10,
    width: Count = 100,
    rate: Rate = 1e-3,
    batch: Count = 64,
    dropout: LessThanAll = 0.0,
    held_out: LessThanAll = 0.0,
    seed: Seed = 0,
) -> None:
    """distance: between the teacher's vector and the student's, which training lowers. at: epochs after which the
    student is taken, 0 for the untrained one; by default the last. It is kept after every `every` epochs. width: of
    characters and states. held_out: share of the teacher's words that are not trained on."""


class Student:
    """Vectors of strings. characters: those seen, in their order; other ones are one and the same."""

    def __init__(self, characters: Sequence[str], size: int, given: Mapping[str, Any]) -> None:
        import torch

        from probekit.models.speller import Speller

        self.number = {character: at for at, character in enumerate(characters, 1)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(whole_number(given["seed"], "init", NAME))
            width, output, dropout = given["width"], given["output"], given["dropout"]
            self.module = Speller(len(characters) + 1, width, size, output, dropout)

    def codes(self, word: str) -> list[int]:
        """Numbers of the characters of a string, 0 for those never seen. Raises ProbekitError for an empty one."""
        if not word:
            raise ProbekitError("an empty string has no characters to spell a vector with; leave it out")
        return [self.number.get(character, 0) for character in word]

    def unseen(self, words: Sequence[str]) -> np.ndarray:
        """Which words (n,) hold a character that was never seen."""
        return np.array([0 in self.codes(word) for word in words], dtype=bool)

    def vectors(self, words: Sequence[str]) -> np.ndarray:
        """Vectors (n, size) float32; each is the same whatever else is asked for."""
        import torch

        self.module.eval()
        codes = [self.codes(word) for word in words]
        found = np.zeros((len(words), self.module.join.out_features), dtype=np.float32)
        with torch.no_grad():
            for rows in of_one_length(np.array([len(one) for one in codes]), _AT_ONCE):
                found[rows] = self.module(torch.tensor([codes[row] for row in rows])).numpy()
        return found


def of_one_length(lengths: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Rows in batches of at most `size`, all of a batch of one length: nothing is padded."""
    order = np.argsort(lengths, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        yield from (part[start : start + size] for start in range(0, len(part), size))


def train(teacher: WordTable, given: Mapping[str, Any], folder: Path, keep: Path) -> dict[str, Any]:
    """Train a student on the vectors of a table; its weights after each stage are written to a folder.

    given: as `options`. keep: a folder for what a training that is stopped goes on from. Returns losses by epoch and
    the number of words. Raises ProbekitError where a loss is no number any more, and for a share held out that leaves
    no word.
    """
    import torch
    from safetensors.torch import save

    from probekit.models.speller import DISTANCES as distances
    from probekit.training.loop import Settings
    from probekit.training.loop import train as fit
    from probekit.training.progress import Progress

    characters = sorted({character for word in teacher.words for character in word})
    student = Student(characters, teacher.width, given)
    rows = np.flatnonzero(~held(teacher, given["held_out"], given["seed"]))
    if not len(rows):
        raise ProbekitError(f"held_out={given['held_out']} of {teacher!r} leaves no word to train on; hold out fewer")
    codes = [student.codes(teacher.words[int(row)]) for row in rows]
    lengths = np.array([len(one) for one in codes])
    targets = torch.from_numpy(np.array(teacher.vectors[rows]))
    distance = distances[given["distance"]]

    def batches(epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        random = generator(given["seed"], "order", NAME, epoch)
        shuffled = random.permutation(len(rows))
        parts = [shuffled[part] for part in of_one_length(lengths[shuffled], given["batch"])]
        for place in random.permutation(len(parts)):
            part = parts[place]
            yield torch.tensor([codes[row] for row in part]), targets[part]

    def loss(module: Any, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return distance(batch[1], module(batch[0])).mean()

    settings = Settings(rate=given["rate"], epochs=max(given["epochs"], 1), patience=max(given["epochs"], 1), clip=None)
    progress, ends = Progress(), stages(given["epochs"], given["every"])
    keep.mkdir(parents=True, exist_ok=True)
    for end in ends:
        kept = weights_at(keep, end)
        if kept.is_file() and end < ends[-1]:
            continue  # of an attempt that was stopped later
        if end:
            stage, state = replace(settings, epochs=end), keep / "state"
            progress = fit(
                student.module, loss, batches, stage, progress=progress, seed=given["seed"], keep=state, label=NAME
            )
        write_atomically(kept, save(student.module.state_dict()))
    for end in ends:
        shutil.copyfile(weights_at(keep, end), weights_at(folder, end))
    about = {"characters": characters, "size": teacher.width, "given": dict(given)}
    write_atomically(folder / ABOUT, json.dumps(about, ensure_ascii=False).encode())
    return {"words": len(rows), "losses": [float(f"{one:.6g}") for one in progress.train_losses]}


def stages(epochs: int, every: int) -> list[int]:
    """Epochs after which the student is kept: none, every so many, the last."""
    return sorted({0, *range(0, epochs + 1, every), epochs})


def weights_at(folder: Path, epoch: int) -> Path:
    """Where the student of an epoch lies."""
    return folder / f"after-{epoch}.safetensors"


def held(teacher: WordTable, share: float, seed: int) -> np.ndarray:
    """Which words (n,) are held out."""
    found = np.zeros(len(teacher), dtype=bool)
    order = generator(seed, "split", "held-out", len(teacher)).permutation(len(teacher))
    found[order[: round(share * len(teacher))]] = True
    return found


def load_student(folder: Path, at: int) -> Student:
    """The student of a folder after some epochs."""
    from safetensors.torch import load_file

    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    student = Student(about["characters"], about["size"], about["given"])
    student.module.load_state_dict(load_file(weights_at(folder, at)))
    return student


# --- as a kind of table ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What a spec names: the teacher, how the student is trained, after how many epochs it is taken."""

    teacher: Source
    given: Mapping[str, Any]
    at: int
    spec: str
    name: str


def asked(spec: Spec) -> Asked:
    """What a spec asks for. Raises ProbekitError for a student that is not kept after so many epochs."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no table to learn; write {NAME}:TABLE(distance=neg-cos, epochs=10)")
    arguments = resolve(Spec(NAME, None, spec.args, spec.kwargs), options, "word-vector table")
    given = dict(arguments.options)
    at = given.pop("at")
    at = given["epochs"] if at is None else at
    kept = stages(given["epochs"], given["every"])
    if at not in kept:
        raise ProbekitError(f"{NAME}(at={at}): the student is kept after {', '.join(map(str, kept))} epochs")
    teacher = describe_table(table_spec(spec.target))
    specs = (str(Spec(NAME, one, (), arguments.written.kwargs)) for one in (teacher.spec, teacher.name))
    return Asked(teacher, given, at, *specs)


def recipe(spec: Spec) -> Recipe:
    """The recipe of a training: the same for all epochs at which its student is taken."""
    one = asked(spec)

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        return train(load_table(one.teacher.spec), one.given, folder, progress)

    def seconds() -> float:
        return len(load_table(one.teacher.spec)) * one.given["epochs"] * _SECONDS_A_WORD

    content = {
        "recipe": NAME,
        "revision": recipes.registry.entry(NAME).revision,
        "teacher": one.teacher.digest,
        "options": dict(one.given),
    }
    shared = together(one.teacher)
    return Recipe(
        one.spec,
        one.name,
        NAME,
        content,
        make,
        needs=shared["needs"],
        modules=shared["modules"],
        cost=lambda: (seconds(), 0),
        generated=one.teacher.generated,
    )


def _describe(spec: Spec) -> Source:
    one, made = asked(spec), recipe(spec)
    shared = together(one.teacher)
    return Source(made.spec, made.name, digest([made.key, one.at]), **(shared | {"needs": (*made.needs, made.spec)}))


def _load(spec: Spec) -> WordTable:
    one = asked(spec)
    teacher, student = load_table(one.teacher.spec), load_student(recipe(spec).ensure(), one.at)
    out = np.flatnonzero(held(teacher, one.given["held_out"], one.given["seed"]))
    return WordTable(
        teacher.words,
        student.vectors(teacher.words),
        counts=teacher.counts,
        language=teacher.language,
        about={"made by": NAME, "epochs": one.at, "held_out": out.tolist()},
    )


def _width(spec: Spec) -> int | None:
    return width_of(table_spec(str(spec.target)))


CHARACTERS = TableKind(_describe, _load, _width)
