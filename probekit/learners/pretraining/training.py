"""A small BERT pretrained on masked pieces of text at hand, written as a folder that any Hugging Face tool reads.

As in Wu and Dredze 2020 (RepL4NLP at ACL): pieces learned on equally many sentences a language, sequences over
sentence borders, 15 % of positions drawn with weights count^-.5, output tied to the input embeddings, Adam with linear
warm-up and one over the root of the step. Sizes, by default, are those at which minutes of one core are enough.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import called
from probekit.encoders.model_folder import quiet_transformers
from probekit.errors import ProbekitError
from probekit.learners.pretraining import masking
from probekit.learners.pretraining.text import Sequences, Text, in_turn, write_pieces
from probekit.learners.pretraining.vocabulary import KINDS, SPECIALS, learn_vocabulary
from probekit.store import write_atomically
from probekit.streams import generator, whole_number
from probekit.values import Count, LessThanAll, OneOf, Range, Rate, Seed, Several, Share

if TYPE_CHECKING:
    import torch

HELD = 0.05  # of the sentences of a language without a part dev
HELD_MOST = 64  # sequences of each language on which perplexity is told
Length = Annotated[int, Range(4, 4096)]
Power = Annotated[float, Range(0, 10)]
Pieces = Annotated[str, OneOf(KINDS)]


def pretrain(
    corpora: Sequence[Corpus],
    folder: Path,
    progress: Path,
    *,
    layers: Count = 2,
    width: Count = 128,
    heads: Count = 4,
    vocabulary: Several = 2000,
    pieces: Pieces = "unigram",
    length: Length = 64,
    batch: Count = 32,
    steps: Count = 1000,
    looks: Count = 5,
    mask: Share = 0.15,
    power: Power = 0.5,
    size_power: Power = 0.0,
    rate: Rate = 1e-3,
    warmup: Count = 100,
    dropout: LessThanAll = 0.1,
    states: bool = False,
    threads: Count = 1,
    seed: Seed = 0,
) -> dict[str, Any]:
    """Train an encoder on the text of some corpora, each a language of its own, and write model and tokenizer.

    layers, width, heads: of the encoder; its inner width is four times `width`. vocabulary, pieces: see
    `learn_vocabulary`. length: positions of a sequence, and the most that the encoder ever reads at once. batch:
    sequences of a step. looks: times at which perplexity is told, and from which an interrupted training goes on. mask:
    share of positions to guess. power: pieces are chosen by count^-power. size_power: languages are drawn by the size
    of their text to this power; 0 is alike. states: the model of each look is kept, in folders `look-1`, `look-2`, ...
    of its own. progress: a folder of the state. Held out is the part dev of a corpus, else its last twentieth; where
    that is shorter than a sequence in every corpus, perplexities are NaN and the last look is kept.

    Returns counts and perplexities by look and language. Raises ProbekitError for sizes that do not go together and
    for a text shorter than one sequence.
    """
    from probekit.training.buckets import torch_threads
    from probekit.training.loop import Settings, train

    check_options({"width": width, "heads": heads, "looks": looks, "steps": steps})
    parts = [split_text(corpus) for corpus in corpora]
    texts = [Text(corpus, own) for corpus, (own, _) in zip(corpora, parts, strict=True)]
    progress.mkdir(parents=True, exist_ok=True)
    tokenizer = _vocabulary(progress / "vocabulary", lambda: learn_vocabulary(texts, vocabulary, pieces, seed))
    files, held = [], []
    for number, (corpus, own, (_, dev)) in enumerate(zip(corpora, texts, parts, strict=True)):
        files.append(progress / f"pieces-{number}.bin")
        write_pieces(tokenizer, own, files[-1])
        place = progress / f"held-{number}.bin"
        write_pieces(tokenizer, Text(corpus, dev), place)
        held.append(np.fromfile(place, dtype=np.int32))
    ends = (tokenizer.cls_token_id, tokenizer.sep_token_id)
    drawn = Sequences(files, length, batch, steps, size_power, seed, ends, [repr(corpus) for corpus in corpora])
    counts = drawn.counts(len(tokenizer))
    weights = masking.weights_of(counts, power)
    weights[: len(SPECIALS)] = 0  # what is special, and what cannot be read, is not guessed
    hide = _Hide(weights, mask, tokenizer.mask_token_id, len(tokenizer))

    def batches(epoch: int) -> Iterator[masking.Masked]:
        told.now = epoch + 1
        for step in range(epoch * steps // looks, (epoch + 1) * steps // looks):
            yield hide(drawn.step(step), generator(seed, "draw", "masks", step))

    fixed = [list(_held_batches(text, length, batch, ends, hide, language)) for language, text in enumerate(held)]
    told = _Looks(progress)
    with torch_threads(threads):
        module = build(len(tokenizer), layers, width, heads, length, dropout, tokenizer.pad_token_id, seed)

        def look() -> float:
            means = [held_loss(module, own) for own in fixed]
            told.write(means, module if states else None)
            known = [one for one in means if np.isfinite(one)]
            # Of texts too short to hold out a sequence each look counts as better than the one before.
            return float(np.mean(known)) if known else -float(told.now)

        settings = Settings(rate, looks, looks, 1.0, 0.0, f"inverse-root(warmup={warmup})")
        how: dict[str, Any] = {"seed": seed, "keep": progress / "state", "label": "pretraining"}
        reached = train(module, guess, batches, settings, look, steps=-(-steps // looks), **how)
    with quiet_transformers():
        for look_number in range(1, reached.epoch + 1) if states else ():
            _save(told.fill(copy.deepcopy(module), look_number), tokenizer, folder / f"look-{look_number}")
        _save(module, tokenizer, folder)
    return {
        "pieces": len(tokenizer),
        "sequences": drawn.rows,
        "rounds": [round(int((drawn.languages == k).sum()) / n, 3) for k, n in enumerate(drawn.rows)],
        "languages": [called(corpus) for corpus in corpora],
        "best_look": reached.best_epoch,
        "looks": reached.epoch,
        "train_losses": [round(one, 5) for one in reached.train_losses],
        "perplexities": [[round(math.exp(min(one, 50.0)), 3) for one in told.means(k + 1)] for k in range(looks)],
    }


def check_options(options: dict[str, Any]) -> None:
    """Raise ProbekitError for sizes that do not go together."""
    if options["width"] % options["heads"]:
        raise ProbekitError(
            f"width={options['width']} is not shared out evenly among heads={options['heads']}; give a multiple"
        )
    if options["looks"] > options["steps"]:
        raise ProbekitError(f"looks={options['looks']} in steps={options['steps']}: a look follows at least one step")


def split_text(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Sentences to read, and those on which perplexity is told. Raises ProbekitError for a corpus without text."""
    split = corpus.sentences["split"].astype(str).to_numpy()
    rows = np.flatnonzero(~np.isin(split, ("dev", "test")))
    dev = np.flatnonzero(split == "dev")
    if not len(rows):
        raise ProbekitError(f"{corpus!r} has no sentence to read outside its parts dev and test")
    if not len(dev):
        n = max(int(len(rows) * HELD), 1)
        rows, dev = rows[:-n], rows[-n:]
    if not len(rows):
        raise ProbekitError(f"{corpus!r} has one sentence; pretraining reads some and holds one out")
    return rows, dev


def _vocabulary(place: Path, learn: Callable[[], Any]) -> Any:
    """The tokenizer that an interrupted training had learned, or a new one."""
    from transformers import PreTrainedTokenizerFast

    if not (place / "tokenizer_config.json").is_file():
        with quiet_transformers():
            learn().save_pretrained(place)
    with quiet_transformers():
        return PreTrainedTokenizerFast.from_pretrained(place)


class _Looks:
    """What is told at each look, on disk: a training that goes on tells all of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 0

    def write(self, means: Sequence[float], module: torch.nn.Module | None) -> None:
        from safetensors.torch import save_file

        if module is not None:
            # The output shares the input embeddings, which the format writes once.
            weights = {name: value.detach().clone() for name, value in module.state_dict().items()}
            save_file(weights, self.folder / f"look-{self.now}.safetensors")
        write_atomically(self.folder / f"look-{self.now}.json", json.dumps(list(means)).encode())

    def means(self, look: int) -> list[float]:
        """Mean loss of each language at a look, NaN where nothing was held out."""
        return [float(one) for one in json.loads((self.folder / f"look-{look}.json").read_text())]

    def fill(self, module: torch.nn.Module, look: int) -> torch.nn.Module:
        from safetensors.torch import load_file

        module.load_state_dict(load_file(self.folder / f"look-{look}.safetensors"))
        return module


def _save(module: Any, tokenizer: Any, folder: Path) -> None:
    """Model and tokenizer as the library writes its own."""
    module.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


class _Hide:
    """Chooses and hides pieces of sequences."""

    def __init__(self, weights: np.ndarray, share: float, mask: int, size: int) -> None:
        self.weights, self.share, self.mask, self.size = weights, share, mask, size

    def __call__(self, ids: np.ndarray, rng: np.random.Generator) -> masking.Masked:
        places = masking.choose(ids, self.weights, self.share, rng)
        return masking.corrupt(ids, places, self.mask, len(SPECIALS), self.size, rng)


def _held_batches(
    text: np.ndarray, length: int, batch: int, ends: tuple[int, int], hide: _Hide, language: int
) -> Iterator[masking.Masked]:
    """Held-out sequences with the same pieces hidden at every look, whatever the seed of the training."""
    for number, ids in enumerate(in_turn(text, length - 2, batch, ends, HELD_MOST)):
        yield hide(ids, generator(0, "draw", "held masks", language, number))


def build(
    pieces: int, layers: int, width: int, heads: int, length: int, dropout: float, pad: int, seed: int
) -> torch.nn.Module:
    """An untrained masked language model of BERT's kind; the weights are the same for a seed."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=pieces,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=length,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=pad,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(whole_number(seed, "init", "encoder"))
        made: torch.nn.Module = BertForMaskedLM(config)
    return made


def guess(module: Any, given: masking.Masked) -> torch.Tensor:
    """Mean cross-entropy in nats of the pieces to guess; scores are made at their places alone."""
    import torch

    states = module.bert(input_ids=torch.from_numpy(given.ids)).last_hidden_state
    chosen = states.flatten(0, 1)[torch.from_numpy(given.places)]
    return torch.nn.functional.cross_entropy(module.cls(chosen), torch.from_numpy(given.gold))


def held_loss(module: torch.nn.Module, batches: Sequence[masking.Masked], loss: Callable[..., Any] = guess) -> float:
    """Mean loss of some batches, each weighed by its pieces; NaN for none."""
    total = [(float(loss(module, one)) * len(one.gold), len(one.gold)) for one in batches]
    n = sum(count for _, count in total)
    return sum(value for value, _ in total) / n if n else math.nan
