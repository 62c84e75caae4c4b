"""Tables distilled from an encoder, and graph retrofitting of any table (Zheng et al. 2022): what is each worth?

Parts:

    similarity  the paper's seven sets: vectors as they are, retrofitted on three lexicons by uniform weights (Faruqui
                et al. 2015) and by the t-kernel, and three similarity orders (Artetxe et al. 2018)
    random      t-kernel on random edges with as many for each word: the control
    unseen      the sets without the pairs that a lexicon joins, before and after retrofitting on it
    nu          degrees of freedom of the kernel from 1 to 200, PPDB
    others      categories, Google's analogies, relational similarity of SemEval-2012
    energies    the objective by sweep: all four weightings; `exact` until its linear system is solved
    trained     the first system: Context-to-Vec of MiniLM, its centre alone, and what stands beside them in Table 1
                (part averaged: the mean of contextual vectors)
    tagged      Table 3: chunks, entities and word classes by a tagger over six of these tables, and over random vectors
    looks       Table 5 and Figure 4: neighbours of two words; how parallel gender pairs are, t-SNE of them
    losses      the second and third loss as printed and as they must be read, 1,000 sentences
    layers      Context-to-Vec of earlier layers of MiniLM, and of MPNet's last on 1,000 sentences, MiniLM's beside it

What is ours. The paper retrofits its own table and names no lexicon; here GloVe (40,000 words x 100) and word2vec of
300 trained on 55 novels (7.6 million words) stand for the table, and PPDB XL, FrameNet and the Open English WordNet for
the lexicon. Its exponent of Artetxe's transform is not stated either: three stand for it.

The first system is trained on the validation part of WikiText-2 (sentences of 10 to 40 words, 156,717 words; the paper:
1.1 billion of Wikipedia), 100 dimensions and 5 passes, with the last layer of MiniLM, 384 units and tuned for sentence
similarity, for BERT. All tables have the words that occur 5 times, and skip-gram learns from the same pairs and drawn
words. Other encoders (ELMo, GPT-2, XLNet) and tables from elsewhere (Deps, SynGCN, context2vec) are not at hand.

Table 3 is tagged by one BiLSTM of 64 units a direction over frozen vectors of the words, columns scaled, with a CRF for
spans: no characters beside them, as NCRF++ has. Chunks are of 2,500 sentences of CoNLL-2000, word classes (universal)
of 3,000 of EWT, entities of UNER-EWT for OntoNotes, which is not at hand. Without data generated vectors and sentences
stand for the tables and the texts, as a demonstration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probekit.corpora.word_items import at_hand
from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.benchmarking import benchmarking
from probekit.works.tagging import tagging

TEXT = "plain:plain_text/wikitext2-valid.txt.gz(words=blanks)|lengths(10, 40)"
STUDY = Study(
    "context-to-vec",
    "Zheng, Wang, Wang, Xia, Huang, Zhao, Zhang and Li 2022, ACL",
    title="Using Context-to-Vector with Graph Retrofitting to Improve Word Embeddings",
    data={
        "glove": ("table", "glove"),
        "word2vec": ("table", "word2vec:english-novels(alpha=0.05, epochs=3, min_count=5, sample=0.0001, size=300)"),
        "ppdb": ("word items", "ppdb-xl"),
        "framenet": ("word items", "framenet"),
        "wordnet": ("word items", "open-english-wordnet"),
        "text": TEXT,
        "mpnet": ("encoder", "hf:all-mpnet-base-v2"),
        "chunks": "conll2000|sample(n=2500)",
        "entities": "uner-english-ewt|split-documents",
        "classes": "ud-english-ewt|sample(n=3000)",
    },
    instead={
        "glove": "generated-vectors",
        "text": "grammar(n=400)",
        "chunks": "gazetteers(n=200)",
        "entities": "gazetteers(n=200, seed=1)",
        "classes": "grammar(n=200, seed=1)",
    },
)
TRAINING = {"clip": 5, "epochs": 5, "rate": 0.08}
GENSIM = {"epochs": 5, "min_count": 5}
TABLES, LEXICONS = ("glove", "word2vec"), ("ppdb", "framenet", "wordnet")
SETS = ("ws-353", "ws-353-sim", "ws-353-rel", "simlex-999", "rw-2034", "men-3k", "rg-65")
CATEGORIES = ("ap", "battig", "essli-nouns", "essli-verbs")
UNIFORM, KERNEL, PRINTED, EXACT = "uniform", "t-kernel", "as-printed", "exact"
ORDERS = (-0.25, 0.15, 0.5)
NUS = (1, 10, 50, 200)  # beside 100, which is usual
UNTIL_SOLVED = 300  # sweeps
SEEDS = (0, 1, 2)  # of clusters, of taggers
WORDS, PAIRS = ("light", "while"), "offsets/google(category=family)"
LAYERS = (2, 4)  # of MiniLM, beside its sixth, the last
FEWER = "|sample(n=1000)"
TAGS = {
    "chunks": {"head": "crf", "task": "word/bio:entity"},
    "entities": {"head": "crf", "task": "word/bio:entity"},
    "classes": {"head": "softmax", "task": "word/upos"},
}
TAGGER = {"epochs": 8, "hidden": 64, "layers": 1, "patience": 3, "rate": 0.003}


def retrofitted(table: str, lexicon: str, weights: str = KERNEL, **options: Any) -> str:
    """A table retrofitted on a lexicon."""
    given = {} if weights == KERNEL else {"weights": weights}
    return f"{table}|{Spec('retrofit').given({'lexicon': lexicon, **given, **options})}"


def tables(data: Data) -> list[str]:
    return [data[name] for name in data.names(*TABLES)]


def lexicons(data: Data) -> list[str]:
    return [data[name] for name in data.names(*LEXICONS)]


def both(data: Data, weights: Sequence[str] = (UNIFORM, KERNEL), **options: Any) -> list[str]:
    """Every table retrofitted on every lexicon, by each weighting."""
    return [
        retrofitted(table, lexicon, one, **options)
        for table in tables(data)
        for lexicon in lexicons(data)
        for one in weights
    ]


def similar(encoders: Sequence[str], options: Mapping[str, Any] | None = None) -> Grid:
    """The seven sets, with the likeness of every pair, so that differences are paired."""
    sets = [str(Spec(f"similarity/{name}").given(options or {})) for name in SETS]
    return benchmarking(STUDY.name, encoders, sets, keep=["predictions"])


@STUDY.part("similarity", own=["encoder", "task"])
def similarity(data: Data) -> Iterator[Grid]:
    ordered = [f"{table}|similarity-order({alpha})" for table in tables(data) for alpha in ORDERS]
    yield similar([*tables(data), *both(data), *ordered])


@STUDY.part("random", own=["encoder", "task"])
def random(data: Data) -> Iterator[Grid]:
    yield similar(both(data, [KERNEL], rewired=0))


@STUDY.part("unseen", own=["encoder", "task"])
def unseen(data: Data) -> Iterator[Grid]:
    for lexicon in lexicons(data):
        for table in tables(data):
            own = [retrofitted(table, lexicon, weights) for weights in (UNIFORM, KERNEL)]
            yield similar([table, *own, retrofitted(table, lexicon, rewired=0)], {"without": lexicon})


@STUDY.part("nu", own=["encoder", "task"])
def degrees_of_freedom(data: Data) -> Iterator[Grid]:
    for lexicon in lexicons(data)[:1]:
        yield similar([retrofitted(table, lexicon, nu=nu) for table in tables(data) for nu in NUS])


@STUDY.part("others", own=["encoder", "task"])
def others(data: Data) -> Iterator[Grid]:
    yield from elsewhere([*tables(data), *both(data)], SEEDS)


def elsewhere(every: Sequence[str], seeds: Sequence[int] = (0,)) -> Iterator[Grid]:
    """Analogies, relations, categories by seeds of clusters, as far as their files are at hand."""
    yield benchmarking(STUDY.name, every, ["analogy/google"], keep=["groups"])
    if at_hand(("semeval-2012-2",)):
        yield benchmarking(STUDY.name, every, ["relation/semeval-2012"], keep=["predictions"])
    categories = [f"categories/{name}" for name in CATEGORIES if at_hand((f"categories-{name}",))]
    yield benchmarking(STUDY.name, every, categories, seeds=seeds, keep=["predictions"])


@STUDY.part("energies", own=["encoder"])
def energies(data: Data) -> Iterator[Grid]:
    solved = [
        retrofitted(table, lexicon, EXACT, sweeps=UNTIL_SOLVED) for table in tables(data) for lexicon in lexicons(data)
    ]
    every = [*both(data, (UNIFORM, KERNEL, PRINTED, EXACT)), *solved]
    yield Grid(STUDY.name, "energies", {"encoder": every}, keep=["curve"])


def trained_tables(text: str) -> list[str]:
    """Every table of Table 1 that can be made here, the paper's own last, and that retrofitted."""
    size = {"size": 100}
    skip_gram = str(Spec("skip-gram", text).given({**TRAINING, **size, "sample": 0}))
    static = [
        Spec("word2vec", text).given({**GENSIM, **size, "algorithm": "cbow"}),
        Spec("glove-model", text).given({**size, "rate": 0.1, "x_max": 10}),
        Spec("fasttext", text).given({**GENSIM, **size, "buckets": 50_000}),
    ]
    averaged = [Spec("contextual", "minilm").given({"corpus": text, "how": how}) for how in ("token", "word")]
    distilled = {"epochs": TRAINING["epochs"], **size, "corpus": text}
    centre, ours = (
        str(Spec("context-to-vec", "minilm").given({**distilled, **more})) for more in ({"neighbours": False}, {})
    )
    made = [skip_gram, f"{skip_gram}|context", *map(str, (*static, *averaged)), centre, ours]
    return [*made, retrofitted(ours, "ppdb-xl")]


@STUDY.part("trained", own=["encoder", "task"])
def trained(data: Data) -> Iterator[Grid]:
    for name in data.names("text"):
        every = trained_tables(data[name])[: None if "ppdb" in data else -1]
        yield similar(every)
        yield from elsewhere(every)


@STUDY.part("averaged", own=["encoder", "task"])
def averaged(data: Data) -> Iterator[Grid]:
    """The mean of a word's contextual vectors: one more pass of the encoder."""
    for name in data.names("text"):
        every = [str(Spec("contextual", "minilm").given({"corpus": data[name], "how": "avg"}))]
        yield similar(every)
        yield from elsewhere(every)


def tagger(corpus: str, table: str, options: Mapping[str, Any]) -> str:
    """A tagger of a corpus over the vectors of a table."""
    return str(Spec("tagger", corpus).given({**TAGGER, **options, "inputs": [table]}))


def tagged_tables(text: str) -> list[str]:
    """The tables of Table 3 that can be made here, the words of the encoder alone, and random vectors for ours."""
    skip_gram, _, _, glove, _, _, word, centre, ours, _ = trained_tables(text)
    average = str(Spec("contextual", "minilm").given({"corpus": text, "how": "avg"}))
    return [skip_gram, glove, average, word, centre, ours, str(Spec("gaussian").given({"like": ours}))]


@STUDY.part("tagged", own=["encoder", "seed"])
def tagged(data: Data) -> Iterator[Grid]:
    for name in data.names(*TAGS) if data.names("text") else ():
        # Their vectors are of unlike length, and a tagger learns little from short ones: columns get one spread.
        every = [f"{table}|standardize" for table in tagged_tables(data["text"])]
        taggers = [tagger(data[name], table, TAGS[name]) for table in every]
        yield tagging(STUDY.name, taggers, [data[name]], SEEDS, ["tallies"])


@STUDY.part("looks", own=["encoder", "task"])
def looks(data: Data) -> Iterator[Grid]:
    if not data.names("text"):
        return
    every = [*tagged_tables(data["text"])[:-1], *(data[name] for name in data.names("glove"))]
    yield Grid(STUDY.name, "neighbours", {"encoder": every, "word": list(WORDS)}, keep=["neighbours"])
    yield benchmarking(STUDY.name, every, [PAIRS], keep=["predictions"])
    yield Grid(STUDY.name, "offset-places", {"encoder": every, "task": [PAIRS]}, keep=["places"])


def distilled(encoder: str, text: str, **more: Any) -> str:
    """Context-to-Vec of an encoder."""
    return str(Spec("context-to-vec", encoder).given({"corpus": text, "epochs": 5, "size": 100, **more}))


def fewer(data: Data) -> str:
    """A thousand sentences of the text; all of what stands for it, which is small."""
    return data["text"] + (FEWER if data["text"] == TEXT else "")


@STUDY.part("losses", own=["encoder"])
def losses(data: Data) -> Iterator[Grid]:
    if data.names("text"):
        read: tuple[dict[str, str], ...] = ({}, {"l2": "centre-static"}, {"l2": "as-printed"}, {"l3": "as-printed"})
        every = [distilled("minilm", fewer(data), **one) for one in read]
        yield Grid(STUDY.name, "training-losses", {"encoder": every}, ["curve"])


@STUDY.part("layers", own=["encoder", "task"])
def layers(data: Data) -> Iterator[Grid]:
    if "text" not in data:
        return
    yield similar([distilled("minilm", data["text"], layer=layer) for layer in LAYERS])
    yield similar(
        [distilled(data[name] if name == "mpnet" else name, fewer(data)) for name in ("minilm", *data.names("mpnet"))]
    )
