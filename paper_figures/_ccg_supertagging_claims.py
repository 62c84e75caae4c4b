"""The 8 claims of the supertagging study, on MiniLM; GloVe is said beside.

Differences are of means over runs, with intervals over the test sentences; p values are Cochran-Mantel-Haenszel's over
words or sentences with a table each, and Wilcoxon's over sentences for F1. A claim that names a direction holds, or
fails, where p is below .01; where twice the passes say something else it is open.
"""

from __future__ import annotations

from probekit.experiments.ccg_supertagging import STUDY

from probekit.report import Finding, NotTestable, below, clears, together, within
from probekit.scores import Comparison, cochran_mantel_haenszel
from probekit.scores.intervals import wilson

from ._ccg_supertagging_view import ACCURACY, BASE, BOTH, COVERAGE, F1, REMEMBERED, SPELLED, SupertagView, points, told

LEVEL = 0.01
WIDE = 0.05  # what we take for a wide margin of coverage
SAME, SAME_F1 = 0.005, 0.01  # what we take for no more than noise
RARE = 1e-4
_DATA = "Parallel Meaning Bank, 1,053 short test sentences; 96 units, 5 passes, 3 runs, not 512, 25 and 20"


def signed(gain: Comparison, test: Comparison) -> bool | None:
    """Whether a difference is above zero by a test: None where its p is not below the level."""
    return None if not test.p < LEVEL else gain.difference > 0


def _said(v: SupertagView, metric: str, a: str, b: str) -> str:
    """A gain with its test on the main encoder, and on the others."""
    parts = []
    for model in (v.main, *v.beside()):
        name = "" if model == v.main else f"{model} "
        gain, test = v.gain(metric, model, a, b), v.test(metric, model, a, b)
        parts.append(f"{name}{points(gain)}, {told(test.p)}")
    if {a, b} <= set(v.twice["head"]):
        gain, test = v.longer.gain(metric, v.main, a, b), v.longer.test(metric, v.main, a, b)
        parts.append(f"with twice the passes, one run, {points(gain)}, {told(test.p)}")
    return "; ".join(parts)


def _above(v: SupertagView, metric: str, a: str, b: str) -> bool | None:
    """Whether one head is above another; None too where twice the passes say something else."""
    found = signed(v.gain(metric, v.main, a, b), v.test(metric, v.main, a, b))
    if not {a, b} <= set(v.twice["head"]):
        return found
    longer = signed(v.longer.gain(metric, v.main, a, b), v.longer.test(metric, v.main, a, b))
    return found if longer == found else None


@STUDY.claim(1, "PrimDecoder's word accuracy exceeds BiLSTM's (CMH p < 0.01 over seeds)", "+0.11, p = 1.6e-7")
def more_accurate(v: SupertagView) -> Finding:
    return Finding(_said(v, ACCURACY, BOTH, BASE), _above(v, ACCURACY, BOTH, BASE), f"CMH over words; {_DATA}")


@STUDY.claim(
    2, "PrimDecoder's coverage exceeds BiLSTM's by a wide margin, and exceeds category + history's", "+11.6; +5.4"
)
def covers_more(v: SupertagView) -> Finding:
    wide = clears(v.gain(COVERAGE, v.main, BOTH, BASE), WIDE)
    ours = f"over BiLSTM {_said(v, COVERAGE, BOTH, BASE)}; over category + history "
    ours += _said(v, COVERAGE, BOTH, REMEMBERED)
    holds = together(wide, _above(v, COVERAGE, BOTH, REMEMBERED))
    return Finding(ours, holds, f"a wide margin is read as 5 points, by the interval; CMH over sentences; {_DATA}")


@STUDY.claim(3, "Category + history raises coverage over BiLSTM without raising accuracy", "+6.2; -0.1")
def history_alone(v: SupertagView) -> Finding:
    not_raised = below(v.gain(ACCURACY, v.main, REMEMBERED, BASE), SAME)
    ours = f"coverage {_said(v, COVERAGE, REMEMBERED, BASE)}; accuracy {_said(v, ACCURACY, REMEMBERED, BASE)}"
    holds = together(_above(v, COVERAGE, REMEMBERED, BASE), not_raised)
    return Finding(ours, holds, f"not raised: the interval lies below half a point; {_DATA}")


@STUDY.claim(
    4, "Without history, primitives change accuracy and F1 by no more than noise and coverage slightly upward",
    "0.0, 0.0, +0.3",
)  # fmt: skip
def spelling_alone(v: SupertagView) -> Finding:
    same = within(v.gain(ACCURACY, v.main, SPELLED, BASE), SAME)
    same_f1 = within(v.gain(F1, v.main, SPELLED, BASE), SAME_F1)
    ours = "; ".join(f"{name} {_said(v, metric, SPELLED, BASE)}" for name, metric in _METRICS.items())
    holds = together(same, same_f1, _above(v, COVERAGE, SPELLED, BASE))
    return Finding(ours, holds, f"noise is read as half a point of accuracy and one of F1, by the interval; {_DATA}")


_METRICS = {"accuracy": ACCURACY, "F1": F1, "coverage": COVERAGE}


@STUDY.claim(
    5, "Synergy: both changes gain more than the sum of each alone, in F1 and coverage (in the text: accuracy too)",
    "F1 0.7 > 0.1, coverage 11.6 > 6.5",
)  # fmt: skip
def synergy(v: SupertagView) -> Finding:
    found = {name: v.synergy(metric, v.main) for name, metric in _METRICS.items()}
    ours = "beyond the sum: " + "; ".join(f"{name} {points(one)}" for name, one in found.items())
    for model in v.beside():
        ours += f"; {model}: " + ", ".join(f"{name} {points(v.synergy(m, model))}" for name, m in _METRICS.items())
    return Finding(ours, together(*map(clears, found.values())), f"sentences are resampled; {_DATA}")


@STUDY.claim(
    6, "OOV accuracy: BiLSTM exactly 0; primitive without history above 0; PrimDecoder above that", "0; 0.3; 5 (test)"
)
def unseen(v: SupertagView) -> Finding:
    counts = {head: v.unseen(v.main, head) for head in (BASE, SPELLED, BOTH)}
    words = counts[BASE][2]
    if not words:
        raise NotTestable("no test word has a category that training lacks")
    rights = {head: v.right(v.main, head) for head in (SPELLED, BOTH)}
    tables = [one[one.index.get_level_values("frequency") == 0].T for one in (rights[BOTH], rights[SPELLED])]
    test = cochran_mantel_haenszel(*tables, unit="word")
    ours = "; ".join(f"{head}: {right} of {asked}" for head, (right, asked, _) in counts.items())
    for model in v.beside():
        ours += f"; {model}: " + ", ".join(f"{v.unseen(model, head)[0]}" for head in counts)
    on_dev = {
        head: v.needs(model=v.main, head=head, split="dev", metric=ACCURACY, subset="frequency=0") for head in counts
    }
    shares = ", ".join(f"{100 * rows['value'].mean():.1f}" for rows in on_dev.values())
    ours += f"; on dev {shares} % of {int(on_dev[BASE]['n_test'].iloc[0])} words"
    some = True if counts[SPELLED][0] else None
    holds = together(counts[BASE][0] == 0, some, signed(test, test))
    return Finding(ours, holds, f"{words} test words, each asked in every run; {told(test.p)}; {_DATA}")


@STUDY.claim(7, "Malformed outputs are rarer than 1 in 10,000 words", "7 in 20 runs of 55,000 words")
def malformed(v: SupertagView) -> Finding:
    parts, verdicts = [], []
    for head in (SPELLED, BOTH):
        bad, said = v.malformed(v.main, head)
        low, high, *_ = wilson(bad / said, said, 0.95)
        parts.append(f"{head}: {bad} of {said} [{1e4 * low:.1f}, {1e4 * high:.1f} in 10,000]")
        verdicts.append(True if high < RARE else False if low > RARE else None)
    return Finding("; ".join(parts), together(*verdicts), f"dev and test, all runs, Wilson's interval; {_DATA}")


@STUDY.claim(8, "PrimDecoder's F1 exceeds BiLSTM's (Wilcoxon over sentences)", "+0.7, p = 6.7e-15")
def better_parses(v: SupertagView) -> Finding:
    why = "F1 against the chart's parse of the gold categories; sentence F1 averaged over runs in the test"
    return Finding(_said(v, F1, BOTH, BASE), _above(v, F1, BOTH, BASE), f"{why}; {_DATA}")
