"""From words to pieces: every word has one, whatever it holds; windows and batches lose none."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import tracemalloc

import numpy as np
import pytest
import tiny_models as tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.encoders import load_encoder
from probekit.encoders.batch import Batches, Pieces, cheapest_borders, needs_blank, tokenise, windows
from probekit.errors import ProbekitError

KINDS = ("bert", "distilbert", "roberta", "xlm-roberta", "gpt2", "bart", "llama", "t5")
# Cut as in running text: the kinds whose words are told by the blank before them.
BLANK = ("roberta", "gpt2", "bart", "llama")

NOTHING = ["\u200b", "\x01", "\u0301", "\u0308\u0300", "\u00ad", "\ufeff", " ", "\u3000", "\u200d", "\ufe0f", "\u200e"]
STRANGE = [
    *NOTHING,
    "naïve",
    "nai\u0308ve",
    "Ångström",
    "ﬁ",
    "ﷺ",
    "½",
    "👩\u200d👩\u200d👧",
    "👍🏽",
    "🇪🇪",
    "🙂🙂🙂",
    "x" * 3000,
    "é" * 500,
    "New York",
    "3 000 000",
    " the",
    "the ",
    "a\u00a0b",
    "a\tb",
    "a\nb",
    "الحديقة",
    "שיחקו",
    "العربيةenglish",
    "abcאבג",
    "孩子们在花园里玩",
    "コンピュータ",
    "한국어",
    "ไทย",
    "[SEP]",
    "[CLS]",
    "[UNK]",
    "[PAD]",
    "[MASK]",
    "<s>",
    "</s>",
    "<pad>",
    "<unk>",
    "<mask>",
    "<|endoftext|>",
    "▁",
    "##ing",
    "Ġthe",
    "a[SEP]b",
    "<s>the",
    "_",
    "-",
    "''",
    "``",
    "http://a.b/c?d=e&f",
    "\U0010ffff",
]


def plain_pieces(family: str, words: list[str]) -> tuple[list[int], list[int], int]:
    """Pieces of a sentence, each word cut by itself, the unknown piece for a word without one."""
    tokenizer = tiny.encoder(family).tokenizer
    glued = family in ("gpt2", "bart", "llama")  # read as they are, these do not put the blank themselves
    ids, owner, unknown = [], [], 0
    for number, word in enumerate(words):
        text = f" {word}" if glued and not word[:1].isspace() else word
        found = tokenizer([text], is_split_into_words=True, add_special_tokens=False)["input_ids"]
        if not found:
            found, unknown = [tokenizer.unk_token_id], unknown + 1
        ids += found
        owner += [number] * len(found)
    return ids, owner, unknown


def check_pieces(family: str, sentences: list[list[str]]) -> Pieces:
    corpus = Corpus.from_words(sentences)
    pieces = tokenise(tiny.encoder(family).tokenizer, corpus)
    assert len(pieces.ids) == len(pieces.word) == pieces.offsets[-1]
    assert pieces.offsets[0] == 0 and len(pieces.offsets) == len(sentences) + 1
    unknown = 0
    for i, words in enumerate(sentences):
        ids, owner, missing = plain_pieces(family, words)
        part = slice(pieces.offsets[i], pieces.offsets[i + 1])
        assert pieces.ids[part].tolist() == ids
        assert pieces.word[part].tolist() == owner
        assert sorted(set(owner)) == list(range(len(words)))
        unknown += missing
    assert pieces.unknown_words == unknown
    assert pieces.lengths.sum() == len(pieces.ids)
    return pieces


@pytest.mark.parametrize("family", KINDS)
def test_strange_words_are_aligned_alone_and_among_others(family):
    check_pieces(family, [[word] for word in STRANGE])
    check_pieces(family, [["the", word, "house", word] for word in STRANGE] + [STRANGE])


@pytest.mark.parametrize("family", KINDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_random_unicode_is_aligned(family, data):
    character = st.characters(exclude_categories=["Cs"])
    word = st.one_of(st.text(character, min_size=1, max_size=6), st.sampled_from(STRANGE[:11]))
    check_pieces(family, data.draw(st.lists(st.lists(word, min_size=1, max_size=8), min_size=1, max_size=4)))


@pytest.mark.parametrize("family", KINDS)
def test_words_are_cut_as_in_running_text(family):
    """`the` in the middle of a text begins a word; it must not be read as the continuation of the word before."""
    tokenizer = tiny.encoder(family).tokenizer
    text = "the house of the children was old"
    running = tokenizer(text, add_special_tokens=False)["input_ids"]
    pieces = tokenise(tokenizer, Corpus.from_words([text.split()]))
    later = pieces.ids[pieces.word > 0].tolist()
    assert later == running[-len(later) :]
    if family in BLANK:
        assert all(
            t.startswith("Ġ") for t in tokenizer.convert_ids_to_tokens(pieces.ids[np.diff(pieces.word, prepend=-1) > 0])
        )


def test_blanks_are_added_only_where_the_tokenizer_needs_them():
    assert [k for k in KINDS if needs_blank(tiny.encoder(k).tokenizer)] == ["gpt2", "bart", "llama"]


SCRIPTS = {
    "Cyrillic": "река мост старый сад учитель письмо окно открыла увидел медленно дети хлеб",
    "Greek": "το παιδί διάβαζε ένα παλιό βιβλίο κοντά στο ποτάμι",
    "Arabic": "الأطفال يلعبون في الحديقة قرب البيت القديم",
    "Devanagari": "बच्चे पुराने घर के पास बगीचे में खेल रहे थे",
    "Hangul": "아이들이 오래된 집 근처 정원에서 놀고 있었다",
}


@pytest.mark.parametrize("family", ["gpt2", "bart", "llama", "roberta"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_vocabulary_of_any_script_cuts_words_as_in_running_text(family, script, monkeypatch):
    """No word of these vocabularies holds a Latin letter, so that an "a" with a blank before it is two pieces."""
    words = SCRIPTS[script].split()
    monkeypatch.setattr(tiny, "TEXT", [" ".join(words), *(" ".join(words[k:] + words[:k]) for k in range(1, 8))] * 3)
    tokenizer = tiny.make_tokenizer(family)
    pieces = tokenise(tokenizer, Corpus.from_words([words, words[::-1]]))
    running = [tokenizer(" " + " ".join(text), add_special_tokens=False)["input_ids"] for text in (words, words[::-1])]
    assert pieces.ids.tolist() == running[0] + running[1]
    assert len(tokenizer(" a", add_special_tokens=False)["input_ids"]) == 2
    assert len(pieces.ids) < 3 * 2 * len(words)


def test_thousands_of_sentences_keep_their_order():
    """More than are tokenised at once; each sentence holds its own number."""
    sentences = [["the", *str(i)] for i in range(2100)]
    pieces = tokenise(tiny.encoder("bert").tokenizer, Corpus.from_words(sentences))
    one = tokenise(tiny.encoder("bert").tokenizer, Corpus.from_words([sentences[2055]]))
    part = slice(pieces.offsets[2055], pieces.offsets[2056])
    assert pieces.ids[part].tolist() == one.ids.tolist()
    assert pieces.lengths.tolist() == [1 + len(str(i)) for i in range(2100)]


@pytest.mark.parametrize("family", ["bert", "xlm-roberta", "roberta"])
def test_pieces_that_say_nothing_are_counted_with_their_words(family):
    """A word that normalises to nothing and one in a script that the vocabulary lacks; bytes are always read."""
    sentences = [["the", "ಮನೆ", "house"], ["\u200b"], ["ಮನೆ"], ["ಹಳೆಯ", "ಮನೆ", "the", "old"]]
    tokenizer = tiny.encoder(family).tokenizer
    unknown, words = 0, 0
    for word in (word for sentence in sentences for word in sentence):
        ids, _, _ = plain_pieces(family, [word])
        unknown += ids.count(tokenizer.unk_token_id)
        words += tokenizer.unk_token_id in ids
    found = tokenise(tokenizer, Corpus.from_words(sentences)).unread
    assert found == {"unknown_pieces": unknown, "unread_words": round(words / 9, 4)}
    assert words == {"roberta": 0, "bert": 5}.get(family, words) and (words >= 4 or family == "roberta")


def test_a_word_without_a_piece_is_an_error_when_strict():
    corpus = Corpus.from_words([["the", "house"], ["a", "b", "\u200b"]], id=["first", "second"])
    tokenizer = tiny.encoder("bert").tokenizer
    assert tokenise(tokenizer, corpus).unknown_words == 1
    with pytest.raises(
        ProbekitError, match=r"word 3 \('\\u200b'\) of sentence 2 \(second\) has no piece .* strict=true"
    ):
        tokenise(tokenizer, corpus, strict=True)
    tokenise(tokenizer, Corpus.from_words([["the", "house"]]), strict=True)


def test_a_word_without_a_piece_is_an_error_without_an_unknown_piece(tmp_path):
    from transformers import PreTrainedTokenizerFast

    backend, names = tiny.word_piece(lower=True)
    bare = PreTrainedTokenizerFast(tokenizer_object=backend, **{k: v for k, v in names.items() if k != "unk_token"})
    assert bare.unk_token_id is None
    assert tokenise(bare, Corpus.from_words([["the", "house"]])).unknown_words == 0
    with pytest.raises(ProbekitError, match=r"word 2 .* of sentence 1 .* the tokenizer has no unknown piece"):
        tokenise(bare, Corpus.from_words([["the", "\u0301"]]))


def test_truncation_and_padding_in_the_tokenizers_file_cut_nothing(tmp_path):
    """all-MiniLM-L6-v2 carries a tokenizer that cuts at 128 pieces and pads to as many."""
    folder = tmp_path / "cutting"
    shutil.copytree(tiny.folder("bert"), folder)
    file = folder / "tokenizer.json"
    content = json.loads(file.read_text())
    content["truncation"] = {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    content["padding"] = {
        "strategy": {"Fixed": 8},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    file.write_text(json.dumps(content))
    corpus = Corpus.from_words([tiny.LONG, ["the"], ["the", "house"]])
    cutting = load_encoder(f'hf:"{folder}"')
    assert cutting.tokenizer.backend_tokenizer.truncation is not None  # it would cut
    found = tokenise(cutting.tokenizer, corpus)
    expected = tokenise(tiny.encoder("bert").tokenizer, corpus)
    assert found.ids.tolist() == expected.ids.tolist() and found.lengths.tolist() == expected.lengths.tolist()
    assert cutting.frame == ([2], [3]) and cutting.capacity == 38


@pytest.mark.parametrize("family", [*tiny.FAMILIES, *tiny.EXTRA])
def test_special_tokens_and_capacity(family):
    encoder = tiny.encoder(family)
    prefix, suffix = encoder.frame
    names = encoder.tokenizer.convert_ids_to_tokens([*prefix, *suffix])
    expected = {"gpt2": [], "llama": ["<|endoftext|>"], "t5": ["</s>"], "xlnet": ["<sep>", "<cls>"]}.get(
        family, ["[CLS]", "[SEP]"] if family in ("bert", "distilbert", "electra") else ["<s>", "</s>"]
    )
    assert names == expected and len(prefix) == (family not in ("gpt2", "t5", "xlnet"))
    assert encoder.capacity == tiny.POSITIONS[family] - tiny.SPECIALS[family]


# Windows


def plain_windows(word: list[int], capacity: int) -> tuple[list[tuple[int, int]], list[int], int]:
    """Windows and the window of each piece, by trying every window for every word."""
    n = len(word)
    spans, start = [], 0
    while n > capacity and start + capacity < n:
        spans.append((start, start + capacity))
        start += max(capacity // 2, 1)
    spans.append((max(n - capacity, 0), n))
    if n <= capacity:
        return [(0, n)], [0] * n, 0

    def best(first: int, last: int) -> int | None:
        held = [(min(first - a, b - 1 - last), -k) for k, (a, b) in enumerate(spans) if a <= first and last < b]
        return -max(held)[1] if held else None

    of_piece, split = [0] * n, 0
    for number in sorted(set(word)):
        places = [i for i in range(n) if word[i] == number]
        whole = best(places[0], places[-1])
        split += whole is None
        for i in places:
            of_piece[i] = best(i, i) if whole is None else whole
    return spans, of_piece, split


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=40), st.integers(1, 20))
def test_windows_take_each_word_whole_where_it_has_most_context(sizes, capacity):
    word = np.repeat(np.arange(len(sizes)), sizes)
    found = windows(word, capacity)
    spans, of_piece, split = plain_windows(word.tolist(), capacity)
    assert list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)) == spans
    assert found.of_piece.tolist() == of_piece
    assert found.split_words == split
    # What is promised, said again without the twin.
    assert all(b - a <= capacity for a, b in spans)
    assert all(found.starts[w] <= i < found.ends[w] for i, w in enumerate(found.of_piece))
    for number, size in enumerate(sizes):
        used = set(found.of_piece[word == number].tolist())
        if any(a <= np.argmax(word == number) and np.argmax(word == number) + size <= b for a, b in spans):
            assert len(used) == 1
    if capacity >= 2 * max(sizes):
        assert split == 0


def test_a_word_longer_than_the_window_is_counted():
    found = windows(np.array([0, *[1] * 9, 2]), 4)
    assert found.split_words == 1
    assert len(found.of_piece) == 11


def test_windows_overlap_by_half_and_end_with_the_sentence():
    found = windows(np.arange(21), 8)
    assert found.starts.tolist() == [0, 4, 8, 12, 13] and found.ends.tolist() == [8, 12, 16, 20, 21]
    # piece 5: two to its right in the first window, one to its left in the second
    assert found.of_piece[:8].tolist() == [0, 0, 0, 0, 0, 0, 1, 1]


# Batches


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=12), min_size=1, max_size=12),
    st.integers(2, 14),
    st.integers(1, 80),
    st.integers(0, 1),
    st.integers(0, 2),
)
def test_batches_hold_every_piece_once_within_the_budget(sentences, capacity, budget, n_prefix, n_suffix):
    word = [np.repeat(np.arange(len(sizes)), sizes) for sizes in sentences]
    lengths = [len(w) for w in word]
    ids = np.arange(1000, 1000 + sum(lengths))  # every piece is told from every other
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    pieces = Pieces(ids, np.concatenate(word), offsets, 0)
    prefix, suffix = [1] * n_prefix, [2] * n_suffix
    batches = Batches(pieces, prefix, suffix, capacity, 0, budget)
    seen = []
    for index in range(len(batches)):
        batch = batches[index]
        rows, width = batch.input_ids.shape
        assert len(batch.sentences) == 1 or rows * width <= budget
        assert ((batch.input_ids > 0) == (batch.mask > 0)).all()
        assert (np.diff(batch.mask, axis=1) <= 0).all(), "padding is on the right"
        flat = batch.input_ids.ravel()
        for s, number in enumerate(batch.sentences):
            real = batch.word[s] >= 0
            assert flat[batch.place[s][real]].tolist() == ids[offsets[number] : offsets[number + 1]].tolist()
            assert batch.word[s][real].tolist() == word[number].tolist()
            row = batch.input_ids[batch.first_row[s]]
            assert row[:n_prefix].tolist() == prefix and row[n_prefix] == ids[offsets[number]]
            if batch.plain:
                assert batch.place[s][0] == s * width + n_prefix and s == batch.first_row[s]
                assert (np.diff(batch.place[s][real]) == 1).all()
        for row in range(rows):
            size = int(batch.mask[row].sum())
            assert n_prefix + 1 + n_suffix <= size <= capacity + n_prefix + n_suffix
            assert batch.input_ids[row, size - n_suffix : size].tolist() == suffix
        seen += batch.sentences.tolist()
    assert sorted(seen) == list(range(len(sentences)))
    found = batches.found
    assert found["pieces"] == len(ids) and found["windowed_sentences"] == sum(n > capacity for n in lengths)
    real = sum(int(batches[i].mask.sum()) for i in range(len(batches)))
    assert found["positions"] == real
    assert found["padding"] == sum(batches[i].mask.size for i in range(len(batches))) - real


def plain_cost(sizes: list[int], borders: list[int], budget: int, cost: int) -> float:
    """Positions read and the cost of the batches; infinite where a batch of several rows is over the budget."""
    total = 0.0
    for a, b in itertools.pairwise(borders):
        read = (b - a) * max(sizes[a:b])
        total += cost + (read if read <= budget or b - a == 1 else math.inf)
    return total


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(1, 90), st.integers(0, 20))
def test_borders_of_batches_cost_least(sizes, budget, cost):
    """Every way to cut a few rows is tried."""
    sizes = sorted(sizes, reverse=True)
    found = cheapest_borders(np.array(sizes), budget, cost).tolist()
    assert found[0] == 0 and found[-1] == len(sizes) and found == sorted(set(found))
    inner = range(1, len(sizes))
    ways = ([0, *chosen, len(sizes)] for k in range(len(sizes)) for chosen in itertools.combinations(inner, k))
    assert plain_cost(sizes, found, budget, cost) == min(plain_cost(sizes, way, budget, cost) for way in ways)


@pytest.mark.parametrize("n, budget", [(300, 1024), (1500, 1024), (24000, 1024), (24000, 16384)])
def test_little_is_padded_in_a_corpus_of_any_size(n, budget):
    """Lengths spread as in web text: most short, a few very long."""
    lengths = 1 + np.random.default_rng(n).lognormal(2.7, 0.8, n).astype(int)
    word = np.concatenate([np.arange(length) for length in lengths])
    pieces = Pieces(np.full(len(word), 7), word, np.concatenate([[0], np.cumsum(lengths)]), 0)
    found = Batches(pieces, [1], [2], 510, 0, budget).found
    assert found["padding"] <= 0.05 * (found["padding"] + found["positions"])


@pytest.mark.data
def test_little_is_padded_in_a_treebank():
    corpus = load_corpus("ud-english-ewt")
    corpus = corpus.select(corpus.sentences["split"].isin(["dev", "test"]).to_numpy())
    found = load_encoder("minilm", device="cpu").start_pass(corpus, [0], ["mean"]).found
    assert found["padding"] <= 0.05 * (found["padding"] + found["positions"])


def test_windows_of_a_long_sentence_take_memory_in_proportion():
    def peak(n):
        word = np.arange(n) // 2
        tracemalloc.start()
        windows(word, 62)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(40_000) < 5 * peak(10_000)


def test_a_long_sentence_is_read_a_budget_at_a_time(monkeypatch):
    """Its words too: neither its windows in one batch, nor a matrix of pieces x words."""
    from probekit.encoders import huggingface_pass

    encoder = load_encoder(f"hf:{tiny.folder('bert')}", device="cpu")
    read, states = [], huggingface_pass.hidden_states

    def counted(model, ids, mask, reader):
        read.append(ids.size)
        return states(model, ids, mask, reader)

    monkeypatch.setattr(huggingface_pass, "hidden_states", counted)
    todo = encoder.start_pass(Corpus.from_words([["house"] * 4000]), [3], ["mean", "words"])
    rows = {pooling: len(vectors) for _, pooling, _, vectors in todo.step(0)}
    assert rows == {"mean": 1, "words": 4000} and len(read) > 5
    assert max(read) <= encoder.token_budget
