"""A probabilistic context-free grammar of sentence prefixes: what a model that knows trees and nothing else can say.

Estimated from prefix trees: of a sentence of n words the n partial trees over its first words, every node without a
word taken away. P(A -> b) = count(A -> b) / count(A) over all of them. Truncation leaves the ancestors of words that
remain as they were, so a prefix's best tree answers for its last word. Source: Chang & Rafferty 2020, Encodings of
Source Syntax (RepL4NLP), with the parser of Klein & Manning 2003. Words the training trees hold only rarely are pooled
by how they look (ours; the parser of the paper has classes of its own).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from probekit import progress, tasks
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import Tree, parse_tree
from probekit.errors import ProbekitError
from probekit.probes.controls import WordMajority
from probekit.probes.pcfg_chart import TAG, Chart, Parsed, RuleTable

Rule = tuple[str, tuple[str, ...]]

_SUFFIXES = ("ing", "ed", "ly", "ion", "er", "est", "al", "ous", "ble", "y", "s")
_ANY = "*"  # every class together, for a class that was never seen


@dataclass(frozen=True)
class Pcfg:
    """A grammar with probabilities.

    rules: P of every right side, which may be of any length, given its left side; `@NN` is the tag NN. roots: P of
    every symbol to be outermost. lexicon: for each known word P(word | tag) by tag. classes: the same for the classes
    of rare words. `Pcfg.fit(corpus)` estimates one.
    """

    rules: dict[Rule, float]
    roots: dict[str, float]
    lexicon: dict[str, dict[str, float]]
    classes: dict[str, dict[str, float]]

    @classmethod
    def fit(cls, corpus: Corpus, prefixes: bool = True, rare: int = 1) -> Pcfg:
        """Estimate a grammar from the trees of a corpus.

        prefixes: count the partial trees over the first words of every sentence too; without, whole trees alone. Words
        that occur `rare` times or less are pooled in classes. Raises ProbekitError for a corpus without trees.
        """
        corpus.require("trees")
        assert corpus.trees is not None
        counts = Counts()
        frequency = Counter(word for i in range(corpus.n_sentences) for word in corpus.words(i))
        for number, text in enumerate(corpus.trees):
            words = corpus.words(number)
            counts.add(parse_tree(text), words, [frequency[word] > rare for word in words], prefixes)
        return counts.grammar()

    def tags(self, word: str, first: bool = False) -> dict[str, float]:
        """P(word | tag) by tag; for a word that is not known, that of its class, or of all rare words together."""
        if word in self.lexicon:
            return self.lexicon[word]
        name = word_class(word, first)
        return self.classes.get(name) or self.classes.get(_ANY, {})

    @cached_property
    def table(self) -> RuleTable:
        """The rules, prepared for charts."""
        return RuleTable(self.rules, self.roots, sorted(self._all_tags()))

    def _all_tags(self) -> set[str]:
        return {tag for table in (*self.lexicon.values(), *self.classes.values()) for tag in table}

    def prefixes(self, words: Sequence[str]) -> list[Parsed | None]:
        """For every prefix of a sentence, tag and ancestors of its last word in the prefix's best tree.

        One chart serves all prefixes. None where the grammar has no tree for a prefix.
        """
        if not words:
            raise ProbekitError("a sentence without words cannot be parsed")
        tags = [self.tags(word, at == 0) for at, word in enumerate(words)]
        return Chart(self.table, [{tag: math.log(p) for tag, p in one.items()} for one in tags]).prefixes()


class Counts:
    """Counts of rules, roots and words while trees are added."""

    def __init__(self) -> None:
        self.rules: Counter[Rule] = Counter()
        self.roots: Counter[str] = Counter()
        self.words: Counter[tuple[str, str]] = Counter()  # tag, known word
        self.rare: Counter[tuple[str, str]] = Counter()  # tag, class

    def add(self, tree: Tree, words: Sequence[str], known: Sequence[bool], prefixes: bool) -> None:
        """One tree with its words, and, with `prefixes`, its partial trees, counted without making them.

        The partial tree of t words holds a node that starts at word s when t > s, with those of its children that start
        before t. So the rule with the first j children is in as many partial trees as there are words from the start
        of child j to that of child j + 1, and with all children in those up to the end of the sentence.
        """
        n = len(words)
        children: list[list[tuple[int, str]]] = [[] for _ in tree.labels]  # start, label
        for node, above in enumerate(tree.above):
            if above >= 0:
                children[above].append((tree.starts[node], tree.labels[node]))
        for at, above in enumerate(tree.parents):
            if above >= 0:
                children[above].append((at, TAG + tree.tags[at]))
        for node, kids in enumerate(children):
            kids.sort()
            label, symbols = tree.labels[node], tuple(symbol for _, symbol in kids)
            if not prefixes:
                self.rules[label, symbols] += 1
                continue
            starts = [start for start, _ in kids[1:]] + [n]
            for j, (start, _) in enumerate(kids):
                if starts[j] > start:
                    self.rules[label, symbols[: j + 1]] += starts[j] - start
        self.roots[tree.labels[0] if tree.labels else TAG + tree.tags[0]] += n if prefixes else 1
        for at, (word, tag) in enumerate(zip(words, tree.tags, strict=True)):
            times = n - at if prefixes else 1
            if known[at]:
                self.words[tag, word] += times
            else:
                self.rare[tag, word_class(word, at == 0)] += times
                self.rare[tag, _ANY] += times

    def grammar(self) -> Pcfg:
        """Relative frequencies."""
        if not self.rules and not self.roots:
            raise ProbekitError("a grammar needs at least one tree")
        of_label: Counter[str] = Counter()
        for (label, _), times in self.rules.items():
            of_label[label] += times
        of_tag: Counter[str] = Counter()
        for (tag, _), times in self.words.items():
            of_tag[tag] += times
        for (tag, name), times in self.rare.items():
            of_tag[tag] += times if name == _ANY else 0
        lexicon: dict[str, dict[str, float]] = defaultdict(dict)
        classes: dict[str, dict[str, float]] = defaultdict(dict)
        for table, counts in ((lexicon, self.words), (classes, self.rare)):
            for (tag, word), times in sorted(counts.items()):
                table[word][tag] = times / of_tag[tag]
        rules = {rule: times / of_label[rule[0]] for rule, times in sorted(self.rules.items())}
        n = sum(self.roots.values())
        roots = {root: times / n for root, times in sorted(self.roots.items())}
        return Pcfg(rules, roots, dict(lexicon), dict(classes))


def word_class(word: str, first: bool = False) -> str:
    """How a word looks: capitals, digits, hyphen, ending. At the start of a sentence a capital tells less."""
    if not any(character.isalpha() for character in word):
        return "number" if any(character.isdigit() for character in word) else "mark"
    parts = []
    if word[0].isupper():
        parts.append("first" if first else "capitals" if word.isupper() and len(word) > 1 else "capital")
    if any(character.isdigit() for character in word):
        parts.append("digit")
    if "-" in word:
        parts.append("hyphen")
    lower = re.sub(r"[^a-z]+$", "", word.lower())
    parts += [f"-{suffix}" for suffix in _SUFFIXES if lower.endswith(suffix) and len(lower) > len(suffix) + 2][:1]
    return " ".join(parts) or "plain"


# --- answers to tasks --------------------------------------------------------------------------------

ANCESTOR_TASKS = ("word/pos", "word/parent", "word/grandparent", "word/great-grandparent")


def ancestor_answers(
    grammar: Pcfg, train: Corpus, test: Corpus, names: Sequence[str] = ANCESTOR_TASKS
) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """A grammar's answers to the tasks of tags and ancestors, and how often they are not its own.

    Each word of `test` is answered from the best tree of the prefix that ends in it; where there is none, with the
    commonest label of the word in `train`. Returns for every task a table of answers (unit, group, gold, predicted,
    fallback), and counts: prefixes, fallback, unknown_words.
    """
    for name in names:
        if name not in ANCESTOR_TASKS:
            raise ProbekitError(f"a grammar answers {', '.join(ANCESTOR_TASKS)}, not '{name}'")
    found: list[Parsed | None] = []
    with progress.bar(test.n_words, "parsing prefixes", "word") as bar:
        for sentence in range(test.n_sentences):
            found += grammar.prefixes(test.words(sentence))
            bar.update(int(test.lengths[sentence]))
    words = np.array([word for i in range(test.n_sentences) for word in test.words(i)], dtype=object)
    seen = np.array([word for i in range(train.n_sentences) for word in train.words(i)], dtype=object)
    lost = np.array([one is None for one in found])
    answers = {}
    for name in names:
        task = tasks.get(name)
        height = ANCESTOR_TASKS.index(name)
        predicted = WordMajority.fit(seen, task.targets(train)).predict(words)
        for at, one in enumerate(found):
            if one is not None:
                predicted[at] = one.label(height)
        units = task.units(test)
        answers[name] = pd.DataFrame(
            {
                "unit": units["unit"],
                "group": units["group"],
                "gold": task.targets(test),
                "predicted": predicted,
                "fallback": lost,
            }
        )
    unknown = sum(word not in grammar.lexicon for word in words)
    return answers, {"prefixes": len(found), "fallback": int(lost.sum()), "unknown_words": unknown}
