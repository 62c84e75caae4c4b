"""Golden numbers: beside a component's own test, a small case whose numbers stay while its revision stays.

    from golden import Golden

    golden = Golden(__file__)  # numbers are kept in golden.json beside this file
    golden.case("probe:ridge", probe_numbers, tolerance=1e-6, options={"alpha": 100.0, "x_scale": "standard"})
    test_numbers_stay, test_options_move_numbers = golden.tests()

Every stored answer is remembered under the revisions of the components it came from. Where numbers move and the
revision stays, old and new answers mix in one table; an option that moves no number is read and never applied. After
raising a revision, `PROBEKIT_UPDATE_GOLDEN=1 python -m pytest tests/<room>` writes its numbers anew: commit them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from probekit.errors import MissingProgram
from probekit.registry import Entry, Registry
from probekit.specs import Spec, parse

TESTS = Path(__file__).parent
UPDATE = "PROBEKIT_UPDATE_GOLDEN"
CORPUS = "grammar(n=120)"  # of most cases
Numbers = Callable[[str], Sequence[float]]


@contextmanager
def skipped_without_its_program() -> Iterator[None]:
    """Skips, saying why, where what a case asks for runs a program that is not on this machine."""
    try:
        yield
    except MissingProgram as absent:
        pytest.skip(str(absent))


@dataclass(frozen=True)
class At:
    """A value of an option that matters beside other values, or for other numbers than those of the case."""

    value: Any
    beside: Mapping[str, Any] = field(default_factory=dict)
    numbers: Numbers | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """The golden case of a component; see `Golden.case`."""

    name: str
    numbers: Numbers
    made: str | Callable[[], str]
    tolerance: float
    data: bool
    options: Mapping[str, Any]
    elsewhere: Mapping[str, str]
    revised: str

    @property
    def spec(self) -> str:
        """The spec that its numbers are of."""
        return self.made if isinstance(self.made, str) else self.made()

    @property
    def revision(self) -> int:
        kind, _, name = self.revised.partition(":")
        return registries()[kind].entry(name).revision

    def value(self, option: str) -> Any:
        """The value under which an option must move a number."""
        return self._at(option).value

    def without_and_with(self, option: str) -> tuple[str, str]:
        """The specs without and with an option, both with what it needs beside it."""
        at = self._at(option)
        return self.given(**at.beside) if at.beside else self.spec, self.given(**at.beside, **{option: at.value})

    def _at(self, option: str) -> At:
        found = self.options[option]
        return found if isinstance(found, At) else At(found)

    def given(self, **options: Any) -> str:
        """Its spec with further options, given to the step of its name where there is one."""
        spec, name = parse(self.spec), self.name.partition(":")[2]
        if spec.steps and spec.steps[-1].name == name:
            return str(replace(spec, steps=(*spec.steps[:-1], _given(spec.steps[-1], options))))
        return str(_given(spec, options))

    def moved(self, option: str) -> bool:
        """Whether an option moves a number."""
        numbers = self._at(option).numbers or self.numbers
        plain, changed = (numbers_of(numbers, spec) for spec in self.without_and_with(option))
        return len(plain) != len(changed) or not np.allclose(plain, changed, rtol=1e-7, atol=1e-9)


def _given(step: Spec, options: Mapping[str, Any]) -> Spec:
    return replace(step, kwargs=dict(sorted({**step.kwargs, **options}.items())))


@cache
def numbers_of(numbers: Numbers, spec: str) -> list[float]:
    return [float(x) for x in numbers(spec)]


class Golden:
    """Cases of one test module; their numbers are kept in golden.json beside it, with those of its neighbours."""

    def __init__(self, file: str) -> None:
        self.kept = Path(file).with_name("golden.json")
        self.cases: dict[str, Case] = {}

    def case(
        self,
        name: str,
        numbers: Numbers,
        spec: str | Callable[[], str] = "",
        *,
        tolerance: float = 1e-3,
        data: bool = False,
        options: Mapping[str, Any] | None = None,
        elsewhere: Mapping[str, str] | None = None,
        revised: str = "",
    ) -> None:
        """Declare a case: `kind:name`, as its registry says, and a function(spec) -> numbers.

        spec: what the numbers are of (default: the name alone), or a function that makes files and gives it.
        tolerance: how far numbers may move, relative to their size where that is above 1. data: needs real data.
        options: by name a value under which the numbers must be others (see `At`). elsewhere: options that refuse, or
        are tried by another test, and its file under tests. revised: the component whose revision counts, where it has
        none of its own.
        """
        assert name not in self.cases, f"{name} has two cases"
        made = spec or str(Spec(name.partition(":")[2]))
        more = (tolerance, data, dict(options or {}), dict(elsewhere or {}), revised or name)
        self.cases[name] = Case(name, numbers, made, *more)

    def tests(self) -> tuple[Callable[[Any], None], Callable[[Any, Any], None]]:
        """The two tests of all cases declared so far, to be bound to names that pytest finds."""
        marks = {case: [pytest.mark.data] if case.data else [] for case in self.cases.values()}

        @pytest.mark.parametrize("case", [pytest.param(one, id=one.name, marks=marks[one]) for one in marks])
        def test_numbers_stay(case: Case) -> None:
            wrong = self.check(case, update=bool(os.environ.get(UPDATE)))
            assert not wrong, wrong

        tried = [
            pytest.param(one, option, id=f"{one.name}({option})", marks=marks[one])
            for one in marks
            for option in one.options
        ]

        @pytest.mark.parametrize(("case", "option"), tried)
        def test_options_move_numbers(case: Case, option: str) -> None:
            assert case.moved(option), f"{case.name} gives the same numbers with {option}={case.value(option)!r}"

        return test_numbers_stay, test_options_move_numbers

    def check(self, case: Case, update: bool = False) -> str:
        """What is wrong with a case, or nothing. Numbers are written anew only where the revision rose: updating is no
        way to hide a change."""
        numbers, now, known = numbers_of(case.numbers, case.spec), case.revision, stored(self.kept).get(case.name)
        assert numbers and np.isfinite(numbers).all(), numbers
        if update and (known is None or now > known["revision"]):
            known = {"revision": now, "tolerance": case.tolerance, "numbers": [float(f"{x:.12g}") for x in numbers]}
            entries = sorted({**stored(self.kept), case.name: known}.items())
            lines = [f" {json.dumps(name)}: {json.dumps(one)}" for name, one in entries]
            self.kept.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        return verdict(case.name, known, now, numbers, self.kept)


def verdict(case: str, known: Mapping[str, Any] | None, now: int, numbers: Sequence[float], kept: Path) -> str:
    """What is wrong with a case, or nothing."""
    how = f"{UPDATE}=1 python -m pytest tests/{kept.parent.name}, and commit tests/{kept.parent.name}/{kept.name}"
    if known is None:
        return f"{case} has no golden numbers yet: {how}"
    if now < known["revision"]:
        return f"{case} went back from revision {known['revision']} to {now}: revisions only rise"
    if now > known["revision"]:
        return f"{case} is at revision {now}, its golden numbers at {known['revision']}: {how}"
    old, new = np.array(known["numbers"]), np.array(numbers, dtype=float)
    if old.shape == new.shape:
        far = ~(np.abs(new - old) <= known["tolerance"] * np.maximum(1, np.abs(old)))
        if not far.any():
            return ""
        shown = ", ".join(f"{old[i]:.6g} -> {new[i]:.6g}" for i in np.flatnonzero(far)[:4])
    else:
        shown = f"{len(old)} numbers -> {len(new)}"
    return (
        f"the numbers of {case} moved and its revision is still {now} ({shown}).\nIf they were meant to move, raise "
        f"the revision where it is registered, then {how}.\nIf not, find what moved them. If the case itself was "
        f"rewritten, remove its entry from tests/{kept.parent.name}/{kept.name} first"
    )


def stored(kept: Path) -> dict[str, dict[str, Any]]:
    """Entries of a golden.json."""
    return json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}


# --- all of them


def registries() -> dict[str, Registry[Any]]:
    """Registries of the package by kind, of the modules that are imported."""
    modules = [vars(module) for name, module in sys.modules.items() if name.split(".")[0] == "probekit"]
    return {one.kind: one for module in modules for one in module.values() if isinstance(one, Registry)}


def is_own(entry: Entry[Any]) -> bool:
    """Whether a component came with probekit: other tests and installed packages register some too."""
    return entry.module.startswith("probekit.")


def own(registry: Registry[Any]) -> list[str]:
    """Names of the built-in components that must have a case: files are pinned by their checksums, and benchmarks of
    the house's files are of a class that has a case with a file of its own."""
    entries = [registry.entry(name) for name in registry.names()]
    return [entry.name for entry in entries if is_own(entry) and not {"resources", "items"} & set(entry.meta)]


def declared() -> Iterator[Golden]:
    """What every test module declares."""
    for file in sorted(TESTS.glob("*/test_*.py")):
        if "= Golden(__file__)" in file.read_text(encoding="utf-8"):
            module = importlib.import_module(file.stem)
            yield from (one for one in vars(module).values() if isinstance(one, Golden))


def cases(kind: str) -> dict[str, Case]:
    """Cases of one kind by the names of their components, those that share the revision of another left out."""
    found = {name: case for golden in declared() for name, case in golden.cases.items() if case.revised == name}
    return {name.partition(":")[2]: case for name, case in found.items() if name.partition(":")[0] == kind}


# --- numbers


def fingerprint(values: Any) -> list[float]:
    """Size, mean, root mean square, and a wave over the positions, so that order counts; labels by checksum."""
    flat = np.asarray(values).ravel()
    if flat.dtype == object:
        flat = np.array([zlib.crc32(str(value).encode()) / 2**32 for value in flat])
    flat = flat.astype(np.float64)
    wave = np.cos(np.arange(len(flat)))
    return [float(len(flat)), float(flat.mean()), float(np.sqrt((flat**2).mean())), float((flat * wave).mean())]


def sums(values: np.ndarray) -> list[float]:
    """Shape, sum, and the sum of a wave over the positions."""
    wave = np.cos(np.arange(values.size))
    return [*map(float, values.shape), float(values.sum()), float((values.ravel() * wave).sum())]


@cache
def place() -> Path:
    """A folder for files that cases read; it goes when the tests end."""
    _held.append(tempfile.TemporaryDirectory(prefix="probekit-golden-"))
    return Path(_held[-1].name)


_held: list[Any] = []


def written(name: str, text: str) -> Path:
    """A file of that folder."""
    file = place() / name
    file.write_text(text, encoding="utf-8")
    return file
