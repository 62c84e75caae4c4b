"""What is asked of single words: classes, relation, features, distance to the head."""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.tag_schemes import Span, tags_of_spans
from probekit.errors import ProbekitError, UnknownName
from probekit.tasks.catalogue import register
from probekit.tasks.profiling import profile

SOURCE = "Universal Dependencies (de Marneffe et al., 2021), gold CoNLL-U columns"

Words = Literal["carrying", "all"]
Part = Literal["whole", "universal"]
_CHOICES = {"words": ("carrying", "all")}


def _labels(values: np.ndarray, words: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and labels of the words that carry a value, or of all words with "" for none."""
    rows = np.arange(len(values)) if words == "all" else np.flatnonzero(values != "")
    return rows, values[rows]


def _column(name: str, layer: str, group: str, summary: str) -> None:
    @register(
        f"word/{name}",
        level="word",
        kind="label",
        group=group,
        source=SOURCE,
        requires=(layer,),
        choices=_CHOICES,
        summary=summary,
    )
    def label(corpus: Corpus, words: Words = "carrying") -> tuple[np.ndarray, np.ndarray]:
        return _column_of(corpus, layer, words)


def _column_of(corpus: Corpus, layer: str, words: str) -> tuple[np.ndarray, np.ndarray]:
    """Words and values of a layer. Raises ProbekitError where it is empty."""
    codes, categories = profile(corpus).column(layer)
    rows, labels = _labels(np.array(categories, dtype=object)[codes], words)
    if len(rows) == 0:
        raise ProbekitError(f"layer '{layer}' of {corpus!r} is empty: no word to ask 'word/{layer}' of")
    return rows, labels


_column("upos", "upos", "morphosyntax", "Universal word class of each word that has one.")
_column("xpos", "xpos", "morphosyntax", "Treebank-specific tag of each word that has one.")


@register(
    "word/deprel",
    level="word",
    kind="label",
    group="syntax",
    source=SOURCE,
    requires=("deprel",),
    choices={**_CHOICES, "part": ("whole", "universal")},
)
def deprel(corpus: Corpus, words: Words = "carrying", part: Part = "whole") -> tuple[np.ndarray, np.ndarray]:
    """Dependency relation to the head, subtype kept (`part=universal`: left out); `root` for the root."""
    rows, labels = _column_of(corpus, "deprel", words)
    if part == "universal":
        labels = np.array([label.partition(":")[0] for label in labels], dtype=object)
    return rows, labels


@register(
    "word/ccg",
    level="word",
    kind="label",
    group="syntax",
    source="Steedman 2000, The Syntactic Process; categories as the corpus gives them",
    requires=("ccg",),
)
def ccg(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Category of combinatory categorial grammar of each word that has one."""
    codes, categories = profile(corpus).column("ccg")
    return _labels(np.array(categories, dtype=object)[codes], "carrying")


def _features_seen(corpus: Corpus) -> list[str]:
    return profile(corpus).features_seen()


@register(
    "word/feat:<Name>",
    level="word",
    kind="label",
    group="morphosyntax",
    source=SOURCE,
    requires=("feats",),
    choices=_CHOICES,
    values=_features_seen,
    pattern=r"[^=|]+",
)
def feat(corpus: Corpus, value: str, words: Words = "carrying") -> Any:
    """Value of the UD feature Name, of words that carry it; with `words=all` of every word, "" for none."""
    values = profile(corpus).feature(value)
    if words != "all" and not (values != "").any():
        raise UnknownName(f"feature of {corpus!r}:", value, profile(corpus).features_seen())
    return _labels(values, words)


@register(
    "word/bio:<layer>",
    level="word",
    kind="label",
    group="semantics",
    source="Ramshaw and Marcus 1995, Text Chunking using Transformation-Based Learning, in the form IOB2",
    values=lambda corpus: list(corpus.spans),
)
def bio(corpus: Corpus, value: str) -> tuple[np.ndarray, np.ndarray]:
    """Tag of every word for the spans of a layer: B-LABEL where one begins, I-LABEL inside, O outside."""
    if value not in corpus.spans:
        raise UnknownName(f"layer of spans in {corpus!r}:", value, list(corpus.spans))
    table = corpus.spans[value]
    by_sentence: dict[int, list[Span]] = {}
    for sentence, start, end, label in table[["sentence", "start", "end", "label"]].itertuples(index=False):
        by_sentence.setdefault(int(sentence), []).append((int(start), int(end), str(label)))
    tags = np.full(corpus.n_words, "O", dtype=object)
    for sentence, spans in by_sentence.items():
        first, last = corpus.offsets[sentence : sentence + 2]
        tags[first:last] = tags_of_spans(int(last - first), spans)
    return np.arange(corpus.n_words), tags


@register(
    "word/role",
    level="word",
    kind="label",
    group="semantics",
    source="Shi and Lin 2019, Simple BERT Models for Relation Extraction and Semantic Role Labeling",
    requires=("predicate-argument",),
)
def role(corpus: Corpus) -> tuple[pd.DataFrame, list[str], dict[str, int]]:
    """BIO tag of every other word of a sentence for the roles of one marked predicate, a set of units a predicate.

    Of arguments that overlap, or hold the predicate, the part that is free is tagged; those are counted. Raises
    ProbekitError for a predicate or an argument outside its text.
    """
    table = corpus.spans["predicate-argument"]
    reach = table[["end", "end2"]].max(axis=1).to_numpy(np.int64)
    room = corpus.lengths[table["sentence"].to_numpy(np.int64)]
    if (outside := (reach > room) | (table[["start", "start2"]].min(axis=1).to_numpy() < 0)).any():
        line = table.iloc[int(outside.argmax())]
        raise ProbekitError(
            f"word/role: the predicate at word {line['start'] + 1} of sentence {line['sentence'] + 1} of {corpus!r} "
            f"has an argument up to word {line['end2']}, and the sentence has {room[outside.argmax()]}; mend its spans"
        )
    rows: list[tuple[int, int, int, int]] = []
    tags: list[str] = []
    cut = 0
    for number, (at, own) in enumerate(table.groupby(["sentence", "start"], sort=True)):
        sentence, mark = (int(one) for one in cast(tuple[int, int], at))
        found = ["O"] * int(corpus.lengths[sentence])
        taken = {mark}
        order = own.assign(size=own["end2"] - own["start2"]).sort_values(["size", "start2", "label"])
        for start, end, name in order[["start2", "end2", "label"]].itertuples(index=False):
            free = [place for place in range(start, end) if place not in taken]
            cut += len(free) < end - start
            for before, place in zip([-9, *free], free, strict=False):
                found[place] = ("I-" if place == before + 1 else "B-") + str(name)
            taken.update(free)
        for place, tag in enumerate(found):
            if place != mark:
                rows.append((sentence, place, mark, number))
                tags.append(tag)
    units = pd.DataFrame(rows, columns=["sentence", "start", "mark", "group"])
    return units.assign(end=units["start"] + 1), tags, {"roles": len(table), "overlapping": cut}


@register("word/head-distance", level="word", kind="number", group="syntax", source=SOURCE, requires=("head",))
def head_distance(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Place of the head minus place of the word: positive for a head on the right. Not asked of roots."""
    p = profile(corpus)
    rows = np.flatnonzero(~p.root)
    if len(rows) == 0:
        raise ProbekitError(
            f"every sentence of {corpus!r} is one word: no word has a head to ask 'word/head-distance' of"
        )
    return rows, (p.parent - np.arange(p.n_words))[rows].astype(np.float64)


@register("word/head", level="word", kind="number", group="syntax", source=SOURCE, requires=("head",))
def head(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Place of the head in its sentence, counted from 1; 0 for the root."""
    return np.arange(corpus.n_words), np.asarray(corpus.layers["head"], dtype=np.float64)
