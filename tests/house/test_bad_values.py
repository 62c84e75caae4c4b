"""Every option of every registered component, given values that cannot be meant: one message each, before any work."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, get_args, get_origin

import pytest

from probekit import recipes
from probekit.cli.listing import PLACES
from probekit.embeddings.benchmarks import registry as benchmarks
from probekit.encoders.huggingface import options as hf_options
from probekit.encoders.huggingface import random_options
from probekit.encoders.recurrent import options as saved_options
from probekit.errors import ProbekitError
from probekit.learners.classifier_training import options as classifier_options
from probekit.learners.fine_tuning import options as fine_tuned_options
from probekit.learners.labeller import train_labeller
from probekit.learners.translation import train_translation
from probekit.probes.catalogue import span_methods
from probekit.probes.span_names import pooling_of
from probekit.registry import imported
from probekit.sources import describe, parameters
from probekit.specs import parse
from probekit.tasks.catalogue import _FAMILY
from probekit.tasks.catalogue import registry as tasks
from probekit.training.schedules import SCHEDULES, schedule
from probekit.values import Count, LessThanAll, Positive, Seed, Share, lacking
from probekit.works.predicting import options_of, predictors

# As they are written in a spec.
LONG, DEEP, DEEPER = "x" * 5000, "[" * 40 + "1" + "]" * 40, "[" * 60 + "1" + "]" * 60
BAD = {
    **{text: text for text in ("0", "-1", "1.5", "1e9", "1000000000000", "nan", "inf", "true", "none", "three", "0x1")},
    "empty": '""',
    "long": LONG,
    "half a character": '"\\ud800"',
    "nul": '"\\u0000"',
    "deep": DEEP,
    "deeper": DEEPER,
}
UNREAD = ("half a character", "nul", "deeper")
# Numbers that may be any: columns counted from either end, ends of a box, shares of a sum, a least value.
ANY_NUMBER = {"bio(word)", "bio(tag)", "bio(tags)", "at-least(value)", "text(text)", "text(label)", "sst(classes)"}
ANY_NUMBER |= {"supertags(word)", "supertags(category)", "word-classes(word)", "word-classes(tag)"}
ANY_NUMBER |= {"z_box(low)", "z_box(high)", "alpha_beta(alpha)", "alpha_beta(beta)"}
INSIDE = {"progress", "keep", "documents", "task"}


def named(place: str) -> Iterator[tuple[str, Any]]:
    registry = imported(place, place)
    for name in registry.names():
        yield name, registry.get(name)


def components() -> Iterator[tuple[str, str, Any, int]]:
    """Kind of source, a spec that takes options at `%s`, what declares them, and how many leading parameters a spec
    does not set."""
    for name, one in named(PLACES["corpora"]):
        reader = next(iter(parameters(one)), "") == "paths"
        yield "corpus", f"{name}:nowhere.txt(%s)" if reader else f"{name}(%s)", one, int(reader)
    for name, one in named(PLACES["corpus-steps"]):
        yield "corpus", f"cues|{name}(%s)", one, 1
    for name, one in named("probekit.corpora.catalogue:ratings"):
        reader = next(iter(parameters(one)), "") == "path"
        yield "ratings", f"{name}:nowhere.csv(%s)" if reader else f"{name}(%s)", one, int(reader)
    for name, one in named(PLACES["word-items"]):
        reader = next(iter(parameters(one)), "") == "path"
        yield "word items", f"{name}:nowhere(%s)" if reader else f"{name}(%s)", one, int(reader)
    for name, one in named(PLACES["measures"]):
        yield "measure", f"{name}(%s)", one, 0
    for name, one in named(PLACES["benchmarks"]):
        reader = bool(benchmarks.entry(name).meta.get("reader"))
        yield "benchmark", f"{name}:nowhere(%s)" if reader else f"{name}(%s)", one, 1
    for name, one in named(PLACES["probes"]):
        yield "probe", f"{name}(%s)", one, 0
    for name, one in named(PLACES["table-steps"]):
        yield "table", f"static:nowhere.txt|{name}(%s)", one, 1
    for name, one in named(PLACES["classifiers"]):
        yield "learner", f"{name}(%s)", one, 2
    for name, one in named(PLACES["regularizers"]):
        yield "regularizer", f"{name}(%s)", one, 0
    for name, one in named(PLACES["explainers"]):
        yield "explainer", f"{name}(%s)", one, 3
    for name, one in named(PLACES["rules"]):
        yield "explainer", f'lrp(rules="{name}(%s)")', one, 0
    for name in tasks.names():
        family = _FAMILY.match(name)
        head = f'"{family["prefix"]}{"1+1" if "+" in name else 1}"' if family else name
        yield "task", f"{head}(%s)", tasks.get(name), 2 if family else 1
    for name in predictors.names():
        yield "predictor", f"{name}(%s)", options_of(name), int(name != "labeller")
    for name in span_methods.names():
        yield "span method", f"{name}(%s)", span_methods.get(name), 1
    for name, one in SCHEDULES.items():
        yield "schedule", f"{name}(%s)", one, 1
    yield "encoder", "hf:nowhere(%s)", hf_options, 0
    yield "encoder", "random:hf:nowhere(%s)", random_options, 0
    yield "encoder", "saved:nowhere(%s)", saved_options, 0
    yield "table", "word2vec:cues(%s)", imported("probekit.embeddings.word2vec:train_word2vec", "word2vec"), 1
    yield "table", "fasttext:cues(%s)", imported("probekit.embeddings.fasttext:train_fasttext", "fasttext"), 1
    yield "table", "generated-vectors(%s)", imported("probekit.embeddings.generated_vectors:vectors", ""), 0
    yield "table", "gaussian(like=nowhere.txt, %s)", imported("probekit.embeddings.gaussian:gaussian", ""), 1
    yield "vectors", "random(%s)", imported("probekit.learners.classifier_training:random_vectors", ""), 0
    yield "recipe", "labeller:cues(task=word/upos, %s)", train_labeller, 2
    yield "recipe", "translation:pud(%s)", train_translation, 1
    yield "recipe", "classifier:cues(%s)", classifier_options, 0
    yield "recipe", "fine-tuned:cues(%s)", fine_tuned_options, 0


def options() -> Iterator[tuple[str, str, str, inspect.Parameter]]:
    for kind, spec, component, given in components():
        for name, parameter in list(parameters(component).items())[given:]:
            if name not in INSIDE and not (kind == "probe" and name == "seed"):
                yield kind, spec, name, parameter


def bound(kind: str, spec: str) -> None:
    """Bind the options of a spec, and do nothing else with it."""
    if kind == "recipe":
        recipes.of(spec)
    elif kind == "span method":
        pooling_of(spec)
    elif kind == "schedule":
        schedule(spec)
    else:
        describe(kind, spec)


def called(spec: str, option: str) -> str:
    """`sample(n)`: the component that a spec's options belong to, and one of them."""
    head = spec.removeprefix('lrp(rules="').partition("(")[0].rpartition("|")[2]
    return f"{head.partition(':')[0]}({option})"


def holds(kind: Any, plain: type) -> bool:
    return kind is plain or plain in get_args(kind)


def test_every_option_that_is_a_number_says_which_numbers_are_meant():
    bare = {
        called(spec, name)
        for _, spec, name, parameter in options()
        if get_origin(parameter.annotation) is not Annotated
        and (holds(parameter.annotation, int) or holds(parameter.annotation, float))
    }
    assert bare == ANY_NUMBER


def refusal(kind: str, spec: str) -> str:
    """What is said against a spec, "" where it is taken. Anything but a ProbekitError passes."""
    try:
        bound(kind, spec)
    except ProbekitError as error:
        return str(error)
    return ""


def test_values_that_cannot_be_meant_are_refused_by_every_component():
    asked, taken = 0, []
    for kind, spec, name, parameter in options():
        for what, text in BAD.items():
            said = refusal(kind, spec % f"{name}={json.dumps(text)[1:-1] if 'rules=' in spec else text}")
            asked += 1
            if what in UNREAD:
                fine = bool(said)
            elif what == "none" and parameter.default is None:
                fine = True
            else:  # what is of the right type may still be no word that the option knows
                value = parse(f"x(a={text})").kwargs["a"]
                fine = f"{name} of this" in said or not lacking(value, parameter.annotation)
            taken += [] if fine else [(called(spec, name), what, said[:100])]
    assert not taken and asked > 2000


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (0, Count, "a whole number from 1 to 10,000,000"),
        (10**9, Count, "a whole number from 1 to 10,000,000"),
        (True, Count, "a whole number from 1 to 10,000,000"),
        (3, Count | None, ""),
        (None, Count | None, ""),
        ("x", Count | None, "a whole number from 1 to 10,000,000 or none"),
        (-1, Seed, "a whole number of 0 or more"),
        (0.0, Positive, "a number above 0"),
        (float("inf"), Positive, "a number above 0"),
        (1, LessThanAll, "a number from 0 to below 1"),
        (1, Share, ""),
        ("x", list[float], "a list in square brackets"),
        ([1, "x"], list[float], "a list of which each is a number"),
        (["x"], Sequence[str], ""),
        (1, str, "text"),
        (1, bool, "true or false"),
        ("anything", Any, ""),
    ],
)
def test_what_a_value_should_have_been(value, kind, wanted):
    assert lacking(value, kind) == wanted


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("corpus", "grammar" + "|lower" * 60),
        ("corpus", "grammar(n=" + "[" * 5000),
        ("corpus", "x" * 100_000),
        ("corpus", "conllu:" + "x" * 5000),
        ("corpus", "conllu:" + "x," * 5000),
        ("table", "static:" + "x" * 5000),
        ("table", "word2vec:" * 5000 + "cues"),
        ("encoder", "random:" * 5000 + "hf:x"),
        ("encoder", "hf:" + "x" * 5000),
        ("encoder", "saved:" + "x" * 5000),
        ("encoder", "translation:" * 5000 + "x"),
        ("ratings", "ratings:" + "x" * 5000),
        ("task", "word/" + "x" * 5000),
        ("probe", "online-code(probe=" + '"online-code(probe=' * 60),
        ("explainer", "lrp(rules=" + "x" * 5000 + ")"),
        ("corpus", "\ud800"),
        ("encoder", "hf:\ud800"),
    ],
)
def test_names_and_nests_beyond_all_measure_are_refused(kind, spec):
    with pytest.raises(ProbekitError) as caught:
        describe(kind, spec)
    assert len(str(caught.value)) < 2000
