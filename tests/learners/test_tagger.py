"""Taggers: chains against enumeration and pytorch-crf, experts and heads, training, answers, what is refused."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchcrf import CRF as Oracle

from probekit import recipes
from probekit.corpora import Corpus, load_corpus
from probekit.encoders.loading import describe as describe_encoder
from probekit.encoders.recurrent import WEIGHTS
from probekit.errors import ProbekitError
from probekit.learners.tagger import SavedTagger, fit_tagger
from probekit.learners.tagger_data import Labels, spans
from probekit.models.crf import CRF, _LogPartition
from probekit.models.tag_heads import CRFHead, follows
from probekit.models.tagger import Combination, Experts
from probekit.training.buckets import Buckets

NAMES = ["O", "B-X", "I-X", "B-Y", "I-Y"]


def drawn(labels: int = 3, seed: int = 0) -> CRF:
    crf = CRF(labels).double()
    with torch.no_grad():
        for number, weight in enumerate(crf.parameters()):
            weight.copy_(torch.from_numpy(np.random.default_rng([seed, number]).normal(size=tuple(weight.shape))))
    return crf


def texts(labels: int, lengths: list[int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Emissions, labels and mask of texts of some lengths."""
    rng = np.random.default_rng(seed)
    width = max(lengths)
    emissions = torch.from_numpy(rng.normal(size=(len(lengths), width, labels)) * 2)
    gold = torch.from_numpy(rng.integers(0, labels, (len(lengths), width)))
    return emissions, gold, torch.arange(width)[None] < torch.tensor(lengths)[:, None]


def test_sums_and_best_paths_are_those_of_all_paths() -> None:
    crf, lengths = drawn(), [1, 4, 3]
    emissions, gold, mask = texts(3, lengths)
    losses, best = crf.loss(emissions, gold, mask), crf.best(emissions, mask)
    for row, n in enumerate(lengths):

        def score(path: tuple[int, ...], row: int = row) -> float:
            steps = sum(float(emissions[row, t, label]) for t, label in enumerate(path))
            pairs = sum(float(crf.follow[a, b]) for a, b in pairwise(path))
            return float(crf.start[path[0]]) + steps + pairs + float(crf.end[path[-1]])

        every = {path: score(path) for path in product(range(3), repeat=n)}
        total = np.log(np.exp(list(every.values())).sum())
        assert float(losses[row]) == pytest.approx(total - every[tuple(gold[row, :n].tolist())], abs=1e-10)
        assert tuple(best[row, :n].tolist()) == max(every, key=lambda path: every[path])
        assert best[row, n:].eq(0).all()


def test_the_gradient_is_that_of_small_steps() -> None:
    crf = drawn()
    emissions, gold, mask = texts(3, [2, 5, 1])
    emissions.requires_grad_()
    assert torch.autograd.gradcheck(lambda given: crf.loss(given, gold, mask), (emissions,))
    weights = tuple(crf.parameters())

    def loss(*given: torch.Tensor) -> torch.Tensor:
        other = CRF(3).double()
        return torch.func.functional_call(
            other, dict(zip(("start", "follow", "end"), given, strict=True)), (emissions.detach(), gold, mask)
        )

    CRF.forward = CRF.loss  # type: ignore[method-assign]  # functional_call calls a module
    try:
        assert torch.autograd.gradcheck(loss, tuple(weight.detach().requires_grad_() for weight in weights))
    finally:
        del CRF.forward


def test_sums_over_paths_have_their_gradient_where_steps_are_forbidden() -> None:
    emissions, _, mask = texts(5, [2, 5, 1])
    emissions.requires_grad_()
    crf = CRF(5, *follows(NAMES)).double()
    assert torch.autograd.gradcheck(lambda given: crf.log_partition(given, mask), (emissions,))
    weights = [weight.detach().requires_grad_() for weight in drawn(5).parameters()]
    assert torch.autograd.gradcheck(
        lambda *given: _LogPartition.apply(emissions.detach(), mask, *given), tuple(weights)
    )


def test_losses_gradients_and_paths_are_those_of_pytorch_crf() -> None:
    ours, oracle = drawn(5).float(), Oracle(5, batch_first=True)
    with torch.no_grad():
        for name, weight in (
            ("start_transitions", ours.start),
            ("transitions", ours.follow),
            ("end_transitions", ours.end),
        ):
            oracle.get_parameter(name).copy_(weight)
    emissions, gold, mask = texts(5, [7, 3, 12, 1])
    mine, theirs = (emissions.float().requires_grad_() for _ in range(2))
    loss, other = ours.loss(mine, gold, mask).sum(), -oracle(theirs, gold, mask=mask)
    loss.backward()
    other.backward()
    assert loss.item() == pytest.approx(other.item(), rel=1e-5)
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours.follow.grad, oracle.transitions.grad, rtol=1e-4, atol=1e-5)
    best = ours.best(emissions.float(), mask)
    assert [best[row, : int(n)].tolist() for row, n in enumerate(mask.sum(1))] == oracle.decode(emissions.float(), mask)


def test_padding_and_company_change_nothing() -> None:
    crf = drawn()
    emissions, gold, mask = texts(3, [2, 6])
    alone = crf.loss(emissions[:1, :2], gold[:1, :2], mask[:1, :2])
    assert torch.equal(crf.loss(emissions, gold, mask)[:1], alone)
    other = emissions.clone()
    other[0, 2:] = 1e4
    assert torch.equal(crf.loss(other, gold, mask)[:1], alone)
    assert torch.equal(crf.best(other, mask)[0], crf.best(emissions, mask)[0])


def test_forbidden_tags_are_never_answered() -> None:
    head = CRFHead(4, NAMES, forbid=True)
    states = torch.from_numpy(np.random.default_rng(0).normal(size=(20, 9, 4)) * 9).float()
    told = np.array(NAMES, dtype=object)[head.answer(states, torch.ones(20, 9, dtype=torch.bool)).numpy()]
    for row in told:
        spans(row, np.array([9]), repair="strict")  # raises where a tag continues nothing
    with pytest.raises(ProbekitError, match="does not continue"):
        free = np.array(NAMES, dtype=object)[CRFHead(4, NAMES).scores(states).argmax(2).numpy()]
        spans(free.reshape(-1), np.full(20, 9), repair="strict")


def test_experts_mix_by_their_gate() -> None:
    torch.manual_seed(0)
    experts, states = Experts(6, 3, 4), torch.randn(2, 5, 6)
    for category in range(3):
        chosen = torch.zeros(2, 5, 3)
        chosen[..., category] = 1
        alone = torch.nn.functional.linear(
            states,
            experts.experts.weight[4 * category : 4 * category + 4],
            experts.experts.bias[4 * category : 4 * category + 4],
        )
        torch.testing.assert_close(experts(states, chosen)[0], alone)
    one = Experts(6, 1, 4)
    torch.testing.assert_close(one(states)[0], one.experts(states))


def test_inputs_are_combined_as_the_card_says() -> None:
    torch.manual_seed(0)
    vectors = [torch.randn(2, 3, 4), torch.randn(2, 3, 6)]
    assert torch.equal(Combination([4, 6])(vectors)[0], torch.cat(vectors, dim=2))
    combined = Combination([4, 6], "attention", hidden=5)
    found, weights = combined(vectors)
    assert weights is not None and torch.allclose(weights.sum(2), torch.ones(2, 3))
    mapped = [torch.tanh(one(given)) for one, given in zip(combined.maps, vectors, strict=True)]
    scores = torch.stack([combined.query(torch.tanh(combined.hidden(one)))[..., 0] for one in mapped], dim=2)
    expected = sum(torch.softmax(scores, dim=2)[..., i, None] * one for i, one in enumerate(mapped))
    torch.testing.assert_close(found, expected)


def test_what_is_derived_of_labels() -> None:
    labels = Labels(NAMES)
    codes = np.arange(5)
    assert labels.categories(codes).tolist() == [0, 1, 1, 2, 2]
    assert labels.detected(codes, "binary").tolist() == [0, 1, 1, 1, 1]
    assert labels.detected(codes, "bio").tolist() == [0, 1, 2, 1, 2]


# --- trained

GRAMMAR = 'tagger:"grammar(n=120)|resplit"'
SMALL = 'inputs=["random:minilm"], layer=0, hidden=8, layers=1, epochs=2, rate=0.02, budget=300'


def small(more: str = "", task: str = "word/bio:entity") -> str:
    return f'{GRAMMAR}(task="{task}", {SMALL}{more})'


@pytest.mark.parametrize("more", ["", ", experts=4, detection=bio, head=softmax", ", experts=4, predicts=both"])
def test_a_tagger_answers_alike_wherever_it_is_loaded(more: str) -> None:
    folder = recipes.folder(small(more))
    corpus = load_corpus("grammar(n=30, seed=3)")
    one, other = SavedTagger(folder), SavedTagger(folder)
    every = one.answers(corpus)
    assert len(every) == corpus.n_words and set(every) <= set(one.labels.names)
    assert np.array_equal(every, other.answers(corpus))
    alone = np.concatenate([other.answers(corpus, np.array([row])) for row in range(corpus.n_sentences)])
    assert np.array_equal(every, alone)


def test_training_goes_on_from_where_it_was(tmp_path: Path) -> None:
    from probekit.learners.tagger import fit_tagger

    corpus = load_corpus("grammar(n=60)|resplit")
    given = {"inputs": ["random:minilm"], "layer": 0, "hidden": 6, "layers": 1, "rate": 0.02, "budget": 300}
    whole = fit_tagger(corpus, "word/upos", tmp_path / "a", {}, **given, epochs=3)
    fit_tagger(corpus, "word/upos", tmp_path / "b", {}, tmp_path / "state", **given, epochs=2)
    again = fit_tagger(corpus, "word/upos", tmp_path / "c", {}, tmp_path / "state", **given, epochs=3)
    assert again["train_losses"] == whole["train_losses"] and again["dev_losses"] == whole["dev_losses"]
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "c" / "model.safetensors").read_bytes()


def fitted(folder: Path, **more: object) -> dict[str, Any]:
    """What training a small tagger found."""
    from probekit.learners.tagger import fit_tagger

    given = {"inputs": ["random:minilm"], "layer": 0, "hidden": 6, "layers": 1, "rate": 0.02, "budget": 300}
    return fit_tagger(load_corpus("grammar(n=60)|resplit"), "word/upos", folder, {}, **{**given, "epochs": 3, **more})


def test_options_of_training_are_those_it_is_trained_with(tmp_path: Path) -> None:
    usual = fitted(tmp_path / "usual")
    assert len(usual["train_losses"]) == 3
    assert fitted(tmp_path / "sgd", optimizer="sgd")["train_losses"] != usual["train_losses"]
    slower = fitted(tmp_path / "halved", schedule='"halved(after=1)"'.strip('"'))
    assert slower["train_losses"][0] == usual["train_losses"][0]  # the rate is halved after the first epoch
    assert slower["train_losses"][2] > usual["train_losses"][2]
    two = fitted(tmp_path / "threads", threads=2)
    np.testing.assert_allclose(two["train_losses"], usual["train_losses"], rtol=1e-3)
    assert fitted(tmp_path / "decay", decay=0.9)["train_losses"] != usual["train_losses"]
    rising = fitted(tmp_path / "warmup", schedule="linear(warmup=0.9)")["train_losses"]
    assert rising[0] > usual["train_losses"][0]  # the first steps are small
    wild = [fitted(tmp_path / f"{n}", patience=n, epochs=40, rate=0.5)["train_losses"] for n in (1, 4)]
    assert len(wild[0]) < len(wild[1]) < 40 and wild[1][: len(wild[0])] == wild[0]


@pytest.mark.parametrize(("combine", "width"), [("concat", 2 * 384), ("average", 384), ("attention", 384)])
def test_several_inputs_are_combined_in_training(combine: str, width: int) -> None:
    from probekit.encoders import load_encoder

    spec = small(f", combine={combine}").replace('["random:minilm"]', '["random:minilm", "random:minilm"]')
    folder = recipes.folder(spec)
    assert load_encoder(spec).widths[0] == width
    names = {name.partition(".")[0] for name, _ in SavedTagger(folder).model.combination.named_parameters()}
    assert names == {"concat": set(), "average": {"maps"}, "attention": {"maps", "hidden", "query"}}[combine]


@pytest.mark.parametrize("inputs", ['subwords:"grammar(n=60)"(size=8, epochs=1, buckets=200)', "minilm"])
def test_inputs_may_learn_and_others_stay(inputs: str, tmp_path: Path) -> None:
    quoted = inputs.replace('"', '\\"')
    spec = (
        f'tagger:"grammar(n=40)|resplit"(task=word/upos, inputs=["{quoted}"], learn=true, layers=0, head=softmax, '
        "epochs=1, rate=0.01, budget=300)"
    )
    tagger = SavedTagger(recipes.folder(spec))
    unseen = Corpus.from_words([["the", "zebra", "qwxz"], ["owls"]])
    assert np.array_equal(tagger.answers(unseen), SavedTagger(recipes.folder(spec)).answers(unseen))
    if inputs != "minilm":
        source = tagger.sources[0]
        bag = source.subwords.bag("qwxz")
        source.prepare(unseen)
        before = source.subwords.rows[bag]
        held = source.module.weight.detach()[np.searchsorted(source.held, bag)].numpy()
        trained = np.isin(bag, np.load(recipes.folder(spec) / "held-0.npy"))
        assert np.array_equal(held[~trained], before[~trained])
    else:
        assert (recipes.folder(spec) / "encoder" / "config.json").is_file()


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("layer", ["mean:2", "mix"])
def test_several_layers_are_read_as_their_mean_or_weighed_by_what_is_learned(layer: str, learn: bool) -> None:
    from probekit.learners.tagger_inputs import make

    corpus, rows = Corpus.from_words([["the", "zebra"], ["owls", "sleep", "long"]]), np.array([0, 1])
    alone = []
    for one in range(7):
        source = make("random:minilm", one, learn)
        source.prepare(corpus)
        alone.append(source.module.eval()(*source.batch(corpus, rows)))
    source = make("random:minilm", layer, learn)
    source.prepare(corpus)
    expected = torch.stack(alone[-2:] if layer == "mean:2" else alone).mean(dim=0)
    assert torch.allclose(source.module.eval()(*source.batch(corpus, rows)), expected, atol=1e-6)
    spec = (
        f'tagger:"grammar(n=40)|resplit"(task=word/upos, inputs=["random:minilm"], layer="{layer}", layers=0, '
        f"head=softmax, epochs=1, rate=0.01, budget=300, learn={str(learn).lower()})"
    )
    tagger = SavedTagger(recipes.folder(spec))
    shares = [weight for name, weight in tagger.model.named_parameters() if name.endswith("shares")]
    assert len(shares) == (layer == "mix") and all(len(one) == 7 and one.std() > 0 for one in shares)
    assert len(tagger.answers(corpus)) == 5


def test_a_mean_of_more_layers_than_there_are_is_refused_and_several_where_a_row_is_of_one() -> None:
    from probekit.learners.tagger_inputs import layer_of, layers_of

    with pytest.raises(ProbekitError, match="reads 2 layers of"):
        layer_of(describe_encoder("random:minilm"), "mean:2")
    with pytest.raises(ProbekitError, match="has 6 layers above its embeddings"):
        layers_of(describe_encoder("random:minilm"), "mean:7")
    assert layers_of(describe_encoder("random:minilm"), "mean:6") == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(("n", "capacity", "before"), [(0, 10, 4), (10, 10, 4), (11, 10, 4), (57, 10, 64), (30, 7, 0)])
def test_windows_read_every_piece_once_and_repeat_what_came_before(n: int, capacity: int, before: int) -> None:
    from probekit.learners.tagger_inputs import windows

    found = list(windows(n, capacity, before))
    assert [piece for _, new, end in found for piece in range(new, end)] == list(range(n))
    assert all(end - start <= capacity for start, _, end in found)
    assert all(new - start == min(before, capacity // 2) for start, new, _ in found[1:])


def test_a_sentence_longer_than_the_model_reads_is_read_in_windows() -> None:
    from probekit.encoders.loading import describe
    from probekit.learners.tagger_inputs import Transformer

    small = "steps=1, looks=1, batch=4, length={}, width=16, heads=2, layers=1, vocabulary=120, rate=1e-9"
    corpus = load_corpus("grammar(n=40)")
    rows = np.argsort(corpus.lengths)[-3:]
    source = Transformer(describe(f'pretrained:"grammar(n=60)"({small.format(12)})'), 1, before=3)
    source.prepare(corpus)
    ids, attended, first = source.batch(corpus, rows)
    assert len(ids) > 3 and ids.shape == attended.shape and ids.shape[1] == 12
    pieces = source._pieces[corpus.digest]
    states = source.module(ids, attended, first)
    for place, row in enumerate(rows):
        own = pieces.ids[slice(*pieces.offsets[row : row + 2])]
        begins = np.flatnonzero(np.diff(pieces.word[slice(*pieces.offsets[row : row + 2])], prepend=-1))
        assert np.array_equal(ids.flatten()[first[place, : len(begins)]].numpy(), own[begins])
    last = first[2, int(corpus.lengths[rows[2]]) - 1]
    alone = source.module(ids[last // 12][None], attended[last // 12][None], (last % 12).reshape(1, 1))
    assert torch.allclose(states[2, int(corpus.lengths[rows[2]]) - 1], alone[0, 0], atol=1e-6)


def test_several_inputs_that_learn_are_saved_each(tmp_path: Path) -> None:
    from probekit.learners.tagger import fit_tagger

    given = {"inputs": ["random:minilm", "random:minilm"], "learn": True, "layers": 0, "head": "softmax"}
    fit_tagger(load_corpus("grammar(n=12)|resplit"), "word/upos", tmp_path, {}, **given, layer=1, epochs=1)
    assert all((tmp_path / f"encoder-{number}" / "config.json").is_file() for number in (0, 1))


def test_the_weights_of_a_part_do_not_depend_on_the_others() -> None:
    from probekit.learners.tagger import build, initialise_all_but_sources, options
    from probekit.learners.tagger_inputs import make
    from probekit.models.lstm import initialise

    def weights(**given: object) -> dict[str, torch.Tensor]:
        model = build([make("random:minilm", 0, False)], Labels(NAMES), options(hidden=3, **given))
        initialise_all_but_sources(model, 0, initialise)
        return dict(model.state_dict())

    alone, beside = weights(), weights(detection="bio", experts=4, predicts="both")
    shared = [name for name in alone if alone[name].shape == beside[name].shape]
    assert len(shared) > 8 and all(torch.equal(alone[name], beside[name]) for name in shared)
    both = weights(detection="bio")
    assert not torch.equal(both["head.scores.weight"][:3], both["detector.scores.weight"])


def test_words_without_a_label_are_refused_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "x-train.conllu"
    rows = ["1\tAda\t_\tPROPN\t_\t_\t0\troot\t_\t_", "2\tleft\t_\t_\t_\t_\t1\tdep\t_\t_"]
    file.write_text("".join(line + "\n" for line in [*rows, "", *rows, ""]), encoding="utf-8")
    asked = 'tagger:"conllu:{}"(inputs=["random:minilm"], layer=0, hidden=2, layers=1, epochs=1, task="{}")'
    with pytest.raises(ProbekitError, match=r"2 of 4 words|1 of 2 words.*'left'.*words=all"):
        recipes.folder(asked.format(file, "word/upos"))
    assert SavedTagger(recipes.folder(asked.format(file, "word/upos(words=all)"))).labels.names == ["", "PROPN"]


@pytest.mark.parametrize(("first", "other", "part"), [("O", "B-X", "training"), ("B-X", "O", "development")])
def test_a_part_without_spans_is_refused(tmp_path: Path, first: str, other: str, part: str) -> None:
    for name, tag in (("train", first), ("dev", other)):
        (tmp_path / f"x-{name}.conll").write_text(f"Ada\t{tag}\nleft\tO\n\n" * 3, encoding="utf-8")
    files = ",".join(str(tmp_path / f"x-{name}.conll") for name in ("train", "dev"))
    with pytest.raises(ProbekitError, match=f"the {part} sentences.*no span"):
        recipes.folder(f'tagger:"bio:{files}"(inputs=["random:minilm"], layer=0, epochs=1)')


def test_the_digest_of_a_folder_covers_labels_inputs_and_what_is_held(tmp_path: Path) -> None:
    import json
    import shutil

    from probekit.encoders import describe

    inputs = 'subwords:\\"grammar(n=60)\\"(size=8, epochs=1, buckets=200)'
    spec = (
        f'tagger:"grammar(n=40)|resplit"(task=word/upos, inputs=["{inputs}"], learn=true, layers=0, head=softmax, '
        "epochs=1, rate=0.01, budget=300)"
    )
    out = tmp_path / "a"
    shutil.copytree(recipes.folder(spec), out)
    before = describe(f"saved:{out}")
    assert before.generated
    held = np.load(out / "held-0.npy")
    np.save(out / "held-0.npy", held[::-1])
    assert describe(f"saved:{out}").digest != before.digest
    np.save(out / "held-0.npy", held)
    assert describe(f"saved:{out}").digest == before.digest
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    (out / "config.json").write_text(json.dumps({**config, "inputs": ["other"]}), encoding="utf-8")
    with pytest.raises(ProbekitError, match="is not what the tagger in 'a' was trained on"):
        describe(f"saved:{out}")


@pytest.mark.parametrize("file", ["held-0.npy", "model.safetensors", "config.json"])
def test_a_folder_that_is_half_written_says_which_file_and_what_to_do(tmp_path: Path, file: str) -> None:
    import shutil

    spec = (
        'tagger:"grammar(n=40)|resplit"(task=word/upos, inputs=["drawn(width=4)"], learn=true, layers=0, head=softmax, '
        "epochs=1, budget=300)"
    )
    shutil.copytree(recipes.folder(spec), tmp_path / "half")
    whole = (tmp_path / "half" / file).read_bytes()
    for content in (whole[: len(whole) // 2], b""):
        (tmp_path / "half" / file).write_bytes(content)
        with pytest.raises(ProbekitError, match=rf"cannot read {file} of .*'half'.*train it again"):
            SavedTagger(tmp_path / "half")
    (tmp_path / "half" / file).unlink()
    with pytest.raises(ProbekitError, match=r"train it again|train one: probekit train tagger"):
        SavedTagger(tmp_path / "half")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ('tagger:"grammar(n=60)"(task=sentence/sent_length)', "labels of words"),
        (small(", experts=4", task="word/upos"), "needs the categories of spans"),
        (small(", detection=bio", task="word/upos"), "needs the categories of spans"),
        (small(", head=tree"), "tree"),
        (small(", optimizer=adagrad"), "optimizer"),
        (small(", schedule=sometimes"), "sometimes"),
        (small(", patience=0"), "patience"),
        (small(", threads=0"), "threads"),
        (small(", combine=sum"), "combine"),
        (small(', head="crf(forbid=maybe)"'), "forbid"),
        (f'{GRAMMAR}(task=word/upos, inputs=["random:minilm"], layer=99)', "99"),
        (f'{GRAMMAR}(task=word/upos, inputs=["paraphrases:cues"], learn=true)', "does not learn"),
    ],
)
def test_what_cannot_be_trained_is_refused(spec: str, said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        recipes.folder(spec)


def test_a_tagger_is_an_encoder_whose_layers_can_be_probed() -> None:
    from probekit.encoders import describe, load_encoder
    from probekit.encoders.activations import encode

    spec = small()
    source = describe(spec)
    assert source.layers == (0, 1) and source.generated and source.needs[-1] == recipes.of(spec).spec
    corpus = load_corpus("grammar(n=20, seed=5)")
    found = encode(corpus, spec, "all", ("words", "mean"))
    encoder = load_encoder(spec)
    assert found[0, "words"].shape == (corpus.n_words, encoder.widths[0])
    assert found[1, "words"].shape == (corpus.n_words, 16)
    given = encode(corpus, "random:minilm", [0], ("words",))[0, "words"]
    assert np.array_equal(found[0, "words"], given)
    first = found[1, "words"][: corpus.offsets[1]]
    np.testing.assert_allclose(found[1, "mean"][0], first.mean(axis=0), rtol=1e-5)


def test_train_tag_and_ask_from_the_command_line(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from probekit.cli.app import app

    lines = "Ada\tB-PER\nsaw\tO\nRome\tB-LOC\n\nShe\tO\nleft\tO\n\n" * 8
    (tmp_path / "x-train.conll").write_text(lines, encoding="utf-8")
    text = tmp_path / "text.txt"
    text.write_text("Ada left. She saw Rome.\n\nRome left\n", encoding="utf-8")
    runner, out = CliRunner(), str(tmp_path / "model")
    train = ["train", "tagger", f"bio:{tmp_path / 'x-train.conll'}", "--out", out, "--input", "random:minilm"]
    small_one = ["--layer", "0", "--hidden", "4", "--layers", "1", "--epochs", "2", "--rate", "0.05"]
    done = runner.invoke(app, [*train, *small_one])
    assert done.exit_code == 0 and "dev_score" in done.output, done.output
    told = runner.invoke(app, ["tag", "--model", out, "--text", str(text)])
    assert told.exit_code == 0, told.output
    blocks = [[line.split("\t") for line in block.split("\n")] for block in told.output.strip().split("\n\n")]
    assert [[word for word, _ in block] for block in blocks] == [
        ["Ada", "left", "."],
        ["She", "saw", "Rome", "."],
        ["Rome", "left"],
    ]
    import probekit as pk
    from probekit.encoders.activations import encode

    found = encode(Corpus.from_words([["Ada", "left", "."]]), f"saved:{out}", "all", ("words",))
    assert found[0, "words"].shape == (3, 384) and found[1, "words"].shape == (3, 8)
    assert pk.tag(out, [["Ada", "left", "."]]) == [[label for _, label in blocks[0]]]
    with pytest.raises(ProbekitError, match="no tagger in"):
        pk.tag(tmp_path, [["a"]])


def test_looks_as_far_apart_as_passes_are_change_nothing_and_nearer_ones_are_counted(tmp_path: Path) -> None:
    """`look` batches lie between two looks; a training of so many steps ends there, whatever a pass has."""
    corpus = load_corpus("grammar(n=40)|resplit")
    how = {"inputs": ["random:minilm"], "layer": 0, "hidden": 4, "layers": 1, "head": "softmax", "budget": 150}
    each = len(Buckets(corpus.lengths[corpus.sentences["split"].eq("train").to_numpy()], 150).epoch(0))
    trainings = {"passes": {"epochs": 2}, "looks": {"epochs": 2, "look": each}, "steps": {"epochs": 5, "look": 1}}
    found = {}
    for name, more in trainings.items():
        found[name] = fit_tagger(corpus, "word/upos", tmp_path / name, {}, **how, **more, patience=5)
    assert each > 1 and found["passes"] == found["looks"]
    weights = [(tmp_path / name / WEIGHTS).read_bytes() for name in ("passes", "looks", "steps")]
    assert weights[0] == weights[1] != weights[2]
    assert len(found["steps"]["dev_losses"]) == 5
