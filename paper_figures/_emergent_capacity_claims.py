"""The ten claims of Gupta, Resnick et al. (2020). The unit is a seed: a game trained from other weights on other draws.

A run solves its language with a training accuracy of .99 or more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from probekit.experiments.emergent_capacity import STUDY

from probekit.report import Finding, NotTestable, clears, together
from probekit.report.claims import shown
from probekit.scores import Comparison, Score, score, wilcoxon
from probekit.streams import generator

from ._emergent_capacity_view import SOLVED, CodeView, Language, by_cell
from .emergent_capacity import solving

DRAWN = 1000  # times that seeds are drawn anew within each cell
ZERO = 0.05  # residual entropy up to which nothing is said to be left open
NO_RISE = 0.3  # rank correlation that would count as a rise
Test = Callable[[Language, pd.DataFrame], tuple[str, "bool | None"]]


def each(v: CodeView, test: Test, why: str) -> Finding:
    """A claim tested in every language by itself; it holds where it holds in all."""
    said: list[str] = []
    missing: list[str] = []
    verdicts: list[bool | None] = []
    for language, runs in v.languages():
        try:
            text, verdict = test(language, runs)
        except NotTestable as reason:
            text, verdict = f"not testable, {reason}", None
            missing.append(text)
        said.append(f"{language.name}: {text}")
        verdicts.append(verdict)
    if len(missing) == len(said):
        raise NotTestable("; ".join(said))
    return Finding("; ".join(said), together(*verdicts), why)


def share(hits: Sequence[bool]) -> Score:
    """A share of runs with Wilson's interval."""
    return score("accuracy", np.ones(len(hits), int), np.asarray(hits, int))


def _said(found: Score, n: int) -> str:
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}] of {n} runs"


@STUDY.claim(1, "No model is right on more training strings than its bits can number; none solves the task below that")
def bound(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        most = np.minimum(1, 2.0 ** runs["bits"] / runs["strings"])
        short = runs[runs["bits"] < language.least]
        over, solved = int((runs["train"] > most + 1e-9).sum()), len(solving(short))
        return (
            f"{over} of {len(runs)} runs above, {solved} of {len(short)} solve it with too few bits",
            over + solved == 0,
        )

    return each(v, test, "a bound, which every run must obey; a run that did not would stop as a fault")


@STUDY.claim(
    2, "Below some number of parameters no seed solves the task with any bits; above it one does at 24", "72,400"
)
def threshold(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        enough = runs[runs["bits"] >= language.least]
        sizes = sorted(enough["parameters"].unique().tolist())
        by_size = {one: enough[enough["parameters"].eq(one)]["train"].ge(SOLVED).tolist() for one in sizes}
        text = ", ".join(f"{size:,}: {sum(hits)} of {len(hits)} seeds" for size, hits in by_size.items())
        at = solving(runs[runs["bits"].eq(language.blocks)])["parameters"]
        low, high = by_size[sizes[0]], by_size[sizes[-1]]
        none_below = None if not any(low) else False
        some_above = True if len(at) and at.max() == sizes[-1] else None if not any(high) else False
        return text, together(none_below, some_above)

    why = "that no seed of a size solves it is open whatever few seeds say; with other sizes the threshold is another"
    return each(v, test, why)


@STUDY.claim(3, "Along the frontier of success, the fewest bits that solve the task do not grow with parameters")
def frontier(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        fewest = solving(runs).groupby("parameters")["bits"].min()
        if len(fewest) < 2 or solving(runs)["bits"].nunique() < 2:
            raise NotTestable(f"{len(fewest)} sizes solve it, or at one number of bits, which makes no frontier")
        falls = np.mean([_falls(one) for one in _redrawn(runs)])
        text = ", ".join(f"{size:,}: {bits} bits" for size, bits in fewest.items())
        return (
            f"{text}; so in {falls:.2f} of redrawn seeds",
            True if falls >= 0.95 else False if falls <= 0.05 else None,
        )

    return each(v, test, f"seeds drawn anew within each cell {DRAWN} times; .95 of them must agree")


def _redrawn(runs: pd.DataFrame) -> list[dict[tuple[int, int], bool]]:
    """Which cells are solved when the seeds of each are drawn anew."""
    rng = generator(0, "sample", "seeds of cells")
    drawn: dict[tuple[int, int], np.ndarray] = {}
    for bits, size, part in by_cell(runs):
        hits = np.asarray(part["train"] >= SOLVED)
        drawn[size, bits] = np.any(hits[rng.integers(len(hits), size=(DRAWN, len(hits)))], axis=1)
    return [{cell: bool(hits[i]) for cell, hits in drawn.items()} for i in range(DRAWN)]


def _falls(solved: dict[tuple[int, int], bool]) -> bool:
    """Whether the fewest bits that are solved do not grow with size; a size that solves nothing needs more than all."""
    sizes = sorted({size for size, _ in solved})
    fewest = [
        min((bits for (own, bits), hit in solved.items() if own == size and hit), default=10**6) for size in sizes
    ]
    return bool(np.all(np.diff(fewest) <= 0))


@STUDY.claim(4, "The best seed's residual entropy is about 0 only with bits for a block of each concept", "24 bits")
def blocks(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        few, enough = runs[runs["bits"] < language.blocks], runs[runs["bits"] >= language.blocks]
        best = enough.groupby(["bits", "parameters"])["residual"].min()
        if few.empty or enough.empty:
            raise NotTestable("bits on one side alone")
        lowest = [part["residual"].min() for part in (few, enough)]
        text = f"lowest {lowest[0]:.3f} with fewer than {language.blocks} bits, {lowest[1]:.3f} with as many"
        clean = bool((best <= ZERO).any()) or None
        return f"{text} ({int((best <= ZERO).sum())} of {len(best)} cells at {ZERO} or less)", together(
            bool(few["residual"].min() > ZERO), clean
        )

    return each(
        v, test, "that it is not 0 with fewer bits is a bound; that some seed reaches it is seen, not estimated"
    )


@STUDY.claim(5, "Almost all runs of high training accuracy have a precision of about 1")
def precision(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        high = runs[runs["train"] >= 0.95]
        if high.empty:
            raise NotTestable("no run has a training accuracy of .95")
        found = share((high["precision"] >= 0.99).tolist())
        return f"{_said(found, len(high))} at .99 or more", clears(found, 0.9)

    return each(v, test, "high: .95; almost all: nine of ten; Wilson's interval over runs")


@STUDY.claim(
    6, "Recall jumps with capacity once there are a little more bits than number the strings", "22 bits for 20"
)
def recall(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        parts = {"more": runs["bits"] >= language.least + 2, "fewer": runs["bits"] < language.least}
        found = {name: _large_against_small(runs[rows], "recall") for name, rows in parts.items()}
        text = f"largest - smallest size {shown(found['more'], 1, 2)} with {language.least + 2} bits or more"
        lower = "without test" if np.isnan(found["fewer"].low) else shown(found["fewer"], 1, 2)
        return f"{text}; with fewer than {language.least}: {lower}", together(clears(found["more"]), None)

    return each(v, test, "nats; a pair is a seed at one number of bits; a smaller jump with fewer bits is untested")


def _large_against_small(runs: pd.DataFrame, score_of: str) -> Comparison:
    wide = runs.pivot_table(index=["bits", "seed"], columns="parameters", values=score_of)
    if wide.shape[1] < 2 or wide.empty:
        raise NotTestable("one size cannot be compared")
    return wilcoxon(wide[wide.columns.max()], wide[wide.columns.min()], unit="pair")


@STUDY.claim(7, "Among runs that succeed with bits enough, recall goes with accuracy and residual entropy against it")
def agreement(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        own = solving(runs[runs["bits"] >= language.blocks])
        if len(own) < 4 or own["held out"].nunique() < 2:
            raise NotTestable(f"{len(own)} runs succeed, or all are alike on held-out strings")
        first = score("spearman", own["held out"], own["recall"])
        second = score("spearman", own["held out"], -own["residual"])
        text = f"recall {_said(first, len(own))}, residual entropy (negated) {_said(second, len(own))}"
        return text, together(clears(first), clears(second))

    return each(v, test, "rank correlations with held-out accuracy; Bonett and Wright's interval over runs")


@STUDY.claim(8, "The worst seed of small models has a lower training accuracy than that of large ones")
def learnability(v: CodeView) -> Finding:
    worst = pd.concat(
        [
            runs.groupby(["bits", "parameters"])["train"].min().unstack().iloc[:, [0, -1]].set_axis([0, 1], axis=1)
            for _, runs in v.languages()
        ]
    )
    found = wilcoxon(worst[1], worst[0], unit="bit length")
    return Finding(
        shown(found), clears(found), "points, largest against smallest size; a pair is a number of bits of a language"
    )


@STUDY.claim(
    9, "Some large model memorises: a gap to held-out strings near 1 with high residual entropy; fewer than half do"
)
def memorisers(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        own = solving(runs[runs["parameters"].eq(runs["parameters"].max()) & (runs["bits"] >= language.blocks)])
        if own.empty:
            raise NotTestable("no run of the largest size solves it")
        half = [v.ceiling(language, bits) / 2 for bits in own["bits"]]
        memorises = ((own["train"] - own["held out"] >= 0.9) & (own["residual"] >= half)).tolist()
        found = share(memorises)
        rare = None if found.low < 0.5 < found.high else bool(found.high <= 0.5)
        return _said(found, len(own)), together(any(memorises) or None, rare)

    return each(v, test, "high: half of what random codes have; few strings are held out (4 of 64, 5 of 125)")


@STUDY.claim(10, "Residual entropy does not rise with parameters among runs that succeed")
def no_upper_bound(v: CodeView) -> Finding:
    def test(language: Language, runs: pd.DataFrame) -> tuple[str, bool | None]:
        own = solving(runs[runs["bits"] >= language.blocks])
        if len(own) < 4 or own["parameters"].nunique() < 2:
            raise NotTestable(f"{len(own)} runs succeed, too few or of one size")
        found = score("spearman", own["parameters"], own["residual"])
        rises = clears(found)
        return _said(found, len(own)), False if rises else True if found.high < NO_RISE else None

    return each(v, test, f"rank correlation over runs; no rise: its interval ends below {NO_RISE}")
