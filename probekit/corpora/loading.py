"""Corpora by spec: `describe` says what can be known of one without parsing a file, `load_corpus` gives it."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from probekit import resources
from probekit.corpora.catalogue import registry, steps
from probekit.corpora.corpus import Corpus
from probekit.corpora.named.named_corpus import NamedCorpus
from probekit.corpora.readers.texts import class_files
from probekit.errors import ProbekitError
from probekit.registry import Entry, imported
from probekit.sources import Arguments, Source, check_same, keywords, modules_of, parameters, resolve, together
from probekit.specs import Spec, format_value, parse
from probekit.store import UNREADABLE, cache_root, write_atomically
from probekit.store import digest as digest_of

Maker = Callable[..., Corpus]


@dataclass(frozen=True)
class CorpusSource(Source):
    """What is known of a corpus before it is loaded (see `Source`). `files` are those found on this machine."""

    files: tuple[Path, ...] = ()


# --- loading -----------------------------------------------------------------------------------------

_KEPT = 4
_loaded: OrderedDict[tuple[str, str], Corpus] = OrderedDict()


def load_corpus(spec: str | Spec) -> Corpus:
    """The corpus of a spec: `conllu:FILE,FILE(language=en)`, `ud-english`, `grammar(n=500)|sample(n=100)`.

    The last few are kept in memory; treat them as read-only. Raises UnknownName, DataError or ProbekitError
    that names what is missing and the way out; `about` of the error is the spec that could not be loaded.
    """
    spec = parse(spec)
    source = describe(spec)
    key = (source.spec, source.digest)
    if key in _loaded:
        _loaded.move_to_end(key)
        return _loaded[key]
    before = load_corpus(spec.before) if spec.steps else None
    try:
        made = _made(spec, before)
        check_same(source, describe(spec))
    except ProbekitError as error:
        raise error.of(source.spec) from None
    made = replace(made, spec=source.spec, digest=source.digest)
    _noted(source, made)
    _loaded[key] = made
    while len(_loaded) > _KEPT:
        _loaded.popitem(last=False)
    return made


def _made(spec: Spec, before: Corpus | None) -> Corpus:
    if before is not None:
        entry, arguments = _step(spec)
        loaded = {name: each(value, load_corpus) for name, value in _naming(entry, arguments)}
        return entry.load()(before, **keywords({**arguments.options, **loaded}))
    entry, arguments = _arguments(spec)
    given = (_paths(spec, entry),) if entry.meta.get("reader") else ()
    return entry.load()(*given, **arguments.options)


# --- describing --------------------------------------------------------------------------------------


def describe(spec: str | Spec) -> CorpusSource:
    """Canonical spec, display name, digest and files of a corpus, parsing none of them.

    What can be refused without parsing is refused here: unknown names and arguments, missing files.
    """
    spec = parse(spec)
    if spec.steps:
        return _describe_step(spec)
    entry, arguments = _arguments(spec)
    common: dict[str, Any] = {"modules": modules_of(entry)}
    options, shown = dict(arguments.options), _shown(arguments.written.kwargs)
    if entry.meta.get("reader"):
        paths = _paths(spec, entry)
        parts = [_contents(path) for path in paths]
        contents = [pair for part in parts for pair in part]
        digest = resources.recipe_digest(entry.name, entry.revision, contents, options)
        display = ",".join(_display(path, part) for path, part in zip(paths, parts, strict=True))
        where = Spec(spec.name, ",".join(map(str, paths)), (), arguments.written.kwargs)
        files = tuple(file for path in paths for file in (class_files(path) if os.path.isdir(path) else [path]))
        return CorpusSource(str(where), f"{spec.name}:{display}{shown}", digest, files=files, **common)
    name = entry.name + shown
    if "resources" in entry.meta:
        return CorpusSource(name, name, **_from_resources(entry, options), **common)
    generated = bool(entry.meta.get("generated", True))
    return CorpusSource(name, name, digest_of([entry.name, entry.revision, options]), generated=generated, **common)


def called(corpus: Corpus) -> str:
    """How a corpus is called where its name is kept: never by a path."""
    return describe(corpus.spec).name if corpus.spec else f"by hand, {corpus.digest[:8]}"


def size(source: CorpusSource) -> int:
    """Number of sentences of a corpus, remembered from when it was last loaded; loaded where it never was."""
    return int(_remembered(source)["sentences"])


def n_words(source: CorpusSource) -> int:
    """Number of its words, remembered as its size is."""
    return int(_remembered(source)["words"])


def has(source: CorpusSource) -> set[str]:
    """Names of its layers, spans, links and attributes of sentences, remembered as its size is."""
    return set(_remembered(source)["has"])


def _remembered(source: CorpusSource) -> dict[str, Any]:
    with suppress(*UNREADABLE):
        found: dict[str, Any] = json.loads(_note(source).read_text())
        return found
    return _noted(source, load_corpus(source.spec))


def _noted(source: CorpusSource, corpus: Corpus) -> dict[str, Any]:
    names = sorted({*corpus.annotation, *map(str, corpus.sentences)})
    told = {"sentences": corpus.n_sentences, "words": corpus.n_words, "has": names}
    if not (note := _note(source)).exists():
        with suppress(OSError):  # a cache that cannot be written costs time, not results
            note.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(note, json.dumps(told).encode())
    return told


def _note(source: CorpusSource) -> Path:
    return cache_root() / "memo" / f"{digest_of(['known', source.digest])}.json"


def _contents(path: Path) -> list[tuple[str, str]]:
    """Names and content digests of what a path stands for; the name of a folder's files tells their class."""
    if not path.is_dir():
        return [(resources.plain_name(path), resources.content_digest(path))]
    files = class_files(path)
    return [(f"{file.parent.name}/{resources.plain_name(file)}", resources.content_digest(file)) for file in files]


def _display(path: Path, contents: list[tuple[str, str]]) -> str:
    """Base name and eight digits of the content."""
    if path.is_dir():
        return f"{path.name}-{digest_of([list(pair) for pair in contents])[:8]}"
    return f"{contents[0][0]}-{contents[0][1][:8]}"


def _from_resources(entry: Entry[Maker], options: Mapping[str, Any]) -> dict[str, Any]:
    """Digest, files and what is absent of a named corpus.

    The digest is that of the registered content: where a registered reader reads it, the same as by path.
    """
    names = entry.meta["resources"]
    component: Any = entry.load()
    for name in names:
        if not resources.available(name):
            resources.path(name)  # says what is missing and where it belongs
    members = [resources.resources.get(name) for name in names]
    contents = [(file.name, file.sha256) for one in members for file in one.files]
    if isinstance(component, NamedCorpus):
        reader = registry.entry(component.reader)
        whole = {**resolve(Spec(reader.name), reader.load(), "corpus", _given(reader)).options, **component.options}
        digest = resources.recipe_digest(reader.name, reader.revision, contents, whole)
    else:
        digest = resources.recipe_digest(entry.name, entry.revision, contents, options)
    places = [
        (file.name, path) for one in members for file, path in zip(one.files, resources.locate(one.name), strict=True)
    ]
    return {
        "digest": digest,
        "files": tuple(path for _, path in places if path is not None),
        "absent": tuple(name for name, path in places if path is None),
    }


def _describe_step(spec: Spec) -> CorpusSource:
    entry, arguments = _step(spec)  # an unknown step is refused before any file is looked for
    before = describe(spec.before)
    if "check" in entry.meta:
        known = partial(size, before) if not before.absent else lambda: None  # describing fetches nothing
        imported(entry.meta["check"], entry.name)(arguments.options, before.name, known)
    named = {name: each(value, describe) for name, value in _naming(entry, arguments)}
    others = [one for value in named.values() for one in (value if isinstance(value, list) else [value])]
    specs, names, digests = (
        {name: each(value, attrgetter(part)) for name, value in named.items()} for part in ("spec", "name", "digest")
    )
    shared = together(before, *others)
    return replace(
        before,
        spec=f"{before.spec}|{arguments.written.given(specs)}",
        name=f"{before.name}|{arguments.written.given(names)}",
        digest=digest_of([before.digest, entry.name, entry.revision, {**arguments.options, **digests}]),
        modules=tuple(dict.fromkeys((*shared["modules"], *modules_of(entry)))),
        generated=shared["generated"] or bool(entry.meta.get("generated")),
        absent=shared["absent"],
        files=tuple(dict.fromkeys(file for one in (before, *others) for file in one.files)),
    )


def _naming(entry: Entry[Maker], arguments: Arguments) -> list[tuple[str, Any]]:
    """Options of a step that name corpora, one or a list each."""
    return [(name, arguments.options[name]) for name in entry.meta.get("corpora", ())]


def each(value: Any, take: Callable[[Any], Any]) -> Any:
    """What a function says of a value, or of each of a list. Raises ProbekitError for an empty list."""
    if isinstance(value, list) and not value:
        raise ProbekitError("an option that names corpora has an empty list; name one at least")
    return [take(one) for one in value] if isinstance(value, list) else take(value)


def _step(spec: Spec) -> tuple[Entry[Maker], Arguments]:
    """The last step of a spec and its arguments."""
    step = spec.steps[-1]
    if step.target is not None:
        raise ProbekitError(f"the corpus step '{step.name}' takes arguments in brackets, not ':{step.target}'")
    entry = steps.entry(step.name)
    return entry, resolve(step, entry.load(), "corpus step", (next(iter(parameters(entry.load()))),))


def _arguments(spec: Spec) -> tuple[Entry[Maker], Arguments]:
    """The registered corpus or reader and its arguments, after checking that a target is given where one belongs."""
    if spec.name not in registry and spec.target is None and _looks_like_file(spec.name):
        raise ProbekitError(
            f"'{spec.name}' is no corpus name; a file is read as conllu:{spec.name} or text:{spec.name}"
        )
    entry = registry.entry(spec.name)
    if entry.meta.get("reader") and not spec.target:
        raise ProbekitError(f"the corpus '{spec.name}' needs files: {spec.name}:FILE or {spec.name}:FILE,FILE")
    if not entry.meta.get("reader") and spec.target is not None:
        raise ProbekitError(f"the corpus '{spec.name}' takes no file; leave ':{spec.target}' out")
    return entry, resolve(replace(spec, target=None), entry.load(), "corpus", _given(entry))


def _looks_like_file(name: str) -> bool:
    return name.endswith((".conllu", ".gz")) or os.path.exists(name)


def _given(entry: Entry[Maker]) -> tuple[str, ...]:
    """Parameters that the spec's target fills, not its arguments."""
    return (next(iter(parameters(entry.load()))),) if entry.meta.get("reader") else ()


def _paths(spec: Spec, entry: Entry[Maker]) -> tuple[Path, ...]:
    """The files of a target, or folders where the reader takes them: the whole text when there is such a path, else
    its parts between commas."""
    target = spec.target or ""
    whole = "," not in target or os.path.exists(target)
    parts = [target] if whole else [part.strip() for part in target.split(",")]
    if not all(parts):
        raise ProbekitError(f"an empty file name in '{spec.head}'; separate the files by single commas")
    found = tuple(_path(part, bool(entry.meta.get("folders"))) for part in parts)
    for file in found:
        if found.count(file) > 1:
            raise ProbekitError(f"'{spec.head}' names {file} twice; its sentences would count double")
    return found


def _path(part: str, folders: bool) -> Path:
    places = [Path(part).expanduser(), *(root / part for root in resources.data_roots())] if folders else []
    folder = next((place for place in places if os.path.isdir(place)), None)
    return (folder or resources.find(part)).resolve()


def _shown(options: Mapping[str, Any]) -> str:
    listed = ", ".join(f"{key}={format_value(value)}" for key, value in options.items())
    return f"({listed})" if listed else ""
