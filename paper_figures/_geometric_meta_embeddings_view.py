"""How the study of meta-embeddings reads its rows: which pair, method, norm and c a table is of; scores as samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.geometric_meta_embeddings import (
    ANALOGY,
    CHOSEN,
    DEVELOPMENT,
    GEOMETRIC,
    NOISE,
    SEMEVAL,
    SIMILARITY,
    STUDY,
    TURNED,
)

from probekit.errors import ProbekitError
from probekit.report import NotTestable, View, accuracy_samples, estimate, metric_samples, read_table
from probekit.report.view import by_kind, matching, remembered
from probekit.scores import Comparison
from probekit.specs import Spec, parse

NAMES = {"glove": "GloVe", "word2vec": "CBOW", "fasttext": "fastText", "minilm": "MiniLM", "generated-vectors": "made"}
LEFT_OUT = 0.01  # the c of a step that names none, which specs leave out
METHODS = {"average": "AVG", "concatenate": "CONC", "geo-average": "Geo-AVG", "geo-concatenate": "Geo-CONC"}
AVG, CONC, GEO_AVG, GEO_CONC = METHODS.values()
RANDOM, METRIC = "random", ", metric alone"
NONE, ROWS, COLUMNS = "none", "rows", "columns, then rows"  # what is brought to length 1
TASKS = {
    **{f"similarity/{name}": name for name in DEVELOPMENT},
    **dict(
        zip(
            [*(f"similarity/{name}" for name in SIMILARITY), *ANALOGY, SEMEVAL],
            ["RG", "MC", "WS353", "MTurk", "RW", "SimLex-999", "MSR", "Google (GL)", "SemEval-2012"],
            strict=True,
        )
    ),
}
SIMILAR = [TASKS[f"similarity/{name}"] for name in SIMILARITY]
RELATED = [TASKS[name] for name in (*ANALOGY, SEMEVAL)]
WS, WA = "Avg(WS)", "Avg(WA)"
MEANS = {WS: SIMILAR, WA: RELATED}
PAPERS = ["GloVe+CBOW", "GloVe+fastText", "CBOW+fastText"]
PAIRS = [*PAPERS, *(f"{name}+MiniLM" for name in ("GloVe", "CBOW", "fastText"))]
TURN, SIGNS, NEGATIVE, ITSELF = "rotation", "signs", "-x", "itself"  # what a copy went through
HAAR = np.inf  # amount of a rotation that is uniform among all
UNIT = "pairs of words, word pairs of an analogy group and relations resampled within each benchmark, then averaged"
COLUMNS_OF = ["kind", "pair", "method", "norm", "c", "change", "amount", "width", "solver", "turned"]


@dataclass(eq=False, kw_only=True)
class MetaView(View):
    """lines: scores with the columns kind (pair, copy, solver), pair, method, norm, c, change and amount (of a copy),
    width, solver, turned. One line a table and benchmark."""

    lines: pd.DataFrame

    @remembered
    def scores(self, **where: Any) -> pd.DataFrame:
        """Lines of scores. Raises NotTestable where there are none."""
        found = matching(self.lines, where)
        if found.empty:
            raise NotTestable(f"no score of {', '.join(str(one) for one in where.values())}")
        return found

    def pairs(self, names: Sequence[str] = ()) -> list[str]:
        """Pairs of tables that are here, those of the paper first; of some names, those that are here."""
        there = set(self.scores(kind="pair", method=CONC, norm=ROWS)["pair"])
        found = [pair for pair in PAIRS if pair in there and (not names or pair in names)]
        if not found:
            raise NotTestable(f"none of the pairs {', '.join(names)} was run")
        return found

    @remembered
    def own(self, pair: str, method: str, norm: str = ROWS) -> pd.DataFrame:
        """Lines of what is made of a pair with the chosen c, a line a benchmark."""
        plain = method in pair.split("+") or method == RANDOM  # nothing is brought to length 1
        found = self.scores(kind="pair", pair=pair, method=method, norm=NONE if plain else norm)
        return found[found["c"].isna() | found["c"].eq(CHOSEN)]

    @cached_property
    def samples(self) -> dict[str, np.ndarray]:
        """Every score whose answers were kept, and 1,000 resamples of it, by key (see `probekit.report.resampling`)."""
        if self.folder is None:
            raise NotTestable("answers are in a results folder, and these rows came without one")
        about = self.lines.drop_duplicates("key").set_index("key")[["task", "pair", "kind"]]
        found: dict[str, np.ndarray] = {}
        for name in ("predictions", "groups"):
            try:
                lines = read_table(self.folder, name).astype({"key": str})
            except ProbekitError:  # of one part alone
                continue
            lines = lines.merge(about, left_on="key", right_index=True)
            for (task, *_), own in lines.groupby(["task", "pair", "kind"], sort=False):
                found |= _sampled(own, task in SIMILAR)
        return found

    def sample(self, lines: pd.DataFrame, over: str) -> tuple[np.ndarray, int]:
        """The mean of the samples of some benchmarks or of one, and how many items those have."""
        tasks = MEANS.get(over, [over])
        by_task = lines.drop_duplicates("task").set_index("task")
        if missing := [task for task in tasks if task not in by_task.index or by_task.loc[task, "n_test"] == 0]:
            raise NotTestable(f"{over} needs {', '.join(missing)}")
        kept = [self.samples.get(by_task.loc[task, "key"]) for task in tasks]
        if any(one is None for one in kept):
            raise NotTestable(f"answers were not kept of all of {over}")
        return np.mean([one for one in kept if one is not None], axis=0), int(by_task.loc[tasks, "n_test"].sum())

    def value(self, lines: pd.DataFrame, over: str) -> Comparison:
        """A mean of benchmarks, or one, with its interval."""
        return estimate(*self.sample(lines, over), unit="item")

    def less(self, a: pd.DataFrame, b: pd.DataFrame, over: str) -> Comparison:
        """What a has over b on the same resamples."""
        (one, n), (other, _) = self.sample(a, over), self.sample(b, over)
        return estimate(one - other, n, unit="item")

    def gain(self, pair: str, a: str, b: str, over: str, norm: str = ROWS) -> Comparison:
        """What one method has over another on a pair."""
        return self.less(self.own(pair, a, norm), self.own(pair, b, norm), over)

    def better_source(self, pair: str, over: str) -> str:
        """The table of a pair that is better alone."""
        return max(pair.split("+"), key=lambda name: self.value(self.own(pair, name), over).difference)

    def copies(self, change: str, method: str) -> dict[float, pd.DataFrame]:
        """Lines of a table with its copies of one kind, by how much these were changed; both kinds begin with none."""
        found = self.scores(kind="copy", change=change, method=method)
        if change == SIGNS:
            found = pd.concat([self.scores(kind="copy", change=TURN, amount=0.0, method=method), found])
        return {amount: found[found["amount"].eq(amount)] for amount in sorted(set(found["amount"]))}


def _sampled(lines: pd.DataFrame, similarity: bool) -> dict[str, np.ndarray]:
    """Samples of one benchmark on tables of the same words, by key."""
    if similarity:
        wide = lines.pivot(index="unit", columns="key", values="score")
        gold = lines.groupby("unit")["gold"].first().loc[wide.index].to_numpy(float)
        return metric_samples("spearman", gold, {str(key): wide[key].to_numpy() for key in wide})
    right, n = ("right", lines["n"].astype(float)) if "right" in lines else ("score", 1.0)
    profiles = lines.assign(accuracy=lines[right].astype(float) / n, n=n)
    return accuracy_samples(profiles.rename(columns={"key": "model"}))


# --- what a table is of ------------------------------------------------------------------------------


def described(encoder: str) -> dict[str, Any]:
    """What a table of the study is of."""
    spec = parse(encoder)
    if spec.name == "gaussian":
        return {**described(spec.kwargs["like"]), "method": RANDOM}
    turned = bool(spec.steps) and str(spec.steps[-1]) == TURNED
    spec = spec.before if turned else spec
    step = spec.steps[-1] if spec.steps else Spec("none")
    if step.name not in METHODS:
        return {"norm": NONE, **_alone(spec)}
    options = step.kwargs
    pre, post = options.get("pre_norm", NONE), options.get("post_norm", NONE)
    return {
        "turned": turned,
        "norm": post if pre == NONE else f"{pre}, then {post}",
        "c": options.get("c", LEFT_OUT) if step.name in GEOMETRIC else None,
        "method": METHODS[step.name],
        "solver": options.get("solver", "closed-form"),
        **_of_two(spec.before, parse(options["with"])),
    }


def _alone(spec: Spec) -> dict[str, Any]:
    """A table as it is: of a pair where it is cut to the words of another."""
    if spec.steps and spec.steps[-1].name == "words":
        return {"kind": "pair", "pair": _pair(spec, parse(spec.steps[-1].kwargs["of"])), "method": _name(spec)}
    return {"kind": "copy", "pair": "", "method": _name(spec)}


def _of_two(one: Spec, other: Spec) -> dict[str, Any]:
    """A table of two: of a pair, of a table and its copy, or narrow ones for the solvers."""
    if one.steps and one.steps[-1].name == "words":  # turned to itself
        return {**_alone(one), "method": f"{_name(one)}{METRIC}"}
    if _name(one) != "MiniLM" and one.steps and one.steps[-1].name == "pca":
        change = SIGNS if other.steps[-1].name == "flip" else ""
        return {"kind": "solver", "pair": _pair(one, other), "width": one.steps[-1].kwargs["k"], "change": change}
    if _name(one) != _name(other):
        return {"kind": "pair", "pair": _pair(one, other)}
    return {"kind": "copy", "pair": "", **_change(other)}


def _change(copy: Spec) -> dict[str, Any]:
    """What a copy went through, and how much."""
    if not copy.steps:
        return {"change": ITSELF}
    first = copy.steps[0]
    if first.name == "flip":
        noisy = str(copy.steps[-1]) == NOISE
        return {"change": SIGNS if noisy else NEGATIVE, "amount": first.kwargs.get("share", 1.0)}
    return {"change": TURN, "amount": first.kwargs.get("turn", HAAR)}


def _name(spec: Spec) -> str:
    return NAMES.get(spec.target if spec.name in ("static", "input-vectors") and spec.target else spec.name, spec.name)


def _pair(one: Spec, other: Spec) -> str:
    order = list(NAMES.values())
    return "+".join(sorted((_name(one), _name(other)), key=order.index))


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[MetaView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        names = {name: described(name) for name in one.rows["encoder"].unique()}
        about = pd.DataFrame([names[name] for name in one.rows["encoder"]], index=one.rows.index, columns=COLUMNS_OF)
        rows = one.rows.join(about.astype({"c": float, "amount": float, "width": float}))
        lines = rows[rows["task"].isin(list(TASKS)) & rows["subset"].eq("")]
        lines = lines.assign(task=lines["task"].map(TASKS))
        yield MetaView(rows, one.mark, one.title, lines=lines)
