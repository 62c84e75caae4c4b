"""The linguistic profile of a sentence: one registered task a feature.

Miaschi & Dell'Orletta (2020), "Contextual and Non-Contextual Word Embeddings: an in-depth Linguistic
Investigation", Table 1; exact definitions from Profiling-UD (Brunato et al., 2020). Notation: n words in the
sentence, P those that are not punctuation, m = |P|; kids of a word are the words it is head of. A quotient
over nothing is 0.

Three choices are options, off by default: `clauses=verb-only` (an earlier revision of the extractor: only
VERB words head clauses, and the shares of clauses are fractions of the verbs), `arity=later` (a later one:
every kid but `aux` counts, and verbs with more than six drop out of the mean's sum), `percent=true` (shares
times 100; ratios such as type-token ratio and lexical density are not shares).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.tasks.catalogue import register
from probekit.tasks.profiling import CONTENT_UPOS, Profile, profile, ratio

SOURCE = (
    "Miaschi & Dell'Orletta (2020), Contextual and Non-Contextual Word Embeddings: an in-depth Linguistic "
    "Investigation, RepL4NLP, Table 1; Brunato et al. (2020), Profiling-UD, LREC"
)
RAW, MORPHOSYNTAX, SYNTAX = "raw text", "morphosyntax", "syntax"

Clauses = Literal["with-copula", "verb-only"]
Arity = Literal["without-copula", "later"]
Denominator = Literal["words", "non-punct"]

# Arity at which the later revision stops counting a verb into the mean.
LATER_ARITY_LIMIT = 6

_CHOICES = {
    "clauses": ("with-copula", "verb-only"),
    "arity": ("without-copula", "later"),
    "denominator": ("words", "non-punct"),
}


def _feature(
    name: str,
    group: str,
    *requires: str,
    options: tuple[str, ...] = (),
    values: Callable[[Corpus], list[str]] | None = None,
    pattern: str = ".+",
    revision: int = 1,
    summary: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a sentence feature; `options` are those with listed choices."""
    choices: Mapping[str, tuple[str, ...]] = {option: _CHOICES[option] for option in options}
    return register(
        f"sentence/{name}",
        level="sentence",
        kind="number",
        group=group,
        source=SOURCE,
        requires=requires,
        choices=choices,
        values=values,
        pattern=pattern,
        revision=revision,
        summary=summary,
    )


# -- raw text ------------------------------------------------------------------------------------------------


@_feature("sent_length", RAW)
def sent_length(corpus: Corpus) -> np.ndarray:
    """Number of words, punctuation counted."""
    return corpus.lengths.astype(np.float64)


@_feature("char_per_tok", RAW, "upos")
def char_per_tok(corpus: Corpus) -> np.ndarray:
    """Mean number of characters of the words that are not punctuation."""
    corpus.require("form")
    p = profile(corpus)
    codes, forms = p.column("form")
    characters = np.array([len(form) for form in forms])[codes]
    return ratio(p.total(characters, p.no_punct), p.m)


def _ttr(corpus: Corpus, layer: str, denominator: str) -> np.ndarray:
    p = profile(corpus)
    return ratio(p.types(layer, p.no_punct), p.m if denominator == "non-punct" else p.n)


@_feature("ttr_form", RAW, "upos", options=("denominator",))
def ttr_form(corpus: Corpus, denominator: Denominator = "words") -> np.ndarray:
    """Distinct forms without punctuation, case kept, divided by all words (`non-punct`: by those alone)."""
    corpus.require("form")
    return _ttr(corpus, "form", denominator)


@_feature("ttr_lemma", RAW, "lemma", "upos", options=("denominator",))
def ttr_lemma(corpus: Corpus, denominator: Denominator = "words") -> np.ndarray:
    """Distinct lemmas without punctuation, divided by all words (`non-punct`: by those alone)."""
    return _ttr(corpus, "lemma", denominator)


# -- families: shares of the values of a column --------------------------------------------------------------


def _family(
    name: str, group: str, requires: tuple[str, ...], key: tuple[str, ...], summary: str, pattern: str = ".+"
) -> None:
    """Register the share of each value in a distribution of the profile."""

    def values(corpus: Corpus) -> list[str]:
        return profile(corpus).distribution(*key).seen

    @_feature(name, group, *requires, values=values, pattern=pattern, summary=summary)
    def share_of(corpus: Corpus, value: str, percent: bool = False) -> np.ndarray:
        shares = profile(corpus).distribution(*key)
        return ratio(shares.counts(value), shares.totals, percent)


for _layer, _label, _group in (
    ("upos", "upos", MORPHOSYNTAX),
    ("xpos", "xpos", MORPHOSYNTAX),
    ("deprel", "dep", SYNTAX),
):
    _family(f"{_label}_dist_<X>", _group, (_layer,), (_layer,), f"Share of the words whose {_layer} is X.")

for _label, _upos in (("verbs", "VERB"), ("aux", "AUX")):
    for _short, _feat in (("mood", "Mood"), ("tense", "Tense"), ("form", "VerbForm")):
        _family(
            f"{_label}_{_short}_dist_<X>",
            MORPHOSYNTAX,
            ("upos", "feats"),
            ("feature", _upos, _feat),
            f"Share of value X among the {_upos} words that carry {_feat}.",
        )
    _family(
        f"{_label}_num_pers_dist_<N+P>",
        MORPHOSYNTAX,
        ("upos", "feats"),
        ("agreement", _upos),
        f"Share of Number N and Person P among the finite {_upos} words; a missing value is empty.",
        pattern=r"[^+]*\+[^+]*",
    )


@_feature("lexical_density", MORPHOSYNTAX, "upos")
def lexical_density(corpus: Corpus) -> np.ndarray:
    """Adjectives, adverbs, nouns, proper nouns and verbs divided by the words that are not punctuation."""
    p = profile(corpus)
    return ratio(p.count(p.among("upos", CONTENT_UPOS)), p.m)


# -- the tree ------------------------------------------------------------------------------------------------

_TREE = ("head",)
_LINKS = ("head", "upos")
_PREDICATES = ("head", "upos", "deprel")


@_feature("parse_depth", SYNTAX, *_TREE)
def parse_depth(corpus: Corpus) -> np.ndarray:
    """Links on the longest way from the root down to a leaf; 0 for one word."""
    p = profile(corpus)
    return p.maximum(p.depth, ~p.root).astype(np.float64)


def _links(p: Profile) -> np.ndarray:
    """Words whose links count: neither punctuation nor root."""
    return p.no_punct & ~p.root


@_feature("avg_links_len", SYNTAX, *_LINKS)
def avg_links_len(corpus: Corpus) -> np.ndarray:
    """Mean distance between a word that is not punctuation and its head."""
    p = profile(corpus)
    return ratio(p.total(p.link, _links(p)), p.count(_links(p)))


@_feature("max_links_len", SYNTAX, *_LINKS)
def max_links_len(corpus: Corpus) -> np.ndarray:
    """Largest distance between a word that is not punctuation and its head."""
    p = profile(corpus)
    return p.maximum(p.link, _links(p)).astype(np.float64)


def _chains(name: str, average: str, predicate: str, requires: tuple[str, ...], longest: int | None, what: str) -> None:
    """Register the mean length of a predicate's chains, and the share of chains of each length.

    A chain is a downward path of predicate words that cannot be continued; a branching one counts once a
    branch.
    """

    @_feature(average, SYNTAX, *requires, summary=f"Mean length of chains of {what}.")
    def mean_length(corpus: Corpus) -> np.ndarray:
        p = profile(corpus)
        lengths, ends = p.chains(predicate)
        return ratio(p.total(lengths, ends), p.count(ends))

    def values(corpus: Corpus) -> list[str]:
        return _numbers(profile(corpus).distribution("chains", predicate).seen, longest)

    summary = f"Share of chains of length k among the chains of {what}."

    @_feature(f"{name}_<k>", SYNTAX, *requires, values=values, pattern=r"[1-9]\d*", summary=summary)
    def share_of(corpus: Corpus, value: str, percent: bool = False) -> np.ndarray:
        chains = profile(corpus).distribution("chains", predicate)
        return ratio(chains.counts(value), chains.totals, percent)


def _numbers(seen: list[str], highest: int | None) -> list[str]:
    """Numbers of a family in numerical order, up to where the published family ends."""
    return sorted((k for k in seen if highest is None or int(k) <= highest), key=int)


_chains("prep_dist", "avg_prepositional_chain_len", "prep", ("head", "deprel"), 5, "prepositional modifiers")
_chains("subordinate_dist", "avg_subordinate_chain_len", "sub", _PREDICATES, None, "subordinate clauses")

# -- clauses -------------------------------------------------------------------------------------------------


@_feature("avg_token_per_clause", SYNTAX, *_PREDICATES, options=("clauses",))
def avg_token_per_clause(corpus: Corpus, clauses: Clauses = "with-copula") -> np.ndarray:
    """Words divided by verbal heads; 0 without a verbal head."""
    p = profile(corpus)
    return ratio(p.n, p.clause_heads(clauses))


@_feature("verbal_head_dist", SYNTAX, *_PREDICATES, options=("clauses",))
def verbal_head_dist(corpus: Corpus, clauses: Clauses = "with-copula") -> np.ndarray:
    """Number of verbal heads: verbs and copular predicates (a count, whatever its name says)."""
    return profile(corpus).clause_heads(clauses).astype(np.float64)


def _verbal_root(p: Profile, clauses: str) -> np.ndarray:
    if clauses == "verb-only":
        return p.count(p.root & p.verb)
    return p.count(p.root & (p.among("upos", {"VERB", "AUX"}) | p.cop))


@_feature("verbal_root_perc", SYNTAX, *_PREDICATES, options=("clauses",))
def verbal_root_perc(corpus: Corpus, clauses: Clauses = "with-copula", percent: bool = False) -> np.ndarray:
    """1 if the root is a verb, an auxiliary or a copular predicate, else 0."""
    p = profile(corpus)
    return ratio(_verbal_root(p, clauses), np.ones(p.n_sentences), percent)


def _propositions(p: Profile, clauses: str) -> tuple[np.ndarray, np.ndarray]:
    """Principal clauses and all clauses.

    With verbs alone there are as many clauses as verbs, and the principal ones are what is left: fewer than
    none where copular predicates head subordinate clauses.
    """
    if clauses == "verb-only":
        return p.n_verbs - p.n_sub, p.n_verbs
    principal = _verbal_root(p, clauses)
    return principal, principal + p.n_sub


@_feature("principal_proposition_dist", SYNTAX, *_PREDICATES, options=("clauses",))
def principal_proposition_dist(corpus: Corpus, clauses: Clauses = "with-copula", percent: bool = False) -> np.ndarray:
    """Share of the principal clause among principal and subordinate clauses."""
    principal, every = _propositions(profile(corpus), clauses)
    return ratio(principal, every, percent)


@_feature("subordinate_proposition_dist", SYNTAX, *_PREDICATES, options=("clauses",))
def subordinate_proposition_dist(corpus: Corpus, clauses: Clauses = "with-copula", percent: bool = False) -> np.ndarray:
    """Share of subordinate clauses among principal and subordinate clauses."""
    p = profile(corpus)
    return ratio(p.n_sub, _propositions(p, clauses)[1], percent)


def _order(name: str, what: str, requires: tuple[str, ...], words: Callable[[Profile], Any]) -> None:
    """Register the share of words before a landmark, and the rest; `words` gives masks (words, before)."""

    @_feature(f"{name}_pre", SYNTAX, *requires, summary=f"Share of {what.format('before')}.")
    def pre(corpus: Corpus, percent: bool = False) -> np.ndarray:
        p = profile(corpus)
        mask, before = words(p)
        return ratio(p.count(mask & before), p.count(mask), percent)

    @_feature(f"{name}_post", SYNTAX, *requires, summary=f"Share of {what.format('after')}.")
    def post(corpus: Corpus, percent: bool = False) -> np.ndarray:
        p = profile(corpus)
        mask, before = words(p)
        return ratio(p.count(mask & ~before), p.count(mask), percent)


def _relation_before_head(part: str) -> Callable[[Profile], tuple[np.ndarray, np.ndarray]]:
    # Roots stand after their head, which is number 0.
    return lambda p: (p.where("deprel", lambda relation: part in relation), p.id < p.head)


def _sub_before_root(p: Profile) -> tuple[np.ndarray, np.ndarray]:
    root = np.repeat(p.id[p.root], p.n)
    return p.sub, p.id <= root


_order(
    "subj",
    "subjects (any relation with `subj`) standing {} their head",
    ("head", "deprel"),
    _relation_before_head("subj"),
)
_order(
    "obj",
    "objects (any relation with `obj`, iobj too) standing {} their head",
    ("head", "deprel"),
    _relation_before_head("obj"),
)
_order("subordinate", "subordinate clauses whose head stands {} the root", _PREDICATES, _sub_before_root)

# -- verbs ---------------------------------------------------------------------------------------------------


@_feature("avg_verb_edges", SYNTAX, *_PREDICATES, options=("arity",))
def avg_verb_edges(corpus: Corpus, arity: Arity = "without-copula") -> np.ndarray:
    """Mean arity of the verbs: kids that are neither punctuation nor copula."""
    p = profile(corpus)
    edges = p.edges(arity)
    counted = p.verb & (edges <= LATER_ARITY_LIMIT) if arity == "later" else p.verb
    return ratio(p.total(edges, counted), p.n_verbs)


def _arities(corpus: Corpus) -> list[str]:
    return _numbers(profile(corpus).distribution("arity", "without-copula").seen, 6)


@_feature("verbal_arity_<k>", SYNTAX, *_PREDICATES, options=("arity",), values=_arities, pattern=r"0|[1-9]\d*")
def verbal_arity(corpus: Corpus, value: str, arity: Arity = "without-copula", percent: bool = False) -> np.ndarray:
    """Share of verbs with arity k."""
    verbs = profile(corpus).distribution("arity", arity)
    return ratio(verbs.counts(value), verbs.totals, percent)
