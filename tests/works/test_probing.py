"""The probing grid on small corpora, with encoders that need no model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_models as tiny
from scipy.stats import spearmanr

import probekit as pk
from probekit import corpora, encoders, probes, recipes, streams, tasks
from probekit.errors import ProbekitError
from probekit.grid.work import answer, make
from probekit.probes.linear_svr import LinearSVR
from probekit.works.probing import CONTROLS, ProbingGrid, probing
from probekit.works.units import group_of_sentence, make_folds, same_units

CORPUS = "grammar(n=120)"
NUMBERS = ("sentence/sent_length", "sentence/parse_depth", "sentence/upos_dist_NOUN")

# In a module of their own, so that worker processes can import them.
TOYS = '''
import hashlib
import numpy as np
import probekit as pk
from probekit import corpora, encoders, tasks

@encoders.register("toy-random")
class Random(encoders.WordEncoder):
    """A word is eight numbers drawn by its spelling; what was encoded is counted."""
    width = 8
    def __init__(self, shift: float = 0.0):
        self.shift = shift
    def vectors(self, words):
        drawn = [np.frombuffer(hashlib.blake2b(w.encode(), digest_size=16).digest(), np.uint16) for w in words]
        return np.array(drawn, np.float32)[None] / 65536 + self.shift

@encoders.register("toy-layers")
class Layers(encoders.WordEncoder):
    """Layer 0 is noise, layer 1 knows how long the sentence is, layer 2 how long the word is."""
    width, n_layers = 2, 3
    def vectors(self, words):
        noise = Random().vectors(words)[0, :, :2]
        n, letters = np.full(len(words), len(words)), [len(word) for word in words]
        return np.stack([noise, noise + np.array([n, n]).T, noise / 100 + np.array([letters, letters]).T])

class Knowing(encoders.WordEncoder):
    """Sentence vectors that are the targets of tasks, or word vectors that name the word's tag."""
    def __init__(self, corpus: str = "grammar(n=120)", tags: bool = False):
        self.tagged = tags
        self.corpus = pk.load_corpus(corpus)
        self.place = {text: i for i, text in enumerate(self.corpus.texts)}
        assert len(self.place) == self.corpus.n_sentences
        chosen = [tasks.get(spec) for spec in tasks.expand("sentence/profiling-68")]
        found = np.stack([task.targets(self.corpus) for task in chosen], axis=1)
        self.targets = (found - found.mean(0)) / np.maximum(found.std(0), 1e-9)
        self.tags = np.asarray(self.corpus.layers["upos"].codes)
        self.width = len(self.corpus.layers["upos"].categories) if tags else found.shape[1]
    def vectors(self, words):
        i = self.place[" ".join(words)]
        start = self.corpus.offsets[i]
        if not self.tagged:
            return np.repeat(self.targets[i][None, None], len(words), axis=1)
        return 10 * np.eye(self.width)[self.tags[start : start + len(words)]][None]

encoders.register("toy-knowing")(Knowing)

@tasks.register("sentence/toy-n-letters", level="sentence", kind="number", group="toy", metric="pearson")
def n_letters(corpus):
    return [sum(map(len, corpus.words(i))) for i in range(corpus.n_sentences)]

@tasks.register("sentence/toy-first", level="sentence", kind="label", group="toy")
def first(corpus, *, letters=1):
    return [corpus.words(i)[0][:letters] for i in range(corpus.n_sentences)]

@corpora.registry.register("toy-corpus")
def toy_corpus(n: int = 30):
    return corpora.load_corpus(f"grammar(n={n}, seed=5)")
'''


@pytest.fixture(scope="module", autouse=True)
def toys(tmp_path_factory):
    """The toy components as a module that worker processes can import."""
    folder = tmp_path_factory.mktemp("toys")
    (folder / "probing_toys.py").write_text(TOYS)
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(folder))
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")])))
    import probing_toys  # noqa: F401

    yield folder
    for registry in (encoders.registry, tasks.registry, corpora.registry):
        for name in [n for n in registry._entries if n.rpartition("/")[2].startswith("toy-")]:
            del registry._entries[name]
    del sys.modules["probing_toys"]
    patch.undo()


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """Results under the test's own folder."""
    monkeypatch.chdir(tmp_path)


def toy_grid(**changed) -> ProbingGrid:
    given = {
        "name": "toys",
        "corpora": [CORPUS],
        "encoders": ["toy-random"],
        "tasks": NUMBERS,
        "probes": ["ridge(alpha=1)"],
        "folds": 3,
    }
    return probing(**{**given, **changed})


def values(found: pd.DataFrame) -> pd.DataFrame:
    """Rows without what may differ from run to run: seconds."""
    found = found.sort_values(["key", "metric", "split", "subset"]).reset_index(drop=True)
    info = found["info"].map(json.loads)
    return found.assign(
        info=[json.dumps({k: v for k, v in one.items() if k != "seconds"}, sort_keys=True) for one in info]
    )


# --- rows


def test_rows_of_a_question():
    found = toy_grid(encoders=["toy-layers"], poolings=["mean", "max"], seeds=[0, 4]).run("out")
    assert not found.duplicated(["key", "metric", "split", "subset"]).any()
    axes = ["task", "encoder", "layer", "pooling", "probe", "control", "seed"]
    assert len(found) == 3 * 3 * 2 * 2 * (3 + 1) and len(found.drop_duplicates(axes)) == 3 * 3 * 2 * 2
    for _, rows in found.groupby(axes, dropna=False):
        folds = rows[rows["fold"].notna()].sort_values("fold")
        assert folds["fold"].tolist() == [0, 1, 2] and (folds["metric"] == "spearman").all()
        pooled = rows[rows["fold"].isna()]
        assert pooled["metric"].tolist() == ["spearman_pooled"] and pooled["n_test"].item() == 120
        assert folds["n_test"].sum() == 120 and ((folds["n_train"] + folds["n_test"]) == 120).all()
    one = found.iloc[0]
    assert (one["experiment"], one["dataset"], one["encoder"], one["split"]) == ("toys", CORPUS, "toy-layers", "cv")
    assert (one["trained_on"], one["subset"], one["control"], one["language"]) == ("", "", "", "en")
    assert one["probe"] == "ridge(alpha=1)" and one["setting"] == "folds=3;groups=sentence"
    assert (
        set(found["layer"]) == {0, 1, 2} and set(found["pooling"]) == {"mean", "max"} and set(found["seed"]) == {0, 4}
    )
    assert set(found["task_group"]) == {tasks.get(name).group for name in NUMBERS}
    assert (found["ci_low"] < found["value"]).all() and (found["value"] < found["ci_high"]).all()
    assert all({"alpha", "seconds", "interval"} <= set(json.loads(info)) for info in found["info"])
    scores = found[found["fold"].isna()].set_index(["task", "pooling", "layer", "seed"])["value"]
    assert scores["sentence/sent_length", "mean", 1, 0] > 0.99 > scores["sentence/sent_length", "mean", 0, 0]


def test_numbers_against_a_plain_loop():
    """Folds, fits and scores again, written out: only streams, vectors and targets are shared."""
    found = toy_grid(seeds=[7]).run("out")
    corpus = pk.load_corpus(CORPUS)
    X = pk.encode(corpus, "toy-random")[None, "mean"].astype(float)
    order = streams.generator(7, "split", "folds", "sentence").permutation(120)
    fold_of = {sentence: place % 3 for place, sentence in enumerate(order)}
    for name in NUMBERS:
        y = tasks.get(name).targets(corpus)
        rows = found[found["task"] == name].set_index("fold")["value"]
        everything = np.zeros(120)
        for fold in range(3):
            train = [i for i in range(120) if fold_of[i] != fold]
            test = [i for i in range(120) if fold_of[i] == fold]
            centred = X[train] - X[train].mean(0)
            weights = np.linalg.solve(centred.T @ centred + np.eye(8), centred.T @ (y[train] - y[train].mean()))
            predicted = (X[test] - X[train].mean(0)) @ weights + y[train].mean()
            everything[test] = predicted
            step = 1e-4 * y[train].std()
            assert rows[fold] == pytest.approx(spearmanr(y[test], np.round(predicted / step)).statistic, abs=2e-3)
        pooled = found[(found["task"] == name) & found["fold"].isna()]["value"].item()
        assert pooled == pytest.approx(spearmanr(y, np.round(everything / (1e-4 * y.std()))).statistic, abs=2e-3)


def test_a_gap_is_kept_short_and_still_bounds(monkeypatch):
    """Four digits of it, none of them lower than what the probe certified."""
    certified = []
    fit_many = LinearSVR.fit_many

    def watched(*asked, **options):
        found = fit_many(*asked, **options)
        certified.extend(info for (one,) in found for info in one.info_)
        return found

    monkeypatch.setattr(LinearSVR, "fit_many", watched)
    found = toy_grid(probes=["linear-svr"]).run("out", executor="serial")
    kept = [json.loads(info) for info in found.loc[found["fold"].notna(), "info"]]
    pairs = list(zip(sorted(one["gap"] for one in kept), sorted(one["gap"] for one in certified), strict=True))
    assert len(pairs) == 9 and all(own <= short <= own * 1.001 for short, own in pairs)
    assert all(float(f"{short:.3e}") == short for short, _ in pairs) and any(own < short for short, own in pairs)
    assert all(float(f"{one['objective']:.6g}") == one["objective"] for one in kept)


def test_labels_follow_their_sentences():
    """Vectors that are the targets: every task is answered perfectly in every fold, however sentences are dealt out."""
    for groups in ("sentence", "document"):
        found = toy_grid(
            corpora=["grammar(n=240)"],
            encoders=['toy-knowing(corpus="grammar(n=240)")'],
            tasks=["sentence/profiling-68"],
            probes=["ridge(alpha=0.000001)"],
            groups=groups,
        ).run(groups)
        undefined = found["value"].isna()
        assert (found["note"][undefined] != "").all() and undefined.mean() < 0.1
        assert found["value"][~undefined].min() > 0.98
        assert len(found) == 68 * 4
    words = toy_grid(encoders=["toy-knowing(tags=true)"], tasks=["word/upos"], probes=["logistic(C=100)"]).run("words")
    assert words["value"].min() == 1.0 and set(words["metric"]) == {
        "accuracy",
        "macro_f1",
        "accuracy_pooled",
        "macro_f1_pooled",
    }


def test_a_permuted_corpus_has_its_labels_moved_along(monkeypatch):
    monkeypatch.setattr(corpora.steps, "_entries", dict(corpora.steps._entries))

    @corpora.steps.register("toy-shuffle")
    def shuffle(corpus, seed: int = 0):
        return corpus.select(np.random.default_rng(seed).permutation(corpus.n_sentences))

    found = toy_grid(
        corpora=["grammar(n=240)|toy-shuffle(seed=3)"],
        encoders=['toy-knowing(corpus="grammar(n=240)")'],
        probes=["ridge(alpha=0.000001)"],
    ).run("out")
    assert found["value"].min() > 0.995


def test_word_tasks_and_the_code_length():
    found = toy_grid(tasks=["word/upos"], probes=["logistic(C=1)", "online-code(fractions=[0.1, 1])"]).run("out")
    corpus = pk.load_corpus(CORPUS)
    logistic = found[found["probe"] == "logistic(C=1)"]
    assert sorted(logistic["metric"]) == sorted(["accuracy", "macro_f1"] * 3 + ["accuracy_pooled", "macro_f1_pooled"])
    assert logistic[logistic["fold"].isna()]["n_test"].unique().tolist() == [corpus.n_words]
    assert (found["pooling"] == "").all() and "cluster bootstrap" in json.loads(logistic["info"].iloc[0])["interval"]
    code = found[found["metric"].isin(["codelength_bits", "compression"])]
    assert (code["split"] == "train").all() and code["fold"].notna().all() and len(code) == 6
    for fold in range(3):
        rows = code[code["fold"] == fold].set_index("metric")
        info = json.loads(rows["info"].iloc[0])
        n = rows["n_train"].iloc[0]
        assert info["uniform_bits"] == pytest.approx(n * np.log2(info["classes"]))
        assert rows["value"]["compression"] == pytest.approx(info["uniform_bits"] / rows["value"]["codelength_bits"])
        assert rows["value"]["compression"] > 1.05  # the words tell something of their tags


def test_tasks_of_one_cell_are_scored_by_their_own_metric():
    found = toy_grid(tasks=["sentence/sent_length", "sentence/toy-n-letters"]).run("out")
    metrics = found.groupby("task")["metric"].unique().map(set).to_dict()
    assert metrics == {
        "sentence/sent_length": {"spearman", "spearman_pooled"},
        "sentence/toy-n-letters": {"pearson", "pearson_pooled"},
    }


# --- folds


@pytest.mark.parametrize("groups", ["sentence", "document", "text"])
@pytest.mark.parametrize("name", ["sentence/sent_length", "word/upos"])
def test_groups_are_never_split(groups, name):
    corpus = pk.load_corpus("grammar(n=60)")
    twice = pk.Corpus.from_words([corpus.words(i % 40) for i in range(60)], document=[f"d{i // 7}" for i in range(60)])
    twice.layers["upos"] = pd.Categorical(["X"] * twice.n_words)
    for one in (corpus, twice):
        (part,) = same_units([tasks.get(name)], one, groups)
        folds = make_folds(part, one, 4, groups, 0)
        sentence = part.units["sentence"].to_numpy()
        tested = np.concatenate([fold.test["cv"] for fold in folds])
        assert sorted(tested) == list(range(len(part.units)))
        label = {
            "sentence": np.arange(one.n_sentences),
            "document": one.sentences["document"].to_numpy(),
            "text": np.array(one.texts),
        }[groups]
        for fold in folds:
            train, test = set(label[sentence[fold.train]]), set(label[sentence[fold.test["cv"]]])
            assert not train & test and fold.dev is None
            assert len(fold.train) + len(fold.test["cv"]) == len(part.units)
            assert len(np.unique(sentence[fold.test["cv"]])) == pytest.approx(one.n_sentences / 4, abs=9)
        # The same folds whatever is asked of the sentences, others with another seed.
        (other,) = same_units([tasks.get("sentence/toy-first")], one, groups)
        held = set(np.unique(sentence[folds[0].test["cv"]]))
        assert set(make_folds(other, one, 4, groups, 0)[0].test["cv"]) == held
        assert set(make_folds(other, one, 4, groups, 1)[0].test["cv"]) != held


def test_sentences_outside_documents_are_documents_of_their_own():
    corpus = pk.Corpus.from_words([["a"], ["a"], ["b"], ["a", "b"]], document=["x", "", "x", ""])
    assert group_of_sentence(corpus, "document").tolist() == [0, 1, 0, 2]
    assert group_of_sentence(corpus, "text").tolist() == [0, 0, 1, 2]
    assert group_of_sentence(corpus, "sentence").tolist() == [0, 1, 2, 3]


def test_the_grouping_changes_numbers_and_is_recorded():
    found = {groups: toy_grid(groups=groups).run(groups) for groups in ("sentence", "document", "text")}
    assert {rows["setting"].unique().item() for rows in found.values()} == {f"folds=3;groups={g}" for g in found}
    assert found["sentence"]["value"].tolist() != found["document"]["value"].tolist()
    assert len({key for rows in found.values() for key in rows["key"]}) == 3 * 3 * 4


def test_counts_of_right_labels_are_refused_for_numbers():
    with pytest.raises(ProbekitError, match="keep='groups' counts right labels, and 'sentence/"):
        toy_grid(keep=["groups"])


def test_the_corpus_s_own_splits():
    found = toy_grid(folds=0, probes=["ridge"], keep=["predictions"]).run("out")
    corpus = pk.load_corpus(CORPUS)
    assert (
        sorted(found["split"].unique()) == ["dev", "test"] and (found["metric"] == "spearman").all() and len(found) == 6
    )
    assert (
        found["fold"].isna().all()
        and found["key"].nunique() == 3
        and found["setting"].unique().item() == "folds=0;groups=sentence"
    )
    split = corpus.sentences["split"].to_numpy()
    X, y = pk.encode(corpus, "toy-random")[None, "mean"], tasks.get(NUMBERS[0]).targets(corpus)
    rows = {name: np.flatnonzero(split == name) for name in ("train", "dev", "test")}
    probe = probes.get("ridge")().fit(X[rows["train"]], y[rows["train"]], dev=(X[rows["dev"]], y[rows["dev"]]))
    kept = pk.read_table("out", "predictions")
    for name in ("dev", "test"):
        row = found[(found["task"] == NUMBERS[0]) & (found["split"] == name)].iloc[0]
        assert (row["n_train"], row["n_test"]) == (len(rows["train"]), len(rows[name]))
        lines = kept[(kept["key"] == row["key"]) & (kept["split"] == name)]
        assert lines["unit"].tolist() == rows[name].tolist()
        assert lines["score"].to_numpy() == pytest.approx(probe.predict(X[rows[name]]), rel=1e-5)
        assert json.loads(row["info"])["chosen"] == "dev"


# --- controls


def test_length_is_correlated_without_a_probe():
    found = toy_grid(controls=["length"], seeds=[0, 1]).run("out")
    corpus = pk.load_corpus(CORPUS)
    rows = found[found["control"] == "length"]
    assert (
        len(rows) == 6 and (rows["encoder"] == "").all() and rows["seed"].isna().all() and (rows["probe"] == "").all()
    )
    assert (rows["split"] == "all").all() and (rows["setting"] == "").all() and (rows["n_test"] == 120).all()
    for name in NUMBERS:
        rho = spearmanr(tasks.get(name).targets(corpus), corpus.lengths).statistic
        one = rows[rows["task"] == name].set_index("metric")["value"]
        assert one["spearman"] == pytest.approx(rho) and one["abs_spearman"] == pytest.approx(abs(rho))
    # Asked again with other folds, it is the same question.
    assert set(toy_grid(controls=["length"], folds=4).run("out").query("control == 'length'")["key"]) == set(
        rows["key"]
    )


def test_majority_and_word_majority():
    found = toy_grid(
        tasks=["word/upos", "sentence/toy-first"],
        probes=["logistic(C=1)"],
        controls=["majority", "word-majority"],
        keep=["predictions"],
    ).run("out")
    assert set(found["control"]) == {"", "majority", "word-majority"}
    assert set(found.query("control == 'word-majority'")["task"]) == {"word/upos"}
    assert set(found.query("control == 'majority'")["task"]) == {"word/upos", "sentence/toy-first"}
    corpus = pk.load_corpus(CORPUS)
    gold = np.asarray(corpus.layers["upos"], dtype=object)
    forms = np.asarray(corpus.form, dtype=object)
    (part,) = same_units([tasks.get("word/upos")], corpus, "sentence")
    for fold in make_folds(part, corpus, 3, "sentence", 0):
        test = fold.test["cv"]
        counts = pd.Series(gold[fold.train]).value_counts()
        commonest = sorted(counts.index[counts == counts.max()])[0]
        expected = {"majority": np.full(len(test), commonest, dtype=object), "word-majority": []}
        table = pd.DataFrame({"form": forms[fold.train], "tag": gold[fold.train]}).value_counts().reset_index()
        best = (
            table.sort_values(["count", "tag"], ascending=[False, True])
            .drop_duplicates("form")
            .set_index("form")["tag"]
        )
        expected["word-majority"] = [best.get(form, commonest) for form in forms[test]]
        for control, predicted in expected.items():
            row = found.query("task == 'word/upos' and metric == 'accuracy' and fold == @fold.number")
            row = row[row["control"] == control]
            assert row["value"].item() == pytest.approx(np.mean(np.asarray(predicted, dtype=object) == gold[test]))
    pooled = found.query("metric == 'accuracy_pooled' and task == 'word/upos'").set_index("control")["value"]
    assert pooled["majority"] < pooled[""] and pooled["majority"] < pooled["word-majority"]
    assert set(pk.read_table("out", "predictions")["key"]) == set(found.query("fold.isna()", engine="python")["key"])


def test_random_labels_are_asked_beside_the_probe():
    found = toy_grid(
        encoders=["toy-knowing(tags=true)"],
        tasks=["word/upos", "sentence/sent_length"],
        probes=["logistic(C=1)", "ridge"],
        controls=["random-labels"],
    ).run("out")
    drawn = found[found["control"] == "random-labels"]
    assert len(drawn) == len(found) / 2 and set(drawn["probe"]) == {"logistic(C=1)", "ridge"}
    pooled = found[found["fold"].isna()].set_index(["task", "metric", "control"])["value"]
    assert pooled["word/upos", "accuracy_pooled", ""] > pooled["word/upos", "accuracy_pooled", "random-labels"] + 0.3
    assert abs(pooled["sentence/sent_length", "spearman_pooled", "random-labels"]) < 0.3


@pytest.mark.slow
def test_a_random_encoder_is_asked_beside_the_encoder():
    found = toy_grid(
        corpora=["grammar(n=40)"], encoders=["minilm", "toy-random"], layers=[-1], controls=["random-encoder"]
    ).run("out")
    assert found.groupby("control")["encoder"].unique().map(sorted).to_dict() == {
        "": ["minilm", "toy-random"],
        "random-encoder": ["random:minilm"],
    }
    assert (
        set(found[found["encoder"] != "toy-random"]["layer"]) == {6}
        and found[found["encoder"] == "toy-random"]["layer"].isna().all()
    )
    asked, control = (found[found["encoder"] == name]["value"].to_numpy() for name in ("minilm", "random:minilm"))
    assert len(asked) == len(control) and not np.allclose(asked, control)


def test_every_control_is_known_and_says_when_it_has_nothing_to_ask(capsys):
    assert set(CONTROLS) == {"length", "majority", "word-majority", "random-labels", "random-encoder"}
    grid = toy_grid(controls=["majority", "word-majority"])
    assert grid.remarks() == (
        "the control majority is left out: no task of the kind label is asked",
        "the control word-majority is left out: no word task of the kind label is asked",
    )
    grid.run("out")
    assert "the control majority is left out" in capsys.readouterr().err


# --- tables


def test_predictions_join_by_key_and_give_the_pooled_score():
    found = toy_grid(keep=["predictions"], groups="document").run("out")
    kept = pk.read_table("out", "predictions")
    corpus = pk.load_corpus(CORPUS)
    pooled = found[found["fold"].isna()]
    assert set(kept["key"]) == set(pooled["key"]) and len(kept) == 3 * 120
    for _, row in pooled.iterrows():
        lines = kept[kept["key"] == row["key"]].sort_values("unit")
        gold = tasks.get(row["task"]).targets(corpus)
        assert lines["unit"].tolist() == list(range(120)) and lines["gold"].astype(float).to_numpy() == pytest.approx(
            gold
        )
        step = 1e-4 * gold.std()
        assert row["value"] == pytest.approx(spearmanr(gold, np.round(lines["score"] / step)).statistic, abs=1e-12)
        assert lines.groupby("group").ngroups == corpus.sentences["document"].nunique()
    before = (found["value"].tolist(), len(list(Path("out").glob("*.parquet"))))
    assert toy_grid(keep=["predictions"], groups="document").plan("out").open == 0
    assert toy_grid(groups="document").run("out")["value"].tolist() == before[0]


def test_predictions_asked_for_later():
    first = toy_grid().run("out")
    grid = toy_grid(keep=["predictions"])
    assert grid.plan("out").open == 3  # the questions over all folds
    again = grid.run("out")
    pd.testing.assert_frame_equal(values(again), values(first))
    assert not pd.read_parquet("out").duplicated(["key", "metric", "split", "subset"]).any()
    assert grid.plan("out").open == 0 and pk.read_table("out", "predictions")["key"].nunique() == 3


# --- the same everywhere


@pytest.mark.parametrize("probe", ["ridge", "linear-svr(C=0.5)"])
def test_one_task_at_a_time_gives_what_all_together_give(probe):
    together = toy_grid(probes=[probe]).run("together")
    for name in NUMBERS:
        alone = toy_grid(tasks=[name], probes=[probe]).run("alone")
        same = together[together["task"] == name]
        assert sorted(alone["key"]) == sorted(same["key"])
        left, right = (rows.set_index(["key", "metric"])["value"] for rows in (alone, same))
        assert (left - right).abs().max() < (1e-6 if probe == "ridge" else 2e-2)


def mixed_grid() -> ProbingGrid:
    """Components registered in a module of the user's: encoder, tasks, corpus."""
    return toy_grid(
        corpora=["toy-corpus(n=50)"],
        tasks=[*NUMBERS, "sentence/toy-first", "sentence/toy-n-letters"],
        probes=["linear-svr", "logistic(C=1)"],
        controls=["length", "majority", "random-labels"],
        keep=["predictions"],
    )


def run_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, **options
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and predictions of a run with a cache of its own."""
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / f"cache-{name}"))
    found = values(mixed_grid().run(name, **options))
    return found, pk.read_table(name, "predictions").sort_values(["key", "split", "unit"]).reset_index(drop=True)


def test_processes_give_the_table_of_a_serial_run(tmp_path, monkeypatch):
    serial = run_apart(tmp_path, monkeypatch, "serial")
    processes = run_apart(tmp_path, monkeypatch, "processes", executor="processes", workers=2)
    for one, other in zip(serial, processes, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.slow
def test_dask_gives_the_table_of_a_serial_run(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    serial = run_apart(tmp_path, monkeypatch, "serial")
    dask = run_apart(tmp_path, monkeypatch, "dask", executor="dask", workers=1)
    for one, other in zip(serial, dask, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_the_hash_seed_changes_nothing(tmp_path):
    code = """
import sys, probing_toys, probekit as pk
pk.probing("toys", corpora=["grammar(n=60)"], encoders=["toy-random"],
    tasks=["word/upos", "sentence/sent_length", "sentence/toy-first"],
    probes=["logistic(C=1)", "ridge", "online-code(fractions=[0.2, 1])"],
    controls=["majority", "word-majority", "random-labels", "length"], folds=3, keep=["predictions"]).run(sys.argv[1])
"""
    found = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PROBEKIT_CACHE": str(tmp_path / f"cache{seed}")}
        subprocess.run([sys.executable, "-c", code, f"out{seed}"], env=environment, check=True)
        kept = pk.read_table(f"out{seed}", "predictions").sort_values(["key", "split", "unit"]).reset_index(drop=True)
        found.append((values(pd.read_parquet(f"out{seed}")), kept))
    for one, other in zip(*found, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


# --- keys and planning


def questions(**changed) -> dict[tuple, str]:
    return {(q.axes["task"], q.axes["fold"]): q.key for cell in toy_grid(**changed).cells() for q in cell.questions}


def test_keys_change_with_what_the_answer_depends_on_and_with_nothing_else(monkeypatch):
    base = questions()
    assert base[NUMBERS[0], 0] == "4c90e60899b47954af35a46a96092627"  # a change leaves every stored answer out of date
    for changed in (
        {"corpora": ["grammar(n=121)"]},
        {"corpora": ["grammar(n=120, seed=1)"]},
        {"encoders": ["toy-random(shift=1)"]},
        {"poolings": ["max"]},
        {"probes": ["ridge(alpha=2)"]},
        {"seeds": [1]},
        {"folds": 4},
        {"groups": "text"},
    ):
        assert set(questions(**changed).values()).isdisjoint(base.values()), changed
    for changed in (
        {"name": "another"},
        {"keep": ["predictions"]},
        {"probes": ["ridge(alpha=1.0)"]},
        {"corpora": ["grammar(120, seed=0)"]},
        {"tasks": NUMBERS[::-1]},
        {"encoders": ["toy-random(0)"]},
    ):
        assert questions(**changed) == base, changed
    more = questions(tasks=[*NUMBERS, "sentence/toy-n-letters"], controls=["length"], poolings=["mean", "min"])
    assert set(base.values()) < {
        q.key
        for cell in toy_grid(tasks=[*NUMBERS, "sentence/toy-n-letters"], poolings=["mean", "min"]).cells()
        for q in cell.questions
    }
    assert len(more) > len(base)
    for registry, name in ((encoders.registry, "toy-random"), (probes.registry, "ridge"), (tasks.registry, NUMBERS[0])):
        with monkeypatch.context() as patch:
            patch.setattr(registry.entry(name), "revision", 9)
            moved = questions()
            same = {place for place in base if base[place] == moved[place]}
            assert same == ({p for p in base if p[0] != NUMBERS[0]} if registry is tasks.registry else set())


def test_a_thing_named_twice_is_asked_once():
    grid = toy_grid(
        encoders=["toy-random", "toy-random(0)"],
        probes=["ridge(1)", "ridge(alpha=1)"],
        poolings=["mean", "mean"],
        seeds=[0, 0],
    )
    plan = grid.plan("out")
    assert len(plan.cells) == 1 and plan.open == plan.asked == 12


def test_an_encoder_passes_once_over_a_corpus_for_all_that_is_open():
    grid = toy_grid(
        encoders=["toy-layers"], poolings=["mean", "max"], tasks=["word/upos", NUMBERS[0]], probes=["ridge", "logistic"]
    )
    (need,) = {need for cell in grid.plan("out").cells for need in cell.needs}
    assert sorted(map(tuple, recipes.of(need).content["wanted"])) == sorted(
        (layer, pooling) for layer in range(3) for pooling in ("mean", "max", "words")
    )
    assert all(cell.modules == ("probekit.works.probing_answers", "probing_toys") for cell in grid.plan("out").cells)


def test_poolings_that_one_encoder_lacks_are_left_out_and_said(capsys):
    Path("table.txt").write_text("the 1 0\na 0 1\n")
    grid = toy_grid(encoders=["toy-random", "static:table.txt"], poolings=["mean", "word:1"])
    assert grid.remarks() == () and len(grid.cells()) == 4
    with pytest.raises(pk.ProbekitError, match=r"has no (pooling 'cls'|cls)"):
        toy_grid(encoders=["toy-random", "static:table.txt"], poolings=["mean", "cls"])


def test_a_local_file_is_named_by_its_digest_and_never_by_its_path(tmp_path):
    Path("table.txt").write_text("the 1 0\na 0 1\n")
    found = toy_grid(encoders=["static:table.txt"]).run("out")
    (name,) = found["encoder"].unique()
    assert name.startswith("static:table.txt-") and str(tmp_path) not in name
    coverage = json.loads(found["info"].iloc[0])
    assert coverage["words"] == pk.load_corpus(CORPUS).n_words and 0 < coverage["known"] < coverage["words"]


def test_rows_tell_of_words_that_the_encoder_cannot_read(tmp_path):
    """Half of the words are of a script that its vocabulary lacks; in the other corpus none is."""
    for name, word in (("strange", "ಮನೆ"), ("known", "house")):
        lines = [f"the {'old ' * (i % 4)}{f'{word} ' * (1 + i % 4)}" for i in range(24)]
        (tmp_path / f"{name}.tsv").write_text(
            "label\ttext\n" + "".join(f"{line[:5].strip()}\t{line.strip()}\n" for line in lines)
        )
    given = [f"text:{tmp_path}/{name}.tsv" for name in ("strange", "known")]
    with pytest.warns(UserWarning, match=r"the encoder cannot read 50% of the words"):
        found = toy_grid(
            corpora=given, encoders=[f"hf:{tiny.folder('bert')}"], layers=[1], tasks=["sentence/toy-n-letters"]
        ).run()
    for name, share in (("strange", 0.5), ("known", 0.0)):
        rows = found[found["dataset"].str.contains(name)]
        assert len(rows) == 4 and all(json.loads(info)["unread_words"] == share for info in rows["info"])
        assert all(("the encoder cannot read 50% of the words" in note) == (share > 0) for note in rows["note"])


def test_planning_reads_no_corpus_and_loads_no_torch(tmp_path):
    code = """
import functools, sys
import probekit as pk
from probekit import corpora
from probekit.corpora.readers import conllu

def poisoned(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        raise SystemExit("a corpus was read")
    return wrapper

for name in ("conllu", "grammar"):
    entry = corpora.registry.entry(name)
    entry.target = poisoned(entry.load())
grid = pk.probing("p", corpora=["conllu:c.conllu", "grammar(n=50)"], encoders=["minilm", "static:t.txt"],
    poolings=["mean", "cls"], tasks=["sentence/profiling-68", "word/upos", "sentence/dep_dist_nsubj"],
    probes=["linear-svr", "ridge", "logistic"], keep=["predictions"],
    controls=["length", "majority", "random-labels", "random-encoder"])
plan = grid.plan("out")
heavy = ("torch", "transformers", "sklearn", "matplotlib")
print(plan.open > 1000, len(plan.cells) > 50, [m for m in heavy if m in sys.modules])
try:
    plan.estimate()
except SystemExit as error:
    print(error)
"""
    (tmp_path / "c.conllu").write_text("1\ta\ta\tX\tX\t_\t0\troot\t_\t_\n\n")
    (tmp_path / "t.txt").write_text("a 1 2\nb 2 3\n")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert run.stdout == "True True []\na corpus was read\n", run.stderr


def test_a_run_of_what_is_finished_reads_no_corpus_and_loads_no_torch(tmp_path):
    code = """
import sys
import probekit as pk
from probekit import corpora, encoders

def poisoned(*args, **kwargs):
    raise SystemExit("something was loaded")

if sys.argv[1] == "again":
    corpora.load_corpus = encoders.load_encoder = poisoned
if __name__ == "__main__":
    grid = pk.probing("p", corpora=["grammar(n=40)"], encoders=["static:t.txt"], tasks=["sentence/profiling-68"],
        probes=["ridge", "linear-svr"], controls=["length"], keep=["predictions"])
    found = grid.run("out", "processes", workers=1)
    loaded = [m for m in ("torch", "transformers", "sklearn", "matplotlib") if m in sys.modules]
    print(len(found), round(found["value"].sum(), 6), loaded if sys.argv[1] == "again" else "")
"""
    (tmp_path / "t.txt").write_text("the 1 2\na 2 3\n. 0 1\n")
    (tmp_path / "twice.py").write_text(code)
    commands = [[sys.executable, "twice.py", how] for how in ("first", "again")]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for command in commands]
    said = [run.stdout.split(" ", 2) for run in runs]
    assert said[0][:2] == said[1][:2] and said[0][0] == str(2 * 68 * 6 + 2 * 68) and said[1][2] == "[]\n"


def test_an_estimate_grows_with_the_grid(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))  # nothing is made yet
    small, large = (toy_grid(poolings=poolings) for poolings in (["mean"], ["mean", "max"]))
    (minutes, disk), (more, more_disk) = (grid.plan("out").estimate() for grid in (small, large))
    assert 0 < minutes < more and 0 < disk < more_disk


def test_the_manifest_names_data_and_weights():
    toy_grid(tasks=[tasks.get(NUMBERS[0])], corpora=[pk.load_corpus(CORPUS)]).run("out")
    grid = json.loads(Path("out/_manifest.json").read_text())["runs"][0]["grid"]
    assert (
        grid["axes"]["task"] == [NUMBERS[0]]
        and grid["axes"]["dataset"] == [CORPUS]
        and grid["axes"]["probe"] == ["ridge(alpha=1)"]
    )
    assert grid["data"] == {CORPUS: corpora.describe(CORPUS).digest}
    assert grid["weights"] == {"toy-random": encoders.describe("toy-random").digest}


def test_a_cell_answers_open_questions_only():
    (cell,) = toy_grid().cells()
    for need in toy_grid().with_needs([cell])[0].needs:
        make(need, recipes.of(need).key, cell.modules)
    some = replace(cell, questions=cell.questions[1:3])
    rows, _ = answer(some)
    assert rows["key"].to_pylist() == [q.key for q in some.questions]


def test_the_key_of_a_probe_in_a_probe_holds_both_revisions(monkeypatch):
    def key() -> str:
        grid = probing(
            "codes",
            corpora=["grammar(n=20)"],
            encoders=["word2vec:grammar(size=5)"],
            tasks=["word/upos"],
            probes=["online-code(probe=logistic)"],
        )
        return grid.cells()[0].questions[0].key

    before = key()
    monkeypatch.setattr(probes.registry.entry("logistic"), "revision", 99)
    assert key() != before
