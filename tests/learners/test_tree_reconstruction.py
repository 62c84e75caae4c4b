"""Tree reconstruction against a plain recursion with torch's own optimizer, and what it must and must not change."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from golden import Golden
from test_tree_shapes import nested

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import parse_tree
from probekit.errors import ProbekitError, UnknownName
from probekit.learners import derivations
from probekit.learners.compositions import compositions, linear, load_composition
from probekit.learners.tree_reconstruction import Reconstruction, reconstruct

golden = Golden(__file__)
LEFT = ("(0 (0 (0 a) (0 b)) (0 c))", "(0 (0 a) (0 D))", "(0 (0 c) (0 (0 e) (0 (0 a) (0 b))))", "(0 e)")
RIGHT = ("(0 (0 a) (0 (0 b) (0 c)))", "(0 (0 a) (0 D))", "(0 (0 (0 (0 c) (0 e)) (0 a)) (0 b))", "(0 e)")
WIDE = ("(0 (0 a) (0 b) (0 (0 c) (0 d) (0 e)))", "(0 (0 (0 b) (0 a)))", "(0 a)")


def with_trees(*trees: str) -> Corpus:
    made = Corpus.from_words([parse_tree(tree).words for tree in trees])
    return Corpus(made.form, made.offsets, sentences=made.sentences, trees=trees)


def targets(n: int, width: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)


def learned(trees: tuple[str, ...], composition: str = "add", **options: object) -> Reconstruction:
    return reconstruct(with_trees(*trees), np.arange(len(trees)), targets(len(trees)), composition, **options)


def plain(trees: tuple[str, ...], composition: str, steps: int) -> tuple[np.ndarray, list[float]]:
    """Word vectors and losses by recursion over nested lists, one sentence at a time."""
    start = learned(trees, composition, steps=0)
    vectors = {word: torch.tensor(start.vectors[k]).requires_grad_() for k, word in enumerate(start.words)}
    function = load_composition(composition).function

    def made(tree: list) -> torch.Tensor:
        if isinstance(tree[1], str):
            return vectors[tree[1].lower()][None]
        whole, *rest = map(made, tree[1:])
        for part in rest:
            whole = function(whole, part)
        return whole

    optimizer, losses = torch.optim.RMSprop(vectors.values(), lr=0.01), []
    for _ in range(steps):
        errors = [
            1 - torch.cosine_similarity(made(nested(tree)), torch.tensor(aim)[None])
            for tree, aim in zip(trees, targets(len(trees)), strict=True)
        ]
        optimizer.zero_grad()
        torch.stack(errors).sum().backward()
        optimizer.step()
        losses.append(float(torch.stack(errors).detach().mean()))
    return np.stack([vectors[word].detach().numpy() for word in start.words]), losses


@pytest.mark.parametrize("composition", ["add", "mul", "linear", "linear(seed=3)"])
@pytest.mark.parametrize("trees", [LEFT, WIDE])
def test_as_a_plain_recursion(composition, trees):
    found, (vectors, losses) = learned(trees, composition, steps=12), plain(trees, composition, 12)
    assert found.vectors == pytest.approx(vectors, abs=2e-4)
    assert found.losses == pytest.approx(losses, abs=1e-4)


def test_the_error_of_each_sentence_is_its_own():
    found = learned(LEFT, steps=5)
    again = learned(LEFT, steps=6)
    assert found.errors.shape == (4,) and 0 <= found.errors.min() <= found.errors.max() <= 2
    assert again.losses[5] == pytest.approx(found.errors.mean(), abs=1e-6)


def test_blocks_are_one_whole(monkeypatch):
    whole = learned(LEFT, "linear", steps=8)
    monkeypatch.setattr(derivations, "WORDS_AT_ONCE", 3)
    assert learned(LEFT, "linear", steps=8).vectors == pytest.approx(whole.vectors, abs=1e-5)


def test_a_sum_by_trees_is_the_sparse_product():
    if "test-sum" not in compositions:
        compositions.add("test-sum", lambda left, right: left + right, summary="a sum that goes by the tree")
    assert learned(WIDE, "test-sum", steps=20).vectors == pytest.approx(learned(WIDE, steps=20).vectors, abs=1e-4)


@pytest.mark.parametrize(("composition", "moves"), [("add", False), ("mul", False), ("linear", True)])
def test_what_the_tree_changes(composition, moves):
    one, other = (learned(trees, composition, steps=30).errors for trees in (LEFT, RIGHT))
    assert (np.abs(one - other).max() > 1e-3) == moves


@pytest.mark.parametrize("scale", [0.0, 0.01])
def test_an_encoder_that_is_the_sum_of_its_words_is_rebuilt(scale):
    rng = np.random.default_rng(1)
    sentences = [list(rng.choice(list("abcdefghijkl"), rng.integers(1, 9))) for _ in range(80)]
    corpus = with_trees(*(f"(0 {' '.join(f'(0 {word})' for word in words)})" for words in sentences))
    own = dict(zip("abcdefghijkl", rng.normal(size=(12, 16)), strict=True))
    sums = np.stack([sum(own[word] for word in words) for words in sentences])
    found = reconstruct(corpus, np.arange(60), sums[:60], scale=scale, steps=1600)
    assert found.losses[0] > 0.5 > 0.01 > found.losses[400]
    assert found.errors.max() < 0.002
    assert found.errors_of(corpus, np.arange(60, 80), sums[60:]).max() < 0.002  # of sentences that it did not see


def test_linear_keeps_lengths_and_order_matters():
    left, right = torch.tensor(targets(2, 5))[:, None]
    assert linear(left, torch.zeros(1, 5)).norm() == pytest.approx(float(left.norm()), rel=1e-5)
    assert not torch.allclose(linear(left, right), linear(right, left))
    assert not torch.allclose(linear(left, right), linear(left, right, seed=1))


def test_rare_and_unknown_words_are_neutral_and_counted():
    corpus = with_trees("(0 (0 a) (0 b))", "(0 (0 A) (0 c))", "(0 (0 a) (0 x))", "(0 (0 y) (0 z))")
    for composition in ("add", "mul"):
        found = reconstruct(corpus, [0, 1], targets(2), composition, steps=3, least=2)
        assert found.words == ("a",)
        errors = found.errors_of(corpus, [2, 3], np.repeat(targets(1), 2, axis=0))
        assert np.isfinite(errors[0]) and np.isnan(errors[1])
        assert found.coverage(corpus, [2, 3]) == 0.25
        alone = reconstruct(corpus, [0], targets(1), composition, steps=3)
        assert alone.errors_of(corpus, [3], targets(1)).tolist() == pytest.approx([np.nan], nan_ok=True)


def test_a_vector_of_zeros_is_counted_and_left_out():
    given = targets(4)
    given[2] = 0
    found = reconstruct(with_trees(*LEFT), np.arange(4), given, steps=4)
    assert found.zero == 1 and np.isnan(found.errors).tolist() == [False, False, True, False]
    assert found.losses[0] == pytest.approx(1, abs=1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: learned(LEFT, "ad"), UnknownName, "add"),
        (lambda: learned(LEFT, "linear(sed=1)"), UnknownName, "seed"),
        (lambda: learned(LEFT, "linear(seed=-1)"), ProbekitError, "seed of this composition"),
        (lambda: learned(LEFT, "add|mul"), ProbekitError, "a name with options"),
        (lambda: learned(LEFT, least=9), ProbekitError, "no word stands 9 times in these 4 sentences"),
        (lambda: reconstruct(with_trees(*LEFT), [0, 1], targets(3)), ProbekitError, "of 2 sentences; got shape"),
        (lambda: reconstruct(with_trees(*LEFT), [0], np.zeros((1, 3))), ProbekitError, "are zero"),
        (lambda: reconstruct(with_trees(*LEFT), [0], np.full((1, 3), np.nan)), ProbekitError, "not finite"),
    ],
)
def test_what_cannot_be_learned_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_composition_of_another_shape_is_refused():
    if "test-longer" not in compositions:
        compositions.add("test-longer", lambda left, right: torch.cat([left, right], 1), summary="both side by side")
    with pytest.raises(ProbekitError, match="of the same shape for each pair"):
        learned(LEFT, "test-longer")


def numbers(spec: str) -> list[float]:
    found = learned(LEFT, spec, steps=15)
    return [*map(float, found.losses[[0, 7, 14]]), *map(float, found.errors)]


for _name in ("add", "mul", "linear"):
    golden.case(f"composition:{_name}", numbers, options={"seed": 1} if _name == "linear" else {})

test_numbers_stay, test_options_move_numbers = golden.tests()
