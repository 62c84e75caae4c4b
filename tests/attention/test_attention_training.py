"""Regularizers, adversaries, and the study's cells: what they add, what they refuse, the same table again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import plain_attention as plain
import pytest
import torch
from attention_models import CORPUS, SMALL, own, texts

from probekit import attention, recipes
from probekit.attention import imitation, view_of
from probekit.attention.imitation import imitate
from probekit.attention.weights import jensen_shannon
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.learners.catalogue import regularizers
from probekit.learners.classifier import MASK, SPECIAL, Labelled, own_module
from probekit.learners.classifier_training import Design, train_classifier
from probekit.learners.objectives import MaskedLanguageModel, Regularizer, Tying, describe, read
from probekit.rows import parse_setting
from probekit.sources import parameters
from probekit.training.loop import Settings
from probekit.works.attention import classifier_spec, corpus_of


def batch_of(classifier, n: int = 6) -> tuple[Labelled, torch.Tensor, torch.Tensor]:
    words, labels = texts()
    text = classifier.batch(words[:n])
    gold = torch.tensor([classifier.labels.index(label) for label in labels[:n]])
    vectors = classifier.embed(text)
    with torch.no_grad():
        return Labelled(text, gold), vectors, classifier.module.body.raw(vectors, text.mask)


# --- regularizers ---------------------------------------------------------------------------------------------------


def test_tying_is_the_mean_squared_distance_over_words():
    batch, vectors, raw = batch_of(own())
    expected = plain.tying(raw.detach().numpy(), vectors.detach().numpy(), batch.text.lengths.tolist())
    assert float(Tying(0.5).loss(own().module, batch, vectors, raw)) == pytest.approx(0.5 * expected, rel=1e-4)


def test_masking_takes_the_usual_shares_and_never_special_words():
    ids = torch.randint(0, 400, (400, 50), generator=torch.Generator().manual_seed(0))
    mask = torch.arange(50)[None] < torch.randint(1, 51, (400, 1), generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    chosen, corrupted = MaskedLanguageModel(p=0.3).corrupt(ids, mask, 400)
    assert not torch.any(chosen & ~mask) and not torch.any(chosen & (ids < len(SPECIAL)))
    assert torch.equal(corrupted[~chosen], ids[~chosen])
    able = mask & (ids >= len(SPECIAL))
    assert abs(float(chosen.sum() / able.sum()) - 0.3) < 0.02
    masked, same = (corrupted == MASK)[chosen].float().mean(), (corrupted == ids)[chosen].float().mean()
    assert abs(float(masked) - 0.8) < 0.02 and abs(float(same) - 0.1) < 0.02
    assert torch.all(corrupted[chosen] >= MASK)


def test_words_that_training_is_not_about_are_neither_told_nor_put_in_place():
    ids, mask = torch.full((50, 20), 30), torch.ones(50, 20, dtype=torch.bool)
    ids[:, ::2] = 7
    chosen, corrupted = MaskedLanguageModel(p=0.5).corrupt(ids, mask, 10)
    assert chosen.any() and not chosen[:, 1::2].any() and (corrupted[:, 1::2] == 30).all()
    assert (corrupted[:, ::2] < 10).all()


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_the_masked_loss_is_the_cross_entropy_of_masked_words(reduce):
    classifier = own()
    batch, vectors, raw = batch_of(classifier)
    part = MaskedLanguageModel(eta=0.7, p=0.4, reduce=reduce)
    torch.manual_seed(5)
    found = float(part.loss(classifier.module, batch, vectors, raw).detach())
    torch.manual_seed(5)
    chosen, corrupted = part.corrupt(batch.text.ids, batch.text.mask, len(classifier.words))
    weight, total, n = classifier.module.embedding.weight, 0.0, 0
    states = classifier.module.body.raw(weight[corrupted], batch.text.mask)
    for i, t in chosen.nonzero().tolist():
        scores = (weight[3:] @ states[i, t]).tolist()
        target = int(batch.text.ids[i, t]) - 3
        total += np.log(np.sum(np.exp(np.array(scores) - max(scores)))) + max(scores) - scores[target]
        n += 1
    assert n > 3
    assert found == pytest.approx(0.7 * total / (n if reduce == "mean" else len(batch.text.ids)), rel=1e-4)


def test_embeddings_learn_nothing_from_masked_words():
    classifier = own()
    module = own_module("bilstm", {}, 2, classifier.module.embedding.weight.detach().clone())
    batch, vectors, _ = batch_of(classifier)
    torch.manual_seed(0)
    raw = module.body.raw(vectors, batch.text.mask)
    MaskedLanguageModel(p=0.5).loss(module, batch, vectors, raw).backward()
    assert module.embedding.weight.grad is None
    assert module.body.forwards[0].weight_hh_l0.grad.abs().sum() > 0


@pytest.mark.parametrize("spec", ["concat", "residual", "tying(delta=0.1)", "mlm(eta=0.1)", "concat|tying(delta=0.1)"])
def test_every_regularizer_changes_what_is_learned(spec):
    short = replace(SMALL, settings=replace(SMALL.settings, epochs=1))
    made, plainly, again = (
        train_classifier(load_corpus(CORPUS), replace(short, regularizer=one), 0)[0] for one in (spec, "base", "")
    )
    assert torch.equal(plainly.module.body.out.weight, again.module.body.out.weight)  # base adds nothing
    assert made.module.body.join == next((j for j in ("concat", "residual") if j in spec), "none")
    weights = [one.module.body.forwards[0].weight_hh_l0 for one in (made, plainly)]
    assert not torch.allclose(*weights)


def test_tying_brings_states_to_their_words():
    def distance(classifier) -> float:
        batch, vectors, raw = batch_of(classifier)
        return plain.tying(raw.detach().numpy(), vectors.detach().numpy(), batch.text.lengths.tolist())

    assert distance(own("tying(delta=1)")) < 0.8 * distance(own())


# A usual spec of each, and another value of every option that it has.
SPECS = {"base": "base", "concat": "concat", "residual": "residual", "tying": "tying(delta=0.3)"}
SPECS["mlm"] = "mlm(eta=0.3, p=0.4)"
OTHERS = {
    "tying": ["tying(delta=0.5)"],
    "mlm": ["mlm(eta=0.5, p=0.4)", "mlm(eta=0.3, p=0.6)", "mlm(eta=0.3, p=0.4, reduce=mean)"],
}


def added(spec: str) -> float:
    """What a regularizer adds to the loss of a batch."""
    batch, vectors, raw = batch_of(own())
    torch.manual_seed(3)
    (part,) = read(spec)
    return float(part.loss(own().module, batch, vectors, raw))


@pytest.mark.parametrize(("name", "other"), [(name, other) for name, several in OTHERS.items() for other in several])
def test_an_option_of_a_regularizer_changes_its_loss(name, other):
    assert abs(added(SPECS[name]) - added(other)) > 1e-3


def test_every_regularizer_and_option_is_tried_here():
    assert set(SPECS) == set(regularizers.names())
    for name in SPECS:
        assert len(OTHERS.get(name, [])) == len(parameters(regularizers.get(name))), name


def test_specs_of_regularizers_are_read_and_refused():
    assert describe("tying(delta=1)|mlm(p=0.15, eta=2)").spec == "tying|mlm(eta=2)"
    assert describe("tying").digest == describe("tying(delta=1)").digest != describe("tying(delta=2)").digest
    assert [type(one).__name__ for one in read("residual|tying(delta=0.1)")] == ["Residual", "Tying"]
    for spec, kind, message in (
        ("tieing", UnknownName, "did you mean tying"),
        ("tying(gamma=1)", UnknownName, "argument of attention regularizer 'tying': 'gamma'"),
        ("tying(delta=0)", ProbekitError, "delta of this attention regularizer is a number above 0"),
        ("mlm(p=1)", ProbekitError, r"mlm\(p=1\) must lie between 0 and 1"),
        ("concat|residual", ProbekitError, "joins states and embeddings in two ways"),
    ):
        with pytest.raises(kind, match=message):
            read(spec)
        with pytest.raises(kind, match=message):
            recipes.of(f'classifier:cues(vectors=random, regularizer="{spec}")')  # before any work
    with pytest.raises(ProbekitError, match="regularizers are for attention classifiers"):
        _ = Design("text-cnn", "random", regularizer="tying").network
    narrow = replace(SMALL, model="bilstm(hidden=5)", regularizer="tying")
    with pytest.raises(ProbekitError, match=r"states of width 10 with embeddings of width 16.*set hidden=8"):
        train_classifier(load_corpus(CORPUS), narrow, 0)


def test_a_regularizer_of_a_user_s_own_is_trained_with(monkeypatch):
    """Registered where the room shows it, it is known to every recipe."""

    class Small(Regularizer):
        def loss(self, module, batch, vectors, raw):
            return raw.square().mean()

    monkeypatch.setattr(attention.regularizers, "_entries", dict(attention.regularizers._entries))
    attention.regularizers.register("small-states")(Small)
    made = recipes.of("classifier:cues(vectors=random, regularizer=small-states)")
    assert made.key != recipes.of("classifier:cues(vectors=random, regularizer=base)").key
    assert Small.__module__ in made.modules


# --- adversaries ----------------------------------------------------------------------------------------------------


def test_an_adversary_is_rewarded_for_other_attention(monkeypatch):
    train_texts, dev, test = (texts(split)[0] for split in ("train", "dev", "test"))
    short = Settings(rate=0.01, epochs=6, patience=6, clip=5.0)
    alike, apart = (imitate(own(), train_texts, dev, test, weight, settings=short) for weight in (0.0, 3.0))
    assert 0 < alike.tvd < 0.3 and 0 <= alike.jsd < np.log(2)
    assert apart.jsd > alike.jsd + 0.05
    again = imitate(own(), train_texts, dev, test, 3.0, settings=short)
    assert again == apart
    with pytest.raises(ProbekitError, match="lambda must be 0 or more"):
        imitate(own(), train_texts, dev, test, -1)


def test_distances_of_a_classifier_to_itself_are_zero():
    chances, looked = imitation._answers(own(), texts()[0])
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    for row, words in enumerate(texts()[0][:5]):
        reading = view_of(own()).read(own().batch([words]))
        assert np.allclose(looked[row], reading.weights[0, 0, 0], atol=1e-6)
        assert float(jensen_shannon(torch.from_numpy(looked[row]), torch.from_numpy(looked[row]))) < 1e-6


# --- cells ----------------------------------------------------------------------------------------------------------

POINT = {
    "dataset": [CORPUS], "positive": ["b"], "vectors": ["random(width=16)"], "cut": [12], "layers": [1],
    "query": ["normal"], "embeddings": ["frozen"], "patience": [2],
}  # fmt: skip


def ask(work: str, keep=(), **axes) -> Grid:
    found = {**POINT, "seed": [0], **axes}
    return Grid("attention-test", work, found, keep, share=[axis for axis in found if axis not in ("probe", "lambda")])


@pytest.fixture
def quick(monkeypatch):
    """Few clusters, words and texts; adversaries of one epoch."""
    from probekit.attention.reporting import Sizes
    from probekit.works import attention as cells

    monkeypatch.setattr(cells, "SIZES", Sizes(clusters=5, types=20, sample=10, draws=2))
    monkeypatch.setattr(cells, "IMITATION_SETTINGS", Settings(rate=0.01, epochs=1, clip=5.0))


def test_a_cell_answers_with_every_measure_and_its_tables(quick, tmp_path):
    axes = {"regularizer": ["base", "concat", "tying(delta=0.03)"], "attention": ["additive"]}
    grid = ask("attention", ["points", "tokens"], **axes)
    rows = grid.run(tmp_path / "a")
    metrics = rows.groupby(rows["setting"].map(lambda s: parse_setting(s)["regularizer"]))["metric"].apply(set)
    assert "mi_frequent" in metrics["base"] and "mi_frequent" not in metrics["concat"]
    assert set(rows["dataset"]) == {CORPUS} and set(rows["task"]) == {"sentence/label"}
    points = pd.read_parquet(tmp_path / "a" / "_tables" / "points")
    base = rows[(rows["metric"] == "ptp")].iloc[0]
    own_points = points[points["key"] == base["key"]]
    assert own_points[own_points["y"] > 0.5]["x"].mean() == pytest.approx(base["value"], abs=1e-6)
    tokens = pd.read_parquet(tmp_path / "a" / "_tables" / "tokens")
    assert set(tokens["series"]) == {"probability", "weight", "answer"}
    assert grid.plan(tmp_path / "a").open == 0
    again = ask("attention", **axes).run(tmp_path / "b")
    assert rows.drop(columns="info").equals(again.drop(columns="info"))


def test_training_is_watched_and_adversaries_are_cells(quick, tmp_path):
    watched = ask(
        "attention-training", ["curve"], regularizer=["base"], attention=["dot"], query=["normal", "default"]
    ).run(tmp_path / "w")
    assert len(watched) == 2 and watched["value"].between(0, 1.0001).all()
    kept = pd.read_parquet(tmp_path / "w" / "_tables" / "curve")
    assert set(kept["key"]) == set(watched["key"]) and kept["value"].between(0, 1.0001).all()
    axes = {"regularizer": ["base"], "attention": ["additive"], "lambda": [0.0, 1.0]}
    found = ask("attention-imitation", **axes).run(tmp_path / "i")
    assert sorted(found["metric"]) == ["jsd", "jsd", "tvd", "tvd"]


def test_a_point_names_what_is_trained():
    point = {name: values[0] for name, values in POINT.items()}
    point |= {"regularizer": "residual", "attention": "dot", "seed": 0}
    said = classifier_spec(point).kwargs
    assert corpus_of(point) == f"{CORPUS}|truncate(n=12)" and not said["trainable"] and said["patience"] == 2
    assert str(Design(said["model"], regularizer=said["regularizer"]).network) == "bilstm(attention=dot, join=residual)"
    point |= {"cut": 0, "query": "default", "embeddings": "trained", "layers": 2}
    said = classifier_spec(point).kwargs
    assert corpus_of(point) == CORPUS and said["trainable"]
    joined = Design(said["model"], regularizer=said["regularizer"]).network
    assert str(joined) == "bilstm(attention=dot, join=residual, layers=2, query=default)"


def test_a_classifier_is_one_recipe_whatever_is_asked_of_it():
    """The measures and the adversaries of a point share a training; everything that changes it changes the key."""
    axes = {"regularizer": ["base"], "attention": ["additive"]}
    needs = {work: ask(work, **axes, **more).cells()[0].needs for work, more in (
        ("attention", {}), ("attention-imitation", {"lambda": [0.0]}), ("attention-explanations", {"probe": ["lrp"]})
    )}  # fmt: skip
    assert len(set(needs.values())) == 1 and len(needs["attention"]) == 1
    assert ask("attention-training", **axes).cells()[0].needs == ()  # it trains under watch, by itself

    def keys(**changed) -> tuple[str, str]:
        """Of the question, and of the classifier that it needs."""
        (cell,) = ask("attention", **{**axes, **changed}).cells()
        return cell.questions[0].key, recipes.of(cell.needs[0]).key

    base = keys()
    for changed in (
        {"dataset": ["cues(n=421)"]}, {"vectors": ["random(width=18)"]}, {"cut": [11]}, {"layers": [2]}, {"seed": [1]},
        {"query": ["default"]}, {"embeddings": ["trained"]}, {"patience": [3]}, {"regularizer": ["mlm"]},
        {"attention": ["dot"]},
    ):  # fmt: skip
        assert not set(keys(**changed)) & set(base), changed
    other_class = keys(positive=["a"])
    assert other_class[0] != base[0] and other_class[1] == base[1]
    same = {"dataset": ["cues(420)"], "vectors": ["random(spread=0.3, width=16)"]}
    assert keys(**same) == base


@pytest.mark.parametrize(
    ("axis", "value", "message"),
    [
        ("regularizer", "tieing", "unknown attention regularizer 'tieing'; did you mean tying"),
        ("attention", "adtive", "value of the axis 'attention': 'adtive'; did you mean additive"),
        ("query", "usual", "value of the axis 'query': 'usual'"),
        ("embeddings", "learned", "value of the axis 'embeddings': 'learned'"),
        ("dataset", "ceus", "unknown corpus 'ceus'; did you mean cues"),
        ("vectors", "glvoe", "glvoe"),
        ("measured_on", "train", "value of the axis 'measured_on': 'train'"),
    ],
)
def test_what_a_grid_cannot_ask_is_refused_before_any_work(axis, value, message):
    with pytest.raises(ProbekitError, match=message):
        ask("attention", **{"regularizer": ["base"], "attention": ["dot"], axis: [value]}).cells()
