"""What the profiling features share: trees, predicates and counts of a whole corpus as arrays.

Definitions: Miaschi & Dell'Orletta (2020), with the features of Brunato et al. (2020). Every quantity is
computed once per corpus, when first asked for. Words are numbered through the whole corpus; a sum over a
sentence is a sum over a run of that numbering, a step up the tree is an index into it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import DataError, ProbekitError

CONTENT_UPOS = frozenset({"ADJ", "ADV", "NOUN", "PROPN", "VERB"})
# What a copula can make a predicate of: PROPN and NUM are not in the set, as in the published extractor.
COPULAR_UPOS = frozenset({"ADJ", "NOUN", "PRON", "ADV"})

_profiles: WeakKeyDictionary[Corpus, Profile] = WeakKeyDictionary()


def profile(corpus: Corpus) -> Profile:
    """The profile of a corpus, one per corpus object and gone with it."""
    if corpus not in _profiles:
        _profiles[corpus] = Profile(corpus)
    return _profiles[corpus]


class Distribution:
    """How often each value occurs in each sentence; one sort serves all values.

    `codes` (n_words,) gives each word's place in `names`, negative for a word that does not take part.
    """

    def __init__(self, codes: np.ndarray, names: Sequence[str], sentence: np.ndarray, n_sentences: int) -> None:
        self.n_sentences = n_sentences
        taking = np.flatnonzero(codes >= 0)
        order = taking[np.argsort(codes[taking], kind="stable")]
        counts = np.bincount(codes[taking], minlength=len(names))
        ends = np.cumsum(counts)
        self._sentences = sentence[order]
        self._slices = {
            name: slice(int(start), int(end)) for name, start, end in zip(names, ends - counts, ends, strict=True)
        }
        self.totals = np.bincount(sentence[taking], minlength=n_sentences)

    @property
    def seen(self) -> list[str]:
        """Values that occur, sorted; the empty value, which is no annotation, is not one."""
        return sorted(name for name, part in self._slices.items() if name and part.start < part.stop)

    def counts(self, value: str) -> np.ndarray:
        """Occurrences of a value, int64 (n_sentences,); zeros for a value that never occurs."""
        part = self._slices.get(value, slice(0, 0))
        return np.bincount(self._sentences[part], minlength=self.n_sentences)


class Profile:
    """Shared quantities of one corpus, computed when first asked for.

    Masks and numbers per word have shape (n_words,), counts per sentence (n_sentences,), int64. Keeps the
    columns but not the corpus, so that a cache by corpus can let it go.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.n_words, self.n_sentences = corpus.n_words, corpus.n_sentences
        self.n = corpus.lengths
        self.starts = corpus.offsets[:-1]
        self.sentence = corpus.sentence_of_word
        self.id = corpus.position_of_word + 1
        self._columns = {"form": corpus.form, **corpus.layers}
        self._sentences = corpus.sentences
        self._distributions: dict[tuple[str, ...], Distribution] = {}
        self._features: dict[str, np.ndarray] = {}

    # -- columns ---------------------------------------------------------------------------------------------

    def column(self, layer: str) -> tuple[np.ndarray, list[str]]:
        """Codes and categories of a string layer."""
        column = self._columns[layer]
        if not isinstance(column, pd.Categorical):
            raise ProbekitError(f"layer '{layer}' should be a pandas Categorical, it is {type(column).__name__}")
        codes = np.asarray(column.codes)
        if codes.min() < 0:
            raise ProbekitError(f"layer '{layer}' has missing values; an empty annotation is the empty string")
        return codes, [str(category) for category in column.categories]

    def where(self, layer: str, test: Callable[[str], bool]) -> np.ndarray:
        """Mask of the words whose value in a layer passes a test; the test runs once a category."""
        codes, categories = self.column(layer)
        return np.array([test(category) for category in categories], dtype=bool)[codes]

    def among(self, layer: str, values: Collection[str]) -> np.ndarray:
        """Mask of the words whose value in a layer is one of these."""
        return self.where(layer, lambda value: value in values)

    def feature(self, name: str) -> np.ndarray:
        """Every word's value of a UD feature, an object array of str; "" for a word that lacks it."""
        if name not in self._features:
            codes, categories = self.column("feats")
            self._features[name] = np.array([value_of(feats, name) for feats in categories], dtype=object)[codes]
        return self._features[name]

    def features_seen(self) -> list[str]:
        """Names of the UD features that some word carries, sorted."""
        codes, categories = self.column("feats")
        used = np.unique(codes)
        return sorted({part.partition("=")[0] for code in used for part in categories[code].split("|") if part})

    # -- counting --------------------------------------------------------------------------------------------

    def count(self, mask: np.ndarray) -> np.ndarray:
        """Words of the mask per sentence."""
        return np.add.reduceat(mask, self.starts, dtype=np.int64)

    def total(self, values: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Sum of integer values over the words of the mask, per sentence."""
        return np.add.reduceat(np.where(mask, values, 0), self.starts, dtype=np.int64)

    def maximum(self, values: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Maximum of non-negative values over the words of the mask, per sentence; 0 where there are none."""
        return np.maximum.reduceat(np.where(mask, values, 0), self.starts)

    def types(self, layer: str, mask: np.ndarray) -> np.ndarray:
        """Distinct values of a layer among the words of the mask, per sentence."""
        codes, categories = self.column(layer)
        pairs = np.unique(self.sentence[mask].astype(np.int64) * len(categories) + codes[mask])
        return np.bincount(pairs // len(categories), minlength=self.n_sentences)

    def distribution(self, *key: str) -> Distribution:
        """A distribution by key: ("upos",), ("feature", "VERB", "Mood"), ("agreement", "AUX"), ...

        One for each key, made by the method `_<first>` from the rest of the key; a layer's name stands for
        itself.
        """
        if key not in self._distributions:
            make = getattr(self, f"_{key[0]}_codes", None)
            codes, names = make(*key[1:]) if make else self.column(key[0])
            self._distributions[key] = Distribution(codes, names, self.sentence, self.n_sentences)
        return self._distributions[key]

    def _feature_codes(self, upos: str, name: str) -> tuple[np.ndarray, list[str]]:
        """Values of a feature over the words of a class that carry it."""
        values = self.feature(name)
        return _coded(values, self.among("upos", {upos}) & (values != ""))

    def _agreement_codes(self, upos: str) -> tuple[np.ndarray, list[str]]:
        """Number+Person over the finite words of a class; a missing value is empty."""
        finite = self.among("upos", {upos}) & (self.feature("VerbForm") == "Fin")
        return _coded(self.feature("Number") + "+" + self.feature("Person"), finite)

    def _chains_codes(self, predicate: str) -> tuple[np.ndarray, list[str]]:
        return _numbered(*self.chains(predicate))

    def _arity_codes(self, arity: str) -> tuple[np.ndarray, list[str]]:
        return _numbered(self.edges(arity), self.verb)

    # -- word classes ----------------------------------------------------------------------------------------

    @cached_property
    def no_punct(self) -> np.ndarray:
        return ~self.among("upos", {"PUNCT"})

    @cached_property
    def m(self) -> np.ndarray:
        """Words that are not punctuation, per sentence."""
        return self.count(self.no_punct)

    @cached_property
    def verb(self) -> np.ndarray:
        return self.among("upos", {"VERB"})

    @cached_property
    def n_verbs(self) -> np.ndarray:
        return self.count(self.verb)

    # -- trees -----------------------------------------------------------------------------------------------

    @cached_property
    def _tree(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Head, parent and depth of every word, checked together so that no feature is read off a cycle."""
        head = np.asarray(self._columns["head"]).astype(np.int64)
        own = np.arange(self.n_words)
        self._refuse((head < 0) | (head > np.repeat(self.n, self.n)), "has a head outside the sentence")
        roots = self.count(head == 0)
        self._refuse(np.repeat(roots != 1, self.n), "is in a sentence that has not exactly one root")
        parent = np.where(head == 0, own, own - self.id + head)
        depth = steps_up(parent)
        self._refuse((depth < 0) | ((parent == own) & (head != 0)), "is on a cycle or hangs from one")
        return head, parent, depth

    @property
    def head(self) -> np.ndarray:
        """Head of every word as its 1-based place in the sentence, 0 for the root; DataError for no tree."""
        return self._tree[0]

    @property
    def parent(self) -> np.ndarray:
        """Head of every word in the corpus-wide numbering; the root is its own."""
        return self._tree[1]

    @property
    def depth(self) -> np.ndarray:
        """Links between every word and its root."""
        return self._tree[2]

    @cached_property
    def root(self) -> np.ndarray:
        return self.head == 0

    @cached_property
    def link(self) -> np.ndarray:
        """Words between every word and its head, plus one; of no meaning for roots."""
        return np.abs(self.parent - np.arange(self.n_words))

    def kids(self, mask: np.ndarray) -> np.ndarray:
        """How many of a word's kids are in the mask."""
        return np.bincount(self.parent[mask & ~self.root], minlength=self.n_words)

    def edges(self, arity: str) -> np.ndarray:
        """Kids that count for a word's arity: neither punctuation nor copula; `later`: any but `aux`."""
        if arity == "later":
            return self.kids(~self.among("deprel", {"aux"}))
        return self.kids(self.no_punct & ~self.among("deprel", {"cop"}))

    def _refuse(self, wrong: np.ndarray, what: str) -> None:
        """Raise DataError for the first wrong word, with file and line of its sentence if known."""
        if not wrong.any():
            return
        word = int(np.flatnonzero(wrong)[0])
        sentence = int(self.sentence[word])
        row = self._sentences.iloc[sentence]
        line = row.get("line")
        raise DataError(
            f"word {self.id[word]} {what}",
            row.get("file") or None,
            None if pd.isna(line) else int(line),
            str(row.get("id", sentence)),
        )

    # -- predicates ------------------------------------------------------------------------------------------

    @cached_property
    def cop(self) -> np.ndarray:
        """Copular predicates: nominal, adjectival or adverbial words with a kid `cop`."""
        return self.among("upos", COPULAR_UPOS) & (self.kids(self.among("deprel", {"cop"})) > 0)

    @cached_property
    def prep(self) -> np.ndarray:
        """Prepositional modifiers: `nmod`, without subtype, with a kid `case`."""
        return self.among("deprel", {"nmod"}) & (self.kids(self.among("deprel", {"case"})) > 0)

    @cached_property
    def sub(self) -> np.ndarray:
        """Heads of subordinate clauses."""
        verbal = self.verb & ~self.among("deprel", {"cop", "conj", "root", "parataxis", "amod"})
        return verbal | (self.cop & ~self.among("deprel", {"cop", "conj", "root"}))

    @cached_property
    def n_sub(self) -> np.ndarray:
        return self.count(self.sub)

    def clause_heads(self, clauses: str) -> np.ndarray:
        """Verbal heads per sentence: verbs and copular predicates, or verbs alone."""
        return self.n_verbs if clauses == "verb-only" else self.n_verbs + self.count(self.cop)

    def chains(self, predicate: str) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of the maximal downward paths of predicate words (`prep`, `sub`), and a mask of their ends.

        A path ends in a predicate word without a predicate kid, and only one path ends there: the one that
        comes down from its topmost predicate word in a row. So a length is read off the end, as steps up plus
        one.
        """
        mask: np.ndarray = getattr(self, predicate)
        own = np.arange(self.n_words)
        above = np.where(mask & mask[self.parent], self.parent, own)
        return steps_up(above) + 1, mask & (self.kids(mask) == 0)


def steps_up(parent: np.ndarray) -> np.ndarray:
    """Steps from every word to the one that is its own parent; -1 for words that never arrive.

    Pointer doubling: every round looks twice as far up, so a tree of depth d takes log2(d) rounds.
    """
    steps = (parent != np.arange(len(parent))).astype(np.int64)
    for _ in range(len(parent).bit_length() + 1):
        further = steps[parent]
        if not further.any():
            return steps
        steps, parent = steps + further, parent[parent]
    return np.where(steps[parent] > 0, -1, steps)


def value_of(feats: str, name: str) -> str:
    """Value of one feature in a UD feature column (`Mood=Ind|Tense=Past`), "" when it is not there."""
    for part in feats.split("|"):
        key, _, value = part.partition("=")
        if key == name:
            return value
    return ""


def ratio(part: np.ndarray, whole: np.ndarray, percent: bool = False) -> np.ndarray:
    """part / whole in float64, 0 where the whole is 0; times 100 with `percent`."""
    shares = np.zeros(len(whole), dtype=np.float64)
    np.divide(part, whole, out=shares, where=whole != 0)
    return 100.0 * shares if percent else shares


def _coded(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Codes of the masked words' values, -1 elsewhere, and the values."""
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[mask], names = pd.factorize(values[mask])
    return codes, [str(name) for name in names]


def _numbered(numbers: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Small non-negative numbers as codes and names."""
    highest = int(numbers[mask].max(initial=0))
    return np.where(mask, numbers, -1), [str(number) for number in range(highest + 1)]
