"""Annotated text: readers, named corpora, steps that derive one corpus from another.

`load_corpus(spec)` gives the corpus, `describe(spec)` what can be known of it without parsing a file.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from probekit import resources
from probekit.corpora.corpus import Corpus
from probekit.corpora.named import spans as named_spans
from probekit.corpora.named import texts as named_texts
from probekit.corpora.named import treebanks as named
from probekit.corpora.readers import bio, brackets, conllu, edge_probing, gum, litbank, parallel, propbank, texts
from probekit.corpora.readers.edge_probing import write_edge_probing
from probekit.corpora.steps import translated
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Entry, Registry, bind, canonical, parameters
from probekit.specs import Spec, format_value, parse
from probekit.store import digest as digest_of
from probekit.streams import generator

__all__ = ["Corpus", "CorpusSource", "describe", "load_corpus", "registry", "steps", "write_edge_probing"]

# A function(**options) -> Corpus. One that reads files is registered with reader=True and takes their paths
# first. The digest of any other is its name, revision and options: raise the revision when its output moves.
registry: Registry[Callable[..., Corpus]] = Registry("corpus")
# A function(corpus, **options) -> Corpus, named after `|`.
steps: Registry[Callable[..., Corpus]] = Registry("corpus step")

for _name, _reader, _revision, _summary in (
    ("conllu", conllu.read_conllu, conllu.REVISION, "CoNLL-U files: conllu:FILE,FILE"),
    ("ptb", brackets.read_ptb, brackets.REVISION, "bracketed constituency trees: ptb:FILE,FILE"),
    ("bio", bio.read_bio, bio.REVISION, "entity spans in columns (BIO, IOB, BIOES): bio:FILE,FILE"),
    ("gum", gum.read_gum, gum.REVISION, "CoNLL-U with entities and coreference in MISC: gum:FILE,FILE"),
    ("up", propbank.read_propbank, propbank.REVISION, "CoNLL-U with PropBank roles in further columns: up:FILE,FILE"),
    (
        "litbank-files",
        litbank.read_litbank,
        litbank.REVISION,
        "LitBank's entities, coreference or both: litbank-files:FILE,FILE",
    ),
    ("spans", edge_probing.read_edge_probing, edge_probing.REVISION, "edge-probing JSON lines: spans:FILE,FILE"),
    (
        "parallel",
        parallel.read_parallel,
        parallel.REVISION,
        "sentences and translations: parallel:SOURCE.txt,TARGET.txt or parallel:PAIRS.tsv",
    ),
):
    registry.add(_name, _reader, _revision, f"{_summary}, plain or .gz", reader=True)
registry.add(
    "text",
    texts.read_texts,
    revision=texts.REVISION,
    summary="labelled texts, .tsv .csv .jsonl or a folder with a subfolder a class: text:FILE,FILE",
    reader=True,
    folders=True,
)
named.register(registry)
named_spans.register(registry)
named_texts.register(registry)
registry.add(
    "pud",
    parallel.pud,
    revision=parallel.REVISION,
    summary="1,000 sentences in two of five languages, paired: pud(source=en, target=es)",
    layers=("translation",),
)
registry.add(
    "grammar",
    "probekit.corpora.generated.grammar:grammar",
    summary="sentences of a generative grammar, fully annotated",
    layers=(*conllu.LAYERS[:-2], "trees", "entity", "predicate-argument", "coreference"),
)
registry.add(
    "cues",
    "probekit.corpora.generated.cues:cues",
    summary="generated texts of two classes, told by cue words among fillers",
)
registry.add(
    "topics",
    "probekit.corpora.generated.topics:topics",
    summary="generated labelled documents: words of topics in noise",
)


def names_with(layer: str) -> list[str]:
    """Names of the registered corpora that have a layer, in order of registration."""
    return [name for name in registry.names() if layer in registry.entry(name).meta.get("layers", ())]


@dataclass(frozen=True)
class CorpusSource:
    """What is known of a corpus before it is loaded.

    `spec` is canonical and loads it from any folder (absolute paths); `name` is for rows and figures: a file
    appears as its base name and eight digits of its digest, never as a path. Keys are made of `digest`, which
    covers the content of the files or the recipe, and every step. `files` are those found on this machine.
    """

    spec: str
    name: str
    digest: str
    files: tuple[Path, ...] = ()


# --- loading -----------------------------------------------------------------------------------------

_KEPT = 4
_loaded: OrderedDict[tuple[str, str], Corpus] = OrderedDict()


def load_corpus(spec: str | Spec) -> Corpus:
    """The corpus of a spec: `conllu:FILE,FILE(language=en)`, `ud-english`, `grammar(n=500)|sample(n=100)`.

    The last few are kept in memory; treat them as read-only. Raises UnknownName, DataError or ProbekitError
    that names what is missing and the way out.
    """
    spec = _parse(spec)
    source = describe(spec)
    key = (source.spec, source.digest)
    if key in _loaded:
        _loaded.move_to_end(key)
        return _loaded[key]
    if spec.steps:
        step = spec.steps[-1]
        entry = steps.entry(step.name)
        before = load_corpus(_without_last(spec))
        made = entry.load()(before, **bind(step, entry.load(), "corpus step", ("corpus",)))
    else:
        made = _make(spec)
        if describe(spec).digest != source.digest:
            raise ProbekitError(f"a file of '{source.name}' changed while it was read; load it again")
    made = replace(made, spec=source.spec, digest=source.digest)
    _loaded[key] = made
    while len(_loaded) > _KEPT:
        _loaded.popitem(last=False)
    return made


def forget() -> None:
    """Drop the corpora kept in memory."""
    _loaded.clear()


def _make(spec: Spec) -> Corpus:
    entry = _entry(spec)
    options = _options(spec, entry)
    if entry.meta.get("reader"):
        return entry.load()(_paths(spec, entry), **options)
    return entry.load()(**options)


# --- describing --------------------------------------------------------------------------------------


def describe(spec: str | Spec) -> CorpusSource:
    """Canonical spec, display name, digest and files of a corpus, parsing none of them.

    What can be refused without parsing is refused here: unknown names and arguments, missing files.
    """
    spec = _parse(spec)
    if spec.steps:
        return _describe_step(spec)
    entry = _entry(spec)
    component = entry.load()
    options = _options(spec, entry)
    written = canonical(replace(spec, target=None), component, "corpus", _given(entry)).kwargs
    shown = _shown(written)
    everything = {**_defaults(component, _given(entry)), **options}
    if entry.meta.get("reader"):
        paths = _paths(spec, entry)
        parts = [_contents(path) for path in paths]
        contents = [pair for part in parts for pair in part]
        digest = resources.recipe_digest(entry.name, entry.revision, contents, everything)
        display = ",".join(_display(path, part) for path, part in zip(paths, parts, strict=True))
        where = Spec(spec.name, ",".join(map(str, paths)), (), written)
        files = tuple(file for path in paths for file in (texts.class_files(path) if path.is_dir() else [path]))
        return CorpusSource(str(where), f"{spec.name}:{display}{shown}", digest, files)
    if "resources" in entry.meta:
        return _describe_resources(entry, written, everything)
    digest = digest_of([entry.name, entry.revision, everything])
    return CorpusSource(spec.name + shown, spec.name + shown, digest)


def _contents(path: Path) -> list[tuple[str, str]]:
    """Names and content digests of what a path stands for; the name of a folder's files tells their class."""
    if not path.is_dir():
        return [(resources.plain_name(path), resources.content_digest(path))]
    files = texts.class_files(path)
    return [(f"{file.parent.name}/{resources.plain_name(file)}", resources.content_digest(file)) for file in files]


def _display(path: Path, contents: list[tuple[str, str]]) -> str:
    """Base name and eight digits of the content."""
    if path.is_dir():
        return f"{path.name}-{digest_of([list(pair) for pair in contents])[:8]}"
    return f"{contents[0][0]}-{contents[0][1][:8]}"


def _describe_resources(entry: Entry[Any], written: Mapping[str, Any], everything: dict[str, Any]) -> CorpusSource:
    """The digest is that of the registered content: where a reader reads it, the same as by path."""
    names = entry.meta["resources"]
    component = entry.load()
    for name in names:
        if not resources.available(name):
            resources.path(name)  # says what is missing and where it belongs
    members = [resources.resources.get(name) for name in names]
    contents = [(file.name, file.sha256) for one in members for file in one.files]
    if hasattr(component, "reader"):
        reader = registry.entry(component.reader)
        options = {**_defaults(reader.load(), _given(reader)), **component.options}
        digest = resources.recipe_digest(reader.name, reader.revision, contents, options)
    else:
        digest = resources.recipe_digest(entry.name, entry.revision, contents, everything)
    found = tuple(path for name in names for path in resources.locate(name) if path is not None)
    shown = entry.name + _shown(written)
    return CorpusSource(shown, shown, digest, found)


def _describe_step(spec: Spec) -> CorpusSource:
    before = describe(_without_last(spec))
    step = spec.steps[-1]
    if step.target is not None:
        raise ProbekitError(f"the corpus step '{step.name}' takes arguments in brackets, not ':{step.target}'")
    entry = steps.entry(step.name)
    component = entry.load()
    written = canonical(step, component, "corpus step", ("corpus",))
    everything = {**_defaults(component, ("corpus",)), **bind(step, component, "corpus step", ("corpus",))}
    _require(component, everything, f"corpus step '{step.name}'", ("corpus",))
    digest = digest_of([before.digest, entry.name, entry.revision, everything])
    return CorpusSource(f"{before.spec}|{written}", f"{before.name}|{written}", digest, before.files)


def _parse(spec: str | Spec) -> Spec:
    return spec if isinstance(spec, Spec) else parse(spec)


def _without_last(spec: Spec) -> Spec:
    return replace(spec, steps=spec.steps[:-1])


def _entry(spec: Spec) -> Entry[Callable[..., Corpus]]:
    """The registered corpus or reader, after checking that a target is given where one belongs."""
    if spec.name not in registry and spec.target is None and _looks_like_file(spec.name):
        raise ProbekitError(
            f"'{spec.name}' is no corpus name; a file is read as conllu:{spec.name} or text:{spec.name}"
        )
    entry = registry.entry(spec.name)
    if entry.meta.get("reader") and not spec.target:
        raise ProbekitError(f"the corpus '{spec.name}' needs files: {spec.name}:FILE or {spec.name}:FILE,FILE")
    if not entry.meta.get("reader") and spec.target is not None:
        raise ProbekitError(f"the corpus '{spec.name}' takes no file; leave ':{spec.target}' out")
    return entry


def _looks_like_file(name: str) -> bool:
    return name.endswith((".conllu", ".gz")) or Path(name).exists()


def _paths(spec: Spec, entry: Entry[Callable[..., Corpus]]) -> tuple[Path, ...]:
    """The files of a target, or folders where the reader takes them: the whole text when there is such a path, else
    its parts between commas."""
    target = spec.target or ""
    parts = [target] if "," not in target or Path(target).exists() else [part.strip() for part in target.split(",")]
    if not all(parts):
        raise ProbekitError(f"an empty file name in '{spec.head}'; separate the files by single commas")
    found = tuple(_path(part, bool(entry.meta.get("folders"))) for part in parts)
    for file in found:
        if found.count(file) > 1:
            raise ProbekitError(f"'{spec.head}' names {file} twice; its sentences would count double")
    return found


def _path(part: str, folders: bool) -> Path:
    places = [Path(part).expanduser(), *(root / part for root in resources.data_roots())] if folders else []
    folder = next((place for place in places if place.is_dir()), None)
    return (folder or resources.find(part)).resolve()


def _given(entry: Entry[Callable[..., Corpus]]) -> tuple[str, ...]:
    """Parameters that the spec's target fills, not its arguments."""
    return (next(iter(parameters(entry.load()))),) if entry.meta.get("reader") else ()


def _options(spec: Spec, entry: Entry[Callable[..., Corpus]]) -> dict[str, Any]:
    component = entry.load()
    options = bind(spec, component, "corpus", _given(entry))
    _require(component, {**_defaults(component, _given(entry)), **options}, f"corpus '{spec.name}'", _given(entry))
    return options


def _defaults(component: Callable[..., Any], leave_out: tuple[str, ...]) -> dict[str, Any]:
    known = parameters(component)
    return {name: p.default for name, p in known.items() if name not in leave_out and p.default is not p.empty}


def _require(component: Callable[..., Any], given: dict[str, Any], what: str, leave_out: tuple[str, ...]) -> None:
    for name in parameters(component):
        if name not in given and name not in leave_out:
            raise ProbekitError(f"the {what} needs the argument '{name}'")


def _shown(options: Any) -> str:
    listed = ", ".join(f"{key}={format_value(value)}" for key, value in options.items())
    return f"({listed})" if listed else ""


# --- steps -------------------------------------------------------------------------------------------

steps.add(
    "translated",
    translated.translated,
    revision=translated.REVISION,
    summary="each sentence and its invented translation: copy, verb-final, inflecting or mirrored",
)


@steps.register("sample")
def sample(corpus: Corpus, n: int, seed: int = 0) -> Corpus:
    """A random subset of n sentences, in corpus order.

    A larger n with the same seed keeps the sentences of a smaller one, and corpora of one length (such as
    translations of each other) give the same rows. Raises ProbekitError for an n that cannot be drawn.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= corpus.n_sentences:
        raise ProbekitError(f"sample(n={n}) of {corpus!r}: n must be a whole number from 1 to {corpus.n_sentences}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ProbekitError(f"sample(seed={seed}): the seed must be a whole number")
    order = generator(seed, "sample", "sentences", corpus.n_sentences).permutation(corpus.n_sentences)
    return corpus.select(np.sort(order[:n]))


@steps.register("split")
def split(corpus: Corpus, name: str) -> Corpus:
    """The sentences of one split: train, dev or test. Raises UnknownName when there is none."""
    splits = corpus.sentences["split"]
    if not (splits == name).any():
        raise UnknownName(f"split of {corpus.spec or 'the corpus'}:", str(name), sorted(set(splits) - {""}))
    return corpus.select((splits == name).to_numpy())


for _name, _summary in (
    ("lower", "every word in lower case"),
    ("digits", "every word with a digit in it becomes one and the same word"),
    ("letters", "only words of letters, apostrophes, hyphens and points"),
    ("truncate", "the first n words of every text"),
    ("lengths", "texts of at least and at most so many words"),
    ("resplit", "shares of every class become dev and test at random, the rest train"),
    ("holdout", "a share of every class of train becomes dev, at random"),
):
    steps.add(_name, f"probekit.corpora.steps.texts:{_name}", summary=_summary)
steps.add(
    "split-documents",
    "probekit.corpora.steps.documents:split_documents",
    summary="shares of the documents become dev and test at random, the rest train",
)
