"""One small case for every registered component: its numbers, its revision, how far they may move.

`CASES` maps `room:name` to a function; what it gave when its revision was set is in `golden.json`. `OPTIONS` maps
`room:name(option)` to a spec that must give other numbers than the component's case.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import golden_attention
import golden_refinement
import golden_relevance
import golden_spans
import numpy as np
import pandas as pd

from probekit import corpora, encoders, probes, scores, tasks
from probekit.encoders import pooling as pools
from probekit.encoders.activations import encode
from probekit.grid import Grid, recipes, works
from probekit.registry import bind
from probekit.specs import Spec, parse
from probekit.works.predicting import PredictingGrid
from probekit.works.probing import CONTROLS, probing
from probekit.works.spans import CONTROLS as SPAN_CONTROLS
from probekit.works.translating import TranslatingGrid

FILE = Path(__file__).with_name("golden.json")
CORPUS = "grammar(n=120)"
VALUES = {"X": "NOUN", "N+P": "Sing+3", "k": "1", "Name": "Number"}
VALUES_OF = {
    "sentence/xpos_dist_<X>": "NN", "sentence/dep_dist_<X>": "nsubj", "sentence/verbs_mood_dist_<X>": "Ind",
    "sentence/verbs_tense_dist_<X>": "Past", "sentence/verbs_form_dist_<X>": "Fin", "sentence/aux_mood_dist_<X>": "Ind",
    "sentence/aux_tense_dist_<X>": "Pres", "sentence/aux_form_dist_<X>": "Fin", "sentence/verbal_arity_<k>": "2",
}  # fmt: skip


def fingerprint(values: Any) -> list[float]:
    """Size, mean, root mean square, and a wave over the positions, so that order counts; labels by checksum."""
    flat = np.asarray(values).ravel()
    if flat.dtype == object:
        flat = np.array([zlib.crc32(str(value).encode()) / 2**32 for value in flat])
    flat = flat.astype(np.float64)
    wave = np.cos(np.arange(len(flat)))
    return [float(len(flat)), float(flat.mean()), float(np.sqrt((flat**2).mean())), float((flat * wave).mean())]


# --- corpora


@cache
def place() -> Path:
    """A folder for files that cases read; it goes when the tests end."""
    holder = tempfile.TemporaryDirectory(prefix="probekit-golden-")
    _kept.append(holder)
    return Path(holder.name)


_kept: list[Any] = []


def corpus_numbers(spec: str) -> list[float]:
    corpus = corpora.load_corpus(spec)
    of_reader = corpus.spec.startswith(tuple(f"{reader}:" for reader in ANNOTATED))
    if of_reader or not {"upos", "label"} & {*corpus.layers, *corpus.sentences}:
        return annotation_numbers(corpus)
    columns = [np.asarray(corpus.form.astype(object))]
    if "upos" in corpus.layers:
        columns += [np.asarray(corpus.layers["upos"].astype(object))]
    parts = [fingerprint(column)[1:] for column in columns]
    if "head" in corpus.layers:
        parts += [fingerprint(corpus.layers["head"])]
    if "label" in corpus.sentences:
        parts += [fingerprint(corpus.sentences["label"].astype(object).to_numpy())]
    parts += [fingerprint(corpus.sentences[column].astype(object).to_numpy())[1:] for column in ("split", "language")]
    return [float(corpus.n_sentences), *(x for part in parts for x in part)]


def annotation_numbers(corpus: corpora.Corpus) -> list[float]:
    """Of a corpus whose annotation is spans or trees."""
    parts = [fingerprint(np.asarray(one.astype(object)))[1:] for one in (corpus.form, *corpus.layers.values())]
    parts += [fingerprint(corpus.sentences[column].astype(object).to_numpy())[1:] for column in ("id", *ATTRIBUTES)]
    parts += [fingerprint(np.array(corpus.trees, dtype=object))] if corpus.trees else []
    parts += [fingerprint(np.array([name], dtype=object)) for name in corpus.spans]
    parts += [fingerprint(table.astype(object).to_numpy()) for table in corpus.spans.values() if len(table)]
    return [float(corpus.n_sentences), *(x for part in parts for x in part)]


ATTRIBUTES = ("document", "split", "language")

_CONLLU = (
    "# newdoc id = d1\n# global.Entity = GRP-etype-infstat\n"
    "1\tAda\tAda\tPROPN\tNNP\t_\t2\tnsubj\t_\tEntity=(1-person-new){0}\n"
    "2\tsaw\tsee\tVERB\tVBD\t_\t0\troot\t_\t_{1}\n"
    "3\tan\ta\tDET\tDT\t_\t4\tdet\t_\tEntity=(2-object-new{2}\n"
    "4\towl\towl\tNOUN\tNN\t_\t2\tobj\t_\tEntity=2)(1-person-giv){3}\n\n"
)
# Content of the file of each format of annotation.
ANNOTATED = {
    "gum": _CONLLU.format("", "", "", ""),
    "up": _CONLLU.format("\t_\tARG0", "\tsee.01\tV", "\t_\t_", "\t_\tARG1"),
    "litbank-files": (
        "#begin document (d1); part 0\n0\tAda\t(1)\n1\tsaw\t\n2\tan\t(2\n3\towl\t2)|(1)\n\n#end document\n"
    ),
    "spans": (
        '{"text": "Ada saw an owl", "targets": [{"span1": [0, 1], "span2": [2, 4], "label": "A"}],'
        ' "info": {"id": "d-1"}}\n'
        '{"text": "She left", "targets": [{"span1": [0, 1], "span2": [1, 2], "label": ["B", "A"]}]}\n'
    ),
    "ptb": (
        "; d1.mrg\n( (S (NP-SBJ-1 (DT The) (NN dog)) (VP (VBD ate) (NP (-NONE- *-1)) (-LRB- -LRB-) (NP (NNS bones))\n"
        "  (-RRB- -RRB-))) )\n; d2.mrg\n(FRAG|X (`` ``) (UH Yes=1))\n"
    ),
    "bio": ("Ada\tB-X\tB-PER\nByron\tO\tI-PER\nsaw\tB-V\tO\nRome\tO\tB-LOC\n\n# newdoc id = d2\nHull\tO\tB-LOC\n"),
}


@cache
def annotated(reader: str, content: str = "") -> str:
    """Spec of a reader over a file named for the dev part."""
    file = place() / f"{zlib.crc32(content.encode())}-dev.{reader}"
    file.write_text(content or ANNOTATED[reader], encoding="utf-8")
    return f"{reader}:{file}"


@cache
def conllu_files() -> str:
    """Two files with a train and a dev part; ranges, empty nodes and comments are in them."""
    text = (
        "# newdoc id = d1\n# sent_id = {0}-1\n# text = Dogs don't bark.\n"
        "1\tDogs\tdog\tNOUN\tNNS\tNumber=Plur\t4\tnsubj\t_\t_\n"
        "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_\n3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_\n"
        "4\tbark\tbark\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\tSpaceAfter=No\n5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_\n\n"
        "# sent_id = {0}-2\n1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_\n1.1\tgone\tgo\tVERB\tVBN\t_\t_\t_\t_\t_\n\n"
    )
    files = []
    for part in ("train", "dev"):
        file = place() / f"en_toy-ud-{part}.conllu"
        file.write_text(text.format(part), encoding="utf-8")
        files.append(str(file))
    return ",".join(files)


@cache
def pair_file() -> str:
    """Sentences and translations in a table."""
    file = place() / "pairs.tsv"
    file.write_text("I don't.\tIch nicht.\nThe dog, it barks!\tDer Hund, er bellt!\n", encoding="utf-8")
    return str(file)


@cache
def text_file() -> str:
    """Labelled texts with three classes, an empty one among them, and a column of other texts."""
    lines = ["label\ttext\tother\tverdict", "c\t\tx\tno"]
    for i in range(20):
        text = f"The {i}th one's No. {i}, isn't it?{' Yes' * (i % 4)}"
        lines.append(f"{'abc'[i % 3]}\t{text}\tTitle {i}\t{'no' if i % 2 else 'yes'}")
    file = place() / "texts.tsv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


def corpus_spec(name: str) -> str:
    known = {
        "conllu": f"conllu:{conllu_files()}",
        "text": f"text:{text_file()}(empty=drop)",
        "pud": "pud",
        "parallel": f"parallel:{pair_file()}",
        "topics": "topics(n=30)",
        "cues": "cues(n=30)",
    }
    return annotated(name) if name in ANNOTATED else known.get(name, CORPUS)


TEXTS = "{text}(empty=drop)"
STEPS = {
    "sample": f"{CORPUS}|sample(n=50)",
    "split": "{conllu}|split(dev)",
    "lower": f"{TEXTS}|lower",
    "digits": f"{TEXTS}|digits",
    "letters": f"{TEXTS}|letters",
    "truncate": f"{TEXTS}|truncate(n=3)",
    "lengths": f"{TEXTS}|lengths",
    "resplit": f"{TEXTS}|resplit",
    "holdout": "{text}(empty=drop, split=train)|holdout",
    "split-documents": f"{CORPUS}|split-documents",
    "translated": "grammar(n=40)|translated(inflecting)",
}


def fill(spec: str) -> str:
    """A spec with the files of cases in it."""
    files = {name.removesuffix("-files"): annotated(name) for name in ANNOTATED}
    files["parallel"] = f"parallel:{pair_file()}"
    return spec.format(conllu=corpus_spec("conllu"), text=f"text:{text_file()}", **files)


def step_spec(name: str) -> str:
    return fill(STEPS[name])


# --- tasks


@cache
def gaps() -> str:
    """A corpus some of whose words have no tag and no relation."""
    file = place() / "gaps.conllu"
    file.write_text("1\tso\t_\tADV\tRB\t_\t2\tadvmod\t_\t_\n2\tgo\t_\t_\t_\t_\t0\t_\t_\t_\n\n", encoding="utf-8")
    return f"conllu:{file}"


def task_name(name: str) -> str:
    """A registered name, families with one of their values in place of the brackets."""
    prefix, bracket, what = name.partition("<")
    return prefix + VALUES_OF.get(name, VALUES.get(what.rstrip(">"), "")) if bracket else name


def task_numbers(spec: str, of: str = "") -> list[float]:
    of = of or (annotated("spans") if spec.startswith("span/label") else CORPUS)
    corpus, task = corpora.load_corpus(of), tasks.get(spec)
    units = task.units(corpus)
    return fingerprint(task.targets(corpus)) + fingerprint(units["sentence"])[:2] + fingerprint(units["start"])[:2]


# --- scores


@cache
def metric_data(kind: str) -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    if kind == "number":
        gold = rng.normal(size=60).round(1)
        return gold, gold + rng.normal(size=60).round(1)
    gold = np.array(list("abc"), dtype=object)[rng.integers(0, 3, 60)]
    predicted = np.where(rng.random(60) < 0.6, gold, np.array(list("abc"), dtype=object)[rng.integers(0, 3, 60)])
    if kind == "label":
        return gold, predicted
    sides = np.empty((2, 60), dtype=object)
    for i in range(60):
        sides[:, i] = (gold[i], "d"), (predicted[i],)
    return tuple(sides)


def metric_numbers(name: str) -> list[float]:
    gold, predicted = metric_data(scores.get(name).kind)
    if name == "f1_yes":
        gold, predicted = (np.where(side == "a", "yes", side) for side in (gold, predicted))
    if name == "exact_match":
        predicted[:] = [(label, "d") for (label,) in predicted]
    alone = scores.score(name, gold, predicted)
    grouped = scores.score(name, gold, predicted, groups=np.arange(60) // 4, n_boot=100)
    return [alone.value, alone.low, alone.high, grouped.low, grouped.high]


# --- probes

SMALL = {
    "linear-svr-liblinear": "(max_iter=200)",
    "mlp": "(hidden=8, epochs=4)",
    "logistic": "(C=1)",
    "online-code": '(fractions=[0.25, 0.5, 1.0], probe="logistic(C=1)")',
}


def probe_numbers(spec: str, seed: int = 0) -> list[float]:
    """Predictions for every kind of task that the probe answers, and its code length if it has one."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(90, 6)).astype(np.float32) * np.array([1, 2, 3, 1, 1, 0.5], dtype=np.float32)
    Y = X @ rng.normal(size=(6, 2)) + 0.5 * rng.normal(size=(90, 2))
    labels = np.array(["low", "mid", "high"], dtype=object)[np.digitize(Y, [-0.8, 0.8])]
    groups = np.repeat(np.arange(30), 3)
    parsed = parse(spec)
    kind = probes.get(parsed.head)
    params = bind(parsed, kind, "probe", leave_out=("seed",))
    numbers = []
    for target in sorted(kind.answers):
        fitted = kind(**params, seed=seed).fit(X, Y if target == "number" else labels, groups=groups)
        numbers += fingerprint(fitted.predict(X))
        if target == "label":
            numbers += [x for table in fitted.predict_proba(X) for x in fingerprint(table)[2:]]
        numbers += [float(code["bits"]) for code in getattr(fitted, "codelength_", [])]
    return numbers


# --- encoders


@cache
def bert_folder() -> Path:
    """A BERT of two layers with weights and vocabulary that no library draws: waves of fixed numbers."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = sorted(set("abcdefghijklmnopqrstuvwxyz0123456789.,?!-'"))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *letters, *("##" + x for x in letters), "the", "##er", "##s"]
    backend = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
    )
    model = BertModel(config)
    rng = np.random.default_rng(11)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            drawn = rng.normal(size=tuple(weight.shape)) * 0.3
            weight.copy_(torch.tensor(drawn + ("LayerNorm.weight" in name), dtype=weight.dtype))
    folder = place() / "tiny-bert"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def table_file() -> Path:
    """Vectors of the commonest words of the corpus, lower case; capitals of some differ."""
    corpus = corpora.load_corpus(CORPUS)
    common = pd.Series([str(word) for word in corpus.form]).str.lower().value_counts().sort_index()
    words = [word for word, count in common.items() if count > 2]
    rng = np.random.default_rng(5)
    lines = [f"{word} " + " ".join(f"{x:.4f}" for x in rng.normal(size=6)) for word in [*words, "The", "A", "<unk>"]]
    file = place() / "vectors.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


TINY = "budget=400, dropout=0.1, epochs=2, layers=1, rate=0.05, width=8"


@cache
def saved_folder() -> Path:
    """A translation model trained into a folder."""
    from probekit.learners.translation import train_translation

    folder = place() / "tiny-translation"
    corpus = corpora.load_corpus("grammar(n=40)|translated(copy)")
    train_translation(corpus, folder, width=8, layers=2, merges=30, epochs=1, rate=0.05, budget=400)
    return folder


ENCODERS: dict[str, Callable[[], str]] = {
    "hf": lambda: f"hf:{bert_folder()}",
    "random": lambda: f"random:hf:{bert_folder()}",
    "minilm": lambda: "minilm",
    "static": lambda: f"static:{table_file()}",
    "glove": lambda: "glove",
    "word2vec": lambda: f'word2vec:"{CORPUS}"(size=12, epochs=2)',
    "saved": lambda: f"saved:{saved_folder()}",
    "translation": lambda: f'translation:"grammar(n=40)|translated(mirrored)"(merges=30, {TINY})',
    "labeller": lambda: f'labeller:"grammar(n=40)"(merges=30, task=word/upos, {TINY})',
}


@cache
def encoder_numbers(spec: str, poolings: tuple[str, ...] = ("mean", "max", "words")) -> tuple[float, ...]:
    reps = encode(corpora.load_corpus(CORPUS), spec, "all", poolings)
    return tuple(x for vectors in reps.values() for x in fingerprint(vectors))


def encoder_spec(name: str, **options: Any) -> str:
    spec = parse(ENCODERS[name]())
    return str(Spec(spec.name, spec.target, spec.args, dict(sorted({**spec.kwargs, **options}.items()))))


# --- controls, work, recipe


@cache
def grid_rows() -> pd.DataFrame:
    grid = probing(
        "golden",
        corpora=[CORPUS],
        encoders=[ENCODERS["hf"]()],
        layers=[2],
        controls=list(CONTROLS),
        tasks=["sentence/parse_depth", "word/upos"],
        probes=["ridge", "logistic(C=1)"],
    )
    return grid.run(place() / "rows")


def grid_numbers(control: str) -> list[float]:
    rows = grid_rows()
    rows = rows[rows["control"] == control].sort_values(["task", "metric", "fold"])
    assert len(rows), control
    return fingerprint(rows["value"]) + fingerprint(rows["ci_low"])[1:] + fingerprint(rows["n_test"])[1:2]


def predicting_grid() -> PredictingGrid:
    predictors = ["word-majority", "word-majority(fit=oracle)", f"labeller({TINY})"]
    return PredictingGrid("golden", [CORPUS], ["word/pos", "word/parent"], predictors)


def rows_of(grid: Grid) -> list[float]:
    """The scores of a grid's rows."""
    rows = grid.run(place() / f"rows-{grid.work}").sort_values(["task", "probe", "split", "metric"])
    return fingerprint(rows["value"]) + fingerprint(rows["n_test"])[1:2]


# --- the table

CASES: dict[str, Callable[[], Sequence[float]]] = {}
for _name in tasks.registry.names():
    CASES[f"task:{_name}"] = lambda name=_name: task_numbers(str(Spec(task_name(name))))  # type: ignore[misc]
for _name in (
    "spearman",
    "abs_spearman",
    "pearson",
    "r2",
    "mae",
    "rmse",
    "accuracy",
    "macro_f1",
    "micro_f1",
    "f1_yes",
    "macro_recall",
    "exact_match",
):
    CASES[f"metric:{_name}"] = lambda name=_name: metric_numbers(name)  # type: ignore[misc]
for _name in ("linear-svr", "linear-svr-liblinear", "ridge", "logistic", "mlp", "online-code"):
    CASES[f"probe:{_name}"] = lambda name=_name: probe_numbers(name + SMALL.get(name, ""))  # type: ignore[misc]
for _name in ("conllu", "grammar", "text", "parallel", "pud", "topics", "cues", *ANNOTATED):
    CASES[f"corpus:{_name}"] = lambda name=_name: corpus_numbers(corpus_spec(name))  # type: ignore[misc]
for _name in STEPS:
    CASES[f"corpus step:{_name}"] = lambda name=_name: corpus_numbers(step_spec(name))  # type: ignore[misc]
for _name in ENCODERS:
    CASES[f"encoder:{_name}"] = lambda name=_name: encoder_numbers(ENCODERS[name]())  # type: ignore[misc]
for _name in ("mean", "sum", "max", "min", "cls", "word:1", "word:1/3", "word:2/3", "word:-1", "words", "pieces"):
    CASES[f"pooling:{_name}"] = lambda name=_name: encoder_numbers(ENCODERS["hf"](), (name,))  # type: ignore[misc]
for _name in ("length", "majority", "word-majority", "random-labels", "random-encoder"):
    CASES[f"control:{_name}"] = lambda name=_name: grid_numbers(name)  # type: ignore[misc]
CASES["work:probing"] = lambda: grid_numbers("")
CASES["work:predicting"] = lambda: rows_of(predicting_grid())
CASES["work:translating"] = lambda: rows_of(TranslatingGrid("golden", [ENCODERS["translation"]()]))
CASES["recipe:activations"] = lambda: encoder_numbers(ENCODERS["hf"](), ("sum", "word:-1"))

CASES.update(golden_attention.CASES)
CASES.update(golden_relevance.CASES)
CASES.update(golden_spans.CASES)
CASES.update(golden_refinement.CASES)

NEEDS_DATA = ("encoder:glove", "corpus:pud")
# Numbers may move this much, relative to their size where that is above 1: rounding, and solvers that stop early.
TOLERANCE = {"task": 1e-9, "metric": 1e-9, "corpus": 1e-9, "corpus step": 1e-9, "encoder": 1e-4, "pooling": 1e-4}
TOLERANCE.update(golden_relevance.TOLERANCE)
TOLERANCE_OF = {"probe:ridge": 1e-6, "probe:online-code": 1e-2, **golden_attention.TOLERANCE_OF}


def tolerance(case: str) -> float:
    return TOLERANCE_OF.get(case, TOLERANCE.get(case.partition(":")[0], 1e-3))


def revision(case: str) -> int:
    """Revision of a case's component; controls and poolings have none of their own and go with what makes them."""
    room, _, name = case.partition(":")
    if room == "control":
        room, name = "work", "probing"
    if room == "pooling":
        room, name = "recipe", "activations"
    return registries()[room].entry(name).revision


def registries() -> dict[str, Any]:
    return {
        "task": tasks.registry,
        "metric": scores.registry,
        "probe": probes.registry,
        "corpus": corpora.registry,
        "corpus step": corpora.steps,
        "encoder": encoders.registry,
        "work": works,
        "recipe": recipes,
        **golden_attention.registries(),
        **golden_relevance.registries(),
        **golden_refinement.registries(),
        **golden_spans.registries(),
    }


def is_own(entry: Any) -> bool:
    """Whether a component came with probekit: other tests and installed packages register some too."""
    where = getattr(entry.target, "__name__", "") if isinstance(entry.target, ModuleType) else entry.module
    return where.startswith("probekit.")


def components() -> list[str]:
    """Every built-in component that must have a case: treebanks are files that their checksums pin."""
    found = []
    for room, registry in registries().items():
        for name in registry.names():
            entry = registry.entry(name)
            if is_own(entry) and "resources" not in entry.meta:
                found.append(f"{room}:{name}")
    return (
        found
        + [f"control:{name}" for name in dict.fromkeys((*CONTROLS, *SPAN_CONTROLS))]
        + [f"pooling:{p}" for p in (*pools.POOLINGS, *pools.UNPOOLED)]
    )


def stored() -> dict[str, dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


# --- options: each is given values under which the numbers of its component's case must change

TASK_OPTIONS: dict[str, Any] = {
    "percent": True, "denominator": "non-punct", "clauses": "verb-only", "arity": "later", "words": "all",
    "drop_missing": True, "negative": "A", "negatives": 3, "seed": 1,
}  # fmt: skip
PROBE_OPTIONS: dict[str, dict[str, Any]] = {
    "linear-svr": {"C": 0.01, "epsilon": 0.5, "x_scale": "standard", "y_scale": "standard", "gap": 0.3, "max_iter": 1},
    "linear-svr-liblinear": {"C": 0.01, "epsilon": 0.5, "x_scale": "standard", "y_scale": "standard", "max_iter": 2},
    "ridge": {"alpha": 100.0, "x_scale": "standard"},
    "logistic": {"C": 0.01, "x_scale": "standard", "tol": 0.1, "max_iter": 1},
    "mlp": {
        "hidden": 5, "layers": 2, "dropout": 0.5, "rate": 0.02, "batch": 7, "epochs": 2, "patience": 1, "decay": 1.0,
        "schedule": "plateau", "x_scale": "raw",
    },
    "online-code": {"probe": "logistic(C=0.01)", "fractions": [0.5, 1.0]},
    "span-mlp": golden_spans.OPTIONS,
}  # fmt: skip
ENCODER_OPTIONS: dict[str, dict[str, Any]] = {
    "hf": {"piece": "first", "unit": "word", "dtype": "bfloat16"},
    "random": {"piece": "last", "unit": "word", "dtype": "bfloat16", "init_seed": 1},
    "static": {"oov": "zero", "lower": "never"},
    "word2vec": {
        "size": 10, "window": 1, "algorithm": "cbow", "negative": 2, "min_count": 2, "epochs": 1, "sample": 0,
        "alpha": 0.05, "seed": 1, "lower": "never", "oov": "zero",
    },
    "saved": {"piece": "first"},
    "translation": {
        "width": 7, "layers": 2, "dropout": 0.5, "merges": 20, "target_merges": 0, "rate": 0.5, "epochs": 1,
        "budget": 100, "seed": 1, "piece": "mean",
    },
    "labeller": {
        "task": "word/xpos", "width": 7, "layers": 2, "dropout": 0.5, "merges": 0, "rate": 0.5, "epochs": 1,
        "budget": 100, "seed": 1, "piece": "first",
    },
}  # fmt: skip
CORPUS_OPTIONS = {
    "corpus:grammar": {"n": "grammar(n=121)", "seed": "grammar(n=120, seed=1)"},
    "corpus:cues": {
        "n": "cues(n=31)",
        "shortest": "cues(n=30, shortest=9)",
        "longest": "cues(n=30, longest=17)",
        "seed": "cues(n=30, seed=1)",
    },
    "corpus:topics": {"n": "topics(n=31)", "classes": "topics(n=30, classes=4)", "seed": "topics(n=30, seed=1)"},
    "corpus:conllu": {"split": "{conllu}(split=test)", "language": "{conllu}(language=it)"},
    "corpus step:sample": {"n": f"{CORPUS}|sample(n=51)", "seed": f"{CORPUS}|sample(n=50, seed=1)"},
    "corpus step:split": {"name": "{conllu}|split(train)"},
    "corpus step:translated": {
        "language": "grammar(n=40)|translated(copy)",
        "seed": "grammar(n=40)|translated(inflecting, seed=1)",
    },
    "corpus:parallel": {
        "source": "{parallel}(source=en)",
        "target": "{parallel}(target=de)",
        "split": "{parallel}(split=test)",
        "words": "{parallel}(words=blanks)",
    },
    "corpus:pud": {"source": "pud(source=it)", "target": "pud(target=fr)"},
    "corpus:text": {
        "text": "{text}(empty=drop, text=other)",
        "label": "{text}(empty=drop, label=verdict)",
        "classes": "{text}(empty=drop, classes=[a, b])",
        "words": "{text}(empty=drop, words=blanks)",
        "split": "{text}(empty=drop, split=dev)",
        "language": "{text}(empty=drop, language=en)",
    },
    "corpus step:lower": {},
    "corpus step:letters": {},
    "corpus step:digits": {"mark": f"{TEXTS}|digits(mark=number)"},
    "corpus step:truncate": {"n": f"{TEXTS}|truncate(n=4)"},
    "corpus step:lengths": {"least": f"{TEXTS}|lengths(least=12)", "most": f"{TEXTS}|lengths(most=12)"},
    "corpus step:resplit": {
        "dev": f"{TEXTS}|resplit(dev=0.3)",
        "test": f"{TEXTS}|resplit(test=0.4)",
        "seed": f"{TEXTS}|resplit(seed=1)",
    },
    "corpus step:split-documents": {
        "dev": f"{CORPUS}|split-documents(dev=0.3)",
        "test": f"{CORPUS}|split-documents(test=0.3)",
        "seed": f"{CORPUS}|split-documents(seed=1)",
    },
    "corpus:ptb": {"escapes": "{ptb}(escapes=keep)", "language": "{ptb}(language=en)", "split": "{ptb}(split=test)"},
    "corpus:bio": {
        "word": "{bio}(word=2)",
        "tag": "{bio}(tag=2)",
        "language": "{bio}(language=en)",
        "split": "{bio}(split=test)",
    },
    "corpus:gum": {
        "singletons": "{gum}(singletons=true)",
        "language": "{gum}(language=en)",
        "split": "{gum}(split=test)",
    },
    "corpus:up": {"language": "{up}(language=en)", "split": "{up}(split=test)"},
    "corpus:litbank-files": {
        "singletons": "{litbank}(singletons=true)",
        "language": "{litbank}(language=en)",
        "split": "{litbank}(split=test)",
    },
    "corpus:spans": {
        "layer": "{spans}(layer=predicate-argument)",
        "language": "{spans}(language=en)",
        "split": "{spans}(split=test)",
    },
    "corpus step:holdout": {
        "share": "{text}(empty=drop, split=train)|holdout(share=0.4)",
        "seed": "{text}(empty=drop, split=train)|holdout(seed=1)",
    },
}
