"""Gupta, Resnick et al. 2020: Figures 1 to 3 with the ceiling of random codes, and the paper's numbers beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.emergent_capacity import STUDY

from probekit.report import NotTestable, bars, curves, heatmap
from probekit.report.claims import beside
from probekit.streams import generator

from ._emergent_capacity_view import CODE_NAMES, SEARCHES, SOLVED, CodeView, Language, views

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "views"]
SHAPES, COLOURS = ("circle", "square", "star", "cross", "drop"), ("red", "blue", "green", "black", "white")
MEASURES = {"precision": "precision", "recall": "recall, nats a string", "residual": "residual entropy"}
RANDOM = "random codes"
TENTHS = 10


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-1", once=True)
def two_codes(v: CodeView) -> Figure:
    """The illustration: 25 things numbered at will in 5 bits, and a block of bits for the shape, one for the colour."""
    numbers = generator(0, "draw", "figure 1").permutation(25)
    lines = []
    for i, shape in enumerate(SHAPES):
        for j, colour in enumerate(COLOURS):
            for panel, code in (
                ("numbered at will: 5 bits, 25 slots", numbers[5 * i + j]),
                ("3 + 3 bits, 10 slots", 8 * i + j),
            ):
                lines.append({"shape": shape, "colour": colour, "panel": panel, "value": float(code)})
    return heatmap(
        pd.DataFrame(lines),
        "shape",
        "colour",
        panels="panel",
        row_order=SHAPES,
        column_order=COLOURS,
        annotate=".0f",
        label="message, as a number",
        title="Figure 1. A code without parts and one of parts, for 5 shapes and 5 colours (illustration)",
    )


@STUDY.figure("figure-2-precision")
def precision_of_all_runs(v: CodeView) -> Figure:
    """Panel a of the paper."""
    return _histogram(v, "precision", "Figure 2 a. Precision of all runs (1: all that is said is legal)")


@STUDY.figure("figure-2-recall")
def recall_of_all_runs(v: CodeView) -> Figure:
    """Panel b of the paper."""
    return _histogram(v, "recall", "Figure 2 b. Recall of held-out strings, all runs (higher is better)")


@STUDY.figure("figure-2-entropy")
def entropy_of_all_runs(v: CodeView) -> Figure:
    """Panel c of the paper, with random codes."""
    title = "Figure 2 c. Residual entropy of all runs, and of random codes of as many bits (0: a code of parts)"
    return _histogram(v, "residual", title)


def _histogram(v: CodeView, measure: str, title: str) -> Figure:
    """How many runs have which score, by bits; random codes are drawn for residual entropy alone."""
    lines = []
    edges = _edges(pd.concat([runs[measure] for _, runs in v.languages()]), measure)
    every = sorted({bits for _, runs in v.languages() for bits in runs["bits"]})
    for language, runs in v.languages():
        panel = language.name
        panel += f" (uniform and perfect: {language.best_recall:.2f})" if measure == "recall" else ""
        for bits in every:
            lines += _binned(runs[runs["bits"].eq(bits)][measure], edges, panel, f"{bits} bits")
        if measure == "residual":
            drawn = v.random[v.random["language"].eq(language.name) & v.random["metric"].eq("residual_entropy")]
            lines += _binned(drawn["value"], edges, panel, RANDOM)
    table = pd.DataFrame(lines)
    return bars(
        table,
        "score",
        "runs",
        colours="of",
        panels="panel",
        across=1,
        panel_order=list(dict.fromkeys(table["panel"])),
        x_order=list(dict.fromkeys(table["score"])),
        colour_order=list(dict.fromkeys(table["of"])),
        x_label=f"{MEASURES[measure]}, lower end of the bin",
        label="runs or draws" if measure == "residual" else "runs",
        title=title,
    )


def _edges(values: pd.Series, measure: str) -> np.ndarray:
    """Bins: tenths of what lies between 0 and 1, whole nats of recall."""
    if measure != "recall":
        return np.linspace(0, 1, TENTHS + 1)
    return np.arange(np.floor(values.min()), np.ceil(values.max()) + 1, max(1, np.ceil(np.ptp(values) / TENTHS)))


def _binned(values: pd.Series, edges: np.ndarray, panel: str, of: str) -> list[dict[str, Any]]:
    places = np.clip(np.searchsorted(edges, values.dropna() + 1e-9, side="right") - 1, 0, len(edges) - 1)
    counts = np.bincount(places, minlength=len(edges))
    return [
        {
            "from": low,
            "score": f"{low:g}" if low.is_integer() else f"{low:.1f}",
            "runs": int(n),
            "panel": panel,
            "of": of,
        }
        for low, n in zip(edges.tolist(), counts, strict=True)
    ]


def _cells(v: CodeView, shown: dict[str, str], beside: str, **options: Any) -> Figure:
    """Heat maps of bits by parameters, a panel for each score and language; `beside` is a column of its own."""
    table = v.cells()
    parts = []
    for language in dict.fromkeys(table["language"]):
        own = table[table["language"].eq(language)]
        for score, name in shown.items():
            part = own.assign(
                panel=f"{language}: {name}", value=own[score], column=own["parameters"].map("{:,}".format)
            )
            parts.append(part)
            if beside:
                last = own.drop_duplicates("bits")
                parts.append(last.assign(panel=f"{language}: {name}", value=last[beside], column=beside))
    drawn = pd.concat(parts, ignore_index=True)
    sizes = [f"{size:,}" for size in sorted(table["parameters"].unique())]
    order = [*sizes, *(name for name in dict.fromkeys(drawn["column"]) if name not in sizes)]
    return heatmap(
        drawn[["panel", "bits", "column", "value"]],
        "bits",
        "column",
        panels="panel",
        row_order=sorted(table["bits"].unique(), reverse=True),
        column_order=order,
        panel_order=list(dict.fromkeys(drawn["panel"])),
        across=max(2, len(shown)),
        row_label="bits",
        column_label="parameters",
        annotate=".2f",
        **options,
    )


@STUDY.figure("figure-3-accuracy")
def accuracy_by_capacity(v: CodeView) -> Figure:
    """Panels a and f of the paper, with the share of strings that so many messages can tell apart."""
    shown = {"best train": "best", "worst train": "worst"}
    title = "Figure 3 a, f. Training accuracy of the best and the worst seed, beside its bound"
    return _cells(v, shown, "bound", label="accuracy", limits=(0, 1), title=title)


@STUDY.figure("figure-3-gap")
def gap_by_capacity(v: CodeView) -> Figure:
    """Panel c of the paper."""
    title = "Figure 3 c. Largest gap of a seed between training and held-out accuracy\n"
    title += "(1: all training strings right, no held-out one; 4 or 5 are held out)"
    return _cells(v, {"largest gap": "train - held out"}, "", label="gap in accuracy", limits=(0, 1), title=title)


@STUDY.figure("figure-3-entropy")
def entropy_by_capacity(v: CodeView) -> Figure:
    """Panels b and d of the paper, with random codes."""
    shown = {"best residual": "best", "worst residual": "worst"}
    title = "Figure 3 b, d. Residual entropy of the best and the worst seed, beside random codes (lower: of parts)"
    return _cells(v, shown, RANDOM, label="residual entropy", limits=(0, 1), title=title)


@STUDY.figure("figure-3-recall")
def recall_by_capacity(v: CodeView) -> Figure:
    """Panels e and g of the paper. Few held-out strings may be likelier than under a uniform and perfect model."""
    best = ", ".join(f"{one.best_recall:.2f} for {one.name}" for one, _ in v.languages())
    title = f"Figure 3 e, g. Recall of held-out strings, best and worst seed (uniform and perfect: {best})"
    return _cells(v, {"best recall": "best", "worst recall": "worst"}, "", label="nats a string", title=title)


@STUDY.figure("figure-ceiling")
def searches(v: CodeView) -> Figure:
    """Random codes under each search for blocks: what a score says depends on the search."""
    names = {"": "lowest of all", "_mi": "by information", "_released": "as released", "_local": "local search"}
    drawn = v.random.assign(search=v.random["metric"].str.removeprefix("residual_entropy").map(names)).dropna(
        subset="search"
    )
    if drawn.empty:
        raise NotTestable("no random codes were drawn")
    drawn = drawn[drawn.groupby("language")["bits"].transform("nunique") > 1]
    draws = drawn.groupby(["language", "bits", "search"])["value"]
    table = draws.agg(["mean", "min", "max"]).reset_index()
    return curves(
        table,
        "bits",
        "mean",
        low="min",
        high="max",
        lines="search",
        panels="language",
        line_order=list(names.values()),
        limits=(0, 1),
        label="residual entropy",
        title="Residual entropy of random codes under each search for blocks (mean, least and most of all draws)",
    )


@STUDY.figure("figure-codes", once=True)
def codes_of_encoders(v: CodeView) -> Figure:
    """The suite's own question: what codes of sentence vectors leave open, by layer, beside a probe's answers."""
    rows = v.encoder_codes().replace({"encoder": {"random:minilm": "minilm, random weights"}})
    lines = [*rows["code"].drop_duplicates(), *(f"{code}, permuted" for code in rows["code"].drop_duplicates())]
    return curves(
        rows[["encoder", "layer", "line", "value"]],
        "layer",
        lines="line",
        panels="encoder",
        line_order=[one for one in lines if one in set(rows["line"])],
        limits=(0, 1),
        label="residual entropy",
        title="What codes of vectors of generated sentences leave open of four concepts, by layer (lower: of parts)",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("cells", caption="Best and worst of each score by bits and parameters, beside random codes", digits=3)
def cells(v: CodeView) -> pd.DataFrame:
    return v.cells()


@STUDY.table("runs", caption="Every trained game", digits=3)
def runs(v: CodeView) -> pd.DataFrame:
    return v.runs.drop(columns=["dataset"])


@STUDY.table(
    "random-codes", caption="Residual entropy of random codes, mean of draws, by the search for blocks", digits=3
)
def random_codes(v: CodeView) -> pd.DataFrame:
    found = []
    for _, part in v.random.groupby(["dataset", "bits"]):
        language, bits = Language.of(part["dataset"].iloc[0]), int(part["bits"].iloc[0])
        means = {f"residual{search}": v.ceiling(language, bits, search) for search in SEARCHES}
        draws = part["seed"].nunique()
        found.append({"language": language.name, "bits": bits, "draws": draws, **means})
    if not found:
        raise NotTestable("no random codes were drawn")
    return pd.DataFrame(found)


@STUDY.table(
    "encoder-codes", caption="Residual entropy of codes of sentence vectors, whole and by concept", digits=3, once=True
)
def encoder_codes(v: CodeView) -> pd.DataFrame:
    rows = v.encoder_codes()
    wide = rows[["encoder", "layer", "line", "value"]].rename(columns={"value": "all"})
    parts = v.needs(metric="residual_entropy", task="sentence concepts").copy()
    parts = parts[parts["subset"].ne("")].assign(line=parts["probe"].map(CODE_NAMES))
    by_concept = parts.pivot_table(index=["encoder", "layer", "line"], columns="subset", values="value", aggfunc="mean")
    by_concept.columns = [str(name).removeprefix("concept=") for name in by_concept]
    return wide.merge(by_concept.reset_index(), "left", ["encoder", "layer", "line"])


# --- the paper's numbers -----------------------------------------------------------------------------


def solving(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that solve their language."""
    return runs[runs["train"] >= SOLVED]


def transition(language: Language, runs: pd.DataFrame) -> float:
    """The fewest bits with which the best seed of one size comes within a nat of the best recall, of another not."""
    best = runs.groupby(["bits", "parameters"])["recall"].max().unstack() >= language.best_recall - 1
    mixed = best.index[best.any(axis=1) & ~best.all(axis=1)]
    if mixed.empty:
        raise NotTestable("no number of bits at which sizes differ in whether they come near the best recall")
    return float(mixed.min())


def memorising(language: Language, runs: pd.DataFrame) -> pd.Series:
    """The run of the largest size with the largest gap, at as many bits as blocks take."""
    own = runs[runs["parameters"].eq(runs["parameters"].max()) & runs["bits"].eq(language.blocks)]
    if own.empty:
        raise NotTestable(f"no run with {language.blocks} bits")
    return own.iloc[int(np.argmax(own["train"] - own["held out"]))]


def _number(language: Language, runs: pd.DataFrame, line: dict[str, Any]) -> float:
    """Our counterpart of a published line in one language."""
    setting, metric = line["setting"], line["metric"]
    # The paper says it of every size from the smallest that solves the task.
    from_threshold = runs["parameters"] >= solving(runs)["parameters"].min()
    at_blocks = runs[runs["bits"].eq(language.blocks) & from_threshold].groupby("parameters")
    if setting.startswith("threshold"):
        sizes = solving(runs)["parameters"]
        if sizes.empty:
            raise NotTestable("no seed of any size solves it")
        return float(runs[runs["parameters"].eq(sizes.min())]["counted"].min())
    if setting.startswith("largest number"):
        unsolved = set(runs["bits"]) - set(solving(runs)["bits"])
        if not unsolved:
            raise NotTestable("every number of bits is solved by a seed")
        return float(max(unsolved))
    found = {
        "smallest parameter count in sweep": lambda: runs["counted"].min(),
        "largest parameter count in sweep": lambda: runs["counted"].max(),
        "theoretical minimum number of bits for 10^6 strings": lambda: language.least,
        "smallest number of bits with a visible recall phase transition in capacity": lambda: transition(
            language, runs
        ),
    }
    if setting in found:
        return float(found[setting]())
    if "memorising" in setting:
        return float(memorising(language, runs)["train" if metric == "train_accuracy" else "held out"])
    if metric == "train_accuracy":
        return float(at_blocks["train"].max().min())
    return float(at_blocks["residual"].min().max())


@STUDY.table(
    "beside-the-paper", caption="The paper's numbers beside those of other languages: no reproduction", digits=3
)
def beside_the_paper(v: CodeView) -> pd.DataFrame | None:
    """What stands beside the paper's numbers where its own language was not played; else `against-paper` holds it."""
    return beside(STUDY, v).drop(columns="difference") if v.generated else None


@STUDY.beside(digits=3)
def ours(v: CodeView, line: dict[str, Any]) -> dict[str, Any]:
    """The paper's language is read as the largest that was played; the others stand beside it."""
    if line["table"] == "Figure 1":
        toy = Language(2, 5)
        slots = {"non-compositional code": (toy.least, toy.strings), "compositional code": (toy.blocks, 10)}
        return {"ours": slots[line["method"]][line["metric"] == "memory_slots"], "note": "counted, not measured"}
    found: dict[str, Any] = {}
    for language, part in v.languages():
        try:
            found[language.name] = _number(language, part, line)
        except NotTestable as reason:
            found[language.name] = str(reason)
    main = v.main()[0].name
    value = found.pop(main)
    missing = isinstance(value, str)
    others = {name: one if isinstance(one, str) else f"{one:g}" for name, one in found.items()}
    note = f"{main}{f': {value}' if missing else ''}; at {v.main()[0].blocks} bits where the paper has 24"
    return {"ours": float("nan") if missing else value, **others, "note": note}
