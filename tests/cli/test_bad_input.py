"""What cannot be answered: rows with a note, or a refusal that names it, before any work where that is possible."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import probekit as pk
from probekit import corpora, encoders, probes, tasks
from probekit.errors import ProbekitError, UnknownName
from probekit.works.probing import probing

CONSTANT = "the optimum of the L1 loss is a constant prediction"


@pytest.fixture(scope="module", autouse=True)
def toys():
    """Encoders and tasks that misbehave."""

    @encoders.register("bad-plain")
    class Plain(encoders.WordEncoder):
        width = 3

        def vectors(self, words):
            return np.array([[len(w), ord(w[0]) % 7, ord(w[-1]) % 5] for w in words], np.float32)[None]

    @encoders.register("bad-zero")
    class Zero(encoders.WordEncoder):
        width = 3

        def vectors(self, words):
            return np.zeros((1, len(words), 3))

    @encoders.register("bad-nan")
    class Holes(encoders.WordEncoder):
        width = 3

        def vectors(self, words):
            return np.full((1, len(words), 3), np.nan)

    @encoders.register("bad-shape")
    class Shape(encoders.WordEncoder):
        width = 3

        def vectors(self, words):
            return np.zeros((len(words), 3))

    @tasks.register("sentence/bad-constant", level="sentence", kind="number")
    def constant(corpus):
        return [4.0] * corpus.n_sentences

    @tasks.register("sentence/bad-one-class", level="sentence", kind="label")
    def one_class(corpus):
        return ["yes"] * corpus.n_sentences

    @tasks.register("sentence/bad-gap", level="sentence", kind="number")
    def gap(corpus):
        return [float("nan")] * corpus.n_sentences

    @tasks.register("sentence/bad-few", level="sentence", kind="number")
    def few(corpus, *, n=4):
        chosen = np.arange(n)
        return chosen, chosen.astype(float)

    @tasks.register("sentence/bad-few-labels", level="sentence", kind="label")
    def few_labels(corpus, *, n=4):
        return np.arange(n), ["a", "b"] * (n // 2)

    @tasks.register("sentence/bad-labels", level="sentence", kind="labels", metric="micro_f1")
    def labels(corpus):
        return [("a",)] * corpus.n_sentences

    @probes.register("bad-probe")
    class Refusing(probes.get("ridge")):  # type: ignore[misc]
        pass

    yield
    for registry in (encoders.registry, tasks.registry, probes.registry):
        for name in [n for n in registry._entries if "bad-" in n]:
            del registry._entries[name]


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def grid(**changed):
    given = {
        "name": "bad",
        "corpora": ["grammar(n=40)"],
        "encoders": ["bad-plain"],
        "tasks": ["sentence/sent_length"],
        "probes": ["linear-svr"],
        "folds": 3,
    }
    return probing(**{**given, **changed})


def noted(rows) -> None:
    """Every row has a value or says why not."""
    assert ((rows["note"] != "") | rows["value"].notna()).all()


# --- rows with a note


@pytest.mark.parametrize("probe", ["linear-svr", "linear-svr-liblinear", "ridge", "mlp(epochs=2)"])
def test_a_constant_target_has_rows_with_a_note(probe):
    found = grid(
        tasks=["sentence/bad-constant", "sentence/sent_length"], probes=[probe], controls=["length", "random-labels"]
    ).run("out")
    bad = found[found["task"] == "sentence/bad-constant"]
    assert bad["value"].isna().all() and bad["note"].str.contains("constant").all() and len(bad) == 4 + 4 + 2
    fitted = bad[bad["probe"] != ""]
    assert fitted["note"].str.contains("constant target in training").all()
    assert found[(found["task"] == "sentence/sent_length") & (found["control"] == "")]["value"].notna().all()
    assert (
        grid(tasks=["sentence/bad-constant", "sentence/sent_length"], probes=[probe], controls=["length"])
        .plan("out")
        .open
        == 0
    )


@pytest.mark.parametrize("probe", ["linear-svr", "linear-svr-liblinear", "ridge"])
def test_vectors_that_are_all_zero(probe):
    found = grid(encoders=["bad-zero"], probes=[probe]).run("out")
    assert found["note"].str.contains("all training vectors are zero").all()
    folds = found[found["fold"].notna()]
    assert folds["value"].isna().all() and folds["note"].str.contains("constant").all()
    noted(found)


@pytest.mark.parametrize("probe", ["logistic", "mlp(epochs=2)", "online-code"])
def test_one_class_only(probe):
    found = grid(tasks=["sentence/bad-one-class"], probes=[probe], controls=["majority", "random-labels"]).run("out")
    noted(found)
    fitted = found[found["probe"] != ""]
    assert fitted[fitted["split"] == "cv"]["note"].str.contains("one class only in training").all()
    assert (found[found["metric"] == "accuracy"]["value"] == 1).all()
    bits = fitted[fitted["metric"] == "codelength_bits"]["value"]
    assert (bits == 0).all() and len(bits) == (6 if probe == "online-code" else 0)


@pytest.mark.parametrize("control", ["length", "majority"])
@pytest.mark.parametrize("n", [1, 2])
def test_fewer_sentences_than_folds(n, control):
    chosen = {
        "tasks": ["sentence/sent_length", "sentence/bad-one-class"],
        "probes": ["ridge", "logistic"],
        "controls": [control],
    }
    found = grid(corpora=[f"grammar(n={n})"], keep=["predictions"], **chosen).run("out")
    folded = found[found["control"] != "length"]
    assert folded["value"].isna().all() and (folded["note"] == f"{n} sentence groups are too few for 3 folds").all()
    assert (
        len(folded) == {"length": 8, "majority": 12}[control]
        and (folded["n_test"] == n).all()
        and (folded["n_train"] == 0).all()
    )
    assert set(folded["metric"]) == {"spearman", "spearman_pooled", "accuracy", "accuracy_pooled"}
    noted(found)
    assert grid(corpora=[f"grammar(n={n})"], keep=["predictions"], **chosen).plan("out").open == 0


def test_fewer_groups_than_folds():
    found = grid(corpora=["grammar(n=12)"], groups="document", folds=5).run("out")
    assert found["note"].str.contains("document groups are too few for 5 folds").all() and len(found) == 6


def test_as_many_sentences_as_folds():
    found = grid(corpora=["grammar(n=3)"]).run("out")
    noted(found)
    assert found[found["fold"].notna()]["value"].isna().all() and (found["n_test"] == [1, 1, 1, 3]).sum() in (2, 4)


@pytest.mark.parametrize("probe", ["ridge", "logistic"])
def test_a_task_that_asks_of_nothing_in_a_fold(probe):
    """Six units in seven folds of forty sentences: some folds hold none of them."""
    name = "sentence/bad-few(n=8)" if probe == "ridge" else "sentence/bad-few-labels(n=8)"
    found = grid(
        tasks=[name, *(["sentence/sent_length"] if probe == "ridge" else [])],
        probes=[probe],
        folds=7,
        controls=["majority"],
    ).run("out")
    noted(found)
    few = found[(found["task"] == name) & (found["control"] == "")]
    folds, pooled = few[few["fold"].notna()], few[few["fold"].isna()]
    empty = folds[folds["note"] == "the task asks of nothing in this fold"]
    assert len(empty) > 0 and set(folds["fold"]) == set(range(7)) and (empty["n_test"] == 0).all()
    assert (pooled["n_test"] == 8).all() and set(pooled["split"]) == {"cv"}
    metric = {"ridge": "spearman", "logistic": "accuracy"}[probe]
    assert folds[folds["metric"] == metric]["n_test"].sum() == 8


def test_a_task_whose_units_are_all_in_one_fold_or_that_has_none():
    found = grid(
        tasks=["sentence/bad-few(n=0)", "sentence/sent_length"], controls=["length"], keep=["predictions"]
    ).run("out")
    bad = found[found["task"] == "sentence/bad-few(n=0)"]
    assert bad["value"].isna().all() and (bad["note"] == "the task asks of nothing in this corpus").all()
    assert sorted(bad["metric"]) == ["abs_spearman", "spearman", "spearman", "spearman", "spearman", "spearman_pooled"]
    assert (bad[bad["control"] == "length"]["split"] == "all").all()
    # Two sentences in two folds: with some seed both fall into one.
    seeds = list(range(6))
    found = grid(tasks=["sentence/bad-few(n=2)"], folds=2, seeds=seeds).run("two")
    noted(found)
    together = found[
        found["note"].str.contains("all 2 units of the task fall into one of 2 folds; none is left to train on")
    ]
    assert 0 < together["seed"].nunique() < len(seeds)


def test_own_splits_without_units_to_train_on():
    found = grid(corpora=["grammar(n=120)"], tasks=["sentence/bad-few(n=0)", "sentence/sent_length"], folds=0).run(
        "out"
    )
    bad = found[found["task"] == "sentence/bad-few(n=0)"]
    assert bad["value"].isna().all() and (bad["split"] == "test").all() and (bad["metric"] == "spearman").all()


# --- cells that fail by name


def test_vectors_that_are_not_finite_are_refused_by_name():
    with pytest.raises(
        ProbekitError,
        match=r"1 of 2 cells failed[^$]*bad-nan mean linear-svr: 'bad-nan' gave vectors that are not finite",
    ):
        grid(encoders=["bad-nan", "bad-plain"]).run("out")
    assert set(pk.read_results("out")["encoder"]) == {"bad-plain"}
    with pytest.raises(
        ProbekitError, match=r"'bad-shape' gave vectors of shape \(\d+, 3\).*expected \(n_layers, n_words, width\)"
    ):
        grid(encoders=["bad-shape"]).run("shape")


def test_a_task_that_gives_no_number_is_named():
    with pytest.raises(ProbekitError, match="target of unit 0 of task 'sentence/bad-gap' is nan; give a number"):
        grid(tasks=["sentence/bad-gap"]).run("out")


def test_a_corpus_without_splits():
    Path("a.conllu").write_text("".join(f"1\t{w}\t{w}\tX\tX\t_\t0\troot\t_\t_\n\n" for w in "abcdefgh"))
    with pytest.raises(
        ProbekitError, match=r"has no train part with a dev or test part beside it \(its parts: none\); cross-validate"
    ):
        grid(corpora=["conllu:a.conllu"], folds=0).run("out")
    found = grid(corpora=["conllu:a.conllu"], groups="text").run("out")
    assert found["value"].isna().all() and found["note"].str.contains("constant").all()  # all sentences have one word


def test_a_corpus_without_a_layer_or_documents():
    @corpora.registry.register("bad-bare")
    def bare(n: int = 20):
        return pk.Corpus.from_words([["a"] * (1 + i % 5) for i in range(n)])

    try:
        found = grid(corpora=["bad-bare"]).run("out")
        assert len(found) == 4
        with pytest.raises(ProbekitError, match="names no documents; use groups='sentence' or 'text'"):
            grid(corpora=["bad-bare"], groups="document").run("out")
        with pytest.raises(ProbekitError, match="has no layer 'upos'; it has form"):
            grid(corpora=["bad-bare"], tasks=["word/upos"], probes=["logistic"]).run("out")
    finally:
        del corpora.registry._entries["bad-bare"]


# --- corpora


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_corpus_is_refused_by_name(text):
    Path("empty.conllu").write_text(text)
    with pytest.raises(ProbekitError, match=r"empty\.conllu"):
        pk.load_corpus("conllu:empty.conllu")
    with pytest.raises(ProbekitError, match=r"empty\.conllu"):
        grid(corpora=["conllu:empty.conllu"]).run("out")
    assert not list(Path("out").glob("*.parquet"))


def test_a_sentence_without_words_is_refused_by_place():
    Path("gap.conllu").write_text(
        "1\ta\ta\tX\tX\t_\t0\troot\t_\t_\n\n# sent_id = nothing\n\n1\tb\tb\tX\tX\t_\t0\troot\t_\t_\n\n"
    )
    with pytest.raises(ProbekitError, match=r"gap\.conllu:\d"):
        grid(corpora=["conllu:gap.conllu"]).run("out")
    for sentences, message in (
        ([["a"], []], "sentence 1 has no words"),
        ([["a", ""]], "sentence 0 has no words or an empty word"),
        (["abc"], "sentence 0 is a string"),
        ([], "a corpus needs at least one sentence"),
    ):
        with pytest.raises(ProbekitError, match=message):
            pk.Corpus.from_words(sentences)


# --- refused before any work


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tasks": ["sentence/sent_lenght"]}, "unknown task 'sentence/sent_lenght'; did you mean sentence/sent_length"),
        ({"tasks": ["sentence/ttr_form(denominatr=all)"]}, "argument of task .*'denominatr'; did you mean denominator"),
        ({"tasks": ["sentence/zzz*"]}, "no task matches 'sentence/zzz\\*'"),
        ({"encoders": ["minlm"]}, "unknown encoder 'minlm'; did you mean minilm"),
        ({"encoders": ["static:nowhere.txt"]}, "nowhere.txt"),
        ({"encoders": ["hf:no/such-folder-here"]}, "no/such-folder-here"),
        ({"corpora": ["gramar(n=5)"]}, "unknown corpus 'gramar'; did you mean grammar"),
        ({"corpora": ["grammar(m=5)"]}, "unknown argument of corpus 'grammar': 'm'"),
        ({"corpora": ["grammar(n=5)|smaple(n=2)"]}, "unknown corpus step 'smaple'; did you mean sample"),
        ({"corpora": ["conllu:nowhere.conllu"]}, "nowhere.conllu"),
        ({"probes": ["rigde"]}, "unknown probe 'rigde'; did you mean ridge"),
        ({"probes": ["ridge(alfa=1)"]}, "unknown argument of probe 'ridge': 'alfa'; did you mean alpha"),
        ({"probes": ["ridge(seed=1)"]}, "unknown argument of probe 'ridge': 'seed'"),
        ({"probes": ["linear-svr(C=0)"]}, "C of this probe is a number above 0"),
        ({"probes": ["ridge(alpha=-1)"]}, "alpha of this probe is a number of 0 or more"),
        ({"poolings": ["maen"]}, "unknown pooling 'maen'; did you mean mean"),
        ({"poolings": ["cls"]}, "'bad-plain' has no pooling 'cls'; it offers mean"),
        ({"poolings": ["word:0"]}, "pooling 'word:0' names no word that every sentence has"),
        ({"poolings": ["words"]}, "'words' is no pooling of a grid"),
        ({"controls": ["lenght"]}, "unknown control 'lenght'; did you mean length"),
        ({"controls": ["random-encoder"]}, "the control random-encoder needs an encoder with layers; there is none"),
        ({"groups": "documents"}, "unknown grouping 'documents'; did you mean document"),
        ({"encoders": ["minilm"], "layers": [7]}, r"'minilm' has the layers 0 \(embeddings\) to 6; 7 is not"),
        ({"layers": "last"}, r"layers is 'all', 'blocks' or a list of numbers, got 'last'; write layers=\[\.\.\.\]"),
        ({"layers": 3}, "layers is 'all', 'blocks' or a list of numbers, got 3"),
        ({"layers": ["1"]}, "layers is 'all', 'blocks' or a list of numbers, got \\['1'\\]"),
        ({"layers": [True]}, "or a list of numbers, got \\[True\\]"),
        ({"encoders": ["minilm"], "layers": ["7/6"]}, "to 6; 7/6 is not one of them"),
        ({"folds": 1}, "folds is 2 or more, or 0 for the corpus's own splits; got 1"),
        ({"folds": -2}, "folds is 2 or more"),
        ({"folds": True}, "folds is 2 or more"),
        ({"folds": 2.5}, "folds is 2 or more"),
        ({"seeds": ["a"]}, "each of seeds is a whole number of 0 or more, got 'a'"),
        ({"seeds": [1.5]}, "each of seeds is a whole number of 0 or more, got 1.5"),
        ({"keep": ["predicitons"]}, "unknown table 'predicitons' in keep"),
        ({"probes": ["logistic"]}, "probe 'logistic' answers label tasks; the grid has none"),
        ({"tasks": ["word/upos"]}, "probe 'linear-svr' answers number tasks; the grid has none"),
        (
            {"tasks": ["word/upos", "sentence/sent_length"]},
            "no probe of the grid answers 'word/upos' .*add one of .*logistic, mlp",
        ),
        ({"tasks": ["sentence/bad-labels"], "probes": []}, None),
    ],
)
def test_what_does_not_exist_is_refused_before_any_work(changed, message, monkeypatch):
    monkeypatch.setattr(
        "probekit.works.probing.corpora_room.load_corpus", lambda spec: pytest.fail("a corpus was read")
    )
    if message is None:
        assert grid(**changed).cells() == []
        return
    if changed.get("tasks", [""])[0].endswith("*"):
        monkeypatch.undo()  # only the corpus knows the members of families
    with pytest.raises(ProbekitError, match=message) as caught:
        grid(**changed)
    named = "did you mean" in message or message.startswith("unknown argument")
    assert isinstance(caught.value, UnknownName) == named or "table" in message


@pytest.mark.parametrize("axis", ["corpora", "encoders", "poolings", "tasks", "probes", "controls", "seeds", "keep"])
def test_a_list_given_as_a_string(axis):
    with pytest.raises(ProbekitError, match=rf"{axis} is a list, got 'mean'; write \['mean'\]"):
        grid(**{axis: "mean"})


def test_objects_without_a_spec_are_refused():
    corpus = pk.Corpus.from_words([["a", "b"]] * 6)
    plain = encoders.registry.get("bad-plain")()
    for changed in (
        {"corpora": [corpus]},
        {"encoders": [plain]},
        {"probes": [probes.get("ridge")()]},
        {"probes": [probes.get("ridge")]},
        {"tasks": [len]},
        {"corpora": [3]},
        {"encoders": [None]},
    ):
        with pytest.raises(
            ProbekitError, match="carries no spec, so no worker could rebuild it and no key could name it"
        ):
            grid(**changed)
    # Those that carry one are as good as it.
    loaded, encoder = pk.load_corpus("grammar(n=40)"), pk.load_encoder("bad-plain")
    assert [
        cell.name
        for cell in grid(corpora=[loaded], encoders=[encoder], tasks=[tasks.get("sentence/sent_length")]).cells()
    ] == [cell.name for cell in grid().cells()]


def test_a_user_s_probe_without_metadata_is_no_obstacle():
    with pytest.raises(ProbekitError, match="no probe of the grid answers 'word/upos'"):
        grid(tasks=["word/upos", "sentence/sent_length"], probes=["bad-probe"])
    assert len(grid(probes=["bad-probe"]).run("out")) == 4


def test_an_unknown_executor_is_refused_before_any_work():
    with pytest.raises(UnknownName, match="unknown executor 'slrum'"):
        grid().run("out", executor="slrum")
    assert not Path("out").exists()


def test_what_the_solver_could_not_finish_is_in_the_row():
    found = grid(probes=["linear-svr(max_iter=2)", "linear-svr"]).run("out")
    infos = found["info"].map(json.loads)
    stopped = found["probe"] == "linear-svr(max_iter=2)"
    assert not any(info["converged"] for info in infos[stopped]) and all(info["converged"] for info in infos[~stopped])
    assert found["note"][stopped].str.contains("stopped at 2 iterations with a relative gap of").all()
    assert all(info["gap"] > 1e-3 for info in infos[stopped]) and all(info["gap"] <= 1e-3 for info in infos[~stopped])


def test_a_bare_name_is_told_how_hub_models_and_files_are_written():
    with pytest.raises(ProbekitError, match=r"written hf:roberta-large, a file of vectors static:roberta-large"):
        probing("named", corpora=["grammar(n=20)"], encoders=["roberta-large"], tasks=["sentence/sent_length"])
