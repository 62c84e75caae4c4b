"""Sources: what a spec names, known before anything is loaded, and the one resolver of arguments.

`describe(kind, spec)` answers for every kind of thing that a spec can name: a corpus, a table, an encoder, a task, a
probe ... A row shows a source's `name`, a key is made of its `digest`, a worker gets its `spec`.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from keyword import iskeyword
from typing import Any

from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Entry, Registry
from probekit.specs import Spec, format_value, parse
from probekit.values import declared, lacking

SHOWN = 80  # characters of a value in a message


@dataclass(frozen=True)
class Source:
    """What is known of a thing before it is loaded.

    `spec` is canonical and loads it from any folder of this machine; `name` is for rows and figures: a local file or
    folder appears as its base name and eight digits of its digest, never as a path. `digest` covers all that numbers
    made from it depend on: content, options, revision. `modules` are those of a user, which a worker imports first;
    `needs` the recipes of artefacts that must be made before it can be loaded, in order. `generated` says that a
    program made the data. `absent` names files that are not on this machine and would be fetched. `columns` are further
    columns of its rows.
    """

    spec: str
    name: str
    digest: str
    modules: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    generated: bool = False
    absent: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()


# A function(spec) -> Source of each kind.
kinds: Registry[Callable[[Any], Source]] = Registry("kind of source")
for _kind, _place in {
    "corpus": "probekit.corpora.loading:describe",
    "published runs": "probekit.corpora.named.published_runs:describe",
    "ratings": "probekit.corpora.ratings:describe",
    "word items": "probekit.corpora.word_items:describe",
    "table": "probekit.embeddings.tables:describe_table",
    "benchmark": "probekit.embeddings.benchmarks.benchmark:describe",
    "measure": "probekit.embeddings.measures:describe",
    "alignment": "probekit.embeddings.align.aligning:describe_method",
    "encoder": "probekit.encoders.loading:describe",
    "task": "probekit.tasks.catalogue:describe",
    "probe": "probekit.probes.catalogue:describe",
    "sentence score": "probekit.probes.sentence_scores:describe",
    "learner": "probekit.learners.catalogue:describe",
    "language": "probekit.learners.concept_strings:describe",
    "game": "probekit.learners.bit_game:describe",
    "code": "probekit.works.codes:describe",
    "objective": "probekit.learners.tuning.objectives:describe",
    "regularizer": "probekit.learners.objectives:describe",
    "explainer": "probekit.relevance.catalogue:describe",
    "vectors": "probekit.learners.classifier_training:describe_vectors",
    "predictor": "probekit.works.predicting:describe",
    "explanation": "probekit.works.explanations:describe",
    "span method": "probekit.probes.span_names:describe",
    "recipe": "probekit.recipes:describe",
    "composition": "probekit.learners.compositions:describe",
    "work": "probekit.grid.work:describe",
}.items():
    kinds.add(_kind, _place)


def describe(kind: str, spec: str | Spec) -> Source:
    """The source that a spec of a kind names. Raises UnknownName or ProbekitError that says what is wrong with it."""
    return kinds.get(kind)(spec)


def check_same(before: Source, after: Source) -> None:
    """Refuse what changed while it was read. Raises ProbekitError."""
    if before.digest != after.digest:
        raise ProbekitError(f"a file of '{before.name}' changed while it was read; load it again")


@dataclass(frozen=True)
class Planned:
    """What something was when a run was planned: its kind, its spec, and the digest that keys were made of."""

    kind: str
    spec: str
    digest: str

    @classmethod
    def of(cls, kind: str, source: Source) -> Planned:
        """What a source of a kind is now."""
        return cls(kind, source.spec, source.digest)

    def check(self) -> None:
        """Raise ProbekitError where the spec names something else by now, or in this process."""
        found = describe(self.kind, self.spec)
        if found.digest != self.digest:
            raise ProbekitError(
                f"the {self.kind} '{found.name}' is not what the run was planned with: its data changed meanwhile, or "
                "the worker has another revision of it; run again, with the same code on every worker"
            )


def modules_of(*entries: Entry[Any]) -> tuple[str, ...]:
    """The modules among those of some components that are a user's, in order."""
    return tuple(dict.fromkeys(entry.module for entry in entries if entry.foreign))


def together(*sources: Source) -> dict[str, Any]:
    """What a thing made of others takes over from them: modules, needs, generated, absent."""
    return {
        "modules": tuple(dict.fromkeys(module for one in sources for module in one.modules)),
        "needs": tuple(dict.fromkeys(need for one in sources for need in one.needs)),
        "generated": any(one.generated for one in sources),
        "absent": tuple(dict.fromkeys(file for one in sources for file in one.absent)),
    }


# --- arguments ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arguments:
    """Arguments of a spec against the parameters of a component.

    `given` are those the spec has, by name; `options` all of them, defaults filled in; `written` the canonical spec: by
    name, sorted, defaults left out, steps as they were.
    """

    given: Mapping[str, Any]
    options: Mapping[str, Any]
    written: Spec


def parameters(component: Any) -> dict[str, inspect.Parameter]:
    """Named parameters of a component in order with the types they declare; no `self`, `*args` and `**kwargs`.

    One that would be a word of Python has an underscore at its end there and none in specs: `with_` is `with`.
    """
    return _parameters(component)


def keywords(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a spec as a component is called with them."""
    return {f"{name}_" if iskeyword(name) else name: value for name, value in options.items()}


@cache
def _parameters(component: Any) -> dict[str, inspect.Parameter]:
    signature = inspect.signature(component)
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    named = {
        name.removesuffix("_"): p for name, p in signature.parameters.items() if p.kind in kinds and name != "self"
    }
    return {name: p.replace(annotation=declared(p.annotation, component)) for name, p in named.items()}


def resolve(spec: Spec | str, component: Callable[..., Any], kind: str, leave_out: tuple[str, ...] = ()) -> Arguments:
    """Arguments of a spec, checked against a component's parameters.

    Positional arguments take the parameters in order. `leave_out` names parameters that are not the user's to set in a
    spec (a seed, the corpus that a step is taken on). An integer given for a float is the same value and the same key.
    Raises UnknownName for an argument that the component does not have, ProbekitError for one given twice, for one that
    is missing, and for a value that is not of the type that the parameter declares (`probekit.values`).
    """
    spec = parse(spec)
    known = {name: p for name, p in parameters(component).items() if name not in leave_out}
    if len(spec.args) > len(known):
        raise ProbekitError(f"{kind} '{spec.head}' takes at most {len(known)} arguments, {len(spec.args)} given")
    given = dict(zip(known, spec.args, strict=False))
    for name, value in spec.kwargs.items():
        if name not in known:
            raise UnknownName(f"argument of {kind} '{spec.head}':", name, known)
        if name in given:
            raise ProbekitError(f"{kind} '{spec.head}' got the argument '{name}' twice")
        given[name] = value
    for name, value in given.items():
        default, wanted = known[name].default, lacking(value, known[name].annotation)
        if wanted and not (value is None and default is None):
            shown = textwrap.shorten(format_value(value), SHOWN, placeholder="...")
            raise ProbekitError(f"{spec.head}({name}={shown}): {name} of this {kind} is {wanted}")
    missing = next((name for name, p in known.items() if p.default is p.empty and name not in given), None)
    if missing is not None:
        raise ProbekitError(f"the {kind} '{spec.head}' needs the argument '{missing}'")
    options = {name: _alike(given.get(name, p.default), p.default) for name, p in known.items()}
    kept = {name: given[name] for name in sorted(given) if not same_value(given[name], known[name].default)}
    return Arguments(given, options, Spec(spec.name, spec.target, (), kept, spec.steps))


def _alike(value: Any, default: Any) -> Any:
    """A whole number given where the default is a float, as a float."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and isinstance(default, float) else value


def same_value(value: object, default: object) -> bool:
    """Whether a spec's value is a default. `1` and `1.0` are one value, `True` and `1` are not."""
    return isinstance(value, bool) == isinstance(default, bool) and value == default
