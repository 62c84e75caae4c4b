"""Online code length: how many bits it takes to send the labels to someone who has the vectors.

Voita and Titov 2020, Information-Theoretic Probing with Minimum Description Length, section 3.2 (the
prequential code of Rissanen 1984 and Dawid 1984). All lengths are in bits.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from probekit.errors import ProbekitError
from probekit.probes.catalogue import registry
from probekit.probes.inner import as_groups, group_order
from probekit.probes.probe import Array, Dev, Probe, classes_and_codes, codes_among
from probekit.sources import resolve
from probekit.specs import parse
from probekit.values import Share

FRACTIONS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)


class LabelProbe(Protocol):
    """A fitted probe that gives probabilities."""

    classes_: builtins.list[Array]

    def predict_proba(self, X: Array) -> builtins.list[Array]: ...


def online_code_length(
    probe_class: type[Probe],
    params: Mapping[str, Any],
    X: Array,
    y: Array,
    *,
    groups: Array | None = None,
    fractions: Sequence[float] = FRACTIONS,
    seed: int = 0,
    dev: Dev | None = None,
) -> dict[str, Any]:
    """Bits to send labels y (n,) given vectors X (n, d), block by block.

    A block is coded by a probe fitted on the blocks before it. Groups are shuffled whole by the seed, and
    blocks end at the first group that reaches each of the fractions of rows; a fraction that adds no row
    adds no block. The first block is sent with log2 K bits a label, K the number of classes in y. Each
    further label costs `-log2((1 - e) p + e / K)` with e = 1 / (m + 1) after m training rows: a class not
    seen yet has a finite price, a uniform probe costs log2 K a label exactly, and the sure and right probe
    pays about 1.44 bits each time its data doubles.

    Returns bits, uniform_bits (n log2 K), compression (uniform over bits; 1 where there is one class and
    both are 0), classes (K), blocks: a list of {rows, bits}, and not_converged, the number of fits that
    said so.
    """
    fractions = check_fractions(fractions)
    y = np.asarray(y, dtype=object)
    if len(X) != len(y) or y.ndim != 1 or not len(y):
        raise ProbekitError(f"code length needs one label a vector; got {len(X)} vectors, labels {y.shape}")
    n = len(y)
    known = as_groups(groups, n)
    classes, codes = classes_and_codes(y)
    uniform = float(np.log2(len(classes)))
    order, ends = _blocks(n, known, fractions, seed)
    blocks = [{"rows": int(ends[0]), "bits": float(ends[0] * uniform)}]
    failed = 0
    for start, end in itertools.pairwise(ends):
        train, test = order[:start], order[start:end]
        if len(classes) == 1:
            blocks.append({"rows": int(end - start), "bits": 0.0})
            continue
        probe = probe_class(**{"seed": seed, **params})
        probe.fit(X[train], y[train], groups=None if known is None else known[train], dev=dev)
        failed += not probe.info_[0].get("converged", True)
        price = _price(probe, X[test], codes[test], classes, len(train))  # type: ignore[arg-type]
        blocks.append({"rows": int(end - start), "bits": float(price.sum())})
    bits = float(sum(block["bits"] for block in blocks))
    return {
        "bits": bits,
        "uniform_bits": n * uniform,
        "compression": n * uniform / bits if bits else 1.0,
        "classes": len(classes),
        "blocks": blocks,
        "not_converged": failed,
    }


def _price(probe: LabelProbe, X: Array, codes: Array, classes: Array, seen: int) -> Array:
    """Bits of each label (n,) under a probe fitted on `seen` rows."""
    shares = probe.predict_proba(X)[0]
    place = codes_among(classes, probe.classes_[0])[codes]  # column of each label, -1 for none
    p = np.where(place >= 0, shares[np.arange(len(codes)), np.maximum(place, 0)], 0.0)
    spare = 1 / (seen + 1)
    return -np.log2((1 - spare) * p + spare / len(classes))


def _blocks(n: int, groups: Array | None, fractions: Sequence[float], seed: int) -> tuple[Array, Array]:
    """Row numbers in the order they are sent, and where each block ends."""
    rank = group_order(n, groups, seed, "online-code")
    order = np.argsort(rank, kind="stable")
    last = np.flatnonzero(np.diff(rank[order], append=-1))  # last row of each group, in order
    wanted = np.maximum(np.ceil(np.asarray(fractions) * n - 1e-9), 1)
    return order, np.unique(last[np.searchsorted(last + 1, wanted)] + 1)


def check_fractions(fractions: Sequence[float]) -> builtins.list[float]:
    """Increasing shares of the rows that end with 1. Raises ProbekitError."""
    given = [float(f) for f in fractions]
    if not given or given[0] <= 0 or given[-1] != 1 or (np.diff(given) <= 0).any():
        raise ProbekitError(f"fractions must increase from above 0 to 1, got {given}")
    return given


class OnlineCode(Probe):
    """Online code length of the labels by any registered label probe, and that probe's answers.

    probe: spec of a label probe with probabilities, `logistic` or `mlp(hidden=64)`. fractions: shares of
    the training rows at which the code's probe is fitted anew. seed: order of the groups, and the inner
    probe's seed. After `fit`, `codelength_` holds what `online_code_length` returns, one dict a target
    (training rows only), and its `bits`, `uniform_bits` and `compression` are in `info_` beside the
    findings of the probe fitted on all training rows, which answers `predict`.
    """

    answers: ClassVar[frozenset[str]] = frozenset({"label"})
    price = 2000.0

    def __init__(self, *, probe: str = "logistic", fractions: Sequence[Share] = FRACTIONS, seed: int = 0) -> None:
        self.probe = probe
        self.fractions = fractions
        self.seed = seed

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        inner, params = _inner_probe(self.probe)
        check_fractions(self.fractions)
        self.codelength_: builtins.list[dict[str, Any]] = []
        for t in range(Y.shape[1]):
            held = None if dev is None else (dev[0], dev[1][:, t])
            found = online_code_length(
                inner, params, X, Y[:, t], groups=groups, fractions=self.fractions, seed=self.seed, dev=held
            )
            self.codelength_.append(found)
        self._probe = inner(**{"seed": self.seed, **params}).fit(X, Y, groups=groups, dev=dev)
        self.classes_ = self._probe.classes_  # type: ignore[attr-defined]
        for t, found in enumerate(self.codelength_):
            kept = ("bits", "uniform_bits", "compression", "not_converged")
            self.info_[t] = {**self._probe.info_[t], **{name: found[name] for name in kept}}
            self.notes_[t] = self._probe.notes_[t]
            if found["not_converged"]:
                self._note(t, f"{found['not_converged']} fits of the code not converged")

    def predict_proba(self, X: Array) -> builtins.list[Array]:
        """Probabilities by the probe fitted on all training rows."""
        return self._probe.predict_proba(X)  # type: ignore[attr-defined]

    def _predict(self, X: Array) -> Array:
        return self._probe._predict(X)


def _inner_probe(text: str) -> tuple[type[Probe], dict[str, Any]]:
    """Class and hyperparameters of a label probe from its spec."""
    spec = parse(text)
    found = registry.get(spec.head)
    if not issubclass(found, Probe) or not hasattr(found, "predict_proba") or found is OnlineCode:
        raise ProbekitError(f"'{text}' gives no probabilities of labels; a code needs 'logistic' or 'mlp'")
    return found, dict(resolve(spec, found, "probe", leave_out=("seed",)).given)
