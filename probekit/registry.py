"""Names for everything pluggable: lazy, typed, with near-match suggestions."""

from __future__ import annotations

import fnmatch
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from operator import attrgetter
from typing import Any, Generic, TypeVar

from probekit.errors import ProbekitError, UnknownName
from probekit.specs import Spec, parse

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

    def load(self) -> T:
        """The component itself; a `"module:object"` placeholder is imported on first use.

        Raises ProbekitError when there is no such module or object.
        """
        if isinstance(self.target, str):
            module, _, attribute = self.target.partition(":")
            try:
                self.target = attrgetter(attribute)(importlib.import_module(module))
            except (ImportError, AttributeError) as error:
                raise ProbekitError(f"'{self.name}' cannot be loaded from {self.target}: {error}") from error
        return self.target  # type: ignore[return-value]

    @property
    def module(self) -> str:
        """Name of the module a worker process must import to know this component."""
        if isinstance(self.target, str):
            return self.target.partition(":")[0]
        # A kind of encoder is a module, which has a name and no module of its own.
        return str(getattr(self.target, "__module__", None) or getattr(self.target, "__name__", ""))


class Registry(Generic[T]):
    """Components of one kind by name.

    Built-in ones are added as `"module:object"` and imported on first use; a user's are decorated with
    `register`; an installed package offers its own under the entry-point group `probekit` as `<kind>:<name>`.
    A taken name is an error; an unknown one is answered with the nearest known names.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry[T]] = {}
        self._entry_points_read = False

    def add(self, name: str, target: T | str, revision: int = 1, summary: str = "", **meta: Any) -> None:
        """Register a component or its `"module:object"` placeholder. `revision` is raised when its numbers change."""
        if name in self._entries:
            taken = self._entries[name]
            raise ProbekitError(f"the {self.kind} name '{name}' is taken by {taken.target!r}; choose another")
        self._entries[name] = Entry(name, target, revision, summary, meta)

    def register(self, name: str, revision: int = 1, summary: str = "", **meta: Any) -> Callable[[T], T]:
        """Decorator form of `add`; the summary defaults to the first line of the docstring."""

        def decorate(component: T) -> T:
            self.add(name, component, revision, summary or first_line(component), **meta)
            return component

        return decorate

    def entry(self, name: str) -> Entry[T]:
        """What is registered under a name. Raises UnknownName with the nearest known ones."""
        if name not in self._entries:
            self._read_entry_points()
        if name not in self._entries:
            raise UnknownName(self.kind, name, self._entries)
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


def first_line(component: object) -> str:
    """First line of a component's docstring."""
    return (inspect.getdoc(component) or "").partition("\n")[0]


@cache
def parameters(component: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Named parameters of a component in order, with `self`, `*args` and `**kwargs` left out."""
    signature = inspect.signature(component)
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {name: p for name, p in signature.parameters.items() if p.kind in kinds and name != "self"}


def bind(spec: Spec | str, component: Callable[..., Any], kind: str, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """Arguments of a spec by name, checked against a component's signature.

    Positional arguments take the component's parameters in order. `leave_out` names parameters that are not the
    user's to set in a spec (a seed, say). Raises UnknownName for an argument the component does not have.
    """
    spec = parse(spec) if isinstance(spec, str) else spec
    known = {name: p for name, p in parameters(component).items() if name not in leave_out}
    if len(spec.args) > len(known):
        raise ProbekitError(f"{kind} '{spec.head}' takes at most {len(known)} arguments, {len(spec.args)} given")
    bound = dict(zip(known, spec.args, strict=False))
    for name, value in spec.kwargs.items():
        if name not in known:
            raise UnknownName(f"argument of {kind} '{spec.head}':", name, known)
        if name in bound:
            raise ProbekitError(f"{kind} '{spec.head}' got the argument '{name}' twice")
        bound[name] = value
    return bound


def canonical(spec: Spec | str, component: Callable[..., Any], kind: str, leave_out: tuple[str, ...] = ()) -> Spec:
    """A spec with its arguments by name, sorted, defaults left out. Steps are kept as they are."""
    spec = parse(spec) if isinstance(spec, str) else spec
    bound = bind(spec, component, kind, leave_out)
    known = parameters(component)
    kept = {name: value for name, value in sorted(bound.items()) if not same_value(value, known[name].default)}
    return Spec(spec.name, spec.target, (), kept, spec.steps)


def same_value(value: object, default: object) -> bool:
    """Whether a spec's value is a default. `1` and `1.0` are one value, `True` and `1` are not."""
    return isinstance(value, bool) == isinstance(default, bool) and value == default
