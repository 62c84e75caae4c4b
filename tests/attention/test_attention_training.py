"""Regularizers, adversaries, and the study's cells: what they add, what they refuse, the same table again."""

from __future__ import annotations

import golden_attention
import numpy as np
import plain_attention as plain
import pytest
import torch
from attention_models import CORPUS, SMALL, own, texts

from probekit.attention import imitation, regularizers, view_of
from probekit.attention.imitation import imitate
from probekit.learners.objectives import MaskedLanguageModel, Tying, canonical_spec, read, regularized
from probekit.attention.weights import jensen_shannon
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier import MASK, SPECIAL, own_module
from probekit.learners.classifier_training import Labelled, Recipe, classification_loss, train_classifier, with_settings
from probekit.registry import parameters
from probekit.rows import parse_setting
from probekit.specs import Spec, parse
from probekit.training.loop import Settings
from probekit.works.attention import AttentionGrid, asked


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


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_the_masked_loss_is_the_cross_entropy_of_masked_words(reduce):
    classifier = own()
    batch, vectors, raw = batch_of(classifier)
    part = MaskedLanguageModel(eta=0.7, p=0.4, reduce=reduce)
    torch.manual_seed(5)
    found = float(part.loss(classifier.module, batch, vectors, raw))
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
    short, corpus = with_settings(SMALL, epochs=1), load_corpus(CORPUS)
    recipe, loss = regularized(short, spec)
    made = train_classifier(corpus, recipe, 0, loss)[0]
    base, base_loss = regularized(short, "base")
    plainly = train_classifier(corpus, base, 0, base_loss)[0]
    again = train_classifier(corpus, short, 0, classification_loss)[0]
    assert torch.equal(plainly.module.body.out.weight, again.module.body.out.weight)  # base adds nothing
    assert made.module.body.join == next((j for j in ("concat", "residual") if j in spec), "none")
    weights = [one.module.body.forwards[0].weight_hh_l0 for one in (made, plainly)]
    assert not torch.allclose(*weights)


def test_tying_brings_states_to_their_words():
    def distance(classifier) -> float:
        batch, vectors, raw = batch_of(classifier)
        return plain.tying(raw.detach().numpy(), vectors.detach().numpy(), batch.text.lengths.tolist())

    assert distance(own("tying(delta=1)")) < 0.8 * distance(own())


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, known in golden_attention.OPTIONS.items() for o in known])
def test_an_option_of_a_regularizer_changes_its_loss(name, option):
    spec = parse(golden_attention.SPECS[name])
    changed = Spec(name, None, (), {**spec.kwargs, option: golden_attention.OPTIONS[name][option]})
    plain_loss, other = (golden_attention.regularizer_numbers(str(s))[0] for s in (spec, changed))
    assert abs(plain_loss - other) > 1e-3
    assert set(golden_attention.OPTIONS[name]) == set(parameters(regularizers.get(name)))


def test_specs_of_regularizers_are_read_and_refused():
    assert canonical_spec("tying(delta=1)|mlm(p=0.15, eta=2)") == "tying|mlm(eta=2)"
    assert [type(one).__name__ for one in read("residual|tying(delta=0.1)")] == ["Residual", "Tying"]
    for spec, kind, message in (
        ("tieing", UnknownName, "did you mean tying"),
        ("tying(gamma=1)", UnknownName, "argument of attention regularizer 'tying': 'gamma'"),
        ("tying(delta=0)", ProbekitError, "must be a number above 0, got 0; base is the classifier without it"),
        ("mlm(p=1)", ProbekitError, r"mlm\(p=1\) must lie between 0 and 1"),
        ("concat|residual", ProbekitError, "joins states and embeddings in two ways"),
    ):
        with pytest.raises(kind, match=message):
            read(spec)
    with pytest.raises(ProbekitError, match="regularizers are for attention classifiers"):
        regularized(Recipe("text-cnn", "random"), "tying")
    recipe, loss = regularized(Recipe("bilstm(hidden=5)", "random(width=16)"), "tying")
    with pytest.raises(ProbekitError, match=r"states of width 10 with embeddings of width 16.*set hidden=8"):
        train_classifier(load_corpus(CORPUS), recipe, 0, loss)


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


@pytest.fixture
def quick(monkeypatch):
    from probekit.attention.reporting import Sizes
    from probekit.works import attention as cells

    monkeypatch.setattr(cells, "SETTINGS", Settings(rate=0.01, epochs=2, patience=2, clip=5.0))
    monkeypatch.setattr(cells, "SIZES", Sizes(clusters=5, types=20, sample=10, draws=2))
    monkeypatch.setattr(cells, "IMITATION_SETTINGS", Settings(rate=0.01, epochs=1, clip=5.0))


def test_a_cell_answers_with_every_measure_and_its_tables(quick, tmp_path):
    axes = {**POINT, "regularizer": ["base", "concat", "tying(delta=0.03)"], "attention": ["additive"], "seed": [0]}
    grid = AttentionGrid("attention-test", "attention", axes, ["points", "tokens"])
    rows = grid.run(tmp_path / "a")
    metrics = rows.groupby(rows["setting"].map(lambda s: parse_setting(s)["regularizer"]))["metric"].apply(set)
    assert "mi_frequent" in metrics["base"] and "mi_frequent" not in metrics["concat"]
    assert set(rows["dataset"]) == {CORPUS} and set(rows["task"]) == {"sentence/label"}
    import pandas as pd

    points = pd.read_parquet(tmp_path / "a" / "_tables" / "points")
    base = rows[(rows["metric"] == "ptp")].iloc[0]
    own_points = points[points["key"] == base["key"]]
    assert own_points[own_points["y"] > 0.5]["x"].mean() == pytest.approx(base["value"], abs=1e-6)
    tokens = pd.read_parquet(tmp_path / "a" / "_tables" / "tokens")
    assert set(tokens["series"]) == {"probability", "weight", "answer"}
    assert grid.plan(tmp_path / "a").open == 0
    again = AttentionGrid("attention-test", "attention", axes).run(tmp_path / "b")
    assert rows.drop(columns="info").equals(again.drop(columns="info"))


def test_training_is_watched_and_adversaries_are_cells(quick, tmp_path):
    axes = {**POINT, "regularizer": ["base"], "attention": ["dot"], "seed": [0], "query": ["normal", "default"]}
    watched = AttentionGrid("attention-test", "attention-training", axes, ["curve"]).run(tmp_path / "w")
    assert len(watched) == 2 and watched["value"].between(0, 1.0001).all()
    axes = {**POINT, "regularizer": ["base"], "attention": ["additive"], "seed": [0], "lambda": [0.0, 1.0]}
    found = AttentionGrid("attention-test", "attention-imitation", axes).run(tmp_path / "i")
    assert sorted(found["metric"]) == ["jsd", "jsd", "tvd", "tvd"]


def test_a_point_names_what_is_trained():
    point = {name: values[0] for name, values in POINT.items()}
    point |= {"regularizer": "residual", "attention": "dot", "seed": 0}
    corpus, recipe, _ = asked(point)
    assert corpus == f"{CORPUS}|truncate(n=12)" and recipe.model == "bilstm(attention=dot, join=residual)"
    corpus, recipe, _ = asked({**point, "cut": 0, "query": "default", "embeddings": "trained", "layers": 2})
    assert corpus == CORPUS and recipe.trainable
    assert recipe.model == "bilstm(attention=dot, join=residual, layers=2, query=default)"
