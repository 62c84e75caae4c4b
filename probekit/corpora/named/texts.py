"""Named data sets of labelled texts: their files with checksums, licences and citations, and the corpora made of them.

Repository references are the commits that the files were taken from; a folder of PROBEKIT_DATA holds them as the
summary says. Splits are the published ones; where none exists, `|resplit` or `|holdout` makes one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import read_ptb
from probekit.corpora.readers.lines import read_lines, split_of
from probekit.corpora.readers.tables import csv_rows, tsv_rows
from probekit.corpora.readers.texts import LabelledText, corpus_of, json_lines
from probekit.errors import DataError, ProbekitError
from probekit.resources import File, Resource, plain_name

_SST = Resource(
    "sst",
    "sst",
    (
        File("train.txt", "e2f3f41b0b1e6d4dddc0effe3bfc2d27ed8928079aa9a03d652311614fc5feb7"),
        File("dev.txt", "0e9336aed6e4730e19f58d00a77b3f0297efdb755f7b5e598c98a05e3f97ea40"),
        File("test.txt", "6e54806dee95cf80cd918e7dfb3f6770f6df24bf826f289a4d1f709e1c8f6761"),
    ),
    "none stated; sentences from the sentence-polarity data (CC BY 4.0)",
    "Socher et al. 2013, Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank (EMNLP)",
    "https://github.com/munikarmanish/RNTN at 12bb731ba9fb, trees/; train.txt without the dev trees at its end",
    "Stanford Sentiment Treebank: sentences, negative and positive; classes=5 for all five labels",
)
_NEWSGROUPS = Resource(
    "twenty-newsgroups",
    "twenty_newsgroups",
    (
        File("20news-bydate-train.jsonl", "b377760c40da354e506b4f82f47c69b3c084072d451ac06fc76a746adff53e3a"),
        File("20news-bydate-test.jsonl", "c863ff5d921e30f1de2bbe1b2af035ceafd7e72c641cb2b495213653c3707039"),
    ),
    "none stated; public Usenet posts of 1993",
    "Lang 1995, NewsWeeder: Learning to Filter Netnews (ICML)",
    "https://github.com/spoddutur/spark-ml-dashboard at d95a19293f4c, data/20news-bydate-{train,test}/, as JSON lines",
    "20 Newsgroups by date: posts without headers, bodies cut at 850 characters, 34 empty ones left out",
)
_AG_NEWS = Resource(
    "ag-news-test",
    "ag_news_test",
    (
        File("test.csv", "521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699"),
        File("classes.txt", "612dbfa932f07a6ed837295a7d5746ce7412e7bb4bc32ba919fdb3cda3a1b9b5"),
    ),
    "research and other non-commercial activity",
    "Zhang, Zhao and LeCun 2015, Character-level Convolutional Networks for Text Classification (NIPS)",
    "https://github.com/mhjabreel/CharCnn_Keras at 555590db4219, data/ag_news_csv/",
    "AG News, test part only: titles and descriptions, four classes; split it with |resplit",
)
_MOVIES = Resource(
    "movie-reviews",
    "movie_reviews",
    (File("movie_reviews.jsonl", "e6cf776ad18ed389601f00f8c795625095803db037d4fa0a91432996e6e38a84"),),
    "CC BY 4.0",
    "Pang and Lee 2004, A Sentimental Education (ACL): polarity data set 2.0",
    "https://github.com/nltk/nltk_data at 5db857e6f7df, packages/corpora/movie_reviews.zip, as JSON lines",
    "2,000 movie reviews, neg and pos, tokenised; attribute fold 0-9, no split of its own",
)
_POLARITY = Resource(
    "sentence-polarity",
    "sentence_polarity",
    (
        File("rt-polarity.neg", "614274f81185a850e5a88d533d4679f916d6f62e9af6f0b4ec71fb94bf466ea5"),
        File("rt-polarity.pos", "c2dc6b2f55bcf725725372916287cc3f8f9b19402edaa9167de5287cb3ade421"),
    ),
    "CC BY 4.0",
    "Pang and Lee 2005, Seeing Stars (ACL): sentence polarity data set 1.0",
    "https://github.com/nltk/nltk_data at 5db857e6f7df, packages/corpora/sentence_polarity.zip",
    "10,662 sentences of movie reviews, neg and pos, tokenised; no split of its own",
)
_CUSTOMERS = Resource(
    "customer-reviews",
    "customer_reviews",
    (File("custrev.all", "a3839a79bd3285177a07158c6104b49038a7a06ab2abe897734cde5d22e5e325"),),
    "CC BY 4.0",
    "Hu and Liu 2004, Mining and Summarizing Customer Reviews (KDD)",
    "https://github.com/harvardnlp/sent-conv-torch at d61ded09c99c, data/custrev.all",
    "3,775 sentences of product reviews, neg and pos, tokenised; no split of its own",
)
_COLA = Resource(
    "cola",
    "cola",
    (
        File("in_domain_train.tsv", "f320a10f92d3bce6b29152fde322a362eac39238e50d8de0c8815457fdf4fc12"),
        File("in_domain_dev.tsv", "77176f6a03faa5a1c4f23c69971fc1bff565931112fb65af47b2d6e24b7f42f7"),
        File("out_of_domain_dev.tsv", "201b9c57b2a20f1282242eec0ed8995729e3be19c29a46c047b3727338836c05"),
    ),
    "fair use per its README: sentences from published linguistics works",
    "Warstadt, Singh and Bowman 2019, Neural Network Acceptability Judgments (TACL 7)",
    "https://github.com/nyu-mll/CoLA-baselines at dd095d3646ed, acceptability_corpus/cola_public/raw/",
    "Sentences judged acceptable or unacceptable; in-domain train and dev, out-of-domain sentences as test",
)
_LEAF = re.compile(r"\(([0-4]) ([^()\s]+)\)")
_ROOT = re.compile(r"\(([0-4]) ")
_TWO_CLASSES = {"0": "negative", "1": "negative", "2": "", "3": "positive", "4": "positive"}
_FIVE = frozenset("01234")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")"}


def sst(classes: int = 2) -> Corpus:
    """SST sentences: labels 0 and 1 are negative, 3 and 4 positive, 2 is left out; with classes=5 labels 0 to 4."""
    if classes not in (2, 5) or isinstance(classes, bool):
        raise ProbekitError(f"sst(classes={classes!r}): 2 (negative, positive) or 5 (labels 0 to 4)")

    def read() -> Iterator[LabelledText]:
        for path in resources.get("sst"):
            for line, tree in enumerate(read_lines(path), 1):
                root, words = _ROOT.match(tree), [word for _, word in _LEAF.findall(tree)]
                if not root or not words:
                    raise DataError("is no sentiment tree", path, line)
                words = [_BRACKETS.get(word, word).replace("\\/", "/") for word in words]
                label = root[1] if classes == 5 else _TWO_CLASSES[root[1]]
                if label:
                    yield LabelledText(" ".join(words), label, path, line, words=words)

    return corpus_of(read(), language="en")


def sst_trees() -> Corpus:
    """SST's trees as they are, a label 0 to 4 at every node and word; attribute label is that of the whole sentence.

    Raises DataError for a node with another label.
    """
    corpus = read_ptb(resources.get("sst"), language="en")
    assert corpus.trees is not None
    for number, tree in enumerate(corpus.trees):
        if wrong := next((label for label in re.findall(r"\((\S+)", tree) if label not in _FIVE), ""):
            of = corpus.sentences.iloc[number]
            raise DataError(f"a node has the label '{wrong}'; SST's are 0 to 4", str(of["file"]), int(of["line"]))
    labels = [tree[1] for tree in corpus.trees]
    return replace(corpus, layers={}, sentences=corpus.sentences.assign(label=labels), digest="")


def twenty_newsgroups(classes: Sequence[str] = ()) -> Corpus:
    """Posts by date: train and test. classes: newsgroups to keep, such as [rec.sport.baseball, rec.sport.hockey]."""

    def read() -> Iterator[LabelledText]:
        for path in resources.get("twenty-newsgroups"):
            for line, post in json_lines(path):
                if post["text"].strip():
                    # Numbers of posts are told apart by their group: one may stand in two.
                    given = {"id": f"{post['label']}/{post['id']}", "split": split_of(path.name)}
                    yield LabelledText(post["text"], post["label"], path, line, given)

    return corpus_of(read(), classes=classes, language="en")


_AG_CODE = re.compile(r"\s?#([0-9]{2,5});")


def ag_news_test(classes: Sequence[str] = ()) -> Corpus:
    """Titles and descriptions of AG News. classes: those to keep, such as [World, Business]."""

    def clean(text: str) -> str:
        # Line breaks are backslashes there, and marks are character codes that lost their ampersand.
        return html.unescape(_AG_CODE.sub(lambda m: chr(int(m[1])), text.replace("\\", " "))).strip()

    def read() -> Iterator[LabelledText]:
        table, names = resources.get("ag-news-test")
        labels = read_lines(names)
        for line, row in csv_rows(table):
            # An empty line between title and description: sentences end there.
            yield LabelledText("\n\n".join(map(clean, row[1:])), labels[int(row[0]) - 1].strip(), table, line)

    return corpus_of(read(), classes=classes, language="en", split="test")


def movie_reviews() -> Corpus:
    """Movie reviews with their fold."""

    def read() -> Iterator[LabelledText]:
        (path,) = resources.get("movie-reviews")
        for line, one in json_lines(path):
            yield LabelledText(one["text"], one["label"], path, line, {"id": one["id"], "fold": int(one["fold"])})

    return corpus_of(read(), words="blanks", language="en")


def sentence_polarity() -> Corpus:
    """Sentences of movie reviews."""

    def read() -> Iterator[LabelledText]:
        for path in resources.get("sentence-polarity"):
            label = plain_name(path).rpartition(".")[2]
            for line, text in enumerate(read_lines(path), 1):
                if text.strip():
                    yield LabelledText(text.strip(), label, path, line)

    return corpus_of(read(), words="blanks", language="en")


def customer_reviews() -> Corpus:
    """Sentences of product reviews."""

    return of_polarity("customer-reviews")


def of_polarity(name: str) -> Corpus:
    """English texts of a named file, a line each behind its label: 0 negative, 1 positive."""

    def read() -> Iterator[LabelledText]:
        (path,) = resources.get(name)
        for line, text in enumerate(read_lines(path), 1):
            label, _, rest = text.strip().partition(" ")
            if rest:
                yield LabelledText(rest, {"0": "neg", "1": "pos"}[label], path, line)

    return corpus_of(read(), words="blanks", language="en")


def cola() -> Corpus:
    """CoLA sentences; attribute source is the publication each comes from."""
    names = {"in_domain_train.tsv": "train", "in_domain_dev.tsv": "dev", "out_of_domain_dev.tsv": "test"}

    def read() -> Iterator[LabelledText]:
        for path in resources.get("cola"):
            for line, (source, label, _, text) in tsv_rows(path):
                given = {"split": names[plain_name(path)], "source": source}
                yield LabelledText(text, {"0": "unacceptable", "1": "acceptable"}[label], path, line, given)

    return corpus_of(read(), language="en")


DATA_SETS: tuple[tuple[Resource, Callable[..., Corpus]], ...] = (
    (_SST, sst),
    (_NEWSGROUPS, twenty_newsgroups),
    (_AG_NEWS, ag_news_test),
    (_MOVIES, movie_reviews),
    (_POLARITY, sentence_polarity),
    (_CUSTOMERS, customer_reviews),
    (_COLA, cola),
)


def register() -> None:
    """Add every data set to the resources and to the registry of corpora."""
    for resource, read in DATA_SETS:
        resources.add(resource)
        registry.add(resource.name, read, summary=resource.summary, layers=("label",), **resource.about)
    summary = "Stanford Sentiment Treebank: binary trees, a label 0 to 4 at every node"
    registry.add("sst-trees", sst_trees, summary=summary, layers=("label", "trees"), **_SST.about)
