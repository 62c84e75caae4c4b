"""Inputs of taggers that learn: a row a word, words as their characters spell them; saved, padded, counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from probekit import recipes
from probekit.corpora import Corpus, load_corpus
from probekit.embeddings.table import WordTable
from probekit.learners.spelled_inputs import Characters, Words
from probekit.learners.tagger import SavedTagger
from probekit.models.speller import Speller
from probekit.models.word_rows import SpelledWords, WordRows


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> str:
    """Vectors of some words, lower case but for one."""
    words, draw = ["the", "owl", "sleeps", "Ada", "zebra"], np.random.default_rng(0)
    made = WordTable(words, (3 * draw.normal(size=(5, 6))).astype(np.float32))
    return f"static:{made.save(tmp_path_factory.mktemp('words') / 'table')}"


CORPUS = Corpus.from_words([["The", "owl", "sleeps", "."], ["Ada", "!", "the", "owl"], ["zebras", "?"]])
TRAINED = np.array([0, 1])


def test_words_begin_from_a_table_or_drawn_and_others_are_row_0(table: str) -> None:
    words = Words(table)
    words.take_up(CORPUS, TRAINED)
    assert set(words.index) == {"the", "owl", "sleeps", "Ada", "zebra", ".", "!"} and words.entries == 7
    assert words.row("The") == words.row("the") > 0 and words.row("zebras") == words.row("?") == 0
    (rows,) = words.batch(CORPUS, np.array([0]))
    given = words.module.eval()(rows)[0].detach().numpy()
    assert np.array_equal(given[1], words.table.vector("owl"))
    words.prepare(CORPUS)
    assert words.unread[CORPUS.digest] == pytest.approx(2 / 10)
    length = np.sqrt(np.square(words.table.vectors).sum(1).mean())  # a word that is new is about as long as the others
    assert 0.3 * length < np.linalg.norm(given[3]) < 3 * length
    drawn = Words("drawn(width=6)")
    drawn.take_up(CORPUS, TRAINED)
    assert set(drawn.index) == {"The", "the", "owl", "sleeps", "Ada", ".", "!"} and not drawn.module.weight[0].any()


def test_words_that_stand_once_are_read_as_unknown_half_of_the_time_in_training() -> None:
    module = WordRows(torch.arange(6.0).view(3, 2), torch.tensor([False, True, False]))
    rows = torch.tensor([[1, 2]]).expand(400, 2)
    assert torch.equal(module.eval()(rows), module.weight[rows])
    found = module.train()(rows)
    assert torch.equal(found[:, 1], module.weight[rows[:, 1]])
    assert 0.4 < float((found[:, 0] == module.weight[0]).all(1).float().mean()) < 0.6


def test_padded_words_are_spelled_as_each_alone() -> None:
    torch.manual_seed(0)
    speller = Speller(9, 4, 5).eval()
    words = [[3, 1], [2], [8, 8, 4], [5, 6]]
    padded = torch.tensor([[*word, *[0] * (3 - len(word))] for word in words])
    place = torch.tensor([[0, 3, 2], [1, 1, 0]])
    found = SpelledWords(speller)(padded, torch.tensor([2, 1, 3, 2]), place)
    for row in range(2):
        for column in range(3):
            alone = speller(torch.tensor([words[int(place[row, column])]]))[0]
            torch.testing.assert_close(found[row, column], alone)


def test_characters_of_training_are_added_to_a_students_own(table: str) -> None:
    untrained, trained = (Characters(f'characters:"{table}"(epochs={epochs}, width=4)') for epochs in (0, 1))
    before = trained.student.module.embed.weight.detach().clone()
    number = dict(trained.student.number)
    for one in (untrained, trained):
        one.take_up(CORPUS, TRAINED)
    assert set(untrained.student.number) == set("Theowlsp.Ada!t") and untrained.entries == 14
    assert set(trained.student.number) == set(number) | set("T.!")
    kept = trained.student.module.embed.weight
    assert all(torch.equal(kept[trained.student.number[one]], before[at]) for one, at in number.items())
    untrained.prepare(CORPUS)
    assert untrained.unread[CORPUS.digest] == pytest.approx(2 / 10)  # z, b, r and ? were never seen


@pytest.mark.parametrize("inputs", ["drawn(width=5)", "TABLE", "CHARACTERS", "drawn(width=5), CHARACTERS"])
def test_a_tagger_over_words_that_learn_answers_alike_wherever_it_is_loaded(inputs: str, table: str) -> None:
    names = {"TABLE": table, "CHARACTERS": f"characters:{table}(epochs=1, width=4)"}
    shown = ", ".join(f'"{names.get(one, one)}"' for one in inputs.split(", "))
    spec = (
        f'tagger:"grammar(n=40)|resplit"(task=word/upos, inputs=[{shown}], learn=true, hidden=4, layers=1, '
        "head=softmax, epochs=2, rate=0.02, budget=300)"
    )
    folder = recipes.folder(spec)
    one, other = SavedTagger(folder), SavedTagger(folder)
    corpus = load_corpus("grammar(n=30, seed=3)")
    every = one.answers(corpus)
    alone = np.concatenate([other.answers(corpus, np.array([row])) for row in range(corpus.n_sentences)])
    assert np.array_equal(every, alone)
    assert [source.entries for source in one.sources] == [source.entries for source in other.sources] != [0]
    unseen = Corpus.from_words([["qwxz", "ΩΩ", "the"]])
    assert len(one.answers(unseen)) == 3
    if inputs == "TABLE":
        learned = one.model.sources[0].weight.detach().numpy()[1:6]
        assert not np.array_equal(learned, one.sources[0].table.vectors)
