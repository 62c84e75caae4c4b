"""The head that reads categories by what describes them: its equations by hand, what it learns, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from golden import Golden, written

from probekit import recipes
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError
from probekit.learners.catalogue import tag_heads
from probekit.learners.concept_head import Concept
from probekit.learners.tagger import SavedTagger, head_spec
from probekit.specs import Spec

golden = Golden(__file__)
NAMES = ["O", "B-PER", "I-PER", "B-LOC"]
WORDS = ["person", "place", "ada", "oslo", "city"]
LINES = "".join(f"{word} {' '.join(map(str, (np.arange(3) + 2 * at) % 5 - 2))}\n" for at, word in enumerate(WORDS))
TABLE = f"static:{written('described.txt', LINES)}"
DESCRIBED = ["PER=a Person", "LOC=place city"]
SPEC = str(Spec("concept").given({"descriptions": DESCRIBED, "vectors": TABLE, "units": 5}))


def made(spec: str = SPEC, width: int = 4) -> Concept:
    """A head under weights that NumPy draws."""
    chosen = head_spec(spec)
    head = tag_heads.get(chosen.name)(width, NAMES, **chosen.kwargs)
    rng = np.random.default_rng(3)
    with torch.no_grad():
        for _, weight in sorted(head.named_parameters()):
            weight.copy_(torch.from_numpy(rng.normal(size=tuple(weight.shape))))
    return head


def numbers(spec: str) -> list[float]:
    head, rng = made(spec), np.random.default_rng(4)
    states = torch.from_numpy(rng.normal(size=(2, 5, 4))).float()
    mask = torch.arange(5)[None] < torch.tensor([5, 3])[:, None]
    gold = torch.tensor([[0, 1, 2, 0, 3], [3, 0, 1, 0, 0]])
    return [*head.loss(states, gold, mask).tolist(), *map(float, head.answer(states, mask).flatten())]


def test_a_category_is_read_with_the_mean_vector_of_its_description() -> None:
    head, states = made(), torch.randn(1, 2, 4)
    table = load_table(TABLE)
    assert head.kinds == ["LOC", "PER"]
    for row, words in enumerate((["place", "city"], ["person"])):
        meant = torch.from_numpy(np.mean([table.vector(word) for word in words], axis=0))
        assert torch.allclose(head.meant[row], meant)
        given = torch.cat([states[0], meant.expand(2, -1)], dim=1)
        expected = head.outer(torch.tanh(head.inner(given))).log_softmax(1)
        assert torch.allclose(head.scores(states)[0, :, row], expected, atol=1e-6)


def test_examples_are_read_by_attention_and_categories_without_one_read_zeros() -> None:
    head, states = (
        made(str(Spec("concept").given({**head_spec(SPEC).kwargs, "examples": ["PER=ada", "PER=ada oslo"]}))),
        torch.randn(1, 1, 4),
    )
    shares = torch.softmax(head.examples[1] @ head.look(states[0, 0]), dim=0)
    for row, read in enumerate((torch.zeros(3), shares @ head.examples[1])):
        given = torch.cat([states[0, 0], head.meant[row], read])
        expected = head.outer(torch.tanh(head.inner(given))).log_softmax(0)
        assert torch.allclose(head.scores(states)[0, 0, row], expected, atol=1e-5)


def test_losses_add_up_over_categories_and_answers_are_of_the_surest() -> None:
    head, states = made(), torch.randn(3, 4, 4)
    mask, gold = torch.ones(3, 4, dtype=torch.bool), torch.randint(0, 4, (3, 4))
    mask[1, 2:] = False
    scores, told = head.scores(states), head.answer(states, mask)
    for text in range(3):
        total = 0.0
        for at in np.flatnonzero(mask[text].numpy()):
            parts = scores[text, at]
            label = NAMES[int(gold[text, at])]
            for row, kind in enumerate(head.kinds):
                part = {f"B-{kind}": 1, f"I-{kind}": 2}.get(label, 0)
                total -= float(parts[row, part].detach())
            above = {
                f"{tag}-{kind}": float((parts[row, part] - parts[row, 0]).detach())
                for row, kind in enumerate(head.kinds)
                for part, tag in ((1, "B"), (2, "I"))
                if f"{tag}-{kind}" in NAMES
            }
            best = max(above, key=lambda one: above[one])
            assert NAMES[int(told[text, at])] == (best if above[best] > 0 else "O")
        assert float(head.loss(states, gold, mask)[text].detach()) == pytest.approx(total, rel=1e-5)
    assert told[1, 2:].eq(0).all()


def test_the_table_is_in_the_key_of_a_tagger_which_learns() -> None:
    given = {
        "inputs": ["random:minilm"],
        "layer": 0,
        "hidden": 12,
        "layers": 1,
        "epochs": 12,
        "rate": 0.05,
        "budget": 300,
    }
    described = [f"{kind}={word}" for kind, word in zip(("LOC", "MISC", "ORG", "PER"), WORDS, strict=False)]
    head = str(Spec("concept").given({"descriptions": described, "vectors": TABLE, "units": 12}))
    spec = str(Spec("tagger", "gazetteers(n=80)|resplit", (), dict(sorted({**given, "head": head}.items()))))
    assert recipes.of(spec).content["read by the head"] == Concept.reads(TABLE)
    tagger = SavedTagger(recipes.folder(spec))
    losses = tagger.config["found"]["train_losses"]
    assert losses[-1] < losses[1] < losses[0] and tagger.sources


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"descriptions": ["PER=person"]}, "nothing describes LOC"),
        ({"descriptions": ["PER", "LOC=place"]}, "'PER' describes nothing"),
        ({"descriptions": ["PER=qqq", "LOC=place"]}, "no word of 'qqq'"),
    ],
)
def test_what_describes_nothing_is_refused(options: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        Concept(4, NAMES, **options, vectors=TABLE)
    with pytest.raises(ProbekitError, match="no category to describe"):
        Concept(4, ["NOUN", "VERB"], vectors=TABLE)


golden.case(
    "head of a tagger:concept",
    numbers,
    SPEC,
    options={"descriptions": ["PER=ada", "LOC=oslo"], "examples": ["PER=ada", "LOC=oslo city"], "units": 3},
    elsewhere={"vectors": "learners/test_concept_head.py"},
)
test_numbers_stay, test_options_move_numbers = golden.tests()
