"""The registry of tasks, units and targets, word tasks."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import plain_profiling
import pytest
from test_profiling import GIVE_HER, SHE_SAID, VARIANTS, corpus_of, options_of, plain_sentences, sentence

from probekit import scores, tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.sources import parameters
from probekit.tasks import profiling
from probekit.tasks.catalogue import _FAMILY, names
from probekit.tasks.task import BASELINES, KINDS, LEVELS, _answers

BRACKETS = sentence("""
    (     (     PUNCT  (    _                           2  punct
    Go    go    VERB   V|x  Mood=Imp|Number[psor]=Sing  0  root
    now   now   ADV    "    _                           2  advmod
    )     )     PUNCT  -R-  _                           2  punct
""")


@pytest.fixture
def corpus() -> Corpus:
    return corpus_of(SHE_SAID, GIVE_HER, BRACKETS)


@pytest.fixture
def own_tasks():
    """Tasks registered in a test are gone after it."""
    entries, groups = dict(tasks.registry._entries), dict(tasks.groups)
    yield
    tasks.registry._entries.clear()
    tasks.registry._entries.update(entries)
    tasks.groups.clear()
    tasks.groups.update(groups)


# -- metadata
# ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_every_registered_task_has_valid_metadata(name, corpus):
    entry = tasks.registry.entry(name)
    meta = entry.meta
    assert meta["level"] in LEVELS and name.startswith(f"{meta['level']}/")
    assert meta["kind"] in KINDS
    assert meta["group"] in ("raw text", "morphosyntax", "syntax", "semantics", "text")
    assert meta["metric"] in scores.registry
    assert meta["baseline"] in BASELINES
    assert meta["source"] and entry.summary.endswith(".")
    assert isinstance(entry.revision, int) and entry.revision >= 1
    assert set(meta["requires"]) <= set(BEYOND_UD) | set(corpus.layers)
    assert callable(meta["values"]) == bool(_FAMILY.match(name))
    corpus = load_corpus("grammar(n=40)") if name == OF_SPANS else corpus
    expanded = tasks.expand(name, corpus) if meta["values"] else [name]
    assert expanded, f"the fixtures hold no value of {name}"
    task = tasks.get(expanded[0])
    assert (task.level, task.kind, task.group, task.metric) == tuple(
        meta[key] for key in ("level", "kind", "group", "metric")
    )
    assert task.revision == entry.revision and task.source == meta["source"]


# Not of these: what a corpus comes with, and what test_tree_shapes.py holds against a second definition.
ELSEWHERE = (
    "sentence/label",
    "sentence/labels",
    "sentence/tree-depth",
    "sentence/top-constituents",
    "sentence/specificity",
)
# Held against trees made by hand and a recursion, in test_node_labels.py.
OF_NODES = ("sentence/tree-impurity", "sentence/node-switching")
# What they need is their value.
OF_SPANS, OF_ATTRIBUTE = "word/bio:<layer>", "pair/number"


@pytest.mark.parametrize("name", [n for n in names("sentence/*") if n not in (*ELSEWHERE, *OF_NODES)])
def test_every_sentence_task_has_a_plain_twin(name, corpus):
    """A feature registered without a second definition fails here; `test_profiling` compares the numbers."""
    labels = set().union(*(plain_profiling.profile(words) for words in plain_sentences(corpus)))
    prefix = name.removeprefix("sentence/").partition("<")[0]
    assert any(label == prefix or ("<" in name and label.startswith(prefix)) for label in labels)


def test_tags_of_spans_need_the_layer_they_name():
    corpus = load_corpus("grammar(n=40)")
    assert tasks.expand(OF_SPANS, corpus) == [f"word/bio:{layer}" for layer in corpus.spans]
    tags = tasks.get("word/bio:entity").targets(corpus)
    assert len(tags) == corpus.n_words and {"O", "B"} <= {str(tag)[:1] for tag in tags}
    with pytest.raises(UnknownName, match="entity"):
        tasks.get("word/bio:entities").targets(corpus)


@pytest.mark.parametrize("name", [n for n in names() if n not in (OF_SPANS, OF_ATTRIBUTE)])
def test_a_task_needs_the_layers_it_names_and_no_others(name, corpus):
    if set(tasks.registry.entry(name).meta["requires"]) & set(BEYOND_UD):
        made = "polarity-phrases" if name in OF_NODES else "ccg-grammar" if name == "word/ccg" else "grammar"
        corpus = load_corpus(f"{made}(n=40)")
        labels = corpus.sentences.assign(label=["yes", "no"] * (corpus.n_sentences // 2))
        labels = labels.assign(labels="a|b", answer="yes")  # a question of each pair, whose one option is right
        labels = labels.assign(entailment="neutral", relatedness=2.5, specificity=np.arange(corpus.n_sentences) / 2)
        link = pd.DataFrame({"sentence": [0, 2], "sentence2": [1, 3]})
        spans = {**corpus.spans, **({"target": corpus.spans["entity"]} if corpus.spans else {})}
        corpus = replace(corpus, spans=spans, sentences=labels, links={**corpus.links, "pair": link})
    for spec in tasks.expand(name, corpus) if "<" in name else [name]:
        task = tasks.get(spec)
        bare = _with_layers(corpus, task.requires)
        assert task.targets(bare).tolist() == task.targets(corpus).tolist()
        for layer in task.requires:
            lacking = _with_layers(corpus, set(task.requires) - {layer})
            for ask in (task.units, task.targets):
                with pytest.raises(ProbekitError, match=f"no layer '{layer}'"):
                    ask(lacking)


def _with_layers(corpus: Corpus, layers) -> Corpus:
    kept = {name: layer for name, layer in corpus.layers.items() if name in layers}
    spans = {name: table for name, table in corpus.spans.items() if name in layers}
    trees = corpus.trees if "trees" in layers else None
    links = {name: table for name, table in corpus.links.items() if name in layers}
    sentences = corpus.sentences.drop(columns={*ATTRIBUTES} - {*layers}, errors="ignore")
    return Corpus(corpus.form, corpus.offsets, kept, sentences, trees, spans, links)


ATTRIBUTES = ("label", "labels", "answer", "entailment", "relatedness", "specificity")
BEYOND_UD = ("trees", "ccg", "entity", "predicate-argument", "coreference", "target", "pair", *ATTRIBUTES)


# -- labels of texts


def test_labels_are_those_of_the_texts_that_have_one():
    corpus = load_corpus("cues(n=40)")
    task = tasks.get("sentence/label")
    assert task.targets(corpus).tolist() == corpus.sentences["label"].tolist() == ["a", "b"] * 20
    assert task.units(corpus)["sentence"].tolist() == list(range(40))
    given = ["a", "", None, "b", np.nan, "c"]
    some = Corpus.from_words([["x"], ["y"], ["z"], ["u"], ["v"], ["w"]], label=given)
    known = [i for i, label in enumerate(given) if isinstance(label, str) and label]
    assert task.units(some)["sentence"].tolist() == known and task.targets(some).tolist() == ["a", "b", "c"]
    numbers = Corpus.from_words([["x"], ["y"]], label=[0, 1])
    assert task.targets(numbers).tolist() == ["0", "1"]
    with pytest.raises(ProbekitError, match=r"no layer 'label'.*Registered corpora that have 'label': .*cues"):
        task.targets(load_corpus("grammar(n=9)"))
    assert "sentence/label" in tasks.list("sentence/*", corpus)
    assert "sentence/label" not in tasks.list("sentence/*", load_corpus("grammar(n=9)"))


# -- options
# ------------------------------------------------------------------------------------------------------


def test_every_option_changes_a_number(corpus):
    seen = set()
    for spec in tasks.expand("*", corpus):
        base = tasks.get(spec)
        for variant in [*VARIANTS[1:], {"words": "all"}, {"part": "universal"}]:
            if changed := options_of(spec, variant):
                task = tasks.get(changed)
                assert task.spec == changed != spec and task.options == variant and task != base
                if task.targets(corpus).tolist() != base.targets(corpus).tolist():
                    prefixes = [n.partition("<") for n in names() if _FAMILY.match(n)]
                    family = next(("".join(p) for p in prefixes if task.name.startswith(p[0])), task.name)
                    seen.add((family, *variant))
    ud = [name for name in names() if set(tasks.registry.entry(name).meta["requires"]) <= set(corpus.layers) | {"form"}]
    everywhere = {(name, option) for name in ud for option in _options(name)}
    # What the three sentences cannot show is shown in the next test.
    assert everywhere - seen == {
        ("sentence/subj_post", "percent"),
        ("sentence/obj_pre", "percent"),
        ("word/deprel", "words"),
        ("word/upos", "words"),
        ("word/xpos", "words"),
        ("sentence/verbal_root_perc", "clauses"),
    }


def _options(name: str) -> list[str]:
    return [p for p in parameters(tasks.registry.get(name)) if p not in ("corpus", "value")]


def test_the_options_that_the_fixtures_do_not_move():
    late = corpus_of(
        sentence("""
        it  it  PRON P _ 2 obj
        is  be  AUX  V _ 0 root
        he  he  PRON _ _ 2 nsubj
    """)
    )

    def values(spec):
        return tasks.get(spec).targets(late).tolist()

    assert (values("sentence/subj_post"), values("sentence/subj_post(percent=true)")) == ([1.0], [100.0])
    assert (values("sentence/obj_pre"), values("sentence/obj_pre(percent=true)")) == ([1.0], [100.0])
    root = "sentence/verbal_root_perc"
    assert (values(root), values(f"{root}(clauses=verb-only)")) == ([1.0], [0.0])
    assert (values("word/xpos"), values("word/xpos(words=all)")) == (["P", "V"], ["P", "V", ""])
    untagged = corpus_of(
        [
            w.__class__(w.id, w.form, w.lemma, "" if w.id == 1 else w.upos, "X", "", w.head, "" if w.id == 1 else w.dep)
            for w in GIVE_HER
        ]
    )
    for name in ("word/upos", "word/deprel"):
        every, some = (tasks.get(f"{name}{o}").targets(untagged).tolist() for o in ("(words=all)", ""))
        assert every == ["", *some]


def test_canonical_specs():
    get = tasks.get
    head = "sentence/verbal_head_dist"
    assert get(f"{head}( clauses = verb-only )").spec == f"{head}(clauses=verb-only)"
    assert get(f"{head}(verb-only)").spec == f"{head}(clauses=verb-only)"
    assert get(f"{head}(clauses=with-copula)").spec == head
    assert get("sentence/obj_post(percent=false)") == get("sentence/obj_post")
    spec = "sentence/verbal_arity_2(arity=later, percent=true)"
    assert get("sentence/verbal_arity_2(percent=true, arity=later)").spec == spec
    assert get(get(spec)) == get(spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("sentence/parse_depth(clauses=verb-only)", "'clauses'"),
        ("sentence/lexical_density(percent=true)", "'percent'"),
        ("sentence/ttr_form(denomnator=words)", "did you mean denominator"),
        ("sentence/verbal_head_dist(clauses=verbs)", "clauses=verbs .* not one of with-copula, verb-only"),
        ("sentence/obj_post(percent=1)", "percent of this task is true or false"),
        ("sentence/parse_dept", "did you mean sentence/parse_depth"),
        ("parse_depth", "did you mean sentence/parse_depth"),
        ("sentence/subj", "did you mean sentence/subj_p"),
        ("sentence/dep_dist_<X>", "family"),
        ("sentence/dep_dist_", "unknown task"),
        ("sentence/prep_dist_one", "'one'.*sentence/prep_dist_<k>"),
        ("sentence/prep_dist_0", "'0'"),
        ("sentence/verbal_arity_01", "'01'"),
        ("sentence/verbs_num_pers_dist_Sing", "'Sing'"),
        ("sentence/profiling-68", "group of 68"),
        ("sentence/parse_depth|max", "no steps"),
        ('"sentence/xpos_dist_(', "not closed"),
        ("", "missing"),
    ],
)
def test_what_is_no_task_is_refused(spec, message):
    with pytest.raises(ProbekitError, match=message):
        tasks.get(spec)


def test_unknown_names_raise_unknown_name():
    with pytest.raises(UnknownName):
        tasks.get("sentence/tree_depth")


# -- names
# ----------------------------------------------------------------------------------------------------------


def test_list_without_a_corpus_shows_families():
    listed = tasks.list("sentence/*")
    assert "sentence/dep_dist_<X>" in listed and "sentence/verbs_num_pers_dist_<N+P>" in listed
    assert "sentence/parse_depth" in listed and "sentence/subj_post" in listed
    assert not any(name.startswith("word/") for name in listed)
    assert tasks.list("word/*") == [
        "word/pos",
        "word/parent",
        "word/grandparent",
        "word/great-grandparent",
        "word/upos",
        "word/xpos",
        "word/deprel",
        "word/ccg",
        "word/feat:<Name>",
        "word/bio:<layer>",
        "word/role",
        "word/head-distance",
        "word/head",
    ]
    assert tasks.list("nothing*") == []


def test_list_with_a_corpus_shows_the_values_seen(corpus):
    listed = tasks.list("*", corpus)
    assert not any("<" in name for name in listed)
    assert {"sentence/dep_dist_nmod:poss", "sentence/xpos_dist_,", "sentence/xpos_dist_PRP$"} <= set(listed)
    assert {"sentence/verbs_num_pers_dist_+", "word/feat:Number[psor]", "sentence/prep_dist_2"} <= set(listed)
    assert '"sentence/xpos_dist_("' in listed and "sentence/upos_dist_NUM" not in listed
    assert len(listed) == len(set(listed))
    for name in listed:
        assert tasks.get(name).spec == name
        assert tasks.expand([name], corpus) == [name]
    untagged = corpus_of(sentence("Hello hello INTJ _ _ 0 root"))
    assert not {"word/xpos", "word/feat:Mood"} & set(tasks.list("*", untagged))
    assert "word/upos" in tasks.list("*", untagged)
    bare = Corpus.from_words([["a", "b"]])
    listed = tasks.list("*", bare)
    assert "sentence/sent_length" in listed and not any(tasks.get(name).requires for name in listed)


def test_any_value_of_a_family_is_a_task_without_a_corpus(corpus):
    for value in ("aux:pass", ":", ",", ".", "$", "''", "``", "*", "a b"):
        task = tasks.get(f"sentence/xpos_dist_{value}")
        assert task.name == f"sentence/xpos_dist_{value}"
    assert tasks.get("sentence/dep_dist_aux:pass").targets(corpus).tolist() == [0, 0, 0]
    assert tasks.get("sentence/dep_dist_nmod:poss(percent=true)").targets(corpus) == pytest.approx([0, 100 / 11, 0])
    for value in ("(", "V|x", '"'):
        quoted = '"sentence/xpos_dist_{}"'.format(value.replace('"', '\\"'))
        task = tasks.get(quoted)
        assert (task.spec, task.name) == (quoted, f"sentence/xpos_dist_{value}")
        assert task.targets(corpus).tolist() == [0, 0, 0.25]
        assert tasks.get(f"{quoted}(percent=true)").targets(corpus).tolist() == [0, 0, 25]
        assert tasks.get(f"{quoted}(percent=true)").spec == f"{quoted}(percent=true)"


def test_groups():
    frozen = tasks.expand("sentence/profiling-68")
    assert frozen == [feature.name for feature in tasks.PROFILING_68] == list(tasks.groups["sentence/profiling-68"])
    assert len(set(frozen)) == 68
    counts = pd.Series([tasks.get(spec).group for spec in frozen]).value_counts().to_dict()
    assert counts == {"raw text": 4, "morphosyntax": 32, "syntax": 32}
    assert [tasks.get(f.name).group for f in tasks.PROFILING_68] == [f.group for f in tasks.PROFILING_68]
    assert frozen[0] == "sentence/sent_length" and frozen[4] == "sentence/lexical_density"
    assert frozen[-1] == "sentence/verbal_arity_2"


def test_expand(corpus):
    expand = tasks.expand
    assert expand("sentence/subj_*") == ["sentence/subj_pre", "sentence/subj_post"]
    assert expand(["sentence/subj_post", "sentence/subj_*"]) == ["sentence/subj_post", "sentence/subj_pre"]
    assert expand("sentence/dep_dist_n*", corpus) == [
        "sentence/dep_dist_nmod",
        "sentence/dep_dist_nmod:poss",
        "sentence/dep_dist_nsubj",
    ]
    assert expand("sentence/dep_dist_<X>", corpus) == tasks.list("sentence/dep_dist_*", corpus)
    assert expand("sentence/verbal_arity_*", corpus) == [f"sentence/verbal_arity_{k}" for k in (1, 2, 4)]
    layered = "word/feat:Number[psor]"
    assert expand(layered, corpus) == expand(layered) == [layered]
    assert expand([tasks.get("word/upos")]) == ["word/upos"]
    percent = expand("sentence/profiling-68(percent=true)")
    assert len(percent) == 68
    assert "sentence/obj_post(percent=true)" in percent and "sentence/parse_depth" in percent
    assert expand("sentence/subj_*(percent=true)")[1] == "sentence/subj_post(percent=true)"


@pytest.mark.parametrize(
    ("pattern", "with_corpus", "message"),
    [
        ("sentence/*", False, "families"),
        ("sentence/dep_dist_<X>", False, "corpus"),
        ("sentence/dep_dist_n*", False, "only with a corpus"),
        ("sentence/dep_dist_zz*", True, "no task matches"),
        ("nothing/*", True, "no task matches"),
        ("word/feat:Number[x]", True, "no task matches"),
        ("sentence/parse_depht", True, "did you mean sentence/parse_depth"),
        ("sentence/profiling-86", False, "did you mean sentence/profiling-68"),
        ("sentence/profiling-68(words=all)", False, "no task of .* option 'words'"),
        ("sentence/subj_*(true)", False, "by name"),
    ],
)
def test_expand_refuses(pattern, with_corpus, message, corpus):
    with pytest.raises(ProbekitError, match=message):
        tasks.expand([pattern], corpus if with_corpus else None)


def test_expand_refuses_a_corpus_without_the_layer(corpus):
    bare = _with_layers(corpus, ["upos"])
    assert tasks.expand("sentence/upos_dist_P*", bare) == [
        "sentence/upos_dist_PRON",
        "sentence/upos_dist_PROPN",
        "sentence/upos_dist_PUNCT",
    ]
    for pattern in ("sentence/profiling-68", "sentence/parse_depth", "sentence/dep_dist_<X>"):
        with pytest.raises(ProbekitError, match="no layer"):
            tasks.expand(pattern, bare)


# -- units and targets
# ------------------------------------------------------------------------------------------------


def test_sentence_units(corpus):
    units = tasks.get("sentence/parse_depth").units(corpus)
    assert list(units) == ["unit", "sentence", "start", "end", "group"]
    assert all(dtype == np.int64 for dtype in units.dtypes)
    assert units.to_numpy().tolist() == [[0, 0, 0, 13, 0], [1, 1, 0, 11, 1], [2, 2, 0, 4, 2]]


def test_word_units_are_words_of_the_corpus(corpus):
    task = tasks.get("word/upos")
    units, targets = task.units(corpus), task.targets(corpus)
    assert len(units) == len(targets) == corpus.n_words and targets.dtype == object
    assert all(dtype == np.int64 for dtype in units.dtypes)
    words = corpus.offsets[units.sentence] + units.start
    assert (targets == np.asarray(corpus.layers["upos"])[words]).all()
    assert (units.end == units.start + 1).all() and (units.group == units.sentence).all()


def test_word_labels(corpus):
    assert tasks.get("word/xpos").targets(corpus)[13:18].tolist() == ["IN", "PRP", "VBZ", ",", "VB"]
    assert tasks.get("word/deprel").targets(corpus)[17:21].tolist() == ["root", "iobj", "nmod:poss", "obj"]
    assert tasks.get("word/deprel(part=universal)").targets(corpus)[17:21].tolist() == ["root", "iobj", "nmod", "obj"]
    head = tasks.get("word/head").targets(corpus)
    assert head.tolist() == np.asarray(corpus.layers["head"]).tolist() and head.dtype == np.float64
    mood = tasks.get("word/feat:Mood")
    assert mood.targets(corpus).tolist() == ["Ind", "Ind", "Ind", "Imp", "Imp", "Imp"]
    assert mood.units(corpus)[["unit", "sentence", "start"]].to_numpy().tolist() == [
        [0, 0, 1],
        [1, 0, 10],
        [2, 1, 2],
        [3, 1, 4],
        [4, 1, 9],
        [5, 2, 1],
    ]
    every = tasks.get("word/feat:Mood(words=all)").targets(corpus)
    assert len(every) == corpus.n_words and (every != "").sum() == 6
    assert tasks.get("word/feat:Number[psor]").targets(corpus).tolist() == ["Sing"]


def test_head_distance(corpus):
    task = tasks.get("word/head-distance")
    units, targets = task.units(corpus), task.targets(corpus)
    # `She` has its head one word to the right, `ill` ten to the left; roots are no units.
    assert targets[:3].tolist() == [1, 9, 1] and targets[10] == -10
    assert len(units) == corpus.n_words - corpus.n_sentences
    words = corpus.offsets[units.sentence] + units.start
    head = np.asarray(corpus.layers["head"])[words]
    assert (head == units.start + 1 + targets).all() and targets.dtype == np.float64


def test_word_tasks_without_any_unit_are_refused(corpus):
    with pytest.raises(UnknownName, match="did you mean Mood"):
        tasks.get("word/feat:Mod").targets(corpus)
    with pytest.raises(ProbekitError, match=r"every sentence .* is one word"):
        tasks.get("word/head-distance").targets(corpus_of(sentence("Hello hello INTJ UH _ 0 root")))
    with pytest.raises(ProbekitError, match=r"layer 'xpos' .* is empty"):
        tasks.get("word/xpos").targets(corpus_of(sentence("Hello hello INTJ _ _ 0 root")))


def test_answers_are_the_callers_to_change_and_gone_with_the_corpus():
    corpus = corpus_of(SHE_SAID)
    task = tasks.get("word/upos")
    task.targets(corpus)[:] = ""
    units = task.units(corpus)
    units["start"] = 0
    assert task.targets(corpus)[0] == "PRON" and task.units(corpus).start[1] == 1
    assert corpus in profiling._profiles and corpus in _answers
    gone = weakref.ref(corpus)
    del corpus
    gc.collect()
    assert gone() is None


def test_a_sub_corpus_has_its_own_answers(corpus):
    task = tasks.get("sentence/sent_length")
    assert task.targets(corpus).tolist() == [13, 11, 4]
    assert task.targets(corpus.select([2, 0])).tolist() == [4, 13]


def test_tasks_travel_by_name(corpus):
    for spec in ("sentence/dep_dist_nmod:poss(percent=true)", '"sentence/xpos_dist_("', "word/feat:Mood"):
        task = pickle.loads(pickle.dumps(tasks.get(spec)))
        assert task == tasks.get(spec) and hash(task) == hash(tasks.get(spec))
        assert task.targets(corpus).tolist() == tasks.get(spec).targets(corpus).tolist()


def test_importing_tasks_loads_nothing_heavy():
    heavy = ("torch", "transformers", "sklearn", "matplotlib")
    code = f"import sys, probekit.tasks; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


# -- tasks of one's own
# -------------------------------------------------------------------------------------------------


def test_an_own_task_in_a_few_lines(own_tasks, corpus):
    @tasks.register("sentence/last-word", level="sentence", kind="label")
    def last_word(corpus, *, mark="."):
        """Whether the last word is a mark."""
        return ["yes" if corpus.words(i)[-1] == mark else "no" for i in range(corpus.n_sentences)]

    task = tasks.get("sentence/last-word")
    assert (task.metric, task.baseline) == ("accuracy", "majority")
    assert task.summary == "Whether the last word is a mark."
    assert task.targets(corpus).tolist() == ["yes", "yes", "no"]
    assert tasks.get('sentence/last-word(mark=")")').targets(corpus).tolist() == ["no", "no", "yes"]
    assert tasks.get('sentence/last-word(mark=")")').spec == 'sentence/last-word(mark=")")'
    with pytest.raises(ProbekitError, match="taken"):
        tasks.register("sentence/last-word", level="sentence", kind="label")(last_word)


def test_own_units(own_tasks, corpus):
    @tasks.register("word/long", level="word", kind="number", group="raw text")
    def long(corpus, longer_than=3):
        """Length of long words."""
        lengths = np.array([len(form) for form in corpus.form])
        return lengths > longer_than, lengths[lengths > longer_than]

    assert tasks.get("word/long").targets(corpus).tolist() == [4, 4, 4, 5, 5, 4]
    assert tasks.get("word/long").units(corpus).start.tolist() == [1, 2, 7, 9, 2, 4]
    assert tasks.get("word/long(longer_than=4)").units(corpus).sentence.tolist() == [0, 1]

    @tasks.register("span/first-two", level="span", kind="text", metric="accuracy")
    def first_two(corpus):
        """The first two words."""
        spans = pd.DataFrame({"sentence": [0, 1], "start": 0, "end": 2, "sentence2": [1, 0], "start2": 3, "end2": 4})
        return spans, [" ".join(corpus.words(i)[:2]) for i in (0, 1)]

    task = tasks.get("span/first-two")
    assert list(task.units(corpus)) == ["unit", "sentence", "start", "end", "sentence2", "start2", "end2", "group"]
    assert task.targets(corpus).tolist() == ["She said", "If he"]

    @tasks.register("sentence/classes", level="sentence", kind="labels", metric="accuracy", requires=["upos"])
    def classes(corpus):
        """Word classes of a sentence."""
        upos = list(corpus.layers["upos"])
        return [sorted(set(upos[a:b])) for a, b in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)]

    assert tasks.get("sentence/classes").targets(corpus)[2] == ("ADV", "PUNCT", "VERB")


def test_an_own_family_and_group(own_tasks, corpus):
    def letters(corpus):
        return sorted({form[0].lower() for form in corpus.form.categories if form.isalpha()})

    @tasks.register("sentence/starts_<letter>", level="sentence", kind="number", values=letters, pattern="[a-z]")
    def starts(corpus, value):
        """Words that start with a letter."""
        return [sum(w.lower().startswith(value) for w in corpus.words(i)) for i in range(corpus.n_sentences)]

    assert tasks.get("sentence/starts_h").targets(corpus).tolist() == [0, 3, 0]
    assert tasks.expand("sentence/starts_[hi]", corpus) == ["sentence/starts_h", "sentence/starts_i"]
    tasks.register_group("sentence/hi", ["sentence/starts_h", "sentence/starts_i"])
    assert tasks.expand("sentence/hi") == ["sentence/starts_h", "sentence/starts_i"]
    with pytest.raises(ProbekitError, match="taken"):
        tasks.register_group("sentence/hi", [])


def test_a_task_object_of_an_installed_package(own_tasks, corpus):
    first = tasks.Task("sentence/first", "sentence", "number", "raw text", "spearman", "length", "", ("upos",), len_of)
    tasks.registry.add("sentence/first", first)
    assert tasks.get("sentence/first").targets(corpus).tolist() == [3, 2, 1]
    assert "sentence/first" in tasks.list("*", corpus)
    assert "sentence/first" not in tasks.list("*", Corpus.from_words([["a"]]))
    assert tasks.expand("sentence/*st(percent=true)")[-1] == "sentence/first"
    with pytest.raises(ProbekitError, match="takes no options"):
        tasks.get("sentence/first(percent=true)")
    tasks.registry.add("sentence/no-task", len_of)
    with pytest.raises(ProbekitError, match="no Task of that name"):
        tasks.get("sentence/no-task")


def len_of(corpus):
    return [len(corpus.words(i)[0]) for i in range(corpus.n_sentences)]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (lambda c: [1.0], "1 targets for 3 units"),
        (lambda c: [1.0, np.nan, 2.0], "unit 1 .* nan"),
        (lambda c: (pd.DataFrame({"sentence": [0], "start": [2], "end": [99]}), [1.0]), "2:99 of sentence 0"),
        (lambda c: (pd.DataFrame({"sentence": [7], "start": [0], "end": [1]}), [1.0]), "sentence 7"),
        (lambda c: (pd.DataFrame({"sentence": [0], "start": [0]}), [1.0]), "lack the column 'end'"),
    ],
)
def test_what_an_own_function_may_not_return(own_tasks, corpus, targets, message):
    tasks.register("sentence/own", level="sentence", kind="number")(targets)
    with pytest.raises(ProbekitError, match=message):
        tasks.get("sentence/own").targets(corpus)


def test_labels_are_text(own_tasks, corpus):
    tasks.register("sentence/own", level="sentence", kind="label")(lambda corpus: [1, 2, 3])
    with pytest.raises(ProbekitError, match=r"unit 0 .* is 1; give text"):
        tasks.get("sentence/own").targets(corpus)


@pytest.mark.parametrize(
    ("name", "meta", "message"),
    [
        ("sentence/own", {"level": "paragraph", "kind": "label"}, "level is one of"),
        ("sentence/own", {"level": "sentence", "kind": "vector"}, "kind one of"),
        ("own", {"level": "sentence", "kind": "label"}, "call it 'sentence/own'"),
        ("sentence/own", {"level": "sentence", "kind": "text"}, "needs a metric"),
        ("sentence/own_<X>", {"level": "sentence", "kind": "label"}, "needs values="),
        ("sentence/profiling-68", {"level": "sentence", "kind": "label"}, "taken"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(own_tasks, name, meta, message):
    with pytest.raises(ProbekitError, match=message):
        tasks.register(name, **meta)(lambda corpus: [])
