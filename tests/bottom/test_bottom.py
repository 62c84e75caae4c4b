"""The bottom: specs, registries, random streams, rows."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probekit import rows, streams
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Registry
from probekit.specs import Spec, format_value, parse

# --- specs

MARKS = st.text(alphabet='ab:("|),=[] \n\\é1.-', min_size=1, max_size=8)
HEADS = MARKS.filter(lambda text: text.partition(":")[0] != "" or ":" not in text)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | MARKS | st.just(""),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,5}\Z")


def spec_of(head: str, args: list, kwargs: dict, steps: tuple[Spec, ...] = ()) -> Spec:
    """A spec as the parser makes it: name and target cut at the first colon, arguments sorted."""
    name, colon, target = head.partition(":")
    return Spec(name, target if colon else None, tuple(args), dict(sorted(kwargs.items())), steps)


SPECS = st.builds(spec_of, HEADS, st.lists(VALUES, max_size=2), st.dictionaries(NAMES, VALUES, max_size=2))


@given(first=SPECS, steps=st.lists(SPECS, max_size=2))
@example(first=spec_of("sentence/xpos_dist_(", [], {"percent": True}), steps=[])
@example(first=spec_of("static:a (1).txt", [], {}), steps=[])
@example(first=spec_of("a :x(", [], {}), steps=[])
@example(first=spec_of("a", [12345678901234567891], {"b": "1e999", "c": "line\n"}), steps=[])
@settings(max_examples=300, deadline=None)
def test_a_spec_is_read_back_as_it_was_written(first: Spec, steps: list[Spec]):
    whole = Spec(first.name, first.target, first.args, first.kwargs, tuple(steps))
    again = parse(str(whole))
    assert again == whole and str(again) == str(whole)
    assert [type(value) for value in again.args] == [
        int if isinstance(v, float) and v.is_integer() and abs(v) < 1e15 else type(v) for v in whole.args
    ]
    assert (again.head, hash(again)) == (whole.head, hash(whole))


def test_a_whole_head_can_be_quoted():
    spec = parse('"sentence/xpos_dist_("(percent=true)')
    assert (spec.name, spec.target, spec.kwargs) == ("sentence/xpos_dist_(", None, {"percent": True})
    assert str(spec) == '"sentence/xpos_dist_("(percent=true)'
    assert str(parse(' "a(:b|c" | d ')) == '"a(:b|c"|d' and parse('"a(:b"').target == "b"
    assert parse('"ridge"(1)') == parse("ridge(1)") and str(parse('"ridge"(1)')) == "ridge(1)"


def test_a_target_alone_can_be_quoted():
    assert parse('static:"a (1).txt"').target == "a (1).txt"
    # Written as it always was: this text is in keys.
    for text in ('static:"a (1).txt"', 'word2vec:"ud-english|sample(n=20, seed=0)"(size=10)', 'static:"a "', "hf:a/b"):
        assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "name", "target", "args", "kwargs", "steps"),
    [
        ("ridge", "ridge", None, (), {}, 0),
        (" ridge ( ) ", "ridge", None, (), {}, 0),
        ("static:C:/x.txt", "static", "C:/x.txt", (), {}, 0),
        (":x", ":x", None, (), {}, 0),
        ("a:", "a", "", (), {}, 0),
        (
            'a(1, 2.5, -3, 1e3, .5, 1_000, x y, true, none, b=[1, [a], "q"])',
            "a",
            None,
            (1, 2.5, -3, 1000.0, 0.5, 1000, "x y", True, None),
            {"b": [1, ["a"], "q"]},
            0,
        ),
        ("a(b=1,)|c(2)|d", "a", None, (), {"b": 1}, 2),
        ('a("1", "true", "")', "a", None, ("1", "true", ""), {}, 0),
        ("a(z=1, b=2)", "a", None, (), {"b": 2, "z": 1}, 0),
    ],
)
def test_reading(text, name, target, args, kwargs, steps):
    spec = parse(text)
    assert (spec.name, spec.target, spec.args, dict(spec.kwargs), len(spec.steps)) == (
        name,
        target,
        args,
        kwargs,
        steps,
    )
    assert list(spec.kwargs) == sorted(spec.kwargs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a name is missing at character 1"),
        ("a|", "a name is missing at character 3"),
        ("(x=1)", "a name is missing at character 1"),
        ('""', "a name is missing"),
        ("a(b=1, b=2)", "argument 'b' given twice"),
        ("a(b=1, 2)", "a value without a name after named arguments"),
        ("a(1 [2])", r"expected , or \) at character 5"),
        ("a(1", r"expected , or \) at character 4"),
        ('a(b=[1 "x"])', r"expected , or \]"),
        ("a(b=[1", r"expected , or \]"),
        ("a(b=)", "a value is missing at character 5"),
        ("a(,)", "a value is missing at character 3"),
        ("a(", "a value is missing at character 3"),
        ('a"b"', "a quotation mark inside a name at character 2"),
        ('a:"b', "a quotation mark that is not closed at character 3"),
        ('"sentence/xpos_dist_(', "a quotation mark that is not closed at character 1"),
        ('a(b="c)', "a quotation mark that is not closed"),
        ("a(1)b", "unexpected text at character 5"),
        ('a:"b"c', "unexpected text at character 6"),
        ("a)", None),
    ],
)
def test_what_cannot_be_read_says_where(text, message):
    if message is None:
        assert parse(text).name == text  # a lone bracket is part of a name
        return
    with pytest.raises(ProbekitError, match=message) as caught:
        parse(text)
    assert f"the spec '{text}'" in str(caught.value) and "expected name, name:target" in str(caught.value)


def test_a_spec_is_text():
    with pytest.raises(ProbekitError, match="a spec is text such as 'ridge\\(alpha=1\\)', got int"):
        parse(3)  # type: ignore[arg-type]


def test_values_as_text():
    values = [True, None, 3, 3.0, 0.1, 1e20, "a b", "1", "true", "a,b", [1, "x"], "", "x\n"]
    texts = ["true", "none", "3", "3", "0.1", "1e+20", "a b", '"1"', '"true"', '"a,b"', "[1, x]", '""', '"x\\n"']
    assert [format_value(value) for value in values] == texts


# --- registry


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """A folder on sys.path; modules imported from it are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in sys.modules[name].__file__:
            del sys.modules[name]


def test_a_component_is_imported_when_it_is_asked_for(on_path):
    (on_path / "heavy_module.py").write_text("class Thing:\n    'A thing.'\nclass Outer:\n    Inner = Thing\n")
    registry: Registry = Registry("thing")
    registry.add("thing", "heavy_module:Thing", revision=3, summary="s", colour="red")
    registry.add("inner", "heavy_module:Outer.Inner")
    assert registry.names() == ["thing", "inner"] and "thing" in registry and "x" not in registry
    entry = registry.entry("thing")
    assert (entry.revision, entry.summary, entry.meta, entry.module) == (3, "s", {"colour": "red"}, "heavy_module")
    assert "heavy_module" not in sys.modules
    assert registry.get("thing").__name__ == "Thing" and "heavy_module" in sys.modules
    assert entry.module == "heavy_module" and registry.get("inner") is registry.get("thing")


def test_a_component_that_cannot_be_imported_is_named():
    registry: Registry = Registry("thing")
    registry.add("a", "no_such_module_here:Thing")
    registry.add("b", "json:no_such_attribute")
    for name, target in (("a", "no_such_module_here"), ("b", "json:no_such_attribute")):
        with pytest.raises(ProbekitError, match=f"'{name}' cannot be loaded from {target}"):
            registry.get(name)


def test_decorated_and_taken_names():
    registry: Registry = Registry("thing")

    @registry.register("one", revision=2, size=4)
    def one():
        """Does one thing.

        At length."""

    entry = registry.entry("one")
    assert (entry.summary, entry.revision, entry.meta, registry.get("one")) == ("Does one thing.", 2, {"size": 4}, one)
    assert entry.module == __name__
    with pytest.raises(ProbekitError, match=r"the thing name 'one' is taken by .*; choose another"):
        registry.add("one", "somewhere:else")
    assert registry.get("one") is one


class Shape:
    """What a registry of shapes wants."""


class Square(Shape):
    pass


def test_components_of_another_kind_are_refused(on_path):
    (on_path / "their_shapes.py").write_text("class Blob: pass\nnumber = 3\n")
    for of in (Shape, (Shape, int), f"{__name__}:Shape"):
        shapes: Registry = Registry("shape", of)
        shapes.add("class", Square)
        shapes.add("instance", Square())
        assert shapes.get("class") is Square and isinstance(shapes.get("instance"), Square)
        for wrong in (len, dict, lambda: None):
            with pytest.raises(ProbekitError, match=r"'wrong' is .*, which is no Shape.*; see test_bottom"):
                shapes.add("wrong", wrong)
        assert "wrong" not in shapes
        shapes.add("late", "their_shapes:Blob")  # said when it is imported
        with pytest.raises(ProbekitError, match=r"'late' is .*Blob.*, which is no Shape"):
            shapes.get("late")
    functions: Registry = Registry("function")
    with pytest.raises(ProbekitError, match="'three' is 3, which cannot be called; register a function"):
        functions.register("three")(3)
    functions.add("three", "their_shapes:number")
    with pytest.raises(ProbekitError, match="'three' is 3, which cannot be called"):
        functions.get("three")


def test_built_in_registries_refuse_what_they_have_no_use_for():
    from probekit import corpora, embeddings, encoders, probes, resources, tasks
    from probekit.learners.catalogue import classifiers, regularizers

    def function(corpus):
        return corpus

    for room in (probes.registry, probes.span_methods, embeddings.kinds, encoders.registry, encoders.steps, classifiers,
                 regularizers, resources.resources):  # fmt: skip
        with pytest.raises(ProbekitError, match=r"'a-toy' is .*, which is no "):
            room.add("a-toy", function)
    for room in (corpora.registry, corpora.steps, embeddings.catalogue.steps, tasks.registry):
        with pytest.raises(ProbekitError, match="'a-toy' is 3, which "):
            room.register("a-toy", summary="no function")(3)
        assert "a-toy" not in room
    rooms = (probes.registry, probes.span_methods, embeddings.kinds, embeddings.catalogue.steps, encoders.registry)
    for room in (*rooms, corpora.registry, corpora.steps, classifiers, regularizers):
        for name in room.names():
            assert room.get(name) is not None, "every placeholder is imported and is of its kind"


def test_modules_that_register_are_imported_when_their_name_is_asked_for(on_path):
    registry: Registry = Registry("thing", homes={"away": "away_from_home"})
    (on_path / "away_from_home.py").write_text("import test_bottom\ntest_bottom.HOMES[0].add('away', len)\n")
    HOMES[:] = [registry]
    assert registry.names() == [] and registry.get("away") is len
    with pytest.raises(UnknownName, match="did you mean away"):
        registry.get("awey")


HOMES: list[Registry] = []


def test_unknown_names_are_answered_with_near_ones():
    registry: Registry = Registry("thing")
    with pytest.raises(UnknownName, match="unknown thing 'x'; known: none"):
        registry.get("x")
    for name in ("linear-svr", "ridge", "logistic"):
        registry.add(name, "m:o")
    with pytest.raises(UnknownName, match="unknown thing 'rigde'; did you mean ridge\\?") as caught:
        registry.get("rigde")
    assert (caught.value.kind, caught.value.name, caught.value.nearest) == ("thing", "rigde", ["ridge"])
    with pytest.raises(UnknownName, match="known: linear-svr, logistic, ridge"):
        registry.get("zzzzz")
    for number in range(20):
        registry.add(f"task-{number}", "m:o")
    with pytest.raises(UnknownName, match="23 are known, among them linear-svr, logistic, ridge, task-0, task-1"):
        registry.get("zzzzz")
    assert registry.names("task-1?") == [f"task-1{n}" for n in range(10)] and registry.names("Ridge") == []


def test_installed_packages_offer_components(on_path):
    (on_path / "their_module.py").write_text("def corpus(): return 'theirs'\nclass P: pass\n")
    info = on_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[probekit]\nthing:theirs = their_module:corpus\nthing:ours = their_module:P\n"
        "other:p = their_module:P\nbare = a:b\n"
    )
    registry: Registry = Registry("thing")
    registry.add("ours", "json:loads")
    assert registry.names() == ["ours", "theirs"] and "their_module" not in sys.modules
    assert registry.get("ours") is json.loads  # what is registered here is not replaced
    assert registry.entry("theirs").summary == "from theirs" and registry.get("theirs")() == "theirs"
    assert "p" not in registry and "bare" not in registry
    late: Registry = Registry("thing")
    assert late.get("theirs")() == "theirs"  # found by name without listing first


# --- streams


def test_golden_first_numbers():
    """Any change here changes every split and every drawn weight: raise the revisions concerned."""
    assert streams.generator(0, "split", "folds", "sentence").integers(0, 1000, 5).tolist() == [919, 845, 441, 85, 785]
    assert streams.generator(7, "init").random(2).tolist() == [0.5160652520000014, 0.013807600829552458]


def test_purposes_are_settled_and_streams_are_apart():
    first = {p: streams.generator(0, p, "a").random() for p in ("split", "sample", "init", "order", "noise", "draw")}
    assert len(set(first.values())) == 6 and set(first) == set(streams.PURPOSES)
    with pytest.raises(UnknownName, match="unknown random stream 'spilt'; did you mean split"):
        streams.generator(0, "spilt")
    different = [
        (0, "split", "ab", "c"),
        (0, "split", "a", "bc"),
        (0, "split", "abc"),
        (1, "split", "abc"),
        (0, "split", 1, 1),
        (0, "split", 11),
    ]
    assert len({streams.generator(*ids).random() for ids in different}) == len(different)
    assert streams.generator(0, "split", 1).random() == streams.generator(0, "split", "1").random()


def test_drawing_more_keeps_what_was_drawn():
    few, many = (streams.generator(3, "draw", "x").normal(size=n) for n in (5, 500))
    assert (few == many[:5]).all()


def test_streams_do_not_depend_on_the_hash_seed():
    code = "from probekit import streams; print(streams.generator(0, 'draw', 'a', 1).random(3).tolist())"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {f"{streams.generator(0, 'draw', 'a', 1).random(3).tolist()}\n"}


def test_torch_draws_from_a_stream_of_its_own():
    torch = pytest.importorskip("torch")
    one, same, other = (torch.rand(3, generator=streams.torch_generator(seed, "init", "w")) for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)


# --- rows

DESIGN_COLUMNS = [
    "experiment",
    "task",
    "task_group",
    "dataset",
    "split",
    "trained_on",
    "language",
    "subset",
    "encoder",
    "layer",
    "pooling",
    "probe",
    "control",
    "setting",
    "seed",
    "fold",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "n_train",
    "n_test",
    "info",
    "note",
    "key",
]


def test_the_schema_is_that_of_the_design():
    assert rows.SCHEMA.names == DESIGN_COLUMNS
    assert not any(pa.types.is_null(field.type) for table in (rows.SCHEMA, *rows.TABLES.values()) for field in table)
    assert set(rows.AXES) < set(rows.SCHEMA.names) and "task_group" not in rows.AXES
    assert {name: table.names for name, table in rows.TABLES.items()} == {
        "predictions": ["key", "split", "unit", "group", "gold", "predicted", "score"],
        "tokens": ["key", "unit", "position", "word", "series", "value"],
        "curve": ["key", "step", "series", "value"],
        "points": ["key", "unit", "x", "y", "label"],
        # Ours: what is left of predictions where those of all seeds would be too many to travel.
        "groups": ["key", "split", "group", "n", "right"],
    }


def test_rows_become_a_table_of_the_schema():
    found = rows.table(
        [
            {
                "key": "k",
                "value": 0.5,
                "layer": np.int64(3),
                "info": {"b": np.float32(0.5), "a": [np.int64(1), math.nan], "c": math.inf},
            },
            {"key": "l", "value": math.nan, "note": "constant"},
            {"key": "m", "note": "not asked", "info": '{"x": 1}'},
        ]
    )
    assert found.schema == rows.SCHEMA and rows.table([]).schema == rows.SCHEMA
    one, two, three = found.to_pylist()
    assert json.loads(one["info"]) == {"a": [1, "nan"], "b": 0.5, "c": "inf"} and one["info"].startswith('{"a"')
    assert (one["layer"], one["seed"], one["task"], one["ci_low"]) == (3, None, "", None)
    assert (
        math.isnan(two["value"]) and math.isnan(three["value"]) and three["info"] == '{"x": 1}' and two["info"] == "{}"
    )


def test_rows_outside_the_schema_and_silent_gaps_are_refused():
    with pytest.raises(ValueError, match="columns outside the schema: \\['score'\\]"):
        rows.table([{"key": "k", "value": 1.0, "score": 2}])
    for row in ({"key": "k", "value": math.nan}, {"key": "k"}, {"key": "k", "value": None, "note": ""}):
        with pytest.raises(ValueError, match="needs a note that says why"):
            rows.table([row])


def test_settings():
    text = rows.setting({"groups": "text", "folds": 5, "a": "x=1"})
    assert text == "a=x=1;folds=5;groups=text"
    assert rows.parse_setting(text) == {"a": "x=1", "folds": "5", "groups": "text"}
    assert rows.setting({}) == "" and rows.parse_setting("") == {}
    for values in ({"a": "x;y=1"}, {"a;b": 1}, {"a=b": 1}):
        with pytest.raises(ProbekitError, match="cannot stand in the setting of a row"):
            rows.setting(values)


def test_import_is_cheap():
    heavy = ["torch", "transformers", "sklearn", "matplotlib", "seaborn", "dask", "distributed", "gensim"]
    code = (
        "import sys, probekit, probekit.specs, probekit.registry, probekit.grid, probekit.works.probing; "
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert run.stdout.strip() == "[]"
