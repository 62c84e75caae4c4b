"""Bilingual dictionaries: files, lists of concepts, the split, what is left out and what is refused."""

import codecs
from collections import Counter

import pytest

from probekit.corpora.generated.ciphers import names_of
from probekit.corpora.loading import load_corpus
from probekit.corpora.readers.dictionaries import dictionary_of, read_aligned_lists
from probekit.corpora.word_items import items_of, load_items
from probekit.errors import DataError, ProbekitError, UnknownName


def pairs_of(items, part=""):
    chosen = items.items[items.items["part"] == part]
    return list(zip(chosen["source"], chosen["target"], strict=True))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "dictionary.tsv"
    path.write_text("cat\tkissa\ndog\tkoira\nin front\tedessä\ncat\tkissa\n\ndog\thurtta\n", encoding="utf-8")
    return path


def test_pairs_stand_in_the_order_of_the_file_once(file):
    found = load_items(f"bilingual:{file}(source=en, target=fi)", "dictionary")
    assert pairs_of(found) == [("cat", "kissa"), ("dog", "koira"), ("in front", "edessä"), ("dog", "hurtta")]
    assert found.items["rank"].tolist() == [0, 1, 2, 3] and found.notes == {"repeated": 1}
    assert found.languages == ("en", "fi")


def test_the_first_pairs_and_the_other_direction(file):
    found = load_items(f"bilingual:{file}(first=2, reverse=true, source=en, target=fi)")
    assert pairs_of(found) == [("kissa", "cat"), ("koira", "dog")] and found.languages == ("fi", "en")


def test_blanks_separate_where_there_is_no_tab(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("one  yksi\ntwo kaksi\n")
    assert pairs_of(load_items(f"bilingual:{path}")) == [("one", "yksi"), ("two", "kaksi")]


@pytest.mark.parametrize("line", ["lonely", "a b c", "left\t", "x\ty\tz"])
def test_a_line_without_two_words_is_named(tmp_path, line):
    path = tmp_path / "pairs.tsv"
    path.write_text(f"one\tyksi\n{line}\n")
    with pytest.raises(DataError, match=r":2: expected a word, a tab, and its translation"):
        load_items(f"bilingual:{path}")


def test_held_out_source_words_are_evenly_spaced_and_never_learned_from():
    pairs = [(f"a{i // 2}", f"b{i}") for i in range(40)]  # two translations each
    found = dictionary_of({"train": pairs, "test": [("z", "z")]}, ("en", "fi"), held_out=0.25)
    test, train = ({left for left, _ in pairs_of(found, part)} for part in ("test", "train"))
    assert test == {"a3", "a7", "a11", "a15", "a19"} and not test & train and len(train) == 15
    with pytest.raises(ProbekitError, match="leaves one part empty"):
        dictionary_of({"": pairs[:6]}, ("en", "fi"), held_out=0.1)


def test_a_training_pair_that_is_tested_is_left_out_and_counted():
    parts = {"train": [("a", "x"), ("b", "y"), ("c", "z")], "test": [("b", "y"), ("a", "w")]}
    found = dictionary_of(parts, ("en", "fi"))
    assert pairs_of(found, "train") == [("a", "x"), ("c", "z")] and found.notes == {"tested_too": 1}
    held_out = dictionary_of(parts, ("en", "fi"), held_out=0.5)  # nor is it learned from or tested then
    assert [pairs_of(held_out, part) for part in ("train", "test")] == [[("a", "x")], [("c", "z")]]


def test_a_pair_on_both_sides_of_the_split_is_refused():
    rows = [("a", "x", 0, "train"), ("b", "y", 1, "train"), ("b", "y", 0, "test")]
    with pytest.raises(ProbekitError, match="'b' and 'y' is in the training and in the test part"):
        items_of("dictionary", rows)


def test_lists_of_concepts_pair_every_word_of_a_line(tmp_path):
    left, right = tmp_path / "en", tmp_path / "fr"
    left.write_text("I\nyou (singular), thou\n\nwoman\n")
    right.write_text("je\ntu, vous\nceci\nfemme\n\n")
    assert read_aligned_lists(left, right) == [
        ("I", "je"),
        ("you", "tu"),
        ("you", "vous"),
        ("thou", "tu"),
        ("thou", "vous"),
        ("woman", "femme"),
    ]
    right.write_text("je\n")
    with pytest.raises(DataError, match="1 concepts, en has 4"):
        read_aligned_lists(left, right)


@pytest.mark.data
def test_the_registered_dictionaries_are_what_their_papers_say():
    found = load_items("xling-en-fi")
    assert len(pairs_of(found, "train")) == 5000 and len(pairs_of(found, "test")) == 2000
    overlapping = load_items("xling-fi-fr")
    assert overlapping.notes == {"repeated": 182, "tested_too": 105}
    assert pairs_of(load_items("xling-en-fi(first=1000)"), "train") == pairs_of(found, "train")[:1000]
    assert len(pairs_of(load_items("swadesh(source=en, target=fr)"))) > 200
    with pytest.raises(UnknownName, match="fr"):
        load_items("swadesh(target=fx)")


def test_a_cipher_renames_words_one_to_one_and_its_dictionary_says_how():
    text, ciphered = load_corpus("meanings(n=60)"), load_corpus("meanings(n=60)|cipher")
    first = dict(zip(text.words(3), ciphered.words(3), strict=True))
    assert all(codecs.decode(to, "rot13") == word for word, to in first.items()) and ciphered.n_sentences == 60
    found = load_items("cipher-dictionary")
    words = dict(pairs_of(found, "train") + pairs_of(found, "test"))
    assert first.items() <= words.items() and not set(words) & set(words.values()) and found.generated
    assert len(pairs_of(found, "test")) == 250 and len(words) == 1000


def test_the_first_words_are_the_most_frequent_and_other_seeds_write_other_texts():
    texts = [load_corpus(f"meanings(n=300, words=200, seed={seed})") for seed in (0, 1)]
    assert texts[0].words(0) != texts[1].words(0)
    assert load_corpus("meanings(n=10, words=200)").words(9) == texts[0].words(9)
    counts = Counter(word for number in range(300) for word in texts[0].words(number))
    assert sum(counts[name] for name in names_of(200)[:20]) > 0.4 * sum(counts.values())
