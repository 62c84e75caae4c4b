"""Ratings and items of words by spec: one way to describe what a registry of this room names, one to load it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from probekit import resources
from probekit.errors import ProbekitError
from probekit.registry import Entry, Registry
from probekit.sources import Arguments, Source, check_same, describe, modules_of, parameters, resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest as digest_of


@dataclass(frozen=True)
class Kind:
    """A registry of functions(**options), or of a path first where reader=True, and what its components are called."""

    name: str
    registry: Registry[Any]

    def describe(self, spec: str | Spec) -> Source:
        """Canonical spec, display name and digest, with nothing read. Raises as `load`."""
        spec = parse(spec)
        entry, arguments = self._arguments(spec)
        return _of_file(entry, arguments, spec) if entry.meta.get("reader") else _of_resources(entry, arguments)

    def load(self, spec: str | Spec) -> tuple[Any, Source]:
        """What the spec's component makes, and its source.

        Raises UnknownName, DataError or ProbekitError that names what is missing and the way out.
        """
        spec = parse(spec)
        entry, arguments = self._arguments(spec)
        source = self.describe(spec)
        given = (_path(entry, spec),) if entry.meta.get("reader") else ()
        try:
            made = entry.load()(*given, **arguments.options)
            check_same(source, self.describe(spec))
        except ProbekitError as error:
            raise error.of(source.spec) from None
        return made, source

    def _arguments(self, spec: Spec) -> tuple[Entry[Any], Arguments]:
        if spec.steps:
            raise ProbekitError(f"'{spec}': {self.name} take no steps; leave '|{spec.steps[0]}' away")
        entry = self.registry.entry(spec.name)
        component = entry.load()
        if bool(entry.meta.get("reader")) != bool(spec.target):
            needs = f"a file: {spec.name}:FILE" if entry.meta.get("reader") else "no file"
            raise ProbekitError(f"the {self.name} '{spec.name}' take {needs}")
        given = (next(iter(parameters(component))),) if spec.target else ()
        return entry, resolve(replace(spec, target=None), component, self.name, given)


def _path(entry: Entry[Any], spec: Spec) -> Path:
    """The file of a spec, or its folder where the reader takes folders."""
    target = spec.target or ""
    places = [Path(target).expanduser(), *(root / target for root in resources.data_roots())]
    folder = next((place for place in places if entry.meta.get("folders") and place.is_dir()), None)
    return (folder or resources.find(target)).resolve()


def _contents(path: Path) -> str:
    if not path.is_dir():
        return resources.content_digest(path)
    files = sorted(file for file in path.iterdir() if file.is_file())
    return digest_of([[resources.plain_name(file), resources.content_digest(file)] for file in files])


def _of_file(entry: Entry[Any], arguments: Arguments, spec: Spec) -> Source:
    path = _path(entry, spec)
    contents = _contents(path)
    plain = resources.plain_name(path)
    digest = resources.recipe_digest(entry.name, entry.revision, [(plain, contents)], dict(arguments.options))
    options = arguments.written.kwargs
    shown = Spec(spec.name, f"{plain}-{contents[:8]}", (), options)
    return Source(str(Spec(spec.name, str(path), (), options)), str(shown), digest, modules=modules_of(entry))


def _of_resources(entry: Entry[Any], arguments: Arguments) -> Source:
    names = entry.meta.get("resources", ())
    for name in names:
        if not resources.available(name):
            resources.path(name)  # says what is missing and where it belongs
    members = [resources.resources.get(name) for name in names]
    contents = [[file.name, file.sha256] for one in members for file in one.files]
    found = [
        (file.name, path) for one in members for file, path in zip(one.files, resources.locate(one.name), strict=True)
    ]
    of = {name: describe("corpus", arguments.options[name]) for name in entry.meta.get("corpora", ())}
    shared = together(*of.values())
    whole = {**arguments.options, **{name: one.digest for name, one in of.items()}}
    return Source(
        str(arguments.written.given({name: one.spec for name, one in of.items()})),
        str(arguments.written.given({name: one.name for name, one in of.items()})),
        digest_of([entry.name, entry.revision, contents, whole]),
        modules=tuple(dict.fromkeys((*shared["modules"], *modules_of(entry)))),
        needs=shared["needs"],
        generated=shared["generated"] or (not names and bool(entry.meta.get("generated", True))),
        absent=(*shared["absent"], *(name for name, path in found if path is None)),
    )
