"""Nearness of languages as rows: those of the functions, both directions, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden import Golden, written

import probekit as pk
from probekit.corpora import load_corpus
from probekit.corpora.language_distances import CharacterModel
from probekit.grid import Grid

golden = Golden(__file__)
TEXTS = {"aa": "the cat sat on the mat\nthe dog\n", "bb": "the kat zat op the mat\nde hond\n", "cc": "qq ww ee rr\n"}
FILES = {name: f"plain:{written(f'{name}.txt', text)}(words=blanks, language={name})" for name, text in TEXTS.items()}


def all_of(*names: str) -> str:
    rest = ", ".join('"' + FILES[name].replace('"', '\\"') + '"' for name in names[1:])
    return f"{FILES[names[0]]}|joined([{rest}])"


def test_rows_are_those_of_the_models_in_both_directions(tmp_path: Path) -> None:
    found = Grid("try", "language-distances", {"dataset": [all_of("aa", "bb", "cc")]}).run(tmp_path)
    value = found.set_index(["metric", "subset"])["value"]
    assert len(found) == 3 * 6
    text = {name: " ".join(lines.split()) for name, lines in TEXTS.items()}
    expected = CharacterModel(text["bb"]).perplexity(text["aa"])
    assert value["character_perplexity", "target=aa;source=bb"] == pytest.approx(expected)
    assert value["character_perplexity", "target=bb;source=aa"] != pytest.approx(expected)
    assert value["shared_words", "target=aa;source=bb"] == 1
    assert found[found["value"].isna()]["note"].str.contains("shares no word").all()
    assert found["value"].isna().sum() == 2 * 4


def test_one_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pk.ProbekitError, match="need two or more"):
        Grid("try", "language-distances", {"dataset": [FILES["aa"]]}).run(tmp_path)


def work_numbers(spec: str) -> list[float]:
    import tempfile

    with tempfile.TemporaryDirectory() as out:
        found = Grid("try", "language-distances", {"dataset": [all_of("aa", "bb")]}).run(out)
    return found.sort_values(["metric", "subset"])["value"].tolist()


MODEL = f'character-lm:"{FILES["bb"]}"(hidden=6, size=4, rare=1, epochs=2, rate=0.05)'


def perplexity_numbers(spec: str) -> list[float]:
    import tempfile

    with tempfile.TemporaryDirectory() as out:
        found = Grid("try", "character-perplexity", {"dataset": [all_of("aa", "bb")], "encoder": [MODEL]}).run(out)
    return found.sort_values(["metric", "subset"])["value"].tolist()


def test_texts_of_each_language_are_read_by_the_model(tmp_path: Path) -> None:
    found = Grid("try", "character-perplexity", {"dataset": [all_of("aa", "bb")], "encoder": [MODEL]}).run(tmp_path)
    value = found.set_index(["metric", "subset"])["value"]
    onward, back = pk.encoders.load_encoder(MODEL).perplexity(load_corpus(FILES["aa"]))
    assert value["character_perplexity", "target=aa"] == pytest.approx(onward)
    assert value["character_perplexity_back", "target=aa"] == pytest.approx(back) and back != pytest.approx(onward)
    with pytest.raises(pk.ProbekitError, match="no language model of characters"):
        Grid("try", "character-perplexity", {"dataset": [all_of("aa", "bb")], "encoder": ["minilm"]}).run(tmp_path)


golden.case("work:language-distances", work_numbers)
golden.case("work:character-perplexity", perplexity_numbers)
test_numbers_stay, _ = golden.tests()
