"""Readers of word items: lists, outliers, compounds, lexicons, prototypes, and the function words of a treebank."""

from __future__ import annotations

import pytest

import probekit as pk
from probekit.corpora.word_items import describe, load_items
from probekit.errors import ProbekitError, UnknownName


def rows(spec: str) -> list[tuple]:
    return list(load_items(spec).items.itertuples(index=False, name=None))


def test_categories_leave_out_what_has_no_word_and_what_repeats(tmp_path):
    path = tmp_path / "categories.csv"
    path.write_text("category,word,kind\nfruit,pear,a\nfruit,pear,b\nfruit,,a\ncolour,pear,b\n", encoding="utf-8")
    assert rows(f"categories:{path}") == [("pear", "fruit"), ("pear", "colour")]
    assert load_items(f"categories:{path}").notes == {"left out": 2}
    assert rows(f"categories:{path}(column=kind)")[1] == ("pear", "b")
    with pytest.raises(ProbekitError, match="no column 'sort'"):
        load_items(f"categories:{path}(column=sort)")


def test_relations_leave_out_pairs_of_no_known_relation(tmp_path):
    path = tmp_path / "relations.tsv"
    path.write_text("word1\tword2\trelation\ncat\tpaw\tmero\ncat\tcloud\t?\ncat\tpaw\tmero\n", encoding="utf-8")
    assert rows(f"relations:{path}") == [("cat", "paw", "mero")]


def test_words_stand_in_order_and_once(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("the\n\nof\nthe\n", encoding="utf-8")
    assert rows(f"words:{path}") == [("the",), ("of",)]


def test_outliers_of_a_file_and_of_a_folder(tmp_path):
    (tmp_path / "cats.txt").write_text("\ntiger\nlion\n\ndog\nday\n", encoding="utf-8")
    (tmp_path / "halls.txt").write_text("Royal_Albert_Hall\nOlympia\n\nCBGB\n", encoding="utf-8")
    cats = [("cats", "tiger", False), ("cats", "lion", False), ("cats", "dog", True), ("cats", "day", True)]
    assert rows(f"outliers:{tmp_path / 'cats.txt'}") == cats
    assert rows(f"outliers:{tmp_path}") == [*cats, *rows(f"outliers:{tmp_path / 'halls.txt'}")]
    before = describe(f"outliers:{tmp_path}").digest
    (tmp_path / "halls.txt").write_text("Royal_Albert_Hall\nOlympia\n\nCBGB\nRMS\n", encoding="utf-8")
    assert describe(f"outliers:{tmp_path}").digest != before
    (tmp_path / "halls.txt").write_text("Olympia\nCBGB\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match=r"halls\.txt: expected two words or more, an empty line, and outliers"):
        load_items(f"outliers:{tmp_path}")


def test_compounds_have_their_rating_in_the_last_column(tmp_path):
    path = tmp_path / "compounds.tsv"
    path.write_text("modifier\thead\trating\nend\tuser\t4.2\nsnail\tmail\t1\t2\t1.5\n", encoding="utf-8")
    assert rows(f"compounds:{path}") == [("end", "user", 4.2), ("snail", "mail", 1.5)]
    path.write_text("end\tuser\t4.2\nsnail\tmail\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match=":2: expected a modifier, a head and a rating"):
        load_items(f"compounds:{path}")


def test_a_lexicon_has_a_head_a_line(tmp_path):
    path = tmp_path / "lexicon.txt"
    path.write_text("big large huge large\nalone\nlarge large big\n", encoding="utf-8")
    assert rows(f"lexicon:{path}") == [("big", "large"), ("big", "huge"), ("large", "big")]
    assert load_items(f"lexicon:{path}").notes == {"alone": 1}
    path.write_text("alone\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match="no item of lexicon"):
        load_items(f"lexicon:{path}")


DATA = """  1 a licence stands above, indented
00000001 03 n 02 car 0 auto 0 001 @ 00000002 n 0000 | a thing that drives
00000002 03 n 01 motor_vehicle 0 000 | a thing with a motor
"""


def test_wordnet_is_read_from_its_database_and_from_a_table(tmp_path):
    folder = tmp_path / "dict"
    folder.mkdir()
    (folder / "data.noun").write_text(DATA, encoding="utf-8")
    (folder / "data.adj").write_text("00000003 00 s 02 big(p) 0 large 0 000 | great\n", encoding="utf-8")
    (tmp_path / "synsets.tsv").write_text(
        "id\thypernyms\tmembers\n1-n\t2-n\tcar|auto\n2-n\t\tmotor vehicle\n3-a\t\tbig|large\n", encoding="utf-8"
    )
    same = {("car", "auto"), ("auto", "car"), ("big", "large"), ("large", "big")}
    over = {(word, "motor_vehicle") for word in ("car", "auto")}
    for spec in (f"wordnet:{folder}", f"synsets:{tmp_path / 'synsets.tsv'}"):
        assert set(rows(spec)) == same
        assert set(rows(f"{spec}(relations=hypernyms)")) == same | over | {(right, left) for left, right in over}
        with pytest.raises(UnknownName, match="hypernyms"):
            load_items(f"{spec}(relations=hypernym)")
    (folder / "data.noun").write_text("00000001 03 n zz car\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match=r"data\.noun:1: is no line of WordNet's database"):
        load_items(f"wordnet:{folder}")


def test_ratings_of_scws_are_read_without_contexts(tmp_path):
    path = tmp_path / "ratings.txt"
    path.write_text("1\tBrazil\tn\tnut\tn\tone\ttwo\t1.1\t1\t2\n", encoding="utf-8")
    assert rows(f"scws:{path}") == [("Brazil", "nut", 1.1)]
    path.write_text("1\tBrazil\tn\tnut\tn\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match=":1: expected 8 columns"):
        load_items(f"scws:{path}")


def test_function_words_are_forms_of_closed_classes(tmp_path):
    lines = []
    for form, upos in [("The", "DET"), ("the", "DET"), ("to", "PART"), ("to", "NOUN"), ("dog", "NOUN"), (".", "PUNCT")]:
        lines.append(f"1\t{form}\t_\t{upos}\t_\t_\t0\troot\t_\t_\n")
    path = tmp_path / "some.conllu"
    path.write_text("\n".join(lines), encoding="utf-8")
    corpus = f'of="conllu:{path}"'
    assert rows(f"function-words({corpus}, least=2)") == [("the",)]
    assert rows(f"function-words({corpus}, least=1, share=0.5)") == [("the",), ("to",)]
    source = describe(f"function-words({corpus})")
    assert not source.generated and str(path) not in source.name and str(path) in source.spec
    path.write_text(path.read_text(encoding="utf-8").replace("dog", "cat"), encoding="utf-8")
    assert describe(f"function-words({corpus})").digest != source.digest
    with pytest.raises(ProbekitError, match="lower share or least"):
        load_items(f"function-words({corpus}, least=9)")
    with pytest.raises(ProbekitError, match="no parts of speech"):
        load_items('function-words(of="cues(n=20)")')


def test_function_words_of_generated_sentences_are_generated():
    assert describe('function-words(of="grammar(n=20)")').generated
    assert ("the",) in rows('function-words(of="grammar(n=200)")')


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n", "first"),
    [
        ("google-analogies", 19544, ("Athens", "Greece", "Baghdad", ("Iraq",))),
        ("msr-analogies", 8000, ("good", "better", "rough", ("rougher",))),
        ("jair-analogies", 430, ("solar system", "atom", "sun", ("nucleus",))),
        ("categories-ap", 402, ("acne", "illness")),
        ("categories-battig", 5229, ("diamond", "precious stone")),
        ("categories-bless", 200, ("carp", "water_animal")),
        ("categories-essli-verbs", 45, ("suggest", "communication-cognition")),
        ("categories-essli-nouns", 44, ("chicken", "bird")),
        ("relations-bless", 26310, ("blouse", "fancy", "attri")),
        ("outliers-8-8-8", 128, ("Information_Technology_companies", "Apple", False)),
        ("compounds-reddy", 90, ("end", "user", 4.25)),
        ("compounds-farahmand", 1042, ("academy", "award", 0.0)),
        ("framenet", 417456, ("sprinkle", "splatter")),
        ("open-english-wordnet", 274454, ("a_cappella", "a_capella")),
        ("semeval-2012-2", 3464, ("flower", "tulip", 0.0, "1a CLASS-INCLUSION: Taxonomic", "prototype")),
    ],
)
def test_registered_lists_as_they_are_published(name, n, first):
    found = load_items(name)
    assert len(found) == n and rows(name)[0][: len(first)] == first and not found.generated


@pytest.mark.data
def test_each_relation_of_semeval_has_pairs_that_show_it_and_ratings():
    parts = load_items("semeval-2012-2").items.groupby(["relation", "part"]).size().unstack(fill_value=0)
    assert len(parts) == 79 and (parts["prototype"] >= 3).all()
    assert (parts["test"] > 0).sum() == 69 and (parts["train"] > 0).sum() == 10


def test_what_is_not_at_hand_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path))
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ProbekitError, match="outlier-detection/8-8-8"):
        pk.benchmarks.get("outlier/8-8-8")
