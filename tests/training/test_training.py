"""The training loop: it stops, keeps the best, resumes, clips and follows its schedule."""

from __future__ import annotations

import ctypes
import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from probekit.errors import ProbekitError, UnknownName
from probekit.training.loop import Progress, Settings, shuffled, train
from probekit.training.schedules import constant, halved, plateau


def problem(seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(64, 3, generator=generator)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.1 * torch.randn(64, 1, generator=generator)
    module = nn.Linear(3, 1)
    with torch.no_grad():
        module.weight.zero_()
        module.bias.zero_()
    return module, x, y


def loss(module, batch):
    return nn.functional.mse_loss(module(batch[0]), batch[1])


def feed(x, y, seed=0, size=16):
    def batches(epoch):
        for rows in shuffled(len(x), size, epoch, seed):
            index = torch.from_numpy(rows)
            yield x[index], y[index]

    return batches


def test_it_learns():
    module, x, y = problem()
    progress = train(module, loss, feed(x, y), Settings(rate=0.05, epochs=60))
    assert progress.epoch == 60 == len(progress.train_losses) and not progress.dev_losses
    assert np.allclose(module.weight.detach().numpy(), [[1, -2, 0.5]], atol=0.1)
    assert not module.training


def test_without_clip_or_decay_it_is_plain_adam():
    module, x, y = problem()
    twin, _, _ = problem()
    train(module, loss, lambda epoch: [(x, y)], Settings(rate=0.01, epochs=5, clip=None))
    adam = torch.optim.Adam(twin.parameters(), lr=0.01, fused=True)
    for _ in range(5):
        adam.zero_grad()
        loss(twin, (x, y)).backward()
        adam.step()
    assert torch.equal(module.weight, twin.weight) and torch.equal(module.bias, twin.bias)


@pytest.mark.parametrize("option", [{"rate": 0.02}, {"clip": None}, {"decay": 0.5}, {"epochs": 3}])
def test_every_setting_changes_the_weights(option):
    plain, x, y = problem()
    changed, _, _ = problem()
    settings = {"rate": 0.01, "epochs": 5}
    train(plain, loss, feed(x, y), Settings(**settings))
    train(changed, loss, feed(x, y), Settings(**{**settings, **option}))
    assert not torch.allclose(plain.weight, changed.weight, atol=1e-6)


def test_the_best_weights_are_kept_and_patience_ends_it():
    module, x, y = problem()
    script = iter([5.0, 3.0, 4.0, 3.5, 3.0, 9.0])
    seen = []

    def dev():
        assert not module.training and not torch.is_grad_enabled()
        seen.append(module.weight.detach().clone())
        return next(script)

    progress = train(module, loss, feed(x, y), Settings(epochs=50, patience=3), dev)
    assert progress.stopped and progress.epoch == 5 and progress.best_epoch == 2 and progress.best_loss == 3.0
    assert torch.equal(module.weight, seen[1]) and not torch.equal(module.weight, seen[4])


def test_a_rate_is_halved_every_epoch_after_the_first():
    assert [halved([2.0] * k, after=3) for k in range(6)] == [1, 1, 1, 0.5, 0.25, 0.125]
    assert Settings(schedule="halved(after=3)").schedule == "halved(after=3)"


def test_a_plateau_halves_the_rate():
    assert [plateau([3, 2, 1][:k]) for k in range(4)] == [1, 1, 1, 1]
    assert plateau([1, 1]) == 1 and plateau([1, 1, 1]) == 0.5
    assert plateau([1, 2, 2, 2]) == 0.5 and plateau([1, 2, 2, 2, 2]) == 0.25
    assert plateau([1, 2, 2, 0.5, 1]) == 0.5
    assert plateau([1.0] * 500) == 1e-3 and constant([1.0] * 500) == 1


def test_the_schedule_reaches_the_optimizer():
    moved = {}
    for name in ("constant", "plateau"):
        module, x, y = problem()
        last = []

        def dev(module=module, last=last):
            last.append(module.weight.detach().clone())
            return 1.0

        train(module, loss, feed(x, y), Settings(epochs=8, patience=99, schedule=name), dev)
        moved[name] = [float((b - a).norm()) for a, b in itertools.pairwise(last)]
    # Flat losses: the first halving comes after three epochs.
    assert moved["constant"][:2] == moved["plateau"][:2]
    assert moved["plateau"][2] < 0.8 * moved["constant"][2] and moved["plateau"][-1] < moved["plateau"][2]


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_a_run_in_two_halves_is_the_run_in_one(schedule):
    def run(*epochs):
        module, x, y = problem()
        progress = None
        for number in epochs:
            settings = Settings(rate=0.05, epochs=number, patience=99, schedule=schedule)
            watch = lambda: float(loss(module, (x, y)))  # noqa: E731
            progress = train(module, loss, feed(x, y), settings, watch, progress)
        return module, progress

    (one, whole), (two, halves) = run(12), run(5, 12)
    assert torch.equal(one.weight, two.weight)
    assert whole.dev_losses == halves.dev_losses and whole.best_epoch == halves.best_epoch


def test_progress_holds_copies():
    module, x, y = problem()
    progress = train(module, loss, feed(x, y), Settings(epochs=2))
    kept = progress.latest["weight"].clone()
    with torch.no_grad():
        module.weight.add_(1)
    assert torch.equal(progress.latest["weight"], kept) and Progress().best_loss == float("inf")


def test_order_depends_on_seed_and_epoch_alone():
    first = np.concatenate(list(shuffled(50, 8, 0, 1)))
    assert sorted(first) == list(range(50))
    assert np.array_equal(first, np.concatenate(list(shuffled(50, 13, 0, 1))))
    assert not np.array_equal(first, np.concatenate(list(shuffled(50, 8, 1, 1))))
    assert not np.array_equal(first, np.concatenate(list(shuffled(50, 8, 0, 2))))


def test_a_loss_that_is_not_finite_is_an_error():
    module, x, y = problem()
    with pytest.raises(ProbekitError, match="lower the rate"):
        train(module, lambda m, b: loss(m, b) * float("nan"), feed(x, y), Settings(epochs=3))
    with pytest.raises(ProbekitError, match="without batches"):
        train(module, loss, lambda epoch: [], Settings(epochs=3))


def test_settings_out_of_range_are_named():
    for name in ("rate", "epochs", "patience", "clip"):
        with pytest.raises(ProbekitError, match=name):
            Settings(**{name: 0})
    with pytest.raises(ProbekitError, match="decay"):
        Settings(decay=-1)
    with pytest.raises(UnknownName, match="plateau"):
        Settings(schedule="platoe")


def deep(seed: int = 0):
    _, x, y = problem(seed)
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 1)), x, y


@pytest.mark.parametrize(
    "settings",
    [
        Settings(rate=0.05, epochs=9, patience=99, schedule="plateau(wait=1)"),
        Settings(rate=0.05, epochs=9, patience=99, optimizer="sgd", momentum=0.9, decay=0.01),
        Settings(rate=0.05, epochs=9, patience=99, accumulate=3),
    ],
)
def test_a_run_interrupted_anywhere_goes_on_from_its_file(tmp_path, settings):
    """Dropout included: its noise depends on the step, not on what was drawn before."""

    def run(keep, dies_in=None):
        module, x, y = deep()

        def batches(epoch):
            for number, batch in enumerate(feed(x, y)(epoch)):
                if (epoch, number) == dies_in:
                    raise KeyboardInterrupt
                yield batch

        watch = lambda: float(loss(module, (x, y)))  # noqa: E731
        return module, train(module, loss, batches, settings, watch, seed=3, keep=keep)

    whole, progress = run(None)
    file = tmp_path / "state"
    for place in ((0, 1), (4, 2), (8, 3)):
        with pytest.raises(KeyboardInterrupt):
            run(file, place)
    resumed, again = run(file)
    assert again.dev_losses == progress.dev_losses and again.train_losses[4:] == progress.train_losses[4:]
    for one, two in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, two)
    finished, same = run(file, (0, 0))  # a finished run asks for no batch
    assert same.dev_losses == progress.dev_losses and torch.equal(finished[0].weight, whole[0].weight)


def test_side_by_side_is_alone():
    """Members stop, decay and draw noise as if each were trained by itself."""
    options = [Settings(rate=0.05, epochs=12, patience=99), Settings(rate=0.001, epochs=7, optimizer="sgd")]

    def member(settings):
        module, x, y = deep()
        return training.Member(module, loss, settings, lambda: float(loss(module, (x, y)))), x, y

    from probekit.training import loop as training

    together = [member(settings)[0] for settings in options]
    _, x, y = deep()
    training.train_together(together, feed(x, y), seed=5)
    for settings, one in zip(options, together, strict=True):
        alone, _, _ = member(settings)
        progress = train(alone.module, loss, feed(x, y), settings, alone.dev_loss, seed=5)
        assert progress.dev_losses == one.progress.dev_losses and len(progress.dev_losses) > 2
        assert torch.equal(alone.module[0].weight, one.module[0].weight)
    assert len({one.progress.epoch for one in together}) == 2


def test_noise_depends_on_the_seed_and_leaves_the_callers_generator_alone():
    losses = []
    for seed in (0, 0, 1):
        module, x, y = deep()
        torch.manual_seed(11)
        before = torch.get_rng_state()
        losses.append(train(module, loss, feed(x, y), Settings(epochs=2), seed=seed).train_losses)
        assert torch.equal(before, torch.get_rng_state())
    assert losses[0] == losses[1] != losses[2]


def test_accumulated_batches_are_one_larger_batch():
    one, x, y = problem()
    two, _, _ = problem()
    plain = {"rate": 0.1, "epochs": 3, "clip": None, "optimizer": "sgd"}
    train(one, loss, lambda epoch: [(x[:32], y[:32]), (x[32:], y[32:])], Settings(**plain, accumulate=2))
    train(two, loss, lambda epoch: [(x, y)], Settings(**plain))
    assert torch.allclose(one.weight, two.weight, atol=1e-6)


def test_frozen_parameters_stay():
    module, x, y = deep()
    module[0].requires_grad_(False)
    before = module[0].weight.clone(), module[3].weight.clone()
    train(module, loss, feed(x, y), Settings(epochs=2, decay=0.1))
    assert torch.equal(before[0], module[0].weight) and not torch.equal(before[1], module[3].weight)


def test_a_state_of_another_model_or_no_state_at_all_is_refused(tmp_path):
    file = tmp_path / "state"
    module, x, y = deep()
    train(module, loss, feed(x, y), Settings(epochs=1), keep=file)
    other, _, _ = problem()
    with pytest.raises(ProbekitError, match="belongs to another model"):
        train(other, loss, feed(x, y), Settings(epochs=2), keep=file)
    (file / "progress.json").write_bytes(b"nothing of the kind")
    with pytest.raises(ProbekitError, match="holds no training state"):
        train(module, loss, feed(x, y), Settings(epochs=2), keep=file)


@pytest.mark.parametrize(
    ("settings", "seed", "said"),
    [
        (Settings(rate=0.02, epochs=4), 0, "rate=0.001, now 0.02"),
        (Settings(epochs=4, decay=0.1), 0, "decay=0.0, now 0.1"),
        (Settings(epochs=4), 7, "seed=0, now 7"),
    ],
)
def test_a_state_of_other_settings_or_another_seed_is_not_gone_on_with(tmp_path, settings, seed, said):
    file = tmp_path / "state"
    module, x, y = deep()
    train(module, loss, feed(x, y), Settings(epochs=2), keep=file)
    before = {path.name: path.read_bytes() for path in file.iterdir()}
    with pytest.raises(ProbekitError, match=f"is that of another training .*{said}"):
        train(module, loss, feed(x, y), settings, seed=seed, keep=file)
    assert {path.name: path.read_bytes() for path in file.iterdir()} == before
    # When it ends is no part of how it is trained.
    assert train(module, loss, feed(x, y), Settings(epochs=4, patience=9), keep=file).epoch == 4


def test_what_diverged_is_never_gone_on_with(tmp_path):
    module, x, y = deep()
    broken = torch.full_like(y, float("inf"))

    def batches(epoch):
        return feed(x, y if epoch < 2 else broken)(epoch)

    with pytest.raises(ProbekitError, match=r"in epoch 3; lower the rate, now 0\.001"):
        train(module, loss, batches, Settings(epochs=5), keep=tmp_path / "state")
    assert [path.name for path in (tmp_path / "state").iterdir()] == [".lock"]
    module, x, y = deep()
    lower = train(module, loss, feed(x, y), Settings(rate=1e-4, epochs=2), keep=tmp_path / "state")
    assert lower.epoch == 2 and np.isfinite(lower.train_losses).all()


def test_two_trainings_do_not_mix_their_states(tmp_path):
    module, x, y = deep()

    def batches(epoch):
        other, _, _ = deep()
        with pytest.raises(ProbekitError, match="another training keeps its state in"):
            train(other, loss, feed(x, y), Settings(epochs=1), keep=tmp_path / "state")
        return feed(x, y)(epoch)

    assert train(module, loss, batches, Settings(epochs=2), keep=tmp_path / "state").epoch == 2


def test_schedules_and_optimizers_are_checked():
    assert Settings(schedule="plateau(wait=5)").schedule == "plateau(wait=5)"
    assert plateau([1] * 6, wait=5) == 0.5 and plateau([1] * 5, wait=5) == 1
    for bad in ("halved(after=0)", "plateau(wait=0)", "plateau(weight=3)", "constant(wait=3)"):
        with pytest.raises(ProbekitError):
            Settings(schedule=bad)
    with pytest.raises(UnknownName, match="adam"):
        Settings(optimizer="adan")
    with pytest.raises(ProbekitError, match="momentum"):
        Settings(momentum=0.9)


def test_a_state_on_disk_is_not_held_in_memory_as_well(tmp_path):
    module, x, y = deep()
    progress = train(module, loss, feed(x, y), Settings(epochs=3), keep=tmp_path / "state")
    assert not progress.best and not progress.latest and not progress.optimizer
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == [
        ".lock",
        "best-3.safetensors",
        "latest-3.safetensors",
        "optimizer-3.safetensors",
        "progress.json",
    ]


def test_tied_weights_are_kept_under_both_names(tmp_path):
    module = nn.ModuleDict({"a": nn.Linear(3, 3, bias=False), "b": nn.Linear(3, 3, bias=False)})
    module["b"].weight = module["a"].weight
    _, x, _ = problem()

    def tied(m, batch):
        return (m["b"](m["a"](batch)) - batch).square().mean()

    train(module, tied, lambda epoch: [x], Settings(epochs=2), keep=tmp_path / "state")
    assert torch.equal(module["a"].weight, module["b"].weight)


FAULTS = """
import resource, torch
from probekit.training import pages
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step = [torch.ones(2**20) for _ in range(20)]  # 80 MB
    del step
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
with pages.kept():
    print([faults() for _ in range(10)][-1])  # until blocks have found their places
print(faults())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_pages_of_a_step_are_kept_for_the_next_and_given_back_at_the_end():
    """In a process of its own, whose heap nobody else has touched."""
    run = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    kept, given_back = map(int, run.stdout.split())
    assert kept < 1000 < 10_000 < given_back  # of 20,480 pages
