"""The registry of tasks: names, families of names, named groups."""

from __future__ import annotations

import builtins
import copyreg
import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Entry, Registry, first_line
from probekit.sources import Source, modules_of, parameters, resolve
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.tasks.task import BASELINES, KINDS, LEVELS, Baseline, Kind, Level, Task

Function = Callable[..., Any]

# A function of a corpus, or a Task that an installed package offers.
registry: Registry[Any] = Registry("task", (Task, Callable))  # type: ignore[arg-type]
groups: dict[str, tuple[str, ...]] = {}

_FAMILY = re.compile(r"(?P<prefix>.+)<(?P<what>[^<>]+)>$", re.DOTALL)
_METRICS = {"number": "spearman", "label": "accuracy"}
_BASELINES: dict[str, Baseline] = {"number": "length", "label": "majority"}


def register(
    name: str,
    *,
    level: Level,
    kind: Kind,
    group: str = "",
    metric: str = "",
    baseline: Baseline | None = None,
    source: str = "",
    requires: Sequence[str] = (),
    choices: Mapping[str, Sequence[Any]] | None = None,
    values: Callable[[Corpus], builtins.list[str]] | None = None,
    pattern: str = ".+",
    revision: int = 1,
    summary: str = "",
) -> Callable[[Function], Function]:
    """Register a task: decorate a function that answers it.

        @probekit.tasks.register("sentence/question-mark", level="sentence", kind="label")
        def question_mark(corpus, *, mark="?"):
            "Whether the sentence ends in a question mark."
            ends = [corpus.words(i)[-1] for i in range(corpus.n_sentences)]
            return ["yes" if word == mark else "no" for word in ends]

    The function gets a Corpus and returns targets, one a sentence (or a word, as `level` says), or a pair
    (units, targets) to ask about some units only: indices or a mask over all sentences (or words), or a table
    with the columns sentence, start, end. A third member of the pair is `Task.counts`, what was met on the way by
    name. The function's parameters with defaults are the task's options:
    `sentence/question-mark(mark="!")`. `choices` restricts an option to listed values. The name begins with
    the level and a slash.

    A name that ends in `<X>` registers a family: the function gets the value in place of `<X>` as its second
    argument, `values` lists the values found in a corpus, `pattern` is a regular expression that a value
    matches.

    Metric and baseline default to spearman and length for numbers, accuracy and majority for labels. Raise
    `revision` when the task's numbers change. Raises ProbekitError for a taken name and for metadata that
    does not fit.
    """
    meta: dict[str, Any] = {
        "level": level,
        "kind": kind,
        "group": group,
        "metric": metric or _METRICS.get(kind, ""),
        "baseline": baseline or _BASELINES.get(kind, "none"),
        "source": source,
        "requires": tuple(requires),
        "choices": {option: tuple(allowed) for option, allowed in (choices or {}).items()},
        "values": values,
        "pattern": pattern,
    }
    if level not in LEVELS or kind not in KINDS or meta["baseline"] not in BASELINES:
        raise ProbekitError(
            f"task '{name}': level is one of {', '.join(LEVELS)}; kind one of {', '.join(KINDS)}; "
            f"baseline one of {', '.join(BASELINES)}; got {level}, {kind}, {meta['baseline']}"
        )
    if not name.startswith(f"{level}/"):
        raise ProbekitError(f"task '{name}' has level {level}: call it '{level}/{name.rpartition('/')[2]}'")
    if not meta["metric"]:
        raise ProbekitError(f"task '{name}' needs a metric: there is no usual one for the kind {kind}")
    if _FAMILY.match(name) and values is None:
        raise ProbekitError(f"the family '{name}' needs values=, a function that lists its values in a corpus")
    if name in groups:
        raise ProbekitError(f"the task name '{name}' is taken by a group of tasks; choose another")

    def decorate(function: Function) -> Function:
        registry.add(name, function, revision, summary or first_line(function), **meta)
        return function

    return decorate


def register_group(name: str, members: Iterable[str]) -> None:
    """Give a list of task names, without options, one name for `expand`. A taken name is a ProbekitError."""
    if name in groups or name in registry:
        raise ProbekitError(f"the task name '{name}' is taken; choose another for the group")
    groups[name] = tuple(members)


def get(spec: str | Spec | Task) -> Task:
    """The task of a spec: `sentence/parse_depth`, `sentence/dep_dist_aux:pass(percent=true)`.

    No corpus is needed: a family answers to any value. Raises UnknownName for names and options that are not
    there (with the nearest that are), ProbekitError for a family without a value, a group, or an option's
    value that is not among its choices.
    """
    if isinstance(spec, Task):
        return spec
    head, arguments = _read(spec)
    if head in groups:
        raise ProbekitError(
            f"'{head}' is a group of {len(groups[head])} tasks; probekit.tasks.expand(['{head}']) lists them"
        )
    entry, value = _find(head)
    if "level" not in entry.meta:
        task = _ready_made(entry)
        if arguments.args or arguments.kwargs:
            raise ProbekitError(f"task '{head}' takes no options, got '{arguments}'")
        return task
    function = entry.load()
    options = _options(entry, head, arguments)
    meta = entry.meta
    return Task(
        name=head,
        level=meta["level"],
        kind=meta["kind"],
        group=meta["group"],
        metric=meta["metric"],
        baseline=meta["baseline"],
        source=meta["source"],
        requires=meta["requires"],
        function=_Bound(function, value, tuple(options.items())),
        options=options,
        revision=entry.revision,
        summary=entry.summary,
        spec=_write(head, options),
    )


# A worker process rebuilds a task by name; functions of families are closures that do not travel.
copyreg.pickle(Task, lambda task: (get, (task.spec,)))


def describe(spec: str | Spec | Task) -> Source:
    """The source of a task; see `get`."""
    task = get(spec)
    entry = _find(task.name)[0]
    key = digest([task.spec, task.revision])
    return Source(task.spec, task.spec, key, modules=modules_of(entry), columns=(("task_group", task.group),))


def names(pattern: str = "*", corpus: Corpus | None = None) -> builtins.list[str]:
    """Names of tasks that match a shell pattern, in order of registration.

    Without a corpus a family appears once, as `sentence/dep_dist_<X>`; with one, as a name for every value
    seen in it, and tasks whose layers the corpus lacks, or has empty throughout, are left out. Groups are in
    `groups`, not here. Names with "(", "|" or a quotation mark come quoted, as specs are read.
    """
    if corpus is None:
        return registry.names(pattern)
    return [_write(name) for name in _members(corpus) if fnmatch.fnmatchcase(name, pattern)]


def expand(patterns: str | Iterable[str | Task], corpus: Corpus | None = None) -> builtins.list[str]:
    """Canonical specs of the tasks that names, groups and shell patterns stand for, in order, each once.

    `["sentence/profiling-68", "sentence/upos_dist_*", "sentence/ttr_form(denominator=non-punct)"]`. Options
    after a group or pattern go to those tasks that have them; an option that none of them has is refused.
    Families need the corpus whose values they take. Raises UnknownName for unknown names, ProbekitError for a
    pattern that matches nothing and for a named task whose layers the corpus lacks.
    """
    found: dict[str, None] = {}
    for pattern in [patterns] if isinstance(patterns, (str, Task)) else patterns:
        if isinstance(pattern, Task):
            found[pattern.spec] = None
        else:
            found.update(dict.fromkeys(_expand(pattern, corpus)))
    if corpus is not None:
        for spec in found:
            corpus.require(*get(spec).requires)
    return list(found)


def _expand(pattern: str, corpus: Corpus | None) -> builtins.list[str]:
    head, arguments = _read(pattern)
    if head in groups:
        members: Sequence[str] = groups[head]
    elif head in registry and _FAMILY.match(head):
        members = _values(registry.entry(head), _need(corpus, pattern))
        if not members:
            raise ProbekitError(f"the family '{head}' has no value in {corpus!r}")
    elif head in registry or not any(mark in head for mark in "*?["):
        return [get(pattern).spec]
    else:
        members = _matches(head, pattern, corpus)
    if not arguments.kwargs and not arguments.args:
        return [get(_write(name)).spec for name in members]
    return _with_options(members, arguments, pattern)


def _matches(head: str, pattern: str, corpus: Corpus | None) -> builtins.list[str]:
    """Members of a shell pattern; a name that is meant literally (`word/feat:Number[psor]`) counts as one."""
    every = registry.names() if corpus is None else _members(corpus)
    members = [name for name in every if fnmatch.fnmatchcase(name, head)]
    if corpus is None and any(_FAMILY.match(name) for name in members):
        _need(corpus, pattern)
    if members:
        return members
    if not any(mark in head for mark in "*?") and (corpus is None or head in every):
        _find(head)
        return [head]
    where = "" if corpus is None else f" in {corpus!r}"
    hint = "; families (sentence/dep_dist_<X>) have names only with a corpus" if corpus is None else ""
    raise ProbekitError(f"no task matches '{pattern}'{where}{hint}; probekit.tasks.list() shows what there is")


def _with_options(members: Sequence[str], arguments: Spec, pattern: str) -> builtins.list[str]:
    """Members of a pattern, each with those of the options that concern it."""
    if arguments.args:
        raise ProbekitError(f"'{pattern}' names several tasks: give its options by name")
    unused = set(arguments.kwargs)
    specs = []
    for name in members:
        entry, _ = _find(name)
        options = parameters(entry.load()).keys() - set(_given(entry)) if "level" in entry.meta else ()
        own = {option: value for option, value in arguments.kwargs.items() if option in options}
        unused -= own.keys()
        specs.append(get(_write(name, own)).spec)
    if unused:
        raise ProbekitError(f"no task of '{pattern}' has the option '{sorted(unused)[0]}'")
    return specs


def _need(corpus: Corpus | None, pattern: str) -> Corpus:
    if corpus is None:
        raise ProbekitError(f"'{pattern}' takes in families of tasks; expand it with the corpus whose values they take")
    return corpus


def _members(corpus: Corpus) -> builtins.list[str]:
    """Every task that can be asked of a corpus, families by their values."""
    members = []
    for name in registry.names():
        entry = registry.entry(name)
        requires = entry.meta["requires"] if "level" in entry.meta else _ready_made(entry).requires
        if all(_is_annotated(corpus, layer) for layer in requires):
            members += _values(entry, corpus) if _FAMILY.match(name) else [name]
    return members


def _is_annotated(corpus: Corpus, layer: str) -> bool:
    """Whether a corpus has a layer that is not empty throughout, as XPOS is in some treebanks."""
    try:
        corpus.require(layer)
    except ProbekitError:
        return False
    column = corpus.layers.get(layer)
    return not isinstance(column, pd.Categorical) or any(column.unique())


def _values(entry: Entry[Any], corpus: Corpus) -> builtins.list[str]:
    corpus.require(*entry.meta["requires"])
    family = _FAMILY.match(entry.name)
    assert family is not None
    return [family["prefix"] + value for value in entry.meta["values"](corpus)]


def _find(head: str) -> tuple[Entry[Any], str | None]:
    """Entry of a name, and the value when it belongs to a family; the longest prefix wins."""
    if head in registry:
        if _FAMILY.match(head):
            raise ProbekitError(
                f"'{head}' is a family of tasks: put a value in place of the brackets, "
                "or expand it with a corpus, which takes the values seen there"
            )
        return registry.entry(head), None
    families = [family for name in registry.names() if (family := _FAMILY.match(name))]
    for family in sorted(families, key=lambda f: -len(f["prefix"])):
        value = head.removeprefix(family["prefix"])
        if value and head.startswith(family["prefix"]):
            entry = registry.entry(family.string)
            pattern = entry.meta["pattern"]
            if not re.fullmatch(pattern, value, re.DOTALL):
                raise ProbekitError(f"'{value}' in '{head}' is no value of {family.string}; it should match {pattern}")
            return entry, value
    known = dict.fromkeys([*registry.names(), *groups, *(name for group in groups.values() for name in group)])
    raise UnknownName("task", head, known)


def _options(entry: Entry[Any], head: str, arguments: Spec) -> dict[str, Any]:
    """Options of a spec that differ from their defaults, checked against the function's parameters."""
    options = dict(resolve(arguments, entry.load(), "task", leave_out=_given(entry)).written.kwargs)
    known = parameters(entry.load())
    for option, value in options.items():
        default = known[option].default
        allowed: tuple[Any, ...] = entry.meta["choices"].get(option, ())
        if isinstance(default, bool):
            allowed = (True, False)
        if allowed and not any(type(value) is type(choice) and value == choice for choice in allowed):
            text = ", ".join(str(choice).lower() if isinstance(choice, bool) else str(choice) for choice in allowed)
            raise ProbekitError(f"option {option}={value} of task '{head}' is not one of {text}")
    return options


def _given(entry: Entry[Any]) -> tuple[str, ...]:
    """Parameters that are no options: the corpus, and the value in place of a family's <X>, by whatever name."""
    return tuple(parameters(entry.load()))[: 2 if _FAMILY.match(entry.name) else 1]


def _ready_made(entry: Entry[Any]) -> Task:
    """A task that an installed package offers as a Task object, by entry point; it has no options."""
    task = entry.load()
    if not isinstance(task, Task) or task.spec != entry.name:
        raise ProbekitError(
            f"'{entry.name}' is no Task of that name ({entry.target!r}); make it with probekit.tasks.register"
        )
    return task


class _Bound:
    """A task's function with its value and options filled in; equal when those are."""

    def __init__(self, function: Function, value: str | None, options: tuple[tuple[str, Any], ...]) -> None:
        self.parts = (function, value, options)

    def __call__(self, corpus: Corpus) -> Any:
        function, value, options = self.parts
        return function(corpus, **dict(options)) if value is None else function(corpus, value, **dict(options))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bound) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts[:2])


def _read(text: str | Spec) -> tuple[str, Spec]:
    """Name and arguments of a task's spec. A name with "(" or "|" (an XPOS tag, say) is quoted as a whole."""
    spec = parse(text)
    if spec.steps:
        raise ProbekitError(f"a task takes no steps: '{text}' has |{spec.steps[0]}; quote a name that holds |")
    return spec.head, spec


def _write(head: str, options: Mapping[str, Any] | None = None) -> str:
    """Canonical text of a task's name and options, the inverse of `_read`."""
    return str(Spec(head, kwargs=dict(sorted((options or {}).items()))))
