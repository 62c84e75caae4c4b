"""Norms and entropies that know how much a sentence says (Chen and Gimpel 2020).

Parts:

    rated     trained encoders, GloVe, word2vec and minilm on rated sentences, beside length and frequency of words
    pairs     the share of pairs of equal length whose second sentence is scored as more general, by label
    layers    all layers of minilm, MPNet and a multilingual encoder; sum, mean, CLS; 150 sentences of each domain
    similar   cosines of the trained encoders on the STS Benchmark
    polarity  rated sentences by minilm after one pass of tuning for polarity (ours)
    news      News, licensed text, by path: --corpus text:news-train.tsv,news-test.tsv

What is ours. Encoders are trained on the paraphrases of MSR's corpus of news (one pass reads each pair once, 8
passes), where the paper has 5 million pairs of ParaNMT; `everyday-paraphrases` adds five descriptions each of 29,000
pictures and near-duplicates of STS, and takes longer. Negatives are searched among 100 pairs (mega=1), in the paper
among 2,000. Rates, passes, the weight of the prior and initial weights, which the paper does not give, are ours; the
margin of lstm-gaussian is 1. One training of each model; intervals are over sentences and pairs. BERT, ELMo,
Skip-thought and InferSent are not at hand: minilm, MPNet and a multilingual encoder, all tuned for similarity, stand
beside their numbers. SNLI's pairs of equal length are those of its revision by people; SICK's stand beside, of which
many entailments hold both ways. Pairs with a sentence that was trained on are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.specificity import specificity

MADE = "retold(n=1500)"
STUDY = Study(
    "sentence-specificity",
    "Chen and Gimpel 2020, RepL4NLP at ACL",
    title="Learning Probabilistic Sentence Representations from Paraphrases",
    data={
        "twitter": "twitter-specificity",
        "yelp": "yelp-specificity",
        "movie": "movie-specificity",
        "sick": "sick|equal-lengths",
        "snli": "revised-snli|equal-lengths",
        "sts": "stsb|split(test)",
        "polarity": "yelp-flips|holdout",
        "paraphrases": "msr-paraphrase|at-least(attribute=paraphrase, value=1)",
        "glove": ("table", "glove"),
        "mpnet": ("encoder", "hf:all-mpnet-base-v2"),
        "multilingual": ("encoder", "hf:multilingual-e5-small"),
    },
    instead={"twitter": f"{MADE}|split(test)", "sick": "narrowed", "paraphrases": MADE},
)
RATED, PAIRS = ("twitter", "yelp", "movie"), ("snli", "sick")
# Rate and passes of each model, the same weight of the prior for both Gaussians.
TRAINED: Mapping[str, Mapping[str, object]] = {
    "wordavg": {"rate": 0.005},
    "wordsum": {"rate": 0.005},
    "lstmavg": {"rate": 0.003},
    "lstm-gaussian": {"rate": 0.003, "prior": 0.01},
    "wlo": {"rate": 0.01, "prior": 0.01},
}
SHARED = {"epochs": 8, "mega": 1}
DRAWN = "|sample(n=150)"  # of every domain, for all layers
FREQUENCY = ("word-frequency(table={})", "word-frequency(reduce=mean, table={})")
KEEP = ["predictions", "words", "extremes"]


def trained(data: Data, model: str, **more: object) -> str:
    """Spec of an encoder trained on paraphrases."""
    options = {**SHARED, **TRAINED[model], "model": model, **more}
    return str(Spec("paraphrases", data["paraphrases"], (), dict(sorted(options.items()))))


def encoders(data: Data) -> list[str]:
    """The five models, and the word operators without their prior."""
    return [*(trained(data, model) for model in TRAINED), trained(data, "wlo", prior=0)]


def others(data: Data) -> list[str]:
    """Encoders that were trained for something else."""
    word2vec = str(Spec("word2vec", data["paraphrases"], (), {"epochs": 10, "size": 50}))
    return [*([data["glove"]] if "glove" in data else []), word2vec, "minilm"]


def frequency(data: Data) -> list[str]:
    """Ranks of words by GloVe's order, or by the data's own counts."""
    if "glove" in data:
        return [one.format(data["glove"]) for one in FREQUENCY]
    return ["word-frequency", "word-frequency(reduce=mean)"]


def asked(
    data: Data, names: Sequence[str], task: str, scores: Sequence[str], keep: Sequence[str] = ()
) -> Iterator[Grid]:
    """Trained encoders and others on some data; of encoders with layers the last."""
    on = [data[name] for name in data.names(*names)]
    yield specificity(STUDY.name, on, encoders(data), tasks=[task], scores=[*scores, "entropy"], keep=keep)
    yield specificity(STUDY.name, on, others(data), ["last"], tasks=[task], scores=["norm"], keep=keep[:1])


@STUDY.part("rated", own=["encoder"])
def rated(data: Data) -> Iterator[Grid]:
    yield from asked(data, RATED, "sentence/specificity", ["norm", "length", *frequency(data)], KEEP)


@STUDY.part("pairs", own=["encoder"])
def pairs(data: Data) -> Iterator[Grid]:
    yield from asked(data, PAIRS, "pair/more-general", ["norm", *frequency(data)])


@STUDY.part("layers")
def layers(data: Data) -> Iterator[Grid]:
    names = ["minilm", *(data[name] for name in ("mpnet", "multilingual") if name in data)]
    on = [f"{data[name]}{DRAWN}" for name in data.names(*RATED)]
    poolings, tasks = ["mean", "sum", "cls"], ["sentence/specificity"]
    yield specificity(STUDY.name, on, names, "all", poolings, tasks, ["norm"])
    yield specificity(STUDY.name, on, ["random:minilm"], "all", poolings, tasks, ["norm"])


@STUDY.part("similar", own=["encoder"])
def similar(data: Data) -> Iterator[Grid]:
    if "sts" in data:
        grid = {"tasks": ["pair/relatedness"], "scores": ["cosine"]}
        yield specificity(STUDY.name, [data["sts"]], encoders(data), **grid)
        yield specificity(STUDY.name, [data["sts"]], others(data)[:2], poolings=["mean"], **grid)


@STUDY.part("polarity", own=["encoder"])
def polarity(data: Data) -> Iterator[Grid]:
    """Does an encoder that was tuned for polarity lose what its norms know?"""
    if "polarity" in data:
        tuned = str(Spec("minilm", None, (), {}, (Spec("tune", None, (), {"epochs": 1, "on": data["polarity"]}),)))
        on, task = [data[name] for name in data.names(*RATED)], ["sentence/specificity"]
        yield specificity(STUDY.name, on, [tuned], ["last"], tasks=task, scores=["norm"], keep=KEEP[:1])


@STUDY.part("news", usual=False, own=["encoder"])
def news(data: Data) -> Iterator[Grid]:
    """Needs --corpus: labels general and specific, with a train part for the threshold."""
    if data.given:
        for names, layers, scores in (
            (encoders(data), "all", ["norm", "entropy", "length", *frequency(data)]),
            (others(data), ["last"], ["norm"]),
        ):
            yield specificity(STUDY.name, [data.given], names, layers, tasks=["sentence/label"], scores=scores)
