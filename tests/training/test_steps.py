"""Rates that go by step, groups of rates, RMSprop, terms of a loss by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from probekit.errors import ProbekitError, UnknownName
from probekit.training.loop import Settings, train
from probekit.training.schedules import by_step, schedule


def line(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Linear(3, 1)


def data(epoch):
    rng = np.random.default_rng(epoch)
    for _ in range(4):
        x = torch.tensor(rng.normal(size=(8, 3))).float()
        yield x, x.sum(1, keepdim=True)


def loss(module, batch):
    return (module(batch[0]) - batch[1]).square().mean()


def test_slanted_triangles_are_those_of_the_formula():
    factor = by_step("slanted(cut=0.1, ratio=32)")
    total, cut = 200, 20
    for t in range(total):
        u = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / 0.1 - 1))
        assert factor(t, total) == pytest.approx((1 + u * 31) / 32)
    assert factor(0, total) == 1 / 32 and factor(cut, total) == 1.0
    with pytest.raises(ProbekitError, match="no step to rise in"):
        factor(0, 5)


def test_linear_rises_and_falls_and_the_inverse_root_is_one_at_the_end_of_its_rise():
    factor = by_step("linear(warmup=0.5)")
    values = [factor(step, 8) for step in range(8)]
    assert values == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 0.75, 0.5, 0.25])
    root = by_step("inverse-root(warmup=4)")
    assert root(3, 100) == 1.0 and root(15, 100) == pytest.approx(0.5) and root(0, 100) == 0.25
    assert by_step("plateau") is None and schedule("linear")([1.0]) == 1.0
    with pytest.raises(UnknownName, match="slanted"):
        schedule("slated")


def rates_of(settings, steps=4, **more):
    """The rates of each step of a training."""
    seen = []

    def watched(module, batch):
        return loss(module, batch)

    real = torch.optim.AdamW.step

    def step(self, *given):
        seen.append([group["lr"] for group in self.param_groups])
        return real(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        train(line(), watched, data, settings, steps=steps, **more)
    return np.array(seen)


def test_the_rate_of_each_step_is_that_of_its_place_among_all():
    found = rates_of(Settings(rate=0.1, epochs=2, schedule="linear(warmup=0.5)"))
    assert found[:, 0] == pytest.approx([0.1 * by_step("linear(warmup=0.5)")(k, 8) for k in range(8)])
    half = rates_of(Settings(rate=0.1, epochs=2, schedule="linear(warmup=0.5)", accumulate=2))
    assert half[:, 0] == pytest.approx([0.1 * by_step("linear(warmup=0.5)")(k, 4) for k in range(4)])
    with pytest.raises(ProbekitError, match="say how many"):
        train(line(), loss, data, Settings(epochs=1, schedule="linear"))


def test_parameters_have_rates_of_their_own_by_name():
    found = rates_of(Settings(rate=0.1, epochs=1), rates=lambda name: 10.0 if name == "bias" else 1.0)
    assert found.tolist() == pytest.approx(np.array([[0.1, 1.0]] * 4))


def test_rmsprop_is_that_of_torch():
    mine, plain = line(), line()
    train(mine, loss, data, Settings(rate=0.01, epochs=2, clip=None, optimizer="rmsprop"))
    optimizer = torch.optim.RMSprop(plain.parameters(), lr=0.01)
    for epoch in range(2):
        for batch in data(epoch):
            optimizer.zero_grad()
            loss(plain, batch).backward()
            optimizer.step()
    torch.testing.assert_close(mine.weight, plain.weight)


def test_terms_with_names_are_added_and_kept_by_epoch(tmp_path):
    def terms(module, batch):
        return {"fit": loss(module, batch), "size": 0.1 * module.weight.square().sum()}

    def both(module, batch):
        return loss(module, batch) + 0.1 * module.weight.square().sum()

    settings = Settings(rate=0.05, epochs=3)
    named, plain = line(), line()
    reached = train(named, terms, data, settings, keep=tmp_path / "state")
    train(plain, both, data, settings)
    torch.testing.assert_close(named.weight, plain.weight)
    assert [set(one) for one in reached.terms] == [{"fit", "size"}] * 3
    assert sum(reached.terms[0].values()) == pytest.approx(reached.train_losses[0], rel=1e-5)
    again = train(line(), terms, data, Settings(rate=0.05, epochs=4), keep=tmp_path / "state")
    assert again.terms[:3] == reached.terms and len(again.terms) == 4


def test_a_state_of_a_schedule_by_step_is_of_so_many_steps(tmp_path):
    settings = Settings(epochs=2, schedule="linear")
    train(line(), loss, data, settings, steps=4, keep=tmp_path / "state")
    with pytest.raises(ProbekitError, match="steps=8, now 12"):
        train(line(), loss, data, Settings(epochs=3, schedule="linear"), steps=4, keep=tmp_path / "state")
