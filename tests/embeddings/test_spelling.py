"""Vectors learned from spelling: the network by hand, distances and what minimises them, batches, reconstruction."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from probekit.embeddings.benchmarks import get
from probekit.embeddings.characters import OUTPUTS, Student, held, of_one_length, options, stages, train
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError
from probekit.models.speller import DISTANCES, Speller
from probekit.sources import resolve
from probekit.specs import Spec


def given(**options_: object) -> dict[str, object]:
    return dict(resolve(Spec("characters", None, (), options_), options, "test").options)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory) -> str:
    """Vectors that are sums of those of stem and suffix, with some noise."""
    draw = np.random.default_rng(0)
    stems = ["".join(draw.choice(list("abcdefgh"), draw.integers(2, 6))) for _ in range(40)]
    ends = ["ing", "ed", "ly", "s"]
    parts = {part: draw.normal(size=8) for part in [*stems, *ends]}
    words = list(dict.fromkeys(stem + end for stem in stems for end in ends))
    vectors = [parts[w[: -len(e)]] + 2 * parts[e] for w in words for e in [next(e for e in ends if w.endswith(e))]]
    vectors = np.array(vectors) + 0.1 * draw.normal(size=(len(words), 8))
    table = WordTable(words, vectors.astype(np.float32))
    return f"static:{table.save(tmp_path_factory.mktemp('teacher') / 'table')}"


# --- network and distances ---------------------------------------------------------------------------


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_network_is_its_equations(output):
    """Cells stepped one character at a time, both ways, joined, rectified, gated."""
    torch.manual_seed(0)
    module = Speller(6, 5, 4, output).double().eval()
    word = torch.tensor([[1, 3, 2, 2]])

    def states(suffix: str, order: list[int]) -> torch.Tensor:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [getattr(module.read, f"{name}_l0{suffix}") for name in names]
        h = c = torch.zeros(5, dtype=torch.float64)
        for at in order:
            x = module.embed.weight[word[0, at]]
            i, f, g, o = (weights[0] @ x + weights[2] + weights[1] @ h + weights[3]).split(5)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        return h

    z = module.join(torch.cat([states("", [0, 1, 2, 3]), states("_reverse", [3, 2, 1, 0])]))
    h = z.clamp_min(0)
    if output == "highway":
        t = torch.sigmoid(module.gate.weight @ h)
        wanted = t * h + (1 - t) * z
    else:
        wanted = h if output == "relu" else z
    assert torch.allclose(module(word)[0], wanted, atol=1e-10)


def test_distances_by_hand():
    u, v = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[4.0, -2.0], [3.0, 4.0]])
    wanted = {
        "l1": [7, 7], "l2": [5, 5], "sq-l2": [25, 25], "linf": [4, 4],
        "neg-cos": [0.0, 0.0],
    }  # fmt: skip
    for name, values in wanted.items():
        assert DISTANCES[name](u, v).tolist() == pytest.approx(values, abs=1e-5), name
    assert DISTANCES["neg-cos"](u[:1], 3 * u[:1]).item() == pytest.approx(-1)
    same = torch.ones(1, 2, requires_grad=True)
    DISTANCES["l2"](same, torch.ones(1, 2)).sum().backward()
    assert torch.isfinite(same.grad).all()


def _fitted(name: str, targets: torch.Tensor) -> torch.Tensor:
    """The constant that a linear model of one constant feature learns."""
    theta = torch.zeros(1, targets.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([theta], 0.05)
    for step in range(3000):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 / (1 + step / 100)
        optimizer.zero_grad()
        DISTANCES[name](targets, theta.expand_as(targets)).mean().backward()
        optimizer.step()
    return theta[0].detach()


def test_constant_features_give_medians_and_means_and_an_outlier_moves_means_more():
    targets = torch.tensor(np.random.default_rng(1).normal(size=(41, 3)), dtype=torch.float32)
    with_one = torch.cat([targets, torch.full((2, 3), 30.0)])
    fitted = {name: (_fitted(name, targets), _fitted(name, with_one)) for name in ("l1", "sq-l2")}
    assert torch.allclose(fitted["l1"][0], targets.median(0).values, atol=0.05)
    assert torch.allclose(fitted["sq-l2"][0], targets.mean(0), atol=0.01)
    moved = {name: float((after - before).abs().max()) for name, (before, after) in fitted.items()}
    assert moved["l1"] < 0.4 < 1 < moved["sq-l2"]


# --- batches and strings -----------------------------------------------------------------------------


def test_batches_hold_words_of_one_length():
    lengths = np.array([3, 1, 3, 2, 3, 1])
    found = list(of_one_length(lengths, 2))
    assert sorted(np.concatenate(found)) == list(range(6))
    assert all(len(set(lengths[rows])) == 1 and len(rows) <= 2 for rows in found)


def test_a_vector_does_not_depend_on_what_else_is_asked():
    student = Student(list("abcd"), 4, given(width=6))
    words = ["abc", "a", "ddca", "bca", "zzz", "é"]
    together = student.vectors(words)
    for word, vector in zip(words, together, strict=True):
        assert student.vectors([word])[0] == pytest.approx(vector, abs=1e-6)
    assert (
        student.unseen(words).tolist() == [False] * 4 + [True] * 2
        and (student.vectors(["zz"]) == student.vectors(["éé"])).all()
    )
    with pytest.raises(ProbekitError, match="an empty string"):
        student.vectors(["a", ""])


def test_a_rectified_output_has_no_negative_value():
    words = ["ab", "ba", "abab"]
    for output, least in (("relu", True), ("highway", False), ("linear", False)):
        found = Student(list("ab"), 16, given(output=output, width=8)).vectors(words)
        assert (found >= 0).all() == least, output


# --- training ----------------------------------------------------------------------------------------


def test_stages():
    assert stages(0, 10) == [0] and stages(25, 10) == [0, 10, 20, 25] and stages(20, 10) == [0, 10, 20]


@pytest.mark.parametrize("distance", list(DISTANCES))
def test_every_distance_is_lowered_and_the_teacher_found_again(teacher, distance):
    spec = f'characters:"{teacher}"(distance={distance}, output=linear, epochs=30, width=16, rate=0.01, {{}})'
    asked = get(f'reconstruction/cosines(teacher="{teacher}")')
    cosines = [float(asked.score(load_table(spec.format(f"at={at}")))["value"][0]) for at in (0, 30)]
    assert cosines[1] > max(0.6, cosines[0] + 0.3), cosines


def test_an_earlier_student_is_that_of_a_shorter_training_and_held_out_words_stand_apart(teacher):
    spec = f'characters:"{teacher}"(epochs=20, width=12, held_out=0.25, {{}})'
    early = load_table(spec.format("at=10"))
    short = load_table(spec.replace("epochs=20", "epochs=10").format("seed=0"))
    assert (early.vectors == short.vectors).all() and early.about["epochs"] == 10
    whole = load_table(teacher)
    assert sorted(early.about["held_out"]) == np.flatnonzero(held(whole, 0.25, 0)).tolist()
    rows = get(f'reconstruction/neighbours(teacher="{teacher}")').score(early).set_index("subset")
    n_out = len(early.about["held_out"])
    assert rows.loc["words=held-out", "n"] == n_out and rows.loc["words=trained", "n"] == len(whole) - n_out


def test_a_stopped_training_goes_on_to_the_same_student(teacher, tmp_path, monkeypatch):
    from probekit.training import loop

    table, settings = load_table(teacher), given(epochs=4, every=2, width=6)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    train(table, settings, tmp_path / "whole", tmp_path / "other state")
    finish, asked = loop._finish, []

    def stops(*args):
        asked.append(1)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return finish(*args)

    monkeypatch.setattr(loop, "_finish", stops)
    with pytest.raises(KeyboardInterrupt):
        train(table, settings, tmp_path / "parts", tmp_path / "state")
    train(table, settings, tmp_path / "parts", tmp_path / "state")
    assert len(asked) == 5
    for end in stages(4, 2):
        one, other = ((tmp_path / name / f"after-{end}.safetensors").read_bytes() for name in ("whole", "parts"))
        assert one == other, end


# --- reconstruction ----------------------------------------------------------------------------------


def test_a_table_reconstructs_itself_and_noise_does_not(teacher):
    whole = load_table(teacher)
    noise = WordTable(whole.words, np.random.default_rng(3).normal(size=whole.vectors.shape).astype(np.float32))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0].astype(np.float32)
    turned = whole.with_vectors(whole.vectors @ turn)
    for name, least, most in (("cosines", 0.999, 0.1), ("neighbours", 0.99, 0.2)):
        asked = get(f'reconstruction/{name}(teacher="{teacher}")')
        assert asked.score(whole)["value"][0] == pytest.approx(1) and asked.score(turned)["value"][0] > least
        assert abs(asked.score(noise)["value"][0]) < most


def test_overlap_by_hand(tmp_path):
    """Twelve words on an arc, ever wider apart: each is nearest the one before. In the other table the first two change
    places: they stay nearest each other, and the third is nearest the first."""
    angles = 1.2 * (np.arange(12) / 11) ** 1.5
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    words = [f"w{i}" for i in range(12)]
    WordTable(words, vectors).save(tmp_path / "t")
    changed = WordTable(words, vectors[[1, 0, *range(2, 12)]])
    found = get(f"reconstruction/neighbours(teacher=static:{tmp_path}/t, k=1)").score(changed)
    assert found["value"][0] == pytest.approx(11 / 12) and found["n"][0] == 12


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("characters", "names no table to learn"),
        ("characters:generated-vectors(at=3)", "the student is kept after 0, 10 epochs"),
        ("characters:generated-vectors(distance=cos)", "among l1, l2, sq-l2, linf, neg-cos"),
        ("characters:nothing.txt", r"nothing\.txt"),
        ("characters:generated-vectors(held_out=1)", "from 0 to below 1"),
    ],
)
def test_what_does_not_fit_is_refused(spec, said):
    with pytest.raises(ProbekitError, match=said):
        describe_table(spec)


def test_tables_without_a_shared_word_are_refused(teacher):
    with pytest.raises(ProbekitError, match="shares no word with its teacher"):
        get(f'reconstruction/cosines(teacher="{teacher}")').score(WordTable(["x"], np.ones((1, 2), dtype=np.float32)))
