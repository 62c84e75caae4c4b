"""The tuner: what it asks, what its objectives are equal to, that it goes on after a break, what it refuses."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from tiny_models import folder
from transformers import AutoModel

from probekit import encoders, recipes, tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.encoders.activations import encode
from probekit.encoders.live import live
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.tuning import objectives, training
from probekit.learners.tuning.answers import paths, raw
from probekit.learners.tuning.ball import Ball
from probekit.learners.tuning.examples import ask
from probekit.learners.tuning.perturbing import Pass, divergence, loss_of, unit_of
from probekit.learners.tuning.saved import SavedTuned
from probekit.learners.tuning.training import Design, Draws, Job, make_network, tune
from probekit.specs import Spec
from probekit.training import checkpoint
from probekit.training.loop import Settings

WORDS = {"old": ["house", "street", "garden"], "new": ["children", "river", "reading"]}
FEW = Settings(rate=1e-3, epochs=2, patience=2, clip=1.0, schedule="linear(warmup=0.1)")


def texts(n=36, splits=("train", "dev", "test"), **more):
    rng = np.random.default_rng(0)
    rows, labels = [], []
    for k in range(n):
        label = ("old", "new")[k % 2]
        rows.append(["the", *rng.permutation(["the", "and", WORDS[label][int(rng.integers(3))], "was"])][: 3 + k % 3])
        labels.append(label)
    split = [splits[min(3 * k // n, len(splits) - 1)] for k in range(n)]
    return Corpus.from_words(rows, label=labels, split=split, **more)


def pairs(groups, answers, splits):
    """Pairs of a question and an option each, with `answer` and `label`."""
    rng = np.random.default_rng(1)
    rows = []
    for group in groups:
        rows += [
            ["the", "house", *["was"] * (group % 3)],
            [WORDS["old"][int(rng.integers(3))], "and", "the"][: 1 + len(rows) % 3],
        ]
    about = pd.DataFrame({"id": [str(k) for k in range(len(groups))], "document": "", "split": splits})
    about = about.assign(answer=answers, label=answers, language="en", relatedness=[float(a == "yes") for a in answers])
    made = paired(rows, about, "en", link="pair")
    link = made.links["pair"].assign(group=list(groups))
    return replace(made, links={"pair": link}, digest="")


def choices(n=12):
    groups = np.repeat(np.arange(n), 3)
    answers = ["yes" if k % 3 == g % 3 else "no" for k, g in enumerate(groups)]
    return pairs(groups, answers, [("train", "dev", "test")[min(3 * int(g) // n, 2)] for g in groups])


def roles(n=12):
    corpus = texts(n)
    table = pd.DataFrame({"sentence": range(n), "start": 0, "end": 1, "sentence2": range(n), "start2": 1, "end2": 3})
    return replace(corpus, spans={"predicate-argument": table.assign(label=["A0", "A1"] * (n // 2))}, digest="")


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A tiny BERT without dropout."""
    place = tmp_path_factory.mktemp("calm") / "bert"
    shutil.copytree(folder("bert"), place)
    config = json.loads((place / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (place / "config.json").write_text(json.dumps(config))
    return f"hf:{place}"


def tuned(where, model, corpus, task="sentence/label", **options):
    settings = options.pop("settings", FEW)
    found = tune([(task, corpus)], model, where / "made", where / "progress", Design(settings=settings, **options))
    return where / "made", found


# --- what objectives are equal to


def weights(folder):
    return {name: load_file(folder / name) for name in ("model.safetensors", "heads.safetensors")}


def same(left, right):
    pairs_ = [(left[file][name], right[file][name]) for file in left for name in left[file]]
    return all(torch.equal(a, b) for a, b in pairs_)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("alice(alpha=0, radius=0.5)", "adv(radius=0.5)", True),
        ("adv(radius=0)", "standard", True),
        ("cross-entropy|label-adversarial(weight=0)|virtual(radius=0.5)", "smart(radius=0.5)", True),
        ("adv(radius=0.5)", "standard", False),
        ("smart(radius=0.5)", "alice(radius=0.5)", False),
    ],
)
def test_objectives_of_perturbation_meet_where_they_should(tmp_path, calm, one, other, equal):
    made = [
        tuned(tmp_path / name, calm, texts(), objective=objective, dropout=0.0, batch=4)[0]
        for name, objective in (("one", one), ("other", other))
    ]
    assert same(*map(weights, made)) == equal


@pytest.fixture(scope="module")
def space(calm):
    """A step on a network with the head embedding, and its vectors, rows and gold."""

    def made(objective):
        encoder = live(calm)
        design = Design(objective=objective, batch=6)
        job = Job.of(encoder, "sentence/label", texts(), False)
        network = make_network(encoder, [job.asked], design, 0)
        given = next(iter(Draws([job], 6, 0).epoch(0)))
        step = Pass(network, given, unit_of(network))
        ((_, term),) = objectives.read(objective)
        return step, term

    return made


def normal(rows):
    return rows / rows.norm(dim=1, keepdim=True)


def test_losses_of_the_space_meet_where_they_should(space):
    step, coco = space("coco(scale=1)")
    rows = step.network.heads[0].rows
    plain = torch.nn.functional.cross_entropy(normal(step.clean.vectors) @ normal(rows).T, step.given.gold)
    torch.testing.assert_close(coco.loss(step), plain)
    for spec, like in (("aam(scale=7, margin=0)", "coco(scale=7)"), ("center(weight=0)", "center(weight=0)")):
        other = objectives.read(like)[0][1]
        assert torch.equal(objectives.read(spec)[0][1].loss(step), other.loss(step))
    cross = torch.nn.functional.cross_entropy(step.clean.scores, step.given.gold)
    assert torch.equal(objectives.read("center(weight=0)")[0][1].loss(step), cross)
    aam = objectives.read("aam(scale=7, margin=0.3)")[0][1]
    likeness = (normal(step.clean.vectors) @ normal(rows).T).detach().double().numpy()
    angle = np.arccos(likeness)
    angle[np.arange(6), step.given.gold.numpy()] += 0.3
    by_hand = torch.nn.functional.cross_entropy(torch.from_numpy(7 * np.cos(angle)), step.given.gold)
    assert float(aam.loss(step).detach()) == pytest.approx(float(by_hand.detach()), rel=1e-4)


def test_contrastive_and_triplet_are_what_their_formulas_say(space):
    step, _ = space("contrastive")
    likeness = (normal(step.clean.vectors) @ normal(step.clean.vectors).T).detach().double().numpy()
    gold = step.given.gold.numpy()
    together = [(i, j) for i in range(6) for j in range(i + 1, 6)]
    for variant, of in (("printed", lambda d: d**2), ("released", lambda d: d / 2)):
        wanted = np.mean(
            [of(1 - likeness[i, j] if gold[i] == gold[j] else max(0.5 - (1 - likeness[i, j]), 0)) for i, j in together]
        )
        found = objectives.read(f"contrastive(margin=0.5, variant={variant})")[0][1].loss(step)
        assert float(found.detach()) == pytest.approx(wanted, rel=1e-4)
    triplets = [
        1 / (1 + np.exp(-3 * (likeness[a, n] - likeness[a, p])))
        for a in range(6) for p in range(6) for n in range(6)
        if a != p and gold[a] == gold[p] and gold[a] != gold[n]
    ]  # fmt: skip
    found = objectives.read("triplet(scale=3)")[0][1].loss(step)
    assert float(found.detach()) == pytest.approx(np.mean(triplets), rel=1e-4)
    small = objectives.read("triplet(scale=1e-9)")[0][1].loss(step)
    assert float(small.detach()) == pytest.approx(0.5)


def test_a_batch_of_one_class_has_no_triplet_and_still_a_gradient(space):
    step, _ = space("triplet")
    step = Pass(step.network, replace(step.given, gold=torch.zeros_like(step.given.gold)), step.unit)
    value = objectives.read("triplet")[0][1].loss(step)
    assert float(value.detach()) == 0
    value.backward()
    assert all(torch.isfinite(p.grad).all() for p in step.network.parameters() if p.grad is not None)


def test_losses_of_the_space_are_those_of_another_package(space):
    package = pytest.importorskip("pytorch_metric_learning.losses")
    step, _ = space("coco")
    vectors, gold, rows = step.clean.vectors.detach(), step.given.gold, step.network.heads[0].rows
    arc = package.ArcFaceLoss(2, vectors.shape[1], margin=np.degrees(0.3), scale=5)
    arc.W.data = rows.detach().T.clone()
    mine = objectives.read("aam(scale=5, margin=0.3)")[0][1].loss(step)
    assert float(arc(vectors, gold)) == pytest.approx(float(mine.detach()), rel=1e-4)


def test_a_perturbation_stays_in_its_ball_raises_and_leaves_padding_and_gradients_alone(calm):
    encoder = live(calm)
    job = Job.of(encoder, "sentence/label", texts(), False)
    network = make_network(encoder, [job.asked], Design(), 0)
    items = job.items[np.argsort(job.sizes)[[0, -1]]]
    given = job.asked.given(job.reader, items)
    assert not given.texts.mask.all()
    unit = unit_of(network)
    step = Pass(network.eval(), given, unit)
    for norm in ("inf", "l2"):
        moved = step.raised(Ball(0.5, 3, 0.2, norm=norm), lambda scores: loss_of(scores, given))
        assert (moved[~given.texts.mask] == 0).all() and moved.abs().max() > 0
        assert norm == "l2" or moved.abs().max() <= 0.5 * unit * (1 + 1e-6)
        assert loss_of(step.answer(step.vectors + moved).scores, given) > loss_of(step.clean.scores, given)
    assert all(p.grad is None for p in network.parameters())
    clean = step.clean.scores.detach()
    still = torch.zeros_like(step.vectors)
    assert float(divergence(clean, step.answer(step.vectors + still).scores, given)) == pytest.approx(0, abs=1e-6)


# --- tasks


@pytest.mark.parametrize(
    ("task", "corpus", "answers"),
    [
        ("sentence/label", texts(), {"old", "new"}),
        ("pair/label", choices(), {"yes", "no"}),
        ("choice/answer", choices(), {"yes", "no"}),
        ("word/role", roles(), {"B-A0", "I-A0", "B-A1", "I-A1", "O"}),
    ],
)
def test_every_kind_of_task_is_learned_saved_and_answered(tmp_path, calm, task, corpus, answers):
    made, found = tuned(tmp_path, calm, corpus, task, batch=4, head="mlp")
    saved = SavedTuned(made)
    told = saved.predict(corpus)
    assert set(told["answer"]) <= answers and len(told) == int((ask(task, corpus).split == "test").sum())
    shares = told.filter(like="score ")
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)
    if task == "choice/answer":
        assert (told.groupby("group")["answer"].apply(list).map(lambda one: one.count("yes")) == 1).all()
        np.testing.assert_allclose(told.groupby("group")["score yes"].sum(), 1, rtol=1e-5)
    assert found["best_epoch"] >= 1 and len(found["terms"]) == 2
    AutoModel.from_pretrained(made)  # the folder is one of the library's
    with pytest.raises(ProbekitError, match="was tuned on"):
        saved.predict(corpus, task="pair/number")


@pytest.mark.parametrize(
    ("task", "corpus"), [("pair/number", choices()), ("sentence/labels", texts(labels=["a|b", "", "b"] * 12))]
)
def test_numbers_and_several_labels(tmp_path, calm, task, corpus):
    told = SavedTuned(tuned(tmp_path, calm, corpus, task, batch=4, watch="loss")[0]).predict(corpus)
    if task == "pair/number":
        assert told["answer"].dtype == float and told["answer"].between(-3, 4).all()
    else:
        assert all(isinstance(one, tuple) for one in told["answer"])


def test_tags_along_a_path_never_open_with_an_inside(calm):
    corpus = roles()
    asked = ask("word/role", corpus)
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(int((asked.split == "test").sum()), len(asked.labels))).astype(np.float32)
    labels = np.array(asked.labels)[paths(asked, scores, "test")]
    text = asked.text[asked.split == "test"]
    for one in np.unique(text):
        before = "O"
        for label in labels[text == one]:
            assert not label.startswith("I-") or before[1:] == label[1:]
            before = label


# --- training


def test_a_training_that_broke_off_goes_on_to_the_same_weights(tmp_path, calm, monkeypatch):
    corpus = [("sentence/label", texts()), ("word/role", roles())]
    design = Design(settings=FEW, batch=4)
    tune(corpus, calm, tmp_path / "whole", tmp_path / "progress-of-whole", design)
    seen, measure = [], training.dev_measure

    def stopping(*given):
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return measure(*given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "dev_measure", stopping)
        tune(corpus, calm, tmp_path / "part", tmp_path / "progress", design)
    assert not (tmp_path / "part").exists()
    tune(corpus, calm, tmp_path / "part", tmp_path / "progress", design)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "part"))
    assert (tmp_path / "whole" / "tuned.json").read_text() == (tmp_path / "part" / "tuned.json").read_text()


@pytest.mark.slow
def test_a_training_of_two_tasks_that_is_killed_goes_on_as_if_never_stopped(tmp_path, calm):
    more = ["--model", calm, "--also", "grammar(n=30)|resplit", "--also-task", "word/upos", "--epochs", "6"]
    more += ["--batch", "4", "--rate", "0.001", "--dropout", "0.1", "--patience", "6"]
    command = [
        sys.executable,
        "-c",
        "from probekit.cli import main; main()",
        "train",
        "tuned",
        "cues(n=60)|resplit",
        *more,
        "--out",
    ]
    env = {**os.environ, "PROBEKIT_CACHE": str(tmp_path / "cache")}

    def killed_after(epochs):
        with subprocess.Popen([*command, str(tmp_path / "part")], env=env, stderr=subprocess.DEVNULL) as running:
            while running.poll() is None:
                with contextlib.suppress(FileNotFoundError):  # a folder may take its final name while it is searched
                    states = [json.loads(state.read_text()) for state in tmp_path.rglob("progress.json")]
                    if any(state["epoch"] >= epochs for state in states):
                        running.kill()
                time.sleep(0.002)
        return running.returncode

    assert killed_after(1) == killed_after(3) == -signal.SIGKILL
    assert not (tmp_path / "part" / "tuned.json").exists()
    for name in ("part", "whole"):
        subprocess.run([*command, str(tmp_path / name)], env=env, check=True, capture_output=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "part"))
    assert (tmp_path / "whole" / "tuned.json").read_text() == (tmp_path / "part" / "tuned.json").read_text()


def test_states_of_every_epoch_outlive_a_training_that_broke_off(tmp_path, calm, monkeypatch):
    design = Design(settings=FEW, batch=4, state="each")
    tune([("sentence/label", texts())], calm, tmp_path / "whole", tmp_path / "progress-of-whole", design)
    seen, save = [], checkpoint.save

    def stopping(*given):
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt  # the state of the epoch is there, what the training goes on from is not
        save(*given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoint, "save", stopping)
        tune([("sentence/label", texts())], calm, tmp_path / "part", tmp_path / "progress", design)
    found = tune([("sentence/label", texts())], calm, tmp_path / "part", tmp_path / "progress", design)
    names = [f"after-{epoch}.safetensors" for epoch in range(1, found["epochs"] + 1)]
    assert len(names) > 1 and found["best_epoch"] == found["epochs"]
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "part" / name).read_bytes()


def test_batches_of_tasks_come_in_proportion_and_move_one_head_alone(calm):
    encoder = live(calm)
    jobs = [
        Job.of(encoder, task, corpus, False)
        for task, corpus in (("sentence/label", texts(240)), ("word/role", roles(120)))
    ]
    draws = Draws(jobs, 4, 0)
    assert draws.each == [20, 10] and len(draws) == 30
    drawn = np.concatenate([draws.tasks(epoch) for epoch in range(100)])
    assert abs(np.mean(drawn == 0) - 2 / 3) < 4 * np.sqrt(2 / 9 / 3000)
    items = [given.units.tolist() for epoch in range(4) for given in draws.epoch(epoch) if given.task == 0]
    once = sorted(unit for batch in items[:20] for unit in batch)
    assert once == np.flatnonzero(jobs[0].asked.split == "train").tolist()  # a stream gives all before it begins anew
    network = make_network(encoder, [job.asked for job in jobs], Design(), 0)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.1)
    before = [p.detach().clone() for p in network.heads[0].parameters()]
    given = jobs[1].asked.given(jobs[1].reader, jobs[1].items[:4], 1)
    loss_of(Pass(network, given, 1.0).clean.scores, given).backward()
    optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, network.heads[0].parameters(), strict=True))
    assert not any(p in optimizer.state for p in network.heads[0].parameters())
    assert any(p in optimizer.state for p in network.heads[1].parameters())


def test_only_what_is_to_learn_learns(tmp_path, calm):
    was = load_file(live(calm).encoder.folder / "model.safetensors")
    moved = {}
    for learn in ("head", "all", [2]):
        made, _ = tuned(tmp_path / str(learn), calm, texts(), learn=learn, batch=4)
        now = load_file(made / "model.safetensors")
        moved[str(learn)] = {
            name.split(".")[2] for name in now if "encoder.layer" in name and not torch.equal(was[name], now[name])
        }
    assert moved == {"head": set(), "all": {"0", "1", "2"}, "[2]": {"1"}}


def test_answers_do_not_hang_on_padding(calm):
    encoder = live(calm)
    job = Job.of(encoder, "sentence/label", texts(), False)
    network = make_network(encoder, [job.asked], Design(pooling="max"), 0).eval()
    together = raw(network, job.asked, job.reader, "train")
    alone = []
    with torch.no_grad():
        for item in job.items:
            given = job.asked.given(job.reader, np.array([item]))
            alone.append(network(network.embed(given.texts), given.texts).scores[0].numpy())
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


# --- as a step


def test_a_tuned_encoder_is_a_step_that_every_task_can_probe(calm, tmp_path):
    spec = f'{calm}|tune(on="cues(n=60)|resplit", epochs=1, batch=8)'
    source = encoders.describe(spec)
    assert source.generated and "|tune(" in source.name and str(tmp_path.parent) not in source.name
    assert not recipes.of(source.needs[-1]).made
    corpus = texts()
    found = encode(corpus, spec, layers="all", poolings=["mean"])
    before = encode(corpus, calm, layers="all", poolings=["mean"])
    assert recipes.of(source.needs[-1]).made
    assert not np.allclose(found[2, "mean"], before[2, "mean"], atol=1e-4)
    again = encoders.describe(f'{calm}|tune(on="cues(n=60)|resplit", epochs=1, batch=8, rate=0.00005)')
    assert again.digest == source.digest and again.spec == source.spec
    other = encoders.describe(f'{calm}|tune(on="cues(n=60)|resplit", epochs=1, batch=8, seed=1)')
    assert other.digest != source.digest
    twice = encoders.describe(f'{source.spec}|tune(on="cues(n=60)|resplit", epochs=1)')
    assert len(twice.needs) == 2
    saved = encoders.load_encoder(f"hf:{recipes.folder(source.needs[-1])}")
    np.testing.assert_array_equal(encode(corpus, saved, layers=[2], poolings=["mean"])[2, "mean"], found[2, "mean"])


def test_what_a_tuning_costs_goes_with_the_texts_trained_on_and_the_model(calm):
    def seconds(corpus, model="minilm", **options):
        spec = Spec("tuned", corpus, (), {"model": model, "task": "sentence/char_per_tok", **options})
        return recipes.of(spec).cost()[0]

    usual = seconds("grammar(n=40)|resplit")
    assert seconds("grammar(n=40)|resplit(test=0.6)") < usual < seconds("grammar(n=40)|resplit", objective="adv")
    assert seconds("grammar(n=40)|resplit", calm) < usual / 9  # three layers of 32 against six of 384
    assert seconds("grammar(n=40)|resplit", epochs=6) == pytest.approx(2 * usual)


def test_a_second_task_is_part_of_a_recipe(calm):
    beside = {"also": "grammar(n=30)|resplit", "also_task": "word/upos"}
    options = {"model": calm, "epochs": 1, "batch": 8, "rate": 0.001}
    alone, both = (Spec("tuned", "cues(n=60)|resplit", (), {**options, **more}) for more in ({}, beside))
    assert recipes.of(alone).key != recipes.of(both).key
    saved = SavedTuned(recipes.folder(both))
    assert [one["task"] for one in saved.record["tasks"]] == ["sentence/label", "word/upos"]
    assert set(saved.record["found"]["terms"][0]) == {"cross-entropy", "task-2"}
    assert len(saved.predict(load_corpus(beside["also"]), task="word/upos")) > 10


def test_labels_are_collapsed_after_the_best_is_taken_or_before(tmp_path, calm):
    corpus = texts(36)
    three = corpus.sentences.assign(label=["a", "b", "c"] * 12)
    corpus = replace(corpus, sentences=three, digest="")
    saved = SavedTuned(tuned(tmp_path, calm, corpus, batch=4)[0])
    plain = saved.predict(corpus)
    shares = plain[["score a", "score b", "score c"]].to_numpy()
    both = {"b": "rest", "c": "rest"}
    after, before = (saved.predict(corpus, collapse=both, sum_first=first) for first in (False, True))
    assert after["answer"].tolist() == ["a" if k == 0 else "rest" for k in shares.argmax(1)]
    assert before["answer"].tolist() == ["a" if a > b + c else "rest" for a, b, c in shares]
    np.testing.assert_allclose(after["score rest"], shares[:, 1:].sum(1), rtol=1e-6)
    with pytest.raises(UnknownName, match="label of"):
        saved.predict(corpus, collapse={"d": "rest"})


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("tune", "names no corpus"),
        ("tune(on=cues, model=minilm)", "tunes the encoder before it"),
        ("tuned(on=cues)", "unknown encoder step"),
        ("tune(on=cues, objective=alise)", "alice"),
        ("tune(on=cues, objective=coco, head=mlp)", "needs head=embedding"),
        ("tune(on=cues, objective=adv, head=embedding)", "needs a classifier"),
        ('tune(on=cues, objective="virtual(radius=-1)")', "radius"),
        ('tune(on=cues, objective="aam(margin=9)")', "margin"),
        ("tune(on=cues, also=cues)", "together"),
        ("tune(on=cues, schedule=linea)", "linear"),
    ],
)
def test_a_step_that_is_wrong_is_refused_by_name(step, message):
    with pytest.raises((ProbekitError, UnknownName), match=message):
        encoders.describe(f"minilm|{step}")


def test_bad_data_is_refused_before_training(tmp_path, calm):
    def refused(match, corpus, task="sentence/label", model=calm, **options):
        with pytest.raises(ProbekitError, match=match):
            tuned(tmp_path, model, corpus, task, **options)
        assert not (tmp_path / "progress" / "state").exists()

    refused("nothing in the split dev", texts(splits=("train", "test", "test")))
    one = texts()
    refused("alone in training", replace(one, sentences=one.sentences.assign(label="old"), digest=""))
    rare = one.sentences["label"].where(one.sentences["split"] != "dev", "rare")
    refused(
        "'rare' of 'sentence/label' stands in dev", replace(one, sentences=one.sentences.assign(label=rare), digest="")
    )
    many = choices()
    refused("right options", replace(many, sentences=many.sentences.assign(answer="yes"), digest=""), "choice/answer")
    torn = np.repeat(["train", "dev", "test"] * 12, 2)
    refused(
        "stands in two splits", replace(many, sentences=many.sentences.assign(split=torn), digest=""), "choice/answer"
    )
    own = roles()
    for outside in ({"start": 7, "end": 8}, {"end2": 9}, {"start2": -1}):
        beyond = own.spans["predicate-argument"].assign(**outside)
        refused("the sentence has 3; mend", replace(own, spans={"predicate-argument": beyond}, digest=""), "word/role")
    refused("has no segments", roles(), "word/role", f"hf:{folder('distilbert')}")
    refused("has no pooling 'cls'", texts(), model=f"hf:{folder('gpt2')}", pooling="cls")
    refused("head=embedding is for tasks of one label", many, "choice/answer", objective="coco")
    with pytest.raises(ProbekitError, match=r"has no tuned\.json"):
        SavedTuned(folder("bert"))
    assert tasks.get("choice/answer").level == "choice"


def test_labels_of_words_and_several_labels_that_training_lacks_are_said(tmp_path):
    for part, tag in (("train", "LOC"), ("dev", "GOD"), ("test", "GOD")):
        (tmp_path / f"x-{part}.bio").write_text(f"Ada\tB-PER\nsaw\tO\nRome\tB-{tag}\n\n" * 4)
    files = ",".join(str(tmp_path / f"x-{part}.bio") for part in ("train", "dev", "test"))
    with pytest.warns(UserWarning, match=r"has labels of 'word/bio:entity' that train lacks .*missed: B-GOD 4"):
        asked = ask("word/bio:entity", load_corpus(f"bio:{files}"))
    assert asked.unseen("train") == {} and asked.unseen("test") == {"B-GOD": 4}
    many = texts(splits=("train", "dev", "test"), labels=["a|b"] * 12 + ["z"] * 12 + ["b"] * 12)
    with pytest.warns(UserWarning, match=r"dev of .* labels of 'sentence/labels' that train lacks .*missed: z 12"):
        assert ask("sentence/labels", many).unseen("dev") == {"z": 12}


def test_a_folder_that_is_half_written_says_what_is_wrong(tmp_path, calm):
    whole, _ = tuned(tmp_path, calm, texts(12))

    def broken(file, text, match):
        place = tmp_path / f"broken-{file}-{len(text or b'')}"
        shutil.copytree(whole, place)
        (place / file).write_bytes(text) if text is not None else (place / file).unlink()
        with pytest.raises(ProbekitError, match=match):
            SavedTuned(place).predict(texts(12))

    assert len(SavedTuned(whole).predict(texts(12))) == 4
    heads, record = (whole / "heads.safetensors").read_bytes(), (whole / "tuned.json").read_bytes()
    broken("heads.safetensors", heads[: len(heads) // 2], r"cannot read heads\.safetensors of .*train it again")
    broken("heads.safetensors", None, r"cannot read heads\.safetensors of .*train it again")
    broken("tuned.json", record[: len(record) // 2], r"cannot read tuned\.json of .*train it again")
    broken("tuned.json", record.replace(b"probekit tuned", b"something else"), "is no record of a tuned encoder")
    broken("model.safetensors", (whole / "model.safetensors").read_bytes()[:999], "cannot load the model")


def test_a_loss_that_is_not_finite_stops_with_its_name(tmp_path, calm):
    with pytest.raises(ProbekitError, match="lower the rate"):
        steep = Settings(rate=90.0, epochs=9, clip=None, optimizer="sgd")
        tuned(tmp_path, calm, choices(), "pair/number", batch=4, watch="loss", settings=steep)
