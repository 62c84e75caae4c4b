"""Tables made of an encoder: context-to-vec and contextual averages against their definitions, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_models
from golden import CORPUS as GOLDEN_CORPUS
from golden import Golden, sums
from test_golden_encoders import bert_folder

from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.embeddings.tables import describe_table, load_table
from probekit.encoders import context_to_vec
from probekit.encoders.activations import encode
from probekit.encoders.context_to_vec import averaged, distilled
from probekit.errors import ProbekitError, UnknownName

CORPUS = "grammar(n=40)"


@pytest.fixture(scope="module")
def bert() -> str:
    return f"hf:{tiny_models.folder('bert')}"


def spec(kind: str, encoder: str, **options: object) -> str:
    given = ", ".join(f"{name}={value}" for name, value in {"corpus": f'"{CORPUS}"', **options}.items())
    return f'{kind}:"{encoder}"({given})'


# --- contextual --------------------------------------------------------------------------------------


def test_averages_are_means_over_the_corpus_at_every_layer(bert):
    corpus = load_corpus(CORPUS)
    vectors = encode(corpus, bert, "all", ["words"])
    lowered = np.array([str(form).lower() for form in corpus.form])
    for layer in (0, 2, 3):
        table = load_table(spec("contextual", bert, min_count=2, layer=layer))
        for word in table.words[::7]:
            wanted = vectors[layer, "words"][lowered == word].mean(axis=0)
            assert table.vector(word) == pytest.approx(wanted, abs=1e-4), (layer, word)
    last = load_table(spec("contextual", bert, min_count=2))
    assert (last.vectors == load_table(spec("contextual", bert, min_count=2, layer=-1)).vectors).all()
    assert last.counts.min() == 2


def test_a_word_alone_is_a_sentence_of_its_own(bert):
    table = load_table(spec("contextual", bert, min_count=2, how="word"))
    alone = encode(Corpus.from_words([[word] for word in table.words]), bert, [3], ["words"])[3, "words"]
    assert table.vectors == pytest.approx(alone, abs=1e-4)


def test_tokens_are_means_of_input_pieces(bert):
    from probekit.encoders.loading import load_encoder

    table, encoder = load_table(spec("contextual", bert, min_count=2, how="token")), load_encoder(bert)
    matrix = encoder.fresh_model().get_input_embeddings().weight.detach().numpy()
    for word in table.words[::9]:
        ids = encoder.tokenizer([word], is_split_into_words=True, add_special_tokens=False)["input_ids"]
        assert table.vector(word) == pytest.approx(matrix[ids].mean(axis=0), abs=1e-5), word


# --- context-to-vec ----------------------------------------------------------------------------------


def test_neighbours_are_averaged_inside_their_sentence(monkeypatch, tmp_path):
    corpus = Corpus.from_words([list("abcd"), ["e"], list("fg")])
    vectors = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float16)
    near = {0: [1, 2], 1: [0, 2, 3], 2: [0, 1, 3], 3: [1, 2], 5: [6], 6: [5]}
    found = averaged(vectors, corpus, 2, 2, None)
    for row, others in near.items():
        wanted = (vectors[row].astype(float) + vectors[others].astype(float).mean(axis=0)) / 2
        assert found[row] == pytest.approx(wanted, abs=1e-3), row
    assert (found[4] == vectors[4]).all(), "a word alone has no neighbours and no NaN"
    monkeypatch.setattr(context_to_vec, "_ROWS", 2)
    assert (averaged(vectors, corpus, 2, 2, tmp_path) == found).all()
    assert averaged(vectors, corpus, 1, 0, None)[1] == pytest.approx((vectors[1] + vectors[0]) / 2, abs=1e-3)


def test_the_map_and_the_table_say_what_was_trained(bert, tmp_path):
    corpus = load_corpus(CORPUS)
    vectors = encode(corpus, bert, [3], ["words:half"])[3, "words:half"]
    table, state = distilled(corpus, vectors, size=6, min_count=2, epochs=2, keep=tmp_path)
    assert state["weights"].shape == (tiny_models.WIDTH, 6) and state["bias"].shape == (6,) and state["bias"].any()
    assert table.vectors.any(axis=1).all() and table.context is None
    made = load_table(spec("context-to-vec", bert, size=6, min_count=2, epochs=2))
    assert made.vectors == pytest.approx(table.vectors, abs=1e-6)
    alone = load_table(spec("context-to-vec", bert, size=6, min_count=2, epochs=2, neighbours="false"))
    assert np.abs(alone.vectors - made.vectors).max() > 1e-4


def test_folders_do_not_show_in_names_and_keys_know_their_parts(bert):
    source = describe_table(spec("context-to-vec", bert, size=6))
    assert "/" not in source.name.replace("word/", "") and source.generated and len(source.needs) == 2
    others = [
        spec("context-to-vec", bert, size=6, layer=2),
        spec("context-to-vec", bert, size=7),
        spec("context-to-vec", bert, size=6, corpus='"grammar(n=41)"'),
    ]
    assert len({source.digest, *(describe_table(one).digest for one in others)}) == 4
    assert (
        describe_table(spec("context-to-vec", bert, layer=-1)).digest
        == describe_table(spec("context-to-vec", bert)).digest
    )


def test_generated_vectors_of_real_text_are_generated(bert, tmp_path):
    (tmp_path / "a.txt").write_text("One two.\n")
    for kind in ("context-to-vec", "contextual"):
        for encoder, generated in ((bert, False), ("word2vec:cues", True)):
            made = describe_table(f'{kind}:"{encoder}"(corpus="plain:{tmp_path}/a.txt")')
            assert made.generated == generated, made


@pytest.mark.parametrize(
    ("made", "error", "said"),
    [
        ("context-to-vec", ProbekitError, "names no encoder; write context-to-vec:minilm"),
        ("context-to-vec:minilm", ProbekitError, "needs the argument 'corpus'"),
        ("context-to-vec:minilm(cues)", ProbekitError, "takes its options by name"),
        ("context-to-vec:minilm(corpus=cues, layer=9)", ProbekitError, "layers 0 .embeddings. to 6"),
        ("context-to-vec:minilm(corpus=cues, before=0, after=0)", ProbekitError, "leave no word in a window"),
        ("context-to-vec:minilm(corpus=cues, widht=3)", UnknownName, "widht"),
        ("context-to-vec:minilm(corpus=nothing)", UnknownName, "unknown corpus"),
        ("contextual", ProbekitError, "names no encoder; write contextual:minilm"),
        ("contextual:minilm(corpus=cues, how=mean)", ProbekitError, "among avg, word, token"),
        ("contextual:minilm(corpus=cues, how=token, layer=2)", ProbekitError, "input vectors have no layer"),
        ('contextual:"word2vec:cues"(corpus=cues, how=token)', ProbekitError, "cuts words into no pieces"),
    ],
)
def test_what_does_not_fit_is_refused(made, error, said):
    with pytest.raises(error, match=said):
        describe_table(made)


def test_a_corpus_of_rare_words_is_refused(bert):
    with pytest.raises(ProbekitError, match=r"no word of .* occurs 10000 times; lower min_count"):
        load_table(spec("context-to-vec", bert, min_count=10000))


# --- golden numbers ----------------------------------------------------------------------------------

golden = Golden(__file__)


def numbers(made: str) -> list[float]:
    return sums(np.asarray(load_table(made).vectors, dtype=np.float64))


def of_bert(kind: str, options: str):
    return lambda: f'{kind}:"hf:{bert_folder()}"(corpus="{GOLDEN_CORPUS}", {options})'


OTHER = {"corpus": CORPUS, "layer": 1, "min_count": 3, "vocabulary": 12, "lower": False}
golden.case(
    "word-vector table:context-to-vec",
    numbers,
    of_bert("context-to-vec", "min_count=2, size=6"),
    options={
        **OTHER, "size": 7, "neighbours": False, "before": 2, "after": 2, "negative": 2, "epochs": 2, "rate": 0.02,
        "clip": 0.5, "sample": 0.01, "l1": "bag", "l2": "centre-static", "l3": "as-printed",
        "seed": 1,
    },
)  # fmt: skip
golden.case(
    "word-vector table:contextual", numbers, of_bert("contextual", "min_count=2"), options={**OTHER, "how": "word"}
)

test_numbers_stay, test_options_move_numbers = golden.tests()
