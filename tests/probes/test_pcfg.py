"""The prefix parser: its counts, its chart against all trees and against NLTK, its classes of words, its answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from plain_pcfg import all_trees, cut, last_word, nested, rule_probabilities, words_of

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import parse_tree
from probekit.errors import ProbekitError
from probekit.probes.pcfg import ANCESTOR_TASKS, Pcfg, ancestor_answers, word_class
from probekit.probes.pcfg_chart import TAG

FIXTURE = "(TOP (S (NP (DT The) (NN dog)) (VP (VBD ate) (NP (NNS bones))) (. .)))"


def with_trees(*trees: str) -> Corpus:
    made = Corpus.from_words([parse_tree(tree).words for tree in trees])
    return Corpus(made.form, made.offsets, sentences=made.sentences, trees=trees)


def random_trees(seed: int, n: int = 12) -> list[str]:
    """Small ambiguous trees with chains of single children, long right sides and words with several tags."""
    rng = np.random.default_rng(seed)

    def grow(label: str, depth: int) -> str:
        if depth > 2 or rng.random() < 0.3:
            return f"({rng.choice(['N', 'V', 'A'])} {rng.choice(list('abc'))})"
        kids = " ".join(grow(rng.choice(["A", "B", "S"]), depth + 1) for _ in range(rng.integers(1, 4)))
        return f"({label} {kids})"

    return [f"(TOP {grow('S', 0)} {grow('B', 1)})" if rng.random() < 0.8 else f"(TOP {grow('S', 0)})" for _ in range(n)]


# --- estimation --------------------------------------------------------------------------------------


def test_partial_trees_of_the_card() -> None:
    tree = nested(parse_tree(FIXTURE))
    assert cut(tree, 1) == ("TOP", ("S", ("NP", ("DT", 0))))
    assert cut(tree, 3) == ("TOP", ("S", ("NP", ("DT", 0), ("NN", 1)), ("VP", ("VBD", 2))))
    grammar = Pcfg.fit(with_trees(FIXTURE), rare=0)
    # Of five partial trees, S is NP alone in two, NP VP in two, all three in the last.
    assert {right: p for (left, right), p in grammar.rules.items() if left == "S"} == {
        ("NP",): 2 / 5,
        ("NP", "VP"): 2 / 5,
        ("NP", "VP", "@."): 1 / 5,
    }
    assert grammar.roots == {"TOP": 1.0} and grammar.tags("dog") == {"NN": 1.0}


@pytest.mark.parametrize("prefixes", [True, False])
def test_counts_are_those_of_partial_trees_made_one_by_one(prefixes: bool) -> None:
    for seed in range(4):
        trees = random_trees(seed)
        grammar = Pcfg.fit(with_trees(*trees), prefixes=prefixes, rare=0)
        assert grammar.rules == pytest.approx(rule_probabilities(trees, prefixes), abs=1e-12)
        counts: dict[tuple[str, str], int] = {}
        of_tag: dict[str, int] = {}
        for text in trees:
            tree = parse_tree(text)
            for t in range(1, len(tree.words) + 1) if prefixes else [len(tree.words)]:
                for tag, word in words_of(cut(nested(tree), t)):
                    counts[tree.words[word], tag] = counts.get((tree.words[word], tag), 0) + 1
                    of_tag[tag] = of_tag.get(tag, 0) + 1
        for (word, tag), times in counts.items():
            assert grammar.lexicon[word][tag] == pytest.approx(times / of_tag[tag], abs=1e-12)


def test_probabilities_of_every_left_side_and_every_tag_sum_to_one() -> None:
    grammar = Pcfg.fit(load_corpus("grammar(n=200)"))
    sums: dict[str, float] = {}
    for (left, _), p in grammar.rules.items():
        sums[left] = sums.get(left, 0) + p
    assert all(value == pytest.approx(1) for value in sums.values())
    of_tag: dict[str, float] = {}
    for name, table in (*grammar.lexicon.items(), *grammar.classes.items()):
        for tag, p in table.items():
            of_tag[tag] = of_tag.get(tag, 0) + (0 if name == "*" else p)
    assert all(value == pytest.approx(1) for value in of_tag.values())
    assert sum(grammar.roots.values()) == pytest.approx(1)


def test_truncation_leaves_the_ancestors_of_the_words_that_remain() -> None:
    corpus = load_corpus("grammar(n=40)")
    for text in corpus.trees:
        tree = parse_tree(text)
        for t in range(1, len(tree.words) + 1):
            tag, ancestors = last_word(cut(nested(tree), t))
            assert (tag, list(ancestors)) == (tree.tags[t - 1], tree.ancestors(t - 1))


# --- the chart ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_every_prefix_has_the_best_of_all_its_trees(seed: int) -> None:
    trees = random_trees(seed, 4)
    grammar = Pcfg.fit(with_trees(*trees), rare=0)
    rng = np.random.default_rng(seed)
    parsed = lost = unique = 0
    for _ in range(5):
        words = [str(word) for word in rng.choice(list("abc"), rng.integers(1, 4))]
        for t, found in enumerate(grammar.prefixes(words), 1):
            every = all_trees(grammar, words[:t])
            if not every:
                assert found is None
                lost += 1
                continue
            assert found is not None and found.log_probability == pytest.approx(every[0][0], abs=1e-9)
            best = {last_word(tree) for score, tree in every if score > every[0][0] - 1e-9}
            assert (found.tag, found.ancestors) in best
            parsed, unique = parsed + 1, unique + (len(best) == 1)
    assert parsed > 5 and unique > 0


def test_the_chart_agrees_with_nltk() -> None:
    nltk = pytest.importorskip("nltk")
    corpus = load_corpus("grammar(n=25, seed=3)")
    grammar = Pcfg.fit(corpus, rare=0)
    productions = [
        nltk.ProbabilisticProduction(nltk.Nonterminal(left), [nltk.Nonterminal(name) for name in right], prob=p)
        for (left, right), p in grammar.rules.items()
    ]
    productions += [
        nltk.ProbabilisticProduction(nltk.Nonterminal(TAG + tag), [word], prob=p)
        for word, table in grammar.lexicon.items()
        for tag, p in table.items()
    ]
    parser = nltk.ViterbiParser(nltk.PCFG(nltk.Nonterminal("TOP"), productions))
    short = [i for i in range(corpus.n_sentences) if 3 <= corpus.lengths[i] <= 6][:3]
    assert short
    for sentence in short:
        words = corpus.words(sentence)
        for t, found in enumerate(grammar.prefixes(words), 1):
            [tree] = parser.parse(words[:t])
            assert found is not None and found.log_probability == pytest.approx(math.log(tree.prob()), abs=1e-9)
            place = tree.leaf_treeposition(t - 1)
            path = [tree[place[:k]].label() for k in range(len(place) - 1, -1, -1)]
            assert (TAG + found.tag, list(found.ancestors)) == (path[0], path[1:])


def test_a_prefix_is_parsed_alike_alone_and_within_a_longer_sentence() -> None:
    corpus = load_corpus("grammar(n=120)")
    grammar = Pcfg.fit(corpus.select(range(100)))
    for sentence in range(100, 104):
        words = corpus.words(sentence)
        found = grammar.prefixes(words)
        for t in range(1, len(words) + 1):
            assert grammar.prefixes(words[:t])[-1] == found[t - 1]


def test_long_sentences_are_parsed_alike_when_less_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = load_corpus("grammar(n=80)")
    grammar = Pcfg.fit(corpus)
    words = corpus.words(int(np.argmax(corpus.lengths)))
    found = grammar.prefixes(words)
    monkeypatch.setattr("probekit.probes.pcfg_chart._KEPT_BYTES", 0)
    assert grammar.prefixes(words) == found


def test_tags_that_are_named_as_labels_are_two_symbols() -> None:
    grammar = Pcfg.fit(with_trees("(TOP (X (X a) (X b)))", "(TOP (X (X (X a)) (X b)))"), rare=0)
    [_, found] = grammar.prefixes(["a", "b"])
    assert found is not None and (found.tag, found.ancestors) == ("X", ("X", "TOP"))
    alone = Pcfg.fit(with_trees("(UH Oh)", "(TOP (UH Oh))"), rare=0).prefixes(["Oh"])[0]
    assert alone is not None and alone.log_probability == pytest.approx(math.log(0.5))


# --- words and answers -------------------------------------------------------------------------------


def test_rare_words_share_the_tags_of_their_class() -> None:
    assert word_class("Running") == "capital -ing" and word_class("Running", first=True) == "first -ing"
    assert [word_class(w) for w in ("3.5", "--", "IBM", "mid-1990s", "walks", "it")] == [
        "number",
        "mark",
        "capitals",
        "digit hyphen -s",
        "-s",
        "plain",
    ]
    trees = ["(TOP (S (NN dog) (VBZ walks)))", "(TOP (S (NN dog) (VBZ sings)))", "(TOP (S (NN cat) (VBZ walks)))"]
    grammar = Pcfg.fit(with_trees(*trees))
    assert grammar.lexicon.keys() == {"dog", "walks"} and set(grammar.tags("swims")) == {"VBZ"}
    assert grammar.tags("Zoë-9") == grammar.classes["*"], "a class never seen: all rare words together"
    assert not Pcfg.fit(with_trees(*trees), rare=0).tags("swims")


def test_answers_are_the_parser_s_or_the_word_s_majority_and_counted() -> None:
    corpus = load_corpus("grammar(n=220)")
    train, test = corpus.select(range(200)), corpus.select(range(200, 220))
    grammar = Pcfg.fit(train)
    answers, counts = ancestor_answers(grammar, train, test)
    assert list(answers) == list(ANCESTOR_TASKS) and counts["prefixes"] == test.n_words
    found = [one for i in range(test.n_sentences) for one in grammar.prefixes(test.words(i))]
    assert counts["fallback"] == sum(one is None for one in found)
    for height, (name, table) in enumerate(answers.items()):
        assert table["gold"].tolist() == tasks.get(name).targets(test).tolist()
        own = [one.label(height) for one in found if one is not None]
        assert table.loc[~table["fallback"], "predicted"].tolist() == own
    right = (answers["word/parent"]["gold"] == answers["word/parent"]["predicted"]).mean()
    commonest = answers["word/parent"]["gold"].value_counts(normalize=True).iloc[0]
    assert right > commonest + 0.2
    with pytest.raises(ProbekitError, match="not 'word/upos'"):
        ancestor_answers(grammar, train, test, ["word/upos"])
    with pytest.raises(ProbekitError, match="without words"):
        grammar.prefixes([])


def test_a_word_that_no_rule_has_room_for_falls_back() -> None:
    train = with_trees("(TOP (S (N a) (V b)))", "(TOP (S (N a) (V b)))")
    grammar = Pcfg.fit(train)
    assert [one is None for one in grammar.prefixes(["b", "a"])] == [True, True]
    answers, counts = ancestor_answers(grammar, train, with_trees("(TOP (S (V b) (N a)))"), ["word/pos"])
    assert answers["word/pos"]["predicted"].tolist() == ["V", "N"] and counts["fallback"] == 2
