"""Which principal components of word vectors carry what (Raunak et al. 2020): thirds of the spectrum, and ranks.

Parts:

    spectrum    variance in the thirds of the components; similarity sets on ranks, thirds, centred and post-processed
    slices      sentence tasks on thirds, two thirds, all components, centred and post-processed vectors
    trees       depth and top constituents of real trees, on the same
    curves      sentence tasks on the first k components
    components  depth and top constituents from one component at a time
    translation BLEU of French to English from source vectors less 0 to 4 components, and from random ones

What is ours. GloVe has 100 dimensions here (40,000 words), so that thirds of the width stand for the paper's hundreds;
word2vec and fastText of 300 are trained on 55 novels (7.6 million words). GloVe of 50 beside the first 50 components of
GloVe 100 stands for the paper's GloVe of 200. Every score is taken twice, on vectors as they are and standardised
feature by feature, since an L2 penalty weighs components of little variance more. C is chosen on development texts.
AG News stands beside the tasks at hand; SUBJ and MRPC are not at hand, nor the TED talks of the translation table:
captions of Multi30k stand for them, 29,000 pairs read once by one layer of 300 units, whole words on the source side,
and no beam, where the paper has a beam of 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.benchmarking import benchmarking
from probekit.works.probing import probing

NOVELS = "english-novels"
TRAINED = "(epochs=3, min_count=5, sample=0.0001, size=300{})"
MADE = "grammar(n=2000)"
STUDY = Study(
    "pca-embeddings",
    "Raunak, Kumar, Gupta and Metze 2020, RepL4NLP at ACL",
    title="On Dimensional Linguistic Properties of the Word Embedding Space",
    data={
        "mr": "sentence-polarity|resplit",
        "cr": "customer-reviews|resplit",
        "mpqa": "mpqa|resplit",
        "sst2": "sst",
        "sst5": "sst(classes=5)",
        "trec": "trec|holdout",
        "ag-news": "ag-news-test|resplit",
        "sick": "sick",
        "wsj": "wsj-sample|split-documents",
        "craft": "craft",
        "glove": ("table", "glove"),
        "glove-50": ("table", "glove-50"),
        "word2vec": ("table", f"word2vec:{NOVELS}{TRAINED.format(', alpha=0.05')}"),
        "fasttext": ("table", f"fasttext:{NOVELS}{TRAINED.format('')}"),
        "captions": "multi30k(source=fr, target=en)",
        "french": ("table", "fr-fasttext"),
    },
    instead={
        "mr": "cues(n=900)",
        "wsj": "grammar(n=900)|split-documents",
        "word2vec": "word2vec:cues(size=30)",
        "captions": f"{MADE}|translated(verb-final)",
        "french": f'word2vec:"{MADE}"(size=30)',
    },
)
TEXTS = ("mr", "cr", "mpqa", "sst2", "sst5", "trec", "ag-news")
TREES = ("wsj", "craft")
TABLES = ("glove", "word2vec", "fasttext")
SHAPES = ("sentence/tree-depth", "sentence/top-constituents")
THIRDS = ("slice(part=top)", "slice(part=middle)", "slice(part=bottom)")
WIDTHS = {"glove": 100, "word2vec": 300, "fasttext": 300}
PROBES = ("logistic", "logistic(x_scale=standard)")
ANSWERS = ("groups",)  # kept: texts of a sentence task are the same for all vectors, so that differences are paired
REMOVED = (0, 1, 2, 3, 4)  # components taken off before translation
MODEL = {"budget": 1024, "dropout": 0.1, "epochs": 1, "layers": 1, "merges": 0, "rate": 0.004, "target_merges": 2000}


def steps(width: int) -> list[str]:
    """What is done to a table of a width; "" is nothing."""
    reduced = [f"pca(k={2 * width // 3})", f"ppa-pca(D=5, k={width // 2})"]
    return ["", *(f"|{one}" for one in (*THIRDS, *reduced, "center", "ppa(D=5)"))]


def tables(data: Data) -> dict[str, int]:
    """Tables by spec with their width: those at hand, or a user's."""
    return {data[name]: WIDTHS[name] if name in data else 30 for name in data.names(*TABLES)}


def forms(data: Data) -> list[str]:
    """Every table with every step, random vectors, and GloVe of 50 dimensions beside 50 components of GloVe."""
    found = [f"{table}{step}" for table, width in tables(data).items() for step in steps(width)]
    first = next(iter(tables(data)))
    return [
        *found,
        str(Spec("gaussian", None, (), {"like": first})),
        *([data["glove-50"], f"{first}|pca(k=50)"] if "glove-50" in data else []),
    ]


def ranks(width: int) -> list[int]:
    """Ten numbers of components up to a width."""
    return [width * tenth // 10 for tenth in range(1, 11)]


def ask(
    data: Data,
    names: Sequence[str],
    encoders: Sequence[str],
    tasks: Sequence[str],
    probes: Sequence[str],
    keep: Sequence[str] = (),
) -> Iterator[Grid]:
    """Grids of sentence tasks on the splits of each corpus."""
    for name in data.names(*names):
        controls = ["majority"] if probes == PROBES else []
        yield probing(
            STUDY.name, [data[name]], encoders, tasks=tasks, probes=probes, folds=0, controls=controls, keep=keep
        )


@STUDY.part("spectrum", own=["encoder", "task", "probe"])
def spectrum(data: Data) -> Iterator[Grid]:
    yield benchmarking(STUDY.name, forms(data), ["spectrum/thirds"])
    curves_of = [f"{table}|pca(k={k})" for table, width in tables(data).items() for k in ranks(width)]
    if "glove" in data:
        yield benchmarking(STUDY.name, [*forms(data), *curves_of], ["similarity/*"])


@STUDY.part("slices")
def slices(data: Data) -> Iterator[Grid]:
    yield from ask(data, TEXTS, forms(data), ["sentence/label"], PROBES, ANSWERS)
    if "sick" in data:
        yield from ask(data, ["sick"], forms(data), ["pair/entailment"], PROBES, ANSWERS)


@STUDY.part("trees")
def trees(data: Data) -> Iterator[Grid]:
    yield from ask(data, TREES, forms(data), SHAPES, PROBES)


@STUDY.part("curves", own=["encoder"])
def curves(data: Data) -> Iterator[Grid]:
    reduced = [f"{table}|pca(k={k})" for table, width in tables(data).items() for k in ranks(width)]
    yield from ask(data, TEXTS, reduced, ["sentence/label"], PROBES[:1], ANSWERS)


@STUDY.part("components", own=["encoder"])
def components(data: Data) -> Iterator[Grid]:
    """Of the first table alone."""
    table, width = next(iter(tables(data).items()))
    yield from ask(data, TREES, [f"{table}|component(i={i})" for i in range(1, width + 1)], SHAPES, PROBES[1:])


@STUDY.part("translation", own=["encoder"])
def translation(data: Data) -> Iterator[Grid]:
    """Generated pairs stand for captions with the vectors of their own words."""
    for name in data.names("captions"):
        corpus, table = data[name], data["french"]
        here = name in data and "french" in data
        if not here:
            corpus, table = STUDY.instead[name], STUDY.instead["french"]
        model = {**MODEL, "width": 300 if here else 30}
        ppa = [f"{table}|ppa(D={removed})" if removed else table for removed in REMOVED]
        every = [{**model, "vectors": one} for one in (*ppa, str(Spec("gaussian", None, (), {"like": table})))]
        yield Grid(STUDY.name, "translating", {"encoder": [str(Spec("translation", corpus, (), one)) for one in every]})
