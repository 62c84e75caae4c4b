"""Classifiers: training, folders, the command, and Hugging Face sequence classifiers behind the same face."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_models
import torch

from probekit import recipes
from probekit.corpora import load_corpus
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.learners import classifier_training
from probekit.learners.catalogue import regularizers
from probekit.learners.classifier import MASK, PAD, UNKNOWN, save_classifier
from probekit.learners.classifier_training import (
    Design,
    by_length,
    classification_loss,
    describe_vectors,
    predict_logits,
    train_classifier,
)
from probekit.learners.loading import load_classifier
from probekit.learners.objectives import Regularizer
from probekit.specs import Spec
from probekit.training.loop import Settings

DESIGN = Design("bilstm(hidden=4)", "random(width=8)", settings=Settings(epochs=8, patience=8, rate=0.05, clip=5.0))
# The same in a spec.
OPTIONS = {
    "model": "bilstm(hidden=4)",
    "vectors": "random(width=8)",
    "epochs": 8,
    "patience": 8,
    "rate": 0.05,
    "decay": 0,
}


def corpus_file(folder: Path, n: int = 240) -> str:
    """Texts whose class one cue word tells, among words that tell nothing."""
    rng = np.random.default_rng(0)
    lines = []
    for i in range(n):
        words = [f"w{rng.integers(20)}" for _ in range(rng.integers(1, 9))]
        words.insert(int(rng.integers(len(words) + 1)), "Good" if i % 2 else "Bad")
        lines.append(f"{'yes' if i % 2 else 'no'}\t{' '.join(words)}\n")
    file = folder / "cues.tsv"
    file.write_text("".join(lines), encoding="utf-8")
    return f"text:{file}(words=blanks)|resplit"


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> str:
    return corpus_file(tmp_path_factory.mktemp("cues"))


@pytest.fixture(scope="module")
def classifier(spec):
    return train_classifier(load_corpus(spec), DESIGN)[0]


def accuracy(classifier, spec: str) -> float:
    corpus = load_corpus(f"{spec}|split(test)")
    scores = predict_logits(classifier, [corpus.words(i) for i in range(corpus.n_sentences)])
    return float(np.mean(np.array(classifier.labels)[scores.argmax(axis=1)] == corpus.sentences["label"].to_numpy()))


def test_a_classifier_learns_what_a_cue_tells(classifier, spec):
    assert classifier.labels == ("no", "yes") and accuracy(classifier, spec) > 0.95


def test_a_saved_classifier_answers_as_before(classifier, tmp_path):
    save_classifier(classifier, tmp_path / "c")
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == [
        "config.json",
        "model.safetensors",
        "texts.json",
        "words.txt",
    ]
    loaded = load_classifier(tmp_path / "c")
    texts = [["a", "good", "W3"], ["Bad"], ["w1"] * 30]
    assert np.array_equal(predict_logits(loaded, texts), predict_logits(classifier, texts))
    assert loaded.labels == classifier.labels and loaded.about == classifier.about
    about = json.dumps(loaded.about)
    assert str(tmp_path.parent) not in about and "cues.tsv-" in about


def test_pieces_of_a_batch(classifier):
    batch = classifier.batch([["Good", "unheard"], ["w1", "w2", "bad"]])
    assert batch.ids[0, 1] == UNKNOWN and batch.ids[0, 2] == PAD and batch.ids[1, 2] > MASK
    assert batch.mask.tolist() == [[True, True, False], [True] * 3]
    assert batch.word.tolist() == [[0, 1, -1], [0, 1, 2]]
    with pytest.raises(ProbekitError, match="text 1 is empty"):
        classifier.batch([["a"], []])


WORDS = {"good": 3, "bad": 3, "w1": 3, "unseen": 3, "Cased": 3, "<unk>": 0}


def table_of(folder: Path, leave_out: str = "<unk>") -> tuple[WordTable, str]:
    """A table of some words, every vector of length 3, and its spec."""
    rng = np.random.default_rng(2)
    kept = [word for word in WORDS if word != leave_out]
    vectors = rng.normal(size=(len(kept), 8))
    table = WordTable(kept, 3 * vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return table, f"static:{table.save(folder / 'table')}"


def vector(classifier, word: str) -> np.ndarray:
    return classifier.embed(classifier.batch([[word]]))[0, 0].detach().numpy()


@pytest.mark.parametrize("trainable", [False, True])
def test_a_word_that_training_did_not_see_has_its_own_vector_and_without_one_none_is_drawn(spec, tmp_path, trainable):
    table, vectors = table_of(tmp_path)
    short = replace(DESIGN.settings, epochs=1)
    made = train_classifier(load_corpus(spec), replace(DESIGN, vectors=vectors, trainable=trainable, settings=short))[0]
    assert np.allclose(vector(made, "unseen"), table.vector("unseen"), atol=1e-6)
    assert np.allclose(vector(made, "good"), table.vector("good"), atol=1e-6) is not trainable
    assert (vector(made, "nowhere") == 0).all() and "Cased" not in made.words
    # Of the training texts, without a vector: unknown, or learned from nothing on.
    assert (made.ids(["w2"])[0] == UNKNOWN) is not trainable
    assert np.linalg.norm(vector(made, "w2")) < 2 and (vector(made, "w2") == 0).all() is not trainable
    assert predict_logits(made, [["unseen"]]) != pytest.approx(predict_logits(made, [["nowhere"]]))
    loaded = load_classifier(save_classifier(made, tmp_path / "c"))
    assert np.array_equal(vector(loaded, "unseen"), vector(made, "unseen"))


def test_drawn_vectors_leave_the_unknown_word_at_zero_and_a_table_may_have_its_own(classifier, spec, tmp_path):
    assert (vector(classifier, "nowhere") == 0).all() and np.linalg.norm(vector(classifier, "w1")) > 0
    table, vectors = table_of(tmp_path, leave_out="w1")
    made = train_classifier(load_corpus(spec), replace(DESIGN, vectors=vectors))[0]
    assert np.allclose(vector(made, "nowhere"), table.vector("<unk>"))


def test_a_table_without_a_word_of_the_texts_is_refused(spec, tmp_path):
    other = WordTable(["aa", "bb"], np.ones((2, 8))).save(tmp_path / "other")
    for trainable in (False, True):
        with pytest.raises(ProbekitError, match="no word of the training texts is in WordTable"):
            train_classifier(load_corpus(spec), replace(DESIGN, vectors=f"static:{other}", trainable=trainable))


def test_frozen_embeddings_stay_and_trainable_ones_move(spec):
    corpus, short = load_corpus(spec), replace(DESIGN, settings=replace(DESIGN.settings, epochs=1))
    frozen = train_classifier(corpus, short)[0].module.embedding.weight
    moved = train_classifier(corpus, replace(short, trainable=True))[0].module.embedding.weight
    assert not torch.equal(frozen, moved) and torch.all(frozen[PAD] == 0) and torch.all(moved[PAD] == 0)
    again = train_classifier(corpus, short)[0].module.embedding.weight
    assert torch.equal(frozen, again)


def test_an_interrupted_training_goes_on_with_the_same_numbers(spec, tmp_path, classifier, monkeypatch):
    calls = 0

    def dies(module, batch):
        nonlocal calls
        calls += 1
        if calls > 17:
            raise KeyboardInterrupt
        return classification_loss(module, batch)

    corpus = load_corpus(spec)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(classifier_training, "classification_loss", dies)
        train_classifier(corpus, DESIGN, keep=tmp_path / "state")
    assert json.loads((tmp_path / "state" / "progress.json").read_text())["epoch"] == 2
    seen = []
    resumed = train_classifier(corpus, DESIGN, keep=tmp_path / "state", watch=lambda epoch, _: seen.append(epoch))[0]
    assert len(seen) == 6, "the epochs that were left"
    for name, value in classifier.module.state_dict().items():
        assert torch.equal(value, resumed.module.state_dict()[name]), name


def asked(spec: str, **options) -> str:
    return str(Spec("classifier", spec, (), dict(sorted({**OPTIONS, **options}.items()))))


def test_a_trained_classifier_is_kept_under_a_key_that_misses_nothing(spec, tmp_path):
    folder = recipes.folder(asked(spec))
    assert recipes.folder(asked(spec)) == folder and folder.name == recipes.of(asked(spec)).key
    assert accuracy(load_classifier(folder), spec) > 0.95 and recipes.found(asked(spec))["epochs"] == 8
    name = recipes.of(asked(spec)).name
    assert str(tmp_path.parent) not in name and "cues.tsv-" in name
    changed = {
        "model": "bilstm(hidden=5)",
        "vectors": "random(width=9)",
        "trainable": True,
        "min_count": 2,
        "lower": False,
        "batch": 8,
        "words": "table",
        "regularizer": "concat",
        "seed": 1,
        "rate": 0.03,
        "epochs": 9,
        "patience": 7,
        "clip": 4.0,
        "decay": 1e-4,
        "schedule": "plateau",
        "accumulate": 2,
        "optimizer": "sgd",
    }
    keys = {recipes.of(asked(spec, **{option: value})).key for option, value in changed.items()}
    keys |= {
        recipes.of(asked(spec, optimizer="sgd", momentum=0.9)).key,
        recipes.of(asked(corpus_file(tmp_path, 20))).key,
    }
    assert len(keys) == len(changed) + 2 and folder.name not in keys
    for same in (
        {"model": "bilstm(hidden=4, layers=1)"},
        {"vectors": "random(width=8, spread=0.3)"},
        {"vectors": "random(8)"},
        {"regularizer": ""},
        {"seed": 0},
        {"decay": 0.0},
    ):
        assert recipes.of(asked(spec, **same)).key == folder.name, same
    assert recipes.of(recipes.of(asked(spec)).spec).key == folder.name


def test_a_recipe_says_that_layers_masked_words_and_epochs_cost_time(spec):
    def cost(**options: object) -> float:
        return recipes.of(asked(spec, **options)).cost()[0]

    assert cost(model="bilstm(layers=3)") == pytest.approx(3 * cost()) and cost(epochs=16) == pytest.approx(2 * cost())
    assert cost(regularizer="mlm") > cost(regularizer="tying") == cost() > 0


def test_a_regularizer_of_ones_own_is_in_the_recipe_with_its_module_and_revision(spec, monkeypatch):
    monkeypatch.setattr(regularizers, "_entries", dict(regularizers._entries))

    @regularizers.register("toy-drift")
    class Drift(Regularizer):
        """Squared raw states."""

        def loss(self, module, batch, vectors, raw):
            return raw.square().mean()

    text = asked(spec, regularizer="toy-drift", epochs=1)
    recipe = recipes.of(text)
    assert recipe.modules == (__name__,) and recipes.of(asked(spec)).modules == ()
    assert load_classifier(recipe.ensure()).labels == ("no", "yes")
    monkeypatch.setattr(regularizers.entry("toy-drift"), "revision", 2)
    assert recipes.of(text).key != recipe.key


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "bilstmm"}, "did you mean bilstm"),
        ({"model": "bilstm(layrs=2)"}, "did you mean layers"),
        ({"vectors": "random(widht=8)"}, "did you mean width"),
        ({"vectors": "random(width=0)"}, "width of this table is a whole number from 1"),
        ({"vectors": "random:8"}, "a width and a spread above 0"),
        ({"regularizer": "tieing"}, "did you mean tying"),
        ({"regularizer": "concat|residual"}, "in two ways"),
        ({"regularizer": "concat", "model": "text-cnn"}, "for attention classifiers"),
        ({"epoch": 3}, "did you mean epochs"),
        ({"schedule": "cosine"}, "cosine"),
    ],
)
def test_what_cannot_be_trained_is_refused_while_planning(spec, options, message):
    with pytest.raises(ProbekitError, match=message):
        recipes.of(asked(spec, **options))
    with pytest.raises(ProbekitError, match="names no corpus"):
        recipes.of("classifier(model=bilstm)")


def test_drawn_vectors_have_one_canonical_form():
    assert describe_vectors("random(100, 0.3)") == describe_vectors("random") != describe_vectors("random(50)")
    assert describe_vectors("random(spread=0.2, width=100)").spec == "random(spread=0.2)"


def test_batches_hold_every_text_once_and_little_padding():
    lengths = np.random.default_rng(0).integers(1, 60, 500)
    batches = by_length(lengths, 32, epoch=3, seed=1)
    assert sorted(np.concatenate(batches)) == list(range(500))
    padded = sum(lengths[b].max() * len(b) for b in batches)
    assert padded < 1.1 * lengths.sum()
    same = by_length(lengths, 32, 3, 1)
    other = by_length(lengths, 32, 4, 1)
    assert all(map(np.array_equal, batches, same)) and not np.array_equal(batches[0], other[0])


@pytest.mark.parametrize(
    ("steps", "message"), [("", "has no split 'train'"), ("|resplit(dev=0)", r"has no split 'dev'.*\|resplit makes")]
)
def test_missing_splits_are_named_with_the_way_out(tmp_path, steps, message):
    spec = corpus_file(tmp_path, 20).replace("|resplit", steps)
    with pytest.raises(ProbekitError, match=message):
        train_classifier(load_corpus(spec), DESIGN)


def test_a_class_that_train_lacks_is_named(tmp_path):
    (tmp_path / "x-train.tsv").write_text("a\tone\nb\ttwo\n")
    (tmp_path / "x-dev.tsv").write_text("a\tone\nc\ttwo\n")
    corpus = load_corpus(f"text:{tmp_path}/x-train.tsv,{tmp_path}/x-dev.tsv")
    with pytest.raises(ProbekitError, match="the class 'c' of dev has no text in train"):
        train_classifier(corpus, DESIGN)


def test_damaged_folders_are_refused(classifier, tmp_path):
    for name, content in (("words.txt", b"<pad>\n"), ("model.safetensors", b"x"), ("config.json", b"{}")):
        folder = save_classifier(classifier, tmp_path / name)
        if name == "config.json":
            found = json.loads((folder / name).read_text())
            del found["kind"]
            content = json.dumps(found).encode()
        (folder / name).write_bytes(content)
        with pytest.raises(ProbekitError, match="cannot be read"):
            load_classifier(folder)


def test_a_classifier_is_trained_into_a_folder_of_ones_own(tmp_path):
    spec = asked(corpus_file(tmp_path, 60), model="text-cnn(filters=5)", epochs=2)
    found = recipes.into(tmp_path / "out", spec)
    assert found["epochs"] == 2 and 1 <= found["best"] <= 2 and found["dev_loss"] > 0
    assert load_classifier(tmp_path / "out").labels == ("no", "yes")
    assert recipes.into(tmp_path / "out", spec) == found
    with pytest.raises(ProbekitError, match="holds another model"):
        recipes.into(tmp_path / "out", asked(corpus_file(tmp_path, 60)))


# --- Hugging Face -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A BERT for three classes with random weights, saved as after fine-tuning."""
    from transformers import BertConfig, BertForSequenceClassification

    place = tmp_path_factory.mktemp("hf") / "tiny-classifier"
    tokenizer = tiny_models.make_tokenizer("bert")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=24,
            max_position_embeddings=40,
            initializer_range=0.3,
            id2label={0: "bad", 1: "so-so", 2: "good"},
            label2id={"bad": 0, "so-so": 1, "good": 2},
        )
        BertForSequenceClassification(config).save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


def test_a_hugging_face_classifier_answers_as_the_library_does(folder):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    classifier = load_classifier(folder)
    assert classifier.labels == ("bad", "so-so", "good") and not classifier.module.training
    texts = [["the", "old", "house"], ["Yes"], ["antidisestablishmentarianism", "stood", "there"]]
    batch = classifier.batch(texts)
    found = classifier.logits(classifier.embed(batch), batch)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoded = tokenizer([" ".join(words) for words in texts], return_tensors="pt", padding=True)
    assert torch.allclose(found, model(**encoded).logits, atol=1e-5)
    assert batch.word[0, 0] == -1 and batch.content.sum(dim=1).tolist() == [(row >= 0).sum() for row in batch.word]
    assert set(batch.word[2].tolist()) == {-1, 0, 1, 2}


def test_what_is_no_trained_classifier_is_refused(folder):
    with pytest.raises(ProbekitError, match="is no trained classifier: its weights lack"):
        load_classifier(tiny_models.folder("bert"))
    with pytest.raises(ProbekitError, match=r"has 60 pieces and .* reads 38 at once; cut the texts"):
        load_classifier(folder).batch([["a"], ["the"] * 60])
