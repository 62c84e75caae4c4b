"""Studies: what one asks, of which data, in which parts; what it shows and claims; finding one by name.

    STUDY = Study("my-study", "Author et al. 2026", data={"reviews": "sentence-polarity|resplit"},
                  instead={"reviews": "cues"})

    @STUDY.part("layers")
    def layers(data):
        yield probing(STUDY.name, corpora=[data["reviews"]], encoders=["minilm"], tasks=["sentence/label"], ...)

A part is a function of the study's data that yields grids. What a user gives on the command line replaces the values of
those grids' axes, by name. Figures, tables and claims are functions of a view of the rows (see `probekit.report`).
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probekit import registry, sources
from probekit.errors import Missing, MissingProgram, ProbekitError, UnknownName
from probekit.registry import Registry

if TYPE_CHECKING:
    from probekit.grid.grid import Grid

EXPERIMENTS, FIGURES = "experiments", "paper_figures"
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of a study: a function of its `Data` that yields grids. `usual`: asked where none is named. `own`: axes
    whose values a user can choose among, not replace."""

    name: str
    make: Callable[[Data], Iterable[Grid]]
    usual: bool = True
    own: Collection[str] = ()


@dataclass(frozen=True)
class Product:
    """A figure or a table of a study: a function of a view of its rows; `options` are those of its kind."""

    kind: str
    name: str
    make: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A claim of a paper, and the function of a view of rows that tests it."""

    number: int
    text: str
    paper: str
    test: Callable[[Any], Any]


class Data:
    """The data that a study asks about, as its parts see it: `data[name]` is a spec.

    `name in data`: the study's own data of that name is on this machine, and was not replaced. What stands for absent
    data, and what is left out, is noted and said once by `Study.grids`.
    """

    def __init__(self, study: Study, asked: str | None = None, axes: Given | None = None) -> None:
        self.axes = dict(axes or {})  # what a user gave by axis, for parts that ask nothing without it
        self._study, self._chosen, self._given = study, None, None
        if asked in study.data:
            self._chosen = asked
        elif asked is not None:
            self._chosen, self._given = study.main, asked
        self.stand_ins: dict[str, None] = {}
        self.left_out: dict[str, str] = {}
        self.replaced = False

    def __contains__(self, name: str) -> bool:
        if not self._is_asked(name) or (self._given is not None and name == self._study.main):
            return False
        why = self._study.why_absent(name)
        if why is not None and name not in self._study.instead:
            self.left_out[name] = why
        return why is None

    def __getitem__(self, name: str) -> str:
        if self._given is not None and name == self._study.main:
            self.replaced = True
            return self._given
        kind, spec = self._study.kind_and_spec(name)
        if self._study.is_here(name):
            return spec
        if name not in self._study.instead:
            return spec  # what is missing of it, its own description says
        if kind != "table" or not {"vectors", "encoder"} & set(self.axes):  # else a user's own take its place
            self.stand_ins[name] = None
        return self._study.instead[name]

    @property
    def given(self) -> str | None:
        """The spec that a user gave in the place of the main data."""
        self.replaced = self._given is not None
        return self._given

    def names(self, *names: str) -> list[str]:
        """Those of some names that are here; where none is, the first that something stands for."""
        asked = [name for name in names if self._is_asked(name)]
        given = [name for name in asked if self._given is not None and name == self._study.main]
        here = given or [name for name in asked if name in self]
        return here or [name for name in asked if name in self._study.instead][:1]

    def _is_asked(self, name: str) -> bool:
        """Whether a user who named data leaves this in: other data of the kind that was named are not asked."""
        if self._chosen is None or name == self._chosen:
            return True
        kinds = [self._study.kind_and_spec(one)[0] for one in (name, self._chosen)]
        return kinds[0] != kinds[1]


class Study:
    """A study: name, source (the paper), its data by short names, and what stands for data that is not on the machine.

    data: specs by name; (kind, spec) for what is no corpus. The first is the main one: what a user gives in its place.
    title: of the paper. numbers: a CSV file of its published ones, where it does not lie among the house's.
    """

    def __init__(
        self,
        name: str,
        source: str,
        data: Mapping[str, str | tuple[str, str]] | None = None,
        instead: Mapping[str, str] | None = None,
        title: str = "",
        numbers: Path | None = None,
    ) -> None:
        self.name, self.source, self.title = name, source, title
        self.data, self.instead = dict(data or {}), dict(instead or {})
        if unknown := set(self.instead) - set(self.data):
            raise ProbekitError(f"'{unknown.pop()}' stands for no data of the study '{name}'")
        self.numbers = numbers
        self.asked_as = name  # what the command line calls it: a file, where it is one
        self.view_of: Callable[..., Any] | None = None
        self.counterpart: Callable[..., Any] | None = None
        self.beside_options: dict[str, Any] = {}
        self.parts: dict[str, Part] = {}
        self.products: list[Product] = []
        self.claims: list[Claim] = []

    # --- declaring

    def part(self, name: str, usual: bool = True, own: Collection[str] = ()) -> Callable[[Any], Any]:
        """Declare a part (see `Part`)."""

        def declare(make: Callable[[Data], Iterable[Grid]]) -> Callable[[Data], Iterable[Grid]]:
            self._free("part", name, self.parts)
            self.parts[name] = Part(name, make, usual, tuple(own))
            return make

        return declare

    def figure(self, name: str, **options: Any) -> Callable[[Any], Any]:
        """Declare a figure: a function(view) that returns one, or None where its rows are missing.

        once=True: of the main view alone, its name unmarked: for what shows all views together. So for tables.
        """
        return self._product("figure", name, options)

    def table(self, name: str, **options: Any) -> Callable[[Any], Any]:
        """Declare a table: a function(view) -> DataFrame, or None where its rows are missing."""
        return self._product("table", name, options)

    def file(self, name: str) -> Callable[[Any], Any]:
        """Declare a file of another kind, `page.html`: a function(view, path) that writes it."""
        return self._product("file", name, {})

    def view(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Declare how the study reads rows: a function(rows, **options) -> a view or several, the main one first."""
        self.view_of = make
        return make

    def beside(self, **options: Any) -> Callable[[Any], Any]:
        """Declare which of our numbers stands beside a published line: a function(view, line) -> number, or a mapping
        with `ours`, `note` and further columns. options: of the printed table, such as digits=1."""

        def declare(found: Callable[..., Any]) -> Callable[..., Any]:
            self.counterpart, self.beside_options = found, {"digits": 1, **options}
            return found

        return declare

    def _product(self, kind: str, name: str, options: Mapping[str, Any]) -> Callable[[Any], Any]:
        def declare(make: Callable[..., Any]) -> Callable[..., Any]:
            self._free(kind, name, [product.name for product in self.products])
            self.products.append(Product(kind, name, make, options))
            return make

        return declare

    def claim(self, number: int, text: str, paper: str = "") -> Callable[[Any], Any]:
        """Declare a claim: a function(view) -> verdict."""

        def declare(test: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self._free("claim", number, [claim.number for claim in self.claims])
            self.claims.append(Claim(number, text, paper, test))
            return test

        return declare

    def _free(self, what: str, name: Any, taken: Iterable[Any]) -> None:
        if name in taken:
            raise ProbekitError(f"the study '{self.name}' has the {what} {name} already; give this one another name")

    # --- data

    @property
    def main(self) -> str | None:
        """Name of the data that a user's own data takes the place of."""
        return next(iter(self.data), None)

    def kind_and_spec(self, name: str) -> tuple[str, str]:
        """Kind and spec of data by its name. Raises UnknownName."""
        if name not in self.data:
            raise UnknownName(f"data of the study {self.name}:", name, self.data)
        found = self.data[name]
        return ("corpus", found) if isinstance(found, str) else found

    def is_here(self, name: str) -> bool:
        """Whether data of the study is on this machine."""
        return self.why_absent(name) is None

    def why_absent(self, name: str) -> str | None:
        """None for data of the study that is on this machine, else the way to it, where it is another than
        `probekit data list`."""
        try:
            return "" if sources.describe(*self.kind_and_spec(name)).absent else None
        except MissingProgram as error:
            return str(error)
        except Missing:
            return ""

    # --- asking

    def grids(
        self, given: Given | None = None, parts: Sequence[str] = (), keep: Collection[str] = (), quiet: bool = False
    ) -> list[Grid]:
        """Grids of some parts (default: the usual ones), with what a user gave in place of their axes' values.

        given: values by axis, as text or numbers; `dataset` takes names of the study's data or specs that take the
        place of its main data. keep: further tables below the score. Says on standard error what stands for absent data
        and what is left out, unless `quiet`. Raises UnknownName or ProbekitError for a part, an axis or a value that no
        grid of the study has.
        """
        from probekit.grid.replacing import replaced  # grids load pandas, which naming a study does not need

        given = dict(given or {})
        corpora: Sequence[str | None] = given.pop("dataset", None) or [None]
        if corpora != [None] and self.main is None:
            raise ProbekitError(f"the study {self.name} asks about no data that could be replaced")
        views = [Data(self, corpus, given) for corpus in corpora]
        built = [(part, grid) for data in views for part in self._asked(parts) for grid in part.make(data)]
        if not quiet:
            self._say(views)
        for data in views:
            if data._given is not None and not data.replaced:
                raise ProbekitError(f"these parts of {self.name} ask nothing of '{data._given}'; see --axis part=")
        asked = replaced(self.name, [(grid, part.own) for part, grid in built], given, keep) if built else []
        if not any(all(grid.axes.values()) for grid in asked):
            absent = ", ".join(dict.fromkeys(name for data in views for name in data.left_out))
            raise ProbekitError(
                f"nothing is left to ask in {self.name}"
                + (f": {absent} not on this machine (probekit data list)" if absent else "")
            )
        return asked

    def _asked(self, parts: Sequence[str]) -> list[Part]:
        for name in parts:
            if name not in self.parts and name != "all":
                raise UnknownName(f"part of {self.name}:", name, [*self.parts, "all"])
        if parts:
            return [part for part in self.parts.values() if part.name in parts or "all" in parts]
        return [part for part in self.parts.values() if part.usual]

    def _say(self, views: Sequence[Data]) -> None:
        stood_for = dict.fromkeys(name for data in views for name in data.stand_ins)
        for name in stood_for:
            spec = self.kind_and_spec(name)[1]
            print(f"{spec} is not on this machine; {self.instead[name]} stands for it.", file=sys.stderr)
        if stood_for:
            print(
                "A demonstration on generated data, not a reproduction. For the study, set PROBEKIT_DATA to the "
                "folders that hold its data; probekit data list says where they come from",
                file=sys.stderr,
            )
        absent = {name: why for data in views for name, why in data.left_out.items()}
        for way in dict.fromkeys(absent.values()):
            names = ", ".join(name for name, why in absent.items() if why == way)
            print(f"Left out, not on this machine: {names} ({way or 'probekit data list'})", file=sys.stderr)


# --- finding ---------------------------------------------------------------------------------------------------------

# Studies of installed packages and of users; those of the house are files in `experiments`.
studies: Registry[Study] = Registry("study", "probekit.study:Study")


def _package(name: str) -> Path:
    """Folder of the house's experiments or figures: in a checkout beside the package that runs, installed or not."""
    module, beside = f"probekit.{name}", Path(__file__).parents[1] / name
    if (
        module not in sys.modules
        and (beside / "__init__.py").is_file()
        and (beside.parent / "pyproject.toml").is_file()
    ):
        found = importlib.util.spec_from_file_location(
            module, beside / "__init__.py", submodule_search_locations=[str(beside)]
        )
        assert found is not None and found.loader is not None
        sys.modules[module] = importlib.util.module_from_spec(found)
        found.loader.exec_module(sys.modules[module])
    return Path(importlib.import_module(module).__path__[0])


def _used() -> dict[str, Study]:
    """Studies of the files and modules that a user named with --use."""
    places = os.environ.get(registry.USED, "").split(os.pathsep)
    modules = [sys.modules.get(Path(place).stem if place.endswith(".py") else place) for place in places if place]
    return {found.name: found for module in modules if isinstance(found := getattr(module, "STUDY", None), Study)}


def names() -> list[str]:
    """Names of all studies, in order of the alphabet; none is imported."""
    found = [file.stem for file in _package(EXPERIMENTS).glob("*.py") if not file.stem.startswith("_")]
    return sorted({*(stem.replace("_", "-") for stem in found), *studies.names(), *_used()})


def summaries() -> Iterator[tuple[str, str]]:
    """Names of all studies with the first line of what each says of itself; none is imported."""
    folder = _package(EXPERIMENTS)
    for name in names():
        file = folder / f"{name.replace('-', '_')}.py"
        if file.is_file():
            text = ast.get_docstring(ast.parse(file.read_text("utf-8")))
        else:
            text = _used()[name].title if name in _used() else studies.entry(name).summary
        yield name, (text or "").partition("\n")[0]


def complete(study: str | Study) -> Study:
    """A study, by name or itself, with its figures, tables and claims, which stand in one module or two of their own.

    Raises as `find`.
    """
    found = study if isinstance(study, Study) else find(study)
    stem = found.name.replace("-", "_")
    for own in (stem, f"_{stem}_claims"):
        if (_package(FIGURES) / f"{own}.py").is_file() and sys.modules.get(f"probekit.{EXPERIMENTS}.{stem}"):
            importlib.import_module(f"probekit.{FIGURES}.{own}")
    return found


def find(name: str) -> Study:
    """A study by name, or of a file `my_study.py` that holds one as STUDY. Raises UnknownName or ProbekitError."""
    if name.endswith(".py"):
        registry.use([name])
        found = _declared(sys.modules[Path(name).stem], name)
        found.asked_as = Path(name).name
        return found
    file = f"{name.replace('-', '_')}.py"
    if not (_package(EXPERIMENTS) / file).is_file():
        if name in _used():
            return _used()[name]
        if name in studies:
            return studies.get(name)
        raise UnknownName("study", name, names())
    module = importlib.import_module(f"probekit.{EXPERIMENTS}.{file[:-3]}")
    return _declared(module, name)


def _declared(module: Any, name: str) -> Study:
    found = getattr(module, "STUDY", None)
    if not isinstance(found, Study):
        raise ProbekitError(f"'{name}' declares no study; write STUDY = Study(name, source) in it")
    return found


def published(name: str) -> Path | None:
    """The file of a study's published numbers, where there is one."""
    file = _package(FIGURES) / f"{name.replace('-', '_')}.csv"
    return file if file.is_file() else None
