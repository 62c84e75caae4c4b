"""Ratings of words: any table is read as it stands or refused with its line; categories become properties; draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probekit.corpora.generated.ratings import generated_ratings
from probekit.corpora.ratings import Ratings, load_ratings
from probekit.corpora.readers.ratings import read_categories, read_ratings, read_relations
from probekit.embeddings.property_pairs import by_rating, halves, property_pairs
from probekit.errors import DataError, ProbekitError, UnknownName


def write(folder, text, name="norms.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_with_commas_or_tabs(tmp_path):
    found = read_ratings(write(tmp_path, 'word,dark,"time, long"\nnight,5.5,3\n"ink, black",4,0.5\n\n'))
    assert found.words == ("night", "ink, black") and found.properties == ("dark", "time, long")
    assert found.values.tolist() == [[5.5, 3.0], [4.0, 0.5]] and not found.values.flags.writeable
    tabs = read_ratings(write(tmp_path, "\ufeffword\tdark\ttime\nnight\t5.5\t3\nink, black\t4\t0.5\n", "norms.tsv"))
    assert tabs.values.tolist() == found.values.tolist() and tabs.words == found.words


def test_tabs_know_no_quotation_marks(tmp_path):
    found = read_ratings(write(tmp_path, 'word\tdark\nnight\t5\n"so\t1\nsay"\t3\nday\t2\n'))
    assert found.words == ("night", '"so', 'say"', "day") and found.values[:, 0].tolist() == [5, 1, 3, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("word,dark\nnight,5\nday,much\n", r"norms.csv:3: the rating of 'day' for 'dark' is 'much', not a number"),
        ("word,dark\nnight,5\nday,nan\n", r":3: the rating of 'day' for 'dark' is 'nan', not a number"),
        ("word,dark,time\nnight,5,1\nday,,2\n", r":3: 'day' has no rating for 'dark'.*missing=drop"),
        ("word,dark\nnight,5\n ,2\n", r":3: a line without a word"),
        ("word,dark\nnight,5\nday,1\nnight,2\n", r":4: the word 'night' stands in line 2 already"),
        ("word,dark\nnight,5,1\n", r":2: 3 cells where the heading has 2"),
        ("word,dark,time\nnight,5,1\nday,5,2\n", r"norms.csv: the property 'dark' has one rating for all 2 words"),
        ("word,dark,dark\nnight,5,1\nday,5,2\n", r"norms.csv: ratings cannot hold 'dark' twice"),
        ("word\nnight\n", r":1: the heading names no property"),
        ("word,dark\n", r"no line below its heading"),
        ("", r"is empty"),
        ('word,dark\n"night,5\n', r":2: is not proper CSV"),
        ('word,dark\n"night,5\nday",6\ndusk,1\n', r":2: a cell holds a line break; is a quotation mark"),
        ("word,dark\nnight,5\nda\ry,6\n", r":3: a carriage return without a line feed"),
        ('"word"\t"dark"\n"night"\t5\n"day"\t6\n', r":1: every cell stands in quotation marks"),
    ],
)
def test_bad_tables_are_named_with_their_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_ratings(write(tmp_path, text))


def test_words_without_a_rating_are_left_out_when_asked_and_counted(tmp_path):
    path = write(tmp_path, "word,dark\nnight,5\nday,\ndusk,3\n")
    found = read_ratings(path, missing="drop")
    assert found.words == ("night", "dusk") and found.notes == {"dropped": 1}
    with pytest.raises(UnknownName, match="way with missing ratings"):
        read_ratings(path, missing="zero")
    path.write_bytes(b"word,dark\nna\xefve,1\n")
    with pytest.raises(DataError, match=r":2: is not UTF-8"):
        read_ratings(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet='word,dark\t\n"5.x ', max_size=60))
def test_any_text_is_read_or_refused_by_name(tmp_path, text):
    path = write(tmp_path, "word,dark\na,1\n" + text)
    try:
        found = read_ratings(path)
    except ProbekitError as error:
        assert "norms.csv" in str(error)
    else:
        assert np.isfinite(found.values).all() and len(found.words) >= 2


def test_categories_become_six_for_members_and_nought_for_other_words(tmp_path):
    path = write(tmp_path, ",category,word\n0,bird,crow\n1,bird,owl\n2,tool,saw\n3,pet,crow\n4,bird,owl\n")
    found = read_categories(path)
    assert found.words == ("crow", "owl", "saw") and found.properties == ("bird", "tool", "pet")
    assert found.values.tolist() == [[6, 0, 6], [6, 0, 0], [0, 6, 0]]
    large = read_categories(path, least=2)
    assert large.properties == ("bird",) and large.words == found.words and large.notes["small"] == ["tool", "pet"]
    with pytest.raises(DataError, match="no category has 3 members"):
        read_categories(path, least=3)
    with pytest.raises(DataError, match=r":2: a line without a word.*missing=drop"):
        read_categories(write(tmp_path, "category,word\nbird,\n"))
    with pytest.raises(DataError, match="no column 'category'"):
        read_categories(write(tmp_path, "kind,word\nbird,owl\n"))
    with pytest.raises(ProbekitError, match="least=0"):
        read_categories(path, least=0)


def test_what_is_said_of_words_by_a_relation_becomes_properties(tmp_path):
    lines = [
        "owl,wise,attri",
        "saw,sharp,attri",
        "owl,wise,attri",
        "owl,bird,hyper",
        "elm,tall,attri",
        "saw,wise,attri",
    ]
    path = write(tmp_path, "word1,word2,relation\n" + "\n".join([*lines, "oak,tree,hyper"]) + "\n")
    found = read_relations(path, "attri")
    assert found.words == ("owl", "saw", "elm", "oak") and found.properties == ("wise", "sharp", "tall")
    assert found.values.tolist() == [[6, 0, 0], [6, 6, 0], [0, 0, 6], [0, 0, 0]]
    large = load_ratings(f"relations:{path}(relation=attri, least=2)")
    assert large.properties == ("wise",) and large.notes["small"] == ["sharp", "tall"]
    with pytest.raises(UnknownName, match=r"relation of norms\.csv.*did you mean attri"):
        read_relations(path, "atri")
    with pytest.raises(DataError, match=r":2: a line without one of its two words"):
        read_relations(write(tmp_path, "word1,word2,relation\nowl,,attri\n"), "attri")
    with pytest.raises(DataError, match="no column 'word2'"):
        read_relations(write(tmp_path, "word1,word,relation\nowl,wise,attri\n"), "attri")
    with pytest.raises(ProbekitError, match="relation"):
        load_ratings(f"relations:{path}")


def test_specs_name_ratings_without_their_folder_and_content_decides_the_digest(tmp_path):
    path = write(tmp_path, "word,dark\nnight,5\nday,1\n")
    one = load_ratings(f"ratings:{path}")
    assert one.name.startswith("ratings:norms.csv-") and str(tmp_path) not in one.name and str(tmp_path) in one.spec
    assert load_ratings(one.spec).digest == one.digest
    write(tmp_path, "word,dark\nnight,5\nday,2\n")
    assert load_ratings(f"ratings:{path}").digest != one.digest
    for spec, message in (
        ("ratings", "take a file"),
        ("ap:file.csv", "take no file"),
        ("battig|x", "take no steps"),
        ("batig", "battig"),
        (f"ratings:{path}(missng=drop)", "did you mean missing"),
        ("ratings:nowhere.csv", "no file 'nowhere.csv'"),
    ):
        with pytest.raises(ProbekitError, match=message):
            load_ratings(spec)


def test_options_reach_ratings_by_spec_and_change_their_digest(tmp_path):
    rows = [f"{i},{'abc'[i % 3] if i % 7 else 'd'},word{i}" for i in range(30)]
    path = write(tmp_path, ",category,word\n" + "\n".join([*rows, "30,a,"]))
    whole, large = (load_ratings(f"categories:{path}({least}missing=drop)") for least in ("", "least=8, "))
    assert (whole.properties, large.properties) == (("d", "b", "c", "a"), ("b", "c", "a"))
    assert whole.digest != large.digest and large.notes["small"] == ["d"]


@pytest.mark.data
def test_the_published_lists_are_read_without_the_lines_that_have_no_word():
    sizes = {name: load_ratings(name) for name in ("ap", "bless", "battig")}
    assert {n: (len(r.words), len(r.properties)) for n, r in sizes.items()} == {
        "ap": (402, 21),
        "bless": (200, 17),
        "battig": (4668, 56),
    }
    assert sizes["ap"].notes["dropped"] == 21 and sizes["bless"].notes["dropped"] == 17
    assert "crow" in sizes["bless"].words and sizes["bless"].values.sum() == 200 * 6
    attributes = load_ratings("bless-attributes")
    assert (len(attributes.words), len(attributes.properties)) == (200, 80)
    assert set(attributes.words) == set(sizes["bless"].words) and "edible" in attributes.properties
    assert len(load_ratings("bless-attributes(least=20)").properties) == 35


def test_a_selection_keeps_the_order_and_names_properties_that_no_longer_differ():
    whole = Ratings(["a", "b", "c"], ["p", "q"], np.array([[1.0, 2], [1, 3], [2, 3]]))
    part = whole.select(["b", "a"])
    assert part.words == ("b", "a") and part.properties == ("q",) and part.notes["constant"] == ["p"]
    known, absent = whole.known({"a", "c"})
    assert known.words == ("a", "c") and absent == ["b"]
    with pytest.raises(UnknownName, match="word of"):
        whole.select(["d"])
    with pytest.raises(ProbekitError, match="none of the 3 words"):
        whole.known({"x"})
    with pytest.raises(ProbekitError, match="one rating for all of the 1 words"):
        whole.select(["a"])
    with pytest.raises(ProbekitError, match="the rating of 'a' for 'p' is nan"):
        Ratings(["a", "b"], ["p"], np.array([[np.nan], [1]]))


# --- pairs and draws


def test_forty_five_pairs_of_high_words_and_a_hundred_of_a_high_and_a_low_one():
    ratings, _, _ = generated_ratings(words=60, unseen=0, properties=3, seed=1)
    pairs, without = property_pairs(ratings)
    assert len(pairs) == 3 and not without
    for j, one in enumerate(pairs):
        column = ratings.values[:, j]
        order = np.argsort(-column)
        assert set(one.high) == set(order[:10]) and set(one.low) == set(order[-10:])
        sides = [(one.words[a], one.words[b], g) for a, b, g in zip(one.left, one.right, one.gold, strict=True)]
        assert len(sides) == 145 and sum(g for *_, g in sides) == 45 and len({frozenset(s[:2]) for s in sides}) == 145
        for a, b, gold in sides:
            assert ({a, b} <= set(one.high)) == bool(gold) and not {a, b} <= set(one.low)


def categories(sizes, others=30, shared=0):
    """Ratings of categories that do not overlap, but for words of the first that are in the second too."""
    n = sum(sizes) + others
    values = np.zeros((n, len(sizes)))
    start = 0
    for j, size in enumerate(sizes):
        values[start : start + size, j] = 6
        start += size
    values[:shared, 1] = 6
    return Ratings([f"w{i}" for i in range(n)], [f"c{j}" for j in range(len(sizes))], values)


def test_ties_are_drawn_by_seed_and_part_and_rows_limit_them():
    ratings = categories([25, 30])
    rows = np.arange(0, 85, 2)
    draws = [property_pairs(ratings, rows, seed=s, part=p)[0][0] for s, p in ((0, ""), (0, ""), (1, ""), (0, "test"))]
    assert draws[0].words.tolist() == draws[1].words.tolist()
    assert draws[0].words.tolist() != draws[2].words.tolist() and draws[0].words.tolist() != draws[3].words.tolist()
    for one in draws:
        assert set(one.words) <= set(rows) and (ratings.values[one.high, 0] == 6).all()
        assert (ratings.values[one.low, 0] == 0).all() and len(set(one.words)) == 20
    order = by_rating(ratings, "c0", rows)
    assert sorted(order) == sorted(rows) and (np.diff(ratings.values[order, 0]) <= 0).all()


def test_a_property_with_too_few_words_has_no_pairs_and_says_why():
    pairs, without = property_pairs(categories([9, 12]))
    assert [one.name for one in pairs] == ["c1"]
    assert without == {"c0": "9 words are rated above its lowest rating, fewer than 10"}
    assert "fewer than 20" in property_pairs(categories([9, 12]), np.arange(15))[1]["c1"]
    with pytest.raises(ProbekitError, match="k=1"):
        property_pairs(categories([9, 12]), k=1)


def test_pairs_that_touch_rows_are_those_with_one_of_them():
    one = property_pairs(categories([12, 12]))[0][0]
    rows = one.words[[0, 15]]
    touched = one.touching(rows)
    for t, a, b in zip(touched, one.left, one.right, strict=True):
        assert t == bool({one.words[a], one.words[b]} & set(rows))


@pytest.mark.parametrize("seed", range(5))
def test_halves_share_out_every_word_once_and_every_category_evenly(seed):
    ratings = categories([20, 41, 30, 23], shared=7)
    first, second = halves(ratings, seed)
    assert sorted([*first, *second]) == list(range(len(ratings.words)))
    for column in ratings.values.T:
        counts = [(column[rows] == 6).sum() for rows in (first, second)]
        assert abs(counts[0] - counts[1]) <= 1 + 7 // 2, counts
    smallest = ratings.values[:, 0] == 6
    assert smallest[first].sum() == smallest[second].sum() == 10
    assert halves(ratings, seed)[0].tolist() == first.tolist() != halves(ratings, seed + 1)[0].tolist()


def test_generated_vectors_carry_their_ratings_and_say_where():
    ratings, vectors, carriers = generated_ratings(words=300, unseen=50, width=40, properties=4, carriers=6, seed=2)
    assert ratings.generated and len(ratings.words) == 350 and carriers.sum(axis=1).tolist() == [6] * 4
    assert ratings.values.min() > 0 and ratings.values.max() < 6
    for j in range(4):
        related = np.abs([np.corrcoef(column, ratings.values[:, j])[0, 1] for column in vectors.T])
        assert related[carriers[j]].min() > related[~carriers.any(axis=0)].max()
    more = generated_ratings(words=300, unseen=50, width=40, properties=6, carriers=6, seed=2)[0]
    assert np.array_equal(more.values.shape, (350, 6))
    with pytest.raises(ProbekitError, match="carriers need a width"):
        generated_ratings(width=5, carriers=6)
    with pytest.raises(ProbekitError, match="words=3"):
        generated_ratings(words=3)
