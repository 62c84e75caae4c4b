"""The span probe: spans of any tokenizer, one pass for all methods, its training, its grid, what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tiny_models as tiny
import torch

import probekit as pk
from probekit import corpora, encoders
from probekit.corpora.corpus import Corpus
from probekit.encoders.activations import encode, read_first_piece
from probekit.errors import ProbekitError, UnknownName
from probekit.probes.span_mlp import SpanMLP
from probekit.probes.span_network import SpanTokens
from probekit.probes.span_training import Rounds, fit_methods, micro_f1
from probekit.store import default_store
from probekit.works.span_answers import draw_sentences, draw_units, noted, token_spans
from probekit.works.spans import SpanGrid

SMALL = "span-mlp(projection=8, hidden=6, passes=2, unseen=miss)"
WORD2VEC = 'word2vec:"grammar(n=60)"(size=16, epochs=1, min_count=1)'
RIGHT_TO_LEFT = ["ذهب", "الولد", "إلى", "المدرسة", "في", "الصباح", "."]


def grid(**changed):
    given = {
        "corpora": ["grammar(n=60)"],
        "encoders": ["minilm"],
        "layers": [2],
        "tasks": ["span/constituent-detection"],
        "poolings": ["max"],
        "probes": [SMALL],
        **changed,
    }
    return pk.probing("spans", **given)


# --- spans and pieces


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta", "gpt2", "xlnet"])
def test_spans_cover_the_pieces_of_their_words_and_no_others(family):
    """One word, whole sentences, right-to-left text, sentences longer than the model reads at once."""
    sentences = [["the", "incomprehensible", "garden", "."], RIGHT_TO_LEFT, tiny.LONG]
    corpus, spec = Corpus.from_words(sentences), f"hf:{tiny.folder(family)}"
    encoder = tiny.encoder(family)
    vectors = encode(corpus, encoder, layers=[2], poolings=["pieces", "words"])
    first = read_first_piece(encoders.describe(spec), corpus.digest, 2, default_store())
    assert len(first) == corpus.n_words + 1 and first[-1] == len(vectors[2, "pieces"])
    assert (np.diff(first) >= 1).all() and encoder.batches(corpus).found["windowed_sentences"] >= 1
    units = pd.DataFrame(
        [(i, a, b) for i, s in enumerate(sentences) for a in range(len(s)) for b in range(a + 1, len(s) + 1)],
        columns=["sentence", "start", "end"],
    )
    starts, ends = token_spans(units, corpus, first)
    tokens = SpanTokens((torch.from_numpy(np.array(vectors[2, "pieces"])),), starts, ends)
    rows = np.random.default_rng(0).permutation(len(units))[:200]
    (batch,) = tokens.batch(rows)
    parts = torch.split(batch.states[0], batch.spans.lengths.tolist())
    of_word = vectors[2, "words"]
    for row, part in zip(rows, parts, strict=True):
        base = corpus.offsets[units["sentence"][row]]
        words = range(base + units["start"][row], base + units["end"][row])
        pieces = [vectors[2, "pieces"][p] for w in words for p in range(first[w], first[w + 1])]
        assert np.array_equal(part.numpy(), np.stack(pieces))
        # The vector of each word is the mean of its pieces, so the span's words average to the same.
        counts = np.diff(first[words[0] : words[-1] + 2])
        means = np.add.reduceat(part.numpy(), np.cumsum([0, *counts[:-1]]), axis=0) / counts[:, None]
        np.testing.assert_allclose(means, of_word[list(words)], atol=1e-4)


def test_two_span_units_have_a_role_each():
    corpus = Corpus.from_words([["a", "b", "c"], ["d", "e"]])
    units = pd.DataFrame([(1, 0, 1, 1, 0, 2)], columns=["sentence", "start", "end", "sentence2", "start2", "end2"])
    starts, ends = token_spans(units, corpus, np.array([0, 2, 3, 4, 7, 9]))
    assert starts.tolist() == [[4, 4]] and ends.tolist() == [[7, 9]]


# --- training


def small_spans(n: int = 90, n_spans: int = 2) -> tuple[SpanTokens, np.ndarray]:
    """Tokens with two layers, spans of one to five of them, and three labels that depend on what is inside."""
    rng = np.random.default_rng(6)
    layers = rng.standard_normal((2, 60, 10)).astype(np.float32)
    starts = rng.integers(0, 55, size=(n, n_spans))
    ends = starts + rng.integers(1, 6, size=(n, n_spans))
    inside = np.stack([layers[1, a:b].mean(axis=0) for a, b in zip(starts[:, 0], ends[:, 0], strict=True)])
    return SpanTokens(tuple(torch.from_numpy(layer) for layer in layers), starts, ends), inside[:, :3] > 0.1


def test_methods_trained_together_are_those_trained_alone():
    tokens, targets = small_spans()
    probe = SpanMLP(projection=8, hidden=6, passes=3, every=2, batch=16, wait=1, patience=2, rate=0.05)
    rows = np.arange(60), np.arange(60, 90)
    names = ["max", "attn", "coherent", "endpoint"]
    together = fit_methods(probe, tokens, targets, *rows, names)
    assert len({one.info["steps"] for one in together}) > 1, "some stop before others, and that is tried too"
    for name, joint in zip(names, together, strict=True):
        (alone,) = fit_methods(probe, tokens, targets, *rows, [name])
        assert alone.info == joint.info
        assert np.allclose(alone.predict(tokens, rows[1]), joint.predict(tokens, rows[1]), atol=1e-6)


def test_it_learns_what_is_inside_and_what_is_at_the_ends():
    """Labels read off the first token: methods of the ends get them, the plain mean of long spans does not."""
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((4000, 12)).astype(np.float32)
    starts = rng.integers(0, 3900, size=(900, 1))
    tokens = SpanTokens((torch.from_numpy(vectors),), starts, starts + rng.integers(12, 20, size=(900, 1)))
    targets = vectors[starts[:, 0], :2] > 0
    probe = SpanMLP(projection=16, hidden=16, passes=15, dropout=0.1, rate=3e-3)
    fitted = fit_methods(probe, tokens, targets, np.arange(700), np.arange(700, 800), ["endpoint", "avg"])
    test = np.arange(800, 900)
    ends, mean = (micro_f1(one.predict(tokens, test), targets[test]) for one in fitted)
    assert ends > 0.93 and mean < 0.8


def test_rounds_cover_every_pass_once():
    rounds = Rounds(np.arange(50, 93), batch=8, every=4, passes=3, seed=0)
    steps = [rows for number in range(len(rounds)) for rows in rounds[number]]
    assert len(steps) == 3 * 6 == rounds.total and len(rounds) == 5
    for start in (0, 6, 12):
        assert sorted(np.concatenate(steps[start : start + 6])) == list(range(50, 93))
    assert [rounds.steps_until(n) for n in range(6)] == [0, 4, 8, 12, 16, 18]
    assert not np.array_equal(steps[0], steps[6])


def test_micro_f1_is_that_of_scikit_learn():
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(2)
    chance, gold = rng.random((40, 5)), rng.random((40, 5)) < 0.3
    assert micro_f1(chance, gold) == pytest.approx(f1_score(gold, chance > 0.5, average="micro"))
    assert micro_f1(np.zeros((4, 2)), np.zeros((4, 2), dtype=bool)) == 0


def test_a_larger_draw_keeps_a_smaller_one():
    units = np.arange(10, 500)
    small, large = draw_units(units, 50, "train"), draw_units(units, 200, "train")
    assert len(small) == 50 and set(small) < set(large) and (np.diff(large) > 0).all()
    assert np.array_equal(draw_units(units, 10**6, "train"), units)


def test_whole_sentences_are_drawn_where_the_encoder_is_trained():
    sentence = np.repeat(np.arange(40), np.arange(40) % 5 + 1)
    units = np.arange(3, len(sentence))
    drawn = draw_sentences(units, sentence, 50, "train")
    assert 50 <= len(drawn) < 55 and (np.diff(drawn) > 0).all()
    for number in np.unique(sentence[drawn]):
        assert set(units[sentence[units] == number]) <= set(drawn)
    assert set(draw_sentences(units, sentence, 30, "train")) < set(drawn)


# --- the grid


def test_rows_of_every_layer_choice_method_and_label(tmp_path):
    asked = grid(
        layers=["mix", "uniform", -1],
        tasks=["span/entity-label", "span/semantic-role"],
        poolings=["avg", "endpoint"],
        controls=["majority", "random-encoder"],
        most={"train": 80, "dev": 40},
        keep=["predictions"],
        corpora=["grammar(n=100)"],
    )
    rows = asked.run(tmp_path / "out")
    assert set(rows["pooling"]) == {"span(avg)", "span(endpoint)", ""}
    scored = rows[rows["split"].eq("test") & rows["subset"].eq("") & rows["metric"].eq("micro_f1")]
    # two tasks x two encoders x three ways x two methods, and the majority of each task
    assert len(scored) == 2 * 2 * 3 * 2 + 2 and scored["value"].between(0, 1).all()
    assert set(rows["layer"].dropna()) == {6}
    mixed = scored[scored["setting"].str.contains("layers=mix") & scored["seed"].eq(0)]
    info = json.loads(mixed["info"].iloc[0])
    assert len(info["layer_weights"]) == 7 and sum(info["layer_weights"]) == pytest.approx(1, abs=1e-4)
    assert len(set(info["layer_weights"])) > 1, "learned weights have moved"
    plain = scored[scored["setting"].str.contains("layers=uniform")]
    assert all(set(json.loads(i)["layer_weights"]) == {round(1 / 7, 6)} for i in plain["info"])
    recalls = rows[rows["metric"].eq("recall")]
    assert recalls["subset"].str.match("label=.+").all() and len(recalls)
    kept = pk.read_table(tmp_path / "out", "predictions")
    one = scored[scored["control"].eq("") & scored["pooling"].eq("span(avg)")].iloc[0]
    own = kept[kept["key"].eq(one["key"]) & kept["split"].eq("test")]
    assert len(own) == one["n_test"]
    gold, said = ([set(filter(None, t.split("|"))) for t in own[c]] for c in ("gold", "predicted"))
    right = sum(len(a & b) for a, b in zip(gold, said, strict=True))
    assert one["value"] == pytest.approx(2 * right / (sum(map(len, gold)) + sum(map(len, said)) or 1))
    again = grid(
        layers=["mix"],
        tasks=["span/entity-label"],
        poolings=["avg", "max"],
        most={"train": 80, "dev": 40},
        corpora=["grammar(n=100)"],
    ).plan(tmp_path / "out")
    assert again.open == 1 and again.asked == 2, "only what is new is asked"


def test_counts_by_document_give_the_scores_again_and_all_development_units_are_scored(tmp_path):
    """Training is stopped on 10 of the development units; decisions are kept of all, by label and sentence."""
    asked = {"corpora": ["grammar(n=100)"], "tasks": ["span/constituent-label"], "poolings": ["avg", "max"]}
    rows = grid(**asked, most={"dev": 10}, keep=["counts"], controls=["majority"]).run(tmp_path / "out")
    kept = pk.read_table(tmp_path / "out", "counts")
    sums = kept.groupby(["key", "split"], observed=True)[["right", "gold", "predicted"]].sum()
    scored = rows[rows["metric"].eq("micro_f1") & rows["subset"].eq("")]
    assert len(scored) == 2 * 3 and (scored.loc[scored["split"].eq("dev"), "n_test"] > 10).all()
    for line in scored.itertuples():
        found = sums.loc[(line.key, line.split)]
        assert line.value == pytest.approx(2 * found["right"] / (found["gold"] + found["predicted"]))
    recalls = rows[rows["metric"].eq("recall") & rows["split"].eq("dev")]
    by_label = kept[kept["split"].eq("dev")].groupby(["key", "label"], observed=True)[["right", "gold"]].sum()
    for line in recalls.itertuples():
        found = by_label.loc[(line.key, line.subset.removeprefix("label="))]
        assert line.n_test == found["gold"] and line.value == pytest.approx(found["right"] / found["gold"])


def test_what_training_found_says_its_budget_and_whether_it_was_cut_short():
    tokens, targets = small_spans()
    rows = np.arange(60), np.arange(60, 90)
    probe = {"projection": 8, "hidden": 6, "batch": 16, "every": 2, "rate": 0.01}
    (short,) = fit_methods(SpanMLP(**probe, passes=1), tokens, targets, *rows, ["avg"])
    assert short.info["best_step"] == short.info["steps"] == short.info["budget"] == 4
    assert short.info["best_is_last"] and "more passes may score higher" in noted(short.info)
    (long,) = fit_methods(SpanMLP(**probe, passes=500, patience=3), tokens, targets, *rows, ["avg"])
    assert long.info["best_step"] == long.info["steps"] - 6 < long.info["budget"] == 2000
    assert long.info["stopped"] and not long.info["best_is_last"] and noted(long.info) == ""


def test_states_in_half_precision_answer_as_those_in_full(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    asked = {"corpora": ["grammar(n=60)|split-documents"], "layers": ["mix"], "controls": ["majority"]}
    full, half = (grid(**asked, release=True, half=half) for half in (False, True))
    plans = [one.plan(tmp_path / "out") for one in (full, half)]
    sizes = [plan.estimate()[1] for plan in plans]
    assert sizes[0] == 2 * sizes[1]
    remarks = [plan.remarks[0] for plan in plans]
    assert "in full precision" in remarks[0] and "in half precision" in remarks[1]
    rows = [one.run(tmp_path / name) for one, name in ((full, "full"), (half, "half"))]
    says = [set(found["setting"]) for found in rows]
    assert says[1] == {"groups=sentence", "groups=sentence;layers=mix;states=half"}
    assert says[0] == {"groups=sentence", "groups=sentence;layers=mix"}
    scores = [found[found["subset"].eq("")]["value"].to_numpy() for found in rows]
    assert np.allclose(*scores, atol=0.001)


def test_all_yes_and_the_majority_are_what_the_card_says(tmp_path):
    """One negative a positive: all yes scores F 2/3 and accuracy 1/2; five negatives: F 2/7."""
    rows = grid(
        tasks=["span/constituent-detection", "span/mention-detection"],
        controls=["all-yes", "majority"],
        corpora=["grammar(n=200)"],
        encoders=["minilm"],
    ).run(tmp_path / "out")
    yes = rows[rows["control"].eq("all-yes") & rows["split"].eq("test") & rows["subset"].eq("")]
    found = yes.set_index([yes["task"].astype(str), yes["metric"].astype(str)])["value"]
    assert found["span/constituent-detection", "f1_yes"] == pytest.approx(2 / 3, abs=0.01)
    assert found["span/constituent-detection", "accuracy"] == pytest.approx(1 / 2, abs=0.01)
    assert found["span/mention-detection", "f1_yes"] == pytest.approx(2 / 7, abs=0.05)


def test_a_static_table_takes_words_for_pieces(tmp_path):
    rows = grid(encoders=[WORD2VEC], layers=["mix"], corpora=["grammar(n=120)"]).run(tmp_path / "out")
    assert rows["layer"].isna().all() and not rows["setting"].astype(str).str.contains("layers=").any()


def test_labels_that_training_lacks(tmp_path):
    """Refused before training by default, naming where; counted as missed when asked for."""
    labels = ["rare" if i == 29 else ["one", "two"][i % 2] for i in range(30)]
    made = Corpus.from_words(
        [["the", "old", "house", "stood", "there"]] * 30, split=["train"] * 10 + ["dev"] * 10 + ["test"] * 10
    )
    spans = pd.DataFrame({"sentence": range(30), "start": 0, "end": 2, "label": labels})
    made = replace(made, spans={"entity": spans}, digest="")
    if "spans-of-a-test" not in corpora.registry:
        corpora.registry.add("spans-of-a-test", lambda: made, summary="for this test")
    given = {"corpora": ["spans-of-a-test"], "tasks": ["span/entity-label"], "encoders": ["minilm"]}
    with pytest.raises(ProbekitError, match=r"label 'rare' of 'span/entity-label' \(test, words 1 to 2 of sentence 30"):
        grid(**given, probes=["span-mlp(projection=8, hidden=6, passes=2)"]).run(tmp_path / "refused")
    rows = grid(**given).run(tmp_path / "missed")
    test = rows[rows["split"].eq("test") & rows["metric"].eq("micro_f1")]
    assert test["value"].iloc[0] < 1 and test["n_test"].iloc[0] == 10


# --- with the encoder


def test_tuned_states_are_the_frozen_ones_before_training():
    from probekit.encoders.huggingface import HuggingFaceEncoder
    from probekit.probes.span_training import make_network
    from probekit.works.span_answers import AskedSpans
    from probekit.works.tuned_spans import Reader, TunedSpans

    corpus = Corpus.from_words([["the", "incomprehensible", "garden", "."], RIGHT_TO_LEFT, tiny.LONG])
    units = pd.DataFrame([(0, 1, 3), (2, 5, 40), (1, 0, 7), (2, 60, 80)], columns=["sentence", "start", "end"])
    encoder = tiny.encoder("bert")
    assert isinstance(encoder, HuggingFaceEncoder)
    asked = AskedSpans(None, corpus, units, np.array(["yes"] * 4, dtype=object), {}, np.arange(4), "miss")
    reader = Reader(encoder, asked)
    network = make_network(SpanMLP(projection=8, hidden=6), "attn", 1, encoder.width, 1, 3, False, True).eval()
    tuned = TunedSpans(encoder.fresh_model().eval(), network, True)
    vectors = encode(corpus, encoder, layers=[-1], poolings=["pieces"])
    first = reader.batches.pieces.first_piece(corpus)
    ((_, states),) = vectors.items()
    frozen = SpanTokens((torch.from_numpy(np.array(states)),), *token_spans(units, corpus, first))
    rows = np.array([3, 0, 1, 2])
    with torch.no_grad():
        assert torch.allclose(tuned(reader.batch(rows)), network(frozen.batch(rows)), atol=1e-5)


@pytest.mark.slow
def test_a_tuned_run_trains_the_encoder_and_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    from probekit.store import Store
    from probekit.works import tuned_spans as span_tuning

    asked = {
        "encoders": [f"hf:{tiny.folder('bert')}"],
        "tune": True,
        "layers": [-1],
        "poolings": ["max"],
        "most": {"train": 200, "dev": 60, "test": 60},
        "corpora": ["grammar(n=120)"],
        "probes": ["span-mlp(projection=8, hidden=6, passes=4, every=2, batch=40, rate=0.001, unseen=miss)"],
    }
    monkeypatch.setattr(span_tuning, "default_store", lambda: Store(tmp_path / "one"))
    whole = grid(**asked).run(tmp_path / "whole")
    monkeypatch.setattr(span_tuning, "default_store", lambda: Store(tmp_path / "two"))
    seen = []
    batch = span_tuning.Reader.batch

    def dies(self, rows):
        seen.append(1)
        if len(seen) == 12:
            raise KeyboardInterrupt
        return batch(self, rows)

    monkeypatch.setattr(span_tuning.Reader, "batch", dies)
    with pytest.raises(KeyboardInterrupt):
        grid(**asked).run(tmp_path / "resumed")
    before = len(seen)
    resumed = grid(**asked).run(tmp_path / "resumed")
    assert len(seen) - before < before + 60
    columns = ["metric", "split", "subset"]
    one, two = (df.sort_values(columns)["value"].to_numpy() for df in (whole, resumed))
    assert np.array_equal(one, two)
    steps = [json.loads(i)["steps"] for i in whole["info"] if "steps" in i]
    assert steps and whole["setting"].astype(str).str.contains("tuned=true").all()


# --- bad input


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"layers": ["mixed"]}, "mix"),
        ({"layers": [9]}, "0 .embeddings. to 6"),
        ({"poolings": ["maxx"]}, "max"),
        ({"probes": ["logistic"]}, "span tasks take span-mlp"),
        ({"probes": ["span-mlp(unseen=drop)"]}, "refuse"),
        ({"probes": ["span-mlp(dropout=1)"]}, "dropout"),
        ({"tasks": ["span/constituent-label", "sentence/parse_depth"]}, "separate grids"),
        ({"folds": 5}, "own train, dev and test"),
        ({"most": {"training": 3}}, "train"),
        ({"most": {"train": 0}}, "whole number"),
        ({"tune": True, "layers": [1]}, "last layer"),
        ({"tune": True, "layers": ["mix"], "half": True}, "fine-tuning keeps none"),
        ({"tune": True, "encoders": [WORD2VEC], "layers": ["mix"]}, "cannot be fine-tuned"),
        ({"controls": ["length"]}, "majority"),
        ({"tasks": ["span/constituent-lable"]}, "constituent-label"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_work(changed, message):
    with pytest.raises((ProbekitError, UnknownName), match=message):
        grid(**changed)


def test_sentence_grids_refuse_span_probes_and_options():
    with pytest.raises(ProbekitError, match="reads spans"):
        pk.probing("x", corpora=["grammar(n=9)"], encoders=["minilm"], tasks=["word/upos"], probes=["span-mlp"])
    with pytest.raises(ProbekitError, match="tasks of spans"):
        pk.probing("x", corpora=["grammar(n=9)"], encoders=["minilm"], tasks=["word/upos"], tune=True)


@pytest.mark.parametrize(
    "corpus, message",
    [
        ("grammar(n=40)|split(train)", r"not all of the parts train, dev and test .*split-documents"),
        ("{conllu}", "trees"),
    ],
)
def test_a_corpus_without_the_layer_or_the_parts_is_named(tmp_path, corpus, message):
    file = tmp_path / "plain.conllu"
    file.write_text("1\tHello\thello\tINTJ\tUH\t_\t0\troot\t_\t_\n\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match=message):
        grid(corpora=[corpus.format(conllu=f"conllu:{file}")]).run(tmp_path / "out")


def test_a_grid_of_spans_says_what_it_costs(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))  # nothing is made yet
    asked = grid(layers=["mix"], poolings=["avg", "max"], encoders=["minilm"])
    minutes, disk = asked.plan(tmp_path / "out").estimate()
    assert minutes > 0 and disk > 0 and isinstance(asked, SpanGrid)


def test_states_are_released_when_the_last_cell_has_read_them(tmp_path, monkeypatch):
    from probekit import recipes
    from probekit.works import spans

    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    asked = {
        "layers": [1, 2],
        "corpora": ["grammar(n=60)|split-documents"],
        "poolings": ["avg"],
        "controls": ["majority"],
    }
    released = grid(**asked, release=True)
    with monkeypatch.context() as patched, pytest.raises(ProbekitError, match=r"activations of minilm on .* at most 0"):
        patched.setattr(spans, "MOST_KEPT", 1000)
        released.plan(tmp_path / "released")
    plan = released.plan(tmp_path / "released")
    assert [cell.shared.get("release", False) for cell in plan.cells] == [False, True, False]
    (remark,) = plan.remarks
    assert remark.startswith("states of frozen encoders, in full precision: at most 0.00 GiB at a time (limit 12)")
    one = released.run(tmp_path / "released")
    (need,) = plan.needs()
    assert not recipes.of(need).made
    two = grid(**asked).run(tmp_path / "kept")
    assert recipes.of(need).made and np.array_equal(one["value"], two["value"])
    assert released.plan(tmp_path / "released").open == 0, "what is answered needs no states"


def test_a_cell_whose_states_another_has_released_makes_them_again(tmp_path, monkeypatch):
    from probekit import recipes
    from probekit.grid.work import answer

    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    (cell,) = grid(corpora=["grammar(n=60)|split-documents"]).plan(tmp_path / "out").cells
    rows, _ = answer(cell)
    recipes.of(cell.needs[-1]).release()
    assert not recipes.of(cell.needs[-1]).made
    again, _ = answer(cell)
    assert again["value"].to_pylist() == rows["value"].to_pylist()


def test_a_dry_run_tells_what_lies_in_the_cache_at_a_time(tmp_path, monkeypatch, capsys):
    from probekit.cli.run import _say_plans

    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    each = [grid(corpora=[f"grammar(n={n})|split-documents"], release=True) for n in (400, 800)]
    sizes = [one.plan(tmp_path / "out").estimate()[1] for one in each]
    _say_plans(each, tmp_path / "out")
    assert f"and {max(sizes) / 2**20:.0f} MiB of cache at a time" in capsys.readouterr().out
    _say_plans([grid(corpora=["grammar(n=400)|split-documents"])], tmp_path / "out")
    assert f"and {sizes[0] / 2**20:.0f} MiB of cache\n" in capsys.readouterr().out
