"""Categories, rules, derivations and their dependencies; readers of categories; the generated grammar."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from probekit.corpora import load_corpus
from probekit.corpora.categories import Atom, BrokenCategory, Functor, canonical, is_category, joined, parse, symbols
from probekit.corpora.chart import Derivation, arguments, chart, dependencies, derive
from probekit.corpora.combinators import changes, combine, is_root
from probekit.corpora.generated.supertags import FORMS, FRAMES, HELD_OUT, derivations
from probekit.errors import DataError, ProbekitError

LANGUAGES = ("en", "de", "it", "nl")


def drawn(rng: random.Random, depth: int = 3) -> Any:
    if depth == 0 or rng.random() < 0.4:
        return Atom(rng.choice(["n", "np", "s:dcl", "pp", "S[ng]", ".", "conj"]))
    return Functor(drawn(rng, depth - 1), rng.choice("/\\"), drawn(rng, depth - 1))


def with_brackets(category: Any, rng: random.Random) -> str:
    """A category with brackets that it does not need."""
    if isinstance(category, Atom):
        text = category.name
    else:
        parts = [with_brackets(part, rng) for part in (category.result, category.argument)]
        sides = [
            part if isinstance(own, Atom) else f"({part})"
            for part, own in zip(parts, (category.result, category.argument), strict=True)
        ]
        text = sides[0] + category.slash + sides[1]
    return f"({text})" if rng.random() < 0.3 else text


def test_categories_survive_printing_and_brackets_beyond_need() -> None:
    rng = random.Random(0)
    for _ in range(500):
        category = drawn(rng)
        text = str(category)
        assert parse(text) == category and canonical(text) == text
        assert canonical(with_brackets(category, rng)) == text
        assert "".join(symbols(text)) == text and joined(symbols(text)) == text


@pytest.mark.data
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_category_of_training_is_written_out_and_put_together_again(language: str) -> None:
    corpus = load_corpus(f"pmb-{language}")
    for category in map(str, corpus.layers["ccg"].categories):
        assert joined(symbols(category)) == category == canonical(category)
        assert all(part in "()/\\" or not set(part) & set("()/\\") for part in symbols(category))


def test_a_category_by_hand() -> None:
    category = parse(r"((s:dcl\np)/pp)/np")
    assert isinstance(category, Functor) and category.slash == "/" and str(category.argument) == "np"
    assert arguments(category) == 3 and Atom("s:dcl").base == "s" and Atom("S[dcl]").feature == "dcl"
    assert symbols(r"(S[dcl]\NP)/NP") == ["(", "S[dcl]", "\\", "NP", ")", "/", "NP"]
    assert canonical("((N)/N)") == "N/N" and Atom(";").feature == ""
    assert joined(["np", "np"]) == "np np" and not is_category("np np") and joined(["(", "n", ")", "/", "n"]) == "n/n"


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("", 0, "empty"),
        ("  ", 0, "empty"),
        (r"S\NP/NP", 4, "two slashes"),
        (r"(S\NP/NP", 5, "two slashes"),
        (r"(S\NP)/(NP", 10, "not closed"),
        (r"(S\NP))/NP", 6, "closes nothing"),
        (r"S\\NP", 2, "doubled"),
        ("S/", 2, "nothing where"),
        ("()", 1, "nothing where"),
        ("NP(N)", 2, "follows"),
        ("N P/N", 0, "blank"),
        ("(" * 100000 + "n", 0, "too deep"),
    ],
)
def test_what_is_no_category_is_named_with_its_place(text: str, at: int, why: str) -> None:
    with pytest.raises(BrokenCategory, match=why) as caught:
        parse(text)
    assert caught.value.at == at and not is_category(text)
    assert joined([text]) == text


@pytest.mark.parametrize(
    ("left", "right", "made", "rule"),
    [
        ("np/n", "n", "np", "fa"),
        ("np", r"s:dcl\np", "s:dcl", "ba"),
        (r"(s:dcl\np)/(s:b\np)", r"(s:b\np)/np", r"(s:dcl\np)/np", "fc"),
        ("a/b", r"(b/c)\d", r"(a/c)\d", "fc"),
        (r"s:dcl\np", r"(s\np)\(s\np)", r"s:dcl\np", "ba"),
        (r"(s:dcl\np)/np", r"(s\np)\(s\np)", r"(s:dcl\np)/np", "bx"),
        (r"(s\np)/(s\np)", r"(s:ng\np)\pp", r"(s:ng\np)\pp", "fx"),
        (r"b\c", r"a\b", r"a\c", "bc"),
        ("conj", "np", r"np\np", "conj"),
        (",", "np", "np", "lp"),
        ("np", ".", "np", "rp"),
        (r"(s:X\np)/(s:X\np)", r"s:ng\np", r"s:ng\np", "fa"),
        (r"s:X/(s:X\np)", r"s:dcl\np", "s:dcl", "fa"),
        (r"S[dcl]\NP", r"(S\NP)\(S\NP)", r"S[dcl]\NP", "ba"),
        (r"(S[X]\NP)/(S[X]\NP)", r"S[pt]\NP", r"S[pt]\NP", "fa"),
    ],
)
def test_rules_by_hand(left: str, right: str, made: str, rule: str) -> None:
    assert (made, rule) in [tuple(one) for one in combine(left, right)]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("n", "n"),
        ("np/n", "np"),
        (r"s:dcl\np", "np"),
        (r"(s:dcl\np)/(s:b\np)", r"s:ng\np"),
        ("np/n", r"n\n" + "x"),
        (r"n/n", r"np\n"),
        (r"a/b", r"b\c"),
        (".", "."),
    ],
)
def test_what_does_not_combine(left: str, right: str) -> None:
    assert combine(left, right) == ()


def test_changes_and_roots() -> None:
    assert changes("n") == ("np",) and changes("N") == ("NP",) and changes("pp") == ()
    assert changes("np") == (r"s:X/(s:X\np)",) and changes("NP") == (r"S[X]/(S[X]\NP)",)
    assert changes(r"s:ng\np") == ("n\\n", "np\\np") and changes(r"S[pss]\NP") == ("N\\N", "NP\\NP")
    assert changes(r"s:dcl\np") == () and changes("s:dcl/np") == ("n\\n", "np\\np")
    assert all(map(is_root, ("s:dcl", "S[wq]", "np", r"s:b\np", r"S[b]\NP")))
    assert not any(map(is_root, ("n", "pp", r"s:dcl\np", "s:dcl/np")))


def deps(*categories: str) -> set[tuple[int, str, int, int]]:
    found = derive(categories)
    assert found is not None
    assert [leaf.word for leaf in found.leaves()] == list(range(len(categories)))
    assert [leaf.category for leaf in found.leaves()] == list(categories)
    return dependencies(found)


def test_dependencies_by_hand() -> None:
    verb = r"(s:dcl\np)/np"
    # The dog often sees a cat.
    assert deps("np/n", "n", r"(s\np)/(s\np)", verb, "np/n", "n", ".") == {
        (0, "np/n", 1, 1),
        (2, r"(s\np)/(s\np)", 2, 3),
        (3, verb, 1, 1),
        (3, verb, 2, 5),
        (4, "np/n", 1, 5),
    }
    # dogs that she sees: the relative pronoun takes the clause without its object.
    that = r"(n\n)/(s:dcl/np)"
    assert deps("np/n", "n", that, "np", verb) == {(0, "np/n", 1, 1), (2, that, 1, 1), (2, that, 2, 4), (4, verb, 1, 3)}
    # a man sleeping here: a reduced relative clause modifies the noun, which fills its open place.
    assert deps("np/n", "n", r"s:ng\np", r"(s\np)\(s\np)") == {
        (0, "np/n", 1, 1),
        (2, r"s:ng\np", 1, 1),
        (3, r"(s\np)\(s\np)", 2, 2),
    }
    # she and he sleep
    assert deps("np", "conj", "np", r"s:dcl\np") == {(1, "conj", 1, 0), (1, "conj", 2, 2), (3, r"s:dcl\np", 1, 0)}
    # An auxiliary before its subject; slot 1 is the innermost argument.
    will = r"(s:q/(s:b\np))/np"
    assert deps(will, "np", r"s:b\np") == {(0, will, 2, 1), (0, will, 1, 2)}
    assert derive(["np", "np"]) is None and derive(["n"]) is not None


def test_a_chart_finds_what_enumerating_all_trees_finds() -> None:
    """Every bracketing of short sequences, every rule, against the cells of the chart."""
    rng = random.Random(1)
    words = ["np", "n", "np/n", "n/n", r"s:dcl\np", r"(s:dcl\np)/np", r"(s\np)\(s\np)", "conj", ".", r"(n\n)/np"]

    def every(sequence: tuple[str, ...]) -> set[str]:
        found = set(sequence) if len(sequence) == 1 else set()
        for split in range(1, len(sequence)):
            for left in every(sequence[:split]):
                for right in every(sequence[split:]):
                    found |= {one.category for one in combine(left, right)}
        waiting = list(found)
        while waiting:
            more = [one for one in changes(waiting.pop()) if one not in found]
            found |= set(more)
            waiting += more
        return found

    for _ in range(60):
        sequence = tuple(rng.choice(words) for _ in range(rng.randint(1, 5)))
        assert set(chart(sequence)[0, len(sequence)]) == every(sequence)
        assert (derive(sequence) is not None) == any(map(is_root, every(sequence)))


def test_every_step_of_a_derivation_is_one_of_the_rules() -> None:
    def check(node: Derivation) -> None:
        if len(node.parts) == 1:
            assert node.category in changes(node.parts[0].category)
        elif node.parts:
            left, right = (part.category for part in node.parts)
            assert (node.category, node.rule) in [tuple(one) for one in combine(left, right)]
        for part in node.parts:
            check(part)

    for words, gold in derivations(60, 0, "test"):
        found = derive([leaf.category for leaf in gold.leaves()])
        assert found is not None and len(words) == len(list(found.leaves()))
        check(found)
        check(gold)


@pytest.mark.data
def test_gold_categories_parse() -> None:
    corpus = load_corpus("pmb-en|split(dev)")
    parsed = [
        derive([str(one) for one in corpus.layers["ccg"][a:b]]) is not None
        for a, b in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)
    ]
    assert sum(parsed) / len(parsed) > 0.98


def test_generated_sentences_hold_out_what_they_say() -> None:
    corpus = load_corpus("ccg-grammar(n=400, n_test=100)")
    of_word = corpus.sentences["split"].to_numpy()[corpus.sentence_of_word]
    by_split = {
        split: {str(one) for one in corpus.layers["ccg"][of_word == split]} for split in ("train", "dev", "test")
    }
    held = {FRAMES[frame][0].format(f=form) for frame, form in HELD_OUT}
    assert held == by_split["test"] - by_split["train"] == by_split["dev"] - by_split["train"]
    assert 20 <= len(by_split["train"] | held) <= 30 and len(FRAMES) == 5 and len(FORMS) == 3
    known = {part for one in by_split["train"] for part in symbols(one)}
    assert all(set(symbols(one)) <= known for one in held)
    longer = load_corpus("ccg-grammar(n=401, n_test=100)")
    assert longer.words(399) == corpus.words(399) and longer.words(401) == corpus.words(400)
    # Dependencies of the derivation that made a sentence are nearly all found by the chart again.
    gold, found = 0, 0
    for _, whole in derivations(100, 0, "test"):
        derived = derive([leaf.category for leaf in whole.leaves()])
        assert derived is not None
        gold += len(dependencies(whole))
        found += len(dependencies(whole) & dependencies(derived))
    assert found / gold > 0.9


COLUMNS = (
    "### Generated by a tool\n# newdoc id = p1/d2\n# raw sent = A dog sleeps.\n# tok:gold\tcat:gold\n"
    "A\ta\tnp/n\nNew~York\tb\t(n)\nsleeps\tc\t(s:dcl\\np)\n.\t.\t.\n\n#\t#\tn\n"
)


def test_columns_are_read(tmp_path: Path) -> None:
    file = tmp_path / "x-train.tsv"
    file.write_text(COLUMNS, encoding="utf-8")
    corpus = load_corpus(f"supertags:{file}")
    assert corpus.words(0) == ["A", "New~York", "sleeps", "."] and corpus.words(1) == ["#"]
    assert [str(one) for one in corpus.layers["ccg"]] == ["np/n", "n", r"s:dcl\np", ".", "n"]
    first = corpus.sentences.iloc[0]
    assert (first["document"], first["text"], first["split"], first["line"]) == ("p1/d2", "A dog sleeps.", "train", 5)
    blanks = tmp_path / "blanks.txt"
    blanks.write_text("a n\nb np/n\n", encoding="utf-8")
    assert load_corpus(f"supertags:{blanks}(word=2, category=2)").words(0) == ["n", "np/n"]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a\tn\nb\tS\\NP/NP\n", "", "x.tsv:2.*two slashes"),
        ("a\tn\nb\t\n", "", "x.tsv:2.*empty"),
        ("a\tn\nb\n", "", "x.tsv:2.*1 column"),
        ("a\tn\n \tn\n", "", "x.tsv:2.*empty word"),
        ("# only\n\n", "", "no sentence"),
        ("a\tn\n", "(category=0)", "category=0"),
        ("a\tn\n", "(word=true)", "word"),
    ],
)
def test_broken_columns_are_refused(tmp_path: Path, text: str, options: str, said: str) -> None:
    file = tmp_path / "x.tsv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProbekitError, match=said):
        load_corpus(f"supertags:{file}{options}")


def test_word_classes_are_read_and_broken_lines_refused(tmp_path: Path) -> None:
    file = tmp_path / "x-test.txt"
    file.write_text("Adé PROPN\nsùn VERB\n\n# ADJ\n", encoding="utf-8")
    corpus = load_corpus(f"word-classes:{file}")
    assert corpus.words(0) == ["Adé", "sùn"] and corpus.words(1) == ["#"] and set(corpus.sentences["split"]) == {"test"}
    assert [str(one) for one in corpus.layers["upos"]] == ["PROPN", "VERB", "ADJ"]
    for text, options, said in (
        ("a X\nb\n", "", "x-test.txt:2: 1 column where word=1 and tag=-1"),
        ("a\tX\nb\t\n", "", "x-test.txt:2.*empty class"),
        ("a X\n", "(tag=0)", "tag=0"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ProbekitError, match=said):
            load_corpus(f"word-classes:{file}{options}")


LEAF = "(<L NP NNP NNP Ada NP>)"
VERB = r"(<L S[dcl]\NP VBZ VBZ sleeps S[dcl]\NP_1>)"
AUTO = f"ID=wsj_1.1 PARSER=GOLD NUMPARSE=1\n(<T S[dcl] 1 2> {LEAF} {VERB} )\n"


def test_derivations_of_ccgbank_are_read(tmp_path: Path) -> None:
    file = tmp_path / "wsj-dev.auto"
    file.write_text(AUTO, encoding="utf-8")
    corpus = load_corpus(f"ccgbank:{file}")
    assert corpus.words(0) == ["Ada", "sleeps"] and corpus.sentences["id"].tolist() == ["wsj_1.1"]
    assert [str(one) for one in corpus.layers["ccg"]] == ["NP", r"S[dcl]\NP"]
    assert [str(one) for one in corpus.layers["xpos"]] == ["NNP", "VBZ"]
    assert derive([str(one) for one in corpus.layers["ccg"]]) is not None
    assert corpus.sentences["split"].tolist() == ["dev"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"(<T S 1 2> {LEAF} )", "lacks 1"),
        (f"(<T S 1 1> {LEAF} {LEAF} )", "more parts"),
        (f"(<T S 1 2> {LEAF} {LEAF}", "does not end"),
        (f"{LEAF} )", "closes nothing"),
        (f"{LEAF} {LEAF}", "second derivation"),
        ("(S (NP Ada))", "no derivation of CCGbank from character 1"),
        ("(<L N//N NN NN a N>)", "no category"),
    ],
)
def test_broken_derivations_are_refused(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "x.auto"
    file.write_text(f"ID=1\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=said):
        load_corpus(f"ccgbank:{file}")


def test_categories_are_labels_of_words() -> None:
    from probekit import tasks

    corpus = load_corpus("ccg-grammar(n=20, n_test=5)")
    task = tasks.get("word/ccg")
    assert len(task.units(corpus)) == corpus.n_words and "word/ccg" in tasks.list("word/*", corpus)
    assert list(task.targets(corpus)) == [str(one) for one in corpus.layers["ccg"]]


TERMS = r"""% a comment
ccg(7,
 ba(s:dcl,
  fa(np:nb,
   t(np:nb/n, 'The', the, 'DT', 'O'),
   lx(n, np, t(np, 'King\'s', 'king', 'NN', 'O'))),
  rp(s:dcl\np,
   t(s:dcl\np, 'sleeps', 'sleep', 'VBZ', 'O'),
   t(comma, ',', ',', ',', 'O')))).
"""


def test_derivations_as_terms_are_read(tmp_path: Path) -> None:
    from probekit.corpora.readers.ccg_terms import derivations as of_file
    from probekit.corpora.readers.lines import TextFile

    file = tmp_path / "x-test.pl"
    file.write_text(TERMS, encoding="utf-8")
    corpus = load_corpus(f"ccg-terms:{file}")
    assert corpus.words(0) == ["The", "King's", "sleeps", ","] and corpus.sentences["id"].tolist() == ["x-test.pl:7"]
    assert [str(one) for one in corpus.layers["ccg"]] == ["np:nb/n", "np", r"s:dcl\np", ","]
    assert [str(one) for one in corpus.layers["xpos"]] == ["DT", "NN", "VBZ", ","]
    ((number, line, words, tags, whole),) = of_file(TextFile(file))
    assert (number, line, len(words), len(tags)) == ("7", 1, 4, 4)
    assert str(whole) == r"<s:dcl ba <np:nb fa <np:nb/n 0> <n lx <np 1>>> <s:dcl\np rp <s:dcl\np 2> <, 3>>>"
    assert dependencies(whole) == {(0, "np:nb/n", 1, 1), (2, r"s:dcl\np", 1, 1)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing here\n", "no sentence"),
        ("ccg(1, t(np, 'a', 'b', 'c').\n", "does not end"),
        ("ccg(1, t(np, 'a')).\n", "without word, lemma and tag"),
        ("ccg(1, fa(np, np)).\n", "0 parts"),
        ("ccg(1, fa(n/, t(n, 'a', 'b', 'c'))).\n", "no category"),
        ("ccg(1, 'a').\n", "no term"),
    ],
)
def test_broken_terms_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.pl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        load_corpus(f"ccg-terms:{file}")


@pytest.mark.data
def test_our_chart_agrees_with_the_derivations_of_the_tools_of_the_study() -> None:
    """The same categories: a derivation for nearly all sentences, and nearly the dependencies of theirs."""
    from probekit.corpora.readers.ccg_terms import derivations as of_file
    from probekit.corpora.readers.lines import TextFile
    from probekit.resources import find

    parsed, theirs, ours, shared = 0, 0, 0, 0
    every = of_file(TextFile(find("ccg_derivations/SICK_trial_ccg.pl")))
    for *_, whole in every:
        found = derive([leaf.category for leaf in whole.leaves()])
        if found is not None:
            a, b = dependencies(whole), dependencies(found)
            parsed, theirs, ours, shared = parsed + 1, theirs + len(a), ours + len(b), shared + len(a & b)
    assert parsed / len(every) > 0.99 and 2 * shared / (theirs + ours) > 0.99


def test_words_of_a_treebank_become_those_of_running_text_one_for_one() -> None:
    from probekit.corpora import Corpus
    from probekit.corpora.steps.treebank_words import plain_words

    words = [
        ["He", "did", "n't", "-LRB-", "1\\/2", "-RRB-"],
        ["I", "can", "n't", "ca", "N'T", "\\*"],
        ["n't", "won", "n't"],
    ]
    found = plain_words(Corpus.from_words(words))
    assert [found.words(row) for row in range(3)] == [
        ["He", "didn", "'t", "(", "1/2", ")"],
        ["I", "can", "'t", "caN", "'T", "*"],
        ["n't", "won", "'t"],
    ]
