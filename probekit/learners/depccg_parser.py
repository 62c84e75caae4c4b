"""Parses by depccg (Yoshikawa et al. 2017), a package of its own: its rules and its search, on one category a word.

Its wheel needs nothing but NumPy and tqdm when it is installed without its dependencies: pip install --no-deps depccg.
Categories go to it as CCGbank writes them and come back as the corpus does; what a category may become by itself is
what our chart allows. Two of its rules, which make adverbs of what follows a comma, are left out: what they make has no
head in its category. Its ranking is that of its own search, where all derivations weigh the same but for changes.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

from probekit.corpora.categories import Atom, Category, Functor, is_category, parse
from probekit.corpora.chart import Derivation, dependencies
from probekit.corpora.combinators import BRACKETS, changes
from probekit.errors import ProbekitError

NAME = "depccg"
_RULES = {"gfc": "fc", "gbx": "bx", "lex": "lx", "tr": "lx"}
_IMPOSSIBLE = -1e10
_LEFT_OUT = ("comma_vp_to_adv", "parenthetical_direct_speech", "remove_punctuation_left")
_SAME = ("conj",)
_ROOTS = ("S", "S[b]\\NP", "NP")


def check_installed() -> None:
    """Raise ProbekitError where the package is not there."""
    if importlib.util.find_spec(NAME) is None:
        raise ProbekitError(
            "parser=depccg needs the package depccg: pip install --no-deps depccg; parser=chart needs nothing more"
        )


@lru_cache(maxsize=65536)
def as_ccgbank(category: str) -> str:
    """A category as CCGbank writes it: `s:dcl\\np` is `S[dcl]\\NP`. One that is so already stays."""

    def walked(part: Category) -> str:
        if isinstance(part, Functor):
            sides = (walked(part.result), walked(part.argument))
            kinds = (part.result, part.argument)
            shown = [f"({s})" if isinstance(k, Functor) else s for s, k in zip(sides, kinds, strict=True)]
            return f"{shown[0]}{part.slash}{shown[1]}"
        if part.name in BRACKETS:
            return part.name.upper()
        if part.name in _SAME or not part.base[:1].isalpha():
            return part.name
        return part.base.upper() + (f"[{part.feature}]" if part.feature else "")

    return walked(parse(category))


def as_bank(category: str) -> str:
    """The other way: `S[dcl]\\NP` is `s:dcl\\np`."""

    def walked(part: Category) -> Category:
        if isinstance(part, Functor):
            return Functor(walked(part.result), part.slash, walked(part.argument))
        return Atom(part.base.lower() + (f":{part.feature}" if part.feature else ""))

    return str(walked(parse(category)))


def parses(sentences: Sequence[Sequence[str]]) -> list[frozenset[Any] | None]:
    """Dependencies of the derivation of each sentence, None where none spans it. Raises as `check_installed`."""
    check_installed()
    lower = any(category == category.lower() for sentence in sentences for category in sentence if category.isalpha())
    readable = [number for number, sentence in enumerate(sentences) if all(map(is_category, sentence))]
    found: list[frozenset[Any] | None] = [None] * len(sentences)
    derived = derivations([[as_ccgbank(one) for one in sentences[number]] for number in readable])
    for number, whole in zip(readable, derived, strict=True):
        if whole is not None:
            words = sentences[number]
            own = _renamed(whole, words, as_bank if lower else str)
            found[number] = frozenset(dependencies(own))
    return found


def derivations(sentences: Sequence[Sequence[str]]) -> list[Derivation | None]:
    """Derivations of sentences with CCGbank's categories."""
    from depccg.cat import Category as Theirs
    from depccg.grammar import en
    from depccg.parsing import run
    from depccg.types import ScoringResult, Token

    if not sentences:
        return []
    every = sorted({category for sentence in sentences for category in sentence})
    kinds = {name: Theirs.parse(name) for name in every}
    places = {name: place for place, name in enumerate(every)}
    rules = [one for one in en.combinators if one.__name__ not in _LEFT_OUT]

    def binary(x: Any, y: Any) -> list[Any]:
        pair = (x.clear_features("nb"), y.clear_features("nb"))
        return [made for rule in rules if (made := rule(*pair)) is not None]

    @cache
    def unary(x: Any) -> list[Any]:
        return list(en.apply_unary_rules(x, {x: [Theirs.parse(one) for one in changes(str(x))]}))

    words, scores = [], []
    for sentence in sentences:
        words.append([Token.of_word(str(place)) for place in range(len(sentence))])
        tags = np.full((len(sentence), len(every)), _IMPOSSIBLE, dtype=np.float32)
        tags[np.arange(len(sentence)), [places[category] for category in sentence]] = 0
        scores.append(ScoringResult(tags, np.zeros((len(sentence), len(sentence) + 1), dtype=np.float32)))
    features = {name for one in kinds.values() for name in _features(str(one))}
    roots = [Theirs.parse(name) for name in (*_ROOTS, *(f"S[{feature}]" for feature in sorted(features)))]
    with contextlib.redirect_stderr(io.StringIO()):
        told = run(
            words,
            scores,
            list(kinds.values()),
            roots,
            binary,
            unary,
            processes=1,
            max_chunk_size=len(sentences),
            pruning_size=1,
        )
    return [_derivation(one[0].tree) if np.isfinite(one[0].score) else None for one in told]


def _features(category: str) -> set[str]:
    """Features of the atoms s of a category."""
    found: Category = parse(category)
    if isinstance(found, Functor):
        return _features(str(found.result)) | _features(str(found.argument))
    return {found.feature} if found.base == "S" and found.feature else set()


def _derivation(tree: Any) -> Derivation:
    if tree.is_leaf:
        return Derivation(str(tree.cat), "lex", (), int(tree.token["word"]))
    rule = _RULES.get(tree.op_string, tree.op_string)
    return Derivation(str(tree.cat), rule, tuple(_derivation(child) for child in tree.children))


def _renamed(node: Derivation, words: Sequence[str], name: Callable[[str], str]) -> Derivation:
    """A derivation with categories as the corpus writes them; those of words are its own."""
    if not node.parts:
        return Derivation(words[node.word], node.rule, (), node.word)
    return Derivation(name(node.category), node.rule, tuple(_renamed(part, words, name) for part in node.parts))
