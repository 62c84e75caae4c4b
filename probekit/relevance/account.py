"""Where the score of a class went: to words, and to what is no word. What a page says beside coloured words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from probekit.relevance.catalogue import methods
from probekit.relevance.texts import TextExplanation
from probekit.specs import parse

# Places that relevance stays in, by the end of their names.
_PLACES = {"bias": "biases", "stabiliser": "stabilisers", "padding": "padding", "baseline": "an input of zeros"}
_ELSEWHERE = "positions and other places"
LEFT = "not shared out"
_LEAST = 5e-4  # of the score: less is rounding


class Account(NamedTuple):
    """Shares of a class by what took them, and whether they are parts of its score."""

    shares: Mapping[str, float]
    parts: bool


def account_of(one: TextExplanation, target: int, units: str | None = None) -> Account:
    """The account of one class of a text, by its place among those explained. units: the reduction asked for, if any.

    Numbers of a method whose sum is the score come with what biases, stabilisers and other places kept and with what no
    place took; of other methods words and special tokens are all there is.
    """
    shares = {"words": float(one.relevance[target].sum()), "special tokens": float(one.special[target])}
    if not parts_of_score(one.method, units):
        return Account(shares, False)
    for name, amounts in one.kept.items():
        place = _PLACES.get(name.rpartition(" ")[2], _ELSEWHERE)
        shares[place] = shares.get(place, 0.0) + float(amounts[target])
    shares[LEFT] = float(one.scores[target]) - sum(shares.values())
    return Account(shares, True)


def parts_of_score(method: str, units: str | None = None) -> bool:
    """Whether the numbers of a method are parts of the score: it makes them so, and they are summed over units."""
    name = parse(method).head
    meta = methods.entry(name).meta if name in methods else {}
    return bool(meta.get("parts")) and (units or meta.get("reduction")) == "sum"


def said(one: TextExplanation, target: int, units: str | None = None) -> str:
    """The account as a line: `0.71 = words 0.52 + special tokens 0.10 + biases 0.09`."""
    shares, parts = account_of(one, target, units)
    score = float(one.scores[target])
    least = _LEAST * max(1.0, abs(score))
    told = {name: value for name, value in shares.items() if name == "words" or abs(value) >= least}
    if not parts:
        return ", ".join(f"{name} {value:.3f}" for name, value in told.items())
    return f"{score:.3f} = " + " + ".join(f"{name} {value:.3f}" for name, value in told.items())
