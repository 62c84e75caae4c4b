"""Derivations: a chart over one category a word, and the labelled word-word dependencies that are read off them.

    derivation = derive(["np/n", "n", "s:dcl\\\\np"])       None where no rule spans the sentence
    dependencies(derivation)                              {(2, "s:dcl\\\\np", 1, 1), (0, "np/n", 1, 1)}

Of several derivations the one with the fewest steps that are no application is taken, of those the first found: parts
are tried from the shortest left one on. Heads: a functor heads what it makes, but a modifier, and a determiner, leave
that to their argument; the first part heads a coordination. What is shared without a word of its own (the subject of a
verb under an auxiliary, of both verbs of a coordination) is no dependency here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from probekit.corpora.categories import Atom, Category, Functor, parse
from probekit.corpora.combinators import changes, combine, is_modifier, is_raised, is_root

_FREE = ("fa", "ba", "lp", "rp", "conj", "lex")
Dependency = tuple[int, str, int, int]  # word of the functor, its category, slot from 1, word of the argument


@dataclass(frozen=True)
class Derivation:
    """A step: `category` made by `rule` of `parts`; a leaf (`lex`) is the word at `word`."""

    category: str
    rule: str
    parts: tuple[Derivation, ...] = ()
    word: int = -1

    def leaves(self) -> Iterator[Derivation]:
        """The leaves from left to right."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    def __str__(self) -> str:
        if not self.parts:
            return f"<{self.category} {self.word}>"
        return f"<{self.category} {self.rule} {' '.join(map(str, self.parts))}>"


class _Way(NamedTuple):
    """How a cell's category was made: how many steps no application, rule, split, categories of the parts."""

    cost: int
    rule: str
    split: int = 0
    left: str = ""
    right: str = ""


_Cell = dict[str, _Way]


def chart(categories: Sequence[str]) -> dict[tuple[int, int], _Cell]:
    """Cells by start and end: what the words between can be, and the cheapest way to it."""
    n = len(categories)
    cells: dict[tuple[int, int], _Cell] = {}
    for place, category in enumerate(categories):
        cells[place, place + 1] = _changed({category: _Way(0, "lex")})
    for width in range(2, n + 1):
        for start in range(n - width + 1):
            cell: _Cell = {}
            for split in range(start + 1, start + width):
                for left, a in cells[start, split].items():
                    for right, b in cells[split, start + width].items():
                        for made, rule in combine(left, right):
                            cost = a.cost + b.cost + (rule not in _FREE)
                            if made not in cell or cost < cell[made].cost:
                                cell[made] = _Way(cost, rule, split, left, right)
            cells[start, start + width] = _changed(cell)
    return cells


def _changed(cell: _Cell) -> _Cell:
    """A cell with what its categories may become by themselves."""
    waiting = list(cell)
    for category in waiting:
        for made in changes(category):
            cost = cell[category].cost + 1
            if made not in cell or cost < cell[made].cost:
                cell[made] = _Way(cost, "lx", 0, category)
                waiting.append(made)
    return cell


def derive(categories: Sequence[str]) -> Derivation | None:
    """The cheapest derivation of a whole sentence (any s, a noun phrase, a command), None without one.

    categories: one a word, canonical. Raises BrokenCategory for a string that is none.
    """
    for category in categories:
        parse(category)
    cells = chart(categories)
    whole = cells[0, len(categories)]
    roots = sorted((way.cost, category) for category, way in whole.items() if is_root(category))
    return _traced(cells, 0, len(categories), roots[0][1]) if roots else None


def _traced(cells: dict[tuple[int, int], _Cell], start: int, end: int, category: str) -> Derivation:
    way = cells[start, end][category]
    if way.rule == "lex":
        return Derivation(category, "lex", (), start)
    if way.rule == "lx":
        return Derivation(category, "lx", (_traced(cells, start, end, way.left),))
    left, right = _traced(cells, start, way.split, way.left), _traced(cells, way.split, end, way.right)
    return Derivation(category, way.rule, (left, right))


# --- dependencies


_Slot = tuple[tuple[int, int], ...]  # words that want an argument, with the number of their slot


class _Part(NamedTuple):
    """A step on its way up: its head word; whose each open argument is, the outermost first."""

    head: int
    owners: tuple[_Slot, ...]
    joins: int = -1  # the conjunction, where one waits for its first part
    raised: bool = False


def arguments(category: Category) -> int:
    """How many arguments a category takes."""
    return 1 + arguments(category.result) if isinstance(category, Functor) else 0


def dependencies(derivation: Derivation) -> set[Dependency]:
    """Labelled dependencies of a derivation; slot 1 is the innermost argument of the functor's category."""
    lexical = {leaf.word: leaf.category for leaf in derivation.leaves()}
    found: set[Dependency] = set()

    def fills(slot: _Slot, word: int) -> None:
        found.update((functor, lexical[functor], number, word) for functor, number in slot)

    def up(node: Derivation) -> _Part:
        if not node.parts:
            n = arguments(parse(node.category))
            return _Part(node.word, tuple(((node.word, n - k),) for k in range(n)))
        below = [up(part) for part in node.parts]
        if node.rule == "lx":
            return _changed_part(node, below[0])
        left, right = below
        if node.rule in ("lp", "rp"):
            return right if node.rule == "lp" else left
        if node.rule == "conj":
            return _Part(right.head, right.owners, joins=left.head)
        if right.joins >= 0:
            fills(((right.joins, 1),), left.head)
            fills(((right.joins, 2),), right.head)
            return left
        forward = node.rule in ("fa", "fc", "fx")
        functor, argument = (left, right) if forward else (right, left)
        category, given = (parse(node.parts[k].category) for k in ((0, 1) if forward else (1, 0)))
        degree = _degree(node, category)
        if functor.raised:
            fills(argument.owners[degree], functor.head)
            return _Part(argument.head, argument.owners[:degree] + argument.owners[degree + 1 :])
        if degree == 1 and (is_modifier(given) or _is_determiner(given)) and argument.joins < 0:
            # What a composed modifier or determiner waits for is what the functor waits for too.
            return _Part(functor.head, (argument.owners[0] + functor.owners[0], *functor.owners[1:]))
        fills(functor.owners[0], argument.head)
        if is_modifier(category):
            return _Part(argument.head, argument.owners, argument.joins, argument.raised)
        head = argument.head if _is_determiner(category) else functor.head
        return _Part(head, argument.owners[:degree] + functor.owners[1:])

    up(derivation)
    return found


def _degree(node: Derivation, functor: Category) -> int:
    """How many arguments of the argument stay open: 0 for application, 1 or 2 for composition."""
    if node.rule in ("fa", "ba"):
        return 0
    if is_modifier(functor):
        return 1
    return arguments(parse(node.category)) - arguments(functor) + 1


def _changed_part(node: Derivation, part: _Part) -> _Part:
    """After a change by itself: what a reduced relative clause modifies fills the place that was open."""
    before = node.parts[0].category
    if is_raised(node.category, before):
        return _Part(part.head, (((part.head, 0),),), raised=True)
    return _Part(part.head, part.owners[:1])


def _is_determiner(category: Category) -> bool:
    """Whether a functor makes a noun phrase of a noun."""
    return (
        isinstance(category, Functor)
        and isinstance(category.result, Atom)
        and category.result.base.lower() == "np"
        and _target(category.argument).base.lower() == "n"
    )


def _target(category: Category) -> Atom:
    while isinstance(category, Functor):
        category = category.result
    return category
