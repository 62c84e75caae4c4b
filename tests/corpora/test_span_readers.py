"""Readers of mentions, roles and labelled spans: GUM, Universal Propositions, LitBank, edge-probing JSON lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from probekit import tasks
from probekit.corpora import load_corpus, names_with, registry, write_edge_probing
from probekit.corpora.corpus import Corpus
from probekit.corpora.named.spans import CORPORA
from probekit.corpora.readers.conllu import read_conllu
from probekit.corpora.readers.edge_probing import read_edge_probing
from probekit.corpora.readers.gum import read_gum
from probekit.corpora.readers.litbank import read_litbank
from probekit.corpora.readers.propbank import read_propbank, run_around
from probekit.errors import DataError, ProbekitError


def conllu(*marks: str, more: tuple[str, ...] = (), heads: tuple[int, ...] = ()) -> str:
    """One sentence; word i hangs on the one before it unless `heads` say otherwise; `more` are further columns."""
    lines = []
    for i, mark in enumerate(marks):
        head = heads[i] if heads else i
        cells = [str(i + 1), f"w{i}", "_", "X", "_", "_", str(head), "dep", "_", mark or "_"]
        lines.append("\t".join(cells) + (f"\t{more[i]}" if more else ""))
    return "\n".join(lines) + "\n\n"


def rows(corpus: Corpus, layer: str) -> list[tuple]:
    return [tuple(row) for row in corpus.spans[layer].to_numpy().tolist()]


def written(folder: Path, text: str, name: str = "x-dev.conllu") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


# --- GUM ---------------------------------------------------------------------------------------------


def test_mentions_nest_cross_and_form_chains_in_their_document(tmp_path: Path) -> None:
    text = (
        "# newdoc id = d1\n# global.Entity = GRP-etype-link\n"
        + conllu(
            "Entity=(1-person-x(2-place-x)", "SpaceAfter=No|Entity=(3-time-x", "Entity=1)(2-place-y", "Entity=3)2)"
        )
        + conllu("Entity=(1-person-z)")
        + "# newdoc id = d2\n# global.Entity = etype-eid\n"
        + conllu("Entity=(animal-1)", "Entity=(animal-4(animal-4", "Entity=4)4)")
    )
    file = written(tmp_path, text, "en_x-test.slim.conllu")
    corpus = read_gum(file)
    assert rows(corpus, "entity") == [
        (0, 0, 1, "place", False),
        (0, 0, 3, "person", False),
        (0, 1, 4, "time", False),
        (0, 2, 4, "place", False),
        (1, 0, 1, "person", False),
        (2, 0, 1, "animal", False),
        (2, 1, 3, "animal", False),
        (2, 1, 3, "animal", False),
    ]
    in_chains = [(0, 0, 1, 0), (0, 0, 3, 1), (0, 2, 4, 0), (1, 0, 1, 1), (2, 1, 3, 2), (2, 1, 3, 2)]
    assert [row[:4] for row in rows(corpus, "coreference")] == in_chains
    assert len(rows(read_gum(file, singletons=True), "coreference")) == 8
    assert set(corpus.sentences["split"]) == {"test"}
    plain = read_conllu(file)
    assert corpus.form.equals(plain.form) and corpus.layers["head"].tolist() == plain.layers["head"].tolist()
    assert corpus.digest != plain.digest


def test_a_mention_of_several_parts_is_its_longest_part(tmp_path: Path) -> None:
    text = conllu("Entity=(7[1/2]-person)", "", "Entity=(7[2/2]-person", "Entity=7[2/2])") + conllu("Entity=(7-person)")
    corpus = read_gum(written(tmp_path, text))
    assert rows(corpus, "entity") == [(0, 2, 4, "person", True), (1, 0, 1, "person", False)]
    assert rows(corpus, "coreference") == [(0, 2, 4, 0, True), (1, 0, 1, 0, False)]


@pytest.mark.parametrize(
    ("marks", "line", "message"),
    [
        (("Entity=(1-person", ""), 1, "the mention '1' is not closed in its sentence"),
        (("", "Entity=1)"), 2, "the mention '1' is closed and was not opened"),
        (("", "Entity=(1)"), 2, "the mention '(1' has no group or type; global.Entity is GRP-etype"),
        (("Entity=x",), 1, "Entity=x is no row of mentions"),
        (("Entity=(1-person)x",), 1, "is no row of mentions"),
        (("", "Entity=(1[1/2]-person)"), 1, "the last part of the mention '1' is not in its sentence"),
    ],
)
def test_marks_that_do_not_match_are_refused(tmp_path: Path, marks: tuple[str, ...], line: int, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_gum(written(tmp_path, conllu(*marks)))
    assert caught.value.line == line


# --- roles -------------------------------------------------------------------------------------------


def test_a_role_is_the_run_of_words_around_its_head() -> None:
    #         0  1  2  3  4  5: word 2 governs 0 and 3, 3 governs 4
    heads = [3, 6, 6, 3, 4, 0]
    assert [run_around(heads, word) for word in range(6)] == [
        (0, 1, False),
        (1, 2, False),
        (2, 5, True),
        (3, 5, False),
        (4, 5, False),
        (0, 6, False),
    ]
    rng = np.random.default_rng(2)
    for _ in range(200):
        n = int(rng.integers(1, 9))
        order = rng.permutation(n)
        heads = [0] * n
        for k in range(1, n):
            heads[order[k]] = int(order[rng.integers(0, k)]) + 1
        for word in range(n):

            def governs(w: int, word: int = word, heads: list[int] = heads) -> bool:
                return w == word or (heads[w] > 0 and governs(heads[w] - 1))

            inside = [w for w in range(n) if governs(w)]
            runs = [(a, b) for a in range(word + 1) for b in range(word + 1, n + 1) if set(range(a, b)) <= set(inside)]
            start, end = max(runs, key=lambda run: run[1] - run[0])
            assert run_around(heads, word) == (start, end, len(inside) > end - start)


def test_frames_are_read_from_their_columns(tmp_path: Path) -> None:
    more = ("_\tARG0\tARG1", "see.01\tV\t_", "_\tC-V\t_", "go.02\tARG1\tV", "_\tR-ARG0\t_")
    text = conllu(*[""] * 5, more=more, heads=(2, 0, 2, 2, 4)) + conllu("", more=("_\t",)) + conllu("", more=("",))
    corpus = read_propbank(written(tmp_path, text))
    assert rows(corpus, "predicate-argument") == [
        (0, 1, 2, 0, 0, 1, "ARG0", False),
        (0, 1, 2, 0, 2, 3, "C-V", False),
        (0, 1, 2, 0, 3, 5, "ARG1", False),
        (0, 1, 2, 0, 4, 5, "R-ARG0", False),
        (0, 3, 4, 0, 0, 1, "ARG1", False),
    ]
    assert corpus.words(0) == ["w0", "w1", "w2", "w3", "w4"] and corpus.n_sentences == 3
    elsewhere = conllu("", "", more=("_\tV", "see.01\tC-V"))
    assert rows(read_propbank(written(tmp_path, elsewhere)), "predicate-argument") == [(0, 0, 1, 0, 1, 2, "C-V", False)]


@pytest.mark.parametrize(
    ("more", "line", "message"),
    [
        (("see.01", "_"), 1, "0 columns of roles for 1 predicates"),
        (("_\tARG0", "_\t_"), 1, "the role 'ARG0' stands in a column that belongs to no predicate"),
        (("see.01\tV", "_\t_\tARG1"), 2, "the role 'ARG1' stands in a column"),
        ((), 1, "10 columns instead of more than 10"),
    ],
)
def test_columns_that_do_not_fit_are_refused(tmp_path: Path, more: tuple[str, ...], line: int, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_propbank(written(tmp_path, conllu("", "", more=more)))
    assert caught.value.line == line


# --- LitBank -----------------------------------------------------------------------------------------

TSV = "#doc a.tsv\nthe\tO\tB-PER\t\nLord\tB-PER\tI-PER\n\nI\tB-PER\n#doc b\nYes\tO\n"
CONLL = (
    "#begin document (a); part 0\n0\tthe\t(2\n1\tLord\t2)|(3)\n\n0\tI\t(2)\n\n#end document\n"
    "#begin document (b); part 0\n0\tYes\t\n#end document\n"
)


def litbank(folder: Path, tsv: str = TSV, conll: str = CONLL, **options) -> Corpus:
    files = [(tsv, "x.tsv"), (conll, "y.conll")]
    return read_litbank([written(folder, text, name) for text, name in files if text], **options)


def test_both_kinds_of_files_give_one_corpus(tmp_path: Path) -> None:
    corpus = litbank(tmp_path)
    assert [corpus.words(i) for i in range(3)] == [["the", "Lord"], ["I"], ["Yes"]]
    assert corpus.sentences["document"].tolist() == ["a", "a", "b"]
    assert rows(corpus, "entity") == [(0, 0, 2, "PER"), (0, 1, 2, "PER"), (1, 0, 1, "PER")]
    assert [row[:4] for row in rows(corpus, "coreference")] == [(0, 0, 2, 0), (1, 0, 1, 0)]
    assert len(rows(litbank(tmp_path, singletons=True), "coreference")) == 3
    assert litbank(tmp_path, conll="").spans.keys() == {"entity"}
    alone = litbank(tmp_path, tsv="")
    assert alone.spans.keys() == {"coreference"} and alone.form.tolist() == corpus.form.tolist()
    wide = "#begin document (a); part 0\n" + "\t".join(["a", "0", "0", "Yes", *["-"] * 8, "(2)"]) + "\n"
    assert litbank(tmp_path, tsv="", conll=wide).words(0) == ["Yes"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"tsv": TSV.replace("I\tB-PER", "You\tB-PER")}, "x.tsv:5: the sentence differs from the one at y.conll:5"),
        ({"tsv": TSV.replace("#doc b", "#doc c")}, "x.tsv:7: the document 'c' has no coreference"),
        ({"tsv": TSV.partition("#doc b")[0]}, "y.conll:9: the document 'b' has no entities"),
        ({"tsv": TSV + "\nmore\tO\n"}, "x.tsv:7: the document 'b' has 2 sentences here and 1 in y.conll"),
        ({"tsv": TSV + "#doc a\nmore\tO\n"}, "x.tsv:9: the document 'a' was given before"),
        ({"tsv": TSV.replace("I-PER", "I-LOC")}, "x.tsv:3: 'I-LOC' does not continue a span"),
        ({"tsv": "a\n"}, "x.tsv:1: 1 columns where a word and its tags belong"),
        ({"tsv": "", "conll": CONLL.replace("2)|", "")}, "y.conll:2: the mention '2' is not closed"),
        ({"tsv": "", "conll": CONLL.replace("(2\n", "\n")}, "y.conll:3: the mention '2' is closed and was not opened"),
        ({"tsv": "", "conll": CONLL.replace("(3)", "3")}, "y.conll:3: '3' is no bracket of a mention"),
        ({"tsv": "", "conll": "#begin document a\n0\ta\t\n"}, "y.conll:1: a document begins with"),
    ],
)
def test_litbank_files_that_cannot_be_read_are_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        litbank(tmp_path, **files)
    assert message in str(caught.value)


# --- edge probing ------------------------------------------------------------------------------------


def lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def test_targets_become_a_span_layer(tmp_path: Path) -> None:
    text = lines(
        {"text": "a b  c", "targets": [{"span1": [0, 2], "label": "X"}, {"span1": [2, 3], "label": ["Z", "Y"]}]},
        {"text": "d", "info": {"id": "n1", "document_id": "doc", "split": "test"}},
        {"text": "e f", "targets": [{"span1": [0, 1], "label": []}]},
    )
    file = written(tmp_path, text, "x-dev.jsonl")
    corpus = read_edge_probing(file)
    assert corpus.words(0) == ["a", "b", "c"] and corpus.sentences["split"].tolist() == ["dev", "test", "dev"]
    assert corpus.sentences["id"].tolist() == ["x-dev.jsonl:1", "n1", "x-dev.jsonl:3"]
    assert corpus.sentences["document"].tolist() == ["x-dev.jsonl", "doc", "x-dev.jsonl"]
    assert rows(corpus, "target") == [(0, 0, 2, "X"), (0, 2, 3, "Y"), (0, 2, 3, "Z"), (2, 0, 1, "")]
    assert tasks.get("span/label").targets(corpus).tolist() == [("X",), ("Y", "Z"), ()]
    assert tasks.get("span/label(negative=X)").targets(corpus).tolist() == [(), ("Y", "Z"), ()]
    assert tasks.get("span/entity-label").targets(read_edge_probing(file, layer="entity")).tolist()[0] == ("X",)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"text": "a b", "targets": [{"span1": [1, 1], "label": "X"}]}, "targets[0].span1 is [1, 1], which is no span"),
        ({"text": "a b", "targets": [{"span1": [1, 0], "label": "X"}]}, "span1 is [1, 0]"),
        ({"text": "a b", "targets": [{"span1": [0, 3], "label": "X"}]}, "no span [start, end) within 2 words"),
        ({"text": "a b", "targets": [{"span1": [True, 2], "label": "X"}]}, "span1 is [true, 2]"),
        ({"text": "a b", "targets": [{"span1": [0, 1], "span2": [-1, 1], "label": "X"}]}, "span2 is [-1, 1]"),
        ({"text": "a b", "targets": [{"label": "X"}]}, "span1 is null"),
        ({"text": "a b", "targets": [{"span1": [0, 1]}]}, "targets[0].label is None; give a text"),
        ({"text": "a b", "targets": [{"span1": [0, 1], "label": [1]}]}, "targets[0].label is [1]"),
        ({"text": " "}, "'text' is no text with words in it"),
        ({"text": "a", "targets": {}}, "'targets' is no list of objects"),
        ([1], "a list where a JSON object"),
        ({"text": "a \u2003 b"}, "a word of 'text' is nothing but white space"),
        ("x", "a str where a JSON object"),
    ],
)
def test_lines_that_are_no_example_are_refused(tmp_path: Path, value: object, message: str) -> None:
    file = written(tmp_path, lines({"text": "good"}, value), "x.jsonl")
    with pytest.raises(DataError) as caught:
        read_edge_probing(file)
    assert message in str(caught.value) and caught.value.line == 2


def test_one_and_two_spans_are_not_mixed_and_layers_are_known(tmp_path: Path) -> None:
    one, two = {"span1": [0, 1], "label": "X"}, {"span1": [0, 1], "span2": [1, 2], "label": "X"}
    file = written(tmp_path, lines({"text": "a b", "targets": [one, two]}), "x.jsonl")
    with pytest.raises(DataError, match=re.escape("targets[1] has two spans where one span a target are expected")):
        read_edge_probing(file)
    with pytest.raises(DataError, match=re.escape("targets[0] has one span where two spans")):
        read_edge_probing(file, layer="predicate-argument")
    with pytest.raises(ProbekitError, match="unknown span layer 'entities'; did you mean entity"):
        read_edge_probing(file, layer="entities")
    with pytest.raises(DataError, match="is not JSON"):
        read_edge_probing(written(tmp_path, "{\n", "x.jsonl"))


@pytest.mark.parametrize("name", [name for name in tasks.list("span/*") if name != "span/label"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    corpus, task = load_corpus("grammar(n=60)"), tasks.get(name)
    file = write_edge_probing(corpus, task, tmp_path / "own.jsonl")
    again = load_corpus(f"spans:{file}")
    own = tasks.get("span/label")
    assert [again.words(i) for i in range(60)] == [corpus.words(i) for i in range(60)]
    for column in ("id", "document", "split"):
        assert again.sentences[column].tolist() == corpus.sentences[column].tolist()
    assert own.units(again).equals(task.units(corpus))
    answers = {"yes": ("1",), "no": ("0",)}
    expected = [answers[x] if isinstance(x, str) else x for x in task.targets(corpus)]
    assert own.targets(again).tolist() == expected
    assert not list(tmp_path.glob(".own*"))
    for line in file.read_text(encoding="utf-8").splitlines():
        value = json.loads(line)
        for target in value["targets"]:
            both = [target["span1"], target.get("span2", [0, 1])]
            assert all(0 <= a < b <= len(value["text"].split()) for a, b in both)


def test_what_the_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    made = Corpus.from_words([["10 000", "people"]])
    corpus = Corpus(made.form, made.offsets, sentences=made.sentences, trees=("(NP (CD 10_000) (NNS people))",))
    with pytest.raises(ProbekitError, match="leaf '10_000' where the sentence has '10 000'"):
        write_edge_probing(corpus, tasks.get("span/constituent-label"), tmp_path / "x")
    labelled = load_corpus("grammar(n=5)")
    with pytest.raises(ProbekitError, match="answers with numbers"):
        write_edge_probing(labelled, tasks.get("word/head-distance"), tmp_path / "x")
    assert not (tmp_path / "x").exists()


# --- named corpora -----------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "sentences", "words", "spans"),
    [
        ("gum-spans", 4935, 89096, {"entity": 25015, "coreference": 15373}),
        ("up-english-ewt", 4079, 50244, {"predicate-argument": 19117}),
        ("litbank", 8562, 210532, {"entity": 13912, "coreference": 23340}),
    ],
)
def test_named_corpora_have_their_spans(name: str, sentences: int, words: int, spans: dict[str, int]) -> None:
    corpus = load_corpus(name)
    assert (corpus.n_sentences, corpus.n_words) == (sentences, words)
    assert {layer: len(table) for layer, table in corpus.spans.items()} == spans
    for table in corpus.spans.values():
        assert (table["start"] >= 0).all() and (table["start"] < table["end"]).all()
        assert (table["end"] <= corpus.lengths[table["sentence"]]).all()


@pytest.mark.data
def test_the_layers_that_named_corpora_promise_are_there() -> None:
    for resource, *_ in CORPORA:
        load_corpus(resource.name).require(*registry.entry(resource.name).meta["layers"])
    load_corpus("grammar(n=5)").require(*registry.entry("grammar").meta["layers"])
    assert names_with("predicate-argument") == ["grammar", "mini-hans", "up-english-ewt"]
    roles = load_corpus("up-english-ewt").spans["predicate-argument"]
    assert Counter(roles["label"]).most_common(2) == [("ARG1", 6566), ("ARG0", 3466)] and roles["cut"].sum() == 79
