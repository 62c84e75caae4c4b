"""How the study of time expressions reads its rows: which vectors, which alignment, which test a row is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from probekit.experiments.temporal_tagging import CHOSEN, STUDY

from probekit.report import NotTestable, View, clears
from probekit.report.view import by_kind
from probekit.specs import Spec, parse
from probekit.works.tuning import KNOWN

from ._tagging_view import TaggedView, told

SUBWORDS, MULTILINGUAL = "sub-words", "multilingual"
RULES, LINEAR = "HeidelTime", "linear"  # read no vectors: neither has an alignment
TUNED, MINILM, SMALL = "tuned multilingual", "tuned MiniLM", "tuned small multilingual"
VECTORS = (SUBWORDS, MULTILINGUAL, TUNED, SMALL, MINILM)
USED = {**CHOSEN, **dict.fromkeys((TUNED, SMALL, MINILM), CHOSEN[MULTILINGUAL])}  # weight of the reversed gradient
NONE, IDENTICAL, DICTIONARY, CONTROL, ADVERSARIAL = (
    "unaligned",
    "identical strings",
    "dictionary",
    "F alone",
    "adversarial",
)
ALIGNMENTS = (NONE, IDENTICAL, DICTIONARY, CONTROL, ADVERSARIAL)
ENGLISH, SPANISH, GERMAN, UKRAINIAN = "English", "Spanish", "German", "Ukrainian"
MEANTIME = ("English MEANTIME", "Spanish MEANTIME")
TESTS = (ENGLISH, SPANISH, *MEANTIME, GERMAN, UKRAINIAN)
CALLED = {"timex-en": ENGLISH, "timex-es": SPANISH, "meantime-en": MEANTIME[0], "meantime-es": MEANTIME[1]}
CALLED |= {"krauts-zeit": GERMAN, "wikiwars-ua": UKRAINIAN}
STRICT, RELAXED, TYPE = "untyped", "relaxed", "timex"  # TempEval-3's strict score has no type
SCORES = {STRICT: "strict", RELAXED: "relaxed", TYPE: "type"}
TRAINED = (ENGLISH, SPANISH)


@dataclass(eq=False, kw_only=True)
class TimesView(TaggedView):
    """Rows with the columns vectors, alignment and test; `swept` are those of every weight, `probed` of probes, `near`
    of neighbours, `known` of what encoders know by layer."""

    swept: pd.DataFrame
    probed: pd.DataFrame
    near: pd.DataFrame
    known: pd.DataFrame

    def of(self, vectors: str, alignment: str, test: str) -> dict[str, Any]:
        """A selection of rows."""
        return {"vectors": vectors, "alignment": alignment, "test": test}

    @property
    def tests(self) -> list[str]:
        """Tests at hand, in order."""
        there = set(self.rows["test"])
        return [one for one in TESTS if one in there] or sorted(there)

    def pairs(self, test: str = "") -> list[tuple[str, str]]:
        """Vectors and alignments at hand, in order."""
        rows = self.rows if not test else self.rows[self.rows["test"].eq(test)]
        there = set(zip(rows["vectors"], rows["alignment"], strict=True))
        every = [(vectors, one) for vectors in VECTORS for one in ALIGNMENTS]
        return [one for one in every if one in there]

    def baselines(self, test: str) -> list[tuple[str, str]]:
        """What reads no vectors, as vectors and alignments."""
        return [(one, one) for one in (RULES, LINEAR) if not self.only(vectors=one, test=test).empty]

    def learned(self, vectors: str, *tests: str) -> bool:
        """Whether taggers of unaligned vectors are surely above the linear model, in strict F1 on every test."""
        unaligned, linear = ([self.of(*one, test) for test in tests] for one in ((vectors, NONE), (LINEAR, LINEAR)))
        return all(clears(self.gap(*both, STRICT)) for both in zip(unaligned, linear, strict=True))

    def told(self, vectors: str, alignment: str, layer: int) -> pd.Series:
        """Accuracy of the probe of language, mean of seeds with the ends of their intervals. Raises NotTestable."""
        rows = self.probed
        rows = rows[rows["vectors"].eq(vectors) & rows["alignment"].eq(alignment) & rows["layer"].eq(layer)]
        if rows.empty:
            raise NotTestable(f"no probe of language was run on {vectors}, {alignment}, layer {layer}")
        return rows[["value", "ci_low", "ci_high", "n_test"]].mean()

    def neighbours(self) -> pd.DataFrame:
        """Shares of neighbours of a sentence's own language, by vectors, alignment and layer. Raises NotTestable."""
        if self.near.empty:
            raise NotTestable("no neighbours were asked about")
        return self.near.assign(chance=[told(row)["chance"] for row in self.near.to_dict("records")])

    def places(self) -> pd.DataFrame:
        """Points of t-SNE of what the BiLSTM reads, with vectors, alignment and language. Raises NotTestable."""
        rows = self.neighbours()
        of_rows = View(rows[rows["layer"].eq(0)], folder=self.folder)
        found = of_rows.below("points")
        return found.assign(language=found["label"])


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[TimesView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        of_layers = one.rows["task"].isin(KNOWN)
        known, rows = one.rows[of_layers], one.rows[~of_layers]
        about = pd.DataFrame([described(*line) for line in rows[["encoder", "probe"]].itertuples(index=False)])
        about.index = rows.index
        rows = rows.assign(
            **{str(name): about[name] for name in about}, test=[called(name) for name in rows["dataset"]]
        )
        within = rows[rows["task"].eq("sentence/label")]
        within = within.assign(layer=pd.to_numeric(within["layer"]))
        probed, near = (within[within["metric"].eq(one)] for one in ("accuracy_pooled", "same_label_neighbours"))
        tagged = rows[rows["task"].ne("sentence/label")]
        opposed = tagged["alignment"].eq(ADVERSARIAL)
        swept = tagged[tagged["metric"].eq("span_f1") & opposed & tagged["vectors"].isin(list(CHOSEN))]
        chosen = ~opposed | tagged["weight"].eq(tagged["vectors"].map(USED))
        if chosen.any():
            yield TimesView(tagged[chosen], one.mark, one.title, swept=swept, probed=probed, near=near, known=known)


def described(encoder: str, probe: str) -> dict[str, Any]:
    """Vectors, alignment and weight of the name of a tagger; HeidelTime's answers have no encoder."""
    if not encoder:
        return {"vectors": RULES, "alignment": RULES, "weight": float("nan")}
    spec = parse(encoder)
    if spec.name == "shapes":
        return {"vectors": LINEAR, "alignment": LINEAR, "weight": float("nan")}
    inputs, learns = parse(str(spec.kwargs["inputs"][0])), bool(spec.kwargs.get("learn"))
    vectors = {"minilm": MINILM, "pretrained": SMALL}.get(inputs.name, SUBWORDS)
    if inputs.name == "hf":
        vectors = TUNED if learns else MULTILINGUAL
    pairs = {"identical": IDENTICAL, "dictionary": DICTIONARY}.get(str(inputs.kwargs.get("pairs", "")), NONE)
    return {"vectors": vectors, **mapped(spec, pairs)}


def mapped(told: Spec, otherwise: str = NONE) -> dict[str, Any]:
    """Alignment and weight by the options of a tagger."""
    if not told.kwargs.get("mapped"):
        return {"alignment": otherwise, "weight": float("nan")}
    weight = float(told.kwargs.get("weight", 0.001))
    return {"alignment": ADVERSARIAL if weight else CONTROL, "weight": weight}


def taught(encoder: str) -> str:
    """The alignment of the tagger with which an encoder learned; empty for one that learned with none."""
    steps = parse(encoder).steps
    return str(mapped(steps[-1])["alignment"]) if steps else ""


def called(dataset: str) -> str:
    """A test for readers."""
    return next((shown for name, shown in CALLED.items() if dataset.startswith(name)), dataset.partition("(")[0])
