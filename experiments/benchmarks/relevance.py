"""Relevance propagation against captum, zennit and gradient x input: the paper's network, 100 documents, one thread.

captum is in the extra dev; zennit is installed without its dependencies (pip install --no-deps zennit), and the two
classes that it takes from torchvision are stood in for. A tool that is not there is left out, which the line says.
"""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from probekit import relevance, resources
from probekit.models.text_cnn import TextCNN

from .measure import Line, matrix_rate, seconds, threads

DOCUMENTS, WORDS, UNITS, FILTERS, CLASSES = 100, 400, 300, 800, 20
TEST = 7532
EPSILON = 0.01


def lines() -> Iterator[Line]:
    """Speed against each tool, classes sharing the forward pass, the whole test set, a transformer."""
    with threads(1):
        yield from _network()
        yield from _test_set()
        yield from _transformer()


def network() -> TextCNN:
    """The paper's network with weights of one seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TextCNN(UNITS, CLASSES, FILTERS).eval()


def layers(made: TextCNN, words: int) -> nn.Sequential:
    """The same network as layers that the tools know, for documents (B, units, words)."""
    return nn.Sequential(made.conv, nn.ReLU(), nn.MaxPool1d(words - made.window + 1), nn.Flatten(), made.out).eval()


def _network() -> Iterator[Line]:
    made = network()
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(DOCUMENTS, WORDS, UNITS)).astype(np.float32))
    mask = torch.ones(DOCUMENTS, WORDS, dtype=torch.bool)
    classes = torch.from_numpy(rng.integers(0, CLASSES, DOCUMENTS))
    turned = x.transpose(1, 2).contiguous()

    def ours() -> Any:
        return relevance.explain(made, x, classes, rules=f"epsilon({EPSILON})", extra=(mask,))

    def plain() -> Any:
        leaf = x.clone().requires_grad_()
        score = made(leaf, mask).gather(1, classes[:, None]).sum()
        (gradient,) = torch.autograd.grad(score, leaf)
        return gradient * leaf.detach()

    mine = seconds(ours)
    floor = 2 * DOCUMENTS * (WORDS - 1) * 2 * UNITS * FILTERS / matrix_rate()
    bound = f"{floor:.2f} s"
    where = f"{DOCUMENTS} x {WORDS} words, {FILTERS} filters"
    for name, other, aim in (
        ("gradient x input", plain, 1.2),
        ("captum", _captum(made, turned, classes), 0.0),
        ("zennit", _zennit(made, turned, classes), 0.0),
    ):
        if other is None:
            yield Line(f"CNN, LRP against {name}", f"{mine:.2f} s", "not installed", "-", bound, ">= 1.5 x", None)
            continue
        theirs = seconds(other)
        mine = seconds(ours)  # beside each, since the machine's speed moves
        if aim:
            yield Line(
                f"CNN {where}: LRP, {name}",
                f"{mine:.2f} s",
                f"{theirs:.2f} s",
                f"{mine / theirs:.2f}",
                bound,
                f"<= {aim} x the time",
                mine <= aim * theirs,
            )
        else:
            yield Line(
                f"CNN {where}: LRP, {name}",
                f"{mine:.2f} s",
                f"{theirs:.2f} s",
                f"{theirs / mine:.2f}",
                bound,
                ">= 1.5 x faster",
                theirs >= 1.5 * mine,
            )
    calls = []
    hook = nn.Module.register_forward_pre_hook(made, lambda *_: calls.append(1))
    every = seconds(lambda: relevance.explain(made, x, "all", rules=f"epsilon({EPSILON})", extra=(mask,)))
    hook.remove()
    each = CLASSES * mine
    yield Line(
        f"CNN: all {CLASSES} classes of a document, one by one",
        f"{every:.2f} s",
        f"{each:.2f} s",
        f"{each / every:.1f}",
        bound,
        f"one forward pass ({len(calls) // 3} seen)",
        len(calls) == 3,
    )


def _captum(made: TextCNN, x: torch.Tensor, classes: torch.Tensor) -> Callable[[], Any] | None:
    try:
        from captum.attr import LRP
        from captum.attr._utils.lrp_rules import EpsilonRule
    except ImportError:
        return None
    built = layers(made, WORDS)

    def run() -> Any:
        for module in built:  # captum takes its rules off after every call
            if not isinstance(module, nn.ReLU):
                weighted = isinstance(module, (nn.Conv1d, nn.Linear))
                module.rule = EpsilonRule(epsilon=EPSILON if weighted else 0.0)  # type: ignore[assignment]
        return LRP(built).attribute(x.clone().requires_grad_(), target=classes)

    return run


def _zennit(made: TextCNN, x: torch.Tensor, classes: torch.Tensor) -> Callable[[], Any] | None:
    with _torchvision():
        try:
            from zennit.attribution import Gradient
            from zennit.core import Composite
            from zennit.rules import Epsilon, Pass
        except ImportError:
            return None

    def rule(context: Any, name: str, module: nn.Module) -> Any:
        if isinstance(module, (nn.Conv1d, nn.Linear)):
            return Epsilon(epsilon=EPSILON)
        return Pass() if isinstance(module, nn.ReLU) else None

    built = layers(made, WORDS)

    def run() -> Any:
        with Gradient(built, Composite(rule)) as attributor:

            def start(logits: torch.Tensor) -> torch.Tensor:
                rows = torch.arange(len(classes))
                found = torch.zeros_like(logits)
                found[rows, classes] = logits.detach()[rows, classes]
                return found

            return attributor(x.clone(), start)

    return run


@contextmanager
def _torchvision() -> Iterator[None]:
    """A stand-in for the names that zennit imports, while it does."""
    names = ("torchvision", "torchvision.models", "torchvision.models.resnet")
    if any(name in sys.modules for name in names):
        yield
        return
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    for part in ("Bottleneck", "BasicBlock"):
        setattr(sys.modules[names[-1]], part, type(part, (nn.Module,), {}))
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def _test_set() -> Iterator[Line]:
    """The paper's 7,532 documents, one class each; lengths as they are in the data, drawn like them without it."""
    from probekit.corpora import load_corpus  # registers the data sets

    real = resources.available("twenty-newsgroups")
    if real:
        corpus = load_corpus("twenty-newsgroups|letters|truncate(n=400)|split(test)")
        lengths = np.diff(corpus.offsets)
    else:
        lengths = np.random.default_rng(1).integers(20, 180, TEST)
    made = network()
    rng = np.random.default_rng(0)
    order = np.sort(lengths)[::-1]
    started, shown = time.perf_counter(), 0
    for begin in range(0, len(order), DOCUMENTS):
        own = order[begin : begin + DOCUMENTS]
        mask = torch.from_numpy(np.arange(own.max())[None] < own[:, None])
        x = torch.from_numpy(rng.normal(size=(*mask.shape, UNITS)).astype(np.float32)) * mask[..., None]
        classes = torch.from_numpy(rng.integers(0, CLASSES, len(own)))
        shown += len(relevance.explain(made, x, classes, extra=(mask,)).relevance)
    taken = time.perf_counter() - started
    yield Line(
        f"CNN: {shown:,} documents, {'real' if real else 'drawn'} lengths (mean {order.mean():.0f} words)",
        f"{taken:.1f} s",
        "-",
        "-",
        "-",
        "<= 60 s",
        taken <= 60,
    )


def _transformer() -> Iterator[Line]:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=1000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    )
    model = BertForSequenceClassification(config).eval().requires_grad_(False)
    x = torch.randn(16, 128, 384)
    mask = torch.ones(16, 128, dtype=torch.int64)
    classes = torch.zeros(16, dtype=torch.int64)

    def ask(vectors: torch.Tensor) -> torch.Tensor:
        return model(inputs_embeds=vectors, attention_mask=mask).logits

    def once() -> Any:
        leaf = x.clone().requires_grad_()
        return torch.autograd.grad(ask(leaf)[:, 0].sum(), leaf)

    theirs = seconds(once)
    mine = seconds(lambda: relevance.explain(model, x, classes, forward=ask))
    yield Line(
        "BERT of 6 layers, 16 x 128 pieces: LRP, forward + backward",
        f"{mine:.2f} s",
        f"{theirs:.2f} s",
        f"{mine / theirs:.2f}",
        "-",
        "<= 4 x the time",
        mine <= 4 * theirs,
    )
