"""Golden cases of span probes: networks of every span method on fixed numbers, trained for a few steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from probekit import probes
from probekit.probes.span_names import span_methods
from probekit.registry import bind
from probekit.specs import parse

SMALL = "span-mlp(projection=8, hidden=6, passes=3, every=4, batch=16)"
# Each moves a number of the small case.
OPTIONS: dict[str, Any] = {
    "projection": 12, "hidden": 7, "dropout": 0.0, "per_label": True, "rate": 0.01, "batch": 20, "clip": 0.01,
    "every": 3, "wait": 1, "patience": 1, "passes": 1,
}  # fmt: skip


def data(n: int = 90, n_spans: int = 2) -> tuple[Any, np.ndarray]:
    """Tokens with two layers, spans of one to five of them, and three labels that depend on what is inside."""
    import torch

    from probekit.probes.span_network import SpanTokens

    rng = np.random.default_rng(6)
    layers = rng.standard_normal((2, 60, 10)).astype(np.float32)
    starts = rng.integers(0, 55, size=(n, n_spans))
    ends = starts + rng.integers(1, 6, size=(n, n_spans))
    tokens = SpanTokens(tuple(torch.from_numpy(layer) for layer in layers), starts, ends)
    inside = np.stack([layers[1, a:b].mean(axis=0) for a, b in zip(starts[:, 0], ends[:, 0], strict=True)])
    return tokens, inside[:, :3] > 0.1


def span_numbers(spec: str = SMALL, method: str = "max", seed: int = 0) -> list[float]:
    """Probabilities of a small probe after a few steps, and where its training stood."""
    from probekit.probes.span_training import fit_methods

    parsed = parse(spec)
    kind: Any = probes.registry.get(parsed.head)
    probe = kind(**bind(parsed, kind, "probe", leave_out=("seed",)), seed=seed)
    tokens, targets = data()
    (fitted,) = fit_methods(probe, tokens, targets, np.arange(60), np.arange(60, 90), [method])
    answers = fitted.predict(tokens, np.arange(90))
    wave = np.cos(np.arange(answers.size))
    return [float(answers.mean()), float((answers.ravel() * wave).mean()), float(fitted.info["best_step"])]


def grid_numbers(tune: bool, control: str = "") -> list[float]:
    """Scores of the smallest grid of spans."""
    from golden import ENCODERS, fingerprint

    from probekit.store import digest
    from probekit.works.probing import probing

    grid = probing(
        "golden",
        corpora=["grammar(n=120)"],
        encoders=[ENCODERS["hf"]()],
        layers=[-1] if tune else ["mix", 1],
        tasks=["span/constituent-detection"],
        poolings=["max", "endpoint"],
        tune=tune,
        most={"train": 100},
        probes=["span-mlp(projection=8, hidden=6, passes=2, unseen=miss)"],
        controls=["majority", "all-yes"],
    )
    from golden import place

    rows = grid.run(place() / f"spans-{digest([tune])}")
    rows = rows[rows["control"].eq(control)].sort_values(["pooling", "setting", "layer", "metric", "split", "subset"])
    return fingerprint(rows["value"]) + fingerprint(rows["n_test"])[1:2]


CASES: dict[str, Callable[[], Sequence[float]]] = {
    "probe:span-mlp": span_numbers,
    "work:spans": lambda: grid_numbers(False),
    "work:tuned-spans": lambda: grid_numbers(True),
    "control:all-yes": lambda: grid_numbers(False, "all-yes"),
}
for _name in ("avg", "attn", "max", "endpoint", "diffsum", "coherent", "endpoint+attn"):
    CASES[f"span method:{_name}"] = lambda name=_name: span_numbers(method=name)  # type: ignore[misc]


def registries() -> dict[str, Any]:
    return {"span method": span_methods}
