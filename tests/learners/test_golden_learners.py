"""Golden cases of kinds of classifiers and of what regularizers add to their loss, under weights that NumPy draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from golden import At, Golden, written

from probekit import recipes
from probekit.learners.catalogue import model_spec
from probekit.learners.classifier import Labelled, own_module, pad
from probekit.learners.classifier_training import Design, predict_logits
from probekit.learners.loading import load_classifier
from probekit.learners.objectives import loss_of, read
from probekit.specs import Spec

golden = Golden(__file__)


def drawn(spec: str) -> tuple[Any, Labelled]:
    """A classifier and a batch of texts."""
    rng = np.random.default_rng(5)
    model = model_spec(spec)
    module = own_module(model.name, model.kwargs, 2, torch.tensor(rng.normal(size=(30, 6))).float())
    with torch.no_grad():
        for _, weight in sorted(module.body.named_parameters()):
            weight.copy_(torch.tensor(rng.normal(size=tuple(weight.shape)) * 0.5))
    batch = Labelled(pad([rng.integers(3, 30, n) for n in (7, 4, 9, 9)]), torch.tensor([0, 1, 1, 0]))
    torch.manual_seed(3)
    return module, batch


def classifier_numbers(spec: str, training: bool = False) -> list[float]:
    """Scores of a batch."""
    module, batch = drawn(spec)
    scores = module.train(training).body(module.embedding(batch.text.ids), batch.text.mask)
    return scores.double().flatten().tolist()


def regularizer_numbers(spec: str) -> list[float]:
    """Loss of a batch and its slope."""
    module, batch = drawn(str(Design("bilstm", "random(width=6)", regularizer=spec).network))
    loss = loss_of(read(spec))(module, batch)
    loss.backward()
    slope = module.body.forwards[0].weight_hh_l0.grad
    return [float(loss), float(slope.sum()), float(slope.square().sum())]


def trained_numbers(spec: str) -> list[float]:
    """Scores of a trained classifier: of words that training saw, others of its table, and one without a vector."""
    made = load_classifier(recipes.folder(spec))
    texts = [["the", "hills", "have", "eyes"], ["rivers", "of", "the", "north"], ["nowhere"], ["nowhere", "the"]]
    return predict_logits(made, texts).flatten().tolist()


def trained_spec() -> str:
    """On eight texts, with a table that has more words than they and lacks one of theirs."""
    words = ["the", "hills", "rivers", "of", "north", "have"]
    vectors = np.random.default_rng(6).normal(size=(len(words), 6))
    table = written(
        "vectors.txt", "".join(f"{w} {' '.join(map(str, v))}\n" for w, v in zip(words, vectors, strict=True))
    )
    lines = ["a\tthe hills have eyes", "b\tthe north", "a\thills", "b\tnorth of the eyes"]
    files = [written(f"golden-{split}.tsv", "\n".join(lines)) for split in ("train", "dev")]
    options = {"epochs": 3, "rate": 0.05, "vectors": f"static:{table}"}
    return str(Spec("classifier", f"text:{files[0]},{files[1]}", (), options))


golden.case("recipe:classifier", trained_numbers, trained_spec)
DROPOUT = At(0.2, numbers=lambda spec: classifier_numbers(spec, training=True))
golden.case(
    "kind of classifier:bilstm",
    classifier_numbers,
    options={"hidden": 4, "layers": 2, "attention": "dot", "join": "concat", "dropout": DROPOUT},
    elsewhere={"query": "learners/test_text_models.py"},
)
golden.case(
    "kind of classifier:text-cnn",
    classifier_numbers,
    "text-cnn(filters=5)",
    options={"filters": 6, "window": 3, "dropout": DROPOUT},
)
golden.case(
    "kind of classifier:deep-average",
    classifier_numbers,
    "deep-average(hidden=[5])",
    options={"hidden": [6, 4], "dropout": DROPOUT},
)
golden.case("kind of classifier:pooled-linear", classifier_numbers)
golden.case(
    "kind of classifier:bilstm-max",
    classifier_numbers,
    "bilstm-max(hidden=5)",
    options={"hidden": 6, "units": 7, "dropout": At(0.4, numbers=lambda spec: classifier_numbers(spec, training=True))},
)
for _name in ("base", "concat", "residual"):
    golden.case(f"attention regularizer:{_name}", regularizer_numbers)
golden.case("attention regularizer:tying", regularizer_numbers, "tying(delta=0.3)", options={"delta": 0.5})
golden.case(
    "attention regularizer:mlm",
    regularizer_numbers,
    "mlm(eta=0.3, p=0.4)",
    options={"eta": 0.5, "p": 0.6, "reduce": "mean"},
)

test_numbers_stay, test_options_move_numbers = golden.tests()
