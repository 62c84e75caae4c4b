"""How the nth-order study reads its rows: which pair, dictionary size, method and orders an aligned table is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from probekit.experiments.nth_order_clwe import HELD_OUT, LEARNING_AS_VECMAP, LEARNING_TWICE, POST, STUDY

from probekit.report import NotTestable, View
from probekit.report.view import prepared, remembered
from probekit.scores import Comparison, one_sample_t
from probekit.specs import Spec, parse

LANGUAGES = {"glove": "EN", "fi-floret": "FI", "fr-fasttext": "FR"}
METHODS = {"vecmap": "supervised", "self-learning": "self-learning", "rcsls": "RCSLS"}
FURTHER = {LEARNING_TWICE: "self-learning, 10,000 words", LEARNING_AS_VECMAP: "self-learning as VecMap's toolkit"}
ORDERS = {(None, None): "raw", (0.0, 0.0): "order (0, 0)", POST: "POSTPROC"}
PAIR = ["source", "target"]
COLUMNS = [*PAIR, "size", "method", "orders", "alpha_s", "alpha_t", "normalised", "held_out"]
RAW_ORDER = "raw"  # of a table alone
SUP, SL, RCSLS = METHODS.values()
RAW, NONE, POSTPROC = ORDERS.values()


@dataclass(eq=False, kw_only=True)
class TranslationView(View):
    """Rows of one kind of data with the columns source, target, size, method, orders, alpha_s, alpha_t, normalised,
    retrieval, tested (on the test dictionary, or held out of training)."""

    made: bool = False

    @property
    def generated(self) -> bool:
        """Whether the languages are a text and its cipher."""
        return self.made

    def scores(self, **where: Any) -> pd.DataFrame:
        """Rows of MRR by cosine of normalised tables on the test dictionary, or as is asked for."""
        usual = {"metric": "mrr", "retrieval": "cosine", "normalised": True, "tested": "test", "held_out": False}
        return self.needs(**{**usual, **where})

    def value(self, **where: Any) -> float:
        """The mean of these scores."""
        return float(self.scores(**where)["value"].mean())

    def pairs(self, **where: Any) -> list[tuple[str, str]]:
        """Directed pairs that have these scores, in order."""
        found = self.scores(**where)[PAIR].drop_duplicates()
        return list(found.itertuples(index=False, name=None))

    @remembered
    def words(self, **where: Any) -> pd.Series:
        """Reciprocal rank of each source word of the chosen pairs, by source, target and word."""
        rows = self.scores(**where)
        lines = self.below("predictions", key=list(rows["key"]), metric="mrr")
        return lines.set_index([*PAIR, "unit"])["score"].sort_index()

    def gain(self, better: dict[str, Any], worse: dict[str, Any], **where: Any) -> Comparison:
        """Difference of mean reciprocal rank, over the source words of the chosen pairs that both have scores of."""
        one, other = self.words(**where, **better).align(self.words(**where, **worse), join="inner")
        return one_sample_t((one - other).to_numpy(), 0, unit="source word")

    def over_pairs(self, better: dict[str, Any], worse: dict[str, Any], **where: Any) -> Comparison:
        """Difference of MRR over directed pairs, which share languages: the interval takes them as drawn alone."""
        one, other = (self.scores(**where, **side).set_index(PAIR)["value"] for side in (better, worse))
        one, other = one.align(other, join="inner")
        if one.empty:
            raise NotTestable("no directed pair has both scores")
        return one_sample_t((one - other).to_numpy(), 0, unit="directed pair")


@STUDY.view
def translation_views(rows: pd.DataFrame) -> list[TranslationView]:
    """Real languages, and the cipher, whose files are marked."""
    rows = prepared(rows).reset_index(drop=True)
    names = {name: _of(parse(name)) for name in rows["encoder"].unique()}  # a table alone is its own source
    rows = rows.join(pd.DataFrame([names[name] for name in rows["encoder"]], columns=COLUMNS))
    rows["retrieval"] = rows["probe"].str.partition("(")[0]
    rows["tested"] = ["held out" if "held_out" in task else "test" for task in rows["task"]]
    rows = rows.sort_values([*PAIR, "size", "method", "orders"], kind="stable")
    made = rows["task"].str.contains("cipher")
    found = []
    if (~made).any():
        found.append(TranslationView(rows[~made], title="EN GloVe, FI floret, FR fastText"))
    if made.any():
        found.append(TranslationView(rows[made], "-ciphers", "a generated text and its cipher", made=True))
    return found


def _of(spec: Spec) -> dict[str, Any]:
    """What an aligned table is of."""
    if not spec.steps or spec.steps[-1].name != "align":
        alpha = _order(spec)
        return {"source": _language(spec), "alpha_s": RAW_ORDER if alpha is None else alpha}
    step = spec.steps[-1].kwargs
    other, dictionary, method = parse(step["to"]), parse(step["dictionary"]), parse(step["method"])
    alphas = _order(spec.before), _order(other)
    size = {0: "5K" if dictionary.name.startswith("xling") else "all", 1000: "1K"}
    first = dictionary.kwargs.get("first", 0)
    return {
        "source": _language(spec),
        "target": _language(other),
        "size": size.get(first, str(first)),
        "method": FURTHER.get(step["method"]) or METHODS[method.name],
        "orders": ORDERS.get(alphas, "other"),
        "alpha_s": alphas[0],
        "alpha_t": alphas[1],
        "normalised": "normalise" not in step,
        "held_out": dictionary.kwargs.get("held_out", 0) == HELD_OUT,
    }


def _language(spec: Spec) -> str:
    return LANGUAGES.get(spec.target or spec.name) or ("cipher" if "cipher" in spec.head else "text")


def _order(spec: Spec) -> float | None:
    """The similarity order of a table, None where it is as it was."""
    step = next((step for step in spec.steps if step.name == "similarity-order"), None)
    return None if step is None else float((*step.args, *step.kwargs.values())[0])
