"""Golden cases of works, with controls and predictors: rows of small grids."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
from golden import CORPUS, Golden, fingerprint, place, written
from test_golden_encoders import TINY, TRAINED, TRANSLATION, hf

from probekit.embeddings.tables import load_table
from probekit.grid import Grid, works
from probekit.store import digest
from probekit.works.explanations import METHODS
from probekit.works.probing import CONTROLS, probing
from probekit.works.refinement import SPACES
from probekit.works.spans import CONTROLS as SPAN_CONTROLS

golden = Golden(__file__)
RECURRENT = "encoders/test_recurrent.py"
LABELLER = ("width", "layers", "dropout", "merges", "rate", "epochs", "budget")


def rows_of(grid: Grid, *by: str) -> pd.DataFrame:
    """Rows of a grid, sorted."""
    return grid.run(place() / f"rows-{digest(grid.describe())}").sort_values(list(by))


def asked(work: str, together: tuple[str, ...] = ("probe",), **axes: Any) -> Grid:
    """A grid of axes with one value or several; some axes are answered together."""
    several = {axis: list(value) if isinstance(value, (list, tuple)) else [value] for axis, value in axes.items()}
    return Grid("golden", work, several, share=[axis for axis in axes if axis not in together])


# --- discrete codes


def of_codes(work: str, **axes: Any) -> list[float]:
    grid = asked(work, ("seed",), dataset="concept-strings(3, 3)", bits=4, seed=[0, 1], **axes)
    rows = rows_of(grid, "seed", "metric", "split")
    return fingerprint(rows["value"]) + fingerprint(rows["n_test"])[1:2]


def game_numbers(_: str) -> list[float]:
    game = "bit-game(embedding=4, hidden=5, listener=6, look=5, message=6, rate=0.01, speaker=6, stacked=2, steps=10)"
    return of_codes("bit-game", encoder=game, parameters=0)


golden.case("work:bit-game", game_numbers, tolerance=1e-2)


def code_numbers(_: str) -> list[float]:
    codes = ["sign(bits=4)", "kmeans(clusters=3, parts=2)", "probe:logistic(C=1)"]
    grid = asked("discrete-code", (), dataset=CORPUS, encoder=hf(), layer=1, probe=codes)
    return fingerprint(rows_of(grid, "probe", "metric", "subset")["value"])


golden.case("work:discrete-code", code_numbers)
golden.case("work:random-code", lambda _: of_codes("random-code", control="random-code"))


# --- composition


PHRASES = "polarity-phrases(n=60)"


def polarity_numbers(work: str, **axes: Any) -> list[float]:
    return fingerprint(rows_of(asked(work, ("seed",), dataset=PHRASES, **axes), "metric", "split", "subset")["value"])


FROZEN = {"layer": 1, "pooling": "mean", "probe": "logistic(C=1)", "seed": 0}
TUNED = f'classifier:"{PHRASES}"(epochs=2, model=deep-average, trainable=true, vectors="random(width=8)")'


def reconstruction_numbers(_: str) -> list[float]:
    grid = asked(
        "reconstruction",
        ("task",),
        dataset=PHRASES,
        encoder=hf(),
        layer=1,
        pooling="mean",
        probe="add",
        steps=20,
        scale=0.01,
        least=1,
        seed=0,
        task=["sentence/node-switching", "sentence/tree-impurity"],
    )
    return fingerprint(rows_of(grid, "task", "metric", "split")["value"])


def tree_score_numbers(_: str) -> list[float]:
    grid = asked(
        "tree-scores", ("begins",), dataset=PHRASES, task="sentence/node-switching", begins=["the", "the food"]
    )
    return fingerprint(rows_of(grid, "setting")["value"])


golden.case("work:polarity", lambda _: polarity_numbers("polarity", encoder=hf(), **FROZEN))
golden.case("work:tuned-polarity", lambda _: polarity_numbers("tuned-polarity", encoder=TUNED), tolerance=1e-2)
golden.case("work:reconstruction", reconstruction_numbers)
golden.case("work:tree-scores", tree_score_numbers)


# --- probes


@cache
def probing_rows() -> pd.DataFrame:
    grid = probing(
        "golden",
        corpora=[CORPUS],
        encoders=[hf()],
        layers=[2],
        controls=list(CONTROLS),
        tasks=["sentence/parse_depth", "word/upos"],
        probes=["ridge", "logistic(C=1)"],
    )
    return rows_of(grid, "task", "metric", "fold")


def probing_numbers(control: str) -> list[float]:
    """Scores of a control, or of the probes themselves."""
    rows = probing_rows()
    rows = rows[rows["control"] == ("" if control == "probing" else control)]
    return fingerprint(rows["value"]) + fingerprint(rows["ci_low"])[1:] + fingerprint(rows["n_test"])[1:2]


@cache
def span_rows(tune: bool) -> pd.DataFrame:
    """The smallest grid of spans."""
    grid = probing(
        "golden",
        corpora=[CORPUS],
        encoders=[hf()],
        layers=[-1] if tune else ["mix", 1],
        tasks=["span/constituent-detection"],
        poolings=["max", "endpoint"],
        tune=tune,
        most={"train": 100},
        probes=["span-mlp(projection=8, hidden=6, passes=2, unseen=miss)"],
        controls=["majority", "all-yes"],
    )
    return rows_of(grid, "pooling", "setting", "layer", "metric", "split", "subset")


def span_numbers(name: str) -> list[float]:
    rows = span_rows(name == "tuned-spans")
    rows = rows[rows["control"] == ("" if name in works.names() else name)]
    return fingerprint(rows["value"]) + fingerprint(rows["n_test"])[1:2]


golden.case("work:probing", probing_numbers)
for _name in CONTROLS:
    golden.case(f"control:{_name}", probing_numbers, revised="work:probing")
golden.case("work:spans", span_numbers)
golden.case("work:tuned-spans", span_numbers)
for _name in (name for name in SPAN_CONTROLS if name not in CONTROLS):
    golden.case(f"control:{_name}", span_numbers, revised="work:spans")


# --- what predicts without vectors, what translates


def scored(grid: Grid) -> list[float]:
    rows = rows_of(grid, "task", "probe", "split", "metric")
    return fingerprint(rows["value"]) + fingerprint(rows["n_test"])[1:2]


def predicting(*probes: str, corpus: str = CORPUS) -> Grid:
    return asked("predicting", ("task",), dataset=corpus, task=["word/pos", "word/parent"], probe=probes, seed=0)


def predicting_numbers(_: str) -> list[float]:
    return scored(predicting("word-majority", "word-majority(fit=oracle)", f"labeller({TINY})"))


def translating_numbers(_: str) -> list[float]:
    return scored(asked("translating", encoder=TRANSLATION))


def predictor_numbers(spec: str) -> list[float]:
    return scored(predicting(spec, corpus="grammar(n=40)"))


golden.case("work:predicting", predicting_numbers)
golden.case("work:translating", translating_numbers)
golden.case("predictor:word-majority", predictor_numbers, options={"fit": "oracle"})
golden.case("predictor:pcfg-prefix", predictor_numbers, options={"rare": 2, "prefixes": False})
golden.case(
    "predictor:labeller",
    predictor_numbers,
    f"labeller({TINY})",
    elsewhere={**dict.fromkeys(LABELLER, "encoders/test_golden_encoders.py"), **TRAINED, "rare": RECURRENT},
)


# --- attention, relevance, refinement


def attention_numbers(work: str) -> list[float]:
    axes = {"dataset": "cues(n=420)", "positive": "b", "vectors": "random(width=16)", "cut": 12, "layers": 1}
    axes |= {"query": "normal", "embeddings": "frozen", "regularizer": "base", "attention": "additive"}
    axes |= {"seed": 0, "patience": 2, **({"lambda": 0.5} if work == "attention-imitation" else {})}
    axes |= {"probe": METHODS} if work == "attention-explanations" else {}
    return list(rows_of(asked(work, ("probe", "lambda"), **axes), "setting", "probe", "metric")["value"])


def relevance_numbers(work: str) -> list[float]:
    """The study's own rows on a few generated documents: accuracy, deletion, erasure, document vectors."""
    axes = {"dataset": "topics(n=150)", "encoder": "text-cnn(filters=12)", "vectors": "random(width=10)"}
    axes |= {"training": "training(epochs=2, rate=0.1)", "seed": 0, "sample": 20}
    found: list[float] = []
    for task, own_axes in {
        "conservation": {"probe": "lrp"},
        "deletion": {"probe": ["lrp", "random"], "steps": 4, "runs": 2, "least": 60},
        "erasure": {"probe": "sa", "runs": 1, "least": 60},
        "class-words": {"probe": "lrp"},
        "document-vectors": {"probe": "lrp-ew", "centre": "mean"},
        "classify": {"probe": ""},
    }.items():
        values = rows_of(asked(work, **axes, task=task, **own_axes), "probe", "metric", "subset")["value"]
        # Rounding decides the last digits of conservation: whether it holds is the number.
        found += [float(v < 1e-9) if task == "conservation" else float(v) for v in values]
    return found


def refinement_numbers(work: str) -> list[float]:
    axes = {"dataset": "generated-ratings", "encoder": "generated-vectors", "words": "halves", "grid": "coarse"}
    rows = rows_of(asked(work, **axes, seed=0, probe=SPACES), "probe", "split", "subset")
    return [float(part["value"].mean()) for _, part in rows.groupby(["probe", "split"])]


def benchmark_numbers(work: str) -> list[float]:
    names = [f"word-{i:04d}" for i in range(1, 31)]
    lines = (f"{left}\t{right}\t{at % 7}\n" for at, (left, right) in enumerate(zip(names, names[::-1], strict=True)))
    pairs = written("pairs-of-generated.tsv", "".join(lines))
    axes = {"encoder": "generated-vectors", "task": f"similarity:{pairs}", "control": "", "seed": 0}
    return fingerprint(rows_of(asked(work, **axes, probe=["cosine", "dot"]), "probe", "metric")["value"])


def spectra_numbers(work: str) -> list[float]:
    tables = [f"generated-vectors|similarity-order({alpha})" for alpha in (-0.5, 0.5, 1)]
    return [
        value for table in tables for value in fingerprint(rows_of(asked(work, encoder=[table]), "metric")["value"])
    ]


def energies_numbers(work: str) -> list[float]:
    first, *others = load_table("generated-vectors").words[:12]
    lexicon = written("lexicon.txt", "".join(f"{first} {other}\n" for other in others))
    tables = [
        f'generated-vectors|retrofit(lexicon="lexicon:{lexicon}", weights={weights})'
        for weights in ("exact", "uniform")
    ]
    return [
        value for table in tables for value in fingerprint(rows_of(asked(work, encoder=[table]), "metric")["value"])
    ]


def combining_numbers(work: str) -> list[float]:
    copy = "generated-vectors|rotate(seed=1)|noise(0.5)"
    tables = [f'generated-vectors|{step}(with="{copy}")' for step in ("concatenate", "geo-concatenate")]
    return fingerprint(rows_of(asked(work, encoder=tables), "encoder", "metric", "subset")["value"])


# Training runs through thousands of steps, and clusters are drawn from what it gives.
FAR = {"attention": 3e-2, "attention-training": 1e-2, "attention-imitation": 3e-2, "attention-explanations": 5e-2}
for _name, _tolerance in FAR.items():
    golden.case(f"work:{_name}", attention_numbers, tolerance=_tolerance)
golden.case("work:text-relevance", relevance_numbers)
golden.case("work:refinement", refinement_numbers)
golden.case("work:benchmarking", benchmark_numbers)


def alpha_numbers(work: str) -> list[float]:
    grid = asked(
        work,
        ("geom_alpha", "product"),
        encoder=f'skip-gram:"{CORPUS}"(size=6, epochs=2, rate=0.1)',
        centre="U+V",
        reference="model",
        geom_alpha=[-1, "t3-w"],
        product=["I", "F"],
        task="spectrum/thirds",
        probe="",
        seed=0,
    )
    return fingerprint(rows_of(grid, "setting", "metric", "subset")["value"])


golden.case("work:alpha-sweep", alpha_numbers)
golden.case("work:spectra", spectra_numbers)
golden.case("work:energies", energies_numbers)


def portrait_numbers(work: str) -> list[float]:
    words = load_table("generated-vectors").words
    lines = "".join(f"{words[i]} {words[i + 1]} {words[i + 2]} {words[i + 3]}\n" for i in range(0, 40, 4))
    file = written("pairs.txt", ": family\n" + lines)
    more = {"word": list(words[:2])} if work == "neighbours" else {"task": f"offsets:{file}"}
    return fingerprint(rows_of(asked(work, encoder=["generated-vectors"], **more), "metric")["value"])


def losses_numbers(work: str) -> list[float]:
    return fingerprint(
        rows_of(asked(work, encoder=[f'skip-gram:"{CORPUS}"(size=6, epochs=2, rate=0.1)']), "metric")["value"]
    )


golden.case("work:neighbours", portrait_numbers)


def classifying_numbers(work: str) -> list[float]:
    spec = 'classifier:"cues(n=60)|resplit"(epochs=2, model=pooled-linear, rate=0.05, vectors="random(width=6)")'
    return fingerprint(rows_of(asked(work, encoder=[spec], seed=0), "split", "metric")["value"])


golden.case("work:classifying", classifying_numbers)
golden.case("work:offset-places", portrait_numbers, tolerance=1e-2)
golden.case("work:training-losses", losses_numbers)
_SETS = "generated-vectors|fuzzy(normalise=row)"


def sets_numbers(work: str, **axes: Any) -> list[float]:
    rows = rows_of(asked(work, encoder=_SETS, **axes), "metric", "subset")
    return fingerprint(rows["value"].fillna(-1)) + fingerprint(rows["n_test"])[1:2]


def of_words(work: str, axis: str, text: str) -> list[float]:
    a, b, c = load_table("generated-vectors").words[:3]
    return sets_numbers(work, probe="fuzzy-kl", **{axis: text.format(a, b, c)})


golden.case("work:set-neighbours", lambda work: of_words(work, "words", "{} & {}"))
golden.case("work:set-divergences", lambda work: of_words(work, "sets", "{} & {} from {}"))
golden.case("work:set-controls", lambda work: sets_numbers(work, marked="", seed=3))
golden.case("work:combining", combining_numbers)
golden.case("work:sentence-features", lambda work: fingerprint(rows_of(asked(work, dataset=CORPUS), "subset")["value"]))


def tuned_numbers(work: str) -> list[float]:
    axes = {"dataset": "plausible(n=20)", "encoder": hf(), "task": "pair/label", "objective": "adv(radius=0.5)"}
    if work == "step-times":  # how long a step takes is no number that stays
        return [float(n) for n in rows_of(asked(work, **axes), "metric")["n_test"]]
    more = {"head": "embedding", "pooling": "mean"} if work == "tuned-space" else {}
    axes["objective"] = "coco" if more else axes["objective"]
    rows = rows_of(asked(work, **axes, **more, seed=0, epochs=2, batch=8, rate=0.01), "metric", "split", "subset")
    return fingerprint(rows["value"]) + fingerprint(rows["n_test"])[1:2]


for _name in ("tuning", "moved-inputs", "tuned-space", "step-times"):
    golden.case(f"work:{_name}", tuned_numbers, tolerance=5e-2)


def inference_numbers(work: str) -> list[float]:
    axes = {"dataset": "mini-hans(n=60)", "encoder": hf(), "task": "pair/entailment", "objective": "standard"}
    axes |= {"on": "mini-hans(n=90, challenge=true)", "state": "each", "epochs": 2, "batch": 8, "rate": 0.01}
    rows = rows_of(asked(work, **axes, after=1, seed=0), "metric", "split", "subset")
    return fingerprint(rows["value"]) + fingerprint(rows["n_test"])[1:2]


def published_numbers(work: str) -> list[float]:
    return fingerprint(rows_of(asked(work, dataset="berts-of-a-feather"), "subset")["value"])


golden.case("work:inference", inference_numbers, tolerance=5e-2)
golden.case("work:published-runs", published_numbers, data=True)

test_numbers_stay, test_options_move_numbers = golden.tests()
