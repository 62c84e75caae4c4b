"""Words of each sentence by the sub-word vectors of its language, turned into the space of one language or left apart.

    by-language(sources=["en=subwords:A", "es=subwords:B"], pairs=identical)

Smith et al. 2017: rows of length 1, an orthogonal map of each language onto the pivot (Procrustes), learned on strings
that both have (`identical`) or on a dictionary of the pivot's words, among the 5,000 most frequent words of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.word_items import describe as describe_items
from probekit.corpora.word_items import load_items
from probekit.embeddings.align.linear import orthogonal
from probekit.encoders.encoder import EncoderKind, EncoderSource, WordEncoder
from probekit.encoders.pooling import POOLINGS
from probekit.encoders.subwords import Subwords
from probekit.encoders.subwords import describe as describe_subwords
from probekit.errors import ProbekitError
from probekit.sources import resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Count, OneOf, Positive

PAIRS = ("none", "identical", "dictionary")
NAME, REVISION = "by-language", 1


def options(
    sources: list[str],
    pairs: Annotated[str, OneOf(PAIRS)] = "none",
    dictionaries: list[str] | None = None,
    pivot: str = "en",
    most: Count = 5000,
    length: Positive = 1.0,
) -> dict[str, Any]:
    """Options of `by-language(...)`.

    sources: `code=subwords:CORPUS`, the language of sentences first. dictionaries: `code=ITEMS`, from the pivot to each
    other language. most: words of each, most frequent first, of which pairs are made. length: of every vector.
    """
    return dict(locals())


def _named(listed: Sequence[str] | None, what: str) -> dict[str, str]:
    """`code=spec` by code. Raises ProbekitError."""
    found = dict(str(one).split("=", 1) for one in listed or () if "=" in str(one))
    if len(found) < len(listed or ()):
        raise ProbekitError(
            f"{what}={list(listed or ())!r}: give code=spec for each language, such as en=subwords:CORPUS"
        )
    return found


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1; those of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


class LanguageEncoder(WordEncoder):
    """Vectors of words by the language of their sentence."""

    def __init__(self, source: EncoderSource, chosen: Mapping[str, Any]) -> None:
        self.source, self.chosen = source, chosen
        self.width = int(source.width or 0)
        self.named = _named(chosen["sources"], "sources")
        self._seen: dict[tuple[str, str], np.ndarray] = {}

    @cached_property
    def subwords(self) -> dict[str, Subwords]:
        return {code: Subwords(recipes.folder(spec)) for code, spec in self.named.items()}

    @cached_property
    def paired(self) -> dict[str, list[tuple[str, str]]]:
        """Pairs (word of the pivot, word of the language) of each map. Raises ProbekitError where there is none."""
        pivot, most = self.chosen["pivot"], self.chosen["most"]
        listed = {code: list(one.index)[:most] for code, one in self.subwords.items()}
        dictionaries = _named(self.chosen["dictionaries"], "dictionaries")
        found = {}
        for code in self.subwords:
            if code == pivot or self.chosen["pairs"] == "none":
                continue
            own, other = set(listed[code]), set(listed[pivot])
            if self.chosen["pairs"] == "identical":
                found[code] = [(word, word) for word in listed[pivot] if word in own]
            else:
                items = load_items(dictionaries[code], "dictionary").items
                pairs = zip(items["source"], items["target"], strict=True)
                found[code] = [(one, word) for one, word in pairs if one in other and word in own]
            if not found[code]:
                raise ProbekitError(
                    f"no pair of words of '{pivot}' and '{code}' is among the {most} most frequent of both; raise most="
                )
        return found

    @cached_property
    def maps(self) -> dict[str, np.ndarray]:
        """The orthogonal map (d, d) of each language; none where it is left as it is."""
        found = {}
        for code, pairs in self.paired.items():
            left, right = zip(*pairs, strict=True)
            target = unit(self.subwords[self.chosen["pivot"]].vectors(left))
            found[code] = orthogonal(unit(self.subwords[code].vectors(right)), target)
        return found

    def vectors(self, words: list[str]) -> np.ndarray:
        """Vectors (1, n, width) of words of the pivot."""
        return self._of(words, self.chosen["pivot"])

    def vectors_of(self, corpus: Corpus, sentence: int) -> np.ndarray:
        """Vectors (1, n, width) of a sentence by its language. Raises ProbekitError for one without a source."""
        code = str(corpus.sentences["language"].iloc[sentence])
        if code not in self.named:
            raise ProbekitError(
                f"a sentence of {corpus!r} is in '{code}', and '{NAME}' has sources for {', '.join(self.named)}"
            )
        return self._of(corpus.words(sentence), code)

    def _of(self, words: list[str], code: str) -> np.ndarray:
        for word in words:
            if (code, word) not in self._seen:
                vector = unit(self.subwords[code].vectors([word]))
                turned = vector @ self.maps[code] if code in self.maps else vector
                self._seen[code, word] = turned[0] * np.float32(self.chosen["length"])
        return np.stack([self._seen[code, word] for word in words])[None]

    def told_of(self, corpus: Corpus) -> Mapping[str, Any]:
        """How many pairs each map was learned on."""
        return {f"pairs_{code}": len(pairs) for code, pairs in self.paired.items()}


def _arguments(spec: str | Spec) -> tuple[dict[str, Any], dict[str, EncoderSource], dict[str, Any], Spec]:
    parsed = parse(spec)
    arguments = resolve(parsed, options, NAME)
    chosen = options(**arguments.options)
    sources, dictionaries = _named(chosen["sources"], "sources"), _named(chosen["dictionaries"], "dictionaries")
    if chosen["pivot"] not in sources:
        raise ProbekitError(
            f"'{NAME}' has no source of the pivot '{chosen['pivot']}'; name it in sources, or another pivot"
        )
    if wrong := [text for text in sources.values() if parse(text).name != "subwords"]:
        raise ProbekitError(f"'{wrong[0]}' is no source of '{NAME}'; it reads subwords:CORPUS of each language")
    lacking = [code for code in sources if code not in dictionaries and code != chosen["pivot"]]
    if chosen["pairs"] == "dictionary" and lacking:
        raise ProbekitError(f"'{NAME}' has no dictionary of '{lacking[0]}'; name it in dictionaries=[{lacking[0]}=...]")
    described = {code: describe_subwords(text) for code, text in sources.items()}
    if len({one.width for one in described.values()}) > 1:
        raise ProbekitError(f"the sources of '{NAME}' have unlike sizes; train all with one size")
    items = {code: describe_items(text) for code, text in dictionaries.items()}
    return chosen, described, items, arguments.written


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of vectors by language, with nothing trained. Raises ProbekitError for what does not fit."""
    chosen, sources, items, written = _arguments(spec)
    shared = together(*sources.values(), *items.values())

    def shown(part: str) -> str:
        listed = {"sources": [f"{code}={getattr(one, part)}" for code, one in sources.items()]}
        if items:
            listed["dictionaries"] = [f"{code}={getattr(one, part)}" for code, one in items.items()]
        return str(written.given(listed))

    content = {name: chosen[name] for name in ("pairs", "pivot", "most", "length")}
    parts = [[code, one.digest] for code, one in (*sources.items(), *items.items())]
    return EncoderSource(
        shown("spec"),
        shown("name"),
        digest([NAME, REVISION, content, parts]),
        modules=shared["modules"],
        needs=shared["needs"],
        generated=shared["generated"],
        absent=shared["absent"],
        poolings=tuple(one for one in POOLINGS if one != "cls"),
        width=next(iter(sources.values())).width,
    )


def load(spec: str | Spec, device: str | None = None) -> LanguageEncoder:
    """The encoder of a spec, its vectors trained first where they have not been."""
    chosen, *_ = _arguments(spec)
    return LanguageEncoder(describe(spec), chosen)


KIND = EncoderKind(describe, load)
