"""Rules that combine two categories of combinatory categorial grammar into one, and those that change one.

Application, composition (harmonic, crossed, of the second degree), coordination, punctuation, and the type changes that
a bank uses. Rules work on canonical strings and are remembered: a text has few categories.
Source: Steedman 2000, The Syntactic Process; restrictions of crossed composition as Hockenmaier and Steedman 2007.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from probekit.corpora.categories import Atom, Category, Functor, parse

# A conjunction, as banks write it, and what joins parts of a list.
CONJUNCTIONS = ("conj", ",", ";")
BRACKETS = ("lrb", "rrb", "LRB", "RRB", "LQU", "RQU")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_REDUCED = ("pss", "adj", "ng", "to")  # features of verb phrases that modify nouns
_NOMINAL = ("n", "np")


class Combined(NamedTuple):
    """A category that a rule makes: `rule` is fa, ba, fc, bc, bx, fx, conj, lp, rp (punctuation left, right) or lx."""

    category: str
    rule: str


def is_punctuation(category: str) -> bool:
    """Whether a category is that of punctuation: an atom that begins with no letter."""
    return category in BRACKETS or (category[:1].lower() not in _LETTERS and category[:1] != "(")


def match(wanted: Category, given: Category, bound: dict[str, str]) -> bool:
    """Whether a category can stand where another is wanted. Atoms without a feature, or with X, fit any of their base.

    bound: features that X takes, filled in.
    """
    if isinstance(wanted, Functor) and isinstance(given, Functor):
        return (
            wanted.slash == given.slash
            and match(wanted.result, given.result, bound)
            and match(wanted.argument, given.argument, bound)
        )
    if isinstance(wanted, Functor) or isinstance(given, Functor):
        return False
    if wanted.base != given.base:
        return False
    mine, its = wanted.feature, given.feature
    if mine == "X" and its:
        return bound.setdefault("X", its) == its or its == "X"
    return mine == its or not mine or not its or its == "X"


def filled(category: Category, bound: dict[str, str]) -> Category:
    """A category with what X was bound to in its place."""
    if not bound:
        return category
    if isinstance(category, Functor):
        return Functor(filled(category.result, bound), category.slash, filled(category.argument, bound))
    if category.feature != "X" or "X" not in bound:
        return category
    return Atom(category.name.replace("X", bound["X"]))


def is_modifier(category: Category) -> bool:
    """Whether a functor gives back what it takes, features aside: an adjective `n/n`, an adverb."""
    return isinstance(category, Functor) and category.result == category.argument


def _nominal(category: Category) -> bool:
    return isinstance(category, Atom) and category.base.lower() in _NOMINAL


@lru_cache(maxsize=4096)
def changes(category: str) -> tuple[str, ...]:
    """What a category may become by itself: a noun a noun phrase, a noun phrase the subject of what follows it, and a
    verb phrase or a clause without its object a modifier of nouns (reduced relative clauses).

    Chosen on training and development sentences of the Parallel Meaning Bank.
    """
    found = parse(category)
    if isinstance(found, Atom):
        upper = found.base.isupper()
        if found.base.lower() == "n":
            return ("NP" if upper else "np",)
        if found.base.lower() == "np":
            return (f"S[X]/(S[X]\\{category})" if upper else f"s:X/(s:X\\{category})",)
        return ()
    verbal = isinstance(found.result, Atom) and found.result.base.lower() == "s"
    if not verbal or not isinstance(found.argument, Atom) or found.argument.base.lower() != "np":
        return ()
    upper, slash = found.argument.base.isupper(), found.slash
    assert isinstance(found.result, Atom)
    if found.result.feature in (_REDUCED if slash == "\\" else ("dcl",)):
        return ("N\\N", "NP\\NP") if upper else ("n\\n", "np\\np")
    return ()


def is_raised(category: str, before: str) -> bool:
    """Whether a change is a noun phrase becoming the subject of what follows it."""
    return "/" in category and "/" not in before


def is_root(category: str) -> bool:
    """Whether a category is that of a whole sentence: any s, a noun phrase, or the verb phrase of a command."""
    found = parse(category)
    if isinstance(found, Atom):
        return found.base.lower() in ("s", "np")
    return category.lower().replace("[b]", ":b") == "s:b\\np"


@lru_cache(maxsize=1 << 18)
def combine(left: str, right: str) -> tuple[Combined, ...]:
    """All that two neighbours make, in order of preference."""
    if is_punctuation(right):
        return (Combined(left, "rp"),) if not is_punctuation(left) else ()
    found: dict[str, str] = {}
    if left in CONJUNCTIONS:
        found.setdefault(str(Functor(parse(right), "\\", parse(right))), "conj")
    if is_punctuation(left):
        found.setdefault(right, "lp")
        return tuple(Combined(*one) for one in found.items())
    x, y = parse(left), parse(right)
    for rule, made in (*_forward(x, y), *_backward(x, y)):
        found.setdefault(str(made), rule)
    return tuple(Combined(*one) for one in found.items())


def _forward(x: Category, y: Category) -> list[tuple[str, Category]]:
    if not isinstance(x, Functor) or x.slash != "/":
        return []
    bound: dict[str, str] = {}
    if match(x.argument, y, bound):
        return [("fa", y if is_modifier(x) else filled(x.result, bound))]
    if isinstance(y, Functor):
        # Forward crossed composition is for adverbs alone: English has no other.
        crossed = y.slash == "\\"
        bound = {}
        if (not crossed or is_modifier(x)) and match(x.argument, y.result, bound):
            made = y if is_modifier(x) else Functor(filled(x.result, bound), y.slash, filled(y.argument, bound))
            return [("fx" if crossed else "fc", made)]
        inner = y.result
        bound = {}
        if isinstance(inner, Functor) and inner.slash == "/" and match(x.argument, inner.result, bound):
            within = Functor(filled(x.result, bound), "/", filled(inner.argument, bound))
            return [("fc", y if is_modifier(x) else Functor(within, y.slash, filled(y.argument, bound)))]
    return []


def _backward(x: Category, y: Category) -> list[tuple[str, Category]]:
    if not isinstance(y, Functor) or y.slash != "\\":
        return []
    bound: dict[str, str] = {}
    if match(y.argument, x, bound):
        return [("ba", x if is_modifier(y) else filled(y.result, bound))]
    if isinstance(x, Functor) and not _nominal(y.argument):
        bound = {}
        if match(y.argument, x.result, bound):
            made = x if is_modifier(y) else Functor(filled(y.result, bound), x.slash, filled(x.argument, bound))
            return [("bc" if x.slash == "\\" else "bx", made)]
        inner = x.result
        bound = {}
        if isinstance(inner, Functor) and match(y.argument, inner.result, bound):
            within = Functor(filled(y.result, bound), inner.slash, filled(inner.argument, bound))
            return [("bx", x if is_modifier(y) else Functor(within, x.slash, filled(x.argument, bound)))]
    return []
