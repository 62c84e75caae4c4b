"""Figure 3 and Tables 4 to 9 of Volpi and Malago 2020: text classifiers over alpha, which development texts choose."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.alpha_embeddings import STUDY

from probekit.report import (
    Finding,
    NotTestable,
    apart,
    below,
    clears,
    curves,
    estimate,
    mean_sample,
    negated,
    shown,
    together,
)
from probekit.report.view import matching
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.specs import parse

from ._alpha_embeddings_view import LARGE, LE, LIMIT, REFERENCES, SMALL, UV, AlphaView, E

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEWS, REVIEWS = "20 Newsgroups", "film reviews"
LINEAR, RECURRENT = "linear", "BiLSTM"
AUC, ACCURACY = "macro_auc", "accuracy"
_MODELS = {"pooled-linear": LINEAR, "bilstm-max": RECURRENT}
SHOWN = {AUC: "AUC", ACCURACY: "accuracy"}
TEXT_REFERENCES = ("0", "ud")


@cache
def told_of(encoder: str) -> dict[str, Any]:
    """Corpus, model, dimensions, method, reference, alpha and limit of a classifier."""
    spec = parse(encoder)
    table = parse(str(spec.kwargs["vectors"]))
    found = {
        "texts": NEWS if "newsgroups" in str(spec.target) else REVIEWS,
        "model": _MODELS[parse(str(spec.kwargs["model"])).name],
        "size": int(table.kwargs.get("size", 100)),
        "method": UV, "reference": "", "alpha": np.nan, "limit": "",
    }  # fmt: skip
    step = table.steps[0]
    given = step.kwargs
    if step.name == "natural-alpha":
        found |= {"method": E, "alpha": float((*step.args, given.get("geom_alpha"))[0])}
        found["reference"] = REFERENCES[str(given.get("reference", "uniform"))]
    if step.name == "limit":
        name = f"t{given.get('k', 1)}{'-w' if given.get('weighted') else ''}"
        found |= {"method": LE, "alpha": LIMIT, "limit": name}
        found["reference"] = REFERENCES[str(given.get("reference", "corpus"))]
    return found


def classified(v: AlphaView, **where: Any) -> pd.DataFrame:
    """Lines of classifiers with what each is. Raises NotTestable where there are none."""
    rows = v.rows[v.rows["task_group"].eq("classification")]
    if rows.empty:
        raise NotTestable("the part of text classifiers (--axis part=texts) was not run")
    own = [name for name in ("alpha", "limit", "reference", "method", "size", "model", "texts") if name in rows]
    about = pd.DataFrame([told_of(encoder) for encoder in rows["encoder"]], index=rows.index)
    found = matching(pd.concat([rows.drop(columns=own), about], axis=1), where)
    if found.empty:
        raise NotTestable(f"no classifier of {', '.join(str(one) for one in where.values())}")
    return found


@dataclass(frozen=True)
class Chosen:
    """The line of development texts and that of test texts of what was chosen."""

    dev: pd.Series
    test: pd.Series

    @property
    def setting(self) -> str:
        return self.test["limit"] or f"{self.test['alpha']:g}"


def chosen(v: AlphaView, metric: str, **where: Any) -> Chosen:
    """Of several alphas or limits that of the best development score; the one nearest to 1 among equals."""
    lines = classified(v, metric=metric, **where)
    dev, test = (lines[lines["split"].eq(split)] for split in ("dev", "test"))
    order = dev.assign(far=(dev["alpha"] - 1).abs()).sort_values(["value", "far"], ascending=[False, True])
    best = order.iloc[0]
    return Chosen(best, test[test["key"].eq(best["key"])].iloc[0])


def right(v: AlphaView, line: pd.Series) -> Floats:
    """Which test texts were classified rightly, (n,)."""
    own = v.by_key("predictions").get(str(line["key"]))
    if own is None:
        raise NotTestable("answers to single texts were not kept of all scores")
    own = own.sort_values("unit")
    return np.asarray(own["gold"].astype(str).eq(own["predicted"].astype(str)), dtype=np.float64)


def over(v: AlphaView, metric: str, line: pd.Series, base: pd.Series) -> Comparison:
    """What one line has over another: accuracy on the same texts, AUC as if they were others, which is too careful."""
    if metric == AUC:
        return apart(line, base, "text")
    return estimate(mean_sample(right(v, line) - right(v, base)), int(line["n_test"]), "text")


def plain(v: AlphaView, metric: str, **where: Any) -> pd.Series:
    """U + V on the test texts. Raises NotTestable where it did not learn more than the commonest class."""
    line = classified(v, metric=metric, method=UV, split="test", **where).iloc[0]
    trivial = json.loads(line["info"])["chance_auc" if metric == AUC else "majority"]
    if not line["ci_low"] > trivial:
        raise NotTestable(f"U + V is not surely above {trivial:.2f}, which a constant answer reaches: it did not learn")
    return line


def gain(v: AlphaView, metric: str, method: str, reference: str, **where: Any) -> tuple[Comparison, Chosen]:
    """What the chosen alpha, or limit, has over U + V on test texts."""
    found = chosen(v, metric, method=method, reference=reference, **where)
    return over(v, metric, found.test, plain(v, metric, **where)), found


# --- figure and table --------------------------------------------------------------------------------

_FORMS = [(texts, model, size, metric) for texts, model, sizes, metrics in (
    (NEWS, LINEAR, (SMALL, LARGE), (AUC, ACCURACY)), (REVIEWS, LINEAR, (SMALL, LARGE), (ACCURACY,)),
    (REVIEWS, RECURRENT, (LARGE,), (ACCURACY,)),
) for metric in metrics for size in sizes]  # fmt: skip


def forms(v: AlphaView) -> list[tuple[str, str, int, str]]:
    """Texts, model, dimensions and score of the classifiers that are here. Raises NotTestable where there are none."""
    rows = classified(v)
    there = set(zip(rows["texts"], rows["model"], rows["size"], rows["metric"], strict=True))
    return [form for form in _FORMS if form in there]


@STUDY.figure("figure-3")
def texts_over_alpha(v: AlphaView) -> Figure:
    """Figure 3: test scores over alpha less that of U + V, the first limits as dashed lines."""
    found = []
    for texts, model, size, metric in forms(v):
        lines = classified(v, texts=texts, model=model, size=size, metric=metric, split="test")
        panel = f"{texts}, {model}, {size} d: {SHOWN[metric]}"
        names = lines["method"].where(lines["method"].eq(UV), lines["method"] + "-" + lines["reference"])
        kept = lines["limit"].isin(["", "t1"])
        base = lines[lines["method"].eq(UV)]["value"].iloc[0]
        own = lines.assign(
            line=names, panel=panel, x=lines["alpha"].where(lines["method"].eq(E)), value=100 * (lines["value"] - base)
        )
        found.append(own[kept][["x", "value", "line", "panel"]])
    order = [*(f"{E}-{one}" for one in TEXT_REFERENCES), UV, *(f"{LE}-{one}" for one in TEXT_REFERENCES)]
    table = pd.concat(found)
    return curves(
        table,
        "x",
        lines="line",
        panels="panel",
        line_order=[name for name in order if name in set(table["line"])],
        x_label="α",
        label="points over U+V, test texts",
        title="Figure 3. Text classification over α, Fisher metric\n"
        "(higher is better; dashed: U+V, 0, and the limit of one context; one seed, intervals in the table)",
    )


@STUDY.table(
    "tables-4-to-9",
    caption="Text classification × 100: what development texts choose, test with 95 % intervals",
    digits=1,
)
def tables_4_to_9(v: AlphaView) -> pd.DataFrame:
    """Of U + V and of each method and reference; `over U+V` with its interval (of AUC as of two sets of texts)."""
    found = []
    for texts, model, size, metric in forms(v):
        where = {"texts": texts, "model": model, "size": size}
        base = classified(v, metric=metric, method=UV, split="test", **where).iloc[0]
        trivial = json.loads(base["info"])["chance_auc" if metric == AUC else "majority"]
        line = {"texts": texts, "model": model, "size": size, "score": SHOWN[metric], "trivial": 100 * trivial}
        line["n"] = int(base["n_test"])
        found.append({**line, "method": UV, "chosen": "", **_ends(base)})
        for method in (E, LE):
            for reference in TEXT_REFERENCES:
                one = chosen(v, metric, method=method, reference=reference, **where)
                more = over(v, metric, one.test, base)
                line |= {
                    "method": f"{method}-{reference}",
                    "chosen": one.setting,
                    "development": 100 * one.dev["value"],
                }
                own = {"over U+V": 100 * more.difference, "over, low": 100 * more.low, "over, high": 100 * more.high}
                found.append({**line, **_ends(one.test), **own})
    return pd.DataFrame(found)


def _ends(line: pd.Series) -> dict[str, float]:
    return {"test": 100 * line["value"], "low": 100 * line["ci_low"], "high": 100 * line["ci_high"]}


def beside_texts(v: AlphaView, line: dict[str, Any]) -> dict[str, Any]:
    """The same method at 300 dimensions; where the paper names no part, its test texts."""
    parts = line["setting"].split(";")
    given = dict(part.partition("=")[::2] for part in parts)
    texts = NEWS if line["dataset"] == NEWS else REVIEWS
    where = {"texts": texts, "model": RECURRENT if "BiLSTM" in parts else LINEAR, "size": LARGE}
    metric = AUC if line["metric"].startswith("auc") else ACCURACY
    split = "dev" if given.get("split") == "val" else "test"
    method = line["method"].split("-")
    scale = 1 if line["metric"] in ("auc", "accuracy_fraction") else 100
    note = "GloVe of 5,000 words, 9.1 million; 3,000 posts, 2,000 film reviews for IMDB; chosen on development texts"
    if method[0] == UV:
        found = classified(v, metric=metric, method=UV, split=split, **where).iloc[0]
        return {"ours": scale * found["value"], "n": int(found["n_test"]), "note": note}
    if method[2] == "u":
        raise NotTestable("the model's own unigram was not asked of texts")
    if method[3] == "I":  # alpha = 1, uniform: U + V, in the Fisher metric here
        found = classified(v, metric=metric, method=E, reference="0", alpha=1.0, split=split, **where).iloc[0]
        return {"ours": scale * found["value"], "n": int(found["n_test"]), "note": f"{note}; Fisher metric"}
    one = chosen(v, metric, method=method[0], reference=method[2], **where)
    own = one.dev if split == "dev" else one.test
    return {"ours": scale * own["value"], "n": int(own["n_test"]), "note": f"{note}: {one.setting}"}


# --- claims ------------------------------------------------------------------------------------------

_SEED = "one seed; AUC intervals as of two sets of texts, which is too careful; accuracy on the same texts"


@STUDY.claim(6, "Classification: the best alpha differs from 1 in the Fisher rows, and beats U+V in AUC of 20NG and in "
             "BiLSTM accuracy", "96.34 to 96.79; 88.00 to 88.66")  # fmt: skip
def best_alpha(v: AlphaView) -> Finding:
    parts: list[bool | None] = []
    said = []
    for metric, texts, model, methods in ((AUC, NEWS, LINEAR, (E,)), (ACCURACY, REVIEWS, RECURRENT, (E, LE))):
        for method in methods:
            for reference in TEXT_REFERENCES:
                where = {"texts": texts, "model": model, "size": LARGE}
                more, one = gain(v, metric, method, reference, **where)
                parts.append(clears(more))
                said.append(f"{texts}, {model}, {method}-{reference} at {one.setting}: {shown(more)}")
                if method == E:
                    at_one = classified(
                        v, metric=metric, method=E, reference=reference, alpha=1.0, split="test", **where
                    )
                    than_one = over(v, metric, one.test, at_one.iloc[0])
                    parts.append(clears(than_one))
                    said[-1] += f", over alpha = 1 {shown(than_one)}"
    why = f"test texts, against U + V, and alpha against 1; of six (BiLSTM: four) by development texts; {_SEED}"
    return Finding("; ".join(said), together(*parts), why)


@STUDY.claim(7, "Limits raise the AUC of 20 Newsgroups and lower its accuracy below U+V", "64.5 to 64.8 < 65.06")
def limits_of_texts(v: AlphaView) -> Finding:
    parts: list[bool | None] = []
    said = []
    for reference in TEXT_REFERENCES:
        for metric, sure in ((AUC, clears), (ACCURACY, below)):
            more, one = gain(v, metric, LE, reference, texts=NEWS, model=LINEAR, size=LARGE)
            parts.append(sure(more))
            said.append(f"LE-{reference} ({one.setting}): {SHOWN[metric]} {shown(more)}")
    return Finding("; ".join(said), together(*parts), f"300 dimensions, against U + V; {_SEED}")


@STUDY.claim(8, "Linear classifiers of film reviews gain with E-ud and all limits alone", "E-0 and E-u below 83.76")
def linear_reviews(v: AlphaView) -> Finding:
    parts: list[bool | None] = []
    said = []
    for method, reference in ((E, "0"), (E, "ud"), (LE, "0"), (LE, "ud")):
        more, one = gain(v, ACCURACY, method, reference, texts=REVIEWS, model=LINEAR, size=LARGE)
        parts.append(negated(clears(more)) if (method, reference) == (E, "0") else clears(more))
        said.append(f"{method}-{reference} ({one.setting}) {shown(more)}")
    return Finding("; ".join(said), together(*parts), f"300 dimensions, against U + V; {_SEED}")


def tuned(v: AlphaView, size: int, texts: str) -> tuple[Floats, int]:
    """Accuracy of the chosen alpha less that of alpha = 1, reference 0, as a sample over test texts."""
    where = {"texts": texts, "model": LINEAR, "size": size}
    plain(v, ACCURACY, **where)
    one = chosen(v, ACCURACY, method=E, reference="0", **where)
    base = classified(v, metric=ACCURACY, method=E, reference="0", alpha=1.0, split="test", **where).iloc[0]
    return mean_sample(right(v, one.test) - right(v, base)), int(base["n_test"])
