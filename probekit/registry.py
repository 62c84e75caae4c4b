"""Names for everything pluggable: lazy, typed, with near-match suggestions."""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

from probekit.errors import ProbekitError, UnknownName

T = TypeVar("T")
ENTRY_POINT_GROUP = "probekit"


@dataclass
class Entry(Generic[T]):
    """One registered component: a name, the object or where it is found, and what is known about it."""

    name: str
    target: T | str
    revision: int = 1
    summary: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    of: Any = None
    module: str = ""  # what a worker process must import to know this component

    def load(self) -> T:
        """The component itself; a `"module:object"` placeholder is imported on first use.

        Raises ProbekitError when there is no such module or object, and when it is no component of this kind.
        """
        if isinstance(self.target, str):
            self.target = self.checked(imported(self.target, self.name))
        return self.target

    def checked(self, component: T) -> T:
        """A component as it is. Raises ProbekitError for one that its registry has no use for."""
        if self.of is None:
            if not callable(component):
                raise ProbekitError(f"'{self.name}' is {component!r}, which cannot be called; register a function")
            return component
        base = imported(self.of, self.name) if isinstance(self.of, str) else self.of
        bases = base if isinstance(base, tuple) else (base,)
        if not any(
            isinstance(component, one) or (isinstance(component, type) and issubclass(component, one)) for one in bases
        ):
            wanted = " or ".join(one.__name__ for one in bases)
            raise ProbekitError(f"'{self.name}' is {component!r}, which is no {wanted}; see {bases[0].__module__}")
        return component

    @property
    def foreign(self) -> bool:
        """Whether it is a user's: built-in components are known to every worker."""
        return bool(self.module) and self.module != "__main__" and not self.module.startswith("probekit.")


class Registry(Generic[T]):
    """Components of one kind by name.

    Built-in ones are added as `"module:object"` and imported on first use; a user's are decorated with
    `register`; an installed package offers its own under the entry-point group `probekit` as `<kind>:<name>`.
    A taken name is an error; an unknown one is answered with the nearest known names. `of` is the class that components
    are, or are instances of (a class, several, or where one is found); without it they are functions. `homes` are the
    modules in which built-in ones register themselves, imported when one of their names is first asked for.
    """

    def __init__(
        self, kind: str, of: type | tuple[type, ...] | str | None = None, homes: Mapping[str, str] | None = None
    ) -> None:
        self.kind, self.of, self.homes = kind, of, dict(homes or {})
        self._entries: dict[str, Entry[T]] = {}
        self._entry_points_read = False

    def add(
        self, name: str, target: T | str, revision: int = 1, summary: str = "", module: str = "", **meta: Any
    ) -> None:
        """Register a component or its `"module:object"` placeholder. `revision` is raised when its numbers change.

        module: where a worker finds it, unless that is the component's own or the one that calls this.
        """
        if name in self._entries:
            taken = self._entries[name]
            raise ProbekitError(f"the {self.kind} name '{name}' is taken by {taken.target!r}; choose another")
        entry = Entry(name, target, revision, summary, meta, self.of, module or _module_of(target))
        if not isinstance(target, str):
            entry.checked(target)
        self._entries[name] = entry

    def register(self, name: str, revision: int = 1, summary: str = "", **meta: Any) -> Callable[[T], T]:
        """Decorator form of `add`; the summary defaults to the first line of the docstring."""

        def decorate(component: T) -> T:
            self.add(name, component, revision, summary or first_line(component), **meta)
            return component

        return decorate

    def entry(self, name: str) -> Entry[T]:
        """What is registered under a name. Raises UnknownName with the nearest known ones."""
        if name not in self._entries and name in self.homes:
            importlib.import_module(self.homes[name])
        if name not in self._entries:
            self._read_entry_points()
        if name not in self._entries:
            raise UnknownName(self.kind, name, [*self.homes, *self._entries])
        return self._entries[name]

    def get(self, name: str) -> T:
        """The component registered under a name, imported if need be."""
        return self.entry(name).load()

    def names(self, pattern: str = "*") -> list[str]:
        """Registered names that match a shell pattern, in order of registration."""
        self._read_entry_points()
        return [name for name in self._entries if fnmatch.fnmatchcase(name, pattern)]

    def __contains__(self, name: object) -> bool:
        if name not in self._entries:
            self._read_entry_points()
        return name in self._entries

    def _read_entry_points(self) -> None:
        if self._entry_points_read:
            return
        self._entry_points_read = True
        for point in entry_points(group=ENTRY_POINT_GROUP):
            kind, _, name = point.name.partition(":")
            if kind == self.kind and name and name not in self._entries:
                self.add(name, point.value, summary=f"from {point.dist.name if point.dist else point.value}")


def _module_of(target: Any) -> str:
    """The module of a component: where its text says, its own, or the one that registers an object made by hand."""
    if isinstance(target, str):
        return target.partition(":")[0]
    if hasattr(target, "__qualname__"):
        return str(target.__module__)
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals["__name__"] == __name__:
        frame = frame.f_back
    return str(frame.f_globals["__name__"]) if frame is not None else ""


def first_line(component: object) -> str:
    """First line of a component's docstring."""
    return (inspect.getdoc(component) or "").partition("\n")[0]


def imported(place: str, name: str) -> Any:
    """The object of a `"module:object"` text. Raises ProbekitError that says for which component it was wanted."""
    module, _, attribute = place.partition(":")
    try:
        return attrgetter(attribute)(importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        raise ProbekitError(f"'{name}' cannot be loaded from {place}: {error}") from error


# --- a user's modules --------------------------------------------------------------------------------

USED = "PROBEKIT_USE"


def use(places: Sequence[str]) -> None:
    """Import modules that register components: names of modules, or files. Worker processes find them again.

    Raises ProbekitError for one that is not there or cannot be imported.
    """
    known = os.environ.get(USED, "").split(os.pathsep)
    found = [str(Path(place).expanduser().resolve()) if place.endswith(".py") else place for place in places]
    files: dict[str, str] = {}
    for place in (*known, *found):
        if place.endswith(".py") and files.setdefault(Path(place).stem, place) != place:
            raise ProbekitError(f"two files are called {Path(place).name}, and a module has one name; rename one")
    os.environ[USED] = os.pathsep.join(dict.fromkeys([*filter(None, known), *found]))
    for place in found:
        load_module(Path(place).stem if place.endswith(".py") else place)


def load_module(name: str) -> None:
    """Import a module by name, or from the file of that name among those in PROBEKIT_USE. Raises ProbekitError."""
    listed = os.environ.get(USED, "").split(os.pathsep)
    file = next((Path(place) for place in listed if place.endswith(".py") and Path(place).stem == name), None)
    if name in sys.modules:
        loaded = getattr(sys.modules[name], "__file__", None)
        if file is not None and (loaded is None or Path(loaded).resolve() != file):
            raise ProbekitError(f"'{file.name}' has the name of a module that is loaded already ({name}); rename it")
        return
    try:
        if file is None:
            importlib.import_module(name)
            return
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except ProbekitError:
        sys.modules.pop(name, None)
        raise
    except Exception as error:  # whatever a user's module raises when it is imported
        sys.modules.pop(name, None)
        where = file or f"the module '{name}'"
        raise ProbekitError(f"cannot import {where}: {type(error).__name__}: {error}") from error
